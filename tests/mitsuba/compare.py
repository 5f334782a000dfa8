"""Renders exported scenes with Mitsuba 3 and writes reference.json: the mean radiance of each face as it arrives at the lens
through the panes, and of what the panes mirror over it. README.md says how to run it; `tests/tests/mitsuba.rs` holds our own
renderer to the numbers.

Mitsuba does the geometry, all light transport behind the panes and in what they mirror (`volpath`, unpolarised), and Fresnel's
amplitudes. What happens at the panes before the camera is followed here by Stokes vectors (I, Q, U), so that a polarised sky
and a filter before the lens come out right. Nothing is taken over from laneproof but the scene.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import numpy as np

PANES_ON_RAY = 4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--laneproof", default="target/release/laneproof", help="the built program")
    parser.add_argument("--samples", type=int, default=1 << 17, help="camera rays per face")
    parser.add_argument("--depth", type=int, default=24, help="longest path")
    parser.add_argument("--llvm", help="LLVM library, where the system's is too old: 15 is, 19 is not")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the exported scenes, kept and not exported again")
    parser.add_argument("--only", nargs="*", help="scenes to render; the numbers of the others stay")
    parser.add_argument("--check-glass", action="store_true", help="compare the pane with a slab of Mitsuba's own, and stop")
    parser.add_argument("--check-lamp", action="store_true",
                        help="compare exported lamps with their formula, in the open and behind a pane, and stop")
    return parser.parse_args()


ARGS = arguments()
if ARGS.llvm:
    os.environ["DRJIT_LIBLLVM_PATH"] = ARGS.llvm

import drjit as dr  # noqa: E402
import mitsuba as mi  # noqa: E402

mi.set_variant("llvm_ad_rgb")
mi.set_log_level(mi.LogLevel.Error)

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import pane as glass  # noqa: E402

glass.register()


def vector(values):
    return mi.Vector3f([float(v) for v in values])


class Row:
    """How much of each Stokes component on a ray reaches the sensor, per band, measured against an axis across the ray."""

    def __init__(self, i, q, u, axis):
        self.i, self.q, self.u, self.axis = i, q, u, axis

    def against(self, direction, axis):
        """The same, measured against another axis."""
        c, s = doubled_angle(direction, self.axis, axis)
        return Row(self.i, self.q * c + self.u * s, self.u * c - self.q * s, axis)


def doubled_angle(direction, axis, other):
    """Cosine and sine of twice the angle from an axis to another, right-handed about the direction."""
    along, across = dr.dot(other, axis), dr.dot(other, dr.cross(direction, axis))
    square = dr.maximum(along * along + across * across, 1e-20)
    return (along * along - across * across) / square, 2 * along * across / square


class Scene:
    def __init__(self, folder):
        self.about = json.loads((folder / "scene.json").read_text())
        self.mask = np.load(folder / "face-mask.npy")
        self.scene = mi.load_file(str(folder / "scene.xml"), pane="laneproof_pane", optimize=False)
        self.integrator = mi.load_dict({"type": "volpath", "max_depth": ARGS.depth, "rr_depth": 8})
        self.filter = self.about["filter"]
        shapes = sorted((s for s in self.scene.shapes() if s.id().startswith("pane-")), key=lambda s: s.id())
        assert len(shapes) == len(self.about["panes"]), "panes of scene.xml and scene.json differ"
        self.panes = [
            (mi.ShapePtr(shape), float(p["refractive_index"]),
             [glass.internal_transmittance(p["refractive_index"], t) for t in p["transmittance_normal"]])
            for shape, p in zip(shapes, self.about["panes"])
        ]

    def rays(self, face, rng, count):
        """Rays through random points of random pixels of a face, and the sensor's horizontal across each."""
        camera = self.about["camera"]
        rows, columns = np.nonzero(self.mask == face + 1)
        pick = rng.integers(0, len(rows), count)
        x = mi.Float(columns[pick] + rng.random(count)) - camera["principal_point_px"][0]
        y = mi.Float(rows[pick] + rng.random(count)) - camera["principal_point_px"][1]
        right, up, back = (vector(camera[k]) for k in ("right", "up", "backward"))
        direction = dr.normalize(right * x - up * y - back * camera["focal_length_px"])
        origin = mi.Point3f([float(v) for v in camera["position_m"]])
        across = dr.normalize(right - direction * dr.dot(right, direction))
        return mi.Ray3f(origin, direction), across

    def analyser(self, ray, across):
        one, none = mi.Color3f(1), mi.Color3f(0)
        if self.filter is None:
            return Row(one, none, none, across)
        # The filter's matter lies in its own plane and absorbs along its projection onto the wave front.
        angle = math.radians(self.filter["angle_deg"])
        right, up = vector(self.about["camera"]["right"]), vector(self.about["camera"]["up"])
        absorbing = up * math.cos(angle) - right * math.sin(angle)
        c, s = doubled_angle(ray.d, across, dr.cross(ray.d, absorbing))
        half_sum = (self.filter["along"] + self.filter["across"]) / 2
        half_difference = (self.filter["along"] - self.filter["across"]) / 2
        return Row(one * half_sum, one * (half_difference * c), one * (half_difference * s), across)

    def light(self, sampler, ray, active):
        spectrum, _, _ = self.integrator.sample(self.scene, sampler, mi.RayDifferential3f(ray), None, active)
        return dr.select(active, spectrum, 0.0)

    def sky_polarisation(self, direction):
        """Rayleigh's degree, scaled to the sky's, and the field's axis, across the plane of sun and direction."""
        sun = vector(self.about["sun_direction"])
        cos = dr.dot(sun, direction)
        across = dr.cross(sun, direction)
        degree = self.about["sky_polarisation"] * (1 - cos * cos) / (1 + cos * cos)
        return degree, across / dr.maximum(dr.norm(across), 1e-9)

    def sample(self, face, rng, count, seed):
        """Per ray: light that comes through the panes, what they mirror, and their transmittance."""
        ray, across = self.rays(face, rng, count)
        sampler = mi.load_dict({"type": "independent"})
        sampler.seed(seed, count)
        row = self.analyser(ray, across)
        veil = mi.Color3f(0)
        active = mi.Bool(True)
        for _ in range(PANES_ON_RAY):
            si = self.scene.ray_intersect(ray, active)
            met, eta, tau = mi.Bool(False), mi.Float(1.5), mi.Color3f(1)
            for shape, index, taus in self.panes:
                this = active & si.is_valid() & (si.shape == shape)
                met |= this
                eta = dr.select(this, index, eta)
                tau = dr.select(this, mi.Color3f(taus), tau)
            active = met
            normal = si.sh_frame.n
            cos = dr.maximum(dr.abs(dr.dot(normal, ray.d)), 1e-4)
            s_axis = dr.normalize(dr.cross(ray.d, normal))
            turned = row.against(ray.d, s_axis)
            mirror_direction = ray.d - normal * (2 * dr.dot(normal, ray.d))
            mirror = si.spawn_ray(mirror_direction)
            open_sky = active & ~self.scene.ray_test(mirror, active) & (mirror_direction.y > 0)
            seen = self.light(sampler, mirror, active)
            degree, axis = self.sky_polarisation(mirror_direction)
            degree = dr.select(open_sky, degree, 0.0)
            c, s = doubled_angle(mirror_direction, s_axis, axis)
            after = Row(mi.Color3f(0), mi.Color3f(0), mi.Color3f(0), s_axis)
            for band in range(3):
                mirrored, passed = glass.slab(eta, tau[band], cos)
                i, q, u = turned.i[band], turned.q[band], turned.u[band]

                def before(device):
                    total, difference, cross = (device[0] + device[1]) / 2, (device[0] - device[1]) / 2, device[2]
                    return i * total + q * difference, i * difference + q * total, u * cross

                ri, rq, ru = before(mirrored)
                veil[band] += dr.select(active, seen[band] * (ri + degree * (rq * c + ru * s)), 0.0)
                after.i[band], after.q[band], after.u[band] = before(passed)
            row = Row(*(dr.select(active, a, b) for a, b in zip(
                (after.i, after.q, after.u, after.axis), (row.i, row.q, row.u, row.axis))))
            ray = dr.select(active, si.spawn_ray(ray.d), ray)
        face_light = self.light(sampler, ray, mi.Bool(True)) * row.i
        dr.eval(face_light, veil, row.i)
        return [np.array(v).T for v in (face_light, veil, row.i)]

    def measure(self, face):
        values = self.sample(face, np.random.default_rng(1000 + face), ARGS.samples, 77 * face + 1)
        return [v.mean(axis=0) for v in values], [v.std(axis=0, ddof=1) / math.sqrt(len(v)) for v in values]


