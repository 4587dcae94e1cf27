//! Groups that an expression names, and those that their filters name.

use std::collections::{HashMap, HashSet};

use super::leaves;
use crate::filter::{Expression, GroupField, Term};

/// The traces of a group.
#[derive(Clone, Debug)]
pub enum GroupFilter {
    /// All traces, as in the group `Default`.
    Everything,
    /// Those that a filter finds.
    Expression(Expression),
}

/// How a group is named.
type Naming = (GroupField, String);

/// The groups that can be asked: known, and not named by their own filter, over
/// others or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// Each after those that its filter names.
    in_order: Vec<GroupFilter>,
    by_name: HashMap<String, usize>,
    by_arn: HashMap<String, usize>,
}

impl Groups {
    /// The groups that an expression names, and all that these name.
    pub(super) fn named_by(
        expression: &Expression,
        group: &dyn Fn(GroupField, &str) -> Option<GroupFilter>,
    ) -> Self {
        let mut found: HashMap<Naming, Found> = HashMap::new();
        let mut asked = HashSet::new();
        let mut open = namings(expression);
        while let Some(naming) = open.pop() {
            if !asked.insert(naming.clone()) {
                continue;
            }
            let Some(filter) = group(naming.0, &naming.1) else {
                continue;
            };
            let names = match &filter {
                GroupFilter::Everything => Vec::new(),
                GroupFilter::Expression(expression) => namings(expression),
            };
            open.extend(names.iter().cloned());
            found.insert(naming, Found { filter, names });
        }
        let round: Vec<Naming> = found
            .keys()
            .filter(|naming| names_itself(naming, &found))
            .cloned()
            .collect();
        for naming in &round {
            found.remove(naming);
        }
        Self::ordered(found)
    }

    /// Takes groups that are in no circle, those first that name no other.
    fn ordered(mut found: HashMap<Naming, Found>) -> Self {
        let mut groups = Self::default();
        while !found.is_empty() {
            let is_ready = |it: &Found| it.names.iter().all(|naming| !found.contains_key(naming));
            let ready = found.iter().filter(|(_, it)| is_ready(it));
            let mut ready: Vec<Naming> = ready.map(|(naming, _)| naming.clone()).collect();
            if ready.is_empty() {
                break;
            }
            ready.sort_by(|one, other| one.1.cmp(&other.1));
            for naming in ready {
                let Some(it) = found.remove(&naming) else {
                    continue;
                };
                let (field, name) = naming;
                let place = groups.in_order.len();
                groups.by(field).insert(name, place);
                groups.in_order.push(it.filter);
            }
        }
        groups
    }

    fn by(&mut self, field: GroupField) -> &mut HashMap<String, usize> {
        match field {
            GroupField::Name => &mut self.by_name,
            GroupField::Arn => &mut self.by_arn,
        }
    }

    /// Where a group stands in the order.
    pub(super) fn place(&self, field: GroupField, name: &str) -> Option<usize> {
        let by = match field {
            GroupField::Name => &self.by_name,
            GroupField::Arn => &self.by_arn,
        };
        by.get(name).copied()
    }

    /// The filters, each after those that it names; `None` for all traces.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Option<&Expression>> {
        self.in_order.iter().map(|filter| match filter {
            GroupFilter::Everything => None,
            GroupFilter::Expression(expression) => Some(expression),
        })
    }

    /// The filters that are expressions.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.in_order().flatten()
    }
}

/// A group, and how it names others.
struct Found {
    filter: GroupFilter,
    names: Vec<Naming>,
}

fn namings(expression: &Expression) -> Vec<Naming> {
    let named = |term: &Term| match term {
        Term::Group { field, test } => Some((*field, test.value.clone())),
        _ => None,
    };
    leaves(expression).into_iter().filter_map(named).collect()
}

/// Whether a group's filter leads back to it, by its name or by its ARN.
fn names_itself(naming: &Naming, found: &HashMap<Naming, Found>) -> bool {
    let filter = |naming| match found.get(naming).map(|it| &it.filter) {
        Some(GroupFilter::Expression(expression)) => Some(expression),
        _ => None,
    };
    let Some(own) = filter(naming) else {
        return false;
    };
    let names = |naming: &Naming| found.get(naming).map_or(&[][..], |it| it.names.as_slice());
    let mut met: HashSet<&Naming> = HashSet::new();
    let mut open: Vec<&Naming> = names(naming).iter().collect();
    while let Some(next) = open.pop() {
        if filter(next) == Some(own) {
            return true;
        }
        if met.insert(next) {
            open.extend(names(next));
        }
    }
    false
}
