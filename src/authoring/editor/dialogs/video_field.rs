//! The field for a lesson's video, with a preview.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast};

use crate::{
    authoring::lessons::{api::check_video, input::VideoCheck},
    courses::youtube_id::YoutubeId,
    ui::{Field, Stack, VideoFrame, youtube},
};

/// The field for the URL of a video, with the video and its title on YouTube. An empty name of the lesson becomes the title.
#[component]
pub fn VideoField(value: String, error: Option<String>) -> impl IntoView {
    let typed = RwSignal::new(value.clone());
    let container = NodeRef::<html::Div>::new();
    let id = Memo::new(move |_| YoutubeId::parse(&typed.get()).map(|id| id.to_string()));
    let check = Resource::new(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => check_video(id).await.ok(),
                None => None,
            }
        },
    );
    Effect::new(move |_| {
        if let Some(Some(title)) = check.get().map(|check| check.and_then(|check| check.title)) {
            fill_empty_name(container, &title);
        }
    });
    let read_input = move |event: ev::Event| {
        if let Some(field) = event.target().and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            typed.set(field.value());
        }
    };
    view! {
        <div node_ref=container on:input=read_input>
            <Stack>
                <Field
                    label="Video"
                    name="video"
                    value=value
                    error=error
                    required=true
                    maxlength=500
                    hint="The link to a YouTube video, or the video's id."
                />
                {move || id.get().map(|id| view! { <VideoPreview id /> })}
                <p role="status">{move || check.get().flatten().and_then(status_text)}</p>
            </Stack>
        </div>
    }
}

#[component]
fn VideoPreview(id: String) -> impl IntoView {
    let src = format!("{}/embed/{id}?rel=0", youtube::PLAYER_ORIGIN);
    view! {
        <VideoFrame>
            <iframe
                src=src
                title="The video of this lesson"
                allow="encrypted-media; fullscreen; picture-in-picture"
                referrerpolicy="strict-origin-when-cross-origin"
            ></iframe>
        </VideoFrame>
    }
}

fn status_text(check: VideoCheck) -> Option<String> {
    if check.embeddable == Some(false) {
        return Some(
            "YouTube cannot show this video here: it does not exist, is private, or its owner disabled embedding."
                .to_owned(),
        );
    }
    check.title.map(|title| format!("Title on YouTube: “{title}”."))
}

/// Sets the name of the lesson to the video's title, unless a name was typed.
fn fill_empty_name(container: NodeRef<html::Div>, title: &str) {
    let form = container.get_untracked().and_then(|container| container.closest("form").ok().flatten());
    let field = form.and_then(|form| form.query_selector("[name=name]").ok().flatten());
    if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok())
        && field.value().trim().is_empty()
    {
        field.set_value(title);
    }
}
