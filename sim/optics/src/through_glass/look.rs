//! What the panes on one ray do to it.
use glam::Vec3;

use super::{
    ChiefRays, Mirrored, PlacedPane,
    rays::Ray,
    response::Shares,
    surround::{SUN_RADIUS_RAD, Seen, Surround},
};

/// Bit of a pixel's mask that says: behind all panes is the sky. The others are panes.
pub(super) const SKY_BIT: u32 = 1 << 31;
/// Most panes of all vehicles in the lane: three of the largest have 24.
pub(super) const MOST_PANES: usize = 31;
/// Most panes on one ray that count; the farthest ones beyond are left out.
const MOST_ON_RAY: usize = 6;

/// How much of each Stokes component of the light on a ray would reach the sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) i: f32,
    pub(super) q: f32,
    pub(super) u: f32,
}

impl Row {
    /// The same row for light that is measured against another axis, which lies at the angle of these doubled cosine and
    /// sine from the present one.
    fn turned(self, [cos, sin]: [f32; 2]) -> Self {
        Self { i: self.i, q: self.q * cos + self.u * sin, u: self.u * cos - self.q * sin }
    }

    /// The row before a device that acts along these axes.
    fn before(self, [sum, difference, cross]: Shares) -> Self {
        Self { i: self.i * sum + self.q * difference, q: self.i * difference + self.q * sum, u: self.u * cross }
    }

    /// What arrives of light of intensity 1 with this degree of polarisation, its field at an angle of these doubled cosine
    /// and sine from the axis.
    fn of(self, degree: f32, [cos, sin]: [f32; 2]) -> f32 {
        (self.i + degree * (self.q * cos + self.u * sin)).max(0.0)
    }
}

/// Doubled cosine and sine of the angle from a ray's axis to another, about its direction.
fn doubled_angle(direction: Vec3, axis: Vec3, other: Vec3) -> [f32; 2] {
    let (along, across) = (other.dot(axis), other.dot(direction.cross(axis)));
    let square = along * along + across * across;
    if square > 1e-12 {
        [(along * along - across * across) / square, 2.0 * along * across / square]
    } else {
        [1.0, 0.0]
    }
}

/// Everything a look needs.
pub(super) struct Eye<'a> {
    pub(super) rays: &'a ChiefRays,
    pub(super) panes: &'a [PlacedPane<'a>],
    pub(super) mirrored: &'a Mirrored<'a>,
}

/// What the panes on a ray do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) transmittance: [f32; 3],
    pub(super) veil: [f32; 3],
    /// What is mirrored by which pane, in one number.
    sources: u64,
    /// Place and direction of the mirrored ray of each pane that is seen from outside.
    mirrored: [(Vec3, Vec3); MOST_ON_RAY],
    count: usize,
}

impl Look {
    /// Whether what lies between two looks can be interpolated: the same panes mirror the same things.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.sources == other.sources && self.count == other.count
    }
}

