-- Lists of objects, as Supabase's functions of the same names return them. They run as the caller, so that
-- row-level security decides what is listed. A folder is what names have in common up to a slash; a list
-- jumps over it with one look into the index, however many objects it has.

-- A string behind every name with this prefix, in byte order. Names are ASCII, and U+10FFFF is behind all
-- characters. Comparisons have the result as it is: inside of coalesce(), row-level security would keep them
-- from the index.
create or replace function storage.after_prefix(prefix text)
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
    select prefix || chr(1114111)
$$;

/*
 * Return the folders and objects directly below a prefix, by name, from behind a name onward.
 *
 * A row with an id is an object; without one it is a folder, whose key ends with a slash.
 */
create or replace function storage.walk_names(
    bucket_name text, prefix text, start_after text, descending boolean, limits integer
)
returns table (key text, id uuid)
language plpgsql
stable
security invoker
set search_path = ''
-- Planning a look takes ten times as long as the look.
set plan_cache_mode = force_generic_plan
as $$
declare
    v_seek text := start_after;
    v_end text := storage.after_prefix(prefix);
    v_slash integer;
    v_left integer := limits;
    -- One look costs as much as reading many rows. Objects beside each other are read together, twice as
    -- many each time; a folder begins anew with one.
    v_batch integer := 1;
    v_names text[];
    v_ids uuid[];
begin
    if v_seek is null then
        v_seek := case when descending then v_end else '' end;
    elsif right(v_seek, 1) = '/' and not descending then
        v_seek := storage.after_prefix(v_seek);
    end if;
    while v_left > 0 loop
        if descending then
            select array_agg(listed.name), array_agg(listed.id) into v_names, v_ids
            from (
                select objects.name, objects.id
                from storage.objects
                where
                    objects.bucket_id = bucket_name
                    and objects.name collate "C" >= prefix
                    and objects.name collate "C" < least(v_seek collate "C", v_end collate "C")
                order by objects.name collate "C" desc
                limit v_batch
            ) as listed;
        else
            select array_agg(listed.name), array_agg(listed.id) into v_names, v_ids
            from (
                select objects.name, objects.id
                from storage.objects
                where
                    objects.bucket_id = bucket_name
                    and objects.name collate "C" >= prefix
                    and objects.name collate "C" > v_seek
                    and objects.name collate "C" < v_end
                order by objects.name collate "C"
                limit v_batch
            ) as listed;
        end if;
        exit when v_names is null;
        for i in 1 .. cardinality(v_names) loop
            v_slash := strpos(substr(v_names[i], length(prefix) + 1), '/');
            key := case when v_slash > 0 then left(v_names[i], length(prefix) + v_slash) else v_names[i] end;
            id := case when v_slash = 0 then v_ids[i] end;
            return next;
            v_left := v_left - 1;
            exit when v_slash > 0;
        end loop;
        v_batch := case when id is null then 1 else least(2 * v_batch, v_left) end;
        v_seek := case when id is null and not descending then storage.after_prefix(key) else key end;
    end loop;
end;
$$;

/*
 * Return the folders and objects directly below a prefix whose names go on with a text, in any case.
 *
 * `at` is the time that a column has, and null for folders.
 */
create or replace function storage.find_entries(
    bucket_name text, prefix text, search text, time_column text
)
returns table (key text, id uuid, at timestamptz)
language sql
stable
security invoker
set search_path = ''
as $$
    with found as (
        select
            objects.id, objects.name, substr(objects.name, length(prefix) + 1) as rest,
            case time_column
                when 'created_at' then objects.created_at
                when 'updated_at' then objects.updated_at
                when 'last_accessed_at' then objects.last_accessed_at
            end as at
        from storage.objects
        where
            objects.bucket_id = bucket_name
            -- The folder bounds the search where row-level security keeps the index on lower(name) from it.
            and objects.name collate "C" >= prefix
            and objects.name collate "C" < storage.after_prefix(prefix)
            and lower(objects.name) collate "C" >= lower(prefix || search)
            and lower(objects.name) collate "C" < storage.after_prefix(lower(prefix || search))
    )
    select distinct prefix || split_part(found.rest, '/', 1) || '/', null::uuid, null::timestamptz
    from found
    where strpos(found.rest, '/') > 0
    union all
    select found.name, found.id, found.at
    from found
    where strpos(found.rest, '/') = 0
$$;

/*
 * Return a page of what lies directly below a folder, as the first version of the list has it.
 *
 * Names are relative to the folder. `levels` is taken for Supabase's sake: the prefix says it already.
 * A list by a time begins with the folders.
 */
create or replace function storage.search(
    prefix text,
    bucketname text,
    limits integer default 100,
    levels integer default 1,
    offsets integer default 0,
    search text default '',
    sortcolumn text default 'name',
    sortorder text default 'asc'
)
returns table (
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
    v_descending boolean := lower(sortorder) = 'desc';
begin
    return query
    select
        rtrim(substr(page.key, length(search.prefix) + 1), '/'), page.id, objects.updated_at,
        objects.created_at, objects.last_accessed_at, objects.metadata
    from (
        select walked.key, walked.id, walked.position
        from storage.walk_names(
            bucketname, search.prefix, null, v_descending, limits + offsets
        ) with ordinality as walked (key, id, position)
        where search.search = '' and sortcolumn = 'name'
        union all
        select
            found.key, found.id,
            row_number() over (
                order by
                    sortcolumn <> 'name' and found.id is not null,
                    case when not v_descending then found.at end,
                    case when v_descending then found.at end desc,
                    case when not v_descending then found.key collate "C" end,
                    case when v_descending then found.key collate "C" end desc
            )
        from storage.find_entries(
            bucketname, search.prefix, search.search, sortcolumn
        ) as found
        where search.search <> '' or sortcolumn <> 'name'
    ) as page
    left join storage.objects on objects.id = page.id
    where page.position > offsets and page.position <= offsets + limits
    order by page.position;
end;
$$;

alter function storage.after_prefix(text) owner to supabase_storage_admin;
alter function storage.walk_names(text, text, text, boolean, integer) owner to supabase_storage_admin;
alter function storage.find_entries(text, text, text, text) owner to supabase_storage_admin;
alter function storage.search(text, text, integer, integer, integer, text, text, text)
owner to supabase_storage_admin;

grant execute on function
storage.after_prefix(text),
storage.walk_names(text, text, text, boolean, integer),
storage.find_entries(text, text, text, text),
storage.search(text, text, integer, integer, integer, text, text, text)
to anon, authenticated, service_role;
