use std::fs;

use super::*;
use crate::feed::{Delimited, Marked, Unpack, Zip};
use crate::source::batch::Room;
use crate::source::tests::{ACCOUNTS, Folder};
use crate::source::{Pace, WHOLE, read_at, sheet};
use crate::value::token::{Algorithm, TokenKey};

const ALL: CacheSize = CacheSize { most_bytes: 1 << 30, least_file_bytes: 0 };

/// A folder for what is kept.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join(".cache")
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(found) = fs::read_dir(self.folder()) else { return Vec::new() };
        let mut entries: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries
    }

    /// Reads a feed as a run does, and says what came of it and what was taken.
    fn read_as(
        &self,
        folder: &Folder,
        size: CacheSize,
        pace: Pace,
    ) -> (Result<String, SourceError>, Taken) {
        let staging = tempfile::tempdir_in(self.0.path()).unwrap();
        let feeds = [(folder.feed.clone(), folder.survey())];
        let cache = Cache::open(&self.folder(), staging.path(), size, &feeds).unwrap();
        let room = Room::Memory(u64::MAX);
        let read = read_at(&folder.feed, &feeds[0].1, &|_, _| (), pace, room, Some(&cache));
        assert_eq!(fs::read_dir(staging.path()).unwrap().count(), 0, "nothing stays staged");
        assert_eq!(cache.shelf().drafted, 0);
        assert!(cache.shelf().bytes() <= size.most_bytes);
        (read.map(|read| format!("{read:#?}")), cache.taken())
    }

    fn read(&self, folder: &Folder) -> (String, u64) {
        let (read, taken) = self.read_as(folder, ALL, WHOLE);
        (read.unwrap(), taken.files)
    }
}

fn plain(folder: &Folder) -> String {
    format!("{:#?}", folder.read().unwrap())
}

/// Files of every sort: rows, refused rows, totals, columns that were not agreed, no rows, a header
/// that does not fit, and a content that came before.
fn several() -> Folder {
    let trailer =
        Some(Marked { marker: "T".to_owned(), rows: Some(2), points: Some(3), exclusive: false });
    let format = Format::Csv(Delimited { trailer, ..Delimited::default() });
    let mut folder = Folder::new(FeedKind::Accounts, format, ACCOUNTS);
    folder.feed.not_agreed = vec!["姓名".to_owned(), "地址".to_owned()];
    let files = [
        ("a.csv", "会员号,余额\n001,1\n002,x\n003,-\nT,2,1\n"),
        ("b.csv", "会员号,余额,姓名\n会员4,4,张三\n会员五,5,李四\nT,2,nine\n"),
        ("c.csv", "会员号,余额\nT,0,0\n"),
        ("d.csv", "会员号,积分\n9,9\n"),
        ("e.csv", "会员号,余额\n001,1\n002,x\n003,-\nT,2,1\n"),
        ("f.csv", "地址,余额,会员号,姓名\n,7,007,\n\"a\nb\",8,008,\nT,2,15\n"),
    ];
    for (name, text) in files {
        folder.put(name, text.as_bytes());
    }
    folder
}

fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in entries {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Archives of several parts.
fn archives() -> Folder {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    let entries = vec!["*.csv".to_owned()];
    let zip = Zip { entries, ignore: Vec::new(), names: crate::feed::Encoding::Utf8 };
    folder.feed.packing.unpack = Unpack::Zip(zip);
    let text = |number: u32| format!("会员号,余额\n{number},1\n{number},x\n");
    folder.put("a.zip", &archive(&[("1.csv", &text(1)), ("2.csv", &text(2))]));
    folder.put("b.zip", &archive(&[("1.csv", &text(3))]));
    folder.put("c.zip", &archive(&[("3.csv", &text(4)), ("1.csv", &text(5)), ("x.md", "?")]));
    folder.put("d.zip", &archive(&[("1.csv", &text(6)), ("2.csv", &text(7))]));
    folder
}

#[test]
fn whichever_files_were_kept_all_comes_out_the_same() {
    for (folder, kept) in [(several(), 4), (archives(), 3)] {
        let expected = plain(&folder);
        let place = Place::new();
        assert_eq!(place.read(&folder), (expected.clone(), 0));
        let entries = place.entries();
        assert_eq!(entries.len(), kept, "a file with a fault is not kept");
        for missing in 0_u64..1 << kept {
            for (at, entry) in entries.iter().enumerate() {
                if missing >> at & 1 == 1 {
                    fs::remove_file(entry).unwrap();
                }
            }
            let taken = kept as u64 - u64::from(missing.count_ones());
            assert_eq!(place.read(&folder), (expected.clone(), taken), "{missing:b}");
            // What was missing is there again.
            assert_eq!(place.entries(), entries);
        }
    }
}

#[test]
fn sheets_of_any_size_are_kept() {
    let folder = several();
    for block_bytes in [1, 7, 40] {
        let pace = Pace { block_bytes, most: u64::MAX, together: sheet::MOST };
        let place = Place::new();
        for taken in [0, 4] {
            let (read, found) = place.read_as(&folder, ALL, pace);
            assert_eq!((read.unwrap(), found.files), (plain(&folder), taken));
        }
    }
}

#[test]
fn a_file_of_another_name_is_known_by_its_content() {
    let mut folder = several();
    let place = Place::new();
    place.read(&folder);
    let text = fs::read(folder.feed.root.join("f.csv")).unwrap();
    fs::remove_file(folder.feed.root.join("f.csv")).unwrap();
    folder.rename("f.csv", "a0/g.csv", &text);
    assert_eq!(place.read(&folder), (plain(&folder), 4));
}

/// Whatever happens to an entry, it is told before anything is used.
#[test]
fn an_entry_that_is_not_what_was_kept_is_told_and_the_file_is_read() {
    let folder = several();
    let place = Place::new();
    let expected = place.read(&folder).0;
    let entries = place.entries();
    let contents: Vec<Vec<u8>> = entries.iter().map(|entry| fs::read(entry).unwrap()).collect();
    for (at, (entry, whole)) in entries.iter().zip(&contents).enumerate() {
        let mut damaged: Vec<Vec<u8>> = (0..whole.len())
            .map(|byte| {
                let mut bytes = whole.clone();
                bytes[byte] ^= 1 << (byte % 8);
                bytes
            })
            .collect();
        damaged.extend((0..whole.len()).map(|length| whole[..length].to_vec()));
        damaged.push([whole, &b"\0"[..]].concat());
        damaged.push([&whole[..], &whole[..]].concat());
        damaged.push(contents[(at + 1) % contents.len()].clone());
        for bytes in damaged {
            fs::write(entry, &bytes).unwrap();
            let (read, _) = place.read_as(&folder, ALL, WHOLE);
            let name = entry.file_name().unwrap().to_str().unwrap();
            match read {
                Err(SourceError::Unkept { entry, .. }) => assert_eq!(entry, name),
                other => panic!("{other:?}"),
            }
        }
        let staging = tempfile::tempdir().unwrap();
        let feeds = [(folder.feed.clone(), folder.survey())];
        let cache = Cache::open(&place.folder(), staging.path(), ALL, &feeds).unwrap();
        cache.forget(entry.file_name().unwrap().to_str().unwrap());
        assert_eq!(place.read(&folder), (expected.clone(), 3));
        assert_eq!(&fs::read(entry).unwrap(), whole);
    }
}

#[test]
fn what_decides_how_a_file_is_read_is_part_of_its_key() {
    let key = |id: &str, secret: &[u8]| {
        let key = TokenKey::new(id, Algorithm::HmacSha256, secret).unwrap();
        crate::feed::Contact::Mobile(key.into())
    };
    let members = [("member_no", "会员号"), ("mobile", "手机号")];
    let mut folder = Folder::csv(FeedKind::Members, &members);
    folder.put("a.csv", "会员号,手机号,邮箱\n1,13800138000,a@b.c\n".as_bytes());
    folder.feed.columns[1].contact = Some(key("k", b"0123456789abcdef"));
    let place = Place::new();
    let first = folder.feed.clone();
    place.read(&folder);
    type Change = fn(&mut Feed);
    type Changes<'c> = Box<dyn Fn(&mut Feed) + 'c>;
    let other_key = |secret: &'static [u8]| {
        move |feed: &mut Feed| feed.columns[1].contact = Some(key("k", secret))
    };
    let reread: [(&str, Changes<'_>); 9] = [
        ("scale", Box::new(|feed: &mut Feed| feed.scale = 2)),
        ("most points", Box::new(|feed: &mut Feed| feed.points_max = 7)),
        ("zone", Box::new(|feed: &mut Feed| feed.zone = jiff::tz::TimeZone::UTC)),
        ("nulls", Box::new(|feed: &mut Feed| feed.columns[0].nulls.push("1".to_owned()))),
        ("columns", Box::new(|feed: &mut Feed| drop(feed.columns.pop()))),
        ("not agreed", Box::new(|feed: &mut Feed| feed.not_agreed.push("邮箱".to_owned()))),
        ("strip", Box::new(|feed: &mut Feed| feed.columns[1].strip.push("138".to_owned()))),
        ("limits", Box::new(|feed: &mut Feed| feed.packing.limits.ratio = 3)),
        ("token key", Box::new(other_key(b"0123456789abcdeF"))),
    ];
    for (what, change) in reread {
        folder.feed = first.clone();
        change(&mut folder.feed);
        assert_ne!(declared(&folder.feed), declared(&first), "{what}");
        // What was kept under the declaration before goes, and comes back with it.
        assert_eq!(place.read(&folder), (plain(&folder), 0), "{what}");
        assert_eq!(place.entries().len(), 1, "{what}");
        folder.feed = first.clone();
        assert_eq!(place.read(&folder).1, 0, "{what}");
    }
    let kept: [(&str, Change); 4] = [
        ("due", |feed| feed.due = None),
        ("patterns", |feed| feed.patterns.push("*.txt".to_owned())),
        ("age", |feed| feed.max_age_days = Some(1)),
        ("marker", |feed| feed.packing.digest = Some(crate::feed::Digest::Md5)),
    ];
    for (what, change) in kept {
        folder.feed = first.clone();
        change(&mut folder.feed);
        assert_eq!(place.read(&folder), (plain(&folder), 1), "{what}");
    }
}

/// What is kept holds what a frame holds, and nothing of a person.
#[test]
fn nothing_of_a_person_is_kept() {
    let members = [("member_no", "会员号"), ("mobile", "手机号"), ("tier", "等级")];
    let mut folder = Folder::csv(FeedKind::Members, &members);
    let key = TokenKey::new("k", Algorithm::HmacSha256, b"0123456789abcdef").unwrap();
    let token = key.mobile("13800138000").unwrap();
    folder.feed.columns[1].contact = Some(crate::feed::Contact::Mobile(key.into()));
    let text = "会员号,手机号,等级,姓名\nM1,13800138000,金卡,张三\nM2,1390013900x,银卡,李四\n";
    folder.put("a.csv", text.as_bytes());
    let place = Place::new();
    place.read(&folder);
    let [entry] = &place.entries()[..] else { panic!("one entry") };
    let key = Key::named(entry.file_name().unwrap().to_str().unwrap()).unwrap();
    let (mut opened, head) = Opened::new(entry, key).unwrap();
    let mut shown = format!("{head:?}");
    while let Next::Leaf(frame) = opened.next().unwrap() {
        let leaf = frame.leaf(&key).unwrap();
        shown += &format!("{:?}", leaf::unpack(leaf, FeedKind::Members, "a.csv", (0, 0)).unwrap());
    }
    for told in ["M1", token.as_str(), "金卡", "9999999999a"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    for hidden in ["13800138000", "1390013900x", "张三", "李四", "姓名"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(entry), mode(&place.folder())), (0o600, 0o700));
}

#[test]
fn what_is_kept_is_bounded_and_what_this_run_uses_stays() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    let text = |file: usize| {
        let row =
            |row| format!("{file}-{row},{}\n", blake3::hash(&[file as u8, row]).as_bytes()[0]);
        format!("会员号,余额\n{}", (0..200).map(row).collect::<String>())
    };
    for file in 0..6 {
        folder.put(&format!("{file}.csv"), text(file).as_bytes());
    }
    let place = Place::new();
    place.read(&folder);
    let bytes = |place: &Place| {
        place.entries().iter().map(|entry| fs::metadata(entry).unwrap().len()).sum::<u64>()
    };
    let all = bytes(&place);
    let of = |most_bytes| CacheSize { most_bytes, ..ALL };
    // A smaller bound takes entries away, and those that stay are used again and again.
    let half = of(all / 2);
    for _ in 0..3 {
        let (read, taken) = place.read_as(&folder, half, WHOLE);
        assert_eq!((read.unwrap(), taken.files), (plain(&folder), 2));
        assert!(bytes(&place) <= all / 2);
    }
    // Another period's files, while those of this one stay where they are: what is older goes.
    let mut next = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    next.feed.root = folder.feed.root.clone();
    for file in 6..8 {
        fs::write(folder.feed.root.join(format!("{file}.csv")), text(file)).unwrap();
        next.name(&format!("{file}.csv"));
    }
    place.read_as(&next, half, WHOLE).0.unwrap();
    assert_eq!(place.read_as(&next, half, WHOLE).1.files, 2);
    // Nothing fits, and nothing is amiss.
    let (read, taken) = place.read_as(&folder, of(100), WHOLE);
    assert_eq!((read.unwrap(), taken.files, bytes(&place)), (plain(&folder), 0, 0));
    // A file of fewer bytes is not worth it.
    let least_file_bytes = 1 << 20;
    place.read_as(&folder, CacheSize { least_file_bytes, ..ALL }, WHOLE).0.unwrap();
    assert_eq!(bytes(&place), 0);
}

#[test]
fn what_is_kept_goes_with_its_file() {
    let mut folder = several();
    let place = Place::new();
    place.read(&folder);
    let before = place.entries();
    // A foreign file, and one that has no name of an entry.
    fs::write(place.folder().join("notes.txt"), "?").unwrap();
    fs::write(place.folder().join("ab".repeat(32)), "?").unwrap();
    // Other content at the same place.
    folder.put("b.csv", "会员号,余额\n4,4\nT,1,4\n".as_bytes());
    assert_eq!(place.read(&folder), (plain(&folder), 3));
    let after = place.entries();
    assert_eq!((after.len(), after.iter().filter(|entry| before.contains(entry)).count()), (4, 3));
    // The same files, where this run does not read them, are another run's.
    let mut one = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    one.feed.root = folder.feed.root.clone();
    place.read_as(&one, ALL, WHOLE).0.unwrap();
    assert_eq!(place.entries(), after);
    fs::remove_file(folder.feed.root.join("b.csv")).unwrap();
    place.read_as(&one, ALL, WHOLE).0.unwrap();
    assert_eq!(place.entries().len(), 3);
}
