//! Posing by linear-blend skinning: seated in a vehicle, or upright for a portrait.
use std::{borrow::Cow, sync::Arc};

use glam::{Affine3A, Mat3, Quat, Vec3};

use super::{
    bake::{BoundPoint, Person},
    gaze::Gaze,
    gesture::{Gesture, Reach},
    landmarks::FaceLandmarks,
};
use crate::{
    mesh::{Mesh, Vertex},
    surface::Part,
    truth::Tag,
};

/// What the hands do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hands {
    /// Both on the thighs.
    Lap,
    /// Both on a steering wheel.
    Wheel,
}

/// How the legs of a seated person lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Legs {
    /// Thighs on the cushion, feet on the floor.
    Seated,
    /// Too short for the cushion: the shins hang over a child seat's edge.
    Short,
    /// Drawn up, as infants lie in a cradle.
    Cradled,
}

/// How a seated person holds themselves.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Posture {
    /// Lean of the torso backwards from the vertical, radians.
    pub back_angle_rad: f32,
    /// Torso bent forwards out of the back, radians.
    pub bend_forward_rad: f32,
    /// Torso bent to the person's left, radians.
    pub bend_left_rad: f32,
    /// Head turned to the person's left, radians, against the seat's forward direction.
    pub head_yaw_rad: f32,
    /// Head lowered (chin down), radians, against the horizontal.
    pub head_pitch_rad: f32,
    /// Head tilted towards the person's right shoulder, radians.
    pub head_roll_rad: f32,
    /// Legs.
    pub legs: Legs,
    /// Eyes against the head.
    pub gaze: Gaze,
    /// How far the jaw is dropped, 0 (shut) to 1 (as wide as in loud speech).
    pub jaw_open: f32,
    /// Where hands rest.
    pub hands: Hands,
    /// What one hand, or both, do instead.
    pub gesture: Gesture,
    /// Whether the left hand does it, where one hand is enough.
    pub left_handed: bool,
}

impl Default for Posture {
    /// A passenger looking ahead; back angle 22° (SAE J826 manikin settings for cars are 20–25°).
    fn default() -> Self {
        Self {
            back_angle_rad: 22.0_f32.to_radians(),
            bend_forward_rad: 0.0,
            bend_left_rad: 0.0,
            head_yaw_rad: 0.0,
            head_pitch_rad: 0.0,
            head_roll_rad: 0.0,
            legs: Legs::Seated,
            gaze: Gaze::default(),
            jaw_open: 0.0,
            hands: Hands::Lap,
            gesture: Gesture::None,
            left_handed: false,
        }
    }
}

impl Posture {
    /// Turn of the head against the seat frame: yaw about +Y, then pitch, then roll, each about the turned axes.
    pub fn head_rotation(&self) -> Quat {
        Quat::from_rotation_y(self.head_yaw_rad)
            * Quat::from_rotation_x(self.head_pitch_rad)
            * Quat::from_rotation_z(self.head_roll_rad)
    }

    /// Turn of the torso at the hips, and `share` of the way up to the chest.
    fn torso_rotation(&self, share: f32) -> Quat {
        // The chest stands more upright than the hips, and bends further.
        let back = self.back_angle_rad * (1.0 - 0.28 * share);
        let bend = 0.75 + 0.5 * share;
        Quat::from_rotation_z(-self.bend_left_rad * bend) * Quat::from_rotation_x(self.bend_forward_rad * bend - back)
    }
}

/// A person in a pose.
#[derive(Debug, Clone)]
pub struct Posed {
    /// Parts in the owner's frame.
    pub parts: Vec<Part>,
    /// Where the face is, in the same frame.
    pub landmarks: FaceLandmarks,
    /// Frame of what the hands hold, +Z out of its front, +Y its upper end; `None` when they hold nothing.
    pub grip: Option<Affine3A>,
}

