//! `laneproof people measure`: how findable and how different synthetic people are, by the models of others.
use std::path::{Path, PathBuf};

use lane_stack::{InProcessStack, client::StackClient as _, judges::Judges, picture::Picture};
use laneproof_assets::Cache;
use laneproof_scenarios::{exit, scenario::Scenario};
use laneproof_scenes::{
    catalogue::{Daylight, LaneSpec},
    document::DocumentKind,
    people::{Appearance, Demographics, Identity, Person, Posed, Posture},
    stream::stream,
};
use laneproof_sim::{FaceView, LaneLight, PortraitPicture, Simulator, truth::BoxPx};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{
    cost, found,
    journal::Journal,
    judged::{self, Judged},
    table,
    variants::{PLAIN, VARIANTS},
};
use crate::{
    cli::dataset::another_hour,
    session::{self, Choices, Failure},
};

/// Measure people: detection by group, similarity of the same and of different people, head measures
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario whose lane and day light the crossing pictures
    pub scenario: PathBuf,
    /// How many people
    #[arg(long, default_value_t = 200)]
    pub count: u64,
    /// Seed of the identities
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Renders of each skin tone that detectors are asked to find a plain face in, besides the people above
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub renders_per_group: u64,
    /// Folder for the measurements; people measured there before are kept and gone on from
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Folder of models; a folder as `laneproof run` takes it
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// Stack configuration that names a detector and an embedder of that folder; one for each pair to be measured
    #[arg(long, value_name = "FILE", requires = "models")]
    pub stack_config: Vec<PathBuf>,
    /// Part of the name or driver of the Vulkan adapter
    #[arg(long, env = "LANEPROOF_ADAPTER", value_name = "NAME")]
    pub adapter: Option<String>,
}

/// How a person was pictured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum View {
    /// As enrolled: the photograph of a passport.
    Portrait,
    /// As in a lane, without glass: turned by up to 25°, at least 90 px between the eyes, daylight of some hour.
    Crossing,
}

/// What one stack made of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    /// Index of the stack.
    pub stack: usize,
    /// Which picture.
    pub view: View,
    /// What was worn; see [`VARIANTS`]. Portraits are plain.
    pub variant: String,
    /// Score of the detection that overlaps the face best; `None` when none does.
    pub score: Option<f32>,
    /// Embedding of the face on that detection's landmarks, unit length.
    pub embedding: Option<Vec<f32>>,
}

/// One person's measurements: a line of `people.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub person: u64,
    pub age_years: f32,
    pub sex: f32,
    pub monk_tone: u8,
    pub interpupillary_mm: f32,
    pub head_height_mm: f32,
    pub stature_mm: f32,
    pub looks: Vec<Look>,
    pub judged: Vec<Judged>,
}

/// A pair of models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StackHead {
    pub detector: String,
    pub embedder: String,
    pub match_threshold: f32,
}

/// What a folder of measurements was made with: it is gone on from only with the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    pub version: String,
    pub scenario_hash: String,
    pub seed: u64,
    pub adapter: String,
    pub stacks: Vec<StackHead>,
    pub judges: Vec<String>,
}

/// Score from which a detection counts, as in the models' own documentation.
pub(super) const DETECTION_SCORE: f32 = 0.6;
/// Least overlap of a detection with the face's projected box, as in scoring.
const MIN_IOU: f32 = laneproof_scenarios::score::MIN_IOU;

/// People after which caches are full and memory should grow by the kept embeddings alone.
const SETTLED_AFTER: u64 = 500;

impl Args {
    fn open_stacks(&self) -> Result<Vec<InProcessStack>, Failure> {
        let choices = |stack_config| Choices { adapter: None, models: self.models.clone(), stack_config };
        if self.stack_config.is_empty() {
            return Ok(vec![session::open_stack(&choices(None), "default")?]);
        }
        self.stack_config.iter().map(|config| session::open_stack(&choices(Some(config.clone())), "default")).collect()
    }
}

/// The judges of a folder of models, and what is told about those that are missing.
fn open_judges(models: Option<&Path>) -> Result<Option<Judges>, Failure> {
    let Some(folder) = models else {
        println!("judges are left out: --models names no folder that could hold them");
        return Ok(None);
    };
    let library = Cache::open()?.onnxruntime(&mut session::told)?;
    let judges = Judges::open(folder, Some(&library)).map_err(Failure::setup)?;
    if !judges.missing().is_empty() {
        println!("left out: {} is not in {}", judges.missing().join(", "), folder.display());
    }
    Ok(Some(judges))
}

