//! The texts of mails about an account. A mail with a link is secret: the outbox does not show the link once the mail is sent.

use crate::{account::LinkPurpose, mail::EmailBody, paths};

/// A mail with a link at `path`.
pub fn with_link(purpose: LinkPurpose, name: &str, path: &str) -> EmailBody {
    let (subject, line, label) = match purpose {
        LinkPurpose::Confirm => (
            "Confirm your address",
            "Confirm that this address is yours, so that receipts reach you and you can sign in without your password.",
            "Confirm this address",
        ),
        LinkPurpose::Reset => (
            "Choose a new password",
            "A new password was requested for your account. If that was you, choose it here.",
            "Choose a new password",
        ),
        LinkPurpose::SignIn => ("Your link to sign in", "Here is the link to sign in that you requested.", "Sign in"),
        LinkPurpose::ChangeAddress => (
            "Confirm your new address",
            "Your account changes to this address as soon as you confirm that it is yours.",
            "Confirm this address",
        ),
    };
    let rest =
        format!("The link works once, for {}. If you did not request it, ignore this mail.", purpose.lifetime_label());
    EmailBody::new(subject).line(format!("Hello {name},")).line(line).line(rest).link(label, path).secret()
}

/// The mail after a change of the password.
pub fn password_changed(name: &str) -> EmailBody {
    EmailBody::new("Your password was changed")
        .line(format!("Hello {name},"))
        .line("The password of your account was changed, and all other browsers are signed out.")
        .line("If that was not you, choose a new password now, and contact us.")
        .link("Choose a new password", paths::FORGOT_PASSWORD)
}

/// The mail to the old address after a change of the address.
pub fn address_changed(name: &str, new: &str) -> EmailBody {
    EmailBody::new("Your address was changed")
        .line(format!("Hello {name},"))
        .line(format!("The address of your account is now {new}. This address is no longer used."))
        .line("If that was not you, contact us at once.")
}

/// The mail after the deletion of the account.
pub fn deleted(name: &str) -> EmailBody {
    EmailBody::new("Your account is deleted")
        .line(format!("Hello {name},"))
        .line("Your account is deleted, as you requested. Your purchases stay in our books, without your name.")
}
