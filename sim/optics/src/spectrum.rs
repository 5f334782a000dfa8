//! Spectra of daylight and the way between photometric and radiometric units.
//!
//! Tables: CIE 15:2004 *Colorimetry*, 3rd ed. (daylight components S0, S1, S2: table T.2; V(λ) is the CIE 1924
//! photopic observer, CIE 18.2 / ISO 23539), 380–780 nm in steps of 10 nm. Maximum luminous efficacy 683 lm/W:
//! *The International System of Units*, 9th ed. (K_cd).

/// First tabulated wavelength, nanometres.
pub const FIRST_NM: f64 = 380.0;
/// Step of the tables, nanometres.
pub const STEP_NM: f64 = 10.0;
/// Number of tabulated wavelengths, 380 to 780 nm.
pub const LEN: usize = 41;
/// Luminous efficacy of radiation at 555 nm, lm/W.
pub const MAX_EFFICACY_LM_PER_W: f64 = 683.0;
/// Edges of the camera bands red, green, blue, nanometres.
pub const BANDS_NM: [(f64, f64); 3] = [(600.0, 700.0), (500.0, 600.0), (400.0, 500.0)];

/// CIE daylight components S0, S1, S2.
const DAYLIGHT: [[f64; 3]; LEN] = [
    [63.4, 38.5, 3.0],
    [65.8, 35.0, 1.2],
    [94.8, 43.4, -1.1],
    [104.8, 46.3, -0.5],
    [105.9, 43.9, -0.7],
    [96.8, 37.1, -1.2],
    [113.9, 36.7, -2.6],
    [125.6, 35.9, -2.9],
    [125.5, 32.6, -2.8],
    [121.3, 27.9, -2.6],
    [121.3, 24.3, -2.6],
    [113.5, 20.1, -1.8],
    [113.1, 16.2, -1.5],
    [110.8, 13.2, -1.3],
    [106.5, 8.6, -1.2],
    [108.8, 6.1, -1.0],
    [105.3, 4.2, -0.5],
    [104.4, 1.9, -0.3],
    [100.0, 0.0, 0.0],
    [96.0, -1.6, 0.2],
    [95.1, -3.5, 0.5],
    [89.1, -3.5, 2.1],
    [90.5, -5.8, 3.2],
    [90.3, -7.2, 4.1],
    [88.4, -8.6, 4.7],
    [84.0, -9.5, 5.1],
    [85.1, -10.9, 6.7],
    [81.9, -10.7, 7.3],
    [82.6, -12.0, 8.6],
    [84.9, -14.0, 9.8],
    [81.3, -13.6, 10.2],
    [71.9, -12.0, 8.3],
    [74.3, -13.3, 9.6],
    [76.4, -12.9, 8.5],
    [63.3, -10.6, 7.0],
    [71.7, -11.6, 7.6],
    [77.0, -12.2, 8.0],
    [65.2, -10.2, 6.7],
    [47.7, -7.8, 5.2],
    [68.6, -11.2, 7.4],
    [65.0, -10.4, 6.8],
];

/// CIE 1924 photopic luminous efficiency V(λ).
const PHOTOPIC: [f64; LEN] = [
    0.000039, 0.000120, 0.000396, 0.001210, 0.004000, 0.011600, 0.023000, 0.038000, 0.060000, 0.090980, 0.139020,
    0.208020, 0.323000, 0.503000, 0.710000, 0.862000, 0.954000, 0.994950, 0.995000, 0.952000, 0.870000, 0.757000,
    0.631000, 0.503000, 0.381000, 0.265000, 0.175000, 0.107000, 0.061000, 0.032000, 0.017000, 0.008210, 0.004102,
    0.002091, 0.001047, 0.000520, 0.000249, 0.000120, 0.000060, 0.000030, 0.000015,
];

/// A relative spectral power distribution, 380–780 nm in steps of 10 nm, straight lines between.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    values: [f64; LEN],
}

impl Spectrum {
    /// The same power at every wavelength (CIE illuminant E).
    pub fn equal_energy() -> Self {
        Self { values: [1.0; LEN] }
    }

