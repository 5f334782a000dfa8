//! The models at work, apart from any encounter: an [`Engine`] looks at pictures, follows faces and decides; what it has
//! seen of one vehicle is an [`Encounter`] by itself. So one engine serves many encounters, and many engines (a thread
//! each) can share one encounter: looking depends on the picture alone, only following depends on the order of frames.
mod about;

use crate::client::{BestShot, Candidate, Decisions, Detection, Frame, Person, Quality, Reply, StackError};
use crate::config::{QualityRule, Working};
use crate::decode::RawFace;
use crate::detector::Detector;
use crate::embedder::{Embedder, unit};
use crate::error::SetupError;
use crate::feedback::{Followed, SoFar};
use crate::gallery::{GalleryError, ModelId, References};
use crate::models::Selection;
use crate::persons::{Sight, Tracked, gather};
use crate::picture::Picture;
use crate::quality;
use crate::resample::Crop;
use crate::rig::Rig;
use crate::runtime;
use crate::shots::{Group, Rank, Shot, Track, counted, counted_mut, join};
use crate::track::{Motion, Sighting, assign};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A detector and an embedder, loaded, and how they are to be used. Deterministic: the same picture gives the same faces.
pub struct Engine {
    detector: Detector,
    embedder: Embedder,
    working: Working,
}

/// A face as found in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Box, landmarks and score in pixels of the picture.
    pub raw: RawFace,
    /// Quality measures.
    pub quality: Quality,
}

/// What has been seen of one vehicle so far.
#[derive(Default)]
pub struct Encounter {
    rig: Arc<Rig>,
    /// Mid-exposures by exposure, microseconds.
    times_us: BTreeMap<u64, u64>,
    /// In their order.
    frames: Vec<Followed>,
    detections: Vec<Detection>,
    tracks: Vec<Track>,
}

impl Encounter {
    /// Nothing seen yet, by cameras in these places.
    pub fn before(rig: Arc<Rig>) -> Self {
        Self { rig, ..Self::default() }
    }
}

/// What the tracks of an encounter come to, before anybody is looked for in a gallery.
struct Conclusion {
    detections: Vec<Detection>,
    groups: Vec<Group>,
    /// One per group that has a shot, in the order of the groups.
    best_shots: Vec<BestShot>,
    persons: Vec<Person>,
}

/// A frame that was looked at.
pub struct Looked {
    picture: Picture,
    faces: Vec<Face>,
}

impl Looked {
    /// The faces, strongest first.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }
}

impl Engine {
    /// Loads ONNX Runtime (from `library`, or from `ORT_DYLIB_PATH`) and the selected models.
    pub fn open(selection: Selection, library: Option<&Path>) -> Result<Self, SetupError> {
        let environment = runtime::load(library)?;
        let Selection { models, detector, embedder, working } = selection;
        let detector = Detector::open(&environment, &models, detector, working.compute())?;
        let embedder = Embedder::open(&environment, &models, embedder, working.compute())?;
        Ok(Self { detector, embedder, working })
    }

    /// The model that makes the templates.
    pub fn model(&self) -> ModelId {
        ModelId::new(self.embedder.card(), self.embedder.sha256())
    }

    /// Similarity from which a candidate is taken for the person, where the gallery has no threshold of its own.
    pub fn match_threshold(&self) -> f32 {
        self.embedder.card().match_threshold
    }

    /// The bounds that make a best shot valid.
    pub fn working(&self) -> &Working {
        &self.working
    }

    /// Whether answers to frames may say that it is enough, or ask for more.
    pub fn gives_feedback(&self) -> bool {
        self.working.early_stop.is_some() || self.working.need_more.is_some()
    }

    /// Replaces the bounds that make a best shot valid: they are the operator's.
    pub fn set_quality_rule(&mut self, rule: QualityRule) {
        self.working.quality_rule = rule;
    }

    /// The detector, for measuring and for tools.
    pub fn detector_mut(&mut self) -> &mut Detector {
        &mut self.detector
    }

    /// The embedder, for measuring and for tools.
    pub fn embedder_mut(&mut self) -> &mut Embedder {
        &mut self.embedder
    }

    /// All faces of a picture, strongest first.
    pub fn look(&mut self, picture: &Picture) -> Result<Vec<Face>, StackError> {
        self.look_at_width(picture, self.working.working_width_px)
    }

