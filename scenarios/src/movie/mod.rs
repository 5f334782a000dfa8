//! An encounter as an animated picture: all cameras side by side in simulated time, what is true of every face, what the
//! stack saw, and what became of everybody.
//!
//! [`timeline`] plans the pictures as data, `draw` paints one of them, `encode` writes them one after the other.
mod draw;
mod encode;
mod frames;
mod ink;
mod label;
mod layout;
mod pace;
#[cfg(test)]
mod tests;
mod text;
pub mod timeline;
mod view;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use self::{
    draw::{Heading, LEGEND, OUTCOMES, Painter},
    encode::{Film, GifFilm, Palette, PngFilm},
    layout::Layout,
    timeline::Timeline,
};
use crate::{
    exit,
    run::{
        RunError,
        folder::RunFolder,
        record::{EncounterRecord, End},
    },
    scenario::ValidationRule,
    score::summary::Head,
};

pub use encode::Format;
pub use pace::Pace;

/// Least and greatest width of a movie, pixels.
pub const WIDTH_PX: (u32, u32) = (480, 1920);
/// Least and greatest speed, simulated time over time on the screen.
pub const SPEED: (f32, f32) = (0.01, 100.0);

/// Why there is no movie.
#[derive(Debug, thiserror::Error)]
pub enum MovieError {
    /// The run has no such encounter.
    #[error("the run in {} has no encounter {encounter}; it has {there}", run.display())]
    NoSuchEncounter {
        /// Folder of the run.
        run: PathBuf,
        /// Asked for.
        encounter: u64,
        /// What there is.
        there: String,
    },
    /// The encounter failed.
    #[error("encounter {encounter} failed, so there is nothing to show: {reason}")]
    Failed {
        /// Asked for.
        encounter: u64,
        /// Why it failed.
        reason: String,
    },
    /// No camera exposed.
    #[error("no camera exposed in encounter {encounter}, so there is nothing to show")]
    Unseen {
        /// Asked for.
        encounter: u64,
    },
    /// A file of the run is not there.
    #[error("{} is gone; put it back, or run the scenario again", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// A frame is no picture.
    #[error("{} is damaged: {reason}; put it back as it was, or run the scenario again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that no movie can be written as.
    #[error("{} cannot be written: a movie is a .gif or a .png file", path.display())]
    Ending {
        /// Asked for.
        path: PathBuf,
    },
    /// A width that pictures cannot have.
    #[error("a movie cannot be {width_px} pixels wide; right would be {} to {}", WIDTH_PX.0, WIDTH_PX.1)]
    Width {
        /// Asked for, pixels.
        width_px: u32,
    },
    /// A speed that cannot be played.
    #[error("a movie cannot be played at {speed} times the speed; right would be {} to {}", SPEED.0, SPEED.1)]
    Speed {
        /// Asked for, simulated time over time on the screen.
        speed: f32,
    },
    /// The movie's file could not be written.
    #[error("{}: {reason}; make room or name another file with --out", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The run's folder cannot be read.
    #[error("{0}")]
    Run(#[from] RunError),
}

impl MovieError {
    /// The program's exit code, see [`exit`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Run(error) => error.exit_code(),
            Self::Write { .. } => exit::IO,
            _ => exit::USAGE,
        }
    }
}

