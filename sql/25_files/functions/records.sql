-- Files that workers wrote for people.

/*
 * Keep a file of the bucket `records` for whoever may read a row.
 */
create function files.keep_record(object_name text, relation text, row_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into files.records (object_name, relation, row_id, created_at)
    values (
        keep_record.object_name, keep_record.relation, keep_record.row_id, private.now()
    )
    on conflict do nothing;
end;
$$;

/*
 * Release the files that were kept for a row. Nobody can read them any more, and a worker deletes
 * them.
 */
create function files.release_records(relation text, row_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update files.records
    set released_at = private.now()
    where
        records.row_id = release_records.row_id
        and records.relation = release_records.relation
        and records.released_at is null;
end;
$$;

/*
 * Return the row that a file of the bucket `records` is about.
 * Definer: nobody reads the table.
 */
create function files.row_of_record(object_name text)
returns files.records
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_record files.records;
begin
    select records.* into v_record
    from files.records
    where records.object_name = row_of_record.object_name and records.released_at is null;
    return v_record;
end;
$$;

/*
 * May the caller read a file of the bucket `records`: can they read the row that it is about?
 */
create function files.is_record_readable(object_name text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_record constant files.records = files.row_of_record(object_name);
    v_is_readable boolean = false;
begin
    if v_record.relation is not null then
        execute format('select exists (select 1 from %s where id = $1)', v_record.relation)
        into v_is_readable
        using v_record.row_id;
    end if;
    return v_is_readable;
end;
$$;
