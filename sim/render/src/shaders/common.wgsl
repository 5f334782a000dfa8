// What every pass shares: the view, the sky, and the light that reaches a point.
#define_import_path laneproof::common

const PI: f32 = 3.14159265;

struct View {
    clip_from_world: mat4x4<f32>,
    world_from_camera: mat4x4<f32>,
    // World to the sun's orthographic shadow map, depth 0 (towards the sun) to 1.
    sun_clip_from_world: mat4x4<f32>,
    // Where the light comes from that throws shadows: a lamp, or a point far away towards the sun; w: 1 when there is one.
    beam_position: vec4<f32>,
    // Axis of its beam; w: cosine of the angle from the axis where it ends.
    beam_axis: vec4<f32>,
    // Intensity on the axis, W/sr per band; w: 1 / (1 - that cosine).
    beam_intensity: vec4<f32>,
    // Real spherical-harmonic coefficients of the irradiance under the lane's roof, and away from it.
    sky_irradiance: array<vec4<f32>, 9>,
    open_irradiance: array<vec4<f32>, 9>,
    // Footprint of the roof: lowest x, z, highest x, z.
    sheltered: vec4<f32>,
    // Focal length in px, principal point in px, unused.
    pinhole: vec4<f32>,
    // Shadow map: size of a texel in m, depth range in m, 1 / resolution, unused.
    shadow: vec4<f32>,
};

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var sky_table: texture_2d<f32>;
@group(0) @binding(2) var sky_sampler: sampler;
@group(0) @binding(3) var sun_depth: texture_depth_2d;
@group(0) @binding(4) var sun_depth_sampler: sampler_comparison;
@group(0) @binding(5) var sun_glass: texture_2d<f32>;
@group(0) @binding(6) var sun_glass_depth: texture_depth_2d;
@group(0) @binding(7) var background_table: texture_2d<f32>;

// (1 - cosine)^5 of Schlick's Fresnel.
fn fifth(cosine: f32) -> f32 {
    let x = 1.0 - cosine;
    let x2 = x * x;
    return x2 * x2 * x;
}

// Sky tables are octahedral maps (Engelhardt and Dachsbacher 2008) with the zenith in the middle: their seams lie below
// the horizon.
fn octahedral(direction: vec3<f32>) -> vec2<f32> {
    let p = direction.xz / (abs(direction.x) + abs(direction.y) + abs(direction.z));
    let folded = (1.0 - abs(p.yx)) * select(vec2<f32>(-1.0), vec2<f32>(1.0), p >= vec2<f32>(0.0));
    let q = select(p, folded, direction.y < 0.0);
    return q * 0.5 + 0.5;
}

// Radiance of what stands round the vehicle, from `direction` (unit, world), without the sun's disc: sky, roof, ground.
fn sky_radiance(direction: vec3<f32>) -> vec3<f32> {
    return textureSampleLevel(sky_table, sky_sampler, octahedral(direction), 0.0).rgb;
}

// Radiance of the open sky, as a picture's background shows it.
fn background_radiance(direction: vec3<f32>) -> vec3<f32> {
    return textureSampleLevel(background_table, sky_sampler, octahedral(direction), 0.0).rgb;
}

// Irradiance of a plane with normal `n` outside the cabin (Ramamoorthi and Hanrahan 2001).
fn outdoor_irradiance(position: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let below = all(position.xz >= view.sheltered.xy) && all(position.xz <= view.sheltered.zw);
    var c = view.open_irradiance;
    if below {
        c = view.sky_irradiance;
    }
    var e = c[0].rgb * 0.282095;
    e += c[1].rgb * (0.488603 * n.y) + c[2].rgb * (0.488603 * n.z) + c[3].rgb * (0.488603 * n.x);
    e += c[4].rgb * (1.092548 * n.x * n.y) + c[5].rgb * (1.092548 * n.y * n.z);
    e += c[6].rgb * (0.315392 * (3.0 * n.z * n.z - 1.0));
    e += c[7].rgb * (1.092548 * n.x * n.z) + c[8].rgb * (0.546274 * (n.x * n.x - n.y * n.y));
    return max(e, vec3<f32>(0.0));
}

// Direction towards the light that throws shadows, and what of its intensity falls on a plane there that faces it.
fn beam_at(position: vec3<f32>) -> vec4<f32> {
    let way = view.beam_position.xyz - position;
    let inverse = inverseSqrt(dot(way, way));
    let l = way * inverse;
    let s = clamp((-dot(l, view.beam_axis.xyz) - view.beam_axis.w) * view.beam_intensity.w, 0.0, 1.0);
    return vec4<f32>(l, s * s * (3.0 - 2.0 * s) * inverse * inverse);
}

// Share of that light that reaches a point: 0 in shadow, the pane's transmittance behind glass, 1 in the open.
fn sun_share(position: vec3<f32>, normal: vec3<f32>, n_dot_l: f32) -> vec3<f32> {
    // Moved along the normal by about a texel, more at grazing light, so that a surface does not shade itself.
    let slope = sqrt(max(1.0 - n_dot_l * n_dot_l, 0.0));
    // A lamp's texels grow with the distance, which is the clip position's w; the sun's do not, and its w is 1.
    let m = view.sun_clip_from_world;
    let away = m[0].w * position.x + m[1].w * position.y + m[2].w * position.z + m[3].w;
    if away <= 0.0 {
        return vec3<f32>(1.0);
    }
    let p = position + normal * (view.shadow.x * away * (0.6 + 1.6 * slope));
    let projected = m * vec4<f32>(p, 1.0);
    let clip = projected.xyz / projected.w;
    let uv = vec2<f32>(clip.x * 0.5 + 0.5, 0.5 - clip.y * 0.5);
    if any(uv < vec2<f32>(0.0)) || any(uv > vec2<f32>(1.0)) || clip.z > 1.0 {
        return vec3<f32>(1.0);
    }
    // One tap of the comparison sampler is the mean of four texels.
    var open = textureSampleCompareLevel(sun_depth, sun_depth_sampler, uv, clip.z);
    let size = vec2<f32>(textureDimensions(sun_glass_depth));
    let texel = vec2<i32>(min(uv * size, size - 1.0));
    if open > 0.0 && textureLoad(sun_glass_depth, texel, 0) < clip.z {
        return open * textureLoad(sun_glass, texel, 0).rgb;
    }
    return vec3<f32>(open);
}
