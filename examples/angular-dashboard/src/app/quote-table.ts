import { Component, input } from '@angular/core';

import type { Row } from './board';
import { QuoteRow } from './quote-row';

/** All rows, under a heading that stays. */
@Component({
  selector: 'board-quotes',
  imports: [QuoteRow],
  template: `
    <div class="scroller" tabindex="0" role="region" aria-label="Quotes">
      <table>
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col" class="sector">Sector</th>
            <th scope="col">Price</th>
            <th scope="col">Change</th>
            <th scope="col" class="volume">Volume</th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.instrument.symbol) {
            <tr [board-quote]="row"></tr>
          }
        </tbody>
      </table>
    </div>
  `,
  styleUrl: './quote-table.css',
})
export class QuoteTable {
  readonly rows = input.required<readonly Row[]>();
}
