//! From the file to a [`Pipeline`]: every problem at once, or none.
//!
//! Four stages, each of which stops with everything it found: the text as YAML, the keys and
//! shapes, the typed declaration, and what the values mean together. What the agreement leaves
//! blank (ratio, rate, fee, tax) is never invented; what custom settles has its default, and each
//! default that applies is noted for `plan`.

mod agreement;
mod amounts;
mod basis;
mod charges;
mod columns;
mod contacts;
mod feeds;
mod formats;
mod matching;
mod paths;
mod rules;
mod sent;
mod styles;
mod terms;
mod units;
mod versions;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Pipeline;
use super::change::{self, Setting};
use super::declaration::Declaration;
use super::structure;
use super::text::{self, FILE_BYTES_MAX, Mark, Node, Spot};
use crate::agreement::Agreement;
use crate::value::problem::{Place, Problem};

/// A pipeline file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file cannot be read.
    #[error("cannot read the pipeline {file}: {source}")]
    Unreadable {
        /// The file as the user named it.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file is not a pipeline yet.
    #[error("{}", listed(file, problems))]
    Problems {
        /// The file as the user named it.
        file: String,
        /// Its text, for underlining.
        text: String,
        /// Everything that is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
}

fn listed(file: &str, problems: &[Problem]) -> String {
    let mut shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    shown.push(format!("{file}: {} {noun}", problems.len()));
    shown.join("\n")
}

/// Reads and checks a pipeline file.
///
/// # Errors
/// [`Trouble::Unreadable`] when the file cannot be read, else [`Trouble::Problems`] with everything
/// that is wrong in it.
pub fn read(file: &Path) -> Result<Pipeline, Trouble> {
    let (name, text) = text_of(file)?;
    let root = text::read(&name, &text).map_err(|problems| found(&name, &text, problems))?;
    checked(file, &name, (&text, &text), &root)
}

/// Reads and checks a pipeline file with some of its values set otherwise. What is wrong with a
/// value is told with the settings, where it stands in the file, or where it would.
///
/// # Errors
/// As of [`read`]; a value that cannot be set is a problem too.
pub fn read_otherwise(file: &Path, settings: &[Setting]) -> Result<Pipeline, Trouble> {
    // A problem of the file itself is none of the settings.
    read(file)?;
    let (name, text) = text_of(file)?;
    let mut root = text::read(&name, &text).map_err(|problems| found(&name, &text, problems))?;
    for setting in settings {
        setting.apply(&mut root).map_err(|reason| {
            let cure = "Name a value by its keys, and an item of a list by its number, from 0.";
            let place = Mark::START.place(&format!("--set {}", setting.shown()));
            found(&name, "", vec![Problem { place, reason, cure: cure.to_owned() }])
        })?;
    }
    let shown = settings.iter().map(|setting| format!(" --set {}", setting.shown()));
    let name = format!("{name} with{}", shown.collect::<String>());
    checked(file, &name, (&text, &change::written(&root)), &root)
}

/// The name of a pipeline file, as problems show it, and its text.
fn text_of(file: &Path) -> Result<(String, String), Trouble> {
    let name = file.display().to_string();
    let bytes = bytes(file).map_err(|source| Trouble::Unreadable { file: name.clone(), source })?;
    let text = decoded(&name, bytes)?;
    Ok((name, text))
}

fn found(name: &str, text: &str, mut problems: Vec<Problem>) -> Trouble {
    problems.sort();
    problems.dedup();
    Trouble::Problems { file: name.to_owned(), text: text.to_owned(), problems }
}

/// Checks a tree, whose places are those of the text that the user has, and the text that says what
/// the tree does.
fn checked(
    file: &Path,
    name: &str,
    (text, says): (&str, &str),
    root: &Node,
) -> Result<Pipeline, Trouble> {
    let problems = structure::problems(name, root);
    if !problems.is_empty() {
        return Err(found(name, text, problems));
    }
    let declaration: Declaration = serde_saphyr::from_str_with_options(says, text::options())
        .map_err(|error| found(name, says, vec![text::syntax(name, says, &error)]))?;
    let mut checker = Checker { file: name, problems: Vec::new(), defaults: Vec::new() };
    let digest = blake3::hash(says.as_bytes()).to_hex().to_string();
    match checker.pipeline(file, digest, &declaration, root) {
        Some(pipeline) if checker.problems.is_empty() => Ok(pipeline),
        _ => Err(found(name, text, checker.problems)),
    }
}

/// The file's bytes, at most one more than a pipeline may have.
fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decoded(file: &str, bytes: Vec<u8>) -> Result<String, Trouble> {
    let refused = |text: String, place: Place, reason: &str, cure: &str| {
        let (reason, cure) = (reason.to_owned(), cure.to_owned());
        Trouble::Problems {
            file: file.to_owned(),
            text,
            problems: vec![Problem { place, reason, cure }],
        }
    };
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
        return Err(refused(
            String::new(),
            Mark::START.place(file),
            "the file is larger than 1 MiB",
            "Name the pipeline file itself, not data; a pipeline takes a few kilobytes.",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        // What stands before the bad byte is the same in the text that is shown.
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let before = text.get(..good).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let end = good + char::REPLACEMENT_CHARACTER.len_utf8();
        let place = Place { file: file.to_owned(), line, column, span: (good, end) };
        refused(
            text,
            place,
            "the file is not UTF-8 from here on",
            "Save the file as UTF-8; editors on Chinese Windows may save it as GB18030.",
        )
    })
}

/// Gathers problems and defaults while the parts are checked.
struct Checker<'f> {
    file: &'f str,
    problems: Vec<Problem>,
    defaults: Vec<(String, String)>,
}

