//! Where a lens that is no ideal pinhole draws things.
use crate::catalogue::{CameraMount, Distortion, Sensor, fault::ValueFault};

/// Least stretch, drawn over ideal, at which a picture still counts as drawn: less is as good as a fold.
const LEAST_STRETCH: f64 = 0.1;
/// Tangent of the widest field angle that is looked at (84°).
const WIDEST: f64 = 10.0;
/// Step of that search.
const STEP: f64 = 0.01;
/// Directions in which it goes where the distortion is not the same in all.
const DIRECTIONS: u32 = 64;
/// Newton steps at most; ten are many.
const NEWTON_STEPS: usize = 50;
/// Places along each edge of a frame that are looked at.
const EDGE_PLACES: u32 = 64;

/// The mapping of D. C. Brown, *Decentering distortion of lenses*, Photogrammetric Engineering 32 (1966), and *Close-range
/// camera calibration*, Photogrammetric Engineering 37 (1971), after A. E. Conrady (1919), in the direction in which it is
/// mostly used today (OpenCV's): from the place where an ideal pinhole would draw a ray to the place where the lens does.
///
/// Places are normalised: distance from the optical axis ÷ focal length, x to the right and y down on the picture. With
/// r² = x² + y²: x′ = x (1 + k₁r² + k₂r⁴ + k₃r⁶) + 2p₁xy + p₂(r² + 2x²), y′ = y (1 + k₁r² + k₂r⁴ + k₃r⁶) + p₁(r² + 2y²) + 2p₂xy.
///
/// The polynomial turns round somewhere out; up to [`DistortionMap::reach`] it does not, and beyond it the mapping here
/// goes on straight outward, so that what lies out there is never drawn into the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DistortionMap {
    k: [f64; 3],
    p: [f64; 2],
    reach: f64,
}

/// A frame that the lens cannot fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fold {
    /// Place on the frame that no ray reaches, pixels.
    pub place_px: [f64; 2],
    /// Its distance from the optical axis, pixels.
    pub away_px: f64,
    /// How far from the axis the lens draws in that direction, pixels.
    pub drawn_to_px: f64,
}

impl std::fmt::Display for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place_px: [x, y], away_px, drawn_to_px } = self;
        write!(
            f,
            "the distortion folds the picture: towards pixel ({x:.0}, {y:.0}), {away_px:.0} px from the optical axis, the lens draws nothing beyond {drawn_to_px:.0} px"
        )
    }
}

/// A frame on the image plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneFrame {
    /// Focal length, pixels.
    pub focal_length_px: f64,
    /// Where the optical axis meets it, pixels; the middle of pixel (0, 0) is (0.5, 0.5).
    pub principal_point_px: [f64; 2],
    /// Columns and rows.
    pub size_px: [u32; 2],
}

impl PlaneFrame {
    /// The frame of a sensor whose middle the optical axis meets.
    pub fn of(mount: &CameraMount, sensor: &Sensor) -> Self {
        Self {
            focal_length_px: f64::from(mount.lens.focal_length_mm) * 1e3 / f64::from(sensor.pixel_pitch_um),
            principal_point_px: [f64::from(sensor.width_px) / 2.0, f64::from(sensor.height_px) / 2.0],
            size_px: [sensor.width_px, sensor.height_px],
        }
    }

    /// Normalised coordinates of a place in pixels.
    pub fn normalised(&self, px: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| (px[i] - self.principal_point_px[i]) / self.focal_length_px)
    }

    /// Place in pixels of normalised coordinates.
    pub fn pixel(&self, normalised: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| self.principal_point_px[i] + normalised[i] * self.focal_length_px)
    }

    /// Places all along its edges, pixels, its corners among them.
    fn edge(&self) -> impl Iterator<Item = [f64; 2]> {
        let [width, height] = self.size_px.map(f64::from);
        (0..=EDGE_PLACES).flat_map(move |i| {
            let t = f64::from(i) / f64::from(EDGE_PLACES);
            [[t * width, 0.0], [t * width, height], [0.0, t * height], [width, t * height]]
        })
    }
}

impl DistortionMap {
    /// The mapping of some coefficients.
    pub fn new(distortion: &Distortion) -> Self {
        let Distortion { k1, k2, k3, p1, p2 } = *distortion;
        let mut map = Self { k: [k1, k2, k3].map(f64::from), p: [p1, p2].map(f64::from), reach: WIDEST };
        map.reach = map.find_reach();
        map
    }

    /// Normalised distance from the axis up to which the mapping is one to one: everywhere in that disc the symmetric
    /// Jacobian is positive definite, and over a convex region that suffices (a strictly monotone map is one to one).
    pub fn reach(&self) -> f64 {
        self.reach
    }

