//! What a gallery is given from outside and does not take: the time, and randomness.
use super::GalleryError;
use std::fmt;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// So many hours later; the end of time where that cannot be told.
    pub fn plus_hours(self, hours: f64) -> Self {
        // `as` saturates.
        Self(self.0.saturating_add((hours * 3.6e9) as i64))
    }
}

impl fmt::Display for UnixTime {
    /// As ISO 8601 writes it, in UTC, to the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1_000_000);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
    }
}

/// Year, month and day of a count of days since 1970-01-01, Gregorian calendar. Years begin in March here, so that the
/// leap day is a year's last; eras are 400 years of 146,097 days (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", civil_from_days).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "retention and the audit log are in the world's time")]
    fn now(&self) -> UnixTime {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Gives random bytes, for keys and nonces.
pub trait Entropy: Send {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GalleryError>;
}

/// The system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GalleryError> {
        getrandom::fill(bytes).map_err(|e| GalleryError::Key(format!("the system gives no random bytes: {e}")))
    }
}

/// So many random bytes.
pub(super) fn random<const N: usize>(entropy: &mut dyn Entropy) -> Result<[u8; N], GalleryError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Reproducible bytes for tests: SHA-256 of a seed and a counter.
#[cfg(test)]
pub(super) struct Seeded(pub u64);

#[cfg(test)]
impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GalleryError> {
        use sha2::Digest as _;
        for chunk in bytes.chunks_mut(32) {
            self.0 += 1;
            chunk.copy_from_slice(&sha2::Sha256::digest(self.0.to_le_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // From `date --utc --date=@N`.
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(UnixTime(seconds * 1_000_000).to_string(), date);
        }
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(UnixTime(i64::MAX - 1).plus_hours(1.0), UnixTime(i64::MAX));
        assert_eq!(UnixTime(5).plus_hours(0.5), UnixTime(1_800_000_005));
    }
}
