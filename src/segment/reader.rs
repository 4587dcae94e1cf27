//! JSON read from front to back: what is wanted is taken, and all else is checked
//! to be JSON (RFC 8259) and passed over.
//!
//! Most of a document is texts, so their ends are looked up in [`marks`]; a byte
//! of a text is not looked at twice.

#![expect(
    clippy::inline_always,
    reason = "a third of the time is saved where the place is kept in registers"
)]

use std::borrow::Cow;
use std::ops::Range;

use super::marks::{CHUNK, marks};

/// The text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// What a value is, told by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    True,
    False,
    Null,
    In(Container),
}

/// A value that holds values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    List,
    Map,
}

impl Container {
    fn end(self) -> u8 {
        match self {
            Self::List => b']',
            Self::Map => b'}',
        }
    }
}

/// A text of the document, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    written: &'a str,
    has_escapes: bool,
}

impl<'a> Raw<'a> {
    /// What it says, borrowed where nothing in it is escaped.
    #[inline(always)]
    pub(super) fn text(self) -> Result<Cow<'a, str>, Malformed> {
        if self.has_escapes {
            return unescaped(self.written).map(Cow::Owned);
        }
        Ok(Cow::Borrowed(self.written))
    }
}

#[cold]
fn unescaped(written: &str) -> Result<String, Malformed> {
    serde_json::from_str(&format!("\"{written}\"")).map_err(|_| Malformed)
}

/// A place in a text.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    marked: Marked,
}

/// The quotes and backslashes that were not come to yet.
#[derive(Clone, Debug, Default)]
struct Marked {
    /// Those of one chunk, and control characters where it has some.
    bits: u64,
    /// Where the chunk begins.
    from: usize,
    /// Where the next one does.
    next: usize,
}

impl Marked {
    #[inline(always)]
    fn next(&mut self, text: &[u8]) -> Result<usize, Malformed> {
        if self.bits == 0 {
            self.look_on(text)?;
        }
        let at = self.from + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Ok(at)
    }

    /// Looks at chunks until something is in one.
    fn look_on(&mut self, text: &[u8]) -> Result<(), Malformed> {
        while self.bits == 0 {
            if self.next >= text.len() {
                return Err(Malformed);
            }
            self.from = self.next;
            self.next += CHUNK;
            let found = marks(text, self.from);
            self.bits = found.bits;
            if found.has_control {
                self.bits |= controls(&text[self.from..]);
            }
        }
        Ok(())
    }
}

/// A bit for each control character of the chunk that `text` begins with.
#[cold]
fn controls(text: &[u8]) -> u64 {
    let bytes = text.iter().take(CHUNK).zip(0..);
    bytes.fold(0, |bits, (byte, at)| bits | u64::from(*byte < b' ') << at)
}

