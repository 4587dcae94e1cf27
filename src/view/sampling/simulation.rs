//! What rules keep of traffic.

#[cfg(test)]
mod tests;

use std::fmt::Write;

use serde_json::{Value, json};

use super::number::{duration, grouped, percent};
use super::{FORMAT_VERSION, Told};
use crate::sampling::simulate::Kept;
use crate::sampling::{Dialect, Rule};
use crate::view::Styles;
use crate::view::figures;
use crate::view::visible::visible;

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
        /// What that is.
        told: Told<'a>,
        /// From the first to the last; `None` where that is not known.
        seconds: Option<f64>,
        /// How often that goes into a month.
        months: Option<f64>,
        /// Requests that came more than a minute behind a later one.
        late: u64,
    },
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
                told,
                seconds,
                late,
                ..
            } => {
                let mut document = told.document();
                document["name"] = name.into();
                document["seconds"] = seconds.into();
                document["late"] = late.into();
                document
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
            months, late, told, ..
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
            let late = figures::count(late);
            writeln!(
                out,
                "Requests that came more than a minute behind a later one: {late}. Sort them by time."
            )?;
        }
        told.write_notes(out)
    }
}

/// Writes rows under a heading, the last of them the sum; texts on the left,
/// numbers on the right.
fn write_rows<const N: usize>(
    out: &mut String,
    rows: &[[String; N]],
    styles: Styles,
) -> std::fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    // Behind the priority, where there is one.
    let names = usize::from(N != 4);
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
