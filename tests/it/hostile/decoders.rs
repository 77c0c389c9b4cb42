//! The decoders: what a file goes through before it is rows, or a pipeline.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use hutong::feed::{Encoding, Feed, FeedKind, FeedRows, Format, Owner, Packing, Unpack};
use hutong::pipeline::{self, Pipeline};
use hutong::source::{self, SourceError};
use hutong::value::party::Party;
use hutong::value::period::Period;

use super::spoil;

/// Packs a text.
pub type Pack = fn(&[u8]) -> Vec<u8>;

/// A decoder, and what it is tried with.
pub struct Decoder {
    /// Feeds that it reads, each from a file called `sent`; none where it reads pipelines.
    pub feeds: Vec<Feed>,
    /// Files, each with the feed that it was made for; one without is tried with all of them.
    pub seeds: Vec<(Option<usize>, Vec<u8>)>,
    /// What is put into its files.
    pub tokens: Vec<&'static [u8]>,
    /// Packs a spoilt text, where files of this decoder are packed texts.
    pub pack: Option<Pack>,
}

/// The names of all decoders, which are those of their folders under `tests/corpus`.
pub const NAMES: &[&str] = &[
    "csv",
    "gb18030",
    "fixed",
    "json-lines",
    "gzip",
    "zstd",
    "zip",
    "arrow",
    "parquet",
    "pipeline",
];

impl Decoder {
    pub fn named(name: &str) -> Decoder {
        let mut decoder =
            Decoder { feeds: Vec::new(), seeds: Vec::new(), tokens: Vec::new(), pack: None };
        let plain = |feed: &Feed| feed.packing.unpack == Unpack::Plain;
        match name {
            "csv" => {
                decoder.take(|feed| plain(feed) && matches!(feed.format, Format::Csv(_)));
                decoder.tokens.extend(spoil::TEXT);
            }
            "gb18030" => {
                decoder.take(|feed| is_encoded(feed, Encoding::Gb18030));
                // What stands in the archive is in the corpus, as text.
                decoder.seeds.clear();
                decoder.unpack(&Unpack::Plain);
                decoder.tokens.extend(spoil::TEXT);
            }
            "fixed" => {
                decoder.take(|feed| matches!(feed.format, Format::Fixed(_)));
                decoder.tokens.extend(spoil::TEXT);
            }
            "json-lines" => {
                decoder.take(|feed| matches!(feed.format, Format::JsonLines(_)));
                decoder.tokens.extend(spoil::TEXT);
            }
            "gzip" | "zstd" => {
                decoder.take(|feed| plain(feed) && matches!(feed.format, Format::Csv(_)));
                let (unpack, pack): (Unpack, Pack) = match name {
                    "gzip" => (Unpack::Gzip, gzip),
                    _ => (Unpack::Zstd, |text| zstd::stream::encode_all(text, 1).unwrap()),
                };
                decoder.unpack(&unpack);
                decoder.pack = Some(pack);
                decoder.tokens.extend(spoil::BINARY);
            }
            "zip" => {
                decoder.take(|feed| matches!(feed.packing.unpack, Unpack::Zip(_)));
                decoder.tokens.extend(spoil::BINARY);
            }
            "arrow" => {
                decoder.take(|feed| feed.format == Format::Arrow);
                decoder.tokens.extend(spoil::BINARY);
            }
            "parquet" => {
                decoder.take(|feed| feed.format == Format::Parquet);
                decoder.tokens.extend(spoil::BINARY);
            }
            "pipeline" => {
                for path in examples() {
                    decoder.seeds.push((None, fs::read(path).unwrap()));
                }
                decoder.tokens.extend(spoil::YAML);
            }
            other => panic!("no decoder is called {other}"),
        }
        for path in listed(&Path::new("tests/corpus").join(name)) {
            decoder.seeds.push((None, fs::read(path).unwrap()));
        }
        decoder
    }

    /// Takes up the feeds of the examples, with their samples.
    fn take(&mut self, is_wanted: impl Fn(&Feed) -> bool) {
        for feed in feeds().into_iter().filter(is_wanted) {
            let is_data = |path: &&PathBuf| path.extension().is_none_or(|e| e != "ok");
            let sample = feed.find().unwrap().iter().find(is_data).cloned().unwrap();
            self.seeds.push((Some(self.feeds.len()), fs::read(sample).unwrap()));
            // Else none of the spoilt would be read.
            let packing = Packing { ready: None, digest: None, ..feed.packing.clone() };
            self.feeds.push(Feed { packing, patterns: vec!["sent".to_owned()], ..feed });
        }
    }

