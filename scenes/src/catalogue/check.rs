//! Values that a type admits but the world does not: negative exposures, cameras in the ground, empty mixes.
use crate::{distortion, document::DocumentKind, people::WearShares};

use super::{
    AgeShares, BehaviourShares, CameraMount, Colour, Daylight, Distortion, ExposureControl, GlassSet, H264,
    HeadLampShares, Lamp, LaneSpec, Lens, Meter, Polariser, Queue, Rig, Sensor, TrafficMix, Trigger, fault::ValueFault,
    manoeuvre::check_range,
};

/// Most exposures of one bracket.
const MOST_BRACKETED: usize = 4;

/// Something read from a file whose values can be impossible.
pub trait Check {
    /// The first impossible value, if any.
    fn check(&self) -> Result<(), ValueFault>;
}

/// Fails unless `value` lies in `low..=high`, ends included; of a value that single precision holds these are single too,
/// so that 0.01 is not below 0.01.
pub fn within(key: &str, value: f64, low: f64, high: f64, unit: &str) -> Result<(), ValueFault> {
    let single = value as f32;
    let is_single = f64::from(single) == value;
    let in_single = is_single && (low as f32..=high as f32).contains(&single);
    if value.is_finite() && (in_single || (low..=high).contains(&value)) {
        return Ok(());
    }
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    // As it was written: 0.95, not the digits that single precision adds.
    let value = if is_single { single.to_string() } else { value.to_string() };
    Err(ValueFault::new(
        key,
        format!("impossible value {value}{unit}"),
        format!("it must lie in {low} to {high}{unit}"),
    ))
}

fn share(key: &str, value: f32) -> Result<(), ValueFault> {
    within(key, value.into(), 0.0, 1.0, "")
}

fn positive(key: &str, value: f32, unit: &str) -> Result<(), ValueFault> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ValueFault::new(key, format!("impossible value {value} {unit}"), "it must be greater than 0".to_owned()))
}

fn named(key: &str, value: &str) -> Result<(), ValueFault> {
    if value.trim().is_empty() {
        return Err(ValueFault::new(key, "is empty", "write a text"));
    }
    Ok(())
}

impl Check for Sensor {
    fn check(&self) -> Result<(), ValueFault> {
        within("width_px", self.width_px.into(), 64.0, 16384.0, "px")?;
        within("height_px", self.height_px.into(), 64.0, 16384.0, "px")?;
        within("pixel_pitch_um", self.pixel_pitch_um.into(), 0.5, 50.0, "µm")?;
        positive("full_well_e", self.full_well_e, "e⁻")?;
        within("dark_noise_e", self.dark_noise_e.into(), 0.0, f64::from(self.full_well_e), "e⁻")?;
        within("dark_current_e_per_s", self.dark_current_e_per_s.into(), 0.0, 1e6, "e⁻/s")?;
        for (i, efficiency) in self.quantum_efficiency.iter().enumerate() {
            share(&format!("quantum_efficiency.{i}"), *efficiency)?;
        }
        if let Some(band) = self.band {
            let band = band.name();
            if self.colour != Colour::Mono {
                let fault = format!("a camera of {band} sees no colour");
                return Err(ValueFault::new("colour", fault, "write \"mono\""));
            }
            let [first, second, third] = self.quantum_efficiency;
            if first != second || second != third {
                let fault = format!("{band} is one band, the numbers differ");
                return Err(ValueFault::new("quantum_efficiency", fault, "write its efficiency three times"));
            }
        }
        within("prnu", self.prnu.into(), 0.0, 0.5, "")?;
        within("dsnu_e", self.dsnu_e.into(), 0.0, f64::from(self.full_well_e), "e⁻")?;
        if ![8, 10, 12].contains(&self.bit_depth) {
            let fault = format!("a converter of {} bits is not supported", self.bit_depth);
            return Err(ValueFault::new("bit_depth", fault, "write 8, 10 or 12"));
        }
        if let Some(line_time_us) = self.line_time_us {
            if line_time_us == 0.0 {
                let help = "leave `line_time_us` out for a global shutter";
                return Err(ValueFault::new("line_time_us", "a rolling shutter whose rows open at once", help));
            }
            within("line_time_us", line_time_us.into(), 0.5, 1000.0, "µs")?;
        }
        named("source", &self.source)
    }
}

