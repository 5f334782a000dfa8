//! Measures of the vehicle models. Outer measures are those of typical cars of the 2020s; the finer numbers are
//! assumptions, drawn by eye.

/// One cross-section of the lower body.
pub(crate) struct Station {
    /// Position along the vehicle at its middle, metres.
    pub z: f32,
    /// How far the outer edge lies behind (positive) the middle, metres.
    pub sweep: f32,
    /// Heights of the five levels: underside, sill, lower door, shoulder, belt or deck edge; metres.
    pub y: [f32; 5],
    /// Half-widths at the five levels, metres.
    pub w: [f32; 5],
    /// How much higher the deck's middle is than its edge, metres.
    pub crown: f32,
}

/// One cross-section of the greenhouse.
pub(crate) struct Roof {
    /// Where the section meets the roof's middle, metres.
    pub z: f32,
    /// How far the outer edge lies behind the middle, metres.
    pub sweep: f32,
    /// Height of the roof's middle, metres.
    pub y: f32,
    /// Half-widths at mid glass, cant rail and roof edge, metres.
    pub w: [f32; 3],
}

/// A line in the side view: `z` at two heights.
#[derive(Clone, Copy)]
pub(crate) struct Rake {
    /// Height and position of the lower end, metres.
    pub low: (f32, f32),
    /// Height and position of the upper end, metres.
    pub high: (f32, f32),
}

impl Rake {
    /// Position along the vehicle at height `y`.
    pub fn z_at(&self, y: f32) -> f32 {
        self.low.1 + (self.high.1 - self.low.1) * (y - self.low.0) / (self.high.0 - self.low.0)
    }
}

/// A window in plan view, symmetrical: `z` of the two edges at the middle and how they curve back, half-widths there.
pub(crate) struct PlanWindow {
    /// Lower edge: z at x = 0 and metres of z lost per square metre of x².
    pub base: (f32, f32),
    /// Upper edge, likewise.
    pub top: (f32, f32),
    /// Half-width at the lower edge.
    pub base_half_width_m: f32,
    /// Half-width at the upper edge.
    pub top_half_width_m: f32,
}

/// A side pane between two lines.
pub(crate) struct SidePane {
    /// Name without the side: "front", "row-2".
    pub name: &'static str,
    /// Front edge.
    pub front: Rake,
    /// Rear edge.
    pub rear: Rake,
}

/// A row of seats.
pub(crate) struct Row {
    /// H-point: height and position along, metres.
    pub h_y: f32,
    pub h_z: f32,
    /// Seat positions across, metres, left first.
    pub x: &'static [f32],
    /// Back angle, degrees.
    pub back_deg: f32,
    /// Half-width of one cushion, metres.
    pub half_width_m: f32,
}

/// Everything that one model differs in from another.
pub(crate) struct Spec {
    pub name: &'static str,
    pub length_m: f32,
    pub width_m: f32,
    pub height_m: f32,
    pub front_z_m: f32,
    pub wheelbase_m: f32,
    pub mass_kg: f32,
    pub tyre_radius_m: f32,
    pub tyre_width_m: f32,
    pub hub_x_m: f32,
    /// Lower body, front to rear.
    pub stations: &'static [Station],
    /// Station of the first greenhouse section.
    pub cowl: usize,
    /// Greenhouse, front to rear.
    pub roof: &'static [Roof],
    /// How much lower the roof's edge is than its middle, metres.
    pub roof_drop_m: f32,
    /// How far the five levels of the nose lie behind its foremost point, and those of the tail before its last, metres.
    pub nose_m: [f32; 5],
    pub tail_m: [f32; 5],
    pub windscreen: PlanWindow,
    pub rear_window: RearWindow,
    /// Belt line: height at z = 0 and rise per metre rearwards.
    pub belt: (f32, f32),
    /// Upper edge of the side windows: greatest height, its z, and metres lost per square metre ahead of and behind it.
    pub arch: (f32, f32, f32, f32),
    /// Ends of the side windows with their black surround.
    pub glass_front: Rake,
    pub glass_rear: Rake,
    pub side_panes: &'static [SidePane],
    /// Shut lines in the side view: front edge of the front door, then between and behind doors.
    pub door_seams: &'static [Rake],
    pub handles_z: &'static [f32],
    pub rows: &'static [Row],
    pub floor_y: f32,
    /// Rear wall of the cabin.
    pub bulkhead_z: f32,
    pub wheel_z: f32,
}

