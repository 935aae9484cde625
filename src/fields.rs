//! Values read from the text of form fields.

use std::ops::RangeInclusive;

/// Returns what was typed without the sign of a currency before it or of a percentage after it.
pub fn without_sign(typed: &str) -> &str {
    typed.trim().trim_start_matches('$').trim_end_matches('%').trim()
}

/// Reads a whole number, in digits only.
pub fn whole_number(typed: &str, range: RangeInclusive<i32>) -> Option<i32> {
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    typed.parse().ok().filter(|number| digits && range.contains(number))
}
