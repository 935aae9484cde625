//! The views of a lesson page: the video, the notes, the outline, and the links to the lessons before and after.

use leptos::{either::Either, ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use crate::{
    courses::{Outline, OutlineLesson, lesson::LessonStatus},
    frame::frame,
    id::{CourseId, LessonId},
    learning::{LessonPage, LessonView, Offer, api::MarkComplete, course_page::Sections},
    paths,
    ui::{
        Badge, Button, Intent, LessonLayout, LinkButton, LockedPanel, PageHeader, PrevNext, Prose, Tone, VideoFrame,
        use_toast, youtube,
    },
};

/// A lesson, playing or locked.
#[component]
pub fn Lesson(page: LessonPage) -> impl IntoView {
    let LessonPage { course, course_name, id, name, visibility, outline, view } = page;
    let (previous, next) = outline.previous_and_next(id);
    let link =
        |lesson: Option<&OutlineLesson>| lesson.map(|lesson| (paths::lesson(course, lesson.id), lesson.name.clone()));
    let (previous, next) = (link(previous), link(next));
    let preview = next_preview(&outline, id);
    let locked = !matches!(view, LessonView::Playing { offer: None, .. });
    let (video, notes, done, offer) = match view {
        LessonView::Playing { youtube_video_id, notes, done, offer } => {
            (Either::Left((youtube_video_id, name.clone())), notes, done, offer)
        }
        LessonView::Locked { offer } => (Either::Right(offer), None, None, None),
    };
    // The completion is not part of the page's data: loading that again would restart the video.
    let mark = ServerAction::<MarkComplete>::new();
    let marked = RwSignal::new(done.unwrap_or_default());
    follow_mark(mark, marked);
    let ended = move || {
        if done.is_some() && !marked.get_untracked() {
            mark.dispatch(MarkComplete { course, lesson: id, done: true });
        }
    };
    let video = video.map_left(|(id, title)| view! { <Video id title ended /> }).map_right(|offer| {
        let preview = preview.map(|(lesson, name)| (paths::lesson(course, lesson), name));
        view! { <Locked offer preview /> }
    });
    let outline = move || {
        let outline = StoredValue::new(outline);
        move || {
            let mut outline = outline.get_value();
            outline.set_done(id, marked.get());
            view! { <Sections course outline current=Some(id) locked /> }
        }
    };
    let course_href = (!locked).then(|| paths::course(course));
    view! {
        <Title text=format!("{name} · {course_name}") />
        <LessonLayout outline=outline>
            {video} <PrevNext prev=previous next=next>
                {done.map(|_| view! { <Complete course lesson=id mark marked /> })}
            </PrevNext>
            <PageHeader title=name>
                {(!visibility.is_published()).then(|| view! { <Badge>"Private"</Badge> })}
            </PageHeader>
            <p>
                {match course_href {
                    Some(href) => Either::Left(view! { <a href=href>{course_name}</a> }),
                    None => Either::Right(course_name),
                }}
            </p> {offer.map(|offer| view! { <BuyOffer offer intent=Intent::Secondary /> })}
            {notes.map(|html| view! { <Prose html /> })}
        </LessonLayout>
    }
}

/// Updates `marked` after a response of the server, and shows a toast.
fn follow_mark(mark: ServerAction<MarkComplete>, marked: RwSignal<bool>) {
    let toaster = use_toast();
    // Version 0 is read from the page's URL, which anybody can write; it is not a response.
    Effect::new(move |_| match mark.value().get().filter(|_| mark.version().get() > 0) {
        Some(Ok(done)) => {
            marked.set(done);
            toaster.show(Tone::Accent, if done { "Marked complete." } else { "Marked incomplete." });
        }
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
        None => {}
    });
}

/// The button that marks the lesson complete or incomplete. Without JavaScript the form redirects back to this page.
#[component]
fn Complete(
    course: CourseId,
    lesson: LessonId,
    mark: ServerAction<MarkComplete>,
    marked: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <ActionForm action=mark>
            <input type="hidden" name="course" value=course.to_string() />
            <input type="hidden" name="lesson" value=lesson.to_string() />
            <input
                type="hidden"
                name="done"
                prop:value=move || (!marked.get()).to_string()
                value=(!marked.get_untracked()).to_string()
            />
            {move || {
                let (label, intent) = if marked.get() {
                    ("Mark incomplete", Intent::Secondary)
                } else {
                    ("Mark complete", Intent::Primary)
                };
                view! {
                    <Button intent=intent pending=mark.pending()>
                        {label}
                    </Button>
                }
            }}
        </ActionForm>
    }
}

