//! SNS and EventBridge on moto, and what moto cannot show on a scripted AWS.

use launchway::config::Channel;
use launchway::notify::SendError;
use serde_json::{Value, json};

use super::{assert_without_secret, block, deliver, everything, reference, sender};
use crate::service::Service;
use crate::support::{Answer, Chat, FakeAws, Reply};

const REGION: &str = "ap-northeast-1";

/// A call to moto, which goes by the service in the signature and checks nothing else of it.
async fn call(moto: &Service, service: &str, target: Option<&str>, body: String) -> String {
    let version = if service == "sqs" { "1.0" } else { "1.1" };
    let mut request = reqwest::Client::new()
        .post(format!("http://{}/", moto.address))
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20250101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=x"),
        );
    request = match target {
        Some(target) => request
            .header("x-amz-target", target)
            .header("content-type", format!("application/x-amz-json-{version}")),
        None => request.header("content-type", "application/x-www-form-urlencoded"),
    };
    let answer = request.body(body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{service} {target:?}: {text}");
    text
}

async fn sqs(moto: &Service, operation: &str, body: Value) -> Value {
    let target = format!("AmazonSQS.{operation}");
    let text = call(moto, "sqs", Some(&target), body.to_string()).await;
    serde_json::from_str(&text).unwrap_or_default()
}

async fn queue(moto: &Service) -> (String, String) {
    let made = sqs(moto, "CreateQueue", json!({ "QueueName": "told" })).await;
    let url = made["QueueUrl"].as_str().unwrap().to_owned();
    (url, format!("arn:aws:sqs:{REGION}:123456789012:told"))
}

