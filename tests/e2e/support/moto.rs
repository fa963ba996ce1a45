//! Calls to moto, to make what uses images: any operation of the services that it plays, with any key, in any region.
//!
//! Where moto is wrong, or knows nothing, an [`Interposer`](super::Interposer) in front of it answers.

use serde_json::{Value, json};

use super::wire::request;
use crate::service::Service;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "ap-northeast-1";
/// A key of the account.
const KEY: &str = "AKIAEXAMPLE";

/// A running moto.
pub(crate) struct Moto {
    service: Service,
}

impl Moto {
    pub(crate) fn start() -> Self {
        Self {
            service: Service::aws(),
        }
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.service.address
    }

    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A call to a service with a key in a region: `AmazonSSM.PutParameter` of a JSON protocol, or
    /// `POST /schedules/x`.
    #[track_caller]
    pub(crate) fn call_as(
        &self,
        place: (&str, &str),
        service: &str,
        what: &str,
        body: &Value,
    ) -> Value {
        let signature = signature(place, service);
        let mut headers = vec![("authorization", &*signature)];
        let (method, path) = if let Some(rest) = what.split_once(' ') {
            headers.push(("content-type", "application/json"));
            rest
        } else {
            headers.push(("content-type", "application/x-amz-json-1.1"));
            headers.push(("x-amz-target", what));
            ("POST", "/")
        };
        let body = body.to_string();
        let reply = request(self.address(), method, path, &headers, body.as_bytes()).unwrap();
        let said = String::from_utf8_lossy(&reply.body);
        assert!((200..300).contains(&reply.status), "{what}: {said}");
        serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
    }

    /// The same in the stage's region.
    #[track_caller]
    pub(crate) fn call(&self, service: &str, what: &str, body: &Value) -> Value {
        self.call_as((KEY, REGION), service, what, body)
    }

    #[track_caller]
    pub(crate) fn ecs(&self, operation: &str, body: &Value) -> Value {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        self.call("ecs", &target, body)
    }

    /// Registers a revision of a task definition.
    #[track_caller]
    pub(crate) fn register(&self, family: &str, image: &str) {
        self.register_as((KEY, REGION), family, image);
    }

    /// The same with another key, or in another region.
    #[track_caller]
    pub(crate) fn register_as(&self, place: (&str, &str), family: &str, image: &str) {
        let container = json!({ "name": "app", "image": image, "memory": 128 });
        let body = json!({ "family": family, "containerDefinitions": [container] });
        let target = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition";
        self.call_as(place, "ecs", target, &body);
    }

    /// A role, for what wants to see one.
    pub(crate) fn role(&self, name: &str) {
        let form = format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument=%7B%7D");
        self.query("iam", &format!("{form}&Version=2010-05-08"));
    }

    /// A temporary key of a role.
    pub(crate) fn assume(&self, role: &str) -> String {
        let form = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=test");
        let text = self.query("sts", &format!("{form}&Version=2011-06-15"));
        key_of(&text).unwrap_or_else(|| panic!("{text}")).to_owned()
    }

    /// A call of the query protocol.
    fn query(&self, service: &str, form: &str) -> String {
        let signature = signature((KEY, REGION), service);
        let headers = [
            ("authorization", &*signature),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let reply = request(self.address(), "POST", "/", &headers, form.as_bytes()).unwrap();
        let text = String::from_utf8(reply.body).unwrap();
        assert_eq!(reply.status, 200, "{form}: {text}");
        text
    }
}

/// What moto reads of a signature: the service, the region, and by the key the account.
fn signature((key, region): (&str, &str), service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

/// The key in an answer of `AssumeRole`.
pub(crate) fn key_of(xml: &str) -> Option<&str> {
    let (_, rest) = xml.split_once("<AccessKeyId>")?;
    Some(rest.split_once('<')?.0)
}

/// The ARN of a task definition: `web`, or `web:3`.
pub(crate) fn definition(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}")
}

/// The ARN of the cluster.
pub(crate) fn cluster() -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod")
}
