//! `laneproof tint`: one exposure behind other glass, weighed from pictures by the panes that their light enters through.
use std::path::PathBuf;

use laneproof_scenarios::{exit, plan::seats::seat_name, scenario::Scenario, score::cause::geometric_cause};
use laneproof_scenes::{surface::PaneKind, vehicle::SeatId};
use laneproof_sim::{LightOnFace, truth::FaceTruth};
use serde::Serialize;

use super::{one::OneExposure, render::write};
use crate::session::{self, Choices, Failure};

/// Show one exposure behind glass of other tints: where the light on each face comes from, and from which tint on it is lost
///
/// Renders the exposure four times, then weighs each tint from these pictures (within 1 % of a render).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario, encounter, camera, exposure
    #[command(flatten)]
    pub of: OneExposure,
    /// Panes that change: windscreen, front-side or rear
    #[arg(long, value_name = "PANES", value_parser = parse_panes)]
    pub pane: PaneKind,
    /// Visible transmittances of their glass, above 0 to 0.9184
    #[arg(long, value_name = "T,T…", value_delimiter = ',', default_values_t = [0.05, 0.10, 0.20, 0.35, 0.50, 0.70])]
    pub transmittance: Vec<f32>,
    /// Folder for the frames and tint.json
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Adapter
    #[command(flatten)]
    pub choices: Choices,
}

fn parse_panes(text: &str) -> Result<PaneKind, String> {
    serde_json::from_value(text.into())
        .map_err(|_| format!("there are no panes \"{text}\"; there are windscreen, front-side and rear"))
}

/// The exposure behind one glass.
#[derive(Serialize)]
struct Tint {
    transmittance: f32,
    frame: String,
    faces: Vec<Face>,
}

/// A face behind it.
#[derive(Serialize)]
struct Face {
    seat: String,
    truth: FaceTruth,
    /// What of the scenario's rule it fails first; `None` when it meets it all.
    fails: Option<String>,
}

/// What is written.
#[derive(Serialize)]
struct Document {
    camera: String,
    pane: PaneKind,
    own_transmittance: f32,
    light_on_faces: Vec<FaceLight>,
    tints: Vec<Tint>,
}

/// Where the light on a face comes from.
#[derive(Serialize)]
struct FaceLight {
    seat: String,
    /// Share of its radiance that came in through the panes in question.
    share: f32,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let scenario = Scenario::open(&args.of.scenario)?;
    let (plan, camera_index) = args.of.plan(&scenario)?;
    // What no pane can be is said before anything is rendered.
    for &transmittance in &args.transmittance {
        let glass = plan.glass.with_transmittance(args.pane, transmittance);
        laneproof_scenes::vehicle::build(&plan.vehicle, &glass, plan.paint)
            .map_err(|e| Failure::usage(e.to_string()))?;
    }
    let mut world = session::open_world(&args.choices)?;
    let (staged, request) = args.of.stage(&mut world.simulator, &plan, camera_index)?;
    let seat_of = |occupant: u8| -> SeatId { plan.occupants[usize::from(occupant)].seat };
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::io(&args.out, e))?;

    let basis = world.simulator.glass_basis(&staged, &request, &[args.pane])?;
    let own_transmittance = plan.glass.transmittance(args.pane);
    println!("{} of {:.0} %: share of the light on each face", args.pane.label(), 100.0 * own_transmittance);
    let mut light_on_faces = Vec::new();
    for LightOnFace { occupant, through } in basis.light_on_faces() {
        let share = through.iter().map(|(_, share)| share).sum::<f32>();
        let seat = seat_name(seat_of(occupant));
        println!("  {seat:<9} {:3.0} %", 100.0 * share);
        light_on_faces.push(FaceLight { seat, share });
    }

    println!("{:>9}  {:<9} {:>7} {:>9} {:>8}  rule", "glass", "seat", "mean DN", "veil/face", "contrast");
    let mut tints = Vec::new();
    for &transmittance in &args.transmittance {
        let glass = plan.glass.with_transmittance(args.pane, transmittance);
        let exposure = world.simulator.reglazed(&basis, &glass)?;
        let frame = format!("tint-{transmittance:.2}.jpg");
        write(&args.out.join(&frame), &exposure.jpeg)?;
        let mut faces = Vec::new();
        for truth in exposure.truth.faces.into_iter().filter(|face| face.visible_share > 0.0) {
            let seat = seat_name(seat_of(truth.occupant));
            let fails = geometric_cause(&truth, &scenario.file.validation).map(|cause| cause.label().to_owned());
            println!(
                "{:>7.0} %  {seat:<9} {:>7.0} {:>9.2} {:>8.2}  {}",
                100.0 * transmittance,
                truth.mean_dn,
                truth.veiling_radiance / truth.transmitted_radiance,
                truth.contrast,
                fails.as_deref().unwrap_or("met")
            );
            faces.push(Face { seat, truth, fails });
        }
        tints.push(Tint { transmittance, frame, faces });
    }
    let document =
        Document { camera: args.of.camera.clone(), pane: args.pane, own_transmittance, light_on_faces, tints };
    let text = serde_json::to_vec_pretty(&document).map_err(|e| Failure::io(&args.out, e))?;
    write(&args.out.join("tint.json"), &text)?;
    println!("{}: {} frames and tint.json", args.out.display(), document.tints.len());
    Ok(exit::DONE)
}
