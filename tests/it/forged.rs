//! Every published column, altered cell by cell: what `verify` notices of it by the tables alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use arrow::compute::{cast, concat, concat_batches};
use arrow::record_batch::RecordBatch;
use hutong::review::Publication;
use hutong::run::{Again, Unwatched, again};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::cases::perform;
use crate::review::{altered, found};
use crate::tables::{close, run};

/// Publications that between them fill nearly every column.
fn publications() -> (tempfile::TempDir, Vec<PathBuf>) {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("published");
    // A decision that is authorised drops what is held.
    let months = out.path().join("months");
    fs::create_dir(&months).unwrap();
    for entry in fs::read_dir("sample-data/three-months").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, months.join(path.file_name().unwrap())).unwrap();
    }
    let decisions = fs::read_to_string(months.join("decisions.csv")).unwrap();
    let decisions = decisions.replace("王芳,王芳", "王芳,李强");
    fs::write(months.join("decisions.csv"), decisions).unwrap();
    let months = months.join("pipeline.yaml");
    let example = Path::new("pipelines/worked-example.yaml");
    let closed = [("2026-04-04", "2026-03"), ("2026-05-04", "2026-04"), ("2026-06-04", "2026-05")];
    let [_, april, may] =
        closed.map(|(as_of, period)| close(&months, (as_of, Some(period)), &to).unwrap());
    let mut outcomes = vec![run(example, ("2026-03-31", None), &to).unwrap(), april, may];
    let cases = ["EVT-07", "FIL-06", "LED-06-adjustment"];
    let cases = cases.iter().map(|case| Path::new("tests/cases").join(case));
    outcomes.extend(cases.map(|case| perform(&case, &to.join(case.file_name().unwrap()))));
    let folders = outcomes.iter().map(|outcome| outcome.published.folder().to_owned());
    (out, folders.collect())
}

/// The rows of a table.
pub fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// By table and column: how many cells were altered, and how many of these were noticed.
type Noticed = BTreeMap<String, (usize, usize)>;

/// Cells of each column that are altered: of the filled ones another value in the first, the middle
/// and the last, and none in the first and the last; of the empty ones a value in the first and the
/// last. A column whose cells are a few words gets another of them.
fn forgeries(column: &dyn Array) -> Vec<(usize, ArrayRef)> {
    let (filled, empty): (Vec<usize>, Vec<usize>) =
        (0..column.len()).partition(|row| column.is_valid(*row));
    let ends = |rows: &[usize]| {
        let ends = [rows.first(), rows.last()].into_iter().flatten().copied();
        ends.collect::<BTreeSet<usize>>()
    };
    let mut forgeries = Vec::new();
    for row in ends(&filled) {
        forgeries.push((row, new_null_array(column.data_type(), 1)));
    }
    if let Some(&row) = filled.get(filled.len() / 2) {
        let other = filled.iter().find(|at| column.slice(**at, 1) != column.slice(row, 1));
        forgeries.extend(other.map(|at| (row, column.slice(*at, 1))));
    }
    let one: ArrayRef = match (filled.first(), column.data_type()) {
        (Some(&row), _) => column.slice(row, 1),
        (None, kind) => {
            cast(&StringArray::from(vec!["1"]), kind).unwrap_or_else(|_| new_null_array(kind, 1))
        }
    };
    forgeries.extend(ends(&empty).into_iter().map(|row| (row, one.clone())));
    forgeries.retain(|(row, cell)| column.is_valid(*row) || cell.is_valid(0));
    forgeries
}

/// The rows of a table with another cell.
fn put(batch: &RecordBatch, (at, row): (usize, usize), cell: &ArrayRef) -> RecordBatch {
    let column = batch.column(at);
    let (before, after) = (column.slice(0, row), column.slice(row + 1, column.len() - row - 1));
    let mut columns = batch.columns().to_vec();
    columns[at] = concat(&[before.as_ref(), cell.as_ref(), after.as_ref()]).unwrap();
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// A publication of which tables are read as a test alters them: as if these were their files, and
/// their digests in the manifest.
struct Forged {
    folder: PathBuf,
    publication: Publication,
}

impl Forged {
    fn of(folder: &Path) -> Forged {
        let publication = Publication::open(folder).unwrap().in_memory();
        assert_eq!(found(&publication), [""; 0]);
        Forged { folder: folder.to_owned(), publication }
    }

    fn table(&self, table: &str) -> RecordBatch {
        read(&self.folder.join(format!("{table}.parquet")))
    }

    /// The names of the checks that find something where a table has these rows.
    fn found(&self, table: &str, rows: RecordBatch) -> Vec<&'static str> {
        found(&self.publication.with(table, rows))
    }
}

