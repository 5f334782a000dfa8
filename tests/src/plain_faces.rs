//! How a stack does on the faces that any usable one should find.
//!
//! A face is *plain* in an exposure when at least 0.7 of its own front-facing pixels are visible, at least 0.7 of its box
//! is on the sensor, it is turned by less than 30° about each axis against the line to the camera, and its box is at
//! least 60 px wide ([`laneproof_scenarios::score::rule::is_plain_face`]). An occupant *qualifies* who is plain in some
//! exposure, and is *detected* when a detection in one of those very exposures belongs to them
//! ([`laneproof_scenarios::score::assign`]).
//!
//! An occupant who qualifies with at least 60 px between the eyes in such an exposure, and who is enrolled, is asked for
//! by *rank-1 identification*: of the best shots that belong to them, the one that the stack itself ranks highest must
//! have their own reference as its first candidate. Whoever has no best shot counts as a miss; whether the stack calls the
//! shot valid, and its match threshold, do not matter.
use std::{fmt, path::Path};

use laneproof_scenarios::{
    run::record::{EncounterRecord, Seen},
    score::{assign, rule::is_plain_face},
};
use laneproof_sim::truth::{BoxPx, FaceTruth};

/// Least distance between the eyes from which identification is asked for, pixels.
pub const RANK_1_INTER_EYE_PX: f32 = 60.0;

/// A part of a number of occupants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub hits: u32,
    /// Of how many.
    pub of: u32,
}

impl Part {
    fn count(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.of += 1;
    }

    /// The share; `NaN` of none, which no bar admits.
    pub fn share(self) -> f64 {
        f64::from(self.hits) / f64::from(self.of)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({:.1} %)", self.hits, self.of, 100.0 * self.share())
    }
}

/// The numbers of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlainFaces {
    /// Occupants who qualify, of all.
    pub qualify: Part,
    /// The same in rows 2 and 3.
    pub qualify_behind: Part,
    /// Detected, of those who qualify.
    pub detected: Part,
    /// Identified at rank 1, of those who are asked for.
    pub rank_1: Part,
    /// Those who were missed: "encounter 3, seat 2-left: not detected".
    pub misses: Vec<String>,
}

impl fmt::Display for PlainFaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  qualify   {} occupants, of rows 2 and 3 {}", self.qualify, self.qualify_behind)?;
        writeln!(f, "  detected  {}", self.detected)?;
        writeln!(f, "  rank 1    {}", self.rank_1)?;
        self.misses.iter().try_for_each(|miss| writeln!(f, "  missed    {miss}"))
    }
}

/// The records of a run folder, in the order of the encounters.
///
/// # Panics
/// When one cannot be read.
pub fn records(run_folder: &Path) -> Vec<EncounterRecord> {
    let folder = run_folder.join("encounters");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

/// Who a box in an exposure belongs to.
fn owner(seen: &Seen, exposure_id: u64, [x0, y0, x1, y1]: [f32; 4]) -> Option<u8> {
    let exposure = seen.exposures.iter().find(|e| e.truth.exposure_id == exposure_id)?;
    assign(&BoxPx { x0, y0, x1, y1 }, &exposure.truth.faces)
}

/// Measures a run. An encounter that failed counts nobody.
pub fn measure(records: &[EncounterRecord]) -> PlainFaces {
    let mut out = PlainFaces::default();
    for (record, seen) in records.iter().filter_map(|r| Some((r, r.seen()?))) {
        for (who, occupant) in record.occupants.iter().zip(0..) {
            let plain: Vec<(u64, &FaceTruth)> = seen
                .exposures
                .iter()
                .flat_map(|e| e.truth.faces.iter().map(|face| (e.truth.exposure_id, face)))
                .filter(|(_, face)| face.occupant == occupant && is_plain_face(face))
                .collect();
            out.qualify.count(!plain.is_empty());
            if who.row >= 2 {
                out.qualify_behind.count(!plain.is_empty());
            }
            if plain.is_empty() {
                continue;
            }
            let name = format!("encounter {}, seat {}", record.encounter, who.seat());
            let detected = seen.decisions.detections.iter().any(|d| {
                plain.iter().any(|(id, _)| *id == d.exposure_id)
                    && owner(seen, d.exposure_id, d.box_px) == Some(occupant)
            });
            out.detected.count(detected);
            if !detected {
                out.misses.push(format!("{name}: not detected"));
            }
            let large = plain.iter().any(|(_, face)| face.inter_eye_px >= RANK_1_INTER_EYE_PX);
            let Some(reference) = who.reference_id.as_ref().filter(|_| large) else { continue };
            let best = seen
                .decisions
                .best_shots
                .iter()
                .filter(|s| owner(seen, s.detection.exposure_id, s.detection.box_px) == Some(occupant))
                .max_by(|a, b| a.detection.quality.overall.total_cmp(&b.detection.quality.overall));
            let first = best.and_then(|shot| shot.candidates.first());
            let hit = first.is_some_and(|c| c.reference_id == *reference);
            out.rank_1.count(hit);
            if !hit {
                let found = match (best, first) {
                    (None, _) => "no best shot".to_owned(),
                    (Some(_), None) => "no candidate".to_owned(),
                    (Some(shot), Some(c)) => format!(
                        "taken for {} ({:.2}, {:.0} px between the eyes)",
                        c.reference_id, c.similarity, shot.detection.quality.inter_eye_px
                    ),
                };
                out.misses.push(format!("{name}: {found}"));
            }
        }
    }
    out
}
