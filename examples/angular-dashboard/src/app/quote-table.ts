import { Component, input } from '@angular/core';

import type { Row } from './board';
import { QuoteRow } from './quote-row';

/** All rows, under a heading that stays. The roles are a table's own, which some browsers forget with its layout. */
@Component({
  selector: 'board-quotes',
  imports: [QuoteRow],
  template: `
    <div class="scroller" tabindex="0" role="region" aria-label="Quotes">
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">Symbol</th>
            <th scope="col" role="columnheader" class="sector">Sector</th>
            <th scope="col" role="columnheader">Price</th>
            <th scope="col" role="columnheader">Change</th>
            <th scope="col" role="columnheader" class="volume">Volume</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
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
