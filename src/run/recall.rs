//! Rows that are brought back from final publications: what was held when the period before was
//! closed, and what was cleared of events that the run's files still name (docs/periods.md).

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, StringArray};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Error;
use super::before::Before;
use crate::engine::{Exchange, Keyed};
use crate::frame::books::{Books, Ledger, RecalledRow, Side};
use crate::judgement::Outcome;
use crate::past::{Scope, Settled};
use crate::publish::{Columns, Final, PublishError, plain};

use crate::value::kind::{Action, Flow, Kind, Role, Status};
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};

/// What the codes of the rules on caps begin with.
const CAPS: &str = "CAP-";

/// What was brought back, and which rows are settled.
#[derive(Debug)]
pub struct Recalled {
    /// The rows of each book; they follow those of its files.
    pub rows: Both<Vec<RecalledRow>>,
    /// The tables that they stand in; they follow the files of the ledger.
    pub places: Both<Vec<String>>,
    /// Where each of the rows was first read, where it was held.
    pub first_read: Both<Vec<Option<(String, u64)>>>,
    /// Which rows the run judges.
    pub scope: Scope,
}

/// Brings back what the run has to know.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn recall(
    period: &Period,
    before: &Before,
    books: &Books,
    files: &Both<Vec<String>>,
) -> Result<Recalled, Error> {
    let scope = Scope {
        period: period.clone(),
        past: before.past.clone(),
        settled: Both { a: BTreeMap::new(), b: BTreeMap::new() },
        capped: Both { a: BTreeMap::new(), b: BTreeMap::new() },
        pairs: Both { a: Vec::new(), b: Vec::new() },
    };
    let mut hand = Hand {
        index: Both { a: Index::of(&books.a), b: Index::of(&books.b) },
        files: Both::from_fn(|party| files.of(party).len()),
        named: Both { a: BTreeSet::new(), b: BTreeSet::new() },
        brought: Both { a: BTreeMap::new(), b: BTreeMap::new() },
        recalled: Recalled {
            rows: Both { a: Vec::new(), b: Vec::new() },
            places: Both { a: Vec::new(), b: Vec::new() },
            first_read: Both { a: Vec::new(), b: Vec::new() },
            scope,
        },
    };
    if before.finals.is_empty() {
        return Ok(hand.recalled);
    }
    if let (Some(_), Some(last)) = (before.past.before(), before.finals.last()) {
        hand.bring_open(last)?;
    }
    for publication in &before.finals {
        hand.drop_decided(publication)?;
    }
    let mut families = Families::default();
    for (index, publication) in before.finals.iter().enumerate() {
        hand.find_families(index, publication, &mut families)?;
    }
    if !families.is_empty() {
        for (index, publication) in before.finals.iter().enumerate() {
            hand.bring_cleared(index, publication, &families)?;
        }
    }
    Ok(hand.recalled)
}

/// When the final publications first saw discrepancies, of those ids that are asked for.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn first_seen(
    finals: &[Final],
    asked: &BTreeSet<String>,
) -> Result<BTreeMap<String, Date>, Error> {
    let mut seen = BTreeMap::new();
    for publication in finals {
        publication.scan("discrepancies", &["discrepancy_id", "first_seen"], |_, rows| {
            let (ids, days) = (rows.texts("discrepancy_id")?, rows.days("first_seen")?);
            for (id, day) in ids.iter().zip(days) {
                if let (Some(id), Some(day)) = (id, day)
                    && asked.contains(id)
                {
                    seen.entry(id.to_owned()).or_insert(day);
                }
            }
            Ok::<(), PublishError>(())
        })?;
    }
    Ok(seen)
}

/// The ids of one ledger's rows, and those that its legs name.
struct Index<'a> {
    own: Ids<'a>,
    legs: Ids<'a>,
    counters: Ids<'a>,
    originals: Ids<'a>,
    places: Box<dyn Fn(u32) -> (u32, u64) + 'a>,
    rows: u32,
}