    fn find_reach(&self) -> f64 {
        // Without decentring all directions are alike.
        let directions = if self.p == [0.0; 2] { 1 } else { DIRECTIONS };
        let turn = std::f64::consts::TAU / f64::from(DIRECTIONS);
        let unit: Vec<[f64; 2]> = (0..directions).map(|i| (turn * f64::from(i)).sin_cos().into()).collect();
        let holds = |r: f64| unit.iter().all(|d| self.least_stretch([d[0] * r, d[1] * r]) >= LEAST_STRETCH);
        let mut inside = 0.0;
        while inside < WIDEST && holds(inside + STEP) {
            inside += STEP;
        }
        inside.min(WIDEST)
    }

    /// The polynomial and its Jacobian, which is symmetric: ∂x′/∂x, ∂x′/∂y = ∂y′/∂x, ∂y′/∂y.
    fn polynomial(&self, [x, y]: [f64; 2]) -> ([f64; 2], [f64; 3]) {
        let ([k1, k2, k3], [p1, p2]) = (self.k, self.p);
        let r2 = x * x + y * y;
        let radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
        // Twice the derivative by r².
        let slope = 2.0 * (k1 + r2 * (2.0 * k2 + r2 * 3.0 * k3));
        let drawn = [
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ];
        let jacobian = [
            radial + x * x * slope + 2.0 * p1 * y + 6.0 * p2 * x,
            x * y * slope + 2.0 * p1 * x + 2.0 * p2 * y,
            radial + y * y * slope + 6.0 * p1 * y + 2.0 * p2 * x,
        ];
        (drawn, jacobian)
    }

    /// Smallest eigenvalue of the Jacobian: how much the picture is stretched where it is stretched least.
    fn least_stretch(&self, place: [f64; 2]) -> f64 {
        let (_, [xx, xy, yy]) = self.polynomial(place);
        (xx + yy) / 2.0 - ((xx - yy) / 2.0).hypot(xy)
    }

    /// Where the lens draws what a pinhole would draw at `ideal`; both normalised.
    pub fn distorted(&self, ideal: [f64; 2]) -> [f64; 2] {
        let away = ideal[0].hypot(ideal[1]);
        if away <= self.reach {
            return self.polynomial(ideal).0;
        }
        let rim = ideal.map(|v| v * self.reach / away);
        let (drawn, _) = self.polynomial(rim);
        [0, 1].map(|i| drawn[i] + ideal[i] - rim[i])
    }

    /// Where a pinhole would draw what the lens draws at `drawn`; both normalised. `None` where the lens draws nothing.
    pub fn ideal(&self, drawn: [f64; 2]) -> Option<[f64; 2]> {
        self.ideal_near(drawn, drawn)
    }

    /// The same, looked for from `guess` on.
    pub fn ideal_near(&self, drawn: [f64; 2], guess: [f64; 2]) -> Option<[f64; 2]> {
        let mut place = guess;
        for _ in 0..NEWTON_STEPS {
            let away = place[0].hypot(place[1]);
            if away > self.reach {
                place = place.map(|v| v * self.reach / away);
            }
            let (at, [xx, xy, yy]) = self.polynomial(place);
            let off = [at[0] - drawn[0], at[1] - drawn[1]];
            if off[0].hypot(off[1]) < 1e-13 * (1.0 + drawn[0].hypot(drawn[1])) {
                return Some(place);
            }
            let determinant = xx * yy - xy * xy;
            place[0] -= (yy * off[0] - xy * off[1]) / determinant;
            place[1] -= (xx * off[1] - xy * off[0]) / determinant;
        }
        None
    }

    /// Smallest and largest columns and rows, pixels, of what a pinhole of the same focal length would draw of all that the
    /// lens draws in a frame; or where it draws nothing.
    pub fn ideal_bounds_px(&self, frame: &PlaneFrame) -> Result<[[f64; 2]; 2], Fold> {
        let mut bounds = [[f64::MAX; 2], [f64::MIN; 2]];
        for place_px in frame.edge() {
            let drawn = frame.normalised(place_px);
            let Some(ideal) = self.ideal(drawn) else { return Err(self.fold(frame, place_px)) };
            let px = frame.pixel(ideal);
            bounds = [[0, 1].map(|i| bounds[0][i].min(px[i])), [0, 1].map(|i| bounds[1][i].max(px[i]))];
        }
        Ok(bounds)
    }

    fn fold(&self, frame: &PlaneFrame, place_px: [f64; 2]) -> Fold {
        let [x, y] = frame.normalised(place_px);
        let away = x.hypot(y);
        let rim = self.polynomial([x * self.reach / away, y * self.reach / away]).0;
        Fold {
            place_px,
            away_px: away * frame.focal_length_px,
            drawn_to_px: rim[0].hypot(rim[1]) * frame.focal_length_px,
        }
    }
}

