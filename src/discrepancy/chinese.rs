//! The Chinese beside a reason or a diagnosis. What a discrepancy says stands in one language in
//! the tables, so that no tool reads one fact twice; its sentences are few, and each stands here
//! once, in both languages. A test asks every case for the Chinese of what it finds.

mod refused;

use std::borrow::Cow;

use self::refused::REFUSED;
use crate::frame::fields::FeedKind;
use crate::value::kind::Kind;
use crate::value::rounding::Mode;

/// A sentence in English and Chinese. `{}` in English is a gap, and `{…}` one that holds a sentence
/// of these itself; in Chinese each gap stands by its number, from 1.
type Sentence = (&'static str, &'static str);

/// The Chinese of a reason or diagnosis; `None` where it is no sentence of these.
#[must_use]
pub fn in_chinese(english: &str) -> Option<String> {
    SENTENCES.iter().chain(REFUSED).find_map(|&(en, zh)| fill(zh, &gaps(en, english)?))
}

/// What fills the gaps of a pattern where it fits a text.
fn gaps<'t>(pattern: &str, text: &'t str) -> Option<Vec<(bool, &'t str)>> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return (pattern == text).then(Vec::new);
    };
    let text = text.strip_prefix(before)?;
    let (name, rest) = rest.split_once('}')?;
    let until = rest.split('{').next().unwrap_or_default();
    // The gap ends where the rest fits: a gap at the end takes everything.
    let mut ends: Vec<usize> = match until {
        "" => vec![text.len()],
        until => text.match_indices(until).map(|(at, _)| at).collect(),
    };
    ends.retain(|end| *end > 0);
    // What stands in backticks ends at the next one: no name has any.
    if before.ends_with('`') && until.starts_with('`') {
        ends.truncate(1);
    }
    ends.into_iter().find_map(|end| {
        let (filled, behind) = text.split_at(end);
        let mut all = vec![(name == "…", filled)];
        all.extend(gaps(rest, behind)?);
        Some(all)
    })
}

/// A Chinese sentence with its gaps filled.
fn fill(zh: &str, gaps: &[(bool, &str)]) -> Option<String> {
    let mut sentence = String::with_capacity(zh.len());
    let mut parts = zh.split('{');
    sentence.push_str(parts.next()?);
    for part in parts {
        let (number, behind) = part.split_once('}')?;
        let (is_sentence, filled) = *gaps.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
        match is_sentence {
            true => sentence.push_str(&in_chinese(filled)?),
            // What stands in backticks is written so in a file.
            false if sentence.ends_with('`') => sentence.push_str(filled),
            false => sentence.push_str(&words(filled)),
        }
        sentence.push_str(behind);
    }
    Some(sentence)
}

/// Words by commas in Chinese, where each of them is one of the engine's own.
fn words(english: &str) -> Cow<'_, str> {
    let all: Option<Vec<&str>> = english.split(", ").map(word_in_chinese).collect();
    all.map_or(Cow::Borrowed(english), |words| Cow::Owned(words.join("、")))
}

/// The Chinese of a word of the engine's own: a column of a ledger, a kind of event, a mode of
/// rounding, or a rule that pairs events.
#[must_use]
pub fn word_in_chinese(english: &str) -> Option<&'static str> {
    let column = || [FeedKind::Ledger, FeedKind::Members].iter().find_map(|of| of.field(english));
    let kind = || Kind::ALL.iter().find(|kind| kind.word() == english).map(|kind| kind.zh());
    let mode = || Mode::ALL.iter().find(|mode| mode.word() == english).map(|mode| mode.zh());
    let rule = || match english {
        "reference" => Some("流水号引用"),
        "order" => Some("订单号"),
        "window" => Some("时间窗"),
        "tier" => Some("等级"),
        "lots" => Some("积分批次"),
        "rows" => Some("行数"),
        "payer" => Some("付款方"),
        "ratio" => Some("互通比例"),
        "redemption rate" => Some("兑换单价"),
        "conversion rate" => Some("转换单价"),
        "sale rate" => Some("售出单价"),
        "trailer" => Some("尾记录"),
        "file beside it" => Some("旁附文件"),
        _ => None,
    };
    column().map(|column| column.zh).or_else(kind).or_else(mode).or_else(rule)
}

