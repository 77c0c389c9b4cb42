//! Versions of a term: which one is in force at an instant.

use super::period::Instant;

/// A value in force over `[from, to)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version<T> {
    /// The first instant at which it is in force; a boundary instant belongs to the new version.
    pub from: Instant,
    /// The first instant at which it is in force no more.
    pub to: Instant,
    /// The value.
    pub value: T,
    /// The day or instant as the pipeline wrote `from`: the version's name in outputs.
    pub label: String,
    /// The clause of the agreement on which it rests.
    pub clause: Option<String>,
}

/// The versions of one term, in order of time and without overlap. Gaps can stand here: an event
/// that falls into one is AMT-07.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions<T>(Vec<Version<T>>);

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Versions(Vec::new())
    }
}

impl<T> Versions<T> {
    /// Orders versions by time. `Err` holds the labels of two that overlap, or one that is empty.
    ///
    /// # Errors
    /// The labels of the first two versions that overlap, or twice the label of one that ends
    /// before it begins.
    pub fn new(mut versions: Vec<Version<T>>) -> Result<Versions<T>, (String, String)> {
        versions.sort_by_key(|version| (version.from, version.to));
        for version in &versions {
            if version.to <= version.from {
                return Err((version.label.clone(), version.label.clone()));
            }
        }
        for pair in versions.windows(2) {
            if pair[1].from < pair[0].to {
                return Err((pair[0].label.clone(), pair[1].label.clone()));
            }
        }
        Ok(Versions(versions))
    }

    /// The index and version in force at an instant.
    #[must_use]
    pub fn in_force(&self, at: Instant) -> Option<(usize, &Version<T>)> {
        let after = self.0.partition_point(|version| version.from <= at);
        let index = after.checked_sub(1)?;
        self.0.get(index).filter(|version| at < version.to).map(|version| (index, version))
    }

    /// All versions in order of time.
    pub fn iter(&self) -> std::slice::Iter<'_, Version<T>> {
        self.0.iter()
    }

    /// The version of that index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Version<T>> {
        self.0.get(index)
    }

    /// The versions that are in force at some instant of `[from, to)`.
    pub fn within(&self, from: Instant, to: Instant) -> impl Iterator<Item = &Version<T>> {
        self.0.iter().filter(move |version| version.from < to && from < version.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(from: i64, to: i64) -> Version<i64> {
        let label = from.to_string();
        Version { from: Instant(from), to: Instant(to), value: from, label, clause: None }
    }

    #[test]
    fn a_boundary_instant_belongs_to_the_new_version() {
        let versions =
            Versions::new(vec![version(10, 20), version(0, 10), version(30, 40)]).unwrap();
        let rows = [
            (-1, None),
            (0, Some(0)),
            (9, Some(0)),
            (10, Some(10)),
            (19, Some(10)),
            (20, None),
            (30, Some(30)),
            (40, None),
        ];
        for (at, value) in rows {
            let got = versions.in_force(Instant(at)).map(|(_, version)| version.value);
            assert_eq!(got, value, "at {at}");
        }
    }

    #[test]
    fn overlaps_and_empty_versions_are_refused() {
        let labels = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        let refused = |versions| Versions::new(versions).err();
        assert_eq!(refused(vec![version(0, 10), version(9, 20)]), labels("0", "9"));
        assert_eq!(refused(vec![version(5, 5)]), labels("5", "5"));
    }

    #[test]
    fn a_version_is_within_a_time_of_which_it_has_an_instant() {
        let versions = Versions::new(vec![version(0, 10), version(10, 20)]).unwrap();
        let rows: [((i64, i64), &[i64]); 5] = [
            ((0, 10), &[0]),
            ((10, 20), &[10]),
            ((9, 11), &[0, 10]),
            ((-5, 0), &[]),
            ((20, 30), &[]),
        ];
        for ((from, to), expected) in rows {
            let within = versions.within(Instant(from), Instant(to));
            let got: Vec<i64> = within.map(|version| version.value).collect();
            assert_eq!(got, expected, "{from} {to}");
        }
    }
}
