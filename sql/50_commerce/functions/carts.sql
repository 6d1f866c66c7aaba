-- How carts end. Those that were checked out are kept for a day, in which the same call gets the
-- same answer; those that nobody touches, for thirty days.

/*
 * Delete carts that nobody needs any more. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function commerce.forget_idle_carts()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from commerce.carts
    where
        carts.updated_at < private.now() - interval '30 days'
        or carts.updated_at < private.now() - interval '1 day' and carts.checked_out_at is not null;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
