/** Server-sent events out of a body (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import type { Readable } from 'node:stream';

export interface ServerSentEvent {
  readonly id: string;
  /** `message` if the server gave none. */
  readonly event: string;
  readonly data: string;
}

export async function* readServerSentEvents(body: Readable): AsyncGenerator<ServerSentEvent> {
  let rest = '';
  let fields = { id: '', event: '', data: [] as string[] };
  body.setEncoding('utf8');
  for await (const text of body as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (fields.data.length > 0 || fields.event !== '') {
          yield { id: fields.id, event: fields.event || 'message', data: fields.data.join('\n') };
        }
        fields = { id: fields.id, event: '', data: [] };
        continue;
      }
      const [, name, value = ''] = /^([^:]*):? ?(.*)$/.exec(line)!;
      if (name === 'data') fields.data.push(value);
      else if (name === 'event') fields.event = value;
      else if (name === 'id') fields.id = value;
    }
  }
}
