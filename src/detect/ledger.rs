//! Rules on accounts: LED-01 to LED-03 and LED-06, and the roll-forward behind them.

use rayon::prelude::*;

use super::desk::{Desk, Paths, place};
use super::diagnosis::{Movements, of_balance};
use super::lot::{JudgedLots, LED_04, LED_05};
use super::member::MBR_04;
use crate::account::Account;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::engine::{Exchange, Gathered, Keyed};
use crate::event::{Lineage, Standing};
use crate::frame::books::{Balances, Ledger};
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::Programme;
use crate::value::period::{DAY_MICROS, Instant};
use crate::value::points::Overflow;

/// LED-01: roll-forward breaks (滚动余额不平).
pub static LED_01: Rule = Rule {
    code: "LED-01",
    title: "roll-forward breaks",
    zh: "滚动余额不平",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "An account whose opening plus posted movements is not what the snapshot reports.",
        "期初余额加已入账变动不等于快照所报余额的账户。",
    ),
    matters: say(
        "The ledger that clears is then not the ledger that members see.",
        "参与清算的流水便不是会员看到的那本账。",
    ),
    example: say(
        "3,000 + 500 − 1,000 + 1,000 − 200 + 50 = 3,350; the file says 3,300.",
        "3,000 + 500 − 1,000 + 1,000 − 200 + 50 = 3,350；文件写的是 3,300。",
    ),
    settles: say("The party whose account it is.", "该账户所属的一方。"),
};

/// LED-02: negative balance (余额为负).
pub static LED_02: Rule = Rule {
    code: "LED-02",
    title: "negative balance",
    zh: "余额为负",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "An account below zero where no overdraft is agreed.",
        "未约定透支而余额低于零的账户。",
    ),
    matters: say("Points were spent that nobody had.", "有人花掉了不存在的积分。"),
    example: say("A balance of −120.", "余额为 −120。"),
    settles: say("The party whose account it is.", "该账户所属的一方。"),
};

/// LED-03: opening differs from our prior closing (期初与上期期末不符).
pub static LED_03: Rule = Rule {
    code: "LED-03",
    title: "opening differs from our prior closing",
    zh: "期初与上期期末不符",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "An opening balance that was delivered for the instant at which we closed the account, and \
         is not what we closed it with.",
        "所报期初余额的时点正是我方结账的时点，金额却与我方上期期末不同。",
    ),
    matters: say(
        "Rolling on from a reported figure hides a break for ever: the roll-forward goes on from \
         our own closing.",
        "若改从所报余额滚起，差额便永远被掩盖；滚动仍从我方上期期末起算。",
    ),
    example: say(
        "We closed March with 3,350; April's opening file says 3,300.",
        "三月我方以 3,350 结账；四月期初文件写的是 3,300。",
    ),
    settles: say(
        "The party whose account it is corrects the file, or posts an adjustment.",
        "该账户所属的一方更正文件，或补记调账。",
    ),
};

/// LED-06: without authority (未经授权).
pub static LED_06: Rule = Rule {
    code: "LED-06",
    title: "without authority",
    zh: "未经授权",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A correction by hand that nobody approved: an ADJUST without its authority, or an \
         adjustment or a decision without a reason, author or approver, or approved by its \
         author, or whose number others have.",
        "未经批准的人工更正：调账流水无批准人，或调整、处理决定缺少理由、经办人、批准人，或自批自办，或编号重复。",
    ),
    matters: say(
        "Whoever can move balances alone can help himself.",
        "一个人就能改动余额，便可监守自盗。",
    ),
    example: say(
        "ADJUST +50 on March 24 with an empty approver.",
        "三月二十四日调账 +50，批准人为空。",
    ),
    settles: say(
        "The party that booked or proposed it has it approved, or reverses it.",
        "记账或提出的一方补齐批准，或予以冲回。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&LED_01, &LED_02, &LED_03, &LED_04, &LED_05, &LED_06];

/// What the roll-forward of one party yields: its accounts in order, and what is wrong with them.
#[derive(Debug, Default)]
pub struct RollForward {
    /// Every account, by member number.
    pub accounts: Vec<Account>,
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
}

impl RollForward {
    /// Takes in what the lots of the same party say, and flags the accounts that they contradict.
    pub fn take_in(&mut self, lots: JudgedLots) {
        self.discrepancies.extend(lots.discrepancies);
        for member in lots.unequal {
            let at = self.accounts.binary_search_by(|account| account.member_no.cmp(&member));
            if let Ok(at) = at {
                self.accounts[at].flagged = true;
            }
        }
    }
}

/// The frames of a roll-forward.
#[derive(Debug, Clone, Copy)]
pub struct Balanced<'a, P> {
    /// The ledger.
    pub ledger: &'a Ledger<P>,
    /// What is known of its rows.
    pub lineage: &'a Lineage<P>,
    /// The opening balances that were delivered.
    pub opening: &'a Balances,
    /// What we closed the period before with; `None` where this is the first.
    pub closed: Option<&'a Balances>,
    /// The snapshot.
    pub accounts: &'a Balances,
}

