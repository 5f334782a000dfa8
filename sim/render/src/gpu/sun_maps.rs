//! What the sun or a lamp sees: maps of depth and of glass, drawn anew when what stands in them or the light has changed.
//!
//! One map holds the whole scene in texels of millimetres and throws all shadows but those in cabins. There a finer one of the
//! people's box serves. Where edges are to be as soft as the sun's disc makes them, that one holds the vehicle and its people,
//! and a third one the lane: what is far away makes wide half shadows, in which a search for what is near would go astray.
use std::sync::Arc;

use bevy::render::{
    render_resource::{BindGroupEntry, BufferUsages},
    renderer::RenderDevice,
};
use glam::{Affine3A, Mat4, Vec2, Vec3, Vec3A};
use laneproof_scenes::{mesh::Mesh, surface::Texture, truth::Subject};

use super::{
    ExtractedView, PendingView,
    passes::{Recording, colour_attachment, depth_attachment},
    pipelines::{DEPTH, SUN_GLASS},
    targets::MapTarget,
    uniforms::{DRAW_STRIDE, PEOPLE_SHARE, SUN_DEPTH_M, SUN_RESOLUTION, lamp_clip_from_world, view_uniform},
};
use crate::scene::{Solid, corners};

/// A pane's mesh, transmittance and place.
type PlacedPane = (Arc<Mesh>, Arc<[[f32; 64]; 3]>, Affine3A);

/// A solid's mesh, picture and place.
type PlacedSolid = (Arc<Mesh>, Option<Arc<Texture>>, Affine3A);

/// What a map is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Everything.
    Scene,
    /// What throws its shadow on people; without the lane where that has its own map.
    People { without_lane: bool },
    /// The lane, on the same square as the whole scene.
    Lane,
}

impl Kind {
    fn includes(self, solid: &Solid) -> bool {
        match self {
            Self::People { without_lane: true } => solid.tag.subject != Subject::Lane,
            Self::Scene | Self::People { .. } => true,
            Self::Lane => solid.tag.subject == Subject::Lane,
        }
    }

    /// Its layer in the targets, as common.wgsl has them.
    fn layer(self) -> usize {
        match self {
            Self::Scene => 0,
            Self::People { .. } => 1,
            Self::Lane => 2,
        }
    }
}

/// What a map covers, along the sun's rays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Covered {
    pub(super) clip_from_world: Mat4,
    /// Middle, world frame, metres.
    centre_m: Vec3,
    /// Half of its sides, metres.
    pub(super) half_m: Vec2,
}

impl Covered {
    /// The square of the whole lane; a lamp's map covers all that it lights.
    pub(super) fn by_scene(view: &PendingView) -> Self {
        let (centre_m, half_m) = (view.shadow_centre_m, Vec2::splat(view.shadow_half_extent_m));
        let clip_from_world = match (view.light.lamp, view.light.sun_direction) {
            (Some(lamp), _) => lamp_clip_from_world(&lamp),
            (None, Some(sun)) => orthographic(-half_m, half_m) * light_from_world(sun, centre_m),
            (None, None) => Mat4::IDENTITY,
        };
        Self { clip_from_world, centre_m, half_m }
    }

    /// The box of the people in the sun; `None` without one, in the roof's shade, and in a lamp's light, whose one map is fine
    /// where they sit.
    pub(super) fn by_people(view: &PendingView) -> Option<Self> {
        let sun = view.light.sun_direction.filter(|_| view.light.lamp.is_none())?;
        let people_m = view.fine_shadow_m.filter(|people_m| view.light.may_reach(corners(*people_m)))?;
        let centre_m = (people_m[0] + people_m[1]) / 2.0;
        let light_from_world = light_from_world(sun, centre_m);
        let corners = corners(people_m).map(|corner| light_from_world.transform_point3(corner).truncate());
        let (least, most) = corners.fold((Vec2::MAX, Vec2::MIN), |(least, most), c| (least.min(c), most.max(c)));
        let (least, most) = (least - FINE_MARGIN_M, most + FINE_MARGIN_M);
        Some(Self {
            clip_from_world: orthographic(least, most) * light_from_world,
            centre_m,
            half_m: (most - least) / 2.0,
        })
    }

