//! Addressing and planning; running and drawing is in [`runs`].
mod runs;

use laneproof_scenes::catalogue::fault::FileFault;
use toml::Value;

use super::{Request, Sweep, pairs, plan, sitters, values::Scale};
use crate::scenario::{
    Scenario,
    document::Document,
    path::{KeyPath, Place, Spot, put},
    tests::first_light,
};

pub(super) fn planned(vary: &str) -> Sweep {
    let request = Request { vary: vary.to_owned(), ..Default::default() };
    plan(&first_light(), &request).unwrap_or_else(|fault| panic!("{vary}: {fault}"))
}

fn fault(vary: &str) -> FileFault {
    let request = Request { vary: vary.to_owned(), ..Default::default() };
    plan(&first_light(), &request).expect_err(vary)
}

fn labels(sweep: &Sweep) -> Vec<&str> {
    sweep.points.iter().map(|p| p.label.as_str()).collect()
}

#[track_caller]
fn same(a: &Scenario, b: &Scenario) {
    assert_eq!(a.file, b.file);
    assert_eq!((&a.lane.value, &a.rig.value, &a.mix.value), (&b.lane.value, &b.rig.value, &b.mix.value));
    let sensors = |s: &Scenario| s.sensors.iter().map(|sensor| sensor.value.clone()).collect::<Vec<_>>();
    assert_eq!(sensors(a), sensors(b));
}

#[test]
fn a_tree_reads_back_as_the_scenario_it_came_from() {
    for name in ["first-light", "plain-faces", "overview"] {
        let path = format!("{}/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let scenario = Scenario::open(path.as_ref()).unwrap_or_else(|e| panic!("{e}"));
        let back = Document::of(&scenario).read(&scenario).unwrap_or_else(|e| panic!("{e}"));
        same(&scenario, &back);
        assert_eq!(scenario.hash(), back.hash());
    }
}

/// Places of all scalars of a value.
fn places(value: &Value, at: Vec<Spot>, found: &mut Vec<(Place, Value)>) {
    let then = |spot| at.iter().cloned().chain([spot]).collect();
    match value {
        Value::Table(table) => table.iter().for_each(|(key, v)| places(v, then(Spot::Key(key.clone())), found)),
        Value::Array(array) => {
            array.iter().enumerate().for_each(|(i, v)| places(v, then(Spot::Index(i)), found));
        }
        scalar => found.push((Place { spots: at }, scalar.clone())),
    }
}

fn at<'v>(tree: &'v Value, place: &Place) -> Option<&'v Value> {
    place.spots.iter().try_fold(tree, |value, spot| match spot {
        Spot::Key(key) => value.get(key.as_str()),
        Spot::Index(index) => value.get(*index),
    })
}

/// Contract: whatever number the types hold can be varied without this module knowing its name: put in, it stands in the
/// scenario that is run, or the checks of files refuse it.
#[test]
fn every_number_of_the_scenario_and_its_files_can_be_varied() {
    let scenario = first_light();
    let document = Document::of(&scenario);
    let mut all = Vec::new();
    places(&Value::Table(document.tree.clone()), Vec::new(), &mut all);
    let (mut varied, mut refused) = (0, Vec::new());
    for (place, now) in &all {
        // The path as a user writes it leads there and nowhere else.
        let path = KeyPath::parse(&place.to_string()).unwrap_or_else(|f| panic!("{place}: {f:?}"));
        let found = path.find(&document.tree, Document::is_reference).unwrap_or_else(|f| panic!("{place}: {f:?}"));
        assert_eq!((&found.places, &found.current), (&vec![place.clone()], &vec![now.clone()]));
        let other = match now {
            Value::Integer(n) => Value::Integer(n - 1),
            // Less, or a little where nothing is there; exact in single precision, as the types hold it.
            Value::Float(x) if *x == 0.0 => Value::Float(0.001953125),
            Value::Float(x) => Value::Float(f64::from((x * 0.99) as f32)),
            Value::Boolean(flag) => Value::Boolean(!flag),
            _ => continue,
        };
        let mut tree = document.tree.clone();
        put(&mut tree, place, other.clone());
        match (Document { tree }).read(&scenario) {
            Ok(changed) => {
                varied += 1;
                let tree = Value::Table(Document::of(&changed).tree);
                let stands = at(&tree, place).expect("still there");
                assert!(
                    stands == &other
                        || (stands.as_float().zip(other.as_float())).is_some_and(|(a, b)| (a - b).abs() < 1e-9),
                    "{place}: {other} was put in, {stands} stands there"
                );
                assert_ne!(changed.hash(), scenario.hash(), "{place}");
            }
            Err(fault) => {
                assert!(!fault.problem.is_empty() && !fault.help.is_empty(), "{place}: {fault}");
                refused.push(format!("{place}: {}", fault.problem));
            }
        }
    }
    println!("{varied} numbers of {} scalars varied; refused: {refused:#?}", all.len());
    assert!(varied >= 180, "{varied}");
    // Schema version, bit depths, and what has a neighbour that must not be passed.
    assert!(refused.len() < 12, "{refused:#?}");
}

