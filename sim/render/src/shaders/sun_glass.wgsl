// Panes as the sun sees them: how much of its light passes the nearest one.
#import laneproof::common::{view, beam_at}

struct Pane {
    world_from_mesh: mat4x4<f32>,
    // Transmittance over the cosine of the angle of incidence, 64 equal steps from 0 to 1, four a vector; red, green, blue.
    transmittance: array<vec4<f32>, 48>,
};

@group(1) @binding(0) var<uniform> pane: Pane;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) normal: vec3<f32>,
    @location(1) position: vec3<f32>,
};

@vertex
fn vertex(@location(0) position: vec3<f32>, @location(1) normal: vec3<f32>) -> Varying {
    var out: Varying;
    let world = pane.world_from_mesh * vec4<f32>(position, 1.0);
    out.clip = view.sun_clip_from_world * world;
    out.position = world.xyz;
    out.normal = (pane.world_from_mesh * vec4<f32>(normal, 0.0)).xyz;
    return out;
}

fn entry(i: u32) -> vec3<f32> {
    let k = i / 4u;
    let j = i & 3u;
    return vec3<f32>(pane.transmittance[k][j], pane.transmittance[16u + k][j], pane.transmittance[32u + k][j]);
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let cosine = abs(dot(normalize(in.normal), beam_at(in.position).xyz));
    let x = clamp(cosine, 0.0, 1.0) * 63.0;
    let i = min(u32(x), 62u);
    let t = mix(entry(i), entry(i + 1u), x - f32(i));
    return vec4<f32>(t, 1.0);
}
