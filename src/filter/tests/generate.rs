//! Random trees.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::filter::{
    Annotation, AnnotationKey, AnnotationSide, AnnotationTest, Block, BooleanKeyword, Condition,
    EdgeSelector, Endpoints, Equality, Expression, GroupField, Logic, NodeField, NodeId,
    NodePattern, Number, NumberKeyword, NumberOperator, RootCauseList, RootCausePattern,
    RootCauseSelector, Scope, ServiceSelector, StringKeyword, StringOperator, Term, Test,
};

/// What random expressions are about.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) text: BoxedStrategy<String>,
    pub(crate) number: BoxedStrategy<Number>,
    pub(crate) key: BoxedStrategy<AnnotationKey>,
    pub(crate) pattern: BoxedStrategy<RootCausePattern>,
}

fn test<O: Copy + std::fmt::Debug, V: std::fmt::Debug>(
    operators: &'static [O],
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Test<O, V>> {
    (select(operators), value).prop_map(|(operator, value)| Test { operator, value })
}

fn number_test(words: &Words) -> impl Strategy<Value = Test<NumberOperator, Number>> + use<> {
    test(NumberOperator::ALL, words.number.clone())
}

fn string_test(words: &Words) -> impl Strategy<Value = Test<StringOperator, String>> + use<> {
    test(StringOperator::ALL, words.text.clone())
}

fn annotation(words: &Words, scope: Scope) -> impl Strategy<Value = Annotation> + use<> {
    let side = match scope {
        Scope::Edge => option::of(select(AnnotationSide::ALL)).boxed(),
        _ => Just(None).boxed(),
    };
    (side, words.key.clone()).prop_map(|(side, key)| Annotation { side, key })
}

fn annotation_test(words: &Words) -> impl Strategy<Value = AnnotationTest> + use<> {
    prop_oneof![
        test(Equality::ALL, any::<bool>()).prop_map(AnnotationTest::Boolean),
        number_test(words).prop_map(AnnotationTest::Number),
        string_test(words).prop_map(AnnotationTest::String),
    ]
}

fn condition(words: &Words, scope: Scope) -> BoxedStrategy<Condition> {
    let boolean = select(BooleanKeyword::ALL)
        .prop_filter("in scope", move |keyword| {
            keyword.placement().includes(scope)
        })
        .prop_map(Condition::Boolean);
    let number = (select(NumberKeyword::ALL), option::of(number_test(words)))
        .prop_filter("in scope", move |(keyword, _)| {
            keyword.placement().includes(scope)
        })
        .prop_map(|(keyword, test)| Condition::Number { keyword, test });
    let string = (select(StringKeyword::ALL), option::of(string_test(words)))
        .prop_filter("in scope", move |(keyword, _)| {
            keyword.placement().includes(scope)
        })
        .prop_map(|(keyword, test)| Condition::String { keyword, test });
    if let Scope::RootCause(_) = scope {
        return prop_oneof![boolean, number, string].boxed();
    }
    let annotation = (annotation(words, scope), option::of(annotation_test(words)))
        .prop_map(|(annotation, test)| Condition::Annotation { annotation, test });
    prop_oneof![boolean, number, string, annotation].boxed()
}

pub(super) fn logic<T: Clone + std::fmt::Debug + 'static>(
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

fn block(words: &Words, scope: Scope) -> impl Strategy<Value = Block> + use<> {
    logic(condition(words, scope))
}

pub(super) fn node_id(words: &Words) -> impl Strategy<Value = NodeId> + use<> {
    let field = || (select(NodeField::ALL), words.text.clone());
    (field(), vec(field(), 0..3)).prop_map(|((field, value), rest)| {
        rest.into_iter()
            .fold(NodeId::new(field, value), |id, (field, value)| {
                id.with(field, value)
            })
    })
}

pub(super) fn node(words: &Words) -> impl Strategy<Value = NodePattern> + use<> {
    prop_oneof![
        words.text.clone().prop_map(NodePattern::Name),
        node_id(words).prop_map(NodePattern::Id),
    ]
}

pub(super) fn endpoints(words: &Words) -> impl Strategy<Value = Endpoints> + use<> {
    (node(words), node(words)).prop_map(|(source, destination)| Endpoints {
        source,
        destination,
    })
}

fn root_cause(words: &Words) -> impl Strategy<Value = RootCauseSelector> + use<> {
    let words = words.clone();
    select(RootCauseList::ALL).prop_flat_map(move |list| {
        block(&words, Scope::RootCause(list))
            .prop_map(move |block| RootCauseSelector { list, block })
    })
}

fn term(words: &Words) -> impl Strategy<Value = Term> + use<> {
    let service = (
        option::of(node(words)),
        option::of(block(words, Scope::Service)),
    )
        .prop_map(|(node, block)| Term::Service(Box::new(ServiceSelector { node, block })));
    let edge = (
        option::of(endpoints(words)),
        option::of(block(words, Scope::Edge)),
    )
        .prop_map(|(endpoints, block)| Term::Edge(Box::new(EdgeSelector { endpoints, block })));
    let group = (
        select(GroupField::ALL),
        test(Equality::ALL, words.text.clone()),
    )
        .prop_map(|(field, test)| Term::Group { field, test });
    prop_oneof![
        3 => condition(words, Scope::Trace).prop_map(Term::Condition),
        1 => service,
        1 => edge,
        1 => root_cause(words).prop_map(Term::RootCause),
        1 => test(Equality::ALL, words.pattern.clone()).prop_map(Term::RootCauseJson),
        1 => group,
    ]
}

/// Random expressions of these words.
pub(crate) fn expression(words: &Words) -> impl Strategy<Value = Expression> + use<> {
    logic(term(words))
}