impl Posed {
    /// The same pose in another frame; rotation and translation only.
    pub fn moved(&self, target_from_owner: Affine3A) -> Posed {
        let at = |p: Vec3| target_from_owner.transform_point3(p);
        let (_, rotation, _) = target_from_owner.to_scale_rotation_translation();
        let l = &self.landmarks;
        let parts = self
            .parts
            .iter()
            .map(|part| Part { mesh: Arc::new(part.mesh.transformed(target_from_owner)), ..part.clone() })
            .collect();
        Posed { parts, landmarks: l.moved(at, rotation), grip: self.grip.map(|grip| target_from_owner * grip) }
    }
}

/// Distance from chest to the steering wheel's rim along +Z, metres (assumption within SAE J1100 package ranges).
const WHEEL_AHEAD_M: f32 = 0.42;
/// Turn of the jaw at its widest in speech, radians (assumption: the chin drops by some 12 mm; a jaw can open three times as far).
const JAW_TURN_RAD: f32 = 0.32;
/// Half the distance between the hands on the wheel, metres ("ten to two" on a rim of 0.37 m diameter).
const WHEEL_HALF_GRIP_M: f32 = 0.165;

/// Builds bone transforms: every bone keeps its parent's turn unless told its own.
pub(super) struct Poser<'a> {
    person: &'a Person,
    rotation: Vec<Quat>,
    origin: Vec<Vec3>,
}

impl<'a> Poser<'a> {
    fn new(person: &'a Person) -> Self {
        let n = person.joints.len();
        let origin = person.joints.iter().map(|j| j.head_m).collect();
        Self { person, rotation: vec![Quat::IDENTITY; n], origin }
    }

    pub(super) fn index(&self, name: &str) -> usize {
        self.person.joints.iter().position(|j| j.name == name).unwrap_or(0)
    }

    /// Turns the named bones to absolute rotations and carries everything below along. `set` lists (bone, rotation)
    /// in any order.
    fn solve(&mut self, set: &[(usize, Quat)]) {
        for (i, joint) in self.person.joints.iter().enumerate() {
            let own = set.iter().find(|(b, _)| *b == i).map(|(_, q)| *q);
            if let Some(parent) = joint.parent.map(usize::from) {
                let parent_head = self.person.joints[parent].head_m;
                self.origin[i] = self.origin[parent] + self.rotation[parent] * (joint.head_m - parent_head);
                self.rotation[i] = own.unwrap_or(self.rotation[parent]);
            } else {
                self.rotation[i] = own.unwrap_or(Quat::IDENTITY);
            }
        }
    }

    pub(super) fn head(&self, name: &str) -> Vec3 {
        self.person.joints[self.index(name)].head_m
    }

    /// Where a point that moves with a bone has come to.
    pub(super) fn carried(&self, bone: usize, bound_m: Vec3) -> Vec3 {
        self.origin[bone] + self.rotation[bone] * (bound_m - self.person.joints[bone].head_m)
    }

    fn transforms(&self, shift: Vec3) -> Vec<Affine3A> {
        let bones = self.person.joints.iter().zip(self.rotation.iter().zip(&self.origin));
        bones.map(|(j, (q, o))| Affine3A::from_rotation_translation(*q, *o + shift - *q * j.head_m)).collect()
    }
}

/// Rotation that takes one pair of (direction, rough side) to another.
fn turn(from: (Vec3, Vec3), to: (Vec3, Vec3)) -> Quat {
    let frame = |(direction, side): (Vec3, Vec3)| {
        let a = direction.normalize_or(Vec3::Y);
        let b = (side - a * side.dot(a)).normalize_or(a.any_orthonormal_vector());
        Mat3::from_cols(a, b, a.cross(b))
    };
    Quat::from_mat3(&(frame(to) * frame(from).transpose())).normalize()
}

/// Elbow or knee of a two-bone chain from `start` to `goal`, bent towards `pole`.
fn bend(start: Vec3, goal: Vec3, first: f32, second: f32, pole: Vec3) -> (Vec3, Vec3) {
    let reach = (goal - start).length().clamp((first - second).abs() + 1e-3, first + second - 1e-3);
    let direction = (goal - start).normalize_or(Vec3::Z);
    let along = (first * first - second * second + reach * reach) / (2.0 * reach);
    let aside = (first * first - along * along).max(0.0).sqrt();
    let side = (pole - direction * pole.dot(direction)).normalize_or(direction.any_orthonormal_vector());
    (start + direction * along + side * aside, start + direction * reach)
}

