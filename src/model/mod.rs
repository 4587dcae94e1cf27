//! The vocabulary that every other module shares: addresses, attribute
//! trees, facts about resource types, diagnostics and places in a source file.
//!
//! Nothing here does I/O or knows an AWS type by name.

pub mod address;
pub mod attributes;
pub mod diagnostic;
pub mod facts;
pub mod live;
pub mod plural;
pub mod source;
pub mod unknown;

pub use address::Address;
pub use attributes::{Attributes, Tags};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use facts::{Facts, Lifecycle, ReplaceOrder};
pub use live::{Desired, Live, Owner, Reference};
pub use source::{SourceFile, SourceRange};
