//! Where the cameras are: told by the configuration, or by a client.
use crate::harness::Service;
use lane_stack::api::InstalledCameras;
use lane_stack::rig::CameraGeometry;

const SECTION: &str = "[[cameras]]\ncamera_id = \"side\"\nposition_m = [2.1, 1.7, 2.0]\nlook_at_m = [0.22, 1.3, -3.2]\n\
                       focal_length_px = 6826\nwidth_px = 1920\nheight_px = 1200\n";

#[test]
fn a_client_may_say_where_the_cameras_are_and_nonsense_changes_nothing() {
    let Some(service) = Service::start(1, SECTION) else { return };
    let there = || service.get("/v1/rig").json::<InstalledCameras>();
    let configured = there();
    assert_eq!((configured.cameras.len(), configured.cameras[0].camera_id.as_str()), (1, "side"));

    let front = CameraGeometry {
        camera_id: "front".into(),
        position_m: [1.95, 2.4, 5.5],
        look_at_m: [0.0, 1.3, -2.4],
        focal_length_px: 10_239.0,
        width_px: 1920,
        height_px: 1200,
    };
    let put = |body: &[u8]| service.call("PUT", "/v1/rig", body, "application/json");
    let json =
        |camera: &CameraGeometry| serde_json::to_vec(&InstalledCameras { cameras: vec![camera.clone()] }).unwrap();
    let blind = CameraGeometry { focal_length_px: 0.0, ..front.clone() };
    let problem = put(&json(&blind)).is_problem(400, "bad-value");
    assert!(problem.detail.contains("camera \"front\"") && problem.detail.contains("focal_length_px"), "{problem:?}");
    for nonsense in [
        &b"cameras"[..],
        b"{\"cameras\": 3}",
        b"{\"cameras\": [], \"more\": 1}",
        b"{\"cameras\": [{\"camera_id\": \"a\"}]}",
    ] {
        put(nonsense).is_problem(400, "bad-value");
    }
    put(&vec![b' '; 300 * 1024]).is_problem(400, "bad-value");
    assert_eq!(there(), configured);

    assert_eq!(put(&json(&front)).status, 200);
    assert_eq!(there().cameras, [front]);
    service.open("e");
    assert_eq!(service.push("e", 0).status, 200);
    service.close("e");
}
