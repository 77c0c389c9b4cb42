//! A lane: one decoded column of a table, in one of the few forms that conform to canonical values.

use std::fmt::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, StringArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimeUnit};
use arrow::record_batch::RecordBatch;

use super::cells::Cells;
use super::conform::{Rule, Value, trim};
use super::instant::Instants;
use super::refusal::Refusal;
use super::sheet::{Refused, Slot};
use crate::frame::fields::FieldKind;

/// Why a column of that type cannot fill the rule's canonical column; `None` where it can.
pub(super) fn unfit(rule: &Rule, data_type: &DataType) -> Option<String> {
    use DataType as T;
    let kind = rule.field.kind;
    let timed = matches!(kind, FieldKind::Instant | FieldKind::AsOf);
    let counted = is_counted(kind);
    let fits = match data_type {
        T::Dictionary(_, inner) => return unfit(rule, inner),
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Null => true,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 => whole_fits(rule),
        T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => whole_fits(rule),
        T::Decimal32(_, 0) | T::Decimal64(_, 0) | T::Decimal128(_, 0) => whole_fits(rule),
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) => counted,
        T::Date32 | T::Timestamp(..) => timed,
        _ => false,
    };
    if let Some(why) = digits_of(data_type).and_then(|digits| rule.untyped(digits)) {
        return Some(format!("its type {data_type} does not fit its declaration: {why}"));
    }
    if rule.stands.is_some() && matches!(data_type, T::Date32 | T::Timestamp(..)) {
        return Some(format!("its type {data_type} stands between no texts; remove `stands`"));
    }
    let cure = match kind {
        FieldKind::Id | FieldKind::Text | FieldKind::Label | FieldKind::Token => "text or integers",
        FieldKind::Points | FieldKind::Amount | FieldKind::Whole => "integers, decimals or text",
        FieldKind::Instant | FieldKind::AsOf => {
            "timestamps, dates or text, or declare the format of its integers"
        }
        FieldKind::Word { .. } => "text",
    };
    (!fits).then(|| format!("its type {data_type} cannot fill {}; write {cure}", rule.field.name))
}

/// Whether the column holds numbers, which are scaled and never spelt.
fn is_counted(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Points | FieldKind::Amount | FieldKind::Whole)
}

/// Why a column of that type cannot hold the signs of another; `None` where it can.
pub(super) fn unfit_sign(data_type: &DataType) -> Option<String> {
    use DataType as T;
    match data_type {
        T::Dictionary(_, inner) => unfit_sign(inner),
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Null => None,
        other => Some(format!("its type {other} cannot say a sign; write text")),
    }
}

/// The digits behind the point of a type of numbers.
fn digits_of(data_type: &DataType) -> Option<i8> {
    use DataType as T;
    match data_type {
        T::Decimal32(_, digits) | T::Decimal64(_, digits) | T::Decimal128(_, digits) => {
            Some(*digits)
        }
        number if number.is_integer() => Some(0),
        _ => None,
    }
}

/// Whole numbers fill everything that text fills; instants only where a format says how.
fn whole_fits(rule: &Rule) -> bool {
    rule.instants().is_none_or(super::instant::Instants::has_pattern)
}

/// One column of a decoded batch.
#[derive(Debug)]
pub(super) enum Lane {
    /// Nothing but nulls.
    Empty,
    Text(StringArray),
    Whole(Int64Array),
    /// With the digits behind the point.
    Decimal(Decimal128Array, i8),
    Day(Date32Array),
    /// In that unit; `exact` where they are UTC and not local.
    Stamp {
        ticks: Int64Array,
        unit: TimeUnit,
        exact: bool,
    },
}

