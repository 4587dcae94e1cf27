//! Running the steps of a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};

use super::event::step_action;
use super::{Context, Event, Outcome, step};
use crate::aws::Error;
use crate::model::{Address, Attributes};
use crate::plan::order::{Half, Step, schedule};
use crate::plan::{Action, Change, Plan, Reason};

/// Carries out `plan`. Always returns an account of what was done; failures
/// are part of it.
pub async fn run(plan: &Plan, context: Context<'_>) -> Outcome {
    let started = Instant::now();
    let mut execution = Execution {
        plan,
        context,
        steps: schedule(context.catalog, plan),
        behind: Vec::new(),
        state: Vec::new(),
        outputs: plan.known_outputs(),
        outcome: Outcome::default(),
    };
    execution.state = vec![State::Waiting; execution.steps.len()];
    execution.behind = steps_behind(&execution.steps);
    execution.drive().await;
    execution.outcome.elapsed = started.elapsed();
    execution.outcome
}

/// Counts, for each step, the longest chain of steps that wait for it.
fn steps_behind(steps: &[Step]) -> Vec<usize> {
    let mut behind = vec![0; steps.len()];
    let mut open: Vec<usize> = (0..steps.len()).collect();
    while let Some(index) = open.pop() {
        let chain = behind[index] + 1;
        let step = &steps[index];
        for &earlier in step.after.iter().chain(&step.follows) {
            // A schedule has no circles: a chain is no longer than all of it.
            if behind[earlier] < chain && chain <= steps.len() {
                behind[earlier] = chain;
                open.push(earlier);
            }
        }
    }
    behind
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    UnderWay,
    Done,
    /// Failed, or left because of a failure.
    Failed,
}

/// A step that came to its end.
struct Ended {
    index: usize,
    elapsed: Duration,
    result: Result<Attributes, Error>,
}

struct Execution<'a> {
    plan: &'a Plan,
    context: Context<'a>,
    steps: Vec<Step>,
    /// How many steps, one after another, wait for each.
    behind: Vec<usize>,
    state: Vec<State>,
    outputs: BTreeMap<Address, Attributes>,
    outcome: Outcome,
}

impl<'a> Execution<'a> {
    async fn drive(&mut self) {
        let mut under_way = FuturesUnordered::new();
        let mut stopping = false;
        loop {
            if !stopping {
                self.skip_doomed();
            }
            while under_way.len() < self.context.parallelism.max(1) {
                let Some(index) = self.next_ready(stopping) else {
                    break;
                };
                under_way.push(self.begin(index));
            }
            tokio::select! {
                ended = under_way.next() => match ended {
                    Some(ended) => self.end(ended),
                    None => break,
                },
                () = self.context.stop.cancelled(), if !stopping => {
                    stopping = true;
                    let under_way = under_way.len();
                    self.context.observer.notice(Event::Stopping { under_way });
                }
            }
        }
        self.account_for_the_rest();
    }

