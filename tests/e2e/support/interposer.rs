//! A proxy in front of moto: it knows which operation a request is, answers for moto what moto cannot, and
//! lets an operation fail the way a test wants.
//!
//! AWS's JSON protocols name the operation in `X-Amz-Target`, the query protocol in `Action`; of the REST services
//! (Lambda, Scheduler, Batch) method and path say it. Operations are written as Launchway's own requests are:
//! `ecs:ListServices`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::aws::Answer;
use super::wire::{Reply, request};

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The next call is throttled, and the ones after it are answered.
    ThrottledOnce,
    /// Every call is throttled.
    Throttled,
    /// Every call meets an internal error.
    Broken,
    /// Every connection ends without an answer.
    Reset,
    /// The caller may not.
    Denied,
    /// A page without entries and with a token, and then the true first page.
    EmptyPage,
}

/// A list that comes in pages: where its entries and its token are.
struct Paged {
    operation: &'static str,
    entries: &'static str,
    /// Of the request: a member of the body, or a parameter of the query.
    asked: &'static str,
    told: &'static str,
}

const fn paged(
    operation: &'static str,
    entries: &'static str,
    asked: &'static str,
    told: &'static str,
) -> Paged {
    Paged {
        operation,
        entries,
        asked,
        told,
    }
}

/// Every list that prune reads for what is in use, as the services' models have them.
const PAGED: [Paged; 22] = [
    paged("ecs:ListClusters", "clusterArns", "nextToken", "nextToken"),
    paged("ecs:ListServices", "serviceArns", "nextToken", "nextToken"),
    paged("ecs:ListTasks", "taskArns", "nextToken", "nextToken"),
    paged(
        "ecs:ListTaskDefinitionFamilies",
        "families",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ecs:ListTaskDefinitions",
        "taskDefinitionArns",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ecs:ListServiceDeployments",
        "serviceDeployments",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ecs:ListDaemons",
        "daemonSummariesList",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ecs:ListDaemonDeployments",
        "daemonDeployments",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ecs:ListDaemonTaskDefinitions",
        "daemonTaskDefinitions",
        "nextToken",
        "nextToken",
    ),
    paged("lambda:ListFunctions", "Functions", "Marker", "NextMarker"),
    paged("lambda:ListAliases", "Aliases", "Marker", "NextMarker"),
    paged(
        "lambda:ListVersionsByFunction",
        "Versions",
        "Marker",
        "NextMarker",
    ),
    paged(
        "events:ListEventBuses",
        "EventBuses",
        "NextToken",
        "NextToken",
    ),
    paged("events:ListRules", "Rules", "NextToken", "NextToken"),
    paged(
        "events:ListTargetsByRule",
        "Targets",
        "NextToken",
        "NextToken",
    ),
    paged(
        "scheduler:ListSchedules",
        "Schedules",
        "NextToken",
        "NextToken",
    ),
    paged(
        "batch:DescribeJobDefinitions",
        "jobDefinitions",
        "nextToken",
        "nextToken",
    ),
    paged(
        "batch:DescribeJobQueues",
        "jobQueues",
        "nextToken",
        "nextToken",
    ),
    paged("batch:ListJobs", "jobSummaryList", "nextToken", "nextToken"),
    paged(
        "states:ListStateMachines",
        "stateMachines",
        "nextToken",
        "nextToken",
    ),
    paged(
        "states:ListStateMachineVersions",
        "stateMachineVersions",
        "nextToken",
        "nextToken",
    ),
    paged(
        "ssm:GetParametersByPath",
        "Parameters",
        "NextToken",
        "NextToken",
    ),
];

/// The token of an empty page.
const TOKEN: &str = "AAAA-more-of-it";

