import { type ArgumentMetadata, type PipeTransform, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { CodedError } from '../errors/coded-error.js';

const checkedByHand = new WeakSet<object>();

/**
 * Class decorator: this input is checked by hand-written code, because it is on the way of a prediction, or because other
 * ways in are checked by the same rules.
 */
export const CheckedByHand = (): ClassDecorator => (target) => void checkedByHand.add(target);

/** Checks inputs by their class-validator decorators and refuses with INVALID_INPUT, naming every field. */
export class InputValidationPipe implements PipeTransform {
  private readonly pipe = new ValidationPipe({
    transform: true,
    whitelist: false,
    exceptionFactory: (errors) =>
      new CodedError('INVALID_INPUT', errors.flatMap((error) => describe(error, '')).join('; ')),
  });

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'custom' || metadata.metatype === undefined || checkedByHand.has(metadata.metatype))
      return value;
    return this.pipe.transform(value, metadata);
  }
}

function describe(error: ValidationError, parent: string): string[] {
  const path = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) =>
    parent === '' ? message : `${path}: ${message}`,
  );
  return [...own, ...(error.children ?? []).flatMap((child) => describe(child, path))];
}
