//! Overlays: `[env.NAME]` is merged over the rest of the spec.

use super::nearest;
use super::node::{Table, Value};
use super::report::{Finding, Report};

/// The key of the table that holds the overlays.
const ENV: &str = "env";

/// Takes the table of overlays out of `root` and reports those that are none.
pub(super) fn take(root: &mut Table, report: &mut Report) -> Table {
    let Some(entry) = root.remove(ENV) else {
        return Table::default();
    };
    let found = entry.node.type_name();
    let Value::Table(overlays) = entry.node.value else {
        report.add_plain(
            Finding::new(
                &entry.node.span,
                format!("`env`: expected a table, found {found}"),
            )
            .hint("an environment is a table of its own: `[env.production]`"),
        );
        return Table::default();
    };
    for (name, overlay) in overlays.iter() {
        if overlay.node.as_table().is_none() {
            let message = format!(
                "environment `{name}`: expected a table, found {}",
                overlay.node.type_name()
            );
            report.add_plain(
                Finding::new(&overlay.node.span, message)
                    .hint("it holds any part of the spec: `[env.production.stack]`"),
            );
        }
    }
    overlays
}

/// Merges the overlay called `chosen` over `root`. `Err` where there is none: without
/// it nothing else can be judged.
pub(super) fn put_over(
    root: &mut Table,
    overlays: &Table,
    chosen: &str,
    report: &mut Report,
) -> Result<(), ()> {
    let Some(entry) = overlays.get(chosen) else {
        let hint = if overlays.is_empty() {
            Some(format!("add `[env.{chosen}]` to it, or leave out `--env`"))
        } else {
            nearest::hint(chosen, overlays.keys())
        };
        report.add_nowhere(format!("the spec has no environment `{chosen}`"), hint);
        return Err(());
    };
    // One that is no table was reported when it was taken out.
    merge(root, entry.node.as_table().ok_or(())?);
    Ok(())
}

/// Merges `over` into `base`: tables key by key, everything else replaced.
fn merge(base: &mut Table, over: &Table) {
    for (key, above) in over.iter() {
        let below = base
            .get_mut(key)
            .and_then(|entry| match &mut entry.node.value {
                Value::Table(table) => Some(table),
                _ => None,
            });
        match (below, above.node.as_table()) {
            (Some(below), Some(above)) if !is_whole(below) && !is_whole(above) => {
                merge(below, above);
            }
            _ => {
                base.insert(key.to_owned(), above.clone());
            }
        }
    }
}

/// Tells whether a table stands for one value, `{ file = "..." }`, which is
/// replaced and not merged.
fn is_whole(table: &Table) -> bool {
    super::document::file_of(table).is_some()
}
