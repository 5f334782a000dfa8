use std::f64::consts::{FRAC_PI_2, TAU};

use super::*;
use crate::{
    chance::Chance,
    glass::{SlabPower, slab},
    polariser::LinearPolariser,
};

pub(super) fn glass(transmittance_normal: f32) -> Glazing {
    Glazing { transmittance_normal, refractive_index: 1.52, thickness_mm: 5.0 }
}

/// Index and Brewster's angle as the 32-bit number has them.
pub(super) fn brewster() -> f64 {
    f64::from(1.52f32).atan()
}

/// A ray along +Z with reference axis +X, and the normal of a pane that it meets at an angle in a plane that contains +Z and
/// lies at `plane_rad` from +X towards +Y. The s axis is then at `plane_rad` + 90°.
pub(super) fn meets(incidence_rad: f64, plane_rad: f64) -> (Frame, DVec3) {
    let (sin, cos) = incidence_rad.sin_cos();
    (Frame::new(DVec3::Z, DVec3::X).unwrap(), DVec3::new(sin * plane_rad.cos(), sin * plane_rad.sin(), -cos))
}

fn alike(a: Mueller, b: Mueller, tolerance: f64) {
    for (a, b) in a.rows().as_flattened().iter().zip(b.rows().as_flattened()) {
        assert!((a - b).abs() < tolerance, "{a} not {b}");
    }
}

fn product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[test]
fn the_table_of_a_tinted_windscreen_through_filters() {
    let light = Stokes::unpolarised(1.0);
    for plane_rad in [0.0, 0.4, 2.0] {
        for [angle_deg, r, rs, rp, t, tp] in crate::glass::tests::TABLE {
            let angle = if angle_deg == 56.7 { brewster() } else { angle_deg.to_radians() };
            let (view, normal) = meets(angle, plane_rad);
            let pane = PaneOnRay::of_glazing(&glass(0.75), &view, normal);
            // A filter takes half of unpolarised light.
            let p = LinearPolariser::IDEAL.at_angle(plane_rad);
            let s = LinearPolariser::IDEAL.at_angle(plane_rad + FRAC_PI_2);
            let got = [
                (pane.reflection * light).i,
                2.0 * (s * pane.reflection * light).i,
                2.0 * (p * pane.reflection * light).i,
                (pane.transmission * light).i,
                2.0 * (p * pane.transmission * light).i,
            ];
            for (got, want) in got.into_iter().zip([r, rs, rp, t, tp]) {
                assert!((got - want).abs() <= 0.0006, "{angle_deg}°: {got:.5}, expected {want}");
            }
        }
    }
}

#[test]
fn powers_are_those_of_the_slab() {
    for t in [0.0f32, 0.05, 0.4, 0.75, 1.0] {
        for k in 0..=1000 {
            let cos = f64::from(k) / 1000.0;
            let SlabPower { reflectance_s, reflectance_p, transmittance_s, transmittance_p } = slab(&glass(t), cos);
            let layer = glazing_layer(&glass(t), cos);
            for (matrix, s, p) in [
                (layer.transmission(), transmittance_s, transmittance_p),
                (layer.reflection(), reflectance_s, reflectance_p),
            ] {
                let [[sum, difference, _], ..] = matrix.rows();
                assert!((sum + difference - s).abs() < 1e-12 && (sum - difference - p).abs() < 1e-12, "{cos}");
                assert!(matrix.rows().as_flattened().iter().all(|v| v.is_finite()));
            }
        }
    }
}

/// Airy's formulas of a coherent plate with Fresnel's coefficients in their sine and tangent forms, averaged over the phase
/// of one round trip: means of |t|², |r|² for s and p, and of the real parts of t_s·t_p* and r_s·r_p*.
fn airy(n: f64, crossing: f64, incidence: f64) -> ([f64; 3], [f64; 3]) {
    let refracted = (incidence.sin() / n).asin();
    let rs = -(incidence - refracted).sin() / (incidence + refracted).sin();
    let rp = (incidence - refracted).tan() / (incidence + refracted).tan();
    let steps = 4096;
    let (mut t, mut r) = ([0.0; 3], [0.0; 3]);
    for step in 0..steps {
        let (sin, cos) = (TAU * f64::from(step) / f64::from(steps)).sin_cos();
        let [(ts, rs), (tp, rp)] = [rs, rp].map(|face| {
            // 1/(1 − face²·crossing·e^{iφ}) as a complex number.
            let (re, im) = (1.0 - face * face * crossing * cos, -face * face * crossing * sin);
            let echo = (re / (re * re + im * im), -im / (re * re + im * im));
            let through = (1.0 - face * face) * crossing.sqrt();
            // r = face·(1 − crossing·e^{iφ})·echo.
            let (a, b) = (1.0 - crossing * cos, -crossing * sin);
            ((through * echo.0, through * echo.1), (face * (a * echo.0 - b * echo.1), face * (a * echo.1 + b * echo.0)))
        });
        let dot = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 + a.1 * b.1) / f64::from(steps);
        for (sum, value) in t.iter_mut().zip([dot(ts, ts), dot(tp, tp), dot(ts, tp)]) {
            *sum += value;
        }
        for (sum, value) in r.iter_mut().zip([dot(rs, rs), dot(rp, rp), dot(rs, rp)]) {
            *sum += value;
        }
    }
    (t, r)
}

