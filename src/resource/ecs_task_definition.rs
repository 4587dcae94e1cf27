//! ECS task definitions, with a tracing sidecar beside the containers of an
//! application.

mod check;
mod container;
mod container_check;
mod depends;
mod document;
mod instrument;
mod live;
mod normal_form;
mod place;
mod shape;
mod sidecar;
mod size;
mod task;
mod terraform;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Attributes, Aws, Error, Facts, Found, Lifecycle, Mention, Problems, Query, Reference,
    ReplaceOrder, Resource, Tags, Update,
};
use crate::model::Address;
use container::containers;
pub(crate) use document::{Document, registrable};
use instrument::Instrument;
pub(crate) use live::registrable_of;
use sidecar::Sidecar;

/// The type in addresses.
pub(crate) const KIND: &str = "ecs_task_definition";
/// The type of roles.
pub(crate) const IAM_ROLE: &str = "iam_role";
/// The type of log groups.
const LOG_GROUP: &str = "log_group";
/// Members of the two forms that hold a role.
const ROLES: [(&str, &str); 2] = [
    ("task_role_arn", "taskRoleArn"),
    ("execution_role_arn", "executionRoleArn"),
];

/// The type.
pub(super) struct EcsTaskDefinition;

/// A task definition. AWS keeps each state of it as a revision: a change
/// registers a new one, and what is compared is the latest that is active.
/// Services go on with the revision that they were told.
///
/// Written out, taken from a `base` in JSON, or both, with a tracing `sidecar`
/// beside the containers. Lists of AWS whose entries have names are tables
/// here, keyed by those names: `container_definitions`, `environment`,
/// `secrets`, `depends_on`, `volumes`, `ulimits`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_task_definition")]
#[serde(deny_unknown_fields)]
pub(crate) struct EcsTaskDefinitionSpec {
    /// The family, 1 to 255 letters, digits and `_-`. Default: the base's, else
    /// its name in the spec.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"), extend("x-hint" = "a family takes letters, digits and `_-`"))]
    family: Option<String>,
    /// Containers by name. Those that the base has too are put over it, field
    /// by field. Default: the base's.
    #[serde(default)]
    #[schemars(schema_with = "containers")]
    container_definitions: Option<Value>,
    /// How the containers reach the network: `bridge`, `host`, `awsvpc` or
    /// `none`. Fargate takes `awsvpc` alone. Default: `bridge`.
    #[serde(default)]
    #[schemars(with = "Option<task::NetworkMode>")]
    network_mode: Option<Value>,
    /// The task's CPU: units, 1024 to a vCPU, or `"0.25 vCPU"`. Needed on
    /// Fargate.
    #[serde(default)]
    #[schemars(schema_with = "task::amount")]
    cpu: Option<Value>,
    /// The task's memory: MiB, or `"1GB"`. Needed on Fargate.
    #[serde(default)]
    #[schemars(schema_with = "task::amount")]
    memory: Option<Value>,
    /// Where its tasks can run: `EC2`, `FARGATE`, `EXTERNAL`,
    /// `MANAGED_INSTANCES`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<task::Compatibility>>")]
    requires_compatibilities: Option<Value>,
    /// The processor and system that the containers are made for.
    #[serde(default)]
    #[schemars(with = "Option<task::RuntimePlatform>")]
    runtime_platform: Option<Value>,
    /// The role of the application and the sidecar: its name in `[iam.roles]`,
    /// or an ARN.
    #[serde(default)]
    #[schemars(length(min = 1))]
    task_role_arn: Option<String>,
    /// The role with which ECS pulls images, reads secrets and writes logs: its
    /// name in `[iam.roles]`, or an ARN.
    #[serde(default)]
    #[schemars(length(min = 1))]
    execution_role_arn: Option<String>,
    /// Volumes by name.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, task::Volume>>")]
    volumes: Option<Value>,
    /// Where tasks may be placed.
    #[serde(default)]
    #[schemars(with = "Option<Vec<task::PlacementConstraint>>")]
    placement_constraints: Option<Value>,
    /// Disk space on Fargate. AWS's default: 20 GiB.
    #[serde(default)]
    #[schemars(with = "Option<task::EphemeralStorage>")]
    ephemeral_storage: Option<Value>,
    /// Whose processes a container sees: `host` or `task`.
    #[serde(default)]
    #[schemars(with = "Option<task::PidMode>")]
    pid_mode: Option<Value>,
    /// Whose shared memory a container sees: `host`, `task` or `none`.
    #[serde(default)]
    #[schemars(with = "Option<task::IpcMode>")]
    ipc_mode: Option<Value>,
    /// The App Mesh proxy.
    #[serde(default)]
    #[schemars(with = "Option<task::ProxyConfiguration>")]
    proxy_configuration: Option<Value>,
    /// Elastic Inference accelerators: the device type, by name.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    inference_accelerators: Option<Value>,
    /// Whether the fault injection service may act on its tasks. Default:
    /// false.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    enable_fault_injection: Option<Value>,
    /// How confidential its tasks run.
    #[serde(default)]
    #[schemars(with = "Option<task::TrustedExecutionConfiguration>")]
    trusted_execution_configuration: Option<Value>,
    /// A task definition in AWS's JSON to start from, as `aws ecs
    /// register-task-definition --cli-input-json` takes it or
    /// `describe-task-definition` prints it: `{ file = "base.json" }`, JSON in
    /// a text, or a table. What we do not know of it is kept; its tags are not.
    #[serde(default)]
    base: Option<Document>,
    /// A container that takes traces from the others and sends them to X-Ray.
    #[serde(default)]
    sidecar: Option<Sidecar>,
    /// Makes the other containers send their traces to the sidecar. An empty
    /// table does so for all of them; left out, they stay as they are.
    #[serde(default)]
    instrument: Option<Instrument>,
    /// Members of the task that xrayctl does not know, as AWS's JSON has them:
    /// registered as they are. Those of the base are among them.
    #[serde(default)]
    other: Option<Document>,
}