    fn look_at_width(&mut self, picture: &Picture, width_px: u32) -> Result<Vec<Face>, StackError> {
        let prepared = self.detector.prepare(picture, width_px);
        let raw = self.detector.detect(&prepared).map_err(|reason| self.detector_failed(reason))?;
        Ok(measured(picture, raw))
    }

    fn detector_failed(&self, reason: String) -> StackError {
        StackError::Model { model: self.detector.card().about.name.clone(), reason }
    }

    /// The embedding of the largest face of a reference picture; `None` when it shows no face. A portrait may be all
    /// face, larger than what a detector does best: it is looked at at the whole, a half, a quarter and an eighth of its
    /// width, and the landmarks of the look that is surest count.
    pub fn template(&mut self, picture: &Picture) -> Result<Option<Vec<f32>>, StackError> {
        let widest = self.working.working_width_px.min(picture.width_px());
        let mut surest: Option<Face> = None;
        for divisor in [1, 2, 4, 8] {
            let faces = self.look_at_width(picture, (widest / divisor).max(1))?;
            let area = |f: &Face| (f.raw.box_px[2] - f.raw.box_px[0]) * (f.raw.box_px[3] - f.raw.box_px[1]);
            // The first of equals: `max_by` would take the last.
            let largest = faces.into_iter().reduce(|best, face| if area(&face) > area(&best) { face } else { best });
            if let Some(face) = largest
                && surest.as_ref().is_none_or(|surest| face.raw.score > surest.raw.score)
            {
                surest = Some(face);
            }
        }
        let crop = surest.and_then(|face| self.embedder.align(picture, &face.raw.landmarks_px));
        crop.map(|crop| self.embed(&crop)).transpose()
    }

    /// The template of a reference picture that is to be enrolled.
    pub fn enrolment(&mut self, reference_id: &str, picture: &Frame) -> Result<Vec<f32>, StackError> {
        let decoded = decode(picture)?;
        self.template(&decoded)?.ok_or_else(|| StackError::Enrolment {
            reference_id: reference_id.to_string(),
            reason: "no face is found in the picture; it must show one, upright and from the front".to_string(),
        })
    }

    fn embed(&mut self, crop: &Crop) -> Result<Vec<f32>, StackError> {
        self.embedder.embed(crop).map_err(|reason| self.embedder_failed(reason))
    }

    fn embedder_failed(&self, reason: String) -> StackError {
        StackError::Model { model: self.embedder.card().about.name.clone(), reason }
    }

    /// Decodes a frame and finds its faces. Depends on nothing but the frame.
    pub fn look_at(&mut self, frame: &Frame) -> Result<Looked, StackError> {
        let picture = decode(frame)?;
        let faces = self.look(&picture)?;
        Ok(Looked { picture, faces })
    }

    /// Decodes frames and finds the faces of each, of cameras and encounters as they come. With
    /// [`Throughput`](crate::config::Throughput) they go through the detector together.
    pub fn look_at_all(&mut self, frames: &[&Frame]) -> Vec<Result<Looked, StackError>> {
        if self.max_batch() == 1 || frames.len() == 1 {
            return frames.iter().map(|frame| self.look_at(frame)).collect();
        }
        let pictures: Vec<Result<Picture, StackError>> = frames.iter().map(|frame| decode(frame)).collect();
        let width_px = self.working.working_width_px;
        let prepared: Vec<_> =
            pictures.iter().flatten().map(|picture| self.detector.prepare(picture, width_px)).collect();
        let found = match self.detector.detect_all(&prepared) {
            Ok(found) => found.into_iter().map(Ok).collect::<Vec<_>>(),
            // What one picture does to the model is that picture's fault alone.
            Err(_) => prepared.iter().map(|one| self.detector.detect(one)).collect(),
        };
        let mut found = found.into_iter();
        let looked = |picture: Result<Picture, StackError>| {
            let picture = picture?;
            let raw = found.next().unwrap_or_else(|| Err("no answer".to_string()));
            let faces = measured(&picture, raw.map_err(|reason| self.detector_failed(reason))?);
            Ok(Looked { picture, faces })
        };
        pictures.into_iter().map(looked).collect()
    }

