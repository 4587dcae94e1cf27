//! Why a request meets the rule that it meets, and none before it.

use super::criteria::{Mismatch, PassedOver};
use super::{Dialect, Request, Rule};

/// What became of one rule where a request was compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It decides.
    Matched,
    /// The request is not what it asks for.
    Mismatched(Vec<Mismatch<'a>>),
    /// The sampler never looks at it.
    PassedOver(PassedOver),
    /// One before it decides.
    NotTried,
}

/// What became of each of `rules`, which are in the order of
/// [`sort`](super::sort), as samplers of `dialect` see them. It says
/// [`Step::Matched`] of the rule that [`first_match`](super::first_match) finds.
pub fn explain<'a>(rules: &'a [Rule], request: &Request<'a>, dialect: Dialect) -> Vec<Step<'a>> {
    let mut is_met = false;
    let step = |rule: &'a Rule| {
        if is_met {
            return Step::NotTried;
        }
        let passed_over = rule.criteria.passed_over();
        if let Some(reason) = passed_over.filter(|_| dialect.is_sdk()) {
            return Step::PassedOver(reason);
        }
        let mismatches = rule.criteria.mismatches(request, dialect);
        if mismatches.is_empty() {
            is_met = true;
            Step::Matched
        } else {
            Step::Mismatched(mismatches)
        }
    };
    rules.iter().map(step).collect()
}
