//! From canonical rows to what they come to.
//!
//! [`judge`] looks at rows that have to be judged together, which may be all of them or a portion;
//! what portions come to is summed, and [`conclude`] makes the statements of the sums.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Before, Error, Intake, Watch, Work, evidence, recall};
use crate::account::Account;
use crate::claim::{Claims, HeldAdjustment};
use crate::clear::{self, BalanceSide, Obligation, ObligationKey};
use crate::control::Conservation;
use crate::detect::member::{self, Contradicted};
use crate::detect::{self, AsOf, Common, Desk, LotBook, Scene, Verdicts};
use crate::discrepancy::{Discrepancy, Effect};
use crate::engine::Exchange;
use crate::event::{Authority, Lineage, Matched};
use crate::frame::books::{Balances, Ledger, Members, Side};
use crate::judgement::{Decided, Item, Judgement};
use crate::links::LinkBook;
use crate::matching::{self, Leads};
use crate::past::Scope;
use crate::pipeline::Pipeline;
use crate::ruling::{Consequence, Reached};
use crate::statement::{Clearing, Line};
use crate::value::party::{A, B, Both, Party, Programme};
use crate::value::period::{Instant, Period};

/// What was said of rows that were judged together.
#[derive(Debug, Default)]
pub struct Judged {
    /// Who is linked to whom.
    pub links: LinkBook,
    /// What is known of the ledgers' rows by themselves.
    pub lineages: (Lineage<A>, Lineage<B>),
    /// Rows that were judged by themselves.
    pub own: (Vec<Item<A>>, Vec<Item<B>>),
    /// Pairs and rest, by issuer.
    pub judged: (Judgement<A>, Judgement<B>),
    /// Accounts rolled forward.
    pub accounts: Both<Vec<Account>>,
    /// When final publications first saw what is found of these rows again.
    pub first_seen: BTreeMap<String, Date>,
}

/// What rows come to, whether they were judged all together or in portions.
#[derive(Debug, Default)]
pub struct Sums {
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
    /// What counts, by issuer.
    obligations: (BTreeMap<ObligationKey, Obligation<A>>, BTreeMap<ObligationKey, Obligation<B>>),
    /// What came in and what became of it.
    conservation: Both<Conservation>,
    /// What decisions came to for single items.
    decided: Vec<Decided>,
    /// What the members' tokens have in common.
    common: Common,
    /// As of when the snapshots of members and of accounts hold.
    as_of: (Both<Option<AsOf>>, Both<Option<AsOf>>),
}

impl Sums {
    /// The gross lines on which these rows stand, by issuer.
    #[must_use]
    pub fn lines(&self) -> Both<Vec<ObligationKey>> {
        Both {
            a: self.obligations.0.keys().cloned().collect(),
            b: self.obligations.1.keys().cloned().collect(),
        }
    }

    /// Takes in what other rows come to.
    ///
    /// # Errors
    /// [`Error`] when a sum cannot be exact.
    pub fn take_in(&mut self, other: Sums) -> Result<(), Error> {
        let Sums { discrepancies, obligations, conservation, decided, common, as_of } = other;
        self.discrepancies.extend(discrepancies);
        clear::take_in(&mut self.obligations.0, obligations.0)?;
        clear::take_in(&mut self.obligations.1, obligations.1)?;
        self.conservation.a.take_in(&conservation.a)?;
        self.conservation.b.take_in(&conservation.b)?;
        self.decided.extend(decided);
        self.common.take_in(&common);
        for (sum, other) in [(&mut self.as_of.0, as_of.0), (&mut self.as_of.1, as_of.1)] {
            for (sum, other) in [(&mut sum.a, other.a), (&mut sum.b, other.b)] {
                let Some(other) = other else { continue };
                sum.get_or_insert_default().take_in(other);
            }
        }
        Ok(())
    }
}

