//! Numbers that look random and are always the same for a seed (`SplitMix64`, by Steele, Lea and Flood).

/// Its state is the seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Numbers of their own for a part of something that has a seed.
    pub(super) fn of_part(seed: u64, part: u64) -> Self {
        let mut mixed = Self(seed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self(mixed.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least `low`, less than `high`.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    /// True so often in a hundred times.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.within(0, 100) < percent
    }

    /// At least 0, less than 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what fits")]
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `sha256:` and 64 digits, of no bytes that anybody has.
    pub(super) fn digest(&mut self) -> String {
        let words: [u64; 4] = std::array::from_fn(|_| self.next());
        let [a, b, c, d] = words;
        format!("sha256:{a:016x}{b:016x}{c:016x}{d:016x}")
    }
}
