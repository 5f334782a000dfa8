//! What hands do besides resting: hold a phone, cover the mouth, carry the head, shade the eyes, hold up something.
use std::sync::Arc;

use glam::{Affine3A, Mat3, Vec3};
use serde::{Deserialize, Serialize};

use super::{bake::Person, pose::Poser};
use crate::{
    mesh::Mesh,
    shapes::{coloured, quad, rounded_box},
    surface::{Part, Surface},
    truth::{Role, Tag},
};

/// What one hand, or both, do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gesture {
    /// Nothing: hands rest.
    #[default]
    None,
    /// One hand holds a phone before the chest, its screen to the eyes.
    Phone,
    /// One hand holds a phone in the lap.
    PhoneInLap,
    /// One hand before mouth and nose: a yawn, a cough.
    CoverMouth,
    /// One hand carries the head, flat along jaw and cheek.
    CarryHead,
    /// One hand above the brows, against the light.
    ShadeEyes,
    /// One hand shows something small at eye height, its front ahead.
    Show,
    /// Both hands hold something of a magazine's size before the chest, its front ahead.
    HoldUp,
}

/// Where an arm goes; seat frame.
pub(super) struct Reach {
    /// Wrist, metres.
    pub wrist_m: Vec3,
    /// The elbow bends towards this direction.
    pub pole: Vec3,
    /// Direction from the wrist to the knuckles.
    pub hand: Vec3,
    /// The palm's outward normal, roughly.
    pub palm: Vec3,
    /// Bend of each finger's first joint, radians.
    pub curl: f32,
}

/// Wrist to the middle of the palm of an adult's hand, metres (hand length 0.19 m, ANSUR II; the palm is half of it).
const PALM_M: f32 = 0.075;
/// Half a hand's thickness with some air, metres (hand thickness 28 mm at the knuckles, ANSUR).
const HALF_HAND_M: f32 = 0.018;
/// Half width, height and thickness of a phone, metres (common 6-inch phones: 72 × 150 × 8 mm).
const PHONE_HALF_M: Vec3 = Vec3::new(0.036, 0.075, 0.004);
/// Radiance of a bright phone screen per band, W·m⁻²·sr⁻¹: some 400 cd/m² of white at 250 lm/W (assumption).
const SCREEN_RADIANCE: [f32; 3] = [0.45, 0.50, 0.60];
/// From the eyes to a phone that is looked at, metres (assumption: 0.30 m, as reading distances of phones are reported).
const PHONE_AWAY_M: f32 = 0.30;
/// How far below the horizontal it is held, radians (assumption).
const PHONE_BELOW_RAD: f32 = 0.66;

/// The face where the torso has brought it: seat frame.
struct Face {
    ahead: Vec3,
    up: Vec3,
    left: Vec3,
    eyes_m: Vec3,
    mouth_m: Vec3,
    nose_m: Vec3,
    chin_m: Vec3,
    /// From the middle to the broadest place of the face.
    half_width_m: f32,
}

impl Face {
    fn of(person: &Person, poser: &Poser<'_>, shift: Vec3) -> Self {
        let bone = poser.index("head");
        let at = |p: Vec3| poser.carried(bone, p) + shift;
        let origin = at(Vec3::ZERO);
        let axis = |a: Vec3| at(a) - origin;
        let l = &person.landmarks;
        let middle = |pair: &[super::bake::BoundPoint; 2]| at((pair[0].position_m + pair[1].position_m) / 2.0);
        Self {
            ahead: axis(Vec3::Z),
            up: axis(Vec3::Y),
            left: axis(Vec3::X),
            eyes_m: middle(&l.pupils),
            mouth_m: middle(&l.mouth),
            nose_m: at(l.nose_tip.position_m),
            chin_m: at(l.chin.position_m),
            half_width_m: l.outline.iter().map(|p| p.position_m.x.abs()).fold(0.0, f32::max),
        }
    }
}

