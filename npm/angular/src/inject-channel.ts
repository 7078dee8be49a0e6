import {
  assertInInjectionContext,
  computed,
  effect,
  inject,
  runInInjectionContext,
  untracked,
} from '@angular/core';
import {
  TidewireError,
  type Channel,
  type ChannelDefinition,
  type Client,
  type ParametersOf,
} from '@tidewire/client';
import type { ChannelOptions } from './channel-options.ts';
import type { ChannelRef } from './channel-ref.ts';
import { ChannelState } from './channel-state.ts';
import { injectCoalesce } from './coalesce.ts';
import { Following } from './following.ts';
import { injectHandover } from './handover.ts';
import type { HistoryPage } from './history-page.ts';
import { injectFrameSignal } from './inject-frame-signal.ts';
import { IN_BROWSER, TIDEWIRE } from './tidewire.ts';

/** The parameters, read like a signal; while there are none, no channel is subscribed. */
type Parameters<Pattern extends string> = () => ParametersOf<Pattern> | undefined;

/** What follows the definition: its parameters where the pattern has any, and options. */
export type ChannelArguments<Pattern extends string, Received> = string extends Pattern
  ? | [parameters: Parameters<Pattern>, options?: ChannelOptions<Received>]
    | [options?: ChannelOptions<Received>]
  : [keyof ParametersOf<Pattern>] extends [never]
    ? [options?: ChannelOptions<Received>]
    : [parameters: Parameters<Pattern>, options?: ChannelOptions<Received>];

const KEEP = 500;

/**
 * Subscribes to a channel for as long as its injector lives, and gives it as signals. The parameters are a function
 * that reads signals: when they lead to another channel, the old one is left.
 *
 * `room = injectChannel(chat, () => ({ room: this.roomName() }), { last: 50 })`
 */
export function injectChannel<Pattern extends string, Sent, Received>(
  definition: ChannelDefinition<Pattern, Sent, Received>,
  ...given: ChannelArguments<Pattern, Received>
): ChannelRef<Sent, Received> {
  const [parameters, options = {}] = sorted<Pattern, Received>(given);
  const make = () => channelRef(definition, parameters, options);
  if (options.injector) return runInInjectionContext(options.injector, make);
  assertInInjectionContext(injectChannel);
  return make();
}

function channelRef<Pattern extends string, Sent, Received>(
  definition: ChannelDefinition<Pattern, Sent, Received>,
  parameters: Parameters<Pattern> | undefined,
  options: ChannelOptions<Received>,
): ChannelRef<Sent, Received> {
  const client = inject(TIDEWIRE);
  const { last = 0, keep = KEEP, on = {}, presence = false } = options;
  const inBrowser = inject(IN_BROWSER);
  const handover = injectHandover();

  let state = new ChannelState<Received>(keep);
  const coalesce = injectCoalesce(options.coalesce);
  // What is handed over together is shown together: in the frame in which it is, or the one after.
  const shown = injectFrameSignal(() => state.snapshot(), {
    coalesce: coalesce === 'none' ? coalesce : 'frame',
  });
  const current = computed(() => find(client, definition, parameters), { equal: isSame });

  /** Follows a channel; gives how to leave it. */
  const open = (channel: Channel<Sent, Received>): (() => void) => {
    const following = new Following(state, on, shown.changed);
    const take = (page: HistoryPage) => following.take(page, definition.message);
    if (inBrowser) {
      const page = last ? handover.rendered(channel.name, last) : undefined;
      if (page) take(page);
      const begin = page ? { since: page.position } : { last };
      return following.begin(client, channel, { ...begin, coalesce, presence });
    }
    if (last) handover.render(channel.name, last, take);
    return following.end;
  };

  effect(onCleanup => {
    const channel = current();
    untracked(() => {
      state = new ChannelState(keep);
      if (channel instanceof TidewireError) {
        state.status = 'closed';
        state.error = channel;
      } else {
        on.opened?.(channel?.name);
        if (channel) onCleanup(open(channel));
      }
      shown.refresh();
    });
  });

  const channel = (): Channel<Sent, Received> => {
    const channel = untracked(current);
    if (channel instanceof TidewireError) throw channel;
    if (channel) return channel;
    throw new TidewireError('bad_channel', `channel ${definition.pattern} has no parameters yet`);
  };
  return {
    name: computed(() => nameOf(current())),
    status: computed(() => shown().status),
    messages: computed(() => shown().messages),
    latest: computed(() => shown().messages.at(-1)),
    subscribed: computed(() => shown().subscribed),
    presence: computed(() => shown().presence),
    gap: computed(() => shown().gap),
    error: computed(() => shown().error),
    publish: async (data, options) => channel().publish(data, options),
    history: async options => channel().history(options),
  };
}

type Found<Sent, Received> = Channel<Sent, Received> | TidewireError | undefined;

/** The channel of the parameters; or why they give none. */
function find<Pattern extends string, Sent, Received>(
  client: Client,
  definition: ChannelDefinition<Pattern, Sent, Received>,
  parameters: Parameters<Pattern> | undefined,
): Found<Sent, Received> {
  const values = parameters?.();
  if (parameters && values === undefined) return undefined;
  try {
    // Whether this pattern takes parameters was checked where it was given.
    const open = client.channel as (this: Client, ...given: unknown[]) => Channel<Sent, Received>;
    return open.call(client, definition, values);
  } catch (error) {
    if (error instanceof TidewireError) return error;
    throw error;
  }
}

/** New parameters that lead to the same channel are no reason to subscribe again. */
function isSame(one: Found<never, unknown>, other: Found<never, unknown>): boolean {
  return one === other || (nameOf(one) !== undefined && nameOf(one) === nameOf(other));
}

function nameOf(channel: Found<never, unknown>): string | undefined {
  return channel instanceof TidewireError ? undefined : channel?.name;
}

function sorted<Pattern extends string, Received>(
  given: readonly unknown[],
): [Parameters<Pattern> | undefined, ChannelOptions<Received> | undefined] {
  const [parameters, options] = typeof given[0] === 'function' ? given : [undefined, given[0]];
  return [parameters as Parameters<Pattern> | undefined, options as ChannelOptions<Received> | undefined];
}
