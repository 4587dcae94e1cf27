//! The traces that the collector keeps, for those who ask X-Ray's API.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::collector::StoredTraces;
use crate::collector_config::{CollectorConfig, Exporter};
use crate::segment::{Options, TraceId};
use crate::traces::{Documents, Source, TimeRange, Window};

/// Reads what the collector that there is keeps.
#[derive(Default)]
pub(super) struct Kept(RwLock<Option<Arc<StoredTraces>>>);

impl Kept {
    /// Reads from the store in `folder` from now on; from nowhere where the
    /// configuration keeps nothing, or where the store cannot be opened.
    pub(super) fn follow(&self, config: &CollectorConfig, folder: &Path) {
        let opened = config
            .store
            .enabled
            .then(|| StoredTraces::open(folder, options(config)));
        let opened = opened.and_then(|opened| match opened {
            Ok(opened) => Some(Arc::new(opened)),
            Err(error) => {
                tracing::error!(%error, "traces cannot be asked for");
                None
            }
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = opened;
    }

    fn now(&self) -> Result<Arc<StoredTraces>, String> {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let nothing = "the collector keeps no traces: see `store` in `[collector]`";
        now.clone().ok_or_else(|| nothing.to_owned())
    }
}

/// How spans become segments: as the first exporter to X-Ray sends them. Where
/// there is none, all attributes become annotations, so that they can be found.
fn options(config: &CollectorConfig) -> Options {
    let mut exporters = config.exporters.values();
    let found = exporters.find_map(|exporter| match exporter {
        Exporter::Xray(xray) => Some(Options::from(xray)),
        _ => None,
    });
    found.unwrap_or_else(|| Options {
        index_all_attributes: true,
        ..Options::default()
    })
}

impl Source for Kept {
    fn trace(&self, id: TraceId, visit: &mut dyn FnMut(&Documents<'_>)) -> Result<(), String> {
        self.now()?.trace(id, visit)
    }

    fn traces(
        &self,
        window: Window,
        range: TimeRange,
        visit: &mut dyn FnMut(TraceId, &Documents<'_>) -> ControlFlow<()>,
    ) -> Result<(), String> {
        self.now()?.traces(window, range, visit)
    }
}
