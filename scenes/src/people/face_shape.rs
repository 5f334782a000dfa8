//! The face-shape parameters: MakeHuman's detail targets, paired into signed parameters.

/// One signed shape parameter; +1 and −1 are the full strength of its two targets.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShapeParameter {
    /// Target below `targets/` for positive values; `~` stands for the side (`l` or `r`).
    pub positive: &'static str,
    /// Target for negative values; `None` where the data has one end only.
    pub negative: Option<&'static str>,
    /// Standard deviation of the parameter over people (assumption, tuned on contact sheets so that no head is
    /// monstrous), before truncation at ±2 standard deviations and ±1.
    pub deviation: f32,
}

impl ShapeParameter {
    /// Whether the parameter has a left and a right target.
    pub fn is_sided(&self) -> bool {
        self.positive.contains('~')
    }

    /// Whether its targets are ours (see `own_targets`), not MakeHuman's.
    pub fn is_own(&self) -> bool {
        self.positive.starts_with("own/")
    }

    /// Whether it may vary beyond its deviation: not ears and necks, which leave the human range soon, nor eyes and brows,
    /// whose lids would hide the pupils.
    pub fn may_spread(&self) -> bool {
        !["ears/", "neck/", "eyes/", "eyebrows/"].iter().any(|held| self.positive.starts_with(held))
    }

    /// Sides on which the parameter has targets of its own.
    pub fn sides(&self) -> &'static [char] {
        if self.is_sided() { &['l', 'r'] } else { &['l'] }
    }

    /// Target name for a signed value on one side.
    pub fn target(&self, value: f32, side: char) -> Option<String> {
        let name = if value >= 0.0 { Some(self.positive) } else { self.negative };
        name.map(|n| n.replace('~', side.encode_utf8(&mut [0; 4])))
    }

    /// Every target the parameter can use.
    pub fn targets(&self) -> Vec<String> {
        let signs = [1.0, -1.0];
        self.sides().iter().flat_map(|&side| signs.into_iter().filter_map(move |v| self.target(v, side))).collect()
    }
}

const fn pair(positive: &'static str, negative: &'static str, deviation: f32) -> ShapeParameter {
    ShapeParameter { positive, negative: Some(negative), deviation }
}

const fn one(positive: &'static str, deviation: f32) -> ShapeParameter {
    ShapeParameter { positive, negative: None, deviation }
}

