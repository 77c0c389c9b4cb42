//! Two partners' runs of the same agreement, side by side: whether they agree, and if not, on which
//! file, which rule and which row.

use std::collections::{BTreeMap, BTreeSet};

use super::publication::{Publication, ReviewError};
use super::verify::Check;
use crate::value::money::counted;

/// Compares our publication with the partner's. Where the partner sent only its manifest, tables
/// are compared by their digests alone; otherwise row by row.
///
/// # Errors
/// [`ReviewError`] when a table that is there cannot be read.
pub fn compare(ours: &Publication, theirs: &Publication) -> Result<Vec<Check>, ReviewError> {
    let (our, their) = (&ours.manifest, &theirs.manifest);
    let mut run = Check::new("the same run", "同一批次");
    let mut same = |what: &str, our: &str, their: &str| {
        if our != their {
            run.fault(|| format!("{what}: ours {our}, theirs {their}"));
        }
    };
    same("agreement", &our.agreement, &their.agreement);
    same("period", &our.period, &their.period);
    same("as of", &our.as_of, &their.as_of);
    same("status", &our.status, &their.status);
    same("engine", &our.engine_version, &their.engine_version);
    same("pipeline file", &our.pipeline_digest, &their.pipeline_digest);
    run.compared = format!("{} {} as of {}", our.agreement, our.period, our.as_of);

    let mut inputs = Check::new("the same inputs", "输入文件");
    let of = |publication: &Publication| -> BTreeMap<(String, String), String> {
        let inputs = publication.manifest.inputs.iter();
        inputs.map(|it| ((it.feed.clone(), it.path.clone()), it.blake3.clone())).collect()
    };
    inputs.compared =
        each(&mut inputs, &of(ours), &of(theirs), |(feed, path)| format!("{path} ({feed})"));

    // What a closed period left is an input too.
    let mut past = Check::new("the same closed periods", "前期结清");
    let of = |publication: &Publication| -> BTreeMap<String, String> {
        let past = publication.manifest.past.iter();
        past.map(|taken| (taken.period.clone(), taken.blake3.clone())).collect()
    };
    past.compared = each(&mut past, &of(ours), &of(theirs), |period| {
        format!("{period} (compare its final publications next 请再比较该期)")
    });

    let mut figures = Check::new("the same figures", "清算金额");
    let of = |publication: &Publication| -> BTreeMap<String, String> {
        let statements = publication.manifest.statements.iter();
        let shown = |of: &super::manifest::Figures| {
            format!(
                "A {} B {} carry {} net {}",
                of.a_payable, of.b_payable, of.opening_carry, of.net
            )
        };
        statements.map(|of| (of.currency.clone(), shown(of))).collect()
    };
    figures.compared = each(&mut figures, &of(ours), &of(theirs), |currency| currency.clone());

    let mut rules = Check::new("the same discrepancies by rule", "差错");
    let counts = |counts: &BTreeMap<String, u64>| -> BTreeMap<String, String> {
        counts.iter().map(|(code, count)| (code.clone(), count.to_string())).collect()
    };
    rules.compared =
        each(&mut rules, &counts(&our.discrepancies), &counts(&their.discrepancies), |code| {
            code.clone()
        });

    let mut checks = vec![run, inputs, past, figures, rules];
    checks.push(tables(ours, theirs)?);
    Ok(checks)
}

/// Tells what differs between two lists by key, and how many keys there are.
fn each<K: Ord>(
    check: &mut Check,
    ours: &BTreeMap<K, String>,
    theirs: &BTreeMap<K, String>,
    name: impl Fn(&K) -> String,
) -> String {
    let keys: BTreeSet<&K> = ours.keys().chain(theirs.keys()).collect();
    for key in &keys {
        match (ours.get(key), theirs.get(key)) {
            (Some(our), Some(their)) if our == their => {}
            (Some(our), Some(their)) => {
                check.fault(|| format!("{}: ours {our}, theirs {their}", name(key)));
            }
            (Some(_), None) => check.fault(|| format!("{}: only ours has it", name(key))),
            (None, _) => check.fault(|| format!("{}: only theirs has it", name(key))),
        }
    }
    keys.len().to_string()
}

/// Every table byte for byte, and where two differ the first row in which they do.
fn tables(ours: &Publication, theirs: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("the same tables", "输出文件");
    let of = |publication: &Publication| -> BTreeMap<String, String> {
        let outputs = publication.manifest.outputs.iter();
        outputs.map(|it| (it.file.clone(), it.blake3.clone())).collect()
    };
    let (our, their) = (of(ours), of(theirs));
    for file in our.keys().chain(their.keys()).collect::<BTreeSet<&String>>() {
        if our.get(file) == their.get(file) {
            continue;
        }
        let both = our.contains_key(file) && their.contains_key(file);
        let table = file.strip_suffix(".parquet").filter(|_| both && theirs.path(file).exists());
        let place = match table {
            Some(table) => first_difference(ours, theirs, table)?,
            None if both => "it differs; its rows are not here to be compared".to_owned(),
            None => "only one side has it".to_owned(),
        };
        check.fault(|| format!("{file}: {place}"));
    }
    check.compared = counted(our.len() as u64, "file");
    Ok(check)
}

/// The first row of a table that differs, and in which columns. Values are not told, because they
/// may be of persons; `explain` on either side tells the row.
fn first_difference(
    ours: &Publication,
    theirs: &Publication,
    table: &str,
) -> Result<String, ReviewError> {
    let columns = ours.columns(table)?;
    if columns != theirs.columns(table)? {
        return Ok("its columns are others".to_owned());
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    // A digest of each row keeps both tables comparable without holding them.
    let digests = |publication: &Publication| {
        let mut rows: Vec<u64> = Vec::new();
        publication.scan(table, &names, |_, row| {
            let cells: Vec<_> = (0..names.len()).map(|at| row.cell(at)).collect();
            let hash = blake3::hash(format!("{cells:?}").as_bytes());
            let mut first = [0; 8];
            first.copy_from_slice(&hash.as_bytes()[..8]);
            rows.push(u64::from_le_bytes(first));
            Ok(())
        })?;
        Ok::<Vec<u64>, ReviewError>(rows)
    };
    let (our, their) = (digests(ours)?, digests(theirs)?);
    let Some(at) = our.iter().zip(&their).position(|(one, other)| one != other) else {
        return Ok(match our.len() == their.len() {
            true => "the same rows, written otherwise".to_owned(),
            false => format!("ours has {} rows, theirs {}", our.len(), their.len()),
        });
    };
    let number = at as u64 + 1;
    let cells = |publication: &Publication| {
        let mut cells: Vec<String> = Vec::new();
        publication.scan(table, &names, |row_number, row| {
            if row_number == number {
                cells = (0..names.len()).map(|at| format!("{:?}", row.cell(at))).collect();
            }
            Ok(())
        })?;
        Ok::<Vec<String>, ReviewError>(cells)
    };
    let (our, their) = (cells(ours)?, cells(theirs)?);
    let cells = our.iter().zip(&their).zip(&names);
    let differing: Vec<&str> =
        cells.filter(|((one, other), _)| one != other).map(|(_, name)| *name).collect();
    Ok(format!("row {number} differs first, in {}", differing.join(", ")))
}
