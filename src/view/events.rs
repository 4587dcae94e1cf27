//! What a plan or an apply does, as one JSON object a line in the form of
//! Terraform's machine-readable UI.
//!
//! Form: <https://developer.hashicorp.com/terraform/internals/machine-readable-ui>.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::progress::{HEARTBEAT, Words, skipped, stopping};
use super::report::{Report, saved};
use super::terraform_plan::names::{Name, Names};
use super::terraform_plan::{TERRAFORM_VERSION, is_drift};
use super::{Terminal, apply_complete, clock, diagnostic, plan_summary};
use crate::apply::event::step_action;
use crate::apply::{Event, Observer, Outcome};
use crate::model::{Address, Diagnostic, Diagnostics, Severity};
use crate::plan::order::Half;
use crate::plan::{Action, Change, Counts, Mode, Plan, Reason};
use crate::resource::Kind;

#[cfg(test)]
mod tests;

/// The version of the form of the events.
const UI_VERSION: &str = "1.2";
/// Readers look for this very name.
const MODULE: &str = "terraform.ui";

/// Where lines go.
type Sink = Box<dyn Fn(&str) -> io::Result<()> + Send + Sync>;

/// Writes events to stdout as they happen.
pub struct Events {
    sink: Sink,
    kinds: &'static [&'static dyn Kind],
    now: fn() -> SystemTime,
    state: Mutex<State>,
}

/// What later events need of earlier ones.
#[derive(Default)]
struct State {
    names: Names,
    /// What stands: its ARN by its address.
    arns: BTreeMap<Address, String>,
    under_way: BTreeMap<Address, UnderWay>,
}

struct UnderWay {
    since: Instant,
    action: Action,
    still: &'static str,
}