impl EcsTaskDefinitionSpec {
    /// Writes it as AWS's JSON, with the sidecar and what goes with it.
    pub(crate) fn document(&self, region: Option<&str>) -> Document {
        self.with_sidecar(self.without_sidecar(), region)
    }

    /// Adds to what the spec says the sidecar and what goes with it.
    fn with_sidecar(&self, mut document: Document, region: Option<&str>) -> Document {
        if let Some(region) = region {
            self.add_log_region(&mut document, region);
        }
        self.add_sidecar(&mut document, region);
        document
    }

    /// Tells the logs of the containers that the spec writes out which region
    /// they are in; a base stays as it is.
    fn add_log_region(&self, document: &mut Document, region: &str) {
        let names: Vec<&str> = match &self.container_definitions {
            Some(Value::Object(table)) => table.keys().map(String::as_str).collect(),
            Some(Value::Array(items)) => {
                let names = items.iter().map(|item| item.get("name"));
                names.filter_map(|name| name?.as_str()).collect()
            }
            _ => return,
        };
        let containers = document::containers_mut(document).into_iter().flatten();
        for container in containers.filter_map(Value::as_object_mut) {
            if !names.contains(&document::text(container, "name")) {
                continue;
            }
            let log = container.get_mut("logConfiguration");
            if let Some(log) = log.filter(|log| log["logDriver"] == "awslogs")
                && let Some(Value::Object(options)) = log.get_mut("options")
            {
                options.entry("awslogs-region").or_insert(region.into());
            }
        }
    }

