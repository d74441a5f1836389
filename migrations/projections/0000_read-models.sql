CREATE TABLE `audit` (
	`position` integer PRIMARY KEY NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_name` text NOT NULL,
	`action` text NOT NULL,
	`command` text,
	`engine` text,
	`container` text,
	`name` text,
	`requested_ms` integer NOT NULL,
	`completed_ms` integer,
	`last_ms` integer NOT NULL,
	`outcome` text NOT NULL,
	`detail` text NOT NULL,
	`basis` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_container` ON `audit` (`container`,`position`);--> statement-breakpoint
CREATE INDEX `audit_command` ON `audit` (`command`);--> statement-breakpoint
CREATE INDEX `audit_actor` ON `audit` (`actor_kind`,`actor_name`,`position`);--> statement-breakpoint
CREATE TABLE `audit_consequences` (
	`entry` integer NOT NULL,
	`position` integer NOT NULL,
	`id` text NOT NULL,
	PRIMARY KEY(`entry`, `position`)
);
--> statement-breakpoint
CREATE INDEX `audit_consequences_id` ON `audit_consequences` (`id`);--> statement-breakpoint
CREATE TABLE `checkpoints` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`position` integer NOT NULL,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `containers` (
	`engine` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`observation` text NOT NULL,
	`lost` text,
	`since` integer NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`engine`, `id`)
);
--> statement-breakpoint
CREATE INDEX `containers_name` ON `containers` (`name`);--> statement-breakpoint
CREATE TABLE `route_history` (
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
);
--> statement-breakpoint
CREATE INDEX `route_history_host` ON `route_history` (`host`,`from_position`);--> statement-breakpoint
CREATE INDEX `route_history_open` ON `route_history` (`to_position`,`route`);--> statement-breakpoint
CREATE TABLE `routes` (
	`id` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`path` text NOT NULL,
	`owner` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`targets` text NOT NULL,
	`since` integer NOT NULL,
	`position` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `routes_host` ON `routes` (`host`);