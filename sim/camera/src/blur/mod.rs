//! Defocus and motion blur, layer by layer: radiance along chief rays becomes radiance on a sensor behind a real
//! aperture that was open for a while.
//!
//! **What is computed.** A point at a depth d is drawn as a uniform disc as wide as the thin lens's circle of confusion,
//! along the path that its body takes while the shutter is open. Depths are shared out over a ladder of rungs about
//! ¾ px of blur apart, with shares that keep the variance of the blur exact; each rung of each body is a layer, and the
//! layers are laid over one another from near to far. A near layer's blur spreads over what is behind it, and what is
//! behind does not leak over a sharp near layer.
//!
//! **What is assumed.** One surface is known per pixel, and where at mid-exposure it is. What a blurred near edge lets
//! show of its background is filled from the nearest background pixels beside it. What panes mirror is treated as
//! infinitely far and at rest (the mirror image of sky and canopy lies well behind the pane; its motion is not known
//! here), while the pane's outline blurs and moves with the scene. A change below [`SHARP_BELOW_PX`] is left out. Circles
//! are cut at [`MAX_CIRCLE_PX`], paths at [`MAX_PATH_PX`] to either side. The pixel's own aperture and diffraction are
//! added later, by [`crate::expose`].
//!
//! **Regions.** The sensor is cut into tiles that begin at multiples of 64 pixels, and a tile depends on
//! what lies on the sensor in and round it, nothing else. So with a [`Backdrop`], which holds the lane's own radiance and
//! its blur, the pixels that come back are those of a computation of the whole sensor, byte for byte, on any number of
//! threads; [`Blurred`] covers every pixel that differs from the backdrop.
mod convolve;
mod depth;
mod job;
mod kernel;
mod motion;
mod picture;
mod rolling;
mod search;
mod tile;

use laneproof_scenes::catalogue::Lens;
use rayon::prelude::*;

use depth::Depths;
pub use depth::SHARP_BELOW_PX;
use job::Job;
pub use motion::{BodyMotion, Focus, MAX_CIRCLE_PX, MAX_PATH_PX, Path, Pinhole, TimedPose};
use picture::{Rect, TileFacts};
pub use rolling::RollingShutter;

/// Radiance of a part of the sensor along chief rays, as it arrives at the lens, and what it comes from; row by row.
#[derive(Debug, Clone, Copy)]
pub struct LayeredRadiance<'a> {
    /// Column and row of the first pixel on the sensor.
    pub origin_px: [u32; 2],
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What is seen, through panes where there are any, W·m⁻²·sr⁻¹ per band.
    pub scene: &'a [[f32; 3]],
    /// What panes mirror on top of it; 0 where there is no pane.
    pub veil: Option<&'a [[f32; 3]]>,
    /// Distance along the chief ray to what is seen, metres; 1e30 for the sky.
    pub range_m: &'a [f32],
    /// Body that the pixel belongs to: 0 the lane, which does not move, n the body n − 1 of [`Blur::bodies`].
    pub body: &'a [u8],
}

/// A camera and an exposure, as far as they blur.
#[derive(Debug, Clone, PartialEq)]
pub struct Blur {
    /// Lens: focal length, f-number and focus.
    pub lens: Lens,
    /// Pixel pitch, micrometres.
    pub pixel_pitch_um: f32,
    /// Where chief rays go.
    pub pinhole: Pinhole,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// How bodies move; body n of the body plane is number n − 1 here.
    pub bodies: Vec<BodyMotion>,
    /// How rows follow one another; `None` for a global shutter.
    pub rolling: Option<RollingShutter>,
}

/// The lane without anything in it, as one camera sees it in one light: its radiance and its blur. It does not move, so
/// it holds for all exposure times.
#[derive(Debug, Clone)]
pub struct Backdrop {
    /// Lens, pixel pitch (µm) and geometry that it belongs to.
    camera: (Lens, f32, Pinhole),
    size: [usize; 2],
    scene: Vec<[f32; 3]>,
    range_m: Vec<f32>,
    nearness: Vec<f32>,
    facts: Vec<TileFacts>,
    blurred: Vec<[f32; 3]>,
}

/// Blurred radiance of a rectangle of the sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Blurred {
    /// Column and row of the first pixel on the sensor.
    pub origin_px: [u32; 2],
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Radiance, W·m⁻²·sr⁻¹ per band, row by row.
    pub radiance: Vec<[f32; 3]>,
}

/// Why nothing can be blurred.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BlurError {
    /// A plane has not as many numbers as the region pixels, or the region does not lie on the sensor.
    #[error("{what}: {got} given; right would be {right}")]
    Shape {
        /// Which plane or measure.
        what: &'static str,
        /// As given.
        got: usize,
        /// What would do.
        right: usize,
    },
    /// A pixel belongs to a body whose motion is not given.
    #[error("a pixel belongs to body {body}, but the motions of {known} bodies are given")]
    Body {
        /// Its number in the body plane.
        body: u8,
        /// How many motions there are.
        known: usize,
    },
    /// The backdrop was made for another lens, pixel pitch or geometry.
    #[error("the backdrop belongs to another camera than the exposure; right would be one of the same lens and pixels")]
    Backdrop,
    /// A number of the camera makes no picture.
    #[error("{what} is {value}; right would be {right}")]
    Camera {
        /// Which.
        what: &'static str,
        /// As given.
        value: f32,
        /// What would do.
        right: &'static str,
    },
}

