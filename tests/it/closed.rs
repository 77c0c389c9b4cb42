//! A few months of two small books, written row by row, of which one is closed after the other.

mod adjusted;
mod balances;
mod bounds;
mod decided;
mod ended;
mod finals;
mod kept;
mod own;
mod settled;
mod stays;
mod terms;
mod told;
mod waiting;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use hutong::run::{Error, Outcome};

use crate::tables::{Row, close, run, table};

const TERMS: &str = r#"
  ratios:
    - { issuer: a, points: "3:1", from: 2026-01-01, clause: r }
    - { issuer: b, points: "40:100", from: 2026-01-01, clause: r }
  rates:
    - { issuer: a, per_point: "0.008", from: 2026-01-01, clause: p }
    - { issuer: b, per_point: "0.020", from: 2026-01-01, clause: p }
  minimum_settlement: "0"
"#;

const HEADER: &str = "event_id,member_no,kind,points,occurred_at,counter_event_id,\
                      original_event_id,order_no,status\n";

/// Two ledgers and a feed of decisions, in a folder of their own.
pub struct Months {
    folder: tempfile::TempDir,
    decisions: String,
}

/// A row of a ledger: `id kind points day [counter=…] [original=…] [order=…] [status=…]`.
type Told<'a> = &'a str;

impl Months {
    pub fn new() -> Months {
        Months::matched("[reference]")
    }

