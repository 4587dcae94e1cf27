//! The programs that are measured: ours and its peers, each as a process of its
//! own with ports and a folder of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a program may take to listen.
const START: Duration = Duration::from_secs(30);

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Ours,
    Collector,
    CollectorXray,
    Rotel,
    Daemon,
    Jaeger,
}

impl Program {
    pub(crate) const PEERS: [Self; 5] = [
        Self::Collector,
        Self::CollectorXray,
        Self::Rotel,
        Self::Daemon,
        Self::Jaeger,
    ];

    /// What it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "local-collector",
            Self::Collector => "OpenTelemetry Collector 0.155",
            Self::CollectorXray => "Collector 0.120 with awsxray",
            Self::Rotel => "Rotel",
            Self::Daemon => "X-Ray daemon",
            Self::Jaeger => "Jaeger 2 with Badger",
        }
    }

    /// The name of a peer's file, and what it has to be.
    pub(crate) fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Ours => ("local-collector", "of this package"),
            Self::Collector => (
                "otelcol",
                "OpenTelemetry Collector 0.155.0 with the otlp receiver, batch, memory_limiter and nop",
            ),
            Self::CollectorXray => (
                "otelcol-awsxray",
                "OpenTelemetry Collector 0.120.0 with the awsxray exporter",
            ),
            Self::Rotel => ("rotel", "Rotel, as PyPI has it"),
            Self::Daemon => ("xray", "AWS X-Ray daemon 3.6"),
            Self::Jaeger => ("jaeger", "Jaeger 2 with Badger"),
        }
    }
}

/// What a program is to do with what comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job<'a> {
    /// Let it go.
    Nothing,
    /// Keep it, to be queried.
    Keep,
    /// Send it to the X-Ray API at this URL.
    Xray(&'a str),
}

/// Where programs are found.
pub(crate) struct Found {
    folders: Vec<PathBuf>,
}

impl Found {
    /// Looks in `folder`, or in those of `PATH`.
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            folders: folder.map_or_else(
                || std::env::split_paths(&path).collect(),
                |folder| vec![folder],
            ),
        }
    }

    pub(crate) fn path(&self, program: Program) -> Option<PathBuf> {
        if program == Program::Ours {
            return Some(env!("CARGO_BIN_EXE_local-collector").into());
        }
        let files = self
            .folders
            .iter()
            .map(|folder| folder.join(program.file().0));
        files.into_iter().find(|file| file.is_file())
    }

    /// Starts a program, and waits until it listens.
    pub(crate) fn start(&self, program: Program, job: Job<'_>) -> Running {
        let path = self.path(program).unwrap();
        let folder = TempDir::new().unwrap();
        let at = Ports::free();
        let mut command = Command::new(path);
        command
            .stdin(Stdio::null())
            .stdout(File::create(folder.path().join("stdout")).unwrap())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .env("AWS_ACCESS_KEY_ID", "x")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("OTLP_GRPC", at.grpc.to_string())
            .env("OTLP_HTTP", at.http.to_string());
        match program {
            Program::Ours => ours(&mut command, folder.path(), &at, job),
            Program::Rotel => {
                command
                    .args(["start", "--exporter", "blackhole"])
                    .env("ROTEL_OTLP_GRPC_ENDPOINT", at.grpc.to_string())
                    .env("ROTEL_OTLP_HTTP_ENDPOINT", at.http.to_string());
            }
            Program::Daemon => daemon(&mut command, folder.path(), &at, job),
            Program::Collector => configured(&mut command, folder.path(), NOTHING_OUT),
            Program::CollectorXray => {
                if let Job::Xray(url) = job {
                    command.env("XRAY_ENDPOINT", url);
                }
                configured(&mut command, folder.path(), XRAY_OUT);
            }
            Program::Jaeger => {
                let others = Ports::free();
                command
                    .env("JAEGER_DATA", folder.path().join("data"))
                    .env("JAEGER_QUERY", others.http.to_string())
                    .env("JAEGER_QUERY_GRPC", others.grpc.to_string());
                configured(&mut command, folder.path(), STORED);
            }
        }
        let started = Instant::now();
        let child = command.spawn().unwrap();
        let mut running = Running {
            child,
            folder,
            at,
            listens_after: Duration::ZERO,
        };
        let listeners = match (program, job) {
            (Program::Daemon, _) => vec![at.xray],
            // It answers after all receivers do.
            (Program::Ours, Job::Keep) => vec![at.grpc, at.http, at.health],
            _ => vec![at.grpc, at.http],
        };
        running.wait_for(&listeners, started);
        running
    }
}