/// The rear window, seen in plan (a fastback's) or from behind (a van's).
pub(crate) enum RearWindow {
    /// Seen from above.
    Plan(PlanWindow),
    /// Seen from behind: lower and upper height, half-widths there.
    Behind { low: (f32, f32), high: (f32, f32) },
}

const fn st(z: f32, sweep: f32, y: [f32; 5], w: [f32; 5], crown: f32) -> Station {
    Station { z, sweep, y, w, crown }
}

const fn rf(z: f32, sweep: f32, y: f32, w: [f32; 3]) -> Roof {
    Roof { z, sweep, y, w }
}

const fn rake(low: (f32, f32), high: (f32, f32)) -> Rake {
    Rake { low, high }
}

/// Names of all models.
pub(crate) const MODELS: [&Spec; 2] = [&SEDAN, &VAN];

/// A mid-size saloon.
pub(crate) const SEDAN: Spec = Spec {
    name: "sedan",
    length_m: 4.75,
    width_m: 1.84,
    height_m: 1.45,
    front_z_m: 2.28,
    wheelbase_m: 2.80,
    mass_kg: 1550.0,
    tyre_radius_m: 0.33,
    tyre_width_m: 0.22,
    hub_x_m: 0.79,
    stations: &[
        st(2.28, 0.34, [0.20, 0.30, 0.47, 0.62, 0.70], [0.66, 0.74, 0.76, 0.75, 0.68], 0.035),
        st(1.99, 0.22, [0.19, 0.28, 0.48, 0.68, 0.765], [0.74, 0.85, 0.87, 0.855, 0.77], 0.04),
        st(1.71, 0.06, [0.19, 0.28, 0.49, 0.73, 0.825], [0.78, 0.89, 0.91, 0.90, 0.80], 0.045),
        st(1.40, 0.0, [0.18, 0.28, 0.50, 0.77, 0.875], [0.80, 0.90, 0.92, 0.915, 0.83], 0.045),
        st(1.06, 0.16, [0.18, 0.28, 0.50, 0.79, 0.915], [0.80, 0.90, 0.912, 0.91, 0.85], 0.05),
        st(0.52, 0.0, [0.18, 0.28, 0.50, 0.80, 0.935], [0.80, 0.89, 0.905, 0.91, 0.86], 0.0),
        st(0.05, 0.0, [0.18, 0.28, 0.50, 0.805, 0.945], [0.80, 0.89, 0.905, 0.91, 0.865], 0.0),
        st(-0.45, 0.0, [0.18, 0.28, 0.50, 0.81, 0.955], [0.80, 0.89, 0.905, 0.912, 0.865], 0.0),
        st(-1.00, 0.0, [0.18, 0.28, 0.50, 0.82, 0.97], [0.80, 0.90, 0.915, 0.918, 0.865], 0.0),
        st(-1.40, 0.0, [0.19, 0.28, 0.51, 0.83, 0.985], [0.80, 0.90, 0.92, 0.92, 0.85], 0.0),
        st(-1.86, -0.14, [0.21, 0.30, 0.53, 0.85, 1.0], [0.78, 0.89, 0.912, 0.905, 0.80], 0.05),
        st(-2.20, -0.08, [0.23, 0.32, 0.55, 0.86, 1.01], [0.74, 0.85, 0.88, 0.87, 0.75], 0.045),
        st(-2.47, -0.20, [0.26, 0.36, 0.56, 0.83, 1.005], [0.66, 0.76, 0.79, 0.77, 0.69], 0.04),
    ],
    cowl: 4,
    roof: &[
        rf(0.27, 0.12, 1.405, [0.775, 0.685, 0.58]),
        rf(0.06, 0.06, 1.437, [0.785, 0.695, 0.595]),
        rf(-0.20, 0.0, 1.45, [0.79, 0.70, 0.605]),
        rf(-0.47, 0.0, 1.449, [0.79, 0.70, 0.605]),
        rf(-0.76, 0.0, 1.435, [0.785, 0.695, 0.595]),
        rf(-0.98, -0.05, 1.412, [0.76, 0.66, 0.56]),
        rf(-1.17, -0.10, 1.375, [0.735, 0.63, 0.535]),
    ],
    roof_drop_m: 0.075,
    nose_m: [0.13, 0.04, 0.0, 0.03, 0.085],
    tail_m: [0.12, 0.03, 0.0, 0.02, 0.07],
    windscreen: PlanWindow { base: (1.02, 0.30), top: (0.255, 0.16), base_half_width_m: 0.80, top_half_width_m: 0.59 },
    rear_window: RearWindow::Plan(PlanWindow {
        base: (-1.80, -0.22),
        top: (-1.16, -0.16),
        base_half_width_m: 0.63,
        top_half_width_m: 0.51,
    }),
    belt: (0.945, 0.030),
    arch: (1.362, -0.30, 0.16, 0.115),
    glass_front: rake((0.95, 0.86), (1.33, 0.10)),
    glass_rear: rake((0.98, -1.64), (1.33, -1.16)),
    side_panes: &[
        SidePane { name: "front", front: rake((0.95, 9.0), (1.33, 9.0)), rear: rake((0.95, -0.33), (1.33, -0.355)) },
        SidePane { name: "row-2", front: rake((0.95, -0.42), (1.33, -0.43)), rear: rake((0.95, -9.0), (1.33, -9.0)) },
    ],
    door_seams: &[
        rake((0.28, 0.86), (0.95, 0.80)),
        rake((0.28, -0.40), (0.95, -0.375)),
        rake((0.28, -0.95), (0.95, -1.32)),
    ],
    handles_z: &[-0.23, -1.14],
    rows: &[
        Row { h_y: 0.51, h_z: 0.0, x: &[0.37, -0.37], back_deg: 22.0, half_width_m: 0.26 },
        Row { h_y: 0.51, h_z: -0.85, x: &[0.37, 0.0, -0.37], back_deg: 25.0, half_width_m: 0.205 },
    ],
    floor_y: 0.25,
    bulkhead_z: -1.52,
    wheel_z: 0.42,
};

