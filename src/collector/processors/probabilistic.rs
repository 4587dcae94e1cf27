//! Keeps a share of all traces.

use std::sync::Arc;

use async_trait::async_trait;

use super::consistent::{Threshold, hashed, randomness};
use super::edit;
use crate::collector::{Consumer, Counters, LeftOut, Parcel};
use crate::collector_config::processors::ProbabilisticSampling as Config;
use crate::segment;

/// Keeps a share of all traces, the same ones in every process and in both
/// forms, and hands them on. What has no trace id is kept: whoever looks at it
/// should see that it has none.
pub struct ProbabilisticSampling {
    name: String,
    threshold: Threshold,
    seed: Option<u32>,
    counters: Counters,
    next: Arc<dyn Consumer>,
}

impl ProbabilisticSampling {
    /// Makes one before `next`; `name` is its name in the configuration.
    pub fn new(
        name: &str,
        config: &Config,
        counters: Counters,
        next: Arc<dyn Consumer>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            threshold: Threshold::of_percentage(config.percentage),
            seed: config.hash_seed,
            counters,
            next,
        })
    }

    fn keeps(&self, trace_id: [u8; 16]) -> bool {
        let randomness = match self.seed {
            None => randomness(trace_id),
            Some(seed) => hashed(seed, trace_id),
        };
        self.threshold.keeps(randomness)
    }

    /// Leaves out what is not of the share; says how much that is.
    fn thin(&self, parcel: &mut Parcel) -> usize {
        let before = parcel.len();
        // Spans of a trace mostly follow one another.
        let mut last = ([0; 16], true);
        let mut keeps = |trace_id| {
            if last.0 != trace_id {
                last = (trace_id, self.keeps(trace_id));
            }
            last.1
        };
        edit::leave_out(
            parcel,
            |_, span| span.trace_id.try_into().map_or(true, &mut keeps),
            |document| {
                let envelope = segment::check(document);
                envelope.map_or(true, |envelope| self.keeps(envelope.trace_id.bytes()))
            },
        );
        before - parcel.len()
    }
}

#[async_trait]
impl Consumer for ProbabilisticSampling {
    async fn consume(&self, mut parcel: Parcel) {
        let gone = self.thin(&mut parcel);
        self.counters.left_out(&self.name, LeftOut::Sampled, gone);
        if !parcel.is_empty() {
            self.next.consume(parcel).await;
        }
    }

    async fn drain(&self) {
        self.next.drain().await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use prost::Message;

    use super::super::tests::{End, request_of, segment, span, trace_id};
    use super::*;
    use crate::collector::{Memory, receipt};

    fn sampling(percentage: f64, seed: Option<u32>) -> (Arc<ProbabilisticSampling>, Arc<End>) {
        let end = Arc::new(End::default());
        let config = Config {
            percentage,
            hash_seed: seed,
        };
        let sampling =
            ProbabilisticSampling::new("share", &config, Counters::default(), end.clone());
        (sampling, end)
    }

    fn parcel(traces: &[u64], memory: &Arc<Memory>) -> Parcel {
        let spans = traces.iter().map(|trace| span(*trace, 1)).collect();
        let request = Bytes::from(request_of("shop", spans).encode_to_vec());
        let documents = traces.iter().map(|trace| segment("shop", *trace, 1));
        let documents: Vec<_> = documents.map(|one| Bytes::from(one.to_string())).collect();
        let mut parcel = Parcel::of_request(request, traces.len(), memory.charge(1).unwrap());
        parcel.documents = documents;
        edit::settle(&mut parcel);
        parcel
    }

    #[tokio::test]
    async fn what_is_kept_is_unchanged_and_the_rest_is_counted() {
        let memory = Memory::new(100_000);
        let (high, low) = (0xff_ffff_ffff_ffff, 0x1);
        let (sampling, end) = sampling(50.0, None);

        let whole = parcel(&[high, high], &memory);
        let pointer = whole.requests[0].as_ptr();
        sampling.consume(whole).await;
        assert_eq!(end.take()[0].requests[0].as_ptr(), pointer);

        sampling.consume(parcel(&[high, low], &memory)).await;
        let left = end.take().remove(0);
        let expected = parcel(&[high], &memory);
        assert_eq!((left.spans, left.len()), (1, 2));
        assert_eq!(
            (&left.requests, &left.documents),
            (&expected.requests, &expected.documents)
        );
        drop(expected);
        assert_eq!(memory.used(), left.bytes());
        assert_eq!(
            sampling.counters.left_out_so_far("share", LeftOut::Sampled),
            2
        );
        drop(left);

        let (receipt, waiting) = receipt();
        let mut nothing = parcel(&[low], &memory);
        nothing.receipts.push(receipt);
        sampling.consume(nothing).await;
        assert_eq!(
            (end.take().len(), memory.used(), waiting.done().await),
            (0, 0, Ok(()))
        );
    }

    proptest! {
        #[test]
        fn the_same_is_kept_everywhere(
            traces in proptest::collection::vec(any::<u64>(), 1..40),
            percentage in 0.0..=100.0_f64, seed: Option<u32>,
        ) {
            let memory = Memory::new(1 << 20);
            let (here, _) = sampling(percentage, seed);
            let (there, _) = sampling(percentage, seed);
            let mut both = parcel(&traces, &memory);
            here.thin(&mut both);
            // Both forms keep the same traces; the other process too.
            let kept: Vec<u64> = traces.iter().copied().filter(|one| there.keeps(trace_id(*one))).collect();
            let expected = parcel(&kept, &memory);
            prop_assert_eq!(&both.documents, &expected.documents);
            prop_assert_eq!(both.spans, kept.len());
            if kept.is_empty() {
                prop_assert!(both.requests.is_empty());
            } else {
                prop_assert_eq!(&both.requests, &expected.requests);
            }
            // Whoever keeps more keeps all of these.
            let (more, _) = sampling((percentage + 10.0).min(100.0), seed);
            prop_assert!(kept.iter().all(|one| more.keeps(trace_id(*one))));
        }
    }

    #[test]
    fn the_share_is_right() {
        for seed in [None, Some(0), Some(7)] {
            for percentage in [1.0, 10.0, 50.0, 99.0] {
                let (sampling, _) = sampling(percentage, seed);
                // Ids that are random, and the same in every run.
                let ids = (0..100_000_u32).map(|index| {
                    let digest = <sha2::Sha256 as sha2::Digest>::digest(index.to_be_bytes());
                    *digest[..].first_chunk::<16>().unwrap()
                });
                let kept = ids.filter(|id| sampling.keeps(*id)).count();
                let share = f64::from(u32::try_from(kept).unwrap()) / 1000.0;
                assert!(
                    (share - percentage).abs() < 0.6,
                    "{seed:?} {percentage}: {share}"
                );
            }
        }
    }
}
