//! Filters evaluated the simple way: on documents as they are, with recursion,
//! and without a thought for speed.

use serde_json::{Value as Json, json};

use super::ACCOUNT;
use crate::filter::{
    AnnotationSide, AnnotationTest, Block, BooleanKeyword as Is, Condition, Equality, Expression,
    Logic, NodeField, NodePattern, NumberKeyword as Amount, NumberOperator, RootCauseElement,
    StringKeyword as Word, StringOperator, Term,
};

/// A segment, a subsegment, or one that is inferred.
pub(super) struct Piece {
    id: String,
    parent: Option<usize>,
    says_parent: bool,
    is_segment: bool,
    is_inferred: bool,
    /// On the path of a root cause.
    path_name: String,
    name: String,
    kind: Option<String>,
    account: Option<String>,
    said: Json,
}

pub(super) struct Naive {
    pieces: Vec<Piece>,
    root: Option<usize>,
}

/// What a block is about.
enum About<'n> {
    Trace,
    Segment(usize),
    /// The piece that calls, and the one that is called.
    Call(usize, usize),
    /// An element of a list, where it stands, and how long the list is.
    Element(&'n Json, usize, usize),
}

fn text(said: &Json, path: &str) -> Option<String> {
    said.pointer(path).and_then(Json::as_str).map(str::to_owned)
}

impl Naive {
    /// Of documents whose ids all differ, and whose parents are in no circle.
    pub(super) fn of(documents: &[Json]) -> Self {
        let mut all = Vec::new();
        for document in documents {
            flatten(document, None, &mut all);
        }
        let ids: Vec<String> = all
            .iter()
            .map(|(said, _)| text(said, "/id").unwrap())
            .collect();
        let mut pieces: Vec<Piece> = all
            .into_iter()
            .map(|(said, inside)| {
                let parent_id = inside.clone().or(text(&said, "/parent_id"));
                let name = text(&said, "/name").unwrap();
                Piece {
                    id: text(&said, "/id").unwrap(),
                    parent: parent_id
                        .as_ref()
                        .and_then(|it| ids.iter().position(|id| id == it)),
                    says_parent: parent_id.is_some(),
                    is_segment: inside.is_none() && text(&said, "/type").is_none(),
                    is_inferred: false,
                    path_name: name.clone(),
                    name,
                    kind: text(&said, "/origin"),
                    account: text(&said, "/aws/account_id")
                        .filter(|it| !it.is_empty() && it != ACCOUNT),
                    said,
                }
            })
            .collect();
        for at in 0..pieces.len() {
            let is_answered =
                (0..pieces.len()).any(|it| pieces[it].is_segment && pieces[it].parent == Some(at));
            if !pieces[at].is_segment && pieces[at].said.get("namespace").is_some() && !is_answered
            {
                let far = far_side(&pieces[at], at);
                pieces.push(far);
            }
        }
        let mut roots: Vec<usize> = (0..pieces.len())
            .filter(|at| {
                pieces[*at].is_segment && !pieces[*at].is_inferred && pieces[*at].parent.is_none()
            })
            .collect();
        roots.sort_by(|one, other| {
            let key = |at: &usize| (pieces[*at].says_parent, pieces[*at].start());
            key(one).partial_cmp(&key(other)).unwrap()
        });
        Self {
            root: roots.first().copied(),
            pieces,
        }
    }

