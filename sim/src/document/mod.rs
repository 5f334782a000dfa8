//! Reference portraits as documents show them: photographed to the document's standard, printed with its security print,
//! scanned, and stored as the JPEG file of a chip.
mod guilloche;
mod print;
#[cfg(test)]
mod tests;

use glam::{Affine3A, Vec3};
use laneproof_camera::{EncodeError, Frame8, encode_jpeg};
use laneproof_render::{PinholeCamera, RenderError, Renderer};
use laneproof_scenes::{
    catalogue::Colour,
    document::{DocumentKind, PhotoStandard},
    people::{FaceLandmarks, Person, Posed, Posture},
    stream::stream,
};
use rand::Rng;

use crate::{
    face_truth::face_box,
    studio::{FaceView, PortraitPicture, picture_of, radiance_of},
    studio_light::StudioLight,
};
use print::{Print, luminance};

/// A reference portrait and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentPortrait {
    /// Which document.
    pub kind: DocumentKind,
    /// The picture before it was compressed.
    pub picture: PortraitPicture,
    /// The picture as the document holds it.
    pub jpeg: Vec<u8>,
    /// JPEG quality that met the document's size.
    pub jpeg_quality: u8,
    /// Where face and head lie.
    pub geometry: PortraitGeometry,
}

/// What the standards measure, from truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PortraitGeometry {
    /// Head turned to the person's left, lowered, and tilted towards the person's right shoulder, degrees.
    pub yaw_pitch_roll_deg: [f32; 3],
    /// Chin to bare crown, share of the picture's height.
    pub head_share: f32,
    /// Middle of the eyes above the lower edge, share of the height.
    pub eyes_above_share: f32,
    /// Middle of the eyes beside the picture's middle, share of the width.
    pub off_centre_share: f32,
    /// Distance between the pupils, pixels.
    pub inter_eye_px: f32,
}

/// How one document's photograph was taken.
struct Sitting {
    posed: Posed,
    view: FaceView,
    yaw_pitch_roll_deg: [f32; 3],
}

/// Pixels of the photograph for one of the document, along a side: prints have no stair-steps.
const OVERSAMPLING: u32 = 2;
/// Spread of the pose in photographs that an issuer accepted, degrees: yaw, pitch, roll (assumption).
const POSE_SD_DEG: [f32; 3] = [1.8, 1.8, 1.6];
/// Distance of the camera, metres: ISO/IEC 19794-5 recommends 1.2 to 2.5 m.
const DISTANCE_M: (f32, f32) = (1.2, 2.5);
/// Least and greatest JPEG quality tried.
const QUALITY: (u8, u8) = (20, 95);

/// Nearly normal draw of unit deviation within ±3: a sum of three uniform draws.
fn bell<R: Rng + ?Sized>(rng: &mut R) -> f32 {
    2.0 * (0..3).map(|_| rng.random::<f32>() - 0.5).sum::<f32>()
}

fn between<R: Rng + ?Sized>(rng: &mut R, (low, high): (f32, f32)) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

impl Sitting {
    /// Poses and frames a person; the draws keep clear of the standard's bounds, as a photographer's template does.
    fn arrange<R: Rng + ?Sized>(person: &Person, standard: &PhotoStandard, rng: &mut R) -> Self {
        let yaw_pitch_roll_deg: [f32; 3] = std::array::from_fn(|i| {
            let most = standard.max_yaw_pitch_roll_deg[i] * 0.9;
            (bell(rng) * POSE_SD_DEG[i]).clamp(-most, most)
        });
        let [yaw, pitch, roll] = yaw_pitch_roll_deg.map(f32::to_radians);
        let turn = Posture { head_yaw_rad: yaw, head_pitch_rad: pitch, head_roll_rad: roll, ..Posture::default() }
            .head_rotation();
        let posed = person.portrait().moved(Affine3A::from_quat(turn));
        let distance_m = between(rng, DISTANCE_M);
        let inner = |(low, high): (f32, f32)| (low + 0.2 * (high - low), high - 0.2 * (high - low));
        let head_share = between(rng, inner(standard.head_share));
        let eyes_above = between(rng, inner(standard.eyes_above_share));
        let light = StudioLight::sample(standard.ground, rng);
        let (light, white) = light.build();
        let exposure = 2.0_f32.powf(0.12 * bell(rng));
        let l = &posed.landmarks;
        let (focal_length_px, camera_y_m) = framing(l, standard, distance_m, head_share, eyes_above);
        let axis = Vec3::new(bell(rng) * 0.002, camera_y_m, 0.0);
        let scale = OVERSAMPLING as f32;
        let view = FaceView {
            camera_m: axis + Vec3::Z * distance_m,
            look_at_m: axis,
            focal_length_px: focal_length_px * scale,
            width_px: standard.width_px * OVERSAMPLING,
            height_px: standard.height_px * OVERSAMPLING,
            light,
            white_radiance: white.map(|w| w * exposure),
        };
        Self { posed, view, yaw_pitch_roll_deg }
    }

