//! Persons: which tracked faces of different cameras are one person, where that person sits, and whether it is an occupant.
//!
//! **Same person.** Two faces that two cameras saw at one instant are one head if their lines of sight meet, if the distance
//! between the eyes comes to the same length for both cameras, and if that length is a human one. Faces alike in the
//! embedder's eyes help a little: from the front and from the side people look less alike than two photographs do. Pairs
//! are joined most likely first; no person is twice in one picture. The vehicle moves between exposures: how far is told by
//! those who are seen at both times, and faces that came to the same place in the vehicle are joined too, and those that one
//! camera alone saw there, unless both are in one picture.
//!
//! **Seat.** Rows are counted from the frontmost head that two cameras see, in steps of [`PersonRule::row_spacing_m`]; it is
//! taken for row 1. **Occupant** is who is inside the space that these rows take up.
//!
//! Without a rig ([`crate::rig`]) only faces that are very much alike are joined, and nobody has a seat.
use crate::client::{Seat, SeatSide};
use crate::gallery::cosine;
use crate::rig::{Point, Ray, dot, length, meeting, sub};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of telling persons apart; those without a source are assumptions.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonRule {
    /// Exposures no farther apart than this show one instant, microseconds.
    pub same_instant_us: u64,
    /// Standard deviation of how far two lines of sight to one head miss each other, metres: landmarks, and how well the
    /// cameras' places are known.
    pub miss_sd_m: f64,
    /// Distance between the pupils, metres: between the 63 mm of adults and the 50 to 58 mm of children (N. A. Dodgson,
    /// *Variation and extrema of human interpupillary distance*, Proc. SPIE 5291, 2004).
    pub eyes_m: f64,
    /// Standard deviation of its logarithm among people.
    pub eyes_spread: f64,
    /// Standard deviation of the logarithm of the quotient of two cameras' measures of one head.
    pub eyes_agree: f64,
    /// Weight of looks: one less similarity costs as much as a miss of this many standard deviations.
    pub unlike_sd: f64,
    /// Mean cost, in squared standard deviations, up to which two faces are one person.
    pub max_cost: f64,
    /// Heads of different instants no farther apart in the vehicle are one, metres.
    pub same_place_m: f64,
    /// From row to row, metres.
    pub row_spacing_m: f64,
    /// Rows.
    pub rows: u8,
    /// Heads nearer to the vehicle's middle are on a middle seat, metres.
    pub middle_m: f64,
    /// Half the width of the space in which heads of occupants are, metres.
    pub half_width_m: f64,
    /// Lowest and highest head, metres above the road.
    pub height_m: [f64; 2],
}

impl Default for PersonRule {
    fn default() -> Self {
        Self {
            same_instant_us: 2_000,
            miss_sd_m: 0.03,
            eyes_m: 0.061,
            eyes_spread: 0.25,
            eyes_agree: 0.15,
            unlike_sd: 2.0,
            max_cost: 12.0,
            same_place_m: 0.25,
            row_spacing_m: 0.85,
            rows: 3,
            middle_m: 0.16,
            half_width_m: 1.0,
            height_m: [0.6, 2.2],
        }
    }
}

/// One detection as a line of sight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sight {
    /// Time of mid-exposure, microseconds.
    pub time_us: u64,
    /// Through the middle of the eyes.
    pub ray: Ray,
    /// Distance between the eyes as an angle, radians: in the picture, ÷ cos yaw, ÷ focal length.
    pub eyes_rad: f64,
}

/// A tracked face of one camera.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<'a> {
    pub camera_id: &'a str,
    /// Exposures it was seen in.
    pub exposures: &'a [u64],
    /// Lines of sight; none where the camera's place is not known.
    pub sights: Vec<Sight>,
    pub template: Option<&'a [f32]>,
    /// Whether a shot keeps the quality rule.
    pub valid: bool,
}

/// A person: tracked faces, by their index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gathered {
    pub members: Vec<usize>,
    /// The middle of the eyes, lane's frame, metres, when two cameras last saw the vehicle together.
    pub position_m: Option<Point>,
    pub seat: Option<Seat>,
    pub occupant: bool,
    pub reason: String,
}

/// What is being joined.
#[derive(Debug, Clone, Default)]
struct Cluster {
    members: Vec<usize>,
    /// Heads where lines of sight met, by instant.
    heads: BTreeMap<u64, Vec<Point>>,
    exposures: BTreeSet<u64>,
}

