import type { Gap } from '@tidewire/angular';

import type { ChatMessage } from './chat-channel';

/** Something said in the room. */
export interface Said {
  readonly kind: 'said';
  readonly key: string;
  readonly message: ChatMessage;
  readonly position: string;
  /** It was said while this page was away. */
  readonly missed: boolean;
  /** How many gaps had been told when it arrived; none where it was read from the log instead. */
  readonly arrivedAfter?: number;
}

/** A word about the connection; `away` is in milliseconds, 0 where nothing was lost. */
export type Word =
  | { readonly kind: 'return'; readonly away: number; readonly replayed: number }
  | { readonly kind: 'gap'; readonly away: number; readonly gap: Gap }
  | { readonly kind: 'trouble'; readonly why: string };

/** A word about the connection, shown where it happened. */
export type Note = Word & { readonly key: string };

export type Entry = Said | Note;

/** A message in the room's log. */
export interface Logged {
  readonly message: ChatMessage;
  readonly position: string;
}

/** A message of one's own that the room has not shown back yet. */
export interface Outgoing {
  readonly message: ChatMessage;
  readonly state: 'sending' | 'sent' | 'failed';
  /** Why it failed, for people. */
  readonly why?: string;
}

/** What the side panel counts. */
export interface Figures {
  /** Where the last message is in the room's log; empty before the first. */
  readonly position: string;
  readonly received: number;
  readonly replayed: number;
  readonly duplicates: number;
  readonly gaps: number;
}

/** A room as this page knows it. */
export interface Timeline {
  readonly entries: readonly Entry[];
  readonly outgoing: readonly Outgoing[];
  readonly figures: Figures;
  /** `opening` until the room answers first; from the first loss on, what is replayed is what was missed. */
  readonly phase: 'opening' | 'open' | 'returned';
  /** When the connection was lost, in milliseconds since 1970, until the room answers again. */
  readonly lostAt: number | undefined;
  /** How many notes there have been. */
  readonly notes: number;
}

export type Happening =
  | {
      readonly kind: 'received';
      readonly message: ChatMessage;
      readonly position: string;
      readonly replayed: boolean;
    }
  | { readonly kind: 'lost'; readonly at: number }
  | {
      readonly kind: 'subscribed';
      readonly at: number;
      readonly replayed: number;
      readonly recovered: boolean;
    }
  | { readonly kind: 'gap'; readonly at: number; readonly gap: Gap }
  | { readonly kind: 'recalled'; readonly logged: readonly Logged[] }
  | { readonly kind: 'trouble'; readonly why: string }
  | { readonly kind: 'sending'; readonly message: ChatMessage }
  | { readonly kind: 'sent'; readonly id: string }
  | { readonly kind: 'failed'; readonly id: string; readonly why: string };

type Of<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** The page keeps this many entries; older ones are forgotten. */
export const KEPT = 500;

export const EMPTY: Timeline = {
  entries: [],
  outgoing: [],
  figures: { position: '', received: 0, replayed: 0, duplicates: 0, gaps: 0 },
  phase: 'opening',
  lostAt: undefined,
  notes: 0,
};

/** The timeline after something happened. */
export function after(timeline: Timeline, happening: Happening): Timeline {
  switch (happening.kind) {
    case 'received':
      return received(timeline, happening);
    case 'lost':
      return timeline.phase === 'opening'
        ? timeline
        : { ...timeline, lostAt: timeline.lostAt ?? happening.at };
    case 'subscribed':
      return subscribed(timeline, happening);
    case 'gap':
      return gapTold(timeline, happening);
    case 'recalled':
      return recalled(timeline, happening);
    case 'trouble':
      return noted(timeline, { kind: 'trouble', why: happening.why });
    case 'sending': {
      const others = timeline.outgoing.filter(({ message }) => message.id !== happening.message.id);
      return { ...timeline, outgoing: [...others, { message: happening.message, state: 'sending' }] };
    }
    case 'sent':
      return marked(timeline, happening.id, { state: 'sent' });
    case 'failed':
      return marked(timeline, happening.id, { state: 'failed', why: happening.why });
  }
}

