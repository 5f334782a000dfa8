//! A small world and stacks for tests: flat pictures with faces where the truth says, no renderer.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use jpeg_encoder::ColorType;
use lane_stack::client::{
    BestShot, Candidate, ControlMessage, Decisions, Detection, Frame, FrameEncoding, Quality, Reply, StackClient,
    StackError,
};
use laneproof_exchange::{
    encounter::EncounterPlan,
    ideal::{Counterfactual, Factor},
    truth::{BoxPx, DecoyTruth, ExposureTruth, FaceTruth, Occluder, OtherFace},
};
use laneproof_scenes::{
    catalogue::Trigger, document::DocumentKind, people::Identity, stream::stream, vehicle::SeatSide,
};
use rand::Rng as _;

use crate::run::{
    frames::encode,
    world::{ExposeRequest, Exposed, PortraitJpeg, StepTimings, World, WorldError},
};

const WIDTH_PX: u32 = 640;
const HEIGHT_PX: u32 = 400;

/// Boxes and references by (encounter, exposure): what an oracle may know and a stack may not.
pub(crate) type AnswerKey = Arc<Mutex<BTreeMap<(u64, u64), Vec<(FaceTruth, Option<String>)>>>>;

/// The same of people in other vehicles.
pub(crate) type OthersKey = Arc<Mutex<BTreeMap<(u64, u64), Vec<(OtherFace, Option<String>)>>>>;

/// A face that passes the demo's rule with room to spare.
pub(crate) fn good_face(occupant: u8, x: f32, y: f32) -> FaceTruth {
    FaceTruth {
        occupant,
        face_box_px: BoxPx { x0: x, y0: y, x1: x + 90.0, y1: y + 110.0 },
        landmarks_px: [
            [x + 25.0, y + 40.0],
            [x + 65.0, y + 40.0],
            [x + 45.0, y + 65.0],
            [x + 30.0, y + 85.0],
            [x + 60.0, y + 85.0],
        ],
        inter_eye_px: 80.0,
        yaw_deg: 10.0,
        pitch_deg: 4.0,
        roll_deg: -2.0,
        distance_m: 4.6,
        visible_share: 0.95,
        in_frame_share: 1.0,
        occluder: None,
        worn_share: 0.0,
        worn: None,
        drops_share: 0.0,
        transmitted_radiance: 1.0,
        veiling_radiance: 0.1,
        photons_per_px: 3_000.0,
        pane_transmittance: 0.7,
        motion_blur_px: 0.2,
        defocus_px: 0.5,
        mean_dn: 110.0,
        over_exposed_share: 0.01,
        entropy_bits: 6.5,
        contrast: 0.3,
    }
}

/// A world of flat pictures.
#[derive(Default)]
pub(crate) struct FlatWorld {
    pub key: AnswerKey,
    pub others: OthersKey,
    /// Changes faces before they are used.
    pub spoil: Option<fn(&mut FaceTruth, &EncounterPlan)>,
    /// Decoys that every exposure shows.
    pub decoys: Vec<DecoyTruth>,
    /// Encounters that cannot be staged.
    pub broken: Vec<u64>,
    /// The run is cut off (as by a kill) before this encounter.
    pub dies_at: Option<u64>,
    /// Requests as they came.
    pub requests: Vec<ExposeRequest>,
    /// Requests of counterfactuals as they came.
    pub remade: Vec<ExposeRequest>,
}

impl World for FlatWorld {
    type Staged = EncounterPlan;

    fn describe(&self) -> Vec<(String, String)> {
        vec![("adapter".into(), "flat pictures".into()), ("driver".into(), "none <test>".into())]
    }

    fn portrait(&mut self, identity: &Identity, _: DocumentKind, _: &str) -> Result<PortraitJpeg, WorldError> {
        let colour = colour(identity.seed);
        let picture = painted(240, 320, |x, y| {
            let (u, v) = (x as f32 / 240.0 - 0.5, y as f32 / 320.0 - 0.5);
            if (u / 0.3).powi(2) + (v / 0.36).powi(2) < 1.0 { colour } else { [225, 227, 230] }
        });
        encode(&picture, 240, 320, ColorType::Rgb, 3, 90).map(PortraitJpeg).map_err(WorldError::Setup)
    }