#[test]
fn a_value_is_put_wherever_its_path_leads() {
    let sweep = planned("mix.vehicles[*].glass.rear=0.05..0.75:6");
    assert_eq!(labels(&sweep), ["0.05", "0.19", "0.33", "0.47", "0.61", "0.75"]);
    assert_eq!(sweep.varied.places, ["mix.vehicles[0].glass.rear", "mix.vehicles[1].glass.rear"]);
    assert_eq!(
        sweep.varied.meaning.as_deref(),
        Some("Visible transmittance of rear side windows and rear window, as for the windscreen, 0 to 1")
    );
    for point in &sweep.points {
        let mix = &point.scenario.mix.value;
        assert!(mix.vehicles.iter().all(|v| f64::from(v.glass.rear as f64 as f32) == f64::from(point.position as f32)));
        assert_eq!(mix.vehicles[0].glass.windscreen, 0.75);
    }
    let van = planned("mix.vehicles[van].glass.rear=0.1,0.2");
    assert_eq!(van.varied.places, ["mix.vehicles[1].glass.rear"]);
    let heights = planned("rig.cameras[*].position_m[1]=1.2..3.0:5");
    assert_eq!(heights.varied.unit.as_deref(), Some("m"));
    assert!(heights.points[4].scenario.rig.value.cameras.iter().all(|c| c.position_m[1] == 3.0));
    assert_eq!(heights.points[4].scenario.rig.value.cameras[0].position_m[0], 1.95);
    let front = planned("rig.cameras.0.exposure_us=100..2000:5log");
    assert_eq!(labels(&front), ["100", "211.5", "447.2", "945.7", "2000"]);
    assert_eq!(
        front.points[0].scenario.rig.value.cameras.iter().map(|c| c.exposure_us).collect::<Vec<_>>(),
        [100.0, 2000.0, 2000.0]
    );
    // Triggers of another kind have no such key and are passed over.
    let delays = planned("rig.cameras[*].triggers[*].after_s=0.5,1.0");
    assert_eq!(delays.varied.places.len(), 9);
    assert_eq!(planned("rig.cameras[front].triggers[stop].after_s=0.5,1.0").varied.places.len(), 3);
    let noise = planned("rig.cameras[side-left].sensor.dark_noise_e=2,7");
    assert_eq!(
        noise.points[0].scenario.sensors.iter().map(|s| s.value.dark_noise_e).collect::<Vec<_>>(),
        [6.8, 2.0, 6.8]
    );
}

#[test]
fn times_take_date_and_offset_from_the_scenario() {
    let sweep = planned("daylight.time=2026-06-21T07:00..19:00:7");
    assert_eq!(labels(&sweep), ["07:00", "09:00", "11:00", "13:00", "15:00", "17:00", "19:00"]);
    assert_eq!(sweep.points[6].scenario.file.daylight.time, "2026-06-21T19:00:00-05:00");
    assert_eq!(sweep.varied.meaning.as_deref(), Some("Instant, RFC 3339 with offset, e.g. 2026-06-21T10:30:00-05:00"));
    assert_eq!((sweep.varied.scale, sweep.varied.day.as_deref()), (Scale::Time, Some("2026-06-21, UTC−05:00")));
    assert_eq!(sweep.points[1].folder, "points/2026-06-21T09-00-00-05-00");
    let short = planned("daylight.time=07:00..19:00:7");
    assert_eq!(short.points[6].scenario.hash(), sweep.points[6].scenario.hash());
    let seasons = planned("daylight.time=2026-03-20T09:00,2026-12-21T09:00");
    assert_eq!(labels(&seasons), ["09:00", "12-21 09:00"]);
}

