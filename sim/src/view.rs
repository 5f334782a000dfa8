//! What a camera sees of a moment: scene, lamps and panes before it, and what of the sensor they can change.
use std::sync::Arc;

use laneproof_optics::{lamp::LampSource, through_glass::GlassLayer};
use laneproof_render::{PinholeCamera, Region, Scene};
use laneproof_scenes::catalogue::{Lens, Polariser};
use rayon::prelude::*;

use crate::{
    glass::{self, Picture},
    head_lamps,
    ideal::{self, Counterfactual, Factor},
    lamps::{self, Lit, StagedLamp},
    lens_camera::LensCamera,
    moment::Moment,
    rain::Drawing,
    region::vehicles_region,
    remade::TakeKey,
    simulator::{ExposureRequest, SimError},
    staged::Staged,
};

/// What a camera sees of a moment.
pub(crate) struct View<'a> {
    pub(crate) staged: &'a Staged,
    pub(crate) moment: &'a Moment,
    pub(crate) scene: &'a Scene,
    /// The ideal picture that is rendered.
    pub(crate) camera: PinholeCamera,
    /// The camera as its lens draws.
    pub(crate) lens_camera: LensCamera,
    pub(crate) polariser: Option<Polariser>,
    /// The lens as it is mounted.
    pub(crate) lens: &'a Lens,
    /// Lamps that shine in its exposures.
    pub(crate) lamps: Vec<StagedLamp>,
    /// Whom a counterfactual is about, and what it idealises; nothing in an exposure as it is.
    pub(crate) ideal: Counterfactual,
    /// Whether what it takes is kept for further counterfactuals.
    pub(crate) kept: bool,
}

impl<'a> View<'a> {
    /// A camera's view of a moment and its scene.
    pub(crate) fn new(
        staged: &'a Staged,
        (moment, scene): (&'a Moment, &'a Scene),
        camera_index: usize,
        ideal: Counterfactual,
        kept: bool,
    ) -> Result<Self, SimError> {
        let mount = &staged.plan.rig.cameras[camera_index];
        let lens_camera = ideal::camera(staged, moment, camera_index, &ideal)?;
        let (camera, polariser) = (lens_camera.drawn, mount.lens.polariser);
        let mut lamps: Vec<StagedLamp> = lamps::of_camera(&staged.lamps, &mount.id).into_iter().cloned().collect();
        lamps.extend(head_lamps::shining(staged, moment));
        let lens = &mount.lens;
        Ok(Self { staged, moment, scene, camera, lens_camera, polariser, lens, lamps, ideal, kept })
    }

    /// What a take of it depends on.
    pub(crate) fn key(&self, request: &ExposureRequest) -> TakeKey {
        let Self { staged, ideal, .. } = self;
        let cleared = ideal.factors.contains(Factor::Occluder);
        let enlarged = ideal.factors.contains(Factor::Pixels);
        TakeKey {
            drive: staged.trajectory.clone(),
            camera_index: request.camera_index,
            exposure_id: request.exposure_id,
            mid_exposure_us: request.mid_exposure_us,
            exposure_bits: request.exposure_us.to_bits(),
            drops_bits: ideal.left(Factor::Drops).to_bits(),
            own: (cleared || enlarged).then(|| (ideal.occupant, cleared, ideal.left(Factor::Pixels).to_bits())),
            private: [Factor::Worn, Factor::Pose].iter().any(|factor| ideal.factors.contains(*factor)),
        }
    }

    /// Where on the sensor the vehicle can change anything; `None` when it is out of view.
    pub(crate) fn region(&self) -> Option<Region> {
        let Self { staged, moment, camera, .. } = self;
        let sun = staged.lane.light.light.sun_direction;
        match self.lamps.is_empty() {
            true => {
                let vehicles = moment.vehicles(staged);
                vehicles_region(camera, vehicles.map(|(s, m)| (&*s.vehicle, m.world_from_vehicle)), sun)
            }
            // Shadows of lamps fall anywhere.
            false => Some(Region::full(camera.width_px, camera.height_px)),
        }
    }

    /// The panes before what was rendered.
    pub(crate) fn glass(&self, lit: &Lit) -> Panes {
        let Self { staged, moment, camera, polariser, .. } = self;
        let drops = self.region().map(|region| Drawing::behind(self.lens, region, self.ideal.left(Factor::Drops)));
        // Drops show the cabin in the light that is asked for.
        let in_pulse = staged.rain.as_ref().and_then(|_| lit.in_pulse());
        let picture = |layers| Picture { camera, polariser: polariser.as_ref(), layers, drops };
        let layers = &lit.steady;
        let shining = |strobed: bool| -> Vec<LampSource> {
            let of_kind = self.lamps.iter().filter(|lamp| lamp.pulse_us().is_some() == strobed);
            of_kind.map(|lamp| lamp.source).collect()
        };
        let strobes = shining(true);
        let burning = shining(false);
        let mut steady = glass::before_scene(staged, moment, &burning, &picture(layers));
        glass::add_air(staged, Some(moment), camera, polariser.as_ref(), (&burning, true), layers, &mut steady);
        let pulsed = || {
            let shown = picture(in_pulse.as_ref().unwrap_or(layers));
            let mut images = glass::images_of(staged, moment, &strobes, &shown);
            glass::add_air(staged, Some(moment), camera, polariser.as_ref(), (&strobes, false), layers, &mut images);
            images
        };
        Panes { steady: Arc::new(steady), pulsed: (!strobes.is_empty()).then(|| Arc::new(pulsed())) }
    }
}

/// Panes before a picture: what they mirror all the time, and what of strobes while these shine.
#[derive(Clone)]
pub(crate) struct Panes {
    pub(crate) steady: Arc<GlassLayer>,
    pub(crate) pulsed: Option<Arc<GlassLayer>>,
}

impl Panes {
    /// The mean over an exposure of which strobes shine for a share.
    pub(crate) fn mean(self, share: f32) -> Arc<GlassLayer> {
        let mut mean = self.steady;
        if let Some(pulsed) = &self.pulsed {
            let mean = Arc::make_mut(&mut mean);
            let veil = mean.veil.iter_mut().zip(&pulsed.veil);
            let drops = mean.drops.iter_mut().map(|drops| &mut drops.radiance);
            let drops = drops.zip(pulsed.drops.iter().map(|drops| &drops.radiance));
            for (sum, more) in veil.chain(mean.airlight.iter_mut().zip(&pulsed.airlight)).chain(drops) {
                *sum = std::array::from_fn(|band| sum[band] + share * more[band]);
            }
        }
        mean
    }

    /// The same with a share of what they mirror and of what the air before them adds.
    pub(crate) fn dimmed(&self, share: f32) -> Self {
        if share == 1.0 {
            return self.clone();
        }
        let dimmed = |layer: &Arc<GlassLayer>| {
            Arc::new(GlassLayer {
                transmittance: layer.transmittance.clone(),
                veil: layer.veil.par_iter().map(|light| light.map(|band| share * band)).collect(),
                airlight: layer.airlight.par_iter().map(|light| light.map(|band| share * band)).collect(),
                drops: layer.drops.clone(),
            })
        };
        Self { steady: dimmed(&self.steady), pulsed: self.pulsed.as_ref().map(dimmed) }
    }
}
