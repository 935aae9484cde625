//! The outbox, and one mail, as admins see them.

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
        Badge, Button, EmptyState, Fact, Facts, Form, FormErrors, Intent, KeysetPager, LinkButton, LocalTime, Notice,
        PageHeader, SkeletonList, SkeletonPage, Space, Stack, Table, Tabs,
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
        let asked = move || {
            let value = |name: &str| query.with(|query| query.get(name));
            (
                value("to").and_then(|id| id.parse().ok()),
                value("state").unwrap_or_default(),
                value("before").and_then(|id| id.parse().ok()),
            )
        };
        let outbox = load(asked, |(to, state, before)| api::get_outbox(to, state, before));
        view! {
            <Title text="Email" />
            <Loaded from=outbox skeleton=|| view! { <SkeletonList count=12 /> } let:outbox>
                <Mails outbox />
            </Loaded>
        }
    })
}

const NOWHERE: &str =
    "No mail server is configured, so mail stays here and reaches nobody. Set SMTP_URL and MAIL_FROM to send it.";

#[component]
fn Mails(outbox: Outbox) -> impl IntoView {
    let Outbox { filter, mails, newest, more, sends, troubled } = outbox;
    let of = |state: Option<MailState>| OutboxFilter { to: None, state }.address(None);
    let counted = |words: &str| if troubled > 0 { format!("{words} ({troubled})") } else { words.to_owned() };
    let tabs = vec![
        (of(None), "All".to_owned()),
        (of(Some(MailState::Due)), "Waiting".to_owned()),
        (of(Some(MailState::Sent)), "Sent".to_owned()),
        (of(Some(MailState::Unsure)), "Maybe sent".to_owned()),
        (of(Some(MailState::Failed)), "Not sent".to_owned()),
    ];
    let current = of(filter.state);
    let lead = match mails.first().filter(|_| filter.to.is_some()) {
        Some(mail) => format!("What {} was written.", mail.name),
        None => "What people were written, newest first. What was sent is forgotten after 90 days.".into(),
    };
    let trouble = (troubled > 0 && filter.state.is_none())
        .then(|| counted("Some mail needs a look: see “Maybe sent” and “Not sent”"));
    let older = mails.last().filter(|_| more).map(|last| filter.address(Some(last.id)));
    let back = (!newest).then(|| ("Newest", filter.address(None)));
    let rows = if mails.is_empty() {
        Either::Left(
            view! { <EmptyState title="No mail here" text="Receipts, refunds and gifts of courses are written by themselves." /> },
        )
    } else {
        Either::Right(view! {
            <Table caption="Mail" head=vec!["Subject", "To"]>
                {mails.into_iter().map(|mail| view! { <Line mail /> }).collect_view()}
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
            {(!sends).then(|| view! { <Notice>{NOWHERE}</Notice> })} {trouble.map(|words| view! { <Notice>{words}</Notice> })}
            {filter.to.is_none().then(|| view! { <Tabs tabs current label="Which mail" /> })} {rows}
            <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn Line(mail: MailRow) -> impl IntoView {
    let (words, tone) = (mail.words(), mail.state.tone());
    let MailRow { id, to, address, letter, at, .. } = mail;
    view! {
        <tr>
            <th scope="row">
                <a href=paths::mail(id)>{letter.subject}</a>
                " "
                <Badge tone>{words}</Badge>
                <small>
                    <LocalTime at with_time=true />
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
                <Mail mail sent=sent.clone() />
            </Loaded>
        }
    })
}

#[component]
fn Mail(mail: MailPage, sent: FormState) -> impl IntoView {
    let MailPage { mail, sends } = mail;
    let (words, tone, again) = (mail.words(), mail.state.tone(), mail.state.may_be_sent_again());
    let unsure = mail.state == MailState::Unsure;
    let MailRow { id, to, name, address, letter, trouble, at, sent_at, kept, .. } = mail;
    let subject = letter.subject.clone();
    view! {
        <Title text=subject.clone() />
        <PageHeader title=subject>
            <Badge tone>{words}</Badge>
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                <a href=paths::ADMIN_OUTBOX>"All mail"</a>
            </p>
            {(!sends).then(|| view! { <Notice>{NOWHERE}</Notice> })}
            <Facts>
                <Fact label="To">
                    <a href=paths::student(to)>{name}</a>
                    <br />
                    {address}
                </Fact>
                <Fact label="Written">
                    <LocalTime at with_time=true />
                </Fact>
                {sent_at
                    .filter(|_| !kept)
                    .map(|at| {
                        view! {
                            <Fact label="Sent">
                                <LocalTime at with_time=true />
                            </Fact>
                        }
                    })}
                {(!trouble.is_empty()).then(|| view! { <Fact label="The mail server said">{trouble}</Fact> })}
            </Facts>
            {again
                .then(|| {
                    view! {
                        <Form action=paths::mail(id) label="Send again">
                            <FormErrors errors=sent.messages() />
                            {unsure
                                .then(|| {
                                    view! { <p>"It may have arrived. Whoever gets it twice reads the same mail again."</p> }
                                })}
                            <Button intent=Intent::Secondary>"Send again"</Button>
                        </Form>
                    }
                })}
            <Text letter />
        </Stack>
    }
}

#[component]
fn Text(letter: EmailBody) -> impl IntoView {
    let EmailBody { lines, facts, links, .. } = letter;
    view! {
        <section aria-label="The mail">
            <Stack>
                {lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
                {(!facts.is_empty())
                    .then(|| {
                        view! {
                            <Facts>
                                {facts.into_iter().map(|(label, value)| view! { <Fact label>{value}</Fact> }).collect_view()}
                            </Facts>
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
