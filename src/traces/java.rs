//! JSON as AWS writes it: no spaces, numbers that are no whole ones as Java's
//! `Double.toString` has them (`1.790164769125E9`).
//!
//! Values that are written here came from a parser that goes no deeper than 128.

use std::fmt::{self, Write};

use serde_json::{Map, Number, Value};

/// Appends a finite number: the fewest digits that are read as the same number.
pub(super) fn double(out: &mut String, number: f64) {
    let size = number.abs();
    if number == 0.0 || (1e-3..1e7).contains(&size) {
        append(out, format_args!("{number:?}"));
        return;
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    out.push_str(digits);
    if !digits.contains('.') {
        out.push_str(".0");
    }
    out.push('E');
    out.push_str(exponent);
}

/// Appends any value.
pub(super) fn value(out: &mut String, given: &Value) {
    match given {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(given) => number(out, given),
        Value::String(given) => text(out, given),
        Value::Array(values) => {
            out.push('[');
            for (index, given) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                value(out, given);
            }
            out.push(']');
        }
        Value::Object(fields) => object(out, fields),
    }
}

fn object(out: &mut String, fields: &Map<String, Value>) {
    out.push('{');
    for (index, (key, given)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        text(out, key);
        out.push(':');
        value(out, given);
    }
    out.push('}');
}

fn number(out: &mut String, number: &Number) {
    match number.as_f64() {
        Some(value) if number.is_f64() => double(out, value),
        _ => out.push_str(&number.to_string()),
    }
}

fn append(out: &mut String, text: fmt::Arguments<'_>) {
    // Text takes whatever is written to it.
    let _ = out.write_fmt(text);
}

/// Appends text in quotes.
pub(super) fn text(out: &mut String, text: &str) {
    // Whole runs at once: most texts have nothing to escape.
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|it: char| it < ' ' || it == '"' || it == '\\') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = special.chars();
        match letters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(other) => append(out, format_args!("\\u{:04x}", u32::from(other))),
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(number: f64) -> String {
        let mut out = String::new();
        double(&mut out, number);
        out
    }

    #[test]
    fn numbers_look_like_javas() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-12.5, "-12.5"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1_790_164_769.125, "1.790164769125E9"),
            (1_790_159_519.0, "1.790159519E9"),
            (1e21, "1.0E21"),
            (f64::MAX, "1.7976931348623157E308"),
            (-5e-324, "-5.0E-324"),
        ];
        for (number, expected) in cases {
            assert_eq!(written(number), expected);
        }
    }

    #[test]
    fn whole_numbers_and_texts_stay_as_they_are() {
        let given = json!({
            "a\"b": [200, -1, u64::MAX, 1.5, true, null],
            "c": "\\ \u{1} \n\r\t é",
            "": {},
        });
        let mut out = String::new();
        value(&mut out, &given);
        let expected = concat!(
            r#"{"a\"b":[200,-1,18446744073709551615,1.5,true,null],"#,
            r#""c":"\\ \u0001 \n\r\t é","":{}}"#
        );
        assert_eq!(out, expected);
    }

    proptest! {
        #[test]
        fn numbers_come_back(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = written(number);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            let json: f64 = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(json.to_bits(), bits);
        }

        #[test]
        fn times_come_back(seconds in 1e9..2e9) {
            let json: f64 = serde_json::from_str(&written(seconds)).unwrap();
            prop_assert_eq!(json.to_bits(), seconds.to_bits());
        }

        #[test]
        fn texts_come_back(given: String) {
            let mut out = String::new();
            text(&mut out, &given);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), given);
        }
    }
}
