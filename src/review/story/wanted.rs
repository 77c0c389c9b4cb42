//! What would have made two legs, a file or a balance match where a discrepancy says that they did
//! not.

use super::candidates::mirror_kind;
use super::{Record, arithmetic};

/// What the books would have had to say; nothing where no other value settles it.
pub(super) fn of(found: &Record) -> String {
    let expected = found["expected"].as_str();
    let field = found["field"].as_str();
    match found["code"].as_str() {
        "EVT-08" => "both legs posted, or neither 双方均已入账，或均未生效".to_owned(),
        "EVT-09" => of_kind(found),
        "EVT-10" => "one row alone that fits, such as one that names the event 仅有一笔相符，\
                     例如写明对方流水号"
            .to_owned(),
        "REV-01" => {
            "an original on each book that the reversal names 双方账上均有所冲正的原交易".to_owned()
        }
        "REV-02" if !expected.is_empty() => {
            let all = arithmetic::short(expected);
            format!("reversals of no more than {all} in all 累计冲正不超过 {all}")
        }
        "CON-01" | "CON-02" if !expected.is_empty() => {
            format!("a consent in force at {expected} 当时有效的同意")
        }
        "MBR-07" => "both members active, and linked to one another at that time \
                     双方会员当时均有效且互相绑定"
            .to_owned(),
        "LED-01" | "LED-03" if !expected.is_empty() => {
            format!("a balance of {} 余额为该数", arithmetic::short(expected))
        }
        "LED-06" => "a reason, an author and another approver, or an authority \
                     事由、经办人与另一批准人，或授权依据"
            .to_owned(),
        "CAP-03" if !expected.is_empty() => {
            format!("at least {} points 不少于该数", arithmetic::short(expected))
        }
        "CAP-01" | "CAP-02" => match room(found) {
            Some(room) => format!("no more than {room} points 不超过该数"),
            None => String::new(),
        },
        code if code.starts_with("FIL-01") => String::new(),
        _ if expected.is_empty() || field.is_empty() => String::new(),
        _ if field == "points" => format!("points of {expected} 积分为 {expected}"),
        _ => format!("{field} of {expected} 应为 {expected}"),
    }
}

/// The kind that mirrors the issuer's, where the legs are of two kinds.
fn of_kind(found: &Record) -> String {
    let (issuer, acceptor) = if found["issuer"] == "b" { ("b", "a") } else { ("a", "b") };
    let kind = found[&format!("{issuer}_value")].as_str();
    let mirror = mirror_kind(kind);
    if found["field"] == "kind" && mirror != kind {
        return format!("{mirror} on {acceptor}'s book, the mirror of {kind} 对方账上的镜像类型");
    }
    if found["field"] == "points" {
        return "the sign that the kind has on the issuer's book 与发行方类型相符的正负号"
            .to_owned();
    }
    String::new()
}

/// What of a cap is left for an event: the cap less what counts before it.
fn room(found: &Record) -> Option<String> {
    let over = found["difference_points"].parse::<i64>().ok()?;
    let (cap, with) =
        (found["expected"].parse::<i64>().ok()?, found["actual"].parse::<i64>().ok()?);
    let so_far = found["reason"].split(' ').next()?.parse::<i64>().ok()?;
    (with.checked_sub(cap) == Some(over)).then_some(())?;
    Some(arithmetic::short(&cap.checked_sub(so_far)?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanting_is_told_by_the_rule() {
        let rows: [(&[(&str, &str)], &str); 8] = [
            (
                &[("code", "AMT-01"), ("field", "points"), ("expected", "400")],
                "points of 400 积分为 400",
            ),
            (
                &[("code", "AMT-06"), ("field", "currency"), ("expected", "CNY")],
                "currency of CNY 应为 CNY",
            ),
            (
                &[("code", "EVT-09"), ("issuer", "a"), ("field", "kind"), ("a_value", "xburn")],
                "xaccept on b's book, the mirror of xburn 对方账上的镜像类型",
            ),
            (&[("code", "EVT-09"), ("issuer", "a"), ("field", "kind"), ("a_value", "earn")], ""),
            (
                &[
                    ("code", "CAP-01"),
                    ("expected", "5000"),
                    ("actual", "5500"),
                    ("difference_points", "500"),
                    ("reason", "4500 points count so far of 5000 per member"),
                ],
                "no more than 500 points 不超过该数",
            ),
            (&[("code", "CAP-01"), ("reason", "held so when its period was closed")], ""),
            (&[("code", "LED-01"), ("expected", "3350")], "a balance of 3,350 余额为该数"),
            (&[("code", "FIL-01"), ("field", "sent_at"), ("expected", "06:00")], ""),
        ];
        for (cells, told) in rows {
            let cells = cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned()));
            let found: Record = cells.collect();
            assert_eq!(of(&found), told, "{}", found["code"]);
        }
    }
}