#[test]
fn sums_are_the_phase_average_of_a_coherent_plate() {
    for t in [0.2f32, 0.75, 1.0] {
        let crossing_normal = internal_transmittance_normal(&glass(t));
        for angle_deg in [5.0, 30.0, 56.0, 57.0, 70.0, 82.0f64] {
            let incidence = angle_deg.to_radians();
            let n = f64::from(1.52f32);
            let crossing = crossing_normal.powf(1.0 / (incidence.sin() / n).asin().cos());
            let (through, reflected) = airy(n, crossing, incidence);
            let layer = glazing_layer(&glass(t), incidence.cos());
            for (matrix, [s, p, cross]) in [(layer.transmission(), through), (layer.reflection(), reflected)] {
                let want =
                    [[(s + p) / 2.0, (s - p) / 2.0, 0.0], [(s - p) / 2.0, (s + p) / 2.0, 0.0], [0.0, 0.0, cross]];
                alike(matrix, Mueller::from_rows(want), 1e-9);
            }
        }
    }
}

#[test]
fn at_normal_incidence_nothing_turns() {
    for normal in [DVec3::Z, DVec3::NEG_Z * 3.0, DVec3::ZERO, DVec3::new(1e-14, 0.0, 1.0), DVec3::new(1e-6, 1e-6, 1.0)]
    {
        let view = Frame::new(DVec3::Z, DVec3::new(0.3, 1.0, 0.0)).unwrap();
        let pane = PaneOnRay::of_glazing(&glass(0.75), &view, normal);
        alike(pane.transmission, Mueller::grey(0.75), 1e-6);
        // The field of the mirrored light keeps its line. The same line is at the negative angle in the mirrored frame.
        for angle in [0.0, 0.3, 1.2] {
            let field = view.axis() * f64::cos(angle) + view.second_axis() * f64::sin(angle);
            let arriving = Stokes::linear(1.0, 1.0, pane.mirrored.angle_to_rad(field));
            let got = pane.reflection * arriving;
            let r = slab(&glass(0.75), 1.0).reflectance();
            let want = Stokes::linear(r, 1.0, angle);
            assert!((got.q - want.q).abs() < 1e-5 && (got.u - want.u).abs() < 1e-5, "{got:?} not {want:?}");
            assert!((pane.mirrored.direction() - DVec3::NEG_Z).length() < 1e-5);
        }
    }
    // And grazing light is all mirrored.
    let (view, normal) = meets(FRAC_PI_2, 0.3);
    let pane = PaneOnRay::of_glazing(&glass(1.0), &view, normal);
    assert!((pane.reflection.transmittance() - 1.0).abs() < 1e-9 && pane.transmission.transmittance() < 1e-9);
}

#[test]
fn crossed_planes_of_incidence_by_hand() {
    // Ray along Z. The first pane is tilted in the XZ plane (p along X), the second in the YZ plane (p along Y).
    let (view, first_normal) = meets(60f64.to_radians(), 0.0);
    let (_, second_normal) = meets(35f64.to_radians(), FRAC_PI_2);
    let (a, b) = (slab(&glass(0.75), 60f64.to_radians().cos()), slab(&glass(0.2), 35f64.to_radians().cos()));
    let first = PaneOnRay::of_glazing(&glass(0.75), &view, first_normal).transmission;
    let second = PaneOnRay::of_glazing(&glass(0.2), &view, second_normal).transmission;
    // Along X: Tp of the first times Ts of the second; along Y the other way round.
    let x = a.transmittance_p * b.transmittance_s;
    let y = a.transmittance_s * b.transmittance_p;
    let [.., [_, _, u1]] = first.rows();
    let [.., [_, _, u2]] = second.rows();
    let want = [[(x + y) / 2.0, (x - y) / 2.0, 0.0], [(x - y) / 2.0, (x + y) / 2.0, 0.0], [0.0, 0.0, u1 * u2]];
    alike(Mueller::path([first, second]), Mueller::from_rows(want), 1e-12);
    // Together they polarise less than the first alone: unpolarised light comes out with less Q.
    assert!((x - y).abs() < a.transmittance_p - a.transmittance_s);
}

