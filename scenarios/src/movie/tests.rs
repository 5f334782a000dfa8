use std::{fs, path::Path, sync::Arc};

use image::RgbImage;
use laneproof_exchange::truth::BoxPx;
use tempfile::TempDir;

use super::{
    Format, MovieError, MovieOptions,
    label::Labels,
    movie,
    pace::holds,
    text::Fonts,
    timeline::{Stage, Step, Timeline, Tone, plan},
};
use crate::{
    exit, marks,
    run::{RunOptions, folder::RunFolder, record::EncounterRecord, run},
    scenario::{Scenario, tests::first_light},
    score::{Cause, summary::Head},
    testing::{AnswerKey, FlatWorld, Manner, TestStack},
};

/// A finished run of two encounters.
struct Run {
    _temporary: TempDir,
    folder: RunFolder,
    scenario: Scenario,
    head: Head,
}

impl Run {
    /// Runs flat pictures; the first occupant of every encounter is blurred, so that their claimed shots fail the rule.
    fn new(broken: Vec<u64>) -> Self {
        let mut scenario = first_light();
        scenario.file.encounters = 2;
        let key = AnswerKey::default();
        let mut world = FlatWorld { key: Arc::clone(&key), broken, ..FlatWorld::default() };
        world.spoil = Some(|face, _| {
            if face.occupant == 0 {
                face.motion_blur_px = 9.0;
            }
        });
        let mut stack = TestStack::new(Manner::Oracle(key));
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path().join("run");
        let command = "laneproof run".to_owned();
        let options = RunOptions { out: out.clone(), resume: false, encounters: None, command, clock: &|| 0.0 };
        let head = run(&scenario, &mut world, &mut stack, &options, &mut |_| {}).unwrap().summary.head;
        Self { _temporary: temporary, folder: RunFolder::new(out), scenario, head }
    }

    fn record(&self, encounter: u64) -> EncounterRecord {
        self.folder.read_json(&RunFolder::encounter_name(encounter)).unwrap().unwrap()
    }

    fn timeline(&self) -> Timeline {
        plan(&self.record(0), &self.scenario.file.validation, None).unwrap()
    }

    fn movie(&self, encounter: u64, name: &str) -> Result<super::Movie, MovieError> {
        let options = MovieOptions { out: self.folder.path(name), width_px: 640, speed: None };
        movie(&self.folder, &self.head, &self.scenario.file.validation, encounter, &options)
    }
}

/// The pictures of a GIF as a viewer shows them, with their times in milliseconds.
fn gif_pictures(path: &Path) -> Vec<(RgbImage, u32)> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(fs::File::open(path).unwrap()).unwrap();
    let mut shown = RgbImage::new(u32::from(decoder.width()), u32::from(decoder.height()));
    let mut pictures = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        let (left, top, width) = (u32::from(frame.left), u32::from(frame.top), u32::from(frame.width));
        for (i, pixel) in (0..).zip(frame.buffer.as_chunks::<4>().0).filter(|(_, pixel)| pixel[3] > 0) {
            shown.put_pixel(left + i % width, top + i / width, image::Rgb([pixel[0], pixel[1], pixel[2]]));
        }
        pictures.push((shown.clone(), u32::from(frame.delay) * 10));
    }
    pictures
}

/// The same of an animated PNG.
fn png_pictures(path: &Path) -> Vec<(RgbImage, u32)> {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let (width, height) = reader.info().size();
    let count = reader.info().animation_control().unwrap().num_frames;
    let mut shown = RgbImage::new(width, height);
    let mut pictures = Vec::new();
    for _ in 0..count {
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        let control = *reader.info().frame_control().unwrap();
        for (i, pixel) in (0..control.width * control.height).zip(bytes.as_chunks::<3>().0) {
            let (x, y) = (control.x_offset + i % control.width, control.y_offset + i / control.width);
            shown.put_pixel(x, y, image::Rgb(*pixel));
        }
        assert_eq!(control.delay_den, 1000);
        pictures.push((shown.clone(), u32::from(control.delay_num)));
    }
    pictures
}

