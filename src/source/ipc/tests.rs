use arrow::array::{ArrayRef, DictionaryArray, Int64Array, NullArray, StringArray};
use arrow::datatypes::Int32Type;
use arrow_ipc::writer::{FileWriter, StreamWriter};

use super::*;
use crate::feed::{FeedFault, FeedRows, Format};
use crate::frame::fields::FeedKind;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

fn batch(members: &[&str], balances: Vec<i64>) -> RecordBatch {
    let members: DictionaryArray<Int32Type> = members.iter().copied().collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("x", Arc::new(NullArray::new(balances.len()))),
        ("余额", Arc::new(Int64Array::from(balances))),
        ("会员号", Arc::new(members)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn batches() -> Vec<RecordBatch> {
    vec![batch(&["M1", "M2"], vec![5, -6]), batch(&["M3"], vec![7])]
}

fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    // A file may hold one dictionary of each column, and each batch here has its own.
    for batch in batches.iter().take(1) {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn read(content: &[u8]) -> Result<FeedRows, SourceError> {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Arrow, ACCOUNTS);
    folder.put("a.arrow", content);
    folder.read()
}

#[test]
fn a_file_and_a_stream_are_read_alike() {
    assert_eq!(accounts(&read(&file(&batches())).unwrap()), ["0:1 M1 5", "0:2 M2 -6"]);
    let rows = read(&stream(&batches())).unwrap();
    assert_eq!(accounts(&rows), ["0:1 M1 5", "0:2 M2 -6", "0:3 M3 7"]);
    assert_eq!(rows.files[0].rows, 3);
    assert!(rows.is_whole());
}

#[test]
fn many_rows_of_one_batch_keep_their_numbers() {
    let count = PIECE_ROWS as i64 * 2 + 3;
    let names: Vec<String> = (0..count).map(|row| format!("M{row}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = read(&stream(&[batch(&names, (0..count).collect())])).unwrap();
    let told = accounts(&rows);
    assert_eq!(told.len() as i64, count);
    assert_eq!(told.last(), Some(&format!("0:{count} M{} {}", count - 1, count - 1)));
}

#[test]
fn rows_and_columns_that_do_not_fit_are_told() {
    let members: ArrayRef = Arc::new(StringArray::from(vec![Some("M1"), None]));
    let balances: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2)]));
    let fitting = [("会员号", members.clone()), ("余额", balances)];
    let fitting =
        RecordBatch::try_from_iter_with_nullable(fitting.map(|(n, c)| (n, c, true))).unwrap();
    let rows = read(&stream(&[fitting])).unwrap();
    assert_eq!(accounts(&rows), ["0:1 M1 1"]);
    assert_eq!(
        rejects(&rows),
        ["a.arrow:2 member_no Value empty, and the column needs a value; have it filled in []"]
    );
    let other = RecordBatch::try_from_iter([("会员号", members)]).unwrap();
    let rows = read(&stream(&[other])).unwrap();
    let [FeedFault::Column { column, reason, .. }] = &rows.faults[..] else {
        panic!("{:?}", rows.faults)
    };
    assert_eq!(
        (column.as_str(), reason.as_str()),
        ("余额", "the file has no such column; see `from` of the column, or have it sent")
    );
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let (file, stream) = (file(&batches()), stream(&batches()));
    for whole in [&file, &stream] {
        for end in 0..whole.len() {
            let error = read(&whole[..end]).unwrap_err();
            assert!(matches!(error, SourceError::Corrupt { what: "Arrow IPC", .. }), "{end}");
        }
    }
    let behind = [stream.clone(), b"x".to_vec()].concat();
    assert!(read(&behind).unwrap_err().to_string().contains("behind its end"));
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..400 {
        let mut spoilt = if random.bool() { file.clone() } else { stream.clone() };
        let at = random.usize(..spoilt.len());
        spoilt[at] ^= 1 << random.u8(..8);
        // Rows or an error; what a panic or a hang would be is that of this test.
        drop(read(&spoilt));
    }
}
