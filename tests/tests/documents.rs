//! Document portraits against their standards, from the simulator's truth and from the files.
use laneproof_scenes::{
    document::DocumentKind,
    people::{Demographics, Identity},
    stream::stream,
};
use laneproof_tests::simulator;

fn people() -> Vec<Identity> {
    let ages = [(6.0, 12.0), (18.0, 40.0), (18.0, 80.0), (60.0, 80.0)];
    let draw = |(k, age_years)| {
        Identity::sample(&Demographics { age_years, ..Demographics::default() }, &mut stream(21, k as u64, "document"))
    };
    ages.into_iter().enumerate().map(draw).collect()
}

#[test]
fn every_portrait_keeps_to_its_standard() {
    let mut simulator = simulator::shared();
    let mut yaws = Vec::new();
    for (k, who) in people().iter().enumerate() {
        for kind in DocumentKind::ALL {
            let made = simulator.document(who, kind).unwrap_or_else(|e| panic!("{e}"));
            let (standard, g) = (kind.standard(), made.geometry);
            let name = format!("person {k}, {}: {g:?}", kind.name());
            println!("{name}: {} bytes at quality {}", made.jpeg.len(), made.jpeg_quality);
            let within = |x: f32, (low, high): (f32, f32)| (low..=high).contains(&x);
            assert!(within(g.head_share, standard.head_share), "{name}");
            assert!(within(g.eyes_above_share, standard.eyes_above_share), "{name}");
            assert!(g.off_centre_share.abs() <= standard.off_centre_share, "{name}");
            for (angle, most) in g.yaw_pitch_roll_deg.iter().zip(standard.max_yaw_pitch_roll_deg) {
                assert!(angle.abs() <= most, "{name}");
            }
            // Where the picture's own landmarks say that the eyes are.
            let [[x0, y0], [x1, y1]] = [made.picture.landmarks_px[0], made.picture.landmarks_px[1]];
            let apart = (x1 - x0).hypot(y1 - y0);
            assert!(apart >= standard.min_inter_eye_px && (apart - g.inter_eye_px).abs() < 0.5, "{name}: {apart}");
            yaws.push(g.yaw_pitch_roll_deg[0]);

            assert!(made.jpeg.len() <= standard.max_bytes, "{name}: {} bytes", made.jpeg.len());
            assert!(made.jpeg.len() * 2 >= standard.max_bytes || made.jpeg_quality == 95, "{name}");
            let file = image::load_from_memory(&made.jpeg).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!((file.width(), file.height()), (standard.width_px, standard.height_px), "{name}");
            assert_eq!(file.color().has_color(), !standard.grey, "{name}");
        }
    }
    yaws.sort_by(f32::total_cmp);
    assert!(yaws[yaws.len() - 1] - yaws[0] > 1.0, "all heads are turned alike: {yaws:?}");
}

#[test]
fn a_portrait_is_a_function_of_who_and_which_document() {
    let mut simulator = simulator::shared();
    let who = &people()[1];
    let first = simulator.document(who, DocumentKind::Passport).unwrap_or_else(|e| panic!("{e}"));
    let visa = simulator.document(who, DocumentKind::Visa).unwrap_or_else(|e| panic!("{e}"));
    let again = simulator.document(who, DocumentKind::Passport).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(first.jpeg, again.jpeg);
    assert_ne!(first.geometry, visa.geometry);
}
