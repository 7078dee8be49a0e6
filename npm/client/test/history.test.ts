import { expect, test } from 'vitest';
import { defineChannel } from '../src/exports.ts';
import { scripted } from './support/client.ts';
import { schema } from './support/schema.ts';

const numbers = defineChannel('numbers:all', {
  message: schema<number>(value =>
    typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
  ),
});

test('it gives the messages, and apart from them what cannot be read', async () => {
  const { client, driver } = scripted();
  const asked = client.channel(numbers).history({ limit: 3, since: '1-00000000' });

  await driver.tells(p => p.history(1, { data: 1 }, { data: 'two' }, { data: 3 }));

  const page = await asked;
  expect(driver.asked).toContainEqual(['history', 1, 'numbers:all', '1-00000000', 3]);
  expect(page.publications.map(({ data }) => data)).toEqual([1, 3]);
  expect(page.publications[1]?.meta).toMatchObject({ position: '3-9f3a01bc', replayed: true });
  expect(page.errors.map(({ code }) => code)).toEqual(['invalid_message']);
  expect(page).toMatchObject({ position: '40-9f3a01bc', more: true, reset: null });
});

test('a refusal rejects', async () => {
  const { client, driver } = scripted();
  const rejected = expect(client.channel(numbers).history()).rejects.toMatchObject({ code: 'not_retained' });

  await driver.tells(p => p.failed(1, 'not_retained', 'no log'));
  await rejected;
});
