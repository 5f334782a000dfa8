//! `laneproof list`, `schema` and `new`: scenario files themselves.
use std::path::PathBuf;

use laneproof_scenarios::{
    assumptions, exit,
    scenario::{Scenario, ScenarioError, find::find, json_schema},
};

use crate::session::Failure;

/// List the scenarios of folders: what each is about, how many encounters it has, and what is wrong with it
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Scenario files, or folders of them
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Print the JSON schema of scenario files, for editors
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// That of files of assumptions in place of that of scenarios
    #[arg(long)]
    pub assumptions: bool,
}

/// Write a new scenario that extends another one
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// The file to write
    pub file: PathBuf,
    /// Scenario that it extends
    #[arg(long, default_value = "scenarios/first-light.toml", value_name = "FILE")]
    pub extends: PathBuf,
    /// Title
    #[arg(long)]
    pub title: Option<String>,
}

pub(super) fn list(args: &ListArgs) -> Result<u8, Failure> {
    let paths = find(&args.paths).map_err(|fault| Failure::from(Box::new(ScenarioError::from(fault))))?;
    let mut wrong = 0;
    let width = paths.iter().map(|path| path.display().to_string().chars().count()).max().unwrap_or(0);
    for path in &paths {
        match Scenario::open(path) {
            Ok(scenario) => {
                let file = &scenario.file;
                println!("{:<width$}  {:>5}  {}", path.display().to_string(), file.encounters, file.title);
            }
            Err(error) => {
                wrong += 1;
                println!("{:<width$}  WRONG  {}", path.display().to_string(), error.fault.problem);
            }
        }
    }
    Ok(if wrong == 0 { exit::DONE } else { exit::USAGE })
}

pub(super) fn schema(args: &SchemaArgs) -> u8 {
    print!("{}", if args.assumptions { assumptions::json_schema() } else { json_schema() });
    exit::DONE
}

pub(super) fn new(args: &NewArgs) -> Result<u8, Failure> {
    let base = Scenario::open(&args.extends)?;
    let absolute = |path: &std::path::Path| std::path::absolute(path).map_err(|e| Failure::io(path, e));
    let (file, extended) = (absolute(&args.file)?, absolute(&args.extends)?);
    let folder = file.parent().map(PathBuf::from).unwrap_or_default();
    let title = args.title.clone().unwrap_or_else(|| format!("{}, changed", base.file.title));
    let text = format!(
        "# What this scenario asks, and why.\n#\n# Sources and assumptions: say where every number below comes from.\n\
         extends = {}\ntitle = {}\nseed = {}\nencounters = {}\n\n\
         # Values in place of what lane, rig, mix and sensors say; `laneproof sweep {} --list` shows all.\n[set]\n\
         # \"rig.cameras[*].exposure_us\" = 1500\n\n\
         # Values that differ from encounter to encounter.\n# [[factors]]\n# key = \"daylight.hour\"\n# range = [7.0, 19.0]\n\
         # source = \"assumption: evenly over the day\"\n",
        quoted(&between(&folder, &extended)),
        quoted(&title),
        base.file.seed,
        base.file.encounters,
        args.extends.display(),
    );
    if file.exists() {
        return Err(Failure::usage(format!("{} is there already; name another file", args.file.display())));
    }
    std::fs::create_dir_all(&folder).map_err(|e| Failure::io(&folder, e))?;
    std::fs::write(&file, text).map_err(|e| Failure::io(&file, e))?;
    Scenario::open(&args.file)?;
    println!("{}", args.file.display());
    Ok(exit::DONE)
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The way from a folder to a file, both absolute.
fn between(folder: &std::path::Path, file: &std::path::Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let way: Vec<String> = up.chain(down).collect();
    way.join("/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::between;

    #[test]
    fn the_way_between_two_places_is_the_shortest() {
        let way = |folder: &str, file: &str| between(Path::new(folder), Path::new(file));
        assert_eq!(way("/a/b", "/a/c.toml"), "../c.toml");
        assert_eq!(way("/a", "/a/c.toml"), "c.toml");
        assert_eq!(way("/a/b/c", "/a/x/y.toml"), "../../x/y.toml");
    }
}
