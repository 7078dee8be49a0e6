import { provideBrowserGlobalErrorListeners } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideTidewire } from '@tidewire/angular';

import { App } from './app/app';

/** The server that `?server=` names, or the one that served the page. */
const url = new URLSearchParams(location.search).get('server') ?? '/v1/connect';

bootstrapApplication(App, {
  providers: [provideBrowserGlobalErrorListeners(), provideTidewire({ url })],
}).catch(error => console.error(error));
