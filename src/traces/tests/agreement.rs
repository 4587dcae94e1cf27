//! Filters and a naive evaluation of them agree on random traces.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::naive::Naive;
use super::{ACCOUNT, ID, texts, trace};
use crate::filter::tests::generate::{Words, expression};
use crate::filter::{AnnotationKey, Expression, Number, RootCausePattern, parse};
use crate::traces::{Filter, GroupFilter, Nodes};

const TEXTS: &[&str] = &[
    "a",
    "b",
    "ab",
    "ba",
    "DynamoDB",
    "table",
    "remote",
    "client",
    "AWS::DynamoDB",
    "AWS::a",
    "AWS::DynamoDB::Table",
    "Database::SQL",
    ACCOUNT,
    "999999999999",
    "",
];
const GROUPS: [(&str, &str); 5] = [
    ("a", "fault OR responsetime > 1"),
    ("b", r#"group.name = "a" AND service("a")"#),
    ("ab", r#"!(group.arn = "b") OR group.name = "ba""#),
    ("ba", r#"ok OR group.name = "ba""#),
    ("table", r#"edge("a", "b") OR group.name != "client""#),
];

fn words() -> Words {
    let text = select(TEXTS).prop_map(str::to_owned);
    let numbers = &[
        0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 200.0, 404.0, 429.0, 500.0,
    ][..];
    Words {
        text: text.boxed(),
        number: select(numbers)
            .prop_filter_map("finite", Number::new)
            .boxed(),
        key: select(&["k", "a.b"][..])
            .prop_filter_map("valid", AnnotationKey::new)
            .boxed(),
        pattern: pattern().boxed(),
    }
}

fn some_text() -> impl Strategy<Value = Json> {
    select(TEXTS).prop_map(Json::from)
}

/// Shapes of root causes, mostly such as may be there.
fn pattern() -> impl Strategy<Value = RootCausePattern> {
    let field = prop_oneof![
        ("Name", some_text()),
        ("Type", some_text()),
        ("Type", Just(Json::Null)),
        ("Remote", any::<bool>().prop_map(Json::from)),
        ("Inferred", any::<bool>().prop_map(Json::from)),
        (
            "Coverage",
            select(&[0.5, 0.75, 1.0][..]).prop_map(Json::from)
        ),
        (
            "Exceptions",
            vec(some_text().prop_map(|it| json!({"Name": it})), 0..3).prop_map(Json::from)
        ),
    ];
    let object =
        vec(field, 0..2).prop_map(|fields| Json::Object(fields.into_iter().collect::<Map<_, _>>()));
    let service = (object.clone(), option::of(vec(object, 0..3))).prop_map(|(mut it, path)| {
        if let Some(path) = path {
            it["EntityPath"] = path.into();
        }
        it
    });
    let cause =
        (option::of(any::<bool>()), vec(service, 0..3)).prop_map(|(impacting, services)| {
            let mut it = json!({"Services": services});
            if let Some(impacting) = impacting {
                it["ClientImpacting"] = impacting.into();
            }
            it
        });
    vec(cause, 0..3).prop_map(RootCausePattern)
}

/// What an entity says besides its place.
fn fields() -> impl Strategy<Value = Json> {
    let flags = (
        any::<[bool; 3]>(),
        option::of(select(&[200, 404, 429, 500][..])),
    );
    let texts = (
        some_text(),
        option::of(some_text()),
        option::of(some_text()),
        option::of(some_text()),
    );
    let value = prop_oneof![
        some_text(),
        select(&[0.0, 1.0, 1.5][..]).prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
    ];
    let annotations = option::of((select(&["k", "a.b"][..]), value));
    let cause = option::of(prop_oneof![
        (0..4_u8).prop_map(|id| json!(format!("{id}"))),
        vec((0..4_u8, some_text(), option::of(some_text())), 1..3).prop_map(|all| {
            let all = all.into_iter();
            let all = all.map(|(id, kind, message)| json!({"id": format!("{id}"), "type": kind, "message": message}));
            json!({"exceptions": all.collect::<Vec<_>>()})
        }),
    ]);
    let times = (0..4_u8, option::weighted(0.9, 0..8_u8));
    let aws = option::of((some_text(), some_text(), any::<bool>()));
    (flags, texts, annotations, cause, times, aws).prop_map(
        |((flags, status), (name, user, origin, url), annotation, cause, times, aws)| {
            let start = 10.0 + f64::from(times.0) / 2.0;
            let mut it = json!({"name": name, "start_time": start, "trace_id": ID});
            match times.1 {
                Some(more) => it["end_time"] = (start + f64::from(more) / 2.0).into(),
                None => it["in_progress"] = true.into(),
            }
            for (flag, name) in flags.into_iter().zip(["fault", "error", "throttle"]) {
                if flag {
                    it[name] = true.into();
                }
            }
            let request =
                json!({"url": url, "method": user, "user_agent": origin, "client_ip": url});
            it["http"] = json!({"request": request, "response": {"status": status}});
            it["user"] = user.into();
            it["resource_arn"] = url.into();
            it["origin"] = origin.into();
            if let Some((key, value)) = annotation {
                it["annotations"] = json!({ key: value });
            }
            if let Some(cause) = cause {
                it["cause"] = cause;
            }
            if let Some((account, zone, is_called)) = aws {
                it["aws"] = json!({"account_id": account, "table_name": "table",
                    "ec2": {"availability_zone": zone, "instance_id": zone}});
                if is_called {
                    it["aws"]["operation"] = "Query".into();
                }
            }
            it
        },
    )
}

/// Documents of one trace: each entity below an earlier one, below none, or below
/// one that is not there.
fn documents() -> impl Strategy<Value = Vec<Json>> {
    let place = (any::<prop::sample::Index>(), 0..12_u8, 0..3_u8, 0..6_u8);
    vec((fields(), place), 1..8).prop_map(|entities| {
        let mut documents: Vec<(Json, Option<usize>)> = Vec::new();
        for (index, (mut it, (parent, relation, kind, far))) in entities.into_iter().enumerate() {
            it["id"] = format!("{index:016x}").into();
            let parent = (index > 0 && relation > 1).then(|| parent.index(index.max(1)));
            if let Some(parent) = parent {
                it["parent_id"] = format!("{parent:016x}").into();
            } else if relation == 1 || kind > 0 {
                it["parent_id"] = "00000000000000ff".into();
            }
            if kind > 0 {
                it["type"] = "subsegment".into();
                match far {
                    0 | 1 => it["namespace"] = "aws".into(),
                    2 | 3 => it["namespace"] = "remote".into(),
                    _ => {}
                }
                if far == 3 {
                    it["sql"] = json!({});
                }
                if far == 1 {
                    it["traced"] = true.into();
                }
            }
            documents.push((it, parent.filter(|_| kind == 1)));
        }
        // From the last on: each has those that stand inside it by then.
        let mut alone = Vec::new();
        while let Some((it, inside)) = documents.pop() {
            match inside.and_then(|inside| documents.get_mut(inside)) {
                Some((above, _)) => {
                    let below = above
                        .as_object_mut()
                        .unwrap()
                        .entry("subsegments")
                        .or_insert(json!([]));
                    below.as_array_mut().unwrap().push(it);
                }
                None => alone.push(it),
            }
        }
        alone
    })
}

fn group(named: &str) -> Option<Expression> {
    let found = GROUPS.iter().find(|(name, _)| *name == named);
    found.map(|(_, text)| parse(text).unwrap())
}

fn assert_agree(expression: &Expression, documents: &[Json]) -> Result<bool, TestCaseError> {
    let texts = texts(documents);
    let trace = trace(&texts);
    let nodes = Nodes::of(&trace, ACCOUNT);
    let filter = Filter::new(expression.clone(), ACCOUNT, &|_, named| {
        group(named).map(GroupFilter::Expression)
    });
    // A group that leads back to itself is none.
    let known = |named: &str| group(named).filter(|_| named != "ba");
    let expected = Naive::of(documents).holds(expression, &known);
    prop_assert_eq!(filter.matches(&trace, &nodes), expected, "{}", expression);
    if !filter.asks_for_nodes() {
        prop_assert_eq!(
            filter.matches(&trace, &Nodes::default()),
            expected,
            "{}",
            expression
        );
    }
    Ok(expected)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn filters_agree_with_a_naive_evaluation(
        expression in expression(&words()),
        documents in documents(),
    ) {
        assert_agree(&expression, &documents)?;
    }
}

proptest! {
    /// The same for what random trees seldom have.
    #[test]
    fn every_leaf_agrees(documents in documents(), number in 0..5_u8, text in select(TEXTS)) {
        let number = f64::from(number) / 2.0;
        for expression in [
            format!("service({text:?}) {{ duration > {number} }}"),
            format!("service() {{ root AND responsetime <= {number} AND !inferred }}"),
            format!("service() {{ partial AND user = {text:?} }}"),
            format!("edge({text:?}, \"a\")"),
            format!("edge {{ error AND type = {text:?} }}"),
            format!("edge {{ duration >= {number} AND source.annotation.k }}"),
            format!("edge {{ destination.annotation.k = {text:?} }}"),
            format!("service(id(type: {text:?}))"),
            format!("service(id(account.id: {text:?})) {{ message }}"),
            format!("rootcause.fault.service {{ name = {text:?} AND last }}"),
            format!("rootcause.fault.service {{ index >= {number} }}"),
            format!("rootcause.error.entity {{ remote AND name = {text:?} }}"),
            format!("rootcause.fault.exception {{ first AND message = {text:?} }}"),
            format!("rootcause.responsetime.entity {{ coverage >= {number} AND !first }}"),
            format!("rootcause.responsetime.service {{ inferred AND type = {text:?} }}"),
        ] {
            assert_agree(&parse(&expression).unwrap(), &documents)?;
        }
    }
}
