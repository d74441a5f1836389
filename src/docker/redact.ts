/** Takes secrets out of a container's arguments as they are shown, and out of the engine's words as they are recorded. */
import type { CreateParameters } from './engine.ts';
import { isCredentialName, isOpenLabel } from './secrets.ts';

const hidden = '***';

/** Values of `--password x`, `--token=x`, `KEY=x` and user:password in URLs are hidden. */
export function redactArguments(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    const isValue = before.startsWith('-') && !before.includes('=') && isCredentialName(before);
    return isValue && !arg.startsWith('-') ? hidden : redactPatterns(arg);
  });
}

/** Redacts the engine's words about a command: what was secret in its body, then whatever looks like an assignment. */
export function createRedact(parameters: Pick<CreateParameters, 'env' | 'labels'>): (text: string) => string {
  const secrets = [
    ...Object.values(parameters.env ?? {}),
    ...Object.entries(parameters.labels ?? {}).flatMap(([key, value]) =>
      isOpenLabel(key, value) ? [] : [value],
    ),
  ];
  // Longest first, so that a secret that holds another one goes whole. Shorter than three says nothing and would tear words apart.
  const known = secrets.filter((secret) => secret.length >= 3).sort((a, b) => b.length - a.length);
  return (text) => redactPatterns(known.reduce((rest, secret) => rest.replaceAll(secret, hidden), text));
}

/** `KEY=VALUE` as env is written, and user:password in URLs. */
export const redactPatterns = (text: string): string =>
  text
    .replace(/(\w+:\/\/)[^/@\s]+@/g, `$1${hidden}@`)
    .replace(
      /(^|[\s"'`[({,;:])(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"',;)\]}]+)/g,
      `$1$2=${hidden}`,
    );
