//! Every address of the site as a function: links, redirects and tests say it once.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::id::{CouponId, CourseId, LessonId, ProductId, PurchaseId, UserId};

pub const HOME: &str = "/";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_UP: &str = "/sign-up";
pub const SIGN_OUT: &str = "/sign-out";
pub const ACCOUNT: &str = "/account";
/// Where a password is forgotten.
pub const FORGOT: &str = "/forgot-password";
/// Where a link to sign in is asked for.
pub const SIGN_IN_LINK: &str = "/sign-in/link";
/// Where links that were sent begin, and where they go on without their token.
pub const LINK: &str = "/link";
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
/// Payments that never became a purchase.
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

/// Opens a link that was sent.
pub fn open_link(token: &str) -> String {
    format!("{LINK}?token={token}")
}

pub fn product(slug: &str) -> String {
    format!("/products/{slug}")
}
pub fn purchase(slug: &str) -> String {
    format!("/products/{slug}/purchase")
}
/// A page with a code that somebody typed, where there is one.
pub fn with_code(page: &str, code: &str) -> String {
    query(page, &[("code", code.to_owned())])
}
/// What became of a checkout, by Stripe's session id or the attempt's own.
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

/// Leads to the receipt that Stripe shows.
pub fn stripe_receipt(purchase: PurchaseId) -> String {
    format!("/purchases/{purchase}/stripe-receipt")
}

/// A stored picture in one width.
pub fn picture(hash: &str, width: u32) -> String {
    format!("/pictures/{hash}/{width}.webp")
}

/// The lessons of a course, to write and move them.
pub fn edit_course(course: CourseId) -> String {
    format!("{ADMIN_COURSES}/{course}/edit")
}
/// What a course is called and about.
pub fn edit_course_details(course: CourseId) -> String {
    format!("{ADMIN_COURSES}/{course}/edit?tab=details")
}
pub fn edit_product(product: ProductId) -> String {
    format!("{ADMIN_PRODUCTS}/{product}/edit")
}
pub fn edit_coupon(coupon: CouponId) -> String {
    format!("{ADMIN_COUPONS}/{coupon}/edit")
}
/// A sale with what happened to it.
pub fn sale(purchase: PurchaseId) -> String {
    format!("{ADMIN_SALES}/{purchase}")
}
pub fn mail(mail: i64) -> String {
    format!("{ADMIN_OUTBOX}/{mail}")
}
pub fn student(student: UserId) -> String {
    format!("{ADMIN_STUDENTS}/{student}")
}

/// What a value in an address need not be escaped for.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// An address with what is asked for; what is empty is left out.
pub fn query(path: &str, asked: &[(&str, String)]) -> String {
    let asked = asked.iter().filter(|(_, value)| !value.is_empty());
    let asked: Vec<_> = asked.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN))).collect();
    if asked.is_empty() { path.to_owned() } else { format!("{path}?{}", asked.join("&")) }
}

/// The pages before and after one of a list, where there are any. `page` counts from 1; `search` may be empty.
pub fn pagination_links(list: &str, search: &str, page: u32, more: bool) -> (Option<String>, Option<String>) {
    let turn = |page: u32| query(list, &[("page", page.to_string()), ("q", search.to_owned())]);
    ((page > 1).then(|| turn(page - 1)), more.then(|| turn(page + 1)))
}

/// The sign-in page that comes back to `next`.
pub fn sign_in(next: &str) -> String {
    with_next(SIGN_IN, next)
}

/// The sign-up page that comes back to `next`.
pub fn sign_up(next: &str) -> String {
    with_next(SIGN_UP, next)
}

fn with_next(page: &str, next: &str) -> String {
    if next == HOME || next.is_empty() {
        return page.to_owned();
    }
    // Our own paths and queries need only these escaped inside a query value.
    let next = next.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('#', "%23").replace(' ', "%20");
    format!("{page}?next={next}")
}

/// Where to go after signing in: a path of our own, else home. What a browser would read as another host is not a path.
pub fn safe_redirect(next: &str) -> &str {
    let path = next.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    if path && !next.contains(|c: char| c.is_control() || c == '\\') { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn what_is_empty_is_not_asked_for() {
        assert_eq!(query("/a", &[]), "/a");
        assert_eq!(query("/a", &[("q", String::new())]), "/a");
        assert_eq!(query("/a", &[("q", "b&c d".into()), ("state", "paid".into())]), "/a?q=b%26c%20d&state=paid");
    }

    #[test]
    fn a_list_turns_where_there_is_more() {
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
    fn a_redirect_stays_on_our_own_paths(#[case] next: &str, #[case] goes: &str) {
        assert_eq!(safe_redirect(next), goes);
    }
}
