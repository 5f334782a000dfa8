use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};

use super::table::Table;

/// Contract: what is written is what a Parquet reader reads, nulls included, and the same table gives the same bytes.
#[test]
fn a_table_reads_back_as_it_was_written() {
    let rows: Vec<(u64, Option<f32>, Option<String>, bool)> = vec![
        (1, Some(0.5), None, true),
        (2, None, Some("zwei".into()), false),
        (3, Some(-2.0), Some(String::new()), true),
    ];
    let write = || {
        let mut table = Table::default();
        table.column("n", &rows, |r| r.0);
        table.column("x", &rows, |r| r.1);
        table.column("text", &rows, |r| r.2.clone());
        table.column("flag", &rows, |r| r.3);
        table.to_parquet().expect("writes")
    };
    let bytes = write();
    assert_eq!(bytes, write());
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, &bytes).expect("write");
    let reader = SerializedFileReader::new(std::fs::File::open(&path).expect("open")).expect("parquet");
    let read: Vec<Vec<Field>> = reader
        .get_row_iter(None)
        .expect("rows")
        .map(|row| row.expect("row").get_column_iter().map(|(_, field)| field.clone()).collect())
        .collect();
    assert_eq!(read.len(), 3);
    assert_eq!(read[0], [Field::Long(1), Field::Double(0.5), Field::Null, Field::Bool(true)]);
    assert_eq!(read[1], [Field::Long(2), Field::Null, Field::Str("zwei".into()), Field::Bool(false)]);
    assert_eq!(read[2][2], Field::Str(String::new()));
}

#[test]
fn an_empty_ledger_is_a_file_all_the_same() {
    let bytes = super::occupants(&[]).expect("writes");
    assert_eq!(&bytes[..4], b"PAR1");
}
