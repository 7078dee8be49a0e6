export { observeChannel } from './rxjs-interop/observe-channel.ts';
export { observeStatus } from './rxjs-interop/observe-status.ts';
