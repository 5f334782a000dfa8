use std::path::Path;

use super::{
    LaneSpec, Meter, Queue, Rig, Sensor, TrafficMix,
    check::{Check as _, check_distortion},
    fault::FileFault,
    load::{Kind, load, load_shipped, shipped_names},
    source::SourceFile,
};

fn file(text: &str) -> SourceFile {
    SourceFile { path: "rig.toml".into(), text: text.to_owned() }
}

fn rig_fault(from: &str, to: &str) -> FileFault {
    let shipped = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").source.text;
    assert!(shipped.contains(from), "the shipped rig no longer says {from:?}");
    let source = file(&shipped.replacen(from, to, 1));
    match source.parse::<Rig>() {
        Err(fault) => fault,
        Ok(rig) => source.value_fault(rig.check().expect_err("the value is impossible")),
    }
}

#[test]
fn every_shipped_file_loads_and_checks() {
    for name in shipped_names(Kind::Sensor) {
        load_shipped::<Sensor>(Kind::Sensor, name).unwrap_or_else(|e| panic!("{e}"));
    }
    for name in shipped_names(Kind::Rig) {
        let rig = load_shipped::<Rig>(Kind::Rig, name).unwrap_or_else(|e| panic!("{e}"));
        for (i, camera) in rig.value.cameras.iter().enumerate() {
            load::<Sensor>(Kind::Sensor, &camera.sensor, &rig.source, &format!("cameras.{i}.sensor")).expect("sensor");
        }
    }
    for name in shipped_names(Kind::Lane) {
        load_shipped::<LaneSpec>(Kind::Lane, name).unwrap_or_else(|e| panic!("{e}"));
    }
    for name in shipped_names(Kind::Mix) {
        load_shipped::<TrafficMix>(Kind::Mix, name).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn a_wrong_unit_names_the_right_key_and_the_converted_value() {
    let fault = rig_fault("exposure_us = 2000", "exposure_ms = 2.5");
    assert_eq!(fault.line_and_column().expect("has a place").1, 1);
    assert!(fault.problem.contains("`exposure_ms`"), "{fault}");
    assert!(fault.help.contains("did you mean `exposure_us`"), "{fault}");
    assert!(fault.help.contains("exposure_us = 2500"), "{fault}");
}

#[test]
fn an_unknown_key_in_a_tagged_trigger_is_found_at_its_own_column() {
    let fault = rig_fault("{ at = \"front\", z_m = -0.8 }", "{ at = \"front\", zm = -0.8 }");
    assert!(fault.problem.contains("`zm`") || fault.problem.contains("`z_m` is missing"), "{fault}");
    assert!(fault.line_and_column().is_some(), "{fault}");
}

#[test]
fn brackets_that_are_none_are_refused_with_a_remedy() {
    let control = "bracket_ev = [0, -3]\nexposure_control = { meter = \"average\", target_dn = 100, exposure_limits_us = [10, 2000], gain_limits_db = [0, 20] }";
    for (keys, says) in [
        ("bracket_ev = [0]", "a bracket of 1 exposures"),
        ("bracket_ev = [0, -1, -2, -3, -4]", "a bracket of 5 exposures"),
        ("bracket_ev = [-2, -2]", "two exposures of a bracket are -2 stops"),
        ("bracket_ev = [0, 9]", "impossible value 9 stops"),
        (control, "cannot meter pictures that are tone-mapped"),
    ] {
        let fault = rig_fault("exposure_us = 2000", &format!("exposure_us = 2000\n{keys}"));
        assert!(fault.problem.contains(says) && fault.line_and_column().is_some(), "{keys}: {fault}");
    }
}

#[test]
fn impossible_values_are_placed_to_the_column() {
    for (from, to, says) in [
        ("exposure_us = 2000", "exposure_us = -5", "impossible value -5"),
        ("f_number = 4.0", "f_number = 0", "impossible value 0"),
        ("position_m = [1.95, 2.40, 5.5]", "position_m = [1.95, 0.01, 5.5]", "inside the ground"),
        ("id = \"side-left\"", "id = \"front\"", "second camera"),
        ("look_at_m = [0.0, 1.30, -2.4]", "look_at_m = [1.95, 1.30, 5.5]", "straight up or down"),
    ] {
        let fault = rig_fault(from, to);
        assert!(fault.problem.contains(says), "{fault}");
        let (line, column) = fault.line_and_column().expect("has a place");
        let text_line = fault.text.lines().nth(line - 1).expect("the line exists");
        assert!(text_line.contains(to.split(" = ").next().expect("key")), "{fault}");
        assert!(column > 1, "{fault}");
        assert!(!fault.help.is_empty());
    }
}

#[test]
fn a_wrong_type_says_what_to_write() {
    let fault = rig_fault("gain_db = 16", "gain_db = \"six\"");
    assert!(fault.problem.contains("wrong type"), "{fault}");
    assert!(fault.help.contains("a number"), "{fault}");
}

#[test]
fn a_missing_name_and_a_missing_file_are_faults_of_the_file_that_asks() {
    let asking = SourceFile { path: "dir/s.toml".into(), text: "rig = \"three-pole\"\n".into() };
    let fault = load::<Rig>(Kind::Rig, "three-pole", &asking, "rig").expect_err("no such rig");
    assert_eq!(fault.line_and_column(), Some((1, 7)));
    assert!(fault.help.contains("did you mean \"three-poles\"?"), "{fault}");
    let fault = load::<Rig>(Kind::Rig, "nowhere.toml", &asking, "rig").expect_err("no such file");
    assert!(fault.problem.contains("dir/nowhere.toml cannot be read"), "{fault}");
}

#[test]
fn a_file_that_is_no_toml_is_placed_too() {
    let fault = file("title = \"x\"\ncameras = [").parse::<Rig>().expect_err("cut off");
    assert_eq!(fault.line_and_column().expect("has a place").0, 2);
    let fault = SourceFile::open(Path::new("/nonexistent/x.toml")).expect_err("missing");
    assert!(fault.to_string().contains("cannot be read"));
}

fn mix_fault(from: &str, to: &str) -> FileFault {
    let shipped = load_shipped::<TrafficMix>(Kind::Mix, "families-holiday").expect("ships").source.text;
    assert!(shipped.contains(from), "the shipped mix no longer says {from:?}");
    let source = file(&shipped.replacen(from, to, 1));
    match source.parse::<TrafficMix>() {
        Err(fault) => fault,
        Ok(mix) => source.value_fault(mix.check().expect_err("the value is impossible")),
    }
}

#[test]
fn faults_in_a_mix_say_where_they_are() {
    for (from, to, says) in [
        ("asleep = 0.18", "aslep = 0.18", "`aslep`"),
        ("asleep = 0.18", "asleep = 1.5", "1.5"),
        ("talking = 0.10", "talking = 0.60", "sum to"),
        ("toddlers = 0.28", "toddlers = -1.0", "-1"),
        ("dog = 0.12", "dog = 2.0", "impossible value 2"),
        ("dog = 0.12", "hog = 0.12", "`hog`"),
    ] {
        let fault = mix_fault(from, to);
        assert!(fault.problem.contains(says), "{to}: {fault}");
        let (line, column) = fault.line_and_column().expect("has a place");
        assert!(line > 30 && column >= 1, "{to}: {fault}");
    }
}

#[test]
fn faults_of_a_queue_say_where_they_are_and_what_is_right() {
    let fine = "share = 0.5\ngap_m = [1, 3]\ndelay_s = [1, 2]\nsource = \"test\"";
    let mix = |from: &str, to: &str| {
        let place = fine.replace(from, to);
        assert!(from.is_empty() || place != fine, "{from}");
        format!("[queue.behind]\n{place}\n\n[[vehicles]]")
    };
    for (from, to, says) in [
        ("share = 0.5", "share = 1.5", "impossible value 1.5"),
        ("[1, 3]", "[0.1, 3]", "it must lie in 0.5 to 6 m"),
        ("[1, 2]", "[2, 1]", "the range runs backwards"),
        ("delay_s", "delay", "`delay`"),
        ("\"test\"", "\"\"", "write a text"),
    ] {
        let fault = mix_fault("[[vehicles]]", &mix(from, to));
        assert!(fault.to_string().contains(says), "{to}: {fault}");
        assert!(fault.line_and_column().is_some(), "{to}: {fault}");
    }
    let shipped = load_shipped::<TrafficMix>(Kind::Mix, "families-holiday").expect("ships");
    assert_eq!(shipped.value.queue, None, "a mix that says nothing has no other vehicles");
    let queued: TrafficMix =
        file(&shipped.source.text.replacen("[[vehicles]]", &mix("", ""), 1)).parse().expect("a queue is fine");
    queued.check().expect("nothing is wrong");
    let Some(Queue { behind: Some(behind), ahead: None }) = queued.queue else { panic!("{:?}", queued.queue) };
    assert_eq!((behind.share, behind.gap_m), (0.5, [1.0, 3.0]));
}

#[test]
fn faults_of_head_lamps_say_where_they_are_and_what_is_right() {
    let fine = "state = \"auto\"\nled_share = 0.5\nlit_below_lux = 900\naim_down_percent = 1.2\nsource = \"test\"";
    let mix = |from: &str, to: &str| {
        let table = fine.replace(from, to);
        assert!(from.is_empty() || table != fine, "{from}");
        format!("[head_lamps]\n{table}\n\n[[vehicles]]")
    };
    for (from, to, says) in [
        ("\"auto\"", "\"dim\"", "unknown value \"dim\"; possible: \"auto\", \"on\", \"off\""),
        ("led_share = 0.5", "led_share = 1.5", "impossible value 1.5"),
        ("900", "0", "it must lie in 0.1 to 100000 lx"),
        ("1.2", "12", "it must lie in 0 to 4 %"),
        ("led_share", "led", "`led`"),
        ("\"test\"", "\"\"", "write a text"),
    ] {
        let fault = mix_fault("[[vehicles]]", &mix(from, to));
        assert!(fault.to_string().contains(says), "{to}: {fault}");
        assert!(fault.line_and_column().is_some(), "{to}: {fault}");
    }
    let shipped = load_shipped::<TrafficMix>(Kind::Mix, "families-holiday").expect("ships");
    assert_eq!(shipped.value.head_lamps, None, "a mix that says nothing is dark");
    let short = mix("lit_below_lux = 900\naim_down_percent = 1.2\n", "");
    let lit: TrafficMix =
        file(&shipped.source.text.replacen("[[vehicles]]", &short, 1)).parse().expect("head-lamps are fine");
    lit.check().expect("nothing is wrong");
    let lamps = lit.head_lamps.expect("said");
    assert_eq!((lamps.lit_below_lux, lamps.aim_down_percent), (1000.0, 1.0));
}

#[test]
fn faults_of_manoeuvres_say_where_they_are_and_what_is_right() {
    let shares = |inside: &str| {
        format!("[[manoeuvres]]\nweight = 1\nsource = \"test\"\nmanoeuvre = {{ {inside} }}\n\n[[vehicles]]")
    };
    let go = "braking_mps2 = [2, 2], start_mps2 = [1, 1], creep_speed_mps = [1, 2]";
    for (inside, says) in [
        ("kind = \"stop\", braking_mps2 = [2, 9]".to_owned(), "it must lie in 0.5 to 3.4 m/s²"),
        ("kind = \"stop\", braking_mps2 = [3, 2]".to_owned(), "the range runs backwards"),
        ("kind = \"pas\"".to_owned(), "did you mean \"pass\""),
        (
            format!("kind = \"stop-and-go\", first_stop_z_m = [-9, -6], wait_s = [1, 90], {go}"),
            "it must lie in 0 to 60 s",
        ),
        (format!("kind = \"stop-and-go\", first_stop_z_m = [5, 6], wait_s = [1, 2], {go}"), "impossible value 5"),
    ] {
        let fault = mix_fault("[[vehicles]]", &shares(&inside));
        assert!(fault.to_string().contains(says), "{inside}: {fault}");
        assert!(fault.line_and_column().is_some(), "{inside}: {fault}");
    }
    let never = shares("kind = \"pass\"").replace("weight = 1", "weight = 0");
    assert!(mix_fault("[[vehicles]]", &never).to_string().contains("all weights are 0"));
    let fast = mix_fault("approach_speed_mps = [2.5, 4.5]", "approach_speed_mps = [2.5, 17.0]");
    assert!(fast.to_string().contains("it must lie in 0.5 to 16.7 m/s"), "{fast}");
}

#[test]
fn a_camera_may_have_an_exposure_control_and_a_lens_its_faults() {
    let shipped = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").source.text;
    let text = shipped
        .replacen("jpeg_quality = 90", "jpeg_quality = 90\nexposure_control = { meter = \"highlights\", target_dn = 220, percentile = 98, window = [0.2, 0.2, 0.8, 0.9], exposure_limits_us = [50, 2000], gain_limits_db = [0, 24] }", 1)
        .replacen("f_number = 4.0", "f_number = 4.0\nmtf50_lp_per_mm = 60\nveiling_glare = 0.02", 1);
    let rig = file(&text).parse::<Rig>().unwrap_or_else(|e| panic!("{e}"));
    rig.check().unwrap_or_else(|fault| panic!("{fault:?}"));
    let camera = &rig.cameras[0];
    assert_eq!(camera.exposure_control.expect("there").meter, Meter::Highlights);
    assert_eq!((camera.lens.mtf50_lp_per_mm, camera.lens.veiling_glare), (Some(60.0), Some(0.02)));
    assert!(rig.cameras[1].exposure_control.is_none(), "fixed when left out");
}

#[test]
fn a_camera_may_have_exposures_for_a_stack_that_asks_for_more() {
    let shipped = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").source.text;
    let with = |count: u32| {
        let text = shipped.replacen("jpeg_quality = 90", &format!("jpeg_quality = 90\nextra_exposures = {count}"), 1);
        file(&text).parse::<Rig>().unwrap_or_else(|e| panic!("{e}"))
    };
    let rig = with(2);
    assert_eq!(rig.cameras.iter().map(|camera| camera.extra_exposures).collect::<Vec<_>>(), [2, 0, 0]);
    assert!(rig.check().is_ok());
    assert_eq!(with(21).check().expect_err("too many").key_path, "cameras.0.extra_exposures");
}

#[test]
fn faults_of_exposure_control_and_lens_say_where_they_are_and_what_is_right() {
    let control = |inside: &str| format!("jpeg_quality = 90\nexposure_control = {{ {inside} }}");
    let limits = "exposure_limits_us = [50, 2000], gain_limits_db = [0, 24]";
    for (from, to, says) in [
        (
            "jpeg_quality = 90",
            control(&format!("meter = \"averge\", target_dn = 110, {limits}")),
            "did you mean \"average\"",
        ),
        (
            "jpeg_quality = 90",
            control(&format!("meter = \"average\", target_dn = 255, {limits}")),
            "impossible value 255",
        ),
        (
            "jpeg_quality = 90",
            control(&format!("meter = \"average\", target_dn = 110, percentile = 99, {limits}")),
            "write meter = \"highlights\"",
        ),
        (
            "jpeg_quality = 90",
            control(&format!("meter = \"average\", target_dn = 110, window = [0.8, 0.2, 0.2, 0.9], {limits}")),
            "is empty",
        ),
        (
            "jpeg_quality = 90",
            control("meter = \"average\", target_dn = 110, exposure_limits_us = [2000, 50], gain_limits_db = [0, 24]"),
            "write the smaller one first",
        ),
        ("f_number = 4.0", "f_number = 4.0\nmtf50_lp_per_mm = 1".to_owned(), "impossible value 1 "),
        ("f_number = 4.0", "f_number = 4.0\nveiling_glare = 0.4".to_owned(), "impossible value 0.4"),
    ] {
        let fault = rig_fault(from, &to);
        assert!(fault.to_string().contains(says), "{to}: {fault}");
        assert!(fault.line_and_column().is_some(), "{to}: {fault}");
    }
}

#[test]
fn a_camera_sends_jpeg_or_video() {
    let shipped = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").source.text;
    for (video, expected) in [
        ("qp = 28, gop_frames = 50", (None, Some(28))),
        ("bit_rate_kbit_per_s = 4000, frame_rate_hz = 25, gop_frames = 1", (Some(4000.0), None)),
    ] {
        let text = shipped.replacen("jpeg_quality = 90", &format!("h264 = {{ {video} }}"), 1);
        let rig = file(&text).parse::<Rig>().unwrap_or_else(|e| panic!("{e}"));
        rig.check().unwrap_or_else(|fault| panic!("{fault:?}"));
        let h264 = rig.cameras[0].h264.expect("there");
        assert_eq!((h264.bit_rate_kbit_per_s, h264.qp), expected);
        assert!(rig.cameras[0].jpeg_quality.is_none() && rig.cameras[1].h264.is_none());
    }
    let gop = "gop_frames = 50";
    for (to, says) in [
        (String::new(), "add jpeg_quality = 90, or h264"),
        (format!("jpeg_quality = 90\nh264 = {{ qp = 28, {gop} }}"), "leave out jpeg_quality or h264"),
        ("jpeg_quality = 0".to_owned(), "impossible value 0"),
        (format!("h264 = {{ {gop} }}"), "add bit_rate_kbit_per_s = 8000 and frame_rate_hz = 25, or qp = 28"),
        (format!("h264 = {{ qp = 52, {gop} }}"), "impossible value 52"),
        ("h264 = { qp = 28, gop_frames = 0 }".to_owned(), "it must lie in 1 to 1000 frames"),
        (format!("h264 = {{ qp = 28, frame_rate_hz = 25, {gop} }}"), "leave it out"),
        (format!("h264 = {{ bit_rate_kbit_per_s = 4000, {gop} }}"), "add frame_rate_hz = 25"),
        (format!("h264 = {{ bit_rate_kbit_per_s = 4000, frame_rate_hz = 25, qp = 28, {gop} }}"), "leave out qp or"),
        (format!("h264 = {{ bit_rate_kbit_per_s = 4, frame_rate_hz = 25, {gop} }}"), "impossible value 4 kbit/s"),
        (format!("h264 = {{ bitrate_kbit_per_s = 4000, {gop} }}"), "did you mean `bit_rate_kbit_per_s`"),
    ] {
        let fault = rig_fault("jpeg_quality = 90", &to);
        assert!(fault.to_string().contains(says), "{to}: {fault}");
        assert!(fault.line_and_column().is_some(), "{to}: {fault}");
    }
}

#[test]
fn faults_of_a_sensor_say_what_is_right() {
    let shipped = load_shipped::<Sensor>(Kind::Sensor, "imx290-bayer").expect("ships").source.text;
    for (from, to, says) in [
        ("bit_depth = 12", "bit_depth = 14", "write 8, 10 or 12"),
        ("line_time_us = 29.63", "line_time_us = 0", "leave `line_time_us` out"),
        ("line_time_us = 29.63", "line_time_us = -3", "impossible value -3"),
        ("line_time_us = 29.63", "line_time_ms = 0.02963", "did you mean `line_time_us`"),
        ("colour = \"bayer\"", "colour = \"bayern\"", "did you mean \"bayer\""),
    ] {
        assert!(shipped.contains(from), "{from}");
        let source = file(&shipped.replacen(from, to, 1));
        let fault = match source.parse::<Sensor>() {
            Err(fault) => fault,
            Ok(sensor) => source.value_fault(sensor.check().expect_err("the value is impossible")),
        };
        assert!(fault.to_string().contains(says), "{to}: {fault}");
    }
    for name in shipped_names(Kind::Sensor) {
        let sensor = load_shipped::<Sensor>(Kind::Sensor, name).unwrap_or_else(|e| panic!("{e}")).value;
        assert_eq!(sensor.line_time_us.is_some(), name.starts_with("imx290"), "{name}");
    }
}

#[test]
fn the_ends_of_a_range_belong_to_it_in_single_precision_too() {
    use super::check::within;
    // 0.01 in single precision lies below 0.01 in double, 0.92 above.
    for end in [0.01f32, 0.92] {
        assert!(within("glass", end.into(), 0.01, 0.92, "").is_ok(), "{end}");
    }
    let problem = |value: f64| within("glass", value, 0.01, 0.92, "").expect_err("outside").problem;
    assert_eq!(problem(0.95f32.into()), "impossible value 0.95");
    assert_eq!(problem(0.009), "impossible value 0.009");
    assert!(within("glass", f64::NAN, 0.01, 0.92, "").is_err());
}

#[test]
fn a_lens_that_does_not_draw_its_whole_sensor_says_where_and_what_would_be_right() {
    let shipped = load_shipped::<Rig>(Kind::Rig, "three-poles").expect("ships").source.text;
    let bent = |table: &str| {
        let text = shipped.replacen("focal_length_mm = 60", &format!("focal_length_mm = 12\ndistortion = {table}"), 1);
        file(&text)
    };
    let sensor = load_shipped::<Sensor>(Kind::Sensor, "imx174-rgb").expect("ships").value;
    let together = |table: &str| {
        let source = bent(table);
        let rig = source.parse::<Rig>().unwrap_or_else(|e| panic!("{e}"));
        rig.check().unwrap_or_else(|fault| panic!("{fault:?}"));
        check_distortion(&rig, [&sensor; 3]).map_err(|fault| source.value_fault(fault))
    };
    assert!(together("{ k1 = -0.12, k2 = 0.02 }").is_ok());
    let fault = together("{ k1 = -1.5 }").expect_err("turns round at 0.47 of the focal length, the corner is at 0.55");
    let message = fault.to_string();
    for part in ["front", "(0, 0)", "1132 px from the optical axis", "of these fill the frame: k1 = -0."] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(fault.line_and_column().is_some(), "{message}");
    // What it says would be right is.
    let most = message.split("k1 = ").nth(1).and_then(|rest| rest.split(',').next()).expect("a number");
    assert!(together(&format!("{{ k1 = {most} }}")).is_ok(), "{most}");

    for (table, says) in [("{ k1 = 30 }", "impossible value 30"), ("{ q1 = 0.1 }", "unknown key `q1`")] {
        let source = bent(table);
        let fault = match source.parse::<Rig>() {
            Err(fault) => fault,
            Ok(rig) => source.value_fault(rig.check().expect_err("the value is impossible")),
        };
        assert!(fault.to_string().contains(says), "{table}: {fault}");
    }
}
