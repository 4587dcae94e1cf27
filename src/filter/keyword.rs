//! The words of the language: keywords, operators and root cause lists.

use std::fmt;

/// Declares an enum whose members each have one spelling, so that the parser,
/// the printer and the suggestions share a single table.
macro_rules! spelled {
    ($(#[$meta:meta])* enum $name:ident {
        $($(#[$member_meta:meta])* $member:ident = $text:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$member_meta])* $member,)+
        }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$member,)+];

            /// Gives the canonical spelling.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $text,)+
                }
            }

            /// Finds the member with this spelling in any letter case.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|member| member.as_str().eq_ignore_ascii_case(name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

spelled! {
    /// A keyword that is true or false on its own.
    enum BooleanKeyword {
        /// The response was a success (2xx).
        Ok = "ok",
        /// The response was a client error (4xx).
        Error = "error",
        /// The response was a throttle (429).
        Throttle = "throttle",
        /// The response was a server fault (5xx).
        Fault = "fault",
        /// The request has segments that never completed.
        Partial = "partial",
        /// The segment or node was inferred from its caller.
        Inferred = "inferred",
        /// The service is the entry point of the trace.
        Root = "root",
        /// The element is the first of its root cause list.
        First = "first",
        /// The element is the last of its root cause list.
        Last = "last",
        /// The root cause entity is a remote call.
        Remote = "remote",
    }
}

spelled! {
    /// A keyword whose value is a number.
    enum NumberKeyword {
        /// Seconds until the response was sent.
        ResponseTime = "responsetime",
        /// Seconds including all downstream calls.
        Duration = "duration",
        /// Status code of the response.
        HttpStatus = "http.status",
        /// Position of the element in its root cause list.
        Index = "index",
        /// Share of the parent's response time that the entity covers, 0 to 1.
        Coverage = "coverage",
    }
}

spelled! {
    /// A keyword whose value is a string.
    enum StringKeyword {
        /// URL of the request.
        HttpUrl = "http.url",
        /// Method of the request.
        HttpMethod = "http.method",
        /// User agent of the request.
        HttpUserAgent = "http.useragent",
        /// Address of the client.
        HttpClientIp = "http.clientip",
        /// User of any segment.
        User = "user",
        /// Name of a service, entity or exception.
        Name = "name",
        /// Type of a service.
        Type = "type",
        /// Message of an exception.
        Message = "message",
        /// Availability zone of any segment.
        AvailabilityZone = "availabilityzone",
        /// EC2 instance of any segment.
        InstanceId = "instance.id",
        /// ARN of a resource of any segment.
        ResourceArn = "resource.arn",
    }
}

spelled! {
    /// The property by which a group is named.
    enum GroupField {
        /// Name of the group.
        Name = "group.name",
        /// ARN of the group.
        Arn = "group.arn",
    }
}

spelled! {
    /// The end of an edge that an annotation belongs to.
    enum AnnotationSide {
        /// The calling node.
        Source = "source",
        /// The called node.
        Destination = "destination",
    }
}

spelled! {
    /// A field of `id(…)`.
    enum NodeField {
        /// Name of the node.
        Name = "name",
        /// Type of the node, such as `AWS::Lambda::Function`.
        Type = "type",
        /// Account that the node runs in.
        AccountId = "account.id",
    }
}

spelled! {
    /// A list of root causes that a block can search.
    ///
    /// Slow responses have no exceptions, hence eight lists and not nine.
    enum RootCauseList {
        /// Services on the path of a fault.
        FaultService = "rootcause.fault.service",
        /// Segments and subsegments on the path of a fault.
        FaultEntity = "rootcause.fault.entity",
        /// Exceptions of a fault.
        FaultException = "rootcause.fault.exception",
        /// Services on the path of an error.
        ErrorService = "rootcause.error.service",
        /// Segments and subsegments on the path of an error.
        ErrorEntity = "rootcause.error.entity",
        /// Exceptions of an error.
        ErrorException = "rootcause.error.exception",
        /// Services on the path of a slow response.
        ResponseTimeService = "rootcause.responsetime.service",
        /// Segments and subsegments on the path of a slow response.
        ResponseTimeEntity = "rootcause.responsetime.entity",
    }
}

/// What one element of a root cause list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RootCauseElement {
    /// A service.
    Service,
    /// A segment or subsegment.
    Entity,
    /// An exception.
    Exception,
}

impl RootCauseList {
    /// Tells what the elements of this list are.
    #[must_use]
    pub const fn element(self) -> RootCauseElement {
        match self {
            Self::FaultService | Self::ErrorService | Self::ResponseTimeService => {
                RootCauseElement::Service
            }
            Self::FaultEntity | Self::ErrorEntity | Self::ResponseTimeEntity => {
                RootCauseElement::Entity
            }
            Self::FaultException | Self::ErrorException => RootCauseElement::Exception,
        }
    }
}

spelled! {
    /// Any comparison operator, before the type of the operands is known.
    enum Operator {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "!=",
        /// Less than.
        Less = "<",
        /// Less than or equal.
        LessOrEqual = "<=",
        /// Greater than.
        Greater = ">",
        /// Greater than or equal.
        GreaterOrEqual = ">=",
        /// Contains the string.
        Contains = "CONTAINS",
        /// Begins with the string.
        BeginsWith = "BEGINSWITH",
        /// Ends with the string.
        EndsWith = "ENDSWITH",
    }
}

spelled! {
    /// The operators of booleans, groups and root cause patterns.
    enum Equality {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "!=",
    }
}

spelled! {
    /// The operators of numbers.
    enum NumberOperator {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "!=",
        /// Less than.
        Less = "<",
        /// Less than or equal.
        LessOrEqual = "<=",
        /// Greater than.
        Greater = ">",
        /// Greater than or equal.
        GreaterOrEqual = ">=",
    }
}

spelled! {
    /// The operators of strings.
    enum StringOperator {
        /// Equal.
        Equal = "=",
        /// Not equal.
        NotEqual = "!=",
        /// Contains the string.
        Contains = "CONTAINS",
        /// Begins with the string.
        BeginsWith = "BEGINSWITH",
        /// Ends with the string.
        EndsWith = "ENDSWITH",
    }
}

/// The operators of one type, as a part of [`Operator`].
pub(super) trait OperatorSubset: Sized {
    /// Gives the member that stands for `operator`, if this type has it.
    fn narrow(operator: Operator) -> Option<Self>;
}

macro_rules! operator_subsets {
    ($($name:ident),+) => {
        $(impl OperatorSubset for $name {
            // The spelling identifies an operator, so no second table is needed.
            fn narrow(operator: Operator) -> Option<Self> {
                Self::from_name(operator.as_str())
            }
        })+
    };
}

operator_subsets!(Equality, NumberOperator, StringOperator);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_letter_case() {
        assert_eq!(
            NumberKeyword::from_name("responseTime"),
            Some(NumberKeyword::ResponseTime)
        );
        assert_eq!(Operator::from_name("contains"), Some(Operator::Contains));
        assert_eq!(BooleanKeyword::from_name("okay"), None);
    }

    #[test]
    fn every_operator_has_at_least_one_type() {
        for &operator in Operator::ALL {
            let number = NumberOperator::narrow(operator).is_some();
            let string = StringOperator::narrow(operator).is_some();
            assert!(number || string, "{operator}");
        }
    }

    #[test]
    fn element_agrees_with_the_spelling() {
        for list in RootCauseList::ALL {
            let word = format!("{:?}", list.element()).to_lowercase();
            assert!(list.as_str().ends_with(&word), "{list}");
        }
    }
}
