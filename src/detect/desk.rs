//! The desk at which discrepancies are written: it knows the agreement, the period and where every
//! row stood, so that a rule only says what it found.

use jiff::civil::Date;

use super::lot::LotBook;
use crate::agreement::Agreement;
use crate::discrepancy::{Discrepancy, Evidence, Rule, code_of_id, discrepancy_id};
use crate::frame::books::{Books, Ledger, Origins, Side};
use crate::judgement::Worth;
use crate::past::Scope;
use crate::ruling::Rulings;
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};

/// Where the feeds' files are called what.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    /// The ledgers' files.
    pub ledger: Both<Vec<String>>,
    /// The members' files.
    pub members: Both<Vec<String>>,
    /// The adjustments' files.
    pub adjustments: Vec<String>,
    /// The decisions' files, and behind them those that a closed period first read what it handed
    /// on from.
    pub decisions: Vec<String>,
    /// The settlements' files.
    pub settlements: Vec<String>,
    /// The links' files.
    pub links: Vec<String>,
    /// The accounts' files.
    pub accounts: Both<Vec<String>>,
    /// The lots' files.
    pub lots: Both<Vec<String>>,
    /// The parties' own statements' files.
    pub statement: Both<Vec<String>>,
    /// The opening balances' files.
    pub opening: Both<Vec<String>>,
}

/// What every rule needs to write down what it found.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The period.
    pub period: &'a Period,
    /// Which rows are judged.
    pub scope: &'a Scope,
    /// Both ledgers.
    pub books: &'a Books,
    /// Both parties' lots, where they are declared.
    pub lots: &'a Both<Option<LotBook<'a>>>,
    /// The files.
    pub paths: &'a Paths,
    /// What the pipeline made of the rules.
    pub rulings: &'a Rulings,
}

/// `path:line` of a row.
#[must_use]
pub fn place(files: &[String], origins: &Origins, row: u32) -> String {
    let (file, line) = origins.of(row);
    let path = files.get(file as usize).map_or("", String::as_str);
    format!("{path}:{line}")
}

impl<'a> Desk<'a> {
    /// Whether a leg is judged in this run.
    #[must_use]
    pub fn judges<P: Side>(&self, ledger: &Ledger<P>, row: u32) -> bool {
        self.scope.judges(P::PARTY, row, ledger.occurred_at(row))
    }

    /// The code of a party, such as `SKY`.
    #[must_use]
    pub fn code(&self, party: Party) -> &'a str {
        &self.agreement.parties.of(party).code
    }

    /// The id of a discrepancy about these subjects. Subjects are ordered by the parties' codes,
    /// so that both partners get the same id whichever of them calls itself A.
    #[must_use]
    pub fn id(&self, rule: &Rule, subjects: &[(Party, &str)]) -> String {
        let mut keys: Vec<(&str, &str)> =
            subjects.iter().map(|&(party, key)| (self.code(party), key)).collect();
        keys.sort_unstable();
        let keys: Vec<&str> = keys.iter().flat_map(|&(code, key)| [code, key]).collect();
        discrepancy_id(&self.agreement.id, code_of_id(rule.code), &keys)
    }

    /// Whether a rule is judged at all.
    #[must_use]
    pub fn is_on(&self, rule: &Rule) -> bool {
        self.rulings.is_on(rule)
    }

    /// Begins a discrepancy.
    #[must_use]
    pub fn draft(&self, rule: &'static Rule) -> Draft<'a> {
        Draft {
            desk: *self,
            subjects: Vec::new(),
            seen: None,
            weights: Both::default(),
            found: Discrepancy {
                id: String::new(),
                rule,
                severity: self.rulings.severity(rule),
                effect: self.rulings.effect(rule),
                issuer: None,
                evidence: Both::default(),
                field: None,
                expected: None,
                actual: None,
                difference_points: None,
                item_points: 0,
                amount_at_stake: None,
                currency: None,
                version: None,
                reason: String::new(),
                diagnosis: None,
                first_seen: self.period.as_of,
                age_days: 0,
            },
        }
    }

    /// The business date of an instant.
    fn day(&self, at: Instant) -> Date {
        at.day(&self.agreement.zone).unwrap_or(self.period.as_of)
    }
}

/// A discrepancy that is being written.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    desk: Desk<'a>,
    subjects: Vec<(Party, String)>,
    seen: Option<Instant>,
    weights: Both<u128>,
    found: Discrepancy,
}

