//! Every URL path of the site as a constant or function, so that links, redirects and tests share it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::id::{CouponId, CourseId, LessonId, ProductId, PurchaseId, UserId};

pub const HOME: &str = "/";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_UP: &str = "/sign-up";
pub const SIGN_OUT: &str = "/sign-out";
pub const ACCOUNT: &str = "/account";
/// The page that requests a link for a new password.
pub const FORGOT_PASSWORD: &str = "/forgot-password";
/// The page that requests a link to sign in.
pub const SIGN_IN_LINK: &str = "/sign-in/link";
/// Opens a mailed link, stores its token in a cookie, and redirects to [`ACCOUNT_LINK`], so that the token is not in the address bar.
pub const LINK: &str = "/link";
/// The page of a mailed link, without its token.
pub const ACCOUNT_LINK: &str = "/account/link";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_ADDRESS: &str = "/account/address";
pub const ACCOUNT_DELETE: &str = "/account/delete";
pub const ACCOUNT_DATA: &str = "/account/data.json";
pub const THEME: &str = "/theme";
pub const COURSES: &str = "/courses";
pub const PURCHASES: &str = "/purchases";
pub const ADMIN: &str = "/admin";
pub const ADMIN_COURSES: &str = "/admin/courses";
pub const ADMIN_NEW_COURSE: &str = "/admin/courses/new";
pub const ADMIN_PRODUCTS: &str = "/admin/products";
pub const ADMIN_NEW_PRODUCT: &str = "/admin/products/new";
pub const ADMIN_SALES: &str = "/admin/sales";
pub const ADMIN_SALES_CSV: &str = "/admin/sales.csv";
/// Payments without a purchase.
pub const ADMIN_PAYMENTS: &str = "/admin/sales/other-payments";
pub const ADMIN_PRICING: &str = "/admin/pricing";
pub const ADMIN_COUPONS: &str = "/admin/coupons";
pub const ADMIN_NEW_COUPON: &str = "/admin/coupons/new";
pub const ADMIN_STUDENTS: &str = "/admin/students";
pub const ADMIN_ACTIVITY: &str = "/admin/activity";
pub const ADMIN_OUTBOX: &str = "/admin/outbox";
pub const ADMIN_SCHOOL: &str = "/admin/school";
pub const SECURITY_TXT: &str = "/.well-known/security.txt";
pub const STRIPE_WEBHOOK: &str = "/api/webhooks/stripe";
pub const CLERK_WEBHOOK: &str = "/api/webhooks/clerk";

/// Returns the path of a mailed link.
pub fn open_link(token: &str) -> String {
    format!("{LINK}?token={token}")
}

pub fn product(slug: &str) -> String {
    format!("/products/{slug}")
}
pub fn purchase(slug: &str) -> String {
    format!("/products/{slug}/purchase")
}
/// Adds a coupon code to the path of a page, unless it is empty.
pub fn with_code(page: &str, code: &str) -> String {
    query(page, &[("code", code.to_owned())])
}
/// The result page of a checkout. `session` is the id of Stripe's session or of the attempt.
pub fn purchase_result(slug: &str, session: &str) -> String {
    format!("{}/success?session={session}", purchase(slug))
}
pub fn course(course: CourseId) -> String {
    format!("/courses/{course}")
}
pub fn lesson(course: CourseId, lesson: LessonId) -> String {
    format!("/courses/{course}/lessons/{lesson}")
}
pub fn receipt(purchase: PurchaseId) -> String {
    format!("/purchases/{purchase}")
}
pub fn receipt_pdf(purchase: PurchaseId) -> String {
    format!("/purchases/{purchase}/receipt.pdf")
}

/// Redirects to the receipt at Stripe.
pub fn stripe_receipt(purchase: PurchaseId) -> String {
    format!("/purchases/{purchase}/stripe-receipt")
}

/// A stored picture in one of its widths, in pixels.
pub fn picture(hash: &str, width: u32) -> String {
    format!("/pictures/{hash}/{width}.webp")
}