/// All shape parameters, in the order of `Identity::shape`.
pub(super) const SHAPE: &[ShapeParameter] = &[
    pair("head/head-angle-in", "head/head-angle-out", 0.18),
    pair("head/head-back-scale-depth-incr", "head/head-back-scale-depth-decr", 0.18),
    pair("head/head-fat-incr", "head/head-fat-decr", 0.40),
    pair("head/head-scale-depth-incr", "head/head-scale-depth-decr", 0.20),
    pair("head/head-scale-horiz-incr", "head/head-scale-horiz-decr", 0.11),
    pair("head/head-scale-vert-incr", "head/head-scale-vert-decr", 0.07),
    pair("own/cranium-wide", "own/cranium-narrow", 0.35),
    pair("own/cheeks-wide", "own/cheeks-narrow", 0.35),
    pair("own/jaw-wide", "own/jaw-narrow", 0.35),
    pair("own/occiput-out", "own/occiput-in", 0.35),
    one("head/head-diamond", 0.35),
    one("head/head-invertedtriangular", 0.35),
    one("head/head-oval", 0.20),
    one("head/head-rectangular", 0.35),
    one("head/head-round", 0.22),
    one("head/head-square", 0.35),
    one("head/head-triangular", 0.35),
    pair("forehead/forehead-nubian-incr", "forehead/forehead-nubian-decr", 0.07),
    pair("forehead/forehead-scale-vert-incr", "forehead/forehead-scale-vert-decr", 0.08),
    pair("forehead/forehead-temple-incr", "forehead/forehead-temple-decr", 0.40),
    pair("forehead/forehead-trans-forward", "forehead/forehead-trans-backward", 0.30),
    pair("eyebrows/eyebrows-angle-up", "eyebrows/eyebrows-angle-down", 0.40),
    pair("eyebrows/eyebrows-trans-up", "eyebrows/eyebrows-trans-down", 0.40),
    pair("eyebrows/eyebrows-trans-forward", "eyebrows/eyebrows-trans-backward", 0.40),
    pair("eyes/~-eye-bag-incr", "eyes/~-eye-bag-decr", 0.35),
    pair("eyes/~-eye-bag-height-incr", "eyes/~-eye-bag-height-decr", 0.35),
    pair("eyes/~-eye-bag-out", "eyes/~-eye-bag-in", 0.35),
    pair("eyes/~-eye-corner1-up", "eyes/~-eye-corner1-down", 0.40),
    pair("eyes/~-eye-corner2-up", "eyes/~-eye-corner2-down", 0.45),
    pair("eyes/~-eye-epicanthus-in", "eyes/~-eye-epicanthus-out", 0.35),
    pair("eyes/~-eye-eyefold-angle-up", "eyes/~-eye-eyefold-angle-down", 0.40),
    pair("eyes/~-eye-eyefold-convex", "eyes/~-eye-eyefold-concave", 0.40),
    pair("eyes/~-eye-eyefold-up", "eyes/~-eye-eyefold-down", 0.40),
    pair("eyes/~-eye-height1-incr", "eyes/~-eye-height1-decr", 0.30),
    pair("eyes/~-eye-height2-incr", "eyes/~-eye-height2-decr", 0.30),
    pair("eyes/~-eye-height3-incr", "eyes/~-eye-height3-decr", 0.30),
    pair("eyes/~-eye-push1-out", "eyes/~-eye-push1-in", 0.35),
    pair("eyes/~-eye-push2-out", "eyes/~-eye-push2-in", 0.35),
    pair("eyes/~-eye-scale-incr", "eyes/~-eye-scale-decr", 0.30),
    pair("eyes/~-eye-trans-up", "eyes/~-eye-trans-down", 0.30),
    pair("eyes/~-eye-trans-out", "eyes/~-eye-trans-in", 0.30),
    pair("nose/nose-base-up", "nose/nose-base-down", 0.40),
    pair("nose/nose-compression-compress", "nose/nose-compression-uncompress", 0.35),
    pair("nose/nose-curve-convex", "nose/nose-curve-concave", 0.40),
    pair("nose/nose-flaring-incr", "nose/nose-flaring-decr", 0.40),
    pair("nose/nose-greek-incr", "nose/nose-greek-decr", 0.40),
    pair("nose/nose-hump-incr", "nose/nose-hump-decr", 0.40),
    pair("nose/nose-nostrils-angle-up", "nose/nose-nostrils-angle-down", 0.40),
    pair("nose/nose-nostrils-width-incr", "nose/nose-nostrils-width-decr", 0.40),
    pair("nose/nose-point-up", "nose/nose-point-down", 0.40),
    pair("nose/nose-point-width-incr", "nose/nose-point-width-decr", 0.40),
    pair("nose/nose-scale-depth-incr", "nose/nose-scale-depth-decr", 0.35),
    pair("nose/nose-scale-horiz-incr", "nose/nose-scale-horiz-decr", 0.35),
    pair("nose/nose-scale-vert-incr", "nose/nose-scale-vert-decr", 0.35),
    pair("nose/nose-septumangle-incr", "nose/nose-septumangle-decr", 0.35),
    pair("nose/nose-trans-forward", "nose/nose-trans-backward", 0.30),
    pair("nose/nose-trans-up", "nose/nose-trans-down", 0.30),
    pair("nose/nose-volume-incr", "nose/nose-volume-decr", 0.40),
    pair("nose/nose-width1-incr", "nose/nose-width1-decr", 0.40),
    pair("nose/nose-width2-incr", "nose/nose-width2-decr", 0.40),
    pair("nose/nose-width3-incr", "nose/nose-width3-decr", 0.40),
    pair("mouth/mouth-angles-up", "mouth/mouth-angles-down", 0.35),
    pair("mouth/mouth-cupidsbow-incr", "mouth/mouth-cupidsbow-decr", 0.40),
    pair("mouth/mouth-cupidsbow-width-incr", "mouth/mouth-cupidsbow-width-decr", 0.40),
    pair("mouth/mouth-dimples-in", "mouth/mouth-dimples-out", 0.35),
    pair("mouth/mouth-laugh-lines-in", "mouth/mouth-laugh-lines-out", 0.40),
    pair("mouth/mouth-lowerlip-ext-up", "mouth/mouth-lowerlip-ext-down", 0.35),
    pair("mouth/mouth-lowerlip-height-incr", "mouth/mouth-lowerlip-height-decr", 0.45),
    pair("mouth/mouth-lowerlip-middle-up", "mouth/mouth-lowerlip-middle-down", 0.25),
    pair("mouth/mouth-lowerlip-volume-incr", "mouth/mouth-lowerlip-volume-decr", 0.45),
    pair("mouth/mouth-lowerlip-width-incr", "mouth/mouth-lowerlip-width-decr", 0.35),
    pair("mouth/mouth-philtrum-volume-incr", "mouth/mouth-philtrum-volume-decr", 0.40),
    pair("mouth/mouth-scale-depth-incr", "mouth/mouth-scale-depth-decr", 0.30),
    pair("mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr", 0.40),
    pair("mouth/mouth-scale-vert-incr", "mouth/mouth-scale-vert-decr", 0.35),
    pair("mouth/mouth-trans-forward", "mouth/mouth-trans-backward", 0.30),
    pair("mouth/mouth-trans-up", "mouth/mouth-trans-down", 0.40),
    pair("mouth/mouth-upperlip-ext-up", "mouth/mouth-upperlip-ext-down", 0.35),
    pair("mouth/mouth-upperlip-height-incr", "mouth/mouth-upperlip-height-decr", 0.45),
    pair("mouth/mouth-upperlip-middle-up", "mouth/mouth-upperlip-middle-down", 0.25),
    pair("mouth/mouth-upperlip-volume-incr", "mouth/mouth-upperlip-volume-decr", 0.45),
    pair("mouth/mouth-upperlip-width-incr", "mouth/mouth-upperlip-width-decr", 0.35),
    pair("chin/chin-bones-incr", "chin/chin-bones-decr", 0.40),
    pair("chin/chin-cleft-incr", "chin/chin-cleft-decr", 0.40),
    pair("chin/chin-height-incr", "chin/chin-height-decr", 0.22),
    pair("chin/chin-jaw-drop-incr", "chin/chin-jaw-drop-decr", 0.35),
    pair("chin/chin-prognathism-incr", "chin/chin-prognathism-decr", 0.30),
    pair("chin/chin-prominent-incr", "chin/chin-prominent-decr", 0.40),
    pair("chin/chin-width-incr", "chin/chin-width-decr", 0.45),
    one("chin/chin-triangle", 0.35),
    pair("cheek/~-cheek-bones-incr", "cheek/~-cheek-bones-decr", 0.45),
    pair("cheek/~-cheek-inner-incr", "cheek/~-cheek-inner-decr", 0.40),
    pair("cheek/~-cheek-trans-up", "cheek/~-cheek-trans-down", 0.35),
    pair("cheek/~-cheek-volume-incr", "cheek/~-cheek-volume-decr", 0.45),
    pair("ears/~-ear-flap-incr", "ears/~-ear-flap-decr", 0.40),
    pair("ears/~-ear-lobe-incr", "ears/~-ear-lobe-decr", 0.40),
    pair("ears/~-ear-rot-forward", "ears/~-ear-rot-backward", 0.35),
    pair("ears/~-ear-scale-incr", "ears/~-ear-scale-decr", 0.35),
    pair("ears/~-ear-scale-vert-incr", "ears/~-ear-scale-vert-decr", 0.30),
    pair("ears/~-ear-trans-up", "ears/~-ear-trans-down", 0.30),
    pair("ears/~-ear-wing-incr", "ears/~-ear-wing-decr", 0.40),
    pair("neck/neck-scale-depth-incr", "neck/neck-scale-depth-decr", 0.25),
    pair("neck/neck-scale-horiz-incr", "neck/neck-scale-horiz-decr", 0.25),
    pair("neck/neck-scale-vert-incr", "neck/neck-scale-vert-decr", 0.10),
    one("neck/neck-double-incr", 0.30),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_sixty_parameters_each_with_a_pair_of_the_same_name() {
        assert!(SHAPE.len() >= 60);
        for p in SHAPE {
            let folder = p.positive.split('/').next();
            assert!(p.negative.is_none_or(|n| n.split('/').next() == folder && n != p.positive), "{p:?}");
            assert_eq!(p.targets().len(), if p.is_sided() { 2 } else { 1 } * if p.negative.is_some() { 2 } else { 1 });
        }
    }
}
