import { dial, type Carrier, type Link } from '../link.ts';
import { lead, type Leader, type Take } from './leader.ts';
import { SHARED, read } from './wire.ts';
import { ALONE, ASKS, HEARD, HOLDS, LEADS, NAMES, SAYS, SHUTS, weight, type Word } from './word.ts';

/** How often a leader is asked for a sign, and how often in vain before another tab takes its place. */
const ASK_MS = 500;
const IN_VAIN = 1;
/** How much a tab takes in before it says so. */
const HEARD_AT = 65_536;
const LOST = 1006;
/** `DOMException.ABORT_ERR`. */
const ABORTED = 20;

/** One session's link over what the tabs share, or where that cannot be over a socket of its own. */
export interface SharedLink extends Carrier {
  readonly number: number;
  /** Not on the socket of this one: its node goes away. */
  readonly elder: number | undefined;
  isHeld?: boolean;
  isOpen?: boolean;
  /** What the server calls it, once something was said. */
  name?: number;
  own?: Link;
}

/** Opens a link; none where nothing can be shared. */
export type Open = (elder?: Carrier) => SharedLink | undefined;

/** Joins the browser's tabs that share a socket to an address, for as long as the page is awake. */
export function join(url: string, left: () => void): Open {
  const id = crypto.randomUUID();
  const name = `${SHARED} ${url}`;
  const common = listen(name);
  /** Between this tab and whoever leads. */
  const direct = listen(name + id);
  const links = new Map<number, SharedLink>();
  const asleep = new AbortController();
  let leader: string | undefined;
  /** Where that is this tab. */
  let leads: Leader | undefined;
  let resign: (() => void) | undefined;
  let turn = new AbortController();
  let isElected = false;
  let isAlone = false;
  let hasStolen = false;
  let inVain = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastNumber = 0;
  let heard = 0;

  function listen(name: string): BroadcastChannel {
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => hear(data);
    return channel;
  }

  function hear(word: Word): void {
    const [kind, from, number = 0, detail = 0, body] = word;
    if (kind === ASKS) leads?.hear(word);
    if (kind === ALONE) goAlone();
    // Who holds the lock knows better than one that does not yet know that it holds it no more.
    if (kind === LEADS && (!leads || from === id)) {
      loseAll();
      leader = from;
      askAll();
    }
    const link = links.get(number);
    // While one leader holds links of this tab, no other may.
    if (kind === HOLDS && link && !link.isHeld && ![...links.values()].some(({ isHeld }) => isHeld))
      leader = from;
    if (from !== leader) return;
    inVain = 0;
    hasStolen = false;
    if (kind === SAYS) {
      const message = body as ArrayBuffer;
      const [, names, at] = read(message);
      take(message, names, at);
      heard += weight(message);
      if (heard >= HEARD_AT) {
        say(HEARD, heard);
        heard = 0;
      }
    }
    if (kind === HOLDS && !link) say(SHUTS, number);
    if (!link) return;
    if (kind === HOLDS) {
      link.isHeld = true;
      if (detail && !link.isOpen) {
        link.isOpen = true;
        link.onopen?.();
      }
    } else if (kind === NAMES) link.name = detail;
    else if (kind === SHUTS) end(link, detail, body as string);
  }

  const take: Take = (message, names, at) => {
    for (const { name, onmessage } of links.values())
      if (names.includes(name!)) onmessage?.({ data: message, at });
  };

  function say(kind: number, number: number, body?: Uint8Array<ArrayBuffer>): void {
    tell([kind, id, number, 0, body], direct);
  }

  /** Asks for a link, or where that is held, for a sign of its leader. */
  function ask({ number, elder, isHeld }: SharedLink): void {
    if (isElected) tell([ASKS, id, number, elder], isHeld ? direct : common);
  }

  function tell(word: Word, channel: BroadcastChannel): void {
    if (leads) leads.hear(word);
    else channel.postMessage(word);
  }

  function askAll(): void {
    links.forEach(ask);
    clearTimeout(timer);
    if (!leads && links.size) timer = setTimeout(askAgain, ASK_MS);
  }

  /** A tab that nobody sees has time until its session notices. */
  function askAgain(): void {
    const isUrgent = !document.hidden || [...links.values()].some(({ isHeld }) => !isHeld);
    if (isUrgent && ++inVain > IN_VAIN) takeOver();
    askAll();
  }

  /** The leader hangs, or was frozen without a word. And where no lock is to be had, each is on its own. */
  function takeOver(): void {
    if (hasStolen) return goAlone();
    hasStolen = true;
    inVain = 0;
    elect({ steal: true });
  }

  /** Leads, where it gets the lock: at once, in its turn, or by force. */
  function elect(options: LockOptions): void {
    let mine: Leader | undefined;
    const elected = (lock: Lock | null) => {
      isElected = true;
      if (!lock) {
        askAll();
        return queueUp();
      }
      if (!isAlone) leads = mine = lead(() => dial(url, SHARED), id, common, hear, take, goAlone);
      common.postMessage([LEADS, id]);
      hear([LEADS, id]);
      return mine && new Promise<void>(resolve => (resign = resolve));
    };
    navigator.locks.request(name, options, elected).catch((error: DOMException) => {
      if (error.code !== ABORTED) return goAlone();
      if (!mine) return;
      // Another tab has stolen it, as this one did not answer.
      if (leads === mine) {
        leads = undefined;
        loseAll();
        queueUp();
      }
      mine.close();
    });
  }

  function queueUp(): void {
    turn.abort();
    elect((turn = new AbortController()));
  }

  /** Links that are not open get sockets of their own; the first takes what is open already. */
  function goAlone(open?: Link): void {
    isAlone = true;
    for (const link of links.values()) {
      if (link.isOpen) continue;
      link.close();
      const own = (link.own = open ?? dial(url));
      own.onopen = link.onopen;
      own.onmessage = link.onmessage;
      own.onclose = link.onclose;
      if (open) link.onopen?.();
      open = undefined;
    }
    open?.close();
    if (!leads?.isIdle()) return;
    leads = undefined;
    resign?.();
  }

  function loseAll(): void {
    links.forEach(link => link.isHeld && end(link, 0));
  }

  /** Without a code it was the leader that went: the next is there already, or soon. */
  function end(link: SharedLink, code: number, reason = ''): void {
    links.delete(link.number);
    link.onclose?.({ code: code || LOST, reason, moved: !code && !asleep.signal.aborted });
  }

  function leave(): void {
    left();
    asleep.abort();
    turn.abort();
    clearTimeout(timer);
    leads?.close();
    resign?.();
    links.forEach(link => end(link, 0));
    common.close();
    direct.close();
  }

  addEventListener('pagehide', ({ persisted }) => persisted && leave(), asleep);
  document.addEventListener('freeze', leave, asleep);
  // Held while the tab lives: its leader waits for it, to know when the tab has gone.
  const alive = () => {
    elect({ ifAvailable: true });
    return new Promise(resolve => asleep.signal.addEventListener('abort', resolve));
  };
  navigator.locks.request(name + id, alive).catch(() => goAlone());

  return elder => {
    if (isAlone) return undefined;
    const number = ++lastNumber;
    const link: SharedLink = {
      onopen: null,
      onmessage: null,
      onclose: null,
      number,
      elder: (elder as SharedLink | undefined)?.number,
      send(message) {
        if (link.own) link.own.send(message);
        // Of what it is a part of nothing else is to go along.
        else say(SAYS, number, message.slice());
      },
      close(code) {
        if (link.own) return link.own.close(code);
        links.delete(number);
        if (link.isHeld) say(SHUTS, number);
      },
    };
    links.set(number, link);
    // Later: nobody listens to it yet.
    queueMicrotask(askAll);
    return link;
  };
}

/** By address; for as long as the page is awake. */
const joined = new Map<string, Open>();

/** Opens a link over the socket that the browser's tabs share, and not on that of `elder`; where they cannot, its own. */
export function openShared(url: string, elder?: Carrier): Carrier {
  let link;
  try {
    if (globalThis.document && navigator.locks) {
      const open = joined.get(url) ?? join(url, () => joined.delete(url));
      joined.set(url, open);
      link = open(elder);
    }
  } catch {
    // An origin that may not speak to others, as in some sandboxes.
  }
  return link ?? dial(url);
}
