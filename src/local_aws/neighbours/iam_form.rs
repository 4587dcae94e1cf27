//! IAM's calls, which are forms, and the texts in its answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What RFC 3986 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The parameters of a call.
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a call.
    pub fn of(request: &Request<Bytes>) -> Self {
        let body = String::from_utf8_lossy(request.body());
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(key, value)| (decoded(key), decoded(value)))
                .collect(),
        )
    }

    /// A parameter; none where it was not given, or is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// A parameter, empty where it was not given.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Writes a document as IAM writes it in an answer.
pub fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// A call of the operation `action`.
pub fn request(action: &str, parameters: &[(&str, &str)]) -> Request<Bytes> {
    let mut body = format!("Action={action}&Version=2010-05-08");
    for (name, value) in parameters {
        body.push('&');
        body.push_str(name);
        body.push('=');
        body.push_str(&encoded(value));
    }
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request
}

/// Puts characters together again. `winterbaume-iam` takes each byte of a form
/// for a character, so that `ü` comes back as two.
pub fn mended(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
    let whole = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    whole.unwrap_or_else(|| text.to_owned())
}

/// Takes a text for what `winterbaume-iam` makes of it.
pub fn bytewise(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// Mends an answer.
pub fn mended_answer(mut response: Response<Bytes>) -> Response<Bytes> {
    if let Ok(text) = std::str::from_utf8(response.body())
        && !text.is_ascii()
    {
        let body = Bytes::from(mended(text));
        *response.body_mut() = body;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let form = Form::of(&request("CreateRole", &[("Description", "a+b & ü→")]));
        assert_eq!(form.get("Action"), Some("CreateRole"));
        assert_eq!(form.text("Description"), "a+b & ü→");
        assert_eq!(form.get("Path"), None);
    }

    #[test]
    fn puts_characters_together_again() {
        assert_eq!(mended(&bytewise("grün →")), "grün →");
        assert_eq!(mended("grün"), "grün");
    }
}