    pub fn matched(rules: &str) -> Months {
        let months = Months { folder: tempfile::tempdir().unwrap(), decisions: String::new() };
        months.declare(rules, TERMS);
        months.write_decisions();
        for period in ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"] {
            months.book('a', period, &[]);
            months.book('b', period, &[]);
        }
        months
    }

    pub fn declare(&self, rules: &str, terms: &str) {
        let columns = |names: &str| {
            let each = names.trim().split(',').map(|name| format!("{name}: {name}"));
            each.collect::<Vec<String>>().join(", ")
        };
        let ledger = columns(HEADER);
        let of_decisions = columns(DECISIONS);
        let of_settlements = columns(SETTLEMENTS);
        let of_adjustments = columns(ADJUSTMENTS);
        let text = format!(
            "pipeline: p\n\
             agreement:\n  id: HT-1\n  title: t\n  timezone: Asia/Shanghai\n  currency: CNY\n  \
             term: {{ from: 2026-01-01, to: 2027-01-01 }}\n  cycle: monthly\n  grace_days: 2\n\
             parties:\n  a: {{ code: SKY, name: s }}\n  b: {{ code: HBR, name: h }}\n\
             feeds:\n  \
             a:\n    ledger: {{ files: \"a-{{period}}.csv\", format: {{ csv: {{}} }}, \
             columns: {{ {ledger} }} }}\n  \
             b:\n    ledger: {{ files: \"b-{{period}}.csv\", format: {{ csv: {{}} }}, \
             columns: {{ {ledger} }} }}\n  \
             shared:\n    decisions: {{ files: decisions.csv, format: {{ csv: {{}} }}, \
             columns: {{ {of_decisions} }} }}\n    \
             settlements: {{ files: settlements.csv, format: {{ csv: {{}} }}, \
             columns: {{ {of_settlements} }} }}\n    \
             adjustments: {{ files: adjustments.csv, format: {{ csv: {{}} }}, \
             columns: {{ {of_adjustments} }} }}\n\
             match:\n  events: {rules}\n\
             terms:{terms}publish: {{ to: out }}\n"
        );
        fs::write(self.path("pipeline.yaml"), text).unwrap();
        self.settle("");
        self.adjust("");
    }

    pub fn declare_terms(&self, change: impl Fn(String) -> String) {
        self.declare("[reference]", &change(TERMS.to_owned()));
    }

    /// Changes the text of the pipeline.
    pub fn change(&self, from: &str, to: &str) {
        replace(self.path("pipeline.yaml"), from, to);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a party's ledger of a period; days are `03-05`, of 2026.
    pub fn book(&self, party: char, period: &str, rows: &[Told<'_>]) {
        let mut text = HEADER.to_owned();
        for row in rows {
            let mut words = row.split(' ');
            let mut next = || words.next().unwrap();
            let (id, kind, points, day) = (next(), next(), next(), next());
            let rest: Vec<&str> = words.collect();
            let said =
                |key: &str| rest.iter().find_map(|word| word.strip_prefix(key)).unwrap_or_default();
            let member = if party == 'a' { "M1" } else { "N1" };
            let (counter, original) = (said("counter="), said("original="));
            let (order, status) = (said("order="), said("status="));
            writeln!(
                text,
                "{id},{member},{kind},{points},2026-{day} 10:00:00,{counter},{original},{order},\
                 {status}"
            )
            .unwrap();
        }
        fs::write(self.path(&format!("{party}-{period}.csv")), text).unwrap();
    }

    /// Both ledgers of a period.
    pub fn books(&self, period: &str, a: &[Told<'_>], b: &[Told<'_>]) {
        self.book('a', period, a);
        self.book('b', period, b);
    }

    pub fn settle(&self, rows: &str) {
        fs::write(self.path("settlements.csv"), format!("{SETTLEMENTS}{rows}")).unwrap();
    }

    pub fn adjust(&self, rows: &str) {
        fs::write(self.path("adjustments.csv"), format!("{ADJUSTMENTS}{rows}")).unwrap();
    }

    /// Adds a decision on the one discrepancy of that code in a final publication.
    pub fn decide(&mut self, found: (&str, &str), action: &str, points: &str, day: &str) {
        let (period, code) = found;
        let rows = self.found(period, code);
        assert_eq!(rows.len(), 1, "{code} of {period}: {rows:?}");
        self.decide_on(&rows[0]["discrepancy_id"], action, points, day);
    }

    pub fn decide_on(&mut self, id: &str, action: &str, points: &str, day: &str) {
        let number = self.decisions.lines().count() + 1;
        writeln!(self.decisions, "D{number},{id},{action},{points},r,x,y,2026-{day} 10:00:00")
            .unwrap();
        self.write_decisions();
    }

    fn write_decisions(&self) {
        let text = format!("{DECISIONS}{}", self.decisions);
        fs::write(self.path("decisions.csv"), text).unwrap();
    }

    pub fn try_close(&self, period: &str) -> Result<Outcome, Error> {
        let (year, month) = period.split_once('-').unwrap();
        let month: u32 = month.parse().unwrap();
        self.try_close_on(period, &format!("{year}-{:02}-10", month + 1))
    }

    pub fn try_close_on(&self, period: &str, as_of: &str) -> Result<Outcome, Error> {
        close(&self.path("pipeline.yaml"), (as_of, Some(period)), &self.path("out"))
    }

    pub fn try_run(&self, period: &str, as_of: &str) -> Result<Outcome, Error> {
        run(&self.path("pipeline.yaml"), (as_of, Some(period)), &self.path("out"))
    }

    /// Closes a period on the tenth of the month after it.
    pub fn close(&self, period: &str) {
        let outcome = self.try_close(period).unwrap();
        assert!(outcome.manifest.is_final(), "{period}: {:?}", outcome.manifest.discrepancies);
    }

    pub fn finally(&self, period: &str) -> PathBuf {
        self.path(&format!("out/p/{period}/final"))
    }

    pub fn found(&self, period: &str, code: &str) -> Vec<Row> {
        let mut rows = table(&self.finally(period), "discrepancies");
        rows.retain(|row| row["code"] == code);
        rows
    }

    /// The codes that a period found, in order, each with its events.
    pub fn codes(&self, period: &str) -> Vec<String> {
        let rows = table(&self.finally(period), "discrepancies");
        cells(&rows, &["code", "a_event_id", "b_event_id"])
    }

    /// What counted: `issuer's leg, acceptor's leg, points, amount`.
    pub fn cleared(&self, period: &str) -> Vec<String> {
        let rows = table(&self.finally(period), "cleared_events");
        cells(&rows, &["issuer_event_id", "acceptor_event_id", "points", "amount"])
    }

    pub fn held(&self, period: &str) -> Vec<String> {
        let rows = table(&self.finally(period), "held");
        cells(&rows, &["issuer", "issuer_event_id", "acceptor_event_id", "code"])
    }

    pub fn net(&self, period: &str) -> String {
        table(&self.finally(period), "statement").remove(0)["net"].clone()
    }
}

const DECISIONS: &str =
    "decision_id,discrepancy_id,action,points,reason,author,approver,decided_at\n";

const SETTLEMENTS: &str = "settlement_id,period,currency,kind,amount,on\n";

const ADJUSTMENTS: &str =
    "adjustment_id,payer,amount,reason,author,approver,approved_at,currency\n";

pub fn cells(rows: &[Row], columns: &[&str]) -> Vec<String> {
    let cells = rows.iter().map(|row| columns.iter().map(|column| row[*column].as_str()));
    cells.map(|cells| cells.collect::<Vec<&str>>().join(" ")).collect()
}

/// The error of a run that should have ended so, with what it says.
pub fn ended(outcome: Result<Outcome, Error>, code: u8, says: &[&str]) {
    let error = outcome.map(|outcome| outcome.manifest.status).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.exit_code(), code, "{text}");
    for part in says {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

pub fn replace(file: PathBuf, from: &str, to: &str) {
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

/// Changes a byte in the middle of a file.
pub fn bend(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}
