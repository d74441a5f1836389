/** A failure that came in the middle of a stream, after its 200. */
import { CliFailure, exitCodes } from './failure.ts';

export function streamFailure(data: string): CliFailure {
  const { status, detail } = JSON.parse(data) as { status: number; detail: string };
  if (status === 404) return new CliFailure(detail, exitCodes.notFound);
  return new CliFailure(detail, status === 401 || status === 403 ? exitCodes.notAllowed : exitCodes.no);
}
