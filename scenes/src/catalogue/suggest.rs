//! Turns the TOML reader's complaints into advice: the nearest known key, the right unit, the expected type.
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Unit suffixes of keys: (suffix, quantity, factor to the SI unit).
const UNITS: &[(&str, &str, f64)] = &[
    ("s", "time", 1.0),
    ("ms", "time", 1e-3),
    ("us", "time", 1e-6),
    ("ns", "time", 1e-9),
    ("m", "length", 1.0),
    ("cm", "length", 1e-2),
    ("mm", "length", 1e-3),
    ("um", "length", 1e-6),
    ("in", "length", 0.0254),
    ("ft", "length", 0.3048),
    ("deg", "angle", std::f64::consts::PI / 180.0),
    ("rad", "angle", 1.0),
    ("mps", "speed", 1.0),
    ("kmh", "speed", 1.0 / 3.6),
    ("kph", "speed", 1.0 / 3.6),
    ("mph", "speed", 0.44704),
];

/// Explains a reader's message: (problem, help, span).
pub(super) fn explain(
    message: &str,
    span: Range<usize>,
    tree: &DeTable<'_>,
    text: &str,
) -> (String, String, Range<usize>) {
    let first_line = message.lines().next().unwrap_or(message);
    if let Some(rest) = first_line.strip_prefix("unknown field ") {
        let mut names = backticked(rest);
        if !names.is_empty() {
            let unknown = names.remove(0);
            let (key_span, value) = find_key(tree, unknown, &span, text).unwrap_or((span, None));
            return (format!("unknown key `{unknown}`"), advice(unknown, &names, value), key_span);
        }
    }
    if let Some(rest) = first_line.strip_prefix("unknown variant ") {
        let mut names = backticked(rest);
        if !names.is_empty() {
            let unknown = names.remove(0);
            let help = match nearest(unknown, &names) {
                Some(near) => format!("did you mean \"{near}\"? Possible: {}", quoted_list(&names)),
                None => format!("possible: {}", quoted_list(&names)),
            };
            return (format!("unknown value \"{unknown}\""), help, span);
        }
    }
    if let Some(rest) = first_line.strip_prefix("missing field ") {
        let name = backticked(rest).first().copied().unwrap_or("?");
        return (
            format!("the key `{name}` is missing"),
            format!("add a line `{name} = …` here"),
            first_line_of(span, text),
        );
    }
    if let Some(rest) = first_line.strip_prefix("invalid type: ") {
        let (found, wanted) = rest.split_once(", expected ").unwrap_or((rest, "another type"));
        let wanted = plain_type(wanted);
        return (format!("wrong type: this is {}", plain_type(found)), format!("write {wanted}"), span);
    }
    if let Some(rest) = first_line.strip_prefix("invalid value: ").or(first_line.strip_prefix("invalid length ")) {
        let (found, wanted) = rest.split_once(", expected ").unwrap_or((rest, "another value"));
        return (format!("wrong value: {found}"), format!("write {}", plain_type(wanted)), span);
    }
    (first_line.to_owned(), "see the JSON schema beside the scenarios for what may stand here".to_owned(), span)
}

fn advice(unknown: &str, known: &[&str], value: Option<f64>) -> String {
    if let Some((right, factor)) = same_quantity(unknown, known) {
        let example = value.map(|v| format!("; {v} here is `{right} = {}`", tidy(v * factor))).unwrap_or_default();
        return format!("wrong unit: did you mean `{right}`?{example}");
    }
    match nearest(unknown, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no key is known here".to_owned(),
        None => format!("known here: {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// A known key of the same stem in another unit of the same quantity, and the factor to it.
fn same_quantity<'k>(unknown: &str, known: &[&'k str]) -> Option<(&'k str, f64)> {
    let split = |key: &str| key.rsplit_once('_').map(|(stem, unit)| (stem.to_owned(), unit.to_owned()));
    let unit_of = |unit: &str| UNITS.iter().find(|(suffix, ..)| *suffix == unit);
    let (stem, unit) = split(unknown)?;
    let (_, quantity, factor) = unit_of(&unit)?;
    known.iter().find_map(|key| {
        let (other_stem, other_unit) = split(key)?;
        let (_, other_quantity, other_factor) = unit_of(&other_unit)?;
        (stem == other_stem && quantity == other_quantity).then_some((*key, factor / other_factor))
    })
}

/// The closest known word, if it is close enough to be a slip: at most a third of its letters differ.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let (distance, best) = known.iter().map(|k| (edit_distance(word, k), *k)).min_by_key(|(d, _)| *d)?;
    let starts = best.starts_with(word) || word.starts_with(best);
    (distance <= best.chars().count().div_ceil(3) || (starts && word.len() >= 3)).then_some(best)
}

