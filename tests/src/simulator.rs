//! An open simulator and the demo's encounters in it.
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use laneproof_assets::Cache;
use laneproof_scenarios::{plan::plan, scenario::Scenario};
use laneproof_scenes::{catalogue::Sensor, people::PeopleLibrary};
use laneproof_sim::{
    CabinOptions, ExposureRequest, Renderer, RendererOptions, Simulator, SimulatorOptions, Staged,
    encounter::EncounterPlan,
};

use crate::program;

/// The people data, fetched on first use.
pub fn people() -> PeopleLibrary {
    let cache = Cache::open().unwrap_or_else(|e| panic!("{e}"));
    let folder = cache.people_data(&mut |step| eprintln!("{step}")).unwrap_or_else(|e| panic!("{e}"));
    PeopleLibrary::load(&folder).unwrap_or_else(|e| panic!("{e}"))
}

/// A renderer on the best adapter.
pub fn renderer() -> Renderer {
    Renderer::new(&RendererOptions { adapter: None }).unwrap_or_else(|e| panic!("{e}"))
}

/// A simulator with empty caches.
pub fn open() -> Simulator {
    Simulator::new(renderer(), people(), SimulatorOptions { clock: || 0.0, cabin: CabinOptions::default() })
}

/// The simulator that the tests of one file share: opening one costs seconds.
pub fn shared() -> MutexGuard<'static, Simulator> {
    static SIMULATOR: OnceLock<Mutex<Simulator>> = OnceLock::new();
    SIMULATOR.get_or_init(|| Mutex::new(open())).lock().unwrap_or_else(PoisonError::into_inner)
}

/// A simulator with coarse light in cabins, for tests that look at places, panes, lamps and bytes: it is gathered quickly.
pub fn open_coarse() -> Simulator {
    let cabin = CabinOptions { spacing_m: 0.4, rays: 96, bounces: 1 };
    Simulator::new(renderer(), people(), SimulatorOptions { clock: || 0.0, cabin })
}

/// The one of these that the tests of one file share.
pub fn coarse() -> MutexGuard<'static, Simulator> {
    static SIMULATOR: OnceLock<Mutex<Simulator>> = OnceLock::new();
    SIMULATOR.get_or_init(|| Mutex::new(open_coarse())).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes pixels this many times as wide and high, and as many fewer of them: the sensor stays as large.
pub fn coarsen(sensor: &mut Sensor, times: u32) {
    sensor.width_px /= times;
    sensor.height_px /= times;
    sensor.pixel_pitch_um *= times as f32;
}

/// The demo.
pub fn demo() -> Scenario {
    Scenario::open(&program::root().join("scenarios/first-light.toml")).unwrap_or_else(|e| panic!("{e}"))
}

/// An encounter of the demo.
pub fn demo_plan(encounter: u64) -> EncounterPlan {
    plan(&demo(), encounter)
}

/// One request for each camera of the rig, by the trigger of that index; exposure ids count from 0.
pub fn requests(staged: &Staged, trigger: usize) -> Vec<ExposureRequest> {
    let cameras = staged.plan.rig.cameras.iter().enumerate();
    cameras
        .map(|(camera_index, camera)| ExposureRequest {
            exposure_id: (trigger * staged.plan.rig.cameras.len() + camera_index) as u64,
            camera_index,
            mid_exposure_us: staged.trigger_time_us(camera.triggers[trigger]).expect("the vehicle meets it"),
            exposure_us: camera.exposure_us,
            gain_db: camera.gain_db,
            cross_check: false,
        })
        .collect()
}
