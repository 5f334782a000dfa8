use laneproof_scenes::catalogue::HeadLampKind;

use super::*;
use crate::lamp::HeadLampPlace;

const CLEAN: Weather = Weather {
    fog_visibility_m: None,
    dust_visibility_m: None,
    rain_mm_per_h: None,
    drops: None,
    depth_m: 20.0,
    snow: None,
};

fn fog(visibility_m: f32) -> Air {
    Air::of(&Weather { fog_visibility_m: Some(visibility_m), ..CLEAN }, None)
}

fn light(roof: Option<Canopy>) -> AirLight {
    let sun = Some((Vec3::new(0.0, 0.6, -0.8), [300.0, 280.0, 240.0]));
    AirLight { open: [20.0, 25.0, 30.0], sheltered: [2.0, 2.5, 3.0], sun, roof }
}

fn path(direction: Vec3, far_m: f32) -> AirPath {
    AirPath { from_m: Vec3::new(0.5, 1.5, 2.0), direction: direction.normalize(), stretch_m: [0.0, far_m] }
}

const ROOF: Canopy =
    Canopy { height_m: 5.0, from_z_m: -8.0, to_z_m: 4.0, half_width_m: 6.0, underside_reflectance: 0.5 };

#[test]
fn a_twentieth_of_a_contrast_is_left_at_the_visibility() {
    for visibility_m in [10.0, 50.0, 200.0, 5_000.0] {
        assert!((fog(visibility_m).passes(visibility_m) - 0.05).abs() < 1e-6);
    }
    // Over a lane's 4 m: 6 % in fog of 200 m, a fifth in fog of 50 m.
    assert!((fog(200.0).passes(4.0) - 0.942).abs() < 1e-3 && (fog(50.0).passes(4.0) - 0.787).abs() < 1e-3);
    // 25 mm/h: 1.076 · 25^0.67 = 9.30 dB/km.
    let rain = Air::of(&Weather { rain_mm_per_h: Some(25.0), ..CLEAN }, None);
    assert!((-10.0 * rain.passes(1_000.0).log10() - 9.30).abs() < 0.01);
}

#[test]
fn no_particles_change_nothing_to_the_bit() {
    for air in [Air::of(&CLEAN, None), Air::of(&Weather { rain_mm_per_h: Some(0.0), ..CLEAN }, None)] {
        assert_eq!([air.passes(1e5), air.passes(f32::INFINITY)], [1.0; 2]);
        assert_eq!(air.passes_from_above(0.2), [1.0, 1.0]);
        assert_eq!(air.airlight(&path(Vec3::NEG_Z, 1e5), &light(None)), [0.0; 3]);
        assert_eq!(air.lamplight(&path(Vec3::NEG_Z, 10.0), &lamp()), [0.0; 3]);
    }
}

#[test]
fn phase_functions_scatter_all_their_light_with_their_mean_cosine() {
    for particles in [Particles::water(1.0), Particles::dust(1.0, None)] {
        let (mut all, mut mean) = (0.0, 0.0);
        let steps = 200_000;
        for k in 0..steps {
            let cosine = (k as f64 + 0.5) / f64::from(steps) * 2.0 - 1.0;
            let share =
                f64::from(particles.phase_per_sr(cosine as f32)) * std::f64::consts::TAU * 2.0 / f64::from(steps);
            all += share;
            mean += share * cosine;
        }
        assert!((all - 1.0).abs() < 2e-3, "{all}");
        assert!((mean - f64::from(particles.mean_cosine())).abs() < 2e-3, "{mean}");
    }
    // Lidar ratio: extinction over backscatter.
    let ratio = |p: Particles| 1.0 / (p.albedo[1] * p.phase_per_sr(-1.0));
    assert!((30.0..45.0).contains(&ratio(Particles::water(1.0))), "{}", ratio(Particles::water(1.0)));
    assert!((50.0..65.0).contains(&ratio(Particles::dust(1.0, None))), "{}", ratio(Particles::dust(1.0, None)));
}

#[test]
fn endless_fog_shows_the_light_that_surrounds_it() {
    let bare = AirLight { sun: None, ..light(None) };
    let seen = fog(50.0).airlight(&path(Vec3::NEG_Z, 1e6), &bare);
    (0..3).for_each(|band| assert!((seen[band] - bare.open[band]).abs() < 1e-4));
    let dust = Air::of(&Weather { dust_visibility_m: Some(50.0), ..CLEAN }, None);
    let brown = dust.airlight(&path(Vec3::NEG_Z, 1e6), &AirLight { open: [10.0; 3], ..bare });
    assert!(brown[0] > brown[1] && brown[1] > brown[2] && brown[0] < 10.0);
}

