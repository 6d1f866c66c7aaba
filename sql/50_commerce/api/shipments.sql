-- Shipments as customers and members read them.

create view public.shipments
with (security_invoker = true)
as
select
    shipments.id,
    shipments.business_id,
    shipments.order_id,
    shipments.status,
    shipments.carrier,
    shipments.tracking_number,
    shipments.tracking_url,
    shipments.packed_by,
    shipments.created_at,
    shipments.shipped_at,
    shipments.delivered_at,
    shipments.lost_at
from commerce.shipments;
grant select on public.shipments to authenticated, service_role;

comment on view public.shipments is
'Pieces of an order that are sent together, or handed over in a store. Customers read those of '
'their orders, members those of their business.';
comment on column public.shipments.id is 'Primary key.';
comment on column public.shipments.business_id is 'The business.';
comment on column public.shipments.order_id is 'The order.';
comment on column public.shipments.status is
'pending (packed), shipped, delivered or lost.';
comment on column public.shipments.carrier is 'Who carries it; null where nobody said.';
comment on column public.shipments.tracking_number is 'The carrier''s number; null for none.';
comment on column public.shipments.tracking_url is 'Where it can be followed; null for nowhere.';
comment on column public.shipments.packed_by is
'Who packed it; null for the operator''s software and for deleted accounts.';
comment on column public.shipments.created_at is 'When it was packed.';
comment on column public.shipments.shipped_at is 'When it was sent; null until then.';
comment on column public.shipments.delivered_at is 'When it arrived; null until then.';
comment on column public.shipments.lost_at is 'When it was reported lost; null if it was not.';

create view public.shipment_items
with (security_invoker = true)
as
select
    shipment_items.business_id,
    shipment_items.shipment_id,
    shipment_items.order_item_id,
    shipment_items.quantity
from commerce.shipment_items;
grant select on public.shipment_items to authenticated, service_role;

comment on view public.shipment_items is 'Which pieces a shipment has.';
comment on column public.shipment_items.business_id is 'The business.';
comment on column public.shipment_items.shipment_id is 'The shipment.';
comment on column public.shipment_items.order_item_id is 'The item of the order.';
comment on column public.shipment_items.quantity is 'How many pieces.';

/*
 * Return a shipment as the caller may see it.
 */
create function commerce.visible_shipment(shipment_id uuid)
returns public.shipments
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_shipment public.shipments;
begin
    select shipments.* into v_shipment
    from public.shipments
    where shipments.id = visible_shipment.shipment_id;
    return v_shipment;
end;
$$;

grant execute on function commerce.visible_shipment(uuid) to anon, authenticated, service_role;
