-- What pg-delta does not see: comments, grants and defaults on the columns of views. Each with the
-- statement that makes it and the one that takes it away.
with columns as (
    select
        pg_class.oid as view_id,
        pg_class.relowner as owner_id,
        pg_attribute.attnum as position,
        pg_attribute.attacl as acl,
        format('%I.%I', pg_class.relnamespace::regnamespace, pg_class.relname) as view_name,
        quote_ident(pg_attribute.attname) as column_name
    from pg_class
    inner join pg_attribute on pg_class.oid = pg_attribute.attrelid
    where
        pg_class.relkind in ('v', 'm')
        and pg_class.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
)

select
    format('comment on column %s.%s', columns.view_name, columns.column_name) as key,
    format(
        'comment on column %s.%s is %L;',
        columns.view_name,
        columns.column_name,
        col_description(columns.view_id, columns.position)
    ) as make,
    format('comment on column %s.%s is null;', columns.view_name, columns.column_name) as unmake
from columns
where col_description(columns.view_id, columns.position) is not null
union all
select
    format(
        'grant %s (%s) on %s to %I',
        item.privilege_type, columns.column_name, columns.view_name, item.grantee::regrole::text
    ),
    format(
        'grant %s (%s) on %s to %I;',
        lower(item.privilege_type),
        columns.column_name,
        columns.view_name,
        item.grantee::regrole::text
    ),
    format(
        'revoke %s (%s) on %s from %I;',
        lower(item.privilege_type),
        columns.column_name,
        columns.view_name,
        item.grantee::regrole::text
    )
from columns
cross join lateral aclexplode(columns.acl) as item
where item.grantee <> columns.owner_id
union all
select
    format('default of %s.%s', columns.view_name, columns.column_name),
    format(
        'alter view %s alter column %s set default %s;',
        columns.view_name,
        columns.column_name,
        pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid)
    ),
    format(
        'alter view %s alter column %s drop default;', columns.view_name, columns.column_name
    )
from columns
inner join pg_attrdef
    on pg_attrdef.adrelid = columns.view_id and pg_attrdef.adnum = columns.position
order by 1
