//! The cuts: which way hair is combed, how long it is, how thick it lies. Lengths are assumptions judged on contact
//! sheets, for a head of 0.23 m from chin to crown; they grow with the head.
use glam::Vec3;

use super::{
    super::{
        detail::Detail,
        identity::{HairStyle, Identity},
        noise::smooth,
    },
    texture::Strands,
};

/// Which way hair lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Comb {
    /// Away from a whorl, a direction from the middle of the head.
    Whorl(Vec3),
    /// To both sides of a plane through the head's middle with this normal, and back by a share.
    Parting { normal: Vec3, back: f32 },
    /// One way, whatever the place.
    Toward(Vec3),
    /// To a place where it is tied, a direction from the middle of the head.
    Gather(Vec3),
}

/// Hair combed over the forehead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fringe {
    /// Half the width of the roots' region, degrees of azimuth.
    pub half_width_deg: f32,
    /// Height of the tips above the pupils, metres.
    pub tips_m: f32,
    /// Sideways lean, tangent of the angle; positive to the person's left.
    pub sweep: f32,
    /// Rise of the tips from the middle to the sides, metres.
    pub arch_m: f32,
}

/// Loose hair that falls below the ears.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hang {
    /// Height of the tips above the middle of the head, metres; negative is below.
    pub tips_m: f32,
    /// Azimuth from which hair falls over the side of the face, degrees; nearer to the middle it is swept aside.
    pub opens_deg: f32,
}

/// What hangs or sits at the back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Knot {
    /// A ball of this radius, metres.
    Bun(f32),
    /// A tail of this length, metres.
    Tail(f32),
}

/// One closed layer over the scalp, cut out by its picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shell {
    /// Height over the skin on top and at the sides, metres.
    pub height_m: [f32; 2],
    /// Share of the area that is hair, 0..1.
    pub coverage: f32,
}

/// Plaits: rows along the scalp and their free ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plaits {
    /// How many over the whole head.
    pub count: usize,
    /// Width, metres.
    pub width_m: f32,
    /// Height of the tips above the middle of the head, metres.
    pub tips_m: f32,
    /// Rows lie on the scalp from the hairline to the nape; otherwise each plait hangs from its own root.
    pub rows: bool,
}

/// Geometry of a cut on one head.
#[derive(Debug)]
pub(super) struct StyleForm {
    pub comb: Comb,
    pub fringe: Option<Fringe>,
    pub hang: Option<Hang>,
    pub knot: Option<Knot>,
    pub plaits: Option<Plaits>,
    pub shells: Vec<Shell>,
    /// Locks tried over the whole sphere; those within the hairline grow.
    pub roots: usize,
    /// Width of a lock, metres.
    pub lock_m: f32,
    /// Quads along a lock.
    pub segments: usize,
    /// Length on top, over the forehead, at the sides and at the back, metres.
    pub length_m: [f32; 4],
    /// Height of the outermost locks over the skin on top and at the sides, metres.
    pub lift_m: [f32; 2],
    /// Path over which a lock rises from its root to its height, metres.
    pub rise_m: f32,
    /// Where locks begin, share of their height over the skin: below lies a shell.
    pub start: f32,
    /// Share of the outward direction at the root, on top and over the forehead.
    pub stand: [f32; 2],
    /// How hard locks lie on the head, 0..1.
    pub stick: f32,
    /// Pull downwards on the head, 0..1.
    pub gravity: f32,
    /// Disorder of directions, 0..1.
    pub scatter: f32,
    /// Sideways waves of a lock: amplitude and length, metres.
    pub wave_m: (f32, f32),
    /// Look of the strands.
    pub strands: Strands,
}

impl StyleForm {
    /// The style at a level of detail.
    pub fn at(self, detail: Detail) -> Self {
        Self { segments: detail.lock_segments(self.segments), ..self }
    }

    /// Height of the outermost locks in a direction, metres.
    pub fn lift_at_m(&self, direction: Vec3) -> f32 {
        let [top, side] = self.lift_m;
        side + (top - side) * smooth(0.15, 0.75, direction.y)
    }

    /// Length of a lock by its root on the base mesh: the height, how far inside the hairline, and the azimuth.
    pub fn length_at_m(&self, y_m: f32, depth_m: f32, azimuth_deg: f32) -> f32 {
        let [top, front, side, back] = self.length_m;
        let low = side + (back - side) * smooth(95.0, 135.0, azimuth_deg);
        let high = low + (top - low) * smooth(0.785, 0.825, y_m);
        high + (front - high) * smooth(0.045, 0.012, depth_m) * smooth(58.0, 36.0, azimuth_deg)
    }
}

fn shell(top_m: f32, side_m: f32, coverage: f32) -> Shell {
    Shell { height_m: [top_m, side_m], coverage }
}

