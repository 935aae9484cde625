//! The theme: paper, night, or what the reader's system says.

use leptos::{prelude::*, wasm_bindgen::JsCast};

use crate::ui::{icon::Icon, words::Words};

/// What the reader chose. The server keeps it in the cookie `theme` and writes it on `<html data-theme>`, so that no page
/// flashes in the wrong light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Paper,
    Night,
}

impl Theme {
    /// As written in the form and the cookie.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Paper => "paper",
            Self::Night => "night",
        }
    }

    /// What a cookie or a form says; everything unknown is the system's.
    pub fn parse(name: &str) -> Self {
        match name {
            "paper" => Self::Paper,
            "night" => Self::Night,
            _ => Self::System,
        }
    }

    /// The value of `<html data-theme>`, absent for the system's.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.name())
    }

    /// The cookie that remembers it for a year, or forgets it.
    pub fn cookie(self) -> String {
        let seconds = if self == Self::System { 0 } else { 31_536_000 };
        format!("theme={}; Path=/; Max-Age={seconds}; SameSite=Lax", self.name())
    }
}

/// Three buttons that post `theme` to `action`. With JavaScript the page changes at once and nothing is sent.
#[component]
pub fn ThemeSwitch(
    action: &'static str,
    /// What the cookie says; only needed on the server.
    #[prop(optional, into)]
    current: Words,
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
    let buttons = choices.map(|(theme, words, icon)| {
        let choose = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            apply(theme);
            chosen.set(theme);
        };
        let pressed = move || if chosen.get() == theme { "true" } else { "false" };
        view! {
            <button type="submit" name="theme" value=theme.name() aria-pressed=pressed on:click=choose>
                <Icon icon />
                {words}
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
        // Neither can fail for a name without spaces.
        drop(match theme.attribute() {
            Some(name) => root.set_attribute("data-theme", name),
            None => root.remove_attribute("data-theme"),
        });
    }
    // A sandboxed page may have no cookies; then the choice lasts as long as the page.
    drop(document().unchecked_into::<web_sys::HtmlDocument>().set_cookie(&theme.cookie()));
}
