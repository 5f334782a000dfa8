// What every pass shares: the view, the sky, and the light that reaches a point.
#define_import_path laneproof::common

const PI: f32 = 3.14159265;

struct View {
    clip_from_world: mat4x4<f32>,
    world_from_camera: mat4x4<f32>,
    // World to the sun's orthographic shadow map, depth 0 (towards the sun) to 1.
    sun_clip_from_world: mat4x4<f32>,
    // World to the finer map of the people.
    fine_clip_from_world: mat4x4<f32>,
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
    // The people's map: size of a texel in m, 1 when there is one, widths and heights of the map in a metre.
    fine: vec4<f32>,
    // To the right of the beam's axis; w: 1 where the beam has a pattern.
    beam_right: vec4<f32>,
    // Of the two parts below the cut-off and of the spill: middle, and 1 / standard deviation, as tangents.
    beam_lobes: array<vec4<f32>, 3>,
    // Cut-off: height, rise, how far it rises, 1 / softness.
    beam_cut: vec4<f32>,
    // Shares of the three in their middles; w: unused.
    beam_shares: vec4<f32>,
};

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var sky_table: texture_2d<f32>;
@group(0) @binding(2) var sky_sampler: sampler;
// Layers: the whole scene, the people's box, and the lane alone.
@group(0) @binding(3) var sun_depth: texture_depth_2d_array;
@group(0) @binding(4) var sun_depth_sampler: sampler_comparison;
@group(0) @binding(5) var sun_glass: texture_2d_array<f32>;
@group(0) @binding(6) var sun_glass_depth: texture_depth_2d_array;
@group(0) @binding(7) var background_table: texture_2d<f32>;

const SCENE: i32 = 0;
const PEOPLE: i32 = 1;
const LANE: i32 = 2;
// The people's map takes this share of its layer's sides.
const PEOPLE_SHARE: f32 = 0.5;

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

fn beam_lobe(k: i32, place: vec2<f32>) -> f32 {
    let lobe = view.beam_lobes[k];
    let off = (place - lobe.xy) * lobe.zw;
    return view.beam_shares[k] * exp(-0.5 * dot(off, off));
}

// Share of its intensity that a beam's pattern has in a direction from the lamp (unit vector); `BeamPattern::share`.
fn beam_pattern(direction: vec3<f32>) -> f32 {
    let axis = view.beam_axis.xyz;
    let right = view.beam_right.xyz;
    let along = max(dot(direction, axis), 1e-3);
    let place = vec2<f32>(dot(direction, right), dot(direction, cross(right, axis))) / along;
    let cut = view.beam_cut.x + view.beam_cut.y * clamp(place.x, 0.0, view.beam_cut.z);
    let open = 1.0 / (1.0 + exp(clamp((place.y - cut) * view.beam_cut.w, -30.0, 30.0)));
    return beam_lobe(2, place) + open * (beam_lobe(0, place) + beam_lobe(1, place));
}

// Direction towards the light that throws shadows, and what of its intensity falls on a plane there that faces it.
fn beam_at(position: vec3<f32>) -> vec4<f32> {
    let way = view.beam_position.xyz - position;
    let inverse = inverseSqrt(dot(way, way));
    let l = way * inverse;
    let s = clamp((-dot(l, view.beam_axis.xyz) - view.beam_axis.w) * view.beam_intensity.w, 0.0, 1.0);
    var arrives = s * s * (3.0 - 2.0 * s) * inverse * inverse;
    if view.beam_right.w > 0.0 {
        arrives *= beam_pattern(-l);
    }
    return vec4<f32>(l, arrives);
}

// Share of that light that reaches a point: 0 in shadow, the pane's transmittance behind glass, 1 in the open. In a cabin
// the people's map answers where it reaches. Without branches: a software adapter takes them all.
fn sun_share(position: vec3<f32>, normal: vec3<f32>, n_dot_l: f32, cabin: bool) -> vec3<f32> {
    // Moved along the normal by about a texel, more at grazing light, so that a surface does not shade itself.
    let slope = sqrt(max(1.0 - n_dot_l * n_dot_l, 0.0));
    let texels = 0.6 + 1.6 * slope;
    // A lamp's texels grow with the distance, which is the clip position's w; the sun's do not, and its w is 1.
    let m = view.sun_clip_from_world;
    let away = m[0].w * position.x + m[1].w * position.y + m[2].w * position.z + m[3].w;
    if away <= 0.0 {
        return vec3<f32>(1.0);
    }
    let projected = m * vec4<f32>(position + normal * (view.shadow.x * away * texels), 1.0);
    var clip = projected.xyz / projected.w;
    var map = SCENE;
    var share = 1.0;
    if cabin {
        let fine = (view.fine_clip_from_world * vec4<f32>(position + normal * (view.fine.x * texels), 1.0)).xyz;
        let inside = view.fine.y > 0.0 && all(abs(fine.xy) < vec2<f32>(1.0));
        clip = select(clip, fine, inside);
        map = select(SCENE, PEOPLE, inside);
        share = select(1.0, PEOPLE_SHARE, inside);
    }
    let uv = vec2<f32>(clip.x * 0.5 + 0.5, 0.5 - clip.y * 0.5) * share;
    if any(uv < vec2<f32>(0.0)) || any(uv > vec2<f32>(1.0)) || clip.z > 1.0 {
        return vec3<f32>(1.0);
    }
    return through(map, uv, clip.z, tap(map, uv, clip.z));
}

