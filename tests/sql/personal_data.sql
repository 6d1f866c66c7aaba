-- Columns that may hold a text, JSON or bytes and whose comment has no tag (private.tagged_columns). A column that
-- refers to another table holds nothing that the other one does not.
select format('%%s.%%I', pg_attribute.attrelid::regclass, pg_attribute.attname)
from pg_attribute
inner join pg_class on pg_class.oid = pg_attribute.attrelid
inner join pg_type as column_type on column_type.oid = pg_attribute.atttypid
left join pg_type as element_type on element_type.oid = nullif(column_type.typelem, 0)
where
    pg_class.relkind in ('r', 'p')
    and not pg_class.relispartition
    and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
    and (
        coalesce(nullif(column_type.typbasetype, 0), element_type.oid, column_type.oid)::regtype::text = any(
            '{text,"character varying",citext,public.citext,extensions.citext,json,jsonb,xml,bytea,inet,cidr,macaddr}'
        )
    )
    and not exists (
        select 1
        from private.tagged_columns() as tagged
        where tagged.relation = pg_attribute.attrelid and tagged.column_name = pg_attribute.attname
    )
    and not exists (
        select 1
        from pg_constraint
        where
            pg_constraint.contype = 'f'
            and pg_constraint.conrelid = pg_attribute.attrelid
            and pg_attribute.attnum = any(pg_constraint.conkey)
    )
