//! What is found wrong while a spec is read, gathered in one place.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Address, Diagnostic, Diagnostics, Severity, SourceFile, SourceRange};

/// Bytes of the spec's text.
pub(super) type Span = Range<usize>;

/// What a message is about: the stack, the sampling rule called checkout.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    words: String,
    address: Option<Address>,
}

impl Subject {
    /// Names a part of the spec that is no resource.
    pub(super) fn part(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            address: None,
        }
    }

    /// Names a resource of the type that people call `title`.
    pub(super) fn resource(title: &str, address: &Address) -> Self {
        let words = match address.name() {
            Some(name) => format!("{title} `{name}`"),
            None => title.to_owned(),
        };
        Self {
            words,
            address: Some(address.clone()),
        }
    }

    /// Returns the subject in words.
    pub(super) fn words(&self) -> &str {
        &self.words
    }
}

/// One thing wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The place in the spec. It orders findings and is what is shown, unless
    /// `elsewhere` says better.
    pub(super) span: Span,
    /// The place in another file that the spec names.
    pub(super) elsewhere: Option<SourceRange>,
    /// How grave it is.
    pub(super) severity: Severity,
    /// The rule of lint that found it.
    pub(super) code: Option<&'static str>,
    /// What is wrong: lower case, no full stop.
    pub(super) message: String,
    /// More than the one line.
    pub(super) detail: Option<String>,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Finding {
    /// Starts a finding at `span`.
    pub(super) fn new(span: &Span, message: impl Into<String>) -> Self {
        Self {
            span: span.clone(),
            elsewhere: None,
            severity: Severity::Error,
            code: None,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// Says what to do.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what to do, where that is known.
    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Adds more than the one line.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Points into another file.
    pub(super) fn elsewhere(mut self, place: SourceRange) -> Self {
        self.elsewhere = Some(place);
        self
    }
}

/// Gathers everything found wrong in one spec.
#[derive(Clone, Debug)]
pub(super) struct Report {
    source: Arc<SourceFile>,
    found: Vec<(usize, Diagnostic)>,
}

impl Report {
    /// Starts an empty report on `source`.
    pub(super) fn new(source: &Arc<SourceFile>) -> Self {
        Self {
            source: Arc::clone(source),
            found: Vec::new(),
        }
    }

    /// Returns the file reported on.
    pub(super) fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// Adds what is found about `subject`.
    pub(super) fn add(&mut self, subject: &Subject, finding: Finding) {
        let summary = format!("{}: {}", subject.words, finding.message);
        self.push(summary, subject.address.clone(), finding);
    }

    /// Adds an error that needs no subject, because its message names it.
    pub(super) fn add_plain(&mut self, finding: Finding) {
        let summary = finding.message.clone();
        self.push(summary, None, finding);
    }

    /// Adds an error that lies outside the file, in what the caller gave.
    pub(super) fn add_nowhere(&mut self, message: impl Into<String>, hint: Option<String>) {
        let mut diagnostic = Diagnostic::error(message);
        diagnostic.hint = hint;
        self.found.push((usize::MAX, diagnostic));
    }

    fn push(&mut self, summary: String, address: Option<Address>, finding: Finding) {
        let place = finding
            .elsewhere
            .unwrap_or_else(|| SourceRange::new(&self.source, finding.span.clone()));
        let mut diagnostic = Diagnostic::error(summary).with_source(place);
        diagnostic.severity = finding.severity;
        diagnostic.code = finding.code;
        diagnostic.address = address;
        diagnostic.detail = finding.detail;
        diagnostic.hint = finding.hint;
        self.found.push((finding.span.start, diagnostic));
    }

    /// Tells how much was found so far.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Hands everything over in the order of the spec. What lies in another
    /// file comes where the spec names that file.
    pub(super) fn finish(mut self) -> Diagnostics {
        self.found.sort_by_key(|(start, _)| *start);
        self.found
            .into_iter()
            .map(|(_, diagnostic)| diagnostic)
            .collect()
    }
}
