//! Oracles on the built vehicles.
use glam::Vec3;

use super::{SeatSide, Vehicle, VehicleError, build, hit, models, shell, spec, split::Label};
use crate::{catalogue::GlassSet, mesh::Mesh, truth::Role};

const GLASS: GlassSet = GlassSet::bare(0.75, 0.72, 0.2);

fn vehicles() -> Vec<Vehicle> {
    models().into_iter().map(|m| build(m, &GLASS, [0.3; 3]).expect("a known model")).collect()
}

/// Eyes of a seated adult: 0.64 m above and 0.12 m behind the H-point (SAE J941's mid eye for a 22° back, rounded).
fn eyes(vehicle: &Vehicle) -> Vec<(usize, Vec3)> {
    vehicle.seats.iter().enumerate().map(|(k, s)| (k, s.h_point_m + Vec3::new(0.0, 0.64, -0.12))).collect()
}

fn distance(mesh: &Mesh, origin: Vec3, ray: Vec3) -> Option<f32> {
    mesh.triangles().filter_map(|t| hit(t, origin, ray)).min_by(f32::total_cmp)
}

fn nearest_part(vehicle: &Vehicle, origin: Vec3, ray: Vec3, keep: impl Fn(Role) -> bool) -> Option<f32> {
    let parts = vehicle.parts.iter().filter(|p| keep(p.tag.role));
    parts.filter_map(|p| distance(&p.mesh, origin, ray)).min_by(f32::total_cmp)
}

/// Evenly spread directions (golden-angle spiral).
fn directions(count: usize) -> impl Iterator<Item = Vec3> {
    (0..count).map(move |k| {
        let y = 1.0 - 2.0 * (k as f32 + 0.5) / count as f32;
        let (sin, cos) = (k as f32 * 2.399_963_2).sin_cos();
        Vec3::new((1.0 - y * y).sqrt() * cos, y, (1.0 - y * y).sqrt() * sin)
    })
}

#[test]
fn outer_measures_are_those_stated() {
    for v in vehicles() {
        let paint = &v.parts.iter().find(|p| p.name == "body paint").expect("paint").mesh;
        let (low, high) = paint.bounds_m().expect("not empty");
        assert!((high.y - v.height_m).abs() < 0.01, "{}: {high}", v.name);
        assert!((high.z - v.front_z_m).abs() < 0.02, "{}: {high}", v.name);
        assert!((high.z - low.z - v.length_m).abs() < 0.03, "{}: {low} {high}", v.name);
        // Below the mirrors.
        let points = paint.vertices.iter().map(|p| p.position_m).filter(|p| p[1] < 0.8);
        let half = points.fold(0.0f32, |w, p| w.max(p[0].abs()));
        assert!((2.0 * half - v.width_m).abs() < 0.02, "{}: {half}", v.name);
        for wheel in &v.wheels {
            assert_eq!(wheel.hub_m.y, wheel.radius_m, "wheels stand on the road");
            let (low, high) = wheel.parts[0].mesh.bounds_m().expect("a tyre");
            assert!((high.y - wheel.radius_m).abs() < 2e-3 && (low.y + wheel.radius_m).abs() < 2e-3);
            assert!(wheel.hub_m.x.abs() + high.x < v.width_m / 2.0, "tyres stay under the wings");
        }
    }
}

#[test]
fn panes_are_outward_single_layers_of_plausible_area() {
    for v in vehicles() {
        let area = |m: &Mesh| m.triangles().map(|[a, b, c]| (b - a).cross(c - a).length() / 2.0).sum::<f32>();
        for pane in &v.panes {
            let (low, high) = pane.mesh.bounds_m().expect("not empty");
            let centre = (low + high) / 2.0;
            let out = match pane.name.as_str() {
                "windscreen" => Vec3::Z,
                "rear" => Vec3::NEG_Z,
                name if name.ends_with("left") => Vec3::X,
                _ => Vec3::NEG_X,
            };
            for t in pane.mesh.indices.chunks_exact(3) {
                let [a, b, c] = [0, 1, 2].map(|i| Vec3::from(pane.mesh.vertices[t[i] as usize].position_m));
                assert!((b - a).cross(c - a).dot(out) >= 0.0, "{} {} near {centre}", v.name, pane.name);
                assert!(t.iter().all(|&i| Vec3::from(pane.mesh.vertices[i as usize].normal).dot(out) > 0.0));
            }
            let range = match pane.name.as_str() {
                "windscreen" => 1.0..1.6,
                "rear" => 0.4..1.0,
                _ => 0.2..0.75,
            };
            assert!(range.contains(&area(&pane.mesh)), "{} {}: {} m²", v.name, pane.name, area(&pane.mesh));
        }
        let names: Vec<&str> = v.panes.iter().map(|p| p.name.as_str()).collect();
        let sides = ["front-left", "front-right", "row-2-left", "row-2-right", "row-3-left", "row-3-right"];
        let expected = std::iter::once("windscreen").chain(sides.into_iter().take(names.len() - 2)).chain(["rear"]);
        assert!(names.iter().copied().eq(expected), "{names:?}");
    }
}

