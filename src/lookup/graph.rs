//! Service graphs: what calls what. A long window is asked for in several, whose
//! graphs are put together here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{FORMAT_VERSION, Service, Statistics, Tally, Window};
use crate::aws::xray::types;

/// The answer to one call with its pages: services that refer to one another.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// As X-Ray told them.
    pub services: Vec<types::Service>,
    /// Some of it is of the group before its filter was changed.
    pub contains_old_group_versions: bool,
}

/// Services and the calls between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    /// Version of the document's form.
    pub format_version: &'static str,
    /// What was counted over.
    pub window: Window,
    /// The group that was counted.
    pub group: Option<String>,
    /// Some of it is of the group before its filter was changed.
    pub contains_old_group_versions: bool,
    /// By name; the id of each is its index.
    pub services: Vec<Node>,
    /// By caller, then by what it calls.
    pub edges: Vec<Edge>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Its index in the list.
    pub id: usize,
    /// Which.
    #[serde(flatten)]
    pub service: Service,
    /// Whether it sends traces itself: `active`, `passive`, `unknown`.
    pub state: Option<String>,
    /// Requests come in here.
    pub root: bool,
    /// What it answered; `None` for clients.
    pub statistics: Option<Statistics>,
}

/// The calls of one service to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// The id of the caller.
    pub from: usize,
    /// The id of what it calls.
    pub to: usize,
    /// `link` where traces are linked and not one; `None` otherwise.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Other names that it calls it by.
    pub aliases: Vec<Service>,
    /// The calls.
    pub statistics: Option<Statistics>,
}

impl Node {
    /// Tells whether it stands for whoever calls the first service.
    pub fn is_client(&self) -> bool {
        self.service.kind.as_deref() == Some("client")
    }
}

#[derive(Default)]
struct Gathered {
    nodes: BTreeMap<Service, GatheredNode>,
    edges: BTreeMap<(Service, Service, Option<String>), GatheredEdge>,
}

#[derive(Default)]
struct GatheredNode {
    state: Option<String>,
    root: bool,
    tally: Option<Tally>,
}

#[derive(Default)]
struct GatheredEdge {
    aliases: Vec<Service>,
    tally: Option<Tally>,
}

impl Graph {
    /// Puts the answers for the parts of `window` together.
    pub fn of(window: Window, group: Option<&str>, answers: &[Answer]) -> Self {
        let mut gathered = Gathered::default();
        for answer in answers {
            gathered.add(answer);
        }
        let mut graph = Self {
            format_version: FORMAT_VERSION,
            window,
            group: group.map(str::to_owned),
            contains_old_group_versions: answers
                .iter()
                .any(|answer| answer.contains_old_group_versions),
            services: Vec::new(),
            edges: Vec::new(),
        };
        let mut ids = BTreeMap::new();
        for (id, (service, node)) in gathered.nodes.into_iter().enumerate() {
            ids.insert(service.clone(), id);
            graph.services.push(Node {
                id,
                service,
                state: node.state,
                root: node.root,
                statistics: node.tally.map(|tally| tally.statistics()),
            });
        }
        for ((from, to, kind), edge) in gathered.edges {
            if let (Some(from), Some(to)) = (ids.get(&from), ids.get(&to)) {
                graph.edges.push(Edge {
                    from: *from,
                    to: *to,
                    kind,
                    aliases: edge.aliases,
                    statistics: edge.tally.map(|tally| tally.statistics()),
                });
            }
        }
        graph
    }
}

impl Gathered {
    fn add(&mut self, answer: &Answer) {
        let names: BTreeMap<i32, Service> = answer
            .services
            .iter()
            .filter_map(|told| Some((told.reference_id?, name(told))))
            .collect();
        for told in &answer.services {
            let from = name(told);
            let node = self.nodes.entry(from.clone()).or_default();
            node.root |= told.root.unwrap_or_default();
            if told.state.is_some() {
                node.state.clone_from(&told.state);
            }
            if let Some(statistics) = told.summary_statistics() {
                let tally = node.tally.get_or_insert_default();
                tally.add_service(statistics, told.response_time_histogram());
            }
            for edge in told.edges() {
                self.add_edge(&from, edge, &names);
            }
        }
    }

    fn add_edge(&mut self, from: &Service, told: &types::Edge, names: &BTreeMap<i32, Service>) {
        let reference = told.reference_id.unwrap_or_default();
        // A page that names what no page describes still draws a call.
        let to = names.get(&reference).cloned().unwrap_or_else(|| Service {
            name: format!("(service {reference})"),
            ..Service::default()
        });
        self.nodes.entry(to.clone()).or_default();
        let key = (from.clone(), to, told.edge_type.clone());
        let edge = self.edges.entry(key).or_default();
        for alias in told.aliases() {
            let alias = Service {
                name: alias.name.clone().unwrap_or_default(),
                kind: alias.r#type.clone(),
                account_id: None,
            };
            if !edge.aliases.contains(&alias) {
                edge.aliases.push(alias);
            }
        }
        if let Some(statistics) = told.summary_statistics() {
            let tally = edge.tally.get_or_insert_default();
            tally.add_edge(statistics, told.response_time_histogram());
        }
    }
}

fn name(told: &types::Service) -> Service {
    Service {
        name: told.name.clone().unwrap_or_default(),
        kind: told.r#type.clone(),
        account_id: told.account_id.clone(),
    }
}
