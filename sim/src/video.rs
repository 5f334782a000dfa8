//! Cameras that send video: the stream of each in an encounter, brought to where an exposure finds it.
//!
//! What a decoder shows of a frame depends on the frames before it, so an exposure is made with a list of the camera's
//! earlier ones. The simulator keeps open streams with the list of what they were fed; where none has been fed just these,
//! the earlier exposures are made again. So keeping them changes how long an answer takes, never what it says. In a
//! counterfactual the earlier exposures are idealised in the same way: glass that is clear was clear before.
use std::sync::Arc;

use laneproof_camera::{
    Frame8,
    video::{Coded, VideoStream},
};
use laneproof_physics::Trajectory;
use laneproof_scenes::{catalogue::H264, stream::stream};
use rand::Rng as _;

use crate::{
    ideal::{Counterfactual, Level},
    readout,
    simulator::{ExposureRequest, SimError, Simulator},
    staged::Staged,
    view::View,
};

/// Frames of the empty lane that a stream is fed before the first exposure of an encounter: by then a rate control has settled
/// (a test of `laneproof_camera::video` holds it to that).
pub(crate) const EMPTY_FRAMES: u64 = 6;
/// Where in a frame's noise id the number of an empty frame stands: above the ids of runs and of explanations, below those
/// of brackets.
const EMPTY_ID_SHIFT: u32 = 44;
/// Open streams that are kept: those of a rig's cameras, some twice.
const STREAMS: usize = 8;
/// Frames that are kept as their sensors gave them, some 7 MB each.
const TAKEN: usize = 24;

/// What a stream was fed.
struct Fed {
    /// The drive of the staged encounter: its identity. Held, so that no other can get its address.
    drive: Arc<Trajectory>,
    ideal: Counterfactual,
    /// In their order, all of one camera.
    exposures: Vec<ExposureRequest>,
}

impl Fed {
    fn new(view: &View<'_>, exposures: Vec<ExposureRequest>) -> Self {
        Self { drive: view.staged.trajectory.clone(), ideal: view.ideal, exposures }
    }
}

impl PartialEq for Fed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.drive, &other.drive) && self.ideal == other.ideal && self.exposures == other.exposures
    }
}

/// The caches.
#[derive(Default)]
pub(crate) struct Streams {
    open: Vec<(Fed, VideoStream)>,
    taken: Vec<(Fed, Arc<Frame8>)>,
}

/// Keeps the youngest.
fn keep<T>(entries: &mut Vec<T>, entry: T, most: usize) {
    if entries.len() >= most {
        entries.remove(0);
    }
    entries.push(entry);
}

/// Whether a request is for comparison too changes nothing of its frame.
fn plain(request: &ExposureRequest) -> ExposureRequest {
    ExposureRequest { cross_check: false, ..*request }
}

impl Simulator {
    /// What a decoder makes of a frame that a view's sensor gave, after the camera's earlier exposures.
    pub(crate) fn streamed(
        &mut self,
        view: &View<'_>,
        (settings, request): (&H264, &ExposureRequest),
        earlier: &[ExposureRequest],
        taken: &Arc<Frame8>,
    ) -> Result<Coded, SimError> {
        let request = plain(request);
        let mut exposures: Vec<ExposureRequest> = earlier.iter().map(plain).collect();
        let own = Fed::new(view, vec![request]);
        if !self.streams.taken.iter().any(|(fed, _)| *fed == own) {
            keep(&mut self.streams.taken, (own, taken.clone()), TAKEN);
        }
        let before = Fed::new(view, exposures.clone());
        let mut video = match self.streams.open.iter().position(|(fed, _)| *fed == before) {
            Some(place) => self.streams.open.remove(place).1,
            None => self.stream_before(view, settings, &exposures, &request)?,
        };
        let coded = video.push(taken).map_err(|e| camera_error(view.staged, &request, e.to_string()))?;
        exposures.push(request);
        keep(&mut self.streams.open, (Fed::new(view, exposures), video), STREAMS);
        Ok(coded)
    }

    /// A stream that was fed the empty lane and a camera's earlier exposures.
    fn stream_before(
        &mut self,
        view: &View<'_>,
        settings: &H264,
        earlier: &[ExposureRequest],
        request: &ExposureRequest,
    ) -> Result<VideoStream, SimError> {
        let staged = view.staged;
        let error = |e: laneproof_camera::video::VideoError| camera_error(staged, request, e.to_string());
        let first = earlier.first().unwrap_or(request);
        let (mount, sensor) = (&staged.plan.rig.cameras[first.camera_index], &staged.plan.sensors[first.camera_index]);
        // A camera's groups of pictures run on whatever comes through the lane.
        let mut draws = stream(staged.plan.seed, staged.plan.encounter, &format!("h264 group of {}", mount.id));
        let of_first = u64::from(draws.random_range(0..settings.gop_frames));
        let gop = u64::from(settings.gop_frames);
        let place = (of_first + EMPTY_FRAMES * (gop - 1)) % gop;
        let colour = sensor.colour;
        let mut video =
            VideoStream::new(settings, sensor.width_px, sensor.height_px, colour, place as u32).map_err(error)?;

        let moment = self.moment(staged, first.mid_exposure_us);
        let scene = moment.scene(staged, first.mid_exposure_us as f64 * 1e-6);
        let of_first = View::new(staged, (&moment, &scene), first.camera_index, view.ideal, view.kept)?;
        let seen = self.see_empty(&of_first, first)?;
        for k in 1..=EMPTY_FRAMES {
            // Each with its own noise.
            let again = ExposureRequest { exposure_id: first.exposure_id | k << EMPTY_ID_SHIFT, ..*first };
            let empty = readout::frame(&of_first, mount, sensor, &again, &seen, Level::AS_IT_IS)?;
            video.push(&empty).map_err(error)?;
        }
        for exposure in earlier {
            let taken = self.taken(view, exposure)?;
            video.push(&taken).map_err(error)?;
        }
        Ok(video)
    }

    /// The frame that a sensor gave in another exposure of a view's encounter.
    fn taken(&mut self, view: &View<'_>, exposure: &ExposureRequest) -> Result<Arc<Frame8>, SimError> {
        let wanted = Fed::new(view, vec![*exposure]);
        if let Some((_, known)) = self.streams.taken.iter().find(|(fed, _)| *fed == wanted) {
            return Ok(known.clone());
        }
        let staged = view.staged;
        let moment = self.moment(staged, exposure.mid_exposure_us);
        let scene = moment.scene(staged, exposure.mid_exposure_us as f64 * 1e-6);
        let other = View::new(staged, (&moment, &scene), exposure.camera_index, view.ideal, view.kept)?;
        let seen = self.see(&other, exposure)?;
        let frame = Arc::new(readout::metered(&other, exposure, &seen)?);
        keep(&mut self.streams.taken, (wanted, frame.clone()), TAKEN);
        Ok(frame)
    }
}

fn camera_error(staged: &Staged, request: &ExposureRequest, reason: String) -> SimError {
    SimError::Camera { camera_id: staged.plan.rig.cameras[request.camera_index].id.clone(), reason }
}
