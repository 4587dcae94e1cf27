//! The HTTP client of exporters.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::OnceCell;

/// Bytes of an answer at most: some hundred rejected segments.
const MOST_ANSWER: usize = 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection is kept that nobody uses: less than the 60 s after
/// which load balancers of AWS close theirs.
const IDLE: Duration = Duration::from_secs(50);
/// Characters of a destination's own words that are told.
const MOST_WORDS: usize = 300;

/// Which version of HTTP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// Connections to one destination, kept open. Made at the first request:
/// certificates are read only where they are needed, and not while the
/// collector starts.
pub(super) struct Client {
    version: Version,
    in_flight: usize,
    timeout: Duration,
    plain: OnceCell<Pool<HttpConnector, Full<Bytes>>>,
    tls: OnceCell<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
}

impl Client {
    pub(super) fn new(version: Version, in_flight: usize, timeout: Duration) -> Self {
        Self {
            version,
            in_flight,
            timeout,
            plain: OnceCell::new(),
            tls: OnceCell::new(),
        }
    }

    /// Posts `body` and reads the answer.
    ///
    /// # Errors
    /// What went wrong, where there is no answer.
    pub(super) async fn post(
        &self,
        uri: Uri,
        headers: HeaderMap,
        body: &Bytes,
    ) -> Result<Answer, String> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let answer = tokio::time::timeout(self.timeout, self.answer(request)).await;
        answer.map_err(|_| format!("no answer within {} s", self.timeout.as_secs_f32()))?
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let response = if request.uri().scheme_str() == Some("https") {
            let pool = self.tls.get_or_try_init(async || self.tls()).await;
            let pool = pool.map_err(|error| format!("cannot read certificates: {error}"))?;
            pool.request(request).await
        } else {
            let plain = self.plain.get_or_init(async || self.pool(connector()));
            plain.await.request(request).await
        };
        let response = response.map_err(|error| with_causes(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MOST_ANSWER).collect().await;
        let body = body.map_err(|error| format!("the answer cannot be read: {error}"))?;
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            trailers: body.trailers().cloned().unwrap_or_default(),
            body: body.to_bytes(),
        })
    }

    fn tls(&self) -> io::Result<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>> {
        let mut tcp = connector();
        tcp.enforce_http(false);
        let builder = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_only();
        Ok(match self.version {
            Version::Http1 => self.pool(builder.enable_http1().wrap_connector(tcp)),
            Version::Http2 => self.pool(builder.enable_http2().wrap_connector(tcp)),
        })
    }

    fn pool<C>(&self, connector: C) -> Pool<C, Full<Bytes>>
    where
        C: hyper_util::client::legacy::connect::Connect + Clone,
    {
        Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(self.in_flight)
            // Head and body leave in one packet.
            .http1_writev(true)
            .http2_only(self.version == Version::Http2)
            .http2_adaptive_window(true)
            .build(connector)
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_keepalive(Some(IDLE));
    connector
}

/// An error in words, with what caused it.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    let words: Vec<_> = causes.map(ToString::to_string).collect();
    words.join(": ")
}

/// How long an answer asks to wait: in seconds, or until a time.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(epoch(text)?.saturating_sub(now))
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7):
/// the time since 1970.
fn epoch(text: &str) -> Option<Duration> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let is_meant = (1970..10_000).contains(&year)
        && (1..=31).contains(&day)
        && hours < 24
        && minutes < 60
        && seconds <= 60
        && words.eq(["GMT"]);
    if !is_meant {
        return None;
    }
    // Years begin in March, so that a leap day is the last of its year.
    let month = u64::try_from(month).ok()?;
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    // From 0000-03-01 to 1970-01-01 it is 719,468 days.
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468;
    Some(Duration::from_secs(
        days * 86_400 + hours * 3600 + minutes * 60 + seconds,
    ))
}

/// The words of an answer, fit to be logged: short and without control
/// characters.
pub(super) fn words(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * MOST_WORDS)]);
    let visible = text.chars().filter(|character| !character.is_control());
    visible.take(MOST_WORDS).collect()
}

/// An endpoint with `path` at its end.
///
/// # Errors
/// Where it is no URL of HTTP, with a hint.
pub(super) fn endpoint(text: &str, path: &str) -> Result<Uri, String> {
    let base = text.trim_end_matches('/');
    let whole = if base.ends_with(path) {
        base.to_owned()
    } else {
        format!("{base}{path}")
    };
    let uri = whole.parse::<Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    uri.ok_or_else(|| format!("`{text}` is no endpoint: write `http://host:port`, or `https://…`"))
}

/// The headers of a configuration.
///
/// # Errors
/// Which of them is none.
pub(super) fn headers(configured: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        let known: HeaderName = name
            .parse()
            .map_err(|_| format!("`{name}` is no name of a header"))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            format!("the value of header `{name}` has characters that none can have")
        })?;
        // Keys of APIs are not logged.
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_get_their_path_once() {
        let of = |text| endpoint(text, "/v1/traces").map(|uri| uri.to_string());
        let whole = Ok("http://h:4318/v1/traces".to_owned());
        assert_eq!(of("http://h:4318"), whole);
        assert_eq!(of("http://h:4318/"), whole);
        assert_eq!(of("http://h:4318/v1/traces"), whole);
        assert_eq!(of("https://h/otlp").unwrap(), "https://h/otlp/v1/traces");
        for bad in ["h:4318", "", "ftp://h", "http://", "http://h?a=b", "/v1"] {
            assert!(of(bad).unwrap_err().contains("http://host:port"), "{bad}");
        }
    }

    #[test]
    fn a_wait_is_read_in_seconds() {
        let of = |text| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers)
        };
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("-1"), None);
        assert_eq!(of("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(of("Fri, 31 Dec 9999 23:59:59 GMT") > Some(Duration::from_hours(1)));
    }

    #[test]
    fn dates_are_read() {
        let of = |text| epoch(text).map(|time| time.as_secs());
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(of("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(of("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        for bad in [
            "",
            ", ",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 18446744073709551615 08:49:37 GMT",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_date_is_read(text in ".*", number in proptest::prelude::any::<u64>()) {
            epoch(&text);
            epoch(&format!("Sun, {number} Nov {number} 08:49:37 GMT"));
        }
    }

    #[test]
    fn words_are_short_and_visible() {
        assert_eq!(words(b"no\x1b[31m\nroom"), "no[31mroom");
        assert_eq!(words(&vec![b'x'; 100_000]).len(), MOST_WORDS);
        assert_eq!(words(&[0xff, b'a']), "\u{fffd}a");
    }

    #[tokio::test]
    async fn certificates_are_read_only_for_https() {
        let client = Client::new(Version::Http2, 1, Duration::from_secs(5));
        let body = Bytes::new();
        let post = |uri| client.post(Uri::from_static(uri), HeaderMap::new(), &body);
        post("http://127.0.0.1:1/").await.unwrap_err();
        assert!(client.tls.get().is_none());
        post("https://127.0.0.1:1/").await.unwrap_err();
    }
}
