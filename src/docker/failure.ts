/** Failures of calls to the engine as `EngineError`s: what the engine answered, that it is away, or that it is too slow. */
import { EngineError } from './engine.ts';
import { explainTls } from './tls-failure.ts';

/** What docker-modem throws: an error of the socket, or one with the engine's answer. */
interface ModemFailure {
  readonly message?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly json?: unknown;
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket at this path: is the engine running?',
  ECONNREFUSED: 'nothing listens there: is the engine running?',
  EACCES: 'no permission for the socket: run as root or as a member of the group `docker`',
  EPERM: 'no permission for the socket: run as root or as a member of the group `docker`',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve now',
  ETIMEDOUT: 'the host does not answer',
  EHOSTUNREACH: 'there is no way to this host',
  ESSH: 'ssh could not connect: does `ssh HOST docker version` work without a password?',
};

/** @param redact takes secrets out of the engine's words */
export function toEngineError(error: unknown, redact: (text: string) => string): EngineError {
  if (error instanceof EngineError) return error;
  const failure = (error ?? {}) as ModemFailure;
  if (failure.statusCode === 403 || failure.statusCode === 405) return guarded(redact(answerOf(failure)));
  if (failure.statusCode !== undefined) return refused(redact(answerOf(failure)), failure.statusCode);
  const code = failure.code ?? '';
  // ssh ends its lines as sentences; what is around this one has an end of its own.
  const words = (failure.message ?? String(error)).trim().replace(/\.$/, '');
  const tls = explainTls(code, words);
  return new EngineError(
    redact(`the engine cannot be reached: ${tls?.says ?? words}`),
    503,
    tls?.hint ?? hints[code] ?? '',
  );
}

function refused(answer: string, status: number): EngineError {
  const wantsTls = status === 400 && answer.includes('HTTP request to an HTTPS server');
  if (!wantsTls) return new EngineError(answer, status);
  const hint =
    'it speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of its certificates';
  return new EngineError(answer.replace(/\.$/, ''), 503, hint);
}

/** The engine itself refuses nobody: what does is in front of it, and answers with a page of its own. */
function guarded(answer: string): EngineError {
  const words = answer
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return new EngineError(
    `this call is not allowed by what guards the engine (${words})`,
    403,
    'a socket proxy has to pass POST and DELETE on /containers and /images for commands',
  );
}

export const timedOut = (milliseconds: number): EngineError =>
  new EngineError(`the engine did not answer within ${milliseconds / 1000} s`, 504, 'it may be busy or hang');

function answerOf(failure: ModemFailure): string {
  const { json } = failure;
  if (typeof json === 'object' && json !== null && 'message' in json) return String(json.message);
  if (Buffer.isBuffer(json) && json.length > 0) return json.toString('utf8', 0, 1000).trim();
  const words = (failure.message ?? 'no reason given').replace(/^\(HTTP code \d+\) /, '').trim();
  // What docker-modem makes of JSON that is not the engine's.
  return words.replace('[object Object]', JSON.stringify(json).slice(0, 300));
}
