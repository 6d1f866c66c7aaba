-- Everyone sees businesses that are approved and active; members see theirs in any state, the platform's
-- staff all of them. Managers edit the profile. Status, activity, verification and membership are nobody's
-- to write: functions change them, check who asks, and leave a history.

alter table business.businesses enable row level security;
grant select on business.businesses to anon, authenticated;
grant select, insert, update, delete on business.businesses to service_role;
grant update (
    slug, name, description, vertical_id, email, phone, website, address_line1, address_line2, city,
    region, postal_code, country, latitude, longitude, time_zone, currency, locale, settings
) on business.businesses to authenticated;

create policy businesses_select_public
on business.businesses
for select
to anon
using (status = 'approved' and is_active);

create policy businesses_select
on business.businesses
for select
to authenticated
using (
    status = 'approved' and is_active
    or id in (select private.my_businesses('view'))
    or (select private.is_platform_staff('support'))
);

create policy businesses_update
on business.businesses
for update
to authenticated
using (id in (select private.my_businesses('manage')))
with check (id in (select private.my_businesses('manage')));

grant execute on function
    private.my_businesses(text),
    business.settings_are_known(jsonb),
    business.is_open(uuid),
    business.is_visible(uuid),
    business.time_zone(uuid),
    private.require_member(uuid, text)
to anon, authenticated, service_role;
