//! Diagnostics in SARIF 2.1.0, which code scanning reads.
//!
//! Form: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use serde_json::{Value, json};

use crate::lint;
use crate::model::{Diagnostic, Diagnostics, Severity, SourceRange};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The rules of what no rule of its own found.
const INVALID: &str = "invalid-spec";
const DOUBTFUL: &str = "doubtful-spec";

/// Writes diagnostics of the spec at `path`. What has no place in it is told of
/// its first line: code scanning shows nothing without a place.
pub fn document(diagnostics: &Diagnostics, path: &str) -> Value {
    let mut rules: Vec<&str> = diagnostics.iter().map(rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| result(diagnostic, &rules, path))
        .collect();
    let rules: Vec<Value> = rules.iter().copied().map(description).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "xrayctl",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }
            },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true }],
            "results": results,
        }],
    })
}

fn rule(diagnostic: &Diagnostic) -> &'static str {
    diagnostic.code.unwrap_or(match diagnostic.severity {
        Severity::Error => INVALID,
        Severity::Warning => DOUBTFUL,
    })
}

fn description(rule: &str) -> Value {
    let text = match rule {
        INVALID => "What AWS or xrayctl would refuse",
        DOUBTFUL => "What works, but hardly as it is meant",
        code => lint::title(code).unwrap_or(code),
    };
    json!({ "id": rule, "shortDescription": { "text": text } })
}

fn result(diagnostic: &Diagnostic, rules: &[&str], path: &str) -> Value {
    let rule = rule(diagnostic);
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let more = [diagnostic.detail.as_ref(), diagnostic.hint.as_ref()];
    let message = more.into_iter().flatten();
    let message = message.fold(diagnostic.summary.clone(), |text, more| {
        format!("{text}\n{more}")
    });
    let mut location = json!({ "physicalLocation": place(diagnostic.source.as_ref(), path) });
    if let Some(address) = &diagnostic.address {
        location["logicalLocations"] =
            json!([{ "fullyQualifiedName": address, "kind": "resource" }]);
    }
    json!({
        "ruleId": rule,
        "ruleIndex": rules.iter().position(|other| *other == rule),
        "level": level,
        "message": { "text": message },
        "locations": [location],
    })
}

fn place(source: Option<&SourceRange>, path: &str) -> Value {
    let Some(source) = source else {
        return json!({
            "artifactLocation": { "uri": uri(path) },
            "region": { "startLine": 1 },
        });
    };
    let (start, end) = (source.start(), source.end());
    json!({
        "artifactLocation": { "uri": uri(&source.file.name) },
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            // The column behind the last character.
            "endColumn": end.column,
        },
    })
}

/// Writes a path as a URI reference: RFC 3986's unreserved characters and `/`
/// stand for themselves.
fn uri(path: &str) -> String {
    use std::fmt::Write;
    let path = path.strip_prefix("./").unwrap_or(path);
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    path.bytes().fold(scheme.to_owned(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::model::{Address, SourceFile};

    #[test]
    fn writes_places_rules_and_hints() {
        let file = SourceFile::new("my specs/é.toml", "a = 1\n\"ü\" = 2\n");
        let diagnostics: Diagnostics = [
            Diagnostic::error("wrong")
                .at(Address::new("group", "errors"))
                .with_source(SourceRange::new(&file, 6..10))
                .with_hint("do it right"),
            Diagnostic::warning("never reached").with_code("shadowed-rule"),
        ]
        .into_iter()
        .collect();
        let mut document = document(&diagnostics, "./xrayctl.toml");
        document["runs"][0]["tool"]["driver"]["semanticVersion"] = json!("0.0.0");
        assert_snapshot!(format!("{document:#}"), @r#"
        {
          "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
          "version": "2.1.0",
          "runs": [
            {
              "tool": {
                "driver": {
                  "name": "xrayctl",
                  "semanticVersion": "0.0.0",
                  "rules": [
                    {
                      "id": "invalid-spec",
                      "shortDescription": {
                        "text": "What AWS or xrayctl would refuse"
                      }
                    },
                    {
                      "id": "shadowed-rule",
                      "shortDescription": {
                        "text": "A sampling rule that no request ever reaches"
                      }
                    }
                  ]
                }
              },
              "columnKind": "unicodeCodePoints",
              "invocations": [
                {
                  "executionSuccessful": true
                }
              ],
              "results": [
                {
                  "ruleId": "invalid-spec",
                  "ruleIndex": 0,
                  "level": "error",
                  "message": {
                    "text": "wrong\ndo it right"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "my%20specs/%C3%A9.toml"
                        },
                        "region": {
                          "startLine": 2,
                          "startColumn": 1,
                          "endLine": 2,
                          "endColumn": 4
                        }
                      },
                      "logicalLocations": [
                        {
                          "fullyQualifiedName": "group.errors",
                          "kind": "resource"
                        }
                      ]
                    }
                  ]
                },
                {
                  "ruleId": "shadowed-rule",
                  "ruleIndex": 1,
                  "level": "warning",
                  "message": {
                    "text": "never reached"
                  },
                  "locations": [
                    {
                      "physicalLocation": {
                        "artifactLocation": {
                          "uri": "xrayctl.toml"
                        },
                        "region": {
                          "startLine": 1
                        }
                      }
                    }
                  ]
                }
              ]
            }
          ]
        }
        "#);
    }
}
