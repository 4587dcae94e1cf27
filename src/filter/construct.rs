//! The grammar of selectors, root causes and groups.
//!
//! ```text
//! service   := "service" [ "(" [ node ] ")" ] [ block ]
//! edge      := "edge" [ "(" [ node "," node ] ")" ] [ block ]
//! node      := string | id
//! id        := "id" "(" field ":" string { "," field ":" string } ")"
//! rootcause := list block
//! group     := ("group.name" | "group.arn") ("=" | "!=") string
//! json      := ("rootcause.json" | "json") ("=" | "!=") "#" array
//! block     := "{" any_of "}"
//! ```

use std::ops::Range;

use super::ast::{
    Block, Condition, EdgeSelector, Endpoints, EntitySelector, NodePattern, RootCauseSelector,
    ServiceSelector, Term, Test,
};
use super::error::{ParseError, ParseErrorKind, ValueKind};
use super::keyword::{Equality, GroupField, NodeField, OperatorSubset, RootCauseList};
use super::lex::TokenKind;
use super::name::{Construct, Name};
use super::parse::{Open, Parser};
use super::quote::Quoted;
use super::scope::Scope;
use super::suggest;
use super::value::{NodeId, RootCausePattern};

/// The level of the language that a tree belongs to.
pub(super) trait ParseLeaf: From<Condition> {
    /// Parses what follows the first word of a construct.
    fn construct(
        parser: &mut Parser<'_>,
        construct: Construct,
        span: Range<usize>,
        scope: Scope,
    ) -> Result<Self, ParseError>;
}

impl ParseLeaf for Condition {
    fn construct(
        _: &mut Parser<'_>,
        construct: Construct,
        span: Range<usize>,
        scope: Scope,
    ) -> Result<Self, ParseError> {
        let keyword = construct.as_str();
        let kind = ParseErrorKind::OutOfScope { keyword, scope };
        Err(ParseError::new(kind, span).with_hint("join it by `AND` outside the block"))
    }
}

impl ParseLeaf for Term {
    fn construct(
        parser: &mut Parser<'_>,
        construct: Construct,
        span: Range<usize>,
        scope: Scope,
    ) -> Result<Self, ParseError> {
        match construct {
            Construct::Service => parser.service().map(Box::new).map(Self::Service),
            Construct::Edge => parser.edge().map(Box::new).map(Self::Edge),
            Construct::RootCause(list) => parser.root_cause(list, span).map(Self::RootCause),
            Construct::RootCauseJson => parser.root_cause_json(span).map(Self::RootCauseJson),
            Construct::Group(field) => {
                let test = parser.group(field, span)?;
                Ok(Self::Group { field, test })
            }
            Construct::Id => {
                let keyword = construct.as_str();
                let kind = ParseErrorKind::OutOfScope { keyword, scope };
                Err(ParseError::new(kind, span).with_hint("write `service(id(…))`"))
            }
        }
    }
}

fn unquoted_name(word: &str, span: Range<usize>) -> ParseError {
    let kind = ParseErrorKind::UnquotedString {
        word: word.to_owned(),
    };
    ParseError::new(kind, span).with_hint(format!("write `{}`", Quoted(word)))
}

