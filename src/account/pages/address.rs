//! The page `/account/address`.

use leptos::prelude::*;

use crate::{
    account::{
        pages::parts::{DevelopmentLink, SettingsForm},
        password_fields::CurrentPassword,
    },
    form::FormState,
    frame::frame,
    load::page,
    paths,
    ui::{Button, Field, Form, FormErrors},
};

page!(
    /// `/account/address`.
    AddressRoute,
    account,
    address,
    __preload_address
);

fn address() -> impl IntoView {
    let form = FormState::current();
    let current = frame().viewer.user().map(|user| user.email.clone()).unwrap_or_default();
    view! {
        <SettingsForm
            title="Change address"
            lead=format!("Your address is {current} until you open the link that we send to the new one.")
        >
            <DevelopmentLink link=form.value("link") />
            <Form action=paths::ACCOUNT_ADDRESS label="Change address">
                <FormErrors errors=form.messages() />
                <Field
                    label="New address"
                    name="email"
                    kind="email"
                    value=form.value("email")
                    error=form.error("email")
                    autocomplete="email"
                    required=true
                    maxlength=254_u32
                />
                <CurrentPassword label="Password" name="password" error=form.error("password") />
                <Button wide=true>"Send the link"</Button>
            </Form>
        </SettingsForm>
    }
}
