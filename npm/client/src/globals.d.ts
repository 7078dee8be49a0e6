/** A file's bytes compressed (deflate, RFC 1951), as text in base64; the build puts it in. */
declare module '*?deflated' {
  const base64: string;
  export default base64;
}

/** As a module; workerd gives it. */
declare module '*/tidewire.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
