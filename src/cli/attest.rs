//! What stands for a publication: `verify`, keys, signatures, sign-offs, the partner's run, and
//! the run performed again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::arguments::{Arguments, Layout, Voice, WhatIfArguments};
use super::evidence::{self, head};
use super::listing::{Listing, show as shown, text};
use super::memory;
use super::trouble::Trouble;
use super::{progress, say};
use crate::pipeline::{self, Setting};
use crate::publish::Rehearsal;
use crate::review::{self, Check, Publication, ReviewError, SignOff};
use crate::run::{self, Again, Error, exit};
use crate::value::money::counted;

/// `hutong key`.
pub fn key(name: &Path, random: &Path) -> Result<u8, Trouble> {
    let (secret, public, id) = review::make_key(name, random)?;
    say(&format!(
        "Key 密钥 {id}\n{}  sign with it, and keep it 妥善保管\n{}  give it to the partner 交给对方",
        secret.display(),
        public.display()
    ))
}

/// `hutong sign`.
pub fn sign(publication: &Path, key: &Path) -> Result<u8, Trouble> {
    let path = review::sign(&Publication::open(publication)?, key)?;
    say(&format!("Signed 已签名  {}", path.display()))
}

/// `hutong sign-off`.
pub fn sign_off(
    publication: &Path,
    [by, role, says]: [&str; 3],
    at: Timestamp,
) -> Result<u8, Trouble> {
    let said = SignOff {
        number: 0,
        by: by.to_owned(),
        role: role.to_owned(),
        at: at.to_string(),
        says: says.to_owned(),
        manifest: String::new(),
        previous: String::new(),
    };
    let path = review::sign_off(&Publication::open(publication)?, said)?;
    say(&format!("Signed off 已签认  {}", path.display()))
}

/// `hutong compare-with`.
pub fn compare_with(partner: &Path, publication: &Path, layout: Layout) -> Result<u8, Trouble> {
    let (ours, theirs) = (Publication::open(publication)?, Publication::of_partner(partner)?);
    let checks = review::compare(&ours, &theirs)?;
    say(&shown(&head(&ours)?, &told("Compared with the partner 比对对方", &checks), layout)?)?;
    Ok(verdict(&checks))
}

/// `hutong verify`.
pub fn verify(
    publication: &Path,
    inputs: Option<&Path>,
    keys: &[PathBuf],
    arguments: &Arguments,
) -> Result<u8, Trouble> {
    let publication = Publication::open(publication)?;
    let mut checks = review::verify(&publication)?;
    for key in keys {
        checks.push(review::signed(&publication, key)?);
    }
    checks.extend(review::signed_off(&publication)?);
    if let Some(pipeline) = inputs {
        perform_again(&publication, pipeline, &arguments.voice, &mut checks)?;
    }
    if !arguments.voice.is_quiet() {
        let layout = arguments.voice.output_format;
        // Where the statement cannot be read, that is what the checks tell.
        let head = head(&publication).or_else(|trouble| match verdict(&checks) {
            exit::CLEAN => Err(trouble),
            _ => Ok("the statement cannot be read 清算单无法读取".to_owned()),
        })?;
        let mut listings = told("Verified 核验", &checks);
        listings.extend(reviewed(&publication)?);
        say(&shown(&head, &listings, layout)?)?;
    }
    Ok(verdict(&checks))
}

/// Who signed off, when and with which words; nothing where nobody did.
fn reviewed(publication: &Publication) -> Result<Option<Listing>, Trouble> {
    let all = review::sign_offs_of(publication)?;
    let rows =
        all.into_iter().map(|one| vec![one.number.to_string(), one.at, one.by, one.role, one.says]);
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let heads = vec![
        text("number", "no.", "序号"),
        text("at", "when", "时间"),
        text("by", "who", "签认人"),
        text("role", "as", "身份"),
        text("says", "says", "意见"),
    ];
    Ok(Some(Listing::new("sign_offs", "Sign-offs 复核签认".to_owned(), heads, rows)))
}

fn verdict(checks: &[Check]) -> u8 {
    if checks.iter().all(Check::is_clean) { exit::CLEAN } else { exit::DISCREPANCIES }
}

