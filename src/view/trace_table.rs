//! Traces as a table, a line each.

use serde_json::Value;

use super::figures::{count, seconds_or_dash, status_style};
use super::table::{Cell, Column, Table, left, right};
use super::{Styles, Terminal};
use crate::lookup::{Moment, Service, Summaries, Summary};

/// Draws traces, also those that come later.
pub struct TraceTable {
    table: Table,
    styles: Styles,
    is_wide: bool,
    has_titles: bool,
}

impl TraceTable {
    /// One for `terminal`; a wide one has services, annotations and users, and
    /// cuts nothing.
    pub fn new(terminal: &Terminal, is_wide: bool) -> Self {
        Self::with(terminal.styles, terminal.columns, is_wide)
    }

    fn with(styles: Styles, columns: Option<usize>, is_wide: bool) -> Self {
        let room = columns.filter(|_| !is_wide);
        Self {
            table: Table::new(columns_of(is_wide), room),
            styles,
            is_wide,
            has_titles: false,
        }
    }

    /// Draws the lines of some traces, the titles above the first of them.
    pub fn lines(&mut self, traces: &[Summary]) -> String {
        let rows: Vec<Vec<Cell>> = traces.iter().map(|trace| self.row(trace)).collect();
        let titles = (!self.has_titles).then_some(self.styles);
        self.has_titles = true;
        self.table.draw(&rows, titles)
    }

    fn row(&self, trace: &Summary) -> Vec<Cell> {
        let status = trace.status.word();
        let status = if trace.is_partial {
            format!("{status} (partial)")
        } else {
            status.to_owned()
        };
        let code = trace
            .http
            .status
            .map_or_else(|| "-".to_owned(), |code| code.to_string());
        let mut row = vec![
            Cell::new(&trace.start_time.map(short).unwrap_or_default()),
            Cell::new(&trace.id),
            Cell::new(&seconds_or_dash(trace.duration)),
            Cell::new(&seconds_or_dash(trace.response_time)),
            Cell::styled(&status, status_style(trace.status, self.styles)),
            Cell::new(&code),
            Cell::new(&request(trace)),
        ];
        if self.is_wide {
            let services: Vec<&str> = distinct(&trace.services);
            row.push(Cell::new(&services.join(", ")));
            row.push(Cell::new(&trace.users.join(", ")));
            row.push(Cell::new(&annotations(trace)));
        }
        row
    }
}

fn columns_of(is_wide: bool) -> Vec<Column> {
    let mut columns = vec![
        left("TIME (UTC)"),
        left("ID"),
        right("DURATION"),
        right("RESPONSE"),
        left("STATUS"),
        right("CODE"),
        left("REQUEST"),
    ];
    if is_wide {
        columns.extend([left("SERVICES"), left("USERS"), left("ANNOTATIONS")]);
    }
    columns
}

/// Says what came of a look for traces beside the table: that there are none, or
/// more than are shown. `None` where all are shown.
pub fn remark(found: &Summaries) -> Option<String> {
    if found.traces.is_empty() {
        let asked = if found.filter_expression.is_some() {
            " that match"
        } else {
            ""
        };
        let window = found.window;
        return Some(format!(
            "No traces{asked} from {} to {} ({} looked at).",
            window.start,
            window.end,
            count(found.traces_processed)
        ));
    }
    found.truncated.then(|| {
        format!(
            "Shown are {} traces; there may be more: raise --limit, or narrow the window.",
            count(found.traces.len() as u64)
        )
    })
}

/// `01-31 12:00:00`: X-Ray keeps traces for a month, so that the year is known.
fn short(time: Moment) -> String {
    let text = time.to_string();
    let text = text.get(5..19).unwrap_or_default();
    text.replacen('T', " ", 1)
}

/// What was asked; of what is no HTTP request, the service.
fn request(trace: &Summary) -> String {
    let http = &trace.http;
    match (&http.method, &http.url) {
        (Some(method), Some(url)) => format!("{method} {url}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => {
            let entry = trace.entry_point.as_ref().or(trace.services.first());
            entry
                .map(|service| service.name.clone())
                .unwrap_or_default()
        }
    }
}

