//! Lamps of lane and rig: each lights the scene in a picture of its own, which is added to the daylight's.
use std::sync::Arc;

use glam::Vec3;
use half::f16;
use laneproof_optics::lamp::LampSource;
use laneproof_render::{Cabin, LampBeam, Layers, Light, Scene};
use laneproof_scenes::{catalogue::Lamp, infrared::Infrared};
use rayon::prelude::*;

use crate::encounter::EncounterPlan;

/// A lamp, ready to shine.
#[derive(Debug, Clone)]
pub(crate) struct StagedLamp {
    /// As the lane or the rig has it; `None` for one that drives with a vehicle.
    lamp: Option<Lamp>,
    /// Where it is now.
    pub(crate) source: LampSource,
    /// Whose cameras see by it; `None`: those of the visible.
    pub(crate) band: Option<Infrared>,
    /// The same for the renderer: this lamp, and nothing else that gives light.
    light: Arc<Light>,
}

impl StagedLamp {
    /// One that drives with a vehicle and burns all the time.
    pub(crate) fn driven(source: LampSource, band: Option<Infrared>) -> Self {
        Self { lamp: None, source, band, light: Arc::new(alone(&source)) }
    }

    /// Whether it drives with a vehicle.
    pub(crate) fn is_driven(&self) -> bool {
        self.lamp.is_none()
    }

    /// Length of its pulse, microseconds; `None` where it burns all the time.
    pub(crate) fn pulse_us(&self) -> Option<f32> {
        self.lamp.as_ref()?.pulse_us
    }

    /// Whether it shines in a camera's exposures.
    fn lights(&self, camera_id: &str) -> bool {
        self.lamp.as_ref().is_none_or(|lamp| lamp.lights(camera_id))
    }
}

/// The lamps that an encounter's cameras of a band see by: those of the lane, then those of the rig.
pub(crate) fn of_plan(plan: &EncounterPlan, band: Option<Infrared>) -> Vec<StagedLamp> {
    plan.lane
        .lamps
        .iter()
        .chain(&plan.rig.illuminators)
        .filter_map(|lamp| {
            let source = LampSource::of(lamp, band)?;
            Some(StagedLamp { lamp: Some(lamp.clone()), light: Arc::new(alone(&source)), source, band })
        })
        .collect()
}

/// Those that burn all the time.
pub(crate) fn steady(lamps: &[StagedLamp]) -> Vec<LampSource> {
    lamps.iter().filter(|lamp| lamp.pulse_us().is_none()).map(|lamp| lamp.source).collect()
}

/// Those that shine in a camera's exposures.
pub(crate) fn of_camera<'l>(lamps: &'l [StagedLamp], camera_id: &str) -> Vec<&'l StagedLamp> {
    lamps.iter().filter(|lamp| lamp.lights(camera_id)).collect()
}

/// The lamps whose light in cabins is gathered in one go with that of lamp `k`, and whether `k` is the first of them: rays are cast
/// once for all that stand still and burn, or flash, at the same time. One that drives is alone.
pub(crate) fn together(lamps: &[StagedLamp], k: usize) -> (Vec<&StagedLamp>, bool) {
    let lamp = &lamps[k];
    if lamp.is_driven() {
        return (vec![lamp], true);
    }
    let with = |other: &StagedLamp| !other.is_driven() && other.pulse_us().is_some() == lamp.pulse_us().is_some();
    let first = lamps.iter().position(with);
    (lamps.iter().filter(|other| with(other)).collect(), first == Some(k))
}

/// How long the strobes of a camera shine in an exposure, microseconds, and that as a share of it; `None` without strobes.
pub(crate) fn pulse<'l>(lamps: impl IntoIterator<Item = &'l StagedLamp>, exposure_us: f32) -> Option<(f32, f32)> {
    // Strobes of one camera have one length of pulse: the catalogue sees to it.
    let pulse_us = lamps.into_iter().find_map(StagedLamp::pulse_us)?.min(exposure_us);
    Some((pulse_us, pulse_us / exposure_us))
}

/// A light of one lamp.
fn alone(source: &LampSource) -> Light {
    let dark = vec![[0.0; 3]; 2];
    Light {
        lamp: Some(LampBeam {
            position_m: source.position_m,
            axis: source.axis,
            half_angle_rad: source.half_angle_rad,
            intensity: source.intensity,
            pattern: source.pattern.map(|turned| (turned.pattern, turned.right)),
        }),
        sun_direction: None,
        sun_irradiance: [0.0; 3],
        sky_width: 2,
        sky_height: 1,
        sky: dark.clone(),
        open_sky: dark,
        open_irradiance_sh: [[0.0; 3]; 9],
        roof: None,
        irradiance_sh: [[0.0; 3]; 9],
    }
}

/// The scene in a lamp's light alone, with what it does in the cabin.
pub(crate) fn lit_by(scene: &Scene, lamp: &StagedLamp, cabins: Vec<Cabin>) -> Scene {
    let mut scene = Scene { light: lamp.light.clone(), cabins, ..scene.clone() };
    for solid in &mut scene.solids {
        // What shines by itself is in the daylight's picture.
        solid.surface.emitted_radiance = [0.0; 3];
    }
    scene
}

/// Adds a share of light to a picture.
pub(crate) fn add(radiance: &mut [[f16; 4]], more: &[[f16; 4]], share: f32) {
    const PIECE: usize = 4096;
    radiance.par_chunks_mut(PIECE).zip(more.par_chunks(PIECE)).for_each(|(radiance, more)| {
        for (sum, more) in radiance.iter_mut().zip(more) {
            for band in 0..3 {
                sum[band] = f16::from_f32(sum[band].to_f32() + share * more[band].to_f32());
            }
        }
    });
}

/// What a camera sees: in the light that is always there, and in that of strobes while they shine.
#[derive(Debug)]
pub(crate) struct Lit {
    pub(crate) steady: Arc<Layers>,
    pub(crate) pulsed: Option<Vec<[f16; 4]>>,
}

impl Lit {
    /// The mean over an exposure of which strobes shine for a share.
    pub(crate) fn mean(&self, share: f32) -> Arc<Layers> {
        let mut mean = self.steady.clone();
        if let Some(pulsed) = &self.pulsed {
            add(&mut Arc::make_mut(&mut mean).radiance, pulsed, share);
        }
        mean
    }

    /// The layers as they are while strobes shine, without any other light.
    pub(crate) fn in_pulse(&self) -> Option<Layers> {
        Some(Layers { radiance: self.pulsed.clone()?, ..Layers::clone(&self.steady) })
    }
}

/// Where a camera's white is balanced at night: the front seats at the stop line, metres.
pub(crate) const WHITE_PLACE_M: Vec3 = Vec3::new(0.0, 1.2, -2.6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_pictures_are_sums_of_light() {
        let picture = |v: f32| vec![[f16::from_f32(v), f16::from_f32(2.0 * v), f16::from_f32(0.0), f16::ONE]; 5000];
        let mut sum = picture(1.0);
        add(&mut sum, &picture(4.0), 0.25);
        assert!(sum.iter().all(|p| p.map(f32::from) == [2.0, 4.0, 0.0, 1.0]));
    }
}
