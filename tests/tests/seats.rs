//! The seats that plans are drawn from are those of the vehicles as built.
use laneproof_scenarios::plan::seats;
use laneproof_scenes::{catalogue::GlassSet, vehicle};

#[test]
fn plans_know_the_seats_of_every_model() {
    let glass = GlassSet::bare(0.75, 0.72, 0.35);
    let models = vehicle::models();
    assert!(!models.is_empty());
    for model in models {
        let built = vehicle::build(model, &glass, [0.4; 3]).unwrap_or_else(|e| panic!("{e}"));
        let built: Vec<_> = built.seats.iter().map(|seat| seat.id).collect();
        assert_eq!(seats::of_model(model), Some(built), "{model}");
        assert!(seats::model_list().contains(model));
    }
    assert_eq!(seats::of_model("tractor"), None);
}
