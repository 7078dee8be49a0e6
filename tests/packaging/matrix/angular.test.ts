// What `ng new` makes of each version of Angular, after `ng add @tidewire/angular`: zoneless and with zone.js, built and
// served while developing, and rendered on a server.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Files } from '../../support/files.ts';
import { App } from '../support/app.ts';
import { shows, Stage } from '../support/stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.strike());

for (const version of [20, 21, 22])
  describe(`Angular ${version}`, () => {
    let installed: App;
    const ng = (app: App, ...words: string[]) => app.run(script(installed), words);

    test('npm install', async () => {
      installed = await App.install(`angular-${version}`, ['client', 'angular']);
    });

    for (const kind of ['zoneless', 'zone.js'])
      describe(kind, () => {
        let app: App;

        test('ng new, ng add @tidewire/angular', async () => {
          app = await created(kind, kind === 'zoneless' ? '--zoneless' : '--no-zoneless');
          assert.equal(
            (await readFile(app.path('angular.json'), 'utf8')).includes('zone.js'),
            kind === 'zone.js',
          );
          await app.take('apps/angular-page', 'src/app');
        });

        test('ng build', async () => {
          await ng(app, 'build');
          const files = await Files.serve({ '/': app.path('dist/app/browser') });
          await stage.receivesAt(files.origin);
          await files.close();
        });

        test('ng serve', async () => {
          const words = ['serve', '--host', '127.0.0.1', '--port', 'PORT', '--no-live-reload', '--no-hmr'];
          await app.serves([script(installed), ...words], origin => stage.receivesAt(origin));
        });
      });

    describe('rendered on a server', () => {
      let app: App;
      const rendered = (use: (origin: string) => Promise<void>) =>
        app.serves(['dist/app/server/server.mjs'], use, port => ({
          PORT: `${port}`,
          NG_ALLOWED_HOSTS: '127.0.0.1',
          TIDEWIRE_URL: stage.http,
        }));

      test('ng new --ssr, ng add, ng build', async () => {
        app = await created('ssr', '--ssr', '--zoneless');
        await app.take('apps/angular-ssr', 'src/app');
        await ng(app, 'build');
      });

      test('shows history, and opens no socket', async () => {
        const before = await stage.connections();
        await stage.publish('packaging:rendered', { text: `from before ${version}` });
        await rendered(async origin => {
          const page = await (await fetch(origin)).text();
          assert.match(page, new RegExp(`<li[^>]*>from before ${version}</li>`));
          assert.match(page, /<output[^>]*>pending<\/output>/);
        });
        assert.equal(await stage.connections(), before);
      });

      test('comes to life without a warning, and goes on from the history', async () => {
        const before = await stage.connections();
        await rendered(async origin => {
          const { page, complaints } = await stage.open(origin);
          await shows(page, 'live');
          assert.equal(await stage.connections(), before + 1);
          const told = page.locator('li', { hasText: `since ${version}` });
          await stage.publish('packaging:rendered', { text: `since ${version}` });
          await told.waitFor();
          assert.equal(await page.locator('li', { hasText: `from before ${version}` }).count(), 1);
          assert.equal(await told.count(), 1);
          assert.deepEqual(complaints, []);
          await page.close();
        });
      });
    });

    /** An application as the CLI makes it, with Tidewire added to it, and with all types looked at. */
    async function created(name: string, ...options: string[]): Promise<App> {
      const newcomer = ['--skip-install', '--skip-git', '--defaults', '--minimal', ...options];
      await ng(installed, 'new', 'app', '--directory', name, ...newcomer);
      const app = installed.inside(name);
      await ng(app, 'add', '@tidewire/angular', '--skip-confirmation', '--url', stage.url);
      assert.match(
        await readFile(app.path('src/app/app.config.ts'), 'utf8'),
        /provideTidewire\(\{ url: 'ws:/,
      );
      const settings = app.path('tsconfig.json');
      const text = await readFile(settings, 'utf8');
      await writeFile(settings, text.replace('"skipLibCheck": true', '"skipLibCheck": false'));
      return app;
    }
  });

function script(installed: App): string {
  return installed.path('node_modules/@angular/cli/bin/ng.js');
}
