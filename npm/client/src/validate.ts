import { TidewireError } from './errors.ts';
import type { SchemaResult, StandardSchema } from './standard-schema.ts';

/** Asks a schema about a value. Schemas that answer later are refused: messages would overtake each other. */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): SchemaResult<Output> {
  const result = schema['~standard'].validate(value);
  if ('then' in result) {
    throw new TidewireError(
      'invalid_message',
      'a channel needs a schema that validates at once, not by a promise',
    );
  }
  return result;
}

/** The value that a schema made; throws what it found wrong. */
export function valid<Output>(result: SchemaResult<Output>, what: string): Output {
  if (!result.issues) return result.value;
  const { issues } = result;
  const reasons = issues.map(issue => issue.message).join('; ');
  throw new TidewireError('invalid_message', `${what} is not what the channel's schema says: ${reasons}`, {
    issues,
  });
}
