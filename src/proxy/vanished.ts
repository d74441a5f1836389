/** Clients that vanish without a word: a machine put to sleep, a network address translation that forgot. TCP asks for them. */
import type { Socket } from 'node:net';

/** A minute of silence, then two more without an answer: a break of the network that somebody sits through is no end. */
const asking = { enable: true, initialDelay: 60_000, interval: 15_000, count: 8 };

/** For connections that nothing else bounds: a stream of events and a WebSocket may be silent for hours. */
export const askNowAndThen = (client: Socket): void => void client.setKeepAlive(asking);
