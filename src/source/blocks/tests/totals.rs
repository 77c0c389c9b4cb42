//! What a file says of itself: totals in comments, first and last records, and summaries.

use super::*;

#[test]
fn comments_stand_at_the_ends_and_may_hold_totals() {
    let commented = |anywhere: bool| {
        csv(|csv| {
            csv.comment = Some("#".to_owned());
            csv.comment_anywhere = anywhere;
            let around = |after: &str, before: &str| {
                Some(Around { after: after.to_owned(), before: before.to_owned() })
            };
            let (rows, points) = (around("总笔数：", ""), around("总积分：", "分"));
            csv.totals = Some(Figures { rows, points });
        })
    };
    let text = "# 总笔数：2万，总积分：3分\n会员号,余额\n";
    let found_none = ["1 comment lines rows: it is no whole number", "1 comment lines points: 3"];
    check(commented(false), text.as_bytes(), &[], &[], &found_none);
    let text = "# 总笔数：2，\n#\"\n会员号,余额\n#\n1,2\n# 中\n3,4\n\n#\"总积分：1,006分\n#\n";
    let found = ["1 comment lines rows: 2", "9 comment lines points: 1006"];
    let refused = ["a.csv:6@45  Ragged a comment between records; declare `comment_anywhere` if \
                    that is agreed []"];
    let rows = ["0:5 1 2", "0:7 3 4"];
    check(commented(false), text.as_bytes(), &rows, &refused, &found);
    check(commented(true), text.as_bytes(), &rows, &[], &found);
    let missing = [
        "0 comment lines rows: it is not there",
        "2 comment lines points: beyond 1000000000000000000, the most that a sum may be",
    ];
    let text = "会员号,余额\n# 总积分：99999999999999999999分\n";
    check(commented(false), text.as_bytes(), &[], &[], &missing);
}

#[test]
fn the_last_and_first_records_hold_totals() {
    let marked = |marker: &str| {
        Some(Marked { marker: marker.to_owned(), exclusive: false, rows: Some(2), points: Some(3) })
    };
    let format = |named: bool| {
        csv(|csv| {
            csv.delimiter = "|".to_owned();
            csv.leading = marked("H");
            csv.trailer = marked("T");
            if named {
                csv.header = Some(vec!["会员号".to_owned(), "余额".to_owned()]);
            }
        })
    };
    let text = "H|2|30|\n会员号|余额\nT|10\n\"T\n\"|20\n \"T\" | 0002| 30\n\n";
    check(
        format(false),
        text.as_bytes(),
        &["0:3 T 10"],
        &[
            "a.csv:4@30 member_no Value holds a control character, such as a line end or a tab; have it taken out [A·]",
            "a.csv:6@38  Ragged blanks stand between a delimiter and an opening quote; have them taken out, or declare `quote: none` []",
        ],
        &[
            "0 trailer record: it is not there",
            "0 trailer rows: it is not there",
            "0 trailer points: it is not there",
            "1 leading record record: 1",
            "1 leading record rows: 2",
            "1 leading record points: 30",
        ],
    );
    let text = "H|2|30|\n1|10\n2|20\nT|0002|x\n";
    check(
        format(true),
        text.as_bytes(),
        &["0:2 1 10", "0:3 2 20"],
        &[],
        &[
            "1 leading record record: 1",
            "1 leading record rows: 2",
            "1 leading record points: 30",
            "4 trailer record: 1",
            "4 trailer rows: 2",
            "4 trailer points: not a whole number of points in plain digits",
        ],
    );
    let text = "会员号|余额\nH|2|30\n1|30\n2|0\n\"T\"|2|30";
    check(
        format(false),
        text.as_bytes(),
        &["0:3 1 30", "0:4 2 0"],
        &[],
        &[
            "2 leading record record: 1",
            "2 leading record rows: 2",
            "2 leading record points: 30",
            "5 trailer record: 1",
            "5 trailer rows: 2",
            "5 trailer points: 30",
        ],
    );
}

