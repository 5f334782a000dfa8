//! `counts.csv`: what was counted at a real lane, as sums. No picture and nobody's record is asked for, and a column that could
//! hold one is refused.
//!
//! The first line names the columns, in any order. `of` and `captured` must be there: how many were counted, and of how many there
//! is a valid photograph. The others say of whom, and what is left out or empty means all: `unit` ("occupants", or "vehicles" of
//! which everyone has a valid photograph), `day` (any name; days are what is held out), `hour` (0 to 23, local), `row` (1 is the
//! front row), `camera` (a camera's id: valid photographs of this camera).
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    path::Path,
};

use laneproof_scenes::catalogue::{fault::FileFault, nearest};
use serde::{Deserialize, Serialize};

use crate::assumptions::result::Arm;

/// The columns.
const COLUMNS: [&str; 7] = ["unit", "day", "hour", "row", "camera", "of", "captured"];
/// Most lines of a file.
const MOST: usize = 100_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Occupants with a valid photograph.
    Occupants,
    /// Vehicles with a valid photograph of everyone.
    Vehicles,
}

/// Of whom a count is: `None` means all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// What is counted.
    pub unit: Unit,
    /// Local time, whole hours from midnight.
    pub hour: Option<u8>,
    /// Row of the seats.
    pub row: Option<u8>,
    /// Camera that took the photographs.
    pub camera: Option<String>,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.unit {
            Unit::Occupants => "occupants",
            Unit::Vehicles => "vehicles",
        })?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(camera) = &self.camera {
            write!(f, ", camera {camera}")?;
        }
        if let Some(hour) = self.hour {
            write!(f, ", {hour:02}:00–{hour:02}:59")?;
        }
        Ok(())
    }
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The day; empty where the file names none.
    pub day: String,
    /// Of whom.
    pub cell: Cell,
    /// How many were counted.
    pub of: u64,
    /// Of how many of them there is a valid photograph.
    pub captured: u64,
}

/// A file's text with the places of its lines, so that faults can be shown.
struct Source<'t> {
    path: &'t Path,
    text: &'t str,
}

impl Source<'_> {
    fn fault(&self, span: Range<usize>, problem: String, help: &str) -> FileFault {
        let (path, text) = (self.path.to_owned(), self.text.to_owned());
        FileFault { path, text, span: Some(span), problem, help: help.to_owned() }
    }
}

/// Reads a file of counts.
pub fn open(path: &Path) -> Result<Vec<Count>, FileFault> {
    let text = std::fs::read_to_string(path).map_err(|e| FileFault {
        path: path.to_owned(),
        text: String::new(),
        span: None,
        problem: format!("cannot be read: {e}"),
        help: "name a file of comma-separated values in UTF-8".to_owned(),
    })?;
    read(path, &text)
}

/// Reads the text of a file of counts.
pub fn read(path: &Path, text: &str) -> Result<Vec<Count>, FileFault> {
    let source = Source { path, text };
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let bad = |e: csv::Error| {
        let at = e.position().map_or(0, |p| p.byte() as usize).min(text.len());
        source.fault(at..at, format!("is no comma-separated value: {e}"), "write UTF-8 text, a line for each count")
    };
    let header = reader.headers().map_err(bad)?.clone();
    let first_line = 0..text.find('\n').unwrap_or(text.len());
    for (i, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let near = nearest(name, &COLUMNS).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let help = format!("{near}only sums are read; the columns are {}", COLUMNS.join(", "));
            return Err(source.fault(first_line, format!("unknown column `{name}`"), &help));
        }
        if header.iter().take(i).any(|before| before == name) {
            return Err(source.fault(first_line, format!("column `{name}` is there twice"), "keep one of them"));
        }
    }
    let column = |name: &str| header.iter().position(|column| column == name);
    for name in ["of", "captured"] {
        if column(name).is_none() {
            let help = "write `of` (how many were counted) and `captured` (of how many there is a valid photograph)";
            return Err(source.fault(first_line, format!("column `{name}` is missing"), help));
        }
    }
    let mut counts: Vec<Count> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let begin = record.position().map_or(0, |p| p.byte() as usize).min(text.len());
        let line = begin..text[begin..].find('\n').map_or(text.len(), |end| begin + end);
        if record.len() != header.len() {
            let problem = format!("has {} values under {} columns", record.len(), header.len());
            return Err(source.fault(line, problem, "write one value a column; an empty one means all"));
        }
        let count = one(&|name| column(name).map_or("", |at| &record[at]))
            .map_err(|(problem, help)| source.fault(line.clone(), problem, help))?;
        if counts.iter().any(|other| other.day == count.day && other.cell == count.cell) {
            let problem = format!("{} of this day is counted in a line above already", count.cell);
            return Err(source.fault(line, problem, "add the two lines up"));
        }
        counts.push(count);
        if counts.len() > MOST {
            return Err(source.fault(line, format!("more than {MOST} lines"), "sum the counts over days or hours"));
        }
    }
    match counts.is_empty() {
        true => Err(source.fault(first_line, "there is no count below this line".to_owned(), "write at least one")),
        false => Ok(counts),
    }
}

