//! Boxes, and the similarity transform that carries five landmarks onto a template.

/// Intersection over union of two boxes `[left, top, right, bottom]`, 0..1.
pub fn intersection_over_union(a: [f32; 4], b: [f32; 4]) -> f32 {
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let area = |r: [f32; 4]| (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0);
    let both = width * height;
    let either = area(a) + area(b) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

/// A similarity transform of the plane without reflection: `x' = a·x − b·y + tx`, `y' = b·x + a·y + ty`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Scale × cosine of the rotation.
    pub a: f64,
    /// Scale × sine of the rotation.
    pub b: f64,
    /// Translation along x.
    pub tx: f64,
    /// Translation along y.
    pub ty: f64,
}

impl Similarity {
    /// The least-squares similarity that carries `from` onto `to` (S. Umeyama, IEEE PAMI 13(4), 1991). In the plane the
    /// rotation that maximises the trace is `atan2(Σ x×y, Σ x·y)`, so no singular value decomposition is needed.
    /// `None` when the points of `from` coincide, are not finite, or when those of `to` do (no scale).
    pub fn fit(from: &[[f32; 2]], to: &[[f32; 2]]) -> Option<Self> {
        if from.len() != to.len() || from.len() < 2 {
            return None;
        }
        let n = from.len() as f64;
        let mean = |points: &[[f32; 2]]| {
            let sum = points.iter().fold([0.0f64; 2], |s, p| [s[0] + f64::from(p[0]), s[1] + f64::from(p[1])]);
            [sum[0] / n, sum[1] / n]
        };
        let (mf, mt) = (mean(from), mean(to));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for (f, t) in from.iter().zip(to) {
            let (fx, fy) = (f64::from(f[0]) - mf[0], f64::from(f[1]) - mf[1]);
            let (tx, ty) = (f64::from(t[0]) - mt[0], f64::from(t[1]) - mt[1]);
            dot += fx * tx + fy * ty;
            cross += fx * ty - fy * tx;
            spread += fx * fx + fy * fy;
        }
        let (a, b) = (dot / spread, cross / spread);
        let similarity = Self { a, b, tx: mt[0] - a * mf[0] + b * mf[1], ty: mt[1] - b * mf[0] - a * mf[1] };
        (similarity.scale().is_finite() && similarity.scale() > 1e-6).then_some(similarity)
    }

    /// The scale factor.
    pub fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Carries a point.
    pub fn apply(&self, point: [f64; 2]) -> [f64; 2] {
        [self.a * point[0] - self.b * point[1] + self.tx, self.b * point[0] + self.a * point[1] + self.ty]
    }

    /// The transform back.
    pub fn inverse(&self) -> Self {
        let s2 = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / s2, -self.b / s2);
        Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_of_boxes_by_hand() {
        assert_eq!(intersection_over_union([0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]), 1.0 / 7.0);
        assert_eq!(intersection_over_union([0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]), 1.0);
        assert_eq!(intersection_over_union([0.0, 0.0, 1.0, 1.0], [2.0, 0.0, 3.0, 1.0]), 0.0);
        assert_eq!(intersection_over_union([0.0; 4], [0.0; 4]), 0.0);
    }

    #[test]
    fn a_known_similarity_is_recovered() {
        let from = [[12.0, 7.0], [40.0, 9.0], [25.0, 30.0], [14.0, 44.0], [39.0, 43.0]];
        let (scale, angle) = (1.7f64, 0.6f64);
        let truth = Similarity { a: scale * angle.cos(), b: scale * angle.sin(), tx: -8.0, ty: 21.5 };
        let to = from.map(|p: [f32; 2]| truth.apply([p[0].into(), p[1].into()]).map(|v| v as f32));
        let found = Similarity::fit(&from, &to).unwrap();
        for (got, want) in [(found.a, truth.a), (found.b, truth.b), (found.tx, truth.tx), (found.ty, truth.ty)] {
            assert!((got - want).abs() < 1e-5, "{found:?} {truth:?}");
        }
        let there = found.apply([3.0, -4.0]);
        let back = found.inverse().apply(there);
        assert!((back[0] - 3.0).abs() < 1e-9 && (back[1] + 4.0).abs() < 1e-9);
    }

    #[test]
    fn noise_is_shared_out_and_no_reflection_is_fitted() {
        // A mirrored set has no good similarity without reflection; the best one must still be a proper rotation.
        let from = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
        let to = [[0.0, 0.0], [-10.0, 0.0], [0.0, 10.0]];
        let found = Similarity::fit(&from, &to);
        assert!(found.is_none_or(|s| s.a * s.a + s.b * s.b > 0.0));
    }

    #[test]
    fn points_that_coincide_have_no_similarity() {
        assert_eq!(
            Similarity::fit(&[[1.0, 1.0]; 5], &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]),
            None
        );
        assert_eq!(Similarity::fit(&[[f32::NAN, 1.0]; 5], &[[0.0, 0.0]; 5]), None);
    }
}