    /// What the spec says, put over its base.
    fn without_sidecar(&self) -> Document {
        let mut document = self.base.as_ref().map(registrable).unwrap_or_default();
        document.shift_remove("tags");
        let mut fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Document::new(),
        };
        for name in ["base", "sidecar", "instrument", "other"] {
            fields.shift_remove(name);
        }
        fields.retain(|_, value| !value.is_null());
        document::put_over(&mut document, shape::to_aws(shape::TASK, &fields));
        document.extend(self.other.clone().unwrap_or_default());
        // The spec takes numbers, ECS texts alone.
        for name in ["cpu", "memory"] {
            if let Some(Value::Number(number)) = document.get(name) {
                let text = number.to_string();
                document.insert(name.to_owned(), text.into());
            }
        }
        document
    }

    /// Adds the sidecar to `document`, and what its users need. A second time
    /// adds nothing.
    fn add_sidecar(&self, document: &mut Document, region: Option<&str>) {
        let Some(sidecar) = &self.sidecar else {
            return;
        };
        let sdk = self.sdk(sidecar);
        sidecar.add_to(document, sdk, region);
        if let Some(instrument) = &self.instrument {
            instrument.add_to(document, sidecar, sdk);
        }
    }

    fn sdk(&self, sidecar: &Sidecar) -> instrument::Sdk {
        let said = self.instrument.as_ref().and_then(|one| one.sdk);
        said.unwrap_or_else(|| sidecar.kind.usual_sdk())
    }

    /// Reads AWS's JSON, of which nothing is lost.
    fn from_document(document: &Document) -> Option<Self> {
        let mut known = Document::new();
        let mut other = Document::new();
        for (name, value) in document {
            let home = match shape::field(shape::TASK, name) {
                Some(_) => &mut known,
                None => &mut other,
            };
            home.insert(name.clone(), value.clone());
        }
        let mut fields = shape::to_spec(shape::TASK, &known);
        if !other.is_empty() {
            fields.insert("other".to_owned(), other.into());
        }
        serde_json::from_value(fields.into()).ok()
    }
}

impl Resource for EcsTaskDefinition {
    const FACTS: Facts = Facts {
        kind: KIND,
        table: "ecs.task_definitions",
        title: "ECS task definition",
        terraform: "aws_ecs_task_definition",
        docs: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
        lifecycle: Lifecycle::Collection,
        taggable: true,
        name_field: Some("family"),
        replace_on: &["family"],
        replace_order: ReplaceOrder::CreateFirst,
        documents: &["base"],
        unmanaged_when_absent: &[],
        refers_to: &[IAM_ROLE, LOG_GROUP],
        holds_data: false,
    };

    type Spec = EcsTaskDefinitionSpec;

    fn key(name: &str, spec: &Self::Spec) -> String {
        let of_base = spec.base.as_ref().map(registrable);
        let of_base = of_base.and_then(|base| Some(base.get("family")?.as_str()?.to_owned()));
        spec.family
            .clone()
            .or(of_base)
            .unwrap_or_else(|| name.to_owned())
    }

    fn validate(name: &str, spec: &Self::Spec, problems: &mut Problems) {
        check::check(&Self::key(name, spec), spec, problems);
    }

    fn canonical(spec: Self::Spec) -> Self::Spec {
        let mut document = spec.document(None);
        normal_form::normalize(&mut document);
        EcsTaskDefinitionSpec::from_document(&document).unwrap_or(spec)
    }

    fn references(spec: &Self::Spec) -> Vec<Reference> {
        let roles = [
            ("task_role_arn", &spec.task_role_arn),
            ("execution_role_arn", &spec.execution_role_arn),
        ];
        let named = roles.into_iter().filter_map(|(field, role)| {
            let role = role.as_deref().filter(|role| !role.starts_with("arn:"))?;
            Some(Reference {
                field: format!("/{field}"),
                to: Address::new(IAM_ROLE, role),
                output: "arn".to_owned(),
            })
        });
        named.collect()
    }

    /// The log groups that containers write to.
    fn mentions(spec: &Self::Spec) -> Vec<Mention> {
        let document = spec.document(None);
        let groups = document::containers(&document).filter_map(|container| {
            let log = container.get("logConfiguration")?;
            let group = log.get("options")?.get("awslogs-group")?.as_str()?;
            Some(Mention {
                kind: LOG_GROUP,
                key: group.to_owned(),
            })
        });
        let mut mentions: Vec<Mention> = Vec::new();
        for group in groups {
            if !mentions.contains(&group) {
                mentions.push(group);
            }
        }
        mentions
    }

    /// Writes everything out: the sidecar, which is told the region, and the
    /// roles that the base gives by name.
    async fn resolve(aws: &Aws, spec: Self::Spec) -> Result<Self::Spec, Error> {
        let mut document = spec.document(Some(aws.region()));
        for (field, member) in ROLES {
            let is_of_spec = match field {
                "task_role_arn" => spec.task_role_arn.is_some(),
                _ => spec.execution_role_arn.is_some(),
            };
            let name = document::text(&document, member);
            if is_of_spec || name.is_empty() || name.starts_with("arn:") {
                continue;
            }
            let identity = aws.identity().await?;
            let arn = format!(
                "arn:{}:iam::{}:role/{name}",
                identity.partition, identity.account
            );
            document.insert(member.to_owned(), arn.into());
        }
        Ok(EcsTaskDefinitionSpec::from_document(&document).unwrap_or(spec))
    }