    /// Frames that are looked at together at most; 1 when what is decided may depend on nothing else.
    pub fn max_batch(&self) -> usize {
        self.detector.max_batch()
    }

    /// Adds what was seen in a frame to its encounter; the answer steers the cameras, and says of whom more is needed or that
    /// it is enough, where the configuration asks for that. Frames of an encounter must come in one order, whoever looked at
    /// them.
    pub fn follow(&mut self, encounter: &mut Encounter, frame: &Frame, looked: &Looked) -> Result<Reply, StackError> {
        let Looked { picture, faces } = looked;
        encounter.times_us.insert(frame.exposure_id, frame.mid_exposure_us);
        encounter.frames.push(Followed { exposure_id: frame.exposure_id, camera_id: frame.camera_id.clone() });
        self.put_into_tracks(encounter, frame, picture, faces);
        let seen = faces.iter().map(|f| f.quality.mean_luminance);
        let luminance =
            if faces.is_empty() { picture.mean_luminance() } else { seen.sum::<f32>() / faces.len() as f32 };
        let control = self.working.exposure_control;
        let control = control.and_then(|c| c.steer(frame, luminance)).into_iter().collect();
        self.feedback(encounter, Reply::steering(control))
    }

    /// Adds to a reply what the encounter so far asks for. It is looked at as if it ended now; each shot is embedded once,
    /// now or at the end.
    fn feedback(&mut self, encounter: &mut Encounter, reply: Reply) -> Result<Reply, StackError> {
        if !self.gives_feedback() {
            return Ok(reply);
        }
        let Working { early_stop, need_more, .. } = self.working;
        self.embed_shots(encounter.tracks.iter_mut())?;
        let (rig, times_us) = (encounter.rig.clone(), &encounter.times_us);
        let now = self.conclude(&rig, times_us, encounter.detections.clone(), encounter.tracks.clone())?;
        let so_far = SoFar {
            frames: &encounter.frames,
            cameras: rig.cameras().collect(),
            detections: &now.detections,
            best_shots: &now.best_shots,
            persons: &now.persons,
            rule: &self.working.quality_rule,
        };
        let enough = early_stop.and_then(|rule| rule.enough(&so_far));
        // Of whom there is enough no more is needed.
        let more = need_more.filter(|_| enough.is_none());
        let (need_more, next_triggers) = more.map(|rule| rule.ask(&so_far)).unwrap_or_default();
        Ok(Reply { enough, need_more, next_triggers, ..reply })
    }

    /// Puts the faces of a frame into tracks.
    fn put_into_tracks(&self, encounter: &mut Encounter, frame: &Frame, picture: &Picture, faces: &[Face]) {
        let of_camera: Vec<usize> =
            (0..encounter.tracks.len()).filter(|&t| encounter.tracks[t].camera_id == frame.camera_id).collect();
        let motions: Vec<Motion> = of_camera.iter().map(|&t| encounter.tracks[t].motion).collect();
        let boxes: Vec<[f32; 4]> = faces.iter().map(|f| f.raw.box_px).collect();
        let assigned = assign(&motions, &boxes, frame.mid_exposure_us, &self.working.tracking);
        for (face, track) in faces.iter().zip(assigned) {
            let last = Sighting { box_px: face.raw.box_px, time_us: frame.mid_exposure_us };
            let index = match track {
                Some(t) => {
                    let motion = &mut encounter.tracks[of_camera[t]].motion;
                    *motion = Motion { last, before: Some(motion.last) };
                    of_camera[t]
                }
                None => {
                    encounter.tracks.push(Track {
                        camera_id: frame.camera_id.clone(),
                        motion: Motion { last, before: None },
                        exposures: Vec::new(),
                        shots: Vec::new(),
                    });
                    encounter.tracks.len() - 1
                }
            };
            let detection = encounter.detections.len();
            encounter.detections.push(Detection {
                exposure_id: frame.exposure_id,
                camera_id: frame.camera_id.clone(),
                box_px: face.raw.box_px,
                landmarks_px: face.raw.landmarks_px,
                score: face.raw.score,
                quality: face.quality,
                track_id: index as u32,
            });
            let track = &mut encounter.tracks[index];
            track.exposures.push(frame.exposure_id);
            let valid = self.working.quality_rule.check(face.raw.score, &face.quality);
            // A shot that will not be kept need not be cut out.
            let rank = Rank { valid: valid.is_ok(), overall: face.quality.overall };
            if track.place(rank, self.working.shots_per_track).is_some()
                && let Some(crop) = self.embedder.align(picture, &face.raw.landmarks_px)
            {
                let shot = Shot { detection, rank, broken: valid.err(), crop: Arc::new(crop), embedding: None };
                track.keep(shot, self.working.shots_per_track);
            }
        }
    }

