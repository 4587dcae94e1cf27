//! Finds rises of faults in sums by the minute.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::baseline::{Baseline, Counts};

/// Minutes in a row with too many faults that open an insight.
pub const OPENS_AFTER: i64 = 2;
/// Minutes without too many faults that close it.
pub const CLOSES_AFTER: i64 = 10;
/// Minutes between the events of an insight.
pub const EVENT_EVERY: i64 = 5;

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Unit {
    /// Those of clients.
    Client,
    /// Those to a service, by its number.
    Service(usize),
}

/// Requests of one unit in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) counts: Counts,
    /// Faults that no other service's fault led to.
    pub(super) own_faults: u64,
}

/// Sums of all units since an insight began.
pub(super) type ByUnit = BTreeMap<Unit, Sums>;

/// A rise of faults.
#[derive(Clone, Debug)]
pub(super) struct Rise {
    /// The first minute with too many faults.
    pub(super) first: i64,
    /// The last one so far.
    pub(super) last: i64,
    /// The minute in which it was found to be over.
    pub(super) closed: Option<i64>,
    /// What there was up to `last`.
    pub(super) so_far: SoFar,
    /// How far it had come at the end of some minutes.
    pub(super) events: Vec<(i64, SoFar)>,
    /// What there was since `last`.
    since: ByUnit,
}

/// How far a rise has come.
#[derive(Clone, Debug, Default)]
pub(super) struct SoFar {
    pub(super) sums: ByUnit,
    /// Those that had too many faults.
    pub(super) anomalous: BTreeSet<Unit>,
}

/// A minute that may be the first of a rise.
struct Suspect {
    minute: i64,
    sums: ByUnit,
    anomalous: BTreeSet<Unit>,
}

/// What the minutes so far have led to.
#[derive(Default)]
struct Walk {
    baselines: HashMap<Unit, Baseline>,
    /// Minutes in a row, the last one last.
    suspects: Vec<Suspect>,
    open: Option<Rise>,
    closed: Vec<Rise>,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.own_faults = self.own_faults.saturating_add(other.own_faults);
    }
}

/// The rises in some minutes, oldest first, as seen at the end of the minute
/// before `now`. Minutes ascend.
pub(super) fn rises(minutes: impl IntoIterator<Item = (i64, ByUnit)>, now: i64) -> Vec<Rise> {
    let mut walk = Walk::default();
    for (minute, sums) in minutes {
        walk.close_before(minute);
        walk.take(minute, sums);
    }
    walk.close_before(now);
    walk.closed.extend(walk.open);
    walk.closed
}

impl Walk {
    /// Closes what was quiet for long enough at the beginning of a minute.
    fn close_before(&mut self, minute: i64) {
        let is_over = |rise: &mut Rise| minute.saturating_sub(rise.last) > CLOSES_AFTER;
        if let Some(mut rise) = self.open.take_if(is_over) {
            let closed = rise.last + CLOSES_AFTER;
            rise.closed = Some(closed);
            rise.events.push((closed, rise.so_far.clone()));
            self.closed.push(rise);
        }
    }

    fn take(&mut self, minute: i64, sums: ByUnit) {
        let anomalous = self.judge(minute, &sums);
        match &mut self.open {
            Some(rise) => rise.take(minute, sums, anomalous),
            None => self.suspect(Suspect {
                minute,
                sums,
                anomalous,
            }),
        }
    }

    /// The units that had too many faults in a minute.
    fn judge(&mut self, minute: i64, sums: &ByUnit) -> BTreeSet<Unit> {
        let met = sums.iter().filter(|(_, sums)| sums.counts.requests > 0);
        let judged = met.map(|(unit, sums)| {
            let baseline = self.baselines.entry(*unit);
            let baseline = baseline.or_insert_with(|| Baseline::new(MINUTE));
            (*unit, baseline.judge(minute, sums.counts).is_anomalous)
        });
        let anomalous = judged.filter(|(_, is_anomalous)| *is_anomalous);
        anomalous.map(|(unit, _)| unit).collect()
    }

