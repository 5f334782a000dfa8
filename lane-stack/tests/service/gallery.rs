//! A service with a gallery on disk: what is kept, what is gone, and who is said to have asked.
use crate::harness::{FRAMES, GALLERY_SECTION, PORTRAITS, Service, command, has_runtime, make_gallery};
use lane_stack::api::{Closed, Found, Reference};
use lane_stack::gallery::{MasterKey, OsEntropy, Store};
use std::collections::BTreeSet;
use std::process::Stdio;

fn candidates(service: &Service, picture: &[u8]) -> Vec<String> {
    let found: Found = service.call("POST", "/v1/gallery/search", picture, "image/jpeg").json();
    found.candidates.into_iter().map(|c| c.reference_id).collect()
}

#[test]
fn a_gallery_on_disk_keeps_what_its_policy_says_and_nothing_that_was_deleted() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let mut service = Service::start_in(1, folder, GALLERY_SECTION).unwrap();
    let [(_, right), (_, left)] = PORTRAITS;
    let enrol = |service: &Service, query: &str, picture: &[u8]| {
        service.call("PUT", &format!("/v1/gallery/references/{query}"), picture, "image/jpeg")
    };
    // Enrolled: one as the policy keeps it, one for an encounter.
    let refused = enrol(&service, "left?kind=visa&class=citizen", left).is_problem(409, "gallery-refused");
    assert!(refused.detail.contains("visa") && refused.detail.contains("encounter"), "{refused:?}");
    enrol(&service, "left?kind=viza", left).is_problem(400, "bad-query");
    enrol(&service, "left?class=No", left).is_problem(400, "bad-query");
    enrol(&service, "left?encounter_id=e", left).is_problem(404, "unknown-encounter");
    // Nobody who does not exist comes among people who are kept.
    let order = service.call("PUT", "/v1/gallery/fillers", b"{\"count\": 5, \"seed\": 1}", "application/json");
    order.is_problem(409, "gallery-refused");
    let kept = enrol(&service, "right?class=citizen", right);
    assert_eq!(kept.status, 201);
    assert!(kept.json::<Reference>().pictures[0].until.is_some());
    assert_eq!(enrol(&service, "right?class=citizen", right).status, 200);
    service.open("e");
    let for_encounter = enrol(&service, "left?kind=visa&encounter_id=e", left);
    assert_eq!(for_encounter.status, 201);
    let picture = &for_encounter.json::<Reference>().pictures[0];
    assert_eq!((picture.kind.name(), picture.class.as_str(), picture.until.as_deref()), ("visa", "traveller", None));

    // Both are matched; the second is gone with the decision.
    for sequence in 0..FRAMES.len() as u64 {
        assert_eq!(service.push("e", sequence).status, 200);
    }
    let closed: Closed = service.close("e").json();
    let matched: BTreeSet<String> = closed.decisions.best_shots.into_iter().filter_map(|b| b.matched).collect();
    assert_eq!(matched, BTreeSet::from(["left".to_string(), "right".to_string()]));
    service.get("/v1/gallery/references/left").is_problem(404, "unknown-reference");
    enrol(&service, "left?kind=visa&encounter_id=e", left).is_problem(409, "not-open");
    assert_eq!(candidates(&service, left), ["right"]);

    // One that is given up takes its references along.
    service.open("f");
    assert_eq!(enrol(&service, "left?encounter_id=f", left).status, 201);
    assert_eq!(service.call("DELETE", "/v1/encounters/f", &[], "").status, 204);
    // A worker does it, a little later.
    while service.get("/v1/gallery/references/left").status != 404 {}

    // Deleted and started anew: gone. Enrolled and started anew: there.
    let path = "/v1/gallery/references/right";
    assert_eq!(service.get(path).status, 200);
    assert_eq!(service.call("DELETE", path, &[], "").status, 204);
    service.restart();
    service.get(path).is_problem(404, "unknown-reference");
    assert_eq!(candidates(&service, right), Vec::<String>::new());
    assert_eq!(enrol(&service, "right?class=citizen", right).status, 201);
    service.restart();
    let found: Reference = service.get(path).json();
    assert_eq!((found.pictures.len(), found.pictures[0].class.as_str()), (1, "citizen"));
    assert_eq!(candidates(&service, right), ["right"]);

    // No second service has it open.
    let second = command(&service.folder.path().join("lane.toml")).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8_lossy(&second.stderr);
    assert!(second.status.code() == Some(8) && message.contains("another process"), "{message}");

    service.signal("TERM");
    assert_eq!(service.wait(), Some(0));
    let key = MasterKey::from_file(&service.folder.path().join("master.key")).unwrap();
    let store = Store::open(&service.folder.path().join("lane.gallery"), key, Box::new(OsEntropy)).unwrap();
    let entries = store.audit().unwrap();
    let asked = |by: &str| entries.iter().filter(|e| e.by == by).map(|e| e.action.name()).collect::<BTreeSet<_>>();
    assert_eq!(asked("http"), BTreeSet::from(["delete", "enrol", "forget", "look-up", "search"]));
    assert!(entries.iter().all(|e| e.by == "http" || e.by == "command line"), "{entries:?}");
    // The faces of an encounter are looked for in one request.
    let searches: Vec<&str> =
        entries.iter().filter(|e| e.action.name() == "search").map(|e| e.detail.as_str()).collect();
    let probes: Vec<u32> = searches.iter().map(|d| d.trim_start_matches("probes: ").parse().unwrap()).collect();
    assert!(probes.len() == 4 && probes[0] >= 2 && probes[1..] == [1, 1, 1], "{searches:?}");
    let seen =
        String::from_utf8_lossy(&std::fs::read(service.folder.path().join("lane.gallery")).unwrap()).into_owned();
    assert!(!seen.contains("right") && !service.log().contains("panicked"), "{}", service.log());
}
