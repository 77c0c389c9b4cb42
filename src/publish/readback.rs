//! Final publications read back: what was published, and nothing else, is what later periods know
//! of the past. Files are read only after each was found to have the digest that its manifest gives
//! it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType, UInt64Type,
};
use jiff::ToSpan;
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rust_decimal::Decimal;

use super::folder::{FINAL, MANIFEST, PublishError, at};
use super::manifest::Manifest;
use super::table::plain;
use crate::frame::schema::LINE;
use crate::past::ClosedStatement;
use crate::statement::LineKind;
use crate::value::money::{Currency, Money};
use crate::value::party::{Both, Party};
use crate::value::period::Instant;

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 14;

/// A final publication.
#[derive(Debug, Clone)]
pub struct Final {
    /// The period's label.
    pub label: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What its manifest says.
    pub manifest: Manifest,
    /// The BLAKE3 digest of the manifest.
    pub digest: String,
    /// The day as of which it closed the period.
    pub as_of: Date,
}

impl Final {
    /// Reads the manifest of a folder that a `final` pointer names.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be read or is not of a final publication.
    pub(super) fn read(label: String, folder: PathBuf) -> Result<Final, PublishError> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(at("read", &path))?;
        let digest = blake3::hash(&text).to_hex().to_string();
        let manifest: Manifest = match serde_json::from_slice(&text) {
            Ok(manifest) => manifest,
            Err(source) => return Err(PublishError::Damaged { path, source }),
        };
        if !manifest.is_final() || manifest.period != label {
            let what = format!("its manifest is not that of the final {label}");
            return Err(PublishError::Altered { path, what });
        }
        let Ok(as_of) = manifest.as_of.parse() else {
            let what = format!("its as_of `{}` is no day", manifest.as_of);
            return Err(PublishError::Altered { path, what });
        };
        Ok(Final { label, folder, manifest, digest, as_of })
    }

    /// That something of its manifest is not what was published.
    #[must_use]
    pub fn altered(&self, what: String) -> PublishError {
        PublishError::Altered { path: self.folder.join(MANIFEST), what }
    }

    /// Compares every file with its digest.
    ///
    /// # Errors
    /// [`PublishError::Altered`] for the first that is not what was published.
    pub fn verify_all(&self) -> Result<(), PublishError> {
        whole(&self.folder, &self.manifest)
    }

    /// Its place under the pipeline's folder, such as `2026-03/final`: not the folder's own name,
    /// which says how often the period had been run before, and differs between the partners.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{FINAL}", self.label)
    }

    /// Whether it has a table.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        let file = format!("{table}.parquet");
        self.manifest.outputs.iter().any(|output| output.file == file)
    }

    /// Reads the columns of a table, batch by batch. Whoever reads has compared the files with
    /// their digests before, by [`Final::verify_all`]. `each` is told the number of the batch's
    /// first row, one-based.
    ///
    /// # Errors
    /// [`PublishError`] when the file cannot be read or lacks a column; and what `each` fails with.
    pub fn scan<E: From<PublishError>>(
        &self,
        table: &str,
        columns: &[&str],
        mut each: impl FnMut(u64, &Columns<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.folder.join(format!("{table}.parquet"));
        let file = File::open(&path).map_err(at("open", &path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(PublishError::from)?;
        let names = columns.iter().copied();
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let reader = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(PublishError::from)?;
        let mut first_row = 1;
        for batch in reader {
            let batch = batch.map_err(PublishError::from)?;
            each(first_row, &Columns::new(&path, &batch, first_row))?;
            first_row += batch.num_rows() as u64;
        }
        Ok(())
    }
}

/// Compares every file of a publication with its digest.
///
/// # Errors
/// [`PublishError::Altered`] for the first that is not what was published.
pub(super) fn whole(folder: &Path, manifest: &Manifest) -> Result<(), PublishError> {
    manifest.outputs.iter().try_for_each(|output| {
        let path = folder.join(&output.file);
        let altered =
            |what: &str| Err(PublishError::Altered { path: path.clone(), what: what.to_owned() });
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return altered("it is missing");
            }
            Err(error) => return Err(at("open", &path)(error)),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file).map_err(at("read", &path))?;
        match output.blake3 == hasher.finalize().to_hex().as_str() {
            true => Ok(()),
            false => altered("its digest is not the one that its manifest gives"),
        }
    })
}

