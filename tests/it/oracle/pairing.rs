//! Which rows of the two books are one event (judging.md, 4).

use super::books::{Books, Fate, Role};
use super::members::sole_link;
use super::past::Settled;
use super::terms::{mirror_by, ratio_at};
use crate::world::{Flow, PARTIES, Party, Rule, SECOND, Status};

impl Books<'_> {
    /// Pairs the legs, per issuer, by the declared rules in their order.
    pub fn pair(&mut self) {
        self.pair_what_was_settled();
        // What was dropped alone pairs with nothing any more.
        for entry in &mut self.entries {
            if entry.settled == Some(Settled::Refused) && entry.is_open() {
                entry.fate = Some(Fate::Excluded);
            }
        }
        for issuer in PARTIES {
            for rule in self.world.rules.clone() {
                match rule {
                    Rule::Reference => {
                        self.refuse_wrong_references(issuer);
                        self.pair_by_acceptors_reference(issuer);
                        self.pair_by_issuers_reference(issuer);
                    }
                    Rule::Order => self.pair_by_order(issuer),
                    Rule::Window(from, to) => self.pair_by_window(issuer, from, to),
                }
            }
        }
    }

    /// What was settled together is a pair whatever the rules would make of it now.
    fn pair_what_was_settled(&mut self) {
        for issuer in PARTIES {
            for one in self.legs(issuer, Role::Issuer) {
                for other in self.legs(issuer, Role::Acceptor) {
                    let (leg, mirror) = (&self.entries[one], &self.entries[other]);
                    let together = self.past.settled_together(
                        (leg.party, &leg.row.event_id),
                        (mirror.party, &mirror.row.event_id),
                    );
                    if together && leg.is_open() && mirror.is_open() {
                        self.join(one, other);
                    }
                }
            }
        }
    }

    fn legs(&self, issuer: Party, role: Role) -> Vec<usize> {
        (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                entry.is_open() && entry.role == role && entry.issuer() == issuer
            })
            .collect()
    }

    fn join(&mut self, issuer: usize, acceptor: usize) {
        self.entries[issuer].partner = Some(acceptor);
        self.entries[acceptor].partner = Some(issuer);
    }

    fn ambiguous(&mut self, legs: Vec<usize>) {
        self.find("EVT-10", legs);
    }

    /// An acceptor's leg that names a row which is no issuer's leg.
    fn refuse_wrong_references(&mut self, issuer: Party) {
        for leg in self.legs(issuer, Role::Acceptor) {
            let Some(counter) = &self.entries[leg].row.counter_event_id else { continue };
            let named = self.entries.iter().find(|entry| {
                let stands = !entry.extra && !entry.resent;
                entry.party == issuer && entry.row.event_id == *counter && stands
            });
            if named.is_some_and(|entry| entry.role != Role::Issuer) {
                self.find("EVT-09", vec![leg]);
            }
        }
    }

    fn pair_by_acceptors_reference(&mut self, issuer: Party) {
        for named in self.legs(issuer, Role::Issuer) {
            let id = self.entries[named].row.event_id.clone();
            let naming: Vec<usize> = self
                .legs(issuer, Role::Acceptor)
                .into_iter()
                .filter(|leg| self.entries[*leg].row.counter_event_id.as_ref() == Some(&id))
                .collect();
            self.settle_group(vec![named], naming);
        }
    }

    fn pair_by_issuers_reference(&mut self, issuer: Party) {
        for named in self.legs(issuer, Role::Acceptor) {
            let id = self.entries[named].row.event_id.clone();
            let naming: Vec<usize> = self
                .legs(issuer, Role::Issuer)
                .into_iter()
                .filter(|leg| self.entries[*leg].row.counter_event_id.as_ref() == Some(&id))
                .collect();
            self.settle_group(naming, vec![named]);
        }
    }

    /// One to one is a pair, more is ambiguous, and an empty side is nothing.
    fn settle_group(&mut self, issuers: Vec<usize>, acceptors: Vec<usize>) {
        match (issuers.len(), acceptors.len()) {
            (0, _) | (_, 0) => {}
            (1, 1) => self.join(issuers[0], acceptors[0]),
            _ => self.ambiguous([issuers, acceptors].concat()),
        }
    }

    fn pair_by_order(&mut self, issuer: Party) {
        for leg in self.legs(issuer, Role::Issuer) {
            let entry = &self.entries[leg];
            if !entry.is_open() || entry.is_orphan() || entry.row.order_no.is_none() {
                continue;
            }
            let alike = |books: &Self, role| -> Vec<usize> {
                let entry = &books.entries[leg];
                books
                    .legs(issuer, role)
                    .into_iter()
                    .filter(|other| {
                        let other = &books.entries[*other];
                        other.row.order_no == entry.row.order_no
                            && other.flow == entry.flow
                            && other.is_reversal() == entry.is_reversal()
                            && !other.is_orphan()
                    })
                    .collect()
            };
            let (issuers, acceptors) = (alike(self, Role::Issuer), alike(self, Role::Acceptor));
            let is_void = |leg: usize| self.entries[leg].row.status == Status::Cancelled;
            let voids = |legs: &[usize]| legs.iter().filter(|leg| is_void(**leg)).count();
            // A payment that both say failed leaves the order to the one that was made instead.
            let apart = voids(&issuers) == voids(&acceptors);
            let with = |legs: Vec<usize>| -> Vec<usize> {
                legs.into_iter().filter(|one| !apart || is_void(*one) == is_void(leg)).collect()
            };
            let (mut issuers, mut acceptors) = (with(issuers), with(acceptors));
            if apart && is_void(leg) {
                // None of them is ever paid, whichever belongs to which.
                for legs in [&mut issuers, &mut acceptors] {
                    legs.sort_by_key(|one| self.entries[*one].row.event_id.clone());
                }
                for (one, other) in issuers.into_iter().zip(acceptors) {
                    self.join(one, other);
                }
                continue;
            }
            self.settle_group(issuers, acceptors);
        }
    }

    fn pair_by_window(&mut self, issuer: Party, from: i64, to: i64) {
        let issuers = self.legs(issuer, Role::Issuer);
        let acceptors = self.legs(issuer, Role::Acceptor);
        let mut edges = Vec::new();
        for one in &issuers {
            for other in &acceptors {
                if self.fit_the_window(*one, *other, from, to) {
                    edges.push((*one, *other));
                }
            }
        }
        while let Some((one, other)) = edges.first().copied() {
            // The group grows until no edge leaves it.
            let mut group = vec![one, other];
            while let Some(next) = edges
                .iter()
                .flat_map(|(one, other)| [(*one, *other), (*other, *one)])
                .find(|(inside, outside)| group.contains(inside) && !group.contains(outside))
            {
                group.push(next.1);
            }
            edges.retain(|(one, _)| !group.contains(one));
            if group.len() == 2 {
                self.join(one, other);
            } else {
                self.ambiguous(group);
            }
        }
    }

    fn fit_the_window(&self, issuer: usize, acceptor: usize, from: i64, to: i64) -> bool {
        let (one, other) = (&self.entries[issuer], &self.entries[acceptor]);
        if one.is_reversal() || other.is_reversal() || one.flow != other.flow {
            return false;
        }
        if other.row.counter_event_id.is_some() {
            return false;
        }
        let at = one.row.occurred_at;
        let link = sole_link(self.world, one.party, &one.row.member_no, at);
        if link.is_none_or(|link| link.member(other.party) != other.row.member_no) {
            return false;
        }
        let cleared = self.cleared(issuer);
        let agreed = match (one.flow, ratio_at(self.world, one.party, at)) {
            (Some(Flow::Sale), _) => cleared,
            (_, Some(ratio)) => mirror_by(self.world, cleared, ratio),
            (_, None) => return false,
        };
        let offset = other.row.occurred_at - at;
        agreed == i128::from(other.row.points) && from * SECOND <= offset && offset <= to * SECOND
    }
}