/// Returns the first preview after this lesson, else the first preview of the course.
fn next_preview(outline: &Outline, id: LessonId) -> Option<(LessonId, String)> {
    let all = || outline.lessons().map(|(_, lesson)| lesson);
    let after = all().skip_while(|lesson| lesson.id != id).skip(1);
    let preview = after.chain(all()).find(|lesson| lesson.status == LessonStatus::Preview && lesson.id != id)?;
    Some((preview.id, preview.name.clone()))
}

/// The panel in place of the video for viewers without access: the product to buy, and a preview to watch.
#[component]
fn Locked(offer: Option<Offer>, preview: Option<(String, String)>) -> impl IntoView {
    let (visitor, leave) = (frame().viewer.user().is_none(), frame().identity_provider.is_external());
    let here = use_location().pathname.get_untracked();
    view! {
        <LockedPanel title="This lesson is part of the course">
            {match offer {
                Some(offer) => Either::Left(view! { <BuyOffer offer intent=Intent::Primary /> }),
                None => Either::Right(view! { <p>"It is not for sale right now."</p> }),
            }}
            {visitor
                .then(|| {
                    view! {
                        <p>
                            "Bought it already? " <a href=paths::sign_in(&here) rel=leave.then_some("external")>
                                "Sign in"
                            </a>
                        </p>
                    }
                })}
            {preview
                .map(|(href, name)| {
                    view! {
                        <LinkButton href=href intent=Intent::Secondary>
                            {format!("Watch free: {name}")}
                        </LinkButton>
                    }
                })}
        </LockedPanel>
    }
}

#[component]
fn BuyOffer(offer: Offer, intent: Intent) -> impl IntoView {
    let Offer { slug, name, price } = offer;
    let label =
        if price.is_free() { format!("Enrol in {name} for free") } else { format!("Buy {name} for {}", price.amount) };
    view! {
        <LinkButton href=paths::product(&slug) intent=intent>
            {label}
        </LinkButton>
        {price.discount_name.map(|discount| view! { <p>{discount}</p> })}
    }
}

/// YouTube's player in a frame of the domain that sets no cookies, and without YouTube's script: the frame's messages are read
/// instead. `ended` is called when the video has ended. <https://developers.google.com/youtube/iframe_api_reference>
#[component]
fn Video(id: String, title: String, ended: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    // Each video has its own element: navigating one frame would add entries to the browser's history.
    view! {
        <VideoFrame>
            <For each=move || [id.clone()] key=String::clone let:id>
                <Player id title=title.clone() ended />
            </For>
        </VideoFrame>
    }
}

#[component]
fn Player(id: String, title: String, ended: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let src = format!("{}/embed/{id}?enablejsapi=1&rel=0", youtube::PLAYER_ORIGIN);
    let frame = NodeRef::<leptos::html::Iframe>::new();
    Effect::new(move |_| {
        let Some(frame) = frame.get() else { return };
        youtube::subscribe(&frame);
        let handle = window_event_listener(ev::message, move |event| {
            if youtube::is_ended_message(&event) {
                ended();
            }
        });
        on_cleanup(move || handle.remove());
    });
    view! {
        <iframe
            node_ref=frame
            src=src
            title=title
            on:load=move |_| {
                if let Some(frame) = frame.get_untracked() {
                    youtube::subscribe(&frame);
                }
            }
            allow="accelerometer; autoplay; encrypted-media; fullscreen; gyroscope; picture-in-picture"
            referrerpolicy="strict-origin-when-cross-origin"
        ></iframe>
    }
}
