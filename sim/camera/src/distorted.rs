//! A sensor behind a lens that distorts: an ideal picture, drawn with enough beyond the sensor's edges, is taken over to
//! the sensor's fixed grid of pixels.
//!
//! Scene, panes, defocus and motion blur are worked out in the picture of an ideal pinhole of the same focal length;
//! each pixel of the sensor then takes the radiance of the place where its ray lies in that picture. What is assumed:
//! fall-off towards the corners stays that of the place on the sensor, and a rolling shutter opens along the rows of the
//! ideal picture.
use laneproof_scenes::{
    catalogue::Distortion,
    distortion::{DistortionMap, Fold, PlaneFrame},
};
use rayon::prelude::*;

use crate::blur::Pinhole;

/// Pixels round what the sensor sees that interpolation reads, and one for good measure.
const MARGIN_PX: f64 = 3.0;

/// Where each pixel of a sensor looks in an ideal pinhole's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct DistortedSensor {
    sensor: Pinhole,
    distortion: Distortion,
    drawn: Pinhole,
    /// Places of the pixels' middles in the drawn picture, row by row, pixels.
    places_px: Vec<[f32; 2]>,
}

/// The plane frame of a pinhole's picture.
fn frame(pinhole: &Pinhole) -> PlaneFrame {
    PlaneFrame {
        focal_length_px: pinhole.focal_length_px.into(),
        principal_point_px: pinhole.principal_point_px.map(f64::from),
        size_px: [pinhole.width_px, pinhole.height_px],
    }
}

/// The ideal picture from which a distorting lens fills a sensor: that pinhole with whole pixels added at, or taken from,
/// its edges. Fails where the lens does not draw all of the sensor.
pub fn drawn_picture(sensor: &Pinhole, map: &DistortionMap) -> Result<Pinhole, Fold> {
    let [low, high] = map.ideal_bounds_px(&frame(sensor))?;
    let first = low.map(|v| (v - MARGIN_PX).floor());
    let size = [0, 1].map(|i| ((high[i] + MARGIN_PX).ceil() - first[i]) as u32);
    Ok(Pinhole {
        principal_point_px: [0, 1].map(|i| sensor.principal_point_px[i] - first[i] as f32),
        width_px: size[0],
        height_px: size[1],
        ..*sensor
    })
}

/// Place on the sensor, pixels, of what an ideal pinhole would draw at `ideal_px` of the same sensor.
pub fn drawn_at(sensor: &Pinhole, map: &DistortionMap, ideal_px: [f32; 2]) -> [f32; 2] {
    let frame = frame(sensor);
    frame.pixel(map.distorted(frame.normalised(ideal_px.map(f64::from)))).map(|v| v as f32)
}

impl DistortedSensor {
    /// The sensor of a pinhole behind a lens with a distortion. Fails where the lens does not draw all of the sensor.
    pub fn new(sensor: Pinhole, distortion: Distortion) -> Result<Self, Fold> {
        let map = DistortionMap::new(&distortion);
        let drawn = drawn_picture(&sensor, &map)?;
        let (on_sensor, on_drawn) = (frame(&sensor), frame(&drawn));
        let width = sensor.width_px as usize;
        let mut places_px = vec![[0.0; 2]; width * sensor.height_px as usize];
        places_px.par_chunks_mut(width).enumerate().for_each(|(row, places)| {
            let mut near = None;
            for (column, place) in places.iter_mut().enumerate() {
                let at = on_sensor.normalised([column as f64 + 0.5, row as f64 + 0.5]);
                // The neighbour's place is a good first guess; within the checked edges every place has one.
                let ideal = map.ideal_near(at, near.unwrap_or(at)).unwrap_or(at);
                near = Some(ideal);
                *place = on_drawn.pixel(ideal).map(|v| v as f32);
            }
        });
        Ok(Self { sensor, distortion, drawn, places_px })
    }

    /// Whether it belongs to a pinhole and a distortion.
    pub fn is_of(&self, sensor: &Pinhole, distortion: &Distortion) -> bool {
        self.sensor == *sensor && self.distortion == *distortion
    }

    /// The sensor behind an ideal pinhole.
    pub fn sensor(&self) -> Pinhole {
        self.sensor
    }

    /// The ideal picture that is resampled.
    pub fn drawn(&self) -> Pinhole {
        self.drawn
    }

    /// Pixel of the ideal picture in which the middle of a pixel of the sensor lies.
    pub fn nearest(&self, x: u32, y: u32) -> [u32; 2] {
        let place = self.places_px[y as usize * self.sensor.width_px as usize + x as usize];
        [(place[0], self.drawn.width_px), (place[1], self.drawn.height_px)]
            .map(|(place, size)| (place.max(0.0) as u32).min(size - 1))
    }

    /// For each pixel of the sensor the value of the nearest pixel of the ideal picture.
    pub fn gather<T: Copy + Send + Sync>(&self, drawn: &[T]) -> Vec<T> {
        let (width, stride) = (self.sensor.width_px, self.drawn.width_px as usize);
        let pixels = (0..self.sensor.height_px).into_par_iter().flat_map_iter(|y| (0..width).map(move |x| (x, y)));
        pixels
            .map(|(x, y)| {
                let [column, row] = self.nearest(x, y);
                drawn[row as usize * stride + column as usize]
            })
            .collect()
    }

