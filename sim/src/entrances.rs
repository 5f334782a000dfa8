//! An exposure in the light of each kind of panes by itself, so that it can be had behind any other glass without
//! rendering it again.
//!
//! Light pays at the panes on the way in and on the way out. On the way in, what a camera sees through a pane is linear in
//! what each pane lets in, for each angle of incidence: [`entrance`] says how three pictures a kind of panes, and one without
//! their light, add up to the picture behind any glass. On the way out the panes are before the camera anyway, and what
//! they mirror is reckoned anew.
//!
//! Light that passes two panes of the vehicle before it meets anything (the sun that comes in at one side and falls on the
//! road at the other) is weighed once for both; no face is lit so.
use std::sync::{Arc, OnceLock};

use half::f16;
use laneproof_optics::{
    band::Band,
    cabin::CabinLight,
    entrance::{self, Admission, TERMS},
    pane_optics::PaneOptics,
};
use laneproof_render::Layers;
use laneproof_scenes::{
    catalogue::GlassSet,
    surface::PaneKind,
    truth::{Role, Subject, Tag},
    vehicle::Vehicle,
};
use rayon::prelude::*;

use crate::{
    cabin::{Cabin, Occupied},
    glass::StagedGlass,
    ideal::{Counterfactual, Factors},
    lamps::{self, Lit},
    remade::Take,
    simulator::{Exposure, ExposureRequest, SimError, Simulator},
    staged::Staged,
    view::View,
};

/// An exposure and what its light is made of.
#[derive(Debug)]
pub struct GlassBasis {
    /// As the camera sees it: in its own band.
    staged: Staged,
    request: ExposureRequest,
    /// Without the light that comes in through the panes in question.
    without: Part,
    /// With the light of one kind of panes more, by powers of its way through them.
    more: Vec<(PaneKind, [Part; TERMS])>,
}

/// The exposure in some of its light.
#[derive(Debug)]
struct Part {
    /// `None` when the vehicle is out of view.
    lit: Option<Lit>,
    /// In the empty cabin.
    cabin: CabinLight,
}

/// Where the light on a face comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct LightOnFace {
    /// Occupant, by index in the encounter.
    pub occupant: u8,
    /// Shares of the face's radiance that came in through each kind of panes that was asked about.
    pub through: Vec<(PaneKind, f32)>,
}

impl Simulator {
    /// Renders an exposure once for each term of the light of some kinds of panes, and once without their light: so four
    /// times for one kind, ten times for all three. The encounter's own glass is what others are weighed from; it has to let
    /// something pass.
    pub fn glass_basis(
        &mut self,
        staged: &Staged,
        request: &ExposureRequest,
        kinds: &[PaneKind],
    ) -> Result<GlassBasis, SimError> {
        let staged = staged.seen_by(request.camera_index).clone();
        let admit = |of: &dyn Fn(PaneKind) -> Admission| -> Vec<Admission> {
            staged.vehicle.panes.iter().map(|pane| of(pane.kind())).collect()
        };
        let shut = |kind| if kinds.contains(&kind) { entrance::NOTHING } else { entrance::ALL };
        let without = self.part(&staged, request, &admit(&shut))?;
        let mut more = Vec::new();
        for &kind in kinds {
            let mut term = |power| {
                let of = |other| if other == kind { entrance::term(power) } else { shut(other) };
                self.part(&staged, request, &admit(&of))
            };
            more.push((kind, [term(0)?, term(1)?, term(2)?]));
        }
        Ok(GlassBasis { staged, request: *request, without, more })
    }

