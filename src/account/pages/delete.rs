//! The page `/account/delete`.

use leptos::prelude::*;

use crate::{
    account::{pages::parts::SettingsForm, password_fields::CurrentPassword},
    form::FormState,
    load::page,
    paths,
    ui::{Button, Form, FormErrors, Intent},
};

page!(
    /// `/account/delete`.
    DeleteRoute,
    account,
    delete,
    __preload_delete
);

fn delete() -> impl IntoView {
    let form = FormState::current();
    view! {
        <SettingsForm
            title="Delete your account"
            lead="Your name, address and progress are no longer visible, and you lose your courses. Your purchases stay in the school’s books, without your name. This cannot be undone."
                .to_owned()
        >
            <Form action=paths::ACCOUNT_DELETE label="Delete your account">
                <FormErrors errors=form.messages() />
                <CurrentPassword label="Password" name="password" error=form.error("password") />
                <Button wide=true intent=Intent::Danger>
                    "Delete for good"
                </Button>
            </Form>
            <p>
                <a href=paths::ACCOUNT_DATA rel="external">
                    "Download your data first"
                </a>
            </p>
        </SettingsForm>
    }
}
