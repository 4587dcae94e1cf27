//! Which rule a request meets: patterns, and what several of them together
//! match. Pure; nothing here knows a spec or AWS.

mod criteria;
mod pattern;

pub use criteria::{Criteria, FIELDS};
pub use pattern::Pattern;
