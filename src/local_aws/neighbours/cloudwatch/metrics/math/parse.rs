//! Reads metric math.

use super::NotEvaluated;

/// How deep parts may be within each other.
const MOST_DEPTH: usize = 50;
/// Characters of an expression; AWS takes 2048.
const MOST_LENGTH: usize = 2048;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// A number.
    Number(f64),
    /// A text in quotes.
    Text(String),
    /// What another query of the same request comes to.
    Id(String),
    /// A part with the other sign.
    Negated(Box<Expression>),
    /// Two parts and what combines them.
    Two(Operator, Box<Expression>, Box<Expression>),
    /// `[a, b]`.
    Array(Vec<Expression>),
    /// A function.
    Call(String, Vec<Expression>),
}

/// What combines two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

impl Operator {
    /// What two numbers come to; a truth is 1 or 0.
    pub(super) fn of(self, left: f64, right: f64) -> f64 {
        let truth = |is_true: bool| if is_true { 1.0 } else { 0.0 };
        let order = left.partial_cmp(&right);
        let is = |wanted: fn(std::cmp::Ordering) -> bool| truth(order.is_some_and(wanted));
        let is_true = |value: f64| value != 0.0;
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Power => left.powf(right),
            Self::Equal => is(std::cmp::Ordering::is_eq),
            Self::NotEqual => is(std::cmp::Ordering::is_ne),
            Self::Less => is(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => is(std::cmp::Ordering::is_le),
            Self::Greater => is(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => is(std::cmp::Ordering::is_ge),
            Self::And => truth(is_true(left) && is_true(right)),
            Self::Or => truth(is_true(left) || is_true(right)),
        }
    }
}

impl Expression {
    /// Shows every part to `see`.
    pub(super) fn visit(&self, see: &mut dyn FnMut(&Self)) {
        see(self);
        match self {
            Self::Number(_) | Self::Text(_) | Self::Id(_) => {}
            Self::Negated(inner) => inner.visit(see),
            Self::Two(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
            Self::Array(items) | Self::Call(_, items) => {
                for item in items {
                    item.visit(see);
                }
            }
        }
    }
}

/// Reads an expression.
///
/// # Errors
/// Where it is none.
pub(super) fn expression(text: &str) -> Result<Expression, NotEvaluated> {
    if text.chars().count() > MOST_LENGTH {
        let why = format!("an expression has at most {MOST_LENGTH} characters");
        return Err(NotEvaluated::new(why));
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("SELECT") {
        return Err(NotEvaluated::new(
            "queries of Metrics Insights are not evaluated",
        ));
    }
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let expression = reader.either()?;
    reader.skip_space();
    if reader.rest.is_empty() {
        Ok(expression)
    } else {
        Err(reader.unexpected())
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

type Read = Result<Expression, NotEvaluated>;

/// Operators from the loosest to the tightest.
const COMPARISONS: &[(&str, Operator)] = &[
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];
const SUMS: &[(&str, Operator)] = &[("+", Operator::Add), ("-", Operator::Subtract)];
const PRODUCTS: &[(&str, Operator)] = &[("*", Operator::Multiply), ("/", Operator::Divide)];

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unexpected(&self) -> NotEvaluated {
        match self.rest.chars().next() {
            Some(_) => {
                let shown: String = self.rest.chars().take(20).collect();
                NotEvaluated::new(format!("unexpected `{shown}`"))
            }
            None => NotEvaluated::new("it ends too soon"),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let length = self.word_length();
        let is_it = self.rest[..length].eq_ignore_ascii_case(word);
        if is_it {
            self.rest = &self.rest[length..];
        }
        is_it
    }

    fn word_length(&self) -> usize {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len())
    }

    fn either(&mut self) -> Read {
        let mut left = self.both()?;
        while self.take("||") || self.take_word("OR") {
            left = two(Operator::Or, left, self.both()?);
        }
        Ok(left)
    }

    fn both(&mut self) -> Read {
        let mut left = self.chain(COMPARISONS, &mut |reader| {
            reader.chain(SUMS, &mut Self::products)
        })?;
        while self.take("&&") || self.take_word("AND") {
            let right = self.chain(COMPARISONS, &mut |reader| {
                reader.chain(SUMS, &mut Self::products)
            })?;
            left = two(Operator::And, left, right);
        }
        Ok(left)
    }

    fn products(&mut self) -> Read {
        self.chain(PRODUCTS, &mut Self::signed)
    }

    fn chain(
        &mut self,
        operators: &[(&str, Operator)],
        next: &mut dyn FnMut(&mut Self) -> Read,
    ) -> Read {
        let mut left = next(self)?;
        while let Some((_, operator)) = operators.iter().find(|(token, _)| self.take(token)) {
            left = two(*operator, left, next(self)?);
        }
        Ok(left)
    }

    fn signed(&mut self) -> Read {
        if self.take("-") {
            let inner = self.deeper(Self::signed)?;
            return Ok(Expression::Negated(Box::new(inner)));
        }
        self.power()
    }

    /// To the right: `2 ^ 3 ^ 2` is `2 ^ 9`.
    fn power(&mut self) -> Read {
        let base = self.single()?;
        if self.take("^") {
            let exponent = self.deeper(Self::signed)?;
            return Ok(two(Operator::Power, base, exponent));
        }
        Ok(base)
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Read) -> Read {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            let why = format!("more than {MOST_DEPTH} parts are within each other");
            return Err(NotEvaluated::new(why));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn single(&mut self) -> Read {
        self.skip_space();
        let Some(first) = self.rest.chars().next() else {
            return Err(self.unexpected());
        };
        match first {
            '(' => {
                self.take("(");
                let inner = self.deeper(Self::either)?;
                if self.take(")") {
                    Ok(inner)
                } else {
                    Err(self.unexpected())
                }
            }
            '[' => {
                self.take("[");
                Ok(Expression::Array(self.list("]")?))
            }
            '"' | '\'' => self.text(first),
            _ if first.is_ascii_digit() || first == '.' => self.number(),
            _ if first.is_ascii_alphabetic() => self.word(),
            _ => Err(self.unexpected()),
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expression>, NotEvaluated> {
        let mut items = Vec::new();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(Self::either)?);
            if self.take(end) {
                return Ok(items);
            }
            if !self.take(",") {
                return Err(self.unexpected());
            }
        }
    }

    fn text(&mut self, quote: char) -> Read {
        let inner = &self.rest[1..];
        let Some(end) = inner.find(quote) else {
            return Err(NotEvaluated::new("a text has no end"));
        };
        let text = inner[..end].to_owned();
        self.rest = &inner[end + 1..];
        Ok(Expression::Text(text))
    }

    fn number(&mut self) -> Read {
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let mut length = self.rest.find(|c| !is_digit(c)).unwrap_or(self.rest.len());
        let after = &self.rest[length..];
        if let Some(exponent) = after.strip_prefix(['e', 'E']) {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            let count = digits.find(|c: char| !c.is_ascii_digit());
            let count = count.unwrap_or(digits.len());
            if count > 0 {
                length += after.len() - digits.len() + count;
            }
        }
        let (number, rest) = self.rest.split_at(length);
        let Ok(value) = number.parse() else {
            return Err(self.unexpected());
        };
        self.rest = rest;
        Ok(Expression::Number(value))
    }

    fn word(&mut self) -> Read {
        let (word, rest) = self.rest.split_at(self.word_length());
        self.rest = rest;
        if self.take("(") {
            let arguments = self.list(")")?;
            return Ok(Expression::Call(word.to_ascii_uppercase(), arguments));
        }
        Ok(Expression::Id(word.to_owned()))
    }
}

fn two(operator: Operator, left: Expression, right: Expression) -> Expression {
    Expression::Two(operator, Box::new(left), Box::new(right))
}
