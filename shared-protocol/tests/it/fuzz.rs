//! The fuzz targets' laws under seeded mutations of the golden files, for a few seconds. `FUZZ_SEED` repeats a
//! run, `FUZZ_ROUNDS` makes it longer; coverage-guided fuzzing is in `fuzz/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tidewire_protocol::Codec;

use crate::{golden, samples};

#[path = "../../fuzz/properties.rs"]
mod properties;

/// Ends a run on a slow machine; a fast one is through its rounds before.
const AT_MOST: Duration = Duration::from_secs(4);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// Every golden message of a codec.
fn corpus(codec: Codec) -> Vec<Vec<u8>> {
    let client = samples::client().into_iter().map(|(name, _)| format!("client/{name}"));
    let server = samples::server().into_iter().map(|(name, _)| format!("server/{name}"));
    let read = |name| match codec {
        Codec::Binary => golden::bytes(&format!("{name}.hex")),
        Codec::Json => golden::text(&format!("{name}.json")).into_bytes(),
    };
    client.chain(server).map(read).collect()
}

/// One small damage, of the kinds that libFuzzer does too.
fn mutate(random: &mut StdRng, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let at = random.random_range(0..=bytes.len());
    match random.random_range(0..8) {
        0 => bytes.insert(at, random.random()),
        1 => bytes.truncate(at),
        2 => bytes.extend_from_slice(&corpus[random.random_range(0..corpus.len())]),
        3 => {
            let other = &corpus[random.random_range(0..corpus.len())];
            let from = random.random_range(0..other.len());
            bytes.splice(at..at, other[from..].iter().copied());
        }
        4 => bytes.splice(at..at, [0xff; 9]).for_each(drop),
        _ if at == bytes.len() => bytes.push(random.random()),
        5 => bytes[at] ^= 1 << random.random_range(0..8),
        6 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'{', b'\n'][random.random_range(0..8)],
        _ => {
            bytes.remove(at);
        }
    }
}

fn run(codec: Codec) {
    let seed = setting("FUZZ_SEED").unwrap_or_else(rand::random);
    let rounds = setting("FUZZ_ROUNDS").unwrap_or(100_000);
    let is_bounded = setting("FUZZ_ROUNDS").is_none();
    println!("{codec:?}: FUZZ_SEED={seed}, at most {rounds} rounds");

    let corpus = corpus(codec);
    let mut random = StdRng::seed_from_u64(seed);
    let end = Instant::now() + AT_MOST;
    for round in 0..rounds {
        let mut bytes = corpus[random.random_range(0..corpus.len())].clone();
        for _ in 0..random.random_range(1..6) {
            mutate(&mut random, &mut bytes, &corpus);
        }
        if catch_unwind(AssertUnwindSafe(|| properties::holds(codec, &bytes))).is_err() {
            panic!("FUZZ_SEED={seed}, round {round}: the laws do not hold for {bytes:02x?}");
        }
        if is_bounded && Instant::now() > end {
            println!("{codec:?}: {round} rounds in {AT_MOST:?}");
            return;
        }
    }
}

#[test]
fn damaged_binary_messages_are_refused_or_read_consistently() {
    run(Codec::Binary);
}

#[test]
fn damaged_json_messages_are_refused_or_read_consistently() {
    run(Codec::Json);
}
