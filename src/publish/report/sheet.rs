//! The statement as a document, and the bridge from gross to net.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::bar::{Piece, Scale};
use crate::agreement::Agreement;
use crate::discrepancy::{Say, say};
use crate::statement::{Line, LineKind, Statement};
use crate::value::capitals::in_capitals;
use crate::value::money::{Money, grouped};
use crate::value::party::{Both, Party};
use crate::value::period::Period;

/// A statement with what is told beside it.
pub struct Stated<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// When what is due is due.
    pub due_date: Option<Date>,
    /// The exact worth of held issuer's legs.
    pub held: Both<String>,
}

/// A statement as the page shows it.
pub struct Sheet {
    /// The currency.
    pub currency: &'static str,
    /// Its lines.
    pub lines: Vec<SheetLine>,
    /// Sums beneath the lines.
    pub sums: Vec<Sum>,
    /// What is due, with its currency.
    pub due: String,
    /// The same in Chinese words, where the currency has them.
    pub capitals: String,
    /// Who pays, and whom; empty where nothing is due.
    pub pays: Option<(String, String)>,
    /// When.
    pub due_date: String,
    /// What is carried into the next period, where it is something.
    pub carried: Option<Sum>,
    /// Held outside the net: A's, B's.
    pub held: Both<String>,
    /// From gross to net.
    pub bridge: Vec<Step>,
    /// Whether the steps come to the net.
    pub meets: bool,
    /// Where zero stands on the bridge.
    pub zero: i128,
}

/// A line of a statement.
pub struct SheetLine {
    pub number: u32,
    pub kind: &'static str,
    pub kind_zh: &'static str,
    /// Whose points, or what it refers to.
    pub basis: String,
    pub flow: Option<Say>,
    /// The closed period that it is of; empty for the statement's own.
    pub origin: String,
    pub versions: Vec<String>,
    pub clause: String,
    pub payer: String,
    pub payee: String,
    pub events: String,
    pub points: String,
    pub amount: String,
    /// Whether it is shown without being added.
    pub is_within: bool,
}

/// A sum beneath the lines.
pub struct Sum {
    pub label: Say,
    pub whose: String,
    pub amount: String,
}

/// A step of the bridge.
pub struct Step {
    pub label: Say,
    /// Who pays whom; empty for the net.
    pub whose: String,
    /// The origin of late lines, if any.
    pub is_late: bool,
    pub amount: String,
    pub before: String,
    pub after: String,
    pub bar: Piece,
}

/// A statement as the page shows it. `first` is the number of its first line.
pub fn sheet(agreement: &Agreement, period: &Period, stated: &Stated<'_>, first: u32) -> Sheet {
    let statement = stated.statement;
    let code = |party: Party| agreement.parties.of(party).code.clone();
    let currency = statement.currency().code();
    let payables = statement.payables();
    let mut sums = vec![
        sum(say("payable", "应付"), code(Party::A), payables.a),
        sum(say("payable", "应付"), code(Party::B), payables.b),
    ];
    if statement.opening_carry().signum() != 0 {
        let (whose, amount) = owed(statement.opening_carry(), &code);
        sums.push(sum(say("carried in", "期初结转"), whose, amount));
    }
    let (whose, amount) = owed(statement.net(), &code);
    sums.push(sum(say("net", "轧差净额"), whose, amount));
    let carry = statement.carry_forward();
    let carried = (carry.signum() != 0).then(|| {
        let (whose, amount) = owed(carry, &code);
        sum(say("carried forward", "结转下期"), whose, amount)
    });
    let (bridge, meets, zero) = bridge(statement, period, &code);
    Sheet {
        currency,
        lines: (first..)
            .zip(statement.lines())
            .map(|(number, line)| sheet_line(agreement, period, number, line))
            .collect(),
        sums,
        due: format!("{currency} {}", statement.amount_due()),
        capitals: in_capitals(statement.amount_due()).unwrap_or_default(),
        pays: statement.payer().map(|payer| (code(payer), code(payer.partner()))),
        due_date: stated.due_date.map(|day| day.to_string()).unwrap_or_default(),
        carried,
        held: Both::from_fn(|party| grouped(stated.held.of(party))),
        bridge,
        meets,
        zero,
    }
}

fn sum(label: Say, whose: String, amount: Money) -> Sum {
    Sum { label, whose, amount: amount.to_string() }
}

