//! Which file a line of a delivery note means. A name in a note is a stranger's text: it is looked
//! up among the files that were found, and on disk only in the folders of the feeds' own patterns,
//! under the root.

use std::io;
use std::path::PathBuf;

use crate::feed::{Feed, InputFile, Named, WITHIN_A_NAME};

/// Which of an owner's files a name means: its path under the root, or its last name where that is
/// unique.
///
/// # Errors
/// When a folder of the owner's feeds cannot be looked into.
pub fn named(feeds: &[(&Feed, &[InputFile])], text: &str) -> io::Result<Named> {
    let Some(names) = plain(text) else { return Ok(Named::Outside) };
    let path = names.join("/");
    let mut files: Vec<&str> =
        feeds.iter().flat_map(|(_, files)| *files).map(|file| file.path.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    if files.binary_search(&path.as_str()).is_ok() {
        return Ok(Named::File(path));
    }
    if let [name] = names.as_slice() {
        let last = |file: &&&str| file.rsplit('/').next() == Some(name);
        let mut alike = files.iter().filter(last);
        match (alike.next(), alike.next()) {
            (Some(file), None) => return Ok(Named::File((*file).to_owned())),
            (Some(_), Some(_)) => return Ok(Named::Several),
            (None, _) => {}
        }
    }
    let mut is_ours = names.len() == 1;
    for (feed, _) in feeds {
        for pattern in &feed.patterns {
            let Some(found) = beside(feed, pattern, &names)? else { continue };
            is_ours = true;
            // Reached by a symbolic link, it may be a file that was read under another name.
            let known = files.iter().find(|known| found.contains(&feed.root.join(known)));
            match known {
                Some(known) => return Ok(Named::File((*known).to_owned())),
                None if found.is_empty() => {}
                None => return Ok(Named::Other),
            }
        }
    }
    Ok(if is_ours { Named::Absent } else { Named::Other })
}

/// The names of a relative path that stays below where it begins.
fn plain(text: &str) -> Option<Vec<&str>> {
    let is_drive = matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if text.starts_with(['/', '~']) || text.contains(['\\', '\0']) || is_drive {
        return None;
    }
    let names: Vec<&str> =
        text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
    (!names.is_empty() && !names.contains(&"..")).then_some(names)
}

/// The files of that path or name in the folder of a pattern, canonical and under the root; `None`
/// where the path leads to another folder.
fn beside(feed: &Feed, pattern: &str, names: &[&str]) -> io::Result<Option<Vec<PathBuf>>> {
    let Some((last, folders)) = names.split_last() else { return Ok(None) };
    let folder = pattern.rsplit_once('/').map(|(folder, _)| folder);
    let wanted = match (folders, folder) {
        ([], None) => glob::Pattern::escape(last),
        ([], Some(folder)) => format!("{folder}/{}", glob::Pattern::escape(last)),
        (folders, folder) => {
            let is_same = glob::Pattern::new(folder.unwrap_or_default())
                .is_ok_and(|pattern| pattern.matches_with(&folders.join("/"), WITHIN_A_NAME));
            if !is_same {
                return Ok(None);
            }
            glob::Pattern::escape(&names.join("/"))
        }
    };
    let one = Feed { patterns: vec![wanted], ..feed.clone() };
    match one.find() {
        Ok(found) => Ok(Some(found)),
        // What leads out of the root by a link is nothing that the owner sent.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Some(Vec::new())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::feed::{Format, Owner, Packing};
    use crate::frame::fields::FeedKind;
    use crate::source::survey;
    use crate::value::party::Party;

    fn feed(root: &std::path::Path, patterns: &[&str]) -> Feed {
        Feed {
            owner: Owner::Party(Party::A),
            kind: FeedKind::Ledger,
            root: root.canonicalize().unwrap(),
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
            following: Vec::new(),
            packing: Packing::default(),
            format: Format::Parquet,
            scale: 0,
            points_max: 1_000_000_000_000,
            zone: jiff::tz::TimeZone::UTC,
            columns: Vec::new(),
            not_agreed: Vec::new(),
            due: None,
            max_age_days: None,
            max_rejects: None,
        }
    }

    #[test]
    fn a_name_means_a_file_of_the_owner_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root [1]");
        for name in ["a/03/x-1.csv", "a/03/x-2.csv", "a/03/[y].csv", "a/03/extra.txt", "m/x-1.csv"]
        {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), name).unwrap();
        }
        fs::create_dir_all(root.join("a/02")).unwrap();
        fs::write(folder.path().join("secret.csv"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), root.join("a/03/out.csv"))
            .unwrap();
        std::os::unix::fs::symlink(root.join("a/03"), root.join("a/now")).unwrap();
        let ledger = feed(&root, &["a/03/x-*.csv", "a/03/[[]y].csv", "a/now/none.csv"]);
        let members = feed(&root, &["m/*.csv"]);
        let found =
            [&ledger, &members].map(|feed| survey(feed, &feed.find().unwrap(), false).unwrap());
        let feeds = [(&ledger, found[0].as_slice()), (&members, found[1].as_slice())];
        let file = |path: &str| Named::File(path.to_owned());
        let rows = [
            ("a/03/x-1.csv", file("a/03/x-1.csv")),
            ("./a//03/x-1.csv", file("a/03/x-1.csv")),
            ("x-2.csv", file("a/03/x-2.csv")),
            ("[y].csv", file("a/03/[y].csv")),
            ("a/03/[y].csv", file("a/03/[y].csv")),
            // A file that was read is meant by whatever path leads to it in the owner's folders.
            ("a/now/x-2.csv", file("a/03/x-2.csv")),
            ("x-1.csv", Named::Several),
            ("X-2.csv", Named::Absent),
            ("x-3.csv", Named::Absent),
            ("a/03/x-3.csv", Named::Absent),
            ("a/03/*.csv", Named::Absent),
            ("*.csv", Named::Absent),
            // A link out of the root is nothing that was sent.
            ("out.csv", Named::Absent),
            ("a/03/out.csv", Named::Absent),
            // There, and of no pattern of this run; or in another folder.
            ("extra.txt", Named::Other),
            ("a/03/extra.txt", Named::Other),
            ("a/02/x-1.csv", Named::Other),
            ("b/x-1.csv", Named::Other),
            ("/etc/passwd", Named::Outside),
            ("../secret.csv", Named::Outside),
            ("a/03/../../../secret.csv", Named::Outside),
            ("a\\03\\x-1.csv", Named::Outside),
            ("C:x-1.csv", Named::Outside),
            ("~/x-1.csv", Named::Outside),
            (".", Named::Outside),
            ("//", Named::Outside),
        ];
        for (text, expected) in rows {
            assert_eq!(named(&feeds, text).unwrap(), expected, "{text}");
        }
    }
}
