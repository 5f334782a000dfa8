//! Lens, sensor, ISP and encoder: radiance images to frames.
//!
//! Radiance (W·m⁻²·sr⁻¹ in the bands red 600–700, green 500–600, blue 400–500 nm) → defocus and motion blur, layer by
//! layer ([`blur`]) → distortion of the lens ([`distorted`]) → blur by pixel aperture and diffraction, light that
//! the lens scatters ([`glare`]) → photons →
//! electrons and their noise after EMVA 1288 → 12-bit linear numbers → white balance and transfer curve → 8 bits → JPEG, or
//! H.264 ([`video`]).
//! Every random number belongs to a (seed, exposure, pixel), so frames depend neither on the number of threads nor on how
//! much of the sensor is computed.
mod bayer;
pub mod blur;
pub mod control;
pub mod distorted;
mod encode;
mod expose;
pub mod glare;
pub mod hdr;
mod isp;
pub mod lens;
mod model;
pub mod noise;
mod psf;
pub mod video;
mod view;

pub use encode::{DecodeError, EncodeError, decode_jpeg, encode_jpeg};
pub use expose::{ExposureSettings, Frame8, LinearFrame, expose, expose_linear};
pub use isp::{Gamma, Isp};
pub use model::{Adc, BLACK_DN, CameraError, CameraModel, FULL_SCALE_DN};
pub use psf::MARGIN_PX;
pub use view::{RadianceView, Samples};
