//! From what counts to the statements (domain.md §6, clearing.md).

use super::answer::{Line, Statement};
use super::books::{Books, Fate};
use super::decisions::Counted;
use super::fraction::Fraction;
use super::terms::{price, versions_at};
use crate::world::{Bearer, Currency, Fee, Flow, PARTIES, Party, Place, Tax, moment_text};

/// One line of the statement before rounding, with what each of its events comes to.
struct Item {
    /// What the line is: gross, fee or tax.
    item: &'static str,
    issuer: Party,
    flow: Flow,
    /// An instant of the period whose line it is.
    origin: String,
    ratio_label: String,
    rate_label: String,
    events: Vec<i128>,
    payer: Party,
    exact: Fraction,
    /// The whole minor units that the line is rounded to on its own.
    own_units: i128,
    /// Contained in another line, and so in nobody's total.
    contained: bool,
}

/// What pairs of one gross line have in common, in the order of the lines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    issuer: Party,
    flow: Flow,
    earlier: bool,
    origin_begins: i64,
    ratio_from: Option<i64>,
    rate_from: i64,
}

fn per_cent(milli_percent: i64) -> Fraction {
    Fraction::new(i128::from(milli_percent), 100_000)
}

/// The part of an amount that its tax is.
fn tax_share(tax: &Tax) -> Fraction {
    let t = i128::from(tax.milli_percent);
    Fraction::new(t, if tax.inclusive { 100_000 + t } else { 100_000 })
}

fn payer_of(paid_by: Bearer, issuer: Party) -> Party {
    match paid_by {
        Bearer::Issuer => issuer,
        Bearer::Acceptor => issuer.other(),
    }
}

/// A fee within its bounds, with the sign of the gross; all in minor units.
fn within_bounds(fee: &Fee, amount: Fraction, gross: Fraction, minor: Fraction) -> Fraction {
    if gross == Fraction::ZERO {
        return Fraction::ZERO;
    }
    let bound = |units: i64| Fraction::whole(i128::from(units)) * minor;
    let mut size = amount.abs();
    if let Some(least) = fee.least {
        size = size.max(bound(least));
    }
    if let Some(most) = fee.most {
        size = size.min(bound(most));
    }
    if gross < Fraction::ZERO { -size } else { size }
}

/// The lines and statements of what counts, currency by currency.
pub fn clear(books: &Books, counted: &[Counted]) -> (Vec<Line>, Vec<Statement>) {
    let mut all = (Vec::new(), Vec::new());
    for currency in books.world.currencies() {
        let (lines, statement) = clear_currency(books, counted, &currency);
        all.0.extend(lines);
        all.1.push(statement);
    }
    all
}

