//! Writes a world, or a chain of them, as the files that the engine reads.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::chain::Chain;
use super::sheets::{Cells, after_of, declare};
use super::{
    Bearer, Cycle, Flow, Mode, Moment, PARTIES, Place, Rule, Scope, SettleOn, Tax, World,
    moment_text,
};

impl Chain {
    /// Writes the first period's pipeline and the feeds of every period but for the decisions, which name what was
    /// published before them.
    pub fn write(&self, dir: &Path) -> PathBuf {
        for run in &self.runs {
            let folder = dir.join(run.world.label());
            fs::create_dir_all(&folder).unwrap();
            for sheet in run.world.sheets(&|_| None) {
                if sheet.word != "decisions" {
                    sheet.write(&folder);
                }
            }
        }
        self.write_pipeline(dir, 0)
    }

    /// Writes the pipeline with which one period is run.
    pub fn write_pipeline(&self, dir: &Path, position: usize) -> PathBuf {
        let first = &self.runs[0].world;
        let mut feeds = String::new();
        let mut owner = "";
        for sheet in first.sheets(&|_| None) {
            if sheet.owner != owner {
                owner = sheet.owner;
                writeln!(feeds, "  {owner}:").unwrap();
            }
            let file = match sheet.word {
                "ledger" => format!("{owner}-ledger-*.csv"),
                "statement" => format!("{owner}-statement.csv"),
                _ => sheet.files[0].0.clone(),
            };
            let after = format!("\"{{period}}/{}\"", after_of(owner));
            let next = format!("\"{{next}}/{file}\"");
            let following: Vec<String> = match sheet.word {
                "ledger" => {
                    let after = first.a.after.as_ref().map(|_| after);
                    after.into_iter().chain(first.reads_following.then_some(next)).collect()
                }
                _ => Vec::new(),
            };
            let following = match following.is_empty() {
                true => String::new(),
                false => format!("      following: [ {} ]\n", following.join(", ")),
            };
            declare(&mut feeds, &sheet, &format!("\"{{period}}/{file}\""), &following, &[]);
        }
        self.runs[position].world.write_pipeline(dir, &feeds)
    }

    /// Writes the decisions of one period; `id_of` looks up what they are about.
    pub fn write_decisions(
        &self,
        dir: &Path,
        position: usize,
        id_of: &dyn Fn(&str) -> Option<String>,
    ) {
        let world = &self.runs[position].world;
        for sheet in world.sheets(id_of).iter().filter(|sheet| sheet.word == "decisions") {
            sheet.write(&dir.join(world.label()));
        }
    }
}