#[test]
fn names_and_whole_files_can_be_varied_too() {
    let skies = planned("daylight.sky=clear,overcast");
    assert_eq!((skies.varied.scale, labels(&skies)), (Scale::Names, vec!["clear", "overcast"]));
    let mixes = planned("mix=demo-families,commuters");
    assert_eq!(mixes.points[1].scenario.mix.value.title, "Commuters: one or two adults in sedans");
    assert_eq!(mixes.points[1].scenario.file.mix, "commuters");
    let sensors = planned("rig.cameras[*].sensor=imx174-rgb,imx264-mono");
    assert!(sensors.points[1].scenario.sensors.iter().all(|s| s.value.width_px == 2448));
    // Keys that are optional and left out.
    let gates = planned("gates.min_occupant_coverage=0.5,0.9");
    assert_eq!(gates.points[1].scenario.file.gates.min_occupant_coverage, Some(0.9));
    // Also in tables that are left out, where the rest of these has defaults.
    let open = planned("mix.vehicles[sedan].glass.lowered.rear=0..1:3");
    let lowered: Vec<f32> = open.points.iter().map(|p| p.scenario.mix.value.vehicles[0].glass.lowered.rear).collect();
    assert_eq!((lowered, open.varied.meaning.as_deref()), (vec![0.0, 0.5, 1.0], Some("Windows of the second row")));
    assert_eq!(open.points[2].scenario.mix.value.vehicles[1].glass.lowered.rear, 0.0);
    let booth = planned("lane.booth=true,false");
    assert!(booth.points[0].scenario.lane.value.booth && !booth.points[1].scenario.lane.value.booth);
    let whole = planned("rig.cameras[*].jpeg_quality=50..90:5");
    assert_eq!(whole.points[1].scenario.rig.value.cameras[0].jpeg_quality, Some(60));
}

#[test]
fn encounters_and_baseline_are_the_users() {
    let request = Request {
        vary: "lane.road_reflectance=0.1..0.3:3".to_owned(),
        encounters: Some(30),
        baseline: Some("0.30".to_owned()),
    };
    let sweep = plan(&first_light(), &request).unwrap_or_else(|f| panic!("{f}"));
    assert_eq!((sweep.baseline, sweep.points[1].scenario.file.encounters), (2, 30));
    let none = plan(&first_light(), &Request { encounters: Some(0), ..request.clone() }).expect_err("no encounters");
    assert!(none.to_string().starts_with("--encounters:1:1: impossible value 0; it must lie in 1 to"), "{none}");
    let other = plan(&first_light(), &Request { baseline: Some("0.5".into()), ..request }).expect_err("no such value");
    assert!(other.to_string().contains("no value of this sweep is 0.5; its values are 0.1, 0.2, 0.3"), "{other}");
}

/// Contract: the schemas, which know what is left out, know all that is there.
#[test]
fn every_scalar_of_the_demo_is_in_the_shape_with_its_documentation() {
    let shape = crate::scenario::shape::Shape::new();
    for path in Document::of(&first_light()).scalars().keys() {
        let said = shape.scalars().get(path);
        assert!(said.is_some_and(|said| !said.is_empty()), "{path}: {said:?}");
    }
    assert!(shape.scalars().contains_key("rig.cameras[*].lens.polariser.angle_deg"));
    assert!(shape.scalars().contains_key("rig.cameras[*].triggers[*].z_m"));
}