#[test]
fn moments_come_in_order_each_with_truth_then_stack_and_last_the_outcome() {
    let run = Run::new(Vec::new());
    let timeline = run.timeline();
    assert_eq!(timeline.cameras, ["front", "side-left", "side-right"]);
    assert!(timeline.moments_us.is_sorted_by(|a, b| a < b));
    assert_eq!(timeline.pictures.len(), 2 * timeline.moments_us.len() + 1);
    let at: Vec<u64> = timeline.pictures.iter().map(|p| p.at_us).collect();
    assert!(at.is_sorted());
    for (i, picture) in timeline.pictures.iter().enumerate() {
        let last = i + 1 == timeline.pictures.len();
        let step = if i % 2 == 1 { Step::Looked } else { Step::Exposed };
        assert_eq!(picture.step, if last { Step::Outcome } else { step });
        assert_eq!(picture.hold_ms % 10, 0);
        assert_eq!(picture.at_us, timeline.moments_us[picture.moment]);
        // The truth of a moment is told before the stack's word.
        let tones = picture.tiles.iter().flatten().flat_map(|tile| &tile.marks).map(|mark| mark.tone);
        assert_eq!(tones.clone().any(|tone| tone == Tone::Truth), !last);
        assert!(step != Step::Exposed || last || tones.clone().all(|tone| tone == Tone::Truth));
    }
    assert_eq!(timeline.pictures.last().unwrap().hold_ms, 3000);
    assert!((6_000..=10_000).contains(&timeline.duration_ms()), "{}", timeline.duration_ms());
}

#[test]
fn gaps_are_real_times_over_the_speed_and_clipped() {
    let moments = [0, 1_000_000, 1_100_000, 5_100_000];
    let (pace, times) = holds(&moments, Some(2.0));
    assert_eq!((times, pace.is_clipped), (vec![500, 150, 1500, 1200], true));
    assert_eq!(pace.words(), "played at 2 × speed, gaps held to 0.15–1.5 s");
    let (pace, times) = holds(&[3_000_000, 4_000_000, 5_000_000], None);
    assert_eq!((times, pace.words().as_str()), (vec![1000, 1000, 1200], "played in real time"));
    // What would be over too soon is slowed down, what would last too long goes faster.
    assert!(holds(&[0, 300_000, 600_000, 900_000], None).0.speed < 1.0);
    assert!(holds(&(0..20).map(|i| i * 700_000).collect::<Vec<_>>(), None).0.speed > 1.0);
    assert_eq!(holds(&[7], None).1, [1200]);
}

#[test]
fn occupants_only_go_forward_and_end_with_what_the_score_says() {
    let run = Run::new(Vec::new());
    let timeline = run.timeline();
    for pair in timeline.pictures.windows(2) {
        for (before, after) in pair[0].people.iter().zip(&pair[1].people) {
            assert!(before.stage <= after.stage);
            assert_eq!(before.outcome, None);
            assert!(before.portrait.is_none() || after.portrait.is_some());
        }
    }
    let first: Vec<Stage> = timeline.pictures[0].people.iter().map(|p| p.stage).collect();
    assert!(first.iter().all(|stage| *stage == Stage::Unseen));
    let last = &timeline.pictures.last().unwrap().people;
    let lost = (Tone::Wrong, format!("lost: {}", Cause::MotionBlur.label()));
    assert_eq!((last[0].stage, last[0].outcome.clone()), (Stage::Claimed, Some(lost)));
    assert!(last.len() > 1);
    for person in &last[1..] {
        assert_eq!(person.stage, Stage::Verified);
        assert!(person.portrait.is_some() && person.outcome.as_ref().is_some_and(|(tone, _)| *tone != Tone::Wrong));
    }
}

