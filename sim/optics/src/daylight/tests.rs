use laneproof_scenes::catalogue::Canopy;

use super::*;
use crate::spectrum::luminance_cd_m2;

fn model(sky: Sky, elevation_deg: f64) -> DaylightModel {
    DaylightModel::from_sun(SunPosition { elevation_deg, azimuth_deg: 130.0, day_of_year: 93 }, 180.0, sky)
}

#[test]
fn air_mass_is_kasten_and_youngs() {
    // Their table: 1.000 at 90°, 1.994 at 30°, 5.590 at 10°, 37.92 at the horizon.
    for (elevation, mass, tolerance) in
        [(90.0, 1.0, 0.001), (30.0, 1.994, 0.001), (10.0, 5.59, 0.005), (0.0, 37.92, 0.01)]
    {
        assert!((air_mass(elevation) - mass).abs() < tolerance, "{elevation}: {}", air_mass(elevation));
    }
}

#[test]
fn direct_and_diffuse_illuminance() {
    let clear = model(Sky::Clear, 30.0);
    // Day 93 stands at mean distance (cos 90°): 127.5 klx · exp(−0.21 · 1.994) = 83.9 klx; 0.8 + 15.5 · √0.5 = 11.76 klx.
    assert!((clear.direct_normal_lux - 83_880.0).abs() < 150.0, "{}", clear.direct_normal_lux);
    assert!((clear.diffuse_horizontal_lux - 11_760.0).abs() < 10.0);
    let overcast = model(Sky::Overcast, 30.0);
    assert_eq!(overcast.sun_normal_irradiance, [0.0; 3]);
    assert!((overcast.diffuse_horizontal_lux - 10_800.0).abs() < 1.0);
}

#[test]
fn snow_and_sky_throw_light_at_each_other() {
    for (sky, from_below) in [(Sky::Clear, 0.0685), (Sky::Overcast, 0.6_f32)] {
        let bare = model(sky, 30.0).with_ground_reflectance(0.2);
        let snow = bare.clone().over_snow(0.85);
        // The series summed term by term: what the ground throws up, what the sky throws down again.
        let series = |reflectance: f32| -> f32 { (0..200).map(|k| (reflectance * from_below).powi(k)).sum() };
        let want = series(0.85) / series(0.2);
        for (bare, snow) in bare.horizontal_irradiance().into_iter().zip(snow.horizontal_irradiance()) {
            assert!((snow / bare / want - 1.0).abs() < 1e-4, "{sky:?}: {} not {want}", snow / bare);
        }
        assert_eq!(bare.sun_normal_irradiance, snow.sun_normal_irradiance);
        let table = SkyTable::new(&snow, SkyTable::WIDTH, SkyTable::HEIGHT).irradiance(Vec3::Y);
        assert!((table[1] / snow.sky_horizontal_irradiance[1] - 1.0).abs() < 0.01);
        let lux = |m: &DaylightModel| m.direct_normal_lux * m.sun_direction.y + m.diffuse_horizontal_lux;
        assert!((lux(&snow) / lux(&bare) / want - 1.0).abs() < 1e-4);
    }
}

#[test]
fn no_snow_lies_below_a_roof_and_ice_absorbs_the_infrared() {
    let roof = Canopy { height_m: 5.0, from_z_m: -9.0, to_z_m: 6.0, half_width_m: 6.0, underside_reflectance: 0.1 };
    let shelter = Shelter::new(roof, Vec3::new(0.0, 1.2, -2.8));
    let bare = model(Sky::Overcast, 30.0).with_ground_reflectance(0.2);
    let snow = bare.clone().over_snow(0.8);
    let below = |model: &DaylightModel| model.clone().below(shelter).sky_radiance(Vec3::NEG_Y)[1];
    let brighter = snow.sky_horizontal_irradiance[1] / bare.sky_horizontal_irradiance[1];
    assert!((below(&snow) / below(&bare) / brighter - 1.0).abs() < 1e-4);
    let far = Vec3::new(0.99, -0.1, 0.0).normalize();
    let beside = |model: &DaylightModel| model.clone().below(shelter).sky_radiance(far)[1];
    assert!((beside(&snow) / beside(&bare) / brighter / 4.0 - 1.0).abs() < 1e-4);
    let [visible, near, far] = [snow.clone(), snow.clone().in_band(Infrared::Nir850), snow.in_band(Infrared::Nir940)]
        .map(|model| model.ground_reflectance[1]);
    assert!(visible > near && near > far && far > 0.6, "{visible} {near} {far}");
}

#[test]
fn table_integrates_to_the_models_horizontal_illuminance() {
    for sky in [Sky::Clear, Sky::Overcast] {
        for elevation in [8.0, 35.0, 70.0] {
            let model = model(sky, elevation);
            let got = SkyTable::new(&model, SkyTable::WIDTH, SkyTable::HEIGHT).irradiance(Vec3::Y);
            for (got, want) in got.into_iter().zip(model.sky_horizontal_irradiance) {
                assert!((got / want - 1.0).abs() < 0.01, "{sky:?} {elevation}°: {got} not {want}");
            }
        }
    }
}

