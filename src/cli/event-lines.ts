/** Events as lines that align without being a table, so that they can follow one another for ever. */
import type { Output } from './output.ts';
import { subjectOf, wordsOf } from './sentence.ts';
import type { EventView } from './shapes.ts';
import { actorText, clock } from './words.ts';

type Style = Parameters<Output['paint']>[0];

const styles: readonly (readonly [RegExp, Style])[] = [
  [/^RouteOpened$|Succeeded$/, 'green'],
  [/^RouteChanged$|^CommandRequested$/, 'cyan'],
  [/^RouteClosed$|Died$|OutOfMemory$|Failed$|Lost$|Gap/, 'red'],
  [/Refused$|Paused$|Unknown$/, 'yellow'],
];
const typeWidth = 22;
/** Where less would be left for what an event is about, nothing is aligned. */
const legible = 24;

const styleOf = (type: string): Style | null => styles.find(([pattern]) => pattern.test(type))?.[1] ?? null;

export function eventLine(output: Pick<Output, 'paint' | 'width'>, event: EventView): string {
  const style = styleOf(event.type);
  const time = clock(event.recordedAt);
  const aligned = output.width - 7 - time.length - typeWidth - 3 >= legible;
  const position = aligned ? String(event.position).padStart(7) : String(event.position);
  const type = aligned ? event.type.padEnd(typeWidth) : event.type;
  const actor = event.actor.kind === 'api' ? ` (${actorText(event.actor)})` : '';
  const room = output.width - position.length - time.length - type.length - 3;
  const text = [`${subjectOf(event)}${actor}`, wordsOf(event)]
    .filter((part) => part.trim() !== '')
    .join('  ');
  const shown = text.length > room ? `${text.slice(0, Math.max(room - 1, 0))}…` : text;
  return `${output.paint('dim', `${position} ${time}`)} ${style === null ? type : output.paint(style, type)} ${shown}`.trimEnd();
}