#[test]
fn a_camera_keeps_its_last_frame_and_says_how_old_it_is() {
    let run = Run::new(Vec::new());
    let mut record = run.record(0);
    let super::End::Done(seen) = &mut record.end else { panic!("done") };
    for exposure in seen.exposures.iter_mut().filter(|e| e.truth.camera_id == "front") {
        exposure.truth.mid_exposure_us += 100_000;
    }
    let timeline = plan(&record, &run.scenario.file.validation, Some(1.0)).unwrap();
    let front = timeline.cameras.iter().position(|camera| camera == "front").unwrap();
    let ages: Vec<Option<u64>> =
        timeline.pictures.iter().map(|p| p.tiles[front].as_ref().map(|tile| tile.age_us)).collect();
    assert_eq!(ages[0], None, "it has not exposed");
    assert_eq!(
        timeline.pictures.iter().position(|p| p.tiles[front].is_some()),
        ages.iter().position(|a| *a == Some(0))
    );
    assert!(ages.iter().flatten().any(|age| *age > 0));
    assert_eq!(ages.last(), Some(&Some(0)), "the outcome is of all frames");
}

#[test]
fn gif_and_png_hold_the_planned_pictures_and_the_boxes_in_their_colours() {
    let run = Run::new(Vec::new());
    let timeline = run.timeline();
    let gif = run.movie(0, "a.gif").unwrap();
    let png = run.movie(0, "a.png").unwrap();
    assert!(!run.folder.path("a.gif.part").exists());
    assert_eq!(gif.bytes, fs::metadata(run.folder.path("a.gif")).unwrap().len());
    assert_eq!((gif.pictures, gif.duration_ms), (timeline.pictures.len(), timeline.duration_ms()));
    for (made, pictures) in
        [(gif, gif_pictures(&run.folder.path("a.gif"))), (png, png_pictures(&run.folder.path("a.png")))]
    {
        assert_eq!(pictures.len(), timeline.pictures.len());
        for ((shown, hold_ms), planned) in pictures.iter().zip(&timeline.pictures) {
            assert_eq!((shown.dimensions(), *hold_ms), (made.size_px, planned.hold_ms));
        }
        // Every known box has its colour on its upper edge, whatever the format; labels are never on a box.
        let sizes = vec![(640, 400); 3];
        let texts = [""; 4];
        let layout = super::layout::Layout::new(640, &sizes, timeline.pictures[0].people.len(), &texts);
        let (area, scale) = (layout.tiles[0], layout.tiles[0].width as f32 / 640.0);
        for (index, tone) in [(0, Tone::Truth), (1, Tone::Good), (1, Tone::Wrong), (pictures.len() - 1, Tone::Good)] {
            let marks = &timeline.pictures[index].tiles[0].as_ref().unwrap().marks;
            let b = marks.iter().find(|mark| mark.tone == tone).unwrap().box_px;
            let (x, y) = ((b.x0 + b.x1) / 2.0 * scale, b.y0 * scale);
            let pixel = pictures[index].0.get_pixel(area.x + x.round() as u32, area.y + y.round() as u32);
            assert_eq!(pixel.0, super::ink::colour(tone), "{tone:?} of picture {index}");
        }
    }
    assert_eq!(super::ink::colour(Tone::Good), marks::STACK_VALID);
}

#[test]
fn a_movie_twice_is_the_same_byte_for_byte() {
    let run = Run::new(Vec::new());
    run.movie(1, "a.gif").unwrap();
    run.movie(1, "b.gif").unwrap();
    assert!(run.folder.read("a.gif").unwrap() == run.folder.read("b.gif").unwrap());
}

