//! What docs/feeds.md declares goes together: encodings, packings, layouts, marked records, summaries,
//! comments, spellings of numbers and times, texts for no value, sidecars and several parts, drawn
//! at random, all come to the same six rows, the same sum of points and the same hash total.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use hutong::pipeline;
use hutong::value::period::Period;

use crate::hostile::{gzip, read};

/// How many combinations are drawn.
const DRAWN: u64 = 150;

/// Event, member, kind, points, local time, and the partner's event.
type Row = (&'static str, &'static str, &'static str, i64, &'static str, &'static str);

const ROWS: [Row; 6] = [
    ("SKY26030001", "00710001", "累积", 500, "2026-03-02 09:15:00", ""),
    ("SKY26030002", "00710001", "跨店兑换", -1000, "2026-03-05 10:30:00", ""),
    ("SKY26030003", "00710002", "跨店兑换", -2550, "2026-03-09 18:42:10", ""),
    ("SKY26030004", "00710003", "累积", 1200, "2026-03-12 12:00:00", ""),
    ("SKY26030005", "00710003", "跨店兑换", -300, "2026-03-20 20:05:59", ""),
    ("SKY26030006", "00710002", "受理", 1500, "2026-03-25 08:00:30", "HBR-9004"),
];

/// Σ of the first eight bytes of the BLAKE3 of each event's number, modulo 2^64.
const HASH_TOTAL: u64 = 7_473_971_642_643_649_893;

/// How numbers are written.
struct Numbers {
    style: &'static str,
    thousands: &'static str,
    decimal: &'static str,
    decimals: usize,
    currency: &'static str,
    is_wide: bool,
}

impl Numbers {
    fn drawn(random: &mut Rng, is_fixed: bool) -> Numbers {
        let style = *random
            .choice(&["minus", "trailing", "parentheses", "overpunch", "prefix", "column", "fen"])
            .unwrap();
        let is_bare = matches!(style, "overpunch" | "fen");
        let (thousands, decimal) = match is_bare {
            true => ("", "."),
            false => *random
                .choice(&[("", "."), ("", ","), (",", "."), (".", ","), ("'", "."), (" ", ".")])
                .unwrap(),
        };
        let currencies: &[&str] =
            if style == "overpunch" { &[""] } else { &["", "", "￥", "元"] };
        Numbers {
            style,
            thousands,
            decimal,
            decimals: if is_bare { 0 } else { *random.choice(&[0, 2]).unwrap() },
            currency: random.choice(currencies).unwrap(),
            is_wide: !is_bare && !is_fixed && random.u8(..4) == 0,
        }
    }

    fn number(&self, points: i64, random: &mut Rng) -> String {
        let mut text = points.unsigned_abs().to_string();
        if !self.thousands.is_empty() {
            let digits: Vec<char> = text.chars().collect();
            let groups: Vec<String> = digits.rchunks(3).rev().map(|g| g.iter().collect()).collect();
            text = groups.join(self.thousands);
        }
        if self.style == "fen" {
            text += "00";
        }
        if self.decimals > 0 {
            text = format!("{text}{}{}", self.decimal, "0".repeat(self.decimals));
        }
        if self.style == "overpunch" {
            let last = text.pop().unwrap().to_digit(10).unwrap() as usize;
            let signed = if points < 0 { "}JKLMNOPQR" } else { "{ABCDEFGHI" };
            text.push_str(&signed[last..=last]);
        }
        text = if random.bool() { self.currency.to_owned() + &text } else { text + self.currency };
        text = match (self.style, points < 0) {
            ("minus" | "fen", true) => format!("-{text}"),
            ("trailing", true) => format!("{text}-"),
            ("parentheses", true) => format!("({text})"),
            ("prefix", true) => format!("D{text}"),
            ("prefix", false) => format!("C{text}"),
            _ => text,
        };
        let wide = |c: char| match c {
            '!'..='~' if self.is_wide && !c.is_alphabetic() => {
                char::from_u32(u32::from(c) + 0xfee0).unwrap()
            }
            c => c,
        };
        text.chars().map(wide).collect()
    }

    fn declared(&self) -> String {
        let mut keys = Vec::new();
        let mut key = |name: &str, value: &str| keys.push(format!("{name}: {value}"));
        if !self.thousands.is_empty() {
            key("thousands", &format!("\"{}\"", self.thousands));
        }
        if self.decimal == "," {
            key("decimal", "\",\"");
        }
        if !self.currency.is_empty() {
            key("currency", &format!("[\"{}\"]", self.currency));
        }
        if self.is_wide {
            key("full_width", "true");
        }
        match self.style {
            "prefix" => key("negative", "{ prefix: { C: plus, D: minus } }"),
            "fen" => key("implied_decimals", "2"),
            "trailing" | "parentheses" | "overpunch" => key("negative", self.style),
            _ => {}
        }
        keys.join(", ")
    }
}

/// How times are written: what the pipeline says, and the time.
fn time(style: u8, local: &str) -> (&'static str, String) {
    let digits: String = local.chars().filter(char::is_ascii_digit).collect();
    let zoned: jiff::civil::DateTime = local.parse().unwrap();
    let seconds = zoned.in_tz("Asia/Shanghai").unwrap().timestamp().as_second();
    match style {
        0 => ("", local.to_owned()),
        1 => ("", local.replace(' ', "T") + "+08:00"),
        2 => (", format: \"%Y%m%d%H%M%S\"", digits),
        3 => (", format: \"%m%d%H%M%S\", year: period", digits[4..].to_owned()),
        4 => (", epoch: seconds", seconds.to_string()),
        5 => (", epoch: milliseconds", (seconds * 1000).to_string()),
        _ => {
            let (y, rest) = digits.split_at(4);
            let text = format!("{y}年{}月{}日 {}", &rest[..2], &rest[2..4], &local[11..]);
            (", format: \"%Y年%m月%d日 %H:%M:%S\"", text)
        }
    }
}

/// One combination: the feed in YAML, and each part as text.
struct Drawn {
    format: String,
    columns: String,
    parts: Vec<String>,
}

const NAMES: [&str; 7] = ["流水号", "卡号", "类型", "积分", "时间", "对方流水号", "借贷"];

fn drawn(random: &mut Rng, encoding: &str) -> Drawn {
    let layout = *random.choice(&["csv", "csv", "csv", "fixed", "json_lines"]).unwrap();
    let numbers = Numbers::drawn(random, layout == "fixed");
    let at = random.u8(..7);
    let null = *random.choice(&["", "-", "—", "N/A", "\\N"]).unwrap();
    let within = if layout == "json_lines" { "明细." } else { "" };
    let mut columns = format!(
        "event_id: {within}流水号, member_no: {{ from: [{within}会员号, {within}卡号] }}, kind: {{ \
         from: {within}类型, values: {{ 累积: earn, 跨店兑换: xburn, 受理: xaccept }} }}, \
         occurred_at: {{ from: {within}时间{} }}, counter_event_id: {{ from: {within}对方流水号, \
         nulls: ['{null}'] }}, points: {{ from: {within}积分",
        time(at, ROWS[0].4).0
    );
    if null.is_empty() {
        columns = columns.replace(", nulls: ['']", "");
    }
    let declared = numbers.declared();
    if !declared.is_empty() {
        write!(columns, ", number: {{ {declared} }}").unwrap();
    }
    if numbers.style == "column" {
        let sign = format!(", sign: {{ from: {within}借贷, values: {{ 借: minus, 贷: plus }} }}");
        columns += &sign;
    }
    columns += " }";
    let count = random.usize(1..4);
    let mut parts: Vec<Vec<(i64, Vec<String>)>> = vec![Vec::new(); count];
    for (place, &(event, member, kind, points, local, counter)) in ROWS.iter().enumerate() {
        let counter = if counter.is_empty() { null } else { counter };
        let way = if points < 0 { "借" } else { "贷" };
        let number = numbers.number(points, random);
        let values = [event, member, kind, &number, &time(at, local).1, counter, way];
        parts[place % count].push((points, values.map(str::to_owned).to_vec()));
    }
    let line_end = *random.choice(&["\n", "\r\n"]).unwrap();
    // A total has a sign of its own, which a column of signs has not.
    let has_points = numbers.style != "column" && random.u8(..4) > 0;
    let total = |points: i64, random: &mut Rng| numbers.number(points, random);
    let sum = |part: &[(i64, Vec<String>)]| part.iter().map(|(points, _)| points).sum::<i64>();
    match layout {
        "json_lines" => {
            let line = |(_, values): &(i64, Vec<String>)| {
                let object: serde_json::Map<String, serde_json::Value> = NAMES
                    .iter()
                    .zip(values)
                    .map(|(n, v)| ((*n).to_owned(), v.clone().into()))
                    .collect();
                serde_json::json!({ "明细": object }).to_string() + line_end
            };
            let parts = parts.iter().map(|part| part.iter().map(line).collect()).collect();
            Drawn { format: format!("json_lines: {{ encoding: {encoding} }}"), columns, parts }
        }
        "fixed" => {
            let widths = [16, 12, 12, 16, 30, 12, 4];
            let bytes = |text: &str| match encoding {
                "utf-8" => text.len(),
                _ => encoding_rs::GB18030.encode(text).0.len(),
            };
            let wide = |text: &str, width: usize| {
                text.to_owned() + &" ".repeat(width.checked_sub(bytes(text)).unwrap())
            };
            let ends = *random.choice(&["lf", "crlf", "none"]).unwrap();
            let end = match ends {
                "lf" => "\n",
                "crlf" => "\r\n",
                _ => "",
            };
            let record: usize = widths.iter().sum();
            let places = NAMES.iter().zip(widths).scan(1, |at, (name, width)| {
                let place = format!("{name}: {{ at: {at}, bytes: {width} }}");
                *at += width;
                Some(place)
            });
            let places = places.collect::<Vec<_>>().join(", ");
            let points = if has_points { ", points: { at: 10, bytes: 20 }" } else { "" };
            let format = format!(
                "fixed: {{ encoding: {encoding}, line_end: {ends}, record_bytes: {record}, fields: \
                 {{ {places} }}, leading: {{ marker: H0, rows: {{ at: 3, bytes: 8 }} }}, trailer: {{ \
                 marker: \"9\", rows: {{ at: 2, bytes: 8 }}{points} }} }}"
            );
            let mut texts = Vec::new();
            for part in &parts {
                let mut text = wide(&format!("H0{:08}", part.len()), record) + end;
                for (_, values) in part {
                    let cells = values.iter().zip(widths).map(|(value, width)| wide(value, width));
                    text += &(cells.collect::<String>() + end);
                }
                let figure = if has_points { total(sum(part), random) } else { String::new() };
                text += &(wide(&format!("9{:08}{figure}", part.len()), record) + end);
                texts.push(text);
            }
            Drawn { format, columns, parts: texts }
        }
        _ => {
            let delimiter =
                *random.choice(&[",", "\t", "|", "%%", "；", "||", "^", "\u{1}"]).unwrap();
            let quoting = match delimiter {
                "," => "quoted",
                _ => *random.choice(&["plain", "quoted", "prefix", "padded"]).unwrap(),
            };
            let cell = |value: &str, random: &mut Rng| match quoting {
                "quoted" => format!("\"{}\"", value.replace('"', "\"\"")),
                "prefix" => format!("`{value}"),
                "padded" => {
                    let pads = ["", " ", "  ", "\u{3000}"];
                    let around = [random.choice(pads).unwrap(), random.choice(pads).unwrap()];
                    around.join(value)
                }
                _ => value.to_owned(),
            };
            let joined = |values: &[&str], random: &mut Rng| {
                let cells: Vec<String> = values.iter().map(|value| cell(value, random)).collect();
                cells.join(delimiter)
            };
            let tail = *random.choice(&["trailer", "both", "summary", "totals", "none"]).unwrap();
            let (has_header, skip) = (random.bool(), *random.choice(&[0, 2]).unwrap());
            let comment = *random.choice(&["#", "//"]).unwrap();
            let has_between = random.bool();
            let mut format = format!(
                "csv: {{ encoding: {encoding}, delimiter: {}, comment: \"{comment}\", \
                 comment_anywhere: {has_between}, skip: {{ first: {skip} }}",
                serde_json::Value::from(delimiter)
            );
            if quoting == "prefix" {
                format += ", quote: none, prefix: \"`\"";
            }
            if !has_header {
                write!(format, ", header: [{}]", NAMES.join(", ")).unwrap();
            }
            let points = |place: &str| match has_points {
                true => format!(", points: {place}"),
                false => String::new(),
            };
            if matches!(tail, "trailer" | "both") {
                write!(format, ", trailer: {{ marker: T, rows: 2{} }}", points("3")).unwrap();
            }
            if tail == "both" {
                write!(format, ", leading: {{ marker: H, rows: 2{} }}", points("3")).unwrap();
            }
            if tail == "summary" {
                write!(format, ", summary: {{ rows: 总笔数{} }}", points("总积分")).unwrap();
            }
            if tail == "totals" {
                let place = points("{ after: 总积分：, before: 点 }");
                write!(format, ", totals: {{ rows: {{ after: 总笔数：, before: 笔 }}{place} }}")
                    .unwrap();
            }
            format += " }";
            let mut texts = Vec::new();
            for part in &parts {
                let rows = part.len().to_string();
                let figure = if has_points { total(sum(part), random) } else { "0".to_owned() };
                let mut lines: Vec<String> = ["积分对账单", "账期 2026-03"]
                    .iter()
                    .take(skip)
                    .map(|l| (*l).to_owned())
                    .collect();
                lines.push(format!("{comment} 说明, \"一行"));
                if tail == "both" {
                    lines.push(joined(&["H", &rows, &figure], random));
                }
                if has_header {
                    lines.push(joined(&NAMES, random));
                }
                for (_, values) in part {
                    let values: Vec<&str> = values.iter().map(String::as_str).collect();
                    lines.push(joined(&values, random));
                    if has_between {
                        lines.push(comment.to_owned());
                    }
                }
                if matches!(tail, "trailer" | "both") {
                    lines.push(joined(&["T", &rows, &figure], random));
                }
                if tail == "summary" {
                    lines.push(joined(&["总笔数", "总积分"], random));
                    lines.push(joined(&[&rows, &figure], random));
                }
                lines.push(format!("{comment}总笔数：{rows}笔，总积分：{figure}点"));
                texts.push(lines.join(line_end) + line_end);
            }
            Drawn { format, columns, parts: texts }
        }
    }
}

/// Puts the parts into a folder, packed and with what stands beside them; what the pipeline says.
fn put(folder: &Path, parts: &[Vec<u8>], random: &mut Rng) -> String {
    let packing = *random.choice(&["", "gzip", "zstd", "zip"]).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let named = parts.iter().enumerate();
    match packing {
        "zip" => {
            let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored);
            for (at, part) in named {
                archive.start_file(format!("明细_{at}.txt"), options).unwrap();
                std::io::Write::write_all(&mut archive, part).unwrap();
            }
            archive.start_file("说明.md", options).unwrap();
            files.push(("sent.zip".to_owned(), archive.finish().unwrap().into_inner()));
        }
        _ => files.extend(named.map(|(at, part)| {
            let (head, tail) = part.split_at(part.len() / 2);
            let packed = match packing {
                "gzip" => [gzip(head), gzip(tail)].concat(),
                "zstd" => zstd::stream::encode_all(part.as_slice(), 1).unwrap(),
                _ => part.clone(),
            };
            (format!("sent-{at}"), packed)
        })),
    }
    let mut said = match packing {
        "" => String::new(),
        "zip" => "unpack: { zip: { entries: \"明细_*.txt\", ignore: \"*.md\" } }, ".to_owned(),
        packing => format!("unpack: {packing}, "),
    };
    let (is_ready, has_digest) = (random.bool(), random.bool());
    for (name, content) in &files {
        fs::write(folder.join(name), content).unwrap();
        if is_ready {
            fs::write(folder.join(format!("{name}.ok")), "").unwrap();
        }
        if has_digest {
            let digest = blake3::hash(content).to_hex().to_uppercase();
            fs::write(folder.join(format!("{name}.blake3")), format!("{digest} *{name}\r\n"))
                .unwrap();
        }
    }
    said += if is_ready { "ready: .ok, " } else { "" };
    said += if has_digest { "digest: .blake3, " } else { "" };
    said
}

