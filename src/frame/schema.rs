//! The Arrow schema of a feed's canonical batch.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};

use crate::frame::fields::{FeedKind, FieldKind};

/// The column that says which file a row came from: an index into the feed's files.
/// No canonical column has a name with an `@`.
pub const FILE: &str = "@file";

/// The column that says which line or row of the file, one-based.
pub const LINE: &str = "@line";

impl FieldKind {
    /// The Arrow type that holds it.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            FieldKind::Id | FieldKind::Text | FieldKind::Label | FieldKind::Token => DataType::Utf8,
            FieldKind::Points | FieldKind::Amount | FieldKind::Whole => DataType::Int64,
            FieldKind::Instant | FieldKind::AsOf => DataType::Int64,
            FieldKind::Word { .. } => DataType::UInt8,
        }
    }
}

/// The schema of a feed's canonical batch: its fields in order, then `file` and `line`.
#[must_use]
pub fn canonical_schema(kind: FeedKind) -> SchemaRef {
    let mut columns: Vec<ArrowField> = kind
        .fields()
        .iter()
        .map(|field| ArrowField::new(field.name, field.kind.data_type(), field.nullable))
        .collect();
    columns.push(ArrowField::new(FILE, DataType::UInt32, false));
    columns.push(ArrowField::new(LINE, DataType::UInt64, false));
    Arc::new(Schema::new(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_the_fields_and_the_provenance() {
        let schema = canonical_schema(FeedKind::Accounts);
        let shown: Vec<String> = schema
            .fields()
            .iter()
            .map(|f| {
                format!("{}:{}{}", f.name(), f.data_type(), if f.is_nullable() { "?" } else { "" })
            })
            .collect();
        assert_eq!(
            shown,
            ["member_no:Utf8", "balance:Int64", "as_of:Int64?", "@file:UInt32", "@line:UInt64"]
        );
        let ledger = canonical_schema(FeedKind::Ledger);
        assert_eq!(ledger.field(2).data_type(), &DataType::UInt8);
        assert_eq!(ledger.fields().len(), 15);
    }
}