    /// The same view at the document's own pixels.
    fn camera(&self) -> PinholeCamera {
        let v = &self.view;
        let one = OVERSAMPLING as f32;
        PinholeCamera::looking_at(
            v.camera_m,
            v.look_at_m,
            v.focal_length_px / one,
            v.width_px / OVERSAMPLING,
            v.height_px / OVERSAMPLING,
        )
    }
}

/// Focal length (pixels) and height of a level camera (metres, from the eyes) that put chin and crown `head_share` of the
/// picture apart. The eyes come to `eyes_above` where the head then stays in the picture.
fn framing(
    l: &FaceLandmarks,
    standard: &PhotoStandard,
    distance_m: f32,
    head_share: f32,
    eyes_above: f32,
) -> (f32, f32) {
    let height = standard.height_px as f32;
    let eyes = (l.left_pupil_m + l.right_pupil_m) * 0.5;
    let depth = |p: Vec3| distance_m - p.z;
    // The picture's vertical place of a point, from the middle upwards: f (y − y0) / depth. Three unknowns do not fit two
    // lengths: the head's height sets f, the eyes' place sets y0.
    let mut y0 = 0.0;
    let mut f = 0.0;
    for _ in 0..8 {
        let per_f = (l.crown_m.y - y0) / depth(l.crown_m) - (l.chin_m.y - y0) / depth(l.chin_m);
        f = head_share * height / per_f;
        let crown_above_eyes = f * ((l.crown_m.y - y0) / depth(l.crown_m) - (eyes.y - y0) / depth(eyes)) / height;
        let chin_below_eyes = head_share - crown_above_eyes;
        // Room above the crown for hair, and below the chin for the neck.
        let (low, high) = standard.eyes_above_share;
        let wanted = eyes_above.clamp(chin_below_eyes + 0.10, (1.0 - crown_above_eyes - 0.05).max(0.0));
        let wanted = wanted.clamp(low + 0.01, high - 0.01);
        y0 = eyes.y - (wanted - 0.5) * height * depth(eyes) / f;
    }
    (f, y0)
}

fn geometry(sitting: &Sitting, standard: &PhotoStandard) -> PortraitGeometry {
    let camera = sitting.camera();
    let at = |p: Vec3| camera.project(p).map_or(glam::Vec2::ZERO, |(px, _)| px.into());
    let l = &sitting.posed.landmarks;
    let (left, right) = (at(l.left_pupil_m), at(l.right_pupil_m));
    let eyes = (left + right) * 0.5;
    let (w, h) = (standard.width_px as f32, standard.height_px as f32);
    PortraitGeometry {
        yaw_pitch_roll_deg: sitting.yaw_pitch_roll_deg,
        head_share: (at(l.chin_m).y - at(l.crown_m).y) / h,
        eyes_above_share: 1.0 - eyes.y / h,
        off_centre_share: eyes.x / w - 0.5,
        inter_eye_px: left.distance(right),
    }
}

