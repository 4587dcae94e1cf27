//! What a resource says, put into words once for all its spans.

use super::super::json::{block, boolean, element, field, integer, list, text};
use super::annotations;
use super::{Options, value};
use crate::otlp::view::{AnyValue, Attributes};

/// What the documents of a resource's segments have in common. The parts are
/// fields without the braces around them.
#[derive(Default)]
pub(super) struct Said<'a> {
    /// The name of the service.
    pub(super) service_name: Option<&'a str>,
    /// The language of the SDK.
    pub(super) language: &'a str,
    /// Not in another cloud.
    pub(super) is_aws: bool,
    /// What the service runs on.
    pub(super) origin: Option<&'static str>,
    /// The account that it runs in.
    pub(super) account: Option<&'a str>,
    /// Fields of `aws`.
    pub(super) aws: Vec<u8>,
    /// Fields of `service`.
    pub(super) service: Vec<u8>,
    /// Fields of `annotations`.
    pub(super) annotations: Vec<u8>,
    /// Fields of `metadata.default`.
    pub(super) metadata: Vec<u8>,
}

/// Attributes that several rules read.
#[derive(Default)]
struct Read<'a> {
    provider: &'a str,
    platform: &'a str,
    launch_type: Option<&'a str>,
    zone: &'a str,
    host_id: &'a str,
    host_type: &'a str,
    image: &'a str,
    container: &'a str,
    container_id: &'a str,
    container_arn: &'a str,
    cluster_arn: &'a str,
    task_arn: &'a str,
    task_family: &'a str,
    pod: &'a str,
    cluster: &'a str,
    namespace: &'a str,
    instance: &'a str,
    version: &'a str,
    image_tag: &'a str,
    sdk: &'a str,
    sdk_version: &'a str,
    has_auto: bool,
    group_names: Vec<&'a str>,
    group_arns: Vec<&'a str>,
}

impl<'a> Said<'a> {
    pub(super) fn of(attributes: Attributes<'a>, options: &Options) -> Self {
        let mut said = Self::default();
        let mut read = Read::default();
        for (key, value) in attributes.iter() {
            read.one(&mut said, key, value);
            said.keep(key, value, options);
        }
        said.is_aws = matches!(read.provider, "" | "aws");
        if said.is_aws {
            said.origin = read.origin();
            read.aws(&mut said.aws, said.language, options);
        }
        let version = if read.version.is_empty() {
            read.image_tag
        } else {
            read.version
        };
        put(&mut said.service, "version", version);
        said
    }

    /// Keeps an attribute as an annotation or as metadata.
    fn keep(&mut self, key: &str, value: AnyValue<'_>, options: &Options) {
        let key = format!("otel.resource.{key}");
        let indexed = options.index_all_attributes || options.indexed_attributes.contains(&key);
        if indexed && value::is_scalar(value) {
            begin(&mut self.annotations, &annotations::clean(&key));
            value::write(&mut self.annotations, value);
        } else if value != AnyValue::Empty {
            begin(&mut self.metadata, &key);
            value::write(&mut self.metadata, value);
        }
    }
}

/// Begins a field of a part.
fn begin(out: &mut Vec<u8>, key: &str) {
    if out.is_empty() {
        text(out, key);
        out.push(b':');
    } else {
        field(out, key);
    }
}

fn put(out: &mut Vec<u8>, key: &str, value: &str) {
    if !value.is_empty() {
        begin(out, key);
        text(out, value);
    }
}

impl<'a> Read<'a> {
    fn one(&mut self, said: &mut Said<'a>, key: &str, value: AnyValue<'a>) {
        match key {
            "aws.log.group.names" => return self.group_names = groups(value),
            "aws.log.group.arns" => return self.group_arns = groups(value),
            _ => {}
        }
        let AnyValue::Text(text) = value else {
            return;
        };
        match key {
            "service.name" => said.service_name = Some(text),
            "telemetry.sdk.language" => said.language = text,
            "cloud.account.id" => said.account = Some(text),
            "cloud.provider" => self.provider = text,
            "cloud.platform" => self.platform = text,
            "cloud.availability_zone" => self.zone = text,
            "host.id" => self.host_id = text,
            "host.type" => self.host_type = text,
            "host.image.id" => self.image = text,
            "container.name" => self.container = text,
            "container.id" => self.container_id = text,
            "container.image.tag" => self.image_tag = text,
            "aws.ecs.container.arn" => self.container_arn = text,
            "aws.ecs.cluster.arn" => self.cluster_arn = text,
            "aws.ecs.task.arn" => self.task_arn = text,
            "aws.ecs.task.family" => self.task_family = text,
            "aws.ecs.launchtype" => self.launch_type = Some(text),
            "k8s.pod.name" => self.pod = text,
            "k8s.cluster.name" => self.cluster = text,
            "service.namespace" => self.namespace = text,
            "service.instance.id" => self.instance = text,
            "service.version" => self.version = text,
            "telemetry.sdk.name" => self.sdk = text,
            "telemetry.sdk.version" => self.sdk_version = text,
            "telemetry.auto.version" => self.has_auto = !text.is_empty(),
            _ => {}
        }
    }

