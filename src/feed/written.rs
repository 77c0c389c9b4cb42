//! How the files of a feed are packed and written, in one line for a person.

use super::{
    Column, Delimited, Encoding, Feed, Figures, Fixed, Format, Limits, LineEnd, Marked, Origin,
    Unpack,
};

impl Feed {
    /// How the files are written, packed and accompanied, such as
    /// `csv, gb18030, delimiter |, trailer T, in gzip`.
    #[must_use]
    pub fn written(&self) -> String {
        let mut said = match &self.format {
            Format::Parquet => vec!["parquet".to_owned()],
            Format::Arrow => vec!["arrow ipc".to_owned()],
            Format::Csv(csv) => csv_written(csv),
            Format::Fixed(fixed) => fixed_written(fixed),
            Format::JsonLines(json) => {
                vec!["json lines".to_owned(), encoding(json.encoding).to_owned()]
            }
        };
        let packing = &self.packing;
        match &packing.unpack {
            Unpack::Plain => {}
            Unpack::Zip(zip) => {
                let (entries, names) = (zip.entries.join(" "), encoding(zip.names));
                said.push(format!("in zip with names in {names}: {entries}"));
                if !zip.ignore.is_empty() {
                    said.push(format!("ignoring {}", zip.ignore.join(" ")));
                }
            }
            other => said.push(format!("in {}", other.word())),
        }
        if packing.unpack != Unpack::Plain {
            let Limits { bytes, ratio } = packing.limits;
            said.push(format!("at most {bytes} bytes and {ratio} for each"));
        }
        said.extend(packing.ready.as_ref().map(|ready| format!("ready with {ready}")));
        said.extend(packing.digest.map(|digest| format!("digest in {}", digest.ending())));
        said.extend(
            packing.totals.as_ref().map(|beside| {
                format!("totals of {} in {}", totals(&beside.figures), beside.ending)
            }),
        );
        said.extend(self.shared_nulls().map(|nulls| format!("none is {}", nulls.join(" "))));
        if let Some(most) = &self.max_rejects {
            let count = most.count.map(|count| format!("{count} rows"));
            let share = most.share.map(|share| format!("{share} per cent"));
            let most: Vec<String> = count.into_iter().chain(share).collect();
            said.push(format!("at most {} refused", most.join(" and ")));
        }
        said.join(", ")
    }
}

impl Feed {
    /// The texts that mean "no value" in every column that is read, where there are any.
    fn shared_nulls(&self) -> Option<&[String]> {
        let is_read = |column: &&Column| matches!(column.origin, Origin::Named(_));
        let mut all = self.columns.iter().filter(is_read).map(|column| column.nulls.as_slice());
        let first = all.next().filter(|first| !first.is_empty())?;
        all.all(|nulls| nulls == first).then_some(first)
    }

    /// How the values of a column are written, where that is not the plainest way.
    #[must_use]
    pub fn styles(&self, column: &Column) -> Vec<String> {
        let mut said = column.styles();
        if !column.nulls.is_empty() && self.shared_nulls().is_none() {
            said.push(format!("none is {}", column.nulls.join(" ")));
        }
        said
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
    }
}

fn csv_written(csv: &Delimited) -> Vec<String> {
    let mut said = vec!["csv".to_owned(), encoding(csv.encoding).to_owned()];
    said.push(format!("delimiter {}", shown(&csv.delimiter)));
    if !csv.quoted {
        said.push("no quotes".to_owned());
    }
    if !csv.prefix.is_empty() {
        said.push(format!("prefix {}", shown(&csv.prefix)));
    }
    said.extend(csv.header.as_ref().map(|names| format!("{} columns by place", names.len())));
    if csv.skip_first > 0 {
        said.push(format!("{} lines skipped", csv.skip_first));
    }
    said.extend(csv.comment.as_ref().map(|comment| format!("comments {}", shown(comment))));
    if csv.comment_anywhere {
        said.push("between rows too".to_owned());
    }
    said.extend(csv.leading.as_ref().map(|record| marked("leading", record)));
    said.extend(csv.trailer.as_ref().map(|record| marked("trailer", record)));
    said.extend(csv.summary.as_ref().map(|figures| format!("summary of {}", totals(figures))));
    said.extend(csv.totals.as_ref().map(|figures| format!("totals of {}", totals(figures))));
    said
}

fn fixed_written(fixed: &Fixed) -> Vec<String> {
    let mut said = vec!["fixed width".to_owned(), encoding(fixed.encoding).to_owned()];
    let ends = match fixed.line_end {
        LineEnd::Lf => " and LF",
        LineEnd::Crlf => " and CRLF",
        LineEnd::Unmarked => "",
    };
    said.push(format!("records of {} bytes{ends}", fixed.record_bytes));
    said.extend(fixed.leading.as_ref().map(|record| marked("leading", record)));
    said.extend(fixed.trailer.as_ref().map(|record| marked("trailer", record)));
    said
}

fn marked<P>(what: &str, record: &Marked<P>) -> String {
    let figures = Figures { rows: record.rows.as_ref(), points: record.points.as_ref() };
    let of = totals(&figures);
    let of = if of.is_empty() { of } else { format!(" with {of}") };
    let alone = if record.exclusive { " that no row begins with" } else { "" };
    format!("{what} {}{alone}{of}", shown(&record.marker))
}

fn totals<T>(figures: &Figures<T>) -> String {
    let rows = figures.rows.as_ref().map(|_| "rows");
    let points = figures.points.as_ref().map(|_| "points");
    rows.into_iter().chain(points).collect::<Vec<_>>().join(" and ")
}

/// As a person can tell it: a tab as `\t`, Chinese as it stands.
fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}
