//! Lens, sensor, ISP and encoder: radiance images to frames.
