//! How tall young children are: MakeHuman's figures between its stations at 1 and 10 years are shorter than children.

/// Age in years, MakeHuman's stature there and the median stature of children, metres. The first are measured on this
/// data's average figures (the youngest is of 1 year); the second are the means of girls' and boys' medians of the WHO
/// Child Growth Standards (2006) up to 4 years and of the WHO Growth Reference (2007) beyond.
const STATURES_M: [(f32, f32, f32); 9] = [
    (0.5, 0.621, 0.667),
    (1.0, 0.621, 0.749),
    (1.25, 0.643, 0.784),
    (2.0, 0.707, 0.866),
    (3.0, 0.792, 0.956),
    (4.0, 0.877, 1.030),
    (6.0, 1.047, 1.155),
    (8.0, 1.218, 1.270),
    (10.0, 1.388, 1.383),
];

/// By what to scale MakeHuman's figure of an age; 1 from 10 years on.
pub(super) fn scale(age_years: f32) -> f32 {
    let ratio = |i: usize| STATURES_M[i].2 / STATURES_M[i].1;
    let last = STATURES_M.len() - 1;
    if age_years >= STATURES_M[last].0 {
        return 1.0;
    }
    let upper = (1..last).find(|&i| age_years <= STATURES_M[i].0).unwrap_or(last);
    let (young, old) = (STATURES_M[upper - 1].0, STATURES_M[upper].0);
    let t = ((age_years - young) / (old - young)).clamp(0.0, 1.0);
    // The last station leads to 1, so that older figures stay as they are.
    let end = if upper == last { 1.0 } else { ratio(upper) };
    ratio(upper - 1) + (end - ratio(upper - 1)) * t
}
