import { describe, test } from 'node:test';
import { App } from '../support/app.ts';

describe('The types of @tidewire/client, all looked at', () => {
  let app: App;

  test('npm install', async () => {
    app = await App.install('types', ['client']);
  });

  for (const version of ['5.7', '5.8', '5.9', '6', '7'])
    for (const [module, resolution] of [
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ])
      test(`TypeScript ${version}, moduleResolution ${resolution}`, async () => {
        const options = ['--strict', '--noEmit', '--skipLibCheck', 'false'];
        const words = ['--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', 'application.ts'];
        const modules = ['--module', `${module}`, '--moduleResolution', `${resolution}`];
        await app.run(`node_modules/typescript-${version}/bin/tsc`, [...options, ...modules, ...words]);
      });
});
