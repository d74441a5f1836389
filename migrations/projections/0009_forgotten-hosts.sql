CREATE TABLE `__new_host_names` (
	`host` text NOT NULL,
	`from_position` integer NOT NULL,
	`to_position` integer,
	PRIMARY KEY(`host`, `from_position`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_host_names`("host", "from_position") SELECT "host", "from_position" FROM `host_names`;--> statement-breakpoint
DROP TABLE `host_names`;--> statement-breakpoint
ALTER TABLE `__new_host_names` RENAME TO `host_names`;