impl<'a> Reader<'a> {
    /// Before the first value of `text`.
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            marked: Marked::default(),
        }
    }

    /// What comes next; it is not passed.
    pub(super) fn kind(&mut self) -> Result<Kind, Malformed> {
        match self.next_byte() {
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'{') => Ok(Kind::In(Container::Map)),
            Some(b'[') => Ok(Kind::In(Container::List)),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(Malformed),
        }
    }

    /// Passes the bracket that begins a container. Tells whether something is in it.
    pub(super) fn enter(&mut self, container: Container) -> bool {
        self.at += 1;
        let is_empty = self.next_byte() == Some(container.end());
        self.at += usize::from(is_empty);
        !is_empty
    }

    /// Passes the comma, or the bracket that ends the container. Tells whether more
    /// is in it.
    pub(super) fn more(&mut self, container: Container) -> Result<bool, Malformed> {
        let next = self.next_byte();
        let is_more = next == Some(b',');
        if !is_more && next != Some(container.end()) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(is_more)
    }

    /// Passes a key of a map, and its colon.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Raw<'a>, Malformed> {
        let key = self.raw()?;
        self.colon()?;
        Ok(key)
    }

    /// Passes a text.
    #[inline(always)]
    pub(super) fn raw(&mut self) -> Result<Raw<'a>, Malformed> {
        let (range, has_escapes) = self.pass_text()?;
        Ok(Raw {
            written: &self.text[range],
            has_escapes,
        })
    }

    /// Passes a number.
    ///
    /// # Errors
    /// Also where it is larger than numbers get.
    pub(super) fn number(&mut self) -> Result<f64, Malformed> {
        let from = self.at;
        self.pass_number()?;
        let number = self.text[from..self.at].parse().map_err(|_| Malformed)?;
        f64::is_finite(number).then_some(number).ok_or(Malformed)
    }

    /// Passes a value, whatever it is and however deep.
    pub(super) fn skip(&mut self) -> Result<(), Malformed> {
        let mut around = Containers::default();
        loop {
            let is_in = match self.kind()? {
                Kind::In(container) => {
                    let is_in = self.enter(container);
                    if is_in {
                        around.push(container);
                    }
                    is_in
                }
                scalar => {
                    self.pass_scalar(scalar)?;
                    false
                }
            };
            // Where a value has ended, what is around it may have ended too.
            let mut has_ended = !is_in;
            while has_ended {
                let Some(container) = around.last() else {
                    return Ok(());
                };
                has_ended = !self.more(container)?;
                if has_ended {
                    around.pop();
                }
            }
            if around.last() == Some(Container::Map) {
                self.pass_text()?;
                self.colon()?;
            }
        }
    }

    /// Nothing may follow but white space.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        self.next_byte().map_or(Ok(()), |_| Err(Malformed))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space; it is not passed.
    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.byte();
        if byte.is_some_and(|byte| byte > b' ') {
            return byte;
        }
        self.pass_space();
        self.byte()
    }

    fn pass_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn colon(&mut self) -> Result<(), Malformed> {
        let is_colon = self.next_byte() == Some(b':');
        self.at += 1;
        is_colon.then_some(()).ok_or(Malformed)
    }

    /// Tells where a text stands between its quotes, and whether it has escapes.
    #[inline(always)]
    fn pass_text(&mut self) -> Result<(Range<usize>, bool), Malformed> {
        if self.next_byte() != Some(b'"') {
            return Err(Malformed);
        }
        let text = self.text.as_bytes();
        // Before the quote there may be white space that is marked.
        while self.marked.next(text)? != self.at {}
        let from = self.at + 1;
        let mut has_escapes = false;
        loop {
            let at = self.marked.next(text)?;
            match text[at] {
                b'"' => {
                    self.at = at + 1;
                    return Ok((from..at, has_escapes));
                }
                b'\\' => {
                    has_escapes = true;
                    self.pass_escape(at)?;
                }
                _ => return Err(Malformed),
            }
        }
    }

    /// Passes what the backslash at `at` escapes. That two such numbers may have to
    /// be a pair is not seen.
    #[cold]
    fn pass_escape(&mut self, at: usize) -> Result<(), Malformed> {
        let text = self.text.as_bytes();
        match text.get(at + 1) {
            Some(b'"' | b'\\') => self.marked.next(text).map(|_| ()),
            Some(b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => {
                let digits = text.get(at + 2..at + 6).unwrap_or_default();
                let is_number = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
                is_number.then_some(()).ok_or(Malformed)
            }
            _ => Err(Malformed),
        }
    }

    fn pass_scalar(&mut self, kind: Kind) -> Result<(), Malformed> {
        match kind {
            Kind::Text => self.pass_text().map(|_| ()),
            Kind::Number => self.pass_number(),
            Kind::True => self.pass_word(b"true"),
            Kind::False => self.pass_word(b"false"),
            Kind::Null => self.pass_word(b"null"),
            Kind::In(_) => Err(Malformed),
        }
    }

    fn pass_word(&mut self, word: &[u8]) -> Result<(), Malformed> {
        let is_there = self.text.as_bytes()[self.at..].starts_with(word);
        self.at += word.len();
        is_there.then_some(()).ok_or(Malformed)
    }

    /// A digit after a first zero is left for who looks for what follows.
    fn pass_number(&mut self) -> Result<(), Malformed> {
        self.pass_if(b"-");
        if !self.pass_if(b"0") {
            self.pass_digits()?;
        }
        if self.pass_if(b".") {
            self.pass_digits()?;
        }
        if self.pass_if(b"eE") {
            self.pass_if(b"+-");
            self.pass_digits()?;
        }
        Ok(())
    }

    fn pass_if(&mut self, any: &[u8]) -> bool {
        let is_one = self.byte().is_some_and(|byte| any.contains(&byte));
        self.at += usize::from(is_one);
        is_one
    }

    fn pass_digits(&mut self) -> Result<(), Malformed> {
        let rest = self.text.as_bytes()[self.at..].iter();
        let digits = rest.take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        (digits > 0).then_some(()).ok_or(Malformed)
    }
}

/// The containers around a value: a bit for each, the innermost lowest.
#[derive(Default)]
struct Containers {
    maps: u64,
    depth: usize,
    /// What had no room, 64 at a time.
    outer: Vec<u64>,
}

impl Containers {
    /// Whether the bits are all in use, or all that are in use are `outer`'s.
    fn is_full(&self) -> bool {
        self.depth > 0 && self.depth.is_multiple_of(64)
    }

    fn push(&mut self, container: Container) {
        if self.is_full() {
            self.outer.push(self.maps);
        }
        self.maps = self.maps << 1 | u64::from(container == Container::Map);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.maps >>= 1;
        if self.is_full() {
            self.maps = self.outer.pop().unwrap_or_default();
        }
    }

    fn last(&self) -> Option<Container> {
        let innermost = if self.maps & 1 == 1 {
            Container::Map
        } else {
            Container::List
        };
        (self.depth > 0).then_some(innermost)
    }
}

#[cfg(test)]
mod tests;
