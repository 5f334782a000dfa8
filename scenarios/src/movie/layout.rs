//! Where things are on a movie's pictures, in pixels of the picture: header, a grid of cameras, cards of the occupants, legend.
use super::text::Fonts;

/// A rectangle of the picture, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Where things are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Size of the whole picture: width, height.
    pub size: (u32, u32),
    /// Space between things.
    pub gap: u32,
    /// Title, time, speed.
    pub header: Area,
    /// The strip that shows when the cameras expose.
    pub track: Area,
    /// One a camera, in the shape of its frames.
    pub tiles: Vec<Area>,
    /// Occupants: what step it is, then their cards.
    pub panel: Area,
    /// One an occupant.
    pub cards: Vec<Area>,
    /// Entries of the legend.
    pub legend: Vec<(u32, u32)>,
    /// Fonts.
    pub fonts: Fonts,
}

impl Layout {
    /// Lays a picture out: its width, the size of each camera's frames, the number of occupants, the legend's texts.
    pub fn new(width: u32, frames: &[(u32, u32)], people: usize, legend: &[&str]) -> Self {
        let fonts = Fonts::for_width(width);
        let gap = (width / 160).max(4);
        let inner = width - 2 * gap;
        let header = Area { x: gap, y: gap, width: inner, height: 2 * fonts.large.height() + gap };
        let track = Area { x: gap, y: header.y + header.height + gap, width: inner, height: gap.min(6) };
        let grid = Grid::new(track.y + track.height + gap, inner, gap, frames);

        // The cards go where the grid is empty, and below it where it is full or too small.
        let people = people as u32;
        let (panel, cards) = match grid.empty().and_then(|panel| Some((panel, cards_in(panel, fonts, gap, people)?))) {
            Some(found) => found,
            None => cards_below(grid.below(), inner, fonts, gap, people),
        };
        let tiles = (0..).zip(frames).map(|(i, frame)| grid.tile(i, *frame, panel.y >= grid.below())).collect();

        let top = grid.below().max(panel.y + panel.height + gap);
        let (legend, below) = flow(legend, top, width, fonts, gap);
        Self { size: (width, below), gap, header, track, tiles, panel, cards, legend, fonts }
    }
}

/// Cells of one size for the cameras, filled row by row.
struct Grid {
    top: u32,
    gap: u32,
    cell: (u32, u32),
    columns: u32,
    rows: u32,
    cameras: u32,
}

impl Grid {
    fn new(top: u32, inner: u32, gap: u32, frames: &[(u32, u32)]) -> Self {
        let cameras = frames.len().max(1) as u32;
        let columns = (1..).find(|c| c * c >= cameras).unwrap_or(1);
        let width = (inner - (columns - 1) * gap) / columns;
        let height = frames.iter().map(|frame| shown_height(*frame, width)).max().unwrap_or(width);
        Self { top, gap, cell: (width, height), columns, rows: cameras.div_ceil(columns), cameras }
    }

    fn place(&self, i: u32) -> (u32, u32) {
        let (column, row) = (i % self.columns, i / self.columns);
        (self.gap + column * (self.cell.0 + self.gap), self.top + row * (self.cell.1 + self.gap))
    }

    /// What is left of the last row.
    fn empty(&self) -> Option<Area> {
        let cells = self.rows * self.columns - self.cameras;
        let (x, y) = self.place(self.cameras);
        let width = (cells * (self.cell.0 + self.gap)).checked_sub(self.gap)?;
        Some(Area { x, y, width, height: self.cell.1 })
    }

    /// Upper edge of what comes below the grid.
    fn below(&self) -> u32 {
        self.top + self.rows * (self.cell.1 + self.gap)
    }

