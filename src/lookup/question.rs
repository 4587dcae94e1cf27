//! The filter expression that is asked with: checked here, so that what is
//! wrong with it is told with its column and before any call.

use std::sync::Arc;

use crate::filter;
use crate::model::{Diagnostic, SourceFile, SourceRange};

/// What the text of an expression is called where it is at fault.
const NAME: &str = "filter expression";

/// The expression for traces of `group` that match `filter`; `None` where
/// neither is given. The user's text is sent as it was written.
///
/// # Errors
/// Where `filter` is no filter expression, with the place at fault.
pub fn question(filter: Option<&str>, group: Option<&str>) -> Result<Option<String>, Diagnostic> {
    if let Some(text) = filter {
        check(text)?;
    }
    // A string of the language has JSON's escapes.
    let group = group.map(|name| format!("group.name = {}", serde_json::Value::from(name)));
    Ok(match (group, filter) {
        (Some(group), Some(filter)) => Some(format!("{group} AND ({filter})")),
        (Some(group), None) => Some(group),
        (None, filter) => filter.map(str::to_owned),
    })
}

fn check(text: &str) -> Result<(), Diagnostic> {
    let Err(error) = filter::parse(text) else {
        return Ok(());
    };
    let source: Arc<SourceFile> = SourceFile::new(NAME, text);
    let mut diagnostic = Diagnostic::error(error.to_string())
        .with_source(SourceRange::new(&source, error.span.clone()));
    diagnostic.hint = error.hint;
    Err(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_narrow_a_filter() {
        let of = |filter, group| question(filter, group).unwrap();
        assert_eq!(of(None, None), None);
        assert_eq!(
            of(Some("error OR fault"), None).as_deref(),
            Some("error OR fault")
        );
        let both = of(Some("error OR fault"), Some("a\"b")).unwrap();
        assert_eq!(both, r#"group.name = "a\"b" AND (error OR fault)"#);
        assert!(filter::parse(&both).is_ok());
    }

    #[test]
    fn faults_have_a_column() {
        let diagnostic = question(Some("responsetime => 5"), None).unwrap_err();
        assert_eq!(
            diagnostic.source.map(|place| place.start().column),
            Some(14)
        );
    }
}
