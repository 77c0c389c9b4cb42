//! A publication beside another: the bridge from net to net, the run performed again, and the
//! partner's run.

use std::fs;
use std::path::Path;

use hutong::review::{Publication, ReviewError, bridge, compare, inputs, same_bytes};
use hutong::run::{self, Again, Unwatched};

use super::{alter, example};
use crate::tables::close;

#[test]
fn the_bridge_leads_from_net_to_net() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("sample-data/three-months/pipeline.yaml");
    let [march, april] =
        [("2026-03", "2026-04-04"), ("2026-04", "2026-05-04")].map(|(period, as_of)| {
            let outcome = close(pipeline, (as_of, Some(period)), out.path()).unwrap();
            Publication::open(outcome.published.folder()).unwrap()
        });
    let (changes, bridges) = bridge(&march, &april).unwrap();
    let shown: Vec<String> = bridges[0]
        .steps
        .iter()
        .map(|step| format!("{} {} {}", step.kind, step.subject, step.change.normalize()))
        .collect();
    let expected = [
        "carry 2026-04 8",
        "gross a A1 B1 -8",
        "gross a A2 B2 4.8",
        "gross a A3 B3 6.4",
        "gross a A4 B4 2.4",
        "gross a A5 B5 -4",
        "gross a A6 B6 7.2",
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (bridges[0].from.to_string(), bridges[0].to.to_string()),
        ("8.00".into(), "24.80".into())
    );
    let told: Vec<String> =
        changes.iter().map(|change| format!("{} {}", change.what, change.code)).collect();
    let expected = [
        "appeared LED-06",
        "appeared REV-04",
        "changed AMT-01",
        "changed EVT-01",
        "changed LED-01",
        "gone EVT-01",
    ];
    assert_eq!(told, expected);
    assert_eq!(bridge(&april, &april).unwrap().0, []);
    assert_eq!(bridge(&april, &april).unwrap().1[0].steps, []);
}

#[test]
fn a_run_performed_again_is_the_same_and_with_other_terms_is_not() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("sample-data/three-months/pipeline.yaml");
    let months = [("2026-03", "2026-04-04"), ("2026-04", "2026-05-04")];
    let [_, april] = months.map(|(period, as_of)| {
        let outcome = close(pipeline, (as_of, Some(period)), out.path()).unwrap();
        Publication::open(outcome.published.folder()).unwrap()
    });
    let root = pipeline.parent().unwrap();
    assert!(inputs(&april, pipeline, root).unwrap().is_clean());
    let before = crate::published::files_under(out.path());
    let again = |settings: &[&str]| {
        let wanted = Again {
            pipeline: pipeline.to_owned(),
            name: april.manifest.pipeline.clone(),
            period: "2026-04".into(),
            as_of: "2026-05-04".parse().unwrap(),
            is_final: true,
            published: april.pipeline_folder().unwrap(),
            past: april.manifest.past.iter().map(|taken| taken.place.clone()).collect(),
            settings: settings.iter().map(|setting| setting.parse().unwrap()).collect(),
            // So little that the run is performed again in portions.
            memory_bytes: Some(1 << 12),
        };
        let (rehearsal, outcome) = run::again(&wanted, &Unwatched).unwrap();
        (rehearsal, Publication::open(outcome.published.folder()).unwrap())
    };
    let (_rehearsal, other) = again(&[]);
    assert!(same_bytes(&april, &other).unwrap().is_clean());
    let manifest = april.path("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("SKY pays HBR", "HBR pays SKY")).unwrap();
    assert!(!same_bytes(&april, &other).unwrap().is_clean());
    fs::write(&manifest, text).unwrap();
    let (rehearsal, other) = again(&["terms.minimum_settlement=1000.00"]);
    assert!(!same_bytes(&april, &other).unwrap().is_clean());
    // The same is owed; it is only not yet due.
    let figures = |publication: &Publication| {
        let of = &publication.manifest.statements[0];
        (of.net.clone(), of.amount_due.clone())
    };
    assert_eq!(figures(&april), ("24.80".into(), "24.80".into()));
    assert_eq!(figures(&other), ("24.80".into(), "0.00".into()));
    let gone = rehearsal.out();
    drop(rehearsal);
    assert!(!gone.exists());
    assert_eq!(crate::published::files_under(out.path()), before);
}

#[test]
fn the_partner_s_run_is_compared_on_file_rule_and_row() {
    let ((_a, ours), (_b, theirs)) = (example(), example());
    let open = |folder: &Path| Publication::open(folder).unwrap();
    let faults = |theirs: &Path| -> Vec<String> {
        let theirs = Publication::of_partner(theirs).unwrap();
        let checks = compare(&open(&ours), &theirs).unwrap();
        checks.into_iter().flat_map(|check| check.faults).collect()
    };
    assert_eq!(faults(&theirs), [""; 0]);
    alter(&theirs, "held", "points", 1);
    assert_eq!(faults(&theirs), ["held.parquet: row 2 differs first, in points"]);
    // The manifest alone names the table.
    let alone = tempfile::tempdir().unwrap();
    fs::copy(theirs.join("manifest.json"), alone.path().join("manifest.json")).unwrap();
    let expected = ["held.parquet: it differs; its rows are not here to be compared"];
    assert_eq!(faults(alone.path()), expected);
    // It may have been sent under any name.
    let sent = alone.path().join("HBR 2026-03.json");
    fs::rename(alone.path().join("manifest.json"), &sent).unwrap();
    assert_eq!(faults(&sent), expected);
    fs::write(&sent, "{").unwrap();
    assert!(matches!(Publication::of_partner(&sent), Err(ReviewError::Damaged { .. })));
    assert!(matches!(
        Publication::of_partner(&alone.path().join("none.json")),
        Err(ReviewError::NoPublication(_))
    ));
}
