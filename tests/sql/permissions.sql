-- Who may do what, from the catalog: one row a role and object. A command that is allowed on some columns
-- only names them.
with
roles as (
    select pg_roles.oid, pg_roles.rolname as name
    from pg_roles
    where
        pg_roles.rolname in (
            'anon', 'authenticated', 'api_key', 'service_role', 'authenticator', 'edge', 'worker',
            'analyst'
        )
),

relation_commands as (
    select
        roles.name as role,
        pg_class.oid::regclass::text as object,
        command.number,
        case
            when has_table_privilege(roles.oid, pg_class.oid, command.name) then command.name
            else command.name || ' (' || (
                select string_agg(pg_attribute.attname, ', ' order by pg_attribute.attnum)
                from pg_attribute
                where
                    pg_attribute.attrelid = pg_class.oid
                    and pg_attribute.attnum > 0
                    and not pg_attribute.attisdropped
                    and command.has_columns
                    and has_column_privilege(
                        roles.oid,
                        pg_class.oid,
                        pg_attribute.attnum,
                        case when command.has_columns then command.name else 'select' end
                    )
            ) || ')'
        end as allowed
    from pg_class
    cross join roles
    cross join (
        values
        (1, 'select', true),
        (2, 'insert', true),
        (3, 'update', true),
        (4, 'delete', false),
        (5, 'truncate', false),
        (6, 'references', true),
        (7, 'trigger', false)
    ) as command (number, name, has_columns)
    where
        pg_class.relkind in ('r', 'p', 'v', 'm', 'f')
        and pg_class.relnamespace::regnamespace::text = any(%(schemas)s)
)

select
    'schema' as kind,
    roles.name as role,
    pg_namespace.nspname::text as object,
    concat_ws(
        ', ',
        case when has_schema_privilege(roles.oid, pg_namespace.oid, 'usage') then 'usage' end,
        case when has_schema_privilege(roles.oid, pg_namespace.oid, 'create') then 'create' end
    ) as allowed
from pg_namespace
cross join roles
where
    (
        pg_namespace.nspname = any(%(schemas)s)
        or pg_namespace.nspname in (
            'auth', 'storage', 'pgmq', 'realtime', '_realtime', 'extensions'
        )
    )
    and (
        has_schema_privilege(roles.oid, pg_namespace.oid, 'usage')
        or has_schema_privilege(roles.oid, pg_namespace.oid, 'create')
    )
union all
select
    'relation',
    relation_commands.role,
    relation_commands.object,
    string_agg(relation_commands.allowed, ', ' order by relation_commands.number)
from relation_commands
where relation_commands.allowed is not null
group by relation_commands.role, relation_commands.object
union all
select 'function', roles.name, pg_proc.oid::regprocedure::text, 'execute'
from pg_proc
cross join roles
where
    pg_proc.pronamespace::regnamespace::text = any(%(schemas)s)
    and has_function_privilege(roles.oid, pg_proc.oid, 'execute')
    and not exists (
        select 1 from pg_depend where pg_depend.objid = pg_proc.oid and pg_depend.deptype = 'e'
    )
order by 1 desc, 2, 3
