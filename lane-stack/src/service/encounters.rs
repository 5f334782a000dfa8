//! All encounters by their ids: how many may be open, how long they may be, and how long their decisions are kept.
use super::encounter::Cell;
use super::problem::{Refusal, refuse};
use super::{Core, clock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds after which it is worth asking again for an encounter to be opened: a vehicle takes longer (assumption).
const OPEN_RETRY_S: u64 = 5;

#[derive(Default)]
struct State {
    cells: BTreeMap<String, Arc<Cell>>,
    finishing: bool,
}

/// The encounters.
#[derive(Default)]
pub struct Encounters {
    state: Mutex<State>,
}

impl Encounters {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an encounter.
    pub fn open(&self, core: &Core, id: &str) -> Result<Arc<Cell>, Refusal> {
        self.sweep(core);
        let mut state = self.lock();
        if state.finishing {
            let detail = "no encounter is opened any more; those that are open can be finished";
            return Err(refuse("shutting-down", detail).retry_after(core.limits.finish.as_secs().max(1)));
        }
        if state.cells.contains_key(id) {
            return Err(refuse("encounter-exists", format!("encounter {id} is there already; take another id")));
        }
        let most = core.limits.max_open_encounters;
        if open_in(&state) >= most {
            core.shed();
            return Err(
                refuse("busy", format!("{most} encounters are open, which is the most")).retry_after(OPEN_RETRY_S)
            );
        }
        let cell = Cell::open(id.to_string(), core);
        state.cells.insert(id.to_string(), cell.clone());
        Ok(cell)
    }

    /// An encounter that is open, or whose decisions are kept.
    pub fn get(&self, id: &str) -> Result<Arc<Cell>, Refusal> {
        let unknown = || refuse("unknown-encounter", format!("encounter {id} was not opened, or is forgotten"));
        self.lock().cells.get(id).cloned().ok_or_else(unknown)
    }

    /// Forgets an encounter.
    pub fn forget(&self, core: &Core, id: &str) -> Result<(), Refusal> {
        let cell = self.get(id)?;
        self.lock().cells.remove(id);
        cell.drop_it(core, "its client gave it up");
        Ok(())
    }

    /// Number of encounters that have not decided.
    pub fn open_count(&self) -> usize {
        open_in(&self.lock())
    }

    /// Opens no more.
    pub fn finish(&self) {
        self.lock().finishing = true;
    }

    /// Whether it opens no more.
    pub fn finishing(&self) -> bool {
        self.lock().finishing
    }

    /// Drops what was open too long, and forgets decisions that were kept long enough.
    pub fn sweep(&self, core: &Core) {
        let now_s = clock();
        let mut overdue = Vec::new();
        let mut state = self.lock();
        let mut kept: Vec<(f64, String)> = Vec::new();
        state.cells.retain(|id, cell| {
            if let Some(reason) = cell.overdue(core, now_s) {
                overdue.push((cell.clone(), reason));
                return false;
            }
            let closed_s = cell.closed_at_s();
            kept.extend(closed_s.map(|at_s| (at_s, id.clone())));
            closed_s.is_none_or(|at_s| now_s - at_s <= core.limits.keep.as_secs_f64())
        });
        kept.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        let too_many = kept.len().saturating_sub(core.limits.max_kept);
        for (_, id) in &kept[..too_many] {
            state.cells.remove(id);
        }
        drop(state);
        for (cell, reason) in overdue {
            super::log(&format!("encounter {} was dropped: {reason}", cell.id()));
            cell.drop_it(core, &reason);
        }
    }
}

fn open_in(state: &State) -> usize {
    state.cells.values().filter(|cell| cell.closed_at_s().is_none()).count()
}
