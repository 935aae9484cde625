//! Patterns of SQL's `like` for a column in lower case.

/// Returns a pattern that matches a text itself: its wildcards stand for themselves.
pub fn escape(text: &str) -> String {
    text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Returns a pattern that matches whatever contains a text.
pub fn contains(text: &str) -> String {
    format!("%{}%", escape(text))
}