fn check_lens(key: &str, lens: &Lens) -> Result<(), ValueFault> {
    within(&format!("{key}.focal_length_mm"), lens.focal_length_mm.into(), 1.0, 1000.0, "mm")?;
    positive(&format!("{key}.f_number"), lens.f_number, "(f-number)")?;
    within(&format!("{key}.f_number"), lens.f_number.into(), 0.5, 64.0, "")?;
    within(&format!("{key}.transmittance"), lens.transmittance.into(), 0.01, 1.0, "")?;
    // Nearer than ten focal lengths the pinhole with a circle of confusion is no longer a model of the lens.
    let nearest_m = f64::from(lens.focal_length_mm) * 0.01;
    within(&format!("{key}.focus_distance_m"), lens.focus_distance_m.into(), nearest_m, 1000.0, "m")?;
    if let Some(Polariser { angle_deg, transmittance, extinction_ratio }) = lens.polariser {
        within(&format!("{key}.polariser.angle_deg"), angle_deg.into(), -180.0, 180.0, "°")?;
        within(&format!("{key}.polariser.transmittance"), transmittance.into(), 0.01, 1.0, "")?;
        within(&format!("{key}.polariser.extinction_ratio"), extinction_ratio.into(), 1.0, 1e7, "")?;
    }
    if let Some(mtf50) = lens.mtf50_lp_per_mm {
        within(&format!("{key}.mtf50_lp_per_mm"), mtf50.into(), 5.0, 1000.0, "line pairs per mm")?;
    }
    if let Some(glare) = lens.veiling_glare {
        within(&format!("{key}.veiling_glare"), glare.into(), 0.0, 0.1, "(share of the light)")?;
    }
    if let Some(Distortion { k1, k2, k3, p1, p2 }) = lens.distortion {
        for (name, value, most) in
            [("k1", k1, 10.0), ("k2", k2, 10.0), ("k3", k3, 10.0), ("p1", p1, 0.1), ("p2", p2, 0.1)]
        {
            within(&format!("{key}.distortion.{name}"), value.into(), -most, most, "")?;
        }
    }
    Ok(())
}

/// Fails where a lens does not draw all of the sensor behind it; of each camera of the rig its sensor, in order.
pub fn check_distortion<'a>(rig: &Rig, sensors: impl IntoIterator<Item = &'a Sensor>) -> Result<(), ValueFault> {
    let mut cameras = rig.cameras.iter().zip(sensors).enumerate();
    cameras.try_for_each(|(i, (mount, sensor))| {
        distortion::check_fills(&format!("cameras.{i}.lens.distortion"), mount, sensor)
    })
}

impl Check for ExposureControl {
    fn check(&self) -> Result<(), ValueFault> {
        within("target_dn", self.target_dn.into(), 1.0, 245.0, "(of 255)")?;
        if let Some(window) = self.window {
            for (i, edge) in window.iter().enumerate() {
                within(&format!("window.{i}"), (*edge).into(), 0.0, 1.0, "(share of the frame)")?;
            }
            let [left, top, right, bottom] = window;
            if left >= right || top >= bottom {
                let problem = format!("the window from ({left}, {top}) to ({right}, {bottom}) is empty");
                return Err(ValueFault::new(
                    "window",
                    problem,
                    "write left, top, right, bottom as shares of the frame",
                ));
            }
        }
        if let Some(percentile) = self.percentile {
            if self.meter != Meter::Highlights {
                let help = "leave it out, or write meter = \"highlights\"";
                return Err(ValueFault::new("percentile", "only the meter \"highlights\" takes a percentile", help));
            }
            within("percentile", percentile.into(), 50.0, 100.0, "%")?;
        }
        for (name, limits, low, high, unit) in [
            ("exposure_limits_us", self.exposure_limits_us, 1.0, 1e6, "µs"),
            ("gain_limits_db", self.gain_limits_db, 0.0, 48.0, "dB"),
        ] {
            for (i, limit) in limits.iter().enumerate() {
                within(&format!("{name}.{i}"), (*limit).into(), low, high, unit)?;
            }
            if limits[0] > limits[1] {
                let problem = format!("the limits {} to {} {unit} hold nothing", limits[0], limits[1]);
                return Err(ValueFault::new(name, problem, "write the smaller one first"));
            }
        }
        Ok(())
    }
}

