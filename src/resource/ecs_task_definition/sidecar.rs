//! The tracing sidecar of a task definition. What the spec says of it holds;
//! what it does not say is taken from the container that the base has under
//! its name, and failing that, from what suits the kind.
//!
//! Of the images, read on 2026-11-21 and not tried here: the X-Ray daemon's is
//! made from scratch, so that nothing in it can check its health; the
//! collector's has the program `/healthcheck` and configurations in `/etc/ecs`,
//! and takes one of its own from `AOT_CONFIG_CONTENT`; the CloudWatch agent's
//! takes one from `CW_CONFIG_CONTENT`.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon-ecs.html>,
//! <https://aws-otel.github.io/docs/setup/ecs>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/deploy-servicelens-CloudWatch-agent-deploy-ECS.html>.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::container::{HealthCheck, LogConfiguration};
use super::document::{Document, containers, containers_mut, objects, text};
use super::instrument::Sdk;
use super::shape;

/// The order in which a new container is written.
const ORDER: &[&str] = &[
    "name",
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "essential",
    "portMappings",
    "command",
    "environment",
    "secrets",
    "healthCheck",
    "logConfiguration",
];

/// Which program takes traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_sidecar_kind")]
#[serde(rename_all = "kebab-case")]
pub(super) enum SidecarKind {
    /// The AWS Distro for OpenTelemetry Collector.
    Adot,
    /// The CloudWatch agent.
    CloudwatchAgent,
    /// The X-Ray daemon, in maintenance since 2026-02-25.
    XrayDaemon,
}

/// A container that takes traces from the others and sends them to X-Ray.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_sidecar")]
#[serde(deny_unknown_fields)]
pub(super) struct Sidecar {
    /// `adot`, the AWS Distro for OpenTelemetry Collector; `cloudwatch-agent`;
    /// or `xray-daemon`, which is in maintenance since 2026-02-25.
    pub(super) kind: SidecarKind,
    /// The container's name. Default: `aws-otel-collector`, `cloudwatch-agent`
    /// or `xray-daemon`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"), extend("x-hint" = "a name takes letters, digits and `_-`"))]
    pub(super) name: Option<String>,
    /// Its image. Default: `aws-otel-collector:v0.43.1` of
    /// `public.ecr.aws/aws-observability`, `cloudwatch-agent:1.300064.0b1337`
    /// of `public.ecr.aws/cloudwatch-agent`, or `aws-xray-daemon:3.3.7` of
    /// `public.ecr.aws/xray`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) image: Option<String>,
    /// CPU units set aside for it. Default: 32 where the task has no `cpu` of
    /// its own, else a share of the task's.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub(super) cpu: Option<i32>,
    /// The memory that it may use, in MiB. Default: what the task has.
    #[serde(default)]
    #[schemars(range(min = 6))]
    pub(super) memory: Option<i32>,
    /// The memory set aside for it, in MiB. Default: 256 where neither it nor
    /// the task has a `memory`.
    #[serde(default)]
    #[schemars(range(min = 6))]
    pub(super) memory_reservation: Option<i32>,
    /// Whether the task stops with it. Default: false.
    #[serde(default)]
    pub(super) essential: Option<bool>,
    /// The CloudWatch log group that its log goes to, by its name at AWS. One
    /// that the spec has under that name is made first.
    #[serde(default)]
    #[schemars(length(min = 1, max = 512))]
    pub(super) log_group: Option<String>,
    /// Where its log goes, in place of `log_group`.
    #[serde(default)]
    #[schemars(with = "Option<LogConfiguration>")]
    pub(super) log_configuration: Option<Map<String, Value>>,
    /// Further environment variables.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    /// Environment variables taken from Secrets Manager or Parameter Store:
    /// the ARN, by name.
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, String>,
    /// How ECS tells whether it is well. Default: `/healthcheck` for `adot`,
    /// unless its `config` has no `health_check`; none for the others.
    #[serde(default)]
    #[schemars(with = "Option<HealthCheck>")]
    pub(super) health_check: Option<Map<String, Value>>,
    /// Its command. Default: for `adot`, the image's own configuration for
    /// traces; for the daemon, nothing: what stands here are its flags.
    #[serde(default)]
    pub(super) command: Option<Vec<String>>,
    /// Its configuration: YAML for `adot`, JSON for `cloudwatch-agent`.
    /// Default: OTLP on 4317 and 4318, or X-Ray's protocol on 2000 with
    /// `sdk = "xray"`, sent to X-Ray.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) config: Option<String>,
}