/// The message, and the part of the argument that it points at.
#[test]
fn every_slip_is_told_with_its_place_and_its_remedy() {
    for (vary, at, problem, help) in [
        (
            "mix.vehicles[*].glass.raer=0.1,0.2",
            "raer",
            "unknown key `raer`",
            "did you mean `rear`? `mix.vehicles[*].glass` has coating., dirt_cover., film., front_side, lowered., rear, windscreen",
        ),
        (
            "mxi.vehicles[*].glass.rear=0.1,0.2",
            "mxi",
            "unknown key `mxi`",
            "did you mean `mix.vehicles[*].glass.rear`? a scenario has cross_check_share, daylight.",
        ),
        ("glass.rear=0.1,0.2", "glass", "unknown key `glass`", "did you mean `mix.vehicles[*].glass.rear`?"),
        ("exposure_us=1,2", "exposure_us", "unknown key `exposure_us`", "did you mean `rig.cameras[*].exposure_us`?"),
        ("rig.cameras[*].exposure_ms=1,2", "exposure_ms", "unknown key `exposure_ms`", "did you mean `exposure_us`?"),
        ("mix.vehicles.glass.rear=0.1,0.2", "glass", "`mix.vehicles` is a list of 2", "[*] [0] [1] [sedan] [van]"),
        (
            "mix.vehicles[sedam].glass.rear=0.1,0.2",
            "[sedam]",
            "no element with the text \"sedam\"",
            "did you mean [sedan]?",
        ),
        ("rig.cameras[7].gain_db=1,2", "[7]", "`rig.cameras` has no element 7", "[0] [1] [2] [front]"),
        ("rig.cameras[*].position_m=1,2", "rig.cameras[*].position_m", "is a list of 3", "[*] [0] [1] [2]"),
        ("lane.canopy=1,2", "lane.canopy", "`lane.canopy` is a table", "from_z_m, half_width_m, height_m"),
        ("lane[0]=1,2", "[0]", "`lane` is a table, not a list", "it has bearing_deg"),
        (
            "lane.width_m.wide=1,2",
            "wide",
            "is one value (3.5999999046325684) with nothing inside",
            "end the path there: lane.width_m",
        ),
        ("mix.vehicles[*].glass.lowerd.rear=0,1", "lowerd", "unknown key `lowerd`", "did you mean `lowered`?"),
        (
            "mix.vehicles[*].glass.lowered.raer=0,1",
            "raer",
            "unknown key `raer`",
            "`mix.vehicles[*].glass.lowered` has front, rear",
        ),
        (
            "rig.cameras[*].lens.polariser.angle_deg=0,90",
            "rig.cameras[*].lens.polariser.angle_deg",
            "the key `transmittance` is missing",
            "write the whole table into the file",
        ),
        ("rig.cameras[.gain_db=1,2", "[", "\"[\" is no index", "[*], [0] or [name]"),
        ("rig..gain_db=1,2", ".", "a key is missing here", "write keys and dots"),
        ("lane.width_m", "lane.width_m", "the values are missing", "PATH=VALUES"),
        ("lane.width_m=", "=", "no value is given", "=A..B:N"),
        ("lane.width_m=3", "3", "one value alone", "at least two"),
        ("lane.width_m=3,,4", ",", "a value is missing", "=a,b,c"),
        ("lane.width_m=3,4,3.0", "3.0", "comes twice", "once"),
        ("lane.width_m=3..4", "3..4", "does not say how many", "0.05..0.75:6"),
        ("lane.width_m=3..4:1", "3..4:1", "1 values", "2 to 200"),
        ("lane.width_m=3..wide:4", "3..wide:4", "\"wide\" is no number", "A..B:N"),
        ("lane.width_m=0..4:4log", "0..4:4log", "logarithmic range that touches 0", "above 0"),
        ("lane.booth=true..false:2", "true..false:2", "no range", "=true,false"),
        // From here on in the words of files.
        ("lane.width_m=3,wide", "wide", "wrong type: this is string \"wide\"", "write a number"),
        ("lane.width_m=3,99", "99", "impossible value 99 m", "it must lie in 2.2 to 8 m"),
        ("lane.width_m=3..9:3", "3..9:3", "impossible value 9 m", "2.2 to 8 m"),
        ("rig.cameras[*].exposure_us=-5,100", "-5", "impossible value -5 µs", "greater than 0"),
        ("rig.cameras[*].position_m[1]=-1..2:4", "-1..2:4", "is inside the ground", "y must be above"),
        ("rig.cameras[*].jpeg_quality=50..95:4", "50..95:4", "", ""),
        ("encounters=1..2:3", "1..2:3", "wrong type: this is floating point", "write a whole number"),
        ("daylight.sky=clear,claer", "claer", "unknown value \"claer\"", "did you mean \"clear\"?"),
        ("daylight.time=07:00,25:00", "25:00", "\"25:00\" is no instant", "2026-06-21T10:30:00-05:00"),
        ("daylight.time=07:00..25:00:3", "07:00..25:00:3", "\"25:00\" is no instant", "2026-06-21T07:00..19:00:7"),
        ("daylight.time=19:00..07:00:3", "19:00..07:00:3", "runs backwards", "2026-06-21T07:00..19:00:7"),
        ("rig=three-poles,three-piles", "three-piles", "no rig \"three-piles\"", "did you mean \"three-poles\""),
        ("mix.behaviour.booth=0.2,0.9", "0.9", "the shares up to `phone` sum to", "sum to 1 at most"),
        ("lane.canopy.from_z_m=-9,5", "5", "impossible value 6 m", "it must lie in 7 to 60 m"),
        ("mix.vehicles[0].model=sedan,lorry", "lorry", "no vehicle model \"lorry\"", "possible: \"sedan\", \"van\""),
    ] {
        if problem.is_empty() {
            planned(vary);
            continue;
        }
        let fault = fault(vary);
        assert!(fault.problem.contains(problem), "{vary}: {fault}");
        assert!(fault.help.contains(help), "{vary}: {fault}");
        assert_eq!(&fault.text[fault.span.clone().expect("a place")], at, "{vary}: {fault}");
        assert_eq!(fault.path.to_str(), Some("--vary"));
    }
}

