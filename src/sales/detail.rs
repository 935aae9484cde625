//! One sale: what was bought, what happened to it, and the button that sends money back.

use leptos::{either::Either, form::ActionForm, prelude::*};
use leptos_meta::Title;

use crate::{
    error::{Error, Result},
    money::Cents,
    paths,
    payments::Refunded,
    sales::{
        DisputeLine, RefundLine, Sale, SaleState, TimelineEntry,
        api::{FinishRefund, RefundPurchase},
    },
    stripe::states::{DisputeState, RefundState},
    ui::{
        Amounts, Answers, Badge, Button, Dialog, Fact, Facts, Field, FormErrors, Happening, Intent, LocalTime,
        PageHeader, Pair, Space, Stack, Timeline, Tone, use_toast, utc_day,
    },
};

/// A sale. `changed` counts up when it has to be asked for again.
#[component]
pub fn SaleView(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let title = format!("Sale {}", sale.number);
    let actions = actions(&sale, changed);
    let state = sale.state;
    let history = sale.history.clone();
    view! {
        <Title text=title.clone() />
        <PageHeader title lead=sale.product.clone()>
            <Badge tone=state.tone()>{state.words()}</Badge>
            {actions}
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                <a href=paths::ADMIN_SALES>"All sales"</a>
            </p>
            <Known sale=sale.clone() />
            <Pair>
                <section aria-label="Amounts">
                    <Stack>
                        <h2>"Amounts"</h2>
                        <Amounts rows=amounts(&sale) />
                        <ErrorSummary disputes=sale.disputes refunds=sale.refunds />
                    </Stack>
                </section>
                <section aria-label="What happened">
                    <Stack>
                        <h2>"What happened"</h2>
                        <Timeline>
                            {history
                                .into_iter()
                                .map(|TimelineEntry { at, words }| {
                                    view! {
                                        <Happening words>
                                            <LocalTime at with_time=true />
                                        </Happening>
                                    }
                                })
                                .collect_view()}
                        </Timeline>
                    </Stack>
                </section>
            </Pair>
        </Stack>
    }
}

#[component]
fn Known(sale: Sale) -> impl IntoView {
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
    let fact = |label: &'static str, value: Option<String>| value.map(|value| view! { <Fact label>{value}</Fact> });
    let flag = country_differs.then(|| {
        "The price was made for another country than the card is from. Ask the buyer before you decide anything.".into()
    });
    view! {
        <FormErrors errors=flag.into_iter().collect() />
        <Facts>
            <Fact label="Buyer">
                <a href=paths::student(buyer)>{buyer_name}</a>
                <br />
                {email}
            </Fact>
            <Fact label="When">
                <LocalTime at with_time=true />
            </Fact>
            <Fact label="Receipt">{number}</Fact>
            {fact("Priced for", country)}
            {fact("Card from", card_country)}
            {fact("Stripe's session", session)}
            {fact("Stripe's payment", payment_intent)}
        </Facts>
    }
}

/// The rows of a receipt, with every refund as it stands.
fn amounts(sale: &Sale) -> Vec<(String, String, bool)> {
    let minus = |amount: Cents| (Cents::ZERO - amount).to_string();
    let mut rows = vec![("Subtotal".to_owned(), sale.subtotal.to_string(), false)];
    let discount = sale.subtotal - sale.paid;
    if !discount.is_zero() {
        let name = sale.discount_name.clone().unwrap_or_else(|| "Discount".into());
        rows.push((name, minus(discount), false));
    }
    rows.push(("Paid".to_owned(), sale.paid.to_string(), false));
    for refund in sale.refunds.iter().filter(|refund| refund.state.counts()) {
        let when = utc_day(refund.at);
        rows.push((format!("{}, {when}, {}", refund.origin.noun(), refund.state.words()), minus(refund.amount), false));
    }
    rows.push(("Net".to_owned(), (sale.paid - sale.refunded).to_string(), true));
    rows
}

/// Disputes, and refunds that did not go through, and why not.
#[component]
fn ErrorSummary(disputes: Vec<DisputeLine>, refunds: Vec<RefundLine>) -> impl IntoView {
    let open = disputes.into_iter().filter(|dispute| dispute.state != DisputeState::Won).map(|dispute| dispute.words());
    let failed = refunds.into_iter().filter(|refund| refund.state == RefundState::Failed);
    let failed = failed.map(|refund| format!("A refund of {} failed. {}", refund.amount, refund.failure));
    view! { <FormErrors errors=open.chain(failed).collect() /> }
}

