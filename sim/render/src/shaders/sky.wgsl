// The background: a triangle over the whole target at infinite depth.
#import laneproof::common::{view, background_radiance}

struct Varying {
    @builtin(position) clip: vec4<f32>,
};

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Varying {
    var out: Varying;
    let corner = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u));
    out.clip = vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0);
    return out;
}

struct Layers {
    @location(0) radiance: vec4<f32>,
    @location(1) tag: u32,
    @location(2) depth_m: f32,
};

@fragment
fn fragment(in: Varying) -> Layers {
    // Chief ray of the pixel: image y points down, the camera looks along -z.
    let ray = vec3<f32>(in.clip.x - view.pinhole.y, view.pinhole.z - in.clip.y, -view.pinhole.x);
    let world = normalize((view.world_from_camera * vec4<f32>(ray, 0.0)).xyz);
    var out: Layers;
    out.radiance = vec4<f32>(min(background_radiance(world), vec3<f32>(60000.0)), 1.0);
    out.tag = 0u;
    out.depth_m = 1e30;
    return out;
}
