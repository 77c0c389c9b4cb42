//! What the file makes of the rules: only as far as each leaves it to the parties.

use rust_decimal::Decimal;

use super::Checker;
use super::amounts::{decimal, length_micros};
use crate::detect::{self, event::EVT_05};
use crate::discrepancy::{Effect, Latitude, Rule, Severity};
use crate::pipeline::declaration::{
    EffectDeclaration, LimitsDeclaration, RuleDeclaration, RuleSettings, SeverityDeclaration,
};
use crate::pipeline::nearest::nearest;
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::ruling::{Limits, Ruling, Rulings, WITHIN_MICROS};
use crate::value::period::DAY_MICROS;

impl Checker<'_> {
    pub(super) fn rules<'d>(
        &mut self,
        spot: Spot<'_>,
        declared: impl IntoIterator<Item = (&'d String, &'d RuleDeclaration)>,
    ) -> Rulings {
        let mut rulings = Vec::new();
        for (code, declaration) in declared {
            let at = spot.key(code);
            // A code may have several pages, which share what is set.
            let pages: Vec<&'static Rule> =
                detect::rules().filter(|rule| rule.code == code).collect();
            let Some(rule) = pages.first() else {
                let cure = match nearest(code, detect::rules().map(|rule| rule.code)) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "`hutong rules` lists every code.".to_owned(),
                };
                self.problem(at.key_mark(), format!("there is no rule `{}`", shown(code)), cure);
                continue;
            };
            let ruling = match declaration {
                RuleDeclaration::Word(word) => self.switched(at, rule, word),
                RuleDeclaration::Settings(settings) => self.settings(at, rule, settings),
            };
            rulings.push((rule.code, ruling));
        }
        let is_said = |(code, ruling): &(&str, Ruling)| {
            *code == EVT_05.code && (ruling.is_off || ruling.within.is_some())
        };
        if !rulings.iter().any(is_said) {
            let shown = format!("{}s", WITHIN_MICROS / 1_000_000);
            self.defaults.push((format!("rules.{}.within", EVT_05.code), shown));
        }
        rulings.into_iter().collect()
    }

    fn switched(&mut self, at: Spot<'_>, rule: &Rule, word: &str) -> Ruling {
        if word != "off" {
            let reason = format!("`{}` cannot be `{}`", rule.code, shown(word));
            let cure = "Write `off`, or settings such as { severity: warning }.";
            self.problem(at.mark(), reason, cure);
        } else if rule.latitude == Latitude::Firm {
            let reason =
                format!("`{}` follows from the books and cannot be switched off", rule.code);
            self.problem(at.mark(), reason, FIRM_CURE);
        }
        Ruling { is_off: true, ..Ruling::default() }
    }

    fn settings(&mut self, at: Spot<'_>, rule: &Rule, declared: &RuleSettings) -> Ruling {
        let limits = [&declared.fail_on, &declared.block_on];
        if declared.severity.is_none()
            && declared.effect.is_none()
            && declared.within.is_none()
            && limits.iter().all(|limits| limits.is_none())
        {
            let reason = format!("nothing of `{}` is set", rule.code);
            let cure = "Write `severity`, `effect`, `fail_on` or `block_on`, or remove the rule.";
            self.problem(at.key_mark(), reason, cure);
        }
        let within = self.within(at.key("within"), rule, declared.within.as_deref());
        let effect = declared.effect.map(|effect| match effect {
            EffectDeclaration::Counted => Effect::Counted,
            EffectDeclaration::Held => Effect::Held,
            EffectDeclaration::Blocks => Effect::Blocks,
        });
        if let Some(effect) = effect {
            self.weaker(at.key("effect"), rule, effect);
        }
        Ruling {
            is_off: false,
            severity: declared.severity.map(|severity| match severity {
                SeverityDeclaration::Information => Severity::Information,
                SeverityDeclaration::Warning => Severity::Warning,
                SeverityDeclaration::Error => Severity::Error,
                SeverityDeclaration::Fatal => Severity::Fatal,
            }),
            effect,
            within,
            fail_on: self.limits(at.key("fail_on"), "fail_on", declared.fail_on.as_ref()),
            block_on: self.limits(at.key("block_on"), "block_on", declared.block_on.as_ref()),
        }
    }

    /// An effect is set only where the rule leaves it free, and is never a stronger one. What
    /// blocks has no row of its own that could be held instead.
    fn weaker(&mut self, at: Spot<'_>, rule: &Rule, effect: Effect) {
        let (code, own) = (rule.code, rule.effect);
        if rule.latitude == Latitude::Firm {
            let reason = format!("`{code}` follows from the books, and its effect cannot be set");
            return self.problem(at.mark(), reason, FIRM_CURE);
        }
        let fits = effect == own || effect == Effect::Counted;
        if !fits {
            let reason = format!("`{code}` is {} and cannot be `{}`", own.word(), effect.word());
            let cure = match own {
                Effect::Counted => "Remove the key; `off` would switch the rule off.",
                _ => "Write `counted`, or remove the key.",
            };
            self.problem(at.mark(), reason, cure);
        }
    }

    /// A length of time means something to the rule alone that compares two.
    fn within(&mut self, at: Spot<'_>, rule: &Rule, declared: Option<&str>) -> Option<i64> {
        let text = declared?;
        if rule.code != EVT_05.code {
            let reason = format!("`within` stands on `{}`, which compares no times", rule.code);
            self.problem(at.key_mark(), reason, "Remove `within`; EVT-05 alone has it.");
            return None;
        }
        let within = length_micros(text).filter(|micros| (0..=DAY_MICROS).contains(micros));
        if within.is_none() {
            let reason = format!("`within` is `{}`, which is no length of time here", shown(text));
            self.problem(at.mark(), reason, "Write 0s to 1d, such as `60s` or `5m`.");
        }
        within
    }

    fn limits(&mut self, at: Spot<'_>, key: &str, declared: Option<&LimitsDeclaration>) -> Limits {
        let Some(declared) = declared else { return Limits::default() };
        let limits = Limits {
            count: declared.count.map(u64::from),
            points: declared.points.as_ref().and_then(|text| whole(text)),
            money: declared.money.as_ref().and_then(|text| decimal(text)),
            share: declared.share.as_ref().and_then(|text| hundredths(text)),
        };
        // What is no figure, and what nothing could stay under, is refused in one breath.
        let money = limits.money.filter(|money| *money > Decimal::ZERO);
        let checks = [
            ("count", declared.count.map(|count| count.to_string()), limits.count > Some(0)),
            ("points", declared.points.clone(), limits.points > Some(0)),
            ("money", declared.money.clone(), money.is_some()),
            ("share", declared.share.clone(), limits.share.is_some()),
        ];
        let mut is_set = false;
        for (measure, written, fits) in checks {
            let Some(written) = written else { continue };
            is_set = true;
            if !fits {
                let reason = format!(
                    "`{measure}` of `{key}` is `{}`, which is no threshold",
                    shown(&written)
                );
                let cure = match measure {
                    "money" => "Write an amount above zero, such as \"100.00\".",
                    "share" => {
                        "Write per cent above 0 and up to 100, with two decimals at most, such as \
                         \"0.5\"."
                    }
                    _ => "Write a whole number above zero.",
                };
                self.problem(at.key(measure).mark(), reason, cure);
            }
        }
        if !is_set {
            let cure = "Write `count`, `points`, `money` or `share`, or remove the key.";
            self.problem(at.key_mark(), format!("`{key}` sets no threshold"), cure);
        }
        limits
    }
}

const FIRM_CURE: &str = "Set its `severity`, `fail_on` or `block_on` instead, or remove the key.";

/// A whole number in plain digits.
fn whole(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Per cent, above 0 and up to 100, in hundredths.
fn hundredths(text: &str) -> Option<u32> {
    let share = decimal(text)?.normalize();
    let is_share = share > Decimal::ZERO && share <= Decimal::ONE_HUNDRED && share.scale() <= 2;
    let hundredths = share.checked_mul(Decimal::ONE_HUNDRED).filter(|_| is_share)?;
    u32::try_from(hundredths).ok()
}
