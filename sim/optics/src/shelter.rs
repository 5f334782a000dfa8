//! A roof over the place where the light is wanted: what of sky and sun it hides, and what it shows in their place.
use glam::Vec3;
use laneproof_scenes::catalogue::Canopy;

/// A canopy as seen from one place: directions are taken from there, so the light is right at that place and a good
/// guess a metre or two around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shelter {
    canopy: Canopy,
    place_m: Vec3,
}

impl Shelter {
    /// The canopy seen from a place in the world, metres.
    pub fn new(canopy: Canopy, place_m: Vec3) -> Self {
        Self { canopy, place_m }
    }

    /// Reflectance of the underside.
    pub fn reflectance(&self) -> f32 {
        self.canopy.underside_reflectance
    }

    /// Whether the way from a place in a direction meets the canopy from below.
    pub fn covers(&self, from_m: Vec3, direction: Vec3) -> bool {
        let Canopy { height_m, from_z_m, to_z_m, half_width_m, .. } = self.canopy;
        let rise = height_m - from_m.y;
        if direction.y <= 1e-6 || rise <= 0.0 {
            return false;
        }
        let hit = from_m + direction * (rise / direction.y);
        hit.x.abs() <= half_width_m && (from_z_m..=to_z_m).contains(&hit.z)
    }

    /// Whether a direction from the place meets the canopy.
    pub fn hides(&self, direction: Vec3) -> bool {
        self.covers(self.place_m, direction)
    }

    /// Where a downward direction from the underside above the place meets the ground.
    pub fn ground_below_roof_m(&self, direction: Vec3) -> Vec3 {
        let height_m = self.canopy.height_m;
        self.place_m.with_y(height_m) + direction * (height_m / (-direction.y).max(1e-4))
    }

    /// Where a downward direction from the place meets the ground.
    pub fn ground_m(&self, direction: Vec3) -> Vec3 {
        self.place_m + direction * (self.place_m.y / (-direction.y).max(1e-4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelter() -> Shelter {
        let canopy =
            Canopy { height_m: 5.0, from_z_m: -8.0, to_z_m: 4.0, half_width_m: 6.0, underside_reflectance: 0.5 };
        Shelter::new(canopy, Vec3::new(0.0, 1.0, -2.0))
    }

    #[test]
    fn it_hides_the_zenith_and_ends_at_its_edges() {
        let s = shelter();
        assert!(s.hides(Vec3::Y));
        // Edge ahead: 6 m on, 4 m up.
        assert!(s.hides(Vec3::new(0.0, 4.0, 5.9)) && !s.hides(Vec3::new(0.0, 4.0, 6.1)));
        assert!(s.hides(Vec3::new(5.9, 4.0, 0.0)) && !s.hides(Vec3::new(6.1, 4.0, 0.0)));
        assert!(!s.hides(Vec3::NEG_Y) && !s.hides(Vec3::X));
        assert!((s.ground_m(Vec3::new(0.0, -1.0, 1.0)) - Vec3::new(0.0, 0.0, -1.0)).length() < 1e-5);
    }
}
