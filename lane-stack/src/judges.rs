//! Models that judge a picture of a face rather than recognise it: a landmark mesh, a head pose, a quality. They belong to
//! no stack; measurements of pictures use them where their files are there.
use crate::card::{About, ColourOrder, InputSize, InputSpec};
use crate::error::SetupError;
use crate::geometry::Similarity;
use crate::picture::Picture;
use crate::quality::ARCFACE_TEMPLATE_PX;
use crate::resample::Crop;
use crate::runtime::{self, Compute, Model};
use std::path::Path;

/// Points of the mesh.
pub const MESH_POINTS: usize = 468;

/// One judge: its model and how it is fed.
struct Judge {
    model: Model,
    input: InputSpec,
    side_px: u32,
    outputs: [String; 1],
    length: usize,
}

/// What a judge's file is.
struct Description {
    name: &'static str,
    file: &'static str,
    sha256: &'static str,
    licence: &'static str,
    source: &'static str,
    input: &'static str,
    output: &'static str,
    side_px: u32,
    order: ColourOrder,
    mean: f32,
    scale: f32,
    length: usize,
}

const MESH: Description = Description {
    name: "facemesh-468",
    file: "lmk_facemesh_468.onnx",
    sha256: "224d9047621040242290133f13d6a12d6b074b84386ebc1de5c8a68284f2f6a2",
    licence: "Apache-2.0",
    source: "zmurez/MediaPipePyTorch",
    input: "input",
    output: "landmarks",
    side_px: 192,
    order: ColourOrder::Rgb,
    mean: 0.0,
    scale: 1.0 / 255.0,
    length: 3 * MESH_POINTS,
};

const FSANET: Description = Description {
    name: "fsanet-1x1",
    file: "pose_fsanet_1x1.onnx",
    sha256: "d85e90cb4b9d3a87e81bbfdcfcd130cbe0e175407042e439a570aa396c44eda6",
    licence: "MIT",
    source: "omasaht/headpose-fsanet-pytorch",
    input: "input",
    output: "output",
    side_px: 64,
    order: ColourOrder::Bgr,
    mean: 127.5,
    scale: 1.0 / 128.0,
    length: 3,
};

/// Head pose is the mean of the two.
const POSE: [Description; 2] = [
    FSANET,
    Description {
        name: "fsanet-var",
        file: "pose_fsanet_var.onnx",
        sha256: "2877b1db98e3dc66468e90df8db4a21059facd1c3f107af91c6d4fe6476a03e1",
        ..FSANET
    },
];

const QUALITY: Description = Description {
    name: "lightqnet-dm100",
    file: "qual_lightqnet_dm100.onnx",
    sha256: "e05aeed3530d6c348addec540c80d4c6bdda358a127e6461d79a2bcae6c26c4c",
    licence: "MIT",
    source: "KaenChan/lightqnet",
    input: "data",
    output: "quality",
    side_px: 96,
    order: ColourOrder::Bgr,
    mean: 128.0,
    scale: 1.0 / 128.0,
    length: 1,
};

/// Side of the mesh's crop in sides of the face's square, as its authors cut it.
const MESH_CROP: f64 = 1.5;
/// Side of the pose's crop in sides of the face's square (assumption: detectors' boxes reach a little beyond brow and
/// chin).
const POSE_CROP: f64 = 1.25;

impl Judge {
    /// Opens a judge; `None` when its file is not in the folder.
    fn open(
        environment: &ort::environment::Environment,
        folder: &Path,
        d: &Description,
    ) -> Result<Option<Self>, SetupError> {
        let path = folder.join(d.file);
        if !path.is_file() {
            return Ok(None);
        }
        let about = About {
            name: d.name.to_owned(),
            file: d.file.to_owned(),
            sha256: Some(d.sha256.to_owned()),
            licence: d.licence.to_owned(),
            source: d.source.to_owned(),
            trained_on: "photographs of people, by the model's authors".to_owned(),
            in_domain: false,
        };
        let nchw = [Some(1), Some(3), Some(d.side_px), Some(d.side_px)];
        let model = Model::open(environment, &path, &about, d.input, nchw, Compute::DETERMINISTIC)?;
        let input = InputSpec {
            name: d.input.to_owned(),
            size: InputSize::Fixed([d.side_px; 2]),
            colour_order: d.order,
            mean: [d.mean; 3],
            scale: [d.scale; 3],
        };
        let judge = Self { model, input, side_px: d.side_px, outputs: [d.output.to_owned()], length: d.length };
        Ok(Some(judge))
    }

    fn run(&mut self, picture: &Picture, crop_from_picture: &Similarity) -> Result<Vec<f32>, String> {
        let crop = Crop::warp(picture, crop_from_picture, [self.side_px; 2]);
        let tensor = crop.tensor(&self.input);
        let values = self.model.run([1, 3, self.side_px, self.side_px], &tensor, &self.outputs)?.remove(0).values;
        if values.len() != self.length || values.iter().any(|v| !v.is_finite()) {
            return Err(format!("output \"{}\" is not {} finite numbers", self.outputs[0], self.length));
        }
        Ok(values)
    }
}

/// Carries a square round a face, turned by an angle, onto a crop of `side_px`. Pixels of the crop count from the middle of
/// the first.
fn square(face_box_px: [f32; 4], angle: f64, enlarged: f64, side_px: u32) -> Option<Similarity> {
    let [x0, y0, x1, y1] = face_box_px.map(f64::from);
    let side = (x1 - x0).max(y1 - y0) * enlarged;
    if !side.is_finite() || side <= 1.0 {
        return None;
    }
    let (scale, half) = (f64::from(side_px) / side, (f64::from(side_px) - 1.0) * 0.5);
    let (a, b) = (scale * angle.cos(), -scale * angle.sin());
    let (cx, cy) = ((x0 + x1) * 0.5 - 0.5, (y0 + y1) * 0.5 - 0.5);
    Some(Similarity { a, b, tx: half - a * cx + b * cy, ty: half - b * cx - a * cy })
}

