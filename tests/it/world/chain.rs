//! Consecutive periods of one agreement, each run once and most of them closed.

use super::{PARTIES, World};

/// One period: what is sent in it, and whether it is closed or only run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub world: World,
    pub closes: bool,
}

/// Periods in their order. The feeds are declared as in the first; what is charged may be other later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub runs: Vec<Run>,
}

impl Chain {
    /// A period as its run sees it: with the files of the next period, where they are read.
    pub fn seen(&self, position: usize) -> World {
        let mut world = self.runs[position].world.clone();
        let next = self.runs.get(position + 1).filter(|_| world.reads_following);
        for party in PARTIES {
            let files = next.map(|next| {
                next.world.side(party).files().into_iter().map(<[_]>::to_vec).collect()
            });
            world.side_mut(party).following = files.unwrap_or_default();
        }
        world
    }
}
