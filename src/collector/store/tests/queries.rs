//! Traces are found by what is known of them.

use super::*;

/// Trace n begins at second n and takes n + 1 seconds; odd ones pass through
/// `b` too, in a later block, and every tenth fails there.
async fn filled(folder: &Path) -> Reader {
    let store = start(folder);
    let spans = |number: u64| vec![span(number.into(), 0, (number, number * 2 + 1))];
    for number in 0..50 {
        keep(&store, parcel_of(&[request("a", spans(number))], &[])).await;
    }
    let second = |number: u64| {
        let one = span(number.into(), 1, (number, number));
        if number % 10 == 5 { failed(one) } else { one }
    };
    let spans = (0..50).filter(|number| number % 2 == 1).map(second);
    keep(&store, parcel_of(&[request("b", spans.collect())], &[])).await;
    store.reader().unwrap()
}

fn numbers(reader: &Reader, query: &Query) -> Vec<u64> {
    let found = reader.traces(query).unwrap();
    let numbers = found.iter().map(|it| (it.start - BEGIN) / SECOND);
    numbers.collect()
}

#[tokio::test]
async fn traces_are_found_by_everything() {
    let folder = tempfile::tempdir().unwrap();
    let reader = filled(folder.path()).await;
    let query = Query::default;
    let at = |second: u64| Some(BEGIN + second * SECOND);
    let cases = [
        (query(), (30..50).rev().collect()),
        (
            Query {
                from: at(10),
                to: at(12),
                ..query()
            },
            vec![12, 11, 10],
        ),
        (
            Query {
                service: Some("b".to_owned()),
                limit: 3,
                ..query()
            },
            vec![49, 47, 45],
        ),
        (
            Query {
                service: Some("b".to_owned()),
                to: at(6),
                ..query()
            },
            vec![5, 3, 1],
        ),
        (
            Query {
                service: Some("a".to_owned()),
                operation: Some("operation-1".to_owned()),
                ..query()
            },
            vec![],
        ),
        (
            Query {
                operation: Some("operation-1".to_owned()),
                limit: 1,
                ..query()
            },
            vec![49],
        ),
        (
            Query {
                errors_only: true,
                ..query()
            },
            vec![45, 35, 25, 15, 5],
        ),
        (
            Query {
                errors_only: true,
                service: Some("a".to_owned()),
                max_duration: Some(26 * SECOND),
                ..query()
            },
            vec![25, 15, 5],
        ),
        (
            Query {
                min_duration: Some(49 * SECOND),
                ..query()
            },
            vec![49, 48],
        ),
        (
            Query {
                limit: 0,
                ..query()
            },
            vec![],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(numbers(&reader, &query), expected, "{query:?}");
    }
}

#[tokio::test]
async fn pages_follow_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let reader = filled(folder.path()).await;
    let mut query = Query {
        limit: 7,
        ..Query::default()
    };
    let mut all = Vec::new();
    loop {
        let page = reader.traces(&query).unwrap();
        let Some(last) = page.last() else {
            break;
        };
        query.after = Some((last.start, last.trace_id));
        all.extend(page.iter().map(|it| (it.start - BEGIN) / SECOND));
    }
    assert_eq!(all, (0..50).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_summary_is_of_the_whole_trace() {
    let folder = tempfile::tempdir().unwrap();
    let reader = filled(folder.path()).await;
    let query = Query {
        errors_only: true,
        limit: 1,
        ..Query::default()
    };
    let found = reader.traces(&query).unwrap();
    assert_eq!(
        found,
        [Summary {
            trace_id: id(45),
            start: BEGIN + 45 * SECOND,
            end: BEGIN + 91 * SECOND,
            spans: 2,
            in_progress: 0,
            flags: Flags {
                error: true,
                fault: true,
                throttle: false,
            },
            root: Some(("a".to_owned(), "operation-0".to_owned())),
            services: vec!["a".to_owned(), "b".to_owned()],
        }]
    );
    assert_eq!(found[0].duration(), 46 * SECOND);
}

#[tokio::test]
async fn what_came_last_is_shown_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path());
    let reader = store.reader().unwrap();
    let seen = |most| {
        let mut seen = Vec::new();
        let is_cut = reader.newest(most, |stored| {
            seen.push(match stored {
                Stored::Request(request) => ExportTraceServiceRequest::decode(request)
                    .unwrap()
                    .resource_spans[0]
                    .scope_spans[0]
                    .spans[0]
                    .name
                    .clone(),
                Stored::Document(document) => String::from_utf8(document.into()).unwrap(),
            });
        });
        (seen, is_cut.unwrap())
    };
    assert_eq!(seen(1000), (Vec::new(), false));
    let of = |number| request("a", vec![span(1, number, (0, 1))]);
    keep(&store, parcel_of(&[of(0), of(1)], &[])).await;
    keep(&store, parcel_of(&[of(2)], &["{}".to_owned()])).await;
    let last = || vec!["{}".to_owned(), "operation-2".to_owned()];
    let first = ["operation-1", "operation-0"].map(str::to_owned).to_vec();
    assert_eq!(seen(1 << 20), ([last(), first].concat(), false));
    // The last block is shown, however large it is.
    assert_eq!(seen(1), (last(), true));
}