    /// Where a camera's frame goes, in the middle of its cell; a last row that is not full, in the middle of the picture.
    fn tile(&self, i: u32, frame: (u32, u32), centred: bool) -> Area {
        let (x, y) = self.place(i);
        let height = shown_height(frame, self.cell.0);
        let is_last_row = i / self.columns + 1 == self.rows;
        let aside = if centred && is_last_row { self.rows * self.columns - self.cameras } else { 0 };
        Area {
            x: x + aside * (self.cell.0 + self.gap) / 2,
            y: y + (self.cell.1 - height) / 2,
            width: self.cell.0,
            height,
        }
    }
}

/// Height of a frame that is shown at some width.
fn shown_height((width, height): (u32, u32), shown_width: u32) -> u32 {
    (shown_width * height / width.max(1)).clamp(1, 2 * shown_width)
}

/// Height of what stands above the cards in their panel.
fn caption_height(fonts: Fonts, gap: u32) -> u32 {
    fonts.large.height() + 2 * gap
}

/// Least width and height of a card that can be read: a face, and beside it two lines of some letters.
fn least_card(fonts: Fonts, gap: u32) -> (u32, u32) {
    let height = 2 * fonts.large.height() + gap;
    (height + 24 * fonts.large.width("n") + 2 * gap, height)
}

/// Greatest height of a card.
fn most_height(fonts: Fonts, gap: u32) -> u32 {
    3 * fonts.large.height() + 5 * gap
}

/// So many cards in a panel of a given size, in as few columns as they can be read in.
fn cards_in(panel: Area, fonts: Fonts, gap: u32, people: u32) -> Option<Vec<Area>> {
    let top = caption_height(fonts, gap);
    let height = panel.height.checked_sub(top + gap)?;
    let room = Area { x: panel.x + gap, y: panel.y + top, width: panel.width.checked_sub(2 * gap)?, height };
    let share = |whole: u32, parts: u32| (whole + gap).saturating_sub(gap * parts) / parts;
    let least = least_card(fonts, gap);
    (1..=people.max(1)).find_map(|columns| {
        let size = (share(room.width, columns), share(room.height, people.div_ceil(columns).max(1)));
        let is_readable = size.0 >= least.0 && size.1 >= least.1;
        is_readable.then(|| cards(room, (size.0, size.1.min(most_height(fonts, gap))), columns, gap, people))
    })
}

/// A panel as high as so many cards need, and the cards.
fn cards_below(top: u32, inner: u32, fonts: Fonts, gap: u32, people: u32) -> (Area, Vec<Area>) {
    let most_columns = (inner / (least_card(fonts, gap).0 + gap)).max(1);
    let rows = people.div_ceil(most_columns).max(1);
    let columns = people.div_ceil(rows).max(1);
    let height = 3 * fonts.large.height() + 2 * gap;
    let caption = caption_height(fonts, gap);
    let panel = Area { x: gap, y: top, width: inner, height: caption + rows * (height + gap) };
    let room = Area { x: 2 * gap, y: top + caption, width: inner - 2 * gap, height: panel.height - caption };
    let width = (room.width + gap) / columns - gap;
    (panel, cards(room, (width, height), columns, gap, people))
}

fn cards(room: Area, (width, height): (u32, u32), columns: u32, gap: u32, people: u32) -> Vec<Area> {
    let card = |i: u32| Area {
        x: room.x + i % columns * (width + gap),
        y: room.y + i / columns * (height + gap),
        width,
        height,
    };
    (0..people).map(card).collect()
}

/// Places for entries one after the other in lines, and the lower edge of the last line.
fn flow(texts: &[&str], top: u32, width: u32, fonts: Fonts, gap: u32) -> (Vec<(u32, u32)>, u32) {
    let line = fonts.small.height() + gap;
    let mut at = (gap, top);
    let mut places = Vec::new();
    for text in texts {
        let needs = fonts.small.height() + gap / 2 + fonts.small.width(text);
        if at.0 > gap && at.0 + needs + gap > width {
            at = (gap, at.1 + line);
        }
        places.push(at);
        at.0 += needs + 3 * gap;
    }
    (places, at.1 + line)
}
