-- Proposed changes of products and requests of orders are announced when they are made and when
-- they are decided. Nobody is told of one that is withdrawn.

/*
 * Announce a proposed change of a product as product_change.pending, approved or rejected.
 */
create function commerce.product_changes__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'product_change.' || new.status::text,
        jsonb_build_object(
            'product_change_id', new.id, 'business_id', new.business_id, 'status', new.status
        )
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.product_changes
for each row execute function commerce.product_changes__announce();

create trigger _500_announce_decision
after update of status on commerce.product_changes
for each row
when (old.status <> new.status and new.status <> 'withdrawn')
execute function commerce.product_changes__announce();

create trigger _510_announce_deletion
after delete on commerce.product_changes
for each row execute function private.any__announce_deletion('product_change');

/*
 * Announce what a buyer asks to order as order_request.requested, approved or rejected.
 */
create function commerce.wholesale_order_requests__announce()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        'order_request.' || new.status::text,
        jsonb_build_object('order_request_id', new.id, 'status', new.status)
    );
    return null;
end;
$$;

create trigger _500_announce
after insert on commerce.wholesale_order_requests
for each row execute function commerce.wholesale_order_requests__announce();

create trigger _500_announce_decision
after update of status on commerce.wholesale_order_requests
for each row
when (old.status <> new.status and new.status <> 'withdrawn')
execute function commerce.wholesale_order_requests__announce();

create trigger _510_announce_deletion
after delete on commerce.wholesale_order_requests
for each row execute function private.any__announce_deletion('order_request');
