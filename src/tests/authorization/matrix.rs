//! The authorization matrix: the status of every page, form, file, webhook and server function for a visitor, a student, a student who
//! bought the course, and an admin. [`crate::tests::authorization::walk`] requests each, and fails when one is missing here.

/// How a row is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page or file; requested again with the query string where a row has one.
    Get,
    /// A form post.
    Post,
    /// A server function, named, with form-encoded arguments.
    Call,
    /// A server function with JSON arguments.
    Json,
}

/// The route, or the name of the server function; the form, query or arguments; the status for each of
/// [`crate::tests::authorization::ROLES`]. Names in braces are replaced by ids of [`crate::tests::authorization::SchoolWithCourse`].
pub type Row = (Kind, &'static str, &'static str, [u16; 4]);

use Kind::{Call, Get, Json, Post};

const OPEN: [u16; 4] = [200; 4];
const SIGNED_IN: [u16; 4] = [302, 200, 200, 200];
const SIGNED_IN_CALL: [u16; 4] = [401, 200, 200, 200];
/// Only admins find the back office.
const ADMIN: [u16; 4] = [302, 404, 404, 200];
const ADMIN_CALL: [u16; 4] = [401, 403, 403, 200];
/// For an admin, an empty form is invalid.
const ADMIN_FORM: [u16; 4] = [303, 404, 404, 422];

