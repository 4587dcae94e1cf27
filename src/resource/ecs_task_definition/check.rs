//! What ECS would refuse in a task definition, and what its tasks would fail
//! of, told before any call.
//!
//! Rules: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html>.

use serde_json::{Map, Value};

use super::document::{
    CONTAINERS, Document, containers, is_fargate, network_mode, objects, text, texts,
};
use super::place::Places;
use super::sidecar::{Sidecar, SidecarKind};
use super::{EcsTaskDefinitionSpec, container_check, depends, instrument, size};
use crate::resource::Problems;

/// The most containers of a task definition.
const MAX_CONTAINERS: usize = 10;
/// The most bytes of a task definition:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>.
const MAX_BYTES: usize = 64 * 1024;

/// Stands in for the stack's region, which a type is not told before it plans.
const ANY_REGION: &str = "us-east-1";

/// Reports everything that is wrong with the task definition of `family`.
pub(super) fn check(family: &str, spec: &EcsTaskDefinitionSpec, problems: &mut Problems) {
    let places = Places::new(spec);
    family_name(family, &places, problems);
    for (place, name) in places.in_snake_case() {
        problems
            .report(&place, "the base is written as the AWS CLI writes it")
            .hint(format!("write `{name}`"));
    }
    for (name, place) in places.twice() {
        problems
            .report(&place, format!("there are two containers called `{name}`"))
            .hint("give one of them another name");
    }
    let bare = spec.without_sidecar();
    if EcsTaskDefinitionSpec::from_document(&bare).is_none() {
        problems.report("/base", "a role or the family is no text in it");
        return;
    }
    tracing(spec, &bare, problems);
    let document = spec.with_sidecar(bare, Some(ANY_REGION));
    let checked = Checked {
        document: &document,
        places: &places,
    };
    if !checked.containers_are_sound(spec, problems) {
        return;
    }
    checked.size(problems);
    checked.roles(problems);
    container_check::check(&checked, problems);
    depends::check(&checked, problems);
    container_check::ports(&checked, spec.sidecar.as_ref(), problems);
}

/// A task definition with the places that it was said in.
pub(super) struct Checked<'a> {
    pub(super) document: &'a Document,
    pub(super) places: &'a Places<'a>,
}

fn family_name(family: &str, places: &Places<'_>, problems: &mut Problems) {
    let is_allowed = |one: char| one.is_ascii_alphanumeric() || "_-".contains(one);
    let length = family.chars().count();
    if !(1..=255).contains(&length) || !family.chars().all(is_allowed) {
        let family = family.escape_debug();
        problems
            .report(
                &places.task("family"),
                format!("ECS takes no family called `{family}`"),
            )
            .hint("use at most 255 letters, digits and `_-`, or set `family`");
    }
}

/// Tells why the name of a sidecar is not to be had: another container has it.
pub(super) fn name_taken(sidecar: &Sidecar, document: &Document) -> Option<(String, String)> {
    let mut all = containers(document);
    let taken = all.find(|one| text(one, "name") == sidecar.name() && sidecar.is_other(one))?;
    Some((
        format!(
            "the name `{}` belongs to another container, which runs `{}`",
            sidecar.name(),
            text(taken, "image")
        ),
        "give the sidecar another `name`, or its `image` if that container is the sidecar"
            .to_owned(),
    ))
}

/// Checks the sidecar and what is said of its users, before they are added.
fn tracing(spec: &EcsTaskDefinitionSpec, bare: &Document, problems: &mut Problems) {
    let Some(sidecar) = &spec.sidecar else {
        if spec.instrument.is_some() {
            problems
                .report("/instrument", "there is no sidecar to send traces to")
                .hint("add `sidecar = { kind = \"adot\" }`");
        }
        return;
    };
    if let Some((message, hint)) = name_taken(sidecar, bare) {
        problems.report("/sidecar/name", message).hint(hint);
    } else if let Some(namesake) = sidecar.namesake(bare) {
        let known = containers(bare).any(|one| text(one, "name") == sidecar.name());
        if !known {
            problems
                .report(
                    "/sidecar",
                    format!("the container `{namesake}` runs its image already"),
                )
                .hint(format!(
                    "to go on with that one, set `name = \"{namesake}\"`"
                ));
        }
    }
    sidecar_itself(sidecar, problems);
    if let Some(instrument) = &spec.instrument {
        instrumented(spec, sidecar, instrument, bare, problems);
    }
}