    /// An exposure in what its panes admit.
    fn part(&mut self, staged: &Staged, request: &ExposureRequest, admissions: &[Admission]) -> Result<Part, SimError> {
        let cabin = Arc::new(staged.cabin.cabin.admitting(admissions, &self.options.cabin));
        let staged = Staged {
            glass: Arc::new(staged.glass.admitting(admissions)),
            cabin: Occupied::by(cabin.clone(), &staged.people, &self.options.cabin),
            admissions: Some(admissions.into()),
            // A drive of its own: what stands in the scene at an instant is known by its drive.
            trajectory: Arc::new((*staged.trajectory).clone()),
            ..staged.clone()
        };
        let moment = self.moment(&staged, request.mid_exposure_us);
        let camera_m = staged.plan.rig.cameras[request.camera_index].position_m;
        let scene = moment.scene_before(&staged, request.mid_exposure_us as f64 * 1e-6, camera_m.into());
        let view = View::new(&staged, (&moment, &scene), request.camera_index, AS_IT_IS, false)?;
        let lit = view.region().map(|region| self.lit(&view, request.exposure_id, region)).transpose()?;
        Ok(Part { lit, cabin: cabin.empty.light.clone() })
    }

    /// The exposure behind another glass: transmittances, films and coatings may differ in the kinds of panes that the basis
    /// was made for.
    ///
    /// # Errors
    ///
    /// Where dirt, lowered windows or other panes differ, and where a pane of the basis lets nothing pass.
    pub fn reglazed(&mut self, basis: &GlassBasis, glass: &GlassSet) -> Result<Exposure, SimError> {
        let GlassBasis { staged, request, without, .. } = basis;
        let mut plan = staged.plan.clone();
        plan.glass = *glass;
        let visible = self.shared.vehicle(&plan)?;
        let band = plan.sensors[request.camera_index].band;
        let vehicle = band.map_or_else(|| visible.clone(), |band| Arc::new(visible.in_band(band)));
        let weighed = basis.weights(&vehicle)?;

        let cabins: Vec<(&CabinLight, [f32; 3])> =
            weighed.iter().map(|(part, weights)| (&part.cabin, *weights)).collect();
        let cabin: Cabin = staged.cabin.cabin.in_light(without.cabin.with_more(&cabins));
        let other = Staged {
            plan,
            glass: Arc::new(StagedGlass::new(&vehicle)),
            vehicle,
            cabin: Occupied::by_nobody(Arc::new(cabin)),
            trajectory: Arc::new((*staged.trajectory).clone()),
            ..staged.clone()
        };
        let moment = self.moment(&other, request.mid_exposure_us);
        let camera_m = other.plan.rig.cameras[request.camera_index].position_m;
        let scene = moment.scene_before(&other, request.mid_exposure_us as f64 * 1e-6, camera_m.into());
        let view = View::new(&other, (&moment, &scene), request.camera_index, AS_IT_IS, true)?;
        let lit = without.lit.as_ref().map(|own| {
            let more: Vec<(&Lit, [f32; 3])> =
                weighed.iter().filter_map(|(part, weights)| Some((part.lit.as_ref()?, *weights))).collect();
            sum(own, &more)
        });
        let panes = lit.as_ref().map(|lit| view.glass(lit));
        let take = Take { region: view.region(), lit, panes, drawn: OnceLock::new() };
        self.remade.keep(view.key(request), Arc::new(take));
        self.exposure(&other, request, &other.earlier(request), AS_IT_IS, true)
    }
}

const AS_IT_IS: Counterfactual = Counterfactual::whole(0, Factors::NONE);

impl GlassBasis {
    /// How much of each part another vehicle of the same model takes, in red, green, blue.
    fn weights(&self, other: &Vehicle) -> Result<Vec<(&Part, [f32; 3])>, SimError> {
        let own = &self.staged.vehicle;
        let refused = |pane: &str, why: &str| {
            Err(SimError::Plan(format!("the pane \"{pane}\" cannot be weighed for another glass: {why}")))
        };
        for (was, is) in own.panes.iter().zip(&other.panes) {
            if was.mesh != is.mesh {
                return refused(&was.name, "the window is let down otherwise");
            }
            if !was.is_alike(is) && !self.more.iter().any(|(kind, _)| *kind == was.kind()) {
                return refused(&was.name, "its light was not taken apart");
            }
        }
        let mut weighed = Vec::new();
        for (kind, parts) in &self.more {
            let mut panes = own.panes.iter().zip(&other.panes);
            let Some((was, is)) = panes.find(|(pane, _)| pane.kind() == *kind) else { continue };
            let mut of_band = [[0.0; TERMS]; 3];
            for (weights, band) in of_band.iter_mut().zip(Band::seen_in(was.band)) {
                *weights = match entrance::weights(&PaneOptics::of_pane(was), &PaneOptics::of_pane(is), band) {
                    Ok(weights) => weights,
                    Err(why) => return refused(&was.name, &why.to_string()),
                };
            }
            weighed.extend(parts.iter().enumerate().map(|(k, part)| (part, of_band.map(|weights| weights[k] as f32))));
        }
        Ok(weighed)
    }

