//! What somebody does during the ride: chosen once an encounter, moving as a pure function of (motion seed, time).
use std::f32::consts::{PI, TAU};

use glam::Vec3;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::{
    bake::Person,
    gaze::Gaze,
    gesture::{Gesture, phone_from_eyes_m},
    pose::{Hands, Legs, Posture},
};
use crate::stream::stream;

/// What an occupant does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Looks at the road.
    #[default]
    Road,
    /// Looks at the booth.
    Booth,
    /// Looks into the nearest camera.
    Camera,
    /// Looks at a phone in the raised hand.
    Phone,
    /// Looks at a phone in the lap, the head down.
    PhoneInLap,
    /// Looks at the next occupant.
    Neighbour,
    /// Asleep against the pane, or nodding where no pane is near.
    Asleep,
    /// Talks.
    Talking,
    /// A hand before the mouth, at the cheek or above the eyes.
    HandAtFace,
    /// Has the sun visor down.
    VisorDown,
    /// Bent forwards, as to the floor or the dashboard.
    LeaningForward,
    /// Bent aside, as to somebody or something in the middle.
    LeaningAside,
}

impl Behaviour {
    /// Every behaviour.
    pub const ALL: [Behaviour; 12] = [
        Behaviour::Road,
        Behaviour::Booth,
        Behaviour::Camera,
        Behaviour::Phone,
        Behaviour::PhoneInLap,
        Behaviour::Neighbour,
        Behaviour::Asleep,
        Behaviour::Talking,
        Behaviour::HandAtFace,
        Behaviour::VisorDown,
        Behaviour::LeaningForward,
        Behaviour::LeaningAside,
    ];

    /// For reports.
    pub fn label(self) -> &'static str {
        match self {
            Behaviour::Road => "looks at the road",
            Behaviour::Booth => "looks at the booth",
            Behaviour::Camera => "looks at a camera",
            Behaviour::Phone => "holds a phone",
            Behaviour::PhoneInLap => "phone in the lap",
            Behaviour::Neighbour => "looks at a neighbour",
            Behaviour::Asleep => "asleep",
            Behaviour::Talking => "talks",
            Behaviour::HandAtFace => "hand at the face",
            Behaviour::VisorDown => "visor down",
            Behaviour::LeaningForward => "leans forward",
            Behaviour::LeaningAside => "leans aside",
        }
    }
}

/// What one occupant does, with what makes it theirs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Acting {
    /// What they do.
    pub behaviour: Behaviour,
    /// Mean turn of the head to the left, radians, where the behaviour asks for no other.
    pub yaw_rad: f32,
    /// Mean nod, down positive, radians.
    pub pitch_rad: f32,
    /// Mean tilt towards the right shoulder, radians.
    pub roll_rad: f32,
    /// Seed of the motion, and of which hand and how far.
    pub motion_seed: u64,
    /// Something that is shown to the cameras; the hands do this whatever the behaviour is.
    pub shows: Gesture,
}

/// What a seated person has round them; seat frame (see [`Person::seated`]).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// Lean of the seat's back, radians.
    pub back_angle_rad: f32,
    /// Whether the person has the steering wheel.
    pub drives: bool,
    /// How the legs lie; an infant's are cradled, and the head with them.
    pub legs: Option<Legs>,
    /// Cameras, metres.
    pub cameras_m: Vec<Vec3>,
    /// The head of the next occupant, metres; `None` for somebody alone.
    pub neighbour_m: Option<Vec3>,
    /// The pane beside the head: +1 on the left or −1 on the right, and how far from the seat's middle, metres.
    pub pane: Option<(f32, f32)>,
}

