-- The initial schema of 10_identity: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/10_identity/tables.sql

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

-- sql/10_identity/functions/access.sql

-- Sessions and accounts, as users and admins see them. The rows are those of sign-in, here and on
-- Supabase.

/*
 * Return the caller's sessions, the latest first.
 * Definer: clients cannot read sessions.
 *
 * Errors:  PT401 not_signed_in
 */
create function identity.my_sessions()
returns table (
    id uuid,
    created_at timestamptz,
    refreshed_at timestamptz,
    aal text,
    ip inet,
    user_agent text,
    is_current boolean
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    return query
    select
        sessions.id,
        sessions.created_at,
        sessions.refreshed_at at time zone 'UTC',
        sessions.aal::text,
        sessions.ip,
        sessions.user_agent,
        coalesce(sessions.id::text = auth.jwt() ->> 'session_id', false)
    from auth.sessions
    where
        sessions.user_id = v_user_id
        and (sessions.not_after is null or sessions.not_after > now())
    order by sessions.created_at desc, sessions.id;
end;
$$;

/*
 * End one of the caller's sessions. Its tokens stop working at once.
 * Definer: clients cannot delete sessions.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function identity.revoke_session(session_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    delete from auth.sessions
    where sessions.id = revoke_session.session_id and sessions.user_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such session.',
            'Call my_sessions to list your sessions.'
        );
    end if;
    perform identity.note_activity(v_user_id, 'session_ended', '{"reason": "revoked"}');
end;
$$;

/*
 * Return every account. Returns nothing to a caller who is not an admin.
 * Definer: clients cannot read accounts.
 */
create function identity.list_users()
returns table (
    id uuid,
    email text,
    phone text,
    full_name text,
    platform_role text,
    is_anonymous boolean,
    email_confirmed_at timestamptz,
    created_at timestamptz,
    last_sign_in_at timestamptz,
    banned_until timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not private.is_platform_staff('admin') then
        return;
    end if;
    return query
    select
        users.id,
        users.email::text,
        users.phone,
        profiles.full_name,
        platform_staff.role::text,
        users.is_anonymous,
        users.email_confirmed_at,
        users.created_at,
        users.last_sign_in_at,
        users.banned_until
    from auth.users
    left join identity.profiles on profiles.id = users.id
    left join identity.platform_staff on platform_staff.user_id = users.id
    where users.deleted_at is null;
end;
$$;

-- sql/10_identity/functions/activity.sql

-- How activity is noted and deleted.

/*
 * Return what an entry in the audit of sign-in means to its user, or null when it does not concern
 * them. The entries use the words of Supabase Auth. A second factor counts as added when its first
 * code was right.
 */
create function identity.activity_kind_of(action text, traits jsonb)
returns identity.activity_kind
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when action = 'user_signedup' then 'signed_up'
        when action = 'login' then 'signed_in'
        when action = 'logout' then 'signed_out'
        when action = 'token_revoked' and traits ? 'reason' then 'session_ended'
        when action = 'user_recovery_requested' then 'recovery_requested'
        when action = 'user_updated_password' then 'password_changed'
        when action = 'user_modified' then 'account_changed'
        when action = 'user_deleted' then 'account_deleted'
        when action = 'factor_updated' and traits ->> 'status' = 'verified' then 'factor_added'
        when action in ('factor_unenrolled', 'factor_deleted') then 'factor_removed'
        when action = 'passkey_created' then 'passkey_added'
        when action = 'passkey_deleted' then 'passkey_removed'
        when action = 'verification_attempted' and traits ? 'recovery_code'
            then 'recovery_code_used'
        when action = 'identity_linked' then 'identity_linked'
        when action = 'identity_unlinked' then 'identity_unlinked'
    end::identity.activity_kind;
end;

/*
 * Note what a user did, or what was done to their account. Address and program come from the
 * request unless they are given.
 */
create function identity.note_activity(
    user_id uuid,
    kind identity.activity_kind,
    details jsonb default '{}',
    ip inet default null,
    user_agent text default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    insert into identity.activity_events (user_id, kind, at, ip, user_agent, details)
    values (
        note_activity.user_id,
        note_activity.kind,
        private.now(),
        coalesce(note_activity.ip, private.request_address()),
        left(coalesce(note_activity.user_agent, v_headers ->> 'user-agent'), 500),
        note_activity.details
    );
end;
$$;

/*
 * Delete activity that is older than 400 days. Returns how much.
 * Definer: called by the workers, who cannot read the table.
 */
create function private.forget_old_activity()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from identity.activity_events
    where activity_events.at <= now() - interval '400 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/10_identity/functions/people.sql

-- Questions about the caller that policies and functions of every domain ask.

/*
 * Does the caller have this platform role, or a higher one (support, finance, admin)?
 * Definer: a policy on platform_staff that reads platform_staff would call itself.
 * plpgsql: its plan is kept for the session, and policies call it once a statement.
 */
create function private.is_platform_staff(at_least identity.platform_role)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from identity.platform_staff
        where
            platform_staff.user_id = auth.uid()
            and platform_staff.role >= is_platform_staff.at_least
    );
end;
$$;

/*
 * Does the call come from the operator's own software: the database's owner, the CLI, service_role?
 * `set role` stays in force inside definer functions, so a client never counts, whatever it calls.
 * Definer: inside, current_user is the owner that the session is compared with.
 */
create function private.is_operator()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_role text = coalesce(nullif(current_setting('role'), 'none'), session_user);
begin
    return v_role = 'service_role' or pg_has_role(v_role, current_user, 'usage');
end;
$$;

/*
 * Return the network address of the caller. Null for the operator's servers, because one server
 * makes requests for many people.
 */
create function private.caller_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case when not private.is_operator() then private.request_address() end;
end;
$$;

/*
 * Return the caller's user id, if the account still exists. A token can outlive its user.
 * Definer: clients cannot read auth.users.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.current_user_id()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
begin
    if not exists (
        select 1 from auth.users where users.id = v_user_id and users.deleted_at is null
    ) then
        perform private.refuse(
            'PT401', 'not_signed_in', 'This account no longer exists.', 'Sign in again.'
        );
    end if;
    return v_user_id;
end;
$$;

/*
 * Return a name from a user's own metadata, made safe to keep, or null. It never refuses: a sign-up
 * must not fail because of a name.
 */
create function identity.presentable_name(metadata jsonb)
returns text
language sql
stable
security invoker
set search_path = ''
begin atomic
    select nullif(btrim(left(regexp_replace(
        coalesce(metadata ->> 'full_name', metadata ->> 'name'), '[\x01-\x1F\x7F]', '', 'g'
    ), 200)), '');
end;

/*
 * Give a user a platform role, or take it away with null. Allowed to admins and to the operator's
 * own software.
 * Definer: nobody has a write grant on platform_staff.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 last_admin
 */
create function identity.set_platform_role(user_id uuid, role identity.platform_role)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.require_platform_staff('admin');
    end if;
    if not exists (select 1 from auth.users where users.id = set_platform_role.user_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such user.', 'Check the user''s id.'
        );
    end if;

    if set_platform_role.role is null then
        delete from identity.platform_staff
        where platform_staff.user_id = set_platform_role.user_id;
        return;
    end if;
    insert into identity.platform_staff (user_id, role, granted_by, granted_at)
    values (set_platform_role.user_id, set_platform_role.role, auth.uid(), private.now())
    on conflict on constraint platform_staff_pkey do update
    set
        role = excluded.role,
        granted_by = excluded.granted_by,
        granted_at = excluded.granted_at
    where platform_staff.role <> excluded.role;
end;
$$;

/*
 * Refuse a caller who does not have this platform role or a higher one.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden
 */
create function private.require_platform_staff(at_least identity.platform_role)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.token_user_id();
    if not private.is_platform_staff(at_least) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff may do this.',
            'Ask an admin of the platform.'
        );
    end if;
end;
$$;

/*
 * Refuse a caller who is not signed in with a second factor. The operator needs none.
 *
 * Errors:  PT403 second_factor_required
 */
create function private.require_second_factor()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not private.is_operator() and auth.jwt() ->> 'aal' is distinct from 'aal2' then
        perform private.refuse(
            'PT403', 'second_factor_required', 'This needs a second factor.',
            'Sign in with your second factor and repeat the call.'
        );
    end if;
end;
$$;

-- sql/10_identity/rules/activity.sql

-- Where activity comes from. Sign-in writes its own audit, on Supabase and here, so activity is
-- read from there. What happens outside of sign-in is noted where it happens.

/*
 * Note what sign-in wrote into its audit as activity of the user. Refreshing a token is not
 * activity.
 * Definer: Supabase Auth (supabase_auth_admin) writes the audit and has no rights here.
 */
create function identity.audit_log_entries__note_activity()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_payload jsonb = new.payload;
    v_traits jsonb = coalesce(v_payload -> 'traits', '{}');
    v_kind identity.activity_kind = identity.activity_kind_of(v_payload ->> 'action', v_traits);
    -- When the operator acts, the user is named in the traits.
    v_user_id text = coalesce(v_traits ->> 'user_id', v_payload ->> 'actor_id');
begin
    if v_kind is null or v_user_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        return null;
    end if;
    perform identity.note_activity(
        v_user_id::uuid,
        v_kind,
        (
            select coalesce(jsonb_object_agg(traits.key, traits.value), '{}')
            from jsonb_each(v_traits) as traits
            where traits.key in ('provider', 'scope', 'reason', 'factor_id', 'by')
        ),
        private.to_address(new.ip_address),
        v_payload ->> 'user_agent'
    );
    return null;
end;
$$;

create trigger _500_note_activity
after insert on auth.audit_log_entries
for each row
when (new.payload ->> 'action' <> 'token_refreshed')
execute function identity.audit_log_entries__note_activity();

/*
 * Note which columns of a profile were changed.
 * Definer: nobody may write activity.
 */
create function identity.profiles__note_activity()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform identity.note_activity(
        new.id,
        'profile_changed',
        jsonb_build_object('columns', array_remove(array[
            case when new.full_name is distinct from old.full_name then 'full_name' end,
            case when new.phone is distinct from old.phone then 'phone' end,
            case when new.locale <> old.locale then 'locale' end,
            case when new.time_zone <> old.time_zone then 'time_zone' end
        ], null))
    );
    return null;
end;
$$;

create trigger _500_note_activity
after update on identity.profiles
for each row
when (
    (old.full_name, old.phone, old.locale, old.time_zone)
    is distinct from (new.full_name, new.phone, new.locale, new.time_zone)
)
execute function identity.profiles__note_activity();

create trigger _100_refuse_rewriting
before update on identity.activity_events
for each row
execute function private.any__refuse_rewriting();

-- Rows that private.forget_old_activity may delete.
create trigger _100_refuse_forgetting
before delete on identity.activity_events
for each row
when (old.at > now() - interval '400 days')
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on identity.activity_events
for each statement
execute function private.any__refuse_rewriting();

-- sql/10_identity/rules/people.sql

-- What must never happen: a user without a profile, an address of somebody else, two default
-- addresses, a platform without an admin, a change of role without a record.

/*
 * Create a profile with each user, and keep its e-mail address equal to the account's.
 * Definer: Supabase Auth (supabase_auth_admin) writes users and has no rights on profiles.
 */
create function identity.users__keep_profile()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into identity.profiles (id, email, full_name)
    values (new.id, new.email, identity.presentable_name(new.raw_user_meta_data))
    on conflict (id) do update
    set email = excluded.email
    where profiles.email is distinct from excluded.email;
    return null;
end;
$$;

create trigger _500_keep_profile
after insert or update of email on auth.users
for each row
execute function identity.users__keep_profile();

create trigger _010_refuse_bad_input
before insert or update on identity.profiles
for each row
execute function private.any__refuse_bad_input();

create trigger _900_touch
before update on identity.profiles
for each row
execute function private.any__touch();

/*
 * Write the caller as the owner of an address, whatever the request says.
 *
 * Errors:  PT401 not_signed_in
 */
create function identity.addresses__keep_owner()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() then
        new.user_id = private.current_user_id();
    end if;
    return new;
end;
$$;

/*
 * Make the first address of a user the default one.
 */
create function identity.addresses__mark_first()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.is_default = new.is_default or not exists (
        select 1 from identity.addresses where addresses.user_id = new.user_id
    );
    return new;
end;
$$;

/*
 * Take the default mark from the old address when another gets it. The user's profile is locked, so
 * that two writers take turns; of several in one statement the first stays.
 * Definer: clients cannot lock a profile.
 */
create function identity.addresses__keep_one_default()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform 1
    from identity.profiles
    where profiles.id = new.user_id
    for no key update;

    update identity.addresses
    set is_default = false
    where
        addresses.user_id = new.user_id
        and addresses.id <> new.id
        and addresses.is_default
        and exists (
            select 1
            from identity.addresses as newest
            where newest.id = new.id and newest.is_default
        );
    return null;
end;
$$;

create trigger _005_keep_owner
before insert or update on identity.addresses
for each row
execute function identity.addresses__keep_owner();

create trigger _010_refuse_bad_input
before insert or update on identity.addresses
for each row
execute function private.any__refuse_bad_input();

create trigger _100_mark_first
before insert on identity.addresses
for each row
execute function identity.addresses__mark_first();

create trigger _500_keep_one_default
after insert or update on identity.addresses
for each row
when (new.is_default)
execute function identity.addresses__keep_one_default();

create trigger _900_touch
before update on identity.addresses
for each row
execute function private.any__touch();

/*
 * Serialise changes to platform staff: of two admins who remove each other, the second is refused.
 */
create function identity.platform_staff__queue_up()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('identity.platform_staff', 0));
    return null;
