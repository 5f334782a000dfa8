//! Counterfactual exposures: the same moment with one thing, or several, as good as it can be.
use std::sync::Arc;

use glam::Vec3;
pub use laneproof_exchange::ideal::{Counterfactual, Factor, Factors};
use laneproof_physics::Trajectory;
use laneproof_render::{Layers, PinholeCamera, Scene};
use laneproof_scenes::{
    catalogue::{GlassSet, Lens, PerPane, Sensor},
    people::{Gaze, Person, Posture, Wear},
    surface::Film,
    truth::{Role, Subject, Tag},
};

use crate::{
    encounter::EncounterPlan,
    face_truth::mid_eyes_m,
    lens_camera::LensCamera,
    moment::{self, Moment},
    simulator::{SimError, Simulator},
    staged::{Facing, Staged},
    truth::FaceTruth,
};

/// How many more pixels across [`Factor::Pixels`] gives.
const MAGNIFICATION: f32 = 2.0;
/// Transmittance of clear glass: nearly as much as an uncoated pane can pass.
const CLEAR: f32 = 0.90;
/// f-number behind which nothing is out of focus.
const PINHOLE_F_NUMBER: f32 = 1e5;
/// How often the face is metered at most.
pub(crate) const METERINGS: usize = 8;
/// Mean tone of a well-exposed face, of 255: a grey of 18 % under the sRGB curve.
const MIDDLE_DN: f32 = 118.0;
/// A mean this near needs no better.
const NEAR_DN: f32 = 12.0;
/// Most gain that a camera is given, decibels.
const MOST_GAIN_DB: f32 = 60.0;
/// Mean from which a face is too near to white to say how much too bright it is.
const WHITE_DN: f32 = 200.0;

/// An encounter staged with another glass, wardrobe or posture.
pub(crate) struct Restaged {
    /// The drive of the encounter as it is: its identity.
    of: Arc<Trajectory>,
    /// Whose face is bare or turned, what is staged otherwise, the camera that is faced, and how far it goes (its bits).
    key: (Option<u8>, Factors, Option<usize>, u32),
    staged: Arc<Staged>,
}

/// What is staged otherwise.
const STAGED: [Factor; 3] = [Factor::Glass, Factor::Worn, Factor::Pose];
/// Encounters staged otherwise that are kept: of one occupant, glass, face and, for three cameras, posture, some of it twice.
const RESTAGED: usize = 12;

impl Simulator {
    /// The encounter as a counterfactual stages it: clear glass, a bare face, a head that faces the camera.
    pub(crate) fn restaged(
        &mut self,
        staged: &Staged,
        camera_index: usize,
        ideal: &Counterfactual,
    ) -> Result<Arc<Staged>, SimError> {
        let factors = ideal.factors.intersection(STAGED.into_iter().collect());
        let facing = factors.contains(Factor::Pose).then_some(camera_index);
        if factors.is_empty() {
            return Ok(self.as_it_is(staged));
        }
        // Clear glass is everybody's.
        let whose = [Factor::Worn, Factor::Pose].iter().any(|f| factors.contains(*f)).then_some(ideal.occupant);
        let key = (whose, factors, facing, ideal.share.to_bits());
        let known = self.restaged.iter().find(|known| Arc::ptr_eq(&known.of, &staged.trajectory) && known.key == key);
        if let Some(known) = known {
            return Ok(known.staged.clone());
        }
        let mut other = if factors.contains(Factor::Glass) || factors.contains(Factor::Worn) {
            self.stage(&plan(&staged.plan, ideal))?
        } else {
            staged.clone()
        };
        if let Some(camera_index) = facing {
            let turn = |staged: &mut Staged| {
                staged.facing = Some(Facing { occupant: ideal.occupant, camera_index, share: ideal.share });
                // A drive of its own: what stands in the scene at an instant is known by its drive.
                staged.trajectory = Arc::new((*staged.trajectory).clone());
            };
            turn(&mut other);
            for (_, twin) in &mut other.infrared {
                turn(Arc::make_mut(twin));
            }
        }
        let other = Arc::new(other);
        if self.restaged.len() >= RESTAGED {
            self.restaged.remove(0);
        }
        self.restaged.push(Restaged { of: staged.trajectory.clone(), key, staged: other.clone() });
        Ok(other)
    }

