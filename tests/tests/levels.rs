//! Levels of detail: where one gives way to the next, embedders trained on photographs cannot tell them apart; farther away
//! people cost less.
use lane_stack::{InProcessStack, picture::Picture, select};
use laneproof_assets::Cache;
use laneproof_scenes::{
    people::{Appearance, COARSE_BELOW_INTER_EYE_PX, Demographics, Detail, Identity, Person},
    stream::stream,
};
use laneproof_sim::{FaceView, PortraitPicture, Simulator};
use laneproof_tests::{acceptance_models, simulator, skipped};

const PEOPLE: u64 = 16;
const YAWS_DEG: [f32; 2] = [0.0, 25.0];
const MIN_COSINE: f32 = 0.99;

fn who(k: u64) -> Identity {
    Identity::sample(&Demographics::default(), &mut stream(33, k, "levels"))
}

/// A face whose eyes are as far apart as where the levels change.
fn photographed(simulator: &mut Simulator, person: &Person, yaw_deg: f32) -> PortraitPicture {
    let near = FaceView::turned(yaw_deg);
    let focal_length_px = COARSE_BELOW_INTER_EYE_PX * near.camera_m.length() / person.interpupillary_m;
    let view = FaceView { focal_length_px, width_px: 240, height_px: 300, ..near };
    simulator.photograph(&person.portrait(), &view).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn levels_agree_where_they_switch() {
    let Some(models) = acceptance_models() else {
        return skipped(2, "LANEPROOF_ACCEPTANCE_MODELS is not set");
    };
    let library = Cache::open().and_then(|cache| cache.onnxruntime(&mut |_| {})).unwrap_or_else(|e| panic!("{e}"));
    let mut simulator = simulator::shared();
    let mut pairs = Vec::new();
    for k in 0..PEOPLE {
        let looks = [(who(k), Appearance::of_portrait(&who(k)))];
        let [fine, coarse] = [Detail::Fine, Detail::Coarse].map(|detail| simulator.bake_at(&looks, detail)[0].clone());
        for yaw in YAWS_DEG {
            pairs.push((k, [&fine, &coarse].map(|person| photographed(&mut simulator, person, yaw))));
        }
    }
    let folder = tempfile::TempDir::new().expect("a folder");
    for embedder in ["omz-reid-0095", "mobileface-v2"] {
        let config = folder.path().join(format!("{embedder}.toml"));
        std::fs::write(&config, format!("detector = \"yunet-n\"\nembedder = \"{embedder}\"\n")).expect("write");
        let selection = select(&models, Some(&config)).unwrap_or_else(|e| panic!("{e}"));
        let mut stack = InProcessStack::open(selection, Some(&library)).unwrap_or_else(|e| panic!("{e}"));
        let mut embed = |shown: &PortraitPicture| {
            let picture = Picture::from_rgb(shown.width, shown.height, shown.rgb.clone()).expect("a picture");
            let crop = stack.embedder_mut().align(&picture, &shown.landmarks_px).expect("a face");
            stack.embedder_mut().embed(&crop).expect("an embedding")
        };
        let cosines: Vec<(u64, f32)> = pairs
            .iter()
            .map(|(k, [fine, coarse])| (*k, embed(fine).iter().zip(embed(coarse)).map(|(a, b)| a * b).sum()))
            .collect();
        let mean = cosines.iter().map(|(_, c)| c).sum::<f32>() / cosines.len() as f32;
        let worst = cosines.iter().fold((0, 1.0), |w, &c| if c.1 < w.1 { c } else { w });
        println!("{embedder}: mean {mean:.4}, least {:.4} (person {})", worst.1, worst.0);
        assert!(worst.1 >= MIN_COSINE, "{embedder}: {cosines:?}");
    }
}

#[test]
fn a_coarse_person_is_the_same_person_for_less() {
    let mut simulator = simulator::shared();
    for k in 0..4 {
        let looks = [(who(k), Appearance::of_portrait(&who(k)))];
        let [fine, coarse] = [Detail::Fine, Detail::Coarse].map(|detail| simulator.bake_at(&looks, detail)[0].clone());
        assert_eq!(fine.interpupillary_m, coarse.interpupillary_m);
        assert_eq!(fine.portrait().landmarks, coarse.portrait().landmarks);
        let triangles = |p: &Person| p.portrait().parts.iter().map(|q| q.mesh.indices.len() / 3).sum::<usize>();
        let (t, m) = (
            triangles(&coarse) as f64 / triangles(&fine) as f64,
            coarse.memory_bytes() as f64 / fine.memory_bytes() as f64,
        );
        println!("person {k}: {:.0} % of the triangles, {:.0} % of the memory", t * 100.0, m * 100.0);
        assert!(t < 0.85 && m < 0.55, "person {k}: {t:.2} of the triangles, {m:.2} of the memory");
    }
}
