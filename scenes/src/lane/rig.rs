//! Poles, brackets and housings of the cameras.
use glam::{Affine3A, Mat3A, Vec3, Vec3A};

use super::CameraPole;
use crate::{
    catalogue::LaneSpec,
    mesh::Mesh,
    shapes::{bar, block, coloured, rounded_box},
};

const STEEL: [f32; 3] = [0.30, 0.31, 0.32];
const HOUSING: [f32; 3] = [0.70, 0.70, 0.69];
/// The housing's window lies this far behind the entrance pupil, metres.
const SETBACK_M: f32 = 0.02;
const HOUSING_LENGTH_M: f32 = 0.24;

/// One camera: housing behind the pupil, bracket to a pole that stands behind it, beside the roadway.
pub(super) fn pole(spec: &LaneSpec, camera: &CameraPole, mesh: &mut Mesh) {
    let eye = camera.position_m;
    let look = (camera.look_at_m - eye).normalize_or(Vec3::NEG_Z);
    // A camera that looks straight down has no horizontal direction; any will do.
    let level = Vec3::new(look.x, 0.0, look.z).normalize_or(Vec3::NEG_Z);
    let right = look.cross(Vec3::Y).normalize_or(Vec3::X);
    let up = right.cross(look);
    let frame = Mat3A::from_cols(Vec3A::from(right), Vec3A::from(up), Vec3A::from(-look));
    let place = |back: f32, lift: f32| {
        let at = eye - look * back + up * lift;
        Affine3A { matrix3: frame, translation: at.into() }
    };
    let middle = SETBACK_M + HOUSING_LENGTH_M / 2.0;
    let body = rounded_box(Vec3::new(0.048, 0.045, HOUSING_LENGTH_M / 2.0), 0.012, [1, 1, 1]);
    mesh.append(&coloured(body.transformed(place(middle, 0.0)), HOUSING, 1.0));
    let window = block(Vec3::new(-0.030, -0.030, -0.001), Vec3::new(0.030, 0.030, 0.004));
    mesh.append(&coloured(window.transformed(place(SETBACK_M, 0.0)), [0.01; 3], 1.0));
    let shield = block(Vec3::new(-0.058, -0.003, -HOUSING_LENGTH_M / 2.0), Vec3::new(0.058, 0.003, 0.13));
    mesh.append(&coloured(shield.transformed(place(middle, 0.058)), HOUSING, 1.0));
    // The pole stands behind; where that is on the roadway, it moves to the kerb and an arm reaches over.
    let joint = eye - look * (SETBACK_M + HOUSING_LENGTH_M * 0.7) - up * 0.045;
    let mut foot = eye - level * (SETBACK_M + HOUSING_LENGTH_M + 0.16);
    let clear = spec.width_m / 2.0 + 0.30;
    if foot.x.abs() < clear {
        foot.x = if foot.x < 0.0 { -clear } else { clear };
    }
    let arm_y = joint.y - 0.10;
    let base = Vec3::new(foot.x, 0.0, foot.z);
    let top = Vec3::new(foot.x, arm_y + 0.06, foot.z);
    mesh.append(&coloured(bar(base, top, 0.055, 14), STEEL, 1.0));
    mesh.append(&coloured(bar(base, base + Vec3::Y * (spec.kerb_height_m + 0.03), 0.11, 14), STEEL, 0.8));
    let elbow = Vec3::new(joint.x, arm_y, joint.z);
    mesh.append(&coloured(bar(Vec3::new(foot.x, arm_y, foot.z), elbow, 0.028, 10), STEEL, 1.0));
    mesh.append(&coloured(bar(elbow - Vec3::Y * 0.02, joint, 0.022, 8), STEEL, 1.0));
}
