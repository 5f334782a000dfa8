//! Sun and sky over a lane: direct and diffuse illuminance of the IES, luminance distribution of the CIE, in the
//! camera's bands.
//!
//! Sources: direct normal and diffuse horizontal illuminance IES RP-21-84 *Calculation of Daylight Availability*
//! (also IESNA Lighting Handbook, 9th ed., ch. 8); air mass F. Kasten and A. T. Young, Applied Optics 28 (1989) 4735;
//! luminance distribution CIE S 011/E:2003 (ISO 15469:2004), types 1 and 12. Colour temperatures: assumption,
//! 5,500 K for the direct beam, 12,000 K for clear and 6,500 K for overcast skies, one for the whole sky.
use std::f32::consts::{PI, TAU};

use glam::Vec3;
use laneproof_scenes::{
    catalogue::{Daylight, Sky},
    infrared::{Infrared, Material},
    truth::Role,
};

use crate::{
    air::Air,
    sh::{self, IrradianceSh9},
    shelter::Shelter,
    spectrum::Spectrum,
    sun::{self, SunError, SunPosition},
};

/// Illuminance of sunlight outside the atmosphere at the mean distance, lux (IES RP-21).
const SOLAR_ILLUMINANCE_CONSTANT_LUX: f64 = 127_500.0;
/// Reflectance of the ground when the lane names none: worn asphalt (assumption).
const GROUND_REFLECTANCE: f32 = 0.12;
/// Reflectance of the ground that the formulas of daylight were measured over (assumption: grass and towns).
const MEASURED_OVER: f32 = 0.2;
/// Illuminance of a night without moon and towns, lux (assumption: starlight and airglow give 0.001 to 0.002).
const NIGHT_LUX: f64 = 0.001;
/// Colour temperature of the direct beam, kelvin (assumption).
const SUN_CCT_K: f64 = 5_500.0;

/// Numbers of one CIE standard general sky and the IES daylight formulas that go with it.
#[derive(Debug, Clone, Copy)]
struct SkyKind {
    /// Gradation parameters a, b and indicatrix parameters c, d, e (CIE S 011 table 1).
    gradation: [f64; 2],
    indicatrix: [f64; 3],
    /// Diffuse horizontal illuminance A + B·sinᶜ(h): A and B in lux, C (IES RP-21).
    diffuse: [f64; 3],
    /// Optical extinction coefficient of the direct beam; `None` without sun (IES RP-21).
    extinction: Option<f64>,
    cct_k: f64,
    /// Share of the light from below that the sky sends back: 0.0685 of a clear one (Bird and Hulstrom 1981), 0.6 of an overcast
    /// one (assumption: a layer of stratus).
    reflectance_from_below: f32,
}

impl SkyKind {
    fn of(sky: Sky) -> Self {
        match sky {
            Sky::Clear => Self {
                gradation: [-1.0, -0.32],
                indicatrix: [10.0, -3.0, 0.45],
                diffuse: [800.0, 15_500.0, 0.5],
                extinction: Some(0.21),
                cct_k: 12_000.0,
                reflectance_from_below: 0.0685,
            },
            Sky::Overcast => Self {
                gradation: [4.0, -0.70],
                indicatrix: [0.0, -1.0, 0.0],
                diffuse: [300.0, 21_000.0, 1.0],
                extinction: None,
                cct_k: 6_500.0,
                reflectance_from_below: 0.6,
            },
        }
    }

    /// φ(Z) of CIE S 011.
    fn gradation(&self, cos_zenith: f64) -> f64 {
        let [a, b] = self.gradation;
        if cos_zenith <= 1e-4 { 1.0 } else { 1.0 + a * (b / cos_zenith).exp() }
    }

    /// f(χ) of CIE S 011.
    fn indicatrix(&self, cos_from_sun: f64) -> f64 {
        let [c, d, e] = self.indicatrix;
        if c == 0.0 && e == 0.0 {
            return 1.0;
        }
        let chi = cos_from_sun.clamp(-1.0, 1.0).acos();
        1.0 + c * ((d * chi).exp() - (d * std::f64::consts::FRAC_PI_2).exp()) + e * chi.cos().powi(2)
    }
}

