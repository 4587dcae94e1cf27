//! The attributes of one span, sorted in one walk into those that a rule of the
//! translation reads and the rest.

use crate::otlp::view::{AnyValue, Span};

/// Who takes an attribute, so that it is not repeated in the metadata.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Use {
    /// Nobody: read at most.
    Rest,
    /// The block `http`, where there is one.
    Http,
    /// The block `sql`, where the database is a relational one.
    Sql,
    /// The block `aws`, where the service is not in another cloud.
    Aws,
    /// The cause, where no exception tells more.
    StatusText,
    /// The translation itself, always.
    Own,
}

/// Makes the attributes' names, in an order that [`Known`] keeps.
macro_rules! slots {
    ($($slot:ident $key:literal $taken:ident,)*) => {
        /// An attribute that a rule reads.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(super) enum Slot { $($slot,)* }

        const COUNT: usize = [$(Slot::$slot,)*].len();

        /// The attribute of a name, and who takes it.
        fn slot(key: &str) -> Option<(Slot, Use)> {
            Some(match key {
                $($key => (Slot::$slot, Use::$taken),)*
                _ => return None,
            })
        }
    };
}

slots! {
    LocalService "aws.local.service" Rest,
    RemoteService "aws.remote.service" Rest,
    SpanKind "aws.span.kind" Rest,
    PeerService "peer.service" Rest,
    AwsService "aws.service" Rest,
    RpcSystem "rpc.system" Rest,
    RpcService "rpc.service" Rest,
    RpcMethod "rpc.method" Aws,
    AwsOperation "aws.operation" Aws,
    AwsAccount "aws.account_id" Aws,
    AwsRegion "aws.region" Aws,
    AwsRequest "aws.request_id" Aws,
    AwsRequest2 "aws.requestId" Aws,
    AwsQueue "aws.queue_url" Aws,
    AwsQueue2 "aws.queue.url" Aws,
    AwsTable "aws.table_name" Aws,
    AwsTable2 "aws.table.name" Aws,
    AwsRetries "aws.xray.retries" Aws,
    MessagingUrl "messaging.url" Rest,
    TableNames "aws.dynamodb.table_names" Rest,
    DbSystem "db.system" Sql,
    DbName "db.name" Sql,
    DbConnection "db.connection_string" Sql,
    DbUser "db.user" Sql,
    DbStatement "db.statement" Sql,
    HttpMethod "http.method" Http,
    HttpMethod2 "http.request.method" Http,
    HttpClientIp "http.client_ip" Http,
    ClientAddress "client.address" Http,
    HttpUserAgent "http.user_agent" Http,
    UserAgent "user_agent.original" Http,
    HttpStatus "http.status_code" Http,
    HttpStatus2 "http.response.status_code" Http,
    HttpUrl "http.url" Http,
    UrlFull "url.full" Http,
    HttpScheme "http.scheme" Http,
    UrlScheme "url.scheme" Http,
    HttpHost "http.host" Http,
    HttpTarget "http.target" Http,
    UrlPath "url.path" Http,
    UrlQuery "url.query" Http,
    HttpServerName "http.server_name" Http,
    HostName "host.name" Http,
    NetHostName "net.host.name" Http,
    NetHostPort "net.host.port" Http,
    NetPeerName "net.peer.name" Http,
    NetPeerPort "net.peer.port" Http,
    NetPeerIp "net.peer.ip" Http,
    NetworkPeerAddress "network.peer.address" Http,
    NetworkPeerPort "network.peer.port" Http,
    ServerAddress "server.address" Http,
    ServerPort "server.port" Http,
    ForwardedFor "aws.xray.x_forwarded_for" Http,
    StatusText "http.status_text" StatusText,
    MessageType "message.type" Rest,
    PayloadSize "messaging.message_payload_size_bytes" Rest,
    BodySize "messaging.message.body.size" Rest,
    User "enduser.id" Own,
    Indexed "aws.xray.annotations" Own,
    InProgress "aws.xray.inprogress" Own,
    Traced "aws.xray.traced" Own,
}