#[test]
fn a_marked_record_without_figures_is_none_that_has_the_shape_of_a_row() {
    let format = |exclusive: bool| {
        csv(|csv| {
            let marked = |marker: &str| Marked {
                marker: marker.to_owned(),
                exclusive,
                rows: None,
                points: None,
            };
            csv.leading = Some(marked("H"));
            csv.trailer = Some(marked("T"));
        })
    };
    let why = "Ragged begins with the marker and has the shape of a row; declare `rows` or \
               `points` of the marked record, or `exclusive` if no row begins so []";
    let (no_first, no_last) =
        ("0 leading record record: it is not there", "0 trailer record: it is not there");
    let (first, last) = ("2 leading record record: 1", "4 trailer record: 1");
    type Row<'r> = (&'r str, &'r [&'r str], &'r [String], &'r [&'r str]);
    let rows: [Row<'_>; 5] = [
        (
            "H,1\n1,2\nT,x\n",
            &["0:3 1 2"],
            &[format!("a.csv:2@17  {why}"), format!("a.csv:4@25  {why}")],
            &[no_first, no_last],
        ),
        ("H,1,2\n1,2\nT\n", &["0:3 1 2"], &[], &[first, last]),
        ("H,1,2\n1,2\nT,5\n", &["0:3 1 2"], &[format!("a.csv:4@27  {why}")], &[no_last, first]),
        ("H\n1,2\nT,,\n", &["0:3 1 2"], &[], &[first, last]),
        // However many of its values are bad, it may be a row.
        ("H\n1,2\nT,\n", &["0:3 1 2"], &[format!("a.csv:4@23  {why}")], &[no_last, first]),
    ];
    for (body, kept, refused, found) in rows {
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        check(format(false), format!("会员号,余额\n{body}").as_bytes(), kept, &refused, found);
    }
    // What no row begins with is a marked record in its place, and in any other a fault.
    let mixed = "Ragged begins with the marker that no row begins with, and is not where a marked \
                 record stands; send files by themselves that were put together, or remove \
                 `exclusive` []";
    let rows: [Row<'_>; 2] = [
        ("H,1\n1,2\nT,x\n", &["0:3 1 2"], &[], &[first, last]),
        (
            "1,2\nH,1\n\"T\",2\n3,4\nT,x\n",
            &["0:2 1 2", "0:5 3 4"],
            &[format!("a.csv:3@21  {mixed}"), format!("a.csv:4@25  {mixed}")],
            &[no_first, "6 trailer record: 1"],
        ),
    ];
    for (body, kept, refused, found) in rows {
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        check(format(true), format!("会员号,余额\n{body}").as_bytes(), kept, &refused, found);
    }
}

#[test]
fn a_summary_is_the_last_two_lines() {
    let format = || {
        csv(|csv| {
            csv.prefix = "`".to_owned();
            csv.summary = Some(Figures {
                rows: Some("总交易单数".to_owned()),
                points: Some("总积分".to_owned()),
            });
        })
    };
    let text = "会员号,余额\n`1,`10\n`2,`-20\n总交易单数,`x,总积分\n`2,`0,`-10\n";
    let rows = ["0:2 1 10", "0:3 2 -20"];
    check(format(), text.as_bytes(), &rows, &[], &["5 summary rows: 2", "5 summary points: -10"]);
    let text = "会员号,余额\n`1,`10\n`2,`-20\n总交易单数,总积分,总积分\n`2,`-10,`-11\n";
    let found = ["5 summary rows: 2", "5 summary points: two of its columns have this name"];
    check(format(), text.as_bytes(), &rows, &[], &found);
    let text = "会员号,余额\n`1,`10\n`2,`-20";
    check(
        format(),
        text.as_bytes(),
        &rows,
        &[],
        &["0 summary rows: it is not there", "0 summary points: it is not there"],
    );
}