impl Draft<'_> {
    /// Whose points are concerned.
    #[must_use]
    pub fn issuer(mut self, issuer: Party) -> Self {
        self.found.issuer = Some(issuer);
        self
    }

    /// A ledger row: evidence, and a subject by its event_id.
    #[must_use]
    pub fn row(self, party: Party, row: u32) -> Self {
        let event_id = match party {
            Party::A => self.desk.books.a.event_id(row).to_owned(),
            Party::B => self.desk.books.b.event_id(row).to_owned(),
        };
        self.subject(party, event_id).weighing(party, row).witness(party, row)
    }

    /// Counts a ledger row's points among those that the discrepancy is about: the issuer's where
    /// one is named, whatever the partner booked for them.
    #[must_use]
    pub fn weighing(mut self, party: Party, row: u32) -> Self {
        let points = match party {
            Party::A => self.desk.books.a.points(row),
            Party::B => self.desk.books.b.points(row),
        };
        let weight = self.weights.of_mut(party);
        *weight = weight.saturating_add(u128::from(points.unsigned_abs()));
        self
    }

    /// A ledger row as evidence only.
    #[must_use]
    pub fn witness(mut self, party: Party, row: u32) -> Self {
        let files = self.desk.paths.ledger.of(party);
        let books = self.desk.books;
        let (place, event_id, member) = match party {
            Party::A => {
                (place(files, &books.a.origins, row), books.a.event_id(row), books.a.member_no(row))
            }
            Party::B => {
                (place(files, &books.b.origins, row), books.b.event_id(row), books.b.member_no(row))
            }
        };
        let evidence = self.found.evidence.of_mut(party);
        evidence.rows.push(place);
        insert(&mut evidence.event_ids, event_id);
        insert(&mut evidence.members, member);
        self
    }

    /// A member: evidence and subject.
    #[must_use]
    pub fn member(self, party: Party, member_no: &str) -> Self {
        let mut draft = self.subject(party, member_no.to_owned());
        insert(&mut draft.found.evidence.of_mut(party).members, member_no);
        draft
    }

    /// A member that the evidence names and the subject does not.
    #[must_use]
    pub fn naming(mut self, party: Party, member_no: &str) -> Self {
        insert(&mut self.found.evidence.of_mut(party).members, member_no);
        self
    }

    /// A row of another feed, by its place.
    #[must_use]
    pub fn at(mut self, party: Party, place: String) -> Self {
        self.found.evidence.of_mut(party).rows.push(place);
        self
    }

    /// A key that tells this discrepancy from others of its rule.
    #[must_use]
    pub fn subject(mut self, party: Party, key: String) -> Self {
        self.subjects.push((party, key));
        self
    }

    /// The field that differs and what each side says.
    #[must_use]
    pub fn differs(mut self, field: &'static str, a: Option<String>, b: Option<String>) -> Self {
        self.found.field = Some(field);
        self.found.evidence.a.value = a;
        self.found.evidence.b.value = b;
        self
    }

    /// The field and what it holds on the issuer's and on the acceptor's book.
    #[must_use]
    pub fn differs_by_side(
        self,
        field: &'static str,
        issuer: Party,
        on_issuer: String,
        on_acceptor: String,
    ) -> Self {
        match issuer {
            Party::A => self.differs(field, Some(on_issuer), Some(on_acceptor)),
            Party::B => self.differs(field, Some(on_acceptor), Some(on_issuer)),
        }
    }

    /// What it should be, and what it is.
    #[must_use]
    pub fn expected(mut self, expected: Option<String>, actual: Option<String>) -> Self {
        self.found.expected = expected;
        self.found.actual = actual;
        self
    }

    /// Actual less expected, in points. A difference past 64 bits is left out; both figures stand
    /// beside it.
    #[must_use]
    pub fn difference(mut self, points: i128) -> Self {
        self.found.difference_points = i64::try_from(points).ok();
        self
    }

    /// The money at stake.
    #[must_use]
    pub fn stake(mut self, worth: Worth) -> Self {
        self.found.amount_at_stake = worth.map(|worth| worth.amount);
        self.found.currency = worth.map(|worth| worth.currency);
        self
    }

    /// The version or rule that applied.
    #[must_use]
    pub fn version(mut self, version: String) -> Self {
        self.found.version = Some(version);
        self
    }

    /// What explains the difference exactly.
    #[must_use]
    pub fn diagnosed(mut self, diagnosis: Option<String>) -> Self {
        self.found.diagnosis = diagnosis;
        self
    }

    /// When a nightly run could first see it; without it, on the as-of date.
    #[must_use]
    pub fn seen(mut self, at: Instant) -> Self {
        self.seen = Some(at);
        self
    }

    /// The discrepancy, with its reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Discrepancy {
        let subjects: Vec<(Party, &str)> =
            self.subjects.iter().map(|(party, key)| (*party, key.as_str())).collect();
        let id = self.desk.id(self.found.rule, &subjects);
        let as_of = self.desk.period.as_of;
        let first_seen = self.seen.map_or(as_of, |at| self.desk.day(at)).min(as_of);
        let mut found = self.found;
        for party in Party::BOTH {
            let evidence: &mut Evidence = found.evidence.of_mut(party);
            evidence.rows.sort_unstable();
        }
        let (a, b) = (self.weights.a, self.weights.b);
        let (of_issuer, of_acceptor) = match found.issuer {
            Some(Party::B) => (b, a),
            Some(Party::A) | None => (a, b),
        };
        Discrepancy {
            id,
            item_points: if of_issuer > 0 { of_issuer } else { of_acceptor },
            reason: reason.into(),
            first_seen,
            age_days: first_seen.until(as_of).map_or(0, |span| span.get_days()),
            ..found
        }
    }
}

fn insert(sorted: &mut Vec<String>, text: &str) {
    if let Err(at) = sorted.binary_search_by(|known| known.as_str().cmp(text)) {
        sorted.insert(at, text.to_owned());
    }
}