/// Where a phone is held that is looked at, against the middle of the eyes: seat frame, metres. `sign` is +1 for the left
/// hand.
pub(super) fn phone_from_eyes_m(sign: f32, size: f32) -> Vec3 {
    let (down, ahead) = PHONE_BELOW_RAD.sin_cos();
    Vec3::new(sign * 0.03, -down, ahead) * PHONE_AWAY_M * size
}

impl Gesture {
    /// Whether a hand on this side takes part.
    fn takes(self, sign: f32, left_handed: bool) -> bool {
        match self {
            Gesture::None => false,
            Gesture::HoldUp => true,
            _ => (sign > 0.0) == left_handed,
        }
    }

    /// Whether something is held whose front the gesture turns somewhere.
    fn holds(self) -> bool {
        matches!(self, Gesture::Phone | Gesture::PhoneInLap | Gesture::Show | Gesture::HoldUp)
    }

    /// Where the arm of one side goes; `None` where it rests. `size` is 1 for an arm of half a metre.
    pub(super) fn reach(
        self,
        person: &Person,
        poser: &Poser<'_>,
        shift: Vec3,
        sign: f32,
        size: f32,
        left_handed: bool,
    ) -> Option<Reach> {
        if !self.takes(sign, left_handed) {
            return None;
        }
        let face = Face::of(person, poser, shift);
        let Face { ahead, up, left, .. } = face;
        let out = left * sign;
        let down_and_out = Vec3::new(sign * 0.7, -1.0, -0.15);
        // A hand whose palm's middle is to come to a place.
        let palm_at = |middle: Vec3, hand: Vec3, palm: Vec3, pole: Vec3, curl: f32| {
            let hand = hand.normalize_or(Vec3::Y);
            Some(Reach { wrist_m: middle - hand * PALM_M * size, pole, hand, palm, curl })
        };
        match self {
            Gesture::None => None,
            Gesture::Phone => {
                let phone = face.eyes_m + phone_from_eyes_m(sign, size);
                let palm = (face.eyes_m - phone).normalize_or(Vec3::Y);
                let hand = Vec3::new(-0.35 * sign, 0.8, 0.3);
                palm_at(phone - palm * HALF_HAND_M * 1.2 - Vec3::Y * 0.03 * size, hand, palm, down_and_out, 0.35)
            }
            Gesture::PhoneInLap => {
                let middle = Vec3::new(sign * 0.03, 0.19, 0.28) * size;
                palm_at(
                    middle,
                    Vec3::new(-0.3 * sign, 0.35, 1.0),
                    Vec3::new(-0.2 * sign, 0.9, -0.4),
                    down_and_out,
                    0.35,
                )
            }
            Gesture::CoverMouth => {
                // Clear of the nose, which stands out further than the lips.
                let clear = (face.nose_m - face.mouth_m).dot(ahead).max(0.0) + HALF_HAND_M + 0.024;
                let middle = face.mouth_m + ahead * clear + out * 0.012;
                palm_at(middle, out * -0.75 + up * 0.55 + ahead * 0.10, -ahead, down_and_out, 0.12)
            }
            Gesture::CarryHead => {
                let jaw = face.chin_m.lerp(face.mouth_m, 0.5);
                let middle = jaw + out * (face.half_width_m + HALF_HAND_M + 0.020) - ahead * 0.055 * size;
                palm_at(middle, up + out * 0.38, -out + up * 0.38, Vec3::new(sign * 0.5, -1.0, 0.35), 0.03)
            }
            Gesture::ShadeEyes => {
                let middle = face.eyes_m + up * 0.055 + ahead * 0.080 * size.max(0.8);
                palm_at(middle, out * -0.95 + ahead * 0.12, -up + ahead * 0.15, Vec3::new(sign, -0.6, 0.2), 0.06)
            }
            Gesture::Show => {
                let middle = face.eyes_m + Vec3::new(sign * 0.17, -0.10, 0.30) * size;
                palm_at(middle, Vec3::new(-0.1 * sign, 1.0, 0.0), Vec3::new(0.0, 0.1, 1.0), down_and_out, 0.35)
            }
            Gesture::HoldUp => {
                let middle = face.eyes_m + Vec3::new(sign * 0.115, -0.29, 0.27) * size;
                let hand = Vec3::new(-0.2 * sign, 0.9, 0.3);
                palm_at(middle, hand, Vec3::new(-sign, 0.0, 0.25), Vec3::new(sign * 0.8, -1.0, -0.2), 0.5)
            }
        }
    }

