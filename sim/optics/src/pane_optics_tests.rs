use super::*;
use crate::{
    chance::Chance,
    pane::glazing_layer,
    spectrum::{BANDS_NM, Spectrum, photopic_efficiency},
    stokes::Stokes,
};

fn glazing(transmittance_normal: f32) -> Glazing {
    Glazing { transmittance_normal, refractive_index: 1.52, thickness_mm: 5.0 }
}

#[test]
fn a_bare_grey_pane_is_the_glazing() {
    for t in [0.05f32, 0.2, 0.75, 0.9] {
        let pane = PaneOptics {
            internal_transmittance: [internal_transmittance_normal(&glazing(t)); 5],
            ..PaneOptics::of_glazing(&glazing(t), Body::Grey)
        };
        for k in 0..=200 {
            let cos = f64::from(k) / 200.0;
            let (got, want) = (pane.layer(Band::Green, cos), glazing_layer(&glazing(t), cos));
            for (a, b) in [(got.transmission(), want.transmission()), (got.reflection(), want.reflection())] {
                let (a, b) = (a.rows(), b.rows());
                assert!(a.as_flattened().iter().zip(b.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-12));
            }
        }
    }
}

#[test]
fn the_eye_sees_the_glazings_transmittance() {
    // Luminous transmittance under D65, each band flat.
    let d65 = Spectrum::daylight(6_504.0);
    let lumens = BANDS_NM.map(|(from, to)| {
        (0..100)
            .map(|i| from + f64::from(i) + 0.5)
            .filter(|nm| *nm < to)
            .map(|nm| d65.at(nm) * photopic_efficiency(nm))
            .sum::<f64>()
    });
    for (t, body) in [(0.75f32, Body::Iron), (0.88, Body::Iron), (0.20, Body::Grey)] {
        let pane = PaneOptics::of_glazing(&glazing(t), body);
        let seen: f64 = [Band::Red, Band::Green, Band::Blue]
            .into_iter()
            .zip(lumens)
            .map(|(band, lumen)| pane.transmittance_normal(band) * lumen)
            .sum();
        let seen = seen / lumens.iter().sum::<f64>();
        assert!((seen - f64::from(t)).abs() < 0.005, "{body:?} {t}: {seen}");
    }
}

#[test]
fn infrared_transmittances_lie_in_the_trades_ranges() {
    let at = |pane: &PaneOptics| [Band::Nir850, Band::Nir940].map(|band| pane.transmittance_normal(band));
    let clear = PaneOptics::of_glazing(&glazing(0.88), Body::Iron);
    assert!(at(&clear).iter().all(|t| (0.75..=0.805).contains(t)), "{:?}", at(&clear));
    let green = PaneOptics::of_glazing(&glazing(0.75), Body::Iron);
    assert!(at(&green).iter().all(|t| (0.35..=0.55).contains(t)), "{:?}", at(&green));
    // Water-clear green: greener than red.
    assert!(green.transmittance_normal(Band::Green) > green.transmittance_normal(Band::Red));
    let silver = clear.with_coating(Coating::SilverSolarControl);
    assert!((0.05..=0.25).contains(&at(&silver)[1]), "{:?}", at(&silver));
    // It mirrors the infrared instead of absorbing it, and stays above the 70 % that windscreens need.
    assert!(silver.reflectance_normal(Band::Nir940) > 0.4 && silver.reflectance_normal(Band::Green) < 0.13);
    assert!(silver.transmittance_normal(Band::Green) > 0.70);
    let privacy = PaneOptics::of_glazing(&glazing(0.18), Body::Grey);
    assert!(at(&privacy).iter().all(|t| (0.10..=0.20).contains(t)), "{:?}", at(&privacy));
}

