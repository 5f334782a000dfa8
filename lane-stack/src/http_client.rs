//! A stack behind the HTTP API as a [`StackClient`]: what runs against the stack in process runs against a service.
//!
//! Calls block. A request that got no answer is repeated once where that is safe: a frame has its place in the encounter's
//! sequence, and a service gives the same answer for the same place. What a service has no room for is sent again when it
//! says so, for as long as the client is patient.
use crate::api::{
    Closed, EncounterInfo, FillerOrder, FillersInfo, FrameAnswer, FrameQuery, GalleryInfo, InstalledCameras, MONO8,
    PROBLEM_TYPE, Problem, RGB8, Reference, StackInfo, check_id,
};
use crate::client::{Decisions, Frame, FrameEncoding, Reply, StackClient, StackError};
use crate::rig::CameraGeometry;
use crate::sound::Sound;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use ureq::http::{Method, Request, StatusCode, Uri, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig};

/// Greatest answer that is read, bytes: decisions of thousands of frames fit.
const MAX_ANSWER_BYTES: u64 = 256 << 20;
/// A connection that was idle for longer is not used again: services end such connections (`receive_s`).
const MAX_IDLE: Duration = Duration::from_secs(5);

/// Where a service is, and how to speak with it.
#[derive(Clone)]
pub struct HttpOptions {
    /// `http://127.0.0.1:8470`, or `https://…` beyond loopback.
    pub url: String,
    /// Its token.
    pub token: String,
    /// For `https`: PEM file of the certificates, or of the authorities, that the service is trusted by.
    pub trusted: Option<PathBuf>,
    /// Time for a connection to be made.
    pub connect: Duration,
    /// Time for a request from its beginning to its answer; more than the service's `answer_s`.
    pub answer: Duration,
    /// How long one call waits in all while the service has no room, or no answer yet.
    pub patience: Duration,
}

impl HttpOptions {
    /// The usual times: 5 s, 2 minutes, 5 minutes.
    pub fn new(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: token.into(),
            trusted: None,
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(120),
            patience: Duration::from_secs(300),
        }
    }
}

// The token is not printed.
impl std::fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpOptions").field("url", &self.url).field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

/// The encounter under way.
struct Open {
    id: String,
    next: u64,
}

/// A client of one service, for one encounter at a time. Several clients may share a service; they share its gallery.
pub struct HttpStack {
    agent: ureq::Agent,
    url: String,
    authorization: String,
    patience: Duration,
    info: StackInfo,
    /// Tells the encounters of this client from those of others.
    session: String,
    opened: u64,
    open: Option<Open>,
}

/// A request that may be sent again.
struct Call<'a> {
    method: Method,
    path: String,
    content_type: Option<&'static str>,
    body: Option<&'a [u8]>,
    /// Whether doing it twice does it once.
    repeatable: bool,
}

impl<'a> Call<'a> {
    fn new(method: Method, path: String) -> Self {
        Self { method, path, content_type: None, body: None, repeatable: true }
    }

    fn with_frame(mut self, frame: &'a Frame) -> Self {
        self.content_type = Some(match frame.encoding {
            FrameEncoding::Jpeg => "image/jpeg",
            FrameEncoding::Png => "image/png",
            FrameEncoding::Mono8 { .. } => MONO8,
            FrameEncoding::Rgb8 { .. } => RGB8,
        });
        self.body = Some(&frame.bytes);
        self
    }
}

/// What a service answered.
enum Said<T> {
    Yes(T),
    No(Problem),
}

