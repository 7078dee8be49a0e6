import type { Source } from './load.ts';

/**
 * WebAssembly from the package itself: in a chunk of its own, as text, the only form that every bundler and server
 * passes on without configuration. The text is base64 of compressed bytes, because base64 of plain ones compresses
 * a quarter worse on its way than the bytes would; `expand.ts` says how they are compressed.
 */
export async function embedded(): Promise<Source> {
  const [{ drive, expand }, { default: text }] = await Promise.all([
    import('./connecting.ts'),
    import('./wasm-base64.ts'),
  ]);
  return [await expand(fromBase64(text)), drive];
}

/** By the browser's own decoder where it has one, which is since 2025. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const decoder: { fromBase64?(text: string): Uint8Array<ArrayBuffer> } = Uint8Array as never;
  return decoder.fromBase64?.(text) ?? Uint8Array.from(atob(text), character => character.charCodeAt(0));
}
