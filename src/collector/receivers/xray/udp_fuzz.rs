//! Any bytes as a datagram of the X-Ray daemon's.

use super::{Counters, Documents, Reading, document, segment};
use crate::fuzz;

fuzz::target!(xray_datagram, 1500, datagram);

/// The short way to a document finds what the long way finds; what is taken is
/// handed on as it came.
fn datagram(input: &[u8]) {
    assert_eq!(document(input), segment::datagram(input));
    let mut documents = Documents::default();
    let counters = Counters::default();
    match documents.take(input, &counters) {
        Ok(length) => {
            assert_eq!(documents.places.len(), 1);
            assert_eq!(documents.places[0], 0..length);
            assert_eq!(document(input), Ok(documents.bytes.as_slice()));
            segment::check(&documents.bytes).expect("a document");
        }
        Err(_) => assert!(documents.bytes.is_empty() && documents.places.is_empty()),
    }
}
