// Depth of opaque surfaces as the sun sees them. CUT_OUT leaves out the holes in a picture: the gaps between strands of hair.
#import laneproof::common::view

struct Draw {
    world_from_mesh: mat4x4<f32>,
};

@group(1) @binding(0) var<uniform> draw: Draw;

#ifdef CUT_OUT
@group(2) @binding(0) var albedo: texture_2d<f32>;
@group(2) @binding(1) var albedo_sampler: sampler;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
};

@vertex
fn vertex(@location(0) position: vec3<f32>, @location(1) normal: vec3<f32>, @location(2) uv: vec2<f32>) -> Varying {
    return Varying(view.sun_clip_from_world * (draw.world_from_mesh * vec4<f32>(position, 1.0)), uv);
}

@fragment
fn fragment(in: Varying) {
    if textureSample(albedo, albedo_sampler, in.uv).a < 0.5 {
        discard;
    }
}
#else
@vertex
fn vertex(@location(0) position: vec3<f32>) -> @builtin(position) vec4<f32> {
    return view.sun_clip_from_world * (draw.world_from_mesh * vec4<f32>(position, 1.0));
}
#endif
