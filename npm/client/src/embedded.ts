/** The bytes that a base64 text stands for; by the browser's own decoder where it has one (since 2025). */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const decoder = Uint8Array as unknown as { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
  return decoder.fromBase64?.(text) ?? Uint8Array.from(atob(text), character => character.charCodeAt(0));
}
