/** The ways, each with the build that it runs in. */
export const WAYS = [
  { name: 'polling each second', build: 'zoneless' },
  { name: 'long polling', build: 'zoneless' },
  { name: 'WebSocket, zone.js', build: 'zone' },
  { name: 'WebSocket, zoneless', build: 'zoneless' },
  { name: 'Socket.IO', build: 'zoneless' },
  { name: 'Tidewire', build: 'zoneless' },
] as const;

/** What one run of one way gave. Milliseconds, and milliseconds in each second of the run. */
export interface Outcome {
  readonly way: string;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly age: number;
  readonly passes: number;
  readonly frames: number;
  readonly script: number;
  readonly layout: number;
  readonly task: number;
  readonly longTasks: number;
  readonly inp: number;
  readonly requests: number;
  readonly kilobytes: number;
}

/** The moments from which on all updates up to a seq were painted, in their order. */
type Painted = readonly (readonly [at: number, seq: number])[];

/** How long each update of a time took until it, or a newer one, was painted; ascending. */
export function latencies(
  publishedAt: readonly number[],
  painted: Painted,
  from: number,
  to: number,
): number[] {
  const all: number[] = [];
  let next = 0;
  for (let seq = 1; seq < publishedAt.length; seq++) {
    const at = publishedAt[seq]!;
    if (at < from || at > to) continue;
    while (next < painted.length && painted[next]![1] < seq) next++;
    all.push(next < painted.length ? painted[next]![0] - at : Infinity);
  }
  return all.sort((one, other) => one - other);
}

/** How old the newest update was that was to be seen, in the mean over a time. */
export function meanAge(publishedAt: readonly number[], painted: Painted, from: number, to: number): number {
  let sum = 0;
  let count = 0;
  let next = 0;
  for (let now = from; now < to; now++, count++) {
    while (next < painted.length && painted[next]![0] <= now) next++;
    const seq = painted[next - 1]?.[1];
    sum += seq ? now - publishedAt[seq]! : now - from;
  }
  return sum / count;
}

export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN;
}

export function median(numbers: readonly number[]): number {
  return percentile(
    numbers.toSorted((one, other) => one - other),
    0.5,
  );
}
