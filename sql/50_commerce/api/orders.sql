-- Orders as their customers and the members of the business read them.

create view public.orders
with (security_invoker = true)
as
select
    orders.id,
    orders.business_id,
    orders.sale_id,
    orders.customer_id,
    orders.reference,
    orders.status,
    orders.status_reason,
    orders.delivery_kind,
    orders.store_id,
    orders.delivery_option_id,
    orders.address,
    orders.expires_at,
    orders.pays_later,
    orders.version,
    orders.placed_at,
    orders.updated_at,
    orders.returns_until
from commerce.orders;
grant select on public.orders to authenticated, service_role;

comment on view public.orders is
'Orders of goods, one for each business in a checkout. Customers read theirs, members those of '
'their business. What is owed and paid is in the view sales.';
comment on column public.orders.id is 'Primary key.';
comment on column public.orders.business_id is 'The business.';
comment on column public.orders.sale_id is 'The sale with its lines and amounts.';
comment on column public.orders.customer_id is
'Who ordered; null for a guest and for a deleted account.';
comment on column public.orders.reference is '8 characters without look-alikes, for people.';
comment on column public.orders.status is
'pending, paid, fulfilling, shipped, delivered, completed, cancelled, expired or returned.';
comment on column public.orders.status_reason is 'Why it was cancelled; null for no reason.';
comment on column public.orders.delivery_kind is 'pickup or delivery.';
comment on column public.orders.store_id is
'Where it is picked up, or from where it is sent; null when its items come from several stores.';
comment on column public.orders.delivery_option_id is 'How it is delivered; null for a pickup.';
comment on column public.orders.address is
'Where it goes, as it was when it was ordered: {name, line1, line2, postal_code, city, region, '
'country, phone}; null for a pickup.';
comment on column public.orders.expires_at is
'It expires if it is not paid by then; null for never.';
comment on column public.orders.pays_later is 'Whether it is delivered before it is paid.';
comment on column public.orders.version is
'How often what was ordered changed: 1 as placed, one more with each change.';
comment on column public.orders.placed_at is 'When it was placed.';
comment on column public.orders.updated_at is 'When it last changed.';
comment on column public.orders.returns_until is
'Until then the customer may return pieces; null until it is delivered.';

create view public.order_items
with (security_invoker = true)
as
select
    order_items.id,
    order_items.business_id,
    order_items.order_id,
    order_items.sale_line_id,
    order_items.variant_id,
    order_items.store_id,
    order_items.sku,
    order_items.name,
    order_items.quantity,
    order_items.pieces_per_unit,
    order_items.shipped_quantity,
    order_items.delivered_quantity,
    order_items.returned_quantity,
    order_items.cancelled_quantity,
    catalog.variant_label(
        order_items.business_id, order_items.variant_id, order_items.name,
        private.wanted_locales(null)
    ) as label
from commerce.order_items;
grant select on public.order_items to authenticated, service_role;

comment on view public.order_items is
'The pieces of orders. Name, SKU and quantity stay as they were ordered; prices are in sale_lines.';
comment on column public.order_items.id is 'Primary key.';
comment on column public.order_items.business_id is 'The business.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.sale_line_id is
'The line of the sale; a bundle has several items with the same line.';
comment on column public.order_items.variant_id is 'The variant.';
comment on column public.order_items.store_id is 'The store from which it goes.';
comment on column public.order_items.sku is 'The SKU when it was ordered.';
comment on column public.order_items.name is 'The name when it was ordered.';
comment on column public.order_items.quantity is 'How many pieces were ordered.';
comment on column public.order_items.pieces_per_unit is
'How many of them one unit of the line has: 1, or more in a bundle.';
comment on column public.order_items.shipped_quantity is 'How many pieces were shipped.';
comment on column public.order_items.delivered_quantity is
'How many pieces were delivered or picked up.';
comment on column public.order_items.returned_quantity is 'How many pieces were returned.';
comment on column public.order_items.cancelled_quantity is
'How many pieces were cancelled before they were shipped.';
comment on column public.order_items.label is
'The name in the language that suits the reader best, by Accept-Language: that of the product now, '
'or the name when it was ordered where there is no translation.';

create view public.order_timeline
with (security_invoker = true)
as
select
    order_history.id,
    order_history.business_id,
    order_history.order_id,
    order_history.event,
    order_history.status,
    order_history.actor,
    order_history.actor_id,
    order_history.note,
    order_history.at
from commerce.order_history;
grant select on public.order_timeline to authenticated, service_role;

comment on view public.order_timeline is
'What happened to each order, by whom and when.

Append-only. Customers read that of their orders, members that of their business''s.';
comment on column public.order_timeline.id is 'Primary key; later entries have higher keys.';
comment on column public.order_timeline.business_id is 'The business.';
comment on column public.order_timeline.order_id is 'The order.';
comment on column public.order_timeline.event is
'What happened: placed, or the status that the order reached.';
comment on column public.order_timeline.status is 'The status of the order after it.';
comment on column public.order_timeline.actor is 'customer, business or system.';
comment on column public.order_timeline.actor_id is
'Who did it; null for the system, guests and deleted accounts.';
comment on column public.order_timeline.note is 'The reason; null for none.';
comment on column public.order_timeline.at is 'When.';

create view public.order_steps
with (security_invoker = true)
as
select
    order_steps.from_status,
    order_steps.to_status,
    order_steps.actors,
    order_steps.guard,
    order_steps.due
from commerce.order_steps;
grant select on public.order_steps to anon, authenticated, service_role;

comment on view public.order_steps is
'Every step that an order can take, who may take it, and which happen by themselves.';
comment on column public.order_steps.from_status is 'The status before.';
comment on column public.order_steps.to_status is 'The status after.';
comment on column public.order_steps.actors is
'Who may take the step beside the system: customer, business.';
comment on column public.order_steps.guard is
'What has to be so: paid, or null for no condition.';
comment on column public.order_steps.due is
'When it happens by itself: expires_at of the order; null for never.';

/*
 * Return an order as the caller may see it.
 */
create function commerce.visible_order(order_id uuid)
returns public.orders
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_order public.orders;
begin
    select orders.* into v_order
    from public.orders
    where orders.id = visible_order.order_id;
    return v_order;
end;
$$;

grant execute on function commerce.visible_order(uuid) to anon, authenticated, service_role;
