//! Slack and ChatWork: their requests, and what their refusals mean.

use launchway_buildkit::Secret;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::http::Request;
use crate::config::is_safe;

pub(super) const SLACK: &str = "Slack";
pub(super) const CHATWORK: &str = "ChatWork";

/// Where ChatWork's API is.
const CHATWORK_API: &str = "https://api.chatwork.com/v2";
/// Characters of an answer that are shown.
const ANSWER: usize = 200;

/// A refusal in words that can be shown, and what to do about it.
pub(super) type Refusal = (String, Option<&'static str>);

/// Posts to an incoming webhook; the whole URL is the secret. The error says what the secret is not.
pub(super) fn slack(
    webhook: &Secret,
    base_url: Option<&str>,
    body: &Value,
) -> Result<Request, &'static str> {
    const FORM: &str = "https URL of a webhook";
    let url = Url::parse(webhook.expose()).ok().filter(is_safe);
    let mut url = url.ok_or(FORM)?;
    if let Some(base) = base_url {
        url = Url::parse(&format!("{base}{}", url.path())).map_err(|_| FORM)?;
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Request {
        service: SLACK,
        url,
        headers,
        body: body.to_string(),
        refusal: slack_refusal,
        id: |_| None,
    })
}

/// Posts to a room of ChatWork. The error says what the token is not.
pub(super) fn chatwork(
    token: &Secret,
    base_url: Option<&str>,
    room: &str,
    body: &str,
    self_unread: bool,
) -> Result<Request, &'static str> {
    const FORM: &str = "API token";
    let base = base_url.unwrap_or(CHATWORK_API);
    let url = Url::parse(&format!("{base}/rooms/{room}/messages")).map_err(|_| FORM)?;
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| FORM)?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-chatworktoken"), value);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    // A form is what a URL's query is.
    let mut form = url.clone();
    form.query_pairs_mut()
        .clear()
        .append_pair("body", body)
        .append_pair("self_unread", if self_unread { "1" } else { "0" });
    Ok(Request {
        service: CHATWORK,
        url,
        headers,
        body: form.query().unwrap_or_default().to_owned(),
        refusal: chatwork_refusal,
        id: |body| {
            let answer: Value = serde_json::from_str(body).ok()?;
            let id = &answer["message_id"];
            id.as_str()
                .map(str::to_owned)
                .or_else(|| id.as_u64().map(|id| id.to_string()))
        },
    })
}

/// Slack answers with one word. Anything else comes from somebody between, and may say the address.
fn slack_refusal(status: u16, body: &str) -> Refusal {
    let word = body.trim();
    let is_word = word.len() <= 60
        && !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if !is_word {
        let hint = match status {
            404 | 410 => Some(SLACK_GONE),
            301..=308 => Some("The webhook's host has moved; is the URL Slack's own?"),
            _ => None,
        };
        return ("it does not say why".to_owned(), hint);
    }
    let hint = match word {
        "no_service" | "no_service_id" | "no_team" | "team_disabled" | "invalid_token"
        | "user_not_found" => Some(SLACK_GONE),
        "channel_is_archived" => Some("Unarchive the channel, or make a webhook for another one."),
        "channel_not_found" => Some("The webhook's channel was deleted; make a new webhook."),
        "action_prohibited" | "posting_to_general_channel_denied" => {
            Some("An administrator of the workspace has restricted who may post there.")
        }
        "invalid_payload"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "no_text"
        | "msg_too_long"
        | "msg_blocks_too_long"
        | "too_many_attachments" => {
            Some("Please report this: `launchway notify EVENT NAME --dry-run` shows the message.")
        }
        _ => None,
    };
    (word.to_owned(), hint)
}

const SLACK_GONE: &str = "The webhook is disabled, or its URL is not whole: copy it again from the app's page, or make a new one.";

/// ChatWork answers `{"errors":["…"]}`.
fn chatwork_refusal(status: u16, body: &str) -> Refusal {
    let answer: Value = serde_json::from_str(body).unwrap_or_default();
    let errors = answer["errors"].as_array().into_iter().flatten();
    let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
    let mut text: String = errors
        .join("; ")
        .chars()
        .filter(|character| !character.is_control())
        .take(ANSWER)
        .collect();
    if text.is_empty() {
        "it does not say why".clone_into(&mut text);
    }
    let hint = match status {
        400 => {
            Some("Please report this: `launchway notify EVENT NAME --dry-run` shows the message.")
        }
        401 => Some("The token is wrong or was renewed; its user finds it under API token."),
        403 => Some("The token's user is not in the room, or may only read there."),
        404 => Some("There is no such room: `room` is the number after #!rid in its address."),
        _ => None,
    };
    (text, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slacks_words_are_shown_and_nothing_else() {
        let (word, hint) = slack_refusal(404, "no_service");
        assert_eq!(word, "no_service");
        assert!(hint.unwrap().contains("disabled"));
        assert!(
            slack_refusal(410, "channel_is_archived")
                .1
                .unwrap()
                .contains("Unarchive")
        );
        assert!(
            slack_refusal(400, "invalid_blocks")
                .1
                .unwrap()
                .contains("--dry-run")
        );
        let proxy = "<html>cannot find /services/T0/B0/planted</html>";
        let (words, hint) = slack_refusal(404, proxy);
        assert_eq!(words, "it does not say why");
        assert!(hint.is_some());
    }

    #[test]
    fn chatwork_says_what_is_wrong() {
        let (text, hint) = chatwork_refusal(401, r#"{"errors":["Invalid API Token"]}"#);
        assert_eq!(text, "Invalid API Token");
        assert!(hint.unwrap().contains("token"));
        assert_eq!(chatwork_refusal(502, "<html>").0, "it does not say why");
    }

    #[test]
    fn a_webhook_is_an_address_that_nobody_can_overhear() {
        let body = Value::Null;
        let make = |text: &str, base| slack(&Secret::new(text), base, &body);
        let url = |request: Request| request.url.to_string();
        let own = "https://hooks.slack.com/services/T/B/X";
        assert_eq!(url(make(own, None).unwrap()), own);
        let proxied = make(own, Some("https://proxy.example/slack")).unwrap();
        assert_eq!(url(proxied), "https://proxy.example/slack/services/T/B/X");
        assert!(make("http://127.0.0.1:1/services/x", None).is_ok());
        for text in [
            "http://hooks.slack.com/services/T",
            "planted",
            "file:///etc/passwd",
        ] {
            assert!(make(text, None).is_err(), "{text}");
        }
    }

    #[test]
    fn chatworks_form_holds_any_text() {
        let token = Secret::new("planted-token");
        let body = "[info]a & b = 日本\n100%[/info]";
        let request = chatwork(&token, None, "42", body, true).unwrap();
        assert_eq!(
            request.url.as_str(),
            "https://api.chatwork.com/v2/rooms/42/messages"
        );
        let form = Url::parse(&format!("form:?{}", request.body)).unwrap();
        let fields: Vec<_> = form.query_pairs().into_owned().collect();
        assert_eq!(fields[0], ("body".to_owned(), body.to_owned()));
        assert_eq!(fields[1], ("self_unread".to_owned(), "1".to_owned()));
        assert!(!format!("{:?}", request.headers).contains("planted"));
        assert!(chatwork(&Secret::new("a\nb"), None, "42", "x", false).is_err());
    }
}