/// Alters cells of each column of a publication one after another, and asks whether it is noticed.
fn noticed(folder: &Path, takes_last: bool, wanted: &[&str]) -> Noticed {
    let mut noticed = Noticed::new();
    let forged = Forged::of(folder);
    for output in &forged.publication.manifest.outputs {
        let Some(table) = output.file.strip_suffix(".parquet") else { continue };
        if !wanted.is_empty() && !wanted.contains(&table) {
            continue;
        }
        let batch = forged.table(table);
        for (at, field) in batch.schema().fields().iter().enumerate() {
            let column = batch.column(at);
            let mut filled = (0..column.len()).filter(|row| column.is_valid(*row));
            let row = if takes_last { filled.next_back() } else { filled.next() };
            let entry = noticed.entry(format!("{table}.{}", field.name())).or_default();
            let mut try_it = |rows: RecordBatch| {
                entry.0 += 1;
                entry.1 += usize::from(!forged.found(table, rows).is_empty());
            };
            if let Some(row) = row {
                try_it(altered(&batch, field.name(), row));
            }
            for (row, cell) in forgeries(column) {
                if field.is_nullable() || cell.is_valid(0) {
                    try_it(put(&batch, (at, row), &cell));
                }
            }
        }
    }
    noticed
}

#[test]
fn every_column_is_noticed_or_said_not_to_be() {
    let (_out, folders) = publications();
    let of_cases = ["held", "pending", "rejects", "discrepancies"];
    let mut told = Noticed::new();
    let of = |nth: usize| {
        let wanted = if nth < 3 { &[][..] } else { &of_cases };
        noticed(&folders[nth], nth % 2 == 1, wanted)
    };
    let of = &of;
    std::thread::scope(|scope| {
        let each = [0, 1, 2, 3, 4, 5].map(|nth| scope.spawn(move || of(nth)));
        for (column, (cells, noticed)) in each.into_iter().flat_map(|one| one.join().unwrap()) {
            let sum = told.entry(column).or_default();
            *sum = (sum.0 + cells, sum.1 + noticed);
        }
    });
    // docs/verify.md says of every column whose alteration may pass why it may.
    let page = fs::read_to_string("docs/verify.md").unwrap();
    let (_, list) = page.split_once("## What no table tells").unwrap();
    let said: BTreeSet<&str> = list.split('`').filter(|word| told.contains_key(*word)).collect();
    let passes = |(cells, noticed): &(usize, usize)| noticed < cells;
    let passed = told.iter().filter(|(_, noticed)| passes(noticed));
    let passed: BTreeSet<&str> = passed.map(|(column, _)| column.as_str()).collect();
    let unsaid: Vec<&&str> = passed.difference(&said).collect();
    assert!(unsaid.is_empty(), "docs/verify.md does not name {unsaid:?}");
    let wrong = said.iter().filter(|column| told[**column].0 > 0 && !passed.contains(**column));
    let wrong: Vec<&&str> = wrong.collect();
    assert!(wrong.is_empty(), "docs/verify.md says that {wrong:?} may pass, which are noticed");
}

/// However money is rounded, each gross line, fee and tax is computed again, and to the fen.
#[test]
fn an_amount_is_computed_again_wherever_money_is_rounded() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let published = Publication::open(outcome.published.folder()).unwrap();
    for place in ["event", "line", "statement"] {
        let wanted = Again {
            pipeline: pipeline.to_owned(),
            name: published.manifest.pipeline.clone(),
            period: "2026-03".into(),
            as_of: "2026-03-31".parse().unwrap(),
            is_final: false,
            published: published.pipeline_folder().unwrap(),
            past: Vec::new(),
            settings: vec![format!("terms.rounding.place={place}").parse().unwrap()],
            memory_bytes: None,
        };
        let (_rehearsal, outcome) = again(&wanted, &Unwatched).unwrap();
        let folder = outcome.published.folder();
        let forged = Forged::of(folder);
        let lines = forged.table("statement_lines");
        for row in 0..6 {
            let found = forged.found("statement_lines", altered(&lines, "amount", row));
            let name = "fees and taxes against their terms";
            assert!(found.contains(&name), "{place} line {}: {found:?}", row + 1);
        }
    }
}

/// Whatever is at stake is held against the worth of what it is about, so that no cell of it, and
/// no worth of an item, is altered unseen.
#[test]
fn money_at_stake_is_held_against_the_worth_of_its_item() {
    let (_out, folders) = publications();
    let name = "money at stake against what is held and counted";
    let mut told: usize = 0;
    for (folder, (table, column)) in folders.iter().flat_map(|folder| {
        [("discrepancies", "amount_at_stake"), ("held", "amount")].map(|table| (folder, table))
    }) {
        let forged = Forged::of(folder);
        let batch = forged.table(table);
        let cells = batch.column_by_name(column).unwrap();
        let texts = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let (codes, ids) = (texts("code"), texts("discrepancy_id"));
        // What a decision dropped stands in no table that has its worth.
        let decided = crate::tables::table(folder, "decisions");
        let is_dropped = |row: usize| {
            decided
                .iter()
                .any(|one| one["discrepancy_id"] == ids.value(row) && one["outcome"] == "applied")
        };
        let is_told = |&row: &usize| cells.is_valid(row) && codes.is_valid(row) && !is_dropped(row);
        for row in (0..cells.len()).filter(is_told) {
            let found = forged.found(table, altered(&batch, column, row));
            let code = codes.value(row);
            assert!(found.contains(&name), "{table} {row} {code}: {found:?}");
            told += 1;
        }
    }
    assert!(told > 10, "{told}");
}