impl<'a> Index<'a> {
    fn of<P: Side>(ledger: &'a Ledger<P>) -> Index<'a> {
        let is_leg = |row: u32| ledger.kind(row).role() != Some(Role::Own);
        let own = |row: u32| Some(ledger.event_id(row));
        Index {
            own: Ids::new(ledger.len(), own),
            legs: Ids::new(ledger.len(), move |row| own(row).filter(|_| is_leg(row))),
            counters: Ids::new(ledger.len(), |row| ledger.counter_event_id(row)),
            originals: Ids::new(ledger.len(), |row| ledger.original_event_id(row)),
            places: Box::new(|row| ledger.origins.of(row)),
            rows: ledger.rows().end,
        }
    }
}

/// Rows by an id, to be found by its hash; the id's bytes decide.
struct Ids<'a> {
    keyed: Vec<Keyed>,
    key: Box<dyn Fn(u32) -> Option<&'a str> + 'a>,
}

impl<'a> Ids<'a> {
    fn new(rows: usize, key: impl Fn(u32) -> Option<&'a str> + Sync + 'a) -> Ids<'a> {
        let mut keyed: Vec<Keyed> =
            Exchange::new(1).scatter(rows, &key).into_iter().flatten().collect();
        keyed.sort_unstable();
        Ids { keyed, key: Box::new(key) }
    }

    fn rows<'s>(&'s self, id: &'s str) -> impl Iterator<Item = u32> + 's {
        let hash = Exchange::hash(id);
        let start = self.keyed.partition_point(|keyed| keyed.hash < hash);
        let run = self.keyed[start..].iter().take_while(move |keyed| keyed.hash == hash);
        run.map(|keyed| keyed.row).filter(move |&row| (self.key)(row) == Some(id))
    }

    fn has(&self, id: &str) -> bool {
        self.rows(id).next().is_some()
    }
}

/// Cleared events that the run has to know: an event with all its reversals, by issuer and the
/// event's id; and legs that were settled alone, by publication and row.
#[derive(Default)]
struct Families {
    roots: BTreeSet<(Party, String)>,
    alone: BTreeSet<(usize, u64)>,
}

impl Families {
    fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.alone.is_empty()
    }
}

/// What is in hand while rows are brought back.
struct Hand<'a> {
    index: Both<Index<'a>>,
    files: Both<usize>,
    /// Ids that rows which were brought back have or name, beside those of the files.
    named: Both<BTreeSet<String>>,
    /// Rows that were brought back as cleared, by id.
    brought: Both<BTreeMap<String, u32>>,
    recalled: Recalled,
}

fn party_of(letter: &str) -> Party {
    if letter == Party::A.letter() { Party::A } else { Party::B }
}

/// A text as it was read, where there is one.
fn said(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| plain(column.value(row)))
}

/// A figure or word that a final publication cannot have.
fn unsound(publication: &Final, table: &str, row: u64) -> PublishError {
    PublishError::Altered {
        path: publication.folder.join(format!("{table}.parquet")),
        what: format!("row {row} is not sound"),
    }
}

/// An exact amount as ledgers hold it.
fn millionths(mut amount: Decimal) -> Option<i64> {
    amount.rescale(6);
    i64::try_from(amount.mantissa()).ok()
}

fn word<W: Copy>(all: &[W], words: &[&str], word: Option<&str>) -> Option<W> {
    let index = words.iter().position(|known| Some(*known) == word)?;
    all.get(index).copied()
}