    fn origin(&self) -> Option<&'static str> {
        Some(match (self.platform, self.launch_type) {
            ("aws_app_runner", _) => "AWS::AppRunner::Service",
            ("aws_eks", _) => "AWS::EKS::Container",
            ("aws_elastic_beanstalk", _) => "AWS::ElasticBeanstalk::Environment",
            ("aws_ecs", Some("ec2")) => "AWS::ECS::EC2",
            ("aws_ecs", Some("fargate")) => "AWS::ECS::Fargate",
            ("aws_ecs", _) => "AWS::ECS::Container",
            ("aws_ec2", _) => "AWS::EC2::Instance",
            _ => return None,
        })
    }

    fn aws(&self, out: &mut Vec<u8>, language: &str, options: &Options) {
        // The blocks look for the brace that is not there yet.
        out.push(b'{');
        self.platform_blocks(out);
        self.log_groups(out, options);
        block(out, "xray", |out| {
            if !self.sdk.is_empty() {
                let sdk = match language {
                    "" => self.sdk.to_owned(),
                    _ => format!("{} for {language}", self.sdk),
                };
                nested(out, "sdk", &sdk);
            }
            nested(out, "sdk_version", self.sdk_version);
            if self.has_auto {
                field(out, "auto_instrumentation");
                boolean(out, true);
            }
        });
        out.remove(0);
    }

    /// What the service runs on.
    fn platform_blocks(&self, out: &mut Vec<u8>) {
        if self.platform == "aws_ec2" || !self.host_id.is_empty() {
            block(out, "ec2", |out| {
                nested(out, "instance_id", self.host_id);
                nested(out, "availability_zone", self.zone);
                nested(out, "instance_size", self.host_type);
                nested(out, "ami_id", self.image);
            });
        }
        if self.platform == "aws_ecs" {
            block(out, "ecs", |out| {
                nested(out, "container", self.container);
                nested(out, "container_id", self.container_id);
                nested(out, "availability_zone", self.zone);
                nested(out, "container_arn", self.container_arn);
                nested(out, "cluster_arn", self.cluster_arn);
                nested(out, "task_arn", self.task_arn);
                nested(out, "task_family", self.task_family);
                nested(out, "launch_type", self.launch_type.unwrap_or_default());
            });
        }
        if self.platform == "aws_eks" || !self.cluster.is_empty() {
            block(out, "eks", |out| {
                nested(out, "cluster_name", self.cluster);
                nested(out, "pod", self.pod);
                nested(out, "container_id", self.container_id);
            });
        }
        if self.platform == "aws_elastic_beanstalk" && !self.instance.is_empty() {
            block(out, "elastic_beanstalk", |out| {
                nested(out, "environment_name", self.namespace);
                field(out, "deployment_id");
                integer(out, self.instance.parse().unwrap_or(0));
                nested(out, "version_label", self.version);
            });
        }
    }

    fn log_groups(&self, out: &mut Vec<u8>, options: &Options) {
        let configured = || options.log_groups.iter().map(String::as_str).collect();
        let (groups, are_arns) = match (&self.group_arns, &self.group_names) {
            (arns, _) if !arns.is_empty() => (arns.clone(), true),
            (_, names) if !names.is_empty() => (names.clone(), false),
            _ => (configured(), false),
        };
        if groups.is_empty() {
            return;
        }
        field(out, "cloudwatch_logs");
        list(out, |out| {
            for group in groups {
                element(out);
                out.push(b'{');
                if are_arns {
                    // arn:aws:logs:region:account:log-group:NAME:*
                    nested(out, "log_group", group.split(':').nth(6).unwrap_or(group));
                    nested(out, "arn", group);
                } else {
                    nested(out, "log_group", group);
                }
                out.push(b'}');
            }
        });
    }
}

/// Writes a field of a block, where there is something in it.
fn nested(out: &mut Vec<u8>, key: &str, value: &str) {
    if !value.is_empty() {
        field(out, key);
        text(out, value);
    }
}

/// Log groups: a list, or a text with `&` between them, as an environment
/// variable can hold it.
fn groups(value: AnyValue<'_>) -> Vec<&str> {
    match value {
        AnyValue::Text(text) => text.split('&').filter(|part| !part.is_empty()).collect(),
        AnyValue::Array(values) => values.iter().filter_map(AnyValue::as_text).collect(),
        _ => Vec::new(),
    }
}