#[test]
fn the_cabin_is_closed_and_lets_people_look_out() {
    for v in vehicles() {
        for (k, eye) in eyes(&v) {
            let mut glass = 0;
            let count = 700;
            for ray in directions(count) {
                let pane = v.panes.iter().filter_map(|p| distance(&p.mesh, eye, ray)).min_by(f32::total_cmp);
                let opaque = nearest_part(&v, eye, ray, |_| true);
                assert!(pane.is_some() || opaque.is_some(), "{} seat {k}: light leaks along {ray}", v.name);
                glass += usize::from(pane.is_some_and(|p| opaque.is_none_or(|o| p < o)));
            }
            let share = glass as f32 / count as f32;
            assert!((0.08..0.5).contains(&share), "{} seat {k}: {share} of all directions is glass", v.name);
        }
    }
}

#[test]
fn cameras_see_the_eyes_through_the_right_pane() {
    for v in vehicles() {
        let sees = |camera: Vec3, eye: Vec3, pane: &str, what: &str| {
            let ray = (eye - camera).normalize();
            let range = camera.distance(eye);
            let opaque = nearest_part(&v, camera, ray, |_| true);
            assert!(opaque.is_none_or(|d| d > range), "{}: {what}: blocked at {opaque:?} of {range}", v.name);
            let crossed: Vec<&str> = v
                .panes
                .iter()
                .filter(|p| distance(&p.mesh, camera, ray).is_some_and(|d| d < range))
                .map(|p| p.name.as_str())
                .collect();
            assert_eq!(crossed, [pane], "{}: {what}", v.name);
        };
        for (seat, (_, eye)) in v.seats.iter().zip(eyes(&v)) {
            if seat.id.row == 1 {
                for height in [2.0, 2.5, 3.0] {
                    for x in [-0.3, 0.0, 0.3] {
                        let camera = Vec3::new(x, height, v.front_z_m + 5.0);
                        sees(camera, eye, "windscreen", &format!("{:?} from {camera}", seat.id));
                    }
                }
            }
            let (sign, side) = match seat.id.side {
                SeatSide::Left => (1.0, "left"),
                SeatSide::Right => (-1.0, "right"),
                SeatSide::Middle => continue,
            };
            let pane = if seat.id.row == 1 { format!("front-{side}") } else { format!("row-{}-{side}", seat.id.row) };
            for height in [1.3, 1.45, 1.6] {
                for ahead in [0.0, 0.4] {
                    let camera = Vec3::new(sign * 3.2, height, eye.z + ahead);
                    sees(camera, eye, &pane, &format!("{:?} from {camera}", seat.id));
                }
            }
        }
    }
}

#[test]
fn seats_leave_room_for_heads_and_legs() {
    for v in vehicles() {
        for (k, eye) in eyes(&v) {
            // Crown of the head 0.12 m above the eyes and 0.08 m behind them, plus 3 cm.
            let room = nearest_part(&v, eye - Vec3::Z * 0.08, Vec3::Y, |r| r == Role::Interior).expect("a roof lining");
            assert!(room >= 0.15, "{} seat {k}: {room} m above the eyes", v.name);
        }
        let rows: Vec<(u8, f32)> = v.seats.iter().map(|s| (s.id.row, s.h_point_m.z)).collect();
        for pair in rows.windows(2).filter(|p| p[0].0 != p[1].0) {
            assert!((0.78..0.96).contains(&(pair[0].1 - pair[1].1)), "{}: {pair:?}", v.name);
        }
        assert!(v.seats.windows(2).all(|p| (p[0].id.row, -p[0].h_point_m.x) < (p[1].id.row, -p[1].h_point_m.x)));
        assert_eq!(v.seats.len(), if v.name == "van" { 7 } else { 5 });
        let seats = &v.parts.iter().find(|p| p.tag.role == Role::Seat).expect("seats").mesh;
        let (low, high) = seats.bounds_m().expect("not empty");
        assert!(low.y > 0.2 && high.y < v.height_m - 0.1 && high.x < v.width_m / 2.0 - 0.12, "{low} {high}");
    }
}

