//! Live events: told to whoever listens at the moment, kept for nobody. A slow listener misses some, and is told how many.
use crate::api::Event;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Events kept for a listener that is slower than they come.
const BACKLOG: usize = 256;

/// Where events are told.
pub struct Events {
    sender: broadcast::Sender<Arc<Event>>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

impl Events {
    /// Tells an event.
    pub fn tell(&self, event: Event) {
        // No listeners is no error.
        self.sender.send(Arc::new(event)).ok();
    }

    /// Hears events from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }
}

/// The next event; `None` when none will come.
pub async fn next(receiver: &mut broadcast::Receiver<Arc<Event>>) -> Option<Arc<Event>> {
    match receiver.recv().await {
        Ok(event) => Some(event),
        Err(broadcast::error::RecvError::Lagged(events)) => Some(Arc::new(Event::Missed { events })),
        Err(broadcast::error::RecvError::Closed) => None,
    }
}

/// An event as server-sent events are written (WHATWG HTML, section 9.2).
pub fn as_text(event: &Event) -> String {
    // JSON has no raw line ends, so one data line holds it.
    let json = serde_json::to_string(event).unwrap_or_default();
    format!("event: {}\ndata: {json}\n\n", event.name())
}