impl Checker<'_> {
    fn problem(&mut self, mark: Mark, reason: impl Into<String>, cure: impl Into<String>) {
        let place = mark.place(self.file);
        self.problems.push(Problem { place, reason: reason.into(), cure: cure.into() });
    }

    /// What custom settles: the declared value, or the default, which is noted.
    fn settled<T>(&mut self, key: &str, declared: Option<T>, default: T, shown: &str) -> T {
        declared.unwrap_or_else(|| {
            self.defaults.push((key.to_owned(), shown.to_owned()));
            default
        })
    }

    /// A text that must say something, in one line.
    fn named(&mut self, spot: Spot<'_>, what: &str, text: &str) {
        if text.trim().is_empty() {
            self.problem(spot.mark(), format!("{what} is blank"), "Write a name.");
        } else if text.chars().any(char::is_control) {
            let reason = format!("{what} holds a line break or another control character");
            self.problem(spot.mark(), reason, "Write it on one line.");
        }
    }

    /// The checked pipeline. Where a part is `None` a problem says why, and the parts that do not
    /// depend on it are checked all the same.
    fn pipeline(
        &mut self,
        file: &Path,
        digest: String,
        declared: &Declaration,
        root: &Node,
    ) -> Option<Pipeline> {
        let top = Spot::top(root);
        self.name(top.key("pipeline"), &declared.pipeline);
        let folder = self.root(file, top.key("root"), declared.root.as_deref());
        let frame = self.frame(top, declared);
        let parties = self.parties(top.key("parties"), &declared.parties, &declared.feeds);
        let key = self.contact_key(top, declared, folder.as_deref());
        let feeds = self.feeds(top, declared, folder.as_deref(), frame.zone.as_ref(), key.as_ref());
        let publish_to = self.publish_to(top, declared, folder.as_deref(), &feeds);
        let matching = self.matching(top, declared);
        let terms = self.terms(top, declared, &frame);
        let tiers = self.tiers(top.key("tiers"), declared);
        self.consent(top.key("consent"), declared);

        let rulings = self.rules(top.key("rules"), &declared.rules);
        let terms = terms?;
        let agreement = Agreement {
            id: declared.agreement.id.clone(),
            title: declared.agreement.title.clone().unwrap_or_default(),
            version: declared.agreement.version.clone().unwrap_or_default(),
            zone: frame.zone?,
            zone_name: declared.agreement.timezone.clone(),
            currency: frame.currency?,
            term: frame.term?,
            cycle: frame.cycle,
            grace_days: frame.grace_days,
            close_after_days: frame.close_after_days,
            due_days: frame.due_days,
            parties,
            ratios: terms.ratios,
            rates: terms.rates,
            currencies: terms.charges.currencies,
            settle_on: terms.charges.settle_on,
            fees: terms.charges.fees,
            taxes: terms.charges.taxes,
            caps: terms.charges.caps,
            minimums: terms.charges.minimums,
            late_fee: terms.charges.late_fee,
            rounding: terms.rounding,
            mirror_rounding: terms.mirror_rounding,
            carry_clause: declared.terms.carry_clause.clone(),
            member_rules: matching.members,
            event_rules: matching.events,
            consent_purpose: declared.consent.as_ref().map(|consent| consent.purpose.clone()),
            tiers,
        };
        let mut defaults = std::mem::take(&mut self.defaults);
        defaults.sort();
        Some(Pipeline {
            name: declared.pipeline.clone(),
            file: file.to_owned(),
            digest,
            root: folder?,
            agreement,
            rulings,
            publish_to: publish_to?,
            key_name: key.map(|key| key.key_name().clone()),
            defaults,
            feeds,
        })
    }

    fn name(&mut self, spot: Spot<'_>, name: &str) {
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !fits || name.starts_with('-') || name.len() > 64 {
            self.problem(
                spot.mark(),
                format!("`pipeline` is `{}`, which cannot name a folder", structure::shown(name)),
                "Write at most 64 ASCII letters, digits and hyphens, not beginning with a \
                hyphen; \
                 the name is the output folder's.",
            );
        }
    }
}
