//! What the containers of an application need to send their traces to the
//! sidecar: to start after it, to find it, and to say who they are. What a
//! container says already holds.
//!
//! Sources: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-configuration.html>.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::document::{Document, containers, containers_mut, network_mode, objects, text, texts};
use super::sidecar::{Sidecar, add_variable};

/// Which SDK makes the traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_sdk")]
#[serde(rename_all = "lowercase")]
pub(super) enum Sdk {
    /// An OpenTelemetry SDK.
    Opentelemetry,
    /// An X-Ray SDK.
    Xray,
}

/// How the sidecar is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_otlp_protocol")]
enum Protocol {
    #[serde(rename = "grpc")]
    Grpc,
    #[serde(rename = "http/protobuf")]
    Http,
}

/// What the X-Ray SDK does where there is no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_context_missing")]
enum ContextMissing {
    #[serde(rename = "LOG_ERROR")]
    Log,
    #[serde(rename = "RUNTIME_ERROR")]
    Runtime,
    #[serde(rename = "IGNORE_ERROR")]
    Ignore,
}

/// Makes containers send their traces to the sidecar. Variables that a
/// container has already stay as they are.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_instrument")]
#[serde(deny_unknown_fields)]
pub(super) struct Instrument {
    /// The SDK in use: `opentelemetry` or `xray`. Default: `xray` with the
    /// X-Ray daemon, which knows nothing else; `opentelemetry` with the others.
    #[serde(default)]
    pub(super) sdk: Option<Sdk>,
    /// The containers. Default: all but the sidecar and log routers.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) containers: Option<Vec<String>>,
    /// The name of the service in the traces. Default: each container's name.
    #[serde(default)]
    #[schemars(length(min = 1))]
    service_name: Option<String>,
    /// The service's version, for OpenTelemetry.
    #[serde(default)]
    service_version: Option<String>,
    /// Further resource attributes, for OpenTelemetry.
    #[serde(default)]
    resource_attributes: BTreeMap<String, String>,
    /// How trace ids travel, for OpenTelemetry. Default: `xray`,
    /// `tracecontext`, `baggage`.
    #[serde(default)]
    propagators: Option<Vec<String>>,
    /// `grpc` or `http/protobuf`, for OpenTelemetry. Default:
    /// `http/protobuf`.
    #[serde(default)]
    protocol: Option<Protocol>,
    /// The sampler, for OpenTelemetry, such as `parentbased_traceidratio`, or
    /// `xray` for SDKs that have it. Default: the SDK's.
    #[serde(default)]
    #[schemars(length(min = 1))]
    sampler: Option<String>,
    /// The sampler's argument: `0.1`.
    #[serde(default)]
    sampler_arg: Option<String>,
    /// What the X-Ray SDK does where there is no segment: `LOG_ERROR`,
    /// `RUNTIME_ERROR` or `IGNORE_ERROR`. Default: `LOG_ERROR`.
    #[serde(default)]
    context_missing: Option<ContextMissing>,
    /// Further environment variables, the same for all of them.
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

impl Instrument {
    /// The names of the containers that it is for.
    pub(super) fn targets(&self, document: &Document, sidecar: &str) -> Vec<String> {
        if let Some(names) = &self.containers {
            return names.clone();
        }
        let is_app = |container: &&Document| {
            text(container, "name") != sidecar && !container.contains_key("firelensConfiguration")
        };
        let apps = containers(document).filter(is_app);
        apps.map(|container| text(container, "name").to_owned())
            .collect()
    }

    /// Adds what the containers lack. A second time adds nothing.
    pub(super) fn add_to(&self, document: &mut Document, sidecar: &Sidecar, sdk: Sdk) {
        let targets = self.targets(document, sidecar.name());
        let has_health_check = containers(document)
            .find(|one| text(one, "name") == sidecar.name())
            .is_some_and(|one| one.contains_key("healthCheck"));
        let condition = if has_health_check { "HEALTHY" } else { "START" };
        let is_bridge = network_mode(document) == "bridge";
        let Some(containers) = containers_mut(document) else {
            return;
        };
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            let name = text(container, "name").to_owned();
            if name == sidecar.name() || !targets.contains(&name) {
                continue;
            }
            add_dependency(container, sidecar.name(), condition);
            let host = if is_bridge {
                link(container, sidecar.name())
            } else {
                "127.0.0.1".to_owned()
            };
            for (variable, value) in self.variables(sdk, &name, &host) {
                add_variable(container, &variable, &value);
            }
        }
    }

