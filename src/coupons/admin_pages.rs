//! Back office: list, edit and delete coupons.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::{
        confirm_dialog::{ConfirmDialog, Confirmation},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    coupons::{
        CouponList, CouponRemoval, CouponRow, CouponStatus,
        api::{self, RemoveCoupon},
        editor::CouponEditor,
    },
    error::Error,
    form::FormState,
    id::CouponId,
    load::{Loaded, load, page, search_params},
    paths,
    ui::{
        Badge, Button, EmptyState, Intent, LinkButton, LocalTime, PageHeader, RowActions, SkeletonList, SkeletonPage,
        Table, Tone, use_toast,
    },
};

page!(
    /// `/admin/coupons`.
    CouponsRoute,
    admin,
    coupons,
    __preload_coupons
);

fn coupons() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let toaster = use_toast();
        let removing = Removing::new(move |coupon, removal| {
            let code = coupon.code;
            let message = match removal {
                CouponRemoval::Deleted => format!("Deleted {code}."),
                CouponRemoval::SwitchedOff => format!("Switched off {code}."),
            };
            toaster.show(Tone::Accent, message);
        });
        let key = move || (query.with(search_params), removing.completed());
        let list = load(key, |((search, page), _)| api::get_coupons(search, page));
        view! {
            <Title text="Coupons" />
            <PageHeader title="Coupons">
                <LinkButton href=paths::ADMIN_NEW_COUPON>"New coupon"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list removing />
            </Loaded>
            <ConfirmDialog
                confirmation=removing
                title="Remove this coupon?"
                consequence
                verb
                send=|coupon| RemoveCoupon { coupon: coupon.id }
            />
        }
    })
}

#[component]
fn List(list: CouponList, removing: Removing) -> impl IntoView {
    let CouponList { coupons, search, page } = list;
    let state = ListState::new(paths::ADMIN_COUPONS, "coupons", search, page, &coupons);
    let placeholder = || {
        view! {
            <EmptyState title="No coupons yet" text="A coupon is a code for a discount.">
                <LinkButton href=paths::ADMIN_NEW_COUPON>"New coupon"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList state placeholder>
            <Table
                caption="Coupons"
                head=vec!["Code", "Name", "Discount", "Products", "Used", "Ends", "Status", "Actions"]
                numeric=vec![4]
            >
                {coupons.rows.into_iter().map(|coupon| view! { <CouponTableRow coupon removing /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn CouponTableRow(coupon: CouponRow, removing: Removing) -> impl IntoView {
    let clicked = coupon.clone();
    let CouponRow {
        id,
        code,
        name,
        discount,
        product_count,
        redeemed,
        reserved,
        max_redemptions,
        expires_at,
        status,
        is_unused,
    } = coupon;
    let products = match product_count {
        None => "All".to_owned(),
        Some(count) => count.to_string(),
    };
    let limit = max_redemptions.map(|max| format!(" of {max}")).unwrap_or_default();
    let in_checkout = if reserved > 0 { format!(", {reserved} in checkout") } else { String::new() };
    let used = format!("{redeemed}{limit}{in_checkout}");
    // A used coupon that is inactive can neither be deleted nor switched off.
    let verb = if is_unused { Some("Delete") } else { (status != CouponStatus::Inactive).then_some("Switch off") };
    let action = verb.map(|verb| {
        let label = format!("{verb}: {code}");
        view! {
            <Button
                kind="button"
                intent=Intent::Quiet
                attr:aria-label=label
                on:click=move |_| removing.open_for(clicked.clone())
            >
                {verb}
            </Button>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=paths::edit_coupon(id)>{code}</a>
            </th>
            <td>{name}</td>
            <td>{discount}</td>
            <td>{products}</td>
            <td>{used}</td>
            <td>{expires_at.map(|at| view! { <LocalTime at with_time=true /> })}</td>
            <td>
                <Badge tone=status.tone()>{status.label()}</Badge>
            </td>
            <td>
                <RowActions>{action}</RowActions>
            </td>
        </tr>
    }
}

type Removing = Confirmation<CouponRow, RemoveCoupon>;

/// Returns the text of the confirmation dialog.
fn consequence(coupon: &CouponRow) -> String {
    let code = &coupon.code;
    if coupon.is_unused {
        format!("{code} was never used. It will be deleted permanently.")
    } else {
        format!(
            "{code} will no longer give a discount. Checkouts in progress can still be paid with it, and purchases stay."
        )
    }
}

/// Returns the label of the dialog's confirming button.
fn verb(coupon: &CouponRow) -> String {
    if coupon.is_unused { "Delete coupon".into() } else { "Switch off".into() }
}

page!(
    /// `/admin/coupons/new`.
    NewCouponRoute,
    admin,
    new_coupon,
    __preload_new_coupon
);

fn new_coupon() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let form = load(|| (), |()| api::get_coupon_form(None));
        view! {
            <Title text="New coupon" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <CouponEditor form sent=sent.clone() />
            </Loaded>
        }
    })
}

page!(
    /// `/admin/coupons/:coupon/edit`.
    EditCouponRoute,
    admin,
    edit_coupon,
    __preload_edit_coupon
);

fn edit_coupon() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let params = use_params_map();
        let coupon = move || params.with(|params| params.get("coupon").and_then(|id| id.parse::<CouponId>().ok()));
        let form = load(coupon, async |coupon| api::get_coupon_form(Some(coupon.ok_or(Error::NotFound)?)).await);
        view! {
            <Title text="Edit coupon" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <CouponEditor form sent=sent.clone() />
            </Loaded>
        }
    })
}
