//! Whether near-infrared illuminators are safe to look into: exposure limits of IEC 62471:2006 (CIE S 009).
//!
//! - Cornea and lens, 780–3000 nm (§4.3.7): irradiance at most 18,000·t^−0.75 W·m⁻² for t ≤ 1,000 s, 100 W·m⁻² for longer.
//! - Retina, a source that is hardly seen (below 10 cd·m⁻²), 780–1400 nm, t > 10 s (§4.3.6): radiance weighted by the burn
//!   hazard R(λ) at most 6,000/α W·m⁻²·sr⁻¹.
//! - Retina, t ≤ 10 s (§4.3.5): weighted radiance at most 50,000/(α·t^¼) W·m⁻²·sr⁻¹. It holds for each pulse by its peak.
//!
//! α is the angle under which the source is seen, radians: the mean of width and height. It counts as at most 0.1, and as at
//! least 0.0017 below 0.25 s, 0.0017·√(t/0.25) up to 10 s and 0.011 for longer, because the eye moves. Over that least
//! angle the radiance of a smaller source is averaged.
//!
//! Means over a pulse train are compared with the limits of the whole exposure, peaks with those of one pulse. This is a
//! check of a design and takes the place of no laboratory's measurement. The standard's limits leave out people who are
//! abnormally sensitive to light.

/// The least and the largest wavelength that the limits here are for, nanometres.
pub const RANGE_NM: (f64, f64) = (780.0, 1_400.0);
/// Shortest pulse for which the retina's limit is given, seconds.
const SHORTEST_PULSE_S: f64 = 10e-6;
/// Largest angle that counts, radians.
const LARGEST_SUBTENSE_RAD: f64 = 0.1;

/// Why an illuminator cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum EyeSafetyError {
    /// No limit is given there.
    #[error("wavelength {0} nm: the near-infrared limits of IEC 62471 used here hold from 780 to 1400 nm")]
    Wavelength(f64),
    /// A quantity that must be above zero (or, for powers, not below) is not.
    #[error("{name} is {value}: it must be a finite number {}", if *.may_be_zero { "of at least 0" } else { "above 0" })]
    Quantity {
        /// What it is, with its unit.
        name: &'static str,
        /// As given.
        value: f64,
        /// Whether 0 would be right.
        may_be_zero: bool,
    },
}

/// Largest irradiance of cornea and lens, W·m⁻², for an exposure of this many seconds.
pub fn cornea_limit_w_m2(exposure_s: f64) -> f64 {
    if exposure_s > 1_000.0 { 100.0 } else { 18_000.0 * exposure_s.powf(-0.75) }
}

/// Burn hazard weighting R(λ), 500–1400 nm (IEC 62471 table 4.2); `None` outside.
pub fn burn_weight(wavelength_nm: f64) -> Option<f64> {
    match wavelength_nm {
        w if (500.0..700.0).contains(&w) => Some(1.0),
        w if (700.0..=1_050.0).contains(&w) => Some(10f64.powf((700.0 - w) / 500.0)),
        w if (1_050.0..=1_400.0).contains(&w) => Some(0.2),
        _ => None,
    }
}

/// The least angle that counts as the size of a source in an exposure of this many seconds, radians.
pub fn least_subtense_rad(exposure_s: f64) -> f64 {
    match exposure_s {
        t if t < 0.25 => 0.0017,
        t if t < 10.0 => 0.0017 * (t / 0.25).sqrt(),
        _ => 0.011,
    }
}

/// Largest weighted radiance for the retina, W·m⁻²·sr⁻¹, of a hardly visible source that is seen under an angle for this many
/// seconds.
pub fn retina_limit_w_m2_sr(subtense_rad: f64, exposure_s: f64) -> f64 {
    let angle = subtense_rad.max(least_subtense_rad(exposure_s)).min(LARGEST_SUBTENSE_RAD);
    if exposure_s > 10.0 { 6_000.0 / angle } else { 50_000.0 / (angle * exposure_s.max(SHORTEST_PULSE_S).powf(0.25)) }
}

/// A pulsed near-infrared illuminator as an eye sees it from where it is. Continuous light is one with a duty of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Illuminator {
    /// Peak wavelength, nanometres.
    pub wavelength_nm: f64,
    /// Irradiance at the eye during a pulse, W·m⁻².
    pub peak_irradiance_w_m2: f64,
    /// Radiance of the source during a pulse, mean over its lit area, W·m⁻²·sr⁻¹.
    pub peak_radiance_w_m2_sr: f64,
    /// Angle under which the lit area is seen, mean of width and height, radians.
    pub subtense_rad: f64,
    /// Length of a pulse, seconds.
    pub pulse_s: f64,
    /// Pulses per second.
    pub pulses_per_s: f64,
}

impl Illuminator {
    /// From data-sheet values: radiant intensity towards the eye during a pulse (W·sr⁻¹), size of the lit rectangle and
    /// distance (metres). The distance should be large against the size.
    pub fn from_intensity(
        wavelength_nm: f64,
        peak_intensity_w_sr: f64,
        size_m: [f64; 2],
        distance_m: f64,
        pulse_s: f64,
        pulses_per_s: f64,
    ) -> Self {
        let [width_m, height_m] = size_m;
        Self {
            wavelength_nm,
            peak_irradiance_w_m2: peak_intensity_w_sr / (distance_m * distance_m),
            peak_radiance_w_m2_sr: peak_intensity_w_sr / (width_m * height_m),
            subtense_rad: (width_m + height_m) / 2.0 / distance_m,
            pulse_s,
            pulses_per_s,
        }
    }

