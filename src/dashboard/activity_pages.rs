//! `/admin/activity`: the audit log.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    audit::{Actor, Log, LogFilter, LogLine},
    back_office::layout::back_office,
    dashboard::activity_api,
    load::{Loaded, load, page},
    paths,
    ui::{Badge, EmptyState, Intent, KeysetPager, LinkButton, LocalTime, PageHeader, SkeletonList, Stack, Table, Tone},
};

page!(
    /// `/admin/activity`.
    ActivityRoute,
    admin,
    activity,
    __preload_activity
);

fn activity() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let asked = move || {
            let value = |name: &str| query.with(|query| query.get(name));
            (
                value("actor").and_then(|id| id.parse().ok()),
                value("subject").and_then(|id| id.parse().ok()),
                value("before").and_then(|id| id.parse().ok()),
            )
        };
        let log = load(asked, |(actor, subject, before)| activity_api::get_log(actor, subject, before));
        view! {
            <Title text="Activity" />
            <Loaded from=log skeleton=|| view! { <SkeletonList count=12 /> } let:log>
                <Activity log />
            </Loaded>
        }
    })
}

#[component]
fn Activity(log: Log) -> impl IntoView {
    let Log { filter, lines, newest, more, about } = log;
    let filtered = filter != LogFilter::default();
    let lead = about.unwrap_or_else(|| "Who changed what, and who was refused.".into());
    let older = lines.last().filter(|_| more).map(|last| filter.address(Some(last.id)));
    let back = (!newest).then(|| ("Newest", filter.address(None)));
    let lines = if lines.is_empty() {
        Either::Left(
            view! { <EmptyState title="Nothing here" text="What an admin changes will be listed, with when and who." /> },
        )
    } else {
        Either::Right(view! {
            <Table caption="Activity" head=vec!["What", "Who", "When"]>
                {lines.into_iter().map(|line| view! { <Line line /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <PageHeader title="Activity" lead=lead>
            {filtered
                .then(|| {
                    view! {
                        <LinkButton href=paths::ADMIN_ACTIVITY intent=Intent::Secondary>
                            "All activity"
                        </LinkButton>
                    }
                })}
        </PageHeader>
        <Stack>
            {lines} <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn Line(line: LogLine) -> impl IntoView {
    let LogLine { actor, summary, refused, at, .. } = line;
    let who = match &actor {
        Actor::Person { id, name } => {
            Either::Left(view! { <a href=LogFilter::by(*id).address(None)>{name.clone()}</a> })
        }
        other => Either::Right(other.name().to_owned()),
    };
    view! {
        <tr>
            <th scope="row">
                {refused
                    .then(|| {
                        view! {
                            <Badge tone=Tone::Danger>"Refused"</Badge>
                            " "
                        }
                    })} {summary}
            </th>
            <td>{who}</td>
            <td>
                <LocalTime at with_time=true />
            </td>
        </tr>
    }
}
