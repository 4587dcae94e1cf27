//! One trace, ready to be drawn: its entities in the order of the drawing.

use serde::Serialize;
use serde_json::{Map, Value};

use super::assemble::Assembled;
use super::{Entity, FORMAT_VERSION, Status};

/// One trace as X-Ray has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Version of the document's form.
    pub format_version: &'static str,
    /// Its id, in X-Ray's form.
    pub id: String,
    /// Seconds from its first start to its last end, where X-Ray tells them.
    pub duration: Option<f64>,
    /// It is larger than X-Ray keeps; some of it is missing.
    pub limit_exceeded: bool,
    /// Its segments.
    pub documents: Vec<Document>,
}

/// One document of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// The segment's id.
    pub id: String,
    /// The document; a string where it cannot be read as JSON.
    pub document: Value,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

impl Document {
    /// Reads the text of a document.
    pub fn new(id: String, text: String) -> Self {
        let (document, unreadable) = match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(document) => (Value::Object(document), None),
            Err(error) => (Value::String(text), Some(error.to_string())),
        };
        Self {
            id,
            document,
            unreadable,
        }
    }
}

impl Trace {
    /// A trace without documents.
    pub fn new(id: &str) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            id: id.to_owned(),
            duration: None,
            limit_exceeded: false,
            documents: Vec::new(),
        }
    }

    /// Puts it in the order in which it is drawn.
    pub fn waterfall(&self) -> Waterfall {
        let documents = self.documents.iter();
        let documents: Vec<_> = documents
            .filter_map(|one| one.document.as_object())
            .collect();
        Waterfall::of(self, Assembled::of(&documents))
    }
}

/// A trace in the order in which it is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waterfall {
    /// The trace's id.
    pub id: String,
    /// The first start, in seconds since 1970; `None` where nothing says one.
    pub start: Option<f64>,
    /// Seconds from the first start to the last end or start.
    pub length: f64,
    /// How its root ended.
    pub status: Status,
    /// Something is in progress, or its parent is missing.
    pub is_partial: bool,
    /// It is larger than X-Ray keeps.
    pub limit_exceeded: bool,
    /// Its entities: parents before children, by start.
    pub steps: Vec<Step>,
}

/// One line of the drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// How deep it stands, from 0.
    pub depth: usize,
    /// It is the last below its parent.
    pub is_last: bool,
    /// Why it stands where it does.
    pub place: Place,
    /// Entities below it, at any depth.
    pub below: usize,
    /// Whose exception made it fail, where that was another's.
    pub caused_by: Option<String>,
    /// The entity.
    pub entity: Entity,
}

/// Why an entity stands where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Below its parent, or at the top since it has none.
    #[default]
    Known,
    /// At the top, since its parent is not in the trace.
    ParentMissing,
    /// At the top, since it stands below itself.
    Circle,
}

impl Waterfall {
    fn of(trace: &Trace, assembled: Assembled) -> Self {
        let mut drawing = Drawing::new(assembled);
        drawing.walk_all();
        let Drawing {
            assembled, order, ..
        } = drawing;
        let starts = assembled.entities.iter().filter_map(|one| one.start);
        let start = starts.clone().reduce(f64::min);
        let ends = assembled.entities.iter().filter_map(|one| one.end);
        let end = starts.chain(ends).reduce(f64::max);
        let is_partial = assembled.entities.iter().any(|one| one.end.is_none())
            || assembled.orphans.contains(&true);
        let root = order.iter().find(|(_, step)| step.depth == 0);
        let status = root.map_or(Status::Ok, |(index, _)| assembled.entities[*index].status);
        let causes: Vec<Option<String>> = order
            .iter()
            .map(|(index, _)| cause(&assembled.entities, &assembled.entities[*index]))
            .collect();
        let mut entities: Vec<Option<Entity>> = assembled.entities.into_iter().map(Some).collect();
        let steps = order.into_iter().zip(causes);
        let steps = steps.map(|((index, step), caused_by)| Step {
            entity: entities[index].take().unwrap_or_default(),
            caused_by,
            ..step
        });
        Self {
            id: trace.id.clone(),
            start,
            length: end.zip(start).map_or(0.0, |(end, start)| end - start),
            status,
            is_partial,
            limit_exceeded: trace.limit_exceeded,
            steps: steps.collect(),
        }
    }
}

