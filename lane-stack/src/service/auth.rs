//! The bearer token: read once, compared in constant time, never written anywhere.
use super::Service;
use super::config::SecretSource;
use super::problem::refuse;
use crate::error::SetupError;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Least length of a token, characters: 32 hexadecimal digits are 128 bits.
const MIN_LENGTH: usize = 32;

/// A token's SHA-256: comparing it takes the same time for every wrong token of every length.
pub struct Token {
    sha256: [u8; 32],
}

// Nothing of it is printed.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Reads the token; white space around it does not count.
    pub fn read(source: &SecretSource) -> Result<Self, SetupError> {
        match source {
            SecretSource::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| SetupError::file(path, &e))?;
                Self::new(text.trim()).map_err(|reason| SetupError::File { path: path.clone(), reason })
            }
            SecretSource::Variable(name) => {
                let wrong =
                    |reason: String| SetupError::File { path: format!("environment variable {name}").into(), reason };
                let text =
                    std::env::var(name).map_err(|_| wrong(format!("is not set; it must hold the token: {HOW}")))?;
                Self::new(text.trim()).map_err(wrong)
            }
        }
    }

    fn new(text: &str) -> Result<Self, String> {
        if text.len() < MIN_LENGTH || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("holds no token; {HOW}"));
        }
        Ok(Self { sha256: Sha256::digest(text).into() })
    }

    fn is(&self, text: &[u8]) -> bool {
        let other: [u8; 32] = Sha256::digest(text).into();
        self.sha256.ct_eq(&other).into()
    }
}

const HOW: &str =
    "it must be 32 or more printable ASCII characters without spaces, for instance of `openssl rand -hex 32`";

/// Lets only requests with the token pass.
pub(super) async fn guard(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).map(|v| v.as_bytes());
    // The scheme's name has no case (RFC 9110, section 11.1).
    let token = given.and_then(|v| v.split_at_checked(7)).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
    if token.is_some_and(|(_, token)| service.token.is(token.trim_ascii())) {
        return next.run(request).await;
    }
    let mut response =
        refuse("unauthorised", "the header \"Authorization: Bearer TOKEN\" is missing, or its token is wrong")
            .into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_same_token_is_the_token() {
        let token = Token::new(GOOD).unwrap();
        assert!(token.is(GOOD.as_bytes()));
        for wrong in ["", "0", &GOOD[1..], &format!("{GOOD}0"), &GOOD.to_uppercase()] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn a_weak_token_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for weak in ["", "hunter2", "0123456789abcdef 0123456789abcdef", "a\u{e9}0123456789abcdef0123456789abcdef"] {
            std::fs::write(&path, weak).unwrap();
            let message = Token::read(&SecretSource::File(path.clone())).unwrap_err().to_string();
            assert!(message.contains("32 or more"), "{message}");
            assert!(weak.is_empty() || !message.contains(weak), "{message}");
        }
        std::fs::write(&path, format!("{GOOD}\n")).unwrap();
        assert!(Token::read(&SecretSource::File(path)).unwrap().is(GOOD.as_bytes()));
        let message = Token::read(&SecretSource::Variable("LANE_STACK_NO_SUCH".into())).unwrap_err().to_string();
        assert!(message.contains("LANE_STACK_NO_SUCH is not set") || message.contains("is not set"), "{message}");
    }
}
