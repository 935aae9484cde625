//! Parsing of single form fields, and merging of a field that two admins edit at once.

use std::ops::RangeInclusive;

use crate::error::{FieldError, Result};

/// The maximum length of the name of a course, a section or a lesson, in characters.
const MAX_NAME_CHARS: usize = 200;

const CONFLICT: &str =
    "Another admin changed this in the meantime. Copy your text, open the form again, and compare both.";

/// Returns the text without a dollar sign before it or a percent sign after it.
pub fn without_sign(typed: &str) -> &str {
    typed.trim().trim_start_matches('$').trim_end_matches('%').trim()
}

/// Parses a whole number that is written in digits only and is in `range`.
pub fn whole_number(typed: &str, range: RangeInclusive<i32>) -> Option<i32> {
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    typed.parse().ok().filter(|number| digits && range.contains(number))
}

/// Parses the name of a course, a section or a lesson: one line of 1 to [`MAX_NAME_CHARS`] characters.
pub fn parse_name(text: &str) -> Result<String, FieldError> {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = text.trim();
    match text.chars().count() {
        0 => Err(FieldError::new("name", "Enter a name.")),
        1..=MAX_NAME_CHARS => Ok(text.to_owned()),
        _ => Err(FieldError::new("name", "Enter at most 200 characters.")),
    }
}

/// Parses Markdown of at most `max_chars` characters, a number of thousands. Forms send line breaks as CR LF, Markdown has LF.
pub fn parse_text(field: &str, text: &str, max_chars: u32) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n").replace('\0', "");
    if text.chars().count() > max_chars as usize {
        let thousands = max_chars / 1000;
        return Err(FieldError::new(field, format!("Enter at most {thousands},000 characters.")));
    }
    Ok(text)
}

/// Merges a field of a form with the stored value `now`, which may have changed since the form was opened with `seen`. A field
/// that was not edited keeps the stored value; a field that two admins changed differently is an error.
pub fn merge<T: PartialEq + Clone>(field: &str, typed: T, seen: &T, now: &T, errors: &mut Vec<FieldError>) -> T {
    if typed == *seen {
        return now.clone();
    }
    if now != seen && *now != typed {
        errors.push(FieldError::new(field, CONFLICT));
    }
    typed
}

/// Returns a number with its noun: "1 lesson", "9 lessons".
pub fn count(n: i64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
