CREATE TABLE `host_entries` (
	`host` text NOT NULL,
	`from_position` integer NOT NULL,
	`from_ms` integer NOT NULL,
	`entry` text NOT NULL,
	PRIMARY KEY(`host`, `from_position`)
);
--> statement-breakpoint
CREATE TABLE `refusal_history` (
	`container` text NOT NULL,
	`from_position` integer NOT NULL,
	`to_position` integer,
	`refusals` text NOT NULL,
	PRIMARY KEY(`container`, `from_position`)
);
--> statement-breakpoint
CREATE INDEX `refusal_history_open` ON `refusal_history` (`to_position`);--> statement-breakpoint
CREATE TABLE `service_history` (
	`from_position` integer PRIMARY KEY NOT NULL,
	`from_ms` integer NOT NULL,
	`to_position` integer,
	`to_ms` integer
);
--> statement-breakpoint
CREATE INDEX `audit_consequences_position` ON `audit_consequences` (`position`);