/// Judges rows that have to be judged together.
///
/// # Errors
/// [`Error`] when a figure cannot be exact, or the rows do not balance.
pub fn judge(
    pipeline: &Pipeline,
    (intake, scope): (&Intake, &Scope),
    before: &Before,
    exchange: Exchange,
    watch: &dyn Watch,
) -> Result<(Judged, Sums), Error> {
    let agreement = &pipeline.agreement;
    let (books, period) = (&intake.books, &scope.period);
    let lots = Both::from_fn(|party| intake.lots.of(party).as_ref().map(LotBook::new));
    let (paths, rulings) = (&intake.paths, &pipeline.rulings);
    let desk = Desk { agreement, period, scope, books, lots: &lots, paths, rulings };

    watch.stage("match members", "会员勾对", Work::Unknown);
    let links = matching::match_members(
        &intake.members,
        intake.links.as_ref(),
        intake.consents.as_ref(),
        agreement,
        period,
        exchange,
    )?;

    let members =
        Party::BOTH.map(|party| intake.members.of(party).as_ref().map_or(0, Members::len));
    watch.advance(0, (members[0] + members[1] + links.links.len()) as u64);
    let ledger_rows = (books.a.len() + books.b.len()) as u64;

    watch.stage("pair events", "交易勾对", Work::Unknown);
    let ((a_lineage, a_ids), (b_lineage, b_ids)) = rayon::join(
        || matching::trace(&books.a, scope, exchange),
        || matching::trace(&books.b, scope, exchange),
    );
    let (a_authorities, b_authorities) = rayon::join(
        || matching::authorities(&books.a, &a_lineage, &links, exchange),
        || matching::authorities(&books.b, &b_lineage, &links, exchange),
    );
    let a_leads = Leads::<A> {
        issuer: &books.a,
        acceptor: &books.b,
        issuer_lineage: &a_lineage,
        acceptor_lineage: &b_lineage,
        authorities: &a_authorities,
        book: &links,
        agreement,
        scope,
    };
    let b_leads = Leads::<B> {
        issuer: &books.b,
        acceptor: &books.a,
        issuer_lineage: &b_lineage,
        acceptor_lineage: &a_lineage,
        authorities: &b_authorities,
        book: &links,
        agreement,
        scope,
    };
    let (a_matched, b_matched) = rayon::join(
        || matching::pair(&a_leads, (&a_ids, &b_ids), exchange),
        || matching::pair(&b_leads, (&b_ids, &a_ids), exchange),
    );
    drop((a_ids, b_ids));

    watch.advance(0, ledger_rows);
    watch.stage("detect", "差错检测", Work::Unknown);
    let (a_held_with, b_held_with) = rayon::join(
        || detect::held_with(&desk, &a_matched, &b_matched, &books.b),
        || detect::held_with(&desk, &b_matched, &a_matched, &books.a),
    );
    let (mut a_book, mut b_book) = rayon::join(
        || detect::judge_book(&desk, &books.a, &a_lineage, &a_held_with),
        || detect::judge_book(&desk, &books.b, &b_lineage, &b_held_with),
    );
    let authorised = linked(&books.a, &a_authorities).chain(linked(&books.b, &b_authorities));
    let contradicted = Contradicted::new(&desk, &links, authorised);
    let a_scene = scene(desk, &a_leads, &a_matched, &contradicted);
    let b_scene = scene(desk, &b_leads, &b_matched, &contradicted);
    let (a_direction, b_direction) = rayon::join(
        || detect::judge_direction(&a_scene, &a_book, &b_book),
        || detect::judge_direction(&b_scene, &b_book, &a_book),
    );
    let ((mut a_judged, a_found), (mut b_judged, b_found)) = (a_direction?, b_direction?);
    let ends = |party: Party| (intake.ends(party, &scope.past), intake.accounts.of(party).as_ref());
    let (mut of_members, (a_rolled, b_rolled)) = rayon::join(
        || detect::judge_members(&desk, &links, intake.links.as_ref(), &intake.members),
        || {
            rayon::join(
                || detect::judge_accounts(&desk, &books.a, &a_lineage, ends(Party::A), exchange),
                || detect::judge_accounts(&desk, &books.b, &b_lineage, ends(Party::B), exchange),
            )
        },
    );
    let a_ended = member::judge_ended(&a_scene, &a_judged, intake.links.as_ref(), &of_members);
    of_members.extend(a_ended);
    let b_ended = member::judge_ended(&b_scene, &b_judged, intake.links.as_ref(), &of_members);
    of_members.extend(b_ended);
    let mut decided = Vec::new();
    if let Some(decisions) = &intake.decisions {
        let mut verdicts = Verdicts::new(&desk, decisions);
        verdicts.decide_book(&books.a, &mut a_book.items);
        verdicts.decide_book(&books.b, &mut b_book.items);
        verdicts.decide_direction(&a_scene, &mut a_judged)?;
        verdicts.decide_direction(&b_scene, &mut b_judged)?;
        decided = verdicts.decided();
    }
    let (a_rolled, b_rolled) = (a_rolled?, b_rolled?);
    let members = |party: Party| (&links, intake.members.of(party).as_ref());
    let (a_bases, b_bases) = rayon::join(
        || detect::basis::judge(&desk, members(Party::A), &books.a, &a_lineage, exchange),
        || detect::basis::judge(&desk, members(Party::B), &books.b, &b_lineage, exchange),
    );
    let (a_suspects, b_suspects) = rayon::join(
        || detect::suspect::judge(&a_scene, &a_judged),
        || detect::suspect::judge(&b_scene, &b_judged),
    );
    let mut discrepancies = of_members;
    discrepancies.extend(a_bases);
    discrepancies.extend(b_bases);
    discrepancies.extend(detect::past::judge_resent(&desk, &books.a, &a_lineage));
    discrepancies.extend(detect::past::judge_resent(&desk, &books.b, &b_lineage));
    discrepancies.extend(detect::otherwise::judge_replaced(&desk, &books.a, &a_lineage)?);
    discrepancies.extend(detect::otherwise::judge_replaced(&desk, &books.b, &b_lineage)?);
    discrepancies.extend(detect::otherwise::judge_reused(&desk, &books.a, &a_lineage)?);
    discrepancies.extend(detect::otherwise::judge_reused(&desk, &books.b, &b_lineage)?);
    discrepancies.extend(detect::otherwise::judge_joined(&a_scene)?);
    discrepancies.extend(detect::otherwise::judge_joined(&b_scene)?);
    discrepancies.extend(detect::past::judge_back_dated(&desk, &books.a, &a_lineage));
    discrepancies.extend(detect::past::judge_back_dated(&desk, &books.b, &b_lineage));
    discrepancies.extend(a_book.discrepancies);
    discrepancies.extend(b_book.discrepancies);
    discrepancies.extend(a_found);
    discrepancies.extend(b_found);
    discrepancies.extend(a_suspects?);
    discrepancies.extend(b_suspects?);
    discrepancies.extend(a_rolled.discrepancies);
    discrepancies.extend(b_rolled.discrepancies);
    // Where a rule that is off would have decided something it has been asked before; what is left
    // of it are words.
    discrepancies.retain(|found| desk.is_on(found.rule));

    watch.advance(0, ledger_rows);
    watch.stage("clear", "清算", Work::Unknown);
    watch.advance(0, (a_judged.pairs.len() + b_judged.pairs.len()) as u64);
    let (a_left, b_left) = rayon::join(
        || detect::left_before(&a_scene, &a_judged),
        || detect::left_before(&b_scene, &b_judged),
    );
    (a_judged.left, b_judged.left) = (a_left?, b_left?);
    let (a_obligations, b_obligations) = rayon::join(
        || clear::oblige(&a_judged, &scope.past, agreement),
        || clear::oblige(&b_judged, &scope.past, agreement),
    );
    let (a_obligations, b_obligations) = (a_obligations?, b_obligations?);
    let a_side = BalanceSide {
        agreement,
        scope,
        ledger: &books.a,
        lineage: &a_lineage,
        partner: &books.b,
        own: &a_book.items,
        issued: &a_judged,
        accepted: &b_judged,
        obligations: &a_obligations,
    };
    let b_side = BalanceSide {
        agreement,
        scope,
        ledger: &books.b,
        lineage: &b_lineage,
        partner: &books.a,
        own: &b_book.items,
        issued: &b_judged,
        accepted: &a_judged,
        obligations: &b_obligations,
    };
    let (a_conservation, b_conservation) =
        rayon::join(|| clear::conserve(&a_side), || clear::conserve(&b_side));
    let (a_conservation, b_conservation) = (a_conservation?, b_conservation?);
    let asked =
        evidence::ids(&discrepancies, (&a_book.items, &b_book.items), (&a_judged, &b_judged));
    let first_seen = recall::first_seen(&before.finals, &asked)?;
    for found in &mut discrepancies {
        found.seen_before(first_seen.get(&found.id).copied(), period.as_of);
    }
    let of_accounts = |party: Party| intake.accounts.of(party).as_ref().map(as_of_balances);
    let of_members = |party: Party| intake.members.of(party).as_ref().map(as_of_members);
    let sums = Sums {
        discrepancies,
        obligations: (a_obligations, b_obligations),
        conservation: Both { a: a_conservation, b: b_conservation },
        decided,
        common: Common::of(&agreement.member_rules, &links, &intake.members),
        as_of: (Both::from_fn(of_members), Both::from_fn(of_accounts)),
    };
    let judged = Judged {
        links,
        lineages: (a_lineage, b_lineage),
        own: (a_book.items, b_book.items),
        judged: (a_judged, b_judged),
        accounts: Both { a: a_rolled.accounts, b: b_rolled.accounts },
        first_seen,
    };
    Ok((judged, sums))
}

