use laneproof_scenes::surface::Glazing;

use super::*;
use crate::{chance::Chance, pane_optics::Body};

const RIGHT: f32 = std::f32::consts::FRAC_PI_2;
const ANGLES: [f32; 4] = [0.6, 0.9, 1.2, RIGHT];

/// A ray straight down beside the middle.
fn down(cap: &Cap, x: f32) -> InDrop {
    let met = cap.meets(Vec3::new(x, 0.0, 5.0), Vec3::NEG_Z).expect("within the drop");
    cap.crossed(met, Vec3::NEG_Z)
}

#[test]
fn a_drop_is_a_plano_convex_lens() {
    for angle in ANGLES {
        let cap = Cap::new(angle);
        // Paraxial rays meet the axis at f = R ÷ (n − 1) from the principal plane, which is the vertex's: turned by x ÷ f.
        let x = 1e-3_f32;
        let out = down(&cap, x).through.expect("the middle lets light through");
        let focal = cap.sphere_radius() / (WATER_INDEX - 1.0);
        assert!((-out.x / x * focal - 1.0).abs() < 2e-5, "{}", -out.x / x * focal);
        // The same in double precision, by the closed form, for 1e-6.
        let (x, n, r) = (1e-4_f64, f64::from(WATER_INDEX), f64::from(cap.sphere_radius()));
        let i = (x / r).asin();
        let turned = n * (i - (i.sin() / n).asin()).sin();
        assert!((turned / x * r / (n - 1.0) - 1.0).abs() < 1e-6);
    }
}

#[test]
fn rays_beside_the_middle_turn_as_snell_says() {
    for angle in ANGLES {
        let cap = Cap::new(angle);
        for x in [0.1_f32, 0.3, 0.5, 0.7] {
            let seen = down(&cap, x);
            let i = (x / cap.sphere_radius()).asin();
            let turned = WATER_INDEX * (i - (i.sin() / WATER_INDEX).asin()).sin();
            match seen.through {
                Some(out) => {
                    assert!((out.x + turned).abs() < 1e-5, "{angle} {x}: {} and {turned}", out.x);
                    assert!(out.y.abs() < 1e-6 && (out.length() - 1.0).abs() < 1e-5);
                }
                None => assert!(turned >= 1.0, "only what is wholly reflected stops: {angle} {x} {turned}"),
            }
            // The mirror image leaves at the same angle.
            assert!((seen.mirrored.z - (2.0 * i).cos()).abs() < 1e-5);
        }
    }
    // Straight on, even a half ball's rim is not dark: there rays leave at √(n² − 1) = 0.881, still below 1.
    let half = Cap::new(RIGHT);
    let out = down(&half, 0.999_99).through.expect("not wholly reflected");
    assert!((-out.x - (WATER_INDEX * WATER_INDEX - 1.0).sqrt()).abs() < 5e-3, "{out}");
    // Seen from 45°, the side that faces the camera is: a ray that meets a normal at 70° goes through the water at 51.5°,
    // beyond the critical angle of 48.6°. One that meets a normal at 30° goes at 41.2°.
    let slanted = Vec3::new(-1.0, 0.0, -1.0).normalize();
    let facing = |degrees: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        half.crossed(half.place_facing(Vec3::new(sin, 0.0, cos)).expect("on the half ball"), slanted).through
    };
    assert_eq!(facing(70.0), None);
    let out = facing(30.0).expect("below the critical angle");
    assert!((-out.x - WATER_INDEX * 41.2_f32.to_radians().sin()).abs() < 2e-3, "{out}");
}

#[test]
fn a_flat_view_of_a_drop_is_wider_than_its_disc() {
    let half = Cap::new(RIGHT);
    let flat = Vec3::new(0.99, 0.0, -0.14).normalize();
    // Over the disc's middle, one radius high: it grazes the top.
    assert!(half.meets(Vec3::new(0.0, 0.0, 0.95), flat).is_some());
    assert!(half.meets(Vec3::new(0.0, 0.0, 1.2), flat).is_none());
    let low = Cap::new(0.5);
    assert!(low.meets(Vec3::new(0.0, 0.0, 0.95), flat).is_none());
    for angle in ANGLES {
        let cap = Cap::new(angle);
        assert!((cap.height() - (angle / 2.0).tan()).abs() < 1e-5, "a cap is as high as tan(θ/2)");
        assert_eq!(cap.place_facing(Vec3::Z).map(|top| (top.z - cap.height()).abs() < 1e-5), Some(true));
        assert_eq!(cap.place_facing(Vec3::new(1.0, 0.0, -0.01).normalize()), None);
    }
}

#[test]
fn no_light_is_made() {
    let mut chance = Chance::new(7);
    let glazing = |t| Glazing { transmittance_normal: t, refractive_index: 1.52, thickness_mm: 5.0 };
    let panes = [0.9, 0.75, 0.2].map(|t| PaneOptics::of_glazing(&glazing(t), Body::Iron));
    let bands = Band::seen_in(None);
    let tables = panes.map(|pane| UnderWater::new(&pane, bands));
    let mut seen = 0;
    for _ in 0..20_000 {
        let cap = Cap::new(chance.between(0.5, 1.4) as f32);
        let direction = chance.direction().as_vec3();
        if direction.z > -0.1 {
            continue;
        }
        let aside = Vec3::new(chance.between(-1.0, 1.0) as f32, chance.between(-1.0, 1.0) as f32, 0.0);
        let Some(met) = cap.meets(aside, direction) else { continue };
        let crossed = cap.crossed(met, direction);
        assert!((0.0..=1.0).contains(&crossed.reflectance));
        assert!((crossed.mirrored.length() - 1.0).abs() < 1e-4);
        let Some(through) = crossed.through else { continue };
        assert!((through.length() - 1.0).abs() < 1e-3 && through.z < 0.0);
        for table in &tables {
            for passed in table.passes(through.z) {
                assert!(passed >= 0.0 && crossed.reflectance + (1.0 - crossed.reflectance) * passed <= 1.0);
            }
        }
        seen += 1;
    }
    assert!(seen > 2_000);
}

#[test]
fn water_on_a_pane_takes_the_mirror_from_its_outer_face() {
    let glazing = Glazing { transmittance_normal: 0.9, refractive_index: 1.52, thickness_mm: 5.0 };
    let pane = PaneOptics::of_glazing(&glazing, Body::Iron);
    let [_, green, _] = Band::seen_in(None);
    let (dry, wet) = (pane.transmittance_normal(green), pane.passes_under_water(green, WATER_INDEX.into(), 1.0));
    // Of glass 4.26 % are mirrored at a face to air, 0.43 % at one to water.
    let face = |n: f64| ((n - 1.0) / (n + 1.0)).powi(2);
    let right = dry * (1.0 - face(1.52 / 1.333)) / (1.0 - face(1.52));
    assert!((wet / right - 1.0).abs() < 2e-3, "{wet} of {right}");
    // What grazes the inner face does not pass.
    assert!(pane.passes_under_water(green, WATER_INDEX.into(), 0.0) < 1e-6);
    assert!((f64::from(reflectance(1.0)) - face(1.333)).abs() < 1e-5);
    assert!((reflectance(0.0) - 1.0).abs() < 1e-5);
}
