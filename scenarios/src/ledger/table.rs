//! A small table as a Parquet file: columns by name, rows in the order given, no dictionary, no compression.
use std::sync::Arc;

use parquet::{
    basic::{LogicalType, Repetition, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use crate::run::RunError;

/// Values of one column; `None` is a null.
pub(super) enum Values {
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Numbers; single-precision measures are widened exactly.
    Number(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<Option<String>>),
    /// True or false.
    Flag(Vec<Option<bool>>),
}

/// A cell, to be put into the column that takes its kind.
pub(super) trait Cell {
    fn column() -> Values;
    fn put(self, column: &mut Values);
}

macro_rules! cells {
    ($($rust:ty => $variant:ident $convert:expr;)*) => {$(
        impl Cell for Option<$rust> {
            fn column() -> Values {
                Values::$variant(Vec::new())
            }
            fn put(self, column: &mut Values) {
                if let Values::$variant(values) = column {
                    values.push(self.map($convert));
                }
            }
        }
        impl Cell for $rust {
            fn column() -> Values {
                <Option<$rust>>::column()
            }
            fn put(self, column: &mut Values) {
                Some(self).put(column);
            }
        }
    )*};
}

cells! {
    u8 => Integer i64::from;
    u64 => Integer |v| i64::try_from(v).unwrap_or(i64::MAX);
    f32 => Number f64::from;
    f64 => Number |v| v;
    bool => Flag |v| v;
    String => Text |v| v;
}

/// A table in the making.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<(String, Values)>,
}

impl Table {
    /// Adds a column: one cell a row.
    pub fn column<R, C: Cell>(&mut self, name: impl Into<String>, rows: &[R], cell: impl Fn(&R) -> C) {
        let mut values = C::column();
        rows.iter().for_each(|row| cell(row).put(&mut values));
        self.columns.push((name.into(), values));
    }

    /// The table as the bytes of a Parquet file.
    pub fn to_parquet(&self) -> Result<Vec<u8>, RunError> {
        self.write().map_err(|e| RunError::Report(format!("ledger: {e}")))
    }

    fn write(&self) -> Result<Vec<u8>, ParquetError> {
        let fields = self.columns.iter().map(|(name, values)| {
            let (physical, logical) = match values {
                Values::Integer(_) => (Physical::INT64, None),
                Values::Number(_) => (Physical::DOUBLE, None),
                Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Values::Flag(_) => (Physical::BOOLEAN, None),
            };
            Type::primitive_type_builder(name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        });
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(Type::group_type_builder("laneproof").with_fields(fields).build()?);
        // The writer's name is fixed, so that a newer version of the library does not change the bytes by its own name.
        let properties =
            WriterProperties::builder().set_created_by("laneproof".to_owned()).set_dictionary_enabled(false).build();
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
        let mut group = file.next_row_group()?;
        let mut columns = self.columns.iter();
        while let Some(mut writer) = group.next_column()? {
            if let Some((_, values)) = columns.next() {
                write_column(&mut writer, values)?;
            }
            writer.close()?;
        }
        group.close()?;
        file.into_inner()
    }
}

fn write_column(writer: &mut SerializedColumnWriter<'_>, values: &Values) -> Result<(), ParquetError> {
    fn split<T: Clone>(values: &[Option<T>]) -> (Vec<T>, Vec<i16>) {
        (values.iter().flatten().cloned().collect(), values.iter().map(|v| i16::from(v.is_some())).collect())
    }
    match values {
        Values::Integer(values) => {
            let (present, levels) = split(values);
            writer.typed::<Int64Type>().write_batch(&present, Some(&levels), None)?;
        }
        Values::Number(values) => {
            let (present, levels) = split(values);
            writer.typed::<DoubleType>().write_batch(&present, Some(&levels), None)?;
        }
        Values::Text(values) => {
            let (present, levels) = split(values);
            let present: Vec<ByteArray> = present.iter().map(|s| ByteArray::from(s.as_str())).collect();
            writer.typed::<ByteArrayType>().write_batch(&present, Some(&levels), None)?;
        }
        Values::Flag(values) => {
            let (present, levels) = split(values);
            writer.typed::<BoolType>().write_batch(&present, Some(&levels), None)?;
        }
    }
    Ok(())
}
