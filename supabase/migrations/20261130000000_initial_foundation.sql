-- The initial schema of 00_foundation: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/00_foundation/tables.sql

-- The ground that every domain stands on: one schema a domain, the extensions that constraints
-- need, the currencies that prices point at, and the types in which clients send arguments.
-- Nothing may be executed unless a grant says so: PostgreSQL's habit of letting PUBLIC call every
-- new function is off while a file of sql/ or a migration runs, and on again for what others add.

create schema if not exists extensions;
create extension if not exists btree_gist with schema extensions;

-- Supabase would give its roles everything that is made in public.
alter default privileges in schema public
revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public
revoke all on sequences from anon, authenticated, service_role;

create schema private;
create schema identity;
create schema business;
create schema catalog;
create schema scheduling;
create schema pricing;
create schema analytics;

comment on schema private is 'Helpers and secrets. Never exposed over HTTP.';
comment on schema identity is 'People: profiles, addresses, platform staff.';
comment on schema business is 'Businesses, their members, approval and closures.';
comment on schema catalog is 'What a business offers, with whom, where and when.';
comment on schema scheduling is 'Bookings and the time that they take.';
comment on schema pricing is 'What things cost.';
comment on schema analytics is 'Read-only views for people who read numbers.';

-- The arguments of RPCs arrive as JSON. A typed argument would be refused by PostgreSQL in its own
-- words before a function runs, and `timestamptz` would guess a missing offset. So public
-- functions take these domains, and private.to_… turn them into typed values or answer
-- `invalid_input` with the argument's name.
create domain public.identifier as text;
create domain public.instant as text;
create domain public.whole_number as text;
create domain public.yes_no as text;
create domain public.list as text;
create domain public.place as text;
create domain public.object as text;

comment on domain public.identifier is 'A UUID, as text: 8-4-4-4-12 hexadecimal digits.';
comment on domain public.instant is
'An ISO 8601 instant with an offset, such as 2031-03-30T09:00:00+02:00 or 2031-03-30T07:00:00Z. '
'The offset is required.';
comment on domain public.whole_number is 'A whole number, as a JSON number or as text.';
comment on domain public.yes_no is 'true or false.';
comment on domain public.place is
'A JSON object with latitude and longitude, degrees north and east: {"latitude": 52.52, '
'"longitude": 13.405}.';
comment on domain public.list is 'A JSON array. A list of identifiers may also be sent as {a,b}.';
comment on domain public.object is 'A JSON object.';

-- Currencies are reference data (seed/currencies.sql). The prices of every domain refer to them.
create table pricing.currencies (
    code text primary key,
    name text not null,
    minor_digits smallint not null,

    constraint currencies_code_is_iso_4217 check (code ~ '^[A-Z]{3}$'),
    constraint currencies_minor_digits_are_few check (minor_digits between 0 and 4)
);

-- How what is sold is taxed: reference data (seed/currencies.sql). The catalog names a class, and
-- the tax rules of a place say what it means there.
create table pricing.tax_classes (
    name text primary key,
    description text not null,
    position smallint not null,

    constraint tax_classes_name_is_a_word check (name ~ '^[a-z_]{1,40}$')
);
comment on table pricing.tax_classes is 'How what is sold is taxed, such as standard or reduced.';

-- The sentences of refusals in the languages beside English, which the code has. A sentence may
-- have {message} where the English one belongs, because it names what was wrong.
create table private.refusal_sentences (
    token text not null,
    locale text not null,
    sentence text not null,

    primary key (token, locale)
);

-- The first answer to a call with an idempotency key. The same key with the same arguments gets it
-- again; with other arguments it is refused. Kept for a day (private.forget_old_keys).
create table private.idempotency_keys (
    user_id uuid not null,
    function_name text not null,
    key text not null,
    arguments_hash bytea not null,
    answer jsonb,
    created_at timestamptz not null default now(),

    primary key (user_id, function_name, key),
    constraint idempotency_keys_are_short check (length(key) between 1 and 255)
);
create index idempotency_keys_created_at_idx on private.idempotency_keys (created_at);
comment on column private.idempotency_keys.user_id is '[person: delete]';
comment on column private.idempotency_keys.answer is '[personal]';

-- sql/00_foundation/functions/api_keys.sql

-- What a program with an API key may do in the current request. 75_integrations admits the key
-- before the statement and writes down its business and its scopes for this transaction; whoever
-- has the role api_key without having been admitted may do nothing.

/*
 * Return the API key of the current request as {id, business_id, scopes}; null for other callers.
 */
create function private.admitted_key()
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return nullif(current_setting('auth.admitted_key', true), '')::jsonb;
end;
$$;

/*
 * Does the API key of this request have a scope of a subject? `access` is read or write; the scope
 * to write includes the one to read.
 */
create function private.key_may(subject text, access text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        private.admitted_key() -> 'scopes' ?| array[subject || ':' || access, subject || ':write'],
        false
    );
end;
$$;

-- sql/00_foundation/functions/arguments.sql

