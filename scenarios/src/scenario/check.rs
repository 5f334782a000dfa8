//! Impossible values of a scenario file.
use laneproof_scenes::catalogue::{
    check::{Check, within},
    fault::ValueFault,
    nearest,
};

use super::file::{Gates, ScenarioFile, ValidationRule};
use crate::{plan::seats, score::margins};

/// Version of the scenario format that this program reads.
pub const SCHEMA_VERSION: u32 = 1;

impl Check for ScenarioFile {
    fn check(&self) -> Result<(), ValueFault> {
        if self.schema_version != SCHEMA_VERSION {
            let problem = format!("schema version {} is not known", self.schema_version);
            return Err(ValueFault::new(
                "schema_version",
                problem,
                format!("this program reads version {SCHEMA_VERSION}"),
            ));
        }
        if self.title.trim().is_empty() {
            return Err(ValueFault::new("title", "is empty", "write a text: it heads the report"));
        }
        within("encounters", self.encounters as f64, 1.0, 1e6, "")?;
        within("cross_check_share", self.cross_check_share, 0.0, 1.0, "")?;
        self.daylight.check().map_err(|f| under("daylight", f))?;
        check_rule(&self.validation).map_err(|f| under("validation", f))?;
        if self.stack.models.trim().is_empty() {
            return Err(ValueFault::new("stack.models", "is empty", "write \"default\" or the path of a folder"));
        }
        within("stack.control_delay_ms", self.stack.control_delay_ms.into(), 0.0, 60_000.0, "ms")?;
        within("gallery.fillers", self.gallery.fillers.into(), 0.0, 1e6, "")?;
        check_gates(&self.gates).map_err(|f| under("gates", f))?;
        self.sample.check().map_err(|f| under("sample", f))?;
        if let Some(name) = self.sample.minimum.keys().find(|name| !margins::NAMES.contains(&name.as_str())) {
            let near =
                nearest(name, &margins::NAMES).map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default();
            let help = format!("{near}Possible: {}", margins::NAMES.map(|name| format!("\"{name}\"")).join(", "));
            return Err(ValueFault::new("sample.minimum", format!("there is no margin \"{name}\""), help));
        }
        for (i, factor) in self.factors.iter().enumerate() {
            factor.check().map_err(|f| under(&format!("factors.{i}"), f))?;
        }
        if let Some(returning) = &self.returning {
            within("returning.vehicles", returning.vehicles as f64, 1.0, self.encounters as f64, "")?;
            if !self.sample.minimum.is_empty() {
                let help = "leave out [sample.minimum]: which encounters there are is said by the crossings";
                return Err(ValueFault::new("sample.minimum", "people who return cannot be added to", help));
            }
        }
        self.check_overrides()
    }
}

impl ScenarioFile {
    fn check_overrides(&self) -> Result<(), ValueFault> {
        for (i, encounter) in self.encounter.iter().enumerate() {
            let key = |name: &str| format!("encounter.{i}.{name}");
            if encounter.index >= self.encounters {
                let problem = format!("there is no encounter {}", encounter.index);
                let help = format!("encounters count from 0 to {}", self.encounters - 1);
                return Err(ValueFault::new(key("index"), problem, help));
            }
            if self.encounter[..i].iter().any(|other| other.index == encounter.index) {
                let problem = format!("encounter {} is set twice", encounter.index);
                return Err(ValueFault::new(key("index"), problem, "keep one of the two tables"));
            }
            let Some(seats) = seats::of_model(&encounter.vehicle) else {
                let problem = format!("there is no vehicle model \"{}\"", encounter.vehicle);
                return Err(ValueFault::new(key("vehicle"), problem, format!("possible: {}", seats::model_list())));
            };
            if encounter.occupants.is_empty() {
                let help = "name at least the driver: { row = 1, side = \"left\" }";
                return Err(ValueFault::new(key("occupants"), "nobody sits in the vehicle", help));
            }
            if encounter.occupants.len() > seats.len() {
                let problem = format!(
                    "{} occupants in a {} with {} seats",
                    encounter.occupants.len(),
                    encounter.vehicle,
                    seats.len()
                );
                let help = format!("its seats are {}", seats::seat_list(&seats));
                return Err(ValueFault::new(key("occupants"), problem, help));
            }
            for (o, occupant) in encounter.occupants.iter().enumerate() {
                let seat = occupant.id();
                if !seats.contains(&seat) {
                    let problem = format!("a {} has no seat {}", encounter.vehicle, seats::seat_name(seat));
                    let help = format!("its seats are {}", seats::seat_list(&seats));
                    return Err(ValueFault::new(key(&format!("occupants.{o}")), problem, help));
                }
                if encounter.occupants[..o].contains(occupant) {
                    let problem = format!("seat {} is taken twice", seats::seat_name(seat));
                    return Err(ValueFault::new(
                        key(&format!("occupants.{o}")),
                        problem,
                        "give each occupant a seat of their own",
                    ));
                }
            }
            if !encounter.occupants.iter().any(|o| o.id() == seats::DRIVER) {
                let help = "add { row = 1, side = \"left\" }";
                return Err(ValueFault::new(key("occupants"), "nobody drives", help));
            }
        }
        Ok(())
    }
}

fn under(table: &str, fault: ValueFault) -> ValueFault {
    ValueFault { key_path: format!("{table}.{}", fault.key_path), ..fault }
}

fn check_rule(rule: &ValidationRule) -> Result<(), ValueFault> {
    within("min_inter_eye_px", rule.min_inter_eye_px.into(), 0.0, 1000.0, "px")?;
    within("max_yaw_deg", rule.max_yaw_deg.into(), 0.0, 90.0, "°")?;
    within("max_pitch_deg", rule.max_pitch_deg.into(), 0.0, 90.0, "°")?;
    within("max_roll_deg", rule.max_roll_deg.into(), 0.0, 180.0, "°")?;
    within("min_visible_share", rule.min_visible_share.into(), 0.0, 1.0, "")?;
    within("max_motion_blur_px", rule.max_motion_blur_px.into(), 0.0, 1000.0, "px")?;
    within("max_defocus_px", rule.max_defocus_px.into(), 0.0, 1000.0, "px")?;
    within("min_mean_dn", rule.min_mean_dn.into(), 0.0, 255.0, "DN")?;
    within("max_mean_dn", rule.max_mean_dn.into(), f64::from(rule.min_mean_dn), 255.0, "DN")?;
    within("max_over_exposed_share", rule.max_over_exposed_share.into(), 0.0, 1.0, "")?;
    within("min_contrast", rule.min_contrast.into(), 0.0, 10.0, "")?;
    within("min_entropy_bits", rule.min_entropy_bits.into(), 0.0, 8.0, "bits")
}

fn check_gates(gates: &Gates) -> Result<(), ValueFault> {
    for (key, bound) in [
        ("min_occupant_coverage", gates.min_occupant_coverage),
        ("min_vehicle_coverage", gates.min_vehicle_coverage),
        ("min_matched_coverage", gates.min_matched_coverage),
    ] {
        if let Some(bound) = bound {
            within(key, bound, 0.0, 1.0, "")?;
        }
    }
    Ok(())
}
