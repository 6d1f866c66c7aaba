-- Clients neither read nor write entitlements: what they are worth shows in prices and rules, and
-- only the domains that grant them write them.

alter table customers.entitlements enable row level security;
grant select, insert, update, delete on customers.entitlements to service_role;
