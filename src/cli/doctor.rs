//! `laneproof doctor`: what this machine has, and the command that mends what is missing.
use laneproof_assets::{Cache, Pip, disk_free};
use laneproof_scenarios::exit;
use laneproof_sim::{Renderer, RendererOptions, list_adapters};

use crate::session::{self, Choices, Failure};

/// Disk that a run of the demo and its assets need, bytes: wheels and trees 0.2 GB, frames and reports of several runs.
const DISK_WANTED: u64 = 1 << 30;

/// Show adapter, driver, ONNX Runtime, assets, models and disk, and what mends what is missing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Models and adapter
    #[command(flatten)]
    pub choices: Choices,
}

struct Checks {
    missing: u32,
}

impl Checks {
    fn tell(&mut self, what: &str, state: Result<String, (String, String)>) {
        match state {
            Ok(found) => println!("ok       {what:<16} {found}"),
            Err((found, mend)) => {
                self.missing += 1;
                println!("missing  {what:<16} {found}");
                println!("         {:<16} mend: {mend}", "");
            }
        }
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let mut checks = Checks { missing: 0 };
    let cache = Cache::open()?;
    println!("laneproof {}   cache {}", env!("CARGO_PKG_VERSION"), cache.root().display());
    for adapter in list_adapters() {
        println!(
            "adapter  {:<16} {} ({}), {} {}",
            "", adapter.name, adapter.class, adapter.driver, adapter.driver_info
        );
    }
    let renderer = Renderer::new(&RendererOptions { adapter: args.choices.adapter.clone() });
    checks.tell(
        "renderer",
        match &renderer {
            Ok(renderer) => Ok(format!("renders on {}", renderer.adapter().name)),
            Err(e) => Err((e.to_string(), "make setup".to_owned())),
        },
    );
    let assets = cache.status();
    if !assets.iter().all(|asset| asset.state.usable()) {
        checks.tell("pip", Pip::find());
    }
    for asset in assets {
        let state = format!("{} ({})", asset.state, asset.path.display());
        checks.tell(
            &asset.name,
            match asset.mend {
                None => Ok(state),
                Some(mend) => Err((state, mend)),
            },
        );
    }
    // Models are opened only where the library is there already: a doctor looks, it does not fetch.
    let library_there =
        std::env::var_os("ORT_DYLIB_PATH").is_some() || cache.status().iter().all(|asset| asset.state.usable());
    if library_there {
        let stack = session::open_stack(&args.choices, "default");
        checks.tell(
            "models",
            match stack {
                Ok(stack) => {
                    use lane_stack::client::StackClient as _;
                    let list: Vec<String> =
                        stack.describe().into_iter().map(|(what, which)| format!("{what} {which}")).collect();
                    Ok(list.join(&format!("\n{:26}", "")))
                }
                Err(e) => Err((e.message, "choose a folder of models with --models".to_owned())),
            },
        );
    } else {
        checks.tell("models", Err(("not looked at".to_owned(), "mend ONNX Runtime first".to_owned())));
    }
    let free = disk_free(cache.root());
    checks.tell(
        "disk",
        match free {
            Ok(bytes) if bytes >= DISK_WANTED => Ok(format!("{} MB free", bytes >> 20)),
            Ok(bytes) => Err((
                format!("{} MB free", bytes >> 20),
                format!("free {} MB, or name another folder with LANEPROOF_CACHE", DISK_WANTED >> 20),
            )),
            Err(e) => Err((e.to_string(), "name a folder that can be written with LANEPROOF_CACHE".to_owned())),
        },
    );
    if checks.missing == 0 {
        println!("nothing is missing");
        Ok(exit::DONE)
    } else {
        println!("{} missing", checks.missing);
        Ok(exit::SETUP)
    }
}