// One tap of the comparison sampler is the mean of four texels.
fn tap(map: i32, uv: vec2<f32>, z: f32) -> f32 {
    return textureSampleCompareLevel(sun_depth, sun_depth_sampler, uv, map, z);
}

// What is left of an open share behind the nearest pane.
fn through(map: i32, uv: vec2<f32>, z: f32, open: f32) -> vec3<f32> {
    let size = vec2<f32>(textureDimensions(sun_glass_depth));
    let texel = vec2<i32>(min(uv * size, size - 1.0));
    if open > 0.0 && textureLoad(sun_glass_depth, texel, map, 0) < z {
        return open * textureLoad(sun_glass, texel, map, 0).rgb;
    }
    return vec3<f32>(open);
}

// Radius of the sun's disc as a slope (16' of arc).
const SUN_SLOPE: f32 = 0.004654;
// A spiral over the disc, each point for the same share of it (H. Vogel, A better way to construct the sunflower head, 1979).
const DISC_POINTS: i32 = 16;
const GOLDEN_ANGLE: f32 = 2.3999632;

fn disc_point(k: i32) -> vec2<f32> {
    let radius = sqrt((f32(k) + 0.5) / f32(DISC_POINTS));
    let angle = f32(k) * GOLDEN_ANGLE;
    return radius * vec2<f32>(cos(angle), sin(angle));
}

// Share of the sun's disc that a map leaves open over a point at `uv` and depth `z`, whose surface changes its depth by `tilt`
// over the map. `reach` is the map's size of the half shadow of what is `farthest` m away: nothing further away is in the map.
fn disc_open(map: i32, uv: vec2<f32>, z: f32, tilt: vec2<f32>, reach: vec2<f32>, farthest: f32) -> f32 {
    var open = tap(map, uv, z);
    for (var k = 0; k < 4; k++) {
        let offset = reach * vec2<f32>(select(-0.7071, 0.7071, (k & 1) == 1), select(-0.7071, 0.7071, k > 1));
        open += tap(map, uv + offset, z + dot(tilt, offset));
    }
    if open == 0.0 || open == 5.0 {
        return open * 0.2;
    }
    // How far away what hides the sun is, on average, decides how soft its edge is (R. Fernando, Percentage-closer soft shadows,
    // SIGGRAPH sketches 2005).
    let size = vec2<f32>(textureDimensions(sun_depth));
    var gap = 0.0;
    var hiding = 0.0;
    for (var k = 0; k < DISC_POINTS; k++) {
        let offset = reach * disc_point(k);
        let beyond = z + dot(tilt, offset) - textureLoad(sun_depth, vec2<i32>((uv + offset) * size), map, 0);
        if beyond > 0.0 {
            gap += beyond;
            hiding += 1.0;
        }
    }
    let softness = min(gap / max(hiding, 1.0) * view.shadow.y / farthest, 1.0);
    open = 0.0;
    for (var k = 0; k < DISC_POINTS; k++) {
        let offset = reach * softness * disc_point(k);
        open += tap(map, uv + offset, z + dot(tilt, offset));
    }
    return open / f32(DISC_POINTS);
}

// What of the vehicle, and what of the lane, throws a shadow in a cabin is at most this far from it, m.
const FARTHEST_INSIDE_M: f32 = 2.0;
const FARTHEST_OUTSIDE_M: f32 = 8.0;

// The same in a cabin, with the half shadows of the sun's disc: what of the vehicle and its people hides the sun from the
// people's map, where the point lies in it, and what of the lane from the lane's own.
fn soft_sun_share(position: vec3<f32>, normal: vec3<f32>, n_dot_l: f32) -> vec3<f32> {
    let slope = sqrt(max(1.0 - n_dot_l * n_dot_l, 0.0));
    let m = view.fine_clip_from_world;
    let clip = (m * vec4<f32>(position + normal * (view.fine.x * (0.6 + 1.6 * slope)), 1.0)).xyz;
    let uv = vec2<f32>(clip.x * 0.5 + 0.5, 0.5 - clip.y * 0.5) * PEOPLE_SHARE;
    let near = view.fine.zw * (SUN_SLOPE * FARTHEST_INSIDE_M);
    let lane_clip = (view.sun_clip_from_world * vec4<f32>(position, 1.0)).xyz;
    let lane_uv = vec2<f32>(lane_clip.x * 0.5 + 0.5, 0.5 - lane_clip.y * 0.5);
    let far = vec2<f32>(SUN_SLOPE * FARTHEST_OUTSIDE_M / view.shadow.x * view.shadow.z);
    let outside = any(uv < near) || any(uv > vec2<f32>(PEOPLE_SHARE) - near) || any(lane_uv < far) || any(lane_uv > vec2<f32>(1.0) - far);
    if view.fine.y == 0.0 || outside {
        return sun_share(position, normal, n_dot_l, true);
    }
    // How the depth of the surface itself changes over the map, so that it does not shade itself beside the point.
    let across = vec2<f32>(dot(vec3<f32>(m[0].x, m[1].x, m[2].x), normal), dot(vec3<f32>(m[0].y, m[1].y, m[2].y), normal));
    let tilt = across / (view.fine.zw * view.fine.zw) * vec2<f32>(0.5, -0.5) * PEOPLE_SHARE / (max(n_dot_l, 0.2) * view.shadow.y);
    var open = disc_open(PEOPLE, uv, clip.z, tilt, near, FARTHEST_INSIDE_M);
    if open > 0.0 {
        open *= disc_open(LANE, lane_uv, lane_clip.z, vec2<f32>(0.0), far, FARTHEST_OUTSIDE_M);
    }
    return through(PEOPLE, uv, clip.z, open);
}
