//! How much memory a run may take, as it is written on the command line.

use crate::engine;
use crate::run::Estimate;

/// A size such as `2GiB`, `512MiB` or `2000000000`, in bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let how = || format!("write a size such as 2GiB, 512MiB or 2000000000, instead of `{text}`");
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "tib" | "t" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(how()),
    };
    let bytes = number.parse().ok().and_then(|number: u64| number.checked_mul(factor));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(how)
}

/// Three quarters of what the machine, or a control group, lets the process have; `None` where the
/// system does not say.
pub fn share() -> Option<u64> {
    engine::machine_bytes().map(|bytes| bytes / 4 * 3)
}

/// What a run is thought to need, for a person.
pub fn in_words(needed: &Estimate) -> String {
    let mut text = format!(
        "Files 文件                {}\nMemory 内存               {} would hold all rows together\n",
        shown(needed.sent_bytes),
        shown(needed.memory_bytes),
    );
    let given = needed.given_bytes.map_or_else(|| "not known".to_owned(), shown);
    text += &format!("Given 可用                {given}\n");
    text += &match needed.portions {
        1 => "Portions 分片             1: nothing is set aside on disk".to_owned(),
        portions => format!(
            "Portions 分片             {portions}, and up to {} set aside on disk on the way",
            shown(needed.aside_bytes)
        ),
    };
    text + "\nThought from the sizes of the files; what is thought wrong costs time and no byte of \
            the outputs."
}

/// Bytes in the largest unit of which there are ten or more.
fn shown(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.into_iter().find(|(_, power)| bytes >> power >= 10);
    unit.map_or_else(|| format!("{bytes} B"), |(unit, power)| format!("{} {unit}", bytes >> power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        let rows = [
            ("2GiB", Some(2 << 30)),
            ("512MiB", Some(512 << 20)),
            ("512 mib", Some(512 << 20)),
            ("64k", Some(65_536)),
            ("2GB", Some(2_000_000_000)),
            ("1000", Some(1_000)),
            ("1b", Some(1)),
            ("0", None),
            ("", None),
            ("GiB", None),
            ("2 potatoes", None),
            ("1.5GiB", None),
            ("-1", None),
            ("99999999TiB", None),
        ];
        for (text, bytes) in rows {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }
}