/// Who owes an amount that is positive where A owes B, and how much.
fn owed(amount: Money, code: &impl Fn(Party) -> String) -> (String, Money) {
    let whose = |payer: Party| format!("{} → {}", code(payer), code(payer.partner()));
    match amount.signum() {
        0 => (String::new(), amount),
        1 => (whose(Party::A), amount),
        _ => (whose(Party::B), amount.abs()),
    }
}

fn sheet_line(agreement: &Agreement, period: &Period, number: u32, line: &Line) -> SheetLine {
    let code = |party: Party| agreement.parties.of(party).code.clone();
    let rests_on_points = line.issuer.is_some();
    let basis = line.issuer.map(code).or_else(|| line.reference.clone()).unwrap_or_default();
    // Fees and taxes follow their gross line and have its versions.
    let versions = [&line.ratio, &line.rate].into_iter().flatten();
    let versions = versions.filter(|_| line.kind == LineKind::Gross);
    let is_late = line.origin_period != period.label;
    SheetLine {
        number,
        kind: line.kind.word(),
        kind_zh: line.kind.zh(),
        basis,
        flow: line.flow.map(|flow| say(flow.word(), flow.zh())),
        origin: if is_late { line.origin_period.clone() } else { String::new() },
        versions: versions.map(|one| format!("{} ({})", one.value, one.from)).collect(),
        clause: line.clause.clone().unwrap_or_default(),
        payer: code(line.payer),
        payee: code(line.payer.partner()),
        events: if rests_on_points { grouped(&line.events.to_string()) } else { String::new() },
        points: if rests_on_points { grouped(&line.points.to_string()) } else { String::new() },
        amount: line.amount.to_string(),
        is_within: line.kind == LineKind::TaxWithin,
    }
}

/// The steps from gross to net, whether they come to it, and where zero stands: each kind of line
/// and payer is a step, the closed periods' by themselves, and the carry is the last. A's payables
/// lift the net and B's lower it.
fn bridge(
    statement: &Statement,
    period: &Period,
    code: &impl Fn(Party) -> String,
) -> (Vec<Step>, bool, i128) {
    let mut groups: BTreeMap<(LineKind, bool, Party), i128> = BTreeMap::new();
    for line in statement.lines().iter().filter(|line| line.kind.is_payable()) {
        let is_late = line.origin_period != period.label;
        let amount = i128::from(line.amount.minor());
        let signed = if line.payer == Party::A { amount } else { -amount };
        *groups.entry((line.kind, is_late, line.payer)).or_default() += signed;
    }
    let carry = statement.opening_carry();
    if carry.signum() != 0 {
        let payer = if carry.signum() > 0 { Party::A } else { Party::B };
        groups.insert((LineKind::Carry, false, payer), i128::from(carry.minor()));
    }
    let net = i128::from(statement.net().minor());
    let mut reached = vec![0_i128];
    for amount in groups.values() {
        reached.push(reached.last().copied().unwrap_or_default() + amount);
    }
    let scale = Scale::over(reached.iter().copied().chain([net]));
    let currency = statement.currency();
    let show = |minor: i128| {
        Money::from_minor(minor, currency).map_or_else(|error| error.to_string(), |m| m.to_string())
    };
    let mut steps: Vec<Step> = groups
        .iter()
        .zip(reached.windows(2))
        .map(|((&(kind, is_late, payer), &amount), ends)| {
            let (before, after) = match ends {
                [before, after] => (*before, *after),
                _ => (0, 0),
            };
            Step {
                label: Say { en: label_of(kind), zh: kind.zh() },
                whose: format!("{} → {}", code(payer), code(payer.partner())),
                is_late,
                amount: signed(amount, &show),
                before: show(before),
                after: show(after),
                bar: scale.piece(if amount < 0 { "b" } else { "a" }, before, after),
            }
        })
        .collect();
    let (whose, _) = owed(statement.net(), code);
    steps.push(Step {
        label: say("net", "轧差净额"),
        whose,
        is_late: false,
        amount: signed(net, &show),
        before: show(0),
        after: show(net),
        bar: scale.piece("net", 0, net),
    });
    (steps, reached.last() == Some(&net), scale.at(0))
}

fn label_of(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Gross => "gross",
        LineKind::Fee => "fees",
        LineKind::Tax | LineKind::TaxWithin => "taxes",
        LineKind::Carry => "carried in",
        LineKind::Adjustment => "adjustments",
        LineKind::LateFee => "late fees",
    }
}

fn signed(minor: i128, show: &impl Fn(i128) -> String) -> String {
    if minor > 0 { format!("+{}", show(minor)) } else { show(minor) }
}
