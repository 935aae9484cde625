//! The letters about an account, word for word. One with a link in it is secret: what is left of it afterwards has no link.

use crate::{account::Purpose, mail::EmailBody, paths};

/// A letter with a link that was made for it.
pub fn with_link(purpose: Purpose, name: &str, path: &str) -> EmailBody {
    let (subject, line, words) = match purpose {
        Purpose::Confirm => (
            "Confirm your address",
            "Tell us that this address is yours, so that receipts reach you and you can get in without your password.",
            "Confirm this address",
        ),
        Purpose::Reset => (
            "Choose a new password",
            "Somebody, hopefully you, said that they forgot the password of your account. Choose a new one here.",
            "Choose a new password",
        ),
        Purpose::SignIn => ("Your link to sign in", "Here is the link to sign in that you asked for.", "Sign in"),
        Purpose::ChangeAddress => (
            "Confirm your new address",
            "Your account moves to this address as soon as you say that it is yours.",
            "Confirm this address",
        ),
    };
    let rest = format!(
        "The link works once, for {}. If you did not ask for it, there is nothing for you to do.",
        purpose.lasts_words()
    );
    EmailBody::new(subject).line(format!("Hello {name},")).line(line).line(rest).link(words, path).secret()
}

/// After a change of the password, however it came about.
pub fn password_changed(name: &str) -> EmailBody {
    EmailBody::new("Your password was changed")
        .line(format!("Hello {name},"))
        .line("The password of your account was changed, and everybody who was signed in elsewhere is signed out.")
        .line("If that was not you, choose a new password now, and write to us.")
        .link("Choose a new password", paths::FORGOT)
}

/// To the old address.
pub fn address_changed(name: &str, new: &str) -> EmailBody {
    EmailBody::new("Your address was changed")
        .line(format!("Hello {name},"))
        .line(format!("Your account has moved to {new}. This address is no longer used."))
        .line("If that was not you, write to us at once.")
}

/// The last one.
pub fn deleted(name: &str) -> EmailBody {
    EmailBody::new("Your account is deleted")
        .line(format!("Hello {name},"))
        .line("Your account is deleted, as you asked. What you bought stays in our books, without your name.")
}
