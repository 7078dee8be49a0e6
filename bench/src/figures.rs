//! Figures of several runs as one.

/// The middle one; of an even number, the mean of the two in the middle. 0 of none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => 0.0,
        count if count % 2 == 1 => figures[count / 2],
        count => (figures[count / 2 - 1] + figures[count / 2]) / 2.0,
    }
}

/// `154.2 k`, `1.25 M`.
pub(crate) fn short(figure: f64) -> String {
    match figure {
        1e6.. => format!("{:.2} M", figure / 1e6),
        1e3.. => format!("{:.1} k", figure / 1e3),
        _ => format!("{figure:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![]), 0.0);
    }
}
