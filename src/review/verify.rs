//! Whether a publication is what was published, and its figures follow from its own tables.

mod books;
mod brought;
mod charges;
mod counted;
mod decided;
mod due;
mod found;
mod items;
mod kept;
mod keys;
mod late;
mod lines;
mod places;
mod rounded;
mod stakes;
mod statement;
mod totals;

use std::fs;
use std::path::Path;

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
    /// What the tables alone cannot tell, and why.
    pub beyond: Vec<String>,
}

impl Check {
    pub(super) fn new(name: &'static str, zh: &'static str) -> Check {
        Check {
            name,
            zh,
            compared: String::new(),
            faults: Vec::new(),
            found: 0,
            beyond: Vec::new(),
        }
    }

    /// A check that `fill` makes. What cannot be read is a fault of it, and stops no other check.
    fn made(
        name: &'static str,
        zh: &'static str,
        fill: impl FnOnce(&mut Check) -> Result<(), ReviewError>,
    ) -> Check {
        let mut check = Check::new(name, zh);
        if let Err(error) = fill(&mut check) {
            check.fault(|| unread(&error));
        }
        check
    }

    pub(super) fn fault(&mut self, fault: impl FnOnce() -> String) {
        self.found += 1;
        if self.faults.len() < SHOWN {
            self.faults.push(fault());
        }
    }

    /// Says what cannot be told, and why.
    fn beyond(&mut self, what: String) {
        self.beyond.push(what);
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

/// Why something could not be read, with the file's name alone: every check is of one folder.
fn unread(error: &ReviewError) -> String {
    let name = |path: &Path| {
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    match error {
        ReviewError::Io { path, source } => format!("{}: it cannot be read: {source}", name(path)),
        ReviewError::Unsound { path, what } => format!("{}: {what}", name(path)),
        other => other.to_string(),
    }
}

/// Checks a publication by itself: digests, then sums, each taken anew from the tables. A file that
/// cannot be read is told by each check that misses it, and the others go on.
///
/// # Errors
/// [`ReviewError`] when the folder cannot be listed.
pub fn verify(publication: &Publication) -> Result<Vec<Check>, ReviewError> {
    let mut checks = vec![files(publication)?];
    let publication = &publication.in_memory();
    checks.push(Check::made(
        "rows, period and as-of date of every table",
        "行数与期间",
        |check| stamps(publication, check),
    ));
    checks.push(Check::made("columns against the dictionary", "数据字典", |check| {
        dictionary(publication, check)
    }));
    checks.push(Check::made("counts of discrepancies", "差错计数", |check| {
        counts(publication, check)
    }));
    checks.extend(statement::checks(publication));
    checks.extend(books::checks(publication));
    checks.push(Check::made(
        "held and awaited items against discrepancies",
        "挂账与差错",
        |check| items::check(publication, check),
    ));
    checks.push(Check::made("holds that stay against what holds", "持续挂账", |check| {
        kept::check(publication, check)
    }));
    checks.push(Check::made("discrepancies by themselves", "差错自身", |check| {
        found::check(publication, check)
    }));
    checks.push(Check::made(
        "money at stake against what is held and counted",
        "涉及金额",
        |check| stakes::check(publication, check),
    ));
    checks.push(Check::made("counted events by themselves", "计入明细自身", |check| {
        counted::check(publication, check)
    }));
    checks.push(Check::made("decisions against what they moved", "挂账处理", |check| {
        decided::check(publication, check)
    }));
    checks.push(Check::made(
        "rows brought back against those that handed them on",
        "追回行与前期",
        |check| brought::check(publication, check),
    ));
    checks.push(Check::made("files that rows name", "来源文件", |check| {
        places::check(publication, check)
    }));
    checks.push(Check::made("keys against hash totals", "散列总数", |check| {
        keys::check(publication, check)
    }));
    checks.push(Check::made("control totals against the manifest", "控制总数", |check| {
        totals::check(publication, check)
    }));
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
            Err(error) => check.fault(|| unread(&error)),
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
fn stamps(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let manifest = &publication.manifest;
    let mut total: u64 = 0;
    for output in &manifest.outputs {
        let Some(table) = output.file.strip_suffix(".parquet") else { continue };
        let mut rows = 0;
        let read = publication.scan(table, &["period", "as_of"], |number, row| {
            rows = number;
            let as_of = match row.cell(1) {
                Cell::Day(day) => day.to_string(),
                _ => String::new(),
            };
            if row.text(0) != manifest.period || as_of != manifest.as_of {
                check.fault(|| format!("{table} row {number}: {} as of {as_of}", row.text(0)));
            }
            Ok(())
        });
        match read {
            Ok(()) => check.expect(|| format!("rows of {table}"), output.rows, rows),
            Err(error) => check.fault(|| unread(&error)),
        }
        total += rows;
    }
    check.compared = format!(
        "{} of {}",
        counted(total, "row"),
        counted(tables(publication).count() as u64, "table")
    );
    Ok(())
}

/// The dictionary names the columns of every table in their order, each with its place and its
/// type, and no other.
fn dictionary(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut said: Vec<(String, i64, String, String)> = Vec::new();
    let columns = ["table", "column", "position", "type"];
    publication.scan("dictionary", &columns, |_, row| {
        let [table, column, kind] = [0, 1, 3].map(|at| row.text(at).to_owned());
        said.push((table, row.integer(2).unwrap_or_default(), column, kind));
        Ok(())
    })?;
    for table in tables(publication) {
        let meant = said.iter().filter(|(of, ..)| of == table);
        let meant = meant.map(|(_, at, column, kind)| (*at, column.as_str(), kind.as_str()));
        let found =
            publication.columns(table).and_then(|columns| Ok((columns, publication.types(table)?)));
        match found {
            Ok((columns, types)) => {
                let of = columns.iter().map(String::as_str).zip(types.iter().map(String::as_str));
                if !(1..).zip(of).map(|(at, (column, kind))| (at, column, kind)).eq(meant) {
                    check
                        .fault(|| format!("{table}: its columns are others than the dictionary's"));
                }
            }
            Err(error) => check.fault(|| unread(&error)),
        }
    }
    check.compared = counted(said.len() as u64, "column");
    Ok(())
}

/// The manifest's counts of discrepancies are those of the table.
fn counts(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
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
    Ok(())
}
