-- Which columns say something about a person. A comment of a table's column begins with tags, and
-- erasure, export, retention and the audit trail read them; nothing lists columns a second time.
--
--     [person]                  names the person whom the row is about: a user, a customer, another
--                               row of theirs, or an address by which they are known
--     [person: delete]          the same; the row is deleted when the person is erased
--     [personal]                says something about the person; erased with them
--     [personal: replaced]      the same, where erasing must leave a value that differs by row
--     [personal: kept N years: reason]    stays for N years, for this reason
--     [secret]                  opens something: it is never shown or copied
--
-- tests/sql/harmless.expected lists the columns of text, JSON or bytes that have no tag, with the
-- reason.

/*
 * Return the columns whose comments have tags.
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
language sql
stable
security invoker
set search_path = ''
as $$
select
    pg_class.oid::regclass,
    pg_attribute.attname,
    pg_attribute.atttypid::regtype,
    pg_description.description ~ '\[person(: delete)?\]',
    pg_description.description ~ '\[person: delete\]',
    pg_description.description ~ '\[personal(: [^]]+)?\]',
    pg_description.description ~ '\[personal: replaced\]',
    (regexp_match(pg_description.description, '\[personal: kept (\d+) years: [^]]+\]'))[1]::integer,
    (regexp_match(pg_description.description, '\[personal: kept \d+ years: ([^]]+)\]'))[1],
    pg_description.description ~ '\[secret\]'
from pg_catalog.pg_description
inner join pg_catalog.pg_class on pg_class.oid = pg_description.objoid
inner join pg_catalog.pg_attribute
    on
        pg_attribute.attrelid = pg_class.oid
        and pg_attribute.attnum = pg_description.objsubid
        and not pg_attribute.attisdropped
where
    pg_description.classoid = 'pg_catalog.pg_class'::regclass
    and pg_description.objsubid > 0
    and pg_class.relkind in ('r', 'p')
    and not pg_class.relispartition
    and pg_description.description ~ '\[(person|personal|secret)(: [^]]+)?\]';
$$;