    pub(super) fn holds(
        &self,
        expression: &Expression,
        groups: &dyn Fn(&str) -> Option<Expression>,
    ) -> bool {
        all(expression, &|term| match term {
            Term::Condition(condition) => self.is(&About::Trace, condition),
            Term::Service(it) => {
                (0..self.pieces.len())
                    .filter(|at| self.pieces[*at].is_segment)
                    .any(|at| {
                        it.node
                            .as_ref()
                            .is_none_or(|node| self.pieces[at].is_node(node))
                            && it
                                .block
                                .as_ref()
                                .is_none_or(|block| self.block(&About::Segment(at), block))
                    })
                    || it.block.is_none()
                        && self.root.is_some_and(|root| {
                            it.node
                                .as_ref()
                                .is_none_or(|node| self.pieces[root].is_client(node))
                        })
            }
            Term::Edge(it) => self.calls().into_iter().any(|(caller, call, called)| {
                it.endpoints.as_ref().is_none_or(|ends| {
                    let is_source = match caller {
                        Some(caller) => self.pieces[caller].is_node(&ends.source),
                        None => self.pieces[called].is_client(&ends.source),
                    };
                    is_source && self.pieces[called].is_node(&ends.destination)
                }) && it
                    .block
                    .as_ref()
                    .is_none_or(|block| self.block(&About::Call(call, called), block))
            }),
            Term::RootCause(it) => {
                let words: Vec<&str> = it.list.as_str().split('.').collect();
                self.causes(words[1]).iter().any(|cause| {
                    let services = cause["Services"].as_array().unwrap();
                    let paths = services
                        .iter()
                        .map(|it| it["EntityPath"].as_array().unwrap());
                    let lists: Vec<&Vec<Json>> = match it.list.element() {
                        RootCauseElement::Service => vec![services],
                        RootCauseElement::Entity => paths.collect(),
                        RootCauseElement::Exception => paths
                            .flatten()
                            .map(|it| it["Exceptions"].as_array().unwrap())
                            .collect(),
                    };
                    lists.iter().any(|list| {
                        (0..list.len()).any(|at| {
                            self.block(&About::Element(&list[at], at, list.len()), &it.block)
                        })
                    })
                })
            }
            Term::RootCauseJson(test) => {
                let is_found = ["fault", "error", "responsetime"].iter().any(|kind| {
                    let causes = self.causes(kind);
                    test.value
                        .0
                        .iter()
                        .all(|wanted| causes.iter().any(|it| is_like(it, wanted)))
                });
                is_found == (test.operator == Equality::Equal)
            }
            Term::Group { test, .. } => groups(&test.value).is_some_and(|group| {
                self.holds(&group, groups) == (test.operator == Equality::Equal)
            }),
        })
    }

    fn block(&self, about: &About<'_>, block: &Block) -> bool {
        all(block, &|condition| self.is(about, condition))
    }

    fn is(&self, about: &About<'_>, condition: &Condition) -> bool {
        match condition {
            Condition::Boolean(keyword) => self.is_so(about, *keyword),
            Condition::Number { keyword, test } => self
                .amounts(about, *keyword)
                .into_iter()
                .any(|it| test.is_none_or(|test| compare(it, test.operator, test.value.get()))),
            Condition::String { keyword, test } => self.words(about, *keyword).iter().any(|it| {
                test.as_ref()
                    .is_none_or(|test| is_text(it, test.operator, &test.value))
            }),
            Condition::Annotation { annotation, test } => {
                let values = self.pieces_of(about, annotation.side).into_iter();
                let mut values = values.filter_map(|at| {
                    self.pieces[at].said["annotations"].get(annotation.key.as_str())
                });
                values.any(|value| match test {
                    None => *value != Json::Bool(false),
                    Some(AnnotationTest::Boolean(test)) => value
                        .as_bool()
                        .is_some_and(|it| (it == test.value) == (test.operator == Equality::Equal)),
                    Some(AnnotationTest::Number(test)) => value
                        .as_f64()
                        .is_some_and(|it| compare(it, test.operator, test.value.get())),
                    Some(AnnotationTest::String(test)) => value
                        .as_str()
                        .is_some_and(|it| is_text(it, test.operator, &test.value)),
                })
            }
        }
    }

    /// The one whose outcome, times and request count.
    fn main(&self, about: &About<'_>) -> Option<&Piece> {
        let at = match about {
            About::Trace => self.root?,
            About::Segment(at) | About::Call(at, _) => *at,
            About::Element(..) => return None,
        };
        Some(&self.pieces[at])
    }

