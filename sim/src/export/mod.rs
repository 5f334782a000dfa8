//! The scene of one exposure for Mitsuba 3 (W. Jakob et al., 2022), a path tracer that shares no code with this project:
//! the independent check of the light. `tests/mitsuba` renders what comes out of here.
//!
//! Geometry is what the renderer draws, in the world frame and metres. Radiance is W·m⁻²·sr⁻¹ in red, green, blue; load the
//! scene in an `_rgb` variant, which takes numbers as they are. What differs from our own shading, on purpose:
//!
//! - No probes, no shadow map, no ambient visibility, no spherical harmonics: light is followed. Above is the open sky; the
//!   roof is the one of the lane, below is the lane's own ground and beyond it the sunlit open ground of the daylight model.
//! - The sun is a disc of its own size, far away.
//! - Matt surfaces are Lambert's. Glossy ones are Lambert's with the coat of a rough dielectric added, as ours, but with
//!   Fresnel's and Smith's terms in full. (Mitsuba's `roughplastic` alone would not do: its body loses light, a white one of
//!   index 1.45 and α 0.18 reflects 0.82 of even light, where `plastic`, smooth, reflects 1.00.)
//! - Light that scatters below the skin (our `wrap`) has no counterpart: skin has a coat over Lambert's surface. Averaged over a convex
//!   head the wrap neither adds nor takes light.
//! - A pane is `$pane`, by default Mitsuba's `thindielectric`: Fresnel at both faces, absorption the same at every angle, and
//!   opaque to rays that look for the sun. `tests/mitsuba/compare.py` puts its own in its place, right in both.
//! - A lamp is a point that shines with our beam, in a camera's exposure as bright as it is on average over it: a strobe by the
//!   share that its pulse has of the exposure. Its own image is not mirrored, which a point cannot be.
//! - A near-infrared camera's scene is that of its band; all three channels are the same.
mod lamp;
mod picture;
mod ply;

use std::fmt::Write as _;

use glam::Vec3;
use laneproof_optics::{
    band::Band,
    lamp::LampSource,
    pane_optics::PaneOptics,
    sky_polarisation::{CLEAR_TURBIDITY, SkyPolarisation},
};
use laneproof_render::{PinholeCamera, ScenePane, Solid};
use laneproof_scenes::{
    catalogue::Polariser,
    mesh::Vertex,
    surface::{Pane, Surface},
    truth::{Role, Subject, Tag},
};

use crate::{
    lamps::{self, StagedLamp},
    light::LaneLight,
    moment::Moment,
    region::TruthLayers,
    simulator::{Exposure, ExposureRequest, SimError, Simulator},
    staged::Staged,
};

/// Roughness from which a surface is Lambert's alone, as in the renderer.
const MATT_ROUGHNESS: f32 = 0.85;
/// Weight of the coat in Mitsuba's blend of two surfaces; both are divided by their weights, so that they add up. Small, so
/// that no reflectance is above 1.
const COAT_WEIGHT: f32 = 0.1;
/// The sun's angular radius, radians (IAU 2015 nominal radius at one astronomical unit).
const SUN_RADIUS_RAD: f32 = 0.004_652;
/// Where the disc stands, metres: so far that a lane's few metres move it by less than a hundredth of its radius, and near
/// enough for 32-bit floats.
const SUN_DISTANCE_M: f32 = 1e5;
/// The sky's picture: even, so that no row straddles the horizon.
const SKY_SIZE: [u32; 2] = [1024, 512];

/// A pane as a path tracer needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportedPane {
    /// Refractive index.
    pub refractive_index: f32,
    /// Transmittance at normal incidence, both faces, film and coating included, in red, green, blue. Film and coating are taken
    /// for glass; dirt is left out.
    pub transmittance_normal: [f32; 3],
}

