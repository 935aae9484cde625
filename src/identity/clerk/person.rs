//! A person as Clerk knows them, and what of that we take: a name, an address, a picture. All of it may be missing.
//!
//! <https://clerk.com/docs/reference/backend-api/tag/users>

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::platform::clock;

/// The end of an address that stands for none. Mail to it goes nowhere (RFC 2606).
pub const NO_ADDRESS: &str = "@no-address.invalid";

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
    /// Milliseconds.
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

/// What we keep of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub email: Option<String>,
    /// Whether Clerk knows that the address is theirs.
    pub verified: bool,
    pub image_url: Option<String>,
    /// When Clerk last changed what it knows.
    pub as_of: DateTime<Utc>,
}

impl Person {
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

    /// The primary address; where there is none, one that is verified, else any.
    fn address(&self) -> Option<&Address> {
        let usable = || self.email_addresses.iter().filter(|address| address.is_usable());
        let primary = usable().find(|address| Some(&address.id) == self.primary_email_address_id.as_ref());
        primary.or_else(|| usable().find(|address| address.is_verified())).or_else(|| usable().next())
    }

    /// First and last name; else the username, else what stands before the address's @, else a word.
    fn name(&self, address: Option<&Address>) -> String {
        let whole = [&self.first_name, &self.last_name].map(|part| part.as_deref().map(one_line).unwrap_or_default());
        let before = address.and_then(|address| address.text.split('@').next());
        let names = [Some(whole.join(" ")), self.username.clone(), before.map(str::to_owned)];
        let names = names.into_iter().flatten().map(|name| one_line(&name));
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "Student".into())
    }
}

impl Address {
    fn is_verified(&self) -> bool {
        self.verification.as_ref().is_some_and(|verification| verification.status == "verified")
    }

    /// What our own table takes.
    fn is_usable(&self) -> bool {
        let address = self.text.trim();
        (3..=254).contains(&address.len())
            && address.contains('@')
            && !address.contains(char::is_control)
            && !address.ends_with(NO_ADDRESS)
    }
}

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
    #[case::whole(Some("Ada"), Some("Lovelace"), Some("ada"), "Ada Lovelace")]
    #[case::a_first_name(Some(" Ada "), None, Some("ada"), "Ada")]
    #[case::a_last_name(None, Some("Lovelace"), None, "Lovelace")]
    #[case::a_username(None, Some(""), Some("ada99"), "ada99")]
    #[case::only_an_address(None, None, None, "new")]
    #[case::in_lines(Some("Ada\n\u{0}"), Some("Love\tlace"), None, "Ada Love lace")]
    fn somebody_has_a_name(
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
