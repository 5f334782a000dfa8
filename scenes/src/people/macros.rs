//! MakeHuman's macro parameters: age, sex, ancestry, muscle, weight, height and proportions as products of factors.
//!
//! The scheme is the one of MakeHuman's `macro.json`: each parameter is piecewise linear between named stations, a
//! target's name lists one station of each parameter, and its weight is the product of those stations' shares.
use super::identity::Identity;

type Shares = Vec<(&'static str, f32)>;

const SEXES: [&str; 2] = ["female", "male"];
const AGES: [&str; 4] = ["baby", "child", "young", "old"];
const MUSCLES: [&str; 3] = ["minmuscle", "averagemuscle", "maxmuscle"];
const WEIGHTS: [&str; 3] = ["minweight", "averageweight", "maxweight"];

/// Shares of piecewise-linear stations at the given places.
fn stations<const N: usize>(value: f32, names: [&'static str; N], places: [f32; N]) -> Shares {
    let x = value.clamp(places[0], places[N - 1]);
    let upper = (1..N).find(|&i| x <= places[i]).unwrap_or(N - 1);
    let t = (x - places[upper - 1]) / (places[upper] - places[upper - 1]);
    [(names[upper - 1], 1.0 - t), (names[upper], t)].into_iter().filter(|(_, w)| *w > 0.0).collect()
}

/// Shares of a low and a high end around a middle without a target.
fn ends(value: f32, low: &'static str, high: &'static str) -> Shares {
    let x = value.clamp(0.0, 1.0) * 2.0 - 1.0;
    if x < 0.0 { vec![(low, -x)] } else { vec![(high, x)] }
}

/// MakeHuman's age parameter: 1 year is 0, 10 years 0.1875, 25 years 0.5, 90 years 1.
fn age_parameter(years: f32) -> f32 {
    if years < 25.0 { (years - 1.0) / 48.0 } else { 0.5 + (years - 25.0) / 130.0 }
}

/// Names (below `targets/`) and weights of the macro targets of one identity.
pub(super) fn weights(identity: &Identity) -> Vec<(String, f32)> {
    let sex = stations(identity.sex, SEXES, [0.0, 1.0]);
    let age = stations(age_parameter(identity.age_years), AGES, [0.0, 0.1875, 0.5, 1.0]);
    let muscle = stations(identity.muscle, MUSCLES, [0.0, 0.5, 1.0]);
    let weight = stations(identity.weight, WEIGHTS, [0.0, 0.5, 1.0]);
    let a = identity.ancestry.normalized();
    let ancestry = [("african", a.african), ("asian", a.asian), ("caucasian", a.caucasian)];
    let height = ends(identity.height, "minheight", "maxheight");
    let proportions = ends(identity.proportions, "uncommonproportions", "idealproportions");

    let mut out = Vec::new();
    for (s, ws) in &sex {
        for (y, wy) in &age {
            for (r, wr) in ancestry {
                out.push((format!("macrodetails/{r}-{s}-{y}"), ws * wy * wr));
            }
            for (m, wm) in &muscle {
                for (k, wk) in &weight {
                    let w = ws * wy * wm * wk;
                    out.push((format!("macrodetails/universal-{s}-{y}-{m}-{k}"), w));
                    for (h, wh) in &height {
                        out.push((format!("macrodetails/height/{s}-{y}-{m}-{k}-{h}"), w * wh));
                    }
                    // The data has no proportions for babies.
                    for (p, wp) in proportions.iter().filter(|_| *y != "baby") {
                        out.push((format!("macrodetails/proportions/{s}-{y}-{m}-{k}-{p}"), w * wp));
                    }
                }
            }
        }
    }
    out.retain(|(_, w)| *w > 1e-4);
    out
}

/// Every macro target that some identity uses.
pub(super) fn all_names() -> Vec<String> {
    let mut names = Vec::new();
    for s in SEXES {
        for y in AGES {
            names.extend(["african", "asian", "caucasian"].map(|r| format!("macrodetails/{r}-{s}-{y}")));
            for m in MUSCLES {
                for k in WEIGHTS {
                    names.push(format!("macrodetails/universal-{s}-{y}-{m}-{k}"));
                    names
                        .extend(["minheight", "maxheight"].map(|h| format!("macrodetails/height/{s}-{y}-{m}-{k}-{h}")));
                    if y != "baby" {
                        let p = ["uncommonproportions", "idealproportions"];
                        names.extend(p.map(|p| format!("macrodetails/proportions/{s}-{y}-{m}-{k}-{p}")));
                    }
                }
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_sit_at_makehumans_stations() {
        for (years, parameter) in [(1.0, 0.0), (10.0, 0.1875), (25.0, 0.5), (90.0, 1.0)] {
            assert!((age_parameter(years) - parameter).abs() < 1e-6, "{years}");
        }
    }

    #[test]
    fn shares_of_a_parameter_sum_to_one() {
        for i in 0..=100 {
            let total: f32 = stations(i as f32 / 100.0, AGES, [0.0, 0.1875, 0.5, 1.0]).iter().map(|s| s.1).sum();
            assert!((total - 1.0).abs() < 1e-6);
        }
    }
}