fn sidecar_itself(sidecar: &Sidecar, problems: &mut Problems) {
    if sidecar.log_group.is_some() && sidecar.log_configuration.is_some() {
        problems
            .report("/sidecar/log_group", "is given beside `log_configuration`")
            .hint("leave one of them out");
    }
    if sidecar.kind == SidecarKind::XrayDaemon {
        if sidecar.config.is_some() {
            problems
                .report(
                    "/sidecar/config",
                    "the X-Ray daemon takes no configuration here",
                )
                .hint("give its flags as `command`, such as `[\"-l\", \"dev\"]`");
        }
        if sidecar.health_check.is_some() {
            problems
                .report(
                    "/sidecar/health_check",
                    "the image of the X-Ray daemon holds nothing that could check it",
                )
                .hint("leave it out");
        }
    }
    if sidecar.kind == SidecarKind::CloudwatchAgent
        && let Some(config) = &sidecar.config
        && let Err(error) = serde_json::from_str::<Map<String, Value>>(config)
    {
        problems
            .report("/sidecar/config", format!("is no JSON object: {error}"))
            .hint("the CloudWatch agent takes its configuration as JSON");
    }
}

fn instrumented(
    spec: &EcsTaskDefinitionSpec,
    sidecar: &Sidecar,
    instrument: &instrument::Instrument,
    bare: &Document,
    problems: &mut Problems,
) {
    let sdk = spec.sdk(sidecar);
    if sidecar.kind == SidecarKind::XrayDaemon && sdk == instrument::Sdk::Opentelemetry {
        problems
            .report(
                "/instrument/sdk",
                "the X-Ray daemon does not take what OpenTelemetry sends",
            )
            .hint("use a sidecar of kind `adot` or `cloudwatch-agent`");
    }
    if let Some(field) = instrument.misplaced(sdk) {
        let other = match sdk {
            instrument::Sdk::Xray => "opentelemetry",
            instrument::Sdk::Opentelemetry => "xray",
        };
        problems.report(
            &format!("/instrument/{field}"),
            format!("is for `sdk = \"{other}\"`"),
        );
    }
    if network_mode(bare) == "none" {
        problems
            .report(
                "/instrument",
                "the containers have no network to reach the sidecar over",
            )
            .hint("use another `network_mode` than `none`");
    }
    let known: Vec<&str> = containers(bare).map(|one| text(one, "name")).collect();
    let asked = instrument.containers.iter().flatten().enumerate();
    for (index, name) in asked {
        if !known.contains(&name.as_str()) {
            problems
                .report(
                    &format!("/instrument/containers/{index}"),
                    format!("there is no container `{name}`"),
                )
                .hint(format!("the containers are {}", listed(&known)));
        }
    }
}

