DROP TABLE `host_entries`;--> statement-breakpoint
CREATE TABLE `host_entries` (
	`host` integer NOT NULL,
	`from_position` integer NOT NULL,
	`from_ms` integer NOT NULL,
	`entry` text NOT NULL,
	PRIMARY KEY(`host`, `from_position`)
);
--> statement-breakpoint
DROP TABLE `host_names`;--> statement-breakpoint
CREATE TABLE `host_names` (
	`host` text NOT NULL,
	`number` integer NOT NULL,
	`from_position` integer NOT NULL,
	`to_position` integer,
	PRIMARY KEY(`host`, `from_position`)
) WITHOUT ROWID;