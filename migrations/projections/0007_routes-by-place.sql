DROP INDEX `routes_host`;--> statement-breakpoint
CREATE INDEX `routes_place` ON `routes` (`host`,`path`,`id`);