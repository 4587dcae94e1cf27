//! Statements to canonical text.

use super::{Body, Item, Line, Value};

/// How long a line with an array may be, in characters.
const WIDTH: usize = 100;

/// By how much what lies in brackets is moved in.
const STEP: usize = 2;

/// Writes a whole document.
pub(super) fn document(lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    for line in spaced(lines) {
        match line {
            Line::Blank => {}
            Line::Comment(comment) => text.push_str(comment),
            Line::Header {
                text: header,
                comment,
            } => {
                text.push_str(header);
                push_comment(&mut text, *comment);
            }
            Line::Pair {
                key,
                value,
                comment,
            } => {
                text.push_str(key);
                text.push_str(" = ");
                let column = key.chars().count() + 3;
                push_value(&mut text, value, 0, column);
                push_comment(&mut text, *comment);
            }
        }
        text.push('\n');
    }
    text
}

/// Puts one blank line before every table and the comments right above it;
/// elsewhere keeps blank lines, one where there are more, but for those at the
/// ends and behind a header.
fn spaced<'l, 'a>(lines: &'l [Line<'a>]) -> Vec<&'l Line<'a>> {
    let mut spaced: Vec<&Line<'_>> = Vec::with_capacity(lines.len());
    for line in lines {
        match line {
            Line::Blank => {
                if !matches!(
                    spaced.last(),
                    None | Some(Line::Blank | Line::Header { .. })
                ) {
                    spaced.push(line);
                }
            }
            Line::Header { .. } => {
                let comments = spaced
                    .iter()
                    .rev()
                    .take_while(|line| matches!(line, Line::Comment(_)));
                let at = spaced.len() - comments.count();
                if at > 0 && !matches!(spaced[at - 1], Line::Blank) {
                    spaced.insert(at, &Line::Blank);
                }
                spaced.push(line);
            }
            line => spaced.push(line),
        }
    }
    while matches!(spaced.last(), Some(Line::Blank)) {
        spaced.pop();
    }
    spaced
}

fn push_comment(text: &mut String, comment: Option<&str>) {
    if let Some(comment) = comment {
        text.push(' ');
        text.push_str(comment);
    }
}

/// Writes a value that starts at `column` of a line moved in by `indent`.
fn push_value(text: &mut String, value: &Value<'_>, indent: usize, column: usize) {
    let mut flat = String::new();
    let is_flat = push_flat(&mut flat, value);
    match value {
        Value::Array(_) if is_flat && column + flat.chars().count() <= WIDTH => {
            text.push_str(&flat);
        }
        Value::Array(body) => push_lines(text, body, ('[', ']'), indent),
        // A table breaks only where a comment in it does.
        _ if is_flat => text.push_str(&flat),
        Value::Table(body) if has_comments(body) => push_lines(text, body, ('{', '}'), indent),
        Value::Table(body) => {
            text.push_str("{ ");
            for (index, item) in body.items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                push_item(text, item, indent, WIDTH);
            }
            text.push_str(" }");
        }
        Value::Scalar(scalar) => text.push_str(scalar),
    }
}

/// Writes a value on one line. False where a comment or a string of several
/// lines does not let it.
fn push_flat(text: &mut String, value: &Value<'_>) -> bool {
    let (body, open, close) = match value {
        Value::Scalar(scalar) => {
            text.push_str(scalar);
            return !scalar.contains('\n');
        }
        Value::Array(body) => (body, "[", "]"),
        Value::Table(body) if body.items.is_empty() => (body, "{", "}"),
        Value::Table(body) => (body, "{ ", " }"),
    };
    if has_comments(body) {
        return false;
    }
    text.push_str(open);
    for (index, item) in body.items.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        if let Some(key) = &item.key {
            text.push_str(key);
            text.push_str(" = ");
        }
        if !push_flat(text, &item.value) {
            return false;
        }
    }
    text.push_str(close);
    true
}

fn has_comments(body: &Body<'_>) -> bool {
    let in_item = |item: &Item<'_>| !item.before.is_empty() || item.beside.is_some();
    !body.tail.is_empty() || body.items.iter().any(in_item)
}

/// Writes one item a line.
fn push_lines(text: &mut String, body: &Body<'_>, brackets: (char, char), indent: usize) {
    let inner = indent + STEP;
    let start_line = |text: &mut String, indent: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', indent));
    };
    text.push(brackets.0);
    for item in &body.items {
        for comment in &item.before {
            start_line(text, inner);
            text.push_str(comment);
        }
        start_line(text, inner);
        // The comma takes a column as well.
        push_item(text, item, inner, inner + 1);
        text.push(',');
        push_comment(text, item.beside);
    }
    for comment in &body.tail {
        start_line(text, inner);
        text.push_str(comment);
    }
    start_line(text, indent);
    text.push(brackets.1);
}

fn push_item(text: &mut String, item: &Item<'_>, indent: usize, column: usize) {
    let mut column = column;
    if let Some(key) = &item.key {
        text.push_str(key);
        text.push_str(" = ");
        column += key.chars().count() + 3;
    }
    push_value(text, &item.value, indent, column);
}