    /// Forgets what counterfactual exposures have in common. The next ones take longer and say the same.
    pub fn forget(&mut self) {
        self.restaged.clear();
        self.last_real = None;
        self.remade = crate::remade::Remade::default();
        self.streams = crate::video::Streams::default();
    }

    /// A shared copy of an encounter as it is.
    fn as_it_is(&mut self, staged: &Staged) -> Arc<Staged> {
        if let Some(last) = &self.last_real
            && Arc::ptr_eq(&last.trajectory, &staged.trajectory)
        {
            return last.clone();
        }
        let shared = Arc::new(staged.clone());
        self.last_real = Some(shared.clone());
        shared
    }
}

/// Glass that has gone a share of the way to clear: each thing that dims light by the same factor for equal shares, so
/// that halves make wholes; a coating stays until the end.
fn clearer(glass: &GlassSet, share: f32) -> GlassSet {
    if share >= 1.0 {
        return GlassSet { lowered: glass.lowered, ..GlassSet::bare(CLEAR, CLEAR, CLEAR) };
    }
    let left = 1.0 - share;
    let dim = |own: f32| own.powf(left) * CLEAR.powf(share);
    let film = |film: Film| Film { visible: film.visible.powf(left), infrared: film.infrared.powf(left) };
    let PerPane { windscreen, front_side, rear } = glass.film;
    let dirt = glass.dirt_cover;
    GlassSet {
        windscreen: dim(glass.windscreen),
        front_side: dim(glass.front_side),
        rear: dim(glass.rear),
        film: PerPane { windscreen: windscreen.map(film), front_side: front_side.map(film), rear: rear.map(film) },
        dirt_cover: PerPane {
            windscreen: dirt.windscreen.map(|cover| cover * left),
            front_side: dirt.front_side.map(|cover| cover * left),
            rear: dirt.rear.map(|cover| cover * left),
        },
        ..*glass
    }
}

fn plan(plan: &EncounterPlan, ideal: &Counterfactual) -> EncounterPlan {
    let mut plan = plan.clone();
    if ideal.factors.contains(Factor::Glass) {
        plan.glass = clearer(&plan.glass, ideal.share);
    }
    if ideal.factors.contains(Factor::Worn)
        && let Some(who) = plan.occupants.get_mut(usize::from(ideal.occupant))
    {
        who.appearance.wear = Wear::default();
    }
    plan
}

/// Turns a posture's head a share of the way towards a camera (seat frame, metres); back and hands stay as they are.
pub(crate) fn face(posture: &mut Posture, person: &Person, camera_m: Vec3, share: f32) {
    let own = [posture.head_yaw_rad, posture.head_pitch_rad, posture.head_roll_rad];
    // Twice, because the eyes move with the head.
    for _ in 0..2 {
        let towards = (camera_m - person.eyes_when_seated_m(posture)).normalize_or(Vec3::Z);
        posture.head_yaw_rad = towards.x.atan2(towards.z);
        posture.head_pitch_rad = -towards.y.clamp(-1.0, 1.0).asin();
        posture.head_roll_rad = 0.0;
    }
    let part = |own: f32, facing: f32| own + share * (facing - own);
    posture.head_yaw_rad = part(own[0], posture.head_yaw_rad);
    posture.head_pitch_rad = part(own[1], posture.head_pitch_rad);
    posture.head_roll_rad = part(own[2], posture.head_roll_rad);
    posture.gaze = Gaze::default();
}

/// A camera, with longer focal length and the face where it was, where more pixels are asked for.
pub(crate) fn camera(
    staged: &Staged,
    moment: &Moment,
    camera_index: usize,
    ideal: &Counterfactual,
) -> Result<LensCamera, SimError> {
    let camera = staged.lens_camera(camera_index)?;
    let occupant = usize::from(ideal.occupant);
    if !ideal.factors.contains(Factor::Pixels) || occupant >= staged.occupants.len() {
        return Ok(camera);
    }
    let world_from_seat = moment.world_from_seat(&staged.occupants[occupant]);
    let eyes = mid_eyes_m(&moment::landmarks_in(world_from_seat, &moment.posed[occupant].landmarks));
    let Some((face_px, _)) = camera.project(eyes) else { return Ok(camera) };
    let sensor = camera.sensor;
    let principal = sensor.principal_point_px;
    let magnification = magnification(ideal);
    let nearer = PinholeCamera {
        focal_length_px: sensor.focal_length_px * magnification,
        principal_point_px: [0, 1].map(|axis| face_px[axis] - magnification * (face_px[axis] - principal[axis])),
        ..sensor
    };
    // Round a face outside the picture, the lens may draw nothing: that face gains nothing by more pixels.
    Ok(LensCamera::new(nearer, camera.distortion).unwrap_or(camera))
}