/// The names of services; the client's is that of the first service.
fn distinct(services: &[Service]) -> Vec<&str> {
    let mut names = Vec::new();
    for service in services {
        let name = service.name.as_str();
        if service.kind.as_deref() != Some("client") && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn annotations(trace: &Summary) -> String {
    let pairs = trace.annotations.iter().flat_map(|(key, values)| {
        values.iter().map(move |value| match value {
            Value::String(text) => format!("{key}={text}"),
            other => format!("{key}={other}"),
        })
    });
    pairs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lookup::{FORMAT_VERSION, Http, Status, Window};

    fn traces() -> Vec<Summary> {
        let fault = Summary {
            id: "1-697df1c0-000000000000000000000001".to_owned(),
            start_time: Some(Moment::from_seconds(1_769_860_800.25)),
            duration: Some(1.234),
            response_time: Some(1.2),
            status: Status::Fault,
            http: Http {
                method: Some("POST".to_owned()),
                url: Some("https://shop.example/cart/items?id=1\x1b[31m".to_owned()),
                status: Some(502),
                ..Http::default()
            },
            services: ["checkout", "checkout", "stock"]
                .map(|name| Service {
                    name: name.to_owned(),
                    ..Service::default()
                })
                .to_vec(),
            annotations: [
                ("tier".to_owned(), vec![json!("gold"), json!("iron")]),
                ("items".to_owned(), vec![json!(3.0)]),
            ]
            .into(),
            users: vec!["ada".to_owned()],
            ..Summary::default()
        };
        let partial = Summary {
            id: "1-697df1c0-000000000000000000000002".to_owned(),
            start_time: Some(Moment::from_seconds(1_769_860_799.0)),
            is_partial: true,
            entry_point: fault.services.first().cloned(),
            ..Summary::default()
        };
        vec![fault, partial]
    }

    #[test]
    fn a_line_each() {
        let mut table = TraceTable::with(Styles::default(), Some(110), false);
        insta::assert_snapshot!(table.lines(&traces()), @r"
        TIME (UTC)      ID                                   DURATION  RESPONSE  STATUS        CODE  REQUEST
        01-31 12:00:00  1-697df1c0-000000000000000000000001     1.23s     1.20s  FAULT          502  POST https://sho…
        01-31 11:59:59  1-697df1c0-000000000000000000000002         -         -  OK (partial)     -  checkout
        ");
        // What comes later stands below the same titles.
        insta::assert_snapshot!(table.lines(&traces()[1..]), @"01-31 11:59:59  1-697df1c0-000000000000000000000002         -         -  OK (partial)     -  checkout");
    }

    #[test]
    fn wide_with_services_users_and_annotations() {
        let mut table = TraceTable::with(Styles::default(), Some(80), true);
        insta::assert_snapshot!(table.lines(&traces()), @r"
        TIME (UTC)      ID                                   DURATION  RESPONSE  STATUS        CODE  REQUEST                                         SERVICES         USERS  ANNOTATIONS
        01-31 12:00:00  1-697df1c0-000000000000000000000001     1.23s     1.20s  FAULT          502  POST https://shop.example/cart/items?id=1␛[31m  checkout, stock  ada    items=3.0, tier=gold, tier=iron
        01-31 11:59:59  1-697df1c0-000000000000000000000002         -         -  OK (partial)     -  checkout
        ");
    }

    #[test]
    fn says_what_is_not_shown() {
        let second = Moment::from_seconds;
        let mut found = Summaries {
            format_version: FORMAT_VERSION,
            window: Window::new(second(1_769_860_800.0), second(1_769_861_700.0)).unwrap(),
            filter_expression: Some("fault".to_owned()),
            traces_processed: 1234,
            truncated: false,
            traces: Vec::new(),
        };
        insta::assert_snapshot!(remark(&found).unwrap(), @"No traces that match from 2026-01-31T12:00:00Z to 2026-01-31T12:15:00Z (1,234 looked at).");
        found.traces = traces();
        assert_eq!(remark(&found), None);
        found.truncated = true;
        insta::assert_snapshot!(remark(&found).unwrap(), @"Shown are 2 traces; there may be more: raise --limit, or narrow the window.");
    }
}
