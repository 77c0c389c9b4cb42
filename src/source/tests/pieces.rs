//! Files are read in pieces, on all threads at once, and nothing that comes out tells how.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, StringArray};
use arrow::record_batch::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use super::*;
use crate::feed::{Encoding, Extent, Fixed, JsonLines, LineEnd, Unpack, Zip};
use crate::source::text::written;

/// Rows of each file, of which one in 97 is refused.
const ROWS: usize = 2_000;

/// A member and a balance.
fn row(at: usize) -> (String, String) {
    let balance = if at % 97 == 5 { "?".to_owned() } else { (at % 1_000).to_string() };
    (format!("M{at:05}"), balance)
}

/// Delimited text in which line ends stand within quotes.
fn delimited(delimiter: &str, prefix: &str) -> String {
    let mut text = format!("会员号{delimiter}余额{delimiter}备注\n");
    for (at, (member, balance)) in (0..ROWS).map(row).enumerate() {
        let note = match at % 31 {
            0 if prefix.is_empty() => "\"两\n行, \"\"引\"\"\"",
            _ => "注",
        };
        let values = [member.as_str(), &balance, note].map(|value| format!("{prefix}{value}"));
        text += &(values.join(delimiter) + "\n");
    }
    text
}

fn lines(line_end: &str) -> Vec<u8> {
    let line = |at| {
        let (member, balance) = row(at);
        format!("{member}{balance:>4}{line_end}")
    };
    (0..ROWS).map(line).collect::<String>().into_bytes()
}

fn fixed(line_end: LineEnd) -> Format {
    let fields = [("会员号", 1, 6), ("余额", 7, 4)];
    let fields = fields.map(|(name, at, bytes)| (name.to_owned(), Extent { at, bytes }));
    Format::Fixed(Fixed {
        encoding: Encoding::Utf8,
        line_end,
        record_bytes: 10,
        fields: fields.into(),
        leading: None,
        trailer: None,
    })
}

fn objects() -> Vec<u8> {
    let object = |at| {
        let (member, balance) = row(at);
        format!("{{\"会员号\":\"{member}\",\"余额\":\"{balance}\"}}\n")
    };
    (0..ROWS).map(object).collect::<String>().into_bytes()
}