    /// Where the light on each face in the picture comes from, behind the basis's own glass. Means of the three bands; what
    /// is left of 1 comes from elsewhere: open windows, panes that were not asked about.
    pub fn light_on_faces(&self) -> Vec<LightOnFace> {
        let of_face = |occupant: u8| {
            let without = self.on_face(&self.without, occupant)?;
            let through: Vec<(PaneKind, f32)> = self
                .more
                .iter()
                .map(|(kind, [first, ..])| Some((*kind, self.on_face(first, occupant)? - without)))
                .collect::<Option<_>>()?;
            let whole: f32 = without + through.iter().map(|(_, light)| light).sum::<f32>();
            (whole > 0.0).then(|| LightOnFace {
                occupant,
                through: through.into_iter().map(|(kind, light)| (kind, light / whole)).collect(),
            })
        };
        (0..self.staged.occupants.len() as u8).filter_map(of_face).collect()
    }

    /// Share of the exposure in which strobes shine.
    fn pulse_share(&self) -> f32 {
        let mount = &self.staged.plan.rig.cameras[self.request.camera_index];
        let lamps = lamps::of_camera(&self.staged.lamps, &mount.id);
        lamps::pulse(lamps, self.request.exposure_us).map_or(0.0, |(_, share)| share)
    }

    /// Mean radiance of the pixels that show a face, of the three bands too; `None` where none does.
    fn on_face(&self, part: &Part, occupant: u8) -> Option<f32> {
        let mean = part.lit.as_ref()?.mean(self.pulse_share());
        let (mut sum, mut count) = (0.0f64, 0u32);
        for (radiance, tag) in mean.radiance.iter().zip(&mean.tag) {
            let is_face = Tag::from_bits(*tag)
                .is_some_and(|tag| tag.role == Role::Face && tag.subject == Subject::Occupant(occupant));
            if is_face {
                sum += radiance[..3].iter().map(|band| f64::from(band.to_f32())).sum::<f64>() / 3.0;
                count += 1;
            }
        }
        (count > 0).then(|| (sum / f64::from(count)) as f32)
    }
}

/// A picture and what others are more than it, each times its weights.
fn sum(own: &Lit, more: &[(&Lit, [f32; 3])]) -> Lit {
    let of = |own: &[[f16; 4]], others: &[(&[[f16; 4]], [f32; 3])]| -> Vec<[f16; 4]> {
        let pixel = |i: usize| {
            let mut sum = own[i].map(f32::from);
            for (other, weights) in others {
                for band in 0..3 {
                    sum[band] += weights[band] * (other[i][band].to_f32() - own[i][band].to_f32());
                }
            }
            // Weights of either sign on rounded numbers: what is dark may come out below nothing.
            sum.map(|light| f16::from_f32(light.max(0.0)))
        };
        (0..own.len()).into_par_iter().map(pixel).collect()
    };
    let steady: Vec<_> = more.iter().map(|(lit, weights)| (&lit.steady.radiance[..], *weights)).collect();
    let radiance = of(&own.steady.radiance, &steady);
    let pulsed = own.pulsed.as_ref().map(|own| {
        let more: Vec<_> = more.iter().filter_map(|(lit, weights)| Some((lit.pulsed.as_deref()?, *weights))).collect();
        of(own, &more)
    });
    Lit { steady: Arc::new(Layers { radiance, ..Layers::clone(&own.steady) }), pulsed }
}