    fn variables(&self, sdk: Sdk, container: &str, host: &str) -> Vec<(String, String)> {
        let service = self.service_name.as_deref().unwrap_or(container);
        let mut variables = match sdk {
            Sdk::Xray => self.of_xray(service, host),
            Sdk::Opentelemetry => self.of_opentelemetry(service, host),
        };
        let own = self.environment.iter();
        variables.retain(|(name, _)| !self.environment.contains_key(*name));
        let variables = variables.into_iter();
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .chain(own.map(|(name, value)| (name.clone(), value.clone())))
            .collect()
    }

    fn of_xray(&self, service: &str, host: &str) -> Vec<(&'static str, String)> {
        let missing = match self.context_missing {
            None | Some(ContextMissing::Log) => "LOG_ERROR",
            Some(ContextMissing::Runtime) => "RUNTIME_ERROR",
            Some(ContextMissing::Ignore) => "IGNORE_ERROR",
        };
        vec![
            ("AWS_XRAY_DAEMON_ADDRESS", format!("{host}:2000")),
            ("AWS_XRAY_CONTEXT_MISSING", missing.to_owned()),
            ("AWS_XRAY_TRACING_NAME", service.to_owned()),
        ]
    }

    fn of_opentelemetry(&self, service: &str, host: &str) -> Vec<(&'static str, String)> {
        let (protocol, port) = match self.protocol {
            None | Some(Protocol::Http) => ("http/protobuf", 4318),
            Some(Protocol::Grpc) => ("grpc", 4317),
        };
        let propagators = match &self.propagators {
            Some(names) => names.join(","),
            None => "xray,tracecontext,baggage".to_owned(),
        };
        let mut variables = vec![
            ("OTEL_SERVICE_NAME", service.to_owned()),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://{host}:{port}"),
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_PROPAGATORS", propagators),
        ];
        let attributes = self.attributes();
        if !attributes.is_empty() {
            variables.push(("OTEL_RESOURCE_ATTRIBUTES", attributes));
        }
        let sampler = [
            ("OTEL_TRACES_SAMPLER", &self.sampler),
            ("OTEL_TRACES_SAMPLER_ARG", &self.sampler_arg),
        ];
        variables.extend(
            sampler
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.clone()?))),
        );
        variables
    }

    /// Resource attributes as OpenTelemetry writes them in a variable.
    fn attributes(&self) -> String {
        let version = self.service_version.iter();
        let version = version.map(|version| ("service.version", version.as_str()));
        let own = self.resource_attributes.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<String> = version
            .chain(own)
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        pairs.join(",")
    }

    /// Fields that say something to the other SDK alone.
    pub(super) fn misplaced(&self, sdk: Sdk) -> Option<&'static str> {
        let of_opentelemetry = [
            ("service_version", self.service_version.is_some()),
            ("resource_attributes", !self.resource_attributes.is_empty()),
            ("propagators", self.propagators.is_some()),
            ("protocol", self.protocol.is_some()),
            ("sampler", self.sampler.is_some()),
            ("sampler_arg", self.sampler_arg.is_some()),
        ];
        let of_xray = [("context_missing", self.context_missing.is_some())];
        let fields: &[(&str, bool)] = match sdk {
            Sdk::Xray => &of_opentelemetry,
            Sdk::Opentelemetry => &of_xray,
        };
        let given = fields.iter().find(|(_, is_given)| *is_given);
        given.map(|(name, _)| *name)
    }
}

/// Percent-encodes what would end an attribute, as the variable's format asks:
/// <https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = character.is_ascii_graphic() && !"\"%,;=\\".contains(character);
        if is_plain || character == '\u{e000}' || character == '\u{e001}' {
            encoded.push(character);
            continue;
        }
        for byte in character.to_string().bytes() {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Makes a container wait for the sidecar, unless it does already.
fn add_dependency(container: &mut Map<String, Value>, sidecar: &str, condition: &str) {
    if objects(container, "dependsOn").any(|one| text(one, "containerName") == sidecar) {
        return;
    }
    let list = container.entry("dependsOn").or_insert(json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(json!({ "containerName": sidecar, "condition": condition }));
    }
}

/// Links a container to the sidecar, unless it is already, and returns the name
/// that it knows it by.
fn link(container: &mut Map<String, Value>, sidecar: &str) -> String {
    let known = texts(container, "links").find_map(|link| {
        let (name, alias) = link.split_once(':').unwrap_or((link, link));
        (name == sidecar).then(|| alias.to_owned())
    });
    if let Some(alias) = known {
        return alias;
    }
    let list = container.entry("links").or_insert(json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(sidecar.into());
    }
    sidecar.to_owned()
}
