//! What the shaders are told, in their own layout.
use bytemuck::{Pod, Zeroable};
use glam::{Mat4, Vec3};
use laneproof_scenes::beam::{BeamPattern, Lobe};

use super::{ExtractedView, PendingView, sun_maps::Covered, upload::Uploads};
use crate::scene::{LampBeam, Light};

/// `View` of common.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ViewUniform {
    clip_from_world: Mat4,
    world_from_camera: Mat4,
    sun_clip_from_world: Mat4,
    fine_clip_from_world: Mat4,
    beam_position: [f32; 4],
    beam_axis: [f32; 4],
    beam_intensity: [f32; 4],
    sky_irradiance: [[f32; 4]; 9],
    open_irradiance: [[f32; 4]; 9],
    sheltered: [f32; 4],
    pinhole: [f32; 4],
    shadow: [f32; 4],
    fine: [f32; 4],
    beam_right: [f32; 4],
    beam_lobes: [[f32; 4]; 3],
    beam_cut: [f32; 4],
    beam_shares: [f32; 4],
}

/// `Draw` of solid.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct DrawUniform {
    world_from_mesh: Mat4,
    reflectance: [f32; 4],
    emitted: [f32; 4],
    scatter: [f32; 4],
    flags: [u32; 4],
}

/// `Pane` of sun_glass.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct PaneUniform {
    world_from_mesh: Mat4,
    transmittance: [[[f32; 4]; 16]; 3],
}

/// Bytes between draws in the uniform buffer: WebGPU's alignment of dynamic offsets, and room for a pane.
pub(super) const DRAW_STRIDE: usize = 1024;

/// Side of the sun's maps in texels.
pub(super) const SUN_RESOLUTION: u32 = 2048;

/// Share of these that the people's map takes of each side: texels of 2 to 3 mm. With all of them an
/// exposure took 4 % longer to render. `PEOPLE_SHARE` of common.wgsl.
pub(super) const PEOPLE_SHARE: f32 = 0.5;

/// Depth range of the sun's map before and behind its middle, metres; a canopy or booth is within.
pub(super) const SUN_DEPTH_M: f32 = 30.0;

pub(super) fn with_w([x, y, z]: [f32; 3], w: f32) -> [f32; 4] {
    [x, y, z, w]
}

/// How far a lamp's shadows reach, metres, and how near.
const LAMP_REACH_M: [f32; 2] = [0.1, 40.0];
/// Half of the angle that a lamp's shadow map covers at most, radians; beyond it nothing throws a shadow.
const LAMP_MAP_RAD: f32 = 1.3;

pub(super) fn lamp_clip_from_world(lamp: &LampBeam) -> Mat4 {
    let half = lamp.end_cosine().max(LAMP_MAP_RAD.cos()).acos();
    let up = if lamp.axis.y.abs() > 0.99 { Vec3::Z } else { Vec3::Y };
    let projection = Mat4::perspective_rh(2.0 * half, 1.0, LAMP_REACH_M[0], LAMP_REACH_M[1]);
    projection * Mat4::look_at_rh(lamp.position_m, lamp.position_m + lamp.axis, up)
}

/// How far away the sun stands in for itself, metres: rays over a lane are parallel to a hundred-thousandth.
const SUN_AWAY_M: f32 = 1e6;

/// `beam_position`, `beam_axis` and `beam_intensity` of common.wgsl.
fn beam(light: &Light) -> [[f32; 4]; 3] {
    if let Some(lamp) = &light.lamp {
        let end = lamp.end_cosine();
        return [
            with_w(lamp.position_m.to_array(), 1.0),
            with_w(lamp.axis.to_array(), end),
            with_w(lamp.intensity, 1.0 / (1.0 - end)),
        ];
    }
    let Some(sun) = light.sun_direction else { return [[0.0, SUN_AWAY_M, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0; 4]] };
    // All of a sphere round it gets the same: far beyond the beam's end everywhere.
    [
        with_w((sun * SUN_AWAY_M).to_array(), 1.0),
        with_w((-sun).to_array(), -10.0),
        with_w(light.sun_irradiance.map(|e| e * SUN_AWAY_M * SUN_AWAY_M), 1.0),
    ]
}