/// Largest turn of an idle head from its mean pose, degrees: yaw, pitch, roll (assumption).
const IDLE_SWAY_DEG: [f32; 3] = [4.0, 2.0, 1.5];
/// Slowest and fastest idle motion, Hz (assumption).
const IDLE_RATE_HZ: std::ops::Range<f32> = 0.1..0.4;
/// How long a fixation lasts, seconds (some 0.2 to 1 s while looking about; assumption).
const FIXATION_S: f32 = 0.8;
/// How far fixations wander from where one looks, radians: sideways, up and down (assumption).
const WANDER_RAD: (f32, f32) = (0.09, 0.045);
/// Share of a look's turn that the head does, the eyes do the rest (assumption; eyes alone for less than some 15°).
const HEAD_SHARE: f32 = 0.72;
/// Furthest comfortable turn and nod of the head, radians (assumption, well within the reach of about 80° and 60°).
const HEAD_LIMIT_RAD: (f32, f32) = (1.15, 0.75);
/// Syllables per second of speech (about 4 to 5 in conversation).
const SYLLABLES_HZ: std::ops::Range<f32> = 3.8..5.0;
/// From the middle of the eyes sideways to the outside of temple and hair, metres (head breadth 152 mm, ANSUR II).
const HALF_HEAD_M: f32 = 0.085;
/// How far an infant's head lies back in a cradle, radians (assumption: somewhat less than the back's 43°).
const CRADLED_NOD_RAD: f32 = 0.55;
/// Furthest that a sleeper slumps aside, radians (assumption).
const SLUMP_RAD: f32 = 0.42;

/// Turn of an occupant's head from its mean pose, radians: yaw, pitch, roll. Two incommensurate sines per axis with
/// phases and rates from the occupant's own stream.
fn idle_sway_rad(motion_seed: u64, time_s: f64) -> [f32; 3] {
    let mut rng = stream(motion_seed, 0, "idle head motion");
    IDLE_SWAY_DEG.map(|largest| {
        let mut wave = |share: f32| {
            let rate_hz = rng.random_range(IDLE_RATE_HZ);
            let phase = rng.random_range(0.0..TAU);
            share * (phase + (TAU * rate_hz) * time_s as f32).sin()
        };
        (largest * (wave(0.6) + wave(0.4))).to_radians()
    })
}

/// Where the eyes rest now, against where one looks: sideways and downwards, radians.
fn fixation_rad(motion_seed: u64, time_s: f64) -> (f32, f32) {
    let phase: f32 = stream(motion_seed, 0, "fixations").random();
    let index = (time_s as f32 / FIXATION_S + phase).floor().max(0.0) as u64;
    let mut rng = stream(motion_seed, index, "fixation");
    let mut swing = |largest: f32| rng.random_range(-largest..=largest);
    (swing(WANDER_RAD.0), swing(WANDER_RAD.1))
}

/// How far the jaw of somebody who talks is dropped, 0..1: syllables in phrases with pauses between.
fn speech(motion_seed: u64, time_s: f64) -> f32 {
    let mut rng = stream(motion_seed, 0, "speech");
    let rate_hz = rng.random_range(SYLLABLES_HZ);
    let (phase, phrase) = (rng.random_range(0.0..TAU), rng.random_range(0.0..TAU));
    let loudness = rng.random_range(0.6..1.0_f32);
    let t = time_s as f32;
    let syllable = 0.5 - 0.5 * (phase + PI * 2.0 * rate_hz * t).cos();
    // Syllables differ: a second, slower wave weighs them. Phrases of some seconds with short pauses.
    let weight = 0.65 + 0.35 * (1.7 * phase + TAU * 0.43 * rate_hz * t).sin();
    let in_phrase = ((phrase + TAU * 0.22 * t).sin() * 3.0 + 2.0).clamp(0.0, 1.0);
    loudness * syllable * weight * in_phrase
}

