// Depth of opaque surfaces as the sun sees them.
#import laneproof::common::view

struct Draw {
    world_from_mesh: mat4x4<f32>,
};

@group(1) @binding(0) var<uniform> draw: Draw;

@vertex
fn vertex(@location(0) position: vec3<f32>) -> @builtin(position) vec4<f32> {
    return view.sun_clip_from_world * (draw.world_from_mesh * vec4<f32>(position, 1.0));
}