#[test]
fn whatever_is_declared_together_comes_to_the_same_rows() {
    let mut seen = BTreeSet::new();
    for seed in 0..DRAWN {
        let mut random = Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let encoding = *random.choice(&["utf-8", "gb18030"]).unwrap();
        let Drawn { format, columns, parts } = drawn(&mut random, encoding);
        let bytes = |text: &String| match encoding {
            "utf-8" => text.clone().into_bytes(),
            _ => encoding_rs::GB18030.encode(text).0.into_owned(),
        };
        let parts: Vec<Vec<u8>> = parts.iter().map(bytes).collect();
        let packed = put(folder.path(), &parts, &mut random);
        let text = fs::read_to_string("pipelines/feeds/wechat.yaml").unwrap();
        let (head, rest) = text.split_once("feeds:\n").unwrap();
        let (_, rest) = rest.split_once("  b:\n").unwrap();
        let feed = format!(
            "feeds:\n  a: {{ ledger: {{ files: \"sent*\", {packed}format: {{ {format} }}, columns: {{ \
             {columns} }} }} }}\n  b:\n"
        );
        let text = format!("{head}{feed}{rest}").replace("root: ../..\n", "");
        let path = folder.path().join("pipeline.yaml");
        fs::write(&path, &text).unwrap();
        let told = || format!("{seed}: {feed}\n{}", String::from_utf8_lossy(&parts[0]));
        let pipeline =
            pipeline::read(&path).unwrap_or_else(|error| panic!("{error:?}\n{}", told()));
        let agreement = &pipeline.agreement;
        let day = "2026-03-31".parse().unwrap();
        let period = Period::containing(day, agreement.cycle, &agreement.zone).unwrap();
        let feed = pipeline.feeds(&period).into_iter().next().unwrap();
        let read = read(&feed).unwrap_or_else(|error| panic!("{error}\n{}", told()));
        assert_eq!(
            (read.rejects.as_slice(), read.faults.as_slice()),
            (&[][..], &[][..]),
            "{}",
            told()
        );
        let points: i128 = read.sums.iter().map(|sum| sum.points).sum();
        let hash = read.sums.iter().fold(0, |all: u64, sum| all.wrapping_add(sum.hash));
        let came = (read.rows.num_rows(), points, hash);
        assert_eq!(came, (6, -650, HASH_TOTAL), "{}", told());
        // Each part's own totals are what was read of it.
        for total in &read.declared {
            let part = total.part as usize;
            let of = hutong::control::by_part(&read)[part].of(total.of);
            assert_eq!(total.reason(of), None, "{}", told());
        }
        seen.extend(packed.split([',', '{']).chain(format.split([',', '{'])).map(str::to_owned));
    }
    // Were few words drawn, little would go together.
    assert!(seen.len() > 100, "{}", seen.len());
}
