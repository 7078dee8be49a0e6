import type { SchemaResult, StandardSchema } from '../../src/index.ts';

/** A schema made of one function, as a user could write one. */
export function schema<Input, Output = Input>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Input, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}
