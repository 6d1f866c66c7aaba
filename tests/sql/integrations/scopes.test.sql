-- What scopes open, from the catalog: every table that members reach is closed to keys without its
-- scope, and every object of a scope exists.
begin;
select plan(8);

create function pg_temp.reached()
returns table (relation regclass, command text)
language sql
begin atomic
    select pg_class.oid::regclass, lower(commands.privilege)
    from pg_class
    cross join (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) as commands (privilege)
    where
        pg_class.relkind in ('r', 'p')
        and not pg_class.relispartition
        and pg_class.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'tests', 'tap')
        and case commands.privilege
            when 'DELETE' then has_table_privilege('api_key', pg_class.oid, 'DELETE')
            else has_any_column_privilege('api_key', pg_class.oid, commands.privilege)
        end
        and pg_class.relrowsecurity;
end;

select is_empty(
    $$ select relation, command from pg_temp.reached()
       where not exists (
           select 1 from pg_policy
           where
               polrelid = relation
               and not polpermissive
               and polroles = array['api_key'::regrole::oid]
               and polcmd = case command
                   when 'select' then 'r' when 'insert' then 'a' when 'update' then 'w' else 'd'
               end::"char"
       )
       and (relation::text, command) not in (
           ('business.businesses', 'select'), ('business.verticals', 'select'),
           ('pricing.currencies', 'select')
       ) $$,
    'a restrictive policy of keys is on each table that they reach, for each command'
);
select is_empty(
    $$ select pg_class.oid::regclass from pg_class
       where
           relkind in ('r', 'p') and not relrowsecurity
           and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'tests', 'tap')
           and relpersistence <> 't'
           and has_any_column_privilege('api_key', oid, 'select, insert, update') $$,
    'a table without policies is out of their reach'
);
select is_empty(
    $$ select object from integrations.scope_objects
       where case
           when object like 'rpc/%' then not exists (
               select 1 from pg_proc
               where
                   pronamespace = 'public'::regnamespace
                   and proname = substr(object, 5)
                   and has_function_privilege('api_key', oid, 'execute')
           )
           else not exists (
               select 1 from pg_class
               where
                   relnamespace = 'public'::regnamespace
                   and relname = object
                   and has_any_column_privilege('api_key', oid, 'select')
           )
       end $$,
    'each object of a scope exists, and members may use it'
);
select is_empty(
    $$ select object from integrations.scope_objects
       where not exists (
           select 1 from integrations.scopes
           where scopes.name = scope_objects.subject || ':' || coalesce(scope_objects.access, 'read')
       ) $$,
    'each object has a scope that opens it'
);
select is_empty(
    $$ select object from integrations.scope_objects
       inner join pg_proc on pronamespace = 'public'::regnamespace and 'rpc/' || proname = object
       where access = 'read' and provolatile = 'v' $$,
    'a scope to read opens no function that writes'
);
select is_empty(
    $$ select object, used.relname from integrations.scope_objects
       inner join pg_class as views
           on views.relnamespace = 'public'::regnamespace and views.relname = object
       inner join pg_rewrite on ev_class = views.oid
       inner join pg_depend
           on
               classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid
               and refclassid = 'pg_class'::regclass and refobjid <> views.oid
       inner join pg_class as used on used.oid = refobjid and used.relkind in ('r', 'p')
       inner join integrations.schema_subjects() as subjects
           on subjects.schema_name = used.relnamespace::regnamespace::text
       where
           subjects.subject <> scope_objects.subject
           and (object, used.relname::text) not in (('sales', 'payment_parts')) $$,
    'the tables of a view are of the subject that opens the view'
);
select is_empty(
    $$ select relname from pg_class
       inner join integrations.scope_objects on object = relname
       where
           relnamespace = 'public'::regnamespace
           and relkind = 'v'
           and not coalesce(reloptions @> array['security_invoker=true'], false) $$,
    'each view asks the policies of its reader'
);

-- Each scope against each object, by the check itself.
create function pg_temp.admitted(scope text, method text, object text)
returns boolean
language plpgsql
as $$
begin
    perform set_config('auth.admitted_key', jsonb_build_object('scopes', array[scope])::text, true);
    perform identity.require_scope(method, '/' || object);
    return true;
exception
    when sqlstate 'PT403' then
        return false;
end;
$$;
select is_empty(
    $$ with objects as (
           select relname::text as object, method from pg_class
           cross join (values ('GET'), ('POST'), ('PATCH'), ('PUT'), ('DELETE')) as methods (method)
           where relnamespace = 'public'::regnamespace and relkind = 'v'
           union all
           select 'rpc/' || proname, 'POST' from pg_proc where pronamespace = 'public'::regnamespace
       )

       select scopes.name, objects.method, objects.object
       from integrations.scopes
       cross join objects
       left join integrations.scope_objects using (object)
       where pg_temp.admitted(scopes.name, objects.method, objects.object) is distinct from (
           scope_objects.subject is not null
           and split_part(scopes.name, ':', 1) = scope_objects.subject
           and (
               split_part(scopes.name, ':', 2) = 'write'
               or coalesce(
                   scope_objects.access, case when objects.method = 'GET' then 'read' else 'write' end
               ) = 'read'
           )
       ) $$,
    'a key of one scope is admitted to what that scope opens, and to nothing else'
);

select * from tap.finish();
rollback;
