//! Faces of people who meet no lane, each under many lights: what the embedder learns most of its people from.
use std::sync::Arc;

use laneproof_scenes::{
    document::DocumentKind,
    people::{
        Appearance, Demographics, Identity, Person, Posed, Posture,
        wear::{Wear, WearShares},
    },
    stream::stream,
};
use laneproof_sim::{FaceView, Light, Simulator, studio_light};
use rand::Rng;
use serde_json::json;

use super::{Args, Rows, families};
use crate::{session::Failure, world::jpeg};

/// A face turned and lit as it may be in a lane.
fn crossing<R: Rng>(person: &Person, rng: &mut R, studio: &(Arc<Light>, [f32; 3])) -> (Posed, FaceView) {
    let mut degrees = |spread: f32| (rng.random_range(-1.0_f32..1.0) + rng.random_range(-1.0_f32..1.0)) * 0.5 * spread;
    let posture = Posture {
        head_yaw_rad: degrees(45.0).to_radians(),
        head_pitch_rad: degrees(22.0).to_radians(),
        head_roll_rad: degrees(18.0).to_radians(),
        ..Posture::default()
    };
    let posed = person.seated(0, &posture);
    let eyes = (posed.landmarks.left_pupil_m + posed.landmarks.right_pupil_m) * 0.5;
    let shift = glam::Affine3A::from_translation(-eyes);
    let posed = posed.moved(shift);
    // Half of the pictures under one strong lamp from anywhere in front, as sun through a window is.
    let (soft, white) = studio;
    let light = if rng.random_bool(0.5) {
        let direction =
            glam::Vec3::new(rng.random_range(-1.0..1.0), rng.random_range(0.0..1.2), rng.random_range(-0.2..1.0));
        let strength = rng.random_range(0.3..2.5) * white[1] * std::f32::consts::PI;
        let mut lit = Light::clone(soft);
        lit.sun_direction = direction.try_normalize().or(Some(glam::Vec3::Z));
        lit.sun_irradiance = [strength; 3];
        Arc::new(lit)
    } else {
        soft.clone()
    };
    let exposure = 2.0_f32.powf(rng.random_range(-1.0..1.2));
    let tint = [rng.random_range(0.88..1.12), 1.0, rng.random_range(0.85..1.15)];
    let view = FaceView {
        camera_m: glam::Vec3::new(rng.random_range(-0.8..0.8), rng.random_range(-0.1..1.1), 4.0),
        look_at_m: glam::Vec3::new(0.0, -0.02, 0.0),
        focal_length_px: 4.0 * rng.random_range(1050.0..1500.0),
        width_px: 224,
        height_px: 224,
        light,
        white_radiance: std::array::from_fn(|i| white[i] * exposure * tint[i]),
    };
    (posed, view)
}

/// How a person presents themselves besides the portrait: the first time with nothing on, then as the lane's travellers do.
fn days(seed: u64, k: u64, who: &Identity, worn: &WearShares) -> [Appearance; 3] {
    let mut rng = stream(seed, k, "dataset days");
    let [second, mut third] = [0; 2].map(|_| Appearance::another_day(who, &mut rng));
    third.wear = Wear::sample(worn, who, &mut stream(seed, k, "dataset wear"));
    [Appearance::of_portrait(who), second, third]
}

/// Portraits as documents show them, and other days' pictures of the same people.
pub(super) fn write(args: &Args, worn: &WearShares, simulator: &mut Simulator) -> Result<(), Failure> {
    const BATCH: u64 = 8;
    let folder = args.out.join("embedder");
    std::fs::create_dir_all(folder.join("faces")).map_err(|e| Failure::io(&folder, e))?;
    let mut rows = Rows::new(folder.join("faces.jsonl"));
    let studio = studio_light();
    let mut next = rows.count() / (u64::from(args.views) + 1);
    while next < args.identities {
        let batch: Vec<u64> = (next..(next + BATCH).min(args.identities)).collect();
        let looks: Vec<(Identity, Appearance)> = batch
            .iter()
            .flat_map(|&k| {
                let who = Identity::sample(&Demographics::default(), &mut stream(args.seed, k, "dataset identity"));
                days(args.seed, k, &who, worn).map(|day| (who.clone(), day))
            })
            .collect();
        let people = simulator.bake(&looks);
        for (i, &k) in batch.iter().enumerate() {
            let (looks, people) = (&looks[3 * i..], &people[3 * i..]);
            let who = &looks[0].0;
            let mut rng = stream(args.seed, k, "dataset views");
            for view in 0..=args.views {
                // The pictures after the portrait show one other day or the other.
                let day = if view == 0 { 0 } else { 1 + (view as usize % 2) };
                let (bytes, picture, kind) = if view == 0 {
                    let document = DocumentKind::ALL[rng.random_range(0..DocumentKind::ALL.len())];
                    let made = simulator.document(who, document)?;
                    (made.jpeg, made.picture, "portrait")
                } else {
                    let (posed, how) = crossing(&people[day], &mut rng, &studio);
                    let picture = simulator.photograph(&posed, &how)?;
                    let bytes = jpeg(&picture.rgb, picture.width, picture.height, 90).map_err(Failure::setup)?;
                    (bytes, picture, "crossing")
                };
                let name = format!("faces/{k:05}_{view:02}.jpg");
                let path = folder.join(&name);
                std::fs::write(&path, bytes).map_err(|e| Failure::io(&path, e))?;
                let b = picture.face_box_px;
                let look = &looks[day].1;
                rows.push(&json!({
                    "file": name,
                    "identity": k,
                    "kind": kind,
                    "box": [b.x0, b.y0, b.x1, b.y1],
                    "landmarks": picture.landmarks_px,
                    "worn": look.wear != Wear::default(),
                    "held_out": families::holds_out_person(who, look.hair_style),
                    "groups": families::groups(who),
                }));
            }
            rows.write()?;
        }
        next += batch.len() as u64;
        if next.is_multiple_of(40) {
            println!("faces of {next} of {} identities", args.identities);
        }
    }
    Ok(())
}
