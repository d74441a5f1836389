/** Takes secrets out of a container's arguments as they are shown, and out of the engine's words as they are recorded. */
import type { CreateParameters } from './engine.ts';
import { isCredentialName, isCredentialValue, isOpenLabel } from './secrets.ts';

const hidden = '***';

/**
 * What may be a secret is hidden: after a flag that names one, as `--token=x` and `KEY=x`, in headers and URLs, in what a
 * shell is given to run, and where it looks like a token. What such a flag is given as a number, a port or a path stays.
 */
export function redactArguments(args: readonly string[]): string[] {
  const clients = args.some((arg) => /^(\S*\/)?(mysql|mariadb)\w*(\s|$)/.test(arg));
  return args.map((arg, index) => {
    if (isGiven(args[index - 1] ?? '', arg)) return hidden;
    const [assigned] = /^-{0,2}[A-Za-z_][\w.-]*=/.exec(arg) ?? [];
    if (assigned !== undefined) return `${assigned}${hidden}`;
    if (/^-p./.test(arg) && (clients || isAttached(arg))) return `-p${hidden}`;
    return looksLikeToken(arg) ? hidden : redactFields(redactPatterns(arg));
  });
}

/** Redacts the engine's words about a command: what was secret in its body, then whatever looks like a secret. */
export function createRedact(
  parameters: Pick<CreateParameters, 'env' | 'labels' | 'cmd'>,
): (text: string) => string {
  const { env = {}, labels = {}, cmd = [] } = parameters;
  const shown = redactArguments(cmd);
  const secrets: [secret: string, instead: string][] = [
    ...Object.values(env).map((value): [string, string] => [value, hidden]),
    ...Object.entries(labels).flatMap(([key, value]): [string, string][] =>
      isOpenLabel(key, value) ? [] : [[value, hidden]],
    ),
    ...cmd.map((arg, index): [string, string] => [arg, shown[index]!]),
  ];
  // Longest first, so that a secret that holds another one goes whole. Shorter than three says nothing and would tear words apart.
  const known = secrets
    .filter(([secret, instead]) => secret.length >= 3 && secret !== instead)
    .sort(([one], [other]) => other.length - one.length);
  return (text) =>
    redactPatterns(known.reduce((rest, [secret, instead]) => rest.replaceAll(secret, instead), text));
}

/** `KEY=VALUE` as env is written, user:password in URLs, and what a flag that names a secret is given. */
export const redactPatterns = (text: string): string =>
  redactGiven(
    text.replace(/\b(\w+:\/\/)([^/@\s"']{1,999}|[^/@:\s"']{0,999}:[^\s"']{0,999})@/g, `$1${hidden}@`),
  ).replace(
    /(^|[\s"'`[({,;:])(-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"',;)\]}]+)/g,
    `$1$2=${hidden}`,
  );

/** Whether a flag makes a secret of what follows it. The short ones mean something else as often. */
function isGiven(flag: string, value: string): boolean {
  if (!/^--?[A-Za-z][\w.-]*$/.test(flag) || value.startsWith('--')) return false;
  if (/^-[apuwW]$/.test(flag)) return !value.startsWith('-') && !isPlain(value);
  return isCredentialName(flag);
}

/** A number, port, address or path. */
const isPlain = (value: string): boolean => /^[\d.,:/-]+$|^\.{0,2}\//.test(value);

/** `-pSecret`, unlike `-port` and `-p80:80`. */
const isAttached = (arg: string): boolean => !/^-p[a-z-]+$/.test(arg) && !isPlain(arg.slice(2));

/** As in `sh -c`, and as the engine quotes a program: words within a text. */
function redactGiven(text: string): string {
  const words = text.split(/(\s+)/);
  for (let at = 2; at < words.length; at += 2) {
    const flag = words[at - 2]!.replace(/^["'`([{]+/, '');
    if (!isGiven(flag, words[at]!)) continue;
    const quote = /^["']/.exec(words[at]!)?.[0];
    // What is quoted may have spaces.
    let last = at;
    if (quote !== undefined && !(words[at]!.length > 1 && words[at]!.endsWith(quote)))
      while (last + 2 < words.length && !words[last]!.slice(last === at ? 1 : 0).includes(quote)) last += 2;
    words[at] = `${hidden}${quote === undefined ? tailOf(words[at]!) : ''}`;
    words.fill('', at + 1, last + 1);
  }
  return words.join('');
}

/** What closes around a word: a quotation, a sentence. */
function tailOf(word: string): string {
  let end = word.length;
  while (end > 0 && `"'\`)]}:;,`.includes(word[end - 1]!)) end -= 1;
  return word.slice(end);
}

/** `Authorization: Bearer x`, `{"password": "x"}`; and what is said of a value that is known to be one. */
function redactFields(text: string): string {
  const named = text.replace(
    /(?<![\w.-])([A-Za-z_][\w.-]*)(["']?\s*:\s*)("[^"]*"|'[^']*'|[^"'\n,}]+)/g,
    (whole, name: string, colon: string, value: string) =>
      isCredentialName(name) && !value.startsWith('//') ? `${name}${colon}${hidden}` : whole,
  );
  return isCredentialValue(named.replaceAll(`${hidden}`, '')) ? hidden : named;
}

/** Long, and of letters of both cases and digits, or longer still and of one word: no name or path. */
const looksLikeToken = (arg: string): boolean =>
  /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+=.-]{20,}$/.test(arg) || /^(?!\/)(?=.*\d)[\w+/-]{40,}={0,2}$/.test(arg);
