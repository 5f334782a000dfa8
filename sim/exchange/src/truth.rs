//! What the testbed knows about one exposure, and no stack ever sees.
use laneproof_scenes::decoy::DecoyKind;

/// An axis-aligned box in pixels; x right, y down, pixel (0, 0) covers [0, 1) × [0, 1).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoxPx {
    /// Left edge.
    pub x0: f32,
    /// Upper edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Lower edge.
    pub y1: f32,
}

impl BoxPx {
    /// Area in square pixels; 0 when empty.
    pub fn area(&self) -> f32 {
        (self.x1 - self.x0).max(0.0) * (self.y1 - self.y0).max(0.0)
    }

    /// Intersection over union.
    pub fn iou(&self, other: &BoxPx) -> f32 {
        let overlap = BoxPx {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
        .area();
        let union = self.area() + other.area() - overlap;
        if union > 0.0 { overlap / union } else { 0.0 }
    }
}

/// Which thing covers most of the hidden part of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occluder {
    /// Pillar, roof, door.
    Body,
    /// Dashboard, steering wheel.
    Interior,
    /// Seat or head-rest.
    Seat,
    /// Another occupant.
    Person,
    /// The face's own head, hair or hand (turned away).
    Oneself,
    /// Booth, pole, kerb.
    Furniture,
    /// The face's own glasses: frame and dark lenses.
    Eyewear,
    /// The face's own hat, hood, head scarf or headphones.
    Headwear,
    /// The face's own mask, veil or scarf over mouth and nose.
    FaceCover,
    /// A child seat's shell.
    ChildSeat,
    /// A decoy: a dog, something held up.
    Decoy,
    /// Another vehicle than the face's own, or somebody in it.
    OtherVehicle,
    /// Rain drops on a pane.
    Drops,
}

/// One occupant's face in one exposure.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FaceTruth {
    /// Index in the encounter.
    pub occupant: u8,
    /// Box around the projected face (brow to chin, ear to ear), whole, whether or not it is visible; may leave the sensor.
    pub face_box_px: BoxPx,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner: projected positions, pixels.
    pub landmarks_px: [[f32; 2]; 5],
    /// Distance between the projected pupils, pixels.
    pub inter_eye_px: f32,
    /// Head yaw, pitch, roll relative to this camera, degrees; 0 looks into the lens. To the person's left positive.
    pub yaw_deg: f32,
    /// See `yaw_deg`; down positive.
    pub pitch_deg: f32,
    /// See `yaw_deg`; towards the person's right shoulder positive.
    pub roll_deg: f32,
    /// Distance from the entrance pupil to the middle of the eyes, metres.
    pub distance_m: f32,
    /// Share of the face's own front-facing pixels that are visible on the sensor, 0..1 (off the sensor counts as hidden).
    pub visible_share: f32,
    /// Share of the face box that lies on the sensor, 0..1.
    pub in_frame_share: f32,
    /// What covers most of what is hidden on the sensor; `None` when nothing does.
    pub occluder: Option<Occluder>,
    /// Share of the face's own front-facing pixels that the person's own glasses, headwear or mask cover, 0..1.
    pub worn_share: f32,
    /// Which of these covers most; `None` when none does.
    pub worn: Option<Occluder>,
    /// Share of what is visible of the face that drops on panes show in the face's place, 0..1; pixels that are more than half
    /// drops are not visible and not counted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub drops_share: f32,
    /// Mean radiance of the face as it arrives at the lens through all panes, W·m⁻²·sr⁻¹, green band.
    pub transmitted_radiance: f32,
    /// Mean radiance mirrored by panes over the face, W·m⁻²·sr⁻¹, green band.
    pub veiling_radiance: f32,
    /// Photons per pixel that reach the sensor from the face, the veil over it and drops before it during the exposure, mean
    /// over the face, the green band's (of a near-infrared camera the band's); without vignetting.
    #[serde(default)]
    pub photons_per_px: f32,
    /// Mean transmittance of the panes before the face, 0..1.
    pub pane_transmittance: f32,
    /// Motion blur during the exposure, pixels.
    pub motion_blur_px: f32,
    /// Diameter of the circle of confusion, pixels.
    pub defocus_px: f32,
    /// Mean digital number over the visible face pixels (Rec. 709 luma), 0..255.
    pub mean_dn: f32,
    /// Share of the visible face pixels at 247 or above in any channel, 0..1 (OFIQ's over-exposure measure).
    pub over_exposed_share: f32,
    /// Entropy of the visible face pixels' luma, bits (OFIQ's dynamic range).
    pub entropy_bits: f32,
    /// Root-mean-square contrast of the face's luma ÷ its mean.
    pub contrast: f32,
}

fn is_none(share: &f32) -> bool {
    *share == 0.0
}

/// What the testbed knows about one exposure.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExposureTruth {
    /// Same id as the frame and its truth layers.
    pub exposure_id: u64,
    /// Camera.
    pub camera_id: String,
    /// Simulated time of mid-exposure, microseconds since the encounter began.
    pub mid_exposure_us: u64,
    /// Exposure time, microseconds.
    pub exposure_us: f32,
    /// Speed of the vehicle at mid-exposure, metres per second.
    pub speed_mps: f32,
    /// One entry per occupant, in the order of the plan; a face wholly behind the camera has `in_frame_share` 0.
    pub faces: Vec<FaceTruth>,
    /// One entry per decoy that is seen, in the order of the plan.
    #[serde(default)]
    pub decoys: Vec<DecoyTruth>,
    /// The faces of other vehicles' occupants, vehicle by vehicle, in the order of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherFace>,
    /// Of a camera that sends video: what the frame was in its stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoTruth>,
}

/// A frame in a video stream.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct VideoTruth {
    /// What it took, bytes.
    pub coded_bytes: u64,
    /// Whether it is an I frame, which stands for itself.
    pub intra: bool,
    /// Root of the mean squared difference that coding made, over all channels of all pixels, digital numbers of 255.
    pub error_rms_dn: f32,
}

/// The face of somebody in another vehicle, in one exposure.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OtherFace {
    /// The vehicle, by index in the encounter's neighbours.
    pub vehicle: u8,
    /// The face; `occupant` is the index in that vehicle.
    pub face: FaceTruth,
}

/// What looks like a face and is nobody's, in one exposure.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DecoyTruth {
    /// Index in the encounter.
    pub decoy: u8,
    /// What it is.
    pub kind: DecoyKind,
    /// Box round what could be taken for a face; may leave the sensor.
    pub box_px: BoxPx,
    /// Share of the box's pixels that show the decoy, above 0 to 1; a head never fills its box.
    pub visible_share: f32,
}