const NOTHING_OUT: &str = include_str!("config/nothing-out.yaml");
const XRAY_OUT: &str = include_str!("config/xray-out.yaml");
const STORED: &str = include_str!("config/stored.yaml");

fn configured(command: &mut Command, folder: &Path, config: &str) {
    let file = folder.join("config.yaml");
    fs::write(&file, config).unwrap();
    command.arg("--config").arg(file);
}

fn daemon(command: &mut Command, folder: &Path, at: &Ports, job: Job<'_>) {
    let file = folder.join("config.yaml");
    let Job::Xray(url) = job else {
        unreachable!("the daemon sends to X-Ray");
    };
    let config = format!(
        "Version: 2\nEndpoint: \"{url}\"\nLocalMode: true\nRegion: us-east-1\n\
         Socket:\n  UDPAddress: \"{0}\"\n  TCPAddress: \"{0}\"\nLogging:\n  LogLevel: warn\n",
        at.xray
    );
    fs::write(&file, config).unwrap();
    command.args(["-o", "-n", "us-east-1", "-c"]).arg(file);
}

fn ours(command: &mut Command, folder: &Path, at: &Ports, job: Job<'_>) {
    // Nothing is on that others do not do, but where traces are kept: there it is
    // as it comes, with every receiver.
    let keeps = matches!(job, Job::Keep);
    let (other, health) = if keeps {
        ("127.0.0.1:0", at.health.to_string())
    } else {
        ("off", "off".to_owned())
    };
    let exporter = match job {
        // A batch is made and counted, as for the nop of others.
        Job::Nothing => "[collector.exporters.none]\ntype = \"debug\"\n".to_owned(),
        Job::Keep => String::new(),
        Job::Xray(url) => format!(
            "[collector.exporters.xray]\ntype = \"xray\"\nendpoint = \"{url}\"\n\
             queue = {{ when_full = \"wait\" }}\n"
        ),
    };
    let config = format!(
        "[collector.receivers]\notlp_grpc = \"{}\"\notlp_http = \"{}\"\nxray_udp = \"{}\"\n\
         xray_tcp = \"{other}\"\njaeger_grpc = \"{other}\"\njaeger_http = \"{other}\"\n\
         jaeger_compact = \"{other}\"\njaeger_binary = \"{other}\"\nzipkin = \"{other}\"\n\
         [collector.operations]\nhealth = \"{health}\"\nzpages = \"{other}\"\n\
         [collector.queries]\njaeger_http = \"{other}\"\njaeger_grpc = \"{other}\"\n\
         [collector.store]\nenabled = {keeps}\n{exporter}",
        at.grpc, at.http, at.xray,
    );
    let file = folder.join("collector.toml");
    fs::write(&file, config).unwrap();
    command
        .arg("--config")
        .arg(file)
        .arg("--state")
        .arg(folder.join("data"))
        .args(["--strict", "--aws-listen", "127.0.0.1:0"]);
}

/// Addresses that were free a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    /// Over UDP, and over TCP for the daemon's other half.
    pub(crate) xray: SocketAddr,
    /// Tells how ours is.
    health: SocketAddr,
}

impl Ports {
    fn free() -> Self {
        let any = (Ipv4Addr::LOCALHOST, 0);
        let [grpc, http, health] = [(); 3].map(|()| TcpListener::bind(any).unwrap());
        let xray = UdpSocket::bind(any).unwrap();
        Self {
            grpc: grpc.local_addr().unwrap(),
            http: http.local_addr().unwrap(),
            xray: xray.local_addr().unwrap(),
            health: health.local_addr().unwrap(),
        }
    }
}

/// A program that runs; it is ended with this.
pub(crate) struct Running {
    child: Child,
    folder: TempDir,
    pub(crate) at: Ports,
    /// From its start until it listened.
    pub(crate) listens_after: Duration,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes that its data take on disk.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        bytes_in(&self.folder.path().join("data"))
    }

    fn wait_for(&mut self, listeners: &[SocketAddr], started: Instant) {
        for address in listeners {
            while TcpStream::connect(address).is_err() {
                let ended = self.child.try_wait().unwrap();
                assert!(
                    ended.is_none() && started.elapsed() < START,
                    "does not listen: {}",
                    fs::read_to_string(self.folder.path().join("stderr")).unwrap()
                );
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.listens_after = started.elapsed();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bytes_in(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.map(|entry| {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            bytes_in(&entry.path())
        } else {
            // What is allocated: Badger makes files that are mostly holes.
            metadata.blocks() * 512
        }
    });
    sizes.sum()
}