/// Rolls every account forward, bucket by bucket of the member's number (domain.md invariant 1).
///
/// # Errors
/// [`Overflow`] when a balance leaves 64 bits.
pub fn roll_forward<P: Programme>(
    desk: &Desk<'_>,
    frames: Balanced<'_, P>,
    exchange: Exchange,
) -> Result<RollForward, Overflow> {
    let Balanced { ledger, lineage, opening, closed, accounts } = frames;
    let movements = exchange
        .scatter(ledger.len(), |row| moves(ledger, lineage, row).then(|| ledger.member_no(row)));
    let openings = exchange.scatter(opening.len(), |row| Some(opening.member_no(row)));
    let closings = exchange.scatter(accounts.len(), |row| Some(accounts.member_no(row)));
    let ours = |row: u32| closed.map_or("", |closed| closed.member_no(row));
    let closed_rows = exchange.scatter(closed.map_or(0, Balances::len), |row| Some(ours(row)));
    let buckets: Vec<RollForward> = movements
        .into_par_iter()
        .zip(openings)
        .zip(closings)
        .zip(closed_rows)
        .map(|(((movements, openings), closings), closed_rows)| {
            let lists = [&movements[..], &openings, &closings, &closed_rows];
            let gathered = Gathered::new(lists, |list, row| match list {
                0 => ledger.member_no(row),
                1 => opening.member_no(row),
                2 => accounts.member_no(row),
                _ => ours(row),
            });
            roll_bucket(desk, frames, &movements, &gathered)
        })
        .collect::<Result<_, Overflow>>()?;
    let mut rolled = RollForward::default();
    rolled.accounts.reserve_exact(buckets.iter().map(|bucket| bucket.accounts.len()).sum());
    for bucket in buckets {
        rolled.accounts.extend(bucket.accounts);
        rolled.discrepancies.extend(bucket.discrepancies);
    }
    rolled.accounts.sort_unstable_by(|one, other| one.member_no.cmp(&other.member_no));
    Ok(rolled)
}

/// Whether a row moves the balance: posted, no extra, and of a kind that does. A reversal moves it
/// as its original did; an orphan does unless it is a memo of the partner's.
#[must_use]
pub fn moves<P: Programme>(ledger: &Ledger<P>, lineage: &Lineage<P>, row: u32) -> bool {
    let by_kind = |row: u32| ledger.kind(row).moves_balance();
    let moves = by_kind(row).unwrap_or_else(|| match lineage.originals.get(&row) {
        Some(&original) => by_kind(original).unwrap_or(true),
        None => !matches!(lineage.role(row), Role::Acceptor(_)),
    });
    moves
        && ledger.tells_its_posting(row)
        && ledger.status(row) == Status::Posted
        && lineage.standing[row as usize] != Standing::Extra
}

/// Rolls the accounts of a bucket forward. Movements are summed in their own order, because a
/// member's stand far apart in the ledger.
fn roll_bucket<P: Programme>(
    desk: &Desk<'_>,
    frames: Balanced<'_, P>,
    movements: &[Keyed],
    gathered: &Gathered<'_, 4>,
) -> Result<RollForward, Overflow> {
    let ledger = frames.ledger;
    let mut bucket = RollForward::default();
    let mut books: Vec<Option<Book>> = Vec::with_capacity(gathered.keys.len());
    for (number, &member) in gathered.keys.iter().enumerate() {
        books.push(open(desk, frames, member, gathered.rows(number), &mut bucket.discrepancies));
    }
    for (&Keyed { row, .. }, &number) in movements.iter().zip(&gathered.numbers[0]) {
        if let Some(book) = &mut books[number as usize]
            && book.counts(desk, ledger, row)
        {
            book.sums[usize::from(ledger.kind(row).code())] += i128::from(ledger.points(row));
            book.has_moved = true;
        }
    }
    bucket.accounts.reserve_exact(books.len());
    for (number, book) in books.iter().enumerate() {
        let Some(book) = book else { continue };
        let (member, rows) = (gathered.keys[number], gathered.rows(number));
        close(desk, frames, (member, rows), book, &mut bucket)?;
    }
    Ok(bucket)
}

