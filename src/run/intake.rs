//! What comes in: every feed of the period, digested first and read then.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;

use super::recall::Recalled;
use super::{Aim, Error, Watch, Work};
use crate::agreement::Agreement;
use crate::claim::{Adjustment, Claims, Settlement};
use crate::control::{self, ControlTotal, FileTotal};
use crate::detect::{Arrival, Ends, Paths, SentBefore};
use crate::feed::{Contact, Feed, FeedKind, FeedRows, InputFile, Named, Note, Owner};
use crate::frame::books::{
    Balances, Books, Consents, Decisions, Deliveries, Ledger, Links, Members,
};
use crate::frame::claims::{self, Adjustments, Settlements};
use crate::frame::lots::Lots;
use crate::frame::schema::canonical_schema;
use crate::frame::stated::Stated;
use crate::past::{Opening, Past, Scope};
use crate::pipeline::Pipeline;
use crate::publish::run_digest;
use crate::source;
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};

/// Rows that one bucket should hold when nobody says how many buckets there are.
const BUCKET_ROWS: usize = 1 << 17;

/// The feeds of a period with the digests of their files.
#[derive(Debug, Clone)]
pub struct Known {
    /// Feeds and their files.
    pub feeds: Vec<(Feed, Vec<InputFile>)>,
    /// The digest of everything that decides the outputs.
    pub digest: String,
    /// What the owners say that they sent. A note that did not come whole is not there.
    pub notes: Vec<Note>,
}

/// Everything that came in, in canonical frames.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Both ledgers.
    pub books: Books,
    /// Both member snapshots, where they are declared.
    pub members: Both<Option<Members>>,
    /// Points snapshots, where they are declared.
    pub accounts: Both<Option<Balances>>,
    /// Opening balances, where they are declared.
    pub opening: Both<Option<Balances>>,
    /// What each party's accounts were closed with by the period just before, where they were.
    pub closed: Both<Option<Balances>>,
    /// Lots, where they are declared.
    pub lots: Both<Option<Lots>>,
    /// Link records, where they are declared.
    pub links: Option<Links>,
    /// Consents, where they are declared.
    pub consents: Option<Consents>,
    /// The parties' own statements, where they have come.
    pub stated: Both<Option<Stated>>,
    /// Decisions on held items, where they are declared.
    pub decisions: Option<Decisions>,
    /// Adjustments between the parties, where they are declared.
    pub adjustments: Option<Adjustments>,
    /// Payments and disputes, where they are declared.
    pub settlements: Option<Settlements>,
    /// An instant of each day on which no late fee accrues.
    pub exempt_days: Vec<Instant>,
    /// Where rows stood.
    pub paths: Paths,
    /// The feeds without their rows: files, rejects and faults.
    pub feeds: Vec<FeedRows>,
    /// What was read of each file of each feed, in their order.
    pub file_totals: Vec<Vec<FileTotal>>,
    /// What was read of each part of each feed, in their order.
    pub part_totals: Vec<Vec<FileTotal>>,
    /// What the owners say that they sent.
    pub notes: Vec<Note>,
    /// Where recalled rows of each ledger were first read, where they were held.
    pub first_read: Both<Vec<Option<(String, u64)>>>,
}

