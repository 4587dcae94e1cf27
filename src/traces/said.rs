//! What a segment document says, as far as X-Ray looks at it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::lenient::{Block, Flag, List, Number, Text, TextOr, Texts, Values};

/// Declares what is read of an object. A field that stands twice has its last
/// value, as with most readers of JSON, where serde's own would refuse the object.
macro_rules! reads {
    (
        $(#[$meta:meta])*
        struct $name:ident $(<$life:lifetime>)? {
            $($key:literal $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub(super) struct $name $(<$life>)? {
            $(pub(super) $field: $type,)+
        }

        impl<'de $(: $life, $life)?> Deserialize<'de> for $name $(<$life>)? {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                struct Fields<T>(PhantomData<T>);

                impl<'de $(: $life, $life)?> Visitor<'de> for Fields<$name $(<$life>)?> {
                    type Value = $name $(<$life>)?;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut found = Self::Value::default();
                        while let Some(Text(key)) = map.next_key()? {
                            match key.as_deref() {
                                $(Some($key) => found.$field = map.next_value()?,)+
                                _ => drop(map.next_value::<IgnoredAny>()?),
                            }
                        }
                        Ok(found)
                    }
                }

                input.deserialize_map(Fields(PhantomData))
            }
        }
    };
}

reads! {
    /// An entity as it was sent, with those inside it.
    struct Said<'a> {
        "id" id: Text<'a>,
        "parent_id" parent_id: Text<'a>,
        "name" name: Text<'a>,
        "type" kind: Text<'a>,
        "namespace" namespace: Text<'a>,
        "origin" origin: Text<'a>,
        "user" user: Text<'a>,
        "resource_arn" resource_arn: Text<'a>,
        "start_time" start_time: Number,
        "end_time" end_time: Number,
        "in_progress" in_progress: Flag,
        "error" error: Flag,
        "fault" fault: Flag,
        "throttle" throttle: Flag,
        "inferred" inferred: Flag,
        "traced" traced: Flag,
        "http" http: Block<Http<'a>>,
        "aws" aws: Block<Aws<'a>>,
        "sql" sql: Block<Sql<'a>>,
        "cause" cause: TextOr<'a, Cause<'a>>,
        "annotations" annotations: Values<'a>,
        "links" links: List<Link<'a>>,
        "subsegments" subsegments: List<Said<'a>>,
    }
}

reads! {
    struct Http<'a> {
        "request" request: Block<Request<'a>>,
        "response" response: Block<Response>,
    }
}

reads! {
    struct Request<'a> {
        "method" method: Text<'a>,
        "url" url: Text<'a>,
        "user_agent" user_agent: Text<'a>,
        "client_ip" client_ip: Text<'a>,
        "traced" traced: Flag,
    }
}

reads! {
    struct Response {
        "status" status: Number,
    }
}

reads! {
    struct Aws<'a> {
        "account_id" account_id: Text<'a>,
        "operation" operation: Text<'a>,
        "table_name" table_name: Text<'a>,
        "bucket_name" bucket_name: Text<'a>,
        "queue_url" queue_url: Text<'a>,
        "topic_arn" topic_arn: Text<'a>,
        "function_name" function_name: Text<'a>,
        "table_names" table_names: Texts<'a>,
        "resource_names" resource_names: Texts<'a>,
        "ec2" ec2: Block<Ec2<'a>>,
        "ecs" ecs: Block<Ecs<'a>>,
    }
}

reads! {
    struct Ec2<'a> {
        "instance_id" instance_id: Text<'a>,
        "availability_zone" availability_zone: Text<'a>,
    }
}

reads! {
    struct Ecs<'a> {
        "availability_zone" availability_zone: Text<'a>,
    }
}

reads! {
    struct Sql<'a> {
        "database_type" database_type: Text<'a>,
    }
}

reads! {
    struct Link<'a> {
        "trace_id" trace_id: Text<'a>,
    }
}

reads! {
    struct Exception<'a> {
        "id" id: Text<'a>,
        "type" kind: Text<'a>,
        "message" message: Text<'a>,
        "remote" remote: Flag,
    }
}

reads! {
    /// The exceptions of a cause.
    struct Cause<'a> {
        "exceptions" exceptions: List<Exception<'a>>,
    }
}

impl<'a> Said<'a> {
    /// Reads a document; `None` where it is no JSON object, or nests deeper
    /// than 128.
    pub(super) fn read(document: &'a [u8]) -> Option<Self> {
        // Looked at once, it need not be for each text in it.
        let document = std::str::from_utf8(document).ok()?;
        let block: Block<Self> = serde_json::from_str(document).ok()?;
        block.0.map(|said| *said)
    }
}
