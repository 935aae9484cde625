//! Request parameters: a tree of fields, of which each method removes and validates one.
//!
//! `line_items[0][price_data][currency]=usd` becomes lists and maps of texts. Each method knows its field's full name, so that
//! an error can name it as Stripe does; [`Form::finish`] rejects the fields that are left.

use std::collections::BTreeMap;

use crate::sandbox::{
    error::{ApiError, Result},
    form_encoding::brackets::{self, Node},
};

/// Key-value pairs that a client attaches to an object: at most 50, with keys of 40 and values of 500 characters.
pub type Metadata = BTreeMap<String, String>;

/// One level of the tree of parameters.
#[derive(Clone, Debug, Default)]
pub struct Form {
    path: String,
    fields: BTreeMap<String, Node>,
}

impl Form {
    /// Parses a body or a query string. Brackets may be percent-encoded.
    ///
    /// # Errors
    /// 400 when brackets do not match, nest more than ten levels deep, or make one name both a text and a level.
    pub fn parse(encoded: &[u8]) -> Result<Self> {
        Ok(Self { path: String::new(), fields: brackets::read(encoded)? })
    }

    /// Returns the full name of a field, such as `line_items[0][quantity]`.
    pub fn name(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}[{field}]", self.path) }
    }

    /// Removes a text. An empty one is an error, because it unsets a field at Stripe and no field here can be unset.
    pub fn text(&mut self, field: &str) -> Result<Option<String>> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Node::Text(text)) if text.is_empty() => {
                let name = self.name(field);
                let message = format!(
                    "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; \
                     however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
                );
                Err(ApiError::invalid(message).code("parameter_invalid_empty").param(name))
            }
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(Node::Fields(_)) => Err(ApiError::invalid("Invalid string").param(self.name(field))),
        }
    }

    /// Removes a required text.
    pub fn need(&mut self, field: &str) -> Result<String> {
        self.text(field)?.ok_or_else(|| ApiError::missing(self.name(field)))
    }

    /// Removes a text of at most `most` characters.
    pub fn short(&mut self, field: &str, most: usize) -> Result<Option<String>> {
        let text = self.text(field)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            let message = format!("Invalid string: must be at most {most} characters");
            return Err(ApiError::invalid(message).code("parameter_invalid_string").param(self.name(field)));
        }
        Ok(text)
    }

    /// Removes one of a few values.
    pub fn choice(&mut self, field: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let found = words.iter().copied().find(|word| *word == text);
        let message = || ApiError::invalid(format!("Invalid {field}: must be one of {}", words.join(", ")));
        found.map(Some).ok_or_else(|| message().param(self.name(field)))
    }

    /// Removes an integer that is at least `least`.
    pub fn number(&mut self, field: &str, least: i64) -> Result<Option<i64>> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let refuse = |message: String| ApiError::invalid(message).code("parameter_invalid_integer");
        let number: i64 =
            text.parse().map_err(|_| refuse(format!("Invalid integer: {text}")).param(self.name(field)))?;
        if number < least {
            let message = match least {
                0 => "Invalid non-negative integer".to_owned(),
                _ => format!("This value must be greater than or equal to {least}."),
            };
            return Err(refuse(message).param(self.name(field)));
        }
        Ok(Some(number))
    }

    /// Removes `true` or `false`.
    pub fn flag(&mut self, field: &str) -> Result<Option<bool>> {
        Ok(self.choice(field, &["true", "false"])?.map(|word| word == "true"))
    }

    /// Removes an `http` or `https` URL, unchanged.
    pub fn address(&mut self, field: &str) -> Result<Option<String>> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let web =
            reqwest::Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !web || text.len() > 5000 {
            return Err(ApiError::invalid("Not a valid URL").code("url_invalid").param(self.name(field)));
        }
        Ok(Some(text))
    }

    /// Removes a nested level.
    pub fn form(&mut self, field: &str) -> Result<Option<Self>> {
        let path = self.name(field);
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Node::Fields(fields)) => Ok(Some(Self { path, fields })),
            Some(Node::Text(_)) => Err(ApiError::invalid("Invalid object").param(path)),
        }
    }

    /// Removes a list of nested levels, in the order of their numbers.
    pub fn forms(&mut self, field: &str) -> Result<Vec<Self>> {
        let Some(mut list) = self.form(field)? else { return Ok(Vec::new()) };
        list.numbers().iter().map(|key| list.form(key).map(Option::unwrap_or_default)).collect()
    }

    /// Removes a list of texts, in the order of their numbers.
    pub fn texts(&mut self, field: &str) -> Result<Vec<String>> {
        let Some(mut list) = self.form(field)? else { return Ok(Vec::new()) };
        list.numbers().iter().map(|key| list.need(key)).collect()
    }

    /// Removes `metadata`, without the keys whose value is empty: <https://docs.stripe.com/api/metadata>.
    pub fn metadata(&mut self) -> Result<Metadata> {
        let Some(form) = self.form("metadata")? else { return Ok(Metadata::new()) };
        let mut metadata = Metadata::new();
        for (key, node) in &form.fields {
            let refuse = |message: &str| ApiError::invalid(message).param(form.name(key));
            let Node::Text(value) = node else {
                return Err(refuse("Metadata values must be strings, but a hash was given"));
            };
            if key.chars().count() > 40 {
                return Err(refuse("Metadata keys can be up to 40 characters long"));
            }
            if value.chars().count() > 500 {
                return Err(refuse("Metadata values can be up to 500 characters long"));
            }
            if !value.is_empty() {
                metadata.insert(key.clone(), value.clone());
            }
        }
        if metadata.len() > 50 {
            return Err(ApiError::invalid("Metadata can have up to 50 keys").param(form.path));
        }
        Ok(metadata)
    }

    /// Removes fields that Stripe knows but that have no effect in the sandbox.
    pub fn tolerate(&mut self, fields: &[&str]) {
        for field in fields {
            self.fields.remove(*field);
        }
    }

    /// Rejects the first field that is left, as unknown.
    pub fn finish(self) -> Result<()> {
        self.fields.keys().next().map_or(Ok(()), |field| Err(ApiError::unknown(self.name(field))))
    }

    fn numbers(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.fields.keys().cloned().collect();
        keys.sort_by_key(|key| key.parse().unwrap_or(usize::MAX));
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "line_items[0][price_data][product_data][metadata][a]=1&line_items[10][quantity]=2&line_items[9][quantity]=3"
    )]
    #[case(
        "line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bmetadata%5D%5Ba%5D=1&line_items%5B10%5D%5Bquantity%5D=2&line_items%5B9%5D%5Bquantity%5D=3"
    )]
    fn brackets_nest_encoded_or_not_and_lists_keep_their_order(#[case] body: &str) -> Result<()> {
        let mut form = Form::parse(body.as_bytes())?;
        let mut items = form.forms("line_items")?;
        assert_eq!(items.len(), 3);
        let price = items[0].form("price_data")?.unwrap_or_default().form("product_data")?;
        assert_eq!(price.unwrap_or_default().metadata()?.get("a").map(String::as_str), Some("1"));
        assert_eq!(items[1].number("quantity", 1)?, Some(3));
        assert_eq!(items[2].number("quantity", 1)?, Some(2));
        form.finish()
    }

    #[rstest]
    #[case("expand[]=a&expand[]=b")]
    #[case("expand[0]=a&expand[1]=b")]
    fn lists_of_texts_come_numbered_or_not(#[case] body: &str) -> Result<()> {
        assert_eq!(Form::parse(body.as_bytes())?.texts("expand")?, ["a", "b"]);
        Ok(())
    }

    #[test]
    fn metadata_may_be_named_by_numbers() -> Result<()> {
        let metadata = Form::parse(b"metadata[7]=a&metadata[42]=b&metadata[gone]=")?.metadata()?;
        assert_eq!(metadata, Metadata::from([("7".to_owned(), "a".to_owned()), ("42".to_owned(), "b".to_owned())]));
        Ok(())
    }

    #[test]
    fn texts_keep_their_spaces_and_their_letters() -> Result<()> {
        let mut form = Form::parse("a=x+y%20z&b=%E2%82%AC%26%3D&c=7".as_bytes())?;
        assert_eq!(form.need("a")?, "x y z");
        assert_eq!(form.need("b")?, "€&=");
        assert_eq!(form.need("c")?, "7");
        Ok(())
    }

    #[rstest]
    #[case("a[b]=", "text", "parameter_invalid_empty")]
    #[case("a[b]=-1", "number", "parameter_invalid_integer")]
    #[case("a[b]=1.5", "number", "parameter_invalid_integer")]
    #[case("a[b]=javascript:alert(1)", "address", "url_invalid")]
    #[case("a[c]=1", "need", "parameter_missing")]
    fn an_error_names_the_field_in_full(#[case] body: &str, #[case] reader: &str, #[case] code: &str) -> Result<()> {
        let mut level = Form::parse(body.as_bytes())?.form("a")?.unwrap_or_default();
        let error = match reader {
            "text" => level.text("b").err(),
            "number" => level.number("b", 0).err(),
            "address" => level.address("b").err(),
            _ => level.need("b").err(),
        };
        let error = error.ok_or_else(|| ApiError::internal("it was accepted"))?;
        assert_eq!((error.code, error.param.as_deref()), (Some(code), Some("a[b]")));
        Ok(())
    }

    #[test]
    fn a_field_that_is_left_is_unknown() -> Result<()> {
        let mut form = Form::parse(b"mode=payment&colour=red")?;
        form.need("mode")?;
        assert_eq!(form.finish().err().and_then(|error| error.param).as_deref(), Some("colour"));
        Ok(())
    }
}
