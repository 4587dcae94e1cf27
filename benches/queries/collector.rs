//! A collector that keeps what it gets, and a connection to it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A collector that runs; it ends with this.
pub(crate) struct Collector {
    child: Child,
    folder: TempDir,
    pub(crate) otlp: SocketAddr,
    pub(crate) aws: SocketAddr,
}

impl Collector {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(program: &Path, folder: &Path) -> Self {
        let folder = TempDir::new_in(folder).unwrap();
        let off = [
            "otlp_grpc",
            "xray_udp",
            "xray_tcp",
            "jaeger_grpc",
            "jaeger_http",
        ];
        let off = off
            .into_iter()
            .chain(["jaeger_compact", "jaeger_binary", "zipkin"]);
        let off: Vec<String> = off.map(|name| format!("{name} = \"off\"\n")).collect();
        let off = off.concat();
        // All fits, and nothing is let go for its age.
        let config = format!(
            "[collector.receivers]\notlp_http = \"127.0.0.1:0\"\n{off}\
             [collector.operations]\nhealth = \"127.0.0.1:0\"\nzpages = \"off\"\n\
             [collector.store]\nmax_size_mib = 65536\nretention_days = 0\n"
        );
        let file = folder.path().join("collector.toml");
        fs::write(&file, config).unwrap();
        let mut child = Command::new(program)
            .arg("--config")
            .arg(file)
            .arg("--state")
            .arg(folder.path().join("data"))
            .args(["--aws-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let (mut otlp, mut aws) = (None, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while otlp.is_none() || aws.is_none() {
            let line = lines.next().expect("the collector ended").unwrap();
            let (what, address) = line.split_once(" listening on ").unwrap();
            let address = address.trim_start_matches("http://");
            let address = address.split_whitespace().next().unwrap();
            match what {
                "OTLP over HTTP" => otlp = address.parse().ok(),
                "AWS API" => aws = address.parse().ok(),
                _ => {}
            }
        }
        Self {
            child,
            folder,
            otlp: otlp.unwrap(),
            aws: aws.unwrap(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes that its data take on disk.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        let entries = fs::read_dir(self.folder.path().join("data")).unwrap();
        entries
            .map(|one| one.unwrap().metadata().unwrap().len())
            .sum()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection over HTTP.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self {
            sender,
            authority: address.to_string(),
        }
    }

    async fn post(&mut self, path: &str, kind: &str, body: Bytes) -> (StatusCode, Bytes) {
        let request = Request::post(path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, kind)
            .body(Full::from(body))
            .unwrap();
        self.sender.ready().await.unwrap();
        let response = self.sender.send_request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap();
        (status, body.to_bytes())
    }

    /// Sends a request of OTLP. Tells whether it was taken.
    pub(crate) async fn export(&mut self, request: &[u8]) -> bool {
        let request = Bytes::copy_from_slice(request);
        let kind = "application/x-protobuf";
        self.post("/v1/traces", kind, request).await.0 == StatusCode::OK
    }

    /// Calls an operation of X-Ray; gives its answer.
    pub(crate) async fn ask(&mut self, path: &str, members: &Value) -> Bytes {
        let body = Bytes::from(members.to_string());
        let (status, answer) = self.post(path, "application/json", body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer:?}");
        answer
    }
}
