//! Paths: every one stays under the root, whatever `..`, absolute names or symbolic links say.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Checker, contacts};
use crate::feed::Feed;
use crate::pipeline::declaration::{ColumnDeclaration, Declaration, TokenChoice, TokenDeclaration};
use crate::pipeline::nearest::nearest;
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::token::{Algorithm, TokenKey};

/// The placeholders of file patterns.
const PLACEHOLDERS: [&str; 2] = ["period", "as_of"];

/// Those of `following`, which names files of other periods.
const PLACEHOLDERS_BESIDE: [&str; 4] = ["period", "as_of", "next", "previous"];

/// The longest path that is declared.
const PATH_BYTES_MAX: usize = 1024;

/// The most bytes of a key file.
const KEY_BYTES_MAX: u64 = 4096;

impl Checker<'_> {
    /// The folder under which everything stays, canonical. It alone may lead upwards, because the
    /// user names it to say how far.
    pub(super) fn root(
        &mut self,
        file: &Path,
        spot: Spot<'_>,
        declared: Option<&str>,
    ) -> Option<PathBuf> {
        let own = match file.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let text = match declared {
            Some(text) => text,
            None => {
                self.defaults.push(("root".to_owned(), "the pipeline file's folder".to_owned()));
                "."
            }
        };
        if Path::new(text).is_absolute() || text.contains(['\\', '\0']) || drive(text) {
            self.problem(
                spot.mark(),
                format!("`root` is `{}`, which is not relative", shown(text)),
                "Write a folder relative to this file with `/` between names, such as `..`.",
            );
            return None;
        }
        match own.join(text).canonicalize() {
            Ok(root) if root.is_dir() && root.to_str().is_some() => Some(root),
            _ => {
                self.problem(
                    spot.mark(),
                    format!("`root` is `{}`, where there is no folder", shown(text)),
                    "Write an existing folder, relative to this file.",
                );
                None
            }
        }
    }

    /// A path under the root in its plain form, names joined by `/`. `wild` paths may hold
    /// placeholders and `*` and `?`.
    pub(super) fn relative(
        &mut self,
        spot: Spot<'_>,
        what: &str,
        text: &str,
        wild: bool,
    ) -> Option<String> {
        const CURE: &str =
            "Write a path under the root with `/` between names; `root` moves the root.";
        let at = |reason: &str| format!("{what} is `{}`, which {reason}", shown(text));
        let names: Vec<&str> =
            text.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
        let fault = if text.len() > PATH_BYTES_MAX {
            Some("is longer than a path can be")
        } else if text.chars().any(char::is_control) {
            Some("holds a control character")
        } else if text.contains('\\') {
            Some("holds a backslash")
        } else if text.starts_with('/') || drive(text) {
            Some("is absolute")
        } else if text.starts_with('~') {
            Some("begins with `~`")
        } else if names.contains(&"..") {
            Some("leads upwards")
        } else {
            None
        };
        if let Some(fault) = fault {
            self.problem(spot.mark(), at(fault), CURE);
            return None;
        }
        if names.is_empty() {
            self.problem(spot.mark(), at("is the root itself"), "Name something under the root.");
            return None;
        }
        if !wild {
            if text.contains(['{', '}', '*', '?', '[', ']']) {
                let cure = "Write one plain path; patterns stand only in `files`.";
                self.problem(spot.mark(), at("holds a pattern"), cure);
                return None;
            }
            return Some(names.join("/"));
        }
        if text.contains("**") || text.contains(['[', ']']) {
            let cure = "Write `*` for any part of one name and `?` for one character of it.";
            self.problem(spot.mark(), at("holds a pattern that is not understood"), cure);
            return None;
        }
        self.placeholders(spot, what, text).then(|| names.join("/"))
    }

    fn placeholders(&mut self, spot: Spot<'_>, what: &str, text: &str) -> bool {
        let known =
            if what == "`following`" { &PLACEHOLDERS_BESIDE[..] } else { &PLACEHOLDERS[..] };
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let after = rest.get(open + 1..).unwrap_or_default();
            let name = match (rest.as_bytes().get(open), after.split_once('}')) {
                (Some(b'{'), Some((name, tail))) if !name.contains('{') => {
                    rest = tail;
                    name
                }
                _ => {
                    let reason = format!("{what} has a brace without its partner");
                    self.problem(spot.mark(), reason, "Write `{period}` or `{as_of}`.");
                    return false;
                }
            };
            if !known.contains(&name) {
                let reason = format!("{what} holds `{{{}}}`, which is no placeholder", shown(name));
                let cure = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("Did you mean `{{{near}}}`?"),
                    None => "Write `{period}` or `{as_of}`.".to_owned(),
                };
                self.problem(spot.mark(), reason, cure);
                return false;
            }
        }
        true
    }

    /// Whether the part of a path that exists lies under the root when symbolic links are followed.
    pub(super) fn stays(&mut self, spot: Spot<'_>, what: &str, root: &Path, path: &str) -> bool {
        let (why, cure) = match existing(root, path) {
            Ok(real) if real.starts_with(root) => return true,
            Ok(_) => (
                "leaves the root by a symbolic link".to_owned(),
                "Put the files under the root, or move `root` to a folder that holds both.",
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (
                "leads to what is not there by a symbolic link".to_owned(),
                "Put the file where the link leads, or take the link away.",
            ),
            Err(error) => (
                format!("cannot be looked at: {error}"),
                "See that the user who runs this may read the path.",
            ),
        };
        self.problem(spot.mark(), format!("{what} is `{}`, which {why}", shown(path)), cure);
        false
    }

    /// The key of contact data, where one is declared.
    pub(super) fn contact_key(
        &mut self,
        top: Spot<'_>,
        declared: &Declaration,
        root: Option<&Path>,
    ) -> Option<Arc<TokenKey>> {
        let Some(keys) = &declared.keys else {
            self.raw_contacts_without_key(top, declared);
            return None;
        };
        let spot = top.key("keys").key("contact");
        self.named(spot.key("id"), "`id` of the key", &keys.contact.id);
        let spot = spot.key("file");
        let path = self.relative(spot, "the key file", &keys.contact.file, false)?;
        let root = root?;
        if !self.stays(spot, "the key file", root, &path) {
            return None;
        }
        let content = match key_bytes(&root.join(&path)) {
            Ok(content) => content,
            Err(error) => {
                let reason = format!("the key file `{}` cannot be read: {error}", shown(&path));
                let cure = "Write the path of a readable file that holds at least 16 random \
                    bytes.";
                self.problem(spot.mark(), reason, cure);
                return None;
            }
        };
        let algorithm = self.settled(
            "keys.contact.algorithm",
            keys.contact.algorithm.map(contacts::algorithm),
            Algorithm::HmacSha256,
            Algorithm::HmacSha256.word(),
        );
        match TokenKey::new(&keys.contact.id, algorithm, &content) {
            Ok(key) => Some(Arc::new(key)),
            Err(short) => {
                let cure =
                    "Make one with `openssl rand -hex 32` and share it with the partner safely.";
                self.problem(spot.mark(), short.to_string(), cure);
                None
            }
        }
    }

    fn raw_contacts_without_key(&mut self, top: Spot<'_>, declared: &Declaration) {
        for (letter, feeds) in [("a", &declared.feeds.a), ("b", &declared.feeds.b)] {
            let Some(members) = &feeds.members else { continue };
            for (name, column) in &members.columns {
                let ColumnDeclaration::Described(column) = column else { continue };
                let raw =
                    [TokenDeclaration::Mobile, TokenDeclaration::Email, TokenDeclaration::Name];
                let word = column.token.as_ref().map(TokenChoice::word);
                if word.is_some_and(|word| raw.contains(&word)) {
                    let spot = top.key("feeds").key(letter).key("members").key("columns");
                    self.problem(
                        spot.key(name).key("token").mark(),
                        format!(
                            "the column `{name}` holds raw contact data, and there is \
                            no key to turn it into tokens"
                        ),
                        "Add `keys: { contact: { id: …, file: … } }`, or write `token: \
                        ready` if the partner keyed it.",
                    );
                }
            }
        }
    }

    /// The output folder, apart from every input, so that no result is ever read as one.
    pub(super) fn publish_to(
        &mut self,
        top: Spot<'_>,
        declared: &Declaration,
        root: Option<&Path>,
        feeds: &[Feed],
    ) -> Option<PathBuf> {
        let spot = top.key("publish").key("to");
        let to = self.relative(spot, "`publish.to`", &declared.publish.to, false)?;
        let mut apart = true;
        for feed in feeds {
            for pattern in feed.patterns.iter().chain(&feed.following) {
                if overlaps(&to, pattern) {
                    self.problem(
                        spot.mark(),
                        format!(
                            "`publish.to` is `{to}`, which holds or lies in the folder \
                            of `{pattern}`"
                        ),
                        "Publish into a folder apart from every feed, such as `out`.",
                    );
                    apart = false;
                }
            }
        }
        let root = root?;
        if !self.stays(spot, "`publish.to`", root, &to) {
            return None;
        }
        if root.join(&to).is_file() {
            let reason = format!("`publish.to` is `{to}`, which is a file");
            self.problem(spot.mark(), reason, "Name a folder, or one that does not exist yet.");
            return None;
        }
        apart.then(|| PathBuf::from(to))
    }
}

