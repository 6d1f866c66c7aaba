-- One permissive policy a table, command and role: two would both be evaluated for every row.
select pg_policy.polrelid::regclass::text || ' ' || command.name || ' ' || role.id::regrole as object
from pg_policy
cross join lateral unnest(pg_policy.polroles) as role (id)
cross join lateral unnest(
    case pg_policy.polcmd
        when '*' then array['r', 'a', 'w', 'd'] else array[pg_policy.polcmd::text]
    end
) as command (name)
where pg_policy.polpermissive
group by pg_policy.polrelid, command.name, role.id
having count(*) > 1
