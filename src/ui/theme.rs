//! Colour theme: `paper` (light), `night` (dark), or the setting of the operating system.

use leptos::{prelude::*, wasm_bindgen::JsCast};

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// The chosen theme. It is stored in the cookie `theme`, and the server sets `<html data-theme>` from it, so that no page
/// flashes in the wrong colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Paper,
    Night,
}

impl Theme {
    /// The value in the form and the cookie.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Paper => "paper",
            Self::Night => "night",
        }
    }

    /// Parses the value of a cookie or a form. Unknown values mean `System`.
    pub fn parse(name: &str) -> Self {
        match name {
            "paper" => Self::Paper,
            "night" => Self::Night,
            _ => Self::System,
        }
    }

    /// The value of `<html data-theme>`; absent for `System`.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.name())
    }

    /// The `Set-Cookie` value that stores the theme for a year, or deletes the cookie for `System`.
    pub fn cookie(self) -> String {
        let seconds = if self == Self::System { 0 } else { 31_536_000 };
        format!("theme={}; Path=/; Max-Age={seconds}; SameSite=Lax", self.name())
    }
}

/// Three buttons that post `theme` to `action`. With JavaScript they change the page and the cookie without a request.
#[component]
pub fn ThemeSwitch(
    action: &'static str,
    /// The value of the cookie; required on the server only.
    #[prop(optional, into)]
    current: MaybeText,
) -> impl IntoView {
    let chosen = RwSignal::new(current.0.as_deref().map_or(Theme::System, Theme::parse));
    Effect::new(move |_| {
        let theme = root().and_then(|root| root.get_attribute("data-theme"));
        chosen.set(theme.as_deref().map_or(Theme::System, Theme::parse));
    });
    let choices = [
        (Theme::System, "System", icondata_lu::LuMonitor),
        (Theme::Paper, "Light", icondata_lu::LuSun),
        (Theme::Night, "Dark", icondata_lu::LuMoon),
    ];
    let buttons = choices.map(|(theme, label, icon)| {
        let choose = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            apply(theme);
            chosen.set(theme);
        };
        let pressed = move || if chosen.get() == theme { "true" } else { "false" };
        view! {
            <button type="submit" name="theme" value=theme.name() aria-pressed=pressed on:click=choose>
                <Icon icon />
                {label}
            </button>
        }
    });
    view! {
        <form method="post" action=action class="segments no-print" aria-label="Theme">
            {buttons.into_iter().collect_view()}
        </form>
    }
}

fn root() -> Option<web_sys::Element> {
    document().document_element()
}

fn apply(theme: Theme) {
    if let Some(root) = root() {
        // It fails only for an invalid attribute name.
        drop(match theme.attribute() {
            Some(name) => root.set_attribute("data-theme", name),
            None => root.remove_attribute("data-theme"),
        });
    }
    // A sandboxed page may have no cookies; the choice then lasts until the page is left.
    drop(document().unchecked_into::<web_sys::HtmlDocument>().set_cookie(&theme.cookie()));
}
