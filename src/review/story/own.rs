//! Rows of the ledgers that a publication of an open period lists nowhere, because nothing clears
//! by them: a party's own business, found again in the recorded inputs.

use std::collections::BTreeSet;

use super::{Story, find, of_account};
use crate::feed::{Feed, FeedKind, InputFile, Owner};
use crate::frame::books::Ledger;
use crate::pipeline::Pipeline;
use crate::review::publication::{MANIFEST, Publication, ReviewError};
use crate::source;
use crate::value::kind::{Role, Status};
use crate::value::money::grouped;
use crate::value::party::{A, B, Party, Programme};
use crate::value::period::Period;

/// Rows that are looked through at once.
pub(super) const ROWS_AT_ONCE: usize = 1 << 16;

/// The period of a publication, as the pipeline counts periods.
///
/// # Errors
/// [`ReviewError::Unsound`] when the manifest names none.
pub(super) fn period_of(
    publication: &Publication,
    pipeline: &Pipeline,
) -> Result<Period, ReviewError> {
    let manifest = &publication.manifest;
    let unsound = |what: String| ReviewError::Unsound { path: publication.path(MANIFEST), what };
    let agreement = &pipeline.agreement;
    let as_of = manifest.as_of.parse();
    let as_of = as_of.map_err(|_| unsound(format!("its as_of `{}` is no day", manifest.as_of)))?;
    Period::labelled(&manifest.period, as_of, agreement.cycle, &agreement.zone)
        .map_err(|error| unsound(error.to_string()))
}

/// Everything that the ledgers of a run have under an event's number or at `path:line` and that no
/// story tells yet. Files that are others now are not read.
///
/// # Errors
/// [`ReviewError`] when a file or a table cannot be read.
pub fn of_ledgers(
    publication: &Publication,
    pipeline: &Pipeline,
    id: &str,
    stories: &mut Vec<Story>,
) -> Result<(), ReviewError> {
    if id.is_empty() {
        return Ok(());
    }
    let told: BTreeSet<String> = stories.iter().flat_map(|story| story.places.clone()).collect();
    let period = period_of(publication, pipeline)?;
    for feed in pipeline.feeds(&period) {
        let Owner::Party(party) = feed.owner else { continue };
        if feed.kind != FeedKind::Ledger {
            continue;
        }
        let files = recorded(publication, &feed)?;
        let wanted = Wanted { id, told: &told, period: &period, pipeline };
        let found = match party {
            Party::A => wanted.read::<A>(&feed, &files),
            Party::B => wanted.read::<B>(&feed, &files),
        };
        for (member_no, story) in found? {
            stories.push(story);
            let word = party.letter();
            let is_its = |[party, member]: [&str; 2]| party == word && member == member_no;
            let by = ["party", "member_no"];
            stories.extend(find(publication, "accounts", by, is_its)?.iter().map(of_account));
        }
    }
    Ok(())
}

/// The files of a feed that are still what the run read.
pub(super) fn recorded(
    publication: &Publication,
    feed: &Feed,
) -> Result<Vec<InputFile>, ReviewError> {
    let unread = |source| ReviewError::Io { path: feed.root.clone(), source };
    let mut paths = feed.find().map_err(unread)?;
    paths.extend(feed.find_following().map_err(unread)?);
    paths.sort_unstable();
    paths.dedup();
    let mut files = source::survey(feed, &paths, false).map_err(|error| ReviewError::Unsound {
        path: feed.root.clone(),
        what: error.to_string(),
    })?;
    let inputs = &publication.manifest.inputs;
    files.retain(|file| {
        inputs.iter().any(|input| input.path == file.path && input.blake3 == file.blake3)
    });
    Ok(files)
}

/// What is looked for in ledgers.
struct Wanted<'w> {
    id: &'w str,
    told: &'w BTreeSet<String>,
    period: &'w Period,
    pipeline: &'w Pipeline,
}

impl Wanted<'_> {
    /// The members and stories of the rows of one ledger that are looked for.
    fn read<P: Programme>(
        &self,
        feed: &Feed,
        files: &[InputFile],
    ) -> Result<Vec<(String, Story)>, ReviewError> {
        // A part's name comes with the end of the reading, and a number with the row.
        let mut found = Vec::new();
        let mut broken = None;
        let (stem, number) = match self.id.rsplit_once(':') {
            Some((stem, number)) => (stem, number.parse().ok()),
            None => ("", None),
        };
        let mut taker = |batch: &arrow::record_batch::RecordBatch| {
            match Ledger::<P>::new(batch) {
                Err(error) => broken = Some(error.to_string()),
                Ok(ledger) => found.extend(ledger.rows().filter_map(|row| {
                    let (part, line) = ledger.origins.of(row);
                    let is_named = ledger.event_id(row) == self.id;
                    (is_named || Some(line) == number).then(|| {
                        (
                            is_named,
                            part,
                            line,
                            ledger.member_no(row).to_owned(),
                            self.story(&ledger, row),
                        )
                    })
                })),
            }
            Ok(())
        };
        let read = source::read_apart(feed, files, &|_, _| (), (&mut taker, ROWS_AT_ONCE), None);
        let unsound = |what: String| ReviewError::Unsound { path: feed.root.clone(), what };
        let read = read.map_err(|error| unsound(error.to_string()))?;
        if let Some(what) = broken {
            return Err(unsound(what));
        }
        let mut stories = Vec::new();
        for (is_named, part, line, member_no, mut story) in found {
            let Some(part) = read.parts.get(part as usize) else { continue };
            let place = format!("{}:{line}", part.name);
            if (is_named || part.name == stem) && !self.told.contains(&place) {
                story.tell_row(place);
                stories.push((member_no, story));
            }
        }
        Ok(stories)
    }

    fn story<P: Programme>(&self, ledger: &Ledger<P>, row: u32) -> Story {
        let (kind, status) = (ledger.kind(row), ledger.status(row));
        let what = match kind.role() {
            Some(Role::Own) => "A party's own business 本方业务",
            _ => "Read, and in no table 仅见于输入",
        };
        let book = P::PARTY.letter();
        let mut story =
            Story::new(format!("{what}: {} {} on {book}'s book", kind.word(), kind.zh()));
        let zone = &self.pipeline.agreement.zone;
        let points = ledger.points(row);
        story.tell("event 流水号", ledger.event_id(row));
        story.tell("points 积分", grouped(&points.to_string()));
        story.tell("happened 交易时间", ledger.occurred_at(row).show(zone));
        story.tell(
            "posted 入账时间",
            ledger.posted(row).map_or_else(String::new, |at| at.show(zone)),
        );
        story.tell("status 状态", format!("{} {}", status.word(), status.zh()));
        story.tell("order 订单号", ledger.order_no(row).unwrap_or_default());
        story.tell("reverses 原流水号", ledger.original_event_id(row).unwrap_or_default());
        story.tell("authority 授权依据", ledger.authority(row).unwrap_or_default());
        if !self.period.contains(ledger.occurred_at(row)) {
            story.tell("period 账期", "another one, by when it happened 按交易时间属他期");
        }
        let moves = match (kind.moves_balance(), status) {
            (Some(true), Status::Posted) => "yes 是",
            (None, Status::Posted) => "as what it reverses 同原交易",
            _ => "no 否",
        };
        story.tell("moves the balance 变动余额", moves);
        if kind.role() == Some(Role::Own) {
            story.tell("clears 清算", "nothing: it stands on no line of the statement 不入清算单");
        }
        story
    }
}