impl Person {
    /// Turns torso, neck, head, jaw and eyes; gives the bones so far and the shift that puts the hip pivot at the origin.
    fn sit(&self, posture: &Posture) -> (Poser<'_>, Vec<(usize, Quat)>, Vec3) {
        let mut poser = Poser::new(self);
        let hip = (poser.head("upperleg01.L") + poser.head("upperleg01.R")) / 2.0;
        let lean = posture.torso_rotation(0.0);
        let chest = posture.torso_rotation(1.0);
        let head = posture.head_rotation();
        let root = poser.index("root");
        let mut set = vec![(root, lean)];
        for (bone, t) in [("spine03", 0.35), ("spine02", 0.7), ("spine01", 1.0)] {
            set.push((poser.index(bone), lean.slerp(chest, t)));
        }
        for (bone, t) in [("neck01", 0.25), ("neck02", 0.45), ("neck03", 0.65)] {
            set.push((poser.index(bone), chest.slerp(head, t)));
        }
        set.push((poser.index("head"), head));
        set.push((poser.index("jaw"), head * Quat::from_rotation_x(JAW_TURN_RAD * posture.jaw_open.clamp(0.0, 1.0))));
        set.extend(posture.gaze.bones(head).map(|(bone, turn)| (poser.index(bone), turn)));
        poser.solve(&set);
        // The root turns about its own head.
        let shift = -(poser.origin[root] + lean * (hip - poser.head("root")));
        (poser, set, shift)
    }

    /// The middle between the pupils of the person seated so, without the cost of posing; seat frame, metres.
    pub fn eyes_when_seated_m(&self, posture: &Posture) -> Vec3 {
        let (poser, _, shift) = self.sit(posture);
        let [left, right] = self.landmarks.pupils.map(|p| p.position_m);
        poser.carried(poser.index("head"), (left + right) / 2.0) + shift
    }

    /// Sits the person down as occupant `k`. Seat frame: origin at the hip pivot, +Z ahead, +Y up, +X left.
    pub fn seated(&self, k: u8, posture: &Posture) -> Posed {
        let (mut poser, mut set, shift) = self.sit(posture);
        for side in ["L", "R"] {
            let sign = if side == "L" { 1.0 } else { -1.0 };
            self.place_leg(&poser, side, sign, posture.legs, &mut set);
        }
        poser.solve(&set);
        for side in ["L", "R"] {
            let sign = if side == "L" { 1.0 } else { -1.0 };
            self.place_arm(&poser, side, sign, posture, shift, &mut set);
        }
        poser.solve(&set);
        let mut posed = self.posed(k, &poser, shift, posture.head_rotation(), posture.gaze);
        posed.grip = posture.gesture.grip(self, &poser, shift, posture.left_handed);
        let held = posture.gesture.held(k, posed.grip).into_iter();
        posed.parts.extend(held.map(|part| self.band.map_or_else(|| part.clone(), |band| part.in_band(band))));
        posed
    }

    fn place_leg(&self, poser: &Poser, side: &str, sign: f32, legs: Legs, set: &mut Vec<(usize, Quat)>) {
        let name = |n: &str| format!("{n}.{side}");
        let (hip, knee, foot) =
            (poser.head(&name("upperleg01")), poser.head(&name("lowerleg01")), poser.head(&name("foot")));
        // Directions of thigh and shin.
        let (along_thigh, along_shin) = match legs {
            Legs::Seated => (Vec3::new(0.14 * sign, 0.16, 1.0), Vec3::new(0.0, -1.0, 0.35)),
            Legs::Short => (Vec3::new(0.22 * sign, 0.14, 1.0), Vec3::new(0.05 * sign, -0.75, 0.66)),
            Legs::Cradled => (Vec3::new(0.55 * sign, 0.55, 0.75), Vec3::new(-0.35 * sign, -0.25, 1.0)),
        };
        let thigh = turn((knee - hip, Vec3::Z), (along_thigh, Vec3::Y));
        let shin = turn((foot - knee, Vec3::Z), (along_shin, Vec3::new(0.0, along_shin.z, -along_shin.y)));
        set.push((poser.index(&name("upperleg01")), thigh));
        set.push((poser.index(&name("lowerleg01")), shin));
        set.push((poser.index(&name("foot")), Quat::from_rotation_x(-0.35)));
    }

