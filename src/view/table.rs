//! Tables: columns as wide as what stands in them. Only the last gives way where
//! the terminal is narrow, and shows that it does.

use console::{measure_text_width, truncate_str};

use super::style::{Style, Styles};
use super::visible::visible;

/// The narrowest that a last column gets, in characters.
const NARROWEST: usize = 16;
/// Blanks between two columns.
const GAP: &str = "  ";

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub title: &'static str,
    /// Its text stands at its right end.
    pub is_right: bool,
}

/// Left-aligned.
pub(super) const fn left(title: &'static str) -> Column {
    let is_right = false;
    Column { title, is_right }
}

/// Right-aligned.
pub(super) const fn right(title: &'static str) -> Column {
    let is_right = true;
    Column { title, is_right }
}

/// What stands in one row and column. The text is harmless to the terminal.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A text that others may have written.
    pub(super) fn new(text: &str) -> Self {
        Self::styled(text, Style::default())
    }

    /// The same, in a style.
    pub(super) fn styled(text: &str, style: Style) -> Self {
        Self {
            text: one_line(text),
            style,
        }
    }
}

/// A text made harmless, with blanks for tabs.
pub(super) fn one_line(text: &str) -> String {
    visible(text).replace('\t', " ")
}

/// Cuts a text to `width` columns of the terminal and shows that it is cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    truncate_str(text, width, "…").into_owned()
}

/// Appends blanks up to `width` columns of the terminal.
pub(super) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(blanks))
}

/// A table whose columns never get narrower, so that rows may be added later.
#[derive(Clone, Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    widths: Vec<usize>,
    /// Characters of the terminal, where there is one.
    room: Option<usize>,
}

impl Table {
    /// An empty one, for a terminal of `room` characters.
    pub(super) fn new(columns: Vec<Column>, room: Option<usize>) -> Self {
        let widths = columns.iter().map(|column| column.title.len()).collect();
        Self {
            columns,
            widths,
            room,
        }
    }

    /// Draws rows, below the titles where `titles` gives their style.
    pub(super) fn draw(&mut self, rows: &[Vec<Cell>], titles: Option<Styles>) -> String {
        for row in rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(&cell.text));
            }
        }
        let mut drawn = String::new();
        if let Some(styles) = titles {
            let titles: Vec<Cell> = self
                .columns
                .iter()
                .map(|column| Cell::styled(column.title, styles.dim))
                .collect();
            self.draw_row(&titles, &mut drawn);
        }
        for row in rows {
            self.draw_row(row, &mut drawn);
        }
        drawn
    }

    fn draw_row(&self, row: &[Cell], drawn: &mut String) {
        let last = self.columns.len().saturating_sub(1);
        let mut used = 0;
        let mut line = String::new();
        for (index, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
            if index > 0 {
                line.push_str(GAP);
                used += GAP.len();
            }
            let width = self.widths[index];
            let blanks = width.saturating_sub(measure_text_width(&cell.text));
            if column.is_right {
                line.push_str(&" ".repeat(blanks));
            }
            let room = self
                .room
                .map(|room| room.saturating_sub(used).max(NARROWEST));
            let text = match room {
                Some(room) if index == last && !column.is_right => cut(&cell.text, room),
                _ => cell.text.clone(),
            };
            line.push_str(&cell.style.paint(text).to_string());
            if !column.is_right && index != last {
                line.push_str(&" ".repeat(blanks));
            }
            used += width;
        }
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_what_stands_in_them() {
        let mut table = Table::new(vec![left("NAME"), right("N"), left("TEXT")], Some(32));
        let rows = [
            vec![Cell::new("名前"), Cell::new("1"), Cell::new("a\tb\x1b[31m")],
            vec![
                Cell::new("checkout"),
                Cell::new("100"),
                Cell::new(&"x".repeat(40)),
            ],
        ];
        insta::assert_snapshot!(table.draw(&rows, Some(Styles::default())), @r"
        NAME        N  TEXT
        名前        1  a b␛[31m
        checkout  100  xxxxxxxxxxxxxxxx…
        ");
    }
}
