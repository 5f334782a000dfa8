use std::sync::Arc;

use glam::{Affine3A, Vec3};

use super::*;
use crate::{truth::Subject, vehicle::SeatSide};

fn bounds(figure: &Figure) -> (Vec3, Vec3) {
    let all = figure.parts.iter().filter_map(|part| part.mesh.bounds_m());
    all.fold((Vec3::MAX, Vec3::MIN), |(low, high), (a, b)| (low.min(a), high.max(b)))
}

#[test]
fn dogs_fit_a_seat_look_out_and_differ() {
    let mut forms = Vec::new();
    for seed in 0..20 {
        let figure = dog(3, seed, 1.0);
        let (low, high) = bounds(&figure);
        assert!(low.x > -0.30 && high.x < 0.35, "{low} {high}");
        assert!(high.y > 0.40 && high.y < 0.85, "head at {}", high.y);
        assert!(figure.parts.iter().all(|p| p.tag.subject == Subject::Decoy(3)));
        let triangles: usize = figure.parts.iter().map(|p| p.mesh.triangle_count()).sum();
        assert!(triangles < 4000, "{triangles}");
        // The window is on the left: so is the nose.
        let nose = figure.face_m.iter().copied().max_by(|a, b| (a.x + a.z).total_cmp(&(b.x + b.z)));
        assert!(nose.is_some_and(|n| n.x > 0.0));
        forms.push(format!("{high}"));
    }
    forms.sort();
    forms.dedup();
    assert!(forms.len() > 15);
    assert_eq!(bounds(&dog(0, 5, -1.0)), bounds(&dog(0, 5, -1.0)));
}

#[test]
fn prints_lie_before_what_carries_them() {
    let picture = Arc::new(Texture { width: 1, height: 1, rgba: vec![255; 4] });
    let vehicle =
        crate::vehicle::build("sedan", &crate::catalogue::GlassSet::bare(0.75, 0.72, 0.72), [0.5; 3]).expect("a sedan");
    for seat in vehicle.seats.iter().filter(|s| s.id.side != SeatSide::Middle) {
        let figure = head_rest(0, seat, &picture);
        // Along the line of sight from ahead, nothing of the seats stands before the print's middle.
        let from = seat.head_rest_m + Vec3::Z * 0.25;
        let to_print = figure.parts[0].mesh.triangles().map(|t| t.map(|p| p + seat.h_point_m));
        let print = to_print.filter_map(|t| crate::vehicle::hit(t, from, Vec3::NEG_Z)).fold(f32::MAX, f32::min);
        let seats = vehicle.parts.iter().filter(|p| p.name == "seats").flat_map(|p| p.mesh.triangles());
        let seat_back = seats.filter_map(|t| crate::vehicle::hit(t, from, Vec3::NEG_Z)).fold(f32::MAX, f32::min);
        assert!(print < seat_back && print > seat_back - 0.05, "{:?}: {print} {seat_back}", seat.id);
    }
    let up = magazine(0, Affine3A::IDENTITY, &picture);
    let normal = Vec3::from(up.parts[0].mesh.vertices[3].normal);
    assert!(normal.z > 0.8, "the cover faces ahead: {normal}");
}
