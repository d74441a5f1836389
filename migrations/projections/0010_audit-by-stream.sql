DROP INDEX `audit_command`;--> statement-breakpoint
CREATE INDEX `audit_command` ON `audit` (`command`) WHERE "audit"."command" is not null;--> statement-breakpoint
DROP TABLE `audit_subjects`;--> statement-breakpoint
CREATE TABLE `audit_subjects` (
	`stream` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL
) WITHOUT ROWID;