    /// The same where shadows there are to be soft.
    pub(super) fn softly(view: &PendingView) -> Option<Self> {
        Self::by_people(view).filter(|_| view.soft_shadows)
    }

    /// The longer side of a texel of the people's map, metres.
    pub(super) fn texel_m(&self) -> f32 {
        2.0 * self.half_m.max_element() / (PEOPLE_SHARE * SUN_RESOLUTION as f32)
    }
}

/// Room round the people in their map, metres: half shadows in a cabin reach no further.
const FINE_MARGIN_M: f32 = 0.03;

/// World to a frame round a place that looks along the sun's rays.
fn light_from_world(sun: Vec3, centre_m: Vec3) -> Mat4 {
    let up = if sun.y.abs() > 0.99 { Vec3::Z } else { Vec3::Y };
    Mat4::look_at_rh(centre_m + sun * SUN_DEPTH_M, centre_m, up)
}

fn orthographic(least: Vec2, most: Vec2) -> Mat4 {
    Mat4::orthographic_rh(least.x, most.x, least.y, most.y, 0.0, 2.0 * SUN_DEPTH_M)
}

/// A map and all that it depends on. It holds on to the meshes, so that an equal address means the same mesh.
pub(super) struct SunMap {
    kind: Kind,
    covered: Covered,
    solids: Vec<PlacedSolid>,
    panes: Vec<PlacedPane>,
}

impl SunMap {
    /// The maps that a view looks at.
    pub(super) fn all(job: &ExtractedView) -> Vec<Self> {
        let view = &job.view;
        let scene = Covered::by_scene(view);
        // Without a light that throws shadows nothing looks at maps.
        let lit = view.light.sun_direction.is_some() || view.light.lamp.is_some();
        let people = Covered::by_people(view);
        let maps = [
            (Kind::Scene, lit.then_some(scene)),
            (Kind::People { without_lane: view.soft_shadows }, people),
            (Kind::Lane, Covered::softly(view).map(|_| scene)),
        ];
        maps.into_iter().filter_map(|(kind, covered)| Some(Self::of(job, kind, covered?))).collect()
    }

    fn of(job: &ExtractedView, kind: Kind, covered: Covered) -> Self {
        let solids = job.solids.iter().filter(|solid| kind.includes(solid));
        let panes = job.panes.iter().filter(|_| kind != Kind::Lane);
        Self {
            kind,
            covered,
            solids: solids.map(|s| (s.mesh.clone(), s.surface.texture.clone(), s.world_from_mesh)).collect(),
            panes: panes.map(|p| (p.mesh.clone(), p.transmittance.clone(), p.world_from_mesh)).collect(),
        }
    }
}

impl PartialEq for SunMap {
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, covered, solids, panes } = self;
        *kind == other.kind
            && *covered == other.covered
            && solids.len() == other.solids.len()
            && panes.len() == other.panes.len()
            && solids.iter().zip(&other.solids).all(|(a, b)| {
                let picture = a.1.as_ref().map(Arc::as_ptr) == b.1.as_ref().map(Arc::as_ptr);
                Arc::ptr_eq(&a.0, &b.0) && picture && a.2 == b.2
            })
            && panes
                .iter()
                .zip(&other.panes)
                .all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && Arc::ptr_eq(&a.1, &b.1) && a.2 == b.2)
    }
}

/// The maps' targets, and what they show.
pub(super) struct SunTargets {
    pub(super) depth: MapTarget,
    /// What panes let pass; a lane has none.
    pub(super) glass: MapTarget,
    pub(super) glass_depth: MapTarget,
    shown: Vec<SunMap>,
}

impl SunTargets {
    pub(super) fn new(device: &RenderDevice) -> Self {
        Self {
            depth: MapTarget::new(device, "depth from the sun", 3, DEPTH),
            glass: MapTarget::new(device, "glass from the sun", 2, SUN_GLASS),
            glass_depth: MapTarget::new(device, "depth of glass from the sun", 2, DEPTH),
            shown: Vec::new(),
        }
    }

    /// Whether a map shows something else, or nothing yet: cameras that expose together share them.
    pub(super) fn are_stale(&self, map: &SunMap) -> bool {
        !self.shown.contains(map)
    }

