//! Which rule a request meets, and why none before it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::FORMAT_VERSION;
use super::number::percent;
use crate::sampling::{Dialect, FIELDS, Mismatch, PassedOver, Request, Rule, Step, explain};
use crate::view::Styles;
use crate::view::visible::visible;

/// A request that is compared with rules.
#[derive(Clone, Copy, Debug)]
pub struct Test<'a> {
    /// Where the rules stand, as in `rules of …`.
    pub origin: &'a str,
    /// In the order in which they are tried.
    pub rules: &'a [Rule],
    /// As a sampler sees it.
    pub request: Request<'a>,
}

/// Samplers that come to the same.
struct Verdict<'a> {
    dialects: Vec<Dialect>,
    decides: Option<&'a Rule>,
    steps: Vec<Step<'a>>,
}

impl<'a> Test<'a> {
    /// What each kind of sampler makes of it, in the order of [`Dialect::ALL`].
    /// Where all meet the same rule they stand together; else X-Ray's SDKs, which
    /// pass rules over, stand apart from the others.
    fn verdicts(&self) -> Vec<Verdict<'a>> {
        let each = Dialect::ALL.map(|dialect| {
            let steps = explain(self.rules, &self.request, dialect);
            let decides = steps.iter().position(|step| *step == Step::Matched);
            (dialect, decides, steps)
        });
        let is_one = each.iter().all(|(_, decides, _)| *decides == each[0].1);
        let mut verdicts: Vec<Verdict<'_>> = Vec::new();
        let mut known = Vec::new();
        for (dialect, decides, steps) in each {
            let key = (decides, is_one || dialect.is_sdk());
            match known.iter().position(|one| *one == key) {
                Some(at) => verdicts[at].dialects.push(dialect),
                None => {
                    known.push(key);
                    verdicts.push(Verdict {
                        dialects: vec![dialect],
                        decides: decides.and_then(|at| self.rules.get(at)),
                        steps,
                    });
                }
            }
        }
        verdicts
    }

    /// Writes it for programs: every sampler with what it makes of every rule.
    pub fn document(&self) -> Value {
        let samplers = Dialect::ALL.map(|dialect| {
            let steps = explain(self.rules, &self.request, dialect);
            let pairs = self.rules.iter().zip(&steps);
            let decides = pairs.clone().find(|(_, step)| **step == Step::Matched);
            let steps: Vec<Value> = pairs
                .map(|(rule, step)| step_document(rule, step))
                .collect();
            json!({
                "sampler": dialect.name(),
                "title": dialect.title(),
                "rule": decides.map(|(rule, _)| &rule.name),
                "reservoir_size": decides.map(|(rule, _)| rule.reservoir_size),
                "fixed_rate": decides.map(|(rule, _)| rule.fixed_rate),
                "rules": steps,
            })
        });
        let names = FIELDS.into_iter().map(str::to_owned);
        let mut request: serde_json::Map<String, Value> =
            names.zip(self.request.fields().map(Value::from)).collect();
        let attributes = self.request.attributes.iter();
        let attributes = attributes.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        request.insert("attributes".to_owned(), Value::Object(attributes.collect()));
        json!({
            "format_version": FORMAT_VERSION,
            "rules_of": self.origin,
            "request": request,
            "samplers": samplers,
        })
    }

    /// Draws it for people.
    pub fn render(&self, styles: Styles) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, styles);
        text
    }

    fn write(&self, out: &mut String, styles: Styles) -> std::fmt::Result {
        writeln!(out, "Rules of {}", visible(self.origin))?;
        let width = self
            .rules
            .iter()
            .map(|rule| visible(&rule.name).chars().count());
        let width = width.max().unwrap_or(0);
        let verdicts = self.verdicts();
        for verdict in &verdicts {
            let titles: Vec<&str> = verdict.dialects.iter().map(|one| one.title()).collect();
            let titles = match verdicts.len() {
                1 => "Every sampler".to_owned(),
                _ => titles.join(", "),
            };
            writeln!(out, "\n{}", styles.bold.paint(format!("{titles}:")))?;
            for (rule, step) in self.rules.iter().zip(&verdict.steps) {
                let head = format!("  {:>5}  {:width$}", rule.priority, visible(&rule.name));
                let mut lines = step_lines(step).into_iter();
                let first = lines.next().unwrap_or_default();
                match step {
                    Step::Matched => writeln!(out, "{head}  {}", styles.add.paint(first))?,
                    Step::NotTried => {
                        writeln!(out, "{}", styles.dim.paint(format!("{head}  {first}")))?
                    }
                    _ => writeln!(out, "{head}  {first}")?,
                }
                for line in lines {
                    writeln!(out, "{:indent$}{line}", "", indent = width + 11)?;
                }
            }
            match verdict.decides {
                Some(rule) => writeln!(out, "  {}", kept(rule))?,
                None => writeln!(
                    out,
                    "  no rule decides: samplers then trace the first request a second and 5 % of the rest"
                )?,
            }
        }
        Ok(())
    }
}

