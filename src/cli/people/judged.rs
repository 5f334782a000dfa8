//! What judges of faces say about the pictures, beside what is true.
use std::fmt::Write as _;

use lane_stack::{judges::Judges, picture::Picture};
use laneproof_scenarios::biometric::Comparisons;
use laneproof_sim::PortraitPicture;
use serde::{Deserialize, Serialize};

use super::{
    measure::{Measured, View},
    mesh_points::normalised_error_percent,
};
use crate::session::Failure;

/// What the judges made of one picture; `None` where a judge is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// Which picture.
    pub view: View,
    /// Error of the landmark mesh, percent of the distance between the outer corners of the eyes.
    pub mesh_error_percent: Option<f32>,
    /// Yaw, pitch and roll as judged, less the true ones, degrees.
    pub pose_error_deg: Option<[f32; 3]>,
    /// Quality.
    pub quality: Option<f32>,
}

/// Asks the judges about a picture. Box and landmarks are the true ones, so that no detector's error is in the answer.
pub(super) fn judge(judges: &mut Judges, view: View, shown: &PortraitPicture) -> Result<Judged, Failure> {
    let picture = Picture::from_rgb(shown.width, shown.height, shown.rgb.clone()).map_err(Failure::setup)?;
    let b = shown.face_box_px;
    let face_box = [b.x0, b.y0, b.x1, b.y1];
    let eyes = [shown.landmarks_px[0], shown.landmarks_px[1]];
    let mesh = judges.mesh(&picture, face_box, eyes).map_err(Failure::setup)?;
    let pose = judges.pose(&picture, face_box).map_err(Failure::setup)?;
    let truth = shown.yaw_pitch_roll_deg;
    Ok(Judged {
        view,
        mesh_error_percent: mesh.and_then(|mesh| normalised_error_percent(&mesh, &shown.points_px)),
        pose_error_deg: pose.map(|pose| std::array::from_fn(|i| pose[i] - truth[i])),
        quality: judges.quality(&picture, &shown.landmarks_px).map_err(Failure::setup)?,
    })
}

/// The judges' part of the table.
pub(super) fn table(out: &mut String, present: &[String], people: &[Measured]) {
    writeln!(out, "\njudges {}", if present.is_empty() { "none: left out".to_owned() } else { present.join(", ") })
        .ok();
    if present.is_empty() {
        return;
    }
    writeln!(out, "  {:<52}   {:<16}   crossings", "mean ± SD", "portraits").ok();
    let row = |out: &mut String, name: &str, value: &dyn Fn(&Judged) -> Option<f32>| {
        let of = |view: View| {
            let values: Vec<f32> =
                people.iter().flat_map(|p| &p.judged).filter(|j| j.view == view).filter_map(value).collect();
            let c = Comparisons::of(&values, 0.0);
            c.mean.zip(c.deviation).map_or("–".to_owned(), |(mean, sd)| format!("{mean:.2} ± {sd:.2}"))
        };
        writeln!(out, "  {name:<52}   {:<16}   {}", of(View::Portrait), of(View::Crossing)).ok();
    };
    row(out, "FaceMesh against our vertices, % between outer corners", &|j| j.mesh_error_percent);
    for (i, name) in ["yaw", "pitch", "roll"].into_iter().enumerate() {
        row(out, &format!("FSA-Net, {name}: absolute error, °"), &|j| j.pose_error_deg.map(|e| e[i].abs()));
        row(out, &format!("FSA-Net, {name}: error with its sign, °"), &|j| j.pose_error_deg.map(|e| e[i]));
    }
    row(out, "LightQNet quality (at most about 0.61)", &|j| j.quality);
}