impl Cluster {
    fn absorb(&mut self, other: Cluster) {
        self.members.extend(other.members);
        self.members.sort_unstable();
        self.exposures.extend(other.exposures);
        for (time, heads) in other.heads {
            self.heads.entry(time).or_default().extend(heads);
        }
    }

    fn head_at(&self, time_us: u64) -> Option<Point> {
        self.heads.get(&time_us).map(|heads| mean(heads))
    }

    /// Where the head is in the vehicle, told by where it would be at the reference instant.
    fn place(&self, shifts_m: &BTreeMap<u64, f64>) -> Option<Point> {
        let moved = |(time, heads): (&u64, &Vec<Point>)| {
            let [x, y, z] = mean(heads);
            shifts_m.get(time).map(|shift| [x, y, z + shift])
        };
        let places: Vec<Point> = self.heads.iter().filter_map(moved).collect();
        (!places.is_empty()).then(|| mean(&places))
    }
}

fn mean(points: &[Point]) -> Point {
    let sum = points.iter().fold([0.0; 3], |sum: Point, p| [0, 1, 2].map(|i| sum[i] + p[i]));
    sum.map(|v| v / points.len().max(1) as f64)
}

/// What speaks for two tracked faces of different cameras being one person.
struct Evidence {
    /// In squared standard deviations, the mean over the instants at which both were seen.
    cost: f64,
    heads: Vec<(u64, Point)>,
}

impl PersonRule {
    /// What is impossible about it, in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        let positive = [
            ("miss_sd_m", self.miss_sd_m),
            ("eyes_m", self.eyes_m),
            ("eyes_spread", self.eyes_spread),
            ("eyes_agree", self.eyes_agree),
            ("max_cost", self.max_cost),
            ("same_place_m", self.same_place_m),
            ("row_spacing_m", self.row_spacing_m),
            ("half_width_m", self.half_width_m),
        ];
        if let Some((name, value)) = positive.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
            return Err(format!("{name} = {value} in [persons] must be above 0"));
        }
        if self.rows == 0 {
            return Err("rows = 0 in [persons] must be at least 1".to_string());
        }
        let [low, high] = self.height_m;
        if low < high {
            Ok(())
        } else {
            Err(format!("height_m = [{low}, {high}] in [persons] must be a lower and a higher end"))
        }
    }

    /// In the space where heads of occupants are, whatever row.
    fn inside(&self, [x, y, _]: Point) -> bool {
        x.abs() <= self.half_width_m && (self.height_m[0]..=self.height_m[1]).contains(&y)
    }

    fn evidence(&self, a: &Tracked<'_>, b: &Tracked<'_>) -> Option<Evidence> {
        // What can be no head at all costs this much, so that one bad instant does not outweigh many good ones without bound.
        let worst = 8.0 * self.max_cost;
        let unlike = match (a.template, b.template) {
            (Some(a), Some(b)) => f64::from(1.0 - cosine(a, b)).clamp(0.0, 1.0) * self.unlike_sd,
            _ => 0.5 * self.unlike_sd,
        };
        let (mut costs, mut heads) = (Vec::new(), Vec::new());
        for p in &a.sights {
            for q in b.sights.iter().filter(|q| p.time_us.abs_diff(q.time_us) <= self.same_instant_us) {
                let met = meeting(&p.ray, &q.ray)
                    .filter(|met| met.distances_m.iter().all(|d| *d > 0.0) && self.inside(met.point_m));
                let Some(met) = met else {
                    costs.push(worst);
                    continue;
                };
                let eyes_m = [p.eyes_rad * met.distances_m[0], q.eyes_rad * met.distances_m[1]];
                let agree = (eyes_m[0] / eyes_m[1]).ln() / self.eyes_agree;
                let human = ((eyes_m[0] * eyes_m[1]).sqrt() / self.eyes_m).ln() / self.eyes_spread;
                let cost = (met.miss_m / self.miss_sd_m).powi(2) + agree.powi(2) + human.powi(2) + unlike.powi(2);
                costs.push(if cost.is_finite() { cost.min(worst) } else { worst });
                heads.push((p.time_us, met.point_m));
            }
        }
        let cost = costs.iter().sum::<f64>() / costs.len() as f64;
        (!costs.is_empty()).then_some(Evidence { cost, heads })
    }

    /// By how much a line of sight misses a head, metres; infinite where a head there would be far larger or smaller than heads
    /// are, by more than twice their spread.
    fn miss(&self, sight: &Sight, head: Point) -> f64 {
        let to = sub(head, sight.ray.origin_m);
        let along_m = dot(to, sight.ray.direction);
        let human = (sight.eyes_rad * along_m / self.eyes_m).ln() / self.eyes_spread;
        if along_m > 0.0 && human.abs() <= 2.0 { length(sub(head, sight.ray.at(along_m))) } else { f64::INFINITY }
    }

    fn row(&self, behind_m: f64) -> i32 {
        1 + (behind_m / self.row_spacing_m).round() as i32
    }

    fn side(&self, x_m: f64) -> SeatSide {
        match x_m {
            x if x > self.middle_m => SeatSide::Left,
            x if x < -self.middle_m => SeatSide::Right,
            _ => SeatSide::Middle,
        }
    }

    /// The seat of a head, which is so far behind the front row; `None` beyond the last row.
    fn seat(&self, place: Point, front_z_m: f64) -> Option<Seat> {
        let row = u8::try_from(self.row(front_z_m - place[2]).max(1)).ok().filter(|row| *row <= self.rows)?;
        Some(Seat { row, side: self.side(place[0]) })
    }
}

