//! How many spans of each operation took how long.

use std::collections::BTreeMap;

use super::html;
use super::select;
use super::window::{BOUNDS, Class, Seen};

/// Operations that have a row of their own; all others share one.
const ROWS: usize = 200;

/// Spans, counted by what became of them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    running: u64,
    took: [u64; BOUNDS.len()],
    failed: u64,
}

impl Row {
    fn add(&mut self, class: Class) {
        match class {
            Class::Running => self.running += 1,
            Class::Took(bucket) => {
                if let Some(count) = self.took.get_mut(bucket) {
                    *count += 1;
                }
            }
            Class::Failed => self.failed += 1,
        }
    }

    /// Its cells, in the order of the table.
    fn cells(&self) -> impl Iterator<Item = (Class, u64)> {
        let took = (0..BOUNDS.len()).map(Class::Took).zip(self.took);
        [(Class::Running, self.running)]
            .into_iter()
            .chain(took)
            .chain([(Class::Failed, self.failed)])
    }
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// By service, then by operation.
    rows: BTreeMap<String, BTreeMap<String, Row>>,
    count: usize,
    /// Of operations for which there was no row.
    others: Row,
}

impl Summary {
    /// Counts a span.
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        self.row(seen.service, seen.operation).add(seen.class);
    }

    fn row(&mut self, service: &str, operation: &str) -> &mut Row {
        let operations = self.rows.get(service);
        let is_known = operations.is_some_and(|known| known.contains_key(operation));
        if !is_known {
            if self.count >= ROWS {
                return &mut self.others;
            }
            self.count += 1;
            let operations = self.rows.entry(service.to_owned()).or_default();
            return operations.entry(operation.to_owned()).or_default();
        }
        let operations = self.rows.get_mut(service);
        let known = operations.and_then(|known| known.get_mut(operation));
        known.unwrap_or(&mut self.others)
    }

    /// Writes the table.
    pub(super) fn write(&self, out: &mut String) {
        if self.count == 0 {
            return;
        }
        out.push_str("<table><thead><tr><th>service<th>operation<th>running");
        for bound in BOUNDS {
            html::push(out, &["<th>≥ ", &html::bound(bound)]);
        }
        out.push_str("<th>errors</thead><tbody>");
        for (service, operations) in &self.rows {
            for (operation, row) in operations {
                out.push_str("<tr><td>");
                html::escape(out, service);
                out.push_str("<td>");
                html::escape(out, operation);
                for (class, count) in row.cells() {
                    cell(out, count, Some(&select::query(service, operation, class)));
                }
            }
        }
        if self.others != Row::default() {
            out.push_str("<tr><td colspan=2><i>others</i>");
            for (_, count) in self.others.cells() {
                cell(out, count, None);
            }
        }
        out.push_str("</tbody></table>");
    }
}

fn cell(out: &mut String, count: u64, query: Option<&str>) {
    out.push_str("<td class=n>");
    match (count, query) {
        (0, _) => out.push('·'),
        (_, None) => out.push_str(&count.to_string()),
        (_, Some(query)) => {
            out.push_str("<a href=\"?");
            html::escape(out, query);
            html::push(out, &["#samples\">", &count.to_string(), "</a>"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::view::Span;

    #[test]
    fn rows_are_bounded_and_nothing_goes_uncounted() {
        let mut summary = Summary::default();
        for number in 0..ROWS * 2 {
            for _ in 0..2 {
                summary.add(Seen {
                    service: "shop",
                    operation: &number.to_string(),
                    class: Class::Took(4),
                    span: Span::default(),
                });
            }
        }
        let mut out = String::new();
        summary.write(&mut out);
        assert_eq!(out.matches("<tr>").count(), ROWS + 2);
        let others = format!("<td class=n>{}", ROWS * 2);
        assert!(out.contains(&others), "{others}");
    }
}
