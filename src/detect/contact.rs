//! Rules on contact data: MBR-05 and MBR-06, token against token.

use super::desk::{Desk, place};
use super::member::standing_links;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::frame::books::Members;
use crate::links::LinkBook;
use crate::value::party::{Both, Party};

/// MBR-05: contact differs (联系方式不一致).
pub static MBR_05: Rule = Rule {
    code: "MBR-05",
    title: "contact differs",
    zh: "联系方式不一致",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A linked member whose mobile number or e-mail address is not the same on both sides, by \
         the keyed tokens of the two.",
        "已绑定会员在双方登记的手机号或邮箱不一致（以密钥令牌比对）。",
    ),
    matters: say(
        "The link may join two persons, or one side writes to an address that is not the member's \
         any more.",
        "绑定的可能是两个人，或一方仍在联系会员已停用的号码。",
    ),
    example: say(
        "The member changed the number at A in February; B still has the old one.",
        "会员二月在甲方换了手机号，乙方仍是旧号。",
    ),
    settles: say(
        "The party with the older contact asks the member.",
        "由联系方式较旧的一方向会员核实。",
    ),
};

/// MBR-06: name differs (姓名不一致).
pub static MBR_06: Rule = Rule {
    code: "MBR-06",
    title: "name differs",
    zh: "姓名不一致",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A linked member whose name is not the same on both sides, by the keyed tokens of the two.",
        "已绑定会员在双方登记的姓名不一致（以密钥令牌比对）。",
    ),
    matters: say(
        "The link may join two persons; a name by itself never links nor parts anybody.",
        "绑定的可能是两个人；姓名本身既不构成也不解除绑定。",
    ),
    example: say("李伟 at A and 李炜 at B.", "甲方登记李伟，乙方登记李炜。"),
    settles: say("Both parties look at the member's application.", "双方核对会员申请资料。"),
};

/// The contact columns and the rule of each.
const COLUMNS: [(&str, &Rule); 3] = [("mobile", &MBR_05), ("email", &MBR_05), ("name", &MBR_06)];

/// Hexadecimal digits of a token that are shown: enough to tell two apart, too few to look one up.
const SHOWN_DIGITS: usize = 8;

/// Whether the two members of each link are the same person by every contact that both sides know.
pub fn judge(
    desk: &Desk<'_>,
    book: &LinkBook,
    members: &Both<Option<Members>>,
) -> Vec<Discrepancy> {
    let (Some(a), Some(b)) = (&members.a, &members.b) else { return Vec::new() };
    let mut found = Vec::new();
    // Of links that contradict one another some join two persons, which MBR-03 says already.
    let links = standing_links(desk, book)
        .filter(|(index, ..)| book.contradictions.group_of(*index).is_none());
    for (_, link, rows) in links {
        for (column, rule) in COLUMNS {
            let (Some(at_a), Some(at_b)) = (a.token(column, rows.a), b.token(column, rows.b))
            else {
                continue;
            };
            if at_a == at_b {
                continue;
            }
            let shown = |token: &str| token.get(..SHOWN_DIGITS).map(|head| format!("{head}…"));
            let mut draft = desk.draft(rule).differs(column, shown(at_a), shown(at_b));
            for (party, snapshot, row) in [(Party::A, a, rows.a), (Party::B, b, rows.b)] {
                // The column tells one party's contacts apart as it does the other's, so that both
                // partners get one id.
                draft = draft
                    .member(party, link.members.of(party))
                    .subject(party, column.to_owned())
                    .at(party, place(desk.paths.members.of(party), &snapshot.origins, row));
            }
            found.push(draft.because(format!("the {column} tokens of the two members differ")));
        }
    }
    found
}
