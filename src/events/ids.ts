/** Identifiers as branded types, so that one kind of text never passes for another. */
import { z } from 'zod';

declare const brand: unique symbol;
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Place of an event in the log: dense, from 1. */
export type Position = Branded<number, 'Position'>;
/** 32 hex digits: the digest of the event's idempotency key. */
export type EventId = Branded<string, 'EventId'>;
/** The engine's own id, as `GET /info` gives it in `ID`. */
export type EngineId = Branded<string, 'EngineId'>;
/** 64 hex digits, as the Docker API gives it in `Id`. */
export type ContainerId = Branded<string, 'ContainerId'>;
/** A host name in its one form: lower case, no port, no trailing dot. */
export type Host = Branded<string, 'Host'>;
/** 16 hex digits made from engine, owner, host and path; the same route gets the same id again. */
export type RouteId = Branded<string, 'RouteId'>;
/** A command's id: what the log calls it, a UUID. */
export type CommandId = Branded<string, 'CommandId'>;
/** What an event is about: `container:ENGINE/ID`, `route:ID`, `command:ID` or `portolan`. */
export type StreamId = Branded<string, 'StreamId'>;

const text = <T extends string>(schema: z.ZodString = z.string().min(1)) =>
  schema as unknown as z.ZodType<T, T>;

export const positionSchema = z.number().int().nonnegative() as unknown as z.ZodType<Position, Position>;
export const engineIdSchema = text<EngineId>();
export const containerIdSchema = text<ContainerId>(z.string().regex(/^[0-9a-f]{64}$/));
export const hostSchema = text<Host>();
export const routeIdSchema = text<RouteId>(z.string().regex(/^[0-9a-f]{16}$/));
export const commandIdSchema = text<CommandId>();

export const portolanStream = 'portolan' as StreamId;
export const containerStream = (engine: EngineId, container: ContainerId): StreamId =>
  `container:${engine}/${container}` as StreamId;
export const routeStream = (route: RouteId): StreamId => `route:${route}` as StreamId;
export const commandStream = (command: CommandId): StreamId => `command:${command}` as StreamId;
