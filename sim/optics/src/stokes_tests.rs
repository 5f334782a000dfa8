use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::*;
use crate::chance::Chance;

fn close(a: Stokes, b: Stokes) {
    let far = (a.i - b.i).abs().max((a.q - b.q).abs()).max((a.u - b.u).abs());
    assert!(far < 1e-12, "{a:?} not {b:?}");
}

fn alike(a: Mueller, b: Mueller) {
    for (a, b) in a.rows().as_flattened().iter().zip(b.rows().as_flattened()) {
        assert!((a - b).abs() < 1e-12, "{a} not {b}");
    }
}

#[test]
fn axes_are_a_right_handed_set() {
    let frame = Frame::new(DVec3::Z * 2.0, DVec3::new(3.0, 0.0, 1.0)).unwrap();
    assert!((frame.axis() - DVec3::X).length() < 1e-15);
    assert!((frame.second_axis() - DVec3::Y).length() < 1e-15);
    assert_eq!(Frame::new(DVec3::Z, DVec3::Z * -4.0), None);
    assert_eq!(Frame::new(DVec3::ZERO, DVec3::Z), None);
    assert_eq!(Frame::any(DVec3::ZERO), None);
    let any = Frame::any(DVec3::new(0.2, -0.7, 0.1)).unwrap();
    assert!(any.axis().dot(any.direction()).abs() < 1e-15 && (any.axis().length() - 1.0).abs() < 1e-12);
}

#[test]
fn light_along_an_axis() {
    let frame = Frame::new(DVec3::Z, DVec3::X).unwrap();
    let along = |axis: DVec3| Stokes::linear(1.0, 1.0, frame.angle_to_rad(axis));
    close(along(DVec3::X), Stokes { i: 1.0, q: 1.0, u: 0.0 });
    close(along(DVec3::NEG_X), Stokes { i: 1.0, q: 1.0, u: 0.0 });
    close(along(DVec3::Y), Stokes { i: 1.0, q: -1.0, u: 0.0 });
    close(along(DVec3::new(1.0, 1.0, 0.0)), Stokes { i: 1.0, q: 0.0, u: 1.0 });
    close(along(DVec3::new(-1.0, 1.0, 0.5)), Stokes { i: 1.0, q: 0.0, u: -1.0 });
    assert_eq!(frame.angle_to_rad(DVec3::Z), 0.0);
    // Seen the other way round, +45° is −45°.
    let back = Frame::new(DVec3::NEG_Z, DVec3::X).unwrap();
    assert!((back.angle_to_rad(DVec3::new(1.0, 1.0, 0.0)) + FRAC_PI_4).abs() < 1e-15);
}

#[test]
fn degree_and_angle_come_back() {
    let light = Stokes::linear(4.0, 0.3, 0.7);
    assert!((light.degree() - 0.3).abs() < 1e-15 && (light.angle_rad() - 0.7).abs() < 1e-15);
    assert_eq!(Stokes::default().degree(), 0.0);
    assert_eq!(Stokes::unpolarised(2.0).angle_rad(), 0.0);
    close(light + Stokes::linear(4.0, 0.3, 0.7 + FRAC_PI_2), Stokes::unpolarised(8.0));
}

