//! placeholder
#![allow(missing_docs)]
use super::Style;
use crate::handoff::ServiceSummary;
use crate::release::record::Record;
use std::path::PathBuf;
#[derive(Debug)]
pub struct Summary<'a> {
    pub record: &'a Record,
    pub services: &'a [ServiceSummary],
    pub files: Vec<PathBuf>,
    pub output: Option<PathBuf>,
}
impl Summary<'_> {
    pub fn render(&self, _: Style) -> String {
        let mut t = String::new();
        for (n, i) in &self.record.images {
            t.push_str(&format!(
                "{n} {} {}\n",
                if i.changed { "changed" } else { "unchanged" },
                i.reason
            ));
        }
        t
    }
}
