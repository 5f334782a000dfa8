//! Scenes of layers, the lens that looks at them, and measures of what it draws.
use glam::Vec3;
use laneproof_camera::blur::{Backdrop, Blur, Blurred, BodyMotion, Focus, LayeredRadiance, Pinhole, sensor_radiance};
use laneproof_scenes::catalogue::Lens;

/// Planes of a whole sensor.
#[derive(Clone)]
pub struct Scene {
    pub width: usize,
    pub height: usize,
    pub light: Vec<[f32; 3]>,
    pub veil: Vec<[f32; 3]>,
    pub range_m: Vec<f32>,
    pub body: Vec<u8>,
}

/// What is at a pixel: light, veil, depth along the axis, body.
pub type At = (f32, f32, f32, u8);

pub const FOCAL_PX: f32 = 10_000.0;

pub fn pinhole([width, height]: [usize; 2]) -> Pinhole {
    let principal_point_px = [width as f32 * 0.5, height as f32 * 0.5];
    Pinhole { focal_length_px: FOCAL_PX, principal_point_px, width_px: width as u32, height_px: height as u32 }
}

impl Scene {
    pub fn new([width, height]: [usize; 2], at: impl Fn(f32, f32) -> At) -> Self {
        let mut out =
            Self { width, height, light: Vec::new(), veil: Vec::new(), range_m: Vec::new(), body: Vec::new() };
        let [cx, cy] = [width as f32 * 0.5, height as f32 * 0.5];
        for y in 0..height {
            for x in 0..width {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let (light, veil, depth_m, body) = at(px, py);
                let slant = (1.0 + ((px - cx).powi(2) + (py - cy).powi(2)) / (FOCAL_PX * FOCAL_PX)).sqrt();
                out.light.push([light, 0.5 * light, 0.25 * light]);
                out.veil.push([veil; 3]);
                out.range_m.push(if depth_m < 1e29 { depth_m * slant } else { 1e30 });
                out.body.push(body);
            }
        }
        out
    }

    pub fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    pub fn layers(&self) -> LayeredRadiance<'_> {
        LayeredRadiance {
            origin_px: [0, 0],
            width: self.width as u32,
            height: self.height as u32,
            scene: &self.light,
            veil: Some(&self.veil),
            range_m: &self.range_m,
            body: &self.body,
        }
    }

    pub fn blurred(&self, blur: &Blur) -> Vec<f32> {
        let out = sensor_radiance(&self.layers(), None, blur).unwrap();
        assert_eq!([out.width as usize, out.height as usize], self.size());
        for [r, g, b] in &out.radiance {
            assert!(*r >= 0.0 && r.is_finite() && g.is_finite() && b.is_finite());
        }
        out.radiance.iter().map(|l| l[0]).collect()
    }

    /// A rectangle of the same pixels.
    pub fn cut(&self, [x, y]: [usize; 2], [width, height]: [usize; 2]) -> (Self, [u32; 2]) {
        fn rows<T: Copy>(from: &[T], across: usize, [x, y]: [usize; 2], [w, h]: [usize; 2]) -> Vec<T> {
            (y..y + h).flat_map(|row| from[row * across + x..][..w].to_vec()).collect()
        }
        let (o, s, w) = ([x, y], [width, height], self.width);
        let light = rows(&self.light, w, o, s);
        let (veil, range_m, body) =
            (rows(&self.veil, w, o, s), rows(&self.range_m, w, o, s), rows(&self.body, w, o, s));
        (Self { width, height, light, veil, range_m, body }, [x as u32, y as u32])
    }
}

/// A 60 mm f/4 lens over 6 µm pixels: the circle of a point at n 1/m is 150 px·m · |n − n of focus|, nearly.
pub fn lens(focus_distance_m: f32) -> Lens {
    Lens {
        focal_length_mm: 60.0,
        f_number: 4.0,
        transmittance: 0.9,
        focus_distance_m,
        polariser: None,
        mtf50_lp_per_mm: None,
        veiling_glare: None,
        distortion: None,
    }
}

