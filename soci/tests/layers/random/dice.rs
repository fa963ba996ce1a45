//! Random choices that a seed repeats.

/// `SplitMix64`: small, and good enough for choosing.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A length up to `limit`; every order of magnitude is as likely as another.
    pub(super) fn length(&mut self, limit: usize) -> usize {
        let bits = self.below(limit.ilog2() as usize + 2);
        self.below(1 << bits).min(limit)
    }

    /// Bytes: zeros, text or noise, as files are.
    pub(super) fn content(&mut self, length: usize) -> Vec<u8> {
        let mut content = Vec::with_capacity(length + 64);
        while content.len() < length {
            let run = 1 + self.length(1 << 20).min(length - content.len());
            let end = content.len() + run;
            match self.below(3) {
                0 => content.resize(end, 0),
                1 => {
                    while content.len() < end {
                        let word = self.next();
                        let line = format!("{:05x} line of text {}\n", word >> 44, word % 512);
                        content.extend_from_slice(line.as_bytes());
                    }
                }
                _ => {
                    while content.len() < end {
                        content.extend_from_slice(&self.next().to_le_bytes());
                    }
                }
            }
        }
        content.truncate(length);
        content
    }
}
