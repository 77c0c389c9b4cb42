//! What decides how a file is read: what was kept of a file is of use only where all of it is the
//! same.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::feed::{Column, Contact, Feed, InputFile, Packing};

/// The version of reading: raised whenever the same bytes, declared the same, come to other rows,
/// rejects, totals or strays, or when an entry is written otherwise. `tests/it/cache/reading.txt`
/// tells when it was forgotten.
pub const READING: u32 = 3;

/// Everything of a feed's declaration that decides how its files are read, as text. No key of
/// contact data stands in it, only what tells one from another.
///
/// What is taken apart here is taken apart whole, so that a new field has to be thought of.
#[must_use]
pub fn declared(feed: &Feed) -> String {
    let Feed {
        // Whose rows they are, and which files they are of, is not told by the rows.
        owner: _,
        root: _,
        patterns: _,
        following: _,
        kind,
        packing,
        format,
        scale,
        points_max,
        zone,
        columns,
        not_agreed,
        // Judged anew by each run.
        due: _,
        max_age_days: _,
        max_rejects: _,
    } = feed;
    // What stands beside a file is looked at before it is read.
    let Packing { unpack, limits, ready: _, digest: _, totals: _ } = packing;
    let mut said = format!(
        "reading {READING}\nendian {}\nkind {}\nfields {:?}\nunpack {unpack:?}\nlimits {limits:?}\n\
         format {format:?}\nscale {scale}\npoints_max {points_max}\nnot_agreed {not_agreed:?}\n",
        u16::from_ne_bytes([1, 0]),
        kind.word(),
        kind.fields(),
    );
    // Writing to a String cannot fail.
    let _ = writeln!(said, "zone {:?}", zone.iana_name());
    offsets(zone, &mut said);
    for column in columns {
        let Column { field, origin, nulls, words, number, sign, time, contact, strip, stands } =
            column;
        let contact = match contact {
            None => String::new(),
            Some(Contact::Mobile(key)) => format!("mobile {}", key.fingerprint()),
            Some(Contact::Email(key)) => format!("email {}", key.fingerprint()),
            Some(Contact::Name(key)) => format!("name {}", key.fingerprint()),
            // The name of a key that the partner has decides no token.
            Some(Contact::Ready(_)) => "ready".to_owned(),
        };
        let _ = writeln!(
            said,
            "column {:?} {origin:?} {nulls:?} {words:?} {number:?} {sign:?} {time:?} {contact} \
             {strip:?} {stands:?}",
            field.name
        );
    }
    said
}

/// The offsets of a zone: its name stays when its rules change.
fn offsets(zone: &TimeZone, said: &mut String) {
    let _ = write!(said, "{}", zone.to_offset(Timestamp::MIN).seconds());
    // No feed has instants behind it that the rules of today can tell.
    let Some(last) = Timestamp::from_second(4_102_444_800).ok() else { return };
    for change in zone.following(Timestamp::MIN) {
        if change.timestamp() >= last {
            break;
        }
        let (at, offset) = (change.timestamp().as_second(), change.offset().seconds());
        let _ = write!(said, " {at}{offset:+}");
    }
    said.push('\n');
}

/// The key of what a file comes to, with which its checksums are taken too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) [u8; blake3::OUT_LEN]);

impl Key {
    /// The key of a file of a feed whose declaration is known.
    pub(super) fn of(declared: &str, file: &InputFile) -> Key {
        let texts = [env!("CARGO_PKG_VERSION"), declared, &file.blake3];
        let mut hasher = blake3::Hasher::new_derive_key("hutong: what was read of a file");
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        Key(hasher.finalize().into())
    }

    /// The key whose entry has that name.
    pub(super) fn named(name: &str) -> Option<Key> {
        let is_name = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let hash = blake3::Hash::from_hex(name).ok().filter(|_| is_name)?;
        Some(Key(hash.into()))
    }

    /// The name of its entry.
    pub(super) fn name(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}
