"""A pane of glass for Mitsuba 3, written from the textbook and sharing no code with laneproof.

Two smooth faces with a plate between them that absorbs along the refracted way; all internal reflections are summed without
interference (Born and Wolf, Principles of Optics, 7th ed., 1.6.4). The faces' amplitudes are Mitsuba's own
(`mitsuba.fresnel_polarized`). Light passes straight on, so that Mitsuba's `volpath` finds the sun and the sky through panes.
"""

import drjit as dr
import mitsuba as mi


def internal_transmittance(eta, total):
    """Share that survives one crossing along the normal, of the total transmittance at normal incidence: bisection."""
    face = ((eta - 1) / (eta + 1)) ** 2
    low, high = 0.0, 1.0
    for _ in range(60):
        tau = (low + high) / 2
        passed = (1 - face) ** 2 * tau / (1 - face**2 * tau**2)
        low, high = (tau, high) if passed < total else (low, tau)
    return (low + high) / 2


def slab(eta, tau, cos):
    """What a slab mirrors and passes at a cosine of incidence: powers of s and p and the product for U, as
    ((Rs, Rp, Rx), (Ts, Tp, Tx)). p is direction x s before and after, so Rx is negative at normal incidence."""
    s, p, cos_inside, _, _ = mi.fresnel_polarized(cos, eta)
    rs, rp = dr.squared_norm(s), dr.squared_norm(p)
    # Only the sign that tells both sides of Brewster's angle apart is taken from the amplitudes.
    before_brewster = cos * cos > 1 / (1 + eta * eta)
    rx = dr.sqrt(rs * rp) * dr.select(before_brewster, -1.0, 1.0)
    crossing = dr.power(tau, 1 / dr.abs(cos_inside))

    def sums(r, face):
        through = face * crossing / (1 - r * r * crossing * crossing)
        return r + through * r * crossing, through

    both = [sums(rs, (1 - rs) ** 2), sums(rp, (1 - rp) ** 2), sums(rx, (1 - rs) * (1 - rp))]
    return tuple(mirrored for mirrored, _ in both), tuple(passed for _, passed in both)


class Pane(mi.BSDF):
    """`laneproof_pane`: takes what `thindielectric` takes. Unpolarised; compare.py follows polarisation itself on the way
    from the camera."""

    def __init__(self, props):
        mi.BSDF.__init__(self, props)
        self.eta = float(props["int_ior"])
        face = ((self.eta - 1) / (self.eta + 1)) ** 2
        lossless = 1 - 2 * face / (1 + face)
        tint = props["specular_transmittance"]
        if isinstance(tint, mi.Texture):
            tint = tint.mean()
            tint = [tint, tint, tint]
        self.tau = mi.Color3f([internal_transmittance(self.eta, float(t) * lossless) for t in tint])
        sides = mi.BSDFFlags.FrontSide | mi.BSDFFlags.BackSide
        mirror, through = mi.BSDFFlags.DeltaReflection | sides, mi.BSDFFlags.Null | sides
        self.m_components = [mirror, through]
        self.m_flags = mirror | through

    def shares(self, si):
        cos = dr.maximum(dr.abs(mi.Frame3f.cos_theta(si.wi)), 1e-4)
        mirrored, passed = [mi.Color3f(0), mi.Color3f(0)], [mi.Color3f(0), mi.Color3f(0)]
        for band in range(3):
            (rs, rp, _), (ts, tp, _) = slab(self.eta, self.tau[band], cos)
            mirrored[0][band], mirrored[1][band] = rs, rp
            passed[0][band], passed[1][band] = ts, tp
        return (mirrored[0] + mirrored[1]) / 2, (passed[0] + passed[1]) / 2

    def sample(self, ctx, si, sample1, sample2, active):
        mirrored, passed = self.shares(si)
        chance = dr.mean(mirrored) / dr.mean(mirrored + passed)
        reflects = active & (sample1 < chance)
        bs = mi.BSDFSample3f()
        bs.wo = dr.select(reflects, mi.reflect(si.wi), -si.wi)
        bs.pdf = dr.select(reflects, chance, 1 - chance)
        bs.eta = 1.0
        bs.sampled_component = dr.select(reflects, mi.UInt32(0), mi.UInt32(1))
        bs.sampled_type = dr.select(
            reflects, mi.UInt32(+mi.BSDFFlags.DeltaReflection), mi.UInt32(+mi.BSDFFlags.Null)
        )
        return bs, dr.select(active, dr.select(reflects, mirrored, passed) / bs.pdf, 0.0)

    def eval(self, ctx, si, wo, active):
        return mi.Color3f(0.0)

    def pdf(self, ctx, si, wo, active):
        return mi.Float(0.0)

    def eval_pdf(self, ctx, si, wo, active):
        return mi.Color3f(0.0), mi.Float(0.0)

    def eval_null_transmission(self, si, active):
        return dr.select(active, self.shares(si)[1], 0.0)

    def traverse(self, callback):
        pass

    def to_string(self):
        return f"Pane[eta={self.eta}, tau={self.tau}]"


def register():
    mi.register_bsdf("laneproof_pane", Pane)
