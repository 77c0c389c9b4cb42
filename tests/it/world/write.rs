//! Writes a world as the files that the engine reads: feeds in CSV and the pipeline.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{
    Balance, Bearer, Cycle, Member, Method, Mode, Moment, PARTIES, Party, Place, Row, Rule, World,
    instant_text, moment_text,
};

impl World {
    /// Writes the feeds and `pipeline.yaml` into a directory, and returns the pipeline's path.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let mut feeds = String::new();
        for party in PARTIES {
            writeln!(feeds, "  {}:", party.letter()).unwrap();
            self.write_party(dir, party, &mut feeds);
        }
        self.write_shared(dir, &mut feeds);
        let pipeline = format!(
            "pipeline: world\nroot: .\n{}{}feeds:\n{feeds}{}{}{}publish: {{ to: out }}\n",
            self.agreement(),
            self.parties(),
            self.matching(),
            self.terms(),
            self.tier_map(),
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
        format!(
            "agreement:\n  id: WORLD-1\n  timezone: {}\n  currency: {}\n  \
             term: {{ from: \"{}\", to: \"{}\" }}\n  cycle: {cycle}\n  grace_days: {}\n",
            self.zone, self.currency, self.term.0, self.term.1, self.grace_days,
        )
    }

    fn parties(&self) -> String {
        let mut text = "parties:\n".to_owned();
        for party in PARTIES {
            let (letter, overdraft) = (party.letter(), self.side(party).overdraft);
            let code = letter.to_uppercase();
            writeln!(text, "  {letter}: {{ code: {code}, name: {code}, overdraft: {overdraft} }}")
                .unwrap();
        }
        text
    }

    fn write_party(&self, dir: &Path, party: Party, feeds: &mut String) {
        let side = self.side(party);
        let letter = party.letter();
        if let Some(members) = &side.members {
            let rows: Vec<_> = members.iter().map(member_row).collect();
            declare(feeds, "members", &[write_csv(dir, &format!("{letter}-members"), &rows)]);
            columns(feeds, &rows, MEMBER_COLUMNS);
        }
        for (word, balances) in [("opening", &side.opening), ("accounts", &side.accounts)] {
            if let Some(balances) = balances {
                let rows: Vec<_> = balances.iter().map(balance_row).collect();
                declare(feeds, word, &[write_csv(dir, &format!("{letter}-{word}"), &rows)]);
                columns(feeds, &rows, &["member_no", "balance", "as_of"]);
            }
        }
        let rows: Vec<_> = side.ledger.iter().map(ledger_row).collect();
        let length = rows.len().div_ceil(side.parts.max(1)).max(1);
        let mut files: Vec<String> = rows
            .chunks(length)
            .enumerate()
            .map(|(part, rows)| write_csv(dir, &format!("{letter}-ledger-{part}"), rows))
            .collect();
        if files.is_empty() {
            files.push(write_csv(dir, &format!("{letter}-ledger-0"), &rows));
        }
        declare(feeds, "ledger", &files);
        columns(feeds, &rows, LEDGER_COLUMNS);
    }

    fn write_shared(&self, dir: &Path, feeds: &mut String) {
        if self.links.is_none() && self.consents.is_none() {
            return;
        }
        writeln!(feeds, "  shared:").unwrap();
        if let Some(links) = &self.links {
            let rows: Vec<Cells> = links
                .iter()
                .map(|link| {
                    let method = match link.method {
                        Method::Authorised => "authorised",
                        Method::Imported => "imported",
                        Method::Inferred => "inferred",
                    };
                    vec![
                        Some(link.a_member.clone()),
                        Some(link.b_member.clone()),
                        Some(instant_text(link.bound_at)),
                        link.unbound_at.map(instant_text),
                        Some(method.to_owned()),
                    ]
                })
                .collect();
            declare(feeds, "links", &[write_csv(dir, "links", &rows)]);
            columns(feeds, &rows, &["a_member", "b_member", "bound_at", "unbound_at", "method"]);
        }
        if let Some(consents) = &self.consents {
            let rows: Vec<Cells> = consents
                .iter()
                .map(|consent| {
                    vec![
                        Some(consent.a_member.clone()),
                        Some(consent.b_member.clone()),
                        Some(consent.purpose.clone()),
                        Some(instant_text(consent.granted_at)),
                        consent.withdrawn_at.map(instant_text),
                    ]
                })
                .collect();
            declare(feeds, "consents", &[write_csv(dir, "consents", &rows)]);
            let names = ["a_member", "b_member", "purpose", "granted_at", "withdrawn_at"];
            columns(feeds, &rows, &names);
        }
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
            let points = format!("{}:{}", ratio.issuer_points, ratio.acceptor_points);
            let (issuer, span) = (ratio.issuer.letter(), span(ratio.from, ratio.to));
            writeln!(text, "    - {{ issuer: {issuer}, points: \"{points}\", {span} }}").unwrap();
        }
        text.push_str("  rates:\n");
        for rate in &self.rates {
            let (issuer, flow) = (rate.issuer.letter(), rate.flow.word());
            let price = decimal_text(rate.millionths, 6);
            let span = span(rate.from, rate.to);
            writeln!(
                text,
                "    - {{ issuer: {issuer}, flow: {flow}, per_point: \"{price}\", {span} }}"
            )
            .unwrap();
        }
        text.push_str(&self.fees_text());
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