impl Lane {
    /// The lane of a column; the error is a reason why the decoder cannot be believed.
    pub(super) fn new(batch: &RecordBatch, column: usize) -> Result<Lane, String> {
        use DataType as T;
        let Some(array) = batch.columns().get(column) else {
            return Err("a column is missing from a row group".to_owned());
        };
        let mut array = ArrayRef::clone(array);
        if let T::Dictionary(_, inner) = array.data_type() {
            array = exactly(&array, &inner.as_ref().clone())?;
        }
        let data_type = array.data_type().clone();
        Ok(match data_type {
            T::Null => Lane::Empty,
            T::Utf8 | T::LargeUtf8 | T::Utf8View => {
                Lane::Text(exactly(&array, &T::Utf8)?.as_string::<i32>().clone())
            }
            T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 => {
                Lane::Whole(exactly(&array, &T::Int64)?.as_primitive::<Int64Type>().clone())
            }
            // Twenty digits hold every unsigned number of 64 bits.
            T::UInt64 => decimal(&array, 20, 0)?,
            T::Decimal32(_, scale) | T::Decimal64(_, scale) | T::Decimal128(_, scale) => {
                decimal(&array, 38, scale)?
            }
            T::Date32 => Lane::Day(array.as_primitive::<Date32Type>().clone()),
            T::Timestamp(unit, zone) => Lane::Stamp {
                ticks: exactly(&array, &T::Int64)?.as_primitive::<Int64Type>().clone(),
                unit,
                exact: zone.is_some(),
            },
            other => return Err(format!("a column turned into {other}")),
        })
    }

    /// The text of a row, where there is one.
    fn word(&self, row: usize) -> Option<&str> {
        match self {
            Lane::Text(array) if array.is_valid(row) => Some(array.value(row)),
            _ => None,
        }
    }

    /// Appends the values of so many rows from one on, up to the first that is refused, and says
    /// how many there are.
    pub(super) fn column(
        &self,
        from: usize,
        rows: usize,
        sign: Option<&Lane>,
        rule: &Rule,
        cells: &mut Cells,
    ) -> usize {
        // A column that holds a number has no default, so that a blank is none or refused.
        let blank = || rule.blank().map(|_| None);
        match self {
            Lane::Text(array) => {
                let text = |row| array.is_valid(from + row).then(|| array.value(from + row));
                let word = sign.map(|lane| move |row| lane.word(from + row));
                return rule.fill(cells, rows, text, word);
            }
            Lane::Whole(array) if sign.is_none() && is_counted(rule.field.kind) => {
                return cells.extend_wholes(rows, |row| match array.is_valid(from + row) {
                    true => rule.count(array.value(from + row).into(), 0, None).map(Some),
                    false => blank(),
                });
            }
            Lane::Stamp { ticks, unit, exact } => {
                let Some(instants) = rule.instants() else { return 0 };
                return cells.extend_wholes(rows, |row| match ticks.is_valid(from + row) {
                    true => instant(instants, ticks.value(from + row), (*unit, *exact)).map(Some),
                    false => blank(),
                });
            }
            _ => {}
        }
        let mut scratch = String::new();
        let stands = |row: &usize| {
            let mut slot = Slot::of(cells);
            let filled = self.fill(from + *row, sign, rule, &mut slot, &mut scratch);
            filled.is_ok() && !slot.is_full()
        };
        (0..rows).take_while(stands).count()
    }

