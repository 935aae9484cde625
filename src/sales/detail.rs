//! The page of one sale: its amounts, its timeline, and the refund.

use leptos::{either::Either, form::ActionForm, prelude::*};
use leptos_meta::Title;

use crate::{
    error::{Error, Result},
    money::Cents,
    paths,
    payments::RefundResult,
    sales::{
        DisputeLine, RefundLine, Sale, SaleState, TimelineEntry,
        api::{FinishRefund, RefundPurchase},
    },
    stripe::states::{DisputeState, RefundState},
    ui::{
        Amounts, Badge, Button, DescriptionItem, DescriptionList, Dialog, DialogActions, EqualColumns, Field,
        FormErrors, Intent, LocalTime, PageHeader, Space, Stack, Timeline, TimelineItem, Tone, use_toast, utc_day,
    },
};

/// The page of a sale. `changed` is incremented to load the sale again.
#[component]
pub fn SaleDetail(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let title = format!("Sale {}", sale.number);
    let actions = actions(&sale, changed);
    let state = sale.state;
    let timeline = sale.timeline.clone();
    view! {
        <Title text=title.clone() />
        <PageHeader title lead=sale.product.clone()>
            <Badge tone=state.tone()>{state.label()}</Badge>
            {actions}
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                <a href=paths::ADMIN_SALES>"All sales"</a>
            </p>
            <SaleFacts sale=sale.clone() />
            <EqualColumns>
                <section aria-label="Amounts">
                    <Stack>
                        <h2>"Amounts"</h2>
                        <Amounts rows=amounts(&sale) />
                        <Warnings disputes=sale.disputes refunds=sale.refunds />
                    </Stack>
                </section>
                <section aria-label="Timeline">
                    <Stack>
                        <h2>"Timeline"</h2>
                        <Timeline>
                            {timeline
                                .into_iter()
                                .map(|TimelineEntry { at, text }| {
                                    view! {
                                        <TimelineItem text>
                                            <LocalTime at with_time=true />
                                        </TimelineItem>
                                    }
                                })
                                .collect_view()}
                        </Timeline>
                    </Stack>
                </section>
            </EqualColumns>
        </Stack>
    }
}

#[component]
fn SaleFacts(sale: Sale) -> impl IntoView {
    let Sale {
        number,
        at,
        buyer,
        buyer_name,
        email,
        country,
        card_country,
        country_differs,
        session,
        payment_intent,
        ..
    } = sale;
    let fact = |label: &'static str, value: Option<String>| {
        value.map(|value| view! { <DescriptionItem label>{value}</DescriptionItem> })
    };
    let flag = country_differs.then(|| {
        "The card was issued in another country than the one the price was for. Ask the buyer before you refund.".into()
    });
    view! {
        <FormErrors errors=flag.into_iter().collect() />
        <DescriptionList>
            <DescriptionItem label="Buyer">
                <a href=paths::student(buyer)>{buyer_name}</a>
                <br />
                {email}
            </DescriptionItem>
            <DescriptionItem label="When">
                <LocalTime at with_time=true />
            </DescriptionItem>
            <DescriptionItem label="Receipt">{number}</DescriptionItem>
            {fact("Priced for", country)}
            {fact("Card from", card_country)}
            {fact("Stripe session", session)}
            {fact("Stripe payment", payment_intent)}
        </DescriptionList>
    }
}

/// The rows of the receipt, and every pending or completed refund.
fn amounts(sale: &Sale) -> Vec<(String, String, bool)> {
    let minus = |amount: Cents| (Cents::ZERO - amount).to_string();
    let mut rows = vec![("Subtotal".to_owned(), sale.subtotal.to_string(), false)];
    let discount = sale.subtotal - sale.paid;
    if !discount.is_zero() {
        let name = sale.discount_name.clone().unwrap_or_else(|| "Discount".into());
        rows.push((name, minus(discount), false));
    }
    rows.push(("Paid".to_owned(), sale.paid.to_string(), false));
    for refund in sale.refunds.iter().filter(|refund| refund.state.is_pending_or_succeeded()) {
        let when = utc_day(refund.at);
        rows.push((
            format!("{}, {when}, {}", refund.origin.label(), refund.state.label()),
            minus(refund.amount),
            false,
        ));
    }
    rows.push(("Net".to_owned(), (sale.paid - sale.refunded).to_string(), true));
    rows
}

/// Open and lost disputes, and failed refunds with the reason.
#[component]
fn Warnings(disputes: Vec<DisputeLine>, refunds: Vec<RefundLine>) -> impl IntoView {
    let disputed =
        disputes.into_iter().filter(|dispute| dispute.state != DisputeState::Won).map(|dispute| dispute.summary());
    let failed = refunds.into_iter().filter(|refund| refund.state == RefundState::Failed);
    let failed = failed.map(|refund| format!("A refund of {} failed. {}", refund.amount, refund.failure));
    view! { <FormErrors errors=disputed.chain(failed).collect() /> }
}

/// The button for the state of the sale: refund, finish a pending refund, or none.
fn actions(sale: &Sale, changed: RwSignal<u32>) -> Option<AnyView> {
    match sale.state {
        SaleState::Refunding => Some(view! { <FinishRefundButton sale=sale.clone() changed /> }.into_any()),
        SaleState::Refunded if !sale.owes_buyer() => None,
        _ => Some(view! { <RefundButton sale=sale.clone() changed /> }.into_any()),
    }
}