/// Fails where a camera's lens does not draw all of its sensor. `key` names the table of the distortion.
pub(crate) fn check_fills(key: &str, mount: &CameraMount, sensor: &Sensor) -> Result<(), ValueFault> {
    let Some(distortion) = mount.lens.distortion else { return Ok(()) };
    let frame = PlaneFrame::of(mount, sensor);
    let fills = |distortion: &Distortion| DistortionMap::new(distortion).ideal_bounds_px(&frame);
    let Err(fold) = fills(&distortion) else { return Ok(()) };
    // The largest hundredth of these coefficients that does.
    let scaled = |hundredths: u8| distortion.scaled(f32::from(hundredths) / 100.0);
    let most = (0..100).rev().find(|&hundredths| fills(&scaled(hundredths)).is_ok()).unwrap_or(0);
    let Distortion { k1, k2, k3, p1, p2 } = scaled(most);
    Err(ValueFault::new(
        key,
        format!("camera \"{}\": {fold}", mount.id),
        format!(
            "coefficients {} of these fill the frame: k1 = {k1:.4}, k2 = {k2:.4}, k3 = {k3:.4}, p1 = {p1:.4}, p2 = {p2:.4}; or take a longer focal length or a smaller sensor",
            f32::from(most) / 100.0
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Distortion = Distortion { k1: -0.25, k2: 0.06, k3: -0.005, p1: 0.001, p2: -0.002 };
    const FRAME: PlaneFrame =
        PlaneFrame { focal_length_px: 1400.0, principal_point_px: [960.0, 600.0], size_px: [1920, 1200] };

    #[test]
    fn mapping_and_inverse_agree_to_a_millionth_of_a_pixel_over_the_frame() {
        let pincushion = Distortion { k1: 0.15, k2: -0.02, k3: 0.004, p1: -0.002, p2: 0.001 };
        for distortion in [WIDE, pincushion] {
            let map = DistortionMap::new(&distortion);
            for y in (0..=1200).step_by(40) {
                for x in (0..=1920).step_by(40) {
                    let px = [f64::from(x), f64::from(y)];
                    let ideal = map.ideal(FRAME.normalised(px)).expect("within reach");
                    let back = FRAME.pixel(map.distorted(ideal));
                    let off = (back[0] - px[0]).hypot(back[1] - px[1]);
                    assert!(off < 1e-6, "{off} px at ({x}, {y})");
                }
            }
        }
    }

    #[test]
    fn a_straight_line_bends_by_the_predicted_sag() {
        // The line y = h, of half length a, drawn by k₁ alone: its middle at h (1 + k₁h²), its ends at h (1 + k₁(a² + h²)):
        // a sag of k₁ h a² against the chord.
        let (k1, h, a) = (-0.2f32, 0.3, 0.4);
        let map = DistortionMap::new(&Distortion { k1, ..Distortion::default() });
        let [end, middle] = [a, 0.0].map(|x| map.distorted([x, h])[1]);
        let sag_px = (end - middle) * FRAME.focal_length_px;
        let predicted_px = f64::from(k1) * h * a * a * FRAME.focal_length_px;
        assert!((sag_px - predicted_px).abs() < 1e-6, "{sag_px} px, not {predicted_px}");
        assert!(sag_px < -10.0, "a barrel draws the ends nearer to the axis");
    }

    #[test]
    fn decentring_moves_as_brown_says() {
        // On the x axis: x′ − x = 3 p₂ x², y′ = p₁ x².
        let map = DistortionMap::new(&Distortion { p1: 0.01, p2: 0.02, ..Distortion::default() });
        let [x, y] = map.distorted([0.5, 0.0]);
        assert!((x - 0.5 - 3.0 * 0.02 * 0.25).abs() < 1e-7 && (y - 0.01 * 0.25).abs() < 1e-7, "{x} {y}");
    }

    #[test]
    fn what_lies_beyond_the_reach_is_never_drawn_into_the_picture() {
        let map = DistortionMap::new(&Distortion { k1: -0.3, ..Distortion::default() });
        // 1 − 0.9 r² falls to the least stretch at r = 1.
        assert!((map.reach() - 1.0).abs() < 0.011, "{}", map.reach());
        let mut last = 0.0;
        for i in 0..400 {
            let [x, _] = map.distorted([f64::from(i) * 0.02, 0.0]);
            assert!(i == 0 || x > last, "{x} after {last}");
            last = x;
        }
        assert_eq!(map.ideal([0.75, 0.0]), None);
    }

    #[test]
    fn without_coefficients_nothing_moves() {
        let map = DistortionMap::new(&Distortion::default());
        assert_eq!(map.distorted([0.3, -0.7]), [0.3, -0.7]);
        assert_eq!(map.ideal([0.3, -0.7]), Some([0.3, -0.7]));
    }
}
