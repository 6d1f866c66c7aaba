-- Loaded once before the tests: people and what belongs to them by memorable names, a way to act as
-- someone, and a way to move the clock. Everything is undone with the test's transaction.

create schema tests;
create table tests.names (name text primary key, id uuid not null default gen_random_uuid());

/* The id of whoever or whatever was named so. */
create function tests.id(called text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_id uuid = (select names.id from tests.names where names.name = called);
begin
    if v_id is null then
        raise exception 'Nobody and nothing is called % in this test.', called;
    end if;
    return v_id;
end;
$$;

create function tests.named(called text)
returns uuid
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into tests.names (name) values (called) returning id;
end;

/* A user with an account and a confirmed e-mail address. */
create function tests.person(called text)
returns uuid
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into auth.users (id, aud, role, email, email_confirmed_at, created_at, updated_at)
    values (
        tests.named(called),
        'authenticated',
        'authenticated',
        lower(replace(called, ' ', '.')) || '@example.com',
        now(),
        now(),
        now()
    )
    returning id;
end;

create function tests.act_as(called text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        set_config('request.jwt.claims', json_build_object(
            'sub', tests.id(called), 'role', 'authenticated', 'aud', 'authenticated'
        )::text, true),
        set_config('role', 'authenticated', true);
end;

/* Somebody who signed in with a second factor. */
create function tests.act_with_factor(called text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        set_config('request.jwt.claims', json_build_object(
            'sub', tests.id(called), 'role', 'authenticated', 'aud', 'authenticated', 'aal', 'aal2'
        )::text, true),
        set_config('role', 'authenticated', true);
end;

create function tests.act_as_anon()
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        set_config('request.jwt.claims', '{"role": "anon"}', true),
        set_config('role', 'anon', true);
end;

/* A role without a user: service_role, worker, edge or analyst. */
create function tests.act_as_role(called text)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        set_config('request.jwt.claims', json_build_object('role', called)::text, true),
        set_config('role', called, true);
end;

/* The database's owner again, as whom a test begins. */
create function tests.act_as_owner()
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select
        set_config('role', 'none', true),
        set_config('request.jwt.claims', '', true);
end;

/* Move the clock that every rule asks. */
create function tests.at(moment timestamptz)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select set_config('frontdesk.now', moment::text, true);
end;

/* An approved, active business with its owner. */
create function tests.business(
    called text, owned_by text, time_zone text default 'UTC', currency text default 'EUR'
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid = tests.named(called);
begin
    insert into pricing.currencies (code, name, minor_digits)
    values (business.currency, business.currency, 2)
    on conflict do nothing;
    insert into business.verticals (id, name) values ('salon', 'Salon') on conflict do nothing;
    insert into business.businesses (
        id, slug, name, vertical_id, country, time_zone, currency, status
    )
    values (
        v_id,
        trim(both '-' from regexp_replace(lower(called), '[^a-z0-9]+', '-', 'g')),
        called, 'salon', 'DE', business.time_zone, business.currency, 'approved'
    );
    perform tests.member(owned_by, called, 'owner');
    return v_id;
end;
$$;

/* Give a person a role in a business: owner, manager, staff or accountant. */
create function tests.member(called text, works_for text, as_role business.member_role)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into business.business_members (business_id, user_id, role, display_name)
    values (tests.id(works_for), tests.id(called), as_role, called);
end;

/* A service that takes nothing yet: say with tests.takes what it needs. */
create function tests.service(
    called text, offered_by text, minutes integer default 60, price_minor bigint default 5000
)
returns uuid
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into catalog.services (id, business_id, name, duration_minutes, price_minor, currency)
    select tests.named(called), businesses.id, called, minutes, service.price_minor, businesses.currency
    from business.businesses
    where businesses.id = tests.id(offered_by)
    returning id;
end;

/* A resource: staff, room or equipment. */
create function tests.resource(
    called text,
    belongs_to text,
    kind catalog.resource_kind default 'staff',
    capacity integer default 1
)
returns uuid
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into catalog.resources (id, business_id, kind, name, capacity)
    values (tests.named(called), tests.id(belongs_to), resource.kind, called, resource.capacity)
    returning id;
end;

/* A service needs a resource: this one (all), or any of its pool. */
create function tests.takes(
    service text,
    resource text,
    mode catalog.requirement_mode default 'any',
    pool text default 'staff'
)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into catalog.service_resources (business_id, service_id, resource_id, mode, pool)
    select services.business_id, services.id, tests.id(takes.resource), takes.mode, takes.pool
    from catalog.services
    where services.id = tests.id(takes.service);
end;

/* Weekly hours of a business, or of one of its resources; every day unless said otherwise. */
create function tests.hours(
    called text,
    opens_at time default '09:00',
    closes_at time default '17:00',
    weekdays integer[] default '{1,2,3,4,5,6,7}'
)
returns void
language sql
volatile
security definer
set search_path = ''
begin atomic
    insert into catalog.working_hours (business_id, resource_id, weekday, opens_at, closes_at)
    select
        coalesce(resources.business_id, businesses.id),
        resources.id,
        days.day,
        hours.opens_at,
        hours.closes_at
    from unnest(weekdays) as days (day)
    left join catalog.resources on resources.id = tests.id(called)
    left join business.businesses on businesses.id = tests.id(called);
end;

/*
 * A file that somebody announces and sends, as Storage would note it, completed. They act as
 * themselves afterwards.
 */
create function tests.upload(
    by_person text,
    to_subject text,
    kind text default 'gallery',
    content_type text default 'image/png',
    bytes bigint default 1000,
    called text default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_upload jsonb;
begin
    perform tests.act_as(by_person);
    v_upload = public.create_upload(
        to_subject, upload.kind, 'A file.png', upload.bytes::text, upload.content_type
    );
    insert into storage.objects (bucket_id, name, metadata)
    values (
        v_upload ->> 'bucket', v_upload ->> 'path',
        jsonb_build_object('size', upload.bytes, 'mimetype', upload.content_type)
    );
    perform public.complete_upload(v_upload ->> 'upload_id');
    perform tests.act_as_owner();
    if called is not null then
        insert into tests.names (name, id) values (called, (v_upload ->> 'upload_id')::uuid);
    end if;
    perform tests.act_as(by_person);
    return (v_upload ->> 'upload_id')::uuid;
end;
$$;

/* What a worker finds in a file that is fit. */
create function tests.look_into(called text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform files.finish_processing(tests.id(called), jsonb_build_object(
        'sha256', repeat('a', 64), 'width', 1200, 'height', 800, 'blurhash', 'L6PZfSi_.AyE',
        'renditions', jsonb_build_array(
            jsonb_build_object(
                'format', 'jpeg', 'width', 640, 'height', 427, 'bytes', 5000,
                'object_name', tests.id(called) || '/small.jpg'
            ),
            jsonb_build_object(
                'format', 'jpeg', 'width', 1200, 'height', 800, 'bytes', 9000,
                'object_name', tests.id(called) || '/wide.jpg'
            )
        )
    ));
end;
$$;

/* Every column of every table in which a text is found. */
create function tests.finds(needle text)
returns setof text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_column record;
    v_found boolean;
begin
    for v_column in
        select pg_class.oid::regclass as relation, pg_attribute.attname as name
        from pg_catalog.pg_class
        inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
        inner join pg_catalog.pg_type on pg_type.oid = pg_attribute.atttypid
        where
            pg_class.relkind in ('r', 'p')
            and pg_class.relnamespace::regnamespace::text !~ '^(pg_catalog|information_schema|tests|tap|supabase_migrations)$'
            and pg_attribute.attnum > 0
            and not pg_attribute.attisdropped
            and pg_type.typcategory in ('S', 'U', 'A', 'I', 'D')
        order by 1, 2
    loop
        execute format(
            'select exists (select from %s where strpos(lower(%I::text), lower($1)) > 0)',
            v_column.relation, v_column.name
        )
        into v_found
        using needle;
        if v_found then
            return next v_column.relation::text || '.' || v_column.name;
        end if;
    end loop;
end;
$$;

grant usage on schema tests to anon, authenticated, service_role, edge, worker, analyst;
grant execute on all functions in schema tests
to anon, authenticated, service_role, edge, worker, analyst;

/* Fail when the ledger does not agree. Every test that had a database asks this at its end. */
create function tests.require_balanced_ledger()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_findings text;
begin
    if exists (select 1 from money.transactions) then
        select string_agg(findings::text, ', ') into v_findings
        from money.ledger_findings() as findings;
        if v_findings is not null then
            raise exception 'The ledger does not agree: %', v_findings;
        end if;
    end if;
end;
$$;

/*
 * Fail when a level of stock is not the sum of its movements. Every test that had a database asks
 * this at its end.
 */
create function tests.require_true_levels()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from commerce.stock_levels
        left join lateral (
            select sum(stock_movements.quantity) as quantity
            from commerce.stock_movements
            where
                stock_movements.business_id = stock_levels.business_id
                and stock_movements.store_id = stock_levels.store_id
                and stock_movements.variant_id = stock_levels.variant_id
        ) as moved on true
        where stock_levels.on_hand <> coalesce(moved.quantity, 0)
    ) then
        raise exception 'A level of stock is not the sum of its movements.';
    end if;
end;
$$;

/* pgTAP's finish(), with which every file ends. */
alter function tap.finish(boolean) rename to finish_plan;
create function tap.finish()
returns setof text
language plpgsql
volatile
security definer
as $$
begin
    perform tests.require_balanced_ledger();
    perform tests.require_true_levels();
    return query select tap.finish_plan();
end;
$$;
grant execute on function tap.finish() to public;
