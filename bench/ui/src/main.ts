import './frames';
import { provideZoneChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideTidewire } from '@tidewire/angular';

import { Page } from './page';

const query = new URLSearchParams(location.search);
// Only the build with zone.js has it.
const zone = 'Zone' in globalThis ? [provideZoneChangeDetection()] : [];

bootstrapApplication(Page, {
  providers: [...zone, provideTidewire({ url: query.get('server') ?? '/v1/connect' })],
}).catch(error => console.error(error));
