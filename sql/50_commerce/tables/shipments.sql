-- Shipments: pieces of an order that are sent together, or handed over in a store. One that is
-- packed (`pending`) counts nothing yet; what is sent counts as shipped, and never exceeds what was
-- ordered.

create type commerce.shipment_status as enum ('pending', 'shipped', 'delivered', 'lost');

create table commerce.shipments (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    order_id uuid not null,
    status commerce.shipment_status not null,
    carrier text,
    tracking_number text,
    tracking_url text,
    packed_by uuid references auth.users (id) on delete set null,
    created_at timestamptz not null,
    shipped_at timestamptz,
    delivered_at timestamptz,
    lost_at timestamptz,

    constraint shipments_business_id_id_unique unique (business_id, id),
    constraint shipments_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint shipments_say_when check (
        (status = 'pending') = (shipped_at is null)
        and (status = 'delivered') = (delivered_at is not null)
        and (status = 'lost') = (lost_at is not null)
    )
);
comment on table commerce.shipments is
'Pieces of an order that are sent together, or handed over in a store.';
comment on column commerce.shipments.order_id is '[person]';
comment on column commerce.shipments.packed_by is '[person]';
comment on column commerce.shipments.tracking_number is '[personal]';
comment on column commerce.shipments.tracking_url is '[personal]';
create index shipments_order_idx on commerce.shipments (business_id, order_id);
create index shipments_packed_by_idx on commerce.shipments (packed_by);

create table commerce.shipment_items (
    business_id uuid not null,
    shipment_id uuid not null,
    order_item_id uuid not null,
    quantity integer not null,

    primary key (business_id, shipment_id, order_item_id),
    constraint shipment_items_shipment_fkey foreign key (business_id, shipment_id)
    references commerce.shipments (business_id, id) on delete cascade,
    constraint shipment_items_item_fkey foreign key (business_id, order_item_id)
    references commerce.order_items (business_id, id) on delete restrict,
    constraint shipment_items_quantity_is_positive check (quantity > 0)
);
comment on table commerce.shipment_items is 'Which pieces a shipment has.';
create index shipment_items_item_idx on commerce.shipment_items (business_id, order_item_id);