impl Acting {
    /// How the person holds themselves at a time, seconds since the encounter began.
    pub fn posture(&self, person: &Person, around: &Surroundings, time_s: f64) -> Posture {
        let mut manner = stream(self.motion_seed, 0, "manner");
        // About one person in ten is left-handed (Papadatou-Pastou et al. 2020: 10.6 %).
        let left_handed = manner.random::<f32>() < 0.106;
        let (much, variant): (f32, f32) = (manner.random(), manner.random());
        let [yaw, pitch, roll] = idle_sway_rad(self.motion_seed, time_s);
        let mut p = Posture {
            back_angle_rad: around.back_angle_rad,
            head_yaw_rad: self.yaw_rad + yaw,
            head_pitch_rad: self.pitch_rad + pitch,
            head_roll_rad: self.roll_rad + roll,
            legs: around.legs.unwrap_or(Legs::Seated),
            hands: if around.drives { Hands::Wheel } else { Hands::Lap },
            left_handed,
            ..Posture::default()
        };
        if p.legs == Legs::Cradled {
            // The head lies in the cradle.
            p.head_pitch_rad -= CRADLED_NOD_RAD;
        }
        let sign = if left_handed { 1.0 } else { -1.0 };
        let size = person.stature_m / 1.70;
        let look =
            Look { person, around, mean_yaw_rad: self.yaw_rad, fixation: fixation_rad(self.motion_seed, time_s) };
        match self.behaviour {
            Behaviour::Road | Behaviour::VisorDown => look.ahead(&mut p),
            // The mean turn is to the booth already; the eyes go on a little further.
            Behaviour::Booth => p.gaze = Gaze::towards(0.17 + look.fixation.0, look.fixation.1),
            Behaviour::Camera => match look.nearest_camera_m(&p) {
                Some(camera) => look.at(&mut p, camera, HEAD_SHARE),
                None => look.ahead(&mut p),
            },
            Behaviour::Neighbour => match around.neighbour_m {
                Some(neighbour) => look.at(&mut p, neighbour, HEAD_SHARE),
                None => look.ahead(&mut p),
            },
            Behaviour::Talking => {
                match around.neighbour_m {
                    Some(neighbour) => look.at(&mut p, neighbour, 0.35 + 0.3 * much),
                    None => look.ahead(&mut p),
                }
                p.jaw_open = speech(self.motion_seed, time_s);
                // One nods and turns more while talking.
                p.head_pitch_rad += pitch;
                p.head_yaw_rad += yaw;
            }
            Behaviour::Phone => {
                let phone = person.eyes_when_seated_m(&p) + phone_from_eyes_m(sign, size);
                look.at(&mut p, phone, 0.55);
                p.gesture = Gesture::Phone;
            }
            Behaviour::PhoneInLap => {
                look.at(&mut p, Vec3::new(sign * 0.03, 0.22, 0.30) * size, 0.68);
                p.gesture = Gesture::PhoneInLap;
            }
            Behaviour::Asleep => look.sleep(&mut p, [yaw, pitch, roll], much),
            Behaviour::HandAtFace => {
                look.ahead(&mut p);
                p.gesture = match variant {
                    ..0.4 => Gesture::CoverMouth,
                    ..0.75 => Gesture::CarryHead,
                    _ => Gesture::ShadeEyes,
                };
                if p.gesture == Gesture::CarryHead {
                    p.head_roll_rad -= sign * (0.08 + 0.10 * much);
                }
            }
            Behaviour::LeaningForward => {
                // Before a driver is the wheel.
                p.bend_forward_rad = if around.drives { 0.25 + 0.10 * much } else { 0.55 + 0.45 * much };
                p.head_pitch_rad += 0.15 + 0.35 * variant;
                p.gaze = Gaze::towards(look.fixation.0, 0.2 + look.fixation.1);
            }
            Behaviour::LeaningAside => {
                let away = match around.pane {
                    Some((side, _)) => -side,
                    None => sign,
                };
                p.bend_left_rad = away * if around.drives { 0.25 + 0.10 * much } else { 0.35 + 0.30 * much };
                p.head_roll_rad -= 0.5 * p.bend_left_rad;
                p.head_pitch_rad += 0.25 * variant;
                look.ahead(&mut p);
            }
        }
        if self.shows != Gesture::None {
            p.gesture = self.shows;
        }
        p
    }
}

/// Somebody who looks.
struct Look<'a> {
    person: &'a Person,
    around: &'a Surroundings,
    mean_yaw_rad: f32,
    fixation: (f32, f32),
}

