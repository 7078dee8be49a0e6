import bytes from '../wasm/tidewire_bg.wasm';

export default bytes;
