//! The pages of one's account, and those for whoever cannot get in.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    account::{
        Account, OpenLink, Purpose, SessionRow, api,
        hosted_pages::{elsewhere, manage},
        password_fields::{CurrentPassword, NewPassword},
    },
    error::Error,
    form::FormState,
    frame::frame,
    load::{ErrorPage, Loaded, load, page},
    paths,
    ui::{
        AuthCard, Badge, Button, Fact, Facts, Field, Form, FormErrors, Intent, LinkButton, LocalTime, Main, Notice,
        PageHeader, Row, RowActions, SkeletonPage, Space, Stack, Table, Tone,
    },
};

page!(
    /// `/forgot-password`.
    ForgotRoute,
    desk,
    forgot,
    __preload_forgot
);

fn forgot() -> impl IntoView {
    in_our_hands(|| {
        view! {
            <AskForLink
                title="Forgot your password?"
                lead="Tell us your address, and we send you a link to choose a new one."
                action=paths::FORGOT
            />
        }
    })
}

page!(
    /// `/sign-in/link`.
    SignInLinkRoute,
    desk,
    sign_in_link,
    __preload_sign_in_link
);

fn sign_in_link() -> impl IntoView {
    in_our_hands(|| {
        view! {
            <AskForLink
                title="Sign in by email"
                lead="Tell us your address, and we send you a link that signs you in, without a password."
                action=paths::SIGN_IN_LINK
            />
        }
    })
}

/// A page for accounts that are here; where they are elsewhere, the way there.
fn in_our_hands<V: IntoView + 'static>(page: impl FnOnce() -> V) -> impl IntoView {
    match elsewhere("Sign in", paths::SIGN_IN, String::new()) {
        Some(there) => Either::Left(there),
        None => Either::Right(page()),
    }
}

/// Asks for an address. Whether there is an account with it is not told.
#[component]
fn AskForLink(title: &'static str, lead: &'static str, action: &'static str) -> impl IntoView {
    let form = FormState::current();
    let (email, error) = (form.value("email"), form.error("email"));
    let asked = !form.value("asked").is_empty() && error.is_none();
    let content = if asked {
        Either::Left(view! {
            <Notice>
                "If there is an account for " {email} ", we have sent a link there. It may take a minute; look among unwanted mail too."
            </Notice>
            <Shown link=form.value("link") />
            <p>
                <a href=action rel="external">
                    "Try another address"
                </a>
            </p>
        })
    } else {
        Either::Right(view! {
            <Form action=action label=title>
                <FormErrors errors=form.messages() />
                <Field label="Email" name="email" kind="email" value=email error=error autocomplete="username" required=true maxlength=254_u32 />
                <Button wide=true>"Send the link"</Button>
            </Form>
        })
    };
    view! {
        <Title text=title />
        <Main>
            <AuthCard title lead>
                {content}
                <p>
                    <a href=paths::SIGN_IN>"Sign in"</a>
                </p>
            </AuthCard>
        </Main>
    }
}

/// The link itself, in a school that is tried without a mail server.
#[component]
fn Shown(link: String) -> impl IntoView {
    (!link.is_empty()).then(|| {
        view! {
            <Notice>
                "No mail server is configured, and this school is only tried: "
                <a href=link rel="external">
                    "open the link that would be in the mail"
                </a> "."
            </Notice>
        }
    })
}

page!(
    /// `/account/link`: what a link that was opened is for.
    LinkRoute,
    desk,
    link,
    __preload_link
);