impl Eye<'_> {
    /// Whether the sun or a lamp may be mirrored between looks at the corners of a cell.
    pub(super) fn glares_between(&self, corners: &[Look; 4]) -> bool {
        let sun = self.mirrored.outside.and_then(Surround::sun).map(|(towards, _)| (towards, SUN_RADIUS_RAD));
        let count = corners.iter().map(|look| look.count).min().unwrap_or(0);
        (0..count).any(|k| {
            let (place_m, middle) = corners[0].mirrored[k];
            let spread = corners.iter().map(|look| look.mirrored[k].1.distance(middle)).fold(0.0, f32::max);
            let lamps = self.mirrored.lamps.iter().map(|lamp| {
                let way = lamp.position_m - place_m;
                (way.normalize_or(Vec3::Y), lamp.radius_m / way.length().max(0.01))
            });
            sun.into_iter().chain(lamps).any(|(towards, radius)| middle.distance(towards) < 1.5 * spread + 2.0 * radius)
        })
    }

    /// Follows the ray through a point of the sensor through the panes of a mask, from near to far.
    pub(super) fn look(&self, x: f32, y: f32, mask: u32) -> Look {
        let ray = self.rays.ray(x, y);
        let analyser = self.rays.analyser(&ray);
        let mut rows = [analyser; 3];
        let mut look = Look {
            transmittance: [0.0; 3],
            veil: [0.0; 3],
            sources: 0,
            mirrored: [(Vec3::ZERO, Vec3::ZERO); MOST_ON_RAY],
            count: 0,
        };
        let mut met: [(f32, usize, Vec3); MOST_ON_RAY] = [(0.0, 0, Vec3::ZERO); MOST_ON_RAY];
        let mut count = 0;
        let mut bits = mask & !SKY_BIT;
        while bits != 0 && count < MOST_ON_RAY {
            let pane = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let Some(here) = self.panes[pane].meet(x, y) else { continue };
            let mut k = count;
            while k > 0 && met[k - 1].0 > here.depth_m {
                met[k] = met[k - 1];
                k -= 1;
            }
            met[k] = (here.depth_m, pane, here.normal);
            count += 1;
        }
        for &(depth_m, pane, normal) in &met[..count] {
            let place_m = self.rays.eye_m() + ray.direction * (depth_m * ray.stretch);
            self.cross(&ray, pane, place_m, normal, &mut rows, &mut look);
        }
        // Sky behind the panes keeps its polarisation, everything else has none.
        let sky = self.mirrored.outside.filter(|_| mask & SKY_BIT != 0).map(|outside| outside.sky(ray.direction));
        let behind =
            sky.map_or((0.0, [1.0, 0.0]), |sky| (sky.degree, doubled_angle(ray.direction, ray.axis, sky.axis)));
        look.transmittance = rows.map(|row| row.of(behind.0, behind.1));
        look
    }

    /// Takes a ray through one pane: adds what it mirrors, and leaves the rows that hold behind it.
    fn cross(&self, ray: &Ray, pane: usize, place_m: Vec3, normal: Vec3, rows: &mut [Row; 3], look: &mut Look) {
        let response = self.panes[pane].response;
        // Positive when the outer face is seen.
        let cosine = -ray.direction.dot(normal);
        let at = response.at(cosine);
        let across = ray.direction.cross(normal);
        let s_axis = across.try_normalize().unwrap_or(ray.axis);
        let into_plane = doubled_angle(ray.direction, ray.axis, s_axis);
        let mirrored = (ray.direction - normal * (2.0 * ray.direction.dot(normal))).normalize();
        let outside = cosine >= 0.0;
        let seen = if outside {
            let mut seen = self.mirrored.outside.map_or(Seen::DARK, |outside| outside.seen(place_m, mirrored));
            for lamp in self.mirrored.lamps {
                let glare = lamp.on_ray(place_m, mirrored);
                // Against its glare the polarisation of what is behind does not count.
                if glare != [0.0; 3] {
                    let radiance = std::array::from_fn(|band| seen.radiance[band] + glare[band]);
                    seen = Seen { radiance, degree: 0.0, ..seen };
                }
            }
            seen
        } else {
            // Cabins have no polarisation worth counting (assumption), and one smooth light.
            let radiance = (self.mirrored.cabin)(place_m, mirrored);
            Seen { radiance, degree: 0.0, axis: Vec3::X, source: 0 }
        };
        let field = doubled_angle(mirrored, s_axis, seen.axis);
        let dirt =
            self.mirrored.outside.filter(|_| outside && response.dirt_per_sr > 0.0).map(|surround| {
                surround.irradiance(place_m, normal).map(|irradiance| irradiance * response.dirt_per_sr)
            });
        for band in 0..3 {
            let in_plane = rows[band].turned(into_plane);
            look.veil[band] += seen.radiance[band] * in_plane.before(at.mirrored[band]).of(seen.degree, field);
            look.veil[band] += dirt.map_or(0.0, |radiance| radiance[band] * rows[band].i);
            let [cos, sin] = into_plane;
            rows[band] = in_plane.before(at.passed[band]).turned([cos, -sin]);
        }
        look.sources = (look.sources ^ u64::from(seen.source) ^ (pane as u64) << 32 ^ u64::from(outside) << 40)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if outside && look.count < MOST_ON_RAY {
            look.mirrored[look.count] = (place_m, mirrored);
            look.count += 1;
        }
    }
}