/// One exposure, ready to be rendered by somebody else.
#[derive(Debug, Clone)]
pub struct MitsubaScene {
    /// Files by their names below one folder; `scene.xml` is the scene.
    pub files: Vec<(String, Vec<u8>)>,
    /// Camera.
    pub camera: PinholeCamera,
    /// Per pixel of the sensor: 0, or 1 + k where the face or the eyes of occupant k are seen.
    pub face_mask: Vec<u8>,
    /// Panes, in the order of their shapes in the scene.
    pub panes: Vec<ExportedPane>,
    /// Lamps that shine in the exposure, each with its mean intensity over it.
    pub lamps: Vec<LampSource>,
    /// Filter before the lens.
    pub filter: Option<Polariser>,
    /// Unit vector towards the sun, world frame; also where clouds hide it.
    pub sun_direction: Vec3,
    /// Degree of polarisation of the sky at 90° from the sun, 0..1.
    pub sky_polarisation: f64,
    /// Our own picture of the same exposure.
    pub exposure: Exposure,
}

impl Simulator {
    /// Exports an exposure in its camera's band.
    ///
    /// # Errors
    ///
    /// As [`expose`](Self::expose), of which the export holds the outcome.
    pub fn export(&mut self, staged: &Staged, request: &ExposureRequest) -> Result<MitsubaScene, SimError> {
        let lens_camera = staged.lens_camera(request.camera_index)?;
        if lens_camera.distortion.is_some() {
            return Err(SimError::Camera {
                camera_id: staged.plan.rig.cameras[request.camera_index].id.clone(),
                reason: "has a lens with distortion: scenes are exported for an ideal pinhole only".to_owned(),
            });
        }
        if staged.plan.daylight.weather.is_some() {
            let reason = "the daylight has weather, which is not exported: leave out [daylight.weather]";
            return Err(SimError::Plan(reason.to_owned()));
        }
        let neighbours = staged.neighbours.iter().map(|neighbour| &**neighbour);
        if std::iter::once(staged).chain(neighbours).any(|vehicle| vehicle.head_lamps.burn()) {
            let reason = "head-lamps burn, which are not exported: leave [head_lamps] of the mix out";
            return Err(SimError::Plan(reason.to_owned()));
        }
        let exposure = self.expose(staged, request)?;
        let staged = staged.seen_by(request.camera_index);
        let mount = &staged.plan.rig.cameras[request.camera_index];
        let lamps = shining(staged, &mount.id, request.exposure_us);
        let time_s = request.mid_exposure_us as f64 * 1e-6;
        let moment = Moment::new(staged, time_s);
        let scene = moment.scene(staged, time_s);
        let camera = lens_camera.sensor;
        let panes: Vec<ExportedPane> =
            moment.vehicles(staged).flat_map(|(s, _)| &s.vehicle.panes).map(exported).collect();
        let mut writer = Writer::new(&camera, &staged.lane.light);
        scene.solids.iter().for_each(|solid| writer.solid(solid));
        scene.panes.iter().zip(&panes).for_each(|(pane, optics)| writer.pane(pane, optics));
        lamps.iter().enumerate().for_each(|(k, lamp)| writer.lamp(k, lamp));
        Ok(MitsubaScene {
            files: writer.finish(),
            face_mask: face_mask(&exposure.layers, &camera),
            camera,
            panes,
            lamps,
            filter: mount.lens.polariser,
            sun_direction: staged.lane.light.model.sun_direction,
            sky_polarisation: SkyPolarisation::of(staged.plan.daylight.sky, CLEAR_TURBIDITY).max_degree,
            exposure,
        })
    }
}

/// The lamps of a camera's exposures, strobes dimmed to their mean over one.
fn shining(staged: &Staged, camera_id: &str, exposure_us: f32) -> Vec<LampSource> {
    let lamps = lamps::of_camera(&staged.lamps, camera_id);
    let share = lamps::pulse(lamps.iter().copied(), exposure_us).map_or(1.0, |(_, share)| share);
    let mean = |lamp: &&StagedLamp| if lamp.pulse_us().is_some() { lamp.source.dimmed(share) } else { lamp.source };
    lamps.iter().map(mean).collect()
}

fn exported(pane: &Pane) -> ExportedPane {
    let optics = PaneOptics::of_pane(pane);
    let passed = |band| optics.layer(band, 1.0).transmission().transmittance() as f32;
    ExportedPane {
        refractive_index: pane.glazing.refractive_index,
        transmittance_normal: Band::seen_in(pane.band).map(passed),
    }
}

