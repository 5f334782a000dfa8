//! Killed while clients enrol and encounters run. (How an enrolment on the command line bears it is in `tests/gallery.rs`.)
use crate::harness::{
    FRAMES, GALLERY_SECTION, PORTRAITS, Service, TOKEN, call_at, gallery_command, has_runtime, make_gallery,
};
use crate::{enrol, matched, search};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const CLIENTS: usize = 3;
const ROUNDS: usize = 4;

/// Enrols until the service is gone; the ids that were acknowledged, and those that may or may not be there.
fn enrol_until_killed(url: &str, client: usize, round: usize, count: &AtomicUsize) -> (Vec<String>, String) {
    let mut acknowledged = Vec::new();
    for i in 0.. {
        let id = format!("r{round}-c{client}-{i}");
        let path = format!("/v1/gallery/references/{id}?class=citizen");
        // Frames, so that the portraits' own is the first to be found by them.
        let picture = FRAMES[i % FRAMES.len()].1;
        match call_at(url, "PUT", &path, picture, "image/jpeg", Some(&format!("Bearer {TOKEN}"))) {
            Ok(answer) if answer.status == 201 => acknowledged.push(id),
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return (acknowledged, id),
        }
        count.fetch_add(1, SeqCst);
    }
    unreachable!("the service is killed")
}

/// One id is given one portrait after the other, each in place of the last: how often that was acknowledged.
fn replace_until_killed(url: &str) -> usize {
    for i in 0.. {
        let picture = PORTRAITS[i % 2].1;
        let path = "/v1/gallery/references/replaced?class=citizen";
        match call_at(url, "PUT", path, picture, "image/jpeg", Some(&format!("Bearer {TOKEN}"))) {
            Ok(answer) => assert!([200, 201].contains(&answer.status), "{answer:?}"),
            Err(_) => return i,
        }
    }
    unreachable!("the service is killed")
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_and_nothing_else() {
    if !has_runtime(1) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_gallery(folder.path());
    let mut service = Service::start_in(1, folder, GALLERY_SECTION).unwrap();
    let (mut there, mut between) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let (count, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        // Held for an encounter that will not be decided: gone with the process.
        service.open("open");
        let for_encounter = "/v1/gallery/references/held?encounter_id=open";
        assert_eq!(service.call("PUT", for_encounter, PORTRAITS[0].1, "image/jpeg").status, 201);
        service.push("open", 0);
        let url = service.url.clone();
        let replaced = std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (url, count, results) = (&url, &count, &results);
                scope.spawn(move || {
                    let result = enrol_until_killed(url, client, round, count);
                    results.lock().unwrap().push(result);
                });
            }
            let replacing = scope.spawn(|| replace_until_killed(&url));
            // Frames of the encounter are under way, too.
            scope.spawn(|| {
                for sequence in 1.. {
                    let (camera, bytes) = FRAMES[sequence % FRAMES.len()];
                    let path = crate::harness::frame_path("open", camera, sequence as u64);
                    let token = format!("Bearer {TOKEN}");
                    if call_at(&url, "POST", &path, bytes, "image/jpeg", Some(&token)).is_err() {
                        return;
                    }
                }
            });
            // At a moment of their own in each round, without asking the clock.
            while count.load(SeqCst) < 1 + 3 * round {
                std::thread::yield_now();
            }
            (0..round * 700_000).for_each(|_| std::hint::spin_loop());
            service.child.kill().unwrap();
            service.child.wait().unwrap();
            service.start_again();
            replacing.join().unwrap()
        });
        let mut perhaps = Vec::new();
        for (acknowledged, last) in results.into_inner().unwrap() {
            there.extend(acknowledged);
            perhaps.push(last);
        }
        for id in &there {
            let answer = service.get(&format!("/v1/gallery/references/{id}"));
            assert_eq!(answer.status, 200, "round {round}: {id} was acknowledged: {answer:?}");
        }
        // What was under way is there whole, or not at all: it is found like any other.
        for id in perhaps {
            if service.get(&format!("/v1/gallery/references/{id}")).status == 200 {
                between += 1;
                there.push(id);
            }
        }
        // The last picture that was acknowledged, or the one under way.
        let by_portrait = PORTRAITS.map(|(_, picture)| {
            let found = search(&service, picture);
            found.iter().find(|(id, _)| id == "replaced").is_some_and(|(_, similarity)| *similarity > 0.999)
        });
        if replaced > 0 {
            assert!(by_portrait[0] != by_portrait[1], "round {round}: it is one of the two: {by_portrait:?}");
        }
        // Of the encounter and what was held for it nothing is left; another goes as ever.
        service.get("/v1/gallery/references/held").is_problem(404, "unknown-reference");
        service.get("/v1/encounters/open").is_problem(404, "unknown-encounter");
        let references: lane_stack::api::GalleryInfo = service.get("/v1/gallery").json();
        let extra = u64::from(by_portrait[0] || by_portrait[1]);
        assert_eq!(references.references, there.len() as u64 + extra, "round {round}");
    }
    eprintln!("{} references in {ROUNDS} rounds, {between} of them between commit and acknowledgement", there.len());
    assert_eq!(enrol(&service, "after", PORTRAITS[1].1).status, 201);
    assert!(!matched(&service, "after").is_empty());
    service.signal("TERM");
    assert_eq!(service.wait(), Some(0), "{}", service.log());
    let verified = gallery_command(service.folder.path(), &["verify", "lane.gallery", "--key-file", "master.key"]);
    assert_eq!(verified, (Some(0), "nothing is wrong\n".to_string()));
}
