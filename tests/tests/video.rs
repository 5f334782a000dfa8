//! Cameras that send H.264: frames hold something of those before them, and are made alike in any order.
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::catalogue::{H264, Trigger};
use laneproof_sim::{
    Counterfactual, Exposure, ExposureRequest, Factor, Factors, Frame8, Simulator, Staged, encounter::EncounterPlan,
};
use laneproof_tests::{program, simulator};

/// As many times fewer pixels across, each as many times wider.
const COARSER: u32 = 3;

/// Two people at rest before one camera with three exposures; the group of pictures is longer than the encounter.
fn car(h264: Option<H264>) -> EncounterPlan {
    let path = program::root().join("scenarios/light/overcast.toml");
    let mut plan = plan(&Scenario::open(&path).unwrap_or_else(|e| panic!("{e}")), 0);
    let (camera, sensor) = (&mut plan.rig.cameras[0], &mut plan.sensors[0]);
    simulator::coarsen(sensor, COARSER);
    // As much light a pixel.
    camera.exposure_us /= (COARSER * COARSER) as f32;
    camera.triggers =
        vec![Trigger::Front { z_m: -0.4 }, Trigger::Stop { after_s: 0.5 }, Trigger::Stop { after_s: 0.9 }];
    camera.h264 = h264;
    if h264.is_some() {
        camera.jpeg_quality = None;
    }
    plan
}

fn at_qp(qp: u8) -> Option<H264> {
    Some(H264 { bit_rate_kbit_per_s: None, frame_rate_hz: None, qp: Some(qp), gop_frames: 1000 })
}

fn at_rate(kbit_per_s: f32) -> Option<H264> {
    Some(H264 { bit_rate_kbit_per_s: Some(kbit_per_s), frame_rate_hz: Some(25.0), qp: None, gop_frames: 1000 })
}

fn stage(simulator: &mut Simulator, h264: Option<H264>) -> (Staged, Vec<ExposureRequest>) {
    let staged = simulator.stage(&car(h264)).unwrap_or_else(|e| panic!("{e}"));
    let requests = staged.requests();
    (staged, requests)
}

fn expose(simulator: &mut Simulator, staged: &Staged, request: &ExposureRequest) -> Exposure {
    simulator.expose(staged, request).unwrap_or_else(|e| panic!("{e}"))
}

fn seen(exposure: &Exposure) -> &Frame8 {
    exposure.numbers.as_ref().expect("video reaches the stack as numbers")
}

