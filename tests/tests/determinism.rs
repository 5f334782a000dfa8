//! The same encounter gives the same bytes: twice, alone or after others, by regions or whole.
use laneproof_sim::{Exposure, ExposureRequest, Simulator, encounter::EncounterPlan};
use laneproof_tests::simulator::{self, demo, demo_plan, requests};

/// The encounter that is compared.
const ENCOUNTER: u64 = 3;

/// Two encounters whose vehicles are of one model and glass but differ in their paint: whatever a simulator keeps of
/// the first for the second must not carry the paint along.
fn two_of_a_kind() -> [u64; 2] {
    let plans: Vec<_> = (0..demo().file.encounters).map(demo_plan).collect();
    let find = |a: &EncounterPlan| {
        let like = |b: &&EncounterPlan| {
            b.encounter > a.encounter && b.vehicle == a.vehicle && b.glass == a.glass && b.paint != a.paint
        };
        Some([a.encounter, plans.iter().find(like)?.encounter])
    };
    plans.iter().find_map(find).expect("twelve vehicles of two models")
}

/// One exposure while the vehicle still moves, and one at rest by another camera.
fn expose(simulator: &mut Simulator, encounter: u64) -> Vec<Exposure> {
    let staged = simulator.stage(&demo_plan(encounter)).unwrap_or_else(|e| panic!("{e}"));
    let asked: Vec<ExposureRequest> = [0, 1].map(|k| requests(&staged, k)[k]).to_vec();
    asked.iter().map(|request| simulator.expose(&staged, request).unwrap_or_else(|e| panic!("{e}"))).collect()
}

fn assert_same(here: &[Exposure], there: &[Exposure]) {
    assert_eq!(here.len(), there.len());
    for (a, b) in here.iter().zip(there) {
        let camera = &a.truth.camera_id;
        assert!(a.truth.faces.iter().any(|face| face.visible_share > 0.3), "{camera}: nothing to compare");
        // Vectors of millions: `assert_eq!` would print them.
        assert!(a.frame == b.frame, "{camera}: frames differ");
        assert!(a.jpeg == b.jpeg, "{camera}: JPEG files differ");
        assert!(a.layers.whole() == b.layers.whole(), "{camera}: layers differ");
        assert_eq!(a.truth, b.truth);
    }
}

/// A simulator of its own, in which nothing was done before, against one that has done another encounter, which shares
/// lane, people, cabins and backgrounds with it. The two are two stagings as well: the same plan twice.
#[test]
fn an_encounter_alone_equals_the_same_after_another() {
    let [first, second] = two_of_a_kind();
    let alone = expose(&mut simulator::open(), second);
    let mut busy = simulator::shared();
    let other = expose(&mut busy, first);
    assert_same(&alone, &expose(&mut busy, second));
    // Another encounter is another one, or the comparison would show nothing.
    assert!(alone.iter().zip(&other).all(|(a, b)| a.frame != b.frame && a.jpeg != b.jpeg && a.layers != b.layers));
}

#[test]
fn a_region_equals_the_same_pixels_of_the_full_sensor() {
    let mut simulator = simulator::shared();
    let staged = simulator.stage(&demo_plan(ENCOUNTER)).unwrap_or_else(|e| panic!("{e}"));
    let mut smaller = 0;
    for request in [requests(&staged, 0), requests(&staged, 1)[1..].to_vec()].concat() {
        let request = ExposureRequest { cross_check: true, ..request };
        let exposure = simulator.expose(&staged, &request).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            exposure.cross_check_differs,
            Some(false),
            "exposure {} of {}",
            request.exposure_id,
            exposure.truth.camera_id
        );
        smaller += u32::from(exposure.rendered_pixels < exposure.frame.width as usize * exposure.frame.height as usize);
    }
    assert!(smaller > 0, "no exposure was rendered by a region: nothing was compared");
}