fn face_mask(layers: &TruthLayers, camera: &PinholeCamera) -> Vec<u8> {
    let face = |x, y| match layers.tag(x, y) {
        Some(Tag { subject: Subject::Occupant(k), role: Role::Face | Role::Eyes }) => k + 1,
        _ => 0,
    };
    (0..camera.height_px).flat_map(|y| (0..camera.width_px).map(move |x| (x, y))).map(|(x, y)| face(x, y)).collect()
}

/// Refractive index of a dielectric with this reflectance at normal incidence.
fn refractive_index(f0: f32) -> f32 {
    let root = f0.clamp(0.001, 0.5).sqrt();
    (1.0 + root) / (1.0 - root)
}

/// What a shape's name begins with: whose it is and what.
fn kind(Tag { subject, role }: Tag) -> String {
    let whose = match subject {
        Subject::Lane => "lane".to_owned(),
        Subject::Vehicle => "vehicle".to_owned(),
        Subject::Occupant(k) => format!("occupant-{k}"),
        Subject::OtherVehicle(v) => format!("other-{v}-vehicle"),
        Subject::OtherOccupant { vehicle, occupant } => format!("other-{vehicle}-occupant-{occupant}"),
        Subject::Decoy(k) => format!("decoy-{k}"),
    };
    format!("{whose}-{}", format!("{role:?}").to_lowercase())
}

/// A picture as a texture; its name in the surface is to be put in the place of NAME.
fn bitmap(name: &str) -> String {
    format!("type=\"bitmap\" name=\"NAME\"><string name=\"filename\" value=\"{name}.ppm\"/>")
}

fn numbers(values: impl IntoIterator<Item = f32>) -> String {
    values.into_iter().map(|v| v.to_string()).collect::<Vec<_>>().join(", ")
}

/// Collects shapes and their files.
struct Writer {
    files: Vec<(String, Vec<u8>)>,
    xml: String,
    shapes: usize,
}

impl Writer {
    fn new(camera: &PinholeCamera, light: &LaneLight) -> Self {
        let mut writer = Self { files: Vec::new(), xml: String::new(), shapes: 0 };
        writer.xml.push_str("<scene version=\"3.0.0\">\n<default name=\"spp\" value=\"64\"/>\n<default name=\"pane\" value=\"thindielectric\"/>\n<integrator type=\"volpath\"><integer name=\"max_depth\" value=\"24\"/></integrator>\n");
        writer.camera(camera);
        writer.light(light);
        writer
    }