def rounded(values):
    return [float(f"{float(v):.5g}") for v in values]


def export(entry, folder):
    if (folder / "scene.json").exists():
        return
    command = [ARGS.laneproof, "export", "--mitsuba", folder, HERE / entry["scenario"], "--camera", entry["camera"],
               "--exposure", entry["exposure"]]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def render(entry, scenes):
    folder = scenes / pathlib.Path(entry["scenario"]).stem / f"{entry['camera']}-{entry['exposure']}"
    export(entry, folder)
    scene = Scene(folder)
    faces = []
    for k in entry["faces"]:
        begin = time.time()
        (light, veil, passed), (light_error, veil_error, _) = scene.measure(k)
        # The panes' alone: what the filter takes of unpolarised light is not theirs.
        passed = passed / ((scene.filter["along"] + scene.filter["across"]) / 2 if scene.filter else 1)
        truth = scene.about["faces"][k]
        faces.append({
            "occupant": k,
            "pixels": int((scene.mask == k + 1).sum()),
            "face_radiance": rounded(light),
            "face_standard_error": rounded(light_error),
            "veil_radiance": rounded(veil),
            "veil_standard_error": rounded(veil_error),
            "transmittance": rounded(passed),
        })
        ours = truth["transmitted_radiance"], truth["veiling_radiance"], truth["pane_transmittance"]
        print(f"{entry['name']:<16} {k}  face {light[1]:.4f} ± {light_error[1] / light[1] * 100:4.1f} %  ours ÷ it "
              f"{ours[0] / light[1]:.3f}   veil {veil[1]:.4f} ± {veil_error[1] / veil[1] * 100:4.1f} %  "
              f"{ours[1] / veil[1]:.3f}   T {passed[1]:.4f} {ours[2] / passed[1]:.4f}   {time.time() - begin:.0f} s",
              flush=True)
    return {**entry, "faces": faces}


