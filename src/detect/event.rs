//! Rules on events: EVT-01 to EVT-10.

use crate::discrepancy::{Effect, Latitude, Rule, Severity, say};

/// EVT-01: issuer only (发行方单边).
pub static EVT_01: Rule = Rule {
    code: "EVT-01",
    title: "issuer only",
    zh: "发行方单边",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "An issuer's leg that no acceptor's leg mirrors after the grace.",
        "宽限期过后，发行方的一笔仍没有受理方的镜像。",
    ),
    matters: say(
        "The issuer took points for which the acceptor booked nothing (短款).",
        "发行方扣了积分，受理方什么也没记（短款）。",
    ),
    example: say("XBURN −800 at A, nothing at B.", "甲方 XBURN −800，乙方无记录。"),
    settles: say(
        "The acceptor posts the mirror, or the issuer reverses.",
        "受理方补账，或发行方冲正。",
    ),
};

/// EVT-02: acceptor only (受理方单边).
pub static EVT_02: Rule = Rule {
    code: "EVT-02",
    title: "acceptor only",
    zh: "受理方单边",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "An acceptor's leg that mirrors no issuer's leg after the grace.",
        "宽限期过后，受理方的一笔仍对不上发行方的任何一笔。",
    ),
    matters: say(
        "The acceptor gave value for points that the issuer never took (长款).",
        "受理方兑付了发行方从未扣减的积分（长款）。",
    ),
    example: say(
        "XACCEPT 400 at B for an event that A does not know.",
        "乙方 XACCEPT 400，对应的流水甲方没有。",
    ),
    settles: say(
        "The issuer posts the burn, or the acceptor bears it.",
        "发行方补扣，或由受理方自行承担。",
    ),
};

/// EVT-03: exact duplicate (完全重复).
pub static EVT_03: Rule = Rule {
    code: "EVT-03",
    title: "exact duplicate",
    zh: "完全重复",
    severity: Severity::Warning,
    effect: Effect::Excluded,
    latitude: Latitude::Firm,
    finds: say(
        "A row that is alike in every column to another with its event_id.",
        "每一列都与同流水号的另一行相同的行。",
    ),
    matters: say("Counted twice, it would be paid twice.", "计两次，就会付两次。"),
    example: say(
        "B-120 stands twice in B's file; one is excluded.",
        "B-120 在乙方文件中出现两次；剔除一行。",
    ),
    settles: say(
        "Nobody; the sender should stop repeating rows.",
        "无须处理；发送方应停止重复送行。",
    ),
};

/// EVT-04: event id collision (流水号冲突).
pub static EVT_04: Rule = Rule {
    code: "EVT-04",
    title: "event id collision",
    zh: "流水号冲突",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "Rows with one event_id and different content: all of them.",
        "流水号相同而内容不同的行：全部计入本差错。",
    ),
    matters: say(
        "Which of them is true cannot be known from the file.",
        "单凭文件无从知道哪一行是真的。",
    ),
    example: say("SKY-17 with −500 and with −700.", "SKY-17 一行为 −500，一行为 −700。"),
    settles: say("The sender says which row stands.", "由发送方说明以哪一行为准。"),
};

/// EVT-04: settled number used again (已结编号重用).
pub static EVT_04_SETTLED: Rule = Rule {
    code: "EVT-04",
    title: "settled number used again",
    zh: "已结编号重用",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Firm,
    finds: say(
        "An event or adjustment that a final publication settled, sent again with other content; a \
         leg that does not fit the one that was settled alone and that it joins; or a payment or \
         dispute whose number stands more than once, with other content.",
        "终版已结清的交易或调账以不同内容再次送达；补到的一笔与先行单独结清的一笔不符；\
         或同一收付款、争议编号出现多次而内容不同。",
    ),
    matters: say(
        "What is settled stands as it was published, and of payments the first counts; the sender \
         believes something else.",
        "已结清的以终版为准，收付款以首笔为准；而发送方另有所指。",
    ),
    example: say(
        "SKY-17 was settled in March with −1,000, and stands with −3,000 in the file of April.",
        "SKY-17 三月按 −1,000 结清，四月文件中却为 −3,000。",
    ),
    settles: say(
        "The sender corrects its file; what should have been settled otherwise is reversed, or \
         adjusted.",
        "发送方更正文件；若确应另行结算，则冲正或调账。",
    ),
};

/// EVT-04: open number sent otherwise (未结编号改动).
pub static EVT_04_HELD: Rule = Rule {
    code: "EVT-04",
    title: "open number sent otherwise",
    zh: "未结编号改动",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Firm,
    finds: say(
        "An event that the period before left open, sent again with other content.",
        "上期末结转未结的交易，以不同内容再次送达。",
    ),
    matters: say(
        "What is open may be corrected, and is judged as it is sent now; who waited for the other \
         figure, or decided about it, has to know.",
        "未结的可以更正，并按现送内容判定；但等候或已就原数作出决定的人应当知情。",
    ),
    example: say(
        "SKY-17 was held in March with −1,000, and comes in April with −3,000.",
        "SKY-17 三月按 −1,000 挂账，四月送来却为 −3,000。",
    ),
    settles: say("The sender says that it was corrected, and why.", "由发送方说明已更正及原因。"),
};

