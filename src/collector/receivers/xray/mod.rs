//! What the X-Ray daemon takes:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html>.

mod udp;

pub use udp::serve;
