//! The columns of a file that may fill canonical ones, by the names that partners give them.

use super::values::Seen;

/// Names that partners give to canonical columns.
const NAMES: &[(&str, &[&str])] = &[
    (
        "event_id",
        &[
            "event_id",
            "流水号",
            "交易流水号",
            "业务流水号",
            "流水编号",
            "交易号",
            "交易编号",
            "id",
            "event",
            "txn_id",
            "txn.id",
            "transaction_id",
            "transaction_no",
            "txn_no",
            "trans_no",
            "serial_no",
            "交易单号",
            "业务单号",
            "订单流水",
            "订单流水号",
            "流水",
        ],
    ),
    (
        "counter_event_id",
        &[
            "counter_event_id",
            "对方流水号",
            "对方交易号",
            "对方编号",
            "对方流水编号",
            "partner_event_id",
            "peer_txn",
            "对方单号",
            "对方订单号",
            "对方流水",
            "对方",
            "关联流水号",
            "关联流水",
            "关联单号",
            "partner_ref",
            "partner_txn",
            "partner.event",
            "ref.partner",
        ],
    ),
    (
        "original_event_id",
        &["original_event_id", "原流水号", "原交易号", "原交易流水号", "原编号", "reverses"],
    ),
    (
        "member_no",
        &[
            "member_no",
            "会员号",
            "会员编号",
            "会员卡号",
            "卡号",
            "member",
            "member.no",
            "card",
            "card_no",
            "member_id",
            "card_number",
            "membership_no",
            "user_id",
            "uid",
            "customer_id",
            "会员卡",
            "会员ID",
            "会员代码",
            "用户ID",
            "用户编号",
            "客户号",
            "客户编号",
            "会员",
        ],
    ),
    (
        "kind",
        &[
            "kind",
            "交易类型",
            "业务类型",
            "类型",
            "type",
            "变动类型",
            "积分类型",
            "交易类别",
            "业务类别",
            "txn_type",
            "event_type",
            "transaction_type",
            "业务",
            "类别",
        ],
    ),
    (
        "points",
        &[
            "points",
            "积分",
            "积分变动",
            "积分（分）",
            "积分值",
            "积分数",
            "变动积分",
            "miles",
            "pts",
            "积分变动值",
            "积分变动额",
            "发生积分",
            "积分数量",
            "里程",
            "里程数",
        ],
    ),
    ("balance", &["balance", "余额", "积分余额", "期末余额"]),
    (
        "occurred_at",
        &[
            "occurred_at",
            "交易时间",
            "时间",
            "完成时间",
            "发生时间",
            "at",
            "time",
            "txn_time",
            "ts",
            "timestamp",
            "日期时间",
            "变动时间",
            "event_time",
            "created_at",
            "datetime",
            "交易日期",
        ],
    ),
    ("order_no", &["order_no", "订单号", "订单编号"]),
    ("status", &["status", "状态"]),
    ("mobile", &["mobile", "手机", "手机号", "phone"]),
    ("tier", &["tier", "等级", "会员等级", "level"]),
    ("a_member", &["a_member", "甲方会员号"]),
    ("b_member", &["b_member", "乙方会员号"]),
    ("bound_at", &["bound_at", "绑定时间"]),
];

/// Whether a column of this name holds words of a short list, which are nobody's own.
pub(super) fn holds_words(name: &str) -> bool {
    let is_of_words = |field: &str| matches!(field, "kind" | "status" | "tier");
    NAMES.iter().any(|(field, names)| {
        is_of_words(field) && names.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Ends of names, for columns that have none of these: 积分流水号, 本次变动积分数. A column is found
/// by its end where it alone has it.
const ENDS: &[(&str, &[&str])] = &[
    ("event_id", &["流水号", "交易号", "交易单号", "流水编号"]),
    ("member_no", &["会员号", "会员卡号", "会员编号", "会员id"]),
    ("kind", &["交易类型", "业务类型", "变动类型"]),
    ("points", &["积分", "积分数", "积分值", "积分变动", "变动额"]),
    ("occurred_at", &["时间"]),
];

/// What the name of a column begins with that is about another event or another member.
const OTHERS: &[&str] = &["对方", "原", "关联", "商户"];

/// The file's column for a canonical one.
pub(super) fn named<'c>(field: &str, columns: &'c [Seen]) -> Option<&'c Seen> {
    known(field, columns).or_else(|| {
        let (_, ends) = ENDS.iter().find(|(of, _)| *of == field)?;
        let is_another = |column: &Seen| {
            let is_it =
                |(of, _): &(&str, _)| known(of, columns).is_some_and(|one| one.name == column.name);
            NAMES.iter().any(is_it) || OTHERS.iter().any(|begin| column.name.starts_with(begin))
        };
        let fits = |column: &&Seen| {
            let name = plain(&column.name);
            let is_of_sort = match field {
                "points" => column.is_numeric,
                "occurred_at" => column.is_timed(),
                _ => true,
            };
            is_of_sort && ends.iter().any(|end| name.ends_with(end)) && !is_another(column)
        };
        only(columns.iter().filter(fits))
    })
}

/// The column that has one of the names: as they stand, else in another writing, else within an
/// object.
fn known<'c>(field: &str, columns: &'c [Seen]) -> Option<&'c Seen> {
    let (_, names) = NAMES.iter().find(|(known, _)| *known == field)?;
    let exact = |name: &&str| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    let is_plain = |name: &str| names.iter().any(|known| plain(known) == plain(name));
    let within =
        |column: &&Seen| column.name.rsplit_once('.').is_some_and(|(_, name)| is_plain(name));
    names
        .iter()
        .find_map(exact)
        .or_else(|| only(columns.iter().filter(|column| is_plain(&column.name))))
        .or_else(|| only(columns.iter().filter(within)))
}

fn only<'c>(mut found: impl Iterator<Item = &'c Seen>) -> Option<&'c Seen> {
    found.next().filter(|_| found.next().is_none())
}

/// A name without what explains it in parentheses, and without what parts its words.
fn plain(name: &str) -> String {
    let head = name.split(['(', '（', '[', '【']).next().filter(|head| !head.trim().is_empty());
    let kept = head.unwrap_or(name).chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '\u{3000}'));
    kept.flat_map(char::to_lowercase).collect()
}
