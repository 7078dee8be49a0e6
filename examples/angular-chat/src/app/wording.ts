import type { Gap } from '@tidewire/angular';

import type { Word } from './timeline';

/** A stretch of time as one says it: `12 s`, `3 min`, `2 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function count(n: number, thing: string): string {
  return `${n.toLocaleString('en')} ${thing}${n === 1 ? '' : 's'}`;
}

/** What a note in the room says: first in short, then the explanation if it needs one. */
export function wording(note: Word): { short: string; long?: string } {
  switch (note.kind) {
    case 'return': {
      const away = note.away ? `You were away ${duration(note.away)}` : 'The connection moved';
      return {
        short:
          note.replayed === 0
            ? `${away} and missed nothing`
            : `${away} — ${count(note.replayed, 'message')} replayed, none lost`,
      };
    }
    case 'gap':
      return gapWording(note.gap, note.away ? `You were away ${duration(note.away)}. ` : '');
    case 'trouble':
      return { short: 'Something went wrong', long: note.why };
  }
}

function gapWording({ reason, count: missing }: Gap, away: string): { short: string; long: string } {
  const some =
    missing === undefined ? 'Messages may be missing here' : `${count(missing, 'message')} missing here`;
  switch (reason) {
    case 'trimmed':
      return { short: some, long: `${away}That is longer than the server keeps this room's messages.` };
    case 'replaced':
      return {
        short: some,
        long: `${away}The server began a new log for this room, as it does when it restarts without a shared store.`,
      };
    case 'rolled_back':
      return {
        short: some,
        long: `${away}The server came back without its newest messages, as after a failover of its store, or a restart without one.`,
      };
    case 'missing':
      return {
        short: some,
        long: 'Their author sent them, but they were lost in a failover of the store. They may still turn up later.',
      };
    default:
      return { short: some, long: `${away}The server's reason: ${reason}.` };
  }
}
