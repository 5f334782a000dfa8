//! Decoys in a staged encounter: made once where they stand still, anew at each instant where they are with somebody.
use std::sync::Arc;

use glam::{Affine3A, Vec3};
use laneproof_exchange::{
    encounter::{DecoyPlace, DecoyPlan},
    truth::{BoxPx, DecoyTruth},
};
use laneproof_scenes::{
    decoy::{self, DecoyKind, Figure},
    infrared::Infrared,
    people::{Appearance, Gesture, Identity, Person, Posed},
    surface::Texture,
    truth::Subject,
    vehicle::{SeatSide, Vehicle},
};

use crate::{lens_camera::LensCamera, region::TruthLayers, staged::StagedOccupant};

/// A decoy that stands still in the vehicle, or what it takes to make it at an instant.
#[derive(Debug, Clone)]
enum Form {
    /// Vehicle frame.
    Still(Arc<Figure>, Affine3A),
    /// With an occupant.
    Carried {
        occupant: usize,
        picture: Arc<Texture>,
        /// The picture in the band, where there is one.
        infrared: Option<Arc<Texture>>,
    },
}

/// A decoy of a staged encounter.
#[derive(Debug, Clone)]
pub(crate) struct StagedDecoy {
    kind: DecoyKind,
    form: Form,
    band: Option<Infrared>,
}

/// How the person whom a decoy is like looks.
pub(crate) fn likeness(plan: &DecoyPlan) -> Option<(Identity, Appearance)> {
    plan.likeness.as_ref().map(|who| (who.clone(), Appearance::of_portrait(who)))
}

impl StagedDecoy {
    /// A decoy ready to be placed; `None` for a seat that the vehicle lacks, or without the likeness that it needs.
    pub(crate) fn new(k: u8, plan: &DecoyPlan, like: Option<&Person>, vehicle: &Vehicle) -> Option<Self> {
        let form = match plan.place {
            DecoyPlace::Occupant(occupant) => {
                let picture = Arc::new(decoy::print(like?));
                Form::Carried { occupant: occupant.into(), picture, infrared: None }
            }
            DecoyPlace::Seat(id) => {
                let seat = vehicle.seats.iter().find(|seat| seat.id == id)?;
                let side = match id.side {
                    SeatSide::Left => 1.0,
                    SeatSide::Middle => 0.0,
                    SeatSide::Right => -1.0,
                };
                let figure = match plan.kind {
                    DecoyKind::Dog => decoy::dog(k, plan.seed, side),
                    DecoyKind::Doll => decoy::doll(k, like?, seat),
                    _ => decoy::head_rest(k, seat, &Arc::new(decoy::print(like?))),
                };
                Form::Still(Arc::new(figure), Affine3A::from_translation(seat.h_point_m))
            }
        };
        Some(Self { kind: plan.kind, form, band: None })
    }

    /// The decoy as a camera of this band sees it.
    pub(crate) fn in_band(&self, band: Infrared) -> Self {
        let form = match &self.form {
            Form::Still(figure, place) => Form::Still(Arc::new(figure.in_band(self.kind, band, None)), *place),
            Form::Carried { occupant, picture, .. } => {
                let infrared = Some(Arc::new(decoy::picture_in_band(self.kind, picture, band)));
                Form::Carried { occupant: *occupant, picture: picture.clone(), infrared }
            }
        };
        Self { kind: self.kind, form, band: Some(band) }
    }

    /// The decoy at an instant, and its frame in the vehicle's. `posed` are the occupants then.
    pub(crate) fn at(&self, k: u8, occupants: &[StagedOccupant], posed: &[Posed]) -> Option<(Arc<Figure>, Affine3A)> {
        match &self.form {
            Form::Still(figure, place) => Some((figure.clone(), *place)),
            Form::Carried { occupant, picture, infrared } => {
                let (carrier, pose) = (occupants.get(*occupant)?, posed.get(*occupant)?);
                let figure = match self.kind {
                    DecoyKind::Magazine => decoy::magazine(k, pose.grip?, picture),
                    DecoyKind::Phone => decoy::phone(k, pose.grip?, picture),
                    _ => decoy::shirt(k, pose, carrier.back_angle_rad(), carrier.person.stature_m, picture),
                };
                let figure = match (self.band, infrared) {
                    (Some(band), Some(made)) => figure.in_band(self.kind, band, Some(&[picture.clone(), made.clone()])),
                    _ => figure,
                };
                Some((Arc::new(figure), carrier.vehicle_from_seat))
            }
        }
    }
}

/// What the hands of an occupant hold up for the decoys of an encounter.
pub(crate) fn shown_by(decoys: &[DecoyPlan], occupant: usize) -> Gesture {
    let held = decoys.iter().find_map(|d| match (d.place, d.kind) {
        (DecoyPlace::Occupant(o), DecoyKind::Magazine) if usize::from(o) == occupant => Some(Gesture::HoldUp),
        (DecoyPlace::Occupant(o), DecoyKind::Phone) if usize::from(o) == occupant => Some(Gesture::Show),
        _ => None,
    });
    held.unwrap_or(Gesture::None)
}

/// The truth of a decoy; `None` when it is not seen.
pub(crate) fn truth(
    k: u8,
    kind: DecoyKind,
    face_m: &[Vec3],
    world_from_figure: Affine3A,
    camera: &LensCamera,
    layers: &TruthLayers,
) -> Option<DecoyTruth> {
    let mut box_px = BoxPx { x0: f32::MAX, y0: f32::MAX, x1: f32::MIN, y1: f32::MIN };
    for point in face_m {
        let ([x, y], _) = camera.project(world_from_figure.transform_point3(*point))?;
        box_px = BoxPx { x0: box_px.x0.min(x), y0: box_px.y0.min(y), x1: box_px.x1.max(x), y1: box_px.y1.max(y) };
    }
    let on_sensor = |value: f32, size: u32| value.clamp(0.0, size as f32) as u32;
    let columns = on_sensor(box_px.x0, camera.sensor.width_px)..on_sensor(box_px.x1.ceil(), camera.sensor.width_px);
    let rows = on_sensor(box_px.y0, camera.sensor.height_px)..on_sensor(box_px.y1.ceil(), camera.sensor.height_px);
    let shows = |column, row| layers.tag(column, row).is_some_and(|tag| tag.subject == Subject::Decoy(k));
    let seen: usize = rows.map(|row| columns.clone().filter(|column| shows(*column, row)).count()).sum();
    let visible_share = (seen as f32 / box_px.area().max(1.0)).min(1.0);
    (seen > 0).then_some(DecoyTruth { decoy: k, kind, box_px, visible_share })
}

impl StagedDecoy {
    /// What it is.
    pub(crate) fn kind(&self) -> DecoyKind {
        self.kind
    }
}
