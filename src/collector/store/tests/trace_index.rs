//! Which blocks a trace is in.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rusqlite::Connection;

use crate::collector::store::parts::Id;
use crate::collector::store::retention::drop_block;
use crate::collector::store::schema::TABLES;
use crate::collector::store::trace_index::{NewRun, blocks_with, forget, merge};

/// Blocks, and the traces that are in each.
struct Blocks {
    connection: Connection,
    traces: BTreeMap<i64, BTreeSet<u16>>,
}

fn id(trace: u16) -> Id {
    u128::from(trace).to_be_bytes()
}

impl Blocks {
    fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        Self {
            connection,
            traces: BTreeMap::new(),
        }
    }

    /// Writes blocks together.
    fn write(&mut self, blocks: impl IntoIterator<Item = BTreeSet<u16>>) {
        let mut run = NewRun::default();
        for traces in blocks {
            let block = self.traces.last_key_value().map_or(1, |last| last.0 + 1);
            let ids: Vec<Id> = traces.iter().map(|trace| id(*trace)).collect();
            run.add(block, ids.iter()).unwrap();
            let row = "INSERT INTO blocks VALUES (?1, 0, 0, 0, 0, 0, 0, 0, 0)";
            self.connection.execute(row, [block]).unwrap();
            self.traces.insert(block, traces);
        }
        run.insert(&self.connection).unwrap();
    }

    /// Lets the first block go.
    fn prune(&mut self) {
        if let Some((block, _)) = self.traces.pop_first() {
            drop_block(&self.connection, block).unwrap();
            forget(&self.connection).unwrap();
        }
    }

    fn with(&self, trace: u16) -> Vec<i64> {
        let with = self.traces.iter().filter(|(_, it)| it.contains(&trace));
        with.map(|(block, _)| *block).collect()
    }

    fn found(&self, trace: u16) -> Vec<i64> {
        blocks_with(&self.connection, &[id(trace)]).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        let count = self.connection.query_row(&query, [], |row| row.get(0));
        count.unwrap()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<BTreeSet<u16>>),
    Merge,
    Prune,
}

fn step() -> impl Strategy<Value = Step> {
    let traces = prop::collection::btree_set(0..12_u16, 0..8);
    prop_oneof![
        6 => prop::collection::vec(traces, 1..3).prop_map(Step::Write),
        2 => Just(Step::Merge),
        1 => Just(Step::Prune),
    ]
}

proptest! {
    #[test]
    fn finds_the_blocks_of_each_trace(steps in prop::collection::vec(step(), 0..120)) {
        let mut blocks = Blocks::new();
        for step in steps {
            match step {
                Step::Write(new) => blocks.write(new),
                Step::Merge => {
                    merge(&blocks.connection).unwrap();
                }
                Step::Prune => blocks.prune(),
            }
        }
        for trace in 0..12 {
            prop_assert_eq!(blocks.found(trace), blocks.with(trace));
        }
        let every: BTreeSet<i64> = (0..12).flat_map(|trace| blocks.with(trace)).collect();
        let all: Vec<Id> = (0..12).map(id).collect();
        let found = blocks_with(&blocks.connection, &all).unwrap();
        prop_assert_eq!(found, every.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn runs_are_few_and_go_with_their_blocks() {
    let mut blocks = Blocks::new();
    for block in 0..600_u16 {
        blocks.write([(block * 100..block * 100 + 100).collect()]);
        while merge(&blocks.connection).unwrap() {}
    }
    // 600 in octal is 1130, and the digits are the runs of each level.
    assert_eq!(blocks.count("runs"), 5);
    for trace in (0..60_000).step_by(97) {
        assert_eq!(blocks.found(trace), blocks.with(trace));
    }
    assert_eq!(blocks.found(60_001), [0_i64; 0]);
    for _ in 0..600 {
        blocks.prune();
    }
    assert_eq!((blocks.count("runs"), blocks.count("pieces")), (0, 0));
}

#[test]
fn a_trace_that_is_everywhere_is_found_everywhere() {
    let mut blocks = Blocks::new();
    for block in 0..2_000_u16 {
        blocks.write([BTreeSet::from([7, block + 10])]);
        while merge(&blocks.connection).unwrap() {}
    }
    assert_eq!(blocks.found(7), blocks.with(7));
    assert_eq!(blocks.found(7).len(), 2_000);
    assert_eq!(blocks.found(1_000), [991]);
}
