//! A configuration of the Collector, and its YAML.

use serde_json::{Map, Value, json};

/// A part of a configuration that describes components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What runs beside the pipelines.
    Extensions,
    /// Where telemetry comes in.
    Receivers,
    /// What is done to it.
    Processors,
    /// What makes telemetry of one kind of another.
    Connectors,
    /// Where it goes.
    Exporters,
}

impl Section {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 5] = [
        Self::Extensions,
        Self::Receivers,
        Self::Processors,
        Self::Connectors,
        Self::Exporters,
    ];

    /// Its key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Extensions => "extensions",
            Self::Receivers => "receivers",
            Self::Processors => "processors",
            Self::Connectors => "connectors",
            Self::Exporters => "exporters",
        }
    }

    /// One of it in words.
    pub fn word(self) -> &'static str {
        self.key().trim_end_matches('s')
    }
}

/// A component: a type of the Collector's, and how it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Where it is described.
    pub section: Section,
    /// Its type, such as `awsxray`.
    pub kind: &'static str,
    /// What pipelines call it, `type` or `type/name`.
    pub id: String,
    /// Keys and indices that lead to what it was made of from `[collector]`.
    pub steps: Vec<String>,
    /// What it is told.
    pub settings: Value,
}

/// What goes from which receivers through which processors to which exporters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// `traces`, or `metrics/name`.
    pub name: String,
    /// Receivers, and connectors that end another pipeline.
    pub receivers: Vec<String>,
    /// Processors, in their order.
    pub processors: Vec<String>,
    /// Exporters, and connectors that begin another pipeline.
    pub exporters: Vec<String>,
}

/// A configuration of the Collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The components, in the order in which they are written.
    pub components: Vec<Component>,
    /// The pipelines.
    pub pipelines: Vec<Pipeline>,
}

impl Document {
    /// The components of a section.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &Component> {
        let all = self.components.iter();
        all.filter(move |component| component.section == section)
    }

    /// The configuration as the Collector has it in memory: a `$` is a `$`.
    pub fn to_value(&self) -> Value {
        let mut root = Map::new();
        for section in Section::ALL {
            let components = self.section(section);
            let components: Map<String, Value> = components
                .map(|component| (component.id.clone(), component.settings.clone()))
                .collect();
            if !components.is_empty() {
                root.insert(section.key().to_owned(), components.into());
            }
        }
        let mut service = Map::new();
        let extensions = self.section(Section::Extensions);
        let extensions: Vec<&str> = extensions.map(|one| one.id.as_str()).collect();
        if !extensions.is_empty() {
            service.insert("extensions".to_owned(), json!(extensions));
        }
        let pipelines = self.pipelines.iter().map(|pipeline| {
            let mut parts = Map::new();
            parts.insert("receivers".to_owned(), json!(pipeline.receivers));
            if !pipeline.processors.is_empty() {
                parts.insert("processors".to_owned(), json!(pipeline.processors));
            }
            parts.insert("exporters".to_owned(), json!(pipeline.exporters));
            (pipeline.name.clone(), Value::Object(parts))
        });
        let pipelines: Map<String, Value> = pipelines.collect();
        service.insert("pipelines".to_owned(), pipelines.into());
        root.insert("service".to_owned(), service.into());
        root.into()
    }

    /// The configuration as a file, without comments.
    ///
    /// # Errors
    /// Where a value cannot be said in YAML, which no value of JSON is.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        // Long conditions stay on one line: folded, they are hard to read and
        // to look for.
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        serde_saphyr::to_string_with_options(&escaped(self.to_value()), options)
    }
}

/// Doubles every `$` of a value: the Collector puts in what `${…}` names, and
/// makes `$` of `$$`
/// (<https://opentelemetry.io/docs/collector/configuration/#environment-variables>).
/// Keys it leaves as they are.
fn escaped(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('$', "$$")),
        Value::Array(items) => items.into_iter().map(escaped).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(key, value)| (key, escaped(value))).collect()
        }
        other => other,
    }
}

/// Milliseconds as Go writes durations: `200ms`, `30s`. What is longer than Go
/// can count, 292 years, is that long.
pub(super) fn milliseconds(count: u64) -> String {
    nanoseconds(count.saturating_mul(1_000_000))
}

/// Seconds as Go writes durations.
pub(super) fn seconds(count: u64) -> String {
    nanoseconds(count.saturating_mul(1_000_000_000))
}

/// Nanoseconds as Go writes durations, in the largest unit that is whole.
pub(super) fn nanoseconds(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")];
    /// The most that Go counts, less what is no whole second.
    const MOST: u64 = 9_223_372_036_000_000_000;
    let count = count.min(MOST);
    if count == 0 {
        return "0s".to_owned();
    }
    let whole = UNITS.iter().find(|(size, _)| count.is_multiple_of(*size));
    match whole {
        Some((size, unit)) => format!("{}{unit}", count / size),
        None => format!("{count}ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_reads_them() {
        for (count, expected) in [
            (0, "0s"),
            (5_000_000, "5ms"),
            (2_500_000_000, "2500ms"),
            (30_000_000_000, "30s"),
            (1_500, "1500ns"),
            (7_000, "7us"),
            (u64::MAX, "9223372036s"),
        ] {
            assert_eq!(nanoseconds(count), expected);
        }
        assert_eq!(milliseconds(u64::MAX), "9223372036s");
        assert_eq!(seconds(300), "300s");
    }

    /// Texts that a reader of YAML takes for something else, and those in which
    /// the Collector puts in variables.
    #[test]
    fn a_text_stays_the_text_that_it_is() {
        let texts = [
            "",
            "no",
            "Yes",
            "on",
            "null",
            "~",
            "0123",
            "1_000",
            "12:30:45",
            "1e3",
            "0x1f",
            ".inf",
            "2024-01-01",
            "=",
            "<<",
            " a ",
            "a: b",
            "a #b",
            "- a",
            "*a",
            "@a",
            "%a",
            "it's",
            "\"",
            "a\nb",
            "a\r\n\tb",
            "\u{2028}\u{feff}é\u{7f}\0",
            "${env:HOME}",
            "$$",
            "$1",
            "(?i)^a\\.b$",
        ];
        let document = Document {
            components: vec![Component {
                section: Section::Exporters,
                kind: "debug",
                id: "debug".to_owned(),
                steps: Vec::new(),
                settings: json!({ "texts": texts, "of": { "no": "y" } }),
            }],
            pipelines: Vec::new(),
        };
        let yaml = document.to_yaml().unwrap();
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, escaped(document.to_value()), "{yaml}");
        let texts: Vec<&str> = read["exporters"]["debug"]["texts"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .filter(|text| text.contains('$'))
            .collect();
        assert_eq!(texts, ["$${env:HOME}", "$$$$", "$$1", "(?i)^a\\.b$$"]);
    }
}
