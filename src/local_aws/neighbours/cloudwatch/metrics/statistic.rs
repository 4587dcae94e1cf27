//! Statistics, extended ones among them. Pure.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>,
//! read on 2026-11-21. AWS does not say how it interpolates: a percentile is
//! the least value that so many percent of all values do not exceed.

use super::sample::Sample;

/// What is told of the values of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// How many there are.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// The value that so many percent do not exceed.
    Percentile(f64),
    /// What is told of the values between two bounds.
    Between(Measure, Bounds),
}

/// What is told of values between bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The mean of those between (`TM`).
    Mean,
    /// How many are between (`TC`).
    Count,
    /// The sum of those between (`TS`).
    Sum,
    /// The mean of all, those outside moved to the bounds (`WM`).
    Winsorized,
    /// The percentage of all that are between (`PR`).
    Rank,
}

/// Two bounds; what is not given leaves the side open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// Percent of all values, in order.
    Percent(f64, f64),
    /// Values: above the first, up to the second.
    Values(Option<f64>, Option<f64>),
}

impl Statistic {
    /// The statistic that AWS calls `text`; `None` where it knows none.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => Self::parse_extended(text)?,
        })
    }

    /// As [`Self::parse`], for those that AWS calls extended.
    pub fn parse_extended(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "iqm" {
            let quarters = Bounds::Percent(25.0, 75.0);
            return Some(Self::Between(Measure::Mean, quarters));
        }
        if let Some(percent) = text.strip_prefix('p').and_then(percent_number) {
            return Some(Self::Percentile(percent));
        }
        let (measure, rest) = [
            ("tm", Measure::Mean),
            ("tc", Measure::Count),
            ("ts", Measure::Sum),
            ("wm", Measure::Winsorized),
            ("pr", Measure::Rank),
        ]
        .into_iter()
        .find_map(|(name, measure)| Some((measure, text.strip_prefix(name)?)))?;
        let bounds = match rest.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
            Some(bounds) => parse_bounds(bounds)?,
            // `tm90` is the mean of the lower 90 %.
            None => Bounds::Percent(0.0, percent_number(rest)?),
        };
        let is_rank_of_percent =
            measure == Measure::Rank && matches!(bounds, Bounds::Percent(_, _));
        (!is_rank_of_percent).then_some(Self::Between(measure, bounds))
    }

    /// Its value for what was measured; `None` where that does not tell it.
    pub fn of(self, sample: &Sample) -> Option<f64> {
        let value = match self {
            Self::SampleCount => sample.count,
            Self::Average => sample.sum / sample.count,
            Self::Sum => sample.sum,
            Self::Minimum => sample.least,
            Self::Maximum => sample.most,
            Self::Percentile(percent) => percentile(&sample.values()?, percent)?,
            Self::Between(measure, bounds) => between(&sample.values()?, measure, bounds)?,
        };
        value.is_finite().then_some(value)
    }

    /// How many values it takes until a percentile tells anything, as AWS has
    /// it; `None` for all other statistics.
    pub fn least_count(self) -> Option<f64> {
        let Self::Percentile(percent) = self else {
            return None;
        };
        let share = percent / 100.0;
        let tail = if share >= 0.5 { 1.0 - share } else { share };
        (tail > 0.0).then(|| 10.0 / tail)
    }
}

fn number(text: &str) -> Option<f64> {
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let is_number = !text.is_empty() && text.chars().all(is_plain);
    is_number.then(|| text.parse().ok())?
}

fn percent_number(text: &str) -> Option<f64> {
    number(text).filter(|percent| (0.0..=100.0).contains(percent))
}

/// Reads `10%:90%`, `:90%`, `10%:`, and the same without percent.
fn parse_bounds(text: &str) -> Option<Bounds> {
    let (from, to) = text.split_once(':')?;
    if from.is_empty() && to.is_empty() {
        return None;
    }
    let is_percent = [from, to].iter().any(|bound| bound.ends_with('%'));
    let side = |bound: &str| -> Option<Option<f64>> {
        if bound.is_empty() {
            return Some(None);
        }
        if is_percent {
            return Some(Some(percent_number(bound.strip_suffix('%')?)?));
        }
        Some(Some(number(bound)?))
    };
    let (from, to) = (side(from)?, side(to)?);
    Some(if is_percent {
        Bounds::Percent(from.unwrap_or(0.0), to.unwrap_or(100.0))
    } else {
        Bounds::Values(from, to)
    })
}

fn total(values: &[(f64, f64)]) -> f64 {
    values.iter().map(|(_, count)| count).sum()
}

