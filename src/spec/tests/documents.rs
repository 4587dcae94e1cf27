//! JSON documents in their three forms.

use insta::assert_snapshot;
use serde_json::json;

use super::{Folder, STACK, faults, faults_with, options, resources, sound};
use crate::spec::Options;

#[test]
fn all_forms_mean_the_same() {
    let files = Folder::from([(
        "policies/key.json",
        r#"{"Statement": [{"Effect": "Allow", "N": 1}]}"#,
    )]);
    let spec = sound(
        &format!(
            r#"{STACK}
[kms_keys.a.policy]
Statement = [{{ Effect = "Allow", N = 1 }}]
[kms_keys.b]
policy = '{{"Statement": [{{"Effect": "Allow", "N": 1}}]}}'
[kms_keys.c]
policy = {{ file = "policies/key.json" }}
"#
        ),
        &Options::default(),
        &files,
    );
    let expected = json!({"Statement": [{"Effect": "Allow", "N": 1}]});
    for resource in &spec.resources {
        assert_eq!(
            resource.attributes["policy"], expected,
            "{}",
            resource.address
        );
    }
}

#[test]
fn keys_stay_in_the_order_of_the_file() {
    let resources = resources("[kms_keys.a.policy]\nVersion = \"1\"\nStatement = []\nId = \"x\"\n");
    assert_eq!(
        resources[0].written["policy"].to_string(),
        r#"{"Version":"1","Statement":[],"Id":"x"}"#
    );
}

#[test]
fn variables_go_into_strings_and_cannot_leave_them() {
    let files = Folder::from([
        ("${env}.json", "no"),
        (
            "x.json",
            r#"{"a": "${var.odd}", "${env}": 1, "n": "${var.n}"}"#,
        ),
    ]);
    let spec = sound(
        &format!(
            r#"{STACK}
[env.x]
[vars]
odd = '", "evil": "'
n = 3
doc = '{{"a": 1}}'
[kms_keys.a]
policy = '{{"a": "<${{var.odd}}>", "user": "${{aws:username}}", "plain": "$${{x}}"}}'
[kms_keys.b]
policy = {{ file = "${{env}}.json" }}
[kms_keys.c]
policy = "${{var.doc}}"
"#
        ),
        &options(Some("x"), &[]),
        &files,
    );
    let policy = |index: usize| spec.resources[index].attributes["policy"].clone();
    assert_eq!(
        policy(0),
        json!({"a": "<\", \"evil\": \">", "user": "${aws:username}", "plain": "${x}"})
    );
    assert_eq!(
        policy(1),
        json!({"a": "\", \"evil\": \"", "${env}": 1, "n": 3})
    );
    assert_eq!(policy(2), json!({"a": 1}));
}

#[test]
fn faults_are_shown_where_they_are() {
    let files = Folder::from([
        ("bad.json", "{\n  \"Statement\": [\n    {]\n}\n"),
        ("array.json", "[]"),
        ("vars.json", "{\n  \"a\": \"${var.nope}\"\n}"),
        (
            "alow.json",
            "{\n  \"Statement\": [\n    { \"Effect\": \"Alow\" }\n  ]\n}",
        ),
    ]);
    assert_snapshot!(faults_with(
        r#"
[kms_keys.a]
policy = '{"Statement": [}'
[kms_keys.b]
policy = """
{
  "Statement": tru
}"""
[kms_keys.c]
policy = { file = "bad.json" }
[kms_keys.d]
policy = { file = "missing.json" }
[kms_keys.e]
policy = { file = "array.json" }
[kms_keys.f]
policy = { file = 1 }
[kms_keys.g]
policy = 1
[kms_keys.h]
policy = { file = "vars.json" }
[kms_keys.i.policy]
Statement = [{ Effect = "Alow" }]
[kms_keys.j]
policy = '{"Statement": [{"Effect": "Alow"}]}'
[kms_keys.k]
policy = { file = "alow.json" }
[kms_keys.l]
policy = ""
[kms_keys.m]
policy = '{"a": "${var.nope}"}'
[iam.policies.a]
"#,
        &Options::default(),
        &files,
    ), @r#"
    6:26 <}> KMS key `a`: `policy` is not JSON: expected value
         hint: for a file, write `{ file = "PATH" }`
    11:1 <}> KMS key `b`: `policy` is not JSON: expected `true`, `false` or `null`
         hint: for a file, write `{ file = "PATH" }`
    specs/bad.json:3:6 <]> KMS key `c`: `policy` is not JSON: key must be a string
    15:19 <"missing.json"> KMS key `d`: cannot read `missing.json`: no such file
         hint: the path starts at the folder of the spec
    specs/array.json:1:1 <[]> KMS key `e`: `policy`: expected a JSON object, found an array
    19:19 <1> KMS key `f`: `policy.file`: expected a string, found an integer
    21:10 <1> KMS key `g`: `policy`: expected a JSON document, found an integer
         hint: write it as a table, as JSON text, or as `{ file = "PATH" }`
    specs/vars.json:2:9 <${var.nope}> KMS key `h`: `${var.nope}` is unknown
         hint: declare it in `[vars]`, or write `$${` for a plain `${`
    25:25 <"Alow"> KMS key `i`: `policy.Statement.0.Effect`: is `Alow`, expected `Allow`
    27:37 <"Alow"> KMS key `j`: `policy.Statement.0.Effect`: is `Alow`, expected `Allow`
    specs/alow.json:3:17 <"Alow"> KMS key `k`: `policy.Statement.0.Effect`: is `Alow`, expected `Allow`
    31:11 <> KMS key `l`: `policy` is not JSON: it ends too early
         hint: for a file, write `{ file = "PATH" }`
    33:18 <${var.nope}> KMS key `m`: `${var.nope}` is unknown
         hint: declare it in `[vars]`, or write `$${` for a plain `${`
    34:1 <[iam.policies.a]> IAM policy `a`: `document` is missing
    "#);
}

#[test]
fn a_setting_overrides_a_whole_document() {
    let files = Folder::from([("a.json", r#"{"a": 1}"#), ("b.json", r#"{"b": 1}"#)]);
    let text = format!(
        "{STACK}[kms_keys.k]\npolicy = {{ file = \"a.json\" }}\n\
         [env.x.kms_keys.k]\npolicy = {{ file = \"b.json\" }}\n\
         [env.y.kms_keys.k.policy]\nc = 1\n"
    );
    for (env, expected) in [("x", json!({"b": 1})), ("y", json!({"c": 1}))] {
        let spec = sound(&text, &options(Some(env), &[]), &files);
        assert_eq!(spec.resources[0].attributes["policy"], expected);
    }
}

#[test]
fn a_document_of_another_type_is_refused() {
    assert_snapshot!(faults("[kms_keys.a]\npolicy = [1]\n[kms_keys.b]\npolicy = '\"text\"'\n"), @r#"
    5:10 <[1]> KMS key `a`: `policy`: expected a JSON document, found an array
         hint: write it as a table, as JSON text, or as `{ file = "PATH" }`
    7:11 <"text"> KMS key `b`: `policy`: expected a JSON object, found a string
    "#);
}
