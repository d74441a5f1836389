DROP TABLE `audit_consequences`;--> statement-breakpoint
CREATE TABLE `audit_consequences` (
	`position` integer NOT NULL,
	`entry` integer NOT NULL,
	PRIMARY KEY(`position`, `entry`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `audit_consequences_entry` ON `audit_consequences` (`entry`,`position`);