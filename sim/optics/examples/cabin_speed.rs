//! Prints how long it takes to gather the light in each vehicle of the catalogue, and what falls on each seat's face.
use std::time::Instant;

use glam::{Affine3A, Vec3};
use laneproof_optics::{
    cabin::{CabinOptions, CabinScene},
    daylight::DaylightModel,
    sun::SunPosition,
};
use laneproof_scenes::{
    catalogue::{GlassSet, Sky},
    vehicle,
};

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the wall clock")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sun = SunPosition { elevation_deg: 40.0, azimuth_deg: 130.0, day_of_year: 100 };
    let daylight = DaylightModel::from_sun(sun, 180.0, Sky::Clear);
    let glass = GlassSet::bare(0.75, 0.7, 0.25);
    let options = CabinOptions::default();
    for model in vehicle::models() {
        let vehicle = vehicle::build(model, &glass, [0.3; 3])?;
        let triangles: usize = vehicle.parts.iter().map(|p| p.mesh.triangle_count()).sum();
        for _ in 0..2 {
            let start = Instant::now();
            let light = CabinScene::in_daylight(&vehicle, Affine3A::IDENTITY, &[], &daylight).gather(&options);
            println!(
                "{model}: {triangles} triangles, {:?} probes × {} rays, {} bounces: {:.0} ms",
                light.dims,
                options.rays,
                options.bounces,
                start.elapsed().as_secs_f64() * 1e3
            );
            for seat in &vehicle.seats {
                let face = seat.h_point_m + Vec3::new(0.0, 0.68, -0.05);
                let share = |n: Vec3| light.irradiance(face, n)[1] / daylight.sky_horizontal_irradiance[1];
                let [ahead, left, up] = [Vec3::Z, Vec3::X, Vec3::Y].map(share);
                println!(
                    "  row {} {:?}: ahead {ahead:.3}, left {left:.3}, up {up:.3} of the sky's",
                    seat.id.row, seat.id.side
                );
            }
        }
    }
    Ok(())
}
