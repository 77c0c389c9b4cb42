//! Rules on feeds as files: FIL-01, FIL-04, FIL-05, FIL-06. What deliveries say is judged beside.

use super::delivery::{self, FIL_02, FIL_03, FIL_07, FIL_08, SentBefore};
use super::desk::Desk;
use super::total;
use crate::control::FileTotal;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::feed::{Beside, Feed, FeedFault, FeedRows, InputFile, Note, Owner, RejectCode};
use crate::value::party::Party;

/// FIL-01: feed missing or late (文件缺失或迟到).
pub static FIL_01: Rule = Rule {
    code: "FIL-01",
    title: "feed missing or late",
    zh: "文件缺失或迟到",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A feed for which no file matches the pattern of the pipeline, or a file sent after it was due.",
        "没有任何文件符合流水线所写的路径模式，或文件在应达时间之后才发出。",
    ),
    matters: say(
        "A statement without one side's rows would call everything one-sided.",
        "缺了一方的明细，另一方的每一笔都会成为单边账。",
    ),
    example: say(
        "`sample-data/sky/2026-03/ledger-*.csv` matches nothing; or it was due at 06:00 and sent at 09:12.",
        "`sample-data/sky/2026-03/ledger-*.csv` 找不到文件；或应于 06:00 到达，却在 09:12 才发出。",
    ),
    settles: say(
        "The sender delivers the file, or both agree to take it late by moving `due`; the run is repeated.",
        "由发送方补送文件，或双方同意放宽 `due`，再重新运行。",
    ),
};

/// FIL-04: bytes not decodable (字节无法解码).
pub static FIL_04: Rule = Rule {
    code: "FIL-04",
    title: "bytes not decodable",
    zh: "字节无法解码",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A record whose bytes are not text in the declared encoding.",
        "字节不符合所声明编码的记录。",
    ),
    matters: say(
        "A wrong encoding turns names and ids into other names and ids without a word.",
        "编码错了，姓名和编号会悄悄变成别人的。",
    ),
    example: say("A GB18030 file that is declared utf-8.", "一份 GB18030 文件被声明成了 utf-8。"),
    settles: say(
        "Whoever declared the encoding; the record stands in rejects.parquet.",
        "声明编码的一方处理；该记录见 rejects.parquet。",
    ),
};

/// FIL-05: columns drifted (列漂移).
pub static FIL_05: Rule = Rule {
    code: "FIL-05",
    title: "columns drifted",
    zh: "列漂移",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A record with more or fewer columns than the header; it is refused.",
        "列数多于或少于表头的记录，予以拒收。",
    ),
    matters: say(
        "A shifted row puts points where a member should be.",
        "错位的一行会把积分放到会员号的位置。",
    ),
    example: say("A delimiter inside an unquoted name.", "未加引号的姓名里含有分隔符。"),
    settles: say(
        "The sender quotes the value; the record stands in rejects.parquet.",
        "发送方给取值加上引号；该记录见 rejects.parquet。",
    ),
};

/// FIL-05: required column absent (缺少必需列).
pub static FIL_05_REQUIRED: Rule = Rule {
    code: "FIL-05",
    title: "required column absent",
    zh: "缺少必需列",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A file without a declared column, without a header, or with a column of an unusable type.",
        "文件缺少已声明的列、没有表头，或某列的类型无法使用。",
    ),
    matters: say(
        "Nothing of such a file can be read for certain.",
        "这样的文件没有一行可以确信无误。",
    ),
    example: say("积分 was renamed to 积分数 without notice.", "“积分”未经通知改名为“积分数”。"),
    settles: say(
        "The sender restores the column, or the pipeline names the new one.",
        "发送方恢复该列，或在流水线中改写列名。",
    ),
};

