//! All that people and programs read of this program. The engine returns data
//! and events; only this module turns them into text and prints it.

pub mod approval;
mod clock;
pub mod diagnostic;
pub mod document;
pub mod events;
mod figures;
pub mod following;
pub mod junit;
pub mod markdown;
pub mod plan;
pub mod progress;
pub mod reading;
pub mod report;
pub mod sampling;
pub mod sarif;
pub mod service_map;
pub mod show;
#[cfg(test)]
mod specimens;
pub mod statistics;
mod style;
mod summary;
mod table;
mod terminal;
pub mod terraform_plan;
pub mod trace_table;
mod visible;
pub mod waterfall;

pub use report::Report;
pub use style::Styles;
pub use summary::{apply_complete, plan_summary};
pub use terminal::Terminal;