impl Hand<'_> {
    /// Whether the run has a leg of that id, or one that names it.
    fn wants(&self, party: Party, id: &str) -> bool {
        let index = self.index.of(party);
        index.legs.has(id)
            || index.originals.has(id)
            || self.index.of(party.partner()).counters.has(id)
            || self.named.of(party).contains(id)
    }

    /// The index of a publication's table among the files of a ledger.
    fn file(&mut self, party: Party, publication: &Final, table: &str) -> u32 {
        let place = format!("{}/{table}.parquet", publication.place());
        let places = self.recalled.places.of_mut(party);
        let at = places.iter().position(|known| *known == place).unwrap_or_else(|| {
            places.push(place);
            places.len() - 1
        });
        // There are fewer files and publications than 2^32.
        (self.files.of(party) + at) as u32
    }

    fn push(&mut self, party: Party, row: RecalledRow, first_read: Option<(String, u64)>) -> u32 {
        let rows = self.recalled.rows.of_mut(party);
        let index = self.index.of(party).rows + rows.len() as u32;
        rows.push(row);
        self.recalled.first_read.of_mut(party).push(first_read);
        index
    }

    /// Rows that were held when the period before was closed.
    fn bring_open(&mut self, publication: &Final) -> Result<(), PublishError> {
        const TABLE: &str = "open_rows";
        let columns = [
            "party",
            "event_id",
            "member_no",
            "kind",
            "points",
            "occurred_at",
            "posted_at",
            "counter_event_id",
            "original_event_id",
            "order_no",
            "status",
            "amount",
            "currency",
            "authority",
            "code",
            "file",
            "line",
        ];
        publication.scan(TABLE, &columns, |first_row, rows| {
            let [parties, ids, members, kinds, counters, originals, orders, statuses, files] = [
                "party",
                "event_id",
                "member_no",
                "kind",
                "counter_event_id",
                "original_event_id",
                "order_no",
                "status",
                "file",
            ]
            .map(|name| rows.texts(name));
            let (parties, ids, members, kinds) = (parties?, ids?, members?, kinds?);
            let (counters, originals, orders) = (counters?, originals?, orders?);
            let (statuses, files) = (statuses?, files?);
            let (amounts, currencies) = (rows.decimals("amount")?, rows.texts("currency")?);
            let (authorities, codes) = (rows.texts("authority")?, rows.texts("code")?);
            let (points, lines) = (rows.integers("points")?, rows.integers("line")?);
            let (occurred, posted) = (rows.instants("occurred_at")?, rows.instants("posted_at")?);
            for (row, line) in (0..rows.len()).zip(first_row..) {
                let party = party_of(parties.value(row));
                let unsound = || unsound(publication, TABLE, line);
                let event_id = said(ids, row).ok_or_else(unsound)?.to_owned();
                let code =
                    said(codes, row).filter(|code| code.starts_with(CAPS)).map(str::to_owned);
                if self.index.of(party).own.has(&event_id) {
                    if let Some(code) = code {
                        let legs = self.index.of(party).legs.rows(&event_id);
                        let capped = legs.map(|row| (row, code.clone()));
                        self.recalled.scope.capped.of_mut(party).extend(capped);
                    }
                    continue;
                }
                let kind = word(Kind::ALL, Kind::WORDS, said(kinds, row)).ok_or_else(unsound)?;
                let status = word(Status::ALL, Status::WORDS, said(statuses, row));
                let text = |column| said(column, row).map(str::to_owned);
                let recalled = RecalledRow {
                    event_id,
                    member_no: text(members).ok_or_else(unsound)?,
                    kind,
                    points: points[row].ok_or_else(unsound)?,
                    occurred_at: occurred[row].ok_or_else(unsound)?,
                    posted_at: posted[row],
                    counter_event_id: text(counters),
                    original_event_id: text(originals),
                    order_no: text(orders),
                    status: status.ok_or_else(unsound)?,
                    amount: amounts[row].and_then(millionths),
                    currency: text(currencies),
                    authority: text(authorities),
                    file: self.file(party, publication, TABLE),
                    line,
                };
                if kind.role() != Some(Role::Own) {
                    self.named.of_mut(party).insert(recalled.event_id.clone());
                    self.named.of_mut(party).extend(recalled.original_event_id.clone());
                    self.named.of_mut(party.partner()).extend(recalled.counter_event_id.clone());
                }
                let line = lines[row].and_then(|line| u64::try_from(line).ok());
                let first_read = text(files).zip(line);
                let row = self.push(party, recalled, first_read);
                if let Some(code) = code {
                    self.recalled.scope.capped.of_mut(party).insert(row, code);
                }
            }
            Ok(())
        })
    }

    /// Marks the legs of the files that a decision rejected or wrote off.
    fn drop_decided(&mut self, publication: &Final) -> Result<(), PublishError> {
        let columns = ["action", "outcome", "issuer", "issuer_event_id", "acceptor_event_id"];
        publication.scan("decisions", &columns, |_, rows| {
            let (actions, outcomes) = (rows.texts("action")?, rows.texts("outcome")?);
            let legs = [rows.texts("issuer_event_id")?, rows.texts("acceptor_event_id")?];
            let issuers = rows.texts("issuer")?;
            for row in 0..rows.len() {
                let drops = [Action::Reject, Action::WriteOff]
                    .iter()
                    .any(|action| said(actions, row) == Some(action.word()));
                if !drops || said(outcomes, row) != Some(Outcome::Applied.word()) {
                    continue;
                }
                let issuer = party_of(issuers.value(row));
                for (party, ids) in [issuer, issuer.partner()].into_iter().zip(legs) {
                    let Some(id) = said(ids, row) else { continue };
                    let dropped = self.index.of(party).legs.rows(id);
                    let dropped = dropped.map(|row| (row, Settled::Dropped));
                    self.recalled.scope.settled.of_mut(party).extend(dropped);
                }
            }
            Ok(())
        })
    }

    /// Finds the cleared events that a leg of the run is, names, or reverses.
    fn find_families(
        &self,
        index: usize,
        publication: &Final,
        families: &mut Families,
    ) -> Result<(), PublishError> {
        let columns = ["issuer", "issuer_event_id", "acceptor_event_id", "original_event_id"];
        publication.scan("cleared_events", &columns, |first_row, rows| {
            let legs = Legs::of(rows)?;
            for (row, number) in (0..rows.len()).zip(first_row..) {
                let issuer = party_of(legs.parties.value(row));
                let (leg, mirror) = (said(legs.issuers, row), said(legs.acceptors, row));
                let is_wanted = leg.is_some_and(|id| self.wants(issuer, id))
                    || mirror.is_some_and(|id| self.wants(issuer.partner(), id));
                if !is_wanted {
                    continue;
                }
                match said(legs.originals, row).or(leg) {
                    Some(root) => {
                        families.roots.insert((issuer, root.to_owned()));
                    }
                    None => {
                        families.alone.insert((index, number));
                    }
                }
            }
            Ok(())
        })
    }

    /// Brings back the cleared events of those families.
    fn bring_cleared(
        &mut self,
        index: usize,
        publication: &Final,
        families: &Families,
    ) -> Result<(), PublishError> {
        const TABLE: &str = "cleared_events";
        let columns = [
            "issuer",
            "flow",
            "kind",
            "acceptor_kind",
            "issuer_event_id",
            "acceptor_event_id",
            "original_event_id",
            "acceptor_original_event_id",
            "order_no",
            "issuer_member",
            "acceptor_member",
            "occurred_at",
            "accepted_at",
            "points",
            "recorded_mirror",
        ];
        publication.scan(TABLE, &columns, |first_row, rows| {
            let legs = Legs::of(rows)?;
            let flows = rows.texts("flow")?;
            let sides = [
                Leg::of(rows, ["issuer_event_id", "kind", "issuer_member", "original_event_id"])?
                    .at(rows, "occurred_at", "points")?,
                Leg::of(
                    rows,
                    [
                        "acceptor_event_id",
                        "acceptor_kind",
                        "acceptor_member",
                        "acceptor_original_event_id",
                    ],
                )?
                .at(rows, "accepted_at", "recorded_mirror")?,
            ];
            let orders = rows.texts("order_no")?;
            for (row, line) in (0..rows.len()).zip(first_row..) {
                let issuer = party_of(legs.parties.value(row));
                let root = said(legs.originals, row).or(said(legs.issuers, row));
                let is_kin = match root {
                    Some(root) => families.roots.contains(&(issuer, root.to_owned())),
                    None => families.alone.contains(&(index, line)),
                };
                if !is_kin {
                    continue;
                }
                // Points cleared are positive for a spend, which is negative on its own book.
                let spends = said(flows, row) != Some(Flow::Sale.word());
                let mut pair = [None, None];
                for (side, party) in [issuer, issuer.partner()].into_iter().enumerate() {
                    let leg = &sides[side];
                    let Some(event_id) = said(leg.ids, row) else { continue };
                    let unsound = || unsound(publication, TABLE, line);
                    let kind = word(Kind::ALL, Kind::WORDS, said(leg.kinds, row));
                    let points = leg.points.get(row).copied().flatten().ok_or_else(unsound)?;
                    let at = leg.at.get(row).copied().flatten().ok_or_else(unsound)?;
                    let text = |column| said(column, row).map(str::to_owned);
                    let recalled = RecalledRow {
                        event_id: event_id.to_owned(),
                        member_no: text(leg.members).ok_or_else(unsound)?,
                        kind: kind.ok_or_else(unsound)?,
                        points: if side == 0 && spends { -points } else { points },
                        occurred_at: at,
                        posted_at: None,
                        counter_event_id: None,
                        original_event_id: text(leg.originals),
                        order_no: text(orders),
                        status: Status::Posted,
                        amount: None,
                        currency: None,
                        authority: None,
                        file: self.file(party, publication, TABLE),
                        line,
                    };
                    pair[side] = Some(self.settle(party, recalled));
                }
                if let [Some(leg), Some(mirror)] = pair {
                    self.recalled.scope.pairs.of_mut(issuer).push((leg, mirror));
                }
            }
            Ok(())
        })
    }

    /// Marks a leg as settled, brings it back unless the files have it, and gives its row.
    fn settle(&mut self, party: Party, leg: RecalledRow) -> u32 {
        let index = self.index.of(party);
        let rows: Vec<u32> = index.legs.rows(&leg.event_id).collect();
        let first = rows.iter().copied().min_by_key(|&row| (index.places)(row));
        let settled = self.recalled.scope.settled.of_mut(party);
        settled.extend(rows.into_iter().map(|row| (row, Settled::Cleared)));
        if let Some(first) = first.or(self.brought.of(party).get(&leg.event_id).copied()) {
            return first;
        }
        let event_id = leg.event_id.clone();
        let row = self.push(party, leg, None);
        self.brought.of_mut(party).insert(event_id, row);
        self.recalled.scope.settled.of_mut(party).insert(row, Settled::Cleared);
        row
    }
}

