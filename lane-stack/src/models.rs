//! Finds the cards and model files that a models directory offers.
use crate::card::{Card, DetectorCard, EmbedderCard};
use crate::config::{StackConfig, Working};
use crate::error::SetupError;
use crate::text::Source;
use std::path::{Path, PathBuf};

/// Name of the configuration in a models directory.
pub const CONFIG_FILE: &str = "stack.toml";

/// Cards that come with the crate, for well-known model files that do not: in order of preference.
const SHIPPED: [(&str, &str); 4] = [
    ("<shipped>/yunet-n.toml", include_str!("../cards/yunet-n.toml")),
    ("<shipped>/retinaface-mnet025.toml", include_str!("../cards/retinaface-mnet025.toml")),
    ("<shipped>/omz-reid-0095.toml", include_str!("../cards/omz-reid-0095.toml")),
    ("<shipped>/mobileface-v2.toml", include_str!("../cards/mobileface-v2.toml")),
];

/// A card that was found, with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Card file; in `<shipped>` for those that come with the crate.
    pub path: PathBuf,
    /// Card.
    pub card: Card,
    /// Whether the model file is in the models directory.
    pub present: bool,
}

/// The pair of models that a stack runs, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Models directory.
    pub models: PathBuf,
    /// Detector.
    pub detector: DetectorCard,
    /// Embedder.
    pub embedder: EmbedderCard,
    /// Working parameters.
    pub working: Working,
}

/// All cards: those of the directory in order of their names, then the shipped ones.
pub fn cards(models: &Path) -> Result<Vec<Found>, SetupError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(models).map_err(|e| SetupError::file(models, &e))? {
        let path = entry.map_err(|e| SetupError::file(models, &e))?.path();
        let is_card =
            path.extension().is_some_and(|e| e == "toml") && path.file_name().is_some_and(|n| n != CONFIG_FILE);
        if is_card && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut sources = Vec::new();
    for path in &paths {
        sources.push(Source::read(path)?);
    }
    sources.extend(SHIPPED.map(|(path, text)| Source { path: path.into(), text: text.into() }));
    let find = |source: Source| {
        let card = Card::from_source(&source)?;
        let present = models.join(&card.about().file).is_file();
        Ok(Found { path: source.path, card, present })
    };
    sources.into_iter().map(find).collect()
}

/// Chooses a detector and an embedder.
///
/// With `config`, or with a `stack.toml` in the directory, the pair it names. Otherwise the first detector and the first
/// embedder whose model file is there, the directory's own cards before the shipped ones.
pub fn select(models: &Path, config: Option<&Path>) -> Result<Selection, SetupError> {
    let beside = models.join(CONFIG_FILE);
    let config_path = match config {
        Some(path) => Some(path.to_path_buf()),
        None => beside.is_file().then_some(beside),
    };
    let found = cards(models)?;
    let (detector, embedder, working) = match &config_path {
        Some(path) => {
            let StackConfig { detector, embedder, working } = StackConfig::read(path)?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let get = |name: &str, kind: &str| named(models, &found, folder, name, kind);
            (get(&detector, "detector")?, get(&embedder, "embedder")?, working)
        }
        None => (first(models, &found, "detector")?, first(models, &found, "embedder")?, Working::default()),
    };
    let (Card::Detector(mut detector), Card::Embedder(mut embedder)) = (detector, embedder) else {
        // `named` and `first` have checked the kinds.
        return Err(missing(models, "detector and embedder", &found));
    };
    detector.score_threshold = working.score_threshold.unwrap_or(detector.score_threshold);
    detector.nms_iou = working.nms_iou.unwrap_or(detector.nms_iou);
    embedder.match_threshold = working.match_threshold.unwrap_or(embedder.match_threshold);
    Ok(Selection { models: models.to_path_buf(), detector, embedder, working })
}

fn kind(card: &Card) -> &'static str {
    match card {
        Card::Detector(_) => "detector",
        Card::Embedder(_) => "embedder",
    }
}

fn named(models: &Path, found: &[Found], folder: &Path, name: &str, wanted: &str) -> Result<Card, SetupError> {
    let card = if name.ends_with(".toml") {
        Card::read(&folder.join(name))?
    } else {
        match found.iter().find(|f| f.card.about().name == name && kind(&f.card) == wanted) {
            Some(found) => found.card.clone(),
            None => return Err(missing(models, &format!("{wanted} card \"{name}\""), found)),
        }
    };
    if kind(&card) == wanted {
        return Ok(card);
    }
    let reason = format!("card {name} is of kind {}", kind(&card));
    Err(SetupError::NoModel { wanted: wanted.into(), models: models.to_path_buf(), reason })
}

fn first(models: &Path, found: &[Found], wanted: &str) -> Result<Card, SetupError> {
    let fits = found.iter().find(|f| f.present && kind(&f.card) == wanted);
    fits.map(|f| f.card.clone()).ok_or_else(|| missing(models, wanted, found))
}

fn missing(models: &Path, wanted: &str, found: &[Found]) -> SetupError {
    let known: Vec<String> =
        found.iter().map(|f| format!("{} ({}, {})", f.card.about().name, kind(&f.card), f.card.about().file)).collect();
    let reason = format!("put a model file and its card there; known cards and their files: {}", known.join("; "));
    SetupError::NoModel { wanted: wanted.into(), models: models.to_path_buf(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_card_is_sound() {
        let folder = tempfile::tempdir().unwrap();
        let found = cards(folder.path()).unwrap();
        assert_eq!(found.len(), SHIPPED.len());
        assert!(found.iter().all(|f| !f.present && f.card.about().sha256.is_some()));
    }

    #[test]
    fn an_empty_directory_is_told_with_what_would_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let error = select(folder.path(), None).unwrap_err();
        assert!(error.to_string().contains("det_yunet_n_dynamic.onnx"), "{error}");
        assert_eq!(error.exit_code(), crate::exit::MODEL);
        let error = select(&folder.path().join("absent"), None).unwrap_err();
        assert_eq!(error.exit_code(), crate::exit::USAGE);
    }

    #[test]
    fn own_cards_come_first_and_a_configuration_chooses() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        for file in ["det_yunet_n_dynamic.onnx", "emb_omz_reid_0095.onnx", "emb_mobileface_v2.onnx", "mine.onnx"] {
            write(file, "");
        }
        let selection = select(folder.path(), None).unwrap();
        assert_eq!(selection.detector.about.name, "yunet-n");
        assert_eq!(selection.embedder.about.name, "omz-reid-0095");
        let mine = SHIPPED[3].1.replace("emb_mobileface_v2.onnx", "mine.onnx").replace("mobileface-v2", "mine");
        write("mine.toml", &mine);
        assert_eq!(select(folder.path(), None).unwrap().embedder.about.name, "mine");
        write(CONFIG_FILE, "detector = \"yunet-n\"\nembedder = \"mobileface-v2\"\nmatch_threshold = 0.5\n");
        let selection = select(folder.path(), None).unwrap();
        assert_eq!(selection.embedder.about.name, "mobileface-v2");
        assert_eq!(selection.embedder.match_threshold, 0.5);
        write("other.toml.txt", "detector = \"yunet-n\"\nembedder = \"mine.toml\"\n");
        let other = folder.path().join("other.toml.txt");
        assert_eq!(select(folder.path(), Some(&other)).unwrap().embedder.about.name, "mine");
        write(CONFIG_FILE, "detector = \"mine\"\nembedder = \"mine\"\n");
        assert!(select(folder.path(), None).unwrap_err().to_string().contains("detector card \"mine\""));
    }
}