/// A request that came in.
#[derive(Clone, Debug)]
struct Request {
    /// `ecs:ListServices`.
    operation: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a server answered, by request: for worlds that stay as they are, where asking again and again takes more time
/// than everything else. Clones are the same memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<Vec<u8>, Answered>>>);

impl Memory {
    /// The answer to a request like this one, or a new one. Errors are not kept.
    fn answer(&self, request: &Request, ask: impl FnOnce() -> Answered) -> Answered {
        let signature = request.headers.iter();
        let signature = signature.filter(|(name, _)| name == "authorization");
        // Who asks, where, and for which day; not with which signature.
        let who = signature.filter_map(|(_, value)| value.split(',').next());
        let who: String = who.collect();
        let head = format!("{} {} {who}\n", request.operation, request.path);
        let key = [head.as_bytes(), &request.body].concat();
        let known = locked(&self.0).get(&key).cloned();
        known.unwrap_or_else(|| {
            let answered = ask();
            if answered.0 == 200 {
                locked(&self.0).insert(key, answered.clone());
            }
            answered
        })
    }
}

type Script = Arc<dyn Fn(&str, &Value) -> Option<Answer> + Send + Sync>;
type Witness = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct State {
    scripts: BTreeMap<String, Script>,
    witnesses: BTreeMap<String, Witness>,
    troubles: BTreeMap<String, Trouble>,
    /// How many calls of each operation met trouble.
    hits: BTreeMap<String, usize>,
}

/// The proxy. It ends with the test's process.
pub(crate) struct Interposer {
    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Interposer {
    /// In front of a server on this machine (`127.0.0.1:PORT`).
    pub(crate) fn before(server: &str) -> Self {
        Self::start(server, None)
    }

    /// The same, but what the memory knows the server is not asked again.
    pub(crate) fn remembering(server: &str, memory: &Memory) -> Self {
        Self::start(server, Some(memory.clone()))
    }

    fn start(server: &str, memory: Option<Memory>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, server) = (Arc::clone(&state), Arc::new(server.to_owned()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, server) = (Arc::clone(&shared), Arc::clone(&server));
                let memory = memory.clone();
                std::thread::spawn(move || serve(stream, &state, &server, memory.as_ref()));
            }
        });
        Self { endpoint, state }
    }

    /// From now on an operation is answered by this; what it makes `None` of goes on to the server. It gets the path
    /// with its query, and the JSON of the body; of a form, its fields as texts.
    pub(crate) fn script(
        &self,
        operation: &str,
        script: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static,
    ) {
        let mut state = locked(&self.state);
        state.scripts.insert(operation.to_owned(), Arc::new(script));
    }

    /// From now on there are no daemons of ECS, which moto does not know: it has an internal error.
    pub(crate) fn without_daemons(&self) {
        for list in ["ecs:ListDaemons", "ecs:ListDaemonTaskDefinitions"] {
            self.script(list, |_, _| {
                let message = "The operation is not known.";
                Some(Answer::error(400, "UnknownOperationException", message))
            });
        }
    }

    /// From now on this sees every answer of the server to an operation.
    pub(crate) fn watch(&self, operation: &str, witness: impl Fn(&str) + Send + Sync + 'static) {
        let mut state = locked(&self.state);
        state
            .witnesses
            .insert(operation.to_owned(), Arc::new(witness));
    }

    /// From now on an operation fails.
    pub(crate) fn trouble(&self, operation: &str, trouble: Trouble) {
        locked(&self.state)
            .troubles
            .insert(operation.to_owned(), trouble);
    }

    /// Ends all trouble.
    pub(crate) fn heal(&self) {
        locked(&self.state).troubles.clear();
    }

    /// How many calls of an operation met trouble so far.
    pub(crate) fn hits(&self, operation: &str) -> usize {
        locked(&self.state)
            .hits
            .get(operation)
            .copied()
            .unwrap_or(0)
    }

    /// Whether an operation comes in pages.
    pub(crate) fn is_paged(operation: &str) -> bool {
        PAGED.iter().any(|paged| paged.operation == operation)
    }
}

fn locked<T>(state: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one connection until it closes.
fn serve(stream: TcpStream, state: &Mutex<State>, server: &str, memory: Option<&Memory>) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader) {
        let (trouble, script, witness) = {
            let mut state = locked(state);
            let trouble = state.troubles.get(&request.operation).copied();
            if trouble.is_some() {
                *state.hits.entry(request.operation.clone()).or_default() += 1;
            }
            if trouble == Some(Trouble::ThrottledOnce) {
                state.troubles.remove(&request.operation);
            }
            (
                trouble,
                state.scripts.get(&request.operation).cloned(),
                state.witnesses.get(&request.operation).cloned(),
            )
        };
        let answered = match trouble {
            Some(Trouble::Reset) => {
                reset(stream);
                return;
            }
            Some(trouble) => refusal(trouble, &request),
            None => None,
        };
        let answered = answered.unwrap_or_else(|| {
            let request = without_token(request);
            let body = body_of(&request);
            if let Some(answer) = script.and_then(|script| script(&request.path, &body)) {
                return (answer.status, String::new(), answer.body.into_bytes());
            }
            let ask = || {
                let reply = pass(&request, server);
                let kind = reply.header("x-amzn-errortype").unwrap_or_default();
                (reply.status, kind.to_owned(), reply.body)
            };
            let answered = match memory {
                Some(memory) => memory.answer(&request, ask),
                None => ask(),
            };
            if let Some(witness) = witness {
                witness(&String::from_utf8_lossy(&answered.2));
            }
            answered
        });
        if write(&stream, &answered).is_err() {
            return;
        }
    }
}

type Answered = (u16, String, Vec<u8>);