/// Power behind a band-pass filter of 50 nm at 850 and at 940 nm as a share of that in the red band, 600 to 700 nm: of the
/// direct beam, and of a clear sky, which is blue. After the shape of the reference spectra of ASTM G173-03, rounded: at 940
/// nm water vapour takes half (assumption: it varies with the weather). Under clouds both have the sun's.
const SUN_OF_RED: [f32; 2] = [0.32, 0.16];
const CLEAR_SKY_OF_RED: [f32; 2] = [0.18, 0.08];

/// Daylight over a lane. The direct beam and the sky are apart: no radiance below includes the sun's disc.
#[derive(Debug, Clone)]
pub struct DaylightModel {
    /// Unit vector towards the sun, world frame.
    pub sun_direction: Vec3,
    /// Where the sun stands.
    pub sun: SunPosition,
    /// Irradiance of the direct beam on a plane facing the sun, W·m⁻² per band; 0 under an overcast sky.
    pub sun_normal_irradiance: [f32; 3],
    /// The same above fog and dust.
    pub sun_above_air: [f32; 3],
    /// Irradiance of the sky alone on the horizontal, W·m⁻² per band.
    pub sky_horizontal_irradiance: [f32; 3],
    /// Diffuse horizontal illuminance, lux.
    pub diffuse_horizontal_lux: f32,
    /// Direct normal illuminance, lux.
    pub direct_normal_lux: f32,
    /// Reflectance of the ground that is seen below the horizon, per band.
    pub ground_reflectance: [f32; 3],
    /// The same below a roof, where no snow falls.
    roofed_reflectance: [f32; 3],
    shelter: Option<Shelter>,
    /// Radiance of the roof's underside, W·m⁻²·sr⁻¹ per band.
    underside_radiance: [f32; 3],
    kind: SkyKind,
    /// Radiance per band for relative luminance 1 (CIE's f·φ, not divided by the zenith's).
    unit_radiance: [f32; 3],
}

impl DaylightModel {
    /// Daylight of a catalogue entry over a lane whose direction of travel has this compass bearing (degrees clockwise
    /// from north). The ground is asphalt until [`Self::with_ground_reflectance`] says otherwise.
    pub fn new(daylight: &Daylight, bearing_deg: f64) -> Result<Self, SunError> {
        let sun = sun::position(daylight.latitude_deg, daylight.longitude_deg, &daylight.time)?;
        Ok(Self::from_sun(sun, bearing_deg, daylight.sky))
    }

    /// Daylight for a sun position; below the horizon twilight, and then a night without a moon.
    pub fn from_sun(sun: SunPosition, bearing_deg: f64, sky: Sky) -> Self {
        let kind = SkyKind::of(sky);
        let sun_direction = sun.direction(bearing_deg);
        let sin_h = sun.elevation_deg.to_radians().sin().max(0.0);
        // Orbital eccentricity (IES RP-21).
        let distance_factor = 1.0 + 0.034 * (std::f64::consts::TAU / 365.0 * (f64::from(sun.day_of_year) - 2.0)).cos();
        let direct_normal_lux = kind.extinction.filter(|_| sun.elevation_deg > 0.0).map_or(0.0, |c| {
            SOLAR_ILLUMINANCE_CONSTANT_LUX * distance_factor * (-c * air_mass(sun.elevation_deg)).exp()
        });
        let [a, b, c] = kind.diffuse;
        let diffuse_horizontal_lux = (a + b * sin_h.powf(c)) * twilight_share(sun.elevation_deg);

        let sky_watts_per_lumen = Spectrum::daylight(kind.cct_k).watts_per_lumen();
        let zenith_scale = diffuse_horizontal_lux / horizontal_integral(&kind, sun_direction);
        let sun_normal_irradiance =
            Spectrum::daylight(SUN_CCT_K).watts_per_lumen().map(|w| w * direct_normal_lux as f32);
        Self {
            sun_direction,
            sun,
            sun_normal_irradiance,
            sun_above_air: sun_normal_irradiance,
            sky_horizontal_irradiance: sky_watts_per_lumen.map(|w| w * diffuse_horizontal_lux as f32),
            diffuse_horizontal_lux: diffuse_horizontal_lux as f32,
            direct_normal_lux: direct_normal_lux as f32,
            ground_reflectance: [GROUND_REFLECTANCE; 3],
            roofed_reflectance: [GROUND_REFLECTANCE; 3],
            shelter: None,
            underside_radiance: [0.0; 3],
            kind,
            unit_radiance: sky_watts_per_lumen.map(|w| w * zenith_scale as f32),
        }
    }

