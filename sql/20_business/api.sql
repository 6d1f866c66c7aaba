-- What clients see of businesses, and what they may ask for.

create view public.businesses
with (security_invoker = true)
as
select
    businesses.id,
    businesses.slug,
    businesses.name,
    businesses.description,
    businesses.vertical_id,
    businesses.email,
    businesses.phone,
    businesses.website,
    businesses.address_line1,
    businesses.address_line2,
    businesses.city,
    businesses.region,
    businesses.postal_code,
    businesses.country,
    businesses.latitude,
    businesses.longitude,
    businesses.time_zone,
    businesses.currency,
    businesses.locale,
    businesses.settings,
    businesses.status,
    businesses.is_active,
    businesses.is_verified,
    businesses.created_at,
    businesses.updated_at
from business.businesses;
grant select on public.businesses to anon, authenticated;
grant update (
    slug, name, description, vertical_id, email, phone, website, address_line1, address_line2, city,
    region, postal_code, country, latitude, longitude, time_zone, currency, locale, settings
) on public.businesses to authenticated;
grant select, insert, update, delete on public.businesses to service_role;

comment on view public.businesses is
$$Businesses that the caller may see.

Everyone sees those that are approved and active; members see theirs in every state, and managers and owners
may change the profile; the platform's staff see all.$$;
comment on column public.businesses.id is 'The business. Every row that it owns carries this as business_id.';
comment on column public.businesses.slug is
'Name in addresses, unique: 2 to 80 lower-case letters, digits, single hyphens. Only an owner changes it.';
comment on column public.businesses.name is 'Name, 1 to 200 characters.';
comment on column public.businesses.description is 'At most 5000 characters, or null.';
comment on column public.businesses.vertical_id is 'Line of business: a row of verticals.';
comment on column public.businesses.email is 'Public e-mail address, or null.';
comment on column public.businesses.phone is 'Public phone number, or null.';
comment on column public.businesses.website is 'Address of a website, beginning with http:// or https://, or null.';
comment on column public.businesses.address_line1 is 'Street and number, or null.';
comment on column public.businesses.address_line2 is 'Second line of the address, or null.';
comment on column public.businesses.city is 'City, or null.';
comment on column public.businesses.region is 'State, province or prefecture, or null.';
comment on column public.businesses.postal_code is 'Postal code, or null.';
comment on column public.businesses.country is 'ISO 3166 code, two letters.';
comment on column public.businesses.latitude is 'Degrees north, or null; both or neither with longitude.';
comment on column public.businesses.longitude is 'Degrees east, or null; both or neither with latitude.';
comment on column public.businesses.time_zone is 'IANA time zone in which its hours and days are meant.';
comment on column public.businesses.currency is 'ISO 4217 code of its prices. Fixed once it was submitted.';
comment on column public.businesses.locale is 'Language tag, such as en or de-AT.';
comment on column public.businesses.settings is
'JSON object with only accent_color (#rrggbb), welcome_text and booking_notice, all texts.';
comment on column public.businesses.status is
'draft, submitted, approved, rejected or suspended. Changed by submit_business and by the platform.';
comment on column public.businesses.is_active is 'False while its owner has switched it off: set_business_active.';
comment on column public.businesses.is_verified is 'True once the platform has checked who is behind it.';
comment on column public.businesses.created_at is 'When it was made.';
comment on column public.businesses.updated_at is 'When it last changed.';
