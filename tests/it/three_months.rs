//! Three months one after another: what each takes from those before it, and that what is closed
//! stays as it was closed.

use std::fs;
use std::path::{Path, PathBuf};

use hutong::publish::Published;
use hutong::review::{Publication, explain};
use hutong::run::{Error, Outcome, exit};

use crate::tables::{Row, bytes_under, close, run, table};

const PIPELINE: &str = "sample-data/three-months/pipeline.yaml";

/// The sample, in a folder where its files may be changed.
struct Months {
    folder: tempfile::TempDir,
}

impl Months {
    fn new() -> Months {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(Path::new(PIPELINE).parent().unwrap()).unwrap() {
            let path = entry.unwrap().path();
            // Whoever has tried the README's commands has published there.
            if path.ends_with("out") {
                continue;
            }
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        Months { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn close(&self, period: &str, as_of: &str) -> Result<Outcome, Error> {
        close(&self.path("pipeline.yaml"), (as_of, Some(period)), &self.out())
    }

    fn run(&self, period: &str, as_of: &str) -> Result<Outcome, Error> {
        run(&self.path("pipeline.yaml"), (as_of, Some(period)), &self.out())
    }

    /// Closes all three, and gives the folder of each.
    fn closed(&self) -> [PathBuf; 3] {
        [("2026-03", "2026-04-04"), ("2026-04", "2026-05-04"), ("2026-05", "2026-06-04")].map(
            |(period, as_of)| {
                let outcome = self.close(period, as_of).unwrap();
                assert!(outcome.manifest.is_final(), "{period}: {:?}", outcome.manifest.status);
                outcome.published.folder().to_owned()
            },
        )
    }
}

fn cells(rows: &[Row], columns: &[&str]) -> Vec<String> {
    let cells = rows.iter().map(|row| columns.iter().map(|column| row[*column].as_str()));
    cells.map(|cells| cells.collect::<Vec<&str>>().join(" ")).collect()
}

fn lines(folder: &Path) -> Vec<String> {
    cells(
        &table(folder, "statement_lines"),
        &["type", "origin_period", "events", "points", "amount", "payer"],
    )
}

fn statement(folder: &Path) -> String {
    let columns = ["status", "opening_from", "opening_carry", "net", "amount_due", "carry_forward"];
    cells(&table(folder, "statement"), &columns).remove(0)
}

fn found(folder: &Path, code: &str) -> Vec<Row> {
    let mut rows = table(folder, "discrepancies");
    rows.retain(|row| row["code"] == code);
    rows
}

#[test]
fn each_month_goes_on_from_the_one_before() {
    let months = Months::new();
    let [march, april, may] = months.closed();

    assert_eq!(statement(&march), "final declared 0.00 8.00 0.00 8.00");
    assert_eq!(lines(&march), ["gross 2026-03 1 1000 8.00 a"]);
    let held = cells(&table(&march, "held"), &["issuer_event_id", "code", "points"]);
    assert_eq!(held, ["A2 EVT-01 600", "A3 AMT-01 800", "A8 EVT-01 100"]);

    // What came late, what was held and is matched, what a decision released, less what was
    // reversed: one line of March. The carry that stayed below the minimum rolls on.
    assert_eq!(statement(&april), "final 2026-03 8.00 24.80 24.80 0.00");
    assert_eq!(
        lines(&april),
        ["gross 2026-04 1 900 7.20 a", "gross 2026-03 4 1200 9.60 a", "carry 2026-04 0 0 8.00 a"]
    );
    let cleared = cells(
        &table(&april, "cleared_events"),
        &["issuer_event_id", "origin_period", "points", "agreed_mirror", "line_no"],
    );
    assert_eq!(
        cleared,
        [
            "A2 2026-03 600 200 2",
            "A3 2026-03 800 266 2",
            "A4 2026-03 300 100 2",
            "A5 2026-03 -500 -167 2",
            "A6 2026-04 900 300 1"
        ]
    );
    let decided = cells(&table(&april, "decisions"), &["decision_id", "outcome"]);
    assert_eq!(decided, ["D1 applied", "D2 unauthorised"]);
    assert_eq!(found(&april, "LED-06").len(), 1);

    // The other half of the 333 points, and what the other reversal left: 167 + 166.
    assert_eq!(statement(&may), "final 2026-04 0.00 -4.00 0.00 -4.00");
    assert_eq!(lines(&may), ["gross 2026-03 1 -500 -4.00 a"]);
    let cleared = cells(&table(&may, "cleared_events"), &["points", "agreed_mirror"]);
    assert_eq!(cleared, ["-500 -166"]);

    // What nobody settles stays held, and keeps the day on which it was first seen.
    for folder in [&march, &april, &may] {
        let rows = found(folder, "EVT-01");
        let seen = rows.iter().find(|row| row["a_event_id"] == "A8").unwrap();
        assert_eq!(seen["first_seen"], "2026-03-14");
        let open = table(folder, "open_rows");
        let open = open.iter().find(|row| row["event_id"] == "A8").unwrap();
        assert_eq!((&*open["file"], &*open["line"]), ("a-2026-03-ledger.csv", "5"));
        // A permanent break is not based away.
        let broken = found(folder, "LED-01");
        let broken = cells(&broken, &["a_member", "difference_points", "first_seen"]);
        assert_eq!(broken, ["1001 -50 2026-04-04"], "{}", folder.display());
    }
    let places = cells(&table(&may, "held"), &["issuer_row", "age_days"]);
    assert_eq!(places, ["2026-04/final/open_rows.parquet:1 84"]);

    // Both final publications are inputs of the third month.
    let manifest = fs::read_to_string(may.join("manifest.json")).unwrap();
    for place in ["2026-03/final", "2026-04/final"] {
        assert!(manifest.contains(place));
    }
    let stages = table(&april, "control_totals");
    let recalled = stages.iter().find(|row| row["stage"] == "recalled" && row["owner"] == "a");
    assert_eq!(recalled.unwrap()["rows"], "3");
}

#[test]
fn what_is_closed_stays_as_it_is() {
    let months = Months::new();
    months.closed();
    let before = bytes_under(&months.out());
    let pointer = fs::read_link(months.out().join("three-months/2026-03/final")).unwrap();
    assert_eq!(pointer, Path::new("2026-04-04"));

    let again = months.close("2026-03", "2026-04-04").unwrap();
    assert!(matches!(again.published, Published::Already(_)));
    let refused = |outcome: Result<Outcome, Error>| match outcome {
        Err(error @ Error::Final { .. }) => assert_eq!(error.exit_code(), exit::USAGE),
        other => panic!("{other:?}"),
    };
    refused(months.close("2026-03", "2026-04-05"));
    refused(months.run("2026-03", "2026-04-04"));
    let ledger = months.path("a-2026-03-ledger.csv");
    let changed = fs::read_to_string(&ledger).unwrap().replace("-1000", "-2000");
    fs::write(ledger, changed).unwrap();
    refused(months.close("2026-03", "2026-04-04"));
    // A changed file of a closed month is no input of a later one.
    let april = months.close("2026-04", "2026-05-04").unwrap();
    assert!(matches!(april.published, Published::Already(_)));
    assert!(bytes_under(&months.out()) == before);
}

#[test]
fn what_was_published_is_read_only_as_it_was() {
    let months = Months::new();
    months.close("2026-03", "2026-04-04").unwrap();
    let file = months.out().join("three-months/2026-03/final/open_rows.parquet");
    let mut bytes = fs::read(&file).unwrap();
    bytes.push(0);
    fs::write(&file, bytes).unwrap();
    let error = months.run("2026-04", "2026-04-30").unwrap_err();
    assert_eq!(error.exit_code(), exit::IO);
    assert!(error.to_string().contains("open_rows.parquet is not what was published"), "{error}");
}

/// A run that dies between the publication and its pointer has closed the period all the same.
#[test]
fn a_final_publication_without_its_pointer_is_found() {
    let months = Months::new();
    months.close("2026-03", "2026-04-04").unwrap();
    let pointer = months.out().join("three-months/2026-03/final");
    fs::remove_file(&pointer).unwrap();
    assert!(matches!(months.run("2026-03", "2026-04-04"), Err(Error::Final { .. })));
    assert_eq!(fs::read_link(&pointer).unwrap(), Path::new("2026-04-04"));
}

#[test]
fn a_month_is_awaited_until_it_should_have_been_closed() {
    let months = Months::new();
    months.close("2026-03", "2026-04-04").unwrap();
    // April may be closed from May 4.
    let awaited = months.run("2026-05", "2026-05-03").unwrap();
    let folder = awaited.published.folder();
    assert!(!awaited.is_blocked());
    assert!(statement(folder).starts_with("provisional awaiting 2026-04 0.00"));
    assert!(table(folder, "accounts").is_empty() && table(folder, "held").is_empty());
    let late = months.run("2026-05", "2026-05-04").unwrap();
    assert!(late.is_blocked());
    assert_eq!(found(late.published.folder(), "SNP-03").len(), 1);
    let refused = months.close("2026-05", "2026-06-04").unwrap_err();
    assert!(matches!(refused, Error::Unclosed { .. }), "{refused:?}");
    assert_eq!(refused.exit_code(), exit::USAGE);
}

impl Months {
    /// Adds lines to a file.
    fn append(&self, name: &str, lines: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        fs::write(self.path(name), text + lines).unwrap();
    }

    /// Lets decisions name points, and adds some.
    fn decide(&self, decisions: &str) {
        let pipeline = fs::read_to_string(self.path("pipeline.yaml")).unwrap();
        let with_points = pipeline.replace(
            "        action: action\n",
            "        action: action\n        points: points\n",
        );
        assert_ne!(with_points, pipeline);
        fs::write(self.path("pipeline.yaml"), with_points).unwrap();
        let text = fs::read_to_string(self.path("decisions.csv")).unwrap();
        let mut lines = text.lines();
        let header = lines.next().unwrap();
        assert_eq!(header, "decision_id,discrepancy_id,action,reason,author,approver,decided_at");
        let mut written = format!("{header},points\n");
        lines.for_each(|line| written.push_str(&format!("{line},\n")));
        fs::write(self.path("decisions.csv"), written + decisions).unwrap();
    }
}

/// A spend of April and a booking that was posted in April stand in March's file alone.
#[test]
fn what_march_had_of_april_is_taken_up_by_april() {
    let months = Months::new();
    months.append("a-2026-03-ledger.csv", "A90,1001,xburn,-90,2026-04-02 10:00:00,,,\n");
    months.append("b-2026-03-ledger.csv", "B90,2001,xaccept,30,2026-04-02 10:01:00,,A90,\n");
    months.append(
        "a-2026-03-ledger.csv",
        "A91,1001,earn,70,2026-03-31 23:50:00,2026-04-01 00:10:00,,\n",
    );
    let closing = "member_no,balance,as_of\n1001,1730,2026-04-30\n";
    fs::write(months.path("a-2026-04-accounts.csv"), closing).unwrap();
    let closing = "member_no,balance,as_of\n1001,2230,2026-05-31\n";
    fs::write(months.path("a-2026-05-accounts.csv"), closing).unwrap();
    let [march, april, may] = months.closed();

    let open = table(&march, "open_rows");
    let later: Vec<Row> = open.into_iter().filter(|row| row["code"].is_empty()).collect();
    let columns = ["party", "event_id", "points", "origin_period", "first_seen", "file", "line"];
    assert_eq!(
        cells(&later, &columns),
        [
            "a A91 70 2026-03  a-2026-03-ledger.csv 7",
            "a A90 -90   a-2026-03-ledger.csv 6",
            "b B90 30   b-2026-03-ledger.csv 4",
        ]
    );
    assert_eq!(lines(&march), ["gross 2026-03 1 1000 8.00 a"]);
    assert_eq!(lines(&april)[0], "gross 2026-04 2 990 7.92 a");
    assert_eq!(lines(&may), ["gross 2026-03 1 -500 -4.00 a"]);
    // Both moved the balance in April, and only there.
    for folder in [&march, &april, &may] {
        let broken = cells(&found(folder, "LED-01"), &["a_member", "difference_points"]);
        assert_eq!(broken, ["1001 -50"], "{}", folder.display());
    }
    let open = table(&april, "open_rows");
    assert!(open.iter().all(|row| !row["code"].is_empty()), "April is done with them");
}

/// Where April's own file has the row as well, it is that row which counts.
#[test]
fn what_april_has_itself_is_not_taken_up() {
    let months = Months::new();
    let rows = "A90,1001,xburn,-90,2026-04-02 10:00:00,,,\n";
    months.append("a-2026-03-ledger.csv", rows);
    months.append("a-2026-04-ledger.csv", &rows.replace("-90", "-60"));
    months.append("b-2026-04-ledger.csv", "B90,2001,xaccept,20,2026-04-02 10:01:00,,A90,\n");
    let [_, april, _] = months.closed();
    assert_eq!(lines(&april)[0], "gross 2026-04 2 960 7.68 a");
}

#[test]
fn a_refused_decision_gives_way_to_the_next() {
    let months = Months::new();
    months.decide(
        "D0,05a79aaba9a76e4941f3,adjust,少了积分,王芳,李强,2026-04-09 09:00:00,\n\
         D3,05a79aaba9a76e4941f3,reject,改主意,王芳,李强,2026-04-12 09:00:00,\n",
    );
    let [_, april, _] = months.closed();
    let decided = cells(
        &table(&april, "decisions"),
        &["decision_id", "outcome", "issuer_event_id", "acceptor_event_id"],
    );
    assert_eq!(
        decided,
        ["D0 refused A3 B3", "D1 applied A3 B3", "D2 unauthorised  ", "D3 not_held  "]
    );
    assert_eq!(lines(&april)[1], "gross 2026-03 4 1200 9.60 a");
}

/// Two mirrors of one spend: it is paid once, whatever is decided, and the mirrors can be dropped.
#[test]
fn a_spend_with_two_mirrors_is_paid_once() {
    let months = Months::new();
    months.append("a-2026-03-ledger.csv", "A90,1001,xburn,-90,2026-03-12 10:00:00,,,\n");
    months.append(
        "b-2026-03-ledger.csv",
        "B90,2001,xaccept,30,2026-03-12 10:01:00,,A90,\n\
         B91,2001,xaccept,30,2026-03-12 10:02:00,,A90,\n",
    );
    let march = months.close("2026-03", "2026-04-04").unwrap();
    let id = found(march.published.folder(), "EVT-10")[0]["discrepancy_id"].clone();
    months.decide(&format!(
        "D3,{id},release,补记,王芳,李强,2026-04-10 09:00:00,90\n\
         D4,{id},release,补记,王芳,李强,2026-04-11 09:00:00,\n\
         D5,{id},write_off,多记,王芳,李强,2026-04-12 09:00:00,\n",
    ));
    let april = months.close("2026-04", "2026-05-04").unwrap();
    let april = april.published.folder();
    let columns = ["decision_id", "outcome", "issuer_event_id", "acceptor_event_id"];
    let mut decided = cells(&table(april, "decisions"), &columns);
    decided.retain(|row| row.starts_with("D3") || row.starts_with("D4") || row.starts_with("D5"));
    assert_eq!(
        decided,
        [
            "D3 refused  B90",
            "D3 refused  B91",
            "D3 refused A90 ",
            "D4 refused  B90",
            "D4 refused  B91",
            "D4 applied A90 ",
            "D5 applied  B90",
            "D5 applied  B91",
        ]
    );
    assert_eq!(lines(april)[1], "gross 2026-03 5 1290 10.32 a");
}

/// What is brought back from a closed period is told with the file and line that it was first read
/// from, however many periods lie between.
#[test]
fn a_story_leads_through_closed_periods_to_where_a_row_was_first_read() {
    let months = Months::new();
    let [march, april, may] = months.closed();
    let first_read = |folder: &Path, id: &str| {
        let stories = explain(&Publication::open(folder).unwrap(), id).unwrap();
        let lines = stories.iter().flat_map(|story| &story.lines);
        let told = lines.filter(|(label, _)| label.starts_with("first read"));
        let mut told: Vec<String> = told.map(|(_, value)| value.clone()).collect();
        told.dedup();
        (told, stories.iter().flat_map(|story| story.places.clone()).collect::<Vec<String>>())
    };
    let open =
        |closed: &str, row: u32, place: &str| format!("{closed}/open_rows.parquet:{row}  {place}");
    assert_eq!(first_read(&march, "A8").0, [""; 0]);
    let of_march = open("2026-03/final", 3, "a-2026-03-ledger.csv:5");
    assert_eq!(first_read(&april, "A8").0, [of_march]);
    let (told, places) = first_read(&may, "A8");
    assert_eq!(told, [open("2026-04/final", 1, "a-2026-03-ledger.csv:5")]);
    assert!(places.iter().any(|place| place == "a-2026-03-ledger.csv:5"), "{places:?}");
    // A released item is counted in the period that releases it.
    let legs = [
        open("2026-03/final", 2, "a-2026-03-ledger.csv:4"),
        open("2026-03/final", 4, "b-2026-03-ledger.csv:3"),
    ];
    assert_eq!(first_read(&april, "A3").0[..2], legs);
    // What was taken from may be another now, or gone.
    let manifest = months.out().join("three-months/2026-04/2026-05-04/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text} ")).unwrap();
    assert!(first_read(&may, "A8").0[0].contains("another now"));
    fs::remove_file(&manifest).unwrap();
    assert!(first_read(&may, "A8").0[0].contains("not here"));
}
