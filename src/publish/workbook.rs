//! A workbook for people: sheets of bilingual headings and cells, the same bytes for the same
//! cells. A workbook stores every number as a float, so that each amount has its exact digits as
//! text in the column beside it.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::folder::PublishError;
use super::table::neutralised;

/// Rows of a sheet; what is beyond them stands in the Parquet tables alone.
const ROWS_MAX: usize = 100_000;

/// Characters of a cell; Excel holds twice as many.
const TEXT_MAX: usize = 8_000;

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;

/// A sheet of a workbook.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name, at most 31 characters.
    pub name: &'static str,
    /// Its columns.
    pub columns: Vec<Heading>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Entry>>,
}

/// A column of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
    /// Its width in characters.
    pub width: u8,
    /// Whether its cells are amounts: a second column beside it then has them as text.
    pub is_amount: bool,
}

impl Heading {
    /// A column of anything but amounts.
    #[must_use]
    pub fn new(en: &'static str, zh: &'static str, width: u8) -> Heading {
        Heading { en, zh, width, is_amount: false }
    }

    /// A column of amounts, with their text beside it.
    #[must_use]
    pub fn amount(en: &'static str, zh: &'static str) -> Heading {
        Heading { en, zh, width: 16, is_amount: true }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A whole number.
    Count(i128),
    /// An amount, with at least so many places.
    Amount(Decimal, u32),
    /// A day.
    Day(Date),
}

impl Entry {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Entry {
        Entry::Text(text.into())
    }

    /// A text where there is one.
    #[must_use]
    pub fn maybe(text: Option<&str>) -> Entry {
        text.map_or(Entry::Empty, Entry::text)
    }
}

/// Writes a workbook, made on the as-of date as far as it tells, and says how many rows it has
/// below its headings.
///
/// # Errors
/// [`PublishError`] when it cannot be made or written.
pub fn write_workbook(
    title: &str,
    as_of: Date,
    sheets: &[Sheet],
    mut file: File,
) -> Result<u64, PublishError> {
    let bytes =
        bytes(title, as_of, sheets).map_err(|error| PublishError::Workbook(error.into()))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(sheets.iter().map(|sheet| sheet.rows.len() as u64).sum())
}

fn bytes(title: &str, as_of: Date, sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The library would tell the clock's time otherwise.
    let made = excel_day(as_of).unwrap_or_default();
    let properties = DocProperties::new().set_title(title).set_creation_datetime(&made);
    workbook.set_properties(&properties);
    for sheet in sheets {
        fill(workbook.add_worksheet(), sheet)?;
    }
    workbook.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, content: &Sheet) -> Result<(), XlsxError> {
    sheet.set_name(content.name)?;
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    let mut at: u16 = 0;
    for heading in &content.columns {
        let shown = format!("{}\n{}", heading.en, heading.zh);
        sheet.write_string_with_format(0, at, shown, &head)?;
        sheet.set_column_width(at, heading.width)?;
        at += 1;
        if heading.is_amount {
            let shown = format!("{}, exact\n{}（文本）", heading.en, heading.zh);
            sheet.write_string_with_format(0, at, shown, &head)?;
            sheet.set_column_width(at, heading.width)?;
            at += 1;
        }
    }
    for (number, row) in (1..).zip(content.rows.iter().take(ROWS_MAX)) {
        let mut at = 0;
        for (heading, entry) in content.columns.iter().zip(row) {
            write(sheet, (number, at), entry)?;
            at += 1 + u16::from(heading.is_amount);
        }
    }
    if content.rows.len() > ROWS_MAX {
        let rest = content.rows.len() - ROWS_MAX;
        let says =
            format!("{rest} more rows: see the Parquet tables. 另有 {rest} 行见 Parquet 表。");
        sheet.write_string(ROWS_MAX as u32 + 1, 0, says)?;
    }
    Ok(())
}

fn write(sheet: &mut Worksheet, (row, at): (u32, u16), entry: &Entry) -> Result<(), XlsxError> {
    match entry {
        Entry::Empty => {}
        Entry::Text(text) => {
            sheet.write_string(row, at, safe(text))?;
        }
        Entry::Count(count) => {
            let digits = count.to_string();
            if digits.trim_start_matches('-').len() > DIGITS_KEPT {
                sheet.write_string(row, at, digits)?;
            } else {
                write_number(sheet, (row, at), &digits, "#,##0")?;
            }
        }
        Entry::Amount(amount, places) => {
            let digits = shown(*amount, *places);
            let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
            let format = match behind {
                0 => "#,##0".to_owned(),
                behind => format!("#,##0.{}", "0".repeat(behind)),
            };
            write_number(sheet, (row, at), &digits, &format)?;
            let right = Format::new().set_align(FormatAlign::Right);
            sheet.write_string_with_format(row, at + 1, digits, &right)?;
        }
        Entry::Day(day) => match excel_day(*day) {
            Some(date) => {
                let format = Format::new().set_num_format("yyyy-mm-dd");
                sheet.write_datetime_with_format(row, at, &date, &format)?;
            }
            // Excel's calendar begins in 1900.
            None => {
                sheet.write_string(row, at, day.to_string())?;
            }
        },
    }
    Ok(())
}

/// Writes digits as the number that is nearest to them. This is the one place where an amount
/// becomes a float, because a workbook has nothing else; nothing is computed with it.
fn write_number(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    digits: &str,
    format: &str,
) -> Result<(), XlsxError> {
    if let Ok(number) = digits.parse::<f64>() {
        let format = Format::new().set_num_format(format);
        sheet.write_number_with_format(row, at, number, &format)?;
    }
    Ok(())
}

/// An amount's digits without zeros behind the last one, but with at least so many places.
fn shown(amount: Decimal, places: u32) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < places {
        amount.rescale(places);
    }
    amount.to_string()
}

