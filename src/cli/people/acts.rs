//! A sheet of one person a behaviour, as they sit in a car.
use std::path::Path;

use glam::{Affine3A, Vec3};
use image::{RgbImage, imageops};
use laneproof_scenarios::exit;
use laneproof_scenes::people::{Acting, Appearance, Behaviour, Expression, Gesture, Posture, Surroundings};
use laneproof_sim::FaceView;

use crate::session::{self, Choices, Failure};

/// Edge of a picture, pixels.
const EDGE_PX: u32 = 480;
/// Moment of the picture, seconds.
const TIME_S: f64 = 2.0;

/// Draws the `k`-th person of the seed in the `k`-th behaviour; a neighbour sits to their right, a pane is to their left.
pub(super) fn draw(seed: u64, columns: u32, adapter: Option<String>, path: &Path) -> Result<u8, Failure> {
    let mut world = session::open_world(&Choices { adapter, ..Choices::default() })?;
    let back_angle_rad = Posture::default().back_angle_rad;
    // Cameras stand where a rig's would, as seen from a seat in the first row: ahead and to the left.
    let cameras_m = vec![Vec3::new(1.7, 1.6, 8.0), Vec3::new(1.8, 0.9, 4.5)];
    let rows = (Behaviour::ALL.len() as u32).div_ceil(columns);
    let mut sheet = RgbImage::new(EDGE_PX * columns, EDGE_PX * rows);
    for (k, behaviour) in (0..).zip(Behaviour::ALL) {
        let who = super::identity(seed, u64::from(k));
        let mut looks = Appearance::of_portrait(&who);
        if behaviour == Behaviour::Asleep {
            looks.expression = Expression::asleep();
        }
        let motion_seed = seed ^ (u64::from(k) << 32);
        let people = world.simulator.bake(&[(who, looks)]);
        let person = people.first().ok_or_else(|| Failure::setup("nobody was baked"))?;
        let around = Surroundings {
            back_angle_rad,
            drives: false,
            legs: None,
            cameras_m: cameras_m.clone(),
            neighbour_m: Some(Vec3::new(-0.75, 0.62, -0.1)),
            pane: Some((1.0, 0.33)),
        };
        let acting =
            Acting { behaviour, yaw_rad: 0.0, pitch_rad: 0.0, roll_rad: 0.0, motion_seed, shows: Gesture::None };
        let upright = person.eyes_when_seated_m(&Posture::default());
        let posed = person.seated(0, &acting.posture(person, &around, TIME_S));
        let posed = posed.moved(Affine3A::from_translation(-upright));
        let view = FaceView {
            camera_m: Vec3::new(0.35, 0.1, 1.9),
            look_at_m: Vec3::new(0.0, -0.12, 0.0),
            focal_length_px: 1050.0,
            width_px: EDGE_PX,
            height_px: EDGE_PX,
            ..FaceView::portrait()
        };
        let picture = world.simulator.photograph(&posed, &view)?;
        let picture = RgbImage::from_raw(picture.width, picture.height, picture.rgb)
            .ok_or_else(|| Failure::setup("a picture's size does not match its data"))?;
        imageops::replace(&mut sheet, &picture, i64::from(k % columns * EDGE_PX), i64::from(k / columns * EDGE_PX));
        println!("{}: {}", k + 1, behaviour.label());
    }
    sheet.save(path).map_err(|e| Failure::io(path, e))?;
    Ok(exit::DONE)
}
