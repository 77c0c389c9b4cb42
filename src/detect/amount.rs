//! Rules on quantities and money: AMT-01 to AMT-07.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::diagnosis;
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::event::Pair;
use crate::frame::books::Side;
use crate::value::exact::sum;
use crate::value::kind::Flow;
use crate::value::party::Party;
use crate::value::period::Instant;
use crate::value::points::{Overflow, Points, Ratio};
use crate::value::price::Worth;
use crate::value::rounding::Place;
use crate::value::version::Version;

/// AMT-01: mirror differs from the agreed (镜像数量不符).
pub static AMT_01: Rule = Rule {
    code: "AMT-01",
    title: "mirror differs from the agreed",
    zh: "镜像数量不符",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "A recorded mirror that is one point or more from the exact value, which no declared ratio explains.",
        "对端镜像与约定值相差一个积分单位或以上，且任何已声明的比例都无法解释。",
    ),
    matters: say("The member got more or less than agreed.", "会员实得积分多于或少于约定。"),
    example: say(
        "1,000 at 40:100 is 2,500; 2,400 were recorded.",
        "1,000 分按 40:100 应为 2,500；对方记了 2,400。",
    ),
    settles: say("The acceptor corrects its credit.", "受理方更正入账积分。"),
};

/// AMT-02: wrong ratio or direction (用错比例或方向).
pub static AMT_02: Rule = Rule {
    code: "AMT-02",
    title: "wrong ratio or direction",
    zh: "用错比例或方向",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "As AMT-01, and the inverse, the other direction's ratio, its inverse or 1:1 gives exactly what was recorded.",
        "同 AMT-01，且反向比例、另一方向的比例、其倒数或 1:1 恰好得出所记数量。",
    ),
    matters: say(
        "The cause is a configuration, so every event since then is affected.",
        "根源是配置错误，此后每一笔都会受影响。",
    ),
    example: say(
        "1,000 at 100:40 should be 400; 2,500 is the inverse.",
        "1,000 分按 100:40 应为 400；2,500 正是倒数的结果。",
    ),
    settles: say(
        "The acceptor corrects its configuration and its credits.",
        "受理方更正配置，并更正已入账的积分。",
    ),
};

/// AMT-03: superseded ratio version (用错比例版本).
pub static AMT_03: Rule = Rule {
    code: "AMT-03",
    title: "superseded ratio version",
    zh: "用错比例版本",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "As AMT-01, and an earlier or later version of the right ratio gives exactly what was recorded.",
        "同 AMT-01，且正确比例的旧版本或新版本恰好得出所记数量。",
    ),
    matters: say(
        "A change of ratio was deployed too late or too early.",
        "比例变更上线晚了或早了。",
    ),
    example: say(
        "100:50 since March 16; on March 17 the acceptor still credited 100:40.",
        "3 月 16 日起为 100:50；3 月 17 日受理方仍按 100:40 入账。",
    ),
    settles: say(
        "The acceptor corrects its configuration and its credits.",
        "受理方更正配置，并更正已入账的积分。",
    ),
};

/// AMT-04: rounding only (仅舍入差异).
pub static AMT_04: Rule = Rule {
    code: "AMT-04",
    title: "rounding only",
    zh: "仅舍入差异",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A recorded mirror that differs from the agreed one and lies less than one point from the exact value.",
        "所记镜像与约定镜像不同，但与精确值相差不足一个积分单位。",
    ),
    matters: say(
        "It is cleared at the agreed value; the member's fraction is nobody's loss worth holding.",
        "按约定值清算；会员的零头不值得为之挂账。",
    ),
    example: say(
        "1,000 at 3:1 is 333.33…; 334 were recorded.",
        "1,000 分按 3:1 为 333.33…；对方记了 334。",
    ),
    settles: say("The acceptor adopts the agreed rounding.", "受理方改用约定的舍入方式。"),
};

