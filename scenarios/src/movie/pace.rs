//! How long pictures are shown: simulated time between exposures, played at a stated speed.

/// How long the outcome is shown, seconds.
pub(super) const END_S: f32 = 3.0;
/// How long the last moment is shown before the outcome, seconds.
const LAST_MOMENT_S: f32 = 1.2;
/// Least and longest time on the screen between two moments, seconds.
pub(super) const GAP_S: (f32, f32) = (0.15, 1.5);
/// How long a movie lasts whose speed is not asked for, seconds.
const GOOD_S: (f32, f32) = (6.0, 10.0);
/// Speeds to choose from, the best first.
const SPEEDS: [f32; 7] = [1.0, 0.5, 2.0, 0.25, 4.0, 8.0, 16.0];

/// How fast a movie is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Simulated time over time on the screen.
    pub speed: f32,
    /// Whether a gap between moments was lengthened or cut to what can be watched, 0.15 to 1.5 s.
    pub is_clipped: bool,
}

impl Pace {
    /// "played in real time", "played at 0.5 × speed, gaps held to 0.15–1.5 s".
    pub fn words(&self) -> String {
        let speed = if (self.speed - 1.0).abs() < 0.005 {
            "played in real time".to_owned()
        } else {
            format!("played at {} × speed", (self.speed * 100.0).round() / 100.0)
        };
        let clipped = format!(", gaps held to {}–{} s", GAP_S.0, GAP_S.1);
        speed + if self.is_clipped { &clipped } else { "" }
    }
}

/// Time on the screen of each gap between moments at a speed, seconds, and whether one of them was clipped.
fn gaps(moments_us: &[u64], speed: f32) -> (Vec<f32>, bool) {
    let real: Vec<f32> = moments_us.windows(2).map(|pair| (pair[1] - pair[0]) as f32 * 1e-6 / speed).collect();
    let shown: Vec<f32> = real.iter().map(|gap| gap.clamp(GAP_S.0, GAP_S.1)).collect();
    let is_clipped = shown != real;
    (shown, is_clipped)
}

/// The speed, and how long each moment is shown, milliseconds in whole tens.
pub(super) fn holds(moments_us: &[u64], speed: Option<f32>) -> (Pace, Vec<u32>) {
    let lasts = |speed: f32| gaps(moments_us, speed).0.iter().sum::<f32>() + LAST_MOMENT_S + END_S;
    let misses = |speed: f32| (GOOD_S.0 - lasts(speed)).max(lasts(speed) - GOOD_S.1).max(0.0);
    // Of equals `min_by` takes the first.
    let speed = speed.or_else(|| SPEEDS.into_iter().min_by(|a, b| misses(*a).total_cmp(&misses(*b))));
    let speed = speed.unwrap_or(1.0);
    let (gaps, is_clipped) = gaps(moments_us, speed);
    let tens = |seconds: f32| (seconds * 100.0).round() as u32 * 10;
    (Pace { speed, is_clipped }, gaps.into_iter().chain([LAST_MOMENT_S]).map(tens).collect())
}

/// How much of a moment's time on the screen goes to frames and truth before the stack's boxes come, milliseconds in whole
/// tens; 0 where there is too little for two pictures.
pub(super) fn truth_ms(hold_ms: u32) -> u32 {
    if hold_ms < 500 { 0 } else { (hold_ms * 2 / 5).min(600) / 10 * 10 }
}
