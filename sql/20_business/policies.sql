-- Everyone reads businesses that are approved and active; members and customers read theirs in any
-- state, platform staff read all. Managers edit the profile. Clients cannot write status,
-- activity, verification and membership: functions change them, check the caller, and leave a
-- history.

alter table business.businesses enable row level security;
grant select on business.businesses to anon, authenticated;
grant select, insert, update, delete on business.businesses to service_role;
grant update (
    slug, name, description, vertical_id, email, phone, website, address_line1, address_line2, city,
    region, postal_code, country, latitude, longitude, time_zone, currency, locale, settings,
    max_holds_per_customer, max_holds_per_address
) on business.businesses to authenticated;

create policy businesses_select_public
on business.businesses
for select
to anon
using (status = 'approved' and is_active);

-- Users read businesses by the policy businesses_select of 22_customers, which knows whom they
-- bought from.

create policy businesses_update
on business.businesses
for update
to authenticated
using (id in (select private.my_businesses('manage')))
with check (id in (select private.my_businesses('manage')));

alter table business.verticals enable row level security;
grant select on business.verticals to anon, authenticated;
grant select, insert, update, delete on business.verticals to service_role;
-- No writes: verticals come with the seed.

create policy verticals_select
on business.verticals
for select
to anon, authenticated
using (true);

-- Functions read the workflow, and clients may draw it.
alter table business.business_transitions enable row level security;
grant select on business.business_transitions to service_role;

alter table business.business_members enable row level security;
grant select on business.business_members to authenticated;
grant select, insert, update, delete on business.business_members to service_role;
-- No writes: owners call set_member_role and remove_member, and nobody joins without an
-- invitation.

create policy business_members_select
on business.business_members
for select
to authenticated
using (
    business_id in (select private.my_businesses('view'))
    or (select private.is_platform_staff('support'))
);

alter table business.invitations enable row level security;
grant select (
    id, business_id, email, role, expires_at, invited_by, accepted_by, accepted_at, revoked_at,
    created_at
) on business.invitations to authenticated;
grant select, insert, update, delete on business.invitations to service_role;
-- Never the hash of the token. No writes: invite_member, accept_invitation, revoke_invitation.

create policy invitations_select
on business.invitations
for select
to authenticated
using (
    business_id in (select private.my_businesses('own'))
    or (select private.is_platform_staff('support'))
);

alter table business.closures enable row level security;
grant select on business.closures to anon;
grant select, delete on business.closures to authenticated;
grant insert (id, business_id, starts_on, ends_on, title) on business.closures to authenticated;
grant update (id, business_id, starts_on, ends_on, title) on business.closures to authenticated;
grant select, insert, update, delete on business.closures to service_role;
-- id and business_id may be written because an upsert writes them; changing either is refused.

create policy closures_select
on business.closures
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = closures.business_id
    )
);

create policy closures_insert
on business.closures
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy closures_update
on business.closures
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy closures_delete
on business.closures
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table business.business_history enable row level security;
grant select on business.business_history to authenticated;
grant select on business.business_history to service_role;
-- Only triggers write it.

create policy business_history_select
on business.business_history
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
);

grant execute on function private.refuse_foreign_business(uuid, text)
to anon, authenticated, service_role;
grant execute on function
private.my_businesses(text),
private.seen_businesses(),
private.require_member(uuid, text),
business.settings_are_known(jsonb),
business.is_open(uuid),
business.time_zone(uuid),
business.claim_slug(text),
business.refuse_step(text, text),
business.create_business(text, text, text, text, text, text, text, text, text),
business.take_step(uuid, business.business_step, text),
business.set_active(uuid, boolean),
business.set_verified(uuid, boolean, text),
business.set_member_role(uuid, business.member_role),
business.remove_member(uuid),
business.invite_member(uuid, text, business.member_role, text),
business.accept_invitation(text),
business.revoke_invitation(uuid)
to anon, authenticated, service_role;

-- Stores are read like their business.
alter table business.stores enable row level security;
grant select on business.stores to anon;
grant select, delete on business.stores to authenticated;
grant insert (
    id, business_id, name, region, position, is_active, line1, line2, postal_code, city, latitude,
    longitude, is_pickup
) on business.stores to authenticated;
grant update (
    id, business_id, name, region, position, is_active, line1, line2, postal_code, city, latitude,
    longitude, is_pickup
) on business.stores to authenticated;
grant select, insert, update, delete on business.stores to service_role;

create policy stores_select
on business.stores
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = stores.business_id
    )
);

create policy stores_insert
on business.stores
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy stores_update
on business.stores
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy stores_delete
on business.stores
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Their hours are read like them.
alter table business.store_hours enable row level security;
grant select on business.store_hours to anon;
grant select, delete on business.store_hours to authenticated;
grant insert (id, business_id, store_id, weekday, opens_at, closes_at) on business.store_hours
to authenticated;
grant update (id, business_id, store_id, weekday, opens_at, closes_at) on business.store_hours
to authenticated;
grant select, insert, update, delete on business.store_hours to service_role;

create policy store_hours_select
on business.store_hours
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = store_hours.business_id
    )
);

create policy store_hours_insert
on business.store_hours
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy store_hours_update
on business.store_hours
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy store_hours_delete
on business.store_hours
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function business.point_on_earth(double precision, double precision)
to anon, authenticated, service_role;
grant execute on function business.is_region(text) to anon, authenticated, service_role;