/// One line.
fn one<'r>(value: &dyn Fn(&str) -> &'r str) -> Result<Count, (String, &'static str)> {
    let number = |name: &str, most: u64, help: &'static str| match value(name) {
        "" => Ok(None),
        text => match text.parse::<u64>() {
            Ok(number) if number <= most => Ok(Some(number)),
            _ => Err((format!("{name} is \"{text}\""), help)),
        },
    };
    let unit = match value("unit") {
        "" | "occupants" => Unit::Occupants,
        "vehicles" => Unit::Vehicles,
        other => return Err((format!("unit is \"{other}\""), "write occupants or vehicles")),
    };
    let hour = number("hour", 23, "write a whole hour of the local day, 0 to 23")?;
    let row = number("row", 9, "write the row of the seats, 1 for the front row")?;
    let camera = Some(value("camera").to_owned()).filter(|camera| !camera.is_empty());
    if unit == Unit::Vehicles && (row.is_some() || camera.is_some()) {
        let help = "leave row and camera empty: a vehicle counts when any camera has everyone in it";
        return Err(("vehicles have no row and no camera".to_owned(), help));
    }
    let counted = "write how many, a whole number";
    let of = number("of", u64::MAX, counted)?.ok_or(("of is empty".to_owned(), counted))?;
    let captured = number("captured", u64::MAX, counted)?.ok_or(("captured is empty".to_owned(), counted))?;
    if captured > of {
        return Err((format!("{captured} captured of {of}"), "no more can be captured than were counted"));
    }
    let cell = Cell { unit, hour: hour.map(|h| h as u8), row: row.map(|r| r as u8), camera };
    Ok(Count { day: value("day").to_owned(), cell, of, captured })
}

/// Counts as a lane's operator would sum them, of an arm's encounters: in turn they fall on so many days. By hour vehicles and the
/// occupants of each row; by row and camera the occupants of the whole day.
pub fn of_arm(arm: &Arm, cameras: &[String], days: u64) -> Vec<Count> {
    let mut sums: BTreeMap<(String, Cell), (u64, u64)> = BTreeMap::new();
    for (i, tally) in (0u64..).zip(&arm.tallies) {
        let day = format!("day {}", i % days.max(1) + 1);
        let mut add = |hour: Option<u8>, unit: Unit, row: Option<u8>, camera: Option<usize>| {
            let counted = match unit {
                Unit::Vehicles => tally.vehicle(),
                Unit::Occupants => tally.occupants(row, camera),
            };
            let cell = Cell { unit, hour, row, camera: camera.map(|camera| cameras[camera].clone()) };
            let sum = sums.entry((day.clone(), cell)).or_default();
            *sum = (sum.0 + counted.of, sum.1 + counted.hits);
        };
        add(Some(tally.hour), Unit::Vehicles, None, None);
        let rows: BTreeSet<u8> = tally.people.iter().map(|(row, _)| *row).collect();
        for row in rows {
            add(Some(tally.hour), Unit::Occupants, Some(row), None);
            (0..cameras.len()).for_each(|camera| add(None, Unit::Occupants, Some(row), Some(camera)));
        }
    }
    sums.into_iter().map(|((day, cell), (of, captured))| Count { day, cell, of, captured }).collect()
}

/// Counts as a file of them holds them.
pub fn csv(counts: &[Count]) -> Result<String, csv::Error> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(COLUMNS)?;
    for Count { day, cell, of, captured } in counts {
        let unit = match cell.unit {
            Unit::Occupants => "occupants",
            Unit::Vehicles => "vehicles",
        };
        let number = |n: Option<u8>| n.map_or(String::new(), |n| n.to_string());
        let [hour, row] = [cell.hour, cell.row].map(number);
        let camera = cell.camera.as_deref().unwrap_or_default();
        rows.write_record([unit, day, &hour, &row, camera, &of.to_string(), &captured.to_string()])?;
    }
    let bytes = rows.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8(bytes).expect("what was written from texts is text"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Unit, read};

    #[test]
    fn columns_come_in_any_order_and_empty_ones_mean_all() {
        let text = "captured, of ,row,hour,day,camera,unit\n12,20,1,7,Monday,front,occupants\n30,40,,,Monday,,\n9,15,,7,Monday,,vehicles\n";
        let counts = read(Path::new("counts.csv"), text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(counts.len(), 3);
        assert_eq!((counts[0].captured, counts[0].of, counts[0].cell.hour), (12, 20, Some(7)));
        assert_eq!(counts[0].cell.to_string(), "occupants, row 1, camera front, 07:00–07:59");
        assert_eq!((counts[1].cell.row, counts[1].cell.to_string().as_str()), (None, "occupants"));
        assert_eq!((counts[2].cell.unit, counts[2].day.as_str()), (Unit::Vehicles, "Monday"));
    }

    #[test]
    fn a_wrong_line_is_shown_where_it_stands() {
        for (text, line, problem) in [
            ("of,captured\n3,4\n", 2, "4 captured of 3"),
            ("of,captured\n5,2\n5,\n", 3, "captured is empty"),
            ("of,captured\n5,2\nfive,2\n", 3, "of is \"five\""),
            ("of,captured,name\n5,2,x\n", 1, "unknown column `name`"),
            ("of,capturd\n5,2\n", 1, "did you mean `captured`?"),
            ("of,of,captured\n5,5,2\n", 1, "there twice"),
            ("of\n5\n", 1, "`captured` is missing"),
            ("of,captured\n", 1, "no count"),
            ("", 1, "is missing"),
            ("of,captured,hour\n5,2,24\n", 2, "hour is \"24\""),
            ("of,captured,hour\n5,2\n", 2, "2 values under 3 columns"),
            ("of,captured,unit\n5,2,cars\n", 2, "unit is \"cars\""),
            ("of,captured,unit,row\n5,2,vehicles,1\n", 2, "no row and no camera"),
            ("of,captured,day\n5,2,a\n6,2,b\n7,2,a\n", 4, "counted in a line above already"),
        ] {
            let fault = read(Path::new("counts.csv"), text).expect_err(text);
            let told = fault.to_string();
            assert!(told.contains(problem), "{text}: {told}");
            assert_eq!(fault.line_and_column().map(|(line, _)| line), Some(line), "{text}: {told}");
        }
    }
}