fn zipped(text: &[u8]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default()
        .compression_method(::zip::CompressionMethod::Stored);
    zip.start_file("l.csv", options).unwrap();
    zip.write_all(text).unwrap();
    zip.finish().unwrap().into_inner()
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// A folder with one file in each layout that is read in blocks of bytes.
fn in_blocks() -> Vec<(&'static str, Folder)> {
    let csv = |change: fn(&mut Delimited)| {
        let mut csv = Delimited::default();
        change(&mut csv);
        Format::Csv(csv)
    };
    let plain = || csv(|_| {});
    let text = delimited(",", "").into_bytes();
    let gb18030 = csv(|csv| csv.encoding = Encoding::Gb18030);
    let percent = csv(|csv| csv.delimiter = "%%".to_owned());
    let ticked = csv(|csv| csv.prefix = "`".to_owned());
    let marked = csv(|csv| {
        let marker = "T".to_owned();
        csv.trailer = Some(Marked { marker, exclusive: false, rows: Some(2), points: None });
    });
    let trailed = format!("{}T,{ROWS}\n", delimited(",", "")).into_bytes();
    let json = Format::JsonLines(JsonLines { encoding: Encoding::Utf8 });
    let zip = Unpack::Zip(Zip {
        entries: vec!["*.csv".to_owned()],
        ignore: Vec::new(),
        names: Encoding::Utf8,
    });
    let zstd = zstd::stream::encode_all(text.as_slice(), 3).unwrap();
    let layouts = [
        ("csv", plain(), Unpack::Plain, text.clone()),
        ("gb18030", gb18030, Unpack::Plain, written(&delimited(",", ""), Encoding::Gb18030)),
        ("%%", percent, Unpack::Plain, delimited("%%", "").into_bytes()),
        ("prefix", ticked, Unpack::Plain, delimited(",", "`").into_bytes()),
        ("trailer", marked, Unpack::Plain, trailed),
        ("gzip", plain(), Unpack::Gzip, gzipped(&text)),
        ("zstd", plain(), Unpack::Zstd, zstd),
        ("zip", plain(), zip, zipped(&text)),
        ("lf", fixed(LineEnd::Lf), Unpack::Plain, lines("\n")),
        ("crlf", fixed(LineEnd::Crlf), Unpack::Plain, lines("\r\n")),
        ("unmarked", fixed(LineEnd::Unmarked), Unpack::Plain, lines("")),
        ("json lines", json, Unpack::Plain, objects()),
    ];
    let put = |(name, format, unpack, content): (_, _, _, Vec<u8>)| {
        let mut folder = Folder::new(FeedKind::Accounts, format, ACCOUNTS);
        folder.feed.packing.unpack = unpack;
        folder.feed.packing.limits.ratio = 1_000;
        folder.put("a.csv", &content);
        (name, folder)
    };
    layouts.into_iter().map(put).collect()
}

/// The rows as a table in batches of so many.
fn batches(rows_at_once: usize) -> Vec<RecordBatch> {
    let rows: Vec<(String, String)> = (0..ROWS).map(row).collect();
    let batch = |some: &[(String, String)]| {
        let members = StringArray::from_iter_values(some.iter().map(|(member, _)| member));
        let balances = StringArray::from_iter_values(some.iter().map(|(_, balance)| balance));
        let columns: [(&str, ArrayRef); 2] =
            [("会员号", Arc::new(members)), ("余额", Arc::new(balances))];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    rows.chunks(rows_at_once).map(batch).collect()
}

fn parquet_file(rows_at_once: usize) -> Vec<u8> {
    let batches = batches(rows_at_once);
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(rows_at_once)).build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batches[0].schema(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    bytes
}

fn arrow_stream(rows_at_once: usize) -> Vec<u8> {
    let batches = batches(rows_at_once);
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// A folder with one file in each layout of tables, in pieces of so many rows.
fn in_tables(rows_at_once: usize) -> Vec<(&'static str, Folder)> {
    let parquet = ("parquet", Format::Parquet, parquet_file(rows_at_once));
    let arrow = ("arrow", Format::Arrow, arrow_stream(rows_at_once));
    let put = |(name, format, content): (_, _, Vec<u8>)| {
        let mut folder = Folder::new(FeedKind::Accounts, format, ACCOUNTS);
        folder.put("a.table", &content);
        (name, folder)
    };
    [parquet, arrow].into_iter().map(put).collect()
}

/// Everything that was read, but the size and the digest of the file.
fn everything(read: &FeedRows) -> String {
    let FeedRows { rows, files, parts, sums, declared, faults, .. } = read;
    let counts: Vec<u64> = files.iter().map(|file| file.rows).collect();
    format!(
        "{:#?}\n{:#?}\n{rows:?}\n{counts:?} {parts:?} {sums:?} {declared:?} {faults:?}",
        accounts(read),
        rejects(read)
    )
}

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn whatever_the_pieces_and_the_threads_the_same_comes_out_of_every_layout() {
    let refused = (0..ROWS).filter(|at| at % 97 == 5).count();
    let is_all = |read: &FeedRows, name: &str| {
        assert_eq!(read.faults, [], "{name}");
        assert_eq!(read.rejects.len(), refused, "{name}");
        assert_eq!(read.rows.num_rows(), ROWS - refused, "{name}");
    };
    for (name, folder) in in_blocks() {
        let whole = on(1, || folder.read_in_blocks(1 << 20)).unwrap();
        is_all(&whole, name);
        for (threads, block_bytes) in [(1, 100), (2, 100), (5, 333), (3, 4_096)] {
            let cut = on(threads, || folder.read_in_blocks(block_bytes)).unwrap();
            let told = format!("{name}, {threads} threads, blocks of {block_bytes} bytes");
            assert!(everything(&cut) == everything(&whole), "{told}");
        }
    }
    for (table, (name, whole)) in in_tables(ROWS).into_iter().enumerate() {
        let whole = on(1, || whole.read()).unwrap();
        is_all(&whole, name);
        for (threads, rows_at_once) in [(1, 7), (2, 100), (5, 333)] {
            let (_, cut) = in_tables(rows_at_once).swap_remove(table);
            let cut = on(threads, || cut.read()).unwrap();
            let told = format!("{name}, {threads} threads, pieces of {rows_at_once} rows");
            assert!(everything(&cut) == everything(&whole), "{told}");
        }
    }
}

/// Where threads wait for one another, each within a piece.
struct Meeting {
    met: Mutex<Met>,
    came: Condvar,
    /// How long the first waits for a second.
    patience: Duration,
}

#[derive(Default)]
struct Met {
    /// Threads that are within a piece.
    inside: usize,
    /// The most that were at once.
    most: usize,
    /// Whether one has waited in vain.
    in_vain: bool,
    /// The threads that had a piece.
    threads: Vec<ThreadId>,
}

impl Meeting {
    /// Waits within a piece until another thread is within one, or once was. Where pieces are
    /// handed out to all threads one comes for certain, and the patience is never tried.
    fn meet(&self) {
        let mut met = self.met.lock().unwrap();
        met.inside += 1;
        met.most = met.most.max(met.inside);
        let me = std::thread::current().id();
        if !met.threads.contains(&me) {
            met.threads.push(me);
        }
        self.came.notify_all();
        let is_alone = |met: &mut Met| met.most < 2 && !met.in_vain;
        let (mut met, _) = self.came.wait_timeout_while(met, self.patience, is_alone).unwrap();
        met.in_vain |= met.most < 2;
        met.inside -= 1;
    }
}

/// The decoders of pieces, called as a reading calls them, with threads that meet in them.
fn met(folder: &Folder, patience: Duration) -> Met {
    let (feed, files) = (&folder.feed, folder.survey());
    let rules = conform::rules(feed).unwrap();
    let (met, came) = (Mutex::default(), Condvar::new());
    let (meeting, rows) = (Meeting { met, came, patience }, Mutex::new(0));
    let add = |sheet: Sheet| {
        *rows.lock().unwrap() += sheet.rows;
        Ok(())
    };
    let (all, some) = (u64::MAX, sheet::MOST);
    let watch = |_, _| ();
    match &feed.format {
        Format::Parquet => {
            let mut slices = parquet::Slices::new(feed, &rules, &files);
            let decode = |slice: parquet::Slice| {
                meeting.meet();
                Some(parquet::decode(&slice, feed, &rules, &files[0], some))
            };
            let cut = (|| slices.next(), parquet::Slice::rows, SLICES_A_THREAD);
            in_order(cut, decode, add, &watch, all).unwrap();
        }
        Format::Arrow => {
            let mut pieces = ipc::Pieces::new(feed, &rules, &files);
            let decode = |piece: ipc::Piece| {
                meeting.meet();
                Some(ipc::decode(&piece, feed, &rules, &files[0], some))
            };
            let cut = (|| pieces.next(), |_: &ipc::Piece| 0, BLOCKS_A_THREAD);
            in_order(cut, decode, add, &watch, all).unwrap();
        }
        format => {
            let mut blocks = blocks::Blocks::new(feed, &rules, &files, 4_096);
            let decode = |block: blocks::Block| {
                meeting.meet();
                match format {
                    Format::Csv(csv) => Some(csv::decode(&block, feed, &rules, csv, some)),
                    Format::Fixed(fixed) => Some(fixed::decode(&block, feed, &rules, fixed, some)),
                    Format::JsonLines(json) => Some(json::decode(&block, feed, &rules, json, some)),
                    Format::Parquet | Format::Arrow => None,
                }
            };
            in_order(
                (|| blocks.next(), |_: &blocks::Block| 0, BLOCKS_A_THREAD),
                decode,
                add,
                &watch,
                all,
            )
            .unwrap();
        }
    }
    assert_eq!(rows.into_inner().unwrap(), ROWS as u64);
    meeting.met.into_inner().unwrap()
}

#[test]
fn the_pieces_of_one_file_are_decoded_by_several_threads_at_once() {
    for (name, folder) in in_blocks().into_iter().chain(in_tables(100)) {
        let Met { most, threads, .. } = on(4, || met(&folder, Duration::from_secs(60)));
        assert!(most > 1 && threads.len() > 1, "{name}: {} threads", threads.len());
        // What one thread reads no other has a part in.
        let Met { most, threads, .. } = on(1, || met(&folder, Duration::ZERO));
        assert_eq!((most, threads.len()), (1, 1), "{name}");
    }
}