    fn change(&self, index: usize) -> &'a Change {
        &self.plan.changes[self.steps[index].change]
    }

    /// Of the steps that can be begun, returns the one that the longest chain
    /// waits for: some settings take AWS minutes.
    fn next_ready(&self, stopping: bool) -> Option<usize> {
        let mut ready = (0..self.steps.len()).filter(|&index| {
            let step = &self.steps[index];
            let is = |earlier: &usize, states: &[State]| states.contains(&self.state[*earlier]);
            self.state[index] == State::Waiting
                && step.after.iter().all(|step| is(step, &[State::Done]))
                && step
                    .follows
                    .iter()
                    .all(|step| is(step, &[State::Done, State::Failed]))
                && (!stopping || self.is_half_done(index))
        });
        let first = ready.next()?;
        Some(ready.fold(first, |best, index| {
            if self.behind[index] > self.behind[best] {
                index
            } else {
                best
            }
        }))
    }

    /// Tells whether a step makes anew what the step before has deleted. Even
    /// a stop does not leave such a pair half done.
    fn is_half_done(&self, index: usize) -> bool {
        let step = &self.steps[index];
        step.half == Half::Put
            && step.after.iter().any(|&earlier| {
                self.steps[earlier].change == step.change && self.state[earlier] == State::Done
            })
    }

    /// Leaves out every step that waits for one that failed.
    fn skip_doomed(&mut self) {
        while let Some((index, cause)) = self.next_doomed() {
            self.state[index] = State::Failed;
            let change = self.change(index);
            let because = self.root_cause(&self.change(cause).address);
            if self.outcome.failed.contains_key(&change.address) || because == change.address {
                continue;
            }
            self.context.observer.notice(Event::Skipped {
                change,
                because: &because,
            });
            self.outcome.skipped.insert(change.address.clone(), because);
        }
    }

    fn next_doomed(&self) -> Option<(usize, usize)> {
        (0..self.steps.len())
            .filter(|&index| self.state[index] == State::Waiting)
            .find_map(|index| {
                let after = &self.steps[index].after;
                let cause = after
                    .iter()
                    .find(|&&earlier| self.state[earlier] == State::Failed)?;
                Some((index, *cause))
            })
    }

    /// Names what failed first, not the next in the chain.
    fn root_cause(&self, address: &Address) -> Address {
        let skipped = &self.outcome.skipped;
        skipped.get(address).unwrap_or(address).clone()
    }

    fn begin(&mut self, index: usize) -> impl Future<Output = Ended> + use<'a> {
        self.state[index] = State::UnderWay;
        let half = self.steps[index].half;
        let change = self.change(index);
        self.context
            .observer
            .notice(Event::Started { change, half });
        let context = self.context;
        let fields = step::resolved(self.context.kinds, change, half, &self.outputs);
        async move {
            let started = Instant::now();
            let result = match fields {
                Ok(fields) => step::run(context, change, half, fields).await,
                Err(error) => Err(error),
            };
            Ended {
                index,
                elapsed: started.elapsed(),
                result,
            }
        }
    }

    fn end(&mut self, ended: Ended) {
        let Ended {
            index,
            elapsed,
            result,
        } = ended;
        let half = self.steps[index].half;
        let change = self.change(index);
        match result {
            Ok(outputs) => {
                self.state[index] = State::Done;
                let id = outputs.get("arn").and_then(serde_json::Value::as_str);
                self.context.observer.notice(Event::Finished {
                    change,
                    half,
                    elapsed,
                    id,
                });
                self.count(change, half);
                if half == Half::Put {
                    self.outputs.insert(change.address.clone(), outputs);
                }
            }
            Err(error) => {
                self.state[index] = State::Failed;
                self.context.observer.notice(Event::Failed {
                    change,
                    half,
                    elapsed,
                    error: &error,
                });
                self.outcome.failed.insert(change.address.clone(), error);
            }
        }
    }

    fn count(&mut self, change: &Change, half: Half) {
        let outcome = &mut self.outcome;
        if half == Half::Put && change.importing {
            outcome.imported += 1;
        }
        match step_action(change, half) {
            Action::Create => outcome.added += 1,
            Action::Update if change.reason == Some(Reason::Reset) => outcome.reset += 1,
            Action::Update => outcome.changed += 1,
            Action::Delete => outcome.destroyed += 1,
            Action::Release => outcome.released += 1,
            Action::Adopt | Action::NoOp | Action::Replace => {}
        }
    }

    fn account_for_the_rest(&mut self) {
        let rest: BTreeSet<Address> = (0..self.steps.len())
            .filter(|&index| self.state[index] == State::Waiting)
            .map(|index| self.change(index).address.clone())
            .collect();
        self.outcome.not_begun = rest.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(after: &[usize], follows: &[usize]) -> Step {
        Step {
            change: 0,
            half: Half::Put,
            after: after.to_vec(),
            follows: follows.to_vec(),
        }
    }

    #[test]
    fn counts_the_longest_chain_behind_each_step() {
        let steps = [
            step(&[], &[]),
            step(&[0], &[]),
            step(&[0], &[3]),
            step(&[1], &[]),
            step(&[], &[]),
        ];
        assert_eq!(steps_behind(&steps), [3, 2, 0, 1, 0]);
    }
}
