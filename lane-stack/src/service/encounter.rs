//! One open encounter: takes frames in any order, has them looked at by any worker, follows them in the order of their
//! sequence, and decides once. What it decides depends on its frames and their sequence alone.
//!
//! A frame waits here until those before it are with a worker; no more frames than all workers look at at a time are between
//! looking and following, which bounds the decoded pictures in memory.
use super::budget::{Budget, Reservation};
use super::pool::{Look, Seen, guarded};
use super::problem::{Refusal, refuse};
use super::{Core, clock};
use crate::api::{Closed, EncounterInfo, EncounterState, Event, FrameAnswer};
use crate::client::{Decisions, Frame};
use crate::engine::{Encounter, Engine, Looked};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The answer to a frame.
pub type Answer = Result<FrameAnswer, Refusal>;
/// The answer to closing.
pub type Outcome = Result<Arc<Closed>, Refusal>;

/// A frame as it was sent. One that cannot be looked at takes its place all the same, so that those behind it go on.
pub struct Sent {
    /// Unique in the encounter.
    pub exposure_id: u64,
    /// Camera.
    pub camera_id: String,
    /// The frame, or why it cannot be looked at.
    pub frame: Result<Frame, Refusal>,
}

/// A frame on its way.
struct Pending {
    sent: Sent,
    arrived_s: f64,
    waiting: Vec<oneshot::Sender<Answer>>,
    /// Room that the frame takes.
    _room: Vec<Reservation>,
}

/// What became of a frame, for one who asks again.
struct Answered {
    exposure_id: u64,
    answer: Answer,
}

enum Phase {
    Open,
    /// Since when.
    Closing(f64),
    Closed {
        at_s: f64,
        outcome: Outcome,
    },
    Dropped,
}

struct State {
    phase: Phase,
    opened_s: f64,
    last_s: f64,
    /// The next sequence number for a frame without one.
    next_free: u64,
    /// No frame below this can come any more.
    next_to_look: u64,
    /// Taken in, not yet with a worker.
    early: BTreeMap<u64, Pending>,
    /// With a worker or looked at, in the order in which they will be followed.
    order: VecDeque<u64>,
    /// The frames of `order`: who waits for them.
    looking: BTreeMap<u64, (u64, Vec<oneshot::Sender<Answer>>)>,
    looked: BTreeMap<u64, (Pending, Result<Looked, Refusal>)>,
    /// Out while a worker follows or decides with it.
    encounter: Option<Encounter>,
    /// A defect that left the encounter half-written.
    broken: Option<Refusal>,
    answered: BTreeMap<u64, Answered>,
    exposures: BTreeSet<u64>,
    refused: u64,
    closers: Vec<oneshot::Sender<Outcome>>,
}

/// A frame whose turn it is.
struct Waiting {
    cell: Arc<Cell>,
    core: Arc<Core>,
    sequence: u64,
    pending: Pending,
}

impl Look for Waiting {
    fn frame(&self) -> Option<&Frame> {
        let dropped = matches!(self.cell.lock().phase, Phase::Dropped);
        self.pending.sent.frame.as_ref().ok().filter(|_| !dropped)
    }

    fn seen(self: Box<Self>, engine: &mut Engine, seen: Option<Seen>) {
        let Self { cell, core, sequence, pending } = *self;
        let took_s = seen.as_ref().map_or(0.0, |seen| seen.took_s);
        let looked = match (seen, &pending.sent.frame) {
            (Some(Seen { looked, .. }), _) => {
                core.metrics.look_s.add(took_s);
                looked.map_err(Refusal::from)
            }
            (None, Err(refusal)) => Err(refusal.clone()),
            // The encounter was dropped.
            (None, Ok(_)) => return,
        };
        let begin = clock();
        cell.follow(&core, engine, sequence, pending, looked);
        core.metrics.worked(took_s + clock() - begin);
    }
}

/// An encounter with its id.
pub struct Cell {
    id: String,
    /// Room for frames of this encounter.
    room: Arc<Budget>,
    state: Mutex<State>,
}

