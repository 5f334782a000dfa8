//! What may be under way at a time: pieces of work and their bytes. Nothing is taken in before there is room for it.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Room for work.
#[derive(Debug)]
pub struct Budget {
    max_pieces: usize,
    max_bytes: u64,
    taken: Mutex<(usize, u64)>,
    given_back: Notify,
}

/// Room that was taken; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// Room for so many pieces and bytes.
    pub fn new(max_pieces: usize, max_bytes: u64) -> Arc<Self> {
        Arc::new(Self { max_pieces, max_bytes, taken: Mutex::new((0, 0)), given_back: Notify::new() })
    }

    /// Takes room for one piece of so many bytes, if there is any.
    pub fn reserve(self: &Arc<Self>, bytes: u64) -> Option<Reservation> {
        let mut taken = self.lock();
        let fits = taken.0 < self.max_pieces && bytes <= self.max_bytes.saturating_sub(taken.1);
        if !fits {
            return None;
        }
        *taken = (taken.0 + 1, taken.1 + bytes);
        Some(Reservation { budget: self.clone(), bytes })
    }

    /// Waits for room.
    pub async fn wait(self: &Arc<Self>, bytes: u64) -> Reservation {
        loop {
            let given_back = self.given_back.notified();
            tokio::pin!(given_back);
            // Heard from here on, so that what is given back between the look and the wait is not missed.
            given_back.as_mut().enable();
            if let Some(reservation) = self.reserve(bytes) {
                return reservation;
            }
            given_back.await;
        }
    }

    /// Pieces and bytes under way.
    pub fn taken(&self) -> (usize, u64) {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, (usize, u64)> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Gives back what a piece turned out not to need.
    pub fn shrink(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.budget.lock().1 -= self.bytes - bytes;
            self.bytes = bytes;
            self.budget.given_back.notify_waiters();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut taken = self.budget.lock();
        *taken = (taken.0 - 1, taken.1 - self.bytes);
        drop(taken);
        self.budget.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_refuses_and_what_is_given_back_can_be_taken() {
        let budget = Budget::new(2, 100);
        let mut first = budget.reserve(80).unwrap();
        assert!(budget.reserve(21).is_none(), "bytes");
        first.shrink(10);
        let second = budget.reserve(90).unwrap();
        assert!(budget.reserve(0).is_none(), "pieces");
        assert_eq!(budget.taken(), (2, 100));
        drop(first);
        assert!(budget.reserve(u64::MAX).is_none());
        drop(second);
        assert_eq!(budget.taken(), (0, 0));
    }
}