#[test]
fn rotations() {
    // By hand: polarised at 30°, seen from an axis at 30°, is all Q; from one at 75° it stands at −45°.
    let light = Stokes::linear(1.0, 1.0, PI / 6.0);
    close(Mueller::rotation(PI / 6.0) * light, Stokes { i: 1.0, q: 1.0, u: 0.0 });
    close(Mueller::rotation(75f64.to_radians()) * light, Stokes { i: 1.0, q: 0.0, u: -1.0 });
    // A half turn is no turn, and rotations add up.
    alike(Mueller::rotation(PI), Mueller::IDENTITY);
    alike(Mueller::rotation(0.3) * Mueller::rotation(0.5), Mueller::rotation(0.8));
    alike(Mueller::rotation(0.3).transposed(), Mueller::rotation(-0.3));
    let mut chance = Chance::new(1);
    for _ in 0..500 {
        let (frame, axis) = (chance.frame(), chance.direction());
        alike(frame.rotation_to(axis), Mueller::rotation(frame.angle_to_rad(axis)));
        let other = Frame::new(frame.direction(), axis).unwrap();
        alike(other.rotation_to(frame.axis()) * frame.rotation_to(axis), Mueller::IDENTITY);
    }
    let frame = Frame::new(DVec3::Z, DVec3::X).unwrap();
    assert_eq!(frame.rotation_to(DVec3::ZERO), Mueller::IDENTITY);
}

#[test]
fn an_axis_is_transported_like_its_field() {
    // Projecting the electric field itself gives the powers that the matrices must give.
    let mut chance = Chance::new(2);
    for _ in 0..500 {
        let frame = chance.frame();
        let other = Frame::new(frame.direction(), chance.direction()).unwrap();
        let angle = chance.between(-PI, PI);
        let field = frame.axis() * angle.cos() + frame.second_axis() * angle.sin();
        let (a, b) = (field.dot(other.axis()), field.dot(other.second_axis()));
        let want = Stokes { i: a * a + b * b, q: a * a - b * b, u: 2.0 * a * b };
        close(frame.rotation_to(other.axis()) * Stokes::linear(1.0, 1.0, angle), want);
    }
}

#[test]
fn matrices_are_read_and_written_by_rows() {
    let rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
    let matrix = Mueller::from_rows(rows);
    assert_eq!(matrix.rows(), rows);
    close(matrix * Stokes { i: 1.0, q: 10.0, u: 100.0 }, Stokes { i: 321.0, q: 654.0, u: 987.0 });
    assert_eq!(matrix.transmittance(), 1.0);
    assert!((matrix.largest_transmittance() - (1.0 + 13f64.sqrt())).abs() < 1e-12);
    alike(matrix * 2.0 + matrix, matrix * 3.0);
}

#[test]
fn diattenuators() {
    let device = Mueller::diattenuator(0.9, 0.4, 0.6);
    close(device * Stokes::linear(1.0, 1.0, 0.0), Stokes::linear(0.9, 1.0, 0.0));
    close(device * Stokes::linear(1.0, 1.0, FRAC_PI_2), Stokes::linear(0.4, 1.0, FRAC_PI_2));
    assert!((device.largest_transmittance() - 0.9).abs() < 1e-15);
    // More than √(0.9·0.4) = 0.6 of U would make light that is polarised by more than 100 %.
    alike(Mueller::diattenuator(0.9, 0.4, 5.0), device);
    close(Mueller::depolariser(0.5) * Stokes::linear(2.0, 1.0, 0.3), Stokes::unpolarised(1.0));
    close(Mueller::grey(0.5) * Stokes::linear(2.0, 1.0, 0.3), Stokes::linear(1.0, 1.0, 0.3));
    // The last one met stands leftmost.
    let (a, b) = (device.turned(0.4), Mueller::diattenuator(0.2, 0.7, 0.1));
    alike(Mueller::path([a, b]), b * a);
    alike(Mueller::path([]), Mueller::IDENTITY);
}

#[test]
fn turning_a_device_moves_the_axis_that_it_passes() {
    let device = Mueller::diattenuator(1.0, 0.0, 0.0);
    for angle in [-1.0, 0.2, 1.4] {
        let passed = device.turned(angle) * Stokes::unpolarised(2.0);
        close(passed, Stokes::linear(1.0, 1.0, angle));
    }
    let frame = Frame::new(DVec3::Z, DVec3::X).unwrap();
    alike(device.in_frame(DVec3::new(1.0, 2.0, 0.0), &frame), device.turned(f64::atan2(2.0, 1.0)));
}
