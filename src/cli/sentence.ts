/** An event in one line: what it is about, and the words that tell it from others of its type. */
import { harmless } from './output.ts';
import type { EventView } from './shapes.ts';
import { matchText, shortId, targetText } from './words.ts';

interface Data {
  readonly name?: string | null;
  readonly container?: string | null;
  readonly kind?: string;
  readonly match?: { readonly host: string; readonly path: string } | null;
  readonly targets?: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly claimed?: Readonly<Record<string, string | undefined>>;
  readonly reason?: string;
  readonly detail?: string;
  readonly message?: string;
  readonly version?: string;
  readonly observation?: { readonly name?: string };
}

/** Claims that are worth a word; the name stands in front already. */
const told = ['exitCode', 'signal', 'health', 'oldName', 'network', 'image'] as const;

export function subjectOf(event: EventView): string {
  const data = event.data as Data;
  if (data.match) return matchText(data.match);
  const name = data.name ?? data.claimed?.['name'] ?? data.observation?.name ?? event.containerName;
  return harmless(name || (data.container ? shortId(data.container) : ''));
}

export function wordsOf(event: EventView): string {
  const data = event.data as Data;
  const claims = told.flatMap((key) => (data.claimed?.[key] ? [`${key} ${data.claimed[key]}`] : []));
  const words = [
    data.kind,
    data.targets === undefined ? undefined : `to ${data.targets.map(targetText).join(', ')}`,
    ...(event.type === 'ContainerCreated' ? claims : claims.filter((claim) => !claim.startsWith('image'))),
    data.match && data.name ? `by ${data.name}` : undefined,
    data.reason,
    data.detail,
    data.message,
    data.version,
  ].filter((word) => word);
  return harmless(words.join('; '));
}