    /// CIE daylight of a correlated colour temperature (CIE 15:2004 §3.1), 4,000 to 25,000 K; others are clamped into
    /// that range, the only one that the CIE defines. D65 is 6,504 K and D50 is 5,003 K on today's temperature scale.
    pub fn daylight(cct_k: f64) -> Self {
        let t = cct_k.clamp(4_000.0, 25_000.0);
        let x = if t <= 7_000.0 {
            -4.6070e9 / t.powi(3) + 2.9678e6 / t.powi(2) + 0.09911e3 / t + 0.244063
        } else {
            -2.0064e9 / t.powi(3) + 1.9018e6 / t.powi(2) + 0.24748e3 / t + 0.237040
        };
        let y = -3.000 * x * x + 2.870 * x - 0.275;
        let m = 0.0241 + 0.2562 * x - 0.7341 * y;
        let m1 = (-1.3515 - 1.7703 * x + 5.9114 * y) / m;
        let m2 = (0.0300 - 31.4424 * x + 30.0717 * y) / m;
        Self { values: DAYLIGHT.map(|[s0, s1, s2]| s0 + m1 * s1 + m2 * s2) }
    }

    /// A black body of a temperature in kelvin (Planck's law).
    pub fn planck(temperature_k: f64) -> Self {
        Self { values: std::array::from_fn(|i| planck(temperature_k, FIRST_NM + i as f64 * STEP_NM)) }
    }

    /// Relative power at a wavelength in nanometres; 0 outside the table.
    pub fn at(&self, wavelength_nm: f64) -> f64 {
        interpolate(&self.values, wavelength_nm)
    }

    /// Relative power between two wavelengths, by the trapezoidal rule at 1 nm.
    pub fn power(&self, from_nm: f64, to_nm: f64) -> f64 {
        let steps = (to_nm - from_nm).round().max(1.0);
        let h = (to_nm - from_nm) / steps;
        (0..=steps as u32)
            .map(|i| {
                let weight = if i == 0 || f64::from(i) == steps { 0.5 } else { 1.0 };
                weight * h * self.at(from_nm + f64::from(i) * h)
            })
            .sum()
    }

    /// ∫ S(λ) V(λ) dλ, summed at the tabulated wavelengths as CIE 15 does.
    fn photopic(&self) -> f64 {
        self.values.iter().zip(PHOTOPIC).map(|(s, v)| s * v * STEP_NM).sum()
    }

    /// Luminous efficacy of radiation over 380–780 nm, lm/W.
    pub fn efficacy_lm_per_w(&self) -> f64 {
        MAX_EFFICACY_LM_PER_W * self.photopic() / self.power(380.0, 780.0)
    }

    /// Watts in each band for one lumen of this light: lux × this = W·m⁻²; cd·m⁻² × this = W·m⁻²·sr⁻¹.
    pub fn watts_per_lumen(&self) -> [f32; 3] {
        let lumens = MAX_EFFICACY_LM_PER_W * self.photopic();
        BANDS_NM.map(|(from, to)| (self.power(from, to) / lumens) as f32)
    }
}

/// Second radiation constant hc/k, metre kelvin (CODATA 2018).
const SECOND_RADIATION_M_K: f64 = 1.438_776_877e-2;

/// Relative spectral power of a black body, 1 where the wavelength is 560 nm at whatever temperature.
fn planck(temperature_k: f64, wavelength_nm: f64) -> f64 {
    const AT_NM: f64 = 560.0;
    let less_one = |nm: f64| (SECOND_RADIATION_M_K / (nm * 1e-9 * temperature_k)).exp_m1();
    (AT_NM / wavelength_nm).powi(5) * less_one(AT_NM) / less_one(wavelength_nm)
}

/// Watts of a black body in a band round a wavelength, both in nanometres, for each lumen that it gives; for bands beyond the
/// visible. The band is taken as straight.
pub fn planck_watts_per_lumen(temperature_k: f64, middle_nm: f64, width_nm: f64) -> f64 {
    let lumens = MAX_EFFICACY_LM_PER_W * Spectrum::planck(temperature_k).photopic();
    planck(temperature_k, middle_nm) * width_nm / lumens
}

/// Photopic luminous efficiency V(λ) at a wavelength in nanometres.
pub fn photopic_efficiency(wavelength_nm: f64) -> f64 {
    interpolate(&PHOTOPIC, wavelength_nm)
}

/// Luminance in cd·m⁻² of radiance in the three bands, each band taken as flat across its width.
pub fn luminance_cd_m2(radiance: [f32; 3]) -> f32 {
    let mut sum = 0.0;
    for (band, (from, to)) in BANDS_NM.into_iter().enumerate() {
        let mean_v =
            (0..100).map(|i| photopic_efficiency(from + (f64::from(i) + 0.5) * (to - from) / 100.0)).sum::<f64>()
                / 100.0;
        sum += f64::from(radiance[band]) * mean_v * MAX_EFFICACY_LM_PER_W;
    }
    sum as f32
}

