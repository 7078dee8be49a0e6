import { Component, computed, input } from '@angular/core';

/** A coloured disc with somebody's initials; the colour goes with the person, not with the name. */
@Component({
  selector: 'chat-avatar',
  template: `{{ initials() }}`,
  styles: `
    :host {
      display: grid;
      place-items: center;
      width: 2.25rem;
      height: 2.25rem;
      border-radius: 50%;
      font-size: 0.8rem;
      font-weight: 700;
      letter-spacing: 0.02em;
      color: #fff;
      background: oklch(0.5 0.115 var(--hue));
    }
  `,
  host: { 'aria-hidden': 'true', '[style.--hue]': 'hue()' },
})
export class Avatar {
  readonly author = input.required<{ readonly id: string; readonly name: string }>();

  protected readonly hue = computed(() => hueOf(this.author().id));
  protected readonly initials = computed(() =>
    this.author()
      .name.split(/\s+/)
      .slice(0, 2)
      .map(word => [...word][0]?.toUpperCase() ?? '')
      .join(''),
  );
}

/** One of twelve well-distinguished hues, in degrees. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return (hash % 12) * 30 + 10;
}
