//! Handshake with Clerk: a page that is requested with an old token is redirected to Clerk, which redirects back with a new one.
//! This module decides whether a request needs a handshake and builds the URLs; it sends no requests.
//!
//! A production instance shares our domain and sends the handshake in a cookie. A development instance sends it in the query string,
//! and identifies the browser by a token of its own (`__clerk_db_jwt`).

use form_urlencoded::Serializer;
use http::{HeaderMap, Method, Uri, header::ACCEPT};

use crate::{
    identity::clerk::token::Token,
    platform::{config::clerk::ClerkConfig, cookies},
};

/// The handshake, as a cookie or a query parameter.
pub const HANDSHAKE: &str = "__clerk_handshake";
/// The token by which a development instance identifies a browser, as a cookie or a query parameter.
pub const DEV_BROWSER: &str = "__clerk_db_jwt";
/// The cookie that counts the redirects of this browser to Clerk in the last seconds.
pub const COUNT: &str = "__clerk_redirect_count";
/// More redirects in a row would not help: the configuration is wrong.
pub const MAX_HANDSHAKES: u8 = 3;
/// The lifetime of the cookie that counts.
pub const COUNT_SECONDS: u8 = 10;

/// The query parameters that Clerk adds to our URLs.
const CLERK_PARAMS: [&str; 4] = [HANDSHAKE, DEV_BROWSER, "__dev_session", "__clerk_help"];

/// The head of a request.
pub struct RequestParts<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
}

impl RequestParts<'_> {
    /// Returns whether a browser opens a page with this request. Only such a request can be redirected to Clerk and return.
    pub fn is_page(&self) -> bool {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        self.method == Method::GET
            && match text("sec-fetch-dest") {
                Some(kind) => kind == "document" || kind == "iframe",
                None => text(ACCEPT.as_str()).is_some_and(|accept| accept.starts_with("text/html")),
            }
    }

    /// Returns the token of Clerk's session cookie.
    pub fn session_token(&self) -> Option<String> {
        cookies::get(self.headers, SESSION)
    }

    /// Returns the handshake. It is read from the query string only for development instances, because anyone can write a URL.
    pub fn handshake_token(&self, development: bool) -> Option<String> {
        if development { self.query(HANDSHAKE) } else { cookies::get(self.headers, HANDSHAKE) }
    }

    /// Returns how often this browser was redirected to Clerk in the last seconds.
    pub fn handshake_count(&self) -> u8 {
        cookies::get(self.headers, COUNT).map_or(0, |count| count.parse().unwrap_or(MAX_HANDSHAKES).min(MAX_HANDSHAKES))
    }

    /// Returns a parameter of the query string, unless it is empty.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(n, value)| n == name && !value.is_empty())
            .map(|(_, v)| v.into_owned())
    }

    /// Returns path and query string without the parameters that Clerk added.
    pub fn path_without_clerk(&self) -> String {
        let is_ours = |pair: &&str| !CLERK_PARAMS.contains(&pair.split('=').next().unwrap_or_default());
        let query: Vec<_> = self.uri.query().into_iter().flat_map(|query| query.split('&')).filter(is_ours).collect();
        let path = self.uri.path();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    /// Returns why a handshake is needed, in Clerk's words; `None` if it is not. `token` is that of the session cookie.
    pub fn handshake_reason(&self, development: bool, token: Option<&Token>) -> Option<&'static str> {
        if development && self.query(DEV_BROWSER).is_some() {
            return Some("dev-browser-sync");
        }
        let changed: Option<i64> = cookies::get(self.headers, CLIENT_UAT).map(|at| at.parse().unwrap_or_default());
        match (token, changed) {
            (None, None | Some(..=0)) | (Some(Token::Invalid(_)), _) => None,
            (None, Some(_)) => Some("client-uat-but-no-session-token"),
            (Some(_), Some(..=0)) => Some("session-token-but-no-client-uat"),
            (Some(Token::Expired(_)), _) => Some("session-token-expired"),
            (Some(Token::NotYetValid), _) => Some("session-token-not-active-yet"),
            (Some(Token::Valid(claims)), Some(at)) if claims.iat < at => Some("session-token-iat-before-client-uat"),
            (Some(Token::Valid(_)), _) => None,
        }
    }

    /// Returns the URL of the handshake, which returns to this page. Our own origin is the configured one, whatever the request says.
    pub fn handshake_url(&self, config: &ClerkConfig, origin: &str, reason: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("redirect_url", &format!("{origin}{}", self.path_without_clerk()));
        query.append_pair("suffixed_cookies", "false");
        query.append_pair("__clerk_hs_reason", reason);
        let browser = self.query(DEV_BROWSER).or_else(|| cookies::get(self.headers, DEV_BROWSER));
        if let Some(browser) = browser.filter(|_| config.development) {
            query.append_pair(DEV_BROWSER, &browser);
        }
        format!("{}/v1/client/handshake?{}", config.frontend, query.finish())
    }
}

