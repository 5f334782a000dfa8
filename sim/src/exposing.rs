//! One camera opening its shutter once: scene, panes, sensor, truth.
use std::sync::{Arc, OnceLock};

use half::f16;
use laneproof_camera::{
    Frame8,
    blur::{Backdrop, Blur},
    decode_jpeg, encode_jpeg, lens,
    video::Coded,
};
use laneproof_optics::through_glass::GlassLayer;
use laneproof_render::{Layers, Region, RenderRequest, Scene};
use laneproof_scenes::truth::{Role, Subject};
use rayon::prelude::*;

use crate::{
    blur::{self, Bodies, Shutter},
    decoys,
    face_truth::{Evidence, FacePose, face_truth, mid_eyes_m},
    glass, head_lamps,
    ideal::{self, Counterfactual, Factor, Factors},
    lamps::{self, Lit},
    moment::{self, Moment},
    readout,
    region::{TruthLayers, through_glass},
    remade::Take,
    shared::Background,
    simulator::{Exposure, ExposureRequest, SimError, Simulator},
    staged::Staged,
    sun::{self, LightBeside},
    truth::{ExposureTruth, FaceTruth, OtherFace, VideoTruth},
    view::View,
};

/// Radiance on a sensor, and the truth about it.
pub(crate) struct Seen {
    /// What falls on the sensor in the exposures of a frame; of a bracket more than one.
    pub(crate) exposed: Vec<Exposed>,
    /// Sun and lamps that are not in the picture but shine on the lens.
    pub(crate) beside: Vec<LightBeside>,
    layers: TruthLayers,
    rendered_pixels: usize,
    cross_check_differs: Option<bool>,
}

/// One opening of the shutter.
pub(crate) struct Exposed {
    /// Exposure time in parts of the request's.
    pub(crate) parts: f32,
    pub(crate) radiance: Arc<Vec<[f32; 3]>>,
}

/// Quality of the JPEG files of frames that do not reach the stack as JPEG: for people to look at.
const STILL_QUALITY: u8 = 92;

/// What a camera sends.
struct Sent {
    jpeg: Vec<u8>,
    numbers: Option<Frame8>,
    video: Option<VideoTruth>,
}

impl Simulator {
    /// Makes one exposure. Of a camera that sends video, its earlier ones are those of its triggers, as the rig sets them; see
    /// [`Simulator::expose_after`].
    pub fn expose(&mut self, staged: &Staged, request: &ExposureRequest) -> Result<Exposure, SimError> {
        self.expose_after(staged, request, &staged.earlier(request))
    }

    /// Makes one exposure after a camera's earlier ones in the encounter, in their order: a frame of video holds something of
    /// the frames before it. Any other frame depends on the request alone.
    pub fn expose_after(
        &mut self,
        staged: &Staged,
        request: &ExposureRequest,
        earlier: &[ExposureRequest],
    ) -> Result<Exposure, SimError> {
        let as_it_is = Counterfactual::whole(0, Factors::NONE);
        self.exposure(staged.seen_by(request.camera_index), request, earlier, as_it_is, false)
    }

