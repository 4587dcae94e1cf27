//! A spec that is edited.
//!
//! What stands in the files is looked at a few times a second: some reads of what
//! the system has in memory. That sees what notices of the file system do not:
//! files on shared folders and in containers, and editors that write beside the
//! file and rename.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::super::globals::Globals;
use super::super::spec_file::{self, Folder};
use crate::model::Diagnostics;
use crate::spec::{self, Spec};

/// Time between two looks. A change is taken for whole when two looks see the
/// same: an editor may be in the middle of writing.
const LOOK: Duration = Duration::from_millis(200);

/// What is in a file; `None` where it cannot be read.
type Digest = Option<[u8; 32]>;
/// What is in files, by path.
type Content = BTreeMap<PathBuf, Digest>;

/// A spec and the files that it names.
pub(super) struct Followed<'a> {
    path: &'a Path,
    globals: &'a Globals,
    /// What was read last.
    read: Content,
    /// What the last look saw, where it was something else.
    seen: Option<Content>,
}

impl<'a> Followed<'a> {
    /// Follows the spec at `path`.
    pub(super) fn new(path: &'a Path, globals: &'a Globals) -> Self {
        Self {
            path,
            globals,
            read: Content::new(),
            seen: None,
        }
    }

    /// Reads the spec as it stands now, with what lint finds.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn read(&mut self) -> Result<(Spec, Diagnostics), Diagnostics> {
        // Looked at before it is read, so that no change in between is missed.
        self.read = Content::from([(self.path.to_owned(), digest_of(self.path))]);
        self.seen = None;
        let source = spec_file::read(self.path)?;
        let options = spec_file::options(self.globals, self.globals.env.clone());
        let files = Noted {
            folder: Folder::of(self.path),
            read: RefCell::default(),
        };
        let checked = spec_file::check_with(&source, &options, &files);
        self.read.extend(files.read.into_inner());
        let (spec, mut warnings) = checked?;
        warnings.extend(spec.lint());
        Ok((spec, warnings))
    }

    /// Completes when something else stands in the files than what was read.
    pub(super) async fn changed(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            if self.look() {
                return;
            }
        }
    }

    fn look(&mut self) -> bool {
        let paths = self.read.keys();
        let now: Content = paths.map(|path| (path.clone(), digest_of(path))).collect();
        if now == self.read {
            self.seen = None;
            return false;
        }
        let is_settled = self.seen.as_ref() == Some(&now);
        self.seen = Some(now);
        is_settled
    }
}

/// Files beside the spec, with a note of what was read.
struct Noted {
    folder: Folder,
    read: RefCell<Content>,
}

impl spec::Files for Noted {
    fn read(&self, path: &str) -> io::Result<String> {
        let text = spec::Files::read(&self.folder, path);
        let path = self.folder.path(path);
        let digest = match &text {
            Ok(text) => Some(Sha256::digest(text).into()),
            Err(_) => digest_of(&path),
        };
        self.read.borrow_mut().insert(path, digest);
        text
    }
}

fn digest_of(path: &Path) -> Digest {
    let bytes = spec_file::read_bytes(path).ok()?;
    Some(Sha256::digest(bytes).into())
}
