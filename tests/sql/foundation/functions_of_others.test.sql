-- Our functions are for those who are named; the functions of others are as PostgreSQL has them.
begin;
select plan(3);

create schema workshop;
create function workshop.polish() returns integer return 1;
select ok(
    has_function_privilege('anon', 'workshop.polish()', 'execute'),
    'PUBLIC may call the functions of a schema that somebody adds'
);
select is_empty(
    'select * from pg_default_acl where defaclnamespace = 0',
    'nothing is left that would reach into their schemas'
);
select is(
    (
        select array_agg(pg_proc.oid::regprocedure)
        from pg_proc
        inner join pg_namespace on pg_namespace.oid = pg_proc.pronamespace
        where
            pg_namespace.nspname in (
                'private', 'identity', 'business', 'catalog', 'scheduling', 'pricing', 'auth'
            )
            and has_function_privilege('public', pg_proc.oid, 'execute')
            and pg_proc.proname not in ('uid', 'role', 'email', 'jwt')
    ),
    null, 'and PUBLIC calls none of ours'
);

select * from finish();
rollback;