/// Why a document's picture could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Photographs a person for a document. The same person, kind and seed give the same bytes.
pub(crate) fn photograph(
    renderer: &mut Renderer,
    person: &Person,
    kind: DocumentKind,
    seed: u64,
) -> Result<DocumentPortrait, DocumentError> {
    let standard = kind.standard();
    let mut rng = stream(seed, kind as u64, "document portrait");
    let sitting = Sitting::arrange(person, &standard, &mut rng);
    let radiance = radiance_of(renderer, &sitting.posed, &sitting.view)?;
    let mut scene = shrunk(&radiance, &sitting.view);
    let camera = sitting.camera();
    expose_for_face(&mut scene, &camera, &sitting.posed.landmarks, kind);
    let printed = Print::of(kind, &mut rng).scan(scene, [standard.width_px, standard.height_px], &mut rng);
    let picture = picture_of(&camera, &sitting.posed.landmarks, printed);
    let (jpeg, jpeg_quality) = to_size(&picture, &standard)?;
    Ok(DocumentPortrait { kind, jpeg, jpeg_quality, geometry: geometry(&sitting, &standard), picture })
}

/// Means of the oversampled pixels, as shares of white.
fn shrunk(radiance: &[[f32; 3]], view: &FaceView) -> Vec<[f32; 3]> {
    let (wide, n) = (view.width_px as usize, OVERSAMPLING as usize);
    let scale = view.white_radiance.map(|white| 1.0 / (white * (n * n) as f32));
    let pixel = |x: usize, y: usize| {
        let mut sum = [0.0_f32; 3];
        for row in 0..n {
            for column in 0..n {
                let value = radiance[(y * n + row) * wide + x * n + column];
                for band in 0..3 {
                    sum[band] += value[band].min(2.0 * view.white_radiance[band]) * scale[band];
                }
            }
        }
        sum
    };
    (0..view.height_px as usize / n).flat_map(|y| (0..wide / n).map(move |x| pixel(x, y))).collect()
}

/// Brightness that photographers bring faces to, linear luminance as a share of white (assumption).
const FACE_LUMINANCE: f32 = 0.36;

/// Brightens or darkens a photograph towards a well-exposed face, part of the way: a photographer keeps dark skin dark, but
/// lets it show its drawing. Engravers, who have few tones to spend, go further.
fn expose_for_face(scene: &mut [[f32; 3]], camera: &PinholeCamera, landmarks: &FaceLandmarks, kind: DocumentKind) {
    let Some(face) = face_box(|point| camera.project(point), landmarks) else { return };
    let (share, most) = match kind {
        DocumentKind::Passport | DocumentKind::Visa => (0.4, 1.5),
        DocumentKind::ResidenceCard => (0.65, 2.4),
    };
    // The middle of the face, clear of hair and ground.
    let (width, height) = (camera.width_px as usize, camera.height_px as usize);
    let part = |low: f32, high: f32, t: f32, end: usize| ((low + (high - low) * t).max(0.0) as usize).min(end);
    let mut mean = (0.0, 0u32);
    for y in part(face.y0, face.y1, 0.3, height)..part(face.y0, face.y1, 0.8, height) {
        for x in part(face.x0, face.x1, 0.25, width)..part(face.x0, face.x1, 0.75, width) {
            mean = (mean.0 + luminance(scene[y * width + x]), mean.1 + 1);
        }
    }
    let brightness = mean.0 / mean.1.max(1) as f32;
    let gain = (FACE_LUMINANCE / brightness.max(1e-3)).powf(share).clamp(0.8, most);
    scene.as_flattened_mut().iter_mut().for_each(|v| *v *= gain);
}

/// The JPEG file of the best quality that keeps to the document's size.
fn to_size(picture: &PortraitPicture, standard: &PhotoStandard) -> Result<(Vec<u8>, u8), EncodeError> {
    let (colour, bytes) = if standard.grey {
        (Colour::Mono, picture.rgb.iter().step_by(3).copied().collect())
    } else {
        (Colour::Rgb, picture.rgb.clone())
    };
    let frame = Frame8 { width: picture.width, height: picture.height, colour, bytes };
    let (mut low, mut high) = QUALITY;
    let mut best = (encode_jpeg(&frame, low)?, low);
    while low < high {
        let middle = (low + high).div_ceil(2);
        let file = encode_jpeg(&frame, middle)?;
        if file.len() <= standard.max_bytes {
            best = (file, middle);
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(best)
}