    fn stage(&mut self, plan: &EncounterPlan) -> Result<Self::Staged, WorldError> {
        if self.dies_at == Some(plan.encounter) {
            return Err(WorldError::Setup("the device was lost".into()));
        }
        if self.broken.contains(&plan.encounter) {
            return Err(WorldError::Encounter("the vehicle left the lane".into()));
        }
        Ok(plan.clone())
    }

    fn trigger_time_us(&self, _: &Self::Staged, _: usize, trigger: Trigger) -> Option<u64> {
        Some(match trigger {
            Trigger::Front { z_m } => ((40.0 + z_m) * 100_000.0) as u64,
            Trigger::Stop { after_s } => 5_000_000 + (after_s * 1e6) as u64,
        })
    }

    fn expose(&mut self, plan: &EncounterPlan, request: &ExposeRequest) -> Result<Exposed, WorldError> {
        self.requests.push(request.clone());
        self.flat(plan, request, None)
    }

    fn expose_ideal(
        &mut self,
        plan: &EncounterPlan,
        request: &ExposeRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError> {
        self.remade.push(request.clone());
        self.flat(plan, request, Some(ideal))
    }
}

/// Brings what a factor stands for a share of the way to its best.
fn heal(face: &mut FaceTruth, factor: Factor, ideal: &Counterfactual) {
    let left = ideal.left(factor);
    let towards = |own: f32, best: f32| best + left * (own - best);
    match factor {
        Factor::Veil => face.veiling_radiance *= left,
        Factor::Glass => {
            // What passes more lights more.
            let clearer = (0.9 / face.pane_transmittance).max(1.0).powf(1.0 - left);
            face.pane_transmittance *= clearer;
            face.mean_dn *= clearer;
        }
        Factor::Drops => {
            face.drops_share *= left;
            if face.occluder == Some(Occluder::Drops) {
                face.visible_share = towards(face.visible_share, 1.0);
            }
        }
        Factor::Exposure => face.mean_dn = towards(face.mean_dn, 118.0),
        Factor::MotionBlur => face.motion_blur_px *= left,
        Factor::Defocus => face.defocus_px *= left,
        Factor::Noise | Factor::Compression => {}
        Factor::Worn => face.worn_share = 0.0,
        // What lies on a pane stays there.
        Factor::Occluder if face.occluder == Some(Occluder::Drops) => {}
        Factor::Occluder => face.visible_share = 1.0 - face.worn_share,
        Factor::Pose => {
            [face.yaw_deg, face.pitch_deg, face.roll_deg] =
                [face.yaw_deg, face.pitch_deg, face.roll_deg].map(|angle| left * angle)
        }
        Factor::Pixels => face.inter_eye_px *= 2.0_f32.powf(1.0 - left),
    }
}

impl FlatWorld {
    fn flat(
        &mut self,
        plan: &EncounterPlan,
        request: &ExposeRequest,
        ideal: Option<&Counterfactual>,
    ) -> Result<Exposed, WorldError> {
        let camera = &plan.rig.cameras[request.camera_index];
        let mut faces = Vec::new();
        for (i, occupant) in plan.occupants.iter().enumerate() {
            let column = match occupant.seat.side {
                SeatSide::Left => 480.0,
                SeatSide::Middle => 280.0,
                SeatSide::Right => 80.0,
            };
            let mut face = good_face(i as u8, column, 20.0 + 125.0 * f32::from(occupant.seat.row - 1));
            if let Some(spoil) = self.spoil {
                spoil(&mut face, plan);
            }
            if let Some(ideal) = ideal.filter(|ideal| usize::from(ideal.occupant) == i) {
                ideal.factors.iter().for_each(|factor| heal(&mut face, factor, ideal));
            }
            faces.push(face);
        }
        let picture = painted(WIDTH_PX, HEIGHT_PX, |x, y| {
            for (face, occupant) in faces.iter().zip(&plan.occupants) {
                let b = face.face_box_px;
                let u = (x as f32 - (b.x0 + b.x1) / 2.0) / ((b.x1 - b.x0) / 2.0);
                let v = (y as f32 - (b.y0 + b.y1) / 2.0) / ((b.y1 - b.y0) / 2.0);
                if u * u + v * v < 1.0 {
                    let eye = (u.abs() - 0.4).abs() < 0.12 && (v + 0.25).abs() < 0.07;
                    return if eye { [30, 26, 24] } else { colour(occupant.identity.seed) };
                }
            }
            [60 + (y / 5) as u8, 66 + (y / 6) as u8, 74 + (x / 16) as u8]
        });
        // People of other vehicles are in the right margin of the picture, one above the other.
        let people = plan
            .neighbours
            .iter()
            .zip(0..)
            .flat_map(|(n, vehicle)| n.occupants.iter().zip(0..).map(move |o| (vehicle, o)));
        let others: Vec<(OtherFace, Option<String>)> = people
            .map(|(vehicle, (who, occupant))| {
                let face = good_face(occupant, 590.0, 20.0 + 125.0 * f32::from(occupant));
                (OtherFace { vehicle, face }, who.reference_id.clone())
            })
            .collect();
        let known = faces.iter().cloned().zip(plan.occupants.iter().map(|o| o.reference_id.clone())).collect();
        self.others.lock().expect("key").insert((plan.encounter, request.exposure_id), others.clone());
        self.key.lock().expect("key").insert((plan.encounter, request.exposure_id), known);
        let frame = Frame {
            exposure_id: request.exposure_id,
            camera_id: camera.id.clone(),
            mid_exposure_us: request.mid_exposure_us,
            exposure_us: request.exposure_us,
            gain_db: request.gain_db,
            encoding: FrameEncoding::Rgb8 { width_px: WIDTH_PX, height_px: HEIGHT_PX },
            bytes: picture,
        };
        let truth = ExposureTruth {
            exposure_id: request.exposure_id,
            camera_id: camera.id.clone(),
            mid_exposure_us: request.mid_exposure_us,
            exposure_us: request.exposure_us,
            speed_mps: 0.0,
            faces,
            decoys: self.decoys.clone(),
            others: others.into_iter().map(|(face, _)| face).collect(),
            video: None,
        };
        let cross_check_differs = request.cross_check.then_some(false);
        // A camera with a control of its own goes half a stop up every time.
        let own_settings = camera.exposure_control.map(|_| (request.exposure_us * 2.0_f32.sqrt(), request.gain_db));
        Ok(Exposed { frame, truth, timings: StepTimings::default(), cross_check_differs, own_settings })
    }
}

fn colour(seed: u64) -> [u8; 3] {
    let b = seed.to_le_bytes();
    [110 + b[0] % 110, 80 + b[1] % 90, 60 + b[2] % 80]
}

fn painted(width: u32, height: u32, at: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| at(x, y)).collect()
}

