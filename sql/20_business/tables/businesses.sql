-- Businesses: who they are, and whether the platform approved them. A business takes bookings while
-- it is approved and active. Only platform staff approve, suspend or verify, and every such
-- decision keeps its author and its reason (history.sql).

create type business.business_status as enum (
    'draft', 'submitted', 'approved', 'rejected', 'suspended'
);
create type business.business_step as enum (
    'submit', 'approve', 'reject', 'suspend', 'reinstate'
);
create type business.member_role as enum ('owner', 'manager', 'staff', 'accountant');
create type business.history_kind as enum ('status', 'active', 'verified', 'document', 'member');

/*
 * Are all settings known, of the right type and a sane length?
 */
create function business.settings_are_known(settings jsonb)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if jsonb_typeof(settings) <> 'object' or length(settings::text) > 10000 then
        return false;
    end if;
    return not exists (
        select 1
        from jsonb_each(settings) as setting (key, value)
        where
            setting.key not in ('accent_color', 'welcome_text', 'booking_notice')
            or jsonb_typeof(setting.value) <> 'string'
            or setting.key = 'accent_color'
            and setting.value #>> '{}' !~ '^#[0-9a-fA-F]{6}$'
    );
end;
$$;

create table business.verticals (
    id text primary key,
    name text not null,
    position smallint not null default 0,

    constraint verticals_id_is_a_slug check (id ~ '^[a-z][a-z0-9_]{1,40}$')
);
comment on table business.verticals is
'Lines of business, such as salon or clinic: reference data.';

create table business.businesses (
    id uuid primary key default gen_random_uuid(),
    slug text not null,
    name text not null,
    description text,
    vertical_id text not null references business.verticals (id) on delete restrict,
    email text,
    phone text,
    website text,
    address_line1 text,
    address_line2 text,
    city text,
    region text,
    postal_code text,
    country text not null,
    latitude numeric,
    longitude numeric,
    time_zone text not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    locale text not null default 'en',
    settings jsonb not null default '{}',
    status business.business_status not null default 'draft',
    is_active boolean not null default true,
    is_verified boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- The reason of the decision that is being written. The history takes it: null at rest.
    decision_reason text,
    -- How many times a customer, and a network address, may hold at once.
    max_holds_per_customer integer not null default 3,
    max_holds_per_address integer not null default 20,

    constraint businesses_slug_unique unique (slug),
    constraint businesses_slug_is_a_slug check (
        slug ~ '^[a-z0-9](-?[a-z0-9]){1,79}$' and length(slug) <= 80
        or private.invalid('slug', 'must be 2 to 80 lower-case letters, digits and single hyphens')
    ),
    constraint businesses_name_is_short check (
        length(btrim(name)) between 1 and 200
        or private.invalid('name', 'must have 1 to 200 characters')
    ),
    constraint businesses_description_is_short check (
        description is null
        or length(description) <= 5000
        or private.invalid('description', 'must have at most 5000 characters')
    ),
    constraint businesses_contact_is_short check (
        length(concat(
            email, phone, website, address_line1, address_line2, city, region, postal_code
        )) <= 2000
        or private.invalid('contact', 'must have at most 2000 characters in total')
    ),
    constraint businesses_texts_are_printable check (
        description is null
        or not private.has_control_characters(description)
        or private.invalid('description', 'must not contain control characters')
    ),
    -- They stand in mail headers and calendar properties.
    constraint businesses_name_is_one_line check (
        private.is_one_line(name)
        or private.invalid('name', 'must be one line without control characters')
    ),
    constraint businesses_contact_is_one_line check (
        private.is_one_line(concat(
            email, phone, website, address_line1, address_line2, city, region, postal_code
        ))
        or private.invalid('contact', 'must not contain line breaks or control characters')
    ),
    constraint businesses_email_looks_like_one check (
        email is null
        or email ~ '^[^@\s]+@[^@\s]+$'
        or private.invalid('email', 'must be an e-mail address')
    ),
    constraint businesses_website_is_http check (
        website is null
        or website ~ '^https?://\S+$'
        or private.invalid('website', 'must begin with http:// or https://')
    ),
    constraint businesses_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    constraint businesses_place_is_on_earth check (
        (latitude is null) = (longitude is null)
        and coalesce(latitude between -90 and 90, true)
        and coalesce(longitude between -180 and 180, true)
        or private.invalid(
            'latitude and longitude', 'must together be a place on earth, or both be empty'
        )
    ),
    constraint businesses_time_zone_exists check (
        private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    ),
    constraint businesses_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint businesses_settings_are_known check (
        business.settings_are_known(settings)
        or private.invalid(
            'settings', 'may contain only accent_color, welcome_text and booking_notice'
        )
    ),
    constraint businesses_max_holds_are_sane check (
        max_holds_per_customer between 1 and 1000 and max_holds_per_address between 1 and 100000
        or private.invalid(
            'max_holds_per_customer and max_holds_per_address',
            'must be from 1 to 1000 and from 1 to 100000'
        )
    )
);
comment on table business.businesses is
'A tenant: everything that it owns carries its id as business_id.';
create index businesses_vertical_id_idx on business.businesses (vertical_id);
create index businesses_currency_idx on business.businesses (currency);
-- Which businesses does a search leave out?
create index businesses_hidden_idx on business.businesses (id)
where not is_active or status <> 'approved';

create table business.business_transitions (
    step business.business_step not null,
    from_status business.business_status not null,
    to_status business.business_status not null,
    -- Whether the business itself may take this step, or only platform staff.
    is_by_business boolean not null,

    primary key (from_status, to_status),
    constraint business_transitions_lead_somewhere_known unique (step, from_status)
);
comment on table business.business_transitions is
'The approval workflow: every step that exists, and from which state it leads to which.';
