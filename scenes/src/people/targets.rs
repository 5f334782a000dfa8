//! Morph targets: sparse displacement lists (`index dx dy dz`, decimetres, some packed with gzip).
use std::{collections::BTreeMap, io::Read as _, path::Path};

use flate2::read::GzDecoder;
use glam::Vec3;
use rayon::prelude::*;

use super::{
    base_mesh::{METRES_PER_UNIT, VERTEX_COUNT},
    error::{PeopleError, read},
};

/// One morph target, metres.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub indices: Vec<u16>,
    pub offsets_m: Vec<Vec3>,
}

impl Target {
    /// Adds `weight` × the target to the positions.
    pub fn add_to(&self, positions_m: &mut [Vec3], weight: f32) {
        for (&i, &offset) in self.indices.iter().zip(&self.offsets_m) {
            positions_m[usize::from(i)] += offset * weight;
        }
    }
}

/// Every target that some identity can use, by its path below `targets/` without the extension.
#[derive(Debug)]
pub(super) struct Targets(BTreeMap<String, Target>);

impl Targets {
    /// Reads the named targets, keeping the displacements of vertices that `used` marks.
    pub fn load(folder: &Path, names: &[String], used: &[bool]) -> Result<Self, PeopleError> {
        let read_one = |name: &String| -> Result<(String, Target), PeopleError> {
            let plain = folder.join(format!("{name}.target"));
            if plain.exists() {
                return Ok((name.clone(), parse(&plain, &read(&plain)?, used)?));
            }
            let path = folder.join(format!("{name}.target.gz"));
            let packed = read(&path)?;
            let mut text = Vec::with_capacity(packed.len() * 4);
            GzDecoder::new(packed.as_slice())
                .read_to_end(&mut text)
                .map_err(|e| PeopleError::malformed(&path, 0, format!("not a whole gzip file: {e}")))?;
            Ok((name.clone(), parse(&path, &text, used)?))
        };
        names.par_iter().map(read_one).collect::<Result<BTreeMap<_, _>, _>>().map(Self)
    }

    pub fn get(&self, name: &str) -> Option<&Target> {
        self.0.get(name)
    }

    /// Adds the targets of another folder.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Adds a target, or replaces it.
    pub fn insert(&mut self, name: &str, target: Target) {
        self.0.insert(name.to_owned(), target);
    }

    /// All targets with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.0.iter().map(|(name, target)| (name.as_str(), target))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

fn parse(path: &Path, text: &[u8], used: &[bool]) -> Result<Target, PeopleError> {
    let mut target = Target::default();
    for (line_index, line) in text.split(|b| *b == b'\n').enumerate() {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty());
        let Some(first) = words.next() else { continue };
        if first[0] == b'#' {
            continue;
        }
        let bad = || PeopleError::malformed(path, line_index + 1, "expected `index dx dy dz`");
        let index = decimal(first).filter(|i| i.fract() == 0.0 && *i >= 0.0).ok_or_else(bad)? as usize;
        if index >= VERTEX_COUNT {
            return Err(PeopleError::malformed(
                path,
                line_index + 1,
                format!("vertex {index} is not in the base mesh"),
            ));
        }
        let mut offset = [0.0; 3];
        for value in &mut offset {
            *value = words.next().and_then(decimal).ok_or_else(bad)? * METRES_PER_UNIT;
        }
        if used[index] {
            target.indices.push(index as u16);
            target.offsets_m.push(offset.into());
        }
    }
    Ok(target)
}

/// A plain decimal number (`-.011`, `3`, `1.5e-4`); the targets hold tens of millions of them, and `str::parse` is slower.
fn decimal(word: &[u8]) -> Option<f32> {
    let (negative, digits) = match word.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, word),
    };
    let (mut mantissa, mut scale, mut fraction, mut any) = (0_u64, 1.0_f64, false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' if mantissa < 1_000_000_000_000 => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                scale *= if fraction { 10.0 } else { 1.0 };
                any = true;
            }
            b'0'..=b'9' if fraction => any = true,
            b'.' if !fraction => fraction = true,
            _ => return std::str::from_utf8(word).ok()?.parse().ok().filter(|x: &f32| x.is_finite()),
        }
    }
    let value = (mantissa as f64 / scale) as f32;
    any.then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_read_as_the_standard_library_reads_them() {
        for text in ["0", "-.011", "3", "12.5", "+4.25", "1.5e-4", "-0.0", "19157"] {
            assert_eq!(decimal(text.as_bytes()), text.parse::<f32>().ok(), "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "x", "nan", "--1"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }
}
