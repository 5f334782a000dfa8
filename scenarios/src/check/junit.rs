//! A check as JUnit XML: one case a gate.
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{CheckResult, Status, page};
use crate::run::RunError;

/// The XML. Scenarios that were not checked, and such without a baseline, are skipped cases; failed encounters are errors.
pub fn xml(result: &CheckResult) -> Result<String, RunError> {
    let mut report = Report::new("laneproof check");
    let mut scopes: Vec<&str> = result.verdicts.iter().map(|v| v.scope.as_str()).collect();
    scopes.dedup();
    let mut named: Vec<&str> = Vec::new();
    for scope in scopes {
        if !named.contains(&scope) {
            named.push(scope);
        }
    }
    for scope in named {
        let mut suite = TestSuite::new(scope);
        for verdict in result.verdicts.iter().filter(|v| v.scope == scope) {
            let mut status = match verdict.status {
                Status::Kept => TestCaseStatus::success(),
                Status::Broken | Status::Worse => TestCaseStatus::non_success(NonSuccessKind::Failure),
                Status::Skipped => TestCaseStatus::skipped(),
            };
            if verdict.status != Status::Kept {
                status.set_message(verdict.told.clone());
            }
            if matches!(verdict.status, Status::Broken | Status::Worse) {
                let cases: Vec<String> = verdict.cases.iter().map(|case| format!("laneproof rerun {case}")).collect();
                status.set_type(verdict.status.label());
                status.set_description(format!("{}\n{}", verdict.told, cases.join("\n")));
            }
            let mut case = TestCase::new(verdict.gate.clone(), status);
            case.set_classname(scope);
            case.set_system_out(verdict.told.clone());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    let mut others = TestSuite::new("not judged");
    for not in &result.not_checked {
        let mut status = TestCaseStatus::skipped();
        status.set_message(not.why.clone());
        others.add_test_case(TestCase::new(not.name.clone(), status));
    }
    for (case, reason) in &result.failed {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(reason.clone());
        others.add_test_case(TestCase::new(case.clone(), status));
    }
    if !others.test_cases.is_empty() {
        report.add_test_suite(others);
    }
    report.to_string().map_err(|e| RunError::Report(format!("{}: {e}", page::headline(result))))
}
