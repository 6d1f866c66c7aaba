-- What was ordered changes by versions: each cancellation, edit, return, exchange or claim is a
-- change of its own with the next number, and is never rewritten.

create type commerce.change_kind as enum (
    'cancelled', 'edited', 'returned', 'exchanged', 'claimed'
);

create table commerce.order_changes (
    business_id uuid not null,
    order_id uuid not null,
    version integer not null,
    kind commerce.change_kind not null,
    -- [{sale_line_id, quantity}]: less than 0 for units that went, more for those that came.
    lines jsonb not null,
    reason text,
    actor_id uuid references auth.users (id) on delete set null,
    at timestamptz not null,

    primary key (business_id, order_id, version),
    constraint order_changes_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete cascade,
    constraint order_changes_come_after_the_order check (version > 1)
);
comment on table commerce.order_changes is
'Every change of what was ordered, by its version. Only ever added to.';
comment on column commerce.order_changes.order_id is '[person]';
comment on column commerce.order_changes.reason is '[personal]';
comment on column commerce.order_changes.actor_id is '[person]';
create index order_changes_actor_id_idx on commerce.order_changes (actor_id);
