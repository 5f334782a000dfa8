//! What is true of each occupant's face in one exposure, from the geometry, the truth layers and the frame's numbers.
use glam::{Affine3A, Mat3, Vec2, Vec3};
use laneproof_camera::Frame8;
use laneproof_exchange::truth::{BoxPx, FaceTruth, Occluder};
use laneproof_render::PinholeCamera;
use laneproof_scenes::{
    catalogue::{Colour, Lens},
    mesh::Mesh,
    people::FaceLandmarks,
    truth::{Role, Subject, Tag},
};

use crate::{lens_camera::LensCamera, region::TruthLayers};

/// Digital number from which OFIQ counts a pixel as over-exposed (ISO/IEC 29794-5).
const OVER_EXPOSED_DN: u8 = 247;
/// Larger than any face mask a sensor can hold; a face nearer than this is not one of an occupant.
const MASK_LIMIT_PX: f32 = 4000.0;

/// The parts of an exposure that every face's truth is read from.
pub(crate) struct Evidence<'a> {
    pub(crate) camera: &'a LensCamera,
    pub(crate) lens: &'a Lens,
    pub(crate) pixel_pitch_um: f32,
    /// Photons of a pixel for a radiance of 1 W·m⁻²·sr⁻¹ in the green band, over the exposure.
    pub(crate) photons_per_radiance: f64,
    /// Share of unpolarised light that a filter before the lens passes.
    pub(crate) filter_transmittance: f32,
    pub(crate) layers: &'a TruthLayers,
    pub(crate) frame: &'a Frame8,
}

/// One occupant's face: where it is at mid-exposure, and at the shutter's opening and closing.
pub(crate) struct FacePose<'a> {
    /// Index in the vehicle.
    pub(crate) occupant: u8,
    /// What the truth layers call the person.
    pub(crate) subject: Subject,
    pub(crate) landmarks: FaceLandmarks,
    pub(crate) eyes_at_open_m: Vec3,
    pub(crate) eyes_at_close_m: Vec3,
    /// Skin of the face, in its own frame.
    pub(crate) mesh: &'a Mesh,
    pub(crate) world_from_mesh: Affine3A,
}

/// The middle between the pupils.
pub(crate) fn mid_eyes_m(landmarks: &FaceLandmarks) -> Vec3 {
    (landmarks.left_pupil_m + landmarks.right_pupil_m) * 0.5
}

/// Yaw, pitch and roll in degrees of a face against the line to the camera: 0, 0, 0 looks into the lens, upright in the
/// picture. Yaw to the person's left, pitch downwards, roll towards the person's right shoulder are positive.
pub(crate) fn pose_to_camera_deg(camera: &PinholeCamera, landmarks: &FaceLandmarks) -> [f32; 3] {
    let eye = Vec3::from(camera.world_from_camera.translation);
    let ahead = (eye - mid_eyes_m(landmarks)).normalize_or(Vec3::Z);
    let camera_up = Vec3::from(camera.world_from_camera.matrix3.y_axis);
    let left = camera_up.cross(ahead).normalize_or(Vec3::X);
    let look_from_world = Mat3::from_cols(left, ahead.cross(left), ahead).transpose();
    let forward = look_from_world * (landmarks.head_rotation * Vec3::Z);
    let up = look_from_world * (landmarks.head_rotation * Vec3::Y);
    let yaw = forward.x.atan2(forward.z);
    let pitch = -forward.y.clamp(-1.0, 1.0).asin();
    // The head's up, with yaw and pitch taken out again, has turned about the line of sight by the roll.
    let unturned = glam::Quat::from_rotation_x(-pitch) * (glam::Quat::from_rotation_y(-yaw) * up);
    let roll = (-unturned.x).atan2(unturned.y);
    [yaw.to_degrees(), pitch.to_degrees(), roll.to_degrees()]
}

/// Pixels that the camera-facing triangles of a face cover, whether or not something stands before them.
struct Mask {
    x0: i32,
    y0: i32,
    width: usize,
    covered: Vec<bool>,
}

