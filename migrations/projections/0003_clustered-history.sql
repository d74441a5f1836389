CREATE TABLE `host_names` (
	`host` text PRIMARY KEY NOT NULL,
	`from_position` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `host_names`("host", "from_position") SELECT "host", min("from_position") FROM `host_entries` GROUP BY "host";--> statement-breakpoint
CREATE INDEX `containers_id` ON `containers` (`id`);--> statement-breakpoint
CREATE TABLE `__new_route_history` (
	`route` text NOT NULL,
	`host` text NOT NULL,
	`path` text NOT NULL,
	`owner` text NOT NULL,
	`targets` text NOT NULL,
	`from_position` integer NOT NULL,
	`to_position` integer,
	`from_ms` integer NOT NULL,
	`to_ms` integer,
	`reason` text,
	PRIMARY KEY(`route`, `from_position`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_route_history`("route", "host", "path", "owner", "targets", "from_position", "to_position", "from_ms", "to_ms", "reason") SELECT "route", "host", "path", "owner", "targets", "from_position", "to_position", "from_ms", "to_ms", "reason" FROM `route_history`;--> statement-breakpoint
DROP TABLE `route_history`;--> statement-breakpoint
ALTER TABLE `__new_route_history` RENAME TO `route_history`;--> statement-breakpoint
CREATE INDEX `route_history_host` ON `route_history` (`host`,`from_position`);--> statement-breakpoint
CREATE INDEX `route_history_open` ON `route_history` (`to_position`,`route`);