//! The lines that CI scripts look for. Their words are Terraform's.

use crate::apply::Outcome;
use crate::plan::{Mode, Plan};

/// `Plan: 3 to add, 1 to change, 0 to destroy.`
pub fn plan_summary(plan: &Plan) -> String {
    let counts = plan.counts();
    let some = |number: usize, what: &str| match number {
        0 => String::new(),
        number => format!("{number} to {what}, "),
    };
    let (import, release) = (
        some(counts.import, "import"),
        some(counts.release, "release"),
    );
    format!(
        "Plan: {import}{release}{} to add, {} to change, {} to destroy.",
        counts.add, counts.change, counts.destroy
    )
}

/// `Apply complete! Resources: 3 added, 1 changed, 0 destroyed.`, or what was
/// done before something failed.
pub fn apply_complete(mode: Mode, outcome: &Outcome) -> String {
    let released = match outcome.released {
        0 => String::new(),
        number => format!("{number} released, "),
    };
    let resources = if mode == Mode::Destroy {
        let reset = match outcome.reset {
            0 => String::new(),
            number => format!(
                ", {} put back to AWS's default",
                crate::model::plural::count(number, "setting")
            ),
        };
        format!(
            "Resources: {released}{} destroyed{reset}.",
            outcome.destroyed
        )
    } else {
        let imported = match outcome.imported {
            0 => String::new(),
            number => format!("{number} imported, "),
        };
        format!(
            "Resources: {imported}{released}{} added, {} changed, {} destroyed.",
            outcome.added, outcome.changed, outcome.destroyed
        )
    };
    let verb = if mode == Mode::Destroy {
        "Destroy"
    } else {
        "Apply"
    };
    if outcome.is_complete() {
        format!("{verb} complete! {resources}")
    } else {
        format!("{verb} incomplete! {resources}")
    }
}