/// Levenshtein distance (insertions, deletions, replacements), by rows.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn backticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn quoted_list(names: &[&str]) -> String {
    names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ")
}

fn plain_type(rust: &str) -> String {
    let rust = rust.trim();
    match rust {
        "f32" | "f64" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        "a sequence" => "a list in square brackets".to_owned(),
        "a boolean" => "true or false".to_owned(),
        other => match other.strip_prefix("struct ").or(other.strip_prefix("enum ")) {
            Some(name) => format!("a table ({name})"),
            None => other.to_owned(),
        },
    }
}

fn tidy(value: f64) -> String {
    // Six significant digits hide the rounding of the factors.
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    format!("{rounded}")
}

fn first_line_of(span: Range<usize>, text: &str) -> Range<usize> {
    let end = text.get(span.clone()).and_then(|t| t.find('\n')).map_or(span.end, |i| span.start + i);
    span.start..end
}

/// The span of a key inside or at `near`, and its value where that is a number.
///
/// Readers of tagged tables report the whole table; the key itself is what a person must change.
fn find_key(tree: &DeTable<'_>, name: &str, near: &Range<usize>, text: &str) -> Option<(Range<usize>, Option<f64>)> {
    let mut found = None;
    walk(tree, &mut |key_span, key, value| {
        let inside = key_span.start >= near.start && key_span.start < near.end.max(near.start + 1);
        if found.is_none() && key == name && inside {
            let number = match value {
                DeValue::Integer(_) | DeValue::Float(_) => None,
                _ => Some(()),
            };
            found = Some((key_span.clone(), number.is_none()));
        }
    });
    let (key_span, is_number) = found?;
    let number = is_number
        .then(|| text.get(key_span.end..)?.split_once('=')?.1.split(['\n', ',', '}', '#']).next()?.trim().parse().ok())
        .flatten();
    Some((key_span, number))
}

fn walk(table: &DeTable<'_>, visit: &mut impl FnMut(Range<usize>, &str, &DeValue<'_>)) {
    for (key, value) in table {
        visit(key.span(), key.get_ref(), value.get_ref());
        walk_value(value.get_ref(), visit);
    }
}

fn walk_value(value: &DeValue<'_>, visit: &mut impl FnMut(Range<usize>, &str, &DeValue<'_>)) {
    match value {
        DeValue::Table(table) => walk(table, visit),
        DeValue::Array(array) => array.iter().for_each(|v| walk_value(v.get_ref(), visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{edit_distance, nearest, same_quantity};

    #[test]
    fn edit_distances_match_the_classic_examples() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }

    #[test]
    fn a_slip_finds_its_key_and_a_stranger_finds_none() {
        assert_eq!(nearest("encouters", &["encounters", "seed", "title"]), Some("encounters"));
        assert_eq!(nearest("wipers", &["encounters", "seed", "title"]), None);
    }

    #[test]
    fn milliseconds_are_a_thousand_microseconds() {
        let (key, factor) = same_quantity("exposure_ms", &["gain_db", "exposure_us"]).expect("same stem and quantity");
        assert_eq!(key, "exposure_us");
        assert!((factor - 1000.0).abs() < 1e-9);
    }
}
