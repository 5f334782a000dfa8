//! Paths to values of a [`Document`](super::document::Document): `mix.vehicles[*].glass.rear`, `rig.cameras[front].exposure_us`.
//!
//! A step is a key, or an element of a list: `[1]` counts from 0, `[*]` means every one, `[front]` those that hold the text
//! "front" (a camera's id, a vehicle's model). `cameras.1.exposure_us`, as error messages write it, is read as well. Of
//! several elements only those count that have the next key: `triggers[*].after_s` passes over triggers of another kind.
//! Keys that no element has are taken as optional ones that are left out; reading the tree decides that.
use std::{fmt, ops::Range};

use laneproof_scenes::catalogue::nearest;
use toml::{Table, Value};

use super::shape::Shape;

/// What is wrong with a part of the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Bytes of the argument.
    pub span: Range<usize>,
    /// What is wrong, as a lower-case fragment.
    pub problem: String,
    /// What would be right.
    pub help: String,
}

impl Fault {
    pub(crate) fn new(span: Range<usize>, problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, problem: problem.into(), help: help.into() }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Each,
    Nth(usize),
    Named(String),
}

/// A path as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyPath {
    text: String,
    steps: Vec<(Step, Range<usize>)>,
}

/// One key or index on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A key of a table.
    Key(String),
    /// An index of a list.
    Index(usize),
}

/// The place of one value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From the root to the value.
    pub spots: Vec<Spot>,
}

impl Place {
    fn then(&self, spot: Spot) -> Self {
        Self { spots: self.spots.iter().cloned().chain([spot]).collect() }
    }
}

/// `rig.cameras[0].exposure_us`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, spot) in self.spots.iter().enumerate() {
            match spot {
                Spot::Key(key) if i == 0 => f.write_str(key)?,
                Spot::Key(key) => write!(f, ".{key}")?,
                Spot::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The values that a path means.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where they stand, or would stand.
    pub places: Vec<Place>,
    /// What stands there; nothing for an optional key that is left out everywhere.
    pub current: Vec<Value>,
}

