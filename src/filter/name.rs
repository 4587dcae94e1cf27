//! Classifies the words that can start a condition.

use super::keyword::{
    AnnotationSide, BooleanKeyword, GroupField, NumberKeyword, RootCauseList, StringKeyword,
};

/// A word that can start a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Boolean(BooleanKeyword),
    Number(NumberKeyword),
    String(StringKeyword),
    /// An annotation; without a key in the word one in brackets must follow.
    Annotation {
        side: Option<AnnotationSide>,
        key: Option<&'a str>,
    },
    Construct(Construct),
}

/// A word with a syntax of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Construct {
    Service,
    Edge,
    Id,
    Group(GroupField),
    RootCauseJson,
    RootCause(RootCauseList),
}

impl Construct {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Edge => "edge",
            Self::Id => "id",
            Self::Group(field) => field.as_str(),
            Self::RootCauseJson => "rootcause.json",
            Self::RootCause(list) => list.as_str(),
        }
    }

    fn from_name(word: &str) -> Option<Self> {
        let plain = [Self::Service, Self::Edge, Self::Id, Self::RootCauseJson];
        if let Some(construct) = plain
            .into_iter()
            .find(|construct| construct.as_str().eq_ignore_ascii_case(word))
        {
            return Some(construct);
        }
        // The keyword table of the guide has `json`, its examples `rootcause.json`.
        if word.eq_ignore_ascii_case("json") {
            return Some(Self::RootCauseJson);
        }
        let list = RootCauseList::from_name(word).map(Self::RootCause);
        list.or_else(|| GroupField::from_name(word).map(Self::Group))
    }
}

impl<'a> Name<'a> {
    /// Finds what `word` means in any letter case, wherever it may stand.
    pub(super) fn classify(word: &'a str) -> Option<Self> {
        BooleanKeyword::from_name(word)
            .map(Self::Boolean)
            .or_else(|| NumberKeyword::from_name(word).map(Self::Number))
            .or_else(|| StringKeyword::from_name(word).map(Self::String))
            .or_else(|| Construct::from_name(word).map(Self::Construct))
            .or_else(|| annotation(word))
    }
}

/// Every complete word that can start a condition, as candidates for hints.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let booleans = BooleanKeyword::ALL.iter().map(|keyword| keyword.as_str());
    let numbers = NumberKeyword::ALL.iter().map(|keyword| keyword.as_str());
    let strings = StringKeyword::ALL.iter().map(|keyword| keyword.as_str());
    let groups = GroupField::ALL.iter().map(|field| field.as_str());
    let others = ["service", "edge", "rootcause.json"];
    booleans
        .chain(numbers)
        .chain(strings)
        .chain(groups)
        .chain(others)
}

fn annotation(word: &str) -> Option<Name<'_>> {
    let (side, word) = AnnotationSide::ALL
        .iter()
        .find_map(|&side| {
            let rest = strip_prefix(word, side.as_str())?.strip_prefix('.')?;
            Some((Some(side), rest))
        })
        .unwrap_or((None, word));
    let rest = strip_prefix(word, "annotation")?;
    match rest.strip_prefix('.') {
        None if !rest.is_empty() => None,
        key => Some(Name::Annotation { side, key }),
    }
}

/// Removes an ASCII prefix in any letter case.
pub(super) fn strip_prefix<'a>(word: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = word.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_keep_the_case_of_the_key() {
        let cases = [
            ("annotation.Age", None, Some("Age")),
            ("Annotation", None, None),
            ("annotation.", None, Some("")),
            ("annotation.a.b", None, Some("a.b")),
            (
                "SOURCE.annotation.k",
                Some(AnnotationSide::Source),
                Some("k"),
            ),
        ];
        for (word, side, key) in cases {
            let expected = Some(Name::Annotation { side, key });
            assert_eq!(Name::classify(word), expected, "{word}");
        }
        for word in ["annotations", "source.", "destination", "größe"] {
            assert_eq!(Name::classify(word), None, "{word}");
        }
    }

    #[test]
    fn every_candidate_is_a_name() {
        for word in all() {
            assert!(Name::classify(word).is_some(), "{word}");
        }
    }
}
