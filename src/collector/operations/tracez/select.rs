//! Which samples are asked for, as a link says it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::window::{BOUNDS, Class, Seen, cut};

/// What stands in a query as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The spans of an operation that became of one class. The words of the query are
/// those of OpenTelemetry's zPages: `ztype` is 0 for running spans, 1 for a
/// latency bucket, counted by `zlatencybucket` from 0, and 2 for errors.
/// `zsubtype`, of `OpenCensus`, is the same as `zlatencybucket`, and `zservice` is
/// our own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Select {
    pub(super) service: Option<String>,
    pub(super) operation: String,
    pub(super) class: Class,
}

impl Select {
    /// Reads a query; `None` where it asks for no samples.
    pub(super) fn of(query: &str) -> Option<Self> {
        let (mut service, mut operation) = (None, None);
        let (mut kind, mut bucket) = (0_usize, 0_usize);
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "zservice" => service = Some(decoded(value)),
                "zspanname" => operation = Some(decoded(value)),
                "ztype" => kind = value.parse().ok()?,
                "zlatencybucket" | "zsubtype" => bucket = value.parse().ok()?,
                _ => {}
            }
        }
        let class = match kind {
            0 => Class::Running,
            1 if bucket < BOUNDS.len() => Class::Took(bucket),
            2 => Class::Failed,
            _ => return None,
        };
        Some(Self {
            service,
            operation: operation?,
            class,
        })
    }

    /// Tells whether a span is asked for.
    pub(super) fn is_for(&self, seen: &Seen<'_>) -> bool {
        let service = self.service.as_deref();
        seen.class == self.class
            && seen.operation == self.operation
            && service.is_none_or(|service| service == seen.service)
    }
}

/// The query that asks for samples: what [`Select::of`] reads.
pub(super) fn query(service: &str, operation: &str, class: Class) -> String {
    let encoded = |text| utf8_percent_encode(text, ESCAPED);
    let (kind, bucket) = match class {
        Class::Running => (0, 0),
        Class::Took(bucket) => (1, bucket),
        Class::Failed => (2, 0),
    };
    format!(
        "zservice={}&zspanname={}&ztype={kind}&zlatencybucket={bucket}",
        encoded(service),
        encoded(operation)
    )
}

fn decoded(value: &str) -> String {
    let spaced = value.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8_lossy();
    cut(&decoded).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_of_others_are_understood() {
        let select = Select::of("zspanname=GET+%2Fcart&ztype=1&zsubtype=3").unwrap();
        assert_eq!(select.operation, "GET /cart");
        assert_eq!((select.service, select.class), (None, Class::Took(3)));
        let select = Select::of("ztype=2&zspanname=a&zlatencybucket=0").unwrap();
        assert_eq!(select.class, Class::Failed);
        for none in [
            "",
            "ztype=1",
            "zspanname=a&ztype=1&zlatencybucket=9",
            "zspanname=a&ztype=x",
        ] {
            assert_eq!(Select::of(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn links_say_what_they_mean(service: String, operation: String, bucket in 0..9_usize) {
            let class = Class::Took(bucket);
            let found = Select::of(&query(cut(&service), cut(&operation), class));
            let expected = Select {
                service: Some(cut(&service).to_owned()),
                operation: cut(&operation).to_owned(),
                class,
            };
            prop_assert_eq!(found, Some(expected));
        }

        #[test]
        fn any_query_is_read(query: String) {
            let _ = Select::of(&query);
        }
    }
}
