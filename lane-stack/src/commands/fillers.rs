//! `lane-stack fillers`: the templates that fillers are drawn from.
use super::{Failure, ModelArgs, open, print, read_picture};
use clap::Args;
use lane_stack::exit;
use lane_stack::gallery::Fillers;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct FillersArgs {
    /// Portraits, one person each, of people whom the embedder was not trained on.
    #[arg(required = true)]
    portraits: Vec<PathBuf>,
    /// File to write, in the models directory.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    models: ModelArgs,
}

/// Writes the templates of all portraits that show a face, and prints the lines for the embedder's card.
pub fn run(args: &FillersArgs) -> Result<(), Failure> {
    let mut stack = open(&args.models)?;
    let mut templates = Vec::new();
    let mut portraits = args.portraits.clone();
    portraits.sort();
    for path in &portraits {
        match stack.template(&read_picture(path)?)? {
            Some(template) => templates.push(template),
            None => eprintln!("lane-stack: {}: no face is found in the picture, left out", path.display()),
        }
    }
    Fillers::new(&templates).map_err(|message| Failure { message, exit_code: exit::PICTURE })?;
    let bytes: Vec<u8> = templates.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
    let fail = |e: std::io::Error| Failure { message: format!("{}: {e}", args.out.display()), exit_code: exit::DISK };
    std::fs::write(&args.out, &bytes).map_err(fail)?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let file = args.out.file_name().unwrap_or_default().to_string_lossy();
    print(&format!(
        "# Templates of {} people. Append these lines to the embedder's card.\n[fillers]\nfile = \"{file}\"\nsha256 = \"{sha256}\"",
        templates.len()
    ))
}
