//! The coupons, to find, write and take away.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::{
        confirm_dialog::{self, Confirmed},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    coupons::{
        CouponList, CouponRow, CouponStatus, Removal,
        api::{self, RemoveCoupon},
        editor::Editor,
    },
    error::Error,
    form::FormState,
    id::CouponId,
    load::{Loaded, load, page, searched},
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
        let question = ConfirmDialog::new(move |coupon, removal| {
            let code = coupon.code;
            let words = match removal {
                Removal::Deleted => format!("Deleted {code}."),
                Removal::SwitchedOff => format!("Switched {code} off."),
            };
            toaster.show(Tone::Accent, words);
        });
        let key = move || (query.with(searched), question.answered());
        let list = load(key, |((search, page), _)| api::get_coupons(search, page));
        view! {
            <Title text="Coupons" />
            <PageHeader title="Coupons">
                <LinkButton href=paths::ADMIN_NEW_COUPON>"New coupon"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list question />
            </Loaded>
            <Confirmed question title="Take this coupon away?" consequence verb send=|coupon| RemoveCoupon { coupon: coupon.id } />
        }
    })
}

#[component]
fn List(list: CouponList, question: ConfirmDialog) -> impl IntoView {
    let CouponList { coupons, search, page, more } = list;
    let asked =
        ListState { list: paths::ADMIN_COUPONS, what: "coupons", search, page, more, empty: coupons.is_empty() };
    let first = || {
        view! {
            <EmptyState title="No coupons yet" text="A coupon is a code that takes something off the price.">
                <LinkButton href=paths::ADMIN_NEW_COUPON>"New coupon"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList asked first>
            <Table caption="Coupons" head=vec!["Code", "Name", "Takes off", "Products", "Used", "Ends", "Status", "Actions"] numeric=vec![4]>
                {coupons.into_iter().map(|coupon| view! { <Line coupon question /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn Line(coupon: CouponRow, question: ConfirmDialog) -> impl IntoView {
    let asked = coupon.clone();
    let CouponRow { id, code, name, off, products, redeemed, held, most, expires_at, standing, unused } = coupon;
    let products = match products {
        None => "All".to_owned(),
        Some(count) => count.to_string(),
    };
    let of = most.map(|most| format!(" of {most}")).unwrap_or_default();
    let paying = if held > 0 { format!(", {held} paying") } else { String::new() };
    let used = format!("{redeemed}{of}{paying}");
    // It is as switched off as it can be.
    let verb = if unused { Some("Delete") } else { (standing != CouponStatus::Discount).then_some("Switch off") };
    let action = verb.map(|verb| {
        let label = format!("{verb}: {code}");
        view! {
            <Button kind="button" intent=Intent::Quiet attr:aria-label=label on:click=move |_| question.ask(asked.clone())>
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
            <td>{off}</td>
            <td>{products}</td>
            <td>{used}</td>
            <td>{expires_at.map(|at| view! { <LocalTime at with_time=true /> })}</td>
            <td>
                <Badge tone=standing.tone()>{standing.words()}</Badge>
            </td>
            <td>
                <RowActions>{action}</RowActions>
            </td>
        </tr>
    }
}

type ConfirmDialog = confirm_dialog::ConfirmDialog<CouponRow, RemoveCoupon>;

/// What will happen, in words.
fn consequence(coupon: &CouponRow) -> String {
    let code = &coupon.code;
    if coupon.unused {
        format!("Nobody ever used {code}. It is deleted for good.")
    } else {
        format!(
            "{code} takes nothing off any more. Whoever is paying with it right now still can; what was bought stays."
        )
    }
}

fn verb(coupon: &CouponRow) -> String {
    if coupon.unused { "Delete coupon".into() } else { "Switch off".into() }
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
                <Editor form sent=sent.clone() />
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
                <Editor form sent=sent.clone() />
            </Loaded>
        }
    })
}
