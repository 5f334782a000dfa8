//! Counts and times in Prometheus' text format, version 0.0.4.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the buckets of times, seconds.
const BUCKETS_S: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Times by their length.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS_S.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    /// Adds a time, seconds.
    pub fn add(&self, seconds: f64) {
        if let Some(i) = BUCKETS_S.iter().position(|&bound| seconds <= bound) {
            self.buckets[i].fetch_add(1, Relaxed);
        }
        self.count.fetch_add(1, Relaxed);
        self.sum_us.fetch_add((seconds * 1e6) as u64, Relaxed);
    }

    fn write(&self, out: &mut String, name: &str, help: &str) {
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram").ok();
        let mut below = 0;
        for (bound, bucket) in BUCKETS_S.iter().zip(&self.buckets) {
            below += bucket.load(Relaxed);
            writeln!(out, "{name}_bucket{{le=\"{bound}\"}} {below}").ok();
        }
        // One reading for both: a time may be added between the two.
        let count = self.count.load(Relaxed).max(below);
        writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}").ok();
        writeln!(out, "{name}_sum {}\n{name}_count {count}", self.sum_us.load(Relaxed) as f64 / 1e6).ok();
    }
}

/// What the service counts.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    /// Frames taken in.
    pub frames_accepted: AtomicU64,
    /// Of those, frames that could not be looked at.
    pub frames_refused: AtomicU64,
    /// Requests turned away because more was under way than may be.
    pub shed: AtomicU64,
    /// Encounters opened.
    pub encounters_opened: AtomicU64,
    /// Encounters that decided.
    pub encounters_decided: AtomicU64,
    /// Encounters that came to no decision.
    pub encounters_dropped: AtomicU64,
    /// From a frame's last byte to its answer.
    pub frame_s: Histogram,
    /// Of that, decoding and looking.
    pub look_s: Histogram,
    /// From the wish to close to the decisions.
    pub decide_s: Histogram,
    /// Time that workers gave to frames and decisions, microseconds.
    pub work_us: AtomicU64,
}

/// Times of the gallery, which requests ask one after another.
#[derive(Debug, Default)]
pub struct GalleryTimes {
    /// Until it was a request's turn.
    pub wait_s: Histogram,
    /// Of the request itself, with its entry on the disk.
    pub work_s: Histogram,
}

/// What is so at the moment of reading.
pub struct Levels {
    /// Encounters that have not decided.
    pub open_encounters: usize,
    /// Frames and reference pictures under way.
    pub queued: usize,
    /// Their bytes.
    pub queued_bytes: u64,
    /// References in the gallery.
    pub references: u64,
    /// Worker threads.
    pub workers: usize,
}

impl Metrics {
    /// Counts time that a worker gave to a frame or a decision, seconds.
    pub fn worked(&self, seconds: f64) {
        self.work_us.fetch_add((seconds * 1e6) as u64, Relaxed);
    }

    /// Time that workers gave to each frame on average, its share of decisions included, seconds; `None` before the first.
    pub fn work_of_frame_s(&self) -> Option<f64> {
        let frames = self.look_s.count.load(Relaxed);
        (frames > 0).then(|| self.work_us.load(Relaxed) as f64 / 1e6 / frames as f64)
    }

    /// Counts an answered request by its route's pattern.
    pub fn request(&self, route: &str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_string(), status)).or_default() += 1;
    }

    /// The page.
    pub fn render(&self, levels: &Levels, gallery: &GalleryTimes) -> String {
        let mut out = String::new();
        let counter = |out: &mut String, name: &str, help: &str, value: u64| {
            writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}").ok();
        };
        let gauge = |out: &mut String, name: &str, help: &str, value: u64| {
            writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}").ok();
        };
        let name = "lane_stack_requests_total";
        writeln!(out, "# HELP {name} Answered requests.\n# TYPE {name} counter").ok();
        for ((route, status), count) in self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            writeln!(out, "{name}{{route=\"{route}\",status=\"{status}\"}} {count}").ok();
        }
        for (name, help, value) in [
            ("lane_stack_frames_accepted_total", "Frames taken in.", &self.frames_accepted),
            ("lane_stack_frames_refused_total", "Accepted frames that could not be looked at.", &self.frames_refused),
            ("lane_stack_shed_total", "Requests turned away because too much was under way.", &self.shed),
            ("lane_stack_encounters_opened_total", "Encounters opened.", &self.encounters_opened),
            ("lane_stack_encounters_decided_total", "Encounters that decided.", &self.encounters_decided),
            ("lane_stack_encounters_dropped_total", "Encounters without a decision.", &self.encounters_dropped),
        ] {
            counter(&mut out, name, help, value.load(Relaxed));
        }
        gauge(&mut out, "lane_stack_open_encounters", "Undecided encounters.", levels.open_encounters as u64);
        gauge(&mut out, "lane_stack_queued", "Frames and reference pictures under way.", levels.queued as u64);
        gauge(&mut out, "lane_stack_queued_bytes", "Their bytes.", levels.queued_bytes);
        gauge(&mut out, "lane_stack_workers", "Worker threads.", levels.workers as u64);
        gauge(&mut out, "lane_stack_references", "References in the gallery.", levels.references);
        self.frame_s.write(&mut out, "lane_stack_frame_seconds", "From a frame's last byte to its answer.");
        self.look_s.write(&mut out, "lane_stack_look_seconds", "Decoding and looking, of a frame.");
        self.decide_s.write(&mut out, "lane_stack_decide_seconds", "From the wish to close to the decisions.");
        gallery.wait_s.write(
            &mut out,
            "lane_stack_gallery_wait_seconds",
            "Until it was a request's turn at the gallery.",
        );
        gallery.work_s.write(
            &mut out,
            "lane_stack_gallery_seconds",
            "Of requests to the gallery, with their log entry.",
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up_and_every_line_is_a_sample_or_a_comment() {
        let metrics = Metrics::default();
        metrics.request("/v1/gallery", 200);
        metrics.request("/v1/gallery", 200);
        for seconds in [0.004, 0.02, 0.02, 99.0] {
            metrics.frame_s.add(seconds);
        }
        let levels = Levels { open_encounters: 1, queued: 2, queued_bytes: 3, references: 5, workers: 4 };
        let page = metrics.render(&levels, &GalleryTimes::default());
        for line in [
            "lane_stack_requests_total{route=\"/v1/gallery\",status=\"200\"} 2",
            "lane_stack_frame_seconds_bucket{le=\"0.005\"} 1",
            "lane_stack_frame_seconds_bucket{le=\"0.025\"} 3",
            "lane_stack_frame_seconds_bucket{le=\"30\"} 3",
            "lane_stack_frame_seconds_bucket{le=\"+Inf\"} 4",
            "lane_stack_frame_seconds_sum 99.044",
            "lane_stack_queued_bytes 3",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
        assert!(
            page.lines()
                .all(|l| l.starts_with("# ") || l.rsplit_once(' ').is_some_and(|(_, v)| v.parse::<f64>().is_ok()))
        );
        assert_eq!(metrics.work_of_frame_s(), None);
        metrics.look_s.add(0.05);
        metrics.look_s.add(0.05);
        for seconds in [0.06, 0.06, 0.08] {
            metrics.worked(seconds);
        }
        assert!(metrics.work_of_frame_s().is_some_and(|s| (s - 0.1).abs() < 1e-9));
    }
}
