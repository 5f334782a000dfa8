//! The API's description, made of the routes and of the types that they read and write. `lane-stack/openapi.json` is the
//! checked-in copy; `lane-stack openapi` writes it anew.
use super::problem::PROBLEMS;
use super::{fillers, rig, routes};
use crate::api::PROBLEM_TYPE;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, KnownFormat, ObjectBuilder, OpenApi, RefOr, Schema, SchemaFormat, Type};
use utoipa::{Modify, OpenApi as _};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "lane-stack", version = "1", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(
        routes::health,
        routes::ready,
        routes::stack,
        rig::rig,
        rig::install,
        routes::metrics,
        routes::description,
        routes::open,
        routes::look_up,
        routes::give_up,
        routes::push,
        routes::push_stream,
        routes::close,
        routes::decisions,
        routes::encounter_events,
        routes::all_events,
        routes::gallery,
        routes::empty_gallery,
        routes::reference,
        routes::remove,
        routes::enrol,
        routes::search,
        fillers::fill,
    ),
    security(("token" = [])),
    modifiers(&Common)
)]
struct Description;

/// The schema of a picture's bytes: there is none but that they are bytes.
pub(super) struct PictureBytes;

impl utoipa::PartialSchema for PictureBytes {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl utoipa::ToSchema for PictureBytes {}

struct Common;

impl Modify for Common {
    fn modify(&self, api: &mut OpenApi) {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_with(Components::new).add_security_scheme("token", token);
        let mut text =
            "The capture-and-match stack of a vehicle lane: open an encounter, push frames, close it, read who \
                        was seen. Every refusal is a problem (RFC 9457) of one of these types:\n\n\
                        | type | status | title |\n| --- | --- | --- |\n"
                .to_string();
        for (name, status, title) in PROBLEMS {
            text.push_str(&format!("| `{PROBLEM_TYPE}{name}` | {status} | {title} |\n"));
        }
        api.info.description = Some(text);
    }
}

/// The description as it is checked in.
///
/// # Panics
/// When the description is no JSON: a defect.
pub fn text() -> String {
    let mut text = Description::openapi().to_pretty_json().expect("strings and numbers become JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_description_that_is_checked_in_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == super::text(),
            "openapi.json is stale; make it anew: lane-stack openapi > lane-stack/openapi.json"
        );
    }
}
