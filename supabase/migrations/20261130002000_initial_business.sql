-- The initial schema of 20_business: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/20_business/tables/businesses.sql

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

-- sql/20_business/tables/closures.sql

-- The days on which a business is closed.

create table business.closures (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    starts_on date not null,
    ends_on date not null,
    title text,
    created_at timestamptz not null default now(),

    constraint closures_business_id_id_unique unique (business_id, id),
    constraint closures_have_usual_dates check (
        private.is_usual_date(starts_on) and private.is_usual_date(ends_on)
        or private.invalid('starts_on and ends_on', 'must be between the years 1 and 9999')
    ),
    constraint closures_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint closures_are_shorter_than_two_years check (
        isfinite(starts_on) and isfinite(ends_on) and ends_on - starts_on <= 731
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

-- sql/20_business/tables/history.sql

-- What was decided about a business, by whom, when and why.

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

-- sql/20_business/tables/members.sql

-- Who works in a business with which role, and who is invited to.

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
comment on column business.business_members.user_id is '[person: delete]';
comment on column business.business_members.display_name is '[personal]';
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
comment on column business.invitations.email is '[person: delete] [personal]';
comment on column business.invitations.token_hash is '[secret]';
-- One open invitation for each address: inviting again revokes the one before.
create unique index invitations_one_open_idx on business.invitations (business_id, email)
where accepted_at is null and revoked_at is null;
create index invitations_invited_by_idx on business.invitations (invited_by);
create index invitations_accepted_by_idx on business.invitations (accepted_by);

-- sql/20_business/tables/stores.sql

-- The stores of a business: where it sells, with their place and their hours. A price can be that
-- of one store. Places are cubes: an index gives the nearest ones in order.

create extension if not exists cube with schema extensions;

/*
 * Is this a place as ISO 3166 writes it?
 */
create function business.is_region(region text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return region ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$';
end;
$$;

/*
 * Return a place as a point on the globe, in kilometres from its centre. The straight line between
 * two points grows with the distance over ground, so both lead to the same nearest place.
 */
create function business.point_on_earth(latitude double precision, longitude double precision)
returns extensions.cube
language plpgsql
immutable
strict
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return extensions.cube(array[
        c_earth_km * cosd(latitude) * cosd(longitude),
        c_earth_km * cosd(latitude) * sind(longitude),
        c_earth_km * sind(latitude)
    ]);
end;
$$;

/*
 * Return the distance over ground for a straight line through the globe, both in kilometres.
 */
create function business.way_km(line_km double precision)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    c_earth_km constant double precision = 6371.0088;
begin
    return 2 * c_earth_km * asin(least(way_km.line_km / (2 * c_earth_km), 1));
end;
$$;

create table business.stores (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- ISO 3166; null: the country of the business.
    region text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    line1 text,
    line2 text,
    postal_code text,
    city text,
    latitude double precision,
    longitude double precision,
    -- Whether customers may pick their orders up here.
    is_pickup boolean not null default true,

    constraint stores_business_id_id_unique unique (business_id, id),
    constraint stores_name_unique unique (business_id, name),
    constraint stores_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint stores_address_is_short check (
        length(concat(line1, line2, postal_code, city)) <= 500
        and private.is_one_line(concat(line1, line2, postal_code, city))
        or private.invalid('address', 'must have at most 500 characters, all printable')
    ),
    constraint stores_place_is_on_earth check (
        (latitude is null) = (longitude is null)
        and coalesce(latitude between -90 and 90, true)
        and coalesce(longitude between -180 and 180, true)
        or private.invalid(
            'latitude and longitude', 'must together be a place on earth, or both be empty'
        )
    ),
    constraint stores_region_is_iso_3166 check (
        region is null
        or business.is_region(region)
        or private.invalid('region', 'must be an ISO 3166 code, such as DE or DE-BY')
    )
);
comment on table business.stores is 'Where a business sells: a store has prices of its own.';
-- The nearest stores to a place.
create index stores_place_idx on business.stores
using gist (business.point_on_earth(latitude, longitude)) where is_active and latitude is not null;

create table business.store_hours (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    store_id uuid not null,
    -- 1: Monday; 7: Sunday.
    weekday smallint not null,
    -- On the clock of the business's zone. Several rows of a day are several openings.
    opens_at time not null,
    closes_at time not null,

    constraint store_hours_business_id_id_unique unique (business_id, id),
    constraint store_hours_once unique (business_id, store_id, weekday, opens_at),
    constraint store_hours_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete cascade,
    constraint store_hours_weekday_is_iso check (
        weekday between 1 and 7
        or private.invalid('weekday', 'must be 1 (Monday) to 7 (Sunday)')
    ),
    constraint store_hours_close_after_they_open check (
        closes_at > opens_at or private.invalid('closes_at', 'must be after opens_at')
    )
);
comment on table business.store_hours is 'When a store is open.';

-- sql/20_business/functions/callers.sql

-- Which businesses the caller belongs to, and which callers are refused.
--
-- Only the policy of business.businesses says whether a caller may see a business. The policy of
-- a table that everyone may read says `exists (select 1 from business.businesses where
-- businesses.id = business_id)`: the policy of businesses applies inside, and the planner
-- chooses between an index probe a row and one hash of all that is visible. Measured with 10,000
-- businesses and 100,000 rows, as a member, the rows of one business and all rows: 0.14 and 15
-- ms; with a function of business_id 0.15 and 890 ms; with `business_id in (select …)`
-- 2.2 and 15 ms; without any policy 0.04 and 4 ms. The policy of a table for members says
-- `business_id in (select private.my_businesses('view'))`.

/*
 * Return the businesses in which the caller has a permission: `view` (every role), `serve` (all but
 * accountants), `manage` (owner, manager), `own` (owner), `account` (owner, accountant). Another
 * word returns none. An API key has all but `own` in its business; its scopes say for what.
 * Definer: a policy on business_members that reads business_members would call itself.
 * plpgsql: its plan is kept for the session, and policies call it once a statement.
 */
create function private.my_businesses(permission text)
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    if current_setting('role') = 'api_key' then
        return query
        select (private.admitted_key() ->> 'business_id')::uuid
        where
            my_businesses.permission in ('view', 'serve', 'manage', 'account')
            and private.admitted_key() is not null;
        return;
    end if;
    return query
    select business_members.business_id
    from business.business_members
    where
        business_members.user_id = auth.uid()
        and case business_members.role
            when 'owner' then
                my_businesses.permission in ('view', 'serve', 'manage', 'own', 'account')
            when 'manager' then my_businesses.permission in ('view', 'serve', 'manage')
            when 'staff' then my_businesses.permission in ('view', 'serve')
            when 'accountant' then my_businesses.permission in ('view', 'account')
        end;
end;
$$;

/*
 * Return the businesses whose bookings the caller may read: those of their memberships, or all for
 * platform staff. It is one set, because no policy can use an index beside a branch such as `or
 * is_platform_staff()`.
 * Definer: as private.my_businesses.
 */
create function private.seen_businesses()
returns setof uuid
language plpgsql
stable
security definer
rows 5
set search_path = ''
as $$
begin
    if private.is_platform_staff('support') then
        return query select businesses.id from business.businesses;
    else
        return query select private.my_businesses('view');
    end if;
end;
$$;

/*
 * Is a business open to the public: approved and active? Functions that take bookings and orders
 * check this.
 * Definer: the answer is the same for every caller.
 */
create function business.is_open(business_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from business.businesses
        where
            businesses.id = is_open.business_id
            and businesses.status = 'approved'
            and businesses.is_active
    );
end;
$$;

/*
 * Return the zone of a business's days and hours, or null when there is no such business.
 * Definer: the answer is the same for every caller.
 */
create function business.time_zone(business_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select businesses.time_zone
        from business.businesses
        where businesses.id = time_zone.business_id
    );
end;
$$;

/*
 * Refuse a caller who lacks a permission in a business. The operator's own software has them all.
 * Definer: it must tell a business that the caller may see from one that does not exist for them.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function private.require_member(business_id uuid, permission text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if private.is_operator()
        or require_member.business_id in (
            select private.my_businesses(require_member.permission)
        ) then
        return;
    end if;
    perform private.token_user_id();
    perform business.refuse_caller(require_member.business_id);
end;
$$;

/*
 * Refuse the caller: `forbidden` for a business that they can see, `not_found` for any other.
 * Definer: it reads businesses that the caller may not, to give both cases one answer.
 *
 * Errors:  PT403 forbidden · PT404 not_found
 */
create function business.refuse_caller(business_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if business.is_open(refuse_caller.business_id)
        or refuse_caller.business_id in (select private.my_businesses('view'))
        or exists (
            select 1 from business.businesses where businesses.id = refuse_caller.business_id
        )
        and private.is_platform_staff('support') then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to do this for this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such business.',
        'Check the id in the view businesses.'
    );
end;
$$;

/*
 * Refuse a caller who lacks this platform role or a higher one. The operator's own software passes.
 * Definer: as private.require_member.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.require_platform_staff(
    business_id uuid, at_least identity.platform_role
)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if private.is_operator() or private.is_platform_staff(at_least) then
        return;
    end if;
    perform private.token_user_id();
    perform business.refuse_caller(require_platform_staff.business_id);
end;
$$;

-- sql/20_business/functions/guards.sql

-- The trigger function that answers bad rows on every table of a business that clients write.

/*
 * Answer a bad row in the API's words, as private.any__refuse_bad_input does, and check that the
 * caller may write for the row's business. The trigger's argument is the permission.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function business.any__refuse_bad_input()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_old jsonb = case when tg_op = 'UPDATE' then to_jsonb(old) end;
begin
    perform private.refuse_changed_keys(v_new, v_old);
    perform private.refuse_missing_values(tg_relid, v_new);
    perform private.refuse_foreign_business((v_new ->> 'business_id')::uuid, tg_argv[0]);
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

/*
 * Refuse a client who lacks a permission in the business of a row.
 *
 * Errors:  PT403 forbidden
 */
create function private.refuse_foreign_business(business_id uuid, permission text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and not exists (
        select 1
        from private.my_businesses(permission) as mine (id)
        where mine.id = refuse_foreign_business.business_id
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to change this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
end;
$$;

-- sql/20_business/functions/invitations.sql

-- Invitations to join a business: a token is sent to an address, lives a day and works once. Every
-- function locks the business first, like everything that changes its members.

/*
 * Return how long an invitation can be accepted: 24 hours, or the setting
 * frontdesk.invitation_hours.
 */
create function business.invitation_lifetime()
returns interval
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return make_interval(
        hours => coalesce(
            nullif(current_setting('frontdesk.invitation_hours', true), ''), '24'
        )::integer
    );
end;
$$;

/*
 * Return the hash of a token. Only the hash is kept.
 */
create function business.token_hash(token text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(token, 'UTF8'));
end;

/*
 * Invite somebody by e-mail, as an owner. The new invitation revokes an open one to the same
 * address.
 * Definer: nobody has a write grant on invitations, and it looks up by e-mail whether a user is a
 * member.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function business.invite_member(
    business_id uuid, email text, role business.member_role, token text
)
returns business.invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    perform private.require_member(invite_member.business_id, 'own');
    perform business.lock_business(invite_member.business_id);
    perform business.refuse_member_again(invite_member.business_id, invite_member.email);

    update business.invitations
    set revoked_at = private.now()
    where
        invitations.business_id = invite_member.business_id
        and invitations.email = lower(invite_member.email)
        and invitations.accepted_at is null
        and invitations.revoked_at is null;

    insert into business.invitations (business_id, email, role, token_hash, expires_at, invited_by)
    values (
        invite_member.business_id,
        lower(invite_member.email),
        invite_member.role,
        business.token_hash(invite_member.token),
        private.now() + business.invitation_lifetime(),
        auth.uid()
    )
    returning invitations.* into v_invitation;
    return v_invitation;
end;
$$;

/*
 * Refuse to invite an address whose user is a member already.
 *
 * Errors:  PT409 already_exists
 */
create function business.refuse_member_again(business_id uuid, email text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from business.business_members
        inner join auth.users on business_members.user_id = users.id
        where
            business_members.business_id = refuse_member_again.business_id
            and lower(users.email) = lower(refuse_member_again.email)
    ) then
        perform private.refuse(
            'PT409', 'already_exists', 'This user is already a member of the business.',
            'Change their role instead.'
        );
    end if;
end;
$$;

/*
 * Accept an invitation. Only the signed-in user with the invited, verified e-mail address may,
 * once, before it expires. Accepting again returns the same member.
 * Definer: nobody reads the hash of a token or writes members.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden email_not_verified · PT404 not_found
 *          PT409 already_exists invalid_transition invitation_expired
 */
create function business.accept_invitation(token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_invitation business.invitations = business.find_invitation(token);
    v_member_id uuid;
begin
    select business_members.id into v_member_id
    from business.business_members
    where
        business_members.business_id = v_invitation.business_id
        and business_members.user_id = v_user_id;
    if v_invitation.accepted_by = v_user_id and v_member_id is not null then
        return v_member_id;
    end if;
    perform business.refuse_guest(v_invitation, v_user_id);
    update business.invitations
    set accepted_at = private.now(), accepted_by = v_user_id
    where invitations.id = v_invitation.id;
    return business.add_member(v_invitation.business_id, v_user_id, v_invitation.role);
end;
$$;

/*
 * Return the invitation with this token, and lock its business.
 *
 * Errors:  PT404 not_found
 */
create function business.find_invitation(token text)
returns business.invitations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    perform business.lock_business(invitations.business_id)
    from business.invitations
    where invitations.token_hash = business.token_hash(find_invitation.token);
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.', 'Ask for a new invitation.'
        );
    end if;
    select invitations.* into strict v_invitation
    from business.invitations
    where invitations.token_hash = business.token_hash(find_invitation.token);
    return v_invitation;
end;
$$;

/*
 * Refuse a user for whom the invitation is not, or not any more.
 *
 * Errors:  PT403 forbidden email_not_verified · PT409 invalid_transition invitation_expired
 */
create function business.refuse_guest(invitation business.invitations, user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into strict v_user from auth.users where users.id = refuse_guest.user_id;
    if lower(v_user.email) is distinct from invitation.email then
        perform private.refuse(
            'PT403', 'forbidden', 'This invitation is for another e-mail address.',
            'Sign in with the address that was invited.'
        );
    elsif v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then accept again.'
        );
    elsif invitation.accepted_at is not null or invitation.revoked_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This invitation was already used or revoked.',
            'Ask for a new invitation.'
        );
    elsif invitation.expires_at <= private.now() then
        perform private.refuse(
            'PT409', 'invitation_expired', 'This invitation has expired.',
            'Ask for a new invitation.'
        );
    end if;
end;
$$;

/*
 * Revoke an invitation that nobody has accepted, as an owner. Revoking again changes nothing.
 * Definer: nobody has a write grant on invitations.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function business.revoke_invitation(invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id uuid;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select invitations.business_id into v_business_id
    from business.invitations
    where
        invitations.id = revoke_invitation.invitation_id
        and (
            private.is_operator()
            or invitations.business_id in (select private.my_businesses('own'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.',
            'Check the id in the view invitations.'
        );
    end if;

    perform business.lock_business(v_business_id);
    update business.invitations
    set revoked_at = coalesce(invitations.revoked_at, private.now())
    where
        invitations.id = revoke_invitation.invitation_id
        and invitations.accepted_at is null;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This invitation was already used.',
            'Read invitations again.'
        );
    end if;
end;
$$;

-- sql/20_business/functions/members.sql

-- How members join and leave a business. Every function locks the business first, so that changes
-- to its members and invitations take turns.

/*
 * Add a user to a business, under the name of their profile.
 *
 * Errors:  PT409 already_exists
 */
create function business.add_member(business_id uuid, user_id uuid, role business.member_role)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into business.business_members (business_id, user_id, role, display_name)
    select
        add_member.business_id,
        profiles.id,
        add_member.role,
        coalesce(
            profiles.full_name,
            nullif(left(split_part(profiles.email, '@', 1), 200), ''),
            'Member'
        )
    from identity.profiles
    where profiles.id = add_member.user_id
    on conflict on constraint business_members_one_role_each do nothing
    returning business_members.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'This user is already a member of the business.',
            'Change their role instead.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return a member whom the caller may see, and lock the business.
 * Definer: it must give a member of another tenant and an absent one the same answer.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function business.find_member(member_id uuid)
returns business.business_members
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select business_members.* into v_member
    from business.business_members
    where
        business_members.id = find_member.member_id
        and (
            private.is_operator()
            or private.is_platform_staff('support')
            or business_members.business_id in (select private.my_businesses('view'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such member.',
            'Check the id in the view business_members.'
        );
    end if;
    perform business.lock_business(v_member.business_id);
    return v_member;
end;
$$;

/*
 * Give a member another role, as an owner. The last owner stays one (rules).
 * Definer: nobody has a write grant on members.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_owner
 */
create function business.set_member_role(member_id uuid, role business.member_role)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members = business.find_member(member_id);
begin
    perform private.require_member(v_member.business_id, 'own');
    update business.business_members
    set role = set_member_role.role
    where
        business_members.id = set_member_role.member_id
        and business_members.role <> set_member_role.role;
end;
$$;

/*
 * Remove a member from a business. Owners may, and members who leave; the last owner cannot
 * (rules).
 * Definer: as business.set_member_role.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_owner
 */
create function business.remove_member(member_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_member business.business_members = business.find_member(member_id);
begin
    if v_member.user_id is distinct from auth.uid() then
        perform private.require_member(v_member.business_id, 'own');
    end if;
    delete from business.business_members
    where business_members.id = remove_member.member_id;
end;
$$;

/*
 * Return the owners and managers of a business: those who run it, and hear of what concerns it.
 */
create function business.managers_of(business_id uuid)
returns setof business.business_members
language plpgsql
stable
security invoker
rows 3
set search_path = ''
as $$
begin
    return query
    select business_members.*
    from business.business_members
    where
        business_members.business_id = managers_of.business_id
        and business_members.role in ('owner', 'manager');
end;
$$;

/*
 * Return the owners and managers of a business as readers of a message.
 */
create function business.manager_readers(business_id uuid, ordinal integer)
returns setof private.reader
language plpgsql
stable
security invoker
rows 3
set search_path = ''
as $$
begin
    return query
    select
        manager_readers.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from business.managers_of(manager_readers.business_id) as managers
    inner join identity.profiles on profiles.id = managers.user_id;
end;
$$;

-- sql/20_business/functions/profile.sql

-- How a business is created, and how it gets its slug.

/*
 * Make a slug from a name: letters without accents, digits, single hyphens.
 */
create function business.slug_from(name text)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case when length(candidate.slug) >= 2 then candidate.slug else 'business' end
    from (
        select
            btrim(left(btrim(regexp_replace(
                lower(regexp_replace(normalize(name, nfkd), U&'[\0300-\036F]', '', 'g')),
                '[^a-z0-9]+', '-', 'g'
            ), '-'), 60), '-') as slug
    ) as candidate;
end;

/*
 * Claim a slug, or refuse it because it is taken. Two claims at once take turns.
 * Definer: the slug may belong to a business that the caller cannot see.
 *
 * Errors:  PT409 already_exists
 */
create function business.claim_slug(slug text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('slug ' || claim_slug.slug, 0));
    if exists (select 1 from business.businesses where businesses.slug = claim_slug.slug) then
        perform private.refuse(
            'PT409', 'already_exists', 'A business with this slug already exists.',
            'Choose another slug, or send none.'
        );
    end if;
end;
$$;

/*
 * Return the first free slug for a name: salon, salon-2, salon-3 …, and after 50 of them one with a
 * random end.
 */
create function business.free_slug(name text)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_base text = business.slug_from(name);
    v_slug text;
begin
    perform pg_advisory_xact_lock(hashtextextended('slug ' || v_base, 0));
    select candidates.slug into v_slug
    from generate_series(1, 50) as numbers (n)
    cross join lateral (
        select case numbers.n when 1 then v_base else v_base || '-' || numbers.n end as slug
    ) as candidates
    where not exists (select 1 from business.businesses where businesses.slug = candidates.slug)
    order by numbers.n
    limit 1;
    return coalesce(v_slug, v_base || '-' || left(md5(random()::text), 10));
end;
$$;

/*
 * Refuse a user who became the owner of ten businesses within a day. The user is locked first, so
 * that no two calls at once pass the limit.
 *
 * Errors:  PT429 rate_limited
 */
create function business.refuse_many(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_day_ago timestamptz = private.now() - interval '1 day';
    v_tenth_at timestamptz;
begin
    perform private.lock(array[md5('create business ' || user_id)::uuid]);
    select business_members.created_at into v_tenth_at
    from business.business_members
    where
        business_members.user_id = refuse_many.user_id
        and business_members.role = 'owner'
        and business_members.created_at > v_day_ago
    order by business_members.created_at desc
    offset 9
    limit 1;
    if found then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_tenth_at - v_day_ago))::integer
        );
    end if;
end;
$$;

/*
 * Make a business as a draft, with the caller as its owner.
 * Definer: nobody has an insert grant on businesses and members, so nobody chooses status or owner.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 *          PT429 rate_limited
 */
create function business.create_business(
    name text,
    vertical_id text,
    country text,
    time_zone text,
    currency text,
    slug text,
    description text,
    email text,
    phone text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_slug text = coalesce(create_business.slug, business.free_slug(create_business.name));
    v_id uuid;
begin
    perform business.refuse_many(v_user_id);
    perform business.claim_slug(v_slug);
    insert into business.businesses (
        slug, name, description, vertical_id, email, phone, country, time_zone, currency
    )
    values (
        v_slug,
        create_business.name,
        create_business.description,
        create_business.vertical_id,
        create_business.email,
        create_business.phone,
        create_business.country,
        create_business.time_zone,
        create_business.currency
    )
    returning businesses.id into v_id;

    perform business.add_member(v_id, v_user_id, 'owner');
    return v_id;
end;
$$;

/*
 * Return the address of a business in one line. It is empty when the business has none.
 */
create function business.address_of(business business.businesses)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ', ',
        business.address_line1,
        business.address_line2,
        nullif(concat_ws(' ', business.postal_code, business.city), '')
    );
end;
$$;

-- sql/20_business/functions/workflow.sql

-- What the platform and the owners decide about a business: approval, activity, verification,
-- documents. Triggers write the history on every path (rules).

/*
 * Take a step of the approval workflow. The table of transitions says whether the business's owners
 * or the platform may take it. A step that was taken already changes nothing.
 * Definer: nobody has a write grant on the status.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden email_not_verified · PT404 not_found
 *          PT409 invalid_transition
 */
create function business.take_step(business_id uuid, step business.business_step, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_status business.business_status;
    v_next business.business_status;
begin
    if exists (
        select 1
        from business.business_transitions
        where business_transitions.step = take_step.step and business_transitions.is_by_business
    ) then
        perform private.require_member(take_step.business_id, 'own');
        perform business.require_verified_email();
    else
        perform business.require_platform_staff(take_step.business_id, 'support');
    end if;

    v_status = (business.lock_business(take_step.business_id)).status;
    select business_transitions.to_status into v_next
    from business.business_transitions
    where
        business_transitions.step = take_step.step
        and business_transitions.from_status = v_status;
    if not found then
        if business.last_step(take_step.business_id) = take_step.step then
            return;
        end if;
        perform business.refuse_step(take_step.step::text, v_status::text);
    end if;

    update business.businesses
    set status = v_next, decision_reason = take_step.reason
    where businesses.id = take_step.business_id;
end;
$$;

/*
 * Return the last step that a business took, or null for none.
 */
create function business.last_step(business_id uuid)
returns business.business_step
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select business_transitions.step
        from business.business_history
        inner join business.business_transitions
            on
                business_transitions.from_status::text = business_history.old_value
                and business_transitions.to_status::text = business_history.new_value
        where
            business_history.business_id = last_step.business_id
            and business_history.kind = 'status'
        order by business_history.id desc
        limit 1
    );
end;
$$;

/*
 * Refuse a user whose e-mail address is not confirmed. The operator's own software passes.
 *
 * Errors:  PT403 email_not_verified
 */
create function business.require_verified_email()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not exists (
        select 1
        from auth.users
        where users.id = auth.uid() and users.email_confirmed_at is not null
    ) then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Follow the link in the mail that we sent you, or request a new one.'
        );
    end if;
end;
$$;

/*
 * Return a business, and lock it, so that changes to it and its members take turns.
 * Definer: clients have no right to lock it.
 *
 * Errors:  PT404 not_found
 */
create function business.lock_business(business_id uuid)
returns business.businesses
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business business.businesses;
begin
    select businesses.* into v_business
    from business.businesses
    where businesses.id = lock_business.business_id
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return v_business;
end;
$$;

/*
 * Refuse a step that the status of a business does not allow.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.refuse_step(step text, status text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        format(
            'The step %s is not possible while the status is %s.',
            refuse_step.step,
            refuse_step.status
        ),
        'Read the status again; somebody may have changed it.'
    );
end;
$$;

/*
 * Switch a business on or off, as an owner or an admin of the platform. Does nothing when it
 * already is so.
 * Definer: nobody has a write grant on is_active.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.set_active(business_id uuid, is_active boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_platform_staff('admin') then
        perform private.require_member(set_active.business_id, 'own');
    end if;
    perform business.lock_business(set_active.business_id);
    update business.businesses
    set is_active = set_active.is_active
    where
        businesses.id = set_active.business_id
        and businesses.is_active <> set_active.is_active;
end;
$$;

/*
 * Mark that the platform knows who is behind a business, or take the mark back. For platform staff.
 * Definer: nobody has a write grant on is_verified.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.set_verified(business_id uuid, is_verified boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.require_platform_staff(set_verified.business_id, 'support');
    perform business.lock_business(set_verified.business_id);
    update business.businesses
    set is_verified = set_verified.is_verified, decision_reason = set_verified.reason
    where
        businesses.id = set_verified.business_id
        and businesses.is_verified <> set_verified.is_verified;
end;
$$;

-- sql/20_business/rules/businesses.sql

-- What must never happen: a step outside of the workflow, a business without an owner, a decision
-- without a record. These rules hold on every path, for the table's owner too.

create trigger _010_refuse_bad_input
before insert or update on business.businesses
for each row
execute function private.any__refuse_bad_input();

/*
 * Refuse a change of the slug by anybody but an owner, and a slug that is taken.
 *
 * Errors:  PT403 forbidden · PT409 already_exists
 */
create function business.businesses__guard_slug()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and new.id not in (select private.my_businesses('own')) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only an owner can change the slug.',
            'Ask an owner of the business.'
        );
    end if;
    perform business.claim_slug(new.slug);
    return new;
end;
$$;

/*
 * Refuse to change the currency once a business has left the draft: its prices were meant in it.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.businesses__keep_currency()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        'The currency cannot change after the business was submitted.',
        'Create another business for another currency.'
    );
    return null;
end;
$$;

/*
 * Refuse a change of status that is not in business_transitions.
 * Definer: whoever changes a status may not be able to read the workflow.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.businesses__refuse_unknown_steps()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from business.business_transitions
        where
            business_transitions.from_status = old.status
            and business_transitions.to_status = new.status
    ) then
        perform business.refuse_step(format('to %s', new.status), old.status::text);
    end if;
    return new;
end;
$$;

/*
 * Write a line for every change of status, activity and verification, with the reason that came
 * with it. The line has the reason then, and the business has none any more.
 * Definer: only these triggers write the history.
 */
create function business.businesses__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, old_value, new_value, reason, actor_id, at
    )
    select
        new.id,
        changes.kind::business.history_kind,
        changes.old_value,
        changes.new_value,
        new.decision_reason,
        auth.uid(),
        private.now()
    from (
        values
        ('status', old.status::text, new.status::text),
        ('active', old.is_active::text, new.is_active::text),
        ('verified', old.is_verified::text, new.is_verified::text)
    ) as changes (kind, old_value, new_value)
    where
        changes.old_value is distinct from changes.new_value
        and (tg_op = 'UPDATE' or changes.kind = 'status');
    new.decision_reason = null;
    return new;
end;
$$;

create trigger _100_guard_slug
before update on business.businesses
for each row
when (old.slug is distinct from new.slug)
execute function business.businesses__guard_slug();

create trigger _200_keep_currency
before update on business.businesses
for each row
when (old.currency is distinct from new.currency and old.status <> 'draft')
execute function business.businesses__keep_currency();

create trigger _300_refuse_unknown_steps
before update on business.businesses
for each row
when (old.status is distinct from new.status)
execute function business.businesses__refuse_unknown_steps();

create trigger _500_keep_history_from_the_start
after insert on business.businesses
for each row
execute function business.businesses__keep_history();

create trigger _500_keep_history
before update on business.businesses
for each row
when (
    old.status is distinct from new.status
    or old.is_active is distinct from new.is_active
    or old.is_verified is distinct from new.is_verified
)
execute function business.businesses__keep_history();

create trigger _900_touch
before update on business.businesses
for each row
execute function private.any__touch();

create trigger _010_refuse_bad_input
before insert or update on business.closures
for each row
execute function business.any__refuse_bad_input('manage');

-- History cannot be rewritten. Deleting a business deletes its history, and deleting a user clears
-- their name in it: PostgreSQL's own triggers do both, at a depth above 0.
create trigger _100_refuse_rewriting
before update or delete on business.business_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on business.business_history
for each statement
execute function private.any__refuse_rewriting();

-- sql/20_business/rules/members.sql

/*
 * Refuse to remove or demote the last owner of a business, on every path. The business's row is
 * written, so that owners who leave at the same time take turns, and a repeatable read with an old
 * snapshot fails. Deleting the whole business is allowed.
 *
 * Errors:  PT409 last_owner
 */
create function business.business_members__keep_an_owner()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update business.businesses
    set updated_at = private.now()
    where businesses.id = old.business_id;
    if found and not exists (
        select 1
        from business.business_members
        where
            business_members.business_id = old.business_id
            and business_members.role = 'owner'
    ) then
        perform private.refuse(
            'PT409', 'last_owner', 'The last owner of a business cannot be removed.',
            'Make somebody else an owner first.'
        );
    end if;
    return null;
end;
$$;

/*
 * Write a line when somebody joins, changes role or leaves.
 * Definer: as business.businesses__keep_history. Nothing is written for a deleted business.
 */
create function business.business_members__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, actor_id, at
    )
    select
        businesses.id,
        'member',
        coalesce(new.user_id, old.user_id),
        old.role::text,
        new.role::text,
        (select users.id from auth.users where users.id = auth.uid()),
        private.now()
    from business.businesses
    where businesses.id = coalesce(new.business_id, old.business_id);
    perform identity.note_activity(
        coalesce(new.user_id, old.user_id),
        'membership_changed',
        jsonb_build_object(
            'business_id', coalesce(new.business_id, old.business_id),
            'from', old.role,
            'to', new.role
        )
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert or delete or update of role on business.business_members
for each row
execute function business.business_members__keep_history();

create trigger _600_keep_an_owner_when_changed
after update on business.business_members
for each row
when (
    old.role = 'owner'
    and (new.role <> 'owner' or new.business_id is distinct from old.business_id)
)
execute function business.business_members__keep_an_owner();

create trigger _600_keep_an_owner_when_removed
after delete on business.business_members
for each row
when (old.role = 'owner')
execute function business.business_members__keep_an_owner();

-- sql/20_business/rules/stores.sql

-- What must never happen to stores.

create trigger _010_refuse_bad_input
before insert or update on business.stores
for each row
execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on business.store_hours
for each row
execute function business.any__refuse_bad_input('manage');

-- sql/20_business/policies.sql

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

-- sql/20_business/api/businesses.sql

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

-- sql/20_business/api/history.sql

-- What was decided about a business, as its owners, managers and the platform read it.

create view public.business_history
with (security_invoker = true)
as
select
    business_history.id,
    business_history.business_id,
    business_history.kind,
    business_history.subject_id,
    business_history.old_value,
    business_history.new_value,
    business_history.reason,
    business_history.actor_id,
    business_history.at
from business.business_history;
grant select on public.business_history to authenticated, service_role;

comment on view public.business_history is
'Every decision about a business; order by id for the oldest first.

Rows never change. For its owners and managers, and the platform''s staff.';
comment on column public.business_history.id is 'Primary key; later entries have higher keys.';
comment on column public.business_history.business_id is 'The business.';
comment on column public.business_history.kind is
'What changed: status, active, verified, document or member.';
comment on column public.business_history.subject_id is
'The user (kind member) or the document (kind document) of the change, otherwise null.';
comment on column public.business_history.old_value is 'The value before; null for a new one.';
comment on column public.business_history.new_value is 'The value after; null if a member left.';
comment on column public.business_history.reason is 'The reason, or null.';
comment on column public.business_history.actor_id is
'The user who made the change; null for the operator''s software or a deleted user.';
comment on column public.business_history.at is 'When it happened.';

-- sql/20_business/api/me.sql

/*
 * The caller: profile, platform role and memberships, in one answer.
 * plpgsql: memberships belong to the next domain, which is not there yet when this is declared.
 *
 * Errors:  PT401 not_signed_in
 */
create function public.me(
    out id uuid,
    out email text,
    out full_name text,
    out phone text,
    out locale text,
    out time_zone text,
    out created_at timestamptz,
    out platform_role text,
    out memberships json
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_profile identity.profiles;
begin
    select profiles.* into v_profile
    from identity.profiles
    where profiles.id = v_user_id;

    id = v_profile.id;
    email = v_profile.email;
    full_name = v_profile.full_name;
    phone = v_profile.phone;
    locale = v_profile.locale;
    time_zone = v_profile.time_zone;
    created_at = v_profile.created_at;
    platform_role = (
        select platform_staff.role
        from identity.platform_staff
        where platform_staff.user_id = me.id
    );
    memberships = coalesce((
        select json_agg(
            json_build_object(
                'business_id', businesses.id,
                'name', businesses.name,
                'slug', businesses.slug,
                'role', business_members.role
            )
            order by businesses.name, businesses.id
        )
        from business.business_members
        inner join business.businesses on business_members.business_id = businesses.id
        where business_members.user_id = me.id
    ), '[]');
end;
$$;
grant execute on function public.me() to anon, authenticated, service_role;

comment on function public.me() is
'Return the caller''s profile, platform role (or null) and memberships.

memberships is an array of {business_id, name, slug, role}, ordered by name. May be null: '
'email, full_name, phone, platform_role.

Errors: not_signed_in 401.';

-- sql/20_business/api/members.sql

-- Who works in a business, and how one comes to.

create view public.business_members
with (security_invoker = true)
as
select
    business_members.id,
    business_members.business_id,
    business_members.user_id,
    business_members.role,
    business_members.display_name,
    business_members.created_at
from business.business_members;
grant select on public.business_members to authenticated;
grant select, insert, update, delete on public.business_members to service_role;

comment on view public.business_members is
'Members of the caller''s businesses; the platform''s staff see all.

Changed only by functions.';
comment on column public.business_members.id is 'Primary key.';
comment on column public.business_members.business_id is 'The business.';
comment on column public.business_members.user_id is 'The user.';
comment on column public.business_members.role is 'owner, manager, staff or accountant.';
comment on column public.business_members.display_name is 'The name that colleagues see.';
comment on column public.business_members.created_at is 'When they joined.';

create view public.invitations
with (security_invoker = true)
as
select
    invitations.id,
    invitations.business_id,
    invitations.email,
    invitations.role,
    invitations.expires_at,
    invitations.invited_by,
    invitations.accepted_by,
    invitations.accepted_at,
    invitations.revoked_at,
    invitations.created_at
from business.invitations;
grant select on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;

comment on view public.invitations is
'Invitations to the businesses that the caller owns.

invite_member returns the token once; it is not stored in the clear.';
comment on column public.invitations.id is 'Primary key.';
comment on column public.invitations.business_id is 'The business.';
comment on column public.invitations.email is 'The invited e-mail address.';
comment on column public.invitations.role is
'The role that the invited user gets: owner, manager, staff or accountant.';
comment on column public.invitations.expires_at is 'When it expires.';
comment on column public.invitations.invited_by is 'The user who sent it, or null.';
comment on column public.invitations.accepted_by is 'The user who accepted it, or null.';
comment on column public.invitations.accepted_at is 'When it was accepted, or null.';
comment on column public.invitations.revoked_at is 'When it was revoked or replaced, or null.';
comment on column public.invitations.created_at is 'When it was created.';

/*
 * Read a member's role.
 *
 * Errors:  PT400 invalid_input
 */
create function business.to_member_role(role text)
returns business.member_role
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if role is null or role not in ('owner', 'manager', 'staff', 'accountant') then
        perform private.invalid('role', 'must be owner, manager, staff or accountant');
    end if;
    return role::business.member_role;
end;
$$;
grant execute on function business.to_member_role(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function public.invite_member(
    business_id public.identifier,
    email text,
    role text,
    out invitation_id uuid,
    out token text,
    out expires_at timestamptz
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    v_invitation = business.invite_member(
        private.to_identifier(invite_member.business_id, 'business_id'),
        private.to_required_text(invite_member.email, 'email', 320),
        business.to_member_role(invite_member.role),
        token
    );
    invitation_id = v_invitation.id;
    expires_at = v_invitation.expires_at;
end;
$$;
grant execute on function public.invite_member(public.identifier, text, text)
to anon, authenticated, service_role;

comment on function public.invite_member(public.identifier, text, text) is
'Invite somebody to a business by e-mail.

For owners. Returns {invitation_id, token, expires_at}. The token is returned only once. It works '
'once, within 24 hours, for a user with that verified address. It replaces an open invitation to '
'the same address. already_exists answers the address of a member.

- email: the invited address.
- role: owner, manager, staff or accountant.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 email_not_verified forbidden
 *          PT404 not_found · PT409 already_exists invalid_transition invitation_expired
 */
create function public.accept_invitation(token text)
returns public.business_members
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_member public.business_members;
begin
    perform private.token_user_id();
    v_id = business.accept_invitation(
        private.to_required_text(accept_invitation.token, 'token', 200)
    );
    select business_members.* into strict v_member
    from public.business_members
    where business_members.id = v_id;
    return v_member;
end;
$$;
grant execute on function public.accept_invitation(text) to anon, authenticated, service_role;

comment on function public.accept_invitation(text) is
'Accept an invitation as the user whose verified e-mail address was invited.

Returns the membership. forbidden answers a user with another address, invalid_transition an '
'invitation that was used or revoked.

- token: the token that invite_member returned.

Errors: invalid_input 400, not_signed_in 401, email_not_verified 403, forbidden 403, not_found '
'404, already_exists 409, invalid_transition 409, invitation_expired 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.revoke_invitation(invitation_id public.identifier)
returns public.invitations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(revoke_invitation.invitation_id, 'invitation_id');
    v_invitation public.invitations;
begin
    perform business.revoke_invitation(v_id);
    select invitations.* into strict v_invitation
    from public.invitations
    where invitations.id = v_id;
    return v_invitation;
end;
$$;
grant execute on function public.revoke_invitation(public.identifier)
to anon, authenticated, service_role;

comment on function public.revoke_invitation(public.identifier) is
'Revoke an open invitation.

For owners. invalid_transition answers one that was used or revoked.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_owner
 */
create function public.set_member_role(member_id public.identifier, role text)
returns public.business_members
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(set_member_role.member_id, 'member_id');
    v_member public.business_members;
begin
    perform business.set_member_role(v_id, business.to_member_role(set_member_role.role));
    select business_members.* into strict v_member
    from public.business_members
    where business_members.id = v_id;
    return v_member;
end;
$$;
grant execute on function public.set_member_role(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.set_member_role(public.identifier, text) is
'Change the role of a member.

For owners.

- member_id: id of a row of business_members.
- role: owner, manager, staff or accountant.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_owner 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_owner
 */
create function public.remove_member(member_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform business.remove_member(private.to_identifier(remove_member.member_id, 'member_id'));
end;
$$;
grant execute on function public.remove_member(public.identifier)
to anon, authenticated, service_role;

comment on function public.remove_member(public.identifier) is
'Remove a member from a business.

For owners; members may also remove themselves.

- member_id: id of a row of business_members.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_owner 409.';

-- sql/20_business/api/stores.sql

-- The stores of a business, as clients read them and managers write them.

create view public.stores
with (security_invoker = true)
as
select
    stores.id,
    stores.business_id,
    stores.name,
    stores.region,
    stores.position,
    stores.is_active,
    stores.created_at,
    stores.line1,
    stores.line2,
    stores.postal_code,
    stores.city,
    stores.latitude,
    stores.longitude,
    stores.is_pickup
from business.stores;
grant select on public.stores to anon;
grant select, insert, update, delete on public.stores to authenticated, service_role;

comment on view public.stores is
'The stores of a business.

Readable by everyone who can see the business; written by owners and managers.';
comment on column public.stores.id is 'Primary key.';
comment on column public.stores.business_id is 'The business that owns it. Cannot be changed.';
comment on column public.stores.name is 'Unique in the business, at most 200 characters.';
comment on column public.stores.region is
'ISO 3166 code of the country or its part, such as DE or DE-BY; null for the business''s country.';
comment on column public.stores.position is 'Order of display, ascending.';
comment on column public.stores.is_active is 'Whether it sells.';
comment on column public.stores.created_at is 'When it was added.';
comment on column public.stores.line1 is 'Street and number, or null.';
comment on column public.stores.line2 is 'Further line of the address, or null.';
comment on column public.stores.postal_code is 'Postal code, or null.';
comment on column public.stores.city is 'City, or null.';
comment on column public.stores.latitude is
'Degrees north, or null. With a place nearest_stores finds it.';
comment on column public.stores.longitude is 'Degrees east, or null.';
comment on column public.stores.is_pickup is 'Whether orders can be picked up there.';

create view public.store_hours
with (security_invoker = true)
as
select
    store_hours.id,
    store_hours.business_id,
    store_hours.store_id,
    store_hours.weekday,
    store_hours.opens_at,
    store_hours.closes_at
from business.store_hours;
grant select on public.store_hours to anon;
grant select, insert, update, delete on public.store_hours to authenticated, service_role;

comment on view public.store_hours is
'When the stores of a business are open. Read like the stores; written by owners and managers.';
comment on column public.store_hours.id is 'Key.';
comment on column public.store_hours.business_id is 'The business. Cannot be changed.';
comment on column public.store_hours.store_id is 'The store.';
comment on column public.store_hours.weekday is '1 (Monday) to 7 (Sunday).';
comment on column public.store_hours.opens_at is 'From then on, on the clock of the business.';
comment on column public.store_hours.closes_at is 'Until then.';

-- sql/20_business/api/workflow.sql

-- The steps of a business and the platform's decisions, as clients call them. Each answers with the
-- business, or the document, as it is then.

/*
 * The business as the caller sees it.
 */
create function business.as_seen(business_id uuid)
returns public.businesses
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business public.businesses;
begin
    select businesses.* into strict v_business
    from public.businesses
    where businesses.id = as_seen.business_id;
    return v_business;
end;
$$;
grant execute on function business.as_seen(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 email_not_verified forbidden
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.submit_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(submit_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'submit', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.submit_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.submit_business(public.identifier) is
'Submit a draft or rejected business for approval.

For owners with a verified e-mail address.

Errors: invalid_input 400, not_signed_in 401, email_not_verified 403, forbidden 403, not_found '
'404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.approve_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(approve_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'approve', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.approve_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.approve_business(public.identifier) is
'Approve a submitted business.

Everyone can see it while it is active. For the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(reject_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'reject', private.to_required_text(reject_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.reject_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.reject_business(public.identifier, text) is
'Reject a submitted business.

For the platform''s staff.

- reason: shown to its owners, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.suspend_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(suspend_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'suspend', private.to_required_text(suspend_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.suspend_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.suspend_business(public.identifier, text) is
'Suspend an approved business.

It is hidden at once and takes no new bookings; existing bookings stay. For the platform''s '
'staff.

- reason: shown to its owners, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reinstate_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(reinstate_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'reinstate', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.reinstate_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.reinstate_business(public.identifier) is
'Approve a suspended business again.

For the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_business_active(business_id public.identifier, is_active public.yes_no)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(set_business_active.business_id, 'business_id');
begin
    if set_business_active.is_active is null then
        perform private.invalid('is_active', 'is required');
    end if;
    perform business.set_active(
        v_id, private.to_yes_no(set_business_active.is_active, 'is_active')
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.set_business_active(public.identifier, public.yes_no)
to anon, authenticated, service_role;

comment on function public.set_business_active(public.identifier, public.yes_no) is
'Switch a business on or off.

While it is off, only its members and the platform''s staff see it. For its owners and the '
'platform''s admins.

- is_active: true or false; repeating the call changes nothing.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.verify_business(business_id public.identifier, reason text default null)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(verify_business.business_id, 'business_id');
begin
    perform business.set_verified(
        v_id, true, private.to_text(verify_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.verify_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.verify_business(public.identifier, text) is
'Mark a business as verified: the platform knows who is behind it.

For the platform''s staff.

- reason: what was checked, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.unverify_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(unverify_business.business_id, 'business_id');
begin
    perform business.set_verified(
        v_id, false, private.to_required_text(unverify_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.unverify_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.unverify_business(public.identifier, text) is
'Remove the verified mark of a business.

For the platform''s staff.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
