//! Lines of OTLP/JSON in a file: each an export request
//! (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::destination::{Destination, Outcome, Piece, Pieces};
use crate::collector::{Counters, Parcel, Reason};
use crate::collector_config as config;
use crate::{otlp, segment};

/// Writes lines to a file, which is renamed when it is full.
pub struct File {
    name: &'static str,
    counters: Counters,
    writing: Arc<Writing>,
}

struct Writing {
    path: PathBuf,
    most: u64,
    backups: usize,
    /// The file, once it is open, and its length.
    open: Mutex<Option<(fs::File, u64)>>,
}

impl File {
    /// As the configuration has it. Opens nothing yet.
    pub fn new(name: &'static str, config: &config::File, counters: &Counters) -> Self {
        let most = u64::try_from(config.max_mib).unwrap_or(u64::MAX);
        Self {
            name,
            counters: counters.clone(),
            writing: Arc::new(Writing {
                path: config.path.clone(),
                most: most.saturating_mul(1024 * 1024),
                backups: config.backups.min(1000),
                open: Mutex::new(None),
            }),
        }
    }

    /// One line; `None` where the request cannot be read, which is counted.
    fn line(&self, request: &[u8], items: usize) -> Option<Piece<Bytes>> {
        let line = ExportTraceServiceRequest::decode(request)
            .map_err(|error| error.to_string())
            .and_then(|request| serde_json::to_vec(&request).map_err(|error| error.to_string()));
        match line {
            Ok(mut line) => {
                line.push(b'\n');
                Some(Piece {
                    body: line.into(),
                    items,
                })
            }
            Err(why) => {
                self.counters.dropped(self.name, Reason::Malformed, items);
                tracing::warn!(exporter = self.name, why, "a request cannot be written");
                None
            }
        }
    }
}

impl Destination for File {
    type Body = Bytes;

    fn pieces<'a>(&'a self, parcel: &'a Parcel) -> Pieces<'a, Bytes> {
        let requests = parcel.requests.iter().filter_map(|request| {
            let spans = otlp::check(request).map_or(0, |counted| counted.spans);
            self.line(request, spans)
        });
        let documents = parcel.documents.iter().filter_map(|document| {
            let mut request = Vec::new();
            if segment::to_otlp(document, &mut request).is_err() {
                let reason = Reason::InvalidSegment;
                self.counters.dropped(self.name, reason, 1);
                return None;
            }
            self.line(&request, 1)
        });
        Box::new(requests.chain(documents))
    }

    async fn send(&self, line: &Bytes) -> Outcome {
        let (writing, line) = (Arc::clone(&self.writing), line.clone());
        let written = tokio::task::spawn_blocking(move || writing.append(&line)).await;
        let why = match written {
            Ok(Ok(())) => return Outcome::Sent { rejected: 0 },
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        // A disk that is full is made room on.
        let why = format!("cannot write {}: {why}", self.writing.path.display());
        Outcome::Later { after: None, why }
    }
}

impl Writing {
    /// Appends a line, whole or not at all.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if let Some((_, size)) = &*open
            && *size > 0
            && size.saturating_add(length) > self.most
        {
            *open = None;
            self.rotate()?;
        }
        let (file, size) = match &mut *open {
            Some(open) => open,
            none => {
                let file = OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&self.path)?;
                let size = file.metadata()?.len();
                none.insert((file, size))
            }
        };
        if let Err(error) = file.write_all(line) {
            // Half a line would make the next one unreadable too.
            let _ = file.set_len(*size);
            *open = None;
            return Err(error);
        }
        *size += length;
        Ok(())
    }

    /// Renames `path` to `path.1`, that to `path.2`, and so on; the last goes.
    fn rotate(&self) -> io::Result<()> {
        if self.backups == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..self.backups).rev() {
            let older = numbered(&self.path, number + 1);
            match fs::rename(numbered(&self.path, number), older) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, numbered(&self.path, 1))
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::collector::exporters::tests::{documents, spans};

    fn file(folder: &Path, backups: usize) -> File {
        let config = config::File {
            backups,
            ..toml::from_str(&format!("path = '{}/t.jsonl'", folder.display())).unwrap()
        };
        File::new("file", &config, &Counters::default())
    }

    #[tokio::test]
    async fn writes_a_line_a_request() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path(), 2);
        let mut parcel = spans(2);
        parcel.append(documents(&[
            "{\"trace_id\":\"1-6ab13b80-000000000000000000000001\",\"id\":\"00000000000000ff\",\
             \"name\":\"a\",\"start_time\":1.5,\"end_time\":2.5}"
                .to_owned(),
            "{}".to_owned(),
        ]));
        let pieces: Vec<_> = file.pieces(&parcel).collect();
        let items: Vec<_> = pieces.iter().map(|piece| piece.items).collect();
        assert_eq!(items, [2, 1]);
        for piece in &pieces {
            let sent = file.send(&piece.body).await;
            assert_eq!(sent, Outcome::Sent { rejected: 0 });
        }
        let text = fs::read_to_string(folder.path().join("t.jsonl")).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let span = &lines[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][1];
        assert_eq!(span["spanId"], "0000000000000002");
        assert_eq!(span["startTimeUnixNano"], "1790000000000000000");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn full_files_are_renamed_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = file(folder.path(), 2);
        Arc::get_mut(&mut file.writing).unwrap().most = 10;
        for line in ["first\n", "second\n", "third\n", "4\n", "fifth\n"] {
            file.writing.append(line.as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("t.jsonl"), "fifth\n");
        assert_eq!(read("t.jsonl.1"), "third\n4\n");
        assert_eq!(read("t.jsonl.2"), "second\n");
        assert!(!folder.path().join("t.jsonl.3").exists());
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder.path().join("missing"), 2);
        let line = Bytes::from_static(b"x\n");
        let outcome = file.send(&line).await;
        assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
        fs::create_dir(folder.path().join("missing")).unwrap();
        assert_eq!(file.send(&line).await, Outcome::Sent { rejected: 0 });
    }
}
