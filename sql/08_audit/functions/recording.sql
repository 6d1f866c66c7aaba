-- How a change is written into the trail. The triggers run once a statement, with all the rows that
-- it changed: a change of a thousand rows costs one insert of a thousand entries.

/*
 * Return where the current change comes from: the user of the token or the API key, the role, and
 * the call. The call is the request of the API; outside of it, the name by which the program
 * connected. Address and program come from the headers that the gateway writes, never from what a
 * client sends as data.
 */
create function audit.origin()
returns audit.origin
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_origin audit.origin;
    v_headers jsonb = nullif(current_setting('request.headers', true), '');
    v_path text = nullif(current_setting('request.path', true), '');
begin
    v_origin.actor_id = coalesce(auth.uid(), (private.admitted_key() ->> 'id')::uuid);
    v_origin.actor_role = coalesce(nullif(current_setting('role'), 'none'), session_user);
    v_origin.cause = coalesce(
        concat_ws(' ', nullif(current_setting('request.method', true), ''), v_path),
        'database'
    );
    if v_path is null then
        v_origin.cause = coalesce(nullif(current_setting('application_name'), ''), 'database');
    end if;
    v_origin.request_id = left(
        coalesce(v_headers ->> 'x-request-id', v_headers ->> 'sb-request-id'), 200
    );
    v_origin.address = private.request_address();
    v_origin.user_agent = left(v_headers ->> 'user-agent', 500);
    return v_origin;
end;
$$;

/*
 * Return a row with what is personal or secret hidden. Null stays null.
 */
create function audit.hidden(contents jsonb, columns text[])
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if columns = '{}' then
        return contents;
    end if;
    return contents || coalesce(
        (
            select jsonb_object_agg(hidden_columns.name, '***')
            from unnest(columns) as hidden_columns (name)
            where contents ->> hidden_columns.name is not null
        ),
        '{}'
    );
end;
$$;

/*
 * Return the primary key of a row as one text.
 */
create function audit.key_of(contents jsonb, columns text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        '/', contents ->> columns[1], contents ->> columns[2], contents ->> columns[3],
        contents ->> columns[4], contents ->> columns[5]
    );
end;
$$;

/*
 * Return the primary key of a row as the trail shows it: a part that is personal is hidden, such as
 * the word of a tag.
 */
create function audit.shown_key_of(contents jsonb, columns text[], hidden_columns text[])
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return audit.key_of(
        case
            when columns && hidden_columns then audit.hidden(contents, hidden_columns)
            else contents
        end,
        columns
    );
end;
$$;

/*
 * Record the rows that a statement inserted or deleted, whole. The arguments of the trigger are the
 * columns of the primary key, those to hide, and the one that names the business, or nothing.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_whole()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key text[] = tg_argv[0];
    v_hidden text[] = tg_argv[1];
begin
    -- Materialised, so that each row becomes JSON once.
    with images as materialized (select to_jsonb(whole_rows) as image from whole_rows)

    insert into audit.entries (
        table_name, operation, business_id, row_id, before, after, actor_id, actor_role, cause,
        request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        tg_op::audit.operation,
        (images.image ->> tg_argv[2])::uuid,
        audit.shown_key_of(images.image, v_key, v_hidden),
        case tg_op when 'DELETE' then audit.hidden(images.image, v_hidden) end,
        case tg_op when 'INSERT' then audit.hidden(images.image, v_hidden) end,
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from images
    cross join audit.origin() as origin;
    return null;
end;
$$;

/*
 * Record what a statement updated, the columns that changed only. A row in which nothing changed
 * but the time of its last change or use is left out. Arguments as for whole rows. A row whose
 * primary key changed has two entries, one without `after` and one without `before`.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_updated()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_key text[] = tg_argv[0];
    v_hidden text[] = tg_argv[1];
begin
    -- Materialised, so that each row becomes JSON once.
    with
    old_jsons as materialized (select to_jsonb(old_rows) as image from old_rows),
    new_jsons as materialized (select to_jsonb(new_rows) as image from new_rows),
    old_images as materialized (select image, audit.key_of(image, v_key) as key from old_jsons),
    new_images as materialized (select image, audit.key_of(image, v_key) as key from new_jsons)

    insert into audit.entries (
        table_name, operation, business_id, row_id, before, after, actor_id, actor_role, cause,
        request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        'UPDATE',
        (coalesce(new_images.image, old_images.image) ->> tg_argv[2])::uuid,
        audit.shown_key_of(coalesce(new_images.image, old_images.image), v_key, v_hidden),
        audit.hidden(difference.before, v_hidden),
        audit.hidden(difference.after, v_hidden),
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from old_images
    full join new_images on new_images.key = old_images.key
    cross join lateral (
        select
            jsonb_object_agg(columns.key, old_images.image -> columns.key)
                filter (where old_images.image is not null) as before,
            jsonb_object_agg(columns.key, columns.value)
                filter (where new_images.image is not null) as after
        from jsonb_each(coalesce(new_images.image, old_images.image)) as columns
        where
            columns.key not in ('updated_at', 'last_used_at')
            and (
                old_images.image is null
                or new_images.image is null
                or columns.value is distinct from old_images.image -> columns.key
            )
        having count(*) > 0
    ) as difference
    cross join audit.origin() as origin;
    return null;
end;
$$;

/*
 * Record that a table was emptied by TRUNCATE, which shows no rows.
 * Definer: nobody may write the trail.
 */
create function audit.any__record_emptied()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into audit.entries (
        table_name, operation, actor_id, actor_role, cause, request_id, address, user_agent
    )
    select
        tg_table_schema || '.' || tg_table_name,
        'TRUNCATE',
        origin.actor_id,
        origin.actor_role,
        origin.cause,
        origin.request_id,
        origin.address,
        origin.user_agent
    from audit.origin() as origin;
    return null;
end;
$$;
