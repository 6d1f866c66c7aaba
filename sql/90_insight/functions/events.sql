-- The intake of events, and the months that keep them.

/*
 * Does a program identify itself as one that visits pages by itself?
 */
create function insight.is_bot(user_agent text)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(
        user_agent ~* concat(
            '(bot\y|bot[/;_-]|crawl|spider|slurp|headless|lighthouse|facebookexternalhit|',
            'uptime|pingdom|monitor|preview)'
        ),
        false
    );
end;

/*
 * Do the headers of a request refuse to be followed (Global Privacy Control, Do Not Track)?
 */
create function insight.refuses_following(headers jsonb)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(headers ->> 'sec-gpc' = '1' or headers ->> 'dnt' = '1', false);
end;

/*
 * Read events as a client sends them.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_events(sent jsonb)
returns setof insight.events
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_unknown text;
begin
    if exists (
        select 1 from jsonb_array_elements(sent) as event (value)
        where jsonb_typeof(event.value) <> 'object'
    ) then
        perform private.invalid('events', 'must be objects');
    end if;
    select keys.key into v_unknown
    from jsonb_array_elements(sent) as event (value)
    cross join lateral jsonb_object_keys(event.value) as keys (key)
    where
        keys.key <> all(
            '{name,at,business_id,session_id,service_id,product_id,consent}'::text[]
        )
    limit 1;
    if found then
        perform private.invalid(
            'events.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not known; the keys are name, at, business_id, session_id, service_id, product_id, '
            'consent'
        );
    end if;
    return query
    select
        null::bigint,
        coalesce(private.to_instant(event.at, 'events.at', false), private.now()),
        event.name::insight.event_name,
        event.business_id::uuid,
        case when event.consent then event.session_id::uuid end,
        event.service_id::uuid,
        event.product_id::uuid
    from jsonb_to_recordset(sent) as event (
        name text, at text, business_id text, session_id text, service_id text, product_id text,
        consent boolean
    );
exception
    when invalid_text_representation or datatype_mismatch then
        perform private.invalid(
            'events', 'must have a known name, UUIDs as ids, and true or false as consent'
        );
end;
$$;

/*
 * Take events (public.track). Returns how many were taken: none from programs, none that is older
 * than a day or ahead of the clock, and none of a business that is not open.
 * Definer: visitors have no rights on events.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.track(sent jsonb)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_headers constant jsonb = nullif(current_setting('request.headers', true), '');
    v_is_refused constant boolean = insight.refuses_following(v_headers);
    v_events insight.events[] = array(
        select event from insight.to_events(sent) as event where event.name is not null
    );
    v_count integer;
begin
    if cardinality(v_events) < jsonb_array_length(sent) then
        perform private.invalid('events', 'must each have a name');
    end if;
    if insight.is_bot(v_headers ->> 'user-agent') then
        return 0;
    end if;
    insert into insight.events (at, name, business_id, session_id, service_id, product_id)
    select
        event.at,
        event.name,
        event.business_id,
        case when not v_is_refused then event.session_id end,
        services.id,
        products.id
    from unnest(v_events) as event
    left join business.businesses
        on
            businesses.id = event.business_id
            and businesses.status = 'approved'
            and businesses.is_active
    left join catalog.services
        on services.business_id = event.business_id and services.id = event.service_id
    left join catalog.products
        on products.business_id = event.business_id and products.id = event.product_id
    where
        event.at between private.now() - interval '1 day' and private.now() + interval '1 minute'
        and (event.business_id is null or businesses.id is not null);
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return how long events are kept: a year, and the month that it is compared with.
 */
create function insight.events_kept_for()
returns interval
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select interval '13 months';
end;

/*
 * Prepare this month and the next, and drop what is too old. Returns how many months were dropped.
 * Waits at most two seconds for those who read.
 * Definer: called by the workers, who own nothing.
 */
create function insight.keep_event_months()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
set lock_timeout = '2s'
as $$
declare
    v_month date = date_trunc('month', now() at time zone 'UTC');
    v_old regclass;
    v_count integer = 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('insight.events', 0));
    perform private.prepare_month('insight.events', v_month);
    perform private.prepare_month('insight.events', (v_month + interval '1 month')::date);
    for v_old in
        select private.months_before('insight.events', v_month - insight.events_kept_for())
    loop
        execute format('drop table %s', v_old);
        v_count = v_count + 1;
    end loop;
    delete from insight.events_else
    where events_else.at < now() - insight.events_kept_for();
    return v_count;
end;
$$;
