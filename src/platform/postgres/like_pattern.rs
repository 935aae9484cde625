//! Patterns for SQL's `like` on a column in lower case.

/// Returns a pattern that matches exactly a text, with its wildcards escaped.
pub fn escape(text: &str) -> String {
    text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Returns a pattern that matches every value that contains a text.
pub fn contains(text: &str) -> String {
    format!("%{}%", escape(text))
}
