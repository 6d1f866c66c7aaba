-- Advisory locks, taken in one order everywhere.
--
-- A bare insert into an exclusion constraint would be just as safe, but two that race wait for each
-- other and may deadlock (docs/adr/0003-contention.md). So whoever takes or frees time locks the
-- resources first, in the order of their keys, and then finds the constraint satisfied.

/*
 * Lock resources, limits and the like until the transaction ends. Everybody locks in the same
 * order.
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
    if cardinality(lock.ids) = 1 then
        perform pg_advisory_xact_lock(hashtextextended(lock.ids[1]::text, 0));
        return;
    end if;
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
 * Lock as private.lock does, but without waiting. Returns false when somebody else has one of the
 * locks. For callers that hold locks already and must not wait out of order.
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
