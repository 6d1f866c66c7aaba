-- Whom a business takes no bookings from.

create table crm.customer_blocks (
    business_id uuid not null,
    customer_id uuid not null,
    reason text,
    blocked_by uuid references auth.users (id) on delete set null,
    blocked_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint customer_blocks_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_blocks_reason_is_short check (
        reason is null or length(reason) between 1 and 500
    )
);
comment on table crm.customer_blocks is 'Whom a business takes no bookings from.';
comment on column crm.customer_blocks.customer_id is '[person]';
comment on column crm.customer_blocks.reason is '[personal]';
create index customer_blocks_blocked_by_idx on crm.customer_blocks (blocked_by);