    fn place_arm(
        &self,
        poser: &Poser,
        side: &str,
        sign: f32,
        posture: &Posture,
        shift: Vec3,
        set: &mut Vec<(usize, Quat)>,
    ) {
        let name = |n: &str| format!("{n}.{side}");
        let bone = |n: &str| poser.index(&name(n));
        let (shoulder, elbow, wrist) =
            (poser.head(&name("upperarm01")), poser.head(&name("lowerarm01")), poser.head(&name("wrist")));
        let knuckle = poser.head(&name("finger3-1"));
        let (first, second) = (shoulder.distance(elbow), elbow.distance(wrist));
        let start = poser.origin[bone("upperarm01")] + shift;
        let size = (first + second) / 0.50;
        let gesture = posture.gesture.reach(self, poser, shift, sign, size, posture.left_handed);
        let reach = gesture.unwrap_or_else(|| match posture.hands {
            Hands::Lap => Reach {
                wrist_m: Vec3::new(sign * 0.105 * size, 0.125 * size, 0.27 * size),
                pole: Vec3::new(sign * 0.8, -0.6, -0.5),
                hand: Vec3::new(-0.25 * sign, -0.10, 1.0),
                palm: Vec3::new(0.15 * sign, -1.0, -0.05),
                curl: 0.16,
            },
            Hands::Wheel => {
                let chest = poser.origin[poser.index("spine01")] + shift;
                let ahead = chest.z + 0.09 + WHEEL_AHEAD_M * size.min(1.05) - 0.07;
                Reach {
                    wrist_m: Vec3::new(sign * WHEEL_HALF_GRIP_M, chest.y - 0.08 * size, ahead),
                    pole: Vec3::new(sign * 0.7, -1.0, -0.1),
                    hand: Vec3::new(-0.35 * sign, 0.45, 0.8),
                    palm: Vec3::new(-0.75 * sign, -0.35, 0.15),
                    curl: 0.95,
                }
            }
        });
        let (middle, end) = bend(start, reach.wrist_m, first, second, reach.pole);
        let hinge_before = (elbow - shoulder).cross(wrist - elbow);
        let hinge_after = (middle - start).cross(end - middle);
        let upper = turn((elbow - shoulder, hinge_before), (middle - start, hinge_after));
        let lower = turn((wrist - elbow, hinge_before), (end - middle, hinge_after));
        // The palm's outward normal in the rig's pose: from the line of the knuckles and the hand's direction.
        let across = poser.head(&name("finger2-1")) - poser.head(&name("finger5-1"));
        let palm_before = (knuckle - wrist).cross(across) * sign;
        let hand = turn((knuckle - wrist, palm_before), (reach.hand, reach.palm));
        set.push((bone("upperarm01"), upper));
        set.push((bone("lowerarm01"), lower));
        set.push((bone("lowerarm02"), lower.slerp(twist_only(lower, hand, end - middle), 0.5)));
        set.push((bone("wrist"), hand));
        let axis = hand * (across.normalize_or(Vec3::X));
        for finger in 2..=5 {
            for (joint, share) in [(1, 1.0), (2, 2.0), (3, 2.7)] {
                let q = Quat::from_axis_angle(axis, -sign * reach.curl * share) * hand;
                set.push((bone(&format!("finger{finger}-{joint}")), q));
            }
        }
    }