impl Events {
    /// Begins a stream with the versions of its form.
    pub fn start(terminal: Terminal, kinds: &'static [&'static dyn Kind]) -> Self {
        let sink = Box::new(move |line: &str| terminal.result(line));
        Self::start_into(sink, kinds, SystemTime::now)
    }

    fn start_into(
        sink: Sink,
        kinds: &'static [&'static dyn Kind],
        now: fn() -> SystemTime,
    ) -> Self {
        let events = Self {
            sink,
            kinds,
            now,
            state: Mutex::default(),
        };
        let version = env!("CARGO_PKG_VERSION");
        events.tell(
            "version",
            &format!("xrayctl {version}"),
            json!({ "terraform": TERRAFORM_VERSION, "xrayctl": version, "ui": UI_VERSION }),
        );
        events
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, level: &str, r#type: &str, message: &str, content: Value) -> io::Result<()> {
        let mut line = Map::from_iter([
            ("@level".to_owned(), level.into()),
            ("@message".to_owned(), message.into()),
            ("@module".to_owned(), MODULE.into()),
            ("@timestamp".to_owned(), clock::precise((self.now)()).into()),
            ("type".to_owned(), r#type.into()),
        ]);
        if let Value::Object(content) = content {
            line.extend(content);
        }
        (self.sink)(&Value::Object(line).to_string())
    }

    /// Writes an event of something that goes on whether or not anyone reads
    /// of it.
    fn tell(&self, r#type: &str, message: &str, content: Value) {
        // Nobody is left to tell.
        let _ = self.write("info", r#type, message, content);
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) {
        let (level, word) = match diagnostic.severity {
            Severity::Error => ("error", "Error"),
            Severity::Warning => ("warn", "Warning"),
        };
        let message = format!("{word}: {}", diagnostic.summary);
        let content = json!({ "diagnostic": diagnostic::to_json(diagnostic) });
        // Nobody is left to tell.
        let _ = self.write(level, "diagnostic", &message, content);
    }

    fn change(&self, change: &Change, action: &str) -> Value {
        let mut content = json!({ "resource": self.resource(&change.address), "action": action });
        if let Some(reason) = terraform_reason(change) {
            content["reason"] = reason.into();
        }
        if change.importing {
            content["importing"] = json!({ "id": change.key });
        }
        json!({ "change": content })
    }

    fn resource(&self, address: &Address) -> Value {
        let state = self.state();
        let name = state.names.get(address);
        json!({
            "addr": name.map(Name::address),
            "module": "",
            "resource": name.map(Name::address),
            "implied_provider": "aws",
            "resource_type": name.map(|name| name.r#type),
            "resource_name": name.map(|name| &name.name),
            "resource_key": null,
            "xrayctl_address": address,
        })
    }

    fn summary(&self, counts: Counts, operation: &str, message: &str) -> io::Result<()> {
        let changes = json!({
            "add": counts.add,
            "change": counts.change,
            "import": counts.import,
            "remove": counts.destroy,
            "release": counts.release,
            "operation": operation,
        });
        let content = json!({ "changes": changes });
        self.write("info", "change_summary", message, content)
    }

    /// Writes what an apply leaves for other tools: every ARN.
    fn outputs(&self) -> io::Result<()> {
        let outputs: Map<String, Value> = {
            let state = self.state();
            let arns = state.arns.iter();
            arns.map(|(address, arn)| {
                let output = json!({ "sensitive": false, "type": "string", "value": arn });
                (format!("{address}.arn"), output)
            })
            .collect()
        };
        let message = format!("Outputs: {}", outputs.len());
        self.write("info", "outputs", &message, json!({ "outputs": outputs }))
    }

    fn begin(&self, change: &Change, half: Half) {
        let words = Words::of(change, half);
        let action = step_action(change, half);
        self.state().under_way.insert(
            change.address.clone(),
            UnderWay {
                since: Instant::now(),
                action,
                still: words.still,
            },
        );
        let hook = self.hook(&change.address, action, None);
        let message = format!("{}: {}...", change.address, words.begin);
        self.tell("apply_start", &message, json!({ "hook": hook }));
    }

    fn finish(&self, change: &Change, half: Half, elapsed: Duration, id: Option<&str>) {
        {
            let mut state = self.state();
            state.under_way.remove(&change.address);
            if let (Some(id), Half::Put) = (id, half) {
                state.arns.insert(change.address.clone(), id.to_owned());
            }
        }
        let action = step_action(change, half);
        let mut hook = self.hook(&change.address, action, Some(elapsed));
        let mut message = format!(
            "{}: {} complete after {}s",
            change.address,
            Words::of(change, half).noun,
            elapsed.as_secs()
        );
        if let Some(id) = id {
            hook["id_key"] = "arn".into();
            hook["id_value"] = id.into();
            message = format!("{message} [arn={id}]");
        }
        self.tell("apply_complete", &message, json!({ "hook": hook }));
    }

    /// What went wrong follows as a diagnostic at the end.
    fn fail(&self, change: &Change, half: Half, elapsed: Duration) {
        self.state().under_way.remove(&change.address);
        let action = step_action(change, half);
        let hook = self.hook(&change.address, action, Some(elapsed));
        let message = format!(
            "{}: {} errored after {}s",
            change.address,
            Words::of(change, half).noun,
            elapsed.as_secs()
        );
        self.tell("apply_errored", &message, json!({ "hook": hook }));
    }

    fn hook(&self, address: &Address, action: Action, elapsed: Option<Duration>) -> Value {
        let mut hook = json!({
            "resource": self.resource(address),
            "action": action_word(action),
        });
        if let Some(elapsed) = elapsed {
            hook["elapsed_seconds"] = elapsed.as_secs().into();
        }
        hook
    }

    fn progress(&self) {
        let under_way: Vec<_> = {
            let state = self.state();
            let steps = state.under_way.iter();
            steps
                .map(|(address, step)| {
                    (
                        address.clone(),
                        step.action,
                        step.still,
                        step.since.elapsed(),
                    )
                })
                .collect()
        };
        for (address, action, still, elapsed) in under_way {
            let hook = self.hook(&address, action, Some(elapsed));
            let message = format!("{address}: {still} [{}s elapsed]", elapsed.as_secs());
            self.tell("apply_progress", &message, json!({ "hook": hook }));
        }
    }
}

#[async_trait]
impl Report for Events {
    fn diagnostics(&self, diagnostics: &Diagnostics) {
        for diagnostic in diagnostics {
            self.diagnostic(diagnostic);
        }
    }

    fn plan(&self, plan: &Plan) -> io::Result<()> {
        {
            let mut state = self.state();
            state.names = Names::new(plan, self.kinds);
            let known = plan.known_outputs().into_iter();
            let arns = known.filter_map(|(address, outputs)| {
                let arn = outputs.get("arn").and_then(Value::as_str)?;
                Some((address, arn.to_owned()))
            });
            state.arns = arns.collect();
        }
        for change in plan.changes.iter().filter(|change| is_drift(plan, change)) {
            let action = if change.live.is_none() {
                "delete"
            } else {
                "update"
            };
            let message = format!("{}: Drift detected ({action})", change.address);
            self.write(
                "info",
                "resource_drift",
                &message,
                self.change(change, action),
            )?;
        }
        if plan.mode == Mode::RefreshOnly {
            let counts = Counts::default();
            return self.summary(counts, "plan", "Plan: 0 to add, 0 to change, 0 to destroy.");
        }
        for change in plan.actual_changes() {
            let action = action_word(change.action);
            let message = format!("{}: Plan to {action}", change.address);
            self.write(
                "info",
                "planned_change",
                &message,
                self.change(change, action),
            )?;
        }
        self.summary(plan.counts(), "plan", &plan_summary(plan))
    }

    fn saved(&self, path: &Path) {
        self.tell("log", &saved(path), Value::Null);
    }

    /// The last line is the document itself, so that `tail -n 1` hands a plan to
    /// what reads Terraform's: the fields of an event stand beside its own.
    fn document(&self, plan: Value) -> io::Result<()> {
        let message = "The plan in Terraform's plan format";
        self.write("info", "plan", message, plan)
    }

    fn may_ask(&self) -> bool {
        false
    }

    async fn heartbeat(&self) -> Infallible {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            self.progress();
        }
    }

    fn outcome(&self, mode: Mode, outcome: &Outcome) -> io::Result<()> {
        let counts = Counts {
            import: outcome.imported,
            add: outcome.added,
            change: outcome.changed + outcome.reset,
            destroy: outcome.destroyed,
            release: outcome.released,
        };
        let operation = match mode {
            Mode::Destroy => "destroy",
            Mode::Apply | Mode::RefreshOnly => "apply",
        };
        self.summary(counts, operation, &apply_complete(mode, outcome))?;
        self.outputs()
    }
}

impl Observer for Events {
    fn notice(&self, event: Event<'_>) {
        match event {
            Event::Started { change, half } => self.begin(change, half),
            Event::Finished {
                change,
                half,
                elapsed,
                id,
            } => self.finish(change, half, elapsed, id),
            Event::Failed {
                change,
                half,
                elapsed,
                ..
            } => self.fail(change, half, elapsed),
            Event::Skipped { change, because } => {
                self.tell("log", &skipped(change, because), Value::Null);
            }
            Event::Stopping { under_way } => self.tell("log", &stopping(under_way), Value::Null),
        }
    }
}

/// Terraform's word for an action in events, where `remove` means that it lets
/// go of a resource that stays.
fn action_word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Release => "remove",
        Action::Adopt => "import",
    }
}

/// Terraform's word for a reason, where it has one.
fn terraform_reason(change: &Change) -> Option<&'static str> {
    match (change.action, change.reason) {
        (Action::Replace, _) => Some("cannot_update"),
        (Action::Delete, Some(Reason::RemovedFromSpec)) => {
            Some("delete_because_no_resource_config")
        }
        _ => None,
    }
}
