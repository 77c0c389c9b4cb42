//! Which files a feed has: those under its root whose names its patterns match.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{Digest, Feed, Packing, WITHIN_A_NAME};

impl Feed {
    /// The files that the patterns match, canonical, in the order of their paths, each once.
    /// `*` and `?` match within one name and not the point of a hidden one.
    ///
    /// # Errors
    /// When a folder cannot be listed, when a match cannot be resolved or has a name that is not
    /// UTF-8, and when a match leads out of the root by a symbolic link.
    pub fn find(&self) -> io::Result<Vec<PathBuf>> {
        self.find_matches(&self.patterns)
    }

    /// The files of the days after the period, as of [`Feed::find`]. That there are none is no
    /// fault.
    ///
    /// # Errors
    /// As of [`Feed::find`].
    pub fn find_following(&self) -> io::Result<Vec<PathBuf>> {
        self.find_matches(&self.following)
    }

    /// How many bytes the files have that the feed is read from, as they were sent.
    ///
    /// # Errors
    /// As of [`Feed::find`], and when a file cannot be looked at.
    pub fn sent_bytes(&self) -> io::Result<u64> {
        let mut files: BTreeSet<PathBuf> = self.find()?.into_iter().collect();
        files.extend(self.find_following()?);
        let sizes = files.iter().map(|file| Ok(fs::metadata(file)?.len()));
        sizes.sum::<io::Result<u64>>()
    }

    fn find_matches(&self, patterns: &[String]) -> io::Result<Vec<PathBuf>> {
        let mut files = BTreeSet::new();
        for pattern in patterns {
            let names = pattern.split('/').filter(|name| !name.is_empty());
            let mut found = vec![self.root.clone()];
            for name in names {
                found = named(&found, name)?;
            }
            for found in found {
                let file = found.canonicalize().map_err(|error| match found.is_symlink() {
                    true if error.kind() == io::ErrorKind::NotFound => io::Error::new(
                        error.kind(),
                        format!("{} is a symbolic link to what is not there", found.display()),
                    ),
                    _ => unlisted(&found, &error),
                })?;
                if !file.starts_with(&self.root) {
                    return Err(io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        format!("{} leads out of the root by a symbolic link", found.display()),
                    ));
                }
                if file.is_file() {
                    files.insert(file);
                }
            }
        }
        Ok(files.into_iter().collect())
    }
}

impl Packing {
    /// Whether a file is no data: it stands beside another and has one of the declared endings.
    #[must_use]
    pub fn is_sidecar(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
        let totals = self.totals.as_ref().map(|totals| totals.ending.as_str());
        let endings = [self.ready.as_deref(), self.digest.map(Digest::ending), totals];
        endings.into_iter().flatten().any(|ending| {
            name.strip_suffix(ending).is_some_and(|name| path.with_file_name(name).is_file())
        })
    }
}

/// What the folders hold whose name the pattern matches.
fn named(folders: &[PathBuf], pattern: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !pattern.contains(['*', '?', '[']) {
        for path in folders.iter().map(|folder| folder.join(pattern)) {
            match path.symlink_metadata() {
                Ok(_) => found.push(path),
                Err(error) if is_absent(&error) => {}
                // What may not be looked at may be there, and nobody has failed to send it.
                Err(error) => return Err(unlisted(&path, &error)),
            }
        }
        return Ok(found);
    }
    let wanted = glob::Pattern::new(pattern)
        .map_err(|error| refused(format!("the pattern `{pattern}`: {error}")))?;
    for folder in folders {
        match folder.metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Err(error) if !is_absent(&error) => return Err(unlisted(folder, &error)),
            Ok(_) | Err(_) => continue,
        }
        for entry in fs::read_dir(folder).map_err(|error| unlisted(folder, &error))? {
            let path = entry.map_err(|error| unlisted(folder, &error))?.path();
            let Some(name) = path.file_name() else { continue };
            let shown = name.to_string_lossy();
            if !wanted.matches_with(&shown, WITHIN_A_NAME) {
                continue;
            }
            // It may be a file that was meant, so that it is told and not passed over.
            if name.to_str().is_none() {
                return Err(refused(format!("`{shown}` has a name that is not UTF-8; rename it")));
            }
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether there is nothing of that path, rather than something that cannot be looked at.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn unlisted(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::feed::{FeedKind, Format, Owner};
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
            points_max: i64::MAX,
            zone: TimeZone::UTC,
            columns: Vec::new(),
            not_agreed: Vec::new(),
            due: None,
            max_age_days: None,
            max_rejects: None,
        }
    }

    #[test]
    fn files_are_found_once_in_the_order_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a [1]");
        std::fs::create_dir_all(root.join("x/deep")).unwrap();
        for name in ["x/2.csv", "x/1.csv", "x/.hidden.csv", "x/deep/3.csv", "x/1.txt"] {
            std::fs::write(root.join(name), "").unwrap();
        }
        let rows: [(&[&str], &[&str]); 5] = [
            (&["x/*.csv"], &["x/1.csv", "x/2.csv"]),
            (&["x/2.csv", "x/?.csv"], &["x/1.csv", "x/2.csv"]),
            (&["x/*"], &["x/1.csv", "x/1.txt", "x/2.csv"]),
            (&["*/3.csv"], &[]),
            (&["none/*.csv"], &[]),
        ];
        for (patterns, expected) in rows {
            let feed = feed(&root, patterns);
            let expected: Vec<PathBuf> = expected.iter().map(|name| feed.root.join(name)).collect();
            assert_eq!(feed.find().unwrap(), expected, "{patterns:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_root_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret.csv"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), root.join("a.csv")).unwrap();
        let error = feed(&root, &["*.csv"]).find().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_named_and_is_no_file_that_was_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("a-1.csv")).unwrap();
        for pattern in ["a-1.csv", "a-?.csv"] {
            let error = feed(folder.path(), &[pattern]).find().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            let told = error.to_string();
            assert!(told.ends_with("a-1.csv is a symbolic link to what is not there"), "{told}");
        }
        assert!(feed(folder.path(), &["b-1.csv"]).find().unwrap().is_empty());
    }

    /// A name that is too long for the system is one that cannot be looked at, for whoever asks:
    /// permissions would stop everybody but the superuser, who runs many tests.
    #[cfg(unix)]
    #[test]
    fn what_cannot_be_looked_at_is_an_error_that_names_it_and_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(300);
        for pattern in [format!("{long}.csv"), format!("{long}/a.csv"), format!("{long}/*.csv")] {
            let error = feed(folder.path(), &[&pattern]).find().unwrap_err();
            assert!(error.to_string().contains(&long), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_utf_8_is_an_error_where_it_may_be_meant() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a-1.csv"), "").unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a-\xc3\xf7.csv");
        std::fs::write(folder.path().join(name), "").unwrap();
        // The pattern, and how many files it finds; `None` where it may mean the nameless one.
        for (pattern, files) in [("a-*.csv", None), ("a-?.txt", Some(0)), ("a-1.csv", Some(1))] {
            let found = feed(folder.path(), &[pattern]).find();
            assert_eq!(found.map(|files| files.len()).ok(), files, "{pattern}");
        }
    }
}
