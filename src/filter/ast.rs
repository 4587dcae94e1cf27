//! The syntax tree.
//!
//! [`Logic`] holds the connectives and is shared by the two levels of the
//! language: a trace filter has [`Term`]s at its leaves, a block has
//! [`Condition`]s. Selectors inside blocks are therefore not representable.

use std::ops::{Deref, Not};

use super::keyword::{
    AnnotationSide, BooleanKeyword, Equality, GroupField, NumberKeyword, NumberOperator,
    RootCauseList, StringKeyword, StringOperator,
};
use super::value::{AnnotationKey, NodeId, Number, RootCausePattern};

/// A filter over traces.
pub type Expression = Logic<Term>;

/// The condition of a `{ … }` block, over segments, edges or root causes.
pub type Block = Logic<Condition>;

/// Leaves joined by `AND`, `OR` and `!`.
///
/// Build connectives with [`Logic::all_of`], [`Logic::any_of`] and the `!`
/// operator: they keep equal meanings equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logic<T> {
    /// At least one operand holds.
    Or(Operands<T>),
    /// All operands hold.
    And(Operands<T>),
    /// The operand does not hold. Never holds another `Not` when made by `!`.
    Not(Box<Self>),
    /// A condition that is not made of others.
    Leaf(T),
}

/// Two or more operands in the order of the text, none of the connective that
/// joins them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operands<T>(Vec<Logic<T>>);

impl<T> Deref for Operands<T> {
    type Target = [Logic<T>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> Logic<T> {
    /// Joins by `OR`. A single operand stays itself, nested `OR`s are merged.
    #[must_use]
    pub fn any_of(first: Self, rest: impl IntoIterator<Item = Self>) -> Self {
        Self::join(first, rest, Self::Or, |operand| match operand {
            Self::Or(nested) => Ok(nested),
            other => Err(other),
        })
    }

    /// Joins by `AND`. A single operand stays itself, nested `AND`s are merged.
    #[must_use]
    pub fn all_of(first: Self, rest: impl IntoIterator<Item = Self>) -> Self {
        Self::join(first, rest, Self::And, |operand| match operand {
            Self::And(nested) => Ok(nested),
            other => Err(other),
        })
    }

    fn join(
        first: Self,
        rest: impl IntoIterator<Item = Self>,
        connective: impl Fn(Operands<T>) -> Self,
        nested: impl Fn(Self) -> Result<Operands<T>, Self>,
    ) -> Self {
        let mut rest = rest.into_iter().peekable();
        if rest.peek().is_none() {
            return first;
        }
        let mut operands = Vec::new();
        for operand in std::iter::once(first).chain(rest) {
            match nested(operand) {
                Ok(nested) => operands.extend(nested.0),
                Err(other) => operands.push(other),
            }
        }
        connective(Operands(operands))
    }
}

impl<T> Not for Logic<T> {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}

/// What the printer has to know about a leaf.
pub trait Leaf {
    /// Tells whether the leaf is written with an operator, as in `duration > 5`.
    fn is_comparison(&self) -> bool;

    /// Gives the leaf's `{ … }` block.
    fn block(&self) -> Option<&Block>;
}

/// A leaf of a trace filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A condition on the trace as a whole.
    Condition(Condition),
    /// The trace has such a node.
    Service(Box<ServiceSelector>),
    /// The trace has such an edge.
    Edge(Box<EdgeSelector>),
    /// The root causes of the trace have such an element.
    RootCause(RootCauseSelector),
    /// The root causes of the trace have this shape.
    RootCauseJson(Test<Equality, RootCausePattern>),
    /// The filter of another group holds.
    Group {
        /// How the group is named.
        field: GroupField,
        /// The name or ARN.
        test: Test<Equality, String>,
    },
}

impl From<Condition> for Term {
    fn from(condition: Condition) -> Self {
        Self::Condition(condition)
    }
}

impl Leaf for Term {
    fn is_comparison(&self) -> bool {
        match self {
            Self::Condition(condition) => condition.is_comparison(),
            Self::Service(_) | Self::Edge(_) | Self::RootCause(_) => false,
            Self::RootCauseJson(_) | Self::Group { .. } => true,
        }
    }

