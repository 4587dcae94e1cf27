//! What tells how the collector is.

mod health;
mod pages;
mod status;

pub use health::Health;
pub use pages::Pages;
pub use status::Status;
