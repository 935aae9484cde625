//! Slugs: a product's name as a part of its address.

/// The longest slug, in characters.
pub const LONGEST: usize = 100;

/// A slug made from a name; empty when the name has nothing to make it from.
pub fn from_name(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            // A word goes on over what is between its letters.
            '\'' | '’' | '\u{300}'..='\u{36f}' => {}
            '&' => slug.push_str(if slug.is_empty() || slug.ends_with('-') { "and-" } else { "-and-" }),
            letter => match latin(letter) {
                "" if slug.is_empty() || slug.ends_with('-') => {}
                "" => slug.push('-'),
                letters => slug.push_str(letters),
            },
        }
    }
    let mut short = String::new();
    for word in slug.split('-').filter(|word| !word.is_empty()) {
        if short.is_empty() {
            short.extend(word.chars().take(LONGEST));
        } else if short.len() + 1 + word.len() <= LONGEST {
            short.push('-');
            short.push_str(word);
        } else {
            break;
        }
    }
    short
}

/// Whether a text can be a slug: the database's own rule. What looks like an id leads elsewhere.
pub fn is_slug(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= LONGEST && text.split('-').all(word) && text.parse::<super::ProductId>().is_err()
}

/// The plain letters for a small Latin letter with an accent; nothing for everything else.
const fn latin(letter: char) -> &'static str {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ł' | 'ľ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' | 'ţ' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

#[cfg(test)]
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
    #[case("日本語", "")]
    #[case("--- ---", "")]
    #[case("C++ for İstanbul", "c-for-istanbul")]
    fn a_name_becomes_an_address(#[case] name: &str, #[case] slug: &str) {
        assert_eq!(from_name(name), slug);
        assert!(slug.is_empty() || is_slug(slug));
    }

    #[test]
    fn a_long_name_is_cut_between_words() {
        let slug = from_name(&"abcdefgh ".repeat(30));
        assert!(slug.len() == 98 && is_slug(&slug), "{slug}");
        assert_eq!(from_name(&"x".repeat(300)).len(), LONGEST);
    }

    #[rstest]
    #[case("a-b-1", true)]
    #[case("A", false)]
    #[case("a--b", false)]
    #[case("-a", false)]
    #[case("a b", false)]
    #[case("", false)]
    #[case("6f1c2f0e-5a53-4d0a-9f0c-0d8c6a1b2c3d", false)]
    fn what_an_address_may_be(#[case] text: &str, #[case] may: bool) {
        assert_eq!(is_slug(text), may);
    }
}