/// AMT-05: money differs (金额不符).
pub static AMT_05: Rule = Rule {
    code: "AMT-05",
    title: "money differs",
    zh: "金额不符",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "A pair of which a book states an amount that is not its cleared points at the rate in \
         force, rounded to the currency.",
        "某方账上所记金额不等于清算积分按生效单价计算并按币种位数舍入的金额。",
    ),
    matters: say(
        "That party expects another payment than the statement will ask for.",
        "该方预期的收付金额与清算单不同。",
    ),
    example: say(
        "1,000 points at 0.008 are 8.00; the acceptor's row says 10.00.",
        "1,000 积分按 0.008 应为 8.00，受理方账上为 10.00。",
    ),
    settles: say(
        "The party whose amount is wrong; mostly it holds an old rate.",
        "金额有误的一方；多为仍用旧单价。",
    ),
};

/// AMT-06: currency differs (币种不符).
pub static AMT_06: Rule = Rule {
    code: "AMT-06",
    title: "currency differs",
    zh: "币种不符",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A pair of which a book names a currency other than that of the rate in force.",
        "某方账上所记币种不是生效单价的币种。",
    ),
    matters: say(
        "Currencies are never netted without an agreed exchange rate.",
        "没有约定汇率，不同币种不得轧差。",
    ),
    example: say("The rate is in CNY, and B's row says HKD.", "单价为 CNY，乙方账上为 HKD。"),
    settles: say("The party whose currency is wrong.", "币种有误的一方。"),
};

/// AMT-07: no version in force (无生效版本).
pub static AMT_07: Rule = Rule {
    code: "AMT-07",
    title: "no version in force",
    zh: "无生效版本",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "An event at an instant for which the agreement has no ratio or no rate.",
        "交易发生时，协议没有生效的比例或单价。",
    ),
    matters: say("What the agreement leaves blank has no default.", "协议未填之处没有默认值。"),
    example: say(
        "The ratio ends on March 31, its successor begins on April 2.",
        "比例 3 月 31 日到期，新版本 4 月 2 日才生效。",
    ),
    settles: say("Both parties agree on the missing version.", "双方补定缺失的版本。"),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&AMT_01, &AMT_02, &AMT_03, &AMT_04, &AMT_05, &AMT_06, &AMT_07];

/// A pair whose mirror is held against the agreed one.
#[derive(Debug, Clone, Copy)]
pub struct Compared<I: Side> {
    /// The issuer's leg.
    pub leg: u32,
    /// The acceptor's leg.
    pub mirror: u32,
    /// The flow of both.
    pub flow: Flow,
    /// The instant whose versions apply.
    pub valued_at: Instant,
    /// The ratio in force then.
    pub ratio: Ratio,
    /// Issuer points to clear.
    pub cleared: Points<I>,
    /// What the acceptor should have credited.
    pub agreed: Points<I::Partner>,
}

/// Why a recorded mirror differs from the agreed one.
struct Cause {
    rule: &'static Rule,
    reason: String,
    diagnosis: Option<String>,
}

/// Compares the recorded mirror with the agreed one, and explains the difference.
///
/// # Errors
/// [`Overflow`] when a product cannot be exact.
pub fn judge<I: Side>(
    scene: &Scene<'_, I>,
    pair: Compared<I>,
    version: String,
) -> Result<Option<Discrepancy>, Overflow> {
    let recorded = Points::<I::Partner>::new(scene.acceptor.points(pair.mirror));
    if recorded == pair.agreed {
        return Ok(None);
    }
    let desk = &scene.desk;
    let mut cause = explain(scene, pair, recorded)?;
    if !desk.is_on(cause.rule) {
        // A diagnosis that nobody wants leaves the bare fact.
        let reason = "the mirror is not the agreed one".to_owned();
        cause = Cause { rule: &AMT_01, reason, diagnosis: None };
    }
    if !desk.is_on(cause.rule) {
        return Ok(None);
    }
    let difference = recorded.checked_sub(pair.agreed)?;
    let signed = scene.issuer.points(pair.leg).to_string();
    Ok(Some(
        desk.draft(cause.rule)
            .issuer(I::PARTY)
            .row(I::PARTY, pair.leg)
            .row(I::PARTY.partner(), pair.mirror)
            .differs_by_side("points", I::PARTY, signed, recorded.to_string())
            .expected(Some(pair.agreed.to_string()), Some(recorded.to_string()))
            .difference(difference.quantity())
            .stake(scene.worth(pair.leg)?)
            .version(version)
            .seen(scene.issuer.occurred_at(pair.leg))
            .diagnosed(cause.diagnosis)
            .because(cause.reason),
    ))
}

