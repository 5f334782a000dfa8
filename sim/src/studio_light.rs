//! Light of a photographer's studio: a soft key above and beside the camera, a fill from all round, a plain ground.
use std::{f32::consts::PI, sync::Arc};

use glam::Vec3;
use laneproof_optics::daylight::SkyTable;
use laneproof_render::Light;
use rand::Rng;

/// How a studio is lit. Directions are the sitter's: +X their left, +Z towards the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudioLight {
    /// The key's direction beside the camera, degrees; positive to the sitter's left.
    pub key_azimuth_deg: f32,
    /// The key's height above the sitter's eyes, degrees.
    pub key_elevation_deg: f32,
    /// The key's share of the irradiance on a plane that faces the camera, 0..1; the fill gives the rest.
    pub key_share: f32,
    /// Share of the key that comes from a small source and casts shadows; the rest comes from a softbox that casts none.
    pub hard_share: f32,
    /// Linear reflectance that the ground behind the sitter seems to have.
    pub ground: f32,
}

/// Radius (one standard deviation) of the softbox as the sitter sees it, radians: 0.6 m at 1.5 m (assumption).
const SOFTBOX_RAD: f32 = 0.20;
/// Size of the table of directions: a texel is smaller than a third of the softbox.
const TABLE: (u32, u32) = (96, 48);

impl Default for StudioLight {
    /// A key at 30° beside and 35° above with a moderate fill.
    fn default() -> Self {
        Self { key_azimuth_deg: 30.0, key_elevation_deg: 35.0, key_share: 0.40, hard_share: 0.45, ground: 0.55 }
    }
}

impl StudioLight {
    /// A studio as photographers of documents set it up: the key 30° to 45° above and up to 45° to either side, the fill
    /// strong enough that a cheek away from the key keeps half the light of the other (assumption: the standards ask for
    /// even light without shadows and leave the measure to the issuers).
    pub fn sample<R: Rng + ?Sized>(ground: f32, rng: &mut R) -> Self {
        let mut between = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
        let side = if between(0.0, 1.0) < 0.5 { -1.0 } else { 1.0 };
        let azimuth = between(12.0, 45.0);
        Self {
            key_azimuth_deg: side * azimuth,
            key_elevation_deg: between(30.0, 45.0),
            // The farther beside, the weaker: or the other cheek falls into the dark.
            key_share: between(0.30, 0.50 - 0.0033 * azimuth),
            hard_share: between(0.3, 0.6),
            ground,
        }
    }

    /// Unit vector towards the key.
    pub fn key_direction(&self) -> Vec3 {
        let (azimuth, elevation) = (self.key_azimuth_deg.to_radians(), self.key_elevation_deg.to_radians());
        Vec3::new(azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos())
    }

    /// The light, and the radiance of a perfect white diffuser that faces the camera.
    pub fn build(&self) -> (Arc<Light>, [f32; 3]) {
        let key = self.key_direction();
        // Walls, ceiling and a reflector before the sitter: brighter from the front and from above.
        let fill = |d: Vec3| 1.0 + 0.45 * d.z + 0.25 * d.y;
        let softbox = |d: Vec3| (-0.5 * (d.angle_between(key) / SOFTBOX_RAD).powi(2)).exp();
        let soft_share = self.key_share * (1.0 - self.hard_share);
        let per_irradiance = |table: &SkyTable, share: f32| share / table.irradiance(Vec3::Z)[1].max(1e-6);
        let (fill, softbox) = (table_of(fill), table_of(softbox));
        let (a, b) = (per_irradiance(&fill, 1.0 - self.key_share), per_irradiance(&softbox, soft_share));
        let mut table = fill;
        for (sum, box_) in table.texels.iter_mut().zip(&softbox.texels) {
            for band in 0..3 {
                sum[band] = sum[band] * a + box_[band] * b;
            }
        }
        let hard = self.key_share * self.hard_share / key.z.max(0.1);
        let white = 1.0 / PI;
        let irradiance_sh = table.irradiance_sh9();
        let light = Light {
            lamp: None,
            sun_direction: Some(key),
            sun_irradiance: [hard; 3],
            sky_width: table.width,
            sky_height: table.height,
            sky: table.texels.iter().map(|&[r, g, b, _]| [r, g, b]).collect(),
            open_sky: vec![[self.ground * white; 3]; table.texels.len()],
            irradiance_sh,
            open_irradiance_sh: irradiance_sh,
            roof: None,
        };
        (Arc::new(light), [white; 3])
    }
}

fn table_of(radiance: impl Fn(Vec3) -> f32) -> SkyTable {
    let (width, height) = TABLE;
    let texels = (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| {
            let theta = (row as f32 + 0.5) / height as f32 * PI;
            let phi = ((column as f32 + 0.5) / width as f32 - 0.5) * 2.0 * PI;
            let l = radiance(Vec3::new(theta.sin() * phi.sin(), theta.cos(), theta.sin() * phi.cos()));
            [l, l, l, 1.0]
        })
        .collect();
    SkyTable { width, height, texels }
}

#[cfg(test)]
mod tests {
    use laneproof_optics::sh;
    use laneproof_scenes::stream::stream;

    use super::*;

    /// Irradiance of a plane, in units of a plane that faces the camera.
    fn irradiance(light: &Light, normal: Vec3) -> f32 {
        let sun = light.sun_direction.map_or(0.0, |d| d.dot(normal).max(0.0)) * light.sun_irradiance[1];
        sh::irradiance(&light.irradiance_sh, normal)[1] + sun
    }

    #[test]
    fn every_studio_gives_relief_and_leaves_no_cheek_in_the_dark() {
        for k in 0..60 {
            let studio = StudioLight::sample(0.6, &mut stream(3, k, "studio"));
            let (light, white) = studio.build();
            let facing = irradiance(&light, Vec3::Z);
            assert!((facing / PI / white[1] - 1.0).abs() < 0.03, "{studio:?}: {facing}");
            let side = studio.key_azimuth_deg.signum();
            let [near, far] = [side, -side].map(|s| irradiance(&light, Vec3::new(s, 0.0, 1.0).normalize()));
            let ratio = far / near;
            assert!((0.5..0.93).contains(&ratio), "{studio:?}: {ratio}");
            // From above, as faces are used to.
            let [up, down] = [1.0, -1.0].map(|s| irradiance(&light, Vec3::new(0.0, s, 1.0).normalize()));
            assert!(up > down * 1.2, "{studio:?}");
        }
    }
}