/*
 * Read an identifier.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_identifier(value text, argument text, is_required boolean default true)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required then
            perform private.invalid(argument, 'is required');
        end if;
        return null;
    end if;
    if value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.invalid(argument, 'must be a UUID');
    end if;
    return value::uuid;
end;
$$;

/*
 * Read an instant: ISO 8601 with an offset. One without is refused, never guessed.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_instant(value text, argument text, is_required boolean default true)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required then
            perform private.invalid(argument, 'is required');
        end if;
        return null;
    end if;
    if value !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?Z|[+-]\d\d(:?\d\d)?)$' then
        perform private.invalid(
            argument, 'must be an ISO 8601 instant with an offset, such as 2031-03-30T09:00:00Z'
        );
    end if;
    return value::timestamptz;
exception
    when datetime_field_overflow or invalid_datetime_format
    or invalid_time_zone_displacement_value then
        perform private.invalid(argument, 'must be an instant that exists');
end;
$$;

/*
 * Read a local date. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_date(value text, argument text)
returns date
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{4}-\d\d-\d\d$' then
        perform private.invalid(argument, 'must be a date, such as 2031-03-30');
    end if;
    return value::date;
exception
    when datetime_field_overflow then
        perform private.invalid(argument, 'must be a date that exists');
end;
$$;

/*
 * Read a time of day. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_clock(value text, argument text)
returns time
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?)$' then
        perform private.invalid(argument, 'must be a time of day, such as 22:00');
    end if;
    return value::time;
end;
$$;

/*
 * Read a whole number between two bounds. Null is `if_null`, which makes the argument optional.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_whole_number(
    value text,
    argument text,
    minimum integer,
    maximum integer,
    is_required boolean default true,
    if_null integer default null
)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        if is_required and if_null is null then
            perform private.invalid(argument, 'is required');
        end if;
        return if_null;
    end if;
    if value !~ '^-?\d{1,9}$' or value::integer not between minimum and maximum then
        perform private.invalid(
            argument, format('must be a whole number from %s to %s', minimum, maximum)
        );
    end if;
    return value::integer;
end;
$$;

/*
 * Read an amount of money in minor units. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_minor_units(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{1,13}$' or value::bigint > 1000000000000 then
        perform private.invalid(argument, 'must be from 0 to 1000000000000 minor units');
    end if;
    return value::bigint;
end;
$$;

/*
 * Read an amount of money that must be sent and be at least one minor unit.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_required_amount(value text, argument text)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = private.to_minor_units(value, argument);
begin
    if coalesce(v_amount, 0) = 0 then
        perform private.invalid(argument, 'must be from 1 to 1000000000000 minor units');
    end if;
    return v_amount;
end;
$$;

/*
 * Read true or false. Null is false.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_yes_no(value text, argument text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is not null and lower(value) not in ('true', 'false', 't', 'f') then
        perform private.invalid(argument, 'must be true or false');
    end if;
    return coalesce(lower(value) in ('true', 't'), false);
end;
$$;

/*
 * Read a text of at most so many characters, without control characters other than tabs and line
 * breaks. A blank text is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_text(value text, argument text, maximum integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if length(value) > maximum then
        perform private.invalid(argument, format('must have at most %s characters', maximum));
    end if;
    if private.has_control_characters(value) then
        perform private.invalid(argument, 'must not contain control characters');
    end if;
    return nullif(btrim(value), '');
end;
$$;

/*
 * Read a text that must be sent and must not be blank.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_required_text(value text, argument text, maximum integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_text text = private.to_text(value, argument, maximum);
begin
    if v_text is null then
        perform private.invalid(argument, 'is required');
    end if;
    return v_text;
end;
$$;

/*
 * Does a text contain control characters other than tab, line feed and carriage return?
 */
