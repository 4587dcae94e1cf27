//! What was measured, by metric and time, in memory and within bounds.
//!
//! AWS keeps values of a minute for 15 days and then sums them up; here they go
//! after 15 days, or sooner where there are too many of them.

use std::collections::BTreeMap;

use super::sample::Sample;

/// Seconds that values are kept at most.
pub const KEPT: i64 = 15 * 86_400;
/// Metrics of a region; those that had no value for longest go first.
const MOST_METRICS: usize = 5_000;
/// Values that are held in a region; the oldest go first.
const MOST_HELD: usize = 400_000;
/// What is left of them when some had to go, so that not every put has to look
/// for the oldest.
const LEFT: usize = MOST_HELD / 10 * 9;

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Such as `AWS/X-Ray`.
    pub namespace: String,
    /// Such as `ApproximateTraceCount`.
    pub name: String,
    /// Such as `GroupName`, with its value.
    pub dimensions: BTreeMap<String, String>,
}

/// Periods that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Where the first begins, in epoch seconds.
    pub start: i64,
    /// Seconds of each.
    pub period: i64,
    /// How many there are.
    pub count: i64,
}

impl Window {
    /// Where the last one ends, in epoch seconds.
    pub fn end(self) -> i64 {
        let length = self.period.saturating_mul(self.count);
        self.start.saturating_add(length)
    }

    /// Where the period begins that `time` is in.
    fn period_of(self, time: i64) -> i64 {
        let since = time - self.start;
        self.start + since - since.rem_euclid(self.period.max(1))
    }
}

/// Everything that was measured in a region.
#[derive(Debug, Default)]
pub struct Metrics {
    series: BTreeMap<Metric, Series>,
    held: usize,
}

