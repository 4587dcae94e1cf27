//! Windows of time: how people say them, and how they are cut into what one
//! call may ask for.

use serde::Serialize;

use super::Moment;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 60 * 60 * SECOND;
/// Days of the longest window. X-Ray keeps traces for 30:
/// <https://docs.aws.amazon.com/general/latest/gr/xray.html>.
pub const LONGEST_DAYS: i64 = 31;

/// From `start` on, up to but without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The first moment of it.
    pub start: Moment,
    /// The first moment behind it.
    pub end: Moment,
}

impl Window {
    /// The window between two moments.
    ///
    /// # Errors
    /// Where it is empty, or longer than a month.
    pub fn new(start: Moment, end: Moment) -> Result<Self, String> {
        if end <= start {
            return Err(format!("the end, {end}, is not after the start, {start}"));
        }
        if end.micros() - start.micros() > LONGEST_DAYS * DAY {
            return Err(format!(
                "the window is longer than {LONGEST_DAYS} days; X-Ray keeps traces for 30"
            ));
        }
        Ok(Self { start, end })
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.end.seconds() - self.start.seconds()
    }

    /// Cuts it into windows of at most `hours`, the newest first.
    pub fn slices(&self, hours: i64) -> Vec<Self> {
        let longest = hours.max(1) * 60 * 60 * SECOND;
        let mut slices = Vec::new();
        let mut end = self.end;
        while end > self.start {
            let start = end.earlier(longest).max(self.start);
            slices.push(Self { start, end });
            end = start;
        }
        slices
    }
}

/// Reads a length of time such as `90s`, `15m`, `2h`, `1h30m`, `1d` or `2w`, in
/// microseconds.
///
/// # Errors
/// What is expected instead.
pub fn duration(text: &str) -> Result<i64, String> {
    let expected = || "expected a length of time such as 90s, 15m, 2h, 1h30m or 1d".to_owned();
    let mut total: i64 = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(expected)?;
        let (number, behind) = rest.split_at(digits);
        let number: i64 = number.parse().map_err(|_| expected())?;
        let mut unit = behind.chars();
        let seconds = match unit.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 60 * 60,
            Some('d') => 24 * 60 * 60,
            Some('w') => 7 * 24 * 60 * 60,
            _ => return Err(expected()),
        };
        let part = number.checked_mul(seconds * SECOND).ok_or_else(expected)?;
        total = total.checked_add(part).ok_or_else(expected)?;
        rest = unit.as_str();
    }
    if total == 0 {
        return Err(expected());
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_micros(seconds * SECOND)
    }

    #[test]
    fn reads_lengths() {
        let seconds = |text| duration(text).map(|micros| micros / SECOND);
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("1d"), Ok(86_400));
        assert_eq!(seconds("2w"), Ok(1_209_600));
        for text in [
            "",
            "0s",
            "15",
            "m",
            "15x",
            "-1h",
            "1.5h",
            "é",
            "99999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn slices_meet_and_cover_the_window() {
        let window = Window::new(at(1000), at(1000 + 60 * 60 * 50)).unwrap();
        let slices = window.slices(24);
        assert_eq!(slices.len(), 3);
        assert_eq!(slices[0].end, window.end);
        assert_eq!(slices[2].start, window.start);
        assert!(slices.windows(2).all(|pair| pair[0].start == pair[1].end));
        assert!(slices.iter().all(|slice| slice.seconds() <= 86_400.0));
    }

    #[test]
    fn refuses_what_cannot_be_asked() {
        assert!(Window::new(at(2), at(1)).is_err());
        assert!(Window::new(at(1), at(1)).is_err());
        assert!(Window::new(at(0), at(365 * 86_400)).is_err());
    }
}
