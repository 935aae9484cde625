//! Parser of form fields with brackets in their names into a tree: `a[b][c]=1` is the field `c` in `b` in `a`.
//!
//! `serde_qs` 1.1 does not serve: it takes numbers for positions in a list without gaps, while metadata may have the key `7` and a
//! list may begin at `1`. Its errors do not name the field, as Stripe's do, and it accepts `a[b]=1&a=2`.

use std::collections::BTreeMap;

use crate::sandbox::error::{ApiError, Result};

/// A text, or a nested level of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Text(String),
    Fields(BTreeMap<String, Self>),
}

/// Parses form-encoded fields, whose brackets may be percent-encoded. Of a repeated name, the last text counts.
///
/// # Errors
/// 400 when brackets do not match, nest more than ten levels deep, or make one name both a text and a level.
pub fn read(encoded: &[u8]) -> Result<BTreeMap<String, Node>> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        let segments = split(&name).ok_or_else(|| {
            let message = format!("Invalid request: the brackets of '{name}' do not match, or nest too deep.");
            ApiError::invalid(message).param(name.as_ref())
        })?;
        if !put(&mut fields, &segments, &value) {
            let message = format!("Invalid request: '{name}' is given both as a text and as fields.");
            return Err(ApiError::invalid(message).param(name.as_ref()));
        }
    }
    Ok(fields)
}

/// Splits `a[b][]` into `a`, `b` and an empty segment.
fn split(name: &str) -> Option<Vec<&str>> {
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let mut segments = vec![first];
    while !rest.is_empty() {
        let (segment, after) = rest.strip_prefix('[')?.split_once(']')?;
        segments.push(segment);
        rest = after;
    }
    (segments.len() <= 10 && !first.is_empty()).then_some(segments)
}

/// Inserts a text, and returns whether its name is not yet that of a level. An empty segment stands for the next number.
fn put(fields: &mut BTreeMap<String, Node>, segments: &[&str], value: &str) -> bool {
    let Some((segment, rest)) = segments.split_first() else { return false };
    let key = if segment.is_empty() { fields.len().to_string() } else { (*segment).to_owned() };
    if rest.is_empty() {
        let before = fields.insert(key, Node::Text(value.to_owned()));
        return !matches!(before, Some(Node::Fields(_)));
    }
    match fields.entry(key).or_insert_with(|| Node::Fields(BTreeMap::new())) {
        Node::Fields(inner) => put(inner, rest, value),
        Node::Text(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a[b=1")]
    #[case("a[b]c=1")]
    #[case("[b]=1")]
    #[case("a=1&a[b]=2")]
    #[case("a[b]=1&a=2")]
    #[case("a[b][c][d][e][f][g][h][i][j][k]=1")]
    fn malformed_names_are_rejected(#[case] body: &str) {
        assert!(read(body.as_bytes()).is_err());
    }
}
