//! Air that is not clean: what it takes from the light on its way to a camera, and what it scatters into it.
//!
//! Extinction is the same in all bands: droplets, rain and coarse dust are many wavelengths wide. From a visibility V it is
//! −ln 0.05 ÷ V (H. Koschmieder 1924, with the 5 % of WMO-No. 8), from a rain rate R in mm/h 1.076·R^0.67 dB/km
//! (ITU-R P.1814, §5, after Carbonneau and Wisely 1998).
//!
//! Light is scattered once (more would fill shadows; over a lane's metres the optical depth is below one). What scatters:
//! the mean radiance of sky and ground at the place, below the roof and away from it, as if it came evenly from all round
//! (assumption: in fog it does); the sun, where the roof does not shade the air; lamps. Shadows of vehicle, booth and
//! poles in the air are left out (assumption), and so is fog in the cabin: windows keep it out. Lamps light surfaces as in
//! clean air (assumption: what leaves a beam mostly goes forward and arrives as well; with an extinction of β(1 − g), 5 m of
//! fog of 50 m would take 4 %, where without all scattered light it would be 26 %).
//!
//! Phase functions have two terms of Henyey and Greenstein (1941): one forward, and a small backward one, because a single
//! one gives water a fifteenth of the backscatter that lidars find. Water has a mean cosine of 0.85 (J. Hansen and
//! L. Travis, Space Sci. Rev. 16, 1974, clouds) and dust 0.67, albedo 0.92 in the blue to 0.97 in the infrared (after
//! O. Dubovik et al., J. Atmos. Sci. 59, 2002, Solar Village, rounded). The backward terms are assumptions: they bring the
//! lidar ratio of water to 38 sr, of clouds measured 18 sr in the glory itself (E. O'Connor et al., J. Atmos. Oceanic
//! Technol. 21, 2004), and that of dust to 60 sr (Saharan dust measured about 55 sr).
use std::f32::consts::PI;

use glam::Vec3;
use laneproof_scenes::{
    catalogue::{Canopy, Weather},
    infrared::Infrared,
};

use crate::lamp::LampSource;

/// Contrast that is left at the meteorological optical range.
const CONTRAST_AT_RANGE: f32 = 0.05;
/// Places at which a lamp's light is gathered along a ray, evenly in the angle at the lamp (C. Kulla and M. Fajardo,
/// Computer Graphics Forum 31, 2012).
const LAMP_STEPS: u32 = 12;
/// The same where a beam has a cut-off, most of them near it.
const CUT_OFF_STEPS: u32 = 64;
/// How near to a cut-off, as a tangent, steps are even.
const CUT_OFF_EVEN: f32 = 0.01;

/// Extinction of air of a meteorological optical range, m⁻¹.
pub fn extinction_of_visibility_per_m(visibility_m: f32) -> f32 {
    -CONTRAST_AT_RANGE.ln() / visibility_m
}

/// Extinction of rain, m⁻¹.
pub fn extinction_of_rain_per_m(rain_mm_per_h: f32) -> f32 {
    const DECIBELS: f32 = 4.342_945;
    1.076 * rain_mm_per_h.max(0.0).powf(0.67) / DECIBELS * 1e-3
}

/// How particles scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Particles {
    extinction_per_m: f32,
    /// Share of the extinction that is scattering, per band.
    albedo: [f32; 3],
    /// Asymmetry of the forward and of the backward term.
    asymmetry: [f32; 2],
    /// Share of the backward term.
    backward: f32,
}

/// Henyey and Greenstein's phase function, sr⁻¹; `cosine` is that of the angle of deflection.
fn henyey_greenstein(asymmetry: f32, cosine: f32) -> f32 {
    let g2 = asymmetry * asymmetry;
    (1.0 - g2) / (4.0 * PI * (1.0 + g2 - 2.0 * asymmetry * cosine).max(1e-6).powf(1.5))
}

impl Particles {
    fn water(extinction_per_m: f32) -> Self {
        Self { extinction_per_m, albedo: [1.0; 3], asymmetry: [0.895, -0.6], backward: 0.03 }
    }

    fn dust(extinction_per_m: f32, band: Option<Infrared>) -> Self {
        let albedo = band.map_or([0.96, 0.94, 0.92], |_| [0.97; 3]);
        Self { extinction_per_m, albedo, asymmetry: [0.694, -0.5], backward: 0.02 }
    }

    fn phase_per_sr(&self, cosine: f32) -> f32 {
        let [forward, back] = self.asymmetry.map(|g| henyey_greenstein(g, cosine));
        forward + (back - forward) * self.backward
    }

    fn mean_cosine(&self) -> f32 {
        let [forward, back] = self.asymmetry;
        forward + (back - forward) * self.backward
    }
}

/// The air over a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Air {
    particles: Vec<Particles>,
    extinction_per_m: f32,
    depth_m: f32,
}

