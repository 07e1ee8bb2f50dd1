//! How dark a field is: nothing, or one of five steps by how it compares with the others.

/// How many steps there are above nothing.
const STEPS: usize = 5;

/// The step of each time, 0 to 5. What is not nothing is step 1 at least; equal times have equal steps.
pub(crate) fn steps(times: &[i64]) -> Vec<u8> {
    let mut some: Vec<i64> = times.iter().copied().filter(|&ms| ms > 0).collect();
    some.sort_unstable();
    let step = |&ms: &i64| {
        if ms <= 0 {
            return 0;
        }
        // The largest is of the last step, however few there are.
        let up_to = some.partition_point(|&other| other <= ms);
        (up_to * STEPS).div_ceil(some.len()) as u8
    };
    times.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_is_nothing() {
        assert_eq!(steps(&[0, 1, 0]), [0, 5, 0]);
        assert_eq!(steps(&[]), [0; 0]);
    }

    #[test]
    fn fields_are_spread_over_all_steps() {
        assert_eq!(steps(&[10, 20, 30, 40, 50, 0]), [1, 2, 3, 4, 5, 0]);
        let many: Vec<i64> = (1..=1_000).collect();
        let expected: Vec<u8> = (1..=5).flat_map(|step| [step; 200]).collect();
        assert_eq!(steps(&many), expected);
    }

    #[test]
    fn equal_times_have_equal_steps() {
        assert_eq!(steps(&[7, 7, 7, 9]), [4, 4, 4, 5]);
    }
}