impl Mask {
    fn rasterise(camera: &LensCamera, mesh: &Mesh, world_from_mesh: Affine3A) -> Option<Self> {
        let points: Option<Vec<Vec2>> = mesh
            .vertices
            .iter()
            .map(|v| camera.project(world_from_mesh.transform_point3(v.position_m.into())).map(|(p, _)| p.into()))
            .collect();
        let points = points?;
        let (low, high) = points.iter().fold((Vec2::MAX, Vec2::MIN), |(l, h), &p| (l.min(p), h.max(p)));
        let size = high - low;
        if points.is_empty() || size.max_element() > MASK_LIMIT_PX || !size.is_finite() {
            return None;
        }
        let (x0, y0) = (low.x.floor() as i32, low.y.floor() as i32);
        let (width, height) = ((high.x.ceil() as i32 - x0 + 1) as usize, (high.y.ceil() as i32 - y0 + 1) as usize);
        let mut covered = vec![false; width * height];
        let origin = Vec2::new(x0 as f32, y0 as f32);
        for t in mesh.indices.chunks_exact(3) {
            let [a, b, c] = [0, 1, 2].map(|i| points[t[i] as usize] - origin);
            // Counter-clockwise towards the camera is clockwise with y down: a negative area faces us.
            let area = (b - a).perp_dot(c - a);
            if area >= 0.0 {
                continue;
            }
            let low = a.min(b).min(c).floor().max(Vec2::ZERO);
            let high = a.max(b).max(c).ceil();
            for y in low.y as usize..(high.y as usize).min(height) {
                for x in low.x as usize..(high.x as usize).min(width) {
                    let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                    let inside = [(a, b), (b, c), (c, a)].iter().all(|&(u, v)| (v - u).perp_dot(p - u) <= 0.0);
                    covered[y * width + x] |= inside;
                }
            }
        }
        Some(Self { x0, y0, width, covered })
    }

    fn pixels(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        let (x0, y0, width) = (self.x0, self.y0, self.width);
        self.covered
            .iter()
            .enumerate()
            .filter(|(_, covered)| **covered)
            .map(move |(i, _)| (x0 + (i % width) as i32, y0 + (i / width) as i32))
    }
}

/// What was read off the visible pixels of a face.
struct Visible {
    expected: u32,
    seen: u32,
    hidden_by: [u32; OCCLUDERS.len()],
    transmitted: f64,
    veil: f64,
    transmittance: f64,
    drops: f64,
    in_drops: f64,
    luma: [u32; 256],
    over_exposed: u32,
}

const OCCLUDERS: [Occluder; 13] = [
    Occluder::Body,
    Occluder::Interior,
    Occluder::Seat,
    Occluder::Person,
    Occluder::Oneself,
    Occluder::Furniture,
    Occluder::ChildSeat,
    Occluder::Decoy,
    Occluder::OtherVehicle,
    Occluder::Drops,
    Occluder::Eyewear,
    Occluder::Headwear,
    Occluder::FaceCover,
];
/// Where the things that people wear begin in [`OCCLUDERS`].
const WORN: usize = 10;
/// Place of drops in [`OCCLUDERS`].
const DROPS: usize = 9;
/// Share of a pixel from which drops hide what is behind them.
const HIDDEN_FROM: f32 = 0.5;

/// The vehicle that something belongs to: 0 the encounter's own, then the others; `None` for the lane.
fn vehicle_of(subject: Subject) -> Option<u8> {
    match subject {
        Subject::Lane => None,
        Subject::Vehicle | Subject::Occupant(_) | Subject::Decoy(_) => Some(0),
        Subject::OtherVehicle(vehicle) | Subject::OtherOccupant { vehicle, .. } => Some(1 + vehicle),
    }
}