#[test]
fn film_multiplies_what_passes() {
    let bare = PaneOptics::of_glazing(&glazing(0.75), Body::Iron);
    for (film, visible, infrared) in
        [(Film::dyed(0.35), 0.35, 0.90), (Film::carbon(0.05), 0.05, 0.05), (Film::ceramic(0.5), 0.5, 0.15)]
    {
        let pane = bare.with_film(film);
        for band in Band::ALL {
            let ratio = pane.transmittance_normal(band) / bare.transmittance_normal(band);
            let want = if band.is_visible() { visible } else { infrared };
            // The light that is mirrored to and fro crosses it again: less than 0.2 % of the whole.
            assert!((ratio / want - 1.0).abs() < 0.003, "{band:?}: {ratio}");
        }
        // It lies inside: the outer face still mirrors, so the pane is a darker mirror at most.
        assert!(pane.reflectance_normal(Band::Green) < bare.reflectance_normal(Band::Green));
        assert!(pane.reflectance_normal(Band::Green) > 0.042);
    }
}

#[test]
fn coated_panes_transmit_alike_from_both_sides_and_mirror_differently() {
    let pane = PaneOptics::of_glazing(&glazing(0.75), Body::Iron)
        .with_coating(Coating::SilverSolarControl)
        .with_film(Film::carbon(0.3));
    let normal = DVec3::new(0.3, 0.5, -0.8);
    let out_view = Frame::new(DVec3::Z, DVec3::X).unwrap();
    let in_view = Frame::new(DVec3::NEG_Z, DVec3::X).unwrap();
    let flip = Mueller::from_rows([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]]);
    let (outside, inside) = (pane.on_ray(Band::Nir940, &out_view, normal), pane.on_ray(Band::Nir940, &in_view, normal));
    let back = (flip * inside.transmission.transposed() * flip).rows();
    for (a, b) in outside.transmission.rows().as_flattened().iter().zip(back.as_flattened()) {
        assert!((a - b).abs() < 1e-12);
    }
    // From inside the carbon film lies before the silver.
    assert!(outside.reflection.transmittance() > 2.0 * inside.reflection.transmittance());
}

#[test]
fn a_coating_by_hand() {
    // Lossless glass of index 1 (no faces), coating only: what is stated comes out.
    let pane = PaneOptics {
        refractive_index: 1.0,
        internal_transmittance: [1.0; 5],
        film: Film::NONE,
        coating: Coating::SilverSolarControl,
        dirt: Dirt::NONE,
    };
    assert!((pane.transmittance_normal(Band::Nir850) - 0.38).abs() < 1e-12);
    assert!((pane.reflectance_normal(Band::Nir850) - 0.42).abs() < 1e-12);
    // With faces of r = (0.52/2.52)² = 0.042580 and glass that takes nothing, by two steps of the adding method on paper:
    // face and coating: back reflectance 0.42 + 0.38²·0.042580/(1 − 0.42·0.042580) = 0.426260,
    // through 0.957420·0.38/0.982116 = 0.370444; with the inner face 0.370444·0.957420/(1 − 0.426260·0.042580) = 0.361227.
    let pane = PaneOptics { refractive_index: 1.52, ..pane };
    assert!(
        (pane.transmittance_normal(Band::Nir850) - 0.361_227).abs() < 2e-6,
        "{}",
        pane.transmittance_normal(Band::Nir850)
    );
}

#[test]
fn straight_on_a_pane_knows_no_axis() {
    // s and p are alike there: mirrored light is turned over as a whole (cross −R), light that passes is not (cross T).
    let pane = PaneOptics::of_glazing(&glazing(0.75), Body::Iron)
        .with_coating(Coating::SilverSolarControl)
        .with_film(Film::dyed(0.3));
    for band in Band::ALL {
        let layer = pane.layer(band, 1.0);
        let ([rs, rp, r_cross], [ts, tp, t_cross]) = (layer.mirrored(), layer.passed());
        assert!((rs - rp).abs() < 1e-12 && (r_cross + rs).abs() < 1e-12, "{:?}", layer.mirrored());
        assert!((ts - tp).abs() < 1e-12 && (t_cross - ts).abs() < 1e-12, "{:?}", layer.passed());
    }
}

