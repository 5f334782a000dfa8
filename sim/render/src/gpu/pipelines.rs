//! Bind-group layouts and pipelines of the passes.
use bevy::{
    mesh::VertexBufferLayout,
    prelude::{FromWorld, Res, Resource, World},
    render::render_resource::{
        BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BlendComponent, BlendFactor, BlendOperation,
        BlendState, BufferBindingType, CachedPipelineState, CachedRenderPipelineId, ColorTargetState, ColorWrites,
        CompareFunction, DepthBiasState, DepthStencilState, Face, FragmentState, MultisampleState, PipelineCache,
        PrimitiveState, RenderPipelineDescriptor, SamplerBindingType, ShaderStages, StencilState, TextureFormat,
        TextureSampleType, TextureViewDimension, VertexAttribute, VertexFormat, VertexState, VertexStepMode,
    },
    shader::{ShaderCacheError, ShaderDefVal},
};
use laneproof_scenes::mesh::Vertex;

use super::{Outcome, Shaders, ambient::VertexLight};
use crate::failure::Failure;

/// Format of radiance.
pub(super) const RADIANCE: TextureFormat = TextureFormat::Rgba16Float;
/// Format of the truth tag.
pub(super) const TAG: TextureFormat = TextureFormat::R16Uint;
/// Format of the range layer.
pub(super) const RANGE: TextureFormat = TextureFormat::R32Float;
/// Format of every depth buffer.
pub(super) const DEPTH: TextureFormat = TextureFormat::Depth32Float;
/// Format of the pane transmittance seen from the sun.
pub(super) const SUN_GLASS: TextureFormat = TextureFormat::Rgba16Float;

/// Which variant of the solid pipeline a surface takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SolidKey {
    pub(super) double_sided: bool,
    /// Without the coat's highlights; see solid.wgsl.
    pub(super) matt: bool,
    pub(super) place: Place,
    pub(super) cover: Cover,
}

/// Where a surface gets its light. A variant and not a branch: on a CPU both sides of a branch are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Below the open sky.
    Outside,
    /// The same where no light comes that throws shadows.
    OutsideInShade,
    /// In a cabin.
    Cabin,
    /// In a cabin where no light comes that throws shadows.
    CabinInShade,
    /// In a cabin, with the half shadows of the sun's disc.
    SoftCabin,
}

impl Place {
    const ALL: [Self; 5] = [Self::Outside, Self::OutsideInShade, Self::Cabin, Self::CabinInShade, Self::SoftCabin];

    fn is_in_cabin(self) -> bool {
        !matches!(self, Self::Outside | Self::OutsideInShade)
    }

    fn shader_defs(self) -> &'static [&'static str] {
        match self {
            Self::Outside => &[],
            Self::OutsideInShade => &["IN_SHADE"],
            Self::Cabin => &["CABIN"],
            Self::CabinInShade => &["CABIN", "IN_SHADE"],
            Self::SoftCabin => &["CABIN", "SOFT"],
        }
    }
}

/// What covers a surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// One reflectance, tinted per vertex.
    Plain,
    /// A picture of reflectance.
    Picture,
    /// A picture with holes in it.
    CutOut,
}

impl Cover {
    const ALL: [Self; 3] = [Self::Plain, Self::Picture, Self::CutOut];
}

impl SolidKey {
    /// Roughness from which a surface counts as matt.
    pub(super) const MATT_ROUGHNESS: f32 = 0.85;

    fn of_index(index: usize) -> Self {
        let (place, cover) = (Place::ALL[index / 4 % Place::ALL.len()], Cover::ALL[index / (4 * Place::ALL.len())]);
        Self { double_sided: index & 1 == 1, matt: index & 2 == 2, place, cover }
    }

    fn shader_defs(self) -> Vec<ShaderDefVal> {
        let covered: &[&str] = match self.cover {
            Cover::Plain => &[],
            Cover::Picture => &["PICTURE"],
            Cover::CutOut => &["PICTURE", "CUT_OUT"],
        };
        let matt: &[&str] = if self.matt { &["MATT"] } else { &[] };
        covered.iter().chain(matt).chain(self.place.shader_defs()).map(|&name| name.into()).collect()
    }

