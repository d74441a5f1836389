/** The stretch of time in sight: zoomed and panned by wheel, drag and keys, within the log. */
import { useRef, useState } from 'preact/hooks';

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface ViewControl extends Stretch {
  zoom(factor: number, around?: number): void;
  pan(share: number): void;
  all(): void;
  /** For the element that shows it: `width` is its width in pixels. */
  readonly handlers: {
    onWheel(event: WheelEvent): void;
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
  };
}

/** Milliseconds. */
const narrowest = 2_000;

/**
 * @param first what is in sight until somebody zooms or pans
 * @param onPick a click that was no drag, at a time and a height in pixels
 */
export function useView(
  beginning: number,
  now: number,
  first: Stretch,
  onPick: (time: number, y: number) => void,
): ViewControl {
  /** `all`: up to now, however late it gets. */
  const [stretch, setStretch] = useState<Stretch | 'all' | null>(null);
  const margin = (now - beginning) * 0.02 + 1_000;
  const whole = { from: beginning - margin, to: now + margin };
  const within = ({ from, to }: Stretch): Stretch => ({
    from: Math.max(whole.from, from),
    to: Math.min(whole.to, to),
  });
  const shown = stretch === 'all' ? whole : within(stretch ?? first);
  const drag = useRef<{ x: number; from: Stretch; moved: boolean } | null>(null);
  const show = ({ from, to }: Stretch): void => {
    const width = Math.min(Math.max(narrowest, to - from), whole.to - whole.from);
    const start = Math.min(Math.max(whole.from, from), whole.to - width);
    setStretch(width >= whole.to - whole.from ? 'all' : { from: start, to: start + width });
  };
  const zoom = (factor: number, around = 0.5): void => {
    const width = shown.to - shown.from;
    const centre = shown.from + width * around;
    show({ from: centre - width * factor * around, to: centre + width * factor * (1 - around) });
  };
  const pan = (share: number): void => {
    const by = (shown.to - shown.from) * share;
    show({ from: shown.from + by, to: shown.to + by });
  };
  return {
    ...shown,
    zoom,
    pan,
    all: () => setStretch('all'),
    handlers: {
      onWheel(event) {
        const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
        if (!event.ctrlKey && !event.shiftKey && !event.altKey && !sideways) return;
        event.preventDefault();
        if (sideways && !event.ctrlKey) pan(event.deltaX / width);
        else
          zoom(
            Math.exp((event.deltaY + (sideways ? event.deltaX : 0)) / 300),
            (event.clientX - left) / width,
          );
      },
      onPointerDown(event) {
        drag.current = { x: event.clientX, from: shown, moved: false };
      },
      onPointerMove(event) {
        if (drag.current === null) return;
        const { x, from } = drag.current;
        const { width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
        const moved = event.clientX - x;
        if (Math.abs(moved) > 4 && !drag.current.moved) {
          drag.current.moved = true;
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        }
        if (!drag.current.moved) return;
        const by = (moved / width) * (from.to - from.from);
        show({ from: from.from - by, to: from.to - by });
      },
      onPointerUp(event) {
        const { left, top, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
        const moved = drag.current?.moved ?? true;
        drag.current = null;
        if (moved) return;
        onPick(shown.from + ((event.clientX - left) / width) * (shown.to - shown.from), event.clientY - top);
      },
    },
  };
}
