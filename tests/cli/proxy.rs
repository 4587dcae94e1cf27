//! Stands between `xrayctl` and the embedded AWS: takes note of every call,
//! and makes some of them go wrong.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::cloud::{Cloud, text};
use crate::harness::{PATIENCE, PAUSE, Running, Scenario};
use crate::http::Message;

/// One request that came by.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `xray`, `kms`, `logs`, `monitoring`, `sts`, `iam`.
    pub(crate) service: String,
    /// AWS's name of the operation.
    pub(crate) operation: String,
    /// The body, where it is JSON, CBOR or a form.
    pub(crate) body: Value,
}

impl Call {
    fn of(request: &Message) -> Self {
        let body = String::from_utf8_lossy(&request.body);
        let form = body.starts_with("Action=").then(|| form(&body));
        let action = form.as_ref().map(|form| text(&form["Action"]));
        let target = request.header("x-amz-target");
        let target = target.and_then(|target| Some(target.split_once('.')?.1.to_owned()));
        // CloudWatch's calls in CBOR: `/service/NAME/operation/PutDashboard`.
        let path = request.second_word().trim_start_matches('/');
        let path = path.rsplit("/operation/").next().unwrap_or(path);
        let scope = request.header("authorization").unwrap_or_default();
        let service = scope.split('/').nth(3).unwrap_or_default().to_owned();
        let method = request.start.split(' ').next().unwrap_or_default();
        let operation = target.or(action).unwrap_or_else(|| match path {
            "Groups" => "GetGroups".to_owned(),
            "EncryptionConfig" => "GetEncryptionConfig".to_owned(),
            path => rest_operation(&service, method, path),
        });
        Self {
            service,
            operation,
            body: form
                .or_else(|| serde_json::from_str(&body).ok())
                .or_else(|| ciborium::from_reader(request.body.as_slice()).ok())
                .unwrap_or_default(),
        }
    }

    /// Whether AWS is another after it.
    pub(crate) fn mutates(&self) -> bool {
        !["Get", "List", "Describe"]
            .iter()
            .any(|verb| self.operation.starts_with(verb))
    }
}

/// The operation of Lambda or API Gateway that a path stands for.
fn rest_operation(service: &str, method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let operation = match (service, method, steps.as_slice()) {
        ("lambda", "GET", [_, "functions"]) => "ListFunctions",
        ("lambda", "GET", [_, "functions", _, "configuration"]) => "GetFunctionConfiguration",
        ("lambda", "PUT", [_, "functions", _, "configuration"]) => "UpdateFunctionConfiguration",
        ("lambda", "GET", [_, "tags", _]) => "ListTags",
        ("lambda", "POST", [_, "tags", _]) | ("apigateway", "PUT", ["tags", _]) => "TagResource",
        ("lambda", "DELETE", [_, "tags", _]) | ("apigateway", "DELETE", ["tags", _]) => {
            "UntagResource"
        }
        ("apigateway", "GET", ["restapis"]) => "GetRestApis",
        ("apigateway", "GET", ["restapis", _, "stages"]) => "GetStages",
        ("apigateway", "PATCH", ["restapis", _, "stages", _]) => "UpdateStage",
        _ => path,
    };
    operation.to_owned()
}

/// What is done to a call.
#[derive(Clone)]
enum Act {
    /// AWS never sees it; the caller gets this status, code and message.
    Answer(u16, &'static str, String),
    /// AWS answers; the answer is changed on its way.
    Edit(Edit),
    /// AWS answers; the answer waits for the gate.
    Hold(Arc<Gate>),
    /// AWS answers; the caller is told that it failed.
    Lose,
    /// AWS is asked with one text of the request changed.
    Rewrite(&'static str, &'static str),
    /// AWS answers; the caller gets one row, and a token for the next.
    Page(Paging),
}

/// Where a list stands in an answer, and where the token of the next page
/// stands in request and answer.
#[derive(Clone, Copy)]
pub(crate) struct Paging {
    pub(crate) list: &'static str,
    pub(crate) asked: &'static str,
    pub(crate) given: &'static str,
}

struct Gate {
    reached: Mutex<Sender<()>>,
    opened: Mutex<Receiver<()>>,
}

type Edit = Arc<dyn Fn(&Call, &mut Value) + Send + Sync>;
type Matches = Arc<dyn Fn(&Call) -> bool + Send + Sync>;

/// Something that goes wrong.
struct Fault {
    matches: Matches,
    /// Matching calls that are let through before.
    skip: usize,
    /// Calls that it happens to.
    times: usize,
    act: Act,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Vec<Fault>>,
}

/// A proxy in front of one embedded AWS.
pub(crate) struct Proxy {
    address: String,
    shared: Arc<Shared>,
}

/// A call that AWS has answered and the caller has not heard of.
pub(crate) struct Held {
    reached: Receiver<()>,
    _open: Sender<()>,
}

impl Held {
    /// Waits until the call is held; `false` where the command ended before.
    pub(crate) fn is_reached(&self, running: &mut Running) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if self.reached.recv_timeout(PAUSE).is_ok() {
                return true;
            }
            if running.has_ended() {
                // It may have been held in the last moment.
                return self.reached.try_recv().is_ok();
            }
        }
        panic!(
            "the call was neither made nor left out: {}",
            running.stderr()
        );
    }
}

