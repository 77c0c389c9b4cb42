//! Tables as delimited text for spreadsheets: RFC 4180, UTF-8, every text as safe as it was
//! published.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::publication::{Publication, ReviewError};

/// The mark by which Excel in Chinese locales knows UTF-8 from GBK.
const BOM: &str = "\u{feff}";

/// Writes tables into a new folder, which appears whole or not at all; its files are readable by
/// their owner only. No tables named: all of them.
///
/// # Errors
/// [`ReviewError`] when the folder is there already, a table is unknown, or writing fails.
pub fn export(
    publication: &Publication,
    tables: &[String],
    with_bom: bool,
    to: &Path,
) -> Result<Vec<PathBuf>, ReviewError> {
    let all: Vec<String> = publication
        .manifest
        .outputs
        .iter()
        .filter_map(|output| output.file.strip_suffix(".parquet").map(str::to_owned))
        .collect();
    if let Some(unknown) = tables.iter().find(|table| !all.contains(table)) {
        return Err(ReviewError::NoTable { table: unknown.clone(), known: all.join(", ") });
    }
    let tables = if tables.is_empty() { &all } else { tables };
    if to.exists() {
        return Err(ReviewError::Exists(to.to_owned()));
    }
    let beside = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| ReviewError::Unwritten { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(beside).map_err(failed(beside))?;
    let staging = tempfile::Builder::new()
        .prefix(".hutong-export-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(beside)
        .map_err(failed(beside))?;
    let mut written = Vec::new();
    for table in tables {
        let name = format!("{table}.csv");
        let path = staging.path().join(&name);
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
        let mut out = BufWriter::new(file.map_err(failed(&path))?);
        write_table(publication, table, with_bom, &mut out, &path)?;
        out.flush().map_err(failed(&path))?;
        written.push(to.join(name));
    }
    fs::rename(staging.path(), to).map_err(failed(to))?;
    // What was renamed is not there any more to be removed.
    drop(staging.keep());
    Ok(written)
}

fn write_table(
    publication: &Publication,
    table: &str,
    with_bom: bool,
    out: &mut impl Write,
    path: &Path,
) -> Result<(), ReviewError> {
    let columns = publication.columns(table)?;
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let failed = |source| ReviewError::Unwritten { path: path.to_owned(), source };
    let head = format!("{}{}\r\n", if with_bom { BOM } else { "" }, names.join(","));
    out.write_all(head.as_bytes()).map_err(failed)?;
    let mut line = String::new();
    publication.scan(table, &names, |_, row| {
        line.clear();
        for at in 0..names.len() {
            if at > 0 {
                line.push(',');
            }
            push_field(&mut line, &row.cell(at).to_string());
        }
        line.push_str("\r\n");
        out.write_all(line.as_bytes()).map_err(failed)
    })
}

/// Adds a field, in quotes where it needs them.
fn push_field(line: &mut String, field: &str) {
    if field.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(field);
    }
}
