//! Ids as people and other formats write them.

use std::fmt::Write;

/// Bytes as hexadecimal digits in lower case, as OTLP/JSON and the trace context
/// write ids.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
