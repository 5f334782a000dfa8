//! `laneproof bench`: where the time of a scenario goes.
use std::path::PathBuf;

use lane_stack::client::StackClient as _;
use laneproof_scenarios::{exit, plan::plan, scenario::Scenario};
use laneproof_sim::ExposureRequest;

use crate::{
    cli::render::requests,
    session::{self, Choices, Failure},
    world,
};

/// Time a scenario's steps: physics, render, camera and stack, one after the other
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario file
    pub scenario: PathBuf,
    /// Encounters to time; the first is done twice and counted once, so that nothing is timed cold
    #[arg(long, default_value_t = 4)]
    pub encounters: u64,
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

#[derive(Default)]
struct Totals {
    stage_s: f64,
    physics_s: f64,
    render_s: f64,
    camera_s: f64,
    stack_s: f64,
    full_render_s: f64,
    sensor_px: f64,
    rendered_px: f64,
    full_px: f64,
    exposures: u32,
}

fn line(name: &str, seconds: f64, totals: &Totals, encounters: f64) {
    println!(
        "{name:<28} {:8.2} s/encounter {:8.1} MP/s of sensor",
        seconds / encounters,
        totals.sensor_px / 1e6 / seconds.max(1e-9)
    );
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.scenario)?;
    let mut stack = session::open_stack(&args.choices, &scenario.file.stack.models)?;
    let mut world = session::open_world(&args.choices)?;
    let simulator = &mut world.simulator;
    let encounters = args.encounters.clamp(1, scenario.file.encounters);
    let mut totals = Totals::default();
    for (pass, k) in std::iter::once(0).chain(0..encounters).enumerate() {
        let begin = session::clock();
        let staged = simulator.stage(&plan(&scenario, k))?;
        let stage_s = session::clock() - begin;
        let stack_error = |e: lane_stack::client::StackError| Failure::setup(e);
        stack.open_encounter(k).map_err(stack_error)?;
        for request in requests(&staged, false) {
            let mut exposure = simulator.expose(&staged, &request)?;
            let pixels = (exposure.frame.width * exposure.frame.height) as usize;
            let begin = session::clock();
            let frame = world::frame(&mut exposure, &request);
            stack.push_frame(frame).map_err(stack_error)?;
            let stack_s = session::clock() - begin;
            let full_s = simulator.time_full_render(&staged, &ExposureRequest { cross_check: false, ..request })?;
            if pass > 0 {
                let [physics_s, render_s, camera_s] = exposure.timings_s;
                totals.physics_s += physics_s;
                totals.render_s += render_s;
                totals.camera_s += camera_s;
                totals.stack_s += stack_s;
                totals.full_render_s += full_s;
                totals.sensor_px += pixels as f64;
                totals.rendered_px += exposure.rendered_pixels as f64;
                totals.full_px += pixels as f64;
                totals.exposures += 1;
            }
        }
        let begin = session::clock();
        stack.close_encounter().map_err(stack_error)?;
        if pass > 0 {
            totals.stack_s += session::clock() - begin;
            totals.stage_s += stage_s;
        }
    }
    let adapter = simulator.adapter();
    let n = encounters as f64;
    println!(
        "{} encounters, {} exposures, on {} ({})",
        encounters, totals.exposures, adapter.name, adapter.driver_info
    );
    println!("{:<28} {:8.2} s/encounter", "staging (people, cabin light)", totals.stage_s / n);
    line("physics and posing", totals.physics_s, &totals, n);
    line("render (regions, readback)", totals.render_s, &totals, n);
    line("camera (sensor, encoder)", totals.camera_s, &totals, n);
    line("stack", totals.stack_s, &totals, n);
    let sum = totals.stage_s + totals.physics_s + totals.render_s + totals.camera_s + totals.stack_s;
    line("all, one after the other", sum, &totals, n);
    println!(
        "regions hold {:.0} % of the sensor's pixels; rendering whole sensors instead: {:.1} MP/s with all layers and readback",
        100.0 * totals.rendered_px / totals.sensor_px,
        totals.full_px / 1e6 / totals.full_render_s.max(1e-9)
    );
    Ok(exit::DONE)
}
