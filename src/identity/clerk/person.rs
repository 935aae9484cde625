//! A user in Clerk's API, and the profile that we store: name, email address, picture. Each of them may be missing.
//!
//! <https://clerk.com/docs/reference/backend-api/tag/users>

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::platform::clock;

/// The suffix of a placeholder for a missing email address. Mail to this domain is never delivered (RFC 2606).
pub const NO_ADDRESS: &str = "@no-address.invalid";

/// A user of Clerk.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub id: String,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
    image_url: Option<String>,
    #[serde(default)]
    has_image: bool,
    primary_email_address_id: Option<String>,
    #[serde(default)]
    email_addresses: Vec<Address>,
    /// In Unix milliseconds.
    #[serde(default)]
    updated_at: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Address {
    id: String,
    #[serde(rename = "email_address")]
    text: String,
    verification: Option<Verification>,
}

#[derive(Clone, Debug, Deserialize)]
struct Verification {
    status: String,
}

/// What we store of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub email: Option<String>,
    /// Whether Clerk verified the email address.
    pub verified: bool,
    pub image_url: Option<String>,
    /// When the user was last changed at Clerk.
    pub as_of: DateTime<Utc>,
}

impl Person {
    /// Returns the profile to store.
    pub fn profile(&self) -> Profile {
        let address = self.address();
        let image = self.image_url.clone().filter(|url| self.has_image && url.starts_with("https://"));
        Profile {
            name: self.name(address),
            email: address.map(|address| address.text.trim().to_owned()),
            verified: address.is_some_and(Address::is_verified),
            image_url: image.filter(|url| url.len() <= 2000),
            as_of: clock::from_unix_millis(self.updated_at),
        }
    }

    /// Returns the primary address; without one a verified address, else any.
    fn address(&self) -> Option<&Address> {
        let usable = || self.email_addresses.iter().filter(|address| address.is_usable());
        let primary = usable().find(|address| Some(&address.id) == self.primary_email_address_id.as_ref());
        primary.or_else(|| usable().find(|address| address.is_verified())).or_else(|| usable().next())
    }

    /// Returns first and last name; else the username, else the local part of the address, else "Student".
    fn name(&self, address: Option<&Address>) -> String {
        let full_name =
            [&self.first_name, &self.last_name].map(|part| part.as_deref().map(one_line).unwrap_or_default());
        let local_part = address.and_then(|address| address.text.split('@').next());
        let names = [Some(full_name.join(" ")), self.username.clone(), local_part.map(str::to_owned)];
        let names = names.into_iter().flatten().map(|name| one_line(&name));
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "Student".into())
    }
}

impl Address {
    fn is_verified(&self) -> bool {
        self.verification.as_ref().is_some_and(|verification| verification.status == "verified")
    }

    /// Returns whether the address fits the constraints of `users.email`.
    fn is_usable(&self) -> bool {
        let address = self.text.trim();
        (3..=254).contains(&address.len())
            && address.contains('@')
            && !address.contains(char::is_control)
            && !address.ends_with(NO_ADDRESS)
    }
}

/// Returns a name without line breaks and control characters, of at most 100 characters.
fn one_line(name: &str) -> String {
    let words = name.split(|letter: char| letter.is_control() || letter.is_whitespace());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(100).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    const ADA: &str = r#"{"id":"e1","email_address":"ada@example.com","verification":{"status":"verified"}}"#;
    const NEW: &str = r#"{"id":"e2","email_address":"new@example.com","verification":{"status":"unverified"}}"#;
    const BARE: &str = r#"{"id":"e3","email_address":"bare@example.com","verification":null}"#;

    #[rstest]
    #[case::a_full_name(Some("Ada"), Some("Lovelace"), Some("ada"), "Ada Lovelace")]
    #[case::a_first_name(Some(" Ada "), None, Some("ada"), "Ada")]
    #[case::a_last_name(None, Some("Lovelace"), None, "Lovelace")]
    #[case::a_username(None, Some(""), Some("ada99"), "ada99")]
    #[case::only_an_address(None, None, None, "new")]
    #[case::in_lines(Some("Ada\n\u{0}"), Some("Love\tlace"), None, "Ada Love lace")]
    fn a_user_always_has_a_name(
        #[case] first: Option<&str>,
        #[case] last: Option<&str>,
        #[case] username: Option<&str>,
        #[case] name: &str,
    ) {
        let person = json!({
            "id": "user_1", "first_name": first, "last_name": last, "username": username,
            "email_addresses": [serde_json::from_str::<serde_json::Value>(NEW).unwrap()],
        });
        assert_eq!(serde_json::from_value::<Person>(person).unwrap().profile().name, name);
    }

    #[rstest]
    #[case::none("null", &[], None, false)]
    #[case::the_primary(r#""e2""#, &[ADA, NEW], Some("new@example.com"), false)]
    #[case::a_verified_one("null", &[NEW, ADA], Some("ada@example.com"), true)]
    #[case::any(r#""e9""#, &[BARE, NEW], Some("bare@example.com"), false)]
    fn an_address_is_the_primary_one(
        #[case] primary: &str,
        #[case] addresses: &[&str],
        #[case] email: Option<&str>,
        #[case] verified: bool,
    ) {
        let person = format!(
            r#"{{"id":"user_1","primary_email_address_id":{primary},"email_addresses":[{}]}}"#,
            addresses.join(",")
        );
        let profile = serde_json::from_str::<Person>(&person).unwrap().profile();
        assert_eq!((profile.email.as_deref(), profile.verified), (email, verified));
        assert!(!profile.name.is_empty());
    }
}