impl SidecarKind {
    /// The container's name where none is given.
    fn name(self) -> &'static str {
        match self {
            Self::Adot => "aws-otel-collector",
            Self::CloudwatchAgent => "cloudwatch-agent",
            Self::XrayDaemon => "xray-daemon",
        }
    }

    /// The image where none is given.
    fn image(self) -> &'static str {
        match self {
            Self::Adot => "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1",
            Self::CloudwatchAgent => {
                "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300064.0b1337"
            }
            Self::XrayDaemon => "public.ecr.aws/xray/aws-xray-daemon:3.3.7",
        }
    }

    /// The SDK that its users have, where the spec does not say.
    pub(super) fn usual_sdk(self) -> Sdk {
        match self {
            Self::XrayDaemon => Sdk::Xray,
            Self::Adot | Self::CloudwatchAgent => Sdk::Opentelemetry,
        }
    }

    /// The variable that holds a configuration.
    fn config_variable(self) -> Option<&'static str> {
        match self {
            Self::Adot => Some("AOT_CONFIG_CONTENT"),
            Self::CloudwatchAgent => Some("CW_CONFIG_CONTENT"),
            Self::XrayDaemon => None,
        }
    }
}

impl Sidecar {
    /// The container's name.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.kind.name())
    }

    /// Tells whether `container`, which has the sidecar's name, is another
    /// thing altogether: it runs another image.
    pub(super) fn is_other(&self, container: &Map<String, Value>) -> bool {
        let image = text(container, "image");
        let ours = [self.image.as_deref(), Some(self.kind.image())];
        let mut ours = ours.into_iter().flatten();
        !image.is_empty() && !ours.any(|one| repository(one) == repository(image))
    }

    /// Finds a container that runs the sidecar's image under another name.
    pub(super) fn namesake<'d>(&self, document: &'d Document) -> Option<&'d str> {
        let others = containers(document).filter(|one| text(one, "name") != self.name());
        let mut same = others.filter(|one| !text(one, "image").is_empty() && !self.is_other(one));
        same.next().map(|container| text(container, "name"))
    }

    /// Adds the sidecar to a task definition, or to the container of its name
    /// what that lacks. A second time adds nothing.
    pub(super) fn add_to(&self, document: &mut Document, sdk: Sdk, region: Option<&str>) {
        let said = self.said(region);
        let task: Map<String, Value> = ["cpu", "memory"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), document.get(name)?.clone())))
            .collect();
        let name = self.name().to_owned();
        let Some(containers) = containers_mut(document) else {
            return;
        };
        let standing = containers
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .find(|one| text(one, "name") == name);
        if let Some(container) = standing {
            put(container, said);
            self.fill(container, &task, sdk, region);
            return;
        }
        let mut container = Map::from_iter([("name".to_owned(), Value::from(name))]);
        put(&mut container, said);
        self.fill(&mut container, &task, sdk, region);
        let known = ORDER
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), container.get(*name)?.clone())));
        containers.push(Value::Object(known.collect()));
    }

    /// What the spec says of the container, in AWS's form.
    fn said(&self, region: Option<&str>) -> Map<String, Value> {
        let mut log = self.log_configuration.clone();
        if let (Some(log), Some(region)) = (&mut log, region)
            && text(log, "log_driver") == "awslogs"
            && let Some(options) = log.get_mut("options").and_then(Value::as_object_mut)
        {
            options.entry("awslogs-region").or_insert(region.into());
        }
        let log = log.or_else(|| self.awslogs(region));
        let said = json!({
            "image": self.image,
            "cpu": self.cpu,
            "memory": self.memory,
            "memory_reservation": self.memory_reservation,
            "essential": self.essential,
            "command": self.command,
            "environment": self.environment,
            "secrets": self.secrets,
            "health_check": self.health_check,
            "log_configuration": log,
        });
        let mut said = said.as_object().cloned().unwrap_or_default();
        if let (Some(config), Some(variable)) = (&self.config, self.kind.config_variable()) {
            said["environment"][variable] = Value::from(config.as_str());
        }
        said.retain(|_, value| !value.is_null() && *value != json!({}));
        shape::to_aws(shape::CONTAINER, &said)
    }

    fn awslogs(&self, region: Option<&str>) -> Option<Map<String, Value>> {
        let mut options = Map::new();
        options.insert("awslogs-group".to_owned(), self.log_group.clone()?.into());
        if let Some(region) = region {
            options.insert("awslogs-region".to_owned(), region.into());
        }
        options.insert("awslogs-stream-prefix".to_owned(), self.name().into());
        Some(Map::from_iter([
            ("log_driver".to_owned(), "awslogs".into()),
            ("options".to_owned(), options.into()),
        ]))
    }

    /// Adds what the container lacks.
    fn fill(
        &self,
        container: &mut Map<String, Value>,
        task: &Map<String, Value>,
        sdk: Sdk,
        region: Option<&str>,
    ) {
        let mut add = |name: &str, value: Value| {
            container.entry(name).or_insert(value);
        };
        add("image", self.kind.image().into());
        add("essential", false.into());
        if !task.contains_key("cpu") {
            add("cpu", 32.into());
        }
        let has_memory = container.contains_key("memory") || task.contains_key("memory");
        if !has_memory {
            container.entry("memoryReservation").or_insert(256.into());
        }
        if let Some(region) = region {
            add_variable(container, "AWS_REGION", region);
        }
        self.fill_configuration(container, sdk);
        for (port, protocol) in self.ports(sdk) {
            add_port(container, *port, protocol);
        }
    }

    /// Gives it a configuration and a health check where it has none.
    fn fill_configuration(&self, container: &mut Map<String, Value>, sdk: Sdk) {
        let own = self.kind.config_variable();
        let is_configured = own.is_some_and(|variable| has_variable(container, variable));
        match self.kind {
            SidecarKind::XrayDaemon => {}
            SidecarKind::CloudwatchAgent => {
                add_variable(container, "CW_CONFIG_CONTENT", &agent_config());
            }
            SidecarKind::Adot => {
                if !is_configured {
                    let file = match sdk {
                        Sdk::Opentelemetry => "--config=/etc/ecs/ecs-xray.yaml",
                        Sdk::Xray => "--config=/etc/ecs/ecs-default-config.yaml",
                    };
                    container.entry("command").or_insert(json!([file]));
                }
                if checks_health(container) {
                    container.entry("healthCheck").or_insert(json!({
                        "command": ["CMD", "/healthcheck"],
                        "interval": 10,
                        "timeout": 5,
                        "retries": 5,
                        "startPeriod": 10,
                    }));
                }
            }
        }
    }

    /// The ports that it listens on.
    fn ports(&self, sdk: Sdk) -> &'static [(u16, &'static str)] {
        match (self.kind, sdk) {
            (SidecarKind::XrayDaemon, _) | (_, Sdk::Xray) => &[(2000, "udp")],
            (_, Sdk::Opentelemetry) => &[(4317, "tcp"), (4318, "tcp")],
        }
    }
}