/// FIL-06: value refused (取值被拒).
pub static FIL_06: Rule = Rule {
    code: "FIL-06",
    title: "value refused",
    zh: "取值被拒",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A value that its column refuses: `4.00123E+27` as an id, a fraction of a point, a date that does not exist.",
        "列所不接受的取值：编号写成 `4.00123E+27`、积分带小数、日期不存在。",
    ),
    matters: say(
        "A coerced value is a wrong value that nobody sees.",
        "强行转换的取值是无人看见的错值。",
    ),
    example: say(
        "A spreadsheet wrote event 400123000… as 4.00123E+27.",
        "电子表格把流水号 400123000… 写成了 4.00123E+27。",
    ),
    settles: say(
        "The sender repairs the value; the row stands in rejects.parquet.",
        "发送方修正取值；该行见 rejects.parquet。",
    ),
};

/// FIL-06: too many rows refused (拒收过多).
pub static FIL_06_MANY: Rule = Rule {
    code: "FIL-06",
    title: "too many rows refused",
    zh: "拒收过多",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A feed of which more rows were refused than `max_rejects` allows, or every row, whatever it allows.",
        "被拒收的行数超过 `max_rejects` 的数据源；或不论如何约定，所有行均被拒收的数据源。",
    ),
    matters: say(
        "A few spoiled rows are a nuisance; many are another file than the one that was agreed, and without a row a period would be settled at nothing.",
        "坏几行是小事，坏得多就不是约定的文件了；一行都没有，当期就会按零结清。",
    ),
    example: say(
        "`max_rejects: { count: 100 }`, and 4,210 rows have a date in another form.",
        "`max_rejects: { count: 100 }`，却有 4,210 行的日期写法不同。",
    ),
    settles: say(
        "The sender sends the file as agreed, or both agree on the new form and the pipeline follows.",
        "发送方按约定重发，或双方商定新格式后改写流水线。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[
    &FIL_01,
    &FIL_02,
    &FIL_03,
    &FIL_04,
    &FIL_05,
    &FIL_05_REQUIRED,
    &FIL_06,
    &FIL_06_MANY,
    &FIL_07,
    &FIL_08,
];

/// A feed as it came: what it should be, what was read of it, and what its owner says of it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// What it should be.
    pub feed: &'a Feed,
    /// What was read of it; its rows may have gone on.
    pub rows: &'a FeedRows,
    /// What was read of each of its files.
    pub totals: &'a [FileTotal],
    /// What was read of each of their parts.
    pub parts: &'a [FileTotal],
    /// What its owner says that it sent; `None` where no note came whole.
    pub note: Option<&'a Note>,
    /// The numbers of its files in final publications; `None` without a past.
    pub before: Option<&'a SentBefore>,
}

impl Arrival<'_> {
    /// Whose feed it is; both, where it is shared.
    pub(super) fn owners(&self) -> &'static [Party] {
        match self.feed.owner {
            Owner::Party(Party::A) => &[Party::A],
            Owner::Party(Party::B) => &[Party::B],
            Owner::Shared => &Party::BOTH,
        }
    }

    /// Under whose evidence its files stand.
    pub(super) fn party(&self) -> Party {
        match self.feed.owner {
            Owner::Party(party) => party,
            Owner::Shared => Party::A,
        }
    }
}

