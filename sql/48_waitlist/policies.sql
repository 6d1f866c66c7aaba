-- Customers see their own entries, and members those of their business. Only functions write them.

alter table scheduling.waitlist_entries enable row level security;
grant select on scheduling.waitlist_entries to authenticated;
grant select, insert, update, delete on scheduling.waitlist_entries to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, uuid, jsonb)
to worker;
