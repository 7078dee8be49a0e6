export {
  defineChannel,
  TidewireError,
  type ChannelDefinition,
  type Coalesce,
  type Crowd,
  type Gap,
  type History,
  type HistoryOptions,
  type Member,
  type Message,
  type Meta,
  type ParametersOf,
  type ParameterValue,
  type Published,
  type StandardSchema,
  type SubscribedInfo,
} from '@tidewire/client';

export type { ChannelOptions, ChannelHandlers } from './channel-options.ts';
export type { ChannelRef } from './channel-ref.ts';
export type { ChannelStatus } from './channel-state.ts';
export type { Connection } from './connection.ts';
export { injectChannel, type ChannelArguments } from './inject-channel.ts';
export { injectConnection } from './inject-connection.ts';
export { injectFrameSignal, type FrameSignal, type FrameSignalOptions } from './inject-frame-signal.ts';
export { injectTidewire } from './inject-tidewire.ts';
export { provideTidewire } from './provide-tidewire.ts';
export type { TidewireOptions } from './tidewire-options.ts';
