//! Rules of types.

use super::toys::KINDS;
use crate::spec::Language;

#[test]
fn rules_are_compiled_once_and_for_all_specs() {
    let language = Language::of(KINDS);
    let needed = KINDS[2];
    let first = language.shape(needed).map(std::ptr::from_ref);
    assert!(first.is_some());
    assert_eq!(language.check_schemas().map_err(|(kind, _)| kind), Ok(()));
    let again = language.shape(needed).map(std::ptr::from_ref);
    assert_eq!(again, first);
}

#[test]
fn other_types_have_no_rules() {
    let language = Language::of(&KINDS[1..]);
    assert!(language.shape(KINDS[0]).is_none());
}
