//! Diagnostics as `JUnit` XML, which every CI reads: one test a diagnostic, and
//! one that passes where there is none.
//!
//! Form: <https://github.com/testmoapp/junitxml>.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::visible::visible;
use crate::model::{Diagnostic, Diagnostics, Severity};

/// The name of the suite.
const SUITE: &str = "xrayctl validate";

/// Writes diagnostics of the spec at `path`. Warnings pass, with their words as
/// the test's output.
///
/// # Errors
/// Where the text cannot be written, which cannot be.
pub fn document(diagnostics: &Diagnostics, path: &str) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let tests = diagnostics.iter().count().max(1).to_string();
    let failures = diagnostics.count(Severity::Error).to_string();
    let counts = [
        ("name", SUITE),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", "0"),
    ];
    let suites = writer.create_element("testsuites").with_attributes(counts);
    suites.write_inner_content(|writer| {
        let suite = writer.create_element("testsuite");
        let suite = suite
            .with_attributes(counts)
            .with_attribute(("skipped", "0"));
        suite.write_inner_content(|writer| {
            for diagnostic in diagnostics {
                case(writer, diagnostic, path)?;
            }
            if diagnostics.is_empty() {
                let passed = writer.create_element("testcase");
                passed
                    .with_attributes([("classname", &*visible(path)), ("name", "valid")])
                    .write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn case(writer: &mut Writer<Vec<u8>>, diagnostic: &Diagnostic, path: &str) -> io::Result<()> {
    let place = diagnostic.source.as_ref();
    let file = place.map_or(path, |place| &place.file.name);
    let start = place.map(crate::model::SourceRange::start);
    let line = start.map_or(1, |start| start.line).to_string();
    let address = diagnostic.address.as_ref();
    let class = address.map_or_else(|| file.to_owned(), ToString::to_string);
    let summary = visible(&diagnostic.summary);
    let words = words(
        diagnostic,
        file,
        start.map(|start| (start.line, start.column)),
    );
    let element = writer.create_element("testcase").with_attributes([
        ("classname", &*visible(&class)),
        ("name", &summary),
        ("file", &visible(file)),
        ("line", &line),
    ]);
    element.write_inner_content(|writer| {
        match diagnostic.severity {
            Severity::Error => writer
                .create_element("failure")
                .with_attributes([("message", &*summary), ("type", kind(diagnostic))])
                .write_text_content(BytesText::new(&words))?,
            Severity::Warning => writer
                .create_element("system-out")
                .write_text_content(BytesText::new(&words))?,
        };
        Ok(())
    })?;
    Ok(())
}

fn kind(diagnostic: &Diagnostic) -> &'static str {
    diagnostic.code.unwrap_or("invalid-spec")
}

/// Writes a diagnostic as plain lines. XML takes no control characters.
fn words(diagnostic: &Diagnostic, file: &str, at: Option<(usize, usize)>) -> String {
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut lines = vec![format!("{word}: {}", diagnostic.summary)];
    if let Some((line, column)) = at {
        lines.push(format!(" --> {file}:{line}:{column}"));
    }
    let detail = diagnostic.detail.iter().flat_map(|detail| detail.lines());
    lines.extend(detail.map(|line| format!("  {line}")));
    lines.extend(diagnostic.hint.iter().map(|hint| format!("hint: {hint}")));
    let lines: Vec<String> = lines.iter().map(|line| visible(line)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::model::{Address, SourceFile, SourceRange};

    #[test]
    fn writes_failures_and_warnings() {
        let file = SourceFile::new("x.toml", "a = 1\nb = \"<&\u{1}>\"\n");
        let diagnostics: Diagnostics = [
            Diagnostic::error("`<&\u{1}>` is \"wrong\"")
                .at(Address::new("group", "errors"))
                .with_source(SourceRange::new(&file, 10..16))
                .with_detail("first\nsecond]]>")
                .with_hint("do it right"),
            Diagnostic::warning("never reached").with_code("shadowed-rule"),
        ]
        .into_iter()
        .collect();
        assert_snapshot!(document(&diagnostics, "x.toml").unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="xrayctl validate" tests="2" failures="1" errors="0">
          <testsuite name="xrayctl validate" tests="2" failures="1" errors="0" skipped="0">
            <testcase classname="group.errors" name="`&lt;&amp;␁&gt;` is &quot;wrong&quot;" file="x.toml" line="2">
              <failure message="`&lt;&amp;␁&gt;` is &quot;wrong&quot;" type="invalid-spec">error: `&lt;&amp;␁&gt;` is &quot;wrong&quot;
         --&gt; x.toml:2:5
          first
          second]]&gt;
        hint: do it right</failure>
            </testcase>
            <testcase classname="x.toml" name="never reached" file="x.toml" line="1">
              <system-out>warning: never reached</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn a_spec_without_fault_is_one_test_that_passes() {
        assert_snapshot!(document(&Diagnostics::new(), "x.toml").unwrap(), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="xrayctl validate" tests="1" failures="0" errors="0">
          <testsuite name="xrayctl validate" tests="1" failures="0" errors="0" skipped="0">
            <testcase classname="x.toml" name="valid"/>
          </testsuite>
        </testsuites>
        "#);
    }
}
