//! The resource that a segment speaks of.

use super::super::fields::SEGMENT;
use super::super::json::{Json, Map};
use super::value::{attribute, move_fields, text};

/// The field of a resource that holds attributes.
const ATTRIBUTES: u32 = 1;

/// Writes a resource's attributes and takes out of the document what stands in
/// them. Of an independent subsegment no more is known than its name.
pub(super) fn write(out: &mut Vec<u8>, root: &mut Map<'_>, is_subsegment: bool) {
    if let Some(name) = root.get("name").and_then(Json::text) {
        text(out, ATTRIBUTES, "service.name", name);
    }
    let origin = root.get("origin").and_then(Json::text);
    let is_aws = root.get("aws").is_some_and(|aws| aws.map().is_some())
        || origin.is_some_and(|origin| origin.starts_with("AWS::"));
    let provider = if is_aws { "aws" } else { "unknown" };
    text(out, ATTRIBUTES, "cloud.provider", provider);
    if is_subsegment {
        return;
    }
    let platform = origin.and_then(platform);
    if let Some(platform) = platform {
        text(out, ATTRIBUTES, "cloud.platform", platform);
    }
    container_id(out, root);
    if platform == Some(BEANSTALK) {
        beanstalk(out, root);
    } else if let Some(version) = take_text(root, &["service", "version"]) {
        attribute(out, ATTRIBUTES, "service.version", &version);
    }
    if let Some(Json::Text(sdk)) = take_text(root, &["aws", "xray", "sdk"]) {
        let (name, language) = sdk.split_once(" for ").unzip();
        text(out, ATTRIBUTES, "telemetry.sdk.name", name.unwrap_or(&sdk));
        if let Some(language) = language {
            text(out, ATTRIBUTES, "telemetry.sdk.language", language);
        }
    }
    move_fields(out, ATTRIBUTES, root, SEGMENT);
}

/// `cloud.platform` of Elastic Beanstalk.
pub(in super::super) const BEANSTALK: &str = "aws_elastic_beanstalk";

/// The platform that an origin stands for.
fn platform(origin: &str) -> Option<&'static str> {
    Some(match origin {
        "AWS::EC2::Instance" => "aws_ec2",
        "AWS::ECS::Container" | "AWS::ECS::EC2" | "AWS::ECS::Fargate" => "aws_ecs",
        "AWS::EKS::Container" => "aws_eks",
        "AWS::ElasticBeanstalk::Environment" => BEANSTALK,
        "AWS::AppRunner::Service" => "aws_app_runner",
        "AWS::Lambda::Function" | "AWS::Lambda" => "aws_lambda",
        _ => return None,
    })
}

fn take_text<'a>(root: &mut Map<'a>, path: &[&str]) -> Option<Json<'a>> {
    let value = root.at(path)?;
    matches!(value, Json::Text(_)).then(|| root.take_at(path))?
}

/// One attribute stands for the container of either block: that of Kubernetes
/// where the pod or cluster is known too. Where both blocks have one, neither
/// can stand there.
fn container_id(out: &mut Vec<u8>, root: &mut Map<'_>) {
    let named = |path: &[&str]| matches!(root.at(path), Some(Json::Text(_)));
    let kubernetes = named(&["aws", "eks", "pod"]) || named(&["aws", "eks", "cluster_name"]);
    let path: &[&str] = match (root.at(&["aws", "ecs"]), root.at(&["aws", "eks"])) {
        (Some(_), None) => &["aws", "ecs", "container_id"],
        (None, Some(_)) if kubernetes => &["aws", "eks", "container_id"],
        _ => return,
    };
    if let Some(id) = take_text(root, path) {
        attribute(out, ATTRIBUTES, "container.id", &id);
    }
}

/// An environment of Elastic Beanstalk: its deployment stands for the service's
/// instance and version.
fn beanstalk(out: &mut Vec<u8>, root: &mut Map<'_>) {
    const BLOCK: [&str; 2] = ["aws", "elastic_beanstalk"];
    let path = |field| [BLOCK[0], BLOCK[1], field];
    if let Some(environment) = take_text(root, &path("environment_name")) {
        attribute(out, ATTRIBUTES, "service.namespace", &environment);
    }
    if let Some(version) = take_text(root, &path("version_label")) {
        attribute(out, ATTRIBUTES, "service.version", &version);
    }
    if let Some(Json::Int(deployment)) = root.at(&path("deployment_id")) {
        let deployment = deployment.to_string();
        root.take_at(&path("deployment_id"));
        text(out, ATTRIBUTES, "service.instance.id", &deployment);
    }
}