/// An account being rolled forward.
struct Book {
    /// What we closed the period before with, and when.
    ours: Option<(i64, Instant)>,
    /// The row that was delivered as its opening, with the balance, and when.
    delivered: Option<(u32, i64, Instant)>,
    /// The balance that it is rolled on from.
    opening: Option<i64>,
    /// What the snapshot says.
    reported: Option<i64>,
    /// Whether the snapshot is of before our own closing.
    is_stale: bool,
    /// It is rolled from behind this instant to the end of the other.
    after: Instant,
    until: Instant,
    /// The beginning of the first final publication, where we closed it before.
    known_from: Option<Instant>,
    /// Points by kind, wide enough for any number of rows, so that their order never decides.
    sums: [i128; Kind::ALL.len()],
    has_moved: bool,
}

impl Book {
    /// Whether a movement lies in the time for which the account is rolled.
    fn counts<P: Programme>(&self, desk: &Desk<'_>, ledger: &Ledger<P>, row: u32) -> bool {
        let (occurred, posted) = (ledger.occurred_at(row), ledger.posted_at(row));
        let before = desk.scope.moved.of(P::PARTY);
        posted <= self.until && before.moves(row, (occurred, posted), self.after, self.known_from)
    }
}

/// Opens an account; `None` where one of its balances stands twice. Which of two balances is meant
/// nobody can say, and so no figure stands for the account.
fn open<P: Programme>(
    desk: &Desk<'_>,
    frames: Balanced<'_, P>,
    member: &str,
    [_, openings, closings, closed_rows]: [&[u32]; 4],
    found: &mut Vec<Discrepancy>,
) -> Option<Book> {
    let Balanced { opening, closed, accounts, .. } = frames;
    let party = P::PARTY;
    let mut stands_once = true;
    for (feed, rows) in [("opening", openings), ("accounts", closings)] {
        if rows.len() > 1 {
            stands_once = false;
            found.push(
                desk.draft(&MBR_04)
                    .member(party, member)
                    .subject(party, feed.to_owned())
                    .because(format!("the account stands {} times in {feed}", rows.len())),
            );
        }
    }
    if !stands_once {
        return None;
    }
    let before = desk.period.start.plus(-1);
    let delivered = openings
        .first()
        .map(|&row| (row, opening.balance(row), opening.as_of(row).unwrap_or(before)));
    let ours = closed.zip(closed_rows.first()).map(|(closed, &row)| {
        // A final publication has the instant of every closing.
        (closed.balance(row), closed.as_of(row).unwrap_or(before))
    });
    let opened = match (closed, ours, delivered) {
        (_, Some(ours), _) => Some(ours),
        (None, None, Some((_, balance, as_of))) => Some((balance, as_of)),
        // An account that was opened since: its cut-over balance, if one came.
        (Some(_), None, Some((_, balance, as_of))) => (as_of > before).then_some((balance, as_of)),
        (_, None, None) => None,
    };
    // A balance that was delivered holds whatever was posted until then.
    let is_ours = closed.is_some() && (ours.is_some() || opened.is_none());
    let first = desk.scope.past.closed.first().map(|closed| closed.period.start);
    let sent = closings.first().map(|&row| (accounts.balance(row), accounts.as_of(row)));
    let after = opened.map_or(before, |(_, as_of)| as_of);
    // What was closed is not opened again by a snapshot of before.
    let is_stale = ours.is_some() && sent.and_then(|(_, as_of)| as_of).is_some_and(|at| at < after);
    let closed = sent.filter(|_| !is_stale);
    let until = closed.and_then(|(_, as_of)| as_of);
    Some(Book {
        ours,
        delivered,
        opening: opened.map(|(balance, _)| balance),
        reported: closed.map(|(balance, _)| balance),
        is_stale,
        after,
        until: until.unwrap_or(desk.period.as_of_end.plus(-1)),
        known_from: first.filter(|_| is_ours),
        sums: [0; Kind::ALL.len()],
        has_moved: false,
    })
}

