//! Writes the canonical text of a tree.
//!
//! `parse` reads the text back as the same tree. Precedence is spelled out in
//! parentheses, since AWS does not document it.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{
    Annotation, AnnotationTest, Condition, EdgeSelector, Endpoints, EntitySelector, Leaf, Logic,
    NodePattern, Operands, RootCauseSelector, ServiceSelector, Term, Test,
};
use super::keyword::NodeField;
use super::quote::Quoted;
use super::value::{NodeId, RootCausePattern};

impl<T: Leaf + Display> Display for Logic<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(operands) => self.fmt_operands(operands, " OR ", f),
            Self::And(operands) => self.fmt_operands(operands, " AND ", f),
            Self::Not(operand) => {
                f.write_char('!')?;
                self.fmt_operand(operand, f)
            }
            Self::Leaf(leaf) => leaf.fmt(f),
        }
    }
}

impl<T: Leaf + Display> Logic<T> {
    fn fmt_operands(
        &self,
        operands: &Operands<T>,
        connective: &str,
        f: &mut Formatter<'_>,
    ) -> fmt::Result {
        for (index, operand) in operands.iter().enumerate() {
            if index > 0 {
                f.write_str(connective)?;
            }
            self.fmt_operand(operand, f)?;
        }
        Ok(())
    }

    fn fmt_operand(&self, operand: &Self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.encloses(operand) {
            write!(f, "({operand})")
        } else {
            operand.fmt(f)
        }
    }
}

impl<T: Leaf> Logic<T> {
    /// Counts how deeply parentheses and blocks nest in the canonical text.
    pub(super) fn nesting(&self) -> usize {
        match self {
            Self::Or(operands) | Self::And(operands) => {
                let levels = operands.iter().map(|operand| self.nesting_of(operand));
                levels.max().unwrap_or(0)
            }
            Self::Not(operand) => self.nesting_of(operand),
            Self::Leaf(leaf) => leaf.block().map_or(0, |block| 1 + block.nesting()),
        }
    }

    fn nesting_of(&self, operand: &Self) -> usize {
        operand.nesting() + usize::from(self.encloses(operand))
    }

    /// Tells whether `operand`, as an operand of `self`, goes in parentheses.
    fn encloses(&self, operand: &Self) -> bool {
        match (self, operand) {
            (Self::Not(_), Self::Leaf(leaf)) => leaf.is_comparison(),
            (_, Self::Leaf(_) | Self::Not(_)) => false,
            (_, Self::Or(_) | Self::And(_)) => true,
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(condition) => condition.fmt(f),
            Self::Service(selector) => selector.fmt(f),
            Self::Edge(selector) => selector.fmt(f),
            Self::RootCause(selector) => selector.fmt(f),
            Self::RootCauseJson(Test { operator, value }) => {
                write!(f, "rootcause.json {operator} {value}")
            }
            Self::Group { field, test } => write!(f, "{field}{}", InQuotes(test)),
        }
    }
}

impl Display for ServiceSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "service({node})")?,
            None => f.write_str("service()")?,
        }
        fmt_block(self.block.as_ref(), f)
    }
}

impl Display for EdgeSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("edge")?;
        if let Some(endpoints) = &self.endpoints {
            write!(f, "({endpoints})")?;
        }
        fmt_block(self.block.as_ref(), f)
    }
}

impl Display for RootCauseSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)?;
        fmt_block(Some(&self.block), f)
    }
}

fn fmt_block(block: Option<&Logic<Condition>>, f: &mut Formatter<'_>) -> fmt::Result {
    match block {
        Some(block) => write!(f, " {{ {block} }}"),
        None => Ok(()),
    }
}

impl Display for EntitySelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(node) => write!(f, "service({node})"),
            Self::Edge(endpoints) => write!(f, "edge({endpoints})"),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl Display for Endpoints {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.source, self.destination)
    }
}

impl Display for NodePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => Quoted(name).fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl Display for NodeId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("id(")?;
        let fields = NodeField::ALL
            .iter()
            .filter_map(|&field| Some((field, self.get(field)?)));
        for (index, (field, value)) in fields.enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            write!(f, "{separator}{field}: {}", Quoted(value))?;
        }
        f.write_char(')')
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(keyword) => keyword.fmt(f),
            Self::Number { keyword, test } => match test {
                Some(test) => write!(f, "{keyword}{}", Plain(test)),
                None => keyword.fmt(f),
            },
            Self::String { keyword, test } => match test {
                Some(test) => write!(f, "{keyword}{}", InQuotes(test)),
                None => keyword.fmt(f),
            },
            Self::Annotation { annotation, test } => match test {
                Some(AnnotationTest::Boolean(test)) => write!(f, "{annotation}{}", Plain(test)),
                Some(AnnotationTest::Number(test)) => write!(f, "{annotation}{}", Plain(test)),
                Some(AnnotationTest::String(test)) => write!(f, "{annotation}{}", InQuotes(test)),
                None => annotation.fmt(f),
            },
        }
    }
}

/// The part of a comparison after the keyword, the value as it is.
struct Plain<'a, O, V>(&'a Test<O, V>);

impl<O: Display, V: Display> Display for Plain<'_, O, V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} {}", self.0.operator, self.0.value)
    }
}

/// The part of a comparison after the keyword, the value in quotes.
struct InQuotes<'a, O>(&'a Test<O, String>);

impl<O: Display> Display for InQuotes<'_, O> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " {} {}", self.0.operator, Quoted(&self.0.value))
    }
}

impl Display for Annotation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(side) = self.side {
            write!(f, "{side}.")?;
        }
        let key = self.key.as_str();
        if self.key.has_dot() {
            write!(f, "annotation[{key}]")
        } else {
            write!(f, "annotation.{key}")
        }
    }
}

impl Display for RootCausePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("#[")?;
        for (index, value) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            value.fmt(f)?;
        }
        f.write_char(']')
    }
}
