//! Conditions in the language of the Collector, OTTL
//! (<https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl>).

use crate::collector_config::processors::{SpanKind, SpanMatch, SpanStatus, XrayRule};

/// What stands behind the path of a URL.
const REST: &str = "(?:[?#].*)?";

/// A text as OTTL writes it.
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            letter if letter.is_control() => {
                let escaped = format!("\\u{:04x}", u32::from(letter));
                quoted.push_str(&escaped);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A pattern as in sampling rules as a regular expression for all of a text.
pub(super) fn whole(pattern: &str) -> String {
    format!("(?is)^{}$", glob(pattern, ".*", "."))
}

/// A pattern as in sampling rules as part of a regular expression.
fn glob(pattern: &str, many: &str, one: &str) -> String {
    let mut regex = String::new();
    for letter in pattern.chars() {
        match letter {
            '*' => regex.push_str(many),
            '?' => regex.push_str(one),
            letter => regex.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    regex
}

/// Tells whether a pattern takes every text.
fn takes_all(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

/// What a span must be like.
pub(super) fn of_match(one: &SpanMatch) -> String {
    let mut all = Vec::new();
    if let Some(kind) = one.kind {
        all.push(format!("span.kind == {}", kind_name(kind)));
    }
    if let Some(status) = one.status {
        all.push(format!("span.status.code == {}", status_name(status)));
    }
    let (least, most) = (one.min_duration_ms, one.max_duration_ms);
    if least.is_some() || most.is_some() {
        // What is in progress ends at 0.
        all.push("span.end_time_unix_nano >= span.start_time_unix_nano".to_owned());
    }
    for (sign, limit) in [(">=", least), ("<=", most)] {
        if let Some(limit) = limit {
            // Go's numbers end where ours are half way.
            let most = i64::MAX.unsigned_abs();
            let limit = limit.saturating_mul(1_000_000).min(most);
            all.push(format!(
                "span.end_time_unix_nano - span.start_time_unix_nano {sign} {limit}"
            ));
        }
    }
    if let Some(name) = one.name.as_ref().filter(|name| !takes_all(name)) {
        all.push(is_match("span.name", &whole(name)));
    }
    let service = one.service.as_ref();
    if let Some(service) = service.filter(|service| !takes_all(service)) {
        all.push(service_is(service));
    }
    for (key, value) in &one.attributes {
        let value = text(value);
        let sides = both(key).map(|path| format!("String({path}) == {value}"));
        all.push(any(&sides));
    }
    for (key, regex) in &one.attributes_regex {
        let sides = both(key).map(|path| is_match(&path, regex));
        all.push(any(&sides));
    }
    if all.is_empty() {
        // Every span has a name, be it empty: a condition has to name a field.
        all.push("span.name != nil".to_owned());
    }
    all.join(" and ")
}

/// A request that meets a sampling rule: the root of a trace, or the serving
/// side of a call.
pub(super) fn of_rule(rule: &XrayRule) -> String {
    let mut all = vec!["(span.kind == SPAN_KIND_SERVER or IsRootSpan())".to_owned()];
    if !takes_all(&rule.service_name) {
        all.push(service_is(&rule.service_name));
    }
    if !takes_all(&rule.http_method) {
        let regex = whole(&rule.http_method);
        let keys = ["http.request.method", "http.method"];
        let sides: Vec<String> = keys.map(|key| is_match(&of_span(key), &regex)).into();
        all.push(any(&sides));
    }
    if !takes_all(&rule.host) {
        let regex = whole(&rule.host);
        let host = glob(&rule.host, "[^/?#]*", "[^/?#]");
        let url = format!("(?is)^[^:/]+://{host}(?:[/?#].*)?$");
        all.push(either(
            &["http.host", "server.address", "net.host.name"],
            &regex,
            &url,
        ));
    }
    if !takes_all(&rule.url_path) {
        let path = glob(&rule.url_path, ".*", ".");
        let regex = format!("(?is)^{path}{REST}$");
        let url = format!("(?is)^[^:/]+://[^/?#]*{path}{REST}$");
        all.push(either(&["url.path", "http.target"], &regex, &url));
    }
    all.join(" and ")
}

/// A span that failed.
pub(super) fn failed() -> Vec<String> {
    let mut any = vec!["span.status.code == STATUS_CODE_ERROR".to_owned()];
    for key in ["http.response.status_code", "http.status_code"] {
        any.push(format!("Int({}) >= 500", of_span(key)));
    }
    any
}

fn either(keys: &[&str], regex: &str, url: &str) -> String {
    let fields = keys.iter().map(|key| is_match(&of_span(key), regex));
    let urls = ["url.full", "http.url"].map(|key| is_match(&of_span(key), url));
    any(&fields.chain(urls).collect::<Vec<_>>())
}

fn any(sides: &[String]) -> String {
    format!("({})", sides.join(" or "))
}

fn of_span(key: &str) -> String {
    format!("span.attributes[{}]", text(key))
}

fn both(key: &str) -> [String; 2] {
    [of_span(key), format!("resource.attributes[{}]", text(key))]
}

fn is_match(path: &str, regex: &str) -> String {
    format!("IsMatch({path}, {})", text(regex))
}

fn service_is(pattern: &str) -> String {
    is_match("resource.attributes[\"service.name\"]", &whole(pattern))
}

fn kind_name(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "SPAN_KIND_UNSPECIFIED",
        SpanKind::Internal => "SPAN_KIND_INTERNAL",
        SpanKind::Server => "SPAN_KIND_SERVER",
        SpanKind::Client => "SPAN_KIND_CLIENT",
        SpanKind::Producer => "SPAN_KIND_PRODUCER",
        SpanKind::Consumer => "SPAN_KIND_CONSUMER",
    }
}

fn status_name(status: SpanStatus) -> &'static str {
    match status {
        SpanStatus::Unset => "STATUS_CODE_UNSET",
        SpanStatus::Ok => "STATUS_CODE_OK",
        SpanStatus::Error => "STATUS_CODE_ERROR",
    }
}