fn clear_currency(
    books: &Books,
    counted: &[Counted],
    currency: &Currency,
) -> (Vec<Line>, Statement) {
    let world = books.world;
    let mut groups: Vec<(Key, Vec<&Counted>)> = Vec::new();
    for item in counted {
        let Some(key) = key_of(books, item, currency) else { continue };
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups.sort_by(|(one, _), (other, _)| one.cmp(other));
    let items: Vec<Item> =
        groups.iter().flat_map(|(_, group)| items_of(books, group, counted, currency)).collect();
    let units = match world.place {
        Place::Event | Place::Line => items.iter().map(|item| item.own_units).collect(),
        Place::Statement => share_totals(books, &items),
    };
    let in_money = |units: i128| Fraction::new(units, 10_i128.pow(currency.minor_digits));
    let mut lines: Vec<Line> = items
        .iter()
        .zip(&units)
        .map(|(item, units)| Line {
            item: if item.contained { "tax_within" } else { item.item }.to_owned(),
            currency: currency.code.to_owned(),
            issuer: item.issuer.letter().to_owned(),
            flow: item.flow.word(),
            origin_period: item.origin.clone(),
            reference: String::new(),
            ratio_from: item.ratio_label.clone(),
            rate_from: item.rate_label.clone(),
            events: item.events.len() as i64,
            points: item.events.iter().sum::<i128>() as i64,
            amount: in_money(*units),
            payer: item.payer.letter().to_owned(),
            payee: item.payer.other().letter().to_owned(),
        })
        .collect();
    lines.extend(books.adjustment_lines(currency));
    lines.extend(books.late_fee_lines(currency));
    let payable = |party: Party| {
        let of_party = |line: &&Line| line.payer == party.letter() && line.item != "tax_within";
        lines.iter().filter(of_party).fold(Fraction::ZERO, |sum, line| sum + line.amount)
    };
    let (a_payable, b_payable) = (payable(Party::A), payable(Party::B));
    let opening_carry = books.opening_carry(currency);
    let net = a_payable - b_payable + opening_carry;
    let too_little = net.abs() < in_money(i128::from(currency.minimum));
    let held = PARTIES.map(|party| held_by(books, party, currency));
    let statement = Statement {
        currency: currency.code.to_owned(),
        opening_from: books.opening_from(),
        a_payable,
        b_payable,
        opening_carry,
        net,
        amount_due: if too_little { Fraction::ZERO } else { net.abs() },
        carry_forward: if too_little { net } else { Fraction::ZERO },
        held_a: held[0],
        held_b: held[1],
    };
    if opening_carry != Fraction::ZERO {
        let payer = if opening_carry > Fraction::ZERO { Party::A } else { Party::B };
        let carry = super::extras::line("carry", currency, payer, opening_carry.abs());
        lines.push(Line { origin_period: world.label(), ..carry });
    }
    (lines, statement)
}

/// What a party's points hold aside in a currency.
fn held_by(books: &Books, party: Party, currency: &Currency) -> Fraction {
    let mut sum = Fraction::ZERO;
    for (index, entry) in books.entries.iter().enumerate() {
        let held = matches!(entry.fate, Some(Fate::Held(_))) && books.belongs(index);
        if held
            && entry.party == party
            && let Some((code, amount)) = books.worth(index)
            && code == currency.code
        {
            sum = sum + amount;
        }
    }
    sum
}

/// None where the flow has no money or another currency.
fn key_of(books: &Books, item: &Counted, currency: &Currency) -> Option<Key> {
    let world = books.world;
    let (ratio, rate) = versions_at(world, item.issuer, item.flow, item.version_at).unwrap();
    let rate = rate.filter(|rate| rate.currency.unwrap_or(world.currency) == currency.code)?;
    let origin_begins = world.midnight(world.cycle_of(world.day_of(item.origin_at)).0);
    Some(Key {
        issuer: item.issuer,
        flow: item.flow,
        earlier: origin_begins != world.period_bounds().0,
        origin_begins,
        ratio_from: ratio.map(|ratio| world.instant(ratio.from)),
        rate_from: world.instant(rate.from),
    })
}

/// The gross line of items of one key, its fees with their taxes, and the taxes of the gross.
fn items_of(
    books: &Books,
    group: &[&Counted],
    counted: &[Counted],
    currency: &Currency,
) -> Vec<Item> {
    let world = books.world;
    let (issuer, flow) = (group[0].issuer, group[0].flow);
    let (ratio, rate) = versions_at(world, issuer, flow, group[0].version_at).unwrap();
    let rate = rate.unwrap();
    let events: Vec<i128> = group.iter().map(|item| item.points).collect();
    let points = Fraction::whole(events.iter().sum());
    let item = |item, payer, exact, own_units, contained| Item {
        item,
        issuer,
        flow,
        origin: world.label_of(world.day_of(group[0].origin_at)),
        ratio_label: ratio.map(|ratio| moment_text(ratio.from)).unwrap_or_default(),
        rate_label: moment_text(rate.from),
        events: events.clone(),
        payer,
        exact,
        own_units,
        contained,
    };
    let minor = Fraction::whole(10_i128.pow(currency.minor_digits));
    // What happened in a closed period is charged as it charged.
    let origin = world.label_of(world.day_of(group[0].origin_at));
    let closed = books.past.finals.iter().find(|past| past.label == origin);
    let charges = closed.map_or_else(|| world.charges(), |past| past.charges.clone());
    let round = |exact: Fraction| exact.round(charges.mode);
    // What is rounded: each event's points, or those of the whole line.
    let parts: Vec<Fraction> = match world.place {
        Place::Event => events.iter().map(|points| Fraction::whole(*points)).collect(),
        Place::Line | Place::Statement => vec![points],
    };
    let gross_of = |points: &Fraction| round(*points * price(rate) * minor);
    // By event a reversal takes back what its event falls by, from what was left of it to what is
    // left now: gross, and what is charged on it.
    let (mut reached, mut freed) = (parts, Vec::new());
    if world.place == Place::Event {
        for (points, one) in reached.iter_mut().zip(group) {
            if let Some(left) = books.left_before(one, counted) {
                *points = Fraction::whole(left + one.points);
                freed.push(Fraction::whole(left));
            }
        }
    }
    let reached: Vec<i128> = reached.iter().map(gross_of).collect();
    let freed: Vec<i128> = freed.iter().map(gross_of).collect();
    let gross_payer = if flow == Flow::Sale { issuer.other() } else { issuer };
    // In minor units.
    let gross = reached.iter().sum::<i128>() - freed.iter().sum::<i128>();
    let exact_gross = points * price(rate) * minor;
    let mut items = vec![item("gross", gross_payer, exact_gross, gross, false)];
    // A contained tax is in nobody's total, and so takes no part in sharing it.
    let taxes = |of: &[i128], exact: Fraction, tax: &Tax| {
        let exact_tax = exact * tax_share(tax);
        let units = match world.place {
            Place::Statement => round(exact_tax),
            _ => of.iter().map(|units| round(Fraction::whole(*units) * tax_share(tax))).sum(),
        };
        (exact_tax, units)
    };
    for fee in charges.fees.iter().filter(|fee| fee.scope.holds(issuer, flow)) {
        let share = per_cent(fee.milli_percent);
        let payer = payer_of(fee.paid_by, issuer);
        let bounded = |fee_of: Fraction, gross| within_bounds(fee, fee_of, gross, minor);
        let fees_on = |gross: &[i128]| -> Vec<i128> {
            let fee_on = |units: &i128| {
                let gross = Fraction::whole(*units);
                // Bounds are whole units of the currency, so that nothing is left to round.
                bounded(Fraction::whole(round(gross * share)), gross).round(charges.mode)
            };
            gross.iter().map(fee_on).collect()
        };
        let (fees, back) = (fees_on(&reached), fees_on(&freed));
        let exact_fee = bounded(exact_gross * share, exact_gross);
        let units = fees.iter().sum::<i128>() - back.iter().sum::<i128>();
        items.push(item("fee", payer, exact_fee, units, false));
        let Some(tax) = &fee.tax else { continue };
        let (exact_tax, units) = taxes(&fees, exact_fee, tax);
        let back = if back.is_empty() { 0 } else { taxes(&back, exact_fee, tax).1 };
        items.push(item("tax", payer, exact_tax, units - back, tax.inclusive));
    }
    for taxed in charges.taxes.iter().filter(|taxed| taxed.scope.holds(issuer, flow)) {
        let payer = payer_of(taxed.paid_by, issuer);
        let (exact_tax, units) = taxes(&reached, exact_gross, &taxed.tax);
        let back = if freed.is_empty() { 0 } else { taxes(&freed, exact_gross, &taxed.tax).1 };
        items.push(item("tax", payer, exact_tax, units - back, taxed.tax.inclusive));
    }
    items
}

/// Each payer's exact total rounded once, and shared among its lines by largest remainder.
fn share_totals(books: &Books, items: &[Item]) -> Vec<i128> {
    let mut units: Vec<i128> = items.iter().map(|item| item.own_units).collect();
    for payer in PARTIES {
        let mut lines: Vec<usize> = (0..items.len())
            .filter(|index| items[*index].payer == payer && !items[*index].contained)
            .collect();
        let total = lines.iter().fold(Fraction::ZERO, |sum, line| sum + items[*line].exact);
        let mut left = total.round(books.world.mode);
        for line in &lines {
            units[*line] = items[*line].exact.floor();
            left -= units[*line];
        }
        // The sorts are stable: of equal remainders those on the payer's own points come first.
        lines.sort_by_key(|line| items[*line].issuer != payer);
        lines.sort_by_key(|line| {
            std::cmp::Reverse(items[*line].exact - Fraction::whole(units[*line]))
        });
        for line in lines.iter().take(usize::try_from(left).unwrap()) {
            units[*line] += 1;
        }
    }
    units
}