/// The style of an identity on a head of the given height (chin to crown, metres).
pub(super) fn form_of(who: &Identity, head_height_m: f32) -> StyleForm {
    let size = head_height_m / 0.23;
    let hair = &who.hair;
    let long = 1.0 + 0.30 * who.hair_length;
    let side = if who.parting_left { 1.0 } else { -1.0 };
    // A parting 8° to 38° off the middle.
    let tilt = side * (0.40 + 0.26 * hair.parting);
    let parting = |angle: f32, back: f32| Comb::Parting { normal: Vec3::new(angle.cos(), -angle.sin(), 0.0), back };
    let whorl = Vec3::new((0.10 + 0.12 * hair.parting) * side, 0.85, -0.5).normalize();
    let strands = match hair.wave {
        x if x < 0.25 => Strands::Straight,
        x if x < 0.62 => Strands::Wavy,
        _ => Strands::Curly,
    };
    let cropped = if hair.wave < 0.62 { Strands::Cropped } else { Strands::Curly };
    let disorder = 0.10 + 0.35 * hair.wave;
    let plain = StyleForm {
        comb: Comb::Whorl(whorl),
        fringe: None,
        hang: None,
        knot: None,
        plaits: None,
        shells: vec![shell(0.0045, 0.003, 0.85)],
        roots: 1250,
        lock_m: 0.009,
        segments: 2,
        length_m: [0.034 * long, 0.026 * long, 0.017, 0.018],
        lift_m: [0.015 * long, 0.006],
        rise_m: 0.018,
        start: 0.0,
        stand: [0.5, 0.75],
        stick: 0.25,
        gravity: 0.15,
        scatter: 0.25 + disorder,
        wave_m: (0.0, 0.05),
        strands,
    };
    let swept = |tips_m: f32, opens_deg: f32| {
        Some(Hang { tips_m: tips_m * size, opens_deg: (opens_deg - 26.0 * hair.framing).max(44.0) })
    };
    // A quarter of those who wear hair long wear a fringe with it.
    let fringed = (who.seed >> 9).is_multiple_of(4);
    let brow_fringe = Fringe {
        half_width_deg: 40.0 + 8.0 * hair.parting,
        tips_m: (0.030 - 0.014 * who.hair_length) * size,
        sweep: 0.55 * side * hair.parting,
        arch_m: 0.012 * (hair.framing - 0.3),
    };
    let wide_fringe = Fringe { half_width_deg: 52.0, ..brow_fringe };
    let loose = StyleForm {
        shells: Vec::new(),
        roots: 780,
        lock_m: 0.019,
        segments: 8,
        length_m: [0.60; 4],
        lift_m: [0.017, 0.015],
        rise_m: 0.030,
        stand: [0.35, 0.45],
        stick: 0.30,
        gravity: 0.25,
        scatter: 0.12 + 0.25 * hair.wave,
        ..plain
    };
    let mut form = match who.hair_style {
        HairStyle::Shaved => StyleForm { roots: 0, shells: Vec::new(), ..plain },
        HairStyle::Buzz => {
            let top_m = 0.0035 + 0.0025 * (who.hair_length + 1.0);
            StyleForm { roots: 0, shells: vec![shell(top_m, 0.0028, 0.42), shell(0.6 * top_m, 0.0018, 0.75)], ..plain }
        }
        HairStyle::Short => StyleForm { strands: cropped, ..plain },
        HairStyle::Quiff => StyleForm {
            comb: Comb::Toward(Vec3::new(-0.35 * side, 0.35, -0.85)),
            length_m: [0.045 * long, 0.052 * long, 0.014, 0.016],
            lift_m: [0.024 * long, 0.006],
            roots: 950,
            lock_m: 0.012,
            rise_m: 0.010,
            stand: [0.8, 1.5],
            stick: 0.05,
            gravity: 0.0,
            segments: 4,
            strands: cropped,
            ..plain
        },
        HairStyle::SidePart => StyleForm {
            comb: parting(tilt, 0.10),
            length_m: [0.075 * long, 0.080 * long, 0.026, 0.022],
            lift_m: [0.022 * long, 0.008],
            rise_m: 0.022,
            stand: [0.45, 0.6],
            segments: 4,
            roots: 900,
            lock_m: 0.013,
            stick: 0.30,
            gravity: 0.15,
            scatter: 0.12 + disorder,
            ..plain
        },
        HairStyle::SweptBack => StyleForm {
            comb: Comb::Toward(Vec3::new(-0.15 * side, -0.10, -1.0)),
            length_m: [0.080 * long, 0.090 * long, 0.050, 0.040 * long],
            lift_m: [0.020 * long, 0.009],
            rise_m: 0.020,
            stand: [0.4, 0.8],
            segments: 4,
            roots: 900,
            lock_m: 0.013,
            stick: 0.35,
            gravity: 0.05,
            scatter: 0.08 + disorder,
            ..plain
        },
        HairStyle::Fringe => StyleForm {
            fringe: Some(Fringe { half_width_deg: 48.0, ..brow_fringe }),
            length_m: [0.075 * long, 0.060 * long, 0.034 * long, 0.030],
            lift_m: [0.018, 0.011],
            segments: 4,
            roots: 900,
            lock_m: 0.013,
            stick: 0.35,
            gravity: 0.3,
            ..plain
        },
        HairStyle::Undercut => StyleForm {
            comb: Comb::Toward(Vec3::new(-0.85 * side, 0.0, -0.45 + 0.3 * hair.parting)),
            length_m: [0.100 * long, 0.100 * long, 0.0, 0.0],
            lift_m: [0.026 * long, 0.004],
            rise_m: 0.016,
            stand: [0.5, 0.9],
            segments: 4,
            roots: 900,
            lock_m: 0.014,
            stick: 0.2,
            gravity: 0.2,
            shells: vec![shell(0.004, 0.0026, 0.62)],
            ..plain
        },
        HairStyle::Curly => StyleForm {
            length_m: [0.045 * long, 0.040 * long, 0.024, 0.026],
            lift_m: [0.026 * long, 0.014],
            rise_m: 0.006,
            stand: [0.9, 1.0],
            stick: 0.10,
            gravity: 0.15,
            scatter: 0.9,
            lock_m: 0.019,
            strands: Strands::Curly,
            shells: vec![shell(0.012 * long, 0.006, 0.92)],
            ..plain
        },
        HairStyle::Afro => StyleForm {
            length_m: [0.017, 0.015, 0.016, 0.016],
            lift_m: [0.044 * long, 0.037 * long],
            start: 0.86,
            rise_m: 0.002,
            stand: [1.2, 1.2],
            stick: 0.0,
            gravity: 0.0,
            scatter: 1.2,
            roots: 900,
            lock_m: 0.017,
            segments: 1,
            strands: Strands::Coily,
            shells: vec![
                shell(0.042 * long, 0.035 * long, 0.42),
                shell(0.036 * long, 0.030 * long, 0.70),
                shell(0.028 * long, 0.023 * long, 1.0),
            ],
            ..plain
        },
        HairStyle::Bob => StyleForm {
            comb: parting(tilt * 0.9, 0.25),
            hang: swept(-0.105 - 0.030 * who.hair_length, 74.0),
            fringe: fringed.then_some(wide_fringe),
            segments: 7,
            lift_m: [0.019, 0.022],
            ..loose
        },
        HairStyle::Long => StyleForm {
            comb: parting(tilt * 0.5, 0.30),
            hang: swept(-0.235 - 0.060 * who.hair_length, 72.0),
            fringe: fringed.then_some(wide_fringe),
            strands: if hair.wave < 0.25 { Strands::Straight } else { Strands::Wavy },
            ..loose
        },
        HairStyle::LongWavy => StyleForm {
            comb: parting(tilt * 0.7, 0.28),
            hang: swept(-0.205 - 0.060 * who.hair_length, 72.0),
            fringe: (fringed && hair.wave < 0.6).then_some(wide_fringe),
            lift_m: [0.022, 0.026],
            scatter: 0.28 + 0.35 * hair.wave,
            wave_m: (0.0045 + 0.004 * hair.wave, 0.050 - 0.012 * hair.wave),
            segments: 10,
            roots: 640,
            lock_m: 0.022,
            strands: if hair.wave < 0.55 { Strands::Wavy } else { Strands::Curly },
            ..loose
        },
        HairStyle::Tied | HairStyle::Ponytail => {
            let bun = who.hair_style == HairStyle::Tied;
            let height = if bun { 0.30 + 0.35 * hair.framing } else { 0.05 + 0.5 * hair.framing };
            StyleForm {
                comb: Comb::Gather(Vec3::new(0.0, height, -1.0).normalize()),
                fringe: (fringed && hair.wave < 0.3).then_some(Fringe { half_width_deg: 36.0, ..brow_fringe }),
                knot: Some(if bun { Knot::Bun(0.031 * size * long) } else { Knot::Tail(0.24 * size * long) }),
                length_m: [0.30; 4],
                lift_m: [0.010 + 0.006 * hair.wave, 0.007],
                rise_m: 0.022,
                stand: [0.2, 0.35],
                stick: 0.55,
                gravity: 0.0,
                scatter: 0.05 + 0.15 * hair.wave,
                segments: 6,
                roots: 760,
                lock_m: 0.016,
                shells: Vec::new(),
                ..plain
            }
        }
        HairStyle::Cornrows => StyleForm {
            roots: 0,
            shells: Vec::new(),
            plaits: Some(Plaits {
                count: 11 + (who.seed >> 21) as usize % 5,
                width_m: 0.0095 * size,
                tips_m: (-0.135 - 0.05 * who.hair_length) * size,
                rows: true,
            }),
            ..plain
        },
        HairStyle::Braids => StyleForm {
            comb: parting(tilt * 0.4, 0.25),
            hang: swept(-0.23, 76.0),
            roots: 0,
            lift_m: [0.010, 0.014],
            rise_m: 0.02,
            stand: [0.3, 0.4],
            segments: 9,
            shells: Vec::new(),
            plaits: Some(Plaits {
                count: 420,
                width_m: 0.0085 * size,
                tips_m: (-0.235 - 0.06 * who.hair_length) * size,
                rows: false,
            }),
            ..loose
        },
    };
    for x in form.length_m.iter_mut().chain(&mut form.lift_m) {
        *x *= size;
    }
    form
}