/// Contract of a paired sweep: what does not say who travels moves nobody.
#[test]
fn the_same_people_sit_in_the_same_seats_at_every_value() {
    for vary in [
        "mix.vehicles[*].glass.rear=0.05..0.75:3",
        "daylight.time=07:00..19:00:3",
        "rig.cameras[*].position_m[1]=1.2..3.0:3",
        "mix.head_yaw_sd_deg=0..20:3",
        "mix.behaviour.asleep=0,0.2",
        "mix.wear.worn.sunglasses.men=0,1",
        "rig=three-poles,./overview-rig.toml",
    ] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/first-light.toml");
        let scenario = Scenario::open(path.as_ref()).unwrap_or_else(|e| panic!("{e}"));
        let request = Request { vary: vary.to_owned(), ..Default::default() };
        let sweep = plan(&scenario, &request).unwrap_or_else(|e| panic!("{e}"));
        let first = sitters(&sweep.points[0].scenario);
        assert!(first.len() > 40);
        for point in &sweep.points {
            assert!(sitters(&point.scenario) == first, "{vary} at {}", point.label);
            let all = pairs(&point.scenario, &sweep.points[0].scenario);
            assert!(all.len() == first.len() && all.iter().all(|(_, here, there)| here == there));
        }
    }
}

#[test]
fn only_the_same_person_in_the_same_seat_is_a_pair() {
    let fuller = planned("mix.occupants[5]=0.22,20");
    let [here, there] = [&fuller.points[1].scenario, &fuller.points[0].scenario];
    let pairs = pairs(here, there);
    let (here, there) = (sitters(here), sitters(there));
    assert!(here.len() > there.len() && pairs.len() < here.len() && !pairs.is_empty());
    for (k, i, j) in pairs {
        let of = |sitters: &[super::Sitter], index| {
            let (.., seat, who) = sitters.iter().find(|s| s.0 == k && s.1 == index).expect("sits there").clone();
            (seat, who)
        };
        assert_eq!(of(&here, i), of(&there, j));
    }
    let strangers = planned("seed=1,2");
    assert_eq!(super::pairs(&strangers.points[0].scenario, &strangers.points[1].scenario).len(), 0);
}