fn write(mut stream: &TcpStream, (status, kind, body): &Answered) -> std::io::Result<()> {
    let mut head =
        format!("HTTP/1.1 {status} Status\r\ncontent-type: application/x-amz-json-1.1\r\n");
    if !kind.is_empty() {
        head += &format!("x-amzn-errortype: {kind}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// Lets the connection end with a reset, not in order.
fn reset(stream: TcpStream) {
    // The standard library has no stable way to set it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let _inside = runtime.enter();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    stream.set_zero_linger().unwrap();
}

/// The answer of an operation in trouble; `None` where the true one follows.
fn refusal(trouble: Trouble, request: &Request) -> Option<Answered> {
    let error = |status: u16, code: &str, message: &str| {
        if request.operation.starts_with("sts:") {
            // The query protocol has errors of its own.
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
                 </Error><RequestId>1</RequestId></ErrorResponse>"
            );
            return Some((status, String::new(), body.into_bytes()));
        }
        let body = json!({ "__type": code, "message": message });
        Some((status, code.to_owned(), body.to_string().into_bytes()))
    };
    match trouble {
        Trouble::Throttled | Trouble::ThrottledOnce if request.operation.starts_with("lambda:") => {
            error(429, "TooManyRequestsException", "Rate Exceeded.")
        }
        Trouble::Throttled | Trouble::ThrottledOnce => {
            error(400, "ThrottlingException", "Rate exceeded")
        }
        Trouble::Broken => error(
            500,
            "InternalServerError",
            "We encountered an internal error.",
        ),
        Trouble::Denied => {
            let message = format!("User is not authorized to perform: {}", request.operation);
            error(400, "AccessDeniedException", &message)
        }
        Trouble::EmptyPage => {
            let paged = PAGED
                .iter()
                .find(|paged| paged.operation == request.operation)
                .unwrap_or_else(|| panic!("{} has no pages", request.operation));
            if asks_for_more(request) {
                return None;
            }
            let body = json!({ paged.entries: [], paged.told: TOKEN });
            Some((200, String::new(), body.to_string().into_bytes()))
        }
        Trouble::Reset => None,
    }
}

fn asks_for_more(request: &Request) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    request.path.contains(TOKEN) || body.contains(TOKEN)
}

/// The request as it was before the empty page.
fn without_token(mut request: Request) -> Request {
    let paged = PAGED.iter().find(|one| one.operation == request.operation);
    let Some(paged) = paged.filter(|_| asks_for_more(&request)) else {
        return request;
    };
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) {
        body.remove(paged.asked);
        request.body = Value::Object(body).to_string().into_bytes();
    }
    if let Some((path, query)) = request.path.clone().split_once('?') {
        let wanted = format!("{}={TOKEN}", paged.asked);
        let left: Vec<&str> = query.split('&').filter(|one| *one != wanted).collect();
        request.path = format!("{path}?{}", left.join("&"));
    }
    request
}

fn body_of(request: &Request) -> Value {
    if let Ok(body) = serde_json::from_slice(&request.body) {
        return body;
    }
    let form = format!("form:?{}", String::from_utf8_lossy(&request.body));
    let fields = reqwest::Url::parse(&form).unwrap();
    let fields = fields.query_pairs();
    Value::Object(
        fields
            .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
            .collect(),
    )
}

fn pass(asked: &Request, server: &str) -> Reply {
    let headers: Vec<(&str, &str)> = asked
        .headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let reply = request(server, &asked.method, &asked.path, &headers, &asked.body);
    reply.unwrap_or_else(|error| panic!("{}: {error}", asked.operation))
}

/// The next request of a connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut request = Request {
        operation: String::new(),
        method,
        path,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let (mut length, mut target) = (0, String::new());
    for line in &lines[1..] {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            // The connection to the server is another one.
            "host" | "connection" => {}
            name => {
                if name == "x-amz-target" {
                    value.clone_into(&mut target);
                }
                request.headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    request.operation = operation(&target, &request);
    Some(request)
}

fn operation(target: &str, request: &Request) -> String {
    if let Some((service, name)) = target.split_once('.') {
        let service = match service {
            "AmazonEC2ContainerServiceV20141113" => "ecs",
            "AmazonEC2ContainerRegistry_V20150921" => "ecr",
            "AWSEvents" => "events",
            "AmazonSSM" => "ssm",
            "AWSStepFunctions" => "states",
            other => other,
        };
        return format!("{service}:{name}");
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let named = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["2015-03-31", "functions"]) => Some("lambda:ListFunctions"),
        ("GET", ["2015-03-31", "functions", _]) => Some("lambda:GetFunction"),
        ("GET", ["2015-03-31", "functions", _, "aliases"]) => Some("lambda:ListAliases"),
        ("GET", ["2015-03-31", "functions", _, "versions"]) => {
            Some("lambda:ListVersionsByFunction")
        }
        ("GET", ["schedules"]) => Some("scheduler:ListSchedules"),
        ("GET", ["schedules", _]) => Some("scheduler:GetSchedule"),
        ("POST", ["v1", "describejobdefinitions"]) => Some("batch:DescribeJobDefinitions"),
        ("POST", ["v1", "describejobqueues"]) => Some("batch:DescribeJobQueues"),
        ("POST", ["v1", "listjobs"]) => Some("batch:ListJobs"),
        _ => None,
    };
    if let Some(named) = named {
        return named.to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body.split('&').find_map(|one| one.strip_prefix("Action="));
    match action {
        Some(action @ ("AssumeRole" | "GetCallerIdentity")) => format!("sts:{action}"),
        Some(action) => action.to_owned(),
        None => format!("{} {path}", request.method),
    }
}
