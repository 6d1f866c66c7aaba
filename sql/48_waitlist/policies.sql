-- Entries are seen by who waits and by the business; written by functions only.

alter table scheduling.waitlist_entries enable row level security;
alter table scheduling.waitlist_offers enable row level security;
grant select on scheduling.waitlist_entries, scheduling.waitlist_offers to authenticated;
grant select, insert, update, delete on
scheduling.waitlist_entries,
scheduling.waitlist_offers
to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    entry_id in (
        select waitlist_entries.id
        from scheduling.waitlist_entries
        where waitlist_entries.customer_id = (select auth.uid())
    )
    or business_id = any(array(select private.seen_businesses()))
);
grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, tstzrange)
to worker;
