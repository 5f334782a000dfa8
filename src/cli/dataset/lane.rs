//! Lane frames for the detector, and the faces in them, cut out, for the embedder.
use std::path::Path;

use image::{ImageFormat, RgbImage, imageops, imageops::FilterType};
use laneproof_scenarios::scenario::Scenario;
use laneproof_scenes::{people::wear::Wear, stream::stream};
use laneproof_sim::{ExposureRequest, Simulator, encounter::EncounterPlan, truth::FaceTruth};
use rand::Rng;
use serde_json::{Value, json};

use super::{Args, Rows, families};
use crate::{cli::render::requests, session::Failure, world::jpeg};

/// Identities of the lane's people are numbered from here, those of the studio from 0.
const FIRST_IDENTITY: u64 = 1_000_000;
/// More than a vehicle has seats.
const SEATS: u64 = 32;
/// Side of the pictures of faces that are cut out, at most, pixels.
const CUT_SIDE_PX: u32 = 224;
/// What is cut out is so many times as wide as the face box is high or wide: with room for landmarks that are off.
const CUT_MARGIN: f32 = 1.7;

/// Whether anything of a face is to be seen in what the frame shows of it, neither black nor white nor drowned in what a
/// pane mirrors. The bounds are assumptions: well below the demo's pass marks, above what an eye makes nothing of.
fn legible(face: &FaceTruth) -> bool {
    face.contrast >= 0.06 && face.entropy_bits >= 3.5 && (15.0..=240.0).contains(&face.mean_dn)
}

/// Whether a face teaches who it is: legible, most of it seen, not turned away, not too small.
fn teaches(face: &FaceTruth) -> bool {
    legible(face)
        && face.visible_share >= 0.6
        && face.in_frame_share >= 0.95
        && face.yaw_deg.abs() <= 60.0
        && face.inter_eye_px >= 24.0
}

fn identity(k: u64, occupant: u8) -> u64 {
    FIRST_IDENTITY + k * SEATS + u64::from(occupant)
}

/// The face with its surroundings, and its landmarks there.
fn cut(frame: &RgbImage, face: &FaceTruth) -> (RgbImage, [[f32; 2]; 5], [f32; 4]) {
    let b = face.face_box_px;
    let side = ((b.x1 - b.x0).max(b.y1 - b.y0) * CUT_MARGIN).max(8.0);
    let [left, top] = [(b.x0 + b.x1) / 2.0, (b.y0 + b.y1) / 2.0].map(|middle| (middle - side / 2.0).max(0.0).floor());
    let size = [frame.width() as f32 - left, frame.height() as f32 - top].map(|room| room.min(side).max(1.0) as u32);
    let picture = imageops::crop_imm(frame, left as u32, top as u32, size[0], size[1]).to_image();
    let shrink = (CUT_SIDE_PX as f32 / size[0].max(size[1]) as f32).min(1.0);
    let small = size.map(|side| ((side as f32 * shrink) as u32).max(1));
    let picture =
        if shrink < 1.0 { imageops::resize(&picture, small[0], small[1], FilterType::CatmullRom) } else { picture };
    let scale = [0, 1].map(|axis| small[axis] as f32 / size[axis] as f32);
    let place = |[x, y]: [f32; 2]| [(x - left) * scale[0], (y - top) * scale[1]];
    let [x0, y0] = place([b.x0, b.y0]);
    let [x1, y1] = place([b.x1, b.y1]);
    (picture, face.landmarks_px.map(place), [x0, y0, x1, y1])
}

fn face_row(plan: Option<&EncounterPlan>, face: &FaceTruth) -> Value {
    let b = face.face_box_px;
    let mut row = json!({
        "box": [b.x0, b.y0, b.x1, b.y1],
        "landmarks": face.landmarks_px,
        "visible_share": face.visible_share,
        "yaw_deg": face.yaw_deg,
        "legible": legible(face),
    });
    if let Some(o) = plan.and_then(|plan| plan.occupants.get(face.occupant as usize)) {
        row["held_out"] = json!(families::holds_out_person(&o.identity, o.appearance.hair_style));
        row["groups"] = families::groups(&o.identity);
    }
    row
}

