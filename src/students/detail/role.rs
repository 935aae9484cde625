//! The role of a student: the button that makes them an admin or a student again.

use leptos::prelude::*;

use crate::{
    paths,
    students::{
        StudentRow,
        api::SetAdmin,
        detail::dialog_result::{error_messages, show_result},
    },
    ui::{Button, Dialog, DialogActions, FormErrors, Intent, Stack},
    users::Role,
};

/// The button that makes a student an admin or an admin a student, and its dialog.
#[component]
pub fn RoleButton(
    student: StudentRow,
    /// Whether the admin is on their own page.
    is_viewer: bool,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let StudentRow { id, name, role, .. } = student;
    let promote = role != Role::Admin;
    let (verb, title, intent) = if promote {
        ("Make admin", format!("Make {name} an admin?"), Intent::Secondary)
    } else {
        ("Remove as admin", format!("Make {name} a student again?"), Intent::Danger)
    };
    let consequence = if promote {
        format!(
            "{name} will be able to edit and delete courses, set prices, see every sale and student, refund sales, and make \
             others admin, like every admin."
        )
    } else if is_viewer {
        "This is your own account. You lose the back office at once, and only another admin can restore it. You keep your courses."
            .to_owned()
    } else {
        format!(
            "{name} loses the back office with their next request, and keeps their own courses. What they created stays."
        )
    };
    let open = RwSignal::new(false);
    let set = ServerAction::<SetAdmin>::new();
    Effect::new(move |_| {
        let value = set.value().get().filter(|_| set.version().get() > 0);
        // The viewer is no longer an admin, so this page cannot be loaded again.
        if is_viewer && !promote && matches!(value, Some(Ok(_))) {
            load_home();
        } else {
            show_result(value, open, changed);
        }
    });
    view! {
        <Button kind="button" intent on:click=move |_| open.set(true)>
            {verb}
        </Button>
        <Dialog open title>
            <Stack>
                <p>{consequence}</p>
                {move || view! { <FormErrors errors=error_messages(set.value().get()) /> }}
                <DialogActions open>
                    <Button
                        kind="button"
                        intent=if promote { Intent::Primary } else { Intent::Danger }
                        pending=set.pending()
                        on:click=move |_| {
                            set.dispatch(SetAdmin {
                                student: id,
                                admin: promote,
                            });
                        }
                    >
                        {verb}
                    </Button>
                </DialogActions>
            </Stack>
        </Dialog>
    }
}

/// Loads the home page from the server, because this page was an admin's.
fn load_home() {
    // It fails only in a page that is being unloaded.
    drop(window().location().set_href(paths::HOME));
}