    fn unpack(&mut self, unpack: &Unpack) {
        for feed in &mut self.feeds {
            feed.packing.unpack = unpack.clone();
        }
    }

    /// Reads a file as its feed says. What came of it is told without its figures, so that files
    /// that end alike are told alike; the error is what must never come of a file.
    pub fn read(&self, feed: usize, file: &Path) -> Result<End, String> {
        let folder = file.parent().unwrap().canonicalize().unwrap();
        let Some(feed) = self.feeds.get(feed) else { return Ok(read_pipeline(file)) };
        match read(&Feed { root: folder, ..feed.clone() }) {
            Ok(rows) => {
                let read: u64 = rows.files.iter().map(|file| file.rows).sum();
                let told = (rows.rows.num_rows() + rows.rejects.len()) as u64;
                if read != told {
                    return Err(format!("{read} rows were read, and {told} are told"));
                }
                let mut shape: BTreeSet<String> = rows
                    .rejects
                    .iter()
                    .map(|one| format!("{} {}", one.column, one.reason))
                    .collect();
                shape.extend(rows.faults.iter().map(|fault| format!("{fault:?}")));
                let is_whole = shape.is_empty() && rows.rows.num_rows() > 0;
                shape.insert((rows.rows.num_rows() > 0).to_string());
                Ok(End { is_whole, shape: shapes(&shape) })
            }
            Err(error) if is_of_the_file(&error) => {
                let shape = shapes(&BTreeSet::from([error.to_string()]));
                Ok(End { is_whole: false, shape })
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What came of a file.
pub struct End {
    /// Whether nothing was wrong with it.
    pub is_whole: bool,
    /// What was wrong.
    pub shape: String,
}

fn shapes(told: &BTreeSet<String>) -> String {
    told.iter().flat_map(|text| text.chars()).filter(|c| !c.is_ascii_digit()).take(300).collect()
}

pub fn read(feed: &Feed) -> Result<FeedRows, SourceError> {
    let paths = feed.find().unwrap();
    let files = source::survey(feed, &paths, false)?;
    source::read(feed, &files, &|_, _| ())
}

fn is_of_the_file(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::Corrupt { .. }
            | SourceError::Bomb { .. }
            | SourceError::Swallowed { .. }
            | SourceError::LongRecord { .. }
            | SourceError::UnknownKind { .. }
    )
}

/// A pipeline that stands is resolved too.
fn read_pipeline(file: &Path) -> End {
    let (is_whole, shape) = match pipeline::read(file) {
        Ok(pipeline) => (true, feeds_of(&pipeline).len().to_string()),
        Err(trouble) => (false, shapes(&BTreeSet::from([format!("{trouble:?}")]))),
    };
    End { is_whole, shape }
}

/// The feeds of March, or none where an agreement of another time has no such period.
fn feeds_of(pipeline: &Pipeline) -> Vec<Feed> {
    let agreement = &pipeline.agreement;
    let as_of = "2026-03-31".parse().unwrap();
    let period = Period::containing(as_of, agreement.cycle, &agreement.zone);
    period.map(|period| pipeline.feeds(&period)).unwrap_or_default()
}

pub fn examples() -> Vec<PathBuf> {
    listed(Path::new("pipelines/feeds"))
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What A sends in the examples, and B's ledger, which is the same in all of them.
fn feeds() -> Vec<Feed> {
    let mut feeds = Vec::new();
    for example in examples() {
        let all = feeds_of(&pipeline::read(&example).unwrap());
        let own = all.iter().filter(|feed| feed.owner == Owner::Party(Party::A)).cloned();
        feeds.extend(own);
        let plain =
            |feed: &&Feed| feed.owner == Owner::Party(Party::B) && feed.kind == FeedKind::Ledger;
        if feeds.iter().all(|feed| feed.owner == Owner::Party(Party::A)) {
            feeds.extend(all.iter().find(plain).cloned());
        }
    }
    assert!(feeds.len() >= 10, "{} feeds", feeds.len());
    feeds
}

fn is_encoded(feed: &Feed, encoding: Encoding) -> bool {
    matches!(&feed.format, Format::Csv(csv) if csv.encoding == encoding)
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}
