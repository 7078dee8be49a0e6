// Written by `tidewire codegen`. Change the schemas, and run it again.
import type { ChannelDefinition } from '@tidewire/client';

/** What people say in a room. */
export type Chat = ChatSaid | ChatEdited;

export interface ChatEdited {
  kind: 'edited';
  /**
   * Nobody reads it.
   * Use `text`.
   * @deprecated
   */
  'old-text'?: string;
  position: string;
  text: string | null;
}

export interface ChatSaid {
  /** The message that this one answers. */
  answers?: ChatSaid;
  by: ChatPerson;
  kind: 'said';
  /** Plain text. */
  text: string;
}

export interface ChatPerson {
  name: string;
  role?: 'guest' | 'member' | 'the team\'s lead';
  tags?: ('new' | 7 | null)[];
  [name: string]: unknown;
}

export type SensorReadings = {
  anything?: unknown;
  at: string;
  place?: [number, number, string?];
  values: Record<string, number>;
}[];

/** The channels `chat:{team}/{room}`. */
export const chat: ChannelDefinition<'chat:{team}/{room}', Chat> = { pattern: 'chat:{team}/{room}', message: undefined };

/** The channels `sensor-readings:{id}`. */
export const sensorReadings: ChannelDefinition<'sensor-readings:{id}', SensorReadings> = { pattern: 'sensor-readings:{id}', message: undefined };
