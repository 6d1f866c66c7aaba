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
