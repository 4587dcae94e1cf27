//! Statistics of services and of calls, as tables and as little curves.

use super::figures::{count, percent, rate, seconds, seconds_or_dash, status_style};
use super::table::{Cell, Column, Table, left, right};
use super::{Styles, Terminal};
use crate::lookup::{Point, Report, Service, Statistics, Status, Window};

/// The most bars of a curve.
const MOST_BARS: usize = 60;
/// Bars by height, from none.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws a report.
pub fn render(report: &Report, terminal: &Terminal) -> String {
    draw(report, terminal.styles)
}

fn draw(report: &Report, styles: Styles) -> String {
    let services: Vec<Line<'_>> = report
        .services
        .iter()
        .map(|row| Line {
            name: name(&row.service),
            rate: row.rate,
            statistics: &row.statistics,
            series: &row.series,
        })
        .collect();
    let edges = report.edges.iter().flatten();
    let edges: Vec<Line<'_>> = edges
        .map(|row| Line {
            name: format!("{} → {}", name(&row.from), name(&row.to)),
            rate: row.rate,
            statistics: &row.statistics,
            series: &row.series,
        })
        .collect();
    let mut parts = vec![figures("SERVICE", &services, styles)];
    if report.edges.is_some() {
        parts.push(figures("CALL", &edges, styles));
    }
    if let Some(period) = report.period {
        let grid = Grid::new(&report.window, i64::from(period));
        parts.push(grid.curves("SERVICE", &services, styles));
        if report.edges.is_some() {
            parts.push(grid.curves("CALL", &edges, styles));
        }
    }
    parts.join("\n")
}

/// One line of a table.
struct Line<'a> {
    name: String,
    rate: f64,
    statistics: &'a Statistics,
    series: &'a [Point],
}

fn name(service: &Service) -> String {
    let account = service.account_id.as_deref();
    let parts: Vec<&str> = service.kind.as_deref().into_iter().chain(account).collect();
    if parts.is_empty() {
        service.name.clone()
    } else {
        format!("{} ({})", service.name, parts.join(", "))
    }
}

fn figures(title: &'static str, lines: &[Line<'_>], styles: Styles) -> String {
    let columns: Vec<Column> = std::iter::once(left(title))
        .chain(
            [
                "REQUESTS", "RATE", "P50", "P95", "P99", "AVERAGE", "OK", "FAULT", "ERROR",
                "THROTTLE",
            ]
            .map(right),
        )
        .collect();
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|line| {
            let counted = line.statistics;
            let failed = |part: u64, status: Status| {
                let style = if part > 0 {
                    status_style(status, styles)
                } else {
                    styles.dim
                };
                Cell::styled(&percent(counted.share(part)), style)
            };
            vec![
                Cell::new(&line.name),
                Cell::new(&count(counted.requests)),
                Cell::new(&rate(line.rate)),
                Cell::new(&seconds_or_dash(counted.p50)),
                Cell::new(&seconds_or_dash(counted.p95)),
                Cell::new(&seconds_or_dash(counted.p99)),
                Cell::new(&seconds_or_dash(counted.average)),
                Cell::new(&percent(counted.share(counted.ok))),
                failed(counted.fault, Status::Fault),
                failed(counted.error, Status::Error),
                failed(counted.throttle, Status::Throttle),
            ]
        })
        .collect();
    Table::new(columns, None).draw(&rows, Some(styles))
}

/// The periods of a window, some of them to a bar.
struct Grid {
    /// The first second of the first period, and seconds of a bar.
    start: i64,
    bar: i64,
    bars: usize,
}

impl Grid {
    fn new(window: &Window, period: i64) -> Self {
        let second = |micros: i64| micros.div_euclid(1_000_000);
        let period = period.max(1);
        let start = second(window.start.micros()).div_euclid(period) * period;
        let last = second(window.end.micros() - 1).div_euclid(period) * period;
        let periods = usize::try_from((last - start) / period + 1).unwrap_or(1);
        let together = periods.div_ceil(MOST_BARS);
        Self {
            start,
            bar: period * i64::try_from(together).unwrap_or(1),
            bars: periods.div_ceil(together),
        }
    }

    /// A curve of requests, of faults and of the P95 for each line.
    fn curves(&self, title: &'static str, lines: &[Line<'_>], styles: Styles) -> String {
        let columns = vec![left(title), left("FIGURE"), right("MOST"), left("CURVE")];
        let mut rows = Vec::new();
        for line in lines {
            let requests = self.bars(line.series, |point, sum| sum + number(point.requests));
            let faults = self.bars(line.series, |point, sum| sum + number(point.fault));
            let slow = self.bars(line.series, |point, most| {
                most.max(point.p95.unwrap_or(0.0))
            });
            let plain = |most: f64| format!("{most:.0}");
            for (index, (figure, bars, text)) in [
                ("requests", &requests, &plain as &dyn Fn(f64) -> String),
                ("faults", &faults, &plain),
                ("P95", &slow, &seconds),
            ]
            .into_iter()
            .enumerate()
            {
                let most = bars.iter().copied().fold(0.0, f64::max);
                rows.push(vec![
                    Cell::new(if index == 0 { &line.name } else { "" }),
                    Cell::styled(figure, styles.dim),
                    Cell::new(&text(most)),
                    Cell::new(&curve(bars, most)),
                ]);
            }
        }
        let bar = i32::try_from(self.bar).unwrap_or(i32::MAX);
        let drawn = Table::new(columns, None).draw(&rows, Some(styles));
        format!("Each bar is {}.\n{drawn}", seconds(f64::from(bar)))
    }

    /// Puts points into bars by `add`, from 0.
    fn bars(&self, points: &[Point], add: impl Fn(&Statistics, f64) -> f64) -> Vec<f64> {
        let mut bars = vec![0.0; self.bars];
        for point in points {
            let second = point.time.micros().div_euclid(1_000_000);
            let at = usize::try_from((second - self.start).div_euclid(self.bar));
            // A point outside of the window has no bar.
            if let Some(bar) = at.ok().and_then(|at| bars.get_mut(at)) {
                *bar = add(&point.statistics, *bar);
            }
        }
        bars
    }
}

