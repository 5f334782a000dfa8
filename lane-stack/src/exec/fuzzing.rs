//! What a program may write, read and understood as [`super::ExecStack`] does it; see [`crate::fuzzing`].
use super::program::{Heard, read_line};
use super::protocol::{Decided, Description, Done, understand};
use crate::client::{FrameEncoding, Reply};
use crate::fuzzing;
use std::io::BufReader;

/// Longest answer, bytes.
const MAX_LINE_BYTES: usize = 1 << 14;

/// What a program writes to its output: the first byte says which call it answers. A line that is no answer must be told in
/// words, and decisions that were understood must be the same once they were said again.
pub fn exec_answer(bytes: &[u8]) {
    let [call, rest @ ..] = bytes else { return };
    let mut reader = BufReader::with_capacity(64, rest);
    let line = match read_line(&mut reader, MAX_LINE_BYTES) {
        Heard::Line(line) => line,
        other => {
            let lines = rest.iter().filter(|&&b| b == b'\n').count();
            assert!(lines != 1 || rest.len() > MAX_LINE_BYTES || !rest.ends_with(b"\n"), "one line was {other:?}");
            return;
        }
    };
    assert!(line.len() <= MAX_LINE_BYTES && !line.contains(&b'\n'));
    let picture = fuzzing::frame(FrameEncoding::Jpeg, b"");
    let reason = match call % 5 {
        0 => understand::<Description>(&line, "program", None, None).err(),
        1 => understand::<Done>(&line, "program", Some(&picture), Some("reference")).err(),
        2 => understand::<Done>(&line, "program", None, None).err(),
        3 => understand::<Reply>(&line, "program", Some(&picture), None).err(),
        _ => match understand::<Decided>(&line, "program", None, None) {
            Ok(Ok(Decided { decisions })) => {
                let said = serde_json::to_string(&decisions).unwrap_or_else(|e| panic!("{e}"));
                let again = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{said}: {e}"));
                assert!(decisions == again, "decisions changed by being said again: {said}");
                None
            }
            Ok(Err(_)) => None,
            Err(reason) => Some(reason),
        },
    };
    assert!(reason.is_none_or(|reason| !reason.trim().is_empty()), "no reason is given");
}