#[test]
fn the_shell_has_no_cracks_where_it_was_cut() {
    for spec in spec::MODELS {
        let mut shell = shell::smooth_shell(spec);
        assert!(shell.border(|_| true).is_empty(), "{}: the smooth shell is closed", spec.name);
        shell::cut_regions(spec, &mut shell);
        // Only the middle of the underside is left open.
        for (a, b) in shell.border(|_| true) {
            let (a, b) = (shell.points[a as usize], shell.points[b as usize]);
            assert!(a.y.max(b.y) < 0.36, "{}: open edge {a} to {b}", spec.name);
        }
        let panes = shell.triangles.iter().filter(|(_, l)| matches!(l, Label::Pane(_))).count();
        assert!(panes > 500);
    }
}

#[test]
fn left_mirrors_right() {
    for v in vehicles() {
        let paint = &v.parts.iter().find(|p| p.name == "body paint").expect("paint").mesh;
        for i in 0..24 {
            for k in 0..12 {
                let z = v.front_z_m - 0.15 - (v.length_m - 0.3) * i as f32 / 23.0;
                let y = 0.35 + 0.09 * k as f32;
                let left = distance(paint, Vec3::new(4.0, y, z), Vec3::NEG_X);
                let right = distance(paint, Vec3::new(-4.0, y, z), Vec3::X);
                let same = match (left, right) {
                    (Some(l), Some(r)) => (l - r).abs() < 4e-3,
                    (None, None) => true,
                    // At the very border of a region one side may just miss.
                    _ => false,
                };
                assert!(same, "{} at y {y} z {z}: {left:?} {right:?}", v.name);
            }
        }
    }
}

#[test]
fn models_are_small_and_the_same_every_time() {
    for (v, again) in vehicles().iter().zip(vehicles()) {
        let parts = v.parts.iter().chain(v.wheels.iter().flat_map(|w| &w.parts));
        let meshes: Vec<&Mesh> = parts.map(|p| &*p.mesh).chain(v.panes.iter().map(|p| &*p.mesh)).collect();
        let triangles: usize = meshes.iter().map(|m| m.triangle_count()).sum();
        let budget = if v.name == "van" { 36_000 } else { 33_000 };
        assert!(triangles <= budget, "{}: {triangles}", v.name);
        assert!(v.parts.len() <= 6, "each part is a draw call");
        assert!(v.parts.iter().zip(&again.parts).all(|(a, b)| a.mesh == b.mesh && a.surface == b.surface));
        assert!(v.panes.iter().zip(&again.panes).all(|(a, b)| a.mesh == b.mesh && a.glazing == b.glazing));
        for vertex in meshes.iter().flat_map(|m| &m.vertices) {
            assert!(Vec3::from(vertex.position_m).is_finite());
            assert!((Vec3::from(vertex.normal).length() - 1.0).abs() < 1e-3, "{}: {vertex:?}", v.name);
        }
    }
}

#[test]
fn bad_input_is_refused_in_words() {
    let error = build("sedna", &GLASS, [0.3; 3]).expect_err("no such model");
    assert_eq!(error.to_string(), "unknown vehicle model \"sedna\"; the models are \"sedan\", \"van\"");
    for windscreen in [0.0, -0.1, 0.95, f32::NAN] {
        let error = build("sedan", &GlassSet { windscreen, ..GLASS }, [0.3; 3]).expect_err("impossible glass");
        assert!(matches!(error, VehicleError::OutOfRange { what: "transmittance of the windscreen", .. }));
    }
    assert!(build("van", &GLASS, [0.1, f32::NAN, 0.1]).is_err());
}