/// By time in epoch seconds, and unit.
#[derive(Debug, Default)]
struct Series(BTreeMap<(i64, &'static str), Sample>);

impl Metrics {
    /// Adds what was measured at `time`, in epoch seconds.
    pub fn add(&mut self, metric: Metric, unit: &'static str, time: i64, sample: Sample) {
        if !self.series.contains_key(&metric) && self.series.len() >= MOST_METRICS {
            self.drop_quietest();
        }
        let values = &mut self.series.entry(metric).or_default().0;
        if let Some(kept) = values.get_mut(&(time, unit)) {
            self.held -= kept.held();
            kept.absorb(&sample);
            self.held += kept.held();
        } else {
            self.held += sample.held();
            values.insert((time, unit), sample);
        }
        if self.held > MOST_HELD {
            self.drop_oldest();
        }
    }

    /// Drops what is too old at `now`, in epoch seconds.
    pub fn forget(&mut self, now: i64) {
        self.drop_before(now - KEPT);
    }

    fn drop_before(&mut self, time: i64) {
        for series in self.series.values_mut() {
            let is_old = |(first, _): (&(i64, _), _)| first.0 < time;
            if series.0.first_key_value().is_some_and(is_old) {
                series.0 = series.0.split_off(&(time, ""));
            }
        }
        self.series.retain(|_, series| !series.0.is_empty());
        self.held = self.series.values().map(Series::held).sum();
    }

    fn drop_oldest(&mut self) {
        let all = self.series.values().flat_map(|series| &series.0);
        let mut held: Vec<(i64, usize)> = all
            .map(|((time, _), sample)| (*time, sample.held()))
            .collect();
        held.sort_unstable();
        let mut left = self.held;
        let is_enough = |(_, held): &(i64, usize)| {
            let is_enough = left <= LEFT;
            left -= held;
            is_enough
        };
        let first_kept = held.into_iter().find(is_enough);
        self.drop_before(first_kept.map_or(i64::MAX, |(time, _)| time));
    }

    fn drop_quietest(&mut self) {
        let last = |series: &Series| series.last();
        let quietest = self.series.iter().min_by_key(|(_, series)| last(series));
        let Some(metric) = quietest.map(|(metric, _)| metric.clone()) else {
            return;
        };
        if let Some(series) = self.series.remove(&metric) {
            self.held -= series.held();
        }
    }

    /// What was measured in each period, in `unit` alone where one is asked for.
    pub fn gather(
        &self,
        metric: &Metric,
        unit: Option<&str>,
        window: Window,
    ) -> BTreeMap<i64, Sample> {
        let mut found: BTreeMap<i64, Sample> = BTreeMap::new();
        for ((time, of), sample) in self.within(metric, window) {
            if unit.is_none_or(|unit| unit == of) {
                keep(&mut found, time, sample);
            }
        }
        found
    }

    /// What was measured in each period, by unit.
    pub fn gather_by_unit(
        &self,
        metric: &Metric,
        window: Window,
    ) -> BTreeMap<(i64, &'static str), Sample> {
        let mut found = BTreeMap::new();
        for (key, sample) in self.within(metric, window) {
            keep(&mut found, key, sample);
        }
        found
    }

    /// What was measured, each with the period that it is in.
    fn within(
        &self,
        metric: &Metric,
        window: Window,
    ) -> impl Iterator<Item = ((i64, &'static str), &Sample)> {
        let series = self.series.get(metric);
        let range = (window.start, "")..(window.end().max(window.start), "");
        let found = series
            .into_iter()
            .flat_map(move |it| it.0.range(range.clone()));
        found.map(move |((time, unit), sample)| ((window.period_of(*time), *unit), sample))
    }

    /// The metrics, each with when it was measured last, in epoch seconds.
    pub fn all(&self) -> impl Iterator<Item = (&Metric, i64)> {
        let last = |(metric, series): (_, &Series)| (metric, series.last());
        self.series.iter().map(last)
    }
}

impl Series {
    fn last(&self) -> i64 {
        self.0.last_key_value().map_or(i64::MIN, |(key, _)| key.0)
    }

    fn held(&self) -> usize {
        self.0.values().map(Sample::held).sum()
    }
}

fn keep<K: Ord>(found: &mut BTreeMap<K, Sample>, key: K, sample: &Sample) {
    match found.get_mut(&key) {
        Some(kept) => kept.absorb(sample),
        None => {
            found.insert(key, sample.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &str) -> Metric {
        Metric {
            namespace: "N".to_owned(),
            name: name.to_owned(),
            dimensions: BTreeMap::new(),
        }
    }

    #[test]
    fn values_fall_into_their_periods() {
        let mut metrics = Metrics::default();
        for (time, unit, value) in [
            (60, "Count", 1.0),
            (120, "Count", 2.0),
            (179, "None", 4.0),
            (180, "Count", 8.0),
        ] {
            metrics.add(metric("a"), unit, time, Sample::of_value(value, 1.0));
        }
        let window = Window {
            start: 60,
            period: 60,
            count: 2,
        };
        let found = metrics.gather(&metric("a"), None, window);
        let sums: Vec<_> = found.iter().map(|(time, one)| (*time, one.sum)).collect();
        assert_eq!(sums, [(60, 1.0), (120, 6.0)]);
        let counted = metrics.gather(&metric("a"), Some("Count"), window);
        assert!((counted[&120].sum - 2.0).abs() < f64::EPSILON);
        let keys: Vec<_> = metrics
            .gather_by_unit(&metric("a"), window)
            .into_keys()
            .collect();
        assert_eq!(keys, [(60, "Count"), (120, "Count"), (120, "None")]);
        assert!(metrics.gather(&metric("b"), None, window).is_empty());
    }

    #[test]
    fn memory_has_an_end() {
        let mut metrics = Metrics::default();
        for time in 0..450_000_i64 {
            let name = if time % 2 == 0 { "even" } else { "odd" };
            metrics.add(metric(name), "None", time, Sample::of_value(1.0, 1.0));
        }
        assert!(metrics.held <= MOST_HELD);
        let held: usize = metrics.series.values().map(Series::held).sum();
        assert_eq!(metrics.held, held);
        let newest = Window {
            start: 449_990,
            period: 1,
            count: 10,
        };
        assert_eq!(metrics.gather(&metric("odd"), None, newest).len(), 5);
        for number in 0..MOST_METRICS + 10 {
            let one = metric(&format!("m{number}"));
            metrics.add(one, "None", 450_000, Sample::of_value(1.0, 1.0));
        }
        assert_eq!(metrics.all().count(), MOST_METRICS);
        assert!(metrics.all().all(|(one, _)| one.name.starts_with('m')));
        metrics.forget(450_000 + KEPT + 1);
        assert_eq!((metrics.held, metrics.all().count()), (0, 0));
    }
}
