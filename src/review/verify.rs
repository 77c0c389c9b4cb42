//! Whether a publication is what was published, and its figures follow from its own tables.

mod books;
mod statement;

use std::fs;

use super::publication::{Cell, Publication, ReviewError, digest};
use crate::value::money::counted;

/// Faults of one check that are told in full.
const SHOWN: usize = 10;

/// A check and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was compared with what.
    pub name: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// How much was compared.
    pub compared: String,
    /// The first faults that were found, and none where all is well.
    pub faults: Vec<String>,
    /// How many there are.
    pub found: u64,
}

impl Check {
    pub(super) fn new(name: &'static str, zh: &'static str) -> Check {
        Check { name, zh, compared: String::new(), faults: Vec::new(), found: 0 }
    }

    pub(super) fn fault(&mut self, fault: impl FnOnce() -> String) {
        self.found += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(fault());
        }
    }

    pub(super) fn expect<T: PartialEq + std::fmt::Display>(
        &mut self,
        what: impl FnOnce() -> String,
        is: T,
        of: T,
    ) {
        if is != of {
            self.fault(|| format!("{}: {is}, recomputed {of}", what()));
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found == 0
    }
}

/// Checks a publication by itself: digests, then sums, each taken anew from the tables. Where a
/// file is not what was published its figures are not looked at.
///
/// # Errors
/// [`ReviewError`] when a file cannot be read, though it is what was published.
pub fn verify(publication: &Publication) -> Result<Vec<Check>, ReviewError> {
    let mut checks = vec![files(publication)?];
    if !checks.iter().all(Check::is_clean) {
        return Ok(checks);
    }
    checks.push(stamps(publication)?);
    checks.push(dictionary(publication)?);
    checks.push(counts(publication)?);
    checks.extend(statement::checks(publication)?);
    checks.extend(books::checks(publication)?);
    Ok(checks)
}

/// Every file has the size and digest that the manifest gives it, and no other file lies there.
pub(super) fn files(publication: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("files against the manifest", "文件摘要");
    let outputs = &publication.manifest.outputs;
    for output in outputs {
        let path = publication.path(&output.file);
        match digest(&path) {
            Ok((_, bytes)) if bytes != output.bytes => {
                let of = output.bytes;
                check.fault(|| format!("{}: {bytes} bytes, published with {of}", output.file));
            }
            Ok((found, _)) if found != output.blake3 => {
                check.fault(|| format!("{}: its digest is another", output.file));
            }
            Ok(_) => {}
            Err(ReviewError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                check.fault(|| format!("{}: it is missing", output.file));
            }
            Err(error) => return Err(error),
        }
    }
    let io = |source| ReviewError::Io { path: publication.folder.clone(), source };
    let mut others = Vec::new();
    for entry in fs::read_dir(&publication.folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
        if name != "manifest.json" && !outputs.iter().any(|output| output.file == name) {
            others.push(name);
        }
    }
    others.sort();
    for name in others {
        check.fault(|| format!("{name}: the manifest does not know it"));
    }
    check.compared = counted(outputs.len() as u64, "file");
    Ok(check)
}

/// The tables of a publication by name.
fn tables(publication: &Publication) -> impl Iterator<Item = &str> {
    publication.manifest.outputs.iter().filter_map(|output| output.file.strip_suffix(".parquet"))
}

/// Every row stands under the manifest's period and as-of date, and there are as many as it says.
fn stamps(publication: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("rows, period and as-of date of every table", "行数与期间");
    let manifest = &publication.manifest;
    let mut total: u64 = 0;
    for output in &manifest.outputs {
        let Some(table) = output.file.strip_suffix(".parquet") else { continue };
        let mut rows = 0;
        publication.scan(table, &["period", "as_of"], |number, row| {
            rows = number;
            let as_of = match row.cell(1) {
                Cell::Day(day) => day.to_string(),
                _ => String::new(),
            };
            if row.text(0) != manifest.period || as_of != manifest.as_of {
                check.fault(|| format!("{table} row {number}: {} as of {as_of}", row.text(0)));
            }
            Ok(())
        })?;
        check.expect(|| format!("rows of {table}"), output.rows, rows);
        total += rows;
    }
    check.compared = format!(
        "{} of {}",
        counted(total, "row"),
        counted(tables(publication).count() as u64, "table")
    );
    Ok(check)
}

/// The dictionary names the columns of every table in their order, and no other.
fn dictionary(publication: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("columns against the dictionary", "数据字典");
    let mut said: Vec<(String, String)> = Vec::new();
    publication.scan("dictionary", &["table", "column"], |_, row| {
        said.push((row.text(0).to_owned(), row.text(1).to_owned()));
        Ok(())
    })?;
    for table in tables(publication) {
        let columns = publication.columns(table)?;
        let meant = said.iter().filter(|(of, _)| of == table).map(|(_, column)| column);
        if !columns.iter().eq(meant) {
            check.fault(|| format!("{table}: its columns are others than the dictionary's"));
        }
    }
    check.compared = counted(said.len() as u64, "column");
    Ok(check)
}

/// The manifest's counts of discrepancies are those of the table.
fn counts(publication: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("counts of discrepancies", "差错计数");
    let manifest = &publication.manifest;
    let mut codes = std::collections::BTreeMap::<String, u64>::new();
    let mut severities = std::collections::BTreeMap::<String, u64>::new();
    publication.scan("discrepancies", &["code", "severity"], |_, row| {
        *codes.entry(row.text(0).to_owned()).or_default() += 1;
        *severities.entry(row.text(1).to_owned()).or_default() += 1;
        Ok(())
    })?;
    for (said, found) in [(&manifest.discrepancies, &codes), (&manifest.severities, &severities)] {
        let keys: std::collections::BTreeSet<&String> = said.keys().chain(found.keys()).collect();
        for key in keys {
            let of = |counts: &std::collections::BTreeMap<String, u64>| {
                counts.get(key).copied().unwrap_or_default()
            };
            check.expect(|| key.clone(), of(said), of(found));
        }
    }
    check.compared = counted(codes.values().sum(), "discrepancy");
    Ok(check)
}