impl Look<'_> {
    /// Along the road: the eyes take most of the head's turn back.
    fn ahead(&self, p: &mut Posture) {
        p.gaze = Gaze::towards(self.fixation.0 - 0.7 * p.head_yaw_rad, self.fixation.1 - 0.7 * p.head_pitch_rad);
    }

    fn nearest_camera_m(&self, p: &Posture) -> Option<Vec3> {
        let eyes = self.person.eyes_when_seated_m(p);
        let off_axis = |camera: &Vec3| (*camera - eyes).normalize_or(Vec3::NEG_Z).z;
        self.around.cameras_m.iter().copied().max_by(|a, b| off_axis(a).total_cmp(&off_axis(b)))
    }

    /// At a place: the head turns its share of the way from straight ahead, the eyes the rest.
    fn at(&self, p: &mut Posture, place_m: Vec3, head_share: f32) {
        let eyes = self.person.eyes_when_seated_m(p);
        let d = (place_m - eyes).normalize_or(Vec3::Z);
        let (yaw, pitch) = (d.x.atan2(d.z), -d.y.clamp(-1.0, 1.0).asin());
        // What is left of the mean turn: a look replaces it.
        let sway = p.head_yaw_rad - self.mean_yaw_rad;
        p.head_yaw_rad = (head_share * yaw).clamp(-HEAD_LIMIT_RAD.0, HEAD_LIMIT_RAD.0) + sway;
        p.head_pitch_rad = (head_share * pitch).clamp(-HEAD_LIMIT_RAD.1, HEAD_LIMIT_RAD.1) + 0.5 * p.head_pitch_rad;
        let in_head = p.head_rotation().inverse() * d;
        p.gaze = Gaze::towards(
            in_head.x.atan2(in_head.z) + 0.3 * self.fixation.0,
            -in_head.y.clamp(-1.0, 1.0).asin() + 0.3 * self.fixation.1,
        );
    }

    /// Asleep: the head on the pane, or on the chest.
    fn sleep(&self, p: &mut Posture, sway: [f32; 3], much: f32) {
        p.gaze = Gaze::default();
        p.jaw_open = 0.25 * much;
        let still = 0.15;
        match self.around.pane {
            Some((side, room_m)) => {
                p.head_yaw_rad = side * (0.12 + 0.30 * much) + still * sway[0];
                p.head_pitch_rad = 0.10 + 0.15 * much + still * sway[1];
                p.head_roll_rad = -side * 0.36 + still * sway[2];
                // The slump that brings the temple to the pane.
                let (mut low, mut high) = (0.0, SLUMP_RAD);
                for _ in 0..10 {
                    p.bend_left_rad = side * (low + high) / 2.0;
                    let out = side * self.person.eyes_when_seated_m(p).x + HALF_HEAD_M;
                    if out < room_m { low = p.bend_left_rad.abs() } else { high = p.bend_left_rad.abs() }
                }
                p.bend_left_rad = side * low;
            }
            None if p.legs == Legs::Cradled => {
                p.head_yaw_rad = 0.6 * (much - 0.5) + still * sway[0];
                p.head_roll_rad = 0.3 * (0.5 - much);
            }
            None => {
                p.head_yaw_rad = 0.3 * self.mean_yaw_rad + still * sway[0];
                p.head_pitch_rad = 0.45 + 0.25 * much + still * sway[1];
                p.head_roll_rad += 0.12 * (much - 0.5);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_sway_is_bounded_seeded_and_slow() {
        for step in 0..200 {
            let time_s = f64::from(step) * 0.05;
            let now = idle_sway_rad(9, time_s);
            assert_eq!(now, idle_sway_rad(9, time_s));
            let soon = idle_sway_rad(9, time_s + 0.002);
            for axis in 0..3 {
                assert!(now[axis].abs() <= IDLE_SWAY_DEG[axis].to_radians());
                // At most 0.4 Hz: 4° · 2π · 0.4 Hz = 10°/s.
                assert!((soon[axis] - now[axis]).abs() <= 0.021_f32.to_radians());
            }
        }
        assert_ne!(idle_sway_rad(9, 1.0), idle_sway_rad(10, 1.0));
    }

    #[test]
    fn a_mouth_that_talks_opens_and_shuts_and_pauses() {
        let jaw: Vec<f32> = (0..1000).map(|step| speech(5, f64::from(step) * 0.01)).collect();
        assert!(jaw.iter().all(|x| (0.0..=1.0).contains(x)));
        let opened = jaw.windows(2).filter(|w| w[0] < 0.15 && w[1] >= 0.15).count();
        // Ten seconds hold 20 to 50 syllables, less the pauses.
        assert!((15..=50).contains(&opened), "{opened} openings");
        assert!(jaw.iter().filter(|x| **x < 0.02).count() > 100, "never pauses");
    }
}
