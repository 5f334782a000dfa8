//! The ledger: one Parquet row per occupant and one per exposure, in the order of encounters; and one per person in another
//! vehicle, where there was any.
mod table;
#[cfg(test)]
mod tests;

use table::Table;

use crate::{
    run::{
        RunError,
        record::{EncounterRecord, ExposureRecord},
    },
    score::{EncounterScore, MIN_VISIBLE_SHARE, OccupantScore, OtherOccupantScore, OtherVehicleScore, Stage},
};

/// A serialised enum's name, as in the JSON files.
fn name_of<T: serde::Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

/// `occupants.parquet`: one row per occupant of an encounter that was done.
pub fn occupants(scores: &[EncounterScore]) -> Result<Vec<u8>, RunError> {
    let rows: Vec<&OccupantScore> = scores.iter().flat_map(|s| &s.occupants).collect();
    let of_encounter: Vec<&EncounterScore> = scores.iter().flat_map(|s| s.occupants.iter().map(move |_| s)).collect();
    let face = |o: &&OccupantScore| o.best.as_ref().map(|b| b.face.clone());
    let mut t = Table::default();
    t.column("encounter", &rows, |o| o.encounter);
    t.column("occupant", &rows, |o| o.occupant);
    t.column("weight", &of_encounter, |s| s.weight);
    t.column("vehicle", &rows, |o| o.vehicle.clone());
    t.column("local_hour", &rows, |o| o.conditions.local_hour);
    t.column("month", &rows, |o| o.conditions.month);
    t.column("sun_elevation_deg", &rows, |o| o.conditions.sun_elevation_deg);
    t.column("sky", &rows, |o| name_of(&o.conditions.sky));
    t.column("approach_speed_mps", &rows, |o| o.conditions.approach_speed_mps);
    t.column("side_window_transmittance", &rows, |o| o.conditions.beside_row(o.who.row));
    t.column("row", &rows, |o| o.who.row);
    t.column("side", &rows, |o| o.who.side.clone());
    t.column("age_years", &rows, |o| o.who.age_years);
    t.column("sex", &rows, |o| o.who.sex);
    t.column("monk_tone", &rows, |o| o.who.monk_tone);
    t.column("behaviour", &rows, |o| name_of(&o.who.behaviour));
    t.column("child_seat", &rows, |o| o.who.child_seat.as_ref().and_then(name_of));
    t.column("worn", &rows, |o| {
        let worn: Vec<String> = o.who.worn.iter().filter_map(name_of).collect();
        (!worn.is_empty()).then(|| worn.join(" "))
    });
    t.column("reference_id", &rows, |o| o.who.reference_id.clone());
    t.column("document", &rows, |o| o.who.reference_id.is_some().then(|| o.who.document.name().to_owned()));
    t.column("outcome", &rows, |o| name_of(&o.outcome));
    t.column("stage", &rows, |o| name_of(&Stage::of(o)));
    t.column("cause", &rows, |o| o.cause.as_ref().and_then(name_of));
    t.column("detected", &rows, |o| o.detected);
    t.column("claimed", &rows, |o| o.claimed);
    t.column("verified", &rows, |o| o.outcome.is_captured());
    t.column("over_claimed", &rows, |o| o.over_claimed);
    t.column("under_claimed", &rows, |o| o.under_claimed);
    t.column("false_match", &rows, |o| o.false_match.clone());
    t.column("similarity", &rows, |o| o.similarity);
    t.column("own_similarity", &rows, |o| o.own_similarity);
    t.column("other_similarity", &rows, |o| o.other_similarity);
    t.column("rank_1", &rows, |o| o.rank_1);
    t.column("plain_face", &rows, |o| o.plain);
    t.column("plain_face_detected", &rows, |o| o.plain_detected);
    t.column("shot_exposure_id", &rows, |o| o.shot.as_ref().map(|s| s.exposure_id));
    t.column("best_exposure_id", &rows, |o| o.best.as_ref().map(|b| b.exposure_id));
    t.column("best_camera", &rows, |o| o.best.as_ref().map(|b| b.camera_id.clone()));
    t.column("best_inter_eye_px", &rows, |o| face(o).map(|f| f.inter_eye_px));
    t.column("best_yaw_deg", &rows, |o| face(o).map(|f| f.yaw_deg));
    t.column("best_pitch_deg", &rows, |o| face(o).map(|f| f.pitch_deg));
    t.column("best_roll_deg", &rows, |o| face(o).map(|f| f.roll_deg));
    t.column("best_distance_m", &rows, |o| face(o).map(|f| f.distance_m));
    t.column("best_visible_share", &rows, |o| face(o).map(|f| f.visible_share));
    t.column("best_occluder", &rows, |o| face(o).and_then(|f| f.occluder).as_ref().and_then(name_of));
    t.column("best_pane_transmittance", &rows, |o| face(o).map(|f| f.pane_transmittance));
    t.column("best_transmitted_radiance", &rows, |o| face(o).map(|f| f.transmitted_radiance));
    t.column("best_veiling_radiance", &rows, |o| face(o).map(|f| f.veiling_radiance));
    t.column("best_photons_per_px", &rows, |o| face(o).map(|f| f.photons_per_px));
    t.column("best_motion_blur_px", &rows, |o| face(o).map(|f| f.motion_blur_px));
    t.column("best_defocus_px", &rows, |o| face(o).map(|f| f.defocus_px));
    t.column("best_mean_dn", &rows, |o| face(o).map(|f| f.mean_dn));
    t.column("best_over_exposed_share", &rows, |o| face(o).map(|f| f.over_exposed_share));
    t.column("best_entropy_bits", &rows, |o| face(o).map(|f| f.entropy_bits));
    t.column("best_contrast", &rows, |o| face(o).map(|f| f.contrast));
    // One column a factor: a number where it is one everywhere, else a text.
    for key in scores.first().map(|s| s.factors.iter().map(|f| f.key.clone()).collect::<Vec<_>>()).unwrap_or_default() {
        let value = |s: &EncounterScore| s.factors.iter().find(|f| f.key == key).map(|f| f.value.clone());
        let name = format!("factor {key}");
        if of_encounter.iter().all(|s| value(s).is_some_and(|v| v.is_number())) {
            t.column(name, &of_encounter, |s| value(s).and_then(|v| v.as_f64()));
        } else {
            t.column(name, &of_encounter, |s| {
                value(s).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
            });
        }
    }
    t.to_parquet()
}