    fn fees_text(&self) -> String {
        if self.fees.is_empty() {
            return String::new();
        }
        let mut text = "  fees:\n".to_owned();
        for fee in &self.fees {
            let payer = match fee.paid_by {
                Bearer::Issuer => "issuer",
                Bearer::Acceptor => "acceptor",
            };
            let percent = decimal_text(fee.milli_percent, 3);
            let tax = fee.tax.as_ref().map_or(String::new(), |tax| {
                let mode = if tax.inclusive { "inclusive" } else { "exclusive" };
                let percent = decimal_text(tax.milli_percent, 3);
                format!(", tax: {{ percent: \"{percent}\", mode: {mode} }}")
            });
            writeln!(text, "    - {{ on: gross, percent: \"{percent}\", paid_by: {payer}{tax} }}")
                .unwrap();
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

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::HalfUp => "half_up",
        Mode::HalfEven => "half_even",
        Mode::Down => "down",
        Mode::Up => "up",
    }
}

/// The cells of one row; an absent value is an empty cell.
type Cells = Vec<Option<String>>;

const MEMBER_COLUMNS: &[&str] =
    &["member_no", "status", "status_since", "tier", "tier_since", "mobile"];

const LEDGER_COLUMNS: &[&str] = &[
    "event_id",
    "member_no",
    "kind",
    "points",
    "occurred_at",
    "posted_at",
    "counter_event_id",
    "original_event_id",
    "order_no",
    "status",
];

fn member_row(member: &Member) -> Cells {
    vec![
        Some(member.member_no.clone()),
        Some(format!("{:?}", member.status).to_lowercase()),
        member.status_since.map(instant_text),
        member.tier.clone(),
        member.tier_since.map(instant_text),
        member.mobile.clone(),
    ]
}

fn balance_row(balance: &Balance) -> Cells {
    let member_no = Some(balance.member_no.clone());
    vec![member_no, Some(balance.points.to_string()), balance.as_of.map(moment_text)]
}

fn ledger_row(row: &Row) -> Cells {
    vec![
        Some(row.event_id.clone()),
        Some(row.member_no.clone()),
        Some(row.kind.word()),
        Some(row.points.to_string()),
        Some(instant_text(row.occurred_at)),
        row.posted_at.map(instant_text),
        row.counter_event_id.clone(),
        row.original_event_id.clone(),
        row.order_no.clone(),
        Some(format!("{:?}", row.status).to_lowercase()),
    ]
}

/// Writes rows below a header of `c0, c1, …`; the pipeline gives the columns their names.
fn write_csv(dir: &Path, name: &str, rows: &[Cells]) -> String {
    let file = format!("{name}.csv");
    let mut text = (0..10).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    text.push('\n');
    for row in rows {
        let mut cells: Vec<&str> =
            row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
        cells.resize(10, "");
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    fs::write(dir.join(&file), text).unwrap();
    file
}

fn declare(feeds: &mut String, word: &str, files: &[String]) {
    let files = files.join(", ");
    writeln!(feeds, "    {word}:\n      files: [ {files} ]\n      format: {{ csv: {{}} }}")
        .unwrap();
}

/// Declares the columns; one that no row fills is left out now and then, because a column that is
/// not declared must mean the same as one that is empty.
fn columns(feeds: &mut String, rows: &[Cells], names: &[&str]) {
    const OPTIONAL: &[&str] = &["status_since", "as_of"];
    writeln!(feeds, "      columns:").unwrap();
    for (position, name) in names.iter().enumerate() {
        let empty = rows.iter().all(|row| row[position].is_none());
        if empty && !rows.is_empty() && OPTIONAL.contains(name) && rows.len().is_multiple_of(2) {
            continue;
        }
        if *name == "mobile" {
            writeln!(feeds, "        mobile: {{ from: c{position}, token: ready }}").unwrap();
        } else {
            writeln!(feeds, "        {name}: c{position}").unwrap();
        }
    }
}