/// Tells whether the collector's configuration answers `/healthcheck`: all
/// those of the image do, one of the user's where it says so.
fn checks_health(container: &Map<String, Value>) -> bool {
    let variable = "AOT_CONFIG_CONTENT";
    let own = objects(container, "environment").find(|one| text(one, "name") == variable);
    match own {
        Some(own) => text(own, "value").contains("health_check"),
        None if has_variable(container, variable) => false,
        None => super::document::texts(container, "command")
            .any(|word| word.starts_with("--config=/etc/ecs/")),
    }
}

/// The agent's configuration: traces of both protocols, on all addresses since
/// other containers may stand on another network.
fn agent_config() -> String {
    json!({
        "traces": {
            "traces_collected": {
                "xray": {
                    "bind_address": "0.0.0.0:2000",
                    "tcp_proxy": { "bind_address": "0.0.0.0:2000" },
                },
                "otlp": {
                    "grpc_endpoint": "0.0.0.0:4317",
                    "http_endpoint": "0.0.0.0:4318",
                },
            },
        },
    })
    .to_string()
}

/// The last part of an image's name, without tag and digest.
fn repository(image: &str) -> &str {
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split([':', '@']).next().unwrap_or_default()
}

/// Puts `fields` over those of a container; variables and secrets by name.
fn put(container: &mut Map<String, Value>, fields: Map<String, Value>) {
    for (name, value) in fields {
        let items = value.as_array().filter(|_| is_keyed(&name));
        let (Some(items), Some(standing)) = (
            items,
            container.get_mut(&name).and_then(Value::as_array_mut),
        ) else {
            container.insert(name, value);
            continue;
        };
        for item in items {
            match standing
                .iter_mut()
                .find(|one| one.get("name") == item.get("name"))
            {
                Some(same) => *same = item.clone(),
                None => standing.push(item.clone()),
            }
        }
    }
}

fn is_keyed(name: &str) -> bool {
    matches!(name, "environment" | "secrets")
}

/// Tells whether a container has a variable, plain or secret.
pub(super) fn has_variable(container: &Map<String, Value>, name: &str) -> bool {
    objects(container, "environment")
        .chain(objects(container, "secrets"))
        .any(|one| text(one, "name") == name)
}

/// Gives a container a variable that it lacks.
pub(super) fn add_variable(container: &mut Map<String, Value>, name: &str, value: &str) {
    if has_variable(container, name) {
        return;
    }
    let list = container.entry("environment").or_insert(json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(json!({ "name": name, "value": value }));
    }
}

/// Opens a port of a container that it does not open yet.
fn add_port(container: &mut Map<String, Value>, port: u16, protocol: &str) {
    let is_open = objects(container, "portMappings").any(|mapping| {
        let of = mapping.get("protocol").and_then(Value::as_str);
        mapping.get("containerPort") == Some(&Value::from(port)) && of.unwrap_or("tcp") == protocol
    });
    if is_open {
        return;
    }
    let list = container.entry("portMappings").or_insert(json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(json!({ "containerPort": port, "protocol": protocol }));
    }
}