impl Parser<'_> {
    pub(super) fn entity_selector(&mut self) -> Result<EntitySelector, ParseError> {
        let token = self.advance();
        let construct = match token.kind {
            TokenKind::Word(word) => Name::classify(word),
            _ => None,
        };
        match construct {
            Some(Name::Construct(Construct::Service)) => {
                let open = self.arguments()?;
                let node = self.node()?;
                self.close(&open)?;
                Ok(EntitySelector::Service(node))
            }
            Some(Name::Construct(Construct::Edge)) => {
                let open = self.arguments()?;
                self.endpoints(&open).map(EntitySelector::Edge)
            }
            Some(Name::Construct(Construct::Id)) => self.id().map(EntitySelector::Id),
            _ => Err(self.unexpected("`service(…)`, `edge(…)` or `id(…)`", &token)),
        }
    }

    fn service(&mut self) -> Result<ServiceSelector, ParseError> {
        let mut node = None;
        if let Some(open) = self.open('(')
            && self.eat(&TokenKind::CloseParenthesis).is_none()
        {
            node = Some(self.node()?);
            self.close(&open)?;
        }
        let block = self.block(Scope::Service)?;
        Ok(ServiceSelector { node, block })
    }

    fn edge(&mut self) -> Result<EdgeSelector, ParseError> {
        let mut endpoints = None;
        if let Some(open) = self.open('(')
            && self.eat(&TokenKind::CloseParenthesis).is_none()
        {
            endpoints = Some(self.endpoints(&open)?);
        }
        let block = self.block(Scope::Edge)?;
        Ok(EdgeSelector { endpoints, block })
    }

    /// Parses two nodes and the closing parenthesis.
    fn endpoints(&mut self, open: &Open) -> Result<Endpoints, ParseError> {
        let source = self.node()?;
        if let Some(close) = self.eat(&TokenKind::CloseParenthesis) {
            let span = open.span.start..close.end;
            let error = ParseError::new(ParseErrorKind::MissingDestination, span);
            return Err(error.with_hint("write `edge(\"source\", \"destination\")`"));
        }
        self.expect(&TokenKind::Comma, "`,`", open)?;
        let destination = self.node()?;
        self.close(open)?;
        Ok(Endpoints {
            source,
            destination,
        })
    }

    fn node(&mut self) -> Result<NodePattern, ParseError> {
        let token = self.advance();
        match token.kind {
            TokenKind::String(name) => Ok(NodePattern::Name(name.into_owned())),
            TokenKind::Word(word) => match Name::classify(word) {
                Some(Name::Construct(Construct::Id)) => self.id().map(NodePattern::Id),
                _ => Err(unquoted_name(word, token.span)),
            },
            _ => Err(self.unexpected("a name in double quotes or `id(…)`", &token)),
        }
    }

    /// Parses the fields of `id` with their parentheses.
    fn id(&mut self) -> Result<NodeId, ParseError> {
        let open = self.arguments()?;
        let (field, value, _) = self.id_field(&open)?;
        let mut id = NodeId::new(field, value);
        while self.eat(&TokenKind::Comma).is_some() {
            let (field, value, span) = self.id_field(&open)?;
            if id.get(field).is_some() {
                let kind = ParseErrorKind::RepeatedField { field };
                return Err(ParseError::new(kind, span));
            }
            id = id.with(field, value);
        }
        self.close(&open)?;
        Ok(id)
    }

    /// Parses `field: "value"` and gives the place of the field's name as well.
    fn id_field(&mut self, open: &Open) -> Result<(NodeField, String, Range<usize>), ParseError> {
        let name = self.advance();
        let TokenKind::Word(word) = name.kind else {
            return Err(self.unexpected("`name`, `type` or `account.id`", &name));
        };
        let Some(field) = NodeField::from_name(word) else {
            let kind = ParseErrorKind::UnknownField {
                field: word.to_owned(),
            };
            return Err(ParseError::new(kind, name.span).with_hint(suggest::node_field(word)));
        };
        self.expect(&TokenKind::Colon, "`:`", open)?;
        let token = self.advance();
        match token.kind {
            TokenKind::String(value) => Ok((field, value.into_owned(), name.span)),
            TokenKind::Word(word) => Err(unquoted_name(word, token.span)),
            _ => Err(self.unexpected("a string", &token)),
        }
    }

    /// Takes the parenthesis that must follow here.
    fn arguments(&mut self) -> Result<Open, ParseError> {
        if let Some(open) = self.open('(') {
            return Ok(open);
        }
        let token = self.advance();
        Err(self.unexpected("`(`", &token))
    }

    fn root_cause(
        &mut self,
        list: RootCauseList,
        span: Range<usize>,
    ) -> Result<RootCauseSelector, ParseError> {
        let Some(block) = self.block(Scope::RootCause(list))? else {
            let list = list.as_str();
            let error = ParseError::new(ParseErrorKind::MissingBlock { list }, span);
            return Err(error.with_hint(format!("write `{list} {{ … }}`")));
        };
        Ok(RootCauseSelector { list, block })
    }

    /// Parses a block if one begins here.
    fn block(&mut self, scope: Scope) -> Result<Option<Block>, ParseError> {
        let Some(open) = self.open('{') else {
            return Ok(None);
        };
        self.enclosed(&open, scope).map(Some)
    }

    fn root_cause_json(
        &mut self,
        span: Range<usize>,
    ) -> Result<Test<Equality, RootCausePattern>, ParseError> {
        let keyword = Construct::RootCauseJson.as_str();
        let operator = self.equality(keyword, ValueKind::Json, span)?;
        let token = self.advance();
        match token.kind {
            TokenKind::Json(array) => Ok(Test {
                operator,
                value: RootCausePattern(array),
            }),
            _ => Err(self.value_mismatch(keyword, operator, ValueKind::Json, &token)),
        }
    }

    fn group(
        &mut self,
        field: GroupField,
        span: Range<usize>,
    ) -> Result<Test<Equality, String>, ParseError> {
        let keyword = field.as_str();
        let operator = self.equality(keyword, ValueKind::String, span)?;
        let token = self.advance();
        match token.kind {
            TokenKind::String(value) => Ok(Test {
                operator,
                value: value.into_owned(),
            }),
            _ => Err(self.value_mismatch(keyword, operator, ValueKind::String, &token)),
        }
    }

    /// Parses the operator of a keyword that means nothing without one.
    fn equality(
        &mut self,
        keyword: &'static str,
        expected: ValueKind,
        span: Range<usize>,
    ) -> Result<Equality, ParseError> {
        let Some((operator, operator_span)) = self.eat_operator() else {
            let kind = ParseErrorKind::MissingComparison { keyword, expected };
            let value = match expected {
                ValueKind::Json => "#[…]",
                _ => "\"…\"",
            };
            let hint = format!("write `{keyword} = {value}`");
            return Err(ParseError::new(kind, span).with_hint(hint));
        };
        Equality::narrow(operator).ok_or_else(|| {
            let kind = ParseErrorKind::EqualityOnly { operator, keyword };
            ParseError::new(kind, operator_span)
        })
    }
}
