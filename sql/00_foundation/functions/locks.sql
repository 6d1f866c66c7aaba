-- How time is taken: in one order, under a lock for each resource, and checked again under it.
--
-- A bare insert into the exclusion constraint would be just as safe, but two that race wait for
-- each other and may deadlock (docs/adr/0003-contention.md). So whoever takes or gives time first
-- locks the resources in question, always in the order of their keys, and finds the constraint
-- satisfied.

/*
 * Queue up for resources and limited services, in one order everywhere, until the transaction ends.
 */
create function private.lock(ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(lock.ids) as locked (id)
        order by key
    loop
        perform pg_advisory_xact_lock(v_key);
    end loop;
end;
$$;

/*
 * Lock as private.lock does, but without waiting: false where somebody else has a lock. For who
 * holds locks already and must not wait out of order.
 */
create function private.try_lock(ids uuid[])
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_key bigint;
begin
    for v_key in
        select distinct hashtextextended(locked.id::text, 0) as key
        from unnest(try_lock.ids) as locked (id)
        order by key
    loop
        if not pg_try_advisory_xact_lock(v_key) then
            return false;
        end if;
    end loop;
    return true;
end;
$$;
