//! SSM's rules for the names of parameters, from the API reference of `PutParameter`.

/// The longest name that SSM takes. The ARN before it counts there, too, so a little less in fact.
const MAX_LENGTH: usize = 1011;
/// The most levels of a hierarchy.
const MAX_LEVELS: usize = 15;

/// What is wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// SSM refuses the character.
    #[error("{0:?} cannot be in it; it has letters, digits, `_`, `.`, `-` and `/`")]
    Character(char),
    /// A name in a hierarchy begins with a slash.
    #[error("with a `/` in it, it begins with one")]
    NoLeadingSlash,
    /// Two slashes, or one at the end.
    #[error("there is nothing between two slashes, or behind the last")]
    EmptyLevel,
    /// A name that AWS keeps to itself.
    #[error("names that begin with `{0}` are AWS's own")]
    Reserved(&'static str),
    /// Too many slashes.
    #[error("it has {0} levels; SSM takes {MAX_LEVELS}")]
    TooDeep(usize),
    /// Too many characters.
    #[error("it has {0} characters; SSM takes {MAX_LENGTH}")]
    TooLong(usize),
}

/// Whether SSM takes this name for a parameter of ours.
pub fn check_name(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "_.-/".contains(*c);
    if let Some(character) = name.chars().find(|c| !allowed(c)) {
        return Err(NameProblem::Character(character));
    }
    let path = name.strip_prefix('/');
    if path.is_none() && name.contains('/') {
        return Err(NameProblem::NoLeadingSlash);
    }
    let path = path.unwrap_or(name);
    if path.split('/').any(str::is_empty) {
        return Err(NameProblem::EmptyLevel);
    }
    for reserved in ["aws", "ssm"] {
        let start = path.get(..reserved.len());
        if start.is_some_and(|start| start.eq_ignore_ascii_case(reserved)) {
            return Err(NameProblem::Reserved(reserved));
        }
    }
    let levels = path.split('/').count();
    if levels > MAX_LEVELS {
        return Err(NameProblem::TooDeep(levels));
    }
    if name.len() > MAX_LENGTH {
        return Err(NameProblem::TooLong(name.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_ssm_takes() {
        let deep = "/a".repeat(MAX_LEVELS);
        let long = format!("/{}", "x".repeat(MAX_LENGTH - 1));
        for name in [
            "/shop/production/web",
            "web-tag",
            "A_b.c",
            "/x/aws",
            &deep,
            &long,
        ] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn refuses_what_ssm_refuses() {
        for (name, problem) in [
            (String::new(), NameProblem::Empty),
            ("/shop/web tag".to_owned(), NameProblem::Character(' ')),
            ("/shop/wéb".to_owned(), NameProblem::Character('é')),
            ("shop/web".to_owned(), NameProblem::NoLeadingSlash),
            ("/".to_owned(), NameProblem::EmptyLevel),
            ("/shop//web".to_owned(), NameProblem::EmptyLevel),
            ("/shop/".to_owned(), NameProblem::EmptyLevel),
            ("/AWS/web".to_owned(), NameProblem::Reserved("aws")),
            ("ssm-web".to_owned(), NameProblem::Reserved("ssm")),
            ("/a".repeat(MAX_LEVELS + 1), NameProblem::TooDeep(16)),
            ("x".repeat(MAX_LENGTH + 1), NameProblem::TooLong(1012)),
        ] {
            assert_eq!(check_name(&name), Err(problem), "{name}");
        }
    }
}
