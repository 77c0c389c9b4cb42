//! The control totals that the manifest says, against those of the table.

use rust_decimal::Decimal;

use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::value::money::counted;

/// (owner, subject, stage, rows, points, money, currency).
type Total = (String, String, String, i128, i128, Decimal, String);

/// The manifest has every total of the table that is no single file's, and no other.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut found: Vec<Total> = Vec::new();
    let columns = ["owner", "subject", "stage", "file", "rows", "points", "money", "currency"];
    publication.scan("control_totals", &columns, |_, row| {
        if row.some_text(3).is_none() {
            let [owner, subject, stage] = [0, 1, 2].map(|at| row.text(at).to_owned());
            let [rows, points] = [4, 5].map(|at| row.integer(at).map_or(0, i128::from));
            let money = row.decimal(6).unwrap_or_default().normalize();
            found.push((owner, subject, stage, rows, points, money, row.text(7).to_owned()));
        }
        Ok(())
    })?;
    let said = publication.manifest.control_totals.iter().map(|total| {
        Some((
            total.owner.clone(),
            total.subject.clone(),
            total.stage.clone(),
            i128::from(total.rows),
            total.points.parse().ok()?,
            total.money.parse::<Decimal>().ok()?.normalize(),
            total.currency.clone().unwrap_or_default(),
        ))
    });
    match said.collect::<Option<Vec<Total>>>() {
        None => check.fault(|| "a total of the manifest is no figure".to_owned()),
        Some(mut said) => {
            said.sort_unstable();
            found.sort_unstable();
            for (owner, subject, stage, ..) in found.iter().filter(|one| !said.contains(one)) {
                check.fault(|| format!("{owner} {subject} {stage}: the manifest says otherwise"));
            }
            check.expect(|| "totals of the manifest".to_owned(), said.len(), found.len());
        }
    }
    check.compared = counted(found.len() as u64, "total");
    Ok(())
}
