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
    profiles.updated_at
from identity.profiles;
grant select on public.profiles to authenticated;
grant update (full_name, phone, locale, time_zone) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

comment on view public.profiles is 'The caller''s own profile: one row, never another user''s.';
comment on column public.profiles.id is 'The user''s id.';
comment on column public.profiles.email is
'The e-mail address of the account, or null. It changes with the account, not here.';
comment on column public.profiles.full_name is 'Name, 1 to 200 characters, or null. May be changed.';
comment on column public.profiles.phone is
'Phone number in international form, such as +491701234567, or null. May be changed.';
comment on column public.profiles.locale is 'Language tag, such as en or de-AT. May be changed.';
comment on column public.profiles.time_zone is 'IANA time zone. May be changed.';
comment on column public.profiles.created_at is 'When the account was made.';
comment on column public.profiles.updated_at is 'When the profile last changed.';
