//! The feeds: their files, their format, and which of their columns become which canonical ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Checker;
use crate::agreement::POINTS_MAX;
use crate::feed::{Feed, FeedKind, Owner};
use crate::pipeline::declaration::{Declaration, FeedDeclaration};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::party::Party;
use crate::value::token::TokenKey;

/// What the feeds have in common.
pub(super) struct Shelf<'c> {
    root: Option<&'c Path>,
    pub(super) zone: TimeZone,
    pub(super) key: Option<&'c Arc<TokenKey>>,
    /// Which feed claimed which pattern.
    claims: BTreeMap<String, String>,
}

impl Checker<'_> {
    /// The feeds: A's, then B's, then the shared ones. Where the root is not known, they stand
    /// without one; a problem has been found then.
    pub(super) fn feeds(
        &mut self,
        top: Spot<'_>,
        declared: &Declaration,
        root: Option<&Path>,
        zone: Option<&TimeZone>,
        key: Option<&Arc<TokenKey>>,
    ) -> Vec<Feed> {
        let zone = zone.cloned().unwrap_or(TimeZone::UTC);
        let mut shelf = Shelf { root, zone, key, claims: BTreeMap::new() };
        let spot = top.key("feeds");
        let mut feeds = Vec::new();
        for (party, sent, terms) in [
            (Party::A, &declared.feeds.a, &declared.parties.a),
            (Party::B, &declared.feeds.b, &declared.parties.b),
        ] {
            // A statement is of both programmes' points, which it has in their smallest units.
            let scale_of = |kind: FeedKind| match kind {
                FeedKind::Statement => 0,
                _ => terms.scale.unwrap_or(0),
            };
            for (kind, feed) in [
                (FeedKind::Members, sent.members.as_ref()),
                (FeedKind::Accounts, sent.accounts.as_ref()),
                (FeedKind::Opening, sent.opening.as_ref()),
                (FeedKind::Lots, sent.lots.as_ref()),
                (FeedKind::Ledger, Some(&sent.ledger)),
                (FeedKind::Statement, sent.statement.as_ref()),
                (FeedKind::Deliveries, sent.deliveries.as_ref()),
            ] {
                let Some(feed) = feed else { continue };
                let spot = spot.key(party.letter()).key(kind.word());
                feeds.push(self.feed(
                    spot,
                    Owner::Party(party),
                    kind,
                    scale_of(kind),
                    feed,
                    &mut shelf,
                ));
            }
        }
        let shared = &declared.feeds.shared;
        for (kind, feed) in [
            (FeedKind::Links, &shared.links),
            (FeedKind::Consents, &shared.consents),
            (FeedKind::Adjustments, &shared.adjustments),
            (FeedKind::Settlements, &shared.settlements),
            (FeedKind::ExemptDays, &shared.exempt_days),
            (FeedKind::Decisions, &shared.decisions),
            (FeedKind::Deliveries, &shared.deliveries),
        ] {
            let Some(feed) = feed else { continue };
            let spot = spot.key("shared").key(kind.word());
            feeds.push(self.feed(spot, Owner::Shared, kind, 0, feed, &mut shelf));
        }
        self.deliveries_say(spot, &feeds);
        feeds
    }

    fn feed(
        &mut self,
        spot: Spot<'_>,
        owner: Owner,
        kind: FeedKind,
        scale: u8,
        declared: &FeedDeclaration,
        shelf: &mut Shelf<'_>,
    ) -> Feed {
        let name = format!("feeds.{}.{}", owner.word(), kind.word());
        let patterns = self.patterns(spot, ("files", &declared.files.0), &name, shelf);
        let following = declared.following.as_ref().map_or(&[][..], |following| &following.0);
        if kind != FeedKind::Ledger && !following.is_empty() {
            let reason = format!("`{name}` has `following`, which only a ledger has");
            let cure = "Remove it; rows of later days are read to be paired, and these are not.";
            self.problem(spot.key("following").key_mark(), reason, cure);
        }
        let following = self.patterns(spot, ("following", following), &name, shelf);
        let packing = self.packing(spot, &name, kind, declared);
        let format = self.format(spot.key("format"), &name, kind, &declared.format);
        let columns = self.columns(spot.key("columns"), kind, declared, shelf);
        self.named_by_format(spot.key("columns"), &format, &columns);
        self.not_agreed(spot.key("not_agreed"), declared, &columns);
        let due = declared.due.as_ref().and_then(|due| self.due(spot.key("due"), due));
        self.max_age(spot.key("max_age_days"), kind, declared.max_age_days);
        let max_rejects = self.max_rejects(spot.key("max_rejects"), declared);
        Feed {
            owner,
            kind,
            root: shelf.root.map_or_else(PathBuf::new, Path::to_owned),
            patterns,
            following,
            packing,
            format,
            scale,
            points_max: POINTS_MAX,
            zone: shelf.zone.clone(),
            columns,
            not_agreed: declared.not_agreed.clone(),
            due,
            max_age_days: declared.max_age_days,
            max_rejects,
        }
    }

    fn patterns(
        &mut self,
        spot: Spot<'_>,
        (key, declared): (&str, &[String]),
        name: &str,
        shelf: &mut Shelf<'_>,
    ) -> Vec<String> {
        let spot = spot.key(key);
        let what = format!("`{key}`");
        let mut patterns = Vec::new();
        for (index, text) in declared.iter().enumerate() {
            let item = spot.item(index);
            let Some(pattern) = self.relative(item, &what, text, true) else { continue };
            if let Some(root) = shelf.root
                && !self.stays(item, &what, root, &pattern)
            {
                continue;
            }
            if let Some(claimed) = shelf.claims.insert(pattern.clone(), name.to_owned()) {
                self.problem(
                    item.mark(),
                    format!("`{}` is already a file of `{claimed}`", shown(&pattern)),
                    "Give each feed files of its own; a file read twice would be counted twice.",
                );
            }
            patterns.push(pattern);
        }
        patterns
    }
}
