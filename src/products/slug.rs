//! Slugs: the part of a product's URL that is made from its name.

#[cfg(feature = "ssr")]
use unicode_normalization::UnicodeNormalization;

use crate::id::ProductId;

/// The maximum length of a slug.
pub const MAX_CHARS: usize = 100;

/// Returns the slug of a name, its letters transliterated; empty when the name has no letter and no digit. A table of half a
/// megabyte says how each letter of each script is written in Latin, so this is the server's: the browser has [`from_ascii`].
#[cfg(feature = "ssr")]
pub fn from_name(name: &str) -> String {
    let mut latin = String::with_capacity(name.len());
    // In composed form, so that a name has the same slug however its accents were typed.
    for letter in name.nfc() {
        match letter {
            // The table drops the dots of these letters; German writes an e instead.
            'ä' | 'Ä' => latin.push_str("ae"),
            'ö' | 'Ö' => latin.push_str("oe"),
            'ü' | 'Ü' => latin.push_str("ue"),
            letter => match deunicode::deunicode_char(letter) {
                Some(letters) if letters.is_empty() || letter.is_alphanumeric() => latin.push_str(letters),
                _ => latin.push(letter),
            },
        }
    }
    join_words(&latin)
}

/// Returns the slug of a name that needs no transliteration; `None` for every other name.
pub fn from_ascii(name: &str) -> Option<String> {
    name.chars().all(|letter| letter.is_ascii() || letter == '’').then(|| join_words(name))
}

/// Returns the words of a text in lower case with hyphens between them, as many as fit.
fn join_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => words.push(letter),
            // A word goes on after an apostrophe.
            '\'' | '’' => {}
            '&' => words.push_str("-and-"),
            _ => words.push('-'),
        }
    }
    let mut slug = String::new();
    for word in words.split('-').filter(|word| !word.is_empty()) {
        if slug.is_empty() {
            slug.extend(word.chars().take(MAX_CHARS));
        } else if slug.len() + 1 + word.len() <= MAX_CHARS {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    slug
}

/// Returns whether a text is a valid slug, by the rule that the database has too. Ids are no slugs, because URLs with ids
/// redirect.
pub fn is_slug(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= MAX_CHARS && text.split('-').all(word) && text.parse::<ProductId>().is_err()
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Light and shadow", "light-and-shadow")]
    #[case("  Sound & Story: a bundle!  ", "sound-and-story-a-bundle")]
    #[case("R&B", "r-and-b")]
    #[case("Don’t panic", "dont-panic")]
    #[case("Größe, Café, Łódź", "groesse-cafe-lodz")]
    #[case("100 %", "100")]
    #[case("--- ---", "")]
    #[case("🦀 ©", "")]
    #[case("C++ for İstanbul", "c-for-istanbul")]
    #[case("Ñandú, Ōsaka, Șțiință", "nandu-osaka-stiinta")]
    #[case("Tiếng Việt cho người mới", "tieng-viet-cho-nguoi-moi")]
    #[case(
        "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t cho ngu\u{31b}o\u{31b}\u{300}i mo\u{31b}\u{301}i",
        "tieng-viet-cho-nguoi-moi"
    )]
    #[case("Gro\u{308}ße", "groesse")]
    #[case("Ķīmija iesācējiem", "kimija-iesacejiem")]
    #[case("Ģeometrija", "geometrija")]
    #[case("Ħobż", "hobz")]
    #[case("Ŵyn", "wyn")]
    #[case("Свет и тень", "svet-i-ten")]
    #[case("Φως και σκιά", "phos-kai-skia")]
    #[case("光与影", "guang-yu-ying")]
    #[case("日本語", "ri-ben-yu")]
    #[case("हिन्दी", "hindii")]
    fn a_slug_is_made_from_a_name(#[case] name: &str, #[case] slug: &str) {
        assert_eq!(from_name(name), slug);
        assert!(slug.is_empty() || is_slug(slug));
        assert!(from_ascii(name).is_none_or(|ascii| ascii == slug), "the browser suggests what the server makes");
    }

    #[test]
    fn the_browser_leaves_other_scripts_to_the_server() {
        assert_eq!(from_ascii("Don’t panic").as_deref(), Some("dont-panic"));
        assert_eq!(from_ascii("Größe"), None);
    }

    #[test]
    fn a_long_name_is_cut_between_words() {
        let slug = from_name(&"abcdefgh ".repeat(30));
        assert!(slug.len() == 98 && is_slug(&slug), "{slug}");
        assert_eq!(from_name(&"x".repeat(300)).len(), MAX_CHARS);
    }

    #[rstest]
    #[case("a-b-1", true)]
    #[case("A", false)]
    #[case("a--b", false)]
    #[case("-a", false)]
    #[case("a b", false)]
    #[case("", false)]
    #[case("6f1c2f0e-5a53-4d0a-9f0c-0d8c6a1b2c3d", false)]
    fn slugs_are_words_with_hyphens(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(is_slug(text), valid);
    }
}
