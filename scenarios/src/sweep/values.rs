//! The values of a sweep: `0.05..0.75:6`, `100..2000:5log`, `07:00..19:00:7`, `clear,overcast`.
use std::{ops::Range, str::FromStr};

use serde::{Deserialize, Serialize};
use toml::{Value, value::Datetime};

use crate::scenario::{path::Fault, time};

/// How the values lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Numbers, evenly.
    Linear,
    /// Numbers above 0, by their logarithm.
    Log,
    /// Instants, in hours.
    Time,
    /// Names side by side: texts, true and false.
    Names,
}

/// One value of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// As it is set.
    pub value: Value,
    /// For tables and axes.
    pub label: String,
    /// Place on the axis: the number, hours since the first day's midnight, or the index of a name.
    pub position: f64,
    /// Where it was written, bytes of the argument; a range as a whole.
    pub span: Range<usize>,
}

/// Values and how they lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    /// In the order in which they were written.
    pub items: Vec<Item>,
    /// Their axis.
    pub scale: Scale,
}

/// Most values of one sweep: each is a whole run.
const MOST: usize = 200;

/// What a value has to be, judged by what stands there now.
enum Kind {
    Number { whole: bool },
    Instant(Datetime),
    Flag,
    Text,
}

fn kind_of(current: &[Value], text: &str) -> Kind {
    match current.first() {
        Some(Value::Integer(_)) => Kind::Number { whole: true },
        Some(Value::Float(_)) => Kind::Number { whole: false },
        Some(Value::Boolean(_)) => Kind::Flag,
        Some(Value::String(now)) => time::instant(now).map_or(Kind::Text, Kind::Instant),
        Some(_) => Kind::Text,
        // Nothing stands there: what is written decides.
        None => {
            let first = text.split([',', ':']).next().unwrap_or(text);
            let first = first.split("..").next().unwrap_or(first).trim();
            match (first.parse::<i64>(), first.parse::<f64>(), first.parse::<bool>()) {
                (Ok(_), ..) => Kind::Number { whole: !text.contains('.') || text.contains("..") },
                (_, Ok(_), _) => Kind::Number { whole: false },
                (.., Ok(_)) => Kind::Flag,
                _ => Kind::Text,
            }
        }
    }
}

/// Reads what stands behind the `=`, which begins at byte `offset` of the argument. `current` is what the path holds now.
pub fn parse(text: &str, offset: usize, current: &[Value]) -> Result<Items, Fault> {
    let kind = kind_of(current, text);
    let whole = offset..offset + text.len();
    if text.trim().is_empty() {
        return Err(Fault::new(offset.saturating_sub(1)..whole.end, "no value is given", "write =A..B:N or =a,b,c"));
    }
    let items = match (&kind, text.split_once("..")) {
        (Kind::Number { whole: integers }, Some(range)) => numbers(range, *integers, &whole)?,
        (Kind::Instant(now), Some(range)) => instants(range, now, &whole)?,
        (Kind::Flag, Some(_)) => {
            return Err(Fault::new(whole, "true and false have no range", "write =true,false"));
        }
        _ => list(text, offset, &kind)?,
    };
    if items.items.len() < 2 {
        return Err(Fault::new(whole, "one value alone is no sweep", "give at least two: =A..B:N or =a,b,c"));
    }
    for (i, item) in items.items.iter().enumerate() {
        let same = |other: &Item| match items.scale {
            Scale::Names => other.value == item.value,
            _ => other.position == item.position,
        };
        if items.items[..i].iter().any(same) {
            let problem = format!("the value {} comes twice", item.label);
            return Err(Fault::new(item.span.clone(), problem, "give each value once"));
        }
    }
    Ok(items)
}

/// `B:N` or `B:Nlog`: the end, the count, whether by logarithm.
fn end_and_count<'t>(rest: &'t str, whole: &Range<usize>) -> Result<(&'t str, usize, bool), Fault> {
    let missing = || {
        let help = "write how many values after a colon: 0.05..0.75:6, or 100..2000:5log";
        Fault::new(whole.clone(), "the range does not say how many values", help)
    };
    let (end, count) = rest.rsplit_once(':').ok_or_else(missing)?;
    let (digits, log) = match count.strip_suffix("log") {
        Some(digits) => (digits, true),
        None => (count, false),
    };
    let count: usize = digits.parse().map_err(|_| missing())?;
    if !(2..=MOST).contains(&count) {
        let problem = format!("{count} values");
        return Err(Fault::new(whole.clone(), problem, format!("give 2 to {MOST}: each is a run of its own")));
    }
    Ok((end, count, log))
}

