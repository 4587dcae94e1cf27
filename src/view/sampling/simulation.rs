//! What rules keep of traffic.

use std::fmt::Write;

use serde_json::{Value, json};

use super::FORMAT_VERSION;
use super::number::{duration, grouped, percent};
use crate::sampling::simulate::Kept;
use crate::sampling::{Dialect, Rule};
use crate::view::Styles;
use crate::view::visible::visible;

/// Characters that are shown of a line.
const SHOWN: usize = 60;

/// What was simulated, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Simulation<'a> {
    /// The requests.
    pub traffic: Traffic<'a>,
    /// Who sampled them.
    pub dialect: Dialect,
    /// How many of these.
    pub clients: usize,
    /// By these rules.
    pub first: Compared<'a>,
    /// And by these.
    pub other: Option<Compared<'a>>,
}

/// Rules, and what they kept.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// Where the rules stand.
    pub origin: &'a str,
    /// In the order in which they are tried.
    pub rules: &'a [Rule],
    /// What each of them kept.
    pub kept: &'a [Kept],
}

/// Where the requests come from.
#[derive(Clone, Copy, Debug)]
pub enum Traffic<'a> {
    /// `[traffic]` of a spec, by the month.
    Expected,
    /// Requests that were made.
    Seen {
        /// What tells of them, such as the name of a log.
        name: &'a str,
        /// `access-log` or `traces`.
        kind: &'static str,
        /// From the first to the last; `None` where that is not known.
        seconds: Option<f64>,
        /// How often that goes into a month.
        months: Option<f64>,
        /// Requests that came more than a minute behind a later one.
        late: u64,
        /// What told of no request.
        bad: &'a BadLines,
    },
}

/// Lines that tell of no request.
#[derive(Clone, Debug, Default)]
pub struct BadLines {
    /// All of them.
    pub count: u64,
    /// The first few.
    pub first: Vec<BadLine>,
}

/// A line that tells of no request.
#[derive(Clone, Debug)]
pub struct BadLine {
    /// The file, as it was named.
    pub file: String,
    /// From 1.
    pub number: u64,
    /// Why, without a full stop.
    pub reason: String,
    /// How it begins.
    pub text: String,
}

impl Compared<'_> {
    fn sum(&self) -> Kept {
        let sum = |part: fn(&Kept) -> f64| self.kept.iter().map(part).sum();
        Kept {
            requests: sum(|kept| kept.requests),
            by_reservoir: sum(|kept| kept.by_reservoir),
            by_rate: sum(|kept| kept.by_rate),
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&Rule, &Kept)> + Clone {
        self.rules.iter().zip(self.kept)
    }

    /// Rules that no request met.
    fn never(&self) -> Vec<&str> {
        let never = self.pairs().filter(|(_, kept)| kept.requests <= 0.0);
        never.map(|(rule, _)| rule.name.as_str()).collect()
    }

    /// What the rule of this name kept.
    fn of(&self, name: &str) -> Option<&Kept> {
        let mut pairs = self.pairs();
        pairs
            .find(|(rule, _)| rule.name == name)
            .map(|(_, kept)| kept)
    }
}

fn share(kept: &Kept) -> f64 {
    if kept.requests > 0.0 {
        kept.kept() / kept.requests
    } else {
        0.0
    }
}

