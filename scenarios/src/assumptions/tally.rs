//! What is kept of an encounter: when it was, who sat in which row, and which cameras captured them.
use serde::{Deserialize, Serialize};

use laneproof_statistics::clustered::Cluster;

use crate::score::EncounterScore;

/// One encounter. As text, so that a line of a file holds it: index, hour, then row and cameras of each occupant,
/// `17 13h 1:3 1:0 2:1`, and `×1.25` behind the hour where it does not count for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tally {
    /// Index.
    pub encounter: u64,
    /// Local time, whole hours from midnight.
    pub hour: u8,
    /// For how many encounters it counts.
    pub weight: f64,
    /// Of every occupant the row, and the cameras with a verified shot of theirs: bit i is the camera i of the list beside.
    pub people: Vec<(u8, u32)>,
}

impl From<Tally> for String {
    fn from(Tally { encounter, hour, weight, people }: Tally) -> Self {
        let mut text = format!("{encounter} {hour}h");
        if weight != 1.0 {
            text += &format!(" ×{weight}");
        }
        people.iter().for_each(|(row, cameras)| text += &format!(" {row}:{cameras}"));
        text
    }
}

impl TryFrom<String> for Tally {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no tally; one is \"17 13h 1:3 1:0\"");
        let mut words = text.split(' ').peekable();
        let encounter = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
        let hour = words.next().and_then(|word| word.strip_suffix('h')?.parse().ok());
        let hour = hour.filter(|hour| *hour < 24).ok_or_else(wrong)?;
        let weight = words.next_if(|word| word.starts_with('×'));
        let weight = weight.map_or(Some(1.0), |word| word.trim_start_matches('×').parse().ok());
        let weight = weight.filter(|weight: &f64| *weight > 0.0 && weight.is_finite()).ok_or_else(wrong)?;
        let person = |word: &str| {
            let (row, cameras) = word.split_once(':')?;
            Some((row.parse().ok()?, cameras.parse().ok()?))
        };
        let people = words.map(person).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        Ok(Self { encounter, hour, weight, people })
    }
}

impl Tally {
    /// Tallies a scored encounter; cameras that the list does not name yet are added to it.
    pub fn of(score: &EncounterScore, cameras: &mut Vec<String>) -> Self {
        let mut bit = |camera: &String| {
            let at = cameras.iter().position(|known| known == camera).unwrap_or_else(|| {
                cameras.push(camera.clone());
                cameras.len() - 1
            });
            1u32.checked_shl(at as u32).unwrap_or(0)
        };
        let people =
            score.occupants.iter().map(|o| (o.who.row, o.captured_by.iter().map(&mut bit).fold(0, |a, b| a | b)));
        let people = people.collect();
        let hour = score.occupants.first().map_or(0, |o| o.conditions.local_hour.rem_euclid(24.0) as u8);
        Self { encounter: score.encounter, hour, weight: score.weight, people }
    }

    /// Its occupants in one row or in all, captured by one camera or by any.
    pub fn occupants(&self, row: Option<u8>, camera: Option<usize>) -> Cluster {
        let there = || self.people.iter().filter(|(r, _)| row.is_none_or(|row| row == *r));
        let seen = |mask: u32| camera.map_or(mask != 0, |camera| mask.checked_shr(camera as u32).unwrap_or(0) & 1 == 1);
        let hits = there().filter(|(_, mask)| seen(*mask)).count() as u64;
        Cluster { weight: self.weight, hits, of: there().count() as u64 }
    }

    /// Whether everyone in it was captured.
    pub fn vehicle(&self) -> Cluster {
        Cluster { weight: self.weight, hits: u64::from(self.people.iter().all(|(_, mask)| *mask != 0)), of: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn occupants_are_counted_by_row_and_camera() {
        let tally = Tally { encounter: 3, hour: 7, weight: 1.0, people: vec![(1, 0b01), (1, 0b11), (2, 0), (2, 0b10)] };
        let count = |row, camera| {
            let cluster = tally.occupants(row, camera);
            (cluster.hits, cluster.of)
        };
        assert_eq!(count(None, None), (3, 4));
        assert_eq!(count(Some(1), None), (2, 2));
        assert_eq!(count(Some(2), None), (1, 2));
        assert_eq!(count(None, Some(0)), (2, 4));
        assert_eq!(count(Some(2), Some(1)), (1, 2));
        assert_eq!(count(Some(3), None), (0, 0));
        assert_eq!(tally.vehicle().hits, 0);
    }

    #[test]
    fn a_line_of_text_holds_a_tally() {
        for text in ["17 13h 1:3 1:0 2:1", "0 0h", "9 23h ×1.25 3:7"] {
            let tally = Tally::try_from(text.to_owned()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(String::from(tally), text);
        }
        for text in
            ["", "x 13h", "17 13", "17 24h", "17 13h ×0", "17 13h ×-1 1:1", "17 13h 1", "17 13h 1:x", "17 13h  1:1"]
        {
            assert!(Tally::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
