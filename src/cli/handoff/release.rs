//! The hand-off of a release: checked before anything is built, written after everything is done.

use std::path::Path;

use crate::config::ServiceSettings;
use crate::handoff::{self, ServiceSummary, Templates, folder};
use crate::plan::Plan;
use crate::release::record::{self, Record};
use crate::ui::Failure;

use crate::cli::Invocation;

use super::earlier::EarlierRecords;

/// Services with their templates, read once: what was checked is what is written.
#[derive(Debug, Default)]
pub(in crate::cli) struct Handoffs(Vec<(ServiceSettings, Templates)>);

impl Handoffs {
    /// Reads all templates and renders them with made-up digests, so that a mistake in a template
    /// fails the run before it builds, and not after the tags have moved.
    pub(in crate::cli) fn check(invocation: &Invocation, plan: &Plan) -> Result<Self, Failure> {
        let draft = record::draft(plan);
        let mut handoffs = Vec::new();
        for service in &plan.services {
            let templates = super::templates(service, &invocation.context.directory)?;
            let handoff = handoff::hand_off(service, &templates, &draft)?;
            for warning in &handoff.warnings {
                invocation.printer.warn(&warning.with_hint());
            }
            handoffs.push((service.clone(), templates));
        }
        Ok(Self(handoffs))
    }

    /// Writes the files of every service, and what became of it into the record.
    pub(in crate::cli) async fn write(
        &self,
        invocation: &Invocation,
        record: &mut Record,
        earlier: &EarlierRecords,
        output: &Path,
    ) -> Result<Vec<ServiceSummary>, Failure> {
        let mut summaries = Vec::new();
        for (service, templates) in &self.0 {
            let mut handoff = handoff::hand_off(service, templates, record)?;
            let compared = earlier.compare(service, &handoff, record).await;
            if let Some(failure) = compared.failure {
                let message = format!(
                    "service {} counts as changed, because what runs is not known: {}",
                    service.name, failure.message
                );
                invocation.printer.warn(&message);
                record.warnings.push(message);
            }
            handoff.judge(&compared.verdict);
            let target = folder::of_service(service, &invocation.context.directory, output);
            folder::write(&handoff, &target, templates)?;
            summaries.push(handoff.summary);
        }
        // Together at the end: `hand_off` reads what a record says of services.
        record.services = summaries
            .iter()
            .map(|summary| (summary.service.clone(), summary.record()))
            .collect();
        Ok(summaries)
    }
}
