//! x
use crate::model::{Diagnostics, SourceFile};
use std::sync::Arc;
/// x
///
/// # Errors
/// x
pub fn format(source: &Arc<SourceFile>) -> Result<String, Diagnostics> {
    Ok(source.text.clone())
}
