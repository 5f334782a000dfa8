//! What an engine says of itself.
use super::Engine;
use crate::api::{LoadedModel, Readiness};
use crate::gallery::OperatingPoint;
use crate::runtime;

impl Engine {
    /// The models as they were loaded.
    pub fn readiness(&self) -> Readiness {
        let model = |name: &str, sha256: &str| LoadedModel { name: name.to_string(), sha256: sha256.to_string() };
        Readiness {
            status: "ok".to_string(),
            detector: model(&self.detector.card().about.name, self.detector.sha256()),
            embedder: model(&self.embedder.card().about.name, self.embedder.sha256()),
        }
    }

    /// Name and models, for a report's head. `place` says where the stack runs, `point` the gallery's own threshold.
    pub fn describe(&self, place: &str, point: Option<&OperatingPoint>) -> Vec<(String, String)> {
        let (detector, embedder) = (self.detector.card(), self.embedder.card());
        let model = |about: &crate::card::About, sha256: &str| {
            let optimistic = if about.in_domain { ", in-domain: optimistic" } else { "" };
            format!("{} sha256 {sha256}, trained on {}{optimistic}", about.name, about.trained_on)
        };
        let of_card = || format!("{} ({})", embedder.match_threshold, embedder.evidence);
        let line = |what: &str, value: String| (what.to_string(), value);
        let mut lines = vec![
            line("stack", format!("lane-stack {} {place}", env!("CARGO_PKG_VERSION"))),
            line("onnxruntime", runtime::version()),
            line("detector", model(&detector.about, self.detector.sha256())),
            line("embedder", model(&embedder.about, self.embedder.sha256())),
            line("match threshold", point.map_or_else(of_card, OperatingPoint::to_string)),
            line("working width px", self.working.working_width_px.to_string()),
        ];
        lines.extend(self.working.early_stop.map(|rule| line("early stop", rule.to_string())));
        lines.extend(self.working.need_more.map(|rule| line("need more", rule.to_string())));
        lines.extend(self.working.throughput.map(|_| {
            let (frames, faces) = (self.detector.max_batch(), self.embedder.max_batch());
            line("throughput", format!("up to {frames} frames and {faces} faces in one run; the last bits may differ"))
        }));
        if detector.about.in_domain || embedder.about.in_domain {
            lines.push(line("in_domain", "true".to_string()));
        }
        lines
    }
}
