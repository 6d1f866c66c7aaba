-- Initial.
set lock_timeout = '5s';

-- sql/00_foundation/tables.sql

-- The ground that every domain stands on: one schema a domain, the extensions that constraints
-- need, the currencies that prices point at, and the types in which clients send arguments.
-- Nothing may be executed unless a grant says so: PostgreSQL's habit of letting PUBLIC call every
-- new function is switched off here, before the first function exists.

create schema if not exists extensions;
create extension if not exists btree_gist with schema extensions;

alter default privileges revoke execute on functions from public;
-- Supabase would also give its roles everything that is made in public.
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
'An ISO 8601 instant with its offset, such as 2031-03-30T09:00:00+02:00 or …Z. Never without one.';
comment on domain public.whole_number is 'A whole number, as JSON''s number or as text.';
comment on domain public.yes_no is 'true or false.';
comment on domain public.place is
'A JSON object with latitude and longitude, degrees north and east: {"latitude": 52.52, "longitude":
13.405}.';
comment on domain public.list is 'A JSON array; lists of identifiers may also be sent as {a,b}.';
comment on domain public.object is 'A JSON object.';

-- Currencies are reference data (supabase/seed.sql); pricing owns them, every domain's prices
-- point at them.
create table pricing.currencies (
    code text primary key,
    name text not null,
    minor_digits smallint not null,

    constraint currencies_code_is_iso_4217 check (code ~ '^[A-Z]{3}$'),
    constraint currencies_minor_digits_are_few check (minor_digits between 0 and 4)
);

-- The first answer to a call that carried an idempotency key: the same key with the same arguments
-- gets it again, with others it is refused. Kept for a day (private.forget_old_keys).
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

-- sql/00_foundation/functions.sql

-- Helpers that every domain uses: the clock, refusals, and the reading of arguments.

/*
 * The moment that every rule means by "now". Tests move it with the setting frontdesk.now.
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
        message = refuse.message,
        detail = refuse.token,
        hint = refuse.hint;
end;
$$;

/*
 * A refusal as the answer of a call, for the few that must be remembered although they refuse: an
 * error would undo what was written down. PostgREST answers it as it does private.refuse.
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
        'code', errcode, 'message', message, 'details', token, 'hint', hint
    );
end;
$$;

/*
 * Refuse a call that comes too often: status 429, and Retry-After with so many seconds.
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
            'message', 'That was asked for too often.',
            'details', token,
            'hint', format('Try again in %s seconds.', seconds)
        )::text,
        detail = jsonb_build_object(
            'status', 429, 'headers', jsonb_build_object('Retry-After', seconds::text)
        )::text;
end;
$$;

/*
 * Refuse an argument or a column by name. It never returns; it is boolean so that a CHECK can say
 * `check (price_minor >= 0 or private.invalid('price_minor', 'must not be negative'))`:
 * the constraint holds on every path and still answers in the API's own words.
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
        message = format('%s %s.', invalid.argument, invalid.sentence),
        detail = 'invalid_input',
        hint = 'Correct it and send the request again.';
end;
$$;

/*
 * The caller's user id.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.signed_in()
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
 * Is this one of the roles that clients come in as? Servers and owners are trusted, clients are
 * checked.
 */
create function private.is_client()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return current_user in ('anon', 'authenticated');
end;
$$;

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
        perform private.invalid(argument, 'is not a moment that exists');
end;
$$;

/*
 * Read a local date; null stays null.
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
        perform private.invalid(argument, 'is not a date that exists');
end;
$$;

/*
 * Read a time of day; null stays null.
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
 * Read a whole number between two bounds.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_whole_number(
    value text, argument text, minimum integer, maximum integer, is_required boolean default true
)
returns integer
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
    if value !~ '^-?\d{1,9}$' or value::integer not between minimum and maximum then
        perform private.invalid(
            argument, format('must be a whole number from %s to %s', minimum, maximum)
        );
    end if;
    return value::integer;
end;
$$;

/*
 * Read an amount of money, in minor units; null where none was sent.
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
 * Read a place as latitude and longitude, in this order; null where none was sent.
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
    begin
        v_place = left(value, 1000)::jsonb;
    exception
        when invalid_text_representation or untranslatable_character
        or numeric_value_out_of_range then
            v_place = null;
    end;
    if jsonb_typeof(v_place) is distinct from 'object'
        or v_place - 'latitude' - 'longitude' <> '{}'
        or jsonb_typeof(v_place -> 'latitude') is distinct from 'number'
        or jsonb_typeof(v_place -> 'longitude') is distinct from 'number'
        or (v_place ->> 'latitude')::numeric not between -90 and 90
        or (v_place ->> 'longitude')::numeric not between -180 and 180 then
        perform private.invalid(
            argument,
            'must be a place on earth, such as {"latitude": 52.52, "longitude": 13.405}'
        );
    end if;
    -- Nine decimals are less than a millimetre; a number with more could be too small for a double.
    return array[
        round((v_place ->> 'latitude')::numeric, 9), round((v_place ->> 'longitude')::numeric, 9)
    ]::double precision[];
end;
$$;

/*
 * Read true or false; what is not sent is false.
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
 * Read a text: no control characters but tabs and line breaks, at most so many characters; blank
 * is null.
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
 * Read a text that must be there.
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
 * Does a text hold control characters other than tab, line feed and carriage return?
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
 * Read a JSON array of at most so many elements; what is not sent is empty.
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
        when invalid_text_representation or untranslatable_character then
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
 * Read a JSON object; what is not sent is empty.
 *
 * Errors:  PT400 invalid_input
 */
create function private.to_object(value text, argument text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_object jsonb;
begin
    begin
        v_object = coalesce(value, '{}')::jsonb;
    exception
        when invalid_text_representation or untranslatable_character then
            v_object = null;
    end;
    if jsonb_typeof(v_object) is distinct from 'object' then
        perform private.invalid(argument, 'must be a JSON object');
    end if;
    return v_object;
end;
$$;

/*
 * Read a list of identifiers, as a JSON array or as {a,b}; sorted, each once.
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

/*
 * Claim an idempotency key for this call. Null: the key is new (or none was sent), go on and call
 * private.remember_answer. Otherwise: the first answer, to be given again.
 * Two calls with one key at the same time queue up here: the second waits for the first to commit.
 * Definer: clients have no access to the table; only the caller's own keys are touched.
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
    v_user_id uuid = private.signed_in();
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

    if v_first.arguments_hash is distinct from v_hash then
        perform private.refuse(
            'PT409', 'idempotency_conflict',
            'This idempotency key was used with other arguments.',
            'Use a new key for a new request.'
        );
    end if;
    return v_first.answer;
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
 * Forget idempotency keys that are older than a day. Gives how many.
 * Definer: called by the worker, which has no access to the table.
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

/*
 * Is this the name of a time zone that PostgreSQL knows (IANA, such as Asia/Kathmandu)?
 * Offsets and abbreviations are not: they do not know daylight saving.
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

-- sql/00_foundation/rules.sql

-- Trigger functions that several domains hang on their tables.

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
 * Histories are added to, never rewritten.
 *
 * Errors:  PT409 append_only
 */
create function private.any__refuse_rewriting()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'append_only', 'History cannot be changed.', 'Add a new entry instead.'
    );
    return null;
end;
$$;

/*
 * A view that counts cannot be written; without this PostgreSQL would call it a failure of the
 * server.
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
        'PT403', 'forbidden', 'This view is only for reading.', 'Change the rows that it counts.'
    );
    return null;
end;
$$;

/*
 * Answer a bad row in the API's words, on the tables that clients write directly. The constraints
 * decide all the same; this trigger speaks before they do, because PostgreSQL would name
 * constraints and relations. The trigger's argument is the permission that the row's business asks
 * of a client.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found · PT409 already_exists
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
    if v_old -> 'id' is distinct from v_new -> 'id' and v_old is not null then
        perform private.invalid('id', 'cannot be changed');
    end if;
    if v_old -> 'business_id' is distinct from v_new -> 'business_id' and v_old is not null then
        perform private.invalid('business_id', 'cannot be changed');
    end if;
    perform private.refuse_missing_values(tg_relid, v_new);
    if tg_nargs > 0 then
        perform private.refuse_foreign_business((v_new ->> 'business_id')::uuid, tg_argv[0]);
    end if;
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

/*
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
            'PT403', 'forbidden', 'You may not change this business.',
            'Ask an owner of the business for a role that may.'
        );
    end if;
end;
$$;

/*
 * A reference must lead to a row that the caller can see: absent and another tenant's get one
 * answer.
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
                format('What %s names does not exist.', v_key.column_name),
                'Read the rows that you can see and use one of their identifiers.'
            );
        end if;
    end loop;
end;
$$;

/*
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
        select
            string_agg(
                format('twin.%I = %L', columns.attname, new_row ->> columns.attname), ' and '
            ) as condition,
            string_agg(columns.attname, ', ' order by keys.position) as column_names
        from pg_catalog.pg_index
        cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)
        inner join pg_catalog.pg_attribute as columns
            on columns.attrelid = pg_index.indrelid and columns.attnum = keys.attnum
        where
            pg_index.indrelid = relation
            and pg_index.indisunique
            and not pg_index.indisprimary
            and pg_index.indpred is null
            and pg_index.indexprs is null
            and not exists (
                select 1
                from pg_catalog.pg_attribute as id_column
                where
                    id_column.attrelid = relation
                    and id_column.attname = 'id'
                    and id_column.attnum = any(pg_index.indkey)
            )
        group by pg_index.indexrelid
        having
            bool_and(new_row ->> columns.attname is not null)
            and (
                old_row is null
                or bool_or(new_row -> columns.attname is distinct from old_row -> columns.attname)
            )
    loop
        execute format(
            'select exists (select 1 from %s as twin where %s and twin.id::text is distinct from %L)',
            relation::regclass, v_key.condition, new_row ->> 'id'
        )
        into v_found;
        if v_found then
            perform private.refuse(
                'PT409', 'already_exists',
                format('There is already one with this %s.', v_key.column_names),
                'Choose another value, or change the one that exists.'
            );
        end if;
    end loop;
end;
$$;

-- sql/00_foundation/policies.sql

-- Who may reach the ground floor. Clients need `usage` on a domain's schema to read through the
-- views of public; what they may read there is said table by table in each domain.

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

-- Idempotency keys are nobody's to read: only private.first_answer and its siblings touch them.
alter table private.idempotency_keys enable row level security;

grant execute on function
private.now(),
private.refuse(text, text, text, text),
private.invalid(text, text),
private.signed_in(),
private.is_client(),
private.to_identifier(text, text, boolean),
private.to_instant(text, text, boolean),
private.to_date(text, text),
private.to_object(text, text),
private.to_clock(text, text),
private.to_whole_number(text, text, integer, integer, boolean),
private.to_minor_units(text, text),
private.to_place(text, text),
private.to_yes_no(text, text),
private.to_text(text, text, integer),
private.to_required_text(text, text, integer),
private.has_control_characters(text),
private.is_time_zone(text),
private.to_list(text, text, integer),
private.to_identifiers(text, text),
private.first_answer(text, text, jsonb),
private.remember_answer(text, text, jsonb),
private.refuse_missing_values(oid, jsonb),
private.refuse_foreign_business(uuid, text),
private.refuse_broken_references(oid, jsonb, jsonb),
private.refuse_duplicates(oid, jsonb, jsonb)
to anon, authenticated, service_role;
grant execute on function private.forget_old_keys(), private.now() to worker;

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

comment on view public.currencies is 'Currencies that prices can be in. Readable by everyone.';
comment on column public.currencies.code is 'ISO 4217 code, such as EUR.';
comment on column public.currencies.name is 'English name.';
comment on column public.currencies.minor_digits is
'Digits after the decimal point: amounts are whole minor units, 0 for JPY, 2 for EUR, 3 for KWD.';

-- sql/05_messages/tables.sql

-- Messages: how a change announces itself to what reacts later. A change calls private.emit(topic,
-- payload) in its own transaction; routes say which queues get it and which actor of the workers it
-- is for. What rolls back was never sent, what commits is never lost. Queues are pgmq's; a message
-- is in Dramatiq's own format, so the workers need no translation.

create table private.queues (
    name text primary key,
    -- What is in it, for the people who look after it.
    purpose text not null,
    -- The workers take nothing from a queue that is paused; messages wait in it.
    is_paused boolean not null default false,

    constraint queues_name_is_plain check (name ~ '^[a-z][a-z_]{0,39}$' and name !~ '_dead$')
);
comment on table private.queues is
'The queues. A row makes the queue of that name and its dead letters in pgmq (name, name_dead).';

create table private.routes (
    -- Topics with this pattern, as of LIKE: booking.% is everything that happens to bookings.
    topic text not null,
    queue text not null references private.queues (name) on delete cascade,
    -- The actor of the workers that gets the message.
    actor text not null,

    primary key (topic, queue, actor),
    constraint routes_actor_is_a_name check (actor ~ '^[a-z][a-z_]*$')
);
comment on table private.routes is 'Which queue and which actor get what is emitted on a topic.';
create index routes_queue_idx on private.routes (queue);

create table private.schedules (
    name text primary key,
    topic text not null,
    every interval not null,
    -- The tick to come. It moves on by whole steps of `every`, so that ticks never drift.
    next_at timestamptz not null default '2000-01-01Z',

    constraint schedules_are_not_frantic check (every >= interval '1 second')
);
comment on table private.schedules is
'What is emitted again and again. Any number of schedulers may run: each tick is sent once.';
create index schedules_next_at_idx on private.schedules (next_at);

create type private.effect_status as enum ('started', 'done');

create table private.effects (
    message_id uuid not null,
    -- What is done outside because of the message, such as send or charge.
    effect text not null,
    -- What the provider is told, so that asking twice is doing once. Stored before the first call.
    idempotency_key text not null default gen_random_uuid()::text,
    status private.effect_status not null default 'started',
    attempts integer not null default 1,
    -- What the provider answered.
    result jsonb,
    started_at timestamptz not null default now(),
    done_at timestamptz,

    primary key (message_id, effect),
    constraint effects_key_unique unique (idempotency_key),
    constraint effects_are_done_at_some_time check ((status = 'done') = (done_at is not null))
);
comment on table private.effects is
'What was done outside because of a message: begun before the call, done after it, so that a worker
that died in between asks the provider again with the same key.';
create index effects_done_at_idx on private.effects (done_at) where status = 'done';

-- sql/05_messages/functions/1_messages.sql

-- Emitting, ticking, and the two halves of an effect on the outside.

/*
 * Put one message into a queue, for an actor, in Dramatiq's format. Without `due_at` it may be read
 * as soon as the transaction commits, and whoever waits for the queue is told so.
 *
 * Of those who are about to commit only one rings: a notification makes commits wait for each
 * other, and one is enough to wake a worker, who then reads until there is nothing left. What is
 * missed in between is found by the next poll.
 * Definer: senders need no rights on queues.
 */
create function private.send_message(
    queue text,
    actor text,
    kwargs jsonb,
    due_at timestamptz default null,
    message_id uuid default null
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    -- The one that pgmq itself would use.
    v_channel constant text = 'pgmq.q_' || queue || '.INSERT';
begin
    perform pgmq.send(
        queue,
        jsonb_build_object(
            'queue_name', queue,
            'actor_name', actor,
            'args', '[]'::jsonb,
            'kwargs', kwargs,
            'options', '{}'::jsonb,
            'message_id', coalesce(message_id, gen_random_uuid()),
            'message_timestamp', floor(extract(epoch from clock_timestamp()) * 1000)::bigint
        ),
        null::jsonb,
        coalesce(due_at, clock_timestamp())
    );
    if due_at is null and pg_try_advisory_xact_lock(hashtextextended(v_channel, 0)) then
        perform pg_notify(v_channel, '');
    end if;
end;
$$;

/*
 * Announce that something has happened, to every actor that a route names for the topic. Each gets
 * `topic` and `payload`. A topic that nobody listens to costs one look at the routes.
 * Definer: whoever changes something need not know who reacts.
 */
create function private.emit(topic text, payload jsonb, due_at timestamptz default null)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_route private.routes;
begin
    for v_route in
        select routes.*
        from private.routes
        where emit.topic like routes.topic
        order by routes.queue, routes.actor
    loop
        perform private.send_message(
            v_route.queue,
            v_route.actor,
            jsonb_build_object('topic', emit.topic, 'payload', emit.payload),
            due_at
        );
    end loop;
end;
$$;

/*
 * Send the ticks that are due, each once, however many schedulers ask. Ticks that nobody sent while
 * all schedulers were down are not made up for: the next one stands for them. Gives how many were
 * sent.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.send_due_ticks()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = clock_timestamp();
    v_schedule private.schedules;
    v_count integer = 0;
begin
    for v_schedule in
        select schedules.*
        from private.schedules
        where schedules.next_at <= v_now
        order by schedules.name
        for update skip locked
    loop
        perform private.emit(v_schedule.topic, jsonb_build_object('tick', v_schedule.next_at));
        update private.schedules
        set next_at = date_bin(v_schedule.every, v_now, v_schedule.next_at) + v_schedule.every
        where schedules.name = v_schedule.name;
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Begin an effect of a message on the outside: gives the provider's idempotency key, which is the
 * same each time, and whether it is done already, with its result. Commit before calling the
 * provider. Definer: called by the workers, who have no access to the tables.
 */
create function private.start_effect(
    message_id uuid,
    effect text,
    out idempotency_key text,
    out is_done boolean,
    out result jsonb
)
returns record
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into private.effects as effects (message_id, effect)
    values (start_effect.message_id, start_effect.effect)
    on conflict on constraint effects_pkey do update
    set attempts = effects.attempts + case effects.status when 'started' then 1 else 0 end
    returning effects.idempotency_key, effects.status = 'done', effects.result
    into start_effect.idempotency_key, start_effect.is_done, start_effect.result;
end;
$$;

/*
 * Note that an effect is done, and what the provider answered. The first answer stays. Gives
 * whether this call was the first to say so. Definer: as private.start_effect.
 */
create function private.finish_effect(message_id uuid, effect text, result jsonb)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update private.effects
    set
        status = 'done',
        result = finish_effect.result,
        done_at = clock_timestamp()
    where
        effects.message_id = finish_effect.message_id
        and effects.effect = finish_effect.effect
        and effects.status = 'started';
    return found;
end;
$$;

/*
 * Forget effects that were done long ago: no provider remembers a key as long. Gives how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function private.forget_old_effects()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from private.effects
    where effects.status = 'done' and effects.done_at < now() - interval '90 days';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/05_messages/functions/2_queues.sql

-- Looking after queues: what is in them, what died and why, and how it gets another try. For the
-- command line and for metrics; every function is for the operator's own logins.

/*
 * Every queue as it is now: messages that could be read, that wait for their time, that a worker
 * has; the age in seconds of the oldest that could be read; dead letters; messages ever sent.
 * Definer: whoever counts messages need not be able to read them.
 */
create function private.queue_states()
returns table (
    name text,
    purpose text,
    is_paused boolean,
    ready bigint,
    delayed bigint,
    running bigint,
    oldest_seconds double precision,
    dead bigint,
    total bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    for name, purpose, is_paused in
        select queues.name, queues.purpose, queues.is_paused from private.queues order by queues.name
    loop
        execute format(
            'select
                count(*) filter (where vt <= clock_timestamp()),
                count(*) filter (where vt > clock_timestamp() and read_ct = 0),
                count(*) filter (where vt > clock_timestamp() and read_ct > 0),
                coalesce(extract(
                    epoch from clock_timestamp() - min(vt) filter (where vt <= clock_timestamp())
                ), 0),
                (select count(*) from pgmq.%I),
                coalesce(pg_sequence_last_value(pg_get_serial_sequence(%L, ''msg_id'')), 0)
            from pgmq.%I',
            'q_' || name || '_dead', 'pgmq.q_' || name, 'q_' || name
        ) into ready, delayed, running, oldest_seconds, dead, total;
        return next;
    end loop;
end;
$$;

/*
 * A message without what opens an account: sign-in's codes and links belong to whom they are sent
 * to, and to nobody who looks after queues.
 */
create function private.without_secrets(message jsonb)
returns jsonb
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when message #>> '{kwargs,topic}' like 'auth.%'
            then
                message
                #- '{kwargs,payload,code}'
                #- '{kwargs,payload,link}'
                #- '{kwargs,payload,token_hash}'
        else message
    end;
end;

/*
 * The messages of a queue, the next due first.
 *
 * Errors:  PT404 not_found
 */
create function private.queue_messages(queue text, max_count integer)
returns table (
    msg_id bigint, actor text, enqueued_at timestamptz, due_at timestamptz, read_count integer,
    message jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return query execute format(
        'select msg_id, message ->> ''actor_name'', enqueued_at, vt, read_ct,
            private.without_secrets(message)
        from pgmq.%I order by vt limit $1',
        'q_' || queue
    ) using max_count;
end;
$$;

/*
 * The dead letters of a queue, the newest first: the message, and in `headers` why it died.
 *
 * Errors:  PT404 not_found
 */
create function private.dead_letters(queue text, max_count integer)
returns table (msg_id bigint, dead_at timestamptz, headers jsonb, message jsonb)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return query execute format(
        'select msg_id, enqueued_at, headers, message from pgmq.%I order by msg_id desc limit $1',
        'q_' || queue || '_dead'
    ) using max_count;
end;
$$;

/*
 * Give dead letters another try, all of a queue or those named: each goes back with the same
 * message_id, so that what was done because of it is not done again, and with its retries
 * forgotten. A letter that is no message of an actor stays, and one whose code was withheld:
 * whoever waits for it asks for another. Gives how many went back.
 *
 * Errors:  PT404 not_found
 */
create function private.replay_dead_letters(queue text, msg_ids bigint[] default null)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    perform private.require_queue(queue);
    execute format(
        'with replayed as (
            delete from pgmq.%1$I
            where
                ($1 is null or msg_id = any($1))
                and message ? ''actor_name''
                and not coalesce(headers, ''{}'') ? ''withheld''
            returning message
        )
        insert into pgmq.%2$I (vt, message)
        select clock_timestamp(), jsonb_set(
            message, ''{options}'',
            (message -> ''options'') - array[''retries'', ''traceback'', ''requeue_timestamp'']
        )
        from replayed',
        'q_' || queue || '_dead', 'q_' || queue
    ) using msg_ids;
    get diagnostics v_count = row_count;
    perform pg_notify('pgmq.q_' || queue || '.INSERT', '');
    return v_count;
end;
$$;

/*
 * Throw away what is in a queue, or its dead letters. Gives how many messages that were.
 *
 * Errors:  PT404 not_found
 */
create function private.purge_queue(queue text, dead_only boolean)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    return pgmq.purge_queue(queue || case when dead_only then '_dead' else '' end);
end;
$$;

/*
 * Stop the workers from taking anything out of a queue, or let them go on.
 *
 * Errors:  PT404 not_found
 */
create function private.pause_queue(queue text, is_paused boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_queue(queue);
    update private.queues
    set is_paused = pause_queue.is_paused
    where queues.name = pause_queue.queue;
end;
$$;

/*
 * The queues that the workers leave alone for now.
 * Definer: called by the workers, who have no access to the table.
 */
create function private.paused_queues()
returns text[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array(select queues.name from private.queues where queues.is_paused);
end;
$$;

/*
 * Errors:  PT404 not_found
 */
create function private.require_queue(queue text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (select 1 from private.queues where queues.name = require_queue.queue) then
        perform private.refuse(
            'PT404', 'not_found', format('There is no queue %s.', queue),
            'See frontdesk queues list for those that there are.'
        );
    end if;
end;
$$;

-- sql/05_messages/rules.sql

-- A queue is made with its row and outlives it: messages are never thrown away in passing. Secrets
-- are: a code or a link of sign-in is in the message while it waits to be sent, and in nothing that
-- is kept.

/*
 * A message that is kept, as a dead letter or in the archive, loses its secrets; `withheld` in its
 * headers says so.
 * Definer: whoever buries a message need not know what is secret.
 */
create function private.any__withhold_secrets()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_message jsonb = private.without_secrets(new.message);
begin
    if v_message <> new.message then
        new.message = v_message;
        new.headers = coalesce(new.headers, '{}') || '{"withheld": true}';
    end if;
    return new;
end;
$$;

/*
 * Make the queue and its dead letters, and let the workers read and write both.
 * Rows of a queue are rewritten with every read and gone soon after: so vacuum comes often, and
 * pages keep room for the next version.
 * Definer: whoever registers a queue need not be the owner of pgmq.
 */
create function private.queues__make()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_name text;
begin
    grant usage on schema pgmq to worker;
    grant execute on all functions in schema pgmq to worker;
    grant select on table pgmq.meta to worker;
    foreach v_name in array array[new.name, new.name || '_dead'] loop
        perform pgmq.create(v_name);
        execute format(
            'alter table pgmq.%I set (
                fillfactor = 70,
                autovacuum_vacuum_scale_factor = 0.02,
                autovacuum_vacuum_threshold = 500,
                autovacuum_vacuum_cost_delay = 0
            )',
            'q_' || v_name
        );
        execute format(
            'grant select, insert, update, delete on pgmq.%I, pgmq.%I to worker',
            'q_' || v_name, 'a_' || v_name
        );
    end loop;
    foreach v_name in array array['q_' || new.name || '_dead', 'a_' || new.name] loop
        execute format(
            'create or replace trigger _100_withhold_secrets before insert on pgmq.%I
            for each row execute function private.any__withhold_secrets()',
            v_name
        );
    end loop;
    return null;
end;
$$;

create trigger _500_make
after insert on private.queues
for each row execute function private.queues__make();

-- sql/05_messages/policies.sql

-- Nobody but the operator reads queues: a message may hold what concerns one person only. The
-- workers' login reads and writes the queues that a row of private.queues made, and calls
-- functions.

alter table private.queues enable row level security;
alter table private.routes enable row level security;
alter table private.schedules enable row level security;
alter table private.effects enable row level security;

grant usage on schema private to worker, edge;

grant execute on function
private.send_due_ticks(),
private.start_effect(uuid, text),
private.finish_effect(uuid, text, jsonb),
private.forget_old_effects(),
private.paused_queues()
to worker;
grant execute on function private.queue_states() to worker, edge;

-- sql/10_identity/tables.sql

-- People. A user is a row of auth.users, which Supabase Auth (or our own sign-in) owns; a profile
-- is what Frontdesk knows about them and exists from the moment that the user does. Addresses are
-- theirs alone. Platform staff run the marketplace itself: admin, finance, support.

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

    constraint profiles_full_name_is_short check (
        full_name is null
        or length(full_name) between 1 and 200
        or private.invalid('full_name', 'must have 1 to 200 characters')
    ),
    constraint profiles_full_name_is_printable check (
        full_name is null
        or not private.has_control_characters(full_name)
        or private.invalid('full_name', 'must not contain control characters')
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
        or private.invalid('address', 'must have at most 1000 characters in all')
    ),
    constraint addresses_texts_are_printable check (
        not private.has_control_characters(
            concat(label, recipient, line1, line2, city, region, postal_code)
        )
        or private.invalid('address', 'must not contain control characters')
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
create index addresses_user_id_idx on identity.addresses (user_id);

create table identity.platform_staff (
    user_id uuid primary key references auth.users (id) on delete cascade,
    role identity.platform_role not null,
    granted_by uuid references auth.users (id) on delete set null,
    granted_at timestamptz not null default now()
);
comment on table identity.platform_staff is 'Users who run the marketplace itself.';
create index platform_staff_granted_by_idx on identity.platform_staff (granted_by);

create table identity.platform_staff_history (
    id bigint generated always as identity primary key,
    -- No reference: what a user did here is known after the user has gone.
    user_id uuid not null,
    old_role identity.platform_role,
    new_role identity.platform_role,
    -- Null when it was done by the operator's own software.
    actor_id uuid,
    at timestamptz not null default now()
);
comment on table identity.platform_staff_history is
'Who was given which platform role, by whom and when. Only ever added to.';
create index platform_staff_history_user_id_idx on identity.platform_staff_history (user_id, id);

create type identity.notification_channel as enum ('mail', 'sms', 'push', 'in_app');

create table identity.notification_preferences (
    user_id uuid not null references auth.users (id) on delete cascade,
    -- An event of engagement.events, or * for all that have no row of their own.
    event text not null,
    channel identity.notification_channel not null,
    is_enabled boolean not null,

    primary key (user_id, event, channel)
);
comment on table identity.notification_preferences is
'What a user wants to hear of, and how. Without a row they hear of it.';

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

create table identity.devices (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    platform text not null,
    -- The push service's address of the app on the device.
    token text not null,
    is_active boolean not null default true,
    -- Why nothing is pushed to it any more.
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
    'recovery_code_used',
    'identity_linked',
    'identity_unlinked',
    'profile_changed',
    'platform_role_changed',
    'membership_changed'
);

create table identity.activity_events (
    id bigint generated always as identity primary key,
    -- No reference: what happened is known after the user has gone.
    user_id uuid not null,
    kind identity.activity_kind not null,
    at timestamptz not null default now(),
    -- From where and with what, by the request's headers; null for the operator's own software.
    ip inet,
    user_agent text,
    -- Such as the provider of a sign-in, or the names of changed columns; never their values.
    details jsonb not null default '{}',

    constraint activity_events_user_agent_is_short check (length(user_agent) <= 500)
);
comment on table identity.activity_events is
'What users did with their accounts, and what was done to them. Only ever added to; forgotten after
400 days.';
create index activity_events_user_id_idx on identity.activity_events (user_id, id);
-- Written in the order of time, so that a summary of pages finds what is old.
create index activity_events_at_idx on identity.activity_events using brin (at);

-- sql/10_identity/functions/1_people.sql

-- Who is calling: questions about people that policies and functions of every domain ask.

/*
 * Is the caller one of the platform's staff, with this role or a higher one (support, finance,
 * admin)?
 * Definer: a policy on platform_staff that asks about platform_staff would ask itself.
 * plpgsql: its plan is kept for the session, and policies ask once a statement.
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
 * `set role` survives into definer functions, so a client never counts, whatever it calls.
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
 * The caller's user id, of an account that still exists: a token outlives its user.
 * Definer: clients cannot read auth.users.
 *
 * Errors:  PT401 not_signed_in
 */
create function private.signed_in_user()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in();
begin
    if not exists (select 1 from auth.users where users.id = v_user_id) then
        perform private.refuse(
            'PT401', 'not_signed_in', 'This account does not exist any more.', 'Sign in again.'
        );
    end if;
    return v_user_id;
end;
$$;

/*
 * A name as a user's own metadata gives it, made safe to keep; null when there is none.
 * Nothing here may refuse: a sign-up must not fail because of a name.
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
 * Give a user a platform role, or with null take it away. Admins may, and the operator's own
 * software.
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
 * Refuse a caller who is not one of the platform's staff with this role or a higher one.
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
    perform private.signed_in();
    if not private.is_platform_staff(at_least) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff may do this.',
            'Ask an admin of the platform.'
        );
    end if;
end;
$$;

-- sql/10_identity/functions/2_activity.sql

-- How activity is noted, and forgotten.

/*
 * A network address as somebody else wrote it; null when it is none.
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
 * What an entry of the audit of sign-in means to its user; null when it is none of their business.
 * The words are those of Supabase Auth. A second factor is added when its first code was right.
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
        when action = 'verification_attempted' and traits ? 'recovery_code'
            then 'recovery_code_used'
        when action = 'identity_linked' then 'identity_linked'
        when action = 'identity_unlinked' then 'identity_unlinked'
    end::identity.activity_kind;
end;

/*
 * Note what a user did, or what was done to them. From where and with what is read from the headers
 * of the request unless it is given: X-Real-IP is written by the gateway, whatever a client sends.
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
        coalesce(note_activity.ip, private.to_address(v_headers ->> 'x-real-ip')),
        left(coalesce(note_activity.user_agent, v_headers ->> 'user-agent'), 500),
        note_activity.details
    );
end;
$$;

/*
 * Forget activity of more than 400 days ago. Gives how much.
 * Definer: called by the workers, who have no access to the table.
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

-- sql/10_identity/functions/3_access.sql

-- Who is signed in, and who has an account: what people and admins ask of the rows of sign-in, here
-- and on Supabase alike.

/*
 * The caller's sessions, the latest first.
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
    v_user_id uuid = private.signed_in();
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
 * End one of the caller's sessions: its tokens open nothing any more.
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
    v_user_id uuid = private.signed_in();
begin
    delete from auth.sessions
    where sessions.id = revoke_session.session_id and sessions.user_id = v_user_id;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such session.', 'Read my_sessions for yours.'
        );
    end if;
    perform identity.note_activity(v_user_id, 'session_ended', '{"reason": "revoked"}');
end;
$$;

/*
 * Everybody who has an account; nobody, for whoever is not an admin.
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

-- sql/10_identity/rules/1_people.sql

-- What must never be: a user without a profile, an address of somebody else, two default addresses,
-- a platform without an admin, a role that nobody remembers giving.

/*
 * A profile comes with its user and follows the e-mail address of the account.
 * Definer: the user is written by Supabase Auth (supabase_auth_admin), which has no rights on
 * profiles.
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
 * An address belongs to whoever writes it down, whatever the request says.
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
        new.user_id = private.signed_in_user();
    end if;
    return new;
end;
$$;

/*
 * The first address of a user is the default one.
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
 * A new default takes the mark from the old one. Whoever writes first keeps the user's profile
 * locked, so that two at once come one after the other; of several in one statement the first
 * stays.
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
 * Changes to platform staff come one after the other: of two admins who remove each other, one is
 * late.
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
 * The platform always has an admin: the last one cannot be removed or demoted, on any path. Those
 * who remain are locked, so that a repeatable read that is too old to know fails instead of
 * believing itself.
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
 * Every platform role that is given or taken leaves a line.
 * Definer: nobody but this function writes the history.
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

-- sql/10_identity/rules/2_activity.sql

-- Where activity comes from. Sign-in writes down what happens in its own audit, on Supabase and
-- here, so that is the one place to read it from; what happens outside of sign-in is noted where it
-- happens.

/*
 * What sign-in wrote down, as activity of its user. A refresh of a token is none.
 * Definer: the audit is written by Supabase Auth (supabase_auth_admin), which has no rights here.
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
    -- Of what the operator does, the user is among the traits.
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
 * Which columns of a profile were changed.
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

-- What private.forget_old_activity may forget.
create trigger _100_refuse_forgetting
before delete on identity.activity_events
for each row
when (old.at > now() - interval '400 days')
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on identity.activity_events
for each statement
execute function private.any__refuse_rewriting();

-- sql/10_identity/policies.sql

-- Everyone sees and changes their own row and their own addresses, and nobody else's. Who runs the
-- platform is known to those who do; roles are granted by identity.set_platform_role, never by a
-- write.

alter table identity.profiles enable row level security;
grant select on identity.profiles to authenticated;
grant update (full_name, phone, locale, time_zone) on identity.profiles to authenticated;
grant select, insert, update, delete on identity.profiles to service_role;
-- No insert, no delete: a profile comes and goes with its user. The e-mail is changed by signing in
-- anew.

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
-- No writes: a role is given and taken by identity.set_platform_role, which asks who is asking.

create policy platform_staff_select
on identity.platform_staff
for select
to authenticated
using (user_id = (select auth.uid()) or (select private.is_platform_staff('support')));

-- The history is read by the operator; clients have no use for it yet.
alter table identity.platform_staff_history enable row level security;
grant select on identity.platform_staff_history to service_role;

-- No writes for anybody: triggers note what happens. Analysts count, and see neither who nor from
-- where.
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

grant execute on function private.forget_old_activity() to worker;
-- Whoever is no admin gets an empty list.
grant execute on function identity.list_users() to authenticated, service_role;
grant execute on function identity.my_sessions(), identity.revoke_session(uuid)
to anon, authenticated, service_role;
grant execute on function
private.require_platform_staff(identity.platform_role),
identity.set_platform_role(uuid, identity.platform_role),
private.is_platform_staff(identity.platform_role),
private.is_operator(),
private.signed_in_user()
to anon, authenticated, service_role;

-- sql/10_identity/api/1_people.sql

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
comment on column public.profiles.full_name is
'Name, 1 to 200 characters, or null. May be changed.';
comment on column public.profiles.phone is
'Phone number in international form, such as +491701234567, or null. May be changed.';
comment on column public.profiles.locale is 'Language tag, such as en or de-AT. May be changed.';
comment on column public.profiles.time_zone is 'IANA time zone. May be changed.';
comment on column public.profiles.created_at is 'When the account was made.';
comment on column public.profiles.updated_at is 'When the profile last changed.';

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
'The caller''s own addresses: read, add, change, delete. At most one is the default.';
comment on column public.addresses.id is
'The address. Given by the server unless sent; cannot be changed.';
comment on column public.addresses.user_id is 'Always the caller, whatever is sent.';
comment on column public.addresses.label is 'What the user calls it, such as Home, or null.';
comment on column public.addresses.recipient is 'Whom it is addressed to.';
comment on column public.addresses.line1 is 'Street and number.';
comment on column public.addresses.line2 is 'Second line, or null.';
comment on column public.addresses.city is 'City.';
comment on column public.addresses.region is 'State, province or prefecture, or null.';
comment on column public.addresses.postal_code is 'Postal code, or null.';
comment on column public.addresses.country is 'ISO 3166 code, two letters.';
comment on column public.addresses.is_default is
'The first address becomes the default; setting it on another one moves the mark.';
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
'Users who run the marketplace. They see each other; everyone else sees at most their own row.';
comment on column public.platform_staff.user_id is 'The user.';
comment on column public.platform_staff.role is
'support, finance or admin; each may all that the ones before may.';
comment on column public.platform_staff.granted_by is
'The admin who gave the role; null: the operator.';
comment on column public.platform_staff.granted_at is 'When the role was given.';

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
'What the caller did with their account, and what was done to it; of the last 400 days. Nobody can
write here.';
comment on column public.activity.id is 'Grows with time.';
comment on column public.activity.user_id is 'Always the caller.';
comment on column public.activity.kind is
'signed_up, signed_in, signed_out, session_ended, recovery_requested, password_changed,
account_changed, account_deleted, factor_added, factor_removed, recovery_code_used, identity_linked,
identity_unlinked, profile_changed, platform_role_changed or membership_changed.';
comment on column public.activity.at is 'When.';
comment on column public.activity.ip is 'From which address, or null.';
comment on column public.activity.user_agent is 'With which program, as it calls itself, or null.';
comment on column public.activity.details is
'Such as the provider of a sign-in, the names of changed columns, or a role from and to.';

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
    v_user_id uuid = private.signed_in_user();
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
$$The caller: profile, platform role (or null) and memberships.

memberships is an array of {business_id, name, slug, role}, ordered by name.
Errors: 401 not_signed_in.$$;

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
$$Give a user a platform role, or take it away. For admins of the platform.

user_id: the user. role: support, finance, admin, or null to take it away.
Errors: 401 not_signed_in, 403 forbidden, 404 not_found, 409 last_admin (the last one stays).$$;

-- sql/10_identity/api/2_access.sql

-- Sessions of the caller, and accounts for admins.

/*
 * The caller's sessions, the latest first.
 *
 * Errors:  PT401 not_signed_in
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
language sql
stable
security invoker
set search_path = ''
begin atomic
    select
        mine.id,
        mine.created_at,
        mine.refreshed_at,
        mine.aal,
        mine.ip,
        mine.user_agent,
        mine.is_current
    from identity.my_sessions() as mine;
end;
grant execute on function public.my_sessions() to anon, authenticated, service_role;

comment on function public.my_sessions() is
$$The caller's sessions, the latest first: since when, last refreshed when, on which level (aal1,
aal2), from which address and program, and whether it is the one that asks.

Errors: 401 not_signed_in.$$;

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
$$End one of the caller's sessions, at once.

session_id: one of my_sessions.
Errors: 401 not_signed_in, 404 not_found.$$;

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

create trigger _100_refuse_writing
instead of insert or update or delete on public.admin_users
for each row execute function private.any__refuse_writing();

comment on view public.admin_users is
'Everybody who has an account, for admins of the platform; empty for everyone else. Roles are given
by set_platform_role.';
comment on column public.admin_users.id is 'The user.';
comment on column public.admin_users.email is 'E-mail address, or null.';
comment on column public.admin_users.phone is 'Phone number without the plus, or null.';
comment on column public.admin_users.full_name is 'Name of the profile, or null.';
comment on column public.admin_users.platform_role is 'support, finance, admin, or null.';
comment on column public.admin_users.is_anonymous is 'Signed in without an address.';
comment on column public.admin_users.email_confirmed_at is
'When the address was proven to be theirs, or null.';
comment on column public.admin_users.created_at is 'When the account was made.';
comment on column public.admin_users.last_sign_in_at is 'When they last signed in, or null.';
comment on column public.admin_users.banned_until is 'Until when they are kept out, or null.';

-- sql/20_business/tables.sql

-- Businesses: who they are, who works in them with which role, whether the platform approved them,
-- and the days on which they are closed. A business takes bookings while it is approved and active;
-- nobody but the platform's staff approves, suspends or verifies, and every such decision keeps its
-- author and its reason.

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
 * Are these settings ones that we know, of the right type and a sane length?
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
        or private.invalid('contact', 'must have at most 2000 characters in all')
    ),
    constraint businesses_texts_are_printable check (
        not private.has_control_characters(concat(
            name, description, email, phone, website,
            address_line1, address_line2, city, region, postal_code
        ))
        or private.invalid('text', 'must not contain control characters')
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
        or private.invalid('latitude and longitude', 'must be a place on earth, both or neither')
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
            'settings', 'must hold only accent_color, welcome_text and booking_notice'
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
    -- May the business itself take this step, or only the platform's staff?
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
        length(btrim(display_name)) between 1 and 200
        or private.invalid('display_name', 'must have 1 to 200 characters')
    )
);
comment on table business.business_members is 'Who works in a business, and with which role.';
create index business_members_user_id_idx on business.business_members (user_id, business_id, role);

create table business.invitations (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- In lower case: who is invited and who accepts may write it differently.
    email text not null,
    role business.member_role not null,
    -- Only the hash is kept: the token is shown once, to whoever invites.
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
        or length(title) <= 200 and not private.has_control_characters(title)
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
    -- Which user (kind member) or which document it is about; null when it is the business itself.
    subject_id uuid,
    old_value text,
    new_value text,
    reason text,
    -- Null when it was done by the platform's own software.
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now()
);
comment on table business.business_history is
'Every decision about a business: status, activity, verification, documents, members.';
create index business_history_business_id_idx on business.business_history (business_id, id);
create index business_history_actor_id_idx on business.business_history (actor_id);

-- sql/20_business/functions/1_callers.sql

-- Which businesses a caller has to do with, and who is turned away.
--
-- Whether a caller may see a business is said once, in the policy of business.businesses. The
-- policy of a table that everyone may read says `exists (select 1 from business.businesses where
-- businesses.id = business_id)`: the policy of businesses applies inside, and the planner chooses
-- between an index probe a row and one hash of all that is visible. Measured with 10,000 businesses
-- and 100,000 rows, as a member, the rows of one business and all rows: 0.14 and 15 ms; with
-- business.is_visible(business_id) 0.15 and 890 ms; with `business_id in (select …)` 2.2 and 15 ms;
-- without any policy 0.04 and 4 ms. The policy of a table for members says `business_id in (select
-- private.my_businesses('view'))`.

/*
 * The businesses in which the caller has a permission: `view` (every role), `serve` (all but
 * accountants), `manage` (owner, manager), `own` (owner), `account` (owner, accountant). Another
 * word gives none.
 * Definer: a policy on business_members that reads business_members would ask itself.
 * plpgsql: its plan is kept for the session, and policies ask once a statement.
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
 * The businesses whose bookings the caller may read: their own; for the platform's staff, all.
 * One set, because beside a branch such as `or is_platform_staff()` no policy can use an index.
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
 * Is a business open to the public: approved and active? What takes bookings and orders asks this.
 * Definer: the answer does not depend on who asks.
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
 * May the caller see this business? For functions and single rows; policies use the form at the
 * top.
 * Invoker: the policy of business.businesses decides.
 */
create function business.is_visible(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1 from business.businesses where businesses.id = is_visible.business_id
    );
end;
$$;

/*
 * The zone in which a business's days and hours are meant; null when there is no such business.
 * Definer: the answer does not depend on who asks.
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
 * Refuse a caller who has not got a permission in a business. The operator's own software has all
 * of them.
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
    perform private.signed_in();
    perform business.refuse_caller(require_member.business_id);
end;
$$;

/*
 * Say no to the caller: `forbidden` about a business that they can see, `not_found` about any
 * other.
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
            'PT403', 'forbidden', 'You may not do this for this business.',
            'Ask an owner of the business for a role that may.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such business.',
        'Read businesses for those that you can see.'
    );
end;
$$;

/*
 * Refuse a caller who is not one of the platform's staff with this role or a higher one. The
 * operator's own software is.
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
    perform private.signed_in();
    perform business.refuse_caller(require_platform_staff.business_id);
end;
$$;

-- sql/20_business/functions/2_profile.sql

-- How a business comes to be, under a name in addresses that is its own.

/*
 * A slug made from a name: letters without accents, digits, single hyphens.
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
 * Take a slug, or refuse it because it is taken. Two at once queue up here.
 * Definer: a slug can belong to a business that the caller cannot see.
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
            'PT409', 'already_exists', 'There is already a business with this slug.',
            'Choose another slug, or send none.'
        );
    end if;
end;
$$;

/*
 * The first free slug for a name: salon, salon-2, salon-3 … and past 50 of them one with a random
 * end.
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
 * Make a business as a draft, with the caller as its owner.
 * Definer: nobody has an insert grant on businesses and members, so nobody chooses status or owner.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
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
    v_user_id uuid = private.signed_in_user();
    v_slug text = coalesce(create_business.slug, business.free_slug(create_business.name));
    v_id uuid;
begin
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
 * The caller's businesses with the caller's role and the number of bookings ever made, by name.
 * Definer: the number is that of all bookings, whatever the caller's role may read of them.
 * plpgsql: bookings belong to a later domain, which is not there yet when this is declared.
 *
 * Errors:  PT401 not_signed_in
 */
create function business.list_mine()
returns table (
    id uuid,
    name text,
    slug text,
    vertical_id text,
    status text,
    is_active boolean,
    is_verified boolean,
    role text,
    booking_count bigint
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.name,
        businesses.slug,
        businesses.vertical_id,
        businesses.status::text,
        businesses.is_active,
        businesses.is_verified,
        business_members.role::text,
        (
            select count(*)
            from scheduling.bookings
            where bookings.business_id = businesses.id
        )
    from business.business_members
    inner join business.businesses on business_members.business_id = businesses.id
    where business_members.user_id = private.signed_in()
    order by businesses.name, businesses.id;
end;
$$;

/*
 * Where a business is, in one line; empty when it has not said so.
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

-- sql/20_business/functions/3_workflow.sql

-- What the platform and the owners decide about a business: approval, activity, verification,
-- documents. The history is written by triggers (rules.sql), on every path; a function only says
-- the reason.

/*
 * Say why the next change is made: the history notes it with that change, and forgets it.
 */
create function business.give_reason(reason text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform set_config('frontdesk.reason', coalesce(give_reason.reason, ''), true);
end;
$$;

/*
 * The reason that was said for this change, once.
 */
create function business.take_reason()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_reason text = nullif(current_setting('frontdesk.reason', true), '');
begin
    perform set_config('frontdesk.reason', '', true);
    return v_reason;
end;
$$;

/*
 * Take a step of the approval workflow. The table of transitions says whose step it is: the
 * business's owners' or the platform's.
 * Definer: nobody has a write grant on the status.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden, email_not_verified · PT404 not_found
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
        perform business.refuse_step(take_step.step::text, v_status::text);
    end if;

    perform business.give_reason(take_step.reason);
    update business.businesses
    set status = v_next
    where businesses.id = take_step.business_id;
end;
$$;

/*
 * Refuse a user whose e-mail address nobody has confirmed. The operator's own software is no user.
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
            'Follow the link in the mail that you got, or ask for another one.'
        );
    end if;
end;
$$;

/*
 * A business, locked: what changes it or its members comes one after the other.
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
            'Read businesses for those that you can see.'
        );
    end if;
    return v_business;
end;
$$;

/*
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
        format('The step %s does not exist for what is %s.', refuse_step.step, refuse_step.status),
        'Read the status again: somebody may have been faster.'
    );
end;
$$;

/*
 * Switch a business on or off: its owners and the platform's admins may. Gives nothing back when it
 * already is what was asked.
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
    perform business.give_reason(null);
    update business.businesses
    set is_active = set_active.is_active
    where
        businesses.id = set_active.business_id
        and businesses.is_active <> set_active.is_active;
end;
$$;

/*
 * Say that it is known who is behind a business, or that it is not any more. For the platform's
 * staff.
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
    perform business.give_reason(set_verified.reason);
    update business.businesses
    set is_verified = set_verified.is_verified
    where
        businesses.id = set_verified.business_id
        and businesses.is_verified <> set_verified.is_verified;
end;
$$;

/*
 * Accept or reject a document that was handed in. For the platform's staff, once.
 * Definer: nobody has an update grant on documents.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function business.review_document(document_id uuid, is_accepted boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_document business.business_documents;
begin
    select business_documents.* into v_document
    from business.business_documents
    where business_documents.id = review_document.document_id
    for update;
    perform business.refuse_reviewer(v_document);
    if v_document.status <> 'submitted' then
        perform business.refuse_step('review', v_document.status::text);
    end if;

    perform business.give_reason(review_document.reason);
    update business.business_documents
    set
        status = case when review_document.is_accepted then 'accepted' else 'rejected' end
        ::business.document_status,
        reviewed_by = auth.uid(),
        reviewed_at = private.now(),
        reason = review_document.reason
    where business_documents.id = review_document.document_id;
end;
$$;

/*
 * Refuse whoever may not review a document; those who cannot see it hear that there is none.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.refuse_reviewer(document business.business_documents)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_reviewer boolean = private.is_operator() or private.is_platform_staff('support');
begin
    if v_is_reviewer and document.id is not null then
        return;
    end if;
    if not v_is_reviewer then
        perform private.signed_in();
    end if;
    if document.business_id in (select private.my_businesses('manage')) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only the platform''s staff review documents.',
            'Wait for their decision.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such document.',
        'Read business_documents for those that you can see.'
    );
end;
$$;

-- sql/20_business/functions/4_members.sql

-- How people join a business and leave it. Every function here locks the business first, so that
-- what happens to its members and invitations happens one after the other.

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
            'Change the role that they have.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * A member whom the caller may see, with the business locked.
 * Definer: it tells a member of another tenant from nobody, to give both one answer.
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
        perform private.signed_in();
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
            'Read business_members for those that you can see.'
        );
    end if;
    perform business.lock_business(v_member.business_id);
    return v_member;
end;
$$;

/*
 * Give a member another role. For owners; the last owner stays one (rules.sql).
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
    perform business.give_reason(null);
    update business.business_members
    set role = set_member_role.role
    where
        business_members.id = set_member_role.member_id
        and business_members.role <> set_member_role.role;
end;
$$;

/*
 * Take a member out of a business. For owners, and for members who leave; the last owner cannot
 * (rules.sql).
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
    perform business.give_reason(null);
    delete from business.business_members
    where business_members.id = remove_member.member_id;
end;
$$;

-- sql/20_business/functions/5_invitations.sql

-- How people are asked to join a business: by a token that is sent to an address, lives a day and
-- works once. Under the lock of the business, as everything that changes its members.

/*
 * How long an invitation can be accepted: 24 hours, or what the setting frontdesk.invitation_hours
 * says.
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
 * What is kept of an invitation's token.
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
 * Invite somebody by e-mail. For owners. An open invitation to the same address is revoked by the
 * new one.
 * Definer: nobody has a write grant on invitations, and whether a user is a member is asked by
 * e-mail.
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
            'Change the role that they have.'
        );
    end if;
end;
$$;

/*
 * Accept an invitation: the signed-in user whose verified e-mail address was invited, once, in
 * time.
 * Definer: nobody reads the hash of a token, or writes members.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden, email_not_verified · PT404 not_found
 *          PT409 already_exists, invalid_transition, invitation_expired
 */
create function business.accept_invitation(token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_invitation business.invitations = business.find_invitation(token);
begin
    perform business.refuse_guest(v_invitation, v_user_id);
    update business.invitations
    set accepted_at = private.now(), accepted_by = v_user_id
    where invitations.id = v_invitation.id;
    perform business.give_reason(null);
    return business.add_member(v_invitation.business_id, v_user_id, v_invitation.role);
end;
$$;

/*
 * The invitation with this token, with its business locked.
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
 * Refuse whoever an invitation is not for, or not any more.
 *
 * Errors:  PT403 forbidden, email_not_verified · PT409 invalid_transition, invitation_expired
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
            'PT409', 'invalid_transition', 'This invitation was already used or taken back.',
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
 * Take an open invitation back. For owners.
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
        perform private.signed_in();
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
            'Read invitations for those that you can see.'
        );
    end if;

    perform business.lock_business(v_business_id);
    update business.invitations
    set revoked_at = private.now()
    where
        invitations.id = revoke_invitation.invitation_id
        and invitations.accepted_at is null
        and invitations.revoked_at is null;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This invitation was already used or taken back.',
            'Read invitations again.'
        );
    end if;
end;
$$;

-- sql/20_business/rules.sql

-- What must never be: a step that the workflow does not know, a business without an owner, a
-- decision that nobody remembers. These hold on every path, for the table's owner too.

create trigger _010_refuse_bad_input
before insert or update on business.businesses
for each row
execute function private.any__refuse_bad_input();

/*
 * A business's name in addresses is its owners' to change, and never one that is taken.
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
            'PT403', 'forbidden', 'Only an owner changes the slug.', 'Ask an owner of the business.'
        );
    end if;
    perform business.claim_slug(new.slug);
    return new;
end;
$$;

/*
 * Prices were meant in one currency: it stays what it is once a business has left the draft.
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
        'PT409', 'invalid_transition', 'The currency is fixed once a business was submitted.',
        'Make another business for another currency.'
    );
    return null;
end;
$$;

/*
 * Only the steps of business_transitions lead from one status to another.
 * Definer: whoever changes a status need not be able to read the workflow.
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
 * Every change of status, activity and verification leaves a line.
 * Definer: nobody but these triggers writes the history.
 */
create function business.businesses__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_reason text = business.take_reason();
begin
    insert into business.business_history (
        business_id, kind, old_value, new_value, reason, actor_id, at
    )
    select
        new.id,
        changes.kind::business.history_kind,
        changes.old_value,
        changes.new_value,
        v_reason,
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
    return null;
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
after update on business.businesses
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

/*
 * A business keeps at least one owner, on every path. Writing the business's row makes owners who
 * leave at the same time queue up, and makes a repeatable read that is too old to know fail. When
 * the whole business goes there is nothing to keep.
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
 * Who joined, changed roles or left.
 * Definer: as business.businesses__keep_history. Of a business that is gone nothing is kept.
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
        business_id, kind, subject_id, old_value, new_value, reason, actor_id, at
    )
    select
        businesses.id,
        'member',
        coalesce(new.user_id, old.user_id),
        old.role::text,
        new.role::text,
        business.take_reason(),
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

/*
 * Every document that was handed in and every decision about it leaves a line.
 * Definer: as business.businesses__keep_history.
 */
create function business.business_documents__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, reason, actor_id, at
    )
    values (
        new.business_id,
        'document',
        new.id,
        old.status::text,
        new.status::text,
        business.take_reason(),
        auth.uid(),
        private.now()
    );
    return null;
end;
$$;

create trigger _010_refuse_bad_input
before insert on business.business_documents
for each row
execute function private.any__refuse_bad_input('manage');

create trigger _500_keep_history
after insert or update of status on business.business_documents
for each row
execute function business.business_documents__keep_history();

create trigger _010_refuse_bad_input
before insert or update on business.closures
for each row
execute function private.any__refuse_bad_input('manage');

-- Rewriting history is refused; a business that goes as a whole takes its history along, and a user
-- who goes leaves the lines without a name. Both come from triggers of PostgreSQL's own, at a depth
-- above 0.
create trigger _100_refuse_rewriting
before update or delete on business.business_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_emptying
before truncate on business.business_history
for each statement
execute function private.any__refuse_rewriting();

-- sql/20_business/policies.sql

-- Everyone sees businesses that are approved and active; members see theirs in any state, the
-- platform's staff all of them. Managers edit the profile. Status, activity, verification and
-- membership are nobody's to write: functions change them, check who asks, and leave a history.

alter table business.businesses enable row level security;
grant select on business.businesses to anon, authenticated;
grant select, insert, update, delete on business.businesses to service_role;
grant update (
    slug, name, description, vertical_id, email, phone, website, address_line1, address_line2, city,
    region, postal_code, country, latitude, longitude, time_zone, currency, locale, settings
) on business.businesses to authenticated;

create policy businesses_select_public
on business.businesses
for select
to anon
using (status = 'approved' and is_active);

create policy businesses_select
on business.businesses
for select
to authenticated
using (
    status = 'approved' and is_active
    or id in (select private.my_businesses('view'))
    or (select private.is_platform_staff('support'))
);

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

-- The workflow is read by functions, and by whoever wants to draw it.
alter table business.business_transitions enable row level security;
grant select on business.business_transitions to service_role;

alter table business.business_members enable row level security;
grant select on business.business_members to authenticated;
grant select, insert, update, delete on business.business_members to service_role;
-- No writes: owners call set_member_role and remove_member, and nobody joins without an invitation.

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

alter table business.business_documents enable row level security;
grant select on business.business_documents to authenticated;
grant insert (business_id, kind, storage_path) on business.business_documents to authenticated;
grant select, insert, update, delete on business.business_documents to service_role;
-- A document that was handed in is not changed and not taken back: the platform decides about it.

create policy business_documents_select
on business.business_documents
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
);

create policy business_documents_insert
on business.business_documents
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

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
-- Written by triggers only, by nobody's hand.

create policy business_history_select
on business.business_history
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or (select private.is_platform_staff('support'))
);

-- The files of documents: in a folder named after the business, in a bucket that nobody reads
-- without this.
create policy objects_select_business_documents
on storage.objects
for select
to authenticated
using (
    bucket_id = 'business-documents'
    and (
        (storage.foldername(name))[1] in (
            select mine.id::text from private.my_businesses('manage') as mine (id)
        )
        or (select private.is_platform_staff('support'))
    )
);

create policy objects_insert_business_documents
on storage.objects
for insert
to authenticated
with check (
    bucket_id = 'business-documents'
    and (storage.foldername(name))[1] in (
        select mine.id::text from private.my_businesses('manage') as mine (id)
    )
);

grant execute on function
private.my_businesses(text),
private.seen_businesses(),
private.require_member(uuid, text),
business.settings_are_known(jsonb),
business.is_open(uuid),
business.is_visible(uuid),
business.time_zone(uuid),
business.claim_slug(text),
business.refuse_step(text, text),
business.create_business(text, text, text, text, text, text, text, text, text),
business.list_mine(),
business.take_step(uuid, business.business_step, text),
business.set_active(uuid, boolean),
business.set_verified(uuid, boolean, text),
business.review_document(uuid, boolean, text),
business.set_member_role(uuid, business.member_role),
business.remove_member(uuid),
business.invite_member(uuid, text, business.member_role, text),
business.accept_invitation(text),
business.revoke_invitation(uuid)
to anon, authenticated, service_role;

-- sql/20_business/api/1_businesses.sql

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

Everyone sees those that are approved and active; members see theirs in every state, and managers
and owners may change the profile; the platform's staff see all.$$;
comment on column public.businesses.id is
'The business. Every row that it owns carries this as business_id.';
comment on column public.businesses.slug is
'Unique name in addresses: 2 to 80 lower-case letters, digits, single hyphens. Owners change it.';
comment on column public.businesses.name is 'Name, 1 to 200 characters.';
comment on column public.businesses.description is 'At most 5000 characters, or null.';
comment on column public.businesses.vertical_id is 'Line of business: a row of verticals.';
comment on column public.businesses.email is 'Public e-mail address, or null.';
comment on column public.businesses.phone is 'Public phone number, or null.';
comment on column public.businesses.website is
'Address of a website, beginning with http:// or https://, or null.';
comment on column public.businesses.address_line1 is 'Street and number, or null.';
comment on column public.businesses.address_line2 is 'Second line of the address, or null.';
comment on column public.businesses.city is 'City, or null.';
comment on column public.businesses.region is 'State, province or prefecture, or null.';
comment on column public.businesses.postal_code is 'Postal code, or null.';
comment on column public.businesses.country is 'ISO 3166 code, two letters.';
comment on column public.businesses.latitude is
'Degrees north, or null; both or neither with longitude.';
comment on column public.businesses.longitude is
'Degrees east, or null; both or neither with latitude.';
comment on column public.businesses.time_zone is
'IANA time zone in which its hours and days are meant.';
comment on column public.businesses.currency is
'ISO 4217 code of its prices. Fixed once it was submitted.';
comment on column public.businesses.locale is 'Language tag, such as en or de-AT.';
comment on column public.businesses.settings is
'JSON object with only accent_color (#rrggbb), welcome_text and booking_notice, all texts.';
comment on column public.businesses.status is
'draft, submitted, approved, rejected or suspended. Changed by functions such as submit_business.';
comment on column public.businesses.is_active is
'False while its owner has switched it off: set_business_active.';
comment on column public.businesses.is_verified is
'True once the platform has checked who is behind it.';
comment on column public.businesses.created_at is 'When it was made.';
comment on column public.businesses.updated_at is 'When it last changed.';

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

comment on view public.verticals is 'Lines of business. Readable by everyone.';
comment on column public.verticals.id is 'Stable name, such as salon or clinic.';
comment on column public.verticals.name is 'English name.';
comment on column public.verticals.position is 'Where it stands in a list.';

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
$$Whole days on which nothing can be booked, in the business's time zone.

Everyone sees those of businesses that they can see; managers and owners add, change, delete them.$$;
comment on column public.closures.id is 'The closure.';
comment on column public.closures.business_id is 'Whose it is. Cannot be changed.';
comment on column public.closures.starts_on is 'First closed day.';
comment on column public.closures.ends_on is 'Last closed day, at most two years after the first.';
comment on column public.closures.title is
'Why, such as New Year, at most 200 characters, or null.';
comment on column public.closures.created_at is 'When it was added.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
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
    perform private.signed_in();
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
$$Make a business. The caller becomes its owner; it begins as a draft.

name: 1 to 200 characters. vertical: id of a row of verticals. country: ISO 3166, two letters.
time_zone: IANA. currency: code of a row of currencies. slug: unique; made from the name if missing.
Errors: 400 invalid_input, 401 not_signed_in, 404 not_found (no such vertical or currency),
409 already_exists (the slug is taken).$$;

/*
 * Errors:  PT401 not_signed_in
 */
create function public.my_businesses()
returns table (
    id uuid,
    name text,
    slug text,
    vertical_id text,
    status text,
    is_active boolean,
    is_verified boolean,
    role text,
    booking_count bigint
)
language sql
stable
security invoker
set search_path = ''
begin atomic
    select
        mine.id,
        mine.name,
        mine.slug,
        mine.vertical_id,
        mine.status,
        mine.is_active,
        mine.is_verified,
        mine.role,
        mine.booking_count
    from business.list_mine() as mine;
end;
grant execute on function public.my_businesses() to anon, authenticated, service_role;

comment on function public.my_businesses() is
$$The caller's businesses in every state, by name, with the caller's role.

booking_count: bookings ever made, in every status. Errors: 401 not_signed_in.$$;

-- sql/20_business/api/2_workflow.sql

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
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
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
$$Hand a draft or a rejected business in for approval. For its owners, once their e-mail address is
verified.

business_id: the business.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden or email_not_verified, 404 not_found,
409 invalid_transition.$$;

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
$$Approve a submitted business: everyone sees it, while it is active. For the platform's staff.

business_id: the business.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409
invalid_transition.$$;

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
$$Reject a submitted business. For the platform's staff.

business_id: the business. reason: what its owners will read, at most 1000 characters.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409
invalid_transition.$$;

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
$$Suspend an approved business: hidden at once, no new bookings; those that exist stay.
For the platform's staff.

business_id: the business. reason: what its owners will read, at most 1000 characters.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409
invalid_transition.$$;

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
$$Give a suspended business its approval back. For the platform's staff.

business_id: the business.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409
invalid_transition.$$;

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
$$Switch a business on or off. Off, only its members and the platform's staff see it.
For its owners and the platform's admins.

business_id: the business. is_active: true or false; what already is so changes nothing.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found.$$;

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
$$Say that the platform knows who is behind a business. For the platform's staff.

business_id: the business. reason: what was checked, at most 1000 characters.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found.$$;

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
$$Take a business's verification back. For the platform's staff.

business_id: the business. reason: why, at most 1000 characters.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found.$$;

-- sql/20_business/api/3_documents.sql

-- Papers that a business hands in, and what was decided about it.

create view public.business_documents
with (security_invoker = true)
as
select
    business_documents.id,
    business_documents.business_id,
    business_documents.kind,
    business_documents.storage_path,
    business_documents.status,
    business_documents.reviewed_by,
    business_documents.reviewed_at,
    business_documents.reason,
    business_documents.created_at
from business.business_documents;
grant select on public.business_documents to authenticated;
grant insert (business_id, kind, storage_path) on public.business_documents to authenticated;
grant select, insert, update, delete on public.business_documents to service_role;

comment on view public.business_documents is
$$Documents of a business, for its verification.

Owners and managers hand them in and see theirs; the platform's staff see all and review them.$$;
comment on column public.business_documents.id is 'The document.';
comment on column public.business_documents.business_id is 'Whose it is.';
comment on column public.business_documents.kind is
'registration, identity, license, tax or other.';
comment on column public.business_documents.storage_path is
'Path in the private bucket business-documents: begins with the business''s id and a slash.';
comment on column public.business_documents.status is 'submitted, accepted or rejected.';
comment on column public.business_documents.reviewed_by is
'Who decided; null before, or the operator.';
comment on column public.business_documents.reviewed_at is 'When it was decided, or null.';
comment on column public.business_documents.reason is 'Why it was rejected or accepted, or null.';
comment on column public.business_documents.created_at is 'When it was handed in.';

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
$$Every decision about a business, oldest first by id. Never changed.

For its owners and managers, and the platform's staff.$$;
comment on column public.business_history.id is 'Grows with time.';
comment on column public.business_history.business_id is 'The business.';
comment on column public.business_history.kind is
'What changed: status, active, verified, document or member.';
comment on column public.business_history.subject_id is
'The user (kind member) or the document (kind document) that it is about, else null.';
comment on column public.business_history.old_value is 'What it was; null: it is new.';
comment on column public.business_history.new_value is 'What it became; null: a member left.';
comment on column public.business_history.reason is 'Why, where somebody said so.';
comment on column public.business_history.actor_id is
'Who did it; null: the operator''s software, or a user who is gone.';
comment on column public.business_history.at is 'When.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.review_document(
    document_id public.identifier, is_accepted public.yes_no, reason text default null
)
returns public.business_documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(review_document.document_id, 'document_id');
    v_is_accepted boolean = private.to_yes_no(review_document.is_accepted, 'is_accepted');
    v_reason text = private.to_text(review_document.reason, 'reason', 1000);
    v_document public.business_documents;
begin
    if review_document.is_accepted is null then
        perform private.invalid('is_accepted', 'is required');
    end if;
    if not v_is_accepted and v_reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    perform business.review_document(v_id, v_is_accepted, v_reason);
    select business_documents.* into strict v_document
    from public.business_documents
    where business_documents.id = v_id;
    return v_document;
end;
$$;
grant execute on function public.review_document(public.identifier, public.yes_no, text)
to anon, authenticated, service_role;

comment on function public.review_document(public.identifier, public.yes_no, text) is
$$Accept or reject a document that a business handed in, once. For the platform's staff.

document_id: the document. is_accepted: true or false.
reason: at most 1000 characters, needed for a no.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409
invalid_transition.$$;

-- sql/20_business/api/4_members.sql

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
'Members of the caller''s businesses; the platform''s staff see all. Changed by functions only.';
comment on column public.business_members.id is 'The membership.';
comment on column public.business_members.business_id is 'The business.';
comment on column public.business_members.user_id is 'The user.';
comment on column public.business_members.role is 'owner, manager, staff or accountant.';
comment on column public.business_members.display_name is
'Name under which colleagues see the member.';
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
'Invitations to the businesses that the caller owns. The token is shown once, by invite_member.';
comment on column public.invitations.id is 'The invitation.';
comment on column public.invitations.business_id is 'The business.';
comment on column public.invitations.email is 'Who was invited.';
comment on column public.invitations.role is
'The role that they get: owner, manager, staff or accountant.';
comment on column public.invitations.expires_at is 'Until when it can be accepted.';
comment on column public.invitations.invited_by is 'Who invited, or null.';
comment on column public.invitations.accepted_by is 'Who accepted, or null.';
comment on column public.invitations.accepted_at is 'When it was accepted, or null.';
comment on column public.invitations.revoked_at is 'When it was taken back or replaced, or null.';
comment on column public.invitations.created_at is 'When it was made.';

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
$$Invite somebody to a business by e-mail. For its owners. Gives {invitation_id, token, expires_at}.

business_id: the business. email: who. role: owner, manager, staff or accountant.
The token is shown here and never again; it can be used once, within 24 hours, by a user with that
verified address. An open invitation to the same address is replaced.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found,
409 already_exists (a member).$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden, email_not_verified
 *          PT404 not_found · PT409 already_exists, invalid_transition, invitation_expired
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
    perform private.signed_in();
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
$$Accept an invitation, as the user whose verified e-mail address was invited. Gives the membership.

token: what invite_member gave.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden (another address), 403
email_not_verified,
404 not_found, 409 already_exists, 409 invalid_transition (used or taken back),
409 invitation_expired.$$;

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
$$Take an open invitation back. For owners.

invitation_id: the invitation.
Errors: 400 invalid_input, 401 not_signed_in, 404 not_found,
409 invalid_transition (used or taken back).$$;

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
$$Give a member another role. For owners.

member_id: id of a row of business_members. role: owner, manager, staff or accountant.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409 last_owner.$$;

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
$$Take a member out of a business. For owners; a member may also leave.

member_id: id of a row of business_members.
Errors: 400 invalid_input, 401 not_signed_in, 403 forbidden, 404 not_found, 409 last_owner.$$;

-- sql/30_catalog/tables/1_cancellation.sql

-- What cancelling, moving and not coming cost. A policy is a row, its tiers say what cancelling
-- costs the nearer the start is. A booking keeps a copy of both, and only the copy decides.

create table catalog.cancellation_policies (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    is_default boolean not null default false,
    -- What not coming costs: a share of the total, or an amount.
    no_show_fee_bps integer not null default 0,
    -- Elapsed hours before the start until which a customer may move the booking; how often, if
    -- limited.
    reschedule_until_hours integer not null default 0,
    reschedule_limit integer,
    created_at timestamptz not null default now(),
    -- Amounts are in minor units of the booking's currency.
    no_show_fee_minor bigint not null default 0,
    -- What a customer's move costs when fewer than so many elapsed hours remain.
    late_reschedule_hours integer not null default 0,
    late_reschedule_fee_bps integer not null default 0,
    late_reschedule_fee_minor bigint not null default 0,

    constraint cancellation_policies_business_id_id_unique unique (business_id, id),
    constraint cancellation_policies_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint cancellation_policies_no_show_fee_is_a_share check (
        no_show_fee_bps between 0 and 10000
        or private.invalid('no_show_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_no_show_fee_is_an_amount check (
        no_show_fee_minor between 0 and 1000000000000
        or private.invalid('no_show_fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_policies_no_show_fee_is_one_of_both check (
        no_show_fee_bps = 0
        or no_show_fee_minor = 0
        or private.invalid('no_show_fee_bps and no_show_fee_minor', 'must not both be set')
    ),
    constraint cancellation_policies_late_reschedule_is_sane check (
        late_reschedule_hours between 0 and 8760
        or private.invalid('late_reschedule_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_a_share check (
        late_reschedule_fee_bps between 0 and 10000
        or private.invalid('late_reschedule_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_an_amount check (
        late_reschedule_fee_minor between 0 and 1000000000000
        or private.invalid(
            'late_reschedule_fee_minor', 'must be from 0 to 1000000000000 minor units'
        )
    ),
    constraint cancellation_policies_late_reschedule_fee_is_one_of_both check (
        late_reschedule_fee_bps = 0
        or late_reschedule_fee_minor = 0
        or private.invalid(
            'late_reschedule_fee_bps and late_reschedule_fee_minor', 'must not both be set'
        )
    ),
    constraint cancellation_policies_reschedule_until_is_sane check (
        reschedule_until_hours between 0 and 8760
        or private.invalid('reschedule_until_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_reschedule_limit_is_sane check (
        reschedule_limit is null
        or reschedule_limit between 0 and 1000
        or private.invalid('reschedule_limit', 'must be from 0 to 1000')
    ),
    -- At commit, not at once: cancellation_policies__keep_one_default moves the mark afterwards.
    constraint cancellation_policies_one_default exclude using btree (business_id with =)
    where (is_default) deferrable initially deferred
);
comment on table catalog.cancellation_policies is
'What cancelling and moving costs. A booking keeps a copy of the policy that it was made under.';

create table catalog.cancellation_tiers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    cancellation_policy_id uuid not null,
    -- Holds while fewer than so many elapsed hours remain before the start: the nearest tier wins.
    hours_before integer not null,
    -- One of both: a share of the total, or an amount in minor units of the booking's currency.
    fee_bps integer,
    fee_minor bigint,
    created_at timestamptz not null default now(),

    constraint cancellation_tiers_business_id_id_unique unique (business_id, id),
    constraint cancellation_tiers_hours_unique unique (cancellation_policy_id, hours_before),
    constraint cancellation_tiers_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id) on delete cascade,
    constraint cancellation_tiers_hours_are_sane check (
        hours_before between 1 and 8760
        or private.invalid('hours_before', 'must be from 1 to 8760')
    ),
    constraint cancellation_tiers_fee_is_a_share check (
        fee_bps is null
        or fee_bps between 0 and 10000
        or private.invalid('fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_tiers_fee_is_an_amount check (
        fee_minor is null
        or fee_minor between 0 and 1000000000000
        or private.invalid('fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_tiers_fee_is_one_of_both check (
        num_nonnulls(fee_bps, fee_minor) = 1
        or private.invalid('fee_bps or fee_minor', 'is required, and only one of them')
    )
);
comment on table catalog.cancellation_tiers is
'What cancelling costs when fewer than so many hours remain. A policy without tiers costs nothing.';
create index cancellation_tiers_policy_idx
on catalog.cancellation_tiers (business_id, cancellation_policy_id);

-- sql/30_catalog/tables/1_services.sql

-- What a business offers, with whom, where and when: services and their add-ons, resources (staff,
-- rooms, equipment) with a capacity, which resources a service takes, and the hours in which they
-- work. Hours are wall clocks: weekday, local time and zone. They become instants date by date,
-- when asked for.

create type catalog.resource_kind as enum ('staff', 'room', 'equipment');
create type catalog.requirement_mode as enum ('all', 'any');
create type catalog.visibility as enum ('public', 'hidden');
create type catalog.limit_period as enum ('day', 'week', 'month', 'year', 'upcoming');

create table catalog.service_categories (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    position integer not null default 0,
    created_at timestamptz not null default now(),

    constraint service_categories_business_id_id_unique unique (business_id, id),
    constraint service_categories_name_unique unique (business_id, name),
    constraint service_categories_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    )
);
comment on table catalog.service_categories is 'How a business groups its services.';

create table catalog.services (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    category_id uuid,
    cancellation_policy_id uuid,
    name text not null,
    description text,
    duration_minutes integer not null,
    price_minor bigint not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    buffer_before_minutes integer not null default 0,
    buffer_after_minutes integer not null default 0,
    -- Starts are offered every so many minutes from each opening, the first after the offset.
    slot_interval_minutes integer not null default 15,
    slot_offset_minutes integer not null default 0,
    min_notice_minutes integer not null default 0,
    -- How many days ahead can be booked, counted in the business's zone; null is as far as one
    -- likes.
    max_advance_days integer,
    bookable_from date,
    bookable_until date,
    max_party_size integer not null default 1,
    -- Given to many at once, at the sessions that were made for it, and at no other time.
    is_class boolean not null default false,
    -- A booking of this service waits for the business to confirm it …
    requires_confirmation boolean not null default false,
    -- … and takes its time while it waits, or leaves it to whoever is confirmed first.
    is_blocked_by_pending boolean not null default true,
    hold_minutes integer not null default 15,
    -- How long each who waits has to accept a time that became free.
    offer_minutes integer not null default 60,
    position integer not null default 0,
    is_active boolean not null default true,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Who leaves the choice open gets whom they prefer or know, if free.
    prefers_known_staff boolean not null default false,
    -- What is hidden is in nobody's catalog: members and private links book it.
    visibility catalog.visibility not null default 'public',

    constraint services_business_id_id_unique unique (business_id, id),
    constraint services_category_fkey foreign key (business_id, category_id)
    references catalog.service_categories (business_id, id) on delete set null (category_id),
    constraint services_cancellation_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id)
    on delete set null (cancellation_policy_id),
    constraint services_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint services_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint services_duration_is_sane check (
        duration_minutes between 1 and 1440
        or private.invalid('duration_minutes', 'must be from 1 to 1440')
    ),
    constraint services_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint services_buffer_before_is_sane check (
        buffer_before_minutes between 0 and 1440
        or private.invalid('buffer_before_minutes', 'must be from 0 to 1440')
    ),
    constraint services_buffer_after_is_sane check (
        buffer_after_minutes between 0 and 1440
        or private.invalid('buffer_after_minutes', 'must be from 0 to 1440')
    ),
    constraint services_slot_interval_is_sane check (
        slot_interval_minutes between 5 and 1440
        or private.invalid('slot_interval_minutes', 'must be from 5 to 1440')
    ),
    constraint services_slot_offset_is_sane check (
        slot_offset_minutes between 0 and 1439
        or private.invalid('slot_offset_minutes', 'must be from 0 to 1439')
    ),
    constraint services_min_notice_is_sane check (
        min_notice_minutes between 0 and 525600
        or private.invalid('min_notice_minutes', 'must be from 0 to 525600')
    ),
    constraint services_max_advance_is_sane check (
        max_advance_days is null
        or max_advance_days between 0 and 3650
        or private.invalid('max_advance_days', 'must be from 0 to 3650')
    ),
    constraint services_bookable_until_after_from check (
        coalesce(bookable_until >= bookable_from, true)
        or private.invalid('bookable_until', 'must not be before bookable_from')
    ),
    constraint services_max_party_size_is_sane check (
        max_party_size between 1 and 1000
        or private.invalid('max_party_size', 'must be from 1 to 1000')
    ),
    constraint services_hold_is_sane check (
        hold_minutes between 1 and 1440
        or private.invalid('hold_minutes', 'must be from 1 to 1440')
    ),
    constraint services_offer_is_sane check (
        offer_minutes between 1 and 1440
        or private.invalid('offer_minutes', 'must be from 1 to 1440')
    )
);
comment on table catalog.services is 'What can be booked.';
create index services_category_idx on catalog.services (business_id, category_id);
create index services_cancellation_policy_idx
on catalog.services (business_id, cancellation_policy_id);
create index services_currency_idx on catalog.services (currency);

create table catalog.service_addons (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    name text not null,
    price_minor bigint not null,
    duration_minutes integer not null default 0,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint service_addons_business_id_id_unique unique (business_id, id),
    constraint service_addons_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_addons_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint service_addons_price_not_negative check (
        price_minor between 0 and 1000000000000
        or private.invalid('price_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint service_addons_duration_is_sane check (
        duration_minutes between 0 and 1440
        or private.invalid('duration_minutes', 'must be from 0 to 1440')
    )
);
comment on table catalog.service_addons is
'Extras of a service: each adds its price, in the service''s currency, and its minutes.';
create index service_addons_service_idx on catalog.service_addons (business_id, service_id);

create table catalog.booking_limits (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- What it limits: a service, a resource, or with neither the whole business …
    service_id uuid,
    period catalog.limit_period not null,
    max_bookings integer,
    max_minutes integer,
    resource_id uuid,
    -- … and whether for everyone together, or for each customer.
    is_per_customer boolean not null default false,

    constraint booking_limits_business_id_id_unique unique (business_id, id),
    constraint booking_limits_one_a_period unique nulls not distinct (
        business_id, service_id, resource_id, is_per_customer, period
    ),
    constraint booking_limits_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint booking_limits_have_one_subject check (
        num_nonnulls(service_id, resource_id) <= 1
        or private.invalid('service_id and resource_id', 'must not both be set')
    ),
    constraint booking_limits_say_something check (
        coalesce(max_bookings, max_minutes) is not null
        or private.invalid('max_bookings or max_minutes', 'is required')
    ),
    constraint booking_limits_max_bookings_is_sane check (
        max_bookings is null
        or max_bookings between 0 and 1000000
        or private.invalid('max_bookings', 'must be from 0 to 1000000')
    ),
    constraint booking_limits_max_minutes_is_sane check (
        max_minutes is null
        or max_minutes between 0 and 100000000
        or private.invalid('max_minutes', 'must be from 0 to 100000000')
    )
);
comment on table catalog.booking_limits is
'How much can be booked in a day, week (from Monday), month or year of the business''s zone, or at
once of what is yet to begin (upcoming).';
create index booking_limits_service_idx on catalog.booking_limits (business_id, service_id);

-- sql/30_catalog/tables/2_resources.sql

-- Staff, rooms and equipment, and which of them a service takes.

create table catalog.resources (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind catalog.resource_kind not null,
    name text not null,
    description text,
    -- How many can use it at once: 1 for a person, 12 for a studio with 12 places.
    capacity integer not null default 1,
    -- The member who is this staff resource, where there is one.
    member_id uuid,
    -- Null: the business's zone.
    time_zone text,
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint resources_business_id_id_unique unique (business_id, id),
    constraint resources_one_a_member unique (business_id, member_id),
    constraint resources_member_fkey foreign key (business_id, member_id)
    references business.business_members (business_id, id) on delete set null (member_id),
    constraint resources_name_is_short check (
        length(btrim(name)) between 1 and 200 and not private.has_control_characters(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint resources_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint resources_capacity_is_sane check (
        capacity between 1 and 1000 or private.invalid('capacity', 'must be from 1 to 1000')
    ),
    constraint resources_members_are_staff check (
        member_id is null
        or kind = 'staff'
        or private.invalid('member_id', 'is only for resources of kind staff')
    ),
    constraint resources_time_zone_exists check (
        time_zone is null
        or private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    )
);
comment on table catalog.resources is 'What a booking takes: staff, rooms, equipment.';

create table catalog.service_resources (
    business_id uuid not null,
    service_id uuid not null,
    resource_id uuid not null,
    -- all: every such resource is needed. any: one of each pool is.
    mode catalog.requirement_mode not null default 'any',
    pool text not null default 'staff',
    -- Units that a booking takes. A resource with places (capacity above 1) is taken once per
    -- guest.
    quantity integer not null default 1,
    -- Who goes first where nobody is named: the higher priority, then the least busy for their
    -- weight.
    priority integer not null default 0,
    weight integer not null default 100,
    -- Newcomers count as having been as busy as the others until then.
    joined_at timestamptz not null default private.now(),

    constraint service_resources_pkey primary key (service_id, resource_id),
    constraint service_resources_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint service_resources_pool_is_a_word check (
        pool ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('pool', 'must be a lower-case word of at most 40 characters')
    ),
    constraint service_resources_quantity_is_sane check (
        quantity between 1 and 1000 or private.invalid('quantity', 'must be from 1 to 1000')
    ),
    constraint service_resources_priority_is_sane check (
        priority between -1000 and 1000
        or private.invalid('priority', 'must be from -1000 to 1000')
    ),
    constraint service_resources_weight_is_sane check (
        weight between 1 and 10000 or private.invalid('weight', 'must be from 1 to 10000')
    )
);
comment on table catalog.service_resources is
'Which resources a service takes, and who is eligible for it: all of these, any one of those.';
create index service_resources_service_idx
on catalog.service_resources (business_id, service_id);
create index service_resources_resource_idx
on catalog.service_resources (business_id, resource_id);

alter table catalog.booking_limits
add constraint booking_limits_resource_fkey foreign key (business_id, resource_id)
references catalog.resources (business_id, id) on delete cascade;
create index booking_limits_resource_idx on catalog.booking_limits (business_id, resource_id);

-- sql/30_catalog/tables/3_calendars.sql

-- Calendars of other programs, whose busy time a resource does not take bookings in.

create table catalog.calendar_imports (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- Where it is read again and again. Whoever knows it reads somebody's calendar, so clients see
    -- only its host.
    url text,
    -- Or the file that was uploaded.
    content text,
    host text generated always as (substring(url, '^https?://([^/?#]+)')) stored,
    -- How often reading it was begun: of two that run at once only the later one counts.
    attempts integer not null default 0,
    requested_at timestamptz not null,
    -- When it was last read, changed or not, and when last in full.
    fetched_at timestamptz,
    expanded_at timestamptz,
    -- What the server called the version that was read last, in its own words.
    etag text,
    last_modified text,
    -- Events that could not be understood, and so do not block.
    skipped_count integer not null default 0,
    -- Why the last attempt failed, and since when all have.
    last_error text,
    failed_since timestamptz,
    created_at timestamptz not null default now(),

    constraint calendar_imports_business_id_id_unique unique (business_id, id),
    -- What blocked periods point at, so that they are of the same resource.
    constraint calendar_imports_resource_id_unique unique (business_id, resource_id, id),
    constraint calendar_imports_once_each unique (business_id, resource_id, url),
    constraint calendar_imports_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_imports_have_one_source check (
        num_nonnulls(url, content) = 1
        or private.invalid('url', 'or content must be sent, and not both')
    ),
    constraint calendar_imports_url_is_one check (
        url is null
        or length(url) <= 2000 and url ~ '^https?://[^/?#@]+([/?#][!-~]*)?$' and url ~ '^[!-~]+$'
        or private.invalid(
            'url', 'must be an http or https address of at most 2000 characters without a user name'
        )
    ),
    constraint calendar_imports_content_is_a_calendar check (
        content is null
        or octet_length(content) <= 1048576 and content ~ '^\uFEFF?BEGIN:VCALENDAR\r?\n'
        or private.invalid('content', 'must be an iCalendar file of at most 1 MiB')
    ),
    constraint calendar_imports_fail_with_a_reason check (
        (last_error is null) = (failed_since is null)
    )
);
comment on table catalog.calendar_imports is
'Calendars of other programs, by address or as a file, whose busy time blocks a resource.';
create index calendar_imports_requested_at_idx on catalog.calendar_imports (requested_at);

-- sql/30_catalog/tables/3_hours.sql

-- When resources work, as wall clocks, and when they do not.

create table catalog.working_hours (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: the hours of the business, which every resource without hours of its own follows.
    resource_id uuid,
    -- ISO: 1 is Monday, 7 is Sunday.
    weekday smallint not null,
    opens_at time not null,
    closes_at time not null,

    constraint working_hours_business_id_id_unique unique (business_id, id),
    constraint working_hours_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint working_hours_weekday_is_iso check (
        weekday between 1 and 7
        or private.invalid('weekday', 'must be from 1 (Monday) to 7 (Sunday)')
    ),
    constraint working_hours_close_after_they_open check (
        closes_at > opens_at
        or private.invalid('closes_at', 'must be after opens_at; past midnight is the next day')
    ),
    constraint working_hours_no_overlap exclude using gist (
        business_id with =,
        coalesce(resource_id, business_id) with =,
        weekday with =,
        int4range(
            extract(epoch from opens_at)::integer, extract(epoch from closes_at)::integer
        ) with &&
    )
);
comment on table catalog.working_hours is
'The weekly hours of a business or of one resource, as wall clocks. A break is the gap between two
rows.';
create index working_hours_resource_idx
on catalog.working_hours (business_id, resource_id, weekday);

create table catalog.schedule_exceptions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: for the business, and so for every resource that follows its hours.
    resource_id uuid,
    starts_on date not null,
    ends_on date not null,
    -- Both null: closed. Otherwise these hours replace the weekly ones, on each of the days.
    opens_at time,
    closes_at time,
    reason text,
    created_at timestamptz not null default now(),

    constraint schedule_exceptions_business_id_id_unique unique (business_id, id),
    constraint schedule_exceptions_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint schedule_exceptions_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint schedule_exceptions_are_shorter_than_two_years check (
        ends_on - starts_on <= 731
        or private.invalid('ends_on', 'must be within two years of starts_on')
    ),
    constraint schedule_exceptions_close_after_they_open check (
        (opens_at is null) = (closes_at is null) and coalesce(closes_at > opens_at, true)
        or private.invalid('opens_at and closes_at', 'must be both empty or in order')
    ),
    constraint schedule_exceptions_reason_is_short check (
        reason is null
        or length(reason) <= 500 and not private.has_control_characters(reason)
        or private.invalid('reason', 'must have at most 500 printable characters')
    )
);
comment on table catalog.schedule_exceptions is
'Days on which other hours hold than the weekly ones. All rows of a day together replace the
week''s.';
create index schedule_exceptions_resource_idx
on catalog.schedule_exceptions (business_id, resource_id, ends_on, starts_on);

create table catalog.travel_zones (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    resource_id uuid not null,
    -- Dates of the zone that they travel to.
    starts_on date not null,
    ends_on date not null,
    time_zone text not null,
    created_at timestamptz not null default now(),

    constraint travel_zones_business_id_id_unique unique (business_id, id),
    constraint travel_zones_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint travel_zones_end_after_they_start check (
        ends_on >= starts_on or private.invalid('ends_on', 'must not be before starts_on')
    ),
    constraint travel_zones_time_zone_exists check (
        private.is_time_zone(time_zone)
        or private.invalid('time_zone', 'must be an IANA time zone, such as Europe/Berlin')
    ),
    constraint travel_zones_no_overlap exclude using gist (
        business_id with =, resource_id with =, daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table catalog.travel_zones is
'Where a resource is on some dates: its hours are read in that zone then.';
create index travel_zones_resource_idx on catalog.travel_zones (business_id, resource_id, ends_on);

create table catalog.blocked_periods (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Null: nobody in the business can be booked.
    resource_id uuid,
    during tstzrange not null,
    reason text,
    created_at timestamptz not null default now(),
    -- The calendar that it came from; null: somebody blocked it.
    calendar_import_id uuid,
    -- Whom customers of an absent resource may go to.
    stand_in_id uuid,

    constraint blocked_periods_business_id_id_unique unique (business_id, id),
    constraint blocked_periods_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint blocked_periods_stand_in_fkey foreign key (business_id, stand_in_id)
    references catalog.resources (business_id, id) on delete set null (stand_in_id),
    constraint blocked_periods_stand_in_is_somebody_else check (
        stand_in_id is null
        or coalesce(stand_in_id <> resource_id, false)
        or private.invalid('stand_in_id', 'must be another resource than the absent one')
    ),
    constraint blocked_periods_import_fkey foreign key (
        business_id, resource_id, calendar_import_id
    )
    references catalog.calendar_imports (business_id, resource_id, id) on delete cascade,
    constraint blocked_periods_imports_are_of_a_resource check (
        calendar_import_id is null or resource_id is not null
    ),
    constraint blocked_periods_imported_once unique (
        business_id, resource_id, calendar_import_id, during
    ),
    constraint blocked_periods_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    )
);
comment on table catalog.blocked_periods is
'Time in which a resource, or the whole business, takes no new bookings. Those that exist stay.';
create index blocked_periods_resource_idx on catalog.blocked_periods (business_id, resource_id);
create index blocked_periods_stand_in_idx on catalog.blocked_periods (business_id, stand_in_id);
create index blocked_periods_during_idx
on catalog.blocked_periods using gist (business_id, during);

-- sql/30_catalog/tables/4_questions.sql

-- What a business asks whoever books a service. The answers are kept with the booking, as they were
-- asked; a question that is asked no longer is switched off.

create type catalog.question_kind as enum (
    'text', 'long_text', 'number', 'yes_no', 'choice', 'choices', 'date', 'phone', 'email'
);

/*
 * Do the choices of a question fit its kind: some, short and each once, where one chooses; none
 * elsewhere?
 */
create function catalog.fits_choices(kind catalog.question_kind, choices text[])
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if kind not in ('choice', 'choices') then
        return choices = '{}';
    end if;
    return cardinality(choices) between 1 and 100
        and (select count(distinct choice) from unnest(choices) as choice) = cardinality(choices)
        and not exists (
            select 1
            from unnest(choices) as choice
            where
                choice is null
                or length(btrim(choice)) not between 1 and 200
                or private.has_control_characters(choice)
        );
end;
$$;
grant execute on function catalog.fits_choices(catalog.question_kind, text[])
to authenticated, service_role;

create table catalog.service_questions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- What an answer is sent and kept under.
    key text not null,
    label text not null,
    kind catalog.question_kind not null,
    is_required boolean not null default false,
    choices text array not null default '{}',
    position integer not null default 0,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),

    constraint service_questions_business_id_id_unique unique (business_id, id),
    constraint service_questions_key_unique unique (service_id, key),
    constraint service_questions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint service_questions_key_is_a_name check (
        key ~ '^[a-z][a-z0-9_]{0,49}$'
        or private.invalid('key', 'must have 1 to 50 of a to z, 0 to 9 and _, a letter first')
    ),
    constraint service_questions_label_is_short check (
        length(btrim(label)) between 1 and 500 and not private.has_control_characters(label)
        or private.invalid('label', 'must have 1 to 500 printable characters')
    ),
    constraint service_questions_choices_fit check (
        catalog.fits_choices(kind, choices)
        or private.invalid(
            'choices', 'must be 1 to 100 different texts where kind is choice or choices, else none'
        )
    )
);
comment on table catalog.service_questions is 'What whoever books a service is asked.';
create index service_questions_service_idx on catalog.service_questions (business_id, service_id);

-- sql/30_catalog/tables/5_links.sql

-- Links by which a service can be booked that nobody else sees. Of a link's token only the hash is
-- kept. How often it was used is counted from the bookings (scheduling.link_uses).

create table catalog.private_links (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    token_hash bytea not null,
    -- For whom it is, in the business's own words.
    label text,
    -- Null: as long as it is not revoked.
    expires_at timestamptz,
    -- Null: as often as one likes.
    max_uses integer,
    revoked_at timestamptz,
    created_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint private_links_business_id_id_unique unique (business_id, id),
    constraint private_links_token_hash_unique unique (token_hash),
    constraint private_links_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint private_links_max_uses_is_sane check (max_uses between 1 and 1000000),
    constraint private_links_label_is_short check (length(label) <= 200)
);
comment on table catalog.private_links is
'Secret links, each to one service: whoever knows its token sees and books it, hidden or not.';
create index private_links_service_idx on catalog.private_links (business_id, service_id);
create index private_links_created_by_idx on catalog.private_links (created_by);

-- sql/30_catalog/functions/1_blocks.sql

-- What the catalog computes for itself. The hours that these tables describe become instants in
-- scheduling.

/*
 * Write a blocked period.
 * Definer: instants are read by public.block_time, so clients get no insert of their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.block_time(
    business_id uuid,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    reason text,
    stand_in_id uuid
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'serve');
    if ends_at <= starts_at or ends_at > starts_at + interval '2 years' then
        perform private.invalid('ends_at', 'must be after starts_at and within two years of it');
    end if;
    if exists (
        select 1
        from unnest(array[block_time.resource_id, block_time.stand_in_id]) as wanted (id)
        where
            wanted.id is not null
            and not exists (
                select 1
                from catalog.resources
                where
                    resources.id = wanted.id
                    and resources.business_id = block_time.business_id
            )
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.', 'Read resources for those of the business.'
        );
    end if;

    insert into catalog.blocked_periods (business_id, resource_id, during, reason, stand_in_id)
    values (
        block_time.business_id,
        block_time.resource_id,
        tstzrange(block_time.starts_at, block_time.ends_at),
        block_time.reason,
        block_time.stand_in_id
    )
    returning blocked_periods.id into v_id;
    return v_id;
end;
$$;

/*
 * Why a period is blocked, for members of its business.
 * Definer: that somebody is away is public, why is not; so clients have no privilege on the column.
 */
create function catalog.reason_of(blocked_period_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select blocked_periods.reason
        from catalog.blocked_periods
        where
            blocked_periods.id = blocked_period_id
            and (
                blocked_periods.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    );
end;
$$;

-- sql/30_catalog/functions/2_calendars.sql

-- Busy time from calendars of other programs. The workers fetch and read them; what it means for a
-- resource is decided here: whose clock a local time is of, which events are our own coming back,
-- and that all blocked periods of a calendar change at once.

/*
 * Let a calendar, by address or as a file, block a resource. It is read by a worker.
 * Definer: nobody has a write grant on imports; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists · PT422 limit_reached
 */
create function catalog.import_calendar(
    business_id uuid, resource_id uuid, url text, content text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'serve');
    perform scheduling.lock(array[resource_id]);
    if not exists (
        select 1
        from catalog.resources
        where
            resources.id = import_calendar.resource_id
            and resources.business_id = import_calendar.business_id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.', 'Read resources for those of the business.'
        );
    end if;
    if 10 <= (
        select count(*)
        from catalog.calendar_imports
        where
            calendar_imports.business_id = import_calendar.business_id
            and calendar_imports.resource_id = import_calendar.resource_id
    ) then
        perform private.refuse(
            'PT422', 'limit_reached', 'A resource can have 10 calendars.', 'Delete one of them first.'
        );
    end if;
    insert into catalog.calendar_imports (business_id, resource_id, url, content, requested_at)
    values (business_id, resource_id, url, content, private.now())
    on conflict on constraint calendar_imports_once_each do nothing
    returning calendar_imports.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'This calendar blocks the resource already.',
            'Refresh it to have it read again.'
        );
    end if;
    perform catalog.request_import(v_id);
    return v_id;
end;
$$;

/*
 * Have a calendar read again. Calendars are other people's servers, so two requests are 5 seconds
 * apart: the second waits, a third is the second.
 * Definer: as catalog.import_calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.refresh_calendar(calendar_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_due_at timestamptz;
begin
    perform catalog.require_import(calendar_import_id);
    update catalog.calendar_imports
    set requested_at = greatest(
        private.now(), calendar_imports.requested_at + interval '5 seconds'
    )
    where
        calendar_imports.id = calendar_import_id
        and calendar_imports.requested_at <= private.now()
    returning calendar_imports.requested_at into v_due_at;
    if v_due_at is not null then
        perform catalog.request_import(calendar_import_id, nullif(v_due_at, private.now()));
    end if;
end;
$$;

/*
 * A calendar does not block any more.
 * Definer: as catalog.import_calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.delete_calendar_import(calendar_import_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform catalog.require_import(calendar_import_id);
    perform catalog.keep_resource(calendar_import_id);
    delete from catalog.calendar_imports where calendar_imports.id = calendar_import_id;
end;
$$;

/*
 * Refuse whoever may not deal with a calendar.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function catalog.require_import(calendar_import_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select calendar_imports.business_id
        from catalog.calendar_imports
        where calendar_imports.id = calendar_import_id
    );
begin
    if not private.is_operator() then
        perform private.signed_in();
    end if;
    if v_business_id is null
        or v_business_id not in (select private.my_businesses('view')) and not private.is_operator() then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such calendar.',
            'Read calendar_imports for those of your business.'
        );
    end if;
    perform private.require_member(v_business_id, 'serve');
end;
$$;

/*
 * Keep the resource of a calendar until the transaction ends. Whoever deletes a resource locks it
 * first and its calendars and blocks after it; so does whoever changes those.
 */
create function catalog.keep_resource(calendar_import_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform 1
    from catalog.resources
    where
        resources.id = (
            select calendar_imports.resource_id
            from catalog.calendar_imports
            where calendar_imports.id = keep_resource.calendar_import_id
        )
    for key share;
end;
$$;

/*
 * Tell the workers to read a calendar.
 */
create function catalog.request_import(
    calendar_import_id uuid, due_at timestamptz default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'calendar.import_requested',
        jsonb_build_object('calendar_import_id', calendar_import_id),
        due_at
    );
end;
$$;

/*
 * Have all calendars read whose time has come: addresses every quarter of an hour, files once a
 * day, because time goes on. Those of businesses that take no bookings rest. Gives how many.
 * Definer: called by the worker, which has no access to the table.
 */
create function catalog.request_due_imports()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
    v_count integer = 0;
begin
    for v_id in
        update catalog.calendar_imports
        set requested_at = private.now()
        where
            calendar_imports.requested_at <= private.now() - case
                when calendar_imports.url is null then interval '1 day' else interval '14 minutes'
            end
            and business.is_open(calendar_imports.business_id)
        returning calendar_imports.id
    loop
        perform catalog.request_import(v_id);
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Begin to read a calendar: what to read and from when to when; null when it is gone. Once a day it
 * is read in full although it has not changed, because the period has moved on.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.start_import(calendar_import_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_import catalog.calendar_imports;
    v_is_whole boolean;
begin
    update catalog.calendar_imports
    set attempts = attempts + 1
    where calendar_imports.id = calendar_import_id
    returning calendar_imports.* into v_import;
    if v_import.id is null then
        return null;
    end if;
    v_is_whole = coalesce(v_import.expanded_at <= private.now() - interval '1 day', true);
    return jsonb_build_object(
        'attempt', v_import.attempts,
        'url', v_import.url,
        'content', v_import.content,
        'etag', case when not v_is_whole then v_import.etag end,
        'last_modified', case when not v_is_whole then v_import.last_modified end,
        'from_at', private.now() - interval '1 day',
        'to_at', private.now() + interval '400 days'
    );
end;
$$;

/*
 * The busy time that events leave to a resource. A time without an offset is of the resource's own
 * clock. Bookings and classes of the same business are left out: a feed of ours that comes back
 * through another calendar would block what it shows, also after a move or a cancellation.
 */
create function catalog.busy_time(calendar catalog.calendar_imports, events jsonb)
returns tstzmultirange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text;
begin
    select coalesce(resources.time_zone, businesses.time_zone) into v_time_zone
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where resources.id = calendar.resource_id;
    return (
        with given as (
            select
                substring(
                    event ->> 'uid',
                    '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@frontdesk$'
                )::uuid as id,
                catalog.instant_of(event ->> 'starts', v_time_zone) as starts_at,
                catalog.instant_of(event ->> 'ends', v_time_zone) as ends_at
            from jsonb_array_elements(events) as event
        )

        select coalesce(range_agg(tstzrange(given.starts_at, given.ends_at)), '{}')
        from given
        where
            given.starts_at < given.ends_at
            and not exists (
                select 1
                from scheduling.bookings
                where
                    bookings.id = given.id
                    and bookings.business_id = calendar.business_id
            )
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.id = given.id
                    and sessions.business_id = calendar.business_id
            )
    );
end;
$$;

/*
 * An instant that a calendar names: with Z it is one, without it is a wall clock of the zone.
 */
create function catalog.instant_of(value text, time_zone text)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case
        when value like '%Z' then value::timestamptz
        else value::timestamp at time zone time_zone
    end;
end;
$$;

/*
 * A calendar has been read: its busy time, all at once, is what blocks from now on. `read` is
 * {attempt, events: [{uid, starts, ends}], skipped_count, etag, last_modified}, or {attempt} when
 * nothing has changed. What a later attempt has overtaken is forgotten. Bookings that exist stay.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.finish_import(calendar_import_id uuid, read jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_calendar catalog.calendar_imports;
    v_busy tstzmultirange;
begin
    perform catalog.keep_resource(calendar_import_id);
    update catalog.calendar_imports
    set
        fetched_at = private.now(),
        last_error = null,
        failed_since = null
    where
        calendar_imports.id = calendar_import_id
        and calendar_imports.attempts = (finish_import.read ->> 'attempt')::integer
    returning calendar_imports.* into v_calendar;
    if v_calendar.id is null or not finish_import.read ? 'events' then
        return;
    end if;
    v_busy = catalog.busy_time(v_calendar, finish_import.read -> 'events');

    delete from catalog.blocked_periods
    where
        blocked_periods.business_id = v_calendar.business_id
        and blocked_periods.resource_id = v_calendar.resource_id
        and blocked_periods.calendar_import_id = v_calendar.id
        and blocked_periods.during not in (select unnest(v_busy));
    insert into catalog.blocked_periods (business_id, resource_id, calendar_import_id, during)
    select v_calendar.business_id, v_calendar.resource_id, v_calendar.id, busy.during
    from unnest(v_busy) as busy (during)
    on conflict on constraint blocked_periods_imported_once do nothing;
    update catalog.calendar_imports
    set
        expanded_at = private.now(),
        etag = finish_import.read ->> 'etag',
        last_modified = finish_import.read ->> 'last_modified',
        skipped_count = (finish_import.read ->> 'skipped_count')::integer
    where calendar_imports.id = v_calendar.id;
end;
$$;

/*
 * A calendar could not be read: what it blocked stays, and whoever looks is told why.
 * Definer: as catalog.request_due_imports.
 */
create function catalog.fail_import(calendar_import_id uuid, attempt integer, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update catalog.calendar_imports
    set
        last_error = fail_import.reason,
        failed_since = coalesce(calendar_imports.failed_since, private.now())
    where
        calendar_imports.id = fail_import.calendar_import_id
        and calendar_imports.attempts = fail_import.attempt;
end;
$$;

-- sql/30_catalog/rules.sql

-- What a constraint of the catalog cannot say.

-- Every table that members write directly answers bad rows in the API's words.
create trigger _010_refuse_bad_input
before insert or update on catalog.service_categories
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_policies
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_tiers
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.services
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_addons
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_questions
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.booking_limits
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.resources
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_resources
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.working_hours
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.schedule_exceptions
for each row execute function private.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.travel_zones
for each row execute function private.any__refuse_bad_input('manage');

create trigger _900_touch
before update on catalog.services
for each row execute function private.any__touch();

create trigger _900_touch
before update on catalog.resources
for each row execute function private.any__touch();

/*
 * The first policy of a business is its default.
 */
create function catalog.cancellation_policies__have_a_default()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.is_default = new.is_default or not exists (
        select 1
        from catalog.cancellation_policies
        where cancellation_policies.business_id = new.business_id
    );
    return new;
end;
$$;

create trigger _100_have_a_default
before insert on catalog.cancellation_policies
for each row execute function catalog.cancellation_policies__have_a_default();

/*
 * A new default takes the mark from the old one. Whoever writes first keeps the business locked
 * until the end of the transaction, so that the last one wins. Definer: the lock is on a row of
 * another table.
 */
create function catalog.cancellation_policies__keep_one_default()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.lock_business(new.business_id);
    update catalog.cancellation_policies
    set is_default = false
    where
        cancellation_policies.business_id = new.business_id
        and cancellation_policies.id <> new.id
        and cancellation_policies.is_default
        and exists (
            select 1
            from catalog.cancellation_policies as newest
            where newest.id = new.id and newest.is_default
        );
    return null;
end;
$$;

create trigger _500_keep_one_default
after insert or update on catalog.cancellation_policies
for each row
when (new.is_default)
execute function catalog.cancellation_policies__keep_one_default();

/*
 * Overlapping hours are one opening written twice: say so before the constraint does, in the API's
 * words.
 *
 * Errors:  PT409 hours_overlap
 */
create function catalog.working_hours__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.working_hours
        where
            working_hours.business_id = new.business_id
            and working_hours.resource_id is not distinct from new.resource_id
            and working_hours.weekday = new.weekday
            and working_hours.id <> new.id
            and working_hours.opens_at < new.closes_at
            and working_hours.closes_at > new.opens_at
    ) then
        perform private.refuse(
            'PT409', 'hours_overlap', 'These hours overlap with others of the same day.',
            'Change the row that exists, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.working_hours
for each row execute function catalog.working_hours__refuse_overlap();

/*
 * Nobody is in two places: said before the constraint does, in the API's words.
 *
 * Errors:  PT409 dates_overlap
 */
create function catalog.travel_zones__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.travel_zones
        where
            travel_zones.business_id = new.business_id
            and travel_zones.resource_id = new.resource_id
            and travel_zones.id <> new.id
            and travel_zones.starts_on <= new.ends_on
            and travel_zones.ends_on >= new.starts_on
    ) then
        perform private.refuse(
            'PT409', 'dates_overlap', 'On some of these dates they are already elsewhere.',
            'Change the row that exists, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.travel_zones
for each row execute function catalog.travel_zones__refuse_overlap();

/*
 * A capacity cannot shrink below a place that is booked in the future: that booking would stand
 * nowhere. Definer: whoever manages the resource may not see every allocation.
 *
 * Errors:  PT409 capacity_in_use
 */
create function catalog.resources__keep_booked_places()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.allocations
        where
            allocations.resource_id = new.id
            and allocations.unit > new.capacity
            and allocations.is_blocking
            and upper(allocations.during) > private.now()
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More places than that are booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_booked_places
before update of capacity on catalog.resources
for each row
when (new.capacity < old.capacity)
execute function catalog.resources__keep_booked_places();

/*
 * A service keeps its currency once it was booked: prices in two currencies cannot be told apart
 * later. Definer: whoever manages the service may not see every booking.
 *
 * Errors:  PT409 currency_in_use
 */
create function catalog.services__keep_currency()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = new.business_id
            and booking_items.service_id = new.id
    ) then
        perform private.refuse(
            'PT409', 'currency_in_use', 'This service has bookings in its currency.',
            'Archive it and create another in the new currency.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_currency
before update of currency on catalog.services
for each row
when (new.currency <> old.currency)
execute function catalog.services__keep_currency();

-- sql/30_catalog/policies/1_cancellation.sql

-- Who may see and change what cancelling costs: as with services.

alter table catalog.cancellation_policies enable row level security;
alter table catalog.cancellation_tiers enable row level security;

grant select on table catalog.cancellation_policies to anon;
grant select, delete on table catalog.cancellation_policies to authenticated;
grant insert (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor
) on table catalog.cancellation_policies to authenticated;
grant update (
    id, business_id, name, is_default, no_show_fee_bps, no_show_fee_minor, reschedule_until_hours,
    reschedule_limit, late_reschedule_hours, late_reschedule_fee_bps, late_reschedule_fee_minor
) on table catalog.cancellation_policies to authenticated;
grant select, insert, update, delete on table catalog.cancellation_policies to service_role;

create policy cancellation_policies_select
on catalog.cancellation_policies
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_policies.business_id
    )
);

create policy cancellation_policies_insert
on catalog.cancellation_policies
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_update
on catalog.cancellation_policies
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_policies_delete
on catalog.cancellation_policies
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.cancellation_tiers to anon;
grant select, delete on table catalog.cancellation_tiers to authenticated;
grant insert (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant update (id, business_id, cancellation_policy_id, hours_before, fee_bps, fee_minor)
on table catalog.cancellation_tiers to authenticated;
grant select, insert, update, delete on table catalog.cancellation_tiers to service_role;

create policy cancellation_tiers_select
on catalog.cancellation_tiers
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = cancellation_tiers.business_id
    )
);

create policy cancellation_tiers_insert
on catalog.cancellation_tiers
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_update
on catalog.cancellation_tiers
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy cancellation_tiers_delete
on catalog.cancellation_tiers
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/1_services.sql

-- Who may see and change what a business offers. Everyone sees the catalog of a business that is
-- open to the public; members see their own whatever its state; owners and managers write it. Rows
-- go with DELETE where nothing points at them; a service with bookings is archived instead.
-- Updates of id and business_id are granted because an upsert writes them; changing either is
-- refused (rules.sql of the foundation).

alter table catalog.service_categories enable row level security;
alter table catalog.services enable row level security;
alter table catalog.service_addons enable row level security;
alter table catalog.booking_limits enable row level security;
alter table catalog.resources enable row level security;
alter table catalog.service_resources enable row level security;
alter table catalog.working_hours enable row level security;
alter table catalog.schedule_exceptions enable row level security;
alter table catalog.blocked_periods enable row level security;

grant select on table catalog.service_categories to anon;
grant select, delete on table catalog.service_categories to authenticated;
grant insert (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant update (id, business_id, name, position)
on table catalog.service_categories to authenticated;
grant select, insert, update, delete on table catalog.service_categories to service_role;

create policy service_categories_select
on catalog.service_categories
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = service_categories.business_id
    )
);

create policy service_categories_insert
on catalog.service_categories
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_update
on catalog.service_categories
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_categories_delete
on catalog.service_categories
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.services to anon;
grant select, delete on table catalog.services to authenticated;
grant insert (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility
) on table catalog.services to authenticated;
grant update (
    id, business_id, category_id, cancellation_policy_id, name, description, duration_minutes,
    price_minor, currency, buffer_before_minutes, buffer_after_minutes, slot_interval_minutes,
    slot_offset_minutes, min_notice_minutes, max_advance_days, bookable_from, bookable_until,
    max_party_size, is_class, requires_confirmation, is_blocked_by_pending, hold_minutes,
    offer_minutes, position, is_active, archived_at, prefers_known_staff, visibility
) on table catalog.services to authenticated;
grant select, insert, update, delete on table catalog.services to service_role;

-- What was retired, switched off or hidden is for members: a customer's bookings keep its name.
-- What hangs on a service is seen by whoever sees the service.
create policy services_select_public
on catalog.services
for select
to anon
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
);

create policy services_select
on catalog.services
for select
to authenticated
using (
    is_active
    and archived_at is null
    and visibility = 'public'
    and exists (
        select 1
        from business.businesses
        where businesses.id = services.business_id
    )
    or business_id in (select private.my_businesses('view'))
);

create policy services_insert
on catalog.services
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy services_update
on catalog.services
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy services_delete
on catalog.services
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_addons to anon;
grant select, delete on table catalog.service_addons to authenticated;
grant insert (
    id, business_id, service_id, name, price_minor, duration_minutes, position, is_active
) on table catalog.service_addons to authenticated;
grant update (id, business_id, name, price_minor, duration_minutes, position, is_active)
on table catalog.service_addons to authenticated;
grant select, insert, update, delete on table catalog.service_addons to service_role;

create policy service_addons_select
on catalog.service_addons
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_addons.business_id
            and services.id = service_addons.service_id
    )
);

create policy service_addons_insert
on catalog.service_addons
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_update
on catalog.service_addons
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_addons_delete
on catalog.service_addons
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.booking_limits to anon;
grant select, delete on table catalog.booking_limits to authenticated;
grant insert (
    id, business_id, service_id, period, max_bookings, max_minutes, resource_id, is_per_customer
) on table catalog.booking_limits to authenticated;
grant update (id, business_id, period, max_bookings, max_minutes)
on table catalog.booking_limits to authenticated;
grant select, insert, update, delete on table catalog.booking_limits to service_role;

create policy booking_limits_select
on catalog.booking_limits
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = booking_limits.business_id
            and services.id = booking_limits.service_id
    )
);

create policy booking_limits_insert
on catalog.booking_limits
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_update
on catalog.booking_limits
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy booking_limits_delete
on catalog.booking_limits
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/2_resources.sql

-- Who may see and change resources: as with services.

grant select on table catalog.resources to anon;
grant select, delete on table catalog.resources to authenticated;
grant insert (
    id, business_id, kind, name, description, capacity, member_id, time_zone, position, is_active
) on table catalog.resources to authenticated;
grant update (
    id, business_id, name, description, capacity, member_id, time_zone, position, is_active
) on table catalog.resources to authenticated;
grant select, insert, update, delete on table catalog.resources to service_role;

create policy resources_select
on catalog.resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = resources.business_id
    )
);

create policy resources_insert
on catalog.resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy resources_update
on catalog.resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy resources_delete
on catalog.resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on table catalog.service_resources to anon;
grant select, delete on table catalog.service_resources to authenticated;
grant insert (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant update (
    business_id, service_id, resource_id, mode, pool, quantity, priority, weight
) on table catalog.service_resources to authenticated;
grant select, insert, update, delete on table catalog.service_resources to service_role;

create policy service_resources_select
on catalog.service_resources
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_resources.business_id
            and services.id = service_resources.service_id
    )
);

create policy service_resources_insert
on catalog.service_resources
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_update
on catalog.service_resources
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_resources_delete
on catalog.service_resources
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/3_calendars.sql

-- Which calendars block a resource is for members; what is in them is for nobody: only when it is.

alter table catalog.calendar_imports enable row level security;
-- Neither the address nor the file: with either one reads somebody's calendar.
grant select (
    id, business_id, resource_id, host, requested_at, fetched_at, skipped_count, last_error,
    failed_since, created_at
) on table catalog.calendar_imports to authenticated;
-- No writes: import_calendar, refresh_calendar and delete_calendar_import.
grant select, insert, update, delete on table catalog.calendar_imports to service_role;

create policy calendar_imports_select
on catalog.calendar_imports
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

grant usage on schema catalog to worker;
grant execute on function
catalog.request_due_imports(),
catalog.start_import(uuid),
catalog.finish_import(uuid, jsonb),
catalog.fail_import(uuid, integer, text)
to worker;
grant execute on function
catalog.import_calendar(uuid, uuid, text, text),
catalog.refresh_calendar(uuid),
catalog.delete_calendar_import(uuid)
to anon, authenticated, service_role;

-- sql/30_catalog/policies/3_hours.sql

-- Weekly hours are public, and so is who is away when, and whom to go to instead. Exceptions, where
-- somebody travels, what imported calendars say, and why somebody is away are for members.

grant select on table catalog.working_hours to anon;
grant select, delete on table catalog.working_hours to authenticated;
grant insert (id, business_id, resource_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant update (id, business_id, weekday, opens_at, closes_at)
on table catalog.working_hours to authenticated;
grant select, insert, update, delete on table catalog.working_hours to service_role;

create policy working_hours_select
on catalog.working_hours
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = working_hours.business_id
    )
);

create policy working_hours_insert
on catalog.working_hours
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_update
on catalog.working_hours
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy working_hours_delete
on catalog.working_hours
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select, delete on table catalog.schedule_exceptions to authenticated;
grant insert (
    id, business_id, resource_id, starts_on, ends_on, opens_at, closes_at, reason
) on table catalog.schedule_exceptions to authenticated;
grant update (id, business_id, starts_on, ends_on, opens_at, closes_at, reason)
on table catalog.schedule_exceptions to authenticated;
grant select, insert, update, delete on table catalog.schedule_exceptions to service_role;

create policy schedule_exceptions_select
on catalog.schedule_exceptions
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy schedule_exceptions_insert
on catalog.schedule_exceptions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_update
on catalog.schedule_exceptions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy schedule_exceptions_delete
on catalog.schedule_exceptions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

alter table catalog.travel_zones enable row level security;

grant select, delete on table catalog.travel_zones to authenticated;
grant insert (id, business_id, resource_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant update (id, business_id, starts_on, ends_on, time_zone)
on table catalog.travel_zones to authenticated;
grant select, insert, update, delete on table catalog.travel_zones to service_role;

create policy travel_zones_select
on catalog.travel_zones
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy travel_zones_insert
on catalog.travel_zones
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_update
on catalog.travel_zones
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy travel_zones_delete
on catalog.travel_zones
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Not reason: catalog.reason_of tells members.
grant select (
    id, business_id, resource_id, during, created_at, calendar_import_id, stand_in_id
) on table catalog.blocked_periods to anon, authenticated;
grant delete on table catalog.blocked_periods to authenticated;
grant execute on function catalog.reason_of(uuid) to authenticated, service_role;
-- No insert or update: public.block_time writes them, because it reads instants and not guesses.
grant select, insert, update, delete on table catalog.blocked_periods to service_role;

create policy blocked_periods_select_public
on catalog.blocked_periods
for select
to anon
using (
    resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_select
on catalog.blocked_periods
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or resource_id is not null
    and calendar_import_id is null
    and exists (
        select 1
        from business.businesses
        where businesses.id = blocked_periods.business_id
    )
);

create policy blocked_periods_delete
on catalog.blocked_periods
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/4_questions.sql

-- Who may see and change what is asked: whoever sees the service reads its questions.

alter table catalog.service_questions enable row level security;

grant select on table catalog.service_questions to anon;
grant select, delete on table catalog.service_questions to authenticated;
grant insert (
    id, business_id, service_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant update (
    id, business_id, key, label, kind, is_required, choices, position, is_active
) on table catalog.service_questions to authenticated;
grant select, insert, update, delete on table catalog.service_questions to service_role;

create policy service_questions_select
on catalog.service_questions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = service_questions.business_id
            and services.id = service_questions.service_id
    )
);

create policy service_questions_insert
on catalog.service_questions
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_update
on catalog.service_questions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy service_questions_delete
on catalog.service_questions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- sql/30_catalog/policies/5_links.sql

-- Who may see private links: members of the business, never the hash. Functions write them.

alter table catalog.private_links enable row level security;

grant select (
    id, business_id, service_id, label, expires_at, max_uses, revoked_at, created_by, created_at
) on table catalog.private_links to authenticated;
grant select, insert, update, delete on table catalog.private_links to service_role;

create policy private_links_select
on catalog.private_links
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

-- sql/30_catalog/api/1_cancellation.sql

-- What clients read about what cancelling costs and, as owners and managers, write.

create view public.cancellation_policies
with (security_invoker = true)
as
select
    cancellation_policies.id,
    cancellation_policies.business_id,
    cancellation_policies.name,
    cancellation_policies.is_default,
    cancellation_policies.no_show_fee_bps,
    cancellation_policies.reschedule_until_hours,
    cancellation_policies.reschedule_limit,
    cancellation_policies.created_at,
    cancellation_policies.no_show_fee_minor,
    cancellation_policies.late_reschedule_hours,
    cancellation_policies.late_reschedule_fee_bps,
    cancellation_policies.late_reschedule_fee_minor
from catalog.cancellation_policies;
grant select on public.cancellation_policies to anon;
grant select, insert, update, delete on public.cancellation_policies to authenticated, service_role;

comment on view public.cancellation_policies is
'What cancelling, moving and not coming cost: free of charge where it says nothing. What cancelling
costs is in cancellation_tiers. A booking keeps a copy of the policy that it was made under. Readable
where the business is; written by owners and managers.';
comment on column public.cancellation_policies.id is 'Key.';
comment on column public.cancellation_policies.business_id is 'The business that it belongs to.';
comment on column public.cancellation_policies.name is 'At most 200 characters.';
comment on column public.cancellation_policies.is_default is
'Holds for services that name no policy. One a business: marking another moves the mark.';
comment on column public.cancellation_policies.no_show_fee_bps is
'Share of the total that not coming costs, in basis points; 0 where no_show_fee_minor says it.';
comment on column public.cancellation_policies.reschedule_until_hours is
'Elapsed hours before the start until which a customer may move the booking.';
comment on column public.cancellation_policies.reschedule_limit is
'How often a customer may move it; null is as often as one likes.';
comment on column public.cancellation_policies.created_at is 'When it was made.';
comment on column public.cancellation_policies.no_show_fee_minor is
'What not coming costs, in minor units of the booking''s currency; at most the total.';
comment on column public.cancellation_policies.late_reschedule_hours is
'A customer''s move costs the fee when fewer than so many elapsed hours remain; 0 is never.';
comment on column public.cancellation_policies.late_reschedule_fee_bps is
'Share of the total that a late move costs, in basis points.';
comment on column public.cancellation_policies.late_reschedule_fee_minor is
'What a late move costs, in minor units of the booking''s currency; at most the total.';

create view public.cancellation_tiers
with (security_invoker = true)
as
select
    cancellation_tiers.id,
    cancellation_tiers.business_id,
    cancellation_tiers.cancellation_policy_id,
    cancellation_tiers.hours_before,
    cancellation_tiers.fee_bps,
    cancellation_tiers.fee_minor,
    cancellation_tiers.created_at
from catalog.cancellation_tiers;
grant select on public.cancellation_tiers to anon;
grant select, insert, update, delete on public.cancellation_tiers to authenticated, service_role;

comment on view public.cancellation_tiers is
'What cancelling costs, the nearer the start the more: of the tiers whose hours have begun, the one
with the fewest hours holds; before the first, cancelling is free. Readable where the business is;
written by owners and managers.';
comment on column public.cancellation_tiers.id is 'Key.';
comment on column public.cancellation_tiers.business_id is 'The business that it belongs to.';
comment on column public.cancellation_tiers.cancellation_policy_id is 'The policy.';
comment on column public.cancellation_tiers.hours_before is
'Holds when fewer than so many elapsed hours remain before the start, 1 to 8760; unique in the
policy. With exactly so many left it does not hold yet.';
comment on column public.cancellation_tiers.fee_bps is
'Share of the total, in basis points: this or fee_minor.';
comment on column public.cancellation_tiers.fee_minor is
'Amount in minor units of the booking''s currency, at most the total: this or fee_bps.';
comment on column public.cancellation_tiers.created_at is 'When it was made.';

-- sql/30_catalog/api/1_services.sql

-- What the catalog offers to clients: views to read and, for owners and managers, to write.

create view public.service_categories
with (security_invoker = true)
as
select
    service_categories.id,
    service_categories.business_id,
    service_categories.name,
    service_categories.position,
    service_categories.created_at
from catalog.service_categories;
grant select on public.service_categories to anon;
grant select, insert, update, delete on public.service_categories to authenticated, service_role;

comment on view public.service_categories is
'How a business groups its services. Readable where the business is; written by owners and
managers.';
comment on column public.service_categories.id is 'Key.';
comment on column public.service_categories.business_id is 'The business that it belongs to.';
comment on column public.service_categories.name is
'Unique in the business, at most 200 characters.';
comment on column public.service_categories.position is 'Order of display, ascending.';
comment on column public.service_categories.created_at is 'When it was made.';

create view public.services
with (security_invoker = true)
as
select
    services.id,
    services.business_id,
    services.category_id,
    services.cancellation_policy_id,
    services.name,
    services.description,
    services.duration_minutes,
    services.price_minor,
    services.currency,
    services.buffer_before_minutes,
    services.buffer_after_minutes,
    services.slot_interval_minutes,
    services.slot_offset_minutes,
    services.min_notice_minutes,
    services.max_advance_days,
    services.bookable_from,
    services.bookable_until,
    services.max_party_size,
    services.is_class,
    services.requires_confirmation,
    services.is_blocked_by_pending,
    services.hold_minutes,
    services.offer_minutes,
    services.position,
    services.is_active,
    services.archived_at,
    services.created_at,
    services.updated_at,
    services.prefers_known_staff,
    services.visibility
from catalog.services;
grant select on public.services to anon;
grant select, insert, update, delete on public.services to authenticated, service_role;

comment on view public.services is
'What can be booked. Readable where the business is; written by owners and managers.';
comment on column public.services.id is 'Key.';
comment on column public.services.business_id is 'The business that offers it.';
comment on column public.services.category_id is 'Its category, if any.';
comment on column public.services.cancellation_policy_id is
'Its cancellation policy; null is the business''s default.';
comment on column public.services.name is 'At most 200 characters.';
comment on column public.services.description is 'At most 5000 characters.';
comment on column public.services.duration_minutes is
'How long it lasts for the customer, 1 to 1440 minutes.';
comment on column public.services.price_minor is
'Price for one guest, in minor units of `currency`.';
comment on column public.services.currency is 'ISO 4217 code. Fixed once the service was booked.';
comment on column public.services.buffer_before_minutes is
'Minutes that its resources need before it; invisible to customers, may reach outside opening
hours.';
comment on column public.services.buffer_after_minutes is
'Minutes that its resources need after it; buffers of neighbours add up.';
comment on column public.services.slot_interval_minutes is
'Starts are offered every so many minutes from each opening.';
comment on column public.services.slot_offset_minutes is
'Minutes from the opening to the first start.';
comment on column public.services.min_notice_minutes is
'The latest moment to book is so many minutes before the start.';
comment on column public.services.max_advance_days is
'How many days ahead can be booked, in the business''s zone; null is no limit.';
comment on column public.services.bookable_from is
'First business-local date that can be booked; null is no limit.';
comment on column public.services.bookable_until is
'Last business-local date that can be booked; null is no limit.';
comment on column public.services.max_party_size is 'Most guests in one booking.';
comment on column public.services.is_class is
'Whether it is given to many at once, at its sessions (create_slots), and at no other time.';
comment on column public.services.requires_confirmation is
'Whether bookings wait for the business to confirm them.';
comment on column public.services.is_blocked_by_pending is
'Whether a waiting booking already takes its time.';
comment on column public.services.hold_minutes is 'How long a hold lasts.';
comment on column public.services.offer_minutes is
'How long each who waits has to accept a time that became free, 1 to 1440.';
comment on column public.services.position is 'Order of display, ascending.';
comment on column public.services.is_active is 'Whether it takes new bookings.';
comment on column public.services.archived_at is
'When it was retired; it keeps its history and takes no new bookings.';
comment on column public.services.created_at is 'When it was made.';
comment on column public.services.updated_at is 'When it was last changed.';
comment on column public.services.visibility is
'public, or hidden: in nobody''s catalog, booked by members and through private links only.';
comment on column public.services.prefers_known_staff is
'Whether a customer who names nobody gets whom they prefer, or had last, if free.';

create view public.service_addons
with (security_invoker = true)
as
select
    service_addons.id,
    service_addons.business_id,
    service_addons.service_id,
    service_addons.name,
    service_addons.price_minor,
    service_addons.duration_minutes,
    service_addons.position,
    service_addons.is_active,
    service_addons.created_at
from catalog.service_addons;
grant select on public.service_addons to anon;
grant select, insert, update, delete on public.service_addons to authenticated, service_role;

comment on view public.service_addons is
'Extras of a service. Readable where the business is; written by owners and managers.';
comment on column public.service_addons.id is 'Key.';
comment on column public.service_addons.business_id is 'The business that offers it.';
comment on column public.service_addons.service_id is 'The service that it adds to.';
comment on column public.service_addons.name is 'At most 200 characters.';
comment on column public.service_addons.price_minor is
'What it adds for one guest, in minor units of the service''s currency.';
comment on column public.service_addons.duration_minutes is 'Minutes that it adds to the service.';
comment on column public.service_addons.position is 'Order of display, ascending.';
comment on column public.service_addons.is_active is 'Whether it can be chosen.';
comment on column public.service_addons.created_at is 'When it was made.';

create view public.booking_limits
with (security_invoker = true)
as
select
    booking_limits.id,
    booking_limits.business_id,
    booking_limits.service_id,
    booking_limits.period,
    booking_limits.max_bookings,
    booking_limits.max_minutes,
    booking_limits.resource_id,
    booking_limits.is_per_customer
from catalog.booking_limits;
grant select on public.booking_limits to anon;
grant select, insert, update, delete on public.booking_limits to authenticated, service_role;

comment on view public.booking_limits is
'How much can be booked in a period of the business''s zone: of a service, with a resource, or with
neither in the whole business. Written by owners and managers.';
comment on column public.booking_limits.id is 'Key.';
comment on column public.booking_limits.business_id is 'The business that it belongs to.';
comment on column public.booking_limits.service_id is
'The service that it limits; each item of it counts.';
comment on column public.booking_limits.period is
'day, week (from Monday), month or year; or upcoming: whatever has not begun yet.';
comment on column public.booking_limits.max_bookings is
'Most that can start in the period; null is no limit.';
comment on column public.booking_limits.max_minutes is
'Most booked minutes that start in the period; null is no limit.';
comment on column public.booking_limits.resource_id is
'The resource that it limits; each item that takes its time counts.';
comment on column public.booking_limits.is_per_customer is
'Whether it counts each customer''s bookings by themselves.';

-- sql/30_catalog/api/2_resources.sql

-- Resources, and which of them a service takes.

create view public.resources
with (security_invoker = true)
as
select
    resources.id,
    resources.business_id,
    resources.kind,
    resources.name,
    resources.description,
    resources.capacity,
    resources.member_id,
    resources.time_zone,
    resources.position,
    resources.is_active,
    resources.created_at,
    resources.updated_at
from catalog.resources;
grant select on public.resources to anon;
grant select, insert, update, delete on public.resources to authenticated, service_role;

comment on view public.resources is
'What a booking takes: staff, rooms, equipment. Readable where the business is; written by owners
and managers.';
comment on column public.resources.id is 'Key.';
comment on column public.resources.business_id is 'The business that it belongs to.';
comment on column public.resources.kind is 'staff, room or equipment.';
comment on column public.resources.name is 'At most 200 characters.';
comment on column public.resources.description is 'At most 5000 characters.';
comment on column public.resources.capacity is 'How many can use it at once.';
comment on column public.resources.member_id is
'The business member who is this staff resource, if any.';
comment on column public.resources.time_zone is 'IANA zone of its hours; null is the business''s.';
comment on column public.resources.position is 'Order of display, ascending.';
comment on column public.resources.is_active is 'Whether it takes new bookings.';
comment on column public.resources.created_at is 'When it was made.';
comment on column public.resources.updated_at is 'When it was last changed.';

create view public.service_resources
with (security_invoker = true)
as
select
    service_resources.business_id,
    service_resources.service_id,
    service_resources.resource_id,
    service_resources.mode,
    service_resources.pool,
    service_resources.quantity,
    service_resources.priority,
    service_resources.weight,
    service_resources.joined_at
from catalog.service_resources;
grant select on public.service_resources to anon;
grant select, insert, update, delete on public.service_resources to authenticated, service_role;

comment on view public.service_resources is
'Which resources a service takes, and who is eligible for it. Written by owners and managers.';
comment on column public.service_resources.business_id is 'The business that both belong to.';
comment on column public.service_resources.service_id is 'The service.';
comment on column public.service_resources.resource_id is 'The resource.';
comment on column public.service_resources.mode is
'all: this resource is needed. any: one of its pool is.';
comment on column public.service_resources.pool is
'Name of the pool, for mode any; one resource of each pool is taken.';
comment on column public.service_resources.quantity is
'Units that a booking takes; of a resource with capacity above 1, so many for each guest.';
comment on column public.service_resources.priority is
'Who is free and has the highest, -1000 to 1000, gets bookings that name nobody.';
comment on column public.service_resources.weight is
'Share of such bookings among those of one priority, 1 to 10000: 200 gets twice as many as 100.';
comment on column public.service_resources.joined_at is
'Since when it gives the service. For 30 days it counts as having been as busy as the others till
then.';

-- sql/30_catalog/api/3_calendars.sql

-- Calendars of other programs that block resources.

create view public.calendar_imports
with (security_invoker = true)
as
select
    calendar_imports.id,
    calendar_imports.business_id,
    calendar_imports.resource_id,
    calendar_imports.host,
    calendar_imports.requested_at,
    calendar_imports.fetched_at,
    calendar_imports.skipped_count,
    calendar_imports.last_error,
    calendar_imports.failed_since,
    calendar_imports.created_at
from catalog.calendar_imports;
grant select on public.calendar_imports to authenticated, service_role;

comment on view public.calendar_imports is
'Calendars of other programs whose busy time blocks a resource, as rows of blocked_periods. Read by
members; written by import_calendar and its siblings.';
comment on column public.calendar_imports.id is 'Key.';
comment on column public.calendar_imports.business_id is 'The business.';
comment on column public.calendar_imports.resource_id is 'The resource that it blocks.';
comment on column public.calendar_imports.host is
'The host of its address, which itself is nobody''s to read; null: an uploaded file.';
comment on column public.calendar_imports.requested_at is 'When it was last asked to be read.';
comment on column public.calendar_imports.fetched_at is
'When it was last read, changed or not; null: not yet.';
comment on column public.calendar_imports.skipped_count is
'Events that could not be understood, and so do not block.';
comment on column public.calendar_imports.last_error is
'Why it could not be read the last time, or null. What it blocked before stays.';
comment on column public.calendar_imports.failed_since is
'Since when it cannot be read, or null.';
comment on column public.calendar_imports.created_at is 'When it was made.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists · PT422 limit_reached
 */
create function public.import_calendar(
    business_id public.identifier,
    resource_id public.identifier,
    url text default null,
    content text default null
)
returns public.calendar_imports
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_import public.calendar_imports;
begin
    v_id = catalog.import_calendar(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id'),
        regexp_replace(private.to_text(url, 'url', 2000), '^webcals?://', 'https://', 'i'),
        private.to_text(content, 'content', 1048576)
    );
    select calendar_imports.* into strict v_import
    from public.calendar_imports
    where calendar_imports.id = v_id;
    return v_import;
end;
$$;
comment on function public.import_calendar is
'Let the busy time of a calendar block a resource: by its address (url: http, https or webcal, read
every 15 minutes) or as a file (content: iCalendar, at most 1 MiB), exactly one of them; at most 10 a
resource. For owners, managers and staff. Bookings that exist stay. Gives the import.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409,
limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.refresh_calendar(calendar_import_id public.identifier)
returns public.calendar_imports
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(calendar_import_id, 'calendar_import_id');
    v_import public.calendar_imports;
begin
    perform catalog.refresh_calendar(v_id);
    select calendar_imports.* into strict v_import
    from public.calendar_imports
    where calendar_imports.id = v_id;
    return v_import;
end;
$$;
comment on function public.refresh_calendar is
'Have a calendar read now; two requests are 5 seconds apart. For owners, managers and staff. Gives
the import.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_calendar_import(calendar_import_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform catalog.delete_calendar_import(
        private.to_identifier(calendar_import_id, 'calendar_import_id')
    );
end;
$$;
comment on function public.delete_calendar_import is
'A calendar does not block its resource any more. For owners, managers and staff.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.import_calendar(public.identifier, public.identifier, text, text),
public.refresh_calendar(public.identifier),
public.delete_calendar_import(public.identifier)
to anon, authenticated, service_role;

-- sql/30_catalog/api/3_hours.sql

-- Hours, exceptions, and time that takes no bookings.

create view public.working_hours
with (security_invoker = true)
as
select
    working_hours.id,
    working_hours.business_id,
    working_hours.resource_id,
    working_hours.weekday,
    working_hours.opens_at,
    working_hours.closes_at
from catalog.working_hours;
grant select on public.working_hours to anon;
grant select, insert, update, delete on public.working_hours to authenticated, service_role;

comment on view public.working_hours is
'Weekly hours as wall clocks. A break is the gap between two rows. Written by owners and managers.';
comment on column public.working_hours.id is 'Key.';
comment on column public.working_hours.business_id is 'The business that they belong to.';
comment on column public.working_hours.resource_id is
'The resource whose hours these are; null is the business, which resources without hours of their
own follow.';
comment on column public.working_hours.weekday is 'ISO day of the week: 1 is Monday, 7 is Sunday.';
comment on column public.working_hours.opens_at is 'Local time.';
comment on column public.working_hours.closes_at is
'Local time, after opens_at, at most 24:00. Past midnight is a row of the next day.';

create view public.schedule_exceptions
with (security_invoker = true)
as
select
    schedule_exceptions.id,
    schedule_exceptions.business_id,
    schedule_exceptions.resource_id,
    schedule_exceptions.starts_on,
    schedule_exceptions.ends_on,
    schedule_exceptions.opens_at,
    schedule_exceptions.closes_at,
    schedule_exceptions.reason,
    schedule_exceptions.created_at
from catalog.schedule_exceptions;
grant select, insert, update, delete on public.schedule_exceptions to authenticated, service_role;

comment on view public.schedule_exceptions is
'Days on which other hours hold than the weekly ones. Read by members; written by owners and
managers.';
comment on column public.schedule_exceptions.id is 'Key.';
comment on column public.schedule_exceptions.business_id is 'The business that it belongs to.';
comment on column public.schedule_exceptions.resource_id is
'The resource whose hours change; null is the business and whoever follows its hours.';
comment on column public.schedule_exceptions.starts_on is 'First local date.';
comment on column public.schedule_exceptions.ends_on is 'Last local date.';
comment on column public.schedule_exceptions.opens_at is
'Local time; null, with closes_at, is closed.';
comment on column public.schedule_exceptions.closes_at is
'Local time. All rows of a date together replace the weekly hours.';
comment on column public.schedule_exceptions.reason is 'At most 500 characters.';
comment on column public.schedule_exceptions.created_at is 'When it was made.';

create view public.travel_zones
with (security_invoker = true)
as
select
    travel_zones.id,
    travel_zones.business_id,
    travel_zones.resource_id,
    travel_zones.starts_on,
    travel_zones.ends_on,
    travel_zones.time_zone,
    travel_zones.created_at
from catalog.travel_zones;
grant select, insert, update, delete on public.travel_zones to authenticated, service_role;

comment on view public.travel_zones is
'Where a resource is on some dates: its hours are read in that zone then. Read by members; written
by owners and managers.';
comment on column public.travel_zones.id is 'Key.';
comment on column public.travel_zones.business_id is 'The business that it belongs to.';
comment on column public.travel_zones.resource_id is 'Who travels.';
comment on column public.travel_zones.starts_on is 'First date, in that zone.';
comment on column public.travel_zones.ends_on is 'Last date, in that zone.';
comment on column public.travel_zones.time_zone is 'IANA zone of where they are.';
comment on column public.travel_zones.created_at is 'When it was made.';

create view public.blocked_periods
with (security_invoker = true)
as
select
    blocked_periods.id,
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    catalog.reason_of(blocked_periods.id) as reason,
    blocked_periods.created_at,
    blocked_periods.calendar_import_id,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.business_id = any(array(select private.my_businesses('view')))
    or (select private.is_operator());
grant select, delete on public.blocked_periods to authenticated, service_role;

comment on view public.blocked_periods is
'Time in which a resource, or the whole business, takes no new bookings. Made by block_time, ended
by DELETE; those of a calendar_import come and go with it.';
comment on column public.blocked_periods.id is 'Key.';
comment on column public.blocked_periods.business_id is 'The business that it belongs to.';
comment on column public.blocked_periods.resource_id is 'The resource; null is the whole business.';
comment on column public.blocked_periods.starts_at is 'First moment of it.';
comment on column public.blocked_periods.ends_at is 'First moment after it.';
comment on column public.blocked_periods.reason is 'At most 500 characters.';
comment on column public.blocked_periods.created_at is 'When it was made.';
comment on column public.blocked_periods.calendar_import_id is
'The calendar that it comes from; null: somebody blocked it.';
comment on column public.blocked_periods.stand_in_id is
'Whom customers of the absent resource may go to meanwhile.';

create view public.absences
with (security_invoker = true)
as
select
    blocked_periods.business_id,
    blocked_periods.resource_id,
    lower(blocked_periods.during) as starts_at,
    upper(blocked_periods.during) as ends_at,
    blocked_periods.stand_in_id
from catalog.blocked_periods
where
    blocked_periods.resource_id is not null
    and blocked_periods.calendar_import_id is null;
grant select on public.absences to anon, authenticated, service_role;

comment on view public.absences is
'When a resource is away, and whom to go to instead. Readable where the business is; never why.
Written by block_time.';
comment on column public.absences.business_id is 'The business.';
comment on column public.absences.resource_id is 'Who is away.';
comment on column public.absences.starts_at is 'First moment of it.';
comment on column public.absences.ends_at is 'First moment after it.';
comment on column public.absences.stand_in_id is
'Whom customers may go to meanwhile; null is nobody in particular.';

/*
 * Take no new bookings in a period. Those that exist stay.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.block_time(
    business_id public.identifier,
    starts_at public.instant,
    ends_at public.instant,
    resource_id public.identifier default null,
    reason text default null,
    stand_in_id public.identifier default null
)
returns public.blocked_periods
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_period public.blocked_periods;
begin
    v_id = catalog.block_time(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_instant(starts_at, 'starts_at'),
        private.to_instant(ends_at, 'ends_at'),
        private.to_text(reason, 'reason', 500),
        private.to_identifier(stand_in_id, 'stand_in_id', is_required => false)
    );
    select blocked_periods.* into strict v_period
    from public.blocked_periods
    where blocked_periods.id = v_id;
    return v_period;
end;
$$;
grant execute on function
public.block_time(
    public.identifier, public.instant, public.instant, public.identifier, text, public.identifier
),
catalog.block_time(uuid, uuid, timestamptz, timestamptz, text, uuid)
to anon, authenticated, service_role;

comment on function public.block_time is
'Take no new bookings from starts_at to ends_at (instants, at most two years apart), for one
resource or
the whole business. stand_in_id: whom customers of that resource may go to meanwhile; absences shows
it to everybody. Owners, managers and staff. Bookings that exist stay.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

-- sql/30_catalog/api/4_questions.sql

-- What clients read about what is asked and, as owners and managers, write.

create view public.service_questions
with (security_invoker = true)
as
select
    service_questions.id,
    service_questions.business_id,
    service_questions.service_id,
    service_questions.key,
    service_questions.label,
    service_questions.kind,
    service_questions.is_required,
    service_questions.choices,
    service_questions.position,
    service_questions.is_active,
    service_questions.created_at
from catalog.service_questions;
grant select on public.service_questions to anon;
grant select, insert, update, delete on public.service_questions to authenticated, service_role;

comment on view public.service_questions is
'What whoever books a service is asked: book takes the answers. Readable where the service is;
written by owners and managers.';
comment on column public.service_questions.id is 'Key.';
comment on column public.service_questions.business_id is 'The business that it belongs to.';
comment on column public.service_questions.service_id is 'The service.';
comment on column public.service_questions.key is
'What the answer is sent under; unique in the service: a to z, 0 to 9 and _, at most 50.';
comment on column public.service_questions.label is 'The question, at most 500 characters.';
comment on column public.service_questions.kind is
'text (at most 500 characters), long_text (5000), number, yes_no (true or false), choice (one of
choices), choices (a list of them), date (2031-03-30), phone (+491701234567) or email.';
comment on column public.service_questions.is_required is 'Whether nobody books without an answer.';
comment on column public.service_questions.choices is
'What can be chosen: 1 to 100 different texts, for choice and choices only.';
comment on column public.service_questions.position is 'Order of display, ascending.';
comment on column public.service_questions.is_active is 'Whether it is asked.';
comment on column public.service_questions.created_at is 'When it was made.';

-- sql/40_scheduling/tables/1_series.sql

-- Series: one wish, repeated by a rule. Each occurrence is a booking of its own.

-- An RRULE (RFC 5545), as scheduling.to_recurrence reads it.
create type scheduling.recurrence as (
    frequency text,
    step integer,
    -- Numbers of the week's days, 1 is Monday, each with its ordinal, or 0 for every one.
    weekdays integer array,
    ordinals integer array,
    -- Days of the month; negative ones count from its end.
    month_days integer array,
    count integer,
    -- The last local wall clock that may be one.
    until timestamp
);

create table scheduling.booking_series (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid references auth.users (id) on delete set null,
    service_id uuid not null,
    rrule text not null,
    -- The wall clock of the first occurrence, which the others keep, and its zone.
    first_at timestamp not null,
    time_zone text not null,
    -- The occurrences that could not be booked: [{starts_at, reason}], a token of docs/errors.md.
    conflicts jsonb not null default '[]',
    created_at timestamptz not null default now(),

    constraint booking_series_business_id_id_unique unique (business_id, id),
    constraint booking_series_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint booking_series_time_zone_exists check (private.is_time_zone(time_zone))
);
comment on table scheduling.booking_series is
'Bookings that were made together by a rule, such as every Monday at nine.';
create index booking_series_service_idx on scheduling.booking_series (business_id, service_id);
create index booking_series_customer_id_idx on scheduling.booking_series (customer_id);

-- sql/40_scheduling/tables/1_sessions.sql

-- Classes: services that are given at dates made for them, to many at once. A session takes its
-- teacher and its room as a booking takes them; its guests take seats.

create table scheduling.sessions (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- Who leads it, of the service's leading pool; null where the service takes nobody.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    capacity integer not null,
    created_at timestamptz not null default now(),

    constraint sessions_business_id_id_unique unique (business_id, id),
    -- What a seat points at, so that it knows how many there are.
    constraint sessions_capacity_unique unique (business_id, id, capacity),
    constraint sessions_once_at_a_time unique nulls not distinct (
        service_id, starts_at, resource_id
    ),
    constraint sessions_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint sessions_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint sessions_end_after_they_start check (ends_at > starts_at),
    constraint sessions_capacity_is_sane check (
        capacity between 1 and 1000 or private.invalid('capacity', 'must be from 1 to 1000')
    )
);
comment on table scheduling.sessions is
'The dates of a class: when it is given, by whom, and how many seats there are.';
create index sessions_service_idx on scheduling.sessions (business_id, service_id, starts_at);
create index sessions_resource_idx on scheduling.sessions (business_id, resource_id);

-- sql/40_scheduling/tables/2_bookings.sql

-- Bookings and the time that they take. What a booking takes is an allocation: a resource, one of
-- its units and a half-open range that includes the buffers. One exclusion constraint over the
-- allocations that block makes double-booking impossible on every path; everything else here is
-- about answering well. Nobody writes these tables directly: the functions of this domain do.

create type scheduling.booking_status as enum (
    'held', 'pending_payment', 'pending', 'confirmed', 'checked_in',
    'completed', 'cancelled', 'rejected', 'no_show', 'expired'
);
create type scheduling.actor_kind as enum ('customer', 'business', 'system');
-- Why a resource gives an item: the customer or the business named it; the customer prefers it or
-- was there last; it went before all others that were free, was the least busy of them, or was
-- alone.
create type scheduling.assignment_reason as enum (
    'customer', 'preferred', 'past', 'priority', 'load', 'only', 'business'
);

-- What a service needs of one resource, as scheduling.needs finds it.
create type scheduling.need as (
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    capacity integer,
    kind catalog.resource_kind,
    time_zone text,
    rank integer,
    pool_count integer
);

-- A resource that could give a service at a start, as scheduling.offers finds it.
create type scheduling.offer as (
    at timestamptz,
    id uuid,
    pool text,
    is_leading boolean,
    units integer,
    remaining integer,
    capacity integer,
    rank integer,
    -- The session, where the service is a class: then `id` is who leads it, if anybody.
    session_id uuid
);

-- Somebody with enough free places, as scheduling.candidates finds them.
create type scheduling.candidate as (
    id uuid,
    pool text,
    is_leading boolean,
    free_units integer array,
    rank integer,
    priority integer,
    rival_count integer,
    reason scheduling.assignment_reason
);

-- How far a limit is used in a period, as scheduling.limit_use finds it: whether one more is too
-- many, the minutes that are left, what one booking has of it, and whether there is too much now.
create type scheduling.limit_use as (
    id uuid,
    resource_id uuid,
    period tstzrange,
    is_full boolean,
    minutes_left bigint,
    own_bookings bigint,
    is_passed boolean
);

-- A customer as limits know them: an account, an e-mail address in small letters that is proven to
-- be theirs, or both.
create type scheduling.booker as (
    id uuid,
    email text
);

-- The starts that limits rule out, for one resource or (null) for all.
create type scheduling.full_times as (
    resource_id uuid,
    times tstzmultirange
);

-- One service that somebody wants: when (null: right after the one before it), with whom, with
-- what.
create type scheduling.wish as (
    service_id uuid,
    starts_at timestamptz,
    gap_minutes integer,
    resource_id uuid,
    addon_ids uuid array,
    party_size integer,
    -- Answers to the service's questions, by key.
    answers jsonb,
    -- The token of a private link to the service.
    link_token text
);

-- A wish with all that the catalog says about it, as scheduling.legs works it out.
create type scheduling.leg as (
    business_id uuid,
    service_id uuid,
    service_name text,
    starts_at timestamptz,
    ends_at timestamptz,
    minutes integer,
    before interval,
    after interval,
    resource_id uuid,
    party_size integer,
    currency text,
    price_minor bigint,
    addons jsonb,
    requires_confirmation boolean,
    is_blocked_by_pending boolean,
    hold_minutes integer,
    is_class boolean,
    answers jsonb,
    private_link_id uuid
);

-- What has to be so before a step is taken, and the moment at which a booking takes one by itself.
create type scheduling.transition_guard as enum ('after_start');
create type scheduling.transition_moment as enum ('hold_expires_at', 'starts_at');

create table scheduling.booking_transitions (
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    -- Who may take this step. The system may take every step that exists.
    actors scheduling.actor_kind array not null,
    guard scheduling.transition_guard,
    -- When it happens by itself; null: only when somebody takes it.
    due scheduling.transition_moment,

    primary key (from_status, to_status)
);
comment on table scheduling.booking_transitions is
'The life of a booking: every step that exists, who may take it, what has to be so, and what happens
by itself.';
-- A booking waits for one thing at a time.
create unique index booking_transitions_one_due_idx
on scheduling.booking_transitions (from_status)
where due is not null;

create table scheduling.bookings (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    customer_id uuid references auth.users (id) on delete set null,
    -- The series that it is an occurrence of, if any.
    series_id uuid,
    reference text not null,
    status scheduling.booking_status not null,
    -- The customer's time, without buffers: from the first item's start to the last one's end.
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- The business's zone when it was booked.
    time_zone text not null,
    party_size integer not null default 1,
    currency text not null,
    total_minor bigint not null,
    -- The quote that was accepted, line by line: nothing recomputes a price later.
    quote jsonb not null,
    -- The cancellation policy that was accepted.
    policy jsonb not null,
    customer_name text,
    customer_email text,
    customer_phone text,
    notes text,
    -- Why the status is what it is, where somebody said so: a rejection, a cancellation.
    status_reason text,
    hold_expires_at timestamptz,
    reschedule_count integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- What cancelling, not coming and moving late have cost the customer, by the policy above.
    cancellation_fee_minor bigint not null default 0,
    no_show_fee_minor bigint not null default 0,
    reschedule_fee_minor bigint not null default 0,
    -- When a guest proved that the e-mail address is theirs.
    contact_verified_at timestamptz,

    constraint bookings_business_id_id_unique unique (business_id, id),
    constraint bookings_series_fkey foreign key (business_id, series_id)
    references scheduling.booking_series (business_id, id) on delete restrict,
    constraint bookings_reference_unique unique (reference),
    constraint bookings_reference_has_no_look_alikes check (
        reference ~ '^[23456789ABCDEFGHJKMNPQRSTUVWXYZ]{8}$'
    ),
    constraint bookings_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint bookings_end_after_they_start check (ends_at > starts_at),
    constraint bookings_party_size_is_positive check (party_size >= 1),
    constraint bookings_total_not_negative check (total_minor >= 0),
    constraint bookings_fees_not_negative check (
        least(cancellation_fee_minor, no_show_fee_minor, reschedule_fee_minor) >= 0
    ),
    constraint bookings_fees_not_above_total check (
        cancellation_fee_minor + no_show_fee_minor <= total_minor
    ),
    constraint bookings_holds_expire check (status <> 'held' or hold_expires_at is not null),
    constraint bookings_rejections_have_a_reason check (
        status <> 'rejected' or status_reason is not null
    )
);
comment on table scheduling.bookings is 'An appointment of a customer with a business.';
create index bookings_business_id_starts_at_idx on scheduling.bookings (business_id, starts_at, id);
create index bookings_series_idx on scheduling.bookings (business_id, series_id, starts_at)
where series_id is not null;
create index bookings_customer_id_starts_at_idx on scheduling.bookings (customer_id, starts_at, id);
create index bookings_guests_email_idx on scheduling.bookings (lower(customer_email))
where customer_id is null;

create table scheduling.booking_items (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    position smallint not null,
    service_id uuid not null,
    -- Who or what the customer chose, or was given: the resource that carries the item.
    resource_id uuid,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    duration_minutes integer not null,
    price_minor bigint not null,
    service_name text not null,
    -- The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].
    addons jsonb not null default '[]',
    -- When it was cancelled by itself, the rest of the booking left as it was.
    cancelled_at timestamptz,
    -- What cancelling it cost, by itself or with the booking; null while nobody has.
    cancellation_fee_minor bigint,
    -- Why it is this resource.
    assigned_by scheduling.assignment_reason,
    -- What the service asked and what was answered: [{key, label, kind, value}].
    answers jsonb not null default '[]',
    -- By which link it was booked, if by one.
    private_link_id uuid,

    constraint booking_items_business_id_id_unique unique (business_id, id),
    constraint booking_items_booking_id_id_unique unique (business_id, booking_id, id),
    constraint booking_items_position_unique unique (business_id, booking_id, position),
    constraint booking_items_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_items_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete restrict,
    constraint booking_items_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint booking_items_private_link_fkey foreign key (business_id, private_link_id)
    references catalog.private_links (business_id, id) on delete restrict,
    constraint booking_items_last_as_long_as_they_say check (
        ends_at = starts_at + make_interval(mins => duration_minutes)
    ),
    constraint booking_items_price_not_negative check (price_minor >= 0),
    constraint booking_items_fee_not_negative check (cancellation_fee_minor >= 0)
);
comment on table scheduling.booking_items is
'The services of a booking, one after another, with the price and the minutes that were agreed.';
create index booking_items_service_idx
on scheduling.booking_items (business_id, service_id, starts_at);
create index booking_items_resource_idx
on scheduling.booking_items (business_id, resource_id, starts_at);

create index booking_items_private_link_idx
on scheduling.booking_items (business_id, private_link_id)
where private_link_id is not null;

create table scheduling.allocations (
    business_id uuid not null,
    -- Whose time it is: an item of a booking, or a session of a class.
    booking_id uuid,
    booking_item_id uuid,
    session_id uuid,
    resource_id uuid not null,
    -- Which of the resource's places, 1 to its capacity.
    unit integer not null,
    -- Buffers included: they add up between neighbours and may reach past closing time.
    during tstzrange not null,
    is_blocking boolean not null,
    -- A hold blocks until this moment and not a second longer, whether or not anything has run
    -- since.
    expires_at timestamptz,

    -- Not a primary key: of the two owners one is always null.
    constraint allocations_once_an_item unique (
        business_id, booking_id, booking_item_id, resource_id, unit
    ),
    constraint allocations_have_one_owner check (
        num_nonnulls(booking_item_id, session_id) = 1
        and (booking_id is null) = (booking_item_id is null)
    ),
    constraint allocations_session_fkey foreign key (business_id, session_id)
    references scheduling.sessions (business_id, id) on delete cascade,
    constraint allocations_booking_item_fkey foreign key (business_id, booking_id, booking_item_id)
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint allocations_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete restrict,
    constraint allocations_unit_is_positive check (unit >= 1),
    constraint allocations_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    ),
    -- The one rule that everything else leans on.
    constraint allocations_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&
    )
    where (is_blocking)
);
comment on table scheduling.allocations is
'The time that a booking, or a session of a class, takes from a resource.';
-- How much somebody has to do in a month: counted on every booking that names nobody.
create index allocations_start_idx on scheduling.allocations (resource_id, lower(during))
where is_blocking;
-- Whose time a booking has: all three, so that no plan reads all that a resource ever did.
create index allocations_resource_idx on scheduling.allocations (
    business_id, resource_id, booking_id
);

-- Few rows have one: only sessions.
create unique index allocations_session_idx
on scheduling.allocations (business_id, session_id, resource_id, unit)
where session_id is not null;

create table scheduling.booking_history (
    id bigint generated always as identity primary key,
    business_id uuid not null,
    booking_id uuid not null,
    from_status scheduling.booking_status,
    to_status scheduling.booking_status not null,
    from_starts_at timestamptz,
    to_starts_at timestamptz not null,
    actor scheduling.actor_kind not null,
    actor_id uuid references auth.users (id) on delete set null,
    reason text,
    at timestamptz not null,
    -- What this step costs the customer; less than 0 takes back what an earlier one cost.
    fee_minor bigint not null default 0,
    -- The one service that was cancelled; null: the whole booking.
    booking_item_id uuid,
    -- Where an item was given to another resource: from whom, to whom.
    from_resource_id uuid,
    to_resource_id uuid,

    constraint booking_history_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_history_booking_item_fkey foreign key (
        business_id, booking_id, booking_item_id
    )
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint booking_history_from_resource_fkey foreign key (business_id, from_resource_id)
    references catalog.resources (business_id, id) on delete set null (from_resource_id),
    constraint booking_history_to_resource_fkey foreign key (business_id, to_resource_id)
    references catalog.resources (business_id, id) on delete set null (to_resource_id)
);
comment on table scheduling.booking_history is
'Every step of every booking: what changed, who did it, when and why. Only ever added to.';
create index booking_history_booking_idx
on scheduling.booking_history (business_id, booking_id, id);
create index booking_history_booking_item_idx
on scheduling.booking_history (business_id, booking_id, booking_item_id);
create index booking_history_actor_id_idx on scheduling.booking_history (actor_id);
create index booking_history_from_resource_idx
on scheduling.booking_history (business_id, from_resource_id)
where from_resource_id is not null;
create index booking_history_to_resource_idx
on scheduling.booking_history (business_id, to_resource_id)
where to_resource_id is not null;

create table scheduling.booking_notes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    booking_id uuid not null,
    body text not null,
    author_id uuid default auth.uid() references auth.users (id) on delete set null,
    created_at timestamptz not null default now(),

    constraint booking_notes_business_id_id_unique unique (business_id, id),
    constraint booking_notes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint booking_notes_body_is_short check (
        length(btrim(body)) between 1 and 5000 and not private.has_control_characters(body)
        or private.invalid('body', 'must have 1 to 5000 printable characters')
    )
);
comment on table scheduling.booking_notes is
'What the business writes down about a booking. Customers never see it: it is a table of its own.';
create index booking_notes_booking_idx on scheduling.booking_notes (business_id, booking_id);
create index booking_notes_author_id_idx on scheduling.booking_notes (author_id);

create table scheduling.scheduled_transitions (
    booking_id uuid primary key,
    business_id uuid not null,
    from_status scheduling.booking_status not null,
    to_status scheduling.booking_status not null,
    due_at timestamptz not null,

    constraint scheduled_transitions_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint scheduled_transitions_exist foreign key (from_status, to_status)
    references scheduling.booking_transitions (from_status, to_status) on delete cascade
);
comment on table scheduling.scheduled_transitions is
'The step that a booking takes by itself unless it moves on first: a hold expires, a request
lapses.';
create index scheduled_transitions_due_at_idx on scheduling.scheduled_transitions (due_at);
create index scheduled_transitions_booking_idx
on scheduling.scheduled_transitions (business_id, booking_id);
create index scheduled_transitions_step_idx
on scheduling.scheduled_transitions (from_status, to_status);

-- sql/40_scheduling/tables/3_preferences.sql

-- Whom customers prefer.

create table scheduling.preferred_resources (
    customer_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null,
    resource_id uuid not null,
    updated_at timestamptz not null default now(),

    primary key (customer_id, business_id),
    constraint preferred_resources_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade
);
comment on table scheduling.preferred_resources is
'Whom a customer wants in a business: one resource each, asked first by services that say so.';
create index preferred_resources_resource_idx
on scheduling.preferred_resources (business_id, resource_id);

-- sql/40_scheduling/tables/3_seats.sql

-- Seats of a session. That no seat is taken twice, and none that is not there, are constraints: a
-- seat carries the capacity of its session, which changes with it.

create table scheduling.seats (
    business_id uuid not null,
    booking_id uuid not null,
    booking_item_id uuid not null,
    session_id uuid not null,
    -- 1 to the capacity of the session.
    number integer not null,
    capacity integer not null,
    is_blocking boolean not null,
    -- A hold keeps its seats until this moment, whether or not anything has run since.
    expires_at timestamptz,

    constraint seats_pkey primary key (business_id, booking_id, booking_item_id, number),
    constraint seats_booking_item_fkey foreign key (business_id, booking_id, booking_item_id)
    references scheduling.booking_items (business_id, booking_id, id) on delete cascade,
    constraint seats_session_fkey foreign key (business_id, session_id, capacity)
    references scheduling.sessions (business_id, id, capacity) on update cascade on delete restrict,
    constraint seats_number_is_positive check (number >= 1),
    constraint seats_exist check (number <= capacity or not is_blocking),
    constraint seats_taken_once exclude using btree (session_id with =, number with =)
    where (is_blocking)
);
comment on table scheduling.seats is 'The seats that a booking takes in a session of a class.';
create index seats_session_idx on scheduling.seats (business_id, session_id, capacity);

-- sql/40_scheduling/tables/4_waitlist.sql

-- Who waits for a time that is taken, and to whom it is offered when it becomes free. An offer is a
-- hold without a customer: it stands in the same constraint as everything else. Those who wait are
-- asked one after another, each for a while that is known from the start, so that a turn passes on
-- by the clock, whether or not anything runs.

create type scheduling.waitlist_status as enum ('waiting', 'accepted', 'left');

create table scheduling.waitlist_entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    service_id uuid not null,
    -- Only with this one; null: with anybody.
    resource_id uuid,
    customer_id uuid not null references auth.users (id) on delete cascade,
    -- When it may start.
    during tstzrange not null,
    party_size integer not null,
    status scheduling.waitlist_status not null default 'waiting',
    -- What became of it.
    booking_id uuid,
    -- First come, first served.
    turn bigint generated always as identity,
    created_at timestamptz not null default now(),

    constraint waitlist_entries_business_id_id_unique unique (business_id, id),
    constraint waitlist_entries_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint waitlist_entries_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint waitlist_entries_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete set null (booking_id),
    constraint waitlist_entries_are_half_open check (
        not isempty(during) and lower_inc(during) and not upper_inc(during)
        and not lower_inf(during) and not upper_inf(during)
    ),
    constraint waitlist_entries_party_size_is_sane check (party_size between 1 and 1000),
    constraint waitlist_entries_once exclude using gist (
        customer_id with =,
        service_id with =,
        coalesce(resource_id, service_id) with =,
        during with &&
    )
    where (status = 'waiting')
);
comment on table scheduling.waitlist_entries is 'Customers who wait for a time to become free.';
create index waitlist_entries_turn_idx on scheduling.waitlist_entries (business_id, turn)
where status = 'waiting';
create index waitlist_entries_service_idx on scheduling.waitlist_entries (business_id, service_id);
create index waitlist_entries_resource_idx
on scheduling.waitlist_entries (business_id, resource_id);
create index waitlist_entries_booking_idx on scheduling.waitlist_entries (business_id, booking_id);
create index waitlist_entries_customer_id_idx on scheduling.waitlist_entries (customer_id);

create table scheduling.waitlist_offers (
    business_id uuid not null,
    entry_id uuid not null,
    -- The hold that keeps the time: nobody's until somebody accepts.
    booking_id uuid not null,
    starts_at timestamptz not null,
    -- The turn of this entry: from, included, to, excluded.
    opens_at timestamptz not null,
    expires_at timestamptz not null,
    -- When its customer was told.
    told_at timestamptz,

    constraint waitlist_offers_pkey primary key (booking_id, entry_id),
    constraint waitlist_offers_entry_fkey foreign key (business_id, entry_id)
    references scheduling.waitlist_entries (business_id, id) on delete cascade,
    constraint waitlist_offers_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint waitlist_offers_expire_after_they_open check (expires_at > opens_at),
    -- One at a time.
    constraint waitlist_offers_in_turn exclude using gist (
        booking_id with =, tstzrange(opens_at, expires_at) with &&
    ) deferrable initially deferred
);
comment on table scheduling.waitlist_offers is
'Whose turn it is, and when, to accept a time that became free.';
create index waitlist_offers_entry_idx on scheduling.waitlist_offers (business_id, entry_id);
create index waitlist_offers_booking_idx on scheduling.waitlist_offers (business_id, booking_id);

-- sql/40_scheduling/tables/6_calendars.sql

-- Bookings as calendars that phones and mail programs subscribe to. Whoever knows a feed's token
-- reads it, so the token is kept as a hash, can be exchanged, and stops when its maker may no
-- longer see what it shows.

create table scheduling.calendar_feeds (
    id uuid primary key default gen_random_uuid(),
    -- Who made it, with whose rights it is read.
    user_id uuid not null references auth.users (id) on delete cascade,
    -- Null: the bookings that the user has made as a customer.
    business_id uuid references business.businesses (id) on delete cascade,
    -- Null: all of the business.
    resource_id uuid,
    -- Only the hash is kept: the token is shown once, to whoever makes or rotates the feed.
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    rotated_at timestamptz,

    constraint calendar_feeds_business_id_id_unique unique (business_id, id),
    constraint calendar_feeds_token_hash_unique unique (token_hash),
    constraint calendar_feeds_one_each unique nulls not distinct (
        user_id, business_id, resource_id
    ),
    constraint calendar_feeds_resource_fkey foreign key (business_id, resource_id)
    references catalog.resources (business_id, id) on delete cascade,
    constraint calendar_feeds_resources_have_a_business check (
        resource_id is null or business_id is not null
    )
);
comment on table scheduling.calendar_feeds is
'Bookings of a customer, a resource or a business as a calendar, readable by its secret address.';
create index calendar_feeds_resource_idx on scheduling.calendar_feeds (business_id, resource_id);

-- sql/40_scheduling/tables/7_guests.sql

-- The codes by which somebody without an account proves that a booking's e-mail address is theirs.
-- A row is also what is counted when too many are asked for; it is forgotten after a day.

create table scheduling.guest_codes (
    id bigint generated always as identity primary key,
    -- Null, as the booking, where the address had none: asked for all the same.
    business_id uuid,
    booking_id uuid,
    email text not null,
    -- From where it was asked for, as the gateway says.
    ip inet,
    -- Of the booking and the code; null where none was sent.
    code_hash bytea,
    attempts integer not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- The transaction that was given the right code: in it, and only in it, the guest is the
    -- booking's customer.
    proven_in xid8,
    created_at timestamptz not null,

    constraint guest_codes_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint guest_codes_are_of_bookings check (
        num_nulls(business_id, booking_id, code_hash) in (0, 3)
    ),
    constraint guest_codes_attempts_are_few check (attempts between 0 and 5)
);
comment on table scheduling.guest_codes is
'Codes mailed to guests: five attempts, once, for as long as a hold or a quarter of an hour.';
create index guest_codes_booking_idx on scheduling.guest_codes (business_id, booking_id);
create index guest_codes_booking_id_idx on scheduling.guest_codes (booking_id, id);
create index guest_codes_email_idx on scheduling.guest_codes (email, created_at);
create index guest_codes_ip_idx on scheduling.guest_codes (ip, created_at);
create index guest_codes_created_at_idx on scheduling.guest_codes (created_at);

-- sql/40_scheduling/functions/1_timelines.sql

-- Wall clocks become instants, date by date: when a resource works, when it is closed, when it is
-- taken. Each function answers for many resources at once and gives one multirange for each.

/*
 * Which resources a service takes for a party, in which pool, and how many units of each. A
 * resource with places (capacity above 1) is taken once per guest, any other is taken whole. Every
 * resource that is needed outright is a pool of its own. The leading pool, whose resources a
 * customer chooses among, is the first with staff, then the first at all. A resource asked for
 * empties its pool of all others. Definer: asked for businesses that the caller need not be a
 * member of.
 */
create function scheduling.needs(service_id uuid, resource_id uuid, party_size integer)
returns setof scheduling.need
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with candidates as (
        select
            resources.id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            case
                when resources.capacity > 1 then service_resources.quantity * needs.party_size
                else service_resources.quantity
            end as units,
            resources.capacity,
            resources.kind,
            coalesce(resources.time_zone, businesses.time_zone) as time_zone,
            resources.is_active,
            row_number() over (order by resources.position, resources.name, resources.id) as rank
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        inner join business.businesses on businesses.id = service_resources.business_id
        where service_resources.service_id = needs.service_id
    )

    select
        candidates.id,
        candidates.pool,
        candidates.pool = (
            select lead.pool
            from candidates as lead
            order by lead.kind, lead.pool
            limit 1
        ),
        candidates.units,
        candidates.capacity,
        candidates.kind,
        candidates.time_zone,
        candidates.rank::integer,
        (select count(distinct wanted.pool) from candidates as wanted)::integer
    from candidates
    where
        candidates.is_active
        and (
            needs.resource_id is null
            or candidates.id = needs.resource_id
            -- Null, and so nothing at all, when the resource is not one of the service's.
            or candidates.pool <> (
                select chosen.pool
                from candidates as chosen
                where chosen.id = needs.resource_id
            )
        );
end;
$$;

/*
 * When resources work, as instants: exceptions of a date replace its weekly hours, a resource
 * without hours of its own follows the business. `windows` are the openings as written, date by
 * date, from whose starts slots step; in `openings` those that touch are one, because a service
 * may run from one into the next. Given are those that reach into the times asked for. A local time
 * that a clock skips moves forward with it; an opening that vanishes this way is none, and so is
 * one of a date that a zone skips. Who travels works by the clock of where they are. Resources that
 * follow the same hours in the same zone share a plan, which is worked out once.
 */
create function scheduling.openings(
    business_id uuid,
    resource_ids uuid[],
    time_zones text[],
    are_staff boolean[],
    during tstzmultirange
)
returns table (resource_id uuid, windows tstzrange[], openings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with days as materialized (
        -- A local date is that of UTC, the one before or the one after.
        select distinct dates.at::date as day
        from unnest(openings.during) as period (during)
        cross join generate_series(
            ((lower(period.during) at time zone 'UTC')::date - 1)::timestamp,
            ((upper(period.during) at time zone 'UTC')::date + 1)::timestamp,
            interval '1 day'
        ) as dates (at)
    ),

    weekly as materialized (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            working_hours.weekday,
            working_hours.opens_at,
            working_hours.closes_at
        from catalog.working_hours
        where
            working_hours.business_id = openings.business_id
            and (
                working_hours.resource_id is null
                or working_hours.resource_id = any(openings.resource_ids)
            )
    ),

    exceptions as materialized (
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id) as owner_id,
            days.day,
            schedule_exceptions.opens_at,
            schedule_exceptions.closes_at
        from catalog.schedule_exceptions
        inner join days
            on days.day between schedule_exceptions.starts_on and schedule_exceptions.ends_on
        where
            schedule_exceptions.business_id = openings.business_id
            and (
                schedule_exceptions.resource_id is null
                or schedule_exceptions.resource_id = any(openings.resource_ids)
            )
    ),

    travels as materialized (
        select
            travel_zones.resource_id as plan_id,
            travel_zones.starts_on,
            travel_zones.ends_on,
            travel_zones.time_zone
        from catalog.travel_zones
        where
            travel_zones.business_id = openings.business_id
            and travel_zones.resource_id = any(openings.resource_ids)
            and travel_zones.ends_on >= (select min(days.day) from days)
            and travel_zones.starts_on <= (select max(days.day) from days)
    ),

    -- A plan of one's own, with hours, exceptions or travels; else that of the business.
    followers as materialized (
        select
            resources.id,
            resources.time_zone,
            plans.owner_id,
            case
                when
                    resources.id in (select exceptions.owner_id from exceptions)
                    or resources.id in (select travels.plan_id from travels)
                    then resources.id
                else plans.owner_id
            end as plan_id,
            not resources.is_staff
            and plans.owner_id not in (select weekly.owner_id from weekly) as is_always_there
        from unnest(openings.resource_ids, openings.time_zones, openings.are_staff)
            as resources (id, time_zone, is_staff)
        cross join lateral (
            select case
                when resources.id in (select weekly.owner_id from weekly) then resources.id
                else openings.business_id
            end as owner_id
        ) as plans
    ),

    plans as materialized (
        select distinct
            followers.plan_id,
            followers.owner_id,
            followers.time_zone,
            followers.is_always_there
        from followers
    ),

    ordinary_days as (
        select
            plans.*,
            days.day
        from plans
        cross join days
        where
            not exists (
                select 1
                from exceptions
                where
                    exceptions.owner_id in (plans.plan_id, plans.owner_id)
                    and exceptions.day = days.day
            )
    ),

    windows as (
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            weekly.opens_at,
            weekly.closes_at
        from ordinary_days
        inner join weekly
            on
                weekly.owner_id = ordinary_days.owner_id
                and weekly.weekday = extract(isodow from ordinary_days.day)
        union all
        select
            ordinary_days.plan_id,
            ordinary_days.is_always_there,
            ordinary_days.time_zone,
            ordinary_days.day,
            time '00:00',
            time '24:00'
        from ordinary_days
        where ordinary_days.is_always_there
        union all
        select
            plans.plan_id,
            plans.is_always_there,
            plans.time_zone,
            exceptions.day,
            exceptions.opens_at,
            exceptions.closes_at
        from plans
        inner join exceptions on exceptions.owner_id in (plans.plan_id, plans.owner_id)
        where
            exceptions.opens_at is not null
            and (
                exceptions.owner_id = plans.plan_id
                or not exists (
                    select 1
                    from exceptions as own
                    where own.owner_id = plans.plan_id and own.day = exceptions.day
                )
            )
    ),

    local_windows as (
        select
            windows.plan_id,
            windows.is_always_there,
            windows.time_zone,
            windows.day,
            windows.day + windows.opens_at as opens_at,
            windows.day + windows.closes_at as closes_at,
            coalesce(travels.time_zone, windows.time_zone) as clock
        from windows
        left join travels
            on
                travels.plan_id = windows.plan_id
                and windows.day between travels.starts_on and travels.ends_on
    ),

    instants as (
        select
            local_windows.*,
            local_windows.opens_at at time zone local_windows.clock as starts_at,
            local_windows.closes_at at time zone local_windows.clock as ends_at
        from local_windows
    ),

    planned as (
        select
            instants.plan_id,
            instants.is_always_there,
            instants.time_zone,
            array_agg(tstzrange(instants.starts_at, instants.ends_at)) as windows,
            range_agg(tstzrange(instants.starts_at, instants.ends_at)) as openings
        from instants
        where
            instants.starts_at < instants.ends_at
            and tstzrange(instants.starts_at, instants.ends_at) && openings.during
            -- A day later, where a zone has skipped the date altogether (Apia, 2011-12-30).
            and (instants.starts_at at time zone instants.clock)::date = instants.day
        group by instants.plan_id, instants.is_always_there, instants.time_zone
    )

    select
        followers.id,
        planned.windows,
        planned.openings
    from followers
    inner join planned
        on
            planned.plan_id = followers.plan_id
            and planned.is_always_there = followers.is_always_there
            and planned.time_zone = followers.time_zone;
end;
$$;

/*
 * When resources are shut although they would work: closures of the business, in its zone, and
 * blocked periods of the resource or of everyone.
 */
create function scheduling.closings(
    business_id uuid, resource_ids uuid[], during tstzmultirange
)
returns table (resource_id uuid, closings tstzmultirange)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with shut as (
        select
            null::uuid as id,
            tstzrange(
                closures.starts_on::timestamp at time zone businesses.time_zone,
                (closures.ends_on + 1)::timestamp at time zone businesses.time_zone
            ) as period
        from business.closures
        inner join business.businesses on businesses.id = closures.business_id
        where
            closures.business_id = closings.business_id
            and closures.ends_on >= (lower(closings.during) at time zone 'UTC')::date - 1
            and closures.starts_on <= (upper(closings.during) at time zone 'UTC')::date + 1
        union all
        select
            blocked_periods.resource_id,
            blocked_periods.during
        from catalog.blocked_periods
        where
            blocked_periods.business_id = closings.business_id
            and blocked_periods.during && closings.during
    )

    select
        resources.id,
        range_agg(shut.period)
    from unnest(closings.resource_ids) as resources (id)
    inner join shut on shut.id is null or shut.id = resources.id
    group by resources.id;
end;
$$;

/*
 * The starts that are out of the question because resources are taken, one multirange for each unit
 * that is taken at all. Who is taken from `from` to `to` cannot start between `from - lead` and
 * `to + trail`, both excluded: `lead` is what follows a start (length and buffer), `trail` the
 * buffer before it. A hold that has run out takes nothing, whether or not anything has released it.
 * One booking may be left out: the one that is about to move.
 */
create function scheduling.clashes(
    resource_ids uuid[],
    during tstzmultirange,
    lead interval,
    trail interval,
    except_booking_id uuid
)
returns table (resource_id uuid, clashes tstzmultirange[])
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.clashes
    from unnest(clashes.resource_ids) as resources (id)
    cross join lateral (
        select array_agg(units.clashes) as clashes
        from (
            select
                range_agg(
                    tstzrange(
                        lower(allocations.during) - clashes.lead,
                        upper(allocations.during) + clashes.trail,
                        '()'
                    )
                ) as clashes
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and allocations.during && clashes.during
                and allocations.is_blocking
                and (allocations.expires_at is null or allocations.expires_at > v_now)
                and coalesce(allocations.booking_id <> clashes.except_booking_id, true)
            group by allocations.unit
        ) as units
    ) as taken;
end;
$$;

-- sql/40_scheduling/functions/2_offers.sql

-- What can be booked. One function decides it, for a whole month of slots and for the one instant
-- that somebody wants to book: that is why the two never disagree.

/*
 * The service as scheduling needs it: null when it takes no bookings now.
 * Definer: asked for businesses that the caller need not be a member of.
 */
create function scheduling.bookable_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    inner join business.businesses on services.business_id = businesses.id
    where
        services.id = bookable_service.service_id
        and services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved';
    return v_service;
end;
$$;

/*
 * The instants between which a service may start now, by its notice, its advance and its dates,
 * half-open.
 */
create function scheduling.bookable_period(service catalog.services, time_zone text)
returns tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_today date = (v_now at time zone bookable_period.time_zone)::date;
    v_last_day date = least(service.bookable_until, v_today + service.max_advance_days);
    v_first timestamptz = greatest(
        v_now + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone bookable_period.time_zone
    );
    v_end timestamptz = (v_last_day + 1)::timestamp at time zone bookable_period.time_zone;
begin
    return case when v_end <= v_first then 'empty' else tstzrange(v_first, v_end) end;
end;
$$;

/*
 * Every start in some periods, or at some moments, at which a service can be had, with each
 * resource that could give it then and how many of its units are free. Starts step from each window
 * of a leading resource; every other pool must have somebody too. `minutes` is the length with
 * add-ons. A booking that is about to move is left out by its id. Definer: sees what is taken
 * without telling by whom.
 */
create function scheduling.offers(
    service_id uuid,
    during tstzmultirange,
    resource_id uuid,
    party_size integer,
    minutes integer,
    except_booking_id uuid default null
)
returns setof scheduling.offer
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_service catalog.services = scheduling.bookable_service(offers.service_id);
    v_time_zone text;
    v_starts tstzmultirange;
    v_reach tstzmultirange;
    v_needs scheduling.need[];
    v_ids uuid[];
    v_pool_count integer;
    v_full scheduling.full_times[];
    v_bookable tstzmultirange;
    v_length interval = make_interval(mins => offers.minutes);
    v_before interval;
    v_after interval;
    v_step interval;
begin
    if v_service.id is null or offers.party_size > v_service.max_party_size then
        return;
    end if;
    v_before = make_interval(mins => v_service.buffer_before_minutes);
    v_after = make_interval(mins => v_service.buffer_after_minutes);
    v_step = make_interval(mins => v_service.slot_interval_minutes);
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = v_service.business_id;
    v_starts = offers.during * scheduling.bookable_period(v_service, v_time_zone)::tstzmultirange;
    -- What keeps its time and changes only its resource needs no notice.
    if offers.except_booking_id is not null and exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = offers.except_booking_id
            and offers.during <@ tstzrange(bookings.starts_at, bookings.ends_at)
    ) then
        v_starts = offers.during;
    end if;
    if isempty(v_starts) then
        return;
    end if;
    if v_service.is_class then
        return query
        select session_offers.*
        from scheduling.session_offers(
            v_service, v_starts, offers.resource_id, offers.party_size, offers.except_booking_id
        ) as session_offers;
        return;
    end if;
    v_reach = (
        select range_agg(tstzrange(lower(part) - v_before, upper(part) + v_length + v_after))
        from unnest(v_starts) as part
    );

    v_needs = array(
        select need from scheduling.needs(v_service.id, offers.resource_id, offers.party_size) as need
    );
    v_ids = array(select need.id from unnest(v_needs) as need);
    v_pool_count = v_needs[1].pool_count;
    if v_pool_count is distinct from (
        select count(distinct need.pool) from unnest(v_needs) as need
    ) then
        return;
    end if;
    v_full = scheduling.full_times(
        v_service, v_ids, range_merge(v_starts), offers.minutes, offers.except_booking_id
    );
    v_bookable = v_starts - coalesce(
        (select sold.times from unnest(v_full) as sold where sold.resource_id is null), '{}'
    );

    return query
    with timelines as materialized (
        select
            needs.*,
            openings.windows,
            taken.clashes,
            (
                -- From these starts the service ends before its opening does.
                select range_agg(tstzrange(lower(open.during), upper(open.during) - v_length, '[]'))
                from unnest(openings.openings - coalesce(closings.closings, '{}')) as open (during)
                where lower(open.during) <= upper(open.during) - v_length
            )
            - case needs.capacity when 1 then coalesce(taken.clashes[1], '{}') else '{}' end
            - coalesce(
                (select sold.times from unnest(v_full) as sold where sold.resource_id = needs.id), '{}'
            ) as starts
        from unnest(v_needs) as needs
        inner join scheduling.openings(
            v_service.business_id,
            v_ids,
            array(select need.time_zone from unnest(v_needs) as need),
            array(select need.kind = 'staff' from unnest(v_needs) as need),
            v_reach
        ) as openings on openings.resource_id = needs.id
        left join scheduling.closings(v_service.business_id, v_ids, v_reach) as closings
            on closings.resource_id = needs.id
        left join scheduling.clashes(
            v_ids, v_reach, v_length + v_after, v_before, offers.except_booking_id
        ) as taken on taken.resource_id = needs.id
    ),

    starts as (
        select distinct
            timelines.id,
            starts.at
        from timelines
        cross join lateral unnest(timelines.starts * v_bookable) as possible
        cross join lateral unnest(timelines.windows) as opening
        cross join lateral (
            select lower(opening) + make_interval(mins => v_service.slot_offset_minutes) as first
        ) as steps
        cross join lateral generate_series(
            greatest(steps.first, date_bin(v_step, lower(possible), steps.first)),
            least(upper(possible), upper(opening) - interval '1 minute'),
            v_step
        ) as starts (at)
        where
            timelines.is_leading
            and opening && possible
            and starts.at <@ possible
    ),

    asked as (
        select
            starts.id,
            starts.at
        from starts
        union all
        select
            timelines.id,
            moments.at
        from timelines
        cross join (select distinct starts.at from starts) as moments
        where
            v_pool_count > 1
            and not timelines.is_leading
            and timelines.starts @> moments.at
    ),

    free as (
        select
            asked.at,
            timelines.id,
            timelines.pool,
            timelines.is_leading,
            timelines.units,
            timelines.capacity,
            timelines.rank,
            case
                when timelines.capacity = 1 or timelines.clashes is null then timelines.capacity
                else timelines.capacity - (
                    select count(*)
                    from unnest(timelines.clashes) as unit (clashes)
                    where unit.clashes @> asked.at
                )
            end::integer as remaining
        from asked
        inner join timelines on timelines.id = asked.id
    )

    select
        free.at,
        free.id,
        free.pool,
        free.is_leading,
        free.units,
        free.remaining,
        free.capacity,
        free.rank,
        null::uuid
    from free
    where
        free.remaining >= free.units
        and (
            v_pool_count = 1
            or free.at in (
                select others.at
                from free as others
                where others.remaining >= others.units
                group by others.at
                having count(distinct others.pool) = v_pool_count
            )
        );
end;
$$;

-- sql/40_scheduling/functions/3_answers.sql

-- The answers to a service's questions, read like any argument: each is of its question's kind, or
-- refused by its key. They are kept as they were asked.

/*
 * The answers to what a service asks, sent by key, as they are kept: [{key, label, kind, value}] in
 * the order of the questions, those without an answer left out.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.answered(service_id uuid, answers jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_questions catalog.service_questions[] = array(
        select service_questions
        from catalog.service_questions
        where service_questions.service_id = answered.service_id and service_questions.is_active
        order by service_questions.position, service_questions.key
    );
    v_question catalog.service_questions;
    v_unknown text;
    v_value jsonb;
    v_found jsonb = '[]';
begin
    select sent.key into v_unknown
    from jsonb_object_keys(answers) as sent (key)
    where not exists (select 1 from unnest(v_questions) as question where question.key = sent.key)
    limit 1;
    if found then
        perform private.invalid(
            'answers.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not a question of this service'
        );
    end if;
    foreach v_question in array v_questions loop
        v_value = scheduling.to_answer(v_question, answers -> v_question.key);
        if v_value is not null then
            v_found = v_found || jsonb_build_object(
                'key', v_question.key,
                'label', v_question.label,
                'kind', v_question.kind,
                'value', v_value
            );
        elsif v_question.is_required then
            perform private.invalid('answers.' || v_question.key, 'is required');
        end if;
    end loop;
    return v_found;
end;
$$;

/*
 * Read one answer by the kind of its question; null, blank and empty are none.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_answer(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_argument text = 'answers.' || question.key;
    v_text text = btrim(value #>> '{}');
    v_expected text = case question.kind
        when 'number' then 'number'
        when 'yes_no' then 'boolean'
        when 'choices' then 'array'
        else 'string'
    end;
begin
    if v_text is null or v_text in ('', '[]') then
        return null;
    end if;
    if jsonb_typeof(value) <> v_expected then
        perform private.invalid(v_argument, case question.kind
            when 'number' then 'must be a number'
            when 'yes_no' then 'must be true or false'
            when 'choices' then 'must be a list of its choices'
            else 'must be a text'
        end);
    end if;
    if question.kind in ('choice', 'choices') then
        return scheduling.to_choice(question, value);
    end if;
    v_text = private.to_text(
        v_text, v_argument, case question.kind when 'long_text' then 5000 else 500 end
    );
    if question.kind = 'number' then
        if abs(v_text::numeric) > 1e15 or scale(v_text::numeric) > 10 then
            perform private.invalid(v_argument, 'must be from -1e15 to 1e15 with at most 10 decimals');
        end if;
    elsif question.kind = 'phone' and v_text !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(v_argument, 'must be in international form, such as +491701234567');
    elsif question.kind = 'email' and (v_text !~ '^[^@\s]+@[^@\s]+$' or length(v_text) > 320) then
        perform private.invalid(v_argument, 'must be an e-mail address');
    end if;
    return case question.kind
        when 'number' then value
        when 'yes_no' then value
        when 'date' then to_jsonb(private.to_date(v_text, v_argument))
        else to_jsonb(v_text)
    end;
end;
$$;

/*
 * Read what was chosen: each of the question's choices at most once, in their order.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_choice(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_chosen jsonb = case question.kind when 'choice' then jsonb_build_array(value) else value end;
begin
    if exists (
        select 1
        from jsonb_array_elements(v_chosen) as chosen (value)
        where
            jsonb_typeof(chosen.value) <> 'string'
            or chosen.value #>> '{}' <> all(question.choices)
    ) then
        perform private.invalid('answers.' || question.key, 'must be of the question''s choices');
    end if;
    if question.kind = 'choice' then
        return value;
    end if;
    return (
        select jsonb_agg(choices.choice order by choices.place)
        from unnest(question.choices) with ordinality as choices (choice, place)
        where v_chosen ? choices.choice
    );
end;
$$;

-- sql/40_scheduling/functions/3_legs.sql

-- From what somebody wants to what the catalog makes of it: length, price, buffers, times.

/*
 * What the catalog says about each wish, in order; each starts when it says, or after the one
 * before it. Definer: add-ons and services are read the same for everyone; whether the caller may
 * see them is checked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.legs(wishes scheduling.wish[])
returns scheduling.leg[]
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_wish scheduling.wish;
    v_leg scheduling.leg;
    v_legs scheduling.leg[] = '{}';
begin
    foreach v_wish in array legs.wishes loop
        if v_wish.starts_at is null and v_leg.ends_at is not null then
            v_wish.starts_at = v_leg.ends_at + make_interval(mins => coalesce(v_wish.gap_minutes, 0));
        end if;
        if v_wish.starts_at < v_leg.ends_at then
            perform private.invalid('items', 'must follow each other in time');
        end if;
        v_leg = scheduling.leg(v_wish);
        if v_leg.business_id <> v_legs[1].business_id or v_leg.currency <> v_legs[1].currency then
            perform private.invalid('items', 'must be of one business and one currency');
        end if;
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * What the catalog says about one wish.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function scheduling.leg(wish scheduling.wish)
returns scheduling.leg
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_link catalog.private_links;
    v_service catalog.services;
    v_addons record;
    v_minutes integer;
begin
    if wish.link_token is not null then
        v_link = scheduling.link_of(wish.link_token, wish.service_id);
        if v_link.id is null then
            perform scheduling.refuse_unseen();
        end if;
    end if;
    v_service = scheduling.visible_service(wish.service_id, has_link => v_link.id is not null);
    if wish.party_size > v_service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', v_service.max_party_size));
    end if;
    v_addons = scheduling.chosen_addons(v_service.id, wish.addon_ids);
    -- A class ends when it ends, whatever one adds to it.
    v_minutes = v_service.duration_minutes
    + case when v_service.is_class then 0 else v_addons.minutes end;
    return row(
        v_service.business_id,
        v_service.id,
        v_service.name,
        wish.starts_at,
        wish.starts_at + make_interval(mins => v_minutes),
        v_minutes,
        make_interval(mins => v_service.buffer_before_minutes),
        make_interval(mins => v_service.buffer_after_minutes),
        wish.resource_id,
        wish.party_size,
        v_service.currency,
        v_service.price_minor,
        v_addons.addons,
        v_service.requires_confirmation,
        v_service.is_blocked_by_pending,
        v_service.hold_minutes,
        v_service.is_class,
        coalesce(wish.answers, '{}'),
        v_link.id
    )::scheduling.leg;
end;
$$;

/*
 * A service that takes bookings and that the caller may see: a hidden one is for members of its
 * business, and for whoever has a link to it.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.visible_service(service_id uuid, has_link boolean default false)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.open_service(visible_service.service_id);
begin
    if v_service.visibility = 'hidden'
        and not has_link
        and v_service.business_id not in (select private.my_businesses('view')) then
        perform scheduling.refuse_unseen();
    end if;
    return v_service;
end;
$$;

/*
 * A service that takes bookings. Absent and not to be seen get one answer; members who see one
 * that takes none are told so.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.open_service(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    v_service = scheduling.bookable_service(open_service.service_id);
    if v_service.id is not null then
        return v_service;
    end if;
    if exists (
        select 1
        from catalog.services
        where
            services.id = open_service.service_id
            and services.business_id in (select private.my_businesses('view'))
    ) then
        perform private.refuse(
            'PT409', 'not_bookable', 'This service takes no bookings at the moment.',
            'Check that the service and its business are active, and the business approved.'
        );
    end if;
    perform scheduling.refuse_unseen();
    return null;
end;
$$;

/*
 * The one answer about services that are not there for the caller.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_unseen()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such service.', 'Read services for those that you can see.'
    );
end;
$$;

/*
 * The chosen add-ons as they are now, with the minutes that they add up to.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.chosen_addons(
    service_id uuid, addon_ids uuid[], out addons jsonb, out minutes integer
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if coalesce(addon_ids, '{}') = '{}' then
        addons = '[]';
        minutes = 0;
        return;
    end if;
    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ),
            '[]'
        ),
        coalesce(sum(service_addons.duration_minutes), 0)
    into addons, minutes
    from catalog.service_addons
    where
        service_addons.service_id = chosen_addons.service_id
        and service_addons.id = any(chosen_addons.addon_ids)
        and service_addons.is_active;
    if jsonb_array_length(addons) <> cardinality(addon_ids) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such add-on of this service.',
            'Read service_addons for those of the service.'
        );
    end if;
end;
$$;

-- sql/40_scheduling/functions/3_limits.sql

-- How much can be booked in a day, week, month or year of the business's zone, or lie ahead of it:
-- of a service, with a resource, in the whole business, and by one customer. A service counts each
-- item of it, a resource each item that takes its time, a business each booking; minutes are those
-- of the items.
-- Limits are asked twice: for what is offered, and again, under locks, of what was written.

/*
 * Whose bookings a limit for each customer counts: those of a booking's customer, or the caller's.
 * A guest is somebody once the code that was mailed to them has come back.
 */
create function scheduling.booker_of(booking_id uuid)
returns scheduling.booker
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = row(auth.uid(), null);
begin
    if booking_id is not null then
        select
            bookings.customer_id,
            case
                when
                    bookings.customer_id is null
                    and (
                        bookings.contact_verified_at is not null
                        or scheduling.is_proven(bookings.id)
                    ) then lower(bookings.customer_email)
            end
        into v_booker
        from scheduling.bookings
        where bookings.id = booker_of.booking_id;
    end if;
    -- One person, however they book: an account knows its address, and an address its account.
    if v_booker.id is not null then
        v_booker.email = (
            select lower(users.email)
            from auth.users
            where users.id = v_booker.id and users.email_confirmed_at is not null
        );
    elsif v_booker.email is not null then
        v_booker.id = (
            select users.id
            from auth.users
            where
                users.email = v_booker.email
                and users.email_confirmed_at is not null
                and not users.is_sso_user
        );
    end if;
    return v_booker;
end;
$$;

/*
 * Does a business limit anything at all? Most do not, and are spared the rest.
 */
create function scheduling.has_limits(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from catalog.booking_limits
        where booking_limits.business_id = has_limits.business_id
    );
end;
$$;

/*
 * The limits that concern some services or resources of a business. Those for each customer concern
 * nobody of whom it is not known who they are.
 */
create function scheduling.limits_of(
    business_id uuid, service_ids uuid[], resource_ids uuid[], booker scheduling.booker
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = limits_of.business_id
            and (
                booking_limits.service_id is null
                or booking_limits.service_id = any(limits_of.service_ids)
            )
            and (
                booking_limits.resource_id is null
                or booking_limits.resource_id = any(limits_of.resource_ids)
            )
            and (
                not booking_limits.is_per_customer
                or num_nonnulls(limits_of.booker.id, limits_of.booker.email) > 0
            )
        order by booking_limits.id
    );
end;
$$;

/*
 * What has to be locked so that a limit cannot be passed by two at once, of whom one is a booking's
 * customer, or the caller. Resources are locked already by who takes their time.
 */
create function scheduling.subjects(limits catalog.booking_limits[], booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct case
            when rule.is_per_customer then (
                select coalesce(booker.id, md5('booker ' || booker.email)::uuid)
                from scheduling.booker_of(subjects.booking_id) as booker
            )
            else coalesce(rule.resource_id, rule.service_id, rule.business_id)
        end
        from unnest(limits) as rule
    );
end;
$$;

/*
 * The periods of a kind that some time reaches into: days, weeks, months or years of a zone, or the
 * one that begins now.
 */
create function scheduling.limit_periods(
    kind catalog.limit_period, during tstzrange, time_zone text
)
returns setof tstzrange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_step interval;
begin
    if kind = 'upcoming' then
        return next tstzrange(private.now(), 'infinity');
        return;
    end if;
    v_step = '1 ' || kind::text;
    return query
    select tstzrange(first.day at time zone time_zone, (first.day + v_step) at time zone time_zone)
    from generate_series(
        date_trunc(kind::text, lower(during) at time zone time_zone),
        upper(during) at time zone time_zone,
        v_step
    ) as first (day);
end;
$$;

/*
 * How far limits are used, period by period of the business's zone. What has no say any more does
 * not count: cancelled, rejected, expired, a hold that has run out. The counts of one booking are
 * given apart.
 */
create function scheduling.limit_use(
    limits catalog.booking_limits[],
    during tstzrange,
    booker scheduling.booker,
    booking_id uuid
)
returns setof scheduling.limit_use
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        rule.id,
        rule.resource_id,
        periods.period,
        used.bookings + 1 > rule.max_bookings,
        rule.max_minutes - used.minutes,
        used.own_bookings,
        used.bookings + used.own_bookings > rule.max_bookings
        or used.minutes + used.own_minutes > rule.max_minutes
    from unnest(limits) as rule
    inner join business.businesses on businesses.id = rule.business_id
    cross join lateral scheduling.limit_periods(
        rule.period, limit_use.during, businesses.time_zone
    ) as periods (period)
    cross join lateral (
        select
            count(*) filter (where bookings.id is distinct from limit_use.booking_id) as bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id is distinct from limit_use.booking_id),
                0
            ) as minutes,
            count(*) filter (where bookings.id = limit_use.booking_id) as own_bookings,
            coalesce(
                sum(counted.minutes) filter (where bookings.id = limit_use.booking_id), 0
            ) as own_minutes
        from scheduling.counted(rule, periods.period, limit_use.booker) as counted
        inner join scheduling.bookings on bookings.id = counted.booking_id
        where
            bookings.status not in ('cancelled', 'rejected', 'expired')
            and coalesce(bookings.hold_expires_at > v_now, true)
    ) as used;
end;
$$;

/*
 * What a limit counts in a period: items of its service, items that take time of its resource, or
 * whole bookings; of everyone, or of one customer. Each way by the index that is for it.
 */
create function scheduling.counted(
    rule catalog.booking_limits, period tstzrange, booker scheduling.booker
)
returns table (booking_id uuid, minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if rule.is_per_customer then
        return query
        select
            booking_items.booking_id,
            sum(booking_items.duration_minutes)::integer
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            (
                bookings.customer_id = counted.booker.id
                or bookings.customer_id is null
                and lower(bookings.customer_email) = counted.booker.email
                and (bookings.contact_verified_at is not null or scheduling.is_proven(bookings.id))
            )
            and bookings.business_id = rule.business_id
            and bookings.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null
            and counted.period @> case
                when coalesce(rule.service_id, rule.resource_id) is null
                    then bookings.starts_at
                else booking_items.starts_at
            end
            and (rule.service_id is null or booking_items.service_id = rule.service_id)
            and (
                rule.resource_id is null
                or exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.business_id = booking_items.business_id
                        and allocations.booking_id = booking_items.booking_id
                        and allocations.booking_item_id = booking_items.id
                        and allocations.resource_id = rule.resource_id
                )
            )
        -- A booking counts once where the whole business is meant, each item otherwise.
        group by
            booking_items.booking_id,
            case
                when coalesce(rule.service_id, rule.resource_id) is not null
                    then booking_items.id
            end;
    elsif rule.service_id is not null then
        return query
        select
            booking_items.booking_id,
            booking_items.duration_minutes
        from scheduling.booking_items
        where
            booking_items.business_id = rule.business_id
            and booking_items.service_id = rule.service_id
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null;
    elsif rule.resource_id is not null then
        return query
        select
            booking_items.booking_id,
            booking_items.duration_minutes
        from catalog.services
        inner join scheduling.booking_items
            on
                booking_items.business_id = services.business_id
                and booking_items.service_id = services.id
        where
            services.business_id = rule.business_id
            and booking_items.starts_at >= lower(counted.period)
            and booking_items.starts_at < upper(counted.period)
            and booking_items.cancelled_at is null
            and exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = booking_items.business_id
                    and allocations.booking_id = booking_items.booking_id
                    and allocations.booking_item_id = booking_items.id
                    and allocations.resource_id = rule.resource_id
            );
    else
        return query
        select
            bookings.id,
            (
                select sum(booking_items.duration_minutes)::integer
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
                    and booking_items.cancelled_at is null
            )
        from scheduling.bookings
        where
            bookings.business_id = rule.business_id
            and bookings.starts_at >= lower(counted.period)
            and bookings.starts_at < upper(counted.period);
    end if;
end;
$$;

/*
 * The starts in a period at which no more of so many minutes of a service can be booked: at all
 * (without a resource), and with single resources. A booking that is about to move keeps its place
 * in the periods in which it already counts.
 */
create function scheduling.full_times(
    service catalog.services,
    resource_ids uuid[],
    during tstzrange,
    minutes integer,
    except_booking_id uuid
)
returns scheduling.full_times[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker;
begin
    if not scheduling.has_limits(service.business_id) then
        return '{}';
    end if;
    v_booker = scheduling.booker_of(except_booking_id);
    return array(
        select row(limit_use.resource_id, range_agg(limit_use.period))::scheduling.full_times
        from scheduling.limit_use(
            scheduling.limits_of(
                service.business_id, array[service.id], resource_ids, v_booker
            ),
            full_times.during,
            v_booker,
            except_booking_id
        ) as limit_use
        where
            limit_use.own_bookings = 0
            and (limit_use.is_full or limit_use.minutes_left < full_times.minutes)
        group by limit_use.resource_id
    );
end;
$$;

/*
 * The limit that a leg would pass at its start: of its service, its business or its customer, or of
 * all who could give it.
 */
create function scheduling.passed_limit(
    leg scheduling.leg, needs scheduling.need[], except_booking_id uuid
)
returns catalog.booking_limits
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_booker scheduling.booker = scheduling.booker_of(except_booking_id);
    v_limits catalog.booking_limits[] = scheduling.limits_of(
        leg.business_id,
        array[leg.service_id],
        array(select need.id from unnest(needs) as need),
        v_booker
    );
begin
    return (
        with full_limits as (
            select rule
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                v_booker,
                except_booking_id
            ) as limit_use
            inner join unnest(v_limits) as rule on rule.id = limit_use.id
            where
                limit_use.own_bookings = 0
                and limit_use.period @> leg.starts_at
                and (limit_use.is_full or limit_use.minutes_left < leg.minutes)
        ),

        pools as (
            select
                need.pool,
                bool_and(
                    exists (
                        select 1
                        from full_limits
                        where (full_limits.rule).resource_id = need.id
                    )
                ) as is_full
            from unnest(needs) as need
            group by need.pool
        )

        select full_limits.rule
        from full_limits
        where
            (full_limits.rule).resource_id is null
            or (full_limits.rule).resource_id in (
                select need.id
                from unnest(needs) as need
                inner join pools on pools.pool = need.pool
                where pools.is_full
            )
        order by (full_limits.rule).resource_id nulls first, (full_limits.rule).id
        limit 1
    );
end;
$$;

/*
 * How often a booking counts in each period of some limits: {limit and period: how often}.
 */
create function scheduling.counts_of(
    booking scheduling.bookings, limits catalog.booking_limits[]
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if limits = '{}' then
        return '{}';
    end if;
    return (
        select coalesce(
            jsonb_object_agg(
                format('%s %s', limit_use.id, lower(limit_use.period)), limit_use.own_bookings
            ),
            '{}'
        )
        from scheduling.limit_use(
            limits,
            tstzrange(booking.starts_at, booking.ends_at),
            scheduling.booker_of(booking.id),
            booking.id
        ) as limit_use
        where limit_use.own_bookings > 0
    );
end;
$$;

/*
 * Look, under the locks, at what was written: is any limit passed in which the booking counts more
 * than before?
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed(
    booking scheduling.bookings, limits catalog.booking_limits[], counts_before jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limit catalog.booking_limits;
begin
    if limits = '{}' then
        return;
    end if;
    select rule.* into v_limit
    from scheduling.limit_use(
        limits,
        tstzrange(booking.starts_at, booking.ends_at),
        scheduling.booker_of(booking.id),
        booking.id
    ) as limit_use
    inner join unnest(limits) as rule on rule.id = limit_use.id
    where
        limit_use.is_passed
        and limit_use.own_bookings > coalesce(
            (counts_before ->> format('%s %s', limit_use.id, lower(limit_use.period)))::bigint, 0
        )
    limit 1;
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
end;
$$;

/*
 * Look at a booking whose customer has just become known, under the locks: is any limit passed that
 * is for each customer?
 *
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_passed_by_customer(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_passed(
        booking,
        array(
            select rule
            from unnest(scheduling.limits_on(booking)) as rule
            where rule.is_per_customer
        )
    );
end;
$$;

/*
 * The limits that concern a booking as it is written.
 */
create function scheduling.limits_on(booking scheduling.bookings)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return scheduling.limits_of(
        booking.business_id,
        array(
            select booking_items.service_id
            from scheduling.booking_items
            where
                booking_items.business_id = booking.business_id
                and booking_items.booking_id = booking.id
                and booking_items.cancelled_at is null
        ),
        scheduling.resources_of(booking.id),
        scheduling.booker_of(booking.id)
    );
end;
$$;

/*
 * Errors:  PT422 limit_reached
 */
create function scheduling.refuse_limit(rule catalog.booking_limits)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT422', 'limit_reached',
        case
            when rule.period = 'upcoming' and rule.is_per_customer
                then 'One customer cannot have more bookings ahead.'
            when rule.period = 'upcoming' then 'No more can be booked ahead.'
            when rule.is_per_customer then 'One customer cannot book more in that period.'
            when rule.service_id is not null
                then 'No more of this service can be booked in that period.'
            when rule.resource_id is not null
                then 'No more can be booked with this resource in that period.'
            else 'The business takes no more bookings in that period.'
        end,
        case
            when rule.period = 'upcoming' then 'Wait until one has begun, or cancel one.'
            else 'Choose a time in another day, week or month.'
        end
    );
end;
$$;

-- sql/40_scheduling/functions/3_links.sql

-- Hidden services, and the links that open them. Whoever has no link learns nothing: a hidden
-- service and one that does not exist get one answer.

/*
 * Make a link to a service. For owners and managers.
 * Definer: nobody has a write grant on links; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.create_private_link(
    service_id uuid, token text, label text, expires_at timestamptz, max_uses integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_id uuid;
begin
    perform private.signed_in_user();
    select services.* into v_service
    from catalog.services
    where
        services.id = create_private_link.service_id
        and (
            services.visibility = 'public'
            or services.business_id in (select private.my_businesses('view'))
        );
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    perform private.require_member(v_service.business_id, 'manage');
    insert into catalog.private_links (
        business_id, service_id, token_hash, label, expires_at, max_uses, created_by, created_at
    )
    values (
        v_service.business_id,
        v_service.id,
        business.token_hash(create_private_link.token),
        create_private_link.label,
        create_private_link.expires_at,
        create_private_link.max_uses,
        auth.uid(),
        private.now()
    )
    returning private_links.id into v_id;
    return v_id;
end;
$$;

/*
 * Revoke a link; again changes nothing. What was booked through it stays.
 * Definer: as scheduling.create_private_link.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.revoke_private_link(link_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    perform private.signed_in_user();
    perform scheduling.lock(array[revoke_private_link.link_id]);
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.id = revoke_private_link.link_id
        and private_links.business_id in (select private.my_businesses('view'));
    if v_link.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such link.', 'Read private_links for those of the business.'
        );
    end if;
    perform private.require_member(v_link.business_id, 'manage');
    update catalog.private_links
    set revoked_at = private.now()
    where private_links.id = v_link.id and private_links.revoked_at is null;
end;
$$;

/*
 * How often a link was used: services booked through it that were not called off, holds that run
 * included.
 * Definer: counts bookings that the one who books does not see.
 */
create function scheduling.link_uses(business_id uuid, link_id uuid)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select count(*)
        from scheduling.booking_items
        inner join scheduling.bookings on bookings.id = booking_items.booking_id
        where
            booking_items.business_id = link_uses.business_id
            and booking_items.private_link_id = link_uses.link_id
            and booking_items.cancelled_at is null
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now())
    );
end;
$$;

/*
 * The link that a token opens, if it opens that service (any, where none is named) and lets so many
 * through. One that is over is told to whoever knows it.
 * Definer: nobody reads the hash of a token.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.link_of(token text, service_id uuid default null)
returns catalog.private_links
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links;
begin
    select private_links.* into v_link
    from catalog.private_links
    where
        private_links.token_hash = business.token_hash(link_of.token)
        and (link_of.service_id is null or private_links.service_id = link_of.service_id);
    if v_link.id is not null then
        perform scheduling.refuse_link_over(v_link, 1);
    end if;
    return v_link;
end;
$$;

/*
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_link_over(link catalog.private_links, wanted integer)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if link.revoked_at is not null
        or link.expires_at <= private.now()
        or link.max_uses < wanted + scheduling.link_uses(link.business_id, link.id) then
        perform private.refuse(
            'PT409', 'link_expired', 'This link is not valid any more.', 'Ask the business for another.'
        );
    end if;
end;
$$;

/*
 * Look again at the links by which some services are booked, under their lock.
 *
 * Errors:  PT409 link_expired
 */
create function scheduling.refuse_links_over(legs scheduling.leg[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_link record;
begin
    for v_link in
        select
            private_links,
            count(*)::integer as wanted
        from unnest(legs) as leg
        inner join catalog.private_links on private_links.id = leg.private_link_id
        group by private_links.id
    loop
        perform scheduling.refuse_link_over(v_link.private_links, v_link.wanted);
    end loop;
end;
$$;

/*
 * What a link shows: the service with its add-ons, its questions and who gives it, and the
 * business, as the catalog would show them.
 * Definer: what is hidden is shown to nobody else; the token is the proof.
 *
 * Errors:  PT404 not_found · PT409 link_expired
 */
create function scheduling.resolve_link(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_link catalog.private_links = scheduling.link_of(resolve_link.token);
    v_service catalog.services = scheduling.bookable_service(v_link.service_id);
begin
    if v_service.id is null then
        perform scheduling.refuse_unseen();
    end if;
    return jsonb_build_object(
        'service', to_jsonb(v_service) - array[
            'category_id', 'cancellation_policy_id', 'position', 'is_active', 'archived_at',
            'created_at', 'updated_at'
        ],
        'business', (
            select jsonb_build_object(
                'id', businesses.id,
                'slug', businesses.slug,
                'name', businesses.name,
                'time_zone', businesses.time_zone
            )
            from business.businesses
            where businesses.id = v_service.business_id
        ),
        'addons', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'id', service_addons.id,
                    'name', service_addons.name,
                    'price_minor', service_addons.price_minor,
                    'duration_minutes', service_addons.duration_minutes
                )
                order by service_addons.position, service_addons.id
            ), '[]')
            from catalog.service_addons
            where service_addons.service_id = v_service.id and service_addons.is_active
        ),
        'questions', (
            select coalesce(jsonb_agg(
                jsonb_build_object(
                    'key', service_questions.key,
                    'label', service_questions.label,
                    'kind', service_questions.kind,
                    'is_required', service_questions.is_required,
                    'choices', service_questions.choices
                )
                order by service_questions.position, service_questions.key
            ), '[]')
            from catalog.service_questions
            where service_questions.service_id = v_service.id and service_questions.is_active
        ),
        'resources', (
            select coalesce(jsonb_agg(
                jsonb_build_object('id', resources.id, 'name', resources.name, 'kind', resources.kind)
                order by resources.position, resources.name
            ), '[]')
            from catalog.service_resources
            inner join catalog.resources on resources.id = service_resources.resource_id
            where service_resources.service_id = v_service.id and resources.is_active
        ),
        'expires_at', v_link.expires_at,
        'uses_left', v_link.max_uses - scheduling.link_uses(v_link.business_id, v_link.id)
    );
end;
$$;

-- sql/40_scheduling/functions/3_refusals.sql

-- Why a start that somebody wants is not to be had. Asked only after scheduling.offers said no.

/*
 * Could the service start then as far as hours go, and are the hours not shut by closures or
 * blocks? Each pool needs somebody; a leading resource's windows say where starts step.
 */
create function scheduling.is_in_hours(
    leg scheduling.leg,
    service catalog.services,
    needs scheduling.need[],
    out in_hours boolean,
    out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at, leg.ends_at);
    v_reach tstzmultirange = v_during::tstzmultirange;
    v_ids uuid[] = array(select need.id from unnest(needs) as need);
begin
    with facts as (
        select
            need.pool,
            coalesce(openings.openings @> v_during, false)
            and (
                not need.is_leading
                or exists (
                    select 1
                    from unnest(openings.windows) as opening
                    where
                        leg.starts_at <@ opening
                        and mod(
                            extract(epoch from leg.starts_at - lower(opening))
                            - service.slot_offset_minutes * 60,
                            service.slot_interval_minutes * 60
                        ) = 0
                        and leg.starts_at
                        >= lower(opening) + make_interval(mins => service.slot_offset_minutes)
                )
            ) as is_open,
            coalesce(closings.closings && v_during, false) as is_shut
        from unnest(needs) as need
        left join scheduling.openings(
            leg.business_id,
            v_ids,
            array(select need.time_zone from unnest(needs) as need),
            array(select need.kind = 'staff' from unnest(needs) as need),
            v_reach
        ) as openings on openings.resource_id = need.id
        left join scheduling.closings(leg.business_id, v_ids, v_reach) as closings
            on closings.resource_id = need.id
    ),

    pools as (
        select
            bool_or(facts.is_open) as in_hours,
            bool_or(facts.is_open and not facts.is_shut) as not_shut
        from facts
        group by facts.pool
    )

    select
        coalesce(bool_and(pools.in_hours) and count(*) = needs[1].pool_count, false),
        coalesce(bool_and(pools.not_shut), false)
    into in_hours, not_shut
    from pools;
end;
$$;

/*
 * Errors:  PT422 too_soon too_far
 */
create function scheduling.refuse_date(leg scheduling.leg, service catalog.services, time_zone text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period tstzrange = scheduling.bookable_period(service, time_zone);
begin
    if leg.starts_at < greatest(
        private.now() + make_interval(mins => service.min_notice_minutes),
        service.bookable_from::timestamp at time zone time_zone
    ) then
        perform private.refuse(
            'PT422', 'too_soon', 'That start is too soon to be booked.', 'Choose a later time.'
        );
    end if;
    if isempty(v_period) or leg.starts_at >= upper(v_period) then
        perform private.refuse(
            'PT422', 'too_far', 'That start is too far ahead to be booked.', 'Choose an earlier time.'
        );
    end if;
end;
$$;

/*
 * Is the time between start and end gone, for everyone in a pool that the service needs? Asked
 * before anything else: in a rush on one slot nearly every answer is this one, and hours need not
 * be worked out for it.
 */
create function scheduling.is_plainly_taken(leg scheduling.leg, except_booking_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return not leg.is_class and exists (
        select 1
        from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
        group by need.pool
        having
            bool_and(
                need.capacity = 1
                and exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = need.id
                        and allocations.unit = 1
                        and allocations.during && tstzrange(leg.starts_at, leg.ends_at)
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(
                            allocations.booking_id <> is_plainly_taken.except_booking_id, true
                        )
                )
            )
    );
end;
$$;

/*
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_taken()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'slot_taken', 'That time was just taken.', 'Ask for slots again and choose another.'
    );
end;
$$;

/*
 * Nobody works then; of somebody who is away the hint names the colleague to go to, if they give
 * the service.
 *
 * Errors:  PT422 blocked_out
 */
create function scheduling.refuse_shut(leg scheduling.leg)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_absent record;
begin
    select
        resources.name,
        stand_ins.id as stand_in_id,
        stand_ins.name as stand_in_name
    into v_absent
    from catalog.blocked_periods
    inner join catalog.resources on resources.id = blocked_periods.resource_id
    inner join catalog.resources as stand_ins on stand_ins.id = blocked_periods.stand_in_id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = stand_ins.id
    where
        blocked_periods.business_id = leg.business_id
        and blocked_periods.resource_id = leg.resource_id
        and blocked_periods.during && tstzrange(leg.starts_at, leg.ends_at)
        and stand_ins.is_active
    order by lower(blocked_periods.during), blocked_periods.id
    limit 1;
    if v_absent.stand_in_id is not null then
        perform private.refuse(
            'PT422', 'blocked_out', format('%s is away at that time.', v_absent.name),
            format(
                'Ask for %s instead (resource_id %s), or choose another time.',
                v_absent.stand_in_name, v_absent.stand_in_id
            )
        );
    end if;
    perform private.refuse(
        'PT422', 'blocked_out', 'The business takes no bookings at that time.',
        'Ask for slots and choose one of them.'
    );
end;
$$;

/*
 * Say why a service cannot be had at an instant.
 *
 * Errors:  PT409 slot_taken · PT422 not_eligible too_soon too_far outside_hours blocked_out
 *          limit_reached
 */
create function scheduling.refuse_start(leg scheduling.leg, except_booking_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(leg.service_id);
    v_time_zone text;
    v_needs scheduling.need[] = array(
        select need from scheduling.needs(leg.service_id, leg.resource_id, leg.party_size) as need
    );
    v_hours record;
    v_limit catalog.booking_limits;
begin
    select businesses.time_zone into v_time_zone
    from business.businesses
    where businesses.id = leg.business_id;

    if v_needs = '{}' and leg.resource_id is not null then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service.',
            'Read service_resources for those that do, or leave resource_id out.'
        );
    end if;
    perform scheduling.refuse_date(leg, v_service, v_time_zone);
    v_hours = case
        when leg.is_class then scheduling.is_in_session(leg)
        else scheduling.is_in_hours(leg, v_service, v_needs)
    end;
    if not v_hours.in_hours then
        perform private.refuse(
            'PT422', 'outside_hours', 'This service does not start at that time.',
            'Ask for slots and choose one of them.'
        );
    end if;
    if not v_hours.not_shut then
        perform scheduling.refuse_shut(leg);
    end if;
    v_limit = scheduling.passed_limit(leg, v_needs, except_booking_id);
    if v_limit.id is not null then
        perform scheduling.refuse_limit(v_limit);
    end if;
    perform scheduling.refuse_taken();
end;
$$;

-- sql/40_scheduling/functions/4_assign.sql

-- Who gives a service that was booked without naming anybody. In this order: whom the customer
-- prefers or had last, where the service says so; the highest priority; the least busy for their
-- weight; then position, name and id. The same question always has the same answer.

/*
 * How much each of some resources has to do: the allocations that begin in a period and take their
 * time, holds included until they run out, and `with_requests` also those that wait without taking
 * it. `made_before` leaves out what was booked later. One booking may be left out.
 */
create function scheduling.loads(
    resource_ids uuid[],
    during tstzrange,
    with_requests boolean,
    except_booking_id uuid,
    made_before timestamptz default null
)
returns table (resource_id uuid, load bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        taken.count + case when loads.with_requests then (
            select count(*)
            from catalog.resources as asked
            inner join scheduling.booking_items
                on
                    booking_items.business_id = asked.business_id
                    and booking_items.resource_id = asked.id
            inner join catalog.services on services.id = booking_items.service_id
            inner join scheduling.bookings on bookings.id = booking_items.booking_id
            where
                asked.id = resources.id
                and loads.during @> booking_items.starts_at
                and booking_items.cancelled_at is null
                and not services.is_blocked_by_pending
                and bookings.status = 'pending'
                and bookings.id is distinct from loads.except_booking_id
                and (loads.made_before is null or bookings.created_at < loads.made_before)
        ) else 0 end
    from unnest(loads.resource_ids) as resources (id)
    cross join lateral (
        select count(*) as count
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and lower(allocations.during) >= lower(loads.during)
            and lower(allocations.during) < upper(loads.during)
            and allocations.is_blocking
            and (allocations.expires_at is null or allocations.expires_at > v_now)
            and coalesce(allocations.booking_id <> loads.except_booking_id, true)
            and (
                loads.made_before is null
                or exists (
                    select 1
                    from scheduling.bookings
                    where
                        bookings.id = allocations.booking_id
                        and bookings.created_at < loads.made_before
                )
            )
    ) as taken;
end;
$$;

/*
 * How busy each of some resources is for its weight in the pool of a service, in the thirty days
 * around a start. Who joined the pool in the last thirty days, and later than others, counts as
 * having been as busy as those were till then, for its weight: nobody new is flooded.
 */
create function scheduling.weighted_loads(
    leg scheduling.leg, resource_ids uuid[], except_booking_id uuid
)
returns table (resource_id uuid, load double precision)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_month constant interval = '30 days';
    v_now timestamptz = private.now();
    v_during tstzrange = tstzrange(leg.starts_at - v_month / 2, leg.starts_at + v_month / 2);
    v_with_requests boolean = leg.requires_confirmation and not leg.is_blocked_by_pending;
begin
    return query
    select
        loads.resource_id,
        loads.load::double precision / pool.weight + case
            when pool.joined_at > greatest(
                v_now - v_month,
                (
                    select min(service_resources.joined_at)
                    from catalog.service_resources
                    where service_resources.service_id = leg.service_id
                )
            ) then
                (
                    select coalesce(sum(earlier.load)::double precision / sum(others.weight), 0)
                    from catalog.service_resources as others
                    inner join catalog.resources on resources.id = others.resource_id
                    cross join lateral scheduling.loads(
                        array[others.resource_id], v_during, v_with_requests, except_booking_id,
                        pool.joined_at
                    ) as earlier
                    where
                        others.service_id = leg.service_id
                        and others.pool = pool.pool
                        and others.mode = 'any'
                        and others.joined_at < pool.joined_at
                        and resources.is_active
                )
            else 0
        end
    from scheduling.loads(
        weighted_loads.resource_ids, v_during, v_with_requests, except_booking_id
    ) as loads
    inner join catalog.service_resources as pool
        on pool.service_id = leg.service_id and pool.resource_id = loads.resource_id;
end;
$$;

/*
 * Whom the customer of a booking knows: whom they prefer in this business, and who gave the last
 * completed item of theirs that anybody who gives this service gave.
 */
create function scheduling.known_resources(
    leg scheduling.leg, customer_id uuid, out preferred_id uuid, out past_id uuid
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if leg.resource_id is not null or customer_id is null or not exists (
        select 1
        from catalog.services
        where services.id = leg.service_id and services.prefers_known_staff
    ) then
        return;
    end if;
    select preferred_resources.resource_id into preferred_id
    from scheduling.preferred_resources
    where
        preferred_resources.customer_id = known_resources.customer_id
        and preferred_resources.business_id = leg.business_id;
    select booking_items.resource_id into past_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
    inner join catalog.service_resources
        on
            service_resources.service_id = leg.service_id
            and service_resources.resource_id = booking_items.resource_id
    where
        bookings.customer_id = known_resources.customer_id
        and bookings.business_id = leg.business_id
        and bookings.status = 'completed'
    order by bookings.starts_at desc, booking_items.position desc
    limit 1;
end;
$$;

/*
 * Candidates without those who have reached their limit meanwhile. Who is named stays: of them the
 * refusal says so.
 */
create function scheduling.not_limited(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = array(
        select booking_limits
        from catalog.booking_limits
        where
            booking_limits.business_id = leg.business_id
            and booking_limits.resource_id in (
                select candidate.id from unnest(candidates) as candidate
            )
            and booking_limits.resource_id is distinct from leg.resource_id
    );
begin
    if v_limits = '{}' then
        return candidates;
    end if;
    return array(
        select candidate
        from unnest(candidates) as candidate
        where candidate.id not in (
            select limit_use.resource_id
            from scheduling.limit_use(
                v_limits,
                tstzrange(leg.starts_at, leg.starts_at, '[]'),
                scheduling.booker_of(booking.id),
                null
            ) as limit_use
            where limit_use.is_full or limit_use.minutes_left < leg.minutes
        )
    );
end;
$$;

/*
 * Pool by pool, who has enough free places for a leg, in the order in which they are to be asked.
 * Loads are counted only where there is a choice.
 */
create function scheduling.choose(
    leg scheduling.leg, offers scheduling.offer[], during tstzrange, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidates scheduling.candidate[] = scheduling.candidates(leg, offers, during, booking.id);
begin
    if cardinality(v_candidates) < 2 then
        return v_candidates;
    end if;
    return scheduling.ranked(
        scheduling.not_limited(v_candidates, leg, booking), leg, booking
    );
end;
$$;

/*
 * Of some offers those with enough free places for a leg: who might give it.
 */
create function scheduling.candidates(
    leg scheduling.leg, offers scheduling.offer[], during tstzrange, except_booking_id uuid
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return array(
        select
            row(
                offer.id,
                offer.pool,
                offer.is_leading,
                places.units,
                offer.rank,
                service_resources.priority,
                count(*) over (partition by offer.pool),
                case when offer.id = leg.resource_id then 'customer' else 'only' end
            )::scheduling.candidate
        from unnest(candidates.offers) as offer
        inner join catalog.service_resources
            on
                service_resources.service_id = leg.service_id
                and service_resources.resource_id = offer.id
        cross join lateral (
            select array_agg(numbers.unit) as units
            from (
                select numbers.unit
                from generate_series(1, offer.capacity) as numbers (unit)
                where not exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.resource_id = offer.id
                        and allocations.unit = numbers.unit
                        and allocations.during && candidates.during
                        and allocations.is_blocking
                        and (allocations.expires_at is null or allocations.expires_at > v_now)
                        and coalesce(allocations.booking_id <> candidates.except_booking_id, true)
                )
                order by numbers.unit
                limit offer.units
            ) as numbers
        ) as places
        where cardinality(places.units) = offer.units
    );
end;
$$;

/*
 * Candidates in the order in which they are to be asked, pool by pool, and why they stand there.
 */
create function scheduling.ranked(
    candidates scheduling.candidate[], leg scheduling.leg, booking scheduling.bookings
)
returns scheduling.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_known record = scheduling.known_resources(leg, booking.customer_id);
    v_rivals uuid[] = array(
        select candidate.id from unnest(candidates) as candidate where candidate.rival_count > 1
    );
begin
    return array(
        select
            row(
                candidate.id,
                candidate.pool,
                candidate.is_leading,
                candidate.free_units,
                candidate.rank,
                candidate.priority,
                candidate.rival_count,
                case
                    when known.reason is not null then known.reason
                    when candidate.rival_count = 1 then candidate.reason
                    when candidate.priority > all(
                        select rivals.priority
                        from unnest(candidates) as rivals
                        where rivals.pool = candidate.pool and rivals.id <> candidate.id
                    ) then 'priority'
                    else 'load'
                end
            )::scheduling.candidate
        from unnest(candidates) as candidate
        left join scheduling.weighted_loads(leg, v_rivals, booking.id) as loads
            on loads.resource_id = candidate.id
        cross join lateral (
            select
                case candidate.id
                    when v_known.preferred_id then 'preferred'
                    when v_known.past_id then 'past'
                end::scheduling.assignment_reason as reason
        ) as known
        order by
            candidate.pool, known.reason, candidate.priority desc, loads.load, candidate.rank
    );
end;
$$;

-- sql/40_scheduling/functions/4_take.sql

-- How time is taken: in one order, under a lock for each resource, and checked again under it.
--
-- A bare insert into the exclusion constraint would be just as safe, but two that race wait for
-- each other and may deadlock (docs/adr/0003-contention.md). So whoever takes or gives time first
-- locks the resources in question, always in the order of their keys, and finds the constraint
-- satisfied.

/*
 * Queue up for resources and limited services, in one order everywhere, until the transaction ends.
 */
create function scheduling.lock(ids uuid[])
returns void
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
        from unnest(lock.ids) as locked (id)
        order by key
    loop
        perform pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

/*
 * Does a booking in this status take its time from others?
 */
create function scheduling.is_blocking(
    status scheduling.booking_status, is_blocked_by_pending boolean
)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return status in ('held', 'pending_payment', 'confirmed', 'checked_in', 'completed')
        or status = 'pending' and is_blocked_by_pending;
end;
$$;

/*
 * Release the holds that ran out and still stand in the way, as the next one who wants their time.
 */
create function scheduling.release_expired(resource_ids uuid[], during tstzrange)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_ids uuid[] = array(
        select distinct allocations.booking_id
        from unnest(release_expired.resource_ids) as resources (id)
        inner join scheduling.allocations on allocations.resource_id = resources.id
        where
            allocations.during && release_expired.during
            and allocations.is_blocking
            and allocations.expires_at <= v_now
    );
begin
    perform scheduling.expire(v_ids);
end;
$$;

/*
 * Write down that holds have run out, those of the bookings that have. In the order of their ids,
 * as every function that changes several bookings.
 */
create function scheduling.expire(booking_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    if booking_ids = '{}' then
        return;
    end if;
    update scheduling.bookings
    set status = 'expired'
    where bookings.id in (
        select expired.id
        from scheduling.bookings as expired
        where
            expired.id = any(expire.booking_ids)
            and expired.status in ('held', 'pending_payment')
            and expired.hold_expires_at <= v_now
        order by expired.id
        for update
    );
end;
$$;

/*
 * Take the time of one item of a booking from one resource of each pool, under the lock: of the
 * candidates the first who still has it. Where the item before it has the same resource there are
 * no buffers between the two: they meet at this item's start. Gives the resource that leads, and
 * why it does.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take(
    leg scheduling.leg,
    offers scheduling.offer[],
    booking scheduling.bookings,
    item_id uuid,
    out resource_id uuid,
    out reason scheduling.assignment_reason
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_during tstzrange = tstzrange(leg.starts_at - leg.before, leg.ends_at + leg.after);
    v_pools integer = (select count(distinct offer.pool) from unnest(offers) as offer);
    v_served text[] = '{}';
    v_candidate scheduling.candidate;
begin
    if leg.is_class then
        resource_id = scheduling.take_seats(leg, offers, booking, item_id);
        reason = case
            when resource_id is null then null
            when resource_id = leg.resource_id then 'customer'
            when cardinality(offers) = 1 then 'only'
            else 'load'
        end;
        return;
    end if;
    perform scheduling.release_expired(
        array(select offer.id from unnest(offers) as offer), v_during
    );
    foreach v_candidate in array scheduling.choose(leg, offers, v_during, booking) loop
        continue when v_candidate.pool = any(v_served);
        continue when not scheduling.allocate(
            leg, booking, item_id, v_candidate.id, v_candidate.free_units
        );
        v_served = v_served || v_candidate.pool;
        if v_candidate.is_leading then
            resource_id = v_candidate.id;
            reason = v_candidate.reason;
        end if;
    end loop;
    if cardinality(v_served) < v_pools then
        perform scheduling.refuse_taken();
    end if;
end;
$$;

/*
 * Write the time that one item takes from one resource. False, and nothing taken, when somebody
 * else has it: a writer without our lock conflicts here and wins all the same.
 */
create function scheduling.allocate(
    leg scheduling.leg,
    booking scheduling.bookings,
    item_id uuid,
    resource_id uuid,
    units integer[]
)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_from timestamptz = leg.starts_at - leg.before;
    v_reach timestamptz;
    v_count integer;
begin
    select max(upper(allocations.during)) into v_reach
    from scheduling.allocations
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = allocate.resource_id
        and upper(allocations.during) > v_from;
    if v_reach is not null then
        perform scheduling.stretch(booking, allocate.resource_id, v_reach, leg.starts_at);
        v_from = leg.starts_at;
    end if;

    insert into scheduling.allocations (
        business_id, booking_id, booking_item_id, resource_id, unit, during, is_blocking, expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        allocate.resource_id,
        chosen.unit,
        tstzrange(v_from, leg.ends_at + leg.after),
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from unnest(units) as chosen (unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < cardinality(units) then
        delete from scheduling.allocations
        where
            allocations.business_id = booking.business_id
            and allocations.booking_id = booking.id
            and allocations.booking_item_id = item_id
            and allocations.resource_id = allocate.resource_id;
        if v_reach is not null then
            perform scheduling.stretch(booking, allocate.resource_id, leg.starts_at, v_reach);
        end if;
        return false;
    end if;
    return true;
end;
$$;

/*
 * What a booking takes from a resource until one moment, it takes until another.
 */
create function scheduling.stretch(
    booking scheduling.bookings, resource_id uuid, from_end timestamptz, to_end timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set during = tstzrange(lower(allocations.during), stretch.to_end)
    where
        allocations.business_id = booking.business_id
        and allocations.booking_id = booking.id
        and allocations.resource_id = stretch.resource_id
        and upper(allocations.during) = stretch.from_end;
end;
$$;

-- sql/40_scheduling/functions/5_place.sql

-- How a booking comes to be, moves to another time, and takes its next step.

/*
 * A reference that people can read out: 8 characters without look-alikes.
 */
create function scheduling.new_reference()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_letters constant text = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
    v_bytes constant bytea = sha256(uuid_send(gen_random_uuid()));
begin
    return (
        select string_agg(substr(v_letters, 1 + get_byte(v_bytes, position) % 31, 1), '')
        from generate_series(0, 7) as position
    );
end;
$$;

/*
 * Who could give each leg at its start. Refuses, with the reason, when nobody can.
 *
 * Errors:  PT409 slot_taken · PT422 not_eligible too_soon too_far outside_hours blocked_out
 *          limit_reached
 */
create function scheduling.offers_of(leg scheduling.leg, except_booking_id uuid default null)
returns scheduling.offer[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offers scheduling.offer[];
begin
    if scheduling.is_plainly_taken(leg, except_booking_id) then
        perform scheduling.refuse_taken();
    end if;
    v_offers = array(
        select offer
        from scheduling.offers(
            leg.service_id,
            tstzmultirange(tstzrange(leg.starts_at, leg.starts_at, '[]')),
            leg.resource_id,
            leg.party_size,
            leg.minutes,
            except_booking_id
        ) as offer
    );
    if v_offers = '{}' then
        perform scheduling.refuse_start(leg, except_booking_id);
    end if;
    return v_offers;
end;
$$;

/*
 * The limits that concern some legs, those who could give them, and whose booking it is: the one
 * that is about to move, or the caller's.
 */
create function scheduling.limits_for(
    legs scheduling.leg[], offers scheduling.offer[], booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not scheduling.has_limits(legs[1].business_id) then
        return '{}';
    end if;
    return scheduling.limits_of(
        legs[1].business_id,
        array(select leg.service_id from unnest(legs) as leg),
        array(select offer.id from unnest(offers) as offer),
        scheduling.booker_of(booking_id)
    );
end;
$$;

/*
 * Queue up for all that some legs may take, and for what limits them. Gives the limits, to be asked
 * of what was written. A booking that is about to move is left out.
 */
create function scheduling.lock_for(
    legs scheduling.leg[], offers scheduling.offer[], except_booking_id uuid
)
returns catalog.booking_limits[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_limits catalog.booking_limits[] = scheduling.limits_for(legs, offers, except_booking_id);
begin
    perform scheduling.lock(
        array(select coalesce(offer.session_id, offer.id) from unnest(offers) as offer)
        || scheduling.subjects(v_limits, except_booking_id)
        || array(select leg.private_link_id from unnest(legs) as leg where leg.private_link_id is not null)
    );
    return v_limits;
end;
$$;

/*
 * Write the head of a booking: for a customer, or for nobody yet; a hold until some moment, or for
 * good. A reference that is already somebody's is drawn again.
 */
create function scheduling.write_booking(
    legs scheduling.leg[],
    quote jsonb,
    notes text,
    hold_until timestamptz,
    series_id uuid,
    customer identity.profiles
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    loop
        insert into scheduling.bookings (
            business_id, customer_id, series_id, reference, status, starts_at, ends_at, time_zone,
            party_size, currency, total_minor, quote, policy, customer_name, customer_email, customer_phone,
            notes, hold_expires_at, created_at, updated_at
        )
        select
            businesses.id,
            customer.id,
            write_booking.series_id,
            scheduling.new_reference(),
            case
                when hold_until is not null then 'held'
                when (select bool_or(leg.requires_confirmation) from unnest(legs) as leg) then 'pending'
                else 'confirmed'
            end::scheduling.booking_status,
            legs[1].starts_at,
            legs[cardinality(legs)].ends_at,
            businesses.time_zone,
            legs[1].party_size,
            legs[1].currency,
            (quote ->> 'total_minor')::bigint,
            quote,
            scheduling.policy_of(legs[1].service_id),
            customer.full_name,
            customer.email,
            customer.phone,
            write_booking.notes,
            write_booking.hold_until,
            private.now(),
            private.now()
        from business.businesses
        where businesses.id = legs[1].business_id
        on conflict (reference) do nothing
        returning bookings.* into v_booking;
        exit when found;
    end loop;
    return v_booking;
end;
$$;

/*
 * Place a booking of the caller.
 * Definer: customers have no insert privilege, so nobody chooses their own price, status or time.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          coupon_invalid
 */
create function scheduling.place(
    wishes scheduling.wish[], coupon_code text, notes text, is_hold boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return scheduling.place_for(scheduling.caller(), wishes, coupon_code, notes, is_hold);
end;
$$;

/*
 * The caller, as customers are written into bookings.
 *
 * Errors:  PT401 not_signed_in
 */
create function scheduling.caller()
returns identity.profiles
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_customer identity.profiles;
begin
    select profiles.* into strict v_customer
    from identity.profiles
    where profiles.id = v_user_id;
    return v_customer;
end;
$$;

/*
 * Write a booking of somebody, with or without an account, its items and the time that they take:
 * all or nothing.
 *
 * Errors:  those of scheduling.place but not_signed_in
 */
create function scheduling.place_for(
    customer identity.profiles,
    wishes scheduling.wish[],
    coupon_code text,
    notes text,
    is_hold boolean
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[];
    v_offers scheduling.offer[] = '{}';
    v_quote jsonb;
begin
    v_legs = scheduling.legs(wishes);
    for v_index in 1 .. cardinality(wishes) loop
        v_legs[v_index].answers = scheduling.answered(
            v_legs[v_index].service_id, v_legs[v_index].answers
        );
        v_offers = v_offers || scheduling.offers_of(v_legs[v_index]);
    end loop;
    v_quote = pricing.quote(v_legs, coupon_code, 0);
    return scheduling.write(
        v_legs, v_offers, scheduling.lock_for(v_legs, v_offers, null), v_quote, notes, is_hold, null,
        customer
    );
end;
$$;

/*
 * Write a booking of some legs, which these could give, under the locks of scheduling.lock_for,
 * whose limits are asked again.
 *
 * Errors:  PT409 slot_taken link_expired · PT422 limit_reached
 */
create function scheduling.write(
    legs scheduling.leg[],
    offers scheduling.offer[],
    limits catalog.booking_limits[],
    quote jsonb,
    notes text,
    is_hold boolean,
    series_id uuid,
    customer identity.profiles
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer = cardinality(legs);
    v_hold_until timestamptz = case
        when is_hold then private.now() + make_interval(
            mins => (select min(leg.hold_minutes) from unnest(legs) as leg)
        )
    end;
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_links_over(legs);
    v_booking = scheduling.write_booking(legs, quote, notes, v_hold_until, series_id, customer);
    for v_index in 1 .. v_count loop
        perform scheduling.write_item(
            v_booking, legs, v_index, case v_count when 1 then offers end
        );
    end loop;
    perform scheduling.refuse_passed(v_booking, limits);
    return v_booking.id;
end;
$$;

/*
 * Write one item of a booking, and take its time. `offers` are those of the leg, when already
 * known.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_item(
    booking scheduling.bookings, legs scheduling.leg[], index integer, offers scheduling.offer[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_leg scheduling.leg = legs[index];
    v_item_id uuid = gen_random_uuid();
    v_taken record;
begin
    insert into scheduling.booking_items (
        id, business_id, booking_id, position, service_id, resource_id, starts_at, ends_at,
        duration_minutes, price_minor, service_name, addons, assigned_by, answers,
        private_link_id
    )
    values (
        v_item_id, v_leg.business_id, booking.id, index, v_leg.service_id, v_leg.resource_id,
        v_leg.starts_at, v_leg.ends_at, v_leg.minutes,
        (booking.quote -> 'lines' -> (index - 1) ->> 'amount_minor')::bigint,
        v_leg.service_name, v_leg.addons,
        case when v_leg.resource_id is not null then 'customer' end::scheduling.assignment_reason,
        v_leg.answers,
        v_leg.private_link_id
    );
    v_taken = scheduling.take(
        v_leg,
        coalesce(offers, scheduling.offers_of(v_leg, booking.id)),
        booking,
        v_item_id
    );
    if v_taken.resource_id is distinct from v_leg.resource_id then
        update scheduling.booking_items
        set resource_id = v_taken.resource_id, assigned_by = v_taken.reason
        where booking_items.id = v_item_id;
    end if;
end;
$$;

-- sql/40_scheduling/functions/6_calendars.sql

-- Calendar feeds: who may make them, and how they end. What they show is in 6_feeds.sql.

/*
 * Make a feed: of a resource, of a business, or of the caller's own bookings.
 * Definer: nobody has a write grant on feeds; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function scheduling.create_calendar_feed(business_id uuid, resource_id uuid, token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_business_id uuid = scheduling.business_of_feed(business_id, resource_id);
    v_id uuid;
begin
    if v_business_id is not null then
        perform private.require_member(
            v_business_id, case when resource_id is null then 'manage' else 'serve' end
        );
    end if;
    insert into scheduling.calendar_feeds (user_id, business_id, resource_id, token_hash)
    values (v_user_id, v_business_id, resource_id, business.token_hash(token))
    on conflict on constraint calendar_feeds_one_each do nothing
    returning calendar_feeds.id into v_id;
    if v_id is null then
        perform private.refuse(
            'PT409', 'already_exists', 'You have this feed already.',
            'Rotate it to get a new address.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * The business that a feed is of: the one named, or that of the resource; null for neither. A
 * resource that the caller cannot see does not exist for them.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.business_of_feed(business_id uuid, resource_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select resources.business_id
        from catalog.resources
        where
            resources.id = business_of_feed.resource_id
            and resources.business_id = coalesce(
                business_of_feed.business_id, resources.business_id
            )
            and (
                business.is_open(resources.business_id)
                or resources.business_id in (select private.my_businesses('view'))
            )
    );
begin
    if resource_id is not null and v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.',
            'Read resources for those of the business.'
        );
    end if;
    return coalesce(v_business_id, business_id);
end;
$$;

/*
 * Exchange the token of the caller's feed: the old address is gone at once.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.rotate_calendar_feed(feed_id uuid, token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update scheduling.calendar_feeds
    set token_hash = business.token_hash(token), rotated_at = private.now()
    where calendar_feeds.id = feed_id and calendar_feeds.user_id = private.signed_in_user();
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * End a feed: one's own, or one of a business that one manages.
 * Definer: as scheduling.create_calendar_feed.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.delete_calendar_feed(feed_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    delete from scheduling.calendar_feeds
    where
        calendar_feeds.id = feed_id
        and (
            calendar_feeds.user_id = auth.uid()
            or calendar_feeds.business_id in (select private.my_businesses('manage'))
            or private.is_operator()
        );
    if not found then
        perform scheduling.refuse_feed();
    end if;
end;
$$;

/*
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_feed()
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT404', 'not_found', 'There is no such feed.', 'Read calendar_feeds for those that are yours.'
    );
end;
$$;

/*
 * May whoever made a feed still see what it shows? The roles are those with the permissions that
 * scheduling.create_calendar_feed asks for.
 */
create function scheduling.is_feed_alive(feed scheduling.calendar_feeds)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from auth.users
        where
            users.id = feed.user_id
            and (users.banned_until is null or users.banned_until <= private.now())
    ) and (
        feed.business_id is null
        or exists (
            select 1
            from business.business_members
            where
                business_members.business_id = feed.business_id
                and business_members.user_id = feed.user_id
                and (
                    business_members.role in ('owner', 'manager')
                    or feed.resource_id is not null and business_members.role = 'staff'
                )
        )
    );
end;
$$;

-- sql/40_scheduling/functions/6_entries.sql

-- What calendars show of bookings, in feeds and in mails. An entry keeps its key for ever, and its
-- sequence grows with every step.

/*
 * Bookings in the words of a calendar: what each is of and who gives it; how often it has changed,
 * which is the SEQUENCE of its entries; and its status there: confirmed, tentative while it waits,
 * cancelled for two weeks after it was called off; null: not there. A hold that nobody completed
 * never was an appointment.
 */
create function scheduling.calendar_facts(booking_ids uuid[])
returns table (
    booking_id uuid, service_names text, staff_names text, sequence bigint, status text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_told_since timestamptz = private.now() - interval '14 days';
begin
    return query
    select
        bookings.id,
        coalesce(names.service_names, ''),
        names.staff_names,
        steps.sequence,
        case
            when bookings.status in ('confirmed', 'checked_in', 'completed', 'no_show')
                then 'confirmed'
            when bookings.status in ('pending', 'pending_payment') then 'tentative'
            when bookings.status in ('cancelled', 'rejected', 'expired')
                and steps.was_wanted
                and bookings.updated_at > v_told_since then 'cancelled'
        end
    from scheduling.bookings
    cross join lateral (
        select
            string_agg(booking_items.service_name, ', ' order by booking_items.position)
                as service_names,
            string_agg(distinct resources.name, ', ') filter (where resources.kind = 'staff')
                as staff_names
        from scheduling.booking_items
        left join catalog.resources on resources.id = booking_items.resource_id
        where
            booking_items.business_id = bookings.business_id
            and booking_items.booking_id = bookings.id
            and booking_items.cancelled_at is null
    ) as names
    cross join lateral (
        select
            count(*) as sequence,
            bool_or(booking_history.to_status in ('pending', 'pending_payment', 'confirmed'))
                as was_wanted
        from scheduling.booking_history
        where
            booking_history.business_id = bookings.business_id
            and booking_history.booking_id = bookings.id
    ) as steps
    where bookings.id = any(booking_ids);
end;
$$;

-- sql/40_scheduling/functions/6_feeds.sql

-- What is in a feed, for whoever knows its token.

/*
 * The bookings of a feed that start in a period, with the time that each has there: in a resource's
 * feed that of the resource's items. A booking that was called off stays with whoever led it.
 * Businesses and resources see classes as sessions, not as one booking for each guest.
 */
create function scheduling.feed_times(feed scheduling.calendar_feeds, during tstzrange)
returns table (booking_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if feed.resource_id is null then
        return query
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            feed.business_id is null
            and bookings.customer_id = feed.user_id
            and bookings.starts_at >= lower(feed_times.during)
            and bookings.starts_at < upper(feed_times.during)
        union all
        select bookings.id, bookings.starts_at, bookings.ends_at
        from scheduling.bookings
        where
            bookings.business_id = feed.business_id
            and bookings.starts_at >= lower(feed_times.during)
            and bookings.starts_at < upper(feed_times.during)
            and (
                not exists (
                    select 1
                    from scheduling.seats
                    where
                        seats.business_id = bookings.business_id
                        and seats.booking_id = bookings.id
                )
                or exists (
                    select 1
                    from scheduling.allocations
                    where
                        allocations.business_id = bookings.business_id
                        and allocations.booking_id = bookings.id
                )
            );
        return;
    end if;
    return query
    with items as (
        select booking_items.id
        from scheduling.booking_items
        where
            booking_items.business_id = feed.business_id
            and booking_items.resource_id = feed.resource_id
            and booking_items.cancelled_at is null
            and booking_items.starts_at >= lower(feed_times.during)
            and booking_items.starts_at < upper(feed_times.during)
        union
        select allocations.booking_item_id
        from scheduling.allocations
        where
            allocations.resource_id = feed.resource_id
            and allocations.is_blocking
            and allocations.during && feed_times.during
    )

    select booking_items.booking_id, min(booking_items.starts_at), max(booking_items.ends_at)
    from items
    inner join scheduling.booking_items on booking_items.id = items.id
    where not exists (
        select 1
        from scheduling.seats
        where
            seats.business_id = booking_items.business_id
            and seats.booking_id = booking_items.booking_id
            and seats.booking_item_id = booking_items.id
    )
    group by booking_items.booking_id;
end;
$$;

/*
 * The bookings of a feed that start in a period, as entries. Customers read with whom, where and
 * what; businesses who and what, and nothing else about them.
 */
create function scheduling.feed_bookings(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with shown as (
        select times.* from scheduling.feed_times(feed, feed_bookings.during) as times
    )

    select
        jsonb_build_object(
            'id', bookings.id,
            'sequence', facts.sequence,
            'status', facts.status,
            'starts_at', shown.starts_at,
            'ends_at', shown.ends_at,
            'changed_at', bookings.updated_at,
            'reference', bookings.reference,
            'service_names', facts.service_names,
            'staff_names', case when feed.business_id is not null then facts.staff_names end,
            'party', case
                when feed.business_id is null then businesses.name
                else coalesce(bookings.customer_name, bookings.reference)
            end,
            'address', case
                when feed.business_id is null then business.address_of(businesses)
            end
        )
    from shown
    inner join scheduling.calendar_facts(array(select shown.booking_id from shown)) as facts
        on facts.booking_id = shown.booking_id
    inner join scheduling.bookings on bookings.id = shown.booking_id
    inner join business.businesses on businesses.id = bookings.business_id
    where facts.status is not null;
end;
$$;

/*
 * The sessions of classes of a feed that start in a period, as entries with how many seats are
 * taken; none for customers, who see their bookings. Sessions do not move.
 */
create function scheduling.feed_sessions(feed scheduling.calendar_feeds, during tstzrange)
returns setof jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        jsonb_build_object(
            'id', sessions.id,
            'sequence', 0,
            'status', 'confirmed',
            'starts_at', sessions.starts_at,
            'ends_at', sessions.ends_at,
            'changed_at', sessions.created_at,
            'reference', null,
            'service_names', services.name,
            'staff_names', case when resources.kind = 'staff' then resources.name end,
            'party', format('%s/%s', sessions.capacity - seats.free, sessions.capacity),
            'address', null
        )
    from scheduling.sessions
    inner join catalog.services on services.id = sessions.service_id
    left join catalog.resources on resources.id = sessions.resource_id
    cross join lateral scheduling.free_seats(
        sessions.business_id, sessions.id, sessions.capacity
    ) as seats (free)
    where
        sessions.business_id = feed.business_id
        and sessions.starts_at >= lower(feed_sessions.during)
        and sessions.starts_at < upper(feed_sessions.during)
        and (
            feed.resource_id is null
            or exists (
                select 1
                from scheduling.allocations
                where
                    allocations.business_id = sessions.business_id
                    and allocations.session_id = sessions.id
                    and allocations.resource_id = feed.resource_id
            )
        );
end;
$$;

/*
 * What programs call the calendar.
 */
create function scheduling.feed_name(feed scheduling.calendar_feeds)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select concat_ws(' · ', resources.name, businesses.name)
            from business.businesses
            left join catalog.resources
                on resources.business_id = businesses.id and resources.id = feed.resource_id
            where businesses.id = feed.business_id
        ),
        'Bookings'
    );
end;
$$;

/*
 * What a feed shows, to whoever knows its token: its name, and its entries from 30 days ago to a
 * year ahead. Null: there is no such feed, or no longer.
 * Definer: the edge may call functions only; the token is the proof.
 */
create function scheduling.calendar_feed(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_feed scheduling.calendar_feeds;
    v_during tstzrange = tstzrange(
        private.now() - interval '30 days', private.now() + interval '1 year'
    );
begin
    select calendar_feeds.* into v_feed
    from scheduling.calendar_feeds
    where calendar_feeds.token_hash = business.token_hash(calendar_feed.token);
    if v_feed.id is null or not scheduling.is_feed_alive(v_feed) then
        return null;
    end if;
    return (
        with entries as (
            select shown.entry from scheduling.feed_bookings(v_feed, v_during) as shown (entry)
            union all
            select shown.entry from scheduling.feed_sessions(v_feed, v_during) as shown (entry)
        )

        select jsonb_build_object(
            'name', scheduling.feed_name(v_feed),
            'entries', coalesce(
                jsonb_agg(entries.entry order by entries.entry ->> 'starts_at', entries.entry ->> 'id'),
                '[]'
            )
        )
        from entries
    );
end;
$$;

-- sql/40_scheduling/functions/6_steps.sql

-- The steps of a booking that exists. Each locks the resources first and the booking second, as the
-- functions that take time do; then it looks at the booking again and writes once.

/*
 * As whom the caller may act on a booking: its customer, who may be a guest whose code was right,
 * its business, or the system.
 * Definer: asked in triggers of rows that the caller may change but not read.
 */
create function scheduling.actors(booking scheduling.bookings)
returns scheduling.actor_kind[]
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return array_remove(array[
        case
            when booking.business_id in (select private.my_businesses('serve')) then 'business'
        end::scheduling.actor_kind,
        case
            when booking.customer_id = auth.uid()
                or booking.customer_id is null and scheduling.is_proven(booking.id) then 'customer'
        end::scheduling.actor_kind,
        case
            when private.is_operator() or session_user = 'worker' then 'system'
        end::scheduling.actor_kind
    ], null);
end;
$$;

/*
 * Lock a booking, with its resources, for whoever may act on it, and give it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 changed_meanwhile
 */
create function scheduling.claim(
    booking_id uuid, as_actors scheduling.actor_kind[], other_ids uuid[]
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_resource_ids uuid[] = scheduling.resources_of(claim.booking_id);
    v_actors scheduling.actor_kind[];
begin
    if not private.is_operator() and not scheduling.is_proven(claim.booking_id) then
        perform private.signed_in_user();
    end if;
    perform scheduling.lock(v_resource_ids || claim.other_ids);
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = claim.booking_id
    for update;
    v_actors = scheduling.actors(v_booking);

    if v_booking.id is null
        or v_actors = '{}'
        and v_booking.business_id not in (select private.my_businesses('view')) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Read bookings for those that you can see.'
        );
    end if;
    if not v_actors && (claim.as_actors || 'system'::scheduling.actor_kind) then
        perform private.refuse(
            'PT403', 'forbidden', 'You may see this booking, not do this with it.',
            'Ask the business to do it.'
        );
    end if;
    if scheduling.resources_of(claim.booking_id) <> v_resource_ids then
        perform private.refuse(
            'PT409', 'changed_meanwhile', 'Somebody just changed this booking.',
            'Read it again and decide anew.'
        );
    end if;
    return v_booking;
end;
$$;

/*
 * The resources that a booking takes, and the sessions in which it has seats, sorted.
 */
create function scheduling.resources_of(booking_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select allocations.resource_id as id
        from scheduling.bookings
        inner join scheduling.allocations
            on
                allocations.business_id = bookings.business_id
                and allocations.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        union
        select seats.session_id
        from scheduling.bookings
        inner join scheduling.seats
            on seats.business_id = bookings.business_id and seats.booking_id = bookings.id
        where bookings.id = resources_of.booking_id
        order by id
    );
end;
$$;

/*
 * A step that was due by itself has been taken, as far as anyone else is concerned, though no
 * worker has written it down yet.
 *
 * Errors:  PT409 hold_expired invalid_transition
 */
create function scheduling.refuse_overdue(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from scheduling.scheduled_transitions
        where
            scheduled_transitions.booking_id = booking.id
            and scheduled_transitions.from_status = booking.status
            and scheduled_transitions.due_at <= private.now()
    ) and booking.status is distinct from 'expired' then
        return;
    end if;
    if booking.hold_expires_at is not null then
        perform private.refuse(
            'PT409', 'hold_expired', 'The hold has run out.', 'Ask for slots again and book anew.'
        );
    end if;
    perform private.refuse(
        'PT409', 'invalid_transition', 'The request lapsed: its time has come.', 'Book another time.'
    );
end;
$$;

/*
 * Take a booking one step further. The transitions table and the triggers decide whether it exists
 * and who may take it. Asking for the status that a booking already has changes nothing. Definer:
 * nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired slot_taken changed_meanwhile · PT422 too_soon
 */
create function scheduling.step(
    booking_id uuid,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.claim(step.booking_id, step.as_actors, '{}');
    v_to_status scheduling.booking_status = step.to_status;
begin
    if v_booking.status = v_to_status then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    -- A customer who completes a hold of a service on request has made the request.
    if v_booking.status = 'held'
        and v_to_status = 'confirmed'
        and not scheduling.actors(v_booking) && array['business', 'system']::scheduling.actor_kind[]
        and scheduling.is_on_request(v_booking) then
        v_to_status = 'pending';
    end if;

    update scheduling.bookings
    set
        status = v_to_status,
        status_reason = step.reason,
        hold_expires_at = null
    where bookings.id = v_booking.id;
    if v_to_status in ('cancelled', 'rejected') then
        perform scheduling.offer_time_of(v_booking);
    end if;
    return v_booking.id;
end;
$$;

/*
 * Does any service of a booking wait for the business to confirm it?
 */
create function scheduling.is_on_request(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
            and services.requires_confirmation
    );
end;
$$;

/*
 * Take the steps that were due by themselves: holds expire, requests lapse; what becomes free is
 * offered to those who wait. Gives how many were taken. Several workers may run it at once: each
 * skips what another is about to do. Definer: called by the worker, which has no access to the
 * tables.
 */
create function scheduling.apply_due_transitions(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
    v_booking scheduling.bookings;
begin
    with due as (
        select
            bookings.id,
            scheduled_transitions.to_status
        from scheduling.scheduled_transitions
        inner join scheduling.bookings
            on
                bookings.id = scheduled_transitions.booking_id
                and bookings.status = scheduled_transitions.from_status
        where scheduled_transitions.due_at <= private.now()
        order by scheduled_transitions.due_at
        limit apply_due_transitions.batch_size
        for update of bookings skip locked
    ),

    taken as (
        update scheduling.bookings
        set status = due.to_status
        from due
        where bookings.id = due.id
        returning bookings.*
    )

    select coalesce(array_agg(taken::scheduling.bookings), '{}') into v_bookings
    from taken;
    foreach v_booking in array v_bookings loop
        perform scheduling.offer_time_of(v_booking);
    end loop;
    return cardinality(v_bookings);
end;
$$;

-- sql/40_scheduling/functions/7_move.sql

-- A booking at another time, or with another resource: one booking, one reference, one decision.

/*
 * The legs of a booking as they were agreed, moved so that the first starts at an instant, and with
 * another resource for one item: the first, or the one named. Lengths and prices are the booking's
 * own; buffers are the service's.
 */
create function scheduling.moved_legs(
    booking scheduling.bookings, starts_at timestamptz, resource_id uuid, item_id uuid
)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_offset interval = moved_legs.starts_at - booking.starts_at;
begin
    return array(
        select
            row(
                booking.business_id,
                services.id,
                booking_items.service_name,
                booking_items.starts_at + v_offset,
                booking_items.ends_at + v_offset,
                booking_items.duration_minutes,
                make_interval(mins => services.buffer_before_minutes),
                make_interval(mins => services.buffer_after_minutes),
                case
                    when coalesce(
                        booking_items.id = moved_legs.item_id,
                        row_number() over (order by booking_items.position) = 1
                    ) then
                        coalesce(moved_legs.resource_id, booking_items.resource_id)
                    else booking_items.resource_id
                end,
                booking.party_size,
                booking.currency,
                booking_items.price_minor,
                booking_items.addons,
                services.requires_confirmation,
                services.is_blocked_by_pending,
                services.hold_minutes,
                services.is_class,
                booking_items.answers,
                null
            )::scheduling.leg
        from scheduling.booking_items
        inner join catalog.services on services.id = booking_items.service_id
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    );
end;
$$;

/*
 * May the customer still move it? The policy that was stored with the booking says so; a business
 * always may.
 *
 * Errors:  PT409 invalid_transition · PT422 limit_reached too_late
 */
create function scheduling.refuse_move(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.refuse_overdue(booking);
    if booking.status not in ('pending_payment', 'pending', 'confirmed') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking cannot be moved any more.', 'Book anew.'
        );
    end if;
    if scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[] then
        return;
    end if;
    if booking.reschedule_count >= (booking.policy ->> 'reschedule_limit')::integer then
        perform private.refuse(
            'PT422', 'limit_reached', 'This booking was moved as often as its policy allows.',
            'Ask the business to move it.'
        );
    end if;
    if private.now() > booking.starts_at - make_interval(
        hours => (booking.policy ->> 'reschedule_until_hours')::integer
    ) then
        perform private.refuse(
            'PT422', 'too_late', 'It is too late to move this booking.', 'Ask the business to move it.'
        );
    end if;
end;
$$;

/*
 * An item that is named is one of the booking's.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.refuse_other_item(booking scheduling.bookings, item_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if item_id is not null and not exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.id = refuse_other_item.item_id
            and booking_items.cancelled_at is null
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item of this booking.',
            'Read booking_items for those of the booking.'
        );
    end if;
end;
$$;

/*
 * Move a booking, keeping its reference, its price and its place in every limit. A resource is for
 * its first item, or for the one named.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move(
    booking_id uuid,
    starts_at timestamptz,
    resource_id uuid,
    as_actors scheduling.actor_kind[],
    reason text default null,
    item_id uuid default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_legs scheduling.leg[];
    v_offers scheduling.offer[] = '{}';
    v_leg scheduling.leg;
    v_limits catalog.booking_limits[] = '{}';
    v_counts jsonb;
    v_left scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = move.booking_id;
    if v_booking.id is not null then
        v_legs = scheduling.moved_legs(
            v_booking,
            coalesce(move.starts_at, v_booking.starts_at),
            move.resource_id,
            move.item_id
        );
    end if;
    -- What the move may take is worked out before anything is locked, and only for who may move it.
    if v_booking.id is not null and scheduling.actors(v_booking) <> '{}' then
        perform scheduling.refuse_move(v_booking);
        perform scheduling.refuse_other_item(v_booking, move.item_id);
        foreach v_leg in array v_legs loop
            perform scheduling.open_service(v_leg.service_id);
            v_offers = v_offers || scheduling.offers_of(v_leg, v_booking.id);
        end loop;
        v_limits = scheduling.limits_for(v_legs, v_offers, v_booking.id);
    end if;
    v_booking = scheduling.claim(
        move.booking_id,
        move.as_actors,
        array(select coalesce(offer.session_id, offer.id) from unnest(v_offers) as offer)
        || scheduling.subjects(v_limits, move.booking_id)
    );
    perform scheduling.refuse_move(v_booking);
    v_left = v_booking;
    v_counts = scheduling.counts_of(v_booking, v_limits);
    v_booking = scheduling.write_move(v_booking, v_legs, v_offers, reason);
    perform scheduling.refuse_passed(v_booking, v_limits, v_counts);
    perform scheduling.offer_time_of(v_left);
    return v_booking.id;
end;
$$;

/*
 * Give back what a booking took, take the new time, and note the move. Gives the booking.
 * A customer who moves a booking of a service on request has made a new request.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.write_move(
    booking scheduling.bookings,
    legs scheduling.leg[],
    offers scheduling.offer[],
    reason text
)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_is_by_business boolean
    = scheduling.actors(booking) && array['business', 'system']::scheduling.actor_kind[];
    v_booking scheduling.bookings = booking;
    v_item scheduling.booking_items;
    v_index integer = 0;
    v_taken record;
begin
    delete from scheduling.allocations
    where allocations.business_id = booking.business_id and allocations.booking_id = booking.id;
    delete from scheduling.seats
    where seats.business_id = booking.business_id and seats.booking_id = booking.id;

    update scheduling.bookings
    set
        starts_at = legs[1].starts_at,
        ends_at = legs[cardinality(legs)].ends_at,
        reschedule_count = bookings.reschedule_count + case when v_is_by_business then 0 else 1 end,
        reschedule_fee_minor = bookings.reschedule_fee_minor + case
            when v_is_by_business or legs[1].starts_at = booking.starts_at then 0
            else scheduling.reschedule_fee(booking, private.now())
        end,
        status_reason = write_move.reason,
        status = case
            when bookings.status = 'confirmed'
                and not v_is_by_business
                and scheduling.is_on_request(booking) then 'pending'
            else bookings.status
        end
    where bookings.id = booking.id
    returning bookings.* into v_booking;

    for v_item in
        select booking_items.*
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
        order by booking_items.position
    loop
        v_index = v_index + 1;
        v_taken = scheduling.take(
            legs[v_index],
            array(
                select offer
                from unnest(offers) as offer
                where offer.at = legs[v_index].starts_at
            ),
            v_booking,
            v_item.id
        );
        update scheduling.booking_items
        set
            starts_at = legs[v_index].starts_at,
            ends_at = legs[v_index].ends_at,
            resource_id = v_taken.resource_id,
            assigned_by = case
                when v_taken.resource_id is not distinct from booking_items.resource_id
                    then booking_items.assigned_by
                when v_taken.reason = 'customer' and v_is_by_business then 'business'
                else v_taken.reason
            end
        where booking_items.id = v_item.id;
        if v_taken.resource_id is distinct from v_item.resource_id then
            perform scheduling.write_reassignment(v_booking, v_item, v_taken.resource_id);
        end if;
    end loop;
    return v_booking;
end;
$$;

/*
 * Write down that somebody else gives an item of a booking.
 */
create function scheduling.write_reassignment(
    booking scheduling.bookings, item scheduling.booking_items, to_resource_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, from_resource_id, to_resource_id
    )
    select
        booking.business_id,
        booking.id,
        booking.status,
        booking.status,
        item.starts_at,
        booking_items.starts_at,
        coalesce((scheduling.actors(booking))[1], 'system'),
        auth.uid(),
        booking.status_reason,
        private.now(),
        item.resource_id,
        write_reassignment.to_resource_id
    from scheduling.booking_items
    where booking_items.id = item.id;
end;
$$;

-- sql/40_scheduling/functions/8_fees.sql

-- What cancelling, moving late and not coming cost: worked out from the copy of the policy that the
-- booking keeps, and from nothing else. Hours are elapsed hours: a day is 24 of them, whatever the
-- clocks do.

/*
 * The cancellation policy that a booking of a service is made under: its own, or the business's
 * default, or the most lenient there is; with its tiers, the farthest first. Taken down with the
 * booking.
 */
create function scheduling.policy_of(service_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select
                to_jsonb(cancellation_policies) - array['business_id', 'is_default', 'created_at']
                || jsonb_build_object('tiers', tiers.tiers)
            from catalog.services
            inner join catalog.cancellation_policies
                on cancellation_policies.business_id = services.business_id
            cross join lateral (
                select
                    coalesce(
                        jsonb_agg(
                            jsonb_strip_nulls(
                                jsonb_build_object(
                                    'hours_before', cancellation_tiers.hours_before,
                                    'fee_bps', cancellation_tiers.fee_bps,
                                    'fee_minor', cancellation_tiers.fee_minor
                                )
                            )
                            order by cancellation_tiers.hours_before desc
                        ),
                        '[]'
                    ) as tiers
                from catalog.cancellation_tiers
                where
                    cancellation_tiers.business_id = cancellation_policies.business_id
                    and cancellation_tiers.cancellation_policy_id = cancellation_policies.id
            ) as tiers
            where
                services.id = policy_of.service_id
                and (
                    cancellation_policies.id = services.cancellation_policy_id
                    or services.cancellation_policy_id is null and cancellation_policies.is_default
                )
        ),
        jsonb_build_object(
            'name', 'Free of charge',
            'no_show_fee_bps', 0,
            'no_show_fee_minor', 0,
            'reschedule_until_hours', 0,
            'reschedule_limit', null,
            'late_reschedule_hours', 0,
            'late_reschedule_fee_bps', 0,
            'late_reschedule_fee_minor', 0,
            'tiers', '[]'::jsonb
        )
    );
end;
$$;

/*
 * The tier that holds when so much time remains before the start: of those for more hours than that
 * the one with the fewest. None: cancelling is free.
 */
create function scheduling.tier_of(policy jsonb, remaining interval)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select tier.value
        from jsonb_array_elements(tier_of.policy -> 'tiers') as tier (value)
        where remaining < make_interval(hours => (tier.value ->> 'hours_before')::integer)
        order by (tier.value ->> 'hours_before')::integer
        limit 1
    );
end;
$$;

/*
 * What a policy says about not coming (no_show) or moving late (late_reschedule), in a tier's form.
 */
create function scheduling.terms_of(policy jsonb, kind text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'fee_bps', coalesce((policy ->> (kind || '_fee_bps'))::integer, 0),
        'fee_minor', nullif(coalesce((policy ->> (kind || '_fee_minor'))::bigint, 0), 0)
    );
end;
$$;

/*
 * What some terms come to for each of some amounts. A share is taken of each amount and rounded
 * half away from zero; a sum is split among them by largest remainder. No fee exceeds its amount.
 */
create function scheduling.fees(amounts bigint[], terms jsonb)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if terms ->> 'fee_minor' is not null then
        return pricing.split(
            least(
                (terms ->> 'fee_minor')::bigint,
                (select sum(amount)::bigint from unnest(amounts) as amount)
            ),
            amounts
        );
    end if;
    return array(
        select
            round(amounts.minor::numeric * coalesce((terms ->> 'fee_bps')::integer, 0) / 10000)::bigint
        from unnest(amounts) with ordinality as amounts (minor, position)
        order by amounts.position
    );
end;
$$;

/*
 * The terms on which a booking is cancelled at a moment: those of its tier; once it has begun also
 * those of not coming, if they cost more. Only a confirmed booking costs anything.
 */
create function scheduling.cancellation_terms(booking scheduling.bookings, at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_tier jsonb = scheduling.tier_of(booking.policy, booking.starts_at - at);
    v_no_show jsonb = scheduling.terms_of(booking.policy, 'no_show');
    v_total bigint[] = array[booking.total_minor];
begin
    if booking.status <> 'confirmed' then
        return null;
    end if;
    if at >= booking.starts_at
        and scheduling.fees(v_total, v_no_show) > scheduling.fees(v_total, v_tier) then
        return v_no_show;
    end if;
    return v_tier;
end;
$$;

/*
 * A booking's services with what each costs and what some terms make of it; the parts add up to the
 * booking's total. One that was cancelled before keeps the fee that it had then.
 */
create function scheduling.fee_lines(booking scheduling.bookings, terms jsonb)
returns table (
    booking_item_id uuid,
    service_name text,
    total_minor bigint,
    fee_minor bigint,
    is_cancelled boolean
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items scheduling.booking_items[] = array(
        select booking_items
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
        order by booking_items.position
    );
    v_amounts bigint[] = pricing.split(
        booking.total_minor,
        array(
            select items.price_minor
            from unnest(v_items) as items
            order by items.position
        )
    );
begin
    return query
    select
        items.id,
        items.service_name,
        parts.amount,
        coalesce(items.cancellation_fee_minor, parts.fee),
        items.cancelled_at is not null
    from unnest(v_items) as items
    inner join unnest(v_amounts, scheduling.fees(v_amounts, terms)) with ordinality
        as parts (amount, fee, place)
        on items.id = v_items[parts.place].id
    order by items.position;
end;
$$;

/*
 * What it costs a customer to move a booking at a moment.
 */
create function scheduling.reschedule_fee(booking scheduling.bookings, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if booking.status <> 'confirmed' or booking.starts_at - at >= make_interval(
        hours => coalesce((booking.policy ->> 'late_reschedule_hours')::integer, 0)
    ) then
        return 0;
    end if;
    return (
        select coalesce(sum(lines.fee_minor), 0)::bigint
        from scheduling.fee_lines(booking, scheduling.terms_of(booking.policy, 'late_reschedule'))
            as lines
        where not lines.is_cancelled
    );
end;
$$;

/*
 * What it costs the customer to cancel at a moment, service by service; of a booking that was
 * cancelled, what it did cost.
 * Definer: reads what the booking's customer and members may see; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.cancellation_quote(booking_id uuid, at timestamptz)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_terms jsonb;
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.id = cancellation_quote.booking_id
        and (
            scheduling.actors(bookings) <> '{}'
            or bookings.business_id in (select private.my_businesses('view'))
        );
    if v_booking.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such booking.',
            'Read bookings for those that you can see.'
        );
    end if;
    if v_booking.status not in ('held', 'pending_payment', 'pending', 'confirmed', 'cancelled') then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This booking cannot be cancelled any more.',
            'Read the booking again and see what it allows.'
        );
    end if;
    v_terms = scheduling.cancellation_terms(v_booking, at);
    return (
        select
            jsonb_build_object(
                'booking_id', v_booking.id,
                'at', at,
                'currency', v_booking.currency,
                'total_minor', v_booking.total_minor,
                'fee_minor', sum(lines.fee_minor),
                'refund_minor', v_booking.total_minor - sum(lines.fee_minor),
                'reschedule_fee_minor', scheduling.reschedule_fee(v_booking, at),
                'tier', jsonb_strip_nulls(v_terms),
                'lines', jsonb_agg(
                    to_jsonb(lines)
                    || jsonb_build_object('refund_minor', lines.total_minor - lines.fee_minor)
                )
            )
        from scheduling.fee_lines(v_booking, v_terms) as lines
    );
end;
$$;

-- sql/40_scheduling/functions/8_guests.sql

-- Bookings of people without an account. A hold becomes a booking, and a booking is moved or called
-- off, by a code that is mailed to its address: whoever reads the mail is the customer. Until then
-- nothing here looks at accounts or at other bookings, so nothing can be learned of them.

/*
 * May the caller act on a booking as its guest: was its code given in this transaction?
 * Definer: asked in triggers, of codes that nobody reads.
 */
create function scheduling.is_proven(booking_id uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return exists (
        select 1
        from scheduling.guest_codes
        where
            guest_codes.booking_id = is_proven.booking_id
            and guest_codes.proven_in = pg_current_xact_id_if_assigned()
    );
end;
$$;

/*
 * What is kept of a code. Six digits are soon tried through: a code lives for minutes, and five
 * attempts.
 */
create function scheduling.code_hash(booking_id uuid, code text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(booking_id::text || code, 'UTF8'));
end;

/*
 * From where the request came, as the gateway says, whatever a client sends; null for servers of
 * the operator, who ask for many.
 */
create function scheduling.guest_ip()
returns inet
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
begin
    if private.is_operator() then
        return null;
    end if;
    return private.to_address(v_headers ->> 'x-real-ip');
end;
$$;

/*
 * Codes are asked for at most five times an hour for an e-mail address, thirty times from a network
 * address. Both are locked before anything else is, so that no two at once pass the limit.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.refuse_flood(email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_full_since timestamptz;
begin
    perform scheduling.lock(array[md5('guest ' || email)::uuid, md5('guest ' || ip)::uuid]);
    select min(limits.full_since) into v_full_since
    from (
        (
            select guest_codes.created_at as full_since
            from scheduling.guest_codes
            where guest_codes.email = refuse_flood.email and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 4
            limit 1
        )
        union all
        (
            select guest_codes.created_at
            from scheduling.guest_codes
            where guest_codes.ip = refuse_flood.ip and guest_codes.created_at > v_hour_ago
            order by guest_codes.created_at desc
            offset 29
            limit 1
        )
    ) as limits;
    if v_full_since is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_full_since - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Write a code of a booking and mail it to the booking's address; without a booking only write down
 * that somebody asked. The mail says nothing that the one who asks could have written.
 */
create function scheduling.send_code(booking scheduling.bookings, email text, ip inet)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    -- The first 32 bits of such a UUID are random.
    v_code text = lpad((('x' || left(gen_random_uuid()::text, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
    v_expires_at timestamptz = least(
        booking.hold_expires_at, private.now() + interval '15 minutes'
    );
begin
    insert into scheduling.guest_codes (
        business_id, booking_id, email, ip, code_hash, expires_at, created_at
    )
    values (
        booking.business_id, booking.id, send_code.email, send_code.ip,
        scheduling.code_hash(booking.id, v_code), v_expires_at, private.now()
    );
    perform private.emit(
        'auth.mail',
        jsonb_build_object(
            'kind', 'guest_booking',
            'to', booking.customer_email,
            'locale', businesses.locale,
            'code', v_code,
            'expires_in', extract(epoch from v_expires_at - private.now())::integer,
            'business_name', businesses.name,
            'service_names', facts.service_names,
            'starts_at', booking.starts_at,
            'time_zone', booking.time_zone,
            'reference', booking.reference
        )
    )
    from business.businesses
    cross join lateral scheduling.calendar_facts(array[booking.id]) as facts
    where businesses.id = booking.business_id;
end;
$$;

/*
 * Hold a time for somebody without an account, and mail them the code that makes it a booking.
 * Definer: as scheduling.place.
 *
 * Errors:  PT429 rate_limited, and those of scheduling.place but not_signed_in
 */
create function scheduling.request_guest_booking(
    wish scheduling.wish, name text, email text, phone text, notes text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ip inet = scheduling.guest_ip();
    v_guest identity.profiles;
    v_id uuid;
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_flood(lower(request_guest_booking.email), v_ip);
    v_guest.full_name = request_guest_booking.name;
    v_guest.email = request_guest_booking.email;
    v_guest.phone = request_guest_booking.phone;
    v_id = scheduling.place_for(v_guest, array[wish], null, request_guest_booking.notes, true);
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    perform scheduling.send_code(v_booking, lower(request_guest_booking.email), v_ip);
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * Mail another code for a booking that can still be changed. Whether there is one is not told.
 * Definer: the one who asks need not be signed in, and gets no answer.
 *
 * Errors:  PT429 rate_limited
 */
create function scheduling.request_guest_code(reference text, email text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_ip inet = scheduling.guest_ip();
    v_booking scheduling.bookings;
begin
    perform scheduling.refuse_flood(lower(request_guest_code.email), v_ip);
    select bookings.* into v_booking
    from scheduling.bookings
    where
        bookings.reference = upper(request_guest_code.reference)
        and lower(bookings.customer_email) = lower(request_guest_code.email)
        and bookings.customer_id is null
        and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
        and (bookings.hold_expires_at is null or bookings.hold_expires_at > private.now());
    perform scheduling.send_code(v_booking, lower(request_guest_code.email), v_ip);
end;
$$;

/*
 * Take a code: the booking that it proves, or null. A wrong one counts, whatever becomes of it.
 */
create function scheduling.prove(reference text, code text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_code scheduling.guest_codes;
    v_is_right boolean;
begin
    select guest_codes.* into v_code
    from scheduling.bookings
    inner join scheduling.guest_codes on guest_codes.booking_id = bookings.id
    where bookings.reference = upper(prove.reference) and bookings.customer_id is null
    order by guest_codes.id desc
    limit 1
    for update of guest_codes;
    if v_code.id is null
        or v_code.used_at is not null
        or v_code.attempts = 5
        or v_code.expires_at <= private.now() then
        return null;
    end if;
    v_is_right = v_code.code_hash = scheduling.code_hash(v_code.booking_id, prove.code);
    update scheduling.guest_codes
    set
        attempts = guest_codes.attempts + 1,
        used_at = case when v_is_right then private.now() end,
        proven_in = case when v_is_right then pg_current_xact_id() end
    where guest_codes.id = v_code.id;
    return case when v_is_right then v_code.booking_id end;
end;
$$;

/*
 * Do with a booking what its guest wants, if the code is right. A refusal is an answer and no
 * error, so that the attempt is counted.
 * Definer: the code is the proof.
 *
 * Errors:  PT403 code_invalid · PT422 limit_reached, and those of scheduling.step and
 *          scheduling.move
 */
create function scheduling.act_as_guest(
    reference text,
    code text,
    to_status scheduling.booking_status,
    reason text default null,
    starts_at timestamptz default null,
    resource_id uuid default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid = scheduling.prove(act_as_guest.reference, act_as_guest.code);
    v_booking scheduling.bookings;
    v_is_new boolean;
begin
    if v_id is null then
        return private.refusal(
            'PT403', 'code_invalid', 'This code is wrong, or not valid any more.',
            'Ask for another with request_guest_code, or book anew.'
        );
    end if;
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_id;
    v_is_new = v_booking.status = 'held' and act_as_guest.to_status = 'confirmed';
    if act_as_guest.starts_at is not null then
        perform scheduling.move(v_id, act_as_guest.starts_at, act_as_guest.resource_id, '{customer}');
    else
        if v_is_new then
            perform scheduling.lock(
                scheduling.resources_of(v_id)
                || scheduling.subjects(scheduling.limits_on(v_booking), v_id)
            );
        end if;
        perform scheduling.step(v_id, to_status, '{customer}', act_as_guest.reason);
    end if;
    update scheduling.bookings
    set contact_verified_at = coalesce(bookings.contact_verified_at, private.now())
    where bookings.id = v_id
    returning bookings.* into v_booking;
    if v_is_new then
        perform scheduling.refuse_passed_by_customer(v_booking);
    end if;
    return scheduling.shown_to_guest(v_booking);
end;
$$;

/*
 * What a guest may see of a booking.
 */
create function scheduling.shown_to_guest(booking scheduling.bookings)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'reference', booking.reference,
            'status', booking.status,
            'starts_at', booking.starts_at,
            'ends_at', booking.ends_at,
            'time_zone', booking.time_zone,
            'party_size', booking.party_size,
            'currency', booking.currency,
            'total_minor', booking.total_minor,
            'hold_expires_at', booking.hold_expires_at,
            'business_name', businesses.name,
            'services', (
                select jsonb_agg(booking_items.service_name order by booking_items.position)
                from scheduling.booking_items
                where
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
                    and booking_items.cancelled_at is null
            ),
            'cancellation_fee_minor', (
                select sum(lines.fee_minor)
                from scheduling.fee_lines(
                    booking, scheduling.cancellation_terms(booking, private.now())
                ) as lines
            )
        )
        from business.businesses
        where businesses.id = booking.business_id
    );
end;
$$;

/*
 * Make the bookings that were made as a guest, with the caller's verified address, the caller's.
 * Gives how many.
 * Definer: nobody has update privileges on bookings.
 *
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function scheduling.claim_guest_bookings()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
    v_user auth.users;
    v_count integer;
begin
    select users.* into strict v_user from auth.users where users.id = v_user_id;
    if v_user.email is null or v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then ask again.'
        );
    end if;
    update scheduling.bookings
    set customer_id = v_user_id
    where
        bookings.customer_id is null
        and bookings.contact_verified_at is not null
        and lower(bookings.customer_email) = lower(v_user.email);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Forget codes that are older than a day. Gives how many.
 * Definer: called by the worker, which has no access to the table.
 */
create function scheduling.forget_old_codes()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from scheduling.guest_codes
    where guest_codes.created_at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

-- sql/40_scheduling/functions/8_items.sql

-- One service of a booking cancelled, the rest left as it was.

/*
 * Cancel one service of a booking: its time is free at once, its fee is the booking's policy's, its
 * line stays as it was agreed. The last one left is cancelled with the booking.
 * Definer: nobody has update privileges on bookings; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_item(
    booking_id uuid, item_id uuid, as_actors scheduling.actor_kind[], reason text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings
    = scheduling.claim(cancel_item.booking_id, cancel_item.as_actors, '{}');
    v_item scheduling.booking_items;
    v_left integer;
begin
    select booking_items.* into v_item
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.id = cancel_item.item_id;
    if v_item.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service in this booking.',
            'Read booking_items for those of the booking.'
        );
    end if;
    if v_item.cancelled_at is not null then
        return v_booking.id;
    end if;
    perform scheduling.refuse_overdue(v_booking);
    select count(*) into v_left
    from scheduling.booking_items
    where
        booking_items.business_id = v_booking.business_id
        and booking_items.booking_id = v_booking.id
        and booking_items.cancelled_at is null;
    if v_booking.status not in ('pending_payment', 'pending', 'confirmed') or v_left = 1 then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This service cannot be cancelled by itself.',
            'Read the booking again; the last service is cancelled with the booking.'
        );
    end if;
    perform scheduling.write_item_cancelled(v_booking, v_item, reason);
    perform scheduling.offer_freed(
        v_booking.business_id, tstzrange(v_item.starts_at, v_item.ends_at)
    );
    return v_booking.id;
end;
$$;

/*
 * Write down that one service is cancelled, give its time back, and let the booking begin and end
 * with what is left. A booking that begins later now is told as moved.
 */
create function scheduling.write_item_cancelled(
    booking scheduling.bookings, item scheduling.booking_items, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_fee bigint;
begin
    if (scheduling.actors(booking))[1] = 'customer' then
        select lines.fee_minor into v_fee
        from scheduling.fee_lines(booking, scheduling.cancellation_terms(booking, private.now()))
            as lines
        where lines.booking_item_id = item.id;
    end if;
    update scheduling.bookings
    set
        status_reason = write_item_cancelled.reason,
        cancellation_fee_minor = bookings.cancellation_fee_minor + coalesce(v_fee, 0)
    where bookings.id = booking.id;
    update scheduling.booking_items
    set
        cancelled_at = private.now(),
        cancellation_fee_minor = coalesce(v_fee, 0)
    where booking_items.id = item.id;

    perform scheduling.give_back(item);
    update scheduling.bookings
    set
        starts_at = left_over.starts_at,
        ends_at = left_over.ends_at
    from (
        select
            min(booking_items.starts_at) as starts_at,
            max(booking_items.ends_at) as ends_at
        from scheduling.booking_items
        where
            booking_items.business_id = booking.business_id
            and booking_items.booking_id = booking.id
            and booking_items.cancelled_at is null
    ) as left_over
    where bookings.id = booking.id;
end;
$$;

/*
 * Free the time of one service. Neighbours of the same booking on the same place met it without
 * buffers between them: they get theirs back, out of what is freed, the later one first.
 */
create function scheduling.give_back(item scheduling.booking_items)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_freed scheduling.allocations;
    v_end timestamptz;
begin
    delete from scheduling.seats
    where
        seats.business_id = item.business_id
        and seats.booking_id = item.booking_id
        and seats.booking_item_id = item.id;
    for v_freed in
        delete from scheduling.allocations
        where
            allocations.business_id = item.business_id
            and allocations.booking_id = item.booking_id
            and allocations.booking_item_id = item.id
        returning allocations.*
    loop
        update scheduling.allocations
        set
            during = tstzrange(
                greatest(
                    neighbours.starts_at - make_interval(mins => services.buffer_before_minutes),
                    lower(v_freed.during)
                ),
                upper(allocations.during)
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and lower(allocations.during) = upper(v_freed.during)
        returning lower(allocations.during) into v_end;
        update scheduling.allocations
        set
            during = tstzrange(
                lower(allocations.during),
                least(
                    neighbours.ends_at + make_interval(mins => services.buffer_after_minutes),
                    coalesce(v_end, upper(v_freed.during))
                )
            )
        from scheduling.booking_items as neighbours
        inner join catalog.services on services.id = neighbours.service_id
        where
            neighbours.id = allocations.booking_item_id
            and allocations.business_id = v_freed.business_id
            and allocations.booking_id = v_freed.booking_id
            and allocations.resource_id = v_freed.resource_id
            and allocations.unit = v_freed.unit
            and upper(allocations.during) = lower(v_freed.during);
    end loop;
end;
$$;

-- sql/40_scheduling/functions/8_preferences.sql

-- Whom a customer prefers in a business.

/*
 * The caller prefers a resource in a business, or none any more.
 * Definer: customers write no table; only the caller's own row is touched.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.prefer(business_id uuid, resource_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.signed_in_user();
begin
    if resource_id is null then
        delete from scheduling.preferred_resources
        where
            preferred_resources.customer_id = v_user_id
            and preferred_resources.business_id = prefer.business_id;
        return;
    end if;
    insert into scheduling.preferred_resources (customer_id, business_id, resource_id, updated_at)
    select
        v_user_id,
        resources.business_id,
        resources.id,
        private.now()
    from catalog.resources
    inner join business.businesses on businesses.id = resources.business_id
    where
        resources.id = prefer.resource_id
        and resources.business_id = prefer.business_id
        and resources.is_active
        and businesses.is_active
        and businesses.status = 'approved'
    on conflict on constraint preferred_resources_pkey do update
    set resource_id = excluded.resource_id, updated_at = excluded.updated_at;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such resource.', 'Read resources for those of the business.'
        );
    end if;
end;
$$;

-- sql/40_scheduling/functions/8_recurrence.sql

-- Recurrence rules (RFC 5545): read, and unfolded into wall clocks.

/*
 * Read a recurrence rule (RFC 5545): FREQ daily, weekly, monthly or yearly, INTERVAL, BYDAY (with
 * ordinals in months and years), BYMONTHDAY, and COUNT or UNTIL. Anything else is refused by name.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_recurrence(rrule text, time_zone text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence;
    v_parts jsonb = '{}';
    v_part text;
    v_name text;
    v_value text;
begin
    foreach v_part in array string_to_array(
        regexp_replace(upper(btrim(rrule)), '^RRULE:', ''), ';'
    ) loop
        v_name = split_part(v_part, '=', 1);
        v_value = substr(v_part, length(v_name) + 2);
        if v_name not in ('FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'COUNT', 'UNTIL', 'WKST') then
            perform private.invalid(
                'rrule',
                format('cannot have %s; it may have FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL', v_name)
            );
        end if;
        if v_value = '' or v_parts ? v_name then
            perform private.invalid('rrule', format('must have %s once, with a value', v_name));
        end if;
        v_parts = v_parts || jsonb_build_object(v_name, v_value);
    end loop;

    v_rule.frequency = lower(v_parts ->> 'FREQ');
    if v_rule.frequency is null
        or v_rule.frequency not in ('daily', 'weekly', 'monthly', 'yearly') then
        perform private.invalid('rrule', 'must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY');
    end if;
    if coalesce(v_parts ->> 'WKST', 'MO') <> 'MO' then
        perform private.invalid('rrule', 'cannot have WKST other than MO');
    end if;
    if (v_parts ? 'COUNT') = (v_parts ? 'UNTIL') then
        perform private.invalid('rrule', 'must end: have either COUNT or UNTIL');
    end if;
    v_rule.step = coalesce(
        private.to_whole_number(
            v_parts ->> 'INTERVAL', 'rrule INTERVAL', 1, 366, is_required => false
        ),
        1
    );
    v_rule.count = private.to_whole_number(
        v_parts ->> 'COUNT', 'rrule COUNT', 1, 366, is_required => false
    );
    v_rule.until = scheduling.to_until(v_parts ->> 'UNTIL', to_recurrence.time_zone);
    v_rule.month_days = scheduling.to_month_days(v_parts ->> 'BYMONTHDAY', v_rule.frequency);
    return scheduling.with_weekdays(v_rule, v_parts ->> 'BYDAY');
end;
$$;

/*
 * Read UNTIL: a date, a local wall clock, or an instant in UTC. Null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_until(value text, time_zone text)
returns timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value !~ '^\d{8}(T\d{6}Z?)?$' then
        perform private.invalid('rrule', 'must have an UNTIL such as 20310630 or 20310630T220000Z');
    end if;
    return case length(value)
        when 8 then value::date + time '23:59:59'
        when 15 then replace(value, 'T', ' ')::timestamp
        else (replace(rtrim(value, 'Z'), 'T', ' ')::timestamp at time zone 'UTC') at time zone time_zone
    end;
exception
    when datetime_field_overflow or invalid_datetime_format then
        perform private.invalid('rrule', 'has an UNTIL that does not exist');
end;
$$;

/*
 * Read BYMONTHDAY.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_month_days(value text, frequency text)
returns integer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if value is null then
        return '{}'::integer[];
    end if;
    if frequency = 'weekly' then
        perform private.invalid('rrule', 'cannot have BYMONTHDAY with FREQ=WEEKLY');
    end if;
    if value !~ '^[+-]?([1-9]|[12]\d|3[01])(,[+-]?([1-9]|[12]\d|3[01]))*$' then
        perform private.invalid('rrule', 'must have a BYMONTHDAY of days from 1 to 31 or -31 to -1');
    end if;
    return string_to_array(value, ',')::integer[];
end;
$$;

/*
 * Read BYDAY into a rule.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.with_weekdays(rule scheduling.recurrence, value text)
returns scheduling.recurrence
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = rule;
begin
    v_rule.weekdays = '{}';
    v_rule.ordinals = '{}';
    if value is null then
        return v_rule;
    end if;
    if value !~ '^([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))*$' then
        perform private.invalid('rrule', 'must have a BYDAY such as MO,WE or 1MO or -1FR');
    end if;
    select
        array_agg(array_position('{MO,TU,WE,TH,FR,SA,SU}', right(day.code, 2))),
        array_agg(coalesce(nullif(left(day.code, -2), ''), '0')::integer)
    into v_rule.weekdays, v_rule.ordinals
    from unnest(string_to_array(value, ',')) as day (code);
    if v_rule.frequency in ('daily', 'weekly') and v_rule.ordinals <> array_fill(
        0, array[cardinality(v_rule.ordinals)]
    ) then
        perform private.invalid('rrule', 'cannot have ordinals in BYDAY with FREQ=DAILY or WEEKLY');
    end if;
    return v_rule;
end;
$$;

/*
 * The wall clocks of a rule from its first on, in order: at most 367, and within ten years. A month
 * or year without such a day has no occurrence, nor has a date that the zone skipped: it would fall
 * on the next one's.
 */
create function scheduling.occurrences(
    rule scheduling.recurrence, first_at timestamp, time_zone text
)
returns setof timestamp
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first date = first_at::date;
    v_monday date = v_first - (extract(isodow from v_first)::integer - 1);
    v_month integer = extract(year from v_first)::integer * 12 + extract(month from v_first)::integer;
    v_is_bare boolean = rule.weekdays = '{}' and rule.month_days = '{}';
begin
    return query
    with days as (
        select
            date,
            extract(isodow from date)::integer as weekday,
            extract(day from date)::integer as day,
            extract(year from date)::integer as year,
            extract(year from date)::integer * 12 + extract(month from date)::integer as month,
            case rule.frequency
                when 'yearly' then date_trunc('year', date)::date
                else date_trunc('month', date)::date
            end as period_start,
            case rule.frequency
                when 'yearly' then (date_trunc('year', date) + interval '1 year - 1 day')::date
                else (date_trunc('month', date) + interval '1 month - 1 day')::date
            end as period_end,
            extract(day from date_trunc('month', date) + interval '1 month - 1 day')::integer as month_length
        from (
            select v_first + counted.number as date
            from generate_series(
                0, least(3660, coalesce(rule.until::date - v_first, 3660))
            ) as counted (number)
        ) as dates
    )

    select days.date + first_at::time as at
    from days
    where
        case rule.frequency
            when 'daily' then mod(days.date - v_first, rule.step) = 0
            when 'weekly' then mod((days.date - days.weekday + 1 - v_monday) / 7, rule.step) = 0
            when 'monthly' then mod(days.month - v_month, rule.step) = 0
            else mod(days.year - extract(year from v_first)::integer, rule.step) = 0
        end
        and (
            rule.month_days = '{}'
            or days.day = any(rule.month_days)
            or days.day - days.month_length - 1 = any(rule.month_days)
        )
        and (
            rule.weekdays = '{}'
            or exists (
                select 1
                from unnest(rule.weekdays, rule.ordinals) as wanted (weekday, ordinal)
                where
                    wanted.weekday = days.weekday
                    and wanted.ordinal in (
                        0,
                        (days.date - days.period_start) / 7 + 1,
                        -((days.period_end - days.date) / 7 + 1)
                    )
            )
        )
        and case
            when not v_is_bare or rule.frequency = 'daily' then true
            when rule.frequency = 'weekly' then days.weekday = extract(isodow from v_first)
            when rule.frequency = 'monthly' then days.day = extract(day from v_first)
            else to_char(days.date, 'MMDD') = to_char(v_first, 'MMDD')
        end
        and (rule.until is null or days.date + first_at::time <= rule.until)
        and days.date = (
            (days.date + first_at::time) at time zone occurrences.time_zone
            at time zone occurrences.time_zone
        )::date
    order by days.date
    limit least(rule.count, 367);
end;
$$;

-- sql/40_scheduling/functions/8_sessions.sql

-- Classes: their sessions are made by the business, and their seats are taken by customers.

/*
 * The sessions of a class that can be booked, as scheduling.offers gives them. Neither closures nor
 * blocks of its business or of who leads it, nor a day that is full; enough seats for the party.
 */
create function scheduling.session_offers(
    service catalog.services,
    starts tstzmultirange,
    resource_id uuid,
    party_size integer,
    except_booking_id uuid
)
returns setof scheduling.offer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
    v_full scheduling.full_times[] = scheduling.full_times(
        service, '{}', range_merge(starts), service.duration_minutes, except_booking_id
    );
    v_reach tstzrange = tstzrange(
        lower(starts), upper(starts) + make_interval(mins => service.duration_minutes), '[]'
    );
begin
    return query
    with wanted as materialized (
        select
            sessions.*,
            coalesce(sessions.resource_id, sessions.business_id) as leader_id
        from scheduling.sessions
        where
            sessions.business_id = session_offers.service.business_id
            and sessions.service_id = session_offers.service.id
            and sessions.starts_at >= lower(session_offers.starts)
            and sessions.starts_at <= upper(session_offers.starts)
            and sessions.starts_at <@ session_offers.starts
            and (
                session_offers.resource_id is null
                or sessions.resource_id = session_offers.resource_id
            )
    ),

    shut as materialized (
        select
            closings.resource_id as leader_id,
            closings.closings
        from scheduling.closings(
            session_offers.service.business_id,
            array(select distinct wanted.leader_id from wanted),
            v_reach::tstzmultirange
        ) as closings
    )

    select
        wanted.starts_at,
        wanted.resource_id,
        'seats',
        true,
        session_offers.party_size,
        wanted.capacity - taken.seats,
        wanted.capacity,
        row_number() over (order by resources.position, resources.name, wanted.id)::integer,
        wanted.id
    from wanted
    left join catalog.resources on resources.id = wanted.resource_id
    left join shut on shut.leader_id = wanted.leader_id
    cross join lateral (
        select count(*)::integer as seats
        from scheduling.seats
        where
            seats.business_id = wanted.business_id
            and seats.session_id = wanted.id
            and seats.is_blocking
            and (seats.expires_at is null or seats.expires_at > v_now)
            and seats.booking_id is distinct from session_offers.except_booking_id
    ) as taken
    where
        wanted.capacity - taken.seats >= session_offers.party_size
        and not coalesce(shut.closings && tstzrange(wanted.starts_at, wanted.ends_at), false)
        and not coalesce(v_full[1].times @> wanted.starts_at, false);
end;
$$;

/*
 * Is there a session at the start that somebody wants, and is it not shut?
 */
create function scheduling.is_in_session(
    leg scheduling.leg, out in_hours boolean, out not_shut boolean
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    select
        count(*) > 0,
        coalesce(
            bool_or(
                not coalesce(
                    closings.closings && tstzrange(sessions.starts_at, sessions.ends_at), false
                )
            ),
            false
        )
    into in_hours, not_shut
    from scheduling.sessions
    left join scheduling.closings(
        sessions.business_id,
        array[coalesce(sessions.resource_id, sessions.business_id)],
        tstzmultirange(tstzrange(sessions.starts_at, sessions.ends_at))
    ) as closings on true
    where
        sessions.business_id = leg.business_id
        and sessions.service_id = leg.service_id
        and sessions.starts_at = leg.starts_at
        and (leg.resource_id is null or sessions.resource_id = leg.resource_id);
end;
$$;

/*
 * Take a seat for each guest in the session with most seats left, under its lock. Gives who leads
 * it.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.take_seats(
    leg scheduling.leg, offers scheduling.offer[], booking scheduling.bookings, item_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.offer = (
        select offer
        from unnest(offers) as offer
        order by offer.remaining desc, offer.rank
        limit 1
    );
    v_capacity integer;
    v_count integer;
begin
    perform scheduling.expire(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where
                seats.business_id = booking.business_id
                and seats.session_id = v_offer.session_id
                and seats.is_blocking
                and seats.expires_at <= private.now()
        )
    );
    -- Locked against a change of the capacity; the offer may be older than the lock.
    select sessions.capacity into v_capacity
    from scheduling.sessions
    where sessions.id = v_offer.session_id
    for key share;
    insert into scheduling.seats (
        business_id, booking_id, booking_item_id, session_id, number, capacity, is_blocking,
        expires_at
    )
    select
        booking.business_id,
        booking.id,
        item_id,
        v_offer.session_id,
        numbers.number,
        v_capacity,
        scheduling.is_blocking(booking.status, leg.is_blocked_by_pending),
        case when booking.status in ('held', 'pending_payment') then booking.hold_expires_at end
    from generate_series(1, v_capacity) as numbers (number)
    where
        not exists (
            select 1
            from scheduling.seats
            where
                seats.session_id = v_offer.session_id
                and seats.number = numbers.number
                and seats.is_blocking
        )
    order by numbers.number
    limit leg.party_size
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < leg.party_size then
        perform scheduling.refuse_taken();
    end if;
    return v_offer.id;
end;
$$;

/*
 * The seats of a booking follow its status, as its allocations do.
 */
create function scheduling.follow_with_seats(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.expire(
            array(
                select distinct rivals.booking_id
                from scheduling.seats
                inner join scheduling.seats as rivals
                    on
                        rivals.business_id = seats.business_id
                        and rivals.session_id = seats.session_id
                        and rivals.number = seats.number
                        and rivals.is_blocking
                        and rivals.expires_at <= private.now()
                where
                    seats.business_id = booking.business_id
                    and seats.booking_id = booking.id
                    and not seats.is_blocking
            )
        );
    end if;
    update scheduling.seats
    set
        is_blocking = scheduling.is_blocking(booking.status, services.is_blocked_by_pending),
        expires_at = case
            when booking.status in ('held', 'pending_payment') then booking.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        seats.business_id = booking.business_id
        and seats.booking_id = booking.id
        and booking_items.id = seats.booking_item_id;
end;
$$;

/*
 * The starts of sessions from one wall clock to another on local dates, one after another, as
 * instants. What a clock change makes the same comes once.
 */
create function scheduling.session_starts(
    service catalog.services,
    dates daterange,
    weekdays integer[],
    opens_at time,
    closes_at time,
    every_minutes integer
)
returns timestamptz[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_time_zone text = (
        select businesses.time_zone from business.businesses where businesses.id = service.business_id
    );
begin
    return array(
        select distinct (days.day + clocks.clock) at time zone v_time_zone as at
        from generate_series(
            lower(dates)::timestamp, (upper(dates) - 1)::timestamp, interval '1 day'
        ) as days (day)
        cross join lateral (
            select make_interval(mins => steps.step) as clock
            from generate_series(
                extract(epoch from opens_at)::integer / 60,
                extract(epoch from closes_at)::integer / 60 - service.duration_minutes,
                every_minutes
            ) as steps (step)
        ) as clocks
        where extract(isodow from days.day) = any(weekdays)
        order by at
    );
end;
$$;

/*
 * Make the sessions of a class at some starts: those that exist stay as they are. Each takes who
 * leads it, and whatever else the service needs, for its whole length with buffers: all or nothing.
 * Definer: nobody writes sessions or allocations directly; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function scheduling.create_sessions(
    service catalog.services, starts timestamptz[], resource_id uuid, capacity integer
)
returns setof uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_needs scheduling.need[];
    v_start timestamptz;
    v_id uuid;
begin
    perform private.require_member(service.business_id, 'manage');
    if not service.is_class then
        perform private.invalid('service_id', 'must be a class: set is_class of the service first');
    end if;
    v_needs = array(
        select need
        from scheduling.needs(service.id, create_sessions.resource_id, create_sessions.capacity) as need
    );
    if v_needs = '{}' and create_sessions.resource_id is not null
        or exists (select 1 from unnest(v_needs) as need where need.units > need.capacity) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this class, or is too small for it.',
            'Read service_resources for those that do, or lower the capacity.'
        );
    end if;
    perform scheduling.lock(array(select need.id from unnest(v_needs) as need) || service.id);
    foreach v_start in array starts loop
        continue when exists (
            select 1
            from scheduling.sessions
            where
                sessions.business_id = service.business_id
                and sessions.service_id = service.id
                and sessions.starts_at = v_start
                and (
                    create_sessions.resource_id is null
                    or sessions.resource_id = create_sessions.resource_id
                )
        );
        v_id = scheduling.create_session(service, v_start, v_needs, create_sessions.capacity);
        return next v_id;
    end loop;
end;
$$;

/*
 * Make one session, and take what it needs.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.create_session(
    service catalog.services, starts_at timestamptz, needs scheduling.need[], capacity integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ends_at timestamptz = starts_at + make_interval(mins => service.duration_minutes);
    v_during tstzrange = tstzrange(
        starts_at - make_interval(mins => service.buffer_before_minutes),
        v_ends_at + make_interval(mins => service.buffer_after_minutes)
    );
    v_offers scheduling.offer[] = array(
        select
            row(
                create_session.starts_at, need.id, need.pool, need.is_leading, need.units,
                need.capacity, need.capacity, need.rank, null
            )::scheduling.offer
        from unnest(create_session.needs) as need
    );
    v_id uuid = gen_random_uuid();
    v_leg scheduling.leg;
    v_leader_id uuid;
    v_ids uuid[];
    v_units integer[];
    v_pools integer;
    v_count integer;
begin
    v_leg.service_id = service.id;
    v_leg.business_id = service.business_id;
    v_leg.starts_at = create_session.starts_at;
    perform scheduling.release_expired(
        array(select need.id from unnest(create_session.needs) as need), v_during
    );
    select
        (array_agg(chosen.id) filter (where chosen.is_leading))[1],
        array_agg(chosen.id),
        array_agg(unit.number),
        count(distinct chosen.pool)
    into v_leader_id, v_ids, v_units, v_pools
    from (
        select distinct on (candidates.pool) candidates.*
        from unnest(scheduling.choose(v_leg, v_offers, v_during, null))
            with ordinality as candidates
        order by candidates.pool, candidates.ordinality
    ) as chosen
    cross join lateral unnest(chosen.free_units) as unit (number);

    insert into scheduling.sessions (
        id, business_id, service_id, resource_id, starts_at, ends_at, capacity
    )
    values (
        v_id, service.business_id, service.id, v_leader_id, create_session.starts_at, v_ends_at,
        create_session.capacity
    );
    insert into scheduling.allocations (
        business_id, session_id, resource_id, unit, during, is_blocking
    )
    select service.business_id, v_id, chosen.id, chosen.unit, v_during, true
    from unnest(v_ids, v_units) as chosen (id, unit)
    on conflict do nothing;
    get diagnostics v_count = row_count;
    if v_count < coalesce(cardinality(v_ids), 0)
        or v_pools < (select count(distinct need.pool) from unnest(create_session.needs) as need) then
        perform private.refuse(
            'PT409', 'slot_taken',
            format(
                'Somebody whom this class needs is taken at %s.',
                to_char(create_session.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')
            ),
            'Choose other times or another resource; nothing was made.'
        );
    end if;
    return v_id;
end;
$$;

/*
 * How many seats of a session are free now. Definer: told without telling who has the others.
 */
create function scheduling.free_seats(business_id uuid, session_id uuid, capacity integer)
returns integer
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return free_seats.capacity - count(*)
    from scheduling.seats
    where
        seats.business_id = free_seats.business_id
        and seats.session_id = free_seats.session_id
        and seats.is_blocking
        and (seats.expires_at is null or seats.expires_at > private.now());
end;
$$;

/*
 * Day by day, what of a service can be had: how many sessions a class has (null for what is given
 * at any time), how many starts are free, and seats. Definer: counts sessions of businesses that
 * the caller need not be a member of.
 *
 * Errors:  PT404 not_found · PT409 not_bookable
 */
create function scheduling.days(
    service_id uuid,
    first_day date,
    last_day date,
    resource_id uuid,
    party_size integer,
    link_token text default null
)
returns table (
    day date, total_slots integer, available_slots integer, total_seats integer, free_seats integer
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.visible_service(
        days.service_id,
        has_link => (scheduling.link_of(days.link_token, days.service_id)).id is not null
    );
    v_time_zone text = (
        select businesses.time_zone
        from business.businesses
        where businesses.id = v_service.business_id
    );
    v_during tstzrange = tstzrange(
        days.first_day::timestamp at time zone v_time_zone,
        (days.last_day + 1)::timestamp at time zone v_time_zone
    );
begin
    return query
    with given as (
        select
            (sessions.starts_at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(sessions.capacity)::integer as seats
        from scheduling.sessions
        where
            v_service.is_class
            and sessions.business_id = v_service.business_id
            and sessions.service_id = v_service.id
            and sessions.starts_at >= lower(v_during)
            and sessions.starts_at < upper(v_during)
            and (days.resource_id is null or sessions.resource_id = days.resource_id)
        group by 1
    ),

    free as (
        select
            (offer.at at time zone v_time_zone)::date as day,
            count(*)::integer as slots,
            sum(offer.remaining)::integer as seats
        from scheduling.offers(
            v_service.id, v_during::tstzmultirange, days.resource_id, days.party_size, v_service.duration_minutes
        ) as offer
        where offer.is_leading
        group by 1
    )

    select
        dates.day::date,
        case when v_service.is_class then coalesce(given.slots, 0) end,
        coalesce(free.slots, 0),
        case when v_service.is_class then coalesce(given.seats, 0) end,
        case when v_service.is_class then coalesce(free.seats, 0) end
    from generate_series(
        days.first_day::timestamp, days.last_day::timestamp, interval '1 day'
    ) as dates (day)
    left join given on given.day = dates.day::date
    left join free on free.day = dates.day::date
    order by dates.day;
end;
$$;

-- sql/40_scheduling/functions/9_series.sql

-- Series: each wall clock of a rule becomes a booking of its own; they move and end together.

/*
 * Book a service again and again, as a rule says: the wall clock stays the same across clock
 * changes. `skips`: dates that cannot be had are left out and noted on the series; otherwise one is
 * enough to refuse them all. Definer: as scheduling.place.
 *
 * Errors:  PT400 invalid_input, and those of scheduling.place
 */
create function scheduling.place_series(
    wish scheduling.wish, rrule text, coupon_code text, notes text, skips boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_leg scheduling.leg;
    v_legs scheduling.leg[];
    v_offers scheduling.offer[];
    v_limits catalog.booking_limits[];
    v_series scheduling.booking_series;
    v_conflicts jsonb;
    v_lost jsonb;
begin
    v_series.customer_id = private.signed_in_user();
    v_leg = (scheduling.legs(array[wish]))[1];
    v_leg.answers = scheduling.answered(v_leg.service_id, v_leg.answers);
    v_series.id = gen_random_uuid();
    v_series.business_id = v_leg.business_id;
    v_series.service_id = v_leg.service_id;
    v_series.rrule = upper(btrim(place_series.rrule));
    select businesses.time_zone into v_series.time_zone
    from business.businesses
    where businesses.id = v_leg.business_id;
    v_series.first_at = v_leg.starts_at at time zone v_series.time_zone;
    v_legs = scheduling.repeated_legs(v_leg, v_series);

    select found.legs, found.offers, found.conflicts
    into v_legs, v_offers, v_conflicts
    from scheduling.free_legs(v_legs) as found;
    perform scheduling.refuse_conflicts(v_conflicts, skips and v_legs <> '{}');
    -- All that any occurrence may take, in one order, before the first of them is written.
    v_limits = scheduling.lock_for(v_legs, v_offers, null);

    insert into scheduling.booking_series (
        id, business_id, customer_id, service_id, rrule, first_at, time_zone
    )
    values (
        v_series.id, v_series.business_id, v_series.customer_id, v_series.service_id, v_series.rrule,
        v_series.first_at, v_series.time_zone
    );
    v_lost = scheduling.write_occurrences(
        v_series.id, v_legs, v_offers, v_limits, coupon_code, notes
    );
    v_conflicts = v_conflicts || v_lost;
    perform scheduling.refuse_conflicts(
        v_conflicts, skips and jsonb_array_length(v_lost) < cardinality(v_legs)
    );
    update scheduling.booking_series
    set conflicts = v_conflicts
    where booking_series.id = v_series.id and v_conflicts <> '[]';
    return v_series.id;
end;
$$;

/*
 * The leg of a series at each of its occurrences: the first is the leg itself, whichever of two
 * instants with the same wall clock it is at.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.repeated_legs(leg scheduling.leg, series scheduling.booking_series)
returns scheduling.leg[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rule scheduling.recurrence = scheduling.to_recurrence(series.rrule, series.time_zone);
    v_clocks timestamp[] = array(
        select scheduling.occurrences(v_rule, series.first_at, series.time_zone)
    );
    v_clock timestamp;
    v_leg scheduling.leg = leg;
    v_legs scheduling.leg[] = array[leg];
begin
    if v_clocks[1] is distinct from series.first_at then
        perform private.invalid('starts_at', 'must be the first occurrence of rrule');
    end if;
    if cardinality(v_clocks) > 366 then
        perform private.invalid('rrule', 'must have at most 366 occurrences');
    end if;
    foreach v_clock in array v_clocks[2:] loop
        v_leg.starts_at = v_clock at time zone series.time_zone;
        v_leg.ends_at = v_leg.starts_at + make_interval(mins => leg.minutes);
        v_legs = v_legs || v_leg;
    end loop;
    return v_legs;
end;
$$;

/*
 * Which of the legs of a series can be had, who could give them, and why the others cannot:
 * [{starts_at, reason}]. All that they have of their own is when.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.free_legs(
    wanted scheduling.leg[],
    out legs scheduling.leg[],
    out offers scheduling.offer[],
    out conflicts jsonb
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_starts timestamptz[];
    v_leg scheduling.leg;
    v_reason text;
begin
    offers = array(
        select offer
        from scheduling.offers(
            wanted[1].service_id,
            (
                select range_agg(tstzrange(leg.starts_at, leg.starts_at, '[]'))
                from unnest(wanted) as leg
            ),
            wanted[1].resource_id,
            wanted[1].party_size,
            wanted[1].minutes
        ) as offer
    );
    v_starts = array(select distinct offer.at from unnest(offers) as offer);
    legs = array(select leg from unnest(wanted) as leg where leg.starts_at = any(v_starts));
    conflicts = '[]';
    for v_leg in
        select leg.* from unnest(wanted) as leg where leg.starts_at <> all(v_starts)
    loop
        begin
            perform scheduling.refuse_start(v_leg, null);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                -- No date will do.
                if v_reason = 'not_eligible' then
                    raise;
                end if;
                conflicts = conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
end;
$$;

/*
 * An occurrence that cannot be had, as the series keeps it.
 */
create function scheduling.conflict(leg scheduling.leg, reason text)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(jsonb_build_object('starts_at', leg.starts_at, 'reason', reason));
end;
$$;

/*
 * One date that cannot be had refuses all, unless such dates are skipped and another is left.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.refuse_conflicts(conflicts jsonb, are_skipped boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if conflicts = '[]' or are_skipped then
        return;
    end if;
    perform private.refuse(
        'PT409', 'slot_taken',
        format(
            'These dates cannot be had: %s.',
            (
                select string_agg(
                    to_char(
                        (conflict.value ->> 'starts_at')::timestamptz at time zone 'UTC',
                        'YYYY-MM-DD"T"HH24:MI"Z"'
                    )
                    || ' (' || (conflict.value ->> 'reason') || ')',
                    ', '
                    order by conflict.value ->> 'starts_at'
                )
                from jsonb_array_elements(conflicts) as conflict (value)
            )
        ),
        'Choose another time, or send on_conflict skip to leave these dates out.'
    );
end;
$$;

/*
 * Write the occurrences of a series, each a booking; gives those that were lost meanwhile, or are
 * over a limit together with the ones before. People hear of the first.
 */
create function scheduling.write_occurrences(
    series_id uuid,
    legs scheduling.leg[],
    offers scheduling.offer[],
    limits catalog.booking_limits[],
    coupon_code text,
    notes text
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_conflicts jsonb = '[]';
    v_customer identity.profiles = scheduling.caller();
    v_leg scheduling.leg;
    v_offers scheduling.offer[];
    v_reason text;
begin
    for v_offers in
        select array_agg(offer) from unnest(offers) as offer group by offer.at order by offer.at
    loop
        v_leg = (select leg from unnest(legs) as leg where leg.starts_at = v_offers[1].at);
        begin
            perform scheduling.write(
                array[v_leg],
                v_offers,
                limits,
                pricing.quote(array[v_leg], coupon_code, 0),
                notes,
                false,
                series_id,
                v_customer
            );
            perform set_config('frontdesk.is_repeated', 'yes', true);
        exception
            when sqlstate 'PT409' or sqlstate 'PT422' then
                get stacked diagnostics v_reason = pg_exception_detail;
                v_conflicts = v_conflicts || scheduling.conflict(v_leg, v_reason);
        end;
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
    return v_conflicts;
end;
$$;

/*
 * The bookings of a series that lie ahead and can still change, from one of them on: locked, with
 * all that they take and may take, for whoever may act on them.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.claim_series(
    series_id uuid, from_booking_id uuid, for_new_time boolean
)
returns scheduling.bookings[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[];
begin
    if not private.is_operator() then
        perform private.signed_in_user();
    end if;
    v_bookings = array(
        select bookings
        from scheduling.booking_series
        inner join scheduling.bookings
            on
                bookings.business_id = booking_series.business_id
                and bookings.series_id = booking_series.id
        left join scheduling.bookings as anchor on anchor.id = claim_series.from_booking_id
        where
            booking_series.id = claim_series.series_id
            and scheduling.actors(bookings) <> '{}'
            and bookings.status in ('held', 'pending_payment', 'pending', 'confirmed')
            and bookings.starts_at > private.now()
            and (claim_series.from_booking_id is null or bookings.starts_at >= anchor.starts_at)
        order by bookings.starts_at
    );
    if v_bookings = '{}' and not exists (
        select 1
        from scheduling.booking_series
        where
            booking_series.id = claim_series.series_id
            and (
                booking_series.customer_id = auth.uid()
                or booking_series.business_id in (select private.my_businesses('view'))
                or private.is_operator()
            )
    ) or v_bookings <> '{}' and claim_series.from_booking_id is not null
        and v_bookings[1].id <> claim_series.from_booking_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such series, or no such booking in it.',
            'Read booking_series for those that you can see.'
        );
    end if;
    if v_bookings = '{}' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'Nothing of this series lies ahead that can be changed.',
            'Read its bookings again.'
        );
    end if;
    perform scheduling.lock(
        array(
            select resource.id
            from unnest(v_bookings) as booking
            cross join lateral unnest(scheduling.resources_of(booking.id)) as resource (id)
            union
            -- What limits may be counted by.
            select subject.id
            from unnest(array[v_bookings[1].business_id, v_bookings[1].customer_id]) as subject (id)
            where subject.id is not null
            union
            select booking_items.service_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            union
            select service_resources.resource_id
            from unnest(v_bookings) as booking
            inner join scheduling.booking_items
                on
                    booking_items.business_id = booking.business_id
                    and booking_items.booking_id = booking.id
            inner join catalog.service_resources
                on service_resources.service_id = booking_items.service_id
            where claim_series.for_new_time
        )
    );
    return v_bookings;
end;
$$;

/*
 * Call off what of a series lies ahead, from one booking on.
 * Definer: as scheduling.step.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition hold_expired changed_meanwhile
 */
create function scheduling.cancel_series(series_id uuid, from_booking_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    foreach v_booking in array scheduling.claim_series(series_id, from_booking_id, false) loop
        perform scheduling.step(v_booking.id, 'cancelled', '{customer,business}', reason);
        perform set_config('frontdesk.is_repeated', 'yes', true);
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
end;
$$;

/*
 * Move what of a series lies ahead, from one booking on, by as much as its first booking moves on
 * the wall clock: all or nothing. Later ones first where the move goes forward, so that none stands
 * in the way of another. Definer: as scheduling.move.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken invalid_transition hold_expired changed_meanwhile not_bookable
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached too_late
 */
create function scheduling.move_series(
    series_id uuid, starts_at timestamptz, from_booking_id uuid, resource_id uuid
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_bookings scheduling.bookings[] = scheduling.claim_series(series_id, from_booking_id, true);
    v_time_zone text;
    v_shift interval;
    v_booking scheduling.bookings;
begin
    select booking_series.time_zone into v_time_zone
    from scheduling.booking_series
    where booking_series.id = move_series.series_id;
    v_shift = (move_series.starts_at at time zone v_time_zone)
    - (v_bookings[1].starts_at at time zone v_time_zone);
    for v_booking in
        select booking.*
        from unnest(v_bookings) as booking
        order by
            case when v_shift > interval '0' then booking.starts_at end desc,
            booking.starts_at
    loop
        perform scheduling.move(
            v_booking.id,
            case
                when v_booking.id = v_bookings[1].id then move_series.starts_at
                when v_shift = interval '0' then v_booking.starts_at
                else (v_booking.starts_at at time zone v_time_zone + v_shift) at time zone v_time_zone
            end,
            move_series.resource_id,
            '{customer,business}'
        );
        perform set_config('frontdesk.is_repeated', 'yes', true);
    end loop;
    perform set_config('frontdesk.is_repeated', '', true);
end;
$$;

-- sql/40_scheduling/functions/9_unbookable.sql

-- Services that look as if they could be booked and never can: what the operator is told about.

/*
 * The longest time in which an owner of hours (a resource, or a business for those who follow it)
 * is open without a break, in minutes: by the week, whose days may touch and whose end touches its
 * beginning, or on special days that are still to come.
 */
create function scheduling.longest_openings()
returns table (owner_id uuid, weekly_minutes integer, special_minutes integer)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with weeks as (
        select
            coalesce(working_hours.resource_id, working_hours.business_id) as owner_id,
            range_agg(
                int4range(
                    week.minute + extract(epoch from working_hours.opens_at)::integer / 60,
                    week.minute + extract(epoch from working_hours.closes_at)::integer / 60
                )
            ) as minutes
        from catalog.working_hours
        cross join lateral (
            values ((working_hours.weekday - 1) * 1440), ((working_hours.weekday + 6) * 1440)
        ) as week (minute)
        group by 1
    ),

    longest as (
        select
            weeks.owner_id,
            max(upper(opening) - lower(opening)) as weekly_minutes,
            null::integer as special_minutes
        from weeks
        cross join lateral unnest(weeks.minutes) as opening
        group by weeks.owner_id
        union all
        select
            coalesce(schedule_exceptions.resource_id, schedule_exceptions.business_id),
            null,
            extract(epoch from schedule_exceptions.closes_at - schedule_exceptions.opens_at)::integer
            / 60
        from catalog.schedule_exceptions
        where
            schedule_exceptions.opens_at is not null
            and schedule_exceptions.ends_on >= (private.now() at time zone 'UTC')::date - 1
    )

    select
        longest.owner_id,
        max(longest.weekly_minutes),
        max(longest.special_minutes)
    from longest
    group by longest.owner_id;
end;
$$;

/*
 * Pools of services of which nobody can ever give the service, and why: nobody who is active
 * (no_resource), nobody with so many places (too_small), with any hours (no_hours), with an opening
 * as long as the service (too_short). Add-ons are not counted.
 */
create function scheduling.unbookable_pools()
returns table (service_id uuid, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with openings as materialized (
        select * from scheduling.longest_openings()
    ),

    candidates as (
        select
            services.id as service_id,
            case service_resources.mode
                when 'all' then service_resources.resource_id::text
                else service_resources.pool
            end as pool,
            coalesce(resources.is_active, false) as is_active,
            resources.capacity >= service_resources.quantity as is_big,
            case
                when
                    resources.kind <> 'staff'
                    and own.weekly_minutes is null
                    and shared.weekly_minutes is null then 2147483647
                else greatest(
                    coalesce(own.weekly_minutes, shared.weekly_minutes),
                    own.special_minutes,
                    shared.special_minutes
                )
            end as minutes,
            services.duration_minutes
        from catalog.services
        left join catalog.service_resources on service_resources.service_id = services.id
        left join catalog.resources on resources.id = service_resources.resource_id
        left join openings as own on own.owner_id = resources.id
        left join openings as shared on shared.owner_id = services.business_id
        where not services.is_class
    ),

    pools as (
        select
            candidates.service_id,
            bool_or(candidates.is_active) as somebody,
            bool_or(candidates.is_active and candidates.is_big) as big,
            bool_or(candidates.is_active and candidates.is_big and candidates.minutes > 0) as ever,
            bool_or(
                candidates.is_active
                and candidates.is_big
                and candidates.minutes >= candidates.duration_minutes
            ) as enough
        from candidates
        group by candidates.service_id, candidates.pool
    )

    select distinct
        pools.service_id,
        case
            when not pools.somebody then 'no_resource'
            when not pools.big then 'too_small'
            when pools.ever is not true then 'no_hours'
            else 'too_short'
        end
    from pools
    where pools.enough is not true;
end;
$$;

/*
 * Active services of businesses that are open to the public which can never be booked, and why:
 * as scheduling.unbookable_pools, a class without a session to come (no_session), bookable until a
 * day that is gone (over), a notice that reaches past the advance (notice_past_advance), a limit
 * that leaves no room for one (limit_of_none).
 */
create function scheduling.unbookable()
returns table (business text, service text, problem text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    with problems as (
        select
            pools.service_id,
            pools.problem
        from scheduling.unbookable_pools() as pools
        union all
        select
            services.id,
            'no_session'
        from catalog.services
        where
            services.is_class
            and not exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = services.id
                    and sessions.starts_at > private.now()
            )
        union all
        select
            services.id,
            'over'
        from catalog.services
        inner join business.businesses on businesses.id = services.business_id
        where services.bookable_until < (private.now() at time zone businesses.time_zone)::date
        union all
        select
            services.id,
            'notice_past_advance'
        from catalog.services
        where services.min_notice_minutes >= (services.max_advance_days + 1) * 1440
        union all
        select
            services.id,
            'limit_of_none'
        from catalog.services
        inner join catalog.booking_limits on booking_limits.service_id = services.id
        where
            booking_limits.max_bookings = 0
            or booking_limits.max_minutes < services.duration_minutes
    )

    select distinct
        businesses.name,
        services.name,
        problems.problem
    from problems
    inner join catalog.services on services.id = problems.service_id
    inner join business.businesses on businesses.id = services.business_id
    where
        services.is_active
        and services.archived_at is null
        and businesses.is_active
        and businesses.status = 'approved'
    order by 1, 2, 3;
end;
$$;

-- sql/40_scheduling/functions/9_waitlist.sql

-- The waitlist. Time that becomes free is offered to those who wait, in turn, before anybody else
-- can have it.

/*
 * Wait for a service to become free. Definer: nobody has an insert grant on entries.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_bookable already_waiting · PT422 not_eligible limit_reached
 */
create function scheduling.join_waitlist(
    service_id uuid, during tstzrange, resource_id uuid, party_size integer
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = private.signed_in_user();
    v_service catalog.services = scheduling.visible_service(join_waitlist.service_id);
    v_id uuid = gen_random_uuid();
begin
    if join_waitlist.party_size > v_service.max_party_size then
        perform private.invalid('party_size', format('must be at most %s', v_service.max_party_size));
    end if;
    if upper(join_waitlist.during) <= private.now() then
        perform private.invalid('to_at', 'must be in the future');
    end if;
    if join_waitlist.resource_id is not null and not exists (
        select 1
        from scheduling.needs(v_service.id, join_waitlist.resource_id, 1)
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service.',
            'Read service_resources for those that do, or leave resource_id out.'
        );
    end if;
    -- One at a time: two inserts that meet in the constraint would wait for each other.
    perform scheduling.lock(array[v_customer_id]);
    if (
        select count(*)
        from scheduling.waitlist_entries
        where
            waitlist_entries.customer_id = v_customer_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > private.now()
    ) >= 50 then
        perform private.refuse(
            'PT422', 'limit_reached', 'You wait for fifty things already.', 'Leave one of them first.'
        );
    end if;
    insert into scheduling.waitlist_entries (
        id, business_id, service_id, resource_id, customer_id, during, party_size, created_at
    )
    values (
        v_id, v_service.business_id, v_service.id, join_waitlist.resource_id, v_customer_id,
        join_waitlist.during, join_waitlist.party_size, private.now()
    );
    return v_id;
exception
    when exclusion_violation then
        perform private.refuse(
            'PT409', 'already_waiting', 'You wait for that already.',
            'Leave the waitlist first to wait for another time.'
        );
        return null;
end;
$$;

/*
 * Time of a booking has become free: offer it to the first who waits for something that fits into
 * it, and after them to the others who would take the very same. Nothing happens where nobody
 * waits. Where somebody else is at the resources, a worker looks again, so that nobody waits here.
 * Definer: called in steps of whoever frees the time, and by the worker.
 */
create function scheduling.offer_freed(business_id uuid, freed tstzrange)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_entry scheduling.waitlist_entries;
    v_service catalog.services;
    v_offers scheduling.offer[];
begin
    for v_entry in
        select waitlist_entries.*
        from scheduling.waitlist_entries
        where
            waitlist_entries.business_id = offer_freed.business_id
            and waitlist_entries.status = 'waiting'
            and upper(waitlist_entries.during) > v_now
            and waitlist_entries.during && tstzrange(
                lower(offer_freed.freed) - interval '3 days',
                upper(offer_freed.freed) + interval '1 day'
            )
            and not exists (
                select 1
                from scheduling.waitlist_offers
                where
                    waitlist_offers.business_id = waitlist_entries.business_id
                    and waitlist_offers.entry_id = waitlist_entries.id
                    and waitlist_offers.expires_at > v_now
            )
        order by waitlist_entries.turn
    loop
        v_service = scheduling.bookable_service(v_entry.service_id);
        continue when v_service.id is null or v_service.visibility = 'hidden';
        v_offers = scheduling.offers_within(v_entry, v_service, offer_freed.freed);
        continue when v_offers = '{}';
        if scheduling.try_lock(
            array(select coalesce(offer.session_id, offer.id) from unnest(v_offers) as offer)
        ) then
            perform scheduling.hold_for_waitlist(v_entry, v_service, v_offers);
        else
            perform private.emit(
                'waitlist.freed',
                jsonb_build_object(
                    'business_id', offer_freed.business_id,
                    'from_at', lower(offer_freed.freed),
                    'to_at', upper(offer_freed.freed)
                )
            );
        end if;
        return;
    end loop;
end;
$$;

/*
 * What a booking took has become free. Of a hold of the waitlist's own everybody was told already.
 */
create function scheduling.offer_time_of(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if booking.customer_id is null and booking.customer_email is null then
        return;
    end if;
    perform scheduling.offer_freed(
        booking.business_id, tstzrange(booking.starts_at, booking.ends_at)
    );
end;
$$;

/*
 * Who could give what an entry waits for at its first start that uses some freed time.
 */
create function scheduling.offers_within(
    entry scheduling.waitlist_entries, service catalog.services, freed tstzrange
)
returns scheduling.offer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_starts tstzrange = tstzrange(
        lower(freed) - make_interval(mins => service.duration_minutes + service.buffer_after_minutes),
        upper(freed) + make_interval(mins => service.buffer_before_minutes),
        '()'
    ) * entry.during;
begin
    if isempty(v_starts) then
        return '{}'::scheduling.offer[];
    end if;
    return array(
        with found as materialized (
            select offer
            from scheduling.offers(
                entry.service_id, v_starts::tstzmultirange, entry.resource_id, entry.party_size,
                service.duration_minutes
            ) as offer
        )

        select found.offer
        from found
        where (found.offer).at = (select min((first.offer).at) from found as first)
    );
end;
$$;

/*
 * Lock as scheduling.lock does, but without waiting: false where somebody else has a lock. For who
 * holds locks already and must not wait out of order.
 */
create function scheduling.try_lock(ids uuid[])
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

/*
 * Hold what can be had for those who wait for it, one after another, at most ten and no longer than
 * until it starts.
 */
create function scheduling.hold_for_waitlist(
    entry scheduling.waitlist_entries, service catalog.services, offers scheduling.offer[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_each interval = make_interval(mins => service.offer_minutes);
    v_start timestamptz = offers[1].at;
    v_legs scheduling.leg[] = array[
        scheduling.leg(
            row(
                service.id, v_start, null, entry.resource_id, '{}', entry.party_size, null, null
            )::scheduling.wish
        )
    ];
    v_turns uuid[] = array(
        select waiting.id
        from scheduling.waitlist_entries as waiting
        where
            waiting.business_id = entry.business_id
            and waiting.service_id = entry.service_id
            and waiting.status = 'waiting'
            and waiting.turn >= entry.turn
            and waiting.during @> v_start
            and waiting.resource_id is not distinct from entry.resource_id
            and waiting.party_size = entry.party_size
        order by waiting.turn
        limit 10
    );
    v_last integer = least(
        cardinality(v_turns), ceil(extract(epoch from v_start - v_now) / extract(epoch from v_each))
    );
    v_booking scheduling.bookings;
begin
    v_legs[1].answers = '[]';
    v_booking = scheduling.write_booking(
        v_legs, pricing.quote(v_legs, null, 0), null, least(v_now + v_last * v_each, v_start), null,
        null::identity.profiles
    );
    perform scheduling.write_item(v_booking, v_legs, 1, offers);
    insert into scheduling.waitlist_offers (
        business_id, entry_id, booking_id, starts_at, opens_at, expires_at
    )
    select
        entry.business_id,
        turns.entry_id,
        v_booking.id,
        v_start,
        v_now + (turns.number - 1) * v_each,
        least(v_now + turns.number * v_each, v_start)
    from unnest(v_turns) with ordinality as turns (entry_id, number)
    where turns.number <= v_last;
    perform scheduling.announce_turns(v_booking);
end;
$$;

/*
 * Tell each whose turn will come when it does. Nobody is told twice, and nobody whose turn has
 * gone: it is looked at again then.
 */
create function scheduling.announce_turns(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'waitlist.offered',
        jsonb_build_object(
            'booking_id', waitlist_offers.booking_id,
            'business_id', waitlist_offers.business_id,
            'entry_id', waitlist_offers.entry_id,
            'to_starts_at', waitlist_offers.starts_at
        ),
        nullif(waitlist_offers.opens_at, private.now())
    )
    from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = booking.business_id
        and waitlist_offers.booking_id = booking.id
        and waitlist_offers.told_at is null
        and waitlist_offers.expires_at > private.now();
end;
$$;

/*
 * The entry of the caller.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function scheduling.claim_entry(entry_id uuid)
returns scheduling.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from scheduling.waitlist_entries
    where
        waitlist_entries.id = claim_entry.entry_id
        and waitlist_entries.customer_id = private.signed_in_user();
    if v_entry.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You do not wait for that.', 'Read waitlist_entries for what you do.'
        );
    end if;
    return v_entry;
end;
$$;

/*
 * The hold in which an entry has a turn that is not over, locked with its resources and with who
 * waits; nothing where it has none.
 */
create function scheduling.claim_turn(entry scheduling.waitlist_entries)
returns scheduling.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.waitlist_offers
    inner join scheduling.bookings
        on
            bookings.business_id = waitlist_offers.business_id
            and bookings.id = waitlist_offers.booking_id
    where
        waitlist_offers.business_id = entry.business_id
        and waitlist_offers.entry_id = entry.id
        and waitlist_offers.expires_at > private.now()
    order by waitlist_offers.opens_at
    limit 1;
    if v_booking.id is null then
        return null;
    end if;
    perform scheduling.lock(scheduling.resources_of(v_booking.id) || entry.customer_id);
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_booking.id
    for update;
    return v_booking;
end;
$$;

/*
 * Accept what is offered: the hold becomes the caller's booking, by update, in its turn.
 * Definer: as scheduling.step.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 offer_expired invalid_transition
 *          PT422 limit_reached
 */
create function scheduling.accept_offer(entry_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    if v_entry.status = 'accepted' then
        return v_entry.booking_id;
    end if;
    if v_booking.status is distinct from 'held' or not exists (
        select 1
        from scheduling.waitlist_offers
        where
            waitlist_offers.booking_id = v_booking.id
            and waitlist_offers.entry_id = v_entry.id
            and waitlist_offers.opens_at <= private.now()
            and waitlist_offers.expires_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'offer_expired', 'Nothing is offered to you now.',
            'Wait for the next offer: you keep your turn.'
        );
    end if;
    -- First whose it is, then the step that they take.
    update scheduling.bookings
    set
        customer_id = profiles.id,
        customer_name = profiles.full_name,
        customer_email = profiles.email,
        customer_phone = profiles.phone
    from identity.profiles
    where bookings.id = v_booking.id and profiles.id = v_entry.customer_id
    returning bookings.* into v_booking;
    perform scheduling.refuse_passed_by_customer(v_booking);
    update scheduling.waitlist_entries
    set status = 'accepted', booking_id = v_booking.id
    where waitlist_entries.id = v_entry.id;
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = v_booking.id;
    return scheduling.step(v_booking.id, 'confirmed', '{customer}', null);
end;
$$;

/*
 * Wait no longer. What was offered passes on to the next at once.
 * Definer: nobody has an update grant on entries.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function scheduling.leave_waitlist(entry_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_entry scheduling.waitlist_entries = scheduling.claim_entry(entry_id);
    v_booking scheduling.bookings = scheduling.claim_turn(v_entry);
begin
    update scheduling.waitlist_entries
    set status = 'left'
    where waitlist_entries.id = v_entry.id and waitlist_entries.status = 'waiting';
    if not found then
        if v_entry.status = 'accepted' then
            perform private.refuse(
                'PT409', 'invalid_transition', 'You have accepted already.',
                'Cancel the booking instead.'
            );
        end if;
        return;
    end if;
    if v_booking.status = 'held' then
        perform scheduling.pass_on(v_booking, v_entry.id);
    end if;
end;
$$;

/*
 * Take one entry out of the turns of a hold: those after it come earlier. After the last the time
 * is anybody's.
 */
create function scheduling.pass_on(booking scheduling.bookings, entry_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
    v_gone scheduling.waitlist_offers;
    v_saved interval;
    v_until timestamptz;
begin
    delete from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.entry_id = pass_on.entry_id
    returning waitlist_offers.* into v_gone;
    v_saved = v_gone.expires_at - greatest(v_gone.opens_at, v_now);
    update scheduling.waitlist_offers
    set
        opens_at = waitlist_offers.opens_at - v_saved,
        expires_at = waitlist_offers.expires_at - v_saved
    where waitlist_offers.booking_id = booking.id and waitlist_offers.opens_at >= v_gone.expires_at;
    select max(waitlist_offers.expires_at) into v_until
    from scheduling.waitlist_offers
    where waitlist_offers.booking_id = booking.id and waitlist_offers.expires_at > v_now;
    if v_until is null then
        update scheduling.bookings
        set status = 'expired'
        where bookings.id = booking.id;
        return;
    end if;
    update scheduling.bookings
    set hold_expires_at = v_until
    where bookings.id = booking.id;
    perform scheduling.announce_turns(booking);
end;
$$;

-- sql/40_scheduling/rules/1_bookings.sql

-- What holds for bookings on every path, the table owner's included.

/*
 * Only steps that exist, only by whom they are for, only when what guards them is so.
 *
 * Errors:  PT403 forbidden · PT409 invalid_transition · PT422 too_soon
 */
create function scheduling.bookings__refuse_illegal_steps()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_step scheduling.booking_transitions;
begin
    select booking_transitions.* into v_step
    from scheduling.booking_transitions
    where
        booking_transitions.from_status = old.status
        and booking_transitions.to_status = new.status;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A booking that is %s cannot become %s.', old.status, new.status),
            'Read the booking again and see what it allows.'
        );
    end if;
    -- A hold that runs out is released by whoever comes next, a rival included.
    if new.status <> 'expired'
        and not (v_step.actors || 'system'::scheduling.actor_kind) && scheduling.actors(old) then
        perform private.refuse(
            'PT403', 'forbidden', 'This step is not yours to take.', 'Ask the business to take it.'
        );
    end if;
    if v_step.guard = 'after_start' and private.now() < new.starts_at then
        perform private.refuse(
            'PT422', 'too_soon', 'Nobody is late before the start.', 'Wait for the start.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_illegal_steps
before update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__refuse_illegal_steps();

create trigger _900_touch
before update on scheduling.bookings
for each row execute function private.any__touch();

/*
 * A step that costs something says how much, on every path: a customer who cancels, and nobody who
 * comes. A business that cancels charges nothing; a no-show that is put right costs nothing either.
 */
create function scheduling.bookings__charge_fee()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status = 'cancelled' and (scheduling.actors(old))[1] = 'customer' then
        update scheduling.booking_items
        set cancellation_fee_minor = lines.fee_minor
        from scheduling.fee_lines(old, scheduling.cancellation_terms(old, private.now())) as lines
        where booking_items.id = lines.booking_item_id;
        select coalesce(sum(booking_items.cancellation_fee_minor), 0) into new.cancellation_fee_minor
        from scheduling.booking_items
        where booking_items.business_id = new.business_id and booking_items.booking_id = new.id;
    end if;
    new.no_show_fee_minor = case
        when new.status = 'no_show' then (
            select coalesce(sum(lines.fee_minor), 0)
            from scheduling.fee_lines(old, scheduling.terms_of(old.policy, 'no_show')) as lines
            where not lines.is_cancelled
        )
        else 0
    end;
    return new;
end;
$$;

create trigger _110_charge_fee
before update of status on scheduling.bookings
for each row
when (
    old.status is distinct from new.status
    and (new.status in ('cancelled', 'no_show') or old.status = 'no_show')
)
execute function scheduling.bookings__charge_fee();

/*
 * The time that a booking takes follows its status: it is given back, or taken for good, or, for a
 * request that did not block, taken now, if it is still free.
 *
 * Errors:  PT409 slot_taken
 */
create function scheduling.bookings__follow_with_allocations()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if new.status in ('confirmed', 'checked_in', 'completed') then
        perform scheduling.release_expired(
            array_agg(allocations.resource_id), range_merge(range_agg(allocations.during))
        )
        from scheduling.allocations
        where
            allocations.business_id = new.business_id
            and allocations.booking_id = new.id
            and not allocations.is_blocking
        having count(*) > 0;
    end if;

    update scheduling.allocations
    set
        is_blocking = scheduling.is_blocking(new.status, services.is_blocked_by_pending),
        expires_at = case
            when new.status in ('held', 'pending_payment') then new.hold_expires_at
        end
    from scheduling.booking_items
    inner join catalog.services on services.id = booking_items.service_id
    where
        allocations.business_id = new.business_id
        and allocations.booking_id = new.id
        and booking_items.id = allocations.booking_item_id;
    perform scheduling.follow_with_seats(new);
    return null;
exception
    when exclusion_violation then
        perform scheduling.refuse_taken();
        return null;
end;
$$;

create trigger _200_follow_with_allocations
after update of status on scheduling.bookings
for each row
when (old.status is distinct from new.status)
execute function scheduling.bookings__follow_with_allocations();

/*
 * Every step is written down: who, when, why, from where to where.
 */
create function scheduling.bookings__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_actors scheduling.actor_kind[] = scheduling.actors(new);
begin
    insert into scheduling.booking_history (
        business_id, booking_id, from_status, to_status, from_starts_at, to_starts_at,
        actor, actor_id, reason, at, fee_minor
    )
    values (
        new.business_id,
        new.id,
        case when tg_op = 'UPDATE' then old.status end,
        new.status,
        case when tg_op = 'UPDATE' then old.starts_at end,
        new.starts_at,
        case
            -- A guest who books: the address is theirs to prove before the hold runs out.
            when tg_op = 'INSERT' and v_actors = '{}' and new.customer_email is not null
                and new.customer_id is null then 'customer'
            when new.status = 'expired' or v_actors = '{}' then 'system'
            when tg_op = 'INSERT' and 'customer' = any(v_actors) then 'customer'
            else v_actors[1]
        end,
        case when new.status <> 'expired' then auth.uid() end,
        new.status_reason,
        private.now(),
        case
            when tg_op = 'INSERT' then 0
            when old.status = new.status or old.starts_at <> new.starts_at then
                new.reschedule_fee_minor - old.reschedule_fee_minor
            else
                new.cancellation_fee_minor + new.no_show_fee_minor
                - old.cancellation_fee_minor - old.no_show_fee_minor
        end
    );
    return null;
end;
$$;

create trigger _300_write_history
after insert on scheduling.bookings
for each row execute function scheduling.bookings__write_history();

create trigger _310_write_history
after update of status, starts_at on scheduling.bookings
for each row
when (old.status is distinct from new.status or old.starts_at is distinct from new.starts_at)
execute function scheduling.bookings__write_history();

/*
 * What a booking does by itself next: a hold expires, a request lapses when its time has come.
 * Moving on by any other step calls it off.
 */
create function scheduling.bookings__schedule_next_step()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' then
        delete from scheduling.scheduled_transitions
        where scheduled_transitions.booking_id = new.id;
    end if;
    insert into scheduling.scheduled_transitions (
        booking_id, business_id, from_status, to_status, due_at
    )
    select
        new.id,
        new.business_id,
        booking_transitions.from_status,
        booking_transitions.to_status,
        moments.due_at
    from scheduling.booking_transitions
    cross join lateral (
        select
            case booking_transitions.due
                when 'starts_at' then new.starts_at
                else new.hold_expires_at
            end as due_at
    ) as moments
    where
        booking_transitions.from_status = new.status
        and booking_transitions.due is not null
        and moments.due_at is not null;
    return null;
end;
$$;

create trigger _400_schedule_next_step
after insert on scheduling.bookings
for each row
when (new.status in ('held', 'pending_payment', 'pending'))
execute function scheduling.bookings__schedule_next_step();

create trigger _410_schedule_next_step
after update of status, starts_at, hold_expires_at on scheduling.bookings
for each row
when (
    old.status in ('held', 'pending_payment', 'pending')
    or new.status in ('held', 'pending_payment', 'pending')
)
execute function scheduling.bookings__schedule_next_step();

/*
 * What happened to a booking is announced in the transaction in which it happened, under
 * booking.requested, .confirmed, .moved, .cancelled and so on: `reassigned` where somebody else
 * gives an item, `moved` where only the time changed, `requested` where a booking begins to wait
 * for the business, `released` where a hold ran out, else the new status. `is_repeated`: the same
 * was said of an earlier occurrence of its series.
 */
create function scheduling.booking_history__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'booking.' || case
            when new.booking_item_id is not null then 'item_cancelled'
            when coalesce(new.from_resource_id, new.to_resource_id) is not null then 'reassigned'
            when new.to_status = new.from_status then 'moved'
            when new.to_status = 'pending' then 'requested'
            when new.to_status = 'expired' and new.from_status <> 'pending' then 'released'
            else new.to_status::text
        end,
        jsonb_build_object(
            'booking_id', new.booking_id,
            'business_id', new.business_id,
            'from_status', new.from_status,
            'to_status', new.to_status,
            'from_starts_at', new.from_starts_at,
            'to_starts_at', new.to_starts_at,
            'actor', new.actor,
            'reason', new.reason,
            'fee_minor', new.fee_minor,
            'booking_item_id', new.booking_item_id,
            'is_repeated', current_setting('frontdesk.is_repeated', true) = 'yes'
        )
        || case
            when coalesce(new.from_resource_id, new.to_resource_id) is null then '{}'
            else jsonb_build_object(
                'from_resource_id', new.from_resource_id, 'to_resource_id', new.to_resource_id
            )
        end
    );
    return null;
end;
$$;

/*
 * A service that is cancelled by itself is a step of its booking.
 */
create function scheduling.booking_items__write_history()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into scheduling.booking_history (
        business_id, booking_id, booking_item_id, from_status, to_status, from_starts_at,
        to_starts_at, actor, actor_id, reason, at, fee_minor
    )
    select
        bookings.business_id,
        bookings.id,
        new.id,
        bookings.status,
        bookings.status,
        bookings.starts_at,
        bookings.starts_at,
        coalesce((scheduling.actors(bookings))[1], 'system'),
        auth.uid(),
        bookings.status_reason,
        private.now(),
        new.cancellation_fee_minor
    from scheduling.bookings
    where bookings.id = new.booking_id;
    return null;
end;
$$;

create trigger _300_write_history
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null)
execute function scheduling.booking_items__write_history();

create trigger _500_announce
after insert on scheduling.booking_history
for each row execute function scheduling.booking_history__announce();

create trigger _100_refuse_rewriting
before update or delete on scheduling.booking_history
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_rewriting
before truncate on scheduling.booking_history
for each statement execute function private.any__refuse_rewriting();

create trigger _010_refuse_bad_input
before insert or update on scheduling.booking_notes
for each row execute function private.any__refuse_bad_input('serve');

/*
 * An allocation is of a resource that gives the service of its item or session, and of a place that
 * the resource has. For every path: scheduling.offers asks the same before.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.allocations__refuse_ineligible()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where
            service_resources.service_id = coalesce(
                (
                    select booking_items.service_id
                    from scheduling.booking_items
                    where booking_items.id = new.booking_item_id
                ),
                (select sessions.service_id from scheduling.sessions where sessions.id = new.session_id)
            )
            and service_resources.resource_id = new.resource_id
            and resources.capacity >= new.unit
    ) then
        perform private.refuse(
            'PT422', 'not_eligible', 'That resource does not give this service, or has no such place.',
            'Read service_resources for those that do.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_ineligible
before insert or update of resource_id, unit on scheduling.allocations
for each row execute function scheduling.allocations__refuse_ineligible();

/*
 * What bookings point at stays, so that they can always be read: it is archived or switched off.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.any__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.booking_items
        where
            booking_items.business_id = old.business_id
            and (booking_items.service_id = old.id or booking_items.resource_id = old.id)
    ) or exists (
        select 1
        from scheduling.allocations
        where allocations.business_id = old.business_id and allocations.resource_id = old.id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'There are bookings of it.',
            'Set archived_at of a service or is_active of a resource instead of deleting it.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on catalog.services
for each row execute function scheduling.any__keep_booked();

create trigger _100_keep_booked
before delete on catalog.resources
for each row execute function scheduling.any__keep_booked();

-- sql/40_scheduling/rules/2_sessions.sql

-- What holds for sessions and seats on every path.

create trigger _010_refuse_bad_input
before insert or update on scheduling.sessions
for each row execute function private.any__refuse_bad_input('manage');

/*
 * A session can be made smaller as long as nobody sits on the seats that go. The constraint
 * seats_exist says the same; this says it in words.
 *
 * Errors:  PT409 capacity_in_use
 */
create function scheduling.sessions__keep_taken_seats()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.expire(
        array(
            select distinct seats.booking_id
            from scheduling.seats
            where seats.session_id = new.id and seats.is_blocking and seats.expires_at <= private.now()
        )
    );
    if exists (
        select 1
        from scheduling.seats
        where seats.session_id = new.id and seats.is_blocking and seats.number > new.capacity
    ) then
        perform private.refuse(
            'PT409', 'capacity_in_use', 'More seats than that are booked.',
            'Move or cancel those bookings first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_keep_taken_seats
before update of capacity on scheduling.sessions
for each row
when (new.capacity < old.capacity)
execute function scheduling.sessions__keep_taken_seats();

/*
 * A session that somebody booked stays; what is left of cancelled bookings goes with it. Definer:
 * seats are nobody's to delete.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.sessions__keep_booked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.seats
        inner join scheduling.bookings on bookings.id = seats.booking_id
        where
            seats.session_id = old.id
            and bookings.status not in ('cancelled', 'rejected', 'expired')
            and (seats.expires_at is null or seats.expires_at > private.now())
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'There are bookings of it.', 'Move or cancel those bookings first.'
        );
    end if;
    delete from scheduling.seats
    where seats.business_id = old.business_id and seats.session_id = old.id;
    return old;
end;
$$;

create trigger _100_keep_booked
before delete on scheduling.sessions
for each row execute function scheduling.sessions__keep_booked();

/*
 * A class keeps its length, and stays a class, while sessions of it lie ahead: they were made for
 * that length.
 *
 * Errors:  PT409 in_use
 */
create function scheduling.services__keep_sessions()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from scheduling.sessions
        where
            sessions.business_id = new.business_id
            and sessions.service_id = new.id
            and sessions.starts_at > private.now()
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Sessions of this class lie ahead.',
            'Delete them first, or make another service.'
        );
    end if;
    return new;
end;
$$;

create trigger _110_keep_sessions
before update of duration_minutes, is_class on catalog.services
for each row
when (
    old.is_class
    and (new.duration_minutes <> old.duration_minutes or not new.is_class)
)
execute function scheduling.services__keep_sessions();

-- sql/40_scheduling/rules/3_waitlist.sql

-- What holds for the waitlist on every path.

/*
 * The time that a hold takes ends when the hold does.
 */
create function scheduling.bookings__shorten_hold()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update scheduling.allocations
    set expires_at = new.hold_expires_at
    where allocations.business_id = new.business_id and allocations.booking_id = new.id;
    update scheduling.seats
    set expires_at = new.hold_expires_at
    where seats.business_id = new.business_id and seats.booking_id = new.id;
    return null;
end;
$$;

create trigger _210_shorten_hold
after update of hold_expires_at on scheduling.bookings
for each row
when (
    old.status = new.status
    and new.status in ('held', 'pending_payment')
    and old.hold_expires_at is distinct from new.hold_expires_at
)
execute function scheduling.bookings__shorten_hold();

/*
 * Nothing is offered any more once the hold of an offer is none.
 */
create function scheduling.bookings__end_offers()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from scheduling.waitlist_offers
    where
        waitlist_offers.business_id = new.business_id and waitlist_offers.booking_id = new.id;
    return null;
end;
$$;

create trigger _220_end_offers
after update of status on scheduling.bookings
for each row
when (old.status = 'held' and new.status <> 'held' and new.customer_id is null)
execute function scheduling.bookings__end_offers();

-- sql/40_scheduling/policies/1_bookings.sql

-- Who may read bookings: the customer theirs, members those of their business, the platform's
-- staff all. Nobody writes: functions place, move and step bookings, so that nobody chooses a
-- price, a status or a time. `= any (array(select …))` and not `in (select …)`: beside an `or`
-- only the array can use an index; and no branch that is true or false for all rows, beside which
-- none can.

/*
 * The bookings of the signed-in customer.
 * Definer: what hangs on bookings asks this instead of bookings' own policy, once a statement.
 */
create function private.my_bookings()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select bookings.id
    from scheduling.bookings
    where bookings.customer_id = auth.uid();
end;
$$;
grant execute on function private.my_bookings() to authenticated, service_role;

alter table scheduling.bookings enable row level security;
alter table scheduling.booking_items enable row level security;
alter table scheduling.allocations enable row level security;
alter table scheduling.booking_history enable row level security;
alter table scheduling.booking_notes enable row level security;
alter table scheduling.booking_transitions enable row level security;
alter table scheduling.scheduled_transitions enable row level security;

grant select on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes
to authenticated;
grant insert (id, business_id, booking_id, body), delete
on scheduling.booking_notes to authenticated;
grant select on scheduling.booking_transitions to anon, authenticated;
grant select, insert, update, delete on
scheduling.bookings,
scheduling.booking_items,
scheduling.allocations,
scheduling.booking_history,
scheduling.booking_notes,
scheduling.booking_transitions,
scheduling.scheduled_transitions
to service_role;

create policy bookings_select
on scheduling.bookings
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy booking_items_select
on scheduling.booking_items
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy allocations_select
on scheduling.allocations
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

create policy booking_history_select
on scheduling.booking_history
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

-- Notes are the business's own: not the customer's, not the platform's.
create policy booking_notes_select
on scheduling.booking_notes
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_notes_insert
on scheduling.booking_notes
for insert
to authenticated
with check (business_id in (select private.my_businesses('serve')));

create policy booking_notes_delete
on scheduling.booking_notes
for delete
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy booking_transitions_select
on scheduling.booking_transitions
for select
to anon, authenticated
using (true);

-- scheduled_transitions has no policy: the worker takes its steps through a function.

-- Analysts count bookings; who booked, and what they wrote, is not in the grant.
grant usage on schema scheduling to analyst;
grant select (
    id, business_id, status, starts_at, ends_at, time_zone, party_size, currency, total_minor,
    reschedule_count, created_at
) on scheduling.bookings to analyst;

create policy bookings_select_analyst
on scheduling.bookings
for select
to analyst
using (true);

-- What public functions call. Each checks its caller; none is reachable over HTTP by itself.
grant execute on function
scheduling.place(scheduling.wish[], text, text, boolean),
scheduling.step(uuid, scheduling.booking_status, scheduling.actor_kind[], text),
scheduling.cancel_item(uuid, uuid, scheduling.actor_kind[], text),
scheduling.cancellation_quote(uuid, timestamptz),
scheduling.move(uuid, timestamptz, uuid, scheduling.actor_kind[], text, uuid),
scheduling.legs(scheduling.wish[]),
scheduling.visible_service(uuid, boolean),
scheduling.open_service(uuid),
scheduling.refuse_unseen(),
scheduling.bookable_service(uuid),
scheduling.offers(uuid, tstzmultirange, uuid, integer, integer, uuid),
scheduling.chosen_addons(uuid, uuid[])
to anon, authenticated, service_role;
grant execute on function scheduling.apply_due_transitions(integer) to worker;

-- sql/40_scheduling/policies/2_sessions.sql

-- Sessions are part of what a business offers: who sees a class sees its sessions. Owners and
-- managers change their capacity and delete them; scheduling makes them. Seats are seen as the
-- booking that they belong to, and written by functions only.

alter table scheduling.sessions enable row level security;
alter table scheduling.seats enable row level security;

grant select on table scheduling.sessions to anon;
grant select, delete on table scheduling.sessions to authenticated;
grant update (id, business_id, capacity) on table scheduling.sessions to authenticated;
grant select, insert, update, delete on table scheduling.sessions to service_role;
grant select on table scheduling.seats to authenticated;
grant select, insert, update, delete on table scheduling.seats to service_role;

create policy sessions_select
on scheduling.sessions
for select
to anon, authenticated
using (
    exists (
        select 1
        from catalog.services
        where
            services.business_id = sessions.business_id
            and services.id = sessions.service_id
    )
);

create policy sessions_update
on scheduling.sessions
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy sessions_delete
on scheduling.sessions
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy seats_select
on scheduling.seats
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or booking_id = any(array(select private.my_bookings()))
);

grant execute on function
scheduling.free_seats(uuid, uuid, integer),
scheduling.days(uuid, date, date, uuid, integer, text),
scheduling.session_starts(catalog.services, daterange, integer[], time, time, integer),
scheduling.create_sessions(catalog.services, timestamptz[], uuid, integer)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/3_preferences.sql

-- Whom a customer prefers is theirs to know: not the business's, not the platform's.

alter table scheduling.preferred_resources enable row level security;

grant select on scheduling.preferred_resources to authenticated;
grant select, insert, update, delete on scheduling.preferred_resources to service_role;

create policy preferred_resources_select
on scheduling.preferred_resources
for select
to authenticated
using (customer_id = (select auth.uid()));

grant execute on function scheduling.prefer(uuid, uuid) to anon, authenticated, service_role;

-- sql/40_scheduling/policies/3_series.sql

-- Series are seen as their bookings are, and written by functions only.

alter table scheduling.booking_series enable row level security;
grant select on scheduling.booking_series to authenticated;
grant select, insert, update, delete on scheduling.booking_series to service_role;

create policy booking_series_select
on scheduling.booking_series
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

grant execute on function
scheduling.place_series(scheduling.wish, text, text, text, boolean),
scheduling.cancel_series(uuid, uuid, text),
scheduling.move_series(uuid, timestamptz, uuid, uuid)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/4_waitlist.sql

-- Entries are seen by who waits and by the business; written by functions only.

alter table scheduling.waitlist_entries enable row level security;
alter table scheduling.waitlist_offers enable row level security;
grant select on scheduling.waitlist_entries, scheduling.waitlist_offers to authenticated;
grant select, insert, update, delete on
scheduling.waitlist_entries,
scheduling.waitlist_offers
to service_role;

create policy waitlist_entries_select
on scheduling.waitlist_entries
for select
to authenticated
using (
    customer_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy waitlist_offers_select
on scheduling.waitlist_offers
for select
to authenticated
using (
    entry_id in (
        select waitlist_entries.id
        from scheduling.waitlist_entries
        where waitlist_entries.customer_id = (select auth.uid())
    )
    or business_id = any(array(select private.seen_businesses()))
);

grant execute on function
scheduling.join_waitlist(uuid, tstzrange, uuid, integer),
scheduling.accept_offer(uuid),
scheduling.leave_waitlist(uuid)
to anon, authenticated, service_role;
grant execute on function scheduling.offer_freed(uuid, tstzrange) to worker;

-- sql/40_scheduling/policies/6_calendars.sql

-- Whose feeds one may see and end: one's own, and those of a business that one manages.

alter table scheduling.calendar_feeds enable row level security;
-- Never the hash of the token.
grant select (id, user_id, business_id, resource_id, created_at, rotated_at)
on scheduling.calendar_feeds to authenticated;
-- No writes: create_calendar_feed, rotate_calendar_feed and delete_calendar_feed.
grant select, insert, update, delete on scheduling.calendar_feeds to service_role;

create policy calendar_feeds_select
on scheduling.calendar_feeds
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('manage')))
);

grant usage on schema scheduling to edge;
grant execute on function scheduling.calendar_feed(text) to edge;
grant execute on function
scheduling.create_calendar_feed(uuid, uuid, text),
scheduling.rotate_calendar_feed(uuid, text),
scheduling.delete_calendar_feed(uuid)
to anon, authenticated, service_role;

-- sql/40_scheduling/policies/7_guests.sql

-- Nobody reads or writes the codes of guests: functions do.

alter table scheduling.guest_codes enable row level security;
grant select, insert, update, delete on scheduling.guest_codes to service_role;

grant execute on function
scheduling.request_guest_booking(scheduling.wish, text, text, text, text),
scheduling.request_guest_code(text, text),
scheduling.act_as_guest(text, text, scheduling.booking_status, text, timestamptz, uuid),
scheduling.claim_guest_bookings()
to anon, authenticated, service_role;
grant execute on function scheduling.forget_old_codes() to worker;

-- sql/40_scheduling/api/1_views.sql

-- What clients read about bookings. Nothing here can be written but a note.

create view public.bookings
with (security_invoker = true)
as
select
    bookings.id,
    bookings.business_id,
    bookings.customer_id,
    bookings.series_id,
    bookings.reference,
    bookings.status,
    bookings.starts_at,
    bookings.ends_at,
    bookings.time_zone,
    bookings.party_size,
    bookings.currency,
    bookings.total_minor,
    bookings.quote,
    bookings.policy,
    bookings.customer_name,
    bookings.customer_email,
    bookings.customer_phone,
    bookings.notes,
    bookings.status_reason,
    bookings.hold_expires_at,
    bookings.reschedule_count,
    bookings.created_at,
    bookings.updated_at,
    bookings.cancellation_fee_minor,
    bookings.no_show_fee_minor,
    bookings.reschedule_fee_minor,
    bookings.contact_verified_at
from scheduling.bookings;
grant select on public.bookings to authenticated, service_role;

comment on view public.bookings is
'Bookings: customers see theirs, members those of their business. Page by (starts_at, id). Written
by
book, confirm_booking, cancel_booking and their siblings only.';
comment on column public.bookings.id is 'Key.';
comment on column public.bookings.business_id is 'The business that was booked.';
comment on column public.bookings.customer_id is
'The user who booked; null for a guest, and once their account is gone.';
comment on column public.bookings.contact_verified_at is
'When a guest proved that customer_email is theirs; null for users.';
comment on column public.bookings.series_id is
'The series that it is an occurrence of; null for most.';
comment on column public.bookings.reference is
'8 characters without look-alikes, unique: what a customer reads out.';
comment on column public.bookings.status is
'held, pending_payment, pending, confirmed, checked_in, completed, cancelled, rejected, no_show or
expired.';
comment on column public.bookings.starts_at is 'Start of the first item.';
comment on column public.bookings.ends_at is 'End of the last item.';
comment on column public.bookings.time_zone is 'IANA zone of the business when it was booked.';
comment on column public.bookings.party_size is 'How many guests.';
comment on column public.bookings.currency is 'ISO 4217 code of every amount.';
comment on column public.bookings.total_minor is 'What it costs, in minor units.';
comment on column public.bookings.quote is 'The accepted quote, line by line, as quote gives it.';
comment on column public.bookings.policy is 'The cancellation policy that was accepted.';
comment on column public.bookings.customer_name is
'The customer''s name when it was booked, if known.';
comment on column public.bookings.customer_email is
'The customer''s e-mail address when it was booked.';
comment on column public.bookings.customer_phone is
'The customer''s phone number when it was booked.';
comment on column public.bookings.notes is 'The customer''s special requests.';
comment on column public.bookings.status_reason is
'Why it was rejected, cancelled or moved, if said.';
comment on column public.bookings.hold_expires_at is
'Until when a hold keeps its time; null otherwise.';
comment on column public.bookings.reschedule_count is 'How often the customer moved it.';
comment on column public.bookings.created_at is 'When it was made.';
comment on column public.bookings.updated_at is 'When it was last changed.';
comment on column public.bookings.cancellation_fee_minor is
'What cancelling it, or services of it, cost the customer, by the policy; minor units.';
comment on column public.bookings.no_show_fee_minor is
'What not coming cost the customer, by the policy; minor units.';
comment on column public.bookings.reschedule_fee_minor is
'What moving it late cost the customer, all moves together, beside the total; minor units.';

create view public.booking_items
with (security_invoker = true)
as
select
    booking_items.id,
    booking_items.business_id,
    booking_items.booking_id,
    booking_items.position,
    booking_items.service_id,
    booking_items.resource_id,
    booking_items.starts_at,
    booking_items.ends_at,
    booking_items.duration_minutes,
    booking_items.price_minor,
    booking_items.service_name,
    booking_items.addons,
    booking_items.cancelled_at,
    booking_items.cancellation_fee_minor,
    booking_items.assigned_by,
    booking_items.answers,
    booking_items.private_link_id
from scheduling.booking_items;
grant select on public.booking_items to authenticated, service_role;

comment on view public.booking_items is 'The services of a booking, one after another.';
comment on column public.booking_items.id is 'Key.';
comment on column public.booking_items.business_id is 'The business that was booked.';
comment on column public.booking_items.booking_id is 'The booking.';
comment on column public.booking_items.position is '1 is the first.';
comment on column public.booking_items.service_id is 'The service.';
comment on column public.booking_items.resource_id is
'Who or what gives it: the chosen or assigned resource of the leading pool.';
comment on column public.booking_items.starts_at is 'Start, without buffers.';
comment on column public.booking_items.ends_at is 'End, without buffers.';
comment on column public.booking_items.duration_minutes is 'Length with add-ons, as agreed.';
comment on column public.booking_items.price_minor is
'Price for all guests, with add-ons, in minor units of the booking''s currency, as agreed.';
comment on column public.booking_items.service_name is 'The service''s name when it was booked.';
comment on column public.booking_items.addons is
'The chosen add-ons as they were: [{id, name, price_minor, duration_minutes}].';
comment on column public.booking_items.assigned_by is
'Why it is this resource: customer or business (named it), preferred, past, priority, load, only.';

comment on column public.booking_items.cancelled_at is
'When it was cancelled by itself; it stays as it was agreed, and takes no time.';
comment on column public.booking_items.cancellation_fee_minor is
'What cancelling it cost, by itself or with the booking; null while it is not cancelled, or
where the business cancelled.';
comment on column public.booking_items.private_link_id is
'By which private link it was booked, if by one.';
comment on column public.booking_items.answers is
'What the service asked and what was answered, as it was asked then: [{key, label, kind, value}].';

create view public.allocations
with (security_invoker = true)
as
select
    allocations.business_id,
    allocations.booking_id,
    allocations.booking_item_id,
    allocations.session_id,
    allocations.resource_id,
    allocations.unit,
    lower(allocations.during) as starts_at,
    upper(allocations.during) as ends_at,
    allocations.is_blocking,
    allocations.expires_at
from scheduling.allocations;
grant select on public.allocations to authenticated, service_role;

comment on view public.allocations is
'The time that bookings, and sessions of classes, take from resources, buffers included.';
comment on column public.allocations.business_id is 'The business.';
comment on column public.allocations.booking_id is 'The booking.';
comment on column public.allocations.booking_item_id is 'The item of the booking.';
comment on column public.allocations.session_id is
'The session of a class whose time it is; then there is no booking.';
comment on column public.allocations.resource_id is 'The resource.';
comment on column public.allocations.unit is 'Which of its places, 1 to its capacity.';
comment on column public.allocations.starts_at is 'First moment that is taken.';
comment on column public.allocations.ends_at is 'First moment that is free again.';
comment on column public.allocations.is_blocking is 'Whether it keeps others out.';
comment on column public.allocations.expires_at is
'Until when, for holds; null is until it is over.';

create view public.booking_history
with (security_invoker = true)
as
select
    booking_history.id,
    booking_history.business_id,
    booking_history.booking_id,
    booking_history.from_status,
    booking_history.to_status,
    booking_history.from_starts_at,
    booking_history.to_starts_at,
    booking_history.actor,
    booking_history.actor_id,
    booking_history.reason,
    booking_history.at,
    booking_history.fee_minor,
    booking_history.booking_item_id,
    booking_history.from_resource_id,
    booking_history.to_resource_id
from scheduling.booking_history;
grant select on public.booking_history to authenticated, service_role;

comment on view public.booking_history is 'Every step of every booking. Only ever added to.';
comment on column public.booking_history.id is 'Key, ascending in time.';
comment on column public.booking_history.business_id is 'The business.';
comment on column public.booking_history.booking_id is 'The booking.';
comment on column public.booking_history.from_status is 'Null for the first step.';
comment on column public.booking_history.to_status is 'What it became.';
comment on column public.booking_history.from_starts_at is
'The start before, null for the first step.';
comment on column public.booking_history.to_starts_at is
'The start after; differs when it was moved.';
comment on column public.booking_history.actor is 'customer, business or system.';
comment on column public.booking_history.actor_id is 'The user, if it was one.';
comment on column public.booking_history.reason is 'Why, if said.';
comment on column public.booking_history.at is 'When.';
comment on column public.booking_history.fee_minor is
'What the step cost the customer, in minor units; less than 0 takes back what an earlier one cost.';
comment on column public.booking_history.booking_item_id is
'The one service that was cancelled; null where it is about the whole booking.';
comment on column public.booking_history.from_resource_id is
'Where an item was given to somebody else: who gave it before.';
comment on column public.booking_history.to_resource_id is
'Who gives it since. Both are null in every other step.';

create view public.booking_notes
with (security_invoker = true)
as
select
    booking_notes.id,
    booking_notes.business_id,
    booking_notes.booking_id,
    booking_notes.body,
    booking_notes.author_id,
    booking_notes.created_at
from scheduling.booking_notes;
grant select, insert, delete on public.booking_notes to authenticated, service_role;

comment on view public.booking_notes is
'The business''s private notes on its bookings. Members who serve read and write them; customers
never see them.';
comment on column public.booking_notes.id is 'Key.';
comment on column public.booking_notes.business_id is 'The business.';
comment on column public.booking_notes.booking_id is 'The booking.';
comment on column public.booking_notes.body is 'At most 5000 characters.';
comment on column public.booking_notes.author_id is 'Who wrote it.';
comment on column public.booking_notes.created_at is 'When.';

create view public.booking_transitions
with (security_invoker = true)
as
select
    booking_transitions.from_status,
    booking_transitions.to_status,
    booking_transitions.actors,
    booking_transitions.guard,
    booking_transitions.due
from scheduling.booking_transitions;
grant select on public.booking_transitions to anon, authenticated, service_role;

comment on view public.booking_transitions is
'Every step that a booking can take, who may take it, and what it does by itself.';
comment on column public.booking_transitions.from_status is 'From.';
comment on column public.booking_transitions.to_status is 'To.';
comment on column public.booking_transitions.actors is 'customer, business, system.';
comment on column public.booking_transitions.guard is
'What has to be so: after_start; null is nothing.';
comment on column public.booking_transitions.due is
'When it happens by itself: hold_expires_at or starts_at of the booking; null is never.';

-- How reliable each customer has been with each business, counted from the bookings themselves.
create view public.customer_stats
with (security_invoker = true)
as
select
    bookings.business_id,
    bookings.customer_id,
    count(*) as booking_count,
    count(*) filter (where bookings.status = 'completed') as completed_count,
    count(*) filter (where bookings.status = 'cancelled') as cancelled_count,
    count(*) filter (where bookings.status = 'no_show') as no_show_count
from scheduling.bookings
where bookings.customer_id is not null
group by bookings.business_id, bookings.customer_id;
grant select on public.customer_stats to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.customer_stats
for each row execute function private.any__refuse_writing();

comment on view public.customer_stats is
'Counts of a customer''s bookings with a business, always equal to the bookings. Filter by
business_id.';
comment on column public.customer_stats.business_id is 'The business.';
comment on column public.customer_stats.customer_id is 'The customer.';
comment on column public.customer_stats.booking_count is 'All bookings.';
comment on column public.customer_stats.completed_count is 'Completed ones.';
comment on column public.customer_stats.cancelled_count is 'Cancelled ones.';
comment on column public.customer_stats.no_show_count is 'Those that the customer did not come to.';

-- sql/40_scheduling/api/2_slots.sql

-- What can be booked, and when.

create type public.slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.slot is
'A time at which a service can be had: start and end for the customer, who gives it, free places.';

/*
 * The free starts of a service, one row for each resource that could give it, ordered by time.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.available_slots(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    link_token text default null
)
returns setof public.slot
language plpgsql
stable
security invoker
set search_path = ''
rows 500
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_party_size integer = private.to_whole_number(party_size, 'party_size', 1, 1000);
    v_leg scheduling.leg;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_leg = (
        scheduling.legs(array[
            row(
                v_service_id, null, null, v_resource_id,
                private.to_identifiers(addon_ids, 'addon_ids'), v_party_size, null,
                private.to_text(link_token, 'link_token', 100)
            )::scheduling.wish
        ])
    )[1];
    return query
    select
        offer.at,
        offer.at + make_interval(mins => v_leg.minutes),
        offer.id,
        offer.remaining
    from scheduling.offers(
        v_service_id, tstzmultirange(tstzrange(v_from, v_to)), v_resource_id, v_party_size, v_leg.minutes
    ) as offer
    where offer.is_leading
    order by offer.at, offer.rank;
end;
$$;
grant execute on function public.available_slots(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number,
    public.list, text
) to anon, authenticated, service_role;

comment on function public.available_slots is
'The free starts of a service from from_at (included) to to_at (excluded), at most 62 days: one row
for each
resource that could give it then, ordered by time. What it gives can be booked, what it does not
give cannot.
resource_id: only this resource. party_size: guests, 1 if not sent. addon_ids: add-ons that make it
longer. link_token: of a private link to the service.
Errors: invalid_input 400, not_found 404, link_expired 409.';

-- sql/40_scheduling/api/3_book.sql

-- How clients book. Each function reads its arguments, calls one function of the domain, and gives
-- the booking as the caller may see it.

/*
 * Read the items of book_many and quote: [{service_id, starts_at?, gap_minutes?, resource_id?,
 * addon_ids?, party_size?, answers?, link_token?}].
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_wishes(items text, starts_at timestamptz, party_size integer)
returns scheduling.wish[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_items jsonb = private.to_list(items, 'items', 20);
    v_item jsonb;
    v_wishes scheduling.wish[] = '{}';
begin
    for v_item in select element.value from jsonb_array_elements(v_items) as element (value) loop
        if jsonb_typeof(v_item) <> 'object' then
            perform private.invalid('items', 'must be objects with a service_id');
        end if;
        v_wishes = v_wishes || row(
            private.to_identifier(v_item ->> 'service_id', 'items.service_id'),
            coalesce(
                private.to_instant(v_item ->> 'starts_at', 'items.starts_at', is_required => false),
                case when v_wishes = '{}' then to_wishes.starts_at end
            ),
            private.to_whole_number(
                v_item ->> 'gap_minutes', 'items.gap_minutes', 0, 1440, is_required => false
            ),
            private.to_identifier(v_item ->> 'resource_id', 'items.resource_id', is_required => false),
            private.to_identifiers(v_item ->> 'addon_ids', 'items.addon_ids'),
            coalesce(
                to_wishes.party_size,
                private.to_whole_number(
                    v_item ->> 'party_size', 'items.party_size', 1, 1000, is_required => false
                ),
                1
            ),
            private.to_object(v_item ->> 'answers', 'items.answers'),
            private.to_text(v_item ->> 'link_token', 'items.link_token', 100)
        )::scheduling.wish;
    end loop;
    if v_wishes = '{}' then
        perform private.invalid('items', 'must not be empty');
    end if;
    return v_wishes;
end;
$$;
grant execute on function scheduling.to_wishes(text, timestamptz, integer)
to anon, authenticated, service_role;

/*
 * Place a booking once for an idempotency key, or give the first answer again.
 *
 * Errors:  PT409 idempotency_conflict, and those of scheduling.place
 */
create function scheduling.place_once(
    function_name text,
    wishes scheduling.wish[],
    coupon_code text,
    notes text,
    is_hold boolean,
    idempotency_key text
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_answer jsonb;
    v_id uuid;
    v_booking public.bookings;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            function_name,
            idempotency_key,
            jsonb_build_array(to_jsonb(wishes), coupon_code, place_once.notes, is_hold)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.bookings, v_answer);
        end if;
    end if;

    v_id = scheduling.place(wishes, coupon_code, place_once.notes, is_hold);
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;

    if idempotency_key is not null then
        perform private.remember_answer(function_name, idempotency_key, to_jsonb(v_booking));
    end if;
    return v_booking;
end;
$$;
grant execute on function scheduling.place_once(
    text, scheduling.wish[], text, text, boolean, text
) to anon, authenticated, service_role;

/*
 * Book a service.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 slot_taken not_bookable idempotency_conflict
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          coupon_invalid
 */
create function public.book(
    service_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null,
    answers public.object default null,
    link_token text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.signed_in();
    return scheduling.place_once(
        'book',
        array[
            row(
                private.to_identifier(service_id, 'service_id'),
                private.to_instant(starts_at, 'starts_at'),
                null,
                private.to_identifier(resource_id, 'resource_id', is_required => false),
                private.to_identifiers(addon_ids, 'addon_ids'),
                coalesce(
                    private.to_whole_number(
                        party_size, 'party_size', 1, 1000, is_required => false
                    ),
                    1
                ),
                private.to_object(answers, 'answers'),
                private.to_text(link_token, 'link_token', 100)
            )::scheduling.wish
        ],
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book is
'Book a service at an instant that available_slots gave. resource_id: with whom; without it
somebody free is
assigned. party_size: guests. addon_ids: add-ons. notes: special requests, at most 2000 characters.
hold: only
keep the time for the service''s hold_minutes; confirm_booking makes it a booking. idempotency_key:
sending the
same call again with the same key gives the first answer again, for a day. answers: to the service''s
questions, by
key: {"allergies": "none"}; what is required must be there. link_token: of a private link, for a service that is hidden. Gives the
booking.
Errors: invalid_input 400, not_signed_in 401, not_found 404, slot_taken 409, not_bookable 409,
link_expired 409,
idempotency_conflict 409, not_eligible, too_soon, too_far, outside_hours, blocked_out,
limit_reached,
coupon_invalid 422.';

/*
 * Book several services in sequence: all or nothing.
 *
 * Errors:  those of public.book
 */
create function public.book_many(
    business_id public.identifier,
    items public.list,
    starts_at public.instant default null,
    party_size public.whole_number default '1',
    coupon_code text default null,
    notes text default null,
    hold public.yes_no default 'false',
    idempotency_key text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_wishes scheduling.wish[];
    v_legs scheduling.leg[];
begin
    perform private.signed_in();
    v_wishes = scheduling.to_wishes(
        items,
        private.to_instant(starts_at, 'starts_at', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000)
    );
    if v_wishes[1].starts_at is null then
        perform private.invalid('starts_at', 'is required');
    end if;
    v_legs = scheduling.legs(v_wishes);
    if v_legs[1].business_id <> v_business_id then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service of this business.',
            'Read services for those of the business.'
        );
    end if;
    return scheduling.place_once(
        'book_many',
        v_wishes,
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_text(notes, 'notes', 2000),
        private.to_yes_no(hold, 'hold'),
        idempotency_key
    );
end;
$$;
comment on function public.book_many is
'Book several services of a business in sequence, all or nothing: items are [{service_id,
starts_at?,
gap_minutes?, resource_id?, addon_ids?, answers?, link_token?}]. The first starts at starts_at, each other one when the
one before it
ends, after its gap_minutes, or at its own starts_at. Everything else as in book. Gives the
booking.';

grant execute on function
public.book(
    public.identifier, public.instant, public.identifier, public.whole_number, public.list, text,
    text, public.yes_no, text, public.object, text
),
public.book_many(
    public.identifier, public.list, public.instant, public.whole_number, text, text, public.yes_no,
    text
)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/4_steps.sql

-- What clients may do with a booking that exists. Each function reads its arguments, calls one
-- function of the domain, and gives the booking as the caller may see it.

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function scheduling.take_step(
    booking_id text,
    to_status scheduling.booking_status,
    as_actors scheduling.actor_kind[],
    reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.step(
        private.to_identifier(booking_id, 'booking_id'),
        to_status,
        as_actors,
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
grant execute on function scheduling.take_step(
    text, scheduling.booking_status, scheduling.actor_kind[], text
) to anon, authenticated, service_role;

/*
 * Errors:  those of scheduling.step
 */
create function public.confirm_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'confirmed', '{customer,business}');
end;
comment on function public.confirm_booking is
'The business accepts a request, or the customer makes a booking of a hold (a request, where the
service wants
confirmation). Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, slot_taken 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.step
 */
create function public.reject_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(
        booking_id, 'rejected', '{business}', private.to_required_text(reason, 'reason', 1000)
    );
end;
comment on function public.reject_booking is
'The business turns a request down, with a reason that the customer reads (1 to 1000 characters).
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.cancel_booking(booking_id public.identifier, reason text default null)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'cancelled', '{customer,business}', reason);
end;
comment on function public.cancel_booking is
'The customer or the business calls a booking off; its time is free at once. Cancelling again
changes nothing.
A customer owes what cancellation_quote says, a business that cancels charges nothing.
reason: at most 1000 characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancellation_quote
 */
create function public.cancellation_quote(
    booking_id public.identifier, at public.instant default null
)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.cancellation_quote(
        private.to_identifier(booking_id, 'booking_id'),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.cancellation_quote is
'What it costs the customer to cancel at an instant (at; now, if not sent), by the policy that was
stored with the
booking: {booking_id, at, currency, total_minor, fee_minor, refund_minor, reschedule_fee_minor, tier,
lines:
[{booking_item_id, service_name, total_minor, fee_minor, refund_minor, is_cancelled}]}. refund_minor
is the total
less the fee, in whole and line by line; reschedule_fee_minor is what moving it would cost; tier is
what holds then,
null: free. Of a cancelled booking, what it did cost. A business that cancels charges nothing.
Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.cancel_item
 */
create function public.cancel_booking_item(
    booking_id public.identifier, booking_item_id public.identifier, reason text default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.cancel_item(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_identifier(booking_item_id, 'booking_item_id'),
        '{customer,business}',
        private.to_text(reason, 'reason', 1000)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.cancel_booking_item is
'The customer or the business calls one service of a booking off: its time is free at once, the rest
stays, the total
and the quote stay as they were agreed. It costs the customer what cancellation_quote says in its
line. The last
service that is left cannot be cancelled by itself. Cancelling again changes nothing. reason: at most
1000
characters. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
hold_expired 409, changed_meanwhile 409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.check_in_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'checked_in', '{business}');
end;
comment on function public.check_in_booking is
'The business notes that the customer is there. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.complete_booking(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'completed', '{business}');
end;
comment on function public.complete_booking is
'The business notes that the service was given; also puts a no-show right. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition
409.';

/*
 * Errors:  those of scheduling.step
 */
create function public.mark_no_show(booking_id public.identifier)
returns public.bookings
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.take_step(booking_id, 'no_show', '{business}');
end;
comment on function public.mark_no_show is
'The business notes that nobody came, from the start on; the customer owes the policy''s fee for it.
check_in_booking or complete_booking puts it right.
Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409,
too_soon 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
 */
create function public.reschedule_booking(
    booking_id public.identifier,
    starts_at public.instant,
    resource_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        '{customer,business}'
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reschedule_booking is
'Move a booking to another start, and to another resource if one is named. It keeps its reference
and its
price. Customers are bound by the policy stored with the booking, and pay its fee for a late move;
businesses are not. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409,
invalid_transition 409, changed_meanwhile 409, not_eligible, too_soon, too_far, too_late,
outside_hours,
blocked_out, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input, and those of scheduling.move
 */
create function public.reassign_booking(
    booking_id public.identifier,
    resource_id public.identifier,
    reason text default null,
    booking_item_id public.identifier default null
)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.move(
        private.to_identifier(booking_id, 'booking_id'),
        null,
        private.to_identifier(resource_id, 'resource_id'),
        '{business}',
        private.to_text(reason, 'reason', 1000),
        private.to_identifier(booking_item_id, 'booking_item_id', is_required => false)
    );
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.reassign_booking is
'The business gives an item of a booking to another resource, at the same time and price;
eligibility, hours and overlap are checked anew. booking_item_id: which, the first if not sent. reason: at
most 1000 characters. Owners, managers and staff. Gives the booking.
Errors: as reschedule_booking.';

grant execute on function
public.confirm_booking(public.identifier),
public.reject_booking(public.identifier, text),
public.cancel_booking(public.identifier, text),
public.cancel_booking_item(public.identifier, public.identifier, text),
public.cancellation_quote(public.identifier, public.instant),
public.check_in_booking(public.identifier),
public.complete_booking(public.identifier),
public.mark_no_show(public.identifier),
public.reschedule_booking(public.identifier, public.instant, public.identifier),
public.reassign_booking(public.identifier, public.identifier, text, public.identifier)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/5_lookup.sql

-- A booking without signing in.

/*
 * What a guest may see of a booking, by its reference and the e-mail address that it was made with.
 * Definer: the one who asks need not be signed in; both together are the proof.
 */
create function scheduling.look_up(reference text, email text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_found jsonb;
begin
    select scheduling.shown_to_guest(bookings)
    into v_found
    from scheduling.bookings
    where
        bookings.reference = upper(btrim(look_up.reference))
        and lower(bookings.customer_email) = lower(btrim(look_up.email));
    if v_found is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no booking with this reference and e-mail address.',
            'Check both: the reference has 8 characters.'
        );
    end if;
    return v_found;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.lookup_booking(reference text, email text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.look_up(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(email, 'email', 320)
    );
end;
comment on function public.lookup_booking is
'What a guest may see of a booking, by its reference and the e-mail address that it was made with:
{reference,
status, starts_at, ends_at, time_zone, party_size, currency, total_minor, hold_expires_at,
business_name, services, cancellation_fee_minor}; the fee is what cancelling would cost now, or did.
Errors: invalid_input 400, not_found 404 (the same answer for a wrong reference and a wrong
address).';

grant execute on function
scheduling.look_up(text, text),
public.lookup_booking(text, text)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/6_calendars.sql

-- Calendar feeds for clients. The calendar itself is at /functions/v1/calendar/{token}.ics.

create view public.calendar_feeds
with (security_invoker = true)
as
select
    calendar_feeds.id,
    calendar_feeds.user_id,
    calendar_feeds.business_id,
    calendar_feeds.resource_id,
    calendar_feeds.created_at,
    calendar_feeds.rotated_at
from scheduling.calendar_feeds;
grant select on public.calendar_feeds to authenticated, service_role;

comment on view public.calendar_feeds is
'Calendars to subscribe to: the caller''s own, and those that members have made of a business which
they manage. Written by create_calendar_feed and its siblings.';
comment on column public.calendar_feeds.id is 'Key.';
comment on column public.calendar_feeds.user_id is 'Who made it, with whose rights it is read.';
comment on column public.calendar_feeds.business_id is
'The business whose bookings it shows; null: those that the user has made as a customer.';
comment on column public.calendar_feeds.resource_id is
'The resource whose bookings it shows; null: all of the business.';
comment on column public.calendar_feeds.created_at is 'When it was made.';
comment on column public.calendar_feeds.rotated_at is
'When its address was last exchanged, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function public.create_calendar_feed(
    business_id public.identifier default null,
    resource_id public.identifier default null,
    out feed_id uuid,
    out token text,
    out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    feed_id = scheduling.create_calendar_feed(
        private.to_identifier(business_id, 'business_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        token
    );
end;
$$;
comment on function public.create_calendar_feed is
'A calendar to subscribe to, at {path} of the API''s address: of a resource (resource_id; owners,
managers, staff), of a business (business_id; owners and managers), or of the bookings that the
caller has made. Gives {feed_id, token, path}; the token is shown here and never again. It stops when
the caller may no longer see what it shows.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.rotate_calendar_feed(
    feed_id public.identifier, out token text, out path text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    path = '/functions/v1/calendar/' || token || '.ics';
    perform scheduling.rotate_calendar_feed(private.to_identifier(feed_id, 'feed_id'), token);
end;
$$;
comment on function public.rotate_calendar_feed is
'A new address for one of the caller''s feeds; the old one is gone at once. Gives {token, path}.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.delete_calendar_feed(feed_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.delete_calendar_feed(private.to_identifier(feed_id, 'feed_id'));
end;
$$;
comment on function public.delete_calendar_feed is
'End a feed: one''s own, or, for owners and managers, one of their business.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.create_calendar_feed(public.identifier, public.identifier),
public.rotate_calendar_feed(public.identifier),
public.delete_calendar_feed(public.identifier)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/6_links.sql

-- Private links for clients: made and revoked by owners and managers, opened by whoever has one.

create view public.private_links
with (security_invoker = true)
as
select
    private_links.id,
    private_links.business_id,
    private_links.service_id,
    private_links.label,
    private_links.expires_at,
    private_links.max_uses,
    scheduling.link_uses(private_links.business_id, private_links.id) as use_count,
    private_links.revoked_at,
    private_links.created_by,
    private_links.created_at
from catalog.private_links;
grant select on public.private_links to authenticated, service_role;

comment on view public.private_links is
'Secret links to services, for the business''s members. Written by create_private_link and
revoke_private_link.';
comment on column public.private_links.id is 'Key.';
comment on column public.private_links.business_id is 'The business.';
comment on column public.private_links.service_id is 'The service that it opens.';
comment on column public.private_links.label is 'For whom it is, if said.';
comment on column public.private_links.expires_at is 'Until when it is valid; null is for ever.';
comment on column public.private_links.max_uses is
'How many bookings it is good for; null is as many as one likes.';
comment on column public.private_links.use_count is
'How many services were booked through it and not called off.';
comment on column public.private_links.revoked_at is 'When it was revoked, if it was.';
comment on column public.private_links.created_by is 'Who made it.';
comment on column public.private_links.created_at is 'When it was made.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.create_private_link(
    service_id public.identifier,
    label text default null,
    expires_at public.instant default null,
    max_uses public.whole_number default null,
    out link_id uuid,
    out token text
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    link_id = scheduling.create_private_link(
        private.to_identifier(service_id, 'service_id'),
        token,
        private.to_text(label, 'label', 200),
        private.to_instant(expires_at, 'expires_at', is_required => false),
        private.to_whole_number(max_uses, 'max_uses', 1, 1000000, is_required => false)
    );
end;
$$;
comment on function public.create_private_link is
'A secret link to a service, hidden or not, for owners and managers: available_slots, quote and book
take its token as link_token. label: for whom (at most 200 characters). expires_at: until when.
max_uses: for how many bookings. Gives {link_id, token}; the token is shown here and never again.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.revoke_private_link(link_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.revoke_private_link(private.to_identifier(link_id, 'link_id'));
end;
$$;
comment on function public.revoke_private_link is
'Make a link useless from now on; what was booked through it stays. For owners and managers.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 link_expired
 */
create function public.resolve_link(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select scheduling.resolve_link(private.to_required_text(token, 'token', 100));
end;
comment on function public.resolve_link is
'What a private link opens, for whoever has its token: {service, business, addons, questions,
resources, expires_at, uses_left}. Errors: invalid_input 400, not_found 404, link_expired 409.';

grant execute on function
scheduling.create_private_link(uuid, text, text, timestamptz, integer),
scheduling.revoke_private_link(uuid),
scheduling.resolve_link(text),
public.create_private_link(
    public.identifier, text, public.instant, public.whole_number
),
public.revoke_private_link(public.identifier),
public.resolve_link(text)
to anon, authenticated, service_role;
grant execute on function scheduling.link_uses(uuid, uuid) to authenticated, service_role;

-- sql/40_scheduling/api/6_preferences.sql

-- Whom a customer prefers.

create view public.preferred_resources
with (security_invoker = true)
as
select
    preferred_resources.customer_id,
    preferred_resources.business_id,
    preferred_resources.resource_id,
    preferred_resources.updated_at
from scheduling.preferred_resources;
grant select on public.preferred_resources to authenticated;
grant select, insert, update, delete on public.preferred_resources to service_role;

comment on view public.preferred_resources is
'Whom the caller prefers, one resource a business. Changed by set_preferred_resource.';
comment on column public.preferred_resources.customer_id is 'The caller.';
comment on column public.preferred_resources.business_id is 'The business.';
comment on column public.preferred_resources.resource_id is 'Whom they prefer there.';
comment on column public.preferred_resources.updated_at is 'When they last said so.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_preferred_resource(
    business_id public.identifier, resource_id public.identifier default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform scheduling.prefer(
        private.to_identifier(business_id, 'business_id'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
$$;
grant execute on function
public.set_preferred_resource(public.identifier, public.identifier)
to anon, authenticated, service_role;

comment on function public.set_preferred_resource is
'The caller prefers a resource of a business: services with prefers_known_staff give it to them, if
it is free and they name nobody. resource_id: nobody any more, if not sent.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

-- sql/40_scheduling/api/6_sessions.sql

-- Classes: their sessions, their seats, and the days on which there are some.

create view public.sessions
with (security_invoker = true)
as
select
    sessions.id,
    sessions.business_id,
    sessions.service_id,
    sessions.resource_id,
    sessions.starts_at,
    sessions.ends_at,
    sessions.capacity,
    scheduling.free_seats(sessions.business_id, sessions.id, sessions.capacity) as free_seats,
    sessions.created_at
from scheduling.sessions;
grant select on public.sessions to anon;
grant select, update, delete on public.sessions to authenticated, service_role;

comment on view public.sessions is
'The dates of classes. Readable where the business is. Made by create_slots; owners and managers
change the capacity and delete what nobody booked (capacity_in_use 409, in_use 409).';
comment on column public.sessions.id is 'Key.';
comment on column public.sessions.business_id is 'The business that gives it.';
comment on column public.sessions.service_id is 'The class.';
comment on column public.sessions.resource_id is 'Who leads it; null where the class takes nobody.';
comment on column public.sessions.starts_at is 'When it starts.';
comment on column public.sessions.ends_at is 'When it ends.';
comment on column public.sessions.capacity is 'How many seats it has, 1 to 1000.';
comment on column public.sessions.free_seats is
'How many of them are free now: neither booked nor held.';
comment on column public.sessions.created_at is 'When it was made.';

create view public.seats
with (security_invoker = true)
as
select
    seats.business_id,
    seats.booking_id,
    seats.booking_item_id,
    seats.session_id,
    seats.number,
    seats.is_blocking,
    seats.expires_at
from scheduling.seats;
grant select on public.seats to authenticated, service_role;

comment on view public.seats is
'The seats that bookings take in sessions of classes: customers see theirs, members those of their
business.';
comment on column public.seats.business_id is 'The business.';
comment on column public.seats.booking_id is 'The booking.';
comment on column public.seats.booking_item_id is 'The item of the booking.';
comment on column public.seats.session_id is 'The session.';
comment on column public.seats.number is 'Which seat, 1 to the capacity of the session.';
comment on column public.seats.is_blocking is
'Whether nobody else can have it; false once the booking was called off.';
comment on column public.seats.expires_at is 'Until when, for holds; null is for good.';

/*
 * Make the sessions of a class on some dates, in the business's zone.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 slot_taken · PT422 not_eligible
 */
create function public.create_slots(
    service_id public.identifier,
    from_date text,
    opens_at text,
    closes_at text,
    capacity public.whole_number,
    to_date text default null,
    weekdays public.list default null,
    every_minutes public.whole_number default null,
    resource_id public.identifier default null
)
returns setof public.sessions
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_resource_id uuid = private.to_identifier(resource_id, 'resource_id', is_required => false);
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = coalesce(private.to_date(to_date, 'to_date'), v_first);
    v_opens_at time = private.to_clock(
        private.to_required_text(opens_at, 'opens_at', 20), 'opens_at'
    );
    v_closes_at time = private.to_clock(
        private.to_required_text(closes_at, 'closes_at', 20), 'closes_at'
    );
    v_capacity integer = private.to_whole_number(capacity, 'capacity', 1, 1000);
    v_weekdays integer[] = '{1,2,3,4,5,6,7}';
    v_service catalog.services;
    v_starts timestamptz[];
    v_ids uuid[];
begin
    perform private.signed_in();
    if v_last < v_first or v_last > v_first + 366 then
        perform private.invalid('to_date', 'must be from from_date to a year later');
    end if;
    if v_closes_at <= v_opens_at then
        perform private.invalid('closes_at', 'must be after opens_at');
    end if;
    if weekdays is not null then
        v_weekdays = array(
            select private.to_whole_number(element.value, 'weekdays', 1, 7)
            from jsonb_array_elements_text(private.to_list(weekdays, 'weekdays', 7)) as element (value)
        );
    end if;
    select services.* into v_service
    from catalog.services
    where services.id = v_service_id;
    if v_service.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.',
            'Read services for those that you can see.'
        );
    end if;
    v_starts = scheduling.session_starts(
        v_service,
        daterange(v_first, v_last + 1),
        v_weekdays,
        v_opens_at,
        v_closes_at,
        coalesce(
            private.to_whole_number(
                every_minutes, 'every_minutes', 5, 1440, is_required => false
            ),
            v_service.duration_minutes
        )
    );
    if cardinality(v_starts) > 1000 then
        perform private.invalid('to_date', 'makes more than 1000 sessions at once');
    end if;
    v_ids = array(
        select scheduling.create_sessions(v_service, v_starts, v_resource_id, v_capacity)
    );
    return query
    select sessions.*
    from public.sessions
    where sessions.id = any(v_ids)
    order by sessions.starts_at;
end;
$$;
grant execute on function public.create_slots(
    public.identifier, text, text, text, public.whole_number, text, public.list,
    public.whole_number, public.identifier
) to anon, authenticated, service_role;

comment on function public.create_slots is
'Make the sessions of a class from opens_at to closes_at (such as 09:00 and 17:00) on the dates from
from_date to to_date (itself, if not sent; at most a year), one after another or every_minutes, in
the business''s zone. capacity: seats of each. weekdays: only these, 1 (Monday) to 7. resource_id: who
leads them. Each takes who leads it and what else the class needs; sessions that exist already stay
as they are. All or nothing. Gives the new sessions.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken 409,
not_eligible 422.';

create type public.day_availability as (
    date date,
    total_slots integer,
    available_slots integer,
    total_seats integer,
    free_seats integer
);
comment on type public.day_availability is
'A business-local date: sessions of a class (null for what is given at any time), free starts,
seats.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable link_expired
 */
create function public.date_availability(
    service_id public.identifier,
    from_date text,
    to_date text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    link_token text default null
)
returns setof public.day_availability
language plpgsql
stable
security invoker
set search_path = ''
rows 31
as $$
declare
    v_first date = private.to_date(private.to_required_text(from_date, 'from_date', 20), 'from_date');
    v_last date = private.to_date(private.to_required_text(to_date, 'to_date', 20), 'to_date');
begin
    if v_last < v_first or v_last > v_first + 61 then
        perform private.invalid('to_date', 'must be from from_date to 61 days later');
    end if;
    return query
    select days.*
    from scheduling.days(
        private.to_identifier(service_id, 'service_id'),
        v_first,
        v_last,
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000),
        private.to_text(link_token, 'link_token', 100)
    ) as days;
end;
$$;
grant execute on function public.date_availability(
    public.identifier, text, text, public.identifier, public.whole_number, text
) to anon, authenticated, service_role;

comment on function public.date_availability is
'Day by day, from from_date to to_date (at most 62 business-local dates), how many starts of a
service are free for a party, and for a class how many sessions and seats there are. For a calendar that
colours its days. link_token: of a private link.
Errors: invalid_input 400, not_found 404, not_bookable 409, link_expired 409.';

-- sql/40_scheduling/api/7_guests.sql

-- Booking without an account: what a guest asks for, and does with the code that is mailed to them.

/*
 * Read an e-mail address.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_guest_email(value text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_email text = private.to_required_text(value, 'email', 320);
begin
    if v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' then
        perform private.invalid('email', 'must be an e-mail address');
    end if;
    return v_email;
end;
$$;
grant execute on function scheduling.to_guest_email(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 slot_taken not_bookable link_expired
 *          PT422 not_eligible too_soon too_far outside_hours blocked_out limit_reached
 *          PT429 rate_limited
 */
create function public.request_guest_booking(
    service_id public.identifier,
    starts_at public.instant,
    name text,
    email text,
    phone text default null,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    notes text default null,
    answers public.object default null,
    link_token text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_phone text = private.to_text(phone, 'phone', 20);
begin
    if v_phone !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid('phone', 'must be in international form, such as +491701234567');
    end if;
    return scheduling.request_guest_booking(
        row(
            private.to_identifier(service_id, 'service_id'),
            private.to_instant(starts_at, 'starts_at'),
            null,
            private.to_identifier(resource_id, 'resource_id', is_required => false),
            private.to_identifiers(addon_ids, 'addon_ids'),
            coalesce(
                private.to_whole_number(party_size, 'party_size', 1, 1000, is_required => false), 1
            ),
            private.to_object(answers, 'answers'),
            private.to_text(link_token, 'link_token', 100)
        )::scheduling.wish,
        private.to_required_text(name, 'name', 200),
        scheduling.to_guest_email(email),
        v_phone,
        private.to_text(notes, 'notes', 2000)
    );
end;
$$;
comment on function public.request_guest_booking is
'Book without an account: the time is held for the service''s hold_minutes, and a code of six digits
is mailed to email; confirm_guest_booking makes it a booking. name: at most 200 characters. phone:
+491701234567. Everything else as in book. Gives what lookup_booking gives. At most five codes an
hour for an e-mail address, thirty from a network address.
Errors: invalid_input 400, not_found 404, slot_taken 409, not_bookable 409, link_expired 409,
not_eligible, too_soon, too_far, outside_hours, blocked_out, limit_reached 422, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid
 *          PT409 hold_expired invalid_transition slot_taken changed_meanwhile
 *          PT422 limit_reached
 */
create function public.confirm_guest_booking(reference text, code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'confirmed'
    );
end;
comment on function public.confirm_guest_booking is
'Make a booking of what request_guest_booking holds (a request, where the service wants
confirmation), by the code that was mailed. A code is good for five attempts and once. Gives what lookup_booking
gives.
Errors: invalid_input 400, code_invalid 403 (also for a reference that does not exist), hold_expired
409, invalid_transition 409, limit_reached 422 (a limit for each customer: the time stays held).';

/*
 * Errors:  PT400 invalid_input · PT429 rate_limited
 */
create function public.request_guest_code(reference text, email text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.request_guest_code(
        private.to_required_text(reference, 'reference', 20),
        scheduling.to_guest_email(email)
    );
end;
comment on function public.request_guest_code is
'Mail another code to the address of a guest''s booking, to confirm, move or cancel it. Gives
nothing, and tells nothing: a reference and an address that do not fit get the same answer.
Errors: invalid_input 400, rate_limited 429.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid · PT409 invalid_transition changed_meanwhile
 */
create function public.cancel_guest_booking(reference text, code text, reason text default null)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        'cancelled',
        private.to_text(reason, 'reason', 1000)
    );
end;
comment on function public.cancel_guest_booking is
'Cancel a guest''s booking by a code of request_guest_code; it costs what its policy says.
Gives what lookup_booking gives. Errors: invalid_input 400, code_invalid 403, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT403 code_invalid, and those of reschedule_booking
 */
create function public.reschedule_guest_booking(
    reference text, code text, starts_at public.instant, resource_id public.identifier default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.act_as_guest(
        private.to_required_text(reference, 'reference', 20),
        private.to_required_text(code, 'code', 20),
        null,
        null,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
end;
comment on function public.reschedule_guest_booking is
'Move a guest''s booking by a code of request_guest_code, as reschedule_booking moves a customer''s.
Gives what lookup_booking gives. Errors: invalid_input 400, code_invalid 403, slot_taken 409,
invalid_transition 409, changed_meanwhile 409, not_eligible, too_soon, too_far, too_late,
outside_hours, blocked_out, limit_reached 422.';

/*
 * Errors:  PT401 not_signed_in · PT403 email_not_verified
 */
create function public.claim_guest_bookings()
returns integer
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select scheduling.claim_guest_bookings();
end;
comment on function public.claim_guest_bookings is
'Make the confirmed bookings that were made as a guest with the caller''s own, verified e-mail
address the caller''s. Gives how many. Errors: not_signed_in 401, email_not_verified 403.';

grant execute on function
public.request_guest_booking(
    public.identifier, public.instant, text, text, text, public.identifier, public.whole_number,
    public.list, text, public.object, text
),
public.confirm_guest_booking(text, text),
public.request_guest_code(text, text),
public.cancel_guest_booking(text, text, text),
public.reschedule_guest_booking(text, text, public.instant, public.identifier),
public.claim_guest_bookings()
to anon, authenticated, service_role;

-- sql/40_scheduling/api/7_series.sql

-- Series: booked, moved and called off together. One occurrence alone is a booking like any other.

create view public.booking_series
with (security_invoker = true)
as
select
    booking_series.id,
    booking_series.business_id,
    booking_series.customer_id,
    booking_series.service_id,
    booking_series.rrule,
    booking_series.first_at,
    booking_series.time_zone,
    booking_series.conflicts,
    booking_series.created_at
from scheduling.booking_series;
grant select on public.booking_series to authenticated, service_role;

comment on view public.booking_series is
'Bookings that were made together by a rule: customers see theirs, members those of their business.
Embed bookings(*). Written by book_series only.';
comment on column public.booking_series.id is 'Key.';
comment on column public.booking_series.business_id is 'The business.';
comment on column public.booking_series.customer_id is
'Who booked; null once their account is gone.';
comment on column public.booking_series.service_id is 'The service.';
comment on column public.booking_series.rrule is 'The rule, as in RFC 5545.';
comment on column public.booking_series.first_at is
'The wall clock of the first occurrence, which the others keep, in time_zone.';
comment on column public.booking_series.time_zone is 'The business''s zone when it was booked.';
comment on column public.booking_series.conflicts is
'Occurrences that could not be booked and were left out: [{starts_at, reason}].';
comment on column public.booking_series.created_at is 'When it was made.';

/*
 * The series as the caller may see it.
 */
create function scheduling.seen_series(series_id uuid)
returns public.booking_series
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_series public.booking_series;
begin
    select booking_series.* into v_series
    from public.booking_series
    where booking_series.id = seen_series.series_id;
    return v_series;
end;
$$;
grant execute on function scheduling.seen_series(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT409 idempotency_conflict, PT400 invalid_input, and those of scheduling.place
 */
create function public.book_series(
    service_id public.identifier,
    starts_at public.instant,
    rrule text,
    resource_id public.identifier default null,
    party_size public.whole_number default '1',
    addon_ids public.list default null,
    coupon_code text default null,
    notes text default null,
    on_conflict text default 'fail',
    idempotency_key text default null,
    answers public.object default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wish scheduling.wish = row(
        private.to_identifier(service_id, 'service_id'),
        private.to_instant(starts_at, 'starts_at'),
        null,
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_identifiers(addon_ids, 'addon_ids'),
        private.to_whole_number(party_size, 'party_size', 1, 1000),
        private.to_object(answers, 'answers'),
        null
    );
    v_rrule text = private.to_required_text(rrule, 'rrule', 500);
    v_coupon_code text = private.to_text(coupon_code, 'coupon_code', 100);
    v_notes text = private.to_text(notes, 'notes', 2000);
    v_answer jsonb;
    v_id uuid;
    v_series public.booking_series;
begin
    perform private.signed_in();
    if on_conflict is null or on_conflict not in ('fail', 'skip') then
        perform private.invalid('on_conflict', 'must be fail or skip');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'book_series',
            idempotency_key,
            jsonb_build_array(to_jsonb(v_wish), v_rrule, v_coupon_code, v_notes, on_conflict)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.booking_series, v_answer);
        end if;
    end if;
    v_id = scheduling.place_series(v_wish, v_rrule, v_coupon_code, v_notes, on_conflict = 'skip');
    v_series = scheduling.seen_series(v_id);
    if idempotency_key is not null then
        perform private.remember_answer('book_series', idempotency_key, to_jsonb(v_series));
    end if;
    return v_series;
end;
$$;
comment on function public.book_series is
'Book a service again and again. rrule: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYDAY (with
ordinals in months and years), BYMONTHDAY, and COUNT or UNTIL, at most 366 occurrences; starts_at is
the first, and all keep its wall clock in the business''s zone. Each occurrence is a booking.
on_conflict: fail refuses all where one cannot be had, naming the dates; skip leaves them out and
lists them in conflicts. Everything else as in book. Gives the series; embed bookings(*).
Errors: invalid_input 400, not_signed_in 401, not_found 404, slot_taken 409, not_bookable 409,
idempotency_conflict 409, not_eligible, coupon_invalid 422.';

/*
 * Errors:  those of scheduling.move_series
 */
create function public.reschedule_series(
    series_id public.identifier,
    starts_at public.instant,
    from_booking_id public.identifier default null,
    resource_id public.identifier default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.move_series(
        v_id,
        private.to_instant(starts_at, 'starts_at'),
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_identifier(resource_id, 'resource_id', is_required => false)
    );
    return scheduling.seen_series(v_id);
end;
$$;
comment on function public.reschedule_series is
'Move what of a series lies ahead: its first booking, or from_booking_id and those after it, to
starts_at, the others by as much on the wall clock. All or nothing, each as reschedule_booking would.
Gives the series.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, slot_taken,
invalid_transition, changed_meanwhile, not_bookable 409, not_eligible, too_soon, too_far,
outside_hours, blocked_out, limit_reached, too_late 422.';

/*
 * Errors:  those of scheduling.cancel_series
 */
create function public.cancel_series(
    series_id public.identifier,
    from_booking_id public.identifier default null,
    reason text default null
)
returns public.booking_series
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(series_id, 'series_id');
begin
    perform scheduling.cancel_series(
        v_id,
        private.to_identifier(from_booking_id, 'from_booking_id', is_required => false),
        private.to_text(reason, 'reason', 1000)
    );
    return scheduling.seen_series(v_id);
end;
$$;
comment on function public.cancel_series is
'Call off what of a series lies ahead, all of it or from_booking_id and those after it. Gives the
series.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition,
changed_meanwhile 409.';

grant execute on function
public.book_series(
    public.identifier, public.instant, text, public.identifier, public.whole_number, public.list,
    text, text, text, text, public.object
),
public.reschedule_series(
    public.identifier, public.instant, public.identifier, public.identifier
),
public.cancel_series(public.identifier, public.identifier, text)
to anon, authenticated, service_role;

-- sql/40_scheduling/api/8_waitlist.sql

-- The waitlist, as customers use it.

create view public.waitlist_entries
with (security_invoker = true)
as
select
    waitlist_entries.id,
    waitlist_entries.business_id,
    waitlist_entries.service_id,
    waitlist_entries.resource_id,
    waitlist_entries.customer_id,
    lower(waitlist_entries.during) as from_at,
    upper(waitlist_entries.during) as to_at,
    waitlist_entries.party_size,
    case
        when waitlist_entries.status <> 'waiting' then waitlist_entries.status::text
        when offered.expires_at is not null then 'offered'
        when upper(waitlist_entries.during) <= private.now() then 'expired'
        else 'waiting'
    end as status,
    offered.starts_at as offered_starts_at,
    offered.expires_at as offer_expires_at,
    waitlist_entries.booking_id,
    waitlist_entries.created_at
from scheduling.waitlist_entries
left join scheduling.waitlist_offers as offered
    on
        waitlist_entries.business_id = offered.business_id
        and waitlist_entries.id = offered.entry_id
        and offered.opens_at <= private.now()
        and offered.expires_at > private.now();
grant select on public.waitlist_entries to authenticated, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on public.waitlist_entries
for each row execute function private.any__refuse_writing();

comment on view public.waitlist_entries is
'Who waits for a time that is taken: customers see theirs, members those of their business. Written
by join_waitlist, accept_waitlist_offer and leave_waitlist only.';
comment on column public.waitlist_entries.id is 'Key.';
comment on column public.waitlist_entries.business_id is 'The business.';
comment on column public.waitlist_entries.service_id is 'The service.';
comment on column public.waitlist_entries.resource_id is
'Only with this one; null is with anybody.';
comment on column public.waitlist_entries.customer_id is 'Who waits.';
comment on column public.waitlist_entries.from_at is 'The earliest start, included.';
comment on column public.waitlist_entries.to_at is 'The latest start, excluded.';
comment on column public.waitlist_entries.party_size is 'For how many.';
comment on column public.waitlist_entries.status is
'waiting; offered, while it is their turn to accept; accepted; left; expired, when its window is
over.';
comment on column public.waitlist_entries.offered_starts_at is
'What is offered now; null when nothing is.';
comment on column public.waitlist_entries.offer_expires_at is
'Until when it can be accepted; then it is the next one''s turn.';
comment on column public.waitlist_entries.booking_id is 'The booking, once accepted.';
comment on column public.waitlist_entries.created_at is 'When they began to wait.';

/*
 * The entry as the caller may see it.
 */
create function scheduling.seen_entry(entry_id uuid)
returns public.waitlist_entries
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_entry public.waitlist_entries;
begin
    select waitlist_entries.* into v_entry
    from public.waitlist_entries
    where waitlist_entries.id = seen_entry.entry_id;
    return v_entry;
end;
$$;

/*
 * Errors:  PT400 invalid_input, and those of scheduling.join_waitlist
 */
create function public.join_waitlist(
    service_id public.identifier,
    from_at public.instant,
    to_at public.instant,
    resource_id public.identifier default null,
    party_size public.whole_number default '1'
)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_service_id uuid = private.to_identifier(service_id, 'service_id');
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_id uuid;
begin
    if v_to <= v_from or v_to > v_from + interval '62 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 62 days later');
    end if;
    v_id = scheduling.join_waitlist(
        v_service_id,
        tstzrange(v_from, v_to),
        private.to_identifier(resource_id, 'resource_id', is_required => false),
        private.to_whole_number(party_size, 'party_size', 1, 1000)
    );
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.join_waitlist is
'Wait for a service to become free with a start from from_at (included) to to_at (excluded), at most
62 days. When a time becomes free it is held and offered to those who wait, first come first served,
each for the service''s offer_minutes. Gives the entry.
Errors: invalid_input 400, not_signed_in 401, not_found 404, not_bookable, already_waiting 409,
not_eligible, limit_reached 422.';

/*
 * Errors:  those of scheduling.accept_offer
 */
create function public.accept_waitlist_offer(entry_id public.identifier)
returns public.bookings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_booking public.bookings;
begin
    v_id = scheduling.accept_offer(private.to_identifier(entry_id, 'entry_id'));
    select bookings.* into v_booking
    from public.bookings
    where bookings.id = v_id;
    return v_booking;
end;
$$;
comment on function public.accept_waitlist_offer is
'Accept what is offered to an entry of the waitlist: its hold becomes the booking (a request, where
the service wants confirmation). Again gives the same booking. Gives the booking.
Errors: invalid_input 400, not_signed_in 401, not_found 404, offer_expired 409, limit_reached 422.';

/*
 * Errors:  those of scheduling.leave_waitlist
 */
create function public.leave_waitlist(entry_id public.identifier)
returns public.waitlist_entries
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(entry_id, 'entry_id');
begin
    perform scheduling.leave_waitlist(v_id);
    return scheduling.seen_entry(v_id);
end;
$$;
comment on function public.leave_waitlist is
'Wait no longer. What was offered passes on to the next at once. Gives the entry.
Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

grant execute on function
scheduling.seen_entry(uuid),
public.join_waitlist(
    public.identifier, public.instant, public.instant, public.identifier, public.whole_number
),
public.accept_waitlist_offer(public.identifier),
public.leave_waitlist(public.identifier)
to anon, authenticated, service_role;

-- sql/50_pricing/functions.sql

-- What things cost. Everything that is sold is priced here, by one function, line by line; the
-- result is stored with the sale and nothing recomputes it. Today a line is the service's price
-- and its add-ons for each guest; discounts, points and taxes are the lines that will join them.

/*
 * Price some legs: {currency, lines: [{kind, service_id, name, quantity, unit_minor, amount_minor,
 * addons}], subtotal_minor, discount_minor, tax_minor, total_minor}. Amounts are whole minor units
 * of the currency.
 *
 * Errors:  PT409 insufficient_points · PT422 coupon_invalid
 */
create function pricing.quote(legs scheduling.leg[], coupon_code text, redeem_points integer)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines jsonb;
    v_subtotal bigint;
begin
    if coupon_code is not null then
        perform private.refuse(
            'PT422', 'coupon_invalid', 'There is no such coupon.', 'Check the code, or leave it out.'
        );
    end if;
    if redeem_points > 0 then
        perform private.refuse(
            'PT409', 'insufficient_points', 'You have no points to redeem.', 'Redeem fewer points.'
        );
    end if;

    select
        jsonb_agg(
            jsonb_build_object(
                'kind', 'service',
                'service_id', leg.service_id,
                'name', leg.service_name,
                'addons', leg.addons,
                'quantity', leg.party_size,
                'unit_minor', unit.minor,
                'amount_minor', unit.minor * leg.party_size
            )
            order by leg.ordinality
        ),
        sum(unit.minor * leg.party_size)
    into v_lines, v_subtotal
    from unnest(legs) with ordinality as leg
    cross join lateral (
        select leg.price_minor + coalesce(sum((addon.value ->> 'price_minor')::bigint), 0)::bigint as minor
        from jsonb_array_elements(leg.addons) as addon (value)
    ) as unit;

    return jsonb_build_object(
        'currency', legs[1].currency,
        'lines', v_lines,
        'subtotal_minor', v_subtotal,
        'discount_minor', 0,
        'tax_minor', 0,
        'total_minor', v_subtotal
    );
end;
$$;

/*
 * Split an amount in proportion to some weights, by largest remainder, the first of equals first:
 * the parts add up to the amount. Equally where nothing weighs anything.
 */
create function pricing.split(amount_minor bigint, weights bigint[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(weight) from unnest(weights) as weight);
begin
    if v_total = 0 then
        return pricing.split(amount_minor, array_fill(1::bigint, array[cardinality(weights)]));
    end if;
    return array(
        with shares as (
            select
                parts.place,
                div(amount_minor * parts.weight::numeric, v_total) as whole,
                mod(amount_minor * parts.weight::numeric, v_total) as remainder
            from unnest(weights) with ordinality as parts (weight, place)
        ),

        ranked as (
            select
                shares.*,
                row_number() over (order by shares.remainder desc, shares.place) as rank,
                amount_minor - sum(shares.whole) over () as rest
            from shares
        )

        select (ranked.whole + (ranked.rank <= ranked.rest)::integer)::bigint
        from ranked
        order by ranked.place
    );
end;
$$;

-- sql/50_pricing/api.sql

-- What clients ask about prices.

/*
 * Price some services as they would be booked.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 not_bookable insufficient_points
 *          PT422 coupon_invalid
 */
create function public.quote(
    items public.list,
    coupon_code text default null,
    redeem_points public.whole_number default '0',
    currency text default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_legs scheduling.leg[] = scheduling.legs(scheduling.to_wishes(items, null, null));
begin
    if v_legs[1].currency <> quote.currency then
        perform private.invalid('currency', format('must be %s, as the services are', v_legs[1].currency));
    end if;
    return pricing.quote(
        v_legs,
        private.to_text(coupon_code, 'coupon_code', 100),
        private.to_whole_number(redeem_points, 'redeem_points', 0, 1000000)
    );
end;
$$;
grant execute on function
public.quote(public.list, text, public.whole_number, text),
pricing.quote(scheduling.leg[], text, integer)
to anon, authenticated, service_role;

comment on function public.quote is
'What services would cost, as it would be stored with the booking: items are [{service_id,
addon_ids?,
party_size?}] of one business and one currency. Gives {currency, lines: [{kind, service_id, name,
addons,
quantity, unit_minor, amount_minor}], subtotal_minor, discount_minor, tax_minor, total_minor};
amounts are whole
minor units. Errors: invalid_input 400, not_found 404, not_bookable 409, insufficient_points 409,
coupon_invalid 422.';

-- sql/80_engagement/tables.sql

-- Notifications: what people hear about their bookings and businesses. An event happens; notices
-- say who hears of it and how; a template has the words; a delivery is one message to one address,
-- from queued to delivered. Nothing here decides about bookings: it only tells of them.

create schema engagement;
comment on schema engagement is 'Notifications: events, notices, templates, deliveries.';

create type engagement.audience as enum ('customer', 'business', 'staff');
create type engagement.variable_type as enum ('text', 'instant', 'money', 'whole_number');
create type engagement.delivery_status as enum (
    'queued', 'sent', 'delivered', 'failed', 'bounced', 'skipped'
);

create table engagement.subjects (
    name text primary key,
    description text not null
);
comment on table engagement.subjects is 'What events are about: a booking, an offer of a business.';

create table engagement.variables (
    subject text not null references engagement.subjects (name) on delete cascade,
    name text not null,
    type engagement.variable_type not null,
    description text not null,

    primary key (subject, name),
    constraint variables_name_is_plain check (name ~ '^[a-z][a-z_]*$')
);
comment on table engagement.variables is
'What templates of a subject may say: {{name}}, shown as its type is shown in the reader''s
language.';

create table engagement.events (
    -- The topic on which it is announced.
    name text primary key,
    subject text not null references engagement.subjects (name) on delete restrict,
    description text not null,
    -- Told whatever the reader's preferences and quiet hours are.
    is_mandatory boolean not null default false,
    -- Told only to those who have consented, by the business in question.
    is_marketing boolean not null default false,
    -- Not told once the booking has left this status or has moved.
    while_status scheduling.booking_status,

    constraint events_marketing_is_never_mandatory check (not (is_marketing and is_mandatory))
);
comment on table engagement.events is 'What people can hear of.';
create index events_subject_idx on engagement.events (subject);

create table engagement.notices (
    event text not null references engagement.events (name) on delete cascade,
    audience engagement.audience not null,
    channels identity.notification_channel array not null,

    primary key (event, audience)
);
comment on table engagement.notices is 'Who hears of an event, and on which channels.';

create table engagement.reminder_kinds (
    -- Also the event that the reminder is.
    event text primary key references engagement.events (name) on delete cascade,
    before interval not null,

    constraint reminder_kinds_are_before check (before > interval '0')
);
comment on table engagement.reminder_kinds is 'How long before its start a booking is recalled.';

create table engagement.reminders (
    business_id uuid not null,
    booking_id uuid not null,
    event text not null references engagement.reminder_kinds (event) on delete cascade,
    starts_at timestamptz not null,
    due_at timestamptz not null,

    primary key (booking_id, event, starts_at),
    constraint reminders_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table engagement.reminders is
'Reminders that were put into the queue: one for each booking, kind and start.';
create index reminders_booking_idx on engagement.reminders (business_id, booking_id);
create index reminders_event_idx on engagement.reminders (event);

create table engagement.notification_templates (
    id uuid primary key default gen_random_uuid(),
    -- Null: the platform's, for every business that has none of its own.
    business_id uuid references business.businesses (id) on delete cascade,
    event text not null references engagement.events (name) on delete cascade,
    audience engagement.audience not null,
    -- Null: for every channel that has none of its own.
    channel identity.notification_channel,
    locale text not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint notification_templates_business_id_id_unique unique (business_id, id),
    constraint notification_templates_one_each unique nulls not distinct (
        business_id, event, audience, channel, locale
    ),
    constraint notification_templates_notice_exists foreign key (event, audience)
    references engagement.notices (event, audience) on delete cascade,
    constraint notification_templates_locale_is_a_language_tag check (
        locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
        or private.invalid('locale', 'must be a language tag, such as en or de-AT')
    ),
    constraint notification_templates_title_is_short check (
        length(btrim(title)) between 1 and 200 and title !~ '[\x01-\x1f\x7f]'
        or private.invalid('title', 'must have 1 to 200 printable characters')
    ),
    constraint notification_templates_body_is_short check (
        length(btrim(body)) between 1 and 10000 and body !~ '[\x01-\x08\x0b-\x1f\x7f]'
        or private.invalid('body', 'must have 1 to 10000 printable characters')
    )
);
comment on table engagement.notification_templates is
'The words of a notification, for an audience, a channel and a language.';
create index notification_templates_notice_idx
on engagement.notification_templates (event, audience);

create table engagement.notification_deliveries (
    -- Also the message that the workers get, and what providers are told to do once.
    id uuid primary key default gen_random_uuid(),
    -- The message because of which it is delivered.
    message_id uuid not null,
    event text not null references engagement.events (name) on delete restrict,
    audience engagement.audience not null,
    channel identity.notification_channel not null,
    business_id uuid references business.businesses (id) on delete cascade,
    booking_id uuid,
    user_id uuid references auth.users (id) on delete set null,
    -- Where to: e-mail address, phone number, token of a device, or the user's id in the app.
    address text,
    locale text not null,
    status engagement.delivery_status not null default 'queued',
    -- Why it was skipped, has failed, or waits.
    reason text,
    -- The variables as they were when it happened.
    data jsonb not null,
    attempts integer not null default 0,
    provider text,
    provider_id text,
    due_at timestamptz,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    updated_at timestamptz not null default now(),

    constraint notification_deliveries_business_id_id_unique unique (business_id, id),
    constraint notification_deliveries_once_each unique nulls not distinct (
        message_id, audience, channel, user_id, address
    ),
    constraint notification_deliveries_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade,
    constraint notification_deliveries_have_an_address check (
        address is not null or status = 'skipped'
    )
);
comment on table engagement.notification_deliveries is
'One message to one address, and what became of it.';
create index notification_deliveries_booking_idx
on engagement.notification_deliveries (business_id, booking_id);
create index notification_deliveries_user_id_idx
on engagement.notification_deliveries (user_id, created_at);
create index notification_deliveries_event_idx on engagement.notification_deliveries (event);
create index notification_deliveries_provider_idx
on engagement.notification_deliveries (provider, provider_id) where provider_id is not null;
create index notification_deliveries_created_at_idx
on engagement.notification_deliveries (created_at, channel, status);

create table engagement.notifications (
    -- That of its delivery.
    id uuid primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid references business.businesses (id) on delete cascade,
    booking_id uuid,
    event text not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default now(),
    read_at timestamptz,

    constraint notifications_business_id_id_unique unique (business_id, id),
    constraint notifications_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table engagement.notifications is 'What a user reads in the app.';
create index notifications_user_id_idx on engagement.notifications (user_id, created_at);
create index notifications_booking_idx on engagement.notifications (business_id, booking_id);

create table engagement.marketing_consents (
    user_id uuid not null references auth.users (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    given_at timestamptz not null default now(),
    withdrawn_at timestamptz,
    -- Proves a link in a mail: whoever has it may withdraw, signed in or not.
    unsubscribe_token uuid not null default gen_random_uuid(),

    primary key (user_id, business_id),
    constraint marketing_consents_token_unique unique (unsubscribe_token)
);
comment on table engagement.marketing_consents is
'Who wants to hear of a business''s offers. Kept when withdrawn, to prove both.';
create index marketing_consents_business_id_idx on engagement.marketing_consents (business_id);

create table engagement.arrivals (
    business_id uuid not null,
    booking_id uuid not null,
    starts_at timestamptz not null,
    user_id uuid references auth.users (id) on delete set null,
    at timestamptz not null default now(),

    primary key (booking_id, starts_at),
    constraint arrivals_booking_fkey foreign key (business_id, booking_id)
    references scheduling.bookings (business_id, id) on delete cascade
);
comment on table engagement.arrivals is
'That the professional has come to the customer: once for each booking and start.';
create index arrivals_booking_idx on engagement.arrivals (business_id, booking_id);
create index arrivals_user_id_idx on engagement.arrivals (user_id);

-- sql/80_engagement/functions/1_planning.sql

-- From something that happened to the deliveries that tell of it. All of it is one transaction that
-- may run any number of times: what exists is not made again.

/*
 * What templates may say about a booking, by the names of engagement.variables; beside them what a
 * calendar entry needs: time_zone, booking_id and sequence, which grows with every step.
 */
create function engagement.booking_data(booking_id uuid, payload jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'booking_id', bookings.id,
            'reference', bookings.reference,
            'customer_name', coalesce(bookings.customer_name, bookings.customer_email, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'business_phone', coalesce(businesses.phone, ''),
            'address', business.address_of(businesses),
            'service_names', facts.service_names,
            'staff_names', coalesce(facts.staff_names, ''),
            'starts_at', bookings.starts_at,
            'ends_at', bookings.ends_at,
            'previous_starts_at', payload ->> 'from_starts_at',
            'time_zone', bookings.time_zone,
            'party_size', bookings.party_size,
            'total', jsonb_build_object(
                'minor', bookings.total_minor,
                'currency', bookings.currency,
                'digits', currencies.minor_digits
            ),
            'fee', case
                when (payload ->> 'fee_minor')::bigint > 0 then jsonb_build_object(
                    'minor', (payload ->> 'fee_minor')::bigint,
                    'currency', bookings.currency,
                    'digits', currencies.minor_digits
                )
            end,
            'cancelled_service', (
                select booking_items.service_name
                from scheduling.booking_items
                where
                    booking_items.business_id = bookings.business_id
                    and booking_items.id::text = payload ->> 'booking_item_id'
            ),
            'reason', coalesce(payload ->> 'reason', ''),
            'status', bookings.status,
            'sequence', facts.sequence
        )
        from scheduling.bookings
        inner join business.businesses on businesses.id = bookings.business_id
        inner join pricing.currencies on currencies.code = bookings.currency
        inner join scheduling.calendar_facts(array[booking_data.booking_id]) as facts
            on facts.booking_id = bookings.id
        where bookings.id = booking_data.booking_id
    );
end;
$$;

/*
 * Who belongs to an audience of a booking, and how they are reached. The business is its owners and
 * managers; staff are the members who give its services, or who gave them up: a reassignment names
 * both. The customer is reached as the booking says.
 */
create function engagement.readers(
    booking scheduling.bookings, audience engagement.audience, payload jsonb
)
returns table (user_id uuid, email text, phone text, locale text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if audience = 'customer' then
        return query
        select
            booking.customer_id,
            booking.customer_email,
            booking.customer_phone,
            coalesce(
                (select profiles.locale from identity.profiles where profiles.id = booking.customer_id),
                businesses.locale
            )
        from business.businesses
        where businesses.id = booking.business_id;
        return;
    end if;
    return query
    select
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale
    from business.business_members
    inner join identity.profiles on profiles.id = business_members.user_id
    where
        business_members.business_id = booking.business_id
        and case audience
            when 'business' then business_members.role in ('owner', 'manager')
            else business_members.id in (
                select resources.member_id
                from catalog.resources
                where
                    resources.business_id = booking.business_id
                    and (
                        resources.id in (
                            select booking_items.resource_id
                            from scheduling.booking_items
                            where
                                booking_items.business_id = booking.business_id
                                and booking_items.booking_id = booking.id
                                and (
                                    booking_items.cancelled_at is null
                                    or booking_items.id::text = readers.payload ->> 'booking_item_id'
                                )
                        )
                        or resources.id::text = readers.payload ->> 'from_resource_id'
                    )
            )
        end;
end;
$$;

/*
 * The addresses of a reader on a channel: one mail address, one number, each device that is still
 * in use. A reader without any gets one row without an address.
 */
create function engagement.addresses(
    user_id uuid, email text, phone text, channel identity.notification_channel
)
returns table (address text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select nullif(
        case addresses.channel
            when 'mail' then addresses.email
            when 'sms' then addresses.phone
            when 'in_app' then addresses.user_id::text
        end, ''
    )
    where addresses.channel <> 'push'
    union all
    select devices.token
    from identity.devices
    where
        addresses.channel = 'push' and devices.user_id = addresses.user_id and devices.is_active;
    if not found then
        return query select null::text;
    end if;
end;
$$;

/*
 * Does a user want to hear of an event on a channel? Their own word on the event counts before
 * their word on all of them; without a word they do.
 */
create function engagement.is_wanted(
    user_id uuid, event text, channel identity.notification_channel
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select notification_preferences.is_enabled
            from identity.notification_preferences
            where
                notification_preferences.user_id = is_wanted.user_id
                and notification_preferences.channel = is_wanted.channel
                and notification_preferences.event in (is_wanted.event, '*')
            order by notification_preferences.event = '*'
            limit 1
        ),
        true
    );
end;
$$;

/*
 * Write one delivery and put it into its channel's queue, or write down why it is skipped. One that
 * exists is left alone. Gives whether it is new.
 */
create function engagement.add_delivery(delivery engagement.notification_deliveries)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delivery.id = gen_random_uuid();
    delivery.reason = case
        when delivery.address is null then 'no address'
        when not engagement.is_wanted(delivery.user_id, delivery.event, delivery.channel)
            and not (
                select events.is_mandatory from engagement.events where events.name = delivery.event
            ) then 'switched off'
    end;
    delivery.status = case when delivery.reason is null then 'queued' else 'skipped' end;
    delivery.attempts = 0;
    delivery.created_at = clock_timestamp();
    delivery.updated_at = delivery.created_at;
    insert into engagement.notification_deliveries
    select (delivery).*
    on conflict do nothing;
    if found and delivery.status = 'queued' then
        perform engagement.enqueue(delivery, null);
    end if;
    return found;
end;
$$;

/*
 * Put a delivery into its channel's queue, to be read at once or when it is due.
 */
create function engagement.enqueue(
    delivery engagement.notification_deliveries, due_at timestamptz
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.send_message(
        delivery.channel::text,
        'deliver',
        jsonb_build_object('delivery_id', delivery.id),
        enqueue.due_at,
        delivery.id
    );
end;
$$;

/*
 * Is what a notification tells of a booking still so? A reminder is not sent for one that was
 * cancelled or moved, nor after it has begun.
 */
create function engagement.still_holds(event text, booking_id uuid, starts_at timestamptz)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_while_status scheduling.booking_status = (
        select events.while_status from engagement.events where events.name = still_holds.event
    );
begin
    return v_while_status is null or exists (
        select 1
        from scheduling.bookings
        where
            bookings.id = still_holds.booking_id
            and bookings.status = v_while_status
            and bookings.starts_at = still_holds.starts_at
            and bookings.starts_at > private.now()
    );
end;
$$;

/*
 * Put the reminders of a confirmed booking into the queue, each for its time; those whose time has
 * passed are not made up for.
 */
create function engagement.plan_reminders(booking scheduling.bookings)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_reminder engagement.reminders;
begin
    if booking.status <> 'confirmed' then
        return;
    end if;
    for v_reminder in
        insert into engagement.reminders (business_id, booking_id, event, starts_at, due_at)
        select
            booking.business_id,
            booking.id,
            reminder_kinds.event,
            booking.starts_at,
            booking.starts_at - reminder_kinds.before
        from engagement.reminder_kinds
        where booking.starts_at - reminder_kinds.before > private.now()
        on conflict do nothing
        returning reminders.*
    loop
        perform private.emit(
            v_reminder.event,
            jsonb_build_object(
                'booking_id', booking.id,
                'business_id', booking.business_id,
                'to_starts_at', booking.starts_at
            ),
            v_reminder.due_at
        );
    end loop;
end;
$$;

/*
 * Turn what happened into deliveries: everyone whom the notices name, on every channel that they
 * name. Gives how many are new. `message_id` is that of the message which told of it: the same
 * message makes the same deliveries once. A topic that is no event makes none.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.plan(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return case (select events.subject from engagement.events where events.name = plan.topic)
        when 'booking' then engagement.plan_booking(message_id, topic, payload)
        when 'offer' then engagement.plan_offer(message_id, topic, payload)
        when 'waitlist' then engagement.plan_turn(message_id, topic, payload)
        else 0
    end;
end;
$$;

/*
 * The deliveries of what happened to a booking.
 */
create function engagement.plan_booking(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = (plan_booking.payload ->> 'booking_id')::uuid;
    if not found then
        return 0;
    end if;
    perform engagement.plan_reminders(v_booking);
    -- Of a series people hear once, about its first occurrence.
    if (plan_booking.payload ->> 'is_repeated')::boolean then
        return 0;
    end if;
    if not engagement.still_holds(
        plan_booking.topic, v_booking.id, (plan_booking.payload ->> 'to_starts_at')::timestamptz
    ) then
        return 0;
    end if;
    for v_delivery in
        select
            null::uuid,
            plan_booking.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            v_booking.business_id,
            v_booking.id,
            readers.user_id,
            addresses.address,
            readers.locale,
            null::engagement.delivery_status,
            null::text,
            engagement.booking_data(v_booking.id, plan_booking.payload)
        from engagement.notices
        cross join lateral engagement.readers(v_booking, notices.audience, plan_booking.payload) as readers
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            readers.user_id, readers.email, readers.phone, channels.channel
        ) as addresses
        where notices.event = plan_booking.topic
        order by notices.audience, readers.user_id, channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * The deliveries of an offer to somebody who waits, when it is their turn and they have not been
 * told.
 */
create function engagement.plan_turn(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_offer scheduling.waitlist_offers;
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    -- The booking first, as who accepts or leaves does: so that neither waits for the other.
    perform 1
    from scheduling.bookings
    where bookings.id = (plan_turn.payload ->> 'booking_id')::uuid
    for key share;
    update scheduling.waitlist_offers
    set told_at = private.now()
    where
        waitlist_offers.booking_id = (plan_turn.payload ->> 'booking_id')::uuid
        and waitlist_offers.entry_id = (plan_turn.payload ->> 'entry_id')::uuid
        and waitlist_offers.told_at is null
        and waitlist_offers.opens_at <= private.now()
        and waitlist_offers.expires_at > private.now()
    returning waitlist_offers.* into v_offer;
    if not found then
        return 0;
    end if;
    for v_delivery in
        select
            null::uuid,
            plan_turn.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            v_offer.business_id,
            v_offer.booking_id,
            profiles.id,
            addresses.address,
            profiles.locale,
            null::engagement.delivery_status,
            null::text,
            engagement.booking_data(v_offer.booking_id, plan_turn.payload)
            || jsonb_build_object(
                'customer_name', coalesce(profiles.full_name, profiles.email, ''),
                'expires_at', v_offer.expires_at
            )
        from engagement.notices
        inner join scheduling.waitlist_entries on waitlist_entries.id = v_offer.entry_id
        inner join identity.profiles on profiles.id = waitlist_entries.customer_id
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            profiles.id, profiles.email, profiles.phone, channels.channel
        ) as addresses
        where notices.event = plan_turn.topic
        order by channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

/*
 * The deliveries of what a business wants to tell its customers: those who have consented.
 */
create function engagement.plan_offer(message_id uuid, topic text, payload jsonb)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
    v_count integer = 0;
begin
    for v_delivery in
        select
            null::uuid,
            plan_offer.message_id,
            notices.event,
            notices.audience,
            channels.channel,
            businesses.id,
            null::uuid,
            profiles.id,
            addresses.address,
            profiles.locale,
            null::engagement.delivery_status,
            null::text,
            jsonb_build_object(
                'business_name', businesses.name,
                'business_email', businesses.email,
                'customer_name', coalesce(profiles.full_name, ''),
                'title', payload ->> 'title',
                'body', payload ->> 'body'
            )
        from engagement.notices
        cross join business.businesses
        inner join engagement.marketing_consents
            on
                marketing_consents.business_id = businesses.id
                and marketing_consents.withdrawn_at is null
        inner join identity.profiles on profiles.id = marketing_consents.user_id
        cross join lateral unnest(notices.channels) as channels (channel)
        cross join lateral engagement.addresses(
            profiles.id, profiles.email, profiles.phone, channels.channel
        ) as addresses
        where
            notices.event = plan_offer.topic
            and businesses.id = (payload ->> 'business_id')::uuid
        order by profiles.id, channels.channel
    loop
        v_count = v_count + engagement.add_delivery(v_delivery)::integer;
    end loop;
    return v_count;
end;
$$;

-- sql/80_engagement/functions/2_delivering.sql

-- One delivery, from the queue to the provider and back. The worker asks to begin, calls the
-- provider, and says what came of it; each of the three may happen twice.

/*
 * The words for a delivery: the business's own before the platform's, the channel's own before
 * those for all, the reader's language before its mother tongue before English.
 */
create function engagement.template_of(delivery engagement.notification_deliveries)
returns engagement.notification_templates
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_template engagement.notification_templates;
begin
    select notification_templates.* into v_template
    from engagement.notification_templates
    where
        notification_templates.event = delivery.event
        and notification_templates.audience = delivery.audience
        and (
            notification_templates.business_id is null
            or notification_templates.business_id = delivery.business_id
        )
        and (
            notification_templates.channel is null
            or notification_templates.channel = delivery.channel
        )
        and notification_templates.locale in (
            delivery.locale, split_part(delivery.locale, '-', 1), 'en'
        )
    order by
        notification_templates.locale = delivery.locale desc,
        notification_templates.locale = split_part(delivery.locale, '-', 1) desc,
        notification_templates.business_id is null,
        notification_templates.channel is null
    limit 1;
    return v_template;
end;
$$;

/*
 * When a user's quiet hours end, if they are in them now; else null.
 */
create function engagement.quiet_until(user_id uuid)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_hours identity.quiet_hours;
    v_time_zone text;
    v_now timestamp;
    v_end timestamp;
begin
    select quiet_hours.* into v_hours
    from identity.quiet_hours
    where quiet_hours.user_id = quiet_until.user_id;
    if not found then
        return null;
    end if;
    select profiles.time_zone into v_time_zone
    from identity.profiles
    where profiles.id = quiet_until.user_id;
    v_now = private.now() at time zone v_time_zone;
    if v_hours.starts_at < v_hours.ends_at then
        if v_now::time < v_hours.starts_at or v_now::time >= v_hours.ends_at then
            return null;
        end if;
        v_end = v_now::date + v_hours.ends_at;
    elsif v_now::time >= v_hours.starts_at then
        v_end = v_now::date + 1 + v_hours.ends_at;
    elsif v_now::time < v_hours.ends_at then
        v_end = v_now::date + v_hours.ends_at;
    end if;
    return v_end at time zone v_time_zone;
end;
$$;

/*
 * Begin a delivery: all that the worker needs to render and send it, or null when there is nothing
 * to do: it was sent, its reader is asleep (then it comes again when they wake), or what it tells
 * is no longer so. Commit before calling the provider.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_delivery(delivery_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
    v_event engagement.events;
    v_template engagement.notification_templates;
    v_effect record;
    v_quiet_until timestamptz;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = start_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return null;
    end if;
    select events.* into v_event from engagement.events where events.name = v_delivery.event;
    if not engagement.still_holds(
        v_delivery.event, v_delivery.booking_id, (v_delivery.data ->> 'starts_at')::timestamptz
    ) or v_event.is_marketing and not exists (
        select 1
        from engagement.marketing_consents
        where
            marketing_consents.user_id = v_delivery.user_id
            and marketing_consents.business_id = v_delivery.business_id
            and marketing_consents.withdrawn_at is null
    ) then
        perform engagement.settle(v_delivery.id, 'skipped', 'no longer so');
        return null;
    end if;
    if v_delivery.channel in ('sms', 'push') and not v_event.is_mandatory then
        v_quiet_until = engagement.quiet_until(v_delivery.user_id);
    end if;
    if v_quiet_until is not null then
        update engagement.notification_deliveries
        set
            due_at = v_quiet_until,
            reason = 'quiet hours',
            updated_at = clock_timestamp()
        where notification_deliveries.id = v_delivery.id;
        perform engagement.enqueue(v_delivery, v_quiet_until);
        return null;
    end if;
    v_template = engagement.template_of(v_delivery);
    v_effect = private.start_effect(v_delivery.id, 'send');
    update engagement.notification_deliveries
    set
        attempts = notification_deliveries.attempts + 1,
        reason = null,
        updated_at = clock_timestamp()
    where notification_deliveries.id = v_delivery.id;
    return jsonb_build_object(
        'id', v_delivery.id,
        'event', v_delivery.event,
        'audience', v_delivery.audience,
        'channel', v_delivery.channel,
        'address', v_delivery.address,
        'locale', v_template.locale,
        'reader_locale', v_delivery.locale,
        'title', v_template.title,
        'body', v_template.body,
        'data', v_delivery.data,
        'types', (
            select jsonb_object_agg(variables.name, variables.type)
            from engagement.variables
            where variables.subject = v_event.subject
        ),
        'idempotency_key', v_effect.idempotency_key,
        'unsubscribe_token', (
            select marketing_consents.unsubscribe_token
            from engagement.marketing_consents
            where
                v_event.is_marketing
                and marketing_consents.user_id = v_delivery.user_id
                and marketing_consents.business_id = v_delivery.business_id
        )
    );
end;
$$;

/*
 * Write down what has become of a delivery. What has arrived does not go back to sent.
 */
create function engagement.settle(
    delivery_id uuid, status engagement.delivery_status, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update engagement.notification_deliveries
    set
        status = settle.status,
        reason = left(settle.reason, 1000),
        sent_at = case settle.status
            when 'sent' then clock_timestamp()
            else notification_deliveries.sent_at
        end,
        updated_at = clock_timestamp()
    where
        notification_deliveries.id = settle.delivery_id
        and notification_deliveries.status not in ('delivered', 'bounced');
end;
$$;

/*
 * A provider has taken a delivery. Saying so twice changes nothing.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_delivery(delivery_id uuid, provider text, provider_id text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.finish_effect(
        delivery_id,
        'send',
        jsonb_build_object('provider', provider, 'provider_id', provider_id)
    ) then
        return;
    end if;
    update engagement.notification_deliveries
    set
        provider = finish_delivery.provider,
        provider_id = finish_delivery.provider_id
    where notification_deliveries.id = finish_delivery.delivery_id;
    perform engagement.settle(delivery_id, 'sent', null);
end;
$$;

/*
 * Put a delivery into the app, which is where in-app notifications go. It is there at once.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.finish_in_app(delivery_id uuid, title text, body text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into engagement.notifications (id, user_id, business_id, booking_id, event, title, body)
    select
        notification_deliveries.id,
        notification_deliveries.user_id,
        notification_deliveries.business_id,
        notification_deliveries.booking_id,
        notification_deliveries.event,
        finish_in_app.title,
        finish_in_app.body
    from engagement.notification_deliveries
    where notification_deliveries.id = finish_in_app.delivery_id
    on conflict do nothing;
    perform engagement.finish_delivery(delivery_id, 'app', delivery_id::text);
    perform engagement.settle(delivery_id, 'delivered', null);
end;
$$;

/*
 * A delivery will not be made: the provider said no for good, or every attempt has failed. An
 * address that is gone is not written to again: a device is switched off, a number gets no more
 * texts.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.fail_delivery(
    delivery_id uuid, provider text, reason text, is_address_dead boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_delivery engagement.notification_deliveries;
begin
    select notification_deliveries.* into v_delivery
    from engagement.notification_deliveries
    where notification_deliveries.id = fail_delivery.delivery_id
    for update;
    if not found or v_delivery.status not in ('queued', 'failed') then
        return;
    end if;
    update engagement.notification_deliveries
    set provider = fail_delivery.provider
    where notification_deliveries.id = v_delivery.id;
    perform engagement.settle(
        v_delivery.id,
        case
            when is_address_dead and v_delivery.channel <> 'push' then 'bounced' else 'failed'
        end::engagement.delivery_status,
        reason
    );
    if is_address_dead then
        perform engagement.give_up_address(v_delivery, reason);
    end if;
end;
$$;

create function engagement.give_up_address(
    delivery engagement.notification_deliveries, reason text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update identity.devices
    set
        is_active = false,
        disabled_reason = left(give_up_address.reason, 200)
    where delivery.channel = 'push' and devices.token = delivery.address;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    select delivery.user_id, '*', 'sms', false
    where delivery.channel = 'sms' and delivery.user_id is not null
    on conflict (user_id, event, channel) do update set is_enabled = false;
end;
$$;

/*
 * What a provider tells later about a message that it took: delivered, or bounced with a reason.
 * Gives whether it is one of ours.
 * Definer: called by the edge, which has no access to the tables.
 */
create function engagement.note_delivery(
    provider text, provider_id text, status engagement.delivery_status, reason text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.provider = note_delivery.provider
            and notification_deliveries.provider_id = note_delivery.provider_id
    loop
        perform engagement.settle(v_id, status, reason);
    end loop;
    return v_id is not null;
end;
$$;

/*
 * Begin a message of sign-in: all that the worker needs to render and send it, or null when it was
 * sent. Codes and links live in the queue's message only and are gone with it: no delivery is
 * written. `payload` is as docs/auth.md says.
 * Definer: called by the workers, who have no access to the tables.
 */
create function engagement.start_account_message(
    message_id uuid, channel identity.notification_channel, payload jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect record = private.start_effect(message_id, 'send');
    v_delivery engagement.notification_deliveries;
    v_template engagement.notification_templates;
begin
    if v_effect.is_done then
        return null;
    end if;
    v_delivery.event = 'auth.' || (payload ->> 'kind');
    v_delivery.audience = 'customer';
    v_delivery.channel = start_account_message.channel;
    v_delivery.locale = coalesce(
        (
            select profiles.locale
            from identity.profiles
            where profiles.id = (payload ->> 'user_id')::uuid
        ),
        payload ->> 'locale',
        'en'
    );
    v_template = engagement.template_of(v_delivery);
    return jsonb_build_object(
        'id', message_id,
        'event', v_delivery.event,
        'audience', v_delivery.audience,
        'channel', v_delivery.channel,
        'address', payload ->> 'to',
        'locale', v_template.locale,
        'reader_locale', v_delivery.locale,
        'title', v_template.title,
        'body', v_template.body,
        'data', payload || jsonb_build_object(
            'minutes', (payload ->> 'expires_in')::integer / 60
        ),
        'types', (
            select jsonb_object_agg(variables.name, variables.type)
            from engagement.variables
            where variables.subject = 'account'
        ),
        'idempotency_key', v_effect.idempotency_key,
        'unsubscribe_token', null
    );
end;
$$;

-- sql/80_engagement/functions/3_wishes.sql

-- What people wish to hear, and what businesses have to say. Each function checks its caller.

/*
 * Errors:  PT404 not_found
 */
create function engagement.require_event(event text)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not exists (select 1 from engagement.events where events.name = require_event.event) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such event.',
            'Read notification_events for those that there are.'
        );
    end if;
end;
$$;

/*
 * A channel as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_channel(value text)
returns identity.notification_channel
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('mail', 'sms', 'push', 'in_app') then
        perform private.invalid('channel', 'must be mail, sms, push or in_app');
    end if;
    return value::identity.notification_channel;
end;
$$;

/*
 * An audience as a client names it.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.to_audience(value text)
returns engagement.audience
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if value is null or value not in ('customer', 'business', 'staff') then
        perform private.invalid('audience', 'must be customer, business or staff');
    end if;
    return value::engagement.audience;
end;
$$;

/*
 * Definer: nobody has a write grant on preferences; the caller changes their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_preference(
    event text, channel identity.notification_channel, is_enabled boolean
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if event <> '*' then
        perform engagement.require_event(event);
    end if;
    insert into identity.notification_preferences (user_id, event, channel, is_enabled)
    values (private.signed_in_user(), event, channel, is_enabled)
    on conflict on constraint notification_preferences_pkey do update
    set is_enabled = excluded.is_enabled;
end;
$$;

/*
 * Definer: nobody has a write grant on quiet hours; the caller changes their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.set_quiet_hours(starts_at time, ends_at time)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if (starts_at is null) <> (ends_at is null) then
        perform private.invalid('from_time and to_time', 'must be given together, or neither');
    end if;
    if starts_at is null then
        delete from identity.quiet_hours where quiet_hours.user_id = private.signed_in_user();
        return;
    end if;
    insert into identity.quiet_hours (user_id, starts_at, ends_at)
    values (private.signed_in_user(), set_quiet_hours.starts_at, set_quiet_hours.ends_at)
    on conflict on constraint quiet_hours_pkey do update
    set starts_at = excluded.starts_at, ends_at = excluded.ends_at;
end;
$$;

/*
 * A device belongs to whoever used it last.
 * Definer: nobody has a write grant on devices; the caller registers their own.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function engagement.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into identity.devices (user_id, token, platform)
    values (private.signed_in_user(), token, platform)
    on conflict on constraint devices_token_unique do update
    set
        user_id = excluded.user_id,
        platform = excluded.platform,
        is_active = true,
        disabled_reason = null,
        last_seen_at = now()
    returning devices.id into v_id;
    return v_id;
end;
$$;

/*
 * Definer: nobody has a write grant on devices; the caller forgets their own.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.forget_device(token text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    delete from identity.devices
    where devices.token = forget_device.token and devices.user_id = private.signed_in_user();
end;
$$;

/*
 * Mark the caller's notifications as read: those named, or all. Gives how many were unread.
 * Definer: nobody has a write grant on notifications.
 *
 * Errors:  PT401 not_signed_in
 */
create function engagement.mark_read(notification_ids uuid[])
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    update engagement.notifications
    set read_at = private.now()
    where
        notifications.user_id = private.signed_in_user()
        and notifications.read_at is null
        and (notification_ids is null or notifications.id = any(notification_ids));
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Definer: nobody has a write grant on consents; the caller gives and withdraws their own.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function engagement.set_consent(business_id uuid, is_given boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not business.is_open(business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Read businesses for those that you can see.'
        );
    end if;
    insert into engagement.marketing_consents (user_id, business_id, withdrawn_at)
    values (private.signed_in_user(), business_id, case when not is_given then now() end)
    on conflict on constraint marketing_consents_pkey do update
    set
        given_at = case
            when excluded.withdrawn_at is null and marketing_consents.withdrawn_at is not null
                then now()
            else marketing_consents.given_at
        end,
        withdrawn_at = case
            when excluded.withdrawn_at is null then null
            else coalesce(marketing_consents.withdrawn_at, now())
        end;
end;
$$;

/*
 * Withdraw a consent with the token of a mail. An unknown token gets the same answer: it tells
 * nothing about anyone.
 * Definer: who withdraws need not be signed in.
 */
create function engagement.unsubscribe(token uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update engagement.marketing_consents
    set withdrawn_at = now()
    where
        marketing_consents.unsubscribe_token = unsubscribe.token
        and marketing_consents.withdrawn_at is null;
end;
$$;

/*
 * Tell the customers who have consented about an offer. Gives how many they are.
 * Definer: the caller may not read who has consented.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.send_offer(business_id uuid, title text, body text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.require_member(business_id, 'manage');
    perform private.emit(
        'offer.made',
        jsonb_build_object('business_id', business_id, 'title', title, 'body', body)
    );
    return (
        select count(*)
        from engagement.marketing_consents
        where
            marketing_consents.business_id = send_offer.business_id
            and marketing_consents.withdrawn_at is null
    );
end;
$$;

/*
 * The professional is at the customer's door. Whoever of the staff gives the booking's services may
 * say so, once, while it is confirmed.
 * Definer: nobody may announce in another's name.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function engagement.announce_arrival(booking_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings = scheduling.claim(booking_id, '{business}', '{}');
begin
    if not exists (
        select 1
        from engagement.readers(v_booking, 'staff', '{}') as readers
        where readers.user_id = auth.uid()
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'Only who gives the service can arrive for it.',
            'Let the assigned staff call this.'
        );
    end if;
    if v_booking.status <> 'confirmed' then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('Nobody arrives for a booking that is %s.', v_booking.status),
            'Read the booking again and see what it allows.'
        );
    end if;
    if exists (
        select 1
        from engagement.arrivals
        where arrivals.booking_id = v_booking.id and arrivals.starts_at = v_booking.starts_at
    ) then
        return;
    end if;
    insert into engagement.arrivals (business_id, booking_id, starts_at, user_id)
    values (v_booking.business_id, v_booking.id, v_booking.starts_at, auth.uid());
    perform private.emit(
        'booking.arrived',
        jsonb_build_object(
            'booking_id', v_booking.id,
            'business_id', v_booking.business_id,
            'to_starts_at', v_booking.starts_at
        )
    );
end;
$$;

/*
 * Write a business's own words for a notice, in place of those it had for the same audience,
 * channel and language. What the words may say is checked by a rule of the table.
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.save_template(
    business_id uuid,
    event text,
    audience engagement.audience,
    channel identity.notification_channel,
    locale text,
    title text,
    body text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform private.require_member(business_id, 'manage');
    perform engagement.require_event(event);
    if not exists (
        select 1
        from engagement.notices
        where
            notices.event = save_template.event
            and notices.audience = save_template.audience
            and (
                save_template.channel is null or save_template.channel = any(notices.channels)
            )
    ) then
        perform private.invalid('audience and channel', 'must hear of the event');
    end if;
    insert into engagement.notification_templates (
        business_id, event, audience, channel, locale, title, body
    )
    values (business_id, event, audience, channel, locale, title, body)
    on conflict on constraint notification_templates_one_each do update
    set title = excluded.title, body = excluded.body
    returning notification_templates.id into v_id;
    return v_id;
end;
$$;

/*
 * Definer: nobody has a write grant on templates.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function engagement.remove_template(template_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id uuid = (
        select notification_templates.business_id
        from engagement.notification_templates
        where notification_templates.id = template_id
    );
begin
    if v_business_id is null
        or v_business_id not in (select private.my_businesses('view')) and not private.is_operator() then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such template.',
            'Read notification_templates for those of your business.'
        );
    end if;
    perform private.require_member(v_business_id, 'manage');
    delete from engagement.notification_templates where notification_templates.id = template_id;
end;
$$;

-- sql/80_engagement/rules.sql

-- What holds for notifications on every path.

/*
 * A template says only what there is: every {{name}} is a variable of its event's subject, and
 * there are no other braces. So a word that is missing is found when the template is saved, not
 * when a mail is due.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.notification_templates__refuse_unknown_words()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_text constant text = new.title || e'\n' || new.body;
    v_unknown text;
begin
    select found.words[1] into v_unknown
    from regexp_matches(v_text, '\{\{\s*([^{}]*?)\s*\}\}', 'g') as found (words)
    where
        not exists (
            select 1
            from engagement.events
            inner join engagement.variables on variables.subject = events.subject
            where events.name = new.event and variables.name = found.words[1]
        )
    limit 1;
    if found then
        perform private.invalid(
            'body', format('must not say {{%s}}: there is no such variable of %s', v_unknown, new.event)
        );
    end if;
    if regexp_replace(v_text, '\{\{\s*[a-z_]+\s*\}\}', '', 'g') ~ '\{\{|\}\}|\{%' then
        perform private.invalid('body', 'must hold braces only as {{variable}}');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unknown_words
before insert or update on engagement.notification_templates
for each row execute function engagement.notification_templates__refuse_unknown_words();

create trigger _900_touch
before update on engagement.notification_templates
for each row execute function private.any__touch();

-- sql/80_engagement/policies.sql

-- Everyone reads their own: notifications, preferences, devices, consents. Members of a business
-- read its templates and what became of its deliveries, without addresses and words. Nobody writes:
-- functions do, and check their caller.

alter table identity.notification_preferences enable row level security;
alter table identity.quiet_hours enable row level security;
alter table identity.devices enable row level security;
alter table engagement.subjects enable row level security;
alter table engagement.variables enable row level security;
alter table engagement.events enable row level security;
alter table engagement.notices enable row level security;
alter table engagement.reminder_kinds enable row level security;
alter table engagement.reminders enable row level security;
alter table engagement.arrivals enable row level security;
alter table engagement.notification_templates enable row level security;
alter table engagement.notification_deliveries enable row level security;
alter table engagement.notifications enable row level security;
alter table engagement.marketing_consents enable row level security;

grant usage on schema engagement to authenticated, service_role, anon, worker, edge, analyst;

grant select on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.notifications,
engagement.notification_templates
to authenticated;
grant select (user_id, business_id, given_at, withdrawn_at)
on table engagement.marketing_consents to authenticated;
grant select (
    id, event, audience, channel, business_id, booking_id, user_id, status, reason, attempts,
    provider, due_at, created_at, sent_at, updated_at
) on table engagement.notification_deliveries to authenticated;
grant select on table
engagement.subjects,
engagement.variables,
engagement.events,
engagement.notices
to anon, authenticated;
grant select, insert, update, delete on table
identity.notification_preferences,
identity.quiet_hours,
identity.devices,
engagement.subjects,
engagement.variables,
engagement.events,
engagement.notices,
engagement.reminder_kinds,
engagement.reminders,
engagement.arrivals,
engagement.notification_templates,
engagement.notification_deliveries,
engagement.notifications,
engagement.marketing_consents
to service_role;

create policy notification_preferences_select
on identity.notification_preferences
for select
to authenticated
using (user_id = (select auth.uid()));

create policy quiet_hours_select
on identity.quiet_hours
for select
to authenticated
using (user_id = (select auth.uid()));

create policy devices_select
on identity.devices
for select
to authenticated
using (user_id = (select auth.uid()));

create policy subjects_select
on engagement.subjects
for select
to anon, authenticated
using (true);

create policy variables_select
on engagement.variables
for select
to anon, authenticated
using (true);

create policy events_select
on engagement.events
for select
to anon, authenticated
using (true);

create policy notices_select
on engagement.notices
for select
to anon, authenticated
using (true);

create policy notification_templates_select
on engagement.notification_templates
for select
to authenticated
using (business_id is null or business_id = any(array(select private.my_businesses('view'))));

create policy notification_deliveries_select
on engagement.notification_deliveries
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy notifications_select
on engagement.notifications
for select
to authenticated
using (user_id = (select auth.uid()));

create policy marketing_consents_select
on engagement.marketing_consents
for select
to authenticated
using (user_id = (select auth.uid()));

-- Reminders and arrivals have no policy: only functions read them.

-- Analysts count deliveries; to whom and about what is not in the grant.
grant select (event, channel, status, business_id, attempts, created_at, sent_at)
on table engagement.notification_deliveries to analyst;

create policy notification_deliveries_select_analyst
on engagement.notification_deliveries
for select
to analyst
using (true);

grant execute on function
engagement.plan(uuid, text, jsonb),
engagement.start_delivery(uuid),
engagement.finish_delivery(uuid, text, text),
engagement.finish_in_app(uuid, text, text),
engagement.fail_delivery(uuid, text, text, boolean),
engagement.start_account_message(uuid, identity.notification_channel, jsonb)
to worker;
grant execute on function
engagement.note_delivery(text, text, engagement.delivery_status, text),
engagement.unsubscribe(uuid)
to edge;
grant execute on function
engagement.require_event(text),
engagement.to_channel(text),
engagement.to_audience(text),
engagement.set_preference(text, identity.notification_channel, boolean),
engagement.set_quiet_hours(time, time),
engagement.register_device(text, text),
engagement.forget_device(text),
engagement.mark_read(uuid[]),
engagement.set_consent(uuid, boolean),
engagement.unsubscribe(uuid),
engagement.send_offer(uuid, text, text),
engagement.announce_arrival(uuid),
engagement.save_template(
    uuid, text, engagement.audience, identity.notification_channel, text, text, text
),
engagement.remove_template(uuid)
to anon, authenticated, service_role;

-- sql/80_engagement/api/1_views.sql

-- What users and businesses see of notifications.

create view public.notifications
with (security_invoker = true)
as
select
    notifications.id,
    notifications.user_id,
    notifications.business_id,
    notifications.booking_id,
    notifications.event,
    notifications.title,
    notifications.body,
    notifications.created_at,
    notifications.read_at
from engagement.notifications;
grant select on public.notifications to authenticated;
grant select, insert, update, delete on public.notifications to service_role;

comment on view public.notifications is
'What the caller reads in the app, the newest last. mark_notifications_read marks them as read.';
comment on column public.notifications.id is 'The notification.';
comment on column public.notifications.user_id is 'The caller.';
comment on column public.notifications.business_id is 'The business that it is about.';
comment on column public.notifications.booking_id is 'The booking that it is about, or null.';
comment on column public.notifications.event is 'What happened: a name of notification_events.';
comment on column public.notifications.title is 'One line, in the reader''s language.';
comment on column public.notifications.body is 'The text.';
comment on column public.notifications.created_at is 'When it came.';
comment on column public.notifications.read_at is 'When it was read, or null.';

create view public.notification_deliveries
with (security_invoker = true)
as
select
    notification_deliveries.id,
    notification_deliveries.event,
    notification_deliveries.audience,
    notification_deliveries.channel,
    notification_deliveries.business_id,
    notification_deliveries.booking_id,
    notification_deliveries.user_id,
    notification_deliveries.status,
    notification_deliveries.reason,
    notification_deliveries.attempts,
    notification_deliveries.provider,
    notification_deliveries.due_at,
    notification_deliveries.created_at,
    notification_deliveries.sent_at,
    notification_deliveries.updated_at
from engagement.notification_deliveries;
grant select on public.notification_deliveries to authenticated;
grant select, insert, update, delete on public.notification_deliveries to service_role;

comment on view public.notification_deliveries is
'What became of each message: the caller''s own, and for members those of their business,
without address and words.';
comment on column public.notification_deliveries.id is 'The delivery.';
comment on column public.notification_deliveries.event is
'What happened: a name of notification_events.';
comment on column public.notification_deliveries.audience is
'As whom it was told: customer, business or staff.';
comment on column public.notification_deliveries.channel is 'mail, sms, push or in_app.';
comment on column public.notification_deliveries.business_id is 'The business that it is about.';
comment on column public.notification_deliveries.booking_id is
'The booking that it is about, or null.';
comment on column public.notification_deliveries.user_id is 'Who was told, or null for a guest.';
comment on column public.notification_deliveries.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column public.notification_deliveries.reason is
'Why it was skipped, has failed or waits, or null.';
comment on column public.notification_deliveries.attempts is 'How often sending was begun.';
comment on column public.notification_deliveries.provider is 'Who sent it, or null.';
comment on column public.notification_deliveries.due_at is
'When it is sent at the earliest, or null: at once.';
comment on column public.notification_deliveries.created_at is 'When it was queued.';
comment on column public.notification_deliveries.sent_at is 'When the provider took it, or null.';
comment on column public.notification_deliveries.updated_at is 'When it last changed.';

create view public.notification_templates
with (security_invoker = true)
as
select
    notification_templates.id,
    notification_templates.business_id,
    notification_templates.event,
    notification_templates.audience,
    notification_templates.channel,
    notification_templates.locale,
    notification_templates.title,
    notification_templates.body,
    notification_templates.created_at,
    notification_templates.updated_at
from engagement.notification_templates;
grant select on public.notification_templates to authenticated;
grant select, insert, update, delete on public.notification_templates to service_role;

comment on view public.notification_templates is
'The words of notifications: the platform''s, and those of the caller''s businesses.
save_notification_template writes a business''s own.';
comment on column public.notification_templates.id is 'The template.';
comment on column public.notification_templates.business_id is
'The business, or null: the platform''s.';
comment on column public.notification_templates.event is
'What happened: a name of notification_events.';
comment on column public.notification_templates.audience is 'customer, business or staff.';
comment on column public.notification_templates.channel is
'mail, sms, push, in_app, or null: all without words of their own.';
comment on column public.notification_templates.locale is
'Language tag, such as en or de-AT. Readers of others get English.';
comment on column public.notification_templates.title is
'Subject of a mail, title of a push; {{variable}} is replaced.';
comment on column public.notification_templates.body is
'The text; {{variable}} is replaced, a line whose variables are all empty is left out.';
comment on column public.notification_templates.created_at is 'When it was written.';
comment on column public.notification_templates.updated_at is 'When it last changed.';

create view public.notification_events
with (security_invoker = true)
as
select
    events.name,
    events.subject,
    events.description,
    events.is_mandatory,
    events.is_marketing
from engagement.events;
grant select on public.notification_events to anon, authenticated;
grant select, insert, update, delete on public.notification_events to service_role;

comment on view public.notification_events is
'What people can hear of.';
comment on column public.notification_events.name is 'The event, such as booking.confirmed.';
comment on column public.notification_events.subject is
'What it is about; notification_variables has the words for it.';
comment on column public.notification_events.description is 'When it happens.';
comment on column public.notification_events.is_mandatory is
'Told whatever the reader''s preferences are.';
comment on column public.notification_events.is_marketing is
'Told only to those who have consented.';

create view public.notification_notices
with (security_invoker = true)
as
select
    notices.event,
    notices.audience,
    notices.channels
from engagement.notices;
grant select on public.notification_notices to anon, authenticated;
grant select, insert, update, delete on public.notification_notices to service_role;

comment on view public.notification_notices is
'Who hears of an event, and on which channels.';
comment on column public.notification_notices.event is 'The event.';
comment on column public.notification_notices.audience is
'customer, business (owners and managers) or staff (who gives the service).';
comment on column public.notification_notices.channels is 'mail, sms, push, in_app.';

create view public.notification_variables
with (security_invoker = true)
as
select
    variables.subject,
    variables.name,
    variables.type,
    variables.description
from engagement.variables;
grant select on public.notification_variables to anon, authenticated;
grant select, insert, update, delete on public.notification_variables to service_role;

comment on view public.notification_variables is
'What templates may say, by subject of the event.';
comment on column public.notification_variables.subject is 'The subject of notification_events.';
comment on column public.notification_variables.name is 'As in {{name}}.';
comment on column public.notification_variables.type is
'text, instant, money or whole_number: how it is shown.';
comment on column public.notification_variables.description is 'What it is.';

-- sql/80_engagement/api/2_wishes.sql

-- What users wish to hear, and where they are reached.

create view public.notification_preferences
with (security_invoker = true)
as
select
    notification_preferences.user_id,
    notification_preferences.event,
    notification_preferences.channel,
    notification_preferences.is_enabled
from identity.notification_preferences;
grant select on public.notification_preferences to authenticated;
grant select, insert, update, delete on public.notification_preferences to service_role;

comment on view public.notification_preferences is
'What the caller wants to hear of, and how. Without a row they hear of it. Changed by
set_notification_preference.';
comment on column public.notification_preferences.user_id is 'The caller.';
comment on column public.notification_preferences.event is
'A name of notification_events, or * for all without a row of their own.';
comment on column public.notification_preferences.channel is 'mail, sms, push or in_app.';
comment on column public.notification_preferences.is_enabled is 'Whether they want it.';

create view public.quiet_hours
with (security_invoker = true)
as
select
    quiet_hours.user_id,
    quiet_hours.starts_at,
    quiet_hours.ends_at
from identity.quiet_hours;
grant select on public.quiet_hours to authenticated;
grant select, insert, update, delete on public.quiet_hours to service_role;

comment on view public.quiet_hours is
'When the caller''s phone stays silent, in the zone of their profile. Changed by set_quiet_hours.';
comment on column public.quiet_hours.user_id is 'The caller.';
comment on column public.quiet_hours.starts_at is 'Wall clock.';
comment on column public.quiet_hours.ends_at is 'Wall clock; before starts_at: the next day.';

create view public.devices
with (security_invoker = true)
as
select
    devices.id,
    devices.user_id,
    devices.platform,
    devices.is_active,
    devices.disabled_reason,
    devices.created_at,
    devices.last_seen_at
from identity.devices;
grant select on public.devices to authenticated;
grant select, insert, update, delete on public.devices to service_role;

comment on view public.devices is
'The caller''s phones and browsers that take push messages. Changed by register_device and
forget_device.';
comment on column public.devices.id is 'The device.';
comment on column public.devices.user_id is 'The caller.';
comment on column public.devices.platform is 'android, ios or web.';
comment on column public.devices.is_active is
'False when the push service has said that it is gone.';
comment on column public.devices.disabled_reason is 'Why it is not active, or null.';
comment on column public.devices.created_at is 'When it was first registered.';
comment on column public.devices.last_seen_at is 'When it was last registered.';

create view public.marketing_consents
with (security_invoker = true)
as
select
    marketing_consents.user_id,
    marketing_consents.business_id,
    marketing_consents.given_at,
    marketing_consents.withdrawn_at
from engagement.marketing_consents;
grant select on public.marketing_consents to authenticated;
grant select, insert, update, delete on public.marketing_consents to service_role;

comment on view public.marketing_consents is
'Whose offers the caller wants to hear. Changed by set_marketing_consent and unsubscribe.';
comment on column public.marketing_consents.user_id is 'The caller.';
comment on column public.marketing_consents.business_id is 'The business.';
comment on column public.marketing_consents.given_at is 'When consent was last given.';
comment on column public.marketing_consents.withdrawn_at is 'When it was withdrawn, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_notification_preference(
    event text, channel text, is_enabled public.yes_no
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_preference(
        private.to_required_text(event, 'event', 100),
        engagement.to_channel(channel),
        coalesce(private.to_yes_no(is_enabled, 'is_enabled'), true)
    );
end;
$$;
comment on function public.set_notification_preference is
'The caller wants to hear of an event on a channel, or does not. event * stands for all that have no
word of their own. Mandatory events are told all the same.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.set_quiet_hours(from_time text default null, to_time text default null)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_quiet_hours(
        private.to_clock(from_time, 'from_time'), private.to_clock(to_time, 'to_time')
    );
end;
$$;
comment on function public.set_quiet_hours is
'Texts and pushes wait while these hours last, such as 22:00 to 07:00 in the zone of the caller''s
profile; without arguments there are none any more. Mandatory events are told all the same.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.register_device(token text, platform text)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.register_device(
        private.to_required_text(token, 'token', 4096),
        private.to_required_text(platform, 'platform', 20)
    );
end;
$$;
comment on function public.register_device is
'Push messages of the caller go to this device as well. A device belongs to whoever registered it
last. platform: android, ios or web. Gives its id.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.forget_device(token text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.forget_device(private.to_required_text(token, 'token', 4096));
end;
$$;
comment on function public.forget_device is
'No more push messages to this device of the caller. One that is not theirs stays as it is.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in
 */
create function public.mark_notifications_read(notification_ids public.list default null)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.mark_read(private.to_identifiers(notification_ids, 'notification_ids'));
end;
$$;
comment on function public.mark_notifications_read is
'Marks the caller''s notifications as read: those named, or all. Gives how many were unread.
Errors: invalid_input 400, not_signed_in 401.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.set_marketing_consent(business_id public.identifier, is_given public.yes_no)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.set_consent(
        private.to_identifier(business_id, 'business_id'),
        coalesce(private.to_yes_no(is_given, 'is_given'), false)
    );
end;
$$;
comment on function public.set_marketing_consent is
'The caller wants to hear of a business''s offers, or does not.
Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input
 */
create function public.unsubscribe(token public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.unsubscribe(private.to_identifier(token, 'token'));
end;
$$;
comment on function public.unsubscribe is
'Withdraws a consent with the token of a mail, without signing in. An unknown token gets the same
answer.
Errors: invalid_input 400.';

-- sql/80_engagement/api/3_words.sql

-- What businesses say: their own words, their offers, and that somebody has arrived.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.save_notification_template(
    business_id public.identifier,
    event text,
    audience text,
    locale text,
    title text,
    body text,
    channel text default null
)
returns public.notification_templates
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_template public.notification_templates;
begin
    v_id = engagement.save_template(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(event, 'event', 100),
        engagement.to_audience(audience),
        case when channel is not null then engagement.to_channel(channel) end,
        private.to_required_text(locale, 'locale', 35),
        private.to_required_text(title, 'title', 200),
        private.to_required_text(body, 'body', 10000)
    );
    select notification_templates.* into v_template
    from public.notification_templates
    where notification_templates.id = v_id;
    return v_template;
end;
$$;
comment on function public.save_notification_template is
'A business''s own words for an event, in place of those it had for the same audience, channel and
language. {{variable}} stands for what notification_variables has for the event; another one is
refused. channel null: all without words of their own. Gives the template.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.remove_notification_template(template_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.remove_template(private.to_identifier(template_id, 'template_id'));
end;
$$;
comment on function public.remove_notification_template is
'Removes a business''s own words; the platform''s are said again.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.send_offer(business_id public.identifier, title text, body text)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return engagement.send_offer(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(title, 'title', 200),
        private.to_required_text(body, 'body', 5000)
    );
end;
$$;
comment on function public.send_offer is
'A business tells those who have consented about an offer, by mail and in the app; every mail has a
link that ends it. Gives to how many.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.mark_arrived(booking_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform engagement.announce_arrival(private.to_identifier(booking_id, 'booking_id'));
end;
$$;
comment on function public.mark_arrived is
'The professional who gives the service is at the customer''s: the customer is told by text and
push, once. Only for the staff assigned to the booking.
Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition 409.';

grant execute on function
public.set_notification_preference(text, text, public.yes_no),
public.set_quiet_hours(text, text),
public.register_device(text, text),
public.forget_device(text),
public.mark_notifications_read(public.list),
public.set_marketing_consent(public.identifier, public.yes_no),
public.save_notification_template(public.identifier, text, text, text, text, text, text),
public.remove_notification_template(public.identifier),
public.send_offer(public.identifier, text, text),
public.mark_arrived(public.identifier)
to anon, authenticated, service_role;
grant execute on function public.unsubscribe(public.identifier)
to anon, authenticated, service_role;

-- sql/85_search/tables.sql

-- Who has time near me: what a marketplace is asked most. One row a business that takes bookings
-- holds what a search looks at, in the form that indexes want it; whether there is time is asked of
-- scheduling, of one business after another, until enough have some.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists cube with schema extensions;
create extension if not exists unaccent with schema extensions;

-- What somebody looks for, as public.search_availability read it; what was not said is null.
create type search.wish as (
    during tstzrange,
    vertical_id text,
    -- As search.slug writes it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business in question, as search.candidates gives it, best first.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A the name, B names of services, C of categories, D the description.
    words tsvector not null,
    -- Slugs of the categories that its services are in.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null where the business says no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Of its services, whatever their currency: a business above price_max need not be looked into.
    lowest_price_minor bigint not null,
    is_verified boolean not null,
    since timestamptz not null
);
comment on table search.documents is
'What a search looks at: one row a business that is approved, active and has services. Triggers
write it; search.refresh writes it anew.';
create index documents_words_idx on search.documents using gin (words);
create index documents_categories_idx on search.documents using gin (categories);
create index documents_place_idx on search.documents using gist (place);
-- The order without words and place, for all and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- What the search answers with.
create type public.availability as (
    business_id uuid,
    name text,
    time_zone text,
    service_id uuid,
    service_name text,
    duration_minutes integer,
    price_minor bigint,
    currency text,
    distance_km numeric,
    slots public.slot array
);
comment on type public.availability is
'A business that has time, with one service of it and its first three free starts.';

-- sql/85_search/functions/1_documents.sql

-- How texts, names and places become what an index can find.

/*
 * A text as searches compare it: without accents, in lower case, words apart.
 * Definer: the extension's functions are the owner's alone.
 */
create function search.fold(value text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return btrim(regexp_replace(
        lower(extensions.unaccent('extensions.unaccent', value)), '[^[:alnum:]]+', ' ', 'g'
    ));
end;
$$;

/*
 * A name as addresses write it: `Hair & Beauty` is hair-beauty.
 */
create function search.slug(name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return replace(search.fold(slug.name), ' ', '-');
end;
$$;

/*
 * The words of a text with their positions, none of them changed by a language's grammar: names are
 * in all languages. Not by to_tsvector, which takes 3e14ab for a number and two letters.
 */
create function search.words(value text, weight text default 'D')
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- A tsvector has room for a megabyte; nobody looks for what comes later.
    return coalesce(
        (
            select string_agg(left(word.word, 100) || ':' || word.position || words.weight, ' ')
            from string_to_table(left(search.fold(words.value), 100000), ' ')
                with ordinality as word (word, position)
        ),
        ''
    )::tsvector;
end;
$$;

/*
 * What somebody typed: every word, the last one perhaps not finished. Null when there is none.
 */
create function search.query(value text)
returns tsquery
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- Letters and digits only, so nothing in it can be an operator.
    return (
        select string_agg(left(word.word, 100), ' & ') || ':*'
        from string_to_table(nullif(search.fold(query.value), ''), ' ') as word (word)
    )::tsquery;
end;
$$;

/*
 * A place as a point on the globe, in kilometres from its centre. The straight line between two
 * such points grows with the way between them, so the nearest by one is the nearest by the other.
 */
create function search.point(latitude double precision, longitude double precision)
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
 * The way over the ground for a straight line through it, both in kilometres.
 */
create function search.way_km(line_km double precision)
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

/*
 * The documents of businesses as they should be: of those that are open to the public and offer
 * something.
 */
create function search.documents_of(business_ids uuid[])
returns setof search.documents
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.vertical_id,
        search.words(businesses.name, 'A') || search.words(offered.names, 'B')
        || search.words(offered.categories, 'C') || search.words(businesses.description),
        offered.slugs,
        search.point(businesses.latitude::float8, businesses.longitude::float8),
        businesses.time_zone,
        offered.has_classes,
        offered.lowest_price_minor,
        businesses.is_verified,
        businesses.created_at
    from business.businesses
    cross join lateral (
        select
            string_agg(services.name, ' ' order by services.position, services.id) as names,
            string_agg(distinct service_categories.name, ' ') as categories,
            coalesce(
                array_agg(distinct search.slug(service_categories.name))
                filter (where service_categories.id is not null),
                '{}'
            ) as slugs,
            bool_or(services.is_class) as has_classes,
            min(services.price_minor) as lowest_price_minor
        from catalog.services
        left join catalog.service_categories on services.category_id = service_categories.id
        where
            services.business_id = businesses.id
            and services.is_active
            and services.archived_at is null
            and services.visibility = 'public'
    ) as offered
    where
        businesses.id = any(documents_of.business_ids)
        and businesses.status = 'approved'
        and businesses.is_active
        and offered.names is not null;
end;
$$;

/*
 * Write the documents of businesses anew, those that changed. The lock lets two who change one
 * business at the same time see each other's services.
 * Definer: whoever changes a service has no access to documents.
 */
create function search.refresh(business_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform scheduling.lock(business_ids);
    delete from search.documents
    where
        documents.business_id = any(refresh.business_ids)
        and documents.business_id not in (
            select present.business_id from search.documents_of(refresh.business_ids) as present
        );
    insert into search.documents
    select * from search.documents_of(refresh.business_ids)
    on conflict (business_id) do update
    set
        vertical_id = excluded.vertical_id,
        words = excluded.words,
        categories = excluded.categories,
        place = excluded.place,
        time_zone = excluded.time_zone,
        has_classes = excluded.has_classes,
        lowest_price_minor = excluded.lowest_price_minor,
        is_verified = excluded.is_verified,
        since = excluded.since
    where documents is distinct from excluded;
end;
$$;

/*
 * Write all documents anew, after a load that fired no triggers.
 */
create function search.refresh_all()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    truncate search.documents;
    insert into search.documents
    select *
    from search.documents_of(array(select businesses.id from business.businesses));
    analyze search.documents;
end;
$$;

-- sql/85_search/functions/2_candidates.sql

-- Which businesses come into question, best first.

/*
 * Open a cursor over the businesses that fit a wish as far as their documents tell: by distance
 * where a place was said, else by how well the words fit, else verified ones first, then those that
 * are here longest. A cursor, because whoever reads it stops after a part of it (for the planner: a
 * quarter); three queries, planned with the wish at hand, because each order has an index of its
 * own.
 */
create function search.candidates(wish search.wish)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
    v_here extensions.cube = search.point(wish.latitude, wish.longitude);
    v_around extensions.cube = extensions.cube_enlarge(v_here, wish.radius_km, 3);
begin
    if v_here is not null then
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            search.way_km(documents.place operator(extensions.<->) v_here)
        from search.documents
        where
            documents.place operator(extensions.<@) v_around
            and search.way_km(documents.place operator(extensions.<->) v_here) <= wish.radius_km
            and (wish.words is null or documents.words @@ wish.words)
            and (wish.vertical_id is null or documents.vertical_id = wish.vertical_id)
            and (wish.category is null or documents.categories @> array[wish.category])
            and (wish.price_max is null or documents.lowest_price_minor <= wish.price_max)
        order by documents.place operator(extensions.<->) v_here;
    elsif wish.words is not null then
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            null::double precision
        from search.documents
        where
            documents.words @@ wish.words
            and (wish.vertical_id is null or documents.vertical_id = wish.vertical_id)
            and (wish.category is null or documents.categories @> array[wish.category])
            and (wish.price_max is null or documents.lowest_price_minor <= wish.price_max)
        order by
            ts_rank(documents.words, wish.words) desc,
            documents.is_verified desc,
            documents.since,
            documents.business_id;
    else
        open v_candidates for
        select
            documents.business_id,
            documents.time_zone,
            documents.has_classes,
            null::double precision
        from search.documents
        where
            (wish.vertical_id is null or documents.vertical_id = wish.vertical_id)
            and (wish.category is null or documents.categories @> array[wish.category])
            and (wish.price_max is null or documents.lowest_price_minor <= wish.price_max)
        order by documents.is_verified desc, documents.since, documents.business_id;
    end if;
    return v_candidates;
end;
$$;

/*
 * The next so many of them; none at the end.
 */
create function search.next_candidates(candidates refcursor, wanted integer)
returns search.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidate search.candidate;
    v_found search.candidate[] = '{}';
begin
    for i in 1 .. wanted loop
        fetch candidates into v_candidate;
        exit when not found;
        v_found = v_found || v_candidate;
    end loop;
    return v_found;
end;
$$;

/*
 * Those of some candidates in which an opening may lie in a period, in their order, as far as
 * weekly hours tell. Special days, classes, travels, zones of resources, rooms without hours and
 * clocks about to change always may, and so does a period of a day or more. scheduling.offers
 * decides; this keeps it from being asked in the middle of the night. All at once: a call for each
 * takes three times as long.
 */
create function search.may_be_open(candidates search.candidate[], during tstzrange)
returns setof search.candidate
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality
        as candidate (business_id, time_zone, has_classes, distance_km, rank)
    cross join lateral (
        select
            clock.*,
            clock.from_at::date as from_day,
            clock.to_at::date as to_day,
            extract(isodow from clock.from_at)::smallint as from_weekday,
            extract(isodow from clock.to_at)::smallint as to_weekday
        from (
            select
                lower(during) at time zone candidate.time_zone as from_at,
                upper(during) at time zone candidate.time_zone as to_at,
                (lower(during) - interval '36 hours') at time zone candidate.time_zone as before,
                (upper(during) + interval '36 hours') at time zone candidate.time_zone as after
        ) as clock
        offset 0
    ) as clock
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = candidate.business_id
                and working_hours.weekday = any(array[clock.from_weekday, clock.to_weekday])
                and (
                    working_hours.weekday = clock.from_weekday
                    and clock.from_day + working_hours.opens_at < clock.to_at
                    and clock.from_day + working_hours.closes_at > clock.from_at
                    or working_hours.weekday = clock.to_weekday
                    and clock.to_day + working_hours.opens_at < clock.to_at
                    and clock.to_day + working_hours.closes_at > clock.from_at
                )
        )
        or clock.after - clock.before <> upper(during) - lower(during) + interval '72 hours'
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = candidate.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= clock.to_day
                and schedule_exceptions.ends_on >= clock.from_day
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = candidate.business_id
                and travel_zones.starts_on <= clock.to_day + 2
                and travel_zones.ends_on >= clock.from_day - 2
        )
        or candidate.has_classes
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = candidate.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = candidate.business_id
                            and working_hours.resource_id is null
                    )
                )
        )
    order by candidate.rank;
end;
$$;

/*
 * What the caller has booked before, services and who gave them: asked first in a search.
 */
create function search.known()
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[earlier.service_id, earlier.resource_id])
        from (
            select
                booking_items.service_id,
                booking_items.resource_id
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.customer_id = (select auth.uid())
                and bookings.status in ('confirmed', 'checked_in', 'completed')
            order by bookings.starts_at desc
            limit 100
        ) as earlier
    );
end;
$$;

-- sql/85_search/functions/3_time.sql

-- Who of the candidates has time. scheduling.offers decides it, at half a millisecond a service and
-- day; so first a cheaper question, which only says no where offers would find nothing.

/*
 * The services of a business that fit a wish and have, in its period, a session or somebody with a
 * gap that is long enough; hours are not looked at. First what the caller had before, then what the
 * words name, then in the business's order.
 */
create function search.services(business_id uuid, wish search.wish, known uuid[])
returns setof catalog.services
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_now timestamptz = private.now();
    v_own_words tsvector = (
        select ts_filter(documents.words, '{a,d}')
        from search.documents
        where documents.business_id = services.business_id
    );
begin
    return query
    with gaps as materialized (
        select
            resources.id,
            resources.capacity,
            lower(gap) as starts_at,
            upper(gap) as ends_at
        from catalog.resources
        cross join lateral (
            select range_agg(allocations.during) as during
            from scheduling.allocations
            where
                allocations.resource_id = resources.id
                and resources.capacity = 1
                and allocations.is_blocking
                and allocations.during && wish.during
                and (allocations.expires_at is null or allocations.expires_at > v_now)
        ) as taken
        cross join lateral unnest(
            '{(,)}'::tstzmultirange - coalesce(taken.during, '{}')
        ) as gap
        where resources.business_id = services.business_id and resources.is_active
    )

    select offered.*
    from catalog.services as offered
    left join catalog.service_categories on service_categories.id = offered.category_id
    cross join lateral (
        select
            search.words(offered.name, 'B') || search.words(service_categories.name, 'C') as words
    ) as named
    where
        offered.business_id = services.business_id
        and offered.is_active
        and offered.archived_at is null
        and offered.visibility = 'public'
        and (wish.price_max is null or offered.price_minor <= wish.price_max)
        and (wish.currency is null or offered.currency = wish.currency)
        and (wish.category is null or search.slug(service_categories.name) = wish.category)
        and (wish.words is null or (named.words || v_own_words) @@ wish.words)
        and case
            when offered.is_class then exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = offered.id
                    and sessions.starts_at >= lower(wish.during)
                    and sessions.starts_at < upper(wish.during)
            )
            else exists (
                select 1
                from catalog.service_resources
                inner join gaps on gaps.id = service_resources.resource_id
                cross join lateral (
                    select
                        greatest(
                            lower(wish.during),
                            gaps.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        ) as starts_at
                ) as first
                where
                    service_resources.service_id = offered.id
                    and first.starts_at < upper(wish.during)
                    and (
                        gaps.ends_at is null
                        or first.starts_at + make_interval(
                            mins => offered.duration_minutes + offered.buffer_after_minutes
                        ) <= gaps.ends_at
                    )
            )
        end
    order by
        offered.id = any(known) desc,
        case when wish.words is not null then ts_rank(named.words, wish.words) end desc,
        offered.position,
        offered.name,
        offered.id;
end;
$$;

-- sql/85_search/functions/4_availability.sql

-- The search: candidates one after another, each asked for its first free starts, until enough have
-- some.

/*
 * The first three starts at which a service can be had in a period, each with one resource: one
 * that the caller knows, else the first in rank. Asked day by day, then in longer steps: most
 * businesses have time soon, and a start does not depend on the period in which it is asked for.
 */
create function search.first_slots(service catalog.services, during tstzrange, known uuid[])
returns public.slot[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_slots public.slot[] = '{}';
    v_from timestamptz = lower(during);
    v_step interval = interval '1 day';
    v_to timestamptz;
begin
    while v_from < upper(during) and cardinality(v_slots) < 3 loop
        v_to = least(v_from + v_step, upper(during));
        v_slots = v_slots || array(
            select row(
                first.at,
                first.at + make_interval(mins => service.duration_minutes),
                first.id,
                first.remaining
            )::public.slot
            from (
                select distinct on (offer.at) offer.*
                from scheduling.offers(
                    service.id, tstzmultirange(tstzrange(v_from, v_to)), null, 1, service.duration_minutes
                ) as offer
                where offer.is_leading
                order by offer.at, (offer.id = any(known)) is true desc, offer.rank
                limit 3
            ) as first
            order by first.at
        );
        v_from = v_to;
        v_step = v_step * 2;
    end loop;
    return v_slots[:3];
end;
$$;

/*
 * Businesses that fit a wish and have time, best first, each with the first of its services that
 * can be had and its first starts. Candidates come in growing batches: most searches end in the
 * first.
 * Definer: sees what is taken without telling by whom. It gives only what is open to the public.
 */
create function search.availability(wish search.wish, wanted integer)
returns setof public.availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_known uuid[] = search.known();
    v_cursor refcursor = search.candidates(wish);
    v_batch search.candidate[];
    v_size integer = wanted * 2;
    v_answer public.availability;
    v_found integer = 0;
    v_candidate search.candidate;
begin
    loop
        v_batch = search.next_candidates(v_cursor, v_size);
        for v_candidate in
            select * from search.may_be_open(v_batch, wish.during)
        loop
            v_answer = search.answer(v_candidate, wish, v_known);
            if v_answer.business_id is not null then
                return next v_answer;
                v_found = v_found + 1;
                exit when v_found = wanted;
            end if;
        end loop;
        exit when v_found = wanted or cardinality(v_batch) < v_size;
        v_size = least(v_size * 2, 500);
    end loop;
    close v_cursor;
end;
$$;

/*
 * What a business has to offer for a wish: the first of its services with a free start; null when
 * there is none.
 */
create function search.answer(candidate search.candidate, wish search.wish, known uuid[])
returns public.availability
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_slots public.slot[] = '{}';
    v_answer public.availability;
begin
    for v_service in
        select * from search.services(candidate.business_id, wish, known)
    loop
        v_slots = search.first_slots(v_service, wish.during, known);
        exit when v_slots <> '{}';
    end loop;
    select
        businesses.id,
        businesses.name,
        businesses.time_zone,
        v_service.id,
        v_service.name,
        v_service.duration_minutes,
        v_service.price_minor,
        v_service.currency,
        round(candidate.distance_km::numeric, 2),
        v_slots
    into v_answer
    from business.businesses
    where businesses.id = candidate.business_id and v_slots <> '{}';
    return v_answer;
end;
$$;

-- sql/85_search/rules.sql

-- What is searched is what is offered: the transaction that changes a business, a service or a
-- category rewrites the business's document.

create function search.businesses__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array[new.id]);
    return null;
end;
$$;

create trigger _800_refresh_search
after insert or update of
name, description, vertical_id, status, is_active, is_verified, latitude, longitude, time_zone
on business.businesses
for each row
execute function search.businesses__refresh();

/*
 * Once a statement, for the businesses whose rows it changed.
 */
create function search.changed__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array(select distinct changed.business_id from changed));
    return null;
end;
$$;

create trigger _800_refresh_search_of_new
after insert on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_old
after delete on catalog.services
referencing old table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement
execute function search.changed__refresh();

-- sql/85_search/policies.sql

-- Nobody reads documents by themselves: they hold nothing that the catalog does not show, but only
-- the search and its triggers need them.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;

grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.wish, integer)
to anon, authenticated, service_role;

-- sql/85_search/api.sql

-- Who has time, and when, across businesses.

/*
 * Businesses that have time in a period, with their first free starts.
 *
 * Errors:  PT400 invalid_input
 */
create function public.search_availability(
    from_at public.instant,
    to_at public.instant,
    vertical text default null,
    category text default null,
    near public.place default null,
    radius_km public.whole_number default null,
    q text default null,
    price_max public.whole_number default null,
    currency text default null,
    "limit" public.whole_number default '20'
)
returns setof public.availability
language plpgsql
stable
security invoker
set search_path = ''
rows 20
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_near double precision[] = private.to_place(near, 'near');
    v_radius integer = private.to_whole_number(radius_km, 'radius_km', 1, 200, false);
    v_text text = private.to_text(q, 'q', 200);
    v_wish search.wish;
begin
    if v_to <= v_from or v_to > v_from + interval '14 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 14 days later');
    end if;
    if v_radius is not null and v_near is null then
        perform private.invalid('radius_km', 'needs near');
    end if;
    v_wish = row(
        tstzrange(v_from, v_to),
        private.to_text(vertical, 'vertical', 50),
        nullif(search.slug(private.to_text(category, 'category', 200)), ''),
        v_near[1],
        v_near[2],
        coalesce(v_radius, 25),
        search.query(v_text),
        private.to_minor_units(price_max, 'price_max'),
        private.to_text(currency, 'currency', 3)
    );
    if v_text is not null and v_wish.words is null then
        perform private.invalid('q', 'must hold a letter or a digit');
    end if;
    if category is not null and v_wish.category is null then
        perform private.invalid('category', 'must hold a letter or a digit');
    end if;
    return query
    select *
    from search.availability(v_wish, private.to_whole_number("limit", 'limit', 1, 50));
end;
$$;
grant execute on function public.search_availability(
    public.instant, public.instant, text, text, public.place, public.whole_number, text,
    public.whole_number, text, public.whole_number
) to anon, authenticated, service_role;

comment on function public.search_availability is
'Businesses with a free start from from_at (included) to to_at (excluded), at most 14 days, each
with one service and its first three starts in slots. What it gives can be booked.
vertical: a row of verticals. category: name of a service category, or as addresses write it
(hair-and-beauty). near: a place; businesses around it, nearest first. radius_km: 1 to 200, 25 if
not sent. q: words of the name, the description, the services and their categories, in any order
and without accents; the last may be unfinished. price_max: minor units, against each service''s
price in its own currency; currency: only prices in this one. limit: how many businesses, 1 to 50,
20 if not sent.
Without near the order is: how well q fits (name before services before categories before
description), verified ones, those that are here longest. Signed-in callers get services and people
that they had before first, within a business.
Errors: invalid_input 400.';

-- sql/90_insight/api.sql

-- What people who read numbers read. Analysts come in with a role of their own: each view is a
-- security_invoker view, so their column grants hold and personal data is out of reach of a free
-- query too.

create view analytics.daily_bookings
with (security_invoker = true)
as
select
    bookings.business_id,
    (bookings.starts_at at time zone bookings.time_zone)::date as day,
    bookings.currency,
    bookings.status,
    count(*) as bookings,
    sum(bookings.total_minor)::bigint as total_minor
from scheduling.bookings
group by 1, 2, 3, 4;
grant select on analytics.daily_bookings to analyst, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on analytics.daily_bookings
for each row execute function private.any__refuse_writing();

comment on view analytics.daily_bookings is
'Bookings a day (of the business''s zone), business, currency and status. Never sum across
currencies.';
comment on column analytics.daily_bookings.business_id is 'The business.';
comment on column analytics.daily_bookings.day is 'The local date on which they start.';
comment on column analytics.daily_bookings.currency is 'ISO 4217 code.';
comment on column analytics.daily_bookings.status is 'Status of the bookings.';
comment on column analytics.daily_bookings.bookings is 'How many.';
comment on column analytics.daily_bookings.total_minor is 'Their price, in minor units.';

create view analytics.notification_stats
with (security_invoker = true)
as
select
    notification_deliveries.business_id,
    (notification_deliveries.created_at at time zone 'UTC')::date as day,
    notification_deliveries.event,
    notification_deliveries.channel,
    notification_deliveries.status,
    count(*) as deliveries,
    sum(notification_deliveries.attempts)::bigint as attempts,
    avg(extract(epoch from notification_deliveries.sent_at - notification_deliveries.created_at))
        as seconds_to_send
from engagement.notification_deliveries
group by 1, 2, 3, 4, 5;
grant select on analytics.notification_stats to analyst, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on analytics.notification_stats
for each row execute function private.any__refuse_writing();

comment on view analytics.notification_stats is
'Messages a day, business, event, channel and status.';
comment on column analytics.notification_stats.business_id is 'The business.';
comment on column analytics.notification_stats.day is 'The date in UTC on which they were queued.';
comment on column analytics.notification_stats.event is 'What happened.';
comment on column analytics.notification_stats.channel is 'mail, sms, push or in_app.';
comment on column analytics.notification_stats.status is
'queued, sent, delivered, failed, bounced or skipped.';
comment on column analytics.notification_stats.deliveries is 'How many.';
comment on column analytics.notification_stats.attempts is 'How often sending them was begun.';
comment on column analytics.notification_stats.seconds_to_send is
'Mean seconds from queued to taken by the provider, or null.';

create view analytics.user_activity
with (security_invoker = true)
as
select
    (activity_events.at at time zone 'UTC')::date as day,
    activity_events.kind,
    count(*) as events
from identity.activity_events
group by 1, 2;
grant select on analytics.user_activity to analyst, service_role;

create trigger _100_refuse_writing
instead of insert or update or delete on analytics.user_activity
for each row execute function private.any__refuse_writing();

comment on view analytics.user_activity is
'What users do with their accounts, by day and kind; not who, nor from where.';
comment on column analytics.user_activity.day is 'The date in UTC.';
comment on column analytics.user_activity.kind is 'As in activity, such as signed_in.';
comment on column analytics.user_activity.events is 'How often.';

notify pgrst, 'reload schema';