    /// Those of which any counts.
    fn pieces_of(&self, about: &About<'_>, side: Option<AnnotationSide>) -> Vec<usize> {
        let of = |segment: usize| {
            (0..self.pieces.len()).filter(move |at| self.segment(*at) == Some(segment))
        };
        match (about, side) {
            (About::Trace, _) => (0..self.pieces.len()).collect(),
            (About::Segment(at), _) => of(*at).collect(),
            (About::Call(call, called), None) => of(*called).chain([*call]).collect(),
            (About::Call(_, called), Some(AnnotationSide::Destination)) => of(*called).collect(),
            (About::Call(_, called), Some(AnnotationSide::Source)) => {
                let source = self.pieces[*called].parent.and_then(|at| self.segment(at));
                source.into_iter().flat_map(of).collect()
            }
            (About::Element(..), _) => Vec::new(),
        }
    }

    fn is_so(&self, about: &About<'_>, keyword: Is) -> bool {
        if let About::Element(it, index, length) = about {
            return match keyword {
                Is::First => *index == 0,
                Is::Last => index + 1 == *length,
                Is::Remote => it["Remote"] == true,
                Is::Inferred => it["Inferred"] == true,
                _ => false,
            };
        }
        let flags = self.main(about).map(Piece::flags);
        match (keyword, about) {
            (Is::Ok, _) => flags == Some([false; 3]),
            (Is::Error, _) => flags.is_some_and(|it| it[0] && !it[2]),
            (Is::Fault, _) => flags.is_some_and(|it| it[1]),
            (Is::Throttle, _) => flags.is_some_and(|it| it[2]),
            (Is::Partial, About::Call(call, _)) => self.is_partial(*call),
            (Is::Partial, _) => self
                .pieces_of(about, None)
                .into_iter()
                .any(|at| self.is_partial(at)),
            (Is::Inferred, About::Trace) => self.pieces.iter().any(|it| it.is_inferred),
            (Is::Inferred, About::Segment(at)) => {
                let mut same = self
                    .pieces
                    .iter()
                    .filter(|it| it.is_segment && it.is_same(&self.pieces[*at]));
                same.all(|it| it.is_inferred)
            }
            (Is::Root, About::Segment(at)) => self
                .root
                .is_some_and(|root| self.pieces[root].is_same(&self.pieces[*at])),
            _ => false,
        }
    }

    fn amounts(&self, about: &About<'_>, keyword: Amount) -> Vec<f64> {
        let found = match (keyword, about) {
            (Amount::Index, About::Element(_, index, _)) => {
                Some(f64::from(u32::try_from(*index).unwrap()))
            }
            (Amount::Coverage, About::Element(it, ..)) => it["Coverage"].as_f64(),
            (Amount::Duration, About::Trace) => {
                let start = self.pieces.iter().map(Piece::start).reduce(f64::min);
                let ends: Option<Vec<f64>> = self.pieces.iter().map(Piece::end).collect();
                let end = ends.and_then(|it| it.into_iter().reduce(f64::max));
                self.root.and(end).map(|end| end - start.unwrap())
            }
            (Amount::Duration, _) => self.main(about).and_then(|it| {
                it.end()?;
                let below = self.pieces.iter().filter(|other| self.is_below(other, it));
                let last = below.filter_map(Piece::end).reduce(f64::max);
                last.map(|last| last - it.start())
            }),
            (Amount::ResponseTime, _) => self.main(about).and_then(Piece::seconds),
            (Amount::HttpStatus, _) => self
                .main(about)
                .and_then(|it| it.said.pointer("/http/response/status")?.as_f64()),
            _ => None,
        };
        found.into_iter().collect()
    }

    fn words(&self, about: &About<'_>, keyword: Word) -> Vec<String> {
        if let About::Element(it, ..) = about {
            let field = match keyword {
                Word::Name => "/Name",
                Word::Type => "/Type",
                Word::Message => "/Message",
                _ => return Vec::new(),
            };
            return text(it, field).into_iter().collect();
        }
        let of_main = |path: &str| {
            self.main(about)
                .and_then(|it| text(&it.said, path))
                .into_iter()
                .collect()
        };
        let of_any = |path: &str| {
            let all = self.pieces_of(about, None).into_iter();
            all.filter(|at| !self.pieces[*at].is_inferred)
                .filter_map(|at| text(&self.pieces[at].said, path))
                .collect()
        };
        let node = match about {
            About::Segment(at) | About::Call(_, at) => Some(&self.pieces[*at]),
            _ => None,
        };
        match keyword {
            Word::HttpUrl => of_main("/http/request/url"),
            Word::HttpMethod => of_main("/http/request/method"),
            Word::HttpUserAgent => of_main("/http/request/user_agent"),
            Word::HttpClientIp => of_main("/http/request/client_ip"),
            Word::User => of_any("/user"),
            Word::AvailabilityZone => of_any("/aws/ec2/availability_zone"),
            Word::InstanceId => of_any("/aws/ec2/instance_id"),
            Word::ResourceArn => of_any("/resource_arn"),
            Word::Name => node.map(|it| it.name.clone()).into_iter().collect(),
            Word::Type => node.and_then(|it| it.kind.clone()).into_iter().collect(),
            Word::Message => {
                let all = self.pieces_of(about, None).into_iter();
                let of = |at: usize| self.pieces[at].exceptions();
                all.flat_map(of)
                    .filter_map(|it| text(&it, "/message"))
                    .collect()
            }
        }
    }