end;
$$;

/*
 * Refuse to remove or demote the last admin, on any path. The remaining admins are locked, so that
 * a repeatable read with an old snapshot fails instead of passing.
 *
 * Errors:  PT409 last_admin
 */
create function identity.platform_staff__keep_an_admin()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from identity.platform_staff
    where platform_staff.role = 'admin'
    for share;
    if not found then
        perform private.refuse(
            'PT409', 'last_admin', 'The platform''s last admin cannot be removed.',
            'Make somebody else an admin first.'
        );
    end if;
    return null;
end;
$$;

/*
 * Write a line for every platform role that is given or taken.
 * Definer: only this function writes the history.
 */
create function identity.platform_staff__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into identity.platform_staff_history (user_id, old_role, new_role, actor_id, at)
    values (
        coalesce(new.user_id, old.user_id), old.role, new.role, auth.uid(), private.now()
    );
    perform identity.note_activity(
        coalesce(new.user_id, old.user_id),
        'platform_role_changed',
        jsonb_build_object('from', old.role, 'to', new.role)
    );
    return null;
end;
$$;

create trigger _100_queue_up
before update or delete on identity.platform_staff
for each statement
execute function identity.platform_staff__queue_up();

create trigger _500_keep_history
after insert or update or delete on identity.platform_staff
for each row
execute function identity.platform_staff__keep_history();

