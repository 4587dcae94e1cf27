//! The fields of a task definition beside its containers, as the spec writes
//! them: the schema alone, as with those of a container.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Describes an amount: a number, or a text with a unit.
pub(super) fn amount(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

/// How the containers reach the network.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_network_mode")]
#[serde(rename_all = "lowercase")]
pub(super) enum NetworkMode {
    Bridge,
    Host,
    Awsvpc,
    None,
}

/// Where tasks can run.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_compatibility")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Compatibility {
    Ec2,
    Fargate,
    External,
    ManagedInstances,
}

/// Whose processes a container sees.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_pid_mode")]
#[serde(rename_all = "lowercase")]
pub(super) enum PidMode {
    Host,
    Task,
}

/// Whose shared memory a container sees.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_ipc_mode")]
#[serde(rename_all = "lowercase")]
pub(super) enum IpcMode {
    Host,
    Task,
    None,
}

/// What the containers run on.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_runtime_platform")]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimePlatform {
    /// `X86_64` or `ARM64`.
    cpu_architecture: Option<CpuArchitecture>,
    /// `LINUX` or one of the `WINDOWS_SERVER_…`.
    operating_system_family: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_cpu_architecture")]
enum CpuArchitecture {
    #[serde(rename = "X86_64")]
    X86,
    #[serde(rename = "ARM64")]
    Arm,
}

/// Disk space on Fargate.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_ephemeral_storage")]
#[serde(deny_unknown_fields)]
pub(super) struct EphemeralStorage {
    /// GiB, 21 to 200.
    #[schemars(range(min = 21, max = 200))]
    size_in_gib: i32,
}

/// Where tasks may be placed.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_placement_constraint")]
#[serde(deny_unknown_fields)]
pub(super) struct PlacementConstraint {
    /// `memberOf`.
    r#type: String,
    /// An expression of the cluster query language.
    expression: Option<String>,
}

/// The App Mesh proxy.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_proxy_configuration")]
#[serde(deny_unknown_fields)]
pub(super) struct ProxyConfiguration {
    /// `APPMESH`. Default: `APPMESH`.
    r#type: Option<String>,
    /// The container of the proxy.
    container_name: String,
    /// Its settings by name.
    properties: Option<BTreeMap<String, String>>,
}

/// How confidential a task runs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_trusted_execution_configuration")]
#[serde(deny_unknown_fields)]
pub(super) struct TrustedExecutionConfiguration {
    /// `SHARED`, `ISOLATED_SANDBOX` or `CONFIDENTIAL_SANDBOX`.
    isolation_mode: String,
    /// The policy that attests it.
    attestation_policy: Option<String>,
}

/// A volume that containers can mount.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_volume")]
#[serde(deny_unknown_fields)]
pub(super) struct Volume {
    /// A folder of the host.
    host: Option<HostVolume>,
    /// Whether the service or task that runs says what it is.
    configured_at_launch: Option<bool>,
    /// A Docker volume.
    docker_volume_configuration: Option<DockerVolume>,
    /// A file system of EFS.
    efs_volume_configuration: Option<EfsVolume>,
    /// A file system of S3 Files.
    s3files_volume_configuration: Option<S3FilesVolume>,
    /// A file system of `FSx` for Windows.
    fsx_windows_file_server_volume_configuration: Option<FsxVolume>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_host_volume")]
#[serde(deny_unknown_fields)]
struct HostVolume {
    /// The folder; left out, one that goes with the task.
    source_path: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_docker_volume")]
#[serde(deny_unknown_fields)]
struct DockerVolume {
    /// `task` or `shared`.
    scope: Option<String>,
    /// Whether it is made where it is missing.
    autoprovision: Option<bool>,
    /// The Docker driver.
    driver: Option<String>,
    /// The driver's options.
    driver_opts: Option<BTreeMap<String, String>>,
    /// Its labels.
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_efs_volume")]
#[serde(deny_unknown_fields)]
struct EfsVolume {
    /// The file system's id.
    file_system_id: String,
    /// The folder in it. Default: `/`.
    root_directory: Option<String>,
    /// `ENABLED` or `DISABLED`. Default: `DISABLED`.
    transit_encryption: Option<EfsSwitch>,
    /// The port of encrypted data.
    #[schemars(range(min = 1, max = 65535))]
    transit_encryption_port: Option<i32>,
    /// Who may use it.
    authorization_config: Option<EfsAuthorization>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_efs_switch")]
#[serde(rename_all = "UPPERCASE")]
enum EfsSwitch {
    Enabled,
    Disabled,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_efs_authorization")]
#[serde(deny_unknown_fields)]
struct EfsAuthorization {
    /// The access point's id.
    access_point_id: Option<String>,
    /// Whether the task role decides: `ENABLED` or `DISABLED`. Default:
    /// `DISABLED`.
    iam: Option<EfsSwitch>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_s3files_volume")]
#[serde(deny_unknown_fields)]
struct S3FilesVolume {
    /// The file system's ARN.
    file_system_arn: String,
    /// The folder in it.
    root_directory: Option<String>,
    /// The port of encrypted data.
    #[schemars(range(min = 1, max = 65535))]
    transit_encryption_port: Option<i32>,
    /// The access point's ARN.
    access_point_arn: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_fsx_volume")]
#[serde(deny_unknown_fields)]
struct FsxVolume {
    /// The file system's id.
    file_system_id: String,
    /// The folder in it.
    root_directory: String,
    /// Who may use it.
    authorization_config: FsxAuthorization,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ecs_fsx_authorization")]
#[serde(deny_unknown_fields)]
struct FsxAuthorization {
    /// The ARN of a secret.
    credentials_parameter: String,
    /// The domain.
    domain: String,
}
