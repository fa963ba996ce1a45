//! A small AWS for what moto cannot show: scan states in sequence, approvals, throttling, expired
//! tokens. It answers what a test scripted, and remembers what it was asked.
//!
//! Operations are told apart as AWS's JSON protocols do it, by `X-Amz-Target`
//! (`AmazonSSM.PutParameter`: service and operation), by `Action` in the form of the query protocol (SNS), and
//! by method and path where the protocol is REST (`GET /schedules`: Lambda, Scheduler, Batch).
//! Nothing here knows what an operation means: a call that was not scripted is refused with 501, and the
//! test sees it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// What an operation answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    /// Success with this JSON.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write `json!` in the call"
    )]
    pub(crate) fn json(body: Value) -> Self {
        Self {
            status: 200,
            body: body.to_string(),
        }
    }

    /// Success with this text, for the query protocol's XML.
    pub(crate) fn text(body: &str) -> Self {
        Self {
            status: 200,
            body: body.to_owned(),
        }
    }

    /// An error as the JSON protocols tell it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "__type": code, "message": message }).to_string();
        Self { status, body }
    }

    /// Too many requests, as ECR, ECS and SSM say it.
    pub(crate) fn throttled() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    /// A temporary key that has ended.
    pub(crate) fn expired() -> Self {
        let message = "The security token included in the request is expired";
        Self::error(400, "ExpiredTokenException", message)
    }
}

/// A call that came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `PutParameter`, or `GET /schedules`.
    pub(crate) operation: String,
    /// The JSON of the body; of a form, its fields as texts. With REST the fields of the query are
    /// in it, too.
    pub(crate) body: Value,
}

/// An answer that depends on the call; `None` is not scripted.
type Responder = Box<dyn Fn(&Call, usize) -> Option<Answer> + Send>;

#[derive(Default)]
struct State {
    responders: BTreeMap<String, Responder>,
    calls: Vec<Call>,
}

/// The service. It ends with the test's process.
pub(crate) struct FakeAws {
    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl FakeAws {
    /// Begins to listen on a free loopback port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { endpoint, state }
    }

    /// From now on `operation` gives these answers, one after the other; the last one again and
    /// again.
    pub(crate) fn answer(&self, operation: &str, answers: impl Into<Vec<Answer>>) {
        let answers = answers.into();
        self.respond(operation, move |_, turn| {
            answers.get(turn).or(answers.last()).cloned()
        });
    }

    /// From now on `operation` answers what `responder` makes of the call and of how many calls of
    /// this operation came before it.
    pub(crate) fn respond(
        &self,
        operation: &str,
        responder: impl Fn(&Call, usize) -> Option<Answer> + Send + 'static,
    ) {
        self.locked()
            .responders
            .insert(operation.to_owned(), Box::new(responder));
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.locked().calls.clone()
    }

    /// The bodies of the calls of one operation.
    pub(crate) fn bodies(&self, operation: &str) -> Vec<Value> {
        let calls = self.calls().into_iter();
        calls
            .filter(|call| call.operation == operation)
            .map(|call| call.body)
            .collect()
    }

    /// What a process needs to use it: endpoint, region and a made-up key.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_REGION", "ap-northeast-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "planted-aws-key".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one connection until it closes.
fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(call) = read(&mut reader) {
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let earlier = state.calls.iter();
            let turn = earlier
                .filter(|other| other.operation == call.operation)
                .count();
            let answer = state
                .responders
                .get(&call.operation)
                .and_then(|respond| respond(&call, turn));
            state.calls.push(call.clone());
            answer
        };
        let answer = answer.unwrap_or_else(|| {
            let message = format!("{} is not scripted", call.operation);
            Answer::error(501, "NotScripted", &message)
        });
        let head = format!(
            "HTTP/1.1 {} Status\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            answer.status,
            answer.body.len()
        );
        let mut writer = stream;
        if writer.write_all((head + &answer.body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request of a connection.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Call> {
    let (mut target, mut length) = (String::new(), 0);
    let mut line = String::new();
    let mut first = true;
    let mut request = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        if text.is_empty() && !first {
            break;
        }
        if first {
            text.clone_into(&mut request);
        }
        first = false;
        if let Some((name, value)) = text.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => value.trim().clone_into(&mut target),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    if let Some((_, operation)) = target.rsplit_once('.') {
        let body = serde_json::from_str(&body).unwrap_or(Value::Null);
        return Some(Call {
            operation: operation.to_owned(),
            body,
        });
    }
    if let Some(call) = rest(&request, &body) {
        return Some(call);
    }
    let fields: serde_json::Map<String, Value> = reqwest::Url::parse(&format!("form:?{body}"))
        .ok()?
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    let operation = fields.get("Action").and_then(Value::as_str);
    Some(Call {
        operation: operation.unwrap_or_default().to_owned(),
        body: Value::Object(fields),
    })
}

/// A call of a REST protocol: anything but a form that is sent to the root.
fn rest(request: &str, body: &str) -> Option<Call> {
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let target = reqwest::Url::parse(&format!("http://localhost{target}")).ok()?;
    if target.path() == "/" {
        return None;
    }
    let mut members: serde_json::Map<String, Value> =
        serde_json::from_str(body).unwrap_or_default();
    for (name, value) in target.query_pairs() {
        members.insert(name.into_owned(), Value::from(value.into_owned()));
    }
    Some(Call {
        operation: format!("{method} {}", target.path()),
        body: Value::Object(members),
    })
}
