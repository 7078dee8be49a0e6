//! What is counted is described.

use std::collections::BTreeSet;
use std::path::Path;

use tidewire_server::prometheus::METRICS;

#[test]
fn each_metric_of_the_code_is_described_and_each_described_one_is_in_the_code() {
    let mut counted = BTreeSet::new();
    for folder in ["src", "../backbone/src"] {
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut counted);
    }
    let described: BTreeSet<_> = METRICS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(counted, described);
}

/// The names in `counter!("…`, `gauge!("…` and `histogram!("…`.
fn gather(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, names);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let text: String = text.split_whitespace().collect();
            for macros in ["counter!(\"", "gauge!(\"", "histogram!(\""] {
                let uses = text.split(macros).skip(1).filter_map(|after| after.split('"').next());
                names.extend(uses.map(str::to_owned));
            }
        }
    }
}