    fn segment(&self, at: usize) -> Option<usize> {
        if self.pieces[at].is_segment {
            return Some(at);
        }
        self.segment(self.pieces[at].parent?)
    }

    fn is_below(&self, it: &Piece, top: &Piece) -> bool {
        it.id == top.id
            || it
                .parent
                .is_some_and(|at| self.is_below(&self.pieces[at], top))
    }

    fn children(&self, at: usize) -> Vec<usize> {
        (0..self.pieces.len())
            .filter(|it| self.pieces[*it].parent == Some(at))
            .collect()
    }

    fn is_partial(&self, at: usize) -> bool {
        let it = &self.pieces[at];
        let is_promised = it.said["traced"] == true
            && !self
                .children(at)
                .iter()
                .any(|at| self.pieces[*at].is_segment && !self.pieces[*at].is_inferred);
        it.says_parent && it.parent.is_none()
            || it.end().is_none()
            || is_promised && !it.is_inferred
    }

    /// The caller's segment (none for the client), the call, the called.
    fn calls(&self) -> Vec<(Option<usize>, usize, usize)> {
        let mut calls: Vec<_> = self.root.iter().map(|root| (None, *root, *root)).collect();
        for called in (0..self.pieces.len()).filter(|at| self.pieces[*at].is_segment) {
            let Some(above) = self.pieces[called].parent else {
                continue;
            };
            let call = if self.pieces[above].is_segment {
                called
            } else {
                above
            };
            calls.extend(
                self.segment(above)
                    .map(|caller| (Some(caller), call, called)),
            );
        }
        calls
    }

    /// Root causes as a summary has them.
    fn causes(&self, kind: &str) -> Vec<Json> {
        let Some(flag) = ["error", "fault"].iter().position(|it| *it == kind) else {
            return self.slow().into_iter().collect();
        };
        let failed = |at: usize| self.pieces[at].flags()[flag];
        let starts = (0..self.pieces.len()).filter(|at| self.pieces[*at].is_segment && failed(*at));
        let starts = starts.filter(|at| {
            let Some(above) = self.pieces[*at].parent else {
                return true;
            };
            let second = self.pieces[above].parent.filter(|at| failed(*at));
            let is_call = !self.pieces[above].is_segment
                && self.pieces[above].said.get("namespace").is_some();
            if self.pieces[*at].is_inferred {
                return second.is_none_or(|second| {
                    let reference = text(&self.pieces[second].said, "/cause");
                    reference.is_some_and(|it| {
                        let owner = self.owner(&it);
                        owner.is_none_or(|it| !self.is_below(&self.pieces[it], &self.pieces[above]))
                    })
                });
            }
            !failed(above) || is_call && second.is_none()
        });
        let paths = starts.filter_map(|at| Some((at, self.lead(at, &failed)?)));
        paths
            .map(|(at, path)| self.told(&path, Some(at) == self.root, false))
            .collect()
    }

    fn owner(&self, exception: &str) -> Option<usize> {
        (0..self.pieces.len()).find(|at| {
            let all = self.pieces[*at].exceptions();
            all.iter()
                .any(|it| text(it, "/id").as_deref() == Some(exception))
        })
    }