/// What a movie is to be.
#[derive(Debug, Clone)]
pub struct MovieOptions {
    /// The file; its ending says the format.
    pub out: PathBuf,
    /// Width of the pictures, pixels.
    pub width_px: u32,
    /// Simulated time over time on the screen; `None` for one that gives 6 to 10 s.
    pub speed: Option<f32>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Movie {
    /// Pictures in it.
    pub pictures: usize,
    /// How long it lasts, milliseconds.
    pub duration_ms: u64,
    /// Width and height, pixels.
    pub size_px: (u32, u32),
    /// Length of the file.
    pub bytes: u64,
}

/// The name of an encounter's movie in the run folder, where no other is asked for.
pub fn default_name(encounter: u64) -> String {
    format!("encounter-{encounter:03}.gif")
}

/// Makes the movie of an encounter of a finished run.
pub fn movie(
    folder: &RunFolder,
    head: &Head,
    rule: &ValidationRule,
    encounter: u64,
    options: &MovieOptions,
) -> Result<Movie, MovieError> {
    let format = Format::of(&options.out)?;
    if !(WIDTH_PX.0..=WIDTH_PX.1).contains(&options.width_px) {
        return Err(MovieError::Width { width_px: options.width_px });
    }
    if let Some(speed) = options.speed.filter(|speed| !(SPEED.0..=SPEED.1).contains(speed)) {
        return Err(MovieError::Speed { speed });
    }
    let record = record(folder, head, encounter)?;
    let timeline = timeline::plan(&record, rule, options.speed).ok_or(MovieError::Unseen { encounter })?;

    let first = |camera: usize| timeline.pictures.iter().find_map(|p| p.tiles[camera].as_ref());
    let sizes = (0..timeline.cameras.len()).filter_map(first).map(|tile| frames::size(folder, &tile.frame));
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let entries = if record.others.is_empty() { LEGEND.len() - 1 } else { LEGEND.len() };
    let longer = |i: usize| {
        let texts = [LEGEND.get(i), OUTCOMES.get(i)].into_iter().flatten().map(|(_, text)| *text);
        texts.max_by_key(|text| text.len()).unwrap_or_default()
    };
    let texts: Vec<&str> = (0..entries).map(longer).collect();
    let layout = Layout::new(options.width_px, &sizes, record.occupants.len(), &texts);
    let people = record.occupants.len();
    let heading = Heading {
        title: head.title.clone(),
        about: format!(
            "encounter {encounter}: {} with {people} {}, {}",
            record.vehicle,
            if people == 1 { "occupant" } else { "occupants" },
            timeline.pace.words()
        ),
    };
    let mut painter = Painter::new(folder, &timeline, &layout, &sizes, heading);
    write(&timeline, &mut painter, format, layout.size, &options.out)
}

fn record(folder: &RunFolder, head: &Head, encounter: u64) -> Result<EncounterRecord, MovieError> {
    if !head.encounters.contains(&encounter) {
        let there = match (head.encounters.first(), head.encounters.last()) {
            (Some(first), Some(last)) if last - first + 1 == head.encounters.len() as u64 => {
                format!("{first} to {last}")
            }
            _ => head.encounters.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        };
        return Err(MovieError::NoSuchEncounter { run: folder.root().to_owned(), encounter, there });
    }
    let name = RunFolder::encounter_name(encounter);
    let record: Option<EncounterRecord> = folder.read_json(&name)?;
    let record = record.ok_or_else(|| MovieError::Gone { path: folder.path(&name) })?;
    match &record.end {
        End::Failed { reason } => Err(MovieError::Failed { encounter, reason: reason.clone() }),
        End::Done(_) => Ok(record),
    }
}

/// Writes all pictures, whole or not at all.
fn write(
    timeline: &Timeline,
    painter: &mut Painter<'_>,
    format: Format,
    size: (u32, u32),
    path: &Path,
) -> Result<Movie, MovieError> {
    let failed = |reason: String| MovieError::Write { path: path.to_owned(), reason };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let palette = match format {
        Format::Gif => Some(Palette::of(&samples(timeline, painter)?)),
        Format::Png => None,
    };
    let mut file = BufWriter::new(File::create(&part).map_err(|e| failed(e.to_string()))?);
    let written = film(timeline, painter, palette, size, &mut file, &failed);
    let written = written.and_then(|()| file.flush().map_err(|e| failed(e.to_string())));
    let renamed = written.and_then(|()| std::fs::rename(&part, path).map_err(|e| failed(e.to_string())));
    if let Err(error) = renamed {
        // What is left of a failed attempt is of no use; that it cannot be taken away either is no news.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    let bytes = std::fs::metadata(path).map_err(|e| failed(e.to_string()))?.len();
    Ok(Movie { pictures: timeline.pictures.len(), duration_ms: timeline.duration_ms(), size_px: size, bytes })
}

/// Some of the pictures, from which colours are chosen.
fn samples(timeline: &Timeline, painter: &mut Painter<'_>) -> Result<Vec<image::RgbImage>, MovieError> {
    /// A picture is 4 MB.
    const MOST: usize = 8;
    let every = timeline.pictures.len().div_ceil(MOST).max(1);
    timeline.pictures.iter().rev().step_by(every).map(|picture| painter.paint(picture)).collect()
}

fn film(
    timeline: &Timeline,
    painter: &mut Painter<'_>,
    palette: Option<Palette>,
    size: (u32, u32),
    file: &mut BufWriter<File>,
    failed: &impl Fn(String) -> MovieError,
) -> Result<(), MovieError> {
    let count = timeline.pictures.len() as u32;
    let mut film: Box<dyn Film + '_> = match palette {
        Some(palette) => Box::new(GifFilm::new(file, size, palette).map_err(failed)?),
        None => Box::new(PngFilm::new(file, size, count).map_err(failed)?),
    };
    for picture in &timeline.pictures {
        film.add(&painter.paint(picture)?, picture.hold_ms).map_err(failed)?;
    }
    film.finish().map_err(failed)
}