#[test]
fn a_frame_is_the_same_in_its_turn_alone_and_asked_for_again() {
    let mut simulator = simulator::coarse();
    let (staged, requests) = stage(&mut simulator, at_rate(600.0));
    let in_turn: Vec<Exposure> = requests.iter().map(|request| expose(&mut simulator, &staged, request)).collect();
    let same = |a: &Exposure, b: &Exposure, how: &str| {
        assert!(a.numbers == b.numbers && a.frame == b.frame && a.jpeg == b.jpeg, "{how}: frames differ");
        assert_eq!(a.truth, b.truth, "{how}");
    };
    same(&expose(&mut simulator, &staged, &requests[1]), &in_turn[1], "again, out of turn");
    simulator.forget();
    same(&expose(&mut simulator, &staged, &requests[2]), &in_turn[2], "alone");
    let mut other = simulator::open_coarse();
    let alone = {
        let (staged, requests) = stage(&mut other, at_rate(600.0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        pool.install(|| expose(&mut other, &staged, &requests[2]))
    };
    same(&alone, &in_turn[2], "on one thread, in another simulator");
    // Through counterfactuals that idealise nothing, too.
    let none = Counterfactual::whole(1, Factors::NONE);
    let again = simulator.expose_ideal(&staged, &requests[2], &none).unwrap_or_else(|e| panic!("{e}"));
    same(&again, &in_turn[2], "as a counterfactual of nothing");
    assert!(in_turn.iter().all(|exposure| exposure.truth.video.is_some_and(|video| !video.intra)), "P frames all");
}

#[test]
fn what_the_camera_was_asked_for_before_shows_and_only_that() {
    let mut simulator = simulator::coarse();
    let (staged, requests) = stage(&mut simulator, at_qp(40));
    let [first, _, last] = requests[..] else { panic!("three triggers") };
    let mut after =
        |earlier: &[ExposureRequest]| simulator.expose_after(&staged, &last, earlier).unwrap_or_else(|e| panic!("{e}"));
    let darker = ExposureRequest { exposure_us: 0.3 * first.exposure_us, ..first };
    let (one, other) = (after(&[first]), after(&[darker]));
    assert!(one.frame == other.frame, "the sensor gives what it gives");
    assert!(seen(&one) != seen(&other), "but the encoder predicts it from another frame");
}

#[test]
fn what_is_judged_is_what_the_stack_sees_and_bits_bring_it_nearer_to_the_sensors() {
    let mut simulator = simulator::coarse();
    let (staged, requests) = stage(&mut simulator, None);
    let jpeg = expose(&mut simulator, &staged, &requests[2]);
    assert!(jpeg.numbers.is_none() && jpeg.truth.video.is_none());
    let mut errors = Vec::new();
    for qp in [45, 30, 15] {
        let (staged, requests) = stage(&mut simulator, at_qp(qp));
        let video = expose(&mut simulator, &staged, &requests[2]);
        assert!(video.frame == jpeg.frame, "the sensor is the same");
        let truth = video.truth.video.expect("there");
        assert_eq!(truth.error_rms_dn, video.frame.rms_difference(seen(&video)));
        let of_faces = |exposure: &Exposure| -> Vec<(f32, f32)> {
            exposure.truth.faces.iter().map(|face| (face.mean_dn, face.contrast)).collect()
        };
        assert_ne!(of_faces(&video), of_faces(&jpeg), "the truth is that of the decoded frame");
        for (coded, raw) in of_faces(&video).iter().zip(of_faces(&jpeg)) {
            assert!((coded.0 - raw.0).abs() < 8.0, "QP {qp}: {coded:?} and {raw:?}");
        }
        errors.push((truth.error_rms_dn, truth.coded_bytes));
    }
    assert!(errors.windows(2).all(|w| w[0].0 > w[1].0 && w[0].1 < w[1].1), "{errors:?}");
    // Layers, and with them what the truth says of geometry and light, know nothing of the encoder.
    assert_eq!(jpeg.truth.faces[0].landmarks_px, {
        let (staged, requests) = stage(&mut simulator, at_qp(45));
        expose(&mut simulator, &staged, &requests[2]).truth.faces[0].landmarks_px
    });
}

#[test]
fn without_compression_the_stack_gets_what_the_sensor_gave() {
    let mut simulator = simulator::coarse();
    for h264 in [at_qp(40), None] {
        let (staged, requests) = stage(&mut simulator, h264);
        let mut ideal = |share: f32| {
            let ideal =
                Counterfactual { share, ..Counterfactual::whole(1, [Factor::Compression].into_iter().collect()) };
            simulator.expose_ideal(&staged, &requests[1], &ideal).unwrap_or_else(|e| panic!("{e}"))
        };
        let (half, whole) = (ideal(0.5), ideal(1.0));
        assert!(seen(&whole) == &whole.frame && half.frame == whole.frame);
        let error = half.frame.rms_difference(seen(&half));
        assert!(error > 0.0, "half of it is left");
        let real = expose(&mut simulator, &staged, &requests[1]);
        if let Some(video) = real.truth.video {
            assert!((error / video.error_rms_dn - 0.5).abs() < 0.05, "{error} of {}", video.error_rms_dn);
        } else {
            assert!(error < 3.0, "JPEG: {error}");
        }
    }
}
