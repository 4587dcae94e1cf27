//! Root causes that are asked for.

use serde_json::Value as Json;

use super::super::causes::{CauseKind, CauseService};
use super::super::lenient::Value;
use super::super::trace::{Exception, Kind, Trace};
use super::compare::{self, View};
use super::{Asked, holds};
use crate::filter::{
    Annotation, Block, BooleanKeyword, Equality, NumberKeyword, RootCauseElement, RootCauseList,
    RootCausePattern, RootCauseSelector, StringKeyword, Test,
};

impl Asked<'_, '_> {
    /// Whether an element of a list is as a block says.
    pub(super) fn root_cause(&self, selector: &RootCauseSelector) -> bool {
        let causes = self.causes(kind(selector.list));
        let block = &selector.block;
        let services = causes.iter().map(|cause| cause.services.as_slice());
        match selector.list.element() {
            RootCauseElement::Service => {
                any_element(services, block, |service| self.service_element(service))
            }
            RootCauseElement::Entity => {
                let entities = services.flatten().map(|it| it.entities.as_slice());
                any_element(entities, block, |entity| self.entity_element(*entity))
            }
            RootCauseElement::Exception => {
                let entities = services.flatten().flat_map(|it| &it.entities);
                let entities = entities.filter_map(|at| self.trace.get(*at));
                let exceptions = entities.map(|it| it.cause.exceptions.as_slice());
                any_element(exceptions, block, thrown)
            }
        }
    }

    fn service_element<'s>(&'s self, service: &CauseService) -> Element<'s> {
        let segment = self.trace.get(service.segment);
        Element {
            name: segment.map(|it| it.name.as_ref()),
            kind: segment.and_then(|it| it.origin.as_deref()),
            is_inferred: segment.is_some_and(|it| it.kind == Kind::Inferred),
            ..Element::default()
        }
    }

    fn entity_element(&self, entity: usize) -> Element<'_> {
        let trace: &Trace<'_> = self.trace;
        Element {
            name: trace.path_name(entity),
            is_remote: trace.is_remote(entity),
            coverage: trace.coverage(entity),
            ..Element::default()
        }
    }

    /// Whether the root causes of one kind have all the shapes that are wanted.
    pub(super) fn root_cause_json(&self, test: &Test<Equality, RootCausePattern>) -> bool {
        let kinds = [CauseKind::Fault, CauseKind::Error, CauseKind::ResponseTime];
        let is_found = kinds.into_iter().any(|kind| {
            let told = self.told(kind);
            let mut wanted = test.value.0.iter();
            wanted.all(|wanted| told.iter().any(|cause| has_shape(cause, wanted)))
        });
        is_found == (test.operator == Equality::Equal)
    }
}

fn kind(list: RootCauseList) -> CauseKind {
    match list {
        RootCauseList::FaultService
        | RootCauseList::FaultEntity
        | RootCauseList::FaultException => CauseKind::Fault,
        RootCauseList::ErrorService
        | RootCauseList::ErrorEntity
        | RootCauseList::ErrorException => CauseKind::Error,
        RootCauseList::ResponseTimeService | RootCauseList::ResponseTimeEntity => {
            CauseKind::ResponseTime
        }
    }
}

/// Whether a block holds for any element of any of the lists.
fn any_element<'s, T: 's>(
    mut lists: impl Iterator<Item = &'s [T]>,
    block: &Block,
    element: impl Fn(&'s T) -> Element<'s>,
) -> bool {
    lists.any(|list| {
        list.iter().enumerate().any(|(index, it)| {
            let placed = Element {
                index,
                is_last: index + 1 == list.len(),
                ..element(it)
            };
            holds(block, &|condition| compare::condition(&placed, condition))
        })
    })
}

/// An element of a list of root causes.
#[derive(Default)]
struct Element<'s> {
    name: Option<&'s str>,
    kind: Option<&'s str>,
    message: Option<&'s str>,
    is_inferred: bool,
    is_remote: bool,
    coverage: Option<f64>,
    index: usize,
    is_last: bool,
}

fn thrown<'s>(exception: &'s Exception<'_>) -> Element<'s> {
    Element {
        name: exception.name.as_deref(),
        message: exception.message.as_deref(),
        ..Element::default()
    }
}

impl View for Element<'_> {
    fn boolean(&self, keyword: BooleanKeyword) -> bool {
        match keyword {
            BooleanKeyword::First => self.index == 0,
            BooleanKeyword::Last => self.is_last,
            BooleanKeyword::Inferred => self.is_inferred,
            BooleanKeyword::Remote => self.is_remote,
            _ => false,
        }
    }

    fn number(&self, keyword: NumberKeyword) -> Option<f64> {
        match keyword {
            NumberKeyword::Index => u32::try_from(self.index).ok().map(f64::from),
            NumberKeyword::Coverage => self.coverage,
            _ => None,
        }
    }

    fn any_text(&self, keyword: StringKeyword, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
        let text = match keyword {
            StringKeyword::Name => self.name,
            StringKeyword::Type => self.kind,
            StringKeyword::Message => self.message,
            _ => None,
        };
        text.is_some_and(wanted)
    }

    fn any_annotation(&self, _: &Annotation, _: &mut dyn FnMut(&Value<'_>) -> bool) -> bool {
        false
    }
}

/// Whether a value is as it is wanted. Fields that are left out may have any
/// value, and elements that are left out may stand before, between and behind
/// those that are given.
fn has_shape(value: &Json, wanted: &Json) -> bool {
    match (value, wanted) {
        (Json::Object(fields), Json::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            let value = fields.get(key).unwrap_or(&Json::Null);
            has_shape(value, wanted)
        }),
        (Json::Array(values), Json::Array(wanted)) => {
            let mut values = values.iter();
            let mut wanted = wanted.iter();
            wanted.all(|wanted| values.any(|value| has_shape(value, wanted)))
        }
        (Json::Number(value), Json::Number(wanted)) => value.as_f64() == wanted.as_f64(),
        _ => value == wanted,
    }
}