    /// Makes an exposure as it would be without what a counterfactual takes away; as it is, where that is nothing. What
    /// such exposures of one moment have in common is kept, some 2 GB at most of sensors of 2.3 megapixels.
    pub fn expose_ideal(
        &mut self,
        staged: &Staged,
        request: &ExposureRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposure, SimError> {
        self.expose_ideal_after(staged, request, &staged.earlier(request), ideal)
    }

    /// The same after a camera's earlier exposures, which are idealised with it.
    pub fn expose_ideal_after(
        &mut self,
        staged: &Staged,
        request: &ExposureRequest,
        earlier: &[ExposureRequest],
        ideal: &Counterfactual,
    ) -> Result<Exposure, SimError> {
        let staged = self.restaged(staged, request.camera_index, ideal)?;
        self.exposure(staged.seen_by(request.camera_index), request, earlier, *ideal, true)
    }

    pub(crate) fn exposure(
        &mut self,
        staged: &Staged,
        request: &ExposureRequest,
        earlier: &[ExposureRequest],
        ideal: Counterfactual,
        kept: bool,
    ) -> Result<Exposure, SimError> {
        let clock = self.options.clock;
        let begin = clock();
        let time_s = request.mid_exposure_us as f64 * 1e-6;
        let moment = self.moment(staged, request.mid_exposure_us);
        let mount = &staged.plan.rig.cameras[request.camera_index];
        let scene = moment.scene_before(staged, time_s, mount.position_m.into());
        let staged_at = clock();

        let view = View::new(staged, (&moment, &scene), request.camera_index, ideal, kept)?;
        let seen = self.see(&view, request)?;
        let rendered_at = clock();

        let frame = Arc::new(readout::metered(&view, request, &seen)?);
        let Sent { jpeg, numbers, video } = self.sent(&view, request, earlier, &frame)?;
        // Video is judged as the stack gets it, a JPEG file before its compression (assumption: at usual qualities no measure
        // tells the two apart).
        let judged = numbers.as_ref().filter(|_| mount.h264.is_some()).unwrap_or(&frame);
        let faces_of = |whose: Whose| faces(&view, whose, request, &seen, judged);
        let truth = ExposureTruth {
            exposure_id: request.exposure_id,
            camera_id: mount.id.clone(),
            mid_exposure_us: request.mid_exposure_us,
            exposure_us: request.exposure_us,
            speed_mps: staged.trajectory.speed_at(time_s),
            faces: faces_of(Whose::Own),
            others: (0..staged.neighbours.len() as u8)
                .flat_map(|vehicle| {
                    let faces = faces_of(Whose::Neighbour(vehicle));
                    faces.into_iter().map(move |face| OtherFace { vehicle, face })
                })
                .collect(),
            decoys: moment
                .decoys
                .iter()
                .filter_map(|(k, kind, figure, place)| {
                    let world_from_figure = moment.world_from_vehicle * *place;
                    decoys::truth(*k, *kind, &figure.face_m, world_from_figure, &view.lens_camera, &seen.layers)
                })
                .collect(),
            video,
        };
        let exposed_at = clock();
        Ok(Exposure {
            frame: Arc::unwrap_or_clone(frame),
            jpeg,
            numbers,
            truth,
            layers: seen.layers,
            timings_s: [staged_at - begin, rendered_at - staged_at, exposed_at - rendered_at],
            rendered_pixels: seen.rendered_pixels,
            cross_check_differs: seen.cross_check_differs,
        })
    }

    /// What a camera sends of a frame that its sensor gave.
    fn sent(
        &mut self,
        view: &View<'_>,
        request: &ExposureRequest,
        earlier: &[ExposureRequest],
        frame: &Arc<Frame8>,
    ) -> Result<Sent, SimError> {
        let mount = &view.staged.plan.rig.cameras[request.camera_index];
        let error = |reason: String| SimError::Camera { camera_id: mount.id.clone(), reason };
        let jpeg_of = |frame: &Frame8, quality: u8| encode_jpeg(frame, quality).map_err(|e| error(e.to_string()));
        let left = view.ideal.left(Factor::Compression);
        let Some(settings) = &mount.h264 else {
            let quality =
                mount.jpeg_quality.ok_or_else(|| error("neither jpeg_quality nor h264 is given".to_owned()))?;
            let jpeg = jpeg_of(frame, quality)?;
            let numbers = match left {
                1.0 => None,
                0.0 => Some(Frame8::clone(frame)),
                _ => {
                    let decoded = decode_jpeg(&jpeg, frame.colour).map_err(|e| error(e.to_string()))?;
                    Some(frame.towards(&decoded, left))
                }
            };
            return Ok(Sent { jpeg, numbers, video: None });
        };
        if left == 0.0 {
            let numbers = Frame8::clone(frame);
            return Ok(Sent { jpeg: jpeg_of(&numbers, STILL_QUALITY)?, numbers: Some(numbers), video: None });
        }
        let Coded { frame: decoded, bytes, intra } = self.streamed(view, (settings, request), earlier, frame)?;
        let error_rms_dn = frame.rms_difference(&decoded);
        let video = VideoTruth { coded_bytes: bytes as u64, intra, error_rms_dn };
        let numbers = if left < 1.0 { frame.towards(&decoded, left) } else { decoded };
        Ok(Sent { jpeg: jpeg_of(&numbers, STILL_QUALITY)?, numbers: Some(numbers), video: Some(video) })
    }

    /// The instant of an encounter, shared by the cameras that expose in it.
    pub(crate) fn moment(&mut self, staged: &Staged, time_us: u64) -> Arc<Moment> {
        if let Some((id, at_us, moment)) = &self.last_moment
            && Arc::ptr_eq(id, &staged.trajectory)
            && *at_us == time_us
        {
            return moment.clone();
        }
        let moment = Arc::new(Moment::new(staged, time_us as f64 * 1e-6));
        self.last_moment = Some((staged.trajectory.clone(), time_us, moment.clone()));
        moment
    }

    /// Renders what a view sees, with its panes, over the lane's own background.
    pub(crate) fn see(&mut self, view: &View<'_>, request: &ExposureRequest) -> Result<Seen, SimError> {
        let take = self.take(view, request)?;
        self.drawn(view, request, &take)
    }

    /// What a view shows before and after there is a vehicle in it.
    pub(crate) fn see_empty(&mut self, view: &View<'_>, request: &ExposureRequest) -> Result<Seen, SimError> {
        let nothing = Take { region: None, lit: None, panes: None, drawn: OnceLock::new() };
        self.drawn(view, &ExposureRequest { cross_check: false, ..*request }, &nothing)
    }

    /// A take as the lens draws it, over the lane's own background.
    fn drawn(&mut self, view: &View<'_>, request: &ExposureRequest, take: &Take) -> Result<Seen, SimError> {
        let View { staged, moment, camera, ideal, .. } = *view;
        let full = Region::full(camera.width_px, camera.height_px);
        let factors = ideal.factors;
        let mount = &staged.plan.rig.cameras[request.camera_index];
        let pitch_um = ideal::pixel_pitch_um(&staged.plan.sensors[request.camera_index], &ideal);
        let still = blur::at_rest(&camera, &ideal::lens(&mount.lens, &ideal), pitch_um);
        let background = self.behind(view, request.camera_index, &still)?;
        let share = lamps::pulse(&view.lamps, request.exposure_us).map_or(0.0, |(_, share)| share);
        let panes = take.panes.as_ref().map(|panes| panes.dimmed(ideal.left(Factor::Veil)));
        let mut layers = TruthLayers {
            exposure_id: request.exposure_id,
            background: background.layers.clone(),
            background_glass: background.glass.clone(),
            part: take.lit.as_ref().map(|lit| lit.mean(share)),
            glass: panes.as_ref().map(|panes| panes.clone().mean(share)),
            distorted: None,
        };
        let distorted = self
            .shared
            .distorted(&view.lens_camera)
            .map_err(|fold| SimError::Camera { camera_id: mount.id.clone(), reason: fold.to_string() })?;
        let bodies = Bodies::of(staged);
        let draw = |open_us: f32| -> Result<Vec<[f32; 3]>, SimError> {
            let (Some(lit), Some(panes)) = (&take.lit, &panes) else {
                let mut empty = background.backdrop.blurred().to_vec();
                if let (Some((_, share)), Some(pulsed)) = (lamps::pulse(&view.lamps, open_us), &background.pulsed) {
                    add_share(&mut empty, share, pulsed.blurred());
                }
                return Ok(empty);
            };
            let line_time_us = staged.plan.sensors[request.camera_index].line_time_us;
            let moving = ideal.left(Factor::MotionBlur);
            let drawn = |layers: &Layers, glass: &GlassLayer, backdrop: &Backdrop, exposure_us: f32| {
                let blur = if moving == 0.0 {
                    still.clone()
                } else {
                    let mid_exposure_s = request.mid_exposure_us as f64 * 1e-6;
                    let middle_row = view.lens_camera.middle_row();
                    let shutter =
                        Shutter { mid_exposure_s, exposure_us: exposure_us * moving, line_time_us, middle_row };
                    blur::in_motion(staged, moment, &camera, still.clone(), shutter)
                };
                blur::on_sensor(layers, Some(glass), backdrop, (&blur, &bodies))
                    .map_err(|e| SimError::Camera { camera_id: mount.id.clone(), reason: e.to_string() })
            };
            let mut radiance = drawn(&lit.steady, &panes.steady, &background.backdrop, open_us)?;
            if let (Some((pulse_us, share)), Some(in_pulse), Some(images), Some(backdrop)) =
                (lamps::pulse(&view.lamps, open_us), lit.in_pulse(), &panes.pulsed, &background.pulsed)
            {
                let flash = drawn(&in_pulse, images, backdrop, pulse_us)?;
                add_share(&mut radiance, share, &flash);
            }
            Ok(radiance)
        };
        let on_sensor = |open_us: f32| -> Result<Vec<[f32; 3]>, SimError> {
            let mut radiance = draw(open_us)?;
            let light = &staged.lane.light.model;
            sun::draw_disc(&mut radiance, &camera, &layers, light.sun_direction, light.sun_above_air);
            Ok(match &distorted {
                Some(sensor) => sensor.resample(&radiance),
                None => radiance,
            })
        };
        let redrawn = DRAWN.into_iter().any(|factor| factors.contains(factor));
        let as_asked = || -> Result<Arc<Vec<[f32; 3]>>, SimError> {
            let radiance = match take.drawn.get() {
                Some(drawn) if !redrawn => drawn.clone(),
                _ => Arc::new(on_sensor(request.exposure_us)?),
            };
            if !redrawn && view.kept {
                take.drawn.get_or_init(|| radiance.clone());
            }
            Ok(radiance)
        };
        let exposed = |parts: f32| -> Result<Exposed, SimError> {
            let radiance = if parts == 1.0 { as_asked()? } else { Arc::new(on_sensor(parts * request.exposure_us)?) };
            Ok(Exposed { parts, radiance })
        };
        let exposed = if mount.bracket_ev.is_empty() {
            vec![exposed(1.0)?]
        } else {
            mount.bracket_ev.iter().map(|ev| exposed(ev.exp2())).collect::<Result<_, _>>()?
        };
        let cross_check_differs = if request.cross_check {
            let whole = self.lit(view, request.exposure_id, full)?;
            let glass = view.glass(&whole).dimmed(ideal.left(Factor::Veil)).mean(share);
            Some(layers.whole_glass() != *glass || layers.whole() != *whole.mean(share))
        } else {
            None
        };
        let rendered_pixels = take.region.map_or(0, |region| region.pixels());
        layers.distorted = distorted;
        let mut beside = Vec::new();
        if mount.lens.veiling_glare.is_some() {
            let passes = glass::filter_transmittance(view.polariser.as_ref());
            beside.extend(LightBeside::of_sun(staged, moment, &view.lens_camera, passes));
            beside.extend(head_lamps::beside(staged, moment, &view.lens_camera, passes));
        }
        Ok(Seen { exposed, beside, layers, rendered_pixels, cross_check_differs })
    }

    /// What a view shows of the lane when nobody is there.
    fn behind(&mut self, view: &View<'_>, camera_index: usize, still: &Blur) -> Result<Background, SimError> {
        let View { staged, camera, ideal, .. } = *view;
        let own = self.shared.background(&mut self.renderer, staged, camera_index)?;
        let enlarged = ideal.factors.contains(Factor::Pixels);
        if !enlarged && !ideal.factors.contains(Factor::Defocus) {
            return Ok(own);
        }
        if let Some(known) = self.remade.background(&own.layers, still) {
            return Ok(known);
        }
        let mount = &staged.plan.rig.cameras[camera_index];
        let background = if enlarged || own.pulsed.is_some() {
            self.shared.background_of(&mut self.renderer, staged, (&mount.id, &camera), still)?
        } else {
            // The same picture through a smaller aperture.
            let scene = through_glass(&own.layers, own.glass.as_deref());
            let backdrop = Backdrop::new(scene, &own.layers.range_m, still)
                .map_err(|e| SimError::Plan(format!("the lens: {e}")))?;
            Background { backdrop: Arc::new(backdrop), ..own.clone() }
        };
        self.remade.keep_background(own.layers, still.clone(), background.clone());
        Ok(background)
    }

    /// The vehicle's part of a view, rendered, and its panes; kept for counterfactuals of the same moment.
    fn take(&mut self, view: &View<'_>, request: &ExposureRequest) -> Result<Arc<Take>, SimError> {
        let key = view.key(request);
        if view.kept
            && let Some(known) = self.remade.find(&key)
        {
            return Ok(known);
        }
        let region = view.region();
        let lit = region.map(|region| self.lit(view, request.exposure_id, region)).transpose()?;
        let panes = lit.as_ref().map(|lit| view.glass(lit));
        let take = Arc::new(Take { region, lit, panes, drawn: OnceLock::new() });
        if view.kept {
            self.remade.keep(key, take.clone());
        }
        Ok(take)
    }

    /// A part of a view in daylight and in the light of each lamp.
    pub(crate) fn lit(&mut self, view: &View<'_>, exposure_id: u64, region: Region) -> Result<Lit, SimError> {
        let mut steady = self.render(view, view.scene, exposure_id, region)?;
        let mut pulsed: Option<Vec<[f16; 4]>> = None;
        for (k, lamp) in view.lamps.iter().enumerate() {
            // What lamps make in a cabin together is in the picture of the first of them.
            let (together, is_first) = lamps::together(&view.lamps, k);
            let mut cabins = Vec::new();
            for (staged, moment) in view.moment.vehicles(view.staged) {
                let place = moment.world_from_vehicle;
                let is_dark = lamp.is_driven() && !head_lamps::reaches(&lamp.source, &staged.vehicle, place);
                if is_dark || !is_first {
                    cabins.extend(staged.cabin.in_the_dark(place));
                } else {
                    cabins.extend(self.shared.lamp_cabin(staged, &together, place, &self.options.cabin).placed(place));
                }
            }
            let scene = lamps::lit_by(view.scene, lamp, cabins);
            let more = self.render(view, &scene, exposure_id, region)?.radiance;
            match (lamp.pulse_us(), &mut pulsed) {
                (None, _) => lamps::add(&mut steady.radiance, &more, 1.0),
                (Some(_), Some(sum)) => lamps::add(sum, &more, 1.0),
                (Some(_), none) => *none = Some(more),
            }
        }
        Ok(Lit { steady: Arc::new(steady), pulsed })
    }

    fn render(&mut self, view: &View<'_>, scene: &Scene, exposure_id: u64, region: Region) -> Result<Layers, SimError> {
        let request = RenderRequest { exposure_id, camera: view.camera, region };
        let mut layers = self.renderer.render(scene, &request)?;
        if view.ideal.factors.contains(Factor::Occluder) {
            let alone = ideal::alone(scene, view.ideal.occupant);
            ideal::bring_forward(&mut layers, &self.renderer.render(&alone, &request)?, view.ideal.occupant);
        }
        Ok(layers)
    }

    /// Seconds that the render of an exposure's whole sensor takes, with all layers and their readback; for benchmarks.
    pub fn time_full_render(&mut self, staged: &Staged, request: &ExposureRequest) -> Result<f64, SimError> {
        let staged = staged.seen_by(request.camera_index);
        let time_s = request.mid_exposure_us as f64 * 1e-6;
        let camera = staged.lens_camera(request.camera_index)?.drawn;
        let scene = self.moment(staged, request.mid_exposure_us).scene(staged, time_s);
        let region = Region::full(camera.width_px, camera.height_px);
        let begin = (self.options.clock)();
        self.renderer.render(&scene, &RenderRequest { exposure_id: request.exposure_id, camera, region })?;
        Ok((self.options.clock)() - begin)
    }
}

/// What changes how the lens draws a take.
const DRAWN: [Factor; 3] = [Factor::Veil, Factor::MotionBlur, Factor::Defocus];

/// Which vehicle's people are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    Own,
    /// By index in the encounter.
    Neighbour(u8),
}

