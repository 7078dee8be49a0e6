import type { NgZone } from '@angular/core';
import type { Client } from '@tidewire/client';

/**
 * Lets a client's doings run outside Angular's zone, wherever they are called from: a timer or a socket that is made
 * inside makes zone.js check the page at each message. Without zone.js it changes nothing.
 */
export function outsideZone(client: Client, zone: NgZone): Client {
  const plain = client.channel.bind(client) as (...given: unknown[]) => ReturnType<Client['channel']>;
  outside(client, zone, 'connect', 'close');
  return Object.assign(client, {
    channel(...given: unknown[]) {
      const channel = plain(...given);
      outside(channel, zone, 'publish', 'history');
      const subscribe = channel.subscribe.bind(channel);
      return Object.assign(channel, {
        subscribe(...given: Parameters<typeof subscribe>) {
          const subscription = zone.runOutsideAngular(() => subscribe(...given));
          outside(subscription, zone, 'close');
          return subscription;
        },
      });
    },
  });
}

type Method = (...given: unknown[]) => unknown;

function outside<Target extends object>(target: Target, zone: NgZone, ...names: (keyof Target)[]): void {
  for (const name of names) {
    const method = target[name] as Method;
    const outside: Method = (...given) => zone.runOutsideAngular(() => method.apply(target, given));
    Object.assign(target, { [name]: outside });
  }
}
