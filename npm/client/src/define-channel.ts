import { TidewireError } from './errors.ts';
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts';

/** A kind of channel: its name, with parameters in braces, and what its messages are. */
export interface ChannelDefinition<Pattern extends string = string, Sent = unknown, Received = Sent> {
  readonly pattern: Pattern;
  readonly message: StandardSchema<Sent, Received> | undefined;
}

type ParameterNames<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

/** What a channel's parameters may be. */
export type ParameterValue = string | number;

/** The parameters in a pattern's braces. */
export type ParametersOf<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, ParameterValue>>
  : Readonly<Record<ParameterNames<Pattern>, ParameterValue>>;

/** The parameters as the last argument: none where the pattern has none. */
export type ParametersArgument<Pattern extends string> = string extends Pattern
  ? [parameters?: ParametersOf<Pattern>]
  : [ParameterNames<Pattern>] extends [never]
    ? []
    : [parameters: ParametersOf<Pattern>];

/** Defines channels like `chat:{room}` whose messages a Standard Schema describes and checks. */
export function defineChannel<const Pattern extends string, Schema extends StandardSchema>(
  pattern: Pattern,
  options: { readonly message: Schema },
): ChannelDefinition<Pattern, InputOf<Schema>, OutputOf<Schema>>;
/** Defines channels whose messages are of a type that nothing checks at run time: `defineChannel<Chat>('chat:{room}')`. */
export function defineChannel<Sent = unknown>(pattern: string): ChannelDefinition<string, Sent>;
export function defineChannel(
  pattern: string,
  options?: { readonly message: StandardSchema },
): ChannelDefinition {
  return { pattern, message: options?.message };
}

const NAME = /^[a-z0-9_-]{1,64}:[\w\-.~:/@!$&'()+,;=%]+$/;
const LONGEST = 200;

/**
 * The name of the channel that a pattern and its parameters give. Values are percent-encoded where they hold
 * anything but letters, digits and `-_.~!'()`, so that no value can reach into another part of the name.
 */
export function channelName(
  pattern: string,
  parameters: Readonly<Record<string, ParameterValue>> = {},
): string {
  const name = pattern.replace(/\{([^{}]*)\}/g, (_, key: string) => {
    const value = Object.hasOwn(parameters, key) ? String(parameters[key]) : '';
    if (value === '') throw new TidewireError('bad_channel', `channel ${pattern} needs the parameter ${key}`);
    return encodeURIComponent(value).replaceAll('*', '%2A');
  });
  if (name.length > LONGEST || !NAME.test(name)) {
    throw new TidewireError(
      'bad_channel',
      `"${name}" is no channel name: it has the form namespace:rest, at most ${LONGEST} characters`,
    );
  }
  return name;
}
