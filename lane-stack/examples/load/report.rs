//! What was measured, as a table for people and as JSON.
use super::phases::{Measured, Plan};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Resident memory of the service over a phase, kilobytes, a sample a second; empty where its process is not known.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Before the first phase that counts.
    pub started_kb: Option<u64>,
    /// During the phase.
    pub samples_kb: Vec<u64>,
}

/// By so much the last third of a phase may hold more than the second and still count as flat: one decoded picture of
/// 4 megapixels for each of two workers, which may fall into either.
const FLAT_KB: f64 = 24.0 * 1024.0;

impl Memory {
    /// With the memory at the beginning of all.
    pub fn begun_at(self, started_kb: Option<u64>) -> Self {
        Self { started_kb, ..self }
    }

    fn third(&self, which: usize) -> f64 {
        let third = self.samples_kb.len().div_ceil(3).max(1);
        let part = self.samples_kb.chunks(third).nth(which).unwrap_or(&[]);
        part.iter().sum::<u64>() as f64 / part.len().max(1) as f64
    }

    /// Start, middle and end of the phase, kilobytes.
    fn places(&self) -> Option<[u64; 3]> {
        let last = *self.samples_kb.last()?;
        Some([self.samples_kb[0], self.samples_kb[self.samples_kb.len() / 2], last])
    }

    /// Growth from the middle third to the last, kilobytes: what fills up at first is past.
    fn growth_kb(&self) -> f64 {
        self.third(2) - self.third(1)
    }

    fn json(&self) -> Value {
        let Some([start, middle, end]) = self.places() else { return Value::Null };
        let most = self.samples_kb.iter().max();
        json!({
            "before_kb": self.started_kb, "start_kb": start, "middle_kb": middle, "end_kb": end, "greatest_kb": most,
            "growth_of_last_third_kb": self.growth_kb(), "flat": self.growth_kb() <= FLAT_KB,
        })
    }
}

/// Everything.
pub struct Report {
    pub note: String,
    /// What the service says of itself.
    pub about: Vec<(String, String)>,
    pub frames: usize,
    pub frame_bytes: u64,
    pub plan: Plan,
    /// References in the gallery, where it is known.
    pub references: Option<usize>,
    pub capacity: Measured,
    pub steady: Measured,
    pub memory: Memory,
    pub overload: Measured,
    pub overload_memory: Memory,
    /// What the service itself counted as turned away in the overload.
    pub shed_by_service: f64,
    /// Mean and number of waits for the gallery, and of its work: milliseconds.
    pub gallery: GalleryTimes,
}

/// How long requests waited for the gallery, and how long it worked for them, by the service's own metrics.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct GalleryTimes {
    /// Requests to the gallery.
    pub requests: u64,
    /// Mean time until it was a request's turn, milliseconds.
    pub mean_wait_ms: f64,
    /// Share of requests that waited for longer than 5 ms.
    pub waited_over_5_ms: f64,
    /// Mean time of the work, with its entry on the disk, milliseconds.
    pub mean_work_ms: f64,
}

/// Share points of times, milliseconds. The point of a share is the smallest time that at least so many are within.
pub fn points_ms(seconds: &[f64]) -> [f64; 4] {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.5, 0.95, 0.99, 1.0].map(|share| {
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |s| s * 1e3)
    })
}

fn times_json(seconds: &[f64]) -> Value {
    let [p50, p95, p99, greatest] = points_ms(seconds);
    json!({ "count": seconds.len(), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "greatest_ms": greatest })
}

fn phase_json(phase: &Measured) -> Value {
    let share = phase.shed as f64 / phase.offered.max(1) as f64;
    json!({
        "seconds": phase.seconds, "offered_frames": phase.offered, "answered_frames": phase.frame_s.len(),
        "frames_per_s": phase.frames_per_s(), "shed_frames": phase.shed, "shed_share": share,
        "shed_encounters": phase.shed_encounters, "frame": times_json(&phase.frame_s),
        "decision": times_json(&phase.decision_s), "close": times_json(&phase.close_s),
        "wrong": phase.wrong.iter().map(|(status, (count, what))| json!([status, count, what])).collect::<Vec<_>>(),
    })
}

