//! Statements, their lines and the counted events beneath: each figure from the one below it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::manifest::Figures;
use super::super::publication::{Publication, ReviewError, Row, add};
use super::lines::{Line, lines, parties};
use super::{Check, charges, due, late};
use crate::value::money::counted;

/// What the counted events of a line amount to.
#[derive(Default)]
struct Beneath {
    events: i64,
    points: i64,
    amount: Decimal,
}

pub(super) fn checks(publication: &Publication) -> Vec<Check> {
    if !publication.has("statement") {
        return Vec::new();
    }
    vec![
        Check::made("statement against its lines", "清算单与明细", |check| {
            totals(publication, check)
        }),
        Check::made("statement against what is held and counted", "清算单与挂账", |check| {
            beside(publication, check)
        }),
        Check::made("gross lines against counted events", "总额与计入明细", |check| {
            drill_down(publication, check)
        }),
        Check::made("fees and taxes against their terms", "费税与条款", |check| {
            charges::check(publication, check)
        }),
        Check::made("late fees against what is overdue", "逾期费与欠款", |check| {
            late::check(publication, check)
        }),
        Check::made("what is due against its terms", "应结与条款", |check| {
            due::check(publication, check)
        }),
        Check::made("agreed mirrors against exact ones", "约定镜像", |check| {
            mirrors(publication, check)
        }),
        Check::made("digest of the counted events", "计入明细摘要", |check| {
            cleared_digest(publication, check)
        }),
    ]
}

/// Statement against its lines, and against the manifest.
fn totals(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    parties(publication, check)?;
    let lines = lines(publication)?;
    let columns = [
        "currency",
        "a_payable",
        "b_payable",
        "opening_carry",
        "net",
        "amount_due",
        "carry_forward",
        "payer",
        "payee",
        "status",
        "pipeline_digest",
        "agreement_id",
        "held_a",
        "held_b",
        "a_code",
        "b_code",
        "pipeline",
        "opening_from",
    ];
    let mut statements = 0;
    publication.scan("statement", &columns, |_, row| {
        statements += 1;
        let currency = row.text(0);
        let mut payables = [Decimal::ZERO; 2];
        let mut carry = Decimal::ZERO;
        for line in lines.values().filter(|line| line.currency == currency) {
            match (line.kind.as_str(), line.is_payable(), line.payer.as_str()) {
                ("carry", ..) => add(&mut carry, line.owed_by_a(), "carry")?,
                (_, true, "a") => add(&mut payables[0], line.amount, "A's payable")?,
                (_, true, _) => add(&mut payables[1], line.amount, "B's payable")?,
                _ => {}
            }
        }
        let mut net = carry;
        add(&mut net, payables[0], "the net")?;
        add(&mut net, -payables[1], "the net")?;
        let at = |column: usize| row.decimal(column).unwrap_or_default();
        for (column, of) in [(1, payables[0]), (2, payables[1]), (3, carry), (4, net)] {
            check.expect(|| format!("{currency} {}", columns[column]), at(column), of);
        }
        let is_paid = matches!((row.text(7), row.text(8)), ("a", "b") | ("b", "a"));
        let is_unpaid = row.some_text(7).is_none() && row.some_text(8).is_none();
        let is_whose = is_paid || is_unpaid;
        if at(5).is_sign_negative() || is_paid == at(5).is_zero() || !is_whose {
            check.fault(|| format!("{currency}: payer, payee and amount_due do not fit"));
        }
        let manifest = &publication.manifest;
        for (column, said) in [
            (9, &manifest.status),
            (10, &manifest.pipeline_digest),
            (11, &manifest.agreement),
            (14, &manifest.a_code),
            (15, &manifest.b_code),
            (16, &manifest.pipeline),
        ] {
            check.expect(|| columns[column].to_owned(), row.text(column), said.as_str());
        }
        let last = manifest.past.last().map(|taken| taken.period.as_str());
        let is_opening = match row.text(17) {
            "declared" => last.is_none(),
            other => other.starts_with("awaiting ") || Some(other) == last,
        };
        if !is_opening {
            check.fault(|| format!("{currency}: its opening is from no period that was closed"));
        }
        // What is due and what is carried make the net; the payer gives the sign.
        let due = match row.text(7) {
            "a" => at(5),
            "b" => -at(5),
            _ => Decimal::ZERO,
        };
        let mut settled = due;
        add(&mut settled, at(6), "what is due and carried")?;
        check.expect(|| format!("{currency} due and carried"), settled, net);
        let figures = publication.manifest.statements.iter().find(|of| of.currency == currency);
        match figures {
            None => check.fault(|| format!("{currency}: the manifest has no statement in it")),
            Some(figures) => against_manifest(check, figures, row),
        }
        Ok(())
    })?;
    check.expect(
        || "statements of the manifest".to_owned(),
        publication.manifest.statements.len(),
        statements,
    );
    in_words(check, publication);
    check.compared = format!(
        "{}, {}",
        counted(statements as u64, "statement"),
        counted(lines.len() as u64, "line")
    );
    Ok(())
}