impl KeyPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut steps = Vec::new();
        let mut at = 0;
        let fault = |span: Range<usize>, problem: String| {
            Fault::new(span, problem, "write keys and dots, lists with [*], [0] or [name]: rig.cameras[*].exposure_us")
        };
        for segment in text.split('.') {
            let begin = at;
            at += segment.len() + 1;
            let (key, brackets) = match segment.find('[') {
                Some(open) => segment.split_at(open),
                None => (segment, ""),
            };
            let span = begin..begin + key.len();
            let number = key.parse::<usize>();
            match (key, number) {
                ("", _) => return Err(fault(begin..begin + segment.len().max(1), "a key is missing here".to_owned())),
                ("*", _) => steps.push((Step::Each, span.clone())),
                (_, Ok(index)) if begin > 0 => steps.push((Step::Nth(index), span.clone())),
                _ => steps.push((Step::Key(key.to_owned()), span.clone())),
            }
            let mut open = span.end;
            for inside in brackets.split_inclusive(']') {
                let span = open..open + inside.len();
                open = span.end;
                let Some(name) = inside.strip_prefix('[').and_then(|s| s.strip_suffix(']')).filter(|s| !s.is_empty())
                else {
                    return Err(fault(span, format!("\"{inside}\" is no index")));
                };
                let step = match name.parse() {
                    _ if name == "*" => Step::Each,
                    Ok(index) => Step::Nth(index),
                    Err(_) => Step::Named(name.trim_matches('"').to_owned()),
                };
                steps.push((step, span));
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The last key, which says the unit.
    pub fn last_key(&self) -> &str {
        self.steps.iter().rev().find_map(|(step, _)| key_of(step)).expect("a path begins with a key")
    }

    /// The single values that the path means in a tree. `is_reference` says which tables stand for the name of a file.
    pub fn find(&self, tree: &Table, is_reference: impl Fn(&Place) -> bool) -> Result<Found, Fault> {
        let found = self.find_any(tree)?;
        let span = 0..self.text.len();
        for (place, value) in found.places.iter().zip(&found.current) {
            match value {
                Value::Table(_) if !is_reference(place) => {
                    let problem = format!("`{place}` is a table, not one value");
                    return Err(Fault::new(span, problem, format!("name one of its keys: {}", keys(value))));
                }
                Value::Array(array) => return Err(Fault::new(span, listed(place, array), choose(&self.text, array))),
                _ => {}
            }
        }
        Ok(found)
    }

    /// What the path means in a tree, lists and tables included.
    pub fn find_any(&self, tree: &Table) -> Result<Found, Fault> {
        let root = Value::Table(tree.clone());
        let mut here: Vec<(Place, &Value)> = vec![(Place::default(), &root)];
        for (i, (step, span)) in self.steps.iter().enumerate() {
            let before = &self.text[..span.start].trim_end_matches('.');
            let next: Vec<(Place, &Value)> = here.iter().flat_map(|(place, value)| taken(step, place, value)).collect();
            if !next.is_empty() {
                here = next;
                continue;
            }
            // Nobody has this key: it and those behind it are new, if they are keys.
            let keys: Option<Vec<&String>> = self.steps[i..].iter().map(|(step, _)| key_of(step)).collect();
            if let (Some(keys), true) = (keys, here.iter().all(|(_, value)| value.is_table())) {
                let new = |(place, _): &(Place, &Value)| {
                    keys.iter().fold(place.clone(), |place, key| place.then(Spot::Key((*key).clone())))
                };
                return Ok(Found { places: here.iter().map(new).collect(), current: Vec::new() });
            }
            if let (Step::Key(key), true) = (step, here.iter().all(|(_, value)| value.is_table())) {
                return Err(self.unknown(key).expect("the key is one of the path's"));
            }
            return Err(misfit(step, span.clone(), before, &here));
        }
        let (places, current) = here.into_iter().map(|(place, value)| (place, value.clone())).unzip();
        Ok(Found { places, current })
    }

    /// A key of this path that the type which it is read as does not know; nothing where the path has no such key.
    pub(crate) fn unknown(&self, key: &str) -> Option<Fault> {
        let (at, (_, span)) =
            self.steps.iter().enumerate().rfind(|(_, (step, _))| key_of(step).is_some_and(|k| k == key))?;
        let above = self.generic(at);
        let shape = Shape::new();
        let known = shape.keys(&above);
        let names: Vec<&str> = known.keys().copied().collect();
        let mut help = String::new();
        if let Some(near) = nearest(key, &names) {
            help += &format!("did you mean `{near}`? ");
        } else if let Some(other) = shape.ending(&self.text) {
            help += &format!("did you mean `{other}`? ");
        }
        let owner = if above.is_empty() { "a scenario".to_owned() } else { format!("`{above}`") };
        let known: Vec<String> = known.into_iter().map(|(name, mark)| format!("{name}{mark}")).collect();
        help += &format!("{owner} has {}", known.join(", "));
        Some(Fault::new(span.clone(), format!("unknown key `{key}`"), help))
    }

    /// The first so many steps with every index as `[*]`.
    fn generic(&self, steps: usize) -> String {
        let mut path = String::new();
        for (step, _) in &self.steps[..steps] {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path += &format!(".{key}"),
                _ => path.push_str("[*]"),
            }
        }
        path
    }
}

fn key_of(step: &Step) -> Option<&String> {
    match step {
        Step::Key(key) => Some(key),
        _ => None,
    }
}

/// Puts a value in place of what stands there; tables on the way that are left out are made.
pub fn put(tree: &mut Table, place: &Place, value: Value) {
    let Some((Spot::Key(first), rest)) = place.spots.split_first() else { return };
    let Some((last, way)) = rest.split_last() else {
        tree.insert(first.clone(), value);
        return;
    };
    let mut here = Some(tree.entry(first.clone()).or_insert_with(|| Value::Table(Table::new())));
    for spot in way {
        here = here.and_then(|value| match (value, spot) {
            (Value::Table(table), Spot::Key(key)) => {
                Some(table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())))
            }
            (Value::Array(array), Spot::Index(index)) => array.get_mut(*index),
            _ => None,
        });
    }
    match (here, last) {
        (Some(Value::Table(table)), Spot::Key(key)) => {
            table.insert(key.clone(), value);
        }
        (Some(Value::Array(array)), Spot::Index(index)) if *index < array.len() => array[*index] = value,
        _ => {}
    }
}