const SENTENCES: &[Sentence] = &[
    // Events.
    ("nothing mirrors the issuer's leg", "发行方这一笔没有对方镜像"),
    ("the acceptor's leg mirrors nothing", "受理方这一笔不是任何交易的镜像"),
    ("alike in every column to another row", "与另一行各列完全相同"),
    ("{} rows have this event_id and differ in {}", "{1} 行共用此流水号，而 {2} 不同"),
    (
        "{} pairs of the same members and quantities, each within {} s of the one before",
        "同一对会员、同样数量共 {1} 对，每对距前一对不超过 {2} 秒",
    ),
    ("the period is the issuer's, {}", "归属期间按发行方，为 {1}"),
    ("younger than {} days of grace", "尚在 {1} 天宽限期内"),
    ("one leg took effect and the other did not", "一方生效，另一方未生效"),
    ("points have the wrong sign for their kind", "积分正负号与类型不符"),
    ("wrong sign for {}", "正负号与类型 {1} 不符"),
    ("the legs are not of one flow and direction", "两方流向或方向不一致"),
    ("the row that it names is no issuer's leg", "所指的行不是发行方的交易"),
    (
        "{} issuer's and {} acceptor's legs fit one another by {}",
        "按 {3} 规则，发行方 {1} 笔与受理方 {2} 笔互相符合",
    ),
    (
        "the event is settled, and stands as it was published; {} is another now",
        "该笔已结，以已发布的为准；如今 {1} 不同",
    ),
    (
        "the event was left open before, and is judged as it is sent now; {} is another",
        "该笔此前未结，按现在送来的判定；{1} 已不同",
    ),
    (
        "{} was closed with another row of this number; {} of this one is another",
        "{1} 关账时此编号已属于另一行；本行的 {2} 不同",
    ),
    (
        "its partner was settled alone, and stands so; {} of what joins it is another",
        "对方一笔已单独结清，以此为准；后到一笔的 {1} 不同",
    ),
    (
        "the adjustment {} is settled in {}, and stands as it was published; {} is another now",
        "调账 {1} 已在 {2} 结清，以已发布的为准；如今 {3} 不同",
    ),
    // Amounts.
    ("no declared ratio gives this", "没有任何约定比例得出此数"),
    ("the mirror is not the agreed one", "镜像不是约定的数"),
    ("less than one point from the exact value", "与精确值相差不足一分"),
    ("the ratio version from {} gives exactly this", "自 {1} 起的比例版本恰好得出此数"),
    ("{}, no ratio at all, gives exactly this", "按 {1}（未用比例）恰好得出此数"),
    ("{}, the ratio of the other direction, gives exactly this", "按反方向的比例 {1} 恰好得出此数"),
    (
        "{}, the inverse of the ratio in force, gives exactly this",
        "按现行比例的倒数 {1} 恰好得出此数",
    ),
    (
        "{}, the inverse of the other direction's ratio, gives exactly this",
        "按反方向比例的倒数 {1} 恰好得出此数",
    ),
    ("the rate in force gives {}", "现行单价得出 {1}"),
    ("{} has no {} in force at {}", "{1} 在 {3} 没有有效的 {2}"),
    ("found so when its period was closed", "该期关账时已如此认定"),
    // Caps.
    (
        "{} points count so far of {} per member, clause {}",
        "每会员上限 {2} 分，此前已计 {1} 分，条款 {3}",
    ),
    (
        "{} points count so far of {} per period, clause {}",
        "每期上限 {2} 分，此前已计 {1} 分，条款 {3}",
    ),
    ("{} points count so far of {} per member", "每会员上限 {2} 分，此前已计 {1} 分"),
    ("{} points count so far of {} per period", "每期上限 {2} 分，此前已计 {1} 分"),
    ("the minimum is {} points, clause {}", "最低 {1} 分，条款 {2}"),
    ("the minimum is {} points", "最低 {1} 分"),
    // Reversals.
    ("the original does not stand on its own book", "原交易不在己方账上"),
    ("the original never took effect", "原交易从未生效"),
    ("of {} points {} would be reversed", "原交易 {1} 分，累计将冲正 {2} 分"),
    ("only one side booked the reversal", "只有一方记了冲正"),
    ("what it reverses is of {}, which is closed", "所冲正的交易属于 {1}，该期已关账"),
    // Members, consents and tiers.
    ("the linked member is not in {}'s snapshot", "绑定的会员不在 {1} 方快照中"),
    ("{} links of these members hold at the same time", "这些会员同时有 {1} 条绑定"),
    ("the member stands {} times in {}'s snapshot", "该会员在 {2} 方快照中出现 {1} 次"),
    ("the account stands {} times in {}", "该账户在 {2} 中出现 {1} 次"),
    ("the lot {} stands {} times in lots", "批次 {1} 出现 {2} 次"),
    ("the {} tokens of the two members differ", "两会员的 {1} 令牌不同"),
    ("no link of the issuer's member at that time", "发行方会员当时没有绑定"),
    ("only an inferred link, which authorises nothing", "仅有推断的绑定，不构成授权"),
    ("the two members are not linked to one another", "两会员并非互相绑定"),
    ("{}'s member was {} {} at that time", "{1} 方会员当时为 {3}"),
    ("the tokens of `{}` are made with different keys", "`{1}` 的令牌用了不同的密钥"),
    (
        "no token of `{}` stands on both sides, not even of linked members",
        "没有一个 `{1}` 令牌双方都有，已绑定的会员也没有",
    ),
    ("no consent for `{}` had been granted", "当时尚无针对“{1}”的同意"),
    ("it was held as {} before", "此前以 {1} 挂账"),
    ("several links of the issuer's member at that time", "发行方会员当时有多条绑定"),
    ("every consent for `{}` had been withdrawn", "针对“{1}”的同意当时均已撤回"),
    ("the column is not agreed; it was dropped", "该列未经约定，已丢弃"),
    ("A's tier calls for `{}` at B", "甲方等级对应乙方 `{1}`"),
    ("the tier `{}` of A is not in the map", "甲方等级 `{1}` 不在对照表中"),
    ("the member has no tier at A", "该会员在甲方没有等级"),
    ("A's tier changed less than {} days ago", "甲方等级变更未满 {1} 天"),
    ("by {}; months before the cut: {}", "按 {1}，截止前 {2} 个月"),
    // Books.
    ("opening plus movements is not the reported closing", "期初加变动不等于报告的期末"),
    ("the snapshot does not have the account", "快照中没有该账户"),
    ("the snapshot is of before our closing of the period before", "快照早于我方上期期末"),
    ("the balance is below zero, and no overdraft is agreed", "余额为负，而未约定透支"),
    ("the opening balance is not our closing of the period before", "期初不是我方上期期末"),
    ("what is left of the lots does not sum to the reported balance", "批次余量之和不等于报告余额"),
    ("no lot of the member lived at that time", "当时该会员没有有效批次"),
    ("expired with points left, and no EXPIRE was posted since", "到期仍有余量，此后未记失效"),
    ("nobody is named who approved the adjustment", "未写明调账由谁批准"),
    (
        "the decision {} lacks a reason, an author or another approver",
        "决定 {1} 缺少理由、经办人或另一位批准人",
    ),
    ("the number {} stands for several decisions", "编号 {1} 对应多个决定"),
    ("the number {} moved something in {}, for another decision", "编号 {1} 已在 {2} 用于另一决定"),
    ("adjustment {}, which corrects {}: {…}", "调账 {1}（更正 {2}）：{3}"),
    ("adjustment {}: {…}", "调账 {1}：{2}"),
    ("it was held before, and is not sent again", "此前已挂账，本次未再送来"),
    ("it lacks a reason, an author or an approver", "缺少事由、经办人或批准人"),
    ("its author approved it", "经办人自己批准"),
    ("several adjustments have this number", "多笔调账共用此编号"),
    ("the agreement has no such currency", "协议没有该币种"),
    ("its amount is not above zero", "金额不大于零"),
    ("its amount is finer than its currency, or too large", "金额小数位多于币种，或过大"),
    ("{} of {}, which is closed, is posted in this period", "属于已关账的 {2} 的 {1} 在本期入账"),
    ("{} is not closed; the last closed period is {}", "{1} 尚未关账；最近关账的是 {2}"),
    // Payments and disputes.
    ("settlement {}: {…}", "收付款 {1}：{2}"),
    (
        "the settlement {} was another in the period before; what is sent now counts",
        "收付款单 {1} 与上期所知不同；以现在送来的为准",
    ),
    (
        "the settlement {} stands {} times, and not alike; the first of them counts",
        "收付款 {1} 出现 {2} 次而内容不同；以第一笔为准",
    ),
    ("its amount is not above zero; {…}", "金额不大于零；{1}"),
    ("{} has no final statement", "{1} 没有已关账的清算单"),
    (
        "the statement of {} is in no {}; have it name the currency of the statement, such as {}",
        "{1} 的清算单没有 {2}；请写明清算单的币种，如 {3}",
    ),
    ("have it name the period that it settles", "请写明所结的期间"),
    ("have it sent anew with what was paid or disputed", "请按实付或争议金额重新送来"),
    // The partner's statement.
    ("{}: only the partner's statement has it", "{1}：仅对方清算单有"),
    ("{}: only ours has it", "{1}：仅我方清算单有"),
    ("{}: {} is not ours", "{1}：{2} 与我方不同"),
    // Snapshots.
    ("the snapshot is older than {} days", "快照已超过 {1} 天"),
    ("nothing says as of when the snapshot holds", "无从得知快照的时点"),
    ("rows of {}'s {} hold on different days", "{1} 方 {2} 的各行时点不在同一天"),
    ("the parties' {} hold on different days", "双方 {1} 的时点不在同一天"),
    // Feeds as files.
    ("no file of the feed {} matches `{}`", "数据源 {1} 没有文件符合 `{2}`"),
    ("no delivery says when the file was sent", "没有交接单说明文件何时送出"),
    ("the file was sent after it was due", "文件迟于约定时间送出"),
    ("agree to take it, or see `due`", "请约定接收，或见 `due`"),
    ("have `sent_at` filled in", "请补填 `sent_at`"),
    (
        "`{}` does not stand beside it to say that it was sent whole, and it was not read",
        "旁边没有 `{1}` 说明文件已完整送达，未读取",
    ),
    ("have it sent, or see `{}`", "请补送，或见 `{1}`"),
    ("have it sent", "请补送"),
    ("have the file or the note sent again", "请重送文件或交接单"),
    ("the {} of the {} are {}, and {} were read", "{2} 的 {1} 为 {3}，而读入 {4}"),
    ("have the file or its total mended by whoever exported it", "请由导出方更正文件或其合计"),
    ("`{}` holds the digest of another content", "`{1}` 是另一内容的摘要"),
    ("`{}` does not hold its digest", "`{1}` 中没有其摘要"),
    ("have both sent again", "请两者都重送"),
    ("the content is not what was delivered", "内容与交接单不符"),
    ("the content is not what the digest beside it says", "内容与旁附摘要不符"),
    ("no digest of the file stands beside it", "文件旁没有摘要"),
    (
        "what was delivered is no digest of 64 hexadecimal digits",
        "交接单所写不是 64 位十六进制摘要",
    ),
    ("the file that was delivered is not there", "交接单所列文件不在"),
    ("several files have that name; name the one meant by its path", "多个文件同名，请写路径"),
    (
        "a delivered file is named by its path under the root, or its name",
        "交接文件应以根目录下的路径或文件名指明",
    ),
    ("the {} delivered are not those that were read", "交接单的 {1} 与读入的不符"),
    ("the {} of the {} are not those that were read", "{2} 的 {1} 与读入的不符"),
    (
        "every row of the feed {} was refused, {} of {}, so that nothing can be settled on it; mend \
         its declaration, or have it sent as agreed; the first is {}: {…}",
        "数据源 {1} 的所有行均被拒收（{3} 行中 {2} 行），无从据以结算；请改正其声明，或请按约定重送；首行为 {4}：{5}",
    ),
    ("{} of {} rows were refused, more than {}", "{2} 行中拒收 {1} 行，超过 {3}"),
    ("{} of {} rows were refused, {}", "{2} 行中拒收 {1} 行，{3}"),
    (
        "its content is that of `{}`; it was not read, and nothing need be done",
        "内容与 `{1}` 相同，未读取，无须处理",
    ),
    ("{} different files have this number", "{1} 个不同文件用同一序号"),
    ("have all but one numbered anew", "除一个外请重新编号"),
    ("no file has a number between {} and {}", "{1} 与 {2} 之间的序号没有文件"),
    (
        "no pattern of `entries` or `ignore` names this entry, and it was not read",
        "`entries` 与 `ignore` 都未列此条目，未读取",
    ),
    ("name it under one of them", "请列入其一"),
    ("record of the {}: {…}", "{1} 的记录：{2}"),
    ("it is not there", "不存在"),
    ("see `{}`, or have the file sent again", "见 `{1}`，或请重送文件"),
    ("begins with the marker and has the shape of a row", "以标记开头而形似数据行"),
    (
        "declare `rows` or `points` of the marked record, or `exclusive` if no row begins so",
        "请声明该记录的 `rows` 或 `points`；若无数据行如此开头，请声明 `exclusive`",
    ),
    // What is wrong, and what to do.
    ("{…}; {…}", "{1}；{2}"),
    // Diagnoses.
    ("twice the agreed", "为约定的两倍"),
    ("half the agreed", "为约定的一半"),
    ("the opposite sign", "正负号相反"),
    ("unit scale of {}: factor {} missing", "{1} 的计量单位：少乘 {2}"),
    ("unit scale of {}: factor {} doubled", "{1} 的计量单位：多乘 {2}"),
    ("inverse ratio {}", "比例倒置 {1}"),
    ("ratio of the other direction {}", "反方向的比例 {1}"),
    ("inverse of the other direction's ratio {}", "反方向比例的倒数 {1}"),
    ("one to one {}", "一比一 {1}"),
    (
        "cut-off: version from {}, in force at the acceptor's time",
        "日切：自 {1} 起的版本，受理时有效",
    ),
    (
        "cut-off: version from {}, in force at the reversal's own time",
        "日切：自 {1} 起的版本，冲正当时有效",
    ),
    ("version from {}", "自 {1} 起的版本"),
    ("rounding {}", "舍入方式 {1}"),
    ("movement {} missing", "缺变动 {1}"),
    ("movement {} booked twice", "变动 {1} 记了两次"),
    ("movement {} with the wrong sign", "变动 {1} 正负号相反"),
    ("cut-off: the last day's movements missing", "日切：缺最后一天的变动"),
    ("cut-off: the next day's movements included", "日切：含次日的变动"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_the_english_stand_in_the_chinese() {
        for (en, zh) in SENTENCES.iter().chain(REFUSED) {
            let gaps = en.matches('{').count();
            for number in 1..=gaps {
                let is_word = *en == "{}'s member was {} {} at that time" && number == 2;
                let has = zh.contains(&format!("{{{number}}}"));
                assert!(has != is_word, "{en}: gap {number} of {zh}");
            }
            assert!(!zh.contains(&format!("{{{}}}", gaps + 1)), "{zh}");
            let is_word = |one: char| ('\u{4e00}'..='\u{9fff}').contains(&one);
            assert!(zh.chars().any(is_word) || ["{}: {…}", "{…}; {…}"].contains(en), "{zh}");
        }
    }

    #[test]
    fn a_sentence_is_told_with_what_fills_it() {
        let rows = [
            ("nothing mirrors the issuer's leg", Some("发行方这一笔没有对方镜像")),
            ("of 1000 points 1200 would be reversed", Some("原交易 1000 分，累计将冲正 1200 分")),
            (
                "4500 points count so far of 5000 per member, clause 五.1",
                Some("每会员上限 5000 分，此前已计 4500 分，条款 五.1"),
            ),
            (
                "adjustment J-2, which corrects 2026-02: its author approved it",
                Some("调账 J-2（更正 2026-02）：经办人自己批准"),
            ),
            ("积分: a fraction of a point", Some("积分：积分不是整数")),
            ("A's member was closed 注销 at that time", Some("A 方会员当时为 注销")),
            ("movement a: b missing", Some("缺变动 a: b")),
            ("wrong sign for xburn", Some("正负号与类型 跨店兑换 不符")),
            (
                "2 rows have this event_id and differ in points, kind",
                Some("2 行共用此流水号，而 积分、类型 不同"),
            ),
            ("rounding half_up", Some("舍入方式 四舍五入")),
            ("points: something that nobody foresaw", None),
            ("", None),
        ];
        for (en, zh) in rows {
            assert_eq!(in_chinese(en).as_deref(), zh, "{en}");
        }
    }
}