    /// Writing to a string cannot fail.
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.xml.write_fmt(text).ok();
        self.xml.push('\n');
    }

    fn camera(&mut self, camera: &PinholeCamera) {
        let frame = camera.world_from_camera;
        let origin: Vec3 = frame.translation.into();
        let (target, up) = (origin - Vec3::from(frame.z_axis), Vec3::from(frame.y_axis));
        let (width, height) = (camera.width_px as f32, camera.height_px as f32);
        let fov_deg = 2.0 * (width / 2.0 / camera.focal_length_px).atan().to_degrees();
        let [cx, cy] = camera.principal_point_px;
        self.line(format_args!(
            "<sensor type=\"perspective\"><string name=\"fov_axis\" value=\"x\"/><float name=\"fov\" value=\"{fov_deg}\"/><float name=\"near_clip\" value=\"{}\"/><float name=\"principal_point_offset_x\" value=\"{}\"/><float name=\"principal_point_offset_y\" value=\"{}\"/><transform name=\"to_world\"><lookat origin=\"{}\" target=\"{}\" up=\"{}\"/></transform><sampler type=\"independent\"><integer name=\"sample_count\" value=\"$spp\"/></sampler><film type=\"hdrfilm\"><integer name=\"width\" value=\"{}\"/><integer name=\"height\" value=\"{}\"/><rfilter type=\"box\"/></film></sensor>",
            PinholeCamera::NEAR_M,
            cx / width - 0.5,
            cy / height - 0.5,
            numbers(origin.to_array()),
            numbers(target.to_array()),
            numbers(up.to_array()),
            camera.width_px,
            camera.height_px,
        ));
    }

    fn light(&mut self, light: &LaneLight) {
        let open = light.model.clone().in_the_open();
        let [width, height] = SKY_SIZE;
        // Mitsuba's u = 0 looks along −Z and runs towards +X; rows begin at the zenith.
        let texel = |i: u32| {
            let azimuth = ((i % width) as f32 + 0.5) / width as f32 * std::f32::consts::TAU;
            let (sin, cos) = (((i / width) as f32 + 0.5) / height as f32 * std::f32::consts::PI).sin_cos();
            open.sky_radiance(Vec3::new(sin * azimuth.sin(), cos, -sin * azimuth.cos()))
        };
        let texels: Vec<[f32; 3]> = (0..width * height).map(texel).collect();
        self.files.push(("sky.pfm".into(), picture::pfm(width, height, &texels)));
        self.line(format_args!(
            "<emitter type=\"envmap\" id=\"sky\"><string name=\"filename\" value=\"sky.pfm\"/></emitter>"
        ));
        let irradiance = open.sun_normal_irradiance;
        if irradiance == [0.0; 3] {
            return;
        }
        let towards = open.sun_direction;
        let radius_m = SUN_DISTANCE_M * SUN_RADIUS_RAD.tan();
        // A disc of radius r at the distance d irradiates the plane that faces it with πL·r²/(r² + d²).
        let share = radius_m * radius_m / (radius_m * radius_m + SUN_DISTANCE_M * SUN_DISTANCE_M);
        let radiance = irradiance.map(|e| e / (std::f32::consts::PI * share));
        let up = if towards.y.abs() > 0.99 { Vec3::X } else { Vec3::Y };
        self.line(format_args!(
            "<shape type=\"disk\" id=\"sun\"><transform name=\"to_world\"><scale value=\"{radius_m}\"/><lookat origin=\"{}\" target=\"0, 0, 0\" up=\"{}\"/></transform><bsdf type=\"diffuse\"><rgb name=\"reflectance\" value=\"0\"/></bsdf><emitter type=\"area\"><rgb name=\"radiance\" value=\"{}\"/></emitter></shape>",
            numbers((towards * SUN_DISTANCE_M).to_array()),
            numbers(up.to_array()),
            numbers(radiance),
        ));
    }

    fn shape(&mut self, kind: &str, ply: Vec<u8>, bsdf: &str, emitted: [f32; 3]) {
        let name = format!("{kind}-{:04}", self.shapes);
        self.shapes += 1;
        let emitter = if emitted == [0.0; 3] {
            String::new()
        } else {
            format!("<emitter type=\"area\"><rgb name=\"radiance\" value=\"{}\"/></emitter>", numbers(emitted))
        };
        self.line(format_args!(
            "<shape type=\"ply\" id=\"{name}\"><string name=\"filename\" value=\"{name}.ply\"/>{bsdf}{emitter}</shape>"
        ));
        self.files.push((format!("{name}.ply"), ply));
    }

    fn solid(&mut self, solid: &Solid) {
        let kind = kind(solid.tag);
        let Surface { reflectance, texture, roughness, specular_f0, transmittance, .. } = &solid.surface;
        if let Some(passed) = transmittance {
            // A lens as thin as ours: its own reflectance from both faces, its transmittance at every angle.
            let index = refractive_index(specular_f0 / 2.0);
            let bsdf = format!(
                "<bsdf type=\"thindielectric\"><float name=\"int_ior\" value=\"{index}\"/><rgb name=\"specular_transmittance\" value=\"{}\"/></bsdf>",
                numbers(*passed)
            );
            let ply = ply::write(&solid.mesh, solid.world_from_mesh, None);
            return self.shape(&kind, ply, &bsdf, [0.0; 3]);
        }
        let matt = *roughness >= MATT_ROUGHNESS;
        let index = refractive_index(*specular_f0);
        let gain = if matt { 1.0 } else { 1.0 / (1.0 - COAT_WEIGHT) };
        let name = format!("{kind}-{:04}", self.shapes);
        let mut holes = None;
        let (ply, body) = match texture.as_deref() {
            None => {
                let factor =
                    |v: &Vertex| [0, 1, 2].map(|b| (reflectance[b] * picture::linear(v.tint[b]) * gain).min(1.0));
                let colours: Vec<[f32; 3]> = solid.mesh.vertices.iter().map(factor).collect();
                if matt {
                    let ply = ply::write(&solid.mesh, solid.world_from_mesh, Some(&colours));
                    (
                        ply,
                        "type=\"mesh_attribute\" name=\"NAME\"><string name=\"name\" value=\"vertex_color\"/>"
                            .to_owned(),
                    )
                } else {
                    let (mesh, palette) = picture::palette(&solid.mesh, &colours);
                    self.files.push((format!("{name}.ppm"), palette));
                    let nearest = "<string name=\"filter_type\" value=\"nearest\"/>";
                    (ply::write(&mesh, solid.world_from_mesh, None), format!("{}{nearest}", bitmap(&name)))
                }
            }
            Some(texture) => {
                let seen = picture::reflectance(&solid.surface, texture, &solid.mesh, gain);
                self.files.push((format!("{name}.ppm"), seen));
                holes = picture::opacity(texture).map(|file| {
                    self.files.push((format!("{name}-opacity.ppm"), file));
                    format!("{name}-opacity.ppm")
                });
                (ply::write(&solid.mesh, solid.world_from_mesh, None), bitmap(&name))
            }
        };
        let textured = |name: &str| format!("<texture {}</texture>", body.replace("NAME", name));
        let opaque = if matt {
            format!("<bsdf type=\"diffuse\">{}</bsdf>", textured("reflectance"))
        } else {
            let alpha = (roughness * roughness).max(0.002);
            format!(
                "<bsdf type=\"blendbsdf\"><float name=\"weight\" value=\"{COAT_WEIGHT}\"/><bsdf type=\"diffuse\">{}</bsdf><bsdf type=\"roughplastic\"><string name=\"distribution\" value=\"ggx\"/><float name=\"alpha\" value=\"{alpha}\"/><float name=\"int_ior\" value=\"{index}\"/><rgb name=\"diffuse_reflectance\" value=\"0\"/><spectrum name=\"specular_reflectance\" value=\"{}\"/></bsdf></bsdf>",
                textured("reflectance"),
                1.0 / COAT_WEIGHT
            )
        };
        let both = format!("<bsdf type=\"twosided\">{opaque}</bsdf>");
        let bsdf = match holes {
            None => both,
            Some(name) => format!(
                "<bsdf type=\"mask\"><texture type=\"bitmap\" name=\"opacity\"><string name=\"filename\" value=\"{name}\"/><string name=\"filter_type\" value=\"nearest\"/><boolean name=\"raw\" value=\"true\"/></texture>{both}</bsdf>"
            ),
        };
        self.shape(&kind, ply, &bsdf, solid.surface.emitted_radiance);
    }

    fn pane(&mut self, pane: &ScenePane, optics: &ExportedPane) {
        let ExportedPane { refractive_index: index, transmittance_normal } = *optics;
        let face = ((index - 1.0) / (index + 1.0)).powi(2);
        // What lossless glass would pass at normal incidence.
        let lossless = 1.0 - 2.0 * face / (1.0 + face);
        let bsdf = format!(
            "<bsdf type=\"$pane\"><float name=\"int_ior\" value=\"{index}\"/><rgb name=\"specular_transmittance\" value=\"{}\"/></bsdf>",
            numbers(transmittance_normal.map(|t| t / lossless))
        );
        self.shape("pane", ply::write(&pane.mesh, pane.world_from_mesh, None), &bsdf, [0.0; 3]);
    }

    fn finish(mut self) -> Vec<(String, Vec<u8>)> {
        self.xml.push_str("</scene>\n");
        self.files.push(("scene.xml".into(), self.xml.into_bytes()));
        self.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_one_and_a_half_reflects_four_percent() {
        assert!((refractive_index(0.04) - 1.5).abs() < 1e-5);
    }
}