/// Deletions are at the end, because the rows before them need what is deleted.
pub const TABLE: &[Row] = &[
    // Public files.
    (Get, "/healthz", "", OPEN),
    (Get, "/readyz", "", OPEN),
    (Get, "/robots.txt", "", OPEN),
    (Get, "/sitemap.xml", "", OPEN),
    (Get, "/.well-known/security.txt", "", OPEN),
    (Get, "/pictures/{hash}/{file}", "", [404; 4]),
    // Storefront and checkout.
    (Get, "/", "", OPEN),
    (Get, "/products/{slug}", "", OPEN),
    (Get, "/products/{slug}/purchase", "", [302, 200, 302, 200]),
    (Get, "/products/{slug}/purchase/success", "", [302, 404, 404, 404]),
    (Get, "/products/{slug}/purchase/failure", "", [302, 200, 302, 200]),
    (Call, "get_storefront", "search=&page=1", OPEN),
    (Call, "get_product_page", "slug={slug}", OPEN),
    (Call, "get_checkout_page", "slug={slug}", SIGNED_IN_CALL),
    (Call, "get_checkout_result", "session=cs_nothing", [401, 404, 404, 404]),
    // Stripe cannot be reached; an owner need not buy again.
    (Post, "/products/{slug}/purchase", "", [303, 503, 303, 503]),
    // Accounts.
    (Get, "/sign-in", "", OPEN),
    (Get, "/sign-up", "", OPEN),
    (Get, "/sign-in/link", "", OPEN),
    (Get, "/forgot-password", "", OPEN),
    // Moves the token from the address to a cookie, and redirects whether it is valid or not.
    (Get, "/link", "", [303; 4]),
    (Get, "/account/link", "", OPEN),
    (Get, "/account", "", SIGNED_IN),
    (Get, "/account/password", "", SIGNED_IN),
    (Get, "/account/address", "", SIGNED_IN),
    (Get, "/account/delete", "", SIGNED_IN),
    (Get, "/account/data.json", "", [303, 200, 200, 200]),
    (Post, "/sign-in/link", "email={role}@example.com", OPEN),
    (Post, "/forgot-password", "email={role}@example.com", OPEN),
    (Post, "/account/link", "", [422; 4]),
    (Post, "/account", "do=rename", [303, 422, 422, 422]),
    (Post, "/account/password", "", [303, 422, 422, 422]),
    (Post, "/account/address", "", [303, 422, 422, 422]),
    (Post, "/account/delete", "", [303, 422, 422, 422]),
    (Call, "get_account", "", SIGNED_IN_CALL),
    (Call, "get_open_link", "", [404; 4]),
    (Post, "/sign-in", "", [422; 4]),
    (Post, "/sign-up", "", [422; 4]),
    (Post, "/sign-out", "", [303; 4]),
    (Post, "/theme", "theme=night", [303; 4]),
    // Learning.
    (Get, "/courses", "", SIGNED_IN),
    (Get, "/courses/{course}", "", [302, 404, 200, 200]),
    (Get, "/courses/{course}/lessons/{lesson}", "", OPEN),
    (Call, "get_my_courses", "page=1", SIGNED_IN_CALL),
    (Call, "get_course_page", "course={course}", [401, 404, 200, 200]),
    (Call, "get_lesson_page", "course={course}&lesson={lesson}", OPEN),
    (Call, "mark_complete", "course={course}&lesson={lesson}&done=true", [401, 403, 200, 403]),
    // Purchases.
    (Get, "/purchases", "", SIGNED_IN),
    (Get, "/purchases/{purchase}", "", [302, 404, 200, 404]),
    (Get, "/purchases/{purchase}/receipt.pdf", "", [303, 404, 200, 404]),
    // The purchase was free.
    (Get, "/purchases/{purchase}/stripe-receipt", "", [303, 404, 404, 404]),
    (Call, "get_history", "page=1", SIGNED_IN_CALL),
    (Call, "get_receipt", "purchase={purchase}", [401, 404, 200, 404]),
    // Webhooks, here without a signature.
    (Post, "/api/webhooks/stripe", "{}", [400; 4]),
    // Without Clerk, this webhook does not exist.
    (Post, "/api/webhooks/clerk", "{}", [404; 4]),
    // The back office: pages and files.
    (Get, "/admin", "", ADMIN),
    (Get, "/admin/courses", "q=fil&page=1", ADMIN),
    (Get, "/admin/courses/new", "", ADMIN),
    (Get, "/admin/courses/{course}/edit", "tab=details", ADMIN),
    (Get, "/admin/products", "", ADMIN),
    (Get, "/admin/products/new", "", ADMIN),
    (Get, "/admin/products/{product}/edit", "", ADMIN),
    (Get, "/admin/sales", "", ADMIN),
    (Get, "/admin/sales/other-payments", "", ADMIN),
    (Get, "/admin/sales/{purchase}", "", ADMIN),
    (Get, "/admin/coupons", "", ADMIN),
    (Get, "/admin/coupons/new", "", ADMIN),
    (Get, "/admin/coupons/{coupon}/edit", "", ADMIN),
    (Get, "/admin/pricing", "", ADMIN),
    (Get, "/admin/students", "", ADMIN),
    (Get, "/admin/students/{student}", "", ADMIN),
    (Get, "/admin/outbox", "", ADMIN),
    (Get, "/admin/outbox/{mail}", "", ADMIN),
    (Get, "/admin/school", "", ADMIN),
    (Get, "/admin/activity", "", ADMIN),
    (Get, "/admin/sales.csv", "", [303, 404, 404, 200]),
    // The back office: forms.
    (Post, "/admin/courses/new", "", ADMIN_FORM),
    (Post, "/admin/courses/{course}/edit", "", ADMIN_FORM),
    (Post, "/admin/products/new", "", ADMIN_FORM),
    (Post, "/admin/products/{product}/edit", "version=1", ADMIN_FORM),
    (Post, "/admin/coupons/new", "", ADMIN_FORM),
    (Post, "/admin/coupons/{coupon}/edit", "", ADMIN_FORM),
    (Post, "/admin/pricing", "minimum_price=many", ADMIN_FORM),
    (Post, "/admin/school", "", ADMIN_FORM),
    // The mail is still due.
    (Post, "/admin/outbox/{mail}", "", [303, 404, 404, 409]),
    // The back office: server functions that read.
    (Call, "get_dashboard", "days=30", ADMIN_CALL),
    (Call, "get_log", "", ADMIN_CALL),
    (Call, "get_outbox", "state=", ADMIN_CALL),
    (Call, "get_mail", "mail={mail}", ADMIN_CALL),
    (Call, "get_school_form", "", ADMIN_CALL),
    (Call, "get_courses", "search=&page=1", ADMIN_CALL),
    (Call, "get_course_details", "course={course}", ADMIN_CALL),
    (Call, "get_curriculum", "course={course}", ADMIN_CALL),
    (Call, "get_lesson_draft", "lesson={lesson}", ADMIN_CALL),
    (Call, "count_lesson_students", "lesson={lesson}", ADMIN_CALL),
    (Call, "count_section_students", "section={section}", ADMIN_CALL),
    (Call, "check_video", "video=aqz-KE-bpKQ", ADMIN_CALL),
    (Call, "preview_markdown", "text=*a*", ADMIN_CALL),
    (Call, "get_products", "search=&page=1", ADMIN_CALL),
    (Call, "get_product_form", "product={product}", ADMIN_CALL),
    (Call, "get_coupons", "search=&page=1", ADMIN_CALL),
    (Call, "get_coupon_form", "coupon={coupon}", ADMIN_CALL),
    (Call, "get_pricing", "", ADMIN_CALL),
    (Call, "get_students", "", ADMIN_CALL),
    (Call, "get_student", "student={student}", ADMIN_CALL),
    (Call, "list_courses_to_give", "student={student}", ADMIN_CALL),
    (Call, "get_sales", "q=&state=&before=&after=", ADMIN_CALL),
    (Call, "get_sale", "purchase={purchase}", ADMIN_CALL),
    (Call, "get_unmatched_payments", "page=1", ADMIN_CALL),
    // The back office: server functions that write.
    (
        Json,
        "reorder_course",
        r#"{"course":"{course}","version":0,"order":[]}"#,
        // The version is stale.
        [401, 403, 403, 409],
    ),
    (Call, "create_section", "course={course}&name=New&status=private", ADMIN_CALL),
    (Call, "update_section", "section={section}&name=New&status=public", ADMIN_CALL),
    (
        Json,
        "create_lesson",
        r#"{"form":{"name":"New","video":"aqz-KE-bpKQ","description":"","status":"private","section":"{section}"}}"#,
        ADMIN_CALL,
    ),
    (
        Json,
        "update_lesson",
        r#"{"lesson":"{lesson}","form":{"name":"New","video":"aqz-KE-bpKQ","description":"","status":"private","section":"{section}"}}"#,
        ADMIN_CALL,
    ),
    (Call, "rename_lesson", "lesson={lesson}&name=Hook", ADMIN_CALL),
    (Call, "set_lesson_status", "lesson={lesson}&status=preview", ADMIN_CALL),
    (Call, "give_course", "student={student}&course={course}", ADMIN_CALL),
    (Call, "take_back_course", "student={student}&course={course}", ADMIN_CALL),
    (Call, "set_admin", "student={student}&admin=true", ADMIN_CALL),
    // The purchase was free, so that no refund is sent.
    (Call, "refund_purchase", "purchase={purchase}&amount=0&left=0&reason=", ADMIN_CALL),
    (Call, "finish_refund", "purchase={purchase}", [401, 403, 403, 409]),
    (Call, "remove_coupon", "coupon={coupon}", ADMIN_CALL),
    (Call, "delete_lesson", "lesson={lesson}", ADMIN_CALL),
    (Call, "delete_section", "section={section}", ADMIN_CALL),
    (Call, "remove_product", "product={product}", ADMIN_CALL),
    // A product that was sold contains it.
    (Call, "delete_course", "course={course}", [401, 403, 403, 409]),
];
