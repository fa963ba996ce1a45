//! Digests of strings, in hexadecimal digits.

use sha2::Digest as _;

use super::{Function, fixed};
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("md5", 1, |_, mut a| {
        Ok(Value::String(hex::encode(md5::Md5::digest(a.string(0)?))))
    }),
    fixed("sha1", 1, |_, mut a| {
        Ok(Value::String(hex::encode(sha1::Sha1::digest(a.string(0)?))))
    }),
    fixed("sha256", 1, |_, mut a| {
        Ok(Value::String(hex::encode(sha2::Sha256::digest(
            a.string(0)?,
        ))))
    }),
    fixed("sha512", 1, |_, mut a| {
        Ok(Value::String(hex::encode(sha2::Sha512::digest(
            a.string(0)?,
        ))))
    }),
];
