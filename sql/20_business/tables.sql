-- Businesses: who they are, who works in them with which role, whether the platform approved them,
-- and the days on which they are closed. A business takes bookings while it is approved and active.
-- Only platform staff approve, suspend or verify, and every such decision keeps its author and its
-- reason.

create type business.business_status as enum (
    'draft', 'submitted', 'approved', 'rejected', 'suspended'
);
create type business.business_step as enum (
    'submit', 'approve', 'reject', 'suspend', 'reinstate'
);
create type business.member_role as enum ('owner', 'manager', 'staff', 'accountant');
create type business.document_status as enum ('submitted', 'accepted', 'rejected');
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

create table business.business_members (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role business.member_role not null,
    display_name text not null,
    created_at timestamptz not null default now(),

    constraint business_members_business_id_id_unique unique (business_id, id),
    constraint business_members_one_role_each unique (business_id, user_id),
    constraint business_members_display_name_is_short check (
        length(btrim(display_name)) between 1 and 200 and private.is_one_line(display_name)
        or private.invalid('display_name', 'must have 1 to 200 printable characters')
    )
);
comment on table business.business_members is 'Who works in a business, and with which role.';
create index business_members_user_id_idx on business.business_members (user_id, business_id, role);

create table business.invitations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- In lower case: the invitation and the account may spell it differently.
    email text not null,
    role business.member_role not null,
    -- Only the hash is kept: the token is shown once, to the owner who invites.
    token_hash bytea not null,
    expires_at timestamptz not null,
    invited_by uuid references auth.users (id) on delete set null,
    accepted_by uuid references auth.users (id) on delete set null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),

    constraint invitations_business_id_id_unique unique (business_id, id),
    constraint invitations_token_hash_unique unique (token_hash),
    constraint invitations_email_looks_like_one check (
        email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 320
        or private.invalid('email', 'must be an e-mail address')
    ),
    constraint invitations_email_is_lower_case check (email = lower(email)),
    constraint invitations_end_once check (accepted_at is null or revoked_at is null)
);
comment on table business.invitations is 'Open and past invitations to join a business.';
-- One open invitation for each address: inviting again revokes the one before.
create unique index invitations_one_open_idx on business.invitations (business_id, email)
where accepted_at is null and revoked_at is null;
create index invitations_invited_by_idx on business.invitations (invited_by);
create index invitations_accepted_by_idx on business.invitations (accepted_by);

create table business.business_documents (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind text not null,
    -- A path in the private bucket `business-documents`.
    storage_path text not null,
    status business.document_status not null default 'submitted',
    reviewed_by uuid references auth.users (id) on delete set null,
    reviewed_at timestamptz,
    reason text,
    created_at timestamptz not null default now(),

    constraint business_documents_business_id_id_unique unique (business_id, id),
    constraint business_documents_kind_is_known check (
        kind in ('registration', 'identity', 'license', 'tax', 'other')
        or private.invalid('kind', 'must be registration, identity, license, tax or other')
    ),
    constraint business_documents_path_is_in_its_folder check (
        storage_path like business_id::text || '/_%'
        and length(storage_path) <= 500
        and not private.has_control_characters(storage_path)
        and storage_path !~ '(^|/)\.\.?(/|$)'
        or private.invalid('storage_path', 'must be a path below the business''s id')
    ),
    constraint business_documents_review_is_whole check (
        (status = 'submitted') = (reviewed_at is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table business.business_documents is 'Papers that a business hands in to be verified.';
create index business_documents_reviewed_by_idx on business.business_documents (reviewed_by);

create table business.closures (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    starts_on date not null,
    ends_on date not null,
    title text,
    created_at timestamptz not null default now(),

    constraint closures_business_id_id_unique unique (business_id, id),
    constraint closures_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint closures_are_shorter_than_two_years check (
        ends_on - starts_on <= 731
        or private.invalid('ends_on', 'must be within two years of starts_on')
    ),
    constraint closures_title_is_short check (
        title is null
        or length(title) <= 200 and private.is_one_line(title)
        or private.invalid('title', 'must have at most 200 printable characters')
    )
);
comment on table business.closures is
'Whole days, in the business''s zone, on which nothing can be booked: holidays, days off.';
create index closures_business_id_days_idx on business.closures (business_id, ends_on, starts_on);

create table business.business_history (
    id bigint generated always as identity primary key,
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind business.history_kind not null,
    -- The user (kind member) or the document; null when it is about the business itself.
    subject_id uuid,
    old_value text,
    new_value text,
    reason text,
    -- Null when the platform's own software did it.
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now()
);
comment on table business.business_history is
'Every decision about a business: status, activity, verification, documents, members.';
create index business_history_business_id_idx on business.business_history (business_id, id);
create index business_history_actor_id_idx on business.business_history (actor_id);
