//! The render application's side: components of the main world, their extraction, and the passes.
mod ambient;
mod culling;
mod passes;
mod pipelines;
mod readback;
mod sun_maps;
mod targets;
mod uniforms;
mod upload;

use std::sync::{Arc, Mutex};

use bevy::{
    app::{App, Plugin},
    asset::Assets,
    ecs::schedule::IntoScheduleConfigs as _,
    prelude::{Component, Entity, Or, ResMut, Resource, With, World},
    render::{
        ExtractSchedule, GpuResourceAppExt as _, MainWorld, RenderApp,
        renderer::{RenderGraph, RenderGraphSystems},
    },
    shader::Shader,
};

use crate::{
    failure::Failure,
    request::{Layers, RenderRequest},
    scene::{Cabin, Light, Scene, ScenePane, Solid},
};

/// A scene and what is wanted of it.
pub(crate) struct Job {
    pub(crate) scene: Scene,
    pub(crate) request: RenderRequest,
}

/// Where the passes leave their answer.
#[derive(Resource, Clone, Default)]
pub(crate) struct Outcome(Arc<Mutex<OutcomeState>>);

#[derive(Default)]
struct OutcomeState {
    ready: bool,
    layers: Option<Layers>,
}

impl Outcome {
    pub(crate) fn is_ready(&self) -> bool {
        self.0.lock().is_ok_and(|s| s.ready)
    }

    pub(crate) fn take(&self) -> Option<Layers> {
        self.0.lock().ok().and_then(|mut s| s.layers.take())
    }

    fn set_ready(&self, ready: bool) {
        if let Ok(mut s) = self.0.lock() {
            s.ready = ready;
        }
    }

    fn put(&self, layers: Layers) {
        if let Ok(mut s) = self.0.lock() {
            s.layers = Some(layers);
        }
    }
}

/// An opaque surface as an entity; `order` fixes the order of drawing.
#[derive(Component)]
struct DrawnSolid {
    order: usize,
    solid: Solid,
}

/// A pane as an entity.
#[derive(Component)]
struct DrawnPane {
    order: usize,
    pane: ScenePane,
}

/// The view of the next update, with the light it is seen in.
#[derive(Resource, Clone)]
struct PendingView {
    request: RenderRequest,
    light: Arc<Light>,
    cabins: Vec<Cabin>,
    shadow_centre_m: glam::Vec3,
    shadow_half_extent_m: f32,
    fine_shadow_m: Option<[glam::Vec3; 2]>,
    soft_shadows: bool,
}

/// What the render world works on in this update.
#[derive(Resource, Default)]
struct ExtractedJob(Option<ExtractedView>);

struct ExtractedView {
    view: PendingView,
    solids: Vec<Solid>,
    panes: Vec<ScenePane>,
}

/// Replaces the main world's scene entities by those of `job` and asks for its view.
pub(crate) fn stage(world: &mut World, job: Job) {
    let Job { scene, request } = job;
    let Scene { solids, panes, light, cabins, shadow_centre_m, shadow_half_extent_m, fine_shadow_m, soft_shadows } =
        scene;
    let old: Vec<Entity> =
        world.query_filtered::<Entity, Or<(With<DrawnSolid>, With<DrawnPane>)>>().iter(world).collect();
    for entity in old {
        world.despawn(entity);
    }
    world.spawn_batch(
        solids.into_iter().enumerate().map(|(order, solid)| DrawnSolid { order, solid }).collect::<Vec<_>>(),
    );
    world.spawn_batch(panes.into_iter().enumerate().map(|(order, pane)| DrawnPane { order, pane }).collect::<Vec<_>>());
    world.insert_resource(PendingView {
        request,
        light,
        cabins,
        shadow_centre_m,
        shadow_half_extent_m,
        fine_shadow_m,
        soft_shadows,
    });
}

fn extract(mut main: ResMut<MainWorld>, mut extracted: ResMut<ExtractedJob>) {
    let Some(view) = main.remove_resource::<PendingView>() else {
        extracted.0 = None;
        return;
    };
    // A query's order is the archetype's business; ours is the scene's.
    let mut solids: Vec<_> =
        main.query::<&DrawnSolid>().iter(&main).map(|drawn| (drawn.order, drawn.solid.clone())).collect();
    solids.sort_by_key(|(order, _)| *order);
    let mut panes: Vec<_> =
        main.query::<&DrawnPane>().iter(&main).map(|drawn| (drawn.order, drawn.pane.clone())).collect();
    panes.sort_by_key(|(order, _)| *order);
    extracted.0 = Some(ExtractedView {
        view,
        solids: solids.into_iter().map(|(_, solid)| solid).collect(),
        panes: panes.into_iter().map(|(_, pane)| pane).collect(),
    });
}

/// Handles of our shaders; the main world owns them.
#[derive(Resource, Clone)]
struct Shaders {
    solid: bevy::asset::Handle<Shader>,
    sky: bevy::asset::Handle<Shader>,
    sun_glass: bevy::asset::Handle<Shader>,
    shadow: bevy::asset::Handle<Shader>,
    /// Imported by the others; kept alive here.
    _common: bevy::asset::Handle<Shader>,
}

/// Adds the lane's passes to the render application.
pub(crate) struct LanePassesPlugin {
    pub(crate) failure: Failure,
    pub(crate) outcome: Outcome,
}

impl Plugin for LanePassesPlugin {
    fn build(&self, app: &mut App) {
        let mut assets = app.world_mut().resource_mut::<Assets<Shader>>();
        let mut add = |source: &'static str, path: &'static str| assets.add(Shader::from_wgsl(source, path));
        let shaders = Shaders {
            _common: add(include_str!("../shaders/common.wgsl"), "laneproof/common.wgsl"),
            solid: add(include_str!("../shaders/solid.wgsl"), "laneproof/solid.wgsl"),
            sky: add(include_str!("../shaders/sky.wgsl"), "laneproof/sky.wgsl"),
            sun_glass: add(include_str!("../shaders/sun_glass.wgsl"), "laneproof/sun_glass.wgsl"),
            shadow: add(include_str!("../shaders/shadow.wgsl"), "laneproof/shadow.wgsl"),
        };
        let render_app = app.sub_app_mut(RenderApp);
        render_app
            .insert_resource(shaders)
            .insert_resource(self.failure.clone())
            .insert_resource(self.outcome.clone())
            .init_resource::<ExtractedJob>()
            .init_gpu_resource::<pipelines::Pipelines>()
            .init_gpu_resource::<upload::Uploads>()
            .init_gpu_resource::<targets::Targets>()
            .add_systems(ExtractSchedule, extract)
            .add_systems(
                RenderGraph,
                (pipelines::report_readiness, passes::render).chain().in_set(RenderGraphSystems::Render),
            );
    }
}
