//! Gives a target its corpus, then changes of it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::random::Random;
use super::{bytes, json, protobuf};

/// Bytes of an input that is kept for further changes, at most.
const MOST_BYTES: usize = 8 * 1024;
/// No input of that size may take longer.
const LONGEST: Duration = Duration::from_secs(10);
/// Tries to make an input that fails smaller.
const SHRINKS: usize = 200;

/// One file of a corpus.
struct Seed {
    file: String,
    input: Vec<u8>,
}

/// Judges the corpus `name`, and `inputs` changes of it; for `FUZZ_SECONDS`
/// where that is set. An input that fails is written to `target/fuzz/`.
pub(crate) fn run(name: &str, inputs: usize, judge: fn(&[u8])) {
    let corpus = corpus(name);
    for seed in &corpus {
        if let Err(why) = attempt(judge, &seed.input) {
            panic!("tests/corpus/{name}/{}: {why}", seed.file);
        }
    }
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse().expect("FUZZ_SECONDS is a number"));
    let Some(seconds) = seconds else {
        let mut random = Random::new(1);
        for _ in 0..inputs {
            try_one(name, judge, &corpus, &mut random);
        }
        return;
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut random = Random::new(now.expect("a clock").as_secs());
    let (start, end) = (Instant::now(), Duration::from_secs(seconds));
    let mut count = 0_u64;
    while start.elapsed() < end {
        try_one(name, judge, &corpus, &mut random);
        count += 1;
    }
    say(&format!("{name}: {count} inputs in {seconds} s"));
}

#[expect(
    clippy::print_stderr,
    reason = "who asks for minutes wants to see what they gave"
)]
fn say(text: &str) {
    eprintln!("{text}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The committed inputs, in the order of their names.
fn corpus(name: &str) -> Vec<Seed> {
    let folder = root().join("tests/corpus").join(name);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|_| panic!("no corpus in {}", folder.display()));
    let mut corpus: Vec<Seed> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            Seed {
                file: path.file_name().unwrap().to_str().unwrap().to_owned(),
                input: fs::read(&path).unwrap(),
            }
        })
        .collect();
    assert!(corpus.len() >= 5, "{name} has few inputs");
    corpus.sort_by(|a, b| a.file.cmp(&b.file));
    corpus
}

/// Judges a new input. One that fails is made smaller, and kept.
fn try_one(name: &str, judge: fn(&[u8]), corpus: &[Seed], random: &mut Random) {
    let input = changed(corpus, random);
    let Err(why) = attempt(judge, &input) else {
        return;
    };
    let smaller = shrunk(judge, input, random);
    let path = keep(name, &smaller);
    panic!(
        "{} fails, put it into tests/corpus/{name}/: {why}",
        path.display()
    );
}

/// One of the corpus, changed up to eight times.
fn changed(corpus: &[Seed], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(corpus).input.clone();
    for _ in 0..1 << random.below(4) {
        let other = &random.pick(corpus).input;
        let meant = match random.below(3) {
            0 => protobuf::change(&input, random),
            1 => json::change(&input, random),
            _ => None,
        };
        match meant {
            Some(changed) => input = changed,
            None => bytes::change(&mut input, other, random),
        }
        input.truncate(MOST_BYTES);
    }
    input
}

/// Judges an input; says what is wrong.
fn attempt(judge: fn(&[u8]), input: &[u8]) -> Result<(), String> {
    let start = Instant::now();
    let judged = catch_unwind(AssertUnwindSafe(|| judge(input)));
    let taken = start.elapsed();
    match judged {
        Err(panic) => Err(match panic.downcast_ref::<String>() {
            Some(text) => text.clone(),
            None => "a panic".to_owned(),
        }),
        Ok(()) if taken > LONGEST => Err(format!("{} bytes took {taken:?}", input.len())),
        Ok(()) => Ok(()),
    }
}

/// Takes pieces out of an input as long as it still fails.
fn shrunk(judge: fn(&[u8]), mut input: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..SHRINKS {
        let mut smaller = input.clone();
        smaller.drain(random.range(input.len()));
        if attempt(judge, &smaller).is_err() {
            input = smaller;
        }
    }
    input
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let folder = root().join("target/fuzz");
    fs::create_dir_all(&folder).unwrap();
    let sum = input.iter().fold(input.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    let path = folder.join(format!("{name}-{sum:016x}"));
    fs::write(&path, input).unwrap();
    path
}