    /// Embeds the shots that [`Self::track_template`] asks for, where that was not done before.
    fn embed_shots<'t>(&mut self, tracks: impl Iterator<Item = &'t mut Track>) -> Result<(), StackError> {
        let mut wanted: Vec<&mut Shot> =
            tracks.flat_map(|track| counted_mut(&mut track.shots)).filter(|shot| shot.embedding.is_none()).collect();
        let crops: Vec<Arc<Crop>> = wanted.iter().map(|shot| shot.crop.clone()).collect();
        let crops: Vec<&Crop> = crops.iter().map(|crop| &**crop).collect();
        let vectors = self.embedder.embed_all(&crops).map_err(|reason| self.embedder_failed(reason))?;
        for (shot, vector) in wanted.iter_mut().zip(vectors) {
            shot.embedding = Some(vector.into());
        }
        Ok(())
    }

    /// The mean of the embeddings of a track's shots, unit length.
    fn track_template(&self, shots: &[Shot]) -> Option<Vec<f32>> {
        let mut sum = vec![0.0f32; self.embedder.card().dimension];
        for shot in counted(shots) {
            debug_assert!(shot.embedding.is_some(), "embed_shots comes first");
            for (s, v) in sum.iter_mut().zip(shot.embedding.iter().flat_map(|vector| vector.iter())) {
                *s += v;
            }
        }
        unit(sum)
    }

    /// What tracks come to: which are one face, the best shot of each, and who is who. Nobody is looked for in a gallery.
    fn conclude(
        &mut self,
        rig: &Rig,
        times_us: &BTreeMap<u64, u64>,
        mut detections: Vec<Detection>,
        mut tracks: Vec<Track>,
    ) -> Result<Conclusion, StackError> {
        self.embed_shots(tracks.iter_mut())?;
        let mut groups: Vec<Group> = Vec::new();
        for (index, track) in tracks.into_iter().enumerate() {
            groups.push(Group { tracks: vec![index as u32], template: self.track_template(&track.shots), track });
        }
        let count = groups.len();
        join(&mut groups, self.working.tracking.join_similarity);
        let mut new_id = vec![0u32; count];
        for (id, group) in groups.iter().enumerate() {
            for &old in &group.tracks {
                new_id[old as usize] = id as u32;
            }
        }
        for detection in &mut detections {
            detection.track_id = new_id[detection.track_id as usize];
        }
        for group in groups.iter_mut().filter(|group| group.tracks.len() > 1) {
            // Each was embedded for its own track, if it counts here.
            group.track.shots.truncate(self.working.shots_per_track);
            group.template = self.track_template(&group.track.shots);
        }
        let best_shot = |group: &Group| {
            let shot = group.track.shots.first()?;
            let kept = || "keeps every bound of the quality rule".to_string();
            Some(BestShot {
                detection: detections[shot.detection].clone(),
                valid: shot.rank.valid,
                reason: shot.broken.clone().unwrap_or_else(kept),
                candidates: Vec::new(),
                matched: None,
            })
        };
        let best_shots: Vec<BestShot> = groups.iter().filter_map(best_shot).collect();
        let persons = self.persons(rig, times_us, &detections, &groups, &best_shots);
        Ok(Conclusion { detections, groups, best_shots, persons })
    }

    /// Decides about an encounter; `identify` asks the gallery about the templates of all faces
    /// at once, and gives an answer for each, see [`identified`].
    pub fn decide<E: From<StackError>>(
        &mut self,
        encounter: Encounter,
        identify: impl FnOnce(&[&[f32]]) -> Result<Vec<Identified>, E>,
    ) -> Result<Decisions, E> {
        let Encounter { rig, times_us, detections, tracks, .. } = encounter;
        let Conclusion { detections, groups, mut best_shots, persons } =
            self.conclude(&rig, &times_us, detections, tracks)?;
        let templates: Vec<&[f32]> = groups.iter().filter_map(|group| group.template.as_deref()).collect();
        // Nobody is asked for where nobody was seen.
        let mut answers = if templates.is_empty() { Vec::new() } else { identify(&templates)? }.into_iter();
        let of_groups = groups.iter().filter(|group| !group.track.shots.is_empty());
        for (best_shot, group) in best_shots.iter_mut().zip(of_groups) {
            let answer = group.template.as_ref().and_then(|_| answers.next());
            (best_shot.candidates, best_shot.matched) = answer.unwrap_or_default();
        }
        let occupant_count = Some(persons.iter().filter(|person| person.occupant).count() as u32);
        Ok(Decisions { detections, best_shots, persons, occupant_count })
    }

    /// Which groups of tracks are one person. A group's place is the id of its track.
    fn persons(
        &self,
        rig: &Rig,
        times_us: &BTreeMap<u64, u64>,
        detections: &[Detection],
        groups: &[Group],
        best_shots: &[BestShot],
    ) -> Vec<Person> {
        let sight = |d: &Detection| {
            let [left, right] = [d.landmarks_px[0], d.landmarks_px[1]];
            let ray = rig.ray(&d.camera_id, [0, 1].map(|i| 0.5 * (left[i] + right[i])))?;
            let eyes_rad = f64::from(d.quality.inter_eye_px) / rig.focal_length_px(&d.camera_id)?;
            Some(Sight { time_us: *times_us.get(&d.exposure_id)?, ray, eyes_rad })
        };
        let tracked: Vec<Tracked<'_>> = groups
            .iter()
            .enumerate()
            .map(|(id, group)| Tracked {
                camera_id: &group.track.camera_id,
                exposures: &group.track.exposures,
                sights: detections.iter().filter(|d| d.track_id as usize == id).filter_map(sight).collect(),
                template: group.template.as_deref(),
                valid: group.track.shots.iter().any(|shot| shot.rank.valid),
            })
            .collect();
        let gathered = gather(&tracked, &self.working.persons, self.working.tracking.join_similarity).into_iter();
        let person = gathered.filter_map(|one| {
            let shots =
                best_shots.iter().enumerate().filter(|(_, s)| one.members.contains(&(s.detection.track_id as usize)));
            let rank = |s: &BestShot| Rank { valid: s.valid, overall: s.detection.quality.overall };
            // The first of equals.
            let best = shots.reduce(|best, shot| if rank(shot.1) > rank(best.1) { shot } else { best })?;
            Some(Person {
                track_ids: one.members.iter().map(|member| *member as u32).collect(),
                best_shot: best.0 as u32,
                occupant: one.occupant,
                reason: one.reason,
                position_m: one.position_m.map(|p| p.map(|v| v as f32)),
                seat: one.seat,
            })
        });
        person.collect()
    }
}

