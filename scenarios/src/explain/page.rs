//! An explanation as a page with its pictures.
use image::{RgbImage, imageops};
use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::{Explanation, Loss, Trial};
use crate::{
    marks::{WITH_SURROUNDINGS, cut_face},
    report::pictures::data_uri,
};

/// Side of a trial's picture, pixels.
const PICTURE_PX: u32 = 260;

#[derive(Serialize)]
struct Shown {
    title: String,
    captured: bool,
    enough: bool,
    picture: Option<String>,
    measures: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Page {
    title: String,
    sentence: String,
    first_cause: Option<&'static str>,
    trials: Vec<Shown>,
}

fn decoded(trial: &Trial) -> Option<RgbImage> {
    Some(image::load_from_memory(&trial.frame).ok()?.into_rgb8())
}

/// The face in a trial's frame as a JPEG file; `None` when it does not lie on the sensor.
pub fn picture(trial: &Trial) -> Option<RgbImage> {
    let cut = cut_face(&decoded(trial)?, &trial.face.face_box_px, WITH_SURROUNDINGS)?;
    Some(imageops::resize(&cut, PICTURE_PX, PICTURE_PX, imageops::FilterType::Triangle))
}

fn measures(trial: &Trial) -> Vec<(&'static str, String)> {
    let face = &trial.face;
    let veil = if face.transmitted_radiance > 0.0 { face.veiling_radiance / face.transmitted_radiance } else { 0.0 };
    vec![
        ("between the eyes", format!("{:.0} px", face.inter_eye_px)),
        ("yaw, pitch, roll", format!("{:.0}°, {:.0}°, {:.0}°", face.yaw_deg, face.pitch_deg, face.roll_deg)),
        ("visible", format!("{:.0} %", 100.0 * face.visible_share)),
        ("pane passes", format!("{:.0} %", 100.0 * face.pane_transmittance)),
        ("veil ÷ face", format!("{veil:.2}")),
        ("mean tone", format!("{:.0} of 255", face.mean_dn)),
        ("photons per pixel", format!("{:.0}", face.photons_per_px)),
        ("motion blur", format!("{:.1} px", face.motion_blur_px)),
        ("defocus", format!("{:.1} px", face.defocus_px)),
    ]
}

/// The page, all in one file.
pub fn html(explanation: &Explanation) -> Result<String, minijinja::Error> {
    let enough = |trial: &Trial| {
        trial.share == 1.0 && matches!(&explanation.loss, Loss::Factors(factors) if *factors == trial.factors)
    };
    let shown: Vec<Shown> = explanation
        .trials
        .iter()
        .map(|trial| {
            let ideals: Vec<&str> = trial.factors.iter().map(|factor| factor.idealised()).collect();
            Shown {
                title: if ideals.is_empty() {
                    "as it was".to_owned()
                } else if trial.share < 1.0 {
                    format!("{:.1} % of the way to {}", 100.0 * trial.share, ideals.join(" and "))
                } else {
                    format!("with {}", ideals.join(" and "))
                },
                captured: trial.captured,
                enough: enough(trial),
                picture: picture(trial).and_then(|cut| data_uri(&cut, 85)),
                measures: measures(trial),
            }
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("explain.html", include_str!("explain.html.jinja"))?;
    environment.get_template("explain.html")?.render(Serde(&Page {
        title: format!("Occupant {}/{}", explanation.encounter, explanation.occupant),
        sentence: explanation.sentence(),
        first_cause: explanation.first_cause.map(|cause| cause.label()),
        trials: shown,
    }))
}
