//! What counterfactual exposures of one moment have in common: what was rendered, the panes before it, and the lens's
//! picture of it. Most factors change none of the scene (a veil, blur, exposure, noise), so it is rendered once for all of
//! them. Keeping it changes how long an answer takes, never what it says.
use std::sync::{Arc, OnceLock};

use laneproof_camera::blur::Blur;
use laneproof_physics::Trajectory;
use laneproof_render::{Layers, Region};

use crate::{lamps::Lit, shared::Background, view::Panes};

/// Takes that are kept of what all occupants share: an encounter's exposures in which a row's faces show, as they are and
/// behind clear glass. One holds some 120 MB of a sensor of 2.3 megapixels.
const SHARED: usize = 9;
/// Takes that are kept of what is made for one occupant.
const OWN: usize = 6;
/// Sharp backgrounds that are kept, some 80 MB each.
const BACKGROUNDS: usize = 4;

/// What a take depends on.
#[derive(Debug, Clone)]
pub(crate) struct TakeKey {
    /// The drive of the staged encounter: its identity. Held, so that no other can get its address.
    pub(crate) drive: Arc<Trajectory>,
    /// Camera, by its place in the rig.
    pub(crate) camera_index: usize,
    /// Exposure.
    pub(crate) exposure_id: u64,
    /// Mid-exposure, microseconds.
    pub(crate) mid_exposure_us: u64,
    /// Exposure time, the bits of its microseconds.
    pub(crate) exposure_bits: u32,
    /// What is left of the drops on the panes (its bits).
    pub(crate) drops_bits: u32,
    /// For whom the scene is cleared or the picture enlarged, and how far (its bits).
    pub(crate) own: Option<(u8, bool, u32)>,
    /// Whether the staged encounter is one occupant's alone.
    pub(crate) private: bool,
}

impl PartialEq for TakeKey {
    fn eq(&self, other: &Self) -> bool {
        let Self { drive, camera_index, exposure_id, mid_exposure_us, exposure_bits, drops_bits, own, private: _ } =
            self;
        Arc::ptr_eq(drive, &other.drive)
            && *camera_index == other.camera_index
            && *exposure_id == other.exposure_id
            && *mid_exposure_us == other.mid_exposure_us
            && *drops_bits == other.drops_bits
            && *exposure_bits == other.exposure_bits
            && *own == other.own
    }
}

/// What was rendered of a moment, and the panes before it.
pub(crate) struct Take {
    /// Where on the sensor; `None` when the vehicle is out of view.
    pub(crate) region: Option<Region>,
    pub(crate) lit: Option<Lit>,
    pub(crate) panes: Option<Panes>,
    /// Radiance on the sensor as the lens draws it, nothing idealised there; made when first asked for.
    pub(crate) drawn: OnceLock<Arc<Vec<[f32; 3]>>>,
}

/// The caches.
#[derive(Default)]
pub(crate) struct Remade {
    shared: Vec<(TakeKey, Arc<Take>)>,
    own: Vec<(TakeKey, Arc<Take>)>,
    backgrounds: Vec<(Arc<Layers>, Blur, Background)>,
}

impl Remade {
    fn takes(&mut self, key: &TakeKey) -> (&mut Vec<(TakeKey, Arc<Take>)>, usize) {
        if key.own.is_some() || key.private { (&mut self.own, OWN) } else { (&mut self.shared, SHARED) }
    }

    /// A take that was kept; it becomes the youngest.
    pub(crate) fn find(&mut self, key: &TakeKey) -> Option<Arc<Take>> {
        let (takes, _) = self.takes(key);
        let place = takes.iter().position(|(known, _)| known == key)?;
        let found = takes.remove(place);
        let take = found.1.clone();
        takes.push(found);
        Some(take)
    }

    /// Keeps a take, and forgets the oldest where there are too many.
    pub(crate) fn keep(&mut self, key: TakeKey, take: Arc<Take>) {
        let (takes, most) = self.takes(&key);
        if takes.len() >= most {
            takes.remove(0);
        }
        takes.push((key, take));
    }

    /// A background of another lens than the rig's. `of` are the layers of the camera's own background: its identity.
    pub(crate) fn background(&self, of: &Arc<Layers>, still: &Blur) -> Option<Background> {
        let known = self.backgrounds.iter().find(|(layers, blur, _)| Arc::ptr_eq(layers, of) && blur == still)?;
        Some(known.2.clone())
    }

    /// Keeps such a background.
    pub(crate) fn keep_background(&mut self, of: Arc<Layers>, still: Blur, background: Background) {
        if self.backgrounds.len() >= BACKGROUNDS {
            self.backgrounds.remove(0);
        }
        self.backgrounds.push((of, still, background));
    }
}
