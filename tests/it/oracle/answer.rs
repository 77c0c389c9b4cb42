//! What a run says of a world, in one form for the oracle and for the engine.

use std::fmt;

use super::fraction::Fraction;

/// A discrepancy by its subject. Several ids of one side are sorted and joined by `;`, an absent
/// one is empty; members likewise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    pub code: &'static str,
    pub a_events: String,
    pub b_events: String,
    pub a_member: String,
    pub b_member: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    pub issuer: String,
    pub flow: String,
    pub issuer_event: String,
    pub acceptor_event: String,
    pub points: i64,
    /// None where nobody can say: a decision counted it otherwise than it stands.
    pub agreed_mirror: Option<i64>,
    /// None where the acceptor's leg is missing.
    pub recorded_mirror: Option<i64>,
    /// Empty for a sale, which has no ratio.
    pub ratio_from: String,
    pub rate_from: String,
}

/// A pair or a lone row outside the net. A lone row of a party's own business stands in
/// `issuer_event` of that party and has no amount, nor has a lone acceptor's leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub issuer: String,
    pub issuer_event: String,
    pub acceptor_event: String,
    pub code: String,
    pub amount: Option<Fraction>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `gross`, `fee`, `tax`, `tax_within`, `carry`, `adjustment` or `late_fee`.
    pub item: String,
    pub currency: String,
    /// Empty for a carry, an adjustment and a late fee, like the flow.
    pub issuer: String,
    pub flow: String,
    /// Empty for a carry.
    pub origin_period: String,
    /// The adjustment, or the period of the overdue statement.
    pub reference: String,
    pub ratio_from: String,
    pub rate_from: String,
    pub events: i64,
    pub points: i64,
    pub amount: Fraction,
    pub payer: String,
    pub payee: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub currency: String,
    /// `declared`, the period before, or `awaiting` and that period.
    pub opening_from: String,
    pub a_payable: Fraction,
    pub b_payable: Fraction,
    pub opening_carry: Fraction,
    pub net: Fraction,
    /// Without sign: the sign of the net says who pays.
    pub amount_due: Fraction,
    pub carry_forward: Fraction,
    pub held_a: Fraction,
    pub held_b: Fraction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub party: String,
    pub member_no: String,
    pub opening: i64,
    pub expected: i64,
    pub reported: Option<i64>,
}

/// Everything that is compared. A blocked statement has no lines and no totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    pub discrepancies: Vec<Discrepancy>,
    pub cleared: Vec<Cleared>,
    pub held: Vec<Aside>,
    pub pending: Vec<Aside>,
    pub lines: Vec<Line>,
    /// One per currency.
    pub statements: Vec<Statement>,
    pub accounts: Vec<Account>,
    /// In what the parties' own statements differ from ours.
    pub disputes: Vec<String>,
    /// What explains a difference exactly.
    pub diagnoses: Vec<(Discrepancy, String)>,
    /// What the pipeline's settings make of the discrepancies of a code.
    pub rulings: Vec<String>,
    /// The thresholds that are reached.
    pub reached: Vec<String>,
}