impl World {
    /// Writes the feeds and `pipeline.yaml` into a directory, and returns the pipeline's path.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let mut feeds = String::new();
        let mut owner = "";
        for sheet in self.sheets(&|_| None) {
            sheet.write(dir);
            if sheet.owner != owner {
                owner = sheet.owner;
                writeln!(feeds, "  {owner}:").unwrap();
            }
            let files: Vec<&str> = sheet.files.iter().map(|(name, _)| name.as_str()).collect();
            let rows: Vec<&Cells> = sheet.files.iter().flat_map(|(_, rows)| rows).collect();
            // A statement that has not come has no file yet.
            let files = match files[..] {
                [] => format!("{owner}-{}.csv", sheet.word),
                _ => files.join(", "),
            };
            declare(&mut feeds, &sheet, &files, "", &rows);
        }
        self.write_pipeline(dir, &feeds)
    }

    fn write_pipeline(&self, dir: &Path, feeds: &str) -> PathBuf {
        let pipeline = format!(
            "pipeline: world\nroot: .\n{}{}feeds:\n{feeds}{}{}{}{}publish: {{ to: out }}\n",
            self.agreement(),
            self.parties(),
            self.matching(),
            self.terms(),
            self.tier_map(),
            self.settings_text(),
        );
        let path = dir.join("pipeline.yaml");
        fs::write(&path, pipeline).unwrap();
        path
    }

    fn agreement(&self) -> String {
        let cycle = match self.cycle {
            Cycle::Daily => "daily",
            Cycle::Monthly => "monthly",
            Cycle::Quarterly => "quarterly",
        };
        let close = self.close_after_days.map(|days| format!("  close_after_days: {days}\n"));
        format!(
            "agreement:\n  id: WORLD-1\n  timezone: {}\n  currency: {}\n  \
             term: {{ from: \"{}\", to: \"{}\" }}\n  cycle: {cycle}\n  grace_days: {}\n  \
             due_days: {}\n{}",
            self.zone,
            self.currency,
            self.term.0,
            self.term.1,
            self.grace_days,
            self.due_days,
            close.unwrap_or_default(),
        )
    }

    fn parties(&self) -> String {
        let mut text = "parties:\n".to_owned();
        for party in PARTIES {
            let (letter, side) = (party.letter(), self.side(party));
            let (overdraft, scale) = (side.overdraft, side.scale);
            let code = self.codes[party as usize];
            writeln!(
                text,
                "  {letter}: {{ code: {code}, name: {code}, scale: {scale}, \
                 overdraft: {overdraft} }}"
            )
            .unwrap();
        }
        text
    }

    fn matching(&self) -> String {
        let mut text = "match:\n".to_owned();
        // Each rule is declared only where it has something to go by.
        let link = self.links.as_ref().map(|_| "link");
        let token = self.token_rule.then_some("{ token: mobile }");
        let members: Vec<&str> = link.into_iter().chain(token).collect();
        writeln!(text, "  members: [ {} ]\n  events:", members.join(", ")).unwrap();
        for rule in &self.rules {
            match rule {
                Rule::Reference => writeln!(text, "    - reference"),
                Rule::Order => writeln!(text, "    - order: {{}}"),
                Rule::Window(from, to) => {
                    writeln!(text, "    - window: {{ from: \"{from}s\", to: \"{to}s\" }}")
                }
            }
            .unwrap();
        }
        if let Some(purpose) = &self.purpose {
            writeln!(text, "consent: {{ purpose: {purpose} }}").unwrap();
        }
        text
    }

    fn terms(&self) -> String {
        let span = |from: Moment, to: Option<Moment>| {
            let to = to.map(|to| format!(", to: \"{}\"", moment_text(to))).unwrap_or_default();
            format!("from: \"{}\"{to}", moment_text(from))
        };
        let mut text = "terms:\n  ratios:\n".to_owned();
        for ratio in &self.ratios {
            let key = self.key_of(ratio.issuer, Some(ratio.issuer.other()));
            let points = format!("{}:{}", ratio.issuer_points, ratio.acceptor_points);
            let (issuer, span) = (ratio.issuer.letter(), span(ratio.from, ratio.to));
            writeln!(text, "    - {{ issuer: {issuer}, {key}: \"{points}\", {span} }}").unwrap();
        }
        text.push_str("  rates:\n");
        for rate in &self.rates {
            let (issuer, flow) = (rate.issuer.letter(), rate.flow.word());
            // A world has prices of smallest units; that of a whole point is written for redemptions,
            // so that the engine has to find the other by itself.
            let scale = self.side(rate.issuer).scale;
            let (key, price) = match (scale, rate.flow) {
                (0, _) => ("per_point", decimal_text(rate.millionths, 6)),
                (scale, Flow::Redemption) => {
                    let whole = rate.millionths * 10_i64.pow(scale);
                    ("per_whole_point", decimal_text(whole, 6))
                }
                _ => ("per_smallest_unit", decimal_text(rate.millionths, 6)),
            };
            let mut more = span(rate.from, rate.to);
            if let Some(code) = rate.currency {
                write!(more, ", currency: {code}").unwrap();
            }
            writeln!(
                text,
                "    - {{ issuer: {issuer}, flow: {flow}, {key}: \"{price}\", {more} }}"
            )
            .unwrap();
        }
        text.push_str(&self.fees_text());
        text.push_str(&self.limits_text());
        let place = match self.place {
            Place::Event => "event",
            Place::Line => "line",
            Place::Statement => "statement",
        };
        let (mode, mirror) = (mode_word(self.mode), mode_word(self.mirror_mode));
        writeln!(text, "  rounding: {{ place: {place}, mode: {mode} }}").unwrap();
        writeln!(text, "  mirror_rounding: {mirror}").unwrap();
        let minimum = decimal_text(self.minimum, self.minor_digits);
        writeln!(text, "  minimum_settlement: \"{minimum}\"").unwrap();
        let carry = decimal_text(self.opening_carry, self.minor_digits);
        writeln!(text, "  opening_carry: \"{carry}\"").unwrap();
        text
    }

    /// The key under which a figure of smallest units is written: of an issuer's points, or of
    /// theirs and the acceptor's.
    fn key_of(&self, issuer: super::Party, acceptor: Option<super::Party>) -> &'static str {
        let scale = |party: super::Party| self.side(party).scale;
        let is_plain = scale(issuer) == acceptor.map_or(0, scale);
        if is_plain { "points" } else { "smallest_units" }
    }

    fn fees_text(&self) -> String {
        let mut text = String::new();
        let payer = |bearer| match bearer {
            Bearer::Issuer => "issuer",
            Bearer::Acceptor => "acceptor",
        };
        if !self.fees.is_empty() {
            text.push_str("  fees:\n");
        }
        for fee in &self.fees {
            let (percent, by) = (decimal_text(fee.milli_percent, 3), payer(fee.paid_by));
            let tax = fee.tax.as_ref().map(|tax| format!(", tax: {{ {} }}", tax_text(tax)));
            let least = fee.least.map(|units| format!(", min: \"{units}\""));
            let most = fee.most.map(|units| format!(", max: \"{units}\""));
            let more: String = [tax, least, most].into_iter().flatten().collect();
            let scope = scope_text(&fee.scope);
            writeln!(
                text,
                "    - {{ on: gross, percent: \"{percent}\", paid_by: {by}{more}{scope} }}"
            )
            .unwrap();
        }
        if !self.taxes.is_empty() {
            text.push_str("  taxes:\n");
        }
        for taxed in &self.taxes {
            let (tax, by) = (tax_text(&taxed.tax), payer(taxed.paid_by));
            let scope = scope_text(&taxed.scope);
            writeln!(text, "    - {{ on: gross, {tax}, paid_by: {by}{scope} }}").unwrap();
        }
        text
    }

    /// Further currencies, caps, and what is paid on what and when.
    fn limits_text(&self) -> String {
        let mut text = String::new();
        if !self.also.is_empty() {
            text.push_str("  also:\n");
        }
        for currency in &self.also {
            let (code, digits) = (currency.code, currency.minor_digits);
            let minimum = decimal_text(currency.minimum, digits);
            let carry = decimal_text(currency.opening_carry, digits);
            write!(text, "    - {{ currency: {code}, minimum_settlement: \"{minimum}\"").unwrap();
            writeln!(text, ", opening_carry: \"{carry}\" }}").unwrap();
        }
        let flow = |flow: Option<Flow>| {
            flow.map(|flow| format!(", flow: {}", flow.word())).unwrap_or_default()
        };
        if !self.caps.is_empty() {
            text.push_str("  caps:\n");
        }
        for cap in &self.caps {
            let per = if cap.per_member { "member" } else { "period" };
            let (key, points) = (self.key_of(cap.issuer, None), cap.points);
            let (issuer, flow) = (cap.issuer.letter(), flow(cap.flow));
            writeln!(text, "    - {{ issuer: {issuer}{flow}, per: {per}, {key}: \"{points}\" }}")
                .unwrap();
        }
        if !self.minimums.is_empty() {
            text.push_str("  minimums:\n");
        }
        for least in &self.minimums {
            let (issuer, flow) = (least.issuer.letter(), flow(least.flow));
            let scale = self.side(least.issuer).scale;
            // Of a world in which points have decimal places a minimum is written in whole points.
            let (key, points) = match scale {
                0 => ("points", least.points.to_string()),
                scale => ("whole_points", decimal_text(least.points, scale)),
            };
            writeln!(text, "    - {{ issuer: {issuer}{flow}, {key}: \"{points}\" }}").unwrap();
        }
        let on = |party: &super::Party| {
            let word = match self.settle_on[*party as usize]? {
                SettleOn::Redemption => "redemption",
                SettleOn::Issuance => "issuance",
            };
            Some(format!("{}: {word}", party.letter()))
        };
        let on: Vec<String> = PARTIES.iter().filter_map(on).collect();
        if !on.is_empty() {
            writeln!(text, "  settle_on: {{ {} }}", on.join(", ")).unwrap();
        }
        if let Some(per_day) = self.late_fee {
            let per_day = decimal_text(per_day, 6);
            writeln!(text, "  late_fee: {{ per_day: \"{per_day}\" }}").unwrap();
        }
        text
    }

    fn tier_map(&self) -> String {
        let Some(tiers) = &self.tiers else { return String::new() };
        let map: Vec<_> = tiers.map.iter().map(|(a, b)| format!("{a}: {b}")).collect();
        let rule = if tiers.at_least {
            format!("at_least\n  order: [ {} ]", tiers.order.join(", "))
        } else {
            "exact".to_owned()
        };
        let (map, lag_days) = (map.join(", "), tiers.lag_days);
        format!("tiers:\n  map: {{ {map} }}\n  rule: {rule}\n  lag_days: {lag_days}\n")
    }
}

/// A scaled integer as decimal text, without zeros at the end of the fraction.
pub fn decimal_text(scaled: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, part) = (scaled.abs() / unit, scaled.abs() % unit);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

fn tax_text(tax: &Tax) -> String {
    let mode = if tax.inclusive { "inclusive" } else { "exclusive" };
    format!("percent: \"{}\", mode: {mode}", decimal_text(tax.milli_percent, 3))
}

fn scope_text(scope: &Scope) -> String {
    let mut text = String::new();
    if !scope.flows.is_empty() {
        let flows: Vec<String> = scope.flows.iter().map(|flow| flow.word()).collect();
        write!(text, ", flows: [ {} ]", flows.join(", ")).unwrap();
    }
    if !scope.issuers.is_empty() {
        let issuers: Vec<&str> = scope.issuers.iter().map(|party| party.letter()).collect();
        write!(text, ", issuers: [ {} ]", issuers.join(", ")).unwrap();
    }
    text
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::HalfUp => "half_up",
        Mode::HalfEven => "half_even",
        Mode::Down => "down",
        Mode::Up => "up",
    }
}
