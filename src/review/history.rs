//! The publications of a period one after another: what each night came to.

use std::cmp::Ordering;
use std::fs;

use rust_decimal::Decimal;

use super::publication::{MANIFEST, Publication, ReviewError};

/// What one publication of a period came to, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// The folder's name: the as-of date and, from the second on, the revision.
    pub name: String,
    /// `provisional`, `final` or `blocked`; `damaged` where its manifest cannot be read.
    pub status: String,
    /// The currency; empty where it has no statement.
    pub currency: String,
    /// Positive: A pays B.
    pub net: Option<Decimal>,
    /// The net less that of the last publication before it with a statement in the currency.
    pub change: Option<Decimal>,
    /// The exact worth of what is held of A's points and of B's.
    pub held: Option<(Decimal, Decimal)>,
    /// How many discrepancies it has.
    pub discrepancies: Option<u64>,
}

/// Every publication of a publication's period, by as-of date and revision, as its manifest says.
/// A folder without a manifest is none.
///
/// # Errors
/// [`ReviewError::Io`] when the period's folder cannot be listed.
pub fn history(publication: &Publication) -> Result<Vec<Night>, ReviewError> {
    let io = |source| ReviewError::Io { path: publication.folder.clone(), source };
    let folder = fs::canonicalize(&publication.folder).map_err(io)?;
    let period = folder.parent().unwrap_or(&folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(period).map_err(io)? {
        let entry = entry.map_err(io)?;
        // Pointers lead to folders that stand here themselves.
        if entry.file_type().map_err(io)?.is_dir() && entry.path().join(MANIFEST).exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_by(|one, other| by_age(one, other));
    let mut nights: Vec<Night> = Vec::new();
    for name in names {
        let Ok(one) = Publication::open(&period.join(&name)) else {
            nights.push(without_statement(name, "damaged".to_owned(), None));
            continue;
        };
        let manifest = &one.manifest;
        let discrepancies = Some(manifest.discrepancies.values().sum());
        if manifest.statements.is_empty() {
            nights.push(without_statement(name, manifest.status.clone(), discrepancies));
            continue;
        }
        for figures in &manifest.statements {
            let amount = |text: &str| text.parse::<Decimal>().ok();
            let net = amount(&figures.net);
            let before = nights.iter().rev().filter(|night| night.currency == figures.currency);
            let before = before.filter_map(|night| night.net).next();
            nights.push(Night {
                name: name.clone(),
                status: manifest.status.clone(),
                currency: figures.currency.clone(),
                net,
                change: net.zip(before).and_then(|(net, before)| net.checked_sub(before)),
                held: amount(&figures.held_a).zip(amount(&figures.held_b)),
                discrepancies,
            });
        }
    }
    Ok(nights)
}

fn without_statement(name: String, status: String, discrepancies: Option<u64>) -> Night {
    let currency = String::new();
    Night { name, status, currency, net: None, change: None, held: None, discrepancies }
}

/// `2026-03-31` before `2026-03-31.r2`, and that before `2026-03-31.r10`.
fn by_age(one: &str, other: &str) -> Ordering {
    let parts = |name: &str| {
        let (day, revision) = name.split_once(".r").unwrap_or((name, "1"));
        (day.to_owned(), revision.parse::<u64>().unwrap_or(u64::MAX), name.to_owned())
    };
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn night(folder: &Path, name: &str, status: &str, nets: &[(&str, &str)]) {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let statements = nets.iter().map(|(currency, net)| {
            serde_json::json!({
                "currency": currency, "a_payable": "0", "b_payable": "0", "opening_carry": "0",
                "net": net, "amount_due": "0", "carry_forward": net, "payer": null,
                "held_a": "1.5", "held_b": "0",
            })
        });
        let manifest = serde_json::json!({
            "engine_version": "0", "digest": "d", "pipeline": "p", "pipeline_digest": "e",
            "agreement": "HT", "period": "2026-03", "as_of": "2026-03-31", "status": status,
            "net": null, "severities": {}, "discrepancies": { "EVT-01": 2, "AMT-01": 1 },
            "statements": statements.collect::<Vec<_>>(), "inputs": [], "outputs": [],
        });
        fs::write(folder.join(MANIFEST), manifest.to_string()).unwrap();
    }

    #[test]
    fn nights_follow_one_another_and_each_currency_goes_on_by_itself() {
        let period = tempfile::tempdir().unwrap();
        let folder = period.path();
        night(folder, "2026-03-30", "provisional", &[("CNY", "10.00"), ("USD", "-1")]);
        night(folder, "2026-03-31.r10", "final", &[("CNY", "12.50")]);
        night(folder, "2026-03-31", "blocked", &[]);
        night(folder, "2026-03-31.r2", "provisional", &[("CNY", "9"), ("USD", "2")]);
        fs::create_dir(folder.join("2026-03-29")).unwrap();
        fs::write(folder.join("2026-03-30.stages.json"), "{}").unwrap();
        std::os::unix::fs::symlink("2026-03-31.r10", folder.join("final")).unwrap();
        night(folder, "2026-04-01", "provisional", &[]);
        fs::write(folder.join("2026-04-01").join(MANIFEST), "{").unwrap();
        let publication = Publication::open(&folder.join("final")).unwrap();
        let nights = history(&publication).unwrap();
        let of = |amount: Option<Decimal>| amount.map_or("-".to_owned(), |it| it.to_string());
        let told = nights.iter().map(|night| {
            let found = night.discrepancies.map_or("-".to_owned(), |count| count.to_string());
            let (net, change) = (of(night.net), of(night.change));
            format!("{} {} {} {net} {change} {found}", night.name, night.status, night.currency)
        });
        assert_eq!(
            told.collect::<Vec<String>>(),
            [
                "2026-03-30 provisional CNY 10.00 - 3",
                "2026-03-30 provisional USD -1 - 3",
                "2026-03-31 blocked  - - 3",
                "2026-03-31.r2 provisional CNY 9 -1.00 3",
                "2026-03-31.r2 provisional USD 2 3 3",
                "2026-03-31.r10 final CNY 12.50 3.50 3",
                "2026-04-01 damaged  - - -",
            ]
        );
        assert_eq!(nights[0].held, Some((Decimal::new(15, 1), Decimal::ZERO)));
    }
}