    fn lead(&self, at: usize, failed: &dyn Fn(usize) -> bool) -> Option<Vec<usize>> {
        if !failed(at) {
            return None;
        }
        if self.pieces[at].is_inferred {
            return Some(vec![at]);
        }
        if let Some(reference) = text(&self.pieces[at].said, "/cause") {
            let owner = self.owner(&reference)?;
            let mut way = vec![];
            let mut above = self.pieces[owner].parent?;
            while above != at {
                if !failed(above) {
                    return None;
                }
                way.insert(0, above);
                above = self.pieces[above].parent?;
            }
            let rest = self.lead(owner, failed)?;
            return Some([vec![at], way, rest].concat());
        }
        let mut children = self.children(at);
        let calls_out = |at: &usize| {
            self.children(*at)
                .iter()
                .any(|it| self.pieces[*it].is_inferred)
        };
        children.sort_by_key(|at| !calls_out(at));
        let below = children.into_iter().find_map(|it| self.lead(it, failed));
        if let Some(below) = below {
            return Some([vec![at], below].concat());
        }
        (!self.pieces[at].exceptions().is_empty()).then(|| vec![at])
    }

    fn slow(&self) -> Option<Json> {
        let root = self.root?;
        let whole = self.pieces[root].seconds()?;
        let mut path = vec![root];
        loop {
            let seconds = |at: usize| {
                self.pieces[at]
                    .seconds()
                    .filter(|it| *it > whole / 2.0 && *it <= whole)
            };
            let mut longest: Option<(usize, f64)> = None;
            for at in self.children(*path.last().unwrap()) {
                if let Some(it) = seconds(at)
                    && longest.is_none_or(|(_, most)| it > most)
                {
                    longest = Some((at, it));
                }
            }
            match longest {
                Some((at, _)) => path.push(at),
                None => break,
            }
        }
        (path.len() > 1).then(|| self.told(&path, true, true))
    }

    fn told(&self, path: &[usize], is_impacting: bool, is_slow: bool) -> Json {
        let mut services: Vec<Json> = Vec::new();
        for at in path {
            let it = &self.pieces[*at];
            let mut entity = json!({
                "Name": it.path_name,
                "Remote": !it.is_segment && it.said.get("namespace").is_some(),
            });
            if is_slow {
                let whole = self.pieces[self.root.unwrap()].seconds().unwrap();
                entity["Coverage"] = (it.seconds().unwrap() / whole).into();
            } else {
                let exceptions = it.exceptions().into_iter();
                entity["Exceptions"] = exceptions
                    .map(|it| json!({"Name": it.get("type"), "Message": it.get("message")}))
                    .collect();
            }
            if it.is_segment {
                services.push(json!({
                    "AccountId": it.account, "Name": it.name, "Names": [it.name], "Type": it.kind,
                    "Inferred": it.is_inferred, "EntityPath": [],
                }));
            }
            services.last_mut().unwrap()["EntityPath"]
                .as_array_mut()
                .unwrap()
                .push(entity);
        }
        json!({"ClientImpacting": is_impacting, "Services": services})
    }
}

impl Piece {
    fn start(&self) -> f64 {
        self.said["start_time"].as_f64().unwrap()
    }

    fn end(&self) -> Option<f64> {
        self.said["end_time"].as_f64()
    }

    fn seconds(&self) -> Option<f64> {
        self.end().map(|end| end - self.start())
    }

    /// Error, fault, throttle.
    fn flags(&self) -> [bool; 3] {
        let status = self
            .said
            .pointer("/http/response/status")
            .and_then(Json::as_u64)
            .unwrap_or(0);
        let is = |name: &str| self.said.get(name) == Some(&Json::Bool(true));
        [
            is("error") || status / 100 == 4,
            is("fault") || status / 100 == 5,
            is("throttle") || status == 429,
        ]
    }

    fn exceptions(&self) -> Vec<Json> {
        let exceptions = self
            .said
            .pointer("/cause/exceptions")
            .filter(|_| !self.is_inferred);
        exceptions
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.kind, &self.account) == (&other.name, &other.kind, &other.account)
    }

    fn is_node(&self, node: &NodePattern) -> bool {
        is_node(
            node,
            &self.name,
            self.kind.as_deref(),
            self.account.as_deref(),
        )
    }

    /// Whether the client that calls it is meant.
    fn is_client(&self, node: &NodePattern) -> bool {
        is_node(node, &self.name, Some("client"), None)
    }
}

