//! Fuzz targets: tests that judge any bytes, each beside the parser that it is
//! for, in a module `fuzz`.
//!
//! `cargo test` gives a target every file of `tests/corpus/TARGET/` and some
//! hundred changes of them, the same ones each time. For minutes, with new
//! changes each time: `FUZZ_SECONDS=300 cargo test --lib fuzz::`. With
//! `tests/fuzz.sh`, libFuzzer looks for inputs that reach new code. How:
//! `docs/fuzzing.md`.

#[cfg(not(fuzzing))]
mod bytes;
#[cfg(not(fuzzing))]
mod json;
#[cfg(not(fuzzing))]
mod protobuf;
#[cfg(not(fuzzing))]
mod random;
#[cfg(not(fuzzing))]
mod run;

use std::time::{Duration, Instant};

#[cfg(not(fuzzing))]
pub(crate) use run::run;

/// Makes a test of a function that judges any bytes: it panics where the code
/// under test does wrong. The corpus has the test's name. `inputs` is how many
/// changed inputs `cargo test` tries.
macro_rules! target {
    ($name:ident, $judge:expr) => {
        $crate::fuzz::target!($name, 400, $judge);
    };
    ($name:ident, $inputs:literal, $judge:expr) => {
        #[test]
        fn $name() {
            let judge: fn(&[u8]) = $judge;
            #[cfg(not(fuzzing))]
            $crate::fuzz::run(stringify!($name), $inputs, judge);
            #[cfg(fuzzing)]
            bolero::check!().for_each(|input: &[u8]| judge(input));
        }
    };
}

/// Asserts that an output is bounded by its input: no sender may make much of
/// little. `times` is what the worst input that is known needs, rounded up.
#[track_caller]
pub(crate) fn bounded(input: &[u8], output: usize, times: usize) {
    let most = times * (input.len() + 16);
    assert!(
        output <= most,
        "{output} bytes of {}: more than {times} times as much",
        input.len()
    );
}

/// Asserts that work on a large input ends in seconds, in a debug build too. What
/// takes time by the square of its input takes much longer.
#[track_caller]
pub(crate) fn swift<T>(work: impl FnOnce() -> T) -> T {
    let (start, began) = (Instant::now(), on_processor());
    let result = work();
    let taken = match (began, on_processor()) {
        (Some(began), Some(ended)) => ended.saturating_sub(began),
        _ => start.elapsed(),
    };
    assert!(taken < Duration::from_secs(5), "it took {taken:?}");
    result
}

/// How long this thread has run, others that wanted the processor left out;
/// `None` where the system does not tell.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

pub(crate) use target;
