//! Regular expressions that the Collector, which is written in Go, reads as we
//! do (<https://pkg.go.dev/regexp/syntax>, read 2026-11-21).

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassSetBinaryOp, ClassSetItem, ClassUnicode, ClassUnicodeKind, Flag,
    FlagsItemKind, HexLiteralKind, LiteralKind, RepetitionKind, RepetitionRange, Visitor, visit,
};

/// How often Go lets something be repeated.
const MOST_REPEATED: u32 = 1000;

/// Scripts that both call by the same name. Go knows no long names of
/// categories, such as `Letter`.
const SCRIPTS: [&str; 12] = [
    "Arabic",
    "Cyrillic",
    "Devanagari",
    "Georgian",
    "Greek",
    "Han",
    "Hangul",
    "Hebrew",
    "Hiragana",
    "Katakana",
    "Latin",
    "Thai",
];

/// What of a pattern Go does not know; `None` where it knows all of it.
pub(super) fn unknown_to_go(pattern: &str) -> Option<&'static str> {
    match Parser::new().parse(pattern) {
        Ok(ast) => visit(&ast, Finder).err(),
        Err(_) => Some("that this is a regular expression"),
    }
}

struct Finder;

impl Visitor for Finder {
    type Output = ();
    type Err = &'static str;

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::Flags(set) => set.flags.items.iter().try_for_each(|item| flag(&item.kind)),
            Ast::Group(group) => match group.flags() {
                Some(flags) => flags.items.iter().try_for_each(|item| flag(&item.kind)),
                None => Ok(()),
            },
            Ast::Literal(one) => literal(&one.kind),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine
                | AssertionKind::EndLine
                | AssertionKind::StartText
                | AssertionKind::EndText
                | AssertionKind::WordBoundary
                | AssertionKind::NotWordBoundary => Ok(()),
                _ => Err(r"`\b{start}` and what is like it"),
            },
            Ast::ClassUnicode(class) => unicode(class),
            Ast::Repetition(repetition) => {
                let most = match &repetition.op.kind {
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(most)
                        | RepetitionRange::AtLeast(most)
                        | RepetitionRange::Bounded(_, most),
                    ) => *most,
                    _ => 0,
                };
                if most > MOST_REPEATED {
                    return Err("more than 1000 repetitions");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Bracketed(_) => Err("classes within classes"),
            ClassSetItem::Unicode(class) => unicode(class),
            ClassSetItem::Literal(one) => literal(&one.kind),
            ClassSetItem::Range(range) => {
                literal(&range.start.kind).and_then(|()| literal(&range.end.kind))
            }
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), Self::Err> {
        Err("`&&`, `--` and `~~` in classes")
    }
}

fn flag(kind: &FlagsItemKind) -> Result<(), &'static str> {
    match kind {
        FlagsItemKind::Flag(Flag::IgnoreWhitespace) => Err("the flag `x`"),
        FlagsItemKind::Flag(Flag::Unicode) => Err("the flag `u`"),
        FlagsItemKind::Flag(Flag::CRLF) => Err("the flag `R`"),
        _ => Ok(()),
    }
}

fn literal(kind: &LiteralKind) -> Result<(), &'static str> {
    match kind {
        LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
        | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
            Err(r"`\u`: it writes `\x{…}`")
        }
        _ => Ok(()),
    }
}

fn unicode(class: &ClassUnicode) -> Result<(), &'static str> {
    let is_known = match &class.kind {
        ClassUnicodeKind::OneLetter(_) => true,
        ClassUnicodeKind::Named(name) => name.len() == 2 || SCRIPTS.contains(&name.as_str()),
        ClassUnicodeKind::NamedValue { .. } => false,
    };
    if is_known {
        Ok(())
    } else {
        Err(r"this name in `\p{…}`: it knows `\p{L}`, `\p{Lu}` and `\p{Greek}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_knows_is_told_from_what_it_does_not() {
        for good in [
            r"(?i)\bbearer\s+([a-z0-9._~+/-]+=*)",
            r"[^\s:@]{3,40}$",
            r"\p{Lu}\p{Greek}\x{1F600}[[:alpha:]\d]",
            r"(?P<a>x)|(?:y)|(?s-i:z)\A\z",
        ] {
            assert_eq!(unknown_to_go(good), None, "{good}");
        }
        for bad in [
            r"[a-z&&[^b]]",
            r"[a[b]]",
            r"(?x) a b",
            r"(?u)a",
            r"\b{start}a",
            r"a{1001}",
            r"\u0041",
            r"[\u{41}-\u{42}]",
            r"\p{Letter}",
            r"\p{sc=Greek}",
            r"(",
        ] {
            assert!(unknown_to_go(bad).is_some(), "{bad}");
        }
    }
}
