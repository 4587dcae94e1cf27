//! Access logs, read line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::access_log;
use crate::model::Diagnostic;
use crate::view::sampling::{BadLine, BadLines};

/// Bytes of a line that are read; no request that a server takes is longer.
const MOST_BYTES: usize = 64 * 1024;
/// Bad lines that are shown.
const MOST_SHOWN: usize = 5;
/// Characters that are kept of each of them.
const MOST_CHARACTERS: usize = 200;
/// What compressed files begin with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Calls `take` with each request of the log at `path`, or of stdin for `-`, and
/// keeps account of the lines that tell of none.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn read(
    path: &Path,
    bad: &mut BadLines,
    take: impl FnMut(&access_log::Entry<'_>),
) -> Result<(), Diagnostic> {
    let name = path.display().to_string();
    let result = if name == "-" {
        read_plain_or_packed(BufReader::new(io::stdin()), &name, bad, take)
    } else {
        File::open(path)
            .and_then(|file| read_plain_or_packed(BufReader::new(file), &name, bad, take))
    };
    result.map_err(|error| {
        Diagnostic::error(format!("cannot read `{name}`: {error}"))
            .with_hint("name an access log, or `-` for standard input")
    })
}

fn read_plain_or_packed(
    mut input: impl BufRead,
    name: &str,
    bad: &mut BadLines,
    take: impl FnMut(&access_log::Entry<'_>),
) -> io::Result<()> {
    if input.fill_buf()?.starts_with(&GZIP) {
        read_lines(BufReader::new(MultiGzDecoder::new(input)), name, bad, take)
    } else {
        read_lines(input, name, bad, take)
    }
}

fn read_lines(
    mut input: impl BufRead,
    name: &str,
    bad: &mut BadLines,
    mut take: impl FnMut(&access_log::Entry<'_>),
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
        if (&mut input).take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        let is_whole = line.last() == Some(&b'\n') || line.len() < MOST_BYTES;
        if !is_whole {
            skip_line(&mut input)?;
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let reason = match access_log::read(&text) {
            _ if !is_whole => format!("longer than {} KiB", MOST_BYTES / 1024),
            Ok(entry) => {
                take(&entry);
                continue;
            }
            Err(reason) => reason.to_string(),
        };
        bad.count += 1;
        if bad.first.len() < MOST_SHOWN {
            bad.first.push(BadLine {
                file: name.to_owned(),
                number,
                reason,
                text: text.trim().chars().take(MOST_CHARACTERS).collect(),
            });
        }
    }
}

/// Goes on behind the next line feed.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let is_over = end.is_some() || buffer.is_empty();
        input.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read_all(input: &[u8]) -> (Vec<String>, BadLines) {
        let (mut paths, mut bad) = (Vec::new(), BadLines::default());
        let take = |entry: &access_log::Entry<'_>| {
            paths.push(entry.path.as_deref().unwrap_or_default().to_owned());
        };
        read_plain_or_packed(input, "log", &mut bad, take).unwrap();
        (paths, bad)
    }

    #[test]
    fn lines_are_read_and_bad_ones_counted() {
        let mut log = b"{\"path\":\"/a\"}\n\n\xff\xfe\n".to_vec();
        log.extend(b"{\"path\":\"/".iter().chain(&vec![b'x'; 3 * MOST_BYTES]));
        log.extend(b"\"}\n{\"path\":\"/b\"}");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&log).unwrap();
        for input in [log, packed.finish().unwrap()] {
            let (paths, bad) = read_all(&input);
            assert_eq!(paths, ["/a", "/b"]);
            assert_eq!(bad.count, 2);
            let first: Vec<_> = bad
                .first
                .iter()
                .map(|line| (line.number, &*line.reason))
                .collect();
            assert_eq!(first, [(3, "no known format"), (4, "longer than 64 KiB")]);
            assert!(
                bad.first
                    .iter()
                    .all(|line| line.text.chars().count() <= MOST_CHARACTERS)
            );
        }
        assert!(read_plain_or_packed(&GZIP[..], "log", &mut BadLines::default(), |_| {}).is_err());
    }

    #[test]
    fn only_some_bad_lines_are_kept() {
        let (paths, bad) = read_all(&b"what\n".repeat(1000));
        assert!(paths.is_empty());
        assert_eq!((bad.count, bad.first.len()), (1000, MOST_SHOWN));
    }
}