fn interpolate(table: &[f64; LEN], wavelength_nm: f64) -> f64 {
    let x = (wavelength_nm - FIRST_NM) / STEP_NM;
    if !(0.0..=(LEN - 1) as f64).contains(&x) {
        return 0.0;
    }
    let i = (x as usize).min(LEN - 2);
    table[i] + (table[i + 1] - table[i]) * (x - i as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE standard illuminant D65 at 380, 390 … 780 nm (ISO 11664-2).
    const D65: [f64; LEN] = [
        49.9755, 54.6482, 82.7549, 91.486, 93.4318, 86.6823, 104.865, 117.008, 117.812, 114.861, 115.923, 108.811,
        109.354, 107.802, 104.79, 107.689, 104.405, 104.046, 100.0, 96.3342, 95.788, 88.6856, 90.0062, 89.5991,
        87.6987, 83.2886, 83.6992, 80.0268, 80.2146, 82.2778, 78.2842, 69.7213, 71.6091, 74.349, 61.604, 69.8856,
        75.087, 63.5927, 46.4182, 66.8054, 63.3828,
    ];

    #[test]
    fn daylight_of_6504_k_is_illuminant_d65() {
        let got = Spectrum::daylight(6_504.0);
        for (i, want) in D65.into_iter().enumerate() {
            assert!((got.values[i] - want).abs() < 0.12, "{} nm: {} not {want}", 380 + 10 * i, got.values[i]);
        }
    }

    #[test]
    fn daylight_of_5003_k_is_illuminant_d50() {
        let got = Spectrum::daylight(5_003.0);
        for (nm, want) in
            [(400.0, 49.308), (450.0, 87.247), (500.0, 95.722), (600.0, 97.688), (650.0, 95.667), (700.0, 91.604)]
        {
            assert!((got.at(nm) - want).abs() < 0.2, "{nm} nm: {} not {want}", got.at(nm));
        }
    }

    #[test]
    fn luminous_efficacies() {
        // 683 · Σ(S·V)/∫S of the tabulated D65 above, 380–780 nm: 205.2 lm/W.
        let table: f64 = 683.0 * D65.iter().zip(PHOTOPIC).map(|(s, v)| s * v).sum::<f64>()
            / (D65.iter().sum::<f64>() - (D65[0] + D65[LEN - 1]) / 2.0);
        assert!((table - 205.17).abs() < 0.01, "{table}");
        assert!((Spectrum::daylight(6_504.0).efficacy_lm_per_w() - table).abs() < 0.5);
        // ∫V dλ = 106.857 nm, so equal energy gives 683 · 106.857 / 400.
        let equal = Spectrum::equal_energy().efficacy_lm_per_w();
        assert!((equal - 683.0 * 106.857 / 400.0).abs() < 0.05, "{equal}");
        assert!(
            (photopic_efficiency(555.0) * MAX_EFFICACY_LM_PER_W - 683.0).abs() < 4.0,
            "straight line over the peak"
        );
    }

    /// CIE standard illuminant A is a black body of 2,856 K: its table, 100 at 560 nm (CIE 15:2004, table T.1).
    #[test]
    fn a_black_body_of_2856_k_is_illuminant_a() {
        let got = Spectrum::planck(2_856.0);
        for (nm, want) in
            [(380.0, 9.7951), (450.0, 33.0859), (500.0, 59.8611), (600.0, 129.043), (700.0, 198.261), (780.0, 241.675)]
        {
            let off = 100.0 * got.at(nm) / want - 1.0;
            assert!(off.abs() < 2e-3, "{nm} nm: {off}");
        }
    }

    #[test]
    fn equal_energy_puts_the_same_power_into_each_band() {
        let [r, g, b] = Spectrum::equal_energy().watts_per_lumen();
        assert!((r - g).abs() < 1e-9 && (g - b).abs() < 1e-9);
        // 1 lm of illuminant E is 400 nm / (683 · 106.857 nm) W over the range, a quarter of it in each 100 nm band.
        assert!((f64::from(g) - 100.0 / (683.0 * 106.857)).abs() < 1e-7);
        // And back: the luminance of a flat spectrum over 400–700 nm, where all but 0.1 % of V lies.
        let back = luminance_cd_m2([r, g, b]);
        assert!((back - 1.0).abs() < 0.002, "{back}");
    }

    #[test]
    fn hotter_daylight_is_bluer() {
        let [r5, _, b5] = Spectrum::daylight(5_500.0).watts_per_lumen();
        let [r12, _, b12] = Spectrum::daylight(12_000.0).watts_per_lumen();
        assert!(b12 / r12 > 1.5 * b5 / r5);
    }
}
