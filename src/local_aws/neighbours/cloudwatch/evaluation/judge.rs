//! Which state the datapoints of a metric alarm put it in. Pure.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>,
//! read on 2026-11-21.

use std::cmp::Ordering;

/// How many datapoints are looked at beyond the periods of the evaluation, in
/// case some are missing. AWS's number depends on the period and is not
/// published; this is the one of its examples.
const BEYOND: usize = 2;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Beyond the threshold.
    Alarm,
    /// Nobody knows.
    InsufficientData,
}

impl AlarmState {
    /// AWS's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// How a value is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanOrEqualToThreshold`.
    GreaterOrEqual,
    /// `GreaterThanThreshold`.
    Greater,
    /// `LessThanThreshold`.
    Less,
    /// `LessThanOrEqualToThreshold`.
    LessOrEqual,
}

impl Comparison {
    /// The comparison that AWS calls `name`; `None` for those with a band, and
    /// for what is none.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GreaterThanOrEqualToThreshold" => Self::GreaterOrEqual,
            "GreaterThanThreshold" => Self::Greater,
            "LessThanThreshold" => Self::Less,
            "LessThanOrEqualToThreshold" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// The words of a reason.
    pub fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }

    fn is_met(self, value: f64, threshold: f64) -> bool {
        let order = value.partial_cmp(&threshold);
        order.is_some_and(|order| match self {
            Self::GreaterOrEqual => order != Ordering::Less,
            Self::Greater => order == Ordering::Greater,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
        })
    }
}

/// What a datapoint that is missing counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// One beyond the threshold.
    Breaching,
    /// One within the threshold.
    NotBreaching,
    /// Nothing: the alarm keeps its state.
    Ignore,
    /// Nothing: the alarm has too little data.
    Unknown,
}

/// How an alarm is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Periods of the evaluation.
    pub periods: usize,
    /// How many of them have to breach, where the alarm says so; all otherwise.
    pub datapoints: Option<usize>,
    /// How values are compared.
    pub comparison: Comparison,
    /// What they are compared with.
    pub threshold: f64,
    /// What a missing one counts as.
    pub missing: Missing,
    /// Measurements without which a datapoint says too little, where the alarm
    /// ignores such ones.
    pub least_count: Option<f64>,
}

impl Settings {
    /// How many datapoints are looked at.
    pub fn range(&self) -> usize {
        self.periods + BEYOND
    }

    /// How many have to breach.
    pub fn breaches(&self) -> usize {
        self.datapoints.unwrap_or(self.periods)
    }

    /// Whether the value of a datapoint breaches.
    pub fn is_breaching(&self, point: &Datapoint) -> bool {
        self.comparison.is_met(point.value, self.threshold)
    }
}

/// The statistic of one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// Where the period begins, in epoch seconds.
    pub time: i64,
    /// The statistic.
    pub value: f64,
    /// How many measurements it is made of, where that is known.
    pub count: Option<f64>,
}

/// What an evaluation comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The state; `None` where the alarm keeps the one that it has.
    pub state: Option<AlarmState>,
    /// The datapoints that were evaluated, newest first.
    pub evaluated: Vec<Datapoint>,
    /// How many datapoints were missing for a whole evaluation.
    pub filled: usize,
}

/// Evaluates the datapoints of the evaluation range, oldest first; `None`
/// stands for one that is missing.
pub fn judge(range: &[Option<Datapoint>], settings: &Settings) -> Verdict {
    let newest_first = range.iter().rev().flatten();
    let evaluated: Vec<Datapoint> = newest_first.take(settings.periods).copied().collect();
    let filled = settings.periods - evaluated.len();
    let state = if is_too_little(&evaluated, settings) {
        None
    } else if filled == 0 {
        Some(of_count(breaching(&evaluated, settings), settings))
    } else {
        with_gaps(range, &evaluated, filled, settings)
    };
    Verdict {
        state,
        evaluated,
        filled,
    }
}

fn is_too_little(evaluated: &[Datapoint], settings: &Settings) -> bool {
    settings.least_count.is_some_and(|least| {
        let is_few = |point: &Datapoint| point.count.is_some_and(|count| count < least);
        evaluated.iter().any(is_few)
    })
}

