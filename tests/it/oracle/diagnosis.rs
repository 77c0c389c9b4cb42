//! What explains a difference exactly (judging.md, *Diagnoses*).

use super::answer::Account;
use super::books::Books;
use super::pairs::Judged;
use super::terms::{explain, mirror, ratio_at};
use crate::world::{DAY, Flow, Mode, Party, Ratio, Status, moment_text};

impl Books<'_> {
    /// Why the mirror of a pair may be what it is; `code` is what was found of it.
    pub fn diagnose_mirror(&self, code: &str, pair: &Judged) -> Option<String> {
        let (one, other) = (&self.entries[pair.issuer], &self.entries[pair.acceptor]);
        let (world, party, flow) = (self.world, one.party, one.flow.unwrap());
        let at = self.version_instant(pair.issuer);
        let cleared = self.cleared(pair.issuer);
        let recorded = i128::from(other.row.points);
        // The bare fact that a diagnosis left behind has none.
        if explain(world, party, at, flow, cleared, recorded) != code {
            return None;
        }
        let gives = |over: i64, under: i64| mirror(world, cleared, over, under) == recorded;
        let by = |ratio: &Ratio| gives(ratio.acceptor_points, ratio.issuer_points);
        let ratio = ratio_at(world, party, at);
        match code {
            "AMT-01" => self.diagnose_bare(pair.agreed?, recorded, party),
            "AMT-02" => {
                let ratio = ratio?;
                let (over, under) = (ratio.acceptor_points, ratio.issuer_points);
                if gives(under, over) {
                    return Some(format!("inverse ratio {over}:{under}"));
                }
                if let Some(ratio) = ratio_at(world, party.other(), at) {
                    let (issuer, acceptor) = (ratio.issuer_points, ratio.acceptor_points);
                    if by(ratio) {
                        return Some(format!("ratio of the other direction {issuer}:{acceptor}"));
                    }
                    if gives(issuer, acceptor) {
                        let what = "inverse of the other direction's ratio";
                        return Some(format!("{what} {acceptor}:{issuer}"));
                    }
                }
                Some("one to one 1:1".to_owned())
            }
            "AMT-03" => {
                let (own, whose) = match one.original {
                    None => (other.row.occurred_at, "the acceptor's time"),
                    Some(_) => (one.row.occurred_at, "the reversal's own time"),
                };
                let then = ratio_at(world, party, own).filter(|other| Some(*other) != ratio);
                if let Some(version) = then.filter(|version| by(version)) {
                    let from = moment_text(version.from);
                    return Some(format!("cut-off: version from {from}, in force at {whose}"));
                }
                let versions = world.ratios.iter().filter(|version| {
                    version.issuer == party && Some(*version) != ratio && by(version)
                });
                let first = versions.min_by_key(|version| world.instant(version.from))?;
                Some(format!("version from {}", moment_text(first.from)))
            }
            _ => {
                let ratio = ratio.filter(|_| flow != Flow::Sale)?;
                let exact = super::Fraction::new(
                    cleared * i128::from(ratio.acceptor_points),
                    i128::from(ratio.issuer_points),
                );
                let modes = [
                    (Mode::HalfUp, "half_up"),
                    (Mode::HalfEven, "half_even"),
                    (Mode::Up, "up"),
                    (Mode::Down, "down"),
                ];
                let other = |mode: Mode| mode != world.mirror_mode && exact.round(mode) == recorded;
                let found = modes.into_iter().find(|(mode, _)| other(*mode));
                found.map(|(_, word)| format!("rounding {word}"))
            }
        }
    }

    fn diagnose_bare(&self, agreed: i128, recorded: i128, issuer: Party) -> Option<String> {
        for party in [issuer.other(), issuer] {
            let factor = 10_i128.pow(self.world.side(party).scale);
            let code = self.world.codes[party as usize];
            if factor > 1 && recorded * factor == agreed {
                return Some(format!("unit scale of {code}: factor {factor} missing"));
            }
            if factor > 1 && agreed * factor == recorded {
                return Some(format!("unit scale of {code}: factor {factor} doubled"));
            }
        }
        let said = if recorded == 2 * agreed {
            "twice the agreed"
        } else if recorded * 2 == agreed {
            "half the agreed"
        } else if recorded == -agreed {
            "the opposite sign"
        } else {
            return None;
        };
        Some(said.to_owned())
    }

    /// Why an account closes otherwise than it rolls forward; it is rolled from `from` to `to`.
    pub fn diagnose_account(
        &self,
        account: &Account,
        counted: &[usize],
        to: i64,
    ) -> Option<String> {
        let difference = i128::from(account.reported? - account.expected);
        let named = |index: usize| {
            let row = &self.entries[index].row;
            (
                row.event_id.as_str(),
                row.posted_at.unwrap_or(row.occurred_at),
                i128::from(row.points),
            )
        };
        let moves = |after: i64, until: i64| -> Vec<(&str, i128)> {
            let all = self.entries.iter().enumerate().filter(|(index, entry)| {
                let row = &entry.row;
                let posted = row.posted_at.unwrap_or(row.occurred_at);
                entry.party.letter() == account.party
                    && row.member_no == account.member_no
                    && !entry.extra
                    && !entry.as_cleared
                    && row.status == Status::Posted
                    && self.moves_balance(*index)
                    && after < posted
                    && posted <= until
            });
            all.map(|(_, entry)| (entry.row.event_id.as_str(), i128::from(entry.row.points)))
                .collect()
        };
        let mut ways = Vec::new();
        let own: Vec<(&str, i64, i128)> = counted.iter().map(|index| named(*index)).collect();
        for (event, _, points) in own.iter().copied().filter(|(_, _, points)| *points != 0) {
            for (explains, how) in [
                (-points, "missing"),
                (points, "booked twice"),
                (-2 * points, "with the wrong sign"),
            ] {
                if explains == difference {
                    ways.push(format!("movement {event} {how}"));
                }
            }
        }
        if ways.len() == 1 {
            return ways.pop();
        }
        let sum = |rows: Vec<(&str, i128)>| rows.iter().map(|(_, points)| points).sum::<i128>();
        let of_last_day = own.iter().filter(|(_, posted, _)| *posted > to - DAY);
        if difference == -of_last_day.map(|(_, _, points)| points).sum::<i128>() {
            Some("cut-off: the last day's movements missing".to_owned())
        } else if difference == sum(moves(to, to + DAY)) {
            Some("cut-off: the next day's movements included".to_owned())
        } else {
            None
        }
    }
}
