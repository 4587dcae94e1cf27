//! The two streams: results go to stdout, everything said beside them to
//! stderr.

use std::io::{self, IsTerminal, Write};

use console::Term;

use super::{Styles, diagnostic};
use crate::model::Diagnostics;

/// Columns that diagnostics may take where no terminal tells its width.
const DEFAULT_WIDTH: usize = 100;

/// The width of the terminal that results go to; one that does not tell it has
/// the 80 columns that terminals have.
fn columns() -> Option<usize> {
    let told = Term::stdout().size_checked();
    let columns = told.map_or(80, |(_, columns)| usize::from(columns));
    io::stdout().is_terminal().then_some(columns)
}

/// Where output goes, and how it may look.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Styles for results.
    pub styles: Styles,
    color_errors: bool,
    /// Someone watches progress.
    pub is_interactive: bool,
    /// Characters of a line of the terminal that results go to, where they go
    /// to one.
    pub columns: Option<usize>,
    width: usize,
}

impl Terminal {
    /// Looks at the streams of this process. Colour only on a terminal, and
    /// never with `no_color` or where `NO_COLOR` is set (<https://no-color.org>).
    pub fn of_process(no_color: bool) -> Self {
        let refuses = no_color || std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
        Self {
            styles: Styles::new(!refuses && io::stdout().is_terminal()),
            color_errors: !refuses && io::stderr().is_terminal(),
            is_interactive: io::stderr().is_terminal(),
            columns: columns(),
            width: Term::stderr()
                .size_checked()
                .map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns)),
        }
    }

    /// Styles for what is said beside results.
    pub fn status_styles(&self) -> Styles {
        Styles::new(self.color_errors)
    }

    /// Prints a result.
    ///
    /// # Errors
    /// Where stdout cannot be written, such as a pipe whose reader has gone.
    pub fn result(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    }

    /// Says something beside the result. A stderr that nobody reads does not
    /// stop the work.
    pub fn status(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // Nobody is left to tell.
        let _ = writeln!(stderr, "{}", text.trim_end_matches('\n'));
    }

    /// Shows what is wrong.
    pub fn diagnostics(&self, diagnostics: &Diagnostics) {
        if diagnostics.is_empty() {
            return;
        }
        let drawn = diagnostic::render(diagnostics, self.color_errors, self.width);
        self.status(&drawn);
        if diagnostics.iter().count() > 1 {
            self.status(&format!("\n{}", diagnostic::summary_line(diagnostics)));
        }
    }
}
