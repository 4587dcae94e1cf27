//! Asking for a yes.

use std::io::{self, BufRead, IsTerminal};

use super::Terminal;

/// Tells whether there is someone to ask.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for approval; only `yes` approves.
///
/// # Errors
/// Where the answer cannot be read.
pub fn ask(terminal: &Terminal, question: &str) -> io::Result<bool> {
    let bold = terminal.status_styles().bold;
    terminal.status(&format!(
        "\n{}\n  Only `yes` approves. Answer:",
        bold.paint(question)
    ));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