#[test]
fn overcast_zenith_is_three_times_the_horizon() {
    // CIE S 011 type 1: φ(0)/φ(90°) = 1 + 4·exp(−0.7) = 2.99; and Moon and Spencer's sky, which it stands for, has
    // zenith luminance 9/(7π) of the horizontal illuminance.
    let model = model(Sky::Overcast, 40.0);
    let zenith = model.sky_radiance(Vec3::Y)[1];
    let horizon = model.sky_radiance(Vec3::new(1.0, 0.0, 0.0))[1];
    assert!((zenith / horizon - 2.986).abs() < 0.01);
    let ratio = model.zenith_luminance_cd_m2() / model.diffuse_horizontal_lux;
    assert!((ratio - 9.0 / (7.0 * PI)).abs() < 0.01, "{ratio}");
    assert!((luminance_cd_m2(model.sky_radiance(Vec3::Y)) / model.zenith_luminance_cd_m2() - 1.0).abs() < 0.04);
}

#[test]
fn clear_sky_is_brightest_round_the_sun_and_darkest_opposite() {
    let model = model(Sky::Clear, 35.0);
    let at = |v: Vec3| model.sky_radiance(v.normalize())[1];
    let sun = model.sun_direction;
    let opposite = Vec3::new(-sun.x, sun.y, -sun.z);
    assert!(at(sun) > 8.0 * at(opposite));
    assert!(at(sun) > at(Vec3::Y));
}

#[test]
fn ground_below_the_horizon_is_lit_by_sun_and_sky() {
    let model = model(Sky::Clear, 30.0).with_ground_reflectance(0.2);
    let got = model.sky_radiance(Vec3::NEG_Y)[1];
    let want = 0.2 * (model.sun_normal_irradiance[1] * 0.5 + model.sky_horizontal_irradiance[1]) / PI;
    assert!((got / want - 1.0).abs() < 1e-5);
}

#[test]
fn harmonics_agree_with_direct_integration() {
    for sky in [Sky::Clear, Sky::Overcast] {
        let model = model(sky, 40.0);
        let table = SkyTable::new(&model, SkyTable::WIDTH, SkyTable::HEIGHT);
        let coefficients = model.irradiance_sh9();
        let mut worst = 0.0f32;
        let brightest = table.irradiance(Vec3::Y)[1];
        for normal in [
            Vec3::Y,
            Vec3::X,
            Vec3::Z,
            Vec3::NEG_X,
            Vec3::NEG_Z,
            Vec3::NEG_Y,
            Vec3::new(0.6, 0.64, 0.48),
            Vec3::new(-0.48, 0.6, 0.64),
        ] {
            let (got, want) = (sh::irradiance(&coefficients, normal)[1], table.irradiance(normal)[1]);
            worst = worst.max((got - want).abs() / brightest);
        }
        // Ramamoorthi and Hanrahan: 1 % on average, 9 % at worst for natural light.
        assert!(worst < 0.05, "{sky:?}: {worst}");
    }
}

#[test]
fn sampling_meets_texel_centres() {
    let model = model(Sky::Clear, 40.0);
    let table = SkyTable::new(&model, 64, 32);
    for (column, row) in [(0, 3), (17, 9), (63, 30)] {
        let got = table.sample(texel_direction(64, 32, column, row));
        let want = table.texels[(row * 64 + column) as usize];
        assert!((got[1] - want[1]).abs() < 1e-3 * want[1]);
    }
}

#[test]
fn twilight_falls_as_the_almanac_has_it() {
    // Ends of civil, nautical and astronomical twilight: 3.4, 0.008 and 0.0006 lx.
    let sunset_lux = 10f64.powf(2.88);
    for (elevation_deg, lux, tolerance) in [(-6.0, 3.4, 0.3), (-12.0, 0.008, 0.0015)] {
        let got = twilight_share(elevation_deg) * sunset_lux;
        assert!((got - lux).abs() < tolerance, "{elevation_deg}°: {got} lx");
    }
    assert!((twilight_share(-18.0) * sunset_lux - NIGHT_LUX).abs() < 1e-9, "airglow outshines the sun's last light");
    let falls: Vec<f64> = (0..=240).map(|k| twilight_share(f64::from(k) * -0.1)).collect();
    assert!(falls.windows(2).all(|w| w[1] <= w[0] * 1.03), "monotone but for the fits' joints");
    assert!((falls[0] - 1.0).abs() < 1e-9);
}

#[test]
fn at_night_there_is_no_sun_and_little_sky_but_never_nothing() {
    let night = Daylight {
        latitude_deg: 40.0,
        longitude_deg: -105.0,
        time: "2026-06-21T00:30:00-07:00".into(),
        sky: Sky::Clear,
        weather: None,
    };
    let model = DaylightModel::new(&night, 0.0).unwrap();
    assert!(model.sun_at_place().is_none() && model.sun.elevation_deg < -18.0);
    assert!((f64::from(model.diffuse_horizontal_lux) / NIGHT_LUX - 800.0 / 758.6).abs() < 0.01);
    let sky = model.sky_radiance(Vec3::Y);
    assert!(sky.iter().all(|l| *l > 0.0 && l.is_finite()));
    // In twilight the sky is brightest above the sun.
    let dusk = DaylightModel::from_sun(
        SunPosition { elevation_deg: -4.0, azimuth_deg: 270.0, day_of_year: 93 },
        180.0,
        Sky::Clear,
    );
    let at = |x: f32| dusk.sky_radiance(Vec3::new(x, 0.1, 0.0).normalize())[1];
    assert!(at(dusk.sun_direction.x.signum()) > 2.0 * at(-dusk.sun_direction.x.signum()));
}
