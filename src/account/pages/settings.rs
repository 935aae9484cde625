//! The page `/account`: the viewer's details, sessions and data.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    account::{Account, api, hosted_pages::hosted_account, pages::sessions::Sessions},
    form::FormState,
    load::{Loaded, load, page},
    paths,
    ui::{
        Badge, Button, DescriptionItem, DescriptionList, Field, Form, FormErrors, Intent, LinkButton, Main, Notice,
        PageHeader, Row, SkeletonPage, Space, Stack, Tone,
    },
};

page!(
    /// `/account`.
    AccountRoute,
    account,
    account,
    __preload_account
);

fn account() -> impl IntoView {
    let form = FormState::current();
    let account = load(|| (), |()| api::get_account());
    view! {
        <Title text="Account" />
        <Main>
            <Loaded from=account skeleton=|| view! { <SkeletonPage /> } let:account>
                <PageHeader title="Account" lead="Your details, sessions and data." />
                {match hosted_account() {
                    Some(link) => Either::Left(view! { <HostedAccount account link=link.into_any() /> }),
                    None => Either::Right(view! { <LocalAccount account form=form.clone() /> }),
                }}
            </Loaded>
        </Main>
    }
}

/// An account at Clerk, which is changed there.
#[component]
fn HostedAccount(account: Account, link: AnyView) -> impl IntoView {
    view! {
        <Stack>
            <DescriptionList>
                <DescriptionItem label="Name">{account.name}</DescriptionItem>
                <DescriptionItem label="Email">{account.email}</DescriptionItem>
            </DescriptionList>
            {link}
            <Row>
                <LinkButton href=paths::ACCOUNT_DATA intent=Intent::Secondary external=true>
                    "Download your data"
                </LinkButton>
            </Row>
        </Stack>
    }
}

#[component]
fn LocalAccount(account: Account, form: FormState) -> impl IntoView {
    let Account { name, email, confirmed, pending_email, sessions } = account;
    let submitted = form.value("name");
    let name = if submitted.is_empty() { name } else { submitted };
    view! {
        <Stack gap=Space::Loose>
            <FormErrors errors=form.messages() />
            <section aria-label="Details">
                <Stack>
                    <DescriptionList>
                        <DescriptionItem label="Email">
                            {email} " "
                            {if confirmed {
                                view! { <Badge tone=Tone::Accent>"Confirmed"</Badge> }
                            } else {
                                view! { <Badge tone=Tone::Warning>"Not confirmed"</Badge> }
                            }} " " <a href=paths::ACCOUNT_ADDRESS>"Change address"</a>
                        </DescriptionItem>
                        <DescriptionItem label="Password">
                            <a href=paths::ACCOUNT_PASSWORD>"Change password"</a>
                        </DescriptionItem>
                    </DescriptionList>
                    {pending_email
                        .map(|address| {
                            view! {
                                <Notice>
                                    "Your address changes to " {address} " when you open the link that we sent there."
                                </Notice>
                            }
                        })}
                    {(!confirmed).then(|| view! { <ConfirmAddress /> })}
                    <Form action=paths::ACCOUNT label="Name">
                        <input type="hidden" name="do" value="rename" />
                        <Field
                            label="Name"
                            name="name"
                            value=name
                            error=form.error("name")
                            autocomplete="name"
                            required=true
                            maxlength=100_u32
                        />
                        <Row>
                            <Button intent=Intent::Secondary>"Save name"</Button>
                        </Row>
                    </Form>
                </Stack>
            </section>
            <Sessions sessions />
            <section aria-label="Your data">
                <Stack>
                    <h2>"Your data"</h2>
                    <Row>
                        <LinkButton href=paths::ACCOUNT_DATA intent=Intent::Secondary external=true>
                            "Download your data"
                        </LinkButton>
                        <LinkButton href=paths::ACCOUNT_DELETE intent=Intent::Quiet>
                            "Delete your account"
                        </LinkButton>
                    </Row>
                </Stack>
            </section>
        </Stack>
    }
}

#[component]
fn ConfirmAddress() -> impl IntoView {
    view! {
        <Form action=paths::ACCOUNT label="Confirm your address">
            <input type="hidden" name="do" value="confirm" />
            <p>"We sent you a mail when you signed up. Open the link in it, so that receipts reach you."</p>
            <Row>
                <Button intent=Intent::Secondary>"Send the mail again"</Button>
            </Row>
        </Form>
    }
}
