import base64 from '../wasm/tidewire.wasm?compressed';

export { expand } from './expand.ts';
export * from './ways.ts';
export default base64;