/// What is wrong with a feed as files: what reading found, and what deliveries say.
pub fn judge(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Vec<Discrepancy> {
    let (feed, party) = (arrival.rows, arrival.party());
    let whose = format!("{} {}", feed.owner.word(), feed.kind.word());
    let faults = feed.faults.iter().map(|fault| {
        let draft = match fault {
            FeedFault::Missing { pattern } => {
                arrival.draft(desk, &FIL_01, &[pattern]).at(party, pattern.clone())
            }
            FeedFault::Column { file, column, .. } => arrival
                .draft(desk, &FIL_05_REQUIRED, &[file, column])
                .at(party, file.clone())
                .expected(Some(column.clone()).filter(|column| !column.is_empty()), None),
            FeedFault::Unused { file, column } => arrival
                .draft(desk, &FIL_05, &[file, column])
                .at(party, file.clone())
                .expected(Some(column.clone()), None),
            FeedFault::Entry { file, entry } => {
                let place = format!("{file}/{entry}");
                arrival.draft(desk, &FIL_05, &[&place]).at(party, place)
            }
            FeedFault::Beside { file, beside: Beside::NotReady { marker } } => arrival
                .draft(desk, &FIL_01, &[file])
                .at(party, file.clone())
                .expected(Some(marker.clone()), None),
            FeedFault::Beside { file, beside: Beside::Digest { sidecar, declared, computed } } => {
                let key = declared.as_deref().unwrap_or_default();
                arrival
                    .draft(desk, &FIL_02, &[file, sidecar, key])
                    .at(party, file.clone())
                    .at(party, sidecar.clone())
                    .expected(declared.clone(), Some(computed.clone()))
            }
        };
        draft.because(fault.reason(&whose))
    });
    let rejects = feed.rejects.iter().map(|reject| {
        let rule = match reject.code {
            RejectCode::Undecodable => &FIL_04,
            RejectCode::Ragged => &FIL_05,
            RejectCode::Value => &FIL_06,
        };
        let place = format!("{}:{}", reject.file, reject.line);
        let draft = arrival.draft(desk, rule, &[&place]).at(party, place);
        let draft = match feed.kind.field(&reject.column) {
            Some(field) => draft.differs(field.name, None, None),
            None => draft,
        };
        draft
            .expected(None, Some(reject.redacted.clone()).filter(|shown| !shown.is_empty()))
            .because(told(&reject.column, &reject.reason))
    });
    let totals = total::judge(desk, arrival);
    let many = many(desk, arrival);
    faults.chain(many).chain(rejects).chain(totals).chain(delivery::judge(desk, arrival)).collect()
}

/// FIL-06 of the feed as a whole.
fn many(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Option<Discrepancy> {
    if let Some(all) = all(desk, arrival) {
        return Some(all);
    }
    let most = arrival.feed.max_rejects?;
    let rejected = arrival.rows.rejects.len() as u64;
    let rows = arrival.rows.files.iter().map(|file| file.rows).sum();
    let passed = most.passed(rejected, rows)?;
    let found = format!("{rejected} of {rows} rows");
    Some(arrival.draft(desk, &FIL_06_MANY, &[]).expected(None, Some(found.clone())).because(
        format!("{found} were refused, {passed}; have them mended, or agree on `max_rejects`"),
    ))
}

/// FIL-06 of a feed of whose own files no row was accepted: whatever is allowed, nothing of the
/// period came, and a statement on it would be one on an absent feed. Rows of the days after the
/// period do not make up for it.
fn all(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Option<Discrepancy> {
    let is_read = |file: &InputFile| !file.follows && !file.is_passed_over();
    let own = || arrival.rows.files.iter().zip(arrival.totals).filter(|(file, _)| is_read(file));
    let rows: u64 = own().map(|(_, total)| total.rows).sum();
    let rejected: u64 = own().map(|(_, total)| total.rejected).sum();
    if rows == 0 || rejected < rows {
        return None;
    }
    let is_own = |path: &str| own().any(|(file, _)| path.starts_with(&file.path));
    let first = arrival.rows.rejects.iter().filter(|reject| is_own(&reject.file)).min()?;
    let place = format!("{}:{}", first.file, first.line);
    let (owner, kind) = (arrival.rows.owner.word(), arrival.rows.kind.word());
    let reason = told(&first.column, &first.reason);
    let why = format!(
        "every row of the feed {owner} {kind} was refused, {rows} of {rows}, so that nothing can be \
         settled on it; mend its declaration, or have it sent as agreed; the first is {place}: \
         {reason}"
    );
    let draft = arrival.draft(desk, &FIL_06_MANY, &[]).at(arrival.party(), place);
    Some(draft.expected(None, Some(format!("{rows} of {rows} rows"))).because(why))
}

/// A reason with the column that it is about, where it is about one.
fn told(column: &str, reason: &str) -> String {
    if column.is_empty() { reason.to_owned() } else { format!("{column}: {reason}") }
}
