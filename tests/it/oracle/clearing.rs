//! From counted pairs to the statement (domain.md §6).

use super::answer::{Line, Statement};
use super::books::Books;
use super::fraction::Fraction;
use super::pairs::Judged;
use super::terms::{price, rate_at, ratio_at};
use crate::world::{Bearer, Flow, Party, Place, World, moment_text};

/// One line of the statement before rounding, with what each of its events comes to.
struct Item {
    /// Gross, fee or tax; the number orders the lines.
    item: usize,
    issuer: Party,
    flow: Flow,
    ratio_from: Option<i64>,
    rate_from: i64,
    ratio_label: String,
    rate_label: String,
    events: Vec<i128>,
    payer: Party,
    /// The price per point, or the share of the exact gross.
    exact: Fraction,
    /// The whole minor units that the line is rounded to on its own.
    own_units: i128,
    /// Contained in the fee, and so in nobody's total.
    contained: bool,
}

const ITEMS: [&str; 3] = ["gross", "fee", "tax"];

fn minor_unit(world: &World) -> Fraction {
    Fraction::whole(10_i128.pow(world.minor_digits))
}

fn per_cent(milli_percent: i64) -> Fraction {
    Fraction::new(i128::from(milli_percent), 100_000)
}

/// The lines and totals of counted pairs; `held` is what each party's points hold aside.
pub fn clear(books: &Books, counted: &[Judged], held: [Fraction; 2]) -> (Vec<Line>, Statement) {
    let world = books.world;
    let mut items = Vec::new();
    let mut rest: Vec<&Judged> = counted.iter().collect();
    while let Some(first) = rest.first() {
        let key = key_of(books, first);
        let (group, others): (Vec<&Judged>, Vec<&Judged>) =
            rest.iter().partition(|pair| key_of(books, pair) == key);
        items.extend(items_of(books, &group));
        rest = others;
    }
    items.sort_by_key(|item| (item.issuer, item.flow, item.ratio_from, item.rate_from, item.item));
    let units = match world.place {
        Place::Event | Place::Line => items.iter().map(|item| item.own_units).collect(),
        Place::Statement => share_totals(world, &items),
    };
    let in_money = |units: i128| Fraction::new(units, 10_i128.pow(world.minor_digits));
    let payable = |party: Party| {
        let of_party = |item: &Item| item.payer == party && !item.contained;
        in_money(items.iter().zip(&units).filter(|(i, _)| of_party(i)).map(|(_, u)| *u).sum())
    };
    let (a_payable, b_payable) = (payable(Party::A), payable(Party::B));
    let opening_carry = in_money(i128::from(world.opening_carry));
    let net = a_payable - b_payable + opening_carry;
    let too_little = net.abs() < in_money(i128::from(world.minimum));
    let statement = Statement {
        a_payable,
        b_payable,
        opening_carry,
        net,
        amount_due: if too_little { Fraction::ZERO } else { net.abs() },
        carry_forward: if too_little { net } else { Fraction::ZERO },
        held_a: held[0],
        held_b: held[1],
    };
    let mut lines: Vec<Line> = items
        .iter()
        .zip(&units)
        .map(|(item, units)| Line {
            item: if item.contained { "tax_within" } else { ITEMS[item.item] }.to_owned(),
            issuer: item.issuer.letter().to_owned(),
            flow: item.flow.word(),
            ratio_from: item.ratio_label.clone(),
            rate_from: item.rate_label.clone(),
            events: item.events.len() as i64,
            points: item.events.iter().sum::<i128>() as i64,
            amount: in_money(*units),
            payer: item.payer.letter().to_owned(),
            payee: item.payer.other().letter().to_owned(),
        })
        .collect();
    if world.opening_carry != 0 {
        let payer = if world.opening_carry > 0 { Party::A } else { Party::B };
        lines.push(Line {
            item: "carry".to_owned(),
            issuer: String::new(),
            flow: String::new(),
            ratio_from: String::new(),
            rate_from: String::new(),
            events: 0,
            points: 0,
            amount: opening_carry.abs(),
            payer: payer.letter().to_owned(),
            payee: payer.other().letter().to_owned(),
        });
    }
    (lines, statement)
}

