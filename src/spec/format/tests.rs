//! Formatting: exact results, and what holds of every result.

#![expect(
    clippy::format_push_string,
    reason = "the texts of these tests are short"
)]

use insta::assert_snapshot;
use proptest::prelude::*;

use super::format;
use crate::model::SourceFile;

fn formatted(text: &str) -> String {
    format(&SourceFile::new("x.toml", text)).unwrap()
}

#[test]
fn spaces_tables_and_pairs() {
    assert_snapshot!(formatted(
        "\n\n# top\n\n\n  a=1   # one  \nb   =   'x'\n\n\n\nc . \"d e\" .f=true\n# of t\n[ t . u ]\n\n\n  x=1\n\n\n#end of t\n\n[[v]]# here\n[w]\n\n# last  \n\n"
    ), @r#"
    # top

    a = 1 # one
    b = 'x'

    c."d e".f = true

    # of t
    [t.u]
    x = 1

    #end of t

    [[v]] # here

    [w]
    # last
    "#);
}

#[test]
fn breaks_long_arrays_only() {
    assert_snapshot!(formatted(
        "short = [\n  1,\n  2 ,\n]\nlong = [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"cccccccccccccccccccccccccccc\"]\n\
         empty = [ ]\ntable = {  }\nrate = {a=1,b = [ 1,2 ] ,  c.d=\"x\"}\n\
         nested = [[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"],[\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"cccccccccccccccccccccccccccc\"],{x=1}]\n"
    ), @r#"
    short = [1, 2]
    long = [
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
      "cccccccccccccccccccccccccccc",
    ]
    empty = []
    table = {}
    rate = { a = 1, b = [1, 2], c.d = "x" }
    nested = [
      ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
      ["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccccccccccc"],
      { x = 1 },
    ]
    "#);
}

#[test]
fn keeps_comments_where_they_belong() {
    assert_snapshot!(formatted(
        "a = [ # first\n 1, # one\n # before two\n 2 # two\n # before the comma\n , 3\n # the end\n] # all\n\
         b = { x = [ # in\n 1 ] , y = 2 }\nc = [{ x = 1 }, # beside\n]\n"
    ), @r"
    a = [
      # first
      1, # one
      # before two
      2, # two
      # before the comma
      3,
      # the end
    ] # all
    b = { x = [
      # in
      1,
    ], y = 2 }
    c = [
      { x = 1 }, # beside
    ]
    ");
}

#[test]
fn joins_the_parts_of_a_pair() {
    assert_snapshot!(formatted(
        "a = { x.y # one\n = # two\r\n 1, # three\n}\nb={x={z\r\n =1 }}\n"
    ), @r"
    a = {
      # one
      # two
      x.y = 1, # three
    }
    b = { x = { z = 1 } }
    ");
}

#[test]
fn leaves_strings_alone() {
    let text = "a = \"\"\"\n  x  \n\t# no comment\n\n\n= \\\"\"\"\"\"\nb = '''it's ''''\nc = '[#,'\nd = \"\\\\\"\ne = 1979-05-27 07:32:00Z # date\n";
    assert_eq!(formatted(text), text);
    assert_snapshot!(formatted("a=[\"\"\"\n x\"\"\",  1]"), @r#"
    a = [
      """
     x""",
      1,
    ]
    "#);
}

#[test]
fn takes_windows_line_ends_and_marks() {
    assert_eq!(
        formatted("\u{feff}a=1\r\n\r\n[b]\r\nc=1#x\r\n"),
        "a = 1\n\n[b]\nc = 1 #x\n"
    );
    assert_eq!(formatted(""), "");
}

#[test]
fn refuses_what_is_no_toml() {
    let error = format(&SourceFile::new("x.toml", "a = [1\n")).unwrap_err();
    assert!(error.has_errors());
}

/// Texts that are TOML, written in every careless way.
fn documents() -> impl Strategy<Value = String> {
    let blank = "[ \t]{0,2}";
    let gap = prop_oneof![
        Just(String::new()),
        Just(" ".to_owned()),
        Just("\n ".to_owned()),
        Just(" # c, ] }\n".to_owned())
    ];
    let scalar = prop_oneof![
        Just("1".to_owned()),
        Just("-0.5e3".to_owned()),
        Just("true".to_owned()),
        Just("1979-05-27 07:32:00".to_owned()),
        "\"[a-z #,=\\]]{0,40}\"",
        "'[a-z #,\\\\]{0,40}'",
        Just("\"\\\"\\\\\"".to_owned()),
        Just("\"\"\"\n a \\\n  b \"\" \"\"\"\"".to_owned()),
        Just("'''\n#'' \n'''".to_owned()),
    ];
    let value = scalar.prop_recursive(3, 12, 4, move |inner| {
        let item = (gap.clone(), inner.clone(), gap.clone())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let array = (
            proptest::collection::vec(item, 0..4),
            any::<bool>(),
            gap.clone(),
        )
            .prop_map(|(items, comma, end)| {
                let comma = if comma && !items.is_empty() { "," } else { "" };
                format!("[{}{comma}{end}]", items.join(","))
            });
        let table = proptest::collection::vec((blank, inner), 0..3).prop_map(|values| {
            let pairs: Vec<String> = values
                .iter()
                .enumerate()
                .map(|(index, (blank, value))| format!("{blank}k{index}{blank}={blank}{value}"))
                .collect();
            format!("{{{}}}", pairs.join(" ,"))
        });
        prop_oneof![array, table]
    });
    let end = prop_oneof![
        Just(String::new()),
        Just("  #  e ".to_owned()),
        Just("\t".to_owned())
    ];
    let line = (0..6usize, blank, value, end);
    proptest::collection::vec(line, 0..12).prop_map(|lines| {
        let mut text = String::new();
        for (index, (kind, blank, value, end)) in lines.into_iter().enumerate() {
            text += &match kind {
                0 => format!("{blank}[{blank}t{index}{blank}.{blank}\"u v\"]{end}\n"),
                1 => format!("{blank}#{value}\n").replace('\n', " ") + "\n",
                2 => "\n\n".to_owned(),
                3 => format!("[[t{index}]]{end}\n"),
                _ => format!("{blank}k{index}{blank}.{blank}x{blank}={blank}{value}{end}\n"),
            };
        }
        text
    })
}

/// Counts lines with comments by a way of its own: strings, which may hold a
/// `#`, are taken out by the spans that the parser gives.
fn comments(text: &str) -> usize {
    use toml::de::{DeTable, DeValue};
    let parsed = DeTable::parse(text).unwrap();
    let mut open: Vec<_> = parsed.get_ref().values().cloned().collect();
    let mut strings = Vec::new();
    while let Some(value) = open.pop() {
        match value.get_ref() {
            DeValue::String(_) => strings.push(value.span()),
            DeValue::Array(items) => open.extend(items.iter().cloned()),
            DeValue::Table(table) => open.extend(table.values().cloned()),
            _ => {}
        }
    }
    strings.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut rest = text.to_owned();
    for span in strings {
        rest.replace_range(span, "");
    }
    rest.lines().filter(|line| line.contains('#')).count()
}

proptest! {
    /// Meaning stays, comments stay, and a second time changes nothing.
    #[test]
    fn keeps_meaning_and_comments(text in documents()) {
        let before: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{text}"))),
        };
        let once = formatted(&text);
        let after: toml::Table = once.parse().map_err(|error| TestCaseError::fail(format!("{error}\n{once}")))?;
        prop_assert_eq!(&before, &after, "{}", once);
        prop_assert_eq!(comments(&text), comments(&once), "{}", once);
        prop_assert_eq!(&formatted(&once), &once);
        prop_assert!(once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n") && !once.starts_with('\n'), "{}", once);
    }

    /// Any text ends, TOML or not.
    #[test]
    fn ends_on_any_text(text in "[\\[\\]{}=.,#\"'\\\\a1 \n]{0,60}") {
        let _ = super::read::document(&text);
    }
}
