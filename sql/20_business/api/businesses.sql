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
    businesses.updated_at,
    businesses.max_holds_per_customer,
    businesses.max_holds_per_address
from business.businesses;
grant select on public.businesses to anon, authenticated;
grant update (
    slug, name, description, vertical_id, email, phone, website, address_line1, address_line2, city,
    region, postal_code, country, latitude, longitude, time_zone, currency, locale, settings,
    max_holds_per_customer, max_holds_per_address
) on public.businesses to authenticated;
grant select, insert, update, delete on public.businesses to service_role;

comment on view public.businesses is
'Businesses that the caller may see.

Everyone sees approved and active ones. Members see theirs in every state; managers and owners '
'may change the profile. The platform''s staff see all.';
comment on column public.businesses.id is
'Primary key. Every row that the business owns carries it as business_id.';
comment on column public.businesses.slug is
'Unique name in URLs: 2 to 80 lower-case letters, digits and single hyphens. Only owners may '
'change it.';
comment on column public.businesses.name is 'Name, 1 to 200 characters.';
comment on column public.businesses.description is 'At most 5000 characters, or null.';
comment on column public.businesses.vertical_id is 'The line of business, a row of verticals.';
comment on column public.businesses.email is 'Public e-mail address, or null.';
comment on column public.businesses.phone is 'Public phone number, or null.';
comment on column public.businesses.website is
'URL of the website, beginning with http:// or https://, or null.';
comment on column public.businesses.address_line1 is 'Street and number, or null.';
comment on column public.businesses.address_line2 is 'Second line of the address, or null.';
comment on column public.businesses.city is 'City, or null.';
comment on column public.businesses.region is 'State, province or prefecture, or null.';
comment on column public.businesses.postal_code is 'Postal code, or null.';
comment on column public.businesses.country is 'ISO 3166 code, two letters.';
comment on column public.businesses.latitude is
'Degrees north, or null. Set together with longitude.';
comment on column public.businesses.longitude is
'Degrees east, or null. Set together with latitude.';
comment on column public.businesses.time_zone is 'IANA time zone of its hours and days.';
comment on column public.businesses.currency is
'ISO 4217 code of its prices. Cannot change after the business was submitted.';
comment on column public.businesses.locale is 'Language tag, such as en or de-AT.';
comment on column public.businesses.settings is
'JSON object that may contain accent_color (#rrggbb), welcome_text and booking_notice, all texts.';
comment on column public.businesses.status is
'draft, submitted, approved, rejected or suspended. Changed by functions such as submit_business.';
comment on column public.businesses.is_active is
'Whether the owner has it switched on. Changed by set_business_active.';
comment on column public.businesses.is_verified is
'Whether the platform has verified who is behind it.';
comment on column public.businesses.created_at is 'When it was created.';
comment on column public.businesses.updated_at is 'When it last changed.';
comment on column public.businesses.max_holds_per_customer is
'How many times a customer may hold at once, from 1 to 1000.';
comment on column public.businesses.max_holds_per_address is
'How many times may be held from one network address at once, from 1 to 100000.';

create view public.verticals
with (security_invoker = true)
as
select
    verticals.id,
    verticals.name,
    verticals.position
from business.verticals;
grant select on public.verticals to anon, authenticated;
grant select, insert, update, delete on public.verticals to service_role;

comment on view public.verticals is
'Lines of business.

Readable by everyone.';
comment on column public.verticals.id is 'Stable name, such as salon or clinic.';
comment on column public.verticals.name is 'English name.';
comment on column public.verticals.position is 'Order of display, ascending.';

create view public.closures
with (security_invoker = true)
as
select
    closures.id,
    closures.business_id,
    closures.starts_on,
    closures.ends_on,
    closures.title,
    closures.created_at
from business.closures;
grant select on public.closures to anon;
grant select, delete on public.closures to authenticated;
grant insert (id, business_id, starts_on, ends_on, title) on public.closures to authenticated;
grant update (id, business_id, starts_on, ends_on, title) on public.closures to authenticated;
grant select, insert, update, delete on public.closures to service_role;

comment on view public.closures is
'Whole days on which nothing can be booked, in the business''s time zone.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.closures.id is 'Primary key.';
comment on column public.closures.business_id is 'The business that owns it. Cannot be changed.';
comment on column public.closures.starts_on is 'First closed day.';
comment on column public.closures.ends_on is 'Last closed day, at most two years after the first.';
comment on column public.closures.title is
'The reason, such as New Year, at most 200 characters, or null.';
comment on column public.closures.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 *          PT429 rate_limited
 */
create function public.create_business(
    name text,
    vertical text,
    country text,
    time_zone text,
    currency text,
    slug text default null,
    description text default null,
    email text default null,
    phone text default null
)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_business public.businesses;
begin
    perform private.token_user_id();
    v_id = business.create_business(
        name => private.to_required_text(create_business.name, 'name', 200),
        vertical_id => private.to_required_text(create_business.vertical, 'vertical', 40),
        country => private.to_required_text(create_business.country, 'country', 2),
        time_zone => private.to_required_text(create_business.time_zone, 'time_zone', 100),
        currency => private.to_required_text(create_business.currency, 'currency', 3),
        slug => private.to_text(create_business.slug, 'slug', 80),
        description => private.to_text(create_business.description, 'description', 5000),
        email => private.to_text(create_business.email, 'email', 320),
        phone => private.to_text(create_business.phone, 'phone', 50)
    );
    select businesses.* into strict v_business from public.businesses where businesses.id = v_id;
    return v_business;
end;
$$;
grant execute on function public.create_business(
    text, text, text, text, text, text, text, text, text
) to anon, authenticated, service_role;

comment on function public.create_business(
    text, text, text, text, text, text, text, text, text
) is
'Create a business as a draft.

The caller becomes its owner. not_found answers an unknown vertical or currency, already_exists a '
'slug that is taken.

- name: 1 to 200 characters.
- vertical: id of a row of verticals.
- country: ISO 3166 code, two letters.
- time_zone: IANA name.
- currency: code of a row of currencies.
- slug: unique; made from the name by default.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_exists 409, rate_limited '
'429.';
