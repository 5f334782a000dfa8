// Surfaces: Lambert below, a GGX coat above (Walter et al. 2007, Schlick's Fresnel), in radiometric units.
// Variants, not branches, tell surfaces apart: on a CPU both sides of a branch are run. CABIN is given its ambient light
// vertex by vertex. IN_SHADE is told that no light comes there that throws shadows. MATT leaves the coat out, for surfaces of a roughness of 0.85 and more, to save work on a CPU; that it does not matter
// there is an assumption. LENS is a thin filter: it gives what it mirrors alone, and the blending adds what passes it.
#import laneproof::common::{PI, view, sky_radiance, outdoor_irradiance, beam_at, sun_share, soft_sun_share, fifth}

struct Draw {
    world_from_mesh: mat4x4<f32>,
    // Linear reflectance; w: roughness.
    reflectance: vec4<f32>,
    // Emitted radiance; w: specular reflectance at normal incidence.
    emitted: vec4<f32>,
    // x: wrap; yzw: mean reflectance of the picture.
    scatter: vec4<f32>,
    // x: truth tag; the others unused.
    flags: vec4<u32>,
};

@group(1) @binding(0) var<uniform> draw: Draw;
@group(2) @binding(0) var albedo: texture_2d<f32>;
@group(2) @binding(1) var albedo_sampler: sampler;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) uv: vec2<f32>,
    @location(3) tint: vec4<f32>,
    @location(4) ambient: vec3<f32>,
#ifdef CABIN
#ifndef MATT
    // Radiance that a coat mirrors.
    @location(5) mirrored: vec3<f32>,
#endif
#endif
};

// Share of even light that reaches a place of which the owner itself leaves `visible` open, what it hides being as bright as
// the place: visible + (1 - visible) * reflectance of itself (J. Jimenez et al., Practical Realtime Strategies for Accurate
// Indirect Occlusion, SIGGRAPH course 2016).
fn opened(visible: f32, tint: vec3<f32>) -> vec3<f32> {
    return visible / (1.0 - (1.0 - visible) * draw.reflectance.rgb * tint * draw.scatter.yzw);
}

@vertex
fn vertex(
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) uv: vec2<f32>,
    @location(3) tint: vec4<f32>,
#ifdef CABIN
    @location(4) irradiance: vec3<f32>,
    @location(5) mirrored: vec3<f32>,
#endif
) -> Varying {
    var out: Varying;
    let world = draw.world_from_mesh * vec4<f32>(position, 1.0);
    let n = normalize((draw.world_from_mesh * vec4<f32>(normal, 0.0)).xyz);
    out.clip = view.clip_from_world * world;
    out.position = world.xyz;
    out.normal = n;
    out.uv = uv;
    // The tint is sRGB-encoded (IEC 61966-2-1).
    let linear = select(pow((tint.rgb + 0.055) / 1.055, vec3<f32>(2.4)), tint.rgb / 12.92, tint.rgb <= vec3<f32>(0.04045));
    out.tint = vec4<f32>(linear, tint.a);
#ifdef CABIN
#ifdef LENS
    out.ambient = irradiance * tint.a;
#else
    out.ambient = irradiance * opened(tint.a, linear);
#endif
#ifndef MATT
    out.mirrored = mirrored * tint.a;
#endif
#else
    out.ambient = outdoor_irradiance(world.xyz, n) * opened(tint.a, linear);
#endif
    return out;
}