/// Adds a share of some light.
fn add_share(radiance: &mut [[f32; 3]], share: f32, more: &[[f32; 3]]) {
    for (sum, more) in radiance.iter_mut().zip(more) {
        *sum = std::array::from_fn(|band| sum[band] + share * more[band]);
    }
}

/// The truth about faces as a frame shows them.
pub(crate) fn faces(
    view: &View<'_>,
    whose: Whose,
    request: &ExposureRequest,
    seen: &Seen,
    frame: &Frame8,
) -> Vec<FaceTruth> {
    let mount = &view.staged.plan.rig.cameras[request.camera_index];
    let sensor = &view.staged.plan.sensors[request.camera_index];
    let centres_nm = lens::band_centres_nm(sensor);
    let photons_per_radiance = lens::photons_per_radiance_s(&mount.lens, sensor.pixel_pitch_um, centres_nm);
    let evidence = Evidence {
        camera: &view.lens_camera,
        lens: &mount.lens,
        pixel_pitch_um: ideal::pixel_pitch_um(sensor, &view.ideal),
        photons_per_radiance: photons_per_radiance[1] * f64::from(request.exposure_us) * 1e-6,
        filter_transmittance: glass::filter_transmittance(view.polariser.as_ref()),
        layers: &seen.layers,
        frame,
    };
    let (staged, moment) = match whose {
        Whose::Own => (view.staged, view.moment),
        Whose::Neighbour(v) => (&*view.staged.neighbours[usize::from(v)], &view.moment.neighbours[usize::from(v)]),
    };
    let half_s = f64::from(request.exposure_us) * 0.5e-6;
    let time_s = request.mid_exposure_us as f64 * 1e-6;
    let eyes_at = |k: usize, time_s: f64| {
        let here = moment::landmarks_in(moment.world_from_seat(&staged.occupants[k]), &moment.posed[k].landmarks);
        moment.head_moved(staged, k, time_s).transform_point3(mid_eyes_m(&here))
    };
    (0..staged.occupants.len())
        .into_par_iter()
        .filter_map(|k| {
            let posed = &moment.posed[k];
            let world_from_seat = moment.world_from_seat(&staged.occupants[k]);
            let skin = posed.parts.iter().find(|part| part.tag.role == Role::Face)?;
            let pose = FacePose {
                occupant: k as u8,
                subject: match whose {
                    Whose::Own => Subject::Occupant(k as u8),
                    Whose::Neighbour(vehicle) => Subject::OtherOccupant { vehicle, occupant: k as u8 },
                },
                landmarks: moment::landmarks_in(world_from_seat, &posed.landmarks),
                eyes_at_open_m: eyes_at(k, (time_s - half_s).max(0.0)),
                eyes_at_close_m: eyes_at(k, time_s + half_s),
                mesh: &skin.mesh,
                world_from_mesh: world_from_seat,
            };
            let mut truth = face_truth(&pose, &evidence);
            truth.motion_blur_px *= view.ideal.left(Factor::MotionBlur);
            truth.defocus_px *= view.ideal.left(Factor::Defocus);
            Some(truth)
        })
        .collect()
}
