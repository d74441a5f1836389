/** Draws rows of bars on a canvas: only what is in sight, and what is thinner than a pixel as one. */
import { scaleTime } from 'd3-scale';
import { tickTime } from '../time/moment.ts';
import type { Row } from './bars.ts';

export interface View {
  readonly from: number;
  readonly to: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly rowHeight: number;
  readonly now: number;
  /** The moment that is shown; null while live. */
  readonly instant: number | null;
}

export interface Colours {
  readonly served: string;
  readonly gap: string;
  readonly line: string;
  readonly text: string;
  readonly takeover: string;
  readonly moment: string;
}

export const axisHeight = 26;

export function paint(
  context: CanvasRenderingContext2D,
  rows: readonly Row[],
  view: View,
  colours: Colours,
): void {
  context.clearRect(0, 0, view.width, view.height);
  const x = (time: number): number => ((time - view.from) / (view.to - view.from)) * view.width;
  paintGrid(context, view, colours);
  context.save();
  context.beginPath();
  context.rect(0, axisHeight, view.width, view.height - axisHeight);
  context.clip();
  const first = Math.floor(view.top / view.rowHeight);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / view.rowHeight));
  for (let index = Math.max(0, first); index < last; index++) {
    paintRow(context, rows[index]!, axisHeight + index * view.rowHeight - view.top, x, view, colours);
  }
  context.restore();
  paintMark(context, x(view.now), colours.line, view);
  if (view.instant !== null) paintMark(context, x(view.instant), colours.moment, view);
}

function paintRow(
  context: CanvasRenderingContext2D,
  { bars }: Row,
  top: number,
  x: (time: number) => number,
  view: View,
  colours: Colours,
): void {
  const height = Math.min(14, view.rowHeight * 0.5);
  const middle = top + view.rowHeight - height / 2 - 5;
  const start = bars[0];
  if (start === undefined) return;
  // Down between the first time it was served and now.
  context.fillStyle = colours.gap;
  const known = Math.max(0, x(start.from));
  const end = Math.min(view.width, x(view.now));
  context.fillRect(known, middle - 1, Math.max(0, end - known), 2);
  context.fillStyle = colours.served;
  let drawnTo = Number.NEGATIVE_INFINITY;
  for (const bar of bars) {
    const right = x(bar.to ?? view.now);
    if (right < 0) continue;
    const left = x(bar.from);
    if (left > end) break;
    if (right <= drawnTo) continue;
    const from = Math.max(left, drawnTo, 0);
    const seam = left > drawnTo ? 0 : 1;
    context.fillRect(
      from + seam,
      middle - height / 2,
      Math.max(1, Math.min(right, end) - from - seam),
      height,
    );
    drawnTo = Math.max(right, left + 1);
  }
  context.fillStyle = colours.takeover;
  for (const bar of bars) {
    const at = x(bar.from);
    if (!bar.takeover || at < 0 || at > view.width) continue;
    context.beginPath();
    context.moveTo(at, middle - height / 2 - 6);
    context.lineTo(at + 5, middle);
    context.lineTo(at, middle + height / 2 + 6);
    context.lineTo(at - 5, middle);
    context.fill();
  }
}

function paintGrid(context: CanvasRenderingContext2D, view: View, colours: Colours): void {
  const scale = scaleTime([new Date(view.from), new Date(view.to)], [0, view.width]);
  const count = Math.max(2, Math.floor(view.width / 110));
  const ticks = scale.ticks(count);
  const step = ticks.length > 1 ? ticks[1]!.getTime() - ticks[0]!.getTime() : 1;
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = 'center';
  for (const tick of ticks) {
    const at = Math.round(scale(tick)) + 0.5;
    context.fillStyle = colours.line;
    context.fillRect(at, axisHeight - 6, 1, view.height);
    context.fillStyle = colours.text;
    if (at > 30 && at < view.width - 30) context.fillText(tickTime(tick, step), at, 14);
  }
}

function paintMark(
  context: CanvasRenderingContext2D,
  at: number,
  colour: string,
  { width, height }: View,
): void {
  if (at < 0 || at > width) return;
  context.fillStyle = colour;
  context.fillRect(at - 1, axisHeight - 8, 2, height);
}
