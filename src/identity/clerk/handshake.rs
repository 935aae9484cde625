//! The handshake: a page that was asked for with an old token is asked for again by way of Clerk, which sends a new one along.
//! Here is what is known of a request, whether it needs that, and the way there and back; nothing here asks anybody.
//!
//! A production instance shares our domain and leaves what it sends in a cookie. A development instance does not: it adds it to
//! the address, and knows the browser by a token of its own (`__clerk_db_jwt`).

use form_urlencoded::Serializer;
use http::{HeaderMap, Method, Uri, header::ACCEPT};

use crate::{
    identity::clerk::token::Token,
    platform::{config::clerk::ClerkConfig, cookies},
};

/// What Clerk sends along, as a cookie or in the address.
pub const COOKIE: &str = "__clerk_handshake";
/// What a development instance knows a browser by, as a cookie or in the address.
pub const DEV_BROWSER: &str = "__clerk_db_jwt";
/// How often this browser was sent to Clerk in the last seconds.
pub const COUNT: &str = "__clerk_redirect_count";
/// So often, and not again: something is wrong that another time will not mend.
pub const MAX_HANDSHAKES: u8 = 3;
/// For so many seconds a visit to Clerk is remembered.
pub const REMEMBERED: u8 = 10;

/// What Clerk adds to addresses of ours, and nobody else needs to see.
const OURS_NOT: [&str; 4] = [COOKIE, DEV_BROWSER, "__dev_session", "__clerk_help"];

/// What is asked for, and with what.
pub struct RequestParts<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
}

impl RequestParts<'_> {
    /// Whether this is somebody who opens a page: only such a request can be sent elsewhere and come back.
    pub fn is_page(&self) -> bool {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        self.method == Method::GET
            && match text("sec-fetch-dest") {
                Some(kind) => kind == "document" || kind == "iframe",
                None => text(ACCEPT.as_str()).is_some_and(|accept| accept.starts_with("text/html")),
            }
    }

    pub fn session(&self) -> Option<String> {
        cookies::get(self.headers, SESSION)
    }

    /// What Clerk sent along. Of an address it is taken only where Clerk has no other way, because anybody can write one.
    pub fn brought(&self, development: bool) -> Option<String> {
        if development { self.query(COOKIE) } else { cookies::get(self.headers, COOKIE) }
    }

    /// How often this browser was sent to Clerk just now.
    pub fn count(&self) -> u8 {
        cookies::get(self.headers, COUNT).map_or(0, |count| count.parse().unwrap_or(MAX_HANDSHAKES).min(MAX_HANDSHAKES))
    }

    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(n, value)| n == name && !value.is_empty())
            .map(|(_, v)| v.into_owned())
    }

    /// The address without what Clerk added.
    pub fn clean(&self) -> String {
        let ours = |pair: &&str| !OURS_NOT.contains(&pair.split('=').next().unwrap_or_default());
        let query: Vec<_> = self.uri.query().into_iter().flat_map(|query| query.split('&')).filter(ours).collect();
        let path = self.uri.path();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// Why Clerk has to be visited, if it has to. The word is Clerk's. `token` is what the session's cookie turned out to be.
    pub fn reason(&self, development: bool, token: Option<&Token>) -> Option<&'static str> {
        if development && self.query(DEV_BROWSER).is_some() {
            return Some("dev-browser-sync");
        }
        let changed: Option<i64> = cookies::get(self.headers, CLIENT_UAT).map(|at| at.parse().unwrap_or_default());
        match (token, changed) {
            (None, None | Some(..=0)) | (Some(Token::Bad(_)), _) => None,
            (None, Some(_)) => Some("client-uat-but-no-session-token"),
            (Some(_), Some(..=0)) => Some("session-token-but-no-client-uat"),
            (Some(Token::Expired(_)), _) => Some("session-token-expired"),
            (Some(Token::Early), _) => Some("session-token-not-active-yet"),
            (Some(Token::Good(claims)), Some(at)) if claims.iat < at => Some("session-token-iat-before-client-uat"),
            (Some(Token::Good(_)), _) => None,
        }
    }

    /// Where Clerk is visited, to come back to this page. Our own address is the configured one, whatever this request says.
    pub fn way(&self, config: &ClerkConfig, origin: &str, reason: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("redirect_url", &format!("{origin}{}", self.clean()));
        query.append_pair("suffixed_cookies", "false");
        query.append_pair("__clerk_hs_reason", reason);
        let browser = self.query(DEV_BROWSER).or_else(|| cookies::get(self.headers, DEV_BROWSER));
        if let Some(browser) = browser.filter(|_| config.development) {
            query.append_pair(DEV_BROWSER, &browser);
        }
        format!("{}/v1/client/handshake?{}", config.frontend, query.finish())
    }
}

/// The cookies that a handshake may set here: Clerk's, by name.
pub fn is_clerks(cookie: &str) -> bool {
    let name = cookie.split('=').next().unwrap_or_default().trim();
    [SESSION, CLIENT_UAT, "__clerk_", "__refresh"].iter().any(|start| name.starts_with(start))
}

