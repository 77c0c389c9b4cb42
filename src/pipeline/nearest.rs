//! What a misspelt word was probably meant to be, and how lists of words are shown.

/// The candidate that is most like a word, if any is like it at all. Case and the choice between
/// `-` and `_` do not count.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_");
    let written = fold(word);
    let letters = written.chars().count();
    // One slip in a short word and three in a long one are still the same word; in a word of two
    // letters, one slip makes another word.
    let slips_max = (letters / 3).min(3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&written, &fold(candidate)), candidate))
        .filter(|(slips, candidate)| *slips <= slips_max && *slips < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// The cure for a word that is not on a list: the nearest one where there is one, else the list.
pub(super) fn cure(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Write {}.", one_of(candidates)),
    }
}

/// `a`, `b` or `c`.
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [first, last] => format!("`{first}` or `{last}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {} or `{last}`", rest.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["timezone", "currency", "grace_days", "a", "id"];
        let rows = [
            ("timezoen", Some("timezone")),
            ("Currency", Some("currency")),
            ("grace-days", Some("grace_days")),
            ("gracedays", Some("grace_days")),
            ("penalty", None),
            ("b", None),
            ("ID", Some("id")),
            ("di", None),
        ];
        for (word, meant) in rows {
            assert_eq!(nearest(word, words), meant, "{word}");
        }
    }
}
