-- What an API key may reach. The role api_key inherits what members may do; these restrictive
-- policies leave of it the tables of the schemas that its scopes open. They hang on every table
-- that members can reach, of a new table as well, without anybody's doing. A table whose schema no
-- scope opens is closed to keys.
--
-- Every key reads businesses, verticals and currencies, because the policies and views of other
-- tables ask them.
do $$
declare
    v_policy record;
    v_condition text;
begin
    for v_policy in
        select
            pg_class.oid::regclass as relation,
            pg_class.relname,
            lower(commands.privilege) as command,
            coalesce(subjects.subject, '') as subject,
            commands.access
        from pg_class
        inner join pg_namespace on pg_namespace.oid = pg_class.relnamespace
        left join integrations.schema_subjects() as subjects
            on subjects.schema_name = pg_namespace.nspname
        cross join (
            values
            ('SELECT', 'read'), ('INSERT', 'write'), ('UPDATE', 'write'), ('DELETE', 'write')
        ) as commands (privilege, access)
        where
            pg_class.relkind in ('r', 'p')
            and not pg_class.relispartition
            and pg_class.relrowsecurity
            and pg_namespace.nspname not in ('auth', 'pgmq', 'private', 'extensions')
            and case commands.privilege
                when 'DELETE' then has_table_privilege('authenticated', pg_class.oid, 'DELETE')
                else has_any_column_privilege('authenticated', pg_class.oid, commands.privilege)
            end
            and not (
                commands.privilege = 'SELECT'
                and pg_class.oid::regclass::text in (
                    'business.businesses', 'business.verticals', 'pricing.currencies'
                )
            )
        order by 1, 3
    loop
        v_condition = format(
            '(select private.key_may(%L, %L))', v_policy.subject, v_policy.access
        );
        execute format(
            'create policy %I on %s as restrictive for %s to api_key %s %s',
            v_policy.relname || '_key_' || v_policy.command,
            v_policy.relation,
            v_policy.command,
            case when v_policy.command <> 'insert' then 'using (' || v_condition || ')' else '' end,
            case
                when v_policy.command in ('insert', 'update')
                    then 'with check (' || v_condition || ')'
                else ''
            end
        );
    end loop;
end;
$$;
