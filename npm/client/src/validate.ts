import { TidewireError } from './errors.ts';
import type { StandardSchema } from './standard-schema.ts';

/** The value that a schema makes of another; throws what it finds wrong. */
export function valid<Output>(schema: StandardSchema<unknown, Output>, value: unknown, what: string): Output {
  const result = schema['~standard'].validate(value);
  // Messages would overtake each other.
  if ('then' in result)
    throw new TidewireError('invalid_message', 'a schema must validate at once, not by a promise');
  const { issues } = result;
  if (!issues) return result.value;
  const reasons = issues.map(issue => issue.message).join('; ');
  throw new TidewireError('invalid_message', `${what} is not what the channel's schema says: ${reasons}`, {
    issues,
  });
}
