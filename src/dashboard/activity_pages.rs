//! Back office: the audit log, called "Activity".

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    audit::{Actor, AuditEntry, AuditFilter, AuditLog},
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
        let parameters = move || {
            let value = |name: &str| query.with(|query| query.get(name));
            (
                value("actor").and_then(|id| id.parse().ok()),
                value("subject").and_then(|id| id.parse().ok()),
                value("before").and_then(|id| id.parse().ok()),
            )
        };
        let log = load(parameters, |(actor, subject, before)| activity_api::get_log(actor, subject, before));
        view! {
            <Title text="Activity" />
            <Loaded from=log skeleton=|| view! { <SkeletonList count=12 /> } let:log>
                <Activity log />
            </Loaded>
        }
    })
}

#[component]
fn Activity(log: AuditLog) -> impl IntoView {
    let AuditLog { filter, entries, description } = log;
    let filtered = filter != AuditFilter::default();
    let lead = description.unwrap_or_else(|| "Changes by admins, and denied requests.".into());
    let older = entries.rows.last().filter(|_| entries.has_next);
    let older = older.map(|last| filter.url(Some(last.id)));
    let back = entries.has_previous.then(|| ("Newest", filter.url(None)));
    let table = if entries.rows.is_empty() {
        Either::Left(
            view! { <EmptyState title="No activity" text="Changes by admins are listed here, with time and name." /> },
        )
    } else {
        Either::Right(view! {
            <Table caption="Activity" head=vec!["Change", "By", "When"]>
                {entries.rows.into_iter().map(|entry| view! { <EntryRow entry /> }).collect_view()}
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
        <Stack>{table} <KeysetPager back older /></Stack>
    }
}

#[component]
fn EntryRow(entry: AuditEntry) -> impl IntoView {
    let AuditEntry { actor, summary, refused, at, .. } = entry;
    let actor = match &actor {
        Actor::User { id, name } => Either::Left(view! { <a href=AuditFilter::by(*id).url(None)>{name.clone()}</a> }),
        other => Either::Right(other.label().to_owned()),
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
            <td>{actor}</td>
            <td>
                <LocalTime at with_time=true />
            </td>
        </tr>
    }
}