    fn index(self) -> usize {
        let cover = Place::ALL.len() * self.cover as usize;
        usize::from(self.double_sided) + 2 * usize::from(self.matt) + 4 * (self.place as usize + cover)
    }
}

/// Which variant of the lens pipeline a lens takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LensKey {
    pub(super) place: Place,
    /// Too dark to look through: it writes its own truth.
    pub(super) dark: bool,
}

impl LensKey {
    fn of_index(index: usize) -> Self {
        Self { dark: index & 1 == 1, place: Place::ALL[index / 2] }
    }

    fn shader_defs(self) -> Vec<ShaderDefVal> {
        ["LENS"].iter().chain(self.place.shader_defs()).map(|&name| name.into()).collect()
    }

    fn index(self) -> usize {
        usize::from(self.dark) + 2 * self.place as usize
    }
}

/// Pipelines and the layouts of their bind groups.
#[derive(Resource)]
pub(super) struct Pipelines {
    /// Group 0 of the passes from the sun: the view alone.
    pub(super) sun_view: BindGroupLayoutDescriptor,
    /// Group 0 of the passes from the camera.
    pub(super) camera_view: BindGroupLayoutDescriptor,
    /// Group 1: one draw's uniform, by dynamic offset.
    pub(super) draw: BindGroupLayoutDescriptor,
    /// Group 2: a reflectance picture.
    pub(super) picture: BindGroupLayoutDescriptor,
    solid: [CachedRenderPipelineId; 4 * Place::ALL.len() * Cover::ALL.len()],
    /// Lenses that people wear, by [`LensKey`].
    lens: [CachedRenderPipelineId; 2 * Place::ALL.len()],
    pub(super) sky: CachedRenderPipelineId,
    /// Depth from the sun; the second of the two leaves out the holes of pictures.
    pub(super) shadow: [CachedRenderPipelineId; 2],
    pub(super) sun_glass: CachedRenderPipelineId,
}

impl Pipelines {
    pub(super) fn solid(&self, key: SolidKey) -> CachedRenderPipelineId {
        self.solid[key.index()]
    }

    pub(super) fn lens(&self, key: LensKey) -> CachedRenderPipelineId {
        self.lens[key.index()]
    }

    fn ids(&self) -> impl Iterator<Item = CachedRenderPipelineId> {
        self.solid.into_iter().chain(self.lens).chain(self.shadow).chain([self.sky, self.sun_glass])
    }
}

fn entry(binding: u32, visibility: ShaderStages, ty: BindingType) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

fn uniform(binding: u32, has_dynamic_offset: bool) -> BindGroupLayoutEntry {
    let ty = BindingType::Buffer { ty: BufferBindingType::Uniform, has_dynamic_offset, min_binding_size: None };
    entry(binding, ShaderStages::VERTEX_FRAGMENT, ty)
}

fn texture(binding: u32, sample_type: TextureSampleType) -> BindGroupLayoutEntry {
    let ty = BindingType::Texture { sample_type, view_dimension: TextureViewDimension::D2, multisampled: false };
    entry(binding, ShaderStages::FRAGMENT, ty)
}

/// Maps from the sun, a layer each.
fn sun_map(binding: u32, sample_type: TextureSampleType) -> BindGroupLayoutEntry {
    let ty = BindingType::Texture { sample_type, view_dimension: TextureViewDimension::D2Array, multisampled: false };
    entry(binding, ShaderStages::FRAGMENT, ty)
}

fn sampler(binding: u32, kind: SamplerBindingType) -> BindGroupLayoutEntry {
    entry(binding, ShaderStages::FRAGMENT, BindingType::Sampler(kind))
}

/// The first `count` attributes of [`Vertex`]: position, normal, uv, tint.
fn vertex_buffer(count: usize) -> VertexBufferLayout {
    let attributes = [
        (VertexFormat::Float32x3, std::mem::offset_of!(Vertex, position_m)),
        (VertexFormat::Float32x3, std::mem::offset_of!(Vertex, normal)),
        (VertexFormat::Float32x2, std::mem::offset_of!(Vertex, uv)),
        (VertexFormat::Unorm8x4, std::mem::offset_of!(Vertex, tint)),
    ];
    VertexBufferLayout {
        array_stride: size_of::<Vertex>() as u64,
        step_mode: VertexStepMode::Vertex,
        attributes: attributes
            .into_iter()
            .take(count)
            .zip(0..)
            .map(|((format, offset), shader_location)| VertexAttribute {
                format,
                offset: offset as u64,
                shader_location,
            })
            .collect(),
    }
}

