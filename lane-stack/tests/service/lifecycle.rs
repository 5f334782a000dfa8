//! Beginning and end: what it refuses to begin with, and that it finishes what it accepted.
use crate::harness::{Service, TOKEN, command, configure, has_runtime, models};
use lane_stack::api::Closed;
use std::path::Path;
use std::process::Stdio;

/// Exit code and the one line that it says.
fn fails(config: &Path, token: Option<&str>) -> (Option<i32>, String) {
    let mut command = command(config);
    command.env_remove("LANE_STACK_TOKEN").stderr(Stdio::piped());
    if let Some(token) = token {
        command.env("LANE_STACK_TOKEN", token);
    }
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    assert!(output.stdout.is_empty(), "it said that it is ready");
    (output.status.code(), message)
}

#[test]
fn it_does_not_begin_without_a_token_or_with_a_wrong_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = configure(folder.path(), "[limits]\nmax_queue = 3\n");
    let (code, message) = fails(&config, None);
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("lane.toml:9:1: unknown field `max_queue`"), "{message}");
    configure(folder.path(), "");
    std::fs::write(folder.path().join("token"), "hunter2").unwrap();
    let (code, message) = fails(&config, None);
    assert!(code == Some(2) && message.contains("token") && !message.contains("hunter2"), "{message}");
    std::fs::write(&config, format!("models = {:?}\n", models())).unwrap();
    let (code, message) = fails(&config, None);
    assert!(code == Some(2) && message.contains("LANE_STACK_TOKEN"), "{message}");
    let (code, message) = fails(&folder.path().join("absent.toml"), None);
    assert!(code == Some(2) && message.contains("absent.toml"), "{message}");
    let no_models = format!("models = \"absent\"\n[tls]\ncertificate = {config:?}\nkey = {config:?}\n");
    std::fs::write(&config, &no_models).unwrap();
    let (code, message) = fails(&config, Some(TOKEN));
    assert!(code == Some(2) && message.contains("lane.toml") && message.contains("PEM"), "{message}");
    std::fs::write(&config, "models = \"absent\"\n").unwrap();
    let (code, message) = fails(&config, Some(TOKEN));
    assert!(code == Some(2) && message.contains("absent"), "{message}");
}

#[test]
fn an_address_in_use_is_11() {
    if !has_runtime(1) {
        return;
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = configure(folder.path(), "");
    let text = std::fs::read_to_string(&config).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    std::fs::write(&config, text.replace("127.0.0.1:0", &address)).unwrap();
    let (code, message) = fails(&config, None);
    assert!(code == Some(11) && message.contains(&address), "{message}");
}

#[test]
fn after_a_signal_it_finishes_what_it_accepted() {
    let Some(mut service) = Service::start(1, "") else { return };
    service.open("e");
    service.push("e", 0);
    assert_eq!(service.get("/v1/ready").status, 200);
    let closed: Closed = std::thread::scope(|scope| {
        // A frame that waits for one before it is accepted; it is looked at after the signal.
        let early = scope.spawn(|| service.push("e", 2));
        while service.get("/v1/encounters/e").json::<serde_json::Value>()["accepted_frames"] != 2 {}
        service.signal("TERM");
        while service.get("/v1/ready").status == 200 {}
        service.get("/v1/ready").is_problem(503, "shutting-down");
        let refused = service.call("PUT", "/v1/encounters/f", &[], "");
        refused.is_problem(503, "shutting-down");
        assert!(refused.retry_after.is_some());
        assert_eq!(service.get("/v1/health").status, 200);
        assert_eq!(service.push("e", 1).status, 200);
        assert_eq!(early.join().unwrap().status, 200);
        service.close("e").json()
    });
    assert_eq!((closed.accepted_frames, closed.missing_frames), (3, 0));
    assert_eq!(service.wait(), Some(0), "{}", service.log());
    assert!(service.log().contains("SIGTERM"), "{}", service.log());
}

#[test]
fn it_ends_though_an_encounter_is_never_closed_and_says_so() {
    let Some(mut service) = Service::start(1, "[limits]\nfinish_s = 1\n") else { return };
    service.open("e");
    service.push("e", 0);
    service.signal("INT");
    assert_eq!(service.wait(), Some(12));
    assert!(service.log().contains("1 encounters open"), "{}", service.log());
}
