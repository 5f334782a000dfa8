//! Refusals: RFC 9457 problem details, each with a name that programs can rely on.
use crate::api::{PROBLEM, PROBLEM_TYPE, Problem};
use crate::client::StackError;
use crate::gallery::GalleryError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Name, HTTP status and title of every problem.
pub const PROBLEMS: [(&str, u16, &str); 30] = [
    ("bad-id", 400, "An id is not as it must be"),
    ("bad-query", 400, "The query is not as it must be"),
    ("bad-value", 400, "A value is not one that can be used"),
    ("bad-stream", 400, "The stream of frames is not as it must be"),
    ("cut-off", 400, "The body ended before its end"),
    ("unauthorised", 401, "The token is missing or wrong"),
    ("unknown-route", 404, "There is nothing at this address"),
    ("unknown-encounter", 404, "No such encounter"),
    ("unknown-reference", 404, "No such reference"),
    ("wrong-method", 405, "This address does not take this method"),
    ("too-slow", 408, "The body did not arrive in time"),
    ("encounter-exists", 409, "The encounter is there already"),
    ("not-open", 409, "The encounter takes no more frames"),
    ("not-decided", 409, "The encounter has not decided yet"),
    ("sequence-taken", 409, "Another frame has this place in the encounter"),
    ("exposure-taken", 409, "Another frame of the encounter has this exposure id"),
    ("too-many-frames", 409, "The encounter has as many frames as it may"),
    ("gallery-refused", 409, "The gallery's policy or rules forbid it"),
    ("too-large", 413, "The body has too many bytes"),
    ("too-many-pixels", 413, "The picture has too many pixels"),
    ("unknown-media-type", 415, "The content type is none that can be read"),
    ("undecodable", 422, "The bytes are not the picture they claim to be"),
    ("no-face", 422, "The picture cannot be enrolled"),
    ("busy", 429, "More is under way than may be"),
    ("failed", 500, "The stack failed"),
    ("gallery-failed", 500, "The gallery failed"),
    ("gallery-busy", 503, "Another process has the gallery open"),
    ("shutting-down", 503, "The service is shutting down"),
    ("not-yet", 503, "The answer is not there yet"),
    ("gallery-disk", 507, "The gallery's disk is full or fails"),
];

/// A problem on its way out, and after how many seconds it is worth another try.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What is told.
    pub problem: Box<Problem>,
    /// `Retry-After`, seconds.
    pub retry_after_s: Option<u64>,
}

/// A refusal by the name of its problem.
///
/// # Panics
/// When the name is not in [`PROBLEMS`]: a defect.
pub fn refuse(name: &str, detail: impl Into<String>) -> Refusal {
    let found = PROBLEMS.iter().find(|(known, ..)| *known == name);
    let &(_, status, title) = found.unwrap_or_else(|| panic!("problem {name} is not listed"));
    let kind = format!("{PROBLEM_TYPE}{name}");
    let problem = Problem { kind, title: title.to_string(), status, detail: detail.into(), ..Problem::default() };
    Refusal { problem: Box::new(problem), retry_after_s: None }
}

impl Refusal {
    /// Adds when to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<StackError> for Refusal {
    fn from(error: StackError) -> Self {
        let detail = error.to_string();
        match error {
            StackError::Undecodable { exposure_id, camera_id, reason } => {
                let mut refusal = refuse("undecodable", detail);
                refusal.problem.exposure_id = Some(exposure_id);
                refusal.problem.camera_id = Some(camera_id);
                refusal.problem.reason = Some(reason);
                refusal
            }
            StackError::Enrolment { reference_id, reason } => {
                let mut refusal = refuse("no-face", detail);
                refusal.problem.reference_id = Some(reference_id);
                refusal.problem.reason = Some(reason);
                refusal
            }
            StackError::Model { model, reason } => {
                let mut refusal = refuse("failed", detail);
                refusal.problem.model = Some(model);
                refusal.problem.reason = Some(reason);
                refusal
            }
            StackError::Gallery(error) => error.into(),
            StackError::Protocol(_) | StackError::Unreachable { .. } | StackError::Refused { .. } => {
                refuse("failed", detail)
            }
        }
    }
}

impl From<GalleryError> for Refusal {
    fn from(error: GalleryError) -> Self {
        let name = match &error {
            GalleryError::Unknown(_) => "unknown-reference",
            GalleryError::Refused(_) => "gallery-refused",
            GalleryError::Busy { .. } => "gallery-busy",
            GalleryError::Disk { .. } => "gallery-disk",
            GalleryError::File { .. }
            | GalleryError::Damaged { .. }
            | GalleryError::Key(_)
            | GalleryError::Template(_)
            | GalleryError::Broken => "gallery-failed",
        };
        refuse(name, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Strings, numbers and nothing else: it always becomes JSON.
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_gallery_says_is_a_problem_of_its_own_kind() {
        let (path, reason) = (std::path::PathBuf::from("g"), "why".to_string());
        for (error, status, name) in [
            (GalleryError::Unknown("a".into()), 404, "unknown-reference"),
            (GalleryError::Refused(reason.clone()), 409, "gallery-refused"),
            (GalleryError::Busy { path: path.clone() }, 503, "gallery-busy"),
            (GalleryError::Disk { path: path.clone(), reason: reason.clone() }, 507, "gallery-disk"),
            (GalleryError::Damaged { path: path.clone(), reason: reason.clone() }, 500, "gallery-failed"),
            (GalleryError::File { path, reason: reason.clone() }, 500, "gallery-failed"),
            (GalleryError::Key(reason.clone()), 500, "gallery-failed"),
            (GalleryError::Template(reason), 500, "gallery-failed"),
            (GalleryError::Broken, 500, "gallery-failed"),
        ] {
            let detail = error.to_string();
            let refusal = Refusal::from(StackError::from(error));
            assert_eq!(refusal.problem.kind, format!("{PROBLEM_TYPE}{name}"));
            assert_eq!((refusal.problem.status, &refusal.problem.detail), (status, &detail));
        }
    }
}
