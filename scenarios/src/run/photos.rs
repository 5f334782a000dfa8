//! Photographs of a crossing that join the gallery for later ones.
//!
//! The gallery's state is a fold over encounters in the order of their index: before an encounter it holds the travellers'
//! references and what the encounters before it left. A resumed run folds what it finds done, so it comes to the same.
use std::collections::BTreeMap;

use jpeg_encoder::ColorType;
use lane_stack::client::{Decisions, Frame, FrameEncoding, StackClient, StackError};

use super::{RunError, folder::RunFolder, frames::encode, record::EncounterRecord};
use crate::{marks::cut_face, scenario::ValidationRule, score::judge};

/// Sides of a photograph over those of the face's box: about what a document's portrait shows round a face.
const ROUND_THE_FACE: f32 = 2.2;
/// Between a person's reference and what tells their photographs apart: "e003-r1-left@2-1" is the first of crossing 2.
const PHOTO_MARK: char = '@';
/// Quality of the JPEG file that a photograph is enrolled as.
const QUALITY: u8 = 95;

/// Enrols every claimed shot of an encounter under the reference of the person whom it shows, and says which the stack refused.
pub(super) fn keep(
    record: &EncounterRecord,
    rule: &ValidationRule,
    stack: &mut dyn StackClient,
    folder: &RunFolder,
) -> Result<Vec<(String, String)>, RunError> {
    let Some(seen) = record.seen() else { return Ok(Vec::new()) };
    let mut refused = Vec::new();
    let mut of_person: BTreeMap<&str, u32> = BTreeMap::new();
    for judged in judge(seen, rule).iter().filter(|judged| judged.shot.valid) {
        let detection = &judged.shot.detection;
        let who = judged.owner.occupant().and_then(|o| record.occupants.get(usize::from(o)));
        let Some(reference) = who.and_then(|who| who.reference_id.as_deref()) else { continue };
        let count = of_person.entry(reference).or_default();
        *count += 1;
        let id = format!("{reference}{PHOTO_MARK}{}-{count}", record.conditions.crossing);
        let exposure = seen.exposures.iter().find(|e| e.truth.exposure_id == detection.exposure_id);
        let Some(exposure) = exposure else { continue };
        let photo = photo(folder, &exposure.frame, detection.box_px)?;
        let answer = match photo {
            Ok(bytes) => stack.enrol(&id, &frame(detection.exposure_id, &detection.camera_id, bytes)),
            Err(reason) => Err(StackError::Enrolment { reference_id: id.clone(), reason }),
        };
        match answer {
            Ok(()) => {}
            // A stack that is gone, or whose model fails, would refuse everybody.
            Err(gone @ (StackError::Unreachable { .. } | StackError::Model { .. })) => {
                return Err(RunError::Setup(gone.to_string()));
            }
            Err(other) => refused.push((id, other.to_string())),
        }
    }
    Ok(refused)
}

/// Names persons in place of their photographs: whoever is matched to one is matched to the person.
pub(super) fn by_person(decisions: &mut Decisions) {
    let cut = |id: &mut String| {
        if let Some(end) = id.find(PHOTO_MARK) {
            id.truncate(end);
        }
    };
    for shot in &mut decisions.best_shots {
        shot.matched.iter_mut().for_each(cut);
        shot.candidates.iter_mut().for_each(|candidate| cut(&mut candidate.reference_id));
    }
}

/// The face cut out of a kept frame, as a JPEG file; why not, where that cannot be.
fn photo(folder: &RunFolder, name: &str, box_px: [f32; 4]) -> Result<Result<Vec<u8>, String>, RunError> {
    let Some(bytes) = folder.read(name)? else { return Ok(Err(format!("{name} is gone"))) };
    let [x0, y0, x1, y1] = box_px;
    let cut = || {
        let frame = image::load_from_memory(&bytes).map_err(|e| format!("{name}: {e}"))?.into_rgb8();
        let of_face = laneproof_exchange::truth::BoxPx { x0, y0, x1, y1 };
        let cut = cut_face(&frame, &of_face, ROUND_THE_FACE).ok_or("the face is not in the frame")?;
        encode(cut.as_raw(), cut.width(), cut.height(), ColorType::Rgb, 3, QUALITY)
    };
    Ok(cut())
}

fn frame(exposure_id: u64, camera_id: &str, bytes: Vec<u8>) -> Frame {
    Frame {
        exposure_id,
        camera_id: camera_id.to_owned(),
        mid_exposure_us: 0,
        exposure_us: 0.0,
        gain_db: 0.0,
        encoding: FrameEncoding::Jpeg,
        bytes,
    }
}
