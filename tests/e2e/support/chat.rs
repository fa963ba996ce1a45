//! An HTTP server on loopback that plays Slack and ChatWork: it remembers what it was sent, and
//! answers or breaks off as a test scripted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, headers (`retry-after: 1`) and body.
    Answer(u16, Vec<&'static str>, String),
    /// No answer, and the connection stays open.
    Hang,
    /// The connection ends without an answer.
    Reset,
    /// A success whose body breaks off.
    Torn,
}

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self::Answer(status, Vec::new(), body.to_owned())
    }

    pub(crate) fn ok() -> Self {
        Self::status(200, "ok")
    }
}

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// `POST /services/T/B/X`.
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Post {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    replies: Vec<Reply>,
    posts: Vec<Post>,
}

/// The server. It ends with the test's process.
pub(crate) struct Chat {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Chat {
    /// Replies one after the other, the last one again and again.
    pub(crate) fn start(replies: impl Into<Vec<Reply>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            replies: replies.into(),
            posts: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { url, state }
    }

    /// Every request so far.
    pub(crate) fn posts(&self) -> Vec<Post> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.posts.clone()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(post) = read(&mut reader) {
        let reply = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = state.posts.len();
            state.posts.push(post);
            let reply = state.replies.get(turn).or(state.replies.last());
            reply.cloned().unwrap_or_else(Reply::ok)
        };
        let mut writer = stream;
        let (text, goes_on) = match reply {
            Reply::Answer(status, headers, body) => {
                let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Status\r\n{headers}content-length: {length}");
                (format!("{head}\r\n\r\n{body}"), true)
            }
            Reply::Torn => {
                let text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"mess";
                (text.to_owned(), false)
            }
            Reply::Reset => (String::new(), false),
            Reply::Hang => loop {
                std::thread::park();
            },
        };
        if writer.write_all(text.as_bytes()).is_err() || !goes_on {
            return;
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Post> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let line = lines.next()?;
    let headers: Vec<String> = lines
        .map(|line| match line.split_once(':') {
            Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
            None => line,
        })
        .collect();
    let length = headers
        .iter()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Post {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
