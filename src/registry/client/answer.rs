//! Reading answers: bodies with a limit, and the errors that registries and token servers list.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::Deserialize;

use super::retry::retry_after;
use super::transport::{Http, Sent};
use super::{Error, ErrorCode, ErrorKind};

/// How much of an error's body is read.
const ERROR_BODY: u64 = 64 << 10;
/// How much of a registry's words is shown.
const MESSAGE: usize = 500;

/// An answer whose body was read completely.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The text of a header, if it has one.
pub(super) fn text(headers: &HeaderMap, name: impl Into<HeaderName>) -> Option<&str> {
    headers.get(name.into())?.to_str().ok()
}

impl Http {
    /// Reads the whole body, which must not be larger than `limit` bytes.
    pub(super) async fn read(&self, sent: Sent, limit: u64) -> Result<Answer, Error> {
        let Sent {
            method,
            mut response,
        } = sent;
        let mut body = BytesMut::new();
        while let Some(part) = self.part(&method, &mut response).await? {
            if (body.len() + part.len()) as u64 > limit {
                let kind = ErrorKind::TooLarge { limit };
                return Err(Error::new(kind, &method, response.url()));
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer {
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }

    /// Turns a refusal into an error. `secrets` were sent with the request; a server that repeats
    /// them in its answer does not get them into our output.
    pub(super) async fn refusal(&self, sent: Sent, secrets: &[&str]) -> Error {
        let Sent {
            method,
            mut response,
        } = sent;
        let mut body = BytesMut::new();
        // The status is known already: a body that cannot be read changes nothing.
        while let Ok(Some(part)) = self.part(&method, &mut response).await {
            body.extend_from_slice(&part);
            if body.len() as u64 > ERROR_BODY {
                break;
            }
        }
        let mut codes = codes(&response, &body);
        for code in &mut codes {
            code.message = presentable(&code.message, secrets);
            code.code = presentable(&code.code, secrets);
        }
        let wait = text(response.headers(), RETRY_AFTER)
            .and_then(|value| retry_after(value, jiff::Timestamp::now()));
        Error::answer(&method, response.url(), response.status(), codes, wait)
    }
}

/// The shapes of error bodies: the distribution API's list; Docker Hub's and Harbor's single
/// message; OAuth's pair.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<Entry>,
    #[serde(alias = "details")]
    message: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

fn codes(response: &Response, body: &[u8]) -> Vec<ErrorCode> {
    let plain = text(response.headers(), CONTENT_TYPE).is_some_and(|t| t.starts_with("text/plain"));
    parse(body, plain)
}

fn parse(body: &[u8], plain: bool) -> Vec<ErrorCode> {
    let single = |code: Option<String>, message: Option<String>| ErrorCode {
        code: code.unwrap_or_default(),
        message: message.unwrap_or_default(),
    };
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
        let words = String::from_utf8_lossy(body).trim().to_owned();
        if plain && !words.is_empty() {
            return vec![single(None, Some(words))];
        }
        return Vec::new();
    };
    if !refusal.errors.is_empty() {
        return refusal
            .errors
            .into_iter()
            .map(|Entry { code, message }| ErrorCode { code, message })
            .collect();
    }
    let message = refusal.error_description.or(refusal.message);
    if refusal.error.is_none() && message.is_none() {
        return Vec::new();
    }
    vec![single(refusal.error, message)]
}

/// One line without control characters and secrets, of a length that can be read.
fn presentable(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() > 3) {
        text = text.replace(secret, "<redacted>");
    }
    text.split(|c: char| c.is_control() || c == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_shape_of_error() {
        for (body, plain, expected) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"no","detail":[]},{"code":"UNKNOWN"}]}"#,
                false,
                vec![("DENIED", "no"), ("UNKNOWN", "")],
            ),
            (
                r#"{"details":"wrong password"}"#,
                false,
                vec![("", "wrong password")],
            ),
            (
                r#"{"error":"invalid_grant","error_description":"expired"}"#,
                false,
                vec![("invalid_grant", "expired")],
            ),
            ("{}", false, vec![]),
            (r#"{"errors":"text"}"#, false, vec![]),
            ("<html>", false, vec![]),
            ("try later\n", true, vec![("", "try later")]),
            ("", true, vec![]),
        ] {
            let codes = parse(body.as_bytes(), plain);
            let pairs: Vec<_> = codes
                .iter()
                .map(|code| (code.code.as_str(), code.message.as_str()))
                .collect();
            assert_eq!(pairs, expected, "{body}");
        }
    }

    #[test]
    fn shows_one_line_without_secrets() {
        let text = presentable("bad\u{1b}[31m header:\n  Bearer hunter2", &["hunter2", ""]);
        assert_eq!(text, "bad [31m header: Bearer <redacted>");
        assert_eq!(presentable(&"x".repeat(9000), &[]).len(), MESSAGE);
    }
}