/// A bar each; what is there at all is seen.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a height of 0 to 8"
)]
fn curve(bars: &[f64], most: f64) -> String {
    let heights = bars.iter().map(|value| {
        let height = if *value > 0.0 && most > 0.0 {
            ((value / most * 8.0).round() as usize).clamp(1, 8)
        } else {
            0
        };
        BARS[height]
    });
    heights.collect()
}

#[expect(clippy::cast_precision_loss, reason = "a curve is seen, not counted")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::{EdgeRow, FORMAT_VERSION, Moment, ServiceRow};

    fn counted(requests: u64, fault: u64) -> Statistics {
        Statistics {
            requests,
            ok: requests - fault,
            fault,
            average: Some(0.12),
            p50: Some(0.1),
            p95: Some(0.34),
            p99: Some(1.5),
            ..Statistics::default()
        }
    }

    fn service(name: &str) -> Service {
        Service {
            name: name.to_owned(),
            kind: (name == "orders").then(|| "AWS::DynamoDB::Table".to_owned()),
            account_id: None,
        }
    }

    fn report(series: &[Point]) -> Report {
        let window = Window::new(
            Moment::from_seconds(1_769_860_800.0),
            Moment::from_seconds(1_769_861_400.0),
        );
        let rows = [("checkout\x1b[2J", 12_345, 6), ("orders", 40, 0)];
        Report {
            format_version: FORMAT_VERSION,
            window: window.unwrap(),
            group: None,
            period: (!series.is_empty()).then_some(60),
            services: rows
                .map(|(name, requests, fault)| ServiceRow {
                    service: service(name),
                    rate: 0.5,
                    statistics: counted(requests, fault),
                    series: series.to_vec(),
                })
                .to_vec(),
            edges: Some(vec![EdgeRow {
                from: service("checkout"),
                to: service("orders"),
                rate: 0.05,
                statistics: counted(40, 0),
                series: Vec::new(),
            }]),
        }
    }

    #[test]
    fn a_line_for_each_service_and_call() {
        insta::assert_snapshot!(draw(&report(&[]), Styles::default()), @r"
        SERVICE                        REQUESTS   RATE    P50    P95    P99  AVERAGE     OK  FAULT  ERROR  THROTTLE
        checkout␛[2J                     12,345  0.5/s  100ms  340ms  1.50s    120ms  99.9%  <0.1%     0%        0%
        orders (AWS::DynamoDB::Table)        40  0.5/s  100ms  340ms  1.50s    120ms   100%     0%     0%        0%

        CALL                                      REQUESTS     RATE    P50    P95    P99  AVERAGE    OK  FAULT  ERROR  THROTTLE
        checkout → orders (AWS::DynamoDB::Table)        40  0.050/s  100ms  340ms  1.50s    120ms  100%     0%     0%        0%
        ");
    }

    #[test]
    fn curves_over_the_window() {
        let point = |minute: i64, requests, fault| Point {
            time: Moment::from_micros((1_769_860_800 + 60 * minute) * 1_000_000),
            statistics: counted(requests, fault),
        };
        let points = [
            point(0, 10, 0),
            point(3, 80, 1),
            point(9, 1, 0),
            point(99, 500, 0),
        ];
        let mut report = report(&points);
        report.edges = None;
        report.services.truncate(1);
        insta::assert_snapshot!(draw(&report, Styles::default()), @r"
        SERVICE       REQUESTS   RATE    P50    P95    P99  AVERAGE     OK  FAULT  ERROR  THROTTLE
        checkout␛[2J    12,345  0.5/s  100ms  340ms  1.50s    120ms  99.9%  <0.1%     0%        0%

        Each bar is 1m00s.
        SERVICE       FIGURE     MOST  CURVE
        checkout␛[2J  requests     80  ▁  █     ▁
                      faults        1     █
                      P95       340ms  █  █     █
        ");
    }

    #[test]
    fn long_windows_have_bars_of_several_periods() {
        let start = Moment::from_seconds(1_769_860_830.0);
        let day = Window::new(start, Moment::from_seconds(1_769_947_230.0)).unwrap();
        let grid = Grid::new(&day, 60);
        assert_eq!((grid.bar, grid.bars), (1500, 58));
        assert_eq!(grid.start % 60, 0);
    }
}
