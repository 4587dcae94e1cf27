//! Colours. Empty unless the terminal wants them.

use std::fmt;

/// One style for each meaning; all empty where colour is off.
#[derive(Clone, Copy, Debug, Default)]
pub struct Styles {
    /// Something is added.
    pub add: Style,
    /// Something is changed.
    pub change: Style,
    /// Something goes away.
    pub remove: Style,
    /// A heading.
    pub bold: Style,
    /// Of less weight.
    pub dim: Style,
}

/// An ANSI style; prints nothing where it is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style(&'static str);

impl Styles {
    /// The styles for a terminal that shows colour.
    pub const COLOR: Self = Self {
        add: Style("\x1b[32m"),
        change: Style("\x1b[33m"),
        remove: Style("\x1b[31m"),
        bold: Style("\x1b[1m"),
        dim: Style("\x1b[2m"),
    };

    /// Picks the styles for a terminal.
    pub fn new(color: bool) -> Self {
        if color { Self::COLOR } else { Self::default() }
    }
}

impl Style {
    /// Wraps `text`.
    pub fn paint<T: fmt::Display>(self, text: T) -> Painted<T> {
        Painted { style: self, text }
    }
}

/// A text with its style.
pub struct Painted<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.style.0.is_empty() {
            self.text.fmt(f)
        } else {
            write!(f, "{}{}\x1b[0m", self.style.0, self.text)
        }
    }
}
