//! `laneproof dataset`: training data for detector and embedder, from people whom no scenario ever meets.
use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use laneproof_scenarios::{exit, plan::plan, scenario::Scenario};
use laneproof_scenes::{
    catalogue::{Daylight, Sky},
    people::{Appearance, Demographics, Identity, Person, Posed, Posture},
    stream::stream,
};
use laneproof_sim::{ExposureRequest, FaceView, Light, Simulator, studio_light};
use rand::Rng;
use serde_json::json;

use crate::{
    cli::render::requests,
    session::{self, Choices, Failure},
    world::jpeg,
};

/// Write training data: lane frames with boxes, and faces of many people under many lights
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario whose lane, rig and traffic the frames come from; its seed is replaced
    pub scenario: PathBuf,
    /// Folder to write to; what is there already is kept and gone on from
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Seed; scenarios use others, so that no identity is shared
    #[arg(long)]
    pub seed: u64,
    /// Encounters for the detector
    #[arg(long, default_value_t = 60)]
    pub encounters: u64,
    /// Identities for the embedder
    #[arg(long, default_value_t = 1500)]
    pub identities: u64,
    /// Pictures of each identity besides its portrait
    #[arg(long, default_value_t = 7)]
    pub views: u32,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    File::options().create(true).append(true).open(path).map(BufWriter::new).map_err(|e| Failure::io(path, e))
}

fn lines(path: &Path) -> u64 {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count() as u64)
}

/// The same day and place at an hour between eight and six, one time in four under an overcast sky.
pub(super) fn another_hour<R: Rng>(daylight: &Daylight, rng: &mut R) -> Daylight {
    let mut other = daylight.clone();
    let hour = rng.random_range(8..18);
    let minute = rng.random_range(0..60);
    if let Some((date, rest)) = daylight.time.split_once('T') {
        let offset = rest.get(8..).unwrap_or("Z");
        other.time = format!("{date}T{hour:02}:{minute:02}:00{offset}");
    }
    if rng.random_bool(0.25) {
        other.sky = Sky::Overcast;
    }
    other
}

/// Lane frames: every exposure of every encounter. Whole encounters are written, or none of it.
fn frames(args: &Args, simulator: &mut Simulator) -> Result<(), Failure> {
    let folder = args.out.join("detector");
    std::fs::create_dir_all(folder.join("frames")).map_err(|e| Failure::io(&folder, e))?;
    let list = folder.join("frames.jsonl");
    let done = folder.join("encounters.done");
    let mut scenario = Scenario::open(&args.scenario)?;
    scenario.file.seed = args.seed;
    for k in lines(&done)..args.encounters {
        // Light differs from encounter to encounter: any hour from three after sunrise on the scenario's day.
        let mut rng = stream(args.seed, k, "dataset light");
        let mut plan = plan(&scenario, k);
        plan.daylight = another_hour(&plan.daylight, &mut rng);
        let staged = simulator.stage(&plan)?;
        let mut text = String::new();
        let mut earlier: Vec<Vec<ExposureRequest>> = vec![Vec::new(); staged.plan.rig.cameras.len()];
        for mut request in requests(&staged, false) {
            request.exposure_us *= 2.0_f32.powf(rng.random_range(-1.5..1.0));
            let before = &mut earlier[request.camera_index];
            let exposure = simulator.expose_after(&staged, &request, before)?;
            before.push(request);
            let name = format!("frames/{k:05}_{:02}.jpg", request.exposure_id);
            let path = folder.join(&name);
            std::fs::write(&path, &exposure.jpeg).map_err(|e| Failure::io(&path, e))?;
            let truth = &exposure.truth;
            let faces: Vec<_> = truth
                .faces
                .iter()
                // A detector finds faces, whichever vehicle they are in.
                .chain(truth.others.iter().map(|other| &other.face))
                .filter(|face| face.in_frame_share > 0.0)
                .map(|face| {
                    let b = face.face_box_px;
                    json!({
                        "box": [b.x0, b.y0, b.x1, b.y1],
                        "landmarks": face.landmarks_px,
                        "visible_share": face.visible_share,
                        "yaw_deg": face.yaw_deg,
                    })
                })
                .collect();
            text.push_str(&json!({ "file": name, "faces": faces }).to_string());
            text.push('\n');
        }
        let mut out = create(&list)?;
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::io(&list, e))?;
        let mut mark = create(&done)?;
        writeln!(mark, "{k}").and_then(|()| mark.flush()).map_err(|e| Failure::io(&done, e))?;
        println!("frames of encounter {} of {}", k + 1, args.encounters);
    }
    Ok(())
}

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

fn faces(args: &Args, simulator: &mut Simulator) -> Result<(), Failure> {
    const BATCH: u64 = 8;
    let folder = args.out.join("embedder");
    std::fs::create_dir_all(folder.join("faces")).map_err(|e| Failure::io(&folder, e))?;
    let list = folder.join("faces.jsonl");
    let per_identity = u64::from(args.views) + 1;
    let studio = studio_light();
    let mut next = lines(&list) / per_identity;
    while next < args.identities {
        let batch: Vec<u64> = (next..(next + BATCH).min(args.identities)).collect();
        // The portrait's day, then two others: the pictures after the portrait show one or the other.
        let looks: Vec<(Identity, Appearance)> = batch
            .iter()
            .flat_map(|&k| {
                let who = Identity::sample(&Demographics::default(), &mut stream(args.seed, k, "dataset identity"));
                let mut days = stream(args.seed, k, "dataset days");
                let first = Appearance::of_portrait(&who);
                let [second, third] = [0; 2].map(|_| Appearance::another_day(&who, &mut days));
                [first, second, third].map(|day| (who.clone(), day))
            })
            .collect();
        let people = simulator.bake(&looks);
        for (&k, days) in batch.iter().zip(people.chunks_exact(3)) {
            let mut rng = stream(args.seed, k, "dataset views");
            let portrait = FaceView { width_px: 224, height_px: 224, focal_length_px: 2300.0, ..FaceView::portrait() };
            let mut text = String::new();
            for view in 0..=args.views {
                let (posed, how, kind) = if view == 0 {
                    (days[0].portrait(), portrait.clone(), "portrait")
                } else {
                    let (posed, how) = crossing(&days[1 + (view as usize % 2)], &mut rng, &studio);
                    (posed, how, "crossing")
                };
                let picture = simulator.photograph(&posed, &how)?;
                let name = format!("faces/{k:05}_{view:02}.jpg");
                let path = folder.join(&name);
                let bytes = jpeg(&picture, 90).map_err(Failure::setup)?;
                std::fs::write(&path, bytes).map_err(|e| Failure::io(&path, e))?;
                let b = picture.face_box_px;
                let line = json!({
                    "file": name,
                    "identity": k,
                    "kind": kind,
                    "box": [b.x0, b.y0, b.x1, b.y1],
                    "landmarks": picture.landmarks_px,
                });
                text.push_str(&line.to_string());
                text.push('\n');
            }
            let mut out = create(&list)?;
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::io(&list, e))?;
        }
        next += batch.len() as u64;
        if next.is_multiple_of(40) {
            println!("faces of {next} of {} identities", args.identities);
        }
    }
    Ok(())
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let mut world = session::open_world(&args.choices)?;
    frames(args, &mut world.simulator)?;
    faces(args, &mut world.simulator)?;
    Ok(exit::DONE)
}
