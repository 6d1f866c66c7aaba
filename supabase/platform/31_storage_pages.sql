-- Pages of objects by a cursor: each goes on behind the last entry of the page before, so that what is
-- added or deleted meanwhile moves nothing. They run as the caller, like the lists.

-- Where an entry stands beside another one, by time and then by key in byte order: -1, 0 or 1.
create or replace function storage.compare(
    at timestamptz, key text, other_at timestamptz, other_key text
)
returns integer
language sql
immutable
security invoker
set search_path = ''
as $$
    select case
        when at is distinct from other_at then case when at > other_at then 1 else -1 end
        when key = other_key then 0
        when key collate "C" > other_key then 1
        else -1
    end
$$;

/*
 * Return a page of what lies directly below a prefix, from behind an entry onward.
 *
 * `start_after` is the key of that entry and `sort_column_after` its time, which folders do not have.
 * `levels` is taken for Supabase's sake. A list by a time begins with the folders.
 */
create or replace function storage.search_v2(
    prefix text,
    bucket_name text,
    limits integer default 100,
    levels integer default 1,
    start_after text default '',
    sort_order text default 'asc',
    sort_column text default 'name',
    sort_column_after text default ''
)
returns table (
    key text,
    name text,
    id uuid,
    updated_at timestamptz,
    created_at timestamptz,
    last_accessed_at timestamptz,
    metadata jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
-- A page is small: its rows are looked up one by one, whatever the planner takes it for.
set enable_hashjoin = off
set enable_mergejoin = off
-- Planning takes longer than reading a page.
set plan_cache_mode = force_generic_plan
as $$
declare
    v_sign integer := case when lower(sort_order) = 'desc' then -1 else 1 end;
    v_after timestamptz := nullif(sort_column_after, '')::timestamptz;
begin
    return query
    select
        page.key, page.key, page.id, objects.updated_at, objects.created_at,
        objects.last_accessed_at, objects.metadata
    from (
        select walked.key, walked.id, walked.position
        from storage.walk_names(
            bucket_name, search_v2.prefix, nullif(start_after, ''), v_sign < 0, limits
        ) with ordinality as walked (key, id, position)
        where sort_column = 'name'
        union all
        select
            found.key, found.id,
            row_number() over (
                order by
                    found.id is not null,
                    case when v_sign > 0 then found.at end,
                    case when v_sign < 0 then found.at end desc,
                    case when v_sign > 0 then found.key collate "C" end,
                    case when v_sign < 0 then found.key collate "C" end desc
            )
        from storage.find_entries(bucket_name, search_v2.prefix, '', sort_column) as found
        where
            sort_column <> 'name'
            and (
                start_after = ''
                or (found.id is not null and v_after is null)
                or (
                    (found.id is null) = (v_after is null)
                    and v_sign * storage.compare(found.at, found.key, v_after, start_after) > 0
                )
            )
    ) as page
    left join storage.objects on objects.id = page.id
    where page.position <= limits
    order by page.position;
end;
$$;

/*
 * Return a page of all objects below a prefix, from behind an object onward. The arguments are those of
 * search_v2, and folders are part of the keys.
 */
create or replace function storage.list_flat(
    prefix text,
    bucket_name text,
    limits integer,
    start_after text,
    sort_order text,
    sort_column text,
    sort_column_after text
)
returns table (
    key text,
    name text,
    id uuid,
    updated_at timestamptz,
    created_at timestamptz,
    last_accessed_at timestamptz,
    metadata jsonb
)
language plpgsql
stable
security invoker
set search_path = ''
-- A page is small: its rows are looked up one by one, whatever the planner takes it for.
set enable_hashjoin = off
set enable_mergejoin = off
-- Planning takes longer than reading a page.
set plan_cache_mode = force_generic_plan
as $$
declare
    v_end text := storage.after_prefix(prefix);
    v_before text := coalesce(nullif(start_after, ''), v_end);
    v_sign integer := case when lower(sort_order) = 'desc' then -1 else 1 end;
    v_after timestamptz := nullif(sort_column_after, '')::timestamptz;
begin
    return query
    select
        objects.name, objects.name, objects.id, objects.updated_at, objects.created_at,
        objects.last_accessed_at, objects.metadata
    from (
        (
            select listed.id, row_number() over () as position
            from (
                select objects.id
                from storage.objects
                where
                    sort_column = 'name'
                    and v_sign > 0
                    and objects.bucket_id = bucket_name
                    and objects.name collate "C" >= list_flat.prefix
                    and objects.name collate "C" < v_end
                    and objects.name collate "C" > start_after
                order by objects.name collate "C"
                limit limits
            ) as listed
        )
        union all
        (
            select listed.id, row_number() over () as position
            from (
                select objects.id
                from storage.objects
                where
                    sort_column = 'name'
                    and v_sign < 0
                    and objects.bucket_id = bucket_name
                    and objects.name collate "C" >= list_flat.prefix
                    and objects.name collate "C" < v_before
                order by objects.name collate "C" desc
                limit limits
            ) as listed
        )
        union all
        select
            timed.id,
            row_number() over (
                order by
                    case when v_sign > 0 then timed.at end,
                    case when v_sign < 0 then timed.at end desc,
                    case when v_sign > 0 then timed.name collate "C" end,
                    case when v_sign < 0 then timed.name collate "C" end desc
            )
        from (
            select
                objects.id, objects.name,
                case sort_column
                    when 'created_at' then objects.created_at else objects.updated_at
                end as at
            from storage.objects
            where
                sort_column <> 'name'
                and objects.bucket_id = bucket_name
                and objects.name collate "C" >= list_flat.prefix
                and objects.name collate "C" < v_end
        ) as timed
        where
            start_after = ''
            or v_sign * storage.compare(timed.at, timed.name, v_after, start_after) > 0
    ) as page
    join storage.objects on objects.id = page.id
    where page.position <= limits
    order by page.position;
end;
$$;

alter function storage.compare(timestamptz, text, timestamptz, text) owner to supabase_storage_admin;
alter function storage.search_v2(text, text, integer, integer, text, text, text, text)
owner to supabase_storage_admin;
alter function storage.list_flat(text, text, integer, text, text, text, text)
owner to supabase_storage_admin;

grant execute on function
storage.compare(timestamptz, text, timestamptz, text),
storage.search_v2(text, text, integer, integer, text, text, text, text),
storage.list_flat(text, text, integer, text, text, text, text)
to anon, authenticated, service_role;
