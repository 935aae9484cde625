use crate::ui::TextArea;
use leptos::prelude::*;
#[component]
pub fn MarkdownField(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: crate::ui::Words,
    #[prop(optional)] maxlength: Option<u32>,
) -> impl IntoView {
    view! { <TextArea label name value error=error.0 maxlength=maxlength.unwrap_or(50_000) /> }
}
