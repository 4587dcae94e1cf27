//! Overlays: `[env.NAME]` is merged over the rest of the spec.

use super::nearest;
use super::node::{Entry, Node, Table, Value};
use super::report::{Finding, Report};

/// The key of the table that holds the overlays.
const ENV: &str = "env";

/// Takes the overlays out of `root`, merges the one called `chosen` over what
/// is left, and returns the names of all. `Err` where that one does not exist:
/// without it nothing else can be judged.
pub(super) fn apply(
    root: &mut Table,
    chosen: Option<&str>,
    report: &mut Report,
) -> Result<Vec<String>, ()> {
    let overlays = take(root, report);
    let names: Vec<String> = overlays.keys().map(str::to_owned).collect();
    let Some(chosen) = chosen else {
        return Ok(names);
    };
    let mut overlays = overlays;
    match overlays.remove(chosen).map(|entry| entry.node) {
        Some(Node {
            value: Value::Table(overlay),
            ..
        }) => {
            merge(root, overlay);
            Ok(names)
        }
        // Reported while the overlays were taken out.
        Some(_) => Err(()),
        None => {
            let hint = if names.is_empty() {
                Some(format!("add `[env.{chosen}]` to it, or leave out `--env`"))
            } else {
                nearest::hint(chosen, names.iter().map(String::as_str))
            };
            report.add_nowhere(format!("the spec has no environment `{chosen}`"), hint);
            Err(())
        }
    }
}

/// Takes out the table of overlays and reports those that are none.
fn take(root: &mut Table, report: &mut Report) -> Table {
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

/// Merges `over` into `base`: tables key by key, everything else replaced.
fn merge(base: &mut Table, over: Table) {
    for (key, entry) in over.into_entries() {
        match (base.get_mut(&key), entry) {
            (
                Some(Entry {
                    node:
                        Node {
                            value: Value::Table(below),
                            ..
                        },
                    ..
                }),
                Entry {
                    node:
                        Node {
                            value: Value::Table(above),
                            ..
                        },
                    ..
                },
            ) if !is_whole(below) && !is_whole(&above) => merge(below, above),
            (_, entry) => {
                base.insert(key, entry);
            }
        }
    }
}

/// Tells whether a table stands for one value, `{ file = "..." }`, which is
/// replaced and not merged.
fn is_whole(table: &Table) -> bool {
    super::document::file_of(table).is_some()
}
