//! A stack that is a program of its own, as a [`StackClient`]: it reads a line of JSON on standard input for each
//! call, and answers with a line of JSON on standard output. Pictures lie in files. `docs/stack-exec.md` describes the
//! protocol.
//!
//! The program is started with the client and killed with it. One that dies, answers nonsense, too late or too much is
//! ended at once, and every further call gets the reason: nobody knows what it would say next.
pub(crate) mod fuzzing;
mod program;
mod protocol;

use crate::client::{Decisions, Frame, Reply, StackClient, StackError};
use crate::rig::CameraGeometry;
use crate::sound::Sound;
use program::Program;
pub use protocol::PROTOCOL;
use protocol::{Call, Decided, Description, Done, FrameFile, encoding_name, understand};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// What the address of such a stack begins with; the command follows.
pub const SCHEME: &str = "exec:";
/// How much of an answer that is none is shown, characters.
const SHOWN: usize = 80;

/// Which program, and how long one waits for it.
#[derive(Debug, Clone)]
pub struct ExecOptions {
    /// The command as it was given, for messages.
    pub command: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Time for one answer. That to the first call includes the loading of models.
    pub answer: Duration,
    /// Longest answer, bytes.
    pub max_line_bytes: usize,
}

impl ExecOptions {
    /// A command with the usual bounds: 2 minutes and 256 MiB an answer. It is split into words as a POSIX shell
    /// splits it, quotes and backslashes included; no shell runs, so nothing is expanded. The reason in words when it
    /// cannot be.
    pub fn new(command: &str) -> Result<Self, String> {
        let words = shlex::split(command).ok_or_else(|| format!("a quote is not closed in the command {command}"))?;
        if words.is_empty() {
            return Err(format!(
                "no program is named: {SCHEME} is followed by a command, such as \"python3 stack.py\""
            ));
        }
        Ok(Self {
            command: command.trim().to_string(),
            words,
            answer: Duration::from_secs(120),
            max_line_bytes: 256 << 20,
        })
    }
}

/// A stack in a program of its own, for one encounter at a time.
pub struct ExecStack {
    program: Program,
    command: String,
    about: Vec<(String, String)>,
    gives_feedback: bool,
    /// Whether it asked to be told where the cameras are.
    takes_cameras: bool,
    /// Where pictures lie until they are answered.
    folder: TempDir,
    files: u64,
    open: bool,
}

impl ExecStack {
    /// Starts the program and asks what it is.
    pub fn start(options: &ExecOptions) -> Result<Self, StackError> {
        let ExecOptions { command, words, answer, max_line_bytes } = options;
        let wrong = |reason: String| unreachable(command, &reason);
        let folder = std::path::absolute(std::env::temp_dir())
            .and_then(|parent| tempfile::Builder::new().prefix("laneproof-frames-").tempdir_in(parent))
            .map_err(|e| wrong(format!("no temporary folder for its frames: {e}; TMPDIR names another place")))?;
        if folder.path().to_str().is_none() {
            return Err(wrong("TMPDIR is not UTF-8, as JSON must be".to_string()));
        }
        let program = Program::start(words, *answer, *max_line_bytes).map_err(wrong)?;
        let mut stack = Self {
            program,
            command: command.clone(),
            about: Vec::new(),
            gives_feedback: false,
            takes_cameras: false,
            folder,
            files: 0,
            open: false,
        };
        let Description { protocol, about, gives_feedback, takes_cameras } =
            stack.ask(&Call::Describe { protocol: PROTOCOL }, None, None)?;
        if protocol != PROTOCOL {
            return Err(stack.broken(format!("speaks protocol {protocol}, and not {PROTOCOL}")));
        }
        stack.about = about;
        stack.gives_feedback = gives_feedback;
        stack.takes_cameras = takes_cameras;
        Ok(stack)
    }

    /// Asks, and makes a refusal an error. `picture` and `reference_id` are what the call is about.
    fn ask<T: DeserializeOwned + Sound>(
        &mut self,
        call: &Call<'_>,
        picture: Option<&Frame>,
        reference_id: Option<&str>,
    ) -> Result<T, StackError> {
        let what = call.name();
        // Strings and numbers; floats that are none become null, which the program refuses.
        let mut line = serde_json::to_vec(call).map_err(|e| unreachable(&self.command, &e.to_string()))?;
        line.push(b'\n');
        let answer = self.program.ask(what, line).map_err(|reason| unreachable(&self.command, &reason))?;
        let reason = match understand(&answer, &self.command, picture, reference_id) {
            Ok(understood) => return understood,
            Err(reason) => reason,
        };
        let shown: String = String::from_utf8_lossy(&answer).chars().take(SHOWN).collect();
        Err(self.broken(format!("answered {what} with what is no answer to it: {reason}; it began with {shown:?}")))
    }

    /// Ends the program.
    fn broken(&mut self, reason: String) -> StackError {
        unreachable(&self.command, &self.program.give_up(reason))
    }

    /// Lays a picture into a file for as long as a call takes.
    fn with_file<T>(
        &mut self,
        picture: &Frame,
        ask: impl FnOnce(&mut Self, FrameFile<'_>) -> Result<T, StackError>,
    ) -> Result<T, StackError> {
        let path: PathBuf = self.folder.path().join(format!("{:06}.{}", self.files, encoding_name(picture.encoding)));
        self.files += 1;
        let written = std::fs::write(&path, &picture.bytes);
        let answer = match written {
            Ok(()) => ask(self, FrameFile::new(&path, picture)),
            Err(e) => {
                let reason = format!("the picture cannot be laid down at {}: {e}", path.display());
                Err(unreachable(&self.command, &reason))
            }
        };
        // The program may have taken it away itself.
        std::fs::remove_file(&path).ok();
        answer
    }
}

fn unreachable(command: &str, reason: &str) -> StackError {
    StackError::Unreachable { url: format!("{SCHEME}{command}"), reason: reason.to_string() }
}

impl StackClient for ExecStack {
    fn describe(&self) -> Vec<(String, String)> {
        self.about.clone()
    }

    fn install(&mut self, cameras: &[CameraGeometry]) -> Result<(), StackError> {
        if self.takes_cameras {
            self.ask(&Call::Install { cameras }, None, None).map(|Done {}| ())?;
        }
        Ok(())
    }

    fn gives_feedback(&self) -> bool {
        self.gives_feedback
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        self.with_file(picture, |stack, file| {
            let call = Call::Enrol { reference_id, picture: file };
            stack.ask(&call, Some(picture), Some(reference_id)).map(|Done {}| ())
        })
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        if self.open {
            let message = format!("encounter {encounter} opened before the one under way was closed");
            return Err(StackError::Protocol(message));
        }
        self.ask(&Call::OpenEncounter { encounter }, None, None).map(|Done {}| ())?;
        self.open = true;
        Ok(())
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        if !self.open {
            return Err(StackError::Protocol(format!("frame {} came outside an encounter", frame.exposure_id)));
        }
        self.with_file(&frame, |stack, file| {
            let call = Call::PushFrame { frame: file };
            stack.ask(&call, Some(&frame), None)
        })
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        if !std::mem::take(&mut self.open) {
            return Err(StackError::Protocol("an encounter was closed that was not open".to_string()));
        }
        self.ask(&Call::CloseEncounter, None, None).map(|Decided { decisions }| decisions)
    }
}