#[test]
fn roofs_shade_the_air_as_a_sum_over_small_steps_does() {
    let (air, light) = (fog(30.0), light(Some(ROOF)));
    for direction in [Vec3::NEG_Z, Vec3::new(0.3, 0.2, -1.0), Vec3::new(-1.0, 0.6, 0.2), Vec3::new(0.1, -0.1, 1.0)] {
        let path = path(direction, 14.0);
        let got = air.airlight(&path, &light);
        let (towards, irradiance) = light.sun.unwrap();
        let scattering = air.scattering(path.direction.dot(towards));
        let covers = |place: Vec3, towards: Vec3| {
            let rise = ROOF.height_m - place.y;
            let hit = place + towards * (rise / towards.y);
            rise >= 0.0 && hit.x.abs() <= ROOF.half_width_m && (ROOF.from_z_m..=ROOF.to_z_m).contains(&hit.z)
        };
        let steps = 20_000;
        let mut sum = 0.0_f64;
        for k in 0..steps {
            let s = (k as f32 + 0.5) / steps as f32 * 14.0;
            let place = path.from_m + path.direction * s;
            let sky = if covers(place, Vec3::Y) { light.sheltered[0] } else { light.open[0] };
            let sun = if covers(place, towards) { 0.0 } else { irradiance[0] };
            let source = air.extinction_per_m() * sky + scattering[0] * sun;
            sum += f64::from(source * air.passes(s)) * 14.0 / f64::from(steps);
        }
        assert!((f64::from(got[0]) / sum - 1.0).abs() < 2e-3, "{direction}: {} and {sum}", got[0]);
    }
}

fn lamp() -> LampSource {
    LampSource {
        position_m: Vec3::new(0.7, 1.6, 2.0),
        axis: Vec3::new(0.0, -0.05, -1.0).normalize(),
        half_angle_rad: 0.35,
        intensity: [100.0; 3],
        radius_m: 0.05,
        pattern: None,
    }
}

/// What a stretch of a ray scatters of a lamp's beam, in straight steps, not even in the angle.
fn fine_sum(air: &Air, path: &AirPath, lamp: &LampSource) -> f64 {
    let steps = 400_000;
    let [_, far_m] = path.stretch_m.map(f64::from);
    let at = |k: u32| {
        let s = (f64::from(k) + 0.5) / f64::from(steps) * far_m;
        let way = path.from_m + path.direction * s as f32 - lamp.position_m;
        let way_m = way.length();
        let share = lamp.share(way / way_m) / (way_m * way_m);
        let scattering = air.scattering(-path.direction.dot(way / way_m))[0];
        f64::from(lamp.intensity[0] * share * scattering * air.passes(s as f32 + way_m)) * far_m / f64::from(steps)
    };
    (0..steps).map(at).sum()
}

#[test]
fn a_strobes_backscatter_is_that_of_a_fine_sum() {
    let air = fog(50.0);
    for direction in [Vec3::NEG_Z, Vec3::new(0.2, 0.1, -1.0), Vec3::new(-0.3, 0.0, -1.0), Vec3::new(0.25, 0.02, -1.0)] {
        for far_m in [3.0, 6.0, 100.0] {
            let path = path(direction, far_m);
            let got = f64::from(air.lamplight(&path, &lamp())[0]);
            let fine = fine_sum(&air, &path, &lamp());
            assert!((got / fine - 1.0).abs() < 0.015, "{direction} to {far_m} m: {got} and {fine}");
        }
    }
}

/// The edge of a dipped beam is narrower than even steps: a camera ahead and above looks at the car, past its lamp and over it.
#[test]
fn a_head_lamps_light_in_fog_is_that_of_a_fine_sum() {
    let air = fog(50.0);
    let place = HeadLampPlace {
        position_m: Vec3::new(0.66, 0.66, -0.2),
        forwards: Vec3::Z,
        up: Vec3::Y,
        radius_m: 0.035,
        aim_down: 0.01,
    };
    let lamp = LampSource::dipped(&place, HeadLampKind::Led, None).expect("seen in the visible");
    for from_m in [Vec3::new(1.2, 1.75, 3.2), Vec3::new(-2.0, 2.4, 6.0), Vec3::new(2.2, 1.0, -3.0)] {
        for to_m in [
            Vec3::new(0.05, 1.15, -2.2),
            Vec3::new(0.0, 0.0, 0.5),
            Vec3::new(-0.6, 0.7, -0.3),
            Vec3::new(0.5, 0.7, 9.0),
        ] {
            let far_m = from_m.distance(to_m);
            let path = AirPath { from_m, direction: (to_m - from_m) / far_m, stretch_m: [0.0, far_m] };
            let (got, fine) = (f64::from(air.lamplight(&path, &lamp)[0]), fine_sum(&air, &path, &lamp));
            assert!((got - fine).abs() < 0.02 * fine + 1e-9, "{from_m} to {to_m}: {got} and {fine}");
        }
    }
}

#[test]
fn denser_fog_leaves_less_contrast_and_brightens_what_is_dark() {
    let light = AirLight { sun: None, ..light(None) };
    let path = path(Vec3::NEG_Z, 4.0);
    let seen = |radiance: f32, air: &Air| radiance * air.passes(4.0) + air.airlight(&path, &light)[1];
    let mut before = f32::MAX;
    for visibility_m in [2_000.0, 200.0, 50.0, 20.0] {
        let air = fog(visibility_m);
        let (bright, dark) = (seen(40.0, &air), seen(4.0, &air));
        let contrast = (bright - dark) / (bright + dark);
        assert!(contrast < before && dark > 4.0);
        before = contrast;
    }
}