/// `beam_right`, `beam_lobes`, `beam_cut` and `beam_shares` of common.wgsl.
fn pattern(light: &Light) -> ([f32; 4], [[f32; 4]; 3], [f32; 4], [f32; 4]) {
    let Some((pattern, right)) = light.lamp.and_then(|lamp| lamp.pattern) else {
        return ([0.0; 4], [[0.0; 4]; 3], [0.0; 4], [0.0; 4]);
    };
    let BeamPattern { below: [first, second], spill, cut, rise, rises_to, softness } = pattern;
    let lobes = [first, second, spill];
    let lobe = |lobe: Lobe| {
        let per_spread = lobe.spread.recip();
        [lobe.middle.x, lobe.middle.y, per_spread.x, per_spread.y]
    };
    let [first, second, third] = lobes.map(|lobe| lobe.share);
    let shares = [first, second, third, 0.0];
    (with_w(right.to_array(), 1.0), lobes.map(lobe), [cut, rise, rises_to, 1.0 / softness], shares)
}

/// Side of a texel of the map from the sun, metres, or of a lamp's map at a distance of one metre.
fn texel_m(view: &PendingView) -> f32 {
    let half = match &view.light.lamp {
        Some(lamp) => lamp.end_cosine().max(LAMP_MAP_RAD.cos()).acos().tan(),
        None => view.shadow_half_extent_m,
    };
    2.0 * half / SUN_RESOLUTION as f32
}

/// The uniform that every pass shares, as bytes. A pass from the sun says what it
/// covers.
pub(super) fn view_uniform(view: &PendingView, covered: Option<&Covered>) -> Vec<u8> {
    let PendingView { request, light, .. } = view;
    let [beam_position, beam_axis, beam_intensity] = beam(light);
    let (beam_right, beam_lobes, beam_cut, beam_shares) = pattern(light);
    let camera = &request.camera;
    let people = Covered::by_people(view);
    let uniform = ViewUniform {
        clip_from_world: camera.clip_from_world(),
        world_from_camera: Mat4::from(camera.world_from_camera),
        sun_clip_from_world: covered.unwrap_or(&Covered::by_scene(view)).clip_from_world,
        fine_clip_from_world: people.as_ref().map_or(Mat4::IDENTITY, |map| map.clip_from_world),
        beam_position,
        beam_axis,
        beam_intensity,
        sky_irradiance: light.irradiance_sh.map(|c| with_w(c, 0.0)),
        open_irradiance: light.open_irradiance_sh.map(|c| with_w(c, 0.0)),
        // Nothing lies between these bounds.
        sheltered: light.roof.map_or([1.0, 1.0, -1.0, -1.0], |roof| roof.footprint_m),
        pinhole: [camera.focal_length_px, camera.principal_point_px[0], camera.principal_point_px[1], 0.0],
        shadow: [texel_m(view), 2.0 * SUN_DEPTH_M, 1.0 / SUN_RESOLUTION as f32, 0.0],
        fine: people.map_or([0.0; 4], |map| {
            let per_m = 0.5 * PEOPLE_SHARE / map.half_m;
            [map.texel_m(), 1.0, per_m.x, per_m.y]
        }),
        beam_right,
        beam_lobes,
        beam_cut,
        beam_shares,
    };
    bytemuck::bytes_of(&uniform).to_vec()
}

/// Uniforms of all solids, then of all panes, `DRAW_STRIDE` apart.
pub(super) fn draw_uniforms(job: &ExtractedView, uploads: &Uploads) -> Vec<u8> {
    let mut bytes = vec![0; (job.solids.len() + job.panes.len()).max(1) * DRAW_STRIDE];
    let mut put = |slot: usize, data: &[u8]| {
        bytes[slot * DRAW_STRIDE..slot * DRAW_STRIDE + data.len()].copy_from_slice(data);
    };
    for (slot, solid) in job.solids.iter().enumerate() {
        let surface = &solid.surface;
        let mean = uploads.picture(surface.texture.as_ref()).map_or([1.0; 3], |picture| picture.mean);
        let uniform = DrawUniform {
            world_from_mesh: Mat4::from(solid.world_from_mesh),
            reflectance: with_w(surface.reflectance, surface.roughness),
            emitted: with_w(surface.emitted_radiance, surface.specular_f0),
            scatter: [surface.wrap, mean[0], mean[1], mean[2]],
            flags: [u32::from(solid.tag.to_bits()), 0, 0, 0],
        };
        put(slot, bytemuck::bytes_of(&uniform));
    }
    for (k, pane) in job.panes.iter().enumerate() {
        let transmittance = bytemuck::cast(*pane.transmittance);
        let uniform = PaneUniform { world_from_mesh: Mat4::from(pane.world_from_mesh), transmittance };
        put(job.solids.len() + k, bytemuck::bytes_of(&uniform));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniforms_fit_their_slots_and_their_shader_layout() {
        assert!(size_of::<PaneUniform>() <= DRAW_STRIDE && size_of::<DrawUniform>() <= DRAW_STRIDE);
        assert_eq!(size_of::<ViewUniform>(), 4 * 64 + 31 * 16);
    }
}