impl Blur {
    fn check(&self) -> Result<(), BlurError> {
        let numbers = [
            ("focal length (mm)", self.lens.focal_length_mm),
            ("f-number", self.lens.f_number),
            ("pixel pitch (µm)", self.pixel_pitch_um),
            ("focal length (px)", self.pinhole.focal_length_px),
            ("exposure time (µs)", self.exposure_us),
        ];
        for (what, value) in numbers {
            if value <= 0.0 || !value.is_finite() {
                return Err(BlurError::Camera { what, value, right: "a number above 0" });
            }
        }
        let value = self.lens.focus_distance_m;
        if value.is_nan() || value <= 1e-3 * self.lens.focal_length_mm {
            let right = "farther than the focal length, or infinite";
            return Err(BlurError::Camera { what: "focus distance (m)", value, right });
        }
        Ok(())
    }

    fn camera(&self) -> (Lens, f32, Pinhole) {
        (self.lens.clone(), self.pixel_pitch_um, self.pinhole)
    }

    fn depths(&self) -> Depths {
        let focus = Focus::of(&self.lens, self.pixel_pitch_um);
        Depths::new(focus, self.pinhole, self.exposure_us, &self.bodies)
    }
}

/// 1 ÷ depth of the pixels of a rectangle of the sensor.
fn nearness_per_m(pinhole: &Pinhole, focus: &Focus, region: &Rect, range_m: &[f32]) -> Vec<f32> {
    let width = region.size()[0];
    let nearest = focus.nearest_per_m();
    let mut out = vec![0.0; range_m.len()];
    out.par_chunks_mut(width).zip(range_m.par_chunks(width)).enumerate().for_each(|(row, (out, range))| {
        let y = (region.y[0] + row) as f32 + 0.5;
        for (column, (n, range)) in out.iter_mut().zip(range).enumerate() {
            let x = (region.x[0] + column) as f32 + 0.5;
            let nearness = 1.0 / (range * pinhole.axis_cosine(x, y));
            // Also where a range is no number or not above 0.
            *n = if nearness >= 0.0 && nearness < nearest { nearness } else { nearest };
        }
    });
    out
}

impl Backdrop {
    /// From the radiance of the whole sensor and the distances of what is seen, metres along chief rays.
    pub fn new(scene: Vec<[f32; 3]>, range_m: &[f32], blur: &Blur) -> Result<Self, BlurError> {
        let Pinhole { width_px, height_px, .. } = blur.pinhole;
        let body = vec![0; scene.len()];
        let layers = LayeredRadiance {
            origin_px: [0, 0],
            width: width_px,
            height: height_px,
            scene: &scene,
            veil: None,
            range_m,
            body: &body,
        };
        let still = Blur { bodies: Vec::new(), rolling: None, ..blur.clone() };
        let job = Job::new(&layers, None, &still)?;
        let picture = job.picture(&layers, None);
        let facts = job.all_facts(&picture);
        let radiance = job.compute(&picture, &facts, &vec![true; job.grid.count()]).radiance;
        let size = job.region.size();
        let nearness = job.nearness;
        let (camera, range_m) = (blur.camera(), range_m.to_vec());
        Ok(Self { camera, size, range_m, nearness, facts, blurred: radiance, scene })
    }

    /// Blurred radiance of the whole sensor.
    pub fn blurred(&self) -> &[[f32; 3]] {
        &self.blurred
    }
}

impl Blurred {
    /// The whole sensor: this over the blurred backdrop.
    pub fn over(&self, backdrop: &Backdrop) -> Vec<[f32; 3]> {
        let mut out = backdrop.blurred.clone();
        let [x, y] = self.origin_px.map(|v| v as usize);
        let (width, across) = (self.width as usize, backdrop.size[0]);
        for (row, light) in self.radiance.chunks_exact(width.max(1)).enumerate() {
            out[(y + row) * across + x..][..width].copy_from_slice(light);
        }
        out
    }
}

/// Blurs a region, and whatever light from it falls beyond it. With a backdrop, what lies round the region is the lane;
/// without one, the region's outermost pixels go on for ever and nothing beyond the region comes back.
pub fn sensor_radiance(
    layers: &LayeredRadiance,
    backdrop: Option<&Backdrop>,
    blur: &Blur,
) -> Result<Blurred, BlurError> {
    if let Some(rolling) = &blur.rolling {
        let global = Blur { rolling: None, ..blur.clone() };
        Job::new(layers, backdrop, &global)?;
        let skewed = rolling.skew(layers, backdrop, &global);
        return sensor_radiance(&skewed.layers(), backdrop, &global);
    }
    let job = Job::new(layers, backdrop, blur)?;
    let picture = job.picture(layers, backdrop);
    let facts = job.all_facts(&picture);
    let wanted = job.changed(&facts, backdrop);
    Ok(job.compute(&picture, &facts, &wanted))
}
