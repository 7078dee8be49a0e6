import { Component, input, output } from '@angular/core';

import { LONGEST_NAME } from './me';

/** One's display name, changed in place. */
@Component({
  selector: 'chat-name-field',
  template: `
    <label for="name">You are</label>
    <input
      #field
      id="name"
      autocomplete="nickname"
      spellcheck="false"
      [maxLength]="longest"
      [value]="name()"
      (change)="change(field)"
      (keydown.enter)="field.blur()"
    />
  `,
  styles: `
    :host {
      display: flex;
      align-items: baseline;
      gap: 0.4rem;
      font-size: 0.85rem;
      color: var(--faint);
    }
    input {
      field-sizing: content;
      min-width: 4rem;
      max-width: 16rem;
      padding: 0.05rem 0.1rem;
      border: 0;
      border-bottom: 1px dashed var(--faint);
      border-radius: 0;
      background: none;
      color: var(--ink);
      font-weight: 600;
    }
    input:hover {
      border-bottom-style: solid;
    }
  `,
})
export class NameField {
  readonly name = input.required<string>();
  readonly renamed = output<string>();
  protected readonly longest = LONGEST_NAME;

  protected change(field: HTMLInputElement): void {
    this.renamed.emit(field.value);
    // An empty name is none: the old one stays, and is shown again.
    field.value = this.name();
  }
}