/// Takes the best pair out of `clusters` again and again and joins it, until `cost` has none left.
fn join_best(clusters: &mut Vec<Cluster>, cost: impl Fn(&Cluster, &Cluster) -> Option<f64>) {
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for i in 0..clusters.len() {
            for j in i + 1..clusters.len() {
                if clusters[i].exposures.is_disjoint(&clusters[j].exposures)
                    && let Some(cost) = cost(&clusters[i], &clusters[j])
                    && best.is_none_or(|(least, ..)| cost < least)
                {
                    best = Some((cost, i, j));
                }
            }
        }
        let Some((_, i, j)) = best else { return };
        let other = clusters.remove(j);
        clusters[i].absorb(other);
    }
}

/// How far the vehicle went from each instant to the last at which heads were met, metres along z: the median over those who
/// were met at both.
fn shifts(clusters: &[Cluster]) -> BTreeMap<u64, f64> {
    let times: BTreeSet<u64> = clusters.iter().flat_map(|c| c.heads.keys().copied()).collect();
    let Some(&last) = times.last() else { return BTreeMap::new() };
    let shift = |&time: &u64| {
        let gone = |c: &Cluster| Some(c.head_at(last)?[2] - c.head_at(time)?[2]);
        let mut all: Vec<f64> = clusters.iter().filter_map(gone).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).map(|median| (time, *median))
    };
    times.iter().filter_map(shift).collect()
}