/// Lists names for a hint.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl Checked<'_> {
    /// The containers with their names.
    pub(super) fn containers(&self) -> impl Iterator<Item = (&str, &Document)> {
        containers(self.document).map(|container| (text(container, "name"), container))
    }

    /// Checks that there are containers, each with name and image, and not too
    /// many; false where nothing more can be said.
    fn containers_are_sound(&self, spec: &EcsTaskDefinitionSpec, problems: &mut Problems) -> bool {
        let place = self.places.task(CONTAINERS);
        let all = self.document.get(CONTAINERS).and_then(Value::as_array);
        let count = all.map_or(0, Vec::len);
        let sidecar = spec.sidecar.as_ref().map(Sidecar::name);
        if self.containers().all(|(name, _)| Some(name) == sidecar) {
            problems
                .report(&place, "there is no container")
                .hint("name one in `container_definitions`, or give a `base` that has one");
            return false;
        }
        if count > MAX_CONTAINERS {
            let with_sidecar = if sidecar.is_some() {
                ", the sidecar among them"
            } else {
                ""
            };
            problems.report(
                &place,
                format!(
                    "there are {count} containers{with_sidecar}, ECS takes at most {MAX_CONTAINERS}"
                ),
            );
        }
        let bytes = Value::Object(self.document.clone()).to_string().len();
        if bytes > MAX_BYTES {
            problems.report(
                "",
                format!("the task definition has {bytes} bytes, ECS takes at most {MAX_BYTES}"),
            );
        }
        let mut sound = true;
        for (index, item) in all.into_iter().flatten().enumerate() {
            let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() {
                problems
                    .report(&format!("{place}/{index}"), "a container has no `name`")
                    .hint("every container needs one");
                sound = false;
            } else if item
                .get("image")
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                problems
                    .report(
                        &self.places.container(name, ""),
                        format!("the container `{name}` has no `image`"),
                    )
                    .hint("only one that the base has too may leave it out");
            }
        }
        let is_essential = |container: &Document| container.get("essential") != Some(&false.into());
        if sound && !self.containers().any(|(_, one)| is_essential(one)) {
            problems
                .report(&place, "no container is essential")
                .hint("ECS wants at least one with which the task stops");
        }
        sound
    }

    /// Reads the task's CPU and memory.
    fn amounts(&self, problems: &mut Problems) -> (Option<u64>, Option<u64>) {
        let mut read = |name: &str, hint: &str, parse: fn(&str) -> Option<u64>| {
            let value = self.document.get(name)?;
            let written = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let amount = parse(&written);
            if amount.is_none() {
                problems
                    .report(
                        &self.places.task(name),
                        format!("`{written}` is no amount of {name}"),
                    )
                    .hint(hint);
            }
            amount
        };
        let cpu = read(
            "cpu",
            "write units, 1024 to a vCPU, or `0.25 vCPU`",
            size::cpu,
        );
        let memory = read("memory", "write MiB, or `1GB`", size::memory);
        (cpu, memory)
    }

    /// Checks the size of the task, and that its containers fit.
    fn size(&self, problems: &mut Problems) {
        let (cpu, memory) = self.amounts(problems);
        if is_fargate(self.document) {
            self.fargate(cpu, memory, problems);
        }
        let number = |container: &Document, name: &str| {
            container.get(name).and_then(Value::as_u64).unwrap_or(0)
        };
        let reserved = |container: &Document| match number(container, "memoryReservation") {
            0 => number(container, "memory"),
            reserved => reserved,
        };
        let cpus: u64 = self.containers().map(|(_, one)| number(one, "cpu")).sum();
        let memories: u64 = self.containers().map(|(_, one)| reserved(one)).sum();
        for (name, sum, all) in [("cpu", cpus, cpu), ("memory", memories, memory)] {
            if let Some(all) = all.filter(|all| sum > *all) {
                problems
                    .report(
                        &self.places.task(name),
                        format!("the containers set aside {sum} {name}, the task has {all}"),
                    )
                    .hint(format!(
                        "raise the task's `{name}`, or lower that of its containers"
                    ));
            }
        }
        for (name, container) in self.containers() {
            self.memory_of(name, container, memory, problems);
        }
    }

    fn fargate(&self, cpu: Option<u64>, memory: Option<u64>, problems: &mut Problems) {
        if network_mode(self.document) != "awsvpc" {
            problems
                .report(
                    &self.places.task("networkMode"),
                    "Fargate takes no `network_mode` but `awsvpc`",
                )
                .hint("write `network_mode = \"awsvpc\"`");
        }
        for name in ["cpu", "memory"] {
            if !self.document.contains_key(name) {
                problems
                    .report("", format!("Fargate wants `{name}` for the task"))
                    .hint("the smallest task has `cpu = 256` and `memory = 512`");
            }
        }
        let (Some(cpu), Some(memory)) = (cpu, memory) else {
            return;
        };
        if let Some((message, hint)) = size::fargate_problem(cpu, memory) {
            problems
                .report(&self.places.task("memory"), message)
                .hint(hint);
        }
    }

    fn memory_of(
        &self,
        name: &str,
        container: &Document,
        task: Option<u64>,
        problems: &mut Problems,
    ) {
        let number = |member: &str| container.get(member).and_then(Value::as_u64);
        let (hard, soft) = (number("memory"), number("memoryReservation"));
        if let (Some(hard), Some(task)) = (hard, task)
            && hard > task
        {
            problems.report(
                &self.places.container(name, "memory"),
                format!("the container `{name}` may use {hard} MiB, the task has {task}"),
            );
        }
        if let (Some(hard), Some(soft)) = (hard, soft)
            && soft > hard
        {
            problems
                .report(
                    &self.places.container(name, "memoryReservation"),
                    format!("the container `{name}` sets aside {soft} MiB and may use {hard}"),
                )
                .hint("`memory` must be more than `memory_reservation`");
        }
        if hard.is_none() && soft.is_none() && !self.document.contains_key("memory") {
            problems
                .report(
                    &self.places.container(name, ""),
                    format!("the container `{name}` has no memory"),
                )
                .hint("give it `memory` or `memory_reservation`, or the task `memory`");
        }
    }

    /// Checks that there is a role for what ECS does on the task's behalf.
    fn roles(&self, problems: &mut Problems) {
        if self.document.contains_key("executionRoleArn") {
            return;
        }
        let is_fargate = is_fargate(self.document);
        for (name, container) in self.containers() {
            let log = container.get("logConfiguration").and_then(Value::as_object);
            let writes_logs = log.is_some_and(|log| text(log, "logDriver") == "awslogs");
            let is_private = text(container, "image").contains(".dkr.ecr.");
            let has_secrets = objects(container, "secrets").next().is_some();
            let (member, need) = if has_secrets {
                ("secrets", "reads secrets")
            } else if is_fargate && writes_logs {
                ("logConfiguration", "writes to CloudWatch Logs")
            } else if is_fargate && is_private {
                ("image", "is pulled from ECR")
            } else {
                continue;
            };
            problems
                .report(
                    &self.places.container(name, member),
                    format!(
                        "the container `{name}` {need}, for which ECS needs an `execution_role_arn`"
                    ),
                )
                .hint("name a role of `[iam.roles]`, or give its ARN");
            return;
        }
    }
}

/// The options of a container's log driver.
pub(super) fn log_options(container: &Document) -> Option<(&str, &Map<String, Value>)> {
    let log = container.get("logConfiguration")?.as_object()?;
    let options = log.get("options")?.as_object()?;
    Some((text(log, "logDriver"), options))
}

/// The links of a container without their aliases.
pub(super) fn links(container: &Document) -> impl Iterator<Item = &str> {
    texts(container, "links").map(|link| link.split(':').next().unwrap_or(link))
}