/// `other-vehicles.parquet`: one row per person in another vehicle of an encounter that was done; `None` where all were alone.
pub fn other_vehicles(scores: &[EncounterScore]) -> Result<Option<Vec<u8>>, RunError> {
    let vehicles = scores.iter().flat_map(|s| s.others.iter().map(|other| (s.encounter, other)));
    let rows: Vec<(u64, &OtherVehicleScore, &OtherOccupantScore)> =
        vehicles.flat_map(|(k, other)| other.occupants.iter().map(move |o| (k, other, o))).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut t = Table::default();
    t.column("encounter", &rows, |(k, ..)| *k);
    t.column("place", &rows, |(_, other, _)| other.place.name().to_owned());
    t.column("vehicle", &rows, |(_, other, _)| other.vehicle.clone());
    t.column("gap_m", &rows, |(_, other, _)| other.gap_m);
    t.column("occupant", &rows, |(.., o)| o.occupant);
    t.column("row", &rows, |(.., o)| o.who.row);
    t.column("side", &rows, |(.., o)| o.who.side.clone());
    t.column("age_years", &rows, |(.., o)| o.who.age_years);
    t.column("sex", &rows, |(.., o)| o.who.sex);
    t.column("monk_tone", &rows, |(.., o)| o.who.monk_tone);
    t.column("reference_id", &rows, |(.., o)| o.who.reference_id.clone());
    t.column("exposures_seen", &rows, |(.., o)| o.exposures_seen);
    t.column("largest_inter_eye_px", &rows, |(.., o)| o.largest_inter_eye_px);
    t.column("detections", &rows, |(.., o)| o.counts.detections);
    t.column("cross_vehicle_errors", &rows, |(.., o)| o.counts.errors);
    t.column("matched_to_occupants", &rows, |(.., o)| o.counts.matched_to_occupants);
    t.column("matched_to_themselves", &rows, |(.., o)| o.counts.matched_to_themselves);
    t.column("matched_to_others", &rows, |(.., o)| o.counts.matched_to_others);
    t.column("matched_to", &rows, |(.., o)| (!o.matched_to.is_empty()).then(|| o.matched_to.join(" ")));
    t.to_parquet().map(Some)
}

/// `exposures.parquet`: one row per exposure of an encounter that was done; where a stack asked for more, whether it was one more
/// and how many persons the stack asked for; of video, where there is any, what coding made of it.
pub fn exposures(records: &[EncounterRecord], scores: &[EncounterScore]) -> Result<Vec<u8>, RunError> {
    let mut rows: Vec<(u64, &ExposureRecord, u64)> = Vec::new();
    for record in records.iter().filter(|r| scores.iter().any(|s| s.encounter == r.encounter)) {
        let Some(seen) = record.seen() else { continue };
        for exposure in &seen.exposures {
            let id = exposure.truth.exposure_id;
            let detections = seen.decisions.detections.iter().filter(|d| d.exposure_id == id).count();
            rows.push((record.encounter, exposure, detections as u64));
        }
    }
    let visible =
        |e: &ExposureRecord| e.truth.faces.iter().filter(|f| f.visible_share >= MIN_VISIBLE_SHARE).count() as u64;
    let mut t = Table::default();
    t.column("encounter", &rows, |(k, ..)| *k);
    t.column("exposure_id", &rows, |(_, e, _)| e.truth.exposure_id);
    t.column("camera", &rows, |(_, e, _)| e.truth.camera_id.clone());
    t.column("mid_exposure_us", &rows, |(_, e, _)| e.truth.mid_exposure_us);
    t.column("exposure_us", &rows, |(_, e, _)| e.truth.exposure_us);
    t.column("gain_db", &rows, |(_, e, _)| e.gain_db);
    t.column("speed_mps", &rows, |(_, e, _)| e.truth.speed_mps);
    t.column("visible_faces", &rows, |(_, e, _)| visible(e));
    t.column("detections", &rows, |(.., n)| *n);
    t.column("controls", &rows, |(_, e, _)| e.controls.len() as u64);
    t.column("cross_check_differs", &rows, |(_, e, _)| e.cross_check_differs);
    t.column("refused", &rows, |(_, e, _)| e.refused.clone());
    t.column("frame", &rows, |(_, e, _)| e.frame.clone());
    if rows.iter().any(|(_, e, _)| e.extra || !e.need_more.is_empty()) {
        t.column("extra", &rows, |(_, e, _)| e.extra);
        t.column("more_asked", &rows, |(_, e, _)| e.need_more.len() as u64);
    }
    if rows.iter().any(|(_, e, _)| e.truth.video.is_some()) {
        t.column("coded_bytes", &rows, |(_, e, _)| e.truth.video.map(|video| video.coded_bytes));
        t.column("coded_intra", &rows, |(_, e, _)| e.truth.video.map(|video| video.intra));
        t.column("coding_error_rms_dn", &rows, |(_, e, _)| e.truth.video.map(|video| video.error_rms_dn));
    }
    t.to_parquet()
}
