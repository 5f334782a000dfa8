//! Portraits: one person before a plain ground in a studio's light.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_render::{Light, PinholeCamera, Region, RenderError, RenderRequest, Renderer, Scene};
use laneproof_scenes::people::{FaceLandmarks, Posed};

use crate::{
    face_truth::{face_box, pose_to_camera_deg},
    moment::solid,
    studio_light::StudioLight,
    truth::BoxPx,
};

/// An 8-bit sRGB picture of a face with its landmarks.
#[derive(Debug, Clone, PartialEq)]
pub struct PortraitPicture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue, rows from the top.
    pub rgb: Vec<u8>,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, pixels.
    pub landmarks_px: [[f32; 2]; 5],
    /// The places of [`laneproof_scenes::people::FACE_POINTS`], pixels.
    pub points_px: Vec<[f32; 2]>,
    /// Yaw, pitch and roll of the head as the camera sees it, degrees; as in [`crate::truth::FaceTruth`].
    pub yaw_pitch_roll_deg: [f32; 3],
    /// Box round the face, brow to chin and ear to ear, pixels; as in [`crate::truth::FaceTruth`].
    pub face_box_px: BoxPx,
}

/// How a face is looked at in the studio.
#[derive(Debug, Clone)]
pub struct FaceView {
    /// Camera position relative to the middle of the eyes, metres; +Z is before an upright, frontal face.
    pub camera_m: Vec3,
    /// Point looked at, same frame, metres.
    pub look_at_m: Vec3,
    /// Focal length, pixels.
    pub focal_length_px: f32,
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Light.
    pub light: Arc<Light>,
    /// Radiance that becomes white (255) in each band, W·m⁻²·sr⁻¹.
    pub white_radiance: [f32; 3],
}

/// The light of [`StudioLight::default`] and the radiance of a perfect white diffuser that faces the camera.
pub fn studio_light() -> (Arc<Light>, [f32; 3]) {
    StudioLight::default().build()
}

impl FaceView {
    /// The portrait of a head that is turned to its own left by `yaw_deg` against the camera.
    pub fn turned(yaw_deg: f32) -> Self {
        let front = Self::portrait();
        // The light stays with the head: a turned camera sees what a turned head shows.
        let camera_m = glam::Quat::from_rotation_y(-yaw_deg.to_radians()) * front.camera_m;
        Self { camera_m, ..front }
    }

    /// The portrait of ISO/IEC 19794-5 proportions: frontal, 480 × 600 px, 110 px or so between the eyes, from 2 m.
    pub fn portrait() -> Self {
        let (light, white) = studio_light();
        Self {
            camera_m: Vec3::new(0.0, 0.0, 2.0),
            look_at_m: Vec3::new(0.0, -0.025, 0.0),
            focal_length_px: 3500.0,
            width_px: 480,
            height_px: 600,
            light,
            // A little over one stop above a white diffuser's head-room would grey the face; skin is exposed as printed.
            white_radiance: white.map(|w| w * 0.9),
        }
    }

    /// The camera of the view.
    pub fn camera(&self) -> PinholeCamera {
        PinholeCamera::looking_at(self.camera_m, self.look_at_m, self.focal_length_px, self.width_px, self.height_px)
    }
}

/// sRGB encoding (IEC 61966-2-1) of a linear value, 0..255.
pub(crate) fn encode(linear: f32) -> u8 {
    let x = linear.clamp(0.0, 1.0);
    let s = if x <= 0.003_130_8 { 12.92 * x } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
    (s * 255.0).round() as u8
}

/// Landmarks as detectors order them: by place in the image.
fn five_points(camera: &PinholeCamera, l: &FaceLandmarks) -> [[f32; 2]; 5] {
    let mut p = [l.left_pupil_m, l.right_pupil_m, l.nose_tip_m, l.mouth_left_m, l.mouth_right_m]
        .map(|point| camera.project(point).map_or([0.0; 2], |(px, _)| px));
    for (a, b) in [(0, 1), (3, 4)] {
        if p[a][0] > p[b][0] {
            p.swap(a, b);
        }
    }
    p
}

/// Radiance of a posed person whose origin is the middle of the eyes, rows from the top.
pub(crate) fn radiance_of(
    renderer: &mut Renderer,
    posed: &Posed,
    view: &FaceView,
) -> Result<Vec<[f32; 3]>, RenderError> {
    let scene = Scene {
        solids: posed.parts.iter().map(|part| solid(part, Affine3A::IDENTITY, None)).collect(),
        panes: Vec::new(),
        light: view.light.clone(),
        cabins: Vec::new(),
        shadow_centre_m: Vec3::new(0.0, -0.15, 0.0),
        shadow_half_extent_m: 0.55,
        fine_shadow_m: None,
        soft_shadows: false,
    };
    let region = Region::full(view.width_px, view.height_px);
    Ok(renderer.render(&scene, &RenderRequest { exposure_id: 0, camera: view.camera(), region })?.rgb())
}

/// White of an infrared picture in whites of a visible one: skin of all tones is bright there, and is exposed to a mid-tone
/// (assumption).
const INFRARED_WHITE: f32 = 1.25;

/// Photographs a person who was made for a near-infrared band, in the studio's light. One channel is the picture: the one
/// that light scattered below the skin does not redden.
pub(crate) fn photograph_infrared(
    renderer: &mut Renderer,
    posed: &Posed,
    view: &FaceView,
) -> Result<PortraitPicture, RenderError> {
    developed(renderer, posed, view, |pixel| [encode(pixel[0] / (view.white_radiance[0] * INFRARED_WHITE)); 3])
}

/// A picture whose pixels are made of radiance by `develop`.
fn developed(
    renderer: &mut Renderer,
    posed: &Posed,
    view: &FaceView,
    develop: impl Fn(&[f32; 3]) -> [u8; 3],
) -> Result<PortraitPicture, RenderError> {
    let rgb = radiance_of(renderer, posed, view)?.iter().flat_map(develop).collect();
    Ok(picture_of(&view.camera(), &posed.landmarks, rgb))
}

/// A picture with the truth about where the face is in it.
pub(crate) fn picture_of(camera: &PinholeCamera, landmarks: &FaceLandmarks, rgb: Vec<u8>) -> PortraitPicture {
    PortraitPicture {
        width: camera.width_px,
        height: camera.height_px,
        rgb,
        landmarks_px: five_points(camera, landmarks),
        points_px: landmarks
            .points_m
            .iter()
            .map(|&point| camera.project(point).map_or([0.0; 2], |(px, _)| px))
            .collect(),
        yaw_pitch_roll_deg: pose_to_camera_deg(camera, landmarks),
        face_box_px: face_box(|point| camera.project(point), landmarks).unwrap_or(BoxPx {
            x0: 0.0,
            y0: 0.0,
            x1: 0.0,
            y1: 0.0,
        }),
    }
}

/// Photographs a posed person whose origin is the middle of the eyes.
pub(crate) fn photograph(
    renderer: &mut Renderer,
    posed: &Posed,
    view: &FaceView,
) -> Result<PortraitPicture, RenderError> {
    developed(renderer, posed, view, |pixel| std::array::from_fn(|i| encode(pixel[i] / view.white_radiance[i])))
}
