//! Durations and sizes as people write them.

use std::time::Duration;

const DURATION_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZE_UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Why a text is no duration, or no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadQuantity {
    /// A duration has numbers with units.
    #[error("{0:?} is no duration; write whole numbers with ms, s, m, h or d, as in 30s or 1h30m")]
    Duration(String),
    /// A size has one number with a unit.
    #[error("{0:?} is no size; write a whole number with B, KiB, MiB, GiB, KB, MB or GB")]
    Size(String),
}

/// Reads a duration such as `500ms`, `30s`, `5m`, `1h30m`, `7d`.
///
/// # Errors
/// Where a number or a unit is missing or unknown, or the sum does not fit.
pub fn parse_duration(text: &str) -> Result<Duration, BadQuantity> {
    let bad = || BadQuantity::Duration(text.to_owned());
    let mut rest = text.trim();
    let mut sum = 0_u64;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let (amount, after) = amount(rest, &DURATION_UNITS).ok_or_else(bad)?;
        sum = sum.checked_add(amount).ok_or_else(bad)?;
        rest = after.trim_start();
    }
    Ok(Duration::from_millis(sum))
}

/// Reads a size such as `64KiB`, `8 MiB`, `65536B`, in bytes.
///
/// # Errors
/// Where the number or the unit is missing or unknown, or the size does not fit.
pub(super) fn parse_size(text: &str) -> Result<u64, BadQuantity> {
    match amount(text.trim(), &SIZE_UNITS) {
        Some((bytes, "")) => Ok(bytes),
        _ => Err(BadQuantity::Size(text.to_owned())),
    }
}

/// One number with its unit, and what follows.
fn amount<'a>(text: &'a str, units: &[(&str, u64)]) -> Option<(u64, &'a str)> {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let rest = rest.trim_start();
    let (unit, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some((digits.parse::<u64>().ok()?.checked_mul(*factor)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_the_sum_of_its_parts() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse_duration(" 2 d 1s"), Ok(Duration::from_secs(172_801)));
    }

    #[test]
    fn a_number_without_a_unit_is_no_duration() {
        for text in
            ["", "5", "m", "5 minutes", "-5m", "1.5h", "99999999999999999999d", "18446744073709551615h"]
        {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_size_is_in_bytes() {
        assert_eq!(parse_size("64KiB"), Ok(65_536));
        assert_eq!(parse_size("8 MB"), Ok(8_000_000));
        for text in ["", "64", "64kb", "1KiB 2B"] {
            assert!(parse_size(text).is_err(), "{text:?}");
        }
    }
}
