//! What a column that a file lacks may be called in it.

use super::conform::is_invisible;

/// Names that are listed.
const LISTED: usize = 8;

/// Which of the names of a file a column may have been meant to be, where no rule reads them:
/// `did you mean …?`, or the list of them. `is_known` says that the names are those of columns for
/// certain, because another rule found its own among them; else they may be somebody's values, and
/// only one that is nearly what the pipeline says is told.
pub(super) fn guess(wanted: &str, unread: &[&str], is_known: bool) -> Option<String> {
    let slips = |name: &&str| {
        let wanted = wanted.split(" / ").map(|wanted| {
            let slips = strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase());
            (slips <= (wanted.chars().count() / 3).clamp(1, 3)).then_some(slips)
        });
        wanted.flatten().min()
    };
    let near = unread.iter().filter_map(|name| Some((slips(name)?, *name))).min();
    // One slip in a word of one or two letters makes another word; another case makes none.
    let is_word = |slips: usize, name: &str| slips == 0 || name.chars().count() > 2;
    if let Some((_, near)) = near.filter(|(slips, name)| is_word(*slips, name) && is_shown(name)) {
        return Some(format!("did you mean `{}`?", shown(near)));
    }
    let mut shown: Vec<String> = unread
        .iter()
        .filter(|name| is_shown(name))
        .take(LISTED)
        .map(|name| format!("`{}`", shown(name)))
        .collect();
    if !is_known || shown.is_empty() {
        return None;
    }
    if let Some(more) = unread.len().checked_sub(shown.len()).filter(|more| *more > 0) {
        shown.push(format!("{more} more"));
    }
    Some(format!("nothing reads {}; is it one of these?", shown.join(", ")))
}

/// A name with the characters written out that nobody sees.
fn shown(name: &str) -> String {
    let mut told = String::with_capacity(name.len());
    for c in name.chars() {
        if is_invisible(c) {
            told.extend(c.escape_unicode());
        } else {
            told.push(c);
        }
    }
    told
}

/// Whether a name says nothing but what a column is called.
fn is_shown(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    !name.is_empty() && digits < 7 && name.chars().count() <= 40 && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_by_what_it_may_be_and_nobody_by_what_he_has() {
        let rows: [(&str, &[&str], bool, Option<&str>); 11] = [
            ("流水编码", &["流水编号", "卡号"], true, Some("did you mean `流水编号`?")),
            // Not even a header is known, and yet the name is all but the declared one.
            ("流水编码", &["流水编号", "张伟"], false, Some("did you mean `流水编号`?")),
            ("流水编码 / Txn_Id", &["txnid"], false, Some("did you mean `txnid`?")),
            ("流水号", &["张伟", "北京市朝阳区"], false, None),
            (
                "流水号",
                &["发生额", "13800138000"],
                true,
                Some("nothing reads `发生额`, 1 more; is it one of these?"),
            ),
            ("余额", &["x"], true, Some("nothing reads `x`; is it one of these?")),
            ("流水号", &["138001380001"], true, None),
            ("流水号", &[], true, None),
            ("id", &["ID", "m"], false, Some("did you mean `ID`?")),
            ("id", &["ie"], false, None),
            ("卡号码", &["卡号码\u{a0}"], false, Some("did you mean `卡号码\\u{a0}`?")),
        ];
        for (wanted, unread, is_known, told) in rows {
            assert_eq!(guess(wanted, unread, is_known).as_deref(), told, "{wanted} {unread:?}");
        }
    }
}
