//! Reads the first feed of a pipeline into its canonical frame, as a run does: files are digested,
//! read, refused row by row where they must be, and totalled. `ingest.py` takes the time of the
//! whole process; what it prints is held against what others read.

#![allow(clippy::print_stdout, reason = "what it read is for whoever started it")]

use std::error::Error;
use std::path::Path;

use hutong::value::period::Period;
use hutong::{control, pipeline, source};
use rayon::ThreadPoolBuilder;

type Trouble = Box<dyn Error + Send + Sync>;

/// `ingest PIPELINE AS_OF [THREADS]`
fn main() -> Result<(), Trouble> {
    // Cargo gives the benches of a package a switch of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (path, as_of, threads) = match words.as_slice() {
        [path, as_of] => (path, as_of, 0),
        [path, as_of, threads] => (path, as_of, threads.parse()?),
        // `cargo bench` runs every bench of the package, and this one has nothing to read then.
        _ => return Ok(()),
    };
    ThreadPoolBuilder::new().num_threads(threads).build()?.install(|| {
        let pipeline = pipeline::read(Path::new(path))?;
        let agreement = &pipeline.agreement;
        let period = Period::containing(as_of.parse()?, agreement.cycle, &agreement.zone)?;
        let feed = pipeline.feeds(&period).into_iter().next().ok_or("the pipeline has no feed")?;
        let files = source::survey(&feed, &feed.find()?, false)?;
        let read = source::read(&feed, &files, &|_, _| ())?;
        if let Some(fault) = read.faults.first() {
            return Err(format!("{fault:?}").into());
        }
        let parts = control::by_part(&read);
        let points: i128 = parts.iter().filter_map(|part| part.points).sum();
        let (rows, rejects) = (read.rows.num_rows(), read.rejects.len());
        println!("{{\"rows\": {rows}, \"points\": {points}, \"rejects\": {rejects}}}");
        Ok(())
    })
}