    /// Opens a rise where one unit had too many faults in each of the last
    /// minutes.
    fn suspect(&mut self, suspect: Suspect) {
        let follows = self.suspects.last().is_none_or(|last| {
            last.minute + 1 == suspect.minute && !last.anomalous.is_disjoint(&suspect.anomalous)
        });
        if !follows {
            self.suspects.clear();
        }
        if suspect.anomalous.is_empty() {
            return;
        }
        self.suspects.push(suspect);
        let count = i64::try_from(self.suspects.len()).unwrap_or(i64::MAX);
        if count < OPENS_AFTER {
            return;
        }
        let mut rise: Option<Rise> = None;
        for suspect in self.suspects.drain(..) {
            let rise = rise.get_or_insert_with(|| Rise::new(suspect.minute));
            rise.add(suspect.minute, suspect.sums, suspect.anomalous);
        }
        if let Some(rise) = &mut rise {
            rise.events.push((rise.last, rise.so_far.clone()));
        }
        self.open = rise;
    }
}

impl Rise {
    fn new(first: i64) -> Self {
        Self {
            first,
            last: first,
            closed: None,
            so_far: SoFar::default(),
            events: Vec::new(),
            since: ByUnit::new(),
        }
    }

    /// Adds a minute, and an event where it is time for one.
    fn take(&mut self, minute: i64, sums: ByUnit, anomalous: BTreeSet<Unit>) {
        self.add(minute, sums, anomalous);
        let last = self.events.last().map_or(self.first, |(minute, _)| *minute);
        if minute - last >= EVENT_EVERY {
            self.events.push((minute, self.so_far.clone()));
        }
    }

    fn add(&mut self, minute: i64, sums: ByUnit, anomalous: BTreeSet<Unit>) {
        add_all(&mut self.since, sums);
        if !anomalous.is_empty() {
            add_all(&mut self.so_far.sums, std::mem::take(&mut self.since));
            self.so_far.anomalous.extend(anomalous);
            self.last = minute;
        }
    }
}

impl SoFar {
    /// The service that is at fault: of those that had too many faults, the one
    /// with the most that no other service's fault led to. Where clients alone
    /// had too many, all services are asked.
    pub(super) fn root_cause(&self) -> Option<usize> {
        let is_asked = |unit: &Unit| {
            let services = |unit: &Unit| matches!(unit, Unit::Service(_));
            self.anomalous.contains(unit) || !self.anomalous.iter().any(services)
        };
        let asked = self.sums.iter().filter(|(unit, _)| is_asked(unit));
        let services = asked.filter_map(|(unit, sums)| match unit {
            Unit::Service(number) => Some((*number, sums.own_faults, sums.counts.faults)),
            Unit::Client => None,
        });
        let most = services.max_by_key(|(number, own_faults, faults)| {
            // Of equals the one that is known longest.
            (*own_faults, *faults, std::cmp::Reverse(*number))
        });
        most.map(|(number, ..)| number)
    }

    /// The services that had too many faults, those with the most first.
    pub(super) fn top_services(&self) -> Vec<usize> {
        let faults = |unit: &Unit| self.sums.get(unit).map_or(0, |sums| sums.counts.faults);
        let services = self.anomalous.iter().filter_map(|unit| match unit {
            Unit::Service(number) => Some((std::cmp::Reverse(faults(unit)), *number)),
            Unit::Client => None,
        });
        let mut services: Vec<_> = services.collect();
        services.sort_unstable();
        services.into_iter().map(|(_, number)| number).collect()
    }

    /// The requests of one.
    pub(super) fn counts(&self, unit: Unit) -> Counts {
        self.sums
            .get(&unit)
            .map(|sums| sums.counts)
            .unwrap_or_default()
    }
}

