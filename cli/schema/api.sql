-- The API of some schemas as one JSON document a schema, for the generated types: views with the columns
-- behind them and the references between them, functions with their arguments. A column is written
-- where a role of clients or servers may write it.
-- A view's column stands for the column of the same name of the table of the same name that it reads.
with
views as (
    select
        view_class.oid,
        view_class.relname as name,
        view_class.relnamespace as schema_id,
        base.oid as base_id,
        pg_relation_is_updatable(view_class.oid, true) as abilities
    from pg_class as view_class
    left join lateral (
        select table_class.oid
        from pg_rewrite
        inner join pg_depend
            on
                pg_depend.classid = 'pg_rewrite'::regclass
                and pg_depend.objid = pg_rewrite.oid
                and pg_depend.refclassid = 'pg_class'::regclass
        inner join pg_class as table_class on table_class.oid = pg_depend.refobjid
        where
            pg_rewrite.ev_class = view_class.oid
            and table_class.relname = view_class.relname
            and table_class.relkind in ('r', 'p')
        limit 1
    ) as base on true
    where view_class.relkind = 'v'
),

columns as (
    select
        views.oid as view_id,
        pg_attribute.attname as name,
        pg_attribute.attnum as position,
        pg_attribute.atttypid as type_id,
        base_column.attnum as base_position,
        coalesce(base_column.attnotnull, false) as is_required,
        coalesce(
            base_column.atthasdef or base_column.attidentity <> '' or not base_column.attnotnull,
            true
        ) as has_default,
        views.abilities & 8 > 0 and written.can_insert as can_insert,
        views.abilities & 4 > 0 and written.can_update as can_update
    from views
    inner join pg_attribute on pg_attribute.attrelid = views.oid
    left join pg_attribute as base_column
        on
            base_column.attrelid = views.base_id
            and base_column.attname = pg_attribute.attname
            and not base_column.attisdropped
    cross join lateral (
        select
            bool_or(has_column_privilege(pg_roles.oid, views.oid, pg_attribute.attnum, 'insert'))
            and is_column as can_insert,
            bool_or(has_column_privilege(pg_roles.oid, views.oid, pg_attribute.attnum, 'update'))
            and is_column as can_update
        from pg_roles
        cross join lateral (
            select
                pg_column_is_updatable(views.oid, pg_attribute.attnum, true)
                and coalesce(base_column.attgenerated = '' and base_column.attidentity <> 'a', true)
                    as is_column
        ) as shown
        where pg_roles.rolname in ('anon', 'authenticated', 'service_role')
        group by is_column
    ) as written
    where pg_attribute.attnum > 0 and not pg_attribute.attisdropped
),

relationships as (
    select
        origin.oid as view_id,
        target.name as referenced_view,
        pg_constraint.conname as constraint_name,
        names.own as column_names,
        names.referenced as referenced_names,
        exists (
            select 1
            from pg_index
            where
                pg_index.indrelid = pg_constraint.conrelid
                and pg_index.indisunique
                and pg_index.indpred is null
                and pg_index.indkey::smallint[] <@ pg_constraint.conkey
        ) as is_one_to_one
    from pg_constraint
    inner join views as origin on origin.base_id = pg_constraint.conrelid
    inner join views as target
        on
            target.base_id = pg_constraint.confrelid
            and target.schema_id = origin.schema_id
    cross join lateral (
        select
            array_agg(own_column.name order by key.number) as own,
            array_agg(referenced_column.name order by key.number) as referenced
        from unnest(pg_constraint.conkey, pg_constraint.confkey)
            with ordinality as key (own, referenced, number)
        inner join columns as own_column
            on own_column.view_id = origin.oid and own_column.base_position = key.own
        inner join columns as referenced_column
            on referenced_column.view_id = target.oid
            and referenced_column.base_position = key.referenced
    ) as names
    where
        pg_constraint.contype = 'f'
        and cardinality(names.own) = cardinality(pg_constraint.conkey)
),

types as (
    select
        pg_type.oid as type_id,
        coalesce(element.oid, pg_type.oid) as inner_id,
        element.oid is not null as is_array
    from pg_type
    left join pg_type as element
        on element.oid = pg_type.typelem and pg_type.typcategory = 'A'
),

