//! The page around it, and how texts, times and durations stand in it.

use std::fmt::Write;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Looks, without anything from elsewhere.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;max-width:90rem}\
table{border-collapse:collapse;margin:.5rem 0}\
th,td{border:1px solid #8886;padding:.15rem .5rem;text-align:left;vertical-align:top;\
overflow-wrap:anywhere}\
thead th{position:sticky;top:0;background:Canvas;white-space:nowrap}\
td.n{text-align:right;font-variant-numeric:tabular-nums}\
article td{white-space:pre-wrap}\
article{border-left:3px solid #8886;padding-left:1rem;margin:1rem 0}\
h3,h4{margin:.5rem 0}h4{font-weight:normal}";

/// A whole page.
pub(super) fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>tracez</title>\
         <style>{STYLE}</style></head><body><h1>Spans received</h1>{body}</body></html>\n"
    )
}

/// Writes texts of our own.
pub(super) fn push(out: &mut String, texts: &[&str]) {
    out.extend(texts.iter().copied());
}

/// Writes a text of others, so that it is nothing but text.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(character),
            // Among others the marks that turn the direction of writing.
            _ if character.is_control() || is_invisible(character) => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            _ => out.push(character),
        }
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a time in nanoseconds since 1970: `2026-01-31 12:00:00.000001 UTC`.
pub(super) fn time(nanos: u64) -> String {
    let seconds = i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX);
    // No time in nanoseconds has a year of more than four digits.
    let whole = DateTime::from_secs(seconds).fmt(Format::DateTime);
    let whole = whole.unwrap_or_default().replace('T', " ");
    let micros = nanos % 1_000_000_000 / 1000;
    format!("{}.{micros:06} UTC", whole.trim_end_matches('Z'))
}

/// Writes a time that passed, in nanoseconds, in the unit that fits.
pub(super) fn duration(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let mut out = String::new();
    let _ = write!(
        out,
        "{}.{:03} {name}",
        nanos / unit,
        nanos % unit / (unit / 1000)
    );
    out
}

/// Writes where a bucket begins: `10 ms`.
pub(super) fn bound(nanos: u64) -> String {
    match nanos {
        0 => "0".to_owned(),
        _ => duration(nanos).replace(".000", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_text() {
        let mut out = String::new();
        escape(&mut out, "<a href='x' b=\"y\">&\u{1b}\u{202e}ß");
        let expected = "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;\u{fffd}\u{fffd}ß";
        assert_eq!(out, expected);
    }

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!(
            time(1_769_860_800_000_001_999),
            "2026-01-31 12:00:00.000001 UTC"
        );
        assert_eq!(time(0), "1970-01-01 00:00:00.000000 UTC");
        assert!(time(u64::MAX).starts_with("2554-"));
        let durations = [0, 999, 12_345, 250_000_000, 61_500_000_000].map(duration);
        assert_eq!(
            durations,
            ["0 ns", "999 ns", "12.345 µs", "250.000 ms", "61.500 s"]
        );
        let bounds = [0, 10_000, 1_000_000, 100_000_000_000].map(bound);
        assert_eq!(bounds, ["0", "10 µs", "1 ms", "100 s"]);
    }
}
