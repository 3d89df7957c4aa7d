import { BadRequestException, NotFoundException } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { CodedError } from './coded-error.js';
import { toPublicError } from './public-error.js';

const silent = () => undefined;

describe('toPublicError', () => {
  it('passes what a coded error says, and nothing of its cause', () => {
    const error = new CodedError('OVERLOADED', 'All places are taken.', {
      retryAfterMs: 40,
      details: { limit: 100 },
      cause: new Error('confidential'),
    });
    expect(toPublicError(error, silent)).toEqual({
      code: 'OVERLOADED',
      status: 503,
      message: 'All places are taken.',
      retryAfterMs: 40,
      details: { limit: 100 },
    });
  });

  it("passes the framework's refusals of a request", () => {
    expect(toPublicError(new NotFoundException('Cannot GET /x'), silent)).toMatchObject({
      code: 'NOT_FOUND',
      status: 404,
    });
    expect(toPublicError(new BadRequestException('bad'), silent)).toMatchObject({ code: 'BAD_REQUEST', status: 400 });
    const tooLarge = Object.assign(new Error('Request body is too large'), {
      code: 'FST_ERR_CTP_BODY_TOO_LARGE',
      statusCode: 413,
    });
    expect(toPublicError(tooLarge, silent)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', status: 413 });
  });

  it.each([new Error('password is hunter2'), 'hunter2', { secret: 'hunter2' }, undefined])(
    'masks %o and reports it under an id',
    (thrown) => {
      const report = vi.fn();
      const error = toPublicError(thrown, report);
      expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', status: 500 });
      expect(JSON.stringify(error)).not.toContain('hunter2');
      expect(report).toHaveBeenCalledWith(error.errorId, thrown);
    },
  );

  it.each([
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    new Error('query failed', { cause: new Error('Connection terminated unexpectedly') }),
    new Error('Query runner already released. Cannot run queries anymore.'),
    new Error('Database connection provided by a query runner was already released, cannot continue'),
    Object.assign(new Error('query failed'), { driverError: Object.assign(new Error('x'), { code: '57P03' }) }),
    new Error('Client has encountered a connection error and is not queryable'),
    new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]),
  ])('calls an outage of the database an outage: %s', (thrown) => {
    expect(toPublicError(thrown, silent)).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      status: 503,
      retryAfterMs: 1000,
    });
  });

  it.each([
    Object.assign(new Error('query failed'), { driverError: Object.assign(new Error('x'), { code: '53100' }) }),
    Object.assign(new Error('write'), { code: 'ENOSPC' }),
  ])('says that a disk is full: %s', (thrown) => {
    expect(toPublicError(thrown, silent)).toMatchObject({ code: 'STORAGE_FULL', status: 507 });
  });
});
