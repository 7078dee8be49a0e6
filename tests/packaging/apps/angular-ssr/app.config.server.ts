import { mergeApplicationConfig, type ApplicationConfig } from '@angular/core';
import { provideServerRendering, withRoutes } from '@angular/ssr';
import { provideServerHistory } from '@tidewire/angular/server';
import { appConfig } from './app.config';
import { serverRoutes } from './app.routes.server';

const serverConfig: ApplicationConfig = {
  providers: [
    provideServerRendering(withRoutes(serverRoutes)),
    provideServerHistory(() => ({ url: process.env['TIDEWIRE_URL'] ?? '', allow: () => true })),
  ],
};

export const config = mergeApplicationConfig(appConfig, serverConfig);