#[test]
fn planes_at_any_angle_against_rotations_written_out() {
    for (plane_1, plane_2) in [(0.2, 1.1), (-0.7, 0.9), (2.9, 0.1f64)] {
        let matrix = |t: f32, incidence: f64, plane: f64| {
            let layer = glazing_layer(&glass(t), incidence.cos()).transmission().rows();
            let (sin, cos) = (2.0 * (plane + FRAC_PI_2)).sin_cos();
            let into = [[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]];
            let out = [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]];
            product(out, product(layer, into))
        };
        let want = product(matrix(0.3, 0.6, plane_2), matrix(0.8, 1.2, plane_1));
        let (view, normal_1) = meets(1.2, plane_1);
        let (_, normal_2) = meets(0.6, plane_2);
        let got = Mueller::path([
            PaneOnRay::of_glazing(&glass(0.8), &view, normal_1).transmission,
            PaneOnRay::of_glazing(&glass(0.3), &view, normal_2).transmission,
        ]);
        alike(got, Mueller::from_rows(want), 1e-12);
        // Reciprocity: light on the way back meets the second pane first, and the transposed matrices.
        let back = Mueller::path([
            PaneOnRay::of_glazing(&glass(0.3), &view, normal_2).transmission,
            PaneOnRay::of_glazing(&glass(0.8), &view, normal_1).transmission,
        ]);
        alike(back, got.transposed(), 1e-12);
        // And so it is in the frame of the reversed direction, where U has the other sign.
        let turned_view = Frame::new(DVec3::NEG_Z, DVec3::X).unwrap();
        let back = Mueller::path([
            PaneOnRay::of_glazing(&glass(0.3), &turned_view, normal_2).transmission,
            PaneOnRay::of_glazing(&glass(0.8), &turned_view, normal_1).transmission,
        ]);
        let flip = Mueller::from_rows([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]]);
        alike(back, flip * got.transposed() * flip, 1e-12);
        assert!((back.transmittance() - got.transmittance()).abs() < 1e-12);
    }
}

#[test]
fn turning_everything_changes_nothing() {
    let mut chance = Chance::new(3);
    for _ in 0..300 {
        let (view, normal) = (chance.frame(), chance.direction());
        let turn = glam::DQuat::from_axis_angle(chance.direction(), chance.between(-3.0, 3.0));
        let pane = PaneOnRay::of_glazing(&glass(0.7), &view, normal);
        let turned_view = Frame::new(turn * view.direction(), turn * view.axis()).unwrap();
        let turned = PaneOnRay::of_glazing(&glass(0.7), &turned_view, turn * normal);
        alike(pane.transmission, turned.transmission, 1e-12);
        alike(pane.reflection, turned.reflection, 1e-12);
        assert!((turn * pane.mirrored.axis() - turned.mirrored.axis()).length() < 1e-12);
        // The side that the normal points to does not matter to a pane that is alike on both.
        let other = PaneOnRay::of_glazing(&glass(0.7), &view, -normal);
        alike(pane.reflection, other.reflection, 1e-12);
        // Another reference axis of the camera gives the same light, seen against that axis.
        let axis = Frame::new(view.direction(), chance.direction()).unwrap();
        let again = PaneOnRay::of_glazing(&glass(0.7), &axis, normal);
        let (behind, before) = (chance.light(), chance.light());
        let got = again
            .seen(view.rotation_to(axis.axis()) * behind, pane.mirrored.rotation_to(again.mirrored.axis()) * before);
        let want = view.rotation_to(axis.axis()) * pane.seen(behind, before);
        assert!((got.i - want.i).abs() < 1e-12 && (got.q - want.q).abs() < 1e-12 && (got.u - want.u).abs() < 1e-12);
    }
}

#[test]
fn energy_never_grows() {
    let mut chance = Chance::new(4);
    for _ in 0..20_000 {
        let glazing = Glazing {
            transmittance_normal: chance.share() as f32,
            refractive_index: chance.between(1.3, 2.0) as f32,
            thickness_mm: 4.0,
        };
        let (view, normal) = (chance.frame(), chance.direction());
        let pane = PaneOnRay::of_glazing(&glazing, &view, normal);
        let light = chance.light();
        let (through, mirrored) = (pane.transmission * light, pane.reflection * light);
        for out in [through, mirrored] {
            assert!(out.i >= -1e-12 && out.i <= light.i + 1e-12 && out.q.hypot(out.u) <= out.i + 1e-12, "{out:?}");
        }
        // One light can be both: of either polarisation no more leaves than came.
        let both = |angle| {
            let axis = view.axis() * f64::cos(angle) + view.second_axis() * f64::sin(angle);
            let arriving = Stokes::linear(1.0, 1.0, view.angle_to_rad(axis));
            let mirror_axis = axis - normal * (2.0 * axis.dot(normal));
            let at_mirror = Stokes::linear(1.0, 1.0, pane.mirrored.angle_to_rad(mirror_axis));
            (pane.transmission * arriving).i + (pane.reflection * at_mirror).i
        };
        assert!((0..6).all(|k| both(f64::from(k) * 0.5) <= 1.0 + 1e-9));
        assert!(pane.transmission.largest_transmittance() <= 1.0 + 1e-12);
        assert!(pane.reflection.largest_transmittance() <= 1.0 + 1e-12);
    }
}