create trigger _600_keep_an_admin_when_demoted
after update on identity.platform_staff
for each row
when (old.role = 'admin' and new.role <> 'admin')
execute function identity.platform_staff__keep_an_admin();

create trigger _600_keep_an_admin_when_removed
after delete on identity.platform_staff
for each row
when (old.role = 'admin')
execute function identity.platform_staff__keep_an_admin();

create trigger _100_refuse_rewriting
before update or delete on identity.platform_staff_history
for each row
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on identity.platform_staff_history
for each statement
execute function private.any__refuse_rewriting();

-- sql/10_identity/policies.sql

-- Users read and change their own profile and addresses, and nobody else's. Only platform staff see
-- platform staff. Roles are granted by identity.set_platform_role, never by a write.

alter table identity.profiles enable row level security;
grant select on identity.profiles to authenticated;
grant update (
    full_name, phone, locale, time_zone, has_one_calendar
) on identity.profiles to authenticated;
grant select, insert, update, delete on identity.profiles to service_role;
-- No insert, no delete: a profile is created and deleted with its user. The e-mail address changes
-- through sign-in.

create policy profiles_select
on identity.profiles
for select
to authenticated
using (id = (select auth.uid()));

create policy profiles_update
on identity.profiles
for update
to authenticated
using (id = (select auth.uid()))
with check (id = (select auth.uid()));

