//! X-Ray segments over UDP: 780 bytes with one SQL subsegment a datagram.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::UdpSocket;

use super::Load;

/// The size of a document.
const SIZE: usize = 780;

fn document(number: u64) -> Vec<u8> {
    let start = 1_790_000_000.125;
    let mut document = json!({
        "trace_id": format!("1-6ab13b80-{number:024x}"),
        "id": format!("{:016x}", number + 1),
        "name": "orders",
        "start_time": start,
        "end_time": start + 0.043_217,
        "origin": "AWS::ECS::Container",
        "http": {
            "request": { "method": "GET", "url": "http://orders.internal/api/orders/17", "client_ip": "10.0.0.17", "user_agent": "curl/8.5.0" },
            "response": { "status": 200, "content_length": 4711 },
        },
        "aws": { "xray": { "sdk": "X-Ray for Python", "sdk_version": "2.14.0" } },
        "annotations": { "tenant": "acme", "size": 17 },
        "subsegments": [{
            "id": format!("{:016x}", number + 0x0100_0000_0000),
            "name": "orders@db.internal",
            "start_time": start + 0.001,
            "end_time": start + 0.040,
            "namespace": "remote",
            "sql": { "sanitized_query": "SELECT * FROM orders WHERE id = ?", "database_type": "PostgreSQL" },
        }],
        "metadata": { "default": { "pad": "" } },
    });
    let missing = SIZE.saturating_sub(document.to_string().len());
    document["metadata"]["default"]["pad"] = "x".repeat(missing).into();
    document.to_string().into_bytes()
}

/// Sends all of it. Nothing is answered, so nothing is refused.
pub(crate) async fn send(load: &Load) -> u64 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(load.address).await.unwrap();
    let header = b"{\"format\": \"json\", \"version\": 1}\n";
    let mut datagram = [header.as_slice(), &document(0)].concat();
    let find = |what: &[u8]| {
        let places = datagram.windows(what.len()).enumerate();
        let mut places = places.filter(|(_, window)| *window == what);
        places.next().unwrap().0 + what.len()
    };
    let trace = find(b"1-6ab13b80-");
    let id = find(b"\"id\":\"");
    let started = Instant::now();
    for number in 0..load.spans {
        // As the header and the rest stay, only the ids are written anew.
        datagram[trace..trace + 24].copy_from_slice(format!("{number:024x}").as_bytes());
        datagram[id..id + 16].copy_from_slice(format!("{:016x}", number + 1).as_bytes());
        if let Some(due) = (number * 1_000_000).checked_div(load.rate) {
            let due = started + Duration::from_micros(due);
            if due > Instant::now() + Duration::from_millis(1) {
                tokio::time::sleep_until(due.into()).await;
            }
        }
        socket.send(&datagram).await.unwrap();
    }
    0
}