    /// Frame of what is held: origin in its middle, +Z out of its front, +Y its upper end; seat frame.
    pub(super) fn grip(self, person: &Person, poser: &Poser<'_>, shift: Vec3, left_handed: bool) -> Option<Affine3A> {
        if !self.holds() {
            return None;
        }
        let frame = |middle: Vec3, up: Vec3, front: Vec3| {
            let z = front.normalize_or(Vec3::Z);
            let y = (up - z * up.dot(z)).normalize_or(Vec3::Y);
            Affine3A::from_mat3_translation(Mat3::from_cols(y.cross(z), y, z), middle)
        };
        let (side, sign) = if left_handed { ("L", 1.0) } else { ("R", -1.0) };
        let name = |n: &str| format!("{n}.{side}");
        let bound = |n: &str| poser.head(&name(n));
        let wrist = poser.index(&name("wrist"));
        let at = |p: Vec3| poser.carried(wrist, p) + shift;
        let (heel, knuckle) = (bound("wrist"), bound("finger3-1"));
        let size = knuckle.distance(heel) / 0.09;
        let hand = at(knuckle) - at(heel);
        let across = bound("finger2-1") - bound("finger5-1");
        let palm = at(heel + (knuckle - heel).cross(across) * sign) - at(heel);
        let palm = palm.normalize_or(Vec3::Z);
        Some(match self {
            Gesture::HoldUp => {
                let eyes = Face::of(person, poser, shift).eyes_m;
                frame(eyes + Vec3::new(0.0, -0.19, 0.31) * size, Vec3::new(0.0, 1.0, -0.3), Vec3::new(0.0, 0.3, 1.0))
            }
            // Out of the palm, beyond the thumb's ball.
            _ => frame(at(heel) + hand * 1.15 + palm * HALF_HAND_M * 1.35, hand, palm),
        })
    }

    /// The phone in the hand, where there is one.
    pub(super) fn held(self, k: u8, grip: Option<Affine3A>) -> Vec<Part> {
        let (Some(grip), Gesture::Phone | Gesture::PhoneInLap) = (grip, self) else { return Vec::new() };
        let part = |name: &str, mesh: Mesh, surface| Part {
            name: name.to_owned(),
            mesh: Arc::new(mesh.transformed(grip)),
            surface,
            tag: Tag::occupant(k, Role::Held),
        };
        let shine = |emitted_radiance| Surface { emitted_radiance, roughness: 0.15, ..Surface::matt([0.02; 3]) };
        vec![
            part("phone", phone_case(), Surface { roughness: 0.3, ..Surface::matt([1.0; 3]) }),
            part("phone screen", phone_screen(), shine(SCREEN_RADIANCE)),
        ]
    }
}

/// A phone's case and screen in their own frame.
pub(crate) fn phone() -> [Mesh; 2] {
    [phone_case(), phone_screen()]
}

/// A phone without its screen.
fn phone_case() -> Mesh {
    coloured(rounded_box(PHONE_HALF_M, 0.0039, [1, 1, 1]), [0.012, 0.012, 0.014], 1.0)
}

/// The screen, just before the case.
fn phone_screen() -> Mesh {
    let (x, y, z) = (PHONE_HALF_M.x - 0.003, PHONE_HALF_M.y - 0.004, PHONE_HALF_M.z + 0.0004);
    let mut mesh = quad([Vec3::new(-x, -y, z), Vec3::new(x, -y, z), Vec3::new(x, y, z), Vec3::new(-x, y, z)]);
    for (v, uv) in mesh.vertices.iter_mut().zip([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]) {
        v.uv = uv;
    }
    mesh
}
