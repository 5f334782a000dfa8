//! Speaks HTTP with the service: one connection a thread, which is kept.
use serde::de::DeserializeOwned;
use std::time::Duration;
use ureq::http::{Method, Request};

/// Where the service is.
#[derive(Debug, Clone)]
pub struct Options {
    pub url: String,
    pub token: String,
}

/// A client with connections of its own.
pub struct Client {
    agent: ureq::Agent,
    options: Options,
}

/// Status and body.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(120)))
            // Below the service's `receive_s`, after which it ends quiet connections.
            .max_idle_age(Duration::from_secs(5))
            .build()
            .new_agent();
        Self { agent, options }
    }

    /// One request; the reason in words when there is no answer.
    pub fn call(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, String> {
        let what = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.options.url))
            .header("authorization", format!("Bearer {}", self.options.token))
            .header("content-type", "image/jpeg");
        let sent = match body {
            Some(body) => request.body(body).map(|r| self.agent.run(r)),
            None => request.body(()).map(|r| self.agent.run(r)),
        };
        let fail = |e: &dyn std::fmt::Display| format!("{what}: {e}");
        let mut response = sent.map_err(|e| fail(&e))?.map_err(|e| fail(&e))?;
        let status = response.status().as_u16();
        let read = response.body_mut().with_config().limit(64 << 20).read_to_vec();
        Ok(Answer { status, body: read.map_err(|e| fail(&e))? })
    }

    /// Asks for JSON.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let answer = self.call(Method::GET, path, None)?;
        serde_json::from_slice(&answer.body).map_err(|e| format!("GET {path}: status {}: {e}", answer.status))
    }

    /// The page of metrics.
    pub fn metrics(&self) -> Result<String, String> {
        let answer = self.call(Method::GET, "/v1/metrics", None)?;
        String::from_utf8(answer.body).map_err(|e| format!("GET /v1/metrics: {e}"))
    }
}

/// A sample of a page of metrics; 0 when it is not there.
pub fn sample(page: &str, name: &str) -> f64 {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or(0.0)
}