create function private.has_control_characters(value text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return value ~ '[\x01-\x08\x0B\x0C\x0E-\x1F\x7F]';
end;
$$;

/*
 * Is a date between the years 1 and 9999, or null? Only such dates can be reckoned with: infinity
 * and the last date of PostgreSQL make any sum fail.
 */
create function private.is_usual_date(value date)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(value between '0001-01-01' and '9999-12-31', true);
end;
$$;

/*
 * Is a text one line, without control characters and without anything that programs take for a line
 * break? Names, titles and addresses must be: they stand in mail headers and calendar properties.
 */
create function private.is_one_line(value text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return value !~ '[\x01-\x1F\x7F\u0085\u2028\u2029]';
end;
$$;

-- sql/00_foundation/functions/callers.sql

/*
 * Return the user id of the caller's token. The account may have been deleted since (see
 * private.current_user_id).
 *
 * Errors:  PT401 not_signed_in
 */
create function private.token_user_id()
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = auth.uid();
begin
    if v_user_id is null then
        perform private.refuse(
            'PT401', 'not_signed_in', 'Sign in first.', 'Send a signed-in user''s token.'
        );
    end if;
    return v_user_id;
end;
$$;

/*
 * Is the current role one that clients use? Servers and owners are trusted, clients are checked.
 */
create function private.is_client()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return current_user in ('anon', 'authenticated', 'api_key');
end;
$$;

-- sql/00_foundation/functions/clock.sql

-- The clock: what "now" means, and which time zones exist.

/*
 * Return the moment that every rule means by "now". Tests move it with the setting frontdesk.now.
 */
create function private.now()
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(nullif(current_setting('frontdesk.now', true), '')::timestamptz, now());
end;
$$;

/*
 * Is this the name of a time zone that PostgreSQL knows (IANA, such as Asia/Kathmandu)? Offsets and
 * abbreviations are refused: they do not follow daylight saving.
 */
create function private.is_time_zone(value text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){0,2}$' or value ~ '^(posix|right)/' then
        return false;
    end if;
    perform now() at time zone value;
    return value ~ '/' or value in ('UTC', 'GMT');
exception
    when invalid_parameter_value then
        return false;
end;
$$;

-- sql/00_foundation/functions/contacts.sql

/*
 * Read an e-mail address of at most 320 characters. A blank one is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_email(value text, argument text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_email text = private.to_text(value, argument, 320);
begin
    if v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' then
        perform private.invalid(argument, 'must be an e-mail address');
    end if;
    return v_email;
end;
$$;

/*
 * Read a phone number in international form. A blank one is null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_phone(value text, argument text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_phone text = private.to_text(value, argument, 20);
begin
    if v_phone !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(
            argument, 'must be in international form, such as +491701234567'
        );
    end if;
    return v_phone;
end;
$$;

-- sql/00_foundation/functions/documents.sql

/*
 * Read a place as latitude and longitude, in this order. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_place(value text, argument text)
returns double precision[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_place jsonb;
begin
    if value is null then
        return null;
    end if;
    v_place = private.to_object(value, argument, '{latitude,longitude}');
    if jsonb_typeof(v_place -> 'latitude') is distinct from 'number'
        or jsonb_typeof(v_place -> 'longitude') is distinct from 'number'
        or (v_place ->> 'latitude')::numeric not between -90 and 90
        or (v_place ->> 'longitude')::numeric not between -180 and 180 then
        perform private.invalid(
            argument,
            'must be a place on earth, such as {"latitude": 52.52, "longitude": 13.405}'
        );
    end if;
    -- Nine decimals are less than a millimetre. A longer number could be too small for a double.
    return array[
        round((v_place ->> 'latitude')::numeric, 9), round((v_place ->> 'longitude')::numeric, 9)
    ]::double precision[];
end;
$$;

/*
 * Read a JSON array of at most so many elements. Null is an empty one.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_list(value text, argument text, maximum integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    begin
        v_list = coalesce(value, '[]')::jsonb;
    exception
        when invalid_text_representation or untranslatable_character
        or numeric_value_out_of_range then
            v_list = null;
    end;
    if jsonb_typeof(v_list) is distinct from 'array' then
        perform private.invalid(argument, 'must be a JSON array');
    end if;
    if jsonb_array_length(v_list) > maximum then
        perform private.invalid(argument, format('must have at most %s elements', maximum));
    end if;
    return v_list;
end;
$$;

/*
 * Read a JSON object with some keys; null is an empty object. Any other key is refused by name, so
 * that nothing that a client sends is ignored. Without a list of keys every key is allowed, for
 * callers that check the keys themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_object(value text, argument text, keys text[] default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_object jsonb;
begin
    if value is null then
        return '{}';
    end if;
    begin
        v_object = value::jsonb;
    exception
        when invalid_text_representation or untranslatable_character
        or numeric_value_out_of_range then
            v_object = null;
    end;
    if jsonb_typeof(v_object) is distinct from 'object' then
        perform private.invalid(argument, 'must be a JSON object');
    end if;
    if keys is not null then
        perform private.refuse_unknown_keys(v_object, argument, keys);
    end if;
    return v_object;
end;
$$;

/*
 * Refuse an object that has other keys than some.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_unknown_keys(value jsonb, argument text, keys text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    select sent.key into v_unknown
    from jsonb_object_keys(value) as sent (key)
    where sent.key <> all(keys)
    order by sent.key
    limit 1;
    if found then
        perform private.invalid(
            argument || '.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            format('is not known; the keys are %s', array_to_string(keys, ', '))
        );
    end if;
end;
$$;

/*
 * Read a JSON array of at most so many objects with some keys, as private.to_object reads each.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_objects(value text, argument text, maximum integer, keys text[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select private.to_object(element.value::text, argument, keys)
        from jsonb_array_elements(private.to_list(value, argument, maximum))
            with ordinality as element (value, position)
        order by element.position
    );
end;
$$;

/*
 * Read a list of identifiers, as a JSON array or as {a,b}. Returns each once, sorted.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_identifiers(value text, argument text)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    if value is null or value in ('[]', '{}') then
        return '{}'::uuid[];
    end if;
    v_list = case
        when value ~ '^\{[0-9a-fA-F,-]*\}$' then to_jsonb(string_to_array(btrim(value, '{}'), ','))
        else private.to_list(value, argument, 50)
    end;
    return array(
        select distinct private.to_identifier(element.value, argument) as id
        from jsonb_array_elements_text(v_list) as element (value)
        order by id
    );
end;
$$;

-- sql/00_foundation/functions/feeds.sql

-- The one seam of every feed of changes (phones, exports with a cursor, programs that ask). Rows of
-- a feed carry pg_current_xact_id(), and a reader stops at private.feed_horizon(): every
-- transaction before it has ended, so nothing can appear behind a reader any more. A time or a
-- sequence would lose what commits late.

/*
 * Return the first transaction that may still be running. A feed reads what earlier ones wrote.
 */
create function private.feed_horizon()
returns xid8
language sql
stable
security invoker
set search_path = ''
as $$
    select pg_snapshot_xmin(pg_current_snapshot());
$$;

/*
 * Return the name of this history of the database. Transactions count anew in another cluster, and
 * after a restore to an earlier moment they have another meaning: a cursor of another timeline asks
 * for a full read.
 */
create function private.timeline()
returns text
language sql
stable
security invoker
set search_path = ''
as $$
    select format('%s.%s', system.system_identifier, checkpoint.timeline_id)
    from pg_control_system() as system
    cross join pg_control_checkpoint() as checkpoint;
$$;

/*
 * Write the position of a reader as one word.
 */
create function private.write_cursor(parts jsonb)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select translate(
        encode(convert_to(write_cursor.parts::text, 'UTF8'), 'base64'), E'+/=\n', '-_'
    );
$$;

/*
 * Read a cursor that private.write_cursor wrote; null for null.
 *
 * Errors:  PT400 invalid_input
 */
create function private.read_cursor(cursor text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_parts jsonb;
begin
    if cursor is null then
        return null;
    end if;
    v_parts = convert_from(
        decode(
            translate(cursor, '-_', '+/') || repeat('=', (4 - length(cursor) % 4) % 4), 'base64'
        ),
        'UTF8'
    )::jsonb;
    if jsonb_typeof(v_parts) <> 'object' then
        perform private.invalid('cursor', 'must be one of an earlier answer');
    end if;
    return v_parts;
exception
    when
        invalid_parameter_value
        or invalid_text_representation
        or character_not_in_repertoire
        or untranslatable_character then
        perform private.invalid('cursor', 'must be one of an earlier answer');
end;
$$;

-- sql/00_foundation/functions/idempotency.sql

/*
 * Claim an idempotency key for this call. Returns null when the key is new or none was sent: go on,
 * then call private.remember_answer. Returns the first answer when the key was used before.
 * Of two calls with one key at the same time, the second waits for the first to commit.
 * Definer: clients cannot read the table. Only the caller's own keys are touched.
 *
 * Errors:  PT400 invalid_input · PT409 idempotency_conflict
 */
create function private.first_answer(function_name text, key text, arguments jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.token_user_id();
    v_hash bytea = sha256(convert_to(arguments::text, 'UTF8'));
    v_first private.idempotency_keys;
begin
    if length(first_answer.key) not between 1 and 255
        or private.has_control_characters(first_answer.key) then
        perform private.invalid('idempotency_key', 'must have 1 to 255 printable characters');
    end if;

    insert into private.idempotency_keys (user_id, function_name, key, arguments_hash, created_at)
    values (v_user_id, first_answer.function_name, first_answer.key, v_hash, private.now())
    on conflict do nothing;
    if found then
        return null;
    end if;

    select idempotency_keys.* into v_first
    from private.idempotency_keys
    where
        idempotency_keys.user_id = v_user_id
        and idempotency_keys.function_name = first_answer.function_name
        and idempotency_keys.key = first_answer.key;

    perform private.require_same_arguments(v_first.arguments_hash, v_hash);
    return v_first.answer;
end;
$$;

/*
 * Refuse a call that uses the key of an earlier call with other arguments.
 *
 * Errors:  PT409 idempotency_conflict
 */
create function private.require_same_arguments(first_hash bytea, hash bytea)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if first_hash is distinct from hash then
        perform private.refuse(
            'PT409', 'idempotency_conflict',
            'This idempotency key was used with other arguments.',
            'Use a new key for a new request.'
        );
    end if;
end;
$$;

/*
 * Keep the answer that belongs to a claimed key.
 * Definer: as private.first_answer.
 */
create function private.remember_answer(function_name text, key text, answer jsonb)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    update private.idempotency_keys
    set answer = remember_answer.answer
    where
        idempotency_keys.user_id = (select auth.uid())
        and idempotency_keys.function_name = remember_answer.function_name
        and idempotency_keys.key = remember_answer.key;
end;

/*
 * Delete idempotency keys that are older than a day. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function private.forget_old_keys()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from private.idempotency_keys
    where idempotency_keys.created_at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/00_foundation/functions/locales.sql

-- Which language a reader gets: the one that the call names, else those of Accept-Language in
-- their order, then English.

/*
 * Return the languages that a reader wants, the best first, in lower case: each tag, and after it
 * its language without the region. English comes last.
 */
create function private.wanted_locales(locale text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_header constant text = case
        when locale is null
            then nullif(current_setting('request.headers', true), '')::jsonb ->> 'accept-language'
    end;
begin
    return (
        select array_agg(choice.tag order by choice.position)
        from (
            select tags.tag, min(tags.position) as position
            from (
                select
                    unnest(array[wanted.tag, split_part(wanted.tag, '-', 1)]) as tag,
                    row_number() over (order by wanted.weight desc, wanted.ordinal) as position
                from (
                    select
                        lower(btrim(split_part(part, ';', 1))) as tag,
                        coalesce(substring(part, ';\s*q=([01](?:\.\d{1,3})?)')::numeric, 1) as weight,
                        ordinal
                    from unnest(string_to_array(left(coalesce(locale, v_header), 500), ','))
                        with ordinality as parts (part, ordinal)
                ) as wanted
                where wanted.tag ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$' and wanted.weight > 0
                union all
                select 'en', 1000000
            ) as tags
            group by tags.tag
        ) as choice
    );
end;
$$;

/*
 * Return how well a language suits a reader: the lower the better. Every language suits somehow, so
 * a text that exists is shown.
 */
create function private.locale_rank(wanted text[], locale text)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        array_position(wanted, lower(locale)) * 2,
        array_position(wanted, split_part(lower(locale), '-', 1)) * 2 + 1,
        2000000
    );
end;
$$;

-- sql/00_foundation/functions/locks.sql

-- Advisory locks, taken in one order everywhere.
--
-- A bare insert into an exclusion constraint would be just as safe, but two that race wait for each
-- other and may deadlock (docs/adr/0003-contention.md). So whoever takes or frees time locks the
-- resources first, in the order of their keys, and then finds the constraint satisfied.

/*
 * Lock resources, limits and the like until the transaction ends. Everybody locks in the same
 * order.
 */
create function private.lock(ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    if cardinality(lock.ids) = 1 then
        perform pg_advisory_xact_lock(hashtextextended(lock.ids[1]::text, 0));
        return;
    end if;
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(lock.ids) as locked (id)
        order by key
    loop
        perform pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

/*
 * Lock as private.lock does, but without waiting. Returns false when somebody else has one of the
 * locks. For callers that hold locks already and must not wait out of order.
 */
create function private.try_lock(ids uuid[])
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(try_lock.ids) as locked (id)
        order by key
    loop
        if not pg_try_advisory_xact_lock(v_key) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;

-- sql/00_foundation/functions/months.sql

-- Tables of what only grows are partitioned by month on their column `at`. Each month is a table of
-- its own, which is dropped as a whole; what falls into no prepared month is in `<table>_else`.

/*
 * Prepare the table of the month that begins on a day. Returns it, or null when it is there, or
 * when rows of the month are among the others already: then the month stays there.
 */
create function private.prepare_month(parent regclass, starts_on date)
returns regclass
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = starts_on::timestamp at time zone 'UTC';
    v_until timestamptz = (starts_on + interval '1 month') at time zone 'UTC';
    v_name text = format('%s_%s', parent, to_char(starts_on, 'YYYY_MM'));
    v_is_elsewhere boolean;
begin
    if to_regclass(v_name) is not null then
        return null;
    end if;
    execute format('select exists (select 1 from %s_else where at >= $1 and at < $2)', parent)
    into v_is_elsewhere
    using v_from, v_until;
    if v_is_elsewhere then
        return null;
    end if;
    execute format(
        'create table %s partition of %s for values from (%L) to (%L)',
        v_name, parent, v_from, v_until
    );
    execute format('alter table %s enable row level security', v_name);
    return v_name;
end;
$$;

/*
 * Return the tables of the months of a table that ended before the month of a moment.
 */
create function private.months_before(parent regclass, moment timestamp)
returns setof regclass
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select pg_inherits.inhrelid::regclass
    from pg_catalog.pg_inherits
    where
        pg_inherits.inhparent = months_before.parent
        and pg_inherits.inhrelid::regclass::text ~ '_\d{4}_\d\d$'
        and pg_inherits.inhrelid::regclass::text
        < format('%s_%s', months_before.parent, to_char(months_before.moment, 'YYYY_MM'))
    order by pg_inherits.inhrelid::regclass::text;
end;
$$;

-- sql/00_foundation/functions/personal_data.sql

-- Which columns say something about a person. A comment of a table's column begins with tags, and
-- erasure, export, retention and the audit trail read them; nothing lists columns a second time.
--
--     [person]                  names the person whom the row is about: a user, a customer, another
--                               row of theirs, or an address by which they are known; on `id`:
--                               others name the row without a reference
--     [person: delete]          the same; the row is deleted when the person is erased
--     [personal]                says something about the person; erased with them
--     [personal: replaced]      the same, where erasing must leave a value that differs by row
--     [personal: kept N years: reason]    stays for N years, for this reason
--     [secret]                  opens something: it is never shown or copied
--
-- tests/sql/harmless.expected lists the columns of text, JSON or bytes that have no tag, with the
-- reason.

/*
 * Return the columns of a table whose comments have tags.
 */
create function private.tags_of(relation regclass)
returns table (
    column_name name,
    column_type regtype,
    is_key boolean,
    deletes_row boolean,
    is_personal boolean,
    is_replaced boolean,
    kept_years integer,
    kept_reason text,
    is_secret boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        pg_attribute.attname,
        pg_attribute.atttypid::regtype,
        said.comment ~ '\[person(: delete)?\]',
        said.comment ~ '\[person: delete\]',
        said.comment ~ '\[personal(: [^]]+)?\]',
        said.comment ~ '\[personal: replaced\]',
        (regexp_match(said.comment, '\[personal: kept (\d+) years: [^]]+\]'))[1]::integer,
        (regexp_match(said.comment, '\[personal: kept \d+ years: ([^]]+)\]'))[1],
        said.comment ~ '\[secret\]'
    from (
        select pg_description.objsubid as attnum, pg_description.description as comment
        from pg_catalog.pg_description
        where
            pg_description.objoid = tags_of.relation
            and pg_description.classoid = 'pg_catalog.pg_class'::regclass
            and pg_description.objsubid > 0
            and strpos(pg_description.description, '[') > 0
    ) as said
    inner join pg_catalog.pg_attribute
        on
            pg_attribute.attrelid = tags_of.relation
            and pg_attribute.attnum = said.attnum
    where said.comment ~ '\[(person|personal|secret)(: [^]]+)?\]';
end;
$$;

/*
 * Return the columns of all tables whose comments have tags.
 */
create function private.tagged_columns()
returns table (
    relation regclass,
    column_name name,
    column_type regtype,
    is_key boolean,
    deletes_row boolean,
    is_personal boolean,
    is_replaced boolean,
    kept_years integer,
    kept_reason text,
    is_secret boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select pg_class.oid::regclass, tags.*
    from pg_catalog.pg_class
    cross join lateral private.tags_of(pg_class.oid) as tags
    where
        pg_class.relkind in ('r', 'p')
        and not pg_class.relispartition
        and pg_class.relnamespace::regnamespace::text !~ '^pg_|^information_schema$';
end;
$$;

/*
 * Return, for each personal column of a table, the expression that empties it, and the condition
 * under which there still is something to empty. Columns that are kept for some years are among
 * them if `with_kept`.
 */
create function private.erasable_columns(relation regclass, with_kept boolean)
returns table (column_name name, emptied text, is_filled text)
language sql
stable
security invoker
set search_path = ''
as $$
select
    tagged.column_name,
    case
        when tagged.is_replaced
            then format('case when %1$I is not null then ''erased-'' || gen_random_uuid() end', tagged.column_name)
        when not pg_attribute.attnotnull then 'null'
        when tagged.column_type in ('jsonb'::regtype, 'json'::regtype)
            then format('case jsonb_typeof(%I::jsonb) when ''array'' then ''[]'' else ''{}'' end::%s', tagged.column_name, tagged.column_type)
        when pg_type.typcategory = 'A' then quote_literal('{}')
        when tagged.column_type = 'bytea'::regtype then quote_literal('\x')
        else quote_literal('erased')
    end,
    case
        when tagged.is_replaced then format('%I not like ''erased-%%''', tagged.column_name)
        when not pg_attribute.attnotnull then format('%I is not null', tagged.column_name)
        when pg_type.typcategory = 'A' or tagged.column_type in ('jsonb'::regtype, 'json'::regtype)
            then format('%I::text not in (''[]'', ''{}'')', tagged.column_name)
        when tagged.column_type = 'bytea'::regtype
            then format('%I <> %L', tagged.column_name, '\x')
        else format('%I <> %L', tagged.column_name, 'erased')
    end
from private.tags_of(relation) as tagged
inner join pg_catalog.pg_attribute
    on
        pg_attribute.attrelid = erasable_columns.relation
        and pg_attribute.attname = tagged.column_name
inner join pg_catalog.pg_type on pg_type.oid = tagged.column_type
where
    tagged.is_personal
    and (with_kept or tagged.kept_years is null);
$$;

/*
 * Does a change of a row only empty personal columns? History may be emptied so, and never
 * rewritten.
 */
create function private.only_erases(relation regclass, old_row jsonb, new_row jsonb)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_erasable constant text[] = array(
        select erasable.column_name
        from private.erasable_columns(relation, with_kept => true) as erasable
    );
begin
    return not exists (
        select 1
        from jsonb_each(new_row) as field (name, value)
        where
            field.value is distinct from old_row -> field.name
            and not (
                field.name = any(v_erasable)
                and (
                    field.value in ('null', '{}', '[]', '"erased"', '"\\x"')
                    or field.value #>> '{}' ~ '^erased-[0-9a-f-]{36}$'
                )
            )
    );
end;
$$;

-- sql/00_foundation/functions/refusals.sql

/*
 * Return the sentence of a refusal in the language that the reader wants most, of those that have
 * one, English among them. Without Accept-Language it is the message. What the message names is
 * kept where the token does not say it.
 *
 * Definer: the sentences are in private, and every role may be refused.
 */
create function private.refusal_sentence(token text, message text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_sentence text;
begin
    if nullif(current_setting('request.headers', true), '') is null then
        return message;
    end if;
    select sentences.sentence into v_sentence
    from unnest(private.wanted_locales(null)) with ordinality as wanted (locale, position)
    left join private.refusal_sentences as sentences
        on
            wanted.locale = sentences.locale
            and refusal_sentence.token = sentences.token
    where wanted.locale = 'en' or sentences.sentence is not null
    order by wanted.position
    limit 1;
    return coalesce(replace(v_sentence, '{message}', message), message);
end;
$$;

/*
 * Refuse a call: status, stable token, a sentence for people, the next step.
 * PostgREST turns errcode PTnnn into HTTP status nnn; docs/errors.md lists every token.
 */
create function private.refuse(errcode text, token text, message text, hint text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = refuse.errcode,
        message = private.refusal_sentence(refuse.token, refuse.message),
        detail = refuse.token,
        hint = refuse.hint;
end;
$$;

/*
 * Return a refusal as the answer of a call instead of raising it. For the few calls that must
 * remember something although they refuse: an error would undo it. PostgREST answers as it does for
 * private.refuse.
 */
create function private.refusal(errcode text, token text, message text, hint text)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform set_config('response.status', substr(errcode, 3), true);
    return jsonb_build_object(
        'code', errcode,
        'message', private.refusal_sentence(token, message),
        'details', token,
        'hint', hint
    );
end;
$$;

/*
 * Refuse a call that comes too often: status 429, and the seconds to wait in Retry-After.
 *
 * Errors:  PT429 rate_limited
 */
create function private.refuse_later(token text, seconds integer)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise sqlstate 'PGRST' using
        message = jsonb_build_object(
            'code', 'PT429',
            'message', private.refusal_sentence('rate_limited', 'Too many requests.'),
            'details', token,
            'hint', format('Try again in %s seconds.', seconds)
        )::text,
        detail = jsonb_build_object(
            'status', 429, 'headers', jsonb_build_object('Retry-After', seconds::text)
        )::text;
end;
$$;

/*
 * Refuse an argument or a column by name. It never returns. It is boolean so that a CHECK can say
 * `check (price_minor >= 0 or private.invalid('price_minor', 'must not be negative'))`: the
 * constraint holds on every path and still answers in the API's words.
 * Volatile on purpose: the planner must not evaluate it ahead of time.
 *
 * Errors:  PT400 invalid_input
 */
create function private.invalid(argument text, sentence text)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    raise exception using
        errcode = 'PT400',
        message = private.refusal_sentence(
            'invalid_input', format('%s %s.', invalid.argument, invalid.sentence)
        ),
        detail = 'invalid_input',
        hint = 'Correct it and send the request again.';
end;
$$;

/*
 * Return how many rows an answer of the API may have: what PostgREST's max_rows is. The stack says
 * it to PostgREST, which sets it for each request; without it, Supabase's default holds.
 */
create function private.max_rows()
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(nullif(current_setting('app.settings.max_rows', true), '')::integer, 1000);
end;
$$;

/*
 * Refuse an answer that is longer than a page. Every function of the API that returns rows calls
 * it: PostgREST would cut the answer at max_rows and say 200, and a client would take the rest for
 * absent. `next_step` says how to ask for less.
 *
 * Errors:  PT422 too_many_rows
 */
create function private.require_page(row_count bigint, next_step text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if row_count > private.max_rows() then
        perform private.refuse(
            'PT422', 'too_many_rows',
            format(
                'The answer would have %s rows, and at most %s fit.', row_count, private.max_rows()
            ),
            next_step
        );
    end if;
end;
$$;

-- sql/00_foundation/functions/requests.sql

-- What every request of the REST API passes before its statement, and where it came from. On our
-- own platform auth.set_config asks private.check_headers; elsewhere, as on hosted Supabase,
-- PostgREST calls private.check_request as its db-pre-request (75_integrations tells it to).

/*
 * Refuse what tells a client about rows that it cannot see. PostgREST takes the counts `planned`
 * and `estimated`, and plans, from the planner's statistics, which cover every tenant's rows and
 * follow no policy. Only the service role may ask for them. `headers` are those of the request,
 * with names in lower case.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_estimates(headers jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if current_setting('role') = 'service_role' then
        return;
    end if;
    if headers ->> 'prefer' ~* 'count\s*=\s*"?\s*(planned|estimated)' then
        perform private.invalid('count', 'must be exact');
    end if;
    if headers ->> 'accept' ~* 'vnd\.pgrst\.plan' then
        perform private.invalid('Accept', 'must not be a plan');
    end if;
end;
$$;

/*
 * Refuse a request for what its headers say. Our gateway sets X-Has-Nul when a text of the body
 * has the character U+0000, which PostgreSQL cannot store.
 *
 * Errors:  PT400 invalid_input
 */
create function private.check_headers(headers jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if headers ? 'x-has-nul' then
        perform private.invalid('The body', 'must not contain the character U+0000');
    end if;
    perform private.refuse_estimates(headers);
end;
$$;

/*
 * Read a network address that somebody else wrote. Returns null when it is none.
 */
create function private.to_address(value text)
returns inet
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return nullif(value, '')::inet;
exception
    when invalid_text_representation then
        return null;
end;
$$;

/*
 * Return the network address that a request came from; null outside of a request. Our gateway
 * writes X-Real-IP, whatever a client sends. On hosted Supabase the platform writes
 * X-Forwarded-For, with the client first.
 */
create function private.request_address()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    return private.to_address(
        coalesce(v_headers ->> 'x-real-ip', split_part(v_headers ->> 'x-forwarded-for', ',', 1))
    );
end;
$$;

-- sql/00_foundation/rules/bad_input.sql

-- The trigger function that answers a bad row in the API's words, for tables that clients write
-- directly, and its steps. The constraints decide all the same; the trigger speaks first.

/*
 * Answer a bad row in the API's words, on tables that clients write directly. The constraints
 * decide all the same; this trigger speaks first, because PostgreSQL would name constraints and
 * relations. Tables of a business have business.any__refuse_bad_input instead, which also checks a
 * permission.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function private.any__refuse_bad_input()
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
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

/*
 * Refuse to change the key or the business of a row.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_changed_keys(new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if old_row is null then
        return;
    end if;
    if old_row -> 'id' is distinct from new_row -> 'id' then
        perform private.invalid('id', 'cannot be changed');
    end if;
    if old_row -> 'business_id' is distinct from new_row -> 'business_id' then
        perform private.invalid('business_id', 'cannot be changed');
    end if;
end;
$$;

/*
 * Refuse a row that lacks a required value.
 *
 * Errors:  PT400 invalid_input
 */
create function private.refuse_missing_values(relation oid, new_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_column text;
begin
    select pg_attribute.attname into v_column
    from pg_catalog.pg_attribute
    where
        pg_attribute.attrelid = relation
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
        and pg_attribute.attnotnull
        and pg_attribute.attgenerated = ''
        and pg_attribute.attidentity = ''
        and new_row -> pg_attribute.attname = 'null'
    order by pg_attribute.attnum
    limit 1;
    if found then
        perform private.invalid(v_column, 'is required');
    end if;
end;
$$;

/*
 * Refuse a reference to a row that the caller cannot see. An absent row and another tenant's row
 * get the same answer.
 *
 * Errors:  PT404 not_found
 */
create function private.refuse_broken_references(relation oid, new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key record;
    v_found boolean;
begin
    for v_key in
        select
            pg_constraint.confrelid::regclass as target,
            string_agg(
                format('target.%I = %L', foreign_columns.attname, new_row ->> columns.attname),
                ' and '
            ) as condition,
            (array_agg(columns.attname order by pairs.position desc))[1] as column_name
        from pg_catalog.pg_constraint
        cross join lateral unnest(pg_constraint.conkey, pg_constraint.confkey)
            with ordinality as pairs (here, there, position)
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = pg_constraint.conrelid and columns.attnum = pairs.here
        inner join pg_catalog.pg_attribute as foreign_columns
            on
                foreign_columns.attrelid = pg_constraint.confrelid
                and foreign_columns.attnum = pairs.there
        where
            pg_constraint.conrelid = relation
            and pg_constraint.contype = 'f'
            and has_any_column_privilege(pg_constraint.confrelid, 'select')
        group by pg_constraint.oid, pg_constraint.confrelid
        having
            bool_and(new_row ->> columns.attname is not null)
            and (
                old_row is null
                or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
            )
    loop
        execute format('select exists (select 1 from %s as target where %s)', v_key.target, v_key.condition)
        into v_found;
        if not v_found then
            perform private.refuse(
                'PT404', 'not_found',
                format('%s refers to a row that does not exist.', v_key.column_name),
                'Use the id of a row that you can see.'
            );
        end if;
    end loop;
end;
$$;

/*
 * Return the unique keys of a table that a new row, or a change of one, must not share with another
 * row: their columns, and the condition under which a row `twin` shares them. The primary key is
 * among them when a client inserts without an upsert: an upsert may name a row that exists.
 */
create function private.keys_to_check(relation oid, new_row jsonb, old_row jsonb)
returns table (column_names text, condition text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
    v_with_primary boolean = v_headers is not null
    and current_setting('request.method', true) = 'POST'
    and coalesce(v_headers ->> 'prefer', '') !~ 'resolution';
begin
    return query
    select
        string_agg(columns.attname, ', ' order by keys.position),
        string_agg(
            case
                when new_row ->> columns.attname is null then format('twin.%I is null', columns.attname)
                else format('twin.%I = %L', columns.attname, new_row ->> columns.attname)
            end,
            ' and '
        )
        || case
            when new_row ? 'id' and not pg_index.indisprimary
                then format(' and twin.id is distinct from %L', new_row ->> 'id')
            else ''
        end
    from pg_catalog.pg_index
    cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)
    inner join pg_catalog.pg_attribute as columns
        on columns.attrelid = pg_index.indrelid and columns.attnum = keys.attnum
    where
        pg_index.indrelid = relation
        and pg_index.indisunique
        and pg_index.indpred is null
        and pg_index.indexprs is null
    group by pg_index.indexrelid
    having
        case
            when pg_index.indisprimary
                then v_with_primary or old_row is not null and not new_row ? 'id'
            else bool_and(columns.attname <> 'id')
        end
        and bool_and(new_row ->> columns.attname is not null or pg_index.indnullsnotdistinct)
        and (
            old_row is null
            or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
        );
end;
$$;

/*
 * Refuse a row whose unique value exists already.
 *
 * Errors:  PT409 already_exists
 */
create function private.refuse_duplicates(relation oid, new_row jsonb, old_row jsonb)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key record;
    v_found boolean;
begin
    for v_key in
        select keys.column_names, keys.condition
        from private.keys_to_check(relation, new_row, old_row) as keys
    loop
        execute format(
            'select exists (select 1 from %s as twin where %s)',
            relation::regclass, v_key.condition
        )
        into v_found;
        if v_found then
            perform private.refuse(
                'PT409', 'already_exists',
                format('A row with this %s already exists.', v_key.column_names),
                'Choose another value, or change the existing row.'
            );
        end if;
    end loop;
end;
$$;

-- sql/00_foundation/rules/changes.sql

-- Trigger functions that several domains attach to their tables and views: when a row was last
-- changed, and what cannot be changed at all.

/*
 * Note when a row was last changed.
 */
create function private.any__touch()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.updated_at = private.now();
    return new;
end;
$$;

/*
 * Refuse to change or delete history. New entries may be added, and what is personal in a row may
 * be emptied: that is how a person is erased.
 * Definer: callers have no function that reads the tags.
 *
 * Errors:  PT409 append_only
 */
create function private.any__refuse_rewriting()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and tg_level = 'ROW'
        and private.only_erases(tg_relid, to_jsonb(old), to_jsonb(new)) then
        return new;
    end if;
    perform private.refuse(
        'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
    );
    return null;
end;
$$;

/*
 * Refuse to write a view that counts or joins. Without this, PostgreSQL answers as if the server
 * had failed.
 *
 * Errors:  PT403 forbidden
 */
create function private.any__refuse_writing()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT403', 'forbidden', 'This view is read-only.', 'Change the rows behind it.'
    );
    return null;
end;
$$;

-- sql/00_foundation/policies.sql

-- Who may use the foundation. Clients need `usage` on a domain's schema to read through the views
-- of public. What they may read there is granted table by table in each domain.

grant usage on schema private, identity, business, catalog, scheduling, pricing, extensions
to anon, authenticated, service_role;
grant usage on schema private, scheduling to worker;
grant usage on schema analytics to analyst, service_role;
grant usage on schema public to anon, authenticated, service_role, analyst;

alter table pricing.currencies enable row level security;
grant select on pricing.currencies to anon, authenticated, service_role, analyst;
-- No writes: currencies come with the seed.

create policy currencies_select
on pricing.currencies
for select
to anon, authenticated, analyst
using (true);

alter table pricing.tax_classes enable row level security;
grant select on pricing.tax_classes to anon, authenticated, service_role;
-- No writes: tax classes come with the seed.

create policy tax_classes_select
on pricing.tax_classes
for select
to anon, authenticated
using (true);

-- No grant on the sentences: only private.refusal_sentence reads them.
alter table private.refusal_sentences enable row level security;

-- No grant on idempotency keys: only private.first_answer and its siblings read and write them.
alter table private.idempotency_keys enable row level security;
grant execute on function
private.now(),
private.refuse(text, text, text, text),
private.refusal_sentence(text, text),
private.invalid(text, text),
private.max_rows(),
private.wanted_locales(text),
private.locale_rank(text[], text),
private.require_page(bigint, text),
private.check_headers(jsonb),
private.refuse_estimates(jsonb),
private.to_address(text),
private.token_user_id(),
private.is_client(),
private.admitted_key(),
private.key_may(text, text),
private.to_identifier(text, text, boolean),
private.to_instant(text, text, boolean),
private.to_date(text, text),
private.to_object(text, text, text[]),
private.to_objects(text, text, integer, text[]),
private.refuse_unknown_keys(jsonb, text, text[]),
private.to_clock(text, text),
private.to_whole_number(text, text, integer, integer, boolean, integer),
private.to_minor_units(text, text),
private.to_required_amount(text, text),
private.to_place(text, text),
private.to_yes_no(text, text),
private.to_text(text, text, integer),
private.to_required_text(text, text, integer),
private.to_email(text, text),
private.to_phone(text, text),
private.has_control_characters(text),
private.is_one_line(text),
private.is_usual_date(date),
private.is_time_zone(text),
private.to_list(text, text, integer),
private.to_identifiers(text, text),
private.first_answer(text, text, jsonb),
private.feed_horizon(),
private.timeline(),
private.write_cursor(jsonb),
private.read_cursor(text),
private.refusal(text, text, text, text),
private.remember_answer(text, text, jsonb),
private.refuse_changed_keys(jsonb, jsonb),
private.refuse_missing_values(oid, jsonb),
private.refuse_broken_references(oid, jsonb, jsonb),
private.keys_to_check(oid, jsonb, jsonb),
private.refuse_duplicates(oid, jsonb, jsonb)
to anon, authenticated, service_role;
grant execute on function
private.forget_old_keys(),
private.now()
to worker;

-- sql/00_foundation/api.sql

-- What the foundation offers to clients.

create view public.currencies
with (security_invoker = true)
as
select
    currencies.code,
    currencies.name,
    currencies.minor_digits
from pricing.currencies;
grant select on public.currencies to anon, authenticated, service_role;

comment on view public.currencies is
'Currencies of prices.

Readable by everyone.';
comment on column public.currencies.code is 'ISO 4217 code, such as EUR.';
comment on column public.currencies.name is 'English name.';
comment on column public.currencies.minor_digits is
'Digits after the decimal point. Amounts are whole minor units: 0 digits for JPY, 2 for EUR, 3 for '
'KWD.';

create view public.tax_classes
with (security_invoker = true)
as
select
    tax_classes.name,
    tax_classes.description,
    tax_classes.position
from pricing.tax_classes;
grant select on public.tax_classes to anon, authenticated, service_role;

comment on view public.tax_classes is
'How what is sold is taxed. The view tax_rules says at which rates.

Readable by everyone.';
comment on column public.tax_classes.name is 'Key, such as standard.';
comment on column public.tax_classes.description is 'What belongs to it, in English.';
comment on column public.tax_classes.position is 'Order of display, ascending.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