/// Names the exception of another entity that one fails with.
fn cause(entities: &[Entity], of: &Entity) -> Option<String> {
    let id = of.cause.as_ref()?;
    let mut thrown = entities
        .iter()
        .flat_map(|one| one.exceptions.iter().map(move |thrown| (one, thrown)));
    let found = thrown.find(|(_, thrown)| thrown.id == *id);
    Some(found.map_or_else(
        || format!("exception {id}, which is not in the trace"),
        |(one, thrown)| {
            let kind = thrown.kind.as_deref().unwrap_or("exception");
            format!("{kind} of {}", one.name)
        },
    ))
}

/// The walk through a tree, without recursion: others decide how deep it is.
struct Drawing {
    assembled: Assembled,
    children: Vec<Vec<usize>>,
    is_drawn: Vec<bool>,
    order: Vec<(usize, Step)>,
}

impl Drawing {
    fn new(assembled: Assembled) -> Self {
        let mut children = vec![Vec::new(); assembled.entities.len()];
        for (index, parent) in assembled.parents.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(index);
            }
        }
        for list in &mut children {
            list.sort_by(|one, other| by_start(&assembled, *one, *other));
        }
        Self {
            is_drawn: vec![false; assembled.entities.len()],
            order: Vec::new(),
            children,
            assembled,
        }
    }

    /// Draws what has no parent, and then what is left: circles.
    fn walk_all(&mut self) {
        let all = 0..self.assembled.entities.len();
        let mut tops: Vec<usize> = all
            .clone()
            .filter(|index| self.assembled.parents[*index].is_none())
            .collect();
        tops.sort_by(|one, other| {
            let orphans = &self.assembled.orphans;
            orphans[*one]
                .cmp(&orphans[*other])
                .then_with(|| by_start(&self.assembled, *one, *other))
        });
        for top in tops {
            let place = if self.assembled.orphans[top] {
                Place::ParentMissing
            } else {
                Place::Known
            };
            self.walk(top, place);
        }
        let mut left: Vec<usize> = all.filter(|index| !self.is_drawn[*index]).collect();
        left.sort_by(|one, other| by_start(&self.assembled, *one, *other));
        for top in left {
            self.walk(top, Place::Circle);
        }
    }

    fn walk(&mut self, top: usize, place: Place) {
        let mut waiting = vec![(top, 0, true, place)];
        let begun = self.order.len();
        while let Some((index, depth, is_last, place)) = waiting.pop() {
            if std::mem::replace(&mut self.is_drawn[index], true) {
                continue;
            }
            let step = Step {
                depth,
                is_last,
                place,
                ..Step::default()
            };
            self.order.push((index, step));
            let children = self.children[index].iter();
            let children: Vec<usize> = children
                .copied()
                .filter(|child| !self.is_drawn[*child])
                .collect();
            let below = children.iter().enumerate().rev().map(|(at, child)| {
                let is_last = at + 1 == children.len();
                (*child, depth + 1, is_last, Place::Known)
            });
            waiting.extend(below);
        }
        self.count_below(begun);
    }

    /// Counts what stands below each of the steps since `begun`.
    fn count_below(&mut self, begun: usize) {
        let mut open: Vec<usize> = Vec::new();
        for at in begun..=self.order.len() {
            let depth = self.order.get(at).map_or(0, |(_, step)| step.depth);
            while open.len() > depth {
                if let Some(done) = open.pop() {
                    self.order[done].1.below = at - done - 1;
                }
            }
            open.push(at);
        }
    }
}

fn by_start(assembled: &Assembled, one: usize, other: usize) -> std::cmp::Ordering {
    let start = |index: usize| assembled.entities[index].start.unwrap_or(f64::INFINITY);
    start(one).total_cmp(&start(other)).then(one.cmp(&other))
}
