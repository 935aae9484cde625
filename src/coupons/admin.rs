//! The coupons, to find, write and take away.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    CouponId, CouponList, CouponRow, Removal, Standing,
    api::{self, RemoveCoupon},
    editor::Editor,
};
use crate::{
    admin::{
        layout::back_office,
        list::{Asked, SearchedList},
    },
    error::Error,
    form::Submitted,
    load::{Loaded, load, page, searched},
    paths,
    ui::{
        Answers, Badge, Button, Dialog, EmptyState, FormErrors, Intent, LinkButton, LocalTime, PageHeader, RowActions,
        SkeletonList, SkeletonPage, Table, Tone, use_toast,
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
        let question = Question::new();
        let key = move || (query.with(searched), question.action.version().get());
        let list = load(key, |((search, page), _)| api::get_coupons(search, page));
        question.tell();
        view! {
            <Title text="Coupons" />
            <PageHeader title="Coupons">
                <LinkButton href=paths::ADMIN_NEW_COUPON>"New coupon"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list question />
            </Loaded>
            <RemoveDialog question />
        }
    })
}

#[component]
fn List(list: CouponList, question: Question) -> impl IntoView {
    let CouponList { coupons, search, page, more } = list;
    let asked = Asked { list: paths::ADMIN_COUPONS, what: "coupons", search, page, more, empty: coupons.is_empty() };
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
fn Line(coupon: CouponRow, question: Question) -> impl IntoView {
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
    let verb = if unused { Some("Delete") } else { (standing != Standing::Off).then_some("Switch off") };
    let action = verb.map(|verb| {
        let label = format!("{verb}: {code}");
        view! {
            <Button kind="button" intent=Intent::Quiet attr:aria-label=label on:click=move |_| question.ask(&asked)>
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

/// Whether a coupon goes: which one, whether the question is open, and the answer.
#[derive(Clone, Copy)]
struct Question {
    coupon: RwSignal<Option<CouponRow>>,
    open: RwSignal<bool>,
    action: ServerAction<RemoveCoupon>,
}

impl Question {
    fn new() -> Self {
        Self { coupon: RwSignal::new(None), open: RwSignal::new(false), action: ServerAction::new() }
    }

    fn ask(self, coupon: &CouponRow) {
        self.action.clear();
        self.coupon.set(Some(coupon.clone()));
        self.open.set(true);
    }

    fn with(self, say: impl Fn(&CouponRow) -> String) -> String {
        self.coupon.with(|coupon| coupon.as_ref().map(say).unwrap_or_default())
    }

    /// Says what became of it.
    fn tell(self) {
        let toaster = use_toast();
        // Version 0 is what the page's address says became of a form: anybody can write an address.
        Effect::new(move |_| {
            let told = self.action.value().get().filter(|_| self.action.version().get_untracked() > 0);
            if let Some(Ok(removal)) = told {
                self.open.set(false);
                let code = self.coupon.with_untracked(|coupon| coupon.as_ref().map(|coupon| coupon.code.clone()));
                let code = code.unwrap_or_default();
                let words = match removal {
                    Removal::Deleted => format!("Deleted {code}."),
                    Removal::SwitchedOff => format!("Switched {code} off."),
                };
                toaster.show(Tone::Accent, words);
            }
        });
    }

    /// Why it was refused.
    fn refusal(self) -> Vec<String> {
        match self.action.value().get() {
            Some(Err(error)) => vec![error.to_string()],
            _ => Vec::new(),
        }
    }
}

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

/// Asks before a coupon goes.
#[component]
fn RemoveDialog(question: Question) -> impl IntoView {
    let Question { coupon, open, action } = question;
    let remove = move |_| {
        if let Some(coupon) = coupon.get_untracked() {
            action.dispatch(RemoveCoupon { coupon: coupon.id });
        }
    };
    view! {
        <Dialog open title="Take this coupon away?">
            <p>{move || question.with(consequence)}</p>
            {move || view! { <FormErrors errors=question.refusal() /> }}
            <Answers open otherwise="Keep it">
                <Button kind="button" intent=Intent::Danger pending=action.pending() on:click=remove>
                    {move || question.with(verb)}
                </Button>
            </Answers>
        </Dialog>
    }
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
        let sent = Submitted::current();
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
        let sent = Submitted::current();
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
