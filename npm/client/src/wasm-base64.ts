import base64 from '../wasm/tidewire.wasm?compressed';

export { expand } from './expand.ts';
export default base64;