fn describe(stack: &InProcessStack) -> StackHead {
    let pairs = stack.describe();
    let of =
        |what: &str| pairs.iter().find(|(name, _)| name == what).map(|(_, which)| which.clone()).unwrap_or_default();
    StackHead { detector: of("detector"), embedder: of("embedder"), match_threshold: stack.match_threshold() }
}

/// A head turned as towards a lane's camera, in the daylight of some hour.
pub(super) fn crossing<R: Rng>(
    person: &Person,
    lane: &LaneSpec,
    daylight: &Daylight,
    rng: &mut R,
) -> Result<(Posed, FaceView), Failure> {
    let mut degrees = |most: f32| rng.random_range(-most..=most).to_radians();
    let posture = Posture {
        head_yaw_rad: degrees(25.0),
        head_pitch_rad: degrees(8.0),
        head_roll_rad: degrees(6.0),
        ..Posture::default()
    };
    let posed = person.seated(0, &posture);
    let eyes = (posed.landmarks.left_pupil_m + posed.landmarks.right_pupil_m) * 0.5;
    let posed = posed.moved(glam::Affine3A::from_translation(-eyes));
    let light = LaneLight::new(&another_hour(daylight, rng), lane).map_err(Failure::setup)?;
    let camera_m = glam::Vec3::new(0.0, 0.3, 4.0);
    // A little over 90 px between the eyes of a head that is turned by the whole 25°.
    let focal_length_px = 95.0 * camera_m.length() / (person.interpupillary_m * 25.0_f32.to_radians().cos());
    let white = light.irradiance(glam::Vec3::Z).map(|e| e / std::f32::consts::PI);
    let exposure = 2.0_f32.powf(rng.random_range(-0.5..0.5));
    let view = FaceView {
        camera_m,
        look_at_m: glam::Vec3::new(0.0, -0.02, 0.0),
        focal_length_px,
        width_px: 480,
        height_px: 480,
        light: light.light,
        white_radiance: white.map(|w| w * exposure),
    };
    Ok((posed, view))
}

/// The detection that overlaps the face best, of those that are on it at all.
fn on_the_face(
    stack: &mut InProcessStack,
    picture: &Picture,
    face_box_px: &BoxPx,
) -> Result<Option<lane_stack::Face>, Failure> {
    let faces = stack.look(picture).map_err(Failure::setup)?;
    let overlap = |face: &lane_stack::Face| {
        let [x0, y0, x1, y1] = face.raw.box_px;
        face_box_px.iou(&BoxPx { x0, y0, x1, y1 })
    };
    let on_it = faces.into_iter().filter(|face| overlap(face) >= MIN_IOU);
    Ok(on_it.max_by(|a, b| overlap(a).total_cmp(&overlap(b))))
}

/// Score with which a stack's detector finds the face of a picture.
pub(super) fn face_score(stack: &mut InProcessStack, shown: &PortraitPicture) -> Result<Option<f32>, Failure> {
    let picture = Picture::from_rgb(shown.width, shown.height, shown.rgb.clone()).map_err(Failure::setup)?;
    Ok(on_the_face(stack, &picture, &shown.face_box_px)?.map(|face| face.raw.score))
}

fn look(
    stack: &mut InProcessStack,
    index: usize,
    (view, variant): (View, &str),
    shown: &PortraitPicture,
) -> Result<Look, Failure> {
    let picture = Picture::from_rgb(shown.width, shown.height, shown.rgb.clone()).map_err(Failure::setup)?;
    let best = on_the_face(stack, &picture, &shown.face_box_px)?;
    let crop = best.as_ref().and_then(|face| stack.embedder_mut().align(&picture, &face.raw.landmarks_px));
    let embedding = crop.map(|crop| stack.embedder_mut().embed(&crop)).transpose().map_err(Failure::setup)?;
    Ok(Look {
        stack: index,
        view,
        variant: variant.to_owned(),
        score: best.as_ref().map(|face| face.raw.score),
        embedding,
    })
}

