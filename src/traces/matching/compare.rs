//! Compares what a trace has with what is asked for.

use super::super::lenient::Value;
use crate::filter::{
    Annotation, AnnotationTest, BooleanKeyword, Condition, Equality, Number, NumberKeyword,
    NumberOperator, StringKeyword, StringOperator, Test,
};

/// What conditions are about: a trace, a segment, a call, or an element of a root
/// cause. What it does not have, it has no value of.
pub(super) trait View {
    /// Whether a keyword holds.
    fn boolean(&self, keyword: BooleanKeyword) -> bool;

    /// A keyword's number.
    fn number(&self, keyword: NumberKeyword) -> Option<f64>;

    /// Whether any of a keyword's texts is `wanted`.
    fn any_text(&self, keyword: StringKeyword, wanted: &mut dyn FnMut(&str) -> bool) -> bool;

    /// Whether any value of an annotation is `wanted`.
    fn any_annotation(
        &self,
        annotation: &Annotation,
        wanted: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> bool;
}

/// Whether a condition holds.
pub(super) fn condition(view: &dyn View, condition: &Condition) -> bool {
    match condition {
        Condition::Boolean(keyword) => view.boolean(*keyword),
        Condition::Number { keyword, test } => view
            .number(*keyword)
            .is_some_and(|value| test.as_ref().is_none_or(|test| is_number(value, test))),
        Condition::String { keyword, test } => view.any_text(*keyword, &mut |value| {
            test.as_ref().is_none_or(|test| is_text(value, test))
        }),
        Condition::Annotation { annotation, test } => {
            view.any_annotation(annotation, &mut |value| match test {
                None => *value != Value::Boolean(false),
                Some(test) => is_annotation(value, test),
            })
        }
    }
}

/// A value of another type than the one that is asked for is none.
fn is_annotation(value: &Value<'_>, test: &AnnotationTest) -> bool {
    match (value, test) {
        (Value::Boolean(value), AnnotationTest::Boolean(test)) => {
            (*value == test.value) == (test.operator == Equality::Equal)
        }
        (Value::Number(value), AnnotationTest::Number(test)) => is_number(*value, test),
        (Value::Text(value), AnnotationTest::String(test)) => is_text(value, test),
        _ => false,
    }
}

#[expect(
    clippy::float_cmp,
    reason = "`=` asks for the very number that was sent"
)]
fn is_number(value: f64, test: &Test<NumberOperator, Number>) -> bool {
    let wanted = test.value.get();
    match test.operator {
        NumberOperator::Equal => value == wanted,
        NumberOperator::NotEqual => value != wanted,
        NumberOperator::Less => value < wanted,
        NumberOperator::LessOrEqual => value <= wanted,
        NumberOperator::Greater => value > wanted,
        NumberOperator::GreaterOrEqual => value >= wanted,
    }
}

fn is_text(value: &str, test: &Test<StringOperator, String>) -> bool {
    let wanted = test.value.as_str();
    match test.operator {
        StringOperator::Equal => value == wanted,
        StringOperator::NotEqual => value != wanted,
        StringOperator::Contains => value.contains(wanted),
        StringOperator::BeginsWith => value.starts_with(wanted),
        StringOperator::EndsWith => value.ends_with(wanted),
    }
}