/// Finds and digests the files of every feed.
///
/// # Errors
/// [`Error`] when a file cannot be listed or read.
pub fn survey(pipeline: &Pipeline, period: &Period, past: &Past, aim: Aim) -> Result<Known, Error> {
    let planned = pipeline.feeds(period);
    // A SHA-256 is taken only of the files of an owner who may name one.
    let with_sha256: BTreeSet<Owner> = planned
        .iter()
        .filter(|feed| feed.kind == FeedKind::Deliveries)
        .filter(|feed| feed.columns.iter().any(|column| column.field.name == "sha256"))
        .map(|feed| feed.owner)
        .collect();
    let (cycle, zone) = (pipeline.agreement.cycle, &pipeline.agreement.zone);
    let mut next = period.next(cycle, zone).map(|next| pipeline.feeds(&next).into_iter());
    let mut feeds = Vec::new();
    for feed in planned {
        let next = next.as_mut().and_then(Iterator::next);
        let own = feed.find().map_err(not_found(&feed))?;
        let mut paths = own.clone();
        paths.extend(feed.find_following().map_err(not_found(&feed))?);
        paths.sort_unstable();
        paths.dedup();
        let mut again = Vec::new();
        if let Some(next) = next.filter(|feed| !feed.following.is_empty()) {
            again = next.find().map_err(not_found(&feed))?;
            again.extend(next.find_following().map_err(not_found(&feed))?);
        }
        let mut files = source::survey(&feed, &paths, with_sha256.contains(&feed.owner))?;
        for file in &mut files {
            let path = feed.root.join(&file.path);
            file.follows = own.binary_search(&path).is_err();
            file.comes_again = again.contains(&path);
        }
        feeds.push((feed, files));
    }
    let notes = notes(&feeds)?;
    let as_of = period.as_of.to_string();
    let keys = fingerprints(&feeds);
    let beside: Vec<String> = feeds
        .iter()
        .flat_map(|(_, files)| files)
        .map(|file| {
            let beside = file.beside.as_ref().map(|beside| format!("{beside:?}"));
            let stated = Some(&file.stated).filter(|stated| !stated.is_empty());
            beside.unwrap_or_default() + &stated.map(|all| format!("{all:?}")).unwrap_or_default()
        })
        .collect();
    let mut beside = beside.iter();
    let mut texts =
        vec![env!("CARGO_PKG_VERSION"), &pipeline.digest, period.label.as_str(), &as_of];
    texts.extend(keys.iter().map(String::as_str));
    for (feed, files) in &feeds {
        texts.extend([feed.owner.word(), feed.kind.word()]);
        texts.extend(files.iter().flat_map(|file| [file.path.as_str(), file.blake3.as_str()]));
        // What stands beside a file decides whether it is read and believed.
        texts.extend(beside.by_ref().take(files.len()).map(String::as_str));
    }
    for closed in &past.closed {
        texts.extend(["past", closed.place.as_str(), closed.digest.as_str()]);
    }
    if aim == Aim::Final {
        texts.push("final");
    }
    // What a note names and no feed reads decides an output too, though its content does not.
    for note in &notes {
        for (line, named) in (0..).zip(&note.named) {
            let what = match named {
                Named::File(_) | Named::Several | Named::Outside => continue,
                Named::Absent => "absent",
                Named::Other => "other",
            };
            texts.extend([note.owner.word(), note.lines.file(line), what]);
        }
    }
    let digest = run_digest(texts);
    Ok(Known { feeds, digest, notes })
}

/// What a feed is called in manifests and errors.
fn name_of(feed: &Feed) -> String {
    format!("{} {}", feed.owner.word(), feed.kind.word())
}

/// The error where the files of a feed cannot be looked up.
pub fn not_found(feed: &Feed) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let feed = name_of(feed);
    |source| Error::Find { feed, source }
}

/// The delivery notes that came whole, with what each line of them means.
fn notes(feeds: &[(Feed, Vec<InputFile>)]) -> Result<Vec<Note>, Error> {
    let mut notes = Vec::new();
    for (feed, files) in feeds.iter().filter(|(feed, _)| feed.kind == FeedKind::Deliveries) {
        let read = source::read(feed, files, &|_, _| ())?;
        if !read.is_whole() {
            continue;
        }
        let owned = feeds.iter().filter(|(other, _)| other.owner == feed.owner);
        let owned: Vec<(&Feed, &[InputFile])> =
            owned.map(|(feed, files)| (feed, files.as_slice())).collect();
        let lines = Deliveries::new(&read.rows)?;
        let mut named = Vec::with_capacity(lines.len());
        for line in 0..lines.len() as u32 {
            named.push(source::named(&owned, lines.file(line)).map_err(not_found(feed))?);
        }
        let files = read.parts.into_iter().map(|part| part.name).collect();
        notes.push(Note { owner: feed.owner, lines, named, files });
    }
    Ok(notes)
}

/// What tells the contact keys apart: another key makes other tokens, and so another run.
fn fingerprints(feeds: &[(Feed, Vec<InputFile>)]) -> Vec<String> {
    let contacts = feeds
        .iter()
        .flat_map(|(feed, _)| &feed.columns)
        .filter_map(|column| column.contact.as_ref());
    contacts
        .filter_map(|contact| match contact {
            Contact::Mobile(key) | Contact::Email(key) | Contact::Name(key) => {
                Some(key.fingerprint())
            }
            Contact::Ready(_) => None,
        })
        .collect()
}

/// How a feed is read: its rows, as far as they stay in memory.
pub type ReadFeed<'r> = &'r mut dyn FnMut(&Feed, &[InputFile]) -> Result<FeedRows, Error>;