/// Buffers of a solid's or a lens's vertices.
fn solid_buffers(cabin: bool) -> Vec<VertexBufferLayout> {
    let light = [std::mem::offset_of!(VertexLight, irradiance), std::mem::offset_of!(VertexLight, mirrored)];
    let ambient = VertexBufferLayout {
        array_stride: size_of::<VertexLight>() as u64,
        step_mode: VertexStepMode::Vertex,
        attributes: light
            .into_iter()
            .zip(4..)
            .map(|(offset, shader_location)| VertexAttribute {
                format: VertexFormat::Float32x3,
                offset: offset as u64,
                shader_location,
            })
            .collect(),
    };
    [vertex_buffer(4)].into_iter().chain(cabin.then_some(ambient)).collect()
}

fn target(format: TextureFormat, blend: Option<BlendState>) -> Option<ColorTargetState> {
    Some(ColorTargetState { format, blend, write_mask: ColorWrites::ALL })
}

fn depth(write: bool, compare: CompareFunction) -> Option<DepthStencilState> {
    Some(DepthStencilState {
        format: DEPTH,
        depth_write_enabled: Some(write),
        depth_compare: Some(compare),
        stencil: StencilState::default(),
        bias: DepthBiasState::default(),
    })
}

impl FromWorld for Pipelines {
    fn from_world(world: &mut World) -> Self {
        let shaders = world.resource::<Shaders>().clone();
        let cache = world.resource::<PipelineCache>();
        let float = TextureSampleType::Float { filterable: true };
        let sun_view = BindGroupLayoutDescriptor::new("view from the sun", &[uniform(0, false)]);
        let camera_view = BindGroupLayoutDescriptor::new(
            "view from the camera",
            &[
                uniform(0, false),
                texture(1, float),
                sampler(2, SamplerBindingType::Filtering),
                sun_map(3, TextureSampleType::Depth),
                sampler(4, SamplerBindingType::Comparison),
                sun_map(5, float),
                sun_map(6, TextureSampleType::Depth),
                texture(7, float),
            ],
        );
        let draw = BindGroupLayoutDescriptor::new("draw", &[uniform(0, true)]);
        let picture =
            BindGroupLayoutDescriptor::new("picture", &[texture(0, float), sampler(1, SamplerBindingType::Filtering)]);

        let layers = || vec![target(RADIANCE, None), target(TAG, None), target(RANGE, None)];
        let base = |label: &'static str| RenderPipelineDescriptor {
            label: Some(label.into()),
            multisample: MultisampleState::default(),
            ..Default::default()
        };
        let solid = |key: SolidKey| {
            cache.queue_render_pipeline(RenderPipelineDescriptor {
                layout: vec![camera_view.clone(), draw.clone(), picture.clone()],
                vertex: VertexState {
                    shader: shaders.solid.clone(),
                    shader_defs: key.shader_defs(),
                    entry_point: Some("vertex".into()),
                    buffers: solid_buffers(key.place.is_in_cabin()),
                },
                primitive: PrimitiveState {
                    cull_mode: (!key.double_sided).then_some(Face::Back),
                    ..Default::default()
                },
                depth_stencil: depth(true, CompareFunction::Greater),
                fragment: Some(FragmentState {
                    shader: shaders.solid.clone(),
                    shader_defs: key.shader_defs(),
                    entry_point: Some("fragment".into()),
                    targets: layers(),
                }),
                ..base("solid")
            })
        };
        let solid = std::array::from_fn(|index| solid(SolidKey::of_index(index)));
        // What is behind a lens counts by the draw's transmittance per band, which is the blend constant; the radiance's
        // fourth value stays 1.
        let through = BlendState {
            color: BlendComponent {
                src_factor: BlendFactor::One,
                dst_factor: BlendFactor::Constant,
                operation: BlendOperation::Add,
            },
            alpha: BlendComponent {
                src_factor: BlendFactor::Zero,
                dst_factor: BlendFactor::One,
                operation: BlendOperation::Add,
            },
        };
        let lens = |key: LensKey| {
            let truth = |format| {
                let write_mask = if key.dark { ColorWrites::ALL } else { ColorWrites::empty() };
                Some(ColorTargetState { format, blend: None, write_mask })
            };
            cache.queue_render_pipeline(RenderPipelineDescriptor {
                layout: vec![camera_view.clone(), draw.clone()],
                vertex: VertexState {
                    shader: shaders.solid.clone(),
                    shader_defs: key.shader_defs(),
                    entry_point: Some("vertex".into()),
                    buffers: solid_buffers(key.place.is_in_cabin()),
                },
                depth_stencil: depth(false, CompareFunction::Greater),
                fragment: Some(FragmentState {
                    shader: shaders.solid.clone(),
                    shader_defs: key.shader_defs(),
                    entry_point: Some("fragment".into()),
                    targets: vec![target(RADIANCE, Some(through)), truth(TAG), truth(RANGE)],
                }),
                ..base("lens")
            })
        };
        let lens = std::array::from_fn(|index| lens(LensKey::of_index(index)));
        let sky = cache.queue_render_pipeline(RenderPipelineDescriptor {
            layout: vec![camera_view.clone()],
            vertex: VertexState {
                shader: shaders.sky.clone(),
                entry_point: Some("vertex".into()),
                ..Default::default()
            },
            // Behind everything: reverse depth 0 passes only where nothing was drawn.
            depth_stencil: depth(false, CompareFunction::Equal),
            fragment: Some(FragmentState {
                shader: shaders.sky.clone(),
                entry_point: Some("fragment".into()),
                targets: layers(),
                ..Default::default()
            }),
            ..base("sky")
        });
        let sun_glass = cache.queue_render_pipeline(RenderPipelineDescriptor {
            layout: vec![sun_view.clone(), draw.clone()],
            vertex: VertexState {
                shader: shaders.sun_glass.clone(),
                entry_point: Some("vertex".into()),
                buffers: vec![vertex_buffer(2)],
                ..Default::default()
            },
            depth_stencil: depth(true, CompareFunction::Less),
            fragment: Some(FragmentState {
                shader: shaders.sun_glass.clone(),
                entry_point: Some("fragment".into()),
                targets: vec![target(SUN_GLASS, None)],
                ..Default::default()
            }),
            ..base("glass from the sun")
        });
        let shadow = [false, true].map(|cut_out| {
            let shader_defs: Vec<ShaderDefVal> = if cut_out { vec!["CUT_OUT".into()] } else { vec![] };
            let mut layout = vec![sun_view.clone(), draw.clone()];
            layout.extend(cut_out.then(|| picture.clone()));
            cache.queue_render_pipeline(RenderPipelineDescriptor {
                layout,
                vertex: VertexState {
                    shader: shaders.shadow.clone(),
                    shader_defs: shader_defs.clone(),
                    entry_point: Some("vertex".into()),
                    buffers: vec![vertex_buffer(if cut_out { 3 } else { 1 })],
                },
                fragment: cut_out.then(|| FragmentState {
                    shader: shaders.shadow.clone(),
                    shader_defs,
                    entry_point: Some("fragment".into()),
                    targets: vec![],
                }),
                depth_stencil: depth(true, CompareFunction::Less),
                ..base("shadow")
            })
        });
        Self { sun_view, camera_view, draw, picture, solid, lens, sky, shadow, sun_glass }
    }
}

/// Tells the outside whether every pipeline stands, or why one never will.
pub(super) fn report_readiness(
    cache: Res<PipelineCache>,
    pipelines: Res<Pipelines>,
    outcome: Res<Outcome>,
    failure: Res<Failure>,
) {
    let mut ready = true;
    for id in pipelines.ids() {
        match cache.get_render_pipeline_state(id) {
            CachedPipelineState::Ok(_) => {}
            CachedPipelineState::Err(ShaderCacheError::ProcessShaderError(e)) => failure.set(e.to_string()),
            CachedPipelineState::Err(ShaderCacheError::CreateShaderModule(e)) => failure.set(e.clone()),
            _ => ready = false,
        }
    }
    outcome.set_ready(ready);
}
