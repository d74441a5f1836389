CREATE TRIGGER `events_no_update` BEFORE UPDATE ON `events` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `events_no_delete` BEFORE DELETE ON `events` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `specs_no_update` BEFORE UPDATE ON `specs` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `specs_no_delete` BEFORE DELETE ON `specs` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `streams_no_update` BEFORE UPDATE ON `streams` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `streams_no_delete` BEFORE DELETE ON `streams` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `engines_no_update` BEFORE UPDATE ON `engines` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `engines_no_delete` BEFORE DELETE ON `engines` BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `events_dense` BEFORE INSERT ON `events` BEGIN SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM events WHERE id = NEW.id); SELECT RAISE(ABORT, 'the log is append-only') WHERE NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM events); END;
--> statement-breakpoint
CREATE TRIGGER `specs_no_replace` BEFORE INSERT ON `specs` BEGIN SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM specs WHERE digest = NEW.digest); END;
--> statement-breakpoint
CREATE TRIGGER `streams_no_replace` BEFORE INSERT ON `streams` BEGIN SELECT RAISE(ABORT, 'the log is append-only') WHERE EXISTS (SELECT 1 FROM streams WHERE id = NEW.id OR name = NEW.name); END;
--> statement-breakpoint
CREATE TRIGGER `engines_no_replace` BEFORE INSERT ON `engines` BEGIN SELECT RAISE(ABORT, 'the log is append-only') WHERE EXISTS (SELECT 1 FROM engines WHERE id = NEW.id OR name = NEW.name); END;
--> statement-breakpoint
CREATE VIEW `event_log` AS SELECT e.position, lower(hex(e.id)) AS id, e.type, s.name AS stream_id, n.name AS engine_id, e.occurred_at, e.recorded_at, e.actor_kind, e.actor_name, lower(hex(coalesce(e.correlation, e.id))) AS correlation_id, CASE WHEN e.causation IS NOT NULL THEN lower(hex(e.causation)) END AS causation_id, e.inferred, e.schema_version, e.data, lower(hex(e.hash)) AS hash FROM events e JOIN streams s ON s.id = e.stream LEFT JOIN engines n ON n.id = e.engine;