/// Returns whether a cookie has one of Clerk's names: a handshake may set no others.
pub fn is_clerk_cookie(cookie: &str) -> bool {
    let name = cookie.split('=').next().unwrap_or_default().trim();
    [SESSION, CLIENT_UAT, "__clerk_", "__refresh"].iter().any(|prefix| name.starts_with(prefix))
}

/// Returns the session token in the cookies of a handshake; `None` when it signs out.
pub fn session_token_in(cookies: &[String]) -> Option<String> {
    let prefix = format!("{SESSION}=");
    let value = cookies.iter().find_map(|cookie| cookie.strip_prefix(&prefix))?;
    Some(value.split(';').next().unwrap_or_default().trim().to_owned()).filter(|token| !token.is_empty())
}

/// The cookie with the session token.
pub const SESSION: &str = "__session";

/// The cookie with the time at which this browser last signed in at Clerk, in Unix seconds; 0 when it signed out.
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
    #[case::no_headers("GET", &[], false)]
    fn only_page_requests_are_redirected_to_clerk(
        #[case] method: Method,
        #[case] sent: &[(&'static str, &str)],
        #[case] page: bool,
    ) {
        let (uri, headers) = (Uri::from_static("/courses"), headers(sent));
        assert_eq!(RequestParts { method: &method, uri: &uri, headers: &headers }.is_page(), page);
    }

    #[rstest]
    #[case::a_visitor("/", "", None, None)]
    #[case::signed_out("/", "__client_uat=0", None, None)]
    #[case::signed_in("/", "__client_uat=100", Some("good"), None)]
    #[case::signed_in_without_the_time("/", "", Some("good"), None)]
    #[case::a_minute_later("/", "__client_uat=100", Some("expired"), Some("session-token-expired"))]
    #[case::with_another_clock("/", "__client_uat=100", Some("early"), Some("session-token-not-active-yet"))]
    #[case::back_from_the_portal("/", "__client_uat=100", None, Some("client-uat-but-no-session-token"))]
    #[case::signed_out_on_another_page("/", "__client_uat=0", Some("good"), Some("session-token-but-no-client-uat"))]
    #[case::signed_in_again_since("/", "__client_uat=900", Some("good"), Some("session-token-iat-before-client-uat"))]
    #[case::a_forged_token("/", "__client_uat=900", Some("bad"), None)]
    #[case::from_a_development_portal("/?__clerk_db_jwt=x", "", None, Some("dev-browser-sync"))]
    #[case::an_invalid_time("/", "__client_uat=yes", None, None)]
    fn a_handshake_has_a_reason(
        #[case] uri: Uri,
        #[case] cookie: &str,
        #[case] token: Option<&str>,
        #[case] reason: Option<&str>,
    ) {
        let claims = || serde_json::from_str::<Claims>(r#"{"sub":"u","sid":"s","exp":560,"iat":500}"#).unwrap();
        let token = token.map(|token| match token {
            "good" => Token::Valid(claims()),
            "expired" => Token::Expired(claims()),
            "early" => Token::NotYetValid,
            _ => Token::Invalid("forged"),
        });
        let headers = headers(&[("cookie", cookie)]);
        let request = RequestParts { method: &Method::GET, uri: &uri, headers: &headers };
        assert_eq!(request.handshake_reason(true, token.as_ref()), reason);
    }

    #[test]
    fn parameters_that_clerk_adds_are_removed() {
        let uri = Uri::from_static("/a?q=b%26c&__clerk_handshake=x&code=SALE&__clerk_db_jwt=y");
        let headers = HeaderMap::new();
        let request = RequestParts { method: &Method::GET, uri: &uri, headers: &headers };
        assert_eq!(request.path_without_clerk(), "/a?q=b%26c&code=SALE");
        assert_eq!(request.handshake_token(true).as_deref(), Some("x"));
        assert_eq!(request.handshake_token(false), None, "in production anyone could have written the URL");
    }

    #[rstest]
    #[case::a_token(&["__client_uat=1; Path=/", "__session=abc; Path=/; Secure"], Some("abc"))]
    #[case::of_another_name(&["__session_x1=abc"], None)]
    #[case::signing_out(&["__session=; Max-Age=0"], None)]
    fn a_handshake_contains_a_session_token(#[case] cookies: &[&str], #[case] token: Option<&str>) {
        let cookies: Vec<_> = cookies.iter().map(|&cookie| cookie.to_owned()).collect();
        assert_eq!(session_token_in(&cookies).as_deref(), token);
        assert!(cookies.iter().all(|cookie| is_clerk_cookie(cookie)));
        assert!(!is_clerk_cookie("session=x") && !is_clerk_cookie("__Host-session=x"));
    }
}
