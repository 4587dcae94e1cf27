//! The fields of a container as the spec writes them. They are the schema that
//! a spec is checked against; what is worked with is AWS's JSON, whose unknown
//! members a type could not hold.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Describes the containers: a table keyed by name, or a list.
pub(super) fn containers(generator: &mut SchemaGenerator) -> Schema {
    let container = generator.subschema_for::<Container>();
    json_schema!({
        "anyOf": [
            { "type": "object", "additionalProperties": container },
            { "type": "array", "items": container },
        ],
    })
}

/// One container.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_container")]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    /// Its name, where the containers are a list; otherwise the key.
    #[schemars(length(min = 1, max = 255), regex(pattern = r"^[A-Za-z0-9_-]+$"), extend("x-hint" = "a name takes letters, digits and `_-`"))]
    name: Option<String>,
    /// The image. May be left out where a base has the container.
    image: Option<String>,
    /// Credentials for a private registry.
    repository_credentials: Option<RepositoryCredentials>,
    /// CPU units, 1024 to a vCPU. Default: 0.
    #[schemars(range(min = 0))]
    cpu: Option<i32>,
    /// The memory that it may use, in MiB.
    #[schemars(range(min = 6))]
    memory: Option<i32>,
    /// The memory that is set aside for it, in MiB.
    #[schemars(range(min = 6))]
    memory_reservation: Option<i32>,
    /// Containers that it reaches by name, in `bridge` mode.
    links: Option<Vec<String>>,
    /// Ports that are open to the outside.
    port_mappings: Option<Vec<PortMapping>>,
    /// Whether the task stops with it. Default: true.
    essential: Option<bool>,
    /// Starts it again where it ends.
    restart_policy: Option<RestartPolicy>,
    /// In place of the image's entry point.
    entry_point: Option<Vec<String>>,
    /// In place of the image's command.
    command: Option<Vec<String>>,
    /// Environment variables by name.
    environment: Option<BTreeMap<String, String>>,
    /// Files in S3 that hold environment variables, in their order.
    environment_files: Option<Vec<EnvironmentFile>>,
    /// Where volumes of the task are seen in it.
    mount_points: Option<Vec<MountPoint>>,
    /// Containers whose volumes it sees.
    volumes_from: Option<Vec<VolumeFrom>>,
    /// Linux settings.
    linux_parameters: Option<LinuxParameters>,
    /// Environment variables taken from Secrets Manager or Parameter Store: the
    /// ARN, by name.
    secrets: Option<BTreeMap<String, String>>,
    /// What must be so before it starts: `START`, `COMPLETE`, `SUCCESS` or
    /// `HEALTHY`, by container.
    depends_on: Option<BTreeMap<String, Condition>>,
    /// Seconds that its dependencies may take.
    #[schemars(range(min = 2))]
    start_timeout: Option<i32>,
    /// Seconds that it may take to stop; 120 at most on Fargate.
    #[schemars(range(min = 2))]
    stop_timeout: Option<i32>,
    /// Whether its image tag is fixed to a digest for a deployment: `enabled`
    /// or `disabled`.
    version_consistency: Option<Switch>,
    /// Its host name.
    hostname: Option<String>,
    /// The user that it runs as.
    user: Option<String>,
    /// The folder that it starts in.
    working_directory: Option<String>,
    /// Whether it has no network.
    disable_networking: Option<bool>,
    /// Whether it may do what root may.
    privileged: Option<bool>,
    /// Whether it cannot write to its root file system.
    readonly_root_filesystem: Option<bool>,
    /// DNS servers, in their order.
    dns_servers: Option<Vec<String>>,
    /// DNS search domains, in their order.
    dns_search_domains: Option<Vec<String>>,
    /// Addresses by host name, for `/etc/hosts`.
    extra_hosts: Option<BTreeMap<String, String>>,
    /// Labels for `SELinux`, `AppArmor` or a gMSA.
    docker_security_options: Option<Vec<String>>,
    /// Whether stdin stays open.
    interactive: Option<bool>,
    /// Whether it has a terminal.
    pseudo_terminal: Option<bool>,
    /// Docker labels.
    docker_labels: Option<BTreeMap<String, String>>,
    /// Limits by name: `nofile = { soft_limit = 65536, hard_limit = 65536 }`.
    ulimits: Option<BTreeMap<String, Ulimit>>,
    /// Where its log goes.
    log_configuration: Option<LogConfiguration>,
    /// How ECS tells whether it is well.
    health_check: Option<HealthCheck>,
    /// Kernel parameters by name.
    system_controls: Option<BTreeMap<String, String>>,
    /// Devices by type: `GPU = "1"`.
    resource_requirements: Option<BTreeMap<String, String>>,
    /// Makes it the log router of the task.
    firelens_configuration: Option<FirelensConfiguration>,
    /// ARNs of credential specs for Active Directory.
    credential_specs: Option<Vec<String>>,
}

/// What a container waits for.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_condition")]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Condition {
    Start,
    Complete,
    Success,
    Healthy,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_switch")]