fn occluder_index(face: Subject, tag: Option<Tag>) -> usize {
    match tag {
        Some(Tag { subject, role }) if subject == face => match role {
            Role::Eyewear => WORN,
            Role::Headwear => WORN + 1,
            Role::FaceCover => WORN + 2,
            _ => 4,
        },
        Some(Tag { subject, .. }) if vehicle_of(subject).is_some_and(|v| Some(v) != vehicle_of(face)) => 8,
        Some(Tag { subject: Subject::Occupant(_) | Subject::OtherOccupant { .. }, .. }) => 3,
        Some(Tag { subject: Subject::Decoy(_), .. }) => 7,
        Some(Tag { role: Role::ChildSeat, .. }) => 6,
        Some(Tag { role: Role::Interior, .. }) => 1,
        Some(Tag { role: Role::Seat, .. }) => 2,
        Some(Tag { subject: Subject::Vehicle | Subject::OtherVehicle(_), .. }) => 0,
        _ => 5,
    }
}

impl Default for Visible {
    fn default() -> Self {
        Self {
            expected: 0,
            seen: 0,
            hidden_by: [0; OCCLUDERS.len()],
            transmitted: 0.0,
            veil: 0.0,
            transmittance: 0.0,
            drops: 0.0,
            in_drops: 0.0,
            luma: [0; 256],
            over_exposed: 0,
        }
    }
}

impl Visible {
    fn read(face: Subject, mask: &Mask, evidence: &Evidence) -> Self {
        let PinholeCamera { width_px, height_px, .. } = evidence.camera.sensor;
        let (w, h) = (width_px as i32, height_px as i32);
        let layers = evidence.layers;
        let mut visible = Self::default();
        for (x, y) in mask.pixels() {
            visible.expected += 1;
            if x < 0 || y < 0 || x >= w || y >= h {
                continue;
            }
            let (column, row) = (x as u32, y as u32);
            let pixel = y as usize * w as usize + x as usize;
            let tag = layers.tag(column, row);
            let own = tag.is_some_and(|tag| tag.subject == face && matches!(tag.role, Role::Face | Role::Eyes));
            if !own {
                visible.hidden_by[occluder_index(face, tag)] += 1;
                continue;
            }
            let light = layers.light(column, row);
            if light.drops.share > HIDDEN_FROM {
                visible.hidden_by[DROPS] += 1;
                continue;
            }
            visible.seen += 1;
            visible.drops += f64::from(light.drops.share);
            visible.in_drops += f64::from(light.drops.radiance[1]);
            // The green band stands for all.
            visible.transmitted += f64::from(light.radiance[1] * light.transmittance[1]);
            visible.veil += f64::from(light.veil[1]);
            visible.transmittance +=
                f64::from(light.transmittance[1] / evidence.filter_transmittance / (1.0 - light.drops.share));
            let (luma, brightest) = luma(evidence.frame, pixel);
            visible.luma[usize::from(luma)] += 1;
            visible.over_exposed += u32::from(brightest >= OVER_EXPOSED_DN);
        }
        visible
    }

    fn mean(&self, sum: f64) -> f32 {
        if self.seen == 0 { 0.0 } else { (sum / f64::from(self.seen)) as f32 }
    }

    /// Which of the occluders from `first` on hides most, of equals the first.
    fn most_hidden_by(&self, first: usize) -> Option<Occluder> {
        let counts = self.hidden_by.iter().enumerate().skip(first);
        let (index, count) = counts.max_by_key(|(i, count)| (**count, usize::MAX - i))?;
        (*count > 0).then_some(OCCLUDERS[index])
    }

    /// Share of the face that the person's own things cover.
    fn worn_share(&self) -> f32 {
        let worn: u32 = self.hidden_by[WORN..].iter().sum();
        if self.expected == 0 { 0.0 } else { worn as f32 / self.expected as f32 }
    }

    fn luma_mean(&self) -> f64 {
        let sum: f64 = self.luma.iter().zip(0..).map(|(&n, dn)| f64::from(n) * f64::from(dn)).sum();
        if self.seen == 0 { 0.0 } else { sum / f64::from(self.seen) }
    }

    /// Shannon entropy of the luma, bits.
    fn entropy_bits(&self) -> f32 {
        let total = f64::from(self.seen.max(1));
        let shares = self.luma.iter().filter(|n| **n > 0).map(|&n| f64::from(n) / total);
        shares.map(|p| -p * p.log2()).sum::<f64>() as f32
    }

