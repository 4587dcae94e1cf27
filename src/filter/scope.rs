//! Which keyword may stand where.

use std::fmt;

use super::keyword::{
    BooleanKeyword, NumberKeyword, RootCauseElement, RootCauseList, StringKeyword,
};

/// The place of a condition, which decides what its keywords are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Outside any block: the trace.
    Trace,
    /// In a `service` block: the segments of a node.
    Service,
    /// In an `edge` block: the calls between two nodes.
    Edge,
    /// In a `rootcause` block: one element of the list.
    RootCause(RootCauseList),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trace => f.write_str("at trace level"),
            Self::Service => f.write_str("in a `service` block"),
            Self::Edge => f.write_str("in an `edge` block"),
            Self::RootCause(list) => write!(f, "in a `{list}` block"),
        }
    }
}

/// A set of scopes that some keywords share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// What a request has: trace, service, edge.
    Request,
    /// What a node has, at any level that knows nodes.
    Node,
    /// What only a selected service has.
    Service,
    /// What only a selected edge has.
    Edge,
    /// What any block can name.
    Block,
    /// What any block about services can name.
    ServiceLike,
    /// What any block about exceptions can name.
    ExceptionLike,
    /// What an element has because it is in a root cause list.
    RootCause,
    /// What a root cause entity has.
    Entity,
    /// What an entity on the path of a slow response has.
    SlowEntity,
}

impl Placement {
    pub(super) fn includes(self, scope: Scope) -> bool {
        use RootCauseElement::{Entity, Exception, Service};
        match (self, scope) {
            (Self::Request | Self::Node, Scope::Trace)
            | (Self::Node | Self::Service, Scope::Service)
            | (Self::Edge, Scope::Edge)
            | (
                Self::Request | Self::Block | Self::ServiceLike | Self::ExceptionLike,
                Scope::Service | Scope::Edge,
            )
            | (Self::Block | Self::RootCause, Scope::RootCause(_)) => true,
            (Self::Node | Self::ServiceLike, Scope::RootCause(list)) => list.element() == Service,
            (Self::ExceptionLike, Scope::RootCause(list)) => list.element() == Exception,
            (Self::Entity, Scope::RootCause(list)) => list.element() == Entity,
            (Self::SlowEntity, Scope::RootCause(list)) => list == RootCauseList::ResponseTimeEntity,
            _ => false,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "at trace level or in a `service` or `edge` block",
            Self::Node => "at trace level or in a `service` or `rootcause.*.service` block",
            Self::Service => "in a `service` block",
            Self::Edge => "in an `edge` block",
            Self::Block => "in a `service`, `edge` or `rootcause` block",
            Self::ServiceLike => "in a `service`, `edge` or `rootcause.*.service` block",
            Self::ExceptionLike => "in a `service`, `edge` or `rootcause.*.exception` block",
            Self::RootCause => "in a `rootcause` block",
            Self::Entity => "in a `rootcause.*.entity` block",
            Self::SlowEntity => "in a `rootcause.responsetime.entity` block",
        })
    }
}

impl BooleanKeyword {
    pub(super) const fn placement(self) -> Placement {
        match self {
            Self::Ok | Self::Error | Self::Throttle | Self::Fault | Self::Partial => {
                Placement::Request
            }
            Self::Inferred => Placement::Node,
            Self::Root => Placement::Service,
            Self::First | Self::Last => Placement::RootCause,
            Self::Remote => Placement::Entity,
        }
    }
}

impl NumberKeyword {
    pub(super) const fn placement(self) -> Placement {
        match self {
            Self::ResponseTime | Self::Duration | Self::HttpStatus => Placement::Request,
            Self::Index => Placement::RootCause,
            Self::Coverage => Placement::SlowEntity,
        }
    }
}

impl StringKeyword {
    pub(super) const fn placement(self) -> Placement {
        match self {
            Self::HttpUrl
            | Self::HttpMethod
            | Self::HttpUserAgent
            | Self::HttpClientIp
            | Self::User
            | Self::AvailabilityZone
            | Self::InstanceId
            | Self::ResourceArn => Placement::Request,
            Self::Name => Placement::Block,
            Self::Type => Placement::ServiceLike,
            Self::Message => Placement::ExceptionLike,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes_of(placement: Placement) -> Vec<String> {
        [Scope::Trace, Scope::Service, Scope::Edge]
            .into_iter()
            .chain(
                RootCauseList::ALL
                    .iter()
                    .map(|&list| Scope::RootCause(list)),
            )
            .filter(|&scope| placement.includes(scope))
            .map(|scope| match scope {
                Scope::RootCause(list) => list.as_str().replace("rootcause.", ""),
                other => format!("{other:?}").to_lowercase(),
            })
            .collect()
    }

    #[test]
    fn placements_cover_the_documented_scopes() {
        let cases: [(Placement, &[&str]); 10] = [
            (Placement::Request, &["trace", "service", "edge"]),
            (
                Placement::Node,
                &[
                    "trace",
                    "service",
                    "fault.service",
                    "error.service",
                    "responsetime.service",
                ],
            ),
            (Placement::Service, &["service"]),
            (Placement::Edge, &["edge"]),
            (
                Placement::Block,
                &[
                    "service",
                    "edge",
                    "fault.service",
                    "fault.entity",
                    "fault.exception",
                    "error.service",
                    "error.entity",
                    "error.exception",
                    "responsetime.service",
                    "responsetime.entity",
                ],
            ),
            (
                Placement::ServiceLike,
                &[
                    "service",
                    "edge",
                    "fault.service",
                    "error.service",
                    "responsetime.service",
                ],
            ),
            (
                Placement::ExceptionLike,
                &["service", "edge", "fault.exception", "error.exception"],
            ),
            (
                Placement::RootCause,
                &[
                    "fault.service",
                    "fault.entity",
                    "fault.exception",
                    "error.service",
                    "error.entity",
                    "error.exception",
                    "responsetime.service",
                    "responsetime.entity",
                ],
            ),
            (
                Placement::Entity,
                &["fault.entity", "error.entity", "responsetime.entity"],
            ),
            (Placement::SlowEntity, &["responsetime.entity"]),
        ];
        for (placement, expected) in cases {
            assert_eq!(scopes_of(placement), expected, "{placement:?}");
        }
    }
}
