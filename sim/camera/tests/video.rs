//! H.264 against closed forms of its quantiser, and against what it promises: order, repetition, groups of pictures.
use laneproof_camera::{
    Frame8,
    video::{Coded, VideoError, VideoStream},
};
use laneproof_scenes::catalogue::{Colour, H264};

const SIZE: (u32, u32) = (320, 192);

fn at_qp(qp: u8, gop_frames: u32) -> H264 {
    H264 { bit_rate_kbit_per_s: None, frame_rate_hz: None, qp: Some(qp), gop_frames }
}

fn at_rate(kbit_per_s: f32, gop_frames: u32) -> H264 {
    H264 { bit_rate_kbit_per_s: Some(kbit_per_s), frame_rate_hz: Some(25.0), qp: None, gop_frames }
}

fn random(x: u32, y: u32, seed: u32) -> f32 {
    let mut h = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed.wrapping_mul(0xc2b2_ae35);
    for _ in 0..2 {
        h = (h ^ h >> 16).wrapping_mul(0x7feb_352d);
        h = (h ^ h >> 15).wrapping_mul(0x846c_a68b);
    }
    (h ^ h >> 16) as f32 / u32::MAX as f32
}

/// Noise whose amplitude falls with its frequency as in photographs (D. J. Field, J. Opt. Soc. Am. A 4, 1987: amplitude
/// about 1/f): octaves of smooth noise, each half as strong, `moved` pixels to the right.
fn natural(colour: Colour, moved: f32, seed: u32) -> Frame8 {
    let (width, height) = SIZE;
    let octave = |x: f32, y: f32, cell: f32, seed: u32| {
        let (x, y) = (x / cell, y / cell);
        let (i, j) = (x.floor(), y.floor());
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (a, b) = (ease(x - i), ease(y - j));
        let at = |di: f32, dj: f32| random((i + di + 1000.0) as u32, (j + dj + 1000.0) as u32, seed);
        let row = |dj: f32| at(0.0, dj) + a * (at(1.0, dj) - at(0.0, dj));
        row(0.0) + b * (row(1.0) - row(0.0)) - 0.5
    };
    let tone = |x: u32, y: u32, seed: u32| {
        let (x, y) = (x as f32 - moved, y as f32);
        let sum: f32 = (0..6u32).map(|o| octave(x, y, 64.0 / (1 << o) as f32, seed + o) / (1 << o) as f32).sum();
        (120.0 + 150.0 * sum).clamp(0.0, 255.0) as u8
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let bytes = match colour {
        Colour::Mono => places.map(|(x, y)| tone(x, y, seed)).collect(),
        // Channels that go together, as they do.
        _ => places
            .flat_map(|(x, y)| {
                let (a, b) = (tone(x, y, seed), tone(x, y, seed + 50));
                [a, ((u32::from(a) * 3 + u32::from(b)) / 4) as u8, ((u32::from(a) + u32::from(b)) / 2) as u8]
            })
            .collect(),
    };
    Frame8 { width, height, colour, bytes }
}

/// The same with noise of a sensor, another each time.
fn noisy(frame: &Frame8, seed: u32) -> Frame8 {
    let noise = |k: u32| (0..4).map(|part| random(k, part, seed)).sum::<f32>() - 2.0;
    let bytes = frame.bytes.iter().zip(0..).map(|(dn, k)| (f32::from(*dn) + 6.0 * noise(k)) as u8).collect();
    Frame8 { bytes, ..*frame }
}

fn stream(settings: &H264, colour: Colour, place: u32) -> VideoStream {
    VideoStream::new(settings, SIZE.0, SIZE.1, colour, place).unwrap_or_else(|e| panic!("{e}"))
}

fn coded(settings: &H264, frames: &[Frame8]) -> Vec<Coded> {
    let mut stream = stream(settings, frames[0].colour, 0);
    frames.iter().map(|frame| stream.push(frame).unwrap_or_else(|e| panic!("{e}"))).collect()
}

fn psnr_db(a: &Frame8, b: &Frame8) -> f32 {
    20.0 * (255.0 / a.rms_difference(b)).log10()
}

#[test]
fn more_bits_show_more_and_a_coarser_quantiser_less() {
    for colour in [Colour::Mono, Colour::Rgb] {
        let frame = natural(colour, 0.0, 7);
        let by_qp: Vec<(f32, usize)> = (0..=50u8)
            .step_by(5)
            .map(|qp| {
                let coded = &coded(&at_qp(qp, 1), std::slice::from_ref(&frame))[0];
                (psnr_db(&coded.frame, &frame), coded.bytes)
            })
            .collect();
        assert!(by_qp.windows(2).all(|w| w[0].0 > w[1].0 && w[0].1 > w[1].1), "{colour:?}: {by_qp:?}");
        // The tenth frame of a scene that moves and is noisy, where the rate control has settled.
        let scene: Vec<Frame8> = (0..10).map(|k| noisy(&natural(colour, 1.3 * k as f32, 7), k)).collect();
        let by_rate: Vec<f32> = [200.0, 400.0, 800.0, 1600.0, 3200.0]
            .map(|rate| psnr_db(&coded(&at_rate(rate, 1000), &scene)[9].frame, &scene[9]))
            .to_vec();
        assert!(by_rate.windows(2).all(|w| w[0] < w[1]), "{colour:?}: {by_rate:?}");
    }
}

/// Quantiser step of luma by QP: 1 at QP 4, twice as much every 6 (I. E. Richardson, The H.264 Advanced Video Compression
/// Standard, 2nd ed., 2010, Table 7.3; the levels of ITU-T H.264, 8.5.9).
fn step(qp: u8) -> f32 {
    2.0_f32.powf((f32::from(qp) - 4.0) / 6.0)
}

#[test]
fn the_error_goes_with_the_step_of_the_quantiser() {
    // White noise: coefficients spread over many steps ∆, so that what is left of each is spread evenly over one. A coefficient
    // c becomes ⌊|c|/∆ + f⌋ steps: the error lies in −f∆ to (1 − f)∆, ∆ √(((1 − f)³ + f³)/3) r.m.s.: 0.289 ∆ rounded to the
    // nearest (f = ½), 0.333 ∆ with the f = ⅓ that encoders use for I frames. The transform is orthonormal.
    let (width, height) = SIZE;
    let bytes = (0..width * height).map(|i| (20.0 + 215.0 * random(i % width, i / width, 3)) as u8).collect();
    let frame = Frame8 { width, height, colour: Colour::Mono, bytes };
    let error = |qp| coded(&at_qp(qp, 1), std::slice::from_ref(&frame))[0].frame.rms_difference(&frame);
    for qp in (18..=36).step_by(6) {
        let (here, next) = (error(qp), error(qp + 6));
        // Numbers of the frame are 255/219 of luma's.
        let in_steps = here * (219.0 / 255.0) / step(qp);
        assert!((0.27..0.36).contains(&in_steps), "QP {qp}: {here} DN, {in_steps} steps");
        assert!((1.8..2.2).contains(&(next / here)), "QP {qp} to {}: {here} to {next} DN", qp + 6);
    }
}

#[test]
fn a_fine_quantiser_loses_next_to_nothing() {
    for colour in [Colour::Mono, Colour::Rgb] {
        // Chroma is halved before anything is coded: what is lost there is no matter of the quantiser.
        let frame = natural(colour, 0.0, 7);
        let grey = Frame8 { bytes: vec![90; frame.bytes.len()], ..frame.clone() };
        assert!(coded(&at_qp(0, 1), std::slice::from_ref(&grey))[0].frame.rms_difference(&grey) <= 1.0, "{colour:?}");
        if colour == Colour::Mono {
            for qp in [0, 4, 10] {
                // Rounding to luma and back leaves half a number each at most; the quantiser a third of a step (see above).
                let bound = (255.0 / 219.0) * (0.5 + step(qp) / 3.0) + 0.5;
                let error = coded(&at_qp(qp, 1), std::slice::from_ref(&frame))[0].frame.rms_difference(&frame);
                assert!(error < bound, "QP {qp}: {error} DN, at most {bound}");
            }
        }
    }
}

#[test]
fn mono_has_one_number_and_grey_stays_grey() {
    let mono = natural(Colour::Mono, 0.0, 7);
    for coded in coded(&at_rate(300.0, 10), &[mono.clone(), natural(Colour::Mono, 5.0, 7)]) {
        assert_eq!((coded.frame.colour, coded.frame.bytes.len()), (Colour::Mono, mono.bytes.len()));
    }
    let grey = Frame8 { colour: Colour::Rgb, bytes: mono.bytes.iter().flat_map(|&v| [v; 3]).collect(), ..mono };
    for coded in coded(&at_qp(30, 10), &[grey.clone(), grey]) {
        assert!(coded.frame.bytes.chunks(3).all(|rgb| rgb[0] == rgb[1] && rgb[1] == rgb[2]));
    }
}

#[test]
fn a_static_scene_gets_better_and_costs_less() {
    let scene = vec![natural(Colour::Mono, 0.0, 7); 12];
    let coded = coded(&at_rate(500.0, 1000), &scene);
    let quality: Vec<f32> = coded.iter().map(|coded| psnr_db(&coded.frame, &scene[0])).collect();
    assert!(quality[11] > quality[1] + 1.0 && quality[1] >= quality[0], "{quality:?}");
    assert!(quality.windows(2).all(|w| w[1] > w[0] - 0.2), "{quality:?}");
    assert!(coded[0].intra && coded[1..].iter().all(|coded| !coded.intra));
    // With one quantiser, what does not change costs nothing.
    let fixed = self::coded(&at_qp(28, 1000), &scene);
    assert!(fixed[5].bytes * 50 < fixed[0].bytes, "{} and {}", fixed[0].bytes, fixed[5].bytes);
}

#[test]
fn a_p_frame_shows_what_was_before_and_an_i_frame_does_not() {
    let frames = [natural(Colour::Mono, 0.0, 7), natural(Colour::Mono, 3.3, 7), natural(Colour::Mono, 6.6, 7)];
    let other = natural(Colour::Mono, 0.0, 99);
    // The same third frame after another first one.
    let ends = |gop| {
        let ending = |first: &Frame8| {
            let all = coded(&at_qp(34, gop), &[first.clone(), frames[1].clone(), frames[2].clone()]);
            all[2].frame.clone()
        };
        (ending(&frames[0]), ending(&other))
    };
    let (here, there) = ends(100);
    assert_ne!(here, there, "what was before shows");
    let (here, there) = ends(2);
    assert_eq!(here, there, "an I frame begins anew");
}

#[test]
fn i_frames_come_where_the_group_begins() {
    let scene = vec![natural(Colour::Mono, 0.0, 7); 9];
    let intra = |place| -> Vec<usize> {
        let mut stream = stream(&at_qp(30, 4), Colour::Mono, place);
        let pushed = scene.iter().map(|frame| stream.push(frame).unwrap_or_else(|e| panic!("{e}")));
        pushed.enumerate().filter(|(_, coded)| coded.intra).map(|(k, _)| k).collect()
    };
    assert_eq!(intra(0), [0, 4, 8]);
    assert_eq!(intra(3), [0, 1, 5], "the first one is one wherever it stands");
    assert_eq!(intra(6), [0, 2, 6]);
}

#[test]
fn equal_frames_make_equal_bytes_on_any_number_of_threads_and_beside_other_streams() {
    let frames: Vec<Frame8> = (0..5).map(|k| natural(Colour::Rgb, 4.0 * k as f32, 7)).collect();
    let settings = at_rate(600.0, 3);
    let alone = coded(&settings, &frames);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    for threads in [1, 5] {
        assert!(pool(threads).install(|| coded(&settings, &frames)) == alone, "{threads} threads");
    }
    let (mut one, mut two) = (stream(&settings, Colour::Rgb, 0), stream(&settings, Colour::Rgb, 0));
    for (frame, expected) in frames.iter().zip(&alone) {
        assert!(one.push(frame).unwrap() == *expected && two.push(frame).unwrap() == *expected);
    }
}

#[test]
fn a_rate_control_keeps_to_its_rate() {
    // A moving scene with noise, 40 frames at 25 Hz: 1.6 s.
    let frames: Vec<Frame8> = (0..40).map(|k| noisy(&natural(Colour::Mono, 2.7 * k as f32, 7), k)).collect();
    for kbit_per_s in [300.0, 600.0, 1200.0] {
        let coded = coded(&at_rate(kbit_per_s, 1000), &frames);
        // After the first frame, which the rate control has nothing to go by for.
        let bits: usize = coded[8..].iter().map(|coded| 8 * coded.bytes).sum();
        let rate = bits as f32 / 32.0 * 25.0 / 1000.0;
        assert!((0.8..1.2).contains(&(rate / kbit_per_s)), "{rate} kbit/s of {kbit_per_s}");
        // And it has settled after six frames: as many as the simulator feeds it of an empty lane.
        let early = coded[6..10].iter().map(|coded| 8 * coded.bytes).sum::<usize>() as f32 / 4.0 * 25.0 / 1000.0;
        assert!((0.8..1.2).contains(&(early / kbit_per_s)), "{early} kbit/s of {kbit_per_s}");
    }
}

#[test]
fn odd_sizes_mosaics_and_wrong_frames() {
    // What a sensor with a mosaic gives has three numbers a pixel.
    let mut odd = VideoStream::new(&at_qp(20, 10), 63, 41, Colour::Bayer, 0).unwrap();
    let frame = Frame8 { width: 63, height: 41, colour: Colour::Rgb, bytes: [200, 120, 60].repeat(63 * 41) };
    let coded = odd.push(&frame).unwrap().frame;
    assert_eq!((coded.width, coded.height), (63, 41));
    assert!(coded.rms_difference(&frame) < 4.0);
    let mono = Frame8 { colour: Colour::Mono, bytes: vec![0; 63 * 41], ..frame };
    assert!(matches!(odd.push(&mono), Err(VideoError::OtherFrame { .. })));
    let too_large = VideoStream::new(&at_qp(20, 10), 8192, 8192, Colour::Mono, 0).map(|_| ());
    assert!(too_large.is_err_and(|e| e.to_string().contains("9.4 megapixels")));
}