    /// Remembers what a map shows now; nothing for sure where drawing failed.
    pub(super) fn hold(&mut self, map: SunMap, drawn: bool) {
        self.shown.retain(|shown| shown.kind.layer() != map.kind.layer());
        if drawn {
            self.shown.push(map);
        }
    }
}

impl Recording<'_> {
    /// Draws a map: depth of what is opaque, then what panes let pass.
    pub(super) fn draw_sun_map(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        map: &SunMap,
        draw_group: &wgpu::BindGroup,
    ) -> Result<(), String> {
        let view = &self.job.view;
        let view_buffer = self.buffer("sun view", &view_uniform(view, Some(&map.covered)), BufferUsages::UNIFORM);
        let sun_view = self.device.create_bind_group(
            "sun view",
            &self.ready.cache.get_bind_group_layout(&self.ready.pipelines.sun_view),
            &[BindGroupEntry { binding: 0, resource: view_buffer.as_entire_binding() }],
        );
        let SunTargets { depth, glass, glass_depth, .. } = &self.targets.sun_maps;
        let layer = map.kind.layer();
        let share = if matches!(map.kind, Kind::People { .. }) { PEOPLE_SHARE } else { 1.0 };
        let side = share * SUN_RESOLUTION as f32;
        let sun = view.light.sun_direction.filter(|_| view.light.lamp.is_none());
        let reach_m = map.covered.half_m.length();
        // Only what can throw its shadow on what is mapped: near the axis from its middle to the sun.
        let casts = |centre: Vec3A, radius: f32| {
            // Before a lamp nothing is left out: what lies beside its map is clipped.
            let Some(sun) = sun else { return true };
            let offset = Vec3::from(centre) - map.covered.centre_m;
            let aside = offset - sun * offset.dot(sun);
            aside.length() <= reach_m + radius
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("depth from the sun"),
            depth_stencil_attachment: depth_attachment(&depth.layers[layer], Some(1.0)),
            ..Default::default()
        });
        pass.set_viewport(0.0, 0.0, side, side, 0.0, 1.0);
        pass.set_bind_group(0, &sun_view, &[]);
        for (cut_out, &shadow) in [false, true].into_iter().zip(&self.ready.pipelines.shadow) {
            pass.set_pipeline(self.pipeline(shadow)?);
            for (slot, solid) in self.job.solids.iter().enumerate().filter(|(_, solid)| map.kind.includes(solid)) {
                // The sun passes a clear lens; a dark one shades the eyes.
                if solid.surface.transmittance.is_some() && !solid.surface.is_dark_lens() {
                    continue;
                }
                let Some(gpu) = self.uploads.mesh(&solid.mesh) else { continue };
                let Some(picture) = self.uploads.picture(solid.surface.texture.as_ref()) else { continue };
                let (centre, radius) = gpu.world_bounds(&solid.world_from_mesh);
                if picture.has_holes == cut_out && casts(centre, radius) {
                    pass.set_bind_group(1, draw_group, &[(slot * DRAW_STRIDE) as u32]);
                    if cut_out {
                        pass.set_bind_group(2, &*picture.group, &[]);
                    }
                    self.draw_mesh(&mut pass, &solid.mesh);
                }
            }
        }
        drop(pass);
        if map.kind == Kind::Lane {
            return Ok(());
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("glass from the sun"),
            color_attachments: &[colour_attachment(&glass.layers[layer], wgpu::Color::WHITE)],
            depth_stencil_attachment: depth_attachment(&glass_depth.layers[layer], Some(1.0)),
            ..Default::default()
        });
        pass.set_pipeline(self.pipeline(self.ready.pipelines.sun_glass)?);
        pass.set_viewport(0.0, 0.0, side, side, 0.0, 1.0);
        pass.set_bind_group(0, &sun_view, &[]);
        for (k, pane) in self.job.panes.iter().enumerate() {
            pass.set_bind_group(1, draw_group, &[((self.job.solids.len() + k) * DRAW_STRIDE) as u32]);
            self.draw_mesh(&mut pass, &pane.mesh);
        }
        Ok(())
    }
}