/// Reads every feed; the ledgers' batches are given too, for rows to be brought back to them.
///
/// # Errors
/// [`Error`] when a feed cannot be read at all; refused rows are part of what is read.
pub fn read(
    known: &Known,
    watch: &dyn Watch,
    read_feed: ReadFeed<'_>,
) -> Result<(Intake, Both<RecordBatch>), Error> {
    let files = known.feeds.iter().flat_map(|(_, files)| files);
    let bytes = files.filter(|file| file.repeats.is_none()).map(|file| file.bytes).sum();
    watch.stage("read", "读取", Work::Bytes(bytes));
    let mut feeds = Vec::new();
    let (mut file_totals, mut part_totals) = (Vec::new(), Vec::new());
    for (feed, files) in &known.feeds {
        let rows = read_feed(feed, files)?;
        let parts = control::by_part(&rows);
        tracing::debug!(
            owner = feed.owner.word(),
            feed = feed.kind.word(),
            rows = rows.files.iter().map(|file| file.rows).sum::<u64>(),
            rejects = rows.rejects.len(),
            "read"
        );
        file_totals.push(control::by_file(&rows, &parts)?);
        part_totals.push(parts);
        feeds.push(rows);
    }
    let batch = |owner: Owner, kind: FeedKind| {
        feeds
            .iter()
            .find(|feed| feed.owner == owner && feed.kind == kind)
            // A feed that did not come whole is not there: FIL-01 and FIL-05 say so, and rules that
            // need it do not call everything absent.
            .filter(|feed| feed.is_whole() || kind == FeedKind::Ledger)
            .map(|feed| feed.rows.clone())
    };
    let of = |party: Party, kind: FeedKind| batch(Owner::Party(party), kind);
    let ledger = |party: Party| {
        let empty = || RecordBatch::new_empty(canonical_schema(FeedKind::Ledger));
        of(party, FeedKind::Ledger).unwrap_or_else(empty)
    };
    let files = |owner: Owner, kind: FeedKind| {
        let feed = feeds.iter().find(|feed| feed.owner == owner && feed.kind == kind);
        let parts = feed.map_or(&[][..], |feed| &feed.parts);
        parts.iter().map(|part| part.name.clone()).collect::<Vec<String>>()
    };
    let files_of = |kind: FeedKind| Both::from_fn(|party| files(Owner::Party(party), kind));
    let balances = |kind: FeedKind| {
        Both::try_from_fn(|party| of(party, kind).map(|b| Balances::new(kind, &b)).transpose())
    };
    let ledgers = Both::from_fn(ledger);
    let intake = Intake {
        books: Books { a: Ledger::new(&ledgers.a)?, b: Ledger::new(&ledgers.b)? },
        members: Both::try_from_fn(|party| {
            of(party, FeedKind::Members).map(|batch| Members::new(&batch)).transpose()
        })?,
        accounts: balances(FeedKind::Accounts)?,
        opening: balances(FeedKind::Opening)?,
        closed: Both { a: None, b: None },
        lots: Both::try_from_fn(|party| {
            of(party, FeedKind::Lots).map(|batch| Lots::new(&batch)).transpose()
        })?,
        links: batch(Owner::Shared, FeedKind::Links).map(|batch| Links::new(&batch)).transpose()?,
        consents: batch(Owner::Shared, FeedKind::Consents)
            .map(|batch| Consents::new(&batch))
            .transpose()?,
        stated: Both::try_from_fn(|party| {
            let feed = known
                .feeds
                .iter()
                .find(|(feed, files)| is_statement_of(feed, party) && !files.is_empty());
            let batch = feed.and_then(|_| of(party, FeedKind::Statement));
            let columns = feed.into_iter().flat_map(|(feed, _)| &feed.columns);
            let declared = columns.map(|column| column.field.name).collect();
            batch.map(|batch| Stated::new(&batch, declared)).transpose()
        })?,
        decisions: batch(Owner::Shared, FeedKind::Decisions)
            .map(|batch| Decisions::new(&batch))
            .transpose()?,
        adjustments: batch(Owner::Shared, FeedKind::Adjustments)
            .map(|batch| Adjustments::new(&batch))
            .transpose()?,
        settlements: batch(Owner::Shared, FeedKind::Settlements)
            .map(|batch| Settlements::new(&batch))
            .transpose()?,
        exempt_days: match batch(Owner::Shared, FeedKind::ExemptDays) {
            Some(batch) => claims::exempt_days(&batch)?,
            None => Vec::new(),
        },
        paths: Paths {
            ledger: files_of(FeedKind::Ledger),
            members: files_of(FeedKind::Members),
            adjustments: files(Owner::Shared, FeedKind::Adjustments),
            decisions: files(Owner::Shared, FeedKind::Decisions),
            settlements: files(Owner::Shared, FeedKind::Settlements),
            links: files(Owner::Shared, FeedKind::Links),
            accounts: files_of(FeedKind::Accounts),
            lots: files_of(FeedKind::Lots),
            statement: files_of(FeedKind::Statement),
            opening: files_of(FeedKind::Opening),
        },
        file_totals,
        part_totals,
        notes: known.notes.clone(),
        first_read: Both { a: Vec::new(), b: Vec::new() },
        feeds: feeds
            .into_iter()
            .map(|feed| FeedRows { rows: RecordBatch::new_empty(feed.rows.schema()), ..feed })
            .collect(),
    };
    Ok((intake, ledgers))
}