    /// Gives the cell of a row to the slot, with the sign that stands in the other lane. The
    /// scratch text is reused from cell to cell.
    pub(super) fn fill(
        &self,
        row: usize,
        sign: Option<&Lane>,
        rule: &Rule,
        slot: &mut Slot<'_>,
        scratch: &mut String,
    ) -> Result<(), Refused> {
        let array: &dyn Array = match self {
            Lane::Empty => return slot.take(rule.blank(), ""),
            Lane::Text(array) => array,
            Lane::Whole(array) => array,
            Lane::Decimal(array, _) => array,
            Lane::Day(array) => array,
            Lane::Stamp { ticks, .. } => ticks,
        };
        if array.is_null(row) {
            return slot.take(rule.blank(), "");
        }
        let counted = is_counted(rule.field.kind);
        let word = sign.and_then(|lane| lane.word(row));
        scratch.clear();
        match self {
            Lane::Empty => slot.take(rule.blank(), ""),
            Lane::Text(array) => slot.take_text(rule, array.value(row), word),
            Lane::Whole(array) if counted => {
                let value = array.value(row).into();
                quantity(slot, rule, scratch, (value, 0), word)
            }
            Lane::Decimal(array, scale) if counted => {
                let value = array.value(row);
                quantity(slot, rule, scratch, (value, *scale), word)
            }
            Lane::Whole(array) => as_text(slot, rule, scratch, array.value(row)),
            // Only decimals of scale 0 fill anything but points and money.
            Lane::Decimal(array, _) => as_text(slot, rule, scratch, array.value(row)),
            Lane::Day(array) => {
                let days = array.value(row);
                let made = match rule.instants() {
                    Some(instants) => instants.day(days.into()),
                    None => Err(Refusal::NotInstant),
                };
                show_refused(slot, made.map(Value::Whole), scratch, days)
            }
            Lane::Stamp { ticks, unit, exact } => {
                let ticks = ticks.value(row);
                let made = match rule.instants() {
                    Some(instants) => instant(instants, ticks, (*unit, *exact)),
                    None => Err(Refusal::NotInstant),
                };
                show_refused(slot, made.map(Value::Whole), scratch, ticks)
            }
        }
    }
}

/// Points or money of a typed number and its digits behind the point.
fn quantity(
    slot: &mut Slot<'_>,
    rule: &Rule,
    scratch: &mut String,
    (value, digits): (i128, i8),
    word: Option<&str>,
) -> Result<(), Refused> {
    match rule.sign("0", word) {
        Ok(sign) => show_refused(slot, rule.quantity(value, digits, sign), scratch, value),
        Err(refusal) => slot.take(Err(refusal), trim(word.unwrap_or_default())),
    }
}

/// A cast that fails where a value does not survive it.
fn exactly(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(|error| error.to_string())
}

fn decimal(array: &ArrayRef, precision: u8, scale: i8) -> Result<Lane, String> {
    let array = exactly(array, &DataType::Decimal128(precision, scale))?;
    Ok(Lane::Decimal(array.as_primitive::<Decimal128Type>().clone(), scale))
}

/// The instant of a stamp in its unit; `exact` where it is UTC and not local.
fn instant(
    instants: &Instants,
    ticks: i64,
    (unit, exact): (TimeUnit, bool),
) -> Result<i64, Refusal> {
    let micros = micros(ticks, unit)?;
    if exact { instants.exact(micros) } else { instants.local(micros) }
}

fn micros(ticks: i64, unit: TimeUnit) -> Result<i64, Refusal> {
    match unit {
        TimeUnit::Second => ticks.checked_mul(1_000_000).ok_or(Refusal::OutOfRange),
        TimeUnit::Millisecond => ticks.checked_mul(1_000).ok_or(Refusal::OutOfRange),
        TimeUnit::Microsecond => Ok(ticks),
        TimeUnit::Nanosecond if ticks % 1_000 != 0 => Err(Refusal::TooFine),
        TimeUnit::Nanosecond => Ok(ticks / 1_000),
    }
}

/// A whole number as decimal text, read like any text.
fn as_text(
    slot: &mut Slot<'_>,
    rule: &Rule,
    scratch: &mut String,
    value: impl std::fmt::Display,
) -> Result<(), Refused> {
    // Writing to a String cannot fail.
    let _ = write!(scratch, "{value}");
    slot.take(rule.text(scratch, None), scratch)
}

/// The text of a number is made only where it is refused.
fn show_refused(
    slot: &mut Slot<'_>,
    made: Result<Value<'_>, Refusal>,
    scratch: &mut String,
    value: impl std::fmt::Display,
) -> Result<(), Refused> {
    if made.is_err() {
        let _ = write!(scratch, "{value}");
    }
    slot.take(made, scratch)
}
