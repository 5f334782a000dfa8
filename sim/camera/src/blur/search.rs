//! Looking round a pixel for the nearest others of some kind.

/// Farthest pixel that is looked at for what lies behind an edge.
const SEARCH_PX: i32 = 24;

/// Radius of a blur, pixels, from which what stands for a background is more than its nearest pixels.
const WIDE_PX: f32 = 1.5;
/// Points spread evenly over a disc of radius 100: Fermat's spiral, r = 100 √((i + ½)/32), at the golden angle.
const SUNFLOWER: [[i8; 2]; 32] = [
    [12, 0],
    [-16, 15],
    [2, -28],
    [20, 26],
    [-37, -7],
    [35, -22],
    [-12, 44],
    [-22, -43],
    [48, 18],
    [-50, 21],
    [24, -52],
    [18, 57],
    [-54, -31],
    [63, -14],
    [-39, 55],
    [-9, -69],
    [55, 46],
    [-74, 3],
    [54, -54],
    [-4, 78],
    [-51, -61],
    [81, 11],
    [-69, 48],
    [19, -84],
    [44, 76],
    [-85, -27],
    [83, -38],
    [-36, 86],
    [-32, -89],
    [85, 45],
    [-94, 25],
    [54, -83],
];

/// Offsets of the pixels round a pixel, nearest first.
pub(super) fn search_order() -> Vec<[i32; 2]> {
    let span = -SEARCH_PX..=SEARCH_PX;
    let mut order: Vec<[i32; 2]> = span.clone().flat_map(|y| span.clone().map(move |x| [x, y])).collect();
    let squared = |[x, y]: [i32; 2]| x * x + y * y;
    order.retain(|&o| (1..=SEARCH_PX * SEARCH_PX).contains(&squared(o)));
    order.sort_by_key(|&o| (squared(o), o));
    order
}

/// What a search says of a pixel.
pub(super) enum Found {
    This,
    Nothing,
    GoOn,
}

/// Pixels round a pixel in a plane, nearest first.
#[derive(Debug, Default)]
pub(super) struct Search {
    stride: usize,
    halo: usize,
    /// Squared distance and step.
    steps: Vec<(i32, isize)>,
}

impl Search {
    /// Makes it one for planes of a stride and a halo, which it does not leave.
    pub(super) fn prepare(&mut self, order: &[[i32; 2]], stride: usize, halo: usize) {
        if (self.stride, self.halo) == (stride, halo) {
            return;
        }
        (self.stride, self.halo) = (stride, halo);
        let limit = (halo * halo) as i32;
        let steps = order.iter().map(|&[x, y]| (x * x + y * y, y as isize * stride as isize + x as isize));
        self.steps.clear();
        self.steps.extend(steps.take_while(|(squared, _)| *squared <= limit));
    }

    /// The nearest pixels that are wanted: the first one found and others about as near; none if the search ends before.
    pub(super) fn nearest(&self, at: usize, ask: impl Fn(usize) -> Found) -> Vec<usize> {
        let mut found = Vec::new();
        let mut until = i32::MAX;
        for &(squared, step) in &self.steps {
            if squared > until {
                break;
            }
            let there = at.wrapping_add_signed(step);
            match ask(there) {
                Found::This => {
                    if found.is_empty() {
                        until = squared + 2;
                    }
                    found.push(there);
                }
                Found::Nothing if found.is_empty() => return found,
                Found::Nothing | Found::GoOn => {}
            }
        }
        found
    }

    /// Adds pixels scattered over the disc of a radius, pixels, round a pixel that was found, if the disc is a wide one:
    /// together they are as blurred as what was found is. `count` is that of the plane's pixels.
    pub(super) fn around(
        &self,
        at: usize,
        radius: f32,
        count: usize,
        wanted: impl Fn(usize) -> bool,
        found: &mut Vec<usize>,
    ) {
        if radius < WIDE_PX {
            return;
        }
        let [x, y] = [at % self.stride, at / self.stride];
        let rows = count / self.stride;
        for [dx, dy] in SUNFLOWER {
            let [dx, dy] = [dx, dy].map(|d| (f32::from(d) * radius / 100.0).round() as isize);
            let there = (x.checked_add_signed(dx), y.checked_add_signed(dy));
            if let (Some(x), Some(y)) = there
                && x < self.stride
                && y < rows
                && wanted(y * self.stride + x)
            {
                found.push(y * self.stride + x);
            }
        }
    }
}