/**
 * The room shows each id once. The same id again is a duplicate and counted as one, unless a gap lies between: then
 * the room had lost it, and its author's client did right to offer it again.
 */
function received(timeline: Timeline, { message, position, replayed }: Of<'received'>): Timeline {
  const { figures } = timeline;
  const seen = timeline.entries.find(entry => entry.key === message.id);
  if (seen?.kind === 'said') {
    const duplicates = figures.duplicates + (seen.arrivedAfter === figures.gaps ? 1 : 0);
    return { ...timeline, figures: { ...figures, position, duplicates } };
  }
  const missed = replayed && timeline.phase === 'returned';
  return {
    ...append(timeline, {
      kind: 'said',
      key: message.id,
      message,
      position,
      missed,
      arrivedAfter: figures.gaps,
    }),
    outgoing: timeline.outgoing.filter(each => each.message.id !== message.id),
    figures: {
      ...figures,
      position,
      received: figures.received + 1,
      replayed: figures.replayed + (missed ? 1 : 0),
    },
    lostAt: undefined,
  };
}

function subscribed(timeline: Timeline, { at, replayed, recovered }: Of<'subscribed'>): Timeline {
  const { phase, lostAt } = timeline;
  if (phase === 'opening') return { ...timeline, phase: 'open' };
  // Not recovered: the gap that is told with it says how long it was, and why.
  if (!recovered) return { ...timeline, phase: 'returned' };
  // Moved to another node without a loss: nothing worth a line.
  if (lostAt === undefined && replayed === 0) return timeline;
  const away = lostAt === undefined ? 0 : at - lostAt;
  return { ...noted(timeline, { kind: 'return', away, replayed }), phase: 'returned', lostAt: undefined };
}

function gapTold(timeline: Timeline, { at, gap }: Of<'gap'>): Timeline {
  const away = timeline.lostAt === undefined ? 0 : at - timeline.lostAt;
  return {
    ...noted(timeline, { kind: 'gap', away, gap }),
    figures: { ...timeline.figures, gaps: timeline.figures.gaps + 1 },
    lostAt: undefined,
  };
}

/** What the log still held after a gap stands where the gap was told, before what arrived meanwhile. */
function recalled(timeline: Timeline, { logged }: Of<'recalled'>): Timeline {
  const shown = new Set(timeline.entries.map(entry => entry.key));
  const unseen = logged
    .filter(({ message }) => !shown.has(message.id))
    .map(({ message, position }): Said => ({
      kind: 'said',
      key: message.id,
      message,
      position,
      missed: false,
    }));
  const place = timeline.entries.findLastIndex(entry => entry.kind === 'gap') + 1;
  const recalledIds = new Set(unseen.map(said => said.key));
  return {
    ...timeline,
    entries: timeline.entries.toSpliced(place, 0, ...unseen).slice(-KEPT),
    outgoing: timeline.outgoing.filter(({ message }) => !recalledIds.has(message.id)),
    figures: { ...timeline.figures, received: timeline.figures.received + unseen.length },
  };
}

function marked(timeline: Timeline, id: string, mark: Pick<Outgoing, 'state' | 'why'>): Timeline {
  const outgoing = timeline.outgoing.map(each => (each.message.id === id ? { ...each, ...mark } : each));
  return { ...timeline, outgoing };
}

function noted(timeline: Timeline, word: Word): Timeline {
  const notes = timeline.notes + 1;
  return { ...append(timeline, { ...word, key: `note-${notes}` }), notes };
}

function append(timeline: Timeline, entry: Entry): Timeline {
  return { ...timeline, entries: [...timeline.entries, entry].slice(-KEPT) };
}
