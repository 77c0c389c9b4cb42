//! Reads what the engine published, by the names of its columns.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::oracle::answer::{Account, Answer, Aside, Cleared, Discrepancy, Line, Statement};
use crate::oracle::fraction::Fraction;
use crate::world::World;

/// A published row: the column's name and its value as text, absent where it is null.
struct Published(Vec<(String, Option<String>)>);

impl Published {
    fn optional(&self, name: &str) -> Option<&str> {
        let cell = self.0.iter().find(|(column, _)| column == name);
        let (_, value) = cell.unwrap_or_else(|| panic!("no column `{name}` was published"));
        value.as_deref()
    }

    /// A null reads as the empty text.
    fn text(&self, name: &str) -> String {
        self.optional(name).unwrap_or_default().to_owned()
    }

    fn text_or(&self, name: &str, absent: &str) -> String {
        match self.0.iter().any(|(column, _)| column == name) {
            true => self.text(name),
            false => absent.to_owned(),
        }
    }

    /// A letter or word, in small letters whatever the engine prefers.
    fn word(&self, name: &str) -> String {
        self.text(name).to_lowercase()
    }

    fn points(&self, name: &str) -> Option<i64> {
        self.optional(name).map(|text| text.parse().unwrap())
    }

    fn money(&self, name: &str) -> Option<Fraction> {
        self.optional(name).map(decimal)
    }
}

/// Decimal text as an exact fraction.
fn decimal(text: &str) -> Fraction {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{part}").parse().unwrap();
    Fraction::new(digits, 10_i128.pow(u32::try_from(part.len()).unwrap()))
}

/// The folder under `dir` that holds the published tables.
fn published_under(dir: &Path) -> Option<PathBuf> {
    if dir.join("discrepancies.parquet").exists() {
        return Some(dir.to_owned());
    }
    let entries = std::fs::read_dir(dir).ok()?;
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().find_map(|folder| published_under(folder))
}

/// The rows of a table; none where the table was not published.
fn table(dir: &Path, name: &str) -> Vec<Published> {
    let path = dir.join(format!("{name}.parquet"));
    if !path.exists() {
        return Vec::new();
    }
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let options = FormatOptions::default();
        let schema = batch.schema();
        let columns: Vec<(&str, &dyn Array, ArrayFormatter)> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            // Instants with a zone need a feature of arrow's formatter, and nothing here asks them.
            .filter(|(field, _)| !matches!(field.data_type(), DataType::Timestamp(..)))
            .map(|(field, array)| {
                let formatter = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
                (field.name().as_str(), array.as_ref(), formatter)
            })
            .collect();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|(name, array, formatter)| {
                let value = array.is_valid(row).then(|| formatter.value(row).to_string());
                ((*name).to_owned(), value)
            });
            rows.push(Published(cells.collect()));
        }
    }
    rows
}

/// The answer that stands published under a directory.
pub fn observe(dir: &Path) -> Result<Answer, String> {
    let Some(dir) = published_under(dir) else {
        return Err(format!("nothing is published under {}", dir.display()));
    };
    let aside = |row: &Published| Aside {
        issuer: row.word("issuer"),
        issuer_event: row.text("issuer_event_id"),
        acceptor_event: row.text("acceptor_event_id"),
        code: row.text("code"),
        amount: row.money("amount"),
    };
    let discrepancies = table(&dir, "discrepancies");
    let statements = table(&dir, "statement");
    let currency = statements.first().map_or(String::new(), |row| row.text("currency"));
    Ok(Answer {
        discrepancies: discrepancies.iter().map(discrepancy).collect(),
        cleared: table(&dir, "cleared_events").iter().map(cleared).collect(),
        held: table(&dir, "held").iter().map(aside).collect(),
        pending: table(&dir, "pending").iter().map(aside).collect(),
        lines: table(&dir, "statement_lines").iter().map(|row| line(row, &currency)).collect(),
        statements: statements.iter().map(statement).collect(),
        accounts: table(&dir, "accounts").iter().filter_map(account).collect(),
        disputes: discrepancies.iter().filter_map(dispute).collect(),
        diagnoses: discrepancies.iter().filter_map(diagnosis).collect(),
        rulings: Vec::new(),
        reached: reached(&dir),
    })
}

/// What a publication calls its discrepancies: each in the oracle's words, and its id.
pub fn ids(dir: &Path) -> Vec<(String, String)> {
    let mut rows = table(dir, "discrepancies");
    // Two pages may say the same of the same rows; what is decided is held under one of them.
    rows.sort_by_key(|row| row.text("effect") != "held");
    rows.iter().map(|row| (discrepancy(row).to_string(), row.text("discrepancy_id"))).collect()
}

/// What a publication says of the discrepancies of the codes that the pipeline sets.
pub fn rulings(dir: &Path, world: &World) -> Vec<String> {
    let mut found: Vec<(String, usize)> = Vec::new();
    for row in table(dir, "discrepancies") {
        let code = row.text("code");
        // Two pages have this code, of different effects.
        if code == "EVT-04" || world.setting(&code).is_none() {
            continue;
        }
        let said = format!("{code} {} {}", row.word("severity"), row.word("effect"));
        match found.iter_mut().find(|(other, _)| *other == said) {
            Some((_, count)) => *count += 1,
            None => found.push((said, 1)),
        }
    }
    found.into_iter().map(|(said, count)| format!("{said} {count}")).collect()
}