#[serde(rename_all = "lowercase")]
enum Switch {
    Enabled,
    Disabled,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_repository_credentials")]
#[serde(deny_unknown_fields)]
struct RepositoryCredentials {
    /// The ARN of a secret.
    credentials_parameter: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_port_mapping")]
#[serde(deny_unknown_fields)]
struct PortMapping {
    /// The port in the container.
    #[schemars(range(min = 1, max = 65535))]
    container_port: Option<i32>,
    /// A range of ports in place of one: `8000-8100`.
    container_port_range: Option<String>,
    /// The port outside. Default: any in `bridge` mode, else `container_port`.
    #[schemars(range(min = 0, max = 65535))]
    host_port: Option<i32>,
    /// `tcp` or `udp`. Default: `tcp`.
    protocol: Option<Protocol>,
    /// Its name for Service Connect.
    name: Option<String>,
    /// What is spoken on it: `http`, `http2` or `grpc`.
    app_protocol: Option<AppProtocol>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_protocol")]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Udp,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_app_protocol")]
#[serde(rename_all = "lowercase")]
enum AppProtocol {
    Http,
    Http2,
    Grpc,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_restart_policy")]
#[serde(deny_unknown_fields)]
struct RestartPolicy {
    /// Whether it is started again.
    enabled: bool,
    /// Exit codes after which it is not, at most 50.
    #[schemars(length(max = 50))]
    ignored_exit_codes: Option<Vec<i32>>,
    /// Seconds that it must have run, 60 to 1800. AWS's default: 300.
    #[schemars(range(min = 60, max = 1800))]
    restart_attempt_period: Option<i32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_environment_file")]
#[serde(deny_unknown_fields)]
struct EnvironmentFile {
    /// The ARN of the object in S3.
    value: String,
    /// `s3`.
    r#type: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_mount_point")]
#[serde(deny_unknown_fields)]
struct MountPoint {
    /// The volume of the task.
    source_volume: String,
    /// Where it is seen.
    container_path: String,
    /// Whether it can only be read. Default: false.
    read_only: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_volume_from")]
#[serde(deny_unknown_fields)]
struct VolumeFrom {
    /// The other container.
    source_container: String,
    /// Whether they can only be read. Default: false.
    read_only: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_linux_parameters")]
#[serde(deny_unknown_fields)]
struct LinuxParameters {
    /// Kernel capabilities that it gets and loses.
    capabilities: Option<Capabilities>,
    /// Devices of the host.
    devices: Option<Vec<Device>>,
    /// Whether an init process runs in it.
    init_process_enabled: Option<bool>,
    /// Size of `/dev/shm` in MiB.
    shared_memory_size: Option<i32>,
    /// Memory that is seen as a folder.
    tmpfs: Option<Vec<Tmpfs>>,
    /// Swap in MiB.
    max_swap: Option<i32>,
    /// How readily it swaps, 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    swappiness: Option<i32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_capabilities")]
#[serde(deny_unknown_fields)]
struct Capabilities {
    /// Capabilities that it gets.
    add: Option<Vec<String>>,
    /// Capabilities that it loses.
    drop: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_device")]
#[serde(deny_unknown_fields)]
struct Device {
    /// The device on the host.
    host_path: String,
    /// Where it is seen.
    container_path: Option<String>,
    /// `read`, `write`, `mknod`.
    permissions: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_tmpfs")]
#[serde(deny_unknown_fields)]
struct Tmpfs {
    /// Where it is seen.
    container_path: String,
    /// Its size in MiB.
    size: i32,
    /// Mount options.
    mount_options: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_ulimit")]
#[serde(deny_unknown_fields)]
struct Ulimit {
    /// The limit that the process may raise.
    soft_limit: i32,
    /// The limit that it may not.
    hard_limit: i32,
}

/// Where a container's log goes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_log_configuration")]
#[serde(deny_unknown_fields)]
pub(super) struct LogConfiguration {
    /// The driver: `awslogs`, `awsfirelens`, `splunk`, …
    log_driver: String,
    /// The driver's options. `awslogs` needs `awslogs-group`, and on Fargate
    /// `awslogs-stream-prefix`; `awslogs-region` is the stack's where it is
    /// left out.
    options: Option<BTreeMap<String, String>>,
    /// Options taken from Secrets Manager or Parameter Store: the ARN, by name.
    secret_options: Option<BTreeMap<String, String>>,
}

/// How ECS tells whether a container is well.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_health_check")]
#[serde(deny_unknown_fields)]
pub(super) struct HealthCheck {
    /// `["CMD", …]`, or `["CMD-SHELL", "…"]` where the image has a shell.
    command: Vec<String>,
    /// Seconds between checks, 5 to 300. Default: 30.
    #[schemars(range(min = 5, max = 300))]
    interval: Option<i32>,
    /// Seconds that a check may take, 2 to 60. Default: 5.
    #[schemars(range(min = 2, max = 60))]
    timeout: Option<i32>,
    /// Failures that make it unhealthy, 1 to 10. Default: 3.
    #[schemars(range(min = 1, max = 10))]
    retries: Option<i32>,
    /// Seconds after the start in which failures do not count, 0 to 300.
    #[schemars(range(min = 0, max = 300))]
    start_period: Option<i32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_firelens_configuration")]
#[serde(deny_unknown_fields)]
struct FirelensConfiguration {
    /// `fluentd` or `fluentbit`.
    r#type: String,
    /// The router's options.
    options: Option<BTreeMap<String, String>>,
}
