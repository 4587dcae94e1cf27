//! Requests of the traces that a `local-collector` or AWS keeps.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::access_log::target_parts;
use crate::cli::connection::failed_call;
use crate::cli::globals::Globals;
use crate::cli::looking::connect_as;
use crate::lookup::{Moment, Summary, Window, each_summary};
use crate::model::{Diagnostic, plural};
use crate::sampling::Request;
use crate::sampling::simulate::Fleet;
use crate::spec::Spec;
use crate::view::Terminal;
use crate::view::reading::Reading;

/// Most traces that are taken. They come the newest first and have to be sorted,
/// so that they are held: with their ids some 200 MB at this many.
const MOST_TRACES: usize = 1_000_000;
/// Most bytes of names, hosts and paths, each counted once.
const MOST_TEXT: usize = 256 * 1024 * 1024;

/// The requests of stored traces, the oldest first.
#[derive(Debug)]
pub(super) struct Stored {
    requests: Vec<Root>,
    /// Traces that do not tell of their root, or when it started.
    rootless: u64,
    most_traces: usize,
    most_text: usize,
    /// Each text that occurs, once.
    texts: HashSet<Rc<str>>,
    /// Bytes of these.
    text: usize,
    /// More came than is taken.
    is_too_much: bool,
}

/// The root of a trace: the request that was sampled.
#[derive(Debug)]
struct Root {
    at: Moment,
    service_name: Option<Rc<str>>,
    service_type: Option<Rc<str>>,
    http_method: Option<Rc<str>>,
    host: Option<Rc<str>>,
    url_path: Option<Rc<str>>,
}

/// What the requests of a window are called.
pub(super) fn name(window: Window) -> String {
    format!("the traces from {} to {}", window.start, window.end)
}

/// Reads the requests of the traces of a window, in the region and account of
/// `spec` where there is one.
///
/// # Errors
/// Where nobody answers, there are none, or there are too many.
pub(super) async fn read(
    window: Window,
    spec: Option<&Spec>,
    globals: &Globals,
    terminal: &Terminal,
) -> Result<Stored, Diagnostic> {
    let connected = connect_as(spec, globals).await?;
    let reading = Reading::new(*terminal, "traces");
    let seen = |count| reading.is_at(&plural::count(count, "trace"));
    let mut stored = Stored::new(MOST_TRACES, MOST_TEXT);
    let mut take = |summary| stored.take(&summary);
    let read = each_summary(&connected.aws, window, &seen, &mut take);
    let read = reading.during(read).await;
    read.map_err(|error| failed_call(&error, None))?;
    stored.finish(window)
}

impl Stored {
    fn new(most_traces: usize, most_text: usize) -> Self {
        Self {
            requests: Vec::new(),
            rootless: 0,
            most_traces,
            most_text,
            texts: HashSet::new(),
            text: 0,
            is_too_much: false,
        }
    }