impl Cell {
    /// A new encounter.
    pub fn open(id: String, core: &Core) -> Arc<Self> {
        let now = clock();
        core.metrics.encounters_opened.fetch_add(1, Relaxed);
        core.events.tell(Event::Opened { encounter_id: id.clone() });
        Arc::new(Self {
            id,
            room: Budget::new(core.limits.max_queued_frames_per_encounter, u64::MAX),
            state: Mutex::new(State {
                phase: Phase::Open,
                opened_s: now,
                last_s: now,
                next_free: 0,
                next_to_look: 0,
                early: BTreeMap::new(),
                order: VecDeque::new(),
                looking: BTreeMap::new(),
                looked: BTreeMap::new(),
                encounter: Some(Encounter::before(core.rig.rig())),
                broken: None,
                answered: BTreeMap::new(),
                exposures: BTreeSet::new(),
                refused: 0,
                closers: Vec::new(),
            }),
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether frames that were taken wait for this one, which comes before them.
    pub fn waits_for(&self, sequence: u64) -> bool {
        let state = self.lock();
        sequence == state.next_to_look && !state.early.is_empty()
    }

    /// Room for its frames.
    pub fn room(&self) -> &Arc<Budget> {
        &self.room
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands.
    pub fn info(&self) -> EncounterInfo {
        let mut state = self.lock();
        state.last_s = clock();
        EncounterInfo {
            encounter_id: self.id.clone(),
            state: match state.phase {
                Phase::Open => EncounterState::Open,
                Phase::Closing(_) => EncounterState::Closing,
                Phase::Closed { .. } | Phase::Dropped => EncounterState::Closed,
            },
            accepted_frames: state.exposures.len() as u64,
            answered_frames: state.answered.len() as u64,
        }
    }

    /// When it decided; `None` when it has not.
    pub fn closed_at_s(&self) -> Option<f64> {
        match self.lock().phase {
            Phase::Closed { at_s, .. } => Some(at_s),
            _ => None,
        }
    }

    /// Why it should be dropped at this time, if it should.
    pub fn overdue(&self, core: &Core, now_s: f64) -> Option<String> {
        let state = self.lock();
        if !matches!(state.phase, Phase::Open) {
            return None;
        }
        let over = |since: f64, limit: std::time::Duration| now_s - since > limit.as_secs_f64();
        if over(state.opened_s, core.limits.max_encounter) {
            return Some(format!("it was open for more than {} s", core.limits.max_encounter.as_secs()));
        }
        let idle = state.order.is_empty() && over(state.last_s, core.limits.max_idle);
        idle.then(|| format!("nothing came for {} s", core.limits.max_idle.as_secs()))
    }

    /// Takes a frame in. The receiver gets the answer; a frame that was taken in before gets the same answer again.
    pub fn admit(
        self: &Arc<Self>,
        core: &Arc<Core>,
        sent: Sent,
        sequence: Option<u64>,
        room: Vec<Reservation>,
    ) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        state.last_s = clock();
        let sequence = sequence.unwrap_or(state.next_free);
        let taken = |exposure_id: u64| {
            if exposure_id == sent.exposure_id {
                return Ok(());
            }
            let detail = format!("place {sequence} has exposure {exposure_id}; {} cannot have it", sent.exposure_id);
            Err(refuse("sequence-taken", detail))
        };
        // Asked again, perhaps because a connection broke before the answer.
        if let Some(answered) = state.answered.get(&sequence) {
            taken(answered.exposure_id)?;
            sender.send(answered.answer.clone()).ok();
            return Ok(receiver);
        }
        if let Some((exposure_id, waiting)) = state.looking.get_mut(&sequence) {
            taken(*exposure_id)?;
            waiting.push(sender);
            return Ok(receiver);
        }
        if let Some(pending) = state.early.get_mut(&sequence) {
            taken(pending.sent.exposure_id)?;
            pending.waiting.push(sender);
            return Ok(receiver);
        }
        if !matches!(state.phase, Phase::Open) {
            return Err(refuse("not-open", format!("encounter {} is closing, closed or dropped", self.id)));
        }
        let most = core.limits.max_frames_per_encounter;
        if state.exposures.len() as u64 >= most || sequence >= most {
            return Err(refuse("too-many-frames", format!("an encounter may have {most} frames, numbered from 0")));
        }
        if !state.exposures.insert(sent.exposure_id) {
            let detail = format!("exposure {} was sent before, at another place", sent.exposure_id);
            return Err(refuse("exposure-taken", detail));
        }
        core.metrics.frames_accepted.fetch_add(1, Relaxed);
        state.next_free = state.next_free.max(sequence + 1);
        let pending = Pending { sent, arrived_s: clock(), waiting: vec![sender], _room: room };
        state.early.insert(sequence, pending);
        self.dispatch(core, &mut state);
        Ok(receiver)
    }

    /// Gives frames whose turn it is to the workers.
    fn dispatch(self: &Arc<Self>, core: &Arc<Core>, state: &mut State) {
        while state.order.len() < core.pool.frames_at_a_time() {
            let Some(entry) = state.early.first_entry() else { break };
            // A gap is waited for while frames may come.
            let sequence = *entry.key();
            if sequence > state.next_to_look && matches!(state.phase, Phase::Open) {
                break;
            }
            let mut pending = entry.remove();
            state.next_to_look = sequence + 1;
            state.order.push_back(sequence);
            state.looking.insert(sequence, (pending.sent.exposure_id, std::mem::take(&mut pending.waiting)));
            core.pool.push_look(Waiting { cell: self.clone(), core: core.clone(), sequence, pending });
        }
    }

    /// Follows a frame that was looked at, and all behind it whose turn has come.
    fn follow(
        self: &Arc<Self>,
        core: &Arc<Core>,
        engine: &mut Engine,
        sequence: u64,
        pending: Pending,
        looked: Result<Looked, Refusal>,
    ) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Dropped) {
            return;
        }
        state.looked.insert(sequence, (pending, looked));
        while let Some(&next) = state.order.front()
            && state.looked.contains_key(&next)
            // Else another worker is at it, and sees this frame when it comes back.
            && let Some(mut encounter) = state.encounter.take()
            && let Some((pending, looked)) = state.looked.remove(&next)
        {
            drop(state);
            let faces = looked.as_ref().map_or(0, |l| l.faces().len() as u32);
            let Sent { exposure_id, camera_id, frame } = &pending.sent;
            let mut broken = None;
            let reply = looked.and_then(|looked| {
                let frame = frame.as_ref().map_err(Clone::clone)?;
                let followed = guarded(|| engine.follow(&mut encounter, frame, &looked).map_err(Refusal::from));
                broken = followed.as_ref().err().cloned();
                followed
            });
            let answered = |reply| FrameAnswer { sequence: next, exposure_id: *exposure_id, faces, reply };
            let answer = reply.map(answered);
            core.metrics.frame_s.add(clock() - pending.arrived_s);
            core.events.tell(match &answer {
                Ok(answer) => {
                    Event::Frame { encounter_id: self.id.clone(), camera_id: camera_id.clone(), answer: answer.clone() }
                }
                Err(refusal) => {
                    core.metrics.frames_refused.fetch_add(1, Relaxed);
                    Event::Refused { encounter_id: self.id.clone(), problem: (*refusal.problem).clone() }
                }
            });
            state = self.lock();
            if matches!(state.phase, Phase::Dropped) {
                return;
            }
            state.encounter = Some(encounter);
            state.broken = state.broken.take().or(broken);
            state.order.pop_front();
            state.refused += u64::from(answer.is_err());
            state.last_s = clock();
            // Before its sender hears of it, so that who sends one frame after the other always finds room.
            let exposure_id = *exposure_id;
            drop(pending);
            for sender in state.looking.remove(&next).into_iter().flat_map(|(_, waiting)| waiting) {
                sender.send(answer.clone()).ok();
            }
            state.answered.insert(next, Answered { exposure_id, answer });
            self.dispatch(core, &mut state);
        }
        self.decide_if_due(core, &mut state);
    }

    /// Takes no more frames, and decides when the last one is followed. One who asks again gets the same decisions.
    pub fn close(self: &Arc<Self>, core: &Arc<Core>) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        match &state.phase {
            Phase::Open => {
                state.phase = Phase::Closing(clock());
                state.closers.push(sender);
                self.dispatch(core, &mut state);
                self.decide_if_due(core, &mut state);
            }
            Phase::Closing(_) => state.closers.push(sender),
            Phase::Closed { outcome, .. } => {
                sender.send(outcome.clone()).ok();
            }
            Phase::Dropped => {
                sender.send(Err(self.gone())).ok();
            }
        }
        receiver
    }

