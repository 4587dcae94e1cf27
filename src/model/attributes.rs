//! Attribute trees: the fields of one resource, as plain JSON values under
//! AWS's own field names in `snake_case`.

use std::collections::BTreeMap;

/// The fields of one resource, in the order in which its type declares them.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// Tags by key. Sorted, since AWS gives them in no order.
pub type Tags = BTreeMap<String, String>;
