//! The page `/account/password`.

use leptos::prelude::*;

use crate::{
    account::{
        pages::parts::SettingsForm,
        password_fields::{CurrentPassword, NewPassword},
    },
    form::FormState,
    load::page,
    paths,
    ui::{Button, Form, FormErrors},
};

page!(
    /// `/account/password`.
    PasswordRoute,
    account,
    password,
    __preload_password
);

fn password() -> impl IntoView {
    let form = FormState::current();
    view! {
        <SettingsForm title="Change password" lead="This signs you out everywhere else.".to_owned()>
            <Form action=paths::ACCOUNT_PASSWORD label="Change password">
                <FormErrors errors=form.messages() />
                <CurrentPassword
                    label="Current password"
                    name="current_password"
                    error=form.error("current_password")
                />
                <NewPassword label="New password" name="new_password" error=form.error("new_password") />
                <Button wide=true>"Change password"</Button>
            </Form>
        </SettingsForm>
    }
}