impl Proxy {
    /// Starts in front of `cloud`.
    pub(crate) fn before(cloud: &Cloud) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let (upstream, state) = (cloud.address().to_owned(), Arc::clone(&shared));
        // Both threads end with the test program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, state) = (upstream.clone(), Arc::clone(&state));
                thread::spawn(move || state.serve(&stream, &upstream));
            }
        });
        Self { address, shared }
    }

    /// A user's folder that works through the proxy.
    pub(crate) fn scenario(&self, spec: &str) -> Scenario {
        Scenario::at(&format!("http://{}", self.address), spec)
    }

    /// Every call since the last look.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }

    /// Names of the mutating operations since the last look.
    pub(crate) fn take_mutations(&self) -> Vec<String> {
        let calls = self.take_calls().into_iter();
        calls
            .filter(Call::mutates)
            .map(|call| call.operation)
            .collect()
    }

    /// The next `times` calls of `operation` fail; AWS never sees them.
    pub(crate) fn fail(
        &self,
        operation: &str,
        times: usize,
        (status, code, message): (u16, &'static str, &str),
    ) {
        let act = Act::Answer(status, code, message.to_owned());
        self.add(is(operation), 0, times, act);
    }

    /// Every call that matches fails, to the end of the test or `mend`.
    pub(crate) fn fail_where(
        &self,
        matches: impl Fn(&Call) -> bool + Send + Sync + 'static,
        (status, code, message): (u16, &'static str, &str),
    ) {
        let act = Act::Answer(status, code, message.to_owned());
        self.add(Arc::new(matches), 0, usize::MAX, act);
    }

    /// Lets everything through again.
    pub(crate) fn mend(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Changes every answer of `operation` on its way.
    pub(crate) fn edit(
        &self,
        operation: &str,
        edit: impl Fn(&Call, &mut Value) + Send + Sync + 'static,
    ) {
        self.add(is(operation), 0, usize::MAX, Act::Edit(Arc::new(edit)));
    }

    /// Lets AWS do the next call of `operation`, and loses its answer.
    pub(crate) fn lose_answer(&self, operation: &str) {
        self.add(is(operation), 0, 1, Act::Lose);
    }

    /// Changes a text in every request of `operation`.
    pub(crate) fn rewrite(&self, operation: &str, from: &'static str, to: &'static str) {
        self.add(is(operation), 0, usize::MAX, Act::Rewrite(from, to));
    }

    /// Cuts the answers of `operation` into pages of one row.
    pub(crate) fn page(&self, operation: &str, paging: Paging) {
        self.add(is(operation), 0, usize::MAX, Act::Page(paging));
    }

    /// Holds back AWS's answer to the `number`-th mutating call from now,
    /// counted from 1.
    pub(crate) fn hold_mutation(&self, number: usize) -> Held {
        self.hold(Arc::new(Call::mutates), number - 1)
    }

    /// Holds back AWS's answer to the next call of `operation`.
    pub(crate) fn hold_next(&self, operation: &str) -> Held {
        self.hold(is(operation), 0)
    }

    fn hold(&self, matches: Matches, skip: usize) -> Held {
        let (reached, is_reached) = channel();
        let (open, opened) = channel();
        let gate = Gate {
            reached: Mutex::new(reached),
            opened: Mutex::new(opened),
        };
        self.add(matches, skip, 1, Act::Hold(Arc::new(gate)));
        Held {
            reached: is_reached,
            _open: open,
        }
    }

    fn add(&self, matches: Matches, skip: usize, times: usize, act: Act) {
        self.shared.faults.lock().unwrap().push(Fault {
            matches,
            skip,
            times,
            act,
        });
    }
}

/// Reads a form.
fn form(body: &str) -> Value {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (decoded(name), Value::from(decoded(value))));
    Value::Object(pairs.collect())
}

fn is(operation: &str) -> Matches {
    let operation = operation.to_owned();
    Arc::new(move |call| call.operation == operation)
}

impl Shared {
    fn serve(&self, stream: &TcpStream, upstream: &str) {
        // A caller that was killed reads no answer.
        if let Ok(Some(request)) = Message::read(stream) {
            let call = Call::of(&request);
            self.calls.lock().unwrap().push(call.clone());
            let answer = self.answer(&request, &call, upstream);
            let _ = answer.write(stream);
        }
    }

    fn answer(&self, request: &Message, call: &Call, upstream: &str) -> Message {
        let act = self.next_act(call);
        if let Some(Act::Answer(status, code, message)) = &act {
            return failure(call, *status, code, message);
        }
        if let Some(Act::Page(paging)) = &act {
            return one_page(request, call, upstream, *paging);
        }
        let mut request = request.clone();
        if let Some(Act::Rewrite(from, to)) = &act {
            let body = String::from_utf8_lossy(&request.body).replace(from, to);
            request.body = body.into_bytes();
        }
        let mut answer = request.exchange(upstream).unwrap();
        match act {
            Some(Act::Lose) => return failure(call, 500, "InternalFailure", "lost"),
            Some(Act::Edit(edit)) => {
                let mut body = serde_json::from_slice(&answer.body).unwrap();
                edit(call, &mut body);
                answer.body = body.to_string().into_bytes();
            }
            Some(Act::Hold(gate)) => {
                let _ = gate.reached.lock().unwrap().send(());
                // Opened by dropping the other end.
                let _ = gate.opened.lock().unwrap().recv();
            }
            Some(Act::Answer(..) | Act::Page(_) | Act::Rewrite(..)) | None => {}
        }
        answer
    }

    fn next_act(&self, call: &Call) -> Option<Act> {
        let mut faults = self.faults.lock().unwrap();
        let mut chosen = None;
        for fault in faults.iter_mut().filter(|fault| (fault.matches)(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times > 0 && chosen.is_none() {
                fault.times -= 1;
                chosen = Some(fault.act.clone());
            }
        }
        chosen
    }
}

/// Asks AWS for the whole list, and hands on the row that the token names.
fn one_page(request: &Message, call: &Call, upstream: &str, paging: Paging) -> Message {
    let token = call.body[paging.asked].as_str();
    let index: usize = token.map_or(0, |token| token.parse().unwrap());
    let mut body = call.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove(paging.asked);
    }
    let whole = Message {
        body: body.to_string().into_bytes(),
        ..request.clone()
    };
    let mut answer = whole.exchange(upstream).unwrap();
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let all = body[paging.list].as_array().cloned().unwrap_or_default();
    body[paging.list] = json!(all.get(index).into_iter().collect::<Vec<_>>());
    let is_last = index + 1 >= all.len();
    if body.get("Truncated").is_some() {
        body["Truncated"] = json!(!is_last);
    }
    if !is_last {
        body[paging.given] = json!((index + 1).to_string());
    }
    answer.body = body.to_string().into_bytes();
    answer
}

/// An error as the service of `call` words it.
fn failure(call: &Call, status: u16, code: &str, message: &str) -> Message {
    let request_id = "11111111-2222-3333-4444-555555555555".to_owned();
    let (kind, body) = if ["sts", "iam"].contains(&call.service.as_str()) {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error>\
             <RequestId>{request_id}</RequestId></ErrorResponse>"
        );
        ("text/xml", body.into_bytes())
    } else if call.service == "monitoring" {
        let mut body = Vec::new();
        let fields = json!({ "__type": code, "message": message });
        ciborium::into_writer(&fields, &mut body).unwrap();
        ("application/cbor", body)
    } else {
        let body = json!({ "__type": code, "message": message, "Message": message });
        ("application/x-amz-json-1.1", body.to_string().into_bytes())
    };
    Message {
        start: format!("HTTP/1.1 {status} Fault"),
        headers: vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("x-amzn-errortype".to_owned(), code.to_owned()),
            ("x-amzn-requestid".to_owned(), request_id),
            ("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()),
        ],
        body,
    }
}
