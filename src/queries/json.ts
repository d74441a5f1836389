/**
 * A long answer as its JSON text in UTF-8, written on the reader's thread: the thread that serves the API runs the control
 * loop, too, and only passes it on.
 */
export class Json<T> {
  readonly bytes: Uint8Array<ArrayBuffer>;
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }
  parse(): T {
    return JSON.parse(new TextDecoder().decode(this.bytes)) as T;
  }
}

/** @returns bytes that nobody else has a part of, so that they can be moved to another thread */
export const writeJson = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value));
