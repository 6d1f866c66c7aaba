-- What is attached to everything that the other domains made, from the catalog and never by hand.
--
-- A view has no defaults of its own, so PostgREST would insert nulls where a client asks for them
-- (`Prefer: missing=default`, `defaultToNull: false` of supabase-js). A column of a view that takes
-- inserts has the default of the column of that name of the table of that name, which it shows.
do $$
declare
    v_column record;
begin
    for v_column in
        select
            view_class.oid::regclass as view_name,
            view_column.attname as name,
            pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid) as expression
        from pg_class as view_class
        inner join pg_class as table_class
            on table_class.relname = view_class.relname and table_class.relkind in ('r', 'p')
        inner join pg_attribute as view_column on view_column.attrelid = view_class.oid
        inner join pg_attribute as table_column
            on
                table_column.attrelid = table_class.oid
                and table_column.attname = view_column.attname
                and table_column.attgenerated = ''
        inner join pg_attrdef
            on
                pg_attrdef.adrelid = table_class.oid
                and pg_attrdef.adnum = table_column.attnum
        where
            view_class.relnamespace = 'public'::regnamespace
            and view_class.relkind = 'v'
            and (pg_relation_is_updatable(view_class.oid, false) & 8) <> 0
            and exists (
                select 1
                from pg_rewrite
                inner join pg_depend
                    on
                        pg_depend.classid = 'pg_rewrite'::regclass
                        and pg_depend.objid = pg_rewrite.oid
                        and pg_depend.refclassid = 'pg_class'::regclass
                        and pg_depend.refobjid = table_class.oid
                where pg_rewrite.ev_class = view_class.oid
            )
    loop
        execute format(
            'alter view %s alter column %I set default %s',
            v_column.view_name, v_column.name, v_column.expression
        );
    end loop;
end;
$$;

-- PostgreSQL cannot write a view that counts or joins, and says so as if the server had failed.
-- Each such view refuses in our own words.
do $$
declare
    v_view regclass;
begin
    for v_view in
        select pg_class.oid
        from pg_class
        where
            pg_class.relnamespace in ('public'::regnamespace, 'analytics'::regnamespace)
            and pg_class.relkind = 'v'
            and pg_relation_is_updatable(pg_class.oid, true) = 0
    loop
        execute format(
            'create trigger _100_refuse_writing instead of insert or update or delete on %s '
            'for each row execute function private.any__refuse_writing()',
            v_view
        );
    end loop;
end;
$$;