async fn received(moto: &Service, url: &str) -> Value {
    let asked = json!({ "QueueUrl": url, "WaitTimeSeconds": 1 });
    let answer = sqs(moto, "ReceiveMessage", asked).await;
    let body = answer["Messages"][0]["Body"].as_str();
    let body = body.unwrap_or_else(|| panic!("nothing came: {answer}"));
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn a_topic_delivers_the_document_and_attributes() {
    let moto = Service::aws();
    let (url, arn) = queue(&moto).await;
    let form = |text: &str| text.to_owned();
    let create = form("Action=CreateTopic&Version=2010-03-31&Name=releases");
    call(&moto, "sns", None, create).await;
    let topic = format!("arn:aws:sns:{REGION}:123456789012:releases");
    let subscribe =
        format!("Action=Subscribe&Version=2010-03-31&TopicArn={topic}&Protocol=sqs&Endpoint={arn}");
    call(&moto, "sns", None, subscribe).await;

    let (sender, _) = sender(&format!("http://{}", moto.address), &[]);
    let channel = Channel::Sns {
        topic: topic.clone(),
        region: REGION.to_owned(),
    };
    let delivery = deliver(&sender, &block(channel)).await.unwrap();
    assert!(delivery.id.is_some_and(|id| !id.is_empty()));
    let envelope = received(&moto, &url).await;
    assert_eq!(envelope["Subject"], "acme/shop: released");
    assert_eq!(envelope["MessageAttributes"]["event"]["Value"], "success");
    assert_eq!(envelope["MessageAttributes"]["status"]["Value"], "ok");
    let document: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    assert_eq!(document["schema"], "launchway.notification/v1");
    assert_eq!(document["project"], "acme/shop");

    let channel = Channel::Sns {
        topic: format!("{topic}-gone"),
        region: REGION.to_owned(),
    };
    let error = deliver(&sender, &block(channel)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("sns:Publish in ap-northeast-1: there is no such thing"),
        "{text}"
    );
}

#[tokio::test]
async fn a_bus_delivers_the_event() {
    let moto = Service::aws();
    let (url, arn) = queue(&moto).await;
    let events = async |operation: &str, body: Value| {
        let target = format!("AWSEvents.{operation}");
        call(&moto, "events", Some(&target), body.to_string()).await
    };
    let pattern = json!({ "source": ["acme.releases"] }).to_string();
    events(
        "PutRule",
        json!({ "Name": "told", "EventPattern": pattern }),
    )
    .await;
    let target = json!({ "Id": "1", "Arn": arn });
    events("PutTargets", json!({ "Rule": "told", "Targets": [target] })).await;

    let (sender, _) = sender(&format!("http://{}", moto.address), &[]);
    let channel = Channel::EventBridge {
        bus: "default".to_owned(),
        source: "acme.releases".to_owned(),
        region: Some(REGION.to_owned()),
    };
    deliver(&sender, &block(channel)).await.unwrap();
    let event = received(&moto, &url).await;
    assert_eq!(event["source"], "acme.releases");
    assert_eq!(event["detail-type"], "Launchway Release Succeeded");
    assert_eq!(event["detail"]["event"], "success");
}

#[tokio::test]
async fn a_refused_entry_is_an_error_though_the_call_succeeds() {
    let aws = FakeAws::start();
    let entry = |code: &str| json!({ "ErrorCode": code, "ErrorMessage": "no" });
    let refused = |code| Answer::json(json!({ "FailedEntryCount": 1, "Entries": [entry(code)] }));
    aws.answer(
        "PutEvents",
        [
            refused("AccessDeniedException"),
            refused("InternalFailure"),
            refused("InvalidArgument"),
        ],
    );
    let (sender, _) = sender(&aws.endpoint, &[]);
    let channel = Channel::EventBridge {
        bus: "releases".to_owned(),
        source: "launchway".to_owned(),
        region: Some(REGION.to_owned()),
    };
    let block = block(channel);
    let denied = deliver(&sender, &block).await.unwrap_err();
    assert!(
        denied.hint().unwrap().contains("events:PutEvents"),
        "{denied}"
    );
    let failed = deliver(&sender, &block).await.unwrap_err();
    assert!(failed.is_temporary(), "{failed}");
    let invalid = deliver(&sender, &block).await.unwrap_err();
    assert!(
        invalid.to_string().contains("InvalidArgument: no"),
        "{invalid}"
    );
    let sent = &aws.bodies("PutEvents")[0]["Entries"][0];
    assert_eq!(sent["EventBusName"], "releases");
    assert_eq!(sent["DetailType"], "Launchway Release Succeeded");
}

/// A Slack block whose webhook is kept at `reference`, and what sending gave.
async fn with_secret(aws: &FakeAws, text: &str) -> Result<launchway::notify::Delivery, SendError> {
    let (sender, _) = sender(&aws.endpoint, &[]);
    let channel = Channel::Slack {
        webhook: reference(text),
        mentions: Vec::new(),
        base_url: None,
    };
    deliver(&sender, &block(channel)).await
}

const PARAMETER: &str = "ssm:arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/hook";
const SECRET: &str =
    "secretsmanager:arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:hook-AbCdEf#slack";

#[tokio::test]
async fn secrets_are_read_from_ssm_and_secrets_manager() {
    let chat = Chat::start([Reply::ok()]);
    let webhook = format!("{}/services/planted", chat.url);
    let aws = FakeAws::start();
    aws.answer(
        "GetParameter",
        [
            Answer::throttled(),
            Answer::json(json!({ "Parameter": { "Type": "SecureString", "Value": webhook } })),
        ],
    );
    with_secret(&aws, PARAMETER).await.unwrap();
    let asked = &aws.bodies("GetParameter")[1];
    assert_eq!(asked["WithDecryption"], true);
    assert_eq!(asked["Name"], PARAMETER.trim_start_matches("ssm:"));

    let secret = json!({ "slack": webhook, "other": "planted" }).to_string();
    aws.answer(
        "GetSecretValue",
        [Answer::json(json!({ "SecretString": secret }))],
    );
    with_secret(&aws, SECRET).await.unwrap();
    assert_eq!(chat.posts().len(), 2);
}

#[tokio::test]
async fn secrets_that_cannot_be_read_say_why() {
    let aws = FakeAws::start();
    let missing = Answer::error(400, "ParameterNotFound", "");
    let broken = Answer::text("{\"Parameter\": {\"Value\": \"planted");
    let empty = Answer::json(json!({ "Parameter": { "Value": "\n" } }));
    aws.answer("GetParameter", [Answer::expired(), missing, broken, empty]);
    for says in [
        "ssm:GetParameter in ap-northeast-1: the AWS credentials were refused",
        "there is no such thing (ParameterNotFound",
        "the answer is not valid",
        "it is empty",
    ] {
        let error = with_secret(&aws, PARAMETER).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(says), "{text}");
        assert!(
            text.starts_with("cannot read the secret ssm:arn:"),
            "{text}"
        );
        assert_without_secret(&everything(&error));
    }
    let text = |text: &str| Answer::json(json!({ "SecretString": text }));
    let binary = Answer::json(json!({ "SecretBinary": "cGxhbnRlZA==" }));
    let denied = Answer::error(400, "AccessDeniedException", "not for you");
    aws.answer(
        "GetSecretValue",
        [text("planted"), text("{\"x\":\"planted\"}"), binary, denied],
    );
    for says in [
        "it is no JSON object, and #slack names a member of one",
        "its JSON has no text under \"slack\"",
        "the answer is not valid",
        "access was denied",
    ] {
        let error = with_secret(&aws, SECRET).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_without_secret(&everything(&error));
    }
}