impl HttpStack {
    /// Reaches a service and asks what it is.
    pub fn connect(options: HttpOptions) -> Result<Self, StackError> {
        let HttpOptions { url, token, trusted, connect, answer, patience } = options;
        let url = url.trim_end_matches('/').to_string();
        let wrong = |reason: String| StackError::Unreachable { url: url.clone(), reason };
        let uri: Uri = url.parse().map_err(|e| wrong(format!("not a URL: {e}")))?;
        let host = uri.host().unwrap_or("").trim_matches(['[', ']']);
        let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let roots = match (uri.scheme_str(), trusted) {
            (Some("http"), _) if loopback => None,
            (Some("http"), _) => {
                return Err(wrong("http beyond loopback would send the token in the clear; use https".to_string()));
            }
            (Some("https"), Some(path)) => Some(read_roots(&path).map_err(wrong)?),
            (Some("https"), None) => {
                return Err(wrong("https needs a file of trusted certificates".to_string()));
            }
            _ => return Err(wrong("the URL must begin with http:// or https://".to_string())),
        };
        let tls = TlsConfig::builder()
            .root_certs(roots.unwrap_or(RootCerts::Specific(Arc::new(Vec::new()))))
            .unversioned_rustls_crypto_provider(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(tls)
            .timeout_connect(Some(connect))
            .timeout_global(Some(answer))
            .max_idle_age(MAX_IDLE)
            .user_agent(concat!("lane-stack/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        static CLIENTS: AtomicU64 = AtomicU64::new(0);
        let session = format!("p{}-{}", std::process::id(), CLIENTS.fetch_add(1, Relaxed));
        let nothing = StackInfo {
            version: String::new(),
            about: Vec::new(),
            match_threshold: 0.0,
            quality_rule: crate::config::QualityRule::default(),
            gives_feedback: false,
        };
        let authorization = format!("Bearer {token}");
        let mut stack = Self { agent, url, authorization, patience, info: nothing, session, opened: 0, open: None };
        stack.info = stack.ask(&Call::new(Method::GET, "/v1/stack".to_string()))?;
        Ok(stack)
    }

    /// What the service said it is.
    pub fn info(&self) -> &StackInfo {
        &self.info
    }

    /// Number of references in the service's gallery.
    pub fn references(&self) -> Result<u64, StackError> {
        let info: GalleryInfo = self.ask(&Call::new(Method::GET, "/v1/gallery".to_string()))?;
        Ok(info.references)
    }

    /// Takes all references out of the service's gallery, also those that others put there; how many there were.
    pub fn empty_gallery(&mut self) -> Result<u64, StackError> {
        let info: GalleryInfo = self.ask(&Call::new(Method::DELETE, "/v1/gallery".to_string()))?;
        Ok(info.references)
    }

    /// Asks, and makes a refusal an error.
    fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, StackError> {
        match self.said(call)? {
            Said::Yes(answer) => Ok(answer),
            Said::No(problem) => Err(self.refused(problem)),
        }
    }

    fn refused(&self, problem: Problem) -> StackError {
        let Problem { title, status, detail, exposure_id, camera_id, model, reason, .. } = problem;
        let told = reason.clone().unwrap_or_else(|| detail.clone());
        match (exposure_id.zip(camera_id), model) {
            (Some((exposure_id, camera_id)), _) => StackError::Undecodable { exposure_id, camera_id, reason: told },
            (_, Some(model)) => StackError::Model { model, reason: told },
            _ => StackError::Refused { url: self.url.clone(), status, reason: format!("{title}: {detail}") },
        }
    }

    /// Sends a request until it is answered, or is not worth sending again.
    #[expect(clippy::disallowed_methods, reason = "waits as long as a service asks it to; no result depends on it")]
    fn said<T: DeserializeOwned>(&self, call: &Call) -> Result<Said<T>, StackError> {
        let begin = Instant::now();
        let mut repeats = u32::from(call.repeatable);
        loop {
            let (status, retry_after_s, body) = match self.send(call) {
                Ok(answer) => answer,
                Err(error) if repeats > 0 && is_broken(&error) => {
                    repeats -= 1;
                    continue;
                }
                Err(error) => return Err(self.unreachable(&error.to_string())),
            };
            if status.is_success() {
                let parsed = serde_json::from_slice(&body);
                return parsed.map(Said::Yes).map_err(|e| self.unreachable(&format!("an answer that is none: {e}")));
            }
            let problem: Problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem {
                title: "no problem that this client knows".to_string(),
                status: status.as_u16(),
                ..Problem::default()
            });
            let later = ["busy", "not-yet"].iter().any(|name| problem.kind.strip_prefix(PROBLEM_TYPE) == Some(name));
            let wait = Duration::from_secs(retry_after_s.unwrap_or(1));
            if !later || begin.elapsed() + wait > self.patience {
                return Ok(Said::No(problem));
            }
            std::thread::sleep(wait);
        }
    }

    fn unreachable(&self, reason: &str) -> StackError {
        StackError::Unreachable { url: self.url.clone(), reason: reason.to_string() }
    }

    /// Status, `Retry-After` and body of an answer.
    fn send(&self, call: &Call) -> Result<(StatusCode, Option<u64>, Vec<u8>), ureq::Error> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.url, call.path))
            .header(header::AUTHORIZATION, &self.authorization);
        if let Some(content_type) = call.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let mut response = match call.body {
            Some(body) => self.agent.run(request.body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after_s = retry_after.and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok((response.status(), retry_after_s, body))
    }
}

/// Whether a connection broke, so that nothing is known of the request.
fn is_broken(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Io(_) | ureq::Error::Protocol(_))
}

