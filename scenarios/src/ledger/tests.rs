use laneproof_exchange::encounter::NeighbourPlace;
use laneproof_scenes::{document::DocumentKind, people::Behaviour};
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};

use super::table::Table;
use crate::{
    run::record::OccupantRecord,
    score::{CrossVehicle, EncounterScore, OtherOccupantScore, OtherVehicleScore, Shots},
};

/// The rows of a Parquet file, each with its columns' names.
fn read(bytes: &[u8]) -> Vec<Vec<(String, Field)>> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, bytes).expect("write");
    let reader = SerializedFileReader::new(std::fs::File::open(&path).expect("open")).expect("parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| row.expect("row").get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect())
        .collect()
}

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
    let back: Vec<Vec<Field>> =
        read(&bytes).into_iter().map(|row| row.into_iter().map(|(_, field)| field).collect()).collect();
    assert_eq!(back.len(), 3);
    assert_eq!(back[0], [Field::Long(1), Field::Double(0.5), Field::Null, Field::Bool(true)]);
    assert_eq!(back[1], [Field::Long(2), Field::Null, Field::Str("zwei".into()), Field::Bool(false)]);
    assert_eq!(back[2][2], Field::Str(String::new()));
}

#[test]
fn an_empty_ledger_is_a_file_all_the_same() {
    let bytes = super::occupants(&[]).expect("writes");
    assert_eq!(&bytes[..4], b"PAR1");
}

/// Contract: one row a person in another vehicle, with what the stack made of them; no file without any.
#[test]
fn people_in_other_vehicles_have_a_ledger_of_their_own() {
    let who = OccupantRecord {
        row: 1,
        side: "left".to_owned(),
        reference_id: Some("e007-behind-r1-left".to_owned()),
        document: DocumentKind::Passport,
        age_years: 40.0,
        sex: 0.0,
        monk_tone: 5,
        behaviour: Behaviour::Road,
        child_seat: None,
        worn: Vec::new(),
    };
    let person = OtherOccupantScore {
        occupant: 0,
        who,
        exposures_seen: 3,
        largest_inter_eye_px: 44.0,
        counts: CrossVehicle {
            people_seen: 1,
            detections: 2,
            errors: 2,
            matched_to_occupants: 1,
            matched_to_themselves: 1,
            matched_to_others: 0,
        },
        matched_to: vec!["e007-r1-left".to_owned(), "e007-behind-r1-left".to_owned()],
    };
    let other = OtherVehicleScore {
        place: NeighbourPlace::Behind,
        vehicle: "van".to_owned(),
        gap_m: 2.0,
        occupants: vec![person],
    };
    let alone = EncounterScore {
        encounter: 7,
        vehicle: "sedan".to_owned(),
        weight: 1.0,
        factors: Vec::new(),
        occupants: Vec::new(),
        faces: Vec::new(),
        shots: Shots::default(),
        detections: 2,
        nobodys_detections: 0,
        decoy_detections: 0,
        decoys: Vec::new(),
        others: Vec::new(),
        persons: None,
    };
    assert_eq!(super::other_vehicles(std::slice::from_ref(&alone)).expect("writes"), None);
    let bytes = super::other_vehicles(&[EncounterScore { others: vec![other], ..alone }]).expect("writes");
    let rows = read(&bytes.expect("somebody is there"));
    assert_eq!(rows.len(), 1);
    let of = |name: &str| rows[0].iter().find(|(column, _)| column == name).map(|(_, field)| field.clone());
    assert_eq!(of("encounter"), Some(Field::Long(7)));
    assert_eq!(of("place"), Some(Field::Str("behind".into())));
    assert_eq!(of("cross_vehicle_errors"), Some(Field::Long(2)));
    let matched = ["matched_to_occupants", "matched_to_themselves", "matched_to_others"].map(of);
    assert_eq!(matched, [1, 1, 0].map(|n| Some(Field::Long(n))));
    assert_eq!(of("matched_to"), Some(Field::Str("e007-r1-left e007-behind-r1-left".into())));
}
