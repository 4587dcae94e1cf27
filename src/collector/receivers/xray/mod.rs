//! What the X-Ray daemon takes:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html>.

mod udp;

pub use udp::serve;

use crate::collector::Reason;

/// What counters call the reason that X-Ray has a code for.
pub fn reason(code: &str) -> Reason {
    match code {
        "ParseError" => Reason::Malformed,
        "MissingTraceId" | "InvalidTraceId" => Reason::BadTraceId,
        "SegmentTooLarge" => Reason::TooLarge,
        _ => Reason::InvalidSegment,
    }
}