/// The columns of one batch of a published table.
pub struct Columns<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
    first_row: u64,
}

impl<'a> Columns<'a> {
    /// Rows of the table in a file: those from `first_row`, one-based, or those whose numbers stand
    /// in a column [`LINE`] beside them.
    #[must_use]
    pub fn new(path: &'a Path, batch: &'a RecordBatch, first_row: u64) -> Columns<'a> {
        Columns { path, batch, first_row }
    }

    /// The columns themselves.
    #[must_use]
    pub fn batch(&self) -> &'a RecordBatch {
        self.batch
    }

    /// The number of a row in its table, one-based.
    #[must_use]
    pub fn line(&self, row: usize) -> u64 {
        let lines = self.batch.column_by_name(LINE);
        let lines = lines.and_then(|lines| lines.as_primitive_opt::<UInt64Type>());
        lines.map_or(self.first_row + row as u64, |lines| lines.value(row))
    }
}

impl Columns<'_> {
    /// How many rows the batch has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether it has a column: a period that an earlier version of Hutong closed may lack one.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.batch.column_by_name(column).is_some()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn column<'c, T>(
        &'c self,
        name: &str,
        typed: impl Fn(&'c dyn Array) -> Option<&'c T>,
    ) -> Result<&'c T, PublishError> {
        let column = self.batch.column_by_name(name);
        column.and_then(|column| typed(column.as_ref())).ok_or_else(|| PublishError::Altered {
            path: self.path.to_owned(),
            what: format!("it has no sound column `{name}`"),
        })
    }

    /// A column of texts. [`plain`] undoes what makes them safe for spreadsheets.
    ///
    /// # Errors
    /// [`PublishError::Altered`] when there is none of that name and type.
    pub fn texts(&self, name: &str) -> Result<&StringArray, PublishError> {
        self.column(name, |column| column.as_string_opt())
    }

    /// The integers of a column.
    ///
    /// # Errors
    /// As of [`Columns::texts`].
    pub fn integers(&self, name: &str) -> Result<Vec<Option<i64>>, PublishError> {
        let column = self.column(name, |column| column.as_primitive_opt::<Int64Type>())?;
        Ok(column.iter().collect())
    }

    /// The amounts of a column.
    ///
    /// # Errors
    /// As of [`Columns::texts`].
    pub fn decimals(&self, name: &str) -> Result<Vec<Option<Decimal>>, PublishError> {
        let column = self.column(name, |column| column.as_primitive_opt::<Decimal128Type>())?;
        let scale = u32::try_from(column.scale()).unwrap_or_default();
        let decimal = |units: i128| Decimal::try_from_i128_with_scale(units, scale).ok();
        Ok(column.iter().map(|units| units.and_then(decimal)).collect())
    }

    /// The days of a column.
    ///
    /// # Errors
    /// As of [`Columns::texts`].
    pub fn days(&self, name: &str) -> Result<Vec<Option<Date>>, PublishError> {
        let column = self.column(name, |column| column.as_primitive_opt::<Date32Type>())?;
        let epoch = Date::constant(1970, 1, 1);
        Ok(column.iter().map(|days| epoch.checked_add(days?.days()).ok()).collect())
    }

    /// The instants of a column.
    ///
    /// # Errors
    /// As of [`Columns::texts`].
    pub fn instants(&self, name: &str) -> Result<Vec<Option<Instant>>, PublishError> {
        let typed = |column| {
            let column: &dyn Array = column;
            column.as_primitive_opt::<TimestampMicrosecondType>()
        };
        Ok(self.column(name, typed)?.iter().map(|at| at.map(Instant)).collect())
    }
}