fn against_manifest(check: &mut Check, figures: &Figures, row: &Row<'_>) {
    let said = [
        (1, "a_payable", &figures.a_payable),
        (2, "b_payable", &figures.b_payable),
        (3, "opening_carry", &figures.opening_carry),
        (4, "net", &figures.net),
        (5, "amount_due", &figures.amount_due),
        (6, "carry_forward", &figures.carry_forward),
        (12, "held_a", &figures.held_a),
        (13, "held_b", &figures.held_b),
    ];
    for (column, name, said) in said {
        // The manifest writes no more digits than a figure has.
        let said = said.parse::<Decimal>().ok();
        if said.is_none() || said != row.decimal(column) {
            check.fault(|| format!("{name} of the manifest is another than the statement's"));
        }
    }
    if figures.payer.as_deref().unwrap_or_default() != row.text(7) {
        check.fault(|| "payer of the manifest is another than the statement's".to_owned());
    }
}

/// The nets of the manifest in words: one of each statement, in its order, with what is due.
fn in_words(check: &mut Check, publication: &Publication) {
    let manifest = &publication.manifest;
    let said = manifest.net.as_deref().unwrap_or_default();
    let nets: Vec<&str> = said.split("; ").filter(|net| !net.is_empty()).collect();
    let fits = |(net, figures): (&&str, &Figures)| {
        let codes = match figures.payer.as_deref() {
            None => return net.starts_with("nothing is due"),
            Some("a") => (&manifest.a_code, &manifest.b_code),
            Some(_) => (&manifest.b_code, &manifest.a_code),
        };
        let due = net.strip_prefix(&format!("{} pays {} ", codes.0, codes.1));
        let due = due.and_then(|rest| rest.strip_suffix(&format!(" {}", figures.currency)));
        let amount = |text: &str| text.replace(',', "").parse::<Decimal>().ok();
        due.is_some_and(|due| amount(due).is_some() && amount(due) == amount(&figures.amount_due))
    };
    let fit = nets.iter().zip(&manifest.statements).all(fits);
    if nets.len() != manifest.statements.len() || !fit {
        check.fault(|| format!("`{said}` in the manifest is another net than its figures"));
    }
}

/// Counts and held worth of the statement against the tables that list them.
fn beside(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let count = |table: &str| {
        let mut rows = 0_i64;
        publication.scan(table, &["period"], |_, _| {
            rows += 1;
            Ok(())
        })?;
        Ok::<i64, ReviewError>(rows)
    };
    let counts = [
        ("events_counted", count("cleared_events")?),
        ("events_held", count("held")?),
        ("events_pending", count("pending")?),
        ("discrepancies", count("discrepancies")?),
    ];
    let mut held: BTreeMap<(String, String), Decimal> = BTreeMap::new();
    publication.scan("held", &["issuer", "currency", "amount", "issuer_event_id"], |_, row| {
        if let (Some(amount), Some(_)) = (row.decimal(2), row.some_text(3)) {
            let key = (row.text(0).to_owned(), row.text(1).to_owned());
            add(held.entry(key).or_default(), amount, "held")?;
        }
        Ok(())
    })?;
    let columns = [
        "currency",
        "held_a",
        "held_b",
        "events_counted",
        "events_held",
        "events_pending",
        "discrepancies",
    ];
    publication.scan("statement", &columns, |_, row| {
        for (at, party) in [(1, "a"), (2, "b")] {
            let key = (party.to_owned(), row.text(0).to_owned());
            let of = held.get(&key).copied().unwrap_or_default();
            let said = row.decimal(at).unwrap_or_default();
            check.expect(|| columns[at].to_owned(), said.normalize(), of.normalize());
        }
        for (at, (name, count)) in (3..).zip(counts) {
            check.expect(|| name.to_owned(), row.integer(at).unwrap_or(-1), count);
        }
        Ok(())
    })?;
    check.compared = counted(counts[1].1 as u64, "held item");
    Ok(())
}

