import { Component, ElementRef, input, output, viewChild } from '@angular/core';

/** Where one writes: Enter sends, Shift+Enter begins a new line. */
@Component({
  selector: 'chat-composer',
  template: `
    <form (submit)="send($event)">
      <label class="visually-hidden" for="message">Your message to {{ room() }}</label>
      <textarea
        #field
        id="message"
        rows="1"
        maxlength="2000"
        autocomplete="off"
        enterkeyhint="send"
        [placeholder]="'Message #' + room()"
        (keydown.enter)="send($event)"
      ></textarea>
      <button type="submit">Send</button>
    </form>
  `,
  styles: `
    form {
      display: flex;
      align-items: flex-end;
      gap: 0.5rem;
    }
    textarea {
      flex: 1;
      min-width: 0;
      max-height: 9rem;
      padding: 0.65rem 1rem;
      border: 1px solid var(--edge);
      border-radius: 1.3rem;
      resize: none;
      field-sizing: content;
      background: var(--surface);
      line-height: 1.35;
    }
    textarea:focus-visible {
      outline-offset: -1px;
    }
    textarea:placeholder-shown {
      overflow: hidden;
      white-space: nowrap;
      text-overflow: ellipsis;
    }
    textarea::placeholder {
      color: var(--faint);
      opacity: 1;
    }
    button {
      padding: 0.7rem 1.25rem;
      border: 0;
      border-radius: 99px;
      background: var(--accent);
      color: var(--on-accent);
      font-weight: 650;
    }
    button:hover {
      filter: brightness(1.08);
    }
  `,
})
export class Composer {
  readonly room = input.required<string>();
  readonly say = output<string>();

  private readonly field = viewChild.required<ElementRef<HTMLTextAreaElement>>('field');

  protected send(event: Event): void {
    // Shift makes a new line; while an input method composes, Enter belongs to it.
    if (event instanceof KeyboardEvent && (event.shiftKey || event.isComposing)) return;
    event.preventDefault();
    const field = this.field().nativeElement;
    const text = field.value.trim();
    if (text) this.say.emit(text);
    field.value = '';
    field.focus();
  }
}