impl Simulation<'_> {
    /// Traces of a month for each that is kept; `None` where that is not known.
    fn months(&self) -> Option<f64> {
        match self.traffic {
            Traffic::Expected => Some(1.0),
            Traffic::Seen { months, .. } => months,
        }
    }

    /// Writes it for programs.
    pub fn document(&self) -> Value {
        let traffic = match self.traffic {
            Traffic::Expected => json!({ "kind": "traffic", "seconds": null }),
            Traffic::Seen {
                name,
                kind,
                seconds,
                late,
                bad,
                ..
            } => {
                let first = bad.first.iter().map(|line| {
                    json!({
                        "file": line.file, "line": line.number,
                        "reason": line.reason, "text": line.text,
                    })
                });
                json!({
                    "kind": kind, "name": name, "seconds": seconds, "late": late,
                    "bad_lines": bad.count, "first_bad_lines": first.collect::<Vec<_>>(),
                })
            }
        };
        json!({
            "format_version": FORMAT_VERSION,
            "traffic": traffic,
            "sampler": self.dialect.name(),
            "clients": self.clients,
            "result": self.result(&self.first),
            "compared": self.other.map(|other| self.result(&other)),
        })
    }

    fn result(&self, compared: &Compared<'_>) -> Value {
        let numbers = |kept: &Kept| {
            json!({
                "requests": kept.requests,
                "kept_by_reservoir": kept.by_reservoir,
                "kept_by_rate": kept.by_rate,
                "kept": kept.kept(),
                "share": share(kept),
                "traces_a_month": self.months().map(|months| kept.kept() * months),
            })
        };
        let rules = compared.pairs().map(|(rule, kept)| {
            let mut document = numbers(kept);
            document["rule"] = rule.name.as_str().into();
            document["priority"] = rule.priority.into();
            document
        });
        json!({
            "rules_of": compared.origin,
            "rules": rules.collect::<Vec<_>>(),
            "total": numbers(&compared.sum()),
            "never_matched": compared.never(),
        })
    }

    /// Draws it for people.
    pub fn render(&self, styles: Styles) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, styles);
        text
    }

    fn write(&self, out: &mut String, styles: Styles) -> std::fmt::Result {
        let requests = grouped(self.first.sum().requests);
        match self.traffic {
            Traffic::Expected => writeln!(out, "{requests} requests a month, as `[traffic]` says")?,
            Traffic::Seen { name, seconds, .. } => {
                let time = seconds.map(duration).map(|time| format!(" in {time}"));
                let time = time.unwrap_or_default();
                writeln!(out, "{requests} requests of {}{time}", visible(name))?;
            }
        }
        let clients = match self.clients {
            1 => "1 client".to_owned(),
            count => format!("{count} clients"),
        };
        writeln!(out, "Sampled by {clients}: {}", self.dialect.title())?;
        self.write_table(out, &self.first, styles)?;
        if let Some(other) = &self.other {
            self.write_table(out, other, styles)?;
            self.write_difference(out, other, styles)?;
        }
        self.write_notes(out)
    }

    fn write_table(
        &self,
        out: &mut String,
        compared: &Compared<'_>,
        styles: Styles,
    ) -> std::fmt::Result {
        writeln!(out, "\nRules of {}", visible(compared.origin))?;
        let row = |priority: String, name: String, kept: &Kept| {
            let month = self.months().map(|months| grouped(kept.kept() * months));
            [
                priority,
                name,
                grouped(kept.requests),
                grouped(kept.by_reservoir),
                grouped(kept.by_rate),
                percent(share(kept)),
                month.unwrap_or_else(|| "?".to_owned()),
            ]
        };
        let heads = [
            "priority",
            "rule",
            "requests",
            "by reservoir",
            "by rate",
            "kept",
            "traces a month",
        ];
        let mut rows = vec![heads.map(str::to_owned)];
        for (rule, kept) in compared.pairs() {
            rows.push(row(rule.priority.to_string(), visible(&rule.name), kept));
        }
        rows.push(row(String::new(), "all".to_owned(), &compared.sum()));
        write_rows(out, &rows, styles)?;
        let never: Vec<String> = compared.never().into_iter().map(visible).collect();
        if !never.is_empty() {
            writeln!(out, "  no request met: {}", never.join(", "))?;
        }
        Ok(())
    }

    fn write_difference(
        &self,
        out: &mut String,
        other: &Compared<'_>,
        styles: Styles,
    ) -> std::fmt::Result {
        let (first, second) = (visible(self.first.origin), visible(other.origin));
        writeln!(out, "\nFrom {first} to {second}")?;
        let Some(months) = self.months() else {
            return writeln!(out, "  a month's traces are not known");
        };
        let mut names: Vec<&str> = Vec::new();
        for (rule, _) in self.first.pairs().chain(other.pairs()) {
            if !names.contains(&rule.name.as_str()) {
                names.push(&rule.name);
            }
        }
        let heads = ["rule", "traces a month", "then", "change"];
        let mut rows = vec![heads.map(str::to_owned)];
        let row = |name: String, before: Option<f64>, after: Option<f64>| {
            let number =
                |kept: Option<f64>| kept.map_or("-".to_owned(), |kept| grouped(kept * months));
            let change = (after.unwrap_or(0.0) - before.unwrap_or(0.0)) * months;
            let sign = if change > 0.0 { "+" } else { "" };
            let change = format!("{sign}{}", grouped(change));
            [name, number(before), number(after), change]
        };
        for name in names {
            let kept = |compared: &Compared<'_>| compared.of(name).map(Kept::kept);
            rows.push(row(visible(name), kept(&self.first), kept(other)));
        }
        let sums = [&self.first, other].map(|compared| Some(compared.sum().kept()));
        rows.push(row("all".to_owned(), sums[0], sums[1]));
        write_rows(out, &rows, styles)
    }

    fn write_notes(&self, out: &mut String) -> std::fmt::Result {
        let Traffic::Seen {
            months, late, bad, ..
        } = self.traffic
        else {
            return writeln!(
                out,
                "\nWorked out for requests that come evenly, once clients have their quotas."
            );
        };
        writeln!(
            out,
            "\nWhat rates keep is what is expected of them: nothing was drawn."
        )?;
        if months.is_none() {
            writeln!(
                out,
                "A month's traces are not known: the requests tell of no stretch of time."
            )?;
        }
        if late > 0 {
            let late = grouped_count(late);
            writeln!(
                out,
                "Requests that came more than a minute behind a later one: {late}. Sort them by time."
            )?;
        }
        if bad.count > 0 {
            let count = grouped_count(bad.count);
            writeln!(out, "Lines that tell of no request: {count}.")?;
            for line in &bad.first {
                let text: String = line.text.chars().take(SHOWN).collect();
                writeln!(
                    out,
                    "  {}:{}: {}: {}",
                    visible(&line.file),
                    line.number,
                    visible(&line.reason),
                    visible(&text)
                )?;
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody counts as many lines as that"
)]
fn grouped_count(count: u64) -> String {
    grouped(count as f64)
}

/// Writes rows under a heading, the last of them the sum; texts on the left,
/// numbers on the right.
fn write_rows<const N: usize>(
    out: &mut String,
    rows: &[[String; N]],
    styles: Styles,
) -> std::fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let names = if N == 4 { 0 } else { 1 };
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, text)| {
                let width = width(column).unwrap_or(0);
                if column == names {
                    format!("{text:width$}")
                } else {
                    format!("{text:>width$}")
                }
            })
            .collect();
        let line = cells.join("  ");
        if index == 0 {
            writeln!(out, "  {}", styles.dim.paint(line))?;
        } else if index + 1 == rows.len() {
            writeln!(out, "  {}", styles.bold.paint(line))?;
        } else {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use super::*;
    use crate::sampling::Criteria;

    fn rule(name: &str, priority: i32) -> Rule {
        Rule {
            name: name.to_owned(),
            priority,
            reservoir_size: 1,
            fixed_rate: 0.1,
            criteria: Criteria::new(|_| "*".to_owned(), &BTreeMap::new()),
        }
    }

    fn kept(requests: f64, by_reservoir: f64, by_rate: f64) -> Kept {
        Kept {
            requests,
            by_reservoir,
            by_rate,
        }
    }

    #[test]
    fn a_log_with_lines_that_are_none() {
        let bad = BadLines {
            count: 1200,
            first: vec![BadLine {
                file: "access.log".to_owned(),
                number: 7,
                reason: "no known format".to_owned(),
                text: "\x1b]0;x\x07 what".to_owned(),
            }],
        };
        let simulation = Simulation {
            traffic: Traffic::Seen {
                name: "access.log",
                kind: "access-log",
                seconds: Some(7265.0),
                months: Some(361.7),
                late: 3,
                bad: &bad,
            },
            dialect: Dialect::Sdk,
            clients: 2,
            first: Compared {
                origin: "xrayctl.toml",
                rules: &[
                    rule("api\u{202e}", 10),
                    rule("never", 20),
                    rule("Default", 10_000),
                ],
                kept: &[
                    kept(10_000.0, 2000.0, 800.0),
                    kept(0.0, 0.0, 0.0),
                    kept(3.0, 1.0, 0.2),
                ],
            },
            other: None,
        };
        assert_snapshot!(simulation.render(Styles::default()), @r"
        10,003 requests of access.log in 2 h 1 min
        Sampled by 2 clients: X-Ray SDKs for Go, Node.js and Python

        Rules of xrayctl.toml
          priority  rule     requests  by reservoir  by rate  kept  traces a month
                10  api�       10,000         2,000      800  28 %       1,012,760
                20  never           0             0        0   0 %               0
             10000  Default         3             1      0.2  40 %             434
                    all        10,003         2,001      800  28 %       1,013,194
          no request met: never

        What rates keep is what is expected of them: nothing was drawn.
        Requests that came more than a minute behind a later one: 3. Sort them by time.
        Lines that tell of no request: 1,200.
          access.log:7: no known format: ␛]0;x␇ what
        ");
        let document = simulation.document();
        assert_eq!(document["result"]["never_matched"], json!(["never"]));
        assert_eq!(document["result"]["total"]["requests"], 10_003.0);
        assert_eq!(document["traffic"]["bad_lines"], 1200);
        assert_eq!(document["compared"], Value::Null);
    }

    #[test]
    fn expected_traffic_by_two_specs() {
        let simulation = Simulation {
            traffic: Traffic::Expected,
            dialect: Dialect::OpenTelemetryJs,
            clients: 1,
            first: Compared {
                origin: "xrayctl.toml",
                rules: &[rule("api", 10), rule("Default", 10_000)],
                kept: &[kept(1e7, 1e6, 9e5), kept(5000.0, 5000.0, 0.0)],
            },
            other: Some(Compared {
                origin: "other.toml",
                rules: &[rule("pay", 5), rule("api", 10), rule("Default", 10_000)],
                kept: &[
                    kept(1e5, 1e5, 0.0),
                    kept(9.9e6, 1e6, 8.9e5),
                    kept(5000.0, 5000.0, 0.0),
                ],
            }),
        };
        assert_snapshot!(simulation.render(Styles::default()), @r"
        10,005,000 requests a month, as `[traffic]` says
        Sampled by 1 client: OpenTelemetry for JavaScript

        Rules of xrayctl.toml
          priority  rule       requests  by reservoir  by rate     kept  traces a month
                10  api      10,000,000     1,000,000  900,000     19 %       1,900,000
             10000  Default       5,000         5,000        0    100 %           5,000
                    all      10,005,000     1,005,000  900,000  19.04 %       1,905,000

        Rules of other.toml
          priority  rule       requests  by reservoir  by rate     kept  traces a month
                 5  pay         100,000       100,000        0    100 %         100,000
                10  api       9,900,000     1,000,000  890,000  19.09 %       1,890,000
             10000  Default       5,000         5,000        0    100 %           5,000
                    all      10,005,000     1,105,000  890,000  19.94 %       1,995,000

        From xrayctl.toml to other.toml
          rule     traces a month       then    change
          api           1,900,000  1,890,000   -10,000
          Default           5,000      5,000         0
          pay                   -    100,000  +100,000
          all           1,905,000  1,995,000   +90,000

        Worked out for requests that come evenly, once clients have their quotas.
        ");
        let document = simulation.document();
        assert_eq!(document["compared"]["total"]["traces_a_month"], 1_995_000.0);
    }

    #[test]
    fn requests_of_one_moment_make_no_month() {
        let simulation = Simulation {
            traffic: Traffic::Seen {
                name: "-",
                kind: "access-log",
                seconds: None,
                months: None,
                late: 0,
                bad: &BadLines::default(),
            },
            dialect: Dialect::Sdk,
            clients: 1,
            first: Compared {
                origin: "xrayctl.toml",
                rules: &[rule("Default", 10_000)],
                kept: &[kept(4.0, 1.0, 0.3)],
            },
            other: Some(Compared {
                origin: "other.toml",
                rules: &[rule("Default", 10_000)],
                kept: &[kept(4.0, 1.0, 0.3)],
            }),
        };
        assert_snapshot!(simulation.render(Styles::default()), @r"
        4 requests of -
        Sampled by 1 client: X-Ray SDKs for Go, Node.js and Python

        Rules of xrayctl.toml
          priority  rule     requests  by reservoir  by rate    kept  traces a month
             10000  Default         4             1      0.3  32.5 %               ?
                    all             4             1      0.3  32.5 %               ?

        Rules of other.toml
          priority  rule     requests  by reservoir  by rate    kept  traces a month
             10000  Default         4             1      0.3  32.5 %               ?
                    all             4             1      0.3  32.5 %               ?

        From xrayctl.toml to other.toml
          a month's traces are not known

        What rates keep is what is expected of them: nothing was drawn.
        A month's traces are not known: the requests tell of no stretch of time.
        ");
    }
}