fn as_of_members(members: &Members) -> AsOf {
    let mut as_of = AsOf::default();
    for row in 0..members.len() as u32 {
        as_of.take(members.origins.of(row).0, members.as_of(row));
    }
    as_of
}

fn as_of_balances(balances: &Balances) -> AsOf {
    let mut as_of = AsOf::default();
    for row in 0..balances.len() as u32 {
        as_of.take(balances.origins.of(row).0, balances.as_of(row));
    }
    as_of
}

/// When the legs occurred that links authorise, or would if they were one.
fn linked<P: Programme>(
    ledger: &Ledger<P>,
    authorities: &[Authority],
) -> impl Iterator<Item = Instant> {
    let has_link = |of: &Authority| matches!(of, Authority::Link(_) | Authority::SeveralLinks(_));
    let legs = (0..).zip(authorities).filter(move |(_, authority)| has_link(authority));
    legs.map(|(leg, _)| ledger.occurred_at(leg))
}

fn scene<'a, I: Side>(
    desk: Desk<'a>,
    leads: &Leads<'a, I>,
    matched: &'a Matched<I>,
    contradicted: &'a Contradicted,
) -> Scene<'a, I> {
    Scene {
        desk,
        issuer: leads.issuer,
        acceptor: leads.acceptor,
        issuer_lineage: leads.issuer_lineage,
        acceptor_lineage: leads.acceptor_lineage,
        matched,
        authorities: leads.authorities,
        book: leads.book,
        contradicted,
    }
}

