//! Flags of buildx that later versions will have. They are hidden from help and refused by name,
//! so that a script made for buildx fails with the reason instead of "unexpected argument".

use std::marker::PhantomData;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::ui::Failure;

/// One flag that is known and not available.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaterFlag {
    long: &'static str,
    short: Option<char>,
    takes_value: bool,
    /// Values that ask for what happens anyway, for example `--provenance=false`.
    harmless: &'static [&'static str],
    /// What to use meanwhile; a sentence.
    instead: Option<&'static str>,
}

impl LaterFlag {
    /// A flag with a value.
    pub(crate) const fn value(long: &'static str) -> Self {
        Self {
            long,
            short: None,
            takes_value: true,
            harmless: &[],
            instead: None,
        }
    }

    /// A flag without a value.
    pub(crate) const fn switch(long: &'static str) -> Self {
        Self {
            takes_value: false,
            ..Self::value(long)
        }
    }

    /// With a short form.
    pub(crate) const fn short(self, short: char) -> Self {
        Self {
            short: Some(short),
            ..self
        }
    }

    /// Accepted and ignored with these values.
    pub(crate) const fn harmless(self, values: &'static [&'static str]) -> Self {
        Self {
            harmless: values,
            ..self
        }
    }

    /// With advice.
    pub(crate) const fn instead(self, sentence: &'static str) -> Self {
        Self {
            instead: Some(sentence),
            ..self
        }
    }

    fn argument(&self) -> Arg {
        let arg = Arg::new(self.long)
            .long(self.long)
            .short(self.short)
            .hide(true);
        if self.takes_value {
            arg.action(ArgAction::Append)
                .num_args(1)
                .allow_hyphen_values(true)
        } else {
            arg.action(ArgAction::Count)
        }
    }

    fn is_given(&self, matches: &ArgMatches) -> bool {
        if !self.takes_value {
            return matches.get_count(self.long) > 0;
        }
        let mut values = matches.get_many::<String>(self.long).into_iter().flatten();
        values.any(|value| !self.harmless.contains(&value.as_str()))
    }
}

/// The later flags of one verb.
pub(crate) trait LaterFlags {
    /// All of them.
    const FLAGS: &'static [LaterFlag];
}

/// Takes the later flags of a verb from the command line; a part of the verb's arguments.
#[derive(Debug)]
pub(crate) struct Later<F> {
    given: Vec<LaterFlag>,
    flags: PhantomData<F>,
}

impl<F> Later<F> {
    /// Fails when any was given, naming them all.
    pub(crate) fn refuse(&self) -> Result<(), Failure> {
        let names: Vec<String> = self
            .given
            .iter()
            .map(|flag| format!("--{}", flag.long))
            .collect();
        let Some((last, others)) = names.split_last() else {
            return Ok(());
        };
        let (subject, verb) = match others {
            [] => (last.clone(), "is"),
            others => (format!("{} and {last}", others.join(", ")), "are"),
        };
        let message = format!("{subject} {verb} not available in this version of Launchway");
        let hints = self.given.iter().filter_map(|flag| flag.instead);
        Err(hints.fold(Failure::usage(message), Failure::hint))
    }
}

impl<F: LaterFlags> clap::Args for Later<F> {
    fn augment_args(command: Command) -> Command {
        command.args(F::FLAGS.iter().map(LaterFlag::argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: LaterFlags> clap::FromArgMatches for Later<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = F::FLAGS.iter().filter(|flag| flag.is_given(matches));
        Ok(Self {
            given: given.copied().collect(),
            flags: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug)]
    struct Flags;

    impl LaterFlags for Flags {
        const FLAGS: &'static [LaterFlag] = &[
            LaterFlag::switch("load").instead("Use --push."),
            LaterFlag::value("output").short('o'),
            LaterFlag::value("provenance").harmless(&["false"]),
        ];
    }

    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        later: Later<Flags>,
    }

    fn refusal(arguments: &[&str]) -> Option<Failure> {
        let arguments = ["test"].iter().chain(arguments);
        let parsed = Arguments::try_parse_from(arguments).unwrap();
        parsed.later.refuse().err()
    }

    #[test]
    fn names_what_it_refuses() {
        let failure = refusal(&["--load"]).unwrap();
        assert_eq!(
            failure.message,
            "--load is not available in this version of Launchway"
        );
        assert_eq!(failure.hints, ["Use --push."]);
        let failure = refusal(&["-o", "-", "--load", "--provenance=mode=max"]).unwrap();
        assert_eq!(
            failure.message,
            "--load, --output and --provenance are not available in this version of Launchway"
        );
    }

    #[test]
    fn accepts_what_changes_nothing() {
        assert_eq!(refusal(&[]), None);
        assert_eq!(refusal(&["--provenance=false"]), None);
    }
}
