//! Building a text of indented lines, as YAML is.

/// A text that grows by blocks.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Adds the lines of `block`, each `indent` spaces to the right. Blank lines stay blank.
    pub(super) fn add(&mut self, indent: usize, block: &str) -> &mut Self {
        for line in block.lines() {
            if !line.trim().is_empty() {
                self.0.extend(std::iter::repeat_n(' ', indent));
                self.0.push_str(line);
            }
            self.0.push('\n');
        }
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}
