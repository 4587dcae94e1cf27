//! Who may assume a role, by what runs as it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::resource::iam_document::Document;
use crate::resource::{Aws, Error, Problems};

/// Who may assume the role.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_role_trust")]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// What runs as the role.
    preset: Preset,
    /// For `eks-irsa`: the OIDC provider of the cluster, as its issuer URL
    /// (`https://oidc.eks.eu-west-1.amazonaws.com/id/…`) or as the ARN of the
    /// provider in IAM.
    #[serde(default)]
    #[schemars(length(min = 1, max = 2048))]
    oidc_provider: Option<String>,
    /// For `eks-irsa`: the Kubernetes namespace of the service account; `*`
    /// stands for any characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9*?-]+$"), extend("x-hint" = "a namespace takes small letters, digits and `-`; `*` for any"))]
    namespace: Option<String>,
    /// For `eks-irsa`: the Kubernetes service account that acts as the role;
    /// `*` stands for any characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9.*?-]+$"), extend("x-hint" = "a service account takes small letters, digits, `.` and `-`; `*` for any"))]
    service_account: Option<String>,
}

/// What runs as a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "iam_role_trust_preset")]
#[serde(rename_all = "kebab-case")]
enum Preset {
    /// Tasks of ECS, as task role or execution role, in this account and
    /// region alone.
    EcsTasks,
    /// Lambda functions.
    Lambda,
    /// EC2 instances, those of Elastic Beanstalk and ECS among them.
    Ec2,
    /// A service account of an EKS cluster, by the cluster's OIDC provider
    /// (IAM roles for service accounts).
    EksIrsa,
    /// Service accounts of EKS that a pod identity association names.
    EksPodIdentity,
}

/// What finds the issuer of a cluster.
const ISSUER_HINT: &str = "`aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer` tells the issuer";

impl Trust {
    /// Reports what the preset needs and does not have, or has and does not
    /// take.
    pub(super) fn check(&self, problems: &mut Problems) {
        let fields = [
            ("oidc_provider", &self.oidc_provider, ISSUER_HINT),
            (
                "namespace",
                &self.namespace,
                "name the Kubernetes namespace, or `*`",
            ),
            (
                "service_account",
                &self.service_account,
                "name the service account, or `*`",
            ),
        ];
        for (name, value, hint) in fields {
            if self.preset == Preset::EksIrsa && value.is_none() {
                problems
                    .report("/trust", format!("the preset `eks-irsa` needs `{name}`"))
                    .hint(hint);
            } else if self.preset != Preset::EksIrsa && value.is_some() {
                problems
                    .report(
                        &format!("/trust/{name}"),
                        format!("only the preset `eks-irsa` takes `{name}`"),
                    )
                    .hint("leave it out, or set `preset = \"eks-irsa\"`");
            }
        }
        if let Some(provider) = &self.oidc_provider
            && issuer(provider).is_none()
        {
            problems
                .report(
                    "/trust/oidc_provider",
                    format!("`{provider}` is no OIDC provider"),
                )
                .hint(ISSUER_HINT);
        }
    }

    /// The trust policy, where account and region have nothing to do with it.
    pub(super) fn document(&self) -> Option<Document> {
        let statement = match self.preset {
            Preset::Lambda => service("lambda.amazonaws.com"),
            Preset::Ec2 => service("ec2.amazonaws.com"),
            Preset::EksPodIdentity => json!({
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                // Pods are told apart by the tags of the session.
                "Action": ["sts:AssumeRole", "sts:TagSession"]
            }),
            Preset::EksIrsa => {
                let provider = self.oidc_provider.as_deref()?;
                let arn = provider.starts_with("arn:").then_some(provider)?;
                self.web_identity(arn)?
            }
            Preset::EcsTasks => return None,
        };
        Some(policy(&statement))
    }

    /// The trust policy in this account and region.
    ///
    /// # Errors
    /// Where STS cannot tell who we are.
    pub(super) async fn resolve(&self, aws: &Aws) -> Result<Document, Error> {
        if let Some(document) = self.document() {
            return Ok(document);
        }
        let identity = aws.identity().await?;
        let (partition, account) = (&identity.partition, &identity.account);
        let statement = if self.preset == Preset::EcsTasks {
            tasks(partition, aws.region(), account)
        } else {
            let issuer = self.oidc_provider.as_deref().and_then(issuer);
            let issuer = issuer.unwrap_or_default();
            let arn = format!("arn:{partition}:iam::{account}:oidc-provider/{issuer}");
            let statement = self.web_identity(&arn);
            statement.ok_or_else(|| Error::internal("iam_role", "the trust was not checked"))?
        };
        Ok(policy(&statement))
    }

    /// Lets a service account assume the role by the provider `arn`.
    fn web_identity(&self, arn: &str) -> Option<Value> {
        let issuer = issuer(arn)?;
        let namespace = self.namespace.as_deref()?;
        let account = self.service_account.as_deref()?;
        let subject = format!("system:serviceaccount:{namespace}:{account}");
        let audience = json!({ format!("{issuer}:aud"): "sts.amazonaws.com" });
        let subject_key = format!("{issuer}:sub");
        let condition = if subject.contains(['*', '?']) {
            json!({"StringEquals": audience, "StringLike": { subject_key: subject }})
        } else {
            json!({"StringEquals": {
                format!("{issuer}:aud"): "sts.amazonaws.com",
                subject_key: subject
            }})
        };
        Some(json!({
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition
        }))
    }
}

