//! Reading a spec, and the files that it names, from disk.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::globals::Globals;
use crate::model::{Diagnostic, Diagnostics, SourceFile};
use crate::resource::REGISTRY;
use crate::spec::{self, Language, Parsed, Spec};

/// The spec's name where none is given.
pub(super) const DEFAULT_PATH: &str = "xrayctl.toml";
/// What a spec may hold.
static LANGUAGE: LazyLock<Language> = LazyLock::new(|| Language::of(REGISTRY));
/// The most bytes that are read: no spec or plan comes near it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the text of `path`.
///
/// # Errors
/// Where it cannot be read, or is not text.
pub(super) fn read(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let name = path.display().to_string();
    let bytes = read_bytes(path).map_err(|error| unreadable(path, &error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let file = SourceFile::new(name, text);
            // The replacement character stands where the text stops being valid.
            let width = char::REPLACEMENT_CHARACTER.len_utf8();
            let place = crate::model::SourceRange::new(&file, good..good + width);
            Err(Diagnostic::error("the file is not valid UTF-8")
                .with_source(place)
                .with_hint("save it as UTF-8"))
        }
    }
}

/// Reads a file that is no larger than a spec may be.
///
/// # Errors
/// What the file system says.
pub(super) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {} MiB", MAX_BYTES / 1024 / 1024),
        ));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("cannot read `{}`: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => {
            diagnostic.with_hint("name the spec, or write a new one with `xrayctl init`")
        }
        io::ErrorKind::IsADirectory => diagnostic.with_hint("name the spec in that folder"),
        io::ErrorKind::PermissionDenied => {
            diagnostic.with_hint("check the permissions of the file and its folders")
        }
        _ => diagnostic,
    }
}

/// Writes a new spec. Never over a file that is there: it may be someone's.
///
/// # Errors
/// Where there is such a file, or it cannot be written.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Diagnostic::error(format!("`{}` exists already", path.display()))
                .with_hint("choose another name, or remove it first")
        }
        _ => Diagnostic::error(format!("cannot write `{}`: {error}", path.display())),
    })
}

/// Reads and checks the spec at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn load(path: &Path, globals: &Globals) -> Result<(Spec, Diagnostics), Diagnostics> {
    check(&read(path)?, path, &options(globals, globals.env.clone()))
}

/// Returns how a spec is read for environment `env`.
pub(super) fn options(globals: &Globals, env: Option<String>) -> spec::Options {
    spec::Options {
        env,
        vars: globals.variables(),
        environment_vars: Globals::environment_variables(),
    }
}

/// Checks the text of a spec, which stands at `path`.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn check(
    source: &Arc<SourceFile>,
    path: &Path,
    options: &spec::Options,
) -> Result<(Spec, Diagnostics), Diagnostics> {
    check_with(source, options, &Folder::of(path))
}

/// Checks the text of a spec, which names these files.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn check_with(
    source: &Arc<SourceFile>,
    options: &spec::Options,
    files: &dyn spec::Files,
) -> Result<(Spec, Diagnostics), Diagnostics> {
    loaded(spec::load(source, options, &LANGUAGE, files))
}

/// Checks the text of a spec, which stands at `path`, as it is and in each of its
/// environments; with `--env` in that one alone.
pub(super) fn check_everywhere(
    source: &Arc<SourceFile>,
    path: &Path,
    globals: &Globals,
) -> Vec<Result<(Spec, Diagnostics), Diagnostics>> {
    let folder = Folder::of(path);
    let parsed = Parsed::of(source);
    let mut envs = vec![globals.env.clone()];
    if globals.env.is_none() {
        envs.extend(parsed.environments().into_iter().map(Some));
    }
    let check = |env| loaded(parsed.load(&options(globals, env), &LANGUAGE, &folder));
    envs.into_iter().map(check).collect()
}

fn loaded(
    (spec, diagnostics): (Option<Spec>, Diagnostics),
) -> Result<(Spec, Diagnostics), Diagnostics> {
    match spec {
        Some(spec) => Ok((spec, diagnostics)),
        None => Err(diagnostics),
    }
}

/// Files beside the spec.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Those beside the spec at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self(path.parent().map(Path::to_path_buf).unwrap_or_default())
    }

    /// Where a file is that the spec calls `name`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl spec::Files for Folder {
    fn read(&self, path: &str) -> io::Result<String> {
        let bytes = read_bytes(&self.path(path))?;
        String::from_utf8(bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-8"))
    }
}