/// Where a step leads from a value; nowhere when it does not fit.
fn taken<'v>(step: &Step, place: &Place, value: &'v Value) -> Vec<(Place, &'v Value)> {
    let element = |(index, value): (usize, &'v Value)| (place.then(Spot::Index(index)), value);
    match (step, value) {
        (Step::Key(key), Value::Table(table)) => {
            table.get(key).map(|value| (place.then(Spot::Key(key.clone())), value)).into_iter().collect()
        }
        (Step::Each, Value::Array(array)) => array.iter().enumerate().map(element).collect(),
        (Step::Nth(index), Value::Array(array)) => {
            array.get(*index).map(|v| element((*index, v))).into_iter().collect()
        }
        (Step::Named(name), Value::Array(array)) => {
            array.iter().enumerate().filter(|(_, v)| texts(v).any(|t| t == name)).map(element).collect()
        }
        _ => Vec::new(),
    }
}

/// Texts that a table holds directly: what an element of a list can be called by.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_table().into_iter().flatten().filter_map(|(_, value)| value.as_str())
}

/// A step that does not fit what stands there.
fn misfit(step: &Step, span: Range<usize>, before: &str, here: &[(Place, &Value)]) -> Fault {
    let Some((place, value)) = here.first() else {
        return Fault::new(span, "nothing stands here", "`--list` shows every path");
    };
    match (step, value) {
        (Step::Nth(_) | Step::Named(_) | Step::Each, Value::Array(array)) => {
            let wanted = match step {
                Step::Nth(index) => format!("`{before}` has no element {index}"),
                Step::Named(name) => format!("`{before}` has no element with the text \"{name}\""),
                _ => format!("`{before}` is empty"),
            };
            let known: Vec<&str> = array.iter().flat_map(texts).filter(|t| t.len() <= 32).collect();
            let near = match step {
                Step::Named(name) => nearest(name, &known).map(|n| format!("did you mean [{n}]? ")).unwrap_or_default(),
                _ => String::new(),
            };
            Fault::new(span, wanted, format!("{near}{}", choose(before, array)))
        }
        (_, Value::Array(array)) => Fault::new(span, listed(place, array), choose(before, array)),
        (_, Value::Table(_)) => {
            let problem = format!("`{place}` is a table, not a list");
            Fault::new(span, problem, format!("it has {}", keys(value)))
        }
        (_, scalar) => {
            let problem = format!("`{place}` is one value ({scalar}) with nothing inside");
            Fault::new(span, problem, format!("end the path there: {before}"))
        }
    }
}

fn listed(place: &Place, array: &[Value]) -> String {
    format!("`{place}` is a list of {}", array.len())
}

/// How to choose of a list.
fn choose(path: &str, array: &[Value]) -> String {
    let names = array.iter().filter_map(|value| texts(value).find(|t| t.len() <= 32)).map(|name| format!("[{name}]"));
    let mut ways: Vec<String> = vec!["[*]".to_owned()];
    ways.extend((0..array.len()).take(8).map(|i| format!("[{i}]")));
    ways.extend(names.take(8));
    format!("write {path} with one of {}", ways.join(" "))
}

/// The keys of a table for a message: `glass.` holds keys, `vehicles[]` elements.
fn keys(table: &Value) -> String {
    let mark = |(name, value): (&String, &Value)| match value {
        Value::Table(_) => format!("{name}."),
        Value::Array(_) => format!("{name}[]"),
        _ => name.to_owned(),
    };
    table.as_table().into_iter().flatten().map(mark).collect::<Vec<_>>().join(", ")
}
