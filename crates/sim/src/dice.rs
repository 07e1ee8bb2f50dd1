//! Chance that can be repeated: the same seed gives the same run, on every machine and in every release.
//! Not here: anything secret. Keys and tokens take their bytes from elsewhere.

/// A sequence of numbers that look random (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A sequence of its own for the `n`-th of many, so that one's throws don't shift another's.
    #[must_use]
    pub fn fork(&self, n: u64) -> Self {
        let mut dice = Self { state: self.state ^ n.wrapping_mul(0xA24B_AED4_963E_E407) };
        Self { state: dice.next() }
    }

    /// The next number.
    #[allow(clippy::should_implement_trait, reason = "it never ends, so it is no iterator to loop over")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 if that is empty.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: even enough for bounds far below 2^64.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `from..=to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from).saturating_add(1))
    }

    /// True once in `times` throws on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of the values, which must not be empty.
    pub fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len() as u64) as usize]
    }

    /// Puts the values into any order, each equally likely.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for end in (1..values.len()).rev() {
            values.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        // The published first outputs of SplitMix64 for this seed.
        let mut dice = Dice::new(1_234_567);
        assert_eq!(
            [dice.next(), dice.next(), dice.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_both_ends() {
        let mut dice = Dice::new(1);
        let mut seen = [false; 6];
        for _ in 0..1_000 {
            seen[dice.between(1, 6) as usize - 1] = true;
        }
        assert_eq!(seen, [true; 6]);
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn shuffling_keeps_every_value() {
        let mut values: Vec<u32> = (0..100).collect();
        Dice::new(7).shuffle(&mut values);
        assert!(!values.is_sorted());
        values.sort_unstable();
        assert_eq!(values, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn forks_differ_from_each_other_and_from_their_origin() {
        let dice = Dice::new(3);
        let firsts = [dice.clone().next(), dice.fork(0).next(), dice.fork(1).next(), dice.fork(2).next()];
        let mut distinct = firsts.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), firsts.len());
    }
}
