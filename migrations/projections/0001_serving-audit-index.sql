CREATE TABLE `audit_subjects` (
	`engine` text NOT NULL,
	`container` text NOT NULL,
	`state` text NOT NULL,
	PRIMARY KEY(`engine`, `container`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `container_names` (
	`name` text NOT NULL,
	`engine` text NOT NULL,
	`id` text NOT NULL,
	PRIMARY KEY(`name`, `engine`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `event_index` (
	`subject` integer NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`subject`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `service` (
	`id` integer PRIMARY KEY NOT NULL,
	`serving` integer NOT NULL,
	`boot` text,
	`confirmed_boot` text,
	`last_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `standing_routes` (
	`route` text PRIMARY KEY NOT NULL,
	`host` text NOT NULL,
	`path` text NOT NULL,
	`owner` text NOT NULL,
	`targets` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `subjects` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subjects_name_unique` ON `subjects` (`name`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_audit_consequences` (
	`entry` integer NOT NULL,
	`position` integer NOT NULL,
	`id` text,
	PRIMARY KEY(`entry`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_audit_consequences`("entry", "position", "id") SELECT "entry", "position", "id" FROM `audit_consequences`;--> statement-breakpoint
DROP TABLE `audit_consequences`;--> statement-breakpoint
ALTER TABLE `__new_audit_consequences` RENAME TO `audit_consequences`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `audit_consequences_cause` ON `audit_consequences` (`id`) WHERE "audit_consequences"."id" is not null;--> statement-breakpoint
CREATE INDEX `audit_name` ON `audit` (`name`,`position`);--> statement-breakpoint
ALTER TABLE `audit` DROP COLUMN `last_ms`;