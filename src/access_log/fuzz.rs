//! Any bytes as a line.

use super::read;
use crate::fuzz;

fuzz::target!(access_log, 800, line);

/// Nothing that a line holds is a fault of ours, and what is read of it is there.
fn line(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(entry) = read(&text) {
        assert!(entry.method.is_some() || entry.path.is_some());
        assert!(entry.at.is_none_or(|at| at.is_finite() && at >= 0.0));
        let path = entry.path.as_deref().unwrap_or("/");
        assert!(path.starts_with('/') || path == "*");
        assert!(!path.contains(['?', '#']));
    }
}