/// What lights the air of a lane besides its lamps.
#[derive(Debug, Clone, PartialEq)]
pub struct AirLight {
    /// Mean radiance from all round, away from the roof and below it, W·m⁻²·sr⁻¹ per band.
    pub open: [f32; 3],
    /// The same below the roof.
    pub sheltered: [f32; 3],
    /// Direction towards the sun and its normal irradiance, W·m⁻² per band.
    pub sun: Option<(Vec3, [f32; 3])>,
    /// What keeps sky and sun from the air.
    pub roof: Option<Canopy>,
}

/// A stretch of a ray through air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AirPath {
    /// Where the ray starts (the camera), metres.
    pub from_m: Vec3,
    /// Unit vector along it.
    pub direction: Vec3,
    /// Where the stretch begins and ends, metres from the start.
    pub stretch_m: [f32; 2],
}

/// The part of a ray, metres from its start, in which `low ≤ at + per_m · distance ≤ high` for all of these; empty where the
/// end is not beyond the beginning.
fn inside(slabs: [(f32, f32, f32, f32); 3], [mut begin, mut end]: [f32; 2]) -> [f32; 2] {
    for (at, per_m, low, high) in slabs {
        if per_m.abs() < 1e-9 {
            if !(low..=high).contains(&at) {
                return [begin, begin];
            }
            continue;
        }
        let (a, b) = ((low - at) / per_m, (high - at) / per_m);
        (begin, end) = (begin.max(a.min(b)), end.min(a.max(b)));
    }
    [begin, end.max(begin)]
}

impl Air {
    /// The air of a weather as a camera of a band (`None`: the visible) sees it.
    pub fn of(weather: &Weather, band: Option<Infrared>) -> Self {
        let fog = weather.fog_visibility_m.map(extinction_of_visibility_per_m).map(Particles::water);
        let rain = weather.rain_mm_per_h.map(extinction_of_rain_per_m).map(Particles::water);
        let dust = weather.dust_visibility_m.map(extinction_of_visibility_per_m).map(|e| Particles::dust(e, band));
        let particles: Vec<Particles> = [fog, rain, dust].into_iter().flatten().collect();
        let extinction_per_m = particles.iter().map(|p| p.extinction_per_m).sum();
        Self { particles, extinction_per_m, depth_m: weather.depth_m }
    }

    /// Extinction, m⁻¹.
    pub fn extinction_per_m(&self) -> f32 {
        self.extinction_per_m
    }

    /// Share of light that passes a way, metres; it may be infinite.
    pub fn passes(&self, way_m: f32) -> f32 {
        // A ray that never ends has no finite depth in clean air.
        if self.extinction_per_m > 0.0 { (-self.extinction_per_m * way_m).exp() } else { 1.0 }
    }

    /// Shares of sunlight from a height (its sine) that arrive below the air: direct, and with what is scattered forward.
    ///
    /// The second is that of a layer that absorbs nothing, 2 ÷ (2 + τ(1 − g)) (C. Bohren, Am. J. Phys. 55, 1987).
    pub fn passes_from_above(&self, sine: f32) -> [f32; 2] {
        let direct = self.passes(self.depth_m / sine.max(1e-3));
        let isotropic: f32 =
            self.particles.iter().map(|p| p.extinction_per_m * self.depth_m * (1.0 - p.mean_cosine())).sum();
        [direct, (2.0 / (2.0 + isotropic)).max(direct)]
    }

    /// How far a ray runs in this air before it leaves it upwards, metres.
    pub fn ends_m(&self, from_m: Vec3, direction: Vec3) -> f32 {
        let rise_m = (self.depth_m - from_m.y).max(0.0);
        if direction.y > 1e-6 { rise_m / direction.y } else { f32::INFINITY }
    }

