// What a page needs when it connects and not before, in a chunk of its own beside that of the WebAssembly. Text that is
// compressed already would spoil the compression of code in the same file.
export { drive } from './drive.ts';
export { expand } from './expand.ts';
