import base64 from '../wasm/tidewire.wasm?deflated';

export default base64;