/// The thresholds that the manifest says were reached.
fn reached(dir: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(dir.join("manifest.json")) else { return Vec::new() };
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let thresholds = manifest["thresholds"].as_array().unwrap();
    let word = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    thresholds
        .iter()
        .map(|entry| ["code", "key", "measure"].map(|key| word(entry, key)).join(" "))
        .collect()
}

/// What differs between a party's own statement and ours.
fn dispute(row: &Published) -> Option<String> {
    if row.text("code") != "CLR-01" {
        return None;
    }
    let figure = |name: &str| {
        row.optional(name).map_or("nothing".to_owned(), |text| decimal(text).to_string())
    };
    Some(format!("{} {} stated {}", row.text("field"), figure("expected"), figure("actual")))
}

fn diagnosis(row: &Published) -> Option<(Discrepancy, String)> {
    let text = row.optional("diagnosis")?;
    Some((discrepancy(row), text.to_owned()))
}

fn statement(row: &Published) -> Statement {
    Statement {
        currency: row.text("currency"),
        opening_from: row.text_or("opening_from", "declared"),
        a_payable: row.money("a_payable").unwrap(),
        b_payable: row.money("b_payable").unwrap(),
        opening_carry: row.money("opening_carry").unwrap(),
        net: row.money("net").unwrap(),
        amount_due: row.money("amount_due").unwrap().abs(),
        carry_forward: row.money("carry_forward").unwrap(),
        held_a: row.money("held_a").unwrap(),
        held_b: row.money("held_b").unwrap(),
    }
}

fn discrepancy(row: &Published) -> Discrepancy {
    let code = row.text("code");
    let mut rules = hutong::detect::rules();
    Discrepancy {
        code: rules.find(|rule| rule.code == code).unwrap().code,
        a_events: row.text("a_event_id"),
        b_events: row.text("b_event_id"),
        a_member: row.text("a_member"),
        b_member: row.text("b_member"),
    }
}

fn cleared(row: &Published) -> Cleared {
    Cleared {
        issuer: row.word("issuer"),
        flow: row.word("flow"),
        issuer_event: row.text("issuer_event_id"),
        acceptor_event: row.text("acceptor_event_id"),
        points: row.points("points").unwrap(),
        agreed_mirror: row.points("agreed_mirror"),
        recorded_mirror: row.points("recorded_mirror"),
        ratio_from: row.text("ratio_from"),
        rate_from: row.text("rate_from"),
    }
}

fn line(row: &Published, currency: &str) -> Line {
    Line {
        item: row.word("type"),
        currency: row.text_or("currency", currency),
        origin_period: row.text("origin_period"),
        reference: row.text_or("reference", ""),
        issuer: row.word("issuer"),
        flow: row.word("flow"),
        ratio_from: row.text("ratio_from"),
        rate_from: row.text("rate_from"),
        events: row.points("events").unwrap_or_default(),
        points: row.points("points").unwrap_or_default(),
        amount: row.money("amount").unwrap(),
        payer: row.word("payer"),
        payee: row.word("payee"),
    }
}

/// An account that is not judged has no expected closing and is left out.
fn account(row: &Published) -> Option<Account> {
    Some(Account {
        party: row.word("party"),
        member_no: row.text("member_no"),
        opening: row.points("opening").unwrap_or_default(),
        expected: row.points("expected")?,
        reported: row.points("reported"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    #[test]
    fn reads_text_points_and_money_exactly() {
        let dir = tempfile::tempdir().unwrap();
        let nested = dir.path().join("world/2026-03");
        std::fs::create_dir_all(&nested).unwrap();
        let money = Decimal128Array::from(vec![Some(-1_208_000), None]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("issuer", Arc::new(StringArray::from(vec!["a", "b"]))),
            ("issuer_event_id", Arc::new(StringArray::from(vec![Some("007"), None]))),
            ("acceptor_event_id", Arc::new(StringArray::from(vec![None, Some("7")]))),
            ("code", Arc::new(StringArray::from(vec!["EVT-01", "EVT-02"]))),
            ("amount", Arc::new(money.with_precision_and_scale(18, 6).unwrap())),
            ("points", Arc::new(Int64Array::from(vec![1, 2]))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let file = File::create(nested.join("held.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        // An empty table of discrepancies marks the folder.
        let schema = RecordBatch::new_empty(batch.schema());
        let file = File::create(nested.join("discrepancies.parquet")).unwrap();
        let writer = ArrowWriter::try_new(file, schema.schema(), None).unwrap();
        writer.close().unwrap();
        let answer = observe(dir.path()).unwrap();
        let held: Vec<String> = answer.held.iter().map(Aside::to_string).collect();
        assert_eq!(held, ["a [007] ~ [] EVT-01 -1.208", "b [] ~ [7] EVT-02 no amount"]);
        assert_eq!(answer.statements, []);
    }
}
