//! A user's folder with a spec, a cleared environment, and the built `xrayctl`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;
use tempfile::TempDir;

/// How long anything may take before a test says that it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Time between two looks at something that is waited for.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// A user's folder, with `xrayctl.toml` in it.
pub(crate) struct Scenario {
    folder: TempDir,
    connection: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Scenario {
    /// Works with `--local`.
    pub(crate) fn local(spec: &str) -> Self {
        Self::new(spec, &["--local"])
    }

    /// Works on the AWS at `url`, with credentials.
    pub(crate) fn at(url: &str, spec: &str) -> Self {
        Self::new(spec, &["--endpoint-url", url])
            .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .with("AWS_SECRET_ACCESS_KEY", "secret")
    }

    fn new(spec: &str, connection: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Self {
            connection: connection.iter().map(|&text| text.to_owned()).collect(),
            environment: Vec::new(),
            folder,
        };
        scenario.write("xrayctl.toml", spec);
        scenario
    }

    /// Sets a variable of the environment, which is empty otherwise.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a variable out that was set before.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// Where `name` stands in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Reads a file of the folder.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes the spec anew.
    pub(crate) fn spec(&self, spec: &str) {
        self.write("xrayctl.toml", spec);
    }

    /// Changes a text of the spec, which must be there.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let spec = self.read("xrayctl.toml");
        assert!(spec.contains(from), "the spec has no {from:?}");
        self.spec(&spec.replace(from, to));
    }

    /// Runs a command line to its end; commands that talk to AWS are told
    /// where it is.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.start(line).finish()
    }

    /// Runs words that may hold blanks, and nothing but them.
    pub(crate) fn run_words(&self, words: &[&str]) -> Output {
        self.spawn(&words.join(" "), words.iter().copied()).finish()
    }

    /// Starts a command line.
    pub(crate) fn start(&self, line: &str) -> Running {
        let words: Vec<&str> = line.split_whitespace().collect();
        let talks = [
            "plan", "apply", "destroy", "show", "import", "export", "generate", "--live",
            "--traces", "traces", "trace", "map", "stats",
        ]
        .iter()
        .any(|command| words.contains(command));
        let connection = self.connection.iter().map(String::as_str);
        self.spawn(line, connection.filter(|_| talks).chain(words))
    }

    fn spawn<'a>(&self, line: &str, words: impl Iterator<Item = &'a str>) -> Running {
        let streams = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(streams.path().join(name)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_xrayctl"))
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        Running {
            line: line.to_owned(),
            folder: self.folder.path().display().to_string(),
            child,
            streams,
        }
    }

    /// Applies, which must succeed.
    pub(crate) fn apply(&self) -> Output {
        self.run("apply --auto-approve").succeeds()
    }

    /// Plans; 2 says that there are changes.
    pub(crate) fn plan(&self) -> Output {
        self.run("plan --detailed-exitcode")
    }

    /// Sees to it that a plan finds nothing to do.
    pub(crate) fn is_settled(&self) {
        let plan = self.plan();
        assert_eq!(plan.code, Some(0), "{plan}");
        assert!(plan.stdout.starts_with("No changes."), "{plan}");
    }
}

/// A command under way; ended when it is dropped.
pub(crate) struct Running {
    line: String,
    folder: String,
    child: Child,
    streams: TempDir,
}

impl Running {
    /// What it has printed by now.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.streams.path().join("stdout")).unwrap()
    }

    /// What it has said on stderr by now.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.streams.path().join("stderr")).unwrap()
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        let command = format!("kill -INT {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &command]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        let status = self.wait();
        let read = |name: &str| {
            let bytes = fs::read(self.streams.path().join(name)).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        Output {
            line: self.line.clone(),
            folder: self.folder.clone(),
            stdout: read("stdout"),
            stderr: read("stderr"),
            code: status.code(),
        }
    }

    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let line = &self.line;
            assert!(
                started.elapsed() < PATIENCE,
                "`{line}` hangs: {}",
                self.stderr()
            );
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    line: String,
    folder: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
}

impl Output {
    /// Demands exit code 0.
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// Demands an exit code.
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Demands a text on stdout.
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self}");
        self
    }

    /// Demands a text on stderr.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self}");
        self
    }

    /// Lists the fields that a plan would change, as `address field`, and the
    /// addresses of resources for which it names no field.
    pub(crate) fn changes(&self) -> Vec<String> {
        let heading = Regex::new(r"^  # (\S+) (?:will|must|has|is)").unwrap();
        let field = Regex::new(r"^      [-+~] (\S+) +=").unwrap();
        let mut address = String::new();
        let mut changes = Vec::new();
        for line in self.stdout.lines() {
            if let Some(found) = heading.captures(line) {
                found[1].clone_into(&mut address);
                changes.push(address.clone());
            } else if let Some(found) = field.captures(line) {
                changes.retain(|change| *change != address);
                changes.push(format!("{address} {}", &found[1]));
            }
        }
        changes
    }

    /// Everything in one text, without what differs from run to run.
    pub(crate) fn snapshot(&self) -> String {
        let mut text = self.to_string().replace(&self.folder, "[folder]");
        let filters = [
            (
                r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "[uuid]",
            ),
            (r"http://127\.0\.0\.1:\d+", "[url]"),
            (r":group/([^/]+)/[A-Z2-7]+", ":group/$1/[id]"),
            (r"(?m)<<JSON\n(?: {8}.*\n)+? {8}JSON$", "<<JSON … JSON"),
            (r"failed after \d+s", "failed after 0s"),
            // Progress: steps that run at the same time end in any order.
            (r"(?m)^\S+: (\w+ complete after|\w+ing\.\.\.).*\n", ""),
        ];
        for (pattern, replacement) in filters {
            let pattern = Regex::new(pattern).unwrap();
            text = pattern.replace_all(&text, replacement).into_owned();
        }
        text.replace("--- stderr\n--- exit", "--- exit")
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ xrayctl {}", self.line)?;
        f.write_str(&self.stdout)?;
        if !self.stderr.is_empty() {
            writeln!(f, "--- stderr")?;
            f.write_str(&self.stderr)?;
        }
        match self.code {
            Some(code) => writeln!(f, "--- exit {code}"),
            None => writeln!(f, "--- ended by a signal"),
        }
    }
}
