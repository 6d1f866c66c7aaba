-- How a person is erased, in one transaction: rows that are theirs alone are deleted, and in all
-- others what is personal is emptied. Nothing here names a table of another domain: the tags do.

/*
 * Erase a person's rows in every table. Returns what was done, as privacy.requests.report.
 */
create function privacy.erase_rows(person privacy.person)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_count bigint;
    v_erased jsonb = '{}';
    v_deleted jsonb = '{}';
    v_kept jsonb = '[]';
begin
    foreach v_table in array person.tables loop
        v_count = privacy.delete_rows(person, v_table.relation);
        if v_count > 0 then
            v_deleted = v_deleted || jsonb_build_object(v_table.relation::text, v_count);
        end if;
    end loop;
    foreach v_table in array person.tables loop
        v_kept = v_kept || privacy.kept_columns(person, v_table.relation, v_table.condition);
        v_count = privacy.empty_columns(person, v_table.relation, v_table.condition);
        if v_count > 0 then
            v_erased = v_erased || jsonb_build_object(v_table.relation::text, v_count);
        end if;
    end loop;
    return jsonb_build_object('erased', v_erased, 'deleted', v_deleted, 'kept', v_kept);
end;
$$;

/*
 * Empty the personal columns of a person's rows in a table. Returns how many rows had something in
 * them.
 */
create function privacy.empty_columns(person privacy.person, relation regclass, condition text)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes text;
    v_is_filled text;
    v_count bigint;
begin
    select
        string_agg(format('%I = %s', erasable.column_name, erasable.emptied), ', '),
        string_agg(erasable.is_filled, ' or ')
    into v_changes, v_is_filled
    from private.erasable_columns(relation, with_kept => false) as erasable;
    if v_changes is null then
        return 0;
    end if;
    execute format('update %s set %s where %s and (%s)', relation, v_changes, condition, v_is_filled)
    using person.ids, person.contacts, person.business_ids, person.business_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Delete the rows of a table that go with the person. Returns how many there were.
 */
create function privacy.delete_rows(person privacy.person, relation regclass)
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_keys text;
    v_has_business constant boolean = exists (
        select 1
        from pg_catalog.pg_attribute
        where pg_attribute.attrelid = relation and pg_attribute.attname = 'business_id'
    );
    v_count bigint;
begin
    select string_agg(
        case
            when tagged.column_type = 'uuid'::regtype then format('%I = any($1)', tagged.column_name)
            else format('lower(%I) = any($2)', tagged.column_name)
        end,
        ' or '
    )
    into v_keys
    from private.tags_of(relation) as tagged
    where tagged.deletes_row;
    if v_keys is null or person.business_id is not null and not v_has_business then
        return 0;
    end if;
    execute format(
        'delete from %s where (%s)%s',
        relation, v_keys, case when v_has_business then ' and ($3::uuid is null or business_id = $3)' else '' end
    )
    using person.ids, person.contacts, person.business_id;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return what of a person's rows in a table is kept, why and for how many years.
 */
create function privacy.kept_columns(person privacy.person, relation regclass, condition text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_column record;
    v_count bigint;
    v_kept jsonb = '[]';
begin
    for v_column in
        select tagged.*
        from private.tags_of(relation) as tagged
        where tagged.kept_years is not null
    loop
        execute format(
            'select count(*) from %s where %s and %I is not null',
            relation, condition, v_column.column_name
        )
        into v_count
        using person.ids, person.contacts, person.business_ids, person.business_id;
        if v_count > 0 then
            v_kept = v_kept || jsonb_build_object(
                'table', relation::text, 'column', v_column.column_name, 'rows', v_count,
                'years', v_column.kept_years, 'reason', v_column.kept_reason
            );
        end if;
    end loop;
    return v_kept;
end;
$$;

/*
 * Erase an account: how it signs in, its sessions and what sign-in wrote down about it. The row
 * itself stays, empty, so that its id is never given to somebody else and counts stay what they
 * were; Supabase Auth calls that a soft deletion.
 */
create function privacy.erase_account(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table regclass;
begin
    for v_table in
        select pg_class.oid::regclass
        from pg_catalog.pg_class
        inner join pg_catalog.pg_attribute on pg_attribute.attrelid = pg_class.oid
        where
            pg_class.relnamespace = 'auth'::regnamespace
            and pg_class.relkind in ('r', 'p')
            and pg_attribute.attname = 'user_id'
            and pg_attribute.atttypid = 'uuid'::regtype
    loop
        execute format('delete from %s where user_id = $1', v_table) using erase_account.user_id;
    end loop;
    delete from auth.audit_log_entries
    where
        audit_log_entries.payload ->> 'actor_id' = erase_account.user_id::text
        or audit_log_entries.payload -> 'traits' ->> 'user_id' = erase_account.user_id::text;
    update auth.users
    set
        email = null,
        phone = null,
        encrypted_password = '',
        email_change = '',
        phone_change = '',
        raw_user_meta_data = '{}',
        raw_app_meta_data = '{}',
        confirmation_token = '',
        recovery_token = '',
        email_change_token_new = '',
        email_change_token_current = '',
        reauthentication_token = '',
        phone_change_token = '',
        deleted_at = coalesce(users.deleted_at, private.now())
    where users.id = erase_account.user_id;
end;
$$;

/*
 * Erase a person from messages. Messages that say how they are reached, such as a mail of sign-in,
 * are deleted, and so are finished ones that have the name. A message that still waits may be
 * somebody's work, such as a payment's: there the name is replaced, if it is about the person.
 */
create function privacy.erase_messages(person privacy.person, names text[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_table record;
    v_name text;
begin
    for v_table in
        select
            pg_class.oid::regclass as relation,
            pg_class.relname ~ '^a_|_dead$' as is_finished
        from pg_catalog.pg_class
        where
            pg_class.relnamespace = 'pgmq'::regnamespace
            and pg_class.relkind in ('r', 'p')
            and pg_class.relname ~ '^[aq]_'
    loop
        execute format(
            'delete from %s where exists ('
            'select from unnest($1) as said where strpos(lower(message::text), lower(said)) > 0)',
            v_table.relation
        )
        using person.contacts || case when v_table.is_finished then names end;
        foreach v_name in array names loop
            execute format(
                'update %s set message = replace(message::text, $1, ''erased'')::jsonb'
                ' where strpos(message::text, $1) > 0 and exists ('
                'select from regexp_matches(message::text, $2, ''g'') as mentioned'
                ' where mentioned[1]::uuid = any($3))',
                v_table.relation
            )
            using
                trim(both '"' from to_json(v_name)::text),
                '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})',
                person.ids;
        end loop;
    end loop;
end;
$$;