    fn block(&self) -> Option<&Block> {
        match self {
            Self::Service(selector) => selector.block.as_ref(),
            Self::Edge(selector) => selector.block.as_ref(),
            Self::RootCause(selector) => Some(&selector.block),
            Self::Condition(_) | Self::RootCauseJson(_) | Self::Group { .. } => None,
        }
    }
}

/// `service(…) { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSelector {
    /// The node; any node when absent.
    pub node: Option<NodePattern>,
    /// What must hold for the segments of the node.
    pub block: Option<Block>,
}

/// `edge(…, …) { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeSelector {
    /// The nodes at the ends; any two nodes when absent.
    pub endpoints: Option<Endpoints>,
    /// What must hold for the calls along the edge.
    pub block: Option<Block>,
}

/// The nodes that an edge joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The calling node.
    pub source: NodePattern,
    /// The called node.
    pub destination: NodePattern,
}

/// How a selector names a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodePattern {
    /// By its name alone.
    Name(String),
    /// By the fields of `id(…)`.
    Id(NodeId),
}

/// `rootcause.….… { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootCauseSelector {
    /// The list that is searched.
    pub list: RootCauseList,
    /// What must hold for an element.
    pub block: Block,
}

/// A comparison of one value, or a test that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `fault`
    Boolean(BooleanKeyword),
    /// `duration > 5`
    Number {
        /// What is compared.
        keyword: NumberKeyword,
        /// The comparison; any value will do when absent.
        test: Option<Test<NumberOperator, Number>>,
    },
    /// `http.url CONTAINS "/api/"`
    String {
        /// What is compared.
        keyword: StringKeyword,
        /// The comparison; any value will do when absent.
        test: Option<Test<StringOperator, String>>,
    },
    /// `annotation.tier = "gold"`
    Annotation {
        /// What is compared.
        annotation: Annotation,
        /// The comparison; when absent the annotation must be set, and a
        /// boolean one must be true.
        test: Option<AnnotationTest>,
    },
}

impl Leaf for Condition {
    fn is_comparison(&self) -> bool {
        match self {
            Self::Boolean(_) => false,
            Self::Number { test, .. } => test.is_some(),
            Self::String { test, .. } => test.is_some(),
            Self::Annotation { test, .. } => test.is_some(),
        }
    }

    fn block(&self) -> Option<&Block> {
        None
    }
}

/// The annotation that a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Annotation {
    /// The end of the edge, in an `edge` block only.
    pub side: Option<AnnotationSide>,
    /// The key.
    pub key: AnnotationKey,
}

/// The right-hand side of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test<O, V> {
    /// How the values are compared.
    pub operator: O,
    /// What the value is compared with.
    pub value: V,
}

/// A comparison of an annotation, whose type is that of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationTest {
    /// A comparison with `true` or `false`.
    Boolean(Test<Equality, bool>),
    /// A comparison with a number.
    Number(Test<NumberOperator, Number>),
    /// A comparison with a string.
    String(Test<StringOperator, String>),
}

/// The nodes or edges whose statistics are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntitySelector {
    /// `service("a")`
    Service(NodePattern),
    /// `edge("a", "b")`
    Edge(Endpoints),
    /// `id(name: "a", type: "b")`
    Id(NodeId),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(letter: char) -> Logic<char> {
        Logic::Leaf(letter)
    }

    #[test]
    fn nested_operands_of_one_connective_merge() {
        let left = Logic::all_of(Logic::all_of(leaf('a'), [leaf('b')]), [leaf('c')]);
        let right = Logic::all_of(leaf('a'), [Logic::all_of(leaf('b'), [leaf('c')])]);
        assert_eq!(left, right);
        assert!(matches!(left, Logic::And(operands) if operands.len() == 3));
    }

    #[test]
    fn operands_of_the_other_connective_stay() {
        let inner = Logic::all_of(leaf('a'), [leaf('b')]);
        let outer = Logic::any_of(inner, [leaf('c')]);
        assert!(matches!(outer, Logic::Or(operands) if operands.len() == 2));
    }

    #[test]
    fn a_single_operand_has_no_connective() {
        assert_eq!(Logic::any_of(leaf('a'), []), leaf('a'));
    }

    #[test]
    fn double_negation_vanishes() {
        assert_eq!(!!leaf('a'), leaf('a'));
        assert_ne!(!leaf('a'), leaf('a'));
    }
}
