import { Component, input } from '@angular/core';

import type { Row } from './board';

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** One row of the table. It is checked when its own quote changes, and when no other does. */
@Component({
  selector: 'tr[board-quote]',
  template: `
    <th scope="row" role="rowheader">{{ row().instrument.symbol }}</th>
    <td role="cell" class="sector">{{ row().instrument.sector }}</td>
    @if (row().quote(); as quote) {
      <td role="cell" class="price" [attr.data-direction]="quote.direction">{{ quote.price.toFixed(2) }}</td>
      <td role="cell" class="change" [class.below]="quote.change < 0">
        {{ quote.change < 0 ? '−' : '+' }}{{ magnitude(quote.change) }} %
      </td>
      <td role="cell" class="volume">{{ grouped(quote.volume) }}</td>
    } @else {
      <td role="cell" class="price">–</td>
      <td role="cell" class="change none">–</td>
      <td role="cell" class="volume">–</td>
    }
  `,
  styleUrl: './quote-row.css',
  host: { role: 'row' },
})
export class QuoteRow {
  readonly row = input.required<Row>({ alias: 'board-quote' });

  protected readonly magnitude = (change: number) => Math.abs(change).toFixed(2);
  protected readonly grouped = (volume: number) => number.format(volume);
}
