import { describe, expect, it } from 'vitest';

import type { ChatMessage } from './chat-channel';
import { EMPTY, Happening, KEPT, Timeline, after } from './timeline';

const said = (id: string): ChatMessage => ({ id, author: { id: 'a', name: 'Calm Otter' }, text: id, at: 0 });
const received = (id: string, replayed = false): Happening => ({
  kind: 'received',
  message: said(id),
  position: `1-${id}`,
  replayed,
});
const subscribed = (at: number, replayed = 0): Happening => ({
  kind: 'subscribed',
  at,
  replayed,
  recovered: true,
});
const lost = (at: number): Happening => ({ kind: 'lost', at });
const gap = (at: number): Happening => ({ kind: 'gap', at, gap: { reason: 'replaced' } });
const history = (...happenings: Happening[]): Timeline => happenings.reduce(after, EMPTY);
const words = ({ entries }: Timeline) =>
  entries.map(entry => (entry.kind === 'said' ? entry.message.id : entry.kind));

describe('a room’s timeline', () => {
  it('says after a loss how long it was away and how many messages came again', () => {
    const room = history(
      subscribed(0),
      received('1'),
      lost(1000),
      subscribed(13_000, 2),
      received('2', true),
      received('3', true),
    );

    expect(words(room)).toEqual(['1', 'return', '2', '3']);
    expect(room.entries[1]).toMatchObject({ away: 12_000, replayed: 2 });
    expect(room.figures).toMatchObject({ received: 3, replayed: 2, duplicates: 0, gaps: 0, position: '1-3' });
  });

  it('takes what is replayed on opening for history, not for something missed', () => {
    const room = history(subscribed(0), received('1', true), received('2', true));

    expect(room.figures.replayed).toBe(0);
    expect(room.entries).toMatchObject([{ missed: false }, { missed: false }]);
  });

  it('counts an absence from its first loss, however many attempts fail', () => {
    const room = history(subscribed(0), lost(1000), lost(4000), subscribed(9000));

    expect(room.entries).toMatchObject([{ kind: 'return', away: 8000, replayed: 0 }]);
  });

  it('has no word about moving to another node when nothing was lost', () => {
    expect(words(history(subscribed(0), subscribed(5000)))).toEqual([]);
  });

  it('shows a message once and counts it when it arrives twice', () => {
    const room = history(subscribed(0), received('1'), received('1'));

    expect(words(room)).toEqual(['1']);
    expect(room.figures).toMatchObject({ received: 1, duplicates: 1 });
  });

  it('calls it no duplicate when an author offers again what a gap had swallowed', () => {
    const room = history(subscribed(0), received('1'), lost(0), gap(3000), received('1'));

    expect(words(room)).toEqual(['1', 'gap']);
    expect(room.figures).toMatchObject({ duplicates: 0, gaps: 1 });
  });

  it.each([
    ['before', [gap(5000), { ...subscribed(5000), recovered: false } as Happening]],
    ['after', [{ ...subscribed(5000), recovered: false } as Happening, gap(5000)]],
  ])(
    'tells a gap once, with how long it was away, when word of it comes %s the subscription',
    (_, happenings) => {
      const room = history(subscribed(0), lost(1000), ...happenings);

      expect(room.entries).toMatchObject([{ kind: 'gap', away: 4000 }]);
    },
  );

  it('puts what the log still held after a gap in the gap’s place, each message once', () => {
    const room = history(
      subscribed(0),
      received('1'),
      gap(3000),
      received('4'),
      {
        kind: 'recalled',
        logged: ['1', '2', '3', '4'].map(id => ({ message: said(id), position: `2-${id}` })),
      },
      received('3'),
    );

    expect(words(room)).toEqual(['1', 'gap', '2', '3', '4']);
    expect(room.figures).toMatchObject({ received: 4, duplicates: 0 });
  });

  it('keeps one’s own message at the end until the room shows it in its place', () => {
    const underWay = history(subscribed(0), { kind: 'sending', message: said('mine') }, received('other'));
    expect(words(underWay)).toEqual(['other']);
    expect(underWay.outgoing).toMatchObject([{ state: 'sending' }]);

    const sent = after(underWay, { kind: 'sent', id: 'mine' });
    expect(sent.outgoing).toMatchObject([{ state: 'sent' }]);

    const shown = after(sent, received('mine'));
    expect(words(shown)).toEqual(['other', 'mine']);
    expect(shown.outgoing).toEqual([]);
  });

  it('says why a message failed, and sends the same one again', () => {
    const failed = history(
      { kind: 'sending', message: said('mine') },
      { kind: 'failed', id: 'mine', why: 'too large' },
    );
    expect(failed.outgoing).toMatchObject([{ state: 'failed', why: 'too large' }]);

    const again = after(failed, { kind: 'sending', message: said('mine') });
    expect(again.outgoing).toEqual([{ message: said('mine'), state: 'sending' }]);
  });

  it('forgets the oldest when there is too much', () => {
    const room = history(...Array.from({ length: KEPT + 10 }, (_, n) => received(String(n))));

    expect(room.entries).toHaveLength(KEPT);
    expect(room.entries[0].key).toBe('10');
    expect(room.figures.received).toBe(KEPT + 10);
  });
});