/// Candidates, best first, and the reference decided for.
pub type Identified = (Vec<Candidate>, Option<String>);

/// Asks a gallery about templates, as one request, and decides for the first of each one's candidates when it reaches the
/// gallery's threshold, or where it has none that of the embedder's card.
pub fn identified<E: From<GalleryError>>(
    references: &dyn References,
    templates: &[&[f32]],
    card_threshold: f32,
) -> Result<Vec<Identified>, E> {
    let threshold = references.operating_point().map_or(card_threshold, |point| point.threshold);
    let decide = |candidates: Vec<Candidate>| {
        let first = candidates.first().filter(|c| c.similarity >= threshold);
        let matched = first.map(|c| c.reference_id.clone());
        (candidates, matched)
    };
    Ok(references.search_all(templates)?.into_iter().map(decide).collect())
}

/// The faces of a picture, measured.
fn measured(picture: &Picture, raw: Vec<RawFace>) -> Vec<Face> {
    let face = |raw: RawFace| Some(Face { quality: quality::measure(picture, &raw.landmarks_px)?, raw });
    raw.into_iter().filter_map(face).collect()
}

/// The picture of a frame.
pub fn decode(frame: &Frame) -> Result<Picture, StackError> {
    Picture::from_frame(frame).map_err(|reason| StackError::Undecodable {
        exposure_id: frame.exposure_id,
        camera_id: frame.camera_id.clone(),
        reason,
    })
}
