#!/usr/bin/env bash
# Sets up what the tests need and runs them all: Rust tests, the AWS CLI and
# boto3 against local-collector, and the contract suite against moto.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=target/test-env
if ! cmp -s tests/requirements.txt "$environment/requirements.txt"; then
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt "$environment/requirements.txt"
fi

cargo build --locked --bins
cargo test --locked

# AWS CLI and boto3 as judges of our X-Ray API, and of what an apply leaves.
LOCAL_COLLECTOR_BIN=target/debug/local-collector XRAYCTL_BIN=target/debug/xrayctl \
    PATH="$PWD/$environment/bin:$PATH" "$environment/bin/pytest" --quiet tests/aws

# moto is an AWS that we did not write: the types that it has keep the contract
# there as well. It does not keep the fields of CONTRACT_LACKS.
port_file=$(mktemp)
"$environment/bin/python" tests/moto/serve.py "$port_file" &
moto=$!
trap 'kill "$moto" 2>/dev/null || true; rm -f "$port_file"' EXIT
for _ in $(seq 100); do
    [ -s "$port_file" ] && break
    sleep 0.1
done
CONTRACT_ENDPOINT="http://127.0.0.1:$(cat "$port_file")" CONTRACT_KINDS=kms_key,ecs_task_definition \
    CONTRACT_LACKS=kms_key.rotation_period_in_days,ecs_task_definition.enable_fault_injection \
    cargo test --locked --test contract
