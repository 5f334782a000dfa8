//! Portraits: one person before a plain ground in even light, as for a document.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_optics::daylight::SkyTable;
use laneproof_render::{Light, PinholeCamera, Region, RenderError, RenderRequest, Renderer, Scene};
use laneproof_scenes::people::{FaceLandmarks, Person, Posed};

use crate::{face_truth::face_box, light::render_light, moment::solid, truth::BoxPx};

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

/// Even studio light: softboxes as a smooth environment, brighter from the front and above, neutral grey behind.
///
/// Gives the light and the radiance of a perfect white diffuser that faces the camera.
pub fn studio_light() -> (Arc<Light>, [f32; 3]) {
    let (width, height) = (64, 32);
    let texels = (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| {
            let theta = (row as f32 + 0.5) / height as f32 * std::f32::consts::PI;
            let phi = ((column as f32 + 0.5) / width as f32 - 0.5) * std::f32::consts::TAU;
            let d = Vec3::new(theta.sin() * phi.sin(), theta.cos(), theta.sin() * phi.cos());
            let l = 10.0 * (1.0 + 0.45 * d.z + 0.30 * d.y);
            [l, l, l, 1.0]
        })
        .collect();
    let table = SkyTable { width, height, texels };
    let white = table.irradiance(Vec3::Z).map(|e| e / std::f32::consts::PI);
    (Arc::new(render_light(&table, &table, None, None, [0.0; 3])), white)
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
}

/// sRGB encoding (IEC 61966-2-1) of a linear value, 0..255.
fn encode(linear: f32) -> u8 {
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

/// Photographs a posed person whose origin is the middle of the eyes.
pub(crate) fn photograph(
    renderer: &mut Renderer,
    posed: &Posed,
    view: &FaceView,
) -> Result<PortraitPicture, RenderError> {
    let camera =
        PinholeCamera::looking_at(view.camera_m, view.look_at_m, view.focal_length_px, view.width_px, view.height_px);
    let scene = Scene {
        solids: posed.parts.iter().map(|part| solid(part, Affine3A::IDENTITY, false)).collect(),
        panes: Vec::new(),
        light: view.light.clone(),
        cabin: None,
        shadow_centre_m: Vec3::new(0.0, -0.15, 0.0),
        shadow_half_extent_m: 0.55,
    };
    let region = Region::full(view.width_px, view.height_px);
    let layers = renderer.render(&scene, &RenderRequest { exposure_id: 0, camera, region })?;
    let rgb = layers
        .at_lens()
        .iter()
        .flat_map(|pixel| std::array::from_fn::<u8, 3, _>(|i| encode(pixel[i] / view.white_radiance[i])))
        .collect();
    Ok(PortraitPicture {
        width: view.width_px,
        height: view.height_px,
        rgb,
        landmarks_px: five_points(&camera, &posed.landmarks),
        face_box_px: face_box(&camera, &posed.landmarks).unwrap_or(BoxPx { x0: 0.0, y0: 0.0, x1: 0.0, y1: 0.0 }),
    })
}

/// The upright, frontal pose of a portrait.
pub(crate) fn portrait_pose(person: &Person) -> Posed {
    person.portrait()
}
