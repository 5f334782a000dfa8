//! The program itself: started, asked a line, ended. All that it may keep somebody waiting for, or fill memory with,
//! has a bound.
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, send};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Between a program's closing of its output and its end: what is on its way out needs milliseconds.
const ENDING: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// What came back for a line.
#[derive(Debug)]
pub(super) enum Heard {
    Line(Vec<u8>),
    /// More than one line came at once.
    Lines,
    TooLong,
    /// It closed its output, or takes no more input.
    Ended,
    Failed(String),
}

/// A program that is asked one line at a time. Killed with all that it started when it misbehaves, and when dropped.
pub(super) struct Program {
    child: Option<Child>,
    requests: Sender<Vec<u8>>,
    heard: Receiver<Heard>,
    answer: Duration,
    max_line_bytes: usize,
    /// Why it is asked no more.
    broken: Option<String>,
}

impl Program {
    /// Starts it. `words` are the program and its arguments; what it writes to standard error goes where ours goes.
    pub fn start(words: &[String], answer: Duration, max_line_bytes: usize) -> Result<Self, String> {
        let [name, arguments @ ..] = words else { return Err("no program is named".to_string()) };
        let failed = |e: std::io::Error| format!("cannot be started: {e}");
        // A socket, not a pipe: writing to one that nobody reads can be told not to raise a signal.
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let mut child = Command::new(name)
            .args(arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|e| format!("{name} cannot be started: {e}; the command must begin with a program"))?;
        let stdout = child.stdout.take();
        let (requests, asked) = channel();
        let (tell, heard) = channel();
        let program = Self { child: Some(child), requests, heard, answer, max_line_bytes, broken: None };
        let stdout = stdout.ok_or("its output cannot be read")?;
        // Not joined: what the program started in a group of its own may hold the pipe for longer than it lives.
        std::thread::Builder::new()
            .name("stack program".to_string())
            .spawn(move || converse(&ours, stdout, max_line_bytes, &asked, &tell))
            .map_err(failed)?;
        Ok(program)
    }

    /// Sends a line, which must end with a line feed, and waits for the one that answers it. `what` names the call.
    /// After a failure the program is ended, and every further call gets the same reason.
    pub fn ask(&mut self, what: &str, line: Vec<u8>) -> Result<Vec<u8>, String> {
        if let Some(reason) = &self.broken {
            return Err(reason.clone());
        }
        let sent = self.requests.send(line);
        let heard = if sent.is_ok() { self.heard.recv_timeout(self.answer) } else { Ok(Heard::Ended) };
        let reason = match heard {
            Ok(Heard::Line(line)) => return Ok(line),
            Ok(Heard::Lines) => format!("answered more than one line to {what}"),
            Ok(Heard::TooLong) => {
                format!("answered {what} with a line of more than {} bytes", self.max_line_bytes)
            }
            Ok(Heard::Failed(reason)) => format!("its answer to {what} cannot be read: {reason}"),
            Ok(Heard::Ended) | Err(RecvTimeoutError::Disconnected) => {
                format!("{} instead of answering {what}", ended(self.end_itself()))
            }
            Err(RecvTimeoutError::Timeout) => {
                format!("gave no answer to {what} within {} s", self.answer.as_secs_f64())
            }
        };
        Err(self.give_up(reason))
    }

    /// Ends the program for a reason that every further call is told.
    pub fn give_up(&mut self, reason: String) -> String {
        self.end();
        self.broken = Some(reason.clone());
        reason
    }

    /// Lets a program that has closed its output end by itself, for a moment, so that its exit status can be told.
    fn end_itself(&mut self) -> Option<ExitStatus> {
        if let Some(child) = &self.child
            && let Ok(process) = pidfd_open(Pid::from_child(child), PidfdFlags::empty())
        {
            poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&ENDING)).ok();
        }
        self.end()
    }

    /// Kills and reaps it; how it ended, the first time.
    fn end(&mut self) -> Option<ExitStatus> {
        let mut child = self.child.take()?;
        // Not reaped yet, so the number is still its own and its group's, even where it has ended by itself.
        kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
        child.wait().ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

fn ended(status: Option<ExitStatus>) -> String {
    match status {
        Some(status) if status.signal() == Some(Signal::KILL.as_raw()) => {
            "closed its output, or was killed,".to_string()
        }
        Some(status) => format!("ended ({status})"),
        None => "ended".to_string(),
    }
}

/// Sends each line and reads the one that answers it, until either side ends.
fn converse(
    input: &UnixStream,
    output: ChildStdout,
    max_line_bytes: usize,
    asked: &Receiver<Vec<u8>>,
    tell: &Sender<Heard>,
) {
    let mut reader = BufReader::new(output);
    for line in asked {
        let heard = if send_all(input, &line).is_ok() { read_line(&mut reader, max_line_bytes) } else { Heard::Ended };
        let last = !matches!(heard, Heard::Line(_));
        if tell.send(heard).is_err() || last {
            return;
        }
    }
}

fn send_all(input: &UnixStream, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let sent = rustix::io::retry_on_intr(|| send(input, bytes, SendFlags::NOSIGNAL))?;
        bytes = &bytes[sent..];
    }
    Ok(())
}

/// The next line without its end, or why there is none.
pub(super) fn read_line(reader: &mut BufReader<impl Read>, max_bytes: usize) -> Heard {
    let mut line = Vec::new();
    match reader.take(max_bytes as u64 + 1).read_until(b'\n', &mut line) {
        Err(error) => Heard::Failed(error.to_string()),
        Ok(read) if read > max_bytes => Heard::TooLong,
        Ok(_) if line.pop() != Some(b'\n') => Heard::Ended,
        Ok(_) if reader.buffer().is_empty() => Heard::Line(line),
        Ok(_) => Heard::Lines,
    }
}
