//! What a type finds wrong in a spec, told by field; the spec module turns it
//! into a place in the file.

use std::ops::Range;

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer of the field: `/filter_expression`, `/attributes/team`.
    /// Empty for the resource as a whole.
    pub field: String,
    /// Bytes within the field's text that are at fault, where it is a text and
    /// a part of it can be named.
    pub within: Option<Range<usize>>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// It is worth knowing, and stands in nothing's way.
    pub is_warning: bool,
}

/// Collects what is wrong with one resource.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the one report that the resource as a whole is wrong.
    pub(super) fn of_resource(message: String) -> Vec<Problem> {
        let mut problems = Self::new();
        problems.report("", message);
        problems.into_vec()
    }

    /// Reports `message` for `field`.
    pub fn report(&mut self, field: &str, message: impl Into<String>) -> &mut Problem {
        self.0.push(Problem {
            field: field.to_owned(),
            within: None,
            message: message.into(),
            hint: None,
            is_warning: false,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Warns of `message` for `field`.
    pub fn warn(&mut self, field: &str, message: impl Into<String>) -> &mut Problem {
        let problem = self.report(field, message);
        problem.is_warning = true;
        problem
    }

    /// Hands over what was reported.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl Problem {
    /// Says what to do.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    /// Points at a part of the field's text.
    pub fn within(&mut self, bytes: Range<usize>) -> &mut Self {
        self.within = Some(bytes);
        self
    }
}