    /// The same light over a grey ground of this reflectance, 0..1.
    pub fn with_ground_reflectance(mut self, reflectance: f32) -> Self {
        self.ground_reflectance = [reflectance; 3];
        self.roofed_reflectance = self.ground_reflectance;
        self
    }

    /// The same light where snow of this reflectance, 0..1, lies on all ground that no roof covers. It throws light back at the
    /// sky, which throws some of that down again: by the sum of the series, the light on the ground grows by (1 − ρ₀·r) ÷
    /// (1 − ρ·r), where r is what the sky reflects from below, ρ what the ground does, and ρ₀ what the formulas for daylight
    /// were measured over. What is added comes from the whole sky as its own light does. (R. E. Bird and R. L. Hulstrom, *A
    /// Simplified Clear Sky Model for Direct and Diffuse Insolation on Horizontal Surfaces*, SERI/TR-642-761, 1981, for ρ and r.)
    /// Call it before [`Self::in_band`].
    pub fn over_snow(mut self, reflectance: f32) -> Self {
        self.ground_reflectance = [reflectance; 3];
        let sky = self.kind.reflectance_from_below;
        let gain = (1.0 - MEASURED_OVER * sky) / (1.0 - reflectance * sky);
        let on_ground = self.horizontal_irradiance();
        let direct_lux = self.direct_normal_lux * self.sun_direction.y.max(0.0);
        self.diffuse_horizontal_lux += (gain - 1.0) * (direct_lux + self.diffuse_horizontal_lux);
        for (band, on_ground) in on_ground.into_iter().enumerate() {
            let before = self.sky_horizontal_irradiance[band];
            if before > 0.0 {
                let grown = 1.0 + (gain - 1.0) * on_ground / before;
                self.sky_horizontal_irradiance[band] *= grown;
                self.unit_radiance[band] *= grown;
            }
        }
        self
    }

    /// The same light in a near-infrared band, the same in all three channels. Call it before a roof is put over the light.
    pub fn in_band(mut self, band: Infrared) -> Self {
        let index = Infrared::ALL.iter().position(|b| *b == band).unwrap_or(0);
        let (sun, sky) =
            (SUN_OF_RED[index], if self.direct_normal_lux > 0.0 { CLEAR_SKY_OF_RED } else { SUN_OF_RED }[index]);
        self.sun_normal_irradiance = [self.sun_normal_irradiance[0] * sun; 3];
        self.sun_above_air = self.sun_normal_irradiance;
        self.sky_horizontal_irradiance = [self.sky_horizontal_irradiance[0] * sky; 3];
        self.unit_radiance = [self.unit_radiance[0] * sky; 3];
        for reflectance in [&mut self.ground_reflectance, &mut self.roofed_reflectance] {
            *reflectance = [Material::of(Role::Ground, *reflectance).reflectance(band, *reflectance); 3];
        }
        self
    }

    /// The same light below air that is not clean; call it after [`Self::in_band`] and before a roof is put over the light.
    ///
    /// Under a clear sky the air dims the sun and turns what it takes from it into skylight, less what it sends back to space;
    /// the sky keeps the pattern of a clear one (assumption). An overcast sky's light is that measured on the ground under
    /// clouds, whatever hangs below these.
    pub fn in_air(mut self, air: &Air) -> Self {
        if self.sun_normal_irradiance == [0.0; 3] {
            return self;
        }
        let sine = self.sun_direction.y.max(0.0);
        let [direct, total] = air.passes_from_above(sine);
        for band in 0..3 {
            let sky = self.sky_horizontal_irradiance[band];
            let scattered = self.sun_normal_irradiance[band] * sine * (total - direct);
            let gain = total + if sky > 0.0 { scattered / sky } else { 0.0 };
            self.sky_horizontal_irradiance[band] *= gain;
            self.unit_radiance[band] *= gain;
            self.sun_normal_irradiance[band] *= direct;
        }
        self
    }

