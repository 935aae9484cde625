//! Words: text that a component can do without.

/// A text that may be absent. Takes `"words"`, a `String`, or an `Option` of either, so that a caller passes what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Option<String>);

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl From<Option<&str>> for Words {
    fn from(text: Option<&str>) -> Self {
        Self(text.map(str::to_owned))
    }
}

impl From<Option<String>> for Words {
    fn from(text: Option<String>) -> Self {
        Self(text)
    }
}
