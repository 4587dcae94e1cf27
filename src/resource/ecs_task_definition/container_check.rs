//! What ECS would refuse in single containers, and where two of them are in
//! each other's way.

use std::collections::BTreeMap;

use serde_json::Value;

use super::check::{Checked, links, listed, log_options};
use super::document::{Document, is_fargate, network_mode, objects, shares_ports, text};
use super::sidecar::Sidecar;
use crate::resource::Problems;

/// Members of a health check, with the least and most that ECS takes:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>.
const HEALTH_CHECK: &[(&str, &str, i64, i64)] = &[
    ("interval", "interval", 5, 300),
    ("timeout", "timeout", 2, 60),
    ("retries", "retries", 1, 10),
    ("startPeriod", "start_period", 0, 300),
];
/// The longest that a container on Fargate may take to stop, in seconds.
const FARGATE_STOP: i64 = 120;

/// Checks each container by itself.
pub(super) fn check(checked: &Checked<'_>, problems: &mut Problems) {
    let volumes: Vec<&str> = objects(checked.document, "volumes")
        .map(|volume| text(volume, "name"))
        .collect();
    let names: Vec<&str> = checked.containers().map(|(name, _)| name).collect();
    for (name, container) in checked.containers() {
        let one = One {
            checked,
            name,
            container,
        };
        one.name(problems);
        one.health_check(problems);
        one.stop_timeout(problems);
        one.log(problems);
        one.mounts(&volumes, problems);
        one.links(&names, problems);
    }
}

/// One container.
struct One<'a> {
    checked: &'a Checked<'a>,
    name: &'a str,
    container: &'a Document,
}

impl One<'_> {
    fn place(&self, member: &str) -> String {
        self.checked.places.container(self.name, member)
    }

    fn name(&self, problems: &mut Problems) {
        let is_allowed = |one: char| one.is_ascii_alphanumeric() || "_-".contains(one);
        if self.name.chars().count() > 255 || !self.name.chars().all(is_allowed) {
            problems
                .report(
                    &self.place("name"),
                    format!(
                        "ECS takes no container called `{}`",
                        self.name.escape_debug()
                    ),
                )
                .hint("use at most 255 letters, digits and `_-`");
        }
    }

    fn health_check(&self, problems: &mut Problems) {
        let Some(check) = self.container.get("healthCheck") else {
            return;
        };
        let place = self.place("healthCheck");
        for (member, field, least, most) in HEALTH_CHECK {
            let found = check.get(*member).and_then(Value::as_i64);
            if let Some(found) = found.filter(|found| !(*least..=*most).contains(found)) {
                problems.report(
                    &place,
                    format!(
                        "`{field}` of the container `{}` is {found}, outside {least}–{most}",
                        self.name
                    ),
                );
            }
        }
        let first = check.pointer("/command/0").and_then(Value::as_str);
        if !matches!(first, Some("CMD" | "CMD-SHELL" | "NONE")) {
            problems
                .report(
                    &place,
                    format!("the command of the container `{}` starts with neither `CMD` nor `CMD-SHELL`", self.name),
                )
                .hint("write `[\"CMD\", \"/program\"]` or `[\"CMD-SHELL\", \"command || exit 1\"]`");
        }
    }

    fn stop_timeout(&self, problems: &mut Problems) {
        let seconds = self.container.get("stopTimeout").and_then(Value::as_i64);
        if let Some(seconds) = seconds.filter(|seconds| *seconds > FARGATE_STOP)
            && is_fargate(self.checked.document)
        {
            problems.report(
                &self.place("stopTimeout"),
                format!("{seconds} s to stop, Fargate gives at most {FARGATE_STOP}"),
            );
        }
    }

    fn log(&self, problems: &mut Problems) {
        let Some((driver, options)) = log_options(self.container) else {
            return;
        };
        if driver != "awslogs" {
            return;
        }
        let is_fargate = is_fargate(self.checked.document);
        let place = self.place("logConfiguration");
        for (option, is_needed) in [
            ("awslogs-group", true),
            ("awslogs-region", true),
            ("awslogs-stream-prefix", is_fargate),
        ] {
            if is_needed && !options.contains_key(option) {
                problems
                    .report(
                        &place,
                        format!("the log of the container `{}` has no option `{option}`", self.name),
                    )
                    .hint("`awslogs` needs `awslogs-group` and `awslogs-region`, on Fargate `awslogs-stream-prefix` too");
            }
        }
        if options.contains_key("awslogs-datetime-format")
            && options.contains_key("awslogs-multiline-pattern")
        {
            problems.report(
                &place,
                "`awslogs-datetime-format` and `awslogs-multiline-pattern` exclude each other",
            );
        }
    }

    fn mounts(&self, volumes: &[&str], problems: &mut Problems) {
        for mount in objects(self.container, "mountPoints") {
            let volume = text(mount, "sourceVolume");
            if !volume.is_empty() && !volumes.contains(&volume) {
                problems
                    .report(
                        &self.place("mountPoints"),
                        format!(
                            "the container `{}` mounts the volume `{volume}`, which is not there",
                            self.name
                        ),
                    )
                    .hint("add it to `volumes`");
            }
        }
    }

    fn links(&self, names: &[&str], problems: &mut Problems) {
        let mode = network_mode(self.checked.document);
        for link in links(self.container) {
            if mode != "bridge" {
                problems
                    .report(
                        &self.place("links"),
                        format!("containers cannot be linked in network mode `{mode}`"),
                    )
                    .hint("they reach one another at 127.0.0.1");
                return;
            }
            if !names.contains(&link) {
                problems
                    .report(
                        &self.place("links"),
                        format!("there is no container `{link}` to link to"),
                    )
                    .hint(format!("the containers are {}", listed(names)));
            }
        }
    }
}

