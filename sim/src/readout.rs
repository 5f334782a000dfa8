//! From light on a sensor to the picture that a camera sends: one exposure, or a bracket of several, merged.
use laneproof_camera::{
    CameraModel, ExposureSettings, Frame8, Isp, LinearFrame, RadianceView, Samples, expose, expose_linear,
    glare::ScatteredLight,
    hdr::{Bracketed, merge, tone_map},
};
use laneproof_scenes::catalogue::{CameraMount, Sensor};

use crate::{
    exposing::{self, Exposed, Seen, Whose},
    ideal::{self, Factor},
    lamps,
    lens_camera::LensCamera,
    simulator::{ExposureRequest, SimError},
    view::View,
};

/// The picture of what a view sees, at the level that a counterfactual meters.
pub(crate) fn metered(view: &View<'_>, request: &ExposureRequest, seen: &Seen) -> Result<Frame8, SimError> {
    let View { staged, ideal, .. } = *view;
    let (mount, sensor) = (&staged.plan.rig.cameras[request.camera_index], &staged.plan.sensors[request.camera_index]);
    let at = |level: ideal::Level| frame(view, mount, sensor, request, seen, level);
    let mut level = ideal::Level::AS_IT_IS;
    let mut picture = at(level)?;
    if !ideal.factors.contains(Factor::Exposure) {
        return Ok(picture);
    }
    for _ in 0..ideal::METERINGS {
        let faces = exposing::faces(view, Whose::Own, request, seen, &picture);
        let face = faces.iter().find(|face| face.occupant == ideal.occupant);
        let Some(better) = face.and_then(|face| level.metered(face, request.gain_db)) else { break };
        level = better;
        picture = at(level)?;
    }
    if ideal.left(Factor::Exposure) > 0.0 {
        picture = at(level.part(ideal.share, request.gain_db))?;
    }
    Ok(picture)
}

/// The picture of what a view sees.
pub(crate) fn frame(
    view: &View<'_>,
    mount: &CameraMount,
    sensor: &Sensor,
    request: &ExposureRequest,
    seen: &Seen,
    level: ideal::Level,
) -> Result<Frame8, SimError> {
    let View { staged, lens_camera, .. } = *view;
    let camera_error = |reason: String| SimError::Camera { camera_id: mount.id.clone(), reason };
    // White-balanced to the light on the open ground and of the lamps, as an installer would do with a grey card.
    let mut white = staged.lane.light.model.horizontal_irradiance();
    for lamp in staged.lamps.iter() {
        let (.., irradiance) = lamp.source.seen_from(lamps::WHITE_PLACE_M);
        white = std::array::from_fn(|band| white[band] + irradiance[band]);
    }
    let isp = Isp::balanced(sensor, white);
    let mut lens = mount.lens.clone();
    lens.transmittance *= level.light;
    let mut model = CameraModel::new(&mount.id, sensor.clone(), lens, isp).map_err(|e| camera_error(e.to_string()))?;
    if view.ideal.factors.contains(Factor::Noise) {
        model = model.with_noise(view.ideal.left(Factor::Noise));
    }
    // One noise per encounter and exposure: the exposure id is unique in the encounter only.
    let plan = &staged.plan;
    let seed = plan.seed
        ^ plan.encounter.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ plan.noise_key.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let settings = |exposed: &Exposed| ExposureSettings {
        exposure_us: exposed.parts * request.exposure_us,
        gain_db: request.gain_db + level.gain_db,
    };
    if let [exposed] = &seen.exposed[..] {
        let read = |picture: &RadianceView<'_>| expose(&model, picture, &settings(exposed), seed, request.exposure_id);
        return with_glare((mount, sensor), &lens_camera, seen, exposed, read).map_err(|e| camera_error(e.to_string()));
    }
    let linear = |(k, exposed): (usize, &Exposed)| -> Result<(LinearFrame, ExposureSettings), SimError> {
        // Exposures of a bracket have each their own noise.
        let noise_id = request.exposure_id | (k as u64 + 1) << 48;
        let settings = settings(exposed);
        let read = |picture: &RadianceView<'_>| expose_linear(&model, picture, &settings, seed, noise_id);
        let frame =
            with_glare((mount, sensor), &lens_camera, seen, exposed, read).map_err(|e| camera_error(e.to_string()))?;
        Ok((frame, settings))
    };
    let frames = seen.exposed.iter().enumerate().map(linear).collect::<Result<Vec<_>, _>>()?;
    let bracket: Vec<Bracketed<'_>> =
        frames.iter().map(|(frame, settings)| Bracketed { frame, settings: *settings }).collect();
    let merged = merge(&model, &bracket).map_err(|e| camera_error(e.to_string()))?;
    Ok(tone_map(&model, &merged))
}

/// Reads a sensor with what its lens scatters over it.
fn with_glare<T>(
    (mount, sensor): (&CameraMount, &Sensor),
    lens_camera: &LensCamera,
    seen: &Seen,
    exposed: &Exposed,
    read: impl FnOnce(&RadianceView<'_>) -> T,
) -> T {
    let samples = Samples::Rgb32(exposed.radiance.as_flattened());
    let picture = RadianceView::whole(sensor.width_px, sensor.height_px, samples);
    let scattered = mount.lens.veiling_glare.map(|_| {
        let mut scattered = ScatteredLight::of(&picture, lens_camera.sensor.focal_length_px.into());
        for light in &seen.beside {
            light.shine_on(&mut scattered, lens_camera);
        }
        scattered
    });
    read(&RadianceView { scattered: scattered.as_ref(), ..picture })
}