impl Check for Rig {
    fn check(&self) -> Result<(), ValueFault> {
        named("title", &self.title)?;
        if self.cameras.is_empty() {
            return Err(ValueFault::new("cameras", "the rig has no camera", "add a [[cameras]] table"));
        }
        check_lamps("illuminators", &self.illuminators, Some(&self.cameras))?;
        for (i, camera) in self.cameras.iter().enumerate() {
            let key = |name: &str| format!("cameras.{i}.{name}");
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if camera.id.is_empty() || camera.id.len() > 32 || !camera.id.chars().all(plain) {
                let help = "use 1 to 32 letters, digits, - and _: it becomes part of file names";
                return Err(ValueFault::new(key("id"), format!("\"{}\" cannot name a camera", camera.id), help));
            }
            if self.cameras[..i].iter().any(|other| other.id == camera.id) {
                let problem = format!("a second camera is called \"{}\"", camera.id);
                return Err(ValueFault::new(key("id"), problem, "give each camera its own id"));
            }
            for (axis, value) in camera.position_m.iter().enumerate() {
                within(&format!("{}.{axis}", key("position_m")), (*value).into(), -200.0, 200.0, "m")?;
            }
            for (axis, value) in camera.look_at_m.iter().enumerate() {
                within(&format!("{}.{axis}", key("look_at_m")), (*value).into(), -200.0, 200.0, "m")?;
            }
            let [_, height_m, _] = camera.position_m;
            if height_m <= 0.05 {
                let problem = format!("camera \"{}\" is inside the ground: its height y is {height_m} m", camera.id);
                return Err(ValueFault::new(format!("{}.1", key("position_m")), problem, "y must be above 0.05 m"));
            }
            let sight: [f32; 3] = std::array::from_fn(|a| camera.look_at_m[a] - camera.position_m[a]);
            let across = (sight[0].powi(2) + sight[2].powi(2)).sqrt();
            if across < 0.01 {
                let problem = format!("camera \"{}\" looks straight up or down, or at itself", camera.id);
                return Err(ValueFault::new(key("look_at_m"), problem, "look at a point beside the camera"));
            }
            named(&key("sensor"), &camera.sensor)?;
            check_lens(&key("lens"), &camera.lens)?;
            positive(&key("exposure_us"), camera.exposure_us, "µs")?;
            within(&key("exposure_us"), camera.exposure_us.into(), 1.0, 1e6, "µs")?;
            within(&key("gain_db"), camera.gain_db.into(), 0.0, 48.0, "dB")?;
            if let Some(control) = &camera.exposure_control {
                let inside = |fault: ValueFault| {
                    let key_path = format!("{}.{}", key("exposure_control"), fault.key_path);
                    ValueFault { key_path, ..fault }
                };
                control.check().map_err(inside)?;
            }
            check_bracket(&key("bracket_ev"), camera)?;
            check_encoding(i, camera)?;
            within(&key("extra_exposures"), camera.extra_exposures.into(), 0.0, 20.0, "exposures")?;
            // One camera that never exposes is dead, and what the others still see is worth a scenario.
            if self.cameras.iter().all(|camera| camera.triggers.is_empty()) {
                let problem = format!("camera \"{}\" never exposes, and no other camera does", camera.id);
                return Err(ValueFault::new(key("triggers"), problem, "add a trigger"));
            }
            for (t, trigger) in camera.triggers.iter().enumerate() {
                match *trigger {
                    Trigger::Front { z_m } => {
                        within(&key(&format!("triggers.{t}.z_m")), z_m.into(), -40.0, 10.0, "m (0 is the stop line)")?;
                    }
                    Trigger::Stop { after_s } => {
                        within(&key(&format!("triggers.{t}.after_s")), after_s.into(), 0.0, 60.0, "s")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Camera `i` of a rig sends JPEG files or video.
fn check_encoding(i: usize, camera: &CameraMount) -> Result<(), ValueFault> {
    let key = |name: &str| format!("cameras.{i}.{name}");
    match (camera.jpeg_quality, camera.h264) {
        (Some(quality), None) => within(&key("jpeg_quality"), quality.into(), 1.0, 100.0, ""),
        (None, Some(video)) => {
            let inside = |fault: ValueFault| {
                let key_path = format!("{}.{}", key("h264"), fault.key_path);
                ValueFault { key_path, ..fault }
            };
            video.check().map_err(inside)
        }
        (Some(_), Some(_)) => {
            let problem = format!("camera \"{}\" sends JPEG files and video", camera.id);
            Err(ValueFault::new(key("h264"), problem, "leave out jpeg_quality or h264"))
        }
        (None, None) => {
            let problem = format!("camera \"{}\" does not say how it sends its frames", camera.id);
            let help =
                "add jpeg_quality = 90, or h264 = { bit_rate_kbit_per_s = 8000, frame_rate_hz = 25, gop_frames = 50 }";
            Err(ValueFault::new(key("id"), problem, help))
        }
    }
}

impl Check for H264 {
    fn check(&self) -> Result<(), ValueFault> {
        let Self { bit_rate_kbit_per_s, frame_rate_hz, qp, gop_frames } = *self;
        match (bit_rate_kbit_per_s, frame_rate_hz, qp) {
            (Some(rate), Some(frames), None) => {
                within("bit_rate_kbit_per_s", rate.into(), 64.0, 200_000.0, "kbit/s")?;
                within("frame_rate_hz", frames.into(), 1.0, 60.0, "Hz")?;
            }
            (Some(_), None, None) => {
                let problem = "a bit rate without the frame rate that shares it";
                return Err(ValueFault::new("bit_rate_kbit_per_s", problem, "add frame_rate_hz = 25"));
            }
            (None, None, Some(qp)) => within("qp", qp.into(), 0.0, 51.0, "")?,
            (None, Some(_), Some(_)) => {
                let problem = "a quantisation parameter is the same at any frame rate";
                return Err(ValueFault::new("frame_rate_hz", problem, "leave it out"));
            }
            (Some(_), _, Some(_)) => {
                let problem = "the bit rate sets the quantisation parameter";
                return Err(ValueFault::new("qp", problem, "leave out qp or bit_rate_kbit_per_s"));
            }
            (None, _, None) => {
                let help = "add bit_rate_kbit_per_s = 8000 and frame_rate_hz = 25, or qp = 28";
                return Err(ValueFault::new("gop_frames", "neither a bit rate nor a quantisation parameter", help));
            }
        }
        within("gop_frames", gop_frames.into(), 1.0, 1000.0, "frames")
    }
}

fn check_bracket(key: &str, camera: &CameraMount) -> Result<(), ValueFault> {
    let CameraMount { bracket_ev, exposure_control, .. } = camera;
    if bracket_ev.is_empty() {
        return Ok(());
    }
    for (k, ev) in bracket_ev.iter().enumerate() {
        within(&format!("{key}.{k}"), (*ev).into(), -10.0, 4.0, "stops")?;
        if bracket_ev[..k].contains(ev) {
            let problem = format!("two exposures of a bracket are {ev} stops from the camera's own");
            return Err(ValueFault::new(format!("{key}.{k}"), problem, "give each another number"));
        }
    }
    if !(2..=MOST_BRACKETED).contains(&bracket_ev.len()) {
        let problem = format!("a bracket of {} exposures", bracket_ev.len());
        return Err(ValueFault::new(key, problem, format!("2 to {MOST_BRACKETED}, or leave it out")));
    }
    if exposure_control.is_some() {
        let problem = "an exposure control cannot meter pictures that are tone-mapped";
        return Err(ValueFault::new(key, problem, "leave out bracket_ev or exposure_control"));
    }
    Ok(())
}

impl Check for LaneSpec {
    fn check(&self) -> Result<(), ValueFault> {
        named("title", &self.title)?;
        within("bearing_deg", self.bearing_deg.into(), 0.0, 360.0, "°")?;
        within("width_m", self.width_m.into(), 2.2, 8.0, "m")?;
        within("kerb_height_m", self.kerb_height_m.into(), 0.0, 0.5, "m")?;
        share("road_reflectance", self.road_reflectance)?;
        check_lamps("lamps", &self.lamps, None)?;
        if let Some(sun) = self.lamps_below_sun_deg {
            within("lamps_below_sun_deg", sun.into(), -18.0, 90.0, "°")?;
        }
        if let Some(canopy) = &self.canopy {
            within("canopy.height_m", canopy.height_m.into(), 3.0, 12.0, "m")?;
            within("canopy.from_z_m", canopy.from_z_m.into(), -60.0, 20.0, "m")?;
            within("canopy.to_z_m", canopy.to_z_m.into(), f64::from(canopy.from_z_m) + 2.0, 60.0, "m")?;
            within("canopy.half_width_m", canopy.half_width_m.into(), 4.5, 30.0, "m")?;
            share("canopy.underside_reflectance", canopy.underside_reflectance)?;
        }
        named("source", &self.source)
    }
}

impl Check for Daylight {
    fn check(&self) -> Result<(), ValueFault> {
        within("latitude_deg", self.latitude_deg, -90.0, 90.0, "°")?;
        within("longitude_deg", self.longitude_deg, -180.0, 180.0, "°")?;
        check_instant("time", &self.time)?;
        self.weather.map_or(Ok(()), |weather| {
            let under = |fault: ValueFault| ValueFault { key_path: format!("weather.{}", fault.key_path), ..fault };
            weather.check_under(self.sky).map_err(under)
        })
    }
}

/// An RFC 3339 instant with its offset from UTC.
fn check_instant(key: &str, text: &str) -> Result<(), ValueFault> {
    let help = "write an instant with its offset, such as 2026-06-21T10:30:00-05:00";
    let fault = |why: &str| ValueFault::new(key, format!("\"{text}\" is no instant: {why}"), help);
    let parsed: toml::value::Datetime = text.parse().map_err(|_| fault("not a date and time of RFC 3339"))?;
    if parsed.date.is_none() || parsed.time.is_none() {
        return Err(fault("date or time of day is missing"));
    }
    if parsed.offset.is_none() {
        return Err(fault("the offset from UTC is missing"));
    }
    Ok(())
}

impl Check for TrafficMix {
    fn check(&self) -> Result<(), ValueFault> {
        named("title", &self.title)?;
        if self.vehicles.is_empty() {
            return Err(ValueFault::new("vehicles", "no vehicle", "add a [[vehicles]] table"));
        }
        for (i, vehicle) in self.vehicles.iter().enumerate() {
            let key = |name: &str| format!("vehicles.{i}.{name}");
            named(&key("model"), &vehicle.model)?;
            within(&key("weight"), vehicle.weight.into(), 0.0, 1e6, "")?;
            check_glass(&vehicle.glass, &|name| key(&format!("glass.{name}")))?;
        }
        if self.vehicles.iter().map(|v| v.weight).sum::<f32>() <= 0.0 {
            return Err(ValueFault::new("vehicles", "all weights are 0", "give one vehicle a weight above 0"));
        }
        check_range("approach_speed_mps", self.approach_speed_mps, 0.5, 16.7, "m/s")?;
        for (i, share) in self.manoeuvres.iter().enumerate() {
            let key = |name: &str| format!("manoeuvres.{i}.{name}");
            within(&key("weight"), share.weight.into(), 0.0, 1e6, "")?;
            share.manoeuvre.check(&|name| key(&format!("manoeuvre.{name}")))?;
            named(&key("source"), &share.source)?;
        }
        if !self.manoeuvres.is_empty() && self.manoeuvres.iter().map(|m| m.weight).sum::<f32>() <= 0.0 {
            let help = "give one manoeuvre a weight above 0, or leave them all out";
            return Err(ValueFault::new("manoeuvres", "all weights are 0", help));
        }
        self.queue.iter().try_for_each(Queue::check)?;
        self.head_lamps.iter().try_for_each(HeadLampShares::check)?;
        within("lateral_offset_mean_m", self.lateral_offset_mean_m.into(), -0.8, 0.8, "m")?;
        within("lateral_offset_sd_m", self.lateral_offset_sd_m.into(), 0.0, 0.5, "m")?;
        for (i, weight) in self.occupants.iter().enumerate() {
            within(&format!("occupants.{i}"), (*weight).into(), 0.0, 1e6, "")?;
        }
        if self.occupants.iter().sum::<f32>() <= 0.0 {
            let help = "give at least one number of occupants a weight above 0";
            return Err(ValueFault::new("occupants", "every vehicle would be empty", help));
        }
        within("head_yaw_sd_deg", self.head_yaw_sd_deg.into(), 0.0, 45.0, "°")?;
        within("head_pitch_sd_deg", self.head_pitch_sd_deg.into(), 0.0, 30.0, "°")?;
        within("head_roll_sd_deg", self.head_roll_sd_deg.into(), 0.0, 30.0, "°")?;
        share("enrolled_share", self.enrolled_share)?;
        share("child_share_rear", self.child_share_rear)?;
        for (kind, weight) in DocumentKind::ALL.into_iter().zip(self.documents.weights()) {
            within(&format!("documents.{}", kind.name().replace('-', "_")), weight.into(), 0.0, 1e6, "")?;
        }
        if self.documents.weights().iter().sum::<f32>() <= 0.0 {
            let help = "give at least one document a weight above 0, or leave [documents] out: all passports";
            return Err(ValueFault::new("documents", "nobody carries a document", help));
        }
        check_ages(&self.age)?;
        check_behaviours(&self.behaviour)?;
        if let Some(problem) = self.wear.worn.problem() {
            return Err(ValueFault::new("wear.worn", problem, "shares are of everybody of that sex or age, 0 to 1"));
        }
        if self.wear.worn != WearShares::default() {
            named("wear.source", &self.wear.source)?;
        }
        for (key, _, value) in self.decoys.listed() {
            share(&format!("decoys.{key}"), value)?;
        }
        named("decoys.source", &self.decoys.source)?;
        named("source", &self.source)
    }
}

/// Checks a list of lamps; `cameras` are the ids that they can be strobed with, `None` where lamps burn all the time.
fn check_lamps(list: &str, lamps: &[Lamp], cameras: Option<&[CameraMount]>) -> Result<(), ValueFault> {
    for (i, lamp) in lamps.iter().enumerate() {
        let key = |name: &str| format!("{list}.{i}.{name}");
        named(&key("id"), &lamp.id)?;
        for (axis, value) in lamp.position_m.iter().chain(&lamp.look_at_m).enumerate() {
            let name = if axis < 3 { "position_m" } else { "look_at_m" };
            within(&format!("{}.{}", key(name), axis % 3), (*value).into(), -200.0, 200.0, "m")?;
        }
        if lamp.position_m == lamp.look_at_m {
            let help = "point the beam somewhere else than at the lamp itself";
            return Err(ValueFault::new(key("look_at_m"), "the beam has no direction", help));
        }
        within(&key("intensity"), lamp.intensity.into(), 1e-3, 1e7, "cd or W/sr")?;
        within(&key("beam_deg"), lamp.beam_deg.into(), 1.0, 175.0, "°")?;
        within(&key("diameter_m"), lamp.diameter_m.into(), 0.001, 3.0, "m")?;
        if let Some(pulse_us) = lamp.pulse_us {
            within(&key("pulse_us"), pulse_us.into(), 1.0, 1e6, "µs")?;
        }
        let strobed = lamp.pulse_us.is_some() || !lamp.cameras.is_empty();
        let Some(cameras) = cameras else {
            if strobed {
                let help = "leave pulse_us and cameras out; a lamp that is strobed belongs to the rig's illuminators";
                return Err(ValueFault::new(key("pulse_us"), "a lane's lamps burn all the time", help));
            }
            continue;
        };
        if let Some(stranger) = lamp.cameras.iter().find(|id| !cameras.iter().any(|camera| camera.id == **id)) {
            let known: Vec<&str> = cameras.iter().map(|camera| camera.id.as_str()).collect();
            let help = format!("the cameras are {}", known.join(", "));
            return Err(ValueFault::new(key("cameras"), format!("the rig has no camera \"{stranger}\""), help));
        }
        named(&key("source"), &lamp.source)?;
    }
    for camera in cameras.unwrap_or_default() {
        let mut pulses = lamps.iter().enumerate().filter(|(_, lamp)| lamp.lights(&camera.id));
        let first = pulses.find_map(|(_, lamp)| lamp.pulse_us);
        if let Some((i, _)) = pulses.find(|(_, lamp)| lamp.pulse_us.is_some() && lamp.pulse_us != first) {
            let problem = format!("camera \"{}\" has strobes of different pulses", camera.id);
            let help = "give the strobes of one camera one length of pulse";
            return Err(ValueFault::new(format!("{list}.{i}.pulse_us"), problem, help));
        }
    }
    Ok(())
}

fn check_glass(glass: &GlassSet, key: &dyn Fn(&str) -> String) -> Result<(), ValueFault> {
    // Above 0.92 no uncoated pane can transmit: two faces of float glass reflect 8 % (Fresnel, n = 1.52).
    for (name, value) in [("windscreen", glass.windscreen), ("front_side", glass.front_side), ("rear", glass.rear)] {
        within(&key(name), value.into(), 0.01, 0.92, "")?;
    }
    for (name, film) in glass.film.named() {
        within(&key(&format!("film.{name}.visible")), film.visible.into(), 0.01, 1.0, "")?;
        within(&key(&format!("film.{name}.infrared")), film.infrared.into(), 0.01, 1.0, "")?;
    }
    for (name, cover) in glass.dirt_cover.named() {
        share(&key(&format!("dirt_cover.{name}")), cover)?;
    }
    share(&key("lowered.front"), glass.lowered.front)?;
    share(&key("lowered.rear"), glass.lowered.rear)
}

fn check_ages(age: &AgeShares) -> Result<(), ValueFault> {
    for (i, years) in age.adults_years.iter().enumerate() {
        within(&format!("age.adults_years.{i}"), (*years).into(), 18.0, 85.0, "years")?;
    }
    if age.adults_years[0] > age.adults_years[1] {
        return Err(ValueFault::new("age.adults_years", "the range runs backwards", "write the younger age first"));
    }
    let childhood = [age.infants, age.toddlers, age.children, age.teenagers];
    for (key, weight) in ["infants", "toddlers", "children", "teenagers"].into_iter().zip(childhood) {
        within(&format!("age.{key}"), weight.into(), 0.0, 1e6, "")?;
    }
    if childhood.iter().sum::<f32>() <= 0.0 {
        let help = "give infants, toddlers, children or teenagers a weight above 0";
        return Err(ValueFault::new("age", "a child could have no age", help));
    }
    share("age.rear_facing_toddlers", age.rear_facing_toddlers)?;
    share("age.booster_use", age.booster_use)?;
    named("age.source", &age.source)
}

fn check_behaviours(shares: &BehaviourShares) -> Result<(), ValueFault> {
    let mut sum = 0.0;
    for (key, _, value) in shares.listed() {
        share(&format!("behaviour.{key}"), value)?;
        sum += value;
        if sum > 1.0 + 1e-4 {
            let problem = format!("the shares up to `{key}` sum to {sum:.3}");
            let help = "they may sum to 1 at most; who does nothing else looks at the road";
            return Err(ValueFault::new(format!("behaviour.{key}"), problem, help));
        }
    }
    named("behaviour.source", &shares.source)
}
