// @vitest-environment node
import { SchematicTestRunner, type UnitTestTree } from '@angular-devkit/schematics/testing';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';

const angular = createRequire(import.meta.url)
  .resolve('@schematics/angular/package.json')
  .replace('package.json', 'collection.json');
const ours = fileURLToPath(new URL('../dist/schematics/collection.json', import.meta.url));
let application: UnitTestTree;

beforeAll(async () => {
  const runner = new SchematicTestRunner('angular', angular);
  const workspace = await runner.runSchematic('workspace', { name: 'work', version: '22.0.0' });
  application = await runner.runSchematic('application', { name: 'shop', ssr: false }, workspace);
});

const add = (options: object, tree = application) =>
  new SchematicTestRunner('tidewire', ours).runSchematic(
    'ng-add',
    { project: 'shop', ...options },
    tree.branch() as UnitTestTree,
  );

test('ng add provides Tidewire at the address that was given', async () => {
  const tree = await add({ url: 'wss://live.example.org' });
  const config = tree.readText('/shop/src/app/app.config.ts');

  expect(config).toMatch(/import \{ provideTidewire \} from ['"]@tidewire\/angular['"];/);
  expect(config).toContain("provideTidewire({ url: 'wss://live.example.org' })");
});

test('without an address it is that of a server on this machine', async () => {
  const tree = await add({});
  expect(tree.readText('/shop/src/app/app.config.ts')).toContain("url: 'ws://localhost:7800'");
});

test('what is provided already stays as it is', async () => {
  const once = await add({ url: '/v1/connect' });
  const twice = await add({ url: '/elsewhere' }, once);
  expect(twice.readText('/shop/src/app/app.config.ts')).toBe(once.readText('/shop/src/app/app.config.ts'));
});

test('a wrong address and an unknown project are errors that say so', async () => {
  await expect(add({ url: 'ftp://example.org' })).rejects.toThrow('neither a ws: nor an http: address');
  await expect(add({ project: 'shoq' })).rejects.toThrow('there is no project "shoq"');
});

test('an address cannot end the text that it stands in', async () => {
  const tree = await add({ url: "/it's\\" });
  expect(tree.readText('/shop/src/app/app.config.ts')).toContain("{ url: '/it\\'s\\\\' }");
});
