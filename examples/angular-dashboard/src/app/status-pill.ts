import { Component, computed, input } from '@angular/core';
import type { Connection } from '@tidewire/angular';

/** How the connection is doing, in a word. */
@Component({
  selector: 'board-status-pill',
  template: `
    <span class="dot" aria-hidden="true"></span>
    <span role="status">{{ label() }}</span>
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 0.4rem;
      padding: 0.3rem 0.75rem 0.3rem 0.65rem;
      border-radius: 99px;
      font-size: 0.85rem;
      font-weight: 600;
      white-space: nowrap;
      background: var(--status-soft);
      color: var(--status-ink);
    }
    .dot {
      width: 0.55rem;
      height: 0.55rem;
      border-radius: 50%;
      background: var(--status);
    }
  `,
  host: { '[title]': "connection().reason ?? ''" },
})
export class StatusPill {
  readonly connection = input.required<Connection>();

  protected readonly label = computed(() => {
    const { status, returning } = this.connection();
    switch (status) {
      case 'live':
        return 'Live';
      case 'connecting':
      case 'waiting':
        return returning ? 'Reconnecting' : 'Connecting';
      case 'idle':
        return 'Not connected';
      case 'closed':
        return 'Disconnected';
    }
  });
}
