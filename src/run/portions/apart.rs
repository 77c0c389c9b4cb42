//! Feeds whose rows are set aside as they are read, and stowed by portion when it is known which
//! rows touch one another.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;

use super::kinship;
use crate::agreement::MemberRule;
use crate::engine::{Families, Kin, Packed, Piece, Spill, SpillError, Stowage};
use crate::feed::{Feed, FeedKind, FeedRows, InputFile, Owner};
use crate::frame::schema::{LINE, canonical_schema};
use crate::publish::{Closing, Columns, Final, PublishError};
use crate::run::recall::{self, Shelf};
use crate::run::{Error, Watch};
use crate::source::{self, Cache};
use crate::value::party::{Both, Party};

/// Rows that are set aside together as they are read.
const PIECE_ROWS: usize = 1 << 16;

/// Feeds that are being read apart.
pub struct Apart<'r> {
    kin: Kin,
    rules: &'r [MemberRule],
    heaps: Vec<Heap>,
    /// What all rows take of memory.
    pub bytes: u64,
    rows: u64,
    closed: Closed,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A feed.
    Feed(Owner, FeedKind),
    /// A table of a final publication, by the publication's place among them.
    Published(usize, &'static str),
}

impl Origin {
    /// The nodes of its rows.
    fn nodes(self, batch: &RecordBatch) -> Vec<u64> {
        match self {
            Origin::Feed(owner, kind) => kinship::nodes(owner, kind, batch),
            Origin::Published(_, table) => kinship::nodes_published(table, batch),
        }
    }
}

/// The rows of one feed or table, as they came.
struct Heap {
    origin: Origin,
    schema: SchemaRef,
    spill: Spill,
    pieces: Vec<Piece>,
}

impl Heap {
    fn new(folder: &Path, origin: Origin, schema: SchemaRef) -> Result<Heap, SpillError> {
        Ok(Heap { origin, schema, spill: Spill::new(folder)?, pieces: Vec::new() })
    }
}