/// The columns that tell which events a row of `cleared_events` is about.
struct Legs<'a> {
    parties: &'a StringArray,
    issuers: &'a StringArray,
    acceptors: &'a StringArray,
    originals: &'a StringArray,
}

impl<'a> Legs<'a> {
    fn of(rows: &'a Columns<'_>) -> Result<Legs<'a>, PublishError> {
        Ok(Legs {
            parties: rows.texts("issuer")?,
            issuers: rows.texts("issuer_event_id")?,
            acceptors: rows.texts("acceptor_event_id")?,
            originals: rows.texts("original_event_id")?,
        })
    }
}

/// The columns of one side of `cleared_events`.
struct Leg<'a> {
    ids: &'a StringArray,
    kinds: &'a StringArray,
    members: &'a StringArray,
    originals: &'a StringArray,
    at: Vec<Option<Instant>>,
    points: Vec<Option<i64>>,
}

impl<'a> Leg<'a> {
    fn of(rows: &'a Columns<'_>, names: [&str; 4]) -> Result<Leg<'a>, PublishError> {
        let [ids, kinds, members, originals] = names.map(|name| rows.texts(name));
        Ok(Leg {
            ids: ids?,
            kinds: kinds?,
            members: members?,
            originals: originals?,
            at: Vec::new(),
            points: Vec::new(),
        })
    }

    fn at(self, rows: &Columns<'_>, at: &str, points: &str) -> Result<Leg<'a>, PublishError> {
        Ok(Leg { at: rows.instants(at)?, points: rows.integers(points)?, ..self })
    }
}
