//! Where the labels of boxes go, so that they hide neither a face nor each other.
use laneproof_exchange::truth::BoxPx;

/// A picture on which labels find their places; pixels of that picture.
pub(super) struct Labels {
    size: (f32, f32),
    /// Between a box and its label.
    away: f32,
    /// What labels must not cover: labels, and what else is written.
    taken: Vec<BoxPx>,
    /// What they should not cover: faces.
    faces: Vec<BoxPx>,
}

impl Labels {
    /// Labels on a picture of some size, so far away from their boxes; none of them on what is written there and, if it can be
    /// helped, not on faces either.
    pub fn new(size: (u32, u32), away: f32, written: Vec<BoxPx>, faces: Vec<BoxPx>) -> Self {
        Self { size: (size.0 as f32, size.1 as f32), away, taken: written, faces }
    }

    /// A place for a label of some size by a box: its upper left corner; none where the box lies outside the picture, or where
    /// there is no room for a label.
    pub fn place(&mut self, b: &BoxPx, (width, height): (u32, u32)) -> Option<(u32, u32)> {
        let (width, height) = (width as f32, height as f32);
        let (most_x, most_y) = (self.size.0 - width, self.size.1 - height);
        let lies_outside = b.x1 < 0.0 || b.y1 < 0.0 || b.x0 > self.size.0 || b.y0 > self.size.1;
        if lies_outside || most_x < 0.0 || most_y < 0.0 || ![b.x0, b.y0, b.x1, b.y1].iter().all(|v| v.is_finite()) {
            return None;
        }
        let (left, right) = (b.x0 - width - self.away, b.x1 + self.away);
        let (above, below) = (b.y0 - height - self.away, b.y1 + self.away);
        let (first, last) = (b.x0 - self.away + 1.0, b.x1 - width + self.away - 1.0);
        let wished = [
            (first, above),
            (last, above),
            (first, below),
            (last, below),
            (right, b.y0),
            (left, b.y0),
            (right, b.y1 - height),
            (left, b.y1 - height),
            (first, above - height),
            (first, below + height),
        ];
        let places = wished.map(|(x, y)| (x.clamp(0.0, most_x).round(), y.clamp(0.0, most_y).round()));
        let cost = |&(x, y): &(f32, f32)| {
            let label = BoxPx { x0: x, y0: y, x1: x + width, y1: y + height };
            let covered = |of: &[BoxPx]| of.iter().map(|other| shared(&label, other)).sum::<f32>();
            8.0 * covered(&self.taken) + covered(&self.faces)
        };
        let (x, y) = places.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
        self.taken.push(BoxPx { x0: x - 1.0, y0: y - 1.0, x1: x + width + 1.0, y1: y + height + 1.0 });
        Some((x as u32, y as u32))
    }
}

/// Area that two boxes share, square pixels.
fn shared(a: &BoxPx, b: &BoxPx) -> f32 {
    BoxPx { x0: a.x0.max(b.x0), y0: a.y0.max(b.y0), x1: a.x1.min(b.x1), y1: a.y1.min(b.y1) }.area()
}