/// What all rows come to together.
#[derive(Debug, Default)]
pub struct Conclusion {
    /// Discrepancies, in the order of their codes and ids.
    pub discrepancies: Vec<Discrepancy>,
    /// The thresholds that they reach.
    pub reached: Vec<Reached>,
    /// What came in and what became of it.
    pub conservation: Both<Conservation>,
    /// What is owed besides points.
    pub claims: Claims,
    /// Adjustments that do not stand.
    pub held_adjustments: Vec<HeldAdjustment>,
    /// Adjustments that a later period settles, by their row.
    pub waiting_adjustments: Vec<u32>,
    /// The statements, one per currency. They are not published where a discrepancy blocks them.
    pub clearing: Clearing,
    /// What decisions came to, in their order.
    pub decided: Vec<Decided>,
}

/// Makes the statements of what all rows came to.
///
/// # Errors
/// [`Error`] when a figure cannot be exact.
pub fn conclude(
    pipeline: &Pipeline,
    (intake, scope): (&Intake, &Scope),
    before: &Before,
    sums: Sums,
) -> Result<Conclusion, Error> {
    let (agreement, period) = (&pipeline.agreement, &scope.period);
    let Sums { mut discrepancies, obligations, conservation, mut decided, common, as_of } = sums;
    let numbers = before.numbers();
    let (books, paths, rulings) = (&intake.books, &intake.paths, &pipeline.rulings);
    let lots = Both { a: None, b: None };
    let desk = Desk { agreement, period, scope, books, lots: &lots, paths, rulings };
    let feeds = pipeline.feeds(period);
    let arrivals = intake.arrivals(&feeds, &numbers);
    let mut found = detect::judge_feeds(&desk, &arrivals, &common, (&as_of.0, &as_of.1));
    found.extend(detect::past::judge(&desk));
    let mut adjusted = detect::adjustment::judge(&desk, intake.adjustments.as_ref())?;
    found.extend(adjusted.discrepancies);
    let handed = recall::settlements(before)?;
    let settled = detect::settlement::judge(&desk, intake.settlements.as_ref(), handed);
    found.extend(settled.discrepancies);
    if let Some(decisions) = &intake.decisions {
        let mut verdicts = Verdicts::new(&desk, decisions);
        verdicts.decide_adjustments(&mut adjusted.held);
        decided.extend(verdicts.decided());
        let (unauthorised, of_decisions) = detect::decision::judge(&desk, decisions);
        decided.extend(unauthorised);
        found.extend(of_decisions);
        decided = detect::decision::concluded(&desk, decisions, decided);
    }
    found.retain(|found| desk.is_on(found.rule));
    tell_first_seen(&mut found, before, period)?;
    discrepancies.extend(found);
    let claims = intake.claims(adjusted.adjustments, settled.settlements, agreement);
    let (a, b) = &obligations;
    let clearing = clear::settle(a, b, &claims, &scope.past, period, agreement)?;
    let rows = conservation.a.rows_in() + conservation.b.rows_in();
    // A statement that is blocked, by a threshold too, is none that could be compared.
    let blocks = |reached: &Reached| reached.consequence == Consequence::Blocks;
    let is_blocked = discrepancies.iter().any(|found| found.effect == Effect::Blocks)
        || rulings.reached(&discrepancies, rows)?.iter().any(blocks);
    if !is_blocked {
        let lines: Vec<&Line> = clearing.lines().map(|(_, line)| line).collect();
        for (party, stated) in intake.stated.iter() {
            let Some(stated) = stated else { continue };
            let mut found = detect::statement::judge(&desk, &lines, party, stated)?;
            tell_first_seen(&mut found, before, period)?;
            discrepancies.extend(found);
        }
    }
    discrepancies.sort_by(|one, other| {
        (one.rule.code, &one.id, &one.evidence.a, &one.evidence.b).cmp(&(
            other.rule.code,
            &other.id,
            &other.evidence.a,
            &other.evidence.b,
        ))
    });
    let reached = rulings.reached(&discrepancies, rows)?;
    discrepancies.iter_mut().for_each(Discrepancy::tell_what_no_column_holds);
    let (held_adjustments, waiting_adjustments) = (adjusted.held, adjusted.waiting);
    Ok(Conclusion {
        discrepancies,
        reached,
        conservation,
        claims,
        held_adjustments,
        waiting_adjustments,
        clearing,
        decided,
    })
}

/// Tells of what was found when a final publication first saw it.
fn tell_first_seen(
    found: &mut [Discrepancy],
    before: &Before,
    period: &Period,
) -> Result<(), Error> {
    let asked = found.iter().map(|found| found.id.clone()).collect();
    let first_seen = recall::first_seen(&before.finals, &asked)?;
    for found in found {
        found.seen_before(first_seen.get(&found.id).copied(), period.as_of);
    }
    Ok(())
}
