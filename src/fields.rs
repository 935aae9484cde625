//! Values read from the text of form fields.

use crate::error::{FieldError, Result};
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

/// What a course, a section or a lesson can be called: one line of 1 to 200 characters.
pub fn parse_name(text: &str) -> Result<String, FieldError> {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = text.trim();
    match text.chars().count() {
        0 => Err(FieldError::new("name", "Enter a name.")),
        1..=200 => Ok(text.to_owned()),
        _ => Err(FieldError::new("name", "Enter at most 200 characters.")),
    }
}

/// Markdown of at most so many characters, with the line breaks that Markdown has.
pub fn parse_text(field: &str, text: &str, most: u32) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    if text.chars().count() > most as usize {
        let thousands = most / 1000;
        return Err(FieldError::new(field, format!("Enter at most {thousands},000 characters.")));
    }
    Ok(text)
}

/// What is written where the seen was changed, else what is there now. What two changed differently is an error.
pub fn merge<T: PartialEq + Clone>(field: &str, written: T, seen: &T, now: &T, errors: &mut Vec<FieldError>) -> T {
    if written == *seen {
        return now.clone();
    }
    if now != seen && *now != written {
        errors.push(FieldError::new(field, MEANWHILE));
    }
    written
}

const MEANWHILE: &str = "Somebody else changed this meanwhile. Copy what you wrote, open this again, and look at both.";

/// "1 lesson", "9 lessons".
pub fn count(n: i64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}
