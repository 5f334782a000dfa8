//! Drops on a flat pane that a camera four metres away faces.
use std::f32::consts::PI;

use glam::Affine3A;
use laneproof_scenes::{
    catalogue::Sky,
    mesh::{Mesh, Vertex},
    surface::Glazing,
};

use super::*;
use crate::{
    band::Band,
    daylight::DaylightModel,
    lamp::LampSource,
    pane_optics::{Body, PaneOptics},
    sun::SunPosition,
    through_glass::{PaneResponse, Surround, compose},
};

const RGB: [Band; 3] = [Band::Red, Band::Green, Band::Blue];
const FOCAL_LENGTH_PX: f32 = 4800.0;
const REGION: Rect = Rect { x: 0, y: 0, width: 320, height: 240 };
/// A pixel on the pane, m².
const PIXEL_M2: f32 = (4.0 / FOCAL_LENGTH_PX) * (4.0 / FOCAL_LENGTH_PX);
const ANGLE: f32 = 1.05;

fn camera() -> ChiefRays {
    ChiefRays {
        world_from_camera: Affine3A::from_translation(Vec3::new(0.0, 1.0, 4.0)),
        focal_length_px: FOCAL_LENGTH_PX,
        principal_point_px: [160.0, 120.0],
        filter: None,
    }
}

fn pane() -> PaneOptics {
    let glazing = Glazing { transmittance_normal: 0.75, refractive_index: 1.52, thickness_mm: 5.0 };
    PaneOptics::of_glazing(&glazing, Body::Iron)
}

fn drop_at(x: f32, y: f32, radius_m: f32) -> SessileDrop {
    SessileDrop { position_m: Vec3::new(x, 1.0 + y, 0.0), normal: Vec3::Z, radius_m }
}

/// Some drops that do not touch, the first one at the camera's axis.
fn some() -> Vec<SessileDrop> {
    let at = |k: i32| {
        let (i, j) = ((k % 7 - 3) as f32, (k / 7 - 3) as f32);
        drop_at(0.017 * i + 0.001 * j, 0.013 * j, 0.0015 + 0.0005 * ((k * 5) % 7) as f32)
    };
    (0..49).map(at).collect()
}

/// What a camera sees of a pane that has drops, all of the cabin behind it of one radiance.
fn seen(drops: &[SessileDrop], pupil_radius_m: f32, mirrored: &Mirrored<'_>, region: Rect) -> GlassLayer {
    before(&|_, _| [1.0; 3], drops, pupil_radius_m, mirrored, region)
}

/// The same before another cabin.
fn before(
    cabin: &(dyn Fn(Vec3, Vec3) -> [f32; 3] + Sync),
    drops: &[SessileDrop],
    pupil_radius_m: f32,
    mirrored: &Mirrored<'_>,
    region: Rect,
) -> GlassLayer {
    let rays = camera();
    let response = PaneResponse::new(&pane(), RGB);
    let corner = |x: f32, y: f32| Vertex::new(Vec3::new(x, y, 0.0), Vec3::Z, [0.0; 2]);
    let vertices = vec![corner(-3.0, -3.0), corner(3.0, -3.0), corner(3.0, 3.0), corner(-3.0, 3.0)];
    let mesh = Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3] };
    let panes = [PlacedPane::new(&rays, &mesh, Affine3A::IDENTITY, &response)];
    let range_m = vec![5.0; region.width as usize * region.height as usize];
    let mut layer = compose(&rays, &panes, mirrored, region, &range_m);
    let under_water = UnderWater::new(&pane(), RGB);
    let wet = Wet {
        panes: &[(&under_water, drops.to_vec())],
        cap: Cap::new(ANGLE),
        pupil_radius_m,
        focus_m: 5.0,
        cabin,
        filter_transmittance: 1.0,
    };
    add_drops(&rays, &panes, (&wet, mirrored), region, &range_m, &mut layer);
    layer
}

const DARK: Mirrored<'static> = Mirrored { outside: None, lamps: &[], cabin: &|_, _| [0.0; 3] };

#[test]
fn a_drop_covers_its_disc_in_focus_and_out_of_it() {
    for pupil_radius_m in [0.0, 0.003, 0.01] {
        let drops = some();
        let layer = seen(&drops, pupil_radius_m, &DARK, REGION);
        let covered_m2: f32 = layer.drops.iter().map(|drops| drops.share * PIXEL_M2).sum();
        let discs_m2: f32 = drops.iter().map(|drop| PI * drop.radius_m * drop.radius_m).sum();
        assert!((covered_m2 / discs_m2 - 1.0).abs() < 0.03, "{pupil_radius_m}: {covered_m2} of {discs_m2}");
        // A wider pupil spreads a drop over more pixels.
        let touched = layer.drops.iter().filter(|drops| drops.share > 0.0).count();
        println!("pupil {pupil_radius_m} m: {touched} pixels");
        let dry = seen(&[], pupil_radius_m, &DARK, REGION);
        assert!(dry.drops.is_empty());
        for ((wet, dry), drops) in layer.transmittance.iter().zip(&dry.transmittance).zip(&layer.drops) {
            assert!((wet[1] - dry[1] * (1.0 - drops.share)).abs() < 1e-6);
        }
    }
}