    /// Share of the time in which it is lit, 0..1.
    pub fn duty(&self) -> f64 {
        (self.pulse_s * self.pulses_per_s).min(1.0)
    }

    /// Irradiance at the eye, mean over many pulses, W·m⁻².
    pub fn mean_irradiance_w_m2(&self) -> f64 {
        self.peak_irradiance_w_m2 * self.duty()
    }

    /// Radiance during a pulse as the retina's limit of an exposure counts it: weighted by R(λ), and averaged over the least
    /// angle where the source is smaller; W·m⁻²·sr⁻¹.
    pub fn weighted_peak_radiance_w_m2_sr(&self, exposure_s: f64) -> Result<f64, EyeSafetyError> {
        let weight = burn_weight(self.wavelength_nm)
            .filter(|_| (RANGE_NM.0..=RANGE_NM.1).contains(&self.wavelength_nm))
            .ok_or(EyeSafetyError::Wavelength(self.wavelength_nm))?;
        let filled = (self.subtense_rad / least_subtense_rad(exposure_s)).min(1.0);
        Ok(self.peak_radiance_w_m2_sr * weight * filled * filled)
    }

    fn check(&self) -> Result<(), EyeSafetyError> {
        for (name, value, may_be_zero) in [
            ("peak irradiance (W·m⁻²)", self.peak_irradiance_w_m2, true),
            ("peak radiance (W·m⁻²·sr⁻¹)", self.peak_radiance_w_m2_sr, true),
            ("angular subtense (rad)", self.subtense_rad, false),
            ("pulse length (s)", self.pulse_s, false),
            ("pulse rate (1/s)", self.pulses_per_s, true),
        ] {
            require(name, value, may_be_zero)?;
        }
        Ok(())
    }
}

fn require(name: &'static str, value: f64, may_be_zero: bool) -> Result<(), EyeSafetyError> {
    let holds = value.is_finite() && (value > 0.0 || may_be_zero && value == 0.0);
    if holds { Ok(()) } else { Err(EyeSafetyError::Quantity { name, value, may_be_zero }) }
}

/// A value against its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// What was found.
    pub value: f64,
    /// What is allowed, in the same unit.
    pub limit: f64,
}

impl Check {
    /// How many times the value fits into the limit; below 1 it is exceeded. Infinite without light.
    pub fn margin(&self) -> f64 {
        if self.value > 0.0 { self.limit / self.value } else { f64::INFINITY }
    }

    /// Whether the limit is kept.
    pub fn passes(&self) -> bool {
        self.value <= self.limit
    }
}

/// What an exposure means for the eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Cornea and lens: mean irradiance of all illuminators together, W·m⁻².
    pub cornea: Check,
    /// Retina over the whole exposure: mean weighted radiance, W·m⁻²·sr⁻¹, of the illuminator with the least margin.
    pub retina: Check,
    /// Retina in one pulse: peak weighted radiance, W·m⁻²·sr⁻¹, of the illuminator with the least margin.
    pub pulse: Check,
}

impl Verdict {
    /// Whether all limits are kept.
    pub fn passes(&self) -> bool {
        [self.cornea, self.retina, self.pulse].iter().all(Check::passes)
    }

    /// The least of the margins.
    pub fn margin(&self) -> f64 {
        [self.cornea, self.retina, self.pulse].iter().map(Check::margin).fold(f64::INFINITY, f64::min)
    }
}

/// Judges illuminators that shine into an eye together for this many seconds.
///
/// Their irradiances add up at the cornea. On the retina each has an image of its own; emitters that are seen closer together
/// than their own size belong into one [`Illuminator`] of the whole array's size (with the mean radiance of its area).
pub fn assess(illuminators: &[Illuminator], exposure_s: f64) -> Result<Verdict, EyeSafetyError> {
    require("exposure (s)", exposure_s, false)?;
    let dark = Check { value: 0.0, limit: f64::INFINITY };
    let (mut irradiance, mut retina, mut pulse) = (0.0, dark, dark);
    let worse = |a: Check, b: Check| if b.margin() < a.margin() { b } else { a };
    for illuminator in illuminators {
        illuminator.check()?;
        irradiance += illuminator.mean_irradiance_w_m2();
        let mean = Check {
            value: illuminator.weighted_peak_radiance_w_m2_sr(exposure_s)? * illuminator.duty(),
            limit: retina_limit_w_m2_sr(illuminator.subtense_rad, exposure_s),
        };
        retina = worse(retina, mean);
        let length_s = illuminator.pulse_s.min(exposure_s);
        let peak = Check {
            value: illuminator.weighted_peak_radiance_w_m2_sr(length_s)?,
            limit: retina_limit_w_m2_sr(illuminator.subtense_rad, length_s),
        };
        pulse = worse(pulse, peak);
    }
    Ok(Verdict { cornea: Check { value: irradiance, limit: cornea_limit_w_m2(exposure_s) }, retina, pulse })
}

#[cfg(test)]
#[path = "eye_safety_tests.rs"]
mod tests;
