//! Stands in for the X-Ray API, with answers as AWS writes them: numbers with
//! exponents, nulls for what there is not.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::harness::Scenario;
use crate::http::Message;

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `/TraceSummaries`.
    pub(crate) path: String,
    /// Its body.
    pub(crate) body: Value,
    /// Who signed it, and for which region.
    pub(crate) authorization: String,
}

/// Answers with a status and a body; is told how many came before to that path.
type Answers = dyn Fn(&Asked, usize) -> (u16, String) + Send + Sync;

/// An X-Ray API on a port of its own, for as long as the test runs.
pub(crate) struct XRay {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl XRay {
    /// Starts one.
    pub(crate) fn answering(
        answers: impl Fn(&Asked, usize) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Answers> = Arc::new(answers);
        let all = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (all, answers) = (Arc::clone(&all), Arc::clone(&answers));
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    if let Ok(Some(request)) = Message::read(&stream) {
                        // Whoever asked may have gone.
                        let _ = answer(&request, &all, &*answers).write(&stream);
                    }
                });
            }
        });
        Self { url, asked }
    }

    /// A user's folder that works on it, in us-east-1.
    pub(crate) fn scenario(&self) -> Scenario {
        Scenario::at(&self.url, "")
            .with("AWS_REGION", "us-east-1")
            .with("AWS_MAX_ATTEMPTS", "1")
    }

    /// What was asked at `path`, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|one| one.path == path)
            .cloned()
            .collect()
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

fn answer(request: &Message, all: &Mutex<Vec<Asked>>, answers: &Answers) -> Message {
    let asked = Asked {
        path: request.second_word().to_owned(),
        body: serde_json::from_slice(&request.body).unwrap_or_default(),
        authorization: request
            .header("authorization")
            .unwrap_or_default()
            .to_owned(),
    };
    let before = {
        let mut all = all.lock().unwrap();
        all.push(asked.clone());
        all.iter().filter(|one| one.path == asked.path).count() - 1
    };
    let (status, body) = answers(&asked, before);
    let kind = if status == 200 {
        ""
    } else {
        "x-amzn-errortype"
    };
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if !kind.is_empty() {
        let error: Value = serde_json::from_str(&body).unwrap_or_default();
        let code = error["__type"].as_str().unwrap_or_default().to_owned();
        headers.push((kind.to_owned(), code));
    }
    Message {
        start: format!("HTTP/1.1 {status} -"),
        headers,
        body: body.into_bytes(),
    }
}
