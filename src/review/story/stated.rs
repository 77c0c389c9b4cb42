//! Our lines beside one of the partner's own statement that differs.

use super::line::terms_of;
use super::{Publication, Record, ReviewError, Story, charged, find};

/// Tells the lines of our statement that a CLR-01 is about, each with its arithmetic.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn tell(
    publication: &Publication,
    found: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    if found["code"] != "CLR-01" {
        return Ok(());
    }
    let key = found["reason"].rsplit_once(": ").map_or("", |(key, _)| key);
    let lines = find(publication, "statement_lines", [], |[]| true)?;
    let manifest = &publication.manifest;
    let code = |party: &str| match party {
        "a" => manifest.a_code.clone(),
        "b" => manifest.b_code.clone(),
        other => other.to_owned(),
    };
    let mut is_ours = false;
    for (at, line) in lines.iter().enumerate() {
        let (issuer, payer) = (code(&line["issuer"]), code(&line["payer"]));
        let of = |name: &str| line[name].as_str();
        let texts = [
            of("type"),
            of("currency"),
            &issuer,
            of("flow"),
            of("origin_period"),
            of("ratio_from"),
            of("rate_from"),
            of("reference"),
            &payer,
        ];
        if is_named(key, &texts) {
            is_ours = true;
            let told = charged::of_line(&lines, at, &terms_of(publication, line)?);
            let number = &line["line_no"];
            story.tell("our line 我方行", format!("line:{number}  {told}"));
        }
    }
    if !is_ours {
        story.tell("our line 我方行", "none 无");
    }
    Ok(())
}

/// Whether a key is made of a line's texts in their order: of those that the partner's feed does
/// not declare it has none.
fn is_named(key: &str, texts: &[&str]) -> bool {
    let mut rest = key;
    for (at, text) in texts.iter().filter(|text| !text.is_empty()).enumerate() {
        let behind = rest.strip_prefix(text).filter(|it| it.is_empty() || it.starts_with(' '));
        match behind {
            Some(behind) => rest = behind.trim_start(),
            // A key always begins with the type and the currency.
            None if at < 2 => return false,
            None => {}
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_line_by_the_columns_that_the_feed_has() {
        let line = ["fee", "CNY", "SKY", "redemption", "2026-03", "", "", "", "SKY"];
        let rows = [
            ("fee CNY SKY redemption SKY", true),
            ("fee CNY SKY", true),
            ("fee CNY SKY redemption 2026-03 SKY", true),
            ("fee CNY SKY redemption HBR", false),
            ("fee CNY SKY conversion SKY", false),
            ("tax CNY SKY redemption SKY", false),
            ("fee CNYX SKY", false),
        ];
        for (key, named) in rows {
            assert_eq!(is_named(key, &line), named, "{key}");
        }
    }
}
