//! The list of the viewer's sessions on the account page.

use leptos::{either::Either, prelude::*};

use crate::{
    account::SessionRow,
    paths,
    ui::{Badge, Button, Form, Intent, LocalTime, Row, RowActions, Stack, Table, Tone},
};

/// The browsers in which the viewer is signed in, each with a button to sign out there.
#[component]
pub fn Sessions(sessions: Vec<SessionRow>) -> impl IntoView {
    let has_others = sessions.iter().any(|session| !session.here);
    view! {
        <section aria-label="Where you are signed in">
            <Stack>
                <h2>"Where you are signed in"</h2>
                <Table caption="Sessions" head=vec!["Browser", "Actions"]>
                    {sessions.into_iter().map(|session| view! { <Session session /> }).collect_view()}
                </Table>
                {has_others
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
                    Either::Right(view! { <small>"Last seen " <LocalTime at=seen_at with_time=true /></small> })
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