impl<'r> Apart<'r> {
    /// No feed yet.
    ///
    /// # Errors
    /// [`SpillError`] when nothing can be set aside in the folder.
    pub fn new(folder: &Path, rules: &'r [MemberRule]) -> Result<Apart<'r>, SpillError> {
        Ok(Apart {
            kin: Kin::new(folder)?,
            rules,
            heaps: Vec::new(),
            bytes: 0,
            rows: 0,
            closed: Closed::default(),
        })
    }

    /// Reads a feed, whose rows are set aside.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read, or its rows not be set aside.
    pub fn read(
        &mut self,
        folder: &Path,
        (feed, files): (&Feed, &[InputFile]),
        cache: Option<&Cache>,
        watch: &dyn Fn(u64, u64),
    ) -> Result<FeedRows, Error> {
        let (owner, kind) = (feed.owner, feed.kind);
        let origin = Origin::Feed(owner, kind);
        let mut heap = Heap::new(folder, origin, canonical_schema(kind))?;
        let (kin, bytes, rules) = (&mut self.kin, &mut self.bytes, self.rules);
        let set_aside = &mut self.rows;
        let mut take = |batch: &RecordBatch| {
            let nodes = kinship::nodes(owner, kind, batch);
            kinship::tie(kin, (owner, kind), batch, &nodes, rules)?;
            *bytes += batch.get_array_memory_size() as u64;
            *set_aside += batch.num_rows() as u64;
            // A row group of Parquet may have many times as many rows; whoever takes them up again
            // takes a piece a thread.
            let starts: Vec<usize> = (0..batch.num_rows()).step_by(PIECE_ROWS).collect();
            let rows = |start| PIECE_ROWS.min(batch.num_rows() - start);
            let spill = &heap.spill;
            let packed = starts
                .into_par_iter()
                .map(|start| spill.pack(&batch.slice(start, rows(start))))
                .collect::<Vec<Result<Packed, SpillError>>>();
            for packed in packed {
                heap.pieces.push(heap.spill.put_packed(&packed?)?);
            }
            Ok(())
        };
        let rows = source::read_apart(feed, files, watch, (&mut take, PIECE_ROWS), cache)?;
        self.heaps.push(heap);
        Ok(rows)
    }

    /// Reads a table of a final publication, whose rows are set aside with their numbers.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read, or its rows not be set aside.
    pub fn read_back(
        &mut self,
        folder: &Path,
        (place, publication): (usize, &Final),
        (table, columns): (&'static str, &[&str]),
    ) -> Result<(), Error> {
        let origin = Origin::Published(place, table);
        let mut heap: Option<Heap> = None;
        publication.scan(table, columns, |_, rows| {
            let batch = numbered(rows)?;
            let nodes = origin.nodes(&batch);
            kinship::tie_published(&mut self.kin, table, &batch, &nodes)?;
            self.bytes += batch.get_array_memory_size() as u64;
            self.rows += batch.num_rows() as u64;
            if table == recall::ACCOUNTS {
                self.closed.note(rows)?;
            }
            let heap = match &mut heap {
                Some(heap) => heap,
                none => none.insert(Heap::new(folder, origin, batch.schema())?),
            };
            heap.pieces.push(heap.spill.put(&batch)?);
            Ok::<(), PublishError>(())
        })?;
        self.heaps.extend(heap);
        Ok(())
    }

    /// How many rows are set aside.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Stows all rows in so many portions, of which about `room_bytes` stay in memory on the way.
    ///
    /// # Errors
    /// [`SpillError`] when rows cannot be taken up or set aside.
    pub fn stow(
        self,
        folder: &Path,
        (portions, room_bytes): (usize, usize),
        watch: &dyn Watch,
    ) -> Result<Portions, SpillError> {
        let families = self.kin.families()?;
        let mut stowed = Vec::with_capacity(self.heaps.len());
        for heap in self.heaps {
            let schema = heap.schema.clone();
            let mut stowage = Stowage::new(folder, schema, portions, room_bytes)?;
            let Heap { origin, spill, pieces, .. } = heap;
            for some in pieces.chunks(rayon::current_num_threads().max(1)) {
                stowage.stow(some, |&piece| {
                    let batch = spill.take(piece)?;
                    watch.advance(0, batch.num_rows() as u64);
                    let nodes = origin.nodes(&batch);
                    let places = nodes.iter().map(|&node| portion_of(&families, node, portions));
                    Ok((batch, places.collect()))
                })?;
            }
            stowage.set_aside()?;
            stowed.push((heap.origin, stowage));
        }
        Ok(Portions { count: portions, stowed, closed: self.closed })
    }
}

/// The portion in which a node's family is judged. Which one it is shows nowhere.
fn portion_of(families: &Families, node: u64, portions: usize) -> u32 {
    // Nodes are hashes already; a factor spreads those that share their first bits.
    let spread = families.of(node).wrapping_mul(0xa076_1d64_78bd_642f) >> 32;
    (spread as usize % portions) as u32
}

/// All rows, by portion.
pub struct Portions {
    /// How many there are.
    pub count: usize,
    stowed: Vec<(Origin, Stowage)>,
    closed: Closed,
}

impl Portions {
    /// No rows.
    #[must_use]
    pub fn none() -> Portions {
        Portions { count: 0, stowed: Vec::new(), closed: Closed::default() }
    }

    /// The rows of an origin that a portion has, if they were set aside.
    ///
    /// # Errors
    /// [`SpillError`] when they cannot be taken up.
    pub fn rows(&self, origin: Origin, portion: usize) -> Result<Option<RecordBatch>, SpillError> {
        let stowed = self.stowed.iter().find(|(of, _)| *of == origin);
        stowed.map(|(_, stowage)| stowage.portion(portion)).transpose()
    }

    /// What a portion has of final publications.
    #[must_use]
    pub fn shelf<'s>(&'s self, finals: &'s [Final], portion: usize) -> PortionShelf<'s> {
        PortionShelf { portions: self, finals, portion }
    }

    /// How many rows a portion has.
    #[must_use]
    pub fn rows_of(&self, portion: usize) -> usize {
        self.stowed.iter().map(|(_, stowage)| stowage.rows(portion)).sum()
    }

    /// How many rows all portions have.
    #[must_use]
    pub fn all_rows(&self) -> u64 {
        (0..self.count).map(|portion| self.rows_of(portion) as u64).sum()
    }

    /// The portion with most rows: how many it has, and how many an even share is.
    #[must_use]
    pub fn largest(&self) -> (usize, usize) {
        let of_each: Vec<usize> = (0..self.count).map(|portion| self.rows_of(portion)).collect();
        let share = of_each.iter().sum::<usize>() / self.count.max(1);
        (of_each.into_iter().max().unwrap_or_default(), share)
    }
}

/// Whose accounts the period just before closed.
#[derive(Debug, Clone, Copy, Default)]
struct Closed(Both<bool>);

impl Closed {
    fn note(&mut self, rows: &Columns<'_>) -> Result<(), PublishError> {
        let parties = rows.texts("party")?;
        for party in Party::BOTH {
            let is_closed = parties.iter().flatten().any(|letter| letter == party.letter());
            *self.0.of_mut(party) |= is_closed;
        }
        Ok(())
    }
}

/// What a portion has of final publications.
pub struct PortionShelf<'s> {
    portions: &'s Portions,
    finals: &'s [Final],
    portion: usize,
}

impl Shelf for PortionShelf<'_> {
    fn scan(
        &self,
        publication: &Final,
        table: &str,
        _: &[&str],
        each: &mut dyn FnMut(&Columns<'_>) -> Result<(), PublishError>,
    ) -> Result<(), Error> {
        let place = self.finals.iter().position(|known| known.folder == publication.folder);
        let mut origins = self.portions.stowed.iter().map(|(origin, _)| *origin);
        let origin = origins.find(|origin| {
            matches!(*origin, Origin::Published(at, name) if Some(at) == place && name == table)
        });
        let Some(origin) = origin else { return Ok(()) };
        let rows = self.portions.rows(origin, self.portion)?;
        let Some(rows) = rows.filter(|rows| rows.num_rows() > 0) else { return Ok(()) };
        let path = publication.folder.join(format!("{table}.parquet"));
        Ok(each(&Columns::new(&path, &rows, 1))?)
    }

    fn has_closed(&self, party: Party, _: &[Closing]) -> bool {
        *self.portions.closed.0.of(party)
    }
}

/// Rows of a published table with their numbers beside them.
fn numbered(rows: &Columns<'_>) -> Result<RecordBatch, PublishError> {
    let batch = rows.batch();
    let lines = (0..batch.num_rows()).map(|row| rows.line(row));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(UInt64Array::from_iter_values(lines)));
    let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(LINE, DataType::UInt64, false)));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
