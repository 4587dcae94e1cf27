//! The block `aws` of a call, and the block `sql`.

use super::super::json::{block, element, field, integer, list, text};
use super::span::{Known, Slot};
use super::value;
use crate::otlp::view::{AnyValue, Span};

/// Databases that X-Ray has a block for.
const RELATIONAL: [&str; 11] = [
    "db2",
    "derby",
    "hive",
    "mariadb",
    "mssql",
    "mysql",
    "oracle",
    "postgresql",
    "sqlite",
    "teradata",
    "other_sql",
];

/// Writes what a span says of the call that it is.
pub(super) fn call(out: &mut Vec<u8>, known: &Known<'_>) {
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            field(out, key);
            text(out, value);
        }
    };
    put(
        "operation",
        known.first(&[Slot::AwsOperation, Slot::RpcMethod]),
    );
    put("region", known.text(Slot::AwsRegion));
    put(
        "request_id",
        known.first(&[Slot::AwsRequest, Slot::AwsRequest2]),
    );
    put(
        "queue_url",
        known.first(&[Slot::MessagingUrl, Slot::AwsQueue, Slot::AwsQueue2]),
    );
    tables(out, known);
    if let Some(retries) = known.value(Slot::AwsRetries).and_then(value::integer) {
        field(out, "retries");
        integer(out, retries);
    }
}

/// One table by its name, several as a list.
fn tables(out: &mut Vec<u8>, known: &Known<'_>) {
    let mut name = known.first(&[Slot::AwsTable, Slot::AwsTable2]);
    match known.value(Slot::TableNames) {
        Some(AnyValue::Text(table)) => name = Some(table),
        Some(AnyValue::Array(tables)) => {
            let mut tables = tables.iter().filter_map(AnyValue::as_text);
            match (tables.next(), tables.next()) {
                (Some(first), Some(second)) => {
                    field(out, "table_names");
                    return list(out, |out| {
                        for table in [first, second].into_iter().chain(tables) {
                            element(out);
                            text(out, table);
                        }
                    });
                }
                (Some(only), None) => name = Some(only),
                _ => {}
            }
        }
        _ => {}
    }
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        field(out, "table_name");
        text(out, name);
    }
}

/// Tells whether a span is of a call that the block `sql` is for.
pub(super) fn is_sql(known: &Known<'_>) -> bool {
    known
        .text(Slot::DbSystem)
        .is_some_and(|system| RELATIONAL.contains(&system))
}

/// Writes the block of a query.
pub(super) fn sql(out: &mut Vec<u8>, span: &Span<'_>, known: &Known<'_>) {
    let connection = known.text(Slot::DbConnection).unwrap_or("localhost");
    let connection = match known.text(Slot::DbName) {
        Some(name) => format!("{connection}/{name}"),
        None => format!("{connection}/"),
    };
    block(out, "sql", |out| {
        let mut put = |key: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                field(out, key);
                text(out, value);
            }
        };
        put("url", Some(span.name));
        put("connection_string", Some(&connection));
        put("database_type", known.text(Slot::DbSystem));
        put("user", known.text(Slot::DbUser));
        put("sanitized_query", known.text(Slot::DbStatement));
    });
}