/// Checks, and beneath them what they found.
fn told(title: &str, checks: &[Check]) -> Vec<Listing> {
    let rows = checks.iter().map(|check| {
        let found = match check.found {
            0 => "sound 相符".to_owned(),
            found => format!("{} 不符", counted(found, "fault")),
        };
        vec![found, format!("{} {}", check.name, check.zh), check.compared.clone()]
    });
    let faults = checks.iter().flat_map(|check| {
        check.faults.iter().map(move |fault| vec![check.name.to_owned(), fault.clone()])
    });
    let mut listings = vec![Listing::new(
        "checks",
        title.to_owned(),
        vec![
            text("result", "result", "结果"),
            text("check", "what", "内容"),
            text("compared", "compared", "范围"),
        ],
        rows.collect(),
    )];
    if verdict(checks) != exit::CLEAN {
        listings.push(
            Listing::new(
                "faults",
                "Faults 不符之处".to_owned(),
                vec![text("check", "what", "内容"), text("fault", "fault", "不符")],
                faults.collect(),
            )
            .noted("at most ten of a check are shown 每项至多列十条".to_owned()),
        );
    }
    let beyond = checks.iter().flat_map(|check| {
        check.beyond.iter().map(move |what| vec![check.name.to_owned(), what.clone()])
    });
    let beyond: Vec<Vec<String>> = beyond.collect();
    if !beyond.is_empty() {
        listings.push(
            Listing::new(
                "beyond",
                "What the tables alone cannot tell 仅凭报表无法判定".to_owned(),
                vec![text("check", "what", "内容"), text("why", "why", "原因")],
                beyond,
            )
            .noted("`--inputs PIPELINE` performs the run again 可用 --inputs 重演".to_owned()),
        );
    }
    listings
}

/// Compares the recorded inputs with what lies there now, and where they are the same performs the
/// run again and compares every byte that it publishes.
fn perform_again(
    publication: &Publication,
    pipeline: &Path,
    voice: &Voice,
    checks: &mut Vec<Check>,
) -> Result<(), Trouble> {
    let root = pipeline::read(pipeline).map_err(Error::from)?.root;
    checks.push(review::inputs(publication, pipeline, &root)?);
    if !checks.iter().all(Check::is_clean) {
        return Ok(());
    }
    let (_rehearsal, other) = again(publication, pipeline, Vec::new(), voice)?;
    checks.push(review::same_bytes(publication, &other)?);
    Ok(())
}

/// `hutong what-if`: the run performed again with values set otherwise, and what that changes.
pub fn what_if(wanted: &WhatIfArguments, voice: &Voice) -> Result<u8, Trouble> {
    let publication = Publication::open(&wanted.publication)?;
    let root = pipeline::read(&wanted.pipeline).map_err(Error::from)?.root;
    let same = review::inputs(&publication, &wanted.pipeline, &root)?;
    if !same.is_clean() {
        let title = "What ran is not what lies here 输入已变";
        say(&shown(&head(&publication)?, &told(title, &[same]), voice.output_format)?)?;
        return Ok(exit::DISCREPANCIES);
    }
    let settings = wanted.set.clone();
    let (_rehearsal, other) = again(&publication, &wanted.pipeline, settings, voice)?;
    evidence::compared(&publication, &other, wanted.limit, voice.output_format)?;
    Ok(exit::CLEAN)
}

/// Performs a run again in a folder that vanishes with the first of what it gives.
fn again(
    publication: &Publication,
    pipeline: &Path,
    settings: Vec<Setting>,
    voice: &Voice,
) -> Result<(Rehearsal, Publication), Trouble> {
    let manifest = &publication.manifest;
    let as_of = manifest.as_of.parse().map_err(|_| ReviewError::Unsound {
        path: publication.path("manifest.json"),
        what: format!("its as_of `{}` is no day", manifest.as_of),
    })?;
    let again = Again {
        pipeline: pipeline.to_owned(),
        name: manifest.pipeline.clone(),
        period: manifest.period.clone(),
        as_of,
        is_final: manifest.is_final(),
        published: publication.pipeline_folder()?,
        past: manifest.past.iter().map(|taken| taken.place.clone()).collect(),
        settings,
        memory_bytes: memory::share(),
    };
    let watch = progress::Bars::new(voice);
    let (rehearsal, outcome) = run::again(&again, &watch)?;
    watch.finish();
    let other = Publication::open(outcome.published.folder())?;
    Ok((rehearsal, other))
}