fn read_roots(path: &Path) -> Result<RootCerts, String> {
    let wrong = |reason: String| format!("{}: {reason}", path.display());
    let pem = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|e| wrong(e.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(wrong("holds no PEM certificate".to_string()));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

fn size_px(frame: &Frame) -> Option<(u32, u32)> {
    match frame.encoding {
        FrameEncoding::Mono8 { width_px, height_px } | FrameEncoding::Rgb8 { width_px, height_px } => {
            Some((width_px, height_px))
        }
        FrameEncoding::Jpeg | FrameEncoding::Png => None,
    }
}

/// A query as it stands behind a path. Ids are checked before, so that nothing needs escaping.
fn as_query(about: &FrameQuery) -> String {
    let FrameQuery { camera_id, exposure_id, mid_exposure_us, exposure_us, gain_db, sequence, width_px, height_px } =
        about;
    let mut text = format!(
        "?camera_id={camera_id}&exposure_id={exposure_id}&mid_exposure_us={mid_exposure_us}&exposure_us={exposure_us}\
         &gain_db={gain_db}"
    );
    let more =
        [("sequence", *sequence), ("width_px", width_px.map(u64::from)), ("height_px", height_px.map(u64::from))];
    for (name, value) in more {
        if let Some(value) = value {
            text.push_str(&format!("&{name}={value}"));
        }
    }
    text
}

impl StackClient for HttpStack {
    fn describe(&self) -> Vec<(String, String)> {
        self.info.about.clone()
    }

    fn install(&mut self, cameras: &[CameraGeometry]) -> Result<(), StackError> {
        let body = serde_json::to_vec(&InstalledCameras { cameras: cameras.to_vec() })
            .map_err(|e| StackError::Protocol(format!("the cameras' places: {e}")))?;
        let mut call = Call::new(Method::PUT, "/v1/rig".to_string());
        call.body = Some(&body);
        call.content_type = Some("application/json");
        match self.said::<InstalledCameras>(&call)? {
            Said::Yes(_) => Ok(()),
            // A service that knows no rigs does without.
            Said::No(problem) if problem.status == 404 || problem.status == 405 => Ok(()),
            Said::No(problem) => Err(self.refused(problem)),
        }
    }

    fn gives_feedback(&self) -> bool {
        self.info.gives_feedback
    }

    fn enrol(&mut self, reference_id: &str, picture: &Frame) -> Result<(), StackError> {
        let refused = |reason| StackError::Enrolment { reference_id: reference_id.to_string(), reason };
        check_id("reference_id", reference_id).map_err(refused)?;
        let size = size_px(picture).map_or(String::new(), |(w, h)| format!("?width_px={w}&height_px={h}"));
        let path = format!("/v1/gallery/references/{reference_id}{size}");
        match self.said::<Reference>(&Call::new(Method::PUT, path).with_frame(picture))? {
            Said::Yes(_) => Ok(()),
            Said::No(problem) if problem.reference_id.is_some() => {
                Err(refused(problem.reason.unwrap_or(problem.detail)))
            }
            // The service knows no exposure of a reference picture; the caller does.
            Said::No(problem) => Err(match self.refused(problem) {
                StackError::Undecodable { reason, .. } => StackError::Undecodable {
                    exposure_id: picture.exposure_id,
                    camera_id: picture.camera_id.clone(),
                    reason,
                },
                other => other,
            }),
        }
    }

    fn fill(&mut self, count: u32, seed: u64) -> Result<u32, StackError> {
        let body = serde_json::to_vec(&FillerOrder { count, seed })
            .map_err(|e| StackError::Protocol(format!("an order of fillers: {e}")))?;
        let mut call = Call::new(Method::PUT, "/v1/gallery/fillers".to_string());
        call.body = Some(&body);
        call.content_type = Some("application/json");
        match self.said::<FillersInfo>(&call)? {
            Said::Yes(FillersInfo { fillers }) => Ok(fillers),
            // A service that knows no fillers does without.
            Said::No(problem) if problem.status == 404 || problem.status == 405 => Ok(0),
            Said::No(problem) => Err(self.refused(problem)),
        }
    }

    fn open_encounter(&mut self, encounter: u64) -> Result<(), StackError> {
        if self.open.is_some() {
            let message = format!("encounter {encounter} opened before the one under way was closed");
            return Err(StackError::Protocol(message));
        }
        // A broken connection leaves open whether this one was opened: the second try has another id.
        let mut tries = 2;
        let id = loop {
            tries -= 1;
            let id = format!("{}-{}-{encounter}", self.session, self.opened);
            self.opened += 1;
            let mut call = Call::new(Method::PUT, format!("/v1/encounters/{id}"));
            call.body = Some(&[]);
            call.repeatable = false;
            match self.ask::<EncounterInfo>(&call) {
                Ok(_) => break id,
                Err(StackError::Unreachable { .. }) if tries > 0 => {}
                Err(error) => return Err(error),
            }
        };
        self.open = Some(Open { id, next: 0 });
        Ok(())
    }

    fn push_frame(&mut self, frame: Frame) -> Result<Reply, StackError> {
        let Some(Open { id, next }) = &self.open else {
            return Err(StackError::Protocol(format!("frame {} came outside an encounter", frame.exposure_id)));
        };
        check_id("camera_id", &frame.camera_id).map_err(StackError::Protocol)?;
        let size = size_px(&frame);
        let about = FrameQuery {
            camera_id: frame.camera_id.clone(),
            exposure_id: frame.exposure_id,
            mid_exposure_us: frame.mid_exposure_us,
            exposure_us: frame.exposure_us,
            gain_db: frame.gain_db,
            sequence: Some(*next),
            width_px: size.map(|s| s.0),
            height_px: size.map(|s| s.1),
        };
        let path = format!("/v1/encounters/{id}/frames{}", as_query(&about));
        let said = self.said::<FrameAnswer>(&Call::new(Method::POST, path).with_frame(&frame))?;
        // A frame that came in has its place, whether it was a picture or not.
        let (placed, answer) = match said {
            Said::Yes(FrameAnswer { reply, .. }) => {
                let sound = reply.check();
                (true, sound.map(|()| reply).map_err(|reason| self.unreachable(&reason)))
            }
            Said::No(problem) => (problem.exposure_id.is_some() || problem.model.is_some(), Err(self.refused(problem))),
        };
        if placed && let Some(open) = &mut self.open {
            open.next += 1;
        }
        answer
    }

    fn close_encounter(&mut self) -> Result<Decisions, StackError> {
        let Some(Open { id, .. }) = self.open.take() else {
            return Err(StackError::Protocol("an encounter was closed that was not open".to_string()));
        };
        let mut call = Call::new(Method::POST, format!("/v1/encounters/{id}/close"));
        call.body = Some(&[]);
        let closed: Result<Closed, StackError> = self.ask(&call);
        // The service need not keep what is here; should it be gone already, all the better.
        self.send(&Call::new(Method::DELETE, format!("/v1/encounters/{id}"))).ok();
        let decisions = closed?.decisions;
        decisions.check().map_err(|reason| self.unreachable(&reason))?;
        Ok(decisions)
    }
}
