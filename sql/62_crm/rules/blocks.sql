-- A blocked customer books nothing, on whichever path. Members still book for them.

/*
 * Refuse a booking, or a place on a waitlist, of somebody whom the business blocked, unless a
 * member or the operator makes it.
 * Definer: customers do not read blocks.
 *
 * Errors:  PT403 customer_blocked
 */
create function crm.any__refuse_blocked()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_new jsonb;
begin
    if not exists (
        select 1
        from crm.customer_blocks
        where customer_blocks.business_id = new.business_id
    )
    or private.is_operator()
    or new.business_id in (select private.my_businesses('serve')) then
        return new;
    end if;
    v_new = to_jsonb(new);
    perform crm.refuse_blocked(
        new.business_id, new.customer_id, v_new ->> 'customer_email', v_new ->> 'customer_phone'
    );
    return new;
end;
$$;

create trigger _050_refuse_blocked
before insert on scheduling.bookings
for each row execute function crm.any__refuse_blocked();

create trigger _050_refuse_blocked
before insert on scheduling.waitlist_entries
for each row execute function crm.any__refuse_blocked();
