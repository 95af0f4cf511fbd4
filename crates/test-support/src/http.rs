//! HTTP requests for tests: each on its own connection, written and read by hand, so that a test sees what is really
//! sent.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Http {
    authority: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    from: Option<IpAddr>,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with any transfer coding removed.
    pub body: Vec<u8>,
}

impl Http {
    /// Creates a request to `url` (`http://HOST:PORT`).
    #[must_use]
    pub fn new(url: &str, method: &str, path: &str) -> Self {
        let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self {
            authority,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            from: None,
        }
    }

    /// Sends it from this address of the machine, such as 127.0.0.2.
    #[must_use]
    pub fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    /// Adds this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds this token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Adds a body of this type.
    #[must_use]
    pub fn body(mut self, content_type: &str, bytes: Vec<u8>) -> Self {
        self.body = bytes;
        self.header("content-type", content_type)
    }

    /// Adds a form with one file in the field `file`.
    #[must_use]
    pub fn file(self, name: &str, content_type: &str, bytes: &[u8]) -> Self {
        self.field("file", name, content_type, bytes)
    }

    /// Adds a form with one file in this field.
    #[must_use]
    pub fn field(self, field: &str, name: &str, content_type: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--border\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             content-type: {content_type}\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--border--\r\n"].concat();
        self.body("multipart/form-data; boundary=border", body)
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// The connection fails, or the answer is not HTTP.
    pub async fn send(self) -> Result<Answer> {
        let mut stream = self.begin().await?;
        // A server that refuses early may not read the rest.
        let _ = stream.write_all(&self.body).await;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).await;
        ensure!(read.is_ok() || !bytes.is_empty(), "the connection was cut: {read:?}");
        Answer::parse(&bytes)
    }

    /// Sends only the first `bytes` of the body. Dropping the connection breaks off the request.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn send_part(self, bytes: usize) -> Result<TcpStream> {
        let mut stream = self.begin().await?;
        stream.write_all(&self.body[..bytes]).await?;
        Ok(stream)
    }

    /// Connects and sends the headers.
    async fn begin(&self) -> Result<TcpStream> {
        let mut stream = match self.from {
            None => TcpStream::connect(&self.authority).await.context("connecting")?,
            Some(address) => {
                let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
                socket.bind((address, 0).into()).context("binding")?;
                socket.connect(self.authority.parse().context("an address and a port")?).await.context("connecting")?
            }
        };
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, self.authority);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()));
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("no end of the headers")?;
        let head = std::str::from_utf8(&bytes[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self { status, headers, body: bytes[end + 4..].to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body)?;
        }
        Ok(answer)
    }

    /// Returns the first header with this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{}", String::from_utf8_lossy(&self.body)))
    }

    /// Returns the cookie with this name from a `Set-Cookie` header.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.iter().filter(|(header, _)| header == "set-cookie");
        let mut values = cookies.filter_map(|(_, cookie)| cookie.strip_prefix(name)?.strip_prefix('='));
        values.find_map(|cookie| cookie.split(';').next().filter(|value| !value.is_empty()))
    }

    /// Returns the session from a `Set-Cookie` header.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.cookie("boardwire_session").or_else(|| self.cookie("__Host-boardwire_session"))
    }
}

fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk without a size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        let chunk = rest.get(end + 2..end + 2 + size).context("a chunk that is too short")?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).context("a chunk without an end")?;
    }
}