pub fn blur(size: [usize; 2], focus_m: f32, exposure_us: f32, bodies: Vec<BodyMotion>) -> Blur {
    Blur { lens: lens(focus_m), pixel_pitch_um: 6.0, pinhole: pinhole(size), exposure_us, bodies, rolling: None }
}

pub fn across(velocity_mps: [f32; 3]) -> BodyMotion {
    BodyMotion::steady(velocity_mps.into(), Vec3::ZERO, Vec3::ZERO, 50_000.0)
}

pub fn circle_px(focus_m: f32, depth_m: f32) -> f32 {
    Focus::of(&lens(focus_m), 6.0).circle_px(1.0 / depth_m)
}

/// Depth in front of a focus whose circle has a diameter.
pub fn depth_of(focus_m: f32, circle: f32) -> f32 {
    let focus = Focus::of(&lens(focus_m), 6.0);
    1.0 / (focus.nearness_per_m + circle / focus.slope_px_m)
}

/// Sum, mean, and variances along x and y of a picture.
pub fn moments(picture: &[f32], width: usize) -> (f64, [f64; 2], [f64; 2]) {
    let (mut sum, mut mean, mut square) = (0.0, [0.0; 2], [0.0; 2]);
    for (i, value) in picture.iter().enumerate() {
        let p = [(i % width) as f64 + 0.5, (i / width) as f64 + 0.5];
        let value = f64::from(*value);
        sum += value;
        (0..2).for_each(|k| (mean[k], square[k]) = (mean[k] + value * p[k], square[k] + value * p[k] * p[k]));
    }
    let mean = mean.map(|m| m / sum);
    (sum, mean, [0, 1].map(|k| square[k] / sum - mean[k] * mean[k]))
}

/// Whether a blur's width is right: within 5 % from 8 px on, within 0.3 px below.
pub fn assert_width(got: f64, want: f32, what: &str) {
    let want = f64::from(want);
    let tolerance = if want >= 8.0 { 0.05 * want } else { 0.3 };
    assert!((got - want).abs() < tolerance, "{what}: {got} px, not {want}");
}

/// One bright pixel on a dark surface.
pub fn point(size: [usize; 2], depth_m: impl Fn(f32, f32) -> f32, body: u8) -> Scene {
    let middle = size.map(|v| (v / 2) as f32 + 0.5);
    Scene::new(size, |x, y| (f32::from(u8::from([x, y] == middle)) * 1000.0, 0.0, depth_m(x, y), body))
}

/// A number from 0 to 1 that belongs to three others.
pub fn noise(x: i64, y: i64, salt: i64) -> f32 {
    let mut v = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b) ^ salt.wrapping_mul(0xc2b2_ae35)) as u64;
    v = (v ^ (v >> 15)).wrapping_mul(0x2c1b_3c6d_1b87_3593);
    v = (v ^ (v >> 29)).wrapping_mul(0x297a_2d39_5a4d_9e35);
    ((v ^ (v >> 32)) & 0xffff) as f32 / 65_535.0
}

/// Smooth noise with features of `size` pixels.
pub fn cloud(x: f32, y: f32, size: f32, salt: i64) -> f32 {
    let (u, v) = (x / size, y / size);
    let (i, j) = (u.floor(), v.floor());
    let fade = |t: f32| t * t * (3.0 - 2.0 * t);
    let (s, t) = (fade(u - i), fade(v - j));
    let at = |a: i64, b: i64| noise(i as i64 + a, j as i64 + b, salt);
    (at(0, 0) * (1.0 - s) + at(1, 0) * s) * (1.0 - t) + (at(0, 1) * (1.0 - s) + at(1, 1) * s) * t
}

pub fn by_region(scene: &Scene, origin: [usize; 2], extent: [usize; 2], backdrop: &Backdrop, blur: &Blur) -> Blurred {
    let (part, origin_px) = scene.cut(origin, extent);
    let layers = LayeredRadiance { origin_px, ..part.layers() };
    sensor_radiance(&layers, Some(backdrop), blur).unwrap()
}