simple as (
    select
        types.type_id,
        pg_type.oid as inner_id,
        jsonb_build_object(
            'name', pg_type.typname,
            'schema', pg_type.typnamespace::regnamespace::text,
            'is_array', types.is_array,
            'labels', (
                select jsonb_agg(pg_enum.enumlabel order by pg_enum.enumsortorder)
                from pg_enum
                where pg_enum.enumtypid = pg_type.oid
            ),
            'parts', null,
            'comment', obj_description(pg_type.oid, 'pg_type')
        ) as type
    from types
    inner join pg_type on pg_type.oid = types.inner_id
),

-- A composite type and its parts, whose own parts, if they are composite, are one level down.
composed as (
    select
        simple.type_id,
        simple.inner_id,
        simple.type || jsonb_build_object('parts', (
            select jsonb_agg(
                jsonb_build_object('name', pg_attribute.attname, 'type', part.type)
                order by pg_attribute.attnum
            )
            from pg_type
            inner join pg_class on pg_class.oid = pg_type.typrelid and pg_class.relkind = 'c'
            inner join pg_attribute on pg_attribute.attrelid = pg_class.oid
            inner join simple as part on part.type_id = pg_attribute.atttypid
            where pg_type.oid = simple.inner_id and not pg_attribute.attisdropped
        )) as type
    from simple
),

described as (
    select
        simple.type_id,
        simple.type || jsonb_build_object('parts', (
            select jsonb_agg(
                jsonb_build_object('name', pg_attribute.attname, 'type', part.type)
                order by pg_attribute.attnum
            )
            from pg_type
            inner join pg_class on pg_class.oid = pg_type.typrelid and pg_class.relkind = 'c'
            inner join pg_attribute on pg_attribute.attrelid = pg_class.oid
            inner join composed as part on part.type_id = pg_attribute.atttypid
            where pg_type.oid = simple.inner_id and not pg_attribute.attisdropped
        )) as type
    from simple
),

arguments as (
    select
        pg_proc.oid as function_id,
        argument.number,
        argument.mode,
        argument.name,
        argument.type_id,
        argument.number > count(*) filter (where argument.mode = 'i') over (
            partition by pg_proc.oid
        ) - pg_proc.pronargdefaults as is_optional
    from pg_proc
    cross join lateral unnest(
        coalesce(pg_proc.proallargtypes, pg_proc.proargtypes::oid[]),
        coalesce(
            pg_proc.proargmodes,
            array_fill('i'::"char", array[cardinality(pg_proc.proargtypes::oid[])])
        ),
        pg_proc.proargnames
    ) with ordinality as argument (type_id, mode, name, number)
)

select
    pg_namespace.nspname as schema_name,
    (
        select coalesce(json_agg(json_build_object(
            'name', views.name,
            'columns', (
                select json_agg(json_build_object(
                    'name', columns.name,
                    'type', described.type,
                    'is_required', columns.is_required,
                    'has_default', columns.has_default,
                    'can_insert', columns.can_insert,
                    'can_update', columns.can_update
                ) order by columns.name)
                from columns
                inner join described on described.type_id = columns.type_id
                where columns.view_id = views.oid
            ),
            'relationships', (
                select coalesce(json_agg(json_build_object(
                    'name', relationships.constraint_name,
                    'columns', relationships.column_names,
                    'is_one_to_one', relationships.is_one_to_one,
                    'referenced_view', relationships.referenced_view,
                    'referenced_columns', relationships.referenced_names
                ) order by relationships.constraint_name), '[]')
                from relationships
                where relationships.view_id = views.oid
            )
        ) order by views.name), '[]')
        from views
        where views.schema_id = pg_namespace.oid
    ) as views,
    (
        select coalesce(json_agg(json_build_object(
            'name', pg_proc.proname,
            'returns_set', pg_proc.proretset,
            'comment', obj_description(pg_proc.oid, 'pg_proc'),
            'returns', (
                select described.type from described where described.type_id = pg_proc.prorettype
            ),
            'arguments', (
                select coalesce(json_agg(json_build_object(
                    'name', arguments.name,
                    'mode', arguments.mode,
                    'type', described.type,
                    'is_optional', arguments.is_optional
                ) order by arguments.number), '[]')
                from arguments
                inner join described on described.type_id = arguments.type_id
                where arguments.function_id = pg_proc.oid
            )
        ) order by pg_proc.proname), '[]')
        from pg_proc
        where
            pg_proc.pronamespace = pg_namespace.oid
            and pg_proc.prokind = 'f'
            and pg_proc.prorettype <> 'trigger'::regtype
    ) as functions
from pg_namespace
where pg_namespace.nspname = any(%s)
order by pg_namespace.nspname
