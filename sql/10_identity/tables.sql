-- People. A user is a row of auth.users, which Supabase Auth (or our own sign-in) owns. A profile
-- is what Frontdesk knows about a user; it exists as long as the user does. Addresses belong to one
-- user. Platform staff run the marketplace: admin, finance, support.

create type identity.platform_role as enum ('support', 'finance', 'admin');

create table identity.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    email text,
    full_name text,
    phone text,
    locale text not null default 'en',
    time_zone text not null default 'UTC',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Whether the bookings of all businesses in which they work share one calendar.
    has_one_calendar boolean not null default false,

    constraint profiles_full_name_is_short check (
        full_name is null
        or length(full_name) between 1 and 200
        or private.invalid('full_name', 'must have 1 to 200 characters')
    ),
    constraint profiles_full_name_is_printable check (
        full_name is null
        or private.is_one_line(full_name)
        or private.invalid('full_name', 'must be one line without control characters')
    ),
    constraint profiles_phone_is_international check (
        phone is null
        or phone ~ '^\+[1-9]\d{5,14}$'
        or private.invalid('phone', 'must be in international form, such as +491701234567')
    ),
    constraint profiles_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint profiles_time_zone_exists check (
        private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    )
);
comment on table identity.profiles is 'What Frontdesk knows about a user.';
comment on column identity.profiles.id is '[person: delete]';
comment on column identity.profiles.email is '[personal]';
comment on column identity.profiles.full_name is '[personal]';
comment on column identity.profiles.phone is '[personal]';

create table identity.addresses (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    label text,
    recipient text not null,
    line1 text not null,
    line2 text,
    city text not null,
    region text,
    postal_code text,
    country text not null,
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint addresses_texts_are_short check (
        length(concat(label, recipient, line1, line2, city, region, postal_code)) <= 1000
        or private.invalid('address', 'must have at most 1000 characters in total')
    ),
    constraint addresses_texts_are_printable check (
        private.is_one_line(
            concat(label, recipient, line1, line2, city, region, postal_code)
        )
        or private.invalid('address', 'must not contain line breaks or control characters')
    ),
    constraint addresses_country_is_iso_3166 check (
        country ~ '^[A-Z]{2}$'
        or private.invalid('country', 'must be a two-letter ISO 3166 code, such as DE')
    ),
    -- At commit, not at once: addresses__keep_one_default moves the mark after the row is written.
    constraint addresses_one_default exclude using btree (user_id with =)
    where (is_default) deferrable initially deferred
);
comment on table identity.addresses is 'A user''s address book.';
comment on column identity.addresses.user_id is '[person: delete]';
comment on column identity.addresses.label is '[personal]';
comment on column identity.addresses.recipient is '[personal]';
comment on column identity.addresses.line1 is '[personal]';
comment on column identity.addresses.line2 is '[personal]';
comment on column identity.addresses.city is '[personal]';
comment on column identity.addresses.region is '[personal]';
comment on column identity.addresses.postal_code is '[personal]';
comment on column identity.addresses.country is '[personal]';
create index addresses_user_id_idx on identity.addresses (user_id);

create table identity.platform_staff (
    user_id uuid primary key references auth.users (id) on delete cascade,
    role identity.platform_role not null,
    granted_by uuid references auth.users (id) on delete set null,
    granted_at timestamptz not null default now()
);
comment on table identity.platform_staff is 'Users who run the marketplace itself.';
comment on column identity.platform_staff.user_id is '[person: delete]';
create index platform_staff_granted_by_idx on identity.platform_staff (granted_by);

create table identity.platform_staff_history (
    id bigint generated always as identity primary key,
    -- No reference: the record outlives the user.
    user_id uuid not null,
    old_role identity.platform_role,
    new_role identity.platform_role,
    -- Null when the operator's own software did it.
    actor_id uuid,
    at timestamptz not null default now()
);
comment on table identity.platform_staff_history is
'Who was given which platform role, by whom and when. Only ever added to.';
create index platform_staff_history_user_id_idx on identity.platform_staff_history (user_id, id);

create type identity.notification_channel as enum ('mail', 'sms', 'push', 'in_app');

create table identity.notification_preferences (
    user_id uuid not null references auth.users (id) on delete cascade,
    -- An event of engagement.events, or * for all events without a row of their own.
    event text not null,
    channel identity.notification_channel not null,
    is_enabled boolean not null,

    primary key (user_id, event, channel)
);
comment on table identity.notification_preferences is
'What a user wants to hear of, and how. Without a row they hear of it.';
comment on column identity.notification_preferences.user_id is '[person: delete]';

create table identity.quiet_hours (
    user_id uuid primary key references auth.users (id) on delete cascade,
    -- Wall clock of the profile's zone. From 22:00 to 07:00 runs over midnight.
    starts_at time not null,
    ends_at time not null,

    constraint quiet_hours_are_some check (
        starts_at <> ends_at
        or private.invalid('to_time', 'must differ from from_time')
    )
);
comment on table identity.quiet_hours is
'When a user''s phone stays silent: texts and pushes wait until it is over.';
comment on column identity.quiet_hours.user_id is '[person: delete]';

create table identity.devices (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    platform text not null,
    -- The push service's address of the app on the device.
    token text not null,
    is_active boolean not null default true,
    -- Why nothing is sent to it any more.
    disabled_reason text,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),

    constraint devices_token_unique unique (token),
    constraint devices_platform_is_known check (
        platform in ('android', 'ios', 'web')
        or private.invalid('platform', 'must be android, ios or web')
    ),
    constraint devices_token_is_short check (
        length(token) between 1 and 4096 and not private.has_control_characters(token)
        or private.invalid('token', 'must have 1 to 4096 printable characters')
    )
);
comment on table identity.devices is 'Phones and browsers that take push messages.';
comment on column identity.devices.user_id is '[person: delete]';
comment on column identity.devices.token is '[personal] [secret]';
comment on column identity.devices.disabled_reason is '[personal]';
create index devices_user_id_idx on identity.devices (user_id);

create type identity.activity_kind as enum (
    'signed_up',
    'signed_in',
    'signed_out',
    'session_ended',
    'recovery_requested',
    'password_changed',
    'account_changed',
    'account_deleted',
    'factor_added',
    'factor_removed',
    'passkey_added',
    'passkey_removed',
    'recovery_code_used',
    'identity_linked',
    'identity_unlinked',
    'profile_changed',
    'platform_role_changed',
    'membership_changed'
);

create table identity.activity_events (
    id bigint generated always as identity primary key,
    -- No reference: the record outlives the user.
    user_id uuid not null,
    kind identity.activity_kind not null,
    at timestamptz not null default now(),
    -- Address and program, from the headers of the request; null for the operator's own software.
    ip inet,
    user_agent text,
    -- Such as the provider of a sign-in, or the names of changed columns; never their values.
    details jsonb not null default '{}',

    constraint activity_events_user_agent_is_short check (length(user_agent) <= 500)
);
comment on table identity.activity_events is
'What users did with their accounts, and what was done to them. Only ever added to; forgotten '
'after 400 days.';
comment on column identity.activity_events.user_id is '[person]';
comment on column identity.activity_events.ip is '[personal]';
comment on column identity.activity_events.user_agent is '[personal]';
comment on column identity.activity_events.details is '[personal]';
create index activity_events_user_id_idx on identity.activity_events (user_id, id);
-- Written in the order of time, so that a summary of pages finds what is old.
create index activity_events_at_idx on identity.activity_events using brin (at);
