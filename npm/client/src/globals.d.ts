/** A file's bytes, compressed for `expand`, as text in base64; the build puts it in. */
declare module '*?compressed' {
  const base64: string;
  export default base64;
}

/** As a module; workerd gives it. */
declare module '*/tidewire.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
