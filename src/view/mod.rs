//! All that people and programs read of this program. The engine returns data
//! and events; only this module turns them into text and prints it.

pub mod approval;
pub mod diagnostic;
pub mod plan;
pub mod progress;
pub mod show;
mod style;
mod summary;
mod terminal;
mod visible;

pub use style::Styles;
pub use summary::{apply_complete, plan_summary};
pub use terminal::Terminal;
