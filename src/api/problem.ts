/** Errors as the API answers them (RFC 9457), and the one table from error classes to statuses. */
import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { CommandConflict, JobFailed, JobRefused } from '../control/errors.ts';
import { EngineError } from '../docker/engine.ts';
import { LogUnusable, LogUnwritable } from '../log/port.ts';
import { BadCursor } from '../queries/cursor.ts';
import { QueryFailed } from '../queries/failed.ts';
import { BadMoment } from '../queries/moment.ts';

/** One wrong input: where it stands, and what is allowed there. */
export interface FieldError {
  /** JSON pointer (RFC 6901) into the body, or the name of the parameter. */
  readonly field: string;
  readonly value?: string | undefined;
  readonly message: string;
}

/** A refusal that is meant for the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly errors: readonly FieldError[];
  constructor(status: number, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

export function problemAnswer(c: Context, problem: Pick<Problem, 'status' | 'message' | 'errors'>): Response {
  const { status, message, errors } = problem;
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    ...(errors.length > 0 ? { errors } : {}),
  };
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  };
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="portolan"';
  if (status === 503) headers['Retry-After'] = '1';
  return c.body(JSON.stringify(body), status as 400, headers);
}

/** @returns null for what is no expected failure: a bug, which is logged and answered with 500 */
export function toProblem(error: unknown): Pick<Problem, 'status' | 'message' | 'errors'> | null {
  const withHint = (status: number, message: string, hint: string) => ({
    status,
    message: hint === '' ? message : `${message}; ${hint}`,
    errors: [],
  });
  if (error instanceof Problem) return error;
  // The engine's own 500 ("is not paused" is one) is no defect of ours.
  if (error instanceof EngineError) {
    return withHint(error.status === 500 ? 502 : error.status, error.message, error.hint);
  }
  if (error instanceof LogUnwritable || error instanceof LogUnusable || error instanceof JobFailed)
    return withHint(503, error.message, error.hint);
  if (error instanceof CommandConflict || error instanceof JobRefused)
    return withHint(error.status, error.message, error.hint);
  if (error instanceof QueryFailed) return withHint(503, error.message, error.hint);
  if (error instanceof BadCursor) {
    return { status: 400, message: error.message, errors: [{ field: 'cursor', message: error.message }] };
  }
  if (error instanceof BadMoment) {
    return { status: 400, message: error.message, errors: [{ field: error.field, message: error.message }] };
  }
  if (error instanceof HTTPException) return { status: error.status, message: error.message, errors: [] };
  return null;
}

/** Parameters as they were sent; null for a body. */
type Sent = Readonly<Record<string, string>> | null;

/** What did not fit a schema, field by field. */
export function validationProblem(error: z.ZodError, where: string, sent: Sent): Problem {
  const errors = error.issues.flatMap((issue): FieldError[] => {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [''];
    return names.map((name) => {
      const path = [...issue.path.map(String), ...(name === '' ? [] : [name])];
      const field = where === 'json' ? `/${path.join('/')}` : path.join('.');
      const message = name === '' ? allowed(issue, where) : `${name} is not known here`;
      return { field, ...shown(sent, path), message };
    });
  });
  const first = errors[0];
  const detail = first === undefined ? 'the request is not valid' : `${first.field}: ${first.message}`;
  return new Problem(400, detail, errors);
}

function allowed(issue: z.core.$ZodIssue, where: string): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (where === 'query' && issue.message.endsWith(', received array'))
    return 'it is given more than once; once is allowed';
  const missing = /^Invalid input: expected (\w+), received undefined$/.exec(issue.message);
  return missing === null ? issue.message : `it is missing; a ${missing[1]} is needed`;
}

/** The value as it was sent, cut short. */
function shown(sent: Sent, [name = '']: readonly string[]): { value?: string } {
  const value = sent !== null && Object.hasOwn(sent, name) ? sent[name] : undefined;
  return value === undefined ? {} : { value: value.slice(0, 100) };
}
