//! Stack traces as each language's SDK writes them, as frames.

use std::borrow::Cow;

/// One call, the innermost first.
#[derive(Debug, PartialEq)]
pub(super) struct Frame<'a> {
    pub(super) path: &'a str,
    pub(super) line: i64,
    pub(super) label: &'a str,
}

/// An exception that another one was caused by, or the one itself.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Thrown<'a> {
    /// `None` of the outermost: its event says so.
    pub(super) name: Option<(&'a str, Cow<'a, str>)>,
    pub(super) frames: Vec<Frame<'a>>,
}

/// Reads a stack trace: the exception itself, then each one's cause. Of a
/// language that is not known, one without frames.
pub(super) fn read<'a>(trace: &'a str, language: &str) -> Vec<Thrown<'a>> {
    let alone = |frames| vec![Thrown { name: None, frames }];
    match language {
        // PHP's SDK writes them as Java does.
        "java" | "php" => java(trace),
        "python" => python(trace),
        "javascript" | "nodejs" | "webjs" => alone(javascript(trace)),
        "dotnet" => alone(dotnet(trace)),
        "go" => alone(go(trace)),
        _ => alone(Vec::new()),
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

/// `at module/Class.method(File.java:12)` after a tab, and `Caused by: Type: message`, whose
/// message may have several lines. Suppressed exceptions stand further in.
fn java(trace: &str) -> Vec<Thrown<'_>> {
    let mut chain = vec![Thrown::default()];
    let mut in_message = false;
    for line in trace.lines().skip(1) {
        let frame = java_frame(line);
        in_message = in_message && frame.is_none();
        let Some(last) = chain.last_mut() else {
            break;
        };
        if let Some(frame) = frame {
            last.frames.push(frame);
        } else if let Some(cause) = line.strip_prefix("Caused by: ") {
            let (name, message) = cause.split_once(':').unwrap_or((cause, ""));
            let message = message.strip_prefix(' ').unwrap_or(message);
            chain.push(Thrown {
                name: Some((name, Cow::Borrowed(message))),
                frames: Vec::new(),
            });
            in_message = true;
        } else if let (true, Some((_, message))) = (in_message, last.name.as_mut()) {
            let message = message.to_mut();
            message.push('\n');
            message.push_str(line);
        }
    }
    chain
}

fn java_frame(line: &str) -> Option<Frame<'_>> {
    let frame = line.strip_prefix("\tat ")?;
    let (label, place) = frame.strip_suffix(')')?.split_once('(')?;
    // A class loader and a module stand before slashes.
    let label = label.rsplit_once('/').map_or(label, |(_, label)| label);
    let (path, line) = place.split_once(':').unwrap_or((place, ""));
    Some(Frame {
        path,
        line: number(line),
        label,
    })
}

/// `  File "app.py", line 12, in handler`, the innermost last; an exception that
/// another one led to stands after it.
fn python(trace: &str) -> Vec<Thrown<'_>> {
    const BETWEEN: [&str; 2] = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ];
    let lines: Vec<&str> = trace.lines().collect();
    let blocks = lines.split(|line| BETWEEN.iter().any(|words| line.starts_with(words)));
    let mut chain = Vec::new();
    for (index, block) in blocks.rev().enumerate() {
        let name = (index > 0).then(|| python_name(block)).flatten();
        if index > 0 && name.is_none() {
            break;
        }
        let frames = block.iter().rev().filter_map(|line| python_frame(line));
        chain.push(Thrown {
            name,
            frames: frames.collect(),
        });
    }
    chain
}

fn python_frame(line: &str) -> Option<Frame<'_>> {
    let frame = line.strip_prefix("  File \"")?;
    let (path, rest) = frame.split_once("\", line ")?;
    let (line, label) = rest.split_once(", in ").unwrap_or((rest, ""));
    Some(Frame {
        path,
        line: number(line),
        label,
    })
}

/// The exception that a block ends with: what follows the last frame and its
/// indented source.
fn python_name<'a>(block: &[&'a str]) -> Option<(&'a str, Cow<'a, str>)> {
    let frame = block
        .iter()
        .rposition(|line| python_frame(line).is_some())?;
    let rest = block.get(frame + 1..)?;
    let mut lines = rest
        .iter()
        .copied()
        .skip_while(|line| line.starts_with("    ") || line.is_empty());
    let first = lines.next()?;
    let (name, message) = first.split_once(':').unwrap_or((first, ""));
    let message = message.strip_prefix(' ').unwrap_or(message);
    let more: Vec<&str> = lines.collect();
    let more = more.join("\n");
    let more = more.trim_end();
    if more.is_empty() {
        return Some((name, Cow::Borrowed(message)));
    }
    Some((name, Cow::Owned(format!("{message}\n{more}"))))
}

/// `    at label (path:line:column)`, `    at path:line:column`.
fn javascript(trace: &str) -> Vec<Frame<'_>> {
    let frames = trace.lines().skip(1).filter_map(|line| {
        let frame = line.strip_prefix("    at ")?;
        let (label, place) = match frame
            .strip_suffix(')')
            .and_then(|rest| rest.rsplit_once('('))
        {
            Some((label, place)) => (label.trim_end(), place),
            None => ("", frame),
        };
        let mut parts = place.rsplitn(3, ':');
        let (column, line, path) = (parts.next(), parts.next(), parts.next());
        let is_number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
        let (path, line) = match path.filter(|_| is_number(column) && is_number(line)) {
            Some(path) => (path, number(line.unwrap_or_default())),
            None if place.contains("native") => ("native", 0),
            None => (place, 0),
        };
        (!path.is_empty() || !label.is_empty()).then_some(Frame { path, line, label })
    });
    frames.collect()
}

/// `   at Label() in path:line 12`, `   at Label()`.
fn dotnet(trace: &str) -> Vec<Frame<'_>> {
    let frames = trace.lines().skip(1).filter_map(|line| {
        let frame = line.trim().strip_prefix("at ")?;
        let Some((label, place)) = frame.split_once(" in ") else {
            let end = frame.rfind(')')?;
            let label = &frame[..=end];
            return Some(Frame {
                path: "",
                line: 0,
                label,
            });
        };
        let (path, line) = place.rsplit_once(':').unwrap_or((place, ""));
        let line = line.strip_prefix("line").unwrap_or(line).trim();
        Some(Frame {
            path,
            line: number(line),
            label,
        })
    });
    frames.collect()
}

/// A function on one line, then its place after a tab.
fn go(trace: &str) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut label = None;
    for line in trace.lines() {
        let Some(place) = line.strip_prefix('\t') else {
            label = (!line.starts_with("goroutine ") && !line.is_empty()).then_some(line);
            continue;
        };
        let place = place.split_once(' ').map_or(place, |(place, _)| place);
        if let (Some(label), Some((path, line))) = (label.take(), place.rsplit_once(':')) {
            frames.push(Frame {
                path,
                line: number(line),
                label,
            });
        }
    }
    frames
}