impl Report {
    fn cores() -> usize {
        std::thread::available_parallelism().map_or(0, usize::from)
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let about: Value = self.about.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
        let value = json!({
            "note": self.note, "cores": Self::cores(), "load_average": load_average(), "service": about,
            "files": self.frames, "mean_file_bytes": self.frame_bytes, "plan": self.plan,
            "references": self.references, "capacity": phase_json(&self.capacity), "load": phase_json(&self.steady),
            "load_memory": self.memory.json(), "overload": phase_json(&self.overload),
            "overload_memory": self.overload_memory.json(), "overload_shed_by_service": self.shed_by_service,
            "gallery": self.gallery,
        });
        serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
    }

    /// As a table.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let mut line = |what: &str, value: String| {
            writeln!(out, "{what:<26} {value}").ok();
        };
        if !self.note.is_empty() {
            line("note", self.note.clone());
        }
        line("machine", format!("{} cores, load average {}", Self::cores(), load_average()));
        for (what, value) in &self.about {
            line(what, value.clone());
        }
        let Plan { lanes, cameras, frames } = self.plan;
        line("traffic", format!("{lanes} lanes, {cameras} cameras, {frames} frames an encounter"));
        line("files", format!("{} of {} kB each on average", self.frames, self.frame_bytes / 1000));
        let references = self.references.map_or("unknown".to_string(), |n| n.to_string());
        line("references", references);
        line("capacity C", format!("{:.2} frames/s over {:.0} s", self.capacity.frames_per_s(), self.capacity.seconds));
        line("", format!("{:>12}{:>12}{:>12}{:>12}{:>10}", "p50 ms", "p95 ms", "p99 ms", "most ms", "count"));
        let mut row = |what: &str, seconds: &[f64]| {
            let [p50, p95, p99, most] = points_ms(seconds);
            line(what, format!("{p50:>12.1}{p95:>12.1}{p99:>12.1}{most:>12.1}{:>10}", seconds.len()));
        };
        row("closed loop, frame", &self.capacity.frame_s);
        row("closed loop, close", &self.capacity.close_s);
        row("0.8 C, frame", &self.steady.frame_s);
        row("0.8 C, frame to decision", &self.steady.decision_s);
        row("0.8 C, close to decision", &self.steady.close_s);
        row("2 C, frame", &self.overload.frame_s);
        row("2 C, frame to decision", &self.overload.decision_s);
        row("2 C, close to decision", &self.overload.close_s);
        for (what, phase) in [("0.8 C", &self.steady), ("2 C", &self.overload)] {
            let share = 100.0 * phase.shed as f64 / phase.offered.max(1) as f64;
            line(
                &format!("{what}, {:.0} s", phase.seconds),
                format!(
                    "{} frames due, {:.2} answered/s, {} shed ({share:.1} %), {} encounters shed",
                    phase.offered,
                    phase.frames_per_s(),
                    phase.shed,
                    phase.shed_encounters
                ),
            );
            for (status, (count, what)) in &phase.wrong {
                line("  WRONG", format!("{count} × {status}, for instance {what}"));
            }
        }
        line("2 C, shed by its count", format!("{}", self.shed_by_service));
        for (what, memory) in [("0.8 C, memory", &self.memory), ("2 C, memory", &self.overload_memory)] {
            let Some([start, middle, end]) = memory.places() else {
                line(what, "unknown: give --pid".to_string());
                continue;
            };
            let flat = if memory.growth_kb() <= FLAT_KB { "flat" } else { "NOT FLAT" };
            let before = memory.started_kb.map_or(String::new(), |kb| format!("before {} MB, ", kb / 1024));
            line(
                what,
                format!(
                    "{before}start {} MB, middle {} MB, end {} MB, last third {:+.1} MB: {flat}",
                    start / 1024,
                    middle / 1024,
                    end / 1024,
                    memory.growth_kb() / 1024.0
                ),
            );
        }
        let GalleryTimes { requests, mean_wait_ms, waited_over_5_ms, mean_work_ms } = self.gallery;
        line(
            "gallery",
            format!(
                "{requests} requests; waited {mean_wait_ms:.3} ms on average, {:.2} % over 5 ms; worked {mean_work_ms:.3} ms",
                100.0 * waited_over_5_ms
            ),
        );
        out.trim_end().to_string()
    }

    /// Fails when the service answered what it may not under any load.
    pub fn check(&self) -> Result<(), String> {
        let wrong = self.steady.wrong.iter().chain(&self.overload.wrong).next();
        wrong.map_or(Ok(()), |(status, (count, what))| Err(format!("{count} wrong answers of status {status}: {what}")))
    }
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
