//! Places in a source file.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// A text file that diagnostics point into.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user gave it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// Wraps `text`, known to the user as `name`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
        })
    }

    /// Returns the line and column of a byte offset, both counted from 1; the
    /// column counts characters, as editors do. An offset beyond the end, or
    /// inside a character, is moved back to the nearest boundary.
    pub fn position(&self, offset: usize) -> Position {
        let mut byte = offset.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            byte,
        }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Line, counted from 1.
    pub line: usize,
    /// Character within the line, counted from 1.
    pub column: usize,
    /// Byte offset from the start of the file, counted from 0.
    pub byte: usize,
}

/// A stretch of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Byte offsets, end exclusive.
    pub bytes: Range<usize>,
}

impl SourceRange {
    /// Marks `bytes` of `file`.
    pub fn new(file: &Arc<SourceFile>, bytes: Range<usize>) -> Self {
        Self {
            file: Arc::clone(file),
            bytes,
        }
    }

    /// Returns where the stretch starts.
    pub fn start(&self) -> Position {
        self.file.position(self.bytes.start)
    }

    /// Returns where the stretch ends.
    pub fn end(&self) -> Position {
        self.file.position(self.bytes.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_not_bytes() {
        let file = SourceFile::new("a.toml", "é = 1\nü = 2\n");
        let position = file.position("é = 1\nü ".len());
        assert_eq!((position.line, position.column), (2, 3));
    }

    #[test]
    fn stays_inside_the_file() {
        let file = SourceFile::new("a.toml", "é");
        assert_eq!(file.position(1).byte, 0);
        assert_eq!(file.position(99).byte, 2);
    }
}
