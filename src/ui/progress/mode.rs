//! Which form of progress a run gets.

use std::str::FromStr;

use clap::ValueEnum;

/// What `--progress` or `BUILDKIT_PROGRESS` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Wish {
    /// A picture on a terminal, lines elsewhere and in CI.
    #[default]
    Auto,
    /// A picture that is redrawn.
    Tty,
    /// Lines.
    Plain,
    /// Warnings and errors only.
    Quiet,
    /// No progress; the closing summary is printed.
    None,
    /// BuildKit's status messages, one JSON object per line.
    Rawjson,
}

/// The form of progress that a run has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A picture that is redrawn.
    Tty,
    /// Lines.
    Plain,
    /// Nothing, not even the summary.
    Quiet,
    /// Nothing before the summary.
    #[default]
    None,
    /// One JSON object per line.
    Json,
}

/// The text names no form of progress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a form of progress; expected auto, tty, plain, quiet, none or rawjson")]
pub struct UnknownWish {
    /// What was read.
    pub text: String,
}

impl FromStr for Wish {
    type Err = UnknownWish;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as ValueEnum>::from_str(text, true).map_err(|_| UnknownWish {
            text: text.to_owned(),
        })
    }
}

impl Mode {
    /// Decides. `terminal`: stderr is one that can move its cursor; `ci`: a CI system keeps what
    /// we write as a log, even when it gives us a terminal.
    pub fn choose(wish: Wish, terminal: bool, ci: bool) -> Self {
        match wish {
            Wish::Auto if terminal && !ci => Self::Tty,
            Wish::Tty if terminal => Self::Tty,
            Wish::Auto | Wish::Tty | Wish::Plain => Self::Plain,
            Wish::Quiet => Self::Quiet,
            Wish::None => Self::None,
            Wish::Rawjson => Self::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_draws_only_where_somebody_looks() {
        assert_eq!(Mode::choose(Wish::Auto, true, false), Mode::Tty);
        assert_eq!(Mode::choose(Wish::Auto, true, true), Mode::Plain);
        assert_eq!(Mode::choose(Wish::Auto, false, false), Mode::Plain);
    }

    #[test]
    fn a_wish_for_a_picture_needs_a_terminal() {
        assert_eq!(Mode::choose(Wish::Tty, true, true), Mode::Tty);
        assert_eq!(Mode::choose(Wish::Tty, false, false), Mode::Plain);
    }

    #[test]
    fn names_are_those_of_buildx() {
        for name in ["auto", "tty", "plain", "quiet", "none", "rawjson"] {
            assert!(name.parse::<Wish>().is_ok(), "{name}");
        }
        let error = "fancy".parse::<Wish>().unwrap_err();
        assert!(error.to_string().contains("`fancy`"));
    }
}