fn numbers((from, rest): (&str, &str), integers: bool, whole: &Range<usize>) -> Result<Items, Fault> {
    let (to, count, log) = end_and_count(rest, whole)?;
    let number = |text: &str| {
        let number = f64::from_str(text.trim()).ok().filter(|n| n.is_finite());
        let problem = || Fault::new(whole.clone(), format!("\"{text}\" is no number"), "write A..B:N: 0.05..0.75:6");
        number.ok_or_else(problem)
    };
    let (from, to) = (number(from)?, number(to)?);
    if log && (from <= 0.0 || to <= 0.0) {
        let help = "a logarithm needs ends above 0; leave `log` out for even steps";
        return Err(Fault::new(whole.clone(), "a logarithmic range that touches 0", help));
    }
    let value_at = |i: usize| {
        let share = i as f64 / (count - 1) as f64;
        match i {
            0 => from,
            _ if i + 1 == count => to,
            // Four digits: what the table says is what was run.
            _ if log => rounded((from.ln() + (to.ln() - from.ln()) * share).exp(), 4),
            _ => {
                let digits = 5.0 - (to - from).abs().max(f64::MIN_POSITIVE).log10().floor();
                let scale = 10f64.powi(digits.clamp(0.0, 12.0) as i32);
                ((from + (to - from) * share) * scale).round() / scale
            }
        }
    };
    let item = |i| number_item(value_at(i), integers, whole.clone());
    Ok(Items { items: (0..count).map(item).collect(), scale: if log { Scale::Log } else { Scale::Linear } })
}

/// A number to so many significant digits.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// A number as files hold it: whole where whole numbers stand, so that a file's complaint about the others is the same.
fn number_item(number: f64, integers: bool, span: Range<usize>) -> Item {
    let whole = integers && number.fract() == 0.0 && number.abs() < 9e15;
    let value = if whole { Value::Integer(number as i64) } else { Value::Float(number) };
    // Adding zero takes the sign from a negative one.
    Item { value, label: format!("{}", number + 0.0), position: number, span }
}

fn instants((from, rest): (&str, &str), now: &Datetime, whole: &Range<usize>) -> Result<Items, Fault> {
    let (to, count, log) = end_and_count(rest, whole)?;
    let help = "write a range of the day, 2026-06-21T07:00..19:00:7; date and offset are the scenario's where left out";
    if log {
        return Err(Fault::new(whole.clone(), "times have no logarithm", help));
    }
    let read = |text: &str, base: &Datetime| {
        let instant = time::complete(text.trim(), base);
        instant.ok_or_else(|| Fault::new(whole.clone(), format!("\"{text}\" is no instant"), help))
    };
    let from = read(from, now)?;
    let to = read(to, &from)?;
    let (begin_s, end_s) = (time::unix_s(&from), time::unix_s(&to));
    if end_s <= begin_s {
        return Err(Fault::new(whole.clone(), "the range runs backwards", help));
    }
    let at = |i: usize| {
        let seconds = (end_s - begin_s) as f64 * i as f64 / (count - 1) as f64;
        instant_item(&time::later(&from, seconds.round() as i64), &from, whole.clone())
    };
    Ok(Items { items: (0..count).map(at).collect(), scale: Scale::Time })
}

fn instant_item(instant: &Datetime, first: &Datetime, span: Range<usize>) -> Item {
    let label = time::label(instant, first);
    Item { value: Value::String(instant.to_string()), label, position: time::hours(instant, first), span }
}

fn list(text: &str, offset: usize, kind: &Kind) -> Result<Items, Fault> {
    let mut spans = Vec::new();
    let mut at = offset;
    for item in text.split(',') {
        let lead = item.len() - item.trim_start().len();
        let word = item.trim();
        spans.push((word, at + lead..at + lead + word.len()));
        at += item.len() + 1;
    }
    let first = match kind {
        Kind::Instant(now) => spans.first().and_then(|(word, _)| time::complete(word, now)),
        _ => None,
    };
    let mut scale = match kind {
        Kind::Number { .. } => Scale::Linear,
        Kind::Instant(_) => Scale::Time,
        Kind::Flag | Kind::Text => Scale::Names,
    };
    let mut items = Vec::new();
    for (i, (word, span)) in spans.into_iter().enumerate() {
        if word.is_empty() {
            let span = span.start.saturating_sub(1)..span.end.max(span.start);
            return Err(Fault::new(span, "a value is missing beside the comma", "write =a,b,c"));
        }
        let name = |value: Value| Item { value, label: word.to_owned(), position: i as f64, span: span.clone() };
        let text = || name(Value::String(word.trim_matches('"').to_owned()));
        // What does not fit is kept as a text, and refused in the words in which a file would be.
        let item = match kind {
            Kind::Number { whole } => match (word.parse::<i64>(), word.parse::<f64>()) {
                (Ok(n), _) => Item { position: n as f64, ..name(Value::Integer(n)) },
                (_, Ok(n)) => number_item(n, *whole, span.clone()),
                _ => text(),
            },
            Kind::Instant(now) => match (time::complete(word, first.as_ref().unwrap_or(now)), &first) {
                (Some(instant), Some(first)) => instant_item(&instant, first, span.clone()),
                _ => text(),
            },
            Kind::Flag => word.parse().map_or_else(|_| text(), |flag| name(Value::Boolean(flag))),
            Kind::Text => text(),
        };
        items.push(item);
    }
    if items.iter().any(|item| item.value.is_str()) && scale == Scale::Linear {
        scale = Scale::Names;
    }
    Ok(Items { items, scale })
}