    /// Scattering of light that is deflected by an angle (its cosine), m⁻¹·sr⁻¹ per band.
    fn scattering(&self, cosine: f32) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for p in &self.particles {
            let share = p.extinction_per_m * p.phase_per_sr(cosine);
            sum = std::array::from_fn(|band| sum[band] + share * p.albedo[band]);
        }
        sum
    }

    /// What a stretch adds of sky, ground and sun, as it arrives at the ray's start, W·m⁻²·sr⁻¹ per band.
    pub fn airlight(&self, path: &AirPath, light: &AirLight) -> [f32; 3] {
        let AirPath { from_m, direction, stretch_m: [near, far] } = *path;
        if self.extinction_per_m <= 0.0 || far <= near {
            return [0.0; 3];
        }
        let weight = |[begin, end]: [f32; 2]| self.passes(begin) - self.passes(end);
        let all = weight([near, far]);
        let shaded = |towards: Vec3| {
            let Some(Canopy { height_m, from_z_m, to_z_m, half_width_m, .. }) = light.roof else { return 0.0 };
            // Where the way towards the light meets the roof, as a line along the ray.
            let slope = towards / towards.y;
            let line =
                |at: f32, along: f32, slope: f32| (at + slope * (height_m - from_m.y), along - slope * direction.y);
            let (x, z) = (line(from_m.x, direction.x, slope.x), line(from_m.z, direction.z, slope.z));
            let slabs = [
                (x.0, x.1, -half_width_m, half_width_m),
                (z.0, z.1, from_z_m, to_z_m),
                (from_m.y, direction.y, f32::MIN, height_m),
            ];
            weight(inside(slabs, [near, far]))
        };
        let below = shaded(Vec3::Y);
        let mut albedo = [0.0; 3];
        for p in &self.particles {
            let share = p.extinction_per_m / self.extinction_per_m;
            albedo = std::array::from_fn(|band| albedo[band] + share * p.albedo[band]);
        }
        let mut sum: [f32; 3] = std::array::from_fn(|band| {
            albedo[band] * ((all - below) * light.open[band] + below * light.sheltered[band])
        });
        if let Some((towards, irradiance)) = light.sun.filter(|(towards, _)| towards.y > 1e-3) {
            let sunlit = (all - shaded(towards)) / self.extinction_per_m;
            let scattering = self.scattering(direction.dot(towards));
            sum = std::array::from_fn(|band| sum[band] + scattering[band] * irradiance[band] * sunlit);
        }
        sum
    }

    /// What a stretch scatters of a lamp's beam towards the ray's start, W·m⁻²·sr⁻¹ per band.
    pub fn lamplight(&self, path: &AirPath, lamp: &LampSource) -> [f32; 3] {
        let AirPath { from_m, direction, stretch_m: [near, far] } = *path;
        if self.extinction_per_m <= 0.0 || far <= near {
            return [0.0; 3];
        }
        let along_m = (lamp.position_m - from_m).dot(direction);
        // A ray through the lamp itself passes beside its middle.
        let foot_m = from_m + direction * along_m - lamp.position_m;
        let aside_m = foot_m.length().max(lamp.radius_m).max(1e-3);
        let angle = |distance_m: f32| ((distance_m - along_m) / aside_m).atan();
        let (mut first, mut last) = (angle(near), angle(far));
        // Only what lies in the beam counts: cos of the angle from its axis is R·cos(φ − ψ).
        let end = lamp.end_cosine();
        if foot_m.length() >= aside_m && end >= 0.0 {
            let (across, along) = (lamp.axis.dot(foot_m / aside_m), lamp.axis.dot(direction));
            let most = across.hypot(along);
            if most <= end {
                return [0.0; 3];
            }
            let (middle, half) = (along.atan2(across), (end / most).acos());
            (first, last) = (first.max(middle - half), last.min(middle + half));
            if last <= first {
                return [0.0; 3];
            }
        }
        if let Some(turned) = &lamp.pattern {
            // Angles φ from where the plane of lamp and ray crosses the cut-off: an even width of it, then wider and wider, by
            // φ = φ₀ + w·sinh u.
            let up = turned.right.cross(lamp.axis) - turned.pattern.cut * lamp.axis;
            let (across, along) = (up.dot(foot_m / aside_m), up.dot(direction));
            let (crossing, width) = ((-across).atan2(along), CUT_OFF_EVEN / across.hypot(along).max(CUT_OFF_EVEN));
            let crossing = crossing - std::f32::consts::PI * (crossing / std::f32::consts::PI).round();
            let [from, to] = [first, last].map(|angle| ((angle - crossing) / width).asinh());
            let step = (to - from) / CUT_OFF_STEPS as f32;
            return self.scattered_from(path, lamp, [along_m, aside_m], CUT_OFF_STEPS, |k| {
                let u = from + (k as f32 + 0.5) * step;
                (crossing + width * u.sinh(), width * u.cosh() * step)
            });
        }
        let step = (last - first) / LAMP_STEPS as f32;
        self.scattered_from(path, lamp, [along_m, aside_m], LAMP_STEPS, |k| (first + (k as f32 + 0.5) * step, step))
    }

    /// The sum over steps, each with its angle as seen from a lamp and its width, radians; the foot of the lamp on the ray lies
    /// `along_m` from its start and `aside_m` from the lamp.
    fn scattered_from(
        &self,
        &AirPath { from_m, direction, .. }: &AirPath,
        lamp: &LampSource,
        [along_m, aside_m]: [f32; 2],
        steps: u32,
        at: impl Fn(u32) -> (f32, f32),
    ) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for k in 0..steps {
            let (angle, step) = at(k);
            let distance_m = along_m + aside_m * angle.tan();
            let way = from_m + direction * distance_m - lamp.position_m;
            let way_m = way.length().max(1e-3);
            let share = lamp.share(way / way_m);
            if share > 0.0 {
                // ds ÷ way² = dφ ÷ aside.
                let arrives = share * self.passes(distance_m + way_m) * step / aside_m;
                let scattering = self.scattering(-direction.dot(way / way_m));
                sum = std::array::from_fn(|band| sum[band] + lamp.intensity[band] * scattering[band] * arrives);
            }
        }
        sum
    }
}

#[cfg(test)]
#[path = "air_tests.rs"]
mod tests;
