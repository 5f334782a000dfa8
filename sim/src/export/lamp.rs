//! Lamps as Mitsuba has them: a `spot` with a picture of the beam before it. It has no size, so nothing mirrors its image.
use glam::Vec3;
use laneproof_optics::lamp::LampSource;

use super::{Writer, numbers, picture};

/// Side of a beam's picture, texels: 0.03° each in the middle of a beam of 24°, interpolated linearly.
const SIDE: u32 = 1024;
/// Angle from the axis up to which a beam is exported, radians: the picture lies in a plane across the axis, and what is left
/// of the widest beams beyond is little.
const WIDEST_RAD: f32 = 1.484;
/// Mitsuba's cone ends this far outside the picture's, radians, and is even inside it.
const MARGIN_RAD: f32 = 0.02;

/// The angle from the axis where a beam's picture ends, radians.
fn end_rad(lamp: &LampSource) -> f32 {
    (2.0 * lamp.half_angle_rad.cos() - 1.0).clamp(-1.0, 1.0).acos().min(WIDEST_RAD)
}

/// Share of the axis' intensity by place in a plane across the axis, whose side is that of the cone of this angle.
fn beam(lamp: &LampSource, cone_rad: f32) -> Vec<[f32; 3]> {
    let (right, up) = lamp.axis.any_orthonormal_pair();
    let across = |k: u32| ((k as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0) * cone_rad.tan();
    let texel = |i: u32| lamp.axis + right * across(i % SIDE) + up * across(i / SIDE);
    (0..SIDE * SIDE).map(|i| [lamp.share(texel(i).normalize()); 3]).collect()
}

impl Writer {
    /// A lamp that shines all the time with the intensity that it has.
    pub(super) fn lamp(&mut self, index: usize, lamp: &LampSource) {
        let name = format!("lamp-{index:02}");
        let end_rad = end_rad(lamp);
        let cone_rad = end_rad + MARGIN_RAD;
        self.files.push((format!("{name}.pfm"), picture::pfm(SIDE, SIDE, &beam(lamp, cone_rad))));
        let up = if lamp.axis.y.abs() > 0.99 { Vec3::X } else { Vec3::Y };
        // Between `beam_width` and `cutoff_angle` Mitsuba's own falloff is at work, where ours has left nothing.
        self.line(format_args!(
            "<emitter type=\"spot\" id=\"{name}\"><transform name=\"to_world\"><lookat origin=\"{}\" target=\"{}\" up=\"{}\"/></transform><rgb name=\"intensity\" value=\"{}\"/><float name=\"cutoff_angle\" value=\"{}\"/><float name=\"beam_width\" value=\"{}\"/><texture type=\"bitmap\" name=\"texture\"><string name=\"filename\" value=\"{name}.pfm\"/><string name=\"wrap_mode\" value=\"clamp\"/></texture></emitter>",
            numbers(lamp.position_m.to_array()),
            numbers((lamp.position_m + lamp.axis).to_array()),
            numbers(up.to_array()),
            numbers(lamp.intensity),
            cone_rad.to_degrees(),
            end_rad.to_degrees(),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beams_picture_is_whole_in_the_middle_half_at_the_half_angle_and_black_at_its_edge() {
        let half_angle_rad = 12f32.to_radians();
        let lamp = LampSource {
            position_m: Vec3::ZERO,
            axis: Vec3::NEG_Z,
            half_angle_rad,
            intensity: [1.0; 3],
            radius_m: 0.1,
            pattern: None,
        };
        let cone_rad = end_rad(&lamp) + MARGIN_RAD;
        let picture = beam(&lamp, cone_rad);
        let row = &picture[(SIDE / 2 * SIDE) as usize..][..SIDE as usize];
        assert!(row[SIDE as usize / 2][0] > 0.999 && row[0][0] == 0.0);
        let place = (0.5 + 0.5 * half_angle_rad.tan() / cone_rad.tan()) * SIDE as f32;
        assert!((row[place as usize][0] - 0.5).abs() < 0.01, "{}", row[place as usize][0]);
    }
}
