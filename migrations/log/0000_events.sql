CREATE TABLE `engines` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `engines_name_unique` ON `engines` (`name`);--> statement-breakpoint
CREATE TABLE `events` (
	`position` integer PRIMARY KEY NOT NULL,
	`id` blob NOT NULL,
	`type` text NOT NULL,
	`stream` integer NOT NULL,
	`engine` integer,
	`occurred_at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_name` text NOT NULL,
	`correlation` blob,
	`causation` blob,
	`inferred` integer NOT NULL,
	`schema_version` integer NOT NULL,
	`data` text,
	`salt` blob NOT NULL,
	`data_digest` blob NOT NULL,
	`hash` blob NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_id` ON `events` (`id`);--> statement-breakpoint
CREATE INDEX `events_stream` ON `events` (`stream`);--> statement-breakpoint
CREATE INDEX `events_causation` ON `events` (`causation`) WHERE "events"."causation" is not null;--> statement-breakpoint
CREATE TABLE `snapshots` (
	`position` integer PRIMARY KEY NOT NULL,
	`fold_version` integer NOT NULL,
	`chain_hash` text NOT NULL,
	`digest` text NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `specs` (
	`digest` blob PRIMARY KEY NOT NULL,
	`bytes` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `streams` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `streams_name_unique` ON `streams` (`name`);