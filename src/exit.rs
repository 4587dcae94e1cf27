//! The exit codes of `xrayctl`, which scripts rely on.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Success = 0,
    /// Any error, a wrong command line included.
    Failure = 1,
    /// `plan --detailed-exitcode` found changes.
    Changes = 2,
    /// `fmt --check` found a file that it would change.
    Unformatted = 3,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