fn breaching(evaluated: &[Datapoint], settings: &Settings) -> usize {
    let is_breaching = |point: &&Datapoint| settings.is_breaching(point);
    evaluated.iter().filter(is_breaching).count()
}

fn of_count(breaching: usize, settings: &Settings) -> AlarmState {
    if breaching >= settings.breaches() {
        AlarmState::Alarm
    } else {
        AlarmState::Ok
    }
}

/// Evaluates fewer datapoints than the alarm asks for.
fn with_gaps(
    range: &[Option<Datapoint>],
    evaluated: &[Datapoint],
    filled: usize,
    settings: &Settings,
) -> Option<AlarmState> {
    let breaching = breaching(evaluated, settings);
    match settings.missing {
        Missing::Breaching => Some(of_count(breaching + filled, settings)),
        Missing::NotBreaching => Some(of_count(breaching, settings)),
        _ if breaching >= settings.breaches() => Some(AlarmState::Alarm),
        _ if breaching < evaluated.len() => Some(AlarmState::Ok),
        Missing::Ignore => None,
        Missing::Unknown if evaluated.is_empty() => Some(AlarmState::InsufficientData),
        // All that is there breaches. Before the oldest of them is old enough,
        // the next one may still be within the threshold.
        Missing::Unknown => {
            let oldest = range.iter().position(Option::is_some);
            let age = oldest.map_or(0, |index| range.len() - index);
            Some(if age >= settings.breaches() {
                AlarmState::Alarm
            } else {
                AlarmState::Ok
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(periods: usize, datapoints: usize, missing: Missing) -> Settings {
        Settings {
            periods,
            datapoints: Some(datapoints),
            comparison: Comparison::Greater,
            threshold: 0.0,
            missing,
            least_count: None,
        }
    }

    /// Reads AWS's notation: `0` is within the threshold, `X` beyond it, `-`
    /// missing.
    fn range(text: &str) -> Vec<Option<Datapoint>> {
        let point = |(index, mark): (usize, &str)| {
            let value = match mark {
                "0" => 0.0,
                "X" => 1.0,
                _ => return None,
            };
            Some(Datapoint {
                time: 60 * i64::try_from(index).ok()?,
                value,
                count: None,
            })
        };
        text.split(' ').enumerate().map(point).collect()
    }

    const OK: Option<AlarmState> = Some(AlarmState::Ok);
    const ALARM: Option<AlarmState> = Some(AlarmState::Alarm);
    const UNKNOWN: Option<AlarmState> = Some(AlarmState::InsufficientData);
    const KEPT: Option<AlarmState> = None;

    /// The tables of AWS's guide: the datapoints, how many are filled, and the
    /// state for missing, ignore, breaching and notBreaching.
    type Row = (&'static str, usize, [Option<AlarmState>; 4]);

    #[track_caller]
    fn check(datapoints: usize, rows: &[Row]) {
        for (text, filled, states) in rows {
            let treatments = [
                Missing::Unknown,
                Missing::Ignore,
                Missing::Breaching,
                Missing::NotBreaching,
            ];
            for (missing, state) in treatments.into_iter().zip(states) {
                let verdict = judge(&range(text), &settings(3, datapoints, missing));
                assert_eq!(verdict.state, *state, "{text} {missing:?}");
                assert_eq!(verdict.filled, *filled, "{text}");
            }
        }
    }

    #[test]
    fn three_out_of_three_are_as_in_aws_guide() {
        check(
            3,
            &[
                ("0 - X - X", 0, [OK, OK, OK, OK]),
                ("0 - - - -", 2, [OK, OK, OK, OK]),
                ("- - - - -", 3, [UNKNOWN, KEPT, ALARM, OK]),
                ("0 X X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("- - X - -", 2, [ALARM, KEPT, ALARM, OK]),
            ],
        );
    }

    #[test]
    fn two_out_of_three_are_as_in_aws_guide() {
        check(
            2,
            &[
                ("0 - X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("0 0 X 0 X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("0 - X - -", 1, [OK, OK, ALARM, OK]),
                ("- - - - 0", 2, [OK, OK, ALARM, OK]),
                ("- - - X -", 2, [ALARM, KEPT, ALARM, OK]),
            ],
        );
    }

    /// "the alarm does not go immediately into ALARM state when the data is
    /// either `- - - - X` or `- - - X -` and Datapoints to Alarm is 3".
    #[test]
    fn an_alarm_is_not_premature() {
        let of = |text| judge(&range(text), &settings(3, 3, Missing::Unknown)).state;
        assert_eq!(of("- - - - X"), OK);
        assert_eq!(of("- - - X -"), OK);
        assert_eq!(of("- - - X 0"), OK);
        assert_eq!(of("- - X - 0"), OK);
        assert_eq!(of("- - X X -"), ALARM);
        assert_eq!(of("X - - - -"), ALARM);
    }

    #[test]
    fn all_comparisons_have_their_edge() {
        for (name, at_threshold, above) in [
            ("GreaterThanOrEqualToThreshold", ALARM, ALARM),
            ("GreaterThanThreshold", OK, ALARM),
            ("LessThanThreshold", OK, OK),
            ("LessThanOrEqualToThreshold", ALARM, OK),
        ] {
            let comparison = Comparison::parse(name).expect(name);
            let settings = Settings {
                comparison,
                ..settings(1, 1, Missing::Unknown)
            };
            assert_eq!(
                judge(&range("- - 0"), &settings).state,
                at_threshold,
                "{name}"
            );
            assert_eq!(judge(&range("- - X"), &settings).state, above, "{name}");
        }
        assert_eq!(Comparison::parse("GreaterThanUpperThreshold"), None);
    }

    #[test]
    fn datapoints_of_too_few_measurements_change_nothing_where_asked() {
        let mut points = range("X X X");
        for point in points.iter_mut().flatten() {
            point.count = Some(19.0);
        }
        let mut settings = settings(3, 3, Missing::Unknown);
        assert_eq!(judge(&points, &settings).state, ALARM);
        settings.least_count = Some(20.0);
        assert_eq!(judge(&points, &settings).state, KEPT);
        settings.least_count = Some(19.0);
        assert_eq!(judge(&points, &settings).state, ALARM);
    }

    fn marks() -> impl Strategy<Value = Vec<Option<bool>>> {
        proptest::collection::vec(proptest::option::of(any::<bool>()), 0..12)
    }

    fn points(marks: &[Option<bool>]) -> Vec<Option<Datapoint>> {
        let words = marks.iter().map(|mark| match mark {
            Some(true) => "X",
            Some(false) => "0",
            None => "-",
        });
        let text = words.collect::<Vec<_>>().join(" ");
        if marks.is_empty() {
            Vec::new()
        } else {
            range(&text)
        }
    }

    proptest! {
        #[test]
        fn missing_data_matters_only_where_there_is_too_little(
            marks in marks(), periods in 1..6_usize, share in 1..6_usize,
        ) {
            let points = points(&marks);
            let datapoints = share.min(periods);
            let of = |missing| judge(&points, &settings(periods, datapoints, missing)).state;
            let all = [Missing::Unknown, Missing::Ignore, Missing::Breaching, Missing::NotBreaching].map(of);
            let real = marks.iter().flatten().count();
            if real >= periods {
                // A plain count of the newest ones that are there.
                let newest = marks.iter().rev().flatten().take(periods);
                let is_alarm = newest.filter(|mark| **mark).count() >= datapoints;
                prop_assert_eq!(all, [if is_alarm { ALARM } else { OK }; 4]);
            }
            prop_assert!(all[3] != ALARM || all[2] == ALARM, "breaching is the stricter");
            prop_assert!(all[3] != ALARM || all[0] == ALARM);
            prop_assert_eq!(all[0] == UNKNOWN, real == 0);
            prop_assert!(all[1] != UNKNOWN && all[2].is_some() && all[3].is_some());
        }

        #[test]
        fn one_more_breach_never_ends_an_alarm(
            mut marks in proptest::collection::vec(proptest::option::of(any::<bool>()), 1..12),
            periods in 1..6_usize,
            at in any::<proptest::sample::Index>(),
        ) {
            let settings = settings(periods, periods, Missing::Breaching);
            let at = at.index(marks.len());
            marks[at] = Some(false);
            let before = judge(&points(&marks), &settings).state;
            marks[at] = Some(true);
            let after = judge(&points(&marks), &settings).state;
            prop_assert!(before != ALARM || after == ALARM);
        }
    }
}