fn add_all(to: &mut ByUnit, sums: ByUnit) {
    for (unit, sums) in sums {
        to.entry(unit).or_default().add(sums);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(requests: u64, faults: u64) -> Sums {
        Sums {
            counts: Counts { requests, faults },
            own_faults: faults,
        }
    }

    /// Minutes of one service and its clients.
    fn minutes(faults: impl IntoIterator<Item = u64>, requests: u64) -> Vec<(i64, ByUnit)> {
        let minute = |(at, faults): (i64, u64)| {
            let sums = sums(requests, faults);
            let by_unit = [(Unit::Client, sums), (Unit::Service(0), sums)];
            (at, ByUnit::from(by_unit))
        };
        (0..).zip(faults).map(minute).collect()
    }

    /// Faults by chance, the same for the same seed.
    fn noise(seed: u64, requests: u64, percent: u64) -> impl Iterator<Item = u64> {
        let mut state = seed.wrapping_mul(2) + 1;
        let mut next = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
        };
        std::iter::repeat_with(move || {
            let drawn = (0..requests).filter(|_| next() % 100 < percent);
            u64::try_from(drawn.count()).unwrap()
        })
    }

    #[test]
    fn noise_is_no_rise() {
        for seed in 0..5 {
            for percent in [0, 1, 5, 50, 99] {
                let day = minutes(noise(seed, 60, percent).take(1440), 60);
                assert!(rises(day, 1440).is_empty(), "{seed} {percent}");
            }
        }
    }

    #[test]
    fn a_level_that_stays_is_one_rise_and_then_usual() {
        let faults = (0..1440).map(|minute| if minute < 120 { 1 } else { 40 });
        let found = rises(minutes(faults, 60), 1440);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].first, 120);
        assert!(found[0].closed.is_some_and(|minute| minute < 120 + 400));
        assert!(found[0].events.len() < 90);
    }

    #[test]
    fn the_root_cause_is_the_one_whose_own_faults_are_most() {
        let mut so_far = SoFar::default();
        let mut add = |unit, requests, faults, own_faults, is_anomalous| {
            let mut sums = sums(requests, faults);
            sums.own_faults = own_faults;
            so_far.sums.insert(unit, sums);
            if is_anomalous {
                so_far.anomalous.insert(unit);
            }
        };
        add(Unit::Client, 100, 60, 0, true);
        add(Unit::Service(0), 100, 60, 5, true);
        add(Unit::Service(1), 100, 50, 45, true);
        add(Unit::Service(2), 100, 99, 99, false);
        assert_eq!(so_far.root_cause(), Some(1));
        assert_eq!(so_far.top_services(), [0, 1]);
        so_far.anomalous = BTreeSet::from([Unit::Client]);
        assert_eq!(so_far.root_cause(), Some(2));
        assert_eq!(SoFar::default().root_cause(), None);
    }

    proptest! {
        /// Whatever there is to begin with, a burst is one rise, from its first
        /// minute at least to its last: chance may make it longer, not two of it.
        #[test]
        fn a_burst_is_one_rise(
            seed: u64,
            percent in 0..4_u64,
            requests in 20..80_u64,
            before in 60..200_usize,
            length in 2..90_usize,
            share in 50..=100_u64,
        ) {
            let burst = before..before + length;
            let faults = noise(seed, requests, percent).take(before + length + 30);
            let faults = faults.enumerate().map(|(at, faults)| {
                if burst.contains(&at) { requests * share / 100 } else { faults }
            });
            let end = i64::try_from(before + length).unwrap();
            let found = rises(minutes(faults, requests), end + 30);
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].first, i64::try_from(before).unwrap());
            prop_assert!(found[0].last >= end - 1);
        }

        /// As many faults as ever, or fewer and fewer, are no rise.
        #[test]
        fn what_is_never_more_is_no_rise(
            requests in 10..200_u64,
            most in 0..200_u64,
            mut percents in prop::collection::vec(0..=100_u64, 0..300),
        ) {
            let most = most.min(requests);
            percents.sort_unstable_by(|one, other| other.cmp(one));
            let later = percents.iter().map(|percent| most * percent / 100);
            let faults = std::iter::repeat_n(most, 60).chain(later);
            prop_assert!(rises(minutes(faults, requests), 1000).is_empty());
        }
    }
}
