-- What a business gives back of a payment, and what a payer's bank takes back.

create type money.refund_status as enum ('pending', 'failed', 'succeeded');
create type money.dispute_status as enum ('open', 'won', 'lost');

create table money.refunds (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete restrict,
    payment_id uuid not null references money.payments (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    status money.refund_status not null default 'pending',
    reason text not null,
    requested_by uuid references auth.users (id) on delete set null,
    -- The provider's id of it; secret.
    provider_reference text,
    failure text,
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    finished_at timestamptz,

    constraint refunds_business_id_id_unique unique (business_id, id),
    constraint refunds_amount_is_positive check (amount_minor > 0),
    constraint refunds_finish_at_some_time check ((status = 'pending') = (finished_at is null))
);
comment on table money.refunds is
'What a business gives back of a payment. Final once it succeeded.';
comment on column money.refunds.payment_id is '[person]';
comment on column money.refunds.reason is '[personal]';
comment on column money.refunds.requested_by is '[person]';
comment on column money.refunds.provider_reference is '[secret]';
create index refunds_payment_id_idx on money.refunds (payment_id);
create index refunds_business_id_idx on money.refunds (business_id, created_at, id);
create index refunds_requested_by_idx on money.refunds (requested_by);
create index refunds_currency_idx on money.refunds (currency);
-- Which refund an event is about, where the event does not name its payment.
create index refunds_reference_idx on money.refunds (provider_reference)
where provider_reference is not null;

create table money.refund_parts (
    business_id uuid not null,
    refund_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null,
    amount_minor bigint not null,

    primary key (business_id, refund_id, sale_id),
    constraint refund_parts_refund_fkey foreign key (business_id, refund_id)
    references money.refunds (business_id, id) on delete restrict,
    constraint refund_parts_part_fkey foreign key (business_id, sale_id, payment_id)
    references money.payment_parts (business_id, sale_id, payment_id) on delete restrict,
    constraint refund_parts_amount_is_positive check (amount_minor > 0)
);
comment on table money.refund_parts is
'Of which parts of the payment a refund gives back how much.';
create index refund_parts_part_idx on money.refund_parts (business_id, sale_id, payment_id);

create table money.refund_lines (
    business_id uuid not null,
    refund_id uuid not null,
    sale_line_id uuid not null,
    amount_minor bigint not null,

    primary key (business_id, refund_id, sale_line_id),
    constraint refund_lines_refund_fkey foreign key (business_id, refund_id)
    references money.refunds (business_id, id) on delete restrict,
    constraint refund_lines_sale_line_fkey foreign key (business_id, sale_line_id)
    references sales.sale_lines (business_id, id) on delete restrict,
    constraint refund_lines_amount_is_positive check (amount_minor > 0)
);
comment on table money.refund_lines is 'Of which lines of the sale a refund gives back how much.';
create index refund_lines_sale_line_idx on money.refund_lines (business_id, sale_line_id);

create table money.disputes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null,
    -- The provider's id of it. A dispute of a payment with several parts has a row for each.
    provider_reference text not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    status money.dispute_status not null,
    opened_at timestamptz not null,
    closed_at timestamptz,

    constraint disputes_business_id_id_unique unique (business_id, id),
    constraint disputes_part_unique unique (business_id, sale_id, payment_id, provider_reference),
    constraint disputes_part_fkey foreign key (business_id, sale_id, payment_id)
    references money.payment_parts (business_id, sale_id, payment_id) on delete restrict,
    constraint disputes_amount_not_negative check (amount_minor >= 0),
    constraint disputes_close_at_some_time check ((status = 'open') = (closed_at is null))
);
comment on table money.disputes is
'The payer''s bank takes a payment back, or tries to: one row for each part of the payment.';
comment on column money.disputes.provider_reference is '[secret]';
create index disputes_payment_id_idx on money.disputes (payment_id);
create index disputes_currency_idx on money.disputes (currency);
