import base64 from '../wasm/tidewire.wasm?compressed';

export default base64;
