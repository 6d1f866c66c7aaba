-- Every object of a database that a migration can make, one row each, in words that two databases can be
-- compared by: nothing here depends on oids, on dropped columns or on the order of grants.
with
schemas as (
    select
        pg_namespace.oid,
        pg_namespace.nspname,
        pg_namespace.nspowner,
        pg_namespace.nspacl
    from pg_namespace
    where
        pg_namespace.nspname !~ '^pg_'
        and pg_namespace.nspname not in ('information_schema', 'supabase_migrations')
),

relations as (
    select
        pg_class.*,
        format('%I.%I', schemas.nspname, pg_class.relname) as name
    from pg_class
    inner join schemas on pg_class.relnamespace = schemas.oid
    where pg_class.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and not pg_class.relispartition
),

granted (class, object, position, acl) as (
    select 'pg_class'::regclass, relations.oid, 0, coalesce(
        relations.relacl,
        acldefault(case relations.relkind when 'S' then 's' else 'r' end::"char", relations.relowner)
    )
    from relations
    union all
    select 'pg_class'::regclass, relations.oid, pg_attribute.attnum, pg_attribute.attacl
    from relations
    inner join pg_attribute on relations.oid = pg_attribute.attrelid
    where pg_attribute.attacl is not null and not pg_attribute.attisdropped
    union all
    select 'pg_proc'::regclass, pg_proc.oid, 0, coalesce(
        pg_proc.proacl, acldefault('f', pg_proc.proowner)
    )
    from pg_proc
    inner join schemas on pg_proc.pronamespace = schemas.oid
    union all
    select 'pg_type'::regclass, pg_type.oid, 0, coalesce(
        pg_type.typacl, acldefault('T', pg_type.typowner)
    )
    from pg_type
    inner join schemas on pg_type.typnamespace = schemas.oid
    where pg_type.typtype in ('e', 'd')
    union all
    select 'pg_namespace'::regclass, schemas.oid, 0, coalesce(
        schemas.nspacl, acldefault('n', schemas.nspowner)
    )
    from schemas
)

select
    'schema' as kind,
    schemas.nspname::text as name,
    pg_get_userbyid(schemas.nspowner)::text as definition
from schemas
union all
select 'extension', pg_extension.extname, pg_extension.extnamespace::regnamespace::text
from pg_extension
union all
select 'relation', relations.name, format(
    '%s owner %s %s rls %s forced %s',
    relations.relkind, pg_get_userbyid(relations.relowner), relations.reloptions,
    relations.relrowsecurity, relations.relforcerowsecurity
)
from relations
union all
select 'column', format('%s.%I', relations.name, pg_attribute.attname), format(
    'number %s %s not null %s default %s generated %s identity %s',
    row_number() over (partition by relations.oid order by pg_attribute.attnum),
    format_type(pg_attribute.atttypid, pg_attribute.atttypmod),
    pg_attribute.attnotnull,
    pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid),
    pg_attribute.attgenerated,
    pg_attribute.attidentity
)
from relations
inner join pg_attribute on relations.oid = pg_attribute.attrelid
left join pg_attrdef
    on pg_attribute.attrelid = pg_attrdef.adrelid and pg_attribute.attnum = pg_attrdef.adnum
where pg_attribute.attnum > 0 and not pg_attribute.attisdropped and relations.relkind <> 'S'
union all
select 'view', relations.name, pg_get_viewdef(relations.oid)
from relations
where relations.relkind in ('v', 'm')
union all
select 'constraint', format('%s.%I', relations.name, pg_constraint.conname), format(
    '%s valid %s', pg_get_constraintdef(pg_constraint.oid), pg_constraint.convalidated
)
from pg_constraint
inner join relations on pg_constraint.conrelid = relations.oid
union all
select 'constraint', format('%s.%I', pg_constraint.contypid::regtype, pg_constraint.conname),
    pg_get_constraintdef(pg_constraint.oid)
from pg_constraint
inner join schemas on pg_constraint.connamespace = schemas.oid
where pg_constraint.contypid <> 0
union all
select 'index', pg_index.indexrelid::regclass::text, pg_get_indexdef(pg_index.indexrelid)
from pg_index
inner join relations on pg_index.indrelid = relations.oid
union all
select 'trigger', format('%s.%I', relations.name, pg_trigger.tgname), format(
    '%s enabled %s', pg_get_triggerdef(pg_trigger.oid), pg_trigger.tgenabled
)
from pg_trigger
inner join relations on pg_trigger.tgrelid = relations.oid
where not pg_trigger.tgisinternal
union all
select 'policy', format('%s.%I', relations.name, pg_policy.polname), format(
    '%s permissive %s to %s using %s check %s',
    pg_policy.polcmd,
    pg_policy.polpermissive,
    array(select pg_get_userbyid(role) from unnest(pg_policy.polroles) as role order by 1),
    pg_get_expr(pg_policy.polqual, pg_policy.polrelid),
    pg_get_expr(pg_policy.polwithcheck, pg_policy.polrelid)
)
from pg_policy
inner join relations on pg_policy.polrelid = relations.oid
union all
select 'function', pg_proc.oid::regprocedure::text, format(
    '%s owner %s', pg_get_functiondef(pg_proc.oid), pg_get_userbyid(pg_proc.proowner)
)
from pg_proc
inner join schemas on pg_proc.pronamespace = schemas.oid
where pg_proc.prokind in ('f', 'p')
union all
select 'type', pg_type.oid::regtype::text, format(
    '%s %s default %s labels %s',
    pg_type.typtype,
    format_type(nullif(pg_type.typbasetype, 0), pg_type.typtypmod),
    pg_type.typdefault,
    array(
        select pg_enum.enumlabel
        from pg_enum
        where pg_enum.enumtypid = pg_type.oid
        order by pg_enum.enumsortorder
    )
)
from pg_type
inner join schemas on pg_type.typnamespace = schemas.oid
where pg_type.typtype in ('e', 'd')
union all
select 'grant', identity.type || ' ' || identity.identity, array_to_string(array(
    select acl_item::text
    from unnest(granted.acl) as acl_item
    order by 1
), ' ')
from granted
cross join lateral pg_identify_object(granted.class, granted.object, granted.position) as identity
union all
select 'default grant', format(
    '%s in %s for %s',
    pg_default_acl.defaclobjtype,
    nullif(pg_default_acl.defaclnamespace, 0)::regnamespace,
    pg_get_userbyid(pg_default_acl.defaclrole)
), array_to_string(array(
    select acl_item::text
    from unnest(pg_default_acl.defaclacl) as acl_item
    order by 1
), ' ')
from pg_default_acl
union all
select 'comment', identity.type || ' ' || identity.identity, pg_description.description
from pg_description
cross join lateral
    pg_identify_object(pg_description.classoid, pg_description.objoid, pg_description.objsubid)
        as identity
where
    identity.schema in (select schemas.nspname from schemas)
    or identity.type = 'schema' and identity.identity in (select schemas.nspname from schemas)
union all
select 'published', pg_publication_tables.pubname, format(
    '%I.%I %s',
    pg_publication_tables.schemaname,
    pg_publication_tables.tablename,
    pg_publication_tables.attnames
)
from pg_publication_tables
union all
select 'event trigger', pg_event_trigger.evtname, format(
    '%s %s %s', pg_event_trigger.evtevent, pg_event_trigger.evtfoid::regprocedure,
    pg_event_trigger.evttags
)
from pg_event_trigger
order by 1, 2, 3