/// What can be done with a sale as it stands.
fn actions(sale: &Sale, changed: RwSignal<u32>) -> Option<AnyView> {
    match sale.state {
        SaleState::Refunding => Some(view! { <Finish sale=sale.clone() changed /> }.into_any()),
        SaleState::Refunded if !sale.owes() => None,
        _ => Some(view! { <Refund sale=sale.clone() changed /> }.into_any()),
    }
}

/// Says what came of a refund, and asks for the sale anew.
fn tell(value: Option<Result<Refunded>>, changed: RwSignal<u32>) {
    let toaster = use_toast();
    match value {
        None => return,
        Some(Ok(refunded @ Refunded::Kept { .. })) => toaster.show(Tone::Warning, refunded.words()),
        Some(Ok(refunded)) => toaster.show(Tone::Accent, refunded.words()),
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
    }
    changed.update(|changed| *changed += 1);
}

/// Tells Stripe again.
#[component]
fn Finish(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let finish = ServerAction::<FinishRefund>::new();
    Effect::new(move |_| tell(finish.value().get().filter(|_| finish.version().get() > 0), changed));
    view! {
        <ActionForm action=finish>
            <input type="hidden" name="purchase" value=sale.id.to_string() />
            <Button intent=Intent::Danger pending=finish.pending()>
                "Finish refund"
            </Button>
        </ActionForm>
    }
}

/// The button, and the dialog that says what will happen.
#[component]
fn Refund(sale: Sale, changed: RwSignal<u32>) -> impl IntoView {
    let open = RwSignal::new(false);
    let free = sale.paid.is_zero();
    let (verb, title) = if free { ("End access", "End this free purchase?") } else { ("Refund", "Refund this sale?") };
    let refund = ServerAction::<RefundPurchase>::new();
    // What is wrong with what was typed stays in the dialog; anything else is told, and the sale asked for anew.
    Effect::new(move |_| {
        let value = refund.value().get().filter(|_| refund.version().get() > 0);
        if value.is_some() && !matches!(value, Some(Err(Error::Invalid(_)))) {
            open.set(false);
            tell(value, changed);
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
                            Either::Left(view! { <Ending sale=sale.clone() /> })
                        } else {
                            Either::Right(view! { <Amount sale=sale.clone() refund /> })
                        }}
                        <input type="hidden" name="purchase" value=sale.id.to_string() />
                        <input type="hidden" name="left" value=sale.left().0.to_string() />
                        <Answers open>
                            <Button intent=Intent::Danger pending=refund.pending()>
                                {verb}
                            </Button>
    </Answers>
                    </Stack>
                </ActionForm>
            </Dialog>
        }
}

#[component]
fn Ending(sale: Sale) -> impl IntoView {
    view! {
        <p>"Nothing was paid, so nothing is sent back. " {ending(&sale)} " This cannot be undone."</p>
        <input type="hidden" name="amount" value="0" />
        <input type="hidden" name="reason" value="" />
    }
}

/// How much, why, and what will happen then, while it is typed.
#[component]
fn Amount(sale: Sale, refund: ServerAction<RefundPurchase>) -> impl IntoView {
    let left = sale.left();
    let (typed, reason) = (RwSignal::new(left.plain()), RwSignal::new(String::new()));
    let error = move |field: &str| match refund.value().get() {
        Some(Err(Error::Invalid(errors))) => {
            errors.into_iter().find(|error| error.field == field).map(|error| error.message)
        }
        _ => None,
    };
    let ends = ending(&sale);
    let will = move || match Cents::typed(&typed.get()) {
        Some(amount) if amount == left => format!("{left} goes back to the buyer. {ends}"),
        Some(amount) if amount > left => format!("At most ${} can be refunded.", left.plain()),
        Some(amount) if !amount.is_zero() => {
            format!("{amount} of {} goes back to the buyer, who keeps access.", sale.paid)
        }
        _ => "Enter dollars and cents, such as 12.50.".into(),
    };
    view! {
        <div on:input=move |event| {
            let input = event_target::<web_sys::HtmlInputElement>(&event);
            let kept = if input.name() == "amount" { typed } else { reason };
            kept.set(input.value());
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
                            hint="For yourselves: it stands in the list of what was done."
                        />
                    }
                }}
            </Stack>
        </div>
        <p role="status">{will}</p>
        <p>"This cannot be undone."</p>
    }
}

/// What ends with a sale.
fn ending(sale: &Sale) -> String {
    if sale.refunded_at.is_some() || sale.state == SaleState::Disputed {
        return "It gives no access now, so none ends.".into();
    }
    match sale.ends.as_slice() {
        [] => "No access ends: the student has the courses from elsewhere.".into(),
        [one] => format!("This ends access to {one}."),
        [first @ .., last] => format!("This ends access to {} and {last}.", first.join(", ")),
    }
}
