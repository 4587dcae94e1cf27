//! Just enough HTTP/1.1 to call the embedded AWS and to stand in front of it:
//! one message a connection, bodies with a length.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request or a response.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// `POST /Groups HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub(crate) start: String,
    /// Names in lower case; neither length nor connection.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads one message; `None` where the other side sends none.
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let mut start = String::new();
        if reader.read_line(&mut start)? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let (name, value) = (name.to_lowercase(), value.trim().to_owned());
            match name.as_str() {
                "content-length" => length = value.parse().map_err(io::Error::other)?,
                "connection" => {}
                "transfer-encoding" => return Err(io::Error::other("a body without a length")),
                _ => headers.push((name, value)),
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self {
            start: start.trim_end().to_owned(),
            headers,
            body,
        }))
    }

    /// Writes the message as the last of its connection.
    pub(crate) fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        // Writing to a String cannot fail.
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let length = self.body.len();
        let _ = write!(
            text,
            "content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        stream.write_all(&bytes)
    }

    /// Sends this request to `address` and returns the response.
    pub(crate) fn exchange(&self, address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        self.write(&stream)?;
        Self::read(&stream)?.ok_or_else(|| io::Error::other("no answer"))
    }

    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map(|(_, value)| value.as_str())
    }

    /// The second word of the first line: a request's path, a response's
    /// status.
    pub(crate) fn second_word(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }
}
