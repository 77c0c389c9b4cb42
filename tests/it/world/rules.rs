//! What the pipeline makes of single discrepancy rules.

use std::fmt::Write as _;

use fastrand::Rng;

use super::World;
use super::random::{now_and_then, one_of};
use super::write::decimal_text;

/// Thresholds, reached by any of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    pub count: Option<i64>,
    pub points: Option<i64>,
    /// In thousandths of a currency unit.
    pub money: Option<i64>,
    /// In hundredths of a per cent.
    pub share: Option<i64>,
}

/// What is set of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting {
    pub code: &'static str,
    pub off: bool,
    pub counted: bool,
    pub severity: Option<&'static str>,
    pub fail_on: Limits,
    pub block_on: Limits,
}

impl World {
    pub fn setting(&self, code: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.code == code)
    }

    pub fn is_off(&self, code: &str) -> bool {
        self.setting(code).is_some_and(|setting| setting.off)
    }

    /// Whether a rule that holds by itself may do so here.
    pub fn lets_hold(&self, code: &str) -> bool {
        self.setting(code).is_none_or(|setting| !setting.off && !setting.counted)
    }

    /// The settings as the pipeline writes them.
    pub fn settings_text(&self) -> String {
        let mut text = String::new();
        if !self.settings.is_empty() {
            text.push_str("rules:\n");
        }
        for setting in &self.settings {
            if setting.off {
                writeln!(text, "  {}: off", setting.code).unwrap();
                continue;
            }
            let mut parts = Vec::new();
            parts.extend(setting.severity.map(|word| format!("severity: {word}")));
            parts.extend(setting.counted.then(|| "effect: counted".to_owned()));
            for (key, limits) in [("fail_on", &setting.fail_on), ("block_on", &setting.block_on)] {
                parts.extend(limits.text().map(|text| format!("{key}: {{ {text} }}")));
            }
            writeln!(text, "  {}: {{ {} }}", setting.code, parts.join(", ")).unwrap();
        }
        text
    }

    /// Without thresholds, which look at how much there is of a thing.
    pub fn without_thresholds(mut self) -> World {
        for setting in &mut self.settings {
            (setting.fail_on, setting.block_on) = Default::default();
        }
        self.settings.retain(|one| one.off || one.counted || one.severity.is_some());
        self
    }
}

impl Limits {
    fn text(&self) -> Option<String> {
        let mut parts = Vec::new();
        parts.extend(self.count.map(|count| format!("count: {count}")));
        parts.extend(self.points.map(|points| format!("points: \"{points}\"")));
        parts.extend(self.money.map(|money| format!("money: \"{}\"", decimal_text(money, 3))));
        parts.extend(self.share.map(|share| format!("share: \"{}\"", decimal_text(share, 2))));
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Rules that may be switched off, and whether they hold something.
const FREE: [(&str, bool); 21] = [
    ("MBR-05", false),
    ("MBR-07", true),
    ("CON-01", true),
    ("CON-02", true),
    ("TIR-01", false),
    ("TIR-02", false),
    ("TIR-03", false),
    ("EVT-05", false),
    ("EVT-06", false),
    ("AMT-01", true),
    ("AMT-02", true),
    ("AMT-03", true),
    ("AMT-04", false),
    ("LED-01", false),
    ("LED-02", false),
    ("LED-04", true),
    ("LED-05", false),
    ("CAP-01", true),
    ("CAP-02", true),
    ("CAP-03", true),
    ("SNP-02", false),
];

/// Rules of which only severity and thresholds may be set.
const FIRM: [&str; 11] = [
    "EVT-01", "EVT-02", "EVT-03", "EVT-04", "EVT-07", "EVT-08", "EVT-09", "EVT-10", "REV-01",
    "REV-03", "LED-07",
];

/// Rules of whose findings the pages say how many points and how much money they are about.
pub const WEIGHED: [&str; 8] =
    ["AMT-01", "AMT-02", "AMT-03", "AMT-04", "EVT-08", "EVT-09", "MBR-07", "CON-01"];

/// Settings at random, mostly of rules that find something.
pub fn settings(rng: &mut Rng, found_codes: &[&'static str]) -> Vec<Setting> {
    let finds = |code: &str| found_codes.contains(&code);
    let free: Vec<_> = FREE.into_iter().filter(|(code, _)| finds(code)).collect();
    let firm: Vec<_> = FIRM.into_iter().filter(|code| finds(code)).collect();
    let mut found: Vec<Setting> = Vec::new();
    for _ in 0..one_of(rng, &[0, 0, 1, 2, 4]) {
        let mut setting = Setting::default();
        if now_and_then(rng, 65) {
            let known = !free.is_empty() && now_and_then(rng, 70);
            let (code, holds) = one_of(rng, if known { &free } else { &FREE });
            setting.code = code;
            setting.off = rng.bool();
            setting.counted = holds && rng.bool();
        } else {
            let known = !firm.is_empty() && now_and_then(rng, 70);
            setting.code = one_of(rng, if known { &firm } else { &FIRM });
        }
        if found.iter().any(|other| other.code == setting.code) {
            continue;
        }
        if now_and_then(rng, 40) || !(setting.off || setting.counted) {
            setting.severity = Some(one_of(rng, &["information", "warning", "error", "fatal"]));
        }
        let weighed = WEIGHED.contains(&setting.code);
        if now_and_then(rng, if weighed { 80 } else { 40 }) {
            setting.fail_on = limits(rng, weighed);
        }
        if now_and_then(rng, 10) {
            setting.block_on = limits(rng, weighed);
        }
        found.push(setting);
    }
    found
}

fn limits(rng: &mut Rng, weighed: bool) -> Limits {
    let mut limits = Limits::default();
    match rng.u32(..if weighed { 9 } else { 3 }) {
        0 => limits.count = Some(rng.i64(1..=3)),
        1 => limits.share = Some(rng.i64(1..=3_000)),
        2 => (limits.count, limits.share) = (Some(3), Some(10_000)),
        3..=5 => limits.points = Some(rng.i64(1..=900)),
        _ => limits.money = Some(rng.i64(1..=9_000)),
    }
    limits
}
