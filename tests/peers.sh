#!/usr/bin/env bash
# Runs ours beside the real ones: the AWS X-Ray daemon and the OpenTelemetry Collector
# forward to local-collector and take what it forwards, the Collector accepts and runs
# the configuration that we generate, and the benchmark sets all of them against ours.
# The peers' binaries are taken from the folder $PEERS, or from PATH.
set -euo pipefail
if [ -n "${PEERS:-}" ]; then
    PATH="$(cd "$PEERS" && pwd):$PATH"
fi
cd "$(dirname "$0")/.."

missing=0
# Says so where the program $1 is not there, or is not version $2 of $3. The rest
# makes it tell its version.
peer() {
    local name=$1 version=$2 what=$3 told
    shift 3
    if ! command -v "$name" >/dev/null; then
        echo "error: \`$name\` is missing: $what, version $version" >&2
        missing=1
        return
    fi
    told=$("$name" "$@" 2>&1) || true
    if ! grep -qE "(^|[^0-9.])${version//./\\.}([^0-9]|$)" <<<"$told"; then
        echo "error: \`$name\` is to be version $version of $what; it says: ${told%%$'\n'*}" >&2
        missing=1
    fi
}
peer xray 3.6.6 "the AWS X-Ray daemon" --version
peer otelcol 0.155.0 "the OpenTelemetry Collector" --version
peer otelcol-awsxray 0.120.0 "the OpenTelemetry Collector with its awsxray exporter" --version
# The Collector with all of its components, where it is there.
if command -v otelcol-contrib >/dev/null; then
    peer otelcol-contrib 0.155.0 "the OpenTelemetry Collector (contrib)" --version
fi
peer rotel 0.0.1-alpha10 "Rotel" --version
peer jaeger 2.20 "Jaeger" version
if [ "$missing" -ne 0 ]; then
    echo "hint: put the programs, named so, into one folder and that into PEERS" >&2
    exit 1
fi

. tests/install.sh
environment=target/test-env
install tests/requirements.txt "$environment"
# The binaries come with it, built as they are for the other tests.
cargo test --locked --no-run --test layers
LOCAL_COLLECTOR_BIN=target/debug/local-collector XRAYCTL_BIN=target/debug/xrayctl \
    PYTHONPATH=tests/collector:tests/peers "$environment/bin/pytest" \
    --quiet -p conftest -p peer tests/peers

cargo bench --locked --bench peers
