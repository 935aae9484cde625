//! Passwords: which will do. By length and by how soon they would be guessed, as zxcvbn estimates it, which knows the common ones.

use zxcvbn::{Score, zxcvbn};

/// The shortest that is long enough by itself, in characters.
const LONG: usize = 12;
/// The shortest that will do where it is strong.
const MIN_CHARS: usize = 8;
/// The longest, in bytes: hashing takes longer for more.
pub const MAX_CHARS: usize = 500;
/// How much of it is looked at: the rest can only make it stronger, and looking takes long.
const LOOKED_AT: usize = 100;

/// What is wrong with a password that is to be, as a sentence. `known` is what everybody knows of the person: name and address.
pub fn trouble(password: &str, known: &[&str]) -> Option<&'static str> {
    let length = password.chars().count();
    if length < MIN_CHARS {
        return Some("Use at least 12 characters, or 8 that are hard to guess.");
    }
    if password.len() > MAX_CHARS {
        return Some("Use at most 500 characters.");
    }
    let known: Vec<&str> =
        known.iter().flat_map(|text| text.split(['@', ' ', '.'])).filter(|word| word.len() > 2).collect();
    let start: String = password.chars().take(LOOKED_AT).collect();
    let score = zxcvbn(&start, &known).score();
    if length >= LONG {
        return (score < Score::Two).then_some("This password is among the first that are guessed. Use another one.");
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
    fn a_password_is_long_and_no_common_one(#[case] password: &str, #[case] will_do: bool) {
        let known = ["Demo student", "student@example.com"];
        assert_eq!(trouble(password, &known).is_none(), will_do, "{password}: {:?}", trouble(password, &known));
    }

    #[test]
    fn a_very_long_one_is_looked_at_quickly_and_refused() {
        assert!(trouble(&"x1Ö".repeat(100_000), &[]).is_some());
        assert_eq!(trouble(&"x".repeat(501), &[]), Some("Use at most 500 characters."));
    }
}
