#!/usr/bin/env bash
# Sets up what the tests need and runs them all: Rust tests, the AWS CLI and
# boto3 against local-collector, SDKs and bad days against its receivers, samplers
# beside ours, a second reckoning of what the X-Ray API answers, and the contract suite
# against moto.
set -euo pipefail
cd "$(dirname "$0")/.."

. tests/install.sh
# Installs what the lock file of the folder $1 names into the folder $2. Nothing
# that a package brings is run.
install_node() {
    if ! cmp -s "$1/package-lock.json" "$2/installed.json"; then
        rm -rf "$2"
        mkdir -p "$2"
        cp "$1/package.json" "$1/package-lock.json" "$2"
        npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel error
        cp "$1/package-lock.json" "$2/installed.json"
    fi
}
# Unpacks promtool, which Debian has in its package of Prometheus, into the folder
# $1: nothing is installed on the machine.
unpack_promtool() {
    [ -x "$1/usr/bin/promtool" ] && return
    rm -rf "$1"
    mkdir -p "$1"
    if ! (cd "$1" && download prometheus && dpkg -x ./*.deb .); then
        echo "promtool is missing: put it on PATH" >&2
        return 1
    fi
    rm -r "$1"/*.deb "$1/usr/bin/prometheus"
}
# Downloads a package of Debian; where it is not known, once its lists are read.
download() {
    local update=(apt-get update -qq)
    [ "$(id -u)" = 0 ] || update=(sudo "${update[@]}")
    apt-get download -qq "$1" || { "${update[@]}" && apt-get download -qq "$1"; }
}
environment=target/test-env
install tests/requirements.txt "$environment"
install tests/checkov-requirements.txt target/checkov-env
install tests/collector/older-requirements.txt target/older-env
install_node tests/collector/node target/test-node
install_node tests/sampling/node target/sampling-node
PIP_NO_DEPS=1 install tests/sampling/adot-requirements.txt target/adot-env
if ! PROMTOOL=$(command -v promtool); then
    unpack_promtool target/promtool
    PROMTOOL=$PWD/target/promtool/usr/bin/promtool
fi

# Builds the binaries as well, for all that follows.
cargo test --locked

# Runs the tests of folders in Python. Those whose conftest others import go by
# themselves: all of them are modules of that one name.
judge() {
    LOCAL_COLLECTOR_BIN=target/debug/local-collector XRAYCTL_BIN=target/debug/xrayctl \
        PROMTOOL="$PROMTOOL" \
        PATH="$PWD/$environment/bin:$PATH" "$environment/bin/pytest" --quiet "$@"
}
# AWS CLI and boto3 as judges of our X-Ray API and of what an apply leaves,
# checkov as a reader of our plans, SDKs as clients of the collector, promtool as a
# reader of its page.
judge tests/aws tests/collector
# SDKs that take their sampling from us.
judge tests/sampling
# The X-Ray API as those at a desk ask it: what it answers of a generated load equals
# what Python reckons from the same segments.
judge tests/desk

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
# moto drops the period of a key's rotation, the class of a log group and fault
# injection of task definitions, keeps no change of a function's tracing mode, and
# takes layers of its own account and region alone. It has no composite alarms, and
# keeps no tags of dashboards, so that nobody owns one.
lacks=kms_key.rotation_period_in_days,log_group.log_group_class
lacks+=,ecs_task_definition.enable_fault_injection
lacks+=,lambda_function.tracing_mode,lambda_function.layers
kinds=kms_key,iam_policy,iam_role,iam_role_policy_attachment,alarm,log_group
kinds+=,ecs_task_definition,lambda_function,api_gateway_stage
CONTRACT_ENDPOINT="http://127.0.0.1:$(cat "$port_file")" \
    CONTRACT_KINDS=$kinds CONTRACT_LACKS=$lacks \
    cargo test --locked --test contract
