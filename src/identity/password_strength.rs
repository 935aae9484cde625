//! Password strength: a minimum length, and an estimate by zxcvbn of how soon a password is guessed, which knows common passwords.

use zxcvbn::{Score, zxcvbn};

/// A password with this length may have a lower score.
const LONG_CHARS: usize = 12;
/// The minimum length of a password with a high score.
const MIN_CHARS: usize = 8;
/// The maximum length, because longer passwords take longer to hash.
pub const MAX_BYTES: usize = 500;
/// The part that is scored. More could only make the password stronger, and scoring takes long.
const MAX_SCORED_CHARS: usize = 100;

/// Returns what is wrong with a new password. `known` are texts that others know of the user: name and email address.
pub fn find_error(password: &str, known: &[&str]) -> Option<&'static str> {
    let length = password.chars().count();
    if length < MIN_CHARS {
        return Some("Use at least 12 characters, or 8 that are hard to guess.");
    }
    if password.len() > MAX_BYTES {
        return Some("Use at most 500 characters.");
    }
    let known: Vec<&str> =
        known.iter().flat_map(|text| text.split(['@', ' ', '.'])).filter(|word| word.len() > 2).collect();
    let start: String = password.chars().take(MAX_SCORED_CHARS).collect();
    let score = zxcvbn(&start, &known).score();
    if length >= LONG_CHARS {
        return (score < Score::Two).then_some("This password is easy to guess. Use another one.");
    }
    (score < Score::Three).then_some("Use at least 12 characters, or 8 that are hard to guess.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("short", false)]
    #[case("password", false)]
    #[case("password1234", false)]
    #[case("123456789012", false)]
    #[case("qwertyuiopas", false)]
    #[case("aaaaaaaaaaaaaaaa", false)]
    #[case("studentexample", false)]
    #[case("Tr0ub4do", false)]
    #[case("v9#Kq!2zLw", true)]
    #[case("a long enough password", true)]
    #[case("correct horse battery", true)]
    #[case("eine lange Geschichte", true)]
    #[case("短い文章ですが十分に長いもの", true)]
    fn a_password_has_to_be_long_and_uncommon(#[case] password: &str, #[case] accepted: bool) {
        let known = ["Demo student", "student@example.com"];
        assert_eq!(find_error(password, &known).is_none(), accepted, "{password}: {:?}", find_error(password, &known));
    }

    #[test]
    fn a_very_long_password_is_rejected_quickly() {
        assert!(find_error(&"x1Ö".repeat(100_000), &[]).is_some());
        assert_eq!(find_error(&"x".repeat(501), &[]), Some("Use at most 500 characters."));
    }
}
