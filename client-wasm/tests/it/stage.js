// Stands in for the browser's WebSocket and for the TypeScript side, and remembers what they are told.

export class Stage {
  constructor() {
    const stage = this;
    this.sockets = [];
    this.batches = [];
    this.real = globalThis.WebSocket;
    globalThis.WebSocket = class {
      constructor(url, protocol) {
        if (url.includes('refused')) throw new DOMException('not from here', 'SecurityError');
        Object.assign(this, { url, protocol, sent: [], closes: [], onopen: null, onmessage: null, onclose: null });
        stage.sockets.push(this);
      }
      send(bytes) {
        this.sent.push(bytes.slice());
      }
      close(code) {
        this.closes.push(code);
      }
    };
  }

  host() {
    return { events: packed => this.batches.push(packed.slice()) };
  }

  count() {
    return this.sockets.length;
  }

  socket() {
    return this.sockets[this.sockets.length - 1];
  }

  opens() {
    const socket = this.socket();
    socket.onopen(new Event('open'));
    return `${socket.url} ${socket.protocol} ${socket.binaryType}`;
  }

  receives(bytes) {
    this.socket().onmessage?.(new MessageEvent('message', { data: bytes.slice().buffer }));
  }

  receives_text(text) {
    this.socket().onmessage(new MessageEvent('message', { data: text }));
  }

  closes(code, reason) {
    this.socket().onclose(new CloseEvent('close', { code, reason }));
  }

  is_deaf() {
    const { onopen, onmessage, onclose } = this.socket();
    return onopen === null && onmessage === null && onclose === null;
  }

  close_codes() {
    return this.socket().closes.join(' ');
  }

  sent() {
    return this.socket().sent.shift() ?? new Uint8Array();
  }

  heard() {
    return this.batches.shift() ?? new Uint8Array();
  }

  page(target, name) {
    const to = target === 'document' ? document : globalThis;
    to.dispatchEvent(name === 'pageshow' ? new PageTransitionEvent(name, { persisted: true }) : new Event(name));
  }

  async until(something) {
    for (let turn = 0; turn < 500; turn++) {
      if (something()) return true;
      await new Promise(next => setTimeout(next, 10));
    }
    return false;
  }

  until_sockets(count) {
    return this.until(() => this.sockets.length >= count);
  }

  leave() {
    globalThis.WebSocket = this.real;
  }
}
