import { Component, inject } from '@angular/core';
import { injectConnection } from '@tidewire/angular';

import { injectBoard } from './board';
import { FiguresPanel } from './figures-panel';
import { PageFigures } from './page-figures';
import { QuoteTable } from './quote-table';
import { StatusPill } from './status-pill';

/** The page: the board, and beside it what it costs. */
@Component({
  selector: 'board-app',
  imports: [FiguresPanel, QuoteTable, StatusPill],
  templateUrl: './app.html',
  styleUrl: './app.css',
  host: { '[attr.data-status]': 'connection().status' },
})
export class App {
  protected readonly connection = injectConnection();
  protected readonly board = injectBoard();
  protected readonly figures = inject(PageFigures).figures;
}