    /// Radiance on the sensor from the ideal picture's, both in W·m⁻²·sr⁻¹: cubic convolution (R. G. Keys, IEEE Trans.
    /// ASSP 29, 1981, a = −½), kept within the four nearest pixels, because beside a lamp it would fall below 0.
    pub fn resample(&self, drawn: &[[f32; 3]]) -> Vec<[f32; 3]> {
        let (columns, rows) = (self.drawn.width_px as usize, self.drawn.height_px as usize);
        let mut out = vec![[0.0; 3]; self.places_px.len()];
        out.par_chunks_mut(4096).zip(self.places_px.par_chunks(4096)).for_each(|(out, places)| {
            for (out, place) in out.iter_mut().zip(places) {
                let (x, u) = split(place[0], columns);
                let (y, v) = split(place[1], rows);
                let (across, down) = (keys(u), keys(v));
                let (mut low, mut high, mut sum) = ([f32::MAX; 3], [f32::MIN; 3], [0.0; 3]);
                for (j, weight) in down.iter().enumerate() {
                    let row = &drawn[(y + j) * columns + x..][..4];
                    for band in 0..3 {
                        let along = (0..4).map(|i| across[i] * row[i][band]).sum::<f32>();
                        sum[band] += weight * along;
                        if j == 1 || j == 2 {
                            low[band] = low[band].min(row[1][band]).min(row[2][band]);
                            high[band] = high[band].max(row[1][band]).max(row[2][band]);
                        }
                    }
                }
                *out = std::array::from_fn(|band| sum[band].max(low[band]).min(high[band]));
            }
        });
        out
    }
}

/// First of the four pixels round a place, and how far it lies from the middle of the second to that of the third.
fn split(place_px: f32, count: usize) -> (usize, f32) {
    let at = place_px - 0.5;
    let second = at.floor().clamp(1.0, count as f32 - 3.0);
    (second as usize - 1, (at - second).clamp(0.0, 1.0))
}

/// Weights of four pixels.
fn keys(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: Pinhole =
        Pinhole { focal_length_px: 300.0, principal_point_px: [160.0, 100.0], width_px: 320, height_px: 200 };
    const BARREL: Distortion = Distortion { k1: -0.2, k2: 0.03, k3: 0.0, p1: 0.001, p2: -0.002 };

    #[test]
    fn a_bright_point_lands_where_the_mapping_says() {
        for distortion in [BARREL, BARREL.scaled(-1.0)] {
            let sensor = DistortedSensor::new(SENSOR, distortion).expect("fills");
            let drawn = sensor.drawn();
            for at in [[30.3f32, 31.7], [160.2, 99.9], [285.4, 160.1], [40.0, 150.0]] {
                // A spot of 2.5 px, so that it has a centre between pixels.
                let shift = [0, 1].map(|i| drawn.principal_point_px[i] - SENSOR.principal_point_px[i]);
                let spot = |i: usize| {
                    let (x, y) = ((i as u32 % drawn.width_px) as f32 + 0.5, (i as u32 / drawn.width_px) as f32 + 0.5);
                    let off = [x - at[0] - shift[0], y - at[1] - shift[1]];
                    [(-(off[0] * off[0] + off[1] * off[1]) / 12.5).exp(); 3]
                };
                let picture: Vec<[f32; 3]> = (0..(drawn.width_px * drawn.height_px) as usize).map(spot).collect();
                let seen = sensor.resample(&picture);
                let (mut weight, mut sum) = (0.0f64, [0.0f64; 2]);
                for (i, light) in seen.iter().enumerate() {
                    let w = f64::from(light[1]);
                    weight += w;
                    sum[0] += w * ((i % 320) as f64 + 0.5);
                    sum[1] += w * ((i / 320) as f64 + 0.5);
                }
                let expected = drawn_at(&SENSOR, &DistortionMap::new(&distortion), at);
                let off = (sum[0] / weight - f64::from(expected[0])).hypot(sum[1] / weight - f64::from(expected[1]));
                assert!(off < 0.1, "{off} px from {expected:?}");
            }
        }
    }

    #[test]
    fn a_distortion_of_nothing_changes_no_number() {
        let sensor = DistortedSensor::new(SENSOR, Distortion::default()).expect("fills");
        let drawn = sensor.drawn();
        let [left, top] = [0, 1].map(|i| (drawn.principal_point_px[i] - SENSOR.principal_point_px[i]) as usize);
        let columns = drawn.width_px as usize;
        let picture: Vec<[f32; 3]> =
            (0..columns * drawn.height_px as usize).map(|i| [(i * 7919 % 1013) as f32, i as f32, 1.0]).collect();
        let cut: Vec<[f32; 3]> = (0..320 * 200).map(|i| picture[(i / 320 + top) * columns + i % 320 + left]).collect();
        assert_eq!(sensor.resample(&picture), cut);
        assert_eq!(sensor.gather(&picture), cut);
    }

    #[test]
    fn resampling_makes_no_light_and_no_ringing() {
        let sensor = DistortedSensor::new(SENSOR, BARREL).expect("fills");
        let pixels = (sensor.drawn().width_px * sensor.drawn().height_px) as usize;
        assert!(sensor.resample(&vec![[0.7; 3]; pixels]).iter().flatten().all(|l| (l - 0.7).abs() < 1e-6));
        let lamp: Vec<[f32; 3]> = (0..pixels).map(|i| if i % 97 == 0 { [1e5; 3] } else { [0.01; 3] }).collect();
        assert!(sensor.resample(&lamp).iter().flatten().all(|l| (0.01..=1e5).contains(l)));
    }

    #[test]
    fn a_frame_that_folds_is_refused() {
        let fold = DistortedSensor::new(SENSOR, Distortion { k1: -2.0, ..BARREL }).expect_err("folds");
        assert!(fold.drawn_to_px < fold.away_px, "{fold:?}");
    }
}
