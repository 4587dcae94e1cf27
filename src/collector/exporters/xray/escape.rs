//! JSON documents as texts of JSON.

use crate::segment::marks::{CHUNK, marks};

/// Bytes that are copied together.
const WIDE: usize = 16;

/// Writes `document`, which is UTF-8, as a JSON text.
///
/// One byte in seven of a document is a quote. What needs a backslash is marked for
/// 64 bytes at a time, without a branch; what lies between two marks is copied
/// sixteen bytes at a time, whatever is behind it.
pub(super) fn escape(out: &mut Vec<u8>, document: &[u8]) {
    let start = out.len();
    let mut text = Text::after(out, document.len());
    let mut from = 0;
    for first in (0..document.len()).step_by(CHUNK) {
        let found = marks(document, first);
        if found.has_control {
            out.truncate(start);
            return byte_by_byte(out, document);
        }
        let mut marks = found.bits;
        while marks != 0 {
            let at = first + marks.trailing_zeros() as usize;
            text.copy(document, from, at);
            text.push(b'\\');
            from = at;
            marks &= marks - 1;
        }
    }
    text.copy(document, from, document.len());
    text.push(b'"');
    text.finish();
}

/// A text that is being written, in room that was made for it.
struct Text<'a> {
    out: &'a mut Vec<u8>,
    end: usize,
}

impl<'a> Text<'a> {
    /// Begins a text, of a document of so many bytes, after what is in `out`.
    fn after(out: &'a mut Vec<u8>, bytes: usize) -> Self {
        let end = out.len();
        // All of them may need a backslash.
        out.resize(end + 2 * bytes + WIDE + 2, 0);
        let mut text = Self { out, end };
        text.push(b'"');
        text
    }

    fn push(&mut self, byte: u8) {
        self.out[self.end] = byte;
        self.end += 1;
    }

    /// Writes `document[from..to]`.
    fn copy(&mut self, document: &[u8], from: usize, to: usize) {
        let length = to - from;
        if length <= WIDE
            && let Some(wide) = document[from..].first_chunk::<WIDE>()
            && let Some(room) = self.out[self.end..].first_chunk_mut()
        {
            *room = *wide;
        } else {
            self.out[self.end..self.end + length].copy_from_slice(&document[from..to]);
        }
        self.end += length;
    }

    fn finish(self) {
        self.out.truncate(self.end);
    }
}

/// As [`escape`] does, also where there are control characters.
fn byte_by_byte(out: &mut Vec<u8>, document: &[u8]) {
    out.push(b'"');
    for &byte in document {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            ..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_escaped_as_json_has_it(
            text in prop_oneof![
                any::<String>(),
                "[\"\\\\a-c{}é\u{7f}]{0,200}",
                "[\"\\\\a-c\n\u{1}]{0,200}",
            ],
        ) {
            let mut out = b"before".to_vec();
            escape(&mut out, text.as_bytes());
            prop_assert_eq!(&out[..6], b"before");
            prop_assert_eq!(serde_json::from_slice::<String>(&out[6..]).unwrap(), text);
        }
    }
}