/// Compares the money and the currency that either book states of a pair with its gross. What a
/// book leaves empty it does not state.
///
/// # Errors
/// [`Overflow`] when the gross cannot be exact.
pub fn judge_stated<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    falls: Option<(Points<I>, Points<I>)>,
    version: impl Fn() -> String,
) -> Result<Vec<Discrepancy>, Overflow> {
    let (leg, mirror) = (pair.issuer, pair.acceptor);
    let currencies = [scene.issuer.currency(leg), scene.acceptor.currency(mirror)];
    let amounts = [scene.issuer.amount(leg), scene.acceptor.amount(mirror)];
    if currencies == [None; 2] && amounts == [None; 2] {
        return Ok(Vec::new());
    }
    let agreement = scene.desk.agreement;
    let has_money = |flow| agreement.is_settled(I::PARTY, flow);
    if !scene.issuer_lineage.issuer_flow(leg).flatten().is_some_and(has_money) {
        return Ok(Vec::new());
    }
    let Some(gross) = scene.worth(leg)? else { return Ok(Vec::new()) };
    let agreed = gross.currency;
    let origin = scene.origin(leg);
    let mode = scene.desk.scope.past.charged(origin.as_deref(), agreement).mode;
    let rounded = |worth: Worth| mode.round(worth.amount, worth.currency.digits());
    let due = match falls.filter(|_| agreement.rounding.place == Place::Event) {
        Some((left, remaining)) => {
            let of = |points| Ok(scene.worth_of(leg, points)?.map_or(Decimal::ZERO, rounded));
            sum(of(left)?, -of(remaining)?)?.abs()
        }
        None => rounded(gross).abs(),
    };
    let is_other = currencies.map(|stated| stated.is_some_and(|stated| stated != agreed.code()));
    let found = |rule, field, due: String, stated: [Option<String>; 2], is_wrong: [bool; 2]| {
        let wrong: BTreeSet<&str> = stated
            .iter()
            .zip(is_wrong)
            .filter(|(_, is_wrong)| *is_wrong)
            .filter_map(|(stated, _)| stated.as_deref())
            .collect();
        let wrong = wrong.into_iter().collect::<Vec<&str>>().join(";");
        let reason = format!("the rate in force gives {due}");
        let [one, other] = stated;
        let (a, b) = match I::PARTY {
            Party::A => (one, other),
            Party::B => (other, one),
        };
        let draft = scene.desk.draft(rule).issuer(I::PARTY).row(I::PARTY, leg);
        draft
            .row(I::PARTY.partner(), mirror)
            .differs(field, a, b)
            .expected(Some(due), Some(wrong))
            .stake(Some(gross))
            .version(version())
            .seen(scene.issuer.occurred_at(leg))
            .because(reason)
    };
    let mut all = Vec::new();
    if is_other.contains(&true) {
        let stated = currencies.map(|stated| stated.map(str::to_owned));
        all.push(found(&AMT_06, "currency", agreed.code().to_owned(), stated, is_other));
    }
    // An amount in another currency is no amount that could be compared.
    let differs = |at: usize| !is_other[at] && amounts[at].is_some_and(|a| a.abs() != due);
    let is_wrong = [differs(0), differs(1)];
    if is_wrong.contains(&true) {
        let shown = |mut amount: Decimal| {
            amount.rescale(amount.scale().max(agreed.digits()));
            amount.to_string()
        };
        let stated = amounts.map(|stated| stated.map(shown));
        all.push(found(&AMT_05, "amount", due.to_string(), stated, is_wrong));
    }
    Ok(all)
}

