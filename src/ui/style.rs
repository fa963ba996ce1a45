//! Colour and weight of text, or none of it.
//!
//! A [`Style`] is decided once per stream; code that formats asks it for a colour by meaning and
//! does not know whether it gets one.

use std::fmt::Display;

/// Whether text carries ANSI colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    enabled: bool,
}

/// What `--color` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// Colour on a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Style {
    /// Text with colour.
    pub const COLOURED: Self = Self { enabled: true };
    /// Text as it is.
    pub const PLAIN: Self = Self { enabled: false };

    /// Decides for one stream. `permitted` is what the environment says: a terminal that can, and
    /// no `NO_COLOR`.
    pub fn choose(wish: Colour, permitted: bool) -> Self {
        Self {
            enabled: match wish {
                Colour::Auto => permitted,
                Colour::Always => true,
                Colour::Never => false,
            },
        }
    }

    /// Whether there is colour at all.
    pub fn is_coloured(self) -> bool {
        self.enabled
    }

    /// Emphasis: headings and names.
    pub fn bold(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    /// Less important than what stands around it.
    pub fn dim(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    /// Something failed.
    pub fn red(self, text: impl Display) -> String {
        self.paint("1;31", text)
    }

    /// Something is done.
    pub fn green(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    /// Something deserves a look.
    pub fn yellow(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    /// Something is going on, or is a hint.
    pub fn cyan(self, text: impl Display) -> String {
        self.paint("36", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        let text = text.to_string();
        if self.enabled && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(Style::PLAIN.red("x"), "x");
        assert_eq!(Style::COLOURED.red("x"), "\x1b[1;31mx\x1b[0m");
        assert_eq!(Style::COLOURED.red(""), "");
    }

    #[test]
    fn the_flag_beats_the_environment() {
        assert!(Style::choose(Colour::Always, false).is_coloured());
        assert!(!Style::choose(Colour::Never, true).is_coloured());
        assert!(Style::choose(Colour::Auto, true).is_coloured());
        assert!(!Style::choose(Colour::Auto, false).is_coloured());
    }
}
