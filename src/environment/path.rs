//! The way from the top of a JSON value to a part of it.

use std::fmt;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the member of an object.
    Member(String),
    /// To the element of a list that is known by these values, for example a container's name.
    Item(Vec<String>),
    /// To the element of a list at this place.
    Index(usize),
}

impl Step {
    /// What the step is called by people, where it has a name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Member(name) => Some(name),
            Self::Item(names) => names.first().map(String::as_str),
            Self::Index(_) => None,
        }
    }
}

/// Steps from the top. Shown as `containerDefinitions[web].environment[LEVEL].value`; a member
/// whose name is no plain word stands in quotes, `files."taskdef.json".cpu`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// One step further.
    #[must_use]
    pub fn to(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The path after its first `count` steps.
    #[must_use]
    pub fn after(&self, count: usize) -> Self {
        Self(self.0.iter().skip(count).cloned().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) => {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    if is_plain(name) {
                        f.write_str(name)?;
                    } else {
                        write!(f, "{name:?}")?;
                    }
                }
                Step::Item(names) => write!(f, "[{}]", names.join(" "))?,
                Step::Index(position) => write!(f, "[{position}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '/');
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_people_write_them() {
        let member = |name: &str| Step::Member(name.to_owned());
        let path = Path(vec![
            member("taskdef.json"),
            member("containerDefinitions"),
            Step::Item(vec!["web".to_owned()]),
            member("portMappings"),
            Step::Index(0),
            member("hostPort"),
        ]);
        assert_eq!(
            path.to_string(),
            r#""taskdef.json".containerDefinitions[web].portMappings[0].hostPort"#
        );
        assert_eq!(path.after(4).to_string(), "[0].hostPort");
        assert_eq!(Path::default().to_string(), "");
    }
}
