//! The rule of a composite alarm. Pure.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>.

use std::collections::BTreeSet;

/// Characters of a rule.
const MOST_LENGTH: usize = 10_240;
/// How deep parts may be within each other.
const MOST_DEPTH: usize = 100;
/// Alarms that a rule names.
const MOST_CHILDREN: usize = 100;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// Whether the alarm of this name, or ARN, is in this state.
    Is(&'static str, String),
    /// The opposite.
    Not(Box<Rule>),
    /// Whether all are true.
    All(Vec<Rule>),
    /// Whether any is true.
    Any(Vec<Rule>),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// Why it is none, in AWS's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MOST_LENGTH {
            return Err(format!(
                "AlarmRule must have at most {MOST_LENGTH} characters"
            ));
        }
        let mut reader = Reader {
            rest: text,
            depth: 0,
        };
        let rule = reader.any()?;
        if reader.peek().is_some() {
            return Err(reader.unsupported());
        }
        if rule.children().len() > MOST_CHILDREN {
            return Err(format!(
                "AlarmRule must name at most {MOST_CHILDREN} alarms"
            ));
        }
        Ok(rule)
    }

    /// Whether it is true, where `is` tells whether an alarm is in a state.
    pub fn is_true(&self, is: &dyn Fn(&str, &str) -> bool) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Is(state, name) => is(state, name),
            Self::Not(inner) => !inner.is_true(is),
            Self::All(parts) => parts.iter().all(|part| part.is_true(is)),
            Self::Any(parts) => parts.iter().any(|part| part.is_true(is)),
        }
    }

    /// The alarms that it names.
    pub fn children(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        match self {
            Self::Constant(_) => {}
            Self::Is(_, name) => {
                found.insert(name);
            }
            Self::Not(inner) => inner.collect(found),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect(found);
                }
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

type Read = Result<Rule, String>;

impl<'a> Reader<'a> {
    /// The next word or parenthesis.
    fn peek(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        if matches!(first, '(' | ')' | '"') {
            return Some(&self.rest[..1]);
        }
        let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        Some(&self.rest[..end])
    }

    fn take(&mut self, token: &str) -> bool {
        let is_it = self.peek() == Some(token);
        if is_it {
            self.rest = &self.rest[token.len()..];
        }
        is_it
    }

    fn unsupported(&mut self) -> String {
        match self.peek() {
            Some(token) => format!("Error in AlarmRule [Unsupported token '{token}']"),
            None => "Error in AlarmRule [Unexpected end]".to_owned(),
        }
    }

    fn any(&mut self) -> Read {
        let mut parts = vec![self.all()?];
        while self.take("OR") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Rule::Any))
    }

    fn all(&mut self) -> Read {
        let mut parts = vec![self.single()?];
        while self.take("AND") {
            parts.push(self.single()?);
        }
        Ok(one_or(parts, Rule::All))
    }

    fn single(&mut self) -> Read {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(format!(
                "Error in AlarmRule [more than {MOST_DEPTH} parts are within each other]"
            ));
        }
        let rule = self.part();
        self.depth -= 1;
        rule
    }

    fn part(&mut self) -> Read {
        for (word, value) in [("TRUE", true), ("FALSE", false)] {
            if self.take(word) {
                return Ok(Rule::Constant(value));
            }
        }
        if self.take("NOT") {
            return Ok(Rule::Not(Box::new(self.single()?)));
        }
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.unsupported())
            };
        }
        for state in ["ALARM", "OK", "INSUFFICIENT_DATA"] {
            if self.take(state) {
                return Ok(Rule::Is(state, self.name()?));
            }
        }
        Err(self.unsupported())
    }

    /// A name in parentheses, in quotes or not.
    fn name(&mut self) -> Result<String, String> {
        if !self.take("(") {
            return Err(self.unsupported());
        }
        let name = if self.take("\"") {
            self.quoted()?
        } else {
            match self.peek() {
                Some(word) if !matches!(word, "(" | ")") => {
                    self.rest = &self.rest[word.len()..];
                    word.to_owned()
                }
                _ => return Err(self.unsupported()),
            }
        };
        if self.take(")") {
            Ok(name)
        } else {
            Err(self.unsupported())
        }
    }

    /// What comes before the closing quote; a backslash takes the next
    /// character as it is.
    fn quoted(&mut self) -> Result<String, String> {
        let mut name = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(name);
                }
                '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => name.push(character),
            }
        }
        self.rest = "";
        Err(self.unsupported())
    }
}

fn one_or(mut parts: Vec<Rule>, several: fn(Vec<Rule>) -> Rule) -> Rule {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a rule is true where `a` is in alarm, `b` is OK, and of `c`
    /// nothing is known.
    fn is_true(text: &str) -> bool {
        let rule = Rule::parse(text).expect(text);
        rule.is_true(&|state, name| match name {
            "a" => state == "ALARM",
            "b" => state == "OK",
            "c" => state == "INSUFFICIENT_DATA",
            _ => false,
        })
    }

    #[test]
    fn rules_are_true_or_not() {
        for (rule, expected) in [
            ("TRUE", true),
            ("FALSE", false),
            ("ALARM(a)", true),
            ("OK(a)", false),
            ("INSUFFICIENT_DATA(\"c\")", true),
            ("NOT ALARM(b)", true),
            ("NOT NOT ALARM(a)", true),
            ("ALARM(a) AND OK(b)", true),
            ("ALARM(b) OR ALARM(a)", true),
            ("ALARM(a) OR ALARM(a) AND FALSE", true),
            ("(ALARM(a) OR ALARM(a)) AND FALSE", false),
            ("NOT (ALARM(a) AND OK(b))", false),
            ("NOT ALARM(a) OR TRUE", true),
            ("ALARM ( a )\n AND\tTRUE", true),
            ("ALARM(unknown) OR OK(unknown)", false),
        ] {
            assert_eq!(is_true(rule), expected, "{rule}");
        }
    }

    #[test]
    fn children_are_told() {
        let rule = r#"ALARM("a \"b\" (c)") OR OK(d) AND NOT ALARM(d) OR OK("arn:aws:x:alarm:e")"#;
        let rule = Rule::parse(rule).expect("a rule");
        let children: Vec<_> = rule.children().into_iter().collect();
        assert_eq!(children, ["a \"b\" (c)", "arn:aws:x:alarm:e", "d"]);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (text, why) in [
            ("", "Unexpected end"),
            ("ALARM(a) AND", "Unexpected end"),
            ("(ALARM(a)", "Unexpected end"),
            ("ALARM(\"a", "Unexpected end"),
            ("ALARM(a) or OK(a)", "'or'"),
            ("ALARM(a))", "')'"),
            ("a", "'a'"),
            ("ALARM()", "')'"),
            ("ALARM a", "'a'"),
            ("ALARM(a b)", "'b'"),
            ("é", "'é'"),
        ] {
            let error = Rule::parse(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
        let deep = format!("{}TRUE{}", "(".repeat(5000), ")".repeat(5000));
        assert!(Rule::parse(&deep).expect_err("deep").contains("within"));
        let long = "TRUE OR ".repeat(2000) + "TRUE";
        assert!(Rule::parse(&long).expect_err("long").contains("characters"));
        let alarms = (0..101).map(|number| format!("ALARM(a{number})"));
        let many = alarms.collect::<Vec<_>>().join(" OR ");
        assert!(Rule::parse(&many).expect_err("many").contains("100 alarms"));
    }
}
