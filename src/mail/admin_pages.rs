//! Back office: the outbox, and the page of one mail.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::layout::back_office,
    error::Error,
    form::FormState,
    load::{Loaded, load, page},
    mail::{EmailBody, Link, MailPage, MailRow, MailState, Outbox, OutboxFilter, api},
    paths,
    ui::{
        Badge, Button, DescriptionItem, DescriptionList, EmptyState, Form, FormErrors, Intent, KeysetPager, LinkButton,
        LocalTime, Notice, PageHeader, SkeletonList, SkeletonPage, Space, Stack, Table, Tabs,
    },
};

page!(
    /// `/admin/outbox`.
    OutboxRoute,
    admin,
    outbox,
    __preload_outbox
);

fn outbox() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let key = move || {
            let value = |name: &str| query.with(|query| query.get(name));
            (
                value("to").and_then(|id| id.parse().ok()),
                value("state").unwrap_or_default(),
                value("before").and_then(|id| id.parse().ok()),
            )
        };
        let outbox = load(key, |(to, state, before)| api::get_outbox(to, state, before));
        view! {
            <Title text="Email" />
            <Loaded from=outbox skeleton=|| view! { <SkeletonList count=12 /> } let:outbox>
                <OutboxList outbox />
            </Loaded>
        }
    })
}

const NO_MAIL_SERVER: &str =
    "No mail server is configured, so mail is stored here and not sent. Set SMTP_URL and MAIL_FROM to send it.";

#[component]
fn OutboxList(outbox: Outbox) -> impl IntoView {
    let Outbox { filter, mails, has_mail_server, undelivered } = outbox;
    let tab_url = |state: Option<MailState>| OutboxFilter { to: None, state }.url(None);
    let tabs = vec![
        (tab_url(None), "All".to_owned()),
        (tab_url(Some(MailState::Due)), "Waiting".to_owned()),
        (tab_url(Some(MailState::Sent)), "Sent".to_owned()),
        (tab_url(Some(MailState::Unsure)), "Maybe sent".to_owned()),
        (tab_url(Some(MailState::Failed)), "Not sent".to_owned()),
    ];
    let current = tab_url(filter.state);
    let lead = match mails.rows.first().filter(|_| filter.to.is_some()) {
        Some(mail) => format!("Mail to {}.", mail.name),
        None => "All mail, newest first. Sent mail is deleted after 90 days.".into(),
    };
    let attention = (undelivered > 0 && filter.state.is_none())
        .then(|| format!("Some mails need attention ({undelivered}). Check “Maybe sent” and “Not sent”."));
    let older = mails.rows.last().filter(|_| mails.has_next).map(|last| filter.url(Some(last.id)));
    let back = mails.has_previous.then(|| ("Newest", filter.url(None)));
    let rows = if mails.rows.is_empty() {
        Either::Left(view! {
            <EmptyState
                title="No mail here"
                text="Receipts and notices about refunds and granted courses are sent automatically."
            />
        })
    } else {
        Either::Right(view! {
            <Table caption="Mail" head=vec!["Subject", "To"]>
                {mails.rows.into_iter().map(|mail| view! { <OutboxRow mail /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <PageHeader title="Email" lead=lead>
            {filter
                .to
                .map(|_| {
                    view! {
                        <LinkButton href=paths::ADMIN_OUTBOX intent=Intent::Secondary>
                            "All mail"
                        </LinkButton>
                    }
                })}
        </PageHeader>
        <Stack>
            {(!has_mail_server).then(|| view! { <Notice>{NO_MAIL_SERVER}</Notice> })}
            {attention.map(|text| view! { <Notice>{text}</Notice> })}
            {filter.to.is_none().then(|| view! { <Tabs tabs current label="Status" /> })} {rows}
            <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn OutboxRow(mail: MailRow) -> impl IntoView {
    let (label, tone) = (mail.label(), mail.state.tone());
    let MailRow { id, to, address, body, created_at, .. } = mail;
    view! {
        <tr>
            <th scope="row">
                <a href=paths::mail(id)>{body.subject}</a>
                " "
                <Badge tone>{label}</Badge>
                <small>
                    <LocalTime at=created_at with_time=true />
                </small>
            </th>
            <td>
                <a href=paths::student(to)>{address}</a>
            </td>
        </tr>
    }
}

page!(
    /// `/admin/outbox/:mail`.
    MailRoute,
    admin,
    mail,
    __preload_mail
);

fn mail() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let params = use_params_map();
        let id = move || params.with(|params| params.get("mail").and_then(|id| id.parse::<i64>().ok()));
        let mail = load(id, async |id| api::get_mail(id.ok_or(Error::NotFound)?).await);
        view! {
            <Loaded from=mail skeleton=|| view! { <SkeletonPage /> } let:mail>
                <MailDetail mail sent=sent.clone() />
            </Loaded>
        }
    })
}

#[component]
fn MailDetail(mail: MailPage, sent: FormState) -> impl IntoView {
    let MailPage { mail, has_mail_server } = mail;
    let (label, tone, can_be_resent) = (mail.label(), mail.state.tone(), mail.state.can_be_resent());
    let unsure = mail.state == MailState::Unsure;
    let MailRow { id, to, name, address, body, error, created_at, sent_at, stored_only, .. } = mail;
    let subject = body.subject.clone();
    view! {
        <Title text=subject.clone() />
        <PageHeader title=subject>
            <Badge tone>{label}</Badge>
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                <a href=paths::ADMIN_OUTBOX>"All mail"</a>
            </p>
            {(!has_mail_server).then(|| view! { <Notice>{NO_MAIL_SERVER}</Notice> })}
            <DescriptionList>
                <DescriptionItem label="To">
                    <a href=paths::student(to)>{name}</a>
                    <br />
                    {address}
                </DescriptionItem>
                <DescriptionItem label="Created">
                    <LocalTime at=created_at with_time=true />
                </DescriptionItem>
                {sent_at
                    .filter(|_| !stored_only)
                    .map(|at| {
                        view! {
                            <DescriptionItem label="Sent">
                                <LocalTime at with_time=true />
                            </DescriptionItem>
                        }
                    })}
                {(!error.is_empty()).then(|| view! { <DescriptionItem label="Last error">{error}</DescriptionItem> })}
            </DescriptionList>
            {can_be_resent
                .then(|| {
                    view! {
                        <Form action=paths::mail(id) label="Send again">
                            <FormErrors errors=sent.messages() />
                            {unsure
                                .then(|| {
                                    view! {
                                        <p>
                                            "It may have arrived. If you send it again, the recipient may get it twice."
                                        </p>
                                    }
                                })}
                            <Button intent=Intent::Secondary>"Send again"</Button>
                        </Form>
                    }
                })}
            <MailBody body />
        </Stack>
    }
}

#[component]
fn MailBody(body: EmailBody) -> impl IntoView {
    let EmailBody { lines, facts, links, .. } = body;
    view! {
        <section aria-label="Message">
            <Stack>
                {lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
                {(!facts.is_empty())
                    .then(|| {
                        view! {
                            <DescriptionList>
                                {facts
                                    .into_iter()
                                    .map(|(label, value)| view! { <DescriptionItem label>{value}</DescriptionItem> })
                                    .collect_view()}
                            </DescriptionList>
                        }
                    })}
                {links
                    .into_iter()
                    .map(|Link { words, path }| {
                        view! {
                            <p>
                                <a href=path>{words}</a>
                            </p>
                        }
                    })
                    .collect_view()}
            </Stack>
        </section>
    }
}