/// The statements of a final publication, by currency, of which the opening carry is what the
/// statements `before` carried.
///
/// # Errors
/// [`PublishError`] when the file is not what was published.
pub fn closed_statements(
    publication: &Final,
    before: Option<&BTreeMap<Currency, ClosedStatement>>,
) -> Result<BTreeMap<Currency, ClosedStatement>, PublishError> {
    let mut statements = BTreeMap::new();
    let wanted = ["currency", "carry_forward", "amount_due", "payer", "due_date"];
    publication.scan("statement", &wanted, |_, rows| {
        let (currencies, payers) = (rows.texts("currency")?, rows.texts("payer")?);
        let (carries, dues) = (rows.decimals("carry_forward")?, rows.decimals("amount_due")?);
        let days = rows.days("due_date")?;
        for row in 0..rows.len() {
            let unsound = || PublishError::Altered {
                path: publication.folder.join("statement.parquet"),
                what: format!("row {} is not sound", row + 1),
            };
            let currency = Currency::of(currencies.value(row)).ok_or_else(unsound)?;
            let money = |amount: Option<Decimal>| {
                amount.and_then(|amount| Money::exactly(amount, currency).ok()).ok_or_else(unsound)
            };
            let payer = payers.is_valid(row).then(|| payers.value(row));
            let statement = ClosedStatement {
                carry_forward: money(carries[row])?,
                amount_due: money(dues[row])?,
                payer: Party::BOTH.into_iter().find(|party| Some(party.letter()) == payer),
                due_date: days[row],
                late_fees: Money::zero(currency),
            };
            let carried = before.and_then(|before| before.get(&currency));
            // What was due stands in no opening carry.
            let carried = carried.filter(|carried| {
                carried.carry_forward.signum() != 0 && carried.debtor() == statement.debtor()
            });
            let late_fees = carried.map_or(statement.late_fees, |carried| carried.late_fees);
            let statement = ClosedStatement { late_fees, ..statement };
            statements.insert(currency, statement);
        }
        Ok::<(), PublishError>(())
    })?;
    late_fees(publication, &mut statements)?;
    Ok(statements)
}

/// A closing of ours: the member, what was expected, and when that holds.
pub type Closing = (String, i64, Option<Instant>);

/// The columns of `accounts` that say what accounts were closed with.
pub const CLOSINGS: [&str; 4] = ["party", "member_no", "expected", "closing_as_of"];

/// Adds what a final publication closed each party's accounts with, in the order of its rows.
///
/// # Errors
/// [`PublishError`] when they are not what was published.
pub fn add_closings(
    rows: &Columns<'_>,
    closings: &mut Both<Vec<Closing>>,
) -> Result<(), PublishError> {
    let (parties, members) = (rows.texts("party")?, rows.texts("member_no")?);
    let (balances, instants) = (rows.integers("expected")?, rows.instants("closing_as_of")?);
    for row in 0..rows.len() {
        let party = if parties.value(row) == Party::A.letter() { Party::A } else { Party::B };
        let member = plain(members.value(row)).to_owned();
        let balance = balances[row].unwrap_or_default();
        closings.of_mut(party).push((member, balance, instants[row]));
    }
    Ok(())
}

/// Adds the late fees that the debtor of each statement pays, as far as it owes anything.
fn late_fees(
    publication: &Final,
    statements: &mut BTreeMap<Currency, ClosedStatement>,
) -> Result<(), PublishError> {
    let wanted = ["type", "currency", "payer", "amount"];
    publication.scan("statement_lines", &wanted, |first_row, rows| {
        let (kinds, currencies) = (rows.texts("type")?, rows.texts("currency")?);
        let (payers, amounts) = (rows.texts("payer")?, rows.decimals("amount")?);
        for (row, amount) in amounts.into_iter().enumerate() {
            if kinds.value(row) != LineKind::LateFee.word() {
                continue;
            }
            let mut add = || {
                let currency = Currency::of(currencies.value(row))?;
                let statement = statements.get_mut(&currency)?;
                let amount = Money::exactly(amount?, currency).ok()?;
                if statement.debtor().map(Party::letter) == Some(payers.value(row)) {
                    statement.late_fees = statement.late_fees.checked_add(amount).ok()?;
                }
                Some(())
            };
            add().ok_or_else(|| PublishError::Altered {
                path: publication.folder.join("statement_lines.parquet"),
                what: format!("row {} is not sound", first_row + row as u64),
            })?;
        }
        Ok::<(), PublishError>(())
    })?;
    for statement in statements.values_mut() {
        let owed = statement.owed();
        if statement.late_fees.decimal() > owed.decimal() {
            statement.late_fees = owed;
        }
    }
    Ok(())
}