/// Checks that no two containers listen on the same port, where they share one
/// address.
pub(super) fn ports(checked: &Checked<'_>, sidecar: Option<&Sidecar>, problems: &mut Problems) {
    let shares = shares_ports(checked.document);
    let mut taken: BTreeMap<(u64, String), &str> = BTreeMap::new();
    for (name, container) in checked.containers() {
        for mapping in objects(container, "portMappings") {
            let number = |member: &str| mapping.get(member).and_then(Value::as_u64);
            let (inside, outside) = (number("containerPort"), number("hostPort"));
            if let (true, Some(inside), Some(outside)) = (shares, inside, outside)
                && inside != outside
            {
                let mode = network_mode(checked.document);
                problems
                    .report(
                        &checked.places.container(name, "portMappings"),
                        format!("port {inside} of the container `{name}` cannot be {outside} outside in network mode `{mode}`"),
                    )
                    .hint("leave `host_port` out");
            }
            let port = if shares {
                inside
            } else {
                outside.filter(|port| *port > 0)
            };
            let Some(port) = port else {
                continue;
            };
            let protocol = mapping
                .get("protocol")
                .and_then(Value::as_str)
                .unwrap_or("tcp");
            match taken.insert((port, protocol.to_owned()), name) {
                Some(other) if other != name => {
                    clash(checked, sidecar, (other, name), (port, protocol), problems);
                }
                _ => {}
            }
        }
    }
}

fn clash(
    checked: &Checked<'_>,
    sidecar: Option<&Sidecar>,
    (first, second): (&str, &str),
    (port, protocol): (u64, &str),
    problems: &mut Problems,
) {
    let sidecar = sidecar.map(Sidecar::name);
    // Of the two, the one that the user may move.
    let movable = if Some(second) == sidecar {
        first
    } else {
        second
    };
    let hint = if sidecar.is_some_and(|name| name == first || name == second) {
        "the sidecar listens there; move the other one"
    } else {
        "give one of them another port"
    };
    problems
        .report(
            &checked.places.container(movable, "portMappings"),
            format!(
                "the containers `{first}` and `{second}` both listen on port {port}/{protocol}"
            ),
        )
        .hint(hint);
}