/// Gross lines against the counted events that name them: how many, their points, and their exact
/// worth before rounding.
fn drill_down(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let lines = lines(publication)?;
    let mut beneath: BTreeMap<i64, Beneath> = BTreeMap::new();
    let columns = [
        "line_no",
        "issuer",
        "points",
        "rate",
        "amount",
        "flow",
        "origin_period",
        "currency",
        "ratio_from",
        "rate_from",
    ];
    let mut events: u64 = 0;
    publication.scan("cleared_events", &columns, |number, row| {
        events = number;
        let (points, rate) = (row.integer(2).unwrap_or_default(), row.decimal(3));
        if let Some(rate) = rate {
            let worth = rate.checked_mul(points.into());
            if worth.is_none() || worth != row.decimal(4) {
                check.fault(|| format!("cleared_events row {number}: points x rate is not amount"));
            }
        }
        let Some(line_no) = row.integer(0) else { return Ok(()) };
        let amount = row.decimal(4).unwrap_or_default();
        let Some(line) = lines.get(&line_no) else {
            check.fault(|| format!("cleared_events row {number}: there is no line {line_no}"));
            return Ok(());
        };
        let is_of_it = line.kind == "gross"
            && line.issuer == row.text(1)
            && line.rate == row.decimal(3)
            && [&line.flow, &line.origin_period, &line.currency, &line.ratio_from, &line.rate_from]
                .iter()
                .zip(5..)
                .all(|(said, at)| said.as_str() == row.text(at));
        if !is_of_it {
            check.fault(|| format!("cleared_events row {number}: line {line_no} is not of it"));
        }
        let sum = beneath.entry(line_no).or_default();
        sum.events += 1;
        sum.points = sum.points.checked_add(points).ok_or(ReviewError::Overflow("points"))?;
        add(&mut sum.amount, amount, "amounts")
    })?;
    for (&line_no, line) in lines.iter().filter(|(_, line)| line.kind == "gross") {
        let none = Beneath::default();
        let found = beneath.get(&line_no).unwrap_or(&none);
        check.expect(|| format!("line {line_no} events"), line.events, found.events);
        check.expect(|| format!("line {line_no} points"), line.points, found.points);
        let exact = line.exact.unwrap_or_default();
        check.expect(
            || format!("line {line_no} exact"),
            exact.normalize(),
            found.amount.normalize(),
        );
    }
    let gross = lines.values().filter(|line| line.kind == "gross").count();
    check.compared = format!("{}, {}", counted(gross as u64, "line"), counted(events, "event"));
    Ok(())
}

/// Every agreed mirror is the exact one rounded to a whole point, and the exact one is the points
/// at the line's ratio.
fn mirrors(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let lines = lines(publication)?;
    let columns = [
        "exact_numerator",
        "exact_denominator",
        "agreed_mirror",
        "line_no",
        "points",
        "original_event_id",
        "acceptor_original_event_id",
    ];
    let mut mirrors: u64 = 0;
    publication.scan("cleared_events", &columns, |number, row| {
        let (Some(numerator), Some(denominator), Some(agreed)) =
            (row.integer(0), row.integer(1), row.integer(2))
        else {
            return Ok(());
        };
        mirrors += 1;
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
        let apart = (i128::from(agreed) * denominator - numerator).abs();
        // A mirror is less than a point from the exact one. That of a reversal is what lies between
        // two mirrors, which may be rounded away from one another at two midpoints.
        let is_between = (5..7).any(|at| row.some_text(at).is_some());
        let most = denominator.abs() - i128::from(!is_between);
        if denominator == 0 || apart > most {
            check.fault(|| {
                format!("cleared_events row {number}: {agreed} for {numerator}/{denominator}")
            });
        }
        let ratio = row.integer(3).and_then(|line_no| lines.get(&line_no)).and_then(Line::ratio);
        if let (Some((issued, accepted)), Some(points)) = (ratio, row.integer(4)) {
            let is_it = (|| {
                let by_ratio =
                    i128::from(points).checked_mul(accepted)?.checked_mul(denominator)?;
                Some(by_ratio == numerator.checked_mul(issued)?)
            })();
            if is_it != Some(true) {
                check.fault(|| {
                    let exact = format!("{numerator}/{denominator}");
                    format!("cleared_events row {number}: {points} at its ratio is not {exact}")
                });
            }
        }
        Ok(())
    })?;
    check.compared = counted(mirrors, "mirror");
    Ok(())
}

/// The digest of what the counted events say, as the statement has it: for each event, in the order
/// of the table, the lengths and bytes of issuer and both event ids, then cleared points and agreed
/// mirror as 128-bit little-endian integers, through BLAKE3.
fn cleared_digest(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut hasher = blake3::Hasher::new();
    let columns = ["issuer", "issuer_event_id", "acceptor_event_id", "points", "agreed_mirror"];
    let mut events: u64 = 0;
    publication.scan("cleared_events", &columns, |number, row| {
        events = number;
        for column in 0..3 {
            let text = row.text(column);
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        for column in 3..5 {
            let figure = i128::from(row.integer(column).unwrap_or_default());
            hasher.update(&figure.to_le_bytes());
        }
        Ok(())
    })?;
    let found = hasher.finalize().to_hex();
    publication.scan("statement", &["currency", "cleared_digest"], |_, row| {
        check.expect(|| format!("digest of {}", row.text(0)), row.text(1), found.as_str());
        Ok(())
    })?;
    check.compared = counted(events, "event");
    Ok(())
}
