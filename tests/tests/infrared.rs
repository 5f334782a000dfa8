//! People in the near infrared, as pictures: tones converge, colour goes, geometry and the visible stay.
use laneproof_scenes::catalogue::{Colour, Sensor};
use laneproof_scenes::{
    infrared::Infrared,
    people::{Appearance, Demographics, Identity},
    stream::stream,
};
use laneproof_sim::{FaceView, PortraitPicture};
use laneproof_tests::simulator;

fn person(monk_tone: u8) -> Identity {
    let drawn = Identity::sample(&Demographics::adults(), &mut stream(8, 0, "infrared"));
    Identity { monk_tone, tone_shift: 0.0, ..drawn }
}

/// Mean linear green of the cheeks and the bridge of the nose: bare skin on every face.
fn face_brightness(picture: &PortraitPicture) -> f32 {
    let [left, right, nose, ..] = picture.landmarks_px;
    let (mut sum, mut count) = (0.0, 0);
    for eye in [left, right] {
        let at = [eye[0] * 0.8 + nose[0] * 0.2, nose[1]];
        for y in at[1] as u32 - 6..at[1] as u32 + 6 {
            for x in at[0] as u32 - 6..at[0] as u32 + 6 {
                sum += (f32::from(picture.rgb[((y * picture.width + x) * 3 + 1) as usize]) / 255.0).powf(2.2);
                count += 1;
            }
        }
    }
    sum / count as f32
}

#[test]
fn the_lightest_and_the_darkest_face_come_together() {
    let mut simulator = simulator::shared();
    let people = [person(1), person(10)];
    let contrast = |[light, dark]: [f32; 2]| (light - dark) / (light + dark);
    let seen = people.each_ref().map(|who| face_brightness(&simulator.portrait(who).unwrap_or_else(|e| panic!("{e}"))));
    for band in Infrared::ALL {
        let infrared = people.each_ref().map(|who| {
            let picture = simulator
                .studio(&(who.clone(), Appearance::of_portrait(who)), &FaceView::portrait(), Some(band))
                .unwrap_or_else(|e| panic!("{e}"));
            assert!(picture.rgb.chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]), "a colour in {}", band.name());
            face_brightness(&picture)
        });
        println!("{}: {infrared:?}, visible {seen:?}", band.name());
        assert!(contrast(infrared) < contrast(seen) / 3.0, "{infrared:?} in {}, {seen:?} in the visible", band.name());
        assert!(contrast(infrared) > 0.0, "the darker face is the brighter one");
    }
}

#[test]
fn an_infrared_picture_changes_nothing_else() {
    let mut simulator = simulator::shared();
    let who = person(6);
    let before = simulator.portrait(&who).unwrap_or_else(|e| panic!("{e}"));
    let infrared = simulator
        .studio(&(who.clone(), Appearance::of_portrait(&who)), &FaceView::portrait(), Some(Infrared::Nir850))
        .unwrap_or_else(|e| panic!("{e}"));
    let after = simulator.portrait(&who).unwrap_or_else(|e| panic!("{e}"));
    assert!(before.rgb == after.rgb, "the visible picture changed");
    assert_eq!(before.landmarks_px, infrared.landmarks_px);
    assert_eq!(before.points_px, infrared.points_px);
    assert_ne!(before.rgb, infrared.rgb);
}

/// The demo's rig with its first camera behind an 850 nm filter: its frame is another one and still shows the faces, the
/// others' frames do not change by a byte.
#[test]
fn one_camera_of_a_rig_may_see_the_infrared() {
    let mut simulator = simulator::shared();
    let plan = simulator::demo_plan(0);
    let mut filtered = plan.clone();
    let first = &mut filtered.sensors[0];
    *first =
        Sensor { band: Some(Infrared::Nir850), colour: Colour::Mono, quantum_efficiency: [0.3; 3], ..first.clone() };
    let [visible, infrared] = [&plan, &filtered].map(|plan| {
        let staged = simulator.stage(plan).unwrap_or_else(|e| panic!("{e}"));
        let requests = simulator::requests(&staged, 0);
        // Glass and filter take light: eight times the time.
        let longer = |r: &laneproof_sim::ExposureRequest| match r.camera_index {
            0 if plan.sensors[0].band.is_some() => {
                laneproof_sim::ExposureRequest { exposure_us: r.exposure_us * 8.0, ..*r }
            }
            _ => *r,
        };
        let expose = |r| simulator.expose(&staged, &longer(r)).unwrap_or_else(|e| panic!("{e}"));
        requests.iter().map(expose).collect::<Vec<_>>()
    });
    for (a, b) in visible.iter().zip(&infrared).skip(1) {
        assert!(a.jpeg == b.jpeg, "camera {} changed", a.truth.camera_id);
    }
    let (a, b) = (&visible[0], &infrared[0]);
    assert_eq!(b.frame.colour, Colour::Mono);
    for (a, b) in a.truth.faces.iter().zip(&b.truth.faces) {
        assert_eq!(a.landmarks_px, b.landmarks_px);
        assert!(b.pane_transmittance <= a.pane_transmittance);
        println!("occupant {}: {:.0} DN in the visible, {:.0} DN in the infrared", a.occupant, a.mean_dn, b.mean_dn);
        if b.visible_share > 0.7 {
            assert!((15.0..240.0).contains(&b.mean_dn), "occupant {}: {} DN", b.occupant, b.mean_dn);
        }
    }
}