/// Closes an account whose movements are summed, and judges it.
fn close<P: Programme>(
    desk: &Desk<'_>,
    frames: Balanced<'_, P>,
    (member, [movements, _, closings, _]): (&str, [&[u32]; 4]),
    book: &Book,
    bucket: &mut RollForward,
) -> Result<(), Overflow> {
    let Balanced { ledger, opening, accounts, .. } = frames;
    let party = P::PARTY;
    let overflow = |_| Overflow { what: "points" };
    let moved: i128 = book.sums.iter().sum();
    let expected = i64::try_from(i128::from(book.opening.unwrap_or(0)) + moved);
    let expected = expected.map_err(overflow)?;
    let mut by_kind = [0_i64; Kind::ALL.len()];
    for (narrow, wide) in by_kind.iter_mut().zip(book.sums) {
        *narrow = i64::try_from(wide).map_err(overflow)?;
    }
    // A member of whom nothing is known but movements outside the time has no account here.
    if book.opening.is_none() && book.reported.is_none() && !book.has_moved {
        return Ok(());
    }
    let until = book.until;
    let mut account = Account {
        party,
        member_no: member.to_owned(),
        opening: book.opening,
        movements: by_kind,
        expected,
        reported: book.reported,
        closing_as_of: until,
        flagged: false,
    };
    let place_of = || {
        let row = *closings.first()?;
        Some(place(account_files(desk.paths, party), &accounts.origins, row))
    };
    let explain = || {
        let days = Movements { counted: Vec::new(), last_day: 0, next_day: 0 };
        movements.iter().fold(days, |mut days, &row| {
            let (posted, points) = (ledger.posted_at(row), ledger.points(row));
            if book.counts(desk, ledger, row) {
                days.counted.push((ledger.event_id(row), points));
                if until.plus(-DAY_MICROS) < posted {
                    days.last_day += i128::from(points);
                }
            } else if until < posted && posted <= until.plus(DAY_MICROS) {
                days.next_day += i128::from(points);
            }
            days
        })
    };
    let mut found = judge_account(desk, &account, (book.is_stale, &place_of), &explain);
    if let (Some((balance, as_of)), Some((row, said, said_as_of))) = (book.ours, book.delivered)
        && as_of == said_as_of
        && balance != said
    {
        let place = place(desk.paths.opening.of(party), &opening.origins, row);
        found.push(rebased(desk, &account, (balance, said), place));
    }
    found.retain(|found| desk.is_on(found.rule));
    account.flagged = !found.is_empty();
    bucket.discrepancies.extend(found);
    bucket.accounts.push(account);
    Ok(())
}

/// LED-03: the delivered opening is not what we closed with.
fn rebased(
    desk: &Desk<'_>,
    account: &Account,
    (ours, said): (i64, i64),
    place: String,
) -> Discrepancy {
    desk.draft(&LED_03)
        .member(account.party, &account.member_no)
        .issuer(account.party)
        .expected(Some(ours.to_string()), Some(said.to_string()))
        .difference(i128::from(said) - i128::from(ours))
        .at(account.party, place)
        .because("the opening balance is not our closing of the period before")
}

fn account_files(paths: &Paths, party: crate::value::party::Party) -> &[String] {
    paths.accounts.of(party)
}

fn judge_account<'l>(
    desk: &Desk<'_>,
    account: &Account,
    (is_stale, place): (bool, &dyn Fn() -> Option<String>),
    explain: &dyn Fn() -> Movements<'l>,
) -> Vec<Discrepancy> {
    let party = account.party;
    let draft = |rule| {
        let draft = desk.draft(rule).member(party, &account.member_no).issuer(party).expected(
            Some(account.expected.to_string()),
            account.reported.map(|reported| reported.to_string()),
        );
        match place() {
            Some(place) => draft.at(party, place),
            None => draft,
        }
    };
    let mut found = Vec::new();
    if account.reported != Some(account.expected) {
        let reason = match account.reported {
            Some(_) => "opening plus movements is not the reported closing",
            None if is_stale => "the snapshot is of before our closing of the period before",
            None => "the snapshot does not have the account",
        };
        let difference = i128::from(account.reported.unwrap_or(0)) - i128::from(account.expected);
        let diagnosis = account.reported.and_then(|_| of_balance(difference, &explain()));
        found.push(draft(&LED_01).difference(difference).diagnosed(diagnosis).because(reason));
    }
    let is_negative = account.expected < 0 || account.reported.is_some_and(|balance| balance < 0);
    if is_negative && !desk.agreement.parties.of(party).overdraft {
        found.push(draft(&LED_02).because("the balance is below zero, and no overdraft is agreed"));
    }
    found
}
