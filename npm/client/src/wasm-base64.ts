import base64 from '../wasm/tidewire_bg.wasm?deflated';

export default base64;
