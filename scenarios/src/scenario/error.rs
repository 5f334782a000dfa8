//! A faulty scenario as the terminal shows it.
use std::fmt;

use laneproof_scenes::catalogue::fault::FileFault;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// A scenario, or a file it names, that a person must mend; exit code [`crate::exit::USAGE`].
#[derive(Debug)]
pub struct ScenarioError {
    /// The fault.
    pub fault: FileFault,
    source: NamedSource<String>,
}

impl From<FileFault> for ScenarioError {
    fn from(fault: FileFault) -> Self {
        let source = NamedSource::new(fault.path.display().to_string(), fault.text.clone());
        Self { fault, source }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for ScenarioError {}

impl Diagnostic for ScenarioError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.fault.help.is_empty()).then(|| Box::new(&self.fault.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.fault.span.is_some().then_some(&self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.fault.span.clone()?;
        let label = LabeledSpan::new(Some("here".to_owned()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}
