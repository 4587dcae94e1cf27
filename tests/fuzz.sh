#!/usr/bin/env bash
# Runs a fuzz target with libFuzzer, which looks for inputs that reach new code.
# Builds everything once more, with marks at each branch; any toolchain will do,
# and a C++ compiler is needed.
#
# usage: tests/fuzz.sh TARGET [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?usage: tests/fuzz.sh TARGET [SECONDS]}
seconds=${2:-300}
corpus=tests/corpus/$target
found=target/fuzz/$target
[[ -d $corpus ]] || { echo "no target has the corpus $corpus" >&2; exit 1; }

export RUSTFLAGS="--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
# With a target named, flags are for what runs and not for build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
build=(cargo test --locked --lib --profile fuzz --target "$host" --target-dir target/fuzz/build)
test=$("${build[@]}" -- --list | sed -n "s/^\(.*::$target\): test$/\1/p")

# What is new lands in the first folder; the committed corpus stays as it is.
mkdir -p "$found/corpus"
export BOLERO_LIBFUZZER_ARGS="$found/corpus $corpus -artifact_prefix=$found/ \
-max_total_time=$seconds -timeout=10 -max_len=8192"
exec "${build[@]}" -- --exact "$test" --nocapture