fn link() -> impl IntoView {
    let sent = FormState::current();
    let link = load(
        || (),
        async |()| match api::get_open_link().await {
            Ok(link) => Ok(Some(link)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        },
    );
    view! {
        <Title text="Your link" />
        <Main>
            <Loaded from=link skeleton=|| view! { <SkeletonPage /> } let:link>
                <UseLink link sent=sent.clone() />
            </Loaded>
        </Main>
    }
}

#[component]
fn UseLink(link: Option<OpenLink>, sent: FormState) -> impl IntoView {
    let Some(OpenLink { purpose, address }) = link else {
        return Either::Left(view! {
            <AuthCard title="This link does not work any more" lead="It was used already, or it is too old.">
                <p>
                    <a href=paths::FORGOT>"Choose a new password"</a>
                </p>
                <p>
                    <a href=paths::SIGN_IN_LINK>"Get another link to sign in"</a>
                </p>
            </AuthCard>
        });
    };
    let (title, button) = match purpose {
        Purpose::Confirm | Purpose::ChangeAddress => ("Is this your address?", "Yes, it is mine"),
        Purpose::Reset => ("Choose a new password", "Change password"),
        Purpose::SignIn => ("Sign in", "Sign in"),
    };
    let password = (purpose == Purpose::Reset).then(|| {
        let error = sent.error("password");
        view! {
            <input type="hidden" name="email" value=address.clone() autocomplete="username" />
            <NewPassword label="New password" name="password" error=error />
        }
    });
    Either::Right(view! {
        <AuthCard title lead=address.clone()>
            <Form action=paths::ACCOUNT_LINK label=title>
                <FormErrors errors=sent.messages() />
                {password}
                <Button wide=true>{button}</Button>
            </Form>
        </AuthCard>
    })
}

page!(
    /// `/account`.
    AccountRoute,
    desk,
    account,
    __preload_account
);

fn account() -> impl IntoView {
    let sent = FormState::current();
    let account = load(|| (), |()| api::get_account());
    view! {
        <Title text="Account" />
        <Main>
            <Loaded from=account skeleton=|| view! { <SkeletonPage /> } let:account>
                {match manage() {
                    Some(there) => Either::Left(view! { <Elsewhere account there=there.into_any() /> }),
                    None => Either::Right(view! { <Known account sent=sent.clone() /> }),
                }}
            </Loaded>
        </Main>
    }
}

/// An account that somebody else keeps.
#[component]
fn Elsewhere(account: Account, there: AnyView) -> impl IntoView {
    view! {
        <PageHeader title="Account" lead="How we know you." />
        <Stack>
            <Facts>
                <Fact label="Name">{account.name}</Fact>
                <Fact label="Email">{account.email}</Fact>
            </Facts>
            {there}
            <Row>
                <LinkButton href=paths::ACCOUNT_DATA intent=Intent::Secondary external=true>
                    "Download your data"
                </LinkButton>
            </Row>
        </Stack>
    }
}

#[component]
fn Known(account: Account, sent: FormState) -> impl IntoView {
    let Account { name, email, confirmed, moves_to, sessions } = account;
    let typed = sent.value("name");
    let name = if typed.is_empty() { name } else { typed };
    view! {
        <PageHeader title="Account" lead="How we know you." />
        <Stack gap=Space::Loose>
            <FormErrors errors=sent.messages() />
            <section aria-label="Who you are">
                <Stack>
                    <Facts>
                        <Fact label="Email">
                            {email} " "
                            {if confirmed {
                                view! { <Badge tone=Tone::Accent>"Confirmed"</Badge> }
                            } else {
                                view! { <Badge tone=Tone::Warning>"Not confirmed"</Badge> }
                            }} " " <a href=paths::ACCOUNT_ADDRESS>"Change address"</a>
                        </Fact>
                        <Fact label="Password">
                            <a href=paths::ACCOUNT_PASSWORD>"Change password"</a>
                        </Fact>
                    </Facts>
                    {moves_to
                        .map(|address| {
                            view! { <Notice>"Your account moves to " {address} " when you open the link that we sent there."</Notice> }
                        })} {(!confirmed).then(|| view! { <Confirm /> })}
                    <Form action=paths::ACCOUNT label="Name">
                        <input type="hidden" name="do" value="rename" />
                        <Field label="Name" name="name" value=name error=sent.error("name") autocomplete="name" required=true maxlength=100_u32 />
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
fn Confirm() -> impl IntoView {
    view! {
        <Form action=paths::ACCOUNT label="Confirm your address">
            <input type="hidden" name="do" value="confirm" />
            <p>"We have sent you a mail when you signed up. Open the link in it, so that receipts reach you."</p>
            <Row>
                <Button intent=Intent::Secondary>"Send the mail again"</Button>
            </Row>
        </Form>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionRow>) -> impl IntoView {
    let others = sessions.iter().any(|session| !session.here);
    view! {
        <section aria-label="Where you are signed in">
            <Stack>
                <h2>"Where you are signed in"</h2>
                <Table caption="Sessions" head=vec!["Browser", "Actions"]>
                    {sessions.into_iter().map(|session| view! { <Session session /> }).collect_view()}
                </Table>
                {others
                    .then(|| {
                        view! {
                            <Form action=paths::ACCOUNT label="Everywhere else">
                                <input type="hidden" name="do" value="end_others" />
                                <Row>
                                    <Button intent=Intent::Secondary>"Sign out everywhere else"</Button>
                                </Row>
                            </Form>
                        }
                    })}
            </Stack>
        </section>
    }
}

#[component]
fn Session(session: SessionRow) -> impl IntoView {
    let SessionRow { id, agent, began_at, seen_at, here } = session;
    let agent = if agent.is_empty() { "Unknown browser".to_owned() } else { agent };
    let label = format!("Sign out: {agent}");
    view! {
        <tr>
            <th scope="row">
                {agent} " "
                {if here {
                    Either::Left(view! { <Badge tone=Tone::Accent>"This browser"</Badge> })
                } else {
                    Either::Right(
                        view! {
                            <small>
                                "Last seen " <LocalTime at=seen_at with_time=true />
                            </small>
                        },
                    )
                }} <small>"Since " <LocalTime at=began_at with_time=true /></small>
            </th>
            <td>
                {(!here)
                    .then(|| {
                        view! {
                            <RowActions>
                                <Form action=paths::ACCOUNT>
                                    <input type="hidden" name="do" value="end" />
                                    <input type="hidden" name="session" value=id.to_string() />
                                    <Button intent=Intent::Quiet attr:aria-label=label>
                                        "Sign out"
                                    </Button>
                                </Form>
                            </RowActions>
                        }
                    })}
            </td>
        </tr>
    }
}

/// A form of the account on a page of its own; visitors sign in first.
#[component]
fn Own(title: &'static str, lead: String, children: Children) -> impl IntoView {
    let content = match frame().viewer.signed_in() {
        Err(error) => Either::Left(view! { <ErrorPage error=error /> }),
        Ok(_) => Either::Right(view! {
            <AuthCard title lead>
                {children()}
                <p>
                    <a href=paths::FORGOT>"Forgot your password?"</a>
                </p>
                <p>
                    <a href=paths::ACCOUNT>"Back to your account"</a>
                </p>
            </AuthCard>
        }),
    };
    view! {
        <Title text=title />
        <Main>{content}</Main>
    }
}

page!(
    /// `/account/password`.
    PasswordRoute,
    desk,
    password,
    __preload_password
);

fn password() -> impl IntoView {
    let sent = FormState::current();
    view! {
        <Own title="Change password" lead="Everywhere else you are signed out by that.".to_owned()>
            <Form action=paths::ACCOUNT_PASSWORD label="Change password">
                <FormErrors errors=sent.messages() />
                <CurrentPassword label="Password now" name="current_password" error=sent.error("current_password") />
                <NewPassword label="New password" name="new_password" error=sent.error("new_password") />
                <Button wide=true>"Change password"</Button>
            </Form>
        </Own>
    }
}

page!(
    /// `/account/address`.
    AddressRoute,
    desk,
    address,
    __preload_address
);

fn address() -> impl IntoView {
    let sent = FormState::current();
    let now = frame().viewer.user().map(|user| user.email.clone()).unwrap_or_default();
    view! {
        <Own title="Change address" lead=format!("It is {now} until you open the link that we send to the new one.")>
            <Shown link=sent.value("link") />
            <Form action=paths::ACCOUNT_ADDRESS label="Change address">
                <FormErrors errors=sent.messages() />
                <Field
                    label="New address"
                    name="email"
                    kind="email"
                    value=sent.value("email")
                    error=sent.error("email")
                    autocomplete="email"
                    required=true
                    maxlength=254_u32
                />
                <CurrentPassword label="Password" name="password" error=sent.error("password") />
                <Button wide=true>"Send the link"</Button>
            </Form>
        </Own>
    }
}

page!(
    /// `/account/delete`.
    DeleteRoute,
    desk,
    delete,
    __preload_delete
);

fn delete() -> impl IntoView {
    let sent = FormState::current();
    view! {
        <Own
            title="Delete your account"
            lead="Your name, address and progress can no longer be seen, and you lose your courses. What you bought stays in the school’s books, without your name. This cannot be undone."
                .to_owned()
        >
            <Form action=paths::ACCOUNT_DELETE label="Delete your account">
                <FormErrors errors=sent.messages() />
                <CurrentPassword label="Password" name="password" error=sent.error("password") />
                <Button wide=true intent=Intent::Danger>
                    "Delete for good"
                </Button>
            </Form>
            <p>
                <a href=paths::ACCOUNT_DATA rel="external">
                    "Download your data first"
                </a>
            </p>
        </Own>
    }
}