/// Gathers tracked faces into persons, in the order of their first faces.
pub(crate) fn gather(tracked: &[Tracked<'_>], rule: &PersonRule, join_similarity: f32) -> Vec<Gathered> {
    let mut pairs: BTreeMap<(usize, usize), Evidence> = BTreeMap::new();
    for (i, a) in tracked.iter().enumerate() {
        for (j, b) in tracked.iter().enumerate().skip(i + 1).filter(|(_, b)| b.camera_id != a.camera_id) {
            pairs.extend(rule.evidence(a, b).map(|evidence| ((i, j), evidence)));
        }
    }
    let pair = |i: usize, j: usize| pairs.get(&(i.min(j), i.max(j)));
    let alone = |i: usize| Cluster {
        members: vec![i],
        heads: BTreeMap::new(),
        exposures: tracked[i].exposures.iter().copied().collect(),
    };
    let mut clusters: Vec<Cluster> = (0..tracked.len()).map(alone).collect();

    let across = |a: &Cluster, b: &Cluster| {
        let met: Vec<f64> =
            a.members.iter().flat_map(|i| b.members.iter().filter_map(|j| Some(pair(*i, *j)?.cost))).collect();
        let cost = met.iter().sum::<f64>() / met.len() as f64;
        (!met.is_empty() && cost <= rule.max_cost).then_some(cost)
    };
    join_best(&mut clusters, across);
    for cluster in &mut clusters {
        let members = cluster.members.clone();
        for (k, i) in members.iter().enumerate() {
            for (time, head) in
                members[k + 1..].iter().filter_map(|j| pair(*i, *j)).flat_map(|e| e.heads.iter().copied())
            {
                cluster.heads.entry(time).or_default().push(head);
            }
        }
    }

    let shifts_m = shifts(&clusters);
    let apart = |a: &Cluster, b: &Cluster| Some(length(sub(a.place(&shifts_m)?, b.place(&shifts_m)?)));
    join_best(&mut clusters, |a, b| apart(a, b).filter(|apart_m| *apart_m <= rule.same_place_m));
    join_best(&mut clusters, |a, b| {
        let (seen, place) = match (a.place(&shifts_m), b.place(&shifts_m)) {
            (None, Some(place)) => (a, place),
            (Some(place), None) => (b, place),
            _ => return None,
        };
        let misses = seen.members.iter().flat_map(|i| &tracked[*i].sights).filter_map(|sight| {
            let there = [place[0], place[1], place[2] - shifts_m.get(&sight.time_us)?];
            Some(rule.miss(sight, there))
        });
        misses.reduce(f64::max).filter(|miss_m| *miss_m <= 0.5 * rule.same_place_m)
    });
    let alike = |a: &Cluster, b: &Cluster| {
        let templates = |c: &Cluster| c.members.iter().filter_map(|i| tracked[*i].template).collect::<Vec<_>>();
        let (a_templates, b_templates) = (templates(a), templates(b));
        let similarity = a_templates.iter().flat_map(|p| b_templates.iter().map(|q| cosine(p, q))).fold(-1.0, f32::max);
        // Faces alike on two seats are two people who look alike.
        let elsewhere = apart(a, b).is_some_and(|apart_m| apart_m > 0.7 * rule.row_spacing_m);
        (similarity >= join_similarity && !elsewhere).then_some(f64::from(-similarity))
    };
    join_best(&mut clusters, alike);

    let places: Vec<Option<Point>> = clusters.iter().map(|c| c.place(&shifts_m)).collect();
    let front_z_m = places.iter().flatten().map(|place| place[2]).reduce(f64::max);
    clusters.iter().zip(places).map(|(cluster, place)| judged(cluster, place, front_z_m, tracked, rule)).collect()
}

/// A person, and whether it is an occupant.
fn judged(
    cluster: &Cluster,
    place: Option<Point>,
    front_z_m: Option<f64>,
    tracked: &[Tracked<'_>],
    rule: &PersonRule,
) -> Gathered {
    let members = cluster.members.clone();
    let cameras: BTreeSet<&str> = members.iter().map(|i| tracked[*i].camera_id).collect();
    let valid = members.iter().any(|i| tracked[*i].valid);
    let by = if cameras.len() == 1 { "one camera".to_string() } else { format!("{} cameras", cameras.len()) };
    let no =
        |reason: String| Gathered { members: members.clone(), position_m: place, seat: None, occupant: false, reason };
    let yes = |seat: Option<Seat>| {
        let where_to = seat.map_or_else(|| "on a seat that is not told".to_string(), |seat| seat.to_string());
        let reason = format!("seen by {by}, {where_to}");
        Gathered { members: members.clone(), position_m: place, seat, occupant: true, reason }
    };
    if let (Some(place), Some(front_z_m)) = (place, front_z_m) {
        return match rule.seat(place, front_z_m) {
            Some(seat) => yes(Some(seat)),
            None => no(format!("{:.1} m behind the front row, where this vehicle has no seats", front_z_m - place[2])),
        };
    }
    if !valid {
        return no(format!("seen by {by} alone, in no shot that keeps the quality rule"));
    }
    // One camera: how far the face is, its size tells to a quarter or so.
    let last = members.iter().flat_map(|i| &tracked[*i].sights).max_by_key(|sight| sight.time_us);
    let Some(sight) = last else { return yes(None) };
    let distance_m = rule.eyes_m / sight.eyes_rad;
    let reach = [0.75, 0.85, 1.0, 1.15, 1.3].map(|share| sight.ray.at(share * distance_m));
    let depth_m = f64::from(rule.rows) * rule.row_spacing_m;
    let here =
        |p: &&Point| rule.inside(**p) && front_z_m.is_none_or(|front| (-0.6..=depth_m).contains(&(front - p[2])));
    let possible: Vec<&Point> = reach.iter().filter(here).collect();
    if possible.is_empty() {
        return no(format!("seen by {by} alone, {distance_m:.1} m away by its size: outside the vehicle"));
    }
    let mut seats = possible.iter().map(|p| front_z_m.and_then(|front| rule.seat(**p, front)));
    let first = seats.next().flatten();
    yes(first.filter(|first| seats.all(|seat| seat == Some(*first))))
}

#[cfg(test)]
mod tests;