    fn gone(&self) -> Refusal {
        refuse("unknown-encounter", format!("encounter {} was dropped", self.id))
    }

    fn decide_if_due(self: &Arc<Self>, core: &Arc<Core>, state: &mut State) {
        let Phase::Closing(since_s) = state.phase else { return };
        if !state.order.is_empty() || !state.early.is_empty() {
            return;
        }
        let Some(encounter) = state.encounter.take() else { return };
        let broken = state.broken.take();
        let (cell, shared) = (self.clone(), core.clone());
        core.pool.push_first(move |engine| {
            let begin = clock();
            let decided = match broken {
                Some(refusal) => Err(refusal),
                None => guarded(|| {
                    let threshold = engine.match_threshold();
                    engine.decide(encounter, |templates| shared.identify(threshold, templates))
                }),
            };
            shared.metrics.worked(clock() - begin);
            shared.metrics.decide_s.add(clock() - since_s);
            cell.decided(&shared, decided);
        });
    }

    fn decided(&self, core: &Core, decided: Result<Decisions, Refusal>) {
        let mut state = self.lock();
        let outcome = match decided {
            Ok(decisions) => {
                core.metrics.encounters_decided.fetch_add(1, Relaxed);
                core.events.tell(Event::Decided {
                    encounter_id: self.id.clone(),
                    best_shots: decisions.best_shots.len() as u64,
                    valid: decisions.best_shots.iter().filter(|b| b.valid).count() as u64,
                    matched: decisions.best_shots.iter().filter_map(|b| b.matched.clone()).collect(),
                });
                let accepted_frames = state.exposures.len() as u64;
                Ok(Arc::new(Closed {
                    encounter_id: self.id.clone(),
                    accepted_frames,
                    refused_frames: state.refused,
                    missing_frames: state.next_free - accepted_frames,
                    decisions,
                }))
            }
            Err(refusal) => {
                core.metrics.encounters_dropped.fetch_add(1, Relaxed);
                let reason = refusal.problem.detail.clone();
                core.events.tell(Event::Dropped { encounter_id: self.id.clone(), reason });
                Err(refusal)
            }
        };
        let closers = std::mem::take(&mut state.closers);
        state.phase = Phase::Closed { at_s: clock(), outcome: outcome.clone() };
        drop(state);
        // After the phase, so that no reference comes later ([`Self::takes_references`]); before the answer, which promises it.
        core.gallery.forget(&self.id);
        for sender in closers {
            sender.send(outcome.clone()).ok();
        }
    }

