//! Instants: read with date and offset left out, counted, and written.
use toml::value::{Date, Datetime, Offset, Time};

/// An instant with date, time and offset.
pub(crate) fn instant(text: &str) -> Option<Datetime> {
    let read: Datetime = text.parse().ok()?;
    (read.date.is_some() && read.time.is_some() && read.offset.is_some()).then_some(read)
}

/// An instant whose date and offset are those of `base` where the text leaves them out: `07:00`, `2026-06-21T07:00`.
pub(crate) fn complete(text: &str, base: &Datetime) -> Option<Datetime> {
    let read: Datetime = text.parse().ok().or_else(|| with_offset_only(text))?;
    let time = read.time?;
    let time = Time { second: Some(time.second.unwrap_or(0)), nanosecond: None, ..time };
    Some(Datetime { date: read.date.or(base.date), time: Some(time), offset: read.offset.or(base.offset) })
}

/// `07:00-05:00`: TOML knows no time of day with an offset.
fn with_offset_only(text: &str) -> Option<Datetime> {
    let read: Datetime = format!("2000-01-01T{text}").parse().ok()?;
    Some(Datetime { date: None, ..read })
}

/// Minutes that local time is ahead of UTC.
fn offset_min(at: &Datetime) -> i64 {
    match at.offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes),
        _ => 0,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap day comes last.
pub(crate) fn days(date: Date) -> i64 {
    let (year, month) = (i64::from(date.year), i64::from(date.month));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (153 * month + 2) / 5;
    // 719,468 days from 1 March of the year 0 to 1 January 1970, and one because days of a month count from 1.
    year * 365 + leap_days + before_month + i64::from(date.day) - 719_469
}

/// The date so many days after 1970-01-01; the inverse of [`days`].
pub(crate) fn date(day: i64) -> Date {
    let begin = |year: i64| days(Date { year: year.clamp(0, 9999) as u16, month: 3, day: 1 });
    // At most one year off before the correction: a mean year has 365.2425 days.
    let mut year = 1970 + (day as f64 / 365.2425).floor() as i64;
    while begin(year) > day {
        year -= 1;
    }
    while begin(year + 1) <= day {
        year += 1;
    }
    let in_year = day - begin(year);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    Date { year: year as u16, month: month as u8, day: day as u8 }
}

fn local_s(at: &Datetime) -> i64 {
    let (Some(date), Some(time)) = (at.date, at.time) else { return 0 };
    let second = i64::from(time.second.unwrap_or(0));
    days(date) * 86_400 + i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + second
}

/// Local time in hours from midnight.
pub(crate) fn local_hour(at: &Datetime) -> f64 {
    at.time.map_or(0.0, |time| {
        f64::from(time.hour) + f64::from(time.minute) / 60.0 + f64::from(time.second.unwrap_or(0)) / 3600.0
    })
}

/// The same day at a local time in hours, 0 to below 24, to the second.
pub(crate) fn at_hour(at: &Datetime, hour: f64) -> Datetime {
    let second = ((hour * 3600.0).round() as i64).clamp(0, 86_399);
    let time = Time {
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: Some((second % 60) as u8),
        nanosecond: None,
    };
    Datetime { time: Some(time), ..*at }
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn unix_s(at: &Datetime) -> i64 {
    local_s(at) - offset_min(at) * 60
}

/// So many seconds later, at the same offset.
pub(crate) fn later(from: &Datetime, seconds: i64) -> Datetime {
    let local = local_s(from) + seconds;
    let of_day = local.rem_euclid(86_400);
    let time = Time {
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: Some((of_day % 60) as u8),
        nanosecond: None,
    };
    Datetime { date: Some(date(local.div_euclid(86_400))), time: Some(time), offset: from.offset }
}

/// Hours since the midnight that begins the first instant's day, at that one's offset.
pub(crate) fn hours(at: &Datetime, first: &Datetime) -> f64 {
    let midnight_s = first.date.map_or(0, days) * 86_400 - offset_min(first) * 60;
    (unix_s(at) - midnight_s) as f64 / 3600.0
}

/// `07:00`, with seconds and date only where they say something.
pub(crate) fn label(at: &Datetime, first: &Datetime) -> String {
    let (Some(date), Some(time)) = (at.date, at.time) else { return at.to_string() };
    let mut label = format!("{:02}:{:02}", time.hour, time.minute);
    if let Some(second) = time.second.filter(|s| *s > 0) {
        label += &format!(":{second:02}");
    }
    if at.date != first.date {
        label = format!("{:02}-{:02} {label}", date.month, date.day);
    }
    label
}

/// `2026-06-21, UTC−05:00`.
pub(crate) fn day(at: &Datetime) -> String {
    let minutes = offset_min(at);
    let sign = if minutes < 0 { '−' } else { '+' };
    let date = at.date.map_or(String::new(), |date| date.to_string());
    format!("{date}, UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

#[cfg(test)]
mod tests {
    use super::{complete, date, days, hours, instant, later, unix_s};

    /// Unix times of known instants: the epoch, the billennium, a leap day, and the last second of 32 bits.
    #[test]
    fn instants_are_counted_as_everywhere() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2038-01-19T03:14:07Z", i64::from(i32::MAX)),
            ("2024-02-29T12:00:00+02:00", 1_709_200_800),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            let at = instant(text).expect(text);
            assert_eq!(unix_s(&at), seconds, "{text}");
            assert_eq!(later(&at, 0).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in days(toml::value::Date { year: 1900, month: 1, day: 1 })..=150_000 {
            assert_eq!(days(date(day)), day);
        }
    }

    #[test]
    fn what_is_left_out_is_the_scenarios() {
        let base = instant("2026-06-21T10:30:00-05:00").expect("an instant");
        for (text, whole) in [
            ("07:00", "2026-06-21T07:00:00-05:00"),
            ("07:00:30", "2026-06-21T07:00:30-05:00"),
            ("07:00+01:00", "2026-06-21T07:00:00+01:00"),
            ("2026-12-21T07:00", "2026-12-21T07:00:00-05:00"),
            ("2026-12-21T07:00:00Z", "2026-12-21T07:00:00Z"),
        ] {
            assert_eq!(complete(text, &base).map(|t| t.to_string()).as_deref(), Some(whole));
        }
        assert_eq!(complete("25:00", &base), None);
        assert_eq!(complete("noon", &base), None);
        let late = later(&base, 14 * 3600);
        assert_eq!(late.to_string(), "2026-06-22T00:30:00-05:00");
        assert!((hours(&late, &base) - 24.5).abs() < 1e-12);
    }
}