/// The issuer of an OIDC provider without its scheme, as IAM knows it.
fn issuer(provider: &str) -> Option<&str> {
    let issuer = if provider.starts_with("arn:") {
        provider.split_once(":oidc-provider/")?.1
    } else {
        provider.strip_prefix("https://").unwrap_or(provider)
    };
    let issuer = issuer.trim_end_matches('/');
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || "._-/:".contains(char);
    let is_host = issuer
        .split('/')
        .next()
        .is_some_and(|host| host.contains('.'));
    (is_host && issuer.chars().all(is_allowed) && !issuer.contains("//")).then_some(issuer)
}

fn service(name: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": name}, "Action": "sts:AssumeRole"})
}

/// Tasks of this account and region alone, as ECS recommends:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>.
fn tasks(partition: &str, region: &str, account: &str) -> Value {
    let mut statement = service("ecs-tasks.amazonaws.com");
    statement["Condition"] = json!({
        "ArnLike": {"aws:SourceArn": format!("arn:{partition}:ecs:{region}:{account}:*")},
        "StringEquals": {"aws:SourceAccount": account}
    });
    statement
}

fn policy(statement: &Value) -> Document {
    Document::from_iter([
        ("Version".to_owned(), json!("2012-10-17")),
        ("Statement".to_owned(), json!([statement])),
    ])
}

/// One of each preset, for docs and for the contract tests.
pub(super) fn examples() -> Vec<(&'static str, Trust)> {
    let plain = |preset| Trust {
        preset,
        oidc_provider: None,
        namespace: None,
        service_account: None,
    };
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    let irsa = Trust {
        oidc_provider: Some(issuer.to_owned()),
        namespace: Some("shop".to_owned()),
        service_account: Some("api".to_owned()),
        ..plain(Preset::EksIrsa)
    };
    vec![
        ("task", plain(Preset::EcsTasks)),
        ("order-handler", plain(Preset::Lambda)),
        ("instance", plain(Preset::Ec2)),
        ("shop-api", irsa),
        ("shop-worker", plain(Preset::EksPodIdentity)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::iam_document::{Purpose, check};

    fn trust(fields: Value) -> Trust {
        serde_json::from_value(fields).unwrap()
    }

    fn problems(fields: Value) -> Vec<(String, String)> {
        let mut problems = Problems::new();
        trust(fields).check(&mut problems);
        let problems = problems.into_vec().into_iter();
        problems.map(|one| (one.field, one.message)).collect()
    }

    #[test]
    fn a_cluster_is_named_in_three_forms() {
        let issuer_of = "oidc.eks.eu-west-1.amazonaws.com/id/ABC";
        for form in [
            "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC",
            "oidc.eks.eu-west-1.amazonaws.com/id/ABC/",
            "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC",
        ] {
            assert_eq!(issuer(form), Some(issuer_of), "{form}");
        }
        for form in [
            "my-cluster",
            "arn:aws:eks:eu-west-1:123456789012:cluster/x",
            "http://a.b/c",
        ] {
            assert_eq!(issuer(form), None, "{form}");
        }
    }

    #[test]
    fn a_service_account_needs_its_cluster() {
        let found = problems(json!({"preset": "eks-irsa", "namespace": "shop"}));
        let place = |message: &str| ("/trust".to_owned(), message.to_owned());
        assert_eq!(
            found,
            [
                place("the preset `eks-irsa` needs `oidc_provider`"),
                place("the preset `eks-irsa` needs `service_account`"),
            ]
        );
        let found = problems(json!({"preset": "lambda", "namespace": "shop"}));
        assert_eq!(found[0].1, "only the preset `eks-irsa` takes `namespace`");
    }

    #[test]
    fn a_service_account_is_trusted_by_name_or_pattern() {
        let arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/ABC";
        let statement = |account: &str| {
            let trust = trust(json!({"preset": "eks-irsa", "oidc_provider": arn,
                "namespace": "shop", "service_account": account}));
            trust.document().unwrap()["Statement"][0].clone()
        };
        assert_eq!(
            statement("api"),
            json!({
                "Effect": "Allow",
                "Principal": {"Federated": arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {
                    "oidc.example.com/id/ABC:aud": "sts.amazonaws.com",
                    "oidc.example.com/id/ABC:sub": "system:serviceaccount:shop:api"
                }}
            })
        );
        assert_eq!(
            statement("*")["Condition"]["StringLike"],
            json!({"oidc.example.com/id/ABC:sub": "system:serviceaccount:shop:*"})
        );
    }

    #[test]
    fn every_preset_is_a_sound_trust_policy() {
        let mut documents = Vec::new();
        for (name, trust) in examples() {
            let Some(document) = trust.document() else {
                continue;
            };
            let mut problems = Problems::new();
            check(&document, Purpose::Trust, "", &mut problems);
            assert_eq!(problems.into_vec(), [], "{name}");
            documents.push((name, Value::Object(document)));
        }
        let of = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
        assert_eq!(
            documents,
            [
                (
                    "order-handler",
                    of(json!({
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole"
                    }))
                ),
                (
                    "instance",
                    of(json!({
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole"
                    }))
                ),
                (
                    "shop-worker",
                    of(json!({
                        "Effect": "Allow",
                        "Principal": {"Service": "pods.eks.amazonaws.com"},
                        "Action": ["sts:AssumeRole", "sts:TagSession"]
                    }))
                ),
            ]
        );
    }

    #[test]
    fn tasks_are_those_of_one_account_and_region() {
        assert_eq!(
            tasks("aws", "eu-west-1", "123456789012")["Condition"],
            json!({
                "ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*"},
                "StringEquals": {"aws:SourceAccount": "123456789012"}
            })
        );
    }
}
