//! Times of access logs, to epoch seconds.

/// The last second of the year 9999.
const LATEST: f64 = 253_402_300_799.0;
/// From here on numbers are milliseconds: as seconds they are beyond the year
/// 5000, as milliseconds they begin in 1973.
const MILLISECONDS_FROM: f64 = 1e11;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Any of the forms that are known.
pub(super) fn of_text(text: &str) -> Option<f64> {
    of_iso(text)
        .or_else(|| of_combined(text))
        .or_else(|| of_number(text.parse().ok()?))
}

/// `10/Oct/2026:13:55:36 -0700`
pub(super) fn of_combined(text: &str) -> Option<f64> {
    let (stamp, zone) = text.split_once(' ')?;
    let mut parts = stamp.splitn(4, ['/', ':']);
    let day = number(parts.next()?)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|known| *known == month)?;
    let year = number(parts.next()?)?;
    let month = i64::try_from(month).ok()? + 1;
    instant([year, month, day], parts.next()?, zone)
}

/// `2026-10-10T13:55:36.123456Z`, with a blank for the `T` too, and with an
/// offset for the `Z`; without either it is UTC.
pub(super) fn of_iso(text: &str) -> Option<f64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut parts = date.splitn(3, '-');
    let year = number(parts.next()?)?;
    let month = number(parts.next()?)?;
    let day = number(parts.next()?)?;
    let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone)?;
    instant([year, month, day], clock, zone)
}

/// Epoch seconds, or milliseconds.
pub(super) fn of_number(number: f64) -> Option<f64> {
    let seconds = if number >= MILLISECONDS_FROM {
        number / 1000.0
    } else {
        number
    };
    (0.0..=LATEST).contains(&seconds).then_some(seconds)
}

/// A day with `13:55:36.5` and `-0700`, `+07:00`, `Z` or nothing.
#[expect(clippy::cast_precision_loss, reason = "the year has four digits")]
fn instant([year, month, day]: [i64; 3], clock: &str, zone: &str) -> Option<f64> {
    let mut parts = clock.splitn(3, ':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let second = parts.next()?;
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let second: f64 = second
        .bytes()
        .all(is_plain)
        .then_some(second)?
        .parse()
        .ok()?;
    let is_time = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61.0;
    let whole = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 - offset(zone)?;
    let at = whole as f64 + second;
    (is_time && (0.0..=LATEST).contains(&at)).then_some(at)
}

/// Seconds that a zone is ahead.
fn offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1) {
        None => return zone.is_empty().then_some(0),
        Some(("Z", "")) => return Some(0),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of digits alone.
fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Days from 1970-01-01. Years begin with March, so that the leap day is the last.
/// Source: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
