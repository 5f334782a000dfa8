//! Scenario files; plan, run, score and report.