/// A seven-seat van.
pub(crate) const VAN: Spec = Spec {
    name: "van",
    length_m: 5.15,
    width_m: 1.99,
    height_m: 1.75,
    front_z_m: 2.47,
    wheelbase_m: 3.05,
    mass_kg: 2050.0,
    tyre_radius_m: 0.35,
    tyre_width_m: 0.235,
    hub_x_m: 0.855,
    stations: &[
        st(2.47, 0.34, [0.22, 0.32, 0.52, 0.72, 0.83], [0.72, 0.80, 0.83, 0.81, 0.72], 0.04),
        st(2.17, 0.22, [0.20, 0.30, 0.53, 0.79, 0.905], [0.80, 0.92, 0.945, 0.92, 0.82], 0.045),
        st(1.88, 0.06, [0.19, 0.30, 0.54, 0.85, 0.965], [0.84, 0.96, 0.985, 0.965, 0.86], 0.05),
        st(1.60, 0.02, [0.19, 0.30, 0.54, 0.885, 1.01], [0.86, 0.97, 0.995, 0.985, 0.89], 0.05),
        st(1.36, 0.16, [0.19, 0.30, 0.54, 0.90, 1.04], [0.86, 0.97, 0.99, 0.985, 0.915], 0.05),
        st(0.85, 0.0, [0.19, 0.30, 0.54, 0.91, 1.05], [0.86, 0.965, 0.985, 0.985, 0.93], 0.0),
        st(0.25, 0.0, [0.19, 0.30, 0.54, 0.915, 1.055], [0.86, 0.965, 0.985, 0.985, 0.935], 0.0),
        st(-0.40, 0.0, [0.19, 0.30, 0.54, 0.92, 1.06], [0.86, 0.965, 0.985, 0.985, 0.935], 0.0),
        st(-1.05, 0.0, [0.19, 0.30, 0.54, 0.925, 1.065], [0.86, 0.97, 0.99, 0.988, 0.935], 0.0),
        st(-1.70, 0.0, [0.20, 0.31, 0.55, 0.93, 1.07], [0.86, 0.97, 0.99, 0.985, 0.93], 0.0),
        st(-2.30, -0.05, [0.23, 0.33, 0.57, 0.935, 1.075], [0.82, 0.93, 0.965, 0.955, 0.90], 0.0),
        st(-2.68, -0.20, [0.28, 0.38, 0.60, 0.92, 1.075], [0.72, 0.82, 0.86, 0.85, 0.82], 0.0),
    ],
    cowl: 4,
    roof: &[
        rf(0.52, 0.12, 1.68, [0.85, 0.765, 0.65]),
        rf(0.22, 0.04, 1.725, [0.86, 0.775, 0.665]),
        rf(-0.20, 0.0, 1.75, [0.865, 0.785, 0.675]),
        rf(-0.65, 0.0, 1.75, [0.865, 0.785, 0.675]),
        rf(-1.15, 0.0, 1.743, [0.865, 0.785, 0.675]),
        rf(-1.72, 0.0, 1.725, [0.86, 0.775, 0.665]),
        rf(-2.18, -0.03, 1.70, [0.845, 0.755, 0.65]),
        rf(-2.46, -0.14, 1.665, [0.79, 0.715, 0.61]),
    ],
    roof_drop_m: 0.085,
    nose_m: [0.13, 0.04, 0.0, 0.035, 0.09],
    tail_m: [0.12, 0.03, 0.0, 0.035, 0.05],
    windscreen: PlanWindow {
        base: (1.30, 0.26),
        top: (0.515, 0.14),
        base_half_width_m: 0.845,
        top_half_width_m: 0.665,
    },
    rear_window: RearWindow::Behind { low: (1.11, 0.72), high: (1.62, 0.62) },
    belt: (1.065, 0.008),
    arch: (1.635, -0.7, 0.08, 0.02),
    glass_front: rake((1.06, 1.16), (1.60, 0.34)),
    glass_rear: rake((1.09, -2.42), (1.60, -2.20)),
    side_panes: &[
        SidePane { name: "front", front: rake((1.06, 9.0), (1.60, 9.0)), rear: rake((1.06, -0.01), (1.60, -0.04)) },
        SidePane { name: "row-2", front: rake((1.06, -0.11), (1.60, -0.13)), rear: rake((1.06, -1.08), (1.60, -1.08)) },
        SidePane { name: "row-3", front: rake((1.06, -1.18), (1.60, -1.18)), rear: rake((1.06, -9.0), (1.60, -9.0)) },
    ],
    door_seams: &[
        rake((0.30, 1.12), (1.05, 1.10)),
        rake((0.30, -0.08), (1.05, -0.06)),
        rake((0.30, -1.10), (1.05, -1.13)),
    ],
    handles_z: &[0.09, -0.21],
    rows: &[
        Row { h_y: 0.68, h_z: 0.32, x: &[0.42, -0.42], back_deg: 20.0, half_width_m: 0.26 },
        Row { h_y: 0.69, h_z: -0.62, x: &[0.42, -0.42], back_deg: 22.0, half_width_m: 0.25 },
        Row { h_y: 0.70, h_z: -1.50, x: &[0.45, 0.0, -0.45], back_deg: 22.0, half_width_m: 0.215 },
    ],
    floor_y: 0.36,
    bulkhead_z: -2.30,
    wheel_z: 0.74,
};