    /// The same light below a roof, at the shelter's place.
    pub fn below(mut self, shelter: Shelter) -> Self {
        self.shelter = Some(shelter);
        // What the underside reflects above the place: the ground below it, shade and sunlight as they lie, by summing
        // cos θ over the lower hemisphere.
        let (rings, sectors) = (32, 64);
        let mut irradiance = [0.0_f32; 3];
        for ring in 0..rings {
            let theta = (ring as f32 + 0.5) / rings as f32 * std::f32::consts::FRAC_PI_2;
            let weight =
                theta.sin() * theta.cos() * (std::f32::consts::FRAC_PI_2 / rings as f32) * (TAU / sectors as f32);
            for sector in 0..sectors {
                let phi = (sector as f32 + 0.5) / sectors as f32 * TAU;
                let down = Vec3::new(theta.sin() * phi.sin(), -theta.cos(), theta.sin() * phi.cos());
                let ground = self.ground_radiance(shelter.ground_below_roof_m(down));
                for (sum, radiance) in irradiance.iter_mut().zip(ground) {
                    *sum += radiance * weight;
                }
            }
        }
        self.underside_radiance = irradiance.map(|e| e * shelter.reflectance() / PI);
        self
    }

    /// The same light without a roof.
    pub fn in_the_open(mut self) -> Self {
        self.shelter = None;
        self
    }

    /// Whether a roof stands above a place.
    pub fn is_below_roof(&self, place_m: Vec3) -> bool {
        self.shelter.is_some_and(|s| s.covers(place_m, Vec3::Y))
    }

    /// Direction towards the sun and its normal irradiance, unless it is overcast or a roof hides it from the place.
    pub fn sun_at_place(&self) -> Option<(Vec3, [f32; 3])> {
        let hidden = self.shelter.is_some_and(|s| s.hides(self.sun_direction));
        (self.sun_normal_irradiance != [0.0; 3] && !hidden).then_some((self.sun_direction, self.sun_normal_irradiance))
    }

    /// Radiance of the ground at a point, Lambertian: sunlit or in a roof's shadow, and below a roof under half the sky
    /// (assumption).
    fn ground_radiance(&self, point_m: Vec3) -> [f32; 3] {
        let sunlit = !self.shelter.is_some_and(|s| s.covers(point_m, self.sun_direction));
        let roofed = self.shelter.is_some_and(|s| s.covers(point_m, Vec3::Y));
        let (sky_share, reflectance) =
            if roofed { (0.5, self.roofed_reflectance) } else { (1.0, self.ground_reflectance) };
        let sin_h = if sunlit { self.sun_direction.y.max(0.0) } else { 0.0 };
        std::array::from_fn(|i| {
            let irradiance = self.sun_normal_irradiance[i] * sin_h + self.sky_horizontal_irradiance[i] * sky_share;
            reflectance[i] * irradiance / PI
        })
    }

    /// Luminance at the zenith, cd·m⁻².
    pub fn zenith_luminance_cd_m2(&self) -> f32 {
        let scale = f64::from(self.diffuse_horizontal_lux) / horizontal_integral(&self.kind, self.sun_direction);
        (scale * self.kind.gradation(1.0) * self.kind.indicatrix(f64::from(self.sun_direction.y))) as f32
    }

    /// Irradiance on open horizontal ground, sun and sky, W·m⁻² per band.
    pub fn horizontal_irradiance(&self) -> [f32; 3] {
        let sin_h = self.sun_direction.y.max(0.0);
        std::array::from_fn(|i| self.sun_normal_irradiance[i] * sin_h + self.sky_horizontal_irradiance[i])
    }

    /// Radiance of the sky in a world direction (unit vector), or below the horizon of the open, sunlit ground, taken as
    /// Lambertian; W·m⁻²·sr⁻¹ per band. Without the sun's disc.
    pub fn sky_radiance(&self, direction: Vec3) -> [f32; 3] {
        if let Some(shelter) = &self.shelter {
            if direction.y < 0.0 {
                return self.ground_radiance(shelter.ground_m(direction));
            }
            if shelter.hides(direction) {
                return self.underside_radiance;
            }
        } else if direction.y < 0.0 {
            return self.open_ground_radiance();
        }
        self.open_sky_radiance(direction)
    }