fn key_of(books: &Books, pair: &Judged) -> (Party, Flow, Option<i64>, i64) {
    let world = books.world;
    let entry = &books.entries[pair.issuer];
    let (party, flow) = (entry.party, entry.flow.unwrap());
    let at = books.version_instant(pair.issuer);
    let rate = rate_at(world, party, flow, at).unwrap();
    let ratio = ratio_at(world, party, at).filter(|_| flow != Flow::Sale);
    (party, flow, ratio.map(|ratio| world.instant(ratio.from)), world.instant(rate.from))
}

/// The gross line of pairs of one key, and its fees with their taxes.
fn items_of(books: &Books, group: &[&Judged]) -> Vec<Item> {
    let world = books.world;
    let entry = &books.entries[group[0].issuer];
    let (issuer, flow) = (entry.party, entry.flow.unwrap());
    let at = books.version_instant(group[0].issuer);
    let rate = rate_at(world, issuer, flow, at).unwrap();
    let ratio = ratio_at(world, issuer, at).filter(|_| flow != Flow::Sale);
    let events: Vec<i128> = group.iter().map(|pair| books.cleared(pair.issuer)).collect();
    let points = Fraction::whole(events.iter().sum());
    let item = |item, payer, exact, own_units, contained| Item {
        item,
        issuer,
        flow,
        ratio_from: ratio.map(|ratio| world.instant(ratio.from)),
        rate_from: world.instant(rate.from),
        ratio_label: ratio.map(|ratio| moment_text(ratio.from)).unwrap_or_default(),
        rate_label: moment_text(rate.from),
        events: events.clone(),
        payer,
        exact,
        own_units,
        contained,
    };
    let minor = minor_unit(world);
    let round = |exact: Fraction| exact.round(world.mode);
    // What is rounded: each event's points, or those of the whole line.
    let parts: Vec<Fraction> = match world.place {
        Place::Event => events.iter().map(|points| Fraction::whole(*points)).collect(),
        Place::Line | Place::Statement => vec![points],
    };
    let gross: Vec<i128> =
        parts.iter().map(|points| round(*points * price(rate) * minor)).collect();
    let gross_payer = if flow == Flow::Sale { issuer.other() } else { issuer };
    let exact_gross = points * price(rate);
    let mut items = vec![item(0, gross_payer, exact_gross, gross.iter().sum(), false)];
    for fee in &world.fees {
        let share = per_cent(fee.milli_percent);
        let payer = match fee.paid_by {
            Bearer::Issuer => issuer,
            Bearer::Acceptor => issuer.other(),
        };
        let fees: Vec<i128> =
            gross.iter().map(|units| round(Fraction::whole(*units) * share)).collect();
        let exact_fee = exact_gross * share;
        items.push(item(1, payer, exact_fee, fees.iter().sum(), false));
        let Some(tax) = &fee.tax else { continue };
        let t = i128::from(tax.milli_percent);
        let under = if tax.inclusive { 100_000 + t } else { 100_000 };
        let share = Fraction::new(t, under);
        let exact_tax = exact_fee * share;
        let units = match world.place {
            // A contained tax is in nobody's total, and so takes no part in sharing it.
            Place::Statement => round(exact_tax * minor),
            _ => fees.iter().map(|units| round(Fraction::whole(*units) * share)).sum(),
        };
        items.push(item(2, payer, exact_tax, units, tax.inclusive));
    }
    items
}

/// Each payer's exact total rounded once, and shared among its lines by largest remainder.
fn share_totals(world: &World, items: &[Item]) -> Vec<i128> {
    let exact = |index: usize| items[index].exact * minor_unit(world);
    let mut units: Vec<i128> = items.iter().map(|item| item.own_units).collect();
    for payer in [Party::A, Party::B] {
        let mut lines: Vec<usize> = (0..items.len())
            .filter(|index| items[*index].payer == payer && !items[*index].contained)
            .collect();
        let total = lines.iter().fold(Fraction::ZERO, |sum, line| sum + exact(*line));
        let mut left = total.round(world.mode);
        for line in &lines {
            units[*line] = exact(*line).floor();
            left -= units[*line];
        }
        // The sort is stable, so that lines of equal remainder stay in their order.
        lines.sort_by_key(|line| std::cmp::Reverse(exact(*line) - Fraction::whole(units[*line])));
        for line in lines.iter().take(usize::try_from(left).unwrap()) {
            units[*line] += 1;
        }
    }
    units
}