/// The judges of a folder.
pub struct Judges {
    mesh: Option<Judge>,
    pose: Option<[Judge; 2]>,
    quality: Option<Judge>,
}

impl Judges {
    /// Opens those judges of a folder whose files are there. A file that is there and is another one is an error.
    pub fn open(folder: &Path, library: Option<&Path>) -> Result<Self, SetupError> {
        let environment = runtime::load(library)?;
        let open = |d: &Description| Judge::open(&environment, folder, d);
        let pose = match (open(&POSE[0])?, open(&POSE[1])?) {
            (Some(first), Some(second)) => Some([first, second]),
            _ => None,
        };
        Ok(Self { mesh: open(&MESH)?, pose, quality: open(&QUALITY)? })
    }

    /// Files that are wanted and not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.mesh.is_none() {
            missing.push(MESH.file);
        }
        if self.pose.is_none() {
            missing.extend(POSE.iter().map(|d| d.file));
        }
        if self.quality.is_none() {
            missing.push(QUALITY.file);
        }
        missing
    }

    /// Names of those that are there.
    pub fn present(&self) -> Vec<String> {
        let pose = if self.pose.is_some() { &POSE[..] } else { &[] };
        let one = |there: bool, d: &Description| there.then(|| d.name.to_owned());
        let mut names: Vec<String> = one(self.mesh.is_some(), &MESH).into_iter().collect();
        names.extend(pose.iter().map(|d| d.name.to_owned()));
        names.extend(one(self.quality.is_some(), &QUALITY));
        names
    }

    /// The mesh's points in pixels of the picture, for a face in a box (left, top, right, bottom) whose eyes lie there.
    pub fn mesh(
        &mut self,
        picture: &Picture,
        face_box_px: [f32; 4],
        eyes_px: [[f32; 2]; 2],
    ) -> Result<Option<Vec<[f32; 2]>>, String> {
        let Some(judge) = &mut self.mesh else { return Ok(None) };
        let [left, right] = eyes_px.map(|p| p.map(f64::from));
        let angle = (right[1] - left[1]).atan2(right[0] - left[0]);
        let Some(crop_from_picture) = square(face_box_px, angle, MESH_CROP, judge.side_px) else { return Ok(None) };
        let values = judge.run(picture, &crop_from_picture)?;
        let back = crop_from_picture.inverse();
        let points = values.as_chunks::<3>().0.iter().map(|p| {
            // The crop's pixels count from their edges in the model, from their middles in the warp.
            back.apply([f64::from(p[0]) - 0.5, f64::from(p[1]) - 0.5]).map(|v| v as f32 + 0.5)
        });
        Ok(Some(points.collect()))
    }

    /// Yaw to the person's left, pitch downwards, roll towards the person's right shoulder, degrees.
    pub fn pose(&mut self, picture: &Picture, face_box_px: [f32; 4]) -> Result<Option<[f32; 3]>, String> {
        let Some(judges) = &mut self.pose else { return Ok(None) };
        let mut sum = [0.0_f32; 3];
        for judge in judges {
            let Some(crop_from_picture) = square(face_box_px, 0.0, POSE_CROP, judge.side_px) else { return Ok(None) };
            let angles = judge.run(picture, &crop_from_picture)?;
            // The model's own signs are those of its training set.
            for (sum, (angle, sign)) in sum.iter_mut().zip(angles.iter().zip(POSE_SIGNS)) {
                *sum += 0.5 * sign * angle;
            }
        }
        Ok(Some(sum))
    }

    /// Quality of the picture for recognition; about 0.61 at best.
    pub fn quality(&mut self, picture: &Picture, landmarks_px: &[[f32; 2]; 5]) -> Result<Option<f32>, String> {
        let Some(judge) = &mut self.quality else { return Ok(None) };
        let scale = judge.side_px as f32 / 112.0;
        let template = ARCFACE_TEMPLATE_PX.map(|p| p.map(|v| v * scale));
        let Some(crop_from_picture) = Similarity::fit(landmarks_px, &template) else { return Ok(None) };
        Ok(judge.run(picture, &crop_from_picture)?.first().copied())
    }
}

/// From the pose model's signs to ours: its yaw grows to the person's right, its pitch upwards, its roll to the left
/// shoulder.
const POSE_SIGNS: [f32; 3] = [-1.0, -1.0, -1.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_lands_on_the_crop_and_turns_level() {
        let upright = square([10.0, 20.0, 30.0, 50.0], 0.0, 1.0, 60).unwrap();
        // The square is 30 px wide round (20, 35): its left upper corner is at the edge of the first pixel.
        let corner = upright.apply([5.0 - 0.5, 20.0 - 0.5]);
        assert!((corner[0] + 0.5).abs() < 1e-9 && (corner[1] + 0.5).abs() < 1e-9, "{corner:?}");
        let angle = 0.3_f64;
        let turned = square([0.0, 0.0, 40.0, 40.0], angle, 1.5, 192).unwrap();
        let [a, b] = [[15.0, 15.0], [15.0 + 10.0 * angle.cos(), 15.0 + 10.0 * angle.sin()]].map(|p| turned.apply(p));
        assert!((a[1] - b[1]).abs() < 1e-9 && b[0] > a[0], "{a:?} {b:?}");
        assert_eq!(square([0.0, 0.0, 0.0, 0.0], 0.0, 1.5, 192), None);
    }
}