fn is_statement_of(feed: &Feed, party: Party) -> bool {
    feed.kind == FeedKind::Statement && feed.owner == Owner::Party(party)
}

impl Intake {
    /// Puts recalled rows behind those that were read.
    ///
    /// # Errors
    /// [`Error::Frame`] when a batch is not canonical.
    pub fn take_up(
        &mut self,
        ledgers: &Both<RecordBatch>,
        recalled: Recalled,
    ) -> Result<Scope, Error> {
        if !recalled.rows.a.is_empty() {
            self.books.a = Ledger::with_recalled(&ledgers.a, &recalled.rows.a)?;
        }
        if !recalled.rows.b.is_empty() {
            self.books.b = Ledger::with_recalled(&ledgers.b, &recalled.rows.b)?;
        }
        for party in Party::BOTH {
            let places = recalled.places.of(party).iter().cloned();
            self.paths.ledger.of_mut(party).extend(places);
        }
        self.first_read = recalled.first_read;
        self.closed = recalled.closed;
        Ok(recalled.scope)
    }

    /// Everything that is owed besides points: the adjustments that stand, and what is said of
    /// earlier statements.
    #[must_use]
    pub fn claims(
        &self,
        adjustments: Vec<Adjustment>,
        settlements: Vec<Settlement>,
        agreement: &Agreement,
    ) -> Claims {
        let exempt_days =
            self.exempt_days.iter().filter_map(|at| at.day(&agreement.zone)).collect();
        Claims { adjustments, settlements, exempt_days }
    }

    /// What an owner says that it sent.
    #[must_use]
    pub fn note(&self, owner: Owner) -> Option<&Note> {
        self.notes.iter().find(|note| note.owner == owner)
    }

    /// The feeds as they came, for judging; `numbers` are those of files in final publications.
    pub fn arrivals<'a>(
        &'a self,
        feeds: &'a [Feed],
        numbers: &'a BTreeMap<String, SentBefore>,
    ) -> Vec<Arrival<'a>> {
        let totals = self.file_totals.iter().zip(&self.part_totals);
        let came = self.feeds.iter().zip(totals);
        let arrivals = feeds.iter().zip(came).map(|(feed, (rows, (totals, parts)))| Arrival {
            feed,
            rows,
            totals,
            parts,
            note: self.note(feed.owner),
            before: numbers.get(&name_of(feed)),
        });
        arrivals.collect()
    }

    /// The control totals of the feeds, file by file.
    #[must_use]
    pub fn totals(&self) -> Vec<ControlTotal> {
        let feeds = self.feeds.iter().zip(&self.file_totals);
        feeds.flat_map(|(feed, files)| control::of_feed(feed, files)).collect()
    }

    /// A party's opening and closing balances. While the past is awaited nobody knows what its
    /// accounts open with.
    #[must_use]
    pub fn ends<'a>(&'a self, party: Party, past: &Past) -> Ends<'a> {
        let closed = self.closed.of(party).as_ref();
        match past.opening {
            Opening::Declared | Opening::Final(_) => Ends {
                opening: self.opening.of(party).as_ref(),
                closed,
                accounts: self.accounts.of(party).as_ref(),
            },
            Opening::Awaiting(_) | Opening::Gap(_) => {
                Ends { opening: None, closed: None, accounts: None }
            }
        }
    }

    /// How many buckets keep each at a size that a core's cache likes.
    #[must_use]
    pub fn buckets(&self) -> usize {
        let members =
            Party::BOTH.map(|party| self.members.of(party).as_ref().map_or(0, Members::len));
        let links = self.links.as_ref().map_or(0, Links::len);
        let counts = [self.books.a.len(), self.books.b.len(), members[0], members[1], links];
        let rows = counts.into_iter().max().unwrap_or_default();
        rows.div_ceil(BUCKET_ROWS).clamp(1, 1 << 12)
    }
}