/// One table of an answer: its name and its rows as sorted text.
pub type Table = (&'static str, Vec<String>);

fn sorted<T: fmt::Display>(rows: &[T]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(T::to_string).collect();
    rows.sort();
    rows
}

impl Answer {
    /// The answer as tables whose order of rows says nothing.
    pub fn tables(&self) -> Vec<Table> {
        let diagnoses = self.diagnoses.iter().map(|(found, text)| format!("{found}: {text}"));
        let diagnoses: Vec<String> = diagnoses.collect();
        vec![
            ("discrepancies", sorted(&self.discrepancies)),
            ("cleared", sorted(&self.cleared)),
            ("held", sorted(&self.held)),
            ("pending", sorted(&self.pending)),
            ("lines", sorted(&self.lines)),
            ("statement", sorted(&self.statements)),
            ("accounts", sorted(&self.accounts)),
            ("disputes", sorted(&self.disputes)),
            ("diagnoses", sorted(&diagnoses)),
            ("rulings", sorted(&self.rulings)),
            ("reached", sorted(&self.reached)),
        ]
    }

    /// The rows that only one of two answers has, or nothing when they agree.
    pub fn differences(&self, other: &Answer, names: [&str; 2]) -> Option<String> {
        let mut text = String::new();
        for ((table, ours), (_, theirs)) in self.tables().into_iter().zip(other.tables()) {
            let mut rest = theirs;
            let mut only = Vec::new();
            for row in ours {
                match rest.iter().position(|other| *other == row) {
                    Some(position) => drop(rest.remove(position)),
                    None => only.push(row),
                }
            }
            for (name, rows) in [(names[0], only), (names[1], rest)] {
                for row in rows {
                    text.push_str(&format!("{table:<14} only {name:<7} {row}\n"));
                }
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

/// The whole answer as readable tables.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rows) in self.tables() {
            writeln!(f, "{name}")?;
            for row in rows {
                writeln!(f, "  {row}")?;
            }
        }
        Ok(())
    }
}

impl Answer {
    /// The statement of the only currency, or nothing where it is blocked.
    pub fn statement(&self) -> Option<&Statement> {
        assert!(self.statements.len() < 2, "there are several currencies");
        self.statements.first()
    }

    /// Forgets the agreed mirrors of which an expected answer says nothing.
    pub fn without_mirrors_unknown_to(mut self, expected: &Answer) -> Answer {
        for row in expected.cleared.iter().filter(|row| row.agreed_mirror.is_none()) {
            let same = self.cleared.iter_mut().filter(|other| {
                (&other.issuer_event, &other.acceptor_event)
                    == (&row.issuer_event, &row.acceptor_event)
            });
            same.for_each(|other| other.agreed_mirror = None);
        }
        self
    }
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Discrepancy { code, a_events, b_events, a_member, b_member } = self;
        write!(f, "{code} a=[{a_events}] b=[{b_events}] members a=[{a_member}] b=[{b_member}]")
    }
}

impl fmt::Display for Cleared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known =
            |mirror: Option<i64>| mirror.map_or("?".to_owned(), |points| points.to_string());
        write!(
            f,
            "{} {} [{}] ~ [{}]: {} points, agreed {}, recorded {}, ratio [{}], rate [{}]",
            self.issuer,
            self.flow,
            self.issuer_event,
            self.acceptor_event,
            self.points,
            known(self.agreed_mirror),
            known(self.recorded_mirror),
            self.ratio_from,
            self.rate_from,
        )
    }
}

impl fmt::Display for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.amount.map_or("no amount".to_owned(), |amount| amount.to_string());
        let Aside { issuer, issuer_event, acceptor_event, code, .. } = self;
        write!(f, "{issuer} [{issuer_event}] ~ [{acceptor_event}] {code} {amount}")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} of {} {} ratio [{}] rate [{}] {}: ",
            self.currency,
            self.issuer,
            self.flow,
            self.origin_period,
            self.reference,
            self.ratio_from,
            self.rate_from,
            self.item,
        )?;
        // Only a gross line counts events and points of its own.
        if self.item == "gross" {
            write!(f, "{} events, {} points, ", self.events, self.points)?;
        }
        write!(f, "{} {}->{}", self.amount, self.payer, self.payee)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} from {}: a {} b {} carried in {} net {} due {} carried {} held a {} b {}",
            self.currency,
            self.opening_from,
            self.a_payable,
            self.b_payable,
            self.opening_carry,
            self.net,
            self.amount_due,
            self.carry_forward,
            self.held_a,
            self.held_b,
        )
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reported = self.reported.map_or("nothing".to_owned(), |points| points.to_string());
        let Account { party, member_no, opening, expected, .. } = self;
        write!(f, "{party} {member_no}: {opening} -> {expected}, reported {reported}")
    }
}
