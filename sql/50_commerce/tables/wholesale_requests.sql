-- What a buyer asks the approvers of a company to order, because it costs more than the buyer may
-- order on net terms. An approver who agrees places the order.

create type commerce.order_request_status as enum (
    'requested', 'approved', 'rejected', 'withdrawn'
);

create table commerce.wholesale_order_requests (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    wholesale_account_id uuid not null,
    requested_by uuid not null references auth.users (id) on delete cascade,
    status commerce.order_request_status not null default 'requested',
    -- [{variant_id, quantity}], as checkout takes them.
    items jsonb not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- What it cost when it was asked for; the order costs what it costs when it is placed.
    total_minor bigint not null,
    -- How the goods reach the company.
    delivery_option_id uuid,
    store_id uuid,
    address jsonb,
    note text,
    decided_by uuid references auth.users (id) on delete set null,
    reason text,
    order_id uuid,
    requested_at timestamptz not null,
    decided_at timestamptz,

    constraint wholesale_order_requests_business_id_id_unique unique (business_id, id),
    constraint wholesale_order_requests_account_fkey
    foreign key (business_id, wholesale_account_id)
    references commerce.wholesale_accounts (business_id, id) on delete cascade,
    constraint wholesale_order_requests_option_fkey foreign key (business_id, delivery_option_id)
    references commerce.delivery_options (business_id, id)
    on delete set null (delivery_option_id),
    constraint wholesale_order_requests_store_fkey foreign key (business_id, store_id)
    references business.stores (business_id, id) on delete set null (store_id),
    constraint wholesale_order_requests_order_fkey foreign key (business_id, order_id)
    references commerce.orders (business_id, id) on delete set null (order_id),
    constraint wholesale_order_requests_are_decided_once check (
        (status = 'requested') = (decided_at is null)
        and (status = 'approved' or order_id is null)
        and (status <> 'rejected' or reason is not null)
    )
);
comment on table commerce.wholesale_order_requests is
'What buyers ask the approvers of their company to order.';
comment on column commerce.wholesale_order_requests.requested_by is '[person: delete]';
comment on column commerce.wholesale_order_requests.address is '[personal]';
comment on column commerce.wholesale_order_requests.note is '[personal]';
comment on column commerce.wholesale_order_requests.reason is '[personal]';
comment on column commerce.wholesale_order_requests.decided_by is '[person]';
-- The requests of a company, the latest first.
create index wholesale_order_requests_account_idx
on commerce.wholesale_order_requests (wholesale_account_id, requested_at, id);
create index wholesale_order_requests_account_reference_idx
on commerce.wholesale_order_requests (business_id, wholesale_account_id);
create index wholesale_order_requests_requested_by_idx
on commerce.wholesale_order_requests (requested_by);
create index wholesale_order_requests_decided_by_idx
on commerce.wholesale_order_requests (decided_by);
create index wholesale_order_requests_option_idx
on commerce.wholesale_order_requests (business_id, delivery_option_id)
where delivery_option_id is not null;
create index wholesale_order_requests_store_idx
on commerce.wholesale_order_requests (business_id, store_id) where store_id is not null;
create index wholesale_order_requests_order_idx
on commerce.wholesale_order_requests (business_id, order_id) where order_id is not null;
create index wholesale_order_requests_currency_idx
on commerce.wholesale_order_requests (currency);