#[test]
fn dirt_takes_and_adds() {
    let clean = PaneOptics::of_glazing(&glazing(0.75), Body::Iron);
    let dusty = clean.with_dirt(Dirt { cover: 0.3, direct_transmittance: 0.4, reflectance: 0.15 });
    // 0.7 + 0.3·0.4 = 0.82 passes; mirrored twice through it, 0.7 + 0.3·0.16 = 0.748.
    let (view, normal) = (Frame::new(DVec3::Z, DVec3::X).unwrap(), DVec3::new(0.5, 0.0, -0.9));
    let (a, b) = (clean.on_ray(Band::Green, &view, normal), dusty.on_ray(Band::Green, &view, normal));
    assert!((b.transmission.transmittance() / a.transmission.transmittance() - 0.82).abs() < 1e-12);
    assert!((b.reflection.transmittance() / a.reflection.transmittance() - 0.748).abs() < 1e-12);
    let inside = dusty.on_ray(Band::Green, &view, -normal);
    assert!((inside.reflection.transmittance() - a.reflection.transmittance()).abs() < 1e-12);
    // 0.3·0.15/π per unit of irradiance.
    assert!((dusty.dirt.veil_radiance(1_000.0) - 14.323_945).abs() < 1e-6);
    assert_eq!(Dirt::NONE.veil_radiance(1_000.0), 0.0);
}

#[test]
fn energy_never_grows_in_any_pane() {
    let mut chance = Chance::new(6);
    for _ in 0..20_000 {
        let body = if chance.share() < 0.5 { Body::Iron } else { Body::Grey };
        let mut pane = PaneOptics::of_glazing(&glazing(chance.share() as f32), body)
            .with_film(Film { visible: chance.share(), infrared: chance.share() })
            .with_dirt(Dirt {
                cover: chance.share(),
                direct_transmittance: chance.share(),
                reflectance: chance.between(0.0, 1.5),
            });
        if chance.share() < 0.5 {
            pane = pane.with_coating(Coating::SilverSolarControl);
        }
        let band = Band::ALL[(chance.share() * 5.0) as usize];
        let (view, normal) = (chance.frame(), chance.direction());
        let on_ray = pane.on_ray(band, &view, normal);
        let light = chance.light();
        for out in [on_ray.transmission * light, on_ray.reflection * light] {
            assert!(out.i >= -1e-12 && out.i <= light.i + 1e-12 && out.q.hypot(out.u) <= out.i + 1e-12);
        }
        // Of unpolarised light of unit irradiance on the outer side: what passes, what is mirrored and what the dirt sends
        // back (π·L).
        let outward = -normal * normal.dot(view.direction()).signum();
        let outside = pane.on_ray(band, &view, outward);
        let all = outside.transmission.transmittance()
            + outside.reflection.transmittance()
            + std::f64::consts::PI * pane.dirt.veil_radiance(1.0);
        assert!(all <= 1.0 + 1e-9, "{all}: {pane:?}");
    }
}

#[test]
fn two_panes_on_one_ray() {
    // The windscreen and a rear window behind it: unpolarised light, both tilted in one plane, powers multiply.
    let view = Frame::new(DVec3::Z, DVec3::X).unwrap();
    let near = PaneOptics::of_glazing(&glazing(0.75), Body::Iron);
    let far = PaneOptics::of_glazing(&glazing(0.2), Body::Grey);
    let normals = [DVec3::new(0.0, 0.8, -0.6), DVec3::new(0.0, 0.5, 0.8)];
    let panes = [far.on_ray(Band::Red, &view, normals[1]), near.on_ray(Band::Red, &view, normals[0])];
    let s = Stokes::linear(1.0, 1.0, 0.0);
    let got = transmission_through(&panes) * s;
    let each = panes.map(|pane| (pane.transmission * s).i);
    assert!((got.i - each[0] * each[1]).abs() < 1e-12);
}