/// A Windows drive, such as `C:`.
fn drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// Whether an output folder and a feed's pattern share a folder below the root.
///
/// Only names that are fixed can be compared; where a folder of the pattern is wild, the folder
/// above it counts, because the output folder might match.
fn overlaps(to: &str, pattern: &str) -> bool {
    let to: Vec<&str> = to.split('/').collect();
    let names: Vec<&str> = pattern.split('/').collect();
    let Some((_, folders)) = names.split_last() else { return false };
    let wild = |name: &&str| name.contains(['*', '?']);
    let fixed: Vec<&str> =
        folders.iter().copied().take_while(|name| !name.contains(['*', '?', '{'])).collect();
    // Files that lie in the root itself are not met by results in a folder of it.
    let in_feed = if fixed.is_empty() { folders.iter().any(wild) } else { to.starts_with(&fixed) };
    // The pattern reaches into the output folder.
    in_feed || fixed.starts_with(&to) || names == to
}

/// The canonical form of the longest part of a path that exists.
fn existing(root: &Path, path: &str) -> io::Result<PathBuf> {
    let mut real = root.to_owned();
    for name in path.split('/') {
        if name.contains(['*', '?', '{']) {
            break;
        }
        let next = real.join(name);
        // A link that leads nowhere is there too, and where it will lead is not known.
        if next.symlink_metadata().is_err() {
            break;
        }
        real = next.canonicalize()?;
    }
    Ok(real)
}

fn key_bytes(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;
    // A pipe would wait for a writer for ever, and half a key would give other tokens.
    let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !path.metadata()?.is_file() {
        return refused("it is no plain file");
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(KEY_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > KEY_BYTES_MAX) {
        return refused("it is larger than 4096 bytes");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_and_inputs_share_no_folder() {
        let rows = [
            ("out", "in/{period}/x.csv", false),
            ("out", "x.csv", false),
            ("out", "*.csv", false),
            ("out", "{period}/x.csv", false),
            ("out", "*/x.csv", true),
            ("in", "in/{period}/x.csv", true),
            ("in/out", "in/{period}/x.csv", true),
            ("in", "in/a/x.csv", true),
            ("in/out", "in/a/x.csv", false),
            ("out", "out.csv", false),
            ("out", "out", true),
        ];
        for (to, pattern, expected) in rows {
            assert_eq!(overlaps(to, pattern), expected, "{to} {pattern}");
        }
    }
}