def check_glass():
    """The pane against plates with two of Mitsuba's own smooth dielectric faces under even light from the half space above,
    seen from above (reflectance) and from below (transmittance): a lossless plate in a variant that follows polarisation
    between the faces, and an absorbing one in an unpolarised variant, which has to be compared with the sum over a face of
    mean reflectance."""
    eta, total, thickness, count = 1.52, 0.75, 0.01, 1 << 18
    absorbing = glass.internal_transmittance(eta, total)

    def seen(integrator, medium, angle):
        sky = np.zeros((64, 128, 3), np.float32)
        sky[:32] = 1
        plate = {"type": "cube", "to_world": mi.ScalarTransform4f().scale([50, thickness / 2, 50]),
                 "bsdf": {"type": "dielectric", "int_ior": eta, "ext_ior": 1.0}, **medium}
        scene = mi.load_dict({"type": "scene", "sky": {"type": "envmap", "bitmap": mi.Bitmap(sky)}, "plate": plate})
        integrator = mi.load_dict({"type": integrator, "max_depth": 64, "rr_depth": 64})
        sin, cos = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        for sign in (1, -1):
            sampler = mi.load_dict({"type": "independent"})
            sampler.seed(angle + sign + 5, count)
            origin = mi.Point3f(dr.full(mi.Float, -sin, count), sign * cos, 0)
            light, _, _ = integrator.sample(scene, sampler, mi.RayDifferential3f(origin, mi.Vector3f(sin, -sign * cos, 0)))
            light = light[0, 0] if mi.is_polarized else light
            yield float(np.mean(np.array(light)))

    def mean_faces(cos):
        s, p, cos_inside, _, _ = mi.fresnel_polarized(mi.Float(cos), eta)
        r = float(((dr.squared_norm(s) + dr.squared_norm(p)) / 2)[0])
        crossing = absorbing ** (1 / abs(float(cos_inside[0])))
        through = (1 - r) ** 2 * crossing / (1 - r * r * crossing * crossing)
        return r + through * r * crossing, through

    def pane(cos):
        (rs, rp, _), (ts, tp, _) = glass.slab(eta, mi.Float(1.0), mi.Float(cos))
        return float((rs + rp)[0]) / 2, float((ts + tp)[0]) / 2

    medium = {"interior": {"type": "homogeneous", "albedo": 0.0, "sigma_t": -math.log(absorbing) / thickness}}
    worst = 0.0
    for variant, integrator, inside, wanted in (("llvm_ad_mono_polarized", "path", {}, pane),
                                                ("llvm_ad_rgb", "volpath", medium, mean_faces)):
        mi.set_variant(variant)
        mi.set_log_level(mi.LogLevel.Error)
        for angle in (0, 30, 50, 60, 70):
            r, t = seen(integrator, inside, angle)
            want = wanted(math.cos(math.radians(angle)))
            worst = max(worst, abs(r - want[0]), abs(t - want[1]))
            print(f"{variant} {angle:3}°  R {r:.4f} {want[0]:.4f}   T {t:.4f} {want[1]:.4f}")
    print(f"largest difference {worst:.4f}")
    return worst


