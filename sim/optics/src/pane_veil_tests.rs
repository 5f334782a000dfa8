//! What a camera sees of a mirrored sky over a face behind glass, with and without a filter.
use std::f64::consts::TAU;

use super::{
    tests::{brewster, glass, meets},
    *,
};
use crate::{chance::Chance, polariser::LinearPolariser};

/// Filter that passes the plane of incidence of [`meets`] with `plane_rad` 0: p is along ±X there.
fn p_filter() -> Mueller {
    LinearPolariser::IDEAL.at_angle(0.0)
}

#[test]
fn mirrored_light_at_brewsters_angle_is_s_polarised() {
    for plane in [0.0, 0.8] {
        let (view, normal) = meets(brewster(), plane);
        let seen = PaneOnRay::of_glazing(&glass(0.75), &view, normal).reflection * Stokes::unpolarised(1.0);
        assert!((seen.degree() - 1.0).abs() < 1e-12);
        let s_axis = DVec3::new(-plane.sin(), plane.cos(), 0.0);
        let own = view.rotation_to(s_axis) * seen;
        assert!((own.q - own.i).abs() < 1e-12 && own.u.abs() < 1e-12, "{own:?}");
    }
}

#[test]
fn veil_over_face() {
    // 5,000 cd/m² of unpolarised sky mirrored over a face of 200 cd/m²: veil ÷ face without a filter and with an ideal one
    // that passes p. Worked out by hand from the table above, so good to the size of its last digits.
    for (angle_deg, plain, filtered, tolerance) in
        [(60.0, 5.0, 0.08, 0.005), (40.0, 2.6, 0.81, 0.005), (70.0, 10.6, 2.3, 0.05)]
    {
        let (view, normal) = meets(f64::to_radians(angle_deg), 0.0);
        let pane = PaneOnRay::of_glazing(&glass(0.75), &view, normal);
        let veil = pane.reflection * Stokes::unpolarised(5_000.0);
        let face = pane.transmission * Stokes::unpolarised(200.0);
        assert!((veil.i / face.i - plain).abs() <= 0.06, "{angle_deg}: {}", veil.i / face.i);
        let ratio = (p_filter() * veil).i / (p_filter() * face).i;
        assert!((ratio - filtered).abs() <= tolerance, "{angle_deg}: {ratio}");
    }
}

#[test]
fn at_brewsters_angle_a_filter_takes_the_veil_of_any_sky() {
    let mut chance = Chance::new(5);
    let (view, normal) = meets(brewster(), 0.0);
    let pane = PaneOnRay::of_glazing(&glass(0.75), &view, normal);
    let face = pane.transmission * Stokes::unpolarised(200.0);
    for _ in 0..2_000 {
        let sky = chance.light();
        let veil = pane.reflection * sky;
        // Nothing is left, so neither the veil nor its share of the face can rise.
        assert!((p_filter() * veil).i.abs() < 1e-12);
        assert!((p_filter() * veil).i / (p_filter() * face).i <= veil.i / face.i + 1e-12);
    }
    // At every angle a filter can only take from the veil.
    for _ in 0..2_000 {
        let (view, normal) = meets(chance.between(0.0, 1.5), chance.between(0.0, TAU));
        let veil = PaneOnRay::of_glazing(&glass(0.75), &view, normal).reflection * chance.light();
        let filter = LinearPolariser::with_extinction(chance.share(), chance.between(1.0, 100.0));
        assert!((filter.at_angle(chance.between(0.0, TAU)) * veil).i <= veil.i + 1e-12);
    }
    // But away from Brewster's angle a sky polarised in the plane of incidence keeps its veil while the face loses half:
    // there the filter makes the picture worse.
    let (view, normal) = meets(f64::to_radians(30.0), 0.0);
    let pane = PaneOnRay::of_glazing(&glass(0.75), &view, normal);
    let p_sky = Stokes::linear(5_000.0, 1.0, pane.mirrored.angle_to_rad(pane.mirrored.axis()));
    let (veil, face) = (pane.reflection * p_sky, pane.transmission * Stokes::unpolarised(200.0));
    assert!((p_filter() * veil).i / (p_filter() * face).i > 1.8 * veil.i / face.i);
}

#[test]
fn a_mirrored_field_leans_like_its_image() {
    // A ray that looks along +Z and down onto a level pane sees the sky above; level fields stay level.
    let view = Frame::new(DVec3::new(0.0, -0.6, 0.8), DVec3::X).unwrap();
    let pane = PaneOnRay::of_glazing(&glass(0.75), &view, DVec3::Y);
    assert!((pane.mirrored.direction() - DVec3::new(0.0, 0.6, 0.8)).length() < 1e-12);
    assert!((pane.mirrored.axis() - DVec3::X).length() < 1e-12);
    // A field between X and the sky's up. At 53.13°, below Brewster's angle of 56.66°, glass mirrors with the signs of a
    // metal: along the pane the field turns over, across it stays, so that it leaves as the negative of its mirror image,
    // only with far less of p. Above Brewster's angle (a ray at 70°) p has the other sign, and it leans the other way.
    for (down, sign) in [(0.6, 1.0), (f64::to_radians(70.0).cos(), -1.0)] {
        let view = Frame::new(DVec3::new(0.0, -down, (1.0 - down * down).sqrt()), DVec3::X).unwrap();
        let pane = PaneOnRay::of_glazing(&glass(0.75), &view, DVec3::Y);
        let up = DVec3::new(0.0, (1.0 - down * down).sqrt(), -down);
        assert!(up.dot(pane.mirrored.direction()).abs() < 1e-12);
        let field = (DVec3::X + up).normalize();
        let got = pane.reflection * Stokes::linear(1.0, 1.0, pane.mirrored.angle_to_rad(field));
        let seen = view.axis() * got.angle_rad().cos() + view.second_axis() * got.angle_rad().sin();
        assert!(seen.x.abs() > 0.8, "mostly s: {seen}");
        let lean = |v: DVec3| v.x * v.dot(view.second_axis());
        assert!(lean(seen) * lean(DVec3::new(field.x, -field.y, field.z)) * sign > 0.0, "{down}: {seen}");
    }
}
