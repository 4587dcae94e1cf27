//! What the schema of `[collector]` cannot say.

use super::{CollectorConfig, Processor};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Keys and indices that lead to it from `[collector]`.
    pub steps: Vec<String>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl CollectorConfig {
    /// Lists what is wrong beyond what the schema says.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, name) in self.pipeline.iter().enumerate() {
            let is_known =
                self.processors.contains_key(name) || Processor::built_in(name).is_some();
            let steps = vec!["pipeline".to_owned(), index.to_string()];
            if !is_known {
                faults.push(Fault {
                    steps,
                    message: format!("there is no processor `{name}`"),
                    hint: format!("describe it in `[collector.processors.{name}]`"),
                });
            } else if self.pipeline[..index].contains(name) {
                faults.push(Fault {
                    steps,
                    message: format!("`{name}` stands in the pipeline twice"),
                    hint: "a processor is done once; describe another under a name of its own"
                        .to_owned(),
                });
            }
        }
        for (name, processor) in &self.processors {
            faults.extend(processor.check(name));
            if !self.pipeline.contains(name) {
                faults.push(Fault {
                    steps: vec!["processors".to_owned(), name.clone()],
                    message: format!("the processor `{name}` is never done"),
                    hint: format!("add `{name}` to `pipeline`, where it is to be done"),
                });
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector_config::Processor;

    #[test]
    fn names_that_lead_nowhere_are_told() {
        let mut config = CollectorConfig::default();
        assert_eq!(config.check(), []);
        config.pipeline = ["batch", "batch", "redact"].map(str::to_owned).to_vec();
        let limiter = Processor::MemoryLimiter { limit_mib: 1 };
        config.processors.insert("small".to_owned(), limiter);
        let told: Vec<String> = config
            .check()
            .into_iter()
            .map(|fault| fault.message)
            .collect();
        assert_eq!(
            told,
            [
                "`batch` stands in the pipeline twice",
                "there is no processor `redact`",
                "the processor `small` is never done",
            ]
        );
    }
}