    /// Standard deviation of the luma ÷ its mean.
    fn contrast(&self) -> f32 {
        let mean = self.luma_mean();
        if mean <= 0.0 {
            return 0.0;
        }
        let spread: f64 = self.luma.iter().zip(0..).map(|(&n, dn)| f64::from(n) * (f64::from(dn) - mean).powi(2)).sum();
        ((spread / f64::from(self.seen)).sqrt() / mean) as f32
    }
}

/// Rec. 709 luma of a pixel, and its brightest channel.
fn luma(frame: &Frame8, pixel: usize) -> (u8, u8) {
    match frame.colour {
        Colour::Mono => (frame.bytes[pixel], frame.bytes[pixel]),
        Colour::Rgb | Colour::Bayer => {
            let [r, g, b] = [0, 1, 2].map(|c| frame.bytes[pixel * 3 + c]);
            let luma = 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
            (luma.round() as u8, r.max(g).max(b))
        }
    }
}

/// The box round a face's outline as a camera projects it; `None` when a part of it is behind the camera.
pub(crate) fn face_box(project: impl Fn(Vec3) -> Option<([f32; 2], f32)>, landmarks: &FaceLandmarks) -> Option<BoxPx> {
    let points = &landmarks.face_outline_m;
    let mut out = BoxPx { x0: f32::MAX, y0: f32::MAX, x1: f32::MIN, y1: f32::MIN };
    for &point in points {
        let ([x, y], _) = project(point)?;
        out = BoxPx { x0: out.x0.min(x), y0: out.y0.min(y), x1: out.x1.max(x), y1: out.y1.max(y) };
    }
    (!points.is_empty()).then_some(out)
}

/// A face that the camera has behind itself.
fn behind(occupant: u8, pose_deg: [f32; 3], distance_m: f32) -> FaceTruth {
    FaceTruth {
        occupant,
        face_box_px: BoxPx { x0: 0.0, y0: 0.0, x1: 0.0, y1: 0.0 },
        landmarks_px: [[0.0; 2]; 5],
        inter_eye_px: 0.0,
        yaw_deg: pose_deg[0],
        pitch_deg: pose_deg[1],
        roll_deg: pose_deg[2],
        distance_m,
        visible_share: 0.0,
        in_frame_share: 0.0,
        occluder: None,
        worn_share: 0.0,
        worn: None,
        drops_share: 0.0,
        transmitted_radiance: 0.0,
        veiling_radiance: 0.0,
        photons_per_px: 0.0,
        pane_transmittance: 0.0,
        motion_blur_px: 0.0,
        defocus_px: 0.0,
        mean_dn: 0.0,
        over_exposed_share: 0.0,
        entropy_bits: 0.0,
        contrast: 0.0,
    }
}