def beam(cos, half_angle_rad):
    """Share of the intensity on the axis, by the cosine of the angle from it: sim/optics/src/lamp.rs says why."""
    end = 2 * math.cos(half_angle_rad) - 1
    s = np.clip((cos - end) / (1 - end), 0, 1)
    return s * s * (3 - 2 * s)


def check_lamp(folder):
    """The lamps of an exported scene on a white wall across their axis, at places up to where the beam ends: radiance against
    intensity · share · cosine / distance² / π, as a share of its value on the axis; once more with a tilted pane between, at
    which the formula takes the transmittance of the pane alone. Whatever hides a point from delta lamps shows here."""
    about = json.loads((folder / "scene.json").read_text())
    lamps = [e for e in xml.etree.ElementTree.parse(folder / "scene.xml").getroot().findall("emitter")
             if e.get("id").startswith("lamp-")]
    assert lamps and len(lamps) == len(about["lamps"]), "lamps of scene.xml and scene.json differ"
    distance_m, tilt, eta, passed_normal = 4.0, 40.0, 1.52, [0.75, 0.5, 0.25]
    worst = 0.0
    for element, lamp in zip(lamps, about["lamps"]):
        for name in element.iter("string"):
            if name.get("name") == "filename":
                name.set("value", str(folder / name.get("value")))
        axis, position = np.array(lamp["axis"]), np.array(lamp["position_m"])
        right = np.cross(axis, [0, 1, 0] if abs(axis[1]) < 0.9 else [1, 0, 0])
        right /= np.linalg.norm(right)
        up = np.cross(right, axis)
        turned = axis * math.cos(math.radians(tilt)) + up * math.sin(math.radians(tilt))
        end_rad = min(math.acos(max(2 * math.cos(lamp["half_angle_rad"]) - 1, 0.1)), math.radians(80))
        rng = np.random.default_rng(5)
        reach = distance_m * math.tan(end_rad) * np.sqrt(rng.random(4096)) * 1.02
        angle = 2 * math.pi * rng.random(4096)
        wall = position + axis * distance_m
        places = wall + np.outer(reach * np.cos(angle), right) + np.outer(reach * np.sin(angle), up)

        def rectangle(middle, towards, half_m, bsdf):
            place = mi.ScalarTransform4f().look_at(middle.tolist(), (middle + towards).tolist(), right.tolist())
            return {"type": "rectangle", "to_world": place @ mi.ScalarTransform4f().scale(half_m), "bsdf": bsdf}

        lossless = 1 - 2 * (f := ((eta - 1) / (eta + 1)) ** 2) / (1 + f)
        white = {"type": "twosided", "white": {"type": "diffuse", "reflectance": 1.0}}
        tint = {"type": "rgb", "value": [t / lossless for t in passed_normal]}
        things = {"wall": rectangle(wall, -axis, 200.0, white)}
        pane = rectangle(position + axis * distance_m / 2, turned, 200.0,
                         {"type": "laneproof_pane", "int_ior": eta, "specular_transmittance": tint})
        for between in (False, True):
            source = "<scene version=\"3.0.0\">" + xml.etree.ElementTree.tostring(element, "unicode") + "</scene>"
            emitter = mi.load_string(source).emitters()[0]
            scene = mi.load_dict({"type": "scene", "lamp": emitter, **things, **({"pane": pane} if between else {})})
            # Every place is looked at from close by.
            ray = mi.RayDifferential3f(mi.Point3f((places - 0.01 * axis).T), mi.Vector3f(np.tile(axis, (4096, 1)).T))
            sampler = mi.load_dict({"type": "independent"})
            sampler.seed(3, 4096)
            light, _, _ = mi.load_dict({"type": "volpath", "max_depth": 2}).sample(scene, sampler, ray)
            way = places - position
            far = np.linalg.norm(way, axis=1)
            cos = way @ axis / far
            on_axis = np.array(lamp["mean_intensity_w_sr"]) / distance_m**2 / math.pi
            wanted = np.outer(beam(cos, lamp["half_angle_rad"]) * cos * (distance_m / far) ** 2, on_axis)
            if between:
                for band, total in enumerate(passed_normal):
                    tau = glass.internal_transmittance(eta, total)
                    _, (ts, tp, _) = glass.slab(eta, mi.Float(tau), mi.Float(np.abs(way @ turned) / far))
                    wanted[:, band] *= np.array(ts + tp) / 2
            off = float((np.abs(np.array(light).T - wanted) / on_axis).max())
            worst = max(worst, off)
            print(f"{element.get('id')} {'behind a pane' if between else 'in the open':<13} largest difference {off:.5f} "
                  f"of what falls on the axis in the open ({on_axis[1]:.3f} W/m2/sr)")
    return worst