/// How many more pixels across a counterfactual gives.
fn magnification(ideal: &Counterfactual) -> f32 {
    MAGNIFICATION.powf(1.0 - ideal.left(Factor::Pixels))
}

/// Pitch of the pixels that blur is counted in.
pub(crate) fn pixel_pitch_um(sensor: &Sensor, ideal: &Counterfactual) -> f32 {
    // Twice the pixels in the same picture: half as large. Each still gets the light of one.
    sensor.pixel_pitch_um / magnification(ideal)
}

/// The lens; where all is in focus, with a pinhole's depth of field and its own light. Circles of confusion shrink with the
/// aperture, so half of the way is twice the f-number.
pub(crate) fn lens(lens: &Lens, ideal: &Counterfactual) -> Lens {
    let f_number = (lens.f_number / ideal.left(Factor::Defocus)).min(PINHOLE_F_NUMBER);
    Lens { f_number, ..lens.clone() }
}

/// The scene with nothing to be seen but one occupant's head, hair and clothes, and what is worn on them; the others still
/// throw their shadows.
pub(crate) fn alone(scene: &Scene, occupant: u8) -> Scene {
    let mut scene = scene.clone();
    for solid in &mut scene.solids {
        let own = solid.tag.subject == Subject::Occupant(occupant);
        solid.hidden = !own || matches!(solid.tag.role, Role::Limb | Role::Held | Role::ChildSeat);
    }
    scene
}

/// Lays an occupant seen alone over the layers as they are.
pub(crate) fn bring_forward(layers: &mut Layers, alone: &Layers, occupant: u8) {
    for i in 0..alone.tag.len() {
        let own = Tag::from_bits(alone.tag[i]).is_some_and(|tag| tag.subject == Subject::Occupant(occupant));
        if own {
            layers.radiance[i] = alone.radiance[i];
            layers.tag[i] = alone.tag[i];
            layers.range_m[i] = alone.range_m[i];
        }
    }
}

/// Light and gain over those of the request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level {
    /// Share of the light, at most 1: as with a grey filter.
    pub(crate) light: f32,
    /// More gain, decibels.
    pub(crate) gain_db: f32,
}

impl Level {
    pub(crate) const AS_IT_IS: Self = Self { light: 1.0, gain_db: 0.0 };

    /// A level that brings a face nearer to a middle tone; `None` when it is near enough or cannot be seen.
    ///
    /// A signal that is too strong is turned down where it costs nothing: at the gain first (`own_gain_db` is the
    /// exposure's, decibels), then at the light.
    pub(crate) fn metered(self, face: &FaceTruth, own_gain_db: f32) -> Option<Self> {
        if face.visible_share <= 0.0 || (face.mean_dn - MIDDLE_DN).abs() <= NEAR_DN {
            return None;
        }
        let factor = if face.mean_dn > WHITE_DN { 0.4 } else { linear(MIDDLE_DN) / linear(face.mean_dn.max(1.0)) };
        Some(Self::of(self.signal() * factor, own_gain_db))
            .filter(|level| level.gain_db < 48.0 && own_gain_db + level.gain_db <= MOST_GAIN_DB)
    }

    /// Signal over that of the request.
    fn signal(self) -> f32 {
        self.light * 10.0_f32.powf(self.gain_db / 20.0)
    }

    /// The level of a signal over that of the request. More light than there is there is not: the signal is raised with
    /// its noise.
    fn of(signal: f32, own_gain_db: f32) -> Self {
        let gain_db = (20.0 * signal.log10()).max(-own_gain_db.max(0.0));
        Self { light: (signal / 10.0_f32.powf(gain_db / 20.0)).min(1.0), gain_db }
    }

    /// A share of the way from the request to this level, in stops.
    pub(crate) fn part(self, share: f32, own_gain_db: f32) -> Self {
        if share >= 1.0 { self } else { Self::of(self.signal().powf(share), own_gain_db) }
    }
}

/// Linear value of a number of the 8-bit output (IEC 61966-2-1), 0..1.
fn linear(dn: f32) -> f32 {
    let c = dn / 255.0;
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}
