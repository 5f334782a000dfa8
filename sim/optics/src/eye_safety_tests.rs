use super::*;

fn close(got: f64, want: f64, relative: f64) {
    assert!((got / want - 1.0).abs() < relative, "{got}, expected {want}");
}

#[test]
fn limits_of_the_cornea() {
    // 100^0.75 = 31.6228, 10^0.75 = 5.62341, 1000^0.75 = 177.828.
    close(cornea_limit_w_m2(100.0), 18_000.0 / 31.622_8, 1e-6);
    close(cornea_limit_w_m2(10.0), 3_200.9, 1e-5);
    close(cornea_limit_w_m2(1_000.0), 101.221, 1e-5);
    assert_eq!(cornea_limit_w_m2(1_000.1), 100.0);
    assert_eq!(cornea_limit_w_m2(8.0 * 3_600.0), 100.0);
}

#[test]
fn burn_weights() {
    for (nm, want) in [
        (600.0, 1.0),
        (700.0, 1.0),
        (810.0, 0.602_560),
        (850.0, 0.501_187),
        (940.0, 0.331_131),
        (1_050.0, 0.199_526),
        (1_200.0, 0.2),
    ] {
        close(burn_weight(nm).unwrap(), want, 1e-5);
    }
    assert_eq!(burn_weight(450.0), None);
    assert_eq!(burn_weight(1_500.0), None);
}

#[test]
fn limits_of_the_retina() {
    // A small source for long: 6000/0.011 = 545,455; a large one: 6000/0.1.
    close(retina_limit_w_m2_sr(0.001, 1e4), 545_454.5, 1e-6);
    close(retina_limit_w_m2_sr(0.05, 1e4), 120_000.0, 1e-9);
    close(retina_limit_w_m2_sr(0.5, 1e4), 60_000.0, 1e-9);
    // A pulse of 1 ms: 0.001^0.25 = 0.177828.
    close(retina_limit_w_m2_sr(0.1, 1e-3), 50_000.0 / 0.017_782_8, 1e-6);
    close(retina_limit_w_m2_sr(0.0005, 1e-3), 50_000.0 / (0.0017 * 0.177_828), 1e-5);
    // The least angle grows without a jump.
    close(least_subtense_rad(0.25), 0.0017, 1e-12);
    close(least_subtense_rad(1.0), 0.0034, 1e-12);
    close(least_subtense_rad(9.999_99), 0.010_75, 1e-3);
}

#[test]
fn a_makers_worked_example() {
    // Osram AN097 (2018), SFH 4780S at 2.2 W/sr, virtual source 2.8 mm wide, for 9 s: limit of the cornea 3464 W/m²;
    // continuous, weighted radiance 168 kW/(m²·sr) against 288.7 kW/(m²·sr); with four pulses of 50 ms a second
    // 34 kW/(m²·sr), and at 2.5 cm 528 W/m² after its near-field factor of 0.75.
    let at = |pulse_s, rate| Illuminator::from_intensity(810.0, 2.2, [2.8e-3; 2], 0.025, pulse_s, rate);
    let steady = assess(&[at(9.0, 1.0)], 9.0).unwrap();
    close(steady.cornea.limit, 3_464.0, 1e-4);
    close(steady.retina.limit, 288_700.0, 1e-3);
    close(steady.retina.value, 168_000.0, 0.01);
    assert!(steady.retina.passes());
    let pulsed = at(0.05, 4.0);
    close(pulsed.duty(), 0.2, 1e-12);
    close(0.75 * pulsed.mean_irradiance_w_m2(), 528.0, 1e-3);
    close(assess(&[pulsed], 9.0).unwrap().retina.value, 34_000.0, 0.01);
}

#[test]
fn a_lanes_illuminator() {
    // By hand: 850 nm, 40 W/sr in pulses of 0.5 ms at 60 Hz (duty 0.03), lit field 10 cm × 10 cm, eye at 2 m.
    // Irradiance 40/4 = 10 W/m² at the peak, 0.3 in the mean: margin 333 for staff all day. Radiance 40/0.01 = 4,000,
    // weighted 2,004.75, mean 60.14; α = 0.05: 6000/0.05 = 120,000. Pulse: 50,000/(0.05·0.0005^0.25), 0.0005^0.25 = 0.149535.
    let lamp = Illuminator::from_intensity(850.0, 40.0, [0.1; 2], 2.0, 0.5e-3, 60.0);
    let verdict = assess(&[lamp], 8.0 * 3_600.0).unwrap();
    close(verdict.cornea.value, 0.3, 1e-12);
    close(verdict.cornea.margin(), 333.333, 1e-5);
    close(verdict.retina.value, 60.1425, 1e-5);
    close(verdict.retina.limit, 120_000.0, 1e-12);
    close(verdict.pulse.value, 2_004.75, 1e-5);
    close(verdict.pulse.limit, 6_687_402.0, 1e-4);
    assert!(verdict.passes());
    close(verdict.margin(), 333.333, 1e-5);
    // Two of them double what meets the cornea and leave the retina as it is.
    let two = assess(&[lamp; 2], 8.0 * 3_600.0).unwrap();
    close(two.cornea.value, 0.6, 1e-12);
    assert_eq!(two.retina, verdict.retina);
    // At 5 cm the same lamp would be far above the limit of the cornea.
    let near = assess(&[Illuminator::from_intensity(850.0, 40.0, [0.1; 2], 0.05, 0.5e-3, 60.0)], 2_000.0).unwrap();
    close(near.cornea.value, 480.0, 1e-12);
    assert!(!near.passes() && !near.cornea.passes() && near.margin() < 0.21);
}

#[test]
fn a_point_is_averaged_over_the_least_angle() {
    // 1 mm at 1 m: α = 0.001, averaged over 0.011: (1/11)² of the radiance counts.
    let point = Illuminator::from_intensity(940.0, 0.5, [1e-3; 2], 1.0, 1.0, 1.0);
    let verdict = assess(&[point], 100.0).unwrap();
    close(verdict.retina.value, 0.5e6 * 0.331_131 / 121.0, 1e-5);
    close(verdict.retina.limit, 545_454.5, 1e-6);
    close(verdict.cornea.limit, 569.21, 1e-4);
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    let lamp = Illuminator::from_intensity(850.0, 40.0, [0.1; 2], 2.0, 0.5e-3, 60.0);
    let message = |lamp: Illuminator, t| assess(&[lamp], t).unwrap_err().to_string();
    assert!(message(Illuminator { wavelength_nm: 660.0, ..lamp }, 10.0).contains("660 nm"));
    assert!(message(Illuminator { pulse_s: 0.0, ..lamp }, 10.0).contains("above 0"));
    assert!(message(Illuminator { peak_irradiance_w_m2: f64::NAN, ..lamp }, 10.0).contains("irradiance"));
    assert!(message(lamp, 0.0).contains("exposure"));
    // No lamp, no hazard.
    let dark = assess(&[], 10.0).unwrap();
    assert!(dark.passes() && dark.margin().is_infinite());
}