/// The truth of one face.
pub(crate) fn face_truth(face: &FacePose, evidence: &Evidence) -> FaceTruth {
    let camera = evidence.camera;
    let l = &face.landmarks;
    let pose_deg = pose_to_camera_deg(&camera.sensor, l);
    let eyes = mid_eyes_m(l);
    let distance_m = eyes.distance(camera.sensor.world_from_camera.translation.into());
    let five = [l.left_pupil_m, l.right_pupil_m, l.nose_tip_m, l.mouth_left_m, l.mouth_right_m];
    let projected: Option<Vec<[f32; 2]>> = five.iter().map(|&p| camera.project(p).map(|(px, _)| px)).collect();
    let (Some(p), Some(face_box_px)) = (projected, face_box(|point| camera.project(point), l)) else {
        return behind(face.occupant, pose_deg, distance_m);
    };
    let mut landmarks_px = [p[0], p[1], p[2], p[3], p[4]];
    // The order of detectors: by place in the image, not on the person.
    for pair in [(0, 1), (3, 4)] {
        if landmarks_px[pair.0][0] > landmarks_px[pair.1][0] {
            landmarks_px.swap(pair.0, pair.1);
        }
    }
    let on_sensor = BoxPx {
        x0: face_box_px.x0.max(0.0),
        y0: face_box_px.y0.max(0.0),
        x1: face_box_px.x1.min(camera.sensor.width_px as f32),
        y1: face_box_px.y1.min(camera.sensor.height_px as f32),
    };
    let in_frame_share = if face_box_px.area() > 0.0 { on_sensor.area() / face_box_px.area() } else { 0.0 };
    let visible = if in_frame_share > 0.0 {
        Mask::rasterise(camera, face.mesh, face.world_from_mesh)
            .map(|mask| Visible::read(face.subject, &mask, evidence))
            .unwrap_or_default()
    } else {
        Visible::default()
    };
    let blur = match (camera.project(face.eyes_at_open_m), camera.project(face.eyes_at_close_m)) {
        (Some((a, _)), Some((b, _))) => Vec2::from(a).distance(b.into()),
        _ => 0.0,
    };
    FaceTruth {
        occupant: face.occupant,
        face_box_px,
        landmarks_px,
        inter_eye_px: Vec2::from(p[0]).distance(p[1].into()),
        yaw_deg: pose_deg[0],
        pitch_deg: pose_deg[1],
        roll_deg: pose_deg[2],
        distance_m,
        visible_share: if visible.expected == 0 { 0.0 } else { visible.seen as f32 / visible.expected as f32 },
        in_frame_share,
        occluder: visible.most_hidden_by(0),
        worn_share: visible.worn_share(),
        worn: visible.most_hidden_by(WORN),
        drops_share: visible.mean(visible.drops),
        transmitted_radiance: visible.mean(visible.transmitted),
        veiling_radiance: visible.mean(visible.veil),
        photons_per_px: visible
            .mean((visible.transmitted + visible.veil + visible.in_drops) * evidence.photons_per_radiance),
        pane_transmittance: visible.mean(visible.transmittance),
        motion_blur_px: blur,
        defocus_px: laneproof_camera::lens::circle_of_confusion_px(evidence.lens, evidence.pixel_pitch_um, distance_m),
        mean_dn: visible.luma_mean() as f32,
        over_exposed_share: visible.mean(f64::from(visible.over_exposed)),
        entropy_bits: visible.entropy_bits(),
        contrast: visible.contrast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landmarks(rotation: glam::Quat) -> FaceLandmarks {
        let at = |x: f32, y: f32| rotation * Vec3::new(x, y, 0.0);
        FaceLandmarks {
            left_pupil_m: at(0.031, 0.0),
            right_pupil_m: at(-0.031, 0.0),
            nose_tip_m: rotation * Vec3::new(0.0, -0.04, 0.02),
            mouth_left_m: at(0.025, -0.07),
            mouth_right_m: at(-0.025, -0.07),
            chin_m: at(0.0, -0.12),
            crown_m: at(0.0, 0.1),
            face_outline_m: vec![at(0.07, 0.05), at(-0.07, -0.12)],
            points_m: Vec::new(),
            head_rotation: rotation,
        }
    }

    #[test]
    fn pose_is_zero_into_the_lens_and_signed_as_documented() {
        let camera = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 3.0), Vec3::ZERO, 2000.0, 1920, 1200);
        let pose = |q| pose_to_camera_deg(&camera, &landmarks(q));
        assert!(pose(glam::Quat::IDENTITY).iter().all(|a| a.abs() < 1e-3));
        for (index, q) in [
            (0, glam::Quat::from_rotation_y(0.3)),
            (1, glam::Quat::from_rotation_x(0.3)),
            // The crown goes to −X, the person's right.
            (2, glam::Quat::from_rotation_z(0.3)),
        ] {
            let angles = pose(q);
            assert!((angles[index] - 0.3_f32.to_degrees()).abs() < 1e-2, "{index}: {angles:?}");
            assert!((0..3).filter(|i| *i != index).all(|i| angles[i].abs() < 1e-2), "{index}: {angles:?}");
        }
    }

    #[test]
    fn a_posture_shows_in_the_truth_with_its_own_signs() {
        use laneproof_scenes::people::Posture;
        let camera = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 3.0), Vec3::ZERO, 2000.0, 1920, 1200);
        let upright = Posture::default();
        for (index, posture) in [
            (0, Posture { head_yaw_rad: 0.2, ..upright }),
            (1, Posture { head_pitch_rad: 0.2, ..upright }),
            (2, Posture { head_roll_rad: 0.2, ..upright }),
        ] {
            let angles = pose_to_camera_deg(&camera, &landmarks(posture.head_rotation()));
            assert!((angles[index] - 0.2_f32.to_degrees()).abs() < 1e-2, "{index}: {angles:?}");
        }
    }

    #[test]
    fn what_one_wears_oneself_is_named_and_what_another_wears_is_a_person() {
        let by = |k, role| OCCLUDERS[occluder_index(Subject::Occupant(3), Some(Tag::occupant(k, role)))];
        assert_eq!(by(3, Role::Eyewear), Occluder::Eyewear);
        assert_eq!(by(3, Role::Headwear), Occluder::Headwear);
        assert_eq!(by(3, Role::FaceCover), Occluder::FaceCover);
        assert_eq!(by(3, Role::Hair), Occluder::Oneself);
        assert_eq!(by(4, Role::Headwear), Occluder::Person);
        let worn = Visible { expected: 10, hidden_by: [0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 1, 2], ..Visible::default() };
        assert_eq!(worn.most_hidden_by(0), Some(Occluder::Oneself));
        assert_eq!(worn.most_hidden_by(WORN), Some(Occluder::FaceCover));
        assert!((worn.worn_share() - 0.3).abs() < 1e-6);
    }

    #[test]
    fn another_vehicle_hides_a_face_whatever_of_it_does() {
        let by = |face, tag| OCCLUDERS[occluder_index(face, Some(tag))];
        let own = Subject::Occupant(0);
        let parts = [Tag::vehicle(Role::Body), Tag::vehicle(Role::Seat), Tag::occupant(0, Role::Hair)];
        for part in parts {
            assert_eq!(by(own, part.in_other_vehicle(0)), Occluder::OtherVehicle);
        }
        // Seen from somebody in the other vehicle, it is the encounter's own that is another one.
        let other = Subject::OtherOccupant { vehicle: 1, occupant: 0 };
        assert_eq!(parts.map(|part| by(other, part)), [Occluder::OtherVehicle; 3]);
        let in_their_own = parts.map(|part| by(other, part.in_other_vehicle(1)));
        assert_eq!(in_their_own, [Occluder::Body, Occluder::Seat, Occluder::Oneself]);
        assert_eq!(by(other, Tag::vehicle(Role::Body).in_other_vehicle(0)), Occluder::OtherVehicle);
        assert_eq!(by(other, Tag::lane(Role::Furniture)), Occluder::Furniture);
    }

    #[test]
    fn a_frontal_triangle_masks_its_area_and_its_back_nothing() {
        let sensor = PinholeCamera::looking_at(Vec3::new(0.0, 0.0, 2.0), Vec3::ZERO, 1000.0, 400, 400);
        let camera = LensCamera::new(sensor, None).expect("a pinhole fills its frame");
        let vertex = |x, y| laneproof_scenes::mesh::Vertex::new(Vec3::new(x, y, 0.0), Vec3::Z, [0.0; 2]);
        let mut mesh =
            Mesh { vertices: vec![vertex(0.0, 0.0), vertex(0.2, 0.0), vertex(0.0, 0.2)], indices: vec![0, 1, 2] };
        let area = |mesh: &Mesh| Mask::rasterise(&camera, mesh, Affine3A::IDENTITY).unwrap().pixels().count();
        // 0.2 m at 2 m and 1000 px are 100 px: half of 100 × 100, the diagonal's pixels more or less.
        assert!((area(&mesh) as i32 - 5000).abs() <= 100, "{}", area(&mesh));
        mesh.indices = vec![0, 2, 1];
        assert_eq!(area(&mesh), 0);
    }
}
