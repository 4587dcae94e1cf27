//! Ids of traces and of segments, in the forms of X-Ray and of W3C.

use std::fmt;

/// A trace's id: 16 bytes, the first four of them the second of its start where
/// an X-Ray SDK made it, random bytes where another one did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a segment or subsegment: 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId([u8; 8]);

/// Length of a trace id as X-Ray writes it: `1-` 8 digits `-` 24 digits.
const TRACE_ID_LENGTH: usize = 35;
/// Bytes of it that stand for time; the others follow the second dash.
const TIME_BYTES: usize = 4;

impl TraceId {
    /// The id of these bytes, as W3C's trace context and OTLP have it.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes, as W3C's trace context and OTLP have it.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads `1-5759e988-bd862e3fe1be46a994272793`; letters of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let dashes = text.get(1) == Some(&b'-') && text.get(10) == Some(&b'-');
        if text.len() != TRACE_ID_LENGTH || text[0] != b'1' || !dashes {
            return None;
        }
        let mut bytes = [0; 16];
        let (time, rest) = bytes.split_at_mut(TIME_BYTES);
        (from_hex(&text[2..10], time) && from_hex(&text[11..], rest)).then_some(Self(bytes))
    }

    /// Reads the 32 digits of W3C's trace context.
    pub fn parse_w3c(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        from_hex(text.as_bytes(), &mut bytes).then_some(Self(bytes))
    }

    /// The 32 digits of W3C's trace context.
    pub fn to_w3c(self) -> String {
        let mut text = Vec::with_capacity(32);
        to_hex(&self.0, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The second that an X-Ray SDK began the trace in.
    pub fn epoch(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Appends the id as X-Ray writes it.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let (time, rest) = self.0.split_at(TIME_BYTES);
        out.extend_from_slice(b"1-");
        to_hex(time, out);
        out.push(b'-');
        to_hex(rest, out);
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(TRACE_ID_LENGTH);
        self.write(&mut text);
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl SegmentId {
    /// The id of these bytes, as OTLP has it.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Its bytes, as OTLP has it.
    pub fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Reads 16 digits; letters of either case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 8];
        from_hex(text.as_bytes(), &mut bytes).then_some(Self(bytes))
    }

    /// Another id made of this one: the same at every call, so that a span that
    /// is translated again gives the same documents.
    #[must_use]
    pub fn derived(self, index: u64) -> Self {
        // The mixing step of SplitMix64.
        let mut mixed = u64::from_be_bytes(self.0)
            .wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(index.wrapping_add(1)));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)).max(1).to_be_bytes())
    }

    /// Appends the id's 16 digits.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        to_hex(&self.0, out);
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(16);
        self.write(&mut text);
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Fills `bytes` from two digits each; `false` where `text` is not that.
fn from_hex(text: &[u8], bytes: &mut [u8]) -> bool {
    if text.len() != bytes.len() * 2 {
        return false;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        match (digit(digits[0]), digit(digits[1])) {
            (Some(high), Some(low)) => *byte = high << 4 | low,
            _ => return false,
        }
    }
    true
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

fn to_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trace_ids_have_two_forms() {
        let id = TraceId::parse("1-5759E988-bd862e3fe1be46a994272793").unwrap();
        assert_eq!(id.to_string(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(id.to_w3c(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(id.epoch(), 0x5759_e988);
        assert_eq!(TraceId::parse_w3c(&id.to_w3c()), Some(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "1-5759e988-bd862e3fe1be46a99427279",
            "1-5759e988-bd862e3fe1be46a9942727933",
            "2-5759e988-bd862e3fe1be46a994272793",
            "1-5759e98-8bd862e3fe1be46a994272793",
            "1-5759e988-bd862e3fe1be46a99427279g",
            "1-5759e988-bd862e3fe1be46a9942727é",
            "5759e988bd862e3fe1be46a994272793",
        ] {
            assert_eq!(TraceId::parse(text), None, "{text}");
        }
        for text in [
            "",
            "70de5b6f19ff9a0",
            "70de5b6f19ff9a0ab",
            "70de5b6f19ff9a0x",
        ] {
            assert_eq!(SegmentId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn derived_ids_are_the_same_again_and_differ_from_one_another() {
        let id = SegmentId::from_bytes([1; 8]);
        assert_eq!(id.derived(0), id.derived(0));
        assert_ne!(id.derived(0), id.derived(1));
        assert_ne!(id.derived(0), SegmentId::from_bytes([2; 8]).derived(0));
    }

    proptest! {
        #[test]
        fn ids_come_back(trace: [u8; 16], segment: [u8; 8]) {
            let trace = TraceId::from_bytes(trace);
            prop_assert_eq!(TraceId::parse(&trace.to_string()), Some(trace));
            prop_assert_eq!(TraceId::parse_w3c(&trace.to_w3c()), Some(trace));
            let segment = SegmentId::from_bytes(segment);
            prop_assert_eq!(SegmentId::parse(&segment.to_string()), Some(segment));
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = (TraceId::parse(&text), TraceId::parse_w3c(&text), SegmentId::parse(&text));
        }
    }
}
