//! A lesson: the video, its notes, the outline, and the way on.

use leptos::{either::Either, ev, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use crate::{
    courses::{Outline, OutlineLesson, lesson::LessonStatus},
    frame::frame,
    id::{CourseId, LessonId},
    learning::{LessonPage, LessonView, Offer, api::MarkComplete, course::Sections},
    paths,
    ui::{
        Badge, Button, Intent, LessonLayout, LinkButton, LockedPanel, PageHeader, PrevNext, Tone, VideoFrame, Written,
        use_toast, youtube,
    },
};

#[component]
pub fn Lesson(page: LessonPage) -> impl IntoView {
    let LessonPage { course, course_name, id, name, set, outline, view } = page;
    let (previous, next) = outline.around(id);
    let step =
        |lesson: Option<&OutlineLesson>| lesson.map(|lesson| (paths::lesson(course, lesson.id), lesson.name.clone()));
    let (previous, next) = (step(previous), step(next));
    let preview = next_preview(&outline, id);
    let locked = !matches!(view, LessonView::Playing { offer: None, .. });
    let (video, notes, done, offer) = match view {
        LessonView::Playing { youtube_video_id, notes, done, offer } => {
            (Either::Left((youtube_video_id, name.clone())), notes, done, offer)
        }
        LessonView::Locked { offer } => (Either::Right(offer), None, None, None),
    };
    // The mark lives beside the page, not in it: taking the page anew would start the video anew.
    let mark = ServerAction::<MarkComplete>::new();
    let marked = RwSignal::new(done.unwrap_or_default());
    tell_marked(mark, marked);
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
    let home = if locked { None } else { Some(paths::course(course)) };
    view! {
        <Title text=format!("{name} · {course_name}") />
        <LessonLayout outline=outline>
            {video}
            <PrevNext prev=previous next=next>
                {done.map(|_| view! { <Complete course lesson=id mark marked /> })}
            </PrevNext>
            <PageHeader title=name>
                {(!set.is_published()).then(|| view! { <Badge>"Private"</Badge> })}
            </PageHeader>
            <p>
                {match home {
                    Some(href) => Either::Left(view! { <a href=href>{course_name}</a> }),
                    None => Either::Right(course_name),
                }}
            </p>
            {offer.map(|offer| view! { <BuyOffer offer intent=Intent::Secondary /> })}
            {notes.map(|html| view! { <Written html /> })}
        </LessonLayout>
    }
}

/// Keeps the mark in step with the server, and says what happened.
fn tell_marked(mark: ServerAction<MarkComplete>, marked: RwSignal<bool>) {
    let toaster = use_toast();
    // Version 0 is what the page's address says became of a form: anybody can write an address.
    Effect::new(move |_| match mark.value().get().filter(|_| mark.version().get() > 0) {
        Some(Ok(done)) => {
            marked.set(done);
            toaster.show(Tone::Accent, if done { "Marked complete." } else { "Marked incomplete." });
        }
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
        None => {}
    });
}

/// Marks the lesson complete, or takes the mark back. Without JavaScript the form comes back to this page.
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
            <input type="hidden" name="done" prop:value=move || (!marked.get()).to_string() value=(!marked.get_untracked()).to_string() />
            {move || {
                let (label, intent) =
                    if marked.get() { ("Mark incomplete", Intent::Secondary) } else { ("Mark complete", Intent::Primary) };
                view! {
                    <Button intent=intent pending=mark.pending()>
                        {label}
                    </Button>
                }
            }}
        </ActionForm>
    }
}

/// The first preview after this lesson, else the first of all.
fn next_preview(outline: &Outline, id: LessonId) -> Option<(LessonId, String)> {
    let all = || outline.lessons().map(|(_, lesson)| lesson);
    let after = all().skip_while(|lesson| lesson.id != id).skip(1);
    let preview = after.chain(all()).find(|lesson| lesson.status == LessonStatus::Preview && lesson.id != id)?;
    Some((preview.id, preview.name.clone()))
}

/// In the place of the video for those without access: what it costs, and what is free to watch.
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
            {visitor.then(|| view! { <p>"Bought it already? " <a href=paths::sign_in(&here) rel=leave.then_some("external")>"Sign in"</a></p> })}
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
        if price.is_free() { format!("Enrol in {name} for free") } else { format!("Buy {name} for {}", price.now) };
    view! {
        <LinkButton href=paths::product(&slug) intent=intent>
            {label}
        </LinkButton>
        {price.why.map(|why| view! { <p>{why}</p> })}
    }
}

/// YouTube's player without its cookies and without its script: a frame that we listen to. `ended` is called when the video
/// is over. <https://developers.google.com/youtube/iframe_api_reference>
#[component]
fn Video(id: String, title: String, ended: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    // One element for each video: a frame that is led elsewhere would add to the history of the page.
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
    let src = format!("{}/embed/{id}?enablejsapi=1&rel=0", youtube::HOST);
    let frame = NodeRef::<leptos::html::Iframe>::new();
    Effect::new(move |_| {
        let Some(frame) = frame.get() else { return };
        youtube::listen(&frame);
        let handle = window_event_listener(ev::message, move |event| {
            if youtube::says_ended(&event) {
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
                    youtube::listen(&frame);
                }
            }
            allow="accelerometer; autoplay; encrypted-media; fullscreen; gyroscope; picture-in-picture"
            referrerpolicy="strict-origin-when-cross-origin"
        ></iframe>
    }
}
