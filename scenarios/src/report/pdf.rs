//! The page on paper: printed to PDF by a Chromium that is installed.
use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Names that a Chromium has on PATH, first found first taken.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// None of the browsers is on PATH.
    #[error(
        "no browser that prints PDF is on PATH (looked for {}); install one, for example with `apt-get install chromium`, or \
         print report.html from any browser",
        NAMES.join(", ")
    )]
    NoBrowser,
    /// The browser cannot be started.
    #[error("{} cannot be started: {source}", browser.display())]
    NotStarted {
        /// The program.
        browser: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The browser ended without a PDF.
    #[error("{} made no PDF ({status}): {said}", browser.display())]
    NotPrinted {
        /// The program.
        browser: PathBuf,
        /// How it ended.
        status: String,
        /// The end of what it said.
        said: String,
    },
    /// The PDF cannot be put in its place.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The first browser of [`NAMES`] in a PATH.
fn browser_in(path: &OsStr) -> Option<PathBuf> {
    let places: Vec<PathBuf> = std::env::split_paths(path).collect();
    NAMES.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|program| program.is_file())
}

/// Prints a page, looking for a browser on `path` (the PATH of the environment).
pub fn print(page: &Path, pdf: &Path, path: &OsStr) -> Result<(), PdfError> {
    let browser = browser_in(path).ok_or(PdfError::NoBrowser)?;
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| PdfError::Io { path, source }
    };
    let page = fs::canonicalize(page).map_err(io(page))?;
    let folder = page.parent().unwrap_or(Path::new("/"));
    let profile = folder.join("report.pdf.profile");
    // Beside its place, and renamed into it: a browser that dies leaves no half file.
    let made = folder.join("report.pdf.part");
    let with = |option: &str, file: &Path| {
        let mut word = OsString::from(option);
        word.push(file);
        word
    };
    let mut command = Command::new(&browser);
    command
        .args(["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"])
        .arg(with("--user-data-dir=", &profile))
        .arg(with("--print-to-pdf=", &made));
    if is_root() {
        // Chromium's own sandbox does not work for root, and it refuses to start.
        command.arg("--no-sandbox");
    }
    let output = command.arg(file_url(&page)).output();
    fs::remove_dir_all(&profile).ok();
    let output = output.map_err(|source| PdfError::NotStarted { browser: browser.clone(), source })?;
    if !output.status.success() || !made.is_file() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().rev().take(3).collect();
        let said = lines.into_iter().rev().collect::<Vec<_>>().join(" / ");
        return Err(PdfError::NotPrinted { browser, status: output.status.to_string(), said });
    }
    fs::rename(&made, pdf).map_err(io(pdf))
}

/// A path as a URL (RFC 3986, 2.3): whatever is not unreserved is given by its bytes.
fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => url.push(char::from(*byte)),
            _ => url += &format!("%{byte:02X}"),
        }
    }
    url
}

/// Whether this process is root's, where the system tells.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
    }
    #[cfg(not(unix))]
    {
        false
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    use super::{file_url, print};

    fn program(folder: &Path, text: &str) {
        let path = folder.join("google-chrome");
        fs::write(&path, text).expect("write");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("may be run");
    }

    /// Contract: without a browser the error names what to install; one that fails leaves no file, one that prints leaves the PDF.
    #[test]
    fn the_pdf_is_whole_or_the_error_says_what_is_missing() {
        let folder = tempfile::tempdir().expect("folder");
        let (page, pdf) = (folder.path().join("report.html"), folder.path().join("report.pdf"));
        fs::write(&page, "<p>page").expect("write");
        let path = folder.path().as_os_str();
        let error = print(&page, &pdf, path).expect_err("no browser").to_string();
        assert!(error.contains("chromium") && error.contains("google-chrome") && error.contains("install"), "{error}");
        program(folder.path(), "#!/bin/sh\necho no display >&2\nexit 3\n");
        let error = print(&page, &pdf, path).expect_err("fails").to_string();
        assert!(error.contains("no display") && !pdf.exists(), "{error}");
        let words =
            "for word; do case $word in --print-to-pdf=*) out=${word#*=};; file://*) page=${word#file://};; esac; done";
        program(
            folder.path(),
            &format!("#!/bin/sh\n{words}\nread -r text < \"$page\" || :\necho \"$text\" > \"$out\"\n"),
        );
        print(&page, &pdf, path).expect("prints");
        assert_eq!(fs::read_to_string(&pdf).expect("there"), "<p>page\n");
        assert_eq!(file_url(Path::new("/a b/#1 ü.html")), "file:///a%20b/%231%20%C3%BC.html");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("list").map(|e| e.expect("entry").file_name()).collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }
}
