use tidewire_protocol::ClientFrame;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::Stage;

/// What a live client does when it has reason to doubt its connection.
fn probes(stage: &Stage) -> bool {
    matches!(stage.sent().as_slice(), [ClientFrame::Ping(_)])
}

#[wasm_bindgen_test]
fn a_page_that_is_shown_again_probes_its_connection() {
    let stage = Stage::live();
    stage.props.page("document", "visibilitychange");
    assert!(probes(&stage));
}

#[wasm_bindgen_test]
fn a_page_that_was_frozen_probes_its_connection() {
    let stage = Stage::live();
    stage.props.page("document", "resume");
    assert!(probes(&stage));
}

#[wasm_bindgen_test]
fn a_page_out_of_the_back_forward_cache_probes_its_connection() {
    let stage = Stage::live();
    stage.props.page("window", "pageshow");
    assert!(probes(&stage));
}

#[wasm_bindgen_test]
fn a_network_that_comes_back_is_probed() {
    let stage = Stage::live();
    stage.props.page("window", "online");
    assert!(probes(&stage));
}

#[wasm_bindgen_test]
fn a_closed_client_hears_nothing_of_the_page() {
    let stage = Stage::live();
    stage.driver.close();
    while !stage.heard().is_empty() {}
    stage.props.page("window", "online");
    assert_eq!(stage.props.count(), 1);
    assert!(stage.heard().is_empty());
}