def main():
    if ARGS.check_lamp:
        with tempfile.TemporaryDirectory() as temporary:
            entry = next(e for e in json.loads((HERE / "scenes.json").read_text()) if e["name"] == "night-strobe")
            folder = (ARGS.keep or pathlib.Path(temporary)) / "night-strobe" / f"{entry['camera']}-{entry['exposure']}"
            export(entry, folder)
            sys.exit(check_lamp(folder) > 0.002)
    if ARGS.check_glass:
        sys.exit(check_glass() > 0.005)
    wanted = json.loads((HERE / "scenes.json").read_text())
    path = HERE / "reference.json"
    known = {s["name"]: s for s in json.loads(path.read_text())["scenes"]} if path.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        scenes = ARGS.keep or pathlib.Path(temporary)
        for entry in wanted:
            if not ARGS.only or entry["name"] in ARGS.only:
                known[entry["name"]] = render(entry, scenes)
    reference = {
        "command": f"python tests/mitsuba/compare.py --samples {ARGS.samples} --depth {ARGS.depth}",
        "mitsuba": mi.__version__,
        "variant": mi.variant(),
        "samples_per_face": ARGS.samples,
        "units": "W/m2/sr, mean over the visible pixels of the face; red, green, blue",
        "scenes": [known[entry["name"]] for entry in wanted if entry["name"] in known],
    }
    path.write_text(json.dumps(reference, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
