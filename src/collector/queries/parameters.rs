//! The parameters of a request.

use percent_encoding::percent_decode_str;

/// Parameters that are read at most.
const MOST: usize = 1000;

/// The pairs of a query, in their order.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').take(MOST);
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a parameter; `None` where it is not said, or empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let first = self.0.iter().find(|(name, _)| name == key);
        first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value of the first of several names that is said, and that name.
    pub(super) fn any(&self, keys: &[&'static str]) -> Option<(&'static str, &str)> {
        keys.iter().find_map(|key| Some((*key, self.get(key)?)))
    }

    /// All values of a parameter.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// A part of a path or a query, as it is meant.
pub(super) fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// A step of a path, as it is meant: a plus is a plus there.
pub(super) fn step(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_taken_apart() {
        let query = Parameters::of(Some("a=1&a=2&b=&c=x+y%2F%C3%A9&=&d&e=1=2"));
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(
            (query.get("b"), query.get("d"), query.get("z")),
            (None, None, None)
        );
        assert_eq!(query.get("c"), Some("x y/é"));
        assert_eq!(query.get("e"), Some("1=2"));
        assert_eq!(query.any(&["b", "c"]), Some(("c", "x y/é")));
        assert_eq!(Parameters::of(None).get("a"), None);
        assert_eq!(step("a+b%20c"), "a+b c");
    }
}