/// A text that no spreadsheet takes for a formula, short enough for a cell.
fn safe(text: &str) -> String {
    let mut text = neutralised(Cow::Borrowed(text)).into_owned();
    if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn excel_day(day: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok()?;
    let (month, day) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of a workbook of that name.
    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        std::io::read_to_string(archive.by_name(name).unwrap()).unwrap()
    }

    fn written(rows: Vec<Vec<Entry>>) -> Vec<u8> {
        let sheet = Sheet {
            name: "Lines 明细",
            columns: vec![Heading::new("what", "内容", 20), Heading::amount("amount", "金额")],
            rows,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.xlsx");
        let file = File::create(&path).unwrap();
        let day = "2026-03-31".parse().unwrap();
        write_workbook("title", day, &[sheet], file).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn amounts_stand_as_number_and_as_text_and_no_text_is_a_formula() {
        let amount = |text: &str, places| Entry::Amount(text.parse().unwrap(), places);
        // (cell, number in the sheet, text beside it)
        let amounts = [
            (amount("46.97", 2), "46.97", "46.97"),
            (amount("-0.1", 2), "-0.1", "-0.10"),
            (amount("1.000000", 2), "1", "1.00"),
            (amount("6.4000005", 2), "6.4000005", "6.4000005"),
            (amount("1500", 0), "1500", "1500"),
            (amount("123456789012345678.91", 2), "123456789012345680", "123456789012345678.91"),
        ];
        let mut rows: Vec<Vec<Entry>> = amounts
            .iter()
            .map(|(cell, _, _)| vec![Entry::text("=HYPERLINK(\"x\")"), cell.clone()])
            .collect();
        rows.push(vec![Entry::Count(-1234), Entry::Empty]);
        rows.push(vec![Entry::Count(1_234_567_890_123_456), Entry::Empty]);
        rows.push(vec![Entry::Day("2026-03-31".parse().unwrap()), Entry::Empty]);
        rows.push(vec![Entry::text("长".repeat(40_000)), Entry::Empty]);
        let bytes = written(rows.clone());
        let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
        let texts = part(&bytes, "xl/sharedStrings.xml");
        for (_, number, text) in amounts {
            assert!(sheet.contains(&format!("<v>{number}</v>")), "{number}: {sheet}");
            assert!(texts.contains(&format!(">{text}</t>")), "{text}: {texts}");
        }
        for number in ["-1234", "46112"] {
            assert!(sheet.contains(&format!("<v>{number}</v>")), "{number}: {sheet}");
        }
        assert!(texts.contains("<t>1234567890123456</t>"), "{texts}");
        assert!(texts.contains("<t>'=HYPERLINK("), "{texts}");
        assert!(!sheet.contains("<f>"), "{sheet}");
        assert!(texts.contains("amount, exact\n金额（文本）"), "{texts}");
        assert!(sheet.contains("state=\"frozen\""), "{sheet}");
        assert_eq!(texts.matches('长').count(), TEXT_MAX);
        let properties = part(&bytes, "docProps/core.xml");
        assert_eq!(properties.matches("2026-03-31T00:00:00Z").count(), 2, "{properties}");
        assert!(bytes == written(rows));
    }
}
