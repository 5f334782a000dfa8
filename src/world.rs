//! The simulator as the runner's world.
use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
use lane_stack::client::{Frame, FrameEncoding};
use laneproof_scenarios::run::world::{
    EarlierExposure, ExposeRequest, Exposed, PortraitJpeg, StepTimings, World, WorldError,
};
use laneproof_scenes::{
    catalogue::{Colour, Trigger},
    document::DocumentKind,
    people::{Appearance, Identity},
};
use laneproof_sim::{
    AutoExposure, AutoState, Counterfactual, Exposure, ExposureRequest, Frame8, SimError, Simulator, Staged,
    encounter::EncounterPlan,
};

/// A [`Simulator`] behind the runner's interface.
pub struct SimulatedWorld {
    /// The simulator.
    pub simulator: Simulator,
    /// Exposure controls of the cameras of the encounter that was staged last, where they have one.
    controls: Vec<Option<(AutoExposure, AutoState)>>,
}

impl SimulatedWorld {
    /// A simulator as a world.
    pub fn new(simulator: Simulator) -> Self {
        Self { simulator, controls: Vec::new() }
    }
}

/// A failing driver ends a run, anything else an encounter.
fn world_error(error: SimError) -> WorldError {
    match error {
        SimError::Render(e) => WorldError::Setup(e.to_string()),
        SimError::Plan(_) | SimError::Camera { .. } => WorldError::Encounter(error.to_string()),
    }
}

/// A picture of red, green, blue bytes as a JPEG file.
pub fn jpeg(rgb: &[u8], width_px: u32, height_px: u32, quality: u8) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(rgb, width_px, height_px, ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// The runner's request in the simulator's terms, and the camera's earlier ones.
fn asked(request: &ExposeRequest) -> (ExposureRequest, Vec<ExposureRequest>) {
    let ExposeRequest { exposure_id, camera_index, mid_exposure_us, exposure_us, gain_db, cross_check, ref earlier } =
        *request;
    let before = |other: &EarlierExposure| {
        let EarlierExposure { exposure_id, mid_exposure_us, exposure_us, gain_db } = *other;
        ExposureRequest { exposure_id, camera_index, mid_exposure_us, exposure_us, gain_db, cross_check: false }
    };
    let now = ExposureRequest { exposure_id, camera_index, mid_exposure_us, exposure_us, gain_db, cross_check };
    (now, earlier.iter().map(before).collect())
}

/// An exposure as it reaches a stack.
pub fn frame(exposure: &mut Exposure, request: &ExposureRequest) -> Frame {
    let (encoding, bytes) = match exposure.numbers.take() {
        None => (FrameEncoding::Jpeg, std::mem::take(&mut exposure.jpeg)),
        Some(Frame8 { width, height, colour, bytes }) => {
            let (width_px, height_px) = (width, height);
            let encoding = match colour {
                Colour::Mono => FrameEncoding::Mono8 { width_px, height_px },
                Colour::Rgb | Colour::Bayer => FrameEncoding::Rgb8 { width_px, height_px },
            };
            (encoding, bytes)
        }
    };
    Frame {
        exposure_id: request.exposure_id,
        camera_id: exposure.truth.camera_id.clone(),
        mid_exposure_us: request.mid_exposure_us,
        exposure_us: request.exposure_us,
        gain_db: request.gain_db,
        encoding,
        bytes,
    }
}

/// The simulator's exposure in the runner's terms.
fn exposed(mut exposure: Exposure, request: &ExposureRequest) -> Exposed {
    let [physics_s, render_s, camera_s] = exposure.timings_s;
    Exposed {
        frame: frame(&mut exposure, request),
        truth: exposure.truth,
        timings: StepTimings { physics_s, render_s, camera_s },
        cross_check_differs: exposure.cross_check_differs,
        own_settings: None,
    }
}

impl World for SimulatedWorld {
    type Staged = Staged;

    fn describe(&self) -> Vec<(String, String)> {
        let adapter = self.simulator.adapter();
        vec![
            ("adapter".to_owned(), format!("{} ({})", adapter.name, adapter.class)),
            ("driver".to_owned(), format!("{} {}", adapter.driver, adapter.driver_info)),
        ]
    }

    fn expect(&mut self, identities: &[Identity]) {
        let looks: Vec<_> = identities.iter().map(|who| (who.clone(), Appearance::of_portrait(who))).collect();
        self.simulator.bake(&looks);
    }

    fn portrait(
        &mut self,
        identity: &Identity,
        document: DocumentKind,
        _reference_id: &str,
    ) -> Result<PortraitJpeg, WorldError> {
        self.simulator.document(identity, document).map(|made| PortraitJpeg(made.jpeg)).map_err(world_error)
    }

    fn stage(&mut self, plan: &EncounterPlan) -> Result<Staged, WorldError> {
        let staged = self.simulator.stage(plan).map_err(world_error)?;
        let cameras = 0..plan.rig.cameras.len();
        self.controls =
            cameras.map(|camera| staged.exposure_control(camera)).collect::<Result<_, _>>().map_err(world_error)?;
        Ok(staged)
    }

    fn trigger_time_us(&self, staged: &Staged, _camera_index: usize, trigger: Trigger) -> Option<u64> {
        staged.trigger_time_us(trigger)
    }

    fn expose(&mut self, staged: &Staged, request: &ExposeRequest) -> Result<Exposed, WorldError> {
        let (request, earlier) = asked(request);
        let made = self.simulator.expose_after(staged, &request, &earlier).map_err(world_error)?;
        let own_settings =
            self.controls.get_mut(request.camera_index).and_then(Option::as_mut).map(|(control, state)| {
                *state = control.next(state, &made.frame);
                let settings = state.settings();
                (settings.exposure_us, settings.gain_db)
            });
        Ok(Exposed { own_settings, ..exposed(made, &request) })
    }

    fn expose_ideal(
        &mut self,
        staged: &Staged,
        request: &ExposeRequest,
        ideal: &Counterfactual,
    ) -> Result<Exposed, WorldError> {
        let (request, earlier) = asked(request);
        let made = self.simulator.expose_ideal_after(staged, &request, &earlier, ideal);
        made.map(|made| exposed(made, &request)).map_err(world_error)
    }
}
