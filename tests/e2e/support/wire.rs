//! Requests to a server on this machine as plain as they can be: HTTP/1.0, a connection each, no redirects
//! and no retries. What a test checks must not pass because a client helped.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// An answer, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The lines before the body.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

/// Sends a request to `address` (`127.0.0.1:PORT`). An answer that breaks off is an error.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    let mut head = format!("{method} {path} HTTP/1.0\r\nhost: {address}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read(&answer).ok_or_else(|| {
        let text = format!("{method} {path}: the answer is broken off");
        io::Error::new(io::ErrorKind::UnexpectedEof, text)
    })
}

fn read(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let reply = Reply {
        status,
        head,
        body: answer[end + 4..].to_vec(),
    };
    match reply.header("content-length") {
        Some(length) if length.parse() != Ok(reply.body.len()) => None,
        _ => Some(reply),
    }
}