alter table identity.addresses enable row level security;
grant select, delete on identity.addresses to authenticated;
grant insert (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on identity.addresses to authenticated;
grant update (
    id, user_id, label, recipient, line1, line2, city, region, postal_code, country, is_default
) on identity.addresses to authenticated;
grant select, insert, update, delete on identity.addresses to service_role;
-- user_id may be sent, but addresses__keep_owner writes the caller's own; id may be written because
-- an upsert writes it, and changing it is refused.

create policy addresses_select
on identity.addresses
for select
to authenticated
using (user_id = (select auth.uid()));

create policy addresses_insert
on identity.addresses
for insert
to authenticated
with check (user_id = (select auth.uid()));

create policy addresses_update
on identity.addresses
for update
to authenticated
using (user_id = (select auth.uid()))
with check (user_id = (select auth.uid()));

create policy addresses_delete
on identity.addresses
for delete
to authenticated
using (user_id = (select auth.uid()));

alter table identity.platform_staff enable row level security;
grant select on identity.platform_staff to authenticated;
grant select, insert, update, delete on identity.platform_staff to service_role;
-- No writes: identity.set_platform_role gives and takes roles, and checks the caller.

create policy platform_staff_select
on identity.platform_staff
for select
to authenticated
using (user_id = (select auth.uid()) or (select private.is_platform_staff('support')));

-- Only the operator reads the history; clients do not need it yet.
alter table identity.platform_staff_history enable row level security;
grant select on identity.platform_staff_history to service_role;

-- No writes: triggers note what happens. Analysts count events, and see neither the user nor the
-- address.
alter table identity.activity_events enable row level security;
grant select on identity.activity_events to authenticated, service_role;
grant select (kind, at) on identity.activity_events to analyst;
grant usage on schema identity to analyst;

create policy activity_events_select
on identity.activity_events
for select
to authenticated
using (user_id = (select auth.uid()));

create policy activity_events_select_analyst
on identity.activity_events
for select
to analyst
using (true);
grant execute on function private.forget_old_activity()
to worker;
-- Callers who are not admins get an empty list.
grant execute on function identity.list_users()
to authenticated, service_role;
grant execute on function
identity.my_sessions(),
identity.revoke_session(uuid)
to anon, authenticated, service_role;
grant execute on function
private.require_platform_staff(identity.platform_role),
private.require_second_factor(),
identity.set_platform_role(uuid, identity.platform_role),
private.is_platform_staff(identity.platform_role),
private.is_operator(),
private.current_user_id()
to anon, authenticated, service_role;

-- sql/10_identity/api/access.sql

-- Sessions of the caller, and accounts for admins.

/*
 * The caller's sessions, the latest first.
 *
 * Errors:  PT401 not_signed_in · PT422 too_many_rows
 */
create function public.my_sessions()
returns table (
    id uuid,
    created_at timestamptz,
    refreshed_at timestamptz,
    aal text,
    ip inet,
    user_agent text,
    is_current boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    return query
    select
        mine.id,
        mine.created_at,
        mine.refreshed_at,
        mine.aal,
        mine.ip,
        mine.user_agent,
        mine.is_current
    from identity.my_sessions() as mine;
    get diagnostics v_count = row_count;
    perform private.require_page(
        v_count, 'End the other sessions: POST /auth/v1/logout?scope=others.'
    );
end;
$$;
grant execute on function public.my_sessions() to anon, authenticated, service_role;

comment on function public.my_sessions() is
'Return the caller''s sessions, the latest first: when each was created and last refreshed, its '
'level (aal1, aal2), its network address and program, and whether it is the current one. '
'May be null: refreshed_at, aal, ip, user_agent.

Errors: not_signed_in 401, too_many_rows 422.';

/*
 * End one of the caller's sessions.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.revoke_session(session_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform identity.revoke_session(
        private.to_identifier(revoke_session.session_id, 'session_id')
    );
end;
$$;
grant execute on function public.revoke_session(public.identifier)
to anon, authenticated, service_role;

comment on function public.revoke_session(public.identifier) is
'End one of the caller''s sessions at once.

- session_id: the id of a session from my_sessions.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

create view public.admin_users
with (security_invoker = true)
as
select
    users.id,
    users.email,
    users.phone,
    users.full_name,
    users.platform_role,
    users.is_anonymous,
    users.email_confirmed_at,
    users.created_at,
    users.last_sign_in_at,
    users.banned_until
from identity.list_users() as users;
grant select on public.admin_users to authenticated, service_role;

comment on view public.admin_users is
'All users with an account.

Only admins of the platform see rows. Change roles with set_platform_role.';
comment on column public.admin_users.id is 'The user.';
comment on column public.admin_users.email is 'E-mail address, or null.';
comment on column public.admin_users.phone is 'Phone number without the plus, or null.';
comment on column public.admin_users.full_name is 'Name of the profile, or null.';
comment on column public.admin_users.platform_role is 'support, finance, admin, or null.';
comment on column public.admin_users.is_anonymous is 'Whether the account has no address.';
comment on column public.admin_users.email_confirmed_at is
'When the user confirmed the address, or null.';
comment on column public.admin_users.created_at is 'When the account was created.';
comment on column public.admin_users.last_sign_in_at is 'When they last signed in, or null.';
comment on column public.admin_users.banned_until is 'When the ban ends, or null.';

-- sql/10_identity/api/people.sql

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

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
