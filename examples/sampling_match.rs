//! Says which rule requests meet, for tests that compare that with other samplers.
//! Reads JSON lines `{"rules": [SamplingRule of AWS, …], "requests": [{"method": …,
//! "path": …, "host": …, "service": …, "type": …, "arn": …, "attributes": {…}}, …]}`
//! and answers each with the names of the rules that are met, by sampler.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use serde_json::{Map, Value};
use xrayctl::sampling::{Criteria, Dialect, Request, Rule, first_match, sort};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&case))?;
    }
    Ok(())
}

fn answer(case: &Value) -> Value {
    let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
    let mut rules: Vec<Rule> = list("rules").iter().map(rule).collect();
    sort(&mut rules);
    let requests = list("requests");
    let of_dialect = |dialect: Dialect| {
        let met = requests.iter().map(|request| met(&rules, request, dialect));
        (dialect.name().to_owned(), met.collect::<Value>())
    };
    Value::Object(Dialect::ALL.into_iter().map(of_dialect).collect())
}

fn met(rules: &[Rule], request: &Value, dialect: Dialect) -> Option<String> {
    let attributes = texts(&request["attributes"]);
    let attributes: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = Request {
        service_name: request["service"].as_str(),
        service_type: request["type"].as_str(),
        host: request["host"].as_str(),
        http_method: request["method"].as_str(),
        url_path: request["path"].as_str(),
        resource_arn: request["arn"].as_str(),
        attributes: &attributes,
    };
    let place = first_match(rules, &request, dialect)?;
    Some(rules.get(place)?.name.clone())
}

fn rule(rule: &Value) -> Rule {
    let name = |field: &str| match field {
        "service_name" => "ServiceName",
        "service_type" => "ServiceType",
        "host" => "Host",
        "http_method" => "HTTPMethod",
        "url_path" => "URLPath",
        _ => "ResourceARN",
    };
    let text = |field: &str| rule[name(field)].as_str().unwrap_or("*").to_owned();
    let number = |name: &str| rule[name].as_i64().unwrap_or_default();
    Rule {
        name: rule["RuleName"].as_str().unwrap_or_default().to_owned(),
        priority: i32::try_from(number("Priority")).unwrap_or(i32::MAX),
        fixed_rate: rule["FixedRate"].as_f64().unwrap_or_default(),
        reservoir_size: u32::try_from(number("ReservoirSize")).unwrap_or_default(),
        criteria: Criteria::new(text, &texts(&rule["Attributes"])),
    }
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let none = Map::new();
    let entries = object.as_object().unwrap_or(&none).iter();
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    entries.filter_map(text).collect()
}
