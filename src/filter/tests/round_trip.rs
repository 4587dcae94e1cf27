//! Random trees and random texts.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::filter::{
    Annotation, AnnotationKey, AnnotationSide, AnnotationTest, Block, BooleanKeyword, Condition,
    EdgeSelector, Endpoints, EntitySelector, Equality, Expression, GroupField, Logic, NodeField,
    NodeId, NodePattern, Number, NumberKeyword, NumberOperator, RootCauseList, RootCausePattern,
    RootCauseSelector, Scope, ServiceSelector, StringKeyword, StringOperator, Term, Test, parse,
    parse_entity_selector,
};

fn test<O: Copy + std::fmt::Debug, V: std::fmt::Debug>(
    operators: &'static [O],
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Test<O, V>> {
    (select(operators), value).prop_map(|(operator, value)| Test { operator, value })
}

fn number_test() -> impl Strategy<Value = Test<NumberOperator, Number>> {
    let value = any::<f64>().prop_filter_map("finite", Number::new);
    test(NumberOperator::ALL, value)
}

fn string_test() -> impl Strategy<Value = Test<StringOperator, String>> {
    test(StringOperator::ALL, any::<String>())
}

fn annotation(scope: Scope) -> impl Strategy<Value = Annotation> {
    let side = match scope {
        Scope::Edge => option::of(select(AnnotationSide::ALL)).boxed(),
        _ => Just(None).boxed(),
    };
    let key = "[A-Za-z0-9_.]{1,12}".prop_filter_map("valid key", AnnotationKey::new);
    (side, key).prop_map(|(side, key)| Annotation { side, key })
}

fn annotation_test() -> impl Strategy<Value = AnnotationTest> {
    prop_oneof![
        test(Equality::ALL, any::<bool>()).prop_map(AnnotationTest::Boolean),
        number_test().prop_map(AnnotationTest::Number),
        string_test().prop_map(AnnotationTest::String),
    ]
}

fn condition(scope: Scope) -> impl Strategy<Value = Condition> {
    let boolean = select(BooleanKeyword::ALL)
        .prop_filter("in scope", move |keyword| {
            keyword.placement().includes(scope)
        })
        .prop_map(Condition::Boolean);
    let number = (select(NumberKeyword::ALL), option::of(number_test()))
        .prop_filter("in scope", move |(keyword, _)| {
            keyword.placement().includes(scope)
        })
        .prop_map(|(keyword, test)| Condition::Number { keyword, test });
    let string = (select(StringKeyword::ALL), option::of(string_test()))
        .prop_filter("in scope", move |(keyword, _)| {
            keyword.placement().includes(scope)
        })
        .prop_map(|(keyword, test)| Condition::String { keyword, test });
    if let Scope::RootCause(_) = scope {
        return prop_oneof![boolean, number, string].boxed();
    }
    let annotation = (annotation(scope), option::of(annotation_test()))
        .prop_map(|(annotation, test)| Condition::Annotation { annotation, test });
    prop_oneof![boolean, number, string, annotation].boxed()
}

fn logic<T: Clone + std::fmt::Debug + 'static>(
    leaf: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Logic<T>> {
    leaf.prop_map(Logic::Leaf)
        .prop_recursive(5, 24, 4, |inner| {
            let operands = (inner.clone(), vec(inner.clone(), 0..4));
            prop_oneof![
                operands
                    .clone()
                    .prop_map(|(first, rest)| Logic::any_of(first, rest)),
                operands.prop_map(|(first, rest)| Logic::all_of(first, rest)),
                inner.prop_map(|operand| !operand),
            ]
        })
}

fn block(scope: Scope) -> impl Strategy<Value = Block> {
    logic(condition(scope))
}

fn node_id() -> impl Strategy<Value = NodeId> {
    let field = || (select(NodeField::ALL), any::<String>());
    (field(), vec(field(), 0..3)).prop_map(|((field, value), rest)| {
        rest.into_iter()
            .fold(NodeId::new(field, value), |id, (field, value)| {
                id.with(field, value)
            })
    })
}

fn node() -> impl Strategy<Value = NodePattern> {
    prop_oneof![
        any::<String>().prop_map(NodePattern::Name),
        node_id().prop_map(NodePattern::Id),
    ]
}

fn endpoints() -> impl Strategy<Value = Endpoints> {
    (node(), node()).prop_map(|(source, destination)| Endpoints {
        source,
        destination,
    })
}

fn root_cause() -> impl Strategy<Value = RootCauseSelector> {
    select(RootCauseList::ALL).prop_flat_map(|list| {
        block(Scope::RootCause(list)).prop_map(move |block| RootCauseSelector { list, block })
    })
}

fn pattern() -> impl Strategy<Value = RootCausePattern> {
    // Eighths are exact in binary: serde_json reads other fractions inexactly
    // unless it is built with `float_roundtrip`.
    let entity = (any::<String>(), any::<bool>(), 0_u8..=8).prop_map(|(name, remote, eighths)| {
        json!({"Name": name, "Remote": remote, "Coverage": f64::from(eighths) / 8.0})
    });
    vec(entity, 0..3)
        .prop_map(|path| RootCausePattern(vec![json!({"EntityPath": path}), Value::Null]))
}

fn term() -> impl Strategy<Value = Term> {
    let service = (option::of(node()), option::of(block(Scope::Service)))
        .prop_map(|(node, block)| Term::Service(Box::new(ServiceSelector { node, block })));
    let edge = (option::of(endpoints()), option::of(block(Scope::Edge)))
        .prop_map(|(endpoints, block)| Term::Edge(Box::new(EdgeSelector { endpoints, block })));
    let group = (
        select(GroupField::ALL),
        test(Equality::ALL, any::<String>()),
    )
        .prop_map(|(field, test)| Term::Group { field, test });
    prop_oneof![
        3 => condition(Scope::Trace).prop_map(Term::Condition),
        1 => service,
        1 => edge,
        1 => root_cause().prop_map(Term::RootCause),
        1 => test(Equality::ALL, pattern()).prop_map(Term::RootCauseJson),
        1 => group,
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    logic(term())
}

fn entity_selector() -> impl Strategy<Value = EntitySelector> {
    prop_oneof![
        node().prop_map(EntitySelector::Service),
        endpoints().prop_map(EntitySelector::Edge),
        node_id().prop_map(EntitySelector::Id),
    ]
}

/// Counts how deeply brackets nest in a text whose strings have none.
fn depth(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for character in text.chars() {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

proptest! {
    #[test]
    fn printed_trees_parse_to_themselves(expression in expression()) {
        let text = expression.to_string();
        prop_assert_eq!(parse(&text), Ok(expression), "{}", text);
    }

    #[test]
    fn printed_selectors_parse_to_themselves(selector in entity_selector()) {
        let text = selector.to_string();
        prop_assume!(text.chars().count() <= 500);
        prop_assert_eq!(parse_entity_selector(&text), Ok(selector), "{}", text);
    }

    #[test]
    fn nesting_is_that_of_the_printed_text(
        block in logic(select(BooleanKeyword::ALL).prop_map(Condition::Boolean)),
    ) {
        prop_assert_eq!(block.nesting(), depth(&block.to_string()));
    }

    #[test]
    fn negating_twice_gives_the_same_tree(expression in expression()) {
        prop_assert_eq!(!!expression.clone(), expression);
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse_entity_selector(&text);
    }

    /// Text made of tokens gets further into the grammar than random characters.
    #[test]
    fn errors_point_into_the_text(words in vec(select(WORDS), 0..12)) {
        let text = words.join(" ");
        match parse(&text) {
            Ok(expression) => {
                let printed = expression.to_string();
                prop_assert_eq!(parse(&printed).map(|tree| tree.to_string()), Ok(printed));
            }
            Err(error) => prop_assert!(text.get(error.span).is_some()),
        }
    }
}

const WORDS: &[&str] = &[
    "ok",
    "fault",
    "first",
    "duration",
    "index",
    "user",
    "name",
    "annotation.k",
    "annotation[é]",
    "source.annotation",
    "service",
    "edge",
    "id",
    "rootcause.fault.entity",
    "rootcause.json",
    "group.name",
    "foo",
    "é",
    "AND",
    "OR",
    "!",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "=",
    "!=",
    "<",
    "CONTAINS",
    "\"é\"",
    "'é'",
    "\"\\q\"",
    "\"",
    "1",
    "1.2.3",
    "true",
    "#[\"é\"]",
    "#[é",
    "=>",
];