fn percentile(values: &[(f64, f64)], percent: f64) -> Option<f64> {
    let wanted = total(values) * percent / 100.0;
    let mut seen = 0.0;
    for (value, count) in values {
        seen += count;
        // Sums of fractions may miss it by a hair.
        if seen >= wanted - 1e-9 {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}

fn between(values: &[(f64, f64)], measure: Measure, bounds: Bounds) -> Option<f64> {
    let inside = inside(values, bounds);
    let count = total(&inside);
    let sum: f64 = inside.iter().map(|(value, count)| value * count).sum();
    match measure {
        Measure::Count => Some(count),
        Measure::Sum => Some(sum),
        Measure::Rank => Some(100.0 * count / total(values)),
        Measure::Mean => (count > 0.0).then(|| sum / count),
        Measure::Winsorized => {
            let (least, most) = match bounds {
                Bounds::Percent(_, _) => (inside.first()?.0, inside.last()?.0),
                Bounds::Values(from, to) => {
                    let (from, to) = (from.unwrap_or(f64::MIN), to.unwrap_or(f64::MAX));
                    (from, to.max(from))
                }
            };
            let moved = values
                .iter()
                .map(|(value, count)| value.clamp(least, most.max(least)) * count);
            Some(moved.sum::<f64>() / total(values))
        }
    }
}

/// The values between the bounds. Of one that a bound cuts through, as many as
/// are within.
fn inside(values: &[(f64, f64)], bounds: Bounds) -> Vec<(f64, f64)> {
    match bounds {
        Bounds::Values(from, to) => {
            let is_inside = |value: f64| {
                from.is_none_or(|from| value > from) && to.is_none_or(|to| value <= to)
            };
            let kept = values.iter().filter(|(value, _)| is_inside(*value));
            kept.copied().collect()
        }
        Bounds::Percent(from, to) => {
            let all = total(values);
            let (from, to) = (all * from / 100.0, all * to / 100.0);
            let mut seen = 0.0_f64;
            let mut kept = Vec::new();
            for (value, count) in values {
                let part = (seen + count).min(to) - seen.max(from);
                seen += count;
                if part > 0.0 {
                    kept.push((*value, part));
                }
            }
            kept
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, … 10, each once.
    fn ten() -> Sample {
        let mut sample = Sample::of_value(1.0, 1.0);
        for value in 2..=10_u8 {
            sample.absorb(&Sample::of_value(f64::from(value), 1.0));
        }
        sample
    }

    #[track_caller]
    fn check(statistic: &str, expected: f64) {
        let parsed = Statistic::parse(statistic).expect(statistic);
        let value = parsed.of(&ten()).expect("a value");
        assert!((value - expected).abs() < 1e-9, "{statistic}: {value}");
    }

    #[test]
    fn plain_statistics_of_ten_values() {
        check("SampleCount", 10.0);
        check("Sum", 55.0);
        check("Average", 5.5);
        check("Minimum", 1.0);
        check("Maximum", 10.0);
    }

    #[test]
    fn extended_statistics_of_ten_values() {
        check("p50", 5.0);
        check("p90", 9.0);
        check("P99.9", 10.0);
        check("p0", 1.0);
        check("p100", 10.0);
        check("tm90", 5.0);
        check("TM(10%:90%)", 5.5);
        check("TM(:50%)", 3.0);
        check("TM(2:4)", 3.5);
        check("tc90", 9.0);
        check("TC(80%:)", 2.0);
        check("TC(5:)", 5.0);
        check("ts90", 45.0);
        check("TS(:3)", 6.0);
        check("IQM", 5.5);
        check("PR(:3)", 30.0);
        check("PR(3:5)", 20.0);
        check("wm80", (36.0 + 16.0) / 10.0);
        check(
            "WM(2:9)",
            (2.0 + 2.0 + 3.0 + 4.0 + 5.0 + 6.0 + 7.0 + 8.0 + 9.0 + 9.0) / 10.0,
        );
    }

    #[test]
    fn what_is_no_statistic_is_refused() {
        for text in [
            "",
            "p",
            "p101",
            "p-1",
            "average",
            "tm",
            "TM(90)",
            "TM(:)",
            "TM(10%:90)",
            "PR(10%:90%)",
            "p1e1",
            "pinf",
            "pNaN",
            "TM(10%:90%",
            "xx90",
        ] {
            assert_eq!(Statistic::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_set_has_no_percentiles() {
        let set = Sample::of_set(3.0, 6.0, 1.0, 3.0);
        assert_eq!(Statistic::Percentile(50.0).of(&set), None);
        assert_eq!(Statistic::Average.of(&set), Some(2.0));
    }

    #[test]
    fn percentiles_need_more_values_the_further_out_they_are() {
        let least = |percent| Statistic::Percentile(percent).least_count();
        assert_eq!(least(50.0), Some(20.0));
        assert_eq!(least(25.0), Some(40.0));
        assert!((least(99.0).expect("a number") - 1000.0).abs() < 1e-6);
        assert_eq!(least(100.0), None);
        assert_eq!(Statistic::Average.least_count(), None);
    }
}