    /// Takes a trace, unless there are too many already.
    fn take(&mut self, trace: &Summary) -> ControlFlow<()> {
        let rootless = usize::try_from(self.rootless).unwrap_or(usize::MAX);
        if self.requests.len().saturating_add(rootless) >= self.most_traces {
            self.is_too_much = true;
            return ControlFlow::Break(());
        }
        let (Some(at), Some(service)) = (trace.start_time, &trace.entry_point) else {
            self.rootless += 1;
            return ControlFlow::Continue(());
        };
        let (host, path) = match trace.http.url.as_deref().and_then(target_parts) {
            Some((host, path)) => (host, Some(path)),
            None => (None, None),
        };
        let root = Root {
            at,
            service_name: self.text(Some(&service.name)),
            service_type: self.text(service.kind.as_deref()),
            http_method: self.text(trace.http.method.as_deref()),
            host: self.text(host),
            url_path: self.text(path),
        };
        self.requests.push(root);
        self.is_too_much = self.text > self.most_text;
        if self.is_too_much {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// A text that is held once; `None` where it is empty.
    fn text(&mut self, text: Option<&str>) -> Option<Rc<str>> {
        let text = text.filter(|text| !text.is_empty())?;
        if let Some(known) = self.texts.get(text) {
            return Some(Rc::clone(known));
        }
        let new: Rc<str> = text.into();
        self.text += new.len();
        self.texts.insert(Rc::clone(&new));
        Some(new)
    }

    /// Puts them in order.
    fn finish(mut self, window: Window) -> Result<Self, Diagnostic> {
        let name = name(window);
        if self.is_too_much {
            return Err(Diagnostic::error(format!(
                "{name} are too many: more than {}, or {} MiB of names, hosts and paths",
                self.most_traces,
                self.most_text / (1024 * 1024)
            ))
            .with_hint("choose a shorter window with --since, --start, --end"));
        }
        if self.requests.is_empty() {
            let (message, hint) = match self.rootless {
                0 => ("there are none", "choose another window"),
                _ => (
                    "none tells of its root",
                    "wait until they are complete, or choose another window",
                ),
            };
            return Err(Diagnostic::error(format!("of {name} {message}"))
                .with_hint(format!("{hint} with --since, --start, --end")));
        }
        self.requests.sort_by_key(|request| request.at);
        Ok(self)
    }

    /// Traces that do not tell of their root.
    pub(super) fn rootless(&self) -> u64 {
        self.rootless
    }

    /// Gives them to each fleet in the order of time.
    pub(super) fn replay(&self, fleets: &mut [Fleet]) {
        for root in &self.requests {
            let request = Request {
                service_name: root.service_name.as_deref(),
                service_type: root.service_type.as_deref(),
                host: root.host.as_deref(),
                http_method: root.http_method.as_deref(),
                url_path: root.url_path.as_deref(),
                ..Request::default()
            };
            for fleet in &mut *fleets {
                fleet.take(&request, root.at.seconds());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::{Http, Service};

    /// A trace that started so many seconds after noon.
    fn trace(second: u32, url: &str) -> Summary {
        Summary {
            start_time: Some(Moment::from_seconds(1_769_860_800.0 + f64::from(second))),
            http: Http {
                method: Some("POST".to_owned()),
                url: Some(url.to_owned()),
                ..Http::default()
            },
            entry_point: Some(Service {
                name: "checkout".to_owned(),
                ..Service::default()
            }),
            ..Summary::default()
        }
    }

    fn window() -> Window {
        let noon = Moment::from_seconds(1_769_860_800.0);
        Window::new(noon.earlier(1), noon).unwrap()
    }

    #[test]
    fn roots_are_requests_in_the_order_of_time() {
        let mut stored = Stored::new(10, 1000);
        for (second, url) in [
            (9, "https://shop.example:8443/pay?card=1"),
            (3, "/cart"),
            (6, "no url"),
        ] {
            assert!(stored.take(&trace(second, url)).is_continue());
        }
        let rootless = Summary {
            entry_point: None,
            ..trace(1, "/")
        };
        assert!(stored.take(&rootless).is_continue());
        let stored = stored.finish(window()).unwrap();
        let parts = |root: &Root| {
            let text = |text: &Option<Rc<str>>| text.as_deref().unwrap_or("-").to_owned();
            format!("{} {}", text(&root.host), text(&root.url_path))
        };
        let found: Vec<String> = stored.requests.iter().map(parts).collect();
        assert_eq!(found, ["- /cart", "- -", "shop.example /pay"]);
        assert_eq!(stored.rootless(), 1);
        let names = stored.requests.iter().map(|root| &root.service_name);
        assert!(names.flatten().all(|name| &**name == "checkout"));
        assert!(
            stored
                .requests
                .iter()
                .all(|root| root.service_type.is_none())
        );
    }

    #[test]
    fn too_many_are_refused() {
        let mut stored = Stored::new(2, 1000);
        assert!(stored.take(&trace(1, "/")).is_continue());
        assert!(stored.take(&trace(2, "/")).is_continue());
        assert!(stored.take(&trace(3, "/")).is_break());
        let refused = stored.finish(window()).unwrap_err();
        assert!(refused.summary.contains("too many: more than 2, or"));
        // A text that comes again takes no more.
        let mut stored = Stored::new(1000, "checkoutPOST/abc".len());
        for second in 0..100 {
            assert!(stored.take(&trace(second, "/abc")).is_continue());
        }
        assert!(stored.take(&trace(100, "/d")).is_break());
        assert!(stored.finish(window()).is_err());
    }

    #[test]
    fn none_are_told_of() {
        let refused = Stored::new(2, 1000).finish(window()).unwrap_err();
        assert!(refused.summary.ends_with(" there are none"));
        let mut stored = Stored::new(2, 1000);
        let rootless = Summary::default();
        assert!(stored.take(&rootless).is_continue());
        let refused = stored.finish(window()).unwrap_err();
        assert!(refused.summary.ends_with("none tells of its root"));
    }
}