/// Everything of one person.
fn measure(
    args: &Args,
    scenario: &Scenario,
    simulator: &mut Simulator,
    stacks: &mut [InProcessStack],
    mut judges: Option<&mut Judges>,
    k: u64,
) -> Result<Measured, Failure> {
    let identity = Identity::sample(&Demographics::default(), &mut stream(args.seed, k, "measured identity"));
    let today = Appearance::another_day(&identity, &mut stream(args.seed, k, "measured day"));
    let mut days = vec![Appearance::of_portrait(&identity)];
    let mut put_on = stream(args.seed, k, "measured wear");
    days.extend(VARIANTS.iter().map(|variant| variant.dress(today.clone(), &mut put_on)));
    let people = simulator.bake(&days.into_iter().map(|day| (identity.clone(), day)).collect::<Vec<_>>());
    let person = people.first().ok_or_else(|| Failure::setup("a person is missing"))?;
    let mut pictures = vec![(View::Portrait, PLAIN, simulator.document(&identity, DocumentKind::Passport)?.picture)];
    for (variant, later) in VARIANTS.iter().zip(&people[1..]) {
        // The same turn in the same light for every variant.
        let mut rng = stream(args.seed, k, "measured crossing");
        let (posed, view) = crossing(later, &scenario.lane.value, &scenario.file.daylight, &mut rng)?;
        pictures.push((View::Crossing, variant.name, simulator.photograph(&posed, &view)?));
    }
    let (mut looks, mut judged) = (Vec::new(), Vec::new());
    for (view, variant, picture) in &pictures {
        for (index, stack) in stacks.iter_mut().enumerate() {
            looks.push(look(stack, index, (*view, variant), picture)?);
        }
        if let Some(judges) = judges.as_deref_mut()
            && *variant == PLAIN
        {
            judged.push(judged::judge(judges, *view, picture)?);
        }
    }
    Ok(Measured {
        person: k,
        age_years: identity.age_years,
        sex: identity.sex,
        monk_tone: identity.monk_tone,
        interpupillary_mm: person.interpupillary_m * 1e3,
        head_height_mm: person.head_height_m * 1e3,
        stature_mm: person.stature_m * 1e3,
        looks,
        judged,
    })
}

/// Writes the head of a new folder, or compares that of an old one.
fn same_head(folder: &Path, head: &Head) -> Result<(), Failure> {
    let path = folder.join("head.json");
    let text = serde_json::to_string_pretty(head).map_err(|e| Failure::io(&path, e))?;
    match std::fs::read_to_string(&path) {
        Ok(kept) if kept == text => Ok(()),
        Ok(_) => Err(Failure::usage(format!(
            "{} was measured with another scenario, seed, adapter or models; choose another --out",
            folder.display()
        ))),
        Err(_) => std::fs::write(&path, text).map_err(|e| Failure::io(&path, e)),
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    if args.count < 2 {
        return Err(Failure::usage("--count must be at least 2: people are compared"));
    }
    let scenario = Scenario::open(&args.scenario)?;
    let mut stacks = args.open_stacks()?;
    let mut judges = open_judges(args.models.as_deref())?;
    let mut world = session::open_world(&Choices { adapter: args.adapter.clone(), ..Choices::default() })?;
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::io(&args.out, e))?;
    let head = Head {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario_hash: scenario.hash(),
        seed: args.seed,
        adapter: world.simulator.adapter().name.clone(),
        stacks: stacks.iter().map(describe).collect(),
        judges: judges.as_ref().map(Judges::present).unwrap_or_default(),
    };
    same_head(&args.out, &head)?;
    let (mut journal, mut people) = Journal::open(args.out.join("people.jsonl"), args.count as usize)?;
    if !people.is_empty() {
        println!("{} measured before", people.len());
    }
    let mut settled = None;
    for k in people.len() as u64..args.count {
        let person = measure(args, &scenario, &mut world.simulator, &mut stacks, judges.as_mut(), k)?;
        journal.add(&person)?;
        people.push(person);
        if k == SETTLED_AFTER {
            settled = cost::resident_bytes();
        }
        if (k + 1).is_multiple_of(50) {
            println!("{} of {} people measured", k + 1, args.count);
        }
    }
    let mut text = table::of(&head, &people);
    text += &found::measure(args, &scenario, &mut world.simulator, &mut stacks, &head.stacks)?;
    let path = args.out.join("table.txt");
    std::fs::write(&path, &text).map_err(|e| Failure::io(&path, e))?;
    print!("{text}");
    cost::report(&world.simulator);
    if let (Some(settled), Some(now)) = (settled, cost::resident_bytes()) {
        println!(
            "resident memory {:.0} MB after {SETTLED_AFTER} people, {:.0} MB after {}",
            settled as f64 * 1e-6,
            now as f64 * 1e-6,
            args.count
        );
    }
    Ok(exit::DONE)
}
