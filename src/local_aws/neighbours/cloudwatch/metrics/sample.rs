//! What was measured within a period: how often, how much, and the values
//! themselves as far as percentiles need them.

/// Different values that are kept; more are joined with their neighbours, so
/// that percentiles become approximate, while sums stay exact.
const MOST_VALUES: usize = 512;

/// What was measured within a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// How many values there were.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
    values: Values,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// All are alike.
    One,
    /// The values in order, and how often each came.
    Several(Vec<(f64, f64)>),
    /// Nobody told them: a set of statistics came.
    Unknown,
}

impl Sample {
    /// One value that came `count` times.
    pub fn of_value(value: f64, count: f64) -> Self {
        Self {
            count,
            sum: value * count,
            least: value,
            most: value,
            values: Values::One,
        }
    }

    /// A set of statistics, whose values are known only where all are alike.
    pub fn of_set(count: f64, sum: f64, least: f64, most: f64) -> Self {
        let is_one = least.total_cmp(&most).is_eq();
        Self {
            count,
            sum,
            least,
            most,
            values: if is_one { Values::One } else { Values::Unknown },
        }
    }

    /// Takes in what else was measured.
    pub fn absorb(&mut self, other: &Self) {
        self.values = match (&self.values, &other.values) {
            (Values::Unknown, _) | (_, Values::Unknown) => Values::Unknown,
            (Values::One, Values::One) if self.least.total_cmp(&other.least).is_eq() => Values::One,
            _ => Values::Several(joined(self.listed(), other.listed())),
        };
        self.count += other.count;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// The values in order, each with how often it came; `None` where nobody
    /// told them.
    pub fn values(&self) -> Option<Vec<(f64, f64)>> {
        match self.values {
            Values::Unknown => None,
            _ => Some(self.listed()),
        }
    }

    /// How many values are held in memory.
    pub fn held(&self) -> usize {
        match &self.values {
            Values::Several(values) => values.len(),
            Values::One | Values::Unknown => 1,
        }
    }

    fn listed(&self) -> Vec<(f64, f64)> {
        match &self.values {
            Values::Several(values) => values.clone(),
            Values::One | Values::Unknown => vec![(self.least, self.count)],
        }
    }
}

/// Joins two lists of values in order, alike ones counted together.
fn joined(mut left: Vec<(f64, f64)>, right: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    left.extend(right);
    left.sort_by(|one, other| one.0.total_cmp(&other.0));
    left.dedup_by(|later, kept| {
        let is_same = later.0.total_cmp(&kept.0).is_eq();
        if is_same {
            kept.1 += later.1;
        }
        is_same
    });
    while left.len() > MOST_VALUES {
        left = left.chunks(2).map(together).collect();
    }
    left
}

/// The mean of neighbours, which came as often as they did together.
fn together(neighbours: &[(f64, f64)]) -> (f64, f64) {
    let count: f64 = neighbours.iter().map(|(_, count)| count).sum();
    let share = |(value, part): &(f64, f64)| value * (part / count);
    (neighbours.iter().map(share).sum(), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_values_are_counted_together() {
        let mut sample = Sample::of_value(2.0, 1.0);
        sample.absorb(&Sample::of_value(2.0, 3.0));
        assert_eq!(sample.held(), 1);
        assert_eq!(sample.values(), Some(vec![(2.0, 4.0)]));
        sample.absorb(&Sample::of_value(-1.0, 2.0));
        assert_eq!(sample.values(), Some(vec![(-1.0, 2.0), (2.0, 4.0)]));
        assert_eq!((sample.count, sample.sum), (6.0, 6.0));
        assert_eq!((sample.least, sample.most), (-1.0, 2.0));
    }

    #[test]
    fn the_values_of_a_set_are_known_only_where_all_are_alike() {
        let alike = Sample::of_set(3.0, 6.0, 2.0, 2.0);
        assert_eq!(alike.values(), Some(vec![(2.0, 3.0)]));
        let mut unlike = Sample::of_set(3.0, 6.0, 1.0, 3.0);
        assert_eq!(unlike.values(), None);
        unlike.absorb(&alike);
        assert_eq!(unlike.values(), None);
        assert_eq!((unlike.count, unlike.least), (6.0, 1.0));
    }

    #[test]
    fn many_values_are_kept_in_bounds_and_near() {
        let mut sample = Sample::of_value(0.0, 1.0);
        for value in 1..10_000_u32 {
            sample.absorb(&Sample::of_value(f64::from(value), 1.0));
        }
        assert!(sample.held() <= MOST_VALUES);
        assert!((sample.count - 10_000.0).abs() < f64::EPSILON);
        let values = sample.values().expect("values");
        let total: f64 = values.iter().map(|(_, count)| count).sum();
        assert!((total - 10_000.0).abs() < 1e-6);
        assert!(values.is_sorted_by(|one, other| one.0 < other.0));
    }
}