/// Shows the result of a refund as a toast and loads the sale again.
fn show_result(value: Option<Result<RefundResult>>, changed: RwSignal<u32>) {
    let toaster = use_toast();
    match value {
        None => return,
        Some(Ok(refunded @ RefundResult::Queued { .. })) => toaster.show(Tone::Warning, refunded.message()),
        Some(Ok(refunded)) => toaster.show(Tone::Accent, refunded.message()),
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
    }
    changed.update(|changed| *changed += 1);
}

/// The button that sends a pending refund to Stripe again.
#[component]
fn FinishRefundButton(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let finish = ServerAction::<FinishRefund>::new();
    Effect::new(move |_| show_result(finish.value().get().filter(|_| finish.version().get() > 0), changed));
    view! {
        <ActionForm action=finish>
            <input type="hidden" name="purchase" value=sale.id.to_string() />
            <Button intent=Intent::Danger pending=finish.pending()>
                "Finish refund"
            </Button>
        </ActionForm>
    }
}

/// The refund button and its dialog, which states the consequence.
#[component]
fn RefundButton(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let open = RwSignal::new(false);
    let free = sale.paid.is_zero();
    let (verb, title) = if free { ("End access", "End this free purchase?") } else { ("Refund", "Refund this sale?") };
    let refund = ServerAction::<RefundPurchase>::new();
    // Field errors stay in the dialog; any other result closes it.
    Effect::new(move |_| {
        let value = refund.value().get().filter(|_| refund.version().get() > 0);
        if value.is_some() && !matches!(value, Some(Err(Error::Invalid(_)))) {
            open.set(false);
            show_result(value, changed);
        }
    });
    view! {
        <Button kind="button" intent=Intent::Danger on:click=move |_| open.set(true)>
            {verb}
        </Button>
        <Dialog open title>
            <ActionForm action=refund>
                <Stack>
                    {if free {
                        Either::Left(view! { <EndAccessFields sale=sale.clone() /> })
                    } else {
                        Either::Right(view! { <RefundFields sale=sale.clone() refund /> })
                    }} <input type="hidden" name="purchase" value=sale.id.to_string() />
                    <input type="hidden" name="left" value=sale.refundable().0.to_string() /> <DialogActions open>
                        <Button intent=Intent::Danger pending=refund.pending()>
                            {verb}
                        </Button>
                    </DialogActions>
                </Stack>
            </ActionForm>
        </Dialog>
    }
}

/// The fields of the dialog for a free purchase.
#[component]
fn EndAccessFields(sale: Sale) -> impl IntoView {
    view! {
        <p>"Nothing was paid, so nothing is refunded. " {consequence(&sale)} " This cannot be undone."</p>
        <input type="hidden" name="amount" value="0" />
        <input type="hidden" name="reason" value="" />
    }
}

/// The fields of the dialog for a paid purchase, and the consequence of the amount as it is typed.
#[component]
fn RefundFields(sale: Sale, refund: ServerAction<RefundPurchase>) -> impl IntoView {
    let refundable = sale.refundable();
    let (typed, reason) = (RwSignal::new(refundable.plain()), RwSignal::new(String::new()));
    let error = move |field: &str| match refund.value().get() {
        Some(Err(Error::Invalid(errors))) => {
            errors.into_iter().find(|error| error.field == field).map(|error| error.message)
        }
        _ => None,
    };
    let access = consequence(&sale);
    let outcome = move || match Cents::typed(&typed.get()) {
        Some(amount) if amount == refundable => format!("{refundable} is refunded to the buyer. {access}"),
        Some(amount) if amount > refundable => format!("At most ${} can be refunded.", refundable.plain()),
        Some(amount) if !amount.is_zero() => {
            format!("{amount} of {} is refunded to the buyer, who keeps access.", sale.paid)
        }
        _ => "Enter dollars and cents, such as 12.50.".into(),
    };
    view! {
        <div on:input=move |event| {
            let input = event_target::<web_sys::HtmlInputElement>(&event);
            let signal = if input.name() == "amount" { typed } else { reason };
            signal.set(input.value());
        }>
            <Stack>
                {move || {
                    view! {
                        <Field
                            label="Amount in US dollars"
                            name="amount"
                            value=typed.get_untracked()
                            error=error("amount")
                            required=true
                            maxlength=16
                            autocomplete="off"
                        />
                    }
                }}
                {move || {
                    view! {
                        <Field
                            label="Reason"
                            name="reason"
                            value=reason.get_untracked()
                            error=error("reason")
                            maxlength=500
                            autocomplete="off"
                            hint="Only admins see it, in the activity log."
                        />
                    }
                }}
            </Stack>
        </div>
        <p role="status">{outcome}</p>
        <p>"This cannot be undone."</p>
    }
}

/// Describes which access a full refund ends.
fn consequence(sale: &Sale) -> String {
    if sale.refunded_at.is_some() || sale.state == SaleState::Disputed {
        return "The sale gives no access now, so none ends.".into();
    }
    match sale.ending_courses.as_slice() {
        [] => "No access ends: the student also has the courses by another purchase or gift.".into(),
        [one] => format!("This ends access to {one}."),
        [first @ .., last] => format!("This ends access to {} and {last}.", first.join(", ")),
    }
}
