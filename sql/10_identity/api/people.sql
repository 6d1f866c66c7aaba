-- What clients see of people.

create view public.profiles
with (security_invoker = true)
as
select
    profiles.id,
    profiles.email,
    profiles.full_name,
    profiles.phone,
    profiles.locale,
    profiles.time_zone,
    profiles.created_at,
    profiles.updated_at,
    profiles.has_one_calendar
from identity.profiles;
grant select on public.profiles to authenticated;
grant update (
    full_name, phone, locale, time_zone, has_one_calendar
) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

comment on view public.profiles is 'The caller''s own profile, in one row.';
comment on column public.profiles.id is 'The user''s id.';
comment on column public.profiles.email is
'The account''s e-mail address, or null. To change it, change the account.';
comment on column public.profiles.full_name is
'Name, 1 to 200 characters, or null. May be changed.';
comment on column public.profiles.phone is
'Phone number in international form, such as +491701234567, or null. May be changed.';
comment on column public.profiles.locale is 'Language tag, such as en or de-AT. May be changed.';
comment on column public.profiles.time_zone is 'IANA time zone. May be changed.';
comment on column public.profiles.created_at is 'When the account was created.';
comment on column public.profiles.updated_at is 'When the profile last changed.';
comment on column public.profiles.has_one_calendar is
'Whether all businesses in which the user works share one calendar: a booking in one makes the '
'user busy in the others, which never learn whose booking it is. May be changed.';

create view public.addresses
with (security_invoker = true)
as
select
    addresses.id,
    addresses.user_id,
    addresses.label,
    addresses.recipient,
    addresses.line1,
    addresses.line2,
    addresses.city,
    addresses.region,
    addresses.postal_code,
    addresses.country,
    addresses.is_default,
    addresses.created_at,
    addresses.updated_at
from identity.addresses;
grant select, delete on public.addresses to authenticated;
grant insert (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on public.addresses to authenticated;
grant update (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on public.addresses to authenticated;
grant select, insert, update, delete on public.addresses to service_role;

comment on view public.addresses is
'The caller''s own addresses, to read, add, change and delete.

At most one is the default.';
comment on column public.addresses.id is
'Primary key. The server generates it unless it is sent. Cannot be changed.';
comment on column public.addresses.user_id is 'Always the caller; a sent value is ignored.';
comment on column public.addresses.label is 'The user''s name for it, such as Home, or null.';
comment on column public.addresses.recipient is 'The person to whom mail is addressed.';
comment on column public.addresses.line1 is 'Street and number.';
comment on column public.addresses.line2 is 'Second line, or null.';
comment on column public.addresses.city is 'City.';
comment on column public.addresses.region is 'State, province or prefecture, or null.';
comment on column public.addresses.postal_code is 'Postal code, or null.';
comment on column public.addresses.country is 'ISO 3166 code, two letters.';
comment on column public.addresses.is_default is
'The first address becomes the default. Setting another address as the default unsets this one.';
comment on column public.addresses.created_at is 'When it was added.';
comment on column public.addresses.updated_at is 'When it last changed.';

create view public.platform_staff
with (security_invoker = true)
as
select
    platform_staff.user_id,
    platform_staff.role,
    platform_staff.granted_by,
    platform_staff.granted_at
from identity.platform_staff;
grant select on public.platform_staff to authenticated;
grant select, insert, update, delete on public.platform_staff to service_role;

comment on view public.platform_staff is
'Users who run the marketplace.

They see each other; everyone else sees only their own row, if they have one.';
comment on column public.platform_staff.user_id is 'The user.';
comment on column public.platform_staff.role is
'support, finance or admin; each role includes the rights of the ones before.';
comment on column public.platform_staff.granted_by is
'The admin who granted the role; null for the operator.';
comment on column public.platform_staff.granted_at is 'When the role was granted.';

create view public.activity
with (security_invoker = true)
as
select
    activity_events.id,
    activity_events.user_id,
    activity_events.kind,
    activity_events.at,
    activity_events.ip,
    activity_events.user_agent,
    activity_events.details
from identity.activity_events;
grant select on public.activity to authenticated, service_role;

comment on view public.activity is
'The caller''s account activity of the last 400 days: what they did and what was done to their '
'account.

Read-only.';
comment on column public.activity.id is 'Primary key; later entries have higher keys.';
comment on column public.activity.user_id is 'Always the caller.';
comment on column public.activity.kind is
'signed_up, signed_in, signed_out, session_ended, recovery_requested, password_changed, '
'account_changed, account_deleted, factor_added, factor_removed, passkey_added, '
'passkey_removed, recovery_code_used, identity_linked, identity_unlinked, profile_changed, '
'platform_role_changed or membership_changed.';
comment on column public.activity.at is 'When it happened.';
comment on column public.activity.ip is 'The network address, or null.';
comment on column public.activity.user_agent is 'The program, by the name it sends, or null.';
comment on column public.activity.details is
'Details, such as the provider of a sign-in, the names of changed columns, or the old and new '
'role.';

/*
 * Give a user a platform role, or with null take it away. For admins.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_admin
 */
create function public.set_platform_role(user_id public.identifier, role text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if set_platform_role.role not in ('support', 'finance', 'admin') then
        perform private.invalid('role', 'must be support, finance, admin or null');
    end if;
    perform identity.set_platform_role(
        private.to_identifier(set_platform_role.user_id, 'user_id'),
        set_platform_role.role::identity.platform_role
    );
end;
$$;
grant execute on function public.set_platform_role(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.set_platform_role(public.identifier, text) is
'Grant a platform role to a user, or revoke it.

For admins of the platform. The last admin keeps it.

- role: support, finance, admin, or null to revoke the role.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_admin 409.';