/// The attributes of a span.
pub(super) struct Known<'a> {
    values: [AnyValue<'a>; COUNT],
    pub(super) all: Vec<One<'a>>,
    /// Whether there is anything to look for among the span's events.
    pub(super) has_events: bool,
    /// What each place's attribute was last: spans of one library have the same
    /// attributes in the same order.
    last: Vec<(&'a str, Option<(Slot, Use)>)>,
}

/// One attribute.
#[derive(Clone, Copy)]
pub(super) struct One<'a> {
    pub(super) key: &'a str,
    pub(super) value: AnyValue<'a>,
    pub(super) taken: Use,
    /// It stands among the annotations of the document that is being written.
    pub(super) is_annotation: bool,
}

impl<'a> Known<'a> {
    pub(super) fn new() -> Self {
        Self {
            values: [AnyValue::Empty; COUNT],
            all: Vec::new(),
            has_events: false,
            last: Vec::new(),
        }
    }

    /// Reads the attributes of a span in place of those of the last one.
    pub(super) fn read(&mut self, span: &Span<'a>) {
        self.values = [AnyValue::Empty; COUNT];
        self.all.clear();
        self.has_events = span.events().next().is_some();
        for (place, (key, value)) in span.attributes().iter().enumerate() {
            let slot = self.slot(place, key);
            let taken = match slot.filter(|(slot, _)| slot.takes(value)) {
                Some((slot, taken)) => {
                    self.values[slot as usize] = value;
                    taken
                }
                None => Use::Rest,
            };
            self.all.push(One {
                key,
                value,
                taken,
                is_annotation: false,
            });
        }
    }

    /// The attribute of a name, which stands at `place`.
    fn slot(&mut self, place: usize, key: &'a str) -> Option<(Slot, Use)> {
        match self.last.get_mut(place) {
            Some((last, slot)) if *last == key => *slot,
            Some(other) => {
                *other = (key, slot(key));
                other.1
            }
            None => {
                let slot = slot(key);
                self.last.push((key, slot));
                slot
            }
        }
    }

    pub(super) fn value(&self, slot: Slot) -> Option<AnyValue<'a>> {
        let value = self.values[slot as usize];
        (value != AnyValue::Empty).then_some(value)
    }

    pub(super) fn text(&self, slot: Slot) -> Option<&'a str> {
        self.values[slot as usize].as_text()
    }

    /// The text of the first of some attributes that the span has.
    pub(super) fn first(&self, slots: &[Slot]) -> Option<&'a str> {
        slots.iter().find_map(|slot| self.text(*slot))
    }

    pub(super) fn is_true(&self, slot: Slot) -> bool {
        self.values[slot as usize] == AnyValue::Bool(true)
    }

    /// Tells whether the span is one of an AWS SDK.
    pub(super) fn is_aws_call(&self) -> bool {
        self.text(Slot::RpcSystem) == Some("aws-api")
    }
}

impl Slot {
    /// Tells whether a value has a form that the rule can read. One that has not
    /// is an attribute like any other.
    fn takes(self, value: AnyValue<'_>) -> bool {
        match self {
            Self::HttpStatus
            | Self::HttpStatus2
            | Self::AwsRetries
            | Self::PayloadSize
            | Self::BodySize => super::value::integer(value).is_some(),
            Self::NetHostPort | Self::NetPeerPort | Self::NetworkPeerPort | Self::ServerPort => {
                matches!(value, AnyValue::Int(_) | AnyValue::Text(_))
            }
            Self::ForwardedFor | Self::InProgress | Self::Traced => {
                matches!(value, AnyValue::Bool(_))
            }
            Self::Indexed => matches!(value, AnyValue::Array(_)),
            Self::TableNames => matches!(value, AnyValue::Array(_) | AnyValue::Text(_)),
            _ => matches!(value, AnyValue::Text(_)),
        }
    }
}
