//! Rain that falls on a vehicle's panes, and the drops that lie there.
//!
//! **In the air.** Drops of diameter D are as many as J. Marshall and W. Palmer (J. Meteor. 5, 1948) found, and fall as fast
//! as D. Atlas, R. Srivastava and R. Sekhon (Rev. Geophys. 11, 1973) fitted to the measurements of Gunn and Kinzer. There is
//! no wind (assumption): what meets a pane comes from above and, while the vehicle drives, from ahead.
//!
//! **On the pane.** Impacts are a Poisson process in place, time and diameter. A drop stays where it fell, whole (assumption:
//! no splash; large drops lose some of their water), as a spherical cap of one contact angle. Drops that touch become one.
//! One that is too heavy for its own edge runs down the steepest way to the pane's lower edge and takes along what it
//! touches (C. Furmidge, J. Colloid Sci. 17, 1962, with [`HYSTERESIS_DEG`] to either side of the contact angle). The air
//! stream of the drive moves no drop (assumption: lanes are slow), none evaporates, and the film that a running drop leaves
//! is not drawn.
//!
//! **Dry times.** Under the canopy no rain falls: a pane is under it when its middle is. Wipers sweep the windscreen at a
//! fixed period and take all drops in their two sectors in an instant (assumption: good blades); the period's phase is
//! drawn. Blades are drawn at rest.
mod pane;

#[cfg(test)]
mod tests;

pub use pane::{Impact, Shower, WetPane};

/// Least and greatest diameter of drops that count, millimetres (assumption: smaller ones cover too little, larger ones
/// break up).
pub const DIAMETERS_MM: [f32; 2] = [0.4, 6.0];
/// How much flatter than at rest a drop's edge is where it recedes, and how much steeper where it advances, degrees
/// (assumption: glass that has been in traffic).
pub const HYSTERESIS_DEG: f32 = 15.0;
/// Greatest radius of a drop that stays, however flat the pane lies, metres (assumption).
const MOST_RADIUS_M: f32 = 4e-3;

/// Drops in the air, m⁻³ per millimetre of diameter: 8,000·exp(−ΛD), Λ = 4.1·R^−0.21 mm⁻¹ (Marshall and Palmer 1948).
pub fn density_per_m3_mm(rain_mm_per_h: f32, diameter_mm: f32) -> f32 {
    8_000.0 * (-slope_per_mm(rain_mm_per_h) * diameter_mm).exp()
}

fn slope_per_mm(rain_mm_per_h: f32) -> f32 {
    4.1 * rain_mm_per_h.powf(-0.21)
}

/// How fast a drop falls, metres per second: 9.65 − 10.3·exp(−0.6 D) (Atlas, Srivastava and Sekhon 1973).
pub fn fall_mps(diameter_mm: f32) -> f32 {
    (9.65 - 10.3 * (-0.6 * diameter_mm).exp()).max(0.0)
}

/// Volume of a spherical cap on a disc of radius 1 with this contact angle.
pub fn cap_volume(contact_angle_rad: f32) -> f32 {
    let (sin, cos) = contact_angle_rad.sin_cos();
    std::f32::consts::PI * (2.0 + cos) * (1.0 - cos).powi(2) / (3.0 * sin.powi(3))
}

/// Radius above which a drop does not stay, metres, on a pane whose slope has this sine: its weight along the pane is then
/// more than its edge holds, 2aγ(cos θ_receding − cos θ_advancing) (Furmidge 1962).
pub fn run_off_radius_m(contact_angle_rad: f32, slope_sine: f32) -> f32 {
    // Surface tension of water at 20 °C (IAPWS R1-76), N/m, and its weight, N/m³.
    const TENSION: f32 = 0.0728;
    const WEIGHT: f32 = 998.0 * 9.81;
    let half = HYSTERESIS_DEG.to_radians();
    let held = 2.0 * TENSION * ((contact_angle_rad - half).cos() - (contact_angle_rad + half).cos());
    (held / (WEIGHT * cap_volume(contact_angle_rad) * slope_sine.max(1e-6))).sqrt().min(MOST_RADIUS_M)
}
