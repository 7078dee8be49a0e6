export {
  Channel,
  type History,
  type HistoryOptions,
  type Published,
  type PublishOptions,
} from './channel.ts';
export { Client, type ClientEvents, type ClientOptions, type Delivered } from './client.ts';
export { Coalescer, type Coalesce } from './coalescer.ts';
export {
  defineChannel,
  type ChannelDefinition,
  type ParametersOf,
  type ParametersArgument,
  type ParameterValue,
} from './define-channel.ts';
export { TidewireError, type Advice, type ErrorCode, type ErrorDetail } from './errors.ts';
export type { Gap } from './gap.ts';
export type { Message, Meta } from './message.ts';
export type { OutboxOptions } from './outbox.ts';
export type { MessagesOptions } from './messages.ts';
export type { InputOf, Issue, OutputOf, SchemaResult, StandardSchema } from './standard-schema.ts';
export {
  PresenceWatch,
  type Crowd,
  type Member,
  type PresenceHandlers,
  type PresenceOptions,
  type PresencePage,
  type WatchOptions,
} from './presence.ts';
export type { Status, StatusDetail } from './status.ts';
export type {
  Handlers,
  SubscribedInfo,
  SubscribeOptions,
  Subscription,
  SubscriptionStatus,
} from './subscription.ts';