/// What a test stack does with a frame.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Knows the truth.
    Oracle(AnswerKey),
    /// Random boxes, all of them "valid" and matched to somebody.
    RandomBoxes,
    /// Sees nothing.
    Blind,
}

/// A stack for tests.
pub(crate) struct TestStack {
    pub manner: Manner,
    /// Sent in answer to every frame.
    pub controls: Vec<ControlMessage>,
    /// What else it says to the frame of this place and camera; nothing where it gives no feedback.
    pub feedback: Option<fn(usize, &str) -> Reply>,
    /// References that it refuses.
    pub refuses: Option<String>,
    /// A box that it claims as one more occupant in every encounter.
    pub fooled_by: Option<BoxPx>,
    /// Takes people of other vehicles for occupants, and matches them to this reference; to their own where that is `None`.
    pub takes_others: Option<(OthersKey, Option<String>)>,
    /// Whether its similarities are spread, so that some are missed and some confused; it matches from 0.5 on.
    pub doubts: bool,
    encounter: u64,
    /// References that were enrolled, in their order.
    pub gallery: Vec<String>,
    frames: Vec<(u64, String)>,
}

impl TestStack {
    pub fn new(manner: Manner) -> Self {
        Self {
            manner,
            controls: Vec::new(),
            feedback: None,
            refuses: None,
            fooled_by: None,
            takes_others: None,
            doubts: false,
            encounter: 0,
            gallery: Vec::new(),
            frames: Vec::new(),
        }
    }
}

impl TestStack {
    /// The encounter that is open, or was last.
    pub fn encounter(&self) -> u64 {
        self.encounter
    }
}

fn detection(exposure_id: u64, camera_id: &str, b: BoxPx, track_id: u32) -> Detection {
    let quality = Quality {
        inter_eye_px: 80.0,
        yaw_deg: 0.0,
        pitch_deg: 0.0,
        roll_deg: 0.0,
        sharpness: 90.0,
        mean_luminance: 0.5,
        over_exposed_share: 0.0,
        entropy_bits: 7.0,
        overall: 95.0,
        uniformity: None,
        eyes_covered_share: None,
        covered_share: None,
    };
    Detection {
        exposure_id,
        camera_id: camera_id.to_owned(),
        box_px: [b.x0, b.y0, b.x1, b.y1],
        landmarks_px: [[0.0; 2]; 5],
        score: 0.99,
        quality,
        track_id,
    }
}

