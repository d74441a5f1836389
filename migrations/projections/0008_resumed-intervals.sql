ALTER TABLE `route_history` ADD `resumed` text;--> statement-breakpoint
ALTER TABLE `route_history` ADD `decided_position` integer;--> statement-breakpoint
ALTER TABLE `route_history` ADD `decided_ms` integer;--> statement-breakpoint
ALTER TABLE `standing_routes` ADD `decided_position` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `standing_routes` ADD `decided_ms` integer DEFAULT 0 NOT NULL;