    /// Radiance of open, sunlit ground, taken as Lambertian, W·m⁻²·sr⁻¹ per band.
    pub fn open_ground_radiance(&self) -> [f32; 3] {
        let ground = self.horizontal_irradiance();
        std::array::from_fn(|i| self.ground_reflectance[i] * ground[i] / PI)
    }

    /// Radiance of the sky above any roof in a world direction (unit vector) over the horizon, W·m⁻²·sr⁻¹ per band.
    pub fn open_sky_radiance(&self, direction: Vec3) -> [f32; 3] {
        let relative = self.kind.gradation(f64::from(direction.y))
            * self.kind.indicatrix(f64::from(direction.dot(self.sun_direction)));
        self.unit_radiance.map(|u| u * relative as f32)
    }

    /// Irradiance of sky and ground (not of the direct sun) as spherical harmonics; see [`sh::irradiance`].
    pub fn irradiance_sh9(&self) -> IrradianceSh9 {
        SkyTable::new(self, 128, 64).irradiance_sh9()
    }
}

/// Horizontal illuminance under a clear sky with the sun this far below the horizon, as a share of that at sunset; 1 while it
/// is up.
///
/// P. K. Seidelmann (ed.), *Explanatory Supplement to the Astronomical Almanac*, 1992, §9.3: log10 of lux as cubics of
/// elevation ÷ 90°. Below −18° stars and airglow are left: [`NIGHT_LUX`].
fn twilight_share(elevation_deg: f64) -> f64 {
    if elevation_deg >= 0.0 {
        return 1.0;
    }
    let cubic = |[a, b, c, d]: [f64; 4]| {
        let x = elevation_deg / 90.0;
        10f64.powf(a + x * (b + x * (c + x * d)))
    };
    let lux = match elevation_deg {
        h if h >= -0.8 => cubic([2.88, 22.26, -207.64, 1034.30]),
        h if h >= -5.0 => cubic([2.88, 21.81, -258.11, -858.36]),
        h if h >= -12.0 => cubic([2.70, 12.17, -431.69, -1899.83]),
        h if h >= -18.0 => cubic([13.84, 262.72, 1447.42, 2797.93]),
        _ => 0.0,
    };
    lux.max(NIGHT_LUX) / 10f64.powf(2.88)
}

/// Relative air mass at an apparent elevation in degrees (Kasten and Young 1989).
pub fn air_mass(elevation_deg: f64) -> f64 {
    1.0 / (elevation_deg.to_radians().sin() + 0.505_72 * (elevation_deg + 6.079_95).powf(-1.636_4))
}

/// ∫ f·φ·cos Z dΩ over the upper hemisphere, by the midpoint rule in sin² Z and azimuth (each cell weighs the same).
fn horizontal_integral(kind: &SkyKind, sun_direction: Vec3) -> f64 {
    const RINGS: u32 = 96;
    const SECTORS: u32 = 128;
    let sun = sun_direction.as_dvec3();
    let mut sum = 0.0;
    for ring in 0..RINGS {
        let sin2 = (f64::from(ring) + 0.5) / f64::from(RINGS);
        let (sin, cos) = (sin2.sqrt(), (1.0 - sin2).sqrt());
        let gradation = kind.gradation(cos);
        for sector in 0..SECTORS {
            let azimuth = (f64::from(sector) + 0.5) / f64::from(SECTORS) * std::f64::consts::TAU;
            let direction = glam::DVec3::new(sin * azimuth.sin(), cos, sin * azimuth.cos());
            sum += gradation * kind.indicatrix(direction.dot(sun));
        }
    }
    std::f64::consts::PI * sum / f64::from(RINGS * SECTORS)
}

/// Radiance all round as an equirectangular picture, as the renderer uploads it.
///
/// Row 0 is the zenith: v = acos(y)/π. Columns: u = ½ + atan2(x, z)/2π, so u = ½ looks along travel (+Z) and u = ¾ to the
/// left (+X). A texel holds the radiance at its centre. With an even height no texel straddles the horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct SkyTable {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue in W·m⁻²·sr⁻¹, then 1; row by row.
    pub texels: Vec<[f32; 4]>,
}

