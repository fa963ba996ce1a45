//! zlib's inflate, stopping at block boundaries: the only file with unsafe code.