/// EVT-04: closed number used again (已关账编号重用).
pub static EVT_04_OWN: Rule = Rule {
    code: "EVT-04",
    title: "closed number used again",
    zh: "已关账编号重用",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Firm,
    finds: say(
        "A row of own business with a number under which closed periods have another row.",
        "本方业务的一行，其流水号在已关账期间已属于内容不同的另一行。",
    ),
    matters: say(
        "A closed period is not rewritten, and so the row counts as another event: a correction \
         that is sent under the old number moves the balance a second time.",
        "已关账的期间不再改写，该行按另一笔交易计入：若是以原号送来的更正，余额便变动了两次。",
    ),
    example: say(
        "SKY-17 earned 500 points in March, which is closed, and stands with 600 in April's file.",
        "SKY-17 三月获得 500 积分并已关账，四月文件中却为 600。",
    ),
    settles: say(
        "The sender gives another event another number, and corrects a closed one by an adjustment.",
        "发送方为另一笔交易另编流水号；已关账的以调账更正。",
    ),
};

/// EVT-05: suspected duplicate (疑似重复).
pub static EVT_05: Rule = Rule {
    code: "EVT-05",
    title: "suspected duplicate",
    zh: "疑似重复",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "Pairs that count, with the same members, flow and quantities and other ids, each within \
         a minute (or `within`) of the one before, none of them reversed.",
        "会员、流向、数量均相同而流水号不同的已计入配对，彼此相隔不超过一分钟（或 `within`），且均未冲正。",
    ),
    matters: say(
        "A till that sent a request twice made two good pairs of one spend; the member paid twice.",
        "收银端重复发送请求，一次消费成了两对有效流水，会员被扣两次。",
    ),
    example: say(
        "1,000 points at 10:30:00 and again at 10:30:20, each mirrored by 400.",
        "10:30:00 消费 1,000 积分，10:30:20 又一笔，各有 400 的镜像。",
    ),
    settles: say(
        "The acceptor looks at its tills; what is one too many is reversed on both sides.",
        "受理方核查收银端；多出的一笔由双方冲正。",
    ),
};

/// EVT-06: paired across a cut-off (跨日切配对).
pub static EVT_06: Rule = Rule {
    code: "EVT-06",
    title: "paired across a cut-off",
    zh: "跨日切配对",
    severity: Severity::Information,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A pair whose acceptor's leg lies outside the issuer's period.",
        "已勾对，但受理方的一笔落在发行方所属账期之外。",
    ),
    matters: say(
        "The period is the issuer's; the acceptor finds it in another month of its book.",
        "账期以发行方为准；受理方会在自己账上的另一个月看到它。",
    ),
    example: say(
        "Burnt on March 31 at 23:58, accepted on April 1 at 00:01.",
        "3 月 31 日 23:58 扣减，4 月 1 日 00:01 受理。",
    ),
    settles: say(
        "Nobody; the acceptor's own report explains it.",
        "无须处理；受理方自己的报表可以说明。",
    ),
};

/// EVT-07: one-sided inside the grace (宽限期内单边).
pub static EVT_07: Rule = Rule {
    code: "EVT-07",
    title: "one-sided inside the grace",
    zh: "宽限期内单边",
    severity: Severity::Information,
    effect: Effect::Pending,
    latitude: Latitude::Firm,
    finds: say(
        "A leg without its mirror that is younger than the grace.",
        "尚无镜像、且仍在宽限期内的一笔。",
    ),
    matters: say(
        "It is an expectation: the partner's file of tomorrow may have it.",
        "这是预期而非差错：对方明天的文件可能就有。",
    ),
    example: say(
        "XBURN on March 31, as of March 31, two days of grace.",
        "3 月 31 日 XBURN，查看日 3 月 31 日，宽限两天。",
    ),
    settles: say("Nobody yet.", "暂无须处理。"),
};

/// EVT-08: statuses differ (状态不一致).
pub static EVT_08: Rule = Rule {
    code: "EVT-08",
    title: "statuses differ",
    zh: "状态不一致",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A pair of which one leg took effect and the other did not.",
        "已勾对的两笔中，一笔生效而另一笔未生效。",
    ),
    matters: say("One side gave value and the other withdrew it.", "一方已兑付，另一方却已撤销。"),
    example: say("posted at A, cancelled at B.", "甲方为 posted，乙方为 cancelled。"),
    settles: say("The side whose status is wrong.", "状态有误的一方。"),
};

/// EVT-09: kind or direction wrong (类型或方向错误).
pub static EVT_09: Rule = Rule {
    code: "EVT-09",
    title: "kind or direction wrong",
    zh: "类型或方向错误",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "Legs of different flows, a spend against a reversal, points with the wrong sign for their kind, or a reference to a row that is no leg.",
        "两笔流向不同、消费对上了冲正、积分正负与类型不符，或引用了并非往来流水的行。",
    ),
    matters: say(
        "Such rows do not say the same thing, whatever their quantities.",
        "无论数量如何，这样的两行说的不是同一件事。",
    ),
    example: say("XBURN −600 at A against XIN 240 at B.", "甲方 XBURN −600，乙方却是 XIN 240。"),
    settles: say("The side that booked the wrong kind.", "记错类型的一方。"),
};

/// EVT-10: match ambiguous (匹配不唯一).
pub static EVT_10: Rule = Rule {
    code: "EVT-10",
    title: "match ambiguous",
    zh: "匹配不唯一",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "Legs that a rule could pair in more than one way.",
        "按某条规则可以有不止一种配法的流水。",
    ),
    matters: say(
        "To pick one by the order of rows would be a guess with other people's money.",
        "按行的先后挑一个，就是拿别人的钱来猜。",
    ),
    example: say("Two XACCEPT rows name the same XBURN.", "两行 XACCEPT 指向同一笔 XBURN。"),
    settles: say("The side with the surplus row.", "多出一行的一方。"),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[
    &EVT_01,
    &EVT_02,
    &EVT_03,
    &EVT_04,
    &EVT_04_SETTLED,
    &EVT_04_HELD,
    &EVT_04_OWN,
    &EVT_05,
    &EVT_06,
    &EVT_07,
    &EVT_08,
    &EVT_09,
    &EVT_10,
];
