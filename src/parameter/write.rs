//! Writing a parameter: look, compare, and write only what differs.

use super::decide::{Decision, decide};
use crate::aws::{Aws, AwsError, NewParameter, Put};
use crate::config::{ParameterKind, ParameterSettings};
use crate::release::record::{ParameterOutcome, ParameterRecord};

/// A parameter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// AWS did not do it.
    #[error("parameter {parameter}")]
    Aws {
        /// The parameter.
        parameter: String,
        /// Why.
        #[source]
        source: AwsError,
    },
    /// SSM cannot turn one type into another.
    #[error(
        "parameter {parameter} in {region} is a {found}, and the configuration says {}",
        wanted.as_str()
    )]
    OtherKind {
        /// The parameter.
        parameter: String,
        /// Where it is.
        region: String,
        /// The type that it has.
        found: String,
        /// The type that it should have.
        wanted: ParameterKind,
    },
    /// Somebody made and removed it while it was looked at.
    #[error("parameter {parameter} in {region} comes and goes")]
    Contended {
        /// The parameter.
        parameter: String,
        /// Where it should be.
        region: String,
    },
}

/// Makes the parameter hold `value`, and tells what it took. Nothing is written when it holds that
/// already.
pub async fn write(
    aws: &Aws,
    settings: &ParameterSettings,
    value: &str,
) -> Result<ParameterRecord, WriteError> {
    let failed = |source| WriteError::Aws {
        parameter: settings.name.clone(),
        source,
    };
    let store = aws
        .parameter_store(settings.region.as_deref())
        .await
        .map_err(failed)?;
    let secure = settings.kind == ParameterKind::SecureString;
    let done = |version, outcome| ParameterRecord {
        name: settings.name.clone(),
        region: store.region().to_owned(),
        version,
        outcome,
    };
    let mut new = NewParameter {
        name: &settings.name,
        value,
        kind: settings.kind,
        key: settings.key.as_deref(),
        tier: settings.tier,
        description: settings.description.as_deref(),
        overwrite: false,
    };
    // A second turn when somebody made it in between: then it may hold what it should.
    for _ in 0..2 {
        let stored = store.get(&settings.name, secure).await.map_err(failed)?;
        new.overwrite = match decide(settings, value, stored.as_ref()) {
            Decision::Keep { version } => return Ok(done(version, ParameterOutcome::Unchanged)),
            Decision::OtherKind { found } => {
                return Err(WriteError::OtherKind {
                    parameter: settings.name.clone(),
                    region: store.region().to_owned(),
                    found,
                    wanted: settings.kind,
                });
            }
            Decision::Create => false,
            Decision::Overwrite => true,
        };
        match store.put(&new).await.map_err(failed)? {
            Put::Written { version } => return Ok(done(version, ParameterOutcome::Written)),
            Put::Exists => {}
        }
    }
    Err(WriteError::Contended {
        parameter: settings.name.clone(),
        region: store.region().to_owned(),
    })
}