// Share of even light that a GGX coat of this roughness mirrors to the viewer: fit by B. Karis, Physically Based Shading on
// Mobile (2014), after D. Lazarov, Getting More Physical in Call of Duty (SIGGRAPH course 2013).
fn coat_reflectance(f0: f32, roughness: f32, n_dot_v: f32) -> f32 {
    let r = roughness * vec4<f32>(-1.0, -0.0275, -0.572, 0.022) + vec4<f32>(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return f0 * (r.z - 1.04 * a) + r.w + 1.04 * a;
}

struct Layers {
    @location(0) radiance: vec4<f32>,
    @location(1) tag: u32,
    @location(2) depth_m: f32,
};

@fragment
fn fragment(in: Varying, @builtin(front_facing) front: bool) -> Layers {
    var reflectance = draw.reflectance.rgb * in.tint.rgb;
#ifdef PICTURE
    let texel = textureSample(albedo, albedo_sampler, in.uv);
#ifdef CUT_OUT
    if texel.a < 0.5 {
        discard;
    }
#endif
    reflectance *= texel.rgb;
#endif
    let n = normalize(select(-in.normal, in.normal, front));
    let to_camera = view.world_from_camera[3].xyz - in.position;
    let distance = length(to_camera);
    let v = to_camera / distance;
    let n_dot_v = max(dot(n, v), 1e-3);
    let roughness = draw.reflectance.w;
    let f0 = draw.emitted.w;

#ifdef LENS
    var radiance = vec3<f32>(0.0);
#else
    var radiance = draw.emitted.rgb + reflectance * in.ambient / PI;
#endif

#ifndef IN_SHADE
    let beam = beam_at(in.position);
    let l = beam.xyz;
    let n_dot_l = dot(n, l);
    let wrap = draw.scatter.x;
    if n_dot_l > -wrap && view.beam_position.w > 0.0 {
#ifdef SOFT
        let share = soft_sun_share(in.position, n, n_dot_l);
#else ifdef CABIN
        let share = sun_share(in.position, n, n_dot_l, true);
#else
        let share = sun_share(in.position, n, n_dot_l, false);
#endif
        if any(share > vec3<f32>(0.0)) {
            let sun = view.beam_intensity.rgb * beam.w * share;
            // Light that enters beside the terminator leaves beyond it, reddened: blood absorbs blue and green.
            let lit = max(n_dot_l, 0.0);
            let soft = max((n_dot_l + wrap) / (1.0 + wrap), 0.0);
            let scattered = (soft * soft - lit) * vec3<f32>(1.0, 0.55, 0.4);
            radiance += reflectance / PI * sun * max(vec3<f32>(lit) + select(vec3<f32>(0.0), scattered, wrap > 0.0), vec3<f32>(0.0));
#ifndef MATT
            if lit > 0.0 {
                let h = normalize(v + l);
                let n_dot_h = max(dot(n, h), 0.0);
                let a = roughness * roughness;
                let a2 = a * a;
                let q = n_dot_h * n_dot_h * (a2 - 1.0) + 1.0;
                let d = a2 / (PI * q * q);
                let k = 0.5 * a;
                let g = 0.25 / ((n_dot_v * (1.0 - k) + k) * (lit * (1.0 - k) + k));
                let fresnel = f0 + (1.0 - f0) * fifth(max(dot(v, h), 0.0));
                radiance += sun * (d * g * fresnel * lit);
            }
#endif
        }
    }
#endif
#ifndef MATT
#ifdef CABIN
    // A coat mirrors less sharply the rougher it is, not less: in the cabin, whose light is smooth, all of it.
#ifdef LENS
    radiance += (f0 + (1.0 - f0) * fifth(n_dot_v)) * (1.0 - roughness) * (1.0 - roughness) * in.ambient / PI;
#else
    radiance += coat_reflectance(f0, roughness, n_dot_v) * in.mirrored;
#endif
#else
    // Outside, what a smooth coat mirrors of the sky; the rougher, the less sharp and, for want of blurred skies, the less.
    let gloss = (1.0 - roughness) * (1.0 - roughness);
    radiance += (f0 + (1.0 - f0) * fifth(n_dot_v)) * gloss * in.tint.a * sky_radiance(reflect(-v, n));
#endif
#endif

    var out: Layers;
    // Half floats end at 65504.
    out.radiance = vec4<f32>(min(radiance, vec3<f32>(60000.0)), 1.0);
    out.tag = draw.flags.x;
    out.depth_m = distance;
    return out;
}
