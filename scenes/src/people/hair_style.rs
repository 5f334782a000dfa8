//! The cuts: where each style's strands start, how thick they lie and how far they reach. Lengths are assumptions
//! judged on contact sheets.
use glam::Vec3;

use super::{
    head_form::HeadForm,
    identity::{HairStyle, Identity},
    noise::smooth,
};

/// One sheet of a style.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    /// Share of the style's thickness that this sheet stands off the head.
    pub lift: f32,
    /// Share of the sheet that is open between strands, 0..1.
    pub gaps: f32,
    /// Darkening of inner sheets.
    pub shade: f32,
    /// Ambient visibility.
    pub open: f32,
}

/// Geometry of a style on one head.
#[derive(Debug)]
pub(super) struct StyleForm {
    /// Direction of the whorl or parting from the middle of the head.
    pub pole: Vec3,
    /// Thickness on top and at the sides, metres.
    pub top_m: f32,
    pub side_m: f32,
    /// Path length over which hair rises from its roots to full thickness, metres.
    pub rise_m: f32,
    /// Strength of uneven thickness.
    pub tousle: f32,
    /// Reach beyond the hairline in front, at the temples, at the sides and at the back, metres.
    pub reach_m: [f32; 4],
    /// For hanging hair: height of the tips above the middle of the head, metres; negative is below.
    pub tips_m: Option<f32>,
    /// Whether hair that leaves the head falls straight down.
    pub hangs: bool,
    /// Share of the length over which tips end unevenly.
    pub fray: f32,
    /// Tight curls.
    pub curl: f32,
    /// Whether roots show (hair combed away from the hairline).
    pub soft_root: bool,
    /// Radius of a knot at the back.
    pub bun_m: Option<f32>,
    pub columns: usize,
    pub rows: usize,
    pub layers: Vec<Layer>,
}

impl StyleForm {
    /// Thickness in a direction, metres.
    pub fn thickness_m(&self, direction: Vec3) -> f32 {
        self.side_m + (self.top_m - self.side_m) * smooth(0.15, 0.75, direction.y)
    }

    /// Reach beyond the hairline at an azimuth, metres.
    pub fn overhang_m(&self, azimuth_deg: f32) -> f32 {
        let [front, temple, side, back] = self.reach_m;
        let a = front + (temple - front) * smooth(30.0, 50.0, azimuth_deg);
        let b = a + (side - a) * smooth(55.0, 75.0, azimuth_deg);
        b + (back - b) * smooth(95.0, 130.0, azimuth_deg)
    }

    /// Height that hanging hair reaches down to at an azimuth; `f32::MIN` where it does not hang.
    pub fn end_y_m(&self, form: &HeadForm, azimuth_deg: f32) -> f32 {
        match self.tips_m {
            Some(tips) if azimuth_deg > 46.0 => form.centre_m.y + tips,
            _ => f32::MIN,
        }
    }
}

/// The style of an identity on a head of the given height (chin to crown, metres).
pub(super) fn form_of(who: &Identity, head_height_m: f32) -> StyleForm {
    let size = head_height_m / 0.23;
    let more = 1.0 + 0.35 * who.hair_length;
    let side = if who.parting_left { 1.0 } else { -1.0 };
    let two = vec![
        Layer { lift: 0.55, gaps: 0.0, shade: 0.72, open: 0.65 },
        Layer { lift: 1.0, gaps: 0.42, shade: 1.0, open: 0.95 },
    ];
    let three = vec![
        Layer { lift: 0.45, gaps: 0.0, shade: 0.66, open: 0.60 },
        Layer { lift: 0.75, gaps: 0.34, shade: 0.88, open: 0.80 },
        Layer { lift: 1.05, gaps: 0.52, shade: 1.05, open: 1.0 },
    ];
    let plain = StyleForm {
        pole: Vec3::new(0.12 * side, 0.85, -0.5).normalize(),
        top_m: 0.016 * size * more,
        side_m: 0.006 * size,
        rise_m: 0.03,
        tousle: 0.30,
        reach_m: [0.004, 0.003, 0.003, 0.004],
        tips_m: None,
        hangs: false,
        fray: 0.16,
        curl: 0.0,
        soft_root: false,
        bun_m: None,
        columns: 60,
        rows: 14,
        layers: two,
    };
    match who.hair_style {
        HairStyle::Shaved | HairStyle::Buzz => StyleForm {
            top_m: 0.0045,
            side_m: 0.0025,
            tousle: 0.1,
            reach_m: [0.0; 4],
            fray: 0.05,
            layers: vec![Layer { lift: 1.0, gaps: 0.50, shade: 1.0, open: 0.95 }],
            rows: 10,
            ..plain
        },
        HairStyle::Short => plain,
        HairStyle::SidePart => StyleForm {
            pole: Vec3::new(0.42 * side, 0.80, 0.38).normalize(),
            top_m: 0.024 * size * more,
            side_m: 0.007 * size,
            reach_m: [0.010 * more, 0.004, 0.004, 0.005],
            ..plain
        },
        HairStyle::SweptBack => StyleForm {
            pole: Vec3::new(0.10 * side, 0.52, 0.85).normalize(),
            top_m: 0.022 * size * more,
            side_m: 0.008 * size,
            rise_m: 0.045,
            reach_m: [0.002, 0.002, 0.006, 0.020 * more],
            soft_root: true,
            ..plain
        },
        HairStyle::Fringe => StyleForm {
            pole: Vec3::new(0.10 * side, 0.95, -0.22).normalize(),
            top_m: 0.017 * size * more,
            side_m: 0.010 * size,
            reach_m: [0.040 * more, 0.020 * more, 0.010 * more, 0.012 * more],
            fray: 0.14,
            ..plain
        },
        HairStyle::Bob => StyleForm {
            pole: Vec3::new(0.20 * side, 0.88, 0.42).normalize(),
            top_m: 0.020 * size,
            side_m: 0.018 * size,
            reach_m: [if who.seed.is_multiple_of(3) { 0.042 } else { 0.004 }, 0.010, 0.05, 0.05],
            tips_m: Some((-0.105 - 0.035 * who.hair_length) * size),
            hangs: true,
            fray: 0.10,
            rows: 20,
            layers: three,
            ..plain
        },
        HairStyle::Long => StyleForm {
            pole: Vec3::new(0.10 * side, 0.84, 0.53).normalize(),
            top_m: 0.017 * size,
            side_m: 0.016 * size,
            reach_m: [if who.seed.is_multiple_of(5) { 0.042 } else { 0.004 }, 0.012, 0.05, 0.05],
            tips_m: Some((-0.215 - 0.055 * who.hair_length) * size),
            hangs: true,
            fray: 0.16,
            rows: 26,
            layers: three,
            ..plain
        },
        HairStyle::Tied => StyleForm {
            pole: Vec3::new(0.0, 0.50, 0.86).normalize(),
            top_m: 0.011 * size,
            side_m: 0.007 * size,
            rise_m: 0.025,
            tousle: 0.12,
            reach_m: [0.0, 0.0, 0.002, 0.004],
            soft_root: true,
            bun_m: Some(0.034 * size * more),
            ..plain
        },
        HairStyle::Afro => StyleForm {
            pole: Vec3::new(0.0, 0.97, -0.2).normalize(),
            top_m: 0.042 * size * more,
            side_m: 0.034 * size * more,
            rise_m: 0.001,
            tousle: 0.20,
            reach_m: [0.006, 0.006, 0.008, 0.010],
            fray: 0.06,
            curl: 1.0,
            layers: three,
            rows: 18,
            ..plain
        },
    }
}