#[test]
fn what_cannot_be_shown_says_why() {
    let run = Run::new(vec![1]);
    let said = |result: Result<super::Movie, MovieError>, code: u8| {
        let error = result.unwrap_err();
        assert_eq!(error.exit_code(), code, "{error}");
        error.to_string()
    };
    let unknown = said(run.movie(9, "a.gif"), exit::USAGE);
    assert!(unknown.ends_with("has no encounter 9; it has 0 to 1"), "{unknown}");
    let failed = said(run.movie(1, "a.gif"), exit::USAGE);
    assert!(failed.contains("encounter 1 failed") && failed.contains("the vehicle left the lane"), "{failed}");
    for name in ["a.mp4", "a"] {
        let ending = said(run.movie(0, name), exit::USAGE);
        assert!(ending.contains(name) && ending.ends_with("a movie is a .gif or a .png file"), "{ending}");
    }
    let nowhere = said(run.movie(0, "nowhere/a.gif"), exit::IO);
    assert!(nowhere.contains("nowhere/a.gif"), "{nowhere}");
    let options = |width_px, speed| MovieOptions { out: run.folder.path("a.gif"), width_px, speed };
    let made = |options| movie(&run.folder, &run.head, &run.scenario.file.validation, 0, &options);
    assert!(said(made(options(100, None)), exit::USAGE).ends_with("right would be 480 to 1920"));
    assert!(said(made(options(640, Some(f32::NAN))), exit::USAGE).ends_with("right would be 0.01 to 100"));

    let frame = run.record(0).seen().unwrap().exposures[4].frame.clone();
    fs::write(run.folder.path(&frame), b"no picture").unwrap();
    let damaged = said(run.movie(0, "a.gif"), exit::USAGE);
    assert!(damaged.contains(&frame) && damaged.contains("damaged"), "{damaged}");
    fs::remove_file(run.folder.path(&frame)).unwrap();
    let gone = said(run.movie(0, "a.png"), exit::USAGE);
    assert!(gone.contains(&frame) && gone.contains("is gone"), "{gone}");
    for name in ["a.gif", "a.gif.part", "a.png", "a.png.part"] {
        assert!(!run.folder.path(name).exists(), "{name} is left");
    }
}

#[test]
fn endings_name_formats_whatever_their_case() {
    assert_eq!(Format::of(Path::new("a/b.GIF")).unwrap(), Format::Gif);
    assert_eq!(Format::of(Path::new("b.apng")).unwrap(), Format::Png);
}

#[test]
fn labels_hide_neither_each_other_nor_faces_where_there_is_room() {
    let face = |x: f32, y: f32| BoxPx { x0: x, y0: y, x1: x + 40.0, y1: y + 50.0 };
    // Two side by side, one below, one in a corner under the camera's name.
    let faces = vec![face(100.0, 100.0), face(145.0, 105.0), face(110.0, 160.0), face(2.0, 4.0)];
    let written = BoxPx { x0: 0.0, y0: 0.0, x1: 60.0, y1: 14.0 };
    let mut labels = Labels::new((400, 300), 4.0, vec![written], faces.clone());
    let mut placed = vec![written];
    for b in &faces {
        let (x, y) = labels.place(b, (90, 14)).unwrap();
        let label = BoxPx { x0: x as f32, y0: y as f32, x1: (x + 90) as f32, y1: (y + 14) as f32 };
        assert!(label.x1 <= 400.0 && label.y1 <= 300.0);
        assert!(placed.iter().chain(&faces).all(|other| label.iou(other) == 0.0), "{label:?}");
        placed.push(label);
    }
    assert_eq!(labels.place(&face(500.0, 100.0), (90, 14)), None);
    assert_eq!(labels.place(&face(f32::NAN, 100.0), (90, 14)), None);
    assert_eq!(labels.place(&faces[0], (500, 14)), None);
}

#[test]
fn text_is_cut_broken_and_spelt_in_what_the_font_has() {
    let font = Fonts::for_width(1280).small;
    let letters = |count: u32| count * font.width("n");
    assert_eq!(font.cut("2-left lost", letters(11)), "2-left lost");
    assert_eq!(font.cut("2-left lost", letters(9)), "2-left...");
    assert_eq!(font.wrap("lost: too few pixels", letters(9), 3), ["lost: too", "few", "pixels"]);
    assert_eq!(font.wrap("lost: too few pixels", letters(9), 2), ["lost: too", "few pi..."]);
    assert_eq!(font.cut("0.15–1.5 s, yaw ≤ 30°…", letters(40)), "0.15-1.5 s, yaw <= 30°...");
    let mut page = RgbImage::new(40, 40);
    font.write(&mut page, (30, 30), "cut off at the edge", [255; 3]);
    assert!(page.pixels().any(|p| p.0 == [255; 3]));
}