impl SkyTable {
    /// Columns of the default table.
    pub const WIDTH: u32 = 256;
    /// Rows of the default table.
    pub const HEIGHT: u32 = 128;

    /// Tabulates the sky and the ground below it.
    pub fn new(model: &DaylightModel, width: u32, height: u32) -> Self {
        let mut texels = Vec::with_capacity((width * height) as usize);
        for row in 0..height {
            for column in 0..width {
                let [r, g, b] = model.sky_radiance(texel_direction(width, height, column, row));
                texels.push([r, g, b, 1.0]);
            }
        }
        Self { width, height, texels }
    }

    /// Radiance in a direction (unit vector), bilinear between texel centres.
    pub fn sample(&self, direction: Vec3) -> [f32; 3] {
        let u = 0.5 + direction.x.atan2(direction.z) / TAU;
        let v = direction.y.clamp(-1.0, 1.0).acos() / PI;
        let (x, y) = (u * self.width as f32 - 0.5, v * self.height as f32 - 0.5);
        let (x0, y0) = (x.floor(), y.floor());
        let (tx, ty) = (x - x0, y - y0);
        let texel = |dx: i32, dy: i32| {
            let column = (x0 as i32 + dx).rem_euclid(self.width as i32) as usize;
            let row = (y0 as i32 + dy).clamp(0, self.height as i32 - 1) as usize;
            self.texels[row * self.width as usize + column]
        };
        let [a, b, c, d] = [texel(0, 0), texel(1, 0), texel(0, 1), texel(1, 1)];
        std::array::from_fn(|i| {
            let (above, below) = (a[i] + (b[i] - a[i]) * tx, c[i] + (d[i] - c[i]) * tx);
            above + (below - above) * ty
        })
    }

    /// Solid angle of a texel of a row, steradians.
    fn solid_angle(&self, row: u32) -> f32 {
        let edge = |r: u32| (r as f32 / self.height as f32 * PI).cos();
        (edge(row) - edge(row + 1)) * TAU / self.width as f32
    }

    /// Irradiance on a plane with this unit normal, W·m⁻² per band, by summing all texels.
    pub fn irradiance(&self, normal: Vec3) -> [f32; 3] {
        let mut sum = [0.0f64; 3];
        for (i, texel) in self.texels.iter().enumerate() {
            let (column, row) = (i as u32 % self.width, i as u32 / self.width);
            let cos = texel_direction(self.width, self.height, column, row).dot(normal).max(0.0);
            let weight = f64::from(cos * self.solid_angle(row));
            for band in 0..3 {
                sum[band] += f64::from(texel[band]) * weight;
            }
        }
        sum.map(|s| s as f32)
    }

    /// Irradiance as spherical harmonics; see [`sh::irradiance`].
    pub fn irradiance_sh9(&self) -> IrradianceSh9 {
        let mut sums = [[0.0f64; 3]; 9];
        for (i, texel) in self.texels.iter().enumerate() {
            let (column, row) = (i as u32 % self.width, i as u32 / self.width);
            let y = sh::basis(texel_direction(self.width, self.height, column, row));
            let solid_angle = self.solid_angle(row);
            for (sum, y) in sums.iter_mut().zip(y) {
                for band in 0..3 {
                    sum[band] += f64::from(texel[band] * y * solid_angle);
                }
            }
        }
        std::array::from_fn(|k| sums[k].map(|s| s as f32 * sh::cosine_lobe(k)))
    }
}

/// Unit vector through a texel's centre.
fn texel_direction(width: u32, height: u32, column: u32, row: u32) -> Vec3 {
    let azimuth = ((column as f32 + 0.5) / width as f32 - 0.5) * TAU;
    let (sin_z, cos_z) = ((row as f32 + 0.5) / height as f32 * PI).sin_cos();
    Vec3::new(sin_z * azimuth.sin(), cos_z, sin_z * azimuth.cos())
}

#[cfg(test)]
mod tests;