    /// Refuses once it has decided or was dropped: a reference for it would outlive it.
    pub fn takes_references(&self) -> Result<(), Refusal> {
        match self.lock().phase {
            Phase::Open | Phase::Closing(_) => Ok(()),
            Phase::Closed { .. } => Err(refuse("not-open", format!("encounter {} has decided", self.id))),
            Phase::Dropped => Err(self.gone()),
        }
    }

    /// What it came to; `None` while it has not.
    pub fn outcome(&self) -> Option<Outcome> {
        match &self.lock().phase {
            Phase::Closed { outcome, .. } => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Forgets everything. Who waits for an answer is told so.
    pub fn drop_it(&self, core: &Core, reason: &str) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Closed { .. } | Phase::Dropped) {
            core.metrics.encounters_dropped.fetch_add(1, Relaxed);
            core.events.tell(Event::Dropped { encounter_id: self.id.clone(), reason: reason.to_string() });
        }
        state.phase = Phase::Dropped;
        let early = std::mem::take(&mut state.early).into_values().flat_map(|p| p.waiting);
        let looking = std::mem::take(&mut state.looking).into_values().flat_map(|(_, waiting)| waiting);
        for sender in early.chain(looking) {
            sender.send(Err(self.gone())).ok();
        }
        for sender in state.closers.drain(..) {
            sender.send(Err(self.gone())).ok();
        }
        state.looked.clear();
        state.encounter = None;
        state.answered.clear();
        // A gallery may have to wait for its disk; who drops an encounter may not.
        let (gallery, id) = (core.gallery.clone(), self.id.clone());
        core.pool.push(move |_| gallery.forget(&id));
    }
}