#[test]
fn drops_make_no_light() {
    // In a room as bright as the cabin all round, nothing may be brighter than the room.
    let layer = seen(&some(), 0.004, &DARK, REGION);
    let mut lit = 0;
    for ((t, veil), drops) in layer.transmittance.iter().zip(&layer.veil).zip(&layer.drops) {
        for band in 0..3 {
            let all = t[band] + veil[band] + drops.radiance[band];
            assert!((0.0..=1.0).contains(&all) && drops.radiance[band] <= drops.share + 1e-6, "{all}");
        }
        lit += usize::from(drops.radiance[1] > 0.5 * drops.share && drops.share > 0.9);
    }
    assert!(lit > 100, "most of a drop lets the cabin's light through");
}

#[test]
fn parts_of_a_picture_are_the_same_whatever_else_is_drawn() {
    let model = DaylightModel::from_sun(
        SunPosition { elevation_deg: 35.0, azimuth_deg: 130.0, day_of_year: 93 },
        180.0,
        Sky::Overcast,
    );
    let sh = model.irradiance_sh9();
    let outside = Surround::new(&[], model, Sky::Overcast, sh, sh, None, Vec::new());
    let mirrored = Mirrored { outside: Some(&outside), ..DARK };
    let whole = seen(&some(), 0.004, &mirrored, REGION);
    assert!(whole.drops.iter().any(|drops| drops.share > 0.0));
    let part = Rect { x: 101, y: 57, width: 90, height: 130 };
    let alone = seen(&some(), 0.004, &mirrored, part);
    for (k, drops) in alone.drops.iter().enumerate() {
        let (x, y) = (part.x as usize + k % part.width as usize, part.y as usize + k / part.width as usize);
        let i = y * REGION.width as usize + x;
        assert_eq!(
            (*drops, alone.transmittance[k], alone.veil[k]),
            (whole.drops[i], whole.transmittance[i], whole.veil[i])
        );
    }
}

#[test]
fn a_lamps_image_in_a_drop_is_that_of_a_convex_mirror() {
    let lamp = LampSource {
        position_m: Vec3::new(0.4, 1.3, 4.0),
        axis: Vec3::new(-0.4, -0.3, -4.0).normalize(),
        half_angle_rad: 0.5,
        intensity: [10.0, 20.0, 30.0],
        radius_m: 0.02,
        pattern: None,
    };
    let lamps = [lamp];
    let mirrored = Mirrored { lamps: &lamps, ..DARK };
    for pupil_radius_m in [0.0, 0.006] {
        let drops = [drop_at(0.0, 0.0, 0.003)];
        let (lit, dark) =
            (seen(&drops, pupil_radius_m, &mirrored, REGION), seen(&drops, pupil_radius_m, &DARK, REGION));
        // Intensity is radiance times area.
        let sum = |layer: &GlassLayer| layer.drops.iter().map(|drops| drops.radiance[1] * PIXEL_M2).sum::<f32>();
        let (_, _, irradiance) = lamp.seen_from(drops[0].position_m);
        let radius_m = 0.003 / ANGLE.sin();
        // Nearly straight on, water mirrors 2.04 %.
        let expected = irradiance[1] * radius_m * radius_m / 4.0 * 0.0204;
        let got = sum(&lit) - sum(&dark);
        assert!((got / expected - 1.0).abs() < 0.02, "{got} of {expected} W/sr");
    }
}

#[test]
fn a_drop_shows_the_cabin_upside_down_and_wide() {
    // Behind the pane, what goes upwards sees 1 and what goes downwards 0: the drop's lower half is the bright one.
    let cabin = |_: Vec3, direction: Vec3| [f32::from(u8::from(direction.y > 0.0)); 3];
    let layer = before(&cabin, &[drop_at(0.0, 0.0, 0.01)], 0.0, &DARK, REGION);
    let at = |y: usize| layer.drops[y * REGION.width as usize + 160];
    assert!(at(114).share == 1.0 && at(114).radiance[1] == 0.0, "the upper half looks down");
    assert!(at(126).share == 1.0 && at(126).radiance[1] > 0.5, "the lower half looks up");
}