/// Ten candidates at most, best first: the own reference, often high, and others, mostly low.
fn doubted(rng: &mut impl rand::Rng, own: Option<&str>, gallery: &[String]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = gallery
        .iter()
        .map(|reference| {
            let is_own = own == Some(reference.as_str());
            let similarity = if is_own { rng.random_range(0.2..0.9) } else { rng.random_range(-0.2..0.51) };
            Candidate { reference_id: reference.clone(), similarity }
        })
        .collect();
    candidates.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
    candidates.truncate(10);
    candidates
}

impl StackClient for TestStack {
    fn describe(&self) -> Vec<(String, String)> {
        vec![
            ("stack".into(), "test".into()),
            ("detector".into(), "oracle 1".into()),
            ("in_domain".into(), "true".into()),
        ]
    }

    fn enrol(&mut self, reference_id: &str, _: &Frame) -> Result<(), StackError> {
        if self.refuses.as_deref() == Some(reference_id) {
            return Err(StackError::Enrolment { reference_id: reference_id.to_owned(), reason: "no face".into() });
        }
        self.gallery.push(reference_id.to_owned());
        Ok(())
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        self.encounter = encounter;
        self.frames.clear();
        Ok(())
    }

    fn gives_feedback(&self) -> bool {
        self.feedback.is_some()
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        let said = self.feedback.map(|say| say(self.frames.len(), &frame.camera_id)).unwrap_or_default();
        self.frames.push((frame.exposure_id, frame.camera_id));
        Ok(Reply { control: self.controls.clone(), ..said })
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        let mut decisions = Decisions::default();
        let mut rng = stream(7, self.encounter, "random boxes");
        for (id, camera) in &self.frames {
            let boxes: Vec<(BoxPx, Option<String>, u32)> = match &self.manner {
                Manner::Blind => Vec::new(),
                Manner::RandomBoxes => (0..4)
                    .map(|i| {
                        let (x0, y0) = (rng.random_range(0.0..560.0), rng.random_range(0.0..300.0));
                        let (w, h) = (rng.random_range(15.0..250.0), rng.random_range(15.0..250.0));
                        let who = rng.random_range(0..self.gallery.len());
                        let b = BoxPx { x0, y0, x1: x0 + w, y1: y0 + h };
                        (b, Some(self.gallery[who].clone()), *id as u32 * 4 + i)
                    })
                    .collect(),
                Manner::Oracle(key) => key.lock().expect("key")[&(self.encounter, *id)]
                    .iter()
                    .map(|(face, reference)| (face.face_box_px, reference.clone(), u32::from(face.occupant)))
                    .collect(),
            };
            let fooled = self.fooled_by.map(|b| (b, None, u32::MAX));
            let others = self.takes_others.iter().flat_map(|(key, matched_to)| {
                let known = key.lock().expect("key")[&(self.encounter, *id)].clone();
                known.into_iter().map(move |(other, own)| {
                    let track = 1000 + 100 * u32::from(other.vehicle) + u32::from(other.face.occupant);
                    (other.face.face_box_px, matched_to.clone().or(own), track)
                })
            });
            for (b, reference, track) in boxes.into_iter().chain(fooled).chain(others) {
                let detection = detection(*id, camera, b, track);
                decisions.detections.push(detection.clone());
                let candidates: Vec<Candidate> = match self.doubts {
                    true => doubted(&mut rng, reference.as_deref(), &self.gallery),
                    false => reference.iter().map(|r| Candidate { reference_id: r.clone(), similarity: 0.9 }).collect(),
                };
                let first = candidates.first().filter(|first| first.similarity >= 0.5);
                let reference = first.map(|first| first.reference_id.clone());
                if !decisions.best_shots.iter().any(|s| s.detection.track_id == track) {
                    let reason = "clear".to_owned();
                    decisions.best_shots.push(BestShot {
                        detection,
                        valid: true,
                        reason,
                        candidates,
                        matched: reference,
                    });
                }
            }
        }
        Ok(decisions)
    }
}
