use glam::Vec2;
use laneproof_scenes::stream::stream;

use super::*;

/// A plain face-like picture: a bright disc on the document's ground, in linear shares of white.
fn disc(width: u32, height: u32, face: [f32; 3]) -> Vec<[f32; 3]> {
    let middle = Vec2::new(width as f32, height as f32) * 0.5;
    (0..height)
        .flat_map(|y| (0..width).map(move |x| Vec2::new(x as f32, y as f32)))
        .map(|p| if p.distance(middle) < width as f32 * 0.3 { face } else { [0.6; 3] })
        .collect()
}

fn printed(kind: DocumentKind, seed: u64) -> Vec<u8> {
    let standard = kind.standard();
    let mut rng = stream(seed, 0, "print");
    let scene = disc(standard.width_px, standard.height_px, [0.5, 0.35, 0.25]);
    Print::of(kind, &mut rng).scan(scene, [standard.width_px, standard.height_px], &mut rng)
}

#[test]
fn a_print_is_its_seeds_and_a_cards_has_no_colour() {
    for kind in DocumentKind::ALL {
        let first = printed(kind, 1);
        assert_eq!(first, printed(kind, 1));
        assert_ne!(first, printed(kind, 2));
        let coloured = first.chunks_exact(3).filter(|p| p[0] != p[1] || p[1] != p[2]).count();
        assert_eq!(coloured == 0, kind.standard().grey, "{kind:?}: {coloured} coloured pixels");
    }
}

#[test]
fn security_print_is_there_and_stays_faint() {
    for kind in DocumentKind::ALL {
        let standard = kind.standard();
        let bytes = printed(kind, 5);
        // The ground alone, left of the disc.
        let rows = (0..standard.height_px as usize).map(|y| &bytes[y * standard.width_px as usize * 3..]);
        let values: Vec<f32> =
            rows.flat_map(|row| (0..standard.width_px as usize / 8).map(|x| f32::from(row[x * 3 + 1]))).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt();
        assert!((1.0..9.0).contains(&deviation), "{kind:?}: {deviation} of {mean}");
    }
}

#[test]
fn a_file_keeps_to_its_size_at_the_best_quality_that_does() {
    let standard = DocumentKind::Passport.standard();
    let mut rng = stream(9, 0, "noise");
    let count = (standard.width_px * standard.height_px * 3) as usize;
    let picture = |rgb: Vec<u8>| PortraitPicture {
        width: standard.width_px,
        height: standard.height_px,
        rgb,
        landmarks_px: [[0.0; 2]; 5],
        points_px: Vec::new(),
        yaw_pitch_roll_deg: [0.0; 3],
        face_box_px: crate::truth::BoxPx { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 },
    };
    let (plain, quality) = to_size(&picture(vec![128; count]), &standard).expect("encodes");
    assert!(plain.len() < standard.max_bytes && quality == QUALITY.1, "{} at {quality}", plain.len());
    let ramp = |i: usize| (i / 3 % standard.width_px as usize / 2) as u8;
    let grainy: Vec<u8> = (0..count).map(|i| ramp(i).saturating_add(rng.random::<u8>() / 12)).collect();
    let (file, quality) = to_size(&picture(grainy.clone()), &standard).expect("encodes");
    assert!(file.len() <= standard.max_bytes && quality < QUALITY.1, "{} at {quality}", file.len());
    let frame = Frame8 { width: standard.width_px, height: standard.height_px, colour: Colour::Rgb, bytes: grainy };
    assert!(encode_jpeg(&frame, quality + 1).expect("encodes").len() > standard.max_bytes);
}
