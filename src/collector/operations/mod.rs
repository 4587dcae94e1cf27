//! What tells how the collector is.

mod health;
mod local_only;
mod pages;
mod status;
mod tracez;

pub use health::Health;
pub use local_only::LocalOnly;
pub use pages::Pages;
pub use status::Status;
