//! Whether resource policies of CloudWatch Logs let X-Ray write to a log group.
//!
//! Evaluates only what such policies can say: service principals, the action,
//! the resource, and conditions on `aws:SourceArn` and `aws:SourceAccount`. A
//! condition of any other kind counts as not met.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html>.

use serde_json::Value;

/// A write that X-Ray is about to make.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Account of X-Ray and of the log group.
    pub account: &'a str,
    /// Region of both.
    pub region: &'a str,
    /// Name of the log group.
    pub group: &'a str,
}

/// Whether some statement allows the delivery and none denies it. Documents
/// that are not JSON count for nothing.
pub fn may_put_log_events(documents: &[String], delivery: &Delivery<'_>) -> bool {
    let documents: Vec<Value> = documents
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    let effects: Vec<&str> = documents
        .iter()
        .flat_map(|document| one_or_many(document.get("Statement")))
        .filter(|statement| applies(statement, delivery))
        .filter_map(|statement| statement.get("Effect")?.as_str())
        .collect();
    effects.contains(&"Allow") && !effects.contains(&"Deny")
}

fn applies(statement: &Value, delivery: &Delivery<'_>) -> bool {
    let Delivery {
        account,
        region,
        group,
    } = delivery;
    let stream = format!("arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:default");
    let matches = |member: &str, found: &str| {
        texts(statement.get(member)).any(|pattern| is_like(pattern, found))
    };
    names_xray(statement.get("Principal"))
        && texts(statement.get("Action"))
            .any(|action| is_like(&action.to_ascii_lowercase(), "logs:putlogevents"))
        && matches("Resource", &stream)
        && conditions_hold(statement.get("Condition"), delivery)
}

fn names_xray(principal: Option<&Value>) -> bool {
    match principal {
        Some(Value::String(any)) => any == "*",
        Some(Value::Object(kinds)) => {
            texts(kinds.get("Service")).any(|name| name == "xray.amazonaws.com")
        }
        _ => false,
    }
}

fn conditions_hold(condition: Option<&Value>, delivery: &Delivery<'_>) -> bool {
    let Some(condition) = condition else {
        return true;
    };
    let Some(operators) = condition.as_object() else {
        return false;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter()
                .all(|(key, values)| condition_holds(operator, key, values, delivery))
        })
    })
}

fn condition_holds(operator: &str, key: &str, values: &Value, delivery: &Delivery<'_>) -> bool {
    let Delivery {
        account, region, ..
    } = delivery;
    let found = match key.to_ascii_lowercase().as_str() {
        "aws:sourceaccount" => (*account).to_owned(),
        "aws:sourcearn" => format!("arn:aws:xray:{region}:{account}:trace-segment-destination"),
        _ => return false,
    };
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_suffix("ifexists").unwrap_or(&operator);
    texts(Some(values)).any(|value| match operator {
        "stringequals" => value == found,
        "stringequalsignorecase" => value.eq_ignore_ascii_case(&found),
        "stringlike" | "arnlike" | "arnequals" => is_like(value, &found),
        _ => false,
    })
}

fn one_or_many(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(item) => std::slice::from_ref(item),
        None => &[],
    }
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    one_or_many(value).iter().filter_map(Value::as_str)
}

/// Whether `text` matches `pattern`, where `*` stands for any characters and
/// `?` for one. Linear in memory, at worst quadratic in time.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, start)) => {
                    p = star + 1;
                    t = start + 1;
                    retry = Some((star, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}
