//! Values of attributes as texts and as JSON, as Jaeger writes them.

use aws_smithy_types::base64;
use serde_json::{Map, Number, Value};

use crate::otlp::view::AnyValue;

/// A value as a text: what tags are compared by.
pub(super) fn text(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => String::new(),
        AnyValue::Text(text) => text.to_owned(),
        AnyValue::Bool(value) => value.to_string(),
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Double(value) => double(value),
        AnyValue::Bytes(bytes) => base64::encode(bytes),
        AnyValue::Array(_) | AnyValue::Map(_) => json(value).to_string(),
    }
}

/// A number as a text; JSON has none that is not finite.
fn double(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}Infinity")
    } else {
        value.to_string()
    }
}

/// A number in JSON; a text where JSON has none.
pub(super) fn number(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None => Value::String(double(value)),
    }
}

fn json(value: AnyValue<'_>) -> Value {
    match value {
        AnyValue::Empty => Value::Null,
        AnyValue::Text(text) => text.into(),
        AnyValue::Bool(value) => value.into(),
        AnyValue::Int(value) => value.into(),
        AnyValue::Double(value) => number(value),
        AnyValue::Array(array) => array.iter().map(json).collect(),
        AnyValue::Map(map) => {
            let pairs = map.iter().map(|(key, value)| (key.to_owned(), json(value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        AnyValue::Bytes(bytes) => base64::encode(bytes).into(),
    }
}