fn is_node(node: &NodePattern, name: &str, kind: Option<&str>, account: Option<&str>) -> bool {
    match node {
        NodePattern::Name(wanted) => wanted == name,
        NodePattern::Id(id) => {
            id.get(NodeField::Name).is_none_or(|it| it == name)
                && id.get(NodeField::Type).is_none_or(|it| Some(it) == kind)
                && id
                    .get(NodeField::AccountId)
                    .is_none_or(|it| it == account.unwrap_or(ACCOUNT))
        }
    }
}

fn flatten(said: &Json, inside: Option<String>, all: &mut Vec<(Json, Option<String>)>) {
    all.push((said.clone(), inside));
    for below in said["subsegments"].as_array().into_iter().flatten() {
        flatten(below, text(said, "/id"), all);
    }
}

fn far_side(call: &Piece, at: usize) -> Piece {
    let has_operation = call.said.pointer("/aws/operation").is_some();
    let (name, kind) = match (
        text(&call.said, "/namespace").as_deref(),
        call.name.as_str(),
    ) {
        (Some("remote"), _) if call.said.get("sql").is_some() => (None, "Database::SQL".to_owned()),
        (Some("remote"), _) => (None, "remote".to_owned()),
        (_, "DynamoDB") if has_operation => (
            text(&call.said, "/aws/table_name"),
            "AWS::DynamoDB::Table".to_owned(),
        ),
        (_, "DynamoDB") => (None, "AWS::DynamoDB".to_owned()),
        (_, other) => (None, format!("AWS::{other}")),
    };
    let mut said = call.said.clone();
    said.as_object_mut().unwrap().remove("annotations");
    Piece {
        id: format!("far side of {}", call.id),
        parent: Some(at),
        says_parent: true,
        is_segment: true,
        is_inferred: true,
        path_name: call.name.clone(),
        name: name.unwrap_or_else(|| call.name.clone()),
        kind: Some(kind),
        account: call.account.clone(),
        said,
    }
}

fn all<T>(logic: &Logic<T>, leaf: &dyn Fn(&T) -> bool) -> bool {
    match logic {
        Logic::Or(operands) => !operands.iter().all(|it| !all(it, leaf)),
        Logic::And(operands) => !operands.iter().any(|it| !all(it, leaf)),
        Logic::Not(operand) => !all(operand, leaf),
        Logic::Leaf(it) => leaf(it),
    }
}

fn compare(value: f64, operator: NumberOperator, wanted: f64) -> bool {
    let order = value.partial_cmp(&wanted).unwrap();
    match operator {
        NumberOperator::Equal => order.is_eq(),
        NumberOperator::NotEqual => order.is_ne(),
        NumberOperator::Less => order.is_lt(),
        NumberOperator::LessOrEqual => order.is_le(),
        NumberOperator::Greater => order.is_gt(),
        NumberOperator::GreaterOrEqual => order.is_ge(),
    }
}

fn is_text(value: &str, operator: StringOperator, wanted: &str) -> bool {
    let found: Vec<usize> = value.match_indices(wanted).map(|(at, _)| at).collect();
    match operator {
        StringOperator::Equal => value == wanted,
        StringOperator::NotEqual => value != wanted,
        StringOperator::Contains => !found.is_empty(),
        StringOperator::BeginsWith => found.contains(&0),
        StringOperator::EndsWith => {
            value.len() >= wanted.len() && value[value.len() - wanted.len()..] == *wanted
        }
    }
}

fn is_like(value: &Json, wanted: &Json) -> bool {
    match (value, wanted) {
        (Json::Object(_), Json::Object(fields)) => {
            fields.iter().all(|(key, it)| is_like(&value[key], it))
        }
        (Json::Array(values), Json::Array(wanted)) => match wanted.split_first() {
            None => true,
            Some((first, rest)) => (0..values.len()).any(|at| {
                is_like(&values[at], first) && is_like(&values[at + 1..].into(), &rest.into())
            }),
        },
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        _ => value == wanted,
    }
}