/// What of the requests that meet a rule is traced.
fn kept(rule: &Rule) -> String {
    let rate = percent(rule.fixed_rate);
    let first = match rule.reservoir_size {
        1 => "the first request a second of all clients together".to_owned(),
        size => format!("the first {size} requests a second of all clients together"),
    };
    let traced = match (rule.reservoir_size, rule.fixed_rate) {
        (_, rate) if rate >= 1.0 => "every request".to_owned(),
        (0, rate) if rate <= 0.0 => "no request".to_owned(),
        (0, _) => format!("{rate} of the requests"),
        (_, rate) if rate <= 0.0 => format!("{first}, and none of the rest"),
        _ => format!("{first}, and {rate} of the rest"),
    };
    format!("traced: {traced}")
}

fn step_lines(step: &Step<'_>) -> Vec<String> {
    match step {
        Step::Matched => vec!["decides".to_owned()],
        Step::NotTried => vec!["not tried".to_owned()],
        Step::PassedOver(reason) => vec![format!("passed over: {}", because(*reason))],
        Step::Mismatched(mismatches) => mismatches.iter().map(mismatch).collect(),
    }
}

fn mismatch(one: &Mismatch<'_>) -> String {
    let (field, pattern) = (visible(&one.field), visible(one.pattern));
    match one.value {
        Some("") => format!("{field} `{pattern}` does not match, as it is empty"),
        Some(value) => format!("{field} `{pattern}` does not match `{}`", visible(value)),
        None => format!("{field} `{pattern}` does not match, as the sampler knows none"),
    }
}

fn because(reason: PassedOver) -> &'static str {
    match reason {
        PassedOver::ResourceArn => "X-Ray SDKs know no ARN, and resource_arn is not `*`",
        PassedOver::Attributes => "X-Ray SDKs know no attributes",
        PassedOver::ServiceType => "X-Ray SDKs take no rule without service_type",
    }
}