/// The token that a handshake brings; nothing when it signs out.
pub fn session_of(cookies: &[String]) -> Option<String> {
    let start = format!("{SESSION}=");
    let value = cookies.iter().find_map(|cookie| cookie.strip_prefix(&start))?;
    Some(value.split(';').next().unwrap_or_default().trim().to_owned()).filter(|token| !token.is_empty())
}

/// The token's cookie. Clerk chose the name.
pub const SESSION: &str = "__session";

/// When this browser last signed in or out at Clerk, in seconds; 0 is signed out.
pub const CLIENT_UAT: &str = "__client_uat";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::clerk::token::Claims;
    use http::{HeaderName, HeaderValue};
    use rstest::rstest;

    fn headers(sent: &[(&'static str, &str)]) -> HeaderMap {
        let sent =
            sent.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        sent.collect()
    }

    #[rstest]
    #[case::a_page("GET", &[("sec-fetch-dest", "document"), ("accept", "*/*")], true)]
    #[case::a_page_in_a_frame("GET", &[("sec-fetch-dest", "iframe")], true)]
    #[case::an_older_browser("GET", &[("accept", "text/html,*/*")], true)]
    #[case::a_script("GET", &[("sec-fetch-dest", "empty"), ("accept", "text/html")], false)]
    #[case::a_picture("GET", &[("sec-fetch-dest", "image")], false)]
    #[case::a_form("POST", &[("sec-fetch-dest", "document")], false)]
    #[case::a_program("GET", &[("accept", "*/*")], false)]
    #[case::nothing_said("GET", &[], false)]
    fn only_pages_are_sent_to_clerk(#[case] method: Method, #[case] sent: &[(&'static str, &str)], #[case] page: bool) {
        let (uri, headers) = (Uri::from_static("/courses"), headers(sent));
        assert_eq!(RequestParts { method: &method, uri: &uri, headers: &headers }.is_page(), page);
    }

    #[rstest]
    #[case::a_visitor("/", "", None, None)]
    #[case::somebody_who_left("/", "__client_uat=0", None, None)]
    #[case::signed_in("/", "__client_uat=100", Some("good"), None)]
    #[case::signed_in_without_the_time("/", "", Some("good"), None)]
    #[case::a_minute_later("/", "__client_uat=100", Some("expired"), Some("session-token-expired"))]
    #[case::by_another_clock("/", "__client_uat=100", Some("early"), Some("session-token-not-active-yet"))]
    #[case::back_from_the_portal("/", "__client_uat=100", None, Some("client-uat-but-no-session-token"))]
    #[case::left_on_another_page("/", "__client_uat=0", Some("good"), Some("session-token-but-no-client-uat"))]
    #[case::in_again_since("/", "__client_uat=900", Some("good"), Some("session-token-iat-before-client-uat"))]
    #[case::a_forged_token("/", "__client_uat=900", Some("bad"), None)]
    #[case::from_a_development_portal("/?__clerk_db_jwt=x", "", None, Some("dev-browser-sync"))]
    #[case::nonsense("/", "__client_uat=yes", None, None)]
    fn clerk_is_visited_for_a_reason(
        #[case] uri: Uri,
        #[case] cookie: &str,
        #[case] token: Option<&str>,
        #[case] reason: Option<&str>,
    ) {
        let claims = || serde_json::from_str::<Claims>(r#"{"sub":"u","sid":"s","exp":560,"iat":500}"#).unwrap();
        let token = token.map(|token| match token {
            "good" => Token::Good(claims()),
            "expired" => Token::Expired(claims()),
            "early" => Token::Early,
            _ => Token::Bad("forged"),
        });
        let headers = headers(&[("cookie", cookie)]);
        let asked = RequestParts { method: &Method::GET, uri: &uri, headers: &headers };
        assert_eq!(asked.reason(true, token.as_ref()), reason);
    }

    #[test]
    fn what_clerk_adds_to_an_address_goes() {
        let uri = Uri::from_static("/a?q=b%26c&__clerk_handshake=x&code=SALE&__clerk_db_jwt=y");
        let headers = HeaderMap::new();
        let asked = RequestParts { method: &Method::GET, uri: &uri, headers: &headers };
        assert_eq!(asked.clean(), "/a?q=b%26c&code=SALE");
        assert_eq!(asked.brought(true).as_deref(), Some("x"));
        assert_eq!(asked.brought(false), None, "in production anybody could have written it there");
    }

    #[rstest]
    #[case::a_token(&["__client_uat=1; Path=/", "__session=abc; Path=/; Secure"], Some("abc"))]
    #[case::of_another_name(&["__session_x1=abc"], None)]
    #[case::signing_out(&["__session=; Max-Age=0"], None)]
    fn a_handshake_brings_a_token(#[case] cookies: &[&str], #[case] token: Option<&str>) {
        let cookies: Vec<_> = cookies.iter().map(|&cookie| cookie.to_owned()).collect();
        assert_eq!(session_of(&cookies).as_deref(), token);
        assert!(cookies.iter().all(|cookie| is_clerks(cookie)));
        assert!(!is_clerks("session=x") && !is_clerks("__Host-session=x"));
    }
}
