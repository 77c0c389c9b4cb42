//! How files are packed and written: what is declared must be possible together.

use rust_decimal::Decimal;

use super::Checker;
use super::amounts::decimal;
use crate::feed::{
    Around, Delimited, Digest, Encoding, Extent, FeedKind, Figures, Fixed, Format, JsonLines,
    Limits, LineEnd, Marked, MaxRejects, Packing, Unpack, Zip,
};
use crate::pipeline::declaration::{
    AroundDeclaration, CsvDeclaration, DigestDeclaration, EncodingDeclaration, ExtentDeclaration,
    FeedDeclaration, FixedDeclaration, FormatDeclaration, HeaderDeclaration, LineEndDeclaration,
    OneOrMany, QuoteDeclaration, UnpackDeclaration,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;

/// The longest record, as the reader has it.
const RECORD_BYTES_MAX: u32 = 1 << 20;

impl Checker<'_> {
    /// How the files of a feed are packed.
    pub(super) fn packing(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        kind: FeedKind,
        declared: &FeedDeclaration,
    ) -> Packing {
        let is_table =
            matches!(declared.format, FormatDeclaration::Parquet(_) | FormatDeclaration::Arrow(_));
        let unpack = match &declared.unpack {
            None => Unpack::Plain,
            Some(_) if is_table => {
                self.problem(
                    spot.key("unpack").key_mark(),
                    "`unpack` stands on a table, which is packed within".to_owned(),
                    "Remove `unpack`; text alone is unpacked.",
                );
                Unpack::Plain
            }
            Some(UnpackDeclaration::Gzip) => Unpack::Gzip,
            Some(UnpackDeclaration::Zstd) => Unpack::Zstd,
            Some(UnpackDeclaration::Zip(zip)) => {
                let spot = spot.key("unpack").key("zip");
                Unpack::Zip(Zip {
                    entries: self.globs(spot.key("entries"), &zip.entries),
                    ignore: match &zip.ignore {
                        Some(ignore) => self.globs(spot.key("ignore"), ignore),
                        None => Vec::new(),
                    },
                    names: encoding(zip.names),
                })
            }
        };
        let limits = self.unpack_limits(spot, name, declared);
        if let Some(ready) = &declared.ready {
            self.ending(spot.key("ready"), "ready", ready);
        }
        let totals = self.beside_totals(spot.key("totals"), kind, declared);
        let digest = declared.digest.map(|digest| match digest {
            DigestDeclaration::Sha256 => Digest::Sha256,
            DigestDeclaration::Md5 => Digest::Md5,
            DigestDeclaration::Blake3 => Digest::Blake3,
        });
        Packing { unpack, limits, ready: declared.ready.clone(), digest, totals }
    }

    /// How many rows of a feed may be refused.
    pub(super) fn max_rejects(
        &mut self,
        spot: Spot<'_>,
        declared: &FeedDeclaration,
    ) -> Option<MaxRejects> {
        let declared = declared.max_rejects.as_ref()?;
        if declared.count.is_none() && declared.share.is_none() {
            let reason = "`max_rejects` says neither `count` nor `share`".to_owned();
            self.problem(
                spot.key_mark(),
                reason,
                "Write `{ count: 100 }`, `{ share: \"0.5\" }` or both.",
            );
        }
        let share = declared.share.as_ref().and_then(|text| {
            let share = decimal(text)
                .filter(|share| !share.is_sign_negative() && *share <= Decimal::ONE_HUNDRED);
            if share.is_none() {
                let reason = format!("`share` is `{}`, which is no per cent", shown(text));
                self.problem(spot.key("share").mark(), reason, "Write a number from 0 to 100.");
            }
            share
        });
        Some(MaxRejects { count: declared.count.map(u64::from), share })
    }

    fn globs(&mut self, spot: Spot<'_>, patterns: &OneOrMany) -> Vec<String> {
        for (index, pattern) in patterns.0.iter().enumerate() {
            let is_odd = pattern.contains("**")
                || pattern.contains(['[', ']', '\\'])
                || pattern.starts_with('/')
                || pattern.split('/').any(|name| name == "..")
                || glob::Pattern::new(pattern).is_err();
            if is_odd {
                let reason = format!("`{}` is no pattern of entries", shown(pattern));
                let cure = "Write names within the archive with `*` and `?`, such as `\"*.csv\"`.";
                self.problem(spot.item(index).mark(), reason, cure);
            }
        }
        patterns.0.clone()
    }

    fn unpack_limits(&mut self, spot: Spot<'_>, name: &str, declared: &FeedDeclaration) -> Limits {
        let custom = Limits::default();
        if declared.unpack.is_none() {
            if declared.limits.is_some() {
                self.problem(
                    spot.key("limits").key_mark(),
                    "`limits` stands without `unpack`".to_owned(),
                    "Remove `limits`; a file that is not packed is what it is.",
                );
            }
            return custom;
        }
        let limits = declared.limits.clone().unwrap_or_default();
        let spot = spot.key("limits");
        let bytes = limits.bytes.as_ref().and_then(|text| {
            let bytes = bytes(text);
            if bytes.is_none() {
                let reason = format!("`bytes` is `{}`, which is no size", shown(text));
                let cure = "Write a whole number with KiB, MiB, GiB or TiB, such as `8GiB`.";
                self.problem(spot.key("bytes").mark(), reason, cure);
            }
            bytes
        });
        if limits.ratio == Some(0) {
            let cure = "Write the most bytes for each byte of the file, such as 200.";
            self.problem(spot.key("ratio").mark(), "`ratio` is 0".to_owned(), cure);
        }
        Limits {
            bytes: self.settled(&format!("{name}.limits.bytes"), bytes, custom.bytes, "8GiB"),
            ratio: self.settled(
                &format!("{name}.limits.ratio"),
                limits.ratio.map(u64::from),
                custom.ratio,
                "200",
            ),
        }
    }

    /// How the files of a feed are written.
    pub(super) fn format(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        kind: FeedKind,
        declared: &FormatDeclaration,
    ) -> Format {
        match declared {
            FormatDeclaration::Parquet(_) => Format::Parquet,
            FormatDeclaration::Arrow(_) => Format::Arrow,
            FormatDeclaration::Csv(csv) => {
                Format::Csv(self.delimited(spot.key("csv"), name, kind, csv))
            }
            FormatDeclaration::Fixed(fixed) => {
                Format::Fixed(self.fixed(spot.key("fixed"), name, kind, fixed))
            }
            FormatDeclaration::JsonLines(json) => {
                let key = format!("{name}.format.json_lines.encoding");
                let encoding = self.encoding(&key, json.encoding);
                Format::JsonLines(JsonLines { encoding })
            }
        }
    }

    fn encoding(&mut self, key: &str, declared: Option<EncodingDeclaration>) -> Encoding {
        encoding(Some(self.settled(key, declared, EncodingDeclaration::Utf8, "utf-8")))
    }

    fn delimited(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        kind: FeedKind,
        csv: &CsvDeclaration,
    ) -> Delimited {
        let key = format!("{name}.format.csv");
        let encoding = self.encoding(&format!("{key}.encoding"), csv.encoding);
        let delimiter = match &csv.delimiter {
            None => self.settled(&format!("{key}.delimiter"), None, ",".to_owned(), ","),
            Some(text) => {
                self.parts(spot.key("delimiter"), "delimiter", text);
                text.clone()
            }
        };
        let prefix = csv.prefix.clone().unwrap_or_default();
        if !prefix.is_empty() {
            self.parts(spot.key("prefix"), "prefix", &prefix);
            if prefix.contains(&delimiter) || prefix.trim().is_empty() {
                let reason =
                    format!("`prefix` is `{}`, which cannot begin a value", shown(&prefix));
                let cure = "Write what each value begins with, such as a backtick.";
                self.problem(spot.key("prefix").mark(), reason, cure);
            }
        }
        if let Some(comment) = &csv.comment {
            self.parts(spot.key("comment"), "comment", comment);
        } else if csv.comment_anywhere.is_some() {
            let reason = "`comment_anywhere` stands without `comment`".to_owned();
            let cure = "Write what such lines begin with, such as `comment: \"#\"`.";
            self.problem(spot.key("comment_anywhere").key_mark(), reason, cure);
        }
        if csv.totals.is_some() && csv.comment.is_none() && csv.skip.is_none() {
            let reason = "`totals` stands without `comment` and `skip`".to_owned();
            let cure = "Say which lines hold them: `comment: \"#\"`, or `skip: { first: … }`.";
            self.problem(spot.key("totals").key_mark(), reason, cure);
        }
        if csv.summary.is_some() && csv.trailer.is_some() {
            let reason = "the format has both `summary` and `trailer`".to_owned();
            self.problem(
                spot.key("summary").key_mark(),
                reason,
                "Keep the one that files end with.",
            );
        }
        let header = self.header(spot.key("header"), csv);
        let mut marked =
            |key: &str, declared: Option<&_>| self.marked(spot.key(key), kind, declared);
        let leading = marked("leading", csv.leading.as_ref());
        let trailer = marked("trailer", csv.trailer.as_ref());
        let summary = csv.summary.as_ref().map(|summary| {
            let figures = Figures { rows: summary.rows.clone(), points: summary.points.clone() };
            self.figures(spot.key("summary"), kind, "summary", &figures);
            figures
        });
        let totals = csv.totals.as_ref().map(|totals| {
            let around = |around: &AroundDeclaration| Around {
                after: around.after.clone(),
                before: around.before.clone().unwrap_or_default(),
            };
            let figures = Figures {
                rows: totals.rows.as_ref().map(around),
                points: totals.points.as_ref().map(around),
            };
            self.figures(spot.key("totals"), kind, "totals", &figures);
            figures
        });
        Delimited {
            encoding,
            delimiter,
            quoted: csv.quote != Some(QuoteDeclaration::None),
            prefix,
            header,
            skip_first: csv.skip.as_ref().map_or(0, |skip| skip.first.into()),
            comment: csv.comment.clone(),
            comment_anywhere: csv.comment_anywhere.unwrap_or(false),
            leading,
            trailer,
            summary,
            totals,
        }
    }

    /// A text that stands between or before values.
    fn parts(&mut self, spot: Spot<'_>, key: &str, text: &str) {
        if text.is_empty() || text.contains(['"', '\n', '\r', '\0', '\u{feff}']) {
            self.problem(
                spot.mark(),
                format!("`{key}` is `{}`, which cannot part columns", shown(text)),
                "Write one character or more, none of which is a quote or a line break, such as \
                 \",\", \"|\" or \"\\t\".",
            );
        }
    }

    fn header(&mut self, spot: Spot<'_>, csv: &CsvDeclaration) -> Option<Vec<String>> {
        match csv.header.as_ref()? {
            HeaderDeclaration::Present(true) => None,
            HeaderDeclaration::Present(false) => {
                let reason = "`header` is `false`, and the columns have no names".to_owned();
                self.problem(
                    spot.mark(),
                    reason,
                    "Write the names in order: `header: [会员号, …]`.",
                );
                None
            }
            HeaderDeclaration::Names(names) => {
                for (index, name) in names.iter().enumerate() {
                    let is_twice = names.iter().take(index).any(|before| before == name);
                    if name.trim().is_empty() || is_twice {
                        let what = if is_twice { "stands twice" } else { "is blank" };
                        let reason = format!("`{}` of `header` {what}", shown(name));
                        self.problem(spot.item(index).mark(), reason, "Write each name once.");
                    }
                }
                Some(names.clone())
            }
        }
    }

    fn marked(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        declared: Option<&crate::pipeline::declaration::MarkedDeclaration>,
    ) -> Option<Marked<usize>> {
        let declared = declared?;
        self.named(spot.key("marker"), "`marker`", &declared.marker);
        for (key, place) in [("rows", declared.rows), ("points", declared.points)] {
            if matches!(place, Some(0 | 1)) {
                let reason = format!("`{key}` is {}, which is the marker", place.unwrap_or(0));
                let cure = "Write the place of the value, counted from 1, the marker's.";
                self.problem(spot.key(key).mark(), reason, cure);
            }
        }
        if declared.points.is_some() {
            self.has_points(spot.key("points"), kind);
        }
        let place = |place: Option<u32>| place.and_then(|place| usize::try_from(place).ok());
        Some(Marked {
            marker: declared.marker.trim().to_owned(),
            exclusive: declared.exclusive.unwrap_or(false),
            rows: place(declared.rows),
            points: place(declared.points),
        })
    }

    pub(super) fn figures<T>(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        what: &str,
        figures: &Figures<T>,
    ) {
        if figures.rows.is_none() && figures.points.is_none() {
            let reason = format!("`{what}` says neither `rows` nor `points`");
            self.problem(spot.key_mark(), reason, "Say where at least one of the two stands.");
        }
        if figures.points.is_some() {
            self.has_points(spot.key("points"), kind);
        }
    }

    fn has_points(&mut self, spot: Spot<'_>, kind: FeedKind) {
        if kind.points_column().is_none() {
            let reason = format!("`points` stands on `{}`, which has no points", kind.word());
            self.problem(spot.key_mark(), reason, "Remove it.");
        }
    }

    fn fixed(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        kind: FeedKind,
        fixed: &FixedDeclaration,
    ) -> Fixed {
        let encoding = self.encoding(&format!("{name}.format.fixed.encoding"), fixed.encoding);
        let line_end = match fixed.line_end {
            None | Some(LineEndDeclaration::Lf) => LineEnd::Lf,
            Some(LineEndDeclaration::Crlf) => LineEnd::Crlf,
            Some(LineEndDeclaration::None) => LineEnd::Unmarked,
        };
        if fixed.fields.is_empty() {
            let reason = "`fields` is empty".to_owned();
            let cure = "Write each field: `{ 卡号: { at: 1, bytes: 19 } }`.";
            self.problem(spot.key("fields").key_mark(), reason, cure);
        }
        let last = fixed.fields.values().map(|extent| {
            u64::from(extent.at).saturating_sub(1).saturating_add(extent.bytes.into())
        });
        let last = u32::try_from(last.max().unwrap_or(0)).unwrap_or(u32::MAX);
        let key = format!("{name}.format.fixed.record_bytes");
        let record_bytes =
            self.settled(&key, fixed.record_bytes, last, &format!("{last}, where its fields end"));
        if record_bytes == 0 || record_bytes > RECORD_BYTES_MAX {
            let reason = format!("a record has {record_bytes} bytes");
            let cure = "Declare fields, or `record_bytes`, up to 1048576.";
            self.problem(spot.key("record_bytes").key_mark(), reason, cure);
        }
        if line_end == LineEnd::Unmarked && fixed.record_bytes.is_none() {
            let reason = "`line_end` is `none`, and nothing says how long a record is".to_owned();
            self.problem(spot.key("line_end").mark(), reason, "Add `record_bytes`.");
        }
        let fields = fixed.fields.iter().map(|(field, extent)| {
            let spot = spot.key("fields").key(field);
            (field.clone(), self.extent(spot, field, *extent, record_bytes))
        });
        let fields = fields.collect();
        let mut marked = |key: &str, declared: Option<&_>| {
            self.marked_bytes(spot.key(key), kind, record_bytes, declared)
        };
        let leading = marked("leading", fixed.leading.as_ref());
        let trailer = marked("trailer", fixed.trailer.as_ref());
        let record_bytes = usize::try_from(record_bytes).unwrap_or(usize::MAX);
        Fixed { encoding, line_end, record_bytes, fields, leading, trailer }
    }

    fn extent(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        declared: ExtentDeclaration,
        record_bytes: u32,
    ) -> Extent {
        let ExtentDeclaration { at, bytes } = declared;
        let end = u64::from(at).saturating_sub(1).saturating_add(bytes.into());
        if at == 0 || bytes == 0 || end > record_bytes.into() {
            let reason = format!(
                "`{}` stands at byte {at} with {bytes} bytes, which no record of {record_bytes} has",
                shown(name)
            );
            self.problem(spot.key_mark(), reason, "Count bytes from 1, before decoding.");
        }
        let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Extent { at: whole(at), bytes: whole(bytes) }
    }

    fn marked_bytes(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        record_bytes: u32,
        declared: Option<&crate::pipeline::declaration::MarkedBytesDeclaration>,
    ) -> Option<Marked<Extent>> {
        let declared = declared?;
        self.named(spot.key("marker"), "`marker`", &declared.marker);
        if declared.points.is_some() {
            self.has_points(spot.key("points"), kind);
        }
        // Such a record may be longer than the others where lines end.
        let room = record_bytes.max(RECORD_BYTES_MAX);
        let mut place = |key: &str, declared: Option<ExtentDeclaration>| {
            declared.map(|extent| self.extent(spot.key(key), key, extent, room))
        };
        Some(Marked {
            marker: declared.marker.clone(),
            exclusive: declared.exclusive.unwrap_or(false),
            rows: place("rows", declared.rows),
            points: place("points", declared.points),
        })
    }
}

fn encoding(declared: Option<EncodingDeclaration>) -> Encoding {
    match declared {
        None | Some(EncodingDeclaration::Utf8) => Encoding::Utf8,
        Some(EncodingDeclaration::Gb18030 | EncodingDeclaration::Gbk) => Encoding::Gb18030,
    }
}

/// A size such as `8GiB`, `500 MiB` or `1048576`.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_numbers_with_a_unit() {
        let rows = [
            ("8GiB", Some(8 << 30)),
            ("500 MiB", Some(500 << 20)),
            ("1", Some(1)),
            ("0", None),
            ("8GB", None),
            ("1.5GiB", None),
            ("-1", None),
            ("99999999TiB", None),
            ("GiB", None),
        ];
        for (text, want) in rows {
            assert_eq!(bytes(text), want, "{text}");
        }
    }
}
