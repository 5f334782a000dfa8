//! Looking round a pixel for the nearest others of some kind.

/// Farthest pixel that is looked at for what lies behind an edge.
const SEARCH_PX: i32 = 24;

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
}
