//! One reservoir among several clients.

/// Splits `reservoir` by what each client asks for: evenly, but no one gets more
/// than it asks for while another goes short. What is left once all are served
/// is split evenly too, so that a client whose traffic grows need not wait.
///
/// The parts are in the order of `demands`; of several that are alike, the later
/// ones get what does not divide. Their sum is the reservoir, where there is
/// anyone.
pub fn split(reservoir: u32, demands: &[u32]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by_key(|&index| demands[index]);
    let mut parts = vec![0; demands.len()];
    let mut left = reservoir;
    for (turn, &index) in order.iter().enumerate() {
        let part = even(left, demands.len() - turn).min(demands[index]);
        parts[index] = part;
        left -= part;
    }
    for (turn, part) in parts.iter_mut().enumerate() {
        let extra = even(left, demands.len() - turn);
        *part += extra;
        left -= extra;
    }
    parts
}

/// What each of `count` gets of `amount`, rounded down.
fn even(amount: u32, count: usize) -> u32 {
    u32::try_from(count).map_or(0, |count| amount.checked_div(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    #[test]
    fn gives_each_what_it_needs_and_splits_the_rest() {
        let cases: [(u32, &[u32], &[u32]); 7] = [
            (10, &[], &[]),
            (0, &[5, 5], &[0, 0]),
            (3, &[9, 9], &[1, 2]),
            (10, &[1, 100], &[1, 9]),
            (10, &[100], &[10]),
            (10, &[1], &[10]),
            (10, &[1, 2], &[4, 6]),
        ];
        for (reservoir, demands, parts) in cases {
            assert_eq!(split(reservoir, demands), parts, "{reservoir} {demands:?}");
        }
    }

    proptest! {
        #[test]
        fn all_of_it_is_split_and_nobody_goes_short_for_another(
            reservoir in 0_u32..2000, demands in prop::collection::vec(0_u32..500, 1..20)
        ) {
            let parts = split(reservoir, &demands);
            prop_assert_eq!(parts.iter().sum::<u32>(), reservoir);
            for (part, demand) in parts.iter().zip(&demands) {
                if part < demand {
                    let most = parts.iter().zip(&demands).map(|(part, _)| *part).max();
                    prop_assert!(most.is_some_and(|most| most <= part + 1));
                }
            }
        }

        #[test]
        fn the_greatest_numbers_do_no_harm(demands in prop::collection::vec(any::<u32>(), 1..9)) {
            let parts = split(u32::MAX, &demands);
            prop_assert_eq!(parts.iter().map(|part| u64::from(*part)).sum::<u64>(), u64::from(u32::MAX));
        }
    }
}