/// The curriculum editor of a course.
pub fn edit_course(course: CourseId) -> String {
    format!("{ADMIN_COURSES}/{course}/edit")
}
/// The name and description of a course, to edit.
pub fn edit_course_details(course: CourseId) -> String {
    format!("{ADMIN_COURSES}/{course}/edit?tab=details")
}
pub fn edit_product(product: ProductId) -> String {
    format!("{ADMIN_PRODUCTS}/{product}/edit")
}
pub fn edit_coupon(coupon: CouponId) -> String {
    format!("{ADMIN_COUPONS}/{coupon}/edit")
}
/// The detail page of a sale, with its timeline.
pub fn sale(purchase: PurchaseId) -> String {
    format!("{ADMIN_SALES}/{purchase}")
}
pub fn mail(mail: i64) -> String {
    format!("{ADMIN_OUTBOX}/{mail}")
}
pub fn student(student: UserId) -> String {
    format!("{ADMIN_STUDENTS}/{student}")
}

/// The characters that are escaped in a query value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Adds query parameters to a path. Empty ones are left out.
pub fn query(path: &str, parameters: &[(&str, String)]) -> String {
    let parameters = parameters.iter().filter(|(_, value)| !value.is_empty());
    let parameters: Vec<_> =
        parameters.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ESCAPED))).collect();
    if parameters.is_empty() { path.to_owned() } else { format!("{path}?{}", parameters.join("&")) }
}

/// Returns the links to the previous and the next page of a list, if they exist. `page` counts from 1; `search` may be empty.
pub fn pagination_links(list: &str, search: &str, page: u32, has_next: bool) -> (Option<String>, Option<String>) {
    let link = |page: u32| query(list, &[("page", page.to_string()), ("q", search.to_owned())]);
    ((page > 1).then(|| link(page - 1)), has_next.then(|| link(page + 1)))
}

/// The sign-in page, which redirects to `next` afterwards.
pub fn sign_in(next: &str) -> String {
    with_next(SIGN_IN, next)
}

/// The sign-up page, which redirects to `next` afterwards.
pub fn sign_up(next: &str) -> String {
    with_next(SIGN_UP, next)
}

fn with_next(page: &str, next: &str) -> String {
    if next == HOME || next.is_empty() {
        return page.to_owned();
    }
    // Paths and queries of this site need only these characters escaped in a query value.
    let next = next.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('#', "%23").replace(' ', "%20");
    format!("{page}?next={next}")
}

/// Returns `next` if it is a path of this site, else the home page. A browser would resolve `//host` and `/\host` to another host.
pub fn safe_redirect(next: &str) -> &str {
    let path = next.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    if path && !next.contains(|c: char| c.is_control() || c == '\\') { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn empty_parameters_are_left_out() {
        assert_eq!(query("/a", &[]), "/a");
        assert_eq!(query("/a", &[("q", String::new())]), "/a");
        assert_eq!(query("/a", &[("q", "b&c d".into()), ("state", "paid".into())]), "/a?q=b%26c%20d&state=paid");
    }

    #[test]
    fn a_list_links_to_its_previous_and_next_page() {
        assert_eq!(pagination_links("/a", "", 1, false), (None, None));
        assert_eq!(pagination_links("/a", "x", 2, true), (Some("/a?page=1&q=x".into()), Some("/a?page=3&q=x".into())));
    }

    #[rstest]
    #[case("/courses", "/courses")]
    #[case("/products/a/purchase?code=x", "/products/a/purchase?code=x")]
    #[case("", "/")]
    #[case("https://example.com", "/")]
    #[case("//example.com", "/")]
    #[case("/\\example.com", "/")]
    #[case("/a\\b", "/")]
    #[case("/\t/example.com", "/")]
    #[case("javascript:alert(1)", "/")]
    fn a_redirect_stays_on_our_own_paths(#[case] next: &str, #[case] expected: &str) {
        assert_eq!(safe_redirect(next), expected);
    }
}