/// A diagnosis that explains the difference is preferred over the bare fact.
fn explain<I: Side>(
    scene: &Scene<'_, I>,
    pair: Compared<I>,
    recorded: Points<I::Partner>,
) -> Result<Cause, Overflow> {
    let agreement = scene.desk.agreement;
    let Compared { ratio, cleared, .. } = pair;
    let mode = agreement.mirror_rounding;
    if ratio.rounds_to(cleared, recorded)? {
        return Ok(Cause {
            rule: &AMT_04,
            reason: "less than one point from the exact value".to_owned(),
            diagnosis: diagnosis::of_rounding(ratio, cleared, recorded, mode)?,
        });
    }
    if pair.flow != Flow::Sale {
        let gives = |ratio: Ratio| ratio.mirror(cleared, mode).map(|mirror| mirror == recorded);
        if let Some(cause) = other_version(scene, pair, &gives)? {
            return Ok(cause);
        }
        let partner = agreement.ratios.of(I::PARTY.partner()).in_force(pair.valued_at);
        let partner = partner.map(|(_, version)| version.value);
        let others = [
            ("inverse ratio", "the inverse of the ratio in force", Some(ratio.inverse())),
            ("ratio of the other direction", "the ratio of the other direction", partner),
            (
                "inverse of the other direction's ratio",
                "the inverse of the other direction's ratio",
                partner.map(Ratio::inverse),
            ),
            ("one to one", "no ratio at all", Some(Ratio::ONE)),
        ];
        for (named, name, other) in others {
            if let Some(other) = other
                && gives(other)?
            {
                return Ok(Cause {
                    rule: &AMT_02,
                    reason: format!("{other}, {name}, gives exactly this"),
                    diagnosis: Some(format!("{named} {other}")),
                });
            }
        }
    }
    let scale = |party: Party| (scene.desk.code(party), agreement.parties.of(party).scale);
    // The acceptor wrote the figure; its own scale explains it first.
    let scales = [scale(I::PARTY.partner()), scale(I::PARTY)];
    Ok(Cause {
        rule: &AMT_01,
        reason: "no declared ratio gives this".to_owned(),
        diagnosis: diagnosis::of_mirror(recorded.quantity(), pair.agreed.quantity(), scales),
    })
}

/// Another version of the ratio that gives what was recorded: first the one that a cut-off at
/// another instant would have taken.
fn other_version<I: Side>(
    scene: &Scene<'_, I>,
    pair: Compared<I>,
    gives: &dyn Fn(Ratio) -> Result<bool, Overflow>,
) -> Result<Option<Cause>, Overflow> {
    let versions = scene.desk.agreement.ratios.of(I::PARTY);
    let explains = |version: &Version<Ratio>| {
        if version.value == pair.ratio { Ok(false) } else { gives(version.value) }
    };
    let (at, whose) = if scene.issuer_lineage.originals.contains_key(&pair.leg) {
        (scene.issuer.occurred_at(pair.leg), "reversal's own")
    } else {
        (scene.acceptor.occurred_at(pair.mirror), "acceptor's")
    };
    let cause = |version: &Version<Ratio>, diagnosis| Cause {
        rule: &AMT_03,
        reason: format!("the ratio version from {} gives exactly this", version.label),
        diagnosis: Some(diagnosis),
    };
    if let Some((_, version)) = versions.in_force(at)
        && explains(version)?
    {
        let when = format!("in force at the {whose} time");
        let diagnosis = format!("cut-off: version from {}, {when}", version.label);
        return Ok(Some(cause(version, diagnosis)));
    }
    for version in versions.iter() {
        if explains(version)? {
            return Ok(Some(cause(version, format!("version from {}", version.label))));
        }
    }
    Ok(None)
}
