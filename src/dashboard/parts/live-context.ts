/** The live end of the log, for whoever follows it. */
import { createContext } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import type { Live } from '../api/live.ts';
import type { LogEvent } from '../api/shapes.ts';

export const LiveContext = createContext<Live | null>(null);

/** Calls back for each event as it is recorded. */
export function useEvents(listener: (event: LogEvent) => void): void {
  const live = useContext(LiveContext);
  useEffect(() => live?.onEvent(listener), [live, listener]);
}
