// Panes: what they mirror (rgb) and what they let through (alpha), summed over panes from back to front by blending
// veil' = veil_pane + T_pane * veil, T' = T_pane * T.
#import laneproof::common::{PI, view, sky_radiance, sun_share}

struct Pane {
    world_from_mesh: mat4x4<f32>,
    // Transmittance and reflectance over the cosine of the angle of incidence, 64 equal steps from 0 to 1, two a vector.
    response: array<vec4<f32>, 32>,
};

@group(1) @binding(0) var<uniform> pane: Pane;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
};

fn seen(clip_from_world: mat4x4<f32>, position: vec3<f32>, normal: vec3<f32>) -> Varying {
    var out: Varying;
    let world = pane.world_from_mesh * vec4<f32>(position, 1.0);
    out.clip = clip_from_world * world;
    out.position = world.xyz;
    out.normal = (pane.world_from_mesh * vec4<f32>(normal, 0.0)).xyz;
    return out;
}

@vertex
fn vertex(@location(0) position: vec3<f32>, @location(1) normal: vec3<f32>) -> Varying {
    return seen(view.clip_from_world, position, normal);
}

@vertex
fn vertex_sun(@location(0) position: vec3<f32>, @location(1) normal: vec3<f32>) -> Varying {
    return seen(view.sun_clip_from_world, position, normal);
}

fn entry(i: u32) -> vec2<f32> {
    let pair = pane.response[i / 2u];
    return select(pair.xy, pair.zw, (i & 1u) == 1u);
}

// (transmittance, reflectance) at a cosine of incidence.
fn response(cosine: f32) -> vec2<f32> {
    let x = clamp(cosine, 0.0, 1.0) * 63.0;
    let i = min(u32(x), 62u);
    return mix(entry(i), entry(i + 1u), x - f32(i));
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let v = normalize(view.world_from_camera[3].xyz - in.position);
    var n = normalize(in.normal);
    let inside = dot(n, v) < 0.0;
    n = select(n, -n, inside);
    let tr = response(dot(n, v));
    let mirrored = reflect(-v, n);
    var environment = sky_radiance(mirrored);
    // Seen from inside, a pane mirrors the dim cabin; a fifth of the open environment is an assumption.
    environment *= select(1.0, 0.2, inside);
#ifdef GLINT
    // The sun's own image: angular radius 0.2666 degrees, solid angle 6.80e-5 sr.
    if !inside && view.sun_direction.w > 0.0 && dot(mirrored, view.sun_direction.xyz) > 0.99998917 {
        environment += view.sun_irradiance.rgb / 6.80e-5 * sun_share(in.position + n * 0.02, n, 1.0);
    }
#endif
    return vec4<f32>(min(tr.y * environment, vec3<f32>(60000.0)), tr.x);
}

// Seen from the sun: transmittance of the nearest pane.
@fragment
fn fragment_sun(in: Varying) -> @location(0) vec4<f32> {
    let t = response(abs(dot(normalize(in.normal), view.sun_direction.xyz))).x;
    return vec4<f32>(t, 0.0, 0.0, 1.0);
}
