//! Names that nobody else has.

use crate::Error;

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 25;

/// A random name of 25 base-36 characters (129 bits), the form that BuildKit's own client gives
/// to builds and sessions.
pub(crate) fn name() -> Result<String, Error> {
    // 252 is the largest multiple of 36 below 256: larger bytes are thrown away, so that every
    // character is equally likely.
    let mut name = String::with_capacity(LENGTH);
    let mut bytes = [0_u8; 2 * LENGTH];
    while name.len() < LENGTH {
        getrandom::fill(&mut bytes).map_err(|source| Error::NoRandomness(source.to_string()))?;
        let fair = bytes.iter().filter(|byte| **byte < 252);
        for byte in fair.take(LENGTH - name.len()) {
            name.push(char::from(ALPHABET[usize::from(byte % 36)]));
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_have_the_form_that_the_daemon_expects_and_differ() {
        let (one, two) = (super::name().unwrap(), super::name().unwrap());
        assert_ne!(one, two);
        for name in [one, two] {
            assert_eq!(name.len(), 25);
            assert!(
                name.bytes()
                    .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
            );
        }
    }
}