    async fn read(
        aws: &Aws,
        query: Query<'_, Self::Spec>,
    ) -> Result<Vec<Found<Self::Spec>>, Error> {
        live::read(aws, query).await
    }

    async fn create(
        aws: &Aws,
        _: &str,
        spec: &Self::Spec,
        tags: &Tags,
    ) -> Result<Attributes, Error> {
        live::register(aws, spec, tags).await
    }

    /// Registers a new revision, which gets the tags that stand on the one
    /// before: those were written a moment ago.
    async fn update(aws: &Aws, update: Update<'_, Self::Spec>) -> Result<Attributes, Error> {
        let tags = live::tags(aws, update.outputs).await?;
        let outputs = live::register(aws, update.after, &tags).await?;
        live::give_back(aws, update.outputs).await?;
        Ok(outputs)
    }

    async fn delete(
        aws: &Aws,
        key: &str,
        outputs: &Attributes,
        _: &Self::Spec,
    ) -> Result<(), Error> {
        live::deregister(aws, key, outputs).await
    }

    async fn retag(
        aws: &Aws,
        outputs: &Attributes,
        set: &Tags,
        remove: &[String],
    ) -> Result<(), Error> {
        live::retag(aws, outputs, set, remove).await
    }

    fn terraform(key: &str, spec: &Self::Spec, outputs: &Attributes) -> Attributes {
        terraform::attributes(key, spec, outputs)
    }

    fn examples() -> Vec<(&'static str, Self::Spec)> {
        let examples = [
            ("worker", plain_example()),
            ("traced", traced_example()),
            ("api", full_example()),
        ];
        examples
            .into_iter()
            .filter_map(|(name, fields)| Some((name, serde_json::from_value(fields).ok()?)))
            .collect()
    }
}

fn plain_example() -> Value {
    json!({
        "family": "worker",
        "container_definitions": {
            "worker": { "image": "public.ecr.aws/docker/library/busybox:1.37", "memory": 128 },
        },
    })
}

fn traced_example() -> Value {
    json!({
        "network_mode": "awsvpc",
        "cpu": "0.25 vCPU",
        "memory": "512",
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": "arn:aws:iam::123456789012:role/ecs-execution",
        "container_definitions": {
            "traced": { "image": "public.ecr.aws/docker/library/busybox:1.37" },
        },
        "sidecar": { "kind": "adot", "log_group": "/ecs/traced" },
        "instrument": { "service_name": "shop" },
    })
}

fn full_example() -> Value {
    json!({
        "family": "api",
        "network_mode": "host",
        "cpu": 1024,
        "memory": "2GB",
        "requires_compatibilities": ["EC2"],
        "runtime_platform": { "cpu_architecture": "ARM64", "operating_system_family": "LINUX" },
        "task_role_arn": "arn:aws:iam::123456789012:role/api",
        "execution_role_arn": "arn:aws:iam::123456789012:role/ecs-execution",
        "volumes": { "data": { "host": { "source_path": "/data" } } },
        "placement_constraints": [
            { "type": "memberOf", "expression": "attribute:ecs.os-type == linux" },
        ],
        "ephemeral_storage": { "size_in_gib": 30 },
        "pid_mode": "task",
        "ipc_mode": "task",
        "proxy_configuration": {
            "container_name": "envoy",
            "properties": { "AppPorts": "8080" },
        },
        "enable_fault_injection": true,
        "container_definitions": {
            "api": {
                "image": "public.ecr.aws/docker/library/busybox:1.37",
                "port_mappings": [{ "container_port": 8080 }],
                "environment": { "LOG_LEVEL": "info" },
                "depends_on": { "envoy": "START" },
            },
            "envoy": { "image": "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod" },
        },
    })
}

/// Reads the fields of a task definition as the spec writes them.
///
/// # Errors
/// Where they are none.
pub(crate) fn of_fields(
    fields: &Map<String, Value>,
) -> Result<EcsTaskDefinitionSpec, serde_json::Error> {
    serde_json::from_value(fields.clone().into())
}