fn step_document(rule: &Rule, step: &Step<'_>) -> Value {
    let (outcome, reason, mismatches) = match step {
        Step::Matched => ("matched", None, &[][..]),
        Step::NotTried => ("not-tried", None, &[][..]),
        Step::PassedOver(reason) => ("passed-over", Some(because(*reason)), &[][..]),
        Step::Mismatched(mismatches) => ("not-matched", None, &mismatches[..]),
    };
    let mismatches = mismatches
        .iter()
        .map(|one| json!({ "field": one.field, "pattern": one.pattern, "value": one.value }));
    json!({
        "rule": rule.name,
        "priority": rule.priority,
        "outcome": outcome,
        "reason": reason,
        "mismatches": mismatches.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use super::*;
    use crate::sampling::Criteria;

    fn rule(name: &str, priority: i32, kept: (u32, f64), fields: &[(&str, &str)]) -> Rule {
        let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
        let gold = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
        let attributes = if fields.contains_key("gold") {
            gold
        } else {
            BTreeMap::new()
        };
        Rule {
            name: name.to_owned(),
            priority,
            reservoir_size: kept.0,
            fixed_rate: kept.1,
            criteria: Criteria::new(
                |field| fields.get(field).copied().unwrap_or("*").to_owned(),
                &attributes,
            ),
        }
    }

    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "health",
                1,
                (0, 0.01),
                &[("url_path", "/health*"), ("http_method", "GET")],
            ),
            rule("gold\x1b[31m", 10, (0, 1.0), &[("gold", "")]),
            rule("arn", 20, (1, 0.0), &[("resource_arn", "arn:*")]),
            rule(
                "orders",
                100,
                (5, 0.1),
                &[("url_path", "/Orders/*"), ("host", "shop.example")],
            ),
            rule("Default", 10_000, (1, 0.05), &[]),
        ]
    }

    #[test]
    fn samplers_that_differ_stand_apart() {
        let test = Test {
            origin: "xrayctl.toml",
            rules: &rules(),
            request: Request {
                http_method: Some("POST"),
                url_path: Some("/orders/1"),
                ..Request::default()
            },
        };
        assert_snapshot!(test.render(Styles::default()), @r"
        Rules of xrayctl.toml

        X-Ray SDKs for Go, Node.js and Python:
              1  health     http_method `GET` does not match `POST`
                            url_path `/health*` does not match `/orders/1`
             10  gold␛[31m  passed over: X-Ray SDKs know no attributes
             20  arn        passed over: X-Ray SDKs know no ARN, and resource_arn is not `*`
            100  orders     decides
          10000  Default    not tried
          traced: the first 5 requests a second of all clients together, and 10 % of the rest

        X-Ray SDK for Java:
              1  health     http_method `GET` does not match `POST`
                            url_path `/health*` does not match `/orders/1`
             10  gold␛[31m  passed over: X-Ray SDKs know no attributes
             20  arn        passed over: X-Ray SDKs know no ARN, and resource_arn is not `*`
            100  orders     host `shop.example` does not match, as it is empty
          10000  Default    decides
          traced: the first request a second of all clients together, and 5 % of the rest

        OpenTelemetry for JavaScript, OpenTelemetry for Java, OpenTelemetry (ADOT) for Python:
              1  health     http_method `GET` does not match `POST`
                            url_path `/health*` does not match `/orders/1`
             10  gold␛[31m  attributes.tier `gold` does not match, as the sampler knows none
             20  arn        resource_arn `arn:*` does not match, as the sampler knows none
            100  orders     host `shop.example` does not match, as the sampler knows none
          10000  Default    decides
          traced: the first request a second of all clients together, and 5 % of the rest
        ");
    }

    #[test]
    fn samplers_that_agree_stand_together() {
        let test = Test {
            origin: "AWS in us-east-1",
            rules: &rules(),
            request: Request {
                http_method: Some("GET"),
                url_path: Some("/health"),
                ..Request::default()
            },
        };
        assert_snapshot!(test.render(Styles::default()), @r"
        Rules of AWS in us-east-1

        Every sampler:
              1  health     decides
             10  gold␛[31m  not tried
             20  arn        not tried
            100  orders     not tried
          10000  Default    not tried
          traced: 1 % of the requests
        ");
    }

    #[test]
    fn every_way_of_keeping_has_its_words() {
        let said = [(0, 0.0), (0, 0.5), (1, 0.0), (2, 0.125), (3, 1.0)]
            .map(|kept_by| kept(&rule("a", 1, kept_by, &[])))
            .join("\n");
        assert_snapshot!(said, @r"
        traced: no request
        traced: 50 % of the requests
        traced: the first request a second of all clients together, and none of the rest
        traced: the first 2 requests a second of all clients together, and 12.5 % of the rest
        traced: every request
        ");
    }

    #[test]
    fn programs_read_every_sampler() {
        let rules = rules();
        let test = Test {
            origin: "xrayctl.toml",
            rules: &rules[1..],
            request: Request {
                host: Some("shop.example"),
                url_path: Some("/orders/1"),
                attributes: &[("tier", "gold")],
                ..Request::default()
            },
        };
        let document = test.document();
        assert_eq!(document["request"]["attributes"], json!({ "tier": "gold" }));
        assert_eq!(document["request"]["http_method"], Value::Null);
        let samplers = document["samplers"].as_array().unwrap();
        let met: Vec<&Value> = samplers.iter().map(|one| &one["rule"]).collect();
        assert_eq!(
            met,
            [
                "orders",
                "orders",
                "gold\x1b[31m",
                "gold\x1b[31m",
                "gold\x1b[31m"
            ]
        );
        assert_eq!(samplers[0]["reservoir_size"], 5);
        assert_eq!(samplers[0]["fixed_rate"], 0.1);
        assert_eq!(samplers[0]["rules"][0]["outcome"], "passed-over");
        assert_eq!(samplers[0]["rules"][3]["outcome"], "not-tried");
    }
}