    /// Upright and frontal, arms down. Origin midway between the pupils, facing +Z.
    pub fn portrait(&self) -> Posed {
        let mut poser = Poser::new(self);
        let mut set = Vec::new();
        for side in ["L", "R"] {
            let sign = if side == "L" { 1.0 } else { -1.0 };
            let name = |n: &str| format!("{n}.{side}");
            let (shoulder, elbow) = (poser.head(&name("upperarm01")), poser.head(&name("lowerarm01")));
            let down = Quat::from_rotation_arc(
                (elbow - shoulder).normalize_or(Vec3::NEG_Y),
                Vec3::new(0.22 * sign, -1.0, 0.0).normalize(),
            );
            set.push((poser.index(&name("upperarm01")), down));
            // The shoulder takes a share of the turn, or the sleeve folds into itself.
            set.push((poser.index(&name("shoulder01")), Quat::IDENTITY.slerp(down, 0.35)));
        }
        poser.solve(&set);
        let shift = -(self.landmarks.pupils[0].position_m + self.landmarks.pupils[1].position_m) / 2.0;
        self.posed(0, &poser, shift, Quat::IDENTITY, Gaze::default())
    }

    fn posed(&self, k: u8, poser: &Poser, shift: Vec3, head_rotation: Quat, gaze: Gaze) -> Posed {
        let bones = poser.transforms(shift);
        let blend = |skin: &super::rig::Skin| {
            let mut sum = scaled(&bones[usize::from(skin.bones[0])], skin.weights[0]);
            for i in (1..4).filter(|&i| skin.weights[i] > 0.0) {
                add(&mut sum, &bones[usize::from(skin.bones[i])], skin.weights[i]);
            }
            sum
        };
        let parts = self
            .parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let mut bound = Cow::Borrowed(&part.vertices);
                for (v, by) in self.lids.of_part(index, gaze) {
                    let place = &mut bound.to_mut()[v as usize].position_m;
                    *place = (Vec3::from(*place) + by).to_array();
                }
                let vertices = bound
                    .iter()
                    .zip(&part.skin)
                    .map(|(v, skin)| {
                        let m = blend(skin);
                        let normal = m.transform_vector3(v.normal.into());
                        Vertex {
                            position_m: m.transform_point3(v.position_m.into()).to_array(),
                            normal: normal.normalize_or(Vec3::Y).to_array(),
                            ..*v
                        }
                    })
                    .collect();
                Part {
                    name: part.name.to_owned(),
                    mesh: Arc::new(Mesh { vertices, indices: part.indices.clone() }),
                    surface: part.surface.clone(),
                    tag: Tag::occupant(k, part.role),
                }
            })
            .collect();
        let at = |p: &BoundPoint| blend(&p.skin).transform_point3(p.position_m);
        let l = &self.landmarks;
        let with_lids = |(i, p): (usize, &BoundPoint)| {
            at(&BoundPoint { position_m: p.position_m + self.lids.of_point(i, gaze), ..*p })
        };
        let landmarks = FaceLandmarks {
            left_pupil_m: at(&l.pupils[0]),
            right_pupil_m: at(&l.pupils[1]),
            nose_tip_m: at(&l.nose_tip),
            mouth_left_m: at(&l.mouth[0]),
            mouth_right_m: at(&l.mouth[1]),
            chin_m: at(&l.chin),
            crown_m: at(&l.crown),
            face_outline_m: l.outline.iter().map(at).collect(),
            points_m: l.points.iter().enumerate().map(with_lids).collect(),
            head_rotation,
        };
        Posed { parts, landmarks, grip: None }
    }
}

/// Part of the turn from `from` to `to` that goes about `axis`.
fn twist_only(from: Quat, to: Quat, axis: Vec3) -> Quat {
    let axis = axis.normalize_or(Vec3::Y);
    let delta = to * from.inverse();
    let along = Vec3::new(delta.x, delta.y, delta.z).dot(axis);
    let twist = Quat::from_xyzw(axis.x * along, axis.y * along, axis.z * along, delta.w);
    if twist.length_squared() > 1e-6 { twist.normalize() * from } else { from }
}

fn scaled(m: &Affine3A, w: f32) -> Affine3A {
    Affine3A { matrix3: m.matrix3 * w, translation: m.translation * w }
}

fn add(sum: &mut Affine3A, m: &Affine3A, w: f32) {
    sum.matrix3 += m.matrix3 * w;
    sum.translation += m.translation * w;
}