/// Portraits of those who were cut out, as their documents show them. Given by the identities' numbers.
fn portraits(
    folder: &Path,
    simulator: &mut Simulator,
    plan: &EncounterPlan,
    k: u64,
    seen: &[u8],
) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for &occupant in seen {
        let o = &plan.occupants[occupant as usize];
        let made = simulator.document(&o.identity, o.document)?;
        let number = identity(k, occupant);
        let name = format!("faces/{number}-portrait.jpg");
        std::fs::write(folder.join(&name), &made.jpeg).map_err(|e| Failure::io(folder, e))?;
        let b = made.picture.face_box_px;
        rows.push(json!({
            "file": name, "identity": number, "kind": "portrait", "box": [b.x0, b.y0, b.x1, b.y1],
            "landmarks": made.picture.landmarks_px, "worn": false,
            "held_out": families::holds_out_person(&o.identity, o.identity.hair_style),
            "groups": families::groups(&o.identity),
        }));
    }
    Ok(rows)
}

/// Frames of every encounter, and the faces in them. Whole encounters are written, or none of it.
pub(super) fn write(args: &Args, scenarios: &[Scenario], simulator: &mut Simulator) -> Result<(), Failure> {
    let [detector, embedder] = ["detector", "embedder"].map(|kind| args.out.join(kind));
    for folder in [detector.join("frames"), embedder.join("faces")] {
        std::fs::create_dir_all(&folder).map_err(|e| Failure::io(&folder, e))?;
    }
    let [mut frame_rows, mut face_rows] = [(&detector, "frames.jsonl"), (&embedder, "lane-faces.jsonl")]
        .map(|(folder, name)| Rows::new(folder.join(name)));
    let done = Rows::new(detector.join("encounters.done"));
    for k in done.count()..args.encounters {
        let plan = families::encounter(scenarios, args.seed, k);
        let held_out = families::holds_out_encounter(&plan);
        let mut rng = stream(args.seed, k, "dataset exposures");
        let staged = simulator.stage(&plan)?;
        let mut seen = Vec::new();
        let mut earlier: Vec<Vec<ExposureRequest>> = vec![Vec::new(); plan.rig.cameras.len()];
        for mut request in requests(&staged, false) {
            request.exposure_us *= 2.0_f32.powf(rng.random_range(-1.5..1.0));
            let before = &mut earlier[request.camera_index];
            let exposure = simulator.expose_after(&staged, &request, before)?;
            before.push(request);
            let name = format!("frames/{k:05}_{:02}.jpg", request.exposure_id);
            let path = detector.join(&name);
            std::fs::write(&path, &exposure.jpeg).map_err(|e| Failure::io(&path, e))?;
            let truth = &exposure.truth;
            // A detector finds faces, whichever vehicle they are in.
            let own = truth.faces.iter().map(|face| (Some(&plan), face));
            let others = truth.others.iter().map(|other| (None, &other.face));
            let shown = own.chain(others).filter(|(_, face)| face.in_frame_share > 0.0);
            let faces: Vec<_> = shown.map(|(plan, face)| face_row(plan, face)).collect();
            frame_rows.push(&json!({ "file": name, "held_out": held_out, "faces": faces }));
            let frame = image::load_from_memory_with_format(&exposure.jpeg, ImageFormat::Jpeg)
                .map_err(|e| Failure::setup(format!("a frame of this run cannot be read back: {e}")))?
                .into_rgb8();
            for face in truth.faces.iter().filter(|face| teaches(face)) {
                let o = &plan.occupants[face.occupant as usize];
                let number = identity(k, face.occupant);
                let (picture, landmarks, bounds) = cut(&frame, face);
                let name = format!("faces/{number}-{:02}.jpg", request.exposure_id);
                let bytes = jpeg(picture.as_raw(), picture.width(), picture.height(), 95).map_err(Failure::setup)?;
                std::fs::write(embedder.join(&name), bytes).map_err(|e| Failure::io(&embedder, e))?;
                face_rows.push(&json!({
                    "file": name, "identity": number, "kind": "crossing", "box": bounds, "landmarks": landmarks,
                    "worn": o.appearance.wear != Wear::default() || face.worn_share > 0.0,
                    "held_out": held_out || families::holds_out_person(&o.identity, o.appearance.hair_style),
                    "groups": families::groups(&o.identity),
                }));
                if !seen.contains(&face.occupant) {
                    seen.push(face.occupant);
                }
            }
        }
        for row in portraits(&embedder, simulator, &plan, k, &seen)? {
            face_rows.push(&row);
        }
        frame_rows.write()?;
        face_rows.write()?;
        let mut mark = Rows::new(done.path.clone());
        mark.push(&json!(k));
        mark.write()?;
        println!("frames of encounter {} of {}", k + 1, args.encounters);
    }
    Ok(